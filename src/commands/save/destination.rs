//! The file that a host is saved in: written under a temporary name, renamed when it is complete.

use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use super::unfinished::UnfinishedFile;
use crate::commands::failure::words_of;
use crate::commands::{Exit, Failure, quoted};
use crate::source::saved::packed::{Packing, SavedHostWriter};

/// Where a saved host is written to.
pub(super) enum Destination {
    /// Nowhere, with `--dry-run`.
    Nowhere(Packing),
    /// Standard output.
    Stdout(HeldStdout),
    /// A file.
    File {
        /// Its contents, under a temporary name.
        temporary: UnfinishedFile,
        path: FilePath,
        force: bool,
    },
}

/// Writes a saved host to its destination.
pub(super) type Writer = SavedHostWriter<Destination>;

/// A file to write: what it is packed with, and where it is.
#[derive(Debug, Clone)]
pub(super) struct FilePath {
    /// As it was given.
    given: PathBuf,
    /// Without symbolic links, so that the file is replaced and not a link to it.
    real: PathBuf,
    packing: Packing,
}

impl FilePath {
    /// A file that can be written.
    ///
    /// # Errors
    ///
    /// Its name is that of another packing; it exists and is not to be replaced; it is not a regular file.
    pub(super) fn new(given: &Path, force: bool) -> Result<FilePath, Failure> {
        let real = match given.metadata() {
            Ok(metadata) if metadata.is_dir() => {
                return Err(failure(given, "is a directory").hint("name a file in it"));
            }
            Ok(metadata) if !metadata.is_file() => {
                return Err(failure(given, "is not a regular file").hint("- writes to stdout"));
            }
            Ok(_) if !force => return Err(exists(given)),
            Ok(_) => given
                .canonicalize()
                .map_err(|error| unwritable(given, &error))?,
            Err(_) if given.is_symlink() => {
                let what = "is a symbolic link to a file that does not exist";
                return Err(failure(given, what).hint("name the file that it leads to"));
            }
            Err(_) => given.to_owned(),
        };
        let packing = Packing::of(&real).map_err(|suffix| {
            let message = format!("a saved host is not packed as .{suffix}");
            Failure::new(Exit::Usage, message).hint(
                "the name ends with .tar.zst, .tar.gz, .tgz or .tar; with another ending, or none, it is packed with zstd",
            )
        })?;
        Ok(FilePath {
            given: given.to_owned(),
            real,
            packing,
        })
    }

    /// What its name asks for.
    pub(super) fn packing(&self) -> Packing {
        self.packing
    }

    /// The name that was given.
    pub(super) fn given(&self) -> &Path {
        &self.given
    }
}

fn failure(path: &Path, what: &str) -> Failure {
    let path = quoted(&path.display().to_string());
    Failure::new(Exit::Failed, format!("{path} {what}"))
}

fn exists(path: &Path) -> Failure {
    failure(path, "exists").hint("--force replaces it")
}

/// The failure that a file cannot be written. The error of a temporary file names that file, which is left out.
pub(super) fn unwritable(path: &Path, error: &io::Error) -> Failure {
    let words = words_of(error);
    let words = match words.split_once(" (os error ") {
        Some((words, rest)) if rest.contains(") at path ") => words,
        _ => &words,
    };
    failure(path, &format!("cannot be written: {words}"))
}

/// Standard output. Its first bytes are held back, so that nothing is written if nothing could be read of the host.
pub(super) struct HeldStdout {
    stdout: io::Stdout,
    held: Option<Vec<u8>>,
}

/// Maximum number of bytes that are held back.
const MAX_HELD: usize = 64 * 1024;

impl HeldStdout {
    fn release(&mut self) -> io::Result<()> {
        match self.held.take() {
            Some(held) => self.stdout.write_all(&held),
            None => Ok(()),
        }
    }
}

impl Write for HeldStdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(held) = &mut self.held {
            if held.len() + bytes.len() <= MAX_HELD {
                held.extend_from_slice(bytes);
                return Ok(bytes.len());
            }
            self.release()?;
        }
        self.stdout.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.held.is_some() {
            return Ok(());
        }
        self.stdout.flush()
    }
}

impl Destination {
    pub(super) fn stdout() -> Result<Destination, Failure> {
        let stdout = io::stdout();
        if stdout.is_terminal() {
            let message = "a saved host is not written to a terminal";
            return Err(Failure::new(Exit::Usage, message).hint("name a file, or a pipe after it"));
        }
        Ok(Destination::Stdout(HeldStdout {
            stdout,
            held: Some(Vec::new()),
        }))
    }

    pub(super) fn create(path: &FilePath, force: bool) -> Result<Destination, Failure> {
        let directory = match path.real.parent() {
            Some(directory) if !directory.as_os_str().is_empty() => directory,
            _ => Path::new("."),
        };
        let temporary =
            UnfinishedFile::create(directory).map_err(|error| unwritable(&path.given, &error))?;
        Ok(Destination::File {
            temporary,
            path: path.clone(),
            force,
        })
    }

    /// What the name of the file asks for.
    pub(super) fn packing(&self) -> Packing {
        match self {
            Destination::Nowhere(packing) => *packing,
            Destination::Stdout(_) => Packing::Zstd,
            Destination::File { path, .. } => path.packing,
        }
    }

    /// Gives the file its name.
    pub(super) fn complete(self) -> Result<(), Failure> {
        let (temporary, path, force) = match self {
            Destination::Nowhere(_) => return Ok(()),
            Destination::Stdout(mut stdout) => {
                let written = stdout.release().and_then(|()| stdout.flush());
                return written.map_err(|error| Failure::stdout(&error));
            }
            Destination::File {
                temporary,
                path,
                force,
            } => (temporary, path, force),
        };
        match temporary.complete(&path.real, force) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(exists(&path.given)),
            Err(error) => Err(unwritable(&path.given, &error)),
        }
    }
}

impl Write for Destination {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Destination::Nowhere(_) => Ok(bytes.len()),
            Destination::Stdout(stdout) => stdout.write(bytes),
            Destination::File { temporary, .. } => temporary.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Destination::Nowhere(_) => Ok(()),
            Destination::Stdout(stdout) => stdout.flush(),
            Destination::File { temporary, .. } => temporary.flush(),
        }
    }
}

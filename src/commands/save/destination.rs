//! The file that a host is saved in: written under another name, renamed when it is complete.

use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use super::unfinished::UnfinishedFile;
use crate::commands::failure::words_of;
use crate::commands::{Exit, Failure, quoted};
use crate::source::saved::packed::Packing;

/// Where a saved host is written to.
pub(super) enum Destination {
    /// Standard output.
    Stdout(io::Stdout),
    /// A file.
    File {
        /// Its contents, under a temporary name.
        temporary: UnfinishedFile,
        path: PathBuf,
        force: bool,
    },
}

/// Refuses a file that exists, unless it is to be replaced.
pub(super) fn check(path: &Path, force: bool) -> Result<(), Failure> {
    match path.symlink_metadata() {
        Ok(metadata) if metadata.is_dir() => {
            Err(failure(path, "is a directory").hint("name a file in it"))
        }
        Ok(_) if !force => Err(exists(path)),
        _ => Ok(()),
    }
}

fn failure(path: &Path, what: &str) -> Failure {
    let path = quoted(&path.display().to_string());
    Failure::new(Exit::Failed, format!("{path} {what}"))
}

fn exists(path: &Path) -> Failure {
    failure(path, "exists").hint("--force replaces it")
}

/// The failure that a file cannot be written.
pub(super) fn unwritable(path: &Path, error: &io::Error) -> Failure {
    failure(path, &format!("cannot be written: {}", words_of(error)))
}

impl Destination {
    pub(super) fn stdout() -> Result<Destination, Failure> {
        let stdout = io::stdout();
        if stdout.is_terminal() {
            let message = "a saved host is not written to a terminal";
            return Err(Failure::new(Exit::Usage, message).hint("name a file, or a pipe after it"));
        }
        Ok(Destination::Stdout(stdout))
    }

    pub(super) fn create(path: &Path, force: bool) -> Result<Destination, Failure> {
        check(path, force)?;
        let directory = match path.parent() {
            Some(directory) if !directory.as_os_str().is_empty() => directory,
            _ => Path::new("."),
        };
        let temporary =
            UnfinishedFile::create(directory).map_err(|error| unwritable(path, &error))?;
        Ok(Destination::File {
            temporary,
            path: path.to_owned(),
            force,
        })
    }

    /// What the name of the file asks for.
    pub(super) fn packing(&self) -> Packing {
        match self {
            Destination::Stdout(_) => Packing::Zstd,
            Destination::File { path, .. } => Packing::of(path),
        }
    }

    /// Gives the file its name.
    pub(super) fn complete(self) -> Result<(), Failure> {
        let (temporary, path, force) = match self {
            Destination::Stdout(mut stdout) => {
                return stdout.flush().map_err(|error| Failure::stdout(&error));
            }
            Destination::File {
                temporary,
                path,
                force,
            } => (temporary, path, force),
        };
        match temporary.complete(&path, force) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(exists(&path)),
            Err(error) => Err(unwritable(&path, &error)),
        }
    }
}

impl Write for Destination {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Destination::Stdout(stdout) => stdout.write(bytes),
            Destination::File { temporary, .. } => temporary.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Destination::Stdout(stdout) => stdout.flush(),
            Destination::File { temporary, .. } => temporary.flush(),
        }
    }
}

//! An archive: what it is, passes over its files, one file by path.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use super::budget::{Budget, Contents, Limits, Metered};
use super::error::{ArchiveError, ArchiveErrorKind, Excess, cause};
use super::index::Index;
use super::packing::{Packing, is_zip};
use super::visitor::{Visitor, add_remark};
use super::{directory, tar, zip};

/// How many bytes of a file are read to tell what it is: bzip2 unpacks blocks of up to 900 kB.
const FIRST_BYTES: u64 = 1 << 20;
/// The path that stands for the standard input.
const STANDARD_INPUT: &str = "-";
/// How many bytes tell whether something is a tar.
const TAR_HEADER: u64 = 512;
/// What a path turned out to be, by its contents, whatever its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A directory.
    Directory,
    /// A tar, packed or not.
    Tar,
    /// A zip.
    Zip,
    /// Any other file, packed or not: an archive of that one file.
    File,
}

/// A directory, tar, zip, or other file, opened for reading.
#[derive(Debug)]
pub struct Archive {
    /// Its path, for messages.
    name: String,
    path: PathBuf,
    form: Form,
    packing: Packing,
    /// The file and its first bytes; `None` for a directory.
    file: Option<(File, Vec<u8>)>,
    budget: Budget,
    index: Index,
    /// The number of passes begun.
    passes: usize,
    remarks: Vec<String>,
}

impl Archive {
    /// Opens `path`, and tells from its first bytes what it is; `-` is the standard input.
    ///
    /// # Errors
    ///
    /// It cannot be read, is neither a file nor a directory, or its first bytes are damaged.
    pub fn open(path: &Path) -> Result<Archive, ArchiveError> {
        Archive::open_within(path, Limits::default())
    }

    /// Opens `path` with other limits.
    ///
    /// # Errors
    ///
    /// See [`Archive::open`].
    pub fn open_within(path: &Path, limits: Limits) -> Result<Archive, ArchiveError> {
        let mut archive = Archive {
            name: path.to_string_lossy().into_owned(),
            path: path.to_owned(),
            form: Form::Directory,
            packing: Packing::None,
            file: None,
            budget: Budget::new(limits),
            index: Index::default(),
            passes: 0,
            remarks: Vec::new(),
        };
        match archive.look() {
            Ok(()) => Ok(archive),
            Err(error) => Err(archive.error(None, error)),
        }
    }

    fn look(&mut self) -> io::Result<()> {
        let mut file = if self.path == Path::new(STANDARD_INPUT) {
            "standard input".clone_into(&mut self.name);
            spooled(io::stdin().lock(), self.budget.limits.unpacked)?
        } else {
            let kind = std::fs::metadata(&self.path)?.file_type();
            if kind.is_dir() {
                return Ok(());
            }
            // A FIFO may be what a shell substitutes for a command.
            let is_fifo = std::os::unix::fs::FileTypeExt::is_fifo(&kind);
            if !kind.is_file() && !is_fifo {
                return Err(ArchiveErrorKind::NotAFile.into());
            }
            let file = File::open(&self.path)?;
            if is_fifo {
                spooled(file, self.budget.limits.unpacked)?
            } else {
                file
            }
        };
        let mut first = Vec::new();
        (&mut file).take(FIRST_BYTES).read_to_end(&mut first)?;
        self.packing = Packing::of(&first);
        self.form = if is_zip(&first) {
            Form::Zip
        } else {
            let mut header = Vec::new();
            let unpacked = self.packing.unpack(Cursor::new(&first))?;
            unpacked.take(TAR_HEADER).read_to_end(&mut header)?;
            if tar::is_header(&header) {
                Form::Tar
            } else {
                Form::File
            }
        };
        self.file = Some((file, first));
        Ok(())
    }

    /// What it is.
    pub fn form(&self) -> Form {
        self.form
    }

    /// Its path, for messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its files and links, as far as they were read: all after a pass.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// What is wrong with it, though what was read of it can be used.
    pub fn remarks(&self) -> &[String] {
        &self.remarks
    }

    /// Reads it from its start to its end, and passes each file with its path to `take`, which reads as much of its
    /// contents as it needs. A path may come twice, the last one is valid; links are in the [index](Archive::index).
    /// If the archive is cut, what comes before the cut is passed, and that is a [remark](Archive::remarks).
    ///
    /// # Errors
    ///
    /// It is damaged, exceeds a limit, or ends early before the first file was read; or `take` returns an error that is
    /// not of its reader.
    pub fn entries(
        &mut self,
        mut take: impl FnMut(&str, &mut Contents<'_>) -> io::Result<()>,
    ) -> Result<(), ArchiveError> {
        self.budget.begin();
        self.index = Index::default();
        self.passes = self.passes.saturating_add(1);
        let limits = self.budget.limits;
        let mut visitor = Visitor::new(&mut self.index, limits, &mut self.remarks, &mut take);
        let passed = match &mut self.file {
            None => directory::pass(&self.path, &self.budget, &mut visitor),
            Some((file, first)) => {
                let pass = Pass {
                    form: self.form,
                    packing: self.packing,
                    path: &self.path,
                    is_first: self.passes == 1,
                };
                pass.run(file, first, &self.budget, &mut visitor)
            }
        };
        let (current, files) = visitor.finish();
        let Err(error) = passed else {
            return Ok(());
        };
        let error = self.error(current, error);
        if matches!(error.kind, ArchiveErrorKind::Truncated) && files > 0 {
            self.remark(format!("{error}: what comes before is used"));
            return Ok(());
        }
        Err(error)
    }

    /// Reads the file that `path` leads to, by links too; `None` if there is none. That is a pass over the archive,
    /// and two if there was none before.
    ///
    /// # Errors
    ///
    /// See [`Archive::entries`].
    pub fn read(&mut self, path: &str) -> Result<Option<Vec<u8>>, ArchiveError> {
        if self.passes == 0 {
            self.entries(|_, _| Ok(()))?;
        }
        let Some(real) = self.index.resolve(path).map(str::to_owned) else {
            return Ok(None);
        };
        let mut found = None;
        self.entries(|path, contents| {
            if path == real {
                found = Some(contents.keep()?);
            }
            Ok(())
        })?;
        Ok(found)
    }

    fn remark(&mut self, text: String) {
        add_remark(&mut self.remarks, text);
    }

    fn error(&self, entry: Option<String>, error: io::Error) -> ArchiveError {
        let kind = cause(error);
        let at = match kind {
            ArchiveErrorKind::Truncated | ArchiveErrorKind::Damaged(_) => self.budget.unpacked(),
            _ => 0,
        };
        ArchiveError {
            archive: self.name.clone(),
            entry,
            at: Some(at).filter(|at| *at > 0),
            kind,
        }
    }
}

/// Copies what can be read only once to an unnamed temporary file.
fn spooled(input: impl Read, limit: u64) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    if io::copy(&mut input.take(limit.saturating_add(1)), &mut file)? > limit {
        return Err(ArchiveErrorKind::TooMuch(Excess::Unpacked(limit)).into());
    }
    file.seek(SeekFrom::Start(0))?;
    Ok(file)
}

/// A pass over a file.
struct Pass<'a> {
    form: Form,
    packing: Packing,
    path: &'a Path,
    is_first: bool,
}

impl Pass<'_> {
    fn run(
        &self,
        file: &mut File,
        first: &[u8],
        budget: &Budget,
        visitor: &mut Visitor<'_>,
    ) -> io::Result<()> {
        if self.form == Form::Zip {
            return zip::pass(file, budget, visitor);
        }
        if !self.is_first {
            file.seek(SeekFrom::Start(first.len() as u64))?;
        }
        let packed = Cursor::new(first).chain(BufReader::with_capacity(1 << 16, file));
        let is_at_end = Cell::new(false);
        let mut stream = Metered::new(self.packing.unpack(packed)?, budget, &is_at_end);
        if self.form == Form::File {
            let path = self.own_name();
            visitor.begin(path.as_bytes());
            return visitor.file(&path, &mut Contents::of_any_size(&mut stream, budget, 0));
        }
        let passed = tar::pass(&mut stream, budget, visitor);
        // Two blocks of zeros are the end of a tar: only of one that is cut the end of the file is read.
        let is_cut = is_at_end.get();
        match passed.map_err(cause) {
            Err(ArchiveErrorKind::Damaged(_)) if is_cut => {
                return Err(ArchiveErrorKind::Truncated.into());
            }
            passed => passed?,
        }
        // Checksums come last.
        io::copy(&mut stream, &mut io::sink())?;
        if is_cut {
            return Err(ArchiveErrorKind::Truncated.into());
        }
        Ok(())
    }

    /// The name of the file, without the suffix of its packing.
    fn own_name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        let mut suffixes = self.packing.suffixes().iter();
        let stem = suffixes.find_map(|suffix| name.strip_suffix(suffix));
        stem.filter(|stem| !stem.is_empty())
            .unwrap_or(&name)
            .to_owned()
    }
}

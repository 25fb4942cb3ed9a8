//! The files of a zip.
//!
//! The crate reads the directory of a zip into memory. So that its size is bounded, it is limited here: to 65,535
//! files, which excludes zip64, and to the limit of names.

use std::cell::Cell;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

use super::budget::{Budget, Contents, Metered};
use super::error::{ArchiveErrorKind, Excess};
use super::index::{LinkTarget, member_path};
use super::visitor::Visitor;

/// Maximum length of the target of a symbolic link.
const MAX_TARGET: u64 = 4096;
/// The type of a file in its Unix mode: the mask, and that of a regular file; zero if a zip does not tell.
const TYPE: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;
/// The end of a zip: its last record with the longest comment, and the locator of zip64 before that.
const MAX_END: u64 = 22 + 65_535 + 20;
/// The signature of that locator.
const ZIP64: &[u8] = b"PK\x06\x07";

/// Passes the files to `visitor`. An error carries its cause; the visitor knows the member.
pub(super) fn pass(
    mut file: impl Read + Seek,
    budget: &Budget,
    visitor: &mut Visitor<'_>,
) -> io::Result<()> {
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(length.saturating_sub(MAX_END)))?;
    let mut end = Vec::new();
    (&mut file).take(MAX_END).read_to_end(&mut end)?;
    if end.windows(ZIP64.len()).any(|part| part == ZIP64) {
        let what = "a zip of more than 65535 files or 4 GiB is not read".to_owned();
        return Err(ArchiveErrorKind::Unsupported(what).into());
    }
    let left = Cell::new(Some(budget.limits.names));
    let directory = BoundedDirectory {
        file,
        left: &left,
        limit: budget.limits.names,
    };
    let mut archive = ZipArchive::new(BufReader::new(directory)).map_err(failed)?;
    left.set(None);
    for number in 0..archive.len() {
        if let Some(Ok(name)) = archive.name_for_index(number) {
            visitor.begin(name.as_bytes());
        }
        member(archive.by_index(number).map_err(failed)?, budget, visitor)?;
    }
    Ok(())
}

fn member<R: Read>(
    entry: ZipFile<'_, R>,
    budget: &Budget,
    visitor: &mut Visitor<'_>,
) -> io::Result<()> {
    let (is_link, is_directory) = (entry.is_symlink(), entry.is_dir());
    let Some(path) = member_path(entry.name_raw()) else {
        if !is_directory {
            visitor.skip_outside(entry.name_raw());
        }
        return Ok(());
    };
    let kind = entry.unix_mode().unwrap_or_default() & TYPE;
    if is_directory || !(is_link || matches!(kind, 0 | REGULAR)) {
        return Ok(());
    }
    let size = entry.size();
    let is_at_end = Cell::new(false);
    let mut contents = Metered::new(entry, budget, &is_at_end);
    if is_link {
        let mut target = Vec::new();
        contents.take(MAX_TARGET).read_to_end(&mut target)?;
        let target = String::from_utf8_lossy(&target).into_owned();
        return visitor.link(&path, LinkTarget::Symbolic(target));
    }
    visitor.file(&path, &mut Contents::new(&mut contents, budget, size))
}

fn failed(error: ZipError) -> io::Error {
    match error {
        ZipError::Io(error) => error,
        ZipError::InvalidArchive(why) => io::Error::other(why.into_owned()),
        other => ArchiveErrorKind::Unsupported(other.to_string()).into(),
    }
}

/// A zip of whose directory at most `left` bytes are read; `None` once it was read.
struct BoundedDirectory<'l, F> {
    file: F,
    left: &'l Cell<Option<u64>>,
    limit: u64,
}

impl<F: Read> Read for BoundedDirectory<'_, F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        if let Some(left) = self.left.get() {
            let Some(left) = left.checked_sub(count as u64) else {
                return Err(ArchiveErrorKind::TooMuch(Excess::Names(self.limit)).into());
            };
            self.left.set(Some(left));
        }
        Ok(count)
    }
}

impl<F: Seek> Seek for BoundedDirectory<'_, F> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.file.seek(position)
    }
}

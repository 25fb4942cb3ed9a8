//! The files below a directory. Symbolic links are recorded, never opened, even if they replace a file meanwhile.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{self, AtFlags, Dir, FileType, Mode, OFlags};

use super::budget::{Budget, Contents, Metered};
use super::error::{ArchiveErrorKind, cause};
use super::index::LinkTarget;
use super::visitor::Visitor;

/// Maximum depth of directories.
const MAX_DEPTH: usize = 64;

const OPEN: OFlags = OFlags::RDONLY
    .union(OFlags::CLOEXEC)
    .union(OFlags::NOFOLLOW)
    // A FIFO that replaced a file would block.
    .union(OFlags::NONBLOCK);

/// Passes the files to `visitor`. What the operating system refuses to read is a remark.
pub(super) fn pass(root: &Path, budget: &Budget, visitor: &mut Visitor<'_>) -> io::Result<()> {
    let open = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::DIRECTORY;
    let root = fs::open(root, open, Mode::empty())?;
    below(root.as_fd(), "", 0, budget, visitor)
}

fn below(
    directory: BorrowedFd<'_>,
    prefix: &str,
    depth: usize,
    budget: &Budget,
    visitor: &mut Visitor<'_>,
) -> io::Result<()> {
    for name in names(directory, budget)? {
        let path = format!("{prefix}{name}");
        budget.count_entry()?;
        visitor.begin(path.as_bytes());
        let done = entry(directory, &name, &path, depth, budget, visitor);
        match done {
            Ok(()) => {}
            // An error of the file comes as its cause.
            Err(error) => match cause(error) {
                ArchiveErrorKind::Io(error) => visitor.remark_unreadable(&path, &error),
                other => return Err(other.into()),
            },
        }
    }
    Ok(())
}

fn entry(
    directory: BorrowedFd<'_>,
    name: &str,
    path: &str,
    depth: usize,
    budget: &Budget,
    visitor: &mut Visitor<'_>,
) -> io::Result<()> {
    let status = fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)?;
    match FileType::from_raw_mode(status.st_mode) {
        FileType::RegularFile => {
            let size = u64::try_from(status.st_size).unwrap_or_default();
            let is_at_end = Cell::new(false);
            let file = LazyFile {
                directory,
                name,
                file: None,
            };
            let mut contents = Metered::new(file, budget, &is_at_end);
            visitor.file(
                path,
                &mut Contents::of_any_size(&mut contents, budget, size),
            )
        }
        FileType::Symlink => {
            let target = fs::readlinkat(directory, name, Vec::new())?;
            let target = target.to_string_lossy().into_owned();
            visitor.link(path, LinkTarget::Symbolic(target))
        }
        FileType::Directory if depth < MAX_DEPTH => {
            let open = OPEN | OFlags::DIRECTORY;
            let inner: OwnedFd = fs::openat(directory, name, open, Mode::empty())?;
            below(
                inner.as_fd(),
                &format!("{path}/"),
                depth.saturating_add(1),
                budget,
                visitor,
            )
        }
        FileType::Directory => {
            let what = format!("directories are nested more than {MAX_DEPTH} deep");
            Err(ArchiveErrorKind::Unsupported(what).into())
        }
        _ => Ok(()),
    }
}

/// The names of a directory, sorted; those that are not UTF-8 are left out.
fn names(directory: BorrowedFd<'_>, budget: &Budget) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(directory)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().to_str() else {
            continue;
        };
        if name != "." && name != ".." {
            names.push(name.to_owned());
        }
        // Bounds the memory for the names of one directory.
        budget.check_entries(names.len() as u64)?;
    }
    names.sort_unstable();
    Ok(names)
}

/// A file that is opened when it is read first.
struct LazyFile<'d> {
    directory: BorrowedFd<'d>,
    name: &'d str,
    file: Option<File>,
}

impl Read for LazyFile<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let file = if let Some(file) = &mut self.file {
            file
        } else {
            let file = fs::openat(self.directory, self.name, OPEN, Mode::empty())?;
            let file = File::from(file);
            if !file.metadata()?.is_file() {
                return Err(ArchiveErrorKind::NotAFile.into());
            }
            self.file.insert(file)
        };
        file.read(buffer)
    }
}

//! Why an archive cannot be read, and where in it.

use std::fmt;
use std::io;

use crate::base::terminal::{acts_on_a_terminal, quoted};

/// Maximum length of a detail, in characters.
const MAX_DETAIL: usize = 200;

/// Why an archive cannot be read.
#[derive(Debug)]
pub struct ArchiveError {
    /// The path of the archive.
    pub archive: String,
    /// The file in it, if the error is one of a file.
    pub entry: Option<String>,
    /// The number of unpacked bytes before the error, if it is one of the packing.
    pub at: Option<u64>,
    /// The cause.
    pub kind: ArchiveErrorKind,
}

/// The cause why an archive cannot be read.
#[derive(Debug)]
pub enum ArchiveErrorKind {
    /// It cannot be opened or read.
    Io(io::Error),
    /// It is a device, a socket or similar.
    NotAFile,
    /// It ends early.
    Truncated,
    /// It is malformed, or a checksum is wrong.
    Damaged(String),
    /// It has something that is not read, such as an encrypted file.
    Unsupported(String),
    /// It has more than the [`Limits`](super::Limits) allow.
    TooMuch(Excess),
}

/// A limit that an archive exceeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Excess {
    /// All unpacked data, in bytes.
    Unpacked(u64),
    /// The data of one file, in bytes.
    File(u64),
    /// The data that is kept in memory, in bytes.
    Kept(u64),
    /// The number of files and links.
    Entries(u64),
    /// The names of files and links, in bytes.
    Names(u64),
}

impl ArchiveError {
    /// The next step, if there is one.
    pub fn hint(&self) -> Option<&'static str> {
        match self.kind {
            ArchiveErrorKind::TooMuch(_) => {
                Some("unpack it with the usual tools, and name the directory instead")
            }
            ArchiveErrorKind::Truncated | ArchiveErrorKind::Damaged(_) => {
                Some("compare its size and checksum with those of the original, and copy it again")
            }
            _ => None,
        }
    }
}

impl fmt::Display for ArchiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", quoted(&self.archive))?;
        if let Some(entry) = &self.entry {
            write!(f, "{}: ", quoted(entry))?;
        }
        match &self.kind {
            ArchiveErrorKind::Io(error) => write!(f, "{error}")?,
            ArchiveErrorKind::NotAFile => f.write_str("it is neither a file nor a directory")?,
            ArchiveErrorKind::Truncated => f.write_str("it ends early")?,
            ArchiveErrorKind::Damaged(why) => write!(f, "it is damaged: {why}")?,
            ArchiveErrorKind::Unsupported(what) => write!(f, "{what}")?,
            ArchiveErrorKind::TooMuch(excess) => write!(f, "{excess}")?,
        }
        match self.at {
            Some(at) => write!(f, " (after {at} bytes, unpacked)"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ArchiveError {}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Excess::Unpacked(limit) => write!(f, "more than {limit} bytes when unpacked"),
            Excess::File(limit) => write!(f, "a file of more than {limit} bytes"),
            Excess::Kept(limit) => write!(f, "more than {limit} bytes to keep in memory"),
            Excess::Entries(limit) => write!(f, "more than {limit} files"),
            Excess::Names(limit) => write!(f, "more than {limit} bytes of names"),
        }
    }
}

/// The cause of an error, as what reads an archive passes it to its caller.
#[derive(Debug)]
pub(super) struct Cause(pub(super) ArchiveErrorKind);

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl std::error::Error for Cause {}

impl From<ArchiveErrorKind> for io::Error {
    fn from(kind: ArchiveErrorKind) -> io::Error {
        io::Error::other(Cause(kind))
    }
}

/// The cause of an error of a reader: one that was passed on, one of the operating system, or malformed data.
pub(super) fn cause(error: io::Error) -> ArchiveErrorKind {
    if error.raw_os_error().is_some() {
        return ArchiveErrorKind::Io(error);
    }
    match error.downcast::<Cause>() {
        Ok(Cause(kind)) => kind,
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => ArchiveErrorKind::Truncated,
        Err(error) => ArchiveErrorKind::Damaged(one_line(&error.to_string())),
    }
}

/// Text of a crate, which may quote the archive, as one short line.
fn one_line(text: &str) -> String {
    let mut line = String::new();
    for c in text.chars().take(MAX_DETAIL) {
        match c {
            c if acts_on_a_terminal(c) => line.extend(c.escape_unicode()),
            c => line.push(c),
        }
    }
    line
}

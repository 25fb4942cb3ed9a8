//! Why a file cannot be read.

use std::fmt;

use crate::base::terminal::quoted;

/// A file that has no database, or one that is damaged at its beginning.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {place}{what}", quoted(.name))]
pub struct FileError {
    /// The file, for messages.
    pub name: String,
    /// Where in it.
    pub place: Place,
    /// What is wrong there.
    pub what: String,
}

/// A place in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The file as a whole.
    File,
    /// The offset of a byte, from 0.
    Byte(usize),
    /// A line, from 1.
    Line(usize),
}

impl fmt::Display for Place {
    /// Ends in a colon and a blank: `at byte 12: `; nothing for the file as a whole.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File => Ok(()),
            Self::Byte(offset) => write!(f, "at byte {offset}: "),
            Self::Line(number) => write!(f, "line {number}: "),
        }
    }
}

/// What is wrong at a place of the file that is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) place: Place,
    pub(super) what: String,
}

impl Fault {
    pub(super) fn at_byte(offset: usize, what: impl Into<String>) -> Self {
        Self {
            place: Place::Byte(offset),
            what: what.into(),
        }
    }

    pub(super) fn at_line(number: usize, what: impl Into<String>) -> Self {
        Self {
            place: Place::Line(number),
            what: what.into(),
        }
    }

    pub(super) fn of_file(what: impl Into<String>) -> Self {
        Self {
            place: Place::File,
            what: what.into(),
        }
    }

    /// The remark on the file of this name, which is read up to this fault.
    pub(super) fn remark(self, name: &str) -> String {
        format!("{}: it is used up to there", self.of(name))
    }

    /// The error of the file of this name.
    pub(super) fn of(self, name: &str) -> FileError {
        FileError {
            name: name.to_owned(),
            place: self.place,
            what: self.what,
        }
    }
}

//! The files in a directory of a host.

use std::time::SystemTime;

/// A file in a directory of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryEntry {
    /// Its name; names that are not UTF-8 are left out.
    pub name: String,
    /// When it was last changed, if known.
    pub modified: Option<SystemTime>,
}

//! What became of something that is watched.

/// What became of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// `+`: it was not there.
    New,
    /// `~`: it was there, and was different.
    Changed,
    /// `-`: it is no longer there.
    Gone,
}

impl Change {
    /// `+`, `~` or `-`.
    pub fn sign(self) -> char {
        match self {
            Change::New => '+',
            Change::Changed => '~',
            Change::Gone => '-',
        }
    }
}

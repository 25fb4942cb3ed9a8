//! How a watched item changed.

/// How an item changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// `+`: it is new.
    New,
    /// `~`: its values changed.
    Changed,
    /// `-`: it is gone.
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

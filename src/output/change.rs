//! How a watched item changed.

/// How an item changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemChange {
    /// `+`: it is new.
    New,
    /// `~`: its values changed.
    Changed,
    /// `-`: it is gone.
    Gone,
}

impl ItemChange {
    /// `+`, `~` or `-`.
    pub fn sign(self) -> char {
        match self {
            ItemChange::New => '+',
            ItemChange::Changed => '~',
            ItemChange::Gone => '-',
        }
    }
}

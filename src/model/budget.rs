//! Limits the work of a search.

use std::cell::Cell;

/// The work that is left, in units defined by the search; when it is spent, the rest is not searched.
#[derive(Debug)]
pub(super) struct Budget(Cell<u64>);

impl Budget {
    pub(super) fn new(work: u64) -> Budget {
        Budget(Cell::new(work))
    }

    /// Subtracts work; returns whether some is left.
    pub(super) fn spend(&self, work: usize) -> bool {
        self.0.set(self.0.get().saturating_sub(work as u64));
        !self.is_spent()
    }

    /// Whether nothing is left.
    pub(super) fn is_spent(&self) -> bool {
        self.0.get() == 0
    }
}

//! How much work a search may do.

use std::cell::Cell;

/// Work that is left: what depends on more is not looked at. Its unit is that of whoever spends it.
#[derive(Debug)]
pub(super) struct Budget(Cell<u64>);

impl Budget {
    pub(super) fn new(work: u64) -> Budget {
        Budget(Cell::new(work))
    }

    /// Takes from what is left; whether there is some left then.
    pub(super) fn spend(&self, work: usize) -> bool {
        self.0.set(self.0.get().saturating_sub(work as u64));
        !self.is_spent()
    }

    /// Whether nothing is left.
    pub(super) fn is_spent(&self) -> bool {
        self.0.get() == 0
    }
}

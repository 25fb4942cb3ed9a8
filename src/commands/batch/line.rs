//! What the lines of a batch write to one switch.

use crate::commands::entries::Entry;
use crate::commands::switch_line::LineKind;

/// What the lines write to one switch.
#[derive(Debug)]
pub(super) struct EntriesOfSwitch<'a> {
    /// The switch as it was named.
    pub(super) name: &'a str,
    pub(super) all: Vec<LineEntry<'a>>,
}

/// A flow, group or meter of a line.
#[derive(Debug)]
pub(super) struct LineEntry<'a> {
    pub(super) line: usize,
    pub(super) kind: LineKind,
    pub(super) text: &'a str,
    /// Whether a warning is an error.
    pub(super) refuses_warnings: bool,
}

impl LineEntry<'_> {
    /// The entry as the commands for groups and meters have it.
    pub(super) fn entry(&self) -> Entry {
        Entry {
            number: self.line,
            text: self.text.to_owned(),
        }
    }
}

impl EntriesOfSwitch<'_> {
    /// Whether one is of such a kind.
    pub(super) fn any(&self, is_it: impl Fn(LineKind) -> bool) -> bool {
        self.all.iter().any(|entry| is_it(entry.kind))
    }
}

//! The ports, groups and meters that flows and groups refer to, and those that exist.

use std::collections::{BTreeMap, BTreeSet};

use super::kind::FindingKind;

/// Maximum number of hidden flows of a bridge, and of groups with dead buckets, reported one by one.
pub(super) const MAX_REPORTED: usize = 1000;

/// Maximum number of ports, of groups and of meters remembered.
pub(super) const MAX_REFERENCES: usize = 100_000;

/// What exists on a switch.
#[derive(Debug, Clone, Default)]
pub struct Existing {
    /// The numbers of its ports.
    pub ports: BTreeSet<u32>,
    /// Its groups; `None`: unknown.
    pub groups: Option<BTreeSet<u32>>,
    /// Its meters; `None`: unknown.
    pub meters: Option<BTreeSet<u32>>,
}

/// The numbers referred to, each with the flows and groups that refer to it.
#[derive(Debug, Default)]
pub(super) struct References(pub(super) BTreeMap<u32, Uses>);

#[derive(Debug)]
pub(super) struct Uses {
    /// The number of flows and groups that refer to it.
    count: u64,
    first: String,
    /// The last of them, which may refer to it more than once.
    last: u64,
}

impl References {
    pub(super) fn add(&mut self, number: u32, by: u64, text: &impl Fn() -> String) {
        if let Some(uses) = self.0.get_mut(&number) {
            uses.count += u64::from(uses.last != by);
            uses.last = by;
        } else if self.0.len() < MAX_REFERENCES {
            let first = text();
            let uses = Uses {
                count: 1,
                first,
                last: by,
            };
            self.0.insert(number, uses);
        }
    }
}

impl Uses {
    /// `table=0,priority=5,in_port=9 and 3 more match on it`
    pub(super) fn text(&self, kind: FindingKind) -> String {
        let one = self.count == 1;
        let verb = match kind {
            FindingKind::FlowMatchesNoPort if one => "matches on it",
            FindingKind::FlowMatchesNoPort => "match on it",
            FindingKind::FlowOutputNoPort if one => "sends to it",
            FindingKind::FlowOutputNoPort => "send to it",
            FindingKind::WatchMissing if one => "watches it",
            FindingKind::WatchMissing => "watch it",
            _ if one => "refers to it",
            _ => "refer to it",
        };
        match self.count {
            0 | 1 => format!("{} {verb}", self.first),
            count => format!("{} and {} more {verb}", self.first, count - 1),
        }
    }
}

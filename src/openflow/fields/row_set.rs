//! Sets of rows: the rows of a match, and fixed groups of rows.

use super::table::{Id, Prereq, ROWS};

/// A set of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RowSet([u64; ROWS.len().div_ceil(64)]);

impl RowSet {
    pub(super) const EMPTY: RowSet = RowSet([0; ROWS.len().div_ceil(64)]);

    /// For the sets below, which are built at compile time.
    #[allow(clippy::indexing_slicing, reason = "at compile time")]
    pub(super) const fn with(mut self, id: Id) -> RowSet {
        self.0[id.index() / 64] |= 1 << (id.index() % 64);
        self
    }

    /// Adds a row.
    pub fn insert(&mut self, id: Id) {
        if let Some(word) = self.0.get_mut(id.index() / 64) {
            *word |= 1 << (id.index() % 64);
        }
    }

    pub(super) fn contains(&self, id: Id) -> bool {
        self.0
            .get(id.index() / 64)
            .is_some_and(|word| word & 1 << (id.index() % 64) != 0)
    }

    /// Whether the set has no rows.
    pub fn is_empty(&self) -> bool {
        *self == RowSet::EMPTY
    }

    pub(super) fn intersects(&self, other: &RowSet) -> bool {
        self.0.iter().zip(other.0).any(|(a, b)| a & b != 0)
    }

    /// The rows that are in both sets.
    #[must_use]
    pub fn and(self, other: RowSet) -> RowSet {
        self.combined(other, |a, b| a & b)
    }

    /// The rows that are in either set.
    #[must_use]
    pub fn or(self, other: RowSet) -> RowSet {
        self.combined(other, |a, b| a | b)
    }

    /// The rows that are not in the other set.
    #[must_use]
    pub fn without(self, other: RowSet) -> RowSet {
        self.combined(other, |a, b| a & !b)
    }

    fn combined(mut self, other: RowSet, with: impl Fn(u64, u64) -> u64) -> RowSet {
        for (word, other) in self.0.iter_mut().zip(other.0) {
            *word = with(*word, other);
        }
        self
    }

    /// The rows of the set in the order of the table.
    pub fn iter(mut self) -> impl Iterator<Item = Id> {
        let mut index = 0;
        std::iter::from_fn(move || {
            loop {
                let word = self.0.get_mut(index)?;
                if *word == 0 {
                    index += 1;
                    continue;
                }
                let bit = word.trailing_zeros() as usize;
                *word &= *word - 1;
                return ROWS.get(index * 64 + bit).map(|row| row.id);
            }
        })
    }
}

/// The rows of the VLAN tag.
pub(super) const TAGS: RowSet = RowSet::EMPTY
    .with(Id::VLAN_TCI)
    .with(Id::VLAN_VID)
    .with(Id::VLAN_PCP);

/// The rows that are two or four registers.
#[allow(clippy::indexing_slicing, reason = "at compile time")]
pub(super) static WIDE_REGISTERS: RowSet = {
    let mut set = RowSet::EMPTY;
    let mut at = 0;
    while at < ROWS.len() {
        if matches!(ROWS[at].id.registers(), Some((_, 2..))) {
            set = set.with(ROWS[at].id);
        }
        at += 1;
    }
    set
};

/// The rows that ovs-ofctl omits depending on other rows.
pub(super) const SOMETIMES_HIDDEN: RowSet = RowSet::EMPTY
    .with(Id::TUN_ERSPAN_VER)
    .with(Id::TUN_ERSPAN_IDX)
    .with(Id::TUN_ERSPAN_DIR)
    .with(Id::TUN_ERSPAN_HWID)
    .with(Id::TUN_GTPU_FLAGS)
    .with(Id::TUN_GTPU_MSGTYPE)
    .with(Id::NSH_C1)
    .with(Id::NSH_C2)
    .with(Id::NSH_C3)
    .with(Id::NSH_C4)
    .with(Id::CT_TP_SRC)
    .with(Id::CT_TP_DST);

/// The rows that only Ethernet packets have.
#[allow(clippy::indexing_slicing, reason = "at compile time")]
pub(super) static ETHERNET: RowSet = {
    let mut set = RowSet::EMPTY;
    let mut at = 0;
    while at < ROWS.len() {
        if !matches!(ROWS[at].prereq, Prereq::Any) {
            set = set.with(ROWS[at].id);
        }
        at += 1;
    }
    set
};

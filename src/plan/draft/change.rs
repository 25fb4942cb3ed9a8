//! Changes to one column of one row.

use crate::ovsdb::{Atom, Datum};

/// A change to a column.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ColumnChange {
    /// Replaces the value.
    Set(Datum),
    /// Adds elements to a set and removes some; the others are kept, whatever they are.
    Elements {
        /// The elements to add.
        added: Vec<Atom>,
        /// The elements to remove.
        removed: Vec<Atom>,
    },
    /// Sets and removes pairs of a map; the others are kept, whatever they are.
    Pairs {
        /// The pairs to set.
        put: Vec<(Atom, Atom)>,
        /// The keys to remove.
        removed: Vec<Atom>,
    },
}

impl ColumnChange {
    /// Adds these elements to a set.
    pub(crate) fn add(added: Vec<Atom>) -> Self {
        let removed = Vec::new();
        Self::Elements { added, removed }
    }

    /// Removes these elements from a set.
    pub(crate) fn remove(removed: Vec<Atom>) -> Self {
        let added = Vec::new();
        Self::Elements { added, removed }
    }

    /// Sets these pairs of a map.
    pub(crate) fn put(put: Vec<(Atom, Atom)>) -> Self {
        let removed = Vec::new();
        Self::Pairs { put, removed }
    }

    /// Removes the pairs with these keys.
    pub(crate) fn remove_keys(removed: Vec<Atom>) -> Self {
        let put = Vec::new();
        Self::Pairs { put, removed }
    }

    /// Combines this change with a later one.
    pub(super) fn then(self, later: ColumnChange) -> ColumnChange {
        match (self, later) {
            (_, ColumnChange::Set(datum)) => ColumnChange::Set(datum),
            (ColumnChange::Set(datum), later) => ColumnChange::Set(later.on(&datum)),
            (
                ColumnChange::Elements {
                    mut added,
                    mut removed,
                },
                ColumnChange::Elements {
                    added: comes,
                    removed: goes,
                },
            ) => {
                added.retain(|atom| !goes.contains(atom));
                removed.extend(goes);
                removed.retain(|atom| !comes.contains(atom));
                added.extend(comes);
                ColumnChange::Elements { added, removed }
            }
            (
                ColumnChange::Pairs {
                    mut put,
                    mut removed,
                },
                ColumnChange::Pairs {
                    put: comes,
                    removed: goes,
                },
            ) => {
                put.retain(|(key, _)| {
                    !goes.contains(key) && !comes.iter().any(|(other, _)| other == key)
                });
                removed.extend(goes);
                removed.retain(|key| !comes.iter().any(|(other, _)| other == key));
                put.extend(comes);
                ColumnChange::Pairs { put, removed }
            }
            // A column is a set or a map, not both: the schema refuses the first of the two changes.
            (_, later) => later,
        }
    }

    /// The value after the change.
    pub(super) fn on(&self, datum: &Datum) -> Datum {
        match self {
            ColumnChange::Set(datum) => datum.clone(),
            ColumnChange::Elements { added, removed } => {
                let mut atoms = datum.as_set().unwrap_or_default().to_vec();
                atoms.retain(|atom| !removed.contains(atom));
                for atom in added {
                    if !atoms.contains(atom) {
                        atoms.push(atom.clone());
                    }
                }
                Datum::set(atoms)
            }
            ColumnChange::Pairs { put, removed } => {
                let mut pairs = match datum {
                    Datum::Map(pairs) => pairs.clone(),
                    Datum::Atom(_) | Datum::Set(_) => Vec::new(),
                };
                pairs.retain(|(key, _)| {
                    !removed.contains(key) && !put.iter().any(|(other, _)| other == key)
                });
                pairs.extend(put.iter().cloned());
                Datum::Map(pairs)
            }
        }
    }

    /// Whether it removes this element.
    pub(super) fn removes(&self, atom: &Atom) -> bool {
        match self {
            ColumnChange::Set(datum) => !datum.as_set().unwrap_or_default().contains(atom),
            ColumnChange::Elements { removed, .. } => removed.contains(atom),
            ColumnChange::Pairs { .. } => false,
        }
    }

    /// Whether it ensures that this element is present.
    pub(super) fn adds(&self, atom: &Atom) -> bool {
        match self {
            ColumnChange::Set(datum) => datum.as_set().unwrap_or_default().contains(atom),
            ColumnChange::Elements { added, .. } => added.contains(atom),
            ColumnChange::Pairs { .. } => false,
        }
    }

    /// Whether it has no effect on any value.
    pub(super) fn is_nothing(&self) -> bool {
        match self {
            ColumnChange::Set(_) => false,
            ColumnChange::Elements { added, removed } => added.is_empty() && removed.is_empty(),
            ColumnChange::Pairs { put, removed } => put.is_empty() && removed.is_empty(),
        }
    }
}

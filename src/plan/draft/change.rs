//! What is done to one column of one row.

use crate::ovsdb::{Atom, Datum};

/// What is done to a column.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ColumnChange {
    /// It gets this value.
    Set(Datum),
    /// Elements of a set come and go; the others stay, whatever they are.
    Elements {
        /// Those that come.
        added: Vec<Atom>,
        /// Those that go.
        removed: Vec<Atom>,
    },
    /// Pairs of a map come, change and go; the others stay, whatever they are.
    Pairs {
        /// Those that come or get another value.
        put: Vec<(Atom, Atom)>,
        /// The keys of those that go.
        removed: Vec<Atom>,
    },
}

impl ColumnChange {
    /// These elements of a set come.
    pub(crate) fn add(added: Vec<Atom>) -> Self {
        let removed = Vec::new();
        Self::Elements { added, removed }
    }

    /// These elements of a set go.
    pub(crate) fn remove(removed: Vec<Atom>) -> Self {
        let added = Vec::new();
        Self::Elements { added, removed }
    }

    /// These pairs of a map come or get another value.
    pub(crate) fn put(put: Vec<(Atom, Atom)>) -> Self {
        let removed = Vec::new();
        Self::Pairs { put, removed }
    }

    /// The pairs of these keys go.
    pub(crate) fn remove_keys(removed: Vec<Atom>) -> Self {
        let put = Vec::new();
        Self::Pairs { put, removed }
    }

    /// This change and a later one, as one.
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
            // A column is a set or a map, not both: the schema would refuse the first of the two.
            (_, later) => later,
        }
    }

    /// The value that comes of it.
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

    /// Whether it takes this element away.
    pub(super) fn removes(&self, atom: &Atom) -> bool {
        match self {
            ColumnChange::Set(datum) => !datum.as_set().unwrap_or_default().contains(atom),
            ColumnChange::Elements { removed, .. } => removed.contains(atom),
            ColumnChange::Pairs { .. } => false,
        }
    }

    /// Whether it makes sure that this element is there.
    pub(super) fn adds(&self, atom: &Atom) -> bool {
        match self {
            ColumnChange::Set(datum) => datum.as_set().unwrap_or_default().contains(atom),
            ColumnChange::Elements { added, .. } => added.contains(atom),
            ColumnChange::Pairs { .. } => false,
        }
    }

    /// Whether it does nothing, whatever is there.
    pub(super) fn is_nothing(&self) -> bool {
        match self {
            ColumnChange::Set(_) => false,
            ColumnChange::Elements { added, removed } => added.is_empty() && removed.is_empty(),
            ColumnChange::Pairs { put, removed } => put.is_empty() && removed.is_empty(),
        }
    }
}

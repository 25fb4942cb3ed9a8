//! What is done to one column of one row.

use std::cmp::Ordering;

use crate::ovsdb::Function;
use crate::ovsdb::{Atom, Datum};

/// What is done to a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
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

impl Change {
    /// This change and a later one, as one.
    pub(super) fn then(self, later: Change) -> Change {
        match (self, later) {
            (_, Change::Set(datum)) => Change::Set(datum),
            (Change::Set(datum), later) => Change::Set(later.on(&datum)),
            (
                Change::Elements {
                    mut added,
                    mut removed,
                },
                Change::Elements {
                    added: comes,
                    removed: goes,
                },
            ) => {
                added.retain(|atom| !goes.contains(atom));
                removed.extend(goes);
                removed.retain(|atom| !comes.contains(atom));
                added.extend(comes);
                Change::Elements { added, removed }
            }
            (
                Change::Pairs {
                    mut put,
                    mut removed,
                },
                Change::Pairs {
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
                Change::Pairs { put, removed }
            }
            // A column is a set or a map, not both: the schema would refuse the first of the two.
            (_, later) => later,
        }
    }

    /// The value that comes of it.
    pub(super) fn on(&self, datum: &Datum) -> Datum {
        match self {
            Change::Set(datum) => datum.clone(),
            Change::Elements { added, removed } => {
                let mut atoms = datum.as_set().unwrap_or_default().to_vec();
                atoms.retain(|atom| !removed.contains(atom));
                for atom in added {
                    if !atoms.contains(atom) {
                        atoms.push(atom.clone());
                    }
                }
                Datum::set(atoms)
            }
            Change::Pairs { put, removed } => {
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
            Change::Set(datum) => !datum.as_set().unwrap_or_default().contains(atom),
            Change::Elements { removed, .. } => removed.contains(atom),
            Change::Pairs { .. } => false,
        }
    }

    /// Whether it makes sure that this element is there.
    pub(super) fn adds(&self, atom: &Atom) -> bool {
        match self {
            Change::Set(datum) => datum.as_set().unwrap_or_default().contains(atom),
            Change::Elements { added, .. } => added.contains(atom),
            Change::Pairs { .. } => false,
        }
    }

    /// Whether it does nothing, whatever is there.
    pub(super) fn is_nothing(&self) -> bool {
        match self {
            Change::Set(_) => false,
            Change::Elements { added, removed } => added.is_empty() && removed.is_empty(),
            Change::Pairs { put, removed } => put.is_empty() && removed.is_empty(),
        }
    }
}

/// Whether two values are the same: the order of a set or a map means nothing, and an empty map may
/// come as an empty set.
pub(super) fn same(a: &Datum, b: &Datum) -> bool {
    match (a, b) {
        (Datum::Map(a), Datum::Map(b)) => {
            a.len() == b.len() && a.iter().all(|pair| b.contains(pair))
        }
        (Datum::Map(map), Datum::Set(set)) | (Datum::Set(set), Datum::Map(map)) => {
            map.is_empty() && set.is_empty()
        }
        _ => match (a.as_set(), b.as_set()) {
            (Some(a), Some(b)) => a.len() == b.len() && a.iter().all(|atom| b.contains(atom)),
            _ => false,
        },
    }
}

/// Whether a value contains all of another (RFC 7047 §5.1 "includes").
pub(super) fn includes(datum: &Datum, operand: &Datum) -> bool {
    match (datum, operand) {
        (Datum::Map(has), Datum::Map(wants)) => wants.iter().all(|pair| has.contains(pair)),
        _ => match (datum.as_set(), operand.as_set()) {
            (Some(has), Some(wants)) => wants.iter().all(|atom| has.contains(atom)),
            (_, wants) => wants.is_some_and(<[_]>::is_empty),
        },
    }
}

/// Whether a value contains nothing of another (RFC 7047 §5.1 "excludes").
pub(super) fn excludes(datum: &Datum, operand: &Datum) -> bool {
    match (datum, operand) {
        (Datum::Map(has), Datum::Map(wants)) => !wants.iter().any(|pair| has.contains(pair)),
        _ => match (datum.as_set(), operand.as_set()) {
            (Some(has), Some(wants)) => !wants.iter().any(|atom| has.contains(atom)),
            _ => true,
        },
    }
}

/// Whether a number stands in this order to another.
pub(super) fn compares(datum: &Datum, function: Function, operand: &Datum) -> bool {
    let order = match (datum, operand) {
        (Datum::Atom(Atom::Integer(a)), Datum::Atom(Atom::Integer(b))) => Some(a.cmp(b)),
        (Datum::Atom(Atom::Real(a)), Datum::Atom(Atom::Real(b))) => a.partial_cmp(b),
        _ => None,
    };
    match function {
        Function::Less => order == Some(Ordering::Less),
        Function::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        Function::Greater => order == Some(Ordering::Greater),
        Function::GreaterOrEqual => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        Function::Equal | Function::NotEqual | Function::Includes | Function::Excludes => false,
    }
}

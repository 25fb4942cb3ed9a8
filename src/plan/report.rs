//! The changes of a draft, object by object, with before and after.
//!
//! An object combines rows as operators do: a bridge with its own port and interface, a port with the
//! interface of its name. Rows of other tables are objects of their own.

use std::collections::{HashMap, HashSet};

use super::{Edit, RowId, quoted};
use crate::base::order::sort_by_name;
use crate::model::owned::owned;
use crate::ovsdb::{Atom, Datum, Row, Uuid};

/// The kind of change of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    /// It is made.
    Added,
    /// It becomes another.
    Changed,
    /// It goes.
    Removed,
}

impl Verb {
    /// `added`, `changed`, `removed`
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Removed => "removed",
        }
    }
}

/// A changed object.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Object {
    /// Its row; `None` if it is not in the database.
    pub(crate) row: Option<RowId>,
    /// The kind of change.
    pub(crate) verb: Verb,
    /// `bridge`, `port`, `interface`, or the table's name in lower case.
    pub(crate) kind: String,
    /// Its name; if it has none its target or UUID; `None` for a new row until it has a UUID.
    pub(crate) name: Option<String>,
    /// The bridge of a port or an interface, the parent of a VLAN bridge.
    pub(crate) bridge: Option<String>,
    /// Its interfaces, whose state in the switch is reported with it.
    pub(crate) interfaces: Vec<RowId>,
    /// Its changes by column; references as the names of the rows that they refer to.
    pub(crate) columns: Vec<Difference>,
}

/// A changed column.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Difference {
    /// The column. If a port and its interface both have one of this name, the port's `external_ids` is
    /// `port_external_ids`, and the interface's `other_config` and `mac` are `interface_other_config` and
    /// `interface_mac`.
    pub(crate) column: String,
    /// The value before, of a map that changes the keys that differ; `None` if there was no such object, or it is not
    /// known.
    pub(crate) before: Option<Datum>,
    /// The value after, of a map that changes the keys that differ; `None` if the object is removed.
    pub(crate) after: Option<Datum>,
}

impl Difference {
    /// Of maps on both sides, keeps the keys whose values differ.
    fn keep_changed_keys(&mut self) {
        if let (Some(Datum::Map(before)), Some(Datum::Map(after))) =
            (&mut self.before, &mut self.after)
        {
            let kept = after.clone();
            after.retain(|pair| !before.contains(pair));
            before.retain(|pair| !kept.contains(pair));
        }
    }

    /// The keys of the maps on both sides, each once.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &Atom> {
        let (before, after) = (pairs(self.before.as_ref()), pairs(self.after.as_ref()));
        let is_new = |key: &Atom| !before.iter().any(|(known, _)| known == key);
        let new = after.iter().filter(move |(key, _)| is_new(key));
        before.iter().chain(new).map(|(key, _)| key)
    }
}

/// The pairs of a map; none of another value.
fn pairs(datum: Option<&Datum>) -> &[(Atom, Atom)] {
    match datum {
        Some(Datum::Map(pairs)) => pairs,
        _ => &[],
    }
}

/// A row that the plan changes or makes, and the columns that the report is about.
#[derive(Debug, Clone)]
pub(crate) struct WrittenRow {
    row: RowId,
    /// Its identity, once it is written.
    pub(crate) uuid: Uuid,
    /// Its table.
    pub(crate) table: String,
    /// The columns, as the schema names them.
    pub(crate) columns: Vec<String>,
}

/// Columns that express containment, not properties.
const STRUCTURE: [(&str, &str); 5] = [
    ("Open_vSwitch", "bridges"),
    ("Bridge", "ports"),
    ("Bridge", "name"),
    ("Port", "name"),
    ("Interface", "name"),
];

impl Edit<'_> {
    /// The changed objects, in the order in which they were named or read: those that go with another by name.
    pub(crate) fn report(&self) -> Vec<Object> {
        let mut parts: HashMap<RowId, Vec<RowId>> = HashMap::new();
        for row in self.draft.rows() {
            if let Some(whole) = self.part_of(row) {
                // An interface may be part of a port that is itself part of a bridge.
                let whole = self.part_of(whole).unwrap_or(whole);
                parts.entry(whole).or_default().push(row);
            }
        }
        let wholes = self.draft.rows().filter(|row| self.part_of(*row).is_none());
        let object = |row| {
            let mut all = vec![row];
            all.extend(parts.get(&row).into_iter().flatten());
            self.object(row, &all)
        };
        wholes.filter_map(object).collect()
    }

    fn object(&self, row: RowId, parts: &[RowId]) -> Option<Object> {
        // A bridge's controllers are reported in its column of that name.
        let is_told = |part: &&RowId| **part == row || self.draft.table(**part) != "Controller";
        let told = parts.iter().filter(is_told);
        let columns: Vec<Difference> = told.flat_map(|part| self.differences(*part)).collect();
        let verb = match (self.draft.is_new(row), self.draft.is_gone(row)) {
            (true, true) => return None,
            (true, false) => Verb::Added,
            (false, true) => Verb::Removed,
            (false, false) if columns.is_empty() => return None,
            (false, false) => Verb::Changed,
        };
        let bridge = match self.draft.table(row) {
            "Port" => self.home(row),
            "Interface" => self.home(row).and_then(|port| self.home(port)),
            _ => None,
        };
        let is_interface = |row: &RowId| self.draft.table(*row) == "Interface";
        let present = parts
            .iter()
            .copied()
            .filter(|row| !self.draft.is_gone(*row));
        Some(Object {
            row: Some(row),
            verb,
            kind: match self.draft.table(row) {
                "Port" if self.is_vlan_bridge(row) => "bridge".to_owned(),
                table => table.to_ascii_lowercase(),
            },
            name: self.title(row),
            bridge: bridge.and_then(|bridge| self.title(bridge)),
            interfaces: present.filter(is_interface).collect(),
            columns,
        })
    }

    /// The object that a row is a part of, if it is not an object of its own: an interface with its port's
    /// name is part of the port; the port with a bridge's name is part of a bridge that is added or removed.
    fn part_of(&self, row: RowId) -> Option<RowId> {
        let home = self.home(row)?;
        if self.draft.table(row) == "Controller" {
            // If the bridge stays, its port is an object of its own, as far as it changes.
            let stays = !self.draft.is_new(row) && !self.draft.is_gone(row);
            return (!stays).then_some(home);
        }
        if self.name_of(row) != self.name_of(home) {
            return None;
        }
        let comes_or_goes = self.draft.is_new(home) || self.draft.is_gone(home);
        (self.draft.table(row) == "Interface" || comes_or_goes).then_some(home)
    }

    fn differences(&self, row: RowId) -> Vec<Difference> {
        let draft = &self.draft;
        let table = draft.table(row);
        let mut differences = Vec::new();
        for column in self.shown_columns(row) {
            let before = draft.before(row, column).map(|datum| self.readable(datum));
            let after = draft.known(row, column).filter(|_| !draft.is_gone(row));
            let after = after.map(|datum| self.readable(&datum));
            // Unset columns of an added or removed object are not reported.
            let is_unset = |datum: &Option<Datum>| {
                datum.as_ref().is_none_or(|datum| is_default(column, datum))
            };
            if is_unset(&before) && is_unset(&after) {
                continue;
            }
            let mut difference = Difference {
                column: shown_name(table, column).to_owned(),
                before,
                after,
            };
            difference.keep_changed_keys();
            differences.push(difference);
        }
        differences
    }

    /// The columns of a row that the report is about.
    fn shown_columns(&self, row: RowId) -> Vec<&str> {
        let draft = &self.draft;
        let table = draft.table(row);
        let is_gone = draft.is_gone(row);
        let mut columns: Vec<&str> = if is_gone {
            draft.read_columns(row).collect()
        } else {
            draft.changed_columns(row)
        };
        columns.retain(|column| {
            let is_kind = *column == "fake_bridge" && (draft.is_new(row) || is_gone);
            let structure = is_kind
                || (STRUCTURE.contains(&(table, column)) && !self.says_more(row, column))
                || (*column == "interfaces" && !self.is_bond(row));
            let is_state = is_gone && owned(table, column).is_some();
            !structure && !is_state
        });
        columns
    }

    /// The columns that the report shows of rows that stay or are made: to be read again once it is written.
    pub(crate) fn written_columns(&self) -> Vec<WrittenRow> {
        let rows = self.draft.rows().filter(|row| !self.draft.is_gone(*row));
        let written = rows.filter_map(|row| {
            let columns: Vec<String> = self
                .shown_columns(row)
                .into_iter()
                .map(str::to_owned)
                .collect();
            let uuid = self.uuid(row).filter(|_| !columns.is_empty())?;
            let table = self.draft.table(row).to_owned();
            Some(WrittenRow {
                row,
                uuid,
                table,
                columns,
            })
        });
        written.collect()
    }

    /// Takes what the columns of a row hold now that it is written; returns those that hold what they held before,
    /// each as `NAME: COLUMN`.
    pub(crate) fn observe(&mut self, written: &WrittenRow, found: &Row) -> Vec<String> {
        let mut put_back = Vec::new();
        for column in &written.columns {
            let Some((_, datum)) = found.columns().find(|(name, _)| name == column) else {
                continue;
            };
            let datum = self.with_own_names(datum);
            self.draft.observe(written.row, column, datum);
            if !self
                .draft
                .changed_columns(written.row)
                .contains(&column.as_str())
            {
                let title = self.title(written.row).unwrap_or_default();
                put_back.push(format!("{} {}: {column}", written.table, quoted(&title)));
            }
        }
        put_back
    }

    /// The value with the references by which the draft knows the rows that it made.
    fn with_own_names(&self, datum: &Datum) -> Datum {
        let own = |atom: &Atom| match atom {
            Atom::Uuid(uuid) => {
                let made = self.made.iter().find(|(_, made)| *made == uuid);
                made.map_or_else(|| atom.clone(), |(row, _)| self.draft.reference(*row))
            }
            _ => atom.clone(),
        };
        match datum {
            Datum::Atom(only) => Datum::Atom(own(only)),
            Datum::Set(atoms) => Datum::Set(atoms.iter().map(own).collect()),
            Datum::Map(pairs) => Datum::Map(pairs.iter().map(|(k, v)| (own(k), own(v))).collect()),
        }
    }

    /// Whether a containment column adds information to the other objects of the report: it loses or gains a
    /// row that the plan neither inserts nor deletes.
    fn says_more(&self, row: RowId, column: &str) -> bool {
        let references = |datum: Option<&Datum>| -> HashSet<Uuid> {
            let atoms = datum.and_then(Datum::as_set).unwrap_or_default();
            let uuids = atoms.iter().filter_map(|atom| match atom {
                Atom::Uuid(uuid) => Some(*uuid),
                _ => None,
            });
            uuids.collect()
        };
        let Some(before) = self.draft.before(row, column) else {
            return false;
        };
        let before = references(Some(before));
        let after = references(self.draft.known(row, column).as_ref());
        let mut differing = before.symmetric_difference(&after);
        differing.any(|uuid| {
            let row = self.draft.stored(*uuid);
            row.is_none_or(|row| !self.draft.is_gone(row))
        })
    }

    /// Whether a port is that of a VLAN bridge.
    fn is_vlan_bridge(&self, port: RowId) -> bool {
        self.draft.known(port, "fake_bridge") == Some(Datum::from(true))
    }

    fn is_bond(&self, port: RowId) -> bool {
        let count = |datum: Option<&Datum>| datum.and_then(Datum::as_set).map_or(0, <[Atom]>::len);
        count(self.draft.before(port, "interfaces")) > 1
            || count(self.draft.known(port, "interfaces").as_ref()) > 1
    }

    /// The name of an object: its name, else its target, else its UUID.
    fn title(&self, row: RowId) -> Option<String> {
        for column in ["name", "target", "targets"] {
            let known = self.draft.known(row, column);
            if let Some(name) = known.as_ref().and_then(Datum::as_str) {
                return Some(name.to_owned());
            }
        }
        self.uuid(row).map(|uuid| uuid.to_string())
    }

    /// The value with names in place of references.
    fn readable(&self, datum: &Datum) -> Datum {
        let atom = |atom: &Atom| match atom {
            Atom::Uuid(_) | Atom::NamedUuid(_) => {
                match self.draft.by_reference(atom).map(|row| self.title(row)) {
                    Some(Some(title)) => Atom::String(title),
                    Some(None) => Atom::String("new".to_owned()),
                    None => atom.clone(),
                }
            }
            other => other.clone(),
        };
        match datum {
            Datum::Atom(only) => Datum::Atom(atom(only)),
            Datum::Set(atoms) => {
                let mut named: Vec<Atom> = atoms.iter().map(atom).collect();
                // References are sorted by UUID in the database, which has no meaning.
                if named != *atoms {
                    sort_by_name(&mut named, |atom| match atom {
                        Atom::String(name) => name,
                        _ => "",
                    });
                }
                Datum::Set(named)
            }
            Datum::Map(pairs) => {
                let pair = |(key, value): &(Atom, Atom)| (key.clone(), atom(value));
                Datum::Map(pairs.iter().map(pair).collect())
            }
        }
    }
}

/// Whether the value is the default of the column.
fn is_default(column: &str, datum: &Datum) -> bool {
    match datum {
        Datum::Atom(Atom::String(text)) => text.is_empty(),
        Datum::Atom(Atom::Boolean(truth)) => !truth,
        Datum::Atom(Atom::Integer(number)) => {
            // In other columns an unset number is an empty set.
            *number == 0
                && ["ingress_policing", "bond_"]
                    .iter()
                    .any(|p| column.starts_with(p))
        }
        Datum::Atom(_) => false,
        Datum::Set(atoms) => atoms.is_empty(),
        Datum::Map(pairs) => pairs.is_empty(),
    }
}

fn shown_name<'c>(table: &str, column: &'c str) -> &'c str {
    match (table, column) {
        ("Port", "external_ids") => "port_external_ids",
        ("Interface", "other_config") => "interface_other_config",
        ("Interface", "mac") => "interface_mac",
        _ => column,
    }
}

//! The tables that the transactions of a log make.
//!
//! Since Open vSwitch 2.17 a transaction may be marked with `_is_diff`: what it has for a set or map of a row that is
//! there already is then the difference to the value before. An element in both is removed, a key in both with
//! another value gets the new value, all else is added. A column of at most one element always has its new value.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};

use super::transaction::{ChangedRow, Transaction};
use crate::base::terminal::quoted;
use crate::ovsdb::members::Members;
use crate::ovsdb::stored::{StoredDatabase, StoredRow};
use crate::ovsdb::{Atom, Datum, Uuid};

/// The tables of a schema. Their values are those of the file, without copies.
#[derive(Debug)]
pub(super) struct Tables<'f> {
    schema: &'f RawValue,
    tables: BTreeMap<String, Table<'f>>,
}

#[derive(Debug, Default)]
struct Table<'f> {
    rows: BTreeMap<Uuid, ChangedRow<'f>>,
    /// Its columns; true: of more than one element.
    columns: BTreeMap<String, bool>,
    /// The sets and maps that differences were applied to, by row and column. They are put into the rows at the end:
    /// a set of thousands is not written again for each element.
    open: BTreeMap<Uuid, BTreeMap<String, Elements>>,
}

/// A set or map that differences are applied to.
#[derive(Debug)]
enum Elements {
    Set(BTreeSet<Element>),
    Map(BTreeMap<Element, Element>),
}

/// An element, in the server's order.
#[derive(Debug, Clone)]
struct Element(Atom);

/// A difference to the value of a column.
type Difference = (Uuid, String, Elements);

impl<'f> Tables<'f> {
    /// The empty tables of a schema.
    ///
    /// # Errors
    ///
    /// What is wrong with the schema.
    pub(super) fn new(schema: &'f RawValue) -> Result<Self, String> {
        let read: Schema<'_> = serde_json::from_str(schema.get())
            .map_err(|error| format!("malformed schema: {error}"))?;
        let table = |table: TableSchema<'_>| Table {
            columns: named(table.columns, |column| column.is_composite()),
            ..Table::default()
        };
        Ok(Self {
            schema,
            tables: named(read.tables, table),
        })
    }

    /// Applies a transaction, or nothing of it.
    ///
    /// # Errors
    ///
    /// What is wrong with the transaction.
    pub(super) fn apply(&mut self, mut transaction: Transaction<'f>) -> Result<(), String> {
        let mut differences: Vec<Vec<Difference>> = Vec::new();
        for (name, rows) in &mut transaction.tables {
            let table = self
                .tables
                .get_mut(&**name)
                .ok_or_else(|| format!("the schema has no table {}", quoted(name)))?;
            let mut of_table = Vec::new();
            for (uuid, row) in &mut rows.members {
                match row {
                    None if table.rows.contains_key(uuid) => {}
                    None => return Err(format!("row {uuid} of {name} is deleted, but not there")),
                    Some(row) if transaction.is_diff && table.rows.contains_key(uuid) => {
                        of_table.extend(table.differences(*uuid, row)?);
                    }
                    Some(_) => {}
                }
            }
            differences.push(of_table);
        }
        for ((name, rows), differences) in transaction.tables.into_iter().zip(differences) {
            let Some(table) = self.tables.get_mut(&*name) else {
                continue;
            };
            for (uuid, row) in rows.members {
                table.set(uuid, row);
            }
            for (uuid, column, difference) in differences {
                let row = table.open.entry(uuid).or_default();
                match row.get_mut(&column) {
                    Some(value) => value.apply(difference),
                    None => drop(row.insert(column, difference)),
                }
            }
        }
        Ok(())
    }

    /// Changes the schema; the tables and columns that the new one lacks are removed.
    ///
    /// # Errors
    ///
    /// What is wrong with the schema.
    pub(super) fn convert(&mut self, schema: &'f RawValue) -> Result<(), String> {
        let before = std::mem::replace(self, Self::new(schema)?);
        for (name, mut before) in before.tables {
            let Some(table) = self.tables.get_mut(&name) else {
                continue;
            };
            before.close();
            table.rows = before.rows;
            for row in table.rows.values_mut() {
                row.columns()
                    .retain(|column, _| table.columns.contains_key(&**column));
            }
        }
        Ok(())
    }

    /// The tables as they are now.
    pub(super) fn finish(self, remarks: Vec<String>) -> StoredDatabase {
        let tables = self.tables.into_iter();
        StoredDatabase {
            is_completed: false,
            schema: Some(self.schema.to_owned()),
            tables: tables.map(|(name, table)| (name, table.finish())).collect(),
            remarks,
        }
    }
}

impl<'f> Table<'f> {
    /// Takes the differences out of a row of a transaction. Their columns are opened.
    fn differences(
        &mut self,
        uuid: Uuid,
        row: &mut ChangedRow<'f>,
    ) -> Result<Vec<Difference>, String> {
        let mut differences = Vec::new();
        let mut error = None;
        row.columns().retain(|column, value| {
            if self.columns.get(&**column) != Some(&true) {
                return true;
            }
            match self.difference(uuid, column, value) {
                Ok(difference) => differences.push(difference),
                Err(what) => error = Some(what),
            }
            false
        });
        match error {
            None => Ok(differences),
            Some(what) => Err(what),
        }
    }

    fn difference(
        &mut self,
        uuid: Uuid,
        column: &str,
        value: &RawValue,
    ) -> Result<Difference, String> {
        let difference = Elements::read(value, column)?;
        let open = self.open.entry(uuid).or_default();
        if !open.contains_key(column)
            && let Some(row) = self.rows.get_mut(&uuid)
            && let Some(value) = row.columns().get(column)
        {
            open.insert(column.to_owned(), Elements::read(value, column)?);
        }
        match open.get(column) {
            Some(value) if !value.matches(&difference) => {
                Err(format!("column {} is a set and a map", quoted(column)))
            }
            _ => Ok((uuid, column.to_owned(), difference)),
        }
    }

    /// Sets columns of a row; `None` deletes it.
    fn set(&mut self, uuid: Uuid, changed: Option<ChangedRow<'f>>) {
        let Some(mut changed) = changed else {
            self.rows.remove(&uuid);
            self.open.remove(&uuid);
            return;
        };
        let Some(row) = self.rows.get_mut(&uuid) else {
            self.rows.insert(uuid, changed);
            return;
        };
        let changed = changed.columns();
        if let Some(open) = self.open.get_mut(&uuid) {
            open.retain(|column, _| !changed.contains_key(column.as_str()));
        }
        row.columns().extend(std::mem::take(changed));
    }

    /// Puts the sets and maps that differences were applied to into the rows.
    fn close(&mut self) {
        for (uuid, columns) in std::mem::take(&mut self.open) {
            let Some(row) = self.rows.get_mut(&uuid) else {
                continue;
            };
            for (column, elements) in columns {
                // A value that was read from JSON can be written as JSON.
                if let Ok(value) = to_raw_value(&elements.datum()) {
                    row.columns().insert(Cow::Owned(column), Cow::Owned(value));
                }
            }
        }
    }

    fn finish(mut self) -> BTreeMap<Uuid, StoredRow> {
        self.close();
        let rows = self.rows.into_iter();
        rows.map(|(uuid, row)| (uuid, row.stored())).collect()
    }
}

impl Elements {
    fn read(value: &RawValue, column: &str) -> Result<Self, String> {
        let datum = serde_json::from_str(value.get())
            .map_err(|error| format!("column {}: {error}", quoted(column)))?;
        Ok(match datum {
            Datum::Atom(atom) => Self::Set([Element(atom)].into()),
            Datum::Set(atoms) => Self::Set(atoms.into_iter().map(Element).collect()),
            Datum::Map(pairs) => {
                let pairs = pairs.into_iter();
                Self::Map(
                    pairs
                        .map(|(key, value)| (Element(key), Element(value)))
                        .collect(),
                )
            }
        })
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Set(set) => set.is_empty(),
            Self::Map(map) => map.is_empty(),
        }
    }

    /// Whether both are sets or both are maps; the empty set may be a map.
    fn matches(&self, other: &Self) -> bool {
        let both = std::mem::discriminant(self) == std::mem::discriminant(other);
        both || self.is_empty() || other.is_empty()
    }

    /// Applies a difference that [`Elements::matches`].
    fn apply(&mut self, difference: Self) {
        match (self, difference) {
            (Self::Set(set), Self::Set(elements)) => {
                for element in elements {
                    if !set.remove(&element) {
                        set.insert(element);
                    }
                }
            }
            (Self::Map(map), Self::Map(pairs)) => {
                for (key, value) in pairs {
                    if map.get(&key) == Some(&value) {
                        map.remove(&key);
                    } else {
                        map.insert(key, value);
                    }
                }
            }
            (value, difference) => {
                if value.is_empty() {
                    *value = difference;
                }
            }
        }
    }

    fn datum(self) -> Datum {
        match self {
            Self::Set(set) => Datum::set(set.into_iter().map(|element| element.0)),
            Self::Map(map) => Datum::Map(
                map.into_iter()
                    .map(|(key, value)| (key.0, value.0))
                    .collect(),
            ),
        }
    }
}

impl Ord for Element {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            (Atom::Real(one), Atom::Real(other)) => one.total_cmp(other),
            (one, other) => one.partial_cmp(other).unwrap_or(Ordering::Equal),
        }
    }
}

impl PartialOrd for Element {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Element {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Element {}

/// What the tables need of a schema (RFC 7047, section 3.2).
#[derive(Deserialize)]
struct Schema<'s> {
    #[serde(borrow)]
    tables: Members<'s, Cow<'s, str>, TableSchema<'s>>,
}

#[derive(Deserialize)]
struct TableSchema<'s> {
    #[serde(borrow)]
    columns: Members<'s, Cow<'s, str>, ColumnSchema>,
}

#[derive(Deserialize)]
struct ColumnSchema {
    r#type: serde_json::Value,
}

impl ColumnSchema {
    /// Whether a value may have more than one element.
    fn is_composite(&self) -> bool {
        match self.r#type.get("max") {
            None => false,
            Some(max) => max.as_u64().is_none_or(|max| max > 1),
        }
    }
}

/// The members of an object by their name.
fn named<'s, V, T>(
    members: Members<'s, Cow<'s, str>, V>,
    of: impl Fn(V) -> T,
) -> BTreeMap<String, T> {
    let members = members.members.into_iter();
    members
        .map(|(name, value)| (name.into_owned(), of(value)))
        .collect()
}

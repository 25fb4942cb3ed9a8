//! One row of a reply.
//!
//! The errors of all accessors name the table and the column.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use rustc_hash::FxHashSet;
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};

use super::error::ValueError;
use super::value::{Atom, Datum, Text, Uuid};

/// One row: the requested columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    table: Arc<str>,
    columns: Vec<(Arc<str>, Datum)>,
}

/// The accessors all return the same error: a [`ValueError`] if the row lacks the column or its value has
/// another type.
#[allow(clippy::missing_errors_doc)]
impl Row {
    /// Builds a row.
    pub fn new<'a>(table: &str, columns: impl IntoIterator<Item = (&'a str, Datum)>) -> Self {
        let column = |(name, datum): (&str, Datum)| (shared(name), datum);
        Self {
            table: table.into(),
            columns: columns.into_iter().map(column).collect(),
        }
    }

    /// The name of the row's table.
    pub fn table(&self) -> &str {
        &self.table
    }

    /// The columns and their values, in the server's order.
    pub fn columns(&self) -> impl Iterator<Item = (&str, &Datum)> {
        self.columns.iter().map(|(name, datum)| (&**name, datum))
    }

    /// The value of a column of any type.
    pub fn datum(&self, column: &str) -> Result<&Datum, ValueError> {
        self.columns
            .iter()
            .find(|(name, _)| **name == *column)
            .map(|(_, datum)| datum)
            .ok_or_else(|| self.wrong(column, "a value", "no such column".to_owned()))
    }

    /// Whether the row has the column: an older schema may lack it.
    pub fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|(name, _)| **name == *column)
    }

    /// Exactly one string.
    pub fn string(&self, column: &str) -> Result<&str, ValueError> {
        self.read(column, "a string", |datum| one(datum, as_string))
    }

    /// One string or none.
    pub fn optional_string(&self, column: &str) -> Result<Option<&str>, ValueError> {
        self.optional(column, "a string or nothing", as_string)
    }

    /// A set of strings, in the server's order.
    pub fn strings(&self, column: &str) -> Result<Vec<&str>, ValueError> {
        self.read(column, "strings", |datum| many(datum, as_string))
    }

    /// Exactly one integer.
    pub fn integer(&self, column: &str) -> Result<i64, ValueError> {
        self.read(column, "an integer", |datum| one(datum, as_integer))
    }

    /// One integer or none.
    pub fn optional_integer(&self, column: &str) -> Result<Option<i64>, ValueError> {
        self.optional(column, "an integer or nothing", as_integer)
    }

    /// A set of integers, in the server's order.
    pub fn integers(&self, column: &str) -> Result<Vec<i64>, ValueError> {
        self.read(column, "integers", |datum| many(datum, as_integer))
    }

    /// Exactly one boolean.
    pub fn boolean(&self, column: &str) -> Result<bool, ValueError> {
        self.read(column, "true or false", |datum| one(datum, as_boolean))
    }

    /// One boolean or none.
    pub fn optional_boolean(&self, column: &str) -> Result<Option<bool>, ValueError> {
        self.optional(column, "true, false or nothing", as_boolean)
    }

    /// Exactly one reference, or the row's own `_uuid`.
    pub fn uuid(&self, column: &str) -> Result<Uuid, ValueError> {
        self.read(column, "a UUID", |datum| one(datum, as_uuid))
    }

    /// One reference or none.
    pub fn optional_uuid(&self, column: &str) -> Result<Option<Uuid>, ValueError> {
        self.optional(column, "a UUID or nothing", as_uuid)
    }

    /// A set of references, in the server's order.
    pub fn uuids(&self, column: &str) -> Result<Vec<Uuid>, ValueError> {
        self.read(column, "UUIDs", |datum| many(datum, as_uuid))
    }

    /// A map of strings to strings.
    pub fn map(&self, column: &str) -> Result<BTreeMap<String, String>, ValueError> {
        let text = |atom| as_string(atom).map(str::to_owned);
        self.read(column, "a map of strings", |datum| pairs(datum, text, text))
    }

    /// A map from integer to reference, such as `queues`.
    pub fn uuid_by_integer(&self, column: &str) -> Result<BTreeMap<i64, Uuid>, ValueError> {
        self.read(column, "a map from integer to UUID", |datum| {
            pairs(datum, as_integer, as_uuid)
        })
    }

    fn read<'a, T>(
        &'a self,
        column: &str,
        expected: &'static str,
        read: impl FnOnce(&'a Datum) -> Option<T>,
    ) -> Result<T, ValueError> {
        let datum = self.datum(column)?;
        read(datum).ok_or_else(|| self.wrong(column, expected, describe(datum)))
    }

    fn optional<'a, T>(
        &'a self,
        column: &str,
        expected: &'static str,
        read: fn(&'a Atom) -> Option<T>,
    ) -> Result<Option<T>, ValueError> {
        self.read(column, expected, |datum| match datum {
            Datum::Set(atoms) if atoms.is_empty() => Some(None),
            _ => one(datum, read).map(Some),
        })
    }

    fn wrong(&self, column: &str, expected: &'static str, found: String) -> ValueError {
        ValueError {
            table: self.table.to_string(),
            column: column.to_owned(),
            expected,
            found,
        }
    }

    /// Adds a column.
    pub(super) fn with(mut self, column: &str, value: Datum) -> Self {
        self.columns.push((shared(column), value));
        self
    }

    /// Sets the table, which the reply does not name.
    pub(super) fn of_table(mut self, table: &Arc<str>) -> Self {
        self.table = Arc::clone(table);
        self
    }
}

/// Maximum number of names that are kept; a schema has some 300.
const MAX_NAMES: usize = 4096;

/// Maximum length of a name that is kept, in bytes.
const MAX_NAME: usize = 64;

/// The name of a column, kept once: a large reply has each thousands of times.
fn shared(name: &str) -> Arc<str> {
    thread_local! {
        static NAMES: RefCell<FxHashSet<Arc<str>>> = RefCell::default();
    }
    NAMES.with_borrow_mut(|names| {
        if let Some(known) = names.get(name) {
            return Arc::clone(known);
        }
        let name: Arc<str> = name.into();
        if names.len() < MAX_NAMES && name.len() <= MAX_NAME {
            names.insert(Arc::clone(&name));
        }
        name
    })
}

fn one<'a, T>(datum: &'a Datum, read: fn(&'a Atom) -> Option<T>) -> Option<T> {
    match datum {
        Datum::Atom(atom) => read(atom),
        _ => None,
    }
}

fn many<'a, T>(datum: &'a Datum, read: fn(&'a Atom) -> Option<T>) -> Option<Vec<T>> {
    datum.as_set()?.iter().map(read).collect()
}

fn pairs<'a, K: Ord, V>(
    datum: &'a Datum,
    key: fn(&'a Atom) -> Option<K>,
    value: fn(&'a Atom) -> Option<V>,
) -> Option<BTreeMap<K, V>> {
    match datum {
        Datum::Map(pairs) => pairs
            .iter()
            .map(|(k, v)| Some((key(k)?, value(v)?)))
            .collect(),
        _ => None,
    }
}

fn as_string(atom: &Atom) -> Option<&str> {
    match atom {
        Atom::String(text) => Some(text),
        _ => None,
    }
}

fn as_integer(atom: &Atom) -> Option<i64> {
    match atom {
        Atom::Integer(number) => Some(*number),
        _ => None,
    }
}

fn as_boolean(atom: &Atom) -> Option<bool> {
    match atom {
        Atom::Boolean(truth) => Some(*truth),
        _ => None,
    }
}

fn as_uuid(atom: &Atom) -> Option<Uuid> {
    match atom {
        Atom::Uuid(uuid) => Some(*uuid),
        _ => None,
    }
}

fn describe(datum: &Datum) -> String {
    match datum {
        Datum::Set(atoms) if atoms.is_empty() => "nothing".to_owned(),
        Datum::Set(atoms) => format!("a set of {}", atoms.len()),
        Datum::Map(_) => "a map".to_owned(),
        Datum::Atom(Atom::String(text)) => {
            let short: String = text.chars().take(40).collect();
            format!("the string \"{}\"", short.escape_debug())
        }
        Datum::Atom(Atom::Integer(number)) => format!("the integer {number}"),
        Datum::Atom(Atom::Real(number)) => format!("the number {number}"),
        Datum::Atom(Atom::Boolean(truth)) => format!("{truth}"),
        Datum::Atom(Atom::Uuid(_) | Atom::NamedUuid(_)) => "a UUID".to_owned(),
    }
}

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RowVisitor;

        impl<'de> Visitor<'de> for RowVisitor {
            type Value = Row;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a row: an object of columns")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Row, A::Error> {
                let mut columns = Vec::new();
                while let Some(Text(name)) = map.next_key()? {
                    let datum = map.next_value().map_err(|error| {
                        de::Error::custom(format_args!(
                            "column \"{}\": {error}",
                            name.escape_debug()
                        ))
                    })?;
                    columns.push((shared(&name), datum));
                }
                // Two values for one column are ambiguous.
                let mut names: Vec<&str> = columns.iter().map(|(name, _)| &**name).collect();
                names.sort_unstable();
                let twice = names.windows(2).find(|pair| pair.first() == pair.last());
                if let Some([name, ..]) = twice {
                    return Err(de::Error::custom(format_args!(
                        "column \"{}\" is there twice",
                        name.escape_debug()
                    )));
                }
                Ok(Row {
                    table: Arc::default(),
                    columns,
                })
            }
        }

        deserializer.deserialize_map(RowVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_table_and_column() {
        let row = Row::new(
            "Port",
            [
                ("name", "qvobeeb2c54-aa".into()),
                ("tag", 1.into()),
                ("interfaces", Datum::set([Uuid(1).into(), Uuid(2).into()])),
            ],
        );
        for (error, words) in [
            (
                row.integer("name").unwrap_err(),
                "column name of table Port: expected an integer, found the string \"qvobeeb2c54-aa\"",
            ),
            (
                row.string("nope").unwrap_err(),
                "column nope of table Port: expected a value, found no such column",
            ),
            (
                row.uuid("interfaces").unwrap_err(),
                "column interfaces of table Port: expected a UUID, found a set of 2",
            ),
            (
                row.map("tag").unwrap_err(),
                "column tag of table Port: expected a map of strings, found the integer 1",
            ),
        ] {
            assert_eq!(error.to_string(), words);
        }
    }
}

//! One row of an answer, read column by column.
//!
//! Every accessor names the table and the column in its error, whatever a server sent.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};

use super::error::ValueError;
use super::value::{Atom, Datum, Uuid};

/// One row: the columns that were asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    table: Arc<str>,
    columns: Vec<(String, Datum)>,
}

impl Row {
    /// A row made by hand.
    pub fn new<'a>(table: &str, columns: impl IntoIterator<Item = (&'a str, Datum)>) -> Self {
        let column = |(name, datum): (&str, Datum)| (name.to_owned(), datum);
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
        self.columns
            .iter()
            .map(|(name, datum)| (name.as_str(), datum))
    }

    /// The value of a column as it is; an error if the answer lacks the column.
    pub fn datum(&self, column: &str) -> Result<&Datum, ValueError> {
        self.columns
            .iter()
            .find(|(name, _)| name == column)
            .map(|(_, datum)| datum)
            .ok_or_else(|| self.wrong(column, "a value", "no such column".to_owned()))
    }

    /// Whether the answer has the column: columns that came with a later schema may be missing.
    pub fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|(name, _)| name == column)
    }

    /// Exactly one text.
    pub fn string(&self, column: &str) -> Result<&str, ValueError> {
        self.one(column, "a string", as_string)
    }

    /// One text or none.
    pub fn optional_string(&self, column: &str) -> Result<Option<&str>, ValueError> {
        self.optional(column, "a string or nothing", as_string)
    }

    /// A set of texts, in the server's order.
    pub fn strings(&self, column: &str) -> Result<Vec<&str>, ValueError> {
        self.many(column, "strings", as_string)
    }

    /// Exactly one integer.
    pub fn integer(&self, column: &str) -> Result<i64, ValueError> {
        self.one(column, "an integer", as_integer)
    }

    /// One integer or none.
    pub fn optional_integer(&self, column: &str) -> Result<Option<i64>, ValueError> {
        self.optional(column, "an integer or nothing", as_integer)
    }

    /// A set of integers, in the server's order.
    pub fn integers(&self, column: &str) -> Result<Vec<i64>, ValueError> {
        self.many(column, "integers", as_integer)
    }

    /// Exactly one truth value.
    pub fn boolean(&self, column: &str) -> Result<bool, ValueError> {
        self.one(column, "true or false", as_boolean)
    }

    /// Exactly one reference; `_uuid` is the row's own identity.
    pub fn uuid(&self, column: &str) -> Result<Uuid, ValueError> {
        self.one(column, "a UUID", as_uuid)
    }

    /// One reference or none.
    pub fn optional_uuid(&self, column: &str) -> Result<Option<Uuid>, ValueError> {
        self.optional(column, "a UUID or nothing", as_uuid)
    }

    /// A set of references, in the server's order.
    pub fn uuids(&self, column: &str) -> Result<Vec<Uuid>, ValueError> {
        self.many(column, "UUIDs", as_uuid)
    }

    /// A map from text to text.
    pub fn map(&self, column: &str) -> Result<BTreeMap<String, String>, ValueError> {
        let datum = self.datum(column)?;
        let pair = |(key, value): &(Atom, Atom)| {
            Some((as_string(key)?.to_owned(), as_string(value)?.to_owned()))
        };
        match datum {
            Datum::Map(pairs) => pairs.iter().map(pair).collect(),
            _ => None,
        }
        .ok_or_else(|| self.wrong(column, "a map of strings", describe(datum)))
    }

    /// A map from integer to reference, such as `queues`.
    pub fn uuid_by_integer(&self, column: &str) -> Result<BTreeMap<i64, Uuid>, ValueError> {
        const EXPECTED: &str = "a map from integer to UUID";
        let datum = self.datum(column)?;
        let pair = |(key, value): &(Atom, Atom)| Some((as_integer(key)?, as_uuid(value)?));
        match datum {
            Datum::Map(pairs) => pairs.iter().map(pair).collect::<Option<_>>(),
            _ => None,
        }
        .ok_or_else(|| self.wrong(column, EXPECTED, describe(datum)))
    }

    fn one<'a, T>(
        &'a self,
        column: &str,
        expected: &'static str,
        read: fn(&'a Atom) -> Option<T>,
    ) -> Result<T, ValueError> {
        let datum = self.datum(column)?;
        match datum {
            Datum::Atom(atom) => read(atom),
            _ => None,
        }
        .ok_or_else(|| self.wrong(column, expected, describe(datum)))
    }

    fn optional<'a, T>(
        &'a self,
        column: &str,
        expected: &'static str,
        read: fn(&'a Atom) -> Option<T>,
    ) -> Result<Option<T>, ValueError> {
        match self.datum(column)? {
            Datum::Set(atoms) if atoms.is_empty() => Ok(None),
            _ => self.one(column, expected, read).map(Some),
        }
    }

    fn many<'a, T>(
        &'a self,
        column: &str,
        expected: &'static str,
        read: fn(&'a Atom) -> Option<T>,
    ) -> Result<Vec<T>, ValueError> {
        let datum = self.datum(column)?;
        datum
            .as_set()
            .and_then(|atoms| atoms.iter().map(read).collect())
            .ok_or_else(|| self.wrong(column, expected, describe(datum)))
    }

    fn wrong(&self, column: &str, expected: &'static str, found: String) -> ValueError {
        ValueError {
            table: self.table.to_string(),
            column: column.to_owned(),
            expected,
            found,
        }
    }

    /// The row with a column more.
    pub(super) fn with(mut self, column: &str, value: Datum) -> Self {
        self.columns.push((column.to_owned(), value));
        self
    }

    /// The row, said to be of this table: the server's answer does not name it.
    pub(super) fn of_table(mut self, table: &Arc<str>) -> Self {
        self.table = Arc::clone(table);
        self
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
                while let Some(name) = map.next_key::<String>()? {
                    let datum = map.next_value().map_err(|error| {
                        de::Error::custom(format_args!(
                            "column \"{}\": {error}",
                            name.escape_debug()
                        ))
                    })?;
                    columns.push((name, datum));
                }
                // Nobody could say which of two values it has.
                let mut names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
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

    fn row() -> Row {
        Row::new(
            "Port",
            [
                ("name", "qvobeeb2c54-aa".into()),
                ("tag", 1.into()),
                ("trunks", Datum::EMPTY),
                ("protected", false.into()),
                ("interfaces", Datum::set([Uuid(1).into(), Uuid(2).into()])),
                ("other_config", Datum::map([("net_uuid", "x")])),
                ("statistics", Datum::map([("rx_bytes", 7)])),
            ],
        )
    }

    #[test]
    fn columns_as_their_types() {
        let row = row();
        assert_eq!(row.string("name").unwrap(), "qvobeeb2c54-aa");
        assert_eq!(row.integer("tag").unwrap(), 1);
        assert_eq!(row.optional_integer("tag").unwrap(), Some(1));
        assert_eq!(row.optional_integer("trunks").unwrap(), None);
        assert_eq!(row.integers("trunks").unwrap(), Vec::<i64>::new());
        assert!(!row.boolean("protected").unwrap());
        assert_eq!(row.uuids("interfaces").unwrap(), [Uuid(1), Uuid(2)]);
        assert_eq!(row.map("other_config").unwrap()["net_uuid"], "x");
    }

    #[test]
    fn a_column_stands_once() {
        let error = serde_json::from_str::<Row>(r#"{"tag":1,"name":"a","tag":2}"#).unwrap_err();
        let words = "column \"tag\" is there twice";
        assert!(error.to_string().starts_with(words), "{error}");
    }

    #[test]
    fn errors_name_table_and_column() {
        let row = row();
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

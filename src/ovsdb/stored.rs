//! A database as a file has it: a log, a dump, a report.

use std::borrow::{Borrow, Cow};
use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::Uuid;
use super::members::RowObject;
use crate::base::terminal::push_string;

/// The tables of a database that was read from a file.
#[derive(Debug, Clone, Default)]
pub struct StoredDatabase {
    /// Its schema (RFC 7047, section 3.2); `None` if the file has none.
    pub schema: Option<Box<RawValue>>,
    /// The rows of its tables.
    pub tables: BTreeMap<String, BTreeMap<Uuid, StoredRow>>,
    /// Whether rows of a log were completed with columns that it does not have.
    pub is_completed: bool,
    /// Damaged parts of the file; the data before them was read.
    pub remarks: Vec<String>,
}

/// The values of a row by column (RFC 7047, section 5.1), as one JSON object, which is read when it is asked for. A column
/// that has its type's default value may be missing.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct StoredRow {
    json: Box<RawValue>,
}

impl StoredRow {
    /// Its columns, in order; if a column is there twice, the last one is valid.
    pub fn columns(&self) -> Vec<(Cow<'_, str>, &RawValue)> {
        RowObject(&self.json).columns()
    }

    /// The value of a column.
    pub fn get(&self, column: &str) -> Option<&RawValue> {
        let mut columns = self.columns().into_iter();
        let found = columns.rfind(|(name, _)| name == column);
        found.map(|(_, value)| value)
    }
}

impl From<RowObject<'_>> for StoredRow {
    fn from(row: RowObject<'_>) -> Self {
        Self {
            json: row.0.to_owned(),
        }
    }
}

impl<K: AsRef<str>, V: Borrow<RawValue>> FromIterator<(K, V)> for StoredRow {
    fn from_iter<T: IntoIterator<Item = (K, V)>>(columns: T) -> Self {
        let mut json = String::from("{");
        for (name, value) in columns {
            if json.len() > 1 {
                json.push(',');
            }
            push_string(&mut json, name.as_ref());
            json.push(':');
            json.push_str(value.borrow().get());
        }
        json.push('}');
        // It is JSON: its parts are.
        let json = RawValue::from_string(json);
        Self {
            json: json.unwrap_or_else(|_| RawValue::NULL.to_owned()),
        }
    }
}

impl<'de> Deserialize<'de> for StoredRow {
    /// From text only.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        RowObject::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_an_object() {
        let json = r#"{"tag":1,"n\u0061me":"p\\q","tag":["set",[]]}"#;
        let row: StoredRow = serde_json::from_str(json).unwrap();
        let text = |column| row.get(column).map(RawValue::get);
        assert_eq!(text("tag"), Some(r#"["set",[]]"#));
        assert_eq!(text("name"), Some(r#""p\\q""#));
        assert_eq!(text("n"), None);
        let again: StoredRow = row.columns().into_iter().skip(1).collect();
        assert_eq!(again.json.get(), r#"{"name":"p\\q","tag":["set",[]]}"#);
    }

    #[test]
    fn malformed_rows() {
        for json in ["null", "1", "[]", "\"a\"", r#"{"\ud800":1}"#, r#"{"a":"#] {
            assert!(serde_json::from_str::<StoredRow>(json).is_err(), "{json}");
        }
    }
}

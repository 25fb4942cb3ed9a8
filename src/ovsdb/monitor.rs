//! Whole tables as the first answer to a `monitor_cond` (ovsdb-server(7) §4.1.12, and §4.1.14 for its
//! rows: the columns that differ from their type's default).

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::{Value, json};

use super::operation::Select;
use super::row::Row;
use super::value::Uuid;

/// What to monitor, by table, so that the server tells what is there, and nothing of what changes.
pub(super) fn once(selects: &[Select]) -> Value {
    let request = |select: &Select| {
        let columns = select.columns.iter().flatten();
        let columns: Vec<&String> = columns.filter(|column| *column != "_uuid").collect();
        let request = json!([{
            "columns": columns,
            "select": {"initial": true, "insert": false, "delete": false, "modify": false},
        }]);
        (select.table.clone(), request)
    };
    selects
        .iter()
        .map(request)
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// The rows of each select, with `_uuid`, out of the answer.
pub(super) fn rows(answer: &[u8], selects: &[Select]) -> Result<Vec<Vec<Row>>, serde_json::Error> {
    let mut tables: HashMap<String, Rows> = serde_json::from_slice(answer)?;
    let rows = |select: &Select| {
        let table: Arc<str> = select.table.as_str().into();
        let rows = tables.remove(&select.table).map(|rows| rows.0);
        let rows = rows.unwrap_or_default().into_iter();
        rows.map(|row| row.of_table(&table)).collect()
    };
    Ok(selects.iter().map(rows).collect())
}

/// The rows of one table.
struct Rows(Vec<Row>);

#[derive(Deserialize)]
struct Update {
    initial: Row,
}

impl<'de> Deserialize<'de> for Rows {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ByUuid;

        impl<'de> Visitor<'de> for ByUuid {
            type Value = Rows;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("rows by their UUIDs")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Rows, A::Error> {
                let mut rows = Vec::new();
                while let Some((uuid, update)) = map.next_entry::<String, Update>()? {
                    let uuid: Uuid = uuid.parse().map_err(A::Error::custom)?;
                    rows.push(update.initial.with("_uuid", uuid.into()));
                }
                Ok(Rows(rows))
            }
        }

        deserializer.deserialize_map(ByUuid)
    }
}

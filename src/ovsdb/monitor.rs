//! Monitors (ovsdb-server(7) §4.1.12): whole tables as the initial reply to a `monitor_cond` (its rows, §4.1.14,
//! hold the columns that differ from their type's default), and notifications when something that was read
//! changes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::operation::Select;
use super::row::Row;
use super::value::{Text, Uuid};

/// Returns the monitor requests, by table, for the initial rows. Updates are selected too, although they are ignored:
/// ovsdb-server since 3.2 keeps the initial rows for all clients with the same request and brings them up
/// to date with the selected kinds of changes only, so that a request without them may get old rows.
pub(super) fn once(selects: &[Select]) -> Value {
    let request = |select: &Select| {
        let columns = select.columns.iter().flatten();
        let columns: Vec<&String> = columns.filter(|column| *column != "_uuid").collect();
        (select.table.clone(), json!([{"columns": columns}]))
    };
    selects
        .iter()
        .map(request)
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// The columns that were read, by table; `None`: all columns.
pub(super) type Reads = BTreeMap<String, Option<BTreeSet<String>>>;

/// Records the columns that a select reads, those of its conditions included.
pub(super) fn note(reads: &mut Reads, select: &Select) {
    let noted = reads
        .entry(select.table.clone())
        .or_insert_with(|| Some(BTreeSet::new()));
    match (noted, &select.columns) {
        (noted, None) => *noted = None,
        (Some(noted), Some(columns)) => {
            let conditions = select.when.iter().map(|condition| &condition.0);
            let of_row = |column: &&String| !column.starts_with('_');
            noted.extend(columns.iter().chain(conditions).filter(of_row).cloned());
        }
        (None, Some(_)) => {}
    }
}

/// Returns the monitor requests for updates, without initial rows, of what is in `reads` and not yet in
/// `watched`, and adds it there; `None` if there is nothing new.
pub(super) fn changes(reads: &Reads, watched: &mut Reads) -> Option<Value> {
    let mut requests = serde_json::Map::new();
    for (table, columns) in reads {
        let select = json!({"initial": false, "insert": true, "delete": true, "modify": true});
        let request = match (watched.get_mut(table), columns) {
            (Some(None), _) => continue,
            (Some(Some(known)), Some(columns)) if columns.is_subset(known) => continue,
            (_, None) => {
                watched.insert(table.clone(), None);
                json!([{"select": select}])
            }
            (known, Some(columns)) => {
                let new: BTreeSet<String> = match known {
                    Some(Some(known)) => columns.difference(known).cloned().collect(),
                    _ => columns.clone(),
                };
                let request = json!([{"columns": new, "select": select}]);
                if let Some(Some(known)) = watched.get_mut(table) {
                    known.extend(new);
                } else {
                    watched.insert(table.clone(), Some(new));
                }
                request
            }
        };
        requests.insert(table.clone(), request);
    }
    (!requests.is_empty()).then(|| requests.into())
}

/// Returns the rows of each select from the reply, with `_uuid`.
pub(super) fn rows(
    answer: &RawValue,
    selects: &[Select],
) -> Result<Vec<Vec<Row>>, serde_json::Error> {
    let mut tables: HashMap<String, Rows> = serde_json::from_str(answer.get())?;
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
                while let Some((uuid, update)) = map.next_entry::<Text<'_>, Update>()? {
                    let uuid: Uuid = uuid.0.parse().map_err(A::Error::custom)?;
                    rows.push(update.initial.with("_uuid", uuid.into()));
                }
                Ok(Rows(rows))
            }
        }

        deserializer.deserialize_map(ByUuid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ovsdb::operation::Function;

    #[test]
    fn each_column_is_monitored_once() {
        let (mut reads, mut watched) = (Reads::new(), Reads::new());
        let select = Select::columns("Port", &["_uuid", "tag"]);
        note(&mut reads, &select.when("name", Function::Equal, "p"));
        let request = changes(&reads, &mut watched).unwrap();
        assert_eq!(request["Port"][0]["columns"], json!(["name", "tag"]));
        assert_eq!(request["Port"][0]["select"]["initial"], false);
        assert_eq!(changes(&reads, &mut watched), None);
        note(&mut reads, &Select::columns("Port", &["trunks", "tag"]));
        note(&mut reads, &Select::columns("Bridge", &["_uuid"]));
        let request = changes(&reads, &mut watched).unwrap();
        assert_eq!(request["Port"][0]["columns"], json!(["trunks"]));
        assert_eq!(request["Bridge"][0]["columns"], json!([]));
        assert_eq!(changes(&reads, &mut watched), None);
    }
}

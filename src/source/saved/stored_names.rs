//! The bridges of a stored database, with the names of their ports and tables.

use rustc_hash::FxHashSet;

use super::texts::names::TextNames;
use crate::openflow::text::port_from_v10;
use crate::ovsdb::stored::{StoredDatabase, StoredRow};
use crate::ovsdb::{Atom, Datum, Uuid};

/// A bridge of a stored database.
#[derive(Debug, Default)]
pub(super) struct StoredBridge {
    /// Its name.
    pub(super) name: String,
    /// The names of its ports.
    pub(super) ports: Vec<String>,
    /// The names of its interfaces, and those of its tables, with their numbers as far as known.
    pub(super) names: TextNames,
}

/// The bridges of a database, by name. Rows that are malformed are passed over.
pub(super) fn bridges(database: &StoredDatabase) -> Vec<StoredBridge> {
    let mut taken = FxHashSet::default();
    let mut bridges: Vec<StoredBridge> = rows(database, "Bridge")
        .filter_map(|row| bridge(database, row, &mut taken))
        .collect();
    bridges.sort_by(|a, b| a.name.cmp(&b.name));
    bridges
}

fn rows<'d>(database: &'d StoredDatabase, table: &str) -> impl Iterator<Item = &'d StoredRow> {
    database
        .tables
        .get(table)
        .into_iter()
        .flatten()
        .map(|(_, row)| row)
}

/// A bridge. A row that another bridge or port has is in `taken`, and not read again.
fn bridge(
    database: &StoredDatabase,
    row: &StoredRow,
    taken: &mut FxHashSet<Uuid>,
) -> Option<StoredBridge> {
    let mut bridge = StoredBridge {
        name: text(row, "name")?,
        ..StoredBridge::default()
    };
    for port in referenced(database, "Port", row, "ports", taken) {
        bridge.ports.extend(text(port, "name"));
        for interface in referenced(database, "Interface", port, "interfaces", taken) {
            let ofport = match value(interface, "ofport") {
                Some(Datum::Atom(Atom::Integer(ofport))) => u16::try_from(ofport).ok(),
                _ => None,
            };
            if let (Some(ofport), Some(name)) = (ofport, text(interface, "name")) {
                bridge.names.add_port(port_from_v10(ofport), &name);
            }
        }
    }
    let Some(Datum::Map(tables)) = value(row, "flow_tables") else {
        return Some(bridge);
    };
    let settings = database.tables.get("Flow_Table");
    for table in tables {
        let (Atom::Integer(number), Atom::Uuid(uuid)) = table else {
            continue;
        };
        let name = settings
            .and_then(|rows| rows.get(&uuid))
            .and_then(|row| text(row, "name"));
        if let (Ok(number), Some(name)) = (u8::try_from(number), name) {
            bridge.names.add_table(number, &name);
        }
    }
    Some(bridge)
}

fn value(row: &StoredRow, column: &str) -> Option<Datum> {
    serde_json::from_str(row.get(column)?.get()).ok()
}

/// A text; `None` also for an empty set.
fn text(row: &StoredRow, column: &str) -> Option<String> {
    match value(row, column)? {
        Datum::Atom(Atom::String(text)) => Some(text),
        _ => None,
    }
}

/// The rows that a column refers to, one or a set, but for those that are taken.
fn referenced<'d>(
    database: &'d StoredDatabase,
    table: &str,
    row: &StoredRow,
    column: &str,
    taken: &mut FxHashSet<Uuid>,
) -> Vec<&'d StoredRow> {
    let references = value(row, column);
    let references = references.as_ref().and_then(Datum::as_set);
    let row = |atom: &Atom| match atom {
        Atom::Uuid(uuid) if taken.insert(*uuid) => database.tables.get(table)?.get(uuid),
        _ => None,
    };
    references.into_iter().flatten().filter_map(row).collect()
}

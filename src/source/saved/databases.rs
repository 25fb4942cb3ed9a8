//! The databases that were found of a host, joined into one: the log of a database, and dumps of its tables.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::value::to_raw_value;

use crate::base::terminal::quoted;
use crate::ovsdb::schema::Schema;
use crate::ovsdb::stored::{StoredDatabase, StoredRow};
use crate::ovsdb::{Atom, Datum, Uuid};

/// A database that was found.
#[derive(Debug)]
pub(super) struct FoundDatabase {
    /// The name of its file for messages, quoted if necessary.
    pub(super) name: String,
    /// Its tables.
    pub(super) database: StoredDatabase,
}

/// Joins the databases of one host. A log has all rows, and the values of columns that are kept on disk; dumps add the
/// values of ephemeral columns. Without a log, the dumps add their tables, rows and columns to each other; of two values
/// the first is used.
///
/// Returns the database, and those that are of another host: second logs, and dumps that have the same tables but none
/// of the rows.
pub(super) fn joined(
    mut databases: Vec<FoundDatabase>,
) -> (Option<FoundDatabase>, Vec<FoundDatabase>) {
    databases.sort_by_key(|found| found.database.schema.is_none());
    let mut databases = databases.into_iter();
    let Some(mut first) = databases.next() else {
        return (None, Vec::new());
    };
    let mut others = Vec::new();
    let ephemeral = ephemeral_columns(&first.database);
    for mut other in databases {
        if other.database.schema.is_some() || !may_be_same(&first.database, &other.database) {
            others.push(other);
            continue;
        }
        first.database.remarks.append(&mut other.database.remarks);
        match &ephemeral {
            Some(ephemeral) => complete(&mut first.database, other, ephemeral),
            None => add(&mut first.database, other.database),
        }
    }
    (Some(first), others)
}

/// Where table `Open_vSwitch` was not printed, the bridges are those of table `Bridge`.
pub(super) fn name_bridges(database: &mut StoredDatabase) {
    let bridges = database
        .tables
        .get("Bridge")
        .filter(|rows| !rows.is_empty());
    let Some(bridges) = bridges.filter(|_| database.schema.is_none()) else {
        return;
    };
    if database.tables.contains_key("Open_vSwitch") {
        return;
    }
    let bridges = Datum::set(bridges.keys().map(|uuid| Atom::Uuid(*uuid)));
    let Ok(bridges) = to_raw_value(&bridges) else {
        return;
    };
    let row: StoredRow = [("bridges".to_owned(), bridges)].into_iter().collect();
    let rows = [(Uuid::default(), row)].into_iter().collect();
    database.tables.insert("Open_vSwitch".to_owned(), rows);
    database
        .remarks
        .push("table Open_vSwitch is not there: the bridges are those of table Bridge".to_owned());
}

/// Tables and their ephemeral columns.
type EphemeralColumns = BTreeSet<(String, String)>;

/// The ephemeral columns of a database with a schema; `None` if it has none.
fn ephemeral_columns(database: &StoredDatabase) -> Option<EphemeralColumns> {
    let schema = Schema::parse(database.schema.as_ref()?.get()).ok()?;
    let columns = schema.tables.into_iter().flat_map(|table| {
        let ephemeral = table.columns.into_iter().filter(|c| c.is_ephemeral);
        ephemeral.map(move |column| (table.name.clone(), column.name))
    });
    Some(columns.collect())
}

/// Whether two databases may be of one host: they have a row in common, or no table.
fn may_be_same(one: &StoredDatabase, other: &StoredDatabase) -> bool {
    let mut is_same = true;
    for (name, rows) in other.tables.iter().filter(|(_, rows)| !rows.is_empty()) {
        let Some(known) = one.tables.get(name).filter(|rows| !rows.is_empty()) else {
            continue;
        };
        if rows.keys().any(|uuid| known.contains_key(uuid)) {
            return true;
        }
        is_same = false;
    }
    is_same
}

/// Adds the values of ephemeral columns to the rows of a log.
fn complete(database: &mut StoredDatabase, dump: FoundDatabase, ephemeral: &EphemeralColumns) {
    for (table, mut rows) in dump.database.tables {
        let Some(known) = database.tables.get_mut(&table) else {
            continue;
        };
        let is_ephemeral = |column: &str| ephemeral.contains(&(table.clone(), column.to_owned()));
        let has_any = rows.values().any(|row| {
            let columns = row.columns().into_iter();
            columns
                .map(|(name, _)| name)
                .any(|name| is_ephemeral(&name))
        });
        if !has_any {
            continue;
        }
        database.is_completed = true;
        let mut missing = 0;
        for (uuid, row) in known {
            match rows.remove(uuid) {
                Some(other) => extend(row, &other, is_ephemeral),
                None => missing += 1,
            }
        }
        if missing > 0 {
            database.remarks.push(format!(
                "{}: it lacks {missing} rows of {}: their columns that are not on disk are shown as empty",
                dump.name,
                quoted(&table)
            ));
        }
    }
}

/// Adds tables, rows and columns.
fn add(database: &mut StoredDatabase, dump: StoredDatabase) {
    for (table, rows) in dump.tables {
        let known = database.tables.entry(table).or_default();
        for (uuid, row) in rows {
            match known.get_mut(&uuid) {
                Some(known) => extend(known, &row, |_| true),
                None => drop(known.insert(uuid, row)),
            }
        }
    }
}

/// Adds the wanted columns that a row lacks.
fn extend(row: &mut StoredRow, other: &StoredRow, is_wanted: impl Fn(&str) -> bool) {
    let mut columns = row.columns();
    let known: BTreeSet<Cow<'_, str>> = columns.iter().map(|(name, _)| name.clone()).collect();
    let others = other.columns().into_iter();
    columns.extend(others.filter(|(name, _)| is_wanted(name) && !known.contains(name)));
    let extended = columns.into_iter().collect();
    *row = extended;
}

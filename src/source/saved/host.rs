//! A saved host: a report, and what follows from it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde_json::value::to_raw_value;
use serde_json::{Map, Value, json};

use super::Report;
use crate::ovsdb::client::OPEN_VSWITCH;
use crate::ovsdb::schema::{AtomicType, Base, Column, Schema, Table, Type};
use crate::ovsdb::stored::{StoredDatabase, StoredRow};
use crate::ovsdb::{Atom, Datum, Uuid};

/// A saved host.
#[derive(Debug)]
pub struct SavedHost {
    /// What was saved of it.
    pub report: Report,
    /// The tables of its database, if it has a schema, with [`is_known`](crate::ovsdb::schema::Column::is_known) of
    /// each column.
    pub(in crate::source) schema: Option<Schema>,
}

impl SavedHost {
    /// A host of which this was saved. A schema that cannot be read counts as not saved, and a remark says so.
    pub fn new(mut report: Report) -> SavedHost {
        let remarks = &mut report.remarks;
        let schema = report.database.as_ref().map(|database| {
            let parsed = database
                .schema
                .as_ref()
                .map(|text| Schema::parse(text.get()));
            match parsed {
                Some(Ok(mut schema)) => {
                    forget_ephemeral(&mut schema, database);
                    schema
                }
                Some(Err(error)) => {
                    remarks.push(format!(
                        "the schema of the database is malformed and not used: {error}"
                    ));
                    schema_of_rows(database)
                }
                None => schema_of_rows(database),
            }
        });
        SavedHost { report, schema }
    }

    /// The columns of the database whose values are not known.
    pub fn not_saved(&self) -> UnknownColumns {
        let Some(schema) = &self.schema else {
            // The switches tell the numbers of their ports.
            return UnknownColumns::AllBut(vec!["Interface.ofport".to_owned()]);
        };
        let tables = schema.tables.iter();
        let columns = tables.flat_map(|table| {
            let columns = table
                .columns
                .iter()
                .filter(|column| column.is_known == schema.is_partial);
            columns.map(|column| format!("{}.{}", table.name, column.name))
        });
        if schema.is_partial {
            UnknownColumns::AllBut(columns.collect())
        } else {
            UnknownColumns::These(columns.collect())
        }
    }

    /// Whether the database has no schema of its own, but the columns of its rows.
    pub fn has_partial_schema(&self) -> bool {
        self.schema.as_ref().is_some_and(|schema| schema.is_partial)
    }

    /// The database with its schema; without one of its own, with the columns of its rows.
    pub fn database_with_schema(&self) -> Option<StoredDatabase> {
        let mut database = self.report.database.clone()?;
        if let Some(schema) = self.schema.as_ref().filter(|schema| schema.is_partial) {
            database.schema = to_raw_value(&document(schema)).ok();
        }
        Some(database)
    }

    /// Whether there may be a bridge of this name: it is in the database or a switch that was saved, or there is no database.
    pub(super) fn has_bridge(&self, name: &str) -> bool {
        let in_database = |database: &StoredDatabase| {
            let bridges = database.tables.get("Bridge").into_iter().flatten();
            let mut names = bridges.filter_map(|(_, row)| row.get("name"));
            names.any(|json| serde_json::from_str::<String>(json.get()).is_ok_and(|n| n == name))
        };
        self.report.switches.contains_key(name)
            || self.report.database.as_ref().is_none_or(in_database)
    }
}

/// Columns of the database, as `TABLE.COLUMN`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnknownColumns {
    /// These are not known.
    These(Vec<String>),
    /// None but these are known.
    AllBut(Vec<String>),
}

/// How many rows of a table that is all from one source show whether it has ephemeral columns.
const SAMPLE: usize = 100;

/// A file of the database does not have the ephemeral columns; rows of a server have them, or those that were printed.
fn forget_ephemeral(schema: &mut Schema, database: &StoredDatabase) {
    let count = if database.is_completed {
        usize::MAX
    } else {
        SAMPLE
    };
    let mut is_of_server = false;
    let mut empty = Vec::new();
    for table in &mut schema.tables {
        let rows = database.tables.get(&table.name).into_iter().flatten();
        let columns = rows.take(count).flat_map(|(_, row)| row.columns());
        let printed: BTreeSet<_> = columns.map(|(name, _)| name).collect();
        let is_empty = printed.is_empty();
        for column in table.columns.iter_mut().filter(|c| c.is_ephemeral) {
            column.is_known = printed.contains(column.name.as_str());
            is_of_server |= column.is_known;
            if is_empty {
                empty.push(&mut column.is_known);
            }
        }
    }
    for is_known in empty {
        *is_known = is_of_server;
    }
}

/// The column of a row's identifier.
const UUID: &str = "_uuid";

/// The columns of ovs-vswitchd.conf.db(5) that are sets, also where all rows have one value or none.
const SETS: [&str; 20] = [
    "bridges",
    "manager_options",
    "datapath_types",
    "iface_types",
    "ports",
    "mirrors",
    "controller",
    "protocols",
    "flood_vlans",
    "interfaces",
    "trunks",
    "cvlans",
    "cfm_fault_status",
    "cfm_remote_mpids",
    "select_src_port",
    "select_dst_port",
    "select_vlan",
    "prefixes",
    "groups",
    "targets",
];

/// The schema of rows that come without one: their tables and columns, with the types that the values have.
fn schema_of_rows(database: &StoredDatabase) -> Schema {
    let mut rows = database.tables.get("Open_vSwitch").into_iter().flatten();
    let version = rows.find_map(|(_, row)| row.get("db_version"));
    let version: Option<String> = version.and_then(|json| serde_json::from_str(json.get()).ok());
    let version = version.unwrap_or_else(|| "unknown".to_owned());
    let tables = database.tables.iter().map(|(name, rows)| {
        let mut kinds: BTreeMap<Cow<'_, str>, Type> = BTreeMap::new();
        for (column, json) in rows.values().flat_map(StoredRow::columns) {
            let Ok(value) = serde_json::from_str::<Datum>(json.get()) else {
                continue;
            };
            let is_set = SETS.contains(&&*column);
            let kind = kinds.entry(column).or_insert_with(|| Type {
                max: if is_set { usize::MAX } else { 1 },
                ..type_of(&Datum::EMPTY)
            });
            widen(kind, type_of(&value));
        }
        let uuid = (Cow::Borrowed(UUID), type_of(&Uuid::default().into()));
        let kinds = kinds.into_iter().filter(|(column, _)| column != UUID);
        let columns = [uuid].into_iter().chain(kinds).map(|(name, kind)| Column {
            is_mutable: name != UUID,
            name: name.into_owned(),
            kind,
            is_ephemeral: false,
            is_known: true,
        });
        Table {
            schema: version.clone(),
            name: name.clone(),
            is_root: true,
            is_partial: true,
            columns: columns.collect(),
        }
    });
    Schema {
        tables: tables.collect(),
        version,
        is_partial: true,
    }
}

/// A schema of rows as JSON (RFC 7047, section 3.2).
fn document(schema: &Schema) -> Value {
    let count = |count: usize| match count {
        usize::MAX => Value::from("unlimited"),
        count => Value::from(count),
    };
    let base = |base: &Base| json!({"type": base.kind.to_string()});
    let column = |column: &Column| {
        let Type {
            key,
            value,
            min,
            max,
        } = &column.kind;
        let mut kind = Map::new();
        kind.insert("key".to_owned(), base(key));
        if let Some(value) = value {
            kind.insert("value".to_owned(), base(value));
        }
        kind.insert("min".to_owned(), count(*min));
        kind.insert("max".to_owned(), count(*max));
        (column.name.clone(), json!({"type": kind}))
    };
    let table = |table: &Table| {
        // Columns that begin with `_` are the server's.
        let columns = table.columns.iter();
        let columns = columns.filter(|column| !column.name.starts_with('_'));
        let columns: Map<String, Value> = columns.map(column).collect();
        (
            table.name.clone(),
            json!({"columns": columns, "isRoot": true}),
        )
    };
    let tables: Map<String, Value> = schema.tables.iter().map(table).collect();
    let is_version = schema
        .version
        .split('.')
        .all(|number| number.parse::<u32>().is_ok());
    let version = if is_version { &schema.version } else { "0.0.0" };
    json!({"name": OPEN_VSWITCH, "version": version, "tables": tables})
}

/// The narrowest type of a value.
fn type_of(value: &Datum) -> Type {
    let base = |atom: Option<&Atom>| {
        Base::of(match atom {
            Some(Atom::Integer(_)) => AtomicType::Integer,
            Some(Atom::Real(_)) => AtomicType::Real,
            Some(Atom::Boolean(_)) => AtomicType::Boolean,
            Some(Atom::Uuid(_)) => AtomicType::Uuid,
            Some(Atom::String(_) | Atom::NamedUuid(_)) | None => AtomicType::String,
        })
    };
    let (key, of_map) = match value {
        Datum::Map(pairs) => {
            let first = pairs.first();
            (
                first.map(|(key, _)| key),
                Some(base(first.map(|(_, value)| value))),
            )
        }
        other => (other.as_set().and_then(<[Atom]>::first), None),
    };
    let is_one = matches!(value, Datum::Atom(_));
    let is_none = value.as_set().is_some_and(<[Atom]>::is_empty);
    Type {
        key: base(key),
        value: of_map,
        min: usize::from(is_one),
        max: if is_one || is_none { 1 } else { usize::MAX },
    }
}

/// Makes a type that has the values of both.
fn widen(kind: &mut Type, other: Type) {
    kind.min = kind.min.min(other.min);
    kind.max = kind.max.max(other.max);
    kind.value = kind.value.take().or(other.value);
    if kind.key.kind == AtomicType::String {
        kind.key = other.key;
    }
}

//! The configuration of a host: the settings in the rows of its database, by name.
//!
//! Bridges, ports and interfaces are items of their own, which name the bridge or port that they belong to. The other
//! rows, such as controllers and queues, are settings of the rows that refer to them; those that no row refers to are items
//! with the name of their table.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::secrets;
use crate::ovsdb::notation::bare;
use crate::ovsdb::schema::Schema;
use crate::ovsdb::{Atom, Datum, Row, Uuid};

/// Columns of state: those that the schema marks ephemeral, which a dump without a schema has too, and others.
const STATE: [(&str, &[&str]); 8] = [
    (
        "Bridge",
        &["datapath_id", "datapath_version", "rstp_status", "status"],
    ),
    ("Controller", &["is_connected", "role", "status"]),
    ("Datapath", &["capabilities", "datapath_version"]),
    (
        "Interface",
        &[
            "admin_state",
            "bfd_status",
            "cfm_fault",
            "cfm_fault_status",
            "cfm_flap_count",
            "cfm_health",
            "cfm_remote_mpids",
            "cfm_remote_opstate",
            "duplex",
            "error",
            "ifindex",
            "lacp_current",
            "link_resets",
            "link_speed",
            "link_state",
            "mac_in_use",
            "mtu",
            "statistics",
            "status",
        ],
    ),
    ("Manager", &["is_connected", "status"]),
    ("Mirror", &["statistics"]),
    (
        "Open_vSwitch",
        &[
            "cur_cfg",
            "datapath_types",
            "db_version",
            "dpdk_initialized",
            "dpdk_version",
            "iface_types",
            "next_cfg",
            "ovs_version",
            "statistics",
            "system_type",
            "system_version",
        ],
    ),
    (
        "Port",
        &[
            "bond_active_slave",
            "rstp_statistics",
            "rstp_status",
            "statistics",
            "status",
        ],
    ),
];

/// The columns that an item has instead of names of what it consists of.
const PARTS: [(&str, &str, &str); 3] = [
    ("Open_vSwitch", "bridges", ""),
    ("Bridge", "ports", "bridge"),
    ("Port", "interfaces", "port"),
];

/// Maximum depth of rows that refer to rows: a port to its `QoS`, and that to its queues.
const MAX_DEPTH: usize = 4;

/// The columns of settings, by table.
pub type SettingColumns = BTreeMap<String, BTreeSet<String>>;

/// The settings of an item, by name: `tag`, `external_ids:iface-id`. A setting with the default of its column is left
/// out.
pub type Settings = BTreeMap<String, Value>;

/// The configuration of a host, secrets included.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Configuration {
    /// The items.
    pub items: BTreeMap<ItemKey, Settings>,
}

/// What tells an item from the others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ItemKey {
    /// What it is.
    pub kind: ItemKind,
    /// Its name; empty for the switch as a whole, the table of a row.
    pub name: String,
    /// Of a row, which has no name of its own: its settings without secrets, and which one of several with these it is.
    pub content: (String, usize),
}

impl ItemKey {
    /// That of an item with a name.
    pub fn of(kind: ItemKind, name: &str) -> ItemKey {
        ItemKey {
            kind,
            name: name.to_owned(),
            content: (String::new(), 0),
        }
    }
}

/// The kinds of items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ItemKind {
    /// Open vSwitch as a whole.
    Switch,
    /// A bridge.
    Bridge,
    /// A port.
    Port,
    /// An interface.
    Interface,
    /// A row of another table that no row refers to.
    Row,
}

impl ItemKind {
    /// All of them.
    pub const ALL: [ItemKind; 5] = [
        Self::Switch,
        Self::Bridge,
        Self::Port,
        Self::Interface,
        Self::Row,
    ];

    /// As it is written: `bridge`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Switch => "open_vswitch",
            Self::Bridge => "bridge",
            Self::Port => "port",
            Self::Interface => "interface",
            Self::Row => "row",
        }
    }

    /// The kind of the rows of a table, if they have names.
    fn of_table(table: &str) -> Option<Self> {
        Some(match table {
            "Open_vSwitch" => Self::Switch,
            "Bridge" => Self::Bridge,
            "Port" => Self::Port,
            "Interface" => Self::Interface,
            _ => return None,
        })
    }
}

/// The columns of a database that have settings, and whose values are known.
pub fn setting_columns(schema: &Schema) -> SettingColumns {
    let is_state = |table: &str, column: &str| {
        STATE
            .iter()
            .any(|(name, columns)| *name == table && columns.contains(&column))
    };
    let tables = schema.tables.iter();
    let tables = tables.map(|table| {
        let columns = table.columns.iter();
        let columns = columns.filter(|column| {
            column.is_known && !column.is_ephemeral && !is_state(&table.name, &column.name)
        });
        let columns = columns.map(|column| column.name.clone());
        (table.name.clone(), columns.collect())
    });
    tables.collect()
}

impl Configuration {
    /// Whether the bridge allows an OpenFlow version that has meters: 1.3 or later.
    pub fn allows_meters(&self, bridge: &str) -> bool {
        let key = ItemKey::of(ItemKind::Bridge, bridge);
        let protocols = self.items.get(&key).and_then(|item| item.get("protocols"));
        let has_meters = |protocol: &Value| {
            let earlier = ["OpenFlow10", "OpenFlow11", "OpenFlow12"];
            !earlier.iter().any(|earlier| protocol == earlier)
        };
        match protocols {
            None => true,
            Some(Value::Array(protocols)) => protocols.iter().any(has_meters),
            Some(protocol) => has_meters(protocol),
        }
    }

    /// The configuration in the rows of a database, which have their `_uuid`. Both sides of a comparison need the same
    /// schema: it tells which columns have a default.
    pub fn of(schema: &Schema, rows: &[Row]) -> Configuration {
        let mut reader = Reader {
            schema,
            rows: BTreeMap::new(),
            owners: BTreeMap::new(),
        };
        for row in rows {
            if let Ok(uuid) = row.uuid("_uuid") {
                reader.rows.insert(uuid, row);
            }
        }
        for row in rows {
            let part = PARTS.iter().find(|(table, ..)| *table == row.table());
            let Some((_, column, _)) = part else { continue };
            for part in row.uuids(column).unwrap_or_default() {
                reader.owners.insert(part, row);
            }
        }
        // A bridge that the switch does not have may be kept by another row.
        let has_bridges = |row: &Row| row.table() == "Open_vSwitch" && row.uuids("bridges").is_ok();
        let is_known = rows.iter().any(has_bridges);
        let used: BTreeSet<Uuid> = rows.iter().flat_map(references).collect();
        let mut items = BTreeMap::new();
        for (uuid, row) in &reader.rows {
            match ItemKind::of_table(row.table()) {
                Some(kind)
                    if kind != ItemKind::Bridge
                        || !is_known
                        || reader.owners.contains_key(uuid) =>
                {
                    let name = row.string("name").unwrap_or_default();
                    let settings = reader.item(uuid, row, kind, name);
                    items.insert(ItemKey::of(kind, name), settings);
                }
                None if used.contains(uuid) => {}
                _ => {
                    let settings = reader.settings(row, 0);
                    let mut masked = settings.clone();
                    secrets::mask(&mut masked);
                    let content = Value::Object(Map::from_iter(masked)).to_string();
                    let mut key = ItemKey {
                        content: (content, 0),
                        ..ItemKey::of(ItemKind::Row, row.table())
                    };
                    while items.contains_key(&key) {
                        key.content.1 += 1;
                    }
                    items.insert(key, settings);
                }
            }
        }
        Configuration { items }
    }
}

/// The rows that a row refers to.
fn references(row: &Row) -> Vec<Uuid> {
    let columns = row.columns().filter(|(column, _)| !column.starts_with('_'));
    let atoms = columns.flat_map(|(_, value)| match value {
        Datum::Atom(atom) => vec![atom],
        Datum::Set(atoms) => atoms.iter().collect(),
        Datum::Map(pairs) => pairs.iter().flat_map(|(key, value)| [key, value]).collect(),
    });
    let uuid = |atom: &Atom| match atom {
        Atom::Uuid(uuid) => Some(*uuid),
        _ => None,
    };
    atoms.filter_map(uuid).collect()
}

struct Reader<'r> {
    schema: &'r Schema,
    rows: BTreeMap<Uuid, &'r Row>,
    /// The rows that the parts of bridges and ports belong to.
    owners: BTreeMap<Uuid, &'r Row>,
}

impl Reader<'_> {
    /// The settings of a bridge, port or interface, with the bridge or port that it belongs to.
    fn item(&self, uuid: &Uuid, row: &Row, kind: ItemKind, name: &str) -> Settings {
        let mut settings = self.settings(row, 0);
        settings.remove("name");
        if let Some(owner) = self.owners.get(uuid) {
            let part = PARTS.iter().find(|(table, ..)| *table == owner.table());
            if let Some((_, _, setting)) = part.filter(|(.., setting)| !setting.is_empty()) {
                let owner = owner.string("name").unwrap_or_default();
                // Most ports have one interface, of the same name.
                if (kind, owner) != (ItemKind::Interface, name) {
                    settings.insert((*setting).to_owned(), owner.into());
                }
            }
        }
        settings
    }

    /// The settings of a row.
    fn settings(&self, row: &Row, depth: usize) -> Settings {
        let mut settings = Settings::new();
        for (column, value) in row.columns() {
            let is_part = PARTS
                .iter()
                .any(|(table, parts, _)| *table == row.table() && *parts == column);
            if column.starts_with('_') || is_part {
                continue;
            }
            match value {
                Datum::Map(pairs) => {
                    for (key, value) in pairs {
                        let key = bare(key);
                        settings.insert(format!("{column}:{key}"), self.atom(value, depth));
                    }
                }
                Datum::Set(atoms) if atoms.is_empty() => {}
                Datum::Set(atoms) => {
                    let mut values: Vec<Value> =
                        atoms.iter().map(|atom| self.atom(atom, depth)).collect();
                    if !atoms.iter().all(|atom| matches!(atom, Atom::Integer(_))) {
                        values.sort_by_cached_key(Value::to_string);
                    }
                    settings.insert(column.to_owned(), values.into());
                }
                Datum::Atom(atom) => {
                    let is_default = match atom {
                        Atom::Boolean(is_set) => !is_set,
                        Atom::Integer(number) => *number == 0,
                        Atom::String(text) => text.is_empty(),
                        _ => false,
                    };
                    if !is_default || self.is_optional(row.table(), column) {
                        settings.insert(column.to_owned(), self.atom(atom, depth));
                    }
                }
            }
        }
        settings
    }

    /// Whether a column may be empty: then it has no default but that.
    fn is_optional(&self, table: &str, column: &str) -> bool {
        let mut tables = self.schema.tables.iter();
        let table = tables.find(|other| other.name == table);
        let column =
            table.and_then(|table| table.columns.iter().find(|other| other.name == column));
        column.is_some_and(|column| column.kind.min == 0)
    }

    /// A value; instead of a reference what is referred to.
    fn atom(&self, atom: &Atom, depth: usize) -> Value {
        match atom {
            Atom::Integer(number) => (*number).into(),
            Atom::Real(number) => (*number).into(),
            Atom::Boolean(is_set) => (*is_set).into(),
            Atom::String(_) | Atom::NamedUuid(_) => bare(atom).into(),
            Atom::Uuid(uuid) => match self.rows.get(uuid) {
                None => Value::Null,
                Some(row) if ItemKind::of_table(row.table()).is_some() => {
                    row.string("name").unwrap_or_default().into()
                }
                Some(_) if depth >= MAX_DEPTH => Value::Null,
                Some(row) => Map::from_iter(self.settings(row, depth + 1)).into(),
            },
        }
    }
}

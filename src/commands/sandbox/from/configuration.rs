//! The saved configuration as one transaction of an empty database.

use std::collections::{BTreeMap, BTreeSet};

use super::devices::{has_link, is_plain};
use super::partners::{PartnerPort, Partners};
use super::underlay::Underlay;
use crate::commands::{Context, Failure};
use crate::model::port_state::is_path_broken;
use crate::model::{Bridge, Interface, Port, Topology};
use crate::openflow::version::Version;
use crate::ovsdb::operation::Columns;
use crate::ovsdb::schema::Schema;
use crate::ovsdb::{Atom, Datum, Mutator, Operation, Row, Select, Uuid};

/// Columns that are replayed as they are.
const BRIDGE: [&str; 4] = [
    "external_ids",
    "flood_vlans",
    "mcast_snooping_enable",
    "other_config",
];
const PORT: [&str; 12] = [
    "bond_downdelay",
    "bond_mode",
    "bond_updelay",
    "cvlans",
    "external_ids",
    "lacp",
    "mac",
    "other_config",
    "protected",
    "tag",
    "trunks",
    "vlan_mode",
];
const INTERFACE: [&str; 3] = ["external_ids", "mtu_request", "other_config"];
const FLOW_TABLE: [&str; 6] = [
    "external_ids",
    "flow_limit",
    "groups",
    "name",
    "overflow_policy",
    "prefixes",
];

/// The key of `Open_vSwitch.other_config` that decides how many VLAN tags flows match.
const VLAN_LIMIT: &str = "vlan-limit";

/// The rows of a saved database, with the columns that are replayed.
pub(super) struct SavedRows {
    rows: BTreeMap<Uuid, Row>,
    /// The limit of VLAN tags, if it is set.
    vlan_limit: Option<String>,
}

impl SavedRows {
    /// Reads the rows, as far as the report has the columns.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub(super) async fn read(cx: &Context) -> Result<SavedRows, Failure> {
        let schema = cx.database.schema().await?;
        let wanted: [(&str, &[&str]); 5] = [
            ("Open_vSwitch", &["other_config"]),
            ("Bridge", &[&BRIDGE[..], &["flow_tables"]].concat()),
            ("Port", &PORT),
            ("Interface", &INTERFACE),
            ("Flow_Table", &FLOW_TABLE),
        ];
        let selects = wanted.iter().filter_map(|(table, columns)| {
            let known = schema.tables.iter().find(|known| known.name == *table)?;
            let is_known = |column: &&str| {
                let mut all = known.columns.iter();
                all.any(|known| known.name == *column && known.is_known)
            };
            let columns = columns.iter().copied().filter(is_known);
            let columns: Vec<&str> = ["_uuid"].into_iter().chain(columns).collect();
            Some(Select::columns(table, &columns))
        });
        let rows = cx.database.select(selects.collect()).await?;
        let root = rows
            .iter()
            .flatten()
            .find(|row| row.table() == "Open_vSwitch");
        let settings = root.and_then(|row| row.map("other_config").ok());
        let rows = rows.concat().into_iter();
        let rows = rows.filter_map(|row| Some((row.uuid("_uuid").ok()?, row)));
        Ok(SavedRows {
            rows: rows.collect(),
            vlan_limit: settings.and_then(|settings| settings.get(VLAN_LIMIT).cloned()),
        })
    }

    /// The columns of a row, without empty ones and references.
    fn columns(&self, uuid: Uuid) -> BTreeMap<String, Datum> {
        let columns = self.rows.get(&uuid).into_iter().flat_map(Row::columns);
        let columns = columns.filter(|(name, datum)| {
            let is_empty = match datum {
                Datum::Set(atoms) => atoms.is_empty(),
                Datum::Map(pairs) => pairs.is_empty(),
                Datum::Atom(_) => false,
            };
            !is_empty && !name.starts_with('_') && *name != "flow_tables"
        });
        columns
            .map(|(name, datum)| (name.to_owned(), datum.clone()))
            .collect()
    }

    /// The tables with settings of a bridge, by number.
    fn flow_tables(&self, bridge: Uuid) -> BTreeMap<i64, Uuid> {
        let row = self.rows.get(&bridge);
        let tables = row.and_then(|row| row.uuid_by_integer("flow_tables").ok());
        tables.unwrap_or_default()
    }
}

/// The operations that make the saved bridges.
pub(super) struct Replay<'s> {
    rows: &'s SavedRows,
    partners: Option<&'s Partners>,
    /// The schema of the database that is written.
    schema: &'s Schema,
    pub(super) operations: Vec<Operation>,
    /// Columns that this schema lacks: `Port.protected`.
    pub(super) unknown: BTreeSet<String>,
    /// The number of rows that have a name.
    named: usize,
}

impl<'s> Replay<'s> {
    /// Makes the bridges of a topology, the underlay of their tunnels, and the LACP partners of their bonds.
    pub(super) fn of(
        topology: &Topology,
        rows: &'s SavedRows,
        (underlay, partners): (Option<&Underlay>, Option<&'s Partners>),
        schema: &'s Schema,
    ) -> Replay<'s> {
        let mut replay = Replay {
            rows,
            partners,
            schema,
            operations: Vec::new(),
            unknown: BTreeSet::new(),
            named: 0,
        };
        let mut bridges: Vec<Atom> = topology
            .bridges
            .iter()
            .map(|bridge| replay.bridge(bridge))
            .collect();
        if let Some(underlay) = underlay {
            bridges.push(replay.underlay(underlay));
        }
        if let Some(partners) = partners {
            bridges.push(replay.partners(partners));
        }
        let vlan_limit = rows.vlan_limit.iter();
        let vlan_limit = vlan_limit.map(|limit| (VLAN_LIMIT.into(), limit.as_str().into()));
        let other_config = Datum::Map(vlan_limit.collect());
        // The database has one row of this table, made by ovs-vsctl init.
        replay.operations.push(Operation::Mutate {
            table: "Open_vSwitch".to_owned(),
            when: Vec::new(),
            mutations: vec![
                ("bridges".to_owned(), Mutator::Insert, Datum::Set(bridges)),
                ("other_config".to_owned(), Mutator::Insert, other_config),
                ("next_cfg".to_owned(), Mutator::Add, 1.into()),
            ],
        });
        replay
    }

    fn bridge(&mut self, bridge: &Bridge) -> Atom {
        let mut columns = self.rows.columns(bridge.uuid);
        columns.insert("name".to_owned(), bridge.name.as_str().into());
        // Without its controllers, a standalone bridge would forward as a learning switch besides its flows.
        let fail_mode = match (&bridge.fail_mode, bridge.controllers.is_empty()) {
            (mode, true) => mode.as_deref().unwrap_or("standalone"),
            (_, false) => "secure",
        };
        columns.insert("fail_mode".to_owned(), fail_mode.into());
        let protocols = Version::ALL
            .iter()
            .map(|version| version.to_string().into());
        columns.insert("protocols".to_owned(), Datum::Set(protocols.collect()));
        if let Some(id) = &bridge.datapath_id {
            set_key(&mut columns, "other_config", "datapath-id", id);
        }
        let local = bridge
            .interfaces()
            .find(|(_, interface)| interface.name == bridge.name);
        if let Some(mac) = local.and_then(|(_, interface)| interface.mac_in_use.as_ref()) {
            set_key(&mut columns, "other_config", "hwaddr", mac);
        }
        let mut tables = Vec::new();
        for (number, uuid) in self.rows.flow_tables(bridge.uuid) {
            let table = self.insert("Flow_Table", self.rows.columns(uuid));
            tables.push((Atom::Integer(number), table));
        }
        if !tables.is_empty() {
            columns.insert("flow_tables".to_owned(), Datum::Map(tables));
        }
        let ports = bridge.ports.iter().map(|port| self.port(bridge, port));
        let mut ports: Vec<Atom> = ports.collect();
        if bridge.port(&bridge.name).is_none() {
            ports.push(self.plain_port(&bridge.name, Some("internal")));
        }
        columns.insert("ports".to_owned(), Datum::Set(ports));
        self.insert("Bridge", columns)
    }

    fn port(&mut self, bridge: &Bridge, port: &Port) -> Atom {
        let interfaces = port.interfaces.iter();
        let interfaces = interfaces.map(|interface| self.interface(bridge, interface));
        let interfaces: Vec<Atom> = interfaces.collect();
        let mut columns = self.rows.columns(port.uuid);
        columns.insert("name".to_owned(), port.name.as_str().into());
        columns.insert("interfaces".to_owned(), Datum::Set(interfaces));
        self.insert("Port", columns)
    }

    fn interface(&mut self, bridge: &Bridge, interface: &Interface) -> Atom {
        let mut columns = self.rows.columns(interface.uuid);
        columns.insert("name".to_owned(), interface.name.as_str().into());
        if interface.name == bridge.name {
            columns.insert("type".to_owned(), "internal".into());
            return self.insert("Interface", columns);
        }
        if !is_plain(interface) {
            columns.insert("type".to_owned(), interface.type_.as_str().into());
            let options = interface.options.iter();
            let options = options.filter(|(key, _)| *key != "local_ip");
            let options: Vec<(Atom, Atom)> = options
                .map(|(key, value)| (key.as_str().into(), value.as_str().into()))
                .collect();
            columns.insert("options".to_owned(), Datum::Map(options));
        }
        if !has_link(bridge, interface) && is_path_broken(interface) {
            // Its link cannot be taken down. A session of BFD without a partner has the same effect.
            set_key(&mut columns, "bfd", "enable", "true");
        }
        let partners = self.partners;
        if let Some(socket) = partners.and_then(|partners| partners.socket_of(interface)) {
            set_key(
                &mut columns,
                "options",
                "pstream",
                &format!("punix:{socket}"),
            );
        }
        let number = interface.ofport.or(interface.ofport_request);
        if let Some(number) = number.filter(|number| (1..0xff00).contains(number)) {
            columns.insert("ofport_request".to_owned(), number.into());
        }
        let mac = interface.mac_in_use.as_ref();
        if let Some(mac) = mac.filter(|_| interface.kind() == "internal") {
            columns.insert("mac".to_owned(), mac.as_str().into());
        }
        self.insert("Interface", columns)
    }

    fn underlay(&mut self, underlay: &Underlay) -> Atom {
        let ports = vec![
            self.plain_port(&underlay.bridge, Some("internal")),
            self.plain_port(&underlay.port, None),
        ];
        let columns = [
            ("name".to_owned(), underlay.bridge.as_str().into()),
            ("ports".to_owned(), Datum::Set(ports)),
        ];
        self.insert("Bridge", columns.into())
    }

    /// The bridge with the LACP partners. Without flows it forwards nothing.
    fn partners(&mut self, partners: &Partners) -> Atom {
        let mut ports = vec![self.plain_port(&partners.bridge, Some("internal"))];
        ports.extend(partners.ports.iter().map(|port| self.partner(port)));
        let columns = [
            ("name".to_owned(), partners.bridge.as_str().into()),
            ("fail_mode".to_owned(), "secure".into()),
            ("ports".to_owned(), Datum::Set(ports)),
        ];
        self.insert("Bridge", columns.into())
    }

    fn partner(&mut self, port: &PartnerPort) -> Atom {
        let devices = port.devices.iter().map(|(name, socket)| {
            let mut columns = BTreeMap::from([("name".to_owned(), name.as_str().into())]);
            set_key(&mut columns, "options", "stream", &format!("unix:{socket}"));
            self.insert("Interface", columns)
        });
        let devices: Vec<Atom> = devices.collect();
        let columns = [
            ("name".to_owned(), port.name.as_str().into()),
            ("interfaces".to_owned(), Datum::Set(devices)),
            ("lacp".to_owned(), "active".into()),
        ];
        self.insert("Port", columns.into())
    }

    /// A port with one interface of the same name.
    fn plain_port(&mut self, name: &str, kind: Option<&str>) -> Atom {
        let mut columns = BTreeMap::from([("name".to_owned(), name.into())]);
        columns.extend(kind.map(|kind| ("type".to_owned(), kind.into())));
        let interface = self.insert("Interface", columns);
        let columns = [
            ("name".to_owned(), name.into()),
            ("interfaces".to_owned(), Datum::Set(vec![interface])),
        ];
        self.insert("Port", columns.into())
    }

    /// Inserts a row, without columns that the schema lacks; returns the reference to it.
    fn insert(&mut self, table: &str, columns: BTreeMap<String, Datum>) -> Atom {
        let mut tables = self.schema.tables.iter();
        let known = tables.find(|known| known.name == table);
        let is_known = |column: &str| {
            known.is_some_and(|known| known.columns.iter().any(|known| known.name == column))
        };
        let (known, unknown): (Vec<_>, Vec<_>) = columns
            .into_iter()
            .partition(|(column, _)| is_known(column));
        let unknown = unknown.into_iter();
        self.unknown
            .extend(unknown.map(|(column, _)| format!("{table}.{column}")));
        let name = format!("row{}", self.named);
        self.named += 1;
        self.operations.push(Operation::Insert {
            table: table.to_owned(),
            row: Columns(known),
            uuid_name: Some(name.clone()),
        });
        Atom::NamedUuid(name)
    }
}

/// Sets a key in a column of key-value pairs.
fn set_key(columns: &mut BTreeMap<String, Datum>, column: &str, key: &str, value: &str) {
    let map = columns.entry(column.to_owned());
    let map = map.or_insert_with(|| Datum::Map(Vec::new()));
    let mut pairs: Vec<(Atom, Atom)> = match map {
        Datum::Map(pairs) => std::mem::take(pairs),
        Datum::Set(_) | Datum::Atom(_) => Vec::new(),
    };
    pairs.retain(|(known, _)| *known != Atom::from(key));
    pairs.push((key.into(), value.into()));
    *map = Datum::Map(pairs);
}

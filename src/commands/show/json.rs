//! The whole topology as JSON.

use crate::base::secret::masked;
use crate::commands::lines::{InterfaceRow, Picture, map, state};
use crate::commands::services;
use crate::model::port_state::PortState;
use crate::model::services::{FlowExport, Shaping, Ssl};
use crate::model::{Bridge, Connection, Port};
use crate::output::{Cell, NotSaved};

/// The columns of ports and interfaces that the document needs.
pub(super) fn reads() -> Vec<&'static str> {
    let mut columns = vec![
        "tag",
        "trunks",
        "vlan_mode",
        "cvlans",
        "bond_mode",
        "lacp",
        "external_ids",
        "other_config",
        "ofport_request",
        "admin_state",
        "link_state",
        "mac_in_use",
        "mtu",
        "mtu_request",
        "error",
        "options",
        "status",
        "bfd",
        "cfm_mpid",
        "cfm_fault_status",
    ];
    columns.extend(PortState::READS);
    columns
}

/// An object: the switch, its managers, its bridges with their ports and interfaces.
pub(super) fn topology(picture: &Picture, not_saved: &NotSaved) -> Cell {
    let ovs = &picture.shown.ovs;
    let lines = picture.lines();
    let bridges = picture.shown.bridges.iter();
    let bridges = bridges.map(|b| bridge(b, &lines, &picture.shown.shaping, not_saved));
    let bridges = Cell::List(bridges.collect());
    let managers = connections("Manager", &picture.shown.managers, not_saved);
    let text = |text: &Option<String>| Cell::from(text.as_deref());
    Record::of("Open_vSwitch", not_saved)
        .column("ovs_version", text(&ovs.ovs_version))
        .column("db_version", text(&ovs.db_version))
        .column("system_type", text(&ovs.system_type))
        .column("system_version", text(&ovs.system_version))
        .member("hostname", &["external_ids"], text(&ovs.hostname))
        .member("system_id", &["external_ids"], text(&ovs.system_id))
        .made_of("managers", &["Manager._uuid"], managers)
        .made_of(
            "ssl",
            &["SSL._uuid"],
            picture.shown.ssl.as_ref().map_or(Cell::Absent, ssl),
        )
        .member("bridges", &[], bridges)
        .object()
}

fn connections(table: &str, connections: &[Connection], not_saved: &NotSaved) -> Cell {
    let connection = |connection: &Connection| {
        Record::of(table, not_saved)
            .column("target", Cell::text(&connection.target))
            .column("is_connected", Cell::Bool(connection.is_connected))
            .column("role", Cell::from(connection.role.as_deref()))
            .column("status", map(&connection.status))
            .object()
    };
    Cell::List(connections.iter().map(connection).collect())
}

fn ssl(ssl: &Ssl) -> Cell {
    object([
        (
            "private_key",
            Cell::text(masked("private_key", &ssl.private_key)),
        ),
        ("certificate", Cell::text(&ssl.certificate)),
        ("ca_cert", Cell::text(&ssl.ca_cert)),
        ("bootstrap_ca_cert", Cell::Bool(ssl.bootstrap_ca_cert)),
    ])
}

fn flow_export(export: Option<&FlowExport>) -> Cell {
    export.map_or(Cell::Absent, |export| {
        object([
            ("targets", Cell::texts(export.targets.iter())),
            ("sampling", Cell::from(export.sampling)),
        ])
    })
}

fn qos(port: &Port, shaping: &Shaping) -> Cell {
    services::qos(port, shaping).map_or(Cell::Absent, |qos| {
        object([
            ("type", Cell::text(&qos.type_)),
            ("other_config", map(&qos.other_config)),
            ("queues", services::queues(qos, shaping)),
        ])
    })
}

fn bridge(
    bridge: &Bridge,
    lines: &[InterfaceRow<'_>],
    shaping: &Shaping,
    not_saved: &NotSaved,
) -> Cell {
    let mut ports: Vec<(&Port, Vec<Cell>)> = Vec::new();
    for line in lines.iter().filter(|line| line.bridge.uuid == bridge.uuid) {
        // The rows are sorted by number; those of a bond may not be consecutive.
        let bond = line.port.is_bond();
        let known = ports
            .iter_mut()
            .find(|(port, _)| bond && port.uuid == line.port.uuid);
        match known {
            Some((_, interfaces)) => interfaces.push(interface(line, not_saved)),
            None => ports.push((line.port, vec![interface(line, not_saved)])),
        }
    }
    let ports = ports.into_iter();
    let ports = ports.map(|(p, interfaces)| port(p, interfaces, shaping, not_saved));
    let ports = Cell::List(ports.collect());
    let datapath_id = Cell::from(bridge.datapath_id.as_deref());
    let snooping = Cell::Bool(bridge.mcast_snooping_enable);
    let controllers = connections("Controller", &bridge.controllers, not_saved);
    Record::of("Bridge", not_saved)
        .column("name", Cell::text(&bridge.name))
        .column("fail_mode", Cell::from(bridge.fail_mode.as_deref()))
        .column("datapath_type", Cell::text(bridge.datapath_kind()))
        .column("datapath_id", datapath_id)
        .column("protocols", Cell::texts(bridge.protocols.iter()))
        .made_of(
            "controllers",
            &["Bridge.controller", "Controller._uuid"],
            controllers,
        )
        .column("stp_enable", Cell::Bool(bridge.stp_enable))
        .column("rstp_enable", Cell::Bool(bridge.rstp_enable))
        .column("mcast_snooping_enable", snooping)
        .made_of(
            "mirrors",
            &["Bridge.mirrors", "Mirror._uuid"],
            services::mirrors(bridge),
        )
        .made_of(
            "sflow",
            &["Bridge.sflow", "sFlow._uuid"],
            flow_export(bridge.sflow.as_ref()),
        )
        .made_of(
            "netflow",
            &["Bridge.netflow", "NetFlow._uuid"],
            flow_export(bridge.netflow.as_ref()),
        )
        .made_of(
            "ipfix",
            &["Bridge.ipfix", "IPFIX._uuid"],
            flow_export(bridge.ipfix.as_ref()),
        )
        .column("external_ids", map(&bridge.external_ids))
        .column("other_config", map(&bridge.other_config))
        .member("ports", &[], ports)
        .object()
}

fn port(port: &Port, interfaces: Vec<Cell>, shaping: &Shaping, not_saved: &NotSaved) -> Cell {
    let state = state(PortState::of_port(port));
    Record::of("Port", not_saved)
        .column("name", Cell::text(&port.name))
        .column("tag", Cell::from(port.tag))
        .column("trunks", Cell::Integers(port.trunks.clone()))
        .column("vlan_mode", Cell::from(port.vlan_mode.as_deref()))
        .column("cvlans", Cell::Integers(port.cvlans.clone()))
        .column("bond_mode", Cell::from(port.bond_mode.as_deref()))
        .column("lacp", Cell::from(port.lacp.as_deref()))
        .made_of("state", &PortState::READS, state)
        .made_of(
            "qos",
            &["Port.qos", "QoS._uuid", "Queue._uuid"],
            qos(port, shaping),
        )
        .column("external_ids", map(&port.external_ids))
        .column("other_config", map(&port.other_config))
        .member("interfaces", &[], Cell::List(interfaces))
        .object()
}

fn interface(line: &InterfaceRow<'_>, not_saved: &NotSaved) -> Cell {
    let interface = line.interface;
    let text = |text: &Option<String>| Cell::from(text.as_deref());
    let flag = |flag: Option<bool>| flag.map_or(Cell::Absent, Cell::Bool);
    let faults = Cell::texts(interface.cfm_fault_status.iter());
    let peer_bridge = line.far_end.map(|(bridge, _)| bridge.name.as_str());
    Record::of("Interface", not_saved)
        .column("name", Cell::text(&interface.name))
        .column("ofport", Cell::from(line.ofport()))
        .column("ofport_request", Cell::from(interface.ofport_request))
        .column("type", Cell::text(interface.kind()))
        .column("admin_state", text(&interface.admin_state))
        .column("link_state", text(&interface.link_state))
        .made_of("state", &PortState::READS, InterfaceRow::STATE.value(line))
        .column("bfd_status", map(&interface.bfd_status))
        .column("cfm_fault", flag(interface.cfm_fault))
        .column("cfm_fault_status", faults)
        .column("cfm_remote_opstate", text(&interface.cfm_remote_opstate))
        .column("lacp_current", flag(interface.lacp_current))
        .member("mac", &["mac_in_use"], text(&interface.mac_in_use))
        .column("mtu", Cell::from(interface.mtu))
        .column("mtu_request", Cell::from(interface.mtu_request))
        .column("error", text(&interface.error))
        .member("peer", &["options"], Cell::from(interface.peer()))
        .member("peer_bridge", &["options"], Cell::from(peer_bridge))
        .column("options", map(&interface.options))
        .column("other_config", map(&interface.other_config))
        .column("bfd", map(&interface.bfd))
        .column("cfm_mpid", Cell::from(interface.cfm_mpid))
        .column("external_ids", map(&interface.external_ids))
        .column("status", map(&interface.status))
        .object()
}

/// An object that is made from a row of a table. A member that is made of columns which are not known is unknown.
struct Record<'r> {
    table: &'r str,
    not_saved: &'r NotSaved,
    members: Vec<(String, Cell)>,
}

impl<'r> Record<'r> {
    fn of(table: &'r str, not_saved: &'r NotSaved) -> Record<'r> {
        Record {
            table,
            not_saved,
            members: Vec::new(),
        }
    }

    /// Adds a column under its name.
    fn column(self, name: &str, cell: Cell) -> Record<'r> {
        self.member(name, &[name], cell)
    }

    /// Adds what is made of columns of the table.
    fn member(self, name: &str, columns: &[&str], cell: Cell) -> Record<'r> {
        if self.not_saved.is_empty() {
            return self.made_of(name, &[], cell);
        }
        let columns = columns
            .iter()
            .map(|column| format!("{}.{column}", self.table));
        let columns: Vec<String> = columns.collect();
        let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
        self.made_of(name, &columns, cell)
    }

    /// Adds what is made of columns of any table.
    fn made_of(mut self, name: &str, columns: &[&str], cell: Cell) -> Record<'r> {
        let is_unknown = self.not_saved.print(columns);
        let cell = if is_unknown {
            Cell::Unknown
        } else {
            self.not_saved.of_secrets(name, cell)
        };
        self.members.push((name.to_owned(), cell));
        self
    }

    fn object(self) -> Cell {
        Cell::Map(self.members)
    }
}

fn object<const N: usize>(members: [(&str, Cell); N]) -> Cell {
    Cell::Map(
        members
            .into_iter()
            .map(|(key, cell)| (key.to_owned(), cell))
            .collect(),
    )
}

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
    let bridges = &picture.shown.bridges;
    object([
        ("ovs_version", Cell::from(ovs.ovs_version.as_deref())),
        ("db_version", Cell::from(ovs.db_version.as_deref())),
        ("system_type", Cell::from(ovs.system_type.as_deref())),
        ("system_version", Cell::from(ovs.system_version.as_deref())),
        ("hostname", Cell::from(ovs.hostname.as_deref())),
        ("system_id", Cell::from(ovs.system_id.as_deref())),
        (
            "managers",
            connections("Manager", &picture.shown.managers, not_saved),
        ),
        ("ssl", picture.shown.ssl.as_ref().map_or(Cell::Absent, ssl)),
        (
            "bridges",
            Cell::List(
                bridges
                    .iter()
                    .map(|b| bridge(b, &lines, &picture.shown.shaping, not_saved))
                    .collect(),
            ),
        ),
    ])
}

fn connections(table: &str, connections: &[Connection], not_saved: &NotSaved) -> Cell {
    let known = |column: &str, cell: Cell| known(not_saved, &[&format!("{table}.{column}")], cell);
    let connection = |connection: &Connection| {
        let is_connected = Cell::Bool(connection.is_connected);
        object([
            ("target", Cell::text(&connection.target)),
            ("is_connected", known("is_connected", is_connected)),
            (
                "role",
                known("role", Cell::from(connection.role.as_deref())),
            ),
            ("status", known("status", map(&connection.status))),
        ])
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
    let datapath_id = Cell::from(bridge.datapath_id.as_deref());
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
    object([
        ("name", Cell::text(&bridge.name)),
        ("fail_mode", Cell::from(bridge.fail_mode.as_deref())),
        ("datapath_type", Cell::text(bridge.datapath_kind())),
        (
            "datapath_id",
            known(not_saved, &["Bridge.datapath_id"], datapath_id),
        ),
        ("protocols", Cell::texts(bridge.protocols.iter())),
        (
            "controllers",
            connections("Controller", &bridge.controllers, not_saved),
        ),
        ("stp_enable", Cell::Bool(bridge.stp_enable)),
        ("rstp_enable", Cell::Bool(bridge.rstp_enable)),
        (
            "mcast_snooping_enable",
            Cell::Bool(bridge.mcast_snooping_enable),
        ),
        ("mirrors", services::mirrors(bridge)),
        ("sflow", flow_export(bridge.sflow.as_ref())),
        ("netflow", flow_export(bridge.netflow.as_ref())),
        ("ipfix", flow_export(bridge.ipfix.as_ref())),
        ("external_ids", map(&bridge.external_ids)),
        ("other_config", map(&bridge.other_config)),
        (
            "ports",
            Cell::List(
                ports
                    .into_iter()
                    .map(|(p, interfaces)| port(p, interfaces, shaping, not_saved))
                    .collect(),
            ),
        ),
    ])
}

fn port(port: &Port, interfaces: Vec<Cell>, shaping: &Shaping, not_saved: &NotSaved) -> Cell {
    let state = known(
        not_saved,
        &PortState::READS,
        state(PortState::of_port(port)),
    );
    object([
        ("name", Cell::text(&port.name)),
        ("tag", Cell::from(port.tag)),
        ("trunks", Cell::Integers(port.trunks.clone())),
        ("vlan_mode", Cell::from(port.vlan_mode.as_deref())),
        ("cvlans", Cell::Integers(port.cvlans.clone())),
        ("bond_mode", Cell::from(port.bond_mode.as_deref())),
        ("lacp", Cell::from(port.lacp.as_deref())),
        ("state", state),
        ("qos", qos(port, shaping)),
        ("external_ids", map(&port.external_ids)),
        ("other_config", map(&port.other_config)),
        ("interfaces", Cell::List(interfaces)),
    ])
}

fn interface(line: &InterfaceRow<'_>, not_saved: &NotSaved) -> Cell {
    let interface = line.interface;
    let text = |text: &Option<String>| Cell::from(text.as_deref());
    let flag = |flag: Option<bool>| flag.map_or(Cell::Absent, Cell::Bool);
    let state = known(
        not_saved,
        &PortState::READS,
        InterfaceRow::STATE.value(line),
    );
    let known =
        |column: &str, cell: Cell| known(not_saved, &[&format!("Interface.{column}")], cell);
    object([
        ("name", Cell::text(&interface.name)),
        ("ofport", Cell::from(line.ofport())),
        ("ofport_request", Cell::from(interface.ofport_request)),
        ("type", Cell::text(interface.kind())),
        (
            "admin_state",
            known("admin_state", text(&interface.admin_state)),
        ),
        (
            "link_state",
            known("link_state", text(&interface.link_state)),
        ),
        ("state", state),
        (
            "bfd_status",
            known("bfd_status", map(&interface.bfd_status)),
        ),
        ("cfm_fault", known("cfm_fault", flag(interface.cfm_fault))),
        (
            "cfm_fault_status",
            known(
                "cfm_fault_status",
                Cell::texts(interface.cfm_fault_status.iter()),
            ),
        ),
        (
            "cfm_remote_opstate",
            known("cfm_remote_opstate", text(&interface.cfm_remote_opstate)),
        ),
        (
            "lacp_current",
            known("lacp_current", flag(interface.lacp_current)),
        ),
        ("mac", known("mac_in_use", text(&interface.mac_in_use))),
        ("mtu", known("mtu", Cell::from(interface.mtu))),
        ("mtu_request", Cell::from(interface.mtu_request)),
        ("error", text(&interface.error)),
        ("peer", Cell::from(interface.peer())),
        (
            "peer_bridge",
            Cell::from(line.far_end.map(|(bridge, _)| bridge.name.as_str())),
        ),
        ("options", map(&interface.options)),
        ("other_config", map(&interface.other_config)),
        ("bfd", map(&interface.bfd)),
        ("cfm_mpid", Cell::from(interface.cfm_mpid)),
        ("external_ids", map(&interface.external_ids)),
        ("status", known("status", map(&interface.status))),
    ])
}

/// The value, if all database columns that it is made of are known.
fn known(not_saved: &NotSaved, columns: &[&str], cell: Cell) -> Cell {
    if not_saved.print(columns) {
        Cell::Unknown
    } else {
        cell
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

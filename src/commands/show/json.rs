//! The whole topology as JSON.

use crate::commands::lines::{InterfaceRow, Picture, map};
use crate::model::{Bridge, Connection, Port};
use crate::output::Cell;

/// An object: the switch, its managers, its bridges with their ports and interfaces.
pub(super) fn topology(picture: &Picture) -> Cell {
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
        ("managers", connections(&picture.shown.managers)),
        (
            "bridges",
            Cell::List(bridges.iter().map(|b| bridge(b, &lines)).collect()),
        ),
    ])
}

fn connections(connections: &[Connection]) -> Cell {
    let connection = |connection: &Connection| {
        object([
            ("target", Cell::text(&connection.target)),
            ("is_connected", Cell::Bool(connection.is_connected)),
            ("role", Cell::from(connection.role.as_deref())),
            ("status", map(&connection.status)),
        ])
    };
    Cell::List(connections.iter().map(connection).collect())
}

fn bridge(bridge: &Bridge, lines: &[InterfaceRow<'_>]) -> Cell {
    let mut ports: Vec<(&Port, Vec<Cell>)> = Vec::new();
    for line in lines.iter().filter(|line| line.bridge.uuid == bridge.uuid) {
        // The rows are sorted by number; those of a bond may not be consecutive.
        let bond = line.port.is_bond();
        let known = ports
            .iter_mut()
            .find(|(port, _)| bond && port.uuid == line.port.uuid);
        match known {
            Some((_, interfaces)) => interfaces.push(interface(line)),
            None => ports.push((line.port, vec![interface(line)])),
        }
    }
    object([
        ("name", Cell::text(&bridge.name)),
        ("fail_mode", Cell::from(bridge.fail_mode.as_deref())),
        ("datapath_type", Cell::text(bridge.datapath_kind())),
        ("datapath_id", Cell::from(bridge.datapath_id.as_deref())),
        ("protocols", Cell::texts(bridge.protocols.iter())),
        ("controllers", connections(&bridge.controllers)),
        ("stp_enable", Cell::Bool(bridge.stp_enable)),
        ("rstp_enable", Cell::Bool(bridge.rstp_enable)),
        (
            "mcast_snooping_enable",
            Cell::Bool(bridge.mcast_snooping_enable),
        ),
        ("external_ids", map(&bridge.external_ids)),
        ("other_config", map(&bridge.other_config)),
        (
            "ports",
            Cell::List(
                ports
                    .into_iter()
                    .map(|(p, interfaces)| port(p, interfaces))
                    .collect(),
            ),
        ),
    ])
}

fn port(port: &Port, interfaces: Vec<Cell>) -> Cell {
    object([
        ("name", Cell::text(&port.name)),
        ("tag", Cell::from(port.tag)),
        ("trunks", Cell::Integers(port.trunks.clone())),
        ("vlan_mode", Cell::from(port.vlan_mode.as_deref())),
        ("cvlans", Cell::Integers(port.cvlans.clone())),
        ("bond_mode", Cell::from(port.bond_mode.as_deref())),
        ("lacp", Cell::from(port.lacp.as_deref())),
        ("external_ids", map(&port.external_ids)),
        ("other_config", map(&port.other_config)),
        ("interfaces", Cell::List(interfaces)),
    ])
}

fn interface(line: &InterfaceRow<'_>) -> Cell {
    let interface = line.interface;
    let text = |text: &Option<String>| Cell::from(text.as_deref());
    object([
        ("name", Cell::text(&interface.name)),
        ("ofport", Cell::from(line.ofport())),
        ("ofport_request", Cell::from(interface.ofport_request)),
        ("type", Cell::text(interface.kind())),
        ("admin_state", text(&interface.admin_state)),
        ("link_state", text(&interface.link_state)),
        ("mac", text(&interface.mac_in_use)),
        ("mtu", Cell::from(interface.mtu)),
        ("error", text(&interface.error)),
        ("peer", Cell::from(interface.peer())),
        (
            "peer_bridge",
            Cell::from(line.far_end.map(|(bridge, _)| bridge.name.as_str())),
        ),
        ("options", map(&interface.options)),
        ("external_ids", map(&interface.external_ids)),
        ("status", map(&interface.status)),
    ])
}

fn object<const N: usize>(members: [(&str, Cell); N]) -> Cell {
    Cell::Map(
        members
            .into_iter()
            .map(|(key, cell)| (key.to_owned(), cell))
            .collect(),
    )
}

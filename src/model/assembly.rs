//! Assembles a topology from the rows of its tables.

use std::collections::{BTreeMap, HashMap};

use super::topology::{Bridge, Connection, Interface, Mirror, OpenVSwitch, Port, Topology};
use super::want::{Scope, Want};
use crate::base::order::sort_by_name;
use crate::ovsdb::{Row, Uuid, ValueError};

/// The tree, and whether every referenced row was found. With `by_port`, the bridge is the one that has the
/// read ports, and its own list of ports was not read.
pub(super) fn assemble<'a>(
    rows: impl Iterator<Item = &'a Row>,
    want: &Want,
    by_port: bool,
) -> Result<(Topology, bool), ValueError> {
    let mut topology = Topology::default();
    let mut controllers: HashMap<Uuid, Connection> = HashMap::new();
    let mut mirrors: HashMap<Uuid, Mirror> = HashMap::new();
    let mut bridges: Vec<&Row> = Vec::new();
    let mut ports: HashMap<Uuid, &Row> = HashMap::new();
    let mut interfaces: HashMap<Uuid, Interface> = HashMap::new();
    for row in rows {
        match row.table() {
            "Open_vSwitch" => topology.ovs = open_vswitch(row)?,
            "Manager" => topology.managers.push(connection(row)?),
            "Controller" => {
                controllers.insert(row.uuid("_uuid")?, connection(row)?);
            }
            "Mirror" => {
                let mirror = mirror(row)?;
                mirrors.insert(mirror.uuid, mirror);
            }
            "Bridge" => bridges.push(row),
            "Port" => {
                ports.insert(row.uuid("_uuid")?, row);
            }
            "Interface" => {
                let interface = interface(row)?;
                interfaces.insert(interface.uuid, interface);
            }
            _ => {}
        }
    }
    let mut whole = true;
    for row in bridges {
        let mut bridge = bridge(row)?;
        let controller_rows = uuids(row, "controller")?;
        let found = controller_rows
            .iter()
            .filter_map(|id| controllers.remove(id));
        bridge.controllers = found.collect();
        sort_by_name(&mut bridge.controllers, |controller| &controller.target);
        let mirror_rows = uuids(row, "mirrors")?;
        bridge.mirrors = mirror_rows
            .iter()
            .filter_map(|id| mirrors.remove(id))
            .collect();
        sort_by_name(&mut bridge.mirrors, |mirror| &mirror.name);
        let port_rows = if by_port {
            ports.keys().copied().collect()
        } else {
            uuids(row, "ports")?
        };
        bridge.port_count = port_rows.len();
        if !want.depth.has_ports() {
            topology.bridges.push(bridge);
            continue;
        }
        for id in port_rows {
            // A row belongs to one parent; a row referenced twice, or missing, is left out.
            let Some(row) = ports.remove(&id) else {
                whole = false;
                continue;
            };
            let mut port = port(row)?;
            for id in uuids(row, "interfaces")? {
                match interfaces.remove(&id) {
                    Some(interface) => port.interfaces.push(interface),
                    None => whole = false,
                }
            }
            sort_by_name(&mut port.interfaces, |interface| &interface.name);
            bridge.ports.push(port);
        }
        sort_by_name(&mut bridge.ports, |port| &port.name);
        let is_own = |port: &Port| port.name == bridge.name;
        bridge.port_count -= usize::from(bridge.ports.iter().any(is_own));
        topology.bridges.push(bridge);
    }
    match &want.scope {
        Scope::All => {}
        Scope::Bridge(name) => topology.bridges.retain(|bridge| bridge.name == *name),
        Scope::Port(name) => {
            for bridge in &mut topology.bridges {
                bridge.ports.retain(|port| port.name == *name);
            }
            if want.depth.has_ports() {
                topology.bridges.retain(|bridge| !bridge.ports.is_empty());
            } else {
                topology.bridges.truncate(1);
            }
        }
    }
    sort_by_name(&mut topology.managers, |manager| &manager.target);
    sort_by_name(&mut topology.bridges, |bridge| &bridge.name);
    Ok((topology, whole))
}

fn open_vswitch(row: &Row) -> Result<OpenVSwitch, ValueError> {
    let mut external_ids = map(row, "external_ids")?;
    Ok(OpenVSwitch {
        ovs_version: text(row, "ovs_version")?,
        db_version: text(row, "db_version")?,
        system_type: text(row, "system_type")?,
        system_version: text(row, "system_version")?,
        hostname: external_ids.remove("hostname"),
        system_id: external_ids.remove("system-id"),
        next_cfg: number(row, "next_cfg")?.unwrap_or_default(),
        cur_cfg: number(row, "cur_cfg")?.unwrap_or_default(),
        iface_types: strings(row, "iface_types")?,
        has_ssl: !uuids(row, "ssl")?.is_empty(),
        other_config: map(row, "other_config")?,
    })
}

fn connection(row: &Row) -> Result<Connection, ValueError> {
    Ok(Connection {
        target: row.string("target")?.to_owned(),
        is_connected: flag(row, "is_connected")?,
        role: text(row, "role")?,
        status: map(row, "status")?,
    })
}

fn bridge(row: &Row) -> Result<Bridge, ValueError> {
    let mut protocols = strings(row, "protocols")?;
    protocols.sort();
    Ok(Bridge {
        name: row.string("name")?.to_owned(),
        uuid: row.uuid("_uuid")?,
        datapath_id: text(row, "datapath_id")?,
        datapath_type: text(row, "datapath_type")?.unwrap_or_default(),
        fail_mode: text(row, "fail_mode")?,
        protocols,
        controllers: Vec::new(),
        mirrors: Vec::new(),
        stp_enable: flag(row, "stp_enable")?,
        rstp_enable: flag(row, "rstp_enable")?,
        mcast_snooping_enable: flag(row, "mcast_snooping_enable")?,
        external_ids: map(row, "external_ids")?,
        other_config: map(row, "other_config")?,
        parent: None,
        vlan: None,
        port_count: 0,
        ports: Vec::new(),
    })
}

fn mirror(row: &Row) -> Result<Mirror, ValueError> {
    Ok(Mirror {
        name: row.string("name")?.to_owned(),
        uuid: row.uuid("_uuid")?,
        output_port: read(row, "output_port", Row::optional_uuid)?,
        output_vlan: number(row, "output_vlan")?,
    })
}

/// A port, without its interfaces.
///
/// # Errors
///
/// A column holds a value of another type.
pub fn port(row: &Row) -> Result<Port, ValueError> {
    Ok(Port {
        name: row.string("name")?.to_owned(),
        uuid: row.uuid("_uuid")?,
        tag: number(row, "tag")?,
        trunks: numbers(row, "trunks")?,
        vlan_mode: text(row, "vlan_mode")?,
        cvlans: numbers(row, "cvlans")?,
        other_config: map(row, "other_config")?,
        external_ids: map(row, "external_ids")?,
        bond_mode: text(row, "bond_mode")?,
        lacp: text(row, "lacp")?,
        interfaces: Vec::new(),
    })
}

fn interface(row: &Row) -> Result<Interface, ValueError> {
    Ok(Interface {
        name: row.string("name")?.to_owned(),
        uuid: row.uuid("_uuid")?,
        type_: text(row, "type")?.unwrap_or_default(),
        ofport: number(row, "ofport")?,
        ofport_request: number(row, "ofport_request")?,
        error: text(row, "error")?,
        admin_state: text(row, "admin_state")?,
        link_state: text(row, "link_state")?,
        mac_in_use: text(row, "mac_in_use")?,
        mtu: number(row, "mtu")?,
        options: map(row, "options")?,
        other_config: map(row, "other_config")?,
        status: map(row, "status")?,
        external_ids: map(row, "external_ids")?,
    })
}

// Readers of columns. A column that was not read, or that is missing from a row of a whole table, has the
// default value of its type.

fn read<'r, T: Default>(
    row: &'r Row,
    column: &str,
    read: fn(&'r Row, &str) -> Result<T, ValueError>,
) -> Result<T, ValueError> {
    if row.has(column) {
        read(row, column)
    } else {
        Ok(T::default())
    }
}

fn text(row: &Row, column: &str) -> Result<Option<String>, ValueError> {
    Ok(read(row, column, Row::optional_string)?.map(str::to_owned))
}

fn strings(row: &Row, column: &str) -> Result<Vec<String>, ValueError> {
    let strings = read(row, column, Row::strings)?.into_iter();
    Ok(strings.map(str::to_owned).collect())
}

fn number(row: &Row, column: &str) -> Result<Option<i64>, ValueError> {
    read(row, column, Row::optional_integer)
}

fn numbers(row: &Row, column: &str) -> Result<Vec<i64>, ValueError> {
    let mut numbers = read(row, column, Row::integers)?;
    numbers.sort_unstable();
    Ok(numbers)
}

fn uuids(row: &Row, column: &str) -> Result<Vec<Uuid>, ValueError> {
    read(row, column, Row::uuids)
}

fn flag(row: &Row, column: &str) -> Result<bool, ValueError> {
    read(row, column, Row::boolean)
}

fn map(row: &Row, column: &str) -> Result<BTreeMap<String, String>, ValueError> {
    read(row, column, Row::map)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::ovsdb::Datum;

    pub(in crate::model) fn bridge_row(name: &str, ports: &[u128]) -> Row {
        let ports = Datum::set(ports.iter().map(|id| Uuid(*id).into()));
        let id = Uuid(name.bytes().map(u128::from).sum());
        let columns = [
            ("_uuid", id.into()),
            ("name", name.into()),
            ("ports", ports),
        ];
        Row::new("Bridge", columns)
    }

    pub(in crate::model) fn port_row(id: u128, name: &str, interfaces: &[u128]) -> Row {
        let interfaces = Datum::set(interfaces.iter().map(|id| Uuid(*id).into()));
        let columns = [
            ("_uuid", Uuid(id).into()),
            ("name", name.into()),
            ("interfaces", interfaces),
        ];
        Row::new("Port", columns)
    }

    pub(in crate::model) fn interface_row(id: u128, name: &str) -> Row {
        let columns = [
            ("_uuid", Uuid(id).into()),
            ("name", name.into()),
            ("ofport", Datum::EMPTY),
        ];
        Row::new("Interface", columns)
    }

    #[test]
    fn inconsistent_references_are_read() {
        let answers = [
            vec![bridge_row("b", &[1, 2, 99]), bridge_row("a", &[1])],
            vec![port_row(1, "p10", &[]), port_row(2, "p9", &[3, 98])],
            vec![interface_row(3, "p9"), interface_row(4, "orphan")],
        ];
        let (topology, whole) = assemble(answers.iter().flatten(), &Want::all(), false).unwrap();
        assert!(!whole);
        let names: Vec<&str> = topology.bridges.iter().map(|b| b.name.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(topology.bridges[0].ports, []);
        let ports = &topology.bridges[1].ports;
        assert_eq!(
            (ports[0].name.as_str(), ports[0].interfaces.len()),
            ("p9", 1)
        );
        assert_eq!(
            (ports[1].name.as_str(), ports[1].interfaces.len()),
            ("p10", 0)
        );
        assert_eq!(topology.ovs, OpenVSwitch::default());
    }

    #[test]
    fn a_column_of_another_type_is_an_error_with_its_name() {
        let row = Row::new("Bridge", [("_uuid", Uuid(1).into()), ("name", 5.into())]);
        let error = assemble([&row].into_iter(), &Want::all(), false).unwrap_err();
        assert_eq!(
            error.to_string(),
            "column name of table Bridge: expected a string, found the integer 5"
        );
    }
}

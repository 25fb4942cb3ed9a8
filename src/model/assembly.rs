//! Assembles a topology from the rows of its tables.

use std::collections::{BTreeMap, HashMap};

use super::services::{FlowExport, Mirror, Qos, Queue, Ssl};
use super::topology::{Bridge, Connection, Interface, OpenVSwitch, Port, Topology};
use super::want::{Extra, Scope, Want};
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
    let mut exports: HashMap<Uuid, FlowExport> = HashMap::new();
    let mut bridges: Vec<&Row> = Vec::new();
    let mut ports: HashMap<Uuid, &Row> = HashMap::new();
    let mut interfaces: HashMap<Uuid, &Row> = HashMap::new();
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
            "sFlow" | "NetFlow" | "IPFIX" => {
                exports.insert(row.uuid("_uuid")?, flow_export(row)?);
            }
            "SSL" => topology.ssl = Some(ssl(row)?),
            "QoS" => {
                topology.shaping.qos.insert(row.uuid("_uuid")?, qos(row)?);
            }
            "Queue" => {
                let queue = queue(row)?;
                topology.shaping.queues.insert(row.uuid("_uuid")?, queue);
            }
            "Bridge" => bridges.push(row),
            "Port" => {
                ports.insert(row.uuid("_uuid")?, row);
            }
            "Interface" => {
                interfaces.insert(row.uuid("_uuid")?, row);
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
        for mirror in &mut bridge.mirrors {
            for id in mirror.ports().collect::<Vec<_>>() {
                if let Some(port) = ports.get(&id) {
                    mirror.names.insert(id, port.string("name")?.to_owned());
                }
            }
        }
        for (column, export) in [
            ("sflow", &mut bridge.sflow),
            ("netflow", &mut bridge.netflow),
            ("ipfix", &mut bridge.ipfix),
        ] {
            let id = read(row, column, Row::optional_uuid)?;
            *export = id.and_then(|id| exports.get(&id)).cloned();
        }
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
        bridge.ports.reserve(port_rows.len().min(ports.len()));
        for id in port_rows {
            // A row belongs to one parent; a row referenced twice, or missing, is left out.
            let Some(row) = ports.remove(&id) else {
                whole = false;
                continue;
            };
            let mut port = port(row)?;
            if let Some(id) = port.qos.filter(|_| want.extras.contains(&Extra::Qos)) {
                let qos = topology.shaping.qos.get(&id);
                let has = |queue| topology.shaping.queues.contains_key(queue);
                whole &= qos.is_some_and(|qos| qos.queues.values().all(has));
            }
            let interface_rows = uuids(row, "interfaces")?;
            port.interfaces.reserve_exact(interface_rows.len());
            for id in interface_rows {
                match interfaces.remove(&id) {
                    Some(row) => port.interfaces.push(interface(row)?),
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
        sflow: None,
        netflow: None,
        ipfix: None,
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
        select_all: flag(row, "select_all")?,
        select_src_port: uuids(row, "select_src_port")?,
        select_dst_port: uuids(row, "select_dst_port")?,
        select_vlan: numbers(row, "select_vlan")?,
        output_port: read(row, "output_port", Row::optional_uuid)?,
        output_vlan: number(row, "output_vlan")?,
        snaplen: number(row, "snaplen")?,
        names: BTreeMap::new(),
    })
}

fn flow_export(row: &Row) -> Result<FlowExport, ValueError> {
    let mut targets = strings(row, "targets")?;
    targets.sort();
    Ok(FlowExport {
        targets,
        sampling: number(row, "sampling")?,
    })
}

fn ssl(row: &Row) -> Result<Ssl, ValueError> {
    let file = |column| Ok::<_, ValueError>(text(row, column)?.unwrap_or_default());
    Ok(Ssl {
        private_key: file("private_key")?,
        certificate: file("certificate")?,
        ca_cert: file("ca_cert")?,
        bootstrap_ca_cert: flag(row, "bootstrap_ca_cert")?,
    })
}

fn qos(row: &Row) -> Result<Qos, ValueError> {
    Ok(Qos {
        type_: text(row, "type")?.unwrap_or_default(),
        other_config: map(row, "other_config")?,
        queues: read(row, "queues", Row::uuid_by_integer)?,
    })
}

fn queue(row: &Row) -> Result<Queue, ValueError> {
    Ok(Queue {
        dscp: number(row, "dscp")?,
        other_config: map(row, "other_config")?,
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
        bond_active: text(row, "bond_active_slave")?,
        vlan_bridge: None,
        bond_updelay: number(row, "bond_updelay")?.unwrap_or_default(),
        bond_downdelay: number(row, "bond_downdelay")?.unwrap_or_default(),
        qos: read(row, "qos", Row::optional_uuid)?,
        status: map(row, "status")?,
        rstp_status: map(row, "rstp_status")?,
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
        mac: text(row, "mac")?,
        mtu: number(row, "mtu")?,
        mtu_request: number(row, "mtu_request")?,
        policing: policing(row)?,
        bfd: map(row, "bfd")?,
        cfm_mpid: number(row, "cfm_mpid")?,
        lldp: map(row, "lldp")?,
        options: map(row, "options")?,
        other_config: map(row, "other_config")?,
        bfd_status: map(row, "bfd_status")?,
        cfm_fault: optional_flag(row, "cfm_fault")?,
        cfm_fault_status: strings(row, "cfm_fault_status")?,
        cfm_remote_opstate: text(row, "cfm_remote_opstate")?,
        lacp_current: optional_flag(row, "lacp_current")?,
        status: map(row, "status")?,
        external_ids: map(row, "external_ids")?,
    })
}

fn policing(row: &Row) -> Result<Vec<(&'static str, i64)>, ValueError> {
    let columns = [
        ("rate", "ingress_policing_rate"),
        ("burst", "ingress_policing_burst"),
        ("kpkts_rate", "ingress_policing_kpkts_rate"),
        ("kpkts_burst", "ingress_policing_kpkts_burst"),
    ];
    let mut policing = Vec::new();
    for (name, column) in columns {
        let value = number(row, column)?.filter(|value| *value != 0);
        policing.extend(value.map(|value| (name, value)));
    }
    Ok(policing)
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

fn optional_flag(row: &Row, column: &str) -> Result<Option<bool>, ValueError> {
    read(row, column, Row::optional_boolean)
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

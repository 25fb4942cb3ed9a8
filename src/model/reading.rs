//! Which rows to select, and the tree made from the replies.
//!
//! The cost grows with the reply, not with the database. A [`Reading`] of one bridge or one port first
//! asks which rows those are (one or two small requests), and then reads only them, in one transaction; the
//! tree is made from that last reply alone, which is one consistent snapshot. If the configuration changed
//! in between, it reads whole tables once more.

use std::collections::{BTreeMap, HashMap};

use super::assembly::assemble;
use super::topology::{Bridge, Topology};
use super::want::{Depth, Extra, Scope, Want};
use crate::ovsdb::{Function, Row, Select, Uuid, ValueError};

/// If more rows than this would be named, reading the whole table is cheaper.
const WORTH_NAMING: usize = 200;

/// Selects these columns of the port of this name. A reply has one row for [`port`](super::port), or
/// none.
pub fn select_port(name: &str, columns: &[&'static str]) -> Select {
    let mut asked = PORT_COLUMNS.to_vec();
    asked.retain(|column| ["_uuid", "name"].contains(column) || columns.contains(column));
    Select::columns("Port", &asked).when("name", Function::Equal, name)
}

/// A reading in progress: send [`Reading::selects`] in one transaction, pass the replies to
/// [`Reading::take`], until that returns the tree. At most seven times.
#[derive(Debug)]
pub struct Reading {
    want: Want,
    step: Step,
}

#[derive(Debug)]
enum Step {
    /// Asks for the bridge's ports.
    BridgeByName,
    /// Asks for the interfaces of these ports.
    PortsOf(Vec<Uuid>),
    /// Asks for the port's interfaces.
    PortByName,
    /// Asks for the queues of this `QoS`; these are the other rows.
    QueuesOf(Uuid, Rows),
    /// Asks for the names of the other ports of mirrors. A port's name does not change.
    MirrorPorts(Vec<Uuid>, Box<Topology>),
    /// Reads these rows.
    Last(Rows),
    /// Asks for the bridges' own ports, which are no part of their number of ports.
    OwnPorts(Box<Topology>, Vec<Row>),
}

/// Which rows the last request reads.
#[derive(Debug, Default)]
struct Rows {
    bridge: BridgeRows,
    /// Those of the ports and of the interfaces; `None`: all.
    named: Option<(Vec<Uuid>, Vec<Uuid>)>,
    /// Those of tables `QoS` and Queue; `None`: all.
    shaping: Option<(Vec<Uuid>, Vec<Uuid>)>,
}

#[derive(Debug, Default)]
enum BridgeRows {
    #[default]
    All,
    Named(String),
    WithPort(Uuid),
}

impl Reading {
    /// A reading that has sent no request yet.
    pub fn new(want: Want) -> Self {
        let step = match &want.scope {
            Scope::Bridge(_) if want.depth.has_ports() => Step::BridgeByName,
            Scope::Bridge(name) => Step::Last(Rows {
                bridge: BridgeRows::Named(name.clone()),
                named: None,
                shaping: None,
            }),
            Scope::Port(_) => Step::PortByName,
            Scope::All => Step::Last(Rows::default()),
        };
        Self { want, step }
    }

    /// The next selects, for one transaction.
    pub fn selects(&self) -> Vec<Select> {
        let name = match &self.want.scope {
            Scope::Bridge(name) | Scope::Port(name) => name.as_str(),
            Scope::All => "",
        };
        let named = |table, columns| {
            vec![Select::columns(table, columns).when("name", Function::Equal, name)]
        };
        match &self.step {
            Step::BridgeByName => named("Bridge", &["ports"]),
            Step::PortByName if self.wants(Extra::Qos) => {
                named("Port", &["_uuid", "interfaces", "qos"])
            }
            Step::PortByName => named("Port", &["_uuid", "interfaces"]),
            Step::QueuesOf(qos, _) => by_uuid(&Select::columns("QoS", &["queues"]), Some(&[*qos])),
            Step::MirrorPorts(ports, _) => {
                let few = Some(ports.as_slice()).filter(|ports| ports.len() <= WORTH_NAMING);
                by_uuid(&Select::columns("Port", &["_uuid", "name"]), few)
            }
            Step::PortsOf(ports) => by_uuid(&Select::columns("Port", &["interfaces"]), Some(ports)),
            Step::Last(rows) => self.last_selects(rows),
            Step::OwnPorts(topology, _) => {
                let own = |bridge: &Bridge| select_port(&bridge.name, &[]);
                topology.bridges.iter().map(own).collect()
            }
        }
    }

    /// Takes the answers to [`Reading::selects`], one list of rows each; the tree, if they were the last.
    ///
    /// # Errors
    ///
    /// A column holds a value of another type.
    pub fn take(&mut self, answers: &[Vec<Row>]) -> Result<Option<Topology>, ValueError> {
        let mut rows = answers.iter().flatten();
        let last = match &mut self.step {
            Step::OwnPorts(topology, bridges) => {
                let mut topology = std::mem::take(topology.as_mut());
                count_other_ports(&mut topology, bridges, answers)?;
                return Ok(self.with_mirror_ports(topology));
            }
            Step::BridgeByName => match rows.next() {
                None => return Ok(Some(Topology::default())),
                Some(row) => {
                    let ports = row.uuids("ports")?;
                    if ports.len() <= WORTH_NAMING {
                        self.step = Step::PortsOf(ports);
                        return Ok(None);
                    }
                    Rows::default()
                }
            },
            Step::PortsOf(ports) => {
                let bridge = match &self.want.scope {
                    Scope::Bridge(name) => BridgeRows::Named(name.clone()),
                    Scope::All | Scope::Port(_) => BridgeRows::All,
                };
                Rows {
                    bridge,
                    named: Some((ports.clone(), interfaces(rows)?)),
                    shaping: None,
                }
            }
            Step::PortByName => match rows.clone().next() {
                None => return Ok(Some(Topology::default())),
                Some(row) => {
                    let port = row.uuid("_uuid")?;
                    let qos = if row.has("qos") {
                        row.optional_uuid("qos")?
                    } else {
                        None
                    };
                    let rows = Rows {
                        bridge: BridgeRows::WithPort(port),
                        named: Some((vec![port], interfaces(rows)?)),
                        shaping: Some((Vec::new(), Vec::new())),
                    };
                    if let Some(qos) = qos {
                        self.step = Step::QueuesOf(qos, rows);
                        return Ok(None);
                    }
                    rows
                }
            },
            Step::QueuesOf(qos, others) => {
                let mut queues = Vec::new();
                for row in rows {
                    queues.extend(row.uuid_by_integer("queues")?.into_values());
                }
                // A queue may have several numbers.
                queues.sort_unstable();
                queues.dedup();
                let mut others = std::mem::take(others);
                others.shaping = Some((vec![*qos], queues));
                others
            }
            Step::MirrorPorts(_, topology) => {
                let mut topology = std::mem::take(&mut **topology);
                let mut names = BTreeMap::new();
                for row in rows {
                    names.insert(row.uuid("_uuid")?, row.string("name")?);
                }
                let bridges = topology.bridges.iter_mut();
                for mirror in bridges.flat_map(|bridge| &mut bridge.mirrors) {
                    for id in mirror.ports().collect::<Vec<_>>() {
                        if let Some(name) = names.get(&id) {
                            mirror.names.insert(id, (*name).to_owned());
                        }
                    }
                }
                return Ok(Some(topology));
            }
            Step::Last(asked) => {
                let (topology, whole) = assemble(rows, &self.want, asked.by_port())?;
                if whole || asked.named.is_none() {
                    if self.want.depth != Depth::Bridges || topology.bridges.is_empty() {
                        return Ok(self.with_mirror_ports(topology));
                    }
                    let bridges = answers.last().cloned().unwrap_or_default();
                    self.step = Step::OwnPorts(Box::new(topology), bridges);
                    return Ok(None);
                }
                // The configuration changed between the requests.
                Rows::default()
            }
        };
        self.step = Step::Last(last);
        Ok(None)
    }

    /// The tree, if the names of all ports of its mirrors are known; else asks for those of the others.
    fn with_mirror_ports(&mut self, topology: Topology) -> Option<Topology> {
        let mirrors = topology.bridges.iter().flat_map(|bridge| &bridge.mirrors);
        let unknown = mirrors.flat_map(|mirror| {
            let ports = mirror.ports();
            ports.filter(|id| !mirror.names.contains_key(id))
        });
        let mut unknown: Vec<Uuid> = unknown.collect();
        if unknown.is_empty() {
            return Some(topology);
        }
        unknown.sort_unstable();
        unknown.dedup();
        self.step = Step::MirrorPorts(unknown, Box::new(topology));
        None
    }

    fn wants(&self, extra: Extra) -> bool {
        self.want.extras.contains(&extra)
    }

    fn last_selects(&self, rows: &Rows) -> Vec<Select> {
        let full = matches!(self.want.depth, Depth::Bridges | Depth::Full);
        let ports_full = matches!(self.want.depth, Depth::Ports | Depth::Full);
        let mut selects = Vec::new();
        if full {
            let mut ovs = Select::columns("Open_vSwitch", &OPEN_VSWITCH_COLUMNS);
            if self.want.health {
                push_column(&mut ovs, "iface_types");
                push_column(&mut ovs, "other_config");
            }
            selects.push(ovs);
            selects.push(Select::columns("Manager", &MANAGER_COLUMNS));
            selects.push(Select::columns("Controller", &CONTROLLER_COLUMNS));
        }
        let bridge: &[&str] = if full {
            &BRIDGE_COLUMNS
        } else {
            &["_uuid", "name"]
        };
        let mut bridge = Select::columns("Bridge", bridge);
        if self.wants(Extra::Mirrors) {
            selects.push(Select::columns("Mirror", &MIRROR_COLUMNS));
            push_column(&mut bridge, "mirrors");
        }
        if self.wants(Extra::Exports) {
            selects.push(Select::columns("SSL", &SSL_COLUMNS));
            for (column, table, asked) in EXPORTS {
                selects.push(Select::columns(table, asked));
                push_column(&mut bridge, column);
            }
        }
        // If a bridge is found by its port, its list of ports is not needed, and may be long.
        if self.want.depth != Depth::BridgeNames && !rows.by_port() {
            push_column(&mut bridge, "ports");
        }
        selects.push(match &rows.bridge {
            BridgeRows::All => bridge,
            BridgeRows::Named(name) => bridge.when("name", Function::Equal, name.as_str()),
            BridgeRows::WithPort(port) => bridge.when("ports", Function::Includes, *port),
        });
        if self.want.depth.has_ports() {
            let asked = |names: &[&str], all: &[&'static str]| -> Vec<&'static str> {
                let only = self.want.columns.as_deref();
                let asked = |column: &&str| only.is_none_or(|only| only.contains(column));
                let mut columns = all.to_vec();
                columns.retain(|column| names.contains(column) || (ports_full && asked(column)));
                columns
            };
            let port = asked(&["_uuid", "name", "interfaces"], &PORT_COLUMNS);
            let interface = asked(&["_uuid", "name", "type", "ofport"], &INTERFACE_COLUMNS);
            let interface = Select::columns("Interface", &interface);
            let mut port = Select::columns("Port", &port);
            if self.wants(Extra::Qos) {
                push_column(&mut port, "qos");
                let (qos, queues) = rows.shaping.as_ref().map(|(q, s)| (q, s)).unzip();
                let select = Select::columns("QoS", &["_uuid", "type", "other_config", "queues"]);
                selects.extend(by_uuid(&select, qos.map(Vec::as_slice)));
                let select = Select::columns("Queue", &["_uuid", "dscp", "other_config"]);
                selects.extend(by_uuid(&select, queues.map(Vec::as_slice)));
            }
            let (ports, interfaces) = rows.named.as_ref().map(|(p, i)| (p, i)).unzip();
            selects.extend(by_uuid(&port, ports.map(Vec::as_slice)));
            selects.extend(by_uuid(&interface, interfaces.map(Vec::as_slice)));
        }
        selects
    }
}

/// Takes the own port of each bridge, if it has one, out of its number of ports. `own` has a list of rows for each bridge
/// of the tree.
fn count_other_ports(
    topology: &mut Topology,
    bridges: &[Row],
    own: &[Vec<Row>],
) -> Result<(), ValueError> {
    let mut ports = HashMap::new();
    for row in bridges {
        ports.insert(row.string("name")?, row);
    }
    for (bridge, own) in topology.bridges.iter_mut().zip(own) {
        if let (Some(row), Some(port)) = (ports.get(bridge.name.as_str()), own.first())
            && row.uuids("ports")?.contains(&port.uuid("_uuid")?)
        {
            bridge.port_count -= 1;
        }
    }
    Ok(())
}

impl Rows {
    /// Whether the bridge is found by its port.
    fn by_port(&self) -> bool {
        matches!(self.bridge, BridgeRows::WithPort(_))
    }
}

/// The interfaces of these ports.
fn interfaces<'r>(ports: impl Iterator<Item = &'r Row>) -> Result<Vec<Uuid>, ValueError> {
    let mut interfaces = Vec::new();
    for port in ports {
        interfaces.extend(port.uuids("interfaces")?);
    }
    Ok(interfaces)
}

fn push_column(select: &mut Select, column: &str) {
    if let Some(columns) = &mut select.columns {
        columns.push(column.to_owned());
    }
}

/// Selects the rows with these UUIDs; without UUIDs all rows.
fn by_uuid(select: &Select, uuids: Option<&[Uuid]>) -> Vec<Select> {
    match uuids {
        None => vec![select.clone()],
        Some(uuids) => uuids
            .iter()
            .map(|uuid| select.clone().when("_uuid", Function::Equal, *uuid))
            .collect(),
    }
}

const OPEN_VSWITCH_COLUMNS: [&str; 7] = [
    "ovs_version",
    "db_version",
    "system_type",
    "system_version",
    "external_ids",
    "next_cfg",
    "cur_cfg",
];
const MANAGER_COLUMNS: [&str; 3] = ["target", "is_connected", "status"];
const CONTROLLER_COLUMNS: [&str; 5] = ["_uuid", "target", "is_connected", "role", "status"];
const MIRROR_COLUMNS: [&str; 9] = [
    "_uuid",
    "name",
    "select_all",
    "select_src_port",
    "select_dst_port",
    "select_vlan",
    "output_port",
    "output_vlan",
    "snaplen",
];
const SSL_COLUMNS: [&str; 4] = ["private_key", "certificate", "ca_cert", "bootstrap_ca_cert"];
/// The column of table Bridge, the table that it refers to, and what is read of it.
const EXPORTS: [(&str, &str, &[&str]); 3] = [
    ("sflow", "sFlow", &["_uuid", "targets", "sampling"]),
    ("netflow", "NetFlow", &["_uuid", "targets"]),
    ("ipfix", "IPFIX", &["_uuid", "targets", "sampling"]),
];
const BRIDGE_COLUMNS: [&str; 12] = [
    "_uuid",
    "name",
    "datapath_id",
    "datapath_type",
    "fail_mode",
    "protocols",
    "controller",
    "stp_enable",
    "rstp_enable",
    "mcast_snooping_enable",
    "external_ids",
    "other_config",
];
const PORT_COLUMNS: [&str; 16] = [
    "_uuid",
    "name",
    "interfaces",
    "tag",
    "trunks",
    "vlan_mode",
    "cvlans",
    "other_config",
    "external_ids",
    "bond_mode",
    "lacp",
    "bond_active_slave",
    "bond_updelay",
    "bond_downdelay",
    "status",
    "rstp_status",
];
const INTERFACE_COLUMNS: [&str; 28] = [
    "_uuid",
    "name",
    "type",
    "ofport",
    "ofport_request",
    "error",
    "admin_state",
    "link_state",
    "mac_in_use",
    "mac",
    "mtu",
    "mtu_request",
    "ingress_policing_rate",
    "ingress_policing_burst",
    "ingress_policing_kpkts_rate",
    "ingress_policing_kpkts_burst",
    "bfd",
    "cfm_mpid",
    "lldp",
    "options",
    "bfd_status",
    "cfm_fault",
    "cfm_fault_status",
    "cfm_remote_opstate",
    "lacp_current",
    "other_config",
    "status",
    "external_ids",
];

#[cfg(test)]
mod tests {
    use super::super::assembly::tests::{bridge_row, interface_row, port_row};
    use super::*;

    #[test]
    fn rows_changed_meanwhile_are_read_again() {
        let want = Want::of(Scope::Bridge("b".into()), Depth::PortNames);
        let mut reading = Reading::new(want);
        let tables = |reading: &Reading| -> Vec<String> {
            let selects = reading.selects();
            selects.iter().map(|select| select.table.clone()).collect()
        };
        assert_eq!(tables(&reading), ["Bridge"]);
        let answer = [vec![bridge_row("b", &[1])]];
        assert_eq!(reading.take(&answer), Ok(None));
        assert_eq!(tables(&reading), ["Port"]);
        assert_eq!(reading.take(&[vec![port_row(1, "p", &[2])]]), Ok(None));
        assert_eq!(tables(&reading), ["Bridge", "Port", "Interface"]);
        assert_eq!(reading.selects()[1].when.len(), 1);
        // A port was added between the requests.
        let answer = [
            vec![bridge_row("b", &[1, 5])],
            vec![port_row(1, "p", &[2])],
            vec![interface_row(2, "p")],
        ];
        assert_eq!(reading.take(&answer), Ok(None));
        assert_eq!(tables(&reading), ["Bridge", "Port", "Interface"]);
        assert!(
            reading
                .selects()
                .iter()
                .all(|select| select.when.is_empty())
        );
        let answer = [
            vec![bridge_row("b", &[1, 5]), bridge_row("other", &[])],
            vec![port_row(1, "p", &[2]), port_row(5, "q", &[6])],
            vec![interface_row(2, "p"), interface_row(6, "q")],
        ];
        let topology = reading.take(&answer).unwrap().unwrap();
        assert_eq!(topology.bridges.len(), 1);
        assert_eq!(topology.bridges[0].ports.len(), 2);
    }
}

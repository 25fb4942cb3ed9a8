//! Which rows to select, and the tree made from the replies.
//!
//! The cost grows with the reply, not with the database. A [`Reading`] of one bridge or one port first
//! asks which rows those are (one or two small requests), and then reads only them, in one transaction; the
//! tree is made from that last reply alone, which is one consistent snapshot. If the configuration changed
//! in between, it reads whole tables once more.

use std::collections::HashMap;

use super::assembly::assemble;
use super::topology::{Bridge, Topology};
use super::want::{Depth, Scope, Want};
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
/// [`Reading::take`], until that returns the tree. At most four times.
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
            Step::PortByName => named("Port", &["_uuid", "interfaces"]),
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
                return Ok(Some(topology));
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
                let named = Some((ports.clone(), interfaces(rows)?));
                Rows { bridge, named }
            }
            Step::PortByName => match rows.clone().next() {
                None => return Ok(Some(Topology::default())),
                Some(row) => {
                    let port = row.uuid("_uuid")?;
                    Rows {
                        bridge: BridgeRows::WithPort(port),
                        named: Some((vec![port], interfaces(rows)?)),
                    }
                }
            },
            Step::Last(asked) => {
                let (topology, whole) = assemble(rows, &self.want, asked.by_port())?;
                if whole || asked.named.is_none() {
                    if self.want.depth != Depth::Bridges || topology.bridges.is_empty() {
                        return Ok(Some(topology));
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

    fn last_selects(&self, rows: &Rows) -> Vec<Select> {
        let full = matches!(self.want.depth, Depth::Bridges | Depth::Full);
        let ports_full = matches!(self.want.depth, Depth::Ports | Depth::Full);
        let mut selects = Vec::new();
        if full {
            let mut ovs = Select::columns("Open_vSwitch", &OPEN_VSWITCH_COLUMNS);
            if self.want.health {
                push_column(&mut ovs, "iface_types");
                push_column(&mut ovs, "other_config");
                push_column(&mut ovs, "ssl");
                selects.push(Select::columns("Mirror", &MIRROR_COLUMNS));
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
        if full && self.want.health {
            push_column(&mut bridge, "mirrors");
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
            let mut interface = Select::columns("Interface", &interface);
            if full && self.want.health {
                push_column(&mut interface, "other_config");
            }
            let port = Select::columns("Port", &port);
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
const MIRROR_COLUMNS: [&str; 4] = ["_uuid", "name", "output_port", "output_vlan"];
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
const PORT_COLUMNS: [&str; 11] = [
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
];
const INTERFACE_COLUMNS: [&str; 13] = [
    "_uuid",
    "name",
    "type",
    "ofport",
    "ofport_request",
    "error",
    "admin_state",
    "link_state",
    "mac_in_use",
    "mtu",
    "options",
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

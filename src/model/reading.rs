//! Which rows to ask for, and the tree made from the answers.
//!
//! The cost shall grow with the answer, not with the database. So a [`Reading`] of one bridge or one
//! port first asks which rows those are (one or two small requests), and then reads them, and only
//! them, in one transaction: that last answer alone, one consistent snapshot, becomes the tree. Should
//! the configuration have changed in between, it reads once more, whole tables.

use super::assembly::assemble;
use super::topology::Topology;
use super::want::{Depth, Scope, Want};
use crate::ovsdb::{Function, Row, Select, Uuid, ValueError};

/// With more rows than this to name, reading the whole table is cheaper.
const WORTH_NAMING: usize = 200;

/// Asks for the port of this name as its own row has it: of what may be asked for, these columns. An answer has
/// a row for [`port`](super::port), or none.
pub fn select_port(name: &str, columns: &[&'static str]) -> Select {
    let mut asked = PORT_COLUMNS.to_vec();
    asked.retain(|column| ["_uuid", "name"].contains(column) || columns.contains(column));
    Select::columns("Port", &asked).when("name", Function::Equal, name)
}

/// A reading under way: ask [`Reading::selects`] in one transaction, give the answers to
/// [`Reading::take`], until that returns the tree. At most four times.
#[derive(Debug)]
pub struct Reading {
    want: Want,
    step: Step,
}

#[derive(Debug)]
enum Step {
    /// Which ports has the bridge?
    BridgeByName,
    /// Which interfaces have these ports?
    PortsOf { ports: Vec<Uuid> },
    /// Which interfaces has the port?
    PortByName,
    /// Everything, of these rows.
    Last(Rows),
}

/// Which rows of each table the last request reads; `None`: all.
#[derive(Debug, Default)]
struct Rows {
    bridge: Option<BridgeIs>,
    ports: Option<Vec<Uuid>>,
    interfaces: Option<Vec<Uuid>>,
}

#[derive(Debug)]
enum BridgeIs {
    Named(String),
    With { port: Uuid },
}

impl Reading {
    /// A reading that has not asked anything yet.
    pub fn new(want: Want) -> Self {
        let by_name = want.depth.has_ports();
        let step = match &want.scope {
            Scope::Bridge(_) if by_name => Step::BridgeByName,
            Scope::Bridge(name) => Step::Last(Rows {
                bridge: Some(BridgeIs::Named(name.clone())),
                ..Rows::default()
            }),
            Scope::Port(_) => Step::PortByName,
            Scope::All => Step::Last(Rows::default()),
        };
        Self { want, step }
    }

    /// What to ask next, in one transaction.
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
            Step::PortsOf { ports } => {
                by_uuid(&Select::columns("Port", &["interfaces"]), Some(ports))
            }
            Step::Last(rows) => self.last_selects(rows),
        }
    }

    /// Takes the answers to [`Reading::selects`], one list of rows each; the tree, if they were the last.
    pub fn take(&mut self, answers: &[Vec<Row>]) -> Result<Option<Topology>, ValueError> {
        let mut rows = answers.iter().flatten();
        let next = match &self.step {
            Step::BridgeByName => match rows.next() {
                None => return Ok(Some(Topology::default())),
                Some(row) => match row.uuids("ports")? {
                    ports if ports.len() > WORTH_NAMING => Step::Last(Rows::default()),
                    ports => Step::PortsOf { ports },
                },
            },
            Step::PortsOf { ports } => {
                let mut interfaces = Vec::new();
                for row in rows {
                    interfaces.extend(row.uuids("interfaces")?);
                }
                self.named_bridge(ports.clone(), interfaces)
            }
            Step::PortByName => match rows.next() {
                None => return Ok(Some(Topology::default())),
                Some(row) => {
                    let port = row.uuid("_uuid")?;
                    Rows {
                        bridge: Some(BridgeIs::With { port }),
                        ports: Some(vec![port]),
                        interfaces: Some(row.uuids("interfaces")?),
                    }
                    .into()
                }
            },
            Step::Last(asked) => {
                let narrowed = asked.ports.is_some() || asked.interfaces.is_some();
                let (topology, whole) =
                    assemble(answers.iter().flatten(), &self.want, asked.by_port())?;
                if whole || !narrowed {
                    return Ok(Some(topology));
                }
                // It changed under our hands.
                Step::Last(Rows::default())
            }
        };
        self.step = next;
        Ok(None)
    }

    fn named_bridge(&self, ports: Vec<Uuid>, interfaces: Vec<Uuid>) -> Step {
        let bridge = match &self.want.scope {
            Scope::Bridge(name) => Some(BridgeIs::Named(name.clone())),
            Scope::All | Scope::Port(_) => None,
        };
        Rows {
            bridge,
            ports: Some(ports),
            interfaces: Some(interfaces),
        }
        .into()
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
        // Where a bridge is found by its port, its list of ports may be long, and is not needed.
        if self.want.depth != Depth::BridgeNames && !rows.by_port() {
            push_column(&mut bridge, "ports");
        }
        selects.push(match &rows.bridge {
            None => bridge,
            Some(BridgeIs::Named(name)) => bridge.when("name", Function::Equal, name.as_str()),
            Some(BridgeIs::With { port }) => bridge.when("ports", Function::Includes, *port),
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
            if self.want.statistics {
                push_column(&mut interface, "statistics");
            }
            let port = Select::columns("Port", &port);
            selects.extend(by_uuid(&port, rows.ports.as_deref()));
            selects.extend(by_uuid(&interface, rows.interfaces.as_deref()));
        }
        selects
    }
}

impl Rows {
    /// Whether the bridge is the one that has the port.
    fn by_port(&self) -> bool {
        matches!(self.bridge, Some(BridgeIs::With { .. }))
    }
}

impl From<Rows> for Step {
    fn from(rows: Rows) -> Self {
        Self::Last(rows)
    }
}

fn push_column(select: &mut Select, column: &str) {
    if let Some(columns) = &mut select.columns {
        columns.push(column.to_owned());
    }
}

/// The rows with these identities; all rows where there are none given.
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
const PORT_COLUMNS: [&str; 12] = [
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
    fn what_changed_in_between_is_read_again() {
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
        // A port more than a moment ago.
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

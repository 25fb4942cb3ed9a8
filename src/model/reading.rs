//! Which rows to ask for, and the tree made from the answers.
//!
//! The cost shall grow with the answer, not with the database. So a [`Reading`] of one bridge or one
//! port first asks which rows those are (one or two small requests), and then reads them, and only
//! them, in one transaction: that last answer alone, one consistent snapshot, becomes the tree. Should
//! the configuration have changed in between, it reads once more, whole tables.

use super::assembly::{assemble, port};
use super::topology::{Port, Topology};
use crate::ovsdb::client::OPEN_VSWITCH;
use crate::ovsdb::{Client, Error, Function, Row, Select, Uuid, ValueError};

/// With more rows than this to name, reading the whole table is cheaper.
const WORTH_NAMING: usize = 200;

/// What to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Want {
    /// Of which bridges and ports.
    pub scope: Scope,
    /// How much of each.
    pub depth: Depth,
    /// Whether with `Interface.statistics`.
    pub statistics: bool,
    /// Whether with what tells of a switch's health: mirrors, the types of interface that it knows, and
    /// `other_config` of the switch and of interfaces.
    pub health: bool,
    /// Of tables Port and Interface only these columns, names and OpenFlow numbers aside; `None`: all
    /// that the depth has. What is not read is empty in the tree.
    pub columns: Option<Vec<&'static str>>,
}

/// Which bridges and ports to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// All of them.
    All,
    /// One bridge with its ports; the tree has no bridge if there is none of this name.
    Bridge(String),
    /// One port and its bridge, which has no other port in the tree; no bridge if there is none.
    Port(String),
}

/// How much to read of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Bridges' names, no ports.
    BridgeNames,
    /// Everything about the switch and its bridges, whose ports are only counted.
    Bridges,
    /// Names of bridges, ports and interfaces, and OpenFlow port numbers.
    PortNames,
    /// Everything about ports and interfaces; of bridges the names.
    Ports,
    /// Everything that [`Topology`] has a place for.
    Full,
}

impl Depth {
    /// Whether the tree gets ports.
    pub(super) fn has_ports(self) -> bool {
        matches!(self, Self::PortNames | Self::Ports | Self::Full)
    }
}

impl Want {
    /// The whole switch, without statistics.
    pub fn all() -> Self {
        Self::of(Scope::All, Depth::Full)
    }

    /// This much of this, without statistics.
    pub fn of(scope: Scope, depth: Depth) -> Self {
        Self {
            scope,
            depth,
            statistics: false,
            health: false,
            columns: None,
        }
    }

    /// The same with these columns of tables Port and Interface only.
    #[must_use]
    pub fn only(mut self, columns: Vec<&'static str>) -> Self {
        self.columns = Some(columns);
        self
    }

    /// The same with what [`Want::health`] tells of.
    #[must_use]
    pub fn with_health(mut self) -> Self {
        self.health = true;
        self
    }

    /// The same with statistics.
    #[must_use]
    pub fn with_statistics(mut self) -> Self {
        self.statistics = true;
        self
    }
}

/// Reads what is wanted.
pub async fn read(client: &Client, want: Want) -> Result<Topology, Error> {
    let mut reading = Reading::new(want);
    loop {
        let selects = reading.selects();
        let whole_tables = selects.iter().all(|select| select.when.is_empty());
        let answers = if whole_tables {
            client.tables(OPEN_VSWITCH, selects).await?
        } else {
            client.select(OPEN_VSWITCH, selects).await?
        };
        if let Some(topology) = reading.take(&answers)? {
            return Ok(topology);
        }
    }
}

/// The port of this name as its own row has it, without interfaces: of what may be asked for, these columns.
/// `None` if there is no such port.
pub async fn read_port(
    client: &Client,
    name: &str,
    columns: &[&'static str],
) -> Result<Option<Port>, Error> {
    let mut asked = PORT_COLUMNS.to_vec();
    asked.retain(|column| ["_uuid", "name"].contains(column) || columns.contains(column));
    let select = Select::columns("Port", &asked).when("name", Function::Equal, name);
    let rows = client.select(OPEN_VSWITCH, vec![select]).await?.concat();
    Ok(rows.first().map(port).transpose()?)
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

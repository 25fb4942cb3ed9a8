//! The switch as a tree: Open vSwitch, its bridges, their ports, their interfaces.
//!
//! The words are those of ovs-vswitchd.conf.db(5). What a reading did not ask for ([`super::Want`])
//! is empty here.

use std::collections::BTreeMap;

use crate::openflow::text::{PORT_LOCAL, port_from_v10};
use crate::ovsdb::Uuid;

/// A switch, or the part of it that was asked for.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Topology {
    /// The switch itself. All empty where the database has no such row.
    pub ovs: OpenVSwitch,
    /// Connections to OVSDB managers, by target.
    pub managers: Vec<Connection>,
    /// Bridges, by name, digits as numbers.
    pub bridges: Vec<Bridge>,
}

/// The row of table `Open_vSwitch`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OpenVSwitch {
    /// Open vSwitch's version, `3.1.0`.
    pub ovs_version: Option<String>,
    /// The version of the database's schema.
    pub db_version: Option<String>,
    /// The operating system's kind.
    pub system_type: Option<String>,
    /// The operating system's version.
    pub system_version: Option<String>,
    /// `external_ids:hostname`
    pub hostname: Option<String>,
    /// `external_ids:system-id`
    pub system_id: Option<String>,
    /// Counts configurations asked for.
    pub next_cfg: i64,
    /// Counts configurations that ovs-vswitchd has applied.
    pub cur_cfg: i64,
    /// The types of interface that ovs-vswitchd knows, where [`super::Want::with_health`] asked.
    pub iface_types: Vec<String>,
    /// Settings of the whole switch, where [`super::Want::with_health`] asked.
    pub other_config: BTreeMap<String, String>,
}

/// A row of table `Manager` or `Controller`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Connection {
    /// Where to: `tcp:127.0.0.1:6633`
    pub target: String,
    /// Whether the connection stands.
    pub is_connected: bool,
    /// A controller's role: `other`, `master` or `slave`.
    pub role: Option<String>,
    /// More on it: `state`, `last_error`, `sec_since_connect`, …
    pub status: BTreeMap<String, String>,
}

/// A row of table `Bridge`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Bridge {
    /// The bridge's name.
    pub name: String,
    /// The row's identity.
    pub uuid: Uuid,
    /// 16 hexadecimal digits, once ovs-vswitchd has given them.
    pub datapath_id: Option<String>,
    /// `netdev` or empty; [`Bridge::datapath_kind`] says it in a word.
    pub datapath_type: String,
    /// `standalone` or `secure`; none is `standalone`.
    pub fail_mode: Option<String>,
    /// OpenFlow versions that are allowed: `OpenFlow13`; none: the default ones.
    pub protocols: Vec<String>,
    /// Its controllers, by target.
    pub controllers: Vec<Connection>,
    /// Its mirrors, by name, where [`super::Want::with_health`] asked.
    pub mirrors: Vec<Mirror>,
    /// Spanning tree (IEEE 802.1D).
    pub stp_enable: bool,
    /// Rapid spanning tree (IEEE 802.1D-2004).
    pub rstp_enable: bool,
    /// IGMP and MLD snooping.
    pub mcast_snooping_enable: bool,
    /// Pairs for other programs.
    pub external_ids: BTreeMap<String, String>,
    /// Further settings.
    pub other_config: BTreeMap<String, String>,
    /// For a VLAN bridge ([`super::vlan_bridge`]), the bridge that it is part of.
    pub parent: Option<String>,
    /// For a VLAN bridge, its VLAN.
    pub vlan: Option<i64>,
    /// How many ports it has; 0 where only its name, or one port of it, was read.
    pub port_count: usize,
    /// Its ports, by name, digits as numbers.
    pub ports: Vec<Port>,
}

/// A row of table `Mirror`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mirror {
    /// The mirror's name.
    pub name: String,
    /// The row's identity.
    pub uuid: Uuid,
    /// The port that gets the copies; ovsdb-server takes it out when the port is deleted.
    pub output_port: Option<Uuid>,
    /// The VLAN that gets the copies.
    pub output_vlan: Option<i64>,
}

/// A row of table `Port`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Port {
    /// The port's name, unique in the database.
    pub name: String,
    /// The row's identity.
    pub uuid: Uuid,
    /// The VLAN of an access port, the native VLAN of a native one, the outer one of a tunnel.
    pub tag: Option<i64>,
    /// The VLANs that a trunk carries, ascending; empty: all.
    pub trunks: Vec<i64>,
    /// As configured; [`super::vlan::Vlan::of`] says what it comes to.
    pub vlan_mode: Option<String>,
    /// The inner VLANs that a dot1q-tunnel carries, ascending; empty: all.
    pub cvlans: Vec<i64>,
    /// Further settings; Neutron's record of the network among them.
    pub other_config: BTreeMap<String, String>,
    /// Pairs for other programs.
    pub external_ids: BTreeMap<String, String>,
    /// How a bond spreads traffic.
    pub bond_mode: Option<String>,
    /// `active`, `passive` or `off`.
    pub lacp: Option<String>,
    /// One interface; for a bond several, by name. None only in a database that lies.
    pub interfaces: Vec<Interface>,
}

/// A row of table `Interface`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Interface {
    /// The interface's name, unique in the database.
    pub name: String,
    /// The row's identity.
    pub uuid: Uuid,
    /// The column `type` as it stands, empty for `system`; [`Interface::kind`] says it in a word.
    pub type_: String,
    /// As it stands: -1 where ovs-vswitchd could not open it, none where it has not tried yet;
    /// [`Interface::port_number`] is the number OpenFlow uses.
    pub ofport: Option<i64>,
    /// The number that was asked for.
    pub ofport_request: Option<i64>,
    /// Why ovs-vswitchd could not open it, in its own words.
    pub error: Option<String>,
    /// `up` or `down`
    pub admin_state: Option<String>,
    /// `up` or `down`
    pub link_state: Option<String>,
    /// The MAC address in use.
    pub mac_in_use: Option<String>,
    /// In bytes.
    pub mtu: Option<i64>,
    /// Settings of its type: `peer`, `remote_ip`, …
    pub options: BTreeMap<String, String>,
    /// Further settings, where [`super::Want::with_health`] asked.
    pub other_config: BTreeMap<String, String>,
    /// What its driver says of it.
    pub status: BTreeMap<String, String>,
    /// Pairs for other programs.
    pub external_ids: BTreeMap<String, String>,
}

impl Topology {
    /// The bridge of this name.
    pub fn bridge(&self, name: &str) -> Option<&Bridge> {
        self.bridges.iter().find(|bridge| bridge.name == name)
    }

    /// The port of this name, with its bridge.
    pub fn port(&self, name: &str) -> Option<(&Bridge, &Port)> {
        let port = |bridge: &'_ &Bridge| bridge.port(name).is_some();
        let bridge = self.bridges.iter().find(port)?;
        Some((bridge, bridge.port(name)?))
    }

    /// Every interface, with its bridge and port, in their order.
    pub fn interfaces(&self) -> impl Iterator<Item = (&Bridge, &Port, &Interface)> {
        self.bridges.iter().flat_map(|bridge| {
            let interfaces = bridge.interfaces();
            interfaces.map(move |(port, interface)| (bridge, port, interface))
        })
    }
}

impl Bridge {
    /// The port of this name.
    pub fn port(&self, name: &str) -> Option<&Port> {
        self.ports.iter().find(|port| port.name == name)
    }

    /// Its interfaces, each with its port, in their order.
    pub fn interfaces(&self) -> impl Iterator<Item = (&Port, &Interface)> {
        self.ports.iter().flat_map(|port| {
            let interfaces = port.interfaces.iter();
            interfaces.map(move |interface| (port, interface))
        })
    }

    /// `system` or `netdev`: its datapath's type, the default by its name.
    pub fn datapath_kind(&self) -> &str {
        or_system(&self.datapath_type)
    }
}

impl Port {
    /// Whether it has several interfaces.
    pub fn is_bond(&self) -> bool {
        self.interfaces.len() > 1
    }
}

impl Interface {
    /// Its type, the default by its name: `system`, `internal`, `patch`, `vxlan`, …
    pub fn kind(&self) -> &str {
        or_system(&self.type_)
    }

    /// Its OpenFlow port number, 32 bits wide (`LOCAL` is 0xfffffffe); `None` if it has none.
    pub fn port_number(&self) -> Option<u32> {
        let number = u16::try_from(self.ofport?).ok()?;
        Some(port_from_v10(number)).filter(|number| *number < 0xff00 || *number == PORT_LOCAL)
    }

    /// The other end of a patch port, by name.
    pub fn peer(&self) -> Option<&str> {
        if self.type_ != "patch" {
            return None;
        }
        self.options.get("peer").map(String::as_str)
    }
}

fn or_system(word: &str) -> &str {
    if word.is_empty() { "system" } else { word }
}

//! The switch as a tree: Open vSwitch, its bridges, their ports, their interfaces.
//!
//! Names are those of ovs-vswitchd.conf.db(5). Columns that were not read ([`super::Want`]) are empty.

use std::collections::BTreeMap;

use super::services::{FlowExport, Mirror, Shaping, Ssl};
use crate::openflow::text::{PORT_LOCAL, port_from_v10};
use crate::ovsdb::Uuid;

/// A switch, or the part of it that was read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Topology {
    /// The switch itself. Empty if the database has no such row.
    pub ovs: OpenVSwitch,
    /// Connections to OVSDB managers, by target.
    pub managers: Vec<Connection>,
    /// Its files for TLS, if read ([`super::Extra::Exports`]).
    pub ssl: Option<Ssl>,
    /// `QoS` and queues, if read ([`super::Extra::Qos`]).
    pub shaping: Shaping,
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
    /// The number of the last requested configuration.
    pub next_cfg: i64,
    /// The number of the last configuration that ovs-vswitchd applied.
    pub cur_cfg: i64,
    /// The types of interface that ovs-vswitchd supports, if read ([`super::Want::with_health`]).
    pub iface_types: Vec<String>,
    /// Settings of the whole switch, if read ([`super::Want::with_health`]).
    pub other_config: BTreeMap<String, String>,
}

/// A row of table `Manager` or `Controller`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Connection {
    /// The endpoint: `tcp:127.0.0.1:6633`
    pub target: String,
    /// Whether it is connected.
    pub is_connected: bool,
    /// A controller's role: `other`, `master` or `slave`.
    pub role: Option<String>,
    /// Its state: `state`, `last_error`, `sec_since_connect`, …
    pub status: BTreeMap<String, String>,
}

/// A row of table `Bridge`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Bridge {
    /// The bridge's name.
    pub name: String,
    /// The row's identity.
    pub uuid: Uuid,
    /// 16 hexadecimal digits; set by ovs-vswitchd.
    pub datapath_id: Option<String>,
    /// `netdev` or empty; see [`Bridge::datapath_kind`].
    pub datapath_type: String,
    /// `standalone` or `secure`; the default is `standalone`.
    pub fail_mode: Option<String>,
    /// Allowed OpenFlow versions, as `OpenFlow13`; if empty, the default ones.
    pub protocols: Vec<String>,
    /// Its controllers, by target.
    pub controllers: Vec<Connection>,
    /// Its mirrors, by name, if read ([`super::Extra::Mirrors`]).
    pub mirrors: Vec<Mirror>,
    /// Its sFlow, if read ([`super::Extra::Exports`]).
    pub sflow: Option<FlowExport>,
    /// Its `NetFlow`, if read ([`super::Extra::Exports`]).
    pub netflow: Option<FlowExport>,
    /// Its IPFIX, if read ([`super::Extra::Exports`]).
    pub ipfix: Option<FlowExport>,
    /// Spanning tree (IEEE 802.1D).
    pub stp_enable: bool,
    /// Rapid spanning tree (IEEE 802.1D-2004).
    pub rstp_enable: bool,
    /// IGMP and MLD snooping.
    pub mcast_snooping_enable: bool,
    /// Key-value pairs of other programs.
    pub external_ids: BTreeMap<String, String>,
    /// Further settings.
    pub other_config: BTreeMap<String, String>,
    /// For a VLAN bridge ([`super::vlan_bridge`]), its parent bridge.
    pub parent: Option<String>,
    /// For a VLAN bridge, its VLAN.
    pub vlan: Option<i64>,
    /// The number of its ports; 0 if only its name, or one port of it, was read.
    pub port_count: usize,
    /// Its ports, by name, digits as numbers.
    pub ports: Vec<Port>,
}

/// A row of table `Port`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Port {
    /// The port's name, unique in the database.
    pub name: String,
    /// The row's identity.
    pub uuid: Uuid,
    /// The VLAN of an access port, the native VLAN of a native port, the outer VLAN of a dot1q-tunnel.
    pub tag: Option<i64>,
    /// The VLANs that a trunk carries, ascending; empty: all.
    pub trunks: Vec<i64>,
    /// As configured; [`super::vlan::Vlan::of`] fills in the default.
    pub vlan_mode: Option<String>,
    /// The inner VLANs that a dot1q-tunnel carries, ascending; empty: all.
    pub cvlans: Vec<i64>,
    /// Further settings; Neutron's record of the network among them.
    pub other_config: BTreeMap<String, String>,
    /// Key-value pairs of other programs.
    pub external_ids: BTreeMap<String, String>,
    /// The load-balancing mode of a bond.
    pub bond_mode: Option<String>,
    /// `active`, `passive` or `off`.
    pub lacp: Option<String>,
    /// The MAC address of a bond's active member; zeros if it has none.
    pub bond_active: Option<String>,
    /// The VLAN bridge that it belongs to, if any, and if its tag was read.
    pub vlan_bridge: Option<String>,
    /// How long a member's link must be up before the bond uses it, in milliseconds; 0: at once.
    pub bond_updelay: i64,
    /// How long a member's link must be down before the bond stops using it, in milliseconds; 0: at once.
    pub bond_downdelay: i64,
    /// Its row in [`Topology::shaping`].
    pub qos: Option<Uuid>,
    /// The state of spanning tree, by key.
    pub status: BTreeMap<String, String>,
    /// The state of rapid spanning tree, by key.
    pub rstp_status: BTreeMap<String, String>,
    /// One interface, or several for a bond, by name. Empty only if the database is inconsistent.
    pub interfaces: Vec<Interface>,
}

/// A row of table `Interface`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Interface {
    /// The interface's name, unique in the database.
    pub name: String,
    /// The row's identity.
    pub uuid: Uuid,
    /// The column `type`, empty for `system`; see [`Interface::kind`].
    pub type_: String,
    /// The column `ofport`: -1 if ovs-vswitchd could not open it, none if it has not tried yet;
    /// [`Interface::port_number`] is the number in OpenFlow.
    pub ofport: Option<i64>,
    /// The requested number.
    pub ofport_request: Option<i64>,
    /// Why ovs-vswitchd could not open it, in its own words.
    pub error: Option<String>,
    /// `up` or `down`
    pub admin_state: Option<String>,
    /// `up` or `down`
    pub link_state: Option<String>,
    /// The MAC address in use.
    pub mac_in_use: Option<String>,
    /// The requested MAC address.
    pub mac: Option<String>,
    /// In bytes.
    pub mtu: Option<i64>,
    /// The requested MTU, in bytes.
    pub mtu_request: Option<i64>,
    /// Ingress policing, the columns that are not 0, without their prefix `ingress_policing_`: `rate` in kbit/s, `burst`
    /// in kbit, `kpkts_rate` in 1000 packets per second, `kpkts_burst` in 1000 packets.
    pub policing: Vec<(&'static str, i64)>,
    /// Settings of BFD.
    pub bfd: BTreeMap<String, String>,
    /// The maintenance point ID of CFM; none: CFM is off.
    pub cfm_mpid: Option<i64>,
    /// Settings of LLDP.
    pub lldp: BTreeMap<String, String>,
    /// Settings of its type: `peer`, `remote_ip`, …
    pub options: BTreeMap<String, String>,
    /// Further settings.
    pub other_config: BTreeMap<String, String>,
    /// The BFD session, by key: `state`, `forwarding`, `diagnostic`, …; empty without BFD.
    pub bfd_status: BTreeMap<String, String>,
    /// Whether CFM has found a fault; none without CFM.
    pub cfm_fault: Option<bool>,
    /// The faults that CFM has found, by their words.
    pub cfm_fault_status: Vec<String>,
    /// What the remote end's extended CFM reports of itself: `up` or `down`.
    pub cfm_remote_opstate: Option<String>,
    /// Of a port with LACP, whether its partner's information is current.
    pub lacp_current: Option<bool>,
    /// Status reported by its driver.
    pub status: BTreeMap<String, String>,
    /// Key-value pairs of other programs.
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

    /// The real bridge that has the VLAN bridge of this name, with the VLAN; if ports with their tags were read.
    pub fn vlan_bridge(&self, name: &str) -> Option<(&Bridge, i64)> {
        let (bridge, port) = self.port(name)?;
        let vid = port
            .tag
            .filter(|_| port.vlan_bridge.as_deref() == Some(name))?;
        Some((bridge, vid))
    }

    /// The interface of this name, with its bridge and port.
    pub fn interface(&self, name: &str) -> Option<(&Bridge, &Port, &Interface)> {
        let mut all = self.interfaces();
        all.find(|(_, _, interface)| interface.name == name)
    }

    /// Every interface, with its bridge and port, in their order.
    pub fn interfaces(&self) -> impl Iterator<Item = (&Bridge, &Port, &Interface)> {
        self.bridges.iter().flat_map(|bridge| {
            let interfaces = bridge.interfaces();
            interfaces.map(move |(port, interface)| (bridge, port, interface))
        })
    }
}

impl Connection {
    /// Whether it listens for connections (`ptcp:`, `pssl:`, `punix:`) instead of making one.
    pub fn is_passive(&self) -> bool {
        self.target.starts_with('p')
    }

    /// `connected`; `passive` for one that listens and has no connection, or whose connections the database does not
    /// tell; `disconnected`.
    pub fn state(&self) -> &'static str {
        match self.is_connected {
            true => "connected",
            false if self.is_passive() => "passive",
            false => "disconnected",
        }
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

    /// Its datapath type, `system` by default, or `netdev`.
    pub fn datapath_kind(&self) -> &str {
        or_system(&self.datapath_type)
    }
}

impl Port {
    /// The name of the bridge that it belongs to, as `ovs-vsctl port-to-br` has it: its VLAN bridge, or `bridge`,
    /// which has it.
    pub fn bridge_in<'t>(&'t self, bridge: &'t Bridge) -> &'t str {
        self.vlan_bridge.as_deref().unwrap_or(&bridge.name)
    }

    /// Whether it has several interfaces.
    pub fn is_bond(&self) -> bool {
        self.interfaces.len() > 1
    }
}

impl Interface {
    /// Its type, `system` by default: `internal`, `patch`, `vxlan`, …
    pub fn kind(&self) -> &str {
        or_system(&self.type_)
    }

    /// Its OpenFlow port number, 32 bits wide (`LOCAL` is 0xfffffffe); `None` if it has none.
    pub fn port_number(&self) -> Option<u32> {
        let number = u16::try_from(self.ofport?).ok()?;
        Some(port_from_v10(number)).filter(|number| *number < 0xff00 || *number == PORT_LOCAL)
    }

    /// Whether what is behind it is on this host: an instance, a container, the host itself.
    pub fn is_inside(&self) -> bool {
        let kind = self.kind();
        let has = |key: &&str| self.external_ids.contains_key(*key);
        let begins = |with: &&str| self.name.starts_with(*with);
        matches!(kind, "internal" | "tap")
            || kind.starts_with("dpdkvhostuser")
            || GUEST_KEYS.iter().any(has)
            || GUEST_NAMES.iter().any(begins)
    }

    /// The other end of a patch port, by name.
    pub fn peer(&self) -> Option<&str> {
        if self.type_ != "patch" {
            return None;
        }
        self.options.get("peer").map(String::as_str)
    }
}

/// Keys of `external_ids` that mark the interface of a guest: an instance, a container. `attached_mac` is written by
/// ovn-kubernetes.
pub const GUEST_KEYS: [&str; 5] = [
    "iface-id",
    "attached-mac",
    "attached_mac",
    "vm-id",
    "vm-uuid",
];

/// Prefixes of the names of guests' interfaces: Neutron's, and libvirt's.
const GUEST_NAMES: [&str; 4] = ["tap", "qvo", "vhu", "vnet"];

fn or_system(word: &str) -> &str {
    if word.is_empty() { "system" } else { word }
}

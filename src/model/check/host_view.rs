//! A host as the others see it: its tunnels, networks, ports and addresses; and the findings between hosts.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::finding::Finding;
use super::kind::FindingKind;
use crate::model::topology::{Interface, Port, Topology};
use crate::model::tunnel::{Tunnel, address, is_tunnel, tunnels};

/// The parts of the configuration of a host that are compared with those of other hosts.
#[derive(Debug, Clone, Default)]
pub struct HostView {
    /// The host's name.
    pub name: String,
    pub(super) tunnels: Vec<TunnelEnd>,
    /// The MTUs of the devices that carry its tunnels, as far as the database has them.
    pub(super) tunnel_mtus: BTreeMap<String, i64>,
    /// By `net_uuid` and what Neutron's agent wrote into the database of the network.
    pub(super) segments: BTreeMap<(String, NetworkSegment), PortPlace>,
    /// By `net_uuid` and MTU.
    pub(super) network_mtus: BTreeMap<(String, i64), PortPlace>,
    /// By `iface-id`.
    pub(super) ids: BTreeMap<String, Vec<PortOwner>>,
    /// By MAC address.
    pub(super) macs: BTreeMap<String, Vec<PortOwner>>,
}

/// A tunnel of a host.
#[derive(Debug, Clone)]
pub(super) struct TunnelEnd {
    pub(super) place: PortPlace,
    pub(super) kind: String,
    pub(super) local: Option<IpAddr>,
    pub(super) remote: TunnelRemote,
    /// The port to which it sends, and at which it receives.
    pub(super) dst_port: Option<u16>,
}

/// The remote end of a tunnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum TunnelRemote {
    /// This address.
    Address(IpAddr),
    /// Set by flows: `remote_ip=flow`.
    Flow,
}

/// The segment of a network of Neutron: what its packets have on the wire.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NetworkSegment {
    pub(super) network_type: Option<String>,
    pub(super) physical_network: Option<String>,
    pub(super) segmentation_id: Option<String>,
}

/// A port, by bridge and name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PortPlace {
    pub(super) bridge: String,
    pub(super) port: String,
}

/// A port that has a value which no other host may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PortOwner {
    pub(super) place: PortPlace,
    /// The `iface-id`, if the value is another one: ports with one id are one port, whatever else they share.
    pub(super) id: Option<String>,
}

/// A finding between hosts, with the host that it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostFinding {
    /// The index of the host in the list.
    pub host: usize,
    /// What is wrong; it names the other hosts.
    pub finding: Finding,
}

impl HostView {
    /// Those of a switch, read as for [`super::findings`].
    pub fn of(name: &str, topology: &Topology) -> HostView {
        let mut view = HostView {
            name: name.to_owned(),
            ..HostView::default()
        };
        for tunnel in tunnels(topology) {
            view.add_tunnel(&tunnel, topology);
        }
        for (bridge, port, interface) in topology.interfaces() {
            let place = PortPlace {
                bridge: bridge.name.clone(),
                port: port.name.clone(),
            };
            view.add_network(port, interface, &place);
            view.add_owner(interface, place);
        }
        view
    }

    fn add_tunnel(&mut self, tunnel: &Tunnel<'_>, topology: &Topology) {
        let remote = match tunnel.remote {
            Some("flow") => Some(TunnelRemote::Flow),
            Some(text) => address(text).map(TunnelRemote::Address),
            None => None,
        };
        let Some(remote) = remote else {
            return;
        };
        self.tunnels.push(TunnelEnd {
            place: PortPlace {
                bridge: tunnel.bridge.name.clone(),
                port: tunnel.port.name.clone(),
            },
            kind: tunnel.kind().to_owned(),
            dst_port: tunnel.dst_port,
            local: tunnel.local.and_then(address),
            remote,
        });
        let device = tunnel.interface.status.get("tunnel_egress_iface");
        if let Some(name) = device
            && let Some((.., device)) = topology.interface(name)
            && let Some(mtu) = device.mtu
        {
            self.tunnel_mtus.insert(name.clone(), mtu);
        }
    }

    fn add_network(&mut self, port: &Port, interface: &Interface, place: &PortPlace) {
        // The agent writes `None` for what is absent.
        let value = |key: &str| {
            let value = port.other_config.get(key).cloned();
            value.filter(|value| !matches!(value.as_str(), "" | "None"))
        };
        let Some(network) = value("net_uuid") else {
            return;
        };
        let segment = NetworkSegment {
            network_type: value("network_type"),
            physical_network: value("physical_network"),
            segmentation_id: value("segmentation_id"),
        };
        let segments = self.segments.entry((network.clone(), segment));
        segments.or_insert_with(|| place.clone());
        if let Some(mtu) = interface.mtu {
            let mtus = self.network_mtus.entry((network, mtu));
            mtus.or_insert_with(|| place.clone());
        }
    }

    /// Adds what only one host may have. Routers of Neutron, whose ports are internal, have the same ports and addresses
    /// on many hosts.
    fn add_owner(&mut self, interface: &Interface, place: PortPlace) {
        let kind = interface.kind();
        if matches!(kind, "internal" | "patch") || is_tunnel(kind) {
            return;
        }
        let ids = &interface.external_ids;
        let guest = ids.get("attached-mac").or(ids.get("attached_mac"));
        let own = interface.mac_in_use.as_ref();
        let own = own.filter(|mac| guest.is_none() && is_of_hardware(mac));
        let id = ids.get("iface-id");
        if let Some(mac) = guest.or(own) {
            let owners = self.macs.entry(mac.to_ascii_lowercase()).or_default();
            owners.push(PortOwner {
                place: place.clone(),
                id: id.cloned(),
            });
        }
        if let Some(id) = id {
            let owners = self.ids.entry(id.clone()).or_default();
            owners.push(PortOwner { place, id: None });
        }
    }

    /// The addresses that its tunnels name as its own.
    pub(super) fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.tunnels.iter().filter_map(|tunnel| tunnel.local)
    }
}

/// Whether a MAC address is one that a manufacturer gave: it is not locally administered (IEEE 802, bit 1 of the first
/// byte), nor zero.
fn is_of_hardware(mac: &str) -> bool {
    let first = mac.get(..2).map(|byte| u8::from_str_radix(byte, 16));
    let is_zero = mac.chars().all(|c| matches!(c, '0' | ':'));
    matches!(first, Some(Ok(byte)) if byte & 2 == 0) && !is_zero
}

impl NetworkSegment {
    /// `vlan 100 of physnet1`
    pub(super) fn words(&self) -> String {
        let mut words: Vec<&str> = Vec::new();
        words.extend(self.network_type.as_deref());
        words.extend(self.segmentation_id.as_deref());
        if let Some(name) = &self.physical_network {
            words.extend(["of", name]);
        }
        if words.is_empty() {
            words.push("unknown");
        }
        words.join(" ")
    }
}

/// The findings so far.
pub(super) struct HostsFound<'h> {
    pub(super) hosts: &'h [HostView],
    pub(super) findings: Vec<HostFinding>,
}

impl HostsFound<'_> {
    pub(super) fn add(
        &mut self,
        host: usize,
        kind: FindingKind,
        bridge: Option<&str>,
        object: &str,
        what: String,
    ) {
        let finding = Finding::new(kind, bridge, object, what);
        self.findings.push(HostFinding { host, finding });
    }

    pub(super) fn name(&self, host: usize) -> &str {
        self.hosts.get(host).map_or("", |host| &host.name)
    }

    /// The names of a few of these hosts, and how many others there are.
    pub(super) fn some_names(&self, hosts: &BTreeSet<usize>) -> String {
        some(hosts.iter().map(|host| self.name(*host)), hosts.len())
    }
}

/// `a, b, c and 496 others`: the first of `count` names.
pub(super) fn some(names: impl Iterator<Item = impl Into<String>>, count: usize) -> String {
    const SHOWN: usize = 3;
    // `1 others` is as long as a name.
    let shown = if count > SHOWN + 1 { SHOWN } else { count };
    let names: Vec<String> = names.take(shown).map(Into::into).collect();
    let names = names.join(", ");
    match count - shown {
        0 => names,
        others => format!("{names} and {others} others"),
    }
}

/// The most frequent value, of equally frequent ones the first.
pub(super) fn most_frequent<T: Copy + Ord>(values: impl Iterator<Item = T>) -> Option<T> {
    let mut counts: BTreeMap<T, (usize, std::cmp::Reverse<usize>)> = BTreeMap::new();
    for (at, value) in values.enumerate() {
        let count = counts.entry(value);
        count.or_insert((0, std::cmp::Reverse(at))).0 += 1;
    }
    let most = counts.into_iter().max_by_key(|(_, count)| *count);
    most.map(|(value, _)| value)
}

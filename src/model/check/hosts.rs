//! Faults between hosts: of their tunnels, their networks and their ports. Each host alone may be without a fault.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::finding::Finding;
use super::kind::FindingKind;
use crate::model::topology::{Interface, Port, Topology};
use crate::model::tunnel::{Tunnel, address, is_tunnel, tunnels};

/// What of a host matters to the others.
#[derive(Debug, Clone, Default)]
pub struct HostView {
    /// The host's name.
    pub name: String,
    tunnels: Vec<TunnelEnd>,
    /// The MTUs of the devices that carry its tunnels, as far as the database has them.
    tunnel_mtus: BTreeMap<String, i64>,
    /// By `net_uuid` and what Neutron's agent wrote down of the network.
    segments: BTreeMap<(String, Segment), PortPlace>,
    /// By `net_uuid` and MTU.
    network_mtus: BTreeMap<(String, i64), PortPlace>,
    /// By `iface-id`.
    ids: BTreeMap<String, PortPlace>,
    /// By MAC address.
    macs: BTreeMap<String, PortPlace>,
}

/// A tunnel of a host.
#[derive(Debug, Clone)]
struct TunnelEnd {
    place: PortPlace,
    kind: String,
    local: Option<IpAddr>,
    remote: Remote,
}

/// Where a tunnel leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Remote {
    /// To this address.
    Address(IpAddr),
    /// Where flows say.
    Flow,
}

/// What a network is on the wire.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Segment {
    network_type: Option<String>,
    physical_network: Option<String>,
    segmentation_id: Option<String>,
}

/// A port, by bridge and name.
#[derive(Debug, Clone, PartialEq, Eq)]
struct PortPlace {
    bridge: String,
    port: String,
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
    /// What matters of a switch, read as for [`super::findings`].
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
            Some("flow") => Some(Remote::Flow),
            Some(text) => address(text).map(Remote::Address),
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
        let segment = Segment {
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
        if let Some(mac) = guest.or(own) {
            self.macs
                .entry(mac.to_ascii_lowercase())
                .or_insert_with(|| place.clone());
        }
        if let Some(id) = ids.get("iface-id") {
            self.ids.entry(id.clone()).or_insert(place);
        }
    }

    /// The addresses that its tunnels name as its own.
    fn addresses(&self) -> impl Iterator<Item = IpAddr> {
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

/// The faults between these hosts, by host.
pub fn host_findings(hosts: &[HostView]) -> Vec<HostFinding> {
    let mut found = HostsFound {
        hosts,
        findings: Vec::new(),
    };
    let owners = same_addresses(&mut found);
    one_way(&owners, &mut found);
    tunnel_mtus(&owners, &mut found);
    networks(&mut found);
    owned_twice(&mut found);
    found.findings.sort_by_key(|found| found.host);
    found.findings
}

/// The findings so far.
struct HostsFound<'h> {
    hosts: &'h [HostView],
    findings: Vec<HostFinding>,
}

impl HostsFound<'_> {
    fn add(
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

    fn name(&self, host: usize) -> &str {
        self.hosts.get(host).map_or("", |host| &host.name)
    }

    /// `compute02, compute03`
    fn names(&self, hosts: impl IntoIterator<Item = usize>) -> String {
        let names = hosts.into_iter().map(|host| self.name(host));
        names.collect::<Vec<_>>().join(", ")
    }
}

/// The hosts that have an address, by address.
type Owners = BTreeMap<IpAddr, BTreeSet<usize>>;

/// Hosts whose tunnels have one address.
fn same_addresses(found: &mut HostsFound<'_>) -> Owners {
    let mut owners = Owners::new();
    for (number, host) in found.hosts.iter().enumerate() {
        for address in host.addresses() {
            owners.entry(address).or_default().insert(number);
        }
    }
    for (address, hosts) in &owners {
        let mut hosts = hosts.iter().copied();
        let Some(first) = hosts.next() else {
            continue;
        };
        let others = found.names(hosts);
        if !others.is_empty() {
            let what = format!("it is the local_ip of tunnels of {others}, too");
            let kind = FindingKind::TunnelAddressTwice;
            found.add(first, kind, None, &address.to_string(), what);
        }
    }
    owners
}

/// The only owner of an address, if it is another host.
fn other_owner(owners: &Owners, address: IpAddr, host: usize) -> Option<usize> {
    let owners = owners.get(&address)?;
    let only = owners.first().filter(|_| owners.len() == 1)?;
    (*only != host).then_some(*only)
}

/// Tunnels to a host that has none back.
fn one_way(owners: &Owners, found: &mut HostsFound<'_>) {
    let hosts = found.hosts;
    for (number, host) in hosts.iter().enumerate() {
        for tunnel in &host.tunnels {
            let (Some(local), Remote::Address(remote)) = (tunnel.local, tunnel.remote) else {
                continue;
            };
            let Some((other, view)) = other_owner(owners, remote, number)
                .and_then(|other| Some((other, hosts.get(other)?)))
            else {
                continue;
            };
            let leads_back = |end: &TunnelEnd| {
                let is_to_it = match end.remote {
                    Remote::Flow => true,
                    Remote::Address(address) => address == local,
                };
                end.kind == tunnel.kind && is_to_it && end.local.is_none_or(|own| own == remote)
            };
            if !view.tunnels.iter().any(leads_back) {
                let what = format!(
                    "it leads to {} ({remote}), which has no {} tunnel to {local}",
                    found.name(other),
                    tunnel.kind,
                );
                let PortPlace { bridge, port } = &tunnel.place;
                let kind = FindingKind::OneWayTunnel;
                found.add(number, kind, Some(bridge), port, what);
            }
        }
    }
}

/// Hosts joined by tunnels, of which some have another MTU than most.
fn tunnel_mtus(owners: &Owners, found: &mut HostsFound<'_>) {
    let hosts = found.hosts;
    // The mesh that each host is in, named after its first host.
    let mut meshes: Vec<usize> = (0..hosts.len()).collect();
    for (number, host) in hosts.iter().enumerate() {
        for tunnel in &host.tunnels {
            let Remote::Address(remote) = tunnel.remote else {
                continue;
            };
            if let Some(other) = other_owner(owners, remote, number)
                && let (Some(&a), Some(&b)) = (meshes.get(number), meshes.get(other))
            {
                let (low, high) = (a.min(b), a.max(b));
                for mesh in &mut meshes {
                    if *mesh == high {
                        *mesh = low;
                    }
                }
            }
        }
    }
    let mut by_mesh: BTreeMap<usize, Vec<(usize, &String, i64)>> = BTreeMap::new();
    for (number, (host, mesh)) in hosts.iter().zip(&meshes).enumerate() {
        let devices = host.tunnel_mtus.iter();
        let devices = devices.map(|(name, mtu)| (number, name, *mtu));
        by_mesh.entry(*mesh).or_default().extend(devices);
    }
    for devices in by_mesh.into_values() {
        let Some(usual) = most_frequent(devices.iter().map(|(.., mtu)| *mtu)) else {
            continue;
        };
        for (number, device, mtu) in &devices {
            if *mtu != usual {
                let others = devices.iter().filter(|(.., mtu)| *mtu == usual);
                let others: BTreeSet<usize> = others.map(|(number, ..)| *number).collect();
                let what = format!(
                    "it carries tunnels with an MTU of {mtu}; that of {} is {usual}",
                    some(found, &others)
                );
                found.add(*number, FindingKind::TunnelMtu, None, device, what);
            }
        }
    }
}

/// Networks that are not the same on two hosts.
fn networks(found: &mut HostsFound<'_>) {
    let hosts = found.hosts;
    let mut segments: BTreeMap<&str, Vec<(usize, &Segment, &PortPlace)>> = BTreeMap::new();
    let mut mtus: BTreeMap<&str, Vec<(usize, i64, &PortPlace)>> = BTreeMap::new();
    for (number, host) in hosts.iter().enumerate() {
        for ((network, segment), place) in &host.segments {
            let all = segments.entry(network).or_default();
            all.push((number, segment, place));
        }
        for ((network, mtu), place) in &host.network_mtus {
            mtus.entry(network).or_default().push((number, *mtu, place));
        }
    }
    for (network, all) in segments {
        let Some(usual) = most_frequent(all.iter().map(|(_, segment, _)| *segment)) else {
            continue;
        };
        let of_usual = all.iter().filter(|(_, segment, _)| *segment == usual);
        let usual_hosts: BTreeSet<usize> = of_usual.map(|(host, ..)| *host).collect();
        for (number, segment, place) in &all {
            // One host with both is another fault: `tag map` shows it.
            if *segment == usual || usual_hosts.contains(number) {
                continue;
            }
            let is_elsewhere = segment.physical_network != usual.physical_network;
            let kind = if is_elsewhere {
                FindingKind::NetworkElsewhere
            } else {
                FindingKind::NetworkSegment
            };
            let what = format!(
                "its network {network} is {} here and {} on {}",
                segment.words(),
                usual.words(),
                some(found, &usual_hosts)
            );
            found.add(*number, kind, Some(&place.bridge), &place.port, what);
        }
    }
    for (network, all) in mtus {
        let Some(usual) = most_frequent(all.iter().map(|(_, mtu, _)| *mtu)) else {
            continue;
        };
        let of_usual = all.iter().filter(|(_, mtu, _)| *mtu == usual);
        let usual_hosts: BTreeSet<usize> = of_usual.map(|(host, ..)| *host).collect();
        for (number, mtu, place) in &all {
            if *mtu == usual || usual_hosts.contains(number) {
                continue;
            }
            let what = format!(
                "its MTU is {mtu}; that of ports of its network {network} on {} is {usual}",
                some(found, &usual_hosts)
            );
            let kind = FindingKind::NetworkMtu;
            found.add(*number, kind, Some(&place.bridge), &place.port, what);
        }
    }
}

/// What only one host may have, of a host.
type Owned = fn(&HostView) -> &BTreeMap<String, PortPlace>;

/// Ports and MAC addresses that two hosts have.
fn owned_twice(found: &mut HostsFound<'_>) {
    let hosts = found.hosts;
    let mut told: BTreeSet<(usize, &str)> = BTreeSet::new();
    let kinds: [(FindingKind, &str, Owned); 2] = [
        (FindingKind::PortIdTwice, "iface-id", |host| &host.ids),
        (FindingKind::MacTwice, "MAC address", |host| &host.macs),
    ];
    for (kind, word, owned) in kinds {
        let mut owners: BTreeMap<&str, Vec<(usize, &PortPlace)>> = BTreeMap::new();
        for (number, host) in hosts.iter().enumerate() {
            for (value, place) in owned(host) {
                owners.entry(value).or_default().push((number, place));
            }
        }
        for (value, owners) in owners {
            let Some(((first, place), others)) = owners.split_first() else {
                continue;
            };
            // A port that is there twice has its MAC address twice.
            if others.is_empty() || !told.insert((*first, &place.port)) {
                continue;
            }
            let others = others
                .iter()
                .map(|(host, place)| format!("{} of {}", place.port, found.name(*host)));
            let others = others.collect::<Vec<_>>().join(", ");
            let what = format!("its {word} {value} is that of {others}, too");
            found.add(*first, kind, Some(&place.bridge), &place.port, what);
        }
    }
}

impl Segment {
    /// `vlan 100 of physnet1`
    fn words(&self) -> String {
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

/// The most frequent value, of equally frequent ones the first.
fn most_frequent<T: Copy + Ord>(values: impl Iterator<Item = T>) -> Option<T> {
    let mut counts: BTreeMap<T, (usize, std::cmp::Reverse<usize>)> = BTreeMap::new();
    for (at, value) in values.enumerate() {
        let count = counts.entry(value);
        count.or_insert((0, std::cmp::Reverse(at))).0 += 1;
    }
    let most = counts.into_iter().max_by_key(|(_, count)| *count);
    most.map(|(value, _)| value)
}

/// The names of up to three hosts.
fn some(found: &HostsFound<'_>, hosts: &BTreeSet<usize>) -> String {
    const SHOWN: usize = 3;
    let names = found.names(hosts.iter().copied().take(SHOWN));
    match hosts.len().saturating_sub(SHOWN) {
        0 => names,
        others => format!("{names} and {others} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{port, switch};
    use super::*;

    fn vxlan(name: &str, local: &str, remote: &str) -> Port {
        port(name, "vxlan", &[("local_ip", local), ("remote_ip", remote)])
    }

    fn views(hosts: &[(&str, Vec<Port>)]) -> Vec<HostView> {
        let view = |(name, ports): &(&str, Vec<Port>)| {
            HostView::of(name, &switch(&[("br-int", ports.as_slice())]))
        };
        hosts.iter().map(view).collect()
    }

    /// `HOST KIND OBJECT: WHAT` of every finding.
    fn found(hosts: &[(&str, Vec<Port>)]) -> Vec<String> {
        let views = views(hosts);
        let line = |found: &HostFinding| {
            let HostFinding { host, finding } = found;
            let (kind, object, what) = (finding.kind.word(), &finding.object, &finding.what);
            format!("{} {kind} {object}: {what}", views[*host].name)
        };
        host_findings(&views).iter().map(line).collect()
    }

    #[test]
    fn a_full_mesh_is_without_fault() {
        let mesh = [
            (
                "a",
                vec![
                    vxlan("to-b", "10.0.0.1", "10.0.0.2"),
                    vxlan("to-c", "10.0.0.1", "10.0.0.3"),
                ],
            ),
            (
                "b",
                vec![
                    vxlan("to-a", "10.0.0.2", "::ffff:10.0.0.1"),
                    vxlan("to-c", "10.0.0.2", "10.0.0.3"),
                ],
            ),
            // By flow to everywhere.
            ("c", vec![vxlan("all", "10.0.0.3", "flow")]),
        ];
        assert_eq!(found(&mesh), [""; 0]);
    }

    #[test]
    fn addresses_and_directions_of_tunnels() {
        let hosts = [
            (
                "a",
                vec![
                    vxlan("to-b", "10.0.0.1", "10.0.0.2"),
                    vxlan("to-x", "10.0.0.1", "10.0.0.9"),
                ],
            ),
            ("b", vec![vxlan("to-c", "10.0.0.2", "10.0.0.3")]),
            ("c", vec![vxlan("to-b", "10.0.0.3", "10.0.0.2")]),
            ("d", vec![vxlan("to-b", "10.0.0.3", "10.0.0.2")]),
        ];
        assert_eq!(
            found(&hosts),
            [
                "a one-way-tunnel to-b: it leads to b (10.0.0.2), which has no vxlan tunnel to 10.0.0.1",
                "c tunnel-address-twice 10.0.0.3: it is the local_ip of tunnels of d, too",
            ]
        );
        let mut other_kind = vxlan("to-a", "10.0.0.2", "10.0.0.1");
        other_kind.interfaces[0].type_ = "geneve".into();
        let hosts = [
            ("a", vec![vxlan("to-b", "10.0.0.1", "10.0.0.2")]),
            ("b", vec![other_kind]),
        ];
        assert_eq!(found(&hosts).len(), 2);
    }

    #[test]
    fn mtus_of_a_mesh() {
        let host = |local, remote, mtu| {
            let mut tunnel = vxlan("t", local, remote);
            let status = &mut tunnel.interfaces[0].status;
            status.insert("tunnel_egress_iface".to_owned(), "br-phy".to_owned());
            let mut device = port("br-phy", "internal", &[]);
            device.interfaces[0].mtu = Some(mtu);
            vec![tunnel, device]
        };
        let hosts = [
            ("a", host("10.0.0.1", "10.0.0.2", 9000)),
            ("b", host("10.0.0.2", "flow", 1500)),
            ("c", host("10.0.0.3", "10.0.0.2", 9000)),
            // Another mesh.
            ("d", host("10.1.0.1", "10.1.0.2", 1400)),
        ];
        assert_eq!(
            found(&hosts),
            ["b tunnel-mtu br-phy: it carries tunnels with an MTU of 1500; that of a, c is 9000"]
        );
    }

    fn guest(name: &str, network: [&str; 3], mtu: i64) -> Port {
        let mut port = port(name, "dummy", &[]);
        let keys = ["net_uuid", "physical_network", "segmentation_id"];
        let pairs = keys.iter().zip(network);
        port.other_config = pairs
            .map(|(key, value)| ((*key).to_owned(), value.to_owned()))
            .collect();
        port.interfaces[0].mtu = Some(mtu);
        port
    }

    #[test]
    fn networks_on_several_hosts() {
        let hosts = [
            (
                "a",
                vec![
                    guest("p", ["n1", "phys1", "5"], 1450),
                    guest("q", ["n2", "None", "7"], 1500),
                ],
            ),
            ("b", vec![guest("p", ["n1", "phys1", "6"], 1450)]),
            ("c", vec![guest("p", ["n1", "phys1", "5"], 9000)]),
            ("d", vec![guest("p", ["n1", "phys2", "5"], 1450)]),
        ];
        assert_eq!(
            found(&hosts),
            [
                "b network-segment p: its network n1 is 6 of phys1 here and 5 of phys1 on a, c",
                "c network-mtu p: its MTU is 9000; that of ports of its network n1 on a, b, d is 1450",
                "d network-elsewhere p: its network n1 is 5 of phys2 here and 5 of phys1 on a, c",
            ]
        );
    }

    #[test]
    fn ports_on_two_hosts() {
        let owned = |name: &str, kind: &str, ids: &[(&str, &str)], mac: Option<&str>| {
            let mut port = port(name, kind, &[]);
            let ids = ids.iter();
            let ids = ids.map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
            port.interfaces[0].external_ids = ids.collect();
            port.interfaces[0].mac_in_use = mac.map(str::to_owned);
            port
        };
        let id = ("iface-id", "i1");
        let mac = ("attached-mac", "FA:16:3e:00:00:01");
        let same_mac = ("attached-mac", "fa:16:3e:00:00:01");
        let hosts = [
            (
                "a",
                vec![
                    owned("tap1", "", &[id, mac], None),
                    owned("eth0", "", &[], Some("00:1b:21:00:00:01")),
                ],
            ),
            (
                "b",
                vec![
                    owned("tap2", "", &[id, same_mac], None),
                    owned("eth1", "", &[], Some("00:1b:21:00:00:01")),
                ],
            ),
            // A router's port is on many hosts; a locally administered address says nothing.
            (
                "c",
                vec![
                    owned("qr-1", "internal", &[id, mac], None),
                    owned("x", "", &[], Some("02:00:00:00:00:01")),
                ],
            ),
            (
                "d",
                vec![
                    owned("qr-1", "internal", &[id, mac], None),
                    owned("x", "", &[], Some("02:00:00:00:00:01")),
                ],
            ),
        ];
        assert_eq!(
            found(&hosts),
            [
                "a port-id-twice tap1: its iface-id i1 is that of tap2 of b, too",
                "a mac-twice eth0: its MAC address 00:1b:21:00:00:01 is that of eth1 of b, too",
            ]
        );
    }
}

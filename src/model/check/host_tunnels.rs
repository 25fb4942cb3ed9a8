//! Faults of tunnels between hosts.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::host_view::{HostsFound, PortPlace, TunnelRemote, most_frequent};
use super::kind::FindingKind;

/// The hosts that have an address, by address.
pub(super) type Owners = BTreeMap<IpAddr, BTreeSet<usize>>;

/// Hosts whose tunnels have one address.
pub(super) fn same_addresses(found: &mut HostsFound<'_>) -> Owners {
    let mut owners = Owners::new();
    for (number, host) in found.hosts.iter().enumerate() {
        for address in host.addresses() {
            owners.entry(address).or_default().insert(number);
        }
    }
    for (address, hosts) in &owners {
        let mut others = hosts.clone();
        let Some(first) = others.pop_first() else {
            continue;
        };
        if !others.is_empty() {
            let others = found.some_names(&others);
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

/// The local addresses of the tunnels of all hosts, by host, kind, port and remote end.
type TunnelEnds<'h> =
    BTreeMap<(usize, &'h str, Option<u16>, TunnelRemote), BTreeSet<Option<IpAddr>>>;

/// Tunnels to a host that has none back.
pub(super) fn one_way(owners: &Owners, found: &mut HostsFound<'_>) {
    let hosts = found.hosts;
    let mut ends = TunnelEnds::new();
    for (number, host) in hosts.iter().enumerate() {
        for tunnel in &host.tunnels {
            let end = (number, tunnel.kind.as_str(), tunnel.dst_port, tunnel.remote);
            ends.entry(end).or_default().insert(tunnel.local);
        }
    }
    for (number, host) in hosts.iter().enumerate() {
        for tunnel in &host.tunnels {
            let (Some(local), TunnelRemote::Address(remote)) = (tunnel.local, tunnel.remote) else {
                continue;
            };
            let Some(other) = other_owner(owners, remote, number) else {
                continue;
            };
            let leads_back = |back: TunnelRemote| {
                let kind = tunnel.kind.as_str();
                let locals = ends.get(&(other, kind, tunnel.dst_port, back));
                locals.is_some_and(|own| own.contains(&None) || own.contains(&Some(remote)))
            };
            if !leads_back(TunnelRemote::Address(local)) && !leads_back(TunnelRemote::Flow) {
                // The other has one, but with another port.
                let is_there = |(at, kind, _, back): &(usize, &str, Option<u16>, TunnelRemote)| {
                    let is_back = [TunnelRemote::Address(local), TunnelRemote::Flow].contains(back);
                    *at == other && *kind == tunnel.kind && is_back
                };
                let at_port = tunnel.dst_port.filter(|_| ends.keys().any(is_there));
                let at_port =
                    at_port.map_or(String::new(), |port| format!(" with dst_port {port}"));
                let what = format!(
                    "it leads to {} ({remote}), which has no {} tunnel to {local}{at_port}",
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
pub(super) fn tunnel_mtus(owners: &Owners, found: &mut HostsFound<'_>) {
    let hosts = found.hosts;
    // The mesh that each host is in, named after its first host.
    let mut meshes: Vec<usize> = (0..hosts.len()).collect();
    for (number, host) in hosts.iter().enumerate() {
        for tunnel in &host.tunnels {
            let TunnelRemote::Address(remote) = tunnel.remote else {
                continue;
            };
            if let Some(other) = other_owner(owners, remote, number)
                && let (Some(&a), Some(&b)) = (meshes.get(number), meshes.get(other))
            {
                let (low, high) = (a.min(b), a.max(b));
                if low == high {
                    continue;
                }
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
                    found.some_names(&others)
                );
                found.add(*number, FindingKind::TunnelMtu, None, device, what);
            }
        }
    }
}

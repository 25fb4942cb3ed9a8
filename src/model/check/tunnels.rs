//! Faults of tunnels, checked against the host's addresses and routes.

use std::collections::BTreeMap;

use super::finding::{Found, Snapshot, has_failed};
use super::kind::FindingKind;
use crate::model::host::HostFacts;
use crate::model::tunnel::{Tunnel, address, tunnels};

pub(super) fn check(snapshot: &Snapshot<'_>, found: &mut Found) {
    duplicates(snapshot, found);
    if let Some(host) = snapshot.host {
        for tunnel in tunnels(snapshot.topology) {
            check_host(&tunnel, host, found);
        }
    }
}

/// The properties that no two tunnels may share: type, addresses, incoming key, port, mark.
type Identity<'t> = (
    &'t str,
    Option<String>,
    Option<String>,
    String,
    Option<u16>,
    Option<&'t str>,
);

fn identity<'t>(tunnel: &Tunnel<'t>) -> Option<Identity<'t>> {
    // Without a remote address it is no tunnel yet.
    tunnel.remote?;
    let one_spelling = |text: &str| match address(text) {
        Some(address) => address.to_string(),
        None => text.to_owned(),
    };
    let mark = tunnel.interface.options.get("egress_pkt_mark");
    Some((
        tunnel.kind(),
        tunnel.local.map(one_spelling),
        tunnel.remote.map(one_spelling),
        tunnel.in_key.to_string(),
        tunnel.dst_port,
        mark.map(String::as_str).filter(|mark| *mark != "0"),
    ))
}

fn duplicates(snapshot: &Snapshot<'_>, found: &mut Found) {
    let mut alike: BTreeMap<Identity<'_>, Vec<Tunnel<'_>>> = BTreeMap::new();
    for tunnel in tunnels(snapshot.topology) {
        if let Some(identity) = identity(&tunnel) {
            alike.entry(identity).or_default().push(tunnel);
        }
    }
    for mut same in alike.into_values() {
        // The working one comes first; equal ones are sorted by name.
        same.sort_by_key(|tunnel| has_failed(tunnel.interface));
        let Some((works, others)) = same.split_first() else {
            continue;
        };
        for tunnel in others {
            let what = format!(
                "{} on {} is the same {} tunnel to {}",
                works.interface.name,
                works.bridge.name,
                works.kind(),
                works.remote.unwrap_or_default()
            );
            let name = &tunnel.interface.name;
            found.add(
                FindingKind::DuplicateTunnel,
                Some(tunnel.bridge),
                name,
                what,
            );
            found.explain(tunnel.interface);
        }
    }
}

fn check_host(tunnel: &Tunnel<'_>, host: &HostFacts, found: &mut Found) {
    // A fault of the addresses is reported for one of two equal tunnels, not for both.
    if found.is_explained(tunnel.interface) {
        return;
    }
    let name = &tunnel.interface.name;
    // `flow` and malformed addresses are not checked against the host.
    if let Some(local) = tunnel.local.and_then(address)
        && !host.has_address(local)
    {
        let what = format!("its local_ip {local} is no address of this host");
        found.add(
            FindingKind::TunnelLocalAddress,
            Some(tunnel.bridge),
            name,
            what,
        );
        // The route to the tunnel network depends on the address.
        return;
    }
    if let Some(remote) = tunnel.remote.and_then(address)
        && !host.has_route(remote)
    {
        let what = format!("the host has no route to {remote}");
        found.add(FindingKind::TunnelNoRoute, Some(tunnel.bridge), name, what);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{found, port, switch};
    use super::*;

    #[test]
    fn addresses_and_routes() {
        let host = HostFacts::parse("address 10.0.0.71\nroute 10.0.0.0/24").unwrap();
        let tunnel = |name, local, remote| {
            port(name, "vxlan", &[("local_ip", local), ("remote_ip", remote)])
        };
        let ports = [
            tunnel("good", "10.0.0.71", "10.0.0.72"),
            tunnel("moved", "10.0.0.70", "10.0.0.73"),
            tunnel("far", "10.0.0.71", "192.0.2.1"),
            tunnel("down", "198.51.100.7", "198.51.100.8"),
            tunnel("down-too", "198.51.100.7", "198.51.100.8"),
            tunnel("by-flow", "flow", "flow"),
            port("eth0", "", &[]),
        ];
        let topology = switch(&[("br-tun", &ports)]);
        assert_eq!(
            found(&topology, Some(&host)),
            [
                "duplicate-tunnel down-too",
                "tunnel-local-address down",
                "tunnel-local-address moved",
                "tunnel-no-route far"
            ]
        );
        assert_eq!(found(&topology, None), ["duplicate-tunnel down-too"]);
    }

    #[test]
    fn the_same_tunnel_twice() {
        let tunnel = |name, key| port(name, "geneve", &[("remote_ip", "10.0.0.9"), ("key", key)]);
        let mut ports = [tunnel("a", "5"), tunnel("b", "0x5"), tunnel("c", "flow")];
        let vxlan = [port(
            "d",
            "vxlan",
            &[("remote_ip", "10.0.0.9"), ("key", "5")],
        )];
        assert_eq!(
            found(&switch(&[("br0", &ports), ("br1", &vxlan)]), None),
            ["duplicate-tunnel b"]
        );
        ports[0].interfaces[0].ofport = Some(-1);
        assert_eq!(
            found(&switch(&[("br0", &ports)]), None),
            ["duplicate-tunnel a"]
        );
    }
}

//! Faults of datapaths: flows that have no room, packets that ovs-vswitchd did not get, tunnels of the userspace datapath
//! without route or neighbour.

use std::net::IpAddr;

use super::finding::{Finding, Found};
use super::kind::FindingKind;
use crate::model::topology::Topology;
use crate::model::tunnel::{Tunnel, address, tunnels};
use crate::unixctl::datapaths::{Datapath, UpcallState};
use crate::unixctl::tunnel_routes::{TunnelNeighbour, TunnelRoute};

/// What ovs-vswitchd says of its datapaths.
#[derive(Debug, Clone, Default)]
pub struct DatapathFacts {
    /// The datapaths.
    pub datapaths: Vec<Datapath>,
    /// How many flows they may have.
    pub upcalls: Vec<UpcallState>,
    /// The routes to the remote addresses of [`userspace_remotes`]; `None`: there is none.
    pub routes: Vec<(IpAddr, Option<TunnelRoute>)>,
    /// The neighbours, if there are routes.
    pub neighbours: Vec<TunnelNeighbour>,
}

/// Fewer lost packets than this, or than a hundredth of those that were missed, are no fault.
const LOST: u64 = 100;
const LOST_SHARE: u64 = 100;

/// From this time on, in milliseconds, ovs-vswitchd lowers the limit of flows.
const SLOW_DUMP: u64 = 1300;

/// The tunnels whose outer headers ovs-vswitchd makes: those of bridges in the userspace datapath.
fn userspace_tunnels(topology: &Topology) -> impl Iterator<Item = (Tunnel<'_>, IpAddr)> {
    tunnels(topology)
        .filter(|tunnel| tunnel.bridge.datapath_kind() == "netdev")
        .filter_map(|tunnel| {
            let remote = tunnel.remote.and_then(address)?;
            Some((tunnel, remote))
        })
}

/// The remote addresses of tunnels in the userspace datapath, each once.
pub fn userspace_remotes(topology: &Topology) -> Vec<IpAddr> {
    let mut remotes: Vec<IpAddr> = userspace_tunnels(topology)
        .map(|(_, remote)| remote)
        .collect();
    remotes.sort_unstable();
    remotes.dedup();
    remotes
}

pub(super) fn check(
    topology: &Topology,
    facts: &DatapathFacts,
    others: &[Finding],
    found: &mut Found,
) {
    for state in &facts.upcalls {
        check_flows(state, found);
    }
    for datapath in &facts.datapaths {
        let (Some(lost), Some(missed)) = (datapath.lost, datapath.missed) else {
            continue;
        };
        if lost > LOST && lost > missed / LOST_SHARE {
            let what =
                format!("of {missed} packets without a flow ovs-vswitchd did not get {lost}");
            found.add(FindingKind::UpcallsLost, None, &datapath.name, what);
        }
    }
    for (tunnel, remote) in userspace_tunnels(topology) {
        let name = &tunnel.interface.name;
        if !others.iter().any(|finding| finding.object == *name) {
            check_tunnel(&tunnel, remote, facts, found);
        }
    }
}

fn check_flows(state: &UpcallState, found: &mut Found) {
    let UpcallState {
        current,
        limit,
        dump_duration,
        ..
    } = *state;
    if limit > 0 && current >= limit {
        let what = format!("it has {current} flows, and ovs-vswitchd allows {limit} at present");
        found.add(FindingKind::DatapathFlowLimit, None, &state.datapath, what);
    } else if let Some(duration) = dump_duration.filter(|duration| *duration >= SLOW_DUMP) {
        let what = format!(
            "ovs-vswitchd takes {duration} ms to look through its {current} flows, and so lowers their limit, now {limit}"
        );
        found.add(FindingKind::SlowRevalidation, None, &state.datapath, what);
    }
}

fn check_tunnel(tunnel: &Tunnel<'_>, remote: IpAddr, facts: &DatapathFacts, found: &mut Found) {
    let name = &tunnel.interface.name;
    let route = facts.routes.iter().find(|(address, _)| *address == remote);
    let Some((_, route)) = route else { return };
    let Some(route) = route else {
        let what = format!(
            "ovs-vswitchd, which makes the tunnel's outer headers, has no route to {remote}"
        );
        found.add(FindingKind::TunnelNoRoute, Some(tunnel.bridge), name, what);
        found.hint(
            "`ovs datapath routes` lists its routes: give the bridge of the tunnel network the local address and bring it up, or correct options:remote_ip",
            &[],
        );
        return;
    };
    let gateway = route.gateway.as_deref().and_then(address);
    let next = gateway.unwrap_or(remote);
    let is_it = |neighbour: &TunnelNeighbour| address(&neighbour.ip) == Some(next);
    if !facts.neighbours.iter().any(is_it) {
        let way = match gateway {
            Some(gateway) => format!("{gateway}, the gateway to {remote}"),
            None => remote.to_string(),
        };
        let what = format!("there is no neighbour entry for {way} on {}", route.device);
        found.add(
            FindingKind::TunnelNoNeighbour,
            Some(tunnel.bridge),
            name,
            what,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{port, switch};
    use super::*;

    fn told(topology: &Topology, facts: &DatapathFacts) -> Vec<String> {
        let mut found = Found::default();
        check(topology, facts, &[], &mut found);
        let line = |finding: &Finding| format!("{} {}", finding.kind.word(), finding.object);
        found.findings.iter().map(line).collect()
    }

    #[test]
    fn flows_and_lost_packets() {
        let facts = |upcalls: &str, lookups: &str| DatapathFacts {
            datapaths: Datapath::from_text(&format!("system@x:\n  lookups: {lookups}\n")),
            upcalls: UpcallState::from_text(&format!("system@x:\n{upcalls}\n")),
            ..DatapathFacts::default()
        };
        let few = "hit:9 missed:100000 lost:1000";
        let limit = "  flows : (current 11000) (avg 9) (max 18) (limit 11000)";
        let some = "  flows : (current 10) (avg 9) (max 18) (limit 9000)\n  dump duration : 1299ms";
        for (upcalls, lookups, expected) in [
            (some, few, &[][..]),
            (limit, few, &["datapath-flow-limit system@x"]),
            (
                &*some.replace("1299", "1300"),
                few,
                &["slow-revalidation system@x"],
            ),
            (
                some,
                "hit:9 missed:100000 lost:1001",
                &["upcalls-lost system@x"],
            ),
            (some, "hit:9 missed:5 lost:100", &[]),
            ("  flows : news", "hit:9 missed:many", &[]),
        ] {
            assert_eq!(
                told(&switch(&[]), &facts(upcalls, lookups)),
                expected,
                "{upcalls}"
            );
        }
    }

    #[test]
    fn tunnels_in_userspace() {
        let tunnel = |name, remote| port(name, "vxlan", &[("remote_ip", remote)]);
        let ports = [
            tunnel("good", "10.0.0.72"),
            tunnel("quiet", "10.0.0.73"),
            tunnel("behind", "192.0.2.1"),
            tunnel("far", "198.51.100.1"),
            tunnel("by-flow", "flow"),
        ];
        let mut topology = switch(&[("br-tun", &ports)]);
        let route = |text: &str| TunnelRoute::from_text(text).0.pop();
        let direct = || route("User: 10.0.0.0/24 dev br0 SRC 10.0.0.71");
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let gateway = route("User: 0.0.0.0/0 dev br0 GW 10.0.0.1 SRC 10.0.0.71");
        let facts = DatapathFacts {
            routes: vec![
                (ip("10.0.0.72"), direct()),
                (ip("10.0.0.73"), direct()),
                (ip("192.0.2.1"), gateway),
                (ip("198.51.100.1"), None),
            ],
            neighbours: TunnelNeighbour::from_text("10.0.0.72 50:54:00:00:00:72 br0\n").0,
            ..DatapathFacts::default()
        };
        // The kernel's datapath has the routes of the host.
        assert_eq!(told(&topology, &facts), [""; 0]);
        topology.bridges[0].datapath_type = "netdev".to_owned();
        assert_eq!(userspace_remotes(&topology).len(), 4);
        assert_eq!(
            told(&topology, &facts),
            [
                "tunnel-no-neighbour quiet",
                "tunnel-no-neighbour behind",
                "tunnel-no-route far"
            ]
        );
    }
}

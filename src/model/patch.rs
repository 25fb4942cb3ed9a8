//! Pairs of patch ports, and their state.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::topology::{Bridge, Interface, Port, Topology};
use crate::base::order::by_name;

/// Two patch ports that are, or should be, joined.
#[derive(Debug, Clone, PartialEq)]
pub struct Patch<'t> {
    /// One end; of a pair, the one that comes first by bridge and port.
    pub near: PatchEnd<'t>,
    /// The port it names as its peer, if that exists.
    pub far: Option<PatchEnd<'t>>,
    /// The name of the peer, as configured.
    pub peer: Option<&'t str>,
    /// Whether it works.
    pub state: PatchState,
}

/// One end of a patch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PatchEnd<'t> {
    /// The bridge.
    pub bridge: &'t Bridge,
    /// The port.
    pub port: &'t Port,
    /// Its interface.
    pub interface: &'t Interface,
}

/// Whether a patch works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatchState {
    /// Both ends name each other and lie on two bridges.
    Ok,
    /// The peer does not exist, is no patch port, or none is configured.
    Dangling,
    /// The peer names another port as its peer.
    OneWay,
    /// Both ends name each other, but lie on one bridge.
    SameBridge,
}

impl PatchState {
    /// `ok`, `dangling`, `one-way` or `same-bridge`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Dangling => "dangling",
            Self::OneWay => "one-way",
            Self::SameBridge => "same-bridge",
        }
    }
}

impl PatchEnd<'_> {
    /// Its OpenFlow number, if it has one.
    pub fn number(&self) -> Option<u32> {
        self.interface.port_number()
    }
}

/// The patches of a topology, by bridge and port of their first end; each pair once.
///
/// A port whose peer does not name it back is a patch of its own.
pub fn patches(topology: &Topology) -> Vec<Patch<'_>> {
    let ends: HashMap<&str, PatchEnd<'_>> = ends(topology)
        .map(|end| (end.interface.name.as_str(), end))
        .collect();
    ends_in_order(topology)
        .into_iter()
        .filter_map(|near| patch(near, &ends))
        .collect()
}

/// The patches with an end on `bridge`, with that end as the near one.
pub fn patches_of<'t>(topology: &'t Topology, bridge: &str) -> Vec<Patch<'t>> {
    let on = |end: &PatchEnd<'_>| end.bridge.name == bridge;
    let mut patches = patches(topology);
    patches.retain(|patch| on(&patch.near) || patch.far.as_ref().is_some_and(on));
    for patch in &mut patches {
        if let (false, PatchState::Ok, Some(far)) = (on(&patch.near), patch.state, patch.far) {
            patch.peer = Some(&patch.near.interface.name);
            patch.far = Some(std::mem::replace(&mut patch.near, far));
        }
    }
    patches.sort_by(|a, b| compare(&a.near, &b.near));
    patches
}

fn patch<'t>(near: PatchEnd<'t>, ends: &HashMap<&str, PatchEnd<'t>>) -> Option<Patch<'t>> {
    let peer = near.interface.peer();
    let far = peer.and_then(|peer| ends.get(peer)).copied();
    let state = match far {
        None => PatchState::Dangling,
        Some(far) if far.interface.peer() != Some(&near.interface.name) => PatchState::OneWay,
        // The pair is listed at its first end.
        Some(far) if compare(&far, &near) == Ordering::Less => return None,
        Some(far) if far.bridge.name == near.bridge.name => PatchState::SameBridge,
        Some(_) => PatchState::Ok,
    };
    Some(Patch {
        near,
        far,
        peer,
        state,
    })
}

fn ends(topology: &Topology) -> impl Iterator<Item = PatchEnd<'_>> {
    topology
        .interfaces()
        .filter(|(_, _, interface)| interface.kind() == "patch")
        .map(|(bridge, port, interface)| PatchEnd {
            bridge,
            port,
            interface,
        })
}

fn ends_in_order(topology: &Topology) -> Vec<PatchEnd<'_>> {
    let mut ends: Vec<PatchEnd<'_>> = ends(topology).collect();
    ends.sort_by(compare);
    ends
}

fn compare(a: &PatchEnd<'_>, b: &PatchEnd<'_>) -> Ordering {
    by_name(&a.bridge.name, &b.bridge.name)
        .then_with(|| by_name(&a.interface.name, &b.interface.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topology(bridges: &[(&str, &[(&str, &str)])]) -> Topology {
        let port = |(name, peer): &(&str, &str)| Port {
            name: (*name).into(),
            interfaces: vec![Interface {
                name: (*name).into(),
                type_: if *peer == "-" { "" } else { "patch" }.into(),
                options: (!peer.is_empty())
                    .then(|| ("peer".to_owned(), (*peer).to_owned()))
                    .into_iter()
                    .collect(),
                ..Interface::default()
            }],
            ..Port::default()
        };
        let bridge = |(name, ports): &(&str, &[(&str, &str)])| Bridge {
            name: (*name).into(),
            ports: ports.iter().map(port).collect(),
            ..Bridge::default()
        };
        Topology {
            bridges: bridges.iter().map(bridge).collect(),
            ..Topology::default()
        }
    }

    fn told<'t>(patches: &[Patch<'t>]) -> Vec<(&'t str, Option<&'t str>, &'static str)> {
        let line = |patch: &Patch<'t>| {
            let far = patch.far.map(|far| far.bridge.name.as_str());
            (patch.near.port.name.as_str(), far, patch.state.word())
        };
        patches.iter().map(line).collect()
    }

    #[test]
    fn every_state_once() {
        let topology = topology(&[
            (
                "br-int",
                &[
                    ("patch-tun", "patch-int"),
                    ("lost", "nowhere"),
                    ("to-system", "eth0"),
                    ("silent", ""),
                    ("loop-a", "loop-b"),
                    ("loop-b", "loop-a"),
                    ("self", "self"),
                    ("eth0", "-"),
                ],
            ),
            (
                "br-tun",
                &[("patch-int", "patch-tun"), ("jealous", "patch-tun")],
            ),
        ]);
        assert_eq!(
            told(&patches(&topology)),
            [
                ("loop-a", Some("br-int"), "same-bridge"),
                ("lost", None, "dangling"),
                ("patch-tun", Some("br-tun"), "ok"),
                ("self", Some("br-int"), "same-bridge"),
                ("silent", None, "dangling"),
                ("to-system", None, "dangling"),
                ("jealous", Some("br-int"), "one-way"),
            ]
        );
        assert_eq!(
            told(&patches_of(&topology, "br-tun")),
            [
                ("jealous", Some("br-int"), "one-way"),
                ("patch-int", Some("br-int"), "ok"),
            ]
        );
    }
}

//! Faults of patch ports.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::finding::{Found, Snapshot};
use super::kind::FindingKind;
use crate::model::patch::{Patch, PatchEnd, PatchState, patches};

/// The peer that Neutron's agent sets until it connects the two ends.
const NEUTRON: &str = "nonexistent-peer";
/// The hint if a port with the peer's name cannot be created.
const OTHER_END: &str = "name the other end (`ovs port set {object} --option peer={peer}`), or remove this \
                         one (`ovs patch del {object}`)";

pub(super) fn check(snapshot: &Snapshot<'_>, found: &mut Found) {
    let patches = patches(snapshot.topology);
    let is_dangling = |patch: &&Patch<'_>| patch.state == PatchState::Dangling;
    let dangling = patches.iter().filter(is_dangling);
    let dangling: BTreeSet<&str> = dangling.map(|patch| name_of(&patch.near)).collect();
    // Ends that name a dangling one as their peer: fixed with it.
    let mut waiting: BTreeMap<&str, Vec<&PatchEnd<'_>>> = BTreeMap::new();
    for patch in &patches {
        if let (PatchState::OneWay, Some(far)) = (patch.state, &patch.far)
            && dangling.contains(name_of(far))
        {
            waiting.entry(name_of(far)).or_default().push(&patch.near);
            found.explain(patch.near.interface);
        }
    }
    for patch in &patches {
        let Some((kind, mut what)) = fault(patch) else {
            continue;
        };
        if patch.state == PatchState::OneWay && found.is_explained(patch.near.interface) {
            continue;
        }
        let waiting = waiting.remove(name_of(&patch.near)).unwrap_or_default();
        let waits = waiting
            .first()
            .copied()
            .filter(|_| kind == FindingKind::DanglingPatch);
        for end in waiting {
            let (name, bridge) = (name_of(end), &end.bridge.name);
            let _ = write!(what, "; {name} on {bridge} has it for its peer");
        }
        found.add(kind, Some(patch.near.bridge), &patch.near.port.name, what);
        let peer = patch.peer.filter(|peer| !peer.is_empty());
        let is_taken = peer.is_some_and(|peer| {
            let topology = snapshot.topology;
            topology.port(peer).is_some() || topology.interface(peer).is_some()
        });
        // `patch add` makes ports with interfaces of the same name.
        let has_two_names = patch.near.port.name != patch.near.interface.name;
        let (hint, peer) = match waits {
            Some(end) => (OTHER_END, name_of(end)),
            // The peer's name is taken, so a port of that name cannot be created.
            None if kind == FindingKind::DanglingPatch && (is_taken || has_two_names) => {
                (OTHER_END, "PORT")
            }
            None => (kind.hint(), peer.unwrap_or("PORT")),
        };
        // Quoted as `patch add` and `port set` need it.
        let object = patch.near.port.name.as_str();
        found.hint(hint, &[("{object}", object), ("{peer}", peer)]);
        found.explain(patch.near.interface);
        if let (PatchState::SameBridge, Some(far)) = (patch.state, patch.far) {
            found.explain(far.interface);
        }
    }
}

fn name_of<'t>(end: &PatchEnd<'t>) -> &'t str {
    &end.interface.name
}

fn fault(patch: &Patch<'_>) -> Option<(FindingKind, String)> {
    let name = &patch.near.interface.name;
    let peer = patch.peer.unwrap_or_default();
    Some(match patch.state {
        PatchState::Ok => return None,
        PatchState::Dangling if patch.peer.is_none() => (
            FindingKind::DanglingPatch,
            "it has no peer in its options".to_owned(),
        ),
        PatchState::Dangling if peer == NEUTRON => (
            FindingKind::NeutronPeer,
            format!("its peer is still {NEUTRON}"),
        ),
        PatchState::Dangling => (
            FindingKind::DanglingPatch,
            format!("its peer {peer} does not exist, or is no patch port"),
        ),
        PatchState::OneWay => {
            let other = patch.far.and_then(|far| far.interface.peer());
            let other = other.unwrap_or("none");
            (
                FindingKind::OneWayPatch,
                format!("its peer {peer} has another peer: {other}"),
            )
        }
        PatchState::SameBridge if peer == name => {
            (FindingKind::SelfPatch, "it is its own peer".to_owned())
        }
        PatchState::SameBridge => (
            FindingKind::SameBridgePatch,
            format!("its peer {peer} is on the same bridge"),
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{found, port, switch};

    #[test]
    fn every_fault_once() {
        let patch = |name, peer| port(name, "patch", &[("peer", peer)]);
        let br_int = [
            patch("int-br-ex", "phy-br-ex"),
            patch("int-br-new", "nonexistent-peer"),
            patch("lost", "nowhere"),
            patch("loop-a", "loop-b"),
            patch("loop-b", "loop-a"),
            patch("self", "self"),
            port("silent", "patch", &[]),
        ];
        let br_ex = [
            // Its peer is dangling.
            patch("waits", "lost"),
            patch("phy-br-ex", "int-br-ex"),
            patch("jealous", "int-br-ex"),
        ];
        assert_eq!(
            found(&switch(&[("br-int", &br_int), ("br-ex", &br_ex)]), None),
            [
                "one-way-patch jealous",
                "dangling-patch lost",
                "dangling-patch silent",
                "neutron-peer int-br-new",
                "self-patch self",
                "same-bridge-patch loop-a",
            ]
        );
    }
}

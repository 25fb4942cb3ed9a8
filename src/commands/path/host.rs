//! The host's network devices, joined by the kernel's device indices.

use std::collections::HashMap;

use crate::model::devices::{Device, Devices};
use crate::source::host::Namespaces;
use crate::source::links::KernelLink;

/// The devices of all namespaces that can be read.
pub(super) fn devices(namespaces: Namespaces) -> Devices {
    Devices {
        devices: joined(&namespaces.links),
        unseen: namespaces.unseen,
    }
}

/// Converts indices to names: an index is valid in one namespace only.
fn joined(spaces: &[(Option<String>, Vec<KernelLink>)]) -> Vec<Device> {
    let mut by_index: HashMap<(usize, u32), &KernelLink> = HashMap::new();
    for (space, (_, links)) in spaces.iter().enumerate() {
        by_index.extend(links.iter().map(|link| ((space, link.index), link)));
    }
    let mut devices = Vec::new();
    for (space, (netns, links)) in spaces.iter().enumerate() {
        for link in links {
            // Two veth devices are a pair if each has the other's index.
            let peer_in = |other: usize| {
                let peer = by_index.get(&(other, link.peer?))?;
                let is_pair = peer.peer == Some(link.index)
                    && peer.kind == "veth"
                    && peer.peer_is_elsewhere == link.peer_is_elsewhere;
                let netns = spaces.get(other)?.0.clone();
                is_pair.then(|| (peer.name.clone(), netns))
            };
            let peer = match (link.kind.as_str(), link.peer_is_elsewhere) {
                ("veth", false) => peer_in(space),
                ("veth", true) => (0..spaces.len())
                    .filter(|other| *other != space)
                    .find_map(peer_in),
                _ => None,
            };
            let master = link.master.and_then(|index| by_index.get(&(space, index)));
            devices.push(Device {
                name: link.name.clone(),
                netns: netns.clone(),
                kind: link.kind.clone(),
                peer,
                master: master.map(|master| master.name.clone()),
            });
        }
    }
    devices
}

//! What the devices of a saved host are in the sandbox, and names for those that it has besides.

use crate::model::{Bridge, Interface, Topology, tunnel};

/// Whether it is a dummy device in the sandbox, whatever its type.
pub(super) fn is_plain(interface: &Interface) -> bool {
    !matches!(interface.kind(), "internal" | "patch") && !tunnel::is_tunnel(interface.kind())
}

/// Whether its link can be taken down: dummy devices and internal ones, those of bridges among them.
pub(super) fn has_link(bridge: &Bridge, interface: &Interface) -> bool {
    is_plain(interface) || interface.kind() == "internal" || interface.name == bridge.name
}

/// Names for what the sandbox has and the host does not: `underlay`, `underlay1`, ...
pub(super) fn free_names(topology: &Topology, base: &str) -> impl Iterator<Item = String> {
    let names = (0_u32..).map(move |number| match number {
        0 => base.to_owned(),
        _ => format!("{base}{number}"),
    });
    names.filter(|name| {
        topology.bridge(name).is_none()
            && topology.port(name).is_none()
            && topology.interface(name).is_none()
    })
}

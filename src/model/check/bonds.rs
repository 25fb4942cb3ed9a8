//! Members that carry traffic.

use super::{Found, Kind, Snapshot, has_failed};
use crate::model::Interface;

pub(super) fn check(snapshot: &Snapshot<'_>, found: &mut Found) {
    if !snapshot.daemon.may_be_believed() {
        return;
    }
    for bridge in &snapshot.topology.bridges {
        for port in &bridge.ports {
            // With a bond_mode, a port with one interface was meant to be a bond.
            let is_bond = port.is_bond() || port.bond_mode.is_some();
            if !is_bond || !snapshot.daemon.serves(bridge) {
                continue;
            }
            let all = port.interfaces.len();
            let usable: Vec<&str> = port
                .interfaces
                .iter()
                .filter(|interface| is_usable(interface))
                .map(|interface| interface.name.as_str())
                .collect();
            let (kind, what) = match usable.as_slice() {
                [] => (
                    Kind::BondDown,
                    format!("none of its {all} members is usable"),
                ),
                [one] if all == 1 => (Kind::BondDegraded, format!("{one} is its only member")),
                [one] => (
                    Kind::BondDegraded,
                    format!("of its {all} members only {one} is usable"),
                ),
                _ => continue,
            };
            found.add(kind, Some(bridge), &port.name, what);
        }
    }
}

fn is_usable(interface: &Interface) -> bool {
    let down = |state: &Option<String>| state.as_deref() == Some("down");
    !has_failed(interface) && !down(&interface.admin_state) && !down(&interface.link_state)
}

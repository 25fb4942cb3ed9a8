//! Faults of bonds: members that carry no traffic.

use std::fmt::Write as _;

use super::finding::{Found, Snapshot, has_failed};
use super::kind::FindingKind;
use crate::model::Interface;

pub(super) fn check(snapshot: &Snapshot<'_>, found: &mut Found) {
    if !snapshot.daemon.may_be_believed() {
        return;
    }
    for bridge in &snapshot.topology.bridges {
        for port in &bridge.ports {
            // A port with a bond_mode but one interface was meant to be a bond.
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
            // For a bond that is down, members that could not be opened are part of its finding; else each
            // has its own.
            let failed: Vec<&Interface> = port
                .interfaces
                .iter()
                .filter(|interface| has_failed(interface))
                .collect();
            let (kind, what) = match usable.as_slice() {
                [] => {
                    let mut what = format!("none of its {all} members is usable");
                    for interface in failed {
                        let error = interface.error.as_deref().unwrap_or("its ofport is -1");
                        let _ = write!(what, "; {}: {error}", interface.name);
                        found.explain(interface);
                    }
                    (FindingKind::BondDown, what)
                }
                [one] if all == 1 => (
                    FindingKind::BondDegraded,
                    format!("{one} is its only member"),
                ),
                [_] if failed.len() + 1 == all => continue,
                [one] => (
                    FindingKind::BondDegraded,
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

#[cfg(test)]
mod tests {
    use super::super::tests::{found, port, switch};

    /// A member that is gone is one fault, whatever the state of the bond.
    #[test]
    fn members_that_are_gone() {
        let mut bond = port("bond0", "", &[]);
        bond.interfaces[0].name = "m1".into();
        bond.interfaces.extend(port("m2", "", &[]).interfaces);
        let told = |bond: &crate::model::Port| {
            found(&switch(&[("br0", std::slice::from_ref(bond))]), None)
        };
        assert_eq!(told(&bond), [""; 0]);
        bond.interfaces[1].ofport = Some(-1);
        bond.interfaces[1].error = Some("could not open network device m2 (No such device)".into());
        assert_eq!(told(&bond), ["no-device m2"]);
        bond.interfaces[0].link_state = Some("down".into());
        assert_eq!(told(&bond), ["bond-down bond0"]);
        bond.interfaces[1].error = None;
        bond.interfaces[1].ofport = Some(2);
        assert_eq!(told(&bond), ["bond-degraded bond0"]);
    }
}

//! Faults of bonds: members that carry no traffic.

use std::fmt::Write as _;

use super::finding::{Found, Snapshot, has_failed};
use super::kind::FindingKind;
use crate::model::port_state::{NotLive, PortState};
use crate::model::{Interface, Port};

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
            if let Some((kind, what)) = check_lacp(port) {
                found.add(kind, Some(bridge), &port.name, what);
                continue;
            }
            let usable: Vec<&str> = port
                .interfaces
                .iter()
                .filter(|interface| is_usable(port, interface))
                .map(|interface| interface.name.as_str())
                .collect();
            // For a bond that is down, members with a fault of their own are part of its finding; else each has its
            // own.
            let faulty: Vec<(&Interface, String)> = port
                .interfaces
                .iter()
                .filter_map(|interface| Some((interface, own_fault(port, interface)?)))
                .collect();
            let (kind, what) = match usable.as_slice() {
                [] => {
                    let mut what = format!("none of its {all} members is usable");
                    for (interface, fault) in faulty {
                        let _ = write!(what, "; {}: {fault}", interface.name);
                        found.explain(interface);
                    }
                    (FindingKind::BondDown, what)
                }
                [one] if all == 1 => (
                    FindingKind::BondDegraded,
                    format!("{one} is its only member"),
                ),
                [_] if faulty.len() + 1 == all => continue,
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

/// The fault of a bond whose links are up, but that passes nothing because of LACP.
fn check_lacp(port: &Port) -> Option<(FindingKind, String)> {
    let mut reasons =
        port.interfaces
            .iter()
            .filter_map(|interface| match PortState::of(port, interface) {
                Some(PortState::Up) => Some(None),
                Some(PortState::NotLive) => Some(NotLive::of(port, interface)),
                Some(PortState::Error | PortState::Down) | None => None,
            });
    let first = reasons.next()??;
    if !reasons.all(|reason| reason == Some(first)) {
        return None;
    }
    let lacp = port.lacp.as_deref().unwrap_or("off");
    match first {
        NotLive::NeedsLacp => {
            let what = "its bond_mode is balance-tcp, which needs LACP, and lacp is off";
            Some((FindingKind::BondNeedsLacp, what.to_owned()))
        }
        NotLive::NoPartner => {
            let what = format!("lacp is {lacp}, and no member has a partner");
            Some((FindingKind::LacpNoPartner, what))
        }
        NotLive::Bfd(_) | NotLive::Cfm(_) => None,
    }
}

/// Why the member alone, not its link or the bond, passes nothing.
fn own_fault(port: &Port, interface: &Interface) -> Option<String> {
    if has_failed(interface) {
        let error = interface.error.as_deref();
        return Some(error.unwrap_or("its ofport is -1").to_owned());
    }
    let reason = NotLive::of(port, interface).filter(|reason| reason.is_of_path())?;
    (PortState::of(port, interface) == Some(PortState::NotLive)).then(|| reason.to_string())
}

/// A member of unknown state counts.
fn is_usable(port: &Port, interface: &Interface) -> bool {
    matches!(PortState::of(port, interface), None | Some(PortState::Up))
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

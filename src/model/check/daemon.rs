//! Faults that ovs-vswitchd knows and the database does not: members of bonds that are not used, MAC addresses that
//! move, and those of datapaths.

use super::datapath::{self, DatapathFacts};
use super::finding::{Finding, Found};
use super::kind::FindingKind;
use crate::model::topology::{Bridge, Topology};
use crate::unixctl::bonds::BondState;
use crate::unixctl::fdb::MacCounters;

/// What the daemon says.
#[derive(Debug, Clone, Default)]
pub struct DaemonFacts {
    /// The bonds; empty if they were not asked for.
    pub bonds: Vec<BondState>,
    /// The counters of the MAC table of each bridge, by name: at the beginning of the checks and at their end.
    pub macs: Vec<(String, MacCounters, MacCounters)>,
    /// The datapaths.
    pub datapaths: DatapathFacts,
}

/// More moves than this, and than [`MOVES_PER_ADDRESS`] for each address that was learned, are no moves of devices.
const MOVES: u64 = 100;
const MOVES_PER_ADDRESS: u64 = 10;

/// The faults, without those of bonds that are among the `others`.
pub fn daemon_findings(
    topology: &Topology,
    facts: &DaemonFacts,
    others: &[Finding],
) -> Vec<Finding> {
    let mut found = Found::default();
    for bond in &facts.bonds {
        let Some((bridge, port)) = topology.port(&bond.name) else {
            continue;
        };
        let is_of_bond = |name: &str| {
            name == bond.name
                || port
                    .interfaces
                    .iter()
                    .any(|interface| interface.name == name)
        };
        if !others.iter().any(|finding| is_of_bond(&finding.object)) {
            check_bond(bridge, bond, &mut found);
        }
    }
    for (name, before, now) in &facts.macs {
        if let Some(bridge) = topology.bridge(name) {
            check_macs(bridge, *before, *now, &mut found);
        }
    }
    datapath::check(topology, &facts.datapaths, others, &mut found);
    found.findings
}

fn check_bond(bridge: &Bridge, bond: &BondState, found: &mut Found) {
    // A member that waits for its updelay is about to be used.
    let disabled: Vec<&str> = bond
        .members
        .iter()
        .filter(|member| !member.is_enabled && member.delay.is_none())
        .map(|member| member.name.as_str())
        .collect();
    if disabled.is_empty() {
        return;
    }
    let what = format!(
        "of its {} members ovs-vswitchd does not use {}",
        bond.members.len(),
        disabled.join(", ")
    );
    found.add(
        FindingKind::BondMemberDisabled,
        Some(bridge),
        &bond.name,
        what,
    );
}

fn check_macs(bridge: &Bridge, before: MacCounters, now: MacCounters, found: &mut Found) {
    if now.moved <= MOVES.max(now.learned.saturating_mul(MOVES_PER_ADDRESS)) {
        return;
    }
    let moved = now.moved;
    let just_now = match moved.saturating_sub(before.moved) {
        0 => String::new(),
        some => format!(", {some} of them during this check"),
    };
    let what = format!(
        "MAC addresses were seen on another port than before {moved} times{just_now}; {} were learned",
        now.learned
    );
    found.add(FindingKind::MacMoves, Some(bridge), &bridge.name, what);
}

#[cfg(test)]
mod tests {
    use super::super::tests::{port, switch};
    use super::*;

    #[test]
    fn moves_are_told_where_they_are_many() {
        let topology = switch(&[("br0", &[port("p1", "", &[])])]);
        let counters = |moved, learned| MacCounters {
            learned,
            moved,
            ..MacCounters::default()
        };
        let what = |before, now| {
            let facts = DaemonFacts {
                macs: vec![("br0".to_owned(), before, now)],
                ..DaemonFacts::default()
            };
            let found = daemon_findings(&topology, &facts, &[]);
            found
                .into_iter()
                .map(|finding| finding.what)
                .collect::<Vec<_>>()
        };
        assert_eq!(what(counters(100, 1), counters(100, 1)), [""; 0]);
        assert_eq!(what(counters(5000, 600), counters(5000, 600)), [""; 0]);
        let told = what(counters(101, 1), counters(108, 1));
        let [told] = told.as_slice() else {
            panic!("{told:?}")
        };
        assert!(
            told.contains("108 times, 7 of them during this check"),
            "{told}"
        );
    }

    #[test]
    fn members_of_which_nothing_else_is_told() {
        let mut bond = port("bond0", "", &[]);
        bond.interfaces.clear();
        for member in ["m1", "m2", "m3"] {
            bond.interfaces.extend(port(member, "", &[]).interfaces);
        }
        let topology = switch(&[("br0", &[bond])]);
        let text = "---- bond0 ----\n\nmember m1: enabled\n\nmember m2: disabled\n  updelay expires in 5 ms\n\n\
                    member m3: disabled\n  may_enable: false\n";
        let facts = DaemonFacts {
            bonds: BondState::from_text(text),
            ..DaemonFacts::default()
        };
        let found = daemon_findings(&topology, &facts, &[]);
        let [finding] = found.as_slice() else {
            panic!("{found:?}")
        };
        assert!(
            finding
                .what
                .ends_with("3 members ovs-vswitchd does not use m3"),
            "{}",
            finding.what
        );
        let mut other = finding.clone();
        other.object = "m3".to_owned();
        assert_eq!(daemon_findings(&topology, &facts, &[other]), []);
    }
}

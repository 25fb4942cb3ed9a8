//! What is wrong with a switch, and what to do about it.
//!
//! Pure functions: [`findings`] on a snapshot of the database with what is known of the daemon and the
//! host, [`FlowCheck`] on the flows of one bridge as they stream by. One file per family, one row of
//! [`Kind`] per fault. Whoever adds a fault adds a row and the few lines that find it.
//!
//! | room | what it looks at |
//! |---|---|
//! | [`kind`] | the list of faults: word, severity, what it is, what helps |
//! | `finding` | a fault of one thing, and the snapshot that it is found in |
//! | `switch` | the daemon, the bridges, their datapath ids |
//! | `controllers` | connections to OpenFlow controllers |
//! | `patches` | patch ports |
//! | `tunnels` | tunnels, with the host's addresses and routes |
//! | `names` | names that a device or OpenFlow cannot bear |
//! | `vlan` | tags and trunks |
//! | `bonds` | members that carry traffic |
//! | `mirrors` | where copies go |
//! | `keys` | keys of options and other_config |
//! | `ports` | what ovs-vswitchd could not open |
//! | [`flows`] | flows, groups and meters of one bridge |
//! | `references` | what flows and groups refer to |
//! | `watched` | ports and groups that the buckets of groups watch |
//! | [`flow_set`] | the flows of a switch, kept for the two searches below |
//! | [`hidden`] | flows that no packet reaches |
//! | [`overlaps`] | flows of equal priority that match the same packets |
//! | `cookies` | which cookies the known controllers write |

mod bonds;
mod controllers;
mod cookies;
mod finding;
pub mod flow_set;
pub mod flows;
pub mod hidden;
mod keys;
pub mod kind;
mod mirrors;
mod names;
pub mod overlaps;
mod patches;
mod ports;
mod references;
mod switch;
mod tunnels;
mod vlan;
mod watched;

pub use finding::{Daemon, Finding, Snapshot};
pub use flows::FlowCheck;
pub use kind::{Kind, Severity};
pub use references::Existing;

use crate::base::order::by_name;
use finding::Found;

/// The faults that the database tells of, flows aside; in no order, see [`sort`].
pub fn findings(snapshot: &Snapshot<'_>) -> Vec<Finding> {
    let mut found = Found::default();
    switch::check(snapshot, &mut found);
    controllers::check(snapshot, &mut found);
    patches::check(snapshot, &mut found);
    tunnels::check(snapshot, &mut found);
    names::check(snapshot, &mut found);
    vlan::check(snapshot, &mut found);
    bonds::check(snapshot, &mut found);
    mirrors::check(snapshot, &mut found);
    keys::check(snapshot, &mut found);
    // Last: whose error has been explained by now is not told twice.
    ports::check(snapshot, &mut found);
    keys::merge(&mut found);
    found.findings
}

/// Puts the worst first; in each severity the switch's own, then bridge by bridge.
pub fn sort(findings: &mut [Finding]) {
    findings.sort_by(|a, b| {
        let bridge = |finding: &Finding| finding.bridge.clone().unwrap_or_default();
        let severity = a.kind.severity().cmp(&b.kind.severity());
        severity
            .then_with(|| by_name(&bridge(a), &bridge(b)))
            .then_with(|| a.kind.cmp(&b.kind))
            .then_with(|| by_name(&a.object, &b.object))
            .then_with(|| a.what.cmp(&b.what))
    });
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::model::host::HostFacts;
    use crate::model::topology::{Bridge, Interface, Port, Topology};

    /// A port with one interface of its name.
    pub(in crate::model) fn port(name: &str, kind: &str, options: &[(&str, &str)]) -> Port {
        Port {
            name: name.into(),
            interfaces: vec![Interface {
                name: name.into(),
                type_: kind.into(),
                ofport: Some(1),
                options: options
                    .iter()
                    .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                    .collect(),
                ..Interface::default()
            }],
            ..Port::default()
        }
    }

    pub(in crate::model) fn switch(bridges: &[(&str, &[Port])]) -> Topology {
        let bridge = |(name, ports): &(&str, &[Port])| Bridge {
            name: (*name).into(),
            ports: ports.to_vec(),
            ..Bridge::default()
        };
        Topology {
            bridges: bridges.iter().map(bridge).collect(),
            ..Topology::default()
        }
    }

    /// `KIND OBJECT` of every finding, sorted.
    pub(in crate::model) fn found(topology: &Topology, host: Option<&HostFacts>) -> Vec<String> {
        let snapshot = Snapshot {
            topology,
            daemon: &Daemon::Unknown,
            host,
        };
        let mut findings = findings(&snapshot);
        sort(&mut findings);
        let line = |finding: &Finding| format!("{} {}", finding.kind.word(), finding.object);
        findings.iter().map(line).collect()
    }
}

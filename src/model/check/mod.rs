//! The faults of a switch, with hints.
//!
//! Pure functions: [`findings`] on a snapshot of the database with what is known of the daemon and the
//! host, [`FlowCheck`] on the flows of one bridge as they stream by. One file per family, one row of
//! [`FindingKind`] per fault. A new fault needs a row and the code that finds it.
//!
//! | module | what it checks |
//! |---|---|
//! | [`kind`] | the list of faults: word, severity, description, hint |
//! | `finding` | a finding, and the snapshot that it is found in |
//! | `switch` | the daemon, the bridges, their datapath ids |
//! | `controllers` | connections to OpenFlow controllers |
//! | `patches` | patch ports |
//! | `tunnels` | tunnels, with the host's addresses and routes |
//! | `names` | names that are too long for a device or for OpenFlow |
//! | `vlan` | tags and trunks |
//! | `bonds` | bonds and their members |
//! | `daemon` | what ovs-vswitchd knows of bonds and MAC addresses |
//! | `datapath` | flows and packets lost of datapaths, tunnels in userspace |
//! | `mirrors` | mirrors |
//! | `shaping` | `QoS` and queues |
//! | `keys` | keys of options and other_config |
//! | `ports` | interfaces that ovs-vswitchd could not open |
//! | [`flows`] | flows, groups and meters of one bridge |
//! | `references` | what flows and groups refer to |
//! | `watched` | ports and groups that the buckets of groups watch |
//! | [`flow_set`] | the flows of a switch, kept for the two searches below |
//! | [`hidden`] | flows that no packet reaches |
//! | [`overlaps`] | flows of equal priority that match the same packets |
//! | `hosts` | faults between several hosts |
//! | `host_view` | a host as the others see it, and the findings between hosts |
//! | `host_tunnels`, `host_networks` | faults of their tunnels, networks and ports |
//! | `cookies` | the cookies of known controllers |

mod bonds;
mod controllers;
mod cookies;
mod daemon;
mod datapath;
mod finding;
pub mod flow_set;
pub mod flows;
pub mod hidden;
mod host_networks;
mod host_tunnels;
mod host_view;
mod hosts;
mod keys;
pub mod kind;
mod mirrors;
mod names;
pub mod overlaps;
mod patches;
mod ports;
mod references;
mod shaping;
mod switch;
mod tunnels;
mod vlan;
mod watched;

pub use daemon::{DaemonFacts, daemon_findings};
pub use datapath::{DatapathFacts, userspace_remotes};
pub use finding::{Daemon, Finding, Snapshot};
pub use flows::FlowCheck;
pub use host_view::{HostFinding, HostView};
pub use hosts::host_findings;
pub use kind::{FindingKind, Severity};
pub use references::Existing;

use crate::base::order::by_name;
use finding::Found;

/// The faults found in the database, without flows; unsorted, see [`sort`].
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
    shaping::check(snapshot, &mut found);
    keys::check(snapshot, &mut found);
    // Last: errors explained by other findings are not reported again.
    ports::check(snapshot, &mut found);
    keys::merge(&mut found);
    found.findings
}

/// Sorts by severity, the worst first, then faults of the whole switch, then by bridge.
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
            run_directories: &[],
        };
        let mut findings = findings(&snapshot);
        sort(&mut findings);
        let line = |finding: &Finding| format!("{} {}", finding.kind.word(), finding.object);
        findings.iter().map(line).collect()
    }
}

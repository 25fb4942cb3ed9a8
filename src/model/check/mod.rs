//! What is wrong with a switch, and what to do about it.
//!
//! Pure functions: [`findings`] on a snapshot of the database with what is known of the daemon and the
//! host, [`FlowCheck`] on the flows of one bridge as they stream by. One file per family, one row of
//! [`Kind`] per fault. Whoever adds a fault adds a row and the few lines that find it.
//!
//! | room | what it looks at |
//! |---|---|
//! | [`kind`] | the list of faults: word, severity, what it is, what helps |
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
//! | `watched` | ports and groups that the buckets of groups watch |
//! | [`flow_set`] | the flows of a switch, kept for the two searches below |
//! | [`hidden`] | flows that no packet reaches |
//! | [`overlaps`] | flows of equal priority that match the same packets |
//! | `cookies` | which cookies the known controllers write |

mod bonds;
mod controllers;
mod cookies;
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
mod switch;
mod tunnels;
mod vlan;
mod watched;

pub use flows::FlowCheck;
pub use kind::{Kind, Severity};

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::host::HostFacts;
use super::resolve::argument;
use super::topology::{Bridge, Interface, Port, Topology};
use crate::base::order::by_name;
use crate::base::shell::word;

/// One fault of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which fault it is.
    pub kind: Kind,
    /// The bridge it is on; `None`: it is the switch's own.
    pub bridge: Option<String>,
    /// What has it: a port, controller, mirror, flow; the bridge itself; `ovs-vswitchd`.
    pub object: String,
    /// What is the matter, in a line.
    pub what: String,
    /// What to do, in a line.
    pub hint: String,
}

impl Finding {
    /// A fault of a thing on a bridge; in the hint `{object}` and `{bridge}` stand for their names.
    pub(super) fn new(kind: Kind, bridge: Option<&str>, object: &str, what: String) -> Self {
        let mut finding = Self {
            kind,
            bridge: bridge.map(str::to_owned),
            object: object.to_owned(),
            what,
            hint: String::new(),
        };
        finding.set_hint(kind.hint(), &[]);
        finding
    }

    /// Sets the hint: `{object}` and `{bridge}` in it stand for their names, and what else `more` has.
    fn set_hint(&mut self, hint: &str, more: &[(&str, &str)]) {
        let object = argument(&self.object);
        let bridge = self.bridge.as_deref().unwrap_or_default();
        let more = more.iter().map(|(place, name)| (*place, word(name)));
        let usual = [("{object}", word(&object)), ("{bridge}", word(bridge))];
        let names: Vec<(&str, Cow<'_, str>)> = more.chain(usual).collect();
        self.hint = fill(hint, &names);
    }

    /// Whether the hint is that of its kind, with names in it; a finding may have one of its own.
    pub fn has_usual_hint(&self) -> bool {
        let mut rest = self.hint.as_str();
        let mut is_first = true;
        // What stands between the names, in order.
        for part in self.kind.hint().split(['{', '}']).step_by(2) {
            let Some(at) = rest.find(part).filter(|at| !is_first || *at == 0) else {
                return false;
            };
            rest = rest.get(at + part.len()..).unwrap_or_default();
            is_first = false;
        }
        self.kind.hint().ends_with('}') || rest.is_empty()
    }
}

/// The text with names in their places; a name that holds such a word itself stays as it is.
fn fill(text: &str, names: &[(&str, Cow<'_, str>)]) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((at, place, name)) = names
        .iter()
        .filter_map(|(place, name)| Some((rest.find(place)?, place, name)))
        .min_by_key(|(at, ..)| *at)
    {
        out.push_str(rest.get(..at).unwrap_or_default());
        out.push_str(name);
        rest = rest.get(at + place.len()..).unwrap_or_default();
    }
    out + rest
}

/// What the findings are made from. The topology must be whole: every bridge, in full, with
/// [`super::Want::with_health`].
#[derive(Debug, Clone, Copy)]
pub struct Snapshot<'t> {
    /// The database.
    pub topology: &'t Topology,
    /// Whether ovs-vswitchd does its work.
    pub daemon: &'t Daemon,
    /// The host's network; `None` where the switch is another host's, or none at all.
    pub host: Option<&'t HostFacts>,
}

impl Snapshot<'_> {
    /// Whether something is configured that ovs-vswitchd has not applied.
    fn is_behind(&self) -> bool {
        self.topology.ovs.cur_cfg < self.topology.ovs.next_cfg
    }

    /// Whether ovs-vswitchd has not taken the interface up although it has had the time.
    fn is_without_ofport(&self, interface: &Interface) -> bool {
        let is_asked = matches!(self.daemon, Daemon::Runs { .. });
        interface.ofport.is_none() && is_asked && !self.is_behind()
    }

    /// Whether no packet passes the port: each of its interfaces has a fault of its own.
    fn is_closed(&self, bridge: &Bridge, port: &Port) -> bool {
        let is_closed = |it: &Interface| has_failed(it) || self.is_without_ofport(it);
        self.daemon.may_be_believed()
            && self.daemon.serves(bridge)
            && !port.interfaces.is_empty()
            && port.interfaces.iter().all(is_closed)
    }
}

/// What is known of ovs-vswitchd.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Daemon {
    /// Nothing: the database is another host's.
    #[default]
    Unknown,
    /// It runs; these bridges of the database it does not serve.
    Runs {
        /// Their names.
        unserved: BTreeSet<String>,
    },
    /// It accepts connections and says nothing: stopped, or blocked.
    Silent,
    /// It does not run.
    Down,
}

impl Daemon {
    /// Whether what it wrote into the database (errors, numbers, connections) is of today.
    fn may_be_believed(&self) -> bool {
        matches!(self, Self::Unknown | Self::Runs { .. })
    }

    fn serves(&self, bridge: &Bridge) -> bool {
        match self {
            Self::Runs { unserved } => !unserved.contains(&bridge.name),
            Self::Unknown | Self::Silent => true,
            Self::Down => false,
        }
    }
}

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

/// The findings so far.
#[derive(Debug, Default)]
struct Found {
    findings: Vec<Finding>,
    /// Interfaces whose error needs no finding of its own: another says why they have it.
    explained: BTreeSet<String>,
    /// Of the findings on keys: which they are, and the key that was meant.
    keys: Vec<(usize, String)>,
}

impl Found {
    fn add(&mut self, kind: Kind, bridge: Option<&Bridge>, object: &str, what: impl Into<String>) {
        let bridge = bridge.map(|bridge| bridge.name.as_str());
        let finding = Finding::new(kind, bridge, object, what.into());
        self.findings.push(finding);
    }

    /// The finding added last gets another hint than others of its kind.
    fn hint(&mut self, hint: &str, more: &[(&str, &str)]) {
        if let Some(finding) = self.findings.last_mut() {
            finding.set_hint(hint, more);
        }
    }

    fn explain(&mut self, interface: &Interface) {
        self.explained.insert(interface.name.clone());
    }

    fn is_explained(&self, interface: &Interface) -> bool {
        self.explained.contains(&interface.name)
    }
}

/// Whether ovs-vswitchd could not open it.
fn has_failed(interface: &Interface) -> bool {
    interface.error.is_some() || interface.ofport == Some(-1)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

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

//! Findings, and the snapshot that they are found in.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::kind::FindingKind;
use crate::base::shell::word;
use crate::model::host::HostFacts;
use crate::model::resolve::argument;
use crate::model::topology::{Bridge, Interface, Port, Topology};

/// One fault of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The kind of fault.
    pub kind: FindingKind,
    /// The bridge; `None`: a fault of the whole switch.
    pub bridge: Option<String>,
    /// The object: a port, controller, mirror, flow; the bridge itself; `ovs-vswitchd`.
    pub object: String,
    /// The fault, in one line.
    pub what: String,
    /// The next step, in one line.
    pub hint: String,
}

impl Finding {
    /// A fault of an object on a bridge; in the hint `{object}` and `{bridge}` are replaced.
    pub(super) fn new(kind: FindingKind, bridge: Option<&str>, object: &str, what: String) -> Self {
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

    /// Sets the hint, in which `{object}`, `{bridge}` and the names in `more` are replaced.
    fn set_hint(&mut self, hint: &str, more: &[(&str, &str)]) {
        let object = argument(&self.object);
        let bridge = self.bridge.as_deref().unwrap_or_default();
        let more = more.iter().map(|(place, name)| (*place, word(name)));
        let usual = [("{object}", word(&object)), ("{bridge}", word(bridge))];
        let names: Vec<(&str, Cow<'_, str>)> = more.chain(usual).collect();
        self.hint = fill(hint, &names);
    }

    /// Whether the hint is the default one of its kind.
    pub fn has_usual_hint(&self) -> bool {
        let mut rest = self.hint.as_str();
        let mut is_first = true;
        // The literal parts of the hint, in order.
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

/// Replaces the placeholders in a text, once: names that contain placeholders stay as they are.
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

/// The facts that findings are made from. The topology must be complete: every bridge, in full, with
/// [`crate::model::Want::with_health`].
#[derive(Debug, Clone, Copy)]
pub struct Snapshot<'t> {
    /// The database.
    pub topology: &'t Topology,
    /// The state of ovs-vswitchd.
    pub daemon: &'t Daemon,
    /// The host's network; `None` if the switch is on another host, or the facts are missing.
    pub host: Option<&'t HostFacts>,
    /// The spellings of ovs-vswitchd's run directory; empty if the switch is on another host.
    pub run_directories: &'t [String],
}

impl Snapshot<'_> {
    /// Whether ovs-vswitchd has not applied the latest configuration.
    pub(super) fn is_behind(&self) -> bool {
        self.topology.ovs.cur_cfg < self.topology.ovs.next_cfg
    }

    /// Whether ovs-vswitchd has not added the interface although it has applied the configuration.
    pub(super) fn is_without_ofport(&self, interface: &Interface) -> bool {
        let is_asked = matches!(self.daemon, Daemon::Runs { .. });
        interface.ofport.is_none() && is_asked && !self.is_behind()
    }

    /// Whether the port passes no packet: each of its interfaces has a fault of its own.
    pub(super) fn is_closed(&self, bridge: &Bridge, port: &Port) -> bool {
        let is_closed = |it: &Interface| has_failed(it) || self.is_without_ofport(it);
        self.daemon.may_be_believed()
            && self.daemon.serves(bridge)
            && !port.interfaces.is_empty()
            && port.interfaces.iter().all(is_closed)
    }
}

/// The state of ovs-vswitchd.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Daemon {
    /// Unknown: the database is on another host.
    #[default]
    Unknown,
    /// It runs, but does not serve these bridges of the database.
    Runs {
        /// Their names.
        unserved: BTreeSet<String>,
    },
    /// It accepts connections but does not reply: stopped, or blocked.
    Silent,
    /// It does not run.
    Down,
}

impl Daemon {
    /// Whether what it wrote into the database (errors, numbers, connections) is current.
    pub(super) fn may_be_believed(&self) -> bool {
        matches!(self, Self::Unknown | Self::Runs { .. })
    }

    pub(super) fn serves(&self, bridge: &Bridge) -> bool {
        match self {
            Self::Runs { unserved } => !unserved.contains(&bridge.name),
            Self::Unknown | Self::Silent => true,
            Self::Down => false,
        }
    }
}

/// The findings so far.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) findings: Vec<Finding>,
    /// Interfaces whose error is explained by another finding.
    pub(super) explained: BTreeSet<String>,
    /// The findings on keys: index, and the key that was probably meant.
    pub(super) keys: Vec<(usize, String)>,
}

impl Found {
    pub(super) fn add(
        &mut self,
        kind: FindingKind,
        bridge: Option<&Bridge>,
        object: &str,
        what: impl Into<String>,
    ) {
        let bridge = bridge.map(|bridge| bridge.name.as_str());
        let finding = Finding::new(kind, bridge, object, what.into());
        self.findings.push(finding);
    }

    /// Replaces the hint of the finding added last.
    pub(super) fn hint(&mut self, hint: &str, more: &[(&str, &str)]) {
        if let Some(finding) = self.findings.last_mut() {
            finding.set_hint(hint, more);
        }
    }

    pub(super) fn explain(&mut self, interface: &Interface) {
        self.explained.insert(interface.name.clone());
    }

    pub(super) fn is_explained(&self, interface: &Interface) -> bool {
        self.explained.contains(&interface.name)
    }
}

/// Whether ovs-vswitchd could not open it.
pub(super) fn has_failed(interface: &Interface) -> bool {
    interface.error.is_some() || interface.ofport == Some(-1)
}

//! What is wrong with one thing, and what it is found in.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::kind::Kind;
use crate::base::shell::word;
use crate::model::host::HostFacts;
use crate::model::resolve::argument;
use crate::model::topology::{Bridge, Interface, Port, Topology};

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
/// [`crate::model::Want::with_health`].
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
    pub(super) fn is_behind(&self) -> bool {
        self.topology.ovs.cur_cfg < self.topology.ovs.next_cfg
    }

    /// Whether ovs-vswitchd has not taken the interface up although it has had the time.
    pub(super) fn is_without_ofport(&self, interface: &Interface) -> bool {
        let is_asked = matches!(self.daemon, Daemon::Runs { .. });
        interface.ofport.is_none() && is_asked && !self.is_behind()
    }

    /// Whether no packet passes the port: each of its interfaces has a fault of its own.
    pub(super) fn is_closed(&self, bridge: &Bridge, port: &Port) -> bool {
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
    /// Interfaces whose error needs no finding of its own: another says why they have it.
    pub(super) explained: BTreeSet<String>,
    /// Of the findings on keys: which they are, and the key that was meant.
    pub(super) keys: Vec<(usize, String)>,
}

impl Found {
    pub(super) fn add(
        &mut self,
        kind: Kind,
        bridge: Option<&Bridge>,
        object: &str,
        what: impl Into<String>,
    ) {
        let bridge = bridge.map(|bridge| bridge.name.as_str());
        let finding = Finding::new(kind, bridge, object, what.into());
        self.findings.push(finding);
    }

    /// The finding added last gets another hint than others of its kind.
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

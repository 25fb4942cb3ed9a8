//! Flows, groups and meters of one bridge: what they refer to that is not there, and which flows no
//! packet reaches.
//!
//! Flows are added as they stream by; ports, groups and meters that exist are told at the end, so that
//! what was added meanwhile is not missed.

use std::collections::{BTreeMap, BTreeSet};

use super::hidden::{Flows, flow_text};
use super::{Finding, Kind};
use crate::openflow::actions::{Action, ActionList, CloneActions, Ct, Enqueue, WriteActions};
use crate::openflow::actions::{Controller, Group, Meter, Output, OutputTrunc};
use crate::openflow::messages::flow_stats::FlowStats;
use crate::openflow::messages::groups::{GROUP_ANY, GroupDesc};
use crate::openflow::text::{PORT_ANY, TextContext, reserved_port};

/// So many hidden flows of a bridge are told one by one.
const HIDDEN_SHOWN: usize = 1000;

/// So many ports, groups and meters are remembered, each; a switch with more has other troubles.
const REMEMBERED: usize = 100_000;

/// What the flows of one bridge refer to.
#[derive(Debug, Default)]
pub struct FlowCheck {
    matched_ports: References,
    output_ports: References,
    groups: References,
    meters: References,
    flows: Flows,
}

/// What a switch has.
#[derive(Debug, Clone, Default)]
pub struct Existing {
    /// Its ports' numbers.
    pub ports: BTreeSet<u32>,
    /// Its groups; `None`: it did not tell.
    pub groups: Option<BTreeSet<u32>>,
    /// Its meters; `None`: it did not tell.
    pub meters: Option<BTreeSet<u32>>,
}

impl FlowCheck {
    /// Adds a flow; `cx` says how to write it.
    pub fn add(&mut self, flow: &FlowStats<'_>, cx: &TextContext<'_>) {
        self.flows.add(flow);
        // A flow that expires refers to nothing for long: learned flows outlive their ports a while.
        if flow.idle_timeout != 0 || flow.hard_timeout != 0 {
            return;
        }
        let text = || flow_text(flow.table_id, flow.priority, Some(&flow.fields), cx);
        if let Some(port) = flow.fields.in_port() {
            self.matched_ports.add(port, &text);
        }
        self.add_actions(&flow.actions, &text);
    }

    /// Adds a group.
    pub fn add_group(&mut self, group: &GroupDesc<'_>) {
        let text = || format!("group {}", group.group_id);
        for bucket in group.buckets.clone().flatten() {
            if bucket.watch_port != PORT_ANY {
                self.output_ports.add(bucket.watch_port, &text);
            }
            if bucket.watch_group != GROUP_ANY {
                self.groups.add(bucket.watch_group, &text);
            }
            self.add_actions(&bucket.actions, &text);
        }
    }

    fn add_actions(&mut self, actions: &ActionList<'_>, text: &impl Fn() -> String) {
        for action in actions.iter().flatten() {
            match action {
                Action::Output(Output { port, .. })
                | Action::OutputTrunc(OutputTrunc { port, .. })
                | Action::Enqueue(Enqueue { port, .. }) => self.output_ports.add(port, text),
                Action::Bundle(bundle) => {
                    for port in bundle.members() {
                        self.output_ports.add(port, text);
                    }
                }
                Action::Group(Group { group }) => self.groups.add(group, text),
                Action::Meter(Meter { meter_id }) => self.meters.add(meter_id, text),
                Action::Controller(Controller { meter_id, .. }) if meter_id != 0 => {
                    self.meters.add(meter_id, text);
                }
                Action::CloneActions(CloneActions { actions })
                | Action::WriteActions(WriteActions { actions })
                | Action::Ct(Ct { actions, .. }) => self.add_actions(&actions, text),
                _ => {}
            }
        }
    }

    /// What is wrong with the flows of `bridge`. The flag says whether all flows were looked at for
    /// others that hide them: there is a limit to the work.
    pub fn finish(
        &self,
        bridge: &str,
        existing: &Existing,
        cx: &TextContext<'_>,
    ) -> (Vec<Finding>, bool) {
        let mut findings = Vec::new();
        let mut missing = |kind, word: &str, referred: &References, has: &dyn Fn(u32) -> bool| {
            for (number, uses) in &referred.0 {
                if !has(*number) {
                    let object = format!("{word} {number}");
                    let what = uses.text(kind);
                    let mut finding = Finding::new(kind, Some(bridge), &object, what);
                    finding.hint = finding.hint.replace("{number}", &number.to_string());
                    findings.push(finding);
                }
            }
        };
        let has_port = |port: u32| reserved_port(port).is_some() || existing.ports.contains(&port);
        missing(
            Kind::FlowMatchesNoPort,
            "port",
            &self.matched_ports,
            &has_port,
        );
        missing(
            Kind::FlowOutputNoPort,
            "port",
            &self.output_ports,
            &has_port,
        );
        if let Some(groups) = &existing.groups {
            let has = |group| groups.contains(&group);
            missing(Kind::MissingGroup, "group", &self.groups, &has);
        }
        if let Some(meters) = &existing.meters {
            let has = |meter| meters.contains(&meter);
            missing(Kind::MissingMeter, "meter", &self.meters, &has);
        }
        let complete = self.hidden(bridge, cx, &mut findings);
        (findings, complete)
    }

    /// Whether anything refers to a meter.
    pub fn has_meters(&self) -> bool {
        !self.meters.0.is_empty()
    }

    fn hidden(&self, bridge: &str, cx: &TextContext<'_>, findings: &mut Vec<Finding>) -> bool {
        let covers = self.flows.covers(HIDDEN_SHOWN);
        for cover in &covers.covers {
            let object = self.flows.text(cover.hidden, cx);
            let what = format!("hidden by {}", self.flows.text(cover.by, cx));
            findings.push(Finding::new(Kind::HiddenFlow, Some(bridge), &object, what));
        }
        if covers.more > 0 {
            let what = format!("{} more flows are hidden", covers.more);
            findings.push(Finding::new(Kind::HiddenFlow, Some(bridge), bridge, what));
        }
        covers.complete
    }
}

/// Numbers that are referred to, each with who does.
#[derive(Debug, Default)]
struct References(BTreeMap<u32, Uses>);

#[derive(Debug)]
struct Uses {
    count: u64,
    first: String,
}

impl References {
    fn add(&mut self, number: u32, text: &impl Fn() -> String) {
        if let Some(uses) = self.0.get_mut(&number) {
            uses.count += 1;
        } else if self.0.len() < REMEMBERED {
            let first = text();
            self.0.insert(number, Uses { count: 1, first });
        }
    }
}

impl Uses {
    /// `table=0,priority=5,in_port=9 and 3 more match on it`
    fn text(&self, kind: Kind) -> String {
        let one = self.count == 1;
        let verb = match kind {
            Kind::FlowMatchesNoPort if one => "matches on it",
            Kind::FlowMatchesNoPort => "match on it",
            Kind::FlowOutputNoPort if one => "sends to it",
            Kind::FlowOutputNoPort => "send to it",
            _ if one => "refers to it",
            _ => "refer to it",
        };
        match self.count {
            0 | 1 => format!("{} {verb}", self.first),
            count => format!("{} and {} more {verb}", self.first, count - 1),
        }
    }
}

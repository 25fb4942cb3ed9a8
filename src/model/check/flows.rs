//! Faults of the flows, groups and meters of one bridge: references to what does not exist, flows that no
//! packet reaches, and overlapping flows of equal priority.
//!
//! Flows are added as they are read; the existing ports, groups and meters are given at the end, so that
//! those added meanwhile are not missed.

use super::finding::Finding;
use super::flow_set::{Flows, Index, flow_text};
use super::kind::FindingKind;
use super::references::{Existing, MAX_REPORTED, References};
use super::watched::Watched;
use crate::openflow::actions::{Action, ActionList, CloneActions, Ct, Enqueue, WriteActions};
use crate::openflow::actions::{Controller, Group, Meter, Output, OutputTrunc};
use crate::openflow::messages::flow_stats::FlowStats;
use crate::openflow::messages::groups::GroupDesc;
use crate::openflow::text::{TextContext, reserved_port};

/// The references of the flows of one bridge.
#[derive(Debug, Default)]
pub struct FlowCheck {
    matched_ports: References,
    output_ports: References,
    groups: References,
    meters: References,
    watched: Watched,
    flows: Flows,
    /// The number of flows and groups added.
    added: u64,
}

impl FlowCheck {
    /// Adds a flow; `cx` determines its text.
    pub fn add(&mut self, flow: &FlowStats<'_>, cx: &TextContext<'_>) {
        self.flows.add(flow);
        self.added += 1;
        // A flow that expires is not checked: learned flows outlive their ports for a while.
        if flow.idle_timeout != 0 || flow.hard_timeout != 0 {
            return;
        }
        let text = || flow_text(flow.table_id, flow.priority, Some(&flow.fields), cx);
        if let Some(port) = flow.fields.in_port() {
            self.matched_ports.add(port, self.added, &text);
        }
        self.add_actions(&flow.actions, &text);
    }

    /// Adds a group. The ports that its buckets watch are no destinations: see `watched`.
    pub fn add_group(&mut self, group: &GroupDesc<'_>) {
        self.added += 1;
        self.watched.add(group);
        let text = || format!("group {}", group.group_id);
        for bucket in group.buckets.clone().flatten() {
            self.add_actions(&bucket.actions, &text);
        }
    }

    fn add_actions(&mut self, actions: &ActionList<'_>, text: &impl Fn() -> String) {
        let by = self.added;
        for action in actions.iter().flatten() {
            match action {
                Action::Output(Output { port, .. })
                | Action::OutputTrunc(OutputTrunc { port, .. })
                | Action::Enqueue(Enqueue { port, .. }) => self.output_ports.add(port, by, text),
                Action::Bundle(bundle) => {
                    for port in bundle.members() {
                        self.output_ports.add(port, by, text);
                    }
                }
                Action::Group(Group { group }) => self.groups.add(group, by, text),
                Action::Meter(Meter { meter_id }) => self.meters.add(meter_id, by, text),
                Action::Controller(Controller { meter_id, .. }) if meter_id != 0 => {
                    self.meters.add(meter_id, by, text);
                }
                Action::CloneActions(CloneActions { actions })
                | Action::WriteActions(WriteActions { actions })
                | Action::Ct(Ct { actions, .. }) => self.add_actions(&actions, text),
                _ => {}
            }
        }
    }

    /// The findings on the flows of `bridge`. The flag is false if the search for hiding flows reached its
    /// work limit.
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
            FindingKind::FlowMatchesNoPort,
            "port",
            &self.matched_ports,
            &has_port,
        );
        missing(
            FindingKind::FlowOutputNoPort,
            "port",
            &self.output_ports,
            &has_port,
        );
        if let Some(groups) = &existing.groups {
            let has = |group| groups.contains(&group);
            missing(FindingKind::MissingGroup, "group", &self.groups, &has);
        }
        if let Some(meters) = &existing.meters {
            let has = |meter| meters.contains(&meter);
            missing(FindingKind::MissingMeter, "meter", &self.meters, &has);
        }
        self.watched.check(bridge, existing, &mut findings);
        let index = self.flows.index();
        let is_complete = [
            self.hidden(&index, bridge, cx, &mut findings),
            self.overlapping(&index, bridge, cx, &mut findings),
        ];
        (findings, is_complete == [true; 2])
    }

    /// Whether any flow refers to a meter.
    pub fn has_meters(&self) -> bool {
        !self.meters.0.is_empty()
    }

    fn hidden(
        &self,
        index: &Index<'_>,
        bridge: &str,
        cx: &TextContext<'_>,
        findings: &mut Vec<Finding>,
    ) -> bool {
        let text = |flow| self.flows.text(flow, cx);
        let mut add = |kind, object: &str, what| {
            findings.push(Finding::new(kind, Some(bridge), object, what));
        };
        let covers = index.covers(MAX_REPORTED);
        for cover in &covers.covers {
            let what = format!("hidden by {}", text(cover.by));
            add(FindingKind::HiddenFlow, &text(cover.hidden), what);
        }
        if covers.more > 0 {
            let what = format!("{} more flows are hidden", covers.more);
            add(FindingKind::HiddenFlow, bridge, what);
        }
        for (table, designed) in &covers.designed {
            let (hidden, by) = (text(designed.first.hidden), text(designed.first.by));
            let what = match designed.count {
                1 => format!("{hidden} is hidden by {by}"),
                count => format!("{count} flows are hidden, such as {hidden} by {by}"),
            };
            add(FindingKind::HiddenByDesign, &format!("table {table}"), what);
        }
        covers.complete
    }

    fn overlapping(
        &self,
        index: &Index<'_>,
        bridge: &str,
        cx: &TextContext<'_>,
        findings: &mut Vec<Finding>,
    ) -> bool {
        let text = |flow| {
            let text = self.flows.text(flow, cx);
            match self.flows.get(flow).and_then(|flow| flow.n_packets) {
                Some(n_packets) => format!("{text} (n_packets={n_packets})"),
                None => text,
            }
        };
        let overlaps = index.overlaps();
        for overlap in &overlaps.tables {
            let (one, other) = overlap.example;
            let (count, one, other) = (overlap.count, text(one), text(other));
            let what =
                format!("{count} flows overlap at equal priority, such as {one} and {other}");
            let object = format!("table {}", overlap.table);
            findings.push(Finding::new(
                FindingKind::OverlappingFlows,
                Some(bridge),
                &object,
                what,
            ));
        }
        overlaps.complete
    }
}

//! What the lines of a batch make of one switch: checked as far as that is possible before anything is sent.

use std::collections::HashMap;

use super::line::{EntriesOfSwitch, LineEntry};
use crate::commands::entries::{Entries, Entry, RefusalReason};
use crate::commands::flow::{
    self, BundledFlows, FlowPlan, NotSeen, absent_ports, refused_reference,
};
use crate::commands::group::{self, GroupPlan, GroupRequest, GroupStep, GroupWarnings, ReadSwitch};
use crate::commands::meter::{self, MeterPlan};
use crate::commands::switch::SwitchArg;
use crate::commands::switch_line::LineKind;
use crate::commands::{Context, Exit, Failure};
use crate::model::names::SwitchNames;
use crate::openflow::actions::SwitchReference;
use crate::openflow::fields::ParseError;
use crate::openflow::flow_change::FlowChange;
use crate::openflow::group_entry::{Group, GroupCommand};
use crate::openflow::messages::error::ErrorMessage;
use crate::openflow::messages::flow_mod::FlowCommand;
use crate::openflow::messages::groups::{GROUP_ALL, GroupDesc};
use crate::openflow::messages::meters::{METER_ALL, meter_word};
use crate::openflow::meter_spec::{MeterChange, MeterCommand};
use crate::openflow::text::NameLookup;
use crate::openflow::version::Version;

/// A change of a line.
#[derive(Debug)]
pub(super) enum LineChange {
    Flow(FlowChange),
    Group(GroupStep),
    Meter(MeterChange),
}

/// A change, with its line and its text.
#[derive(Debug)]
pub(super) struct PlannedChange {
    pub(super) line: usize,
    pub(super) change: LineChange,
}

impl PlannedChange {
    /// What it is.
    pub(super) fn kind(&self) -> LineKind {
        match &self.change {
            LineChange::Flow(change) => LineKind::Flow(change.command),
            LineChange::Group(step) => LineKind::Group(step.change.command),
            LineChange::Meter(change) => LineKind::Meter {
                command: change.command,
                may_create: false,
            },
        }
    }

    /// The message to the switch.
    ///
    /// # Errors
    ///
    /// The version cannot carry it.
    pub(super) fn message(&self, version: Version) -> Result<Vec<u8>, Failure> {
        let message = match &self.change {
            LineChange::Flow(change) => change.message(0).map_err(|error| error.to_string()),
            LineChange::Group(step) => {
                let large = || "the group is too large for a message".to_owned();
                step.change.message(0).ok_or_else(large)
            }
            LineChange::Meter(change) => {
                let large = || "the meter has more bands than fit in a message".to_owned();
                change.message(version, 0).ok_or_else(large)
            }
        };
        message.map_err(|reason| Failure::new(Exit::Failed, at(self.line, &reason)))
    }

    /// Why the switch `name` refused it.
    pub(super) fn reason(&self, error: &ErrorMessage, name: &str) -> RefusalReason {
        match &self.change {
            LineChange::Flow(change) => flow::refusal_reason(error, Some(change), name),
            LineChange::Group(step) => group::refusal_reason(error, Some(step), name),
            LineChange::Meter(_) => meter::reason(error, name),
        }
    }
}

/// What is sent to a switch, in this order.
#[derive(Debug, Default)]
pub(super) struct SwitchPlan {
    /// Meters that are added or changed, one by one: flows may refer to them.
    pub(super) meters: Vec<PlannedChange>,
    /// Flows and groups, in the order of their lines, together.
    pub(super) bundle: Vec<PlannedChange>,
    /// Meters that are removed, one by one: no flow needs them any more.
    pub(super) removed_meters: Vec<PlannedChange>,
}

/// `line 3: `, and the message.
pub(super) fn at(line: usize, message: &str) -> String {
    format!("line {line}: {message}")
}

/// The failure of a flow or group that cannot be read.
pub(super) fn malformed(
    switch: &SwitchArg,
    names: &SwitchNames,
    line: usize,
    error: &ParseError,
) -> Failure {
    let named = switch.unresolved(error, names);
    let failure = named.unwrap_or_else(|| Failure::new(Exit::Usage, error.to_string()));
    Failure {
        message: at(line, &failure.message),
        ..failure
    }
}

/// A flow that begins with the word of another command than its line.
pub(super) fn other_command(line: usize) -> Failure {
    let message = at(line, "it begins with the word of another command");
    Failure::new(Exit::Usage, message)
        .hint("give it a line of its own: flow add, flow mod, flow del, group add, ...")
}

/// The planning for a switch that is connected.
pub(super) struct Planner<'p> {
    pub(super) cx: &'p Context,
    pub(super) read: &'p mut ReadSwitch,
    pub(super) entries: &'p EntriesOfSwitch<'p>,
    /// The names that flows and groups are read with.
    pub(super) names: &'p dyn NameLookup,
    /// Whether a port may have another number than `names` have, because it is made by a line of the batch.
    pub(super) is_uncertain: &'p dyn Fn() -> bool,
    /// Whether no line of the batch may make or renumber ports, so that those of the switch are all.
    pub(super) knows_ports: bool,
    /// Whether warnings are printed.
    pub(super) warns: bool,
}

impl Planner<'_> {
    /// Works out what is sent.
    ///
    /// # Errors
    ///
    /// A line is malformed or does not fit what the switch has, or the switch does not reply.
    pub(super) async fn plan(&mut self) -> Result<SwitchPlan, Failure> {
        let texts = |(index, entry): (usize, &LineEntry<'_>)| {
            matches!(entry.kind, LineKind::Group(_)).then(|| (index, entry.entry()))
        };
        let (of_line, all): (Vec<usize>, Vec<Entry>) = self
            .entries
            .all
            .iter()
            .enumerate()
            .filter_map(texts)
            .unzip();
        let of_line: HashMap<usize, usize> = of_line.into_iter().zip(0..).collect();
        let group_entries = Entries::of_batch("group", all);
        let cx = self.cx;
        let request = |command| GroupRequest {
            cx,
            entries: &group_entries,
            command,
            no_atomic: false,
            explain: false,
            is_mixed: false,
            refuses_warnings: cx.writing.strict,
        };
        // One for all lines: they share the maximum number of warnings.
        let of_all = request(GroupCommand::Add);
        let mut warnings = GroupWarnings::new(&of_all).with_ports(self.knows_ports);
        let flows = self.flows(&mut warnings)?;
        let mut plan = SwitchPlan::default();
        let meters = self.meters(&flows, &mut plan).await?;
        self.read_groups(&flows).await?;
        let lists_groups = self.entries.any(|kind| matches!(kind, LineKind::Group(_)))
            || refers(&flows, |one| matches!(one, SwitchReference::Group(_)));
        let groups = std::mem::take(&mut self.read.groups);
        let mut groups = GroupPlan::new(groups);
        let mut known = self.read_flows().await?;
        let mut added = BundledFlows::new(self.read.version());
        let mut flows = flows.into_iter();
        for (index, entry) in self.entries.all.iter().enumerate() {
            match entry.kind {
                LineKind::Meter { .. } => {}
                LineKind::Flow(_) => {
                    let Some(change) = flows.next() else { continue };
                    let has_group = |group| !lists_groups || groups.after.contains_key(&group);
                    let has_meter = |meter| {
                        let plan = meters.as_ref();
                        plan.is_none_or(|plan: &MeterPlan| {
                            plan.before.contains_key(&meter) || plan.after.contains_key(&meter)
                        })
                    };
                    let list = change.flow.actions.list();
                    if let Some(error) = refused_reference(&list, has_group, has_meter) {
                        return Err(self.refused(entry.line, &change, &error));
                    }
                    let seen = added.take(entry.line, &change);
                    seen.map_err(|why| not_seen(entry.line, why))?;
                    self.follow(known.as_mut(), entry, &change)?;
                    let (line, change) = (entry.line, LineChange::Flow(change));
                    plan.bundle.push(PlannedChange { line, change });
                }
                LineKind::Group(command) => {
                    let Some(number) = of_line.get(&index) else {
                        continue;
                    };
                    let Some(text) = group_entries.get(*number) else {
                        continue;
                    };
                    let before: Vec<u32> = groups.after.keys().copied().collect();
                    let (read, names) = (&*self.read, self.names);
                    request(command).take(
                        read,
                        names,
                        &mut groups,
                        &mut warnings,
                        *number,
                        text,
                    )?;
                    let removed = before
                        .into_iter()
                        .filter(|group| !groups.after.contains_key(group));
                    if let Some(known) = known.as_mut() {
                        removed.for_each(|group| known.remove_users(SwitchReference::Group(group)));
                    }
                    let steps = std::mem::take(&mut groups.steps);
                    for step in steps {
                        let (line, change) = (entry.line, LineChange::Group(step));
                        plan.bundle.push(PlannedChange { line, change });
                    }
                }
            }
        }
        warnings.of_plan(self.read, &groups)?;
        if self.warns {
            warnings.print();
        }
        Ok(plan)
    }

    /// Reads the flows of all lines.
    fn flows(&self, warnings: &mut GroupWarnings<'_>) -> Result<Vec<FlowChange>, Failure> {
        let mut flows = Vec::new();
        let (cx, switch, names) = (self.cx, &self.read.switch, &self.read.names);
        for entry in &self.entries.all {
            let LineKind::Flow(command) = entry.kind else {
                continue;
            };
            let change = FlowChange::parse(entry.text, command, self.names, self.read.version())
                .map_err(|error| malformed(switch, names, entry.line, &error))?;
            if change.command != command {
                return Err(other_command(entry.line));
            }
            let own = change.warnings.iter().map(ToString::to_string);
            let ports = if self.knows_ports {
                absent_ports(switch.name(), &names.ports, &change)
            } else {
                Vec::new()
            };
            for warning in own.chain(ports) {
                let warning = at(entry.line, &warning);
                let option = match (entry.refuses_warnings, cx.writing.strict) {
                    (true, _) => "--warnings-as-errors",
                    (_, true) => "--strict",
                    (false, false) => {
                        warnings.note(warning);
                        continue;
                    }
                };
                let hint = format!("this is a warning: without {option} the flow is written");
                return Err(Failure::new(Exit::Failed, warning).hint(hint));
            }
            flows.push(change);
        }
        Ok(flows)
    }

    /// Plans the meters of the lines; `None` if neither these nor flows name meters.
    async fn meters(
        &mut self,
        flows: &[FlowChange],
        plan: &mut SwitchPlan,
    ) -> Result<Option<MeterPlan>, Failure> {
        let has_lines = self
            .entries
            .any(|kind| matches!(kind, LineKind::Meter { .. }));
        if !has_lines && !refers(flows, |one| matches!(one, SwitchReference::Meter(_))) {
            return Ok(None);
        }
        let ReadSwitch {
            connected, switch, ..
        } = &mut *self.read;
        let mut meters = MeterPlan::read(connected, switch).await?;
        let lines = self.entries.all.iter();
        let lines: Vec<&LineEntry<'_>> = lines
            .filter(|entry| matches!(entry.kind, LineKind::Meter { .. }))
            .collect();
        let entries = lines.iter().map(|entry| entry.entry()).collect();
        let entries = Entries::of_batch("meter", entries);
        let mut named: HashMap<u32, usize> = HashMap::new();
        for (line, entry) in lines.into_iter().zip(entries.iter()) {
            let LineKind::Meter {
                command,
                may_create,
            } = line.kind
            else {
                continue;
            };
            let change = MeterChange::parse(&entry.text, command);
            let mut change = change.map_err(|error| entries.wrong(entry, &error.to_string()))?;
            let id = change.meter.meter_id;
            let earlier = match named.get(&METER_ALL).or_else(|| named.get(&id)) {
                None if id == METER_ALL => named.values().min(),
                earlier => earlier,
            };
            if let Some(earlier) = earlier {
                let reason = format!(
                    "line {earlier} is about meter {} already: a batch names a meter once",
                    meter_word(id)
                );
                return Err(entries.wrong(entry, &reason));
            }
            named.insert(id, line.line);
            let applied = meters.add(&mut change, may_create);
            if applied.map_err(|why| why.failure(switch, &entries, entry))? {
                let stage = match change.command {
                    MeterCommand::Delete => &mut plan.removed_meters,
                    MeterCommand::Add | MeterCommand::Modify => &mut plan.meters,
                };
                let (line, change) = (line.line, LineChange::Meter(change));
                stage.push(PlannedChange { line, change });
            }
        }
        Ok(Some(meters))
    }

    /// Reads the groups of the switch, if lines or flows name groups.
    async fn read_groups(&mut self, flows: &[FlowChange]) -> Result<(), Failure> {
        let has_lines = self.entries.any(|kind| matches!(kind, LineKind::Group(_)));
        if !has_lines && !refers(flows, |one| matches!(one, SwitchReference::Group(_))) {
            return Ok(());
        }
        let version = self.read.version();
        let ReadSwitch {
            connected, switch, ..
        } = &mut *self.read;
        let groups = connected.groups(GROUP_ALL, |version, bytes| {
            Group::of(&GroupDesc::decode(version, bytes)?)
        });
        let groups = groups.await;
        let groups = groups.map_err(|error| switch.unsupported("groups", version, error))?;
        let groups = groups.into_iter().map(|group| (group.group_id, group));
        self.read.groups = groups.collect();
        Ok(())
    }

    /// Reads the flows of the switch, if a line modifies flows.
    async fn read_flows(&mut self) -> Result<Option<FlowPlan>, Failure> {
        let modifies = |kind| {
            matches!(
                kind,
                LineKind::Flow(FlowCommand::Modify | FlowCommand::ModifyStrict)
            )
        };
        if !self.entries.any(modifies) {
            return Ok(None);
        }
        let ReadSwitch {
            connected, switch, ..
        } = &mut *self.read;
        Ok(Some(FlowPlan::read(connected, switch).await?))
    }

    /// Applies a change to the flows that are known. A modification that changes none is refused.
    fn follow(
        &self,
        known: Option<&mut FlowPlan>,
        entry: &LineEntry<'_>,
        change: &FlowChange,
    ) -> Result<(), Failure> {
        let Some(known) = known else { return Ok(()) };
        let selected = known.follow(entry.line, change);
        let modifies = matches!(
            change.command,
            FlowCommand::Modify | FlowCommand::ModifyStrict
        );
        if selected > 0 || !modifies || (self.is_uncertain)() {
            return Ok(());
        }
        let name = self.read.switch.name();
        let message = at(entry.line, &format!("{name} has no flow that it matches"));
        Err(Failure::new(Exit::NotFound, message)
            .hint("a line with flow add adds the flow, or replaces one with its match"))
    }

    fn refused(&self, line: usize, change: &FlowChange, error: &ErrorMessage) -> Failure {
        let name = self.read.switch.name();
        let reason = flow::refusal_reason(error, Some(change), name);
        let message = at(line, &format!("{} ({error})", reason.text));
        Failure {
            hint: reason.hint,
            ..Failure::new(Exit::Failed, message)
        }
    }
}

/// The failure of a change of flows that an earlier line adds.
fn not_seen(line: usize, why: NotSeen) -> Failure {
    let reason = NotSeen::reason(&format_args!("line {}", why.adds));
    Failure::new(Exit::Usage, at(line, &reason))
        .hint("--strict names a single flow; else give the line before, or in a batch of its own")
}

/// Whether one of the flows refers to something like this.
fn refers(flows: &[FlowChange], wanted: impl Fn(SwitchReference) -> bool) -> bool {
    let mut refers = false;
    for change in flows {
        let list = change.flow.actions.list();
        list.references(&mut |reference| refers |= wanted(reference));
    }
    refers
}

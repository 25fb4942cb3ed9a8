//! `ovs flow replace`.

use std::path::{Path, PathBuf};

use super::asked::{FlowRequest, Numbered, no_bundles};
use super::comparison::{Comparison, Difference, SideSpelling};
use super::conflicts;
use super::input::{FlowInput, FlowReader};
use super::options::WriteOptions;
use super::outcome::{ChangeSource, Sending};
use super::plan::FlowPlan;
use super::present::Present;
use super::report::{self, FlowCount};
use super::sides::{FileFlowError, NamedSwitch, NamedSwitchNames, each_of_file, reader, unusable};
use crate::commands::about::About;
use crate::commands::argument::{Takes as _, Value};
use crate::commands::dump_flows::{Cookie, cookie};
use crate::commands::effects::{self, Effect, Outcome, print_effects};
use crate::commands::entries::empties;
use crate::commands::entry_file::EntryLine;
use crate::commands::spelling::Spelling;
use crate::commands::switch::SwitchArg;
use crate::commands::{Context, Exit, Failure};
use crate::model::names::SwitchNames;
use crate::openflow::fields::{Filter, ParseErrorKind, parse_table_word};
use crate::openflow::flow_change::FlowChange;
use crate::openflow::flow_entry::{Flow, FlowEntry, RESET_COUNTS};
use crate::openflow::flow_set::{Counterpart, FlowSet, StoredFlow};
use crate::openflow::messages::error::ErrorMessage;
use crate::openflow::messages::flow_mod::FlowCommand;
use crate::openflow::text::{PortSpelling, TextContext};
use crate::openflow::version::Version;
use crate::source::{Atomicity, Switch, Written};

pub(super) const ABOUT: About = About::writes_flows()
    .list(report::count_headings)
    .remarks("\
The switch then has the flows of the file and no others. Its flows are read first, and compared with those of the file \
by what they mean, as `ovs flow diff` does: only what differs is written, all or nothing, in one bundle, and a second run \
says that all is unchanged. The statistics in a file are ignored, so what dump-flows prints can be edited and given back; \
with -O, give it to both commands.

Flows that stay keep their counters. A flow without timeouts whose actions alone differ is changed where it is, and keeps \
its counters and its duration; one that differs otherwise is added anew, which resets its duration, and its counters \
before OpenFlow 1.2. A flow is removed only if it still has the cookie that was read.

With --table, --cookie or both, the other flows of the switch stay as they are; the file may have none of those.

--dry-run and --explain print what becomes of each flow that differs, and warn of those that no packet reaches or that \
overlap with another of their priority.")
    .examples("\
ovs flow replace br-int flows.txt
ovs flow replace br-int flows.txt --dry-run
ovs flow replace br-tun --table 22 flood.txt
ovs dump-flows br0 | sed s/eth1/eth2/ | ovs flow replace br0 -");

// The arguments of `ovs flow replace`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A bridge, or unix:PATH, tcp:HOST[:6653]
    #[arg(takes = Value::SWITCH)]
    switch: String,

    /// The flows, one a line, with comments; or JSON as dump-flows prints it; -: stdin
    #[arg(takes = Value::FILE)]
    file: PathBuf,

    /// Replace the flows of this table only
    #[arg(long, takes = Value::FLOW_TABLE)]
    table: Option<String>,

    /// Replace the flows with this cookie only, in the bits of the mask
    #[arg(long, takes = Value::free("V[/M]"), value_parser = cookie)]
    cookie: Option<Cookie>,

    /// Write the changes one by one, not all or none: first what is new, then what goes
    #[arg(long)]
    no_atomic: bool,

    /// Print the flows that differ, too
    #[arg(long)]
    explain: bool,

    #[command(flatten)]
    spelling: Spelling,
}

/// Which flows are replaced.
#[derive(Debug, Clone, Copy)]
struct Extent {
    table: Option<u8>,
    cookie: Option<Cookie>,
}

impl Extent {
    /// Whether the flow is one of them, apart from its table, which the switch selects.
    fn has_cookie(self, flow: &FlowEntry<'_>) -> bool {
        self.cookie
            .is_none_or(|cookie| flow.cookie & cookie.mask == cookie.value)
    }

    /// An error if a flow of the file is none of them.
    fn check(self, flow: &FlowEntry<'_>) -> Result<(), FileFlowError> {
        if self.table.is_some_and(|table| table != flow.table_id) {
            let reason = format!(
                "it is in table {}, which --table leaves as it is",
                flow.table_id
            );
            return Err(FileFlowError::Other(reason));
        }
        if !self.has_cookie(flow) {
            let reason = format!(
                "it has cookie {:#x}, which --cookie leaves as it is",
                flow.cookie
            );
            return Err(FileFlowError::Other(reason));
        }
        Ok(())
    }
}

impl Args {
    pub(super) async fn run(&self, cx: &Context) -> Result<(), Failure> {
        if cx.writing.dry_run || self.explain {
            effects::check_columns(cx, "flow")?;
        } else {
            report::check_columns(cx)?;
        }
        let options = WriteOptions {
            file: None,
            no_atomic: self.no_atomic,
            explain: self.explain,
        };
        let request = FlowRequest {
            cx,
            switch: SwitchArg::parse(cx, &self.switch)?,
            input: FlowInput::open(&[], Some(Path::new(&self.file)))?,
            options: &options,
            command: FlowCommand::Add,
            refuses_warnings: cx.writing.strict,
            or_add: false,
            may_delete_all: true,
        };
        let attempt = async || Box::pin(self.attempt(&request)).await;
        request.switch.tried_again(cx, attempt).await
    }

    async fn attempt(&self, request: &FlowRequest<'_>) -> Result<(), Failure> {
        let cx = request.cx;
        let progress = cx.progress(&format!("{}: reading flows", request.switch.name()));
        let mut switch = NamedSwitch::open(cx, &request.switch).await?;
        let comparison = self.compare(request, &mut switch).await?;
        drop(progress);
        let changes = Changes::of(&comparison);
        if !request.input.has(1)? && changes.count() > 0 {
            let every = self.table.is_none() && self.cookie.is_none();
            let how = if every { "--all" } else { "MATCH" };
            let count = changes.count();
            return Err(empties("flow", &self.file, count, &self.switch, how));
        }
        let NamedSwitch {
            mut session, names, ..
        } = switch;
        let spelling = SideSpelling {
            names: &names,
            ports: self.spelling.ports(),
            style: self.spelling.style(cx),
        };
        let sending = Sending {
            of_switch: &|place| Some(spelling.plain(removals(&comparison).nth(place)?)),
            request,
            names: &names,
            version: session.version(),
            how: self.how(request, &changes, session.version())?,
        };
        if cx.writing.dry_run || self.explain {
            let refused = refusals(&mut session, request, &comparison).await?;
            if let Some((line, error)) = refused.first()
                && (sending.how == Atomicity::Bundle || changes.count() == 1)
            {
                return Err(sending.refused(Some(ChangeSource::Number(*line)), error));
            }
            let mut effects = self.effects(cx, &comparison, &names);
            effects.retain(|effect| !refused.iter().any(|(line, _)| *line == effect.number));
            print_effects(cx, "flow", &self.switch, &effects, comparison.unchanged)?;
            if cx.writing.dry_run && !refused.is_empty() {
                let written = Written {
                    sent: usize::try_from(changes.count()).unwrap_or(usize::MAX),
                    refusals: refused.len(),
                    refused,
                };
                return Err(sending.partly(&written, ChangeSource::Number));
            }
        }
        if cx.writing.dry_run {
            return Ok(());
        }
        if changes.count() > 0 {
            write(&sending, &mut session, &comparison).await?;
        }
        if self.explain {
            return Ok(());
        }
        report::print_counts(cx, &changes.counts(&self.switch, comparison.unchanged))
    }

    /// The flows of the file, which are the base, compared with those of the switch.
    async fn compare(
        &self,
        request: &FlowRequest<'_>,
        switch: &mut NamedSwitch<'_>,
    ) -> Result<Comparison, Failure> {
        let names = switch.names.clone();
        let extent = Extent {
            table: self.table(&names, &request.switch)?,
            cookie: self.cookie,
        };
        let filter = Filter {
            table: extent.table,
            ..Filter::default()
        };
        switch.ask(&filter).await?;
        // While the switch gathers its flows, those of the file are read.
        let version = switch.session.version();
        let told_by = Some(version);
        let mut base = FlowSet::new(version, told_by);
        let mut flows = reader(
            &request.input,
            &request.switch,
            &names,
            version,
            request.refuses_warnings,
        );
        let parse = |line: EntryLine<'_>| flows.parse(line);
        let insert = |flow: &FlowEntry<'_>, line| {
            extent.check(flow)?;
            Ok(base.insert(flow, line)?)
        };
        each_of_file(&request.input, parse, insert)?;
        let mut comparison = Comparison::new(base, version, told_by);
        let shown = NamedSwitchNames {
            name: request.switch.name(),
            names: &names,
        };
        let plans = request.cx.writing.dry_run || self.explain;
        let mut staying = Vec::new();
        let read = switch.each(|flow| {
            if !extent.has_cookie(flow) {
                if let Some(same) = comparison.base.find_same(flow) {
                    return Err(taken(request, &same, flow));
                }
                if plans {
                    staying.push(Flow::from(&flow.entry));
                }
                return Ok(());
            }
            let added = comparison.add(flow, 0);
            added.map_err(|error| unusable(&shown, flow, &error, &mut comparison))
        });
        read.await?;
        if plans {
            let text = TextContext {
                version,
                style: self.spelling.style(request.cx),
                ports: PortSpelling::Name,
                names: &names,
            };
            conflicts::warn(&planned(&comparison, staying)?, &mut flows, &text)?;
        }
        warn(request, &mut flows, &comparison)?;
        Ok(comparison)
    }

    /// The number of the table.
    fn table(&self, names: &SwitchNames, switch: &SwitchArg) -> Result<Option<u8>, Failure> {
        let Some(table) = &self.table else {
            return Ok(None);
        };
        let number = parse_table_word(table, names).map_err(|error| match &error.kind {
            ParseErrorKind::UnknownTable(table) => switch.unknown_table(table, names),
            ParseErrorKind::AmbiguousTable(table, numbers) => {
                switch.ambiguous_table(table, numbers)
            }
            _ => Failure::new(Exit::Usage, format!("--table {error}")),
        })?;
        match number {
            255 => {
                let message = "--table 255: a table is a name or a number from 0 to 254";
                Err(Failure::new(Exit::Usage, message))
            }
            number => Ok(Some(number)),
        }
    }

    /// What becomes of each flow that differs.
    fn effects(&self, cx: &Context, comparison: &Comparison, names: &SwitchNames) -> Vec<Effect> {
        let spelling = SideSpelling {
            names,
            ports: self.spelling.ports(),
            style: self.spelling.style(cx),
        };
        let effect = |difference: Difference| {
            let before = difference.other.and_then(|at| comparison.others.get(at));
            let after = difference.base.and_then(|at| comparison.base.get(at));
            let text = |flow: StoredFlow<'_>| spelling.plain(flow);
            let (outcome, entry, before) = match (before, after) {
                (Some(before), Some(after)) => (Outcome::Modified, text(after), Some(text(before))),
                (Some(before), None) => (Outcome::Removed, text(before), None),
                (None, Some(after)) => (Outcome::Added, text(after), None),
                (None, None) => return None,
            };
            Some(Effect {
                number: after.map_or(0, |after| after.line as usize),
                outcome,
                entry,
                before,
            })
        };
        comparison
            .differences()
            .into_iter()
            .filter_map(effect)
            .collect()
    }

    /// How the changes are written.
    ///
    /// # Errors
    ///
    /// The version has no bundles.
    fn how(
        &self,
        request: &FlowRequest<'_>,
        changes: &Changes,
        version: Version,
    ) -> Result<Atomicity, Failure> {
        if self.no_atomic || changes.count() < 2 {
            Ok(Atomicity::Each)
        } else if version < Version::V13 {
            Err(no_bundles(&request.switch, version))
        } else {
            Ok(Atomicity::Bundle)
        }
    }
}

/// The errors that the switch has for flows that would be written, by their lines.
///
/// # Errors
///
/// The switch does not reply.
async fn refusals(
    session: &mut Switch,
    request: &FlowRequest<'_>,
    comparison: &Comparison,
) -> Result<Vec<(usize, ErrorMessage)>, Failure> {
    let written = || {
        let base = comparison.base.iter();
        let changed = base.filter(|(_, flow)| flow.counterpart() != Counterpart::Same);
        changed.filter_map(|(_, flow)| Some((flow.line as usize, flow.entry().ok()?.actions)))
    };
    let lists = written().map(|(_, actions)| actions);
    let present = Present::read(session, &request.switch, lists).await?;
    let refused = written().filter_map(|(line, actions)| Some((line, present.refusal(&actions)?)));
    Ok(refused.collect())
}

/// Writes what differs.
async fn write(
    sending: &Sending<'_>,
    session: &mut Switch,
    comparison: &Comparison,
) -> Result<(), Failure> {
    let (request, version) = (sending.request, sending.version);
    let progress = request
        .cx
        .progress(&format!("{}: writing flows", request.switch.name()));
    let base = comparison.base.iter();
    let mut written = base.filter_map(|(_, flow)| written(&flow, version).transpose());
    let mut removed = removals(comparison).map(|flow| removed(&flow, version));
    // In a bundle flows are removed first, so that the tables have room; one by one they are removed last, so that
    // packets match a flow at any time.
    let next = || {
        let next = match sending.how {
            Atomicity::Bundle => removed.next().or_else(|| written.next()),
            Atomicity::Each => written.next().or_else(|| removed.next()),
        };
        next.transpose()
    };
    sending.send(session, next).await?;
    drop(progress);
    Ok(())
}

/// The flows that are removed: those without a counterpart in the file.
fn removals(comparison: &Comparison) -> impl Iterator<Item = StoredFlow<'_>> {
    let others = comparison.others.iter().map(|(_, flow)| flow);
    others.filter(|flow| comparison.base.find(flow.key).is_none())
}

/// The flows that the switch will have, those that are written by their lines in the file.
fn planned(comparison: &Comparison, staying: Vec<Flow>) -> Result<FlowPlan, Failure> {
    let mut plan = FlowPlan::empty(comparison.base.version());
    for (_, flow) in comparison.base.iter() {
        let is_written = flow.counterpart() != Counterpart::Same;
        plan.put(owned(&flow)?, is_written.then_some(flow.line as usize));
    }
    for flow in staying {
        plan.put(flow, None);
    }
    Ok(plan)
}

/// Warns of flows of the file that will be written; those that stay were warned of when they came.
fn warn(
    request: &FlowRequest<'_>,
    reader: &mut FlowReader<'_>,
    comparison: &Comparison,
) -> Result<(), Failure> {
    let base = comparison.base.iter();
    let changed = base.filter(|(_, flow)| flow.counterpart() != Counterpart::Same);
    // In the order of the file.
    let mut changed = changed.map(|(_, flow)| flow.line as usize).peekable();
    let mut flows = request.input.flows()?;
    while changed.peek().is_some()
        && let Some(line) = flows.next_flow()?
    {
        if changed.next_if_eq(&line.number).is_some() {
            reader.read(line)?;
        }
    }
    request.say_warnings(&reader.warnings);
    Ok(())
}

/// The failure for a flow of the file whose key a flow has that must stay.
fn taken(request: &FlowRequest<'_>, stored: &StoredFlow<'_>, flow: &FlowEntry<'_>) -> Failure {
    let number = stored.line as usize;
    let text = request.input.text_of(number).unwrap_or_default();
    let reason = format!(
        "{} has a flow of this table, priority and match with cookie {:#x}, which --cookie leaves as it is",
        request.switch.name(),
        flow.cookie
    );
    request.input.wrong(number, &text, &reason)
}

/// The change that brings a flow of the file to the switch; `None` if it is there.
fn written(flow: &StoredFlow<'_>, version: Version) -> Result<Option<Numbered>, Failure> {
    let counterpart = flow.counterpart();
    if counterpart == Counterpart::Same {
        return Ok(None);
    }
    let mut change = FlowChange::of(FlowCommand::Add, owned(flow)?);
    let new = &mut change.flow;
    if counterpart != Counterpart::None {
        // The counters go on.
        new.flags &= !RESET_COUNTS;
    }
    // A flow that expires meanwhile would not be added again by a modification, except before 1.2.
    let is_permanent = new.idle_timeout == 0 && new.hard_timeout == 0;
    if counterpart == Counterpart::OtherActions && (is_permanent || version < Version::V12) {
        change.command = FlowCommand::ModifyStrict;
    }
    Ok(Some((flow.line as usize, change)))
}

/// The change that removes a flow of the switch, if it still has its cookie.
fn removed(flow: &StoredFlow<'_>, version: Version) -> Result<Numbered, Failure> {
    let flow = owned(flow)?;
    let cookie = flow.cookie;
    let mut change = FlowChange::of(FlowCommand::DeleteStrict, flow);
    change.flow.flags = 0;
    change.flow.importance = 0;
    // The actions of a deletion are ignored.
    change.flow.actions.bytes.clear();
    change.match_cookie = (version > Version::V10).then_some((cookie, u64::MAX));
    Ok((0, change))
}

fn owned(flow: &StoredFlow<'_>) -> Result<Flow, Failure> {
    let entry = flow.entry();
    let entry = entry.map_err(|error| Failure::new(Exit::Failed, error.to_string()))?;
    Ok(Flow::from(&entry))
}

/// How many changes there are.
#[derive(Debug, Default)]
struct Changes {
    added: u64,
    modified: u64,
    removed: u64,
}

impl Changes {
    fn of(comparison: &Comparison) -> Changes {
        let mut changes = Changes::default();
        for (_, flow) in comparison.base.iter() {
            match flow.counterpart() {
                Counterpart::Same => {}
                Counterpart::None => changes.added += 1,
                Counterpart::OtherActions | Counterpart::Other => changes.modified += 1,
            }
        }
        changes.removed = comparison.others.len() as u64 - changes.modified;
        changes
    }

    fn count(&self) -> u64 {
        self.added + self.modified + self.removed
    }

    /// The report: what there is of changes, and how many flows stay.
    fn counts(&self, switch: &str, unchanged: u64) -> Vec<FlowCount> {
        let is_unchanged = unchanged > 0 || self.count() == 0;
        [
            (Outcome::Added, self.added, self.added > 0),
            (Outcome::Modified, self.modified, self.modified > 0),
            (Outcome::Removed, self.removed, self.removed > 0),
            (Outcome::Unchanged, unchanged, is_unchanged),
        ]
        .into_iter()
        .filter(|(.., shown)| *shown)
        .map(|(outcome, flows, _)| FlowCount {
            outcome,
            flows: Some(flows),
            switch: switch.to_owned(),
        })
        .collect()
    }
}

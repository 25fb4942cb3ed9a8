//! The lines of a batch that write flows, groups and meters: after the database, one bundle for each switch.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, HashSet};

use futures_util::future::{FutureExt as _, LocalBoxFuture};

use super::line::{EntriesOfSwitch, LineEntry};
use super::plan::{PlannedChange, Planner, SwitchPlan, at, malformed, other_command};
use super::sending::{SwitchWriter, refuse_without_bundles};
use crate::commands::entries::Entries;
use crate::commands::group::ReadSwitch;
use crate::commands::switch::{SwitchArg, offered};
use crate::commands::switch_line::{LineKind, SwitchLine};
use crate::commands::write::Afterwards;
use crate::commands::write::of_switch::SwitchChange;
use crate::commands::{Context, Exit, Failure, quoted};
use crate::model::names::SwitchNames;
use crate::openflow::fields::ParseError;
use crate::openflow::flow_change::FlowChange;
use crate::openflow::group_entry::GroupCommand;
use crate::openflow::group_spec::GroupChange;
use crate::openflow::messages::flow_mod::FlowCommand;
use crate::openflow::meter_spec::{MeterChange, MeterCommand};
use crate::openflow::text::NameLookup;
use crate::openflow::version::Version;
use crate::plan::report::Difference;
use crate::source::Switch;

/// The flows, groups and meters of all lines, by switch, in the order of the lines.
#[derive(Debug, Default)]
pub(super) struct SwitchLines<'a> {
    switches: Vec<EntriesOfSwitch<'a>>,
    made: MadeNames<'a>,
    /// The names of each switch before the database is written, in the order of `switches`.
    names: Vec<SwitchNames>,
    /// What will be changed, as far as that is known before the database is written.
    planned: Vec<SwitchChange>,
}

/// The names that the lines for the database may make or remove.
#[derive(Debug, Default)]
struct MadeNames<'a> {
    words: HashSet<&'a str>,
    /// The ports and bridges that lines delete, and that no later line names.
    gone: HashSet<&'a str>,
    /// A line makes a port without naming it.
    any: bool,
}

impl<'a> SwitchLines<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.switches.is_empty()
    }

    /// Notes the words of a line for the database: it may make ports of these names, or delete them.
    pub(super) fn may_make(&mut self, words: &'a [String]) {
        for word in words {
            self.made.gone.remove(word.as_str());
        }
        if let [kind, verb, names @ ..] = words
            && ["del", "delete"].contains(&verb.as_str())
        {
            let named = names.iter().filter(|word| !word.starts_with('-'));
            match (kind.as_str(), named.clone().count()) {
                // Two bridges, which stay.
                ("patch", 2..) => {}
                ("bridge" | "port" | "tunnel" | "patch", _) => {
                    self.made.gone.extend(named.map(String::as_str));
                }
                _ => {}
            }
        }
        let unnamed = ["patch", "tunnel"];
        self.made.any |= words
            .first()
            .is_some_and(|word| unnamed.contains(&word.as_str()));
        let parts = words
            .iter()
            .flat_map(|word| word.split([',', ':', '=', '/']));
        self.made.words.extend(parts);
    }

    /// Adds a line.
    pub(super) fn add(&mut self, number: usize, line: SwitchLine<'a>) {
        let new = line.texts.into_iter().map(|text| LineEntry {
            line: number,
            kind: line.kind,
            text,
            refuses_warnings: line.refuses_warnings,
        });
        let known = self.switches.iter_mut();
        match known.into_iter().find(|known| known.name == line.switch) {
            Some(known) => known.all.extend(new),
            None => self.switches.push(EntriesOfSwitch {
                name: line.switch,
                all: new.collect(),
            }),
        }
    }

    /// Refuses what can be refused before anything is written: what is malformed or does not fit what the switch has,
    /// names that are not there and that no line makes, switches without bundles.
    pub(super) async fn check(&mut self, cx: &Context) -> Result<(), Failure> {
        for entries in &self.switches {
            if let Some(first) = entries.all.first()
                && self.made.gone.contains(entries.name)
            {
                return Err(deleted(first.line, "bridge", entries.name));
            }
            let switch = SwitchArg::parse(cx, entries.name)?;
            let session = switch.try_connect(cx, offered(cx)).await.ok();
            // A bridge that is not there yet has no names.
            let names = match &session {
                Some(session) => switch.all_names(cx, session.allowed()).await?,
                None => SwitchNames::default(),
            };
            refuse_gone(entries, cx, &|name| self.made.gone.contains(name))?;
            self.names.push(names.clone());
            let known = KnownNames {
                names: &names,
                made: &self.made,
                is_made: Cell::new(false),
            };
            let Some(session) = session else {
                check_text(entries, cx, &switch, &known)?;
                let kinds = entries.all.iter().map(|entry| entry.kind);
                self.planned.extend(counted(entries.name, kinds));
                continue;
            };
            let mut read = of_session(switch, session, names.clone());
            let mut planner = Planner {
                cx,
                read: &mut read,
                entries,
                names: &known,
                is_uncertain: &|| known.is_made.get(),
                knows_ports: !self.made.any && self.made.words.is_empty(),
                warns: false,
            };
            let plan = Box::pin(planner.plan()).await?;
            if plan.bundle.len() > 1 {
                refuse_without_bundles(&read.switch, read.version())?;
            }
            self.planned.extend(plan.counted(entries.name));
        }
        Ok(())
    }

    /// Connects to all switches and works out what is sent to them.
    async fn prepare(&self, cx: &Context) -> Result<Vec<(SwitchWriter, SwitchPlan)>, Failure> {
        let mut all = Vec::new();
        for (entries, before) in self.switches.iter().zip(&self.names) {
            let switch = SwitchArg::parse(cx, entries.name)?;
            let session = switch.connect(cx).await?;
            let SwitchNames { ports, tables } = switch.all_names(cx, session.allowed()).await?;
            let is_gone =
                |name: &str| ports.ofport(name).is_none() && before.ofport(name).is_some();
            refuse_gone(entries, cx, &is_gone)?;
            // Deletions name the ports that the batch has deleted.
            let ports = ports.with_gone(&before.ports);
            let names = SwitchNames { ports, tables };
            let mut read = of_session(switch, session, names.clone());
            let mut planner = Planner {
                cx,
                read: &mut read,
                entries,
                names: &names,
                is_uncertain: &|| false,
                knows_ports: true,
                warns: true,
            };
            let plan = Box::pin(planner.plan()).await?;
            if plan.bundle.len() > 1 {
                refuse_without_bundles(&read.switch, read.version())?;
            }
            let ReadSwitch {
                switch, connected, ..
            } = read;
            let session = connected;
            all.push((SwitchWriter { switch, session }, plan));
        }
        Ok(all)
    }

    /// Writes to the switches; `done` gets what is written.
    async fn write(&self, cx: &Context, done: &RefCell<Vec<SwitchChange>>) -> Result<(), Failure> {
        for (mut writer, plan) in Box::pin(self.prepare(cx)).await? {
            let name = writer.switch.name().to_owned();
            let stages = [
                (&plan.meters, false),
                (&plan.bundle, true),
                (&plan.removed_meters, false),
            ];
            for (changes, is_bundle) in stages {
                let (accepted, failure) = writer.write(changes, is_bundle).await;
                add_to(&mut done.borrow_mut(), counted_of(&name, &accepted));
                failure.map_or(Ok(()), Err)?;
            }
        }
        Ok(())
    }
}

/// Refuses flows and groups that would be written for a port that the batch deletes. Deletions may name it.
fn refuse_gone(
    entries: &EntriesOfSwitch<'_>,
    cx: &Context,
    is_gone: &dyn Fn(&str) -> bool,
) -> Result<(), Failure> {
    for entry in &entries.all {
        let names = GoneNames {
            is_gone,
            found: OnceCell::new(),
        };
        for version in offered(cx).iter() {
            // What is malformed is refused elsewhere.
            match entry.kind {
                LineKind::Flow(FlowCommand::Delete | FlowCommand::DeleteStrict)
                | LineKind::Group(GroupCommand::Delete)
                | LineKind::Meter { .. } => {}
                LineKind::Flow(command) => {
                    let _ = FlowChange::parse(entry.text, command, &names, version);
                }
                LineKind::Group(command) => {
                    let _ = GroupChange::parse(entry.text, command, &names, version);
                }
            }
        }
        if let Some(name) = names.found.get() {
            return Err(deleted(entry.line, "port", name));
        }
    }
    Ok(())
}

/// The failure of a line about a port or bridge that another line deletes.
fn deleted(line: usize, kind: &str, name: &str) -> Failure {
    let message = format!(
        "the batch deletes {kind} {} before this is written",
        quoted(name)
    );
    Failure::new(Exit::Usage, at(line, &message))
        .hint("the lines for the database come first: write this in a batch of its own")
}

/// Resolves every name, and records the first that is gone.
struct GoneNames<'a> {
    is_gone: &'a dyn Fn(&str) -> bool,
    found: OnceCell<String>,
}

impl NameLookup for GoneNames<'_> {
    fn port_name(&self, _: u32) -> Option<&str> {
        None
    }

    fn ofport(&self, name: &str) -> Option<u32> {
        if (self.is_gone)(name) {
            self.found.get_or_init(|| name.to_owned());
        }
        Some(1)
    }

    fn tables_named(&self, _: &str) -> Vec<u8> {
        vec![253]
    }
}

/// Refuses what no version that may be negotiated can read. The switch is not there yet.
fn check_text(
    entries: &EntriesOfSwitch<'_>,
    cx: &Context,
    switch: &SwitchArg,
    names: &KnownNames<'_>,
) -> Result<(), Failure> {
    for entry in &entries.all {
        let mut versions: Vec<Version> = offered(cx).iter().collect();
        versions.reverse();
        let mut error = None;
        for version in versions {
            let command = match entry.kind {
                LineKind::Flow(command) => FlowChange::parse(entry.text, command, names, version)
                    .map(|change| change.command == command),
                LineKind::Group(command) => GroupChange::parse(entry.text, command, names, version)
                    .map(|change| change.command == command),
                LineKind::Meter { command, .. } => {
                    MeterChange::parse(entry.text, command).map(|_| true)
                }
            };
            match command {
                Ok(true) => {
                    error = None;
                    break;
                }
                Ok(false) => return Err(other_command(entry.line)),
                Err(first) => error = error.or(Some(first)),
            }
        }
        if let Some(error) = error {
            return Err(match entry.kind {
                LineKind::Flow(_) => malformed(switch, names.names, entry.line, &error),
                LineKind::Group(_) => wrong("group", entry, &error),
                LineKind::Meter { .. } => wrong("meter", entry, &error),
            });
        }
    }
    Ok(())
}

/// The failure of a group or meter that cannot be read.
fn wrong(kind: &'static str, entry: &LineEntry<'_>, error: &ParseError) -> Failure {
    Entries::of_batch(kind, Vec::new()).wrong(&entry.entry(), &error.to_string())
}

fn of_session(switch: SwitchArg, connected: Switch, names: SwitchNames) -> ReadSwitch {
    ReadSwitch {
        switch,
        connected,
        names,
        groups: BTreeMap::new(),
    }
}

impl Afterwards for SwitchLines<'_> {
    fn planned(&self) -> Vec<SwitchChange> {
        self.planned.clone()
    }

    fn run<'a>(
        &'a self,
        cx: &'a Context,
        is_written: bool,
    ) -> LocalBoxFuture<'a, (Vec<SwitchChange>, Option<Failure>)> {
        async move {
            let done = RefCell::default();
            let failure = self.write(cx, &done).await.err();
            let done: Vec<SwitchChange> = done.into_inner();
            let failure = failure.map(|failure| stands(failure, is_written, &done));
            (done, failure)
        }
        .boxed_local()
    }
}

/// A failure after something was written: that stands.
fn stands(mut failure: Failure, is_written: bool, done: &[SwitchChange]) -> Failure {
    let of_switch = |change: &SwitchChange| format!("the {} of {}", change.kind, change.name);
    let mut parts: Vec<String> = done.iter().map(of_switch).collect();
    if is_written {
        parts.insert(0, "the database".to_owned());
    }
    if parts.is_empty() {
        return failure;
    }
    failure.message += "; what was written before stands: ";
    failure.message += &parts.join(", ");
    if failure.exit != Exit::Unknown {
        failure.exit = Exit::NotApplied;
    }
    failure.hint.get_or_insert_with(|| {
        "database, meters and flows are written one after another; with --may-exist and --may-create on its lines the \
         batch can be given again"
            .to_owned()
    });
    failure
}

impl SwitchPlan {
    fn counted(&self, name: &str) -> Vec<SwitchChange> {
        let mut all = Vec::new();
        for stage in [&self.meters, &self.bundle, &self.removed_meters] {
            let stage: Vec<&PlannedChange> = stage.iter().collect();
            add_to(&mut all, counted_of(name, &stage));
        }
        all
    }
}

/// How many flows, groups and meters these changes concern.
fn counted_of(name: &str, changes: &[&PlannedChange]) -> Vec<SwitchChange> {
    counted(name, changes.iter().map(|change| change.kind()))
}

/// Adds the changes of a switch to those before.
fn add_to(all: &mut Vec<SwitchChange>, new: Vec<SwitchChange>) {
    for change in new {
        let mut known = all.iter_mut();
        match known.find(|known| (known.kind, &known.name) == (change.kind, &change.name)) {
            Some(known) => known.columns.extend(change.columns),
            None => all.push(change),
        }
    }
}

/// The kinds of objects and the columns of the report.
const COLUMNS: [(&str, &str); 9] = [
    ("meters", "meter_add"),
    ("meters", "meter_mod"),
    ("meters", "meter_del"),
    ("groups", "group_add"),
    ("groups", "group_mod"),
    ("groups", "group_del"),
    ("flows", "flow_add"),
    ("flows", "flow_mod"),
    ("flows", "flow_del"),
];

fn column_of(kind: LineKind) -> &'static str {
    match kind {
        LineKind::Flow(FlowCommand::Add) => "flow_add",
        LineKind::Flow(FlowCommand::Modify | FlowCommand::ModifyStrict) => "flow_mod",
        LineKind::Flow(FlowCommand::Delete | FlowCommand::DeleteStrict) => "flow_del",
        LineKind::Group(GroupCommand::Add) => "group_add",
        LineKind::Group(
            GroupCommand::Modify
            | GroupCommand::AddOrModify
            | GroupCommand::InsertBuckets
            | GroupCommand::RemoveBuckets,
        ) => "group_mod",
        LineKind::Group(GroupCommand::Delete) => "group_del",
        LineKind::Meter { command, .. } => match command {
            MeterCommand::Add => "meter_add",
            MeterCommand::Modify => "meter_mod",
            MeterCommand::Delete => "meter_del",
        },
    }
}

/// How many flows, groups and meters are added, modified and deleted.
fn counted(name: &str, kinds: impl IntoIterator<Item = LineKind>) -> Vec<SwitchChange> {
    let mut counts = [0i64; COLUMNS.len()];
    for kind in kinds {
        let column = column_of(kind);
        for ((_, known), count) in COLUMNS.iter().zip(&mut counts) {
            *count += i64::from(*known == column);
        }
    }
    let mut all = Vec::new();
    for ((kind, column), count) in COLUMNS.into_iter().zip(counts) {
        if count == 0 {
            continue;
        }
        let difference = Difference {
            column: column.to_owned(),
            before: None,
            after: Some(count.into()),
        };
        let change = SwitchChange {
            kind,
            name: name.to_owned(),
            switch: name.to_owned(),
            ofport: None,
            columns: vec![difference],
            error: None,
        };
        add_to(&mut all, vec![change]);
    }
    all
}

/// The names of a switch, and those that the lines may make.
struct KnownNames<'a> {
    names: &'a SwitchNames,
    made: &'a MadeNames<'a>,
    /// Whether a name was asked for that the lines may make.
    is_made: Cell<bool>,
}

impl KnownNames<'_> {
    fn is_made(&self, name: &str) -> bool {
        let is_made = self.made.any || self.made.words.contains(name);
        self.is_made.set(self.is_made.get() || is_made);
        is_made
    }
}

impl NameLookup for KnownNames<'_> {
    fn port_name(&self, ofport: u32) -> Option<&str> {
        self.names.port_name(ofport)
    }

    fn ofport(&self, name: &str) -> Option<u32> {
        // A line may give a port that is there another number.
        let is_made = self.is_made(name);
        let known = self.names.ofport(name);
        known.or_else(|| is_made.then_some(1))
    }

    fn tables_named(&self, name: &str) -> Vec<u8> {
        match self.names.tables_named(name) {
            // Later than any table that a flow with a name may be in.
            none if none.is_empty() && self.is_made(name) => vec![253],
            known => known,
        }
    }
}

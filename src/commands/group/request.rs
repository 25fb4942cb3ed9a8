//! What is asked of the groups of a switch: they are read, the changes are worked out, and sent.

use std::collections::{BTreeSet, HashMap};

use super::plan::{GroupPlan, GroupStep, Groups, Unfit};
use super::{refusal, report};
use crate::base::shell::word;
use crate::commands::effects::{Effect, Outcome, print_effects, remark_flows};
use crate::commands::entries::{
    Entries, Entry, EntryMessage, EntryPlace, Sending, atomicity, flows_that,
};
use crate::commands::switch::SwitchArg;
use crate::commands::{Context, Exit, Failure};
use crate::model::names::SwitchNames;
use crate::openflow::actions::SwitchReference;
use crate::openflow::fields::{Filter, ParseError};
use crate::openflow::group_entry::{Group, GroupCommand};
use crate::openflow::group_spec::{GroupChange, GroupWarning};
use crate::openflow::messages::groups::{GROUP_ALL, GroupDesc};
use crate::openflow::text::{NameLookup, Plain, PortSpelling, Style, TextContext};
use crate::openflow::version::Version;
use crate::source::{Switch, SwitchError};

/// Maximum number of warnings that are printed.
const MAX_WARNINGS: usize = 20;

/// A switch whose groups and names were read.
pub(in crate::commands) struct ReadSwitch {
    pub(in crate::commands) switch: SwitchArg,
    pub(in crate::commands) connected: Switch,
    pub(in crate::commands) names: SwitchNames,
    pub(in crate::commands) groups: Groups,
}

impl ReadSwitch {
    /// Connects, and reads names and groups.
    ///
    /// # Errors
    ///
    /// The switch does not reply, or has no groups in this version.
    pub(super) async fn read(cx: &Context, name: &str) -> Result<ReadSwitch, Failure> {
        ReadSwitch::read_over(cx, SwitchArg::parse(cx, name)?, None).await
    }

    /// Like [`ReadSwitch::read`], over this version if one is given.
    ///
    /// # Errors
    ///
    /// As [`ReadSwitch::read`], or the switch does not allow the version.
    pub(super) async fn read_over(
        cx: &Context,
        switch: SwitchArg,
        version: Option<Version>,
    ) -> Result<ReadSwitch, Failure> {
        switch.prepare(cx).await?;
        let progress = cx.progress(&format!("{}: reading groups", switch.name()));
        let open = Box::pin(async {
            let mut connected = match version {
                None => switch.connect(cx).await?,
                Some(version) => match switch
                    .try_connect(cx, [version].into_iter().collect())
                    .await
                {
                    Ok(connected) => connected,
                    Err(why) => return Err(switch.no_session(cx, why).await),
                },
            };
            let version = connected.version();
            let groups = connected
                .groups(GROUP_ALL, |version, bytes| {
                    Group::of(&GroupDesc::decode(version, bytes)?)
                })
                .await
                .map_err(|error| switch.unsupported("groups", version, error))?;
            let tables = switch.told_tables(cx, connected.allowed()).await;
            Ok::<_, Failure>((connected, groups, tables))
        });
        let (names, opened) = tokio::join!(Box::pin(switch.names(cx)), open);
        let (connected, groups, tables) = opened?;
        let names = names?.with_told(&tables);
        drop(progress);
        Ok(ReadSwitch {
            switch,
            connected,
            names,
            groups: groups
                .into_iter()
                .map(|group| (group.group_id, group))
                .collect(),
        })
    }

    /// The version of the connection.
    pub(in crate::commands) fn version(&self) -> Version {
        self.connected.version()
    }

    /// The failure of an entry that cannot be read.
    pub(super) fn malformed(
        &self,
        entries: &Entries,
        entry: &Entry,
        error: &ParseError,
    ) -> Failure {
        let Some(named) = self.switch.unresolved(error, &self.names) else {
            return entries.wrong(entry, &error.to_string());
        };
        let exit = if entries.is_file() {
            Exit::Failed
        } else {
            named.exit
        };
        Failure::with(exit, entries.message(entry, &named.message), named.hint)
    }

    /// The failure of an entry that does not fit the groups of the switch.
    fn unfit(
        &self,
        entries: &Entries,
        entry: &Entry,
        command: GroupCommand,
        why: &Unfit,
    ) -> Failure {
        let name = self.switch.name();
        let switch = word(name);
        let (exit, reason, hint) = match why {
            Unfit::Exists(group) => (
                Exit::Failed,
                format!("group {group} is on {name} already"),
                format!("`ovs group mod {switch} ...` changes it"),
            ),
            Unfit::Absent(group) => (
                Exit::NotFound,
                format!("group {group} not found on {name}"),
                match command {
                    GroupCommand::Modify => "--may-create adds it".to_owned(),
                    _ => format!("`ovs dump-groups {switch}` lists its groups"),
                },
            ),
            Unfit::NoBucket(group, bucket) => (
                Exit::NotFound,
                format!("group {group} on {name} has no bucket {bucket}"),
                format!("`ovs dump-groups {switch} {group}` shows its buckets"),
            ),
            Unfit::BucketExists(group, bucket) => (
                Exit::Failed,
                format!("group {group} on {name} has a bucket {bucket} already"),
                "without bucket_id= the first free one is given".to_owned(),
            ),
        };
        Failure::new(exit, entries.message(entry, &reason)).hint(hint)
    }
}

/// What is asked of a switch.
// Three of them are options of the command line.
#[allow(clippy::struct_excessive_bools)]
pub(in crate::commands) struct GroupRequest<'a> {
    pub(in crate::commands) cx: &'a Context,
    pub(in crate::commands) entries: &'a Entries,
    /// What an entry without a word of its own is for.
    pub(in crate::commands) command: GroupCommand,
    pub(in crate::commands) no_atomic: bool,
    /// Whether what becomes of each group is printed, not only how many there are.
    pub(in crate::commands) explain: bool,
    /// Whether entries may have the words of other commands, if `command` is to add groups.
    pub(in crate::commands) is_mixed: bool,
    /// Whether a warning is an error: `--strict`.
    pub(in crate::commands) refuses_warnings: bool,
}

impl GroupRequest<'_> {
    /// Makes the changes of all entries in their order.
    ///
    /// # Errors
    ///
    /// An entry is malformed or does not fit, the switch refuses one or does not reply, or stdout cannot be written.
    pub(super) async fn run(&self, read: ReadSwitch) -> Result<(), Failure> {
        let mut read = read;
        let mut plan = GroupPlan::new(std::mem::take(&mut read.groups));
        let mut warnings = Warnings::new(self);
        for (index, entry) in self.entries.iter().enumerate() {
            self.take(&read, &read.names, &mut plan, &mut warnings, index, entry)?;
        }
        self.finish(read, plan, warnings).await
    }

    /// Adds the change of an entry to the plan.
    ///
    /// # Errors
    ///
    /// The entry is malformed or does not fit, or a warning is an error.
    pub(in crate::commands) fn take(
        &self,
        read: &ReadSwitch,
        names: &dyn NameLookup,
        plan: &mut GroupPlan,
        warnings: &mut Warnings<'_>,
        index: usize,
        entry: &Entry,
    ) -> Result<(), Failure> {
        let change = self.parse(read, names, plan, entry)?;
        let command = change.command;
        if command != self.command && (self.command != GroupCommand::Add || !self.is_mixed) {
            let reason = "only the file of `ovs group add` may have lines of other commands";
            return Err(self.entries.wrong(entry, reason));
        }
        warnings.of(read, entry, &change)?;
        plan.add(index, change)
            .map_err(|why| read.unfit(self.entries, entry, command, &why))
    }

    /// Reads an entry; buckets that are inserted are those of the type of their group.
    fn parse(
        &self,
        read: &ReadSwitch,
        names: &dyn NameLookup,
        plan: &GroupPlan,
        entry: &Entry,
    ) -> Result<GroupChange, Failure> {
        let version = read.version();
        let parse = |kind| GroupChange::parse_for(&entry.text, self.command, names, version, kind);
        let mut change = parse(None);
        if let Ok(parsed) = &change
            && parsed.command == GroupCommand::InsertBuckets
            && let Some(group) = plan.after.get(&parsed.group.group_id)
        {
            change = parse(Some(group.kind));
        }
        change.map_err(|error| read.malformed(self.entries, entry, &error))
    }

    /// Sends what the plan says, and prints it.
    ///
    /// # Errors
    ///
    /// As [`GroupRequest::run`].
    pub(super) async fn finish(
        &self,
        mut read: ReadSwitch,
        plan: GroupPlan,
        mut warnings: Warnings<'_>,
    ) -> Result<(), Failure> {
        let cx = self.cx;
        warnings.of_plan(&read, &plan)?;
        let messages = messages(&plan)?;
        let (version, name) = (read.version(), read.switch.name());
        let how = atomicity(&read.switch, "group", version, &messages, self.no_atomic)?;
        let flows = match plan.removed().next() {
            Some(_) => {
                let flows = flows_with(&mut read.connected, plan.removed().collect()).await;
                Some(flows.map_err(|error| read.switch.failure(error))?)
            }
            None => None,
        };
        warnings.print();
        if !cx.writing.dry_run {
            let progress = cx.progress(&format!("{name}: writing groups"));
            let sending = Sending {
                switch: &read.switch,
                entries: self.entries,
                list: "dump-groups",
                reason: &|error, index| refusal::reason(error, plan.steps.get(index), name),
                say: &|failure| cx.say(failure),
            };
            sending.send(&mut read.connected, how, &messages).await?;
            drop(progress);
        }
        if self.explain {
            remark_flows(cx, "groups", flows);
            return print_effects(cx, "group", name, &self.effects(&read, &plan), 0);
        }
        report::print_plan(cx, &plan, name, flows)?;
        cx.remark_dry_run();
        Ok(())
    }

    /// What becomes of each group.
    fn effects(&self, read: &ReadSwitch, plan: &GroupPlan) -> Vec<Effect> {
        let numbers: Vec<usize> = self.entries.iter().map(|entry| entry.number).collect();
        let mut asked: HashMap<u32, usize> = HashMap::new();
        for step in &plan.steps {
            if let Some(number) = step.entry.and_then(|index| numbers.get(index)) {
                asked.insert(step.change.group.group_id, *number);
            }
        }
        let cx = TextContext {
            version: read.version(),
            style: match self.cx.versions {
                Some(_) => Style::Wire,
                None => Style::Classic,
            },
            ports: PortSpelling::Name,
            names: &read.names,
        };
        let text = |groups: &Groups, id| {
            let mut text = Plain::default();
            groups.get(&id).map(|group| {
                group.text(&mut text, &cx);
                text.0
            })
        };
        let effect = |outcome, id| Effect {
            number: asked.get(&id).copied().unwrap_or(0),
            outcome,
            entry: text(&plan.after, id)
                .or_else(|| text(&plan.before, id))
                .unwrap_or_default(),
            before: text(&plan.before, id).filter(|_| outcome == Outcome::Modified),
        };
        let added = plan.added().map(|id| effect(Outcome::Added, id));
        let modified = plan.modified().map(|id| effect(Outcome::Modified, id));
        let removed = plan.removed().map(|id| effect(Outcome::Removed, id));
        let unchanged = plan.unchanged().map(|id| effect(Outcome::Unchanged, id));
        let mut effects: Vec<Effect> = added.collect();
        effects.extend(modified);
        effects.extend(removed);
        effects.extend(unchanged);
        effects
    }
}

/// The messages of the plan.
fn messages(plan: &GroupPlan) -> Result<Vec<EntryMessage>, Failure> {
    let message = |step: &GroupStep| {
        let group = step.change.group.group_id;
        let about = match step.entry {
            Some(index) => EntryPlace::Entry(index),
            None => EntryPlace::Number(group),
        };
        let bytes = step.change.message(0).ok_or_else(|| {
            let reason = format!("group {group} is too large for a message");
            Failure::new(Exit::Failed, reason)
        })?;
        Ok(EntryMessage { bytes, about })
    };
    plan.steps.iter().map(message).collect()
}

/// The number of flows that use one of these groups: the switch removes them with it.
async fn flows_with(connected: &mut Switch, groups: BTreeSet<u32>) -> Result<u64, SwitchError> {
    if let (Some(group), 1, true) = (
        groups.first(),
        groups.len(),
        connected.version() > Version::V10,
    ) {
        let filter = Filter {
            out_group: Some(*group),
            ..Filter::default()
        };
        let flows = connected.aggregate(&filter).await?.flow_count;
        return Ok(flows.unwrap_or(0).into());
    }
    let uses =
        |reference| matches!(reference, SwitchReference::Group(group) if groups.contains(&group));
    flows_that(connected, &uses).await
}

/// What is probably a mistake.
pub(in crate::commands) struct Warnings<'a> {
    request: &'a GroupRequest<'a>,
    first: Vec<String>,
    count: usize,
    /// Whether it was said that the version has no ids of buckets.
    misses_ids: bool,
    /// Whether ports are checked.
    checks_ports: bool,
}

impl<'a> Warnings<'a> {
    pub(in crate::commands) fn new(request: &'a GroupRequest<'a>) -> Warnings<'a> {
        Warnings {
            request,
            first: Vec::new(),
            count: 0,
            misses_ids: false,
            checks_ports: true,
        }
    }

    /// With or without the check of ports.
    pub(in crate::commands) fn with_ports(self, checks_ports: bool) -> Warnings<'a> {
        Warnings {
            checks_ports,
            ..self
        }
    }

    /// Warns of an entry.
    ///
    /// # Errors
    ///
    /// A warning is an error, by `--strict`.
    pub(super) fn of(
        &mut self,
        read: &ReadSwitch,
        entry: &Entry,
        change: &GroupChange,
    ) -> Result<(), Failure> {
        for warning in &change.warnings {
            // Once for all: a dump of another version has ids in every line.
            if matches!(warning, GroupWarning::NoBucketIds(_))
                && std::mem::replace(&mut self.misses_ids, true)
            {
                continue;
            }
            self.add(|entries| entries.message(entry, &warning.to_string()))?;
        }
        let ports = &read.names.ports;
        if !self.checks_ports || ports.iter().next().is_none() {
            return Ok(());
        }
        let used: BTreeSet<u32> = change.group.ports_used().into_iter().collect();
        for port in used
            .into_iter()
            .filter(|port| ports.port_name(*port).is_none())
        {
            let watched = change
                .group
                .buckets
                .iter()
                .any(|bucket| bucket.watch_port == port);
            let what = if watched { "watches" } else { "sends to" };
            let text = format!(
                "it {what} port {port}, which {} does not have",
                read.switch.name()
            );
            self.add(|entries| entries.message(entry, &text))?;
        }
        Ok(())
    }

    /// Warns of groups that refer to groups that will not be there.
    ///
    /// # Errors
    ///
    /// A warning is an error, by `--strict`.
    pub(in crate::commands) fn of_plan(
        &mut self,
        read: &ReadSwitch,
        plan: &GroupPlan,
    ) -> Result<(), Failure> {
        for (id, group) in &plan.after {
            let used: BTreeSet<u32> = group.groups_used().into_iter().collect();
            for used in used
                .into_iter()
                .filter(|used| !plan.after.contains_key(used))
            {
                // References that were missing before are not reported again.
                if plan.named.contains(id) || plan.before.contains_key(&used) {
                    let name = read.switch.name();
                    let text = format!(
                        "group {id} refers to group {used}, which {name} does not have then"
                    );
                    self.add(|_| text)?;
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, text: impl FnOnce(&Entries) -> String) -> Result<(), Failure> {
        let text = text(self.request.entries);
        if self.request.refuses_warnings {
            return Err(Failure::new(Exit::Failed, text)
                .hint("this is a warning: without --strict it is written"));
        }
        self.note(text);
        Ok(())
    }

    /// Adds a warning that is none of groups.
    pub(in crate::commands) fn note(&mut self, text: String) {
        self.count += 1;
        if self.first.len() < MAX_WARNINGS {
            self.first.push(text);
        }
    }

    /// Prints the warnings.
    pub(in crate::commands) fn print(&self) {
        let cx = self.request.cx;
        for text in &self.first {
            cx.remark(&format!("ovs: warning: {text}"));
        }
        if self.count > self.first.len() {
            cx.remark(&format!(
                "ovs: and {} more warnings",
                self.count - self.first.len()
            ));
        }
    }
}

//! `ovs group replace`: makes the groups of a switch those of a file.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::plan::GroupPlan;
use super::report::{check_columns, report_headings};
use super::request::{GroupRequest, ReadSwitch, Warnings};
use crate::commands::about::{About, JsonDocument};
use crate::commands::argument::{Takes as _, Value};
use crate::commands::entries::{Entries, Entry, empties};
use crate::commands::{Context, Exit, Failure};
use crate::openflow::group_entry::{Group, GroupCommand};
use crate::openflow::group_spec::GroupChange;

pub(super) const ABOUT: About = About::other()
    .list(report_headings)
    .document(JsonDocument::Changes("group"))
    .remarks("\
FILE has a group a line, as dump-groups prints them and `group add --file` reads them, or JSON of dump-groups --json. Groups that are not there are added, \
those that differ are changed, those that FILE does not have are removed, with the flows that use them. A group that means \
the same stays as it is, with its counters, however its actions are written: a second run says unchanged. The order of \
buckets counts; their ids do where FILE has them.

A group that refers to another one is added after it. All is done or nothing, in a bundle of OpenFlow 1.4 or later, or of \
Open vSwitch in 1.3; --no-atomic does one after another. `ovs group diff SWITCH FILE` shows the changes group by group.

Over OpenFlow 1.1 to 1.4 a switch does not show selection_method and bucket_id, so the groups are compared without them.")
    .examples("\
ovs dump-groups br-int > groups.txt
ovs group replace br-int groups.txt --dry-run
ovs group replace br-int groups.txt");

// The arguments of `ovs group replace`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A bridge, or unix:PATH, tcp:HOST[:6653]
    #[arg(takes = Value::SWITCH)]
    switch: String,

    /// The groups, one a line, with comments; or JSON as dump-groups prints it; -: stdin
    #[arg(takes = Value::FILE)]
    file: PathBuf,

    /// Make the changes one by one, not all or none
    #[arg(long)]
    no_atomic: bool,

    /// Print what becomes of each group
    #[arg(long)]
    explain: bool,
}

impl Args {
    pub(super) async fn run(&self, cx: &Context) -> Result<(), Failure> {
        check_columns(cx, self.explain)?;
        let entries = Entries::of_file("group", &self.file)?;
        let mut read = ReadSwitch::read(cx, &self.switch).await?;
        let request = GroupRequest {
            cx,
            entries: &entries,
            command: GroupCommand::Add,
            no_atomic: self.no_atomic,
            explain: self.explain,
            is_mixed: true,
            refuses_warnings: cx.writing.strict,
        };
        let mut warnings = Warnings::new(&request);
        let (version, names) = (read.version(), &read.names);
        let wanted = wanted(
            &entries,
            |text| GroupChange::parse(text, GroupCommand::Add, names, version),
            |entry, error| read.malformed(&entries, entry, &error),
            |entry, change| warnings.of(&read, entry, change),
        )?;
        if wanted.is_empty() && !read.groups.is_empty() {
            let count = read.groups.len() as u64;
            return Err(empties("group", &self.file, count, &self.switch, "--all"));
        }
        let plan = GroupPlan::replace(std::mem::take(&mut read.groups), &wanted);
        request.finish(read, plan, warnings).await
    }
}

/// The groups of a file, by their numbers, each with the index of its entry.
///
/// # Errors
///
/// An entry is malformed, as `malformed` says, or none that adds a group, or two have one number.
pub(super) fn wanted<E>(
    entries: &Entries,
    parse: impl Fn(&str) -> Result<GroupChange, E>,
    malformed: impl Fn(&Entry, E) -> Failure,
    mut look: impl FnMut(&Entry, &GroupChange) -> Result<(), Failure>,
) -> Result<BTreeMap<u32, (usize, Group)>, Failure> {
    let mut wanted: BTreeMap<u32, (usize, Group)> = BTreeMap::new();
    for (index, entry) in entries.iter().enumerate() {
        let change = parse(&entry.text).map_err(|error| malformed(entry, error))?;
        if change.command != GroupCommand::Add {
            let reason =
                "this file says which groups there are: its lines have no word of a command";
            return Err(entries.wrong(entry, reason));
        }
        look(entry, &change)?;
        let group_id = change.group.group_id;
        if let Some((first, _)) = wanted.insert(group_id, (index, change.group)) {
            let first = entries.iter().nth(first).map_or(0, |entry| entry.number);
            let reason = format!("group {group_id} is in line {first} already");
            return Err(Failure::new(Exit::Failed, entries.message(entry, &reason)));
        }
    }
    Ok(wanted)
}

//! `ovs group add`, `mod`, `del`, `insert-buckets` and `remove-buckets`: their arguments.

use std::path::PathBuf;

use super::report::report_headings;
use super::request::{GroupRequest, ReadSwitch};
use crate::commands::about::{About, JsonDocument};
use crate::commands::argument::{Takes as _, Value};
use crate::commands::entries::{Entries, none_given};
use crate::commands::{Context, Failure};
use crate::openflow::group_entry::GroupCommand;

pub(super) const ADD: About = About::other()
    .list(report_headings)
    .document(JsonDocument::Changes("group"))
    .remarks("\
A group is written as in ovs-ofctl(8), \"Group Syntax\", with the names of ports: group_id=N,type=all|select|indirect|ff, \
selection_method=, selection_method_param= and fields(...) of groups of type select, then its buckets, each bucket= with \
weight:, watch_port:, watch_group:, bucket_id: and its actions.

The groups of the switch are read first. A group that is there already is refused: mod changes it, replace makes all \
groups those of a file. Several groups are written all or none, in a bundle of OpenFlow 1.4 or later, or of Open vSwitch \
in 1.3; --no-atomic writes them one by one, as versions before need it.

FILE has a group a line, as dump-groups prints them, or JSON of its --json; statistics are ignored, and so is what follows a #. A line may begin \
with the words of ovs-ofctl for another command: add, modify, add_or_mod, delete, insert_bucket, remove_bucket. They are \
done in their order.

What is probably a mistake is warned of: a port or group that is not there, weights that select nothing. With --strict \
it is refused.")
    .examples("\
ovs group add br-int 'group_id=1,type=select,bucket=output:eth0,bucket=output:eth1'
ovs group add br-int 'group_id=2,type=ff,bucket=watch_port:eth0,eth0,bucket=watch_port:eth1,eth1'
ovs group add br-int --file groups.txt
ovs group add br-int --file groups.txt --dry-run
ovs group add br-int --file groups.txt --explain        what becomes of each group");

pub(super) const MODIFY: About = About::other()
    .list(report_headings)
    .document(JsonDocument::Changes("group"))
    .remarks("\
A group is written as for add, and takes the place of the one with its number; one that means the same stays as it is, \
with its counters. A group that is not there is an error with the exit code 3; --may-create adds it.")
    .examples("\
ovs group mod br-int 'group_id=1,type=select,bucket=output:eth0'
ovs group mod br-int --may-create --file groups.txt");

pub(super) const DELETE: About = About::other()
    .list(report_headings)
    .document(JsonDocument::Changes("group"))
    .remarks("\
The switch removes the flows that use the group, too; how many they are is read just before. A group that is not there \
is an error with the exit code 3. To remove all groups, --all is needed.")
    .examples("\
ovs group del br-int 1
ovs group del br-int 1 2 --dry-run                 how many flows go with them
ovs dump-flows br-int --out-group 1                     which flows
ovs group del br-int --all");

pub(super) const INSERT: About = About::other()
    .list(report_headings)
    .document(JsonDocument::Changes("group"))
    .remarks("\
command_bucket_id= says where: first, last, or the id of the bucket after which the new ones come, as \
OpenFlow and the switch have it (ovs-ofctl(8) says before). dump-groups shows the \
ids. A bucket without bucket_id= is given the first id that the group does not have. Needs OpenFlow 1.5, or Open vSwitch \
in 1.0.")
    .examples("\
ovs group insert-buckets br-int 'group_id=1,command_bucket_id=last,bucket=weight:3,output:eth2'");

pub(super) const REMOVE: About = About::other()
    .list(report_headings)
    .document(JsonDocument::Changes("group"))
    .remarks("\
command_bucket_id= says which bucket: first, last, its id, or all. Without it all buckets are removed. Needs OpenFlow 1.5, \
or Open vSwitch in 1.0.")
    .examples("ovs group remove-buckets br-int group_id=1,command_bucket_id=3");

// The groups, and how they are written.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A bridge, or unix:PATH, tcp:HOST[:6653]
    #[arg(takes = Value::SWITCH)]
    switch: String,

    /// The groups: group_id=N,type=TYPE,bucket=..., ports by name or number
    #[arg(takes = Value::GROUP, required_unless_present = "file", conflicts_with = "file")]
    groups: Vec<String>,

    /// The groups of a file, one a line, with comments; or JSON as dump-groups prints it; -: stdin
    #[arg(long, takes = Value::FILE)]
    file: Option<PathBuf>,

    /// Write the groups one by one, not all or none: what the switch refuses is left out
    #[arg(long)]
    no_atomic: bool,

    /// Print what becomes of each group
    #[arg(long)]
    explain: bool,
}

/// A line of a batch: the switch, what is done, and the groups.
type GroupLine<'a> = (&'a str, GroupCommand, Vec<&'a str>);

/// What a line of a batch cannot have.
fn refuse_options(
    file: Option<&PathBuf>,
    no_atomic: bool,
    explain: bool,
) -> Result<(), &'static str> {
    match (file, no_atomic, explain) {
        (Some(_), ..) => Err("--file cannot be in a batch"),
        (None, true, _) => Err("--no-atomic cannot be in a batch"),
        (None, false, true) => Err("--explain cannot be in a batch"),
        (None, false, false) => Ok(()),
    }
}

impl Args {
    pub(super) fn line(&self, command: GroupCommand) -> Result<GroupLine<'_>, &'static str> {
        refuse_options(self.file.as_ref(), self.no_atomic, self.explain)?;
        let groups = self.groups.iter().map(String::as_str).collect();
        Ok((&self.switch, command, groups))
    }

    pub(super) async fn run(&self, cx: &Context, command: GroupCommand) -> Result<(), Failure> {
        super::report::check_columns(cx, self.explain)?;
        let entries = Entries::open("group", &self.groups, self.file.as_deref())?;
        let read = ReadSwitch::read(cx, &self.switch).await?;
        let request = GroupRequest {
            cx,
            entries: &entries,
            command,
            no_atomic: self.no_atomic,
            explain: self.explain,
            is_mixed: true,
            refuses_warnings: cx.writing.strict,
        };
        request.run(read).await
    }
}

// The arguments of `ovs group mod`.
#[derive(Debug, clap::Args)]
pub struct ModifyArgs {
    #[command(flatten)]
    args: Args,

    /// Add a group that is not there
    #[arg(long, visible_alias = "or-add")]
    may_create: bool,
}

impl ModifyArgs {
    fn command(&self) -> GroupCommand {
        if self.may_create {
            GroupCommand::AddOrModify
        } else {
            GroupCommand::Modify
        }
    }

    pub(super) fn line(&self) -> Result<GroupLine<'_>, &'static str> {
        self.args.line(self.command())
    }

    pub(super) async fn run(&self, cx: &Context) -> Result<(), Failure> {
        self.args.run(cx, self.command()).await
    }
}

// The arguments of `ovs group del`.
#[derive(Debug, clap::Args)]
pub struct DeleteArgs {
    /// A bridge, or unix:PATH, tcp:HOST[:6653]
    #[arg(takes = Value::SWITCH)]
    switch: String,

    /// The groups, by their numbers
    #[arg(takes = Value::GROUP_NUMBER, conflicts_with_all = ["file", "all"])]
    groups: Vec<String>,

    /// Every group
    #[arg(long, conflicts_with = "file")]
    all: bool,

    /// The groups of a file, one a line, with comments; -: stdin
    #[arg(long, takes = Value::FILE)]
    file: Option<PathBuf>,

    /// Remove the groups one by one, not all or none
    #[arg(long)]
    no_atomic: bool,

    /// Print what becomes of each group
    #[arg(long)]
    explain: bool,
}

/// Every group, as text.
const EVERY: &str = "group_id=all";

impl DeleteArgs {
    pub(super) fn line(&self) -> Result<GroupLine<'_>, &'static str> {
        refuse_options(self.file.as_ref(), self.no_atomic, self.explain)?;
        let groups = match self.groups.as_slice() {
            [] if self.all => vec![EVERY],
            [] => return Err("which groups? GROUP is missing; --all removes every group"),
            groups => groups.iter().map(String::as_str).collect(),
        };
        Ok((&self.switch, GroupCommand::Delete, groups))
    }

    pub(super) async fn run(&self, cx: &Context) -> Result<(), Failure> {
        if self.groups.is_empty() && !self.all && self.file.is_none() {
            return Err(none_given("group"));
        }
        let every = [EVERY.to_owned()];
        let args = Args {
            switch: self.switch.clone(),
            groups: if self.all {
                every.to_vec()
            } else {
                self.groups.clone()
            },
            file: self.file.clone(),
            no_atomic: self.no_atomic,
            explain: self.explain,
        };
        args.run(cx, GroupCommand::Delete).await
    }
}

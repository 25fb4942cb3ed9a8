//! `ovs group`: groups that are written, ports by name. `ovs dump-groups` reads them.
//!
//! | file | contents |
//! |---|---|
//! | `change` | `add`, `mod`, `del`, `insert-buckets`, `remove-buckets`: their arguments |
//! | `replace`, `diff` | the groups of a file or another switch |
//! | `request` | what is asked of a switch: read, plan, write |
//! | `plan` | what becomes of the groups |
//! | `refusal`, `report` | what the switch refused, in words; what became of the groups |

mod change;
mod diff;
mod plan;
mod refusal;
mod replace;
mod report;
mod request;

pub(super) use diff::{differences, two_switches};
pub(super) use plan::{GroupPlan, GroupStep};
pub(super) use refusal::reason as refusal_reason;
pub(super) use request::{GroupRequest, ReadSwitch, Warnings as GroupWarnings};

use super::switch_line::{LineKind, SwitchLine};
use super::{Context, Exit, Failure};
use crate::commands::about::Describe as _;
use crate::openflow::group_entry::GroupCommand;

/// The commands that write groups.
#[derive(Debug, clap::Subcommand)]
#[command(defer = true)]
pub enum Command {
    /// Add groups
    #[command(describe = change::ADD)]
    Add(change::Args),
    /// Change the type and the buckets of groups
    #[command(describe = change::MODIFY)]
    Mod(change::ModifyArgs),
    /// Remove groups, with the flows that use them
    #[command(visible_alias = "delete", describe = change::DELETE)]
    Del(change::DeleteArgs),
    /// Insert buckets into a group
    #[command(visible_alias = "insert-bucket", describe = change::INSERT)]
    InsertBuckets(change::Args),
    /// Remove a bucket of a group, or all
    #[command(visible_alias = "remove-bucket", describe = change::REMOVE)]
    RemoveBuckets(change::Args),
    /// Make the groups of a switch those of a file
    #[command(describe = replace::ABOUT)]
    Replace(replace::Args),
    /// In what the groups of two switches or files differ
    #[command(describe = diff::ABOUT)]
    Diff(diff::Args),
}

impl Command {
    /// The groups, if a line of a batch may have them; else why it may not.
    pub(super) fn line(&self) -> Result<SwitchLine<'_>, &'static str> {
        let (switch, command, texts) = match self {
            Command::Add(args) => args.line(GroupCommand::Add)?,
            Command::Mod(args) => args.line()?,
            Command::Del(args) => args.line()?,
            Command::InsertBuckets(args) => args.line(GroupCommand::InsertBuckets)?,
            Command::RemoveBuckets(args) => args.line(GroupCommand::RemoveBuckets)?,
            Command::Replace(_) | Command::Diff(_) => {
                return Err("a batch takes group add, mod, del, insert-buckets and remove-buckets");
            }
        };
        Ok(SwitchLine {
            switch,
            kind: LineKind::Group(command),
            texts,
            refuses_warnings: false,
        })
    }

    /// Runs it.
    ///
    /// # Errors
    ///
    /// An argument is wrong, the switch refuses a group or does not reply, or stdout cannot be written.
    pub async fn run(&self, cx: &Context) -> Result<Exit, Failure> {
        match self {
            Command::Add(args) => args.run(cx, GroupCommand::Add).await?,
            Command::Mod(args) => args.run(cx).await?,
            Command::Del(args) => args.run(cx).await?,
            Command::InsertBuckets(args) => args.run(cx, GroupCommand::InsertBuckets).await?,
            Command::RemoveBuckets(args) => args.run(cx, GroupCommand::RemoveBuckets).await?,
            Command::Replace(args) => args.run(cx).await?,
            Command::Diff(args) => return args.run(cx).await,
        }
        Ok(Exit::Done)
    }
}

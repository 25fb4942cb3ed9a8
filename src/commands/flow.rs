//! `ovs flow`: flows that are written, ports and tables by name.
//!
//! | file | contents |
//! |---|---|
//! | `add`, `modify` | `flow add`; `flow mod` and `flow del`: their arguments |
//! | `options` | the options that they share |
//! | `asked`, `request` | what is asked of a switch; connect, names, write |
//! | `input` | the flows given as arguments or in a file, and how they are read |
//! | `replace`, `diff` | `flow replace`: what differs is written; `flow diff`: two sides compared |
//! | `sides`, `comparison` | the switches and files that are compared; what differs, and how it is printed |
//! | `counting` | how many flows a change selects |
//! | `outcome`, `refusal` | sending; what the switch refused, in words |
//! | `report` | how many flows were written |
//! | `plan` | what becomes of each flow: `--dry-run`, `--explain` |
//! | `conflicts` | flows that no packet reaches, or that overlap: warnings of `--dry-run`, `--explain` |
//! | `bundled` | the flows that a bundle adds, which its other changes may not find |
//! | `present` | the groups and meters of a switch, which flows refer to |

mod add;
mod asked;
mod bundled;
mod comparison;
mod conflicts;
mod counting;
mod diff;
mod input;
mod modify;
mod options;
mod outcome;
mod plan;
mod present;
mod refusal;
mod replace;
mod report;
mod request;
mod sides;

pub(super) use bundled::{BundledFlows, NotSeen};
pub(super) use comparison::{DifferencePrinter, SideSpelling};
pub(super) use diff::two_switches;
pub(super) use input::absent_ports;
pub(super) use plan::FlowPlan;
pub(super) use present::refused_reference;
pub(super) use refusal::reason as refusal_reason;

use super::{Context, Failure};
use crate::commands::about::Describe as _;
use crate::commands::switch_line::SwitchLine;

/// The commands that write flows.
// Not deferred: `--strict` of `mod` and `del` takes the place of the global option.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Add flows, or replace those with the same table, priority and match
    #[command(describe = add::ABOUT)]
    Add(add::Args),
    /// Change the actions of the flows that match
    #[command(describe = modify::MODIFY)]
    Mod(modify::ModifyArgs),
    /// Remove the flows that match
    #[command(visible_alias = "delete", describe = modify::DELETE)]
    Del(modify::DeleteArgs),
    /// Bring the flows of a switch to those of a file; write only what differs
    #[command(describe = replace::ABOUT)]
    Replace(replace::Args),
    /// Compare the flows of two switches or files by what they mean
    #[command(describe = diff::ABOUT)]
    Diff(diff::Args),
}

impl Command {
    /// The flows, if a line of a batch may have them; else why it may not.
    pub(super) fn line(&self) -> Result<SwitchLine<'_>, &'static str> {
        match self {
            Command::Add(args) => args.line(),
            Command::Mod(args) => args.line(),
            Command::Del(args) => args.line(),
            Command::Replace(_) | Command::Diff(_) => {
                Err("a batch takes flow add, flow mod and flow del")
            }
        }
    }

    /// Runs it.
    ///
    /// # Errors
    ///
    /// An argument is wrong, the switch refuses a flow or does not reply, or stdout cannot be written.
    pub async fn run(&self, cx: &Context) -> Result<(), Failure> {
        match self {
            Command::Add(args) => args.run(cx).await,
            Command::Mod(args) => args.run(cx).await,
            Command::Del(args) => args.run(cx).await,
            Command::Replace(args) => args.run(cx).await,
            Command::Diff(args) => args.run(cx).await,
        }
    }
}

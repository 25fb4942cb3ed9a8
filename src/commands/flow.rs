//! `ovs flow`: flows that are written, ports and tables by name.
//!
//! | file | contents |
//! |---|---|
//! | `add`, `modify` | `flow add`; `flow mod` and `flow del`: their arguments |
//! | `options` | the options that they share |
//! | `request` | what is asked of a switch: connect, names, write |
//! | `input`, `file` | the flows given as arguments or in a file, and how they are read |
//! | `counting` | how many flows a change selects |
//! | `outcome`, `refusal` | sending; what the switch refused, in words |
//! | `report` | how many flows were written |

mod add;
mod counting;
mod file;
mod input;
mod modify;
mod options;
mod outcome;
mod refusal;
mod report;
mod request;

use super::{Context, Failure};
use crate::commands::about::Describe as _;

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
}

impl Command {
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
        }
    }
}

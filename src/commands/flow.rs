//! `ovs flow`: flows that are written, ports and tables by name.
//!
//! | file | contents |
//! |---|---|
//! | `add` | `flow add`: flows of the command line |

mod add;

use super::{Context, Failure};
use crate::commands::about::Describe as _;

/// The commands that write flows.
#[derive(Debug, clap::Subcommand)]
#[command(defer = true)]
pub enum Command {
    /// Add flows, or replace those with the same table, priority and match
    #[command(describe = add::ABOUT)]
    Add(add::Args),
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
        }
    }
}

//! `ovs db`: rows of any table, for what has no command of its own.

mod change;
mod read;
mod wait;

use super::write::{self, Change};
use super::{Context, Failure};
use crate::commands::about::Describe as _;

/// The commands on rows.
#[derive(Debug, clap::Subcommand)]
#[command(defer = true)]
pub enum Command {
    /// Some columns of one record
    #[command(describe = read::GET)]
    Get(read::Get),
    /// The records of a table, or those that are named
    #[command(describe = read::LIST)]
    List(read::List),
    /// The records of a table that meet all conditions
    #[command(describe = read::FIND)]
    Find(read::Find),
    /// Set columns of a record, or keys of them
    #[command(describe = change::SET)]
    Set(change::Set),
    /// Add values to a column, or pairs whose keys are not there yet
    #[command(describe = change::ADD)]
    Add(change::Add),
    /// Take values, keys or pairs out of a column
    #[command(describe = change::REMOVE)]
    Remove(change::Remove),
    /// Empty columns of a record
    #[command(describe = change::CLEAR)]
    Clear(change::Clear),
    /// Make a record
    #[command(describe = change::CREATE)]
    Create(change::Create),
    /// Delete records
    #[command(describe = change::DESTROY)]
    Destroy(change::Destroy),
    /// Wait until a record exists and meets all conditions; for ever, unless -t says how long
    #[command(visible_alias = "wait-until", describe = wait::ABOUT)]
    Wait(wait::Wait),
}

impl Command {
    /// Runs it.
    ///
    /// # Errors
    ///
    /// An argument is wrong, the database does not answer, or stdout cannot be written.
    pub async fn run(&self, cx: &Context) -> Result<(), Failure> {
        match self {
            Command::Get(get) => get.run(cx).await,
            Command::List(list) => list.run(cx).await,
            Command::Find(find) => find.run(cx).await,
            Command::Wait(wait) => wait.run(cx).await,
            Command::Set(set) => write::make(cx, set).await,
            Command::Add(add) => write::make(cx, add).await,
            Command::Remove(remove) => write::make(cx, remove).await,
            Command::Clear(clear) => write::make(cx, clear).await,
            Command::Create(create) => write::make(cx, create).await,
            Command::Destroy(destroy) => write::make(cx, destroy).await,
        }
    }

    /// The change that it makes, if it makes one.
    pub(super) fn change(&self) -> Option<&dyn Change> {
        match self {
            Command::Set(set) => Some(set),
            Command::Add(add) => Some(add),
            Command::Remove(remove) => Some(remove),
            Command::Clear(clear) => Some(clear),
            Command::Create(create) => Some(create),
            Command::Destroy(destroy) => Some(destroy),
            Command::Get(_) | Command::List(_) | Command::Find(_) | Command::Wait(_) => None,
        }
    }
}

// The record that a command is about.
#[derive(Debug, clap::Args)]
struct Target {
    /// The table, or the beginning of its name
    #[arg(value_name = "TABLE")]
    table: String,
    /// The record: its name, its UUID or the beginning of it, or . for the only one
    #[arg(value_name = "RECORD")]
    record: String,
}

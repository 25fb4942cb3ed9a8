//! `ovs db`: rows of any table, for what has no command of its own.

mod change;
mod read;
mod wait;

use super::write;
use super::{Context, Failure};
use crate::commands::about::Describe as _;
use crate::commands::argument::{Takes as _, Value};
use crate::ovsdb::Error;
use crate::ovsdb::schema::Table;
use crate::plan::filter::Filter;

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
    #[command(flatten)]
    Change(change::DbChange),
    /// Wait until a record exists and meets all conditions; without limit unless -t is given
    #[command(visible_alias = "wait-until", describe = wait::ABOUT)]
    Wait(wait::Wait),
}

impl Command {
    /// The change of the database, if the command makes one, or names a record for the lines that follow.
    pub(super) fn change(&self) -> Option<&dyn write::DatabaseChange> {
        match self {
            Command::Change(change) => Some(change),
            Command::Get(get) if get.names_record() => Some(get),
            Command::Get(_) | Command::List(_) | Command::Find(_) | Command::Wait(_) => None,
        }
    }

    /// Runs it.
    ///
    /// # Errors
    ///
    /// An argument is wrong, the database does not reply, or stdout cannot be written.
    pub async fn run(&self, cx: &Context) -> Result<(), Failure> {
        match self {
            Command::Get(get) => get.run(cx).await,
            Command::List(list) => list.run(cx).await,
            Command::Find(find) => find.run(cx).await,
            Command::Wait(wait) => wait.run(cx).await,
            Command::Change(change) => write::make(cx, change).await,
        }
    }
}

/// Refuses conditions on what is not known of a saved host: columns, and secrets that were left out.
fn needs_values(cx: &Context, table: &Table, filters: &[Filter]) -> Result<(), Failure> {
    for filter in filters {
        let column = &filter.column;
        let unknown = if !column.is_known {
            format!("{}.{}", table.name, column.name)
        } else if let Some(key) = filter
            .secret_key()
            .filter(|_| cx.format.not_saved.lacks_secrets())
        {
            format!("{}:{key}", column.name)
        } else {
            continue;
        };
        return Err(Error::NotSaved(unknown).into());
    }
    Ok(())
}

/// The name of a record in later lines of a batch: `@NAME`.
fn symbol(text: &str) -> Result<String, String> {
    match text.strip_prefix('@') {
        Some(name) if !name.is_empty() => Ok(text.to_owned()),
        _ => Err("expected @ and a name".to_owned()),
    }
}

// The record that a command works on.
#[derive(Debug, clap::Args)]
pub struct Target {
    /// The table, or a prefix of its name
    #[arg(takes = Value::TABLE)]
    table: String,
    /// The record: its name, its UUID or a prefix of it, or . for the only one
    #[arg(takes = Value::RECORD)]
    record: String,
}

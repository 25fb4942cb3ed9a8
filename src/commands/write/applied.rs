//! Waiting for ovs-vswitchd to apply a change.

use std::time::Duration;

use crate::commands::{Context, Exit, Failure};
use crate::ovsdb::client::OPEN_VSWITCH;
use crate::ovsdb::operation::Until;
use crate::ovsdb::{Condition, Error, Function, Operation, Outcome, Row, Select, Uuid};
use crate::plan::RowId;
use crate::plan::report::WrittenRow;
use crate::source::Database;

/// The state of an interface after the change.
#[derive(Debug)]
pub(super) struct State {
    pub(super) row: RowId,
    pub(super) ofport: Option<i64>,
    pub(super) error: Option<String>,
}

/// The result of waiting for ovs-vswitchd.
#[derive(Debug, Default)]
pub(super) struct Applied {
    /// The states of the interfaces.
    pub(super) states: Vec<State>,
    /// The written rows, in their order; `None`: the row no longer exists.
    pub(super) written: Vec<Option<Row>>,
}

/// Waits until ovs-vswitchd has applied the configuration, then reads the state of the interfaces
/// and the written rows. `next_cfg`
/// is the number of the change; `None`: nothing was written, but a configuration written by others may still
/// be pending.
///
/// The server waits (RFC 7047 §5.2.6) and reads in the same transaction: one request, and a consistent
/// result. If the connection is lost, another server of the cluster is used.
pub(super) async fn applied(
    cx: &Context,
    database: &Database,
    next_cfg: Option<i64>,
    interfaces: &[(RowId, Uuid)],
    written: &[WrittenRow],
) -> Result<Applied, Failure> {
    let limit = cx.host.limit;
    let mut operations = Vec::new();
    let wrote = next_cfg.is_some();
    let next_cfg = if wrote {
        next_cfg
    } else {
        let select = Select::columns(OPEN_VSWITCH, &["next_cfg"]);
        let rows = database.select(vec![select]).await?.concat();
        let number = rows.first().map(|row| row.integer("next_cfg"));
        number.transpose().map_err(Error::from)?
    };
    if let Some(next_cfg) = next_cfg {
        operations.push(Operation::Wait {
            table: OPEN_VSWITCH.to_owned(),
            when: vec![Condition(
                "cur_cfg".to_owned(),
                Function::Less,
                next_cfg.into(),
            )],
            columns: vec!["cur_cfg".to_owned()],
            until: Until::Equal,
            rows: Vec::new(),
            timeout: limit.map(|limit| {
                // The notation has signed integers only.
                let limit = i64::try_from(limit.as_millis()).unwrap_or(i64::MAX);
                limit.unsigned_abs()
            }),
        });
    }
    let waits = operations.len();
    for (_, uuid) in interfaces {
        let select = Select::columns("Interface", &["ofport", "error"]);
        operations.push(select.when("_uuid", Function::Equal, *uuid).into());
    }
    for WrittenRow {
        uuid,
        table,
        columns,
        ..
    } in written
    {
        let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
        let select = Select::columns(table, &columns);
        operations.push(select.when("_uuid", Function::Equal, *uuid).into());
    }
    if operations.is_empty() {
        return Ok(Applied::default());
    }
    let _progress = cx.progress("waiting for ovs-vswitchd to apply it");
    let outcomes = database.wait(&operations).await;
    let outcomes = outcomes.map_err(|error| not_applied(&error, limit, wrote))?;
    let mut answers = outcomes
        .into_iter()
        .skip(waits)
        .map(|outcome| match outcome {
            Outcome::Rows(rows) => rows,
            _ => Vec::new(),
        });
    let mut states = Vec::new();
    for ((row, _), rows) in interfaces.iter().zip(&mut answers) {
        for found in rows {
            states.push(State {
                row: *row,
                ofport: found.optional_integer("ofport").map_err(Error::from)?,
                error: found
                    .optional_string("error")
                    .map_err(Error::from)?
                    .map(str::to_owned),
            });
        }
    }
    let written = answers.map(|rows| rows.into_iter().next()).collect();
    Ok(Applied { states, written })
}

fn not_applied(error: &Error, limit: Option<Duration>, wrote: bool) -> Failure {
    let done = if wrote {
        "written to the database"
    } else {
        "it is in the database already"
    };
    let timed_out = match error {
        Error::TimedOut(_) => true,
        Error::Operation(error) => error.error == "timed out",
        _ => false,
    };
    let message = match limit {
        Some(limit) if timed_out => format!(
            "{done}, but ovs-vswitchd has not applied it within {} s",
            limit.as_secs_f64()
        ),
        _ => format!("{done}, but whether it is applied is not known: {error}"),
    };
    Failure::new(Exit::NotApplied, message).hint(
        "is ovs-vswitchd running? It applies the change when it is back; \
         -t SECS waits longer, --no-wait does not wait",
    )
}

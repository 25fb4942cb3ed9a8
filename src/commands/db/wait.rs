//! `ovs db wait`.

use std::time::Duration;

use clap::Args;

use super::{Target, needs_values};
use crate::commands::about::About;
use crate::commands::argument::{Takes as _, Value};
use crate::commands::{Context, Exit, Failure, quoted};
use crate::ovsdb::operation::{Columns, Until};
use crate::ovsdb::schema::Table;
use crate::ovsdb::{Condition, Datum, Error, Function, Operation, Row, Select, Uuid};
use crate::plan::Edit;
use crate::plan::filter::Filter;
use crate::plan::record::NameRule;
use crate::source::Database;

// Arguments of `db wait`.
#[derive(Debug, Args)]
pub struct Wait {
    #[command(flatten)]
    target: Target,
    /// All of these must hold, as for db find; none: the record must exist
    #[arg(takes = Value::CONDITION)]
    conditions: Vec<String>,
}

pub(super) const ABOUT: About = About::reads()
    .remarks("\
It is the server that waits, so nothing is asked again and again. With -t, exit code 4 says that it did \
not come about in time.")
    .examples("\
ovs db wait Bridge br-int
ovs db wait Interface tap0 'ofport>0' link_state=up
ovs -t 30 db wait Open_vSwitch . 'cur_cfg>=7'");

impl Wait {
    /// Runs it.
    pub async fn run(&self, cx: &Context) -> Result<(), Failure> {
        let limit = cx.host.limit.filter(|_| cx.limit_is_given);
        let Some(limit) = limit else {
            return self.wait(cx, None).await;
        };
        match tokio::time::timeout(limit, self.wait(cx, Some(limit))).await {
            Ok(outcome) => outcome,
            Err(_) => Err(self.too_late(limit)),
        }
    }

    async fn wait(&self, cx: &Context, limit: Option<Duration>) -> Result<(), Failure> {
        // Uses a connection of its own, without a limit per request; the whole command is limited above.
        let database = cx.database.apart(limit.or(cx.host.limit));
        let mut edit = Edit::new(&database);
        let table = edit.table(&self.target.table).await?;
        let filters = edit.filters(&table, &self.conditions).await?;
        needs_values(cx, &table, &filters)?;
        drop(edit);
        drop(database);
        let database = cx.database.apart(None);
        loop {
            let mut watch = Watch::of(&table, &self.target.record);
            if let Some(uuid) = identity(&database, &table, &self.target.record).await? {
                watch = Watch::row(&table, uuid, &filters);
                let rows = watch.read(&database).await?;
                let is_met = |row: &Columns| {
                    filters.iter().all(|filter| {
                        let has = |(name, _): &&(String, Datum)| *name == filter.column.name;
                        row.0
                            .iter()
                            .find(has)
                            .is_some_and(|(_, datum)| filter.is_met(datum))
                    })
                };
                if rows.iter().any(is_met) {
                    return Ok(());
                }
                watch.until_other_than(&database, rows).await?;
            } else {
                // A record inserted meanwhile makes the wait end at once, or at the next attempt.
                let rows = watch.read(&database).await?;
                if identity(&database, &table, &self.target.record)
                    .await?
                    .is_none()
                {
                    watch.until_other_than(&database, rows).await?;
                }
            }
        }
    }

    fn too_late(&self, limit: Duration) -> Failure {
        let Target { table, record } = &self.target;
        let record = quoted(record);
        let message = match self.conditions.as_slice() {
            [] => format!("there was no record {record} in table {table}"),
            conditions => format!("{} did not hold for {table} {record}", conditions.join(" ")),
        };
        Failure::new(
            Exit::Unreachable,
            format!("{message} within {} s", limit.as_secs_f64()),
        )
    }
}

/// The record, if it exists by now.
async fn identity(
    database: &Database,
    table: &Table,
    record: &str,
) -> Result<Option<Uuid>, Failure> {
    let mut edit = Edit::new(database);
    let row = edit.record_if(table, record, &["_uuid"]).await?;
    Ok(row.and_then(|row| edit.draft.uuid(row)))
}

/// Rows that are watched for changes.
#[derive(Debug)]
struct Watch {
    table: String,
    when: Vec<Condition>,
    columns: Vec<String>,
}

impl Watch {
    /// What to watch for the insertion of a record.
    fn of(table: &Table, record: &str) -> Watch {
        let equal = |column: &str, datum| Condition(column.to_owned(), Function::Equal, datum);
        let by_uuid = |when| Watch {
            table: table.name.clone(),
            when,
            columns: vec!["_uuid".to_owned()],
        };
        if let Ok(uuid) = record.parse::<Uuid>() {
            return by_uuid(vec![equal("_uuid", uuid.into())]);
        }
        // If there are several rules, the one for the form of the target is used.
        let rules = NameRule::of(&table.name);
        let looks_so = |rule: &&NameRule| (rule.column == "target") == record.contains(':');
        let rule = rules.iter().find(looks_so).or(rules.first());
        match rule.and_then(|rule| Some((rule, rule.name(record)?))) {
            Some((rule, name)) if record != "." => Watch {
                table: rule.table.to_owned(),
                when: vec![equal(rule.column, name)],
                columns: vec![rule.reference.unwrap_or("_uuid").to_owned()],
            },
            _ => by_uuid(Vec::new()),
        }
    }

    /// The columns of a row that the filters read.
    fn row(table: &Table, uuid: Uuid, filters: &[Filter]) -> Watch {
        let mut columns = vec!["_uuid".to_owned()];
        for filter in filters {
            if !columns.contains(&filter.column.name) {
                columns.push(filter.column.name.clone());
            }
        }
        Watch {
            table: table.name.clone(),
            when: vec![Condition("_uuid".to_owned(), Function::Equal, uuid.into())],
            columns,
        }
    }

    /// The current rows.
    async fn read(&self, database: &Database) -> Result<Vec<Columns>, Error> {
        let rows = database.select(vec![self.select()]).await?.concat();
        let row = |row: &Row| {
            let columns = row
                .columns()
                .filter(|(name, _)| self.columns.iter().any(|c| c == name));
            Columns(
                columns
                    .map(|(name, datum)| (name.to_owned(), datum.clone()))
                    .collect(),
            )
        };
        Ok(rows.iter().map(row).collect())
    }

    /// Waits, if necessary without limit, until the rows differ from these.
    async fn until_other_than(&self, database: &Database, rows: Vec<Columns>) -> Result<(), Error> {
        let wait = Operation::Wait {
            table: self.table.clone(),
            when: self.when.clone(),
            columns: self.columns.clone(),
            until: Until::NotEqual,
            rows,
            timeout: None,
        };
        database.transact(&[wait]).await.map(drop)
    }

    fn select(&self) -> Select {
        let columns: Vec<&str> = self.columns.iter().map(String::as_str).collect();
        let mut select = Select::columns(&self.table, &columns);
        select.when.clone_from(&self.when);
        select
    }
}

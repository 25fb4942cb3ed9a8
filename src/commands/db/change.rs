//! `ovs db set`, `add`, `remove`, `clear`, `create` and `destroy`.

use clap::Args;
use futures_util::future::{FutureExt as _, LocalBoxFuture};

use super::Target;
use crate::commands::about::About;
use crate::commands::write::Change;
use crate::ovsdb::schema::Table;
use crate::plan::RowId;
use crate::plan::record::column;
use crate::plan::{Edit, Refusal};

// Arguments of `db set`.
#[derive(Debug, Args)]
pub struct Set {
    #[command(flatten)]
    target: Target,
    /// What the columns shall hold
    #[arg(value_name = "COLUMN[:KEY]=VALUE", required = true)]
    values: Vec<String>,
    /// Do nothing if there is no such record
    #[arg(long)]
    if_exists: bool,
}

// Arguments of `db add`.
#[derive(Debug, Args)]
pub struct Add {
    #[command(flatten)]
    target: Target,
    /// The column: a set or a map
    #[arg(value_name = "COLUMN")]
    column: String,
    /// What comes
    #[arg(
        value_name = "[KEY=]VALUE",
        required = true,
        allow_negative_numbers = true
    )]
    values: Vec<String>,
    /// Do nothing if there is no such record
    #[arg(long)]
    if_exists: bool,
}

// Arguments of `db remove`.
#[derive(Debug, Args)]
pub struct Remove {
    #[command(flatten)]
    target: Target,
    /// The column: a set or a map
    #[arg(value_name = "COLUMN")]
    column: String,
    /// What goes: values of a set; keys of a map, or pairs that are exactly so
    #[arg(
        value_name = "VALUE|KEY|KEY=VALUE",
        required = true,
        allow_negative_numbers = true
    )]
    values: Vec<String>,
    /// Do nothing if there is no such record
    #[arg(long)]
    if_exists: bool,
}

// Arguments of `db clear`.
#[derive(Debug, Args)]
pub struct Clear {
    #[command(flatten)]
    target: Target,
    /// The columns to empty
    #[arg(value_name = "COLUMN", required = true)]
    emptied: Vec<String>,
    /// Do nothing if there is no such record
    #[arg(long)]
    if_exists: bool,
}

// Arguments of `db create`.
#[derive(Debug, Args)]
pub struct Create {
    /// The table, or the beginning of its name
    #[arg(value_name = "TABLE")]
    table: String,
    /// What the columns shall hold; the others get their defaults
    #[arg(value_name = "COLUMN[:KEY]=VALUE")]
    values: Vec<String>,
    /// What later lines of a batch may call the record
    #[arg(long, value_name = "@NAME", value_parser = symbol)]
    id: Option<String>,
}

// Arguments of `db destroy`.
#[derive(Debug, Args)]
pub struct Destroy {
    /// The table, or the beginning of its name
    #[arg(value_name = "TABLE")]
    table: String,
    /// The records: names, UUIDs or their beginnings
    #[arg(value_name = "RECORD", required_unless_present = "all")]
    records: Vec<String>,
    /// All records of the table
    #[arg(long, conflicts_with_all = ["records", "if_exists"])]
    all: bool,
    /// Pass over records that do not exist
    #[arg(long)]
    if_exists: bool,
}

pub(super) const SET: About = About::changes()
    .remarks(
        "\
Values are written as for ovs-vsctl(8): sets 1,2 or [1,2], ranges of integers 1-5, maps a=b,c=d or \
{a=b,c=d}; [] and {} are empty; strings may stand in double quotes, as in JSON.",
    )
    .examples(
        "\
ovs db set Port tap0 tag=7 trunks=1-5,10
ovs db set Open_vSwitch . other_config:max-idle=30000
ovs db set Bridge br-int external_ids='{a=b,c=\"d e\"}'",
    );

pub(super) const ADD: About = About::changes()
    .remarks("A pair whose key is there already stays as it is: db set changes it.")
    .examples(
        "\
ovs db add Port tap0 trunks 100 200-210
ovs db add Bridge br-int external_ids owner=ops",
    );

pub(super) const REMOVE: About = About::changes()
    .remarks("What is not there need not go: that is no error.")
    .examples(
        "\
ovs db remove Port tap0 trunks 100
ovs db remove Bridge br-int external_ids owner
ovs db remove Bridge br-int external_ids owner=ops",
    );

pub(super) const CLEAR: About = About::changes().examples("ovs db clear Port tap0 tag trunks");

pub(super) const CREATE: About = About::changes()
    .remarks("\
Prints what was made; -g uuid prints its identity alone. Rows of most tables stay only while another row \
refers to them: a batch makes them and what refers to them at once.")
    .examples("\
ovs db create Queue other_config:max-rate=1000000 -g uuid
printf '%s\\n' 'db create QoS type=linux-htb --id=@q' 'db set Port eth0 qos=@q' | ovs batch");

pub(super) const DESTROY: About = About::changes()
    .remarks("Records that others refer to are not deleted: the message says who does.")
    .examples(
        "\
ovs db destroy QoS 0b5f
ovs db destroy Queue --all",
    );

/// Runs the steps on the record that is named, if it is there.
async fn on(
    edit: &mut Edit<'_>,
    target: &Target,
    if_exists: bool,
) -> Result<Option<(Table, RowId)>, Refusal> {
    let table = edit.table(&target.table).await?;
    let row = found(edit, &table, &target.record, if_exists).await?;
    Ok(row.map(|row| (table, row)))
}

async fn found(
    edit: &mut Edit<'_>,
    table: &Table,
    record: &str,
    if_exists: bool,
) -> Result<Option<RowId>, Refusal> {
    if if_exists {
        return edit.record_if(table, record, NAMES).await;
    }
    edit.record(table, record, NAMES).await.map(Some)
}

/// What is read of a record besides what is changed: its identity.
const NAMES: &[&str] = &["_uuid"];

impl Change for Set {
    fn plan<'a, 'c: 'a>(
        &'a self,
        edit: &'a mut Edit<'c>,
    ) -> LocalBoxFuture<'a, Result<(), Refusal>> {
        async move {
            match on(edit, &self.target, self.if_exists).await? {
                Some((table, row)) => edit.set_record(&table, row, &self.values).await,
                None => Ok(()),
            }
        }
        .boxed_local()
    }
}

impl Change for Add {
    fn plan<'a, 'c: 'a>(
        &'a self,
        edit: &'a mut Edit<'c>,
    ) -> LocalBoxFuture<'a, Result<(), Refusal>> {
        async move {
            let Some((table, row)) = on(edit, &self.target, self.if_exists).await? else {
                return Ok(());
            };
            let column = column(&table, &self.column)?;
            edit.add_to_record(&table, row, column, &self.values).await
        }
        .boxed_local()
    }
}

impl Change for Remove {
    fn plan<'a, 'c: 'a>(
        &'a self,
        edit: &'a mut Edit<'c>,
    ) -> LocalBoxFuture<'a, Result<(), Refusal>> {
        async move {
            let Some((table, row)) = on(edit, &self.target, self.if_exists).await? else {
                return Ok(());
            };
            let column = column(&table, &self.column)?;
            edit.remove_from_record(&table, row, column, &self.values)
                .await
        }
        .boxed_local()
    }
}

impl Change for Clear {
    fn plan<'a, 'c: 'a>(
        &'a self,
        edit: &'a mut Edit<'c>,
    ) -> LocalBoxFuture<'a, Result<(), Refusal>> {
        async move {
            match on(edit, &self.target, self.if_exists).await? {
                Some((table, row)) => edit.clear_record(&table, row, &self.emptied).await,
                None => Ok(()),
            }
        }
        .boxed_local()
    }
}

impl Change for Create {
    fn plan<'a, 'c: 'a>(
        &'a self,
        edit: &'a mut Edit<'c>,
    ) -> LocalBoxFuture<'a, Result<(), Refusal>> {
        async move {
            let table = edit.table(&self.table).await?;
            let created = edit
                .create_record(&table, self.id.as_deref(), &self.values)
                .await;
            created.map(drop)
        }
        .boxed_local()
    }
}

impl Change for Destroy {
    fn plan<'a, 'c: 'a>(
        &'a self,
        edit: &'a mut Edit<'c>,
    ) -> LocalBoxFuture<'a, Result<(), Refusal>> {
        async move {
            let table = edit.table(&self.table).await?;
            if self.all {
                return edit.destroy_all(&table).await;
            }
            for record in &self.records {
                if let Some(row) = found(edit, &table, record, self.if_exists).await? {
                    edit.destroy_record(&table, row).await?;
                }
            }
            Ok(())
        }
        .boxed_local()
    }
}

fn symbol(text: &str) -> Result<String, String> {
    match text.strip_prefix('@') {
        Some(name) if !name.is_empty() => Ok(text.to_owned()),
        _ => Err("expected @ and a name".to_owned()),
    }
}

//! `ovs db set`, `add`, `remove`, `clear`, `create` and `destroy`.

use clap::Subcommand;
use futures_util::future::{FutureExt as _, LocalBoxFuture};

use super::{Target, symbol};
use crate::base::shell::word as word_of;
use crate::commands::about::{About, Describe as _};
use crate::commands::argument::{Completer, Takes as _, Value};
use crate::commands::write::DatabaseChange;
use crate::model::owned::owned;
use crate::ovsdb::notation::Argument;
use crate::ovsdb::schema::Table;
use crate::plan::{Edit, Refusal, RowId, Sought as _};

// The changes of records.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum DbChange {
    /// Set columns of a record, or keys of them
    #[command(describe = SET)]
    Set {
        #[command(flatten)]
        target: Target,
        /// The values of the columns
        #[arg(takes = Value::new("COLUMN[:KEY]=VALUE", Completer::TableColumnsAndMore), required = true)]
        values: Vec<String>,
        /// Do nothing if there is no such record
        #[arg(long)]
        if_exists: bool,
    },
    /// Add values to a column, or pairs whose keys are not there yet
    #[command(describe = ADD)]
    Add {
        #[command(flatten)]
        target: Target,
        /// The column: a set or a map
        #[arg(takes = Value::TABLE_COLUMN)]
        column: String,
        /// The values or pairs to add
        #[arg(
            takes = Value::free("[KEY=]VALUE"),
            required = true,
            allow_negative_numbers = true
        )]
        values: Vec<String>,
        /// Do nothing if there is no such record
        #[arg(long)]
        if_exists: bool,
    },
    /// Remove values, keys or pairs from a column
    #[command(describe = REMOVE)]
    Remove {
        #[command(flatten)]
        target: Target,
        /// The column: a set or a map
        #[arg(takes = Value::TABLE_COLUMN)]
        column: String,
        /// Values of a set, keys of a map, or exactly equal pairs to remove
        #[arg(
            takes = Value::free("VALUE|KEY|KEY=VALUE"),
            required = true,
            allow_negative_numbers = true
        )]
        values: Vec<String>,
        /// Do nothing if there is no such record
        #[arg(long)]
        if_exists: bool,
    },
    /// Empty columns of a record
    #[command(describe = CLEAR)]
    Clear {
        #[command(flatten)]
        target: Target,
        /// The columns to empty
        #[arg(takes = Value::TABLE_COLUMN, required = true)]
        emptied: Vec<String>,
        /// Do nothing if there is no such record
        #[arg(long)]
        if_exists: bool,
    },
    /// Make a record
    #[command(describe = CREATE)]
    Create {
        /// The table, or a prefix of its name
        #[arg(takes = Value::TABLE)]
        table: String,
        /// The values of the columns; others get their defaults
        #[arg(takes = Value::new("COLUMN[:KEY]=VALUE", Completer::TableColumnsAndMore))]
        values: Vec<String>,
        /// The name of the record in later lines of a batch
        #[arg(long, takes = Value::free("@NAME"), value_parser = symbol)]
        id: Option<String>,
    },
    /// Delete records
    #[command(describe = DESTROY)]
    Destroy {
        /// The table, or a prefix of its name
        #[arg(takes = Value::TABLE)]
        table: String,
        /// The records: names, UUIDs or prefixes of UUIDs
        #[arg(takes = Value::RECORD, required_unless_present = "all")]
        records: Vec<String>,
        /// All records of the table
        #[arg(long, conflicts_with_all = ["records", "if_exists"])]
        all: bool,
        /// Ignore records that do not exist
        #[arg(long)]
        if_exists: bool,
    },
}

pub(super) const SET: About = About::changes()
    .remarks(
        "\
Values are written as for ovs-vsctl(8): sets 1,2 or [1,2], ranges of integers 1-5, maps a=b,c=d or \
{a=b,c=d}; [] and {} are empty; strings may stand in double quotes, as in JSON. In a column that refers \
to records, a record is its UUID, its name as on the command line, or in a batch its @NAME.",
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
    .remarks("Removing a missing element is not an error.")
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
printf '%s\\n' 'db create Mirror name=m0 select_src_port=tap1 output_port=tap2' \\
  'db add Bridge br-int mirrors m0' | ovs batch
printf '%s\\n' 'db create QoS type=linux-htb --id=@q' 'db set Port eth0 qos=@q' | ovs batch");

pub(super) const DESTROY: About = About::changes()
    .remarks("Records that others refer to are not deleted: the message says who does.")
    .examples(
        "\
ovs db destroy QoS 0b5f
ovs db destroy Queue --all",
    );

impl Target {
    /// The record with its table, if it exists.
    async fn find(
        &self,
        edit: &mut Edit<'_>,
        if_exists: bool,
    ) -> Result<Option<(Table, RowId)>, Refusal> {
        let table = edit.table(&self.table).await?;
        let row = edit.record(&table, &self.record, NAMES).await;
        Ok(row.or_none_if(if_exists)?.map(|row| (table, row)))
    }
}

/// The columns that are read of a record besides those changed: its identity.
const NAMES: &[&str] = &["_uuid"];

impl DatabaseChange for DbChange {
    fn plan<'a>(&'a self, edit: &'a mut Edit<'_>) -> LocalBoxFuture<'a, Result<(), Refusal>> {
        async move {
            match self {
                DbChange::Set {
                    target,
                    values,
                    if_exists,
                } => match target.find(edit, *if_exists).await? {
                    Some((table, row)) => {
                        refuse_owned_of(&table, values)?;
                        edit.set_record(&table, row, values).await
                    }
                    None => Ok(()),
                },
                DbChange::Add {
                    target,
                    column,
                    values,
                    if_exists,
                } => match target.find(edit, *if_exists).await? {
                    Some((table, row)) => {
                        refuse_owned(&table, column, None)?;
                        edit.add_to_record(&table, row, column, values).await
                    }
                    None => Ok(()),
                },
                DbChange::Remove {
                    target,
                    column,
                    values,
                    if_exists,
                } => match target.find(edit, *if_exists).await? {
                    Some((table, row)) => {
                        refuse_owned(&table, column, None)?;
                        edit.remove_from_record(&table, row, column, values).await
                    }
                    None => Ok(()),
                },
                DbChange::Clear {
                    target,
                    emptied,
                    if_exists,
                } => match target.find(edit, *if_exists).await? {
                    Some((table, row)) => {
                        for column in emptied {
                            refuse_owned(&table, column, None)?;
                        }
                        edit.clear_record(&table, row, emptied).await
                    }
                    None => Ok(()),
                },
                DbChange::Create { table, values, id } => {
                    let table = edit.table(table).await?;
                    refuse_owned_of(&table, values)?;
                    let created = edit.create_record(&table, id.as_deref(), values).await;
                    created.map(drop)
                }
                DbChange::Destroy {
                    table, all: true, ..
                } => {
                    let table = edit.table(table).await?;
                    edit.destroy_all(&table).await
                }
                DbChange::Destroy {
                    table,
                    records,
                    if_exists,
                    ..
                } => {
                    let table = edit.table(table).await?;
                    for record in records {
                        let row = edit.record(&table, record, NAMES).await;
                        if let Some(row) = row.or_none_if(*if_exists)? {
                            edit.destroy_record(&table, row).await?;
                        }
                    }
                    Ok(())
                }
            }
        }
        .boxed_local()
    }
}

/// Refuses `COLUMN[:KEY]=VALUE` of a column that a daemon owns. Malformed arguments are refused where they are
/// laid over the draft.
fn refuse_owned_of(table: &Table, arguments: &[String]) -> Result<(), Refusal> {
    for argument in arguments {
        if let Ok(parsed) = Argument::parse(argument, &["="]) {
            let value = parsed.value.map(|(_, value)| value);
            let value = value.filter(|_| parsed.key.is_none());
            refuse_owned(table, &parsed.column, value)?;
        }
    }
    Ok(())
}

/// Refuses a column that a daemon owns: what is written there is put back. `value` is what it would be set to.
fn refuse_owned(table: &Table, word: &str, value: Option<&str>) -> Result<(), Refusal> {
    let Some(owned) = table
        .column(word)
        .ok()
        .and_then(|column| owned(&table.name, &column.name))
    else {
        return Ok(());
    };
    let refusal = Refusal::refused(format!(
        "column {} of table {} is written by {}: a value set there does not stay",
        owned.column, owned.table, owned.owner
    ));
    Err(match (owned.request, value) {
        (None, _) => refusal,
        (Some(request), Some(value)) if request.takes_value => refusal.hint(format!(
            "{} requests it: {}",
            request.setting,
            word_of(&format!("{}={value}", request.setting))
        )),
        (Some(request), _) if request.takes_value => {
            refusal.hint(format!("{} requests it", request.setting))
        }
        (Some(request), _) => refusal.hint(format!("{} enables it", request.setting)),
    })
}

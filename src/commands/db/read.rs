//! `ovs db get`, `list` and `find`.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use clap::Args;
use futures_util::future::{FutureExt as _, LocalBoxFuture};

use super::{Target, needs_values, symbol};
use crate::base::order::sort_by_name;
use crate::base::secret::{masked, words_in_text};
use crate::commands::about::{About, JsonDocument};
use crate::commands::argument::{Completer, Takes as _, Value};
use crate::commands::missing::found_or_missing;
use crate::commands::write::DatabaseChange;
use crate::commands::{Context, Exit, Failure, quoted};
use crate::output::{Cell, ColourRole, Column, Item, Mode};
use crate::ovsdb::notation::{self, Argument, bare};
use crate::ovsdb::schema::{self, AtomicType, Table, Type};
use crate::ovsdb::{Atom, Datum, Error, Select};
use crate::plan::RowId;
use crate::plan::database::{pair, value_of_key, wrong};
use crate::plan::filter::Filter;
use crate::plan::record::column;
use crate::plan::{Edit, Refusal, Sought as _};

// Arguments of `db get`.
#[derive(Debug, Args)]
pub struct Get {
    #[command(flatten)]
    target: Target,
    /// The columns, or keys of them; none: all columns
    #[arg(takes = Value::new("COLUMN[:KEY]", Completer::TableColumnsAndMore))]
    parts: Vec<String>,
    /// Print nothing for a missing record or key
    #[arg(long)]
    if_exists: bool,
    /// In a batch: the name of the record in later lines
    #[arg(long, takes = Value::free("@NAME"), value_parser = symbol, conflicts_with_all = ["parts", "if_exists"])]
    id: Option<String>,
}

// Arguments of `db list`.
#[derive(Debug, Args)]
pub struct List {
    /// The table, or a prefix of its name
    #[arg(takes = Value::TABLE)]
    table: String,
    /// Only these records: names, UUIDs or prefixes of UUIDs
    #[arg(takes = Value::RECORD)]
    records: Vec<String>,
    /// Ignore records that do not exist
    #[arg(long)]
    if_exists: bool,
}

// Arguments of `db find`.
#[derive(Debug, Args)]
pub struct Find {
    /// The table, or a prefix of its name
    #[arg(takes = Value::TABLE)]
    table: String,
    /// All of these must hold: COLUMN[:KEY], an operator, VALUE
    #[arg(takes = Value::CONDITION)]
    conditions: Vec<String>,
}

pub(super) const GET: About = About::reads()
    .document(JsonDocument::Record)
    .remarks_made(|| format!("\
In a pipe the values stand on one line, parted by tabs, without quotes; - is nothing. In a map a secret is ***: to see it, \
name its key. Secrets are the values of keys with the word {}, and private keys.", words_in_text()))
    .examples(
        "\
ovs db get Port tap0 tag
ovs db get Open_vSwitch . external_ids:system-id ovs_version
ovs db get Controller br-int is_connected status",
    );

pub(super) const LIST: About = About::watchable().document(JsonDocument::Records).examples(
    "\
ovs db list Interface tap0
ovs db list Port --columns name,tag,trunks",
);

pub(super) const FIND: About = About::watchable().document(JsonDocument::Records)
    .remarks("\
Operators: = != < > <= >= compare whole values; of two sets the one with more elements is greater. For a \
key that is not there none of them holds. {=} {!=} {<} {<=} {in} {>} {>=} {not-in} compare sets; a key that \
is not there is the empty set.")
    .examples("\
ovs db find Port tag=7 --columns name
ovs db find Interface type=vxlan options:remote_ip=10.0.0.72
ovs db find Interface 'ofport>=100' error!='[]'");

/// A printed column of a record.
#[derive(Debug, Clone)]
struct ShownColumn {
    column: schema::Column,
    /// The key of a map, and its spelling on the command line.
    key: Option<(Atom, String)>,
}

/// The cells of a record, in the order of the columns; in a list followed by its `_uuid`.
type Record = Vec<Cell>;

impl Get {
    /// Whether it names the record for later lines of a batch.
    pub(super) fn names_record(&self) -> bool {
        self.id.is_some()
    }

    /// Runs it.
    pub async fn run(&self, cx: &Context) -> Result<(), Failure> {
        if self.id.is_some() {
            let message = "--id names a record for later lines of a batch";
            return Err(Failure::new(Exit::Usage, message)
                .hint("`ovs batch --help` has an example; the name of a record is enough where it has one"));
        }
        if !self.parts.is_empty() && cx.format.columns.is_some() {
            return Err(Failure::new(
                Exit::Usage,
                "the columns are named after the record, or by --columns or --get, not both",
            ));
        }
        let mut edit = Edit::new(&cx.database);
        let table = edit.table(&self.target.table).await?;
        let shown = match self.parts.as_slice() {
            [] => chosen(cx, &table)?,
            words => words
                .iter()
                .map(|word| part(&table, word))
                .collect::<Result<Vec<_>, _>>()?,
        };
        note_unknown(cx, &table, &shown);
        let names = names(&shown);
        let record = &self.target.record;
        let row = edit.record(&table, record, &names).await;
        let Some(row) = row.or_none_if(self.if_exists)? else {
            return Ok(());
        };
        let record = self.record(&mut edit, row, &shown).await?;
        let columns = columns(&shown);
        let mut format = cx.format.clone();
        // A requested value is printed even if it is empty.
        format.columns.get_or_insert_default();
        cx.print(&format.view_of(&columns).one(&record))
    }

    async fn record(
        &self,
        edit: &mut Edit<'_>,
        row: RowId,
        shown: &[ShownColumn],
    ) -> Result<Record, Failure> {
        let mut record = Vec::new();
        for shown in shown {
            if !shown.column.is_known {
                record.push(Cell::Unknown);
                continue;
            }
            let datum = value(edit, row, &shown.column).await?;
            if let (Some((key, word)), false) = (&shown.key, self.if_exists)
                && pair(&datum, key).is_none()
            {
                let keys = match &datum {
                    Datum::Map(pairs) => pairs.iter().map(|(key, _)| bare(key)).collect(),
                    Datum::Atom(_) | Datum::Set(_) => Vec::new(),
                };
                let place = format!(
                    "in {} of {}",
                    shown.column.name,
                    quoted(&self.target.record)
                );
                let keys = keys.iter().map(String::as_str);
                return Err(Failure::not_found("key", word, &place, keys));
            }
            record.push(shown.cell(&datum));
        }
        Ok(record)
    }
}

impl DatabaseChange for Get {
    /// Names the record: a line of a batch that itself changes nothing.
    fn plan<'a>(&'a self, edit: &'a mut Edit<'_>) -> LocalBoxFuture<'a, Result<(), Refusal>> {
        async move {
            let table = edit.table(&self.target.table).await?;
            let row = edit.record(&table, &self.target.record, &["_uuid"]).await?;
            match &self.id {
                Some(symbol) => edit.name_row(symbol, row),
                None => Ok(()),
            }
        }
        .boxed_local()
    }
}

impl List {
    /// Runs it.
    pub async fn run(&self, cx: &Context) -> Result<(), Failure> {
        let mut edit = Edit::new(&cx.database);
        let table = edit.table(&self.table).await?;
        let shown = chosen(cx, &table)?;
        if self.records.is_empty() {
            let records = search(cx, &table, &shown, &[]).await?;
            return print(cx, &table, &shown, &records);
        }
        let names = names(&shown);
        let mut records = Vec::new();
        let mut missing = Vec::new();
        for record in &self.records {
            let row = edit.record(&table, record, &names).await;
            let row = found_or_missing(record, row, &mut missing)?;
            if let Some(row) = row {
                let mut cells = Vec::new();
                for shown in &shown {
                    cells.push(if shown.column.is_known {
                        shown.cell(&value(&mut edit, row, &shown.column).await?)
                    } else {
                        Cell::Unknown
                    });
                }
                cells.push(Cell::from(
                    edit.draft.uuid(row).map(|uuid| uuid.to_string()),
                ));
                records.push(cells);
            }
        }
        if self.if_exists {
            missing.clear();
        }
        if missing.is_empty() || !records.is_empty() || cx.format.mode != Mode::Table {
            print(cx, &table, &shown, &records)?;
        }
        cx.report_missing(missing, !records.is_empty()).await
    }
}

impl Find {
    /// Runs it.
    pub async fn run(&self, cx: &Context) -> Result<(), Failure> {
        let mut edit = Edit::new(&cx.database);
        let table = edit.table(&self.table).await?;
        let shown = chosen(cx, &table)?;
        let filters = edit.filters(&table, &self.conditions).await?;
        let records = search(cx, &table, &shown, &filters).await?;
        print(cx, &table, &shown, &records)
    }
}

/// All columns, or those that the global options name; a unique prefix is enough.
fn chosen(cx: &Context, table: &Table) -> Result<Vec<ShownColumn>, Failure> {
    let chosen = chosen_of(cx, table)?;
    note_unknown(cx, table, &chosen);
    Ok(chosen)
}

/// Records the columns that are printed as unknown.
fn note_unknown(cx: &Context, table: &Table, shown: &[ShownColumn]) {
    let unknown = shown.iter().filter(|shown| !shown.column.is_known);
    for shown in unknown {
        let column = format!("{}.{}", table.name, shown.column.name);
        cx.format.not_saved.print(&[&column]);
    }
}

fn chosen_of(cx: &Context, table: &Table) -> Result<Vec<ShownColumn>, Failure> {
    let Some(words) = &cx.format.columns else {
        let shown = table.columns.iter().map(|column| ShownColumn {
            column: column.clone(),
            key: None,
        });
        return Ok(shown.collect());
    };
    Ok(words
        .iter()
        .map(|word| part(table, word.trim()))
        .collect::<Result<_, _>>()?)
}

/// `COLUMN[:KEY]`
fn part(table: &Table, word: &str) -> Result<ShownColumn, Refusal> {
    let parsed = Argument::parse(word, &[]).map_err(Refusal::usage)?;
    let column = column(table, &parsed.column)?.clone();
    let key = match parsed.key {
        None => None,
        Some(word) => {
            value_of_key(table, &column)?;
            let key = notation::atom(&word, &column.kind.key);
            Some((
                key.map_err(|message| wrong(table, &column, &message))?,
                word,
            ))
        }
    };
    Ok(ShownColumn { column, key })
}

/// The columns to read.
fn names(shown: &[ShownColumn]) -> Vec<&str> {
    let mut names: Vec<&str> = shown
        .iter()
        .map(|shown| shown.column.name.as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

async fn value(edit: &mut Edit<'_>, row: RowId, column: &schema::Column) -> Result<Datum, Failure> {
    if column.name == "_uuid" {
        return Ok(edit.draft.uuid(row).map_or(Datum::EMPTY, Datum::from));
    }
    Ok(edit.draft.peek(row, &column.name).await?)
}

/// The records that meet all filters, from one snapshot, sorted by name if the table has names, then by UUID: the server's
/// order is arbitrary.
async fn search(
    cx: &Context,
    table: &Table,
    shown: &[ShownColumn],
    filters: &[Filter],
) -> Result<Vec<Record>, Failure> {
    let mut names = names(shown);
    if !names.contains(&UUID) {
        names.push(UUID);
    }
    let is_named = table
        .columns
        .iter()
        .any(|column| column.name == NAME && column.is_known);
    if is_named && !names.contains(&NAME) {
        names.push(NAME);
    }
    needs_values(cx, table, filters)?;
    for filter in filters {
        if !names.contains(&filter.column.name.as_str()) {
            names.push(&filter.column.name);
        }
    }
    let mut select = Select::columns(&table.name, &names);
    select.when = filters.iter().filter_map(Filter::condition).collect();
    let rows = cx.database.select(vec![select]).await?.concat();
    let mut records = Vec::new();
    for row in rows {
        let datum = |name: &str| row.datum(name).map_err(Error::from);
        let mut is_met = true;
        for filter in filters {
            is_met &= filter.is_met(datum(&filter.column.name)?);
        }
        if is_met {
            let cells = shown.iter().map(|shown| {
                Ok(if shown.column.is_known {
                    shown.cell(datum(&shown.column.name)?)
                } else {
                    Cell::Unknown
                })
            });
            let mut cells = cells.collect::<Result<Record, Error>>()?;
            let uuid = row.uuid(UUID).map_err(Error::from)?;
            cells.push(Cell::text(uuid.to_string()));
            let name = if is_named {
                name_of(datum(NAME)?).to_owned()
            } else {
                String::new()
            };
            records.push((name, uuid, cells));
        }
    }
    records.sort_unstable_by_key(|(_, uuid, _)| *uuid);
    if is_named {
        sort_by_name(&mut records, |(name, ..)| name);
    }
    Ok(records.into_iter().map(|(.., cells)| cells).collect())
}

/// The name of a record; empty if it has none.
fn name_of(datum: &Datum) -> &str {
    match datum.as_set().and_then(<[Atom]>::first) {
        Some(Atom::String(name)) => name,
        _ => "",
    }
}

/// Prints a list; on a terminal, one record below the other.
fn print(
    cx: &Context,
    table: &Table,
    shown: &[ShownColumn],
    records: &[Record],
) -> Result<(), Failure> {
    let columns = columns(shown);
    if cx.format.mode != Mode::Table {
        return cx.print_list(&cx.format.view_of(&columns), records, "records");
    }
    if records.is_empty() && cx.capture().is_none() {
        cx.remark(&format!("no records in table {}", table.name));
        return Ok(());
    }
    let mut format = cx.format.clone();
    format.columns.get_or_insert_default();
    let view = format.view_of(&columns);
    let texts = records.iter().map(|record| {
        let uuid = record.last().cloned().unwrap_or(Cell::Absent);
        Item::of_text(format!("{uuid:?}"), view.one_painted(record))
    });
    cx.print_items(texts.collect(), "\n", "records")
}

/// The name of a column for printing. Names live as long as the process, each stored once.
fn columns(shown: &[ShownColumn]) -> Vec<Column<Record>> {
    let cell = |record: &Record, place: usize| record.get(place).cloned().unwrap_or(Cell::Absent);
    let column = |(place, shown): (usize, &ShownColumn)| {
        let name = match &shown.key {
            None => shown.column.name.clone(),
            Some((_, word)) => format!("{}:{word}", shown.column.name),
        };
        let role = match shown.column.kind.key.kind {
            _ if shown.column.name == "name" => ColourRole::Name,
            AtomicType::Integer => ColourRole::Number,
            _ => ColourRole::Plain,
        };
        Column::at(lasting(name), place, cell).role(role).wrap()
    };
    let identity = Column::at(UUID, shown.len(), cell).identity().extra();
    let columns = shown.iter().enumerate().map(column);
    columns.chain([identity]).collect()
}

const NAME: &str = "name";
const UUID: &str = "_uuid";

/// A name that lives as long as the process. A watched command requests it repeatedly.
fn lasting(name: String) -> &'static str {
    static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = names.get(name.as_str()) {
        return known;
    }
    let name: &'static str = name.leak();
    names.insert(name);
    name
}

impl ShownColumn {
    fn cell(&self, datum: &Datum) -> Cell {
        match &self.key {
            None => cell(datum, &self.column.kind),
            Some((key, _)) => pair(datum, key).map_or(Cell::Absent, atom),
        }
    }
}

/// The value of a column in JSON: a column that may hold several values is an array even if it holds one.
fn cell(datum: &Datum, kind: &Type) -> Cell {
    match datum {
        Datum::Map(pairs) => {
            let pair = |(key, value): &(Atom, Atom)| match (bare(key), value) {
                (key, Atom::String(text)) => {
                    let text = masked(&key, text).into_owned();
                    (key, Cell::Text(text))
                }
                (key, other) => (key, atom(other)),
            };
            let mut pairs: Vec<(String, Cell)> = pairs.iter().map(pair).collect();
            pairs.sort_by(|a, b| a.0.cmp(&b.0));
            Cell::Map(pairs)
        }
        Datum::Set(atoms) if kind.is_map() && atoms.is_empty() => Cell::Map(Vec::new()),
        set => {
            let atoms = set.as_set().unwrap_or_default();
            match atoms {
                _ if kind.max > 1 => Cell::List(atoms.iter().map(atom).collect()),
                [only] => atom(only),
                _ => Cell::Absent,
            }
        }
    }
}

fn atom(atom: &Atom) -> Cell {
    match atom {
        Atom::Integer(number) => Cell::from(*number),
        Atom::Boolean(truth) => Cell::Bool(*truth),
        other => Cell::text(bare(other)),
    }
}

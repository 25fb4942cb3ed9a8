//! A pending transaction: rows as they will be after the commit.
//!
//! A [`Draft`] reads from the database only what is requested, row by row, and applies the changes so far to
//! it. So a later step sees the rows that an earlier one inserted, renamed or removed, although nothing is
//! written yet. [`Draft::operations`] is the transaction: `wait` for every row and column that a decision
//! depends on (RFC 7047 §5.2.6), then inserts, updates and mutations of the changed columns only. If another
//! client has changed these rows meanwhile, the waits fail, nothing is written, and the steps can be repeated
//! on a new draft.
//!
//! There is no wait for a name to be free: the indexes of the schema ensure that at the commit.

mod change;
mod lookup;
mod operations;

pub(crate) use change::ColumnChange;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Deref;

use crate::base::order::sort_by_name;
use crate::ovsdb::relation::Relation;
use crate::ovsdb::{Atom, Condition, Datum, Error, Function, Row, Select, Uuid};
use crate::source::Database;

/// A row of a draft: one of the database, or one that the transaction inserts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RowId(usize);

/// The identity of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Identity {
    /// A row of the database.
    Stored(Uuid),
    /// A row that the transaction inserts, by its `uuid-name`.
    New(String),
}

/// A pending transaction on the database `Open_vSwitch`.
#[derive(Debug)]
pub(crate) struct Draft<'c> {
    database: &'c Database,
    rows: Rows,
    stored: HashMap<Uuid, RowId>,
    /// The rows that the transaction inserts, by their `uuid-name`.
    inserted: HashMap<String, RowId>,
    tables: HashMap<String, Table>,
    /// References that decisions depend on: this column of that row contains this.
    references: BTreeSet<(RowId, String, Uuid)>,
    /// Rows of the database that refer to a row in a column, if read in advance.
    referrers: HashMap<(RowId, String), Vec<RowId>>,
    /// Tables and names that were searched and not found.
    absent: BTreeSet<(String, String)>,
    /// Searches that decisions depend on, with their results.
    searches: Vec<(String, Vec<Condition>, Vec<Uuid>)>,
    /// The line of a batch whose changes come next.
    pub(crate) line: Option<usize>,
}

/// Rows next to a row: their table, the column that refers from one to the other, the columns to read.
pub(crate) type Around<'a> = (&'a str, &'a str, &'a [&'a str]);

/// The known part of a table.
#[derive(Debug, Default)]
struct Table {
    rows: Vec<RowId>,
    /// Its rows by their column `name`, which is immutable where it is an index.
    names: HashMap<String, Vec<RowId>>,
    /// The columns that were read of every row; `None` if not every row was read.
    whole: Option<Vec<String>>,
}

#[derive(Debug)]
struct Entry {
    table: String,
    identity: Identity,
    /// The columns that were read; for a new row, those that it is inserted with.
    stored: BTreeMap<String, Datum>,
    /// The columns that decisions depend on.
    relied: BTreeSet<String>,
    changes: BTreeMap<String, ColumnChange>,
    /// The line that inserts the row.
    line: Option<usize>,
    /// The line that last changes each column.
    lines: BTreeMap<String, usize>,
    gone: Option<Gone>,
}

/// The rows of a draft; they are never removed, so that a [`RowId`] is always valid.
#[derive(Debug, Default)]
struct Rows(Vec<Entry>);

#[allow(clippy::indexing_slicing, reason = "a `RowId` is made with its row")]
impl Rows {
    fn of(&self, row: RowId) -> &Entry {
        &self.0[row.0]
    }

    fn of_mut(&mut self, row: RowId) -> &mut Entry {
        &mut self.0[row.0]
    }
}

impl Deref for Rows {
    type Target = [Entry];

    fn deref(&self) -> &[Entry] {
        &self.0
    }
}

/// How a row is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gone {
    /// By a `delete`.
    Deleted,
    /// By garbage collection: no row refers to it any longer (ovsdb-server(7)).
    Unreferenced,
}

impl<'c> Draft<'c> {
    /// Creates a draft without changes.
    pub(crate) fn new(database: &'c Database) -> Self {
        Self {
            database,
            rows: Rows::default(),
            stored: HashMap::new(),
            inserted: HashMap::new(),
            tables: HashMap::new(),
            references: BTreeSet::new(),
            referrers: HashMap::new(),
            absent: BTreeSet::new(),
            searches: Vec::new(),
            line: None,
        }
    }

    /// The connection that it reads from.
    pub(crate) fn database(&self) -> &'c Database {
        self.database
    }

    /// Inserts a row. The database deletes it unless another row refers to it.
    pub(crate) fn insert<'n>(
        &mut self,
        table: &str,
        columns: impl IntoIterator<Item = (&'n str, Datum)>,
    ) -> RowId {
        let columns = columns.into_iter();
        let name = format!("new{}", self.rows.len());
        let row = self.enter(table, Identity::New(name.clone()));
        self.inserted.insert(name, row);
        self.rows.of_mut(row).stored = columns
            .map(|(name, datum)| (name.to_owned(), datum))
            .collect();
        self.index(row);
        row
    }

    /// The value of a column after the changes so far; the transaction waits for the value in the database.
    /// For a new row, a column that it is not inserted with is empty.
    pub(crate) async fn value(&mut self, row: RowId, column: &str) -> Result<Datum, Error> {
        let datum = self.peek(row, column).await?;
        self.rely(row, column);
        Ok(datum)
    }

    /// The value of a column after the changes so far, for display: no decision depends on it, so there is no
    /// wait.
    pub(crate) async fn peek(&mut self, row: RowId, column: &str) -> Result<Datum, Error> {
        let entry = self.rows.of(row);
        if let (Identity::Stored(uuid), None) = (&entry.identity, entry.stored.get(column)) {
            let when = Condition::is("_uuid", *uuid);
            let table = entry.table.clone();
            self.read(&table, vec![when], &[column]).await?;
        }
        Ok(self.rows.of(row).effective(column).unwrap_or(Datum::EMPTY))
    }

    /// Sets a column.
    pub(crate) async fn set(
        &mut self,
        row: RowId,
        column: &str,
        datum: Datum,
    ) -> Result<(), Error> {
        self.apply(row, column, ColumnChange::Set(datum)).await
    }

    /// Changes a column; reads it first, so that equal values are not written again.
    pub(crate) async fn apply(
        &mut self,
        row: RowId,
        column: &str,
        change: ColumnChange,
    ) -> Result<(), Error> {
        self.peek(row, column).await?;
        self.change(row, column, change);
        Ok(())
    }

    /// Adds elements to a set without reading it, as it may be large.
    pub(crate) fn add(&mut self, row: RowId, column: &str, added: Vec<Atom>) {
        self.change(row, column, ColumnChange::add(added));
    }

    /// Removes elements from a set without reading it, as it may be large.
    pub(crate) fn remove(&mut self, row: RowId, column: &str, removed: Vec<Atom>) {
        self.change(row, column, ColumnChange::remove(removed));
    }

    /// Marks a row as garbage-collected because no row refers to it any longer. The caller removes the
    /// references.
    pub(crate) fn let_go(&mut self, row: RowId) {
        self.rows.of_mut(row).gone = Some(Gone::Unreferenced);
    }

    /// Deletes a row.
    pub(crate) fn delete(&mut self, row: RowId) {
        self.rows.of_mut(row).gone = Some(Gone::Deleted);
    }

    /// The reference to a row: its UUID or its `uuid-name`.
    pub(crate) fn reference(&self, row: RowId) -> Atom {
        match &self.rows.of(row).identity {
            Identity::Stored(uuid) => Atom::Uuid(*uuid),
            Identity::New(name) => Atom::NamedUuid(name.clone()),
        }
    }

    /// The row with this reference, if it was read or inserted.
    pub(crate) fn by_reference(&self, reference: &Atom) -> Option<RowId> {
        match reference {
            Atom::Uuid(uuid) => self.stored(*uuid),
            Atom::NamedUuid(name) => self.inserted.get(name).copied(),
            _ => None,
        }
    }

    /// Takes what a column holds once the transaction is committed.
    pub(crate) fn observe(&mut self, row: RowId, column: &str, datum: Datum) {
        self.change(row, column, ColumnChange::Set(datum));
    }

    /// The UUID of a row in the database; `None` for a new row.
    pub(crate) fn uuid(&self, row: RowId) -> Option<Uuid> {
        match self.rows.of(row).identity {
            Identity::Stored(uuid) => Some(uuid),
            Identity::New(_) => None,
        }
    }

    /// The row with this UUID, if it was read.
    pub(crate) fn stored(&self, uuid: Uuid) -> Option<RowId> {
        self.stored.get(&uuid).copied()
    }

    /// The table of a row.
    pub(crate) fn table(&self, row: RowId) -> &str {
        &self.rows.of(row).table
    }

    /// The value of a column after the changes, if it was read or written.
    pub(crate) fn known(&self, row: RowId, column: &str) -> Option<Datum> {
        self.rows.of(row).effective(column)
    }

    /// The value of a column in the database; `None` for a new row.
    pub(crate) fn before(&self, row: RowId, column: &str) -> Option<&Datum> {
        match self.rows.of(row).identity {
            Identity::Stored(_) => self.rows.of(row).stored.get(column),
            Identity::New(_) => None,
        }
    }

    /// Every row that was read or inserted.
    pub(crate) fn rows(&self) -> impl Iterator<Item = RowId> + use<> {
        (0..self.rows.len()).map(RowId)
    }

    /// Whether the transaction inserts this row.
    pub(crate) fn is_new(&self, row: RowId) -> bool {
        matches!(self.rows.of(row).identity, Identity::New(_))
    }

    /// Whether the row is removed.
    pub(crate) fn is_gone(&self, row: RowId) -> bool {
        self.rows.of(row).gone.is_some()
    }

    /// The columns of a row that change; for a new row, those that it is inserted with.
    pub(crate) fn changed_columns(&self, row: RowId) -> Vec<&str> {
        self.rows.of(row).changed()
    }

    /// The columns of a row that were read.
    pub(crate) fn read_columns(&self, row: RowId) -> impl Iterator<Item = &str> {
        self.rows.of(row).stored.keys().map(String::as_str)
    }

    fn rely(&mut self, row: RowId, column: &str) {
        let entry = self.rows.of_mut(row);
        if matches!(entry.identity, Identity::Stored(_)) && !entry.relied.contains(column) {
            entry.relied.insert(column.to_owned());
        }
    }

    /// The line of a batch that last changes a column, else the one that inserts the row.
    pub(crate) fn line_of(&self, row: RowId, column: &str) -> Option<usize> {
        let entry = self.rows.of(row);
        entry.lines.get(column).copied().or(entry.line)
    }

    fn change(&mut self, row: RowId, column: &str, change: ColumnChange) {
        let line = self.line;
        let entry = self.rows.of_mut(row);
        if let Some(line) = line {
            entry.lines.insert(column.to_owned(), line);
        }
        let merged = match entry.changes.remove(column) {
            Some(earlier) => earlier.then(change),
            None => change,
        };
        entry.changes.insert(column.to_owned(), merged);
    }

    async fn read(
        &mut self,
        table: &str,
        when: Vec<Condition>,
        columns: &[&str],
    ) -> Result<Vec<RowId>, Error> {
        let mut select = select(table, columns);
        select.when = when;
        self.read_selected(vec![select], columns).await
    }

    /// Reads the rows of selects of these columns, and returns them in the order of their names.
    async fn read_selected(
        &mut self,
        selects: Vec<Select>,
        columns: &[&str],
    ) -> Result<Vec<RowId>, Error> {
        let mut rows = self.database.select(selects).await?.concat();
        // The database has them in the order of their UUIDs, which has no meaning.
        sort_by_name(&mut rows, |row| row.string("name").unwrap_or_default());
        let rows = self.learn(&rows)?;
        for row in &rows {
            let stored = &mut self.rows.of_mut(*row).stored;
            for column in columns.iter().filter(|column| **column != "_uuid") {
                // The schema lacks it.
                if !stored.contains_key(*column) {
                    stored.insert((*column).to_owned(), Datum::EMPTY);
                }
            }
        }
        Ok(rows)
    }

    /// Stores what was read of a row; columns that were read before are kept, so that all decisions on a row
    /// are based on the same values.
    fn keep(&mut self, row: &Row) -> Result<RowId, Error> {
        let uuid = row.uuid("_uuid")?;
        let id = if let Some(&id) = self.stored.get(&uuid) {
            id
        } else {
            let id = self.enter(row.table(), Identity::Stored(uuid));
            self.stored.insert(uuid, id);
            id
        };
        let stored = &mut self.rows.of_mut(id).stored;
        for (column, datum) in row.columns().filter(|(column, _)| *column != "_uuid") {
            if !stored.contains_key(column) {
                stored.insert(column.to_owned(), datum.clone());
            }
        }
        self.index(id);
        Ok(id)
    }

    fn enter(&mut self, table: &str, identity: Identity) -> RowId {
        let row = RowId(self.rows.len());
        let line = match identity {
            Identity::New(_) => self.line,
            Identity::Stored(_) => None,
        };
        self.rows.0.push(Entry {
            table: table.to_owned(),
            identity,
            stored: BTreeMap::new(),
            relied: BTreeSet::new(),
            changes: BTreeMap::new(),
            line,
            lines: BTreeMap::new(),
            gone: None,
        });
        let table = self.tables.entry(table.to_owned()).or_default();
        table.rows.push(row);
        row
    }

    /// Makes a row findable by its name.
    fn index(&mut self, row: RowId) {
        let entry = self.rows.of(row);
        let Some(Datum::Atom(Atom::String(name))) = entry.stored.get("name") else {
            return;
        };
        let table = self.tables.entry(entry.table.clone()).or_default();
        let rows = table.names.entry(name.clone()).or_default();
        if !rows.contains(&row) {
            rows.push(row);
        }
    }

    /// Whether this column was read of every row of the table.
    pub(crate) fn is_whole(&self, table: &str, column: &str) -> bool {
        let whole = self
            .tables
            .get(table)
            .and_then(|table| table.whole.as_ref());
        whole.is_some_and(|columns| columns.iter().any(|known| known == column))
    }

    fn of_table(&self, table: &str) -> Vec<RowId> {
        let table = self.tables.get(table);
        table.map(|table| table.rows.clone()).unwrap_or_default()
    }
}

impl Entry {
    /// The value of a column after the changes, as far as known.
    fn effective(&self, column: &str) -> Option<Datum> {
        let stored = self.stored.get(column);
        match (self.changes.get(column), &self.identity) {
            (None, _) => stored.cloned(),
            (Some(ColumnChange::Set(datum)), _) => Some(datum.clone()),
            (Some(change), Identity::New(_)) => Some(change.on(stored.unwrap_or(&Datum::EMPTY))),
            (Some(change), Identity::Stored(_)) => stored.map(|stored| change.on(stored)),
        }
    }

    fn changed(&self) -> Vec<&str> {
        if let Identity::New(_) = self.identity {
            let made = self.stored.keys().chain(self.changes.keys());
            let columns: BTreeSet<&str> = made.map(String::as_str).collect();
            return columns.into_iter().collect();
        }
        let differs = |(column, change): (&'_ String, &ColumnChange)| match self.stored.get(column)
        {
            Some(stored) => Relation::NotEqual.holds(&change.on(stored), stored),
            None => !change.is_nothing(),
        };
        let changes = self.changes.iter();
        changes
            .filter(|(column, change)| differs((column, change)))
            .map(|(column, _)| column.as_str())
            .collect()
    }

    /// Whether the row, after the changes, meets a condition; a condition on an unknown value counts as met,
    /// because the database has evaluated it.
    fn meets(&self, Condition(column, function, operand): &Condition) -> bool {
        let Some(datum) = self.effective(column) else {
            return !matches!(self.identity, Identity::New(_));
        };
        let relation = match function {
            Function::Less => Relation::Less,
            Function::Equal => Relation::Equal,
            Function::Includes => Relation::Superset,
        };
        relation.holds(&datum, operand)
    }
}

/// Adds `_uuid` to the columns to read.
fn select(table: &str, columns: &[&str]) -> Select {
    let mut select = Select::columns(table, columns);
    if let Some(columns) = &mut select.columns
        && !columns.iter().any(|column| column == "_uuid")
    {
        columns.push("_uuid".to_owned());
    }
    select
}

fn atoms(datum: &Datum) -> &[Atom] {
    datum.as_set().unwrap_or_default()
}

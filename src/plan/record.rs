//! Rows of any table, named as in ovs-vsctl(8), "Identifying Tables, Records, and Columns".

use std::rc::Rc;

use super::{Edit, Refusal, Result, RowId, quoted};
use crate::model::resolve::did_you_mean;
use crate::ovsdb::schema::{Column, Schema, Table, UnresolvedName};
use crate::ovsdb::{Atom, Condition, Datum, Error, Select, Uuid};

/// The minimum length, in characters, of a prefix that identifies a UUID.
const SHORTEST_UUID: usize = 4;

/// A column, other than `_uuid`, by which a row can be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NameRule {
    /// The table that contains the name.
    pub(crate) table: &'static str,
    /// The column that contains the name.
    pub(crate) column: &'static str,
    /// The column of the same row that refers to the named row; `None`: it is that row itself.
    pub(crate) reference: Option<&'static str>,
}

impl NameRule {
    /// The rules of a table, in the order in which they are applied.
    pub(crate) fn of(table: &str) -> &'static [NameRule] {
        const fn by(table: &'static str, column: &'static str) -> NameRule {
            NameRule {
                table,
                column,
                reference: None,
            }
        }
        const fn through(table: &'static str, reference: &'static str) -> NameRule {
            NameRule {
                table,
                column: "name",
                reference: Some(reference),
            }
        }
        match table {
            "Bridge" => const { &[by("Bridge", "name")] },
            "Port" => const { &[by("Port", "name")] },
            "Interface" => const { &[by("Interface", "name")] },
            "Mirror" => const { &[by("Mirror", "name")] },
            "Flow_Table" => const { &[by("Flow_Table", "name")] },
            "Manager" => const { &[by("Manager", "target")] },
            "Controller" => {
                const { &[through("Bridge", "controller"), by("Controller", "target")] }
            }
            "NetFlow" => const { &[through("Bridge", "netflow")] },
            "sFlow" => const { &[through("Bridge", "sflow")] },
            "IPFIX" => const { &[through("Bridge", "ipfix")] },
            "AutoAttach" => const { &[through("Bridge", "auto_attach")] },
            "QoS" => const { &[through("Port", "qos")] },
            "Flow_Sample_Collector_Set" => const { &[by("Flow_Sample_Collector_Set", "id")] },
            _ => &[],
        }
    }

    /// The name as a value of the column; `None` if it cannot be one.
    pub(crate) fn name(&self, record: &str) -> Option<Datum> {
        if self.column == "id" {
            return record.parse::<i64>().ok().map(Datum::from);
        }
        Some(record.into())
    }
}

impl Edit<'_> {
    /// The database's schema.
    pub(crate) async fn schema(&self) -> Result<Rc<Schema>> {
        Ok(self.draft.database().schema().await?)
    }

    /// The table that a word names.
    pub(crate) async fn table(&mut self, word: &str) -> Result<Table> {
        let schema = self.schema().await?;
        let table = schema.table(word);
        table.cloned().map_err(|not_one| {
            if schema.is_partial && !not_one.is_ambiguous {
                return Error::NotSaved(format!("table {word} of the database")).into();
            }
            let place = format!(" in schema {}", schema.version);
            unclear("table", word, &place, &not_one)
        })
    }

    /// The row that `record` names: its UUID or a prefix of it, `.` for the only row, a name, or `@NAME` for
    /// one that an earlier line of a batch inserts.
    pub(crate) async fn record(
        &mut self,
        table: &Table,
        record: &str,
        columns: &[&str],
    ) -> Result<RowId> {
        if let Some(row) = self.record_if(table, record, columns).await? {
            return Ok(row);
        }
        let mut candidates = Vec::new();
        for rule in NameRule::of(&table.name)
            .iter()
            .filter(|rule| rule.column != "id")
        {
            let select = Select::columns(rule.table, &[rule.column]);
            let rows = self.draft.database().select(vec![select]).await?;
            for row in rows.concat() {
                if let Ok(name) = row.string(rule.column) {
                    candidates.push(name.to_owned());
                }
            }
        }
        let place = format!("in table {}", table.name);
        Err(Refusal::not_found("record", record, &place, &candidates))
    }

    /// Like [`Edit::record`], but `None` if there is no such row.
    pub(crate) async fn record_if(
        &mut self,
        table: &Table,
        record: &str,
        columns: &[&str],
    ) -> Result<Option<RowId>> {
        if record.starts_with('@') {
            let row = self.symbol(record)?;
            return Ok(Some(row)
                .filter(|row| self.draft.table(*row) == table.name && !self.draft.is_gone(*row)));
        }
        if let Ok(uuid) = record.parse::<Uuid>() {
            let row = self.draft.by_uuid(&table.name, uuid, columns).await?;
            let row = row.filter(|row| self.draft.table(*row) == table.name);
            return Ok(row.filter(|row| !self.draft.is_gone(*row)));
        }
        if record == "." {
            let rows = self.draft.search(&table.name, Vec::new(), columns).await?;
            return match rows.as_slice() {
                [] | [_] => Ok(rows.first().copied()),
                several => Err(Refusal::refused(format!(
                    "\".\" means the only row, but table {} has {}",
                    table.name,
                    several.len()
                ))),
            };
        }
        for rule in NameRule::of(&table.name) {
            if let Some(row) = self.by_name(rule, table, record, columns).await? {
                return Ok(Some(row));
            }
        }
        self.by_beginning(table, record, columns).await
    }

    /// The row that `@NAME` stands for.
    pub(super) fn symbol(&self, symbol: &str) -> Result<RowId> {
        self.symbols.get(symbol).copied().ok_or_else(|| {
            Refusal::usage(format!("{} stands for no row", quoted(symbol)))
                .hint("in a batch, `db create --id=@NAME` or `db get --id=@NAME` on an earlier line makes it")
        })
    }

    /// Lets `@NAME` stand for a row.
    pub(crate) fn name_row(&mut self, symbol: &str, row: RowId) -> Result<()> {
        self.refuse_taken(symbol)?;
        self.symbols.insert(symbol.to_owned(), row);
        Ok(())
    }

    /// Refuses an `@NAME` that stands for a row already.
    pub(super) fn refuse_taken(&self, symbol: &str) -> Result<()> {
        if self.symbols.contains_key(symbol) {
            return Err(Refusal::usage(format!("{} is made twice", quoted(symbol))));
        }
        Ok(())
    }

    async fn by_name(
        &mut self,
        rule: &NameRule,
        table: &Table,
        record: &str,
        columns: &[&str],
    ) -> Result<Option<RowId>> {
        let Some(name) = rule.name(record) else {
            return Ok(None);
        };
        let read: Vec<&str> = match rule.reference {
            Some(reference) => vec![reference],
            None => columns.to_vec(),
        };
        let found = match rule.table {
            // Their names are unique.
            "Bridge" | "Port" | "Interface" => self
                .draft
                .find(rule.table, record, &read)
                .await?
                .into_iter()
                .collect(),
            _ => {
                let is = Condition::is(rule.column, name);
                self.draft.search(rule.table, vec![is], &read).await?
            }
        };
        let row = match found.as_slice() {
            [] => return Ok(None),
            [only] => *only,
            several => {
                return Err(Refusal::refused(format!(
                    "{} rows of table {} have the name {}",
                    several.len(),
                    rule.table,
                    quoted(record)
                ))
                .hint("a UUID names one of them"));
            }
        };
        let Some(reference) = rule.reference else {
            return Ok(Some(row));
        };
        let rows = self
            .draft
            .referred(row, reference, &table.name, columns)
            .await?;
        match rows.as_slice() {
            [] | [_] => Ok(rows.first().copied()),
            several => Err(Refusal::refused(format!(
                "{} has {} rows of table {}",
                quoted(record),
                several.len(),
                table.name
            ))
            .hint("a UUID or a target names one of them")),
        }
    }

    /// The only row whose UUID begins with this prefix.
    async fn by_beginning(
        &mut self,
        table: &Table,
        record: &str,
        columns: &[&str],
    ) -> Result<Option<RowId>> {
        let is_part = record.len() >= SHORTEST_UUID
            && record.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
        if !is_part {
            return Ok(None);
        }
        let begin = record.to_ascii_lowercase();
        let select = Select::columns(&table.name, &["_uuid"]);
        let rows = self.draft.database().select(vec![select]).await?.concat();
        let mut found = Vec::new();
        for row in rows {
            let uuid = row.uuid("_uuid").map_err(crate::ovsdb::Error::from)?;
            if uuid.to_string().starts_with(&begin) {
                found.push(uuid);
            }
        }
        match found.as_slice() {
            [] => Ok(None),
            [only] => {
                let row = self.draft.by_uuid(&table.name, *only, columns).await?;
                Ok(row.filter(|row| !self.draft.is_gone(*row)))
            }
            [one, other, ..] => Err(Refusal::refused(format!(
                "several rows of table {} begin with {record}: {one}, {other}",
                table.name
            ))),
        }
    }
}

/// The column that a word names.
pub(crate) fn column<'t>(table: &'t Table, word: &str) -> Result<&'t Column> {
    let place = format!(" in table {} of schema {}", table.name, table.schema);
    table.column(word).map_err(|not_one| {
        if table.is_partial && !not_one.is_ambiguous {
            return Error::NotSaved(format!("{}.{word}", table.name)).into();
        }
        unclear("column", word, &place, &not_one)
    })
}

fn unclear(kind: &str, word: &str, place: &str, not_one: &UnresolvedName) -> Refusal {
    let word_quoted = quoted(word);
    let names = not_one.names.join(", ");
    if not_one.is_ambiguous {
        return Refusal::usage(format!("{word_quoted} could be any of {names}{place}"));
    }
    let meant = did_you_mean(word, not_one.names.iter().map(String::as_str));
    Refusal::usage(format!("there is no {kind} {word_quoted}{place}{meant}"))
        .hint(format!("{kind}s: {names}"))
}

/// Whether an atom refers to a row that the plan inserts.
pub(super) fn as_symbol(atom: &Atom) -> Option<&str> {
    match atom {
        Atom::NamedUuid(name) if name.starts_with('@') => Some(name),
        _ => None,
    }
}

//! Changes to rows of any table, as with `ovs-vsctl set`, `add`, `remove`, `clear`, `create` and `destroy`.
//! Values are typed by the schema; errors are found before anything is written.

use std::collections::BTreeMap;

use super::draft::ColumnChange;
use super::record::{as_symbol, column};
use super::{Edit, Refusal, Result, RowId, quoted};
use crate::base::shell::{self, word};
use crate::ovsdb::notation::{self, Argument, bare, check_number};
use crate::ovsdb::schema::{Base, Column, Table, Type};
use crate::ovsdb::{Atom, Datum};

impl Edit<'_> {
    /// Sets columns, or keys of them: `COLUMN[:KEY]=VALUE`.
    pub(crate) async fn set_record(
        &mut self,
        table: &Table,
        row: RowId,
        arguments: &[String],
    ) -> Result<()> {
        for argument in arguments {
            let (column, change) = assignment(table, argument)?;
            refuse_read_only(table, column)?;
            self.change_column(table, row, column, change).await?;
        }
        Ok(())
    }

    /// Adds elements to a set, or pairs with new keys to a map.
    pub(crate) async fn add_to_record(
        &mut self,
        table: &Table,
        row: RowId,
        column_word: &str,
        values: &[String],
    ) -> Result<()> {
        let column = column(table, column_word)?;
        refuse_read_only(table, column)?;
        for value in values {
            let datum = read(table, column, value, &any_number(&column.kind))?;
            let change = match datum {
                Datum::Map(pairs) => {
                    let has = self.draft.value(row, &column.name).await?;
                    let is_new = |(key, _): &(Atom, Atom)| pair(&has, key).is_none();
                    ColumnChange::put(pairs.into_iter().filter(is_new).collect())
                }
                set => ColumnChange::add(set.as_set().unwrap_or_default().to_vec()),
            };
            self.change_column(table, row, column, change).await?;
        }
        Ok(())
    }

    /// Removes elements from a set; keys, or exactly equal pairs, from a map.
    pub(crate) async fn remove_from_record(
        &mut self,
        table: &Table,
        row: RowId,
        column_word: &str,
        values: &[String],
    ) -> Result<()> {
        let column = column(table, column_word)?;
        refuse_read_only(table, column)?;
        let kind = any_number(&column.kind);
        let keys = Type {
            value: None,
            ..kind.clone()
        };
        for value in values {
            let datum = match read(table, column, value, &kind) {
                // A word with = is a pair, if perhaps a malformed one.
                Err(_) if kind.is_map() && !value.contains('=') => {
                    read(table, column, value, &keys)?
                }
                Err(error) if kind.is_map() => read(table, column, value, &keys)
                    .ok()
                    .filter(|_| value.contains('"'))
                    .ok_or(error)?,
                other => other?,
            };
            let change = match datum {
                Datum::Map(mut pairs) => {
                    if let Some(base) = &kind.value {
                        for (_, value) in &mut pairs {
                            self.settle_removed(base, value).await?;
                        }
                    }
                    let has = self.draft.value(row, &column.name).await?;
                    let same = |(key, value): &(Atom, Atom)| pair(&has, key) == Some(value);
                    ColumnChange::remove_keys(
                        pairs.into_iter().filter(same).map(|(key, _)| key).collect(),
                    )
                }
                set => {
                    let removed = set.as_set().unwrap_or_default().to_vec();
                    if kind.is_map() {
                        ColumnChange::remove_keys(removed)
                    } else {
                        ColumnChange::remove(removed)
                    }
                }
            };
            self.change_column(table, row, column, change).await?;
        }
        Ok(())
    }

    /// Sets columns to empty.
    pub(crate) async fn clear_record(
        &mut self,
        table: &Table,
        row: RowId,
        columns: &[String],
    ) -> Result<()> {
        for word in columns {
            if let Some((name, key)) = word.split_once(':') {
                return Err(Refusal::usage(format!(
                    "{} is one key of a column: columns are emptied whole",
                    quoted(word)
                ))
                .hint(format!(
                    "`ovs db remove {} RECORD {} {}` takes one key out",
                    table.name,
                    shell::word(name),
                    shell::word(key)
                )));
            }
            let column = column(table, word)?;
            refuse_read_only(table, column)?;
            if column.kind.min > 0 {
                return Err(Refusal::refused(format!(
                    "column {} of table {} cannot be empty",
                    column.name, table.name
                )));
            }
            let empty = if column.kind.is_map() {
                Datum::Map(Vec::new())
            } else {
                Datum::EMPTY
            };
            self.change_column(table, row, column, ColumnChange::Set(empty))
                .await?;
        }
        Ok(())
    }

    /// Inserts a row. Later steps may refer to it by `symbol` (`@NAME`).
    pub(crate) async fn create_record(
        &mut self,
        table: &Table,
        symbol: Option<&str>,
        arguments: &[String],
    ) -> Result<RowId> {
        if let Some(symbol) = symbol {
            self.refuse_taken(symbol)?;
        }
        let mut columns: BTreeMap<&str, Datum> = BTreeMap::new();
        for argument in arguments {
            let (column, change) = assignment(table, argument)?;
            if column.name.starts_with('_') {
                return Err(Refusal::refused(format!(
                    "column {} of table {} is the database's own: it cannot be chosen",
                    column.name, table.name
                )));
            }
            let change = self.settle_references(table, column, change).await?;
            let datum = match (change, columns.remove(column.name.as_str())) {
                (ColumnChange::Pairs { put, .. }, Some(Datum::Map(mut pairs))) => {
                    pairs.retain(|(key, _)| !put.iter().any(|(other, _)| other == key));
                    pairs.extend(put);
                    Datum::Map(pairs)
                }
                (ColumnChange::Pairs { put, .. }, _) => Datum::Map(put),
                (ColumnChange::Set(datum), _) => datum,
                (ColumnChange::Elements { added, .. }, _) => Datum::set(added),
            };
            columns.insert(&column.name, datum);
        }
        let row = self.draft.insert(&table.name, columns);
        if let Some(symbol) = symbol {
            self.symbols.insert(symbol.to_owned(), row);
        }
        if !table.is_root {
            self.unrooted.push((row, symbol.map(str::to_owned)));
        }
        if table.name == "Interface" {
            self.touched.push(row);
        }
        Ok(row)
    }

    /// Deletes a row, unless a strong reference to it would remain.
    pub(crate) async fn destroy_record(&mut self, table: &Table, row: RowId) -> Result<()> {
        if table.name == "Open_vSwitch" {
            return Err(Refusal::refused(
                "the row of table Open_vSwitch is the switch: all that there is goes with it",
            )
            .hint("`ovs bridge del` removes bridges"));
        }
        let schema = self.schema().await?;
        let reference = self.draft.reference(row);
        for other in &schema.tables {
            for column in &other.columns {
                let keeps = |base: &Base| {
                    base.is_strong && base.refers_to.as_deref() == Some(table.name.as_str())
                };
                let (by_key, by_value) = (
                    keeps(&column.kind.key),
                    column.kind.value.as_ref().is_some_and(keeps),
                );
                let columns = [column.name.as_str()];
                let holders = match (by_key && !column.kind.is_map(), by_value || by_key) {
                    (true, _) => {
                        self.draft
                            .referrers(&other.name, &column.name, row, &columns)
                            .await?
                    }
                    // A condition cannot match a value of a map.
                    (false, true) => self.draft.search(&other.name, Vec::new(), &columns).await?,
                    (false, false) => continue,
                };
                for holder in holders.into_iter().filter(|holder| *holder != row) {
                    let datum = self.draft.value(holder, &column.name).await?;
                    if !self.draft.is_gone(holder) && refers(&datum, &reference) {
                        return Err(self.still_referred(table, row, &other.name, holder, column));
                    }
                }
            }
        }
        self.draft.delete(row);
        Ok(())
    }

    /// Deletes all rows of a table.
    pub(crate) async fn destroy_all(&mut self, table: &Table) -> Result<()> {
        for row in self.draft.search(&table.name, Vec::new(), &[]).await? {
            self.destroy_record(table, row).await?;
        }
        Ok(())
    }

    /// Refuses a plan that inserts unreferenced rows into tables whose unreferenced rows are deleted
    /// (ovsdb-server(7), garbage collection).
    ///
    /// # Errors
    ///
    /// The first such row, with the refusal.
    pub(crate) fn refuse_unreferenced(&self) -> Result<(), (RowId, Refusal)> {
        for (row, symbol) in &self.unrooted {
            if self.draft.is_gone(*row) {
                continue;
            }
            let reference = self.draft.reference(*row);
            let refers = |holder: RowId| {
                let columns = self.draft.changed_columns(holder);
                columns.into_iter().any(|column| {
                    let datum = self.draft.known(holder, column);
                    datum.is_some_and(|datum| refers(&datum, &reference))
                })
            };
            let mut holders = self.draft.rows();
            if !holders
                .any(|holder| holder != *row && !self.draft.is_gone(holder) && refers(holder))
            {
                let table = self.draft.table(*row);
                let name = symbol.as_deref().map(|symbol| format!(" {symbol}"));
                let refusal = Refusal::refused(format!(
                    "nothing refers to the new row{} of table {table}: the database would delete it immediately",
                    name.unwrap_or_default()
                ))
                .hint("in a batch, `db create --id=@NAME` makes it, and a line that sets a column to \
                       @NAME refers to it");
                return Err((*row, refusal));
            }
        }
        Ok(())
    }

    /// Applies a change to a column, if the result fits the column's type.
    async fn change_column(
        &mut self,
        table: &Table,
        row: RowId,
        column: &Column,
        change: ColumnChange,
    ) -> Result<()> {
        let change = self.settle_references(table, column, change).await?;
        // The rows that are removed with the reference are needed for the report only.
        let referred = match (table.name.as_str(), column.name.as_str()) {
            ("Open_vSwitch", "bridges") => Some("Bridge"),
            ("Bridge", "ports") => Some("Port"),
            _ => None,
        };
        if let Some(referred) = referred.filter(|table| !self.draft.is_whole(table, "name")) {
            self.draft.read_whole(referred, &["name"]).await?;
        }
        self.draft.apply(row, &column.name, change).await?;
        let datum = self.draft.peek(row, &column.name).await?;
        let number = match &datum {
            Datum::Map(pairs) => pairs.len(),
            set => set.as_set().map_or(0, <[Atom]>::len),
        };
        check_number(number, &column.kind).map_err(|message| {
            Refusal::refused(format!(
                "column {} of table {}: {message}",
                column.name, table.name
            ))
        })?;
        if table.name == "Interface" && !self.touched.contains(&row) {
            self.touched.push(row);
        }
        Ok(())
    }

    /// Replaces `@NAME`s by the rows that they stand for; refuses a strong reference to a row that does not
    /// exist.
    async fn settle_references(
        &mut self,
        table: &Table,
        column: &Column,
        change: ColumnChange,
    ) -> Result<ColumnChange> {
        let mut change = change;
        let key = &column.kind.key;
        let value = column.kind.value.as_ref();
        match &mut change {
            ColumnChange::Set(Datum::Atom(atom)) => {
                self.settle_reference(table, column, key, atom).await?;
            }
            ColumnChange::Set(Datum::Set(atoms)) | ColumnChange::Elements { added: atoms, .. } => {
                for atom in atoms {
                    self.settle_reference(table, column, key, atom).await?;
                }
            }
            ColumnChange::Set(Datum::Map(pairs)) | ColumnChange::Pairs { put: pairs, .. } => {
                for (k, v) in pairs {
                    self.settle_reference(table, column, key, k).await?;
                    if let Some(value) = value {
                        self.settle_reference(table, column, value, v).await?;
                    }
                }
            }
        }
        if let ColumnChange::Elements { removed, .. } = &mut change {
            for atom in removed {
                self.settle_removed(key, atom).await?;
            }
        }
        Ok(change)
    }

    async fn settle_reference(
        &mut self,
        table: &Table,
        column: &Column,
        base: &Base,
        atom: &mut Atom,
    ) -> Result<()> {
        let Some(refers_to) = &base.refers_to else {
            return Ok(());
        };
        let row = match atom {
            Atom::NamedUuid(_) | Atom::Uuid(_) => self.referred(refers_to, atom).await?,
            _ => return Ok(()),
        };
        match row.filter(|row| self.draft.table(*row) == refers_to && !self.draft.is_gone(*row)) {
            Some(row) => *atom = self.draft.reference(row),
            None => {
                return Err(Refusal::refused(format!(
                    "column {} of table {} refers to table {refers_to}, which has no row {}",
                    column.name,
                    table.name,
                    bare(atom)
                )));
            }
        }
        Ok(())
    }

    /// Replaces the `@NAME` or the name of a row; a UUID need not be one of a row.
    async fn settle_removed(&mut self, base: &Base, atom: &mut Atom) -> Result<()> {
        if let (Some(refers_to), Atom::NamedUuid(_)) = (&base.refers_to, &*atom)
            && let Some(row) = self.referred(refers_to, atom).await?
        {
            *atom = self.draft.reference(row);
        }
        Ok(())
    }

    /// The row of a table that an atom stands for: its UUID, its `@NAME`, or its name as for [`Edit::record`].
    pub(super) async fn referred(&mut self, table: &str, atom: &Atom) -> Result<Option<RowId>> {
        match (as_symbol(atom), atom) {
            (Some(symbol), _) => self.symbol(symbol).map(Some),
            (None, Atom::Uuid(uuid)) => Ok(self.draft.by_uuid(table, *uuid, &["_uuid"]).await?),
            (None, Atom::NamedUuid(name)) => {
                let table = self.table(table).await?;
                self.record(&table, name, &["_uuid"]).await.map(Some)
            }
            _ => Ok(None),
        }
    }

    fn still_referred(
        &self,
        table: &Table,
        row: RowId,
        holder_table: &str,
        holder: RowId,
        column: &Column,
    ) -> Refusal {
        let name = self.name_of(holder);
        // A pair of a map is named by its key.
        let element = match self.draft.known(holder, &column.name) {
            Some(Datum::Map(pairs)) => {
                let reference = self.draft.reference(row);
                let pair = pairs.iter().find(|(_, value)| *value == reference);
                pair.map(|(key, _)| bare(key))
            }
            _ => self.draft.uuid(row).map(|uuid| uuid.to_string()),
        };
        let element = element.map_or_else(String::new, |element| format!(" {}", word(&element)));
        let holder = match self.draft.uuid(holder) {
            _ if !name.is_empty() => name,
            _ if holder_table == "Open_vSwitch" => ".".to_owned(),
            Some(uuid) => uuid.to_string(),
            None => "new".to_owned(),
        };
        let uuid = self
            .draft
            .uuid(row)
            .map_or_else(String::new, |uuid| format!(" {uuid}"));
        let refusal = Refusal::refused(format!(
            "row{uuid} of table {} is kept by {holder_table} {holder}: its column {} refers to it",
            table.name, column.name
        ));
        match table.name.as_str() {
            "Bridge" => refusal.hint("`ovs bridge del` removes a bridge"),
            "Port" | "Interface" => refusal.hint("`ovs port del` removes a port"),
            _ => refusal.hint(format!(
                "`ovs db remove {holder_table} {} {}{element}` removes the reference; \
                 the row then goes of itself, or can be destroyed",
                word(&holder),
                word(&column.name)
            )),
        }
    }
}

/// `COLUMN[:KEY]=VALUE`, parsed by the column's type.
fn assignment<'t>(table: &'t Table, argument: &str) -> Result<(&'t Column, ColumnChange)> {
    let parsed = Argument::parse(argument, &["="]).map_err(Refusal::usage)?;
    let column = column(table, &parsed.column)?;
    let Some((_, value)) = parsed.value else {
        return Err(Refusal::usage(format!(
            "{} has no value: expected COLUMN=VALUE or COLUMN:KEY=VALUE",
            quoted(argument)
        )));
    };
    let Some(key) = parsed.key else {
        return Ok((
            column,
            ColumnChange::Set(read(table, column, value, &column.kind)?),
        ));
    };
    let base = value_of_key(table, column)?;
    let typed = |text: &str, base| {
        notation::atom(text, base).map_err(|message| wrong(table, column, &message))
    };
    let pair = (typed(&key, &column.kind.key)?, typed(value, base)?);
    Ok((column, ColumnChange::put(vec![pair])))
}

/// The type of the value of a key.
pub(crate) fn value_of_key<'t>(table: &Table, column: &'t Column) -> Result<&'t Base> {
    column.kind.value.as_ref().ok_or_else(|| {
        Refusal::usage(format!(
            "column {} of table {} is no map: it has no keys",
            column.name, table.name
        ))
    })
}

/// Parses a value of a column.
pub(crate) fn read(table: &Table, column: &Column, text: &str, kind: &Type) -> Result<Datum> {
    notation::datum(text, kind).map_err(|message| wrong(table, column, &message))
}

/// The refusal of a malformed value of a column.
pub(crate) fn wrong(table: &Table, column: &Column, message: &str) -> Refusal {
    Refusal::usage(format!(
        "column {} of table {}: {message}",
        column.name, table.name
    ))
}

fn refuse_read_only(table: &Table, column: &Column) -> Result<()> {
    if column.is_mutable {
        return Ok(());
    }
    Err(Refusal::refused(format!(
        "column {} of table {} cannot be changed once the row is made",
        column.name, table.name
    )))
}

/// The type of the elements to add to or remove from a column: any positive number of them.
fn any_number(kind: &Type) -> Type {
    Type {
        min: 1,
        max: usize::MAX,
        ..kind.clone()
    }
}

/// The type of the value of a key of a map.
pub(crate) fn pair<'d>(datum: &'d Datum, key: &Atom) -> Option<&'d Atom> {
    match datum {
        Datum::Map(pairs) => pairs
            .iter()
            .find(|(known, _)| known == key)
            .map(|(_, value)| value),
        Datum::Atom(_) | Datum::Set(_) => None,
    }
}

fn refers(datum: &Datum, reference: &Atom) -> bool {
    match datum {
        Datum::Map(pairs) => pairs
            .iter()
            .any(|(key, value)| key == reference || value == reference),
        set => set.as_set().unwrap_or_default().contains(reference),
    }
}

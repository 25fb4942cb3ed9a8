//! Which rows a draft finds in the database, and what is read with them.

use std::collections::HashSet;

use super::{Around, Draft, Identity, RowId, atoms, select};
use crate::ovsdb::{Atom, Condition, Datum, Error, Function, Row, Select, Uuid};

impl Draft<'_> {
    /// Reads these columns of all rows of a table, so that later [`Draft::find`]s need no request each.
    pub(crate) async fn read_whole(&mut self, table: &str, columns: &[&str]) -> Result<(), Error> {
        self.read(table, Vec::new(), columns).await?;
        let columns = columns.iter().map(|&column| column.to_owned());
        self.tables.entry(table.to_owned()).or_default().whole = Some(columns.collect());
        Ok(())
    }

    /// The row of a table with this name, after the changes so far; reads `columns` with it.
    pub(crate) async fn find(
        &mut self,
        table: &str,
        name: &str,
        columns: &[&str],
    ) -> Result<Option<RowId>, Error> {
        let known = self.named(table, name);
        let whole = self.is_whole(table, "name");
        let found = match known {
            Some(row) => Some(row),
            None if whole => None,
            None => {
                let mut columns = columns.to_vec();
                if !columns.contains(&"name") {
                    columns.push("name");
                }
                let when = Condition::is("name", name);
                self.read(table, vec![when], &columns).await?;
                self.named(table, name)
            }
        };
        match found {
            Some(row) => self.rely(row, "name"),
            // A row that the plan removes still exists when the waits are evaluated.
            None if !self.is_removed(table, name) => {
                self.absent.insert((table.to_owned(), name.to_owned()));
            }
            None => {}
        }
        Ok(found)
    }

    /// Whether the database has a row of this name that the plan removes.
    fn is_removed(&self, table: &str, name: &str) -> bool {
        let rows = self
            .tables
            .get(table)
            .and_then(|table| table.names.get(name));
        rows.is_some_and(|rows| rows.iter().any(|row| !self.is_new(*row)))
    }

    fn named(&self, table: &str, name: &str) -> Option<RowId> {
        let rows = self.tables.get(table)?.names.get(name)?;
        rows.iter().copied().find(|row| !self.is_gone(*row))
    }

    /// The rows of a table that meet all conditions, after the changes so far. The transaction waits for this
    /// result.
    pub(crate) async fn search(
        &mut self,
        table: &str,
        when: Vec<Condition>,
        columns: &[&str],
    ) -> Result<Vec<RowId>, Error> {
        let mut wanted: Vec<&str> = columns.to_vec();
        for Condition(column, ..) in &when {
            if !wanted.contains(&column.as_str()) {
                wanted.push(column);
            }
        }
        let stored = self.read(table, when.clone(), &wanted).await?;
        let uuids = stored.iter().filter_map(|row| self.uuid(*row)).collect();
        let known: HashSet<RowId> = stored.iter().copied().collect();
        let mut rows = stored;
        // The database has excluded other rows, unless the plan changes them.
        let others = self.of_table(table).into_iter();
        rows.extend(others.filter(|row| {
            let entry = self.rows.of(*row);
            let judged = |Condition(column, ..): &Condition| entry.effective(column).is_some();
            let differs = |Condition(column, ..): &Condition| entry.changes.contains_key(column);
            let is_other =
                self.is_new(*row) || (when.iter().any(differs) && when.iter().all(judged));
            is_other && !known.contains(row)
        }));
        rows.retain(|row| {
            let entry = self.rows.of(*row);
            entry.gone.is_none() && when.iter().all(|condition| entry.meets(condition))
        });
        self.searches.push((table.to_owned(), when, uuids));
        Ok(rows)
    }

    /// The rows of a table, after the changes so far, whose column refers to `row`. The transaction waits for
    /// these references.
    pub(crate) async fn referrers(
        &mut self,
        table: &str,
        column: &str,
        row: RowId,
        columns: &[&str],
    ) -> Result<Vec<RowId>, Error> {
        let reference = self.reference(row);
        let mut found = Vec::new();
        if let Identity::Stored(uuid) = self.rows.of(row).identity {
            let whole = self.is_whole(table, column).then(|| self.of_table(table));
            let ahead = self.referrers.get(&(row, column.to_owned()));
            let stored = match (ahead, whole) {
                (Some(ahead), _) => ahead.clone(),
                (None, Some(whole)) => {
                    let refers = |row: &&RowId| {
                        let stored = self.rows.of(**row).stored.get(column);
                        stored.is_some_and(|datum| contains(datum, &reference))
                    };
                    whole.iter().filter(refers).copied().collect()
                }
                (None, None) => {
                    let when = Condition::includes(column, uuid);
                    self.read(table, vec![when], columns).await?
                }
            };
            for referrer in stored {
                let entry = self.rows.of(referrer);
                let removed = match entry.changes.get(column) {
                    Some(change) => change.removes(&reference),
                    None => false,
                };
                if entry.gone.is_none() && !removed {
                    self.references.insert((referrer, column.to_owned(), uuid));
                    found.push(referrer);
                }
            }
        }
        for row in self.of_table(table) {
            let entry = self.rows.of(row);
            let adds = match (&entry.identity, entry.changes.get(column)) {
                (Identity::New(_), _) => entry
                    .effective(column)
                    .is_some_and(|datum| contains(&datum, &reference)),
                (Identity::Stored(_), Some(change)) => change.adds(&reference),
                (Identity::Stored(_), None) => false,
            };
            if adds && entry.gone.is_none() && !found.contains(&row) {
                found.push(row);
            }
        }
        Ok(found)
    }

    /// Reads, in one request, the rows that refer to a row of the database and those that it refers to, for
    /// later calls of [`Draft::referrers`] with `above` and [`Draft::referred`] with `below`.
    pub(crate) async fn read_around(
        &mut self,
        row: RowId,
        above: Around<'_>,
        below: Around<'_>,
    ) -> Result<(), Error> {
        if self.is_whole(above.0, above.1) || self.is_whole(below.0, "name") {
            return Ok(());
        }
        let selects = self.around(row, above, below);
        if selects.is_empty() {
            return Ok(());
        }
        let answers = self.database.select(selects).await?;
        let mut answers = answers.into_iter();
        let up = self.learn(&answers.next().unwrap_or_default())?;
        self.referrers.insert((row, above.1.to_owned()), up);
        self.learn(&answers.flatten().collect::<Vec<_>>())?;
        Ok(())
    }

    /// The selects of [`Draft::read_around`]: first the rows that refer to the row, then each row that it
    /// refers to. None for a new row.
    pub(crate) fn around(&self, row: RowId, above: Around<'_>, below: Around<'_>) -> Vec<Select> {
        let (Some(uuid), Some(down)) = (self.uuid(row), self.known(row, below.1)) else {
            return Vec::new();
        };
        let mut selects = vec![select(above.0, above.2).when(above.1, Function::Includes, uuid)];
        for atom in atoms(&down) {
            if let Atom::Uuid(uuid) = atom {
                selects.push(select(below.0, below.2).when("_uuid", Function::Equal, *uuid));
            }
        }
        selects
    }

    /// Adds rows that were read elsewhere, each with its `_uuid`.
    pub(crate) fn learn(&mut self, rows: &[Row]) -> Result<Vec<RowId>, Error> {
        rows.iter().map(|row| self.keep(row)).collect()
    }

    /// The rows that a column of `row` refers to.
    pub(crate) async fn referred(
        &mut self,
        row: RowId,
        column: &str,
        table: &str,
        columns: &[&str],
    ) -> Result<Vec<RowId>, Error> {
        let datum = self.value(row, column).await?;
        self.read_all(table, atoms(&datum), columns).await?;
        let mut rows = Vec::new();
        for atom in atoms(&datum) {
            match atom {
                Atom::Uuid(uuid) => {
                    if let Some(row) = self.by_uuid(table, *uuid, columns).await? {
                        rows.push(row);
                    }
                }
                other => rows.extend(self.by_reference(other)),
            }
        }
        Ok(rows)
    }

    /// Reads those of the rows that were not read yet, in one request and in the order of their names.
    pub(crate) async fn read_all(
        &mut self,
        table: &str,
        references: &[Atom],
        columns: &[&str],
    ) -> Result<(), Error> {
        let missing = |atom: &Atom| match atom {
            Atom::Uuid(uuid) if !self.stored.contains_key(uuid) => Some(*uuid),
            _ => None,
        };
        let missing = references.iter().filter_map(missing);
        let selects: Vec<Select> = missing
            .map(|uuid| select(table, columns).when("_uuid", Function::Equal, uuid))
            .collect();
        self.read_selected(selects, columns).await.map(drop)
    }

    /// The row of the database with this UUID, if it is in that table.
    pub(crate) async fn by_uuid(
        &mut self,
        table: &str,
        uuid: Uuid,
        columns: &[&str],
    ) -> Result<Option<RowId>, Error> {
        if let Some(&row) = self.stored.get(&uuid) {
            return Ok(Some(row));
        }
        let when = Condition::is("_uuid", uuid);
        Ok(self
            .read(table, vec![when], columns)
            .await?
            .first()
            .copied())
    }

    /// The only row of a table with at most one row: `Open_vSwitch`.
    pub(crate) async fn only(
        &mut self,
        table: &str,
        columns: &[&str],
    ) -> Result<Option<RowId>, Error> {
        if let Some(known) = self.of_table(table).first() {
            return Ok(Some(*known));
        }
        Ok(self
            .read(table, Vec::new(), columns)
            .await?
            .first()
            .copied())
    }
}

fn contains(datum: &Datum, atom: &Atom) -> bool {
    atoms(datum).contains(atom)
}

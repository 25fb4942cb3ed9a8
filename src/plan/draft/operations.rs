//! The transaction of a draft.

use super::{ColumnChange, Draft, Entry, Gone, Identity, RowId};
use crate::ovsdb::operation::{Columns, Mutator, Until};
use crate::ovsdb::{Condition, Datum, Error, Operation, Uuid};

impl Draft<'_> {
    /// Whether the transaction would change nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.iter().all(Entry::is_quiet)
    }

    /// The operations of the transaction: waits for the values that decisions depend on, then the changes.
    /// Empty if nothing changes. With `sure` it also waits for names to be free: the commit checks them
    /// anyway, but does not tell whether another client took the name.
    pub(crate) fn operations(&self, sure: bool) -> Vec<Operation> {
        if self.is_empty() {
            return Vec::new();
        }
        let mut operations = if sure { self.all_waits() } else { self.waits() };
        operations.extend(self.rows.iter().filter_map(Entry::insert));
        operations.extend(self.rows.iter().flat_map(Entry::modify));
        operations
    }

    /// Whether everything that was read, in several requests, holds at one moment. If not, decisions based on
    /// it, including refusals, may be wrong.
    pub(crate) async fn holds(&self) -> Result<bool, Error> {
        match self.database.transact(&self.all_waits()).await {
            Ok(_) => Ok(true),
            Err(Error::Operation(error)) if error.error == "timed out" => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn all_waits(&self) -> Vec<Operation> {
        let mut operations = self.waits();
        operations.extend(self.absent.iter().map(|(table, name)| {
            let when = Condition::is("name", name.as_str());
            wait(table, vec![when], vec!["_uuid".to_owned()], Vec::new())
        }));
        operations
    }

    fn waits(&self) -> Vec<Operation> {
        let mut operations: Vec<Operation> = self.rows.iter().filter_map(Entry::wait).collect();
        let references = self.references.iter();
        operations.extend(references.filter_map(|(row, column, uuid)| {
            let holder = self.uuid(*row)?;
            let includes = Condition::includes(column, *uuid);
            Some(wait(
                &self.rows.of(*row).table,
                vec![is(holder), includes],
                vec!["_uuid".to_owned()],
                vec![Columns(vec![("_uuid".to_owned(), holder.into())])],
            ))
        }));
        operations.extend(self.searches.iter().map(|(table, when, found)| {
            let row = |uuid: &Uuid| Columns(vec![("_uuid".to_owned(), (*uuid).into())]);
            wait(
                table,
                when.clone(),
                vec!["_uuid".to_owned()],
                found.iter().map(row).collect(),
            )
        }));
        operations
    }

    /// The rows that the transaction inserts, in the order of their inserts.
    pub(crate) fn inserted(&self) -> Vec<RowId> {
        let rows = self.rows();
        rows.filter(|row| self.rows.of(*row).insert().is_some())
            .collect()
    }
}

impl Entry {
    /// Whether the row is not changed.
    fn is_quiet(&self) -> bool {
        match (&self.identity, self.gone) {
            (Identity::New(_), gone) => gone.is_some(),
            (Identity::Stored(_), Some(Gone::Deleted)) => false,
            // The rows that referred to it change.
            (Identity::Stored(_), Some(Gone::Unreferenced)) => true,
            (Identity::Stored(_), None) => self.changed().is_empty(),
        }
    }

    /// Waits for the row to exist, and for its columns that decisions depend on.
    fn wait(&self) -> Option<Operation> {
        let Identity::Stored(uuid) = self.identity else {
            return None;
        };
        if self.relied.is_empty() {
            // A changed row must exist: an update of a deleted row has no effect.
            let row = Columns(vec![("_uuid".to_owned(), uuid.into())]);
            let columns = vec!["_uuid".to_owned()];
            return (!self.is_quiet())
                .then(|| wait(&self.table, vec![is(uuid)], columns, vec![row]));
        }
        let relied = self.relied.iter();
        let columns = relied.filter_map(|column| {
            let datum = self.stored.get(column)?;
            Some((column.clone(), datum.clone()))
        });
        let row = Columns(columns.collect());
        let names = row.0.iter().map(|(name, _)| name.clone()).collect();
        Some(wait(&self.table, vec![is(uuid)], names, vec![row]))
    }

    fn insert(&self) -> Option<Operation> {
        let Identity::New(name) = &self.identity else {
            return None;
        };
        if self.gone.is_some() {
            return None;
        }
        let columns = self.changed().into_iter().filter_map(|column| {
            let datum = self.effective(column)?;
            Some((column.to_owned(), datum))
        });
        Some(Operation::Insert {
            table: self.table.clone(),
            row: Columns(columns.collect()),
            uuid_name: Some(name.clone()),
        })
    }

    fn modify(&self) -> Vec<Operation> {
        let Identity::Stored(uuid) = self.identity else {
            return Vec::new();
        };
        let table = || self.table.clone();
        let when = || vec![is(uuid)];
        match self.gone {
            Some(Gone::Deleted) => {
                return vec![Operation::Delete {
                    table: table(),
                    when: when(),
                }];
            }
            Some(Gone::Unreferenced) => return Vec::new(),
            None => {}
        }
        let mut set = Vec::new();
        let mut mutations = Vec::new();
        for column in self.changed() {
            let mutate = |mutator, datum| (column.to_owned(), mutator, datum);
            match self.changes.get(column) {
                None => {}
                Some(ColumnChange::Set(datum)) => set.push((column.to_owned(), datum.clone())),
                Some(ColumnChange::Elements { added, removed }) => {
                    if !removed.is_empty() {
                        mutations.push(mutate(Mutator::Delete, Datum::Set(removed.clone())));
                    }
                    if !added.is_empty() {
                        mutations.push(mutate(Mutator::Insert, Datum::Set(added.clone())));
                    }
                }
                Some(ColumnChange::Pairs { put, removed }) => {
                    // The mutator `insert` does not change existing keys.
                    let keys = put.iter().map(|(key, _)| key).chain(removed);
                    let keys = keys.cloned().collect();
                    mutations.push(mutate(Mutator::Delete, Datum::Set(keys)));
                    if !put.is_empty() {
                        mutations.push(mutate(Mutator::Insert, Datum::Map(put.clone())));
                    }
                }
            }
        }
        let mut operations = Vec::new();
        if !set.is_empty() {
            operations.push(Operation::Update {
                table: table(),
                when: when(),
                row: Columns(set),
            });
        }
        if !mutations.is_empty() {
            operations.push(Operation::Mutate {
                table: table(),
                when: when(),
                mutations,
            });
        }
        operations
    }
}

fn is(uuid: Uuid) -> Condition {
    Condition::is("_uuid", uuid)
}

fn wait(table: &str, when: Vec<Condition>, columns: Vec<String>, rows: Vec<Columns>) -> Operation {
    Operation::Wait {
        table: table.to_owned(),
        when,
        columns,
        until: Until::Equal,
        rows,
        timeout: Some(0),
    }
}

//! Requests without the columns that a schema lacks.
//!
//! A column that is not in the schema counts as empty: it is not read, and setting it to nothing changes nothing.
//! Setting it to a value is an error that names the column.

use super::error::Error;
use super::operation::{Columns, Condition, Mutator, Operation, Select};
use super::schema::{Schema, Table};
use super::value::{Atom, Datum};

/// The tables without which a switch has no structure.
const STRUCTURE: [&str; 4] = ["Open_vSwitch", "Bridge", "Port", "Interface"];

impl Schema {
    /// Removes the columns that the schema lacks from selects. `None` stands for a select from a table that
    /// the schema lacks: it has no rows. (Of a saved host they may not be known; who prints them has to say so.)
    ///
    /// # Errors
    ///
    /// [`Error::NotInSchema`] if a condition is on a column that the schema lacks; [`Error::NotSaved`] if it is a column or
    /// a table of bridges, ports and interfaces that was not saved.
    pub fn fit_selects(&self, selects: Vec<Select>) -> Result<Vec<Option<Select>>, Error> {
        let fit = |mut select: Select| match self.exact(&select.table) {
            None if self.is_partial && STRUCTURE.contains(&&*select.table) => {
                Err(self.lacks_table(&select.table))
            }
            None => Ok(None),
            Some(table) => self.fit_select(table, &mut select).map(|()| Some(select)),
        };
        selects.into_iter().map(fit).collect()
    }

    /// Removes the columns that the schema lacks from the operations of a transaction, of which there are as
    /// many as before.
    ///
    /// # Errors
    ///
    /// [`Error::NotInSchema`] if an operation needs a table, a column, or a value of a column that the schema
    /// lacks.
    pub fn fit(&self, mut operations: Vec<Operation>) -> Result<Vec<Operation>, Error> {
        for operation in &mut operations {
            self.fit_operation(operation)?;
        }
        Ok(operations)
    }

    fn fit_operation(&self, operation: &mut Operation) -> Result<(), Error> {
        match operation {
            Operation::Comment { .. } => Ok(()),
            Operation::Select(select) => self.fit_select(self.needed(&select.table)?, select),
            Operation::Insert { table, row, .. } => self.fit_row(self.needed(table)?, row),
            Operation::Update { table, when, row } => {
                let table = self.needed(table)?;
                self.check_conditions(table, when)?;
                self.fit_row(table, row)
            }
            Operation::Delete { table, when } => self.check_conditions(self.needed(table)?, when),
            Operation::Mutate {
                table,
                when,
                mutations,
            } => {
                let table = self.needed(table)?;
                self.check_conditions(table, when)?;
                for (column, mutator, operand) in mutations.iter() {
                    match mutator {
                        Mutator::Delete => {}
                        _ => self.check_value(table, column, operand)?,
                    }
                }
                mutations.retain(|(column, ..)| table.has(column));
                Ok(())
            }
            Operation::Wait {
                table,
                when,
                columns,
                rows,
                ..
            } => {
                let table = self.needed(table)?;
                self.check_conditions(table, when)?;
                for row in rows {
                    self.fit_row(table, row)?;
                }
                columns.retain(|column| table.has(column));
                Ok(())
            }
        }
    }

    fn fit_select(&self, table: &Table, select: &mut Select) -> Result<(), Error> {
        self.check_conditions(table, &select.when)?;
        if let Some(columns) = &mut select.columns {
            columns.retain(|column| table.has(column));
        }
        Ok(())
    }

    fn fit_row(&self, table: &Table, row: &mut Columns) -> Result<(), Error> {
        for (column, datum) in &row.0 {
            self.check_value(table, column, datum)?;
        }
        row.0.retain(|(column, _)| table.has(column));
        Ok(())
    }

    fn check_conditions(&self, table: &Table, when: &[Condition]) -> Result<(), Error> {
        match when.iter().find(|condition| !table.has(&condition.0)) {
            Some(Condition(column, ..)) => Err(self.lacks_column(table, column)),
            None => Ok(()),
        }
    }

    /// Whether a column can hold a value. One that the schema lacks can hold nothing.
    fn check_value(&self, table: &Table, column: &str, datum: &Datum) -> Result<(), Error> {
        let Some(known) = table.exact(column).filter(|known| known.is_known) else {
            return match datum {
                Datum::Set(atoms) if atoms.is_empty() => Ok(()),
                Datum::Map(pairs) if pairs.is_empty() => Ok(()),
                _ => Err(self.lacks_column(table, column)),
            };
        };
        let choices = &known.kind.key.choices;
        let atoms = datum.as_set().unwrap_or_default();
        let is_unknown = |atom: &&Atom| !choices.is_empty() && !choices.contains(*atom);
        match atoms.iter().find(is_unknown) {
            Some(Atom::String(value)) => Err(self.lacks(format!(
                "value {value} of column {column} in table {}",
                table.name
            ))),
            _ => Ok(()),
        }
    }

    fn needed(&self, table: &str) -> Result<&Table, Error> {
        self.exact(table).ok_or_else(|| self.lacks_table(table))
    }

    fn lacks_table(&self, table: &str) -> Error {
        if self.is_partial {
            return Error::NotSaved(format!("table {table} of the database"));
        }
        self.lacks(format!("table {table}"))
    }

    fn lacks_column(&self, table: &Table, column: &str) -> Error {
        if self.is_partial || table.exact(column).is_some() {
            return Error::NotSaved(format!("{}.{column}", table.name));
        }
        self.lacks(format!("column {column} in table {}", table.name))
    }

    fn lacks(&self, what: String) -> Error {
        Error::NotInSchema {
            version: self.version.clone(),
            what,
        }
    }

    fn exact(&self, table: &str) -> Option<&Table> {
        self.tables.iter().find(|known| known.name == table)
    }
}

//! The operations of a transaction (RFC 7047 §5.2) and their results (RFC 7047 §4.1.3).

use std::sync::Arc;

use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

use super::error::{Error, OperationError};
use super::row::Row;
use super::value::{Datum, Uuid};

/// One operation of a transaction.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "op", rename_all = "lowercase")]
pub enum Operation {
    /// Reads rows (RFC 7047 §5.2.2).
    Select(Select),
    /// Inserts a row (RFC 7047 §5.2.1).
    Insert {
        /// The row's table.
        table: String,
        /// Its columns; the others get their defaults.
        row: Columns,
        /// A name by which other operations of the transaction refer to it.
        #[serde(rename = "uuid-name", skip_serializing_if = "Option::is_none")]
        uuid_name: Option<String>,
    },
    /// Sets columns of rows (RFC 7047 §5.2.3).
    Update {
        /// The rows' table.
        table: String,
        /// Which rows.
        #[serde(rename = "where")]
        when: Vec<Condition>,
        /// The columns to set.
        row: Columns,
    },
    /// Modifies columns of rows relative to their values (RFC 7047 §5.2.4).
    Mutate {
        /// The rows' table.
        table: String,
        /// Which rows.
        #[serde(rename = "where")]
        when: Vec<Condition>,
        /// Column, mutator, operand.
        mutations: Vec<(String, Mutator, Datum)>,
    },
    /// Deletes rows (RFC 7047 §5.2.5).
    Delete {
        /// The rows' table.
        table: String,
        /// Which rows.
        #[serde(rename = "where")]
        when: Vec<Condition>,
    },
    /// Fails the transaction unless the rows meet a condition (RFC 7047 §5.2.6).
    Wait {
        /// The rows' table.
        table: String,
        /// Which rows.
        #[serde(rename = "where")]
        when: Vec<Condition>,
        /// The columns that are compared.
        columns: Vec<String>,
        /// Whether they must be equal to `rows` or differ.
        until: Until,
        /// What they are compared with.
        rows: Vec<Columns>,
        /// How long the server waits for it, in milliseconds; `None`: no limit.
        #[serde(skip_serializing_if = "Option::is_none")]
        timeout: Option<u64>,
    },
    /// Adds a comment to the database's log (RFC 7047 §5.2.9).
    Comment {
        /// The text.
        comment: String,
    },
}

/// Reads the rows of a table that meet all conditions (RFC 7047 §5.2.2).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Select {
    /// The table.
    pub table: String,
    /// All of these must hold; none: every row.
    #[serde(rename = "where")]
    pub when: Vec<Condition>,
    /// The columns to read; `None`: all of them, `_uuid` included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub columns: Option<Vec<String>>,
}

/// Column, comparison, operand (RFC 7047 §5.1 `<condition>`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Condition(pub String, pub Function, pub Datum);

impl Condition {
    /// The column is equal to this.
    pub fn is(column: &str, operand: impl Into<Datum>) -> Self {
        Self(column.to_owned(), Function::Equal, operand.into())
    }

    /// The column contains all of this.
    pub fn includes(column: &str, operand: impl Into<Datum>) -> Self {
        Self(column.to_owned(), Function::Includes, operand.into())
    }
}

/// A comparison (RFC 7047 §5.1 `<function>`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Function {
    /// Less than.
    #[serde(rename = "<")]
    Less,
    /// Equal.
    #[serde(rename = "==")]
    Equal,
    /// The column contains all of the operand.
    #[serde(rename = "includes")]
    Includes,
}

/// A mutator (RFC 7047 §5.1 `<mutator>`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Mutator {
    /// Adds a number.
    #[serde(rename = "+=")]
    Add,
    /// Adds elements to a set, pairs to a map.
    #[serde(rename = "insert")]
    Insert,
    /// Removes elements from a set, pairs or keys from a map.
    #[serde(rename = "delete")]
    Delete,
}

/// The condition of an [`Operation::Wait`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Until {
    /// The rows are exactly these.
    #[serde(rename = "==")]
    Equal,
    /// The rows differ from these.
    #[serde(rename = "!=")]
    NotEqual,
}

/// Columns and their values.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Columns(pub Vec<(String, Datum)>);

/// The result of an operation.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The rows of a select.
    Rows(Vec<Row>),
    /// The number of rows that an update, mutate or delete matched.
    Count(u64),
    /// The UUID of an inserted row.
    Uuid(Uuid),
    /// Done, without a result.
    Done,
}

impl Select {
    /// Reads these columns of every row of `table`.
    pub fn columns(table: &str, columns: &[&str]) -> Self {
        Self {
            table: table.to_owned(),
            when: Vec::new(),
            columns: Some(columns.iter().map(|&column| column.to_owned()).collect()),
        }
    }

    /// Adds a condition.
    #[must_use]
    pub fn when(mut self, column: &str, function: Function, operand: impl Into<Datum>) -> Self {
        self.when
            .push(Condition(column.to_owned(), function, operand.into()));
        self
    }
}

impl From<Select> for Operation {
    fn from(select: Select) -> Self {
        Self::Select(select)
    }
}

impl Operation {
    /// Returns the operation and its table, for messages: `select from Bridge`.
    pub fn describe(&self) -> String {
        match self {
            Self::Select(select) => format!("select from {}", select.table),
            Self::Insert { table, .. } => format!("insert into {table}"),
            Self::Update { table, .. } => format!("update of {table}"),
            Self::Mutate { table, .. } => format!("mutate of {table}"),
            Self::Delete { table, .. } => format!("delete from {table}"),
            Self::Wait { table, .. } => format!("wait on {table}"),
            Self::Comment { .. } => "comment".to_owned(),
        }
    }
}

impl Serialize for Columns {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (column, datum) in &self.0 {
            map.serialize_entry(column, datum)?;
        }
        map.end()
    }
}

/// One element of the reply, before it is paired with its operation.
#[derive(Debug, Deserialize)]
pub(super) struct OperationReply {
    rows: Option<Vec<Row>>,
    count: Option<u64>,
    uuid: Option<Uuid>,
    error: Option<String>,
    details: Option<String>,
}

/// Pairs the elements of a reply with their operations. Returns the first error, if any.
pub(super) fn outcomes(
    operations: &[Operation],
    answers: Vec<Option<OperationReply>>,
) -> Result<Vec<Outcome>, Error> {
    for (index, answer) in answers.iter().enumerate() {
        if let Some(OperationReply {
            error: Some(error),
            details,
            ..
        }) = answer
        {
            // An element beyond the operations is an error of the commit.
            let operation = operations.get(index);
            return Err(Error::from(OperationError {
                index: operation.map(|_| index),
                operation: operation.map_or_else(|| "commit".to_owned(), Operation::describe),
                error: error.clone(),
                details: details.clone(),
            }));
        }
    }
    if answers.len() < operations.len() {
        return Err(Error::Protocol(format!(
            "{} replies to {} operations",
            answers.len(),
            operations.len()
        )));
    }
    operations
        .iter()
        .zip(answers)
        .map(|(operation, answer)| outcome(operation, answer))
        .collect()
}

fn outcome(operation: &Operation, answer: Option<OperationReply>) -> Result<Outcome, Error> {
    let lacks = |what| {
        Error::Protocol(format!(
            "no {what} in the reply to {}",
            operation.describe()
        ))
    };
    let answer = answer.ok_or_else(|| lacks("outcome"))?;
    match operation {
        Operation::Select(Select { table, .. }) => {
            let table: Arc<str> = table.as_str().into();
            let rows = answer.rows.ok_or_else(|| lacks("rows"))?;
            let rows = rows.into_iter().map(|row| row.of_table(&table));
            Ok(Outcome::Rows(rows.collect()))
        }
        Operation::Insert { .. } => answer.uuid.map(Outcome::Uuid).ok_or_else(|| lacks("uuid")),
        Operation::Update { .. } | Operation::Mutate { .. } | Operation::Delete { .. } => answer
            .count
            .map(Outcome::Count)
            .ok_or_else(|| lacks("count")),
        Operation::Wait { .. } | Operation::Comment { .. } => Ok(Outcome::Done),
    }
}

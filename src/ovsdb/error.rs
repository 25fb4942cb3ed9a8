//! The errors of database requests.

use std::fmt;
use std::sync::Arc;

use jsonrpsee::core::client::Error as RpcClientError;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::base::saved::{NOT_IN_REPORT, not_saved};
use crate::transport::{ConnectError, Endpoint, TimedOut, json_rpc};

/// Why a database request failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// No progress within the limit.
    #[error("the database server gave {0}")]
    TimedOut(#[from] TimedOut),
    /// The server closed the connection.
    #[error("the database server closed the connection{}", if *in_message { " in the middle of a message" } else { "" })]
    Closed {
        /// Whether part of a message was received.
        in_message: bool,
    },
    /// The connection broke.
    #[error("the connection to the database server broke: {0}")]
    Io(Arc<std::io::Error>),
    /// The server sent something malformed: what is wrong with it.
    #[error("the database server does not speak OVSDB: {0}")]
    Protocol(String),
    /// The server refused a whole request.
    #[error("the database server refused the request: {0}")]
    Rpc(RpcError),
    /// The server refused one operation, and with it the transaction.
    #[error("{0}")]
    Operation(OperationError),
    /// A column holds a value of an unexpected type.
    #[error("{0}")]
    Value(#[from] ValueError),
    /// The schema of the database lacks a table, a column, or a value of a column: an older Open vSwitch.
    #[error("this Open vSwitch (schema {version}) has no {what}")]
    NotInSchema {
        /// The version of the schema: `7.12.1`.
        version: String,
        /// What it lacks: `column mtu_request in table Interface`.
        what: String,
    },
    /// The host is a saved one, and this was not saved.
    #[error("unknown: {NOT_IN_REPORT}{0}")]
    NotSaved(String),
    /// The server has no such database.
    #[error("it has no database {0}")]
    NoDatabase(String),
    /// The server is disconnected from its cluster: its data may be stale, and it refuses transactions.
    #[error("it is not connected to its cluster")]
    NotConnected,
    /// None of several servers is acceptable: the error of each.
    #[error("none of the database servers will do: {}", errors(_0))]
    Several(Vec<(Endpoint, Box<Error>)>),
}

impl Error {
    /// Whether the schema may be why the server refused an operation: it lacks a table, a column or a value.
    pub fn is_of_schema(&self) -> bool {
        let Self::Operation(error) = self else {
            return false;
        };
        let words = ["syntax error", "unknown column", "constraint violation"];
        error.index.is_some() && words.contains(&error.error.as_str())
    }

    /// Whether the connection broke after it was made.
    pub fn is_lost(&self) -> bool {
        matches!(self, Self::Closed { .. } | Self::Io(_))
    }
}

impl From<RpcError> for Error {
    fn from(error: RpcError) -> Self {
        match not_saved(&error.error) {
            Some(what) => Self::NotSaved(what.to_owned()),
            None => Self::Rpc(error),
        }
    }
}

impl From<OperationError> for Error {
    fn from(error: OperationError) -> Self {
        match not_saved(&error.error) {
            Some(what) => Self::NotSaved(what.to_owned()),
            None => Self::Operation(error),
        }
    }
}

impl From<json_rpc::Error> for Error {
    fn from(error: json_rpc::Error) -> Self {
        match error {
            json_rpc::Error::TimedOut(timed_out) => Self::TimedOut(timed_out),
            json_rpc::Error::Closed { in_message } => Self::Closed { in_message },
            json_rpc::Error::Io(error) => Self::Io(error),
            json_rpc::Error::Protocol(what) => Self::Protocol(what),
            json_rpc::Error::Refused(json) => RpcError::from(&*json).into(),
        }
    }
}

impl From<serde_json::Error> for Error {
    /// The result of a reply is malformed.
    fn from(error: serde_json::Error) -> Self {
        Self::Protocol(format!("it sent a malformed reply: {error}"))
    }
}

impl From<RpcClientError> for Error {
    /// From [`crate::transport::Connection`] used as a jsonrpsee client.
    fn from(error: RpcClientError) -> Self {
        match error {
            RpcClientError::Call(error) => {
                RpcError::from(error.data().unwrap_or(RawValue::NULL)).into()
            }
            RpcClientError::ParseError(error) => error.into(),
            RpcClientError::Transport(error) => match error.downcast::<json_rpc::Error>() {
                Ok(error) => (*error).into(),
                Err(error) => Self::Protocol(error.to_string()),
            },
            other => Self::Protocol(other.to_string()),
        }
    }
}

fn errors(all: &[(Endpoint, Box<Error>)]) -> String {
    let one = |(endpoint, error): &(Endpoint, Box<Error>)| match &**error {
        // The message names the endpoint already.
        Error::Connect(error) => error.to_string(),
        error => format!("{endpoint}: {error}"),
    };
    all.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// An error reply (RFC 7047 §4 `error`, §3.1 `<error>`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RpcError {
    /// The error string: `unknown database`.
    pub error: String,
    /// The server's long words for it.
    pub details: Option<String>,
    /// The whole error as JSON.
    pub json: String,
}

/// A failed operation of a transaction (RFC 7047 §4.1.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationError {
    /// Which operation, from 0; `None`: the transaction as a whole, at commit.
    pub index: Option<usize>,
    /// The operation: `select from Bridge`; for the whole transaction `commit`.
    pub operation: String,
    /// The error string: `constraint violation`.
    pub error: String,
    /// The server's long words for it.
    pub details: Option<String>,
}

/// A column that does not hold what its reader expects.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column} of table {table}: expected {expected}, found {found}")]
pub struct ValueError {
    /// The row's table.
    pub table: String,
    /// The column.
    pub column: String,
    /// What was expected: `an integer`.
    pub expected: &'static str,
    /// What was found: `a map`, `nothing`.
    pub found: String,
}

impl From<&RawValue> for RpcError {
    fn from(json: &RawValue) -> Self {
        #[derive(Deserialize)]
        struct ErrorObject {
            error: String,
            details: Option<String>,
        }
        let json = json.get();
        let words = serde_json::from_str(json).unwrap_or_else(|_| ErrorObject {
            error: serde_json::from_str(json).unwrap_or_else(|_| json.to_owned()),
            details: None,
        });
        Self {
            error: words.error,
            details: words.details,
            json: json.to_owned(),
        }
    }
}

impl fmt::Display for RpcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_error(f, &self.error, self.details.as_deref())
    }
}

impl fmt::Display for OperationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the database refused: {}: ", self.operation)?;
        write_error(f, &self.error, self.details.as_deref())
    }
}

/// Writes the server's error, control characters escaped.
fn write_error(f: &mut fmt::Formatter<'_>, error: &str, details: Option<&str>) -> fmt::Result {
    let put = |f: &mut fmt::Formatter<'_>, text: &str| {
        text.chars().try_for_each(|c| {
            if c.is_control() {
                write!(f, "{}", c.escape_default())
            } else {
                write!(f, "{c}")
            }
        })
    };
    put(f, error)?;
    if let Some(details) = details {
        f.write_str(": ")?;
        put(f, details)?;
    }
    Ok(())
}

//! Everything that can go wrong between us and the database, kept apart.

use std::fmt;
use std::sync::Arc;

use jsonrpsee::core::client::Error as RpcClientError;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::transport::{ConnectError, Endpoint, TimedOut, json_rpc};

/// Why the database gave no answer, or not the one asked for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// Connected, but nothing came within the limit.
    #[error("the database server gave {0}")]
    TimedOut(#[from] TimedOut),
    /// The server closed the connection.
    #[error("the database server closed the connection{}", if *in_message { " in the middle of a message" } else { "" })]
    Closed {
        /// Whether part of a message had come.
        in_message: bool,
    },
    /// The connection broke.
    #[error("the connection to the database server broke: {0}")]
    Io(Arc<std::io::Error>),
    /// What the server sent is not OVSDB: what is wrong with it.
    #[error("the database server does not speak OVSDB: {0}")]
    Protocol(String),
    /// The server refused a whole request.
    #[error("the database server refused the request: {0}")]
    Rpc(RpcError),
    /// The server refused one operation, and with it the transaction.
    #[error("{0}")]
    Operation(OperationError),
    /// A column holds something else than its schema says.
    #[error("{0}")]
    Value(#[from] ValueError),
    /// The server has no such database.
    #[error("it has no database {0}")]
    NoDatabase(String),
    /// The server has lost its cluster: what it has may be old, and what is written to it is not taken.
    #[error("it is not connected to its cluster")]
    NotConnected,
    /// None of several servers will do: what each of them said.
    #[error("none of the database servers will do: {}", said(_0))]
    Several(Vec<(Endpoint, Box<Error>)>),
}

impl Error {
    /// Whether the connection broke after it was made.
    pub fn is_lost(&self) -> bool {
        matches!(self, Self::Closed { .. } | Self::Io(_))
    }
}

impl From<json_rpc::Error> for Error {
    fn from(error: json_rpc::Error) -> Self {
        match error {
            json_rpc::Error::TimedOut(timed_out) => Self::TimedOut(timed_out),
            json_rpc::Error::Closed { in_message } => Self::Closed { in_message },
            json_rpc::Error::Io(error) => Self::Io(error),
            json_rpc::Error::Protocol(what) => Self::Protocol(what),
            json_rpc::Error::Refused(json) => Self::Rpc(RpcError::from(&*json)),
        }
    }
}

impl From<serde_json::Error> for Error {
    /// A result that cannot be read.
    fn from(error: serde_json::Error) -> Self {
        Self::Protocol(format!("it sent an answer of another shape: {error}"))
    }
}

impl From<RpcClientError> for Error {
    /// The errors of [`crate::transport::Connection`] as a jsonrpsee client.
    fn from(error: RpcClientError) -> Self {
        match error {
            RpcClientError::Call(error) => {
                Self::Rpc(RpcError::from(error.data().unwrap_or(RawValue::NULL)))
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

fn said(all: &[(Endpoint, Box<Error>)]) -> String {
    let one = |(endpoint, error): &(Endpoint, Box<Error>)| match &**error {
        // It names the endpoint itself.
        Error::Connect(error) => error.to_string(),
        error => format!("{endpoint}: {error}"),
    };
    all.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// An error reply (RFC 7047 §4 `error`, §3.1 `<error>`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RpcError {
    /// The server's short word for it: `unknown database`.
    pub error: String,
    /// The server's long words for it.
    pub details: Option<String>,
    /// The whole error as JSON.
    pub json: String,
}

/// One operation of a transaction that failed (RFC 7047 §4.1.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationError {
    /// Which operation, from 0; `None`: the transaction as a whole, at commit.
    pub index: Option<usize>,
    /// What it was: `select from Bridge`; for the whole transaction `commit`.
    pub operation: String,
    /// The server's short word for it: `constraint violation`.
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
    /// What is there: `a map`, `nothing`.
    pub found: String,
}

impl From<&RawValue> for RpcError {
    fn from(json: &RawValue) -> Self {
        #[derive(Deserialize)]
        struct Words {
            error: String,
            details: Option<String>,
        }
        let json = json.get();
        let words = serde_json::from_str(json).unwrap_or_else(|_| Words {
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
        put_words(f, &self.error, self.details.as_deref())
    }
}

impl fmt::Display for OperationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the database refused: {}: ", self.operation)?;
        put_words(f, &self.error, self.details.as_deref())
    }
}

/// The server's words; a control character in them comes out escaped.
fn put_words(f: &mut fmt::Formatter<'_>, error: &str, details: Option<&str>) -> fmt::Result {
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

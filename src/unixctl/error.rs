//! Why a command of a control socket has no reply.

use std::fmt;
use std::io;
use std::sync::Arc;

use crate::base::saved::{NOT_IN_REPORT, not_saved};
use crate::transport::{ConnectError, TimedOut, json_rpc};

/// Why a command has no reply.
#[derive(Debug)]
pub struct Error {
    /// The name of the daemon: `ovs-vswitchd`.
    pub daemon: String,
    /// The command; `None` while connecting.
    pub command: Option<String>,
    /// The cause.
    pub kind: ErrorKind,
}

/// The cause of an [`Error`].
#[derive(Debug)]
pub enum ErrorKind {
    /// There is no connection.
    Connect(ConnectError),
    /// No progress within the limit.
    TimedOut(TimedOut),
    /// The daemon closed the connection.
    Closed {
        /// Whether part of a message was received.
        in_message: bool,
    },
    /// The connection broke.
    Io(Arc<io::Error>),
    /// The other side sent something that is not JSON-RPC, or too long: what is wrong with it.
    Protocol(String),
    /// The reply is JSON-RPC, but not of a command: what is wrong with it.
    Malformed(String),
    /// The daemon refused the command: its text, without the line feed at the end.
    Refused(String),
    /// The host is a saved one, and the reply to this command was not saved.
    NotSaved(String),
}

impl Error {
    /// Whether the daemon may have run the command although there is no reply.
    pub fn may_have_run(&self) -> bool {
        !matches!(
            self.kind,
            ErrorKind::Connect(_) | ErrorKind::Refused(_) | ErrorKind::NotSaved(_)
        )
    }
}

impl From<json_rpc::Error> for ErrorKind {
    fn from(error: json_rpc::Error) -> ErrorKind {
        match error {
            json_rpc::Error::TimedOut(timed_out) => ErrorKind::TimedOut(timed_out),
            json_rpc::Error::Closed { in_message } => ErrorKind::Closed { in_message },
            json_rpc::Error::Io(error) => ErrorKind::Io(error),
            json_rpc::Error::Protocol(what) => ErrorKind::Protocol(what),
            json_rpc::Error::Refused(json) => {
                let text = serde_json::from_str::<String>(json.get());
                let text = text.unwrap_or_else(|_| json.get().to_owned());
                match not_saved(&text) {
                    Some(what) => ErrorKind::NotSaved(what.to_owned()),
                    None => ErrorKind::Refused(text.trim_end().to_owned()),
                }
            }
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Error {
            daemon,
            command,
            kind,
        } = self;
        let command = command.as_deref().unwrap_or("the request");
        match kind {
            ErrorKind::Connect(error) => write!(f, "{error}"),
            ErrorKind::TimedOut(timed_out) => write!(f, "{daemon}: {command}: {timed_out}"),
            ErrorKind::Closed { in_message } => {
                let place = if *in_message {
                    " in the middle of its reply"
                } else {
                    " without a reply"
                };
                write!(f, "{daemon}: {command}: it closed the connection{place}")
            }
            ErrorKind::Io(error) => write!(f, "{daemon}: {command}: the connection broke: {error}"),
            ErrorKind::Protocol(what) => write!(f, "{daemon}: {command}: {what}"),
            ErrorKind::Malformed(what) => {
                write!(f, "{daemon}: {command}: its reply cannot be read: {what}")
            }
            ErrorKind::Refused(text) => write!(f, "{daemon} refuses {command}: {text}"),
            ErrorKind::NotSaved(what) => write!(f, "unknown: {NOT_IN_REPORT}{what}"),
        }
    }
}

impl std::error::Error for Error {}

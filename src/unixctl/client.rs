//! A connection to a daemon's control socket.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::error::{Error, ErrorKind};
use crate::transport::{Connection, Patience, Stream};

/// A connection to a daemon's control socket.
///
/// Needs a tokio runtime with I/O and time, and lives in it: requests make progress while it runs.
#[derive(Debug)]
pub struct Client {
    connection: Connection,
    socket: PathBuf,
    daemon: String,
}

/// The reply to a command.
#[derive(Debug, Clone)]
pub enum Reply {
    /// The daemon's text, not changed. Most end with a line feed; some of Open vSwitch 3.5 and later do not.
    Text(String),
    /// JSON: of commands that have it, on a connection that asked for it ([`Client::prefer_json`]).
    Json(Box<RawValue>),
}

impl Client {
    /// Takes a connection to the socket at `socket`. `limit` bounds every wait without progress; `None`: no limit.
    pub fn over(stream: Stream, socket: &Path, limit: Option<Duration>) -> Client {
        Client {
            connection: Connection::with_long_strings(stream, Patience::new(limit)),
            socket: socket.to_owned(),
            daemon: daemon_of(socket),
        }
    }

    /// The path of the socket.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// The name of the daemon, as the socket's name has it: `ovs-vswitchd`.
    pub fn daemon(&self) -> &str {
        &self.daemon
    }

    /// Runs a command of the daemon. The reply is at most [`MAX_MESSAGE`](crate::transport::framing::MAX_MESSAGE) bytes long.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Refused`] if the daemon refuses the command; otherwise why there is no reply: the daemon may
    /// have run it ([`Error::may_have_run`]).
    pub async fn call(&self, command: &str, args: &[impl AsRef<str>]) -> Result<Reply, Error> {
        let error = |kind| Error {
            daemon: self.daemon.clone(),
            command: Some(command.to_owned()),
            kind,
        };
        let args: Vec<&str> = args.iter().map(AsRef::as_ref).collect();
        let result = self.connection.call(command, &args).await;
        let result = result.map_err(|failure| error(failure.into()))?;
        Reply::read(result).map_err(|what| error(ErrorKind::Malformed(what)))
    }

    /// As [`Client::call`], for commands whose reply is text.
    ///
    /// # Errors
    ///
    /// As [`Client::call`]; [`ErrorKind::Malformed`] if the reply is JSON.
    pub async fn text(&self, command: &str, args: &[impl AsRef<str>]) -> Result<String, Error> {
        match self.call(command, args).await? {
            Reply::Text(text) => Ok(text),
            Reply::Json(_) => Err(Error {
                daemon: self.daemon.clone(),
                command: Some(command.to_owned()),
                kind: ErrorKind::Malformed("it is JSON, not text".to_owned()),
            }),
        }
    }

    /// Asks for JSON in all later replies, where a command has it. Returns whether the daemon knows JSON: Open
    /// vSwitch 3.5 and later do.
    ///
    /// # Errors
    ///
    /// Why there is no reply.
    pub async fn prefer_json(&self) -> Result<bool, Error> {
        match self.call("set-options", &["--format", "json"]).await {
            Ok(_) => Ok(true),
            Err(error) if matches!(error.kind, ErrorKind::Refused(_)) => Ok(false),
            // What is asked for is the command that follows.
            Err(error) => Err(Error {
                command: None,
                ..error
            }),
        }
    }
}

impl Reply {
    /// The text, or the text of the JSON.
    pub fn as_str(&self) -> &str {
        match self {
            Reply::Text(text) => text,
            Reply::Json(json) => json.get(),
        }
    }

    /// Returns the text, or the text of the JSON, and consumes the reply.
    pub fn into_text(self) -> String {
        match self {
            Reply::Text(text) => text,
            Reply::Json(json) => Box::<str>::from(json).into(),
        }
    }

    /// The `result` of a reply: a string; after [`Client::prefer_json`] an object with the text and its format,
    /// or the JSON of the command itself.
    fn read(result: Box<RawValue>) -> Result<Reply, String> {
        #[derive(Deserialize)]
        struct Formatted {
            #[serde(rename = "reply-format")]
            format: String,
            reply: String,
        }
        match result.get().bytes().next() {
            Some(b'"') => {
                let text = serde_json::from_str(result.get());
                text.map(Reply::Text).map_err(|error| error.to_string())
            }
            Some(b'n') => Ok(Reply::Text(String::new())),
            Some(b'{') => match serde_json::from_str::<Formatted>(result.get()) {
                Ok(Formatted { format, reply }) if format == "plain" => Ok(Reply::Text(reply)),
                _ => Ok(Reply::Json(result)),
            },
            Some(b'[') => Ok(Reply::Json(result)),
            _ => Err("it is neither text, an object nor an array".to_owned()),
        }
    }
}

/// The name of the daemon in the path of its socket: `ovs-vswitchd` of `/run/ovs-vswitchd.123.ctl`.
pub fn daemon_of(path: &Path) -> String {
    let file = path.file_name().unwrap_or(path.as_os_str());
    let file = file.to_string_lossy();
    let name = file.strip_suffix(".ctl").unwrap_or(&file);
    match name.rsplit_once('.') {
        Some((name, pid)) if pid.bytes().all(|byte| byte.is_ascii_digit()) => name.to_owned(),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn daemons_of_sockets() {
        for (path, daemon) in [
            ("/var/run/openvswitch/ovs-vswitchd.4711.ctl", "ovs-vswitchd"),
            ("ovnnb_db.ctl", "ovnnb_db"),
            ("/tmp/a.b", "a.b"),
            ("/", "/"),
        ] {
            assert_eq!(daemon_of(Path::new(path)), daemon);
        }
    }

    #[test]
    fn replies_of_both_formats() {
        let read = |json: &str| Reply::read(RawValue::from_string(json.to_owned()).unwrap());
        let text = |json: &str| match read(json) {
            Ok(Reply::Text(text)) => text,
            other => panic!("{json}: {other:?}"),
        };
        assert_eq!(text(r#""a\nb\u0007""#), "a\nb\u{7}");
        assert_eq!(text("null"), "");
        assert_eq!(text(r#"{"reply-format":"plain","reply":"x\n"}"#), "x\n");
        for json in ["{}", "[]", r#"{"reply-format":"plain"}"#] {
            assert!(matches!(read(json), Ok(Reply::Json(_))), "{json}");
        }
        for json in ["1", "true", r#""\ud800""#] {
            assert!(read(json).is_err(), "{json}");
        }
    }
}

//! The server's side of a JSON-RPC 1.0 connection.

use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::base::saved::NOT_IN_REPORT;
use crate::transport::framing::Framer;

/// Bytes that are read at once.
const READ: usize = 64 * 1024;

/// A request.
#[derive(Debug, Deserialize)]
pub(super) struct Request<'a> {
    /// The method.
    pub(super) method: String,
    /// The parameters: an array.
    #[serde(borrow)]
    pub(super) params: &'a RawValue,
    /// `None`: a notification, which has no reply.
    #[serde(borrow)]
    id: Option<&'a RawValue>,
}

/// The error of a reply.
#[derive(Debug, Serialize)]
pub(super) struct Refusal {
    /// The error string: `unknown database`.
    pub(super) error: String,
    /// More words for it.
    pub(super) details: String,
}

impl Refusal {
    pub(super) fn new(error: &str, details: impl Into<String>) -> Refusal {
        Refusal {
            error: error.to_owned(),
            details: details.into(),
        }
    }

    /// What was asked for was not saved.
    pub(super) fn not_saved(what: &str) -> Refusal {
        Refusal::new(&format!("{NOT_IN_REPORT}{what}"), "")
    }

    /// The request is malformed.
    pub(super) fn malformed(error: &serde_json::Error) -> Refusal {
        Refusal::new("syntax error", error.to_string())
    }
}

/// Replies to requests until the other side closes the connection. `answer` appends the result of a request.
///
/// # Errors
///
/// The connection fails, or what was received is no message.
pub(super) fn serve<E: Serialize>(
    mut stream: UnixStream,
    answer: impl Fn(&Request<'_>, &mut String) -> Result<(), E>,
) -> io::Result<()> {
    let mut framer = Framer::default();
    let mut chunk = vec![0; READ];
    let mut reply = String::new();
    loop {
        while let Some(message) = framer.next_message().map_err(io::Error::other)? {
            let request: Request<'_> = serde_json::from_slice(message)?;
            let Some(id) = request.id else {
                continue;
            };
            reply.clear();
            reply.push_str("{\"result\":");
            let begin = reply.len();
            match answer(&request, &mut reply) {
                Ok(()) => reply.push_str(",\"error\":null"),
                Err(error) => {
                    reply.truncate(begin);
                    reply.push_str("null,\"error\":");
                    reply.push_str(&serde_json::to_string(&error)?);
                }
            }
            reply.push_str(",\"id\":");
            reply.push_str(id.get());
            reply.push('}');
            stream.write_all(reply.as_bytes())?;
        }
        let read = stream.read(&mut chunk)?;
        if read == 0 {
            return Ok(());
        }
        framer.room().extend(chunk.iter().take(read));
    }
}

//! JSON-RPC 1.0 as the server speaks it, under a JSON-RPC 2.0 client.
//!
//! The client above (jsonrpsee) knows JSON-RPC 2.0 and asks for a transport of whole messages. OVSDB
//! is 1.0 with habits of its own (RFC 7047 §4): no `jsonrpc` member, `params` always, `error: null`
//! beside a result, errors that are strings or objects of another shape, and requests from the
//! server, `echo` above all, that must be answered or it hangs up. This file turns one into the other;
//! contents pass as the bytes they are, only envelopes are rewritten.
//!
//! One thing goes past the client above: it would make a tree of every result before anyone can read
//! it, and the result of a `transact` or `monitor_cond` may be large (10,000 ports: 8 MB). So that
//! result waits in [`Link::take_result`], as bytes, and the client above is handed the request's id in
//! its place.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use jsonrpsee::core::async_trait;
use jsonrpsee::core::client::{ReceivedMessage, TransportReceiverT, TransportSenderT};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::{Notify, mpsc};

use super::error::{Error, RpcError};
use super::framing::Framer;
use crate::transport::Stream;

/// The code under which a server's error passes through the client, whole, in `data`.
const SERVER_ERROR: i32 = -32000;

/// How many messages may wait to be written.
const QUEUE: usize = 32;

/// What both ends of a connection know of it.
#[derive(Debug, Default)]
pub struct Link {
    /// Told at every step forward: bytes taken by the server, bytes come from it.
    progress: Notify,
    failure: OnceLock<Failure>,
    /// By the id of their request, as JSON: the results that wait here, `None` until they are there.
    results: Mutex<HashMap<String, Option<Vec<u8>>>>,
}

impl Link {
    /// Ends at the next step forward. Echo requests from the server are none.
    pub async fn progress(&self) {
        self.progress.notified().await;
    }

    /// Why the connection is over, if it is.
    pub fn failure(&self) -> Option<Failure> {
        self.failure.get().cloned()
    }

    /// The result of the `transact` or `monitor_cond` with this id, as JSON; once.
    pub fn take_result(&self, id: u64) -> Option<Vec<u8>> {
        self.results().remove(&id.to_string()).flatten()
    }

    /// The result of the request with this id shall wait here.
    fn expect_result(&self, id: &str) {
        self.results().insert(id.to_owned(), None);
    }

    /// Keeps the result if it is to wait here.
    fn keep_result(&self, id: &str, result: &str) -> bool {
        self.results()
            .get_mut(id)
            .map(|place| *place = Some(result.as_bytes().to_vec()))
            .is_some()
    }

    /// There will be no result for this request.
    fn forget_result(&self, id: &str) {
        self.results().remove(id);
    }

    fn results(&self) -> MutexGuard<'_, HashMap<String, Option<Vec<u8>>>> {
        self.results.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn step(&self) {
        self.progress.notify_waiters();
    }

    /// The first failure is the cause; what follows from it is not.
    fn fail(&self, failure: Failure) -> Failure {
        self.failure.get_or_init(|| failure).clone()
    }
}

/// Why a connection is over.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Failure {
    /// The server closed it.
    #[error("the database server closed the connection")]
    Closed {
        /// Whether part of a message had come.
        in_message: bool,
    },
    /// The system said so.
    #[error("{0}")]
    Io(Arc<io::Error>),
    /// The server sent what is not OVSDB.
    #[error("{0}")]
    Protocol(String),
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Closed { in_message } => Self::Closed { in_message },
            Failure::Io(error) => Self::Io(error),
            Failure::Protocol(what) => Self::Protocol(what),
        }
    }
}

/// The two halves of a transport over `stream`, and what they know of it.
///
/// Must be called within a tokio runtime: a task of its own writes, so that answering an echo never
/// waits for a request, nor reading for writing.
pub fn transport(stream: Stream) -> (Sender, Receiver, Arc<Link>) {
    let (reader, writer) = tokio::io::split(stream);
    let (queue, queued) = mpsc::channel(QUEUE);
    let link = Arc::new(Link::default());
    tokio::spawn(write(writer, queued, Arc::clone(&link)));
    let sender = Sender {
        queue: Some(queue.clone()),
        link: Arc::clone(&link),
    };
    let receiver = Receiver {
        reader,
        framer: Framer::default(),
        // Once the client is gone, the writer shall end, even if reading goes on.
        echoes: queue.downgrade(),
        link: Arc::clone(&link),
    };
    (sender, receiver, link)
}

/// A message that waits to be written.
#[derive(Debug)]
enum Queued {
    /// The client asked it; that the server takes it is a step forward.
    Request(Vec<u8>),
    /// The server asked for it.
    Answer(Vec<u8>),
}

async fn write(mut writer: WriteHalf<Stream>, mut queued: mpsc::Receiver<Queued>, link: Arc<Link>) {
    while let Some(message) = queued.recv().await {
        let (Queued::Request(bytes) | Queued::Answer(bytes)) = &message;
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            match writer.write(rest).await {
                Ok(taken) if taken > 0 => {
                    rest = rest.get(taken..).unwrap_or_default();
                    if matches!(message, Queued::Request(_)) {
                        link.step();
                    }
                }
                // The reader learns why, and hears what the server still had to say.
                _ => return,
            }
        }
    }
    let _ = writer.shutdown().await;
}

/// Sends what the client asks.
#[derive(Debug)]
pub struct Sender {
    queue: Option<mpsc::Sender<Queued>>,
    link: Arc<Link>,
}

#[async_trait]
impl TransportSenderT for Sender {
    type Error = Failure;

    async fn send(&mut self, message: String) -> Result<(), Failure> {
        let request =
            request(&message, &self.link).map_err(|error| Failure::Protocol(error.to_string()))?;
        let closed = || {
            let failure = Failure::Closed { in_message: false };
            self.link.failure().unwrap_or(failure)
        };
        let queue = self.queue.as_ref().ok_or_else(closed)?;
        queue
            .send(Queued::Request(request))
            .await
            .map_err(|_| closed())
    }

    async fn close(&mut self) -> Result<(), Failure> {
        self.queue = None;
        Ok(())
    }
}

/// Hears what the server says: replies and notifications for the client, requests for itself.
#[derive(Debug)]
pub struct Receiver {
    reader: ReadHalf<Stream>,
    framer: Framer,
    echoes: mpsc::WeakSender<Queued>,
    link: Arc<Link>,
}

#[async_trait]
impl TransportReceiverT for Receiver {
    type Error = Failure;

    async fn receive(&mut self) -> Result<ReceivedMessage, Failure> {
        match self.next().await {
            Ok(message) => {
                self.link.step();
                Ok(ReceivedMessage::Bytes(message))
            }
            Err(failure) => Err(self.link.fail(failure)),
        }
    }
}

impl Receiver {
    async fn next(&mut self) -> Result<Vec<u8>, Failure> {
        let protocol = |what: String| Failure::Protocol(what);
        loop {
            while let Some(message) = self
                .framer
                .next_message()
                .map_err(|error| protocol(error.to_string()))?
            {
                match heard(message, &self.link).map_err(protocol)? {
                    Heard::ForClient(message) => return Ok(message),
                    Heard::Answer(answer) => {
                        // A full queue: the server asks faster than it listens.
                        if let Some(queue) = self.echoes.upgrade() {
                            let _ = queue.try_send(Queued::Answer(answer));
                        }
                    }
                }
            }
            if self.framer.in_message() {
                self.link.step();
            }
            match self.reader.read_buf(self.framer.room()).await {
                Ok(0) => {
                    return Err(Failure::Closed {
                        in_message: self.framer.in_message(),
                    });
                }
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {
                    return Err(Failure::Closed {
                        in_message: self.framer.in_message(),
                    });
                }
                Err(error) => return Err(Failure::Io(Arc::new(error))),
            }
        }
    }
}

/// The server's error, out of the client's.
pub fn server_error(error: &jsonrpsee::types::ErrorObject<'_>) -> RpcError {
    #[derive(Deserialize)]
    struct Words {
        error: String,
        details: Option<String>,
    }
    let json = error.data().map_or("null", RawValue::get);
    let words = serde_json::from_str(json).unwrap_or_else(|_| Words {
        error: serde_json::from_str(json).unwrap_or_else(|_| json.to_owned()),
        details: None,
    });
    RpcError {
        error: words.error,
        details: words.details,
        json: json.to_owned(),
    }
}

/// A JSON-RPC 2.0 request or notification, as OVSDB wants it.
fn request(message: &str, link: &Link) -> Result<Vec<u8>, serde_json::Error> {
    #[derive(Deserialize)]
    struct Request<'a> {
        #[serde(borrow)]
        method: &'a RawValue,
        #[serde(borrow)]
        params: Option<&'a RawValue>,
        #[serde(borrow)]
        id: Option<&'a RawValue>,
    }
    let request: Request<'_> = serde_json::from_str(message)?;
    if let ("\"transact\"" | "\"monitor_cond\"", Some(id)) = (request.method.get(), request.id) {
        link.expect_result(id.get());
    }
    Ok(joined(&[
        "{\"method\":",
        request.method.get(),
        ",\"params\":",
        request.params.map_or("[]", RawValue::get),
        ",\"id\":",
        request.id.map_or("null", RawValue::get),
        "}",
    ]))
}

/// What is to be done with a message from the server.
#[derive(Debug, PartialEq)]
enum Heard {
    /// A JSON-RPC 2.0 reply or notification.
    ForClient(Vec<u8>),
    /// It was a request; this is the answer.
    Answer(Vec<u8>),
}

fn heard(message: &[u8], link: &Link) -> Result<Heard, String> {
    #[derive(Deserialize)]
    struct Message<'a> {
        #[serde(borrow)]
        id: Option<&'a RawValue>,
        #[serde(borrow)]
        method: Option<Cow<'a, str>>,
        #[serde(borrow)]
        params: Option<&'a RawValue>,
        #[serde(borrow)]
        result: Option<&'a RawValue>,
        #[serde(borrow)]
        error: Option<&'a RawValue>,
    }
    let message: Message<'_> = serde_json::from_slice(message)
        .map_err(|error| format!("it sent a message that is not JSON-RPC: {error}"))?;
    let params = message.params.map_or("[]", RawValue::get);
    match (message.method, message.id) {
        (Some(method), Some(id)) => Ok(Heard::Answer(if method == "echo" {
            joined(&[
                "{\"id\":",
                id.get(),
                ",\"result\":",
                params,
                ",\"error\":null}",
            ])
        } else {
            joined(&[
                "{\"id\":",
                id.get(),
                ",\"result\":null,\"error\":\"unknown method\"}",
            ])
        })),
        (Some(method), None) => Ok(Heard::ForClient(joined(&[
            "{\"jsonrpc\":\"2.0\",\"method\":",
            &serde_json::Value::from(method).to_string(),
            ",\"params\":",
            params,
            "}",
        ]))),
        (None, None) => Err(match message.error {
            Some(error) => format!("it sent an error without a request: {}", error.get()),
            None => "it sent a reply to no request".to_owned(),
        }),
        (None, Some(id)) => Ok(Heard::ForClient(if let Some(error) = message.error {
            link.forget_result(id.get());
            joined(&[
                "{\"jsonrpc\":\"2.0\",\"id\":",
                id.get(),
                &format!(",\"error\":{{\"code\":{SERVER_ERROR},"),
                "\"message\":\"error reply\",\"data\":",
                error.get(),
                "}}",
            ])
        } else {
            let result = message.result.map_or("null", RawValue::get);
            let waits = link.keep_result(id.get(), result);
            joined(&[
                "{\"jsonrpc\":\"2.0\",\"id\":",
                id.get(),
                ",\"result\":",
                if waits { id.get() } else { result },
                "}",
            ])
        })),
    }
}

fn joined(parts: &[&str]) -> Vec<u8> {
    parts.concat().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn for_client(message: &str) -> String {
        match heard(message.as_bytes(), &Link::default()).unwrap() {
            Heard::ForClient(message) => String::from_utf8(message).unwrap(),
            Heard::Answer(answer) => panic!("answered: {}", answer.escape_ascii()),
        }
    }

    #[test]
    fn requests_lose_the_version_and_gain_params() {
        let sent = request(
            r#"{"jsonrpc":"2.0","id":0,"method":"list_dbs"}"#,
            &Link::default(),
        )
        .unwrap();
        assert_eq!(sent, br#"{"method":"list_dbs","params":[],"id":0}"#);
        let sent = request(
            r#"{"jsonrpc":"2.0","method":"x","params":[1, {"a": "}"}]}"#,
            &Link::default(),
        )
        .unwrap();
        assert_eq!(
            sent,
            br#"{"method":"x","params":[1, {"a": "}"}],"id":null}"#
        );
    }

    /// Replies of ovsdb-server 3.1, as they came off the socket.
    #[test]
    fn replies() {
        assert_eq!(
            for_client(r#"{"id":0,"result":["Open_vSwitch","_Server"],"error":null}"#),
            r#"{"jsonrpc":"2.0","id":0,"result":["Open_vSwitch","_Server"]}"#
        );
        assert_eq!(
            for_client(r#"{"id":0,"error":"unknown method"}"#),
            r#"{"jsonrpc":"2.0","id":0,"error":{"code":-32000,"message":"error reply","data":"unknown method"}}"#
        );
        assert_eq!(
            for_client(r#"{"id":null,"method":"update","params":[null,{}]}"#),
            r#"{"jsonrpc":"2.0","method":"update","params":[null,{}]}"#
        );
    }

    #[test]
    fn the_result_of_a_transact_waits_aside() {
        let link = Link::default();
        let transact = r#"{"jsonrpc":"2.0","id":7,"method":"transact","params":["x"]}"#;
        request(transact, &link).unwrap();
        assert_eq!(link.take_result(8), None);
        let reply = br#"{"id":7,"result":[{"rows":[]}],"error":null}"#;
        let handed = Heard::ForClient(br#"{"jsonrpc":"2.0","id":7,"result":7}"#.to_vec());
        assert_eq!(heard(reply, &link).unwrap(), handed);
        let result = link.take_result(7).unwrap();
        assert_eq!(result, br#"[{"rows":[]}]"#);
        assert_eq!(link.take_result(7), None);
    }

    #[test]
    fn requests_of_the_server_are_answered() {
        for (request, answer) in [
            (
                r#"{"method":"echo","params":[],"id":"echo"}"#,
                r#"{"id":"echo","result":[],"error":null}"#,
            ),
            (
                r#"{"method":"steal","params":[],"id":1}"#,
                r#"{"id":1,"result":null,"error":"unknown method"}"#,
            ),
        ] {
            let answer = Heard::Answer(answer.as_bytes().to_vec());
            assert_eq!(heard(request.as_bytes(), &Link::default()).unwrap(), answer);
        }
    }

    #[test]
    fn what_is_no_reply() {
        for (message, words) in [
            ("{}", "to no request"),
            (r#"{"error":"x","id":null}"#, "without a request: \"x\""),
            ("{\"id\":\"\u{1}\"}", "not JSON-RPC"),
            (r#"{"id":1,"id":2}"#, "duplicate field"),
        ] {
            let error = heard(message.as_bytes(), &Link::default()).unwrap_err();
            assert!(error.contains(words), "{message}: {error}");
        }
        assert!(heard(b"{\"id\":\"\xff\"}", &Link::default()).is_err());
    }

    #[test]
    fn errors_keep_the_servers_words() {
        let error = |data: &str| {
            let data = RawValue::from_string(data.to_owned()).unwrap();
            server_error(&jsonrpsee::types::ErrorObject::owned(1, "", Some(data)))
        };
        let object = r#"{"syntax":"[\"nodb\"]","details":"get_schema request specifies unknown database nodb","error":"unknown database"}"#;
        assert_eq!(
            error(object).to_string(),
            "unknown database: get_schema request specifies unknown database nodb"
        );
        assert_eq!(error(object).json, object);
        assert_eq!(error("\"unknown method\"").to_string(), "unknown method");
        assert_eq!(error("[5]").to_string(), "[5]");
    }
}

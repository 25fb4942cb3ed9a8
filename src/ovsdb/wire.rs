//! JSON-RPC 1.0 as the server speaks it, under a JSON-RPC 2.0 client.
//!
//! The client above (jsonrpsee) knows JSON-RPC 2.0 and asks for a transport of whole messages. OVSDB
//! is 1.0 with habits of its own (RFC 7047 §4): no `jsonrpc` member, `params` always, `error: null`
//! beside a result, errors that are strings or objects of another shape, and requests from the
//! server, `echo` above all, that must be answered or it hangs up. This file turns one into the other;
//! contents pass as the bytes they are, only envelopes are rewritten.
//!
//! What may be large or shall be fast goes past the client above, by way of an [`Asker`]: the client
//! makes a tree of every result before anyone can read it (10,000 ports: 8 MB), and starts a thread that
//! measures time. Its ids are strings and those of an [`Asker`] are numbers.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use jsonrpsee::core::async_trait;
use jsonrpsee::core::client::{ReceivedMessage, TransportReceiverT, TransportSenderT};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::{Notify, mpsc, oneshot};

use super::error::{Error, RpcError};
use super::framing::Framer;
use crate::transport::Stream;

/// The code under which a server's error passes through the client, whole, in `data`.
const SERVER_ERROR: i32 = -32000;

/// How many messages may wait to be written.
const QUEUE: usize = 32;

/// The longest message that the client above makes a tree of, in bytes: a schema is the longest that it
/// has need to. A tree takes dozens of times the room of its text.
const MAX_TREE: usize = 4 << 20;

/// What both ends of a connection know of it.
#[derive(Debug, Default)]
pub struct Link {
    /// Told at every step forward: bytes taken by the server, bytes come from it.
    progress: Notify,
    failure: OnceLock<Failure>,
    /// Told when the server says that something monitored has changed, and when the connection is over.
    /// It is told once however often it rings, until somebody has heard it.
    bell: Notify,
    /// The requests that are not yet answered, by the id as JSON.
    requests: Mutex<HashMap<String, Awaited>>,
}

impl Link {
    /// Ends at the next step forward. What the server sends unasked, echo requests above all, is none.
    pub async fn progress(&self) {
        self.progress.notified().await;
    }

    /// Ends once something monitored has changed since this was last called, or the connection is over.
    pub async fn rung(&self) {
        self.bell.notified().await;
    }

    /// Why the connection is over, if it is.
    pub fn failure(&self) -> Option<Failure> {
        self.failure.get().cloned()
    }

    fn requests(&self) -> MutexGuard<'_, HashMap<String, Awaited>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn step(&self) {
        self.progress.notify_waiters();
    }

    /// The first failure is the cause; what follows from it is not.
    fn fail(&self, failure: Failure) -> Failure {
        let failure = self.failure.get_or_init(|| failure).clone();
        self.bell.notify_one();
        // Who waits for a reply hears that there will be none.
        self.requests().clear();
        failure
    }
}

/// A result, as JSON, or an error.
pub type Reply = Result<Vec<u8>, RpcError>;

/// Where the reply to a request goes.
#[derive(Debug)]
enum Awaited {
    /// To the client above.
    ByClient,
    /// To whoever asked an [`Asker`].
    Here(oneshot::Sender<Reply>),
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

/// The two halves of a transport over `stream`, and the way past the client that they are for.
///
/// Must be called within a tokio runtime: a task of its own writes, so that answering an echo never
/// waits for a request, nor reading for writing.
pub fn transport(stream: Stream) -> (Sender, Receiver, Asker) {
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
        longest_unasked: 0,
        link: Arc::clone(&link),
    };
    let asker = Asker {
        queue,
        link,
        asked: AtomicU64::new(0),
    };
    (sender, receiver, asker)
}

/// Asks past the client above, on the same connection.
#[derive(Debug)]
pub struct Asker {
    queue: mpsc::Sender<Queued>,
    link: Arc<Link>,
    asked: AtomicU64,
}

impl Asker {
    /// What is known of the connection.
    pub fn link(&self) -> &Link {
        &self.link
    }

    /// Sends a request, and returns its reply.
    pub async fn ask(&self, method: &str, params: &impl Serialize) -> Result<Reply, Failure> {
        #[derive(Serialize)]
        struct Request<'a, P> {
            method: &'a str,
            params: &'a P,
            id: u64,
        }
        let closed = || {
            let failure = Failure::Closed { in_message: false };
            self.link.failure().unwrap_or(failure)
        };
        let id = self.asked.fetch_add(1, Ordering::Relaxed);
        let request = serde_json::to_vec(&Request { method, params, id })
            .map_err(|error| Failure::Protocol(error.to_string()))?;
        let (reply, replied) = oneshot::channel();
        self.link
            .requests()
            .insert(id.to_string(), Awaited::Here(reply));
        if let Some(failure) = self.link.failure() {
            return Err(failure);
        }
        let sent = self.queue.send(Queued::Request(request)).await;
        sent.map_err(|_| closed())?;
        replied.await.map_err(|_| closed())
    }
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
    /// The length of the longest message that was no reply. One that is not yet whole and not yet longer
    /// may be another of them, and is no step forward: else a storm of them would keep us for ever.
    longest_unasked: usize,
    link: Arc<Link>,
}

#[async_trait]
impl TransportReceiverT for Receiver {
    type Error = Failure;

    async fn receive(&mut self) -> Result<ReceivedMessage, Failure> {
        match self.next().await {
            Ok(message) => Ok(ReceivedMessage::Bytes(message)),
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
                let length = message.len();
                match heard(message, &self.link).map_err(protocol)? {
                    Heard::Reply(message) => {
                        self.link.step();
                        return Ok(message);
                    }
                    Heard::Notification(message) => {
                        self.longest_unasked = self.longest_unasked.max(length);
                        return Ok(message);
                    }
                    Heard::Answer(answer) => {
                        self.longest_unasked = self.longest_unasked.max(length);
                        // A full queue: the server asks faster than it listens.
                        if let Some(queue) = self.echoes.upgrade() {
                            let _ = queue.try_send(Queued::Answer(answer));
                        }
                    }
                    Heard::Update => {
                        self.longest_unasked = self.longest_unasked.max(length);
                        self.link.bell.notify_one();
                    }
                    Heard::Delivered => self.link.step(),
                }
            }
            if self.framer.length_so_far() > self.longest_unasked {
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

/// The server's error (RFC 7047 §3.1 `<error>`), out of its JSON.
pub fn server_error(json: &str) -> RpcError {
    #[derive(Deserialize)]
    struct Words {
        error: String,
        details: Option<String>,
    }
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
    if let Some(id) = request.id {
        let mut requests = link.requests();
        requests.insert(id.get().to_owned(), Awaited::ByClient);
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
    /// A reply for the client, in JSON-RPC 2.0.
    Reply(Vec<u8>),
    /// It was a reply, and has gone to whoever asked.
    Delivered,
    /// A notification for the client, in JSON-RPC 2.0.
    Notification(Vec<u8>),
    /// It was a request; this is the answer.
    Answer(Vec<u8>),
    /// Something that a `monitor_cond` asked for has changed (ovsdb-server(7) §4.1.14). What, is for
    /// whoever hears the bell to read: so nothing piles up here, however much changes.
    Update,
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
        (Some(method), None) if method == "update2" => Ok(Heard::Update),
        (Some(_), None) if params.len() > MAX_TREE => Err(too_long("a notification")),
        (Some(method), None) => Ok(Heard::Notification(joined(&[
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
        (None, Some(_))
            if message
                .error
                .is_some_and(|error| error.get().len() > MAX_TREE) =>
        {
            Err(too_long("an error"))
        }
        (None, Some(id)) => {
            let request = link.requests().remove(id.get());
            let request = request.ok_or("it answered a request that was not made")?;
            let result = message.result.map_or("null", RawValue::get);
            match (request, message.error) {
                (Awaited::Here(waiting), error) => {
                    let reply = match error {
                        Some(error) => Err(server_error(error.get())),
                        None => Ok(result.as_bytes().to_vec()),
                    };
                    // Nobody waits any more: so be it.
                    let _ = waiting.send(reply);
                    Ok(Heard::Delivered)
                }
                (Awaited::ByClient, None) if result.len() > MAX_TREE => Err(too_long("an answer")),
                (Awaited::ByClient, None) => Ok(Heard::Reply(joined(&[
                    "{\"jsonrpc\":\"2.0\",\"id\":",
                    id.get(),
                    ",\"result\":",
                    result,
                    "}",
                ]))),
                (Awaited::ByClient, Some(error)) => Ok(Heard::Reply(joined(&[
                    "{\"jsonrpc\":\"2.0\",\"id\":",
                    id.get(),
                    &format!(",\"error\":{{\"code\":{SERVER_ERROR},"),
                    "\"message\":\"error reply\",\"data\":",
                    error.get(),
                    "}}",
                ]))),
            }
        }
    }
}

fn too_long(what: &str) -> String {
    format!("it sent {what} of more than {MAX_TREE} bytes where there is need for none")
}

fn joined(parts: &[&str]) -> Vec<u8> {
    parts.concat().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn for_client(message: &str) -> String {
        let link = Link::default();
        link.requests().insert("0".into(), Awaited::ByClient);
        match heard(message.as_bytes(), &link).unwrap() {
            Heard::Reply(message) | Heard::Notification(message) => {
                String::from_utf8(message).unwrap()
            }
            Heard::Answer(answer) => panic!("answered: {}", answer.escape_ascii()),
            Heard::Update => panic!("rang the bell"),
            Heard::Delivered => panic!("delivered"),
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
    fn a_reply_goes_to_who_asked() {
        let link = Link::default();
        for (reply, result) in [
            (
                r#"{"id":7,"result":[{"rows":[]}],"error":null}"#,
                Ok("[{\"rows\":[]}]"),
            ),
            (
                r#"{"id":7,"error":"unknown method"}"#,
                Err("unknown method"),
            ),
        ] {
            let (sender, mut waiting) = oneshot::channel();
            link.requests().insert("7".into(), Awaited::Here(sender));
            assert_eq!(heard(reply.as_bytes(), &link), Ok(Heard::Delivered));
            let got = waiting.try_recv().unwrap();
            let got = got.as_deref().map_err(|error| error.error.as_str());
            assert_eq!(got, result.map(str::as_bytes));
            let again = heard(reply.as_bytes(), &link).unwrap_err();
            assert!(again.contains("not made"), "{again}");
        }
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

    /// What ovsdb-server 3.1 sent for `ovs-vsctl add-br b` to a `monitor_cond` of the column `name` of Bridge.
    #[test]
    fn updates_ring_the_bell() {
        let update = br#"{"id":null,"method":"update2","params":[["watch","0"],{"Bridge":{"0d0406fe-ff3c-445c-988f-b55fe414311b":{"insert":{"name":"b"}}}}]}"#;
        assert_eq!(heard(update, &Link::default()).unwrap(), Heard::Update);
    }

    #[test]
    fn what_is_no_reply() {
        for (message, words) in [
            ("{}", "to no request"),
            (r#"{"id":1,"result":[]}"#, "a request that was not made"),
            (r#"{"id":1,"error":"x"}"#, "a request that was not made"),
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
        let object = r#"{"syntax":"[\"nodb\"]","details":"get_schema request specifies unknown database nodb","error":"unknown database"}"#;
        assert_eq!(
            server_error(object).to_string(),
            "unknown database: get_schema request specifies unknown database nodb"
        );
        assert_eq!(server_error(object).json, object);
        assert_eq!(
            server_error("\"unknown method\"").to_string(),
            "unknown method"
        );
        assert_eq!(server_error("[5]").to_string(), "[5]");
    }
}

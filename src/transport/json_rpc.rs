//! A JSON-RPC 1.0 connection, as ovsdb-server (RFC 7047 §4) and the daemons' control sockets (ovs-appctl(8))
//! speak it: no `jsonrpc` member, `params` always, errors that are strings or objects, and requests from the
//! server, `echo` above all, that must be answered or it hangs up.
//!
//! Two tasks serve a connection, one that writes and one that reads, so that neither an echo nor a reply
//! waits for a request that is being written.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use jsonrpsee::core::async_trait;
use jsonrpsee::core::client::{BatchResponse, ClientT, Error as ClientError};
use jsonrpsee::core::params::BatchRequestBuilder;
use jsonrpsee::core::traits::ToRpcParams;
use jsonrpsee::types::ErrorObjectOwned;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::AbortHandle;

use super::framing::{Framer, FramingError};
use super::{Patience, Stream, TimedOut};

/// Maximum number of messages that wait to be written.
const QUEUE: usize = 32;

/// Maximum length, in bytes, of a result that is read through jsonrpsee's client traits: their types may
/// hold trees of JSON values, which take dozens of times the memory of the text. A schema is the longest
/// that is read in this way.
const MAX_TREE: usize = 4 << 20;

/// The code of every error reply in jsonrpsee's errors; JSON-RPC 1.0 has no codes.
const ERROR_REPLY: i32 = -32000;

/// A connection over which requests are sent and replies come back, in any order.
///
/// Also a jsonrpsee client ([`ClientT`]), and so an [`ovsdb_client::rpc::RpcClient`].
#[derive(Debug)]
pub struct Connection {
    queue: mpsc::Sender<Queued>,
    reader: AbortHandle,
    shared: Arc<Shared>,
    patience: Patience,
    next_id: AtomicU64,
}

/// Why a request has no result.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// Nothing was received, and nothing of the request could be sent, within the limit.
    #[error(transparent)]
    TimedOut(#[from] TimedOut),
    /// The other side closed the connection.
    #[error("the connection was closed{}", if *in_message { " in the middle of a message" } else { "" })]
    Closed {
        /// Whether part of a message was received.
        in_message: bool,
    },
    /// Reading failed.
    #[error("the connection broke: {0}")]
    Io(Arc<io::Error>),
    /// The other side sent something malformed: what is wrong with it.
    #[error("{0}")]
    Protocol(String),
    /// The reply is an error: its `error` member, as JSON.
    #[error("error reply: {0}")]
    Refused(Box<RawValue>),
}

impl Connection {
    /// A connection over `stream`; `patience` limits every wait without progress.
    ///
    /// Must be called within a tokio runtime, which then runs the connection's two tasks.
    pub fn new(stream: Stream, patience: Patience) -> Self {
        Self::framed(stream, patience, Framer::default())
    }

    /// The same with strings as long as messages: a daemon's control socket replies with one string.
    pub fn with_long_strings(stream: Stream, patience: Patience) -> Self {
        Self::framed(stream, patience, Framer::default().with_long_strings())
    }

    fn framed(stream: Stream, patience: Patience, framer: Framer) -> Self {
        let (reader, writer) = tokio::io::split(stream);
        let (queue, queued) = mpsc::channel(QUEUE);
        let shared = Arc::new(Shared::default());
        tokio::spawn(write(writer, queued, Arc::clone(&shared)));
        let reader = Reader {
            stream: reader,
            framer,
            longest_unasked: 0,
            responses: queue.clone(),
            shared: Arc::clone(&shared),
        };
        Self {
            queue,
            reader: tokio::spawn(reader.run()).abort_handle(),
            shared,
            patience,
            next_id: AtomicU64::new(0),
        }
    }

    /// Sends a request and returns the `result` of its reply. `params` must serialise to an array.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if the reply is an error; otherwise why there is no reply.
    pub async fn call(
        &self,
        method: &str,
        params: &impl Serialize,
    ) -> Result<Box<RawValue>, Error> {
        let mut reply = pin!(self.reply(method, params));
        loop {
            let step = async {
                tokio::select! {
                    biased;
                    reply = &mut reply => Some(reply),
                    () = self.shared.progress.notified() => None,
                }
            };
            if let Some(reply) = self.patience.wait(step).await? {
                return reply;
            }
        }
    }

    /// Waits until a notification was received since the last return. Its content is not kept, so that memory
    /// is bounded.
    ///
    /// # Errors
    ///
    /// Why the connection ended, if it has.
    pub async fn notified(&self) -> Result<(), Error> {
        if self.failure().is_none() {
            self.shared.notified.notified().await;
        }
        self.failure().map_or(Ok(()), Err)
    }

    /// Why the connection ended, if it has.
    pub fn failure(&self) -> Option<Error> {
        self.shared.failure.get().cloned()
    }

    async fn reply(&self, method: &str, params: &impl Serialize) -> Result<Box<RawValue>, Error> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let (reply, replied) = oneshot::channel();
        self.shared.pending().insert(id, reply);
        self.send(method, params, Some(id)).await?;
        replied.await.map_err(|_| self.closed())?
    }

    /// Queues a request, or without an `id` a notification.
    async fn send(
        &self,
        method: &str,
        params: &impl Serialize,
        id: Option<u64>,
    ) -> Result<(), Error> {
        #[derive(Serialize)]
        struct Request<'a, P> {
            method: &'a str,
            params: &'a P,
            id: Option<u64>,
        }
        let request = serde_json::to_vec(&Request { method, params, id })
            .map_err(|error| Error::Protocol(error.to_string()))?;
        if let Some(failure) = self.failure() {
            return Err(failure);
        }
        let sent = self.queue.send(Queued::Request(request)).await;
        sent.map_err(|_| self.closed())
    }

    fn closed(&self) -> Error {
        let failure = Error::Closed { in_message: false };
        self.failure().unwrap_or(failure)
    }
}

impl Drop for Connection {
    /// The writer ends by itself once the queue is empty.
    fn drop(&mut self) {
        self.reader.abort();
    }
}

/// State shared by the connection and its tasks.
#[derive(Debug, Default)]
struct Shared {
    /// Notified on progress: bytes of a request were sent, or bytes of a reply received.
    progress: Notify,
    /// Notified when a notification was received, and when the connection ends.
    notified: Notify,
    failure: OnceLock<Error>,
    /// The pending requests.
    pending: Mutex<HashMap<u64, Reply>>,
}

type Reply = oneshot::Sender<Result<Box<RawValue>, Error>>;

impl Shared {
    fn pending(&self) -> MutexGuard<'_, HashMap<u64, Reply>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn step(&self) {
        self.progress.notify_waiters();
    }
}

/// A message waiting to be written.
#[derive(Debug)]
enum Queued {
    /// A request of this side: sending it counts as progress.
    Request(Vec<u8>),
    /// The response to a request of the other side.
    Response(Vec<u8>),
}

async fn write(
    mut writer: WriteHalf<Stream>,
    mut queued: mpsc::Receiver<Queued>,
    shared: Arc<Shared>,
) {
    while let Some(message) = queued.recv().await {
        let (Queued::Request(bytes) | Queued::Response(bytes)) = &message;
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            match writer.write(rest).await {
                Ok(taken) if taken > 0 => {
                    rest = rest.get(taken..).unwrap_or_default();
                    if matches!(message, Queued::Request(_)) {
                        shared.step();
                    }
                }
                // The reader finds the cause, after what the other side has sent before.
                _ => return,
            }
        }
    }
    let _ = writer.shutdown().await;
}

/// A message of the other side.
#[derive(Deserialize)]
struct Message<'m> {
    #[serde(borrow)]
    id: Option<&'m RawValue>,
    #[serde(borrow)]
    method: Option<Cow<'m, str>>,
    #[serde(borrow)]
    params: Option<&'m RawValue>,
    #[serde(borrow)]
    result: Option<&'m RawValue>,
    #[serde(borrow)]
    error: Option<&'m RawValue>,
}

/// The response to a request of the other side.
#[derive(Serialize)]
struct Response<'m> {
    id: &'m RawValue,
    result: Option<&'m RawValue>,
    error: Option<&'static str>,
}

struct Reader {
    stream: ReadHalf<Stream>,
    framer: Framer,
    /// The length of the longest message that was not a reply. An incomplete message of at most this length may
    /// be another one, and does not count as progress: else a flood of them would extend the deadline for ever.
    longest_unasked: usize,
    responses: mpsc::Sender<Queued>,
    shared: Arc<Shared>,
}

impl Reader {
    /// Reads until the connection ends, then ends all waits.
    async fn run(mut self) {
        let Err(failure) = self.read().await;
        let _ = self.shared.failure.set(failure);
        self.shared.notified.notify_one();
        // Dropping the senders ends the waits for replies.
        self.shared.pending().clear();
    }

    async fn read(&mut self) -> Result<std::convert::Infallible, Error> {
        loop {
            while let Some(message) = self.framer.next_message()? {
                let length = message.len();
                if receive(message, &self.shared, &self.responses)? {
                    self.shared.step();
                } else {
                    self.longest_unasked = self.longest_unasked.max(length);
                }
            }
            if self.framer.length_so_far() > self.longest_unasked {
                self.shared.step();
            }
            match self.stream.read_buf(self.framer.room()).await {
                Ok(1..) => {}
                Err(error) if error.kind() != io::ErrorKind::ConnectionReset => {
                    return Err(Error::Io(Arc::new(error)));
                }
                Ok(0) | Err(_) => {
                    return Err(Error::Closed {
                        in_message: self.framer.in_message(),
                    });
                }
            }
        }
    }
}

/// Handles a message of the other side; returns whether it was a reply.
fn receive(
    message: &[u8],
    shared: &Shared,
    responses: &mpsc::Sender<Queued>,
) -> Result<bool, Error> {
    let protocol = |what: String| Err(Error::Protocol(what));
    let message: Message<'_> = match serde_json::from_slice(message) {
        Ok(message) => message,
        Err(error) => return protocol(format!("it sent a message that is not JSON-RPC: {error}")),
    };
    match (message.method, message.id, message.error) {
        (Some(method), Some(id), _) => {
            let is_echo = method == "echo";
            let response = Response {
                id,
                result: message.params.filter(|_| is_echo),
                error: (!is_echo).then_some("unknown method"),
            };
            if let Ok(response) = serde_json::to_vec(&response) {
                // Dropped if the queue is full: the other side sends requests faster than it reads responses.
                let _ = responses.try_send(Queued::Response(response));
            }
            Ok(false)
        }
        (Some(_), None, _) => {
            shared.notified.notify_one();
            Ok(false)
        }
        (None, None, Some(error)) => {
            protocol(format!("it sent an error without a request: {error}"))
        }
        (None, None, None) => protocol("it sent a reply to no request".to_owned()),
        (None, Some(id), error) => {
            let id = id.get().parse().ok();
            let Some(pending) = id.and_then(|id| shared.pending().remove(&id)) else {
                return protocol("it replied to a request that was not sent".to_owned());
            };
            // The request may have been cancelled.
            let _ = pending.send(match error {
                Some(error) => Err(Error::Refused(error.to_owned())),
                None => Ok(message.result.unwrap_or(RawValue::NULL).to_owned()),
            });
            Ok(true)
        }
    }
}

impl From<FramingError> for Error {
    fn from(error: FramingError) -> Self {
        Self::Protocol(error.to_string())
    }
}

impl From<Error> for ClientError {
    /// An error reply is an [`ErrorObjectOwned`] with its JSON as `data`; all else is an error of the transport.
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(json) => Self::Call(ErrorObjectOwned::owned(
                ERROR_REPLY,
                "error reply",
                Some(json),
            )),
            other => Self::Transport(Box::new(other)),
        }
    }
}

#[async_trait]
impl ClientT for Connection {
    async fn notification<P>(&self, method: &str, params: P) -> Result<(), ClientError>
    where
        P: ToRpcParams + Send,
    {
        Ok(self.send(method, &to_array(params)?, None).await?)
    }

    async fn request<R, P>(&self, method: &str, params: P) -> Result<R, ClientError>
    where
        R: DeserializeOwned,
        P: ToRpcParams + Send,
    {
        let result = self.call(method, &to_array(params)?).await?;
        if result.get().len() > MAX_TREE {
            let what = format!("it sent a reply of more than {MAX_TREE} bytes to {method}");
            return Err(Error::Protocol(what).into());
        }
        Ok(serde_json::from_str(result.get())?)
    }

    async fn batch_request<'a, R>(
        &self,
        _: BatchRequestBuilder<'a>,
    ) -> Result<BatchResponse<'a, R>, ClientError>
    where
        R: DeserializeOwned + std::fmt::Debug + 'a,
    {
        Err(ClientError::Custom(
            "JSON-RPC 1.0 has no batches".to_owned(),
        ))
    }
}

fn to_array(params: impl ToRpcParams) -> Result<Box<RawValue>, serde_json::Error> {
    match params.to_rpc_params()? {
        Some(params) => Ok(params),
        None => RawValue::from_string("[]".to_owned()),
    }
}

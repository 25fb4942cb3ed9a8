//! Messages of a switch over a stream, through one buffer of fixed size: the only file of this module that does I/O.

use std::ops::Range;
use std::pin::Pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};

use super::Error;
use crate::openflow::messages::error::ErrorMessage;
use crate::openflow::messages::header::{self, HEADER_LEN, Header};
use crate::openflow::messages::hello;
use crate::openflow::version::{Version, Versions};
use crate::transport::{Stream, TimedOut};

/// The header values of the parts of pending replies.
#[derive(Debug, Clone, Copy)]
pub(super) struct Awaited<'a> {
    pub(super) kind: u8,
    pub(super) xids: &'a [u32],
}

impl Awaited<'_> {
    /// Whether this is the header of such a part with a body that is not empty.
    pub(super) fn has(self, header: Header) -> bool {
        usize::from(header.length) > HEADER_LEN + 8
            && header.kind == self.kind
            && self.xids.contains(&header.xid)
    }
}

/// Messages over a stream, through one buffer of fixed size.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) stream: Stream,
    pub(super) buffer: Box<[u8]>,
    /// The range of the buffer that is received but not consumed.
    pub(super) pending: Range<usize>,
    pub(super) limit: Option<Duration>,
    /// When the wait began, or the reply last progressed.
    pub(super) since: Instant,
    /// Queued bytes that are written while reading; those before `written` are sent.
    pub(super) unsent: Vec<u8>,
    pub(super) written: usize,
    /// How many queued bytes are not echo replies.
    pub(super) queued: usize,
}

/// Maximum bytes of queued echo replies.
const UNSENT_ECHOES: usize = 1 << 20;

/// Size of the buffer, in bytes: twice the longest message, so that moving the rest of one is rare.
const BUFFER_LEN: usize = 2 * 65_536;

impl Connection {
    pub(super) fn new(stream: Stream, limit: Option<Duration>) -> Connection {
        Connection {
            stream,
            buffer: vec![0; BUFFER_LEN].into_boxed_slice(),
            pending: 0..0,
            limit,
            since: Instant::now(),
            unsent: Vec::new(),
            written: 0,
            queued: 0,
        }
    }

    pub(super) fn bytes(&self, range: Range<usize>) -> &[u8] {
        self.buffer.get(range).unwrap_or_default()
    }

    /// Restarts the timeout: the reply progressed.
    pub(super) fn progress(&mut self) {
        self.since = Instant::now();
    }

    /// The result of one step, unless it times out.
    pub(super) async fn with_timeout<T>(
        limit: Option<Duration>,
        since: Instant,
        step: impl Future<Output = std::io::Result<T>>,
    ) -> Result<T, Error> {
        let Some(limit) = limit else {
            return Ok(step.await?);
        };
        let left = limit.saturating_sub(since.elapsed());
        if left.is_zero() {
            // A step that is always ready would never time out in `timeout`.
            return Err(Error::TimedOut(TimedOut { limit }));
        }
        tokio::time::timeout(left, step)
            .await
            .map_err(|_| Error::TimedOut(TimedOut { limit }))?
            .map_err(Error::from)
    }

    pub(super) async fn send(&mut self, message: &[u8]) -> Result<(), Error> {
        self.progress();
        self.write(message).await
    }

    /// Queues what `put` appends, whole messages, which [`Connection::fill`] writes while reading.
    pub(super) fn queue<T>(&mut self, put: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        let result = put(&mut self.unsent);
        self.queued = self.unsent.len();
        result
    }

    /// Whether queued bytes may not have left.
    pub(super) fn is_unsent(&self) -> bool {
        !self.unsent.is_empty()
    }

    /// How many queued bytes are not written yet.
    pub(super) fn unwritten(&self) -> usize {
        self.unsent.len() - self.written
    }

    pub(super) async fn write(&mut self, message: &[u8]) -> Result<(), Error> {
        let unsent = std::mem::take(&mut self.unsent);
        let unsent = unsent.get(std::mem::take(&mut self.written)..);
        self.queued = 0;
        let write = async {
            self.stream.write_all(unsent.unwrap_or_default()).await?;
            self.stream.write_all(message).await
        };
        Self::with_timeout(self.limit, self.since, write).await
    }

    /// The versions that the switch supports, from the hello that must be its first message.
    pub(super) async fn hello(&mut self) -> Result<Versions, Error> {
        while self.header()?.is_none() {
            self.fill().await?;
        }
        match self.header()?.map(|header| header.kind) {
            Some(header::HELLO | header::ERROR) => {}
            // Without waiting for the rest: the length is meaningless in another protocol.
            _ => return Err(Error::NotOpenFlow),
        }
        let (header, range) = self.message(None).await?;
        let message = self.bytes(range);
        if header.kind == header::ERROR {
            let version = Version::from_wire(header.version).unwrap_or(Version::V10);
            return Err(Error::Refused(ErrorMessage::decode(version, message)?));
        }
        Ok(hello::decode(message)?)
    }

    /// The next message that is not an echo request; those are answered. Bytes of an `awaited` part restart the
    /// timeout, if its body is not empty.
    pub(super) async fn message(
        &mut self,
        awaited: Option<Awaited<'_>>,
    ) -> Result<(Header, Range<usize>), Error> {
        loop {
            if let Some(message) = self.received().await? {
                return Ok(message);
            }
            if let (Some(header), Some(awaited)) = (self.header()?, awaited)
                && awaited.has(header)
            {
                self.progress();
            }
            self.fill().await?;
        }
    }

    /// The next message that is received already and not an echo request; those are answered.
    pub(super) async fn received(&mut self) -> Result<Option<(Header, Range<usize>)>, Error> {
        while let Some(header) = self.header()? {
            let start = self.pending.start;
            let range = start..start + usize::from(header.length);
            if range.len() > self.pending.len() {
                break;
            }
            self.pending.start = range.end;
            if header.kind != header::ECHO_REQUEST {
                return Ok(Some((header, range)));
            }
            self.answer_echo(range).await;
        }
        Ok(None)
    }

    /// The header of the next message, once its bytes are there.
    pub(super) fn header(&self) -> Result<Option<Header>, Error> {
        if self.pending.len() < HEADER_LEN {
            return Ok(None);
        }
        Ok(Some(Header::decode(self.bytes(self.pending.clone()))?))
    }

    async fn answer_echo(&mut self, request: Range<usize>) {
        let mut reply = self.bytes(request).to_vec();
        if let Some(kind) = reply.get_mut(1) {
            *kind = header::ECHO_REPLY;
        }
        // A switch that causes more replies does not read.
        if self.unsent.len() < self.queued + UNSENT_ECHOES {
            self.unsent.extend(reply);
        }
        // Without waiting: the switch may be writing itself, and read afterwards. The rest is written by `fill`.
        let unsent = self.unsent.get(self.written..).unwrap_or_default();
        let mut stream = Pin::new(&mut self.stream);
        let step = std::future::poll_fn(|cx| {
            // An error is met again by `fill`, after what the switch has sent before it.
            let sent = match stream.as_mut().poll_write(cx, unsent) {
                Poll::Ready(Ok(sent)) => sent,
                Poll::Ready(Err(_)) | Poll::Pending => 0,
            };
            let is_flushed = sent == unsent.len()
                && matches!(stream.as_mut().poll_flush(cx), Poll::Ready(Ok(())));
            Poll::Ready((sent, is_flushed))
        });
        let (sent, is_flushed) = step.await;
        self.written += sent;
        if is_flushed {
            self.sent_all();
        }
    }

    /// The queue is empty.
    fn sent_all(&mut self) {
        self.unsent.clear();
        (self.written, self.queued) = (0, 0);
    }

    /// Reads once if bytes have arrived, without waiting for any.
    pub(super) async fn read_arrived(&mut self) -> Result<(), Error> {
        // The runtime learns of them meanwhile.
        tokio::task::yield_now().await;
        self.make_room();
        let room = self.buffer.get_mut(self.pending.end..).unwrap_or_default();
        let mut room = ReadBuf::new(room);
        let mut stream = Pin::new(&mut self.stream);
        let step = std::future::poll_fn(|cx| match stream.as_mut().poll_read(cx, &mut room) {
            Poll::Ready(read) => Poll::Ready(read.map(Some)),
            Poll::Pending => Poll::Ready(Ok(None)),
        });
        if step.await?.is_some() && room.filled().is_empty() {
            return Err(Error::Closed);
        }
        self.pending.end += room.filled().len();
        Ok(())
    }

    /// Moves what is pending to the start of the buffer, if there is no room behind it.
    fn make_room(&mut self) {
        if self.pending.start > 0 && (self.pending.is_empty() || self.pending.end == BUFFER_LEN) {
            let length = self.pending.len();
            self.buffer.copy_within(self.pending.clone(), 0);
            self.pending = 0..length;
        }
    }

    /// Writes queued bytes, or else reads once, as much as fits the buffer.
    pub(super) async fn fill(&mut self) -> Result<(), Error> {
        self.make_room();
        let room = self.buffer.get_mut(self.pending.end..).unwrap_or_default();
        let mut room = ReadBuf::new(room);
        let unsent = self.unsent.get(self.written..).unwrap_or_default();
        let is_flushed = self.unsent.is_empty();
        let mut stream = Pin::new(&mut self.stream);
        let step = std::future::poll_fn(|cx| {
            let sent = match unsent {
                [] if is_flushed => Poll::Pending,
                [] => stream.as_mut().poll_flush(cx).map_ok(|()| 0),
                unsent => stream.as_mut().poll_write(cx, unsent),
            };
            let error = match sent {
                Poll::Ready(Ok(sent)) => return Poll::Ready(Ok(Some(sent))),
                Poll::Ready(Err(error)) => Some(error),
                Poll::Pending => None,
            };
            // Of a closed connection what was received before is read.
            match (stream.as_mut().poll_read(cx, &mut room), error) {
                (Poll::Ready(Ok(())), _) => Poll::Ready(Ok(None)),
                (_, Some(error)) => Poll::Ready(Err(error)),
                (read, None) => read.map_ok(|()| None),
            }
        });
        match Self::with_timeout(self.limit, self.since, step).await? {
            Some(0) if self.written < self.unsent.len() => return Err(Error::Closed),
            Some(0) => self.sent_all(),
            Some(count) => {
                let was_queued = self.written < self.queued;
                self.written += count;
                // Echo replies are no progress.
                if was_queued {
                    self.progress();
                }
            }
            None if room.filled().is_empty() => return Err(Error::Closed),
            None => self.pending.end += room.filled().len(),
        }
        Ok(())
    }
}

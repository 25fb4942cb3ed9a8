//! Messages of a switch over a stream, through one buffer that never grows: the only file of this module that does I/O.

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

/// What the parts of awaited replies have in their headers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Awaited<'a> {
    pub(super) kind: u8,
    pub(super) xids: &'a [u32],
}

impl Awaited<'_> {
    /// Whether this is the header of such a part with something in it.
    pub(super) fn has(self, header: Header) -> bool {
        usize::from(header.length) > HEADER_LEN + 8
            && header.kind == self.kind
            && self.xids.contains(&header.xid)
    }
}

/// Messages over a stream, through one buffer that never grows.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) stream: Stream,
    pub(super) buffer: Box<[u8]>,
    /// The received bytes not yet handed out.
    pub(super) pending: Range<usize>,
    pub(super) limit: Option<Duration>,
    /// When this side last began to wait, or the answer last moved on.
    pub(super) since: Instant,
    /// Bytes that are written while this side reads, from `written` on.
    pub(super) unsent: Vec<u8>,
    pub(super) written: usize,
    /// How many of them are not replies to echo requests.
    pub(super) queued: usize,
}

/// Maximum bytes of echo replies that wait behind what is queued.
const UNSENT_ECHOES: usize = 1 << 20;

/// Twice the longest message: one may lie across the middle.
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

    /// The answer moved on: the patience begins anew.
    pub(super) fn progress(&mut self) {
        self.since = Instant::now();
    }

    /// The outcome of one step, if it comes while patience lasts.
    pub(super) async fn patiently<T>(
        limit: Option<Duration>,
        since: Instant,
        step: impl Future<Output = std::io::Result<T>>,
    ) -> Result<T, Error> {
        let Some(limit) = limit else {
            return Ok(step.await?);
        };
        let left = limit.saturating_sub(since.elapsed());
        if left.is_zero() {
            // A step that is always ready would never time out.
            return Err(Error::TimedOut(TimedOut { limit }));
        }
        tokio::time::timeout(left, step)
            .await
            .map_err(|_| Error::TimedOut(TimedOut { limit }))?
            .map_err(Error::Io)
    }

    pub(super) async fn send(&mut self, message: &[u8]) -> Result<(), Error> {
        self.progress();
        self.write(message).await
    }

    /// Queues messages, which [`Connection::fill`] writes while it reads.
    pub(super) fn queue<'m>(&mut self, messages: impl Iterator<Item = &'m [u8]>) {
        self.progress();
        messages.for_each(|message| self.unsent.extend(message));
        self.queued = self.unsent.len();
    }

    pub(super) async fn write(&mut self, message: &[u8]) -> Result<(), Error> {
        let unsent = std::mem::take(&mut self.unsent);
        let unsent = unsent.get(std::mem::take(&mut self.written)..);
        let write = async {
            self.stream.write_all(unsent.unwrap_or_default()).await?;
            self.stream.write_all(message).await
        };
        Self::patiently(self.limit, self.since, write).await
    }

    /// The versions the switch allows, from the hello that must come first.
    pub(super) async fn hello(&mut self) -> Result<Versions, Error> {
        while self.header()?.is_none() {
            self.fill().await?;
        }
        match self.header()?.map(|header| header.kind) {
            Some(header::HELLO | header::ERROR) => {}
            // Not waiting for the rest: another protocol's length means nothing.
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

    /// The next message that is no echo request; those are answered. Bytes of a part that is `awaited`
    /// are progress, if there is anything in it.
    pub(super) async fn message(
        &mut self,
        awaited: Option<Awaited<'_>>,
    ) -> Result<(Header, Range<usize>), Error> {
        loop {
            let header = match self.header()? {
                Some(header) if usize::from(header.length) <= self.pending.len() => header,
                incomplete => {
                    if let (Some(header), Some(awaited)) = (incomplete, awaited)
                        && awaited.has(header)
                    {
                        self.progress();
                    }
                    self.fill().await?;
                    continue;
                }
            };
            let start = self.pending.start;
            let range = start..start + usize::from(header.length);
            self.pending.start = range.end;
            if header.kind == header::ECHO_REQUEST {
                self.answer_echo(range).await?;
                continue;
            }
            return Ok((header, range));
        }
    }

    /// The header of the next message, once its bytes are there.
    pub(super) fn header(&self) -> Result<Option<Header>, Error> {
        if self.pending.len() < HEADER_LEN {
            return Ok(None);
        }
        Ok(Some(Header::decode(self.bytes(self.pending.clone()))?))
    }

    pub(super) async fn answer_echo(&mut self, request: Range<usize>) -> Result<(), Error> {
        let mut reply = self.bytes(request).to_vec();
        if let Some(kind) = reply.get_mut(1) {
            *kind = header::ECHO_REPLY;
        }
        if self.unsent.is_empty() {
            // An echo is no progress: the patience goes on to run out.
            return self.write(&reply).await;
        }
        // Not in the middle of a message. A switch that asks for more than this does not read.
        if self.unsent.len() < self.queued + UNSENT_ECHOES {
            self.unsent.extend(reply);
        }
        Ok(())
    }

    /// Writes some of what is queued, or else reads once, as much as there is room for.
    pub(super) async fn fill(&mut self) -> Result<(), Error> {
        if self.pending.start > 0 && (self.pending.is_empty() || self.pending.end == BUFFER_LEN) {
            let length = self.pending.len();
            self.buffer.copy_within(self.pending.clone(), 0);
            self.pending = 0..length;
        }
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
            match sent {
                Poll::Ready(sent) => Poll::Ready(sent.map(Some)),
                Poll::Pending => stream.as_mut().poll_read(cx, &mut room).map_ok(|()| None),
            }
        });
        match Self::patiently(self.limit, self.since, step).await? {
            Some(0) if self.written < self.unsent.len() => return Err(Error::Closed),
            Some(0) => (self.unsent, self.written) = (Vec::new(), 0),
            Some(count) => {
                self.written += count;
                self.progress();
            }
            None if room.filled().is_empty() => return Err(Error::Closed),
            None => self.pending.end += room.filled().len(),
        }
        Ok(())
    }
}

//! The connection to a switch: version negotiation, echo, and multipart replies streamed through one
//! reusable buffer. The only file of this module that does I/O.

use std::collections::{HashSet, VecDeque};
use std::ops::Range;
use std::pin::Pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};

use super::bytes::{Cursor, DecodeError, DecodeErrorKind};
use super::fields::Filter;
use super::messages::error::ErrorMessage;
use super::messages::flow_reply::Aggregate;
use super::messages::flow_stats::{self, Dialect, RequestError};
use super::messages::header::{self, HEADER_LEN, Header};
use super::messages::hello;
use super::messages::multipart::{self, Part, PartHeader};
use super::messages::port_stats::{self, PortStats};
use super::messages::ports::{self, PortDesc};
use super::version::{Version, Versions};
use crate::transport::{ConnectError, Endpoint, Stream, TimedOut};

/// Why a conversation with a switch failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The switch said nothing for this long.
    #[error(transparent)]
    TimedOut(TimedOut),
    /// The switch hung up.
    #[error("the switch closed the connection")]
    Closed,
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Io(#[from] std::io::Error),
    /// What answers does not speak OpenFlow.
    #[error("the other side does not speak OpenFlow")]
    NotOpenFlow,
    /// No version is allowed on both sides.
    #[error("no common OpenFlow version: the switch allows {theirs}, offered were {ours}")]
    NoCommonVersion {
        /// What was offered.
        ours: Versions,
        /// What the switch allows.
        theirs: Versions,
    },
    /// The switch refused the negotiation or a request.
    #[error("the switch refused: {0}")]
    Refused(ErrorMessage),
    /// The switch sent something that contradicts the specification.
    #[error("the switch sent a malformed message: {0}")]
    Malformed(#[from] DecodeError),
    /// The switch changed its version.
    #[error("the switch sent a message of version {found:#04x} after {negotiated} was negotiated")]
    OtherVersion {
        /// What was negotiated.
        negotiated: Version,
        /// The version byte that came.
        found: u8,
    },
    /// A list that is gathered before it is shown does not end.
    #[error("the switch's list does not end: more than {limit} {what}")]
    Endless {
        /// So many are none too many.
        limit: usize,
        /// Of what there is too much: entries, parts.
        what: &'static str,
    },
    /// An answer that has one part goes on.
    #[error("the switch's reply continues after its end")]
    GoesOn,
    /// The request cannot be put into bytes of this version.
    #[error(transparent)]
    Request(#[from] RequestError),
}

/// What follows a part of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// It was the last.
    Nothing,
    /// More of the last reply, which the switch has gathered.
    Parts,
    /// More replies, which the switch may still gather.
    Replies,
}

/// A connection whose version is negotiated.
#[derive(Debug)]
pub struct Session {
    connection: Connection,
    version: Version,
    /// What the other side allows, by its hello.
    allowed: Versions,
    next_xid: u32,
    /// The requests whose replies are under way: one, or those of a group of [`Session::ask_flows_of`].
    awaited: Vec<u32>,
    /// What is asked when those have come.
    queued: VecDeque<Asking>,
    /// How flows are asked for in OpenFlow 1.0.
    dialect: Dialect,
    /// The flows that were asked for, until it is known that the switch understands the dialect.
    tried: Option<AskedFlows>,
}

/// Flows that are asked for: of tables, group by group, or of all tables where there is no group.
#[derive(Debug, Clone)]
struct AskedFlows {
    groups: Vec<Vec<u8>>,
    filter: Filter,
}

impl Session {
    /// Connects and negotiates the highest version that is in `offer` and allowed by the switch.
    ///
    /// `limit` bounds each wait without progress; `None` waits for ever.
    ///
    /// # Errors
    ///
    /// There is no connection, it fails, or no version is allowed on both sides.
    pub async fn connect(
        endpoint: &Endpoint,
        offer: Versions,
        limit: Option<Duration>,
    ) -> Result<Session, Error> {
        let stream = endpoint.connect(limit).await?;
        Self::over(stream, offer, limit).await
    }

    /// Negotiates, like [`Session::connect`], over a connection that is made already.
    ///
    /// # Errors
    ///
    /// The connection fails, or no version is allowed on both sides.
    pub async fn over(
        stream: Stream,
        offer: Versions,
        limit: Option<Duration>,
    ) -> Result<Session, Error> {
        let mut connection = Connection::new(stream, limit);
        let greeting = hello::encode(offer, 1).ok_or(Error::NoCommonVersion {
            ours: offer,
            theirs: Versions::NONE,
        })?;
        connection.send(&greeting).await?;
        let theirs = connection.hello().await?;
        let version = offer
            .intersection(theirs)
            .highest()
            .ok_or(Error::NoCommonVersion {
                ours: offer,
                theirs,
            })?;
        Ok(Session {
            connection,
            version,
            allowed: theirs,
            next_xid: 2,
            awaited: Vec::new(),
            queued: VecDeque::new(),
            dialect: Dialect::Nicira,
            tried: None,
        })
    }

    /// The version both sides speak.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The versions that the other side allows, as far as its hello tells.
    pub fn allowed(&self) -> Versions {
        self.allowed
    }

    /// The id for the next request.
    pub fn next_xid(&mut self) -> u32 {
        let xid = self.next_xid;
        self.next_xid = self.next_xid.wrapping_add(1);
        xid
    }

    /// Sends a request that bears `xid`; its reply comes through [`Session::part`].
    ///
    /// # Errors
    ///
    /// The request cannot be sent.
    pub async fn ask(&mut self, xid: u32, request: &[u8]) -> Result<(), Error> {
        self.queued.clear();
        self.tried = None;
        self.connection.send(request).await?;
        self.awaited = vec![xid];
        Ok(())
    }

    /// Asks for the flows that `filter` selects; they come through [`Session::flows`].
    ///
    /// # Errors
    ///
    /// The connection failed, or this version cannot carry the filter.
    pub async fn ask_flows(&mut self, filter: &Filter) -> Result<(), Error> {
        self.ask_flows_of(Vec::new(), filter).await
    }

    /// [`Session::ask_flows`] of tables, group by group: the replies come as if they were one.
    ///
    /// A switch gathers all flows that it is asked for before it sends the first. While it gathers those of
    /// a group, this side is busy with the group before. A group is asked for when the one before it has come:
    /// Open vSwitch would gather first and send what is left of the reply afterwards. Tables are read one
    /// after another, so the dump is not a consistent snapshot.
    ///
    /// # Errors
    ///
    /// See [`Session::ask_flows`].
    pub async fn ask_flows_of(
        &mut self,
        groups: Vec<Vec<u8>>,
        filter: &Filter,
    ) -> Result<(), Error> {
        let asked = AskedFlows {
            groups,
            filter: filter.clone(),
        };
        self.ask_in_dialect(&asked).await?;
        self.tried = Some(asked).filter(|_| self.may_go_plain());
        Ok(())
    }

    /// Whether a refusal may mean that the switch speaks OpenFlow 1.0 without the Nicira extension.
    fn may_go_plain(&self) -> bool {
        self.version == Version::V10 && self.dialect == Dialect::Nicira
    }

    async fn ask_in_dialect(&mut self, asked: &AskedFlows) -> Result<(), Error> {
        let every_table = [vec![]];
        let groups = match asked.groups.as_slice() {
            [] => &every_table,
            groups => groups,
        };
        let mut queued = VecDeque::with_capacity(groups.len());
        for tables in groups {
            let mut asking = Asking::default();
            let mut filter = asked.filter.clone();
            let tables = tables.iter().map(|table| Some(*table));
            let of_all = asked.groups.is_empty().then_some(filter.table);
            for table in of_all.into_iter().chain(tables) {
                filter.table = table;
                let xid = self.next_xid();
                let request = flow_stats::request(self.version, self.dialect, xid, &filter)?;
                asking.requests.extend(request);
                asking.xids.push(xid);
            }
            if !asking.xids.is_empty() {
                queued.push_back(asking);
            }
        }
        self.awaited.clear();
        self.queued = queued;
        self.ask_next().await?;
        Ok(())
    }

    /// Sends what is asked next, if anything is.
    async fn ask_next(&mut self) -> Result<bool, Error> {
        let Some(asking) = self.queued.pop_front() else {
            return Ok(false);
        };
        self.connection.send(&asking.requests).await?;
        self.awaited = asking.xids;
        Ok(true)
    }

    /// Sends a request and reads the parts of its reply: everything that `read` finds in them.
    ///
    /// `request` makes the bytes for a version and transaction id; `None`: it cannot be said there.
    ///
    /// # Errors
    ///
    /// This version has no such request, the connection fails, the switch refuses, or `read` fails.
    pub async fn collect<T>(
        &mut self,
        request: impl FnOnce(Version, u32) -> Option<Vec<u8>>,
        mut read: impl FnMut(Version, Part<'_>) -> Result<Vec<T>, DecodeError>,
    ) -> Result<Vec<T>, Error> {
        let version = self.version;
        let xid = self.next_xid();
        let request = request(version, xid).ok_or(RequestError::NotIn(version))?;
        self.ask(xid, &request).await?;
        self.gather(|part| read(version, part)).await
    }

    /// Everything that `read` finds in the parts of the reply.
    async fn gather<T>(
        &mut self,
        mut read: impl FnMut(Part<'_>) -> Result<Vec<T>, DecodeError>,
    ) -> Result<Vec<T>, Error> {
        let endless = |what| Error::Endless {
            limit: GATHERED,
            what,
        };
        let mut all = Vec::new();
        let mut parts = 0;
        while let Some(part) = self.part().await? {
            all.extend(read(part)?);
            parts += 1;
            if all.len() > GATHERED {
                return Err(endless("entries"));
            }
            if parts > GATHERED {
                return Err(endless("parts"));
            }
        }
        Ok(all)
    }

    /// How many flows `filter` selects, and what went through them.
    ///
    /// # Errors
    ///
    /// The connection failed, the switch refused, or this version cannot carry the filter.
    pub async fn aggregate(&mut self, filter: &Filter) -> Result<Aggregate, Error> {
        match self.aggregate_in_dialect(filter).await {
            Err(Error::Refused(error)) if error.is_unsupported() && self.may_go_plain() => {
                self.dialect = Dialect::Plain;
                self.aggregate_in_dialect(filter).await
            }
            answer => answer,
        }
    }

    async fn aggregate_in_dialect(&mut self, filter: &Filter) -> Result<Aggregate, Error> {
        let version = self.version;
        let xid = self.next_xid();
        let request = flow_stats::aggregate_request(version, self.dialect, xid, filter)?;
        self.ask(xid, &request).await?;
        let Some(part) = self.part().await? else {
            Err(DecodeError {
                at: HEADER_LEN,
                what: "aggregate statistics",
                kind: DecodeErrorKind::BadLength(0),
            })?
        };
        let answer = Aggregate::of_part(version, part)?;
        match self.part().await? {
            None => Ok(answer),
            Some(_) => Err(Error::GoesOn),
        }
    }

    /// The next part of the reply; `None` after the last. Messages that belong to nothing asked are
    /// passed over.
    ///
    /// # Errors
    ///
    /// The connection failed, the switch refused, or sent a malformed message.
    pub async fn part(&mut self) -> Result<Option<Part<'_>>, Error> {
        Ok(self.part_and_rest().await?.map(|(part, _)| part))
    }

    /// The next part of the reply, and what follows it; `None` after the last. A part whose body is empty is
    /// passed over.
    ///
    /// # Errors
    ///
    /// See [`Session::part`].
    pub async fn part_and_rest(&mut self) -> Result<Option<(Part<'_>, Rest)>, Error> {
        let Some((header, body, rest)) = self.next_part().await? else {
            return Ok(None);
        };
        Ok(Some((header.part(self.connection.bytes(body)), rest)))
    }

    /// The header of the next part, the range of its body in the buffer, and what follows it.
    async fn next_part(&mut self) -> Result<Option<(PartHeader, Range<usize>, Rest)>, Error> {
        // Whatever this side did since the last part, waiting for the next begins now.
        self.connection.progress();
        while !self.awaited.is_empty() || self.ask_next().await? {
            let part = Awaited {
                kind: header::multipart_request_type(self.version) + 1,
                xids: &self.awaited,
            };
            let (header, range) = self.connection.message(Some(part)).await?;
            if header.version != self.version as u8 {
                return Err(Error::OtherVersion {
                    negotiated: self.version,
                    found: header.version,
                });
            }
            if !self.awaited.contains(&header.xid) {
                continue;
            }
            let message = self.connection.bytes(range.clone());
            if header.kind == header::ERROR {
                let error = ErrorMessage::decode(self.version, message)?;
                self.awaited.clear();
                self.queued.clear();
                match self.tried.take() {
                    Some(asked) if error.is_unsupported() => {
                        self.dialect = Dialect::Plain;
                        self.ask_in_dialect(&asked).await?;
                        continue;
                    }
                    _ => return Err(Error::Refused(error)),
                }
            }
            let Some(part) = multipart::decode(self.version, message)? else {
                continue;
            };
            let part = PartHeader::of(part);
            let body = range.start + part.at..range.end;
            if !part.more {
                self.awaited.retain(|xid| *xid != header.xid);
            }
            if !body.is_empty() {
                self.tried = None;
                let rest = match *self.awaited {
                    [] if self.queued.is_empty() => Rest::Nothing,
                    [_] if self.queued.is_empty() => Rest::Parts,
                    _ => Rest::Replies,
                };
                return Ok(Some((part, body, rest)));
            }
        }
        Ok(None)
    }

    /// Sends messages that have no reply, by their transaction ids, then a barrier, and waits until the switch
    /// has processed them all. Returns the errors, by transaction id, the first one of each. What the switch sends meanwhile is read
    /// while messages are written: neither side waits for the other with its buffers full.
    ///
    /// # Errors
    ///
    /// The connection failed: which of the messages took effect is unknown.
    pub async fn settle(
        &mut self,
        messages: &[(u32, Vec<u8>)],
    ) -> Result<Vec<(u32, ErrorMessage)>, Error> {
        let version = self.version;
        self.awaited.clear();
        self.queued.clear();
        self.tried = None;
        let barrier = header::barrier_request_type(version);
        let xid = self.next_xid();
        let request = header::message(version, barrier, xid, |_| ());
        let request = request.ok_or(RequestError::TooLong)?;
        // One error each: a switch that goes on sending them must not fill the memory.
        let mut accepted: HashSet<u32> = messages.iter().map(|(xid, _)| *xid).collect();
        let all = messages.iter().map(|(_, message)| message.as_slice());
        self.connection.queue(all.chain([request.as_slice()]));
        let mut refused = Vec::new();
        loop {
            let (header, range) = self.connection.message(None).await?;
            let message = self.connection.bytes(range);
            if header.kind == header::ERROR && header.xid == xid {
                return Err(Error::Refused(ErrorMessage::decode(version, message)?));
            } else if header.kind == header::ERROR && accepted.remove(&header.xid) {
                refused.push((header.xid, ErrorMessage::decode(version, message)?));
                self.connection.progress();
            } else if header.kind == barrier + 1 && header.xid == xid {
                return Ok(refused);
            }
        }
    }

    /// The descriptions of all ports, as the switch tells them: names are cut at 15 bytes.
    ///
    /// # Errors
    ///
    /// The connection fails, the switch refuses, or its reply is malformed.
    pub async fn ports(&mut self) -> Result<Vec<PortDesc>, Error> {
        let version = self.version;
        let xid = self.next_xid();
        let request = ports::desc_request(version, xid).ok_or(RequestError::TooLong)?;
        self.ask(xid, &request).await?;
        let ports = self
            .gather(|part| match part.kind {
                multipart::PORT_DESC => ports::decode_desc(version, part),
                _ => Ok(Vec::new()),
            })
            .await;
        match ports {
            // Before 1.3 the specification has the list in the features.
            Err(Error::Refused(error)) if error.is_unsupported() && version < Version::V13 => {
                self.ports_of_features().await
            }
            ports => ports,
        }
    }

    /// The switch's id (OpenFlow 1.5.1 §7.3.1).
    ///
    /// # Errors
    ///
    /// The connection fails, the switch refuses, or its reply is malformed.
    pub async fn datapath_id(&mut self) -> Result<u64, Error> {
        self.features(|_, message| {
            let mut body = Cursor::new(message, 0);
            body.skip(HEADER_LEN, "features reply")?;
            body.u64("datapath id")
        })
        .await
    }

    async fn ports_of_features(&mut self) -> Result<Vec<PortDesc>, Error> {
        self.features(ports::decode_features).await
    }

    /// What `read` finds in the switch's features.
    async fn features<T>(
        &mut self,
        read: impl FnOnce(Version, &[u8]) -> Result<T, DecodeError>,
    ) -> Result<T, Error> {
        let version = self.version;
        let xid = self.next_xid();
        let request = ports::features_request(version, xid).ok_or(RequestError::TooLong)?;
        self.ask(xid, &request).await?;
        self.awaited.clear();
        loop {
            let (header, range) = self.connection.message(None).await?;
            let message = self.connection.bytes(range);
            match header.kind {
                _ if header.xid != xid => {}
                header::FEATURES_REPLY => return Ok(read(version, message)?),
                header::ERROR => {
                    return Err(Error::Refused(ErrorMessage::decode(version, message)?));
                }
                _ => {}
            }
        }
    }

    /// The counters of one port, or of all with [`PORT_ANY`](super::text::PORT_ANY).
    ///
    /// # Errors
    ///
    /// OpenFlow 1.0 has no such port, the connection fails, the switch refuses, or its reply is malformed.
    pub async fn port_stats(&mut self, ofport: u32) -> Result<Vec<PortStats>, Error> {
        let version = self.version;
        let xid = self.next_xid();
        let request = port_stats::stats_request(version, xid, ofport)
            .ok_or(RequestError::NoSuchPort(ofport))?;
        self.ask(xid, &request).await?;
        self.gather(|part| match part.kind {
            multipart::PORT_STATS => port_stats::decode_stats(version, part),
            _ => Ok(Vec::new()),
        })
        .await
    }

    /// Reads the flows of the next part; `None` after the last.
    ///
    /// # Errors
    ///
    /// The connection fails, the switch refuses, or the part is no flow statistics.
    pub async fn flows(&mut self) -> Result<Option<flow_stats::Entries<'_>>, Error> {
        let version = self.version;
        match self.part().await? {
            None => Ok(None),
            Some(part) => Ok(Some(flow_stats::Entries::new(version, part)?)),
        }
    }
}

/// Requests that are sent together.
#[derive(Debug, Default)]
struct Asking {
    xids: Vec<u32>,
    requests: Vec<u8>,
}

/// What the parts of awaited replies have in their headers.
#[derive(Debug, Clone, Copy)]
struct Awaited<'a> {
    kind: u8,
    xids: &'a [u32],
}

impl Awaited<'_> {
    /// Whether this is the header of such a part with something in it.
    fn has(self, header: Header) -> bool {
        usize::from(header.length) > HEADER_LEN + 8
            && header.kind == self.kind
            && self.xids.contains(&header.xid)
    }
}

/// More ports, groups or meters than a switch can have numbers for in practice.
const GATHERED: usize = 1 << 20;

/// Messages over a stream, through one buffer that never grows.
#[derive(Debug)]
struct Connection {
    stream: Stream,
    buffer: Box<[u8]>,
    /// The received bytes not yet handed out.
    pending: Range<usize>,
    limit: Option<Duration>,
    /// When this side last began to wait, or the answer last moved on.
    since: Instant,
    /// Bytes that are written while this side reads, from `written` on.
    unsent: Vec<u8>,
    written: usize,
    /// How many of them are not replies to echo requests.
    queued: usize,
}

/// Maximum bytes of echo replies that wait behind what is queued.
const UNSENT_ECHOES: usize = 1 << 20;

/// Twice the longest message: one may lie across the middle.
const BUFFER_LEN: usize = 2 * 65_536;

impl Connection {
    fn new(stream: Stream, limit: Option<Duration>) -> Connection {
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

    fn bytes(&self, range: Range<usize>) -> &[u8] {
        self.buffer.get(range).unwrap_or_default()
    }

    /// The answer moved on: the patience begins anew.
    fn progress(&mut self) {
        self.since = Instant::now();
    }

    /// The outcome of one step, if it comes while patience lasts.
    async fn patiently<T>(
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

    async fn send(&mut self, message: &[u8]) -> Result<(), Error> {
        self.progress();
        self.write(message).await
    }

    /// Queues messages, which [`Connection::fill`] writes while it reads.
    fn queue<'m>(&mut self, messages: impl Iterator<Item = &'m [u8]>) {
        self.progress();
        messages.for_each(|message| self.unsent.extend(message));
        self.queued = self.unsent.len();
    }

    async fn write(&mut self, message: &[u8]) -> Result<(), Error> {
        let unsent = std::mem::take(&mut self.unsent);
        let unsent = unsent.get(std::mem::take(&mut self.written)..);
        let write = async {
            self.stream.write_all(unsent.unwrap_or_default()).await?;
            self.stream.write_all(message).await
        };
        Self::patiently(self.limit, self.since, write).await
    }

    /// The versions the switch allows, from the hello that must come first.
    async fn hello(&mut self) -> Result<Versions, Error> {
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
    async fn message(
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
    fn header(&self) -> Result<Option<Header>, Error> {
        if self.pending.len() < HEADER_LEN {
            return Ok(None);
        }
        Ok(Some(Header::decode(self.bytes(self.pending.clone()))?))
    }

    async fn answer_echo(&mut self, request: Range<usize>) -> Result<(), Error> {
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
    async fn fill(&mut self) -> Result<(), Error> {
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

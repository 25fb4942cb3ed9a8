//! The connection to a switch: version negotiation, echo, and multipart replies streamed through one
//! reusable buffer.

mod connection;
mod monitoring;
mod writing;

use std::collections::VecDeque;
use std::ops::Range;
use std::time::Duration;

use self::connection::{Awaited, Connection};
pub use self::writing::{Atomicity, Outbox, WriteError, Written};
use super::bytes::{Cursor, DecodeError, DecodeErrorKind};
use super::fields::Filter;
use super::messages::error::ErrorMessage;
use super::messages::flow_reply::Aggregate;
use super::messages::flow_stats::{self, Dialect, RequestError};
use super::messages::header::{self, HEADER_LEN};
use super::messages::hello;
use super::messages::multipart::{self, Part, PartHeader};
use super::messages::port_stats::{self, PortStats};
use super::messages::ports::{self, PortDesc};
use super::version::{Version, Versions};
use crate::base::saved::{NOT_IN_REPORT, not_saved};
use crate::transport::{ConnectError, Endpoint, Stream, TimedOut};

/// An error of a session.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Connecting failed.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// Timeout: no progress for this long.
    #[error(transparent)]
    TimedOut(TimedOut),
    /// The switch closed the connection.
    #[error("the switch closed the connection")]
    Closed,
    /// The switch closed the connection before it had read what was sent, or accepted the connection.
    #[error("the switch closed the connection")]
    Reset,
    /// The switch closed every connection before its hello.
    #[error("the switch closed the connection {attempts} times in {within} s, each time before its hello", within = (within.as_secs_f64() * 10.0).round() / 10.0)]
    NoHello {
        /// How many connections there were.
        attempts: u32,
        /// The time from the first connection to the close of the last.
        within: Duration,
    },
    /// I/O on the connection failed.
    #[error("the connection broke: {0}")]
    Io(std::io::Error),
    /// The peer does not speak OpenFlow.
    #[error("the other side does not speak OpenFlow")]
    NotOpenFlow,
    /// No version is allowed on both sides.
    #[error("no common OpenFlow version: the switch allows {theirs}, offered were {ours}")]
    NoCommonVersion {
        /// The offered versions.
        ours: Versions,
        /// The versions that the switch supports.
        theirs: Versions,
    },
    /// The switch replied to the negotiation or a request with an error.
    #[error("the switch refused: {0}")]
    Refused(ErrorMessage),
    /// The host is a saved one, and this was not saved of the switch.
    #[error("unknown: {NOT_IN_REPORT}{0}")]
    NotSaved(String),
    /// The switch sent a malformed message.
    #[error("the switch sent a malformed message: {0}")]
    Malformed(#[from] DecodeError),
    /// The switch sent a message of another version than the negotiated one.
    #[error("the switch sent a message of version {found:#04x} after {negotiated} was negotiated")]
    OtherVersion {
        /// The negotiated version.
        negotiated: Version,
        /// The version byte of the message.
        found: u8,
    },
    /// The switch sent another message with the transaction id of a multipart request.
    #[error("the switch replied with a message of type {kind}, which does not answer the request")]
    WrongReply {
        /// `OFPT_*`
        kind: u8,
    },
    /// A list exceeds the maximum number of entries.
    #[error("the switch's list does not end: more than {limit} {what}")]
    Endless {
        /// Maximum number of entries accepted.
        limit: usize,
        /// The plural noun for the entries: `ports`.
        what: &'static str,
    },
    /// A reply that must be of one part announces another.
    #[error("the switch's reply continues after its end")]
    GoesOn,
    /// The request is not representable in this version.
    #[error(transparent)]
    Request(#[from] RequestError),
}

impl Error {
    /// Whether the switch closed or reset the connection.
    pub fn is_closed(&self) -> bool {
        matches!(self, Error::Closed | Error::Reset)
    }
}

impl From<ErrorMessage> for Error {
    fn from(error: ErrorMessage) -> Error {
        match error.text.as_deref().and_then(not_saved) {
            Some(what) => Error::NotSaved(what.to_owned()),
            None => Error::Refused(error),
        }
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Error {
        use std::io::ErrorKind::{BrokenPipe, ConnectionReset};
        // What a close looks like to a side that was still writing.
        match error.kind() {
            BrokenPipe | ConnectionReset => Error::Reset,
            _ => Error::Io(error),
        }
    }
}

/// Which parts follow a part of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// None: it was the last.
    Nothing,
    /// More parts of the last reply, which the switch has assembled.
    Parts,
    /// More replies, which the switch may not have assembled yet.
    Replies,
}

/// A connection with a negotiated version.
#[derive(Debug)]
pub struct Session {
    connection: Connection,
    version: Version,
    /// The versions that the switch supports, from its hello.
    allowed: Versions,
    next_xid: u32,
    /// The pending requests: one, or those of a group of [`Session::ask_flows_of`].
    awaited: Vec<u32>,
    /// The requests to send when those are complete.
    queued: VecDeque<Asking>,
    /// The kind of flow request in OpenFlow 1.0.
    dialect: Dialect,
    /// The requested flows, until it is known that the switch supports the dialect.
    tried: Option<AskedFlows>,
    /// Over OpenFlow 1.0, the answer to the request to read the table of a flow mod.
    reads_tables: Option<Result<(), ErrorMessage>>,
}

/// The requested flows: of tables, group by group, or of all tables if there is no group.
#[derive(Debug, Clone)]
struct AskedFlows {
    groups: Vec<Vec<u8>>,
    filter: Filter,
}

impl Session {
    /// Connects and negotiates the highest version that is in `offer` and supported by the switch.
    ///
    /// `limit` is the timeout of each wait without progress; `None` waits for ever.
    ///
    /// # Errors
    ///
    /// Connecting fails, the connection fails, or there is no common version.
    pub async fn connect(
        endpoint: &Endpoint,
        offer: Versions,
        limit: Option<Duration>,
    ) -> Result<Session, Error> {
        let stream = endpoint.connect(limit).await?;
        Self::over(stream, offer, limit).await
    }

    /// Negotiates, like [`Session::connect`], over an established connection.
    ///
    /// # Errors
    ///
    /// The connection fails, or there is no common version.
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
            reads_tables: None,
        })
    }

    /// The negotiated version.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The versions that the switch supports, according to its hello.
    pub fn allowed(&self) -> Versions {
        self.allowed
    }

    /// The transaction id for the next request.
    pub fn next_xid(&mut self) -> u32 {
        let xid = self.next_xid;
        self.next_xid = self.next_xid.wrapping_add(1);
        xid
    }

    /// Sends a request with transaction id `xid`; [`Session::part`] returns its reply.
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

    /// Requests the flows that `filter` selects; [`Session::flows`] returns them.
    ///
    /// # Errors
    ///
    /// The connection failed, or the filter is not representable in this version.
    pub async fn ask_flows(&mut self, filter: &Filter) -> Result<(), Error> {
        self.ask_flows_of(Vec::new(), filter).await
    }

    /// [`Session::ask_flows`] of tables, group by group; the replies are returned as one.
    ///
    /// A switch assembles all requested flows before it sends the first. While it assembles those of a group, the
    /// group before is processed here. A group is requested when the one before it is complete: otherwise Open
    /// vSwitch would assemble the new reply before it sends the rest of the pending one. Tables are read one after
    /// another, so the dump is not a consistent snapshot.
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

    /// Whether an error reply may mean that the switch speaks OpenFlow 1.0 without the Nicira extension.
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

    /// Sends the next requests, if there are any.
    async fn ask_next(&mut self) -> Result<bool, Error> {
        let Some(asking) = self.queued.pop_front() else {
            return Ok(false);
        };
        self.connection.send(&asking.requests).await?;
        self.awaited = asking.xids;
        Ok(true)
    }

    /// Sends a request, reads the parts of its reply, and returns all entries that `read` decodes from them.
    ///
    /// `request` encodes the request for a version and transaction id; `None` if it is not representable.
    ///
    /// # Errors
    ///
    /// This version has no such request, the connection fails, the switch replies with an error, or `read` fails.
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

    /// All entries that `read` decodes from the parts of the reply.
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

    /// The number of flows that `filter` selects, with their packets and bytes.
    ///
    /// # Errors
    ///
    /// The connection failed, the switch replied with an error, or the filter is not representable in this version.
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

    /// The next part of the reply; `None` after the last. Messages that belong to no request are skipped.
    ///
    /// # Errors
    ///
    /// The connection failed, or the switch replied with an error or a malformed message.
    pub async fn part(&mut self) -> Result<Option<Part<'_>>, Error> {
        Ok(self.part_and_rest().await?.map(|(part, _)| part))
    }

    /// The next part of the reply, and which parts follow it; `None` after the last. A part with an empty body is
    /// skipped.
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

    /// The next message of the reply, whole as the switch sent it; `None` after the last. One without entries is
    /// skipped.
    ///
    /// # Errors
    ///
    /// See [`Session::part`].
    pub async fn part_message(&mut self) -> Result<Option<&[u8]>, Error> {
        let Some((header, body, _)) = self.next_part().await? else {
            return Ok(None);
        };
        let message = body.start.saturating_sub(header.at)..body.end;
        Ok(Some(self.connection.bytes(message)))
    }

    /// Sends a request, and returns the message that replies to it, whole. Messages that belong to no request are
    /// skipped.
    ///
    /// # Errors
    ///
    /// This version has no such request, the connection fails, or the switch replies with an error.
    pub async fn single_reply(
        &mut self,
        request: impl FnOnce(Version, u32) -> Option<Vec<u8>>,
    ) -> Result<&[u8], Error> {
        let version = self.version;
        let xid = self.next_xid();
        let request = request(version, xid).ok_or(RequestError::NotIn(version))?;
        self.ask(xid, &request).await?;
        self.awaited.clear();
        loop {
            let (header, range) = self.connection.message(None).await?;
            if header.xid != xid {
                continue;
            }
            let message = self.connection.bytes(range.clone());
            if header.kind == header::ERROR {
                return Err(Error::Refused(ErrorMessage::decode(version, message)?));
            }
            return Ok(self.connection.bytes(range));
        }
    }

    /// The header of the next part, the range of its body in the buffer, and which parts follow it.
    async fn next_part(&mut self) -> Result<Option<(PartHeader, Range<usize>, Rest)>, Error> {
        // The timeout excludes the time spent on the last part.
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
                    _ => return Err(error.into()),
                }
            }
            let Some(part) = multipart::decode(self.version, message)? else {
                return Err(Error::WrongReply { kind: header.kind });
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

    /// The descriptions of all ports; the switch truncates names to 15 bytes.
    ///
    /// # Errors
    ///
    /// The connection fails, the switch replies with an error, or its reply is malformed.
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
            // Before 1.3 the specification has the list of ports in the features reply.
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
    /// The connection fails, the switch replies with an error, or its reply is malformed.
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

    /// Requests the switch's features and returns what `read` decodes from the reply.
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
                    return Err(ErrorMessage::decode(version, message)?.into());
                }
                _ => {}
            }
        }
    }

    /// The counters of one port, or of all with [`PORT_ANY`](super::text::PORT_ANY).
    ///
    /// # Errors
    ///
    /// OpenFlow 1.0 has no such port, the connection fails, the switch replies with an error, or its reply is malformed.
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
    /// The connection fails, the switch replies with an error, or the part is not flow statistics.
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

/// Maximum number of ports, groups or meters accepted; more than a switch has in practice.
const GATHERED: usize = 1 << 20;

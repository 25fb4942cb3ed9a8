//! Messages that change the switch and have no reply: all in one bundle, or one by one. They are sent while they
//! are still being made, in chunks, and what the switch sends is read at the same time, so that full buffers on both
//! sides cannot cause a deadlock.

use std::collections::HashSet;
use std::ops::Range;

use super::{Error, Session};
use crate::openflow::bytes::DecodeError;
use crate::openflow::messages::bundle::{self, BundleStep};
use crate::openflow::messages::error::ErrorMessage;
use crate::openflow::messages::flow_mod;
use crate::openflow::messages::flow_stats::RequestError;
use crate::openflow::messages::header::{self, HEADER_LEN, Header};
use crate::openflow::messages::nicira;
use crate::openflow::version::Version;

/// How messages take effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Atomicity {
    /// Together or not at all, in one bundle (OpenFlow 1.4 and later, or the extension of 1.3).
    Bundle,
    /// One by one.
    Each,
}

/// What was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// How many messages were given to the switch.
    pub sent: usize,
    /// How many of these the switch refused; none in a bundle.
    pub refusals: usize,
    /// The refused messages by their index, from 0, each with its first error, in the order of the errors; the first
    /// 1,000 of them.
    pub refused: Vec<(usize, ErrorMessage)>,
}

impl Written {
    /// How many messages took effect.
    pub fn accepted(&self) -> usize {
        self.sent.saturating_sub(self.refusals)
    }
}

/// Why messages were not written, or not all of them.
#[derive(Debug)]
pub enum WriteError<F> {
    /// The producer failed. A bundle was discarded; without one, `written` took effect.
    Producer {
        /// The producer's error.
        error: F,
        /// What the switch had processed by then; nothing in a bundle.
        written: Written,
    },
    /// The switch refused the bundle: nothing changed.
    Refused {
        /// The index of the refused message, from 0; `None`: the error concerns the bundle itself.
        index: Option<usize>,
        /// The switch's error.
        error: ErrorMessage,
    },
    /// The message of this index does not fit into a bundle, because it is too long: nothing changed.
    TooLong {
        /// The index, from 0.
        index: usize,
    },
    /// This version has no bundles, or the switch does not support them: nothing changed.
    NoBundles(Version),
    /// The message of this index names a table, but the switch, over OpenFlow 1.0, has no messages with a table.
    /// `written` took effect.
    NoTables {
        /// The index, from 0.
        index: usize,
        /// The switch's error.
        error: ErrorMessage,
        /// What the switch had processed by then.
        written: Written,
    },
    /// The connection failed.
    Lost {
        /// The cause.
        error: Error,
        /// Whether the messages may have taken effect: the commit of the bundle, or some of the messages, was sent,
        /// and not answered. Otherwise nothing changed.
        may_have: bool,
        /// How many messages were given to the connection before it failed.
        sent: usize,
    },
}

/// Where the messages are put that are to be sent.
#[derive(Debug)]
pub struct Outbox<'s> {
    session: &'s mut Session,
    is_bundle: bool,
    /// The transaction ids of its own requests; the first is that of the open request, and the id of the bundle.
    own_xids: [u32; 4],
    /// The transaction id of the first message; the others follow.
    first_xid: u32,
    /// How many messages were put.
    count: usize,
    refused: Vec<(usize, ErrorMessage)>,
    /// The indexes of the messages that were refused.
    refused_indexes: HashSet<usize>,
    /// The error that ended the bundle. Open vSwitch drops one that is idle for 10 s; a message that is added later
    /// opens it again, without those before.
    expired: Option<ErrorMessage>,
    /// Whether messages may have taken effect.
    may_have: bool,
    end: Option<End>,
}

/// Why no more messages are sent.
#[derive(Debug)]
enum End {
    Failed(Error),
    TooLong,
    NoTables(ErrorMessage),
}

/// Size of the chunks that are written, in bytes.
const CHUNK: usize = 64 << 10;

/// Maximum number of errors that are kept.
const KEPT: usize = 1000;

impl Session {
    /// Sends the messages that `produce` puts into its [`Outbox`], while it makes them, and waits until the switch
    /// has processed them all.
    ///
    /// If it fails, or the switch refuses a message, a bundle is discarded. `produce` runs in this task: while it
    /// waits for something else than [`Outbox::put`], nothing is sent and nothing received.
    ///
    /// # Errors
    ///
    /// See [`WriteError`]. Without a bundle, messages that the switch refuses are no error: see [`Written`].
    pub async fn write<F>(
        &mut self,
        how: Atomicity,
        produce: impl AsyncFnOnce(&mut Outbox<'_>) -> Result<(), F>,
    ) -> Result<Written, WriteError<F>> {
        self.awaited.clear();
        self.queued.clear();
        self.tried = None;
        match how {
            Atomicity::Bundle => self.write_bundle(produce).await,
            Atomicity::Each => self.write_each(produce).await,
        }
    }

    async fn write_each<F>(
        &mut self,
        produce: impl AsyncFnOnce(&mut Outbox<'_>) -> Result<(), F>,
    ) -> Result<Written, WriteError<F>> {
        let mut outbox = Outbox::new(self, false);
        let produced = produce(&mut outbox).await;
        let end = match outbox.end.take() {
            Some(End::Failed(error)) => Err(error),
            end if outbox.count == 0 => Ok(end),
            end => {
                let [.., xid] = outbox.own_xids;
                outbox.barrier(xid, None).await.map(|()| end)
            }
        };
        let may_have = outbox.may_have;
        let written = outbox.written();
        match (end, produced) {
            (Err(error), _) => Err(WriteError::Lost {
                error,
                may_have,
                sent: written.sent,
            }),
            (Ok(Some(End::NoTables(error))), _) => Err(WriteError::NoTables {
                index: written.sent,
                error,
                written,
            }),
            (Ok(_), Err(error)) => Err(WriteError::Producer { error, written }),
            (Ok(_), Ok(())) => Ok(written),
        }
    }

    async fn write_bundle<F>(
        &mut self,
        produce: impl AsyncFnOnce(&mut Outbox<'_>) -> Result<(), F>,
    ) -> Result<Written, WriteError<F>> {
        let version = self.version;
        let mut outbox = Outbox::new(self, true);
        match outbox.step(BundleStep::Open).await {
            Ok(()) => {}
            Err(Error::Refused(error)) if error.is_unsupported() => {
                return Err(WriteError::NoBundles(version));
            }
            Err(Error::Request(_)) => return Err(WriteError::NoBundles(version)),
            Err(error) => return Err(outbox.failed(error)),
        }
        match outbox.collect(produce).await {
            Ok(()) => {}
            Err(lost @ WriteError::Lost { .. }) => return Err(lost),
            Err(error) => {
                // Whatever comes of it: a bundle that is not committed has no effect.
                let _ = outbox.step(BundleStep::Discard).await;
                return Err(error);
            }
        }
        outbox.may_have = true;
        match outbox.step(BundleStep::Commit).await {
            Ok(()) => Ok(outbox.written()),
            Err(error) => Err(outbox.failed(error)),
        }
    }
}

impl<'s> Outbox<'s> {
    fn new(session: &'s mut Session, is_bundle: bool) -> Outbox<'s> {
        Outbox {
            own_xids: std::array::from_fn(|_| session.next_xid()),
            first_xid: session.next_xid,
            session,
            is_bundle,
            count: 0,
            refused: Vec::new(),
            refused_indexes: HashSet::new(),
            expired: None,
            may_have: false,
            end: None,
        }
    }

    /// The version of the messages.
    pub fn version(&self) -> Version {
        self.session.version
    }

    /// How many messages were put: the index of the next.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Puts the whole message that `encode` returns for a transaction id, in the version of the session.
    ///
    /// Returns whether more can be put: not after an error of the switch or the connection. Messages of a bundle are
    /// then not even encoded; others are, and sent, unless the connection failed.
    ///
    /// # Errors
    ///
    /// That of `encode`.
    pub async fn put<F>(
        &mut self,
        encode: impl FnOnce(u32) -> Result<Vec<u8>, F>,
    ) -> Result<bool, F> {
        if self.end.is_some() || self.is_bundle && self.is_refused() {
            return Ok(false);
        }
        let xid = self.session.next_xid;
        let message = encode(xid)?;
        if let Err(end) = self.put_message(xid, message).await {
            self.end = Some(end);
        }
        Ok(self.end.is_none() && !self.is_refused())
    }

    async fn put_message(&mut self, xid: u32, mut message: Vec<u8>) -> Result<(), End> {
        let version = self.version();
        if let Some(field) = message.get_mut(4..HEADER_LEN) {
            field.copy_from_slice(&xid.to_be_bytes());
        }
        if version == Version::V10
            && let Some(table) = flow_mod::table_v10(&mut message)
        {
            self.enable_tables(table).await?;
        }
        let connection = &mut self.session.connection;
        if self.is_bundle {
            let [id, ..] = self.own_xids;
            connection
                .queue(|out| bundle::put_add(version, xid, id, &message, out))
                .ok_or(End::TooLong)?;
        } else {
            connection.queue(|out| out.extend_from_slice(&message));
        }
        self.session.next_xid = xid.wrapping_add(1);
        self.count += 1;
        if self.session.connection.unwritten() >= CHUNK {
            self.flush().await.map_err(End::Failed)?;
        }
        Ok(())
    }

    /// Lets the switch read `table` in a flow mod of OpenFlow 1.0; where it cannot, `table` must select all.
    async fn enable_tables(&mut self, table: &mut u8) -> Result<(), End> {
        const ALL: u8 = 0xff;
        if self.session.reads_tables.is_none() {
            let [xid, barrier, ..] = self.own_xids;
            self.session.reads_tables = Some(match self.ask_for_tables(xid, barrier).await {
                Ok(()) => Ok(()),
                Err(Error::Refused(error)) => Err(error),
                Err(error) => return Err(End::Failed(error)),
            });
        }
        match &self.session.reads_tables {
            Some(Err(_)) if *table == ALL => *table = 0,
            Some(Err(error)) => return Err(End::NoTables(error.clone())),
            _ => {}
        }
        Ok(())
    }

    async fn ask_for_tables(&mut self, xid: u32, barrier: u32) -> Result<(), Error> {
        let request = nicira::flow_mod_table_id(self.version(), xid);
        let request = request.ok_or(RequestError::NotIn(self.version()))?;
        self.session.connection.queue(|out| out.extend(request));
        self.barrier(barrier, Some(xid)).await
    }

    /// Writes all that is queued, and reads what has arrived.
    async fn flush(&mut self) -> Result<(), Error> {
        self.session.connection.progress();
        self.read_received().await?;
        while self.session.connection.is_unsent() {
            self.fill().await?;
            self.read_received().await?;
        }
        self.session.connection.read_arrived().await?;
        self.read_received().await
    }

    async fn fill(&mut self) -> Result<(), Error> {
        let connection = &mut self.session.connection;
        let unwritten = connection.unwritten();
        let filled = connection.fill().await;
        // Of a bundle only the commit has an effect.
        self.may_have |= !self.is_bundle && connection.unwritten() < unwritten;
        filled
    }

    /// Reads the messages that are received already.
    async fn read_received(&mut self) -> Result<(), Error> {
        while let Some((header, range)) = self.session.connection.received().await? {
            self.note(header, range)?;
        }
        Ok(())
    }

    /// Notes the refusal of a message; other messages have nothing to do with these.
    fn note(&mut self, header: Header, range: Range<usize>) -> Result<(), Error> {
        let index = header.xid.wrapping_sub(self.first_xid) as usize;
        let is_of_bundle = self.is_bundle && self.own_xids.contains(&header.xid);
        if header.kind != header::ERROR || index >= self.count && !is_of_bundle {
            return Ok(());
        }
        let message = self.session.connection.bytes(range);
        let error = ErrorMessage::decode(self.session.version, message)?;
        if is_of_bundle {
            self.expired.get_or_insert(error);
            return Ok(());
        }
        // One error each: a switch that goes on sending them must not fill the memory.
        if self.refused_indexes.insert(index) {
            if self.refused.len() < KEPT {
                self.refused.push((index, error));
            }
            self.session.connection.progress();
        }
        Ok(())
    }

    /// Waits until the switch has processed all messages; an error about the message `asked` is returned.
    async fn barrier(&mut self, xid: u32, asked: Option<u32>) -> Result<(), Error> {
        let version = self.version();
        let kind = header::barrier_request_type(version);
        let request = header::message(version, kind, xid, |_| ());
        let request = request.ok_or(RequestError::TooLong)?;
        self.session.connection.queue(|out| out.extend(request));
        let mut refused = None;
        self.reply_to(xid, |header, message| {
            if header.kind == header::ERROR && Some(header.xid) == asked {
                refused.get_or_insert(ErrorMessage::decode(version, message)?);
            }
            Ok(header.kind == kind + 1)
        })
        .await?;
        refused.map_or(Ok(()), |error| Err(Error::Refused(error)))
    }

    /// Takes a step of the bundle, and waits until the switch has taken it.
    async fn step(&mut self, step: BundleStep) -> Result<(), Error> {
        let version = self.version();
        let [id, _, commit, discard] = self.own_xids;
        let xid = match step {
            BundleStep::Open => id,
            BundleStep::Commit => commit,
            BundleStep::Discard => discard,
        };
        let request = bundle::control(version, xid, id, step);
        let request = request.ok_or(RequestError::NotIn(version))?;
        self.session.connection.queue(|out| out.extend(request));
        self.reply_to(xid, |_, message| bundle::is_reply(version, message, step))
            .await
    }

    /// Waits for the reply to the request `xid`, which is queued: the message of that number for which `is_reply`
    /// is true. It sees those of other numbers, too.
    async fn reply_to(
        &mut self,
        xid: u32,
        mut is_reply: impl FnMut(Header, &[u8]) -> Result<bool, DecodeError>,
    ) -> Result<(), Error> {
        let version = self.version();
        self.session.connection.progress();
        loop {
            while let Some((header, range)) = self.session.connection.received().await? {
                let message = self.session.connection.bytes(range.clone());
                let is_reply = is_reply(header, message)?;
                if header.xid != xid {
                    self.note(header, range)?;
                } else if header.kind == header::ERROR {
                    return Err(Error::Refused(ErrorMessage::decode(version, message)?));
                } else if is_reply {
                    return Ok(());
                }
            }
            self.fill().await?;
        }
    }

    /// Fills the bundle, and waits until the switch has taken all its messages.
    async fn collect<F>(
        &mut self,
        produce: impl AsyncFnOnce(&mut Outbox<'_>) -> Result<(), F>,
    ) -> Result<(), WriteError<F>> {
        let produced = produce(self).await;
        match self.end.take() {
            Some(End::Failed(error)) => return Err(self.failed(error)),
            Some(End::TooLong) => return Err(WriteError::TooLong { index: self.count }),
            Some(End::NoTables(_)) | None => {}
        }
        if !self.is_refused() {
            produced.map_err(|error| WriteError::Producer {
                error,
                written: Written::default(),
            })?;
            let [_, barrier, ..] = self.own_xids;
            let processed = self.barrier(barrier, None).await;
            processed.map_err(|error| self.failed(error))?;
        }
        self.refusal().map_or(Ok(()), Err)
    }

    /// The refusal of the bundle: the error of the switch about it, else that about the first refused message.
    fn refusal<F>(&self) -> Option<WriteError<F>> {
        let of_bundle = self.expired.clone().map(|error| (None, error));
        let of_message = self.refused.first().cloned();
        let of_message = of_message.map(|(index, error)| (Some(index), error));
        let (index, error) = of_bundle.or(of_message)?;
        Some(WriteError::Refused { index, error })
    }

    /// The failure of a bundle: its refusal, else this error.
    fn failed<F>(&self, error: Error) -> WriteError<F> {
        match (self.refusal(), error) {
            (Some(refusal), _) => refusal,
            (None, Error::Refused(error)) => WriteError::Refused { index: None, error },
            (None, error) => WriteError::Lost {
                error,
                may_have: self.may_have,
                sent: self.count,
            },
        }
    }

    /// Whether the switch refused a message, or the bundle.
    fn is_refused(&self) -> bool {
        self.expired.is_some() || !self.refused.is_empty()
    }

    fn written(&self) -> Written {
        Written {
            sent: self.count,
            refusals: self.refused_indexes.len(),
            refused: self.refused.clone(),
        }
    }
}

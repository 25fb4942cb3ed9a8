//! A bridge of a saved host, served as the switch did, for clients that read: the messages that were saved, or those of
//! their entries that a request selects.

use std::cell::OnceCell;
use std::io::{self, BufRead as _, BufReader, BufWriter, Read as _, Write as _};
use std::os::unix::net::UnixStream;

use super::selection::{FlowSelection, Selection, TableSet, entries_of};
use crate::base::saved::NOT_IN_REPORT;
use crate::openflow::messages::codec::{At, NICIRA};
use crate::openflow::messages::error::ErrorMessage;
use crate::openflow::messages::header::{self, HEADER_LEN, Header};
use crate::openflow::messages::{Body, Decoded, hello, multipart};
use crate::openflow::version::Version;
use crate::source::saved::{Part, PartSource, Report, SavedHost, SavedSwitch};

/// Size of the buffer for replies, in bytes.
const BUFFER: usize = 256 * 1024;

/// Maximum length of the text of an error, in bytes.
const MAX_TEXT: usize = 4096;

/// `OFPET_HELLO_FAILED`, the error that has a text.
const TEXT_ERROR: [u8; 4] = [0; 4];

/// Replies to the requests of a client.
///
/// # Errors
///
/// The connection fails, or the other side does not speak OpenFlow.
pub(super) fn serve(stream: UnixStream, host: &SavedHost, bridge: &str) -> io::Result<()> {
    let switch = host.report.switches.get(bridge);
    let mut reader = BufReader::new(stream.try_clone()?);
    let out = BufWriter::with_capacity(BUFFER, stream);
    let greeting = message(&mut reader)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    let offer = hello::decode(&greeting).map_err(io::Error::other)?;
    // What was saved in another version was not saved in those that are offered.
    let usable = switch.filter(|switch| offer.contains(switch.version));
    let allowed = match usable {
        Some(switch) => [switch.version].into_iter().collect(),
        None => offer,
    };
    let place = match switch {
        Some(switch) if usable.is_none() => format!(
            "{bridge} over {} (of each bridge one version is read, of this one {})",
            offer.spans(),
            switch.version
        ),
        _ => bridge.to_owned(),
    };
    let mut player = Player {
        bridge,
        place: &place,
        report: &host.report,
        switch: usable,
        version: allowed.highest().unwrap_or(Version::V15),
        tables: OnceCell::new(),
        out,
    };
    player.put(&hello::encode(allowed, 1).ok_or(io::ErrorKind::InvalidData)?)?;
    loop {
        // Flush before waiting for the next request.
        if reader.buffer().is_empty() {
            player.out.flush()?;
            if reader.fill_buf()?.is_empty() {
                return Ok(());
            }
        }
        match message(&mut reader)? {
            Some(request) => player.answer(&request)?,
            None => return Ok(()),
        }
    }
}

/// The next message; `None` at the end.
fn message(reader: &mut BufReader<UnixStream>) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = vec![0; HEADER_LEN];
    match reader.read_exact(&mut bytes) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    }
    let header = Header::decode(&bytes).map_err(io::Error::other)?;
    let body = usize::from(header.length) - HEADER_LEN;
    reader.take(body as u64).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// A connection to a bridge.
struct Player<'h> {
    bridge: &'h str,
    /// The bridge, for messages.
    place: &'h str,
    report: &'h Report,
    /// `None`: nothing was saved of it.
    switch: Option<&'h SavedSwitch>,
    version: Version,
    /// The tables of each message with flows; read when flows of one table are asked for.
    tables: OnceCell<Vec<TableSet>>,
    out: BufWriter<UnixStream>,
}

impl Player<'_> {
    fn put(&mut self, message: &[u8]) -> io::Result<()> {
        self.out.write_all(message)
    }

    fn answer(&mut self, request: &[u8]) -> io::Result<()> {
        let version = self.version;
        let decoded = Decoded::decode(request).map_err(io::Error::other)?;
        let (kind, xid) = (decoded.header().kind, decoded.header().xid);
        let barrier = header::barrier_request_type(version);
        match (decoded.at(), kind) {
            (_, header::HELLO | header::ECHO_REPLY | header::ERROR) => Ok(()),
            (_, header::ECHO_REQUEST) => {
                let body = request.get(HEADER_LEN..).unwrap_or_default();
                self.reply(header::ECHO_REPLY, xid, body)
            }
            (_, kind) if kind == barrier => self.reply(barrier + 1, xid, &[]),
            (_, header::FEATURES_REQUEST) => self.put_single(Part::Features, "features", xid),
            // NXT_TLV_TABLE_REQUEST
            (Some(At::Vendor(NICIRA, 25)), _) => {
                self.put_single(Part::TlvMap, "map of tunnel options", xid)
            }
            (Some(at @ (At::Request(_) | At::VendorRequest(NICIRA, _))), _) => match question(at) {
                Some(question) => self.put_parts(question, &decoded, xid),
                None => self.refuse(xid, "OFPBRC_BAD_STAT"),
            },
            _ => self.put_text_error(xid, "a saved host is not changed"),
        }
    }

    /// A message that is not an answer from the report.
    fn reply(&mut self, kind: u8, xid: u32, body: &[u8]) -> io::Result<()> {
        let message = header::message(self.version, kind, xid, |out| out.extend(body));
        // Without a reply the client would wait: the connection ends instead.
        self.put(&message.ok_or(io::ErrorKind::InvalidData)?)
    }

    /// Refuses a request with an error of the switch.
    fn refuse(&mut self, xid: u32, name: &str) -> io::Result<()> {
        let error = ErrorMessage::named(self.version, name);
        let numbers = error.map_or((0, 0), |error| (error.kind, error.code));
        let body = [numbers.0.to_be_bytes(), numbers.1.to_be_bytes()].concat();
        self.reply(header::ERROR, xid, &body)
    }

    /// An error with a text.
    fn put_text_error(&mut self, xid: u32, text: &str) -> io::Result<()> {
        let text = text.as_bytes();
        let text = text.get(..MAX_TEXT).unwrap_or(text);
        self.reply(header::ERROR, xid, &[&TEXT_ERROR, text].concat())
    }

    /// What was asked for was not saved.
    fn put_not_saved(&mut self, part: Part, what: &str, xid: u32) -> io::Result<()> {
        let what = format!("{what} of {}", self.place);
        let part = Some(part.name());
        let report = self.report;
        let what = report.missing_words(&what, PartSource::Switch, self.bridge, part);
        let text = format!("{NOT_IN_REPORT}{what}");
        self.put_text_error(xid, &text)
    }

    fn saved(&self, part: Part) -> Option<&[Vec<u8>]> {
        Some(self.switch?.parts.get(&part)?)
    }

    /// Replies with the one message of a part.
    fn put_single(&mut self, part: Part, what: &str, xid: u32) -> io::Result<()> {
        let saved = self.saved(part).and_then(<[_]>::first);
        match saved.and_then(|message| stamped(message, self.version, xid, None)) {
            Some(message) => self.put(&message),
            None => self.put_not_saved(part, what, xid),
        }
    }

    /// Replies to a multipart request.
    fn put_parts(&mut self, question: Question, request: &Decoded<'_>, xid: u32) -> io::Result<()> {
        let version = self.version;
        let switch = self.switch;
        let Some(saved) = switch.and_then(|switch| switch.parts.get(&question.part)) else {
            // Before OpenFlow 1.3 the ports may be in the features only.
            let elsewhere = question.part == Part::Ports
                && version < Version::V13
                && self.saved(Part::Features).is_some();
            return if elsewhere {
                self.refuse(xid, "OFPBRC_BAD_STAT")
            } else {
                self.put_not_saved(question.part, question.what, xid)
            };
        };
        let Some(body) = request.body() else {
            return self.refuse(xid, "OFPBRC_BAD_LEN");
        };
        let selection = Selection::of(body);
        if let Selection::Flows(filter) = &selection
            && filter.is_of_hidden_table()
            && !saved
                .iter()
                .any(|message| filter.selects_any(version, message))
        {
            let what = format!("flows of table {}", filter.table);
            return self.put_not_saved(question.part, &what, xid);
        }
        if let (true, Body::FlowRequest(filter)) = (question.is_aggregate, body) {
            let totals = FlowSelection::new(filter).totals(version, saved);
            return self.put_last(multipart::AGGREGATE, xid, &totals);
        }
        let is_of_meters = matches!(question.part, Part::Meters | Part::MeterStats);
        let mut is_selected = false;
        for (index, message) in saved.iter().enumerate() {
            if let Selection::Flows(filter) = &selection
                && filter.is_of_one_table()
            {
                let tables = self.tables.get_or_init(|| {
                    let tables = saved.iter().map(|message| TableSet::of(version, message));
                    tables.collect()
                });
                if tables
                    .get(index)
                    .is_some_and(|tables| !filter.is_of(tables))
                {
                    continue;
                }
            }
            if matches!(selection, Selection::All) {
                let more = index + 1 < saved.len();
                let message = stamped(message, version, xid, Some(more));
                // The reply is complete once its last message is sent.
                is_selected = !more && message.is_some();
                if let Some(message) = message {
                    self.put(&message)?;
                }
                continue;
            }
            if let Some(message) = entries_of(version, question.part, message, &selection)
                && let Some(message) = stamped(&message, version, xid, Some(true))
            {
                self.put(&message)?;
                is_selected = true;
            }
        }
        match selection {
            Selection::All if is_selected => Ok(()),
            Selection::Number(_) if !is_selected && is_of_meters => {
                self.refuse(xid, "OFPMMFC_UNKNOWN_METER")
            }
            _ => self.put_last(question.kind, xid, &[]),
        }
    }

    /// The last part of a multipart reply.
    fn put_last(&mut self, kind: u16, xid: u32, body: &[u8]) -> io::Result<()> {
        let version = self.version;
        let reply_type = header::multipart_request_type(version) + 1;
        let mut part = Vec::with_capacity(8 + body.len());
        part.extend(kind.to_be_bytes());
        part.extend([0; 2]);
        if version > Version::V10 {
            part.extend([0; 4]);
        }
        part.extend(body);
        self.reply(reply_type, xid, &part)
    }
}

/// A multipart request.
#[derive(Debug, Clone, Copy)]
struct Question {
    /// The part of the report that answers it.
    part: Part,
    /// `OFPMP_*`
    kind: u16,
    /// What it asks for, in the plural.
    what: &'static str,
    is_aggregate: bool,
}

/// The question of a multipart request; `None` if nothing like it is saved.
fn question(at: At) -> Option<Question> {
    let is_aggregate = matches!(
        at,
        At::Request(multipart::AGGREGATE) | At::VendorRequest(_, 1)
    );
    let part = if is_aggregate {
        Part::Flows
    } else {
        Part::of(at)?
    };
    let (kind, what) = match part {
        Part::Flows => (multipart::FLOW, "flows"),
        Part::Groups => (multipart::GROUP_DESC, "groups"),
        Part::GroupStats => (multipart::GROUP_STATS, "group statistics"),
        Part::Meters => (multipart::METER_CONFIG, "meters"),
        Part::MeterStats => (multipart::METER_STATS, "meter statistics"),
        Part::Ports => (multipart::PORT_DESC, "ports"),
        Part::PortStats => (multipart::PORT_STATS, "port statistics"),
        Part::TableStats => (multipart::TABLE_STATS, "table statistics"),
        Part::TableFeatures => (multipart::TABLE_FEATURES, "table features"),
        Part::TableDescs => (multipart::TABLE_DESC, "table settings"),
        Part::Features | Part::TlvMap => return None,
    };
    Some(Question {
        part,
        kind,
        what,
        is_aggregate,
    })
}

/// A saved message with the version, length and transaction id of a reply, and for a multipart message whether another
/// follows. `None` if it is shorter than its header, or too long.
fn stamped(message: &[u8], version: Version, xid: u32, more: Option<bool>) -> Option<Vec<u8>> {
    let mut bytes = message.to_vec();
    let length = u16::try_from(bytes.len()).ok()?;
    let header = bytes.get_mut(..HEADER_LEN)?;
    header.first_mut().map(|byte| *byte = version as u8)?;
    header.get_mut(2..4)?.copy_from_slice(&length.to_be_bytes());
    header.get_mut(4..8)?.copy_from_slice(&xid.to_be_bytes());
    if let Some(more) = more {
        let header = bytes.get_mut(HEADER_LEN..multipart::header_len(version))?;
        header
            .get_mut(2..4)?
            .copy_from_slice(&u16::from(more).to_be_bytes());
    }
    Some(bytes)
}

//! Flow statistics: the request and the entries of the reply, in every version's layout.
//!
//! | version | request | entry of the reply |
//! |---|---|---|
//! | 1.0 with the Nicira extension | `NXST_FLOW`, NXM match | `nx_flow_stats`: ages, NXM match, actions |
//! | 1.0 without | `OFPST_FLOW`, fixed match | `ofp_flow_stats`, fixed match, actions |
//! | 1.1 | `OFPST_FLOW`, standard match | 48 bytes, match, instructions |
//! | 1.2 to 1.4 | `OFPMP_FLOW`, OXM | the same; flags since 1.3, importance since 1.4 |
//! | 1.5 | `OFPMP_FLOW_DESC`, OXM | 24 bytes, match, OXS statistics, instructions |
//!
//! Sources: OpenFlow 1.0.0 §5.3.5, 1.1.0 §A.3.5.2, 1.5.1 §7.3.5.2; the Nicira layout as
//! ovs-vswitchd sends it.

use std::ops::Deref;

use super::members::{MATCH_OXM, counted, pad};
use super::multipart::{self, Part};
use super::tables::ALL_TABLES;
use crate::openflow::actions::{ActionList, ListForm};
use crate::openflow::bytes::{Cursor, DecodeError, DecodeErrorKind, be_number};
use crate::openflow::fields::{Filter, Id, Match, V10_MATCH_BYTES};
use crate::openflow::flow_entry::FlowEntry;
use crate::openflow::text::{PORT_ANY, port_to_v10};
use crate::openflow::version::Version;

/// `NXST_FLOW`
pub(super) const NICIRA_FLOW: u32 = 0;
/// `NXST_AGGREGATE`
pub(super) const NICIRA_AGGREGATE: u32 = 1;
/// The header of `NXM_NX_COOKIE` with a mask, by which an NXM request selects cookies
const NXM_COOKIE_MASKED: [u8; 4] = [0x00, 0x01, 30 << 1 | 1, 16];
/// `OFPXSC_OPENFLOW_BASIC`
const OPENFLOW_BASIC: u16 = 0x8002;

/// The kind of flow request in OpenFlow 1.0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// The Nicira extension where the version is 1.0; nothing special otherwise.
    Nicira,
    /// The fixed match, for switches that do not know the extension.
    Plain,
}

/// A request that cannot be encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// A port number above 65,279 that is not reserved.
    #[error("port {0} has no number in OpenFlow 1.0")]
    NoSuchPort(u32),
    /// A filter that OpenFlow 1.0 without the Nicira extension cannot represent.
    #[error(
        "the switch speaks OpenFlow 1.0 without the Nicira extension, which cannot choose by {0}"
    )]
    NotWithoutNicira(&'static str),
    /// A filter by group.
    #[error("OpenFlow 1.0 has no groups: flows cannot be chosen by out_group")]
    NoGroups,
    /// A request that this version does not have.
    #[error("{0} has no such request")]
    NotIn(Version),
    /// The request exceeds the maximum length of a message.
    #[error("the match does not fit an OpenFlow message")]
    TooLong,
}

/// The numbers of a request: for the flows, or for their totals.
#[derive(Debug, Clone, Copy)]
struct Question {
    /// `OFPMP_*`
    kind: u16,
    /// `NXST_*`
    nicira: u32,
}

const EACH: Question = Question {
    kind: multipart::FLOW,
    nicira: NICIRA_FLOW,
};

const TOTAL: Question = Question {
    kind: multipart::AGGREGATE,
    nicira: NICIRA_AGGREGATE,
};

/// A request for the flows that `filter` selects.
///
/// # Errors
///
/// The filter is not representable in this version, or the request is too long.
pub fn request(
    version: Version,
    dialect: Dialect,
    xid: u32,
    filter: &Filter,
) -> Result<Vec<u8>, RequestError> {
    question(EACH, version, dialect, xid, filter)
}

/// A request for the number of flows that `filter` selects, and their totals.
///
/// # Errors
///
/// As [`request`].
pub fn aggregate_request(
    version: Version,
    dialect: Dialect,
    xid: u32,
    filter: &Filter,
) -> Result<Vec<u8>, RequestError> {
    question(TOTAL, version, dialect, xid, filter)
}

fn question(
    question: Question,
    version: Version,
    dialect: Dialect,
    xid: u32,
    filter: &Filter,
) -> Result<Vec<u8>, RequestError> {
    let table = filter.table.unwrap_or(ALL_TABLES);
    let out_port = filter.out_port.unwrap_or(PORT_ANY);
    let request = match (version, dialect) {
        (Version::V10, _) => {
            if filter.out_group.is_some() {
                return Err(RequestError::NoGroups);
            }
            let narrow = |port| port_to_v10(port).ok_or(RequestError::NoSuchPort(port));
            let out_port = narrow(out_port)?;
            if let Some((in_port, _)) = filter.fields.value(Id::IN_PORT_OXM) {
                narrow(be_number(in_port) as u32)?;
            }
            match dialect {
                Dialect::Nicira => nicira_request(question, xid, filter, table, out_port),
                Dialect::Plain => v10_request(question, xid, filter, table, out_port)?,
            }
        }
        _ => v11_request(question, version, xid, filter, table, out_port),
    };
    request.ok_or(RequestError::TooLong)
}

fn nicira_request(
    question: Question,
    xid: u32,
    filter: &Filter,
    table: u8,
    out_port: u16,
) -> Option<Vec<u8>> {
    let mut fields = filter.fields.encode(Version::V10);
    if let Some((cookie, mask)) = filter.cookie {
        fields.extend(NXM_COOKIE_MASKED);
        fields.extend(cookie.to_be_bytes());
        fields.extend(mask.to_be_bytes());
    }
    let match_len = u16::try_from(fields.len()).ok()?;
    multipart::nicira_request(question.nicira, xid, |out| {
        out.extend(out_port.to_be_bytes());
        out.extend(match_len.to_be_bytes());
        out.extend([table, 0, 0, 0]);
        out.extend(&fields);
        pad(out, fields.len());
    })
}

fn v10_request(
    question: Question,
    xid: u32,
    filter: &Filter,
    table: u8,
    out_port: u16,
) -> Result<Option<Vec<u8>>, RequestError> {
    if filter.cookie.is_some() {
        return Err(RequestError::NotWithoutNicira("cookie"));
    }
    let fixed = filter.fields.fixed_v10();
    let fixed = fixed.ok_or(RequestError::NotWithoutNicira("these match fields"))?;
    let body = |out: &mut Vec<u8>| {
        out.extend(fixed);
        out.extend([table, 0]);
        out.extend(out_port.to_be_bytes());
    };
    Ok(multipart::request(Version::V10, question.kind, xid, body))
}

fn v11_request(
    question: Question,
    version: Version,
    xid: u32,
    filter: &Filter,
    table: u8,
    out_port: u32,
) -> Option<Vec<u8>> {
    let fields = filter.fields.encode(version);
    let match_len = u16::try_from(fields.len()).ok()?.checked_add(4)?;
    let (cookie, mask) = filter.cookie.unwrap_or((0, 0));
    multipart::request(version, question.kind, xid, |out| {
        out.extend([table, 0, 0, 0]);
        out.extend(out_port.to_be_bytes());
        out.extend(filter.out_group.unwrap_or(u32::MAX).to_be_bytes());
        out.extend([0; 4]);
        out.extend(cookie.to_be_bytes());
        out.extend(mask.to_be_bytes());
        if version == Version::V11 {
            // Encoded with its header and padding.
            out.extend(&fields);
        } else {
            out.extend(MATCH_OXM.to_be_bytes());
            out.extend(match_len.to_be_bytes());
            out.extend(&fields);
            pad(out, match_len.into());
        }
    })
}

/// One flow of a reply: a view over the message.
#[derive(Debug, Clone)]
pub struct FlowStats<'a> {
    /// The flow; its members are accessible on this struct by `Deref`.
    pub entry: FlowEntry<'a>,
    /// Seconds the flow has been in the table.
    pub duration_sec: u32,
    /// Nanoseconds beyond `duration_sec`.
    pub duration_nsec: u32,
    /// Seconds since the last packet, where the switch says.
    pub idle_age: Option<u32>,
    /// Seconds since the last change, where the switch says.
    pub hard_age: Option<u32>,
    /// Packets; `None` where the switch does not count them.
    pub packet_count: Option<u64>,
    /// Bytes; `None` where the switch does not count them.
    pub byte_count: Option<u64>,
}

impl<'a> FlowStats<'a> {
    /// A flow whose statistics are not known.
    pub fn without_stats(entry: FlowEntry<'a>) -> FlowStats<'a> {
        FlowStats {
            entry,
            duration_sec: 0,
            duration_nsec: 0,
            idle_age: None,
            hard_age: None,
            packet_count: None,
            byte_count: None,
        }
    }

    /// Whether anything is known of its age and its packets.
    pub fn has_statistics(&self) -> bool {
        let is_new = (self.duration_sec, self.duration_nsec) == (0, 0);
        !is_new || self.packet_count.is_some() || self.byte_count.is_some()
    }
}

impl<'a> Deref for FlowStats<'a> {
    type Target = FlowEntry<'a>;

    fn deref(&self) -> &FlowEntry<'a> {
        &self.entry
    }
}

/// Buffer for the translation of a fixed match, reused from flow to flow.
pub type Scratch = Vec<u8>;

/// Reads the flows of one part of a reply, one after the other.
#[derive(Debug, Clone)]
pub struct Entries<'a> {
    form: EntryForm,
    body: Cursor<'a>,
}

/// The layout of a flow entry; the same for all parts of a reply.
#[derive(Debug, Clone, Copy)]
pub struct EntryForm {
    version: Version,
    layout: Layout,
}

impl EntryForm {
    /// Reads one flow; `scratch` is overwritten.
    ///
    /// # Errors
    ///
    /// The entry ends early, or a length or its match is wrong.
    pub fn decode<'s>(
        self,
        entry: Cursor<'s>,
        scratch: &'s mut Scratch,
    ) -> Result<FlowStats<'s>, DecodeError> {
        match self.layout {
            Layout::V15 => v15_entry(entry),
            layout => early_entry(layout, self.version, entry, scratch),
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Layout {
    V10,
    Nicira,
    V11,
    V15,
}

impl<'a> Entries<'a> {
    /// The entries of a part.
    ///
    /// # Errors
    ///
    /// The part is not flow statistics.
    pub fn new(version: Version, part: Part<'a>) -> Result<Entries<'a>, DecodeError> {
        let body = part.expect(version, multipart::FLOW, NICIRA_FLOW)?;
        Ok(Entries::of_body(
            version,
            part.kind == multipart::VENDOR,
            body,
        ))
    }

    /// The entries of a body, in OpenFlow 1.0 of the Nicira extension if `is_nicira`.
    pub(super) fn of_body(version: Version, is_nicira: bool, body: Cursor<'a>) -> Entries<'a> {
        let layout = match version {
            Version::V10 if is_nicira => Layout::Nicira,
            Version::V10 => Layout::V10,
            Version::V15 => Layout::V15,
            _ => Layout::V11,
        };
        Entries {
            form: EntryForm { version, layout },
            body,
        }
    }

    /// The layout of the entries, to read them from [`Entries::next_bytes`].
    pub fn form(&self) -> EntryForm {
        self.form
    }

    /// The bytes of the next flow, not decoded; the cursor counts from the start of the message.
    pub fn next_bytes(&mut self) -> Option<Result<Cursor<'a>, DecodeError>> {
        if self.body.is_empty() {
            return None;
        }
        let what = ("flow entry length", "flow entry");
        let entry = self.body.sized(0, 8, what);
        if entry.is_err() {
            self.body = Cursor::new(&[], self.body.at());
        }
        Some(entry)
    }

    /// The next flow; `scratch` is overwritten.
    ///
    /// The length of the entry is checked first: after an error inside an entry the next call continues after
    /// that entry; after an error of the length itself there is no next entry.
    pub fn next_entry<'s>(
        &mut self,
        scratch: &'s mut Scratch,
    ) -> Option<Result<FlowStats<'s>, DecodeError>>
    where
        'a: 's,
    {
        Some(match self.next_bytes()? {
            Ok(entry) => self.form.decode(entry, scratch),
            Err(error) => Err(error),
        })
    }
}

/// An entry of 1.0 to 1.4: all begin with 40 bytes, of which only six differ between the layouts.
fn early_entry<'s>(
    layout: Layout,
    version: Version,
    mut entry: Cursor<'s>,
    scratch: &'s mut Scratch,
) -> Result<FlowStats<'s>, DecodeError> {
    entry.skip(2, "flow entry length")?;
    let table_id = entry.u8("table_id")?;
    entry.skip(1, "padding")?;
    let mut fixed = match layout {
        Layout::V10 => entry.sub(V10_MATCH_BYTES, "match")?,
        _ => Cursor::new(&[], entry.at()),
    };
    let duration_sec = entry.u32("duration_sec")?;
    let duration_nsec = entry.u32("duration_nsec")?;
    let priority = entry.u16("priority")?;
    let idle_timeout = entry.u16("idle_timeout")?;
    let hard_timeout = entry.u16("hard_timeout")?;
    // The length of an NXM match, or flags and importance since 1.1.
    let first = entry.u16("match_len")?;
    let second = entry.u16("idle_age")?;
    let third = entry.u16("hard_age")?;
    let cookie = entry.u64("cookie")?;
    let packet_count = entry.u64("packet_count")?;
    let byte_count = entry.u64("byte_count")?;
    let (mut ages, mut flags, mut importance) = ((None, None), 0, 0);
    let (fields, form) = match layout {
        Layout::Nicira => {
            // Ages are sent plus one; zero means that the switch does not know.
            let age = |age: u16| age.checked_sub(1).map(u32::from);
            ages = (age(second), age(third));
            let fields = Match::decode_nxm(&mut entry, first.into())?;
            (fields, ListForm::Actions)
        }
        Layout::V10 => (Match::decode_v10(&mut fixed, scratch)?, ListForm::Actions),
        Layout::V11 | Layout::V15 => {
            if version >= Version::V13 {
                flags = first;
            }
            if version >= Version::V14 {
                importance = second;
            }
            (
                Match::decode_v11(&mut entry, scratch)?,
                ListForm::Instructions,
            )
        }
    };
    Ok(FlowStats {
        duration_sec,
        duration_nsec,
        idle_age: ages.0,
        hard_age: ages.1,
        packet_count: counted(packet_count),
        byte_count: counted(byte_count),
        entry: FlowEntry {
            table_id,
            priority,
            idle_timeout,
            hard_timeout,
            flags,
            importance,
            cookie,
            fields,
            actions: ActionList::new(entry.rest(), entry.at(), version, form),
        },
    })
}

fn v15_entry(mut entry: Cursor<'_>) -> Result<FlowStats<'_>, DecodeError> {
    entry.skip(4, "flow entry length")?;
    let table_id = entry.u8("table_id")?;
    entry.skip(1, "padding")?;
    let priority = entry.u16("priority")?;
    let idle_timeout = entry.u16("idle_timeout")?;
    let hard_timeout = entry.u16("hard_timeout")?;
    let flags = entry.u16("flags")?;
    let importance = entry.u16("importance")?;
    let cookie = entry.u64("cookie")?;
    let fields = Match::decode_oxm(&mut entry)?;
    let stats = OxsStats::decode(&mut entry)?;
    let (rest, at) = (entry.rest(), entry.at());
    Ok(FlowStats {
        duration_sec: stats.duration_sec,
        duration_nsec: stats.duration_nsec,
        idle_age: stats.idle_age,
        hard_age: None,
        packet_count: stats.packet_count,
        byte_count: stats.byte_count,
        entry: FlowEntry {
            table_id,
            priority,
            idle_timeout,
            hard_timeout,
            flags,
            importance,
            cookie,
            fields,
            actions: ActionList::new(rest, at, Version::V15, ListForm::Instructions),
        },
    })
}

/// `ofp_stats` of 1.5 (OpenFlow 1.5.1 §7.2.4): TLVs like OXM's. Unknown ones are skipped.
#[derive(Debug, Default)]
pub(super) struct OxsStats {
    pub(super) duration_sec: u32,
    pub(super) duration_nsec: u32,
    pub(super) idle_age: Option<u32>,
    pub(super) flow_count: Option<u32>,
    pub(super) packet_count: Option<u64>,
    pub(super) byte_count: Option<u64>,
}

/// The bit of an OXS header that has no meaning.
const OXS_RESERVED: u32 = 1 << 8;
pub(super) const OXS_DURATION: u32 = oxs(0, 8);
pub(super) const OXS_IDLE_TIME: u32 = oxs(1, 8);
const OXS_FLOW_COUNT: u32 = oxs(3, 4);
pub(super) const OXS_PACKET_COUNT: u32 = oxs(4, 8);
pub(super) const OXS_BYTE_COUNT: u32 = oxs(5, 8);

/// The header of a statistics field with this number and length in bytes.
const fn oxs(number: u32, length: u32) -> u32 {
    (OPENFLOW_BASIC as u32) << 16 | number << 9 | length
}

impl OxsStats {
    /// The counts of flows, packets and bytes, as `ofp_stats`.
    pub(super) fn encode_totals(&self) -> Vec<u8> {
        let mut fields = Vec::new();
        if let Some(flows) = self.flow_count {
            fields.extend(OXS_FLOW_COUNT.to_be_bytes());
            fields.extend(flows.to_be_bytes());
        }
        let counts = [
            (OXS_PACKET_COUNT, self.packet_count),
            (OXS_BYTE_COUNT, self.byte_count),
        ];
        for (header, count) in counts {
            if let Some(count) = count {
                fields.extend(header.to_be_bytes());
                fields.extend(count.to_be_bytes());
            }
        }
        // At most 32 bytes of fields.
        let length = fields.len() as u16 + 4;
        let mut out = vec![0, 0];
        out.extend(length.to_be_bytes());
        out.extend(fields);
        out.resize(out.len().next_multiple_of(8), 0);
        out
    }

    pub(super) fn decode(entry: &mut Cursor<'_>) -> Result<OxsStats, DecodeError> {
        entry.skip(2, "statistics")?;
        let length = usize::from(entry.u16("statistics length")?);
        let body_len = length
            .checked_sub(4)
            .ok_or_else(|| entry.error("statistics length", DecodeErrorKind::BadLength(length)))?;
        let mut body = entry.sub(body_len, "statistics")?;
        let padding = length.next_multiple_of(8) - length;
        entry.skip(padding.min(entry.remaining()), "statistics padding")?;

        let mut stats = OxsStats::default();
        while !body.is_empty() {
            let header = body.u32("statistics field header")?;
            let length = header as usize & 0xff;
            let number = match length {
                8 => body.u64("statistics field")?,
                _ => be_number(body.take(length, "statistics field")?) as u64,
            };
            let (high, low) = ((number >> 32) as u32, number as u32);
            match header & !OXS_RESERVED {
                OXS_DURATION => (stats.duration_sec, stats.duration_nsec) = (high, low),
                OXS_IDLE_TIME => stats.idle_age = Some(high),
                OXS_FLOW_COUNT => stats.flow_count = Some(low),
                OXS_PACKET_COUNT => stats.packet_count = counted(number),
                OXS_BYTE_COUNT => stats.byte_count = counted(number),
                _ => {}
            }
        }
        stats.idle_age = stats.idle_age.filter(|age| *age != u32::MAX);
        Ok(stats)
    }
}

//! The notification of a removed flow (OpenFlow 1.5.1 §7.4.2).
//!
//! ```text
//! 1.0        match(40) cookie(8) priority(2) reason(1) pad(1) duration_sec(4) duration_nsec(4)
//!            idle_timeout(2) pad(2) packet_count(8) byte_count(8)
//! Nicira     cookie(8) priority(2) reason(1) table_id+1(1) duration_sec(4) duration_nsec(4)
//!            idle_timeout(2) match_len(2) packet_count(8) byte_count(8) | NXM, padded to 8
//! 1.1 - 1.4  cookie(8) priority(2) reason(1) table_id(1) duration_sec(4) duration_nsec(4)
//!            idle_timeout(2) hard_timeout(2) packet_count(8) byte_count(8) | ofp_match
//! 1.5        table_id(1) reason(1) priority(2) idle_timeout(2) hard_timeout(2) cookie(8)
//!            | ofp_match | ofp_stats
//! ```

use serde::Serialize;

use super::codec::{At, Head, Message, Place, nicira, typed};
use super::flow_stats::OxsStats;
use super::members::{Fields, Hex, Named, counted};
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::flow::put_duration;
use crate::openflow::text::{Sink, TextContext};
use crate::openflow::version::Version::{V10, V15};

/// `OFPT_FLOW_REMOVED` and `NXT_FLOW_REMOVED`
#[derive(Debug, Clone, Serialize)]
pub struct FlowRemoved {
    /// `OFPRR_*`
    pub reason: Named,
    /// The table it was in, if the message says.
    pub table: Option<u8>,
    /// Its priority.
    pub priority: u16,
    /// Its cookie.
    pub cookie: Hex,
    /// Seconds it was in the table.
    pub duration_sec: u32,
    /// Nanoseconds beyond `duration_sec`.
    pub duration_nsec: u32,
    /// Seconds without a packet after which it expires; 0: never.
    pub idle_timeout: u16,
    /// Seconds after which it expires; 0: never.
    pub hard_timeout: u16,
    /// Packets; `None` where the switch does not count them.
    pub packet_count: Option<u64>,
    /// Bytes; `None` where the switch does not count them.
    pub byte_count: Option<u64>,
    /// Its match.
    #[serde(rename = "match")]
    pub fields: Fields,
}

/// `OFPRR_*`
pub(super) const REASONS: &[(u32, &str)] = &[
    (0, "idle"),
    (1, "hard"),
    (2, "delete"),
    (3, "group_delete"),
    (4, "meter_delete"),
    (5, "eviction"),
];

impl<'a> Message<'a> for FlowRemoved {
    const PLACES: &'static [Place] = &[
        typed("OFPT_FLOW_REMOVED", 11, V10, V15),
        nicira("NXT_FLOW_REMOVED", 14, V10, V15),
    ];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<FlowRemoved, DecodeError> {
        match (head.at, head.version) {
            (At::Vendor(..), _) => common(body, Layout::Nicira),
            (_, V10) => common(body, Layout::V10),
            (_, V15) => v15(body),
            _ => common(body, Layout::V11),
        }
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        sink.put(" ");
        self.fields.text(sink, cx, self.priority);
        write!(sink, " reason={}", self.reason);
        if let Some(table) = self.table {
            write!(sink, " table_id={table}");
        }
        if self.cookie.0 != 0 {
            write!(sink, " cookie:{}", self.cookie);
        }
        sink.put(" duration");
        put_duration(sink.buffer(), self.duration_sec, self.duration_nsec);
        write!(sink, " idle{}", self.idle_timeout);
        if self.hard_timeout != 0 {
            write!(sink, " hard{}", self.hard_timeout);
        }
        writeln!(
            sink,
            " pkts{} bytes{}",
            self.packet_count.unwrap_or(u64::MAX),
            self.byte_count.unwrap_or(u64::MAX)
        );
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    V10,
    Nicira,
    V11,
}

fn reason(number: u8) -> Named {
    Named::new(number, REASONS)
}

fn common(body: &mut Cursor<'_>, layout: Layout) -> Result<FlowRemoved, DecodeError> {
    let early = match layout {
        Layout::V10 => Some(Fields::v10(body)?),
        Layout::Nicira | Layout::V11 => None,
    };
    let cookie = Hex(body.u64("cookie")?);
    let priority = body.u16("priority")?;
    let reason = reason(body.u8("reason")?);
    let table = body.u8("table_id")?;
    let duration_sec = body.u32("duration_sec")?;
    let duration_nsec = body.u32("duration_nsec")?;
    let idle_timeout = body.u16("idle_timeout")?;
    let last = body.u16("hard_timeout")?;
    let packet_count = counted(body.u64("packet_count")?);
    let byte_count = counted(body.u64("byte_count")?);
    Ok(FlowRemoved {
        reason,
        table: match layout {
            Layout::V10 => None,
            Layout::Nicira => table.checked_sub(1),
            Layout::V11 => Some(table),
        }
        .filter(|table| *table != u8::MAX),
        priority,
        cookie,
        duration_sec,
        duration_nsec,
        idle_timeout,
        hard_timeout: if layout == Layout::V11 { last } else { 0 },
        packet_count,
        byte_count,
        fields: match (early, layout) {
            (Some(fields), _) => fields,
            (None, Layout::Nicira) => Fields::nxm(body, last.into())?,
            (None, _) => Fields::v11(body)?,
        },
    })
}

fn v15(body: &mut Cursor<'_>) -> Result<FlowRemoved, DecodeError> {
    let table = Some(body.u8("table_id")?).filter(|table| *table != u8::MAX);
    let reason = reason(body.u8("reason")?);
    let priority = body.u16("priority")?;
    let idle_timeout = body.u16("idle_timeout")?;
    let hard_timeout = body.u16("hard_timeout")?;
    let cookie = Hex(body.u64("cookie")?);
    let fields = Fields::v11(body)?;
    let stats = OxsStats::decode(body)?;
    Ok(FlowRemoved {
        reason,
        table,
        priority,
        cookie,
        duration_sec: stats.duration_sec,
        duration_nsec: stats.duration_nsec,
        idle_timeout,
        hard_timeout,
        packet_count: stats.packet_count,
        byte_count: stats.byte_count,
        fields,
    })
}

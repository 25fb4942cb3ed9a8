//! Replies with flow and aggregate statistics, as they are shown; [`flow_stats`](super::flow_stats)
//! reads the former.
//!
//! ```text
//! aggregate, 1.0 to 1.4   packet_count(8) byte_count(8) flow_count(4) pad(4)
//! aggregate, 1.5          ofp_stats
//! ```

use serde::{Serialize, Serializer};

use super::codec::{At, Head, Message, Place, nicira_reply, reply};
use super::flow_stats::{Entries, FlowStats, NICIRA_AGGREGATE, NICIRA_FLOW, OxsStats, Scratch};
use super::members::{counted, json_context, raw};
use super::multipart::{self, Part};
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::flow;
use crate::openflow::repeats::Repeats;
use crate::openflow::text::{Plain, Sink, TextContext};
use crate::openflow::version::Version::{self, V10, V15};

/// `OFPST_FLOW` and `NXST_FLOW` replies
#[derive(Debug, Clone, Serialize)]
pub struct FlowReply<'a> {
    /// The flows.
    pub flows: Flows<'a>,
}

/// An encoded list of flows, decoded as it is shown.
#[derive(Debug, Clone)]
pub struct Flows<'a> {
    version: Version,
    entries: Entries<'a>,
}

impl Flows<'_> {
    fn each(&self, mut each: impl FnMut(Result<FlowStats<'_>, DecodeError>)) {
        let mut entries = self.entries.clone();
        let mut scratch = Scratch::new();
        while let Some(entry) = entries.next_entry(&mut scratch) {
            each(entry);
        }
    }
}

impl<'a> Message<'a> for FlowReply<'a> {
    const PLACES: &'static [Place] = &[
        reply("OFPST_FLOW", multipart::FLOW, V10, V15),
        nicira_reply("NXST_FLOW", NICIRA_FLOW, V10),
    ];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<FlowReply<'a>, DecodeError> {
        let is_nicira = matches!(head.at, At::VendorReply(..));
        let entries = body.sub(body.remaining(), "flow entries")?;
        let flows = Flows {
            version: head.version,
            entries: Entries::of_body(head.version, is_nicira, entries),
        };
        let cx = json_context(head.version);
        flows.each(|entry| {
            let mut sink = Plain::default();
            let repeats = &mut Repeats::default();
            let shown = entry.and_then(|flow| flow::text(&flow, false, repeats, &mut sink, &cx));
            if let Err(error) = shown {
                head.note(error);
            }
        });
        Ok(FlowReply { flows })
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        self.flows.each(|entry| {
            let Ok(flow) = entry else {
                return;
            };
            sink.put("\n ");
            // The error was recorded when the message was decoded.
            let _ = flow::text(&flow, true, &mut Repeats::default(), sink, cx);
        });
    }
}

impl Serialize for Flows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let cx = json_context(self.version);
        raw(serializer, |json| {
            json.begin_array();
            self.each(|entry| {
                if let Ok(flow) = entry {
                    let _ = flow::json(&flow, true, &mut Repeats::default(), json, &cx);
                }
            });
            json.end_array();
        })
    }
}

/// `OFPST_AGGREGATE` and `NXST_AGGREGATE` replies: the number of flows, their packets and bytes
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Aggregate {
    /// Packets; `None` where the switch does not count them.
    pub packet_count: Option<u64>,
    /// Bytes; `None` where the switch does not count them.
    pub byte_count: Option<u64>,
    /// Flows; `None` if the reply does not say.
    pub flow_count: Option<u32>,
}

impl Aggregate {
    /// Reads a part of the reply to [`aggregate_request`](super::flow_stats::aggregate_request).
    ///
    /// # Errors
    ///
    /// The part is something else, or malformed.
    pub fn of_part(version: Version, part: Part<'_>) -> Result<Aggregate, DecodeError> {
        let mut body = part.expect(version, multipart::AGGREGATE, NICIRA_AGGREGATE)?;
        Aggregate::read(version, &mut body)
    }

    /// The body of the reply.
    pub fn encode(self, version: Version) -> Vec<u8> {
        if version == V15 {
            let stats = OxsStats {
                flow_count: self.flow_count,
                packet_count: self.packet_count,
                byte_count: self.byte_count,
                ..OxsStats::default()
            };
            return stats.encode_totals();
        }
        let counts = [self.packet_count, self.byte_count].map(|count| count.unwrap_or(u64::MAX));
        let mut out: Vec<u8> = counts.into_iter().flat_map(u64::to_be_bytes).collect();
        out.extend(self.flow_count.unwrap_or(u32::MAX).to_be_bytes());
        out.extend([0; 4]);
        out
    }

    fn read(version: Version, body: &mut Cursor<'_>) -> Result<Aggregate, DecodeError> {
        if version == V15 {
            let stats = OxsStats::decode(body)?;
            return Ok(Aggregate {
                packet_count: stats.packet_count,
                byte_count: stats.byte_count,
                flow_count: stats.flow_count,
            });
        }
        let aggregate = Aggregate {
            packet_count: counted(body.u64("packet_count")?),
            byte_count: counted(body.u64("byte_count")?),
            flow_count: Some(body.u32("flow_count")?),
        };
        body.skip(4, "padding")?;
        Ok(aggregate)
    }
}

impl<'a> Message<'a> for Aggregate {
    const PLACES: &'static [Place] = &[
        reply("OFPST_AGGREGATE", multipart::AGGREGATE, V10, V15),
        nicira_reply("NXST_AGGREGATE", NICIRA_AGGREGATE, V10),
    ];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<Aggregate, DecodeError> {
        Aggregate::read(head.version, body)
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        write!(
            sink,
            " packet_count={} byte_count={} flow_count={}",
            self.packet_count.unwrap_or(u64::MAX),
            self.byte_count.unwrap_or(u64::MAX),
            self.flow_count.unwrap_or(u32::MAX)
        );
    }
}

//! Replies with flow and aggregate statistics, as they are shown; [`flow_stats`](super::flow_stats)
//! reads the former.
//!
//! ```text
//! aggregate, 1.0 to 1.4   packet_count(8) byte_count(8) flow_count(4) pad(4)
//! aggregate, 1.5          ofp_stats
//! ```

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use super::codec::{Head, Message, Place, nicira_reply, reply};
use super::flow_stats::{Entries, FlowStats, OxsStats, Scratch};
use super::members::json_context;
use super::multipart::{self, Part};
use crate::base::json::Json;
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::flow;
use crate::openflow::repeats::Repeats;
use crate::openflow::text::{Plain, Sink, TextContext};
use crate::openflow::version::Version::{self, V10, V15};

/// `OFPST_FLOW` and `NXST_FLOW` replies
#[derive(Debug, Clone, Copy)]
pub struct FlowReply<'a> {
    version: Version,
    part: Part<'a>,
}

impl FlowReply<'_> {
    fn each(&self, mut each: impl FnMut(Result<FlowStats<'_>, DecodeError>)) {
        let Ok(mut entries) = Entries::new(self.version, self.part) else {
            return;
        };
        let mut scratch = Scratch::new();
        while let Some(entry) = entries.next_entry(&mut scratch) {
            each(entry);
        }
    }
}

impl<'a> Message<'a> for FlowReply<'a> {
    const PLACES: &'static [Place] = &[
        reply("OFPST_FLOW", multipart::FLOW, V10, V15),
        nicira_reply("NXST_FLOW", 0, V10),
    ];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<FlowReply<'a>, DecodeError> {
        // The part as `flow_stats` knows it.
        let Some(part) = multipart::decode(head.version, head.message)? else {
            return Err(body.error(
                "multipart type",
                crate::openflow::bytes::DecodeErrorKind::BadValue(0),
            ));
        };
        Entries::new(head.version, part)?;
        let length = body.remaining();
        body.skip(length, "flow entries")?;
        let flows = FlowReply {
            version: head.version,
            part,
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
        Ok(flows)
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        self.each(|entry| {
            let Ok(flow) = entry else {
                return;
            };
            sink.put("\n ");
            // The error was noted when the message was read.
            let _ = flow::text(&flow, true, &mut Repeats::default(), sink, cx);
        });
    }
}

impl Serialize for FlowReply<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = String::new();
        let mut json = Json::new(&mut out);
        json.begin_array();
        self.each(|entry| {
            if let Ok(flow) = entry {
                let _ = flow::json(
                    &flow,
                    true,
                    &mut Repeats::default(),
                    &mut json,
                    &json_context(self.version),
                );
            }
        });
        json.end_array();
        let flows = serde_json::value::RawValue::from_string(out)
            .map_err(<S::Error as serde::ser::Error>::custom)?;
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("flows", &flows)?;
        map.end()
    }
}

/// `OFPST_AGGREGATE` and `NXST_AGGREGATE` replies
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Aggregate {
    /// Packets; `None` where the switch does not count them.
    pub packet_count: Option<u64>,
    /// Bytes; `None` where the switch does not count them.
    pub byte_count: Option<u64>,
    /// Flows.
    pub flow_count: Option<u32>,
}

impl<'a> Message<'a> for Aggregate {
    const PLACES: &'static [Place] = &[
        reply("OFPST_AGGREGATE", multipart::AGGREGATE, V10, V15),
        nicira_reply("NXST_AGGREGATE", 1, V10),
    ];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<Aggregate, DecodeError> {
        if head.version == V15 {
            let stats = OxsStats::decode(body)?;
            return Ok(Aggregate {
                packet_count: stats.packet_count,
                byte_count: stats.byte_count,
                flow_count: stats.flow_count,
            });
        }
        let aggregate = Aggregate {
            packet_count: Some(body.u64("packet_count")?).filter(|count| *count != u64::MAX),
            byte_count: Some(body.u64("byte_count")?).filter(|count| *count != u64::MAX),
            flow_count: Some(body.u32("flow_count")?),
        };
        body.skip(4, "padding")?;
        Ok(aggregate)
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

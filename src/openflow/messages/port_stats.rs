//! Counters of ports (OpenFlow 1.5.1 §7.3.5.6).
//!
//! ```text
//! request, 1.0        port_no(2) pad(6)
//! request, 1.1+       port_no(4) pad(4)
//! reply, 1.0 to 1.3   port_no(2) pad(6), or port_no(4) pad(4) | 12 counters(8); since 1.3 duration_sec(4)
//!                     duration_nsec(4)
//! reply, 1.4+         length(2) pad(2) port_no(4) duration_sec(4) duration_nsec(4) | 8 counters(8)
//!                     | properties: that of Ethernet is pad(4) | 4 counters(8)
//! ```

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use super::codec::{Head, Message, Place, reply, request};
use super::members::{Port, WireText, as_port, counted, next_property, put_count};
use super::multipart::{self, Part};
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::flow::put_duration;
use crate::openflow::text::{Sink, TextContext, port_from_v10, port_to_v10};
use crate::openflow::version::Version::{self, V10, V13, V14, V15};

/// Counters of one port; `None` where the switch does not keep one.
#[derive(Debug, Clone, Default, Serialize)]
#[expect(missing_docs, reason = "the counters bear the specification's names")]
pub struct PortStats {
    /// The port's number.
    #[serde(rename = "port", serialize_with = "as_port")]
    pub ofport: u32,
    pub rx_packets: Option<u64>,
    pub tx_packets: Option<u64>,
    pub rx_bytes: Option<u64>,
    pub tx_bytes: Option<u64>,
    pub rx_dropped: Option<u64>,
    pub tx_dropped: Option<u64>,
    pub rx_errors: Option<u64>,
    pub tx_errors: Option<u64>,
    pub rx_frame_err: Option<u64>,
    pub rx_over_err: Option<u64>,
    pub rx_crc_err: Option<u64>,
    pub collisions: Option<u64>,
    /// Seconds since the port was added; OpenFlow 1.3 and later.
    pub duration_sec: Option<u32>,
    /// Nanoseconds beyond `duration_sec`.
    #[serde(skip)]
    pub duration_nsec: u32,
    #[serde(flatten)]
    rfc2819: Rfc2819,
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "custom")]
    pub(super) custom: Vec<(String, u64)>,
}

/// The counters of Intel's extension after RFC 2819 in the order of their names: all or none.
#[derive(Debug, Clone, Default)]
struct Rfc2819(Vec<u64>);

impl Serialize for Rfc2819 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let kept = |count: &u64| Some(*count).filter(|count| *count != u64::MAX);
        serializer.collect_map(RFC2819.iter().zip(self.0.iter().map(kept)))
    }
}

/// Counters with names that the switch chose.
fn custom<S: Serializer>(counters: &[(String, u64)], serializer: S) -> Result<S::Ok, S::Error> {
    let by_name: BTreeMap<&str, u64> = counters.iter().map(|(name, n)| (&**name, *n)).collect();
    serializer.collect_map(by_name)
}

/// A request for the counters of one port, or of all with [`PORT_ANY`](crate::openflow::text::PORT_ANY). `None` if `ofport` has no
/// number in this version.
pub fn stats_request(version: Version, xid: u32, ofport: u32) -> Option<Vec<u8>> {
    let narrow = port_to_v10(ofport);
    if version == V10 && narrow.is_none() {
        return None;
    }
    multipart::request(version, multipart::PORT_STATS, xid, |out| {
        if let Some(narrow) = narrow.filter(|_| version == V10) {
            out.extend(narrow.to_be_bytes());
            out.extend([0; 6]);
        } else {
            out.extend(ofport.to_be_bytes());
            out.extend([0; 4]);
        }
    })
}

/// The counters in a part of a port statistics reply.
///
/// # Errors
///
/// The part is something else, or malformed.
pub fn decode_stats(version: Version, part: Part<'_>) -> Result<Vec<PortStats>, DecodeError> {
    let body = part.only(multipart::PORT_STATS)?;
    body.all(|body| PortStats::decode(version, body))
}

impl PortStats {
    fn decode(version: Version, body: &mut Cursor<'_>) -> Result<PortStats, DecodeError> {
        let is_long = version >= V14;
        let mut port = match version {
            V14 | V15 => {
                let what = "port statistics length";
                let mut port = body.sized(0, 80, (what, "port statistics"))?;
                port.skip(4, what)?;
                port
            }
            V13 => body.sub(112, "port statistics")?,
            _ => body.sub(104, "port statistics")?,
        };
        let mut stats = PortStats::default();
        if version == V10 {
            stats.ofport = port_from_v10(port.u16("port_no")?);
            port.skip(6, "padding")?;
        } else {
            stats.ofport = port.u32("port_no")?;
        }
        if is_long {
            stats.duration(&mut port)?;
        } else if version > V10 {
            port.skip(4, "padding")?;
        }
        let mut next = |what| port.u64(what).map(counted);
        stats.rx_packets = next("rx_packets")?;
        stats.tx_packets = next("tx_packets")?;
        stats.rx_bytes = next("rx_bytes")?;
        stats.tx_bytes = next("tx_bytes")?;
        stats.rx_dropped = next("rx_dropped")?;
        stats.tx_dropped = next("tx_dropped")?;
        stats.rx_errors = next("rx_errors")?;
        stats.tx_errors = next("tx_errors")?;
        if !is_long {
            stats.ethernet(&mut port)?;
        }
        if version == V13 {
            stats.duration(&mut port)?;
        }
        while port.remaining() >= 4 {
            let (kind, mut property) = next_property(&mut port)?;
            if kind == EXPERIMENTER {
                stats.intel(&mut property)?;
            }
            if kind == ETHERNET && property.remaining() >= 36 {
                property.skip(4, "padding")?;
                stats.ethernet(&mut property)?;
            }
        }
        Ok(stats)
    }

    fn duration(&mut self, port: &mut Cursor<'_>) -> Result<(), DecodeError> {
        let seconds = port.u32("duration_sec")?;
        // All ones: not known.
        self.duration_sec = Some(seconds).filter(|seconds| *seconds != u32::MAX);
        self.duration_nsec = port.u32("duration_nsec")?;
        Ok(())
    }

    /// The four counters that 1.4 and later have in a property.
    fn ethernet(&mut self, port: &mut Cursor<'_>) -> Result<(), DecodeError> {
        let mut next = |what| port.u64(what).map(counted);
        self.rx_frame_err = next("rx_frame_err")?;
        self.rx_over_err = next("rx_over_err")?;
        self.rx_crc_err = next("rx_crc_err")?;
        self.collisions = next("collisions")?;
        Ok(())
    }

    /// Reads Intel's counters; other experimenters' are skipped.
    fn intel(&mut self, property: &mut Cursor<'_>) -> Result<(), DecodeError> {
        let vendor = property.u32("experimenter")?;
        let kind = property.u32("experimenter's property type")?;
        match (vendor, kind) {
            (INTEL, INTEL_RFC2819) => {
                property.skip(4, "padding")?;
                for _ in 0..RFC2819.len() {
                    self.rfc2819.0.push(property.u64("RFC 2819 counter")?);
                }
            }
            (INTEL, INTEL_CUSTOM) => {
                property.skip(2, "padding")?;
                let count = property.u16("number of counters")?;
                for _ in 0..count {
                    let length = usize::from(property.u8("length of a counter's name")?);
                    let name = property.take(length, "counter's name")?;
                    let name = String::from_utf8_lossy(name).into_owned();
                    self.custom.push((name, property.u64("counter")?));
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// `OFPPSPT_ETHERNET`
const ETHERNET: u16 = 0;
/// `OFPPSPT_EXPERIMENTER`
pub(super) const EXPERIMENTER: u16 = 0xffff;
/// Intel's id, and its two kinds of counters.
pub(super) const INTEL: u32 = 0x0000_aa01;
const INTEL_RFC2819: u32 = 1;
pub(super) const INTEL_CUSTOM: u32 = 2;

/// `OFPST_PORT` request
#[derive(Debug, Clone, Copy, Serialize)]
pub struct PortStatsRequest {
    /// The requested port; `ANY` for all.
    pub port: Port,
}

impl<'a> Message<'a> for PortStatsRequest {
    const PLACES: &'static [Place] = &[request("OFPST_PORT", multipart::PORT_STATS, V10, V15)];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<PortStatsRequest, DecodeError> {
        let port = if head.version == V10 {
            let port = port_from_v10(body.u16("port_no")?);
            body.skip(6, "padding")?;
            port
        } else {
            let port = body.u32("port_no")?;
            body.skip(4, "padding")?;
            port
        };
        Ok(PortStatsRequest { port: Port(port) })
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        sink.put(" port_no=");
        self.port.text(sink, cx);
    }
}

/// `OFPST_PORT` reply
#[derive(Debug, Clone, Serialize)]
pub struct PortStatsReply {
    /// The counters, port by port.
    pub ports: Vec<PortStats>,
}

impl<'a> Message<'a> for PortStatsReply {
    const PLACES: &'static [Place] = &[reply("OFPST_PORT", multipart::PORT_STATS, V10, V15)];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<PortStatsReply, DecodeError> {
        Ok(PortStatsReply {
            ports: head.list(body, |body| PortStats::decode(head.version, body)),
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        writeln!(sink, " {} ports", self.ports.len());
        for port in &self.ports {
            put_stats(port, sink, cx);
        }
    }
}

fn put_stats<S: Sink>(port: &PortStats, sink: &mut S, cx: &TextContext<'_>) {
    sink.put("  port ");
    if (port.ofport as u16) < 10 {
        sink.put(" ");
    }
    Port(port.ofport).text(sink, cx);
    for (direction, counters) in [
        (
            ": rx",
            &[
                ("pkts", port.rx_packets),
                ("bytes", port.rx_bytes),
                ("drop", port.rx_dropped),
                ("errs", port.rx_errors),
                ("frame", port.rx_frame_err),
                ("over", port.rx_over_err),
                ("crc", port.rx_crc_err),
            ][..],
        ),
        (
            "           tx",
            &[
                ("pkts", port.tx_packets),
                ("bytes", port.tx_bytes),
                ("drop", port.tx_dropped),
                ("errs", port.tx_errors),
                ("coll", port.collisions),
            ][..],
        ),
    ] {
        sink.put(direction);
        for (index, (key, count)) in counters.iter().enumerate() {
            let separator = if index == 0 { " " } else { ", " };
            write!(sink, "{separator}{key}=");
            put_count(*count, sink);
        }
        sink.put("\n");
    }
    if let Some(seconds) = port.duration_sec {
        sink.put("           duration=");
        put_duration(sink.buffer(), seconds, port.duration_nsec);
        sink.put("\n");
    }
    put_rfc2819(port, sink);
    put_custom(port, sink);
}

/// The names of the counters after RFC 2819, in the order in which they come.
const RFC2819: [&str; 21] = [
    "rx_1_to_64_packets",
    "rx_65_to_127_packets",
    "rx_128_to_255_packets",
    "rx_256_to_511_packets",
    "rx_512_to_1023_packets",
    "rx_1024_to_1522_packets",
    "rx_1523_to_max_packets",
    "tx_1_to_64_packets",
    "tx_65_to_127_packets",
    "tx_128_to_255_packets",
    "tx_256_to_511_packets",
    "tx_512_to_1023_packets",
    "tx_1024_to_1522_packets",
    "tx_1523_to_max_packets",
    "tx_multicast_packets",
    "rx_broadcast_packets",
    "tx_broadcast_packets",
    "rx_undersized_errors",
    "rx_oversize_errors",
    "rx_fragmented_errors",
    "rx_jabber_errors",
];

fn put_rfc2819<S: Sink>(port: &PortStats, sink: &mut S) {
    for direction in ["rx", "tx"] {
        let mut first = true;
        for (name, count) in RFC2819.iter().zip(&port.rfc2819.0) {
            let Some(word) = name.strip_prefix(direction) else {
                continue;
            };
            if *count == u64::MAX {
                continue;
            }
            if first {
                write!(sink, "           {direction} rfc2819 ");
            }
            first = false;
            // Two of the names keep their direction in the text.
            let word = match *name {
                "rx_fragmented_errors" | "rx_jabber_errors" => name,
                _ => word.trim_start_matches('_'),
            };
            write!(sink, "{word}={count}, ");
        }
        if !first {
            sink.put("\n");
        }
    }
}

fn put_custom<S: Sink>(port: &PortStats, sink: &mut S) {
    if port.custom.is_empty() {
        return;
    }
    sink.put("           CUSTOM Statistics");
    for (index, (name, count)) in port.custom.iter().enumerate() {
        if name.is_empty() {
            continue;
        }
        sink.put(match index % 3 {
            0 => "\n                      ",
            _ => " ",
        });
        write!(sink, "{}={count},", WireText(name.clone()));
    }
    sink.put("\n");
}

//! Requests for the counters of ports, and the replies as they are shown (OpenFlow 1.5.1 §7.3.5.6);
//! [`ports`](super::ports) reads the counters.
//!
//! ```text
//! request, 1.0    port_no(2) pad(6)
//! request, 1.1+   port_no(4) pad(4)
//! reply           entries
//! ```

use std::fmt::Write as _;

use serde::{Serialize, Serializer};

use super::codec::{At, Head, List, Message, Place, place};
use super::members::{Port, Words};
use super::multipart;
use super::ports::{PortStats, decode_stats_entry};
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::flow::put_duration;
use crate::openflow::text::{Sink, TextContext, port_from_v10};
use crate::openflow::version::Version::{V10, V15};

/// `OFPST_PORT` request
#[derive(Debug, Clone, Copy, Serialize)]
pub struct PortStatsRequest {
    /// The port asked for; `ANY` for all.
    pub port: Port,
}

impl<'a> Message<'a> for PortStatsRequest {
    const PLACES: &'static [Place] = &[place(
        "OFPST_PORT",
        At::Request(multipart::PORT_STATS),
        V10,
        V15,
    )];

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
    pub ports: List<PortStats>,
}

impl<'a> Message<'a> for PortStatsReply {
    const PLACES: &'static [Place] = &[place(
        "OFPST_PORT",
        At::Reply(multipart::PORT_STATS),
        V10,
        V15,
    )];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<PortStatsReply, DecodeError> {
        Ok(PortStatsReply {
            ports: List::read(body, |body| decode_stats_entry(head.version, body)),
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        let _ = writeln!(sink.buffer(), " {} ports", self.ports.entries.len());
        for port in &self.ports.entries {
            put_stats(port, sink, cx);
        }
    }

    fn trouble(&self) -> Option<DecodeError> {
        self.ports.trouble.clone()
    }
}

fn put_stats<S: Sink>(port: &PortStats, sink: &mut S, cx: &TextContext<'_>) {
    sink.put("  port ");
    if (port.ofport as u16) < 10 {
        sink.put(" ");
    }
    Port(port.ofport).text(sink, cx);
    let out = sink.buffer();
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
        out.push_str(direction);
        for (index, (key, count)) in counters.iter().enumerate() {
            let separator = if index == 0 { " " } else { ", " };
            let _ = match count {
                Some(count) => write!(out, "{separator}{key}={count}"),
                None => write!(out, "{separator}{key}=?"),
            };
        }
        out.push('\n');
    }
    if let Some(seconds) = port.duration_sec.filter(|seconds| *seconds != u32::MAX) {
        out.push_str("           duration=");
        put_duration(out, seconds, port.duration_nsec);
        out.push('\n');
    }
    put_rfc2819(port, out);
    put_custom(port, out);
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

fn put_rfc2819(port: &PortStats, out: &mut String) {
    for direction in ["rx", "tx"] {
        let mut first = true;
        for (name, count) in RFC2819.iter().zip(&port.rfc2819) {
            let Some(word) = name.strip_prefix(direction) else {
                continue;
            };
            if *count == u64::MAX {
                continue;
            }
            if first {
                let _ = write!(out, "           {direction} rfc2819 ");
            }
            first = false;
            // Two of the names keep their direction in the text.
            let word = match *name {
                "rx_fragmented_errors" | "rx_jabber_errors" => name,
                _ => word.trim_start_matches('_'),
            };
            let _ = write!(out, "{word}={count}, ");
        }
        if !first {
            out.push('\n');
        }
    }
}

fn put_custom(port: &PortStats, out: &mut String) {
    if port.custom.is_empty() {
        return;
    }
    out.push_str("           CUSTOM Statistics");
    for (index, (name, count)) in port.custom.iter().enumerate() {
        if name.is_empty() {
            continue;
        }
        out.push_str(match index % 3 {
            0 => "\n                      ",
            _ => " ",
        });
        let _ = write!(out, "{}={count},", Words(name.clone()));
    }
    out.push('\n');
}

impl Serialize for PortStats {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap as _;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("port", &Port(self.ofport))?;
        for (key, count) in [
            ("rx_packets", self.rx_packets),
            ("tx_packets", self.tx_packets),
            ("rx_bytes", self.rx_bytes),
            ("tx_bytes", self.tx_bytes),
            ("rx_dropped", self.rx_dropped),
            ("tx_dropped", self.tx_dropped),
            ("rx_errors", self.rx_errors),
            ("tx_errors", self.tx_errors),
            ("rx_frame_err", self.rx_frame_err),
            ("rx_over_err", self.rx_over_err),
            ("rx_crc_err", self.rx_crc_err),
            ("collisions", self.collisions),
            ("duration_sec", self.duration_sec.map(u64::from)),
        ] {
            map.serialize_entry(key, &count)?;
        }
        for (name, count) in RFC2819.iter().zip(&self.rfc2819) {
            map.serialize_entry(name, &Some(*count).filter(|count| *count != u64::MAX))?;
        }
        if !self.custom.is_empty() {
            let custom: std::collections::BTreeMap<&str, u64> = self
                .custom
                .iter()
                .map(|(name, count)| (name.as_str(), *count))
                .collect();
            map.serialize_entry("custom", &custom)?;
        }
        map.end()
    }
}

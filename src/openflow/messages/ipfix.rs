//! `NXST_IPFIX_BRIDGE`, `NXST_IPFIX_FLOW`: statistics of IPFIX exporters (Open vSwitch's extension).
//!
//! ```text
//! total_flows(8) current_flows(8) pkts(8) ipv4_pkts(8) ipv6_pkts(8) error_pkts(8) ipv4_error_pkts(8)
//! ipv6_error_pkts(8) tx_pkts(8) tx_errors(8) collector_set_id(4) pad(4)
//! ```

use std::fmt::Write as _;

use serde::Serialize;

use super::codec::{At, Head, Message, NICIRA, Place, nicira_reply, place};
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::text::{Sink, TextContext};
use crate::openflow::version::Version::{V10, V15};

/// `NXST_IPFIX_BRIDGE`, `NXST_IPFIX_FLOW` replies
#[derive(Debug, Clone, Serialize)]
pub struct IpfixReply {
    /// The exporters: the bridge's own, or one for each set of collectors.
    pub exporters: Vec<Exporter>,
    #[serde(skip)]
    of_flows: bool,
}

/// The statistics of one exporter; `None` for a counter that is not kept.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Exporter {
    /// The set of collectors; meaningless for the exporter of a bridge.
    pub collector_set_id: u32,
    /// Flows seen so far.
    pub total_flows: Option<u64>,
    /// Flows in the cache.
    pub current_flows: Option<u64>,
    /// Packets that were sampled.
    pub pkts: Option<u64>,
    /// IPv4 packets among them.
    pub ipv4_pkts: Option<u64>,
    /// IPv6 packets among them.
    pub ipv6_pkts: Option<u64>,
    /// Packets that could not be sampled.
    pub error_pkts: Option<u64>,
    /// IPv4 packets among them.
    pub ipv4_error_pkts: Option<u64>,
    /// IPv6 packets among them.
    pub ipv6_error_pkts: Option<u64>,
    /// Messages sent to collectors.
    pub tx_pkts: Option<u64>,
    /// Messages that could not be sent.
    pub tx_errors: Option<u64>,
}

const FLOW: At = At::VendorReply(NICIRA, 4);

impl<'a> Message<'a> for IpfixReply {
    const PLACES: &'static [Place] = &[
        nicira_reply("NXST_IPFIX_BRIDGE", 3, V15),
        place("NXST_IPFIX_FLOW", FLOW, V10, V15),
    ];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<IpfixReply, DecodeError> {
        Ok(IpfixReply {
            exporters: head.list(body, Exporter::decode),
            of_flows: head.at == FLOW,
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        let exporters = &self.exporters;
        if self.of_flows {
            writeln!(sink, " {} ids", exporters.len());
        }
        for exporter in exporters {
            let indent = if self.of_flows {
                write!(sink, "  id {:3}: ", exporter.collector_set_id);
                10
            } else {
                sink.put("\n  bridge ipfix: ");
                16
            };
            exporter.text(sink.buffer(), indent);
        }
    }
}

impl Exporter {
    fn decode(body: &mut Cursor<'_>) -> Result<Exporter, DecodeError> {
        let mut entry = body.sub(88, "IPFIX statistics")?;
        let mut counter = || {
            let value = entry.u64("IPFIX counter")?;
            Ok((value != u64::MAX).then_some(value))
        };
        let mut exporter = Exporter {
            total_flows: counter()?,
            current_flows: counter()?,
            pkts: counter()?,
            ipv4_pkts: counter()?,
            ipv6_pkts: counter()?,
            error_pkts: counter()?,
            ipv4_error_pkts: counter()?,
            ipv6_error_pkts: counter()?,
            tx_pkts: counter()?,
            tx_errors: counter()?,
            collector_set_id: 0,
        };
        exporter.collector_set_id = entry.u32("collector_set_id")?;
        Ok(exporter)
    }

    fn text(&self, out: &mut String, indent: usize) {
        let sampled = [
            ("flows", self.total_flows),
            ("current flows", self.current_flows),
            ("sampled pkts", self.pkts),
            ("ipv4 ok", self.ipv4_pkts),
            ("ipv6 ok", self.ipv6_pkts),
            ("tx pkts", self.tx_pkts),
        ];
        let failed = [
            ("pkts errs", self.error_pkts),
            ("ipv4 errs", self.ipv4_error_pkts),
            ("ipv6 errs", self.ipv6_error_pkts),
            ("tx errs", self.tx_errors),
        ];
        put_counters(out, &sampled);
        let _ = write!(out, "{:indent$}", "");
        put_counters(out, &failed);
    }
}

fn put_counters(out: &mut String, counters: &[(&str, Option<u64>)]) {
    for (index, (word, count)) in counters.iter().enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        let _ = match count {
            Some(count) => write!(out, "{comma}{word}={count}"),
            None => write!(out, "{comma}{word}=?"),
        };
    }
    out.push('\n');
}

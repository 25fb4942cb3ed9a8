//! Queues: their configuration and their counters (OpenFlow 1.5.1 §7.3.5.8, §7.3.5.9; 1.0.0 §5.3.4).
//!
//! ```text
//! config request, 1.0        port(2) pad(2)
//! config request, 1.1 - 1.3  port(4) pad(4)
//! config request, 1.4+       port(4) queue(4)
//! config reply, 1.0          port(2) pad(6) | queue_id(4) len(2) pad(2) | properties
//! config reply, 1.1          port(4) pad(4) | the same
//! config reply, 1.2, 1.3     port(4) pad(4) | queue_id(4) port(4) len(2) pad(6) | properties
//! config reply, 1.4+         port(4) queue_id(4) len(2) pad(6) | properties
//! stats request, 1.0         port(2) pad(2) queue(4)
//! stats request, 1.1+        port(4) queue(4)
//! stats reply, 1.0           port(2) pad(2) queue(4) tx_bytes(8) tx_packets(8) tx_errors(8)
//! stats reply, 1.1+          port(4) the same; since 1.3 duration_sec(4) duration_nsec(4);
//!                            since 1.4 length(2) pad(6) before it
//! ```

use std::fmt::Write as _;

use serde::Serialize;

use super::codec::{Head, Message, Place, reply, request, typed};
use super::members::{Port, next_property, put_count};
use crate::openflow::bytes::{Cursor, DecodeError, DecodeErrorKind};
use crate::openflow::flow::put_duration;
use crate::openflow::text::{PORT_ALL, PORT_ANY, Sink, TextContext, port_from_v10};
use crate::openflow::version::Version::{self, V10, V11, V12, V13, V14, V15};

/// `OFPQ_ALL`
const ALL_QUEUES: u32 = u32::MAX;
/// `OFPMP_QUEUE_STATS`, `OFPMP_QUEUE_DESC`
const QUEUE: u16 = 5;
const QUEUE_DESC: u16 = 15;
fn put_queue(out: &mut String, queue: Option<u32>) {
    let _ = match queue {
        None => write!(out, "ALL"),
        Some(queue) => write!(out, "{queue}"),
    };
}

fn queue(number: u32) -> Option<u32> {
    Some(number).filter(|number| *number != ALL_QUEUES)
}

/// `OFPT_QUEUE_GET_CONFIG_REQUEST`, `OFPST_QUEUE_DESC` request
#[derive(Debug, Clone, Copy, Serialize)]
pub struct QueueConfigRequest {
    /// The port whose queues are asked for.
    pub port: Port,
    /// The queue asked for; `None` for all.
    pub queue: Option<u32>,
}

impl<'a> Message<'a> for QueueConfigRequest {
    const PLACES: &'static [Place] = &[
        typed("OFPT_QUEUE_GET_CONFIG_REQUEST", 20, V10, V10),
        typed("OFPT_QUEUE_GET_CONFIG_REQUEST", 22, V11, V13),
        request("OFPST_QUEUE_DESC", QUEUE_DESC, V14, V15),
    ];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<QueueConfigRequest, DecodeError> {
        if head.version == V10 {
            let port = Port(port_from_v10(body.u16("port")?));
            body.skip(2, "padding")?;
            return Ok(QueueConfigRequest { port, queue: None });
        }
        let port = Port(body.u32("port")?);
        let number = body.u32("queue")?;
        Ok(QueueConfigRequest {
            port,
            queue: queue(number).filter(|_| head.version >= V14),
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        sink.put(" port=");
        self.port.text(sink, cx);
        if let Some(queue) = self.queue {
            write!(sink, " queue={queue}");
        }
    }
}

/// `OFPT_QUEUE_GET_CONFIG_REPLY`, `OFPST_QUEUE_DESC` reply
#[derive(Debug, Clone, Serialize)]
pub struct QueueConfigReply {
    /// The queues.
    pub queues: Vec<QueueConfig>,
}

/// One queue.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct QueueConfig {
    /// Its port.
    pub port: Port,
    /// Its number.
    pub queue: u32,
    /// What it gets at least, in tenths of a percent; above 1000: disabled.
    pub min_rate: Option<u16>,
    /// What it gets at most, likewise.
    pub max_rate: Option<u16>,
}

/// `OFPQT_MIN_RATE`, `OFPQT_MAX_RATE`
const MIN_RATE: u16 = 1;
const MAX_RATE: u16 = 2;

impl QueueConfig {
    fn decode(
        body: &mut Cursor<'_>,
        version: Version,
        port: Port,
    ) -> Result<QueueConfig, DecodeError> {
        let start = *body;
        let (mut config, header, length) = if version >= V14 {
            let port = Port(body.u32("port")?);
            let queue = body.u32("queue_id")?;
            (QueueConfig::new(port, queue), 16, body.u16("queue length")?)
        } else {
            let queue = body.u32("queue_id")?;
            if version >= V12 {
                body.skip(4, "port")?;
            }
            let header = if version >= V12 { 16 } else { 8 };
            (
                QueueConfig::new(port, queue),
                header,
                body.u16("queue length")?,
            )
        };
        body.skip(if header == 16 { 6 } else { 2 }, "padding")?;
        let length = usize::from(length);
        let inside = length
            .checked_sub(header)
            .ok_or_else(|| start.error("queue length", DecodeErrorKind::BadLength(length)))?;
        let mut properties = body.sub(inside, "queue properties")?;
        while !properties.is_empty() {
            let (kind, mut property) = next_property(&mut properties)?;
            if version < V14 {
                property.skip(4, "padding")?;
            }
            match kind {
                MIN_RATE => config.min_rate = rate(&mut property)?,
                MAX_RATE => config.max_rate = rate(&mut property)?,
                _ => {}
            }
        }
        Ok(config)
    }

    fn new(port: Port, queue: u32) -> QueueConfig {
        QueueConfig {
            port,
            queue,
            min_rate: None,
            max_rate: None,
        }
    }
}

fn rate(property: &mut Cursor<'_>) -> Result<Option<u16>, DecodeError> {
    let rate = property.u16("rate")?;
    Ok(Some(rate).filter(|rate| *rate != u16::MAX))
}

fn put_rate(out: &mut String, key: &str, rate: Option<u16>) {
    let _ = match rate {
        None => Ok(()),
        Some(rate) if rate <= 1000 => write!(out, " {key}:{}.{}%", rate / 10, rate % 10),
        Some(_) => write!(out, " {key}:(disabled)"),
    };
}

impl<'a> Message<'a> for QueueConfigReply {
    const PLACES: &'static [Place] = &[
        typed("OFPT_QUEUE_GET_CONFIG_REPLY", 21, V10, V10),
        typed("OFPT_QUEUE_GET_CONFIG_REPLY", 23, V11, V13),
        reply("OFPST_QUEUE_DESC", QUEUE_DESC, V14, V15),
    ];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<QueueConfigReply, DecodeError> {
        let port = match head.version {
            V10 => {
                let port = port_from_v10(body.u16("port")?);
                body.skip(6, "padding")?;
                port
            }
            V14 | V15 => 0,
            _ => {
                let port = body.u32("port")?;
                body.skip(4, "padding")?;
                port
            }
        };
        Ok(QueueConfigReply {
            queues: head.list(body, |body| {
                QueueConfig::decode(body, head.version, Port(port))
            }),
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        let mut queues: Vec<&QueueConfig> = self.queues.iter().collect();
        queues.sort_by_key(|queue| (queue.port.0 as u16, queue.queue));
        sink.put(" ");
        let mut port = Port(0);
        for queue in queues {
            if queue.port != port {
                port = queue.port;
                sink.put("port=");
                port.text(sink, cx);
                sink.put("\n");
            }
            write!(sink, "queue {}:", queue.queue);
            put_rate(sink.buffer(), "min_rate", queue.min_rate);
            put_rate(sink.buffer(), "max_rate", queue.max_rate);
            sink.put("\n");
        }
    }
}

/// `OFPST_QUEUE` request
#[derive(Debug, Clone, Copy, Serialize)]
pub struct QueueStatsRequest {
    /// The port asked for; `ANY` for all.
    pub port: Port,
    /// The queue asked for; `None` for all.
    pub queue: Option<u32>,
}

fn port_and_queue(body: &mut Cursor<'_>, version: Version) -> Result<(u32, u32), DecodeError> {
    let port = if version == V10 {
        let port = port_from_v10(body.u16("port")?);
        body.skip(2, "padding")?;
        port
    } else {
        body.u32("port")?
    };
    Ok((port, body.u32("queue_id")?))
}

impl<'a> Message<'a> for QueueStatsRequest {
    const PLACES: &'static [Place] = &[request("OFPST_QUEUE", QUEUE, V10, V15)];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<QueueStatsRequest, DecodeError> {
        let (port, number) = port_and_queue(body, head.version)?;
        // 1.0 says ALL where later versions say ANY.
        let all = head.version == V10 && port == PORT_ALL;
        Ok(QueueStatsRequest {
            port: Port(if all { PORT_ANY } else { port }),
            queue: queue(number),
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        sink.put(" port=");
        self.port.text(sink, cx);
        sink.put(" queue=");
        put_queue(sink.buffer(), self.queue);
    }
}

/// `OFPST_QUEUE` reply
#[derive(Debug, Clone, Serialize)]
pub struct QueueStatsReply {
    /// The counters, queue by queue.
    pub queues: Vec<QueueStats>,
}

/// Counters of one queue; `None` where the switch does not keep one.
#[derive(Debug, Clone, Copy, Serialize)]
#[expect(missing_docs, reason = "the specification's names")]
pub struct QueueStats {
    pub port: Port,
    pub queue: Option<u32>,
    pub tx_bytes: Option<u64>,
    pub tx_packets: Option<u64>,
    pub tx_errors: Option<u64>,
    pub duration_sec: Option<u32>,
    pub duration_nsec: u32,
}

impl QueueStats {
    fn decode(body: &mut Cursor<'_>, version: Version) -> Result<QueueStats, DecodeError> {
        let start = *body;
        let mut inside = if version >= V14 {
            let length = usize::from(body.u16("queue statistics length")?);
            let rest = length.checked_sub(2).ok_or_else(|| {
                start.error(
                    "queue statistics length",
                    DecodeErrorKind::BadLength(length),
                )
            })?;
            let mut inside = body.sub(rest, "queue statistics")?;
            inside.skip(6, "padding")?;
            inside
        } else {
            body.sub(if version == V13 { 40 } else { 32 }, "queue statistics")?
        };
        let (port, number) = port_and_queue(&mut inside, version)?;
        let mut next = |what| {
            let count = inside.u64(what)?;
            Ok(Some(count).filter(|count| *count != u64::MAX))
        };
        let (tx_bytes, tx_packets) = (next("tx_bytes")?, next("tx_packets")?);
        let tx_errors = next("tx_errors")?;
        let (mut duration_sec, mut duration_nsec) = (None, 0);
        if version >= V13 {
            duration_sec = Some(inside.u32("duration_sec")?).filter(|sec| *sec != u32::MAX);
            duration_nsec = inside.u32("duration_nsec")?;
        }
        Ok(QueueStats {
            port: Port(port),
            queue: queue(number),
            tx_bytes,
            tx_packets,
            tx_errors,
            duration_sec,
            duration_nsec,
        })
    }
}

impl<'a> Message<'a> for QueueStatsReply {
    const PLACES: &'static [Place] = &[reply("OFPST_QUEUE", QUEUE, V10, V15)];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<QueueStatsReply, DecodeError> {
        Ok(QueueStatsReply {
            queues: head.list(body, |body| QueueStats::decode(body, head.version)),
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        writeln!(sink, " {} queues", self.queues.len());
        for stats in &self.queues {
            sink.put("  port ");
            stats.port.text(sink, cx);
            sink.put(" queue ");
            put_queue(sink.buffer(), stats.queue);
            for (key, count) in [
                (": bytes=", stats.tx_bytes),
                (", pkts=", stats.tx_packets),
                (", errors=", stats.tx_errors),
            ] {
                sink.put(key);
                put_count(count, sink);
            }
            sink.put(", duration=");
            match stats.duration_sec {
                Some(seconds) => put_duration(sink.buffer(), seconds, stats.duration_nsec),
                None => sink.put("?"),
            }
            sink.put("\n");
        }
    }
}

//! Queues: `set_queue`, `pop_queue`, and `enqueue`, which is both with an output between (ovs-actions(7)).

use crate::base::json::Json;
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::text::{Role, Sink, TextContext};
use crate::openflow::version::Version;

use super::arguments::uint;
use super::codec::bare_parse;
use super::number::put_dec;
use super::parse::{ActionParse, Parser};
use super::{
    ActionCodec, Head, Unencodable, Vendor, Wire, bare_action, number_action, place, port,
    port_json, port_u16, put_action, put_name, put_zeros,
};
use crate::openflow::fields::Problem;
use crate::openflow::text::PORT_LOCAL;
use crate::openflow::text::put_port;

number_action! {
    /// Later outputs use this queue: `set_queue:2`.
    ///
    /// JSON: `{"type":"set_queue","queue":2}`.
    SetQueue {
        /// The queue's number.
        queue: u32
    }
    "set_queue", "queue",
    &[
        Wire::openflow(21, Version::V11),
        Wire::new(Vendor::Nicira, 4, Version::V10, Version::V10),
    ],
    |sink, queue| {
        put_name(sink, "set_queue");
        put_dec(sink, queue);
    }
}

/// Later outputs use the default queue again: `pop_queue`.
///
/// JSON: `{"type":"pop_queue"}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PopQueue;

bare_action!(PopQueue, "pop_queue", &[Wire::nicira(5)]);

/// Sends the packet to a port by a queue: `enqueue:1:2`. OpenFlow 1.0 only.
///
/// JSON: `{"type":"enqueue","port":{"number":1},"queue":2}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Enqueue {
    /// The port's number.
    pub port: u32,
    /// The queue's number.
    pub queue: u32,
}

impl<'a> ActionCodec<'a> for Enqueue {
    const NAME: &'static str = "enqueue";
    const WIRE: &'static [Wire] = &[Wire::new(Vendor::OpenFlow, 11, Version::V10, Version::V10)];

    fn decode(body: &mut Cursor<'a>, head: Head) -> Result<Self, DecodeError> {
        let port = port(body, head)?;
        body.skip(6, "padding")?;
        Ok(Enqueue {
            port,
            queue: body.u32("queue")?,
        })
    }

    fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        let port = port_u16(self.port, Self::NAME, version)?;
        put_action(place(Self::WIRE, version, Self::NAME)?, out, |out| {
            out.extend(port.to_be_bytes());
            put_zeros(out, 6);
            out.extend(self.queue.to_be_bytes());
        });
        Ok(())
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        sink.put_as(Role::Action, "enqueue");
        sink.put(":");
        put_port(sink, cx, self.port);
        sink.put(":");
        put_dec(sink, self.queue);
    }

    fn json(&self, json: &mut Json<'_>, cx: &TextContext<'_>) {
        json.key("port");
        port_json(json, cx, self.port);
        json.key("queue");
        json.number(self.queue);
    }
}

impl ActionParse for SetQueue {
    const WORDS: &'static [&'static str] = &["set_queue"];

    fn parse(
        _: &str,
        argument: &str,
        parser: &mut Parser<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Problem> {
        let queue = uint(argument, "a queue")?;
        parser.put(&SetQueue { queue }, out)
    }
}

bare_parse!(PopQueue, "pop_queue", Any);

impl ActionParse for Enqueue {
    const WORDS: &'static [&'static str] = &["enqueue"];

    /// After 1.0: `set_queue`, `output`, `pop_queue`.
    fn parse(
        _: &str,
        argument: &str,
        parser: &mut Parser<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Problem> {
        // The queue stands last; a port's name may have colons in it.
        let (port, queue) = argument
            .rsplit_once([':', ','])
            .or_else(|| argument.rsplit_once('q'))
            .ok_or_else(|| Problem::syntax("enqueue is enqueue:PORT:QUEUE"))?;
        let port = parser.ofport(port.trim())?;
        let queue = uint(queue.trim(), "a queue")?;
        if !matches!(port, 0..0xff00 | 0xffff_fff8 | PORT_LOCAL) {
            return Err(Problem::syntax("this port has no queues"));
        }
        if parser.version == Version::V10 {
            return parser.put(&Enqueue { port, queue }, out);
        }
        parser.put(&SetQueue { queue }, out)?;
        parser.output(port, u16::MAX, out)?;
        parser.put(&PopQueue, out)
    }
}

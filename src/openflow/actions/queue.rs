//! Queues: `set_queue`, `pop_queue`, and `enqueue`, which combines both with an output (ovs-actions(7)).

use crate::openflow::text::{PORT_IN_PORT, PORT_LOCAL, put_port};

use super::codec::{port, put_port_u16};
use super::output::put_output;
use super::prelude::*;

fixed_action! {
    /// Later outputs use this queue: `set_queue:2`.
    ///
    /// JSON: `{"type":"set_queue","queue":2}`.
    SetQueue = "set_queue" at &[Wire::openflow(21, Version::V11), Wire::nicira_v10(4)], {
        /// The queue's number.
        ":" queue: u32,
    }
}

fixed_action! {
    /// Later outputs use the default queue again: `pop_queue`.
    ///
    /// JSON: `{"type":"pop_queue"}`.
    PopQueue = "pop_queue" at &[Wire::nicira(5)], {}
}

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
    const WIRE: &'static [Wire] = &[Wire::v10(11)];
    const FORMS: &'static [WordForm] = &[&[(":", Takes::Port), (":", Takes::Text)]];
    const MEMBERS: &'static [JsonMember] = &[
        JsonMember::new("port", JsonShape::PORT),
        JsonMember::new("queue", JsonShape::U32),
    ];

    fn decode(body: &mut Cursor<'a>, head: ActionHeader) -> Result<Self, DecodeError> {
        let port = port(body, head)?;
        body.skip(6, "padding")?;
        Ok(Enqueue {
            port,
            queue: body.u32("queue")?,
        })
    }

    fn body(&self, _: Wire, version: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        put_port_u16(self.port, Self::unencodable(version), out)?;
        put_zeros(out, 6);
        out.extend(self.queue.to_be_bytes());
        Ok(())
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        put_name(sink, Self::NAME);
        put_port(sink, cx, self.port);
        sink.put(":");
        put_dec(sink, self.queue);
    }

    fn json(&self, json: &mut Json<'_>, cx: &TextContext<'_>) {
        json.key("port");
        put_port_json(json, cx.names, self.port);
        json.key("queue");
        json.number(self.queue);
    }

    const FORM: WrittenForm = WrittenForm::new("enqueue", &[(":", "port"), (":", "queue")], "");

    /// After 1.0: `set_queue`, `output`, `pop_queue`.
    fn parse(_: &str, argument: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        // The queue is the last part; a port name may contain colons.
        let (port, queue) = argument
            .rsplit_once([':', ','])
            .or_else(|| argument.rsplit_once('q'))
            .ok_or_else(|| Problem::syntax("enqueue is enqueue:PORT:QUEUE"))?;
        let port = parser.ofport(port.trim())?;
        let queue = uint(queue.trim(), "a queue")?;
        if !matches!(port, 0..0xff00 | PORT_IN_PORT | PORT_LOCAL) {
            return Err(Problem::syntax("this port has no queues"));
        }
        if parser.version == Version::V10 {
            return Enqueue { port, queue }.put(parser);
        }
        SetQueue { queue }.put(parser)?;
        put_output(port, u16::MAX, parser)?;
        PopQueue {}.put(parser)
    }
}

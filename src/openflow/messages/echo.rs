//! Echo request and reply (OpenFlow 1.5.1 §7.5.2) with arbitrary data, which the reply returns.
//!
//! ```text
//! header(8) | data
//! ```

use serde::Serialize;

use super::codec::{Head, Message, Place, typed};
use super::header::{ECHO_REPLY, ECHO_REQUEST};
use super::members::{Bytes, put_hex_dump};
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::text::{Sink, TextContext};
use crate::openflow::version::Version::{V10, V15};

/// `OFPT_ECHO_REQUEST`, `OFPT_ECHO_REPLY`
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Echo<'a> {
    /// Arbitrary data; a reply has that of its request.
    pub data: Bytes<'a>,
    /// Whether it is nested in another message, which shows no bytes of it.
    #[serde(skip)]
    pub quoted: bool,
}

impl<'a> Message<'a> for Echo<'a> {
    const PLACES: &'static [Place] = &[
        typed("OFPT_ECHO_REQUEST", ECHO_REQUEST, V10, V15),
        typed("OFPT_ECHO_REPLY", ECHO_REPLY, V10, V15),
    ];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<Echo<'a>, DecodeError> {
        let length = body.remaining();
        let data = Bytes(body.take(length, "data")?);
        Ok(Echo {
            data,
            quoted: head.depth > 0,
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        writeln!(sink, " {} bytes of payload", self.data.0.len());
        if !self.quoted {
            put_hex_dump(sink.buffer(), self.data.0);
        }
    }
}

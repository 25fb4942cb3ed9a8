//! The switch's configuration (OpenFlow 1.5.1 §7.3.2).
//!
//! ```text
//! header(8) | flags(2) miss_send_len(2)
//! ```

use serde::Serialize;

use super::codec::{Head, Message, Place, typed};
use super::members::Named;
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::text::{Sink, TextContext};
use crate::openflow::version::Version::{V10, V13, V15};

/// `OFPT_GET_CONFIG_REPLY`, `OFPT_SET_CONFIG`
#[derive(Debug, Clone, Copy, Serialize)]
pub struct SwitchConfig {
    /// The handling of IP fragments.
    pub frags: Named,
    /// Whether packets with an invalid TTL go to the controller; until 1.2.
    pub invalid_ttl_to_controller: bool,
    /// Number of bytes of a packet without a matching flow that are sent to the controller.
    pub miss_send_len: u16,
}

/// `OFPC_FRAG_*`; the last is Nicira's.
const FRAGS: &[(u32, &str)] = &[
    (0, "normal"),
    (1, "drop"),
    (2, "reassemble"),
    (3, "nx-match"),
];

/// `OFPC_INVALID_TTL_TO_CONTROLLER`
const INVALID_TTL: u16 = 1 << 2;

impl<'a> Message<'a> for SwitchConfig {
    const PLACES: &'static [Place] = &[
        typed("OFPT_GET_CONFIG_REPLY", 8, V10, V15),
        typed("OFPT_SET_CONFIG", 9, V10, V15),
    ];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<SwitchConfig, DecodeError> {
        let flags = body.u16("flags")?;
        Ok(SwitchConfig {
            frags: Named::new(u32::from(flags & 3), FRAGS),
            invalid_ttl_to_controller: head.version < V13 && flags & INVALID_TTL != 0,
            miss_send_len: body.u16("miss_send_len")?,
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        write!(sink, " frags={}", self.frags);
        if self.invalid_ttl_to_controller {
            sink.put(" invalid_ttl_to_controller");
        }
        writeln!(sink, " miss_send_len={}", self.miss_send_len);
    }
}

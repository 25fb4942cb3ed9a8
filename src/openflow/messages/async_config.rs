//! Which asynchronous messages a controller gets (OpenFlow 1.5.1 §7.3.10; Nicira's for earlier versions).
//!
//! ```text
//! 1.3, NXT_SET_ASYNC_CONFIG     packet_in(4, 4) port_status(4, 4) flow_removed(4, 4): the mask of a
//!                               primary or equal controller, then that of a secondary one
//! 1.4+, NXT_SET_ASYNC_CONFIG2   properties: type(2) length(2) mask(4); odd types are the primary's
//! ```

use serde::{Serialize, Serializer};

use super::codec::{At, Head, Message, Place, nicira, typed};
use super::members::{Flags, next_property};
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::text::{Sink, TextContext};
use crate::openflow::version::Version::{self, V10, V13, V14, V15};

/// `OFPT_SET_ASYNC`, `OFPT_GET_ASYNC_REPLY`, `NXT_SET_ASYNC_CONFIG`, `NXT_SET_ASYNC_CONFIG2`
#[derive(Debug, Clone, Copy, Serialize)]
pub struct AsyncConfig {
    /// The messages for a primary or equal controller.
    pub primary: Masks,
    /// The messages for a secondary controller.
    pub secondary: Masks,
}

/// The reasons for which a message of each kind is sent, a bit each.
#[derive(Debug, Clone, Copy, Default)]
pub struct Masks([u32; 6]);

/// The kinds of messages in the order of the properties, and the names of their reasons.
const KINDS: [(&str, &[(u32, &str)]); 6] = [
    (
        "packet_in",
        &[
            (1 << 0, "no_match"),
            (1 << 1, "action"),
            (1 << 2, "invalid_ttl"),
            (1 << 3, "action_set"),
            (1 << 4, "group"),
            (1 << 5, "packet_out"),
        ],
    ),
    (
        "port_status",
        &[(1 << 0, "add"), (1 << 1, "delete"), (1 << 2, "modify")],
    ),
    (
        "flow_removed",
        &[
            (1 << 0, "idle"),
            (1 << 1, "hard"),
            (1 << 2, "delete"),
            (1 << 3, "group_delete"),
            (1 << 4, "meter_delete"),
            (1 << 5, "eviction"),
        ],
    ),
    (
        "role_status",
        &[
            (1 << 0, "primary_request"),
            (1 << 1, "configuration_changed"),
            (1 << 2, "experimenter_data_changed"),
        ],
    ),
    (
        "table_status",
        &[(1 << 3, "vacancy_down"), (1 << 4, "vacancy_up")],
    ),
    (
        "requestforward",
        &[(1 << 0, "group_mod_request"), (1 << 1, "meter_mod_request")],
    ),
];

impl Masks {
    fn text<S: Sink>(&self, sink: &mut S, version: Version) {
        for ((kind, reasons), bits) in KINDS.iter().zip(self.0) {
            write!(sink, "{:>16}:", kind.to_ascii_uppercase());
            // Until 1.3 packet-in messages have only three reasons.
            let is_early = *kind == "packet_in" && version < V14;
            let bits = if is_early { bits & 7 } else { bits };
            let words = reasons.iter().filter(|(bit, _)| bits & bit != 0);
            let before = sink.buffer().len();
            for (_, word) in words {
                write!(sink, " {word}");
            }
            let is_off = sink.buffer().len() == before;
            sink.put(if is_off { " (off)\n" } else { "\n" });
        }
    }
}

impl Serialize for Masks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let kinds = KINDS.iter().zip(self.0);
        serializer
            .collect_map(kinds.map(|((kind, reasons), bits)| (kind, Flags::new(bits, reasons))))
    }
}

impl<'a> Message<'a> for AsyncConfig {
    const PLACES: &'static [Place] = &[
        typed("OFPT_GET_ASYNC_REPLY", 27, V13, V15),
        typed("OFPT_SET_ASYNC", 28, V13, V15),
        nicira("NXT_SET_ASYNC_CONFIG", 19, V10, V15),
        nicira("NXT_SET_ASYNC_CONFIG2", 27, V10, V13),
    ];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<AsyncConfig, DecodeError> {
        let (mut primary, mut secondary) = (Masks::default(), Masks::default());
        let is_early = match head.at {
            At::Vendor(_, subtype) => subtype == 19,
            _ => head.version == V13,
        };
        if is_early {
            for (primary, secondary) in primary.0.iter_mut().zip(&mut secondary.0).take(3) {
                *primary = body.u32("mask")?;
                *secondary = body.u32("mask")?;
            }
        } else {
            while !body.is_empty() {
                let (kind, mut property) = next_property(body)?;
                let masks = if kind % 2 == 0 {
                    &mut secondary
                } else {
                    &mut primary
                };
                if let Some(mask) = masks.0.get_mut(usize::from(kind / 2)) {
                    *mask = property.u32("mask")?;
                }
            }
        }
        Ok(AsyncConfig { primary, secondary })
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        sink.put("\n primary:\n");
        self.primary.text(sink, cx.version);
        sink.put("\n secondary:\n");
        self.secondary.text(sink, cx.version);
    }
}

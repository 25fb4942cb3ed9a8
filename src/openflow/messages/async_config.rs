//! Which asynchronous messages a controller gets (OpenFlow 1.5.1 §7.3.10; Nicira's for earlier versions).
//!
//! ```text
//! 1.3, NXT_SET_ASYNC_CONFIG     packet_in(4, 4) port_status(4, 4) flow_removed(4, 4): the mask of a
//!                               primary or equal controller, then that of a secondary one
//! 1.4+, NXT_SET_ASYNC_CONFIG2   properties: type(2) length(2) mask(4); odd types are the primary's
//! ```

use std::fmt::Write as _;

use serde::Serialize;

use super::codec::{At, Head, Message, Place, nicira, typed};
use super::members::{Flags, next_property};
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::text::{Sink, TextContext};
use crate::openflow::version::Version::{self, V10, V13, V14, V15};

/// `OFPT_SET_ASYNC`, `OFPT_GET_ASYNC_REPLY`, `NXT_SET_ASYNC_CONFIG`, `NXT_SET_ASYNC_CONFIG2`
#[derive(Debug, Clone, Copy, Serialize)]
pub struct AsyncConfig {
    /// What a primary or equal controller gets.
    pub primary: Masks,
    /// What a secondary controller gets.
    pub secondary: Masks,
}

/// The reasons for which a message of each kind is sent.
#[derive(Debug, Clone, Copy, Serialize)]
#[expect(missing_docs, reason = "the specification's names")]
pub struct Masks {
    pub packet_in: Flags,
    pub port_status: Flags,
    pub flow_removed: Flags,
    pub role_status: Flags,
    pub table_status: Flags,
    pub requestforward: Flags,
}

/// The names of the reasons, kind by kind in the order of the properties.
const REASONS: [&[(u32, &str)]; 6] = [
    &[
        (1 << 0, "no_match"),
        (1 << 1, "action"),
        (1 << 2, "invalid_ttl"),
        (1 << 3, "action_set"),
        (1 << 4, "group"),
        (1 << 5, "packet_out"),
    ],
    &[(1 << 0, "add"), (1 << 1, "delete"), (1 << 2, "modify")],
    &[
        (1 << 0, "idle"),
        (1 << 1, "hard"),
        (1 << 2, "delete"),
        (1 << 3, "group_delete"),
        (1 << 4, "meter_delete"),
        (1 << 5, "eviction"),
    ],
    &[
        (1 << 0, "primary_request"),
        (1 << 1, "configuration_changed"),
        (1 << 2, "experimenter_data_changed"),
    ],
    &[(1 << 3, "vacancy_down"), (1 << 4, "vacancy_up")],
    &[(1 << 0, "group_mod_request"), (1 << 1, "meter_mod_request")],
];

impl Masks {
    fn of(bits: [u32; 6]) -> Masks {
        let [packets, ports, flows, roles, tables, requests] = REASONS;
        let [
            packet_in,
            port_status,
            flow_removed,
            role_status,
            table_status,
            requestforward,
        ] = bits;
        let flags = |bits, names| Flags { bits, names };
        Masks {
            packet_in: flags(packet_in, packets),
            port_status: flags(port_status, ports),
            flow_removed: flags(flow_removed, flows),
            role_status: flags(role_status, roles),
            table_status: flags(table_status, tables),
            requestforward: flags(requestforward, requests),
        }
    }

    fn text(&self, out: &mut String, version: Version) {
        for (name, flags) in [
            ("PACKET_IN", self.packet_in),
            ("PORT_STATUS", self.port_status),
            ("FLOW_REMOVED", self.flow_removed),
            ("ROLE_STATUS", self.role_status),
            ("TABLE_STATUS", self.table_status),
            ("REQUESTFORWARD", self.requestforward),
        ] {
            let _ = write!(out, "{name:>16}:");
            // Until 1.3 packets come for three reasons only.
            let known = if name == "PACKET_IN" && version < V14 {
                7
            } else {
                u32::MAX
            };
            let mut words = flags.names.iter();
            let mut is_off = true;
            for (_, word) in words
                .by_ref()
                .filter(|(bit, _)| flags.bits & known & bit != 0)
            {
                is_off = false;
                let _ = write!(out, " {word}");
            }
            out.push_str(if is_off { " (off)\n" } else { "\n" });
        }
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
        let mut primary = [0; 6];
        let mut secondary = [0; 6];
        let is_early = match head.at {
            At::Vendor(_, subtype) => subtype == 19,
            _ => head.version == V13,
        };
        if is_early {
            for (primary, secondary) in primary.iter_mut().zip(&mut secondary).take(3) {
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
                if let Some(mask) = masks.get_mut(usize::from(kind / 2)) {
                    *mask = property.u32("mask")?;
                }
            }
        }
        Ok(AsyncConfig {
            primary: Masks::of(primary),
            secondary: Masks::of(secondary),
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        sink.put("\n primary:\n");
        self.primary.text(sink.buffer(), cx.version);
        sink.put("\n secondary:\n");
        self.secondary.text(sink.buffer(), cx.version);
    }
}

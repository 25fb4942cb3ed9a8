//! Short messages of the Nicira extension: settings of a controller's connection, and connection tracking.
//!
//! ```text
//! set flow format         format(4)
//! flow mod table id       set(1) pad(7)
//! set packet in format    format(4)
//! set controller id       pad(6) id(2)
//! ct flush zone           pad(6) zone_id(2)
//! ```

use serde::Serialize;

use super::codec::{self, At, Encode, Head, Message, NICIRA, Place, nicira, place};
use super::members::Named;
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::text::{Sink, TextContext};
use crate::openflow::version::Version::{self, V10, V15};

/// `NXT_SET_FLOW_FORMAT`, `NXT_SET_PACKET_IN_FORMAT`
#[derive(Debug, Clone, Copy, Serialize)]
pub struct SetFormat {
    /// `NXFF_*` or `NXPIF_*`
    pub format: Named,
}

const FLOW_FORMATS: &[(u32, &str)] = &[(0, "openflow10"), (2, "nxm")];
const PACKET_IN_FORMATS: &[(u32, &str)] =
    &[(0, "standard"), (1, "nxt_packet_in"), (2, "nxt_packet_in2")];
const FLOW_FORMAT: At = At::Vendor(NICIRA, 12);

impl<'a> Message<'a> for SetFormat {
    const PLACES: &'static [Place] = &[
        place("NXT_SET_FLOW_FORMAT", FLOW_FORMAT, V10, V10),
        nicira("NXT_SET_PACKET_IN_FORMAT", 16, V10, V15),
    ];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<SetFormat, DecodeError> {
        Ok(SetFormat {
            format: Named {
                number: body.u32("format")?,
                names: if head.at == FLOW_FORMAT {
                    FLOW_FORMATS
                } else {
                    PACKET_IN_FORMATS
                },
            },
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        write!(
            sink,
            " format={}",
            self.format.name().unwrap_or("(unknown)")
        );
    }
}

/// `NXT_FLOW_MOD_TABLE_ID`
#[derive(Debug, Clone, Copy, Serialize)]
pub struct FlowModTableId {
    /// Whether the upper byte of the command of a flow mod is the table.
    pub enable: bool,
}

impl<'a> Message<'a> for FlowModTableId {
    const PLACES: &'static [Place] = &[nicira("NXT_FLOW_MOD_TABLE_ID", 15, V10, V15)];

    fn decode(body: &mut Cursor<'a>, _: &Head<'a>) -> Result<FlowModTableId, DecodeError> {
        let enable = body.u8("set")? != 0;
        body.skip(7, "padding")?;
        Ok(FlowModTableId { enable })
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        sink.put(if self.enable { " enable" } else { " disable" });
    }
}

impl Encode for FlowModTableId {
    fn encode_body(&self, _: Version, _: At, out: &mut Vec<u8>) -> Option<()> {
        out.extend([self.enable.into(), 0, 0, 0, 0, 0, 0, 0]);
        Some(())
    }
}

/// A request to read the table of a flow mod; `None` if `version` always reads it.
pub fn flow_mod_table_id(version: Version, xid: u32) -> Option<Vec<u8>> {
    let message = FlowModTableId { enable: true };
    let at = At::Vendor(NICIRA, 15);
    codec::encode(&message, version, at, xid).filter(|_| version == V10)
}

/// `NXT_SET_CONTROLLER_ID`
#[derive(Debug, Clone, Copy, Serialize)]
pub struct SetControllerId {
    /// The id of this connection in `controller(id=…)`.
    pub id: u16,
}

impl<'a> Message<'a> for SetControllerId {
    const PLACES: &'static [Place] = &[nicira("NXT_SET_CONTROLLER_ID", 20, V10, V15)];

    fn decode(body: &mut Cursor<'a>, _: &Head<'a>) -> Result<SetControllerId, DecodeError> {
        body.skip(6, "padding")?;
        Ok(SetControllerId {
            id: body.u16("controller_id")?,
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        write!(sink, " id={}", self.id);
    }
}

/// `NXT_CT_FLUSH_ZONE`
#[derive(Debug, Clone, Copy, Serialize)]
pub struct CtFlushZone {
    /// The zone whose connections are removed.
    pub zone_id: u16,
}

impl<'a> Message<'a> for CtFlushZone {
    const PLACES: &'static [Place] = &[nicira("NXT_CT_FLUSH_ZONE", 29, V10, V15)];

    fn decode(body: &mut Cursor<'a>, _: &Head<'a>) -> Result<CtFlushZone, DecodeError> {
        body.skip(6, "padding")?;
        Ok(CtFlushZone {
            zone_id: body.u16("zone_id")?,
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        write!(sink, " zone_id={}", self.zone_id);
    }
}

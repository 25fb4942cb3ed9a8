//! Requests for flow and aggregate statistics (OpenFlow 1.5.1 §7.3.5.2, §7.3.5.4).
//!
//! ```text
//! 1.0     match(40) table_id(1) pad(1) out_port(2)
//! Nicira  out_port(2) match_len(2) table_id(1) pad(3) | NXM, padded to 8
//! 1.1+    table_id(1) pad(3) out_port(4) out_group(4) pad(4) cookie(8) cookie_mask(8) | ofp_match
//! ```

use serde::Serialize;

use super::codec::{At, Head, Message, Place, nicira_request, request};
use super::members::{DEFAULT_PRIORITY, Fields, Hex, Port};
use super::multipart;
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::text::{PORT_ANY, Sink, TextContext, port_from_v10};
use crate::openflow::version::Version::{V10, V11, V15};

/// `OFPST_FLOW`, `OFPST_AGGREGATE`, `NXST_FLOW` and `NXST_AGGREGATE` requests
#[derive(Debug, Clone, Serialize)]
pub struct FlowRequest {
    /// Selects flows of this table; 255 for all.
    pub table: u8,
    /// Selects flows that output to this port.
    pub out_port: Port,
    /// Selects flows that output to this group.
    pub out_group: Option<u32>,
    /// Selects flows by cookie, compared in the bits of the mask.
    pub cookie: Hex,
    /// See `cookie`.
    pub cookie_mask: Hex,
    /// Selects flows that match at least these fields.
    #[serde(rename = "match")]
    pub fields: Fields,
}

/// `OFPG_ANY`
const GROUP_ANY: u32 = u32::MAX;

impl<'a> Message<'a> for FlowRequest {
    const PLACES: &'static [Place] = &[
        request("OFPST_FLOW", multipart::FLOW, V10, V15),
        request("OFPST_AGGREGATE", multipart::AGGREGATE, V10, V15),
        nicira_request("NXST_FLOW", 0, V10),
        nicira_request("NXST_AGGREGATE", 1, V10),
    ];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<FlowRequest, DecodeError> {
        if let At::VendorRequest(..) = head.at {
            let out_port = Port(port_from_v10(body.u16("out_port")?));
            let match_len = usize::from(body.u16("match_len")?);
            let table = body.u8("table_id")?;
            body.skip(3, "padding")?;
            let fields = Fields::nxm(body, match_len)?;
            let (cookie, mask) = fields.cookie().unwrap_or_default();
            return Ok(FlowRequest {
                table,
                out_port,
                out_group: None,
                cookie: Hex(cookie),
                cookie_mask: Hex(mask),
                fields,
            });
        }
        if head.version < V11 {
            let fields = Fields::v10(body)?;
            let table = body.u8("table_id")?;
            body.skip(1, "padding")?;
            return Ok(FlowRequest {
                table,
                out_port: Port(port_from_v10(body.u16("out_port")?)),
                out_group: None,
                cookie: Hex(0),
                cookie_mask: Hex(0),
                fields,
            });
        }
        let table = body.u8("table_id")?;
        body.skip(3, "padding")?;
        let out_port = Port(body.u32("out_port")?);
        let out_group = Some(body.u32("out_group")?).filter(|group| *group != GROUP_ANY);
        body.skip(4, "padding")?;
        Ok(FlowRequest {
            table,
            out_port,
            out_group,
            cookie: Hex(body.u64("cookie")?),
            cookie_mask: Hex(body.u64("cookie_mask")?),
            fields: Fields::v11(body)?,
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        if self.table != u8::MAX {
            write!(sink, " table={}", self.table);
        }
        if self.out_port.0 != PORT_ANY {
            sink.put(" out_port=");
            self.out_port.text(sink, cx);
        }
        sink.put(" ");
        self.fields.text(sink, cx, DEFAULT_PRIORITY);
    }
}

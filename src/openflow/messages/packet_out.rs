//! Packets that a controller sends through a switch (OpenFlow 1.5.1 §7.3.6).
//!
//! ```text
//! 1.0        buffer_id(4) in_port(2) actions_len(2) | actions | data
//! 1.1 - 1.4  buffer_id(4) in_port(4) actions_len(2) pad(6) | actions | data
//! 1.5        buffer_id(4) actions_len(2) pad(2) | ofp_match | actions | data
//! ```

use serde::Serialize;

use super::codec::{At, Encode, Head, Message, Place, typed};
use super::members::{Actions, Bytes, DEFAULT_PRIORITY, Fields};
use super::packet_in::{in_port as in_port_field, packet_type};
use crate::openflow::actions::{ActionList, ListForm, ParsedActions};
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::packet::Packet;
use crate::openflow::text::{Sink, TextContext, TextRole, port_to_v10};
use crate::openflow::version::Version::{self, V10, V15};

/// `OFPT_PACKET_OUT`
#[derive(Debug, Clone, Serialize)]
pub struct PacketOut<'a> {
    /// The id of the packet in the switch's buffer; `None` if the packet is in `data`.
    pub buffer_id: Option<u32>,
    /// The input port, as a match field.
    #[serde(rename = "match")]
    pub fields: Fields,
    /// The actions for the packet.
    pub actions: Actions<'a>,
    /// Its headers.
    pub packet: Packet,
    /// The packet.
    pub data: Bytes<'a>,
}

impl<'a> PacketOut<'a> {
    /// A packet that seems to come from `in_port`; `actions` are encoded for `version`. `None` if this version has no
    /// such port.
    pub fn new(
        version: Version,
        in_port: u32,
        actions: &'a [u8],
        data: &'a [u8],
    ) -> Option<PacketOut<'a>> {
        let fields = match version {
            V10 => in_port_field(&port_to_v10(in_port)?.to_be_bytes()),
            _ => in_port_field(&in_port.to_be_bytes()),
        };
        let fields = fields.ok()?;
        let list = ActionList::new(actions, 0, version, ListForm::Actions);
        Some(PacketOut {
            buffer_id: None,
            packet: Packet::decode(data, packet_type(&fields)),
            fields,
            actions: Actions::new(list, false),
            data: Bytes(data),
        })
    }
}

/// The actions among what was parsed for a flow; `None` if there are other instructions than to apply them.
pub fn plain_actions(parsed: &ParsedActions) -> Option<&[u8]> {
    /// `OFPIT_APPLY_ACTIONS`
    const APPLY: u16 = 4;
    if parsed.version == V10 || parsed.bytes.is_empty() {
        return Some(&parsed.bytes);
    }
    let mut instruction = Cursor::new(&parsed.bytes, 0);
    let kind = instruction.u16("instruction type").ok()?;
    let length = usize::from(instruction.u16("instruction length").ok()?);
    instruction.skip(4, "padding").ok()?;
    (kind == APPLY && length == parsed.bytes.len()).then(|| instruction.rest())
}

/// `OFP_NO_BUFFER`
const NO_BUFFER: u32 = u32::MAX;

impl<'a> Message<'a> for PacketOut<'a> {
    const PLACES: &'static [Place] = &[typed("OFPT_PACKET_OUT", 13, V10, V15)];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<PacketOut<'a>, DecodeError> {
        let buffer_id = Some(body.u32("buffer_id")?).filter(|buffer| *buffer != NO_BUFFER);
        let (fields, actions_len) = match head.version {
            V10 => {
                let port = body.array::<2>("in_port")?;
                (in_port_field(&port)?, body.u16("actions_len")?)
            }
            V15 => {
                let actions_len = body.u16("actions_len")?;
                body.skip(2, "padding")?;
                (Fields::v15_loose(body)?, actions_len)
            }
            _ => {
                let port = body.array::<4>("in_port")?;
                let actions_len = body.u16("actions_len")?;
                body.skip(6, "padding")?;
                (in_port_field(&port)?, actions_len)
            }
        };
        let actions = Actions::read(body, actions_len.into(), head, ListForm::Actions)?;
        let data = body.take(body.remaining(), "data")?;
        Ok(PacketOut {
            buffer_id,
            packet: Packet::decode(data, packet_type(&fields)),
            fields,
            actions,
            data: Bytes(data),
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        sink.put(" ");
        self.fields.text(sink, cx, DEFAULT_PRIORITY);
        sink.put_as(TextRole::Action, " actions=");
        self.actions.text(sink, cx);
        if let Some(buffer_id) = self.buffer_id {
            write!(sink, " buffer=0x{buffer_id:08x}");
            return;
        }
        write!(sink, " data_len={}", self.data.0.len());
        if !self.data.is_empty() {
            sink.put("\n");
            self.packet.text(sink.buffer());
        }
    }
}

impl Encode for PacketOut<'_> {
    fn encode_body(&self, version: Version, _: At, out: &mut Vec<u8>) -> Option<()> {
        let actions = self.actions.list().bytes();
        let actions_len = u16::try_from(actions.len()).ok()?.to_be_bytes();
        out.extend(self.buffer_id.unwrap_or(NO_BUFFER).to_be_bytes());
        if version == V15 {
            out.extend(actions_len);
            out.extend([0; 2]);
            self.fields.put_oxm(out)?;
        } else {
            let in_port = self.fields.view()?.in_port()?;
            if version == V10 {
                out.extend(port_to_v10(in_port)?.to_be_bytes());
                out.extend(actions_len);
            } else {
                out.extend(in_port.to_be_bytes());
                out.extend(actions_len);
                out.extend([0; 6]);
            }
        }
        out.extend(actions);
        out.extend(self.data.0);
        Some(())
    }
}

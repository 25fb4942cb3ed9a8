//! Packets that a switch sends to its controller, and the controller's request to resume processing one
//! (OpenFlow 1.5.1 §7.4.1; `NXT_PACKET_IN`, `NXT_PACKET_IN2` and `NXT_RESUME`).
//!
//! ```text
//! 1.0     buffer_id(4) total_len(2) in_port(2) reason(1) pad(1) | data
//! 1.1     buffer_id(4) in_port(4) in_phy_port(4) total_len(2) reason(1) table_id(1) | data
//! 1.2     buffer_id(4) total_len(2) reason(1) table_id(1) | ofp_match pad(2) | data
//! 1.3+    buffer_id(4) total_len(2) reason(1) table_id(1) cookie(8) | ofp_match pad(2) | data
//! NXT     buffer_id(4) total_len(2) reason(1) table_id(1) cookie(8) match_len(2) pad(6)
//!         | NXM, padded to 8, pad(2) | data
//! NXT2    properties
//! ```

use serde::Serialize;

use super::codec::{At, Head, Message, Place, nicira, typed};
use super::members::{Actions, Bytes, DEFAULT_PRIORITY, Fields, Hex, Named, next_property};
use crate::openflow::actions::ListForm;
use crate::openflow::bytes::{Cursor, DecodeError, be_number};
use crate::openflow::fields::Field;
use crate::openflow::packet::Packet;
use crate::openflow::text::{Sink, TextContext};
use crate::openflow::version::Version::{V10, V11, V12, V13, V15};

/// `OFPT_PACKET_IN`, `NXT_PACKET_IN`, `NXT_PACKET_IN2`, `NXT_RESUME`
#[derive(Debug, Clone, Serialize)]
pub struct PacketIn<'a> {
    /// The table that sent it; 0 in versions without it.
    pub table: u8,
    /// The cookie of the flow that sent it; absent in versions without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cookie: Option<Hex>,
    /// Length of the packet in bytes; `data` may be shorter.
    pub total_len: usize,
    /// The metadata of the packet, as match fields.
    #[serde(rename = "match")]
    pub fields: Fields,
    /// `OFPR_*`
    pub reason: Named,
    /// The id of the packet in the switch's buffer; `None` if it is not buffered.
    pub buffer_id: Option<u32>,
    /// The userdata of the `controller` action.
    #[serde(skip_serializing_if = "Bytes::is_empty")]
    pub userdata: Bytes<'a>,
    /// The state that the switch needs to resume processing the packet.
    #[serde(skip_serializing_if = "Continuation::is_empty")]
    pub continuation: Continuation<'a>,
    /// The headers of the packet.
    pub packet: Packet,
    /// The packet, or its beginning.
    pub data: Bytes<'a>,
}

/// `OFPR_*`
const REASONS: &[(u32, &str)] = &[
    (0, "no_match"),
    (1, "action"),
    (2, "invalid_ttl"),
    (3, "action_set"),
    (4, "group"),
    (5, "packet_out"),
];

fn reason(number: u8) -> Named {
    Named::new(number, REASONS)
}

/// `NXT_PACKET_IN`
const NXT_PACKET_IN: u32 = 17;

/// `OFP_NO_BUFFER`
const NO_BUFFER: u32 = u32::MAX;

/// A match on nothing but the port that a packet came from.
pub(super) fn in_port(number: &[u8]) -> Result<Fields, DecodeError> {
    let header: &[u8] = match number.len() {
        2 => &[0, 0, 0, 2],
        _ => &[0x80, 0, 0, 4],
    };
    Fields::of([header, number].concat(), 0)
}

/// The packet type, in the form of [`Packet::decode`].
pub(super) fn packet_type(fields: &Fields) -> u32 {
    Field::by_name("packet_type")
        .and_then(|field| Some(be_number(fields.view()?.value(field)?.0) as u32))
        .unwrap_or(0)
}

impl<'a> Message<'a> for PacketIn<'a> {
    const PLACES: &'static [Place] = &[
        typed("OFPT_PACKET_IN", 10, V10, V15),
        nicira("NXT_PACKET_IN", NXT_PACKET_IN, V10, V15),
        nicira("NXT_PACKET_IN2", 30, V10, V15),
        nicira("NXT_RESUME", 28, V10, V15),
    ];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<PacketIn<'a>, DecodeError> {
        let mut packet = match head.at {
            At::Vendor(_, subtype) if subtype != NXT_PACKET_IN => properties(body, head)?,
            _ => laid_out(body, head)?,
        };
        packet.packet = Packet::decode(packet.data.0, packet_type(&packet.fields));
        Ok(packet)
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        if self.table != 0 {
            write!(sink, " table_id={}", self.table);
        }
        if let Some(cookie) = self.cookie {
            write!(sink, " cookie={cookie}");
        }
        write!(sink, " total_len={} ", self.total_len);
        self.fields.text(sink, cx, DEFAULT_PRIORITY);
        let data_len = self.data.0.len();
        // Two internal reasons of Open vSwitch have no name.
        match self.reason.number {
            6 | 7 => write!(sink, " (via )"),
            _ => write!(sink, " (via {})", self.reason),
        }
        write!(sink, " data_len={data_len}");
        match self.buffer_id {
            None => {
                sink.put(" (unbuffered)");
                if self.total_len != data_len {
                    sink.put(" (***total_len != data_len***)");
                }
            }
            Some(buffer_id) => {
                write!(sink, " buffer=0x{buffer_id:08x}");
                if self.total_len < data_len {
                    sink.put(" (***total_len < data_len***)");
                }
            }
        }
        sink.put("\n");
        if !self.userdata.is_empty() {
            let pairs: Vec<String> = self.userdata.0.iter().map(|b| format!("{b:02x}")).collect();
            writeln!(sink, " userdata={}", pairs.join("."));
        }
        self.continuation.text(sink, cx);
        self.packet.text(sink.buffer());
    }
}

impl<'a> PacketIn<'a> {
    fn new() -> PacketIn<'a> {
        PacketIn {
            table: 0,
            cookie: None,
            total_len: 0,
            fields: Fields::default(),
            reason: reason(0),
            buffer_id: None,
            userdata: Bytes(&[]),
            continuation: Continuation::default(),
            packet: Packet::default(),
            data: Bytes(&[]),
        }
    }
}

fn buffer(number: u32) -> Option<u32> {
    Some(number).filter(|number| *number != NO_BUFFER)
}

/// The layouts that are not a list of properties.
fn laid_out<'a>(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<PacketIn<'a>, DecodeError> {
    // Nicira's is that of 1.3 but for its match.
    let is_nicira = matches!(head.at, At::Vendor(..));
    let version = if is_nicira { V13 } else { head.version };
    let mut packet = PacketIn::new();
    packet.buffer_id = buffer(body.u32("buffer_id")?);
    if version == V11 {
        packet.fields = in_port(&body.array::<4>("in_port")?)?;
        body.skip(4, "in_phy_port")?;
    }
    packet.total_len = body.u16("total_len")?.into();
    if version == V10 {
        packet.fields = in_port(&body.array::<2>("in_port")?)?;
    }
    packet.reason = reason(body.u8("reason")?);
    if version == V10 {
        body.skip(1, "padding")?;
    } else {
        packet.table = body.u8("table_id")?;
    }
    if version > V12 {
        packet.cookie = known(body.u64("cookie")?);
    }
    if is_nicira {
        let match_len = usize::from(body.u16("match_len")?);
        body.skip(6, "padding")?;
        packet.fields = Fields::nxm(body, match_len)?;
    } else if version > V11 {
        packet.fields = Fields::v11(body)?;
    }
    if version > V11 {
        body.skip(2, "padding")?;
    }
    packet.data = Bytes(body.take(body.remaining(), "data")?);
    Ok(packet)
}

/// The cookie; `None` for all ones.
fn known(cookie: u64) -> Option<Hex> {
    Some(cookie).filter(|cookie| *cookie != u64::MAX).map(Hex)
}

/// `NXPINT_*`
mod property {
    pub(super) const PACKET: u16 = 0;
    pub(super) const FULL_LEN: u16 = 1;
    pub(super) const BUFFER_ID: u16 = 2;
    pub(super) const TABLE_ID: u16 = 3;
    pub(super) const COOKIE: u16 = 4;
    pub(super) const REASON: u16 = 5;
    pub(super) const METADATA: u16 = 6;
    pub(super) const USERDATA: u16 = 7;
    pub(super) const CONTINUATION: u16 = 8;
}

fn properties<'a>(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<PacketIn<'a>, DecodeError> {
    let mut packet = PacketIn::new();
    while !body.is_empty() {
        let (kind, mut inside) = next_property(body)?;
        match kind {
            property::PACKET => {
                packet.data = Bytes(inside.rest());
                if packet.total_len == 0 {
                    packet.total_len = inside.remaining();
                }
            }
            property::FULL_LEN => packet.total_len = inside.u32("full_len")? as usize,
            property::BUFFER_ID => packet.buffer_id = buffer(inside.u32("buffer_id")?),
            property::TABLE_ID => packet.table = inside.u8("table_id")?,
            property::COOKIE => {
                inside.skip(4, "padding")?;
                packet.cookie = known(inside.u64("cookie")?);
            }
            property::REASON => packet.reason = reason(inside.u8("reason")?),
            property::METADATA => {
                packet.fields = Fields::of(inside.rest().to_vec(), inside.at())?;
            }
            property::USERDATA => packet.userdata = Bytes(inside.rest()),
            property::CONTINUATION => {
                inside.skip(4, "padding")?;
                packet.continuation = Continuation::decode(&mut inside, head)?;
            }
            _ => {}
        }
    }
    Ok(packet)
}

/// The state with which Open vSwitch 3.1 resumes processing a packet (`NXCPT_*`); its format is private to the
/// switch and may differ in other releases.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Continuation<'a> {
    /// The bridge's UUID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bridge: Option<String>,
    /// Values on the stack, the top one first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stack: Vec<Bytes<'a>>,
    /// Mirrors that have received the packet.
    pub mirrors: u32,
    /// Whether the packet has been through connection tracking.
    pub conntracked: bool,
    /// The remaining actions, by the table and cookie of their flow.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<Pending<'a>>,
    /// The action set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action_set: Option<Actions<'a>>,
    /// The datapath's number of the port.
    pub odp_port: u32,
}

/// Remaining actions for a packet.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Pending<'a> {
    /// The table they come from.
    pub table: u8,
    /// The cookie of the flow they come from.
    pub cookie: Hex,
    /// The actions.
    pub actions: Actions<'a>,
}

impl<'a> Continuation<'a> {
    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<Continuation<'a>, DecodeError> {
        const BRIDGE: u16 = 0x8000;
        const STACK: u16 = 0x8001;
        const MIRRORS: u16 = 0x8002;
        const CONNTRACKED: u16 = 0x8003;
        const TABLE_ID: u16 = 0x8004;
        const COOKIE: u16 = 0x8005;
        const ACTIONS: u16 = 0x8006;
        const ACTION_SET: u16 = 0x8007;
        const ODP_PORT: u16 = 0x8008;
        let mut continuation = Continuation::default();
        let mut table = 0;
        let mut cookie = Hex(0);
        while !body.is_empty() {
            let (kind, mut inside) = next_property(body)?;
            match kind {
                BRIDGE => continuation.bridge = Some(uuid(inside.array("bridge")?)),
                STACK => continuation.stack.push(Bytes(inside.rest())),
                MIRRORS => continuation.mirrors = inside.u32("mirrors")?,
                CONNTRACKED => continuation.conntracked = true,
                TABLE_ID => table = inside.u8("table_id")?,
                COOKIE => {
                    inside.skip(4, "padding")?;
                    cookie = Hex(inside.u64("cookie")?);
                }
                ACTIONS | ACTION_SET => {
                    inside.skip(4, "padding")?;
                    let length = inside.remaining();
                    let actions = Actions::read(&mut inside, length, head, ListForm::Actions)?;
                    if kind == ACTION_SET {
                        continuation.action_set = Some(actions);
                    } else {
                        continuation.actions.push(Pending {
                            table,
                            cookie,
                            actions,
                        });
                    }
                }
                ODP_PORT => continuation.odp_port = inside.u32("odp_port")?,
                _ => {}
            }
        }
        Ok(continuation)
    }

    fn is_empty(&self) -> bool {
        self.bridge.is_none()
            && self.stack.is_empty()
            && self.mirrors == 0
            && !self.conntracked
            && self.actions.is_empty()
            && self.action_set.is_none()
            && self.odp_port == 0
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        if let Some(bridge) = &self.bridge {
            writeln!(sink, " continuation.bridge={bridge}");
        }
        if !self.stack.is_empty() {
            sink.put(" continuation.stack=(top)");
            for value in &self.stack {
                let digits = value.to_string();
                let digits = digits.trim_start_matches('0');
                match digits {
                    "" => write!(sink, " 0"),
                    digits => write!(sink, " 0x{digits}"),
                }
            }
            sink.put(" (bottom)\n");
        }
        if self.mirrors != 0 {
            writeln!(sink, " continuation.mirrors={:#x}", self.mirrors);
        }
        if self.conntracked {
            sink.put(" continuation.conntracked=true\n");
        }
        if !self.actions.is_empty() {
            sink.put(" continuation.actions=");
            for (index, pending) in self.actions.iter().enumerate() {
                let comma = if index == 0 { "" } else { "," };
                write!(
                    sink,
                    "{comma}unroll_xlate(table={}, cookie={})",
                    pending.table, pending.cookie.0
                );
                if !pending.actions.is_empty() {
                    sink.put(",");
                    pending.actions.text(sink, cx);
                }
            }
            sink.put("\n");
        }
        if let Some(actions) = &self.action_set {
            sink.put(" continuation.action_set=");
            actions.text(sink, cx);
            sink.put("\n");
        }
        if self.odp_port != 0 {
            writeln!(sink, " continuation.odp_port={}", self.odp_port);
        }
    }
}

/// A UUID in the memory layout of the switch: four 32-bit words, read as little-endian.
fn uuid(mut bytes: [u8; 16]) -> String {
    bytes.chunks_mut(4).for_each(<[u8]>::reverse);
    let digits = Bytes(&bytes).to_string();
    let mut out = String::with_capacity(36);
    for (index, c) in digits.chars().enumerate() {
        if matches!(index, 8 | 12 | 16 | 20) {
            out.push('-');
        }
        out.push(c);
    }
    out
}

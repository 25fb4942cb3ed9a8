//! Changes to the flow tables (OpenFlow 1.5.1 §7.3.4.2).
//!
//! ```text
//! 1.0     match(40) cookie(8) command(2) idle_timeout(2) hard_timeout(2) priority(2) buffer_id(4)
//!         out_port(2) flags(2) | actions
//! Nicira  cookie(8) command(2) idle_timeout(2) hard_timeout(2) priority(2) buffer_id(4) out_port(2)
//!         flags(2) match_len(2) pad(6) | NXM, padded to 8 | actions
//! 1.1+    cookie(8) cookie_mask(8) table_id(1) command(1) idle_timeout(2) hard_timeout(2) priority(2)
//!         buffer_id(4) out_port(4) out_group(4) flags(2) importance(2) | ofp_match | instructions
//! ```
//!
//! In 1.0 the upper byte of the command is the table if the Nicira extension `NXT_FLOW_MOD_TABLE_ID` is on.

use serde::Serialize;

use super::codec::{self, At, Encode, Head, Message, NICIRA, Place, nicira, typed};
use super::header::{self, HEADER_LEN, Header};
use super::members::{Actions, Fields, Flags, Hex, Named, Port, put_command};
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::fields::{MatchFields, V10_MATCH_BYTES};
use crate::openflow::flow_entry::{Flow, FlowEntry, RESET_COUNTS, flags_of};
use crate::openflow::text::{PORT_ANY, Sink, TextContext, TextRole, port_from_v10, port_to_v10};
use crate::openflow::version::Version::{self, V10, V11, V12, V14, V15};

/// `OFPT_FLOW_MOD` and `NXT_FLOW_MOD`
#[derive(Debug, Clone, Serialize)]
pub struct FlowMod<'a> {
    /// `OFPFC_*`
    pub command: Named,
    /// The table; 255 for all.
    pub table: u8,
    /// Priority; 32768 is ovs-ofctl's default.
    pub priority: u16,
    /// The new cookie of the flows; `None` leaves it unchanged.
    pub cookie: Option<Hex>,
    /// Selects flows by cookie, compared in the bits of the mask.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub match_cookie: Option<MaskedCookie>,
    /// Seconds without a packet before the flow expires; 0: never.
    pub idle_timeout: u16,
    /// Seconds before the flow expires; 0: never.
    pub hard_timeout: u16,
    /// Eviction importance; 0 before 1.4.
    pub importance: u16,
    /// The buffered packet to be processed by the flow, if any.
    pub buffer_id: Option<u32>,
    /// Selects flows to be deleted that output to this port.
    pub out_port: Port,
    /// Selects flows to be deleted that output to this group.
    pub out_group: Option<u32>,
    /// `OFPFF_*`
    pub flags: Flags,
    /// The match of the flow.
    #[serde(rename = "match")]
    pub fields: Fields,
    /// The actions of the flow.
    pub actions: Actions<'a>,
}

/// A cookie with its mask.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct MaskedCookie {
    /// The cookie.
    pub value: Hex,
    /// The bits that are compared.
    pub mask: Hex,
}

/// The names of `OFPFC_*` in ovs-ofctl.
const COMMANDS: &[(u32, &str)] = &[
    (ADD, "ADD"),
    (MODIFY, "MOD"),
    (MODIFY_STRICT, "MOD_STRICT"),
    (DELETE, "DEL"),
    (DELETE_STRICT, "DEL_STRICT"),
];
const ADD: u32 = 0;
const MODIFY: u32 = 1;
const MODIFY_STRICT: u32 = 2;
const DELETE: u32 = 3;
const DELETE_STRICT: u32 = 4;

const OFPT_FLOW_MOD: u8 = 14;
const NXT_FLOW_MOD: u32 = 13;

const FLAGS_V10: &[(u32, &str)] = &[(1, "send_flow_rem"), (2, "check_overlap"), (4, "emerg")];

/// `OFP_NO_BUFFER`, `OFPG_ANY`
const NONE: u32 = u32::MAX;
/// A cookie of all ones leaves the cookies of flows unchanged.
const KEEP: u64 = u64::MAX;

fn flags(bits: u16, version: Version) -> Flags {
    let names = match version {
        V10 => FLAGS_V10,
        _ => flags_of(version),
    };
    Flags::new(bits, names)
}

/// `OFPFC_*`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlowCommand {
    /// Adds the flow, or replaces the one with its key.
    Add,
    /// Changes the actions of the flows that match at least these fields.
    Modify,
    /// Changes the actions of the flow with this key.
    ModifyStrict,
    /// Deletes the flows that match at least these fields.
    Delete,
    /// Deletes the flow with this key.
    DeleteStrict,
}

impl Flow {
    /// The message that applies `command` to this flow, in the version of its actions; [`FlowMod::message`] encodes
    /// it. `None` if OpenFlow 1.0 has no number for the input port.
    pub fn flow_mod(&self, command: FlowCommand) -> Option<FlowMod<'_>> {
        let version = self.version();
        let is_implied = version < V12 && command == FlowCommand::Add;
        let implied = if is_implied { RESET_COUNTS } else { 0 };
        Some(FlowMod {
            command: Named::new(command as u32, COMMANDS),
            table: self.table_id,
            priority: self.priority,
            cookie: Some(Hex(self.cookie)),
            match_cookie: None,
            idle_timeout: self.idle_timeout,
            hard_timeout: self.hard_timeout,
            importance: if version < V14 { 0 } else { self.importance },
            buffer_id: None,
            out_port: Port(PORT_ANY),
            out_group: None,
            flags: flags(self.flags & !implied, version),
            fields: Fields::from_request(&self.fields, version)?,
            actions: Actions::new(self.actions.list(), self.fields.vlan_tag_known()),
        })
    }
}

impl FlowMod<'_> {
    /// The whole message in the version of the actions: in OpenFlow 1.0 `OFPT_FLOW_MOD` if its match suffices, else
    /// `NXT_FLOW_MOD`. `None` if the version cannot carry it, or it is too long.
    ///
    /// In OpenFlow 1.0 a switch reads the table only after `NXT_FLOW_MOD_TABLE_ID` has enabled that.
    pub fn message(&self, xid: u32) -> Option<Vec<u8>> {
        let version = self.actions.list().version();
        let nxm = || codec::encode(self, version, At::Vendor(NICIRA, NXT_FLOW_MOD), xid);
        let message = codec::encode(self, version, At::Type(OFPT_FLOW_MOD), xid);
        message.or_else(|| nxm().filter(|_| version == V10))
    }

    /// Sets the cookie that flows get; `None` leaves it unchanged.
    pub(in crate::openflow) fn set_cookie(&mut self, cookie: Option<u64>) {
        self.cookie = cookie.map(Hex);
    }

    /// Selects the flows that are modified or deleted by their cookie, compared in the bits of the mask.
    pub(in crate::openflow) fn select_cookie(&mut self, cookie: u64, mask: u64) {
        self.match_cookie = Some(MaskedCookie {
            value: Hex(cookie),
            mask: Hex(mask),
        });
        if self.actions.list().version() == V10 {
            self.fields.add_cookie(cookie, mask);
        }
    }

    /// The flow that is added, changed or deleted.
    pub fn entry(&self) -> Option<FlowEntry<'_>> {
        Some(FlowEntry {
            table_id: self.table,
            priority: self.priority,
            idle_timeout: self.idle_timeout,
            hard_timeout: self.hard_timeout,
            flags: u16::try_from(self.flags.bits).ok()?,
            importance: self.importance,
            cookie: self.cookie.map_or(0, |cookie| cookie.0),
            fields: self.fields.view()?,
            actions: *self.actions.list(),
        })
    }
}

impl<'a> Message<'a> for FlowMod<'a> {
    const PLACES: &'static [Place] = &[
        typed("OFPT_FLOW_MOD", OFPT_FLOW_MOD, V10, V15),
        nicira("NXT_FLOW_MOD", NXT_FLOW_MOD, V10, V15),
    ];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<FlowMod<'a>, DecodeError> {
        match (head.at, head.version) {
            (At::Vendor(..), _) | (_, V10) => early(body, head),
            _ => v11(body, head),
        }
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        sink.put(" ");
        put_command(self.command, sink);
        if self.table != 0 {
            write!(sink, " table:{}", self.table);
        }
        sink.put(" ");
        self.fields.text(sink, cx, self.priority);
        if !sink.buffer().ends_with(' ') {
            sink.put(" ");
        }
        if let Some(cookie) = self.cookie.filter(|cookie| cookie.0 != 0) {
            write!(sink, "cookie:{cookie} ");
        }
        if let Some(cookie) = self.match_cookie {
            write!(sink, "cookie:{}/{} ", cookie.value, cookie.mask);
        }
        for (key, value) in [
            ("idle", self.idle_timeout),
            ("hard", self.hard_timeout),
            ("importance", self.importance),
        ] {
            if value != 0 {
                write!(sink, "{key}:{value} ");
            }
        }
        if let Some(buffer_id) = self.buffer_id {
            write!(sink, "buf:{buffer_id:#x} ");
        }
        if self.out_port.0 != PORT_ANY {
            sink.put("out_port:");
            self.out_port.text(sink, cx);
            sink.put(" ");
        }
        if self.flags.bits != 0 {
            self.flags.text(sink, " ");
            sink.put(" ");
        }
        sink.put_as(TextRole::Action, "actions=");
        self.actions.text(sink, cx);
    }
}

impl Encode for FlowMod<'_> {
    /// The actions must be encoded for the version. `OFPT_FLOW_MOD` of 1.0 cannot represent a cookie filter and many
    /// matches; `NXT_FLOW_MOD` represents all.
    fn encode_body(&self, version: Version, at: At, out: &mut Vec<u8>) -> Option<()> {
        let command = u8::try_from(self.command.number).ok()?;
        let flags = u16::try_from(self.flags.bits).ok()?;
        let is_nicira = matches!(at, At::Vendor(..));
        let new_cookie = self.cookie.map_or(KEEP, |cookie| cookie.0);
        if version == V10 && !is_nicira {
            let fixed = MatchFields::from(&self.fields.view()?).fixed_v10()?;
            // A match without wildcards always has the highest priority.
            if self.match_cookie.is_some() || is_exact(&fixed) && self.priority != u16::MAX {
                return None;
            }
            out.extend(fixed);
        }
        if version == V10 {
            out.extend(new_cookie.to_be_bytes());
        } else {
            let (cookie, mask) = match self.match_cookie {
                Some(cookie) => (cookie.value.0, cookie.mask.0),
                None => (new_cookie, 0),
            };
            out.extend(cookie.to_be_bytes());
            out.extend(mask.to_be_bytes());
        }
        out.extend([self.table, command]);
        out.extend(self.idle_timeout.to_be_bytes());
        out.extend(self.hard_timeout.to_be_bytes());
        out.extend(self.priority.to_be_bytes());
        out.extend(self.buffer_id.unwrap_or(NONE).to_be_bytes());
        if version == V10 {
            out.extend(port_to_v10(self.out_port.0)?.to_be_bytes());
            out.extend(flags.to_be_bytes());
        }
        if is_nicira {
            out.extend(u16::try_from(self.fields.len()).ok()?.to_be_bytes());
            out.extend([0; 6]);
            self.fields.put_nxm(out);
        } else if version > V10 {
            out.extend(self.out_port.0.to_be_bytes());
            out.extend(self.out_group.unwrap_or(NONE).to_be_bytes());
            out.extend(flags.to_be_bytes());
            out.extend(self.importance.to_be_bytes());
            self.fields.put_match(version, out)?;
        }
        out.extend(self.actions.list().bytes());
        Some(())
    }
}

/// The table in a whole message of OpenFlow 1.0, if it is a flow mod; it is read only after `NXT_FLOW_MOD_TABLE_ID`.
pub fn table_v10(message: &mut [u8]) -> Option<&mut u8> {
    let header = Header::decode(message).ok()?;
    let at = if header.kind == OFPT_FLOW_MOD {
        HEADER_LEN + V10_MATCH_BYTES + 8
    } else {
        let mut vendor = Cursor::new(message.get(HEADER_LEN..)?, HEADER_LEN);
        let is_nicira = header.kind == header::VENDOR
            && vendor.u32("vendor") == Ok(NICIRA)
            && vendor.u32("subtype") == Ok(NXT_FLOW_MOD);
        HEADER_LEN + 8 + if is_nicira { 8 } else { return None }
    };
    message.get_mut(at)
}

/// The two layouts of 1.0.
fn early<'a>(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<FlowMod<'a>, DecodeError> {
    let is_nicira = matches!(head.at, At::Vendor(..));
    let (fields, is_exact) = if is_nicira {
        (None, false)
    } else {
        let fixed = body.array("match")?;
        let normal = normalized(fixed);
        let is_exact = is_exact(&fixed);
        let mut fixed = Cursor::new(&normal, HEADER_LEN);
        (Some(Fields::v10(&mut fixed)?), is_exact)
    };
    let cookie = body.u64("cookie")?;
    let [table, command] = body.array("command")?;
    let idle_timeout = body.u16("idle_timeout")?;
    let hard_timeout = body.u16("hard_timeout")?;
    let priority = body.u16("priority")?;
    let buffer_id = Some(body.u32("buffer_id")?).filter(|buffer| *buffer != NONE);
    let out_port = Port(port_from_v10(body.u16("out_port")?));
    let flag_bits = body.u16("flags")?;
    let fields = if let Some(fields) = fields {
        fields
    } else {
        let match_len = usize::from(body.u16("match_len")?);
        body.skip(6, "padding")?;
        Fields::nxm(body, match_len)?
    };
    let match_cookie = fields.cookie().filter(|(_, mask)| *mask != 0);
    Ok(FlowMod {
        command: Named::new(command, COMMANDS),
        table,
        // A match without wildcards has the highest priority (OpenFlow 1.0.0 §3.4).
        priority: if is_exact { u16::MAX } else { priority },
        cookie: Some(Hex(cookie)).filter(|cookie| cookie.0 != KEEP),
        match_cookie: match_cookie.map(|(value, mask)| MaskedCookie {
            value: Hex(value),
            mask: Hex(mask),
        }),
        idle_timeout,
        hard_timeout,
        importance: 0,
        buffer_id,
        out_port,
        out_group: None,
        flags: flags(flag_bits, head.version),
        actions: Actions::rest_of_flow(body, head, &fields)?,
        fields,
    })
}

/// Whether a match of 1.0 has no wildcards.
fn is_exact(fixed: &[u8]) -> bool {
    const ALL_FIELDS: u32 = 0x003f_ffff;
    let wildcards = Cursor::new(fixed, 0).u32("wildcards");
    wildcards.is_ok_and(|wildcards| wildcards & ALL_FIELDS == 0)
}

/// The match of 1.0 without the fields that its protocols do not have: switches ignore those
/// (OpenFlow 1.0.0 §3.4).
fn normalized(mut fixed: [u8; V10_MATCH_BYTES]) -> [u8; V10_MATCH_BYTES] {
    const DL_TYPE: u32 = 1 << 4;
    const NW_PROTO: u32 = 1 << 5;
    const PORTS: u32 = 3 << 6;
    const ADDRESSES: u32 = 0xfff << 8;
    const NW_TOS: u32 = 1 << 21;
    let [w0, w1, w2, w3, ..] = fixed;
    let mut wildcards = u32::from_be_bytes([w0, w1, w2, w3]);
    let dl_type = u16::from_be_bytes([fixed[22], fixed[23]]);
    let nw_proto = Some(fixed[25]).filter(|_| wildcards & NW_PROTO == 0);
    wildcards |= match dl_type {
        _ if wildcards & DL_TYPE != 0 => NW_PROTO | PORTS | ADDRESSES | NW_TOS,
        0x0800 if matches!(nw_proto, Some(1 | 6 | 17 | 132)) => 0,
        0x0800 => PORTS,
        0x86dd if matches!(nw_proto, Some(6 | 17 | 58 | 132)) => ADDRESSES,
        0x86dd => ADDRESSES | PORTS,
        0x0806 | 0x8035 => PORTS | NW_TOS,
        _ => NW_PROTO | PORTS | ADDRESSES | NW_TOS,
    };
    [fixed[0], fixed[1], fixed[2], fixed[3]] = wildcards.to_be_bytes();
    fixed
}

fn v11<'a>(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<FlowMod<'a>, DecodeError> {
    let version = head.version;
    let cookie = body.u64("cookie")?;
    let mask = body.u64("cookie_mask")?;
    let table = body.u8("table_id")?;
    let command = u32::from(body.u8("command")?);
    let idle_timeout = body.u16("idle_timeout")?;
    let hard_timeout = body.u16("hard_timeout")?;
    let priority = body.u16("priority")?;
    let buffer_id = Some(body.u32("buffer_id")?).filter(|buffer| *buffer != NONE);
    let out_port = Port(body.u32("out_port")?);
    let out_group = Some(body.u32("out_group")?).filter(|group| *group != NONE);
    let flag_bits = body.u16("flags")?;
    let importance = body.u16("importance")?;
    let fields = Fields::v11(body)?;
    // In 1.1 a modify request without a cookie filter adds the flow if none matches.
    let adds =
        command == ADD || version == V11 && mask == 0 && matches!(command, MODIFY | MODIFY_STRICT);
    let deletes = matches!(command, DELETE | DELETE_STRICT);
    Ok(FlowMod {
        command: Named::new(command, COMMANDS),
        table,
        priority,
        cookie: Some(Hex(cookie)).filter(|cookie| adds && cookie.0 != KEEP),
        match_cookie: (!adds && mask != 0).then_some(MaskedCookie {
            value: Hex(cookie),
            mask: Hex(mask),
        }),
        idle_timeout,
        hard_timeout,
        importance: if version >= V14 && command == ADD {
            importance
        } else {
            0
        },
        buffer_id,
        out_port,
        out_group: out_group.filter(|_| deletes),
        flags: flags(flag_bits, version),
        actions: Actions::rest_of_flow(body, head, &fields)?,
        fields,
    })
}

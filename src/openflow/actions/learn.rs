//! `learn`: adds or changes a flow (ovs-actions(7)).

use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::json::Json;
use crate::openflow::text::{Role, Sink, TextContext};
use crate::openflow::version::Version;

use super::bits::{Bits, plain_header, short_header};
use super::number::{put_dec, put_hex, put_hex_bytes};
use super::{
    ActionCodec, Head, Unencodable, Wire, hex_json, place, put_action, put_zeros, skip_zeros,
};
use crate::openflow::bytes::DecodeErrorKind;
use crate::openflow::fields::FieldRef;

/// Adds or changes a flow: `learn(table=20,hard_timeout=300,priority=1,NXM_OF_VLAN_TCI[0..11],
/// NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],load:0->NXM_OF_VLAN_TCI[],output:NXM_OF_IN_PORT[])`.
///
/// JSON: `{"type":"learn","table":20,"idle_timeout":1,"hard_timeout":300,"fin_idle_timeout":1,
/// "fin_hard_timeout":1,"priority":1,"send_flow_rem":true,"delete_learned":true,"cookie":"0x1","limit":5,
/// "result_dst":{bits},"specs":[{"type":"match","dst":{bits},"src":{bits}},{"type":"match","field":"in_port",
/// "value":...},{"type":"match","dst":{bits},"value":"0x1"},{"type":"load","dst":{bits},"src":{bits}},
/// {"type":"load","dst":{bits},"value":"0x0"},{"type":"output","src":{bits}}]}`. Timeouts, cookie, limit and
/// flags that are zero are left out, as is a priority of 32768.
#[derive(Debug, Clone, Copy)]
pub struct Learn<'a> {
    /// Seconds without a packet after which the flow goes; 0 is never.
    pub idle_timeout: u16,
    /// Seconds after which the flow goes; 0 is never.
    pub hard_timeout: u16,
    /// The flow's priority.
    pub priority: u16,
    /// The flow's cookie.
    pub cookie: u64,
    /// `NX_LEARN_F_*`: 1 `send_flow_rem`, 2 `delete_learned`, 4 a result is written.
    pub flags: u16,
    /// The flow's table.
    pub table: u8,
    /// The idle timeout after a TCP FIN; 0 changes nothing.
    pub fin_idle_timeout: u16,
    /// The hard timeout after a TCP FIN; 0 changes nothing.
    pub fin_hard_timeout: u16,
    /// What only the second form has.
    pub second: Option<Second>,
    /// The match and actions of the flow, as they came.
    specs: Cursor<'a>,
}

/// What `NXAST_LEARN2` has beyond `NXAST_LEARN`.
#[derive(Debug, Clone, Copy)]
pub struct Second {
    /// How many flows at most; 0 is no limit.
    pub limit: u32,
    /// The lowest bit of the result, also where none is written.
    pub result_offset: u16,
    /// The bit that tells whether the limit was kept.
    pub result_dst: Option<Bits>,
}

/// One part of the flow that is learned.
#[derive(Debug, Clone, Copy)]
pub struct LearnSpec<'a> {
    /// Where the bits come from.
    pub source: LearnSource<'a>,
    /// What becomes of them.
    pub target: LearnTarget,
    /// How many bits.
    pub n_bits: u16,
}

/// Where bits of a learned flow come from.
#[derive(Debug, Clone, Copy)]
pub enum LearnSource<'a> {
    /// A field of the packet at hand.
    Field(Bits),
    /// A constant; `n_bits` of it, rounded up to bytes.
    Value(&'a [u8]),
}

/// What becomes of bits in a learned flow.
#[derive(Debug, Clone, Copy)]
pub enum LearnTarget {
    /// The flow matches on them.
    Match(Bits),
    /// The flow loads them into a field.
    Load(Bits),
    /// The flow sends to the port they name.
    Output,
}

const SEND_FLOW_REM: u16 = 1;
const DELETE_LEARNED: u16 = 2;
const WRITE_RESULT: u16 = 4;
const DEFAULT_PRIORITY: u16 = 0x8000;

const LEARN: Wire = Wire::nicira(16);
const LEARN2: Wire = Wire::nicira(45);

/// The next spec; `None` at the end or where only padding is left.
fn next_spec<'a>(rest: &mut Cursor<'a>) -> Result<Option<LearnSpec<'a>>, DecodeError> {
    if rest.is_empty() {
        return Ok(None);
    }
    let start = *rest;
    let header = rest.u16("flow_mod_spec")?;
    if header == 0 {
        skip_zeros(rest, rest.remaining())?;
        return Ok(None);
    }
    let bad = start.error("flow_mod_spec", DecodeErrorKind::BadValue(header.into()));
    let n_bits = header & 0x3ff;
    let constant = header & 0x2000 != 0;
    let bits = |rest: &mut Cursor<'a>| {
        let field = short_header(rest)?;
        let offset = rest.u16("offset")?;
        Bits::new(field, offset, n_bits, &start)
    };
    let source = if constant {
        let padded = rest.take(2 * usize::from(n_bits).div_ceil(16), "constant")?;
        let padding = padded.len() - usize::from(n_bits).div_ceil(8);
        match padded.split_at_checked(padding) {
            Some((zeros, value)) if zeros.iter().all(|byte| *byte == 0) && n_bits > 0 => {
                LearnSource::Value(value)
            }
            _ => return Err(bad),
        }
    } else {
        LearnSource::Field(bits(rest)?)
    };
    // What is neither source, target nor number of bits must be zero.
    let target = match (header & !0x23ff, constant) {
        (0, _) => LearnTarget::Match(bits(rest)?),
        (0x0800, _) => LearnTarget::Load(bits(rest)?),
        (0x1000, false) => LearnTarget::Output,
        _ => return Err(bad),
    };
    Ok(Some(LearnSpec {
        source,
        target,
        n_bits,
    }))
}

impl<'a> Learn<'a> {
    /// The match and actions of the flow, part by part.
    pub fn specs(&self) -> impl Iterator<Item = LearnSpec<'a>> + use<'a> {
        let mut rest = self.specs;
        std::iter::from_fn(move || next_spec(&mut rest).ok().flatten())
    }

    /// The numbers that are shown where they are not zero, in the order of the text.
    fn timeouts(&self) -> impl Iterator<Item = (&'static str, u16)> {
        [
            ("idle_timeout", self.idle_timeout),
            ("hard_timeout", self.hard_timeout),
            ("fin_idle_timeout", self.fin_idle_timeout),
            ("fin_hard_timeout", self.fin_hard_timeout),
        ]
        .into_iter()
        .filter(|(_, seconds)| *seconds != 0)
    }

    fn flags(&self) -> impl Iterator<Item = &'static str> {
        let flags = self.flags;
        [
            (SEND_FLOW_REM, "send_flow_rem"),
            (DELETE_LEARNED, "delete_learned"),
        ]
        .into_iter()
        .filter(move |(bit, _)| flags & bit != 0)
        .map(|(_, word)| word)
    }
}

impl<'a> ActionCodec<'a> for Learn<'a> {
    const NAME: &'static str = "learn";
    const WIRE: &'static [Wire] = &[LEARN, LEARN2];

    fn decode(body: &mut Cursor<'a>, head: Head) -> Result<Self, DecodeError> {
        let idle_timeout = body.u16("idle_timeout")?;
        let hard_timeout = body.u16("hard_timeout")?;
        let priority = body.u16("priority")?;
        let cookie = body.u64("cookie")?;
        let flags = body.u16("learn flags")?;
        let table = body.u8("table")?;
        skip_zeros(body, 1)?;
        let fin_idle_timeout = body.u16("fin_idle_timeout")?;
        let fin_hard_timeout = body.u16("fin_hard_timeout")?;
        let mut second = None;
        if head.number == LEARN2.number {
            let limit = body.u32("limit")?;
            let result_offset = body.u16("result_dst_ofs")?;
            skip_zeros(body, 2)?;
            let mut result_dst = None;
            if flags & WRITE_RESULT != 0 {
                let start = *body;
                let header = plain_header(body)?;
                result_dst = Some(Bits::new(header, result_offset, 1, &start)?);
            }
            second = Some(Second {
                limit,
                result_offset,
                result_dst,
            });
        }
        let specs = *body;
        while next_spec(body)?.is_some() {}
        Ok(Learn {
            idle_timeout,
            hard_timeout,
            priority,
            cookie,
            flags,
            table,
            fin_idle_timeout,
            fin_hard_timeout,
            second,
            specs,
        })
    }

    fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        place(Self::WIRE, version, Self::NAME)?;
        let wire = if self.second.is_some() { LEARN2 } else { LEARN };
        put_action(wire, out, |out| {
            out.extend(self.idle_timeout.to_be_bytes());
            out.extend(self.hard_timeout.to_be_bytes());
            out.extend(self.priority.to_be_bytes());
            out.extend(self.cookie.to_be_bytes());
            out.extend(self.flags.to_be_bytes());
            out.extend([self.table, 0]);
            out.extend(self.fin_idle_timeout.to_be_bytes());
            out.extend(self.fin_hard_timeout.to_be_bytes());
            if let Some(second) = self.second {
                out.extend(second.limit.to_be_bytes());
                out.extend(second.result_offset.to_be_bytes());
                put_zeros(out, 2);
                if let Some(bits) = second.result_dst {
                    bits.header.encode(out);
                }
            }
            out.extend_from_slice(self.specs.rest());
        });
        Ok(())
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        sink.put_as(Role::Action, "learn");
        sink.put("(");
        sink.key("table");
        put_dec(sink, self.table);
        for (name, seconds) in self.timeouts() {
            sink.put(",");
            sink.key(name);
            put_dec(sink, seconds);
        }
        if self.priority != DEFAULT_PRIORITY {
            sink.put(",");
            sink.key("priority");
            put_dec(sink, self.priority);
        }
        for flag in self.flags() {
            sink.put(",");
            sink.put_as(Role::Value, flag);
        }
        if self.cookie != 0 {
            sink.put(",");
            sink.key("cookie");
            put_hex(sink, self.cookie);
        }
        if let Some(second) = self.second {
            if second.limit != 0 {
                sink.put(",");
                sink.key("limit");
                put_dec(sink, second.limit);
            }
            if let Some(bits) = second.result_dst {
                sink.put(",");
                sink.key("result_dst");
                bits.text(sink);
            }
        }
        for spec in self.specs() {
            sink.put(",");
            spec.text(sink, cx);
        }
        sink.put(")");
    }

    fn json(&self, json: &mut Json<'_>, cx: &TextContext<'_>) {
        json.key("table");
        json.number(self.table);
        for (name, seconds) in self.timeouts() {
            json.key(name);
            json.number(seconds);
        }
        if self.priority != DEFAULT_PRIORITY {
            json.key("priority");
            json.number(self.priority);
        }
        for flag in self.flags() {
            json.key(flag);
            json.bool(true);
        }
        if self.cookie != 0 {
            json.key("cookie");
            json.hex(self.cookie.into());
        }
        if let Some(second) = self.second {
            if second.limit != 0 {
                json.key("limit");
                json.number(second.limit);
            }
            if let Some(bits) = second.result_dst {
                json.key("result_dst");
                bits.json(json);
            }
        }
        json.key("specs");
        json.begin_array();
        for spec in self.specs() {
            spec.json(json, cx);
        }
        json.end_array();
    }
}

impl LearnSpec<'_> {
    /// Writes `NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[]`, `load:0->NXM_OF_VLAN_TCI[]`, `output:NXM_OF_IN_PORT[]`.
    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        match (self.target, self.source) {
            (LearnTarget::Match(dst), LearnSource::Value(value)) => {
                if !with_whole_field(dst, value, |field, value| {
                    sink.key(field.name);
                    field.value_text(value, None, sink, cx);
                }) {
                    dst.text(sink);
                    sink.put("=");
                    put_hex_bytes(sink, value);
                }
            }
            (LearnTarget::Match(dst), LearnSource::Field(src)) => {
                dst.text(sink);
                if src.offset != dst.offset || !same_field(src, dst) {
                    sink.put("=");
                    src.text(sink);
                }
            }
            (LearnTarget::Load(dst), LearnSource::Value(value)) => {
                sink.put_as(Role::Action, "load");
                sink.put(":");
                put_hex_bytes(sink, value);
                sink.put("->");
                dst.text(sink);
            }
            (LearnTarget::Load(dst), LearnSource::Field(src)) => {
                sink.put_as(Role::Action, "load");
                sink.put(":");
                src.text(sink);
                sink.put("->");
                dst.text(sink);
            }
            (LearnTarget::Output, LearnSource::Field(src)) => {
                sink.put_as(Role::Action, "output");
                sink.put(":");
                src.text(sink);
            }
            (LearnTarget::Output, LearnSource::Value(value)) => {
                sink.put_as(Role::Action, "output");
                sink.put(":");
                put_hex_bytes(sink, value);
            }
        }
    }

    fn json(&self, json: &mut Json<'_>, cx: &TextContext<'_>) {
        json.begin_object();
        json.key("type");
        let dst = match self.target {
            LearnTarget::Match(dst) => {
                json.string("match");
                Some(dst)
            }
            LearnTarget::Load(dst) => {
                json.string("load");
                Some(dst)
            }
            LearnTarget::Output => {
                json.string("output");
                None
            }
        };
        match (self.target, self.source) {
            (LearnTarget::Match(dst), LearnSource::Value(value))
                if with_whole_field(dst, value, |field, value| {
                    json.key("field");
                    json.string(field.name);
                    json.key("value");
                    field.value_json(value, None, json, cx);
                }) => {}
            (_, source) => {
                if let Some(dst) = dst {
                    json.key("dst");
                    dst.json(json);
                }
                match source {
                    LearnSource::Field(src) => {
                        json.key("src");
                        src.json(json);
                    }
                    LearnSource::Value(value) => {
                        json.key("value");
                        hex_json(json, value);
                    }
                }
            }
        }
        json.end_object();
    }
}

/// If `dst` is a whole field, calls `show` with it and the value padded to its bytes.
fn with_whole_field(
    dst: Bits,
    value: &[u8],
    show: impl FnOnce(&'static crate::openflow::fields::Field, &[u8]),
) -> bool {
    let FieldRef::Known(field) = dst.subfield().field else {
        return false;
    };
    let width = usize::from(dst.header.length);
    let mut padded = [0; 256];
    if dst.offset != 0 || dst.n_bits != field.n_bits() || value.len() > width {
        return false;
    }
    let padded = padded.get_mut(..width).unwrap_or_default();
    match padded.get_mut(width.saturating_sub(value.len())..) {
        Some(tail) if tail.len() == value.len() => tail.copy_from_slice(value),
        _ => return false,
    }
    show(field, padded);
    true
}

fn same_field(one: Bits, other: Bits) -> bool {
    match (one.subfield().field, other.subfield().field) {
        (FieldRef::Known(one), FieldRef::Known(other)) => std::ptr::eq(one, other),
        _ => one.header == other.header,
    }
}

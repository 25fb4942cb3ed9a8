//! `learn`: adds or changes a flow (ovs-actions(7)).

use crate::openflow::fields::{FieldKind, nearest_of, number};
use crate::openflow::text::{port_from_v10, put_table, put_table_json};

use super::codec::hex_json;
use super::prelude::*;
use super::put_field::ones;

/// Adds or changes a flow: `learn(table=20,hard_timeout=300,priority=1,NXM_OF_VLAN_TCI[0..11],
/// NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],load:0->NXM_OF_VLAN_TCI[],output:NXM_OF_IN_PORT[])`.
///
/// JSON: `{"type":"learn","table":20,"table_name":"LB","idle_timeout":1,"hard_timeout":300,"fin_idle_timeout":1,
/// "fin_hard_timeout":1,"priority":1,"send_flow_rem":true,"delete_learned":true,"cookie":"0x1","limit":5,
/// "result_dst":{bits},"specs":[{"type":"match","dst":{bits},"src":{bits}},{"type":"match","field":"in_port",
/// "value":...},{"type":"match","dst":{bits},"value":"0x1"},{"type":"load","dst":{bits},"src":{bits}},
/// {"type":"load","dst":{bits},"value":"0x0"},{"type":"output","src":{bits}}]}`. Timeouts, cookie, limit and
/// flags that are zero are left out, as is a priority of 32768.
#[derive(Debug, Clone, Copy)]
pub struct Learn<'a> {
    /// Idle timeout in seconds; 0 is none.
    pub idle_timeout: u16,
    /// Hard timeout in seconds; 0 is none.
    pub hard_timeout: u16,
    /// The flow's priority.
    pub priority: u16,
    /// The flow's cookie.
    pub cookie: u64,
    /// `NX_LEARN_F_*`: 1 `send_flow_rem`, 2 `delete_learned`, 4 `write_result`.
    pub flags: u16,
    /// The flow's table.
    pub table: u8,
    /// The idle timeout after a TCP FIN; 0 changes nothing.
    pub fin_idle_timeout: u16,
    /// The hard timeout after a TCP FIN; 0 changes nothing.
    pub fin_hard_timeout: u16,
    /// The fields of `NXAST_LEARN2`.
    pub second: Option<Learn2>,
    /// The undecoded match and actions of the flow.
    specs: Cursor<'a>,
}

/// The fields that `NXAST_LEARN2` adds to `NXAST_LEARN`.
#[derive(Debug, Clone, Copy)]
pub struct Learn2 {
    /// Maximum number of learned flows; 0 is no limit.
    pub limit: u32,
    /// The offset of the result bit, kept even if none is written.
    pub result_offset: u16,
    /// The bit set if the limit was not exceeded.
    pub result_dst: Option<Bits>,
}

/// One part of the flow that is learned.
#[derive(Debug, Clone, Copy)]
pub struct LearnSpec<'a> {
    /// Where the bits come from.
    pub source: LearnSource<'a>,
    /// The use of the bits.
    pub target: LearnTarget,
}

/// Where bits of a learned flow come from.
#[derive(Debug, Clone, Copy)]
pub enum LearnSource<'a> {
    /// A field of the packet at hand.
    Field(Bits),
    /// A constant of `n_bits`, rounded up to bytes.
    Value(&'a [u8]),
}

/// The use of bits in a learned flow.
#[derive(Debug, Clone, Copy)]
pub enum LearnTarget {
    /// The flow matches on them.
    Match(Bits),
    /// The flow loads them into a field.
    Load(Bits),
    /// The flow sends to the port they name.
    Output,
}

/// The part in JSON; other schemas call it `learn_spec`.
pub const LEARN_SPEC: JsonShape = {
    const MATCH_OR_LOAD: JsonMember = JsonMember::new("type", JsonShape::Words(&["match", "load"]));
    const OUTPUT: JsonMember = JsonMember::new("type", JsonShape::Words(&["output"]));
    JsonShape::Either(&[
        JsonShape::Object(&[
            JsonMember::new("type", JsonShape::Words(&["match"])),
            JsonMember::new("field", JsonShape::Text),
            JsonMember::new("value", JsonShape::FIELD_VALUE),
        ]),
        JsonShape::Object(&[
            MATCH_OR_LOAD,
            JsonMember::new("dst", JsonShape::BITS),
            JsonMember::new("src", JsonShape::BITS),
        ]),
        JsonShape::Object(&[
            MATCH_OR_LOAD,
            JsonMember::new("dst", JsonShape::BITS),
            JsonMember::new("value", JsonShape::HEX),
        ]),
        JsonShape::Object(&[OUTPUT, JsonMember::new("src", JsonShape::BITS)]),
        JsonShape::Object(&[OUTPUT, JsonMember::new("value", JsonShape::HEX)]),
    ])
};

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
            Some((_, value)) if n_bits > 0 => LearnSource::Value(value),
            _ => return Err(bad),
        }
    } else {
        LearnSource::Field(bits(rest)?)
    };
    let target = match (header & 0x1800, constant) {
        (0, _) => LearnTarget::Match(bits(rest)?),
        (0x0800, _) => LearnTarget::Load(bits(rest)?),
        (0x1000, false) => LearnTarget::Output,
        _ => return Err(bad),
    };
    Ok(Some(LearnSpec { source, target }))
}

impl<'a> Learn<'a> {
    /// The match and actions of the flow, part by part.
    pub fn specs(&self) -> impl Iterator<Item = LearnSpec<'a>> + use<'a> {
        let mut rest = self.specs;
        std::iter::from_fn(move || next_spec(&mut rest).ok().flatten())
    }

    /// The ports that the learned flow matches on by their numbers.
    pub(super) fn matched_ports(&self) -> impl Iterator<Item = u32> + use<'a> {
        self.specs().filter_map(|spec| {
            let (LearnTarget::Match(dst), LearnSource::Value(value)) = (spec.target, spec.source)
            else {
                return None;
            };
            let number = be_number(value) as u32;
            let field = dst.header.field();
            match field.filter(|row| dst.n_bits == row.n_bits())?.id {
                Id::IN_PORT => Some(port_from_v10(number as u16)),
                Id::IN_PORT_OXM => Some(number),
                _ => None,
            }
        })
    }

    /// The numbers printed if nonzero, in the order of the text.
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
    const FORMS: &'static [WordForm] = &[&[("(", Takes::NamedOrBits(ARGUMENTS))]];
    const MEMBERS: &'static [JsonMember] = &[
        JsonMember::new("table", JsonShape::Table),
        JsonMember::optional("idle_timeout", JsonShape::U16),
        JsonMember::optional("hard_timeout", JsonShape::U16),
        JsonMember::optional("fin_idle_timeout", JsonShape::U16),
        JsonMember::optional("fin_hard_timeout", JsonShape::U16),
        JsonMember::optional("priority", JsonShape::U16),
        JsonMember::optional("send_flow_rem", JsonShape::True),
        JsonMember::optional("delete_learned", JsonShape::True),
        JsonMember::optional("cookie", JsonShape::HEX),
        JsonMember::optional("limit", JsonShape::U32),
        JsonMember::optional("result_dst", JsonShape::BITS),
        JsonMember::new("specs", JsonShape::List(&JsonShape::Named("learn_spec"))),
    ];

    fn decode(body: &mut Cursor<'a>, head: ActionHeader) -> Result<Self, DecodeError> {
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
            second = Some(Learn2 {
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

    fn wire(&self, _: Version) -> Option<Wire> {
        Some(if self.second.is_some() { LEARN2 } else { LEARN })
    }

    fn body(&self, _: Wire, _: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
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
        Ok(())
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        sink.put_as(TextRole::Action, "learn");
        sink.put("(");
        sink.key("table");
        put_table(sink.buffer(), cx, self.table);
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
            sink.put_as(TextRole::Value, flag);
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
        put_table_json(json, cx, self.table);
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

    fn text_of_json(object: &mut JsonObject<'_>, out: &mut String) -> Result<(), Problem> {
        out.push_str(Self::NAME);
        let mut comma = Separator("(");
        comma.argument(out, "table", object.table()?);
        for key in [
            "idle_timeout",
            "hard_timeout",
            "fin_idle_timeout",
            "fin_hard_timeout",
            "priority",
            "cookie",
            "limit",
            "result_dst",
        ] {
            comma.argument(out, key, object.word(key)?);
        }
        for flag in ["send_flow_rem", "delete_learned"] {
            if object.flag(flag)? {
                comma.word(out, flag);
            }
        }
        for spec in object.list("specs")? {
            let mut spec = object.within(spec, "a part of learn")?;
            comma.word(out, "");
            text_of_spec(&mut spec, out)?;
            spec.end()?;
        }
        comma.end(out);
        Ok(())
    }

    fn parse(_: &str, argument: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        let mut learn = Learn {
            idle_timeout: 0,
            hard_timeout: 0,
            priority: DEFAULT_PRIORITY,
            cookie: 0,
            flags: 0,
            table: 1,
            fin_idle_timeout: 0,
            fin_hard_timeout: 0,
            second: None,
            specs: Cursor::new(&[], 0),
        };
        let mut second = Learn2 {
            limit: 0,
            result_offset: 0,
            result_dst: None,
        };
        let mut specs = Vec::new();
        for argument in Arguments::new(argument) {
            let argument = argument?;
            let Argument { key, value, .. } = argument;
            match key {
                "table" => match parser.table(value)? {
                    u8::MAX => return Err(Problem::syntax("tables end at 254")),
                    table => learn.table = table,
                },
                "priority" => learn.priority = decimal(value, key)?,
                "idle_timeout" => learn.idle_timeout = decimal(value, key)?,
                "hard_timeout" => learn.hard_timeout = decimal(value, key)?,
                "fin_idle_timeout" => learn.fin_idle_timeout = decimal(value, key)?,
                "fin_hard_timeout" => learn.fin_hard_timeout = decimal(value, key)?,
                "cookie" => learn.cookie = uint(value, key)?,
                "send_flow_rem" => learn.flags |= SEND_FLOW_REM,
                "delete_learned" => learn.flags |= DELETE_LEARNED,
                "limit" => second.limit = decimal(value, key)?,
                "result_dst" => {
                    // As for the switch, packets need not have the field.
                    let within = |problem: Problem| problem.within(argument.text);
                    let bits = Bits::parse(value).map_err(within)?;
                    if let Some(field) = bits.header.field() {
                        parser.demand_settable(field).map_err(within)?;
                    }
                    if bits.n_bits != 1 {
                        return Err(Problem::syntax("result_dst is one bit of a field"));
                    }
                    learn.flags |= WRITE_RESULT;
                    second.result_offset = bits.offset;
                    second.result_dst = Some(bits);
                }
                _ => {
                    put_spec(argument, parser, &mut specs)
                        .map_err(|problem| problem.within(argument.text))?;
                    if specs.len() > 0xff00 {
                        return Err(Problem::syntax("these are too many parts of a flow"));
                    }
                }
            }
        }
        learn.second =
            Some(second).filter(|second| second.limit != 0 || second.result_dst.is_some());
        let learn = Learn {
            specs: Cursor::new(&specs, 0),
            ..learn
        };
        learn.put(parser)
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
                sink.put_as(TextRole::Action, "load");
                sink.put(":");
                put_hex_bytes(sink, value);
                sink.put("->");
                dst.text(sink);
            }
            (LearnTarget::Load(dst), LearnSource::Field(src)) => {
                sink.put_as(TextRole::Action, "load");
                sink.put(":");
                src.text(sink);
                sink.put("->");
                dst.text(sink);
            }
            (LearnTarget::Output, LearnSource::Field(src)) => {
                sink.put_as(TextRole::Action, "output");
                sink.put(":");
                src.text(sink);
            }
            (LearnTarget::Output, LearnSource::Value(value)) => {
                sink.put_as(TextRole::Action, "output");
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

/// Appends the text of one part.
fn text_of_spec(spec: &mut JsonObject<'_>, out: &mut String) -> Result<(), Problem> {
    let kind = spec.need("type")?;
    if let Some(field) = spec.word("field")? {
        let value = spec.take("value").ok_or_else(|| spec.missing("value"))?;
        out.push_str(&field);
        out.push('=');
        out.push_str(&field_value(&field, value, spec.names)?);
        return Ok(());
    }
    let source = match spec.word("src")? {
        Some(source) => source,
        None => spec.need("value")?,
    };
    match kind.as_str() {
        "match" => {
            out.push_str(&spec.need("dst")?);
            out.push('=');
            out.push_str(&source);
        }
        "load" => {
            out.push_str("load:");
            out.push_str(&source);
            out.push_str("->");
            out.push_str(&spec.need("dst")?);
        }
        "output" => {
            out.push_str("output:");
            out.push_str(&source);
        }
        _ => {
            return Err(Problem::syntax(
                "a part of learn is a match, a load or an output",
            ));
        }
    }
    Ok(())
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

/// The arguments of `learn` other than fields.
const ARGUMENTS: &[NamedArgument] = &[
    ("table", EQUALS_TABLE),
    ("priority", EQUALS_TEXT),
    ("idle_timeout", EQUALS_TEXT),
    ("hard_timeout", EQUALS_TEXT),
    ("fin_idle_timeout", EQUALS_TEXT),
    ("fin_hard_timeout", EQUALS_TEXT),
    ("cookie", EQUALS_TEXT),
    ("send_flow_rem", &[]),
    ("delete_learned", &[]),
    ("limit", EQUALS_TEXT),
    ("result_dst", &[("=", Takes::BitsToSet)]),
    ("load", &[(":", Takes::Bits), ("->", Takes::BitsToSet)]),
    ("output", &[(":", Takes::Bits)]),
];

/// The bits of the header of a spec: constant source, and the targets other than a match.
const CONSTANT: u16 = 0x2000;
const LOAD: u16 = 0x0800;
const OUTPUT: u16 = 0x1000;

/// Appends one part of the flow that is learned.
fn put_spec(argument: Argument<'_>, parser: &Parser<'_>, out: &mut Vec<u8>) -> Result<(), Problem> {
    let Argument { key, value, .. } = argument;
    match key {
        "load" => {
            let (source, target) = arrow(value)?;
            let dst = short(target)?;
            if let Some(number) = number(source) {
                return put_constant(LOAD, number, dst, out);
            }
            put_copy(LOAD, short(source)?, Some(dst), out)
        }
        "output" => put_copy(OUTPUT, short(value)?, None, out),
        _ => {
            let dst = short(key).map_err(|problem| {
                match nearest_of(key, ARGUMENTS.iter().map(|(word, _)| *word)) {
                    Some(name) => no_argument("learn", key, [name]),
                    None => problem,
                }
            })?;
            if value.is_empty() {
                return put_copy(0, dst, Some(dst), out);
            }
            let whole = dst
                .header
                .field()
                .filter(|field| dst.n_bits == field.n_bits());
            if let Ok(src) = Bits::parse(value) {
                src.demand_short()?;
                return put_copy(0, src, Some(dst), out);
            }
            if let Some(field) = whole {
                let (text, (value, mask)) = (value, parser.field_value(field, value)?);
                let is_partial = mask.is_some_and(|mask| mask.iter().any(|byte| *byte != 0xff));
                // Flags without signs, and their number, are all flags.
                let is_whole = match field.kind {
                    FieldKind::TcpFlags | FieldKind::CtState | FieldKind::TunFlags => {
                        !text.starts_with(['+', '-']) && !text.contains('/')
                    }
                    _ => number(text).is_some(),
                };
                if is_partial && !is_whole {
                    return Err(Problem::syntax("the match of a learned flow has no masks"));
                }
                put_whole_constant(0, &value, dst, out);
                return Ok(());
            }
            match number(value) {
                Some(number) => put_constant(0, number, dst, out),
                None => Err(Problem::syntax("a field or a number is missing")),
            }
        }
    }
}

/// Bits of a field, whose header has four bytes here.
fn short(text: &str) -> Result<Bits, Problem> {
    let bits = Bits::parse(text)?;
    bits.demand_short()?;
    Ok(bits)
}

fn put_bits(bits: Bits, out: &mut Vec<u8>) {
    bits.header.encode(out);
    out.extend(bits.offset.to_be_bytes());
}

fn put_copy(target: u16, src: Bits, dst: Option<Bits>, out: &mut Vec<u8>) -> Result<(), Problem> {
    if let Some(dst) = dst.filter(|dst| dst.n_bits != src.n_bits) {
        return Err(Problem::syntax(format!(
            "{} bits do not fit into {}",
            src.n_bits, dst.n_bits
        )));
    }
    out.extend((target | src.n_bits).to_be_bytes());
    put_bits(src, out);
    if let Some(dst) = dst {
        put_bits(dst, out);
    }
    Ok(())
}

fn put_constant(target: u16, number: u128, dst: Bits, out: &mut Vec<u8>) -> Result<(), Problem> {
    if number & !ones(dst.n_bits) != 0 {
        return Err(Problem::syntax(format!(
            "the value needs more than {} bits",
            dst.n_bits
        )));
    }
    put_whole_constant(target, &number.to_be_bytes(), dst, out);
    Ok(())
}

/// Appends a constant that may have more bits than the target: the presence bit of a VLAN id.
fn put_whole_constant(target: u16, value: &[u8], dst: Bits, out: &mut Vec<u8>) {
    out.extend((target | CONSTANT | dst.n_bits).to_be_bytes());
    let width = 2 * usize::from(dst.n_bits).div_ceil(16);
    let zeros = width.saturating_sub(value.len());
    out.extend(std::iter::repeat_n(0, zeros));
    let low = value.get(value.len().saturating_sub(width)..);
    out.extend(low.unwrap_or_default());
    put_bits(dst, out);
}

//! Values of fields as text and as JSON.
//!
//! Text is what ovs-ofctl prints: [`text`] in actions, [`dump`] in the match of a flow dump, where
//! numbers have forms of their own. JSON has numbers of up to 32 bits as numbers and wider ones as
//! `"0x..."`; addresses as strings, in CIDR where the mask is a prefix; a port as
//! `{"number":2,"name":"x"}`, a reserved one as `{"name":"LOCAL"}`; flags as an array of their
//! names where all are matched; fragments as the word; a packet type as `{"namespace":1,"type":2048}`; a VLAN id as the
//! id, without the presence bit of OpenFlow 1.2 and later. Whatever is masked otherwise is
//! `{"value":…,"mask":…}`, both in the form that the value alone would have (a masked VLAN id
//! with the presence bit, since the mask may cover it).

use std::fmt::Write as _;

use super::super::bytes::be_number;
use super::super::text::{
    NameLookup, Sink, Style, TextContext, port_from_v10, put_port, reserved_port,
};
use super::table::{DumpForm, Field, FieldKind, Id};
use crate::base::digits::{
    put_all_hex, put_decimal, put_hex, put_hex_bytes, put_mac, put_v4, put_v6,
};
use crate::base::json::Json;

/// `new`, a state of a connection as a bit of `ct_state` (ovs-fields(7)).
pub const CT_NEW: u32 = 0x01;
/// `est`
pub const CT_ESTABLISHED: u32 = 0x02;
/// `rpl`
pub const CT_REPLY: u32 = 0x08;
/// `inv`
pub const CT_INVALID: u32 = 0x10;
/// `trk`
pub const CT_TRACKED: u32 = 0x20;

/// Names of the bits of `ct_state`, lowest first.
pub const CT_STATE: &[&str] = &["new", "est", "rel", "rpl", "inv", "trk", "snat", "dnat"];
/// Names of the bits of `tcp_flags`, lowest first.
pub const TCP_FLAGS: &[&str] = &[
    "fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr", "ns", "[200]", "[400]", "[800]",
];
/// Names of the bits of `tun_flags`, lowest first.
pub(super) const TUN_FLAGS: &[&str] = &["oam", "df", "csum", "key"];

/// The bits of `tun_flags` visible in OpenFlow.
pub(super) const TUN_FLAGS_PUBLIC: u64 = 1;
/// All bits of `tun_flags`.
const TUN_FLAGS_ALL: u64 = 0xf;

/// The names of the flags of a kind, and all bits that a match can cover.
fn flags_of(kind: FieldKind) -> (&'static [&'static str], u64) {
    match kind {
        FieldKind::TcpFlags => (TCP_FLAGS, 0xfff),
        FieldKind::CtState => (CT_STATE, 0xff),
        FieldKind::TunFlags => (TUN_FLAGS, TUN_FLAGS_PUBLIC),
        _ => (&[], 0),
    }
}

/// Words for fragments: mask, value, word. Bit 0: any fragment; bit 1: not the first.
pub(super) const FRAGMENTS: [(u8, u8, &str); 7] = [
    (3, 0, "no"),
    (3, 1, "first"),
    (3, 3, "later"),
    (1, 0, "no"),
    (1, 1, "yes"),
    (2, 0, "not_later"),
    (2, 2, "later"),
];

/// Whether every bit is one.
pub(super) fn all_ones(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0xff)
}

/// Whether every bit is zero.
pub(super) fn all_zeros(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}

/// The low 64 bits; fields whose kinds call this have no more.
fn small(bytes: &[u8]) -> u64 {
    be_number(bytes) as u64
}

/// The length of the prefix that a mask is; `None` if it is no prefix.
fn prefix_len(mask: &[u8]) -> Option<u32> {
    let ones = mask.iter().map(|byte| byte.count_ones()).sum();
    let leading: u32 = mask
        .iter()
        .position(|byte| *byte != 0xff)
        .map_or(ones, |at| {
            at as u32 * 8 + mask.get(at).map_or(0, |byte| byte.leading_ones())
        });
    (ones == leading && ones > 0).then_some(ones)
}

/// A mask that covers only a part of the field.
fn partial<'m>(field: &Field, mask: Option<&'m [u8]>) -> Option<&'m [u8]> {
    // The width of an option is unknown: only a mask of maximum width is known to cover it.
    let whole = |mask: &[u8]| {
        all_ones(mask) && (!field.id.is_tun_metadata() || mask.len() == usize::from(field.bytes))
    };
    mask.filter(|mask| !whole(mask))
}

/// Writes a value (and mask) as ovs-ofctl does in actions: `set_field:VALUE[/MASK]->field`.
pub(super) fn text<S: Sink>(
    field: &Field,
    value: &[u8],
    mask: Option<&[u8]>,
    sink: &mut S,
    cx: &TextContext<'_>,
) {
    if mask.is_some_and(all_zeros) {
        sink.put("ANY");
        return;
    }
    let mask = partial(field, mask);
    match (field.kind, mask) {
        (FieldKind::Port16, None) => put_port(sink, cx, port16(value)),
        (FieldKind::Port32, None) => put_port(sink, cx, small(value) as u32),
        (FieldKind::Decimal | FieldKind::Port16 | FieldKind::Port32, _) => {
            put_decimal(sink.buffer(), small(value));
            put_mask(sink.buffer(), mask, put_hex_bytes);
        }
        (FieldKind::Hex, _) => {
            put_hex_bytes(sink.buffer(), value);
            put_mask(sink.buffer(), mask, put_hex_bytes);
        }
        (FieldKind::Mac, _) => {
            put_mac(sink.buffer(), value);
            put_mask(sink.buffer(), mask, put_mac);
        }
        (FieldKind::Ipv4, _) => put_address(sink.buffer(), value, mask, put_v4),
        (FieldKind::Ipv6, _) => put_address(sink.buffer(), value, mask, put_v6),
        (FieldKind::Frag, _) => sink.put(fragment(value, mask).unwrap_or("<error>")),
        (FieldKind::TcpFlags | FieldKind::CtState | FieldKind::TunFlags, _) => {
            let (names, all) = flags_of(field.kind);
            put_flags(sink.buffer(), names, all, value, mask);
        }
        (FieldKind::PacketType, _) => put_packet_type(sink.buffer(), value, mask),
    }
}

/// Writes a value (and mask) as it stands in the match of a flow dump.
pub(super) fn dump<S: Sink>(
    field: &Field,
    value: &[u8],
    mask: Option<&[u8]>,
    sink: &mut S,
    cx: &TextContext<'_>,
) {
    let mut mask = partial(field, mask);
    if field.id.is_tun_metadata() && cx.style == Style::Wire {
        mask = mask.filter(|mask| !covers_option(value, mask));
    }
    if field.kind == FieldKind::TunFlags {
        // ovs-ofctl prints a match as masked, since it never covers all bits.
        let public = TUN_FLAGS_PUBLIC & mask.map_or(u64::MAX, small);
        put_flags(
            sink.buffer(),
            TUN_FLAGS,
            TUN_FLAGS_ALL,
            value,
            Some(&public.to_be_bytes()),
        );
        return;
    }
    let numeric = matches!(field.kind, FieldKind::Decimal | FieldKind::Hex);
    if !numeric || field.form == DumpForm::Value || field.id.is_tun_metadata() {
        text(field, value, mask, sink, cx);
        return;
    }
    // ovs-ofctl omits some significant masks; only the wire style imitates that.
    let bare = matches!(field.form, DumpForm::BareDecimal | DumpForm::BareHex);
    let mask = mask.filter(|_| !(bare && cx.style == Style::Wire));
    let out = sink.buffer();
    put_number(out, field.form, small(value), mask.is_some());
    if let Some(mask) = mask {
        out.push('/');
        put_number(out, field.form, small(mask), true);
    }
}

/// Whether ovs-ofctl treats the mask of an option as exact: it does not know the width of the option and
/// ignores leading zero bytes.
fn covers_option(value: &[u8], mask: &[u8]) -> bool {
    let zeros = |bytes: &[u8]| bytes.iter().take_while(|byte| **byte == 0).count();
    mask.get(zeros(value).min(zeros(mask))..)
        .is_some_and(all_ones)
}

/// A 16-bit port, widened if it is reserved; numbers between the valid and the reserved ports are
/// unchanged.
fn port16(value: &[u8]) -> u32 {
    let port = small(value) as u16;
    let wide = port_from_v10(port);
    match reserved_port(wide) {
        Some(_) => wide,
        None => port.into(),
    }
}

fn put_number(out: &mut String, form: DumpForm, number: u64, masked: bool) {
    match form {
        DumpForm::Decimal(digits) if masked => put_hex(out, number, digits),
        DumpForm::BareDecimal if masked => put_hex(out, number, 1),
        DumpForm::Decimal(_) | DumpForm::BareDecimal => put_decimal(out, number),
        DumpForm::Padded(digits) => put_hex(out, number, digits),
        DumpForm::Hex | DumpForm::BareHex | DumpForm::Value if number == 0 => out.push('0'),
        DumpForm::Hex | DumpForm::BareHex | DumpForm::Value => put_hex(out, number, 1),
    }
}

fn put_mask(out: &mut String, mask: Option<&[u8]>, put: fn(&mut String, &[u8])) {
    if let Some(mask) = mask {
        out.push('/');
        put(out, mask);
    }
}

fn put_address(out: &mut String, address: &[u8], mask: Option<&[u8]>, put: fn(&mut String, &[u8])) {
    put(out, address);
    match mask.and_then(prefix_len) {
        Some(bits) => {
            out.push('/');
            put_decimal(out, u64::from(bits));
        }
        None => put_mask(out, mask, put),
    }
}

fn fragment(value: &[u8], mask: Option<&[u8]>) -> Option<&'static str> {
    let mask = mask.map_or(3, |mask| small(mask) as u8 & 3);
    let value = small(value) as u8 & mask;
    FRAGMENTS
        .iter()
        .find(|(m, v, _)| (*m, *v) == (mask, value))
        .map(|(_, _, word)| *word)
}

/// `new|trk` if all flags that there are (`all`) are matched, else `+new-trk`.
fn put_flags(out: &mut String, names: &[&str], all: u64, value: &[u8], mask: Option<&[u8]>) {
    let value = small(value);
    let mask = mask.map_or(all, |mask| small(mask) & all);
    if mask == all {
        if value == 0 {
            out.push('0');
        }
        for (index, name) in flag_names(names, value).enumerate() {
            if index > 0 {
                out.push('|');
            }
            name.put(out);
        }
    } else if mask == 0 {
        out.push_str("0/0");
    } else {
        for bit in 0..names.len().min(64) {
            if mask & (1 << bit) != 0 {
                out.push(if value & (1 << bit) == 0 { '-' } else { '+' });
                out.push_str(names.get(bit).copied().unwrap_or_default());
            }
        }
    }
}

/// The names of the bits that are set; what has no name comes last as one number.
fn flag_names<'n>(names: &'n [&'n str], value: u64) -> impl Iterator<Item = FlagName<'n>> {
    let known = names.iter().take(63).enumerate();
    let nameless = value.checked_shr(names.len() as u32).unwrap_or(0) << names.len().min(63);
    known
        .filter(move |(bit, _)| value & (1 << bit) != 0)
        .map(|(_, name)| FlagName::Known(name))
        .chain((nameless != 0).then_some(FlagName::Bits(nameless)))
}

enum FlagName<'n> {
    Known(&'n str),
    Bits(u64),
}

impl FlagName<'_> {
    fn put(&self, out: &mut String) {
        match self {
            FlagName::Known(name) => out.push_str(name),
            FlagName::Bits(bits) => put_hex(out, *bits, 1),
        }
    }
}

fn put_packet_type(out: &mut String, value: &[u8], mask: Option<&[u8]>) {
    let half = |number: u64, shift: u32| number >> shift & 0xffff;
    let (value, mask) = (small(value), mask.map_or(u64::MAX, small));
    out.push('(');
    for shift in [16, 0] {
        let (value, mask) = (half(value, shift), half(mask, shift));
        let _ = match (value, mask) {
            (_, 0) => write!(out, "*"),
            (0..=9, 0xffff) => write!(out, "{value}"),
            (_, 0xffff) => write!(out, "{value:#x}"),
            (0..=9, _) => write!(out, "{value}/{mask:#x}"),
            _ => write!(out, "{value:#x}/{mask:#x}"),
        };
        out.push(if shift == 16 { ',' } else { ')' });
    }
}

/// Writes a value (and mask) as JSON.
pub(super) fn json(
    field: &Field,
    value: &[u8],
    mask: Option<&[u8]>,
    json: &mut Json<'_>,
    cx: &TextContext<'_>,
) {
    let mask = partial(field, mask);
    match (field.kind, mask) {
        (FieldKind::Ipv4, Some(bits)) if prefix_len(bits).is_some() => {
            json.plain(|out| put_address(out, value, mask, put_v4));
        }
        (FieldKind::Ipv6, Some(bits)) if prefix_len(bits).is_some() => {
            json.plain(|out| put_address(out, value, mask, put_v6));
        }
        (FieldKind::Frag, _) => match fragment(value, mask) {
            Some(word) => json.string(word),
            None => json.number(small(value)),
        },
        (FieldKind::Decimal, mask)
            if field.id == Id::VLAN_VID && mask.is_none_or(|m| small(m) & 0x1fff == 0x1fff) =>
        {
            json.number(small(value) & 0xfff);
        }
        (FieldKind::TcpFlags | FieldKind::CtState | FieldKind::TunFlags, Some(bits))
            if small(bits) & flags_of(field.kind).1 == flags_of(field.kind).1 =>
        {
            one(field, value, json, cx);
        }
        (_, None) => one(field, value, json, cx),
        (_, Some(mask)) => {
            json.begin_object();
            json.key("value");
            one(field, value, json, cx);
            json.key("mask");
            one(field, mask, json, cx);
            json.end_object();
        }
    }
}

/// A value alone, or a mask in the same form.
fn one(field: &Field, value: &[u8], json: &mut Json<'_>, cx: &TextContext<'_>) {
    match field.kind {
        FieldKind::Port16 => put_port_json(json, cx.names, port16(value)),
        FieldKind::Port32 => put_port_json(json, cx.names, small(value) as u32),
        FieldKind::Decimal | FieldKind::Hex | FieldKind::Frag if field.bytes <= 4 => {
            json.number(small(value));
        }
        FieldKind::Decimal | FieldKind::Hex | FieldKind::Frag if value.len() > 16 => {
            json.plain(|out| put_all_hex(out, value));
        }
        FieldKind::Decimal | FieldKind::Hex | FieldKind::Frag => json.hex(be_number(value)),
        FieldKind::Mac => json.plain(|out| put_mac(out, value)),
        FieldKind::Ipv4 => json.plain(|out| put_v4(out, value)),
        FieldKind::Ipv6 => json.plain(|out| put_v6(out, value)),
        FieldKind::TcpFlags | FieldKind::CtState | FieldKind::TunFlags => {
            let (names, all) = flags_of(field.kind);
            // The upper bits of TCP flags are unused.
            let bits = if field.kind == FieldKind::TcpFlags {
                all
            } else {
                u64::MAX
            };
            flags_json(json, names, small(value) & bits);
        }
        FieldKind::PacketType => {
            json.begin_object();
            json.key("namespace");
            json.number(small(value) >> 16 & 0xffff);
            json.key("type");
            json.number(small(value) & 0xffff);
            json.end_object();
        }
    }
}

fn flags_json(json: &mut Json<'_>, names: &[&str], value: u64) {
    json.begin_array();
    for name in flag_names(names, value) {
        json.plain(|out| name.put(out));
    }
    json.end_array();
}

/// A port as JSON: `{"number":2,"name":"x"}`; the number alone in the object if the name is not
/// known, the name alone if the port is reserved or its number not known.
pub fn put_port_json(json: &mut Json<'_>, names: &dyn NameLookup, ofport: u32) {
    json.begin_object();
    if let Some(name) = reserved_port(ofport) {
        json.key("name");
        json.string(name);
    } else {
        if names.has_number(ofport) {
            json.key("number");
            json.number(ofport);
        }
        if let Some(name) = names.port_name(ofport) {
            json.key("name");
            json.string(name);
        }
    }
    json.end_object();
}

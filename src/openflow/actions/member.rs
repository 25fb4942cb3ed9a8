//! The members of actions of fixed layout: how each kind is decoded, encoded, shown and parsed.

use std::fmt::Write as _;
use std::marker::PhantomData;
use std::net::Ipv4Addr;

use crate::base::json::Json;
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::fields::{FieldRef, Header, Problem, mac};
use crate::openflow::text::{Plain, Sink, TextContext, put_table, put_table_json};
use crate::openflow::version::Version;

use super::arguments::{decimal, uint, word_in};
use super::bits::{Bits, named_field, plain_header, short_header};
use super::codec::{put_zeros, skip_zeros};
use super::number::{put_dec, put_hex_or_zero, put_ipv4, put_mac};
use super::parser::Parser;
use super::shape::JsonShape;
use super::written::Takes;

/// A value that a member can have, and how it is decoded, encoded, shown and parsed unless its [`MemberKind`]
/// overrides that.
pub(super) trait MemberValue: Copy {
    /// The JSON type of the value.
    const SHAPE: JsonShape;
    /// The alignment of the value in its action, in bytes.
    const ALIGNMENT: usize;
    /// What completes the value.
    const TAKES: Takes = Takes::Text;

    fn decode(body: &mut Cursor<'_>) -> Result<Self, DecodeError>;

    fn encode(self, out: &mut Vec<u8>);

    fn text<S: Sink>(self, sink: &mut S);

    fn json(self, json: &mut Json<'_>);

    /// Reads the value as text, for the member `name`.
    fn parse(text: &str, name: &str, parser: &Parser<'_>) -> Result<Self, Problem>;
}

/// The numbers, in decimal.
macro_rules! numbers {
    ($($number:ident),*) => {
        $(impl MemberValue for $number {
            const SHAPE: JsonShape = JsonShape::UpTo($number::MAX as u64);
            const ALIGNMENT: usize = size_of::<$number>();

            fn decode(body: &mut Cursor<'_>) -> Result<$number, DecodeError> {
                body.array("number").map($number::from_be_bytes)
            }

            fn encode(self, out: &mut Vec<u8>) {
                out.extend(self.to_be_bytes());
            }

            fn text<S: Sink>(self, sink: &mut S) {
                put_dec(sink, self);
            }

            fn json(self, json: &mut Json<'_>) {
                json.number(self);
            }

            fn parse(text: &str, name: &str, _: &Parser<'_>) -> Result<$number, Problem> {
                uint(text, name)
            }
        })*
    };
}

numbers!(u8, u16, u32, u64);

/// The addresses.
macro_rules! addresses {
    ($($bytes:literal: $shape:expr, $put:ident, $parse:expr, $like:literal;)*) => {
        $(impl MemberValue for [u8; $bytes] {
            const SHAPE: JsonShape = $shape;
            const ALIGNMENT: usize = 1;

            fn decode(body: &mut Cursor<'_>) -> Result<[u8; $bytes], DecodeError> {
                body.array("address")
            }

            fn encode(self, out: &mut Vec<u8>) {
                out.extend(self);
            }

            fn text<S: Sink>(self, sink: &mut S) {
                $put(sink, self);
            }

            fn json(self, json: &mut Json<'_>) {
                let mut text = Plain::default();
                $put(&mut text, self);
                json.string(&text.0);
            }

            fn parse(text: &str, name: &str, _: &Parser<'_>) -> Result<[u8; $bytes], Problem> {
                $parse(text)
                    .ok_or_else(|| Problem::syntax(format!(concat!("the {} is like ", $like), name)))
            }
        })*
    };
}

addresses! {
    4: JsonShape::IPV4, put_ipv4, parse_ipv4, "10.0.0.1";
    6: JsonShape::MAC, put_mac, parse_mac, "00:11:22:33:44:55";
}

fn parse_ipv4(text: &str) -> Option<[u8; 4]> {
    text.parse().ok().map(|address: Ipv4Addr| address.octets())
}

fn parse_mac(text: &str) -> Option<[u8; 6]> {
    mac(text)
}

/// `ofs_nbits` and a header of 4 bytes.
impl MemberValue for Bits {
    const SHAPE: JsonShape = JsonShape::BITS;
    const ALIGNMENT: usize = 1;
    const TAKES: Takes = Takes::BitsToSet;

    fn decode(body: &mut Cursor<'_>) -> Result<Bits, DecodeError> {
        let start = *body;
        let ofs_nbits = body.u16("ofs_nbits")?;
        Bits::packed(short_header(body)?, ofs_nbits, &start)
    }

    fn encode(self, out: &mut Vec<u8>) {
        out.extend(self.pack().to_be_bytes());
        self.header.encode(out);
    }

    fn text<S: Sink>(self, sink: &mut S) {
        Bits::text(&self, sink);
    }

    fn json(self, json: &mut Json<'_>) {
        Bits::json(&self, json);
    }

    /// Bits to be changed.
    fn parse(text: &str, _: &str, parser: &Parser<'_>) -> Result<Bits, Problem> {
        Bits::parse_short_target(text, parser)
    }
}

/// A header of 4 or 8 bytes, padded to 14.
impl MemberValue for Header {
    const SHAPE: JsonShape = JsonShape::Text;
    const ALIGNMENT: usize = 1;
    const TAKES: Takes = Takes::Field;

    fn decode(body: &mut Cursor<'_>) -> Result<Header, DecodeError> {
        plain_header(&mut body.sub(14, "field")?)
    }

    fn encode(self, out: &mut Vec<u8>) {
        let start = out.len();
        Header::encode(self, out);
        fill(start, 14, out);
    }

    fn text<S: Sink>(self, sink: &mut S) {
        match FieldRef::of(self) {
            FieldRef::Known(field) => sink.put(field.name),
            FieldRef::Unknown(header) => header.put_unknown(sink.buffer()),
        }
    }

    fn json(self, json: &mut Json<'_>) {
        let mut name = Plain::default();
        MemberValue::text(self, &mut name);
        json.string(&name.0);
    }

    fn parse(text: &str, _: &str, _: &Parser<'_>) -> Result<Header, Problem> {
        Ok(named_field(text)?.header(Version::V10, false))
    }
}

/// Overrides of how a member with values `V` is decoded, encoded, shown and parsed.
pub(super) trait MemberKind<V: MemberValue> {
    const SHAPE: JsonShape = V::SHAPE;
    const ALIGNMENT: usize = V::ALIGNMENT;
    const TAKES: Takes = V::TAKES;

    fn decode(body: &mut Cursor<'_>) -> Result<V, DecodeError> {
        V::decode(body)
    }

    fn encode(value: V, out: &mut Vec<u8>) {
        value.encode(out);
    }

    fn text<S: Sink>(value: V, sink: &mut S, _: &TextContext<'_>) {
        value.text(sink);
    }

    /// Writes the key and the value.
    fn json(key: &'static str, value: V, json: &mut Json<'_>, _: &TextContext<'_>) {
        json.key(key);
        value.json(json);
    }

    /// Reads the value as text, for the member `name`.
    fn parse(text: &str, name: &str, parser: &Parser<'_>) -> Result<V, Problem> {
        V::parse(text, name, parser)
    }
}

/// A member with the defaults of its value.
pub(super) struct Ordinary;

impl<V: MemberValue> MemberKind<V> for Ordinary {}

/// A number less than `LIMIT`.
pub(super) struct Below<const LIMIT: u32>;

impl<V: MemberValue + Into<u64>, const LIMIT: u32> MemberKind<V> for Below<LIMIT> {
    fn parse(text: &str, name: &str, parser: &Parser<'_>) -> Result<V, Problem> {
        let value = V::parse(text, name, parser)?;
        if value.into() < LIMIT.into() {
            Ok(value)
        } else {
            Err(Problem::syntax(format!("{name} is less than {LIMIT}")))
        }
    }
}

/// A number that is decimal even where it begins with 0.
pub(super) struct Decimal;

impl<V: MemberValue + TryFrom<u128>> MemberKind<V> for Decimal {
    fn parse(text: &str, name: &str, _: &Parser<'_>) -> Result<V, Problem> {
        decimal(text, name)
    }
}

/// The Ethernet type of a VLAN tag, zero as `0`.
pub(super) struct TagType;

impl MemberKind<u16> for TagType {
    const TAKES: Takes = Takes::Words(&["0x8100", "0x88a8"]);

    fn text<S: Sink>(value: u16, sink: &mut S, _: &TextContext<'_>) {
        put_hex_or_zero(sink, value);
    }

    fn parse(text: &str, name: &str, parser: &Parser<'_>) -> Result<u16, Problem> {
        match MemberValue::parse(text, name, parser)? {
            tag_type @ (0x8100 | 0x88a8) => Ok(tag_type),
            _ => Err(Problem::syntax(format!("{name} is 0x8100 or 0x88a8"))),
        }
    }
}

/// An Ethernet type in four digits: `0x0800`.
pub(super) struct EthTypeDigits;

impl MemberKind<u16> for EthTypeDigits {
    fn text<S: Sink>(value: u16, sink: &mut S, _: &TextContext<'_>) {
        let _ = write!(sink.buffer(), "{value:#06x}");
    }
}

/// A number from 1 to 65536, in 16 bits: one less on the wire.
pub(super) struct OneLess;

impl MemberKind<u32> for OneLess {
    const SHAPE: JsonShape = JsonShape::Whole;
    const ALIGNMENT: usize = 2;

    fn decode(body: &mut Cursor<'_>) -> Result<u32, DecodeError> {
        Ok(u32::from(body.u16("number")?) + 1)
    }

    fn encode(value: u32, out: &mut Vec<u8>) {
        out.extend((value.saturating_sub(1) as u16).to_be_bytes());
    }

    fn parse(text: &str, name: &str, _: &Parser<'_>) -> Result<u32, Problem> {
        match decimal(text, name)? {
            number @ 1..=0x1_0000 => Ok(number),
            _ => Err(Problem::syntax(format!(
                "{name} is a number from 1 to 65536"
            ))),
        }
    }
}

/// A table, by its name where it has one.
pub(super) struct Table;

impl MemberKind<u8> for Table {
    const SHAPE: JsonShape = JsonShape::Table;
    const TAKES: Takes = Takes::Table;

    fn text<S: Sink>(value: u8, sink: &mut S, cx: &TextContext<'_>) {
        put_table(sink.buffer(), cx, value);
    }

    fn json(_: &'static str, value: u8, json: &mut Json<'_>, cx: &TextContext<'_>) {
        put_table_json(json, cx, value);
    }

    fn parse(text: &str, _: &str, parser: &Parser<'_>) -> Result<u8, Problem> {
        parser.table(text)
    }
}

/// The number of a group.
pub(super) struct GroupNumber;

impl MemberKind<u32> for GroupNumber {
    const TAKES: Takes = Takes::Group;
}

/// The number of a meter.
pub(super) struct MeterNumber;

impl MemberKind<u32> for MeterNumber {
    const TAKES: Takes = Takes::Meter;
}

/// Bits with `n_bits` after a header of 4 or 8 bytes, padded to 14 bytes; `CHANGED` says whether the action changes
/// or only reads them.
pub(super) struct LongBits<const CHANGED: bool>;

impl<const CHANGED: bool> MemberKind<Bits> for LongBits<CHANGED> {
    const TAKES: Takes = if CHANGED {
        Takes::BitsToSet
    } else {
        Takes::Bits
    };

    fn decode(body: &mut Cursor<'_>) -> Result<Bits, DecodeError> {
        let start = *body;
        let mut body = body.sub(14, "bits of a field")?;
        let offset = body.u16("offset")?;
        let header = plain_header(&mut body)?;
        let n_bits = body.u16("n_bits")?;
        let rest = body.remaining();
        skip_zeros(&mut body, rest)?;
        Bits::new(header, offset, n_bits, &start)
    }

    fn encode(value: Bits, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend(value.offset.to_be_bytes());
        value.header.encode(out);
        out.extend(value.n_bits.to_be_bytes());
        fill(start, 14, out);
    }

    fn parse(text: &str, _: &str, parser: &Parser<'_>) -> Result<Bits, Problem> {
        if CHANGED {
            Bits::parse_target(text, parser)
        } else {
            Bits::parse_source(text, parser)
        }
    }
}

/// One bit of a field, with a header of 4 or 8 bytes padded to 10.
pub(super) struct OneBit;

impl MemberKind<Bits> for OneBit {
    fn decode(body: &mut Cursor<'_>) -> Result<Bits, DecodeError> {
        let start = *body;
        let offset = body.u16("offset")?;
        let mut field = body.sub(10, "destination field")?;
        let header = plain_header(&mut field)?;
        let rest = field.remaining();
        skip_zeros(&mut field, rest)?;
        Bits::new(header, offset, 1, &start)
    }

    fn encode(value: Bits, out: &mut Vec<u8>) {
        out.extend(value.offset.to_be_bytes());
        let start = out.len();
        value.header.encode(out);
        fill(start, 10, out);
    }

    fn parse(text: &str, name: &str, parser: &Parser<'_>) -> Result<Bits, Problem> {
        // A switch does not ask for what the field needs, so a dump may have any field.
        let bits = Bits::parse(text)?;
        if let Some(field) = bits.header.field() {
            parser.demand_settable(field)?;
        }
        if bits.n_bits != 1 {
            return Err(Problem::syntax(format!("{name} is one bit of a field")));
        }
        Ok(bits)
    }
}

/// Appends zeros until `n` bytes follow `start`.
fn fill(start: usize, n: usize, out: &mut Vec<u8>) {
    put_zeros(out, n.saturating_sub(out.len() - start));
}

/// Numbers on the wire that are words in text.
pub(super) trait WordList {
    const WORDS: &'static [&'static str];
    /// The term for one of them, in errors.
    const WHAT: &'static str;
    const SHAPE: JsonShape = JsonShape::Either(&[JsonShape::Words(Self::WORDS), JsonShape::U16]);

    /// The number of a word.
    fn number(word: &str) -> Result<u16, Problem> {
        word_in(Self::WORDS, word, Self::WHAT)
    }
}

/// One of a list of words.
pub(super) struct Word<L>(PhantomData<L>);

impl<L: WordList> MemberKind<u16> for Word<L> {
    const SHAPE: JsonShape = L::SHAPE;
    const TAKES: Takes = Takes::Words(L::WORDS);

    fn text<S: Sink>(value: u16, sink: &mut S, _: &TextContext<'_>) {
        let word = L::WORDS.get(usize::from(value));
        sink.put(word.unwrap_or(&"<unknown>"));
    }

    fn json(key: &'static str, value: u16, json: &mut Json<'_>, _: &TextContext<'_>) {
        json.key(key);
        match L::WORDS.get(usize::from(value)) {
            Some(word) => json.string(word),
            None => json.number(value),
        }
    }

    fn parse(text: &str, _: &str, _: &Parser<'_>) -> Result<u16, Problem> {
        L::number(text)
    }
}

/// What `multipath` and `bundle` hash (`enum nx_hash_fields`).
pub(super) struct HashFields;

impl WordList for HashFields {
    const WORDS: &'static [&'static str] = &[
        "eth_src",
        "symmetric_l4",
        "symmetric_l3l4",
        "symmetric_l3l4+udp",
        "nw_src",
        "nw_dst",
        "symmetric_l3",
    ];
    const WHAT: &'static str = "set of fields to hash";
    const SHAPE: JsonShape = JsonShape::Either(&[JsonShape::Text, JsonShape::U16]);
}

/// A member after `N` bytes of padding.
pub(super) struct Padded<const N: usize, K = Ordinary>(PhantomData<K>);

impl<V: MemberValue, K: MemberKind<V>, const N: usize> MemberKind<V> for Padded<N, K> {
    const SHAPE: JsonShape = K::SHAPE;
    const ALIGNMENT: usize = 1;
    const TAKES: Takes = K::TAKES;

    fn decode(body: &mut Cursor<'_>) -> Result<V, DecodeError> {
        body.skip(N, "padding")?;
        K::decode(body)
    }

    fn encode(value: V, out: &mut Vec<u8>) {
        put_zeros(out, N);
        K::encode(value, out);
    }

    fn text<S: Sink>(value: V, sink: &mut S, cx: &TextContext<'_>) {
        K::text(value, sink, cx);
    }

    fn json(key: &'static str, value: V, json: &mut Json<'_>, cx: &TextContext<'_>) {
        K::json(key, value, json, cx);
    }

    fn parse(text: &str, name: &str, parser: &Parser<'_>) -> Result<V, Problem> {
        K::parse(text, name, parser)
    }
}

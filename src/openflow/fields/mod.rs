//! Match fields: one table, one row per field.
//!
//! | file | contents |
//! |---|---|
//! | `table` | the rows |
//! | `values` | a value as text and as JSON |
//! | `matching` | a match: a view over the bytes, and its walk to text and JSON |
//! | `row_set` | sets of rows |
//! | `listing` | sets of rows as names, shortened |
//! | `compare` | the value of a field for sorting |
//! | `request`, `field_bytes` | the match of a request, and its bytes in every version |
//! | `parse`, `parse_value`, `resolve` | the MATCH argument |
//! | `words`, `problem` | numbers, ports and tables in text; parse errors |
//! | `fixed` | the fixed matches of OpenFlow 1.0 and 1.1 |
//! | `shorthand` | `tcp`, `dl_vlan`, `vlan_tci` |

mod compare;
mod cover;
mod field_bytes;
mod fixed;
pub(super) mod listing;
mod matching;
mod parse;
mod parse_value;
mod problem;
mod request;
mod resolve;
mod row_set;
mod shorthand;
mod table;
mod values;
mod words;

use std::fmt::Write as _;
use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::bytes::{Cursor, DecodeError, DecodeErrorKind};
use super::text::{NoNames, Sink, TextContext};
use super::version::Version;
use crate::base::digits::put_decimal;
use crate::base::json::Json;

pub use fixed::{V10_MATCH_BYTES, V11_MATCH_BYTES};
pub use matching::{Masked, Match};
pub use parse::{FILTER_KEYS, Filter, parse_filter};
pub(super) use parse::{STATISTICS, nearest_field, nearest_of, parse_match};
pub(super) use parse_value::{mac, parse_bits, parse_value};
pub(super) use problem::Problem;
pub use problem::{ParseError, ParseErrorKind};
pub use request::MatchFields;
pub use row_set::RowSet;
pub use shorthand::protocol_words;
pub use table::{DumpForm, Field, FieldKind, Id, Prereq, ROWS, WireField};
pub use values::{
    CT_ESTABLISHED, CT_INVALID, CT_NEW, CT_REPLY, CT_STATE, CT_TRACKED, TCP_FLAGS, put_port_json,
};
pub use words::parse_table_word;
pub(super) use words::{cookie_number, number, parse_port, parse_table};

/// The class of headers that an experimenter id follows.
const EXPERIMENTER: u16 = 0xffff;

/// An OXM or NXM header (OpenFlow 1.5.1 §7.2.3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// `oxm_class`; 0xffff is the experimenter class.
    pub class: u16,
    /// `oxm_field`, 7 bits.
    pub number: u8,
    /// `oxm_hasmask`
    pub masked: bool,
    /// `oxm_length` without the experimenter id, in bytes (value and mask together).
    pub length: u8,
    /// The experimenter id of class 0xffff.
    pub experimenter: Option<u32>,
}

impl Header {
    /// Reads 4 bytes, or 8 of the experimenter class.
    ///
    /// # Errors
    ///
    /// The header is truncated, or its length is invalid.
    pub fn decode(cursor: &mut Cursor<'_>) -> Result<Header, DecodeError> {
        let start = *cursor;
        let [class_high, class_low, number, length] = cursor.array("oxm_header")?;
        let class = u16::from_be_bytes([class_high, class_low]);
        let (length, experimenter) = if class == EXPERIMENTER {
            let Some(length) = length.checked_sub(4) else {
                return Err(start.error(
                    "oxm_length",
                    DecodeErrorKind::BadLength(usize::from(length)),
                ));
            };
            (length, Some(cursor.u32("oxm experimenter")?))
        } else {
            (length, None)
        };
        Ok(Header {
            class,
            number: number >> 1,
            masked: number & 1 != 0,
            length,
            experimenter,
        })
    }

    /// The row for this header, if there is one, whatever the length says.
    pub fn field(self) -> Option<&'static Field> {
        table::by_wire(self.class, self.experimenter, self.number)
    }

    /// The width of the value alone, in bytes; half of an odd length is rounded down.
    pub fn value_bytes(self) -> usize {
        usize::from(self.length) / if self.masked { 2 } else { 1 }
    }

    /// Appends the header as received.
    pub fn encode(self, out: &mut Vec<u8>) {
        let extra = if self.experimenter.is_some() { 4 } else { 0 };
        out.extend(self.class.to_be_bytes());
        out.push(self.number << 1 | u8::from(self.masked));
        out.push(self.length.saturating_add(extra));
        out.extend(self.experimenter.into_iter().flat_map(u32::to_be_bytes));
    }

    /// The word for a header without a row: `oxm_0x8000_45`, with the experimenter's id
    /// `oxm_0xffff_0x00001234_45`. One word, so that it can be a key.
    pub(crate) fn put_unknown(self, out: &mut String) {
        let _ = write!(out, "oxm_{:#06x}_", self.class);
        if let Some(experimenter) = self.experimenter {
            let _ = write!(out, "{experimenter:#010x}_");
        }
        let _ = write!(out, "{}", self.number);
    }
}

impl Field {
    /// The row with this name or alias.
    pub fn by_name(name: &str) -> Option<&'static Field> {
        static NAMES: LazyLock<FieldIndex> =
            LazyLock::new(|| index(|row| [Some(row.name), row.alias].into_iter().flatten()));
        NAMES.get(name).copied()
    }

    /// The row with this name on the wire: `NXM_OF_VLAN_TCI`.
    pub fn by_nxm_name(name: &str) -> Option<&'static Field> {
        static NAMES: LazyLock<FieldIndex> =
            LazyLock::new(|| index(|row| row.wire.iter().map(|wire| wire.name)));
        NAMES.get(name).copied()
    }

    /// The name ovs-ofctl gives the field inside actions: `NXM_OF_VLAN_TCI`, `OXM_OF_METADATA`;
    /// the plain name if the field has no number on the wire.
    pub fn nxm_name(&self) -> &'static str {
        self.wire_in(Version::V10)
            .map_or(self.name, |wire| wire.name)
    }

    /// Width in bits.
    pub fn n_bits(&self) -> u16 {
        self.bits
    }

    /// The number to send in `version`: the newest valid one, else the oldest.
    pub fn wire_in(&self, version: Version) -> Option<&'static WireField> {
        self.wire
            .iter()
            .rfind(|wire| wire.since <= version)
            .or(self.wire.first())
    }

    /// The header to send for this field in `version`.
    ///
    /// A field without a number on the wire, such as `dl_vlan`, gets the unused class
    /// 0xfffe; see [`Field::wire_in`].
    pub fn header(&self, version: Version, masked: bool) -> Header {
        let (class, number, experimenter) = self
            .wire_in(version)
            .map_or((EXPERIMENTER - 1, 0, None), |wire| {
                (wire.class, wire.number, wire.experimenter)
            });
        Header {
            class,
            number,
            masked,
            length: if masked {
                self.bytes.saturating_mul(2)
            } else {
                self.bytes
            },
            experimenter,
        }
    }

    /// Checks that the text is `VALUE[/MASK]` of this field, without names of ports.
    ///
    /// # Errors
    ///
    /// The reason why it is not.
    pub fn check_value(&self, text: &str) -> Result<(), String> {
        let parsed = parse_bits(self, text, &NoNames);
        parsed.map(drop).map_err(Problem::into_reason)
    }

    /// Writes a value (and mask) as ovs-ofctl does in `set_field:VALUE[/MASK]->field`.
    pub fn value_text<S: Sink>(
        &self,
        value: &[u8],
        mask: Option<&[u8]>,
        sink: &mut S,
        cx: &TextContext<'_>,
    ) {
        values::text(self, value, mask, sink, cx);
    }

    /// Writes a value (and mask) as JSON.
    ///
    /// Numbers of up to 32 bits are numbers, wider ones `"0x..."`; addresses are strings, in CIDR
    /// where the mask is a prefix; a port is `{"number":2,"name":"x"}`, a reserved one
    /// `{"name":"LOCAL"}`; flags are an array of their names; a VLAN id is the id without its
    /// presence bit. Other masked values are `{"value":…,"mask":…}`.
    pub fn value_json(
        &self,
        value: &[u8],
        mask: Option<&[u8]>,
        json: &mut Json<'_>,
        cx: &TextContext<'_>,
    ) {
        values::json(self, value, mask, json, cx);
    }
}

/// The rows by one of their names.
type FieldIndex = FxHashMap<&'static str, &'static Field>;

/// The rows by the names that they have; the first row counts.
fn index<N: Iterator<Item = &'static str>>(names: impl Fn(&'static Field) -> N) -> FieldIndex {
    let mut index = FieldIndex::default();
    for row in ROWS.iter().copied() {
        for name in names(row) {
            index.entry(name).or_insert(row);
        }
    }
    index
}

/// A field that may be unknown to the table.
#[derive(Debug, Clone, Copy)]
pub enum FieldRef {
    /// A row.
    Known(&'static Field),
    /// A header without a row.
    Unknown(Header),
}

impl FieldRef {
    /// The row for a header, or the header.
    pub fn of(header: Header) -> FieldRef {
        header
            .field()
            .map_or(FieldRef::Unknown(header), FieldRef::Known)
    }

    /// Width in bits; of an unknown field, what its header says.
    pub fn n_bits(&self) -> u16 {
        match self {
            FieldRef::Known(field) => field.bits,
            FieldRef::Unknown(header) => header.value_bytes() as u16 * 8,
        }
    }
}

/// Some bits of a field: `NXM_NX_REG0[0..15]`.
#[derive(Debug, Clone, Copy)]
pub struct Subfield {
    /// The field.
    pub field: FieldRef,
    /// The lowest bit.
    pub offset: u16,
    /// How many bits.
    pub n_bits: u16,
}

impl Subfield {
    /// Writes `NXM_NX_REG0[]`, `NXM_NX_REG0[5]` or `NXM_NX_REG0[0..15]`; an unknown field as
    /// `oxm_0x8000_45[0..15]`.
    pub fn text<S: Sink>(&self, sink: &mut S) {
        let out = sink.buffer();
        match self.field {
            FieldRef::Known(field) => out.push_str(field.nxm_name()),
            FieldRef::Unknown(header) => header.put_unknown(out),
        }
        out.push('[');
        if self.offset != 0 || self.n_bits != self.field.n_bits() {
            put_decimal(out, self.offset);
            if self.n_bits != 1 {
                out.push_str("..");
                let last = u32::from(self.offset) + u32::from(self.n_bits.saturating_sub(1));
                put_decimal(out, last);
            }
        }
        out.push(']');
    }

    /// Writes `{"field":"reg0","offset":0,"n_bits":16}`.
    pub fn json(&self, json: &mut Json<'_>) {
        json.begin_object();
        json.key("field");
        match self.field {
            FieldRef::Known(field) => json.word(field.name),
            FieldRef::Unknown(header) => json.plain(|out| header.put_unknown(out)),
        }
        json.key("offset");
        json.number(self.offset);
        json.key("n_bits");
        json.number(self.n_bits);
        json.end_object();
    }
}

#[cfg(test)]
mod tests {
    use super::super::text::{NoNames, Plain, PortSpelling, Style};
    use super::*;

    fn text(name: &str, value: &[u8], mask: Option<&[u8]>) -> String {
        let mut sink = Plain::default();
        Field::by_name(name)
            .unwrap()
            .value_text(value, mask, &mut sink, &cx());
        sink.0
    }

    fn json(name: &str, value: &[u8], mask: Option<&[u8]>) -> String {
        let mut out = String::new();
        let field = Field::by_name(name).unwrap();
        field.value_json(value, mask, &mut Json::new(&mut out), &cx());
        assert!(
            serde_json::from_str::<serde_json::Value>(&out).is_ok(),
            "{out}"
        );
        out
    }

    fn cx() -> TextContext<'static> {
        TextContext {
            version: Version::V15,
            style: Style::Wire,
            ports: PortSpelling::Number,
            names: &NoNames,
        }
    }

    #[test]
    fn headers_come_back() {
        for row in ROWS {
            for wire in row.wire {
                for version in Version::ALL {
                    let header = row.header(version, row.maskable && !row.id.is_tun_metadata());
                    let mut bytes = Vec::new();
                    header.encode(&mut bytes);
                    let mut cursor = Cursor::new(&bytes, 0);
                    assert_eq!(Header::decode(&mut cursor), Ok(header));
                    assert!(cursor.is_empty());
                    assert_eq!(header.field().unwrap().name, row.name, "{}", wire.name);
                }
            }
            for name in [Some(row.name), row.alias].into_iter().flatten() {
                assert_eq!(Field::by_name(name).unwrap().name, row.name);
            }
        }
        assert!(Header::decode(&mut Cursor::new(&[0xff, 0xff, 0, 3, 0, 0, 0, 0], 0)).is_err());
        assert!(Header::decode(&mut Cursor::new(&[0xff, 0xff, 0, 4, 0, 0, 0], 0)).is_err());
    }

    /// `ovs-ofctl parse-flow 'actions=set_field:VALUE->FIELD'` prints the same values.
    #[test]
    fn values_as_text() {
        assert_eq!(text("vlan_vid", &[0x10, 0x42], None), "4162");
        assert_eq!(
            text("reg0", &[0, 0, 0, 1], Some(&[0, 0, 0xff, 0xff])),
            "0x1/0xffff"
        );
        assert_eq!(text("reg0", &[0; 4], None), "0");
        assert_eq!(text("nw_ecn", &[2], Some(&[3])), "2/0x3");
        assert_eq!(
            text("eth_src", &[2, 0, 0, 0, 0, 1], None),
            "02:00:00:00:00:01"
        );
        assert_eq!(
            text("ip_src", &[10, 0, 0, 0], Some(&[255, 0, 0, 0])),
            "10.0.0.0/8"
        );
        assert_eq!(
            text("ip_src", &[10, 0, 0, 9], Some(&[255, 0, 0, 255])),
            "10.0.0.9/255.0.0.255"
        );
        assert_eq!(
            text("in_port_oxm", &[0xff, 0xff, 0xff, 0xfe], None),
            "LOCAL"
        );
        assert_eq!(text("in_port", &[0, 3], None), "3");
        assert_eq!(text("tun_flags", &[0, 1], None), "oam");
    }

    #[test]
    fn values_as_json() {
        assert_eq!(json("vlan_vid", &[0x10, 0x42], None), "66");
        assert_eq!(json("vlan_vid", &[0x10, 0x42], Some(&[0x1f, 0xff])), "66");
        assert_eq!(
            json("vlan_vid", &[0, 0x42], Some(&[0x0f, 0xff])),
            r#"{"value":66,"mask":4095}"#
        );
        assert_eq!(
            json("vlan_vid", &[0x10, 0], Some(&[0x10, 0])),
            r#"{"value":4096,"mask":4096}"#
        );
        assert_eq!(
            json("tun_id", &[0, 0, 0, 0, 0, 0, 0, 100], None),
            r#""0x64""#
        );
        assert_eq!(
            json("reg0", &[0, 0, 0, 1], Some(&[0, 0, 0, 3])),
            r#"{"value":1,"mask":3}"#
        );
        assert_eq!(
            json("ip_src", &[10, 0, 0, 0], Some(&[255, 0, 0, 0])),
            r#""10.0.0.0/8""#
        );
        assert_eq!(json("in_port", &[0xff, 0xfe], None), r#"{"name":"LOCAL"}"#);
        assert_eq!(json("in_port_oxm", &[0, 0, 0, 2], None), r#"{"number":2}"#);
        assert_eq!(
            json("ct_state", &[0, 0, 0, 0x20], Some(&[0, 0, 0, 0x21])),
            r#"{"value":["trk"],"mask":["new","trk"]}"#
        );
        assert_eq!(
            json("ct_state", &[0, 0, 0, 0x22], Some(&[0, 0, 0, 0xff])),
            r#"["est","trk"]"#
        );
        assert_eq!(
            json("tcp_flags", &[0, 0x12], Some(&[0x0f, 0xff])),
            r#"["syn","ack"]"#
        );
        assert_eq!(json("ip_frag", &[1], Some(&[1])), r#""yes""#);
        assert_eq!(
            json("packet_type", &[0, 1, 8, 0], None),
            r#"{"namespace":1,"type":2048}"#
        );
        assert_eq!(
            json("tun_metadata3", &[0xab; 17], None),
            format!("\"0x{}\"", "ab".repeat(17))
        );
    }

    #[test]
    fn values_of_the_wrong_length_do_not_panic() {
        for row in ROWS {
            for length in [0, 1, 3, 17, 124, 255] {
                for mask in [
                    None,
                    Some(vec![0x55; length]),
                    Some(vec![0; length]),
                    Some(vec![0xff; 2]),
                ] {
                    text(row.name, &vec![0xab; length], mask.as_deref());
                    json(row.name, &vec![0xab; length], mask.as_deref());
                }
            }
        }
    }

    #[test]
    fn subfields() {
        let subfield = |name, offset, n_bits| {
            let mut sink = Plain::default();
            let field = FieldRef::Known(Field::by_name(name).unwrap());
            Subfield {
                field,
                offset,
                n_bits,
            }
            .text(&mut sink);
            sink.0
        };
        assert_eq!(subfield("reg0", 0, 32), "NXM_NX_REG0[]");
        assert_eq!(subfield("reg0", 5, 1), "NXM_NX_REG0[5]");
        assert_eq!(subfield("vlan_tci", 0, 12), "NXM_OF_VLAN_TCI[0..11]");
        assert_eq!(subfield("metadata", 0, 64), "OXM_OF_METADATA[]");
        assert_eq!(subfield("tcp_flags", 0, 12), "NXM_NX_TCP_FLAGS[]");
        let header = Header {
            class: 0xffff,
            number: 5,
            masked: false,
            length: 4,
            experimenter: Some(0x1234),
        };
        let mut sink = Plain::default();
        Subfield {
            field: FieldRef::of(header),
            offset: 0,
            n_bits: 8,
        }
        .text(&mut sink);
        assert_eq!(sink.0, "oxm_0xffff_0x00001234_5[0..7]");
    }
}

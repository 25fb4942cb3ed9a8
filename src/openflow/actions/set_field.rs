//! `set_field`: sets a field, or the bits of it under a mask (OpenFlow 1.5.1 §7.2.6.10, ovs-actions(7)).

use crate::base::json::Json;
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::text::{Sink, TextContext};
use crate::openflow::version::Version;

use super::arguments::arrow;
use super::bits::{Bits, named_field};
use super::number::put_hex_bytes;
use super::parse::{ActionParse, Parser};
use super::{
    ActionCodec, Head, Unencodable, Vendor, Wire, hex_json, place, put_action, put_name, skip_zeros,
};
use super::{
    ModDlDst, ModDlSrc, ModNwDst, ModNwEcn, ModNwSrc, ModNwTos, ModTpDst, ModTpSrc, ModVlanPcp,
    ModVlanVid, PopVlan, PushVlan, RegLoad, SetVlanPcp, SetVlanVid, StripVlan,
};
use crate::openflow::bytes::DecodeErrorKind;
use crate::openflow::bytes::be_number;
use crate::openflow::fields::{Field, FieldRef, Header};
use crate::openflow::fields::{Id, Kind, Prereq, Problem};

/// Sets a field: `set_field:4162->vlan_vid`, `set_field:0x1/0xffff->reg0`.
///
/// JSON: `{"type":"set_field","field":"vlan_vid","value":66}`; a VLAN id comes without its presence bit.
/// With a mask `"value":{"value":...,"mask":...}`. A field without a row:
/// `{"type":"set_field","field":"oxm_0x8000_99","value":"0x...","mask":"0x..."}`.
#[derive(Debug, Clone, Copy)]
pub struct SetField<'a> {
    /// The field's header as it came.
    pub header: Header,
    /// The value, as wide as the field is on the wire.
    pub value: &'a [u8],
    /// The mask, as wide as the value.
    pub mask: Option<&'a [u8]>,
    /// Whether it came as `NXAST_REG_LOAD2`, which means the same.
    pub nicira: bool,
}

const REG_LOAD2: Wire = Wire::new(Vendor::Nicira, 33, Version::V10, Version::V14);

impl SetField<'_> {
    /// The field's row.
    pub fn field(&self) -> Option<&'static Field> {
        self.header.field()
    }
}

impl<'a> ActionCodec<'a> for SetField<'a> {
    const NAME: &'static str = "set_field";
    const WIRE: &'static [Wire] = &[Wire::openflow(25, Version::V12), REG_LOAD2];

    fn decode(body: &mut Cursor<'a>, head: Head) -> Result<Self, DecodeError> {
        let nicira = head.vendor == Vendor::Nicira;
        let header = Header::decode(body)?;
        let mut value = body.sub(header.length.into(), "value")?;
        let mut mask = None;
        if header.masked {
            if !value.remaining().is_multiple_of(2) {
                let length = DecodeErrorKind::BadLength(value.remaining());
                return Err(value.error("value and mask", length));
            }
            let half = value.sub(value.remaining() / 2, "value")?;
            mask = Some(value.rest());
            value = half;
        }
        skip_zeros(body, body.remaining())?;
        Ok(SetField {
            header,
            value: value.rest(),
            mask,
            nicira,
        })
    }

    fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        let wire = if self.nicira && REG_LOAD2.holds_in(version) {
            REG_LOAD2
        } else {
            place(Self::WIRE, version, Self::NAME)?
        };
        put_action(wire, out, |out| {
            self.header.encode(out);
            out.extend_from_slice(self.value);
            out.extend_from_slice(self.mask.unwrap_or_default());
        });
        Ok(())
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        put_name(sink, "set_field");
        match FieldRef::of(self.header) {
            FieldRef::Known(field) => {
                field.value_text(self.value, self.mask, sink, cx);
                sink.put("->");
                sink.put(field.name);
            }
            FieldRef::Unknown(header) => {
                put_hex_bytes(sink, self.value);
                if let Some(mask) = self.mask {
                    sink.put("/");
                    put_hex_bytes(sink, mask);
                }
                sink.put("->");
                header.put_unknown(sink.buffer());
            }
        }
    }

    fn json(&self, json: &mut Json<'_>, cx: &TextContext<'_>) {
        let Some(field) = self.field() else {
            let mut name = String::new();
            self.header.put_unknown(&mut name);
            json.key("field");
            json.string(&name);
            json.key("value");
            hex_json(json, self.value);
            if let Some(mask) = self.mask {
                json.key("mask");
                hex_json(json, mask);
            }
            return;
        };
        json.key("field");
        json.string(field.name);
        json.key("value");
        field.value_json(self.value, self.mask, json, cx);
    }
}

impl ActionParse for SetField<'_> {
    const WORDS: &'static [&'static str] = &["set_field"];

    fn parse(
        _: &str,
        argument: &str,
        parser: &mut Parser<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Problem> {
        let (text, name) = arrow(argument)?;
        let field = named_field(name)?;
        parser.demand_writable(field)?;
        let (value, mut mask) = parser.field_value(field, text)?;
        if field.id == Id::NW_TOS && be_number(&value) & 3 != 0 {
            return Err(Problem::syntax("the lower two bits of nw_tos are the ECN"));
        }
        let partial_byte = !field.n_bits().is_multiple_of(8);
        if mask.is_none() && partial_byte && text.contains('/') {
            mask = Some(wide(ones(field.n_bits()), value.len()));
        }
        // Flags by their names alone are all of the field.
        if field.kind == Kind::TunFlags && !text.contains(['+', '-', '/']) {
            mask = None;
        }
        let setting = Setting { field, value, mask };
        setting.put(false, parser, out)
    }
}

/// What `set_field` and `load` both come to: bits of a field, however a version says that.
pub(super) struct Setting {
    pub(super) field: &'static Field,
    pub(super) value: Vec<u8>,
    /// As wide as the value; `None` is the whole field.
    pub(super) mask: Option<Vec<u8>>,
}

impl Setting {
    /// Appends the setting; `load` says whether that was the word.
    ///
    /// OpenFlow 1.5 has `set_field` for all of it. Before, `load` stays `load`, and so does a `set_field` of
    /// some bits; a whole field is `set_field` since 1.2, and an action of its own before where there is one.
    pub(super) fn put(
        mut self,
        load: bool,
        parser: &mut Parser<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Problem> {
        if self.field.id == Id::VLAN_VID {
            parser.demand(self.field.name, Prereq::Vlan)?;
        }
        // The whole of a tunnel's option is wider than what was said of it.
        let option = self.field.id.is_tun_metadata();
        self.mask = self
            .mask
            .filter(|mask| option || mask.iter().any(|byte| *byte != 0xff));
        if option {
            self.trim();
        } else if let Some(mask) = &self.mask {
            self.value = self
                .value
                .iter()
                .zip(mask)
                .map(|(value, mask)| value & mask)
                .collect();
        }
        let tagged = parser.known.vlan_tags;
        if self.field.id == Id::VLAN_TCI {
            let present = be_number(&self.value) & TAG_PRESENT != 0;
            parser.known.vlan_tags = if present { tagged.max(1) } else { 0 };
        }
        if parser.version >= Version::V15 {
            return self.put_set_field(parser, out);
        }
        if load || self.mask.is_some() {
            return self.put_loads(parser, out);
        }
        if parser.version >= Version::V12 {
            return self.put_set_field(parser, out);
        }
        if self.put_legacy(tagged, parser, out)? {
            return Ok(());
        }
        self.put_loads(parser, out)
    }

    /// Cuts the zeros at the beginning of what has no width of its own.
    fn trim(&mut self) {
        let zeros = |bytes: &[u8]| bytes.iter().take_while(|byte| **byte == 0).count();
        let cut = zeros(&self.value).min(self.mask.as_deref().map_or(usize::MAX, zeros));
        self.value.drain(..cut);
        if let Some(mask) = &mut self.mask {
            mask.drain(..cut);
        }
    }

    fn encoded(
        &self,
        version: Version,
        nicira: bool,
        parser: &Parser<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Problem> {
        let length = self.value.len() * if self.mask.is_some() { 2 } else { 1 };
        let length = u8::try_from(length)
            .map_err(|_| Problem::syntax("the value and its mask are too long"))?;
        let action = SetField {
            header: Header {
                length,
                ..self.field.header(version, self.mask.is_some())
            },
            value: &self.value,
            mask: self.mask.as_deref(),
            nicira,
        };
        parser.put(&action, out)
    }

    fn put_set_field(&self, parser: &Parser<'_>, out: &mut Vec<u8>) -> Result<(), Problem> {
        self.encoded(parser.version, false, parser, out)
    }

    /// One `load` for each run of bits, or `reg_load2` for a field that `load` has no room for.
    fn put_loads(&self, parser: &Parser<'_>, out: &mut Vec<u8>) -> Result<(), Problem> {
        let header = self.field.header(Version::V10, false);
        if header.experimenter.is_some() || self.field.id.is_tun_metadata() {
            return self.encoded(Version::V10, true, parser, out);
        }
        let n_bits = self.field.n_bits();
        let value = be_number(&self.value);
        let mask = self.mask.as_deref().map_or(u128::MAX, be_number) & ones(n_bits);
        let mut offset = 0;
        while let Some(rest) = mask.checked_shr(offset).filter(|rest| *rest != 0) {
            offset += rest.trailing_zeros();
            let n_bits = (mask >> offset).trailing_ones().min(64) as u16;
            let load = RegLoad {
                dst: Bits {
                    header,
                    offset: offset as u16,
                    n_bits,
                },
                value: (value >> offset & ones(n_bits)) as u64,
            };
            parser.put(&load, out)?;
            offset += u32::from(n_bits);
        }
        Ok(())
    }

    /// The action that OpenFlow 1.0 and 1.1 have for this field, if there is one.
    fn put_legacy(
        &self,
        tagged: u8,
        parser: &Parser<'_>,
        out: &mut Vec<u8>,
    ) -> Result<bool, Problem> {
        let number = be_number(&self.value);
        let first = parser.version == Version::V10;
        let port = number as u16;
        let address = (number as u32).to_be_bytes();
        let [_, _, mac @ ..] = (number as u64).to_be_bytes();
        let vlan_vid = port & 0xfff;
        match self.field.id {
            Id::VLAN_TCI if number & TAG_PRESENT == 0 && first => parser.put(&StripVlan, out),
            Id::VLAN_TCI if number & TAG_PRESENT == 0 => parser.put(&PopVlan, out),
            Id::VLAN_TCI => {
                let vlan_pcp = (port >> 13) as u8;
                if first {
                    parser.put(&ModVlanVid { vlan_vid }, out)?;
                    parser.put(&ModVlanPcp { vlan_pcp }, out)
                } else {
                    if tagged == 0 {
                        parser.put(&PushVlan { eth_type: 0x8100 }, out)?;
                    }
                    parser.put(&SetVlanVid { vlan_vid }, out)?;
                    parser.put(&SetVlanPcp { vlan_pcp }, out)
                }
            }
            Id::VLAN_VID if first => parser.put(&ModVlanVid { vlan_vid }, out),
            Id::VLAN_VID => parser.put(&SetVlanVid { vlan_vid }, out),
            Id::VLAN_PCP => {
                let vlan_pcp = number as u8;
                if first {
                    parser.put(&ModVlanPcp { vlan_pcp }, out)
                } else {
                    parser.put(&SetVlanPcp { vlan_pcp }, out)
                }
            }
            Id::ETH_SRC => parser.put(&ModDlSrc { address: mac }, out),
            Id::ETH_DST => parser.put(&ModDlDst { address: mac }, out),
            Id::IP_SRC => parser.put(&ModNwSrc { address }, out),
            Id::IP_DST => parser.put(&ModNwDst { address }, out),
            Id::NW_TOS => parser.put(
                &ModNwTos {
                    nw_tos: number as u8,
                },
                out,
            ),
            Id::IP_DSCP => {
                let nw_tos = (number as u8) << 2;
                parser.put(&ModNwTos { nw_tos }, out)
            }
            Id::NW_ECN if !first => parser.put(
                &ModNwEcn {
                    nw_ecn: number as u8,
                },
                out,
            ),
            Id::TCP_SRC | Id::UDP_SRC => parser.put(&ModTpSrc { port }, out),
            Id::TCP_DST | Id::UDP_DST => parser.put(&ModTpDst { port }, out),
            _ => return Ok(false),
        }?;
        Ok(true)
    }
}

/// The bit of `vlan_tci` that says that there is a tag.
const TAG_PRESENT: u128 = 0x1000;

/// Appends `set_field` of a whole field.
pub(super) fn put_whole(
    field: &'static Field,
    number: u64,
    parser: &Parser<'_>,
    out: &mut Vec<u8>,
) -> Result<(), Problem> {
    let header = field.header(parser.version, false);
    let value = wide(number.into(), header.length.into());
    let action = SetField {
        header,
        value: &value,
        mask: None,
        nicira: false,
    };
    parser.put(&action, out)
}

/// Appends `load` of a whole field.
pub(super) fn put_load(
    field: &'static Field,
    number: u8,
    parser: &Parser<'_>,
    out: &mut Vec<u8>,
) -> Result<(), Problem> {
    let dst = Bits {
        header: field.header(Version::V10, false),
        offset: 0,
        n_bits: field.n_bits(),
    };
    let value = number.into();
    parser.put(&RegLoad { dst, value }, out)
}

/// The lowest `n` bits.
pub(super) fn ones(n: u16) -> u128 {
    1u128.checked_shl(n.into()).map_or(u128::MAX, |bit| bit - 1)
}

/// A number in `width` bytes.
pub(super) fn wide(number: u128, width: usize) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let mut out = vec![0; width.saturating_sub(bytes.len())];
    out.extend_from_slice(
        bytes
            .get(bytes.len().saturating_sub(width)..)
            .unwrap_or_default(),
    );
    out
}

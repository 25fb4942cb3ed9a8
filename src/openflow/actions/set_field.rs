//! `set_field`: sets a field, or the bits of it under a mask (OpenFlow 1.5.1 §7.2.6.10, ovs-actions(7)).

use crate::openflow::fields::FieldKind;

use super::bits::named_field;
use super::codec::hex_json;
use super::field_setting::FieldSetting;
use super::prelude::*;
use super::put_field::{REG_LOAD2, SET_FIELD, ones, put_value, wide};

/// Sets a field: `set_field:4162->vlan_vid`, `set_field:0x1/0xffff->reg0`.
///
/// JSON: `{"type":"set_field","field":"vlan_vid","value":66}`; a VLAN id comes without its presence bit.
/// With a mask `"value":{"value":...,"mask":...}`. A field without a row:
/// `{"type":"set_field","field":"oxm_0x8000_99","value":"0x...","mask":"0x..."}`.
#[derive(Debug, Clone, Copy)]
pub struct SetField<'a> {
    /// The field's header as received.
    pub header: Header,
    /// The value, as wide as the field is on the wire.
    pub value: &'a [u8],
    /// The mask, as wide as the value.
    pub mask: Option<&'a [u8]>,
    /// Whether it was received as `NXAST_REG_LOAD2`, which is equivalent.
    pub nicira: bool,
}

impl SetField<'_> {
    /// The field's row.
    pub fn field(&self) -> Option<&'static Field> {
        self.header.field()
    }
}

impl<'a> ActionCodec<'a> for SetField<'a> {
    const NAME: &'static str = "set_field";
    const WIRE: &'static [Wire] = &[SET_FIELD, REG_LOAD2];
    const FORMS: &'static [WordForm] = &[&[(":", Takes::Text), ("->", Takes::Field)]];
    const MEMBERS: &'static [JsonMember] = &[
        JsonMember::new("field", JsonShape::Text),
        JsonMember::new("value", JsonShape::FIELD_VALUE),
        JsonMember::optional("mask", JsonShape::HEX),
    ];

    fn decode(body: &mut Cursor<'a>, head: ActionHeader) -> Result<Self, DecodeError> {
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

    fn wire(&self, version: Version) -> Option<Wire> {
        if self.nicira && REG_LOAD2.holds_in(version) {
            return Some(REG_LOAD2);
        }
        Wire::first_in(Self::WIRE, version)
    }

    fn body(&self, _: Wire, _: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        put_value(self.header, self.value, self.mask, out);
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

    fn text_of_json(object: &mut JsonObject<'_>, out: &mut String) -> Result<(), Problem> {
        let field = object.need("field")?;
        let value = object
            .take("value")
            .ok_or_else(|| object.missing("value"))?;
        let value = field_value(&field, value, object.names)?;
        out.push_str("set_field:");
        out.push_str(&value);
        if let Some(mask) = object.word("mask")? {
            out.push('/');
            out.push_str(&mask);
        }
        out.push_str("->");
        out.push_str(&field);
        Ok(())
    }

    fn parse(_: &str, argument: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
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
        // Flags given by name only set the whole field.
        if field.kind == FieldKind::TunFlags && !text.contains(['+', '-', '/']) {
            mask = None;
        }
        parser.note_outside_mask(&format!("set_field:{argument}"), &value, mask.as_deref());
        let setting = FieldSetting { field, value, mask };
        setting.put(false, parser)
    }
}

//! `load`: loads bits into a field (ovs-actions(7), "load").

use crate::openflow::fields::number;

use super::field_setting::FieldSetting;
use super::prelude::*;
use super::put_field::{REG_LOAD, ones, shifted};

fixed_layout! {
    /// Loads bits into a field: `load:0x1->NXM_NX_REG0[0..15]`. OpenFlow 1.0 to 1.4.
    ///
    /// JSON: `{"type":"load","value":"0x1","dst":{"field":"reg0","offset":0,"n_bits":16}}`.
    RegLoad = "load" at &[REG_LOAD], {
        /// The destination.
        dst: Bits,
        /// The bits.
        value: u64,
    }

    const FORMS: &'static [WordForm] = &[&[(":", Takes::Text), ("->", Takes::BitsToSet)]];

    const MEMBERS: &'static [JsonMember] = &[
        JsonMember::new("value", JsonShape::HEX),
        JsonMember::new("dst", JsonShape::BITS),
    ];

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        put_name(sink, "load");
        put_hex_or_zero(sink, self.value);
        sink.put("->");
        self.dst.text(sink);
    }

    fn json(&self, json: &mut Json<'_>, _: &TextContext<'_>) {
        json.key("value");
        json.hex(self.value.into());
        json.key("dst");
        self.dst.json(json);
    }

    const FORM: WrittenForm = WrittenForm::new("load", &[(":", "value"), ("->", "dst")], "");

    fn parse(_: &str, argument: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        let (text, dst) = arrow(argument)?;
        let dst = Bits::parse_target(dst, parser)?;
        let Some(field) = dst.header.field() else {
            return Err(Problem::syntax("this field cannot be loaded"));
        };
        let value = number(text).ok_or_else(|| Problem::syntax("a number is missing"))?;
        if value & !ones(dst.n_bits) != 0 {
            return Err(Problem::syntax(format!(
                "the value needs more than {} bits",
                dst.n_bits
            )));
        }
        let whole = field.id.is_tun_metadata() && dst.n_bits == field.n_bits();
        let width = usize::from(dst.header.length);
        let setting = FieldSetting {
            field,
            value: shifted(value, dst.offset, width),
            mask: (!whole).then(|| mask(dst, width)),
        };
        setting.put(true, parser)
    }
}

/// The bits of a field as a mask of so many bytes.
fn mask(bits: Bits, width: usize) -> Vec<u8> {
    let first = usize::from(bits.offset);
    let all = first..first + usize::from(bits.n_bits);
    let byte = |at: usize| {
        let is_in = |bit: &usize| all.contains(&(at * 8 + bit));
        (0..8).filter(is_in).fold(0, |mask, bit| mask | 1_u8 << bit)
    };
    (0..width).rev().map(byte).collect()
}

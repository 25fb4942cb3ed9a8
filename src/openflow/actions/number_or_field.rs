//! An argument that is a number, or a field of the packet that holds it: a zone of `ct`, an observation id of
//! `sample`.

use super::prelude::*;

/// A number, or the bits of a field that hold it.
#[derive(Debug, Clone, Copy)]
pub enum NumberOrField<N> {
    /// The number itself.
    Number(N),
    /// The field.
    Field(Bits),
}

/// The size of `ofs_nbits`, which has the place of the number if it is in a field.
const OFS_NBITS: usize = 2;

/// The header of the field, zero for a number, then the number or `ofs_nbits`.
impl<N: MemberValue> MemberValue for NumberOrField<N> {
    const SHAPE: JsonShape = JsonShape::Either(&[N::SHAPE, JsonShape::BITS]);
    const ALIGNMENT: usize = 1;

    fn decode(body: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let start = *body;
        if body.clone().u32("field")? == 0 {
            body.skip(4, "field")?;
            return N::decode(body).map(NumberOrField::Number);
        }
        let header = short_header(body)?;
        let bits = Bits::packed(header, body.u16("ofs_nbits")?, &start)?;
        body.skip(size_of::<N>() - OFS_NBITS, "padding")?;
        Ok(NumberOrField::Field(bits))
    }

    fn encode(self, out: &mut Vec<u8>) {
        match self {
            NumberOrField::Number(number) => {
                put_zeros(out, 4);
                number.encode(out);
            }
            NumberOrField::Field(bits) => {
                bits.header.encode(out);
                out.extend(bits.pack().to_be_bytes());
                put_zeros(out, size_of::<N>() - OFS_NBITS);
            }
        }
    }

    fn text<S: Sink>(self, sink: &mut S) {
        match self {
            NumberOrField::Number(number) => number.text(sink),
            NumberOrField::Field(bits) => bits.text(sink),
        }
    }

    fn json(self, json: &mut Json<'_>) {
        match self {
            NumberOrField::Number(number) => number.json(json),
            NumberOrField::Field(bits) => bits.json(json),
        }
    }

    /// A number, or bits of a field that has a header of 4 bytes.
    fn parse(text: &str, name: &str, parser: &Parser<'_>) -> Result<Self, Problem> {
        if text.starts_with(|c: char| c.is_ascii_digit()) {
            return N::parse(text, name, parser).map(NumberOrField::Number);
        }
        let bits = Bits::parse(text).map_err(|problem| problem.within(text))?;
        bits.demand_short()?;
        Ok(NumberOrField::Field(bits))
    }
}

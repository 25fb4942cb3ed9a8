//! Some bits of a field, as actions name them on the wire: `NXM_NX_REG0[0..15]`.

use crate::openflow::bytes::{Cursor, DecodeError, DecodeErrorKind};
use crate::openflow::fields::{FieldRef, Header, Subfield};
use crate::openflow::json::Json;
use crate::openflow::text::Sink;

/// Some bits of a field. The header stays as it came (NXM or OXM), so that it can go back the same.
#[derive(Debug, Clone, Copy)]
pub struct Bits {
    /// The field.
    pub header: Header,
    /// The lowest bit.
    pub offset: u16,
    /// How many bits; at least 1.
    pub n_bits: u16,
}

impl Bits {
    /// Bits of a field; an error at `body` where the numbers cannot be.
    pub(crate) fn new(
        header: Header,
        offset: u16,
        n_bits: u16,
        body: &Cursor<'_>,
    ) -> Result<Bits, DecodeError> {
        if n_bits == 0 || offset.checked_add(n_bits).is_none() {
            return Err(body.error("bits of a field", DecodeErrorKind::BadValue(n_bits.into())));
        }
        Ok(Bits {
            header,
            offset,
            n_bits,
        })
    }

    /// From `ofs_nbits`: the offset in the upper 10 bits, the number of bits less one in the lower 6.
    pub(crate) fn packed(
        header: Header,
        ofs_nbits: u16,
        body: &Cursor<'_>,
    ) -> Result<Bits, DecodeError> {
        Bits::new(header, ofs_nbits >> 6, (ofs_nbits & 0x3f) + 1, body)
    }

    /// `ofs_nbits`, the inverse of [`Bits::packed`].
    pub(crate) fn pack(&self) -> u16 {
        (self.offset << 6) | (self.n_bits.saturating_sub(1) & 0x3f)
    }

    /// The field's row, where there is one, with the same bits.
    pub fn subfield(&self) -> Subfield {
        Subfield {
            field: FieldRef::of(self.header),
            offset: self.offset,
            n_bits: self.n_bits,
        }
    }

    /// Writes `NXM_NX_REG0[]`, `NXM_NX_REG0[5]` or `NXM_NX_REG0[0..15]`.
    pub fn text<S: Sink>(&self, sink: &mut S) {
        self.subfield().text(sink);
    }

    /// Writes `{"field":"reg0","offset":0,"n_bits":16}`.
    pub fn json(&self, json: &mut Json<'_>) {
        self.subfield().json(json);
    }
}

/// A header of a field without mask, of 4 or 8 bytes.
pub(crate) fn plain_header(body: &mut Cursor<'_>) -> Result<Header, DecodeError> {
    let error = body.error("field without mask", DecodeErrorKind::BadValue(1));
    let header = Header::decode(body)?;
    if header.masked {
        Err(error)
    } else {
        Ok(header)
    }
}

/// A header of a field without mask where there is room for 4 bytes only.
pub(crate) fn short_header(body: &mut Cursor<'_>) -> Result<Header, DecodeError> {
    let mut short = body.sub(4, "field")?;
    plain_header(&mut short)
}

//! Some bits of a field, as actions name them on the wire: `NXM_NX_REG0[0..15]`.

use super::arguments::shown;
use super::parser::Parser;
use crate::base::json::Json;
use crate::openflow::bytes::{Cursor, DecodeError, DecodeErrorKind};
use crate::openflow::fields::{Field, ParseErrorKind, Problem, nearest_field};
use crate::openflow::fields::{FieldRef, Header, Subfield};
use crate::openflow::text::Sink;
use crate::openflow::version::Version;

/// Some bits of a field. The header is kept as received (NXM or OXM), so that it encodes to the same bytes.
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
    /// Bits of a field; an error at `body` if the range is invalid.
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

/// A header of 4 bytes, without mask.
pub(crate) fn short_header(body: &mut Cursor<'_>) -> Result<Header, DecodeError> {
    let mut short = body.sub(4, "field")?;
    plain_header(&mut short)
}

impl Bits {
    /// Reads `NXM_NX_REG0[0..15]`, `reg0[5]`, `reg0[]` or `reg0`.
    pub(super) fn parse(text: &str) -> Result<Bits, Problem> {
        let (name, range) = match text.find('[').and_then(|at| text.split_at_checked(at)) {
            Some((name, range)) => (name, Some(range)),
            None => (text, None),
        };
        let field = named_field(name)?;
        let bad = || {
            Problem::syntax(format!(
                "the bits of {} are [0..{}]",
                field.name,
                field.n_bits().saturating_sub(1)
            ))
        };
        let (first, last): (u16, u16) = match range {
            None | Some("[]") => (0, field.n_bits().saturating_sub(1)),
            Some(range) => {
                let inner = range
                    .strip_prefix('[')
                    .and_then(|range| range.strip_suffix(']'))
                    .ok_or_else(bad)?;
                let (first, last) = inner.split_once("..").unwrap_or((inner, inner));
                let bit = |text: &str| text.trim().parse().map_err(|_| bad());
                (bit(first)?, bit(last)?)
            }
        };
        if first > last || last >= field.n_bits() {
            return Err(bad());
        }
        Ok(Bits {
            header: field.header(Version::V10, false),
            offset: first,
            n_bits: last - first + 1,
        })
    }

    /// Reads bits that an action reads; an error if the match lacks what the field needs.
    pub(super) fn parse_source(text: &str, parser: &Parser<'_>) -> Result<Bits, Problem> {
        let bits = Bits::parse(text)?;
        bits.demand_readable(parser)?;
        Ok(bits)
    }

    /// An error if the match lacks what the field needs.
    pub(super) fn demand_readable(&self, parser: &Parser<'_>) -> Result<(), Problem> {
        match self.header.field() {
            Some(field) => parser.demand(field.name, field.prereq),
            None => Ok(()),
        }
    }

    /// Reads bits that an action changes; an error if they are not writable here.
    pub(super) fn parse_target(text: &str, parser: &Parser<'_>) -> Result<Bits, Problem> {
        let bits = Bits::parse(text)?;
        if let Some(field) = bits.header.field() {
            parser.demand_writable(field)?;
        }
        Ok(bits)
    }

    /// [`Bits::parse_target`] for an action that has 4 bytes for the header.
    pub(super) fn parse_short_target(text: &str, parser: &Parser<'_>) -> Result<Bits, Problem> {
        let bits = Bits::parse_target(text, parser)?;
        bits.demand_short()?;
        Ok(bits)
    }

    /// An error if the header has more than 4 bytes.
    pub(super) fn demand_short(&self) -> Result<(), Problem> {
        if self.header.experimenter.is_some() {
            return Err(Problem::syntax("this action has no room for the field"));
        }
        Ok(())
    }
}

/// The field with a name of ovs-fields(7) or with one of the wire.
pub(super) fn named_field(name: &str) -> Result<&'static Field, Problem> {
    match Field::by_nxm_name(name).or_else(|| Field::by_name(name)) {
        Some(field) if field.wire.is_empty() => Err(Problem::syntax(format!(
            "{name} has no number that an action could name it by"
        ))),
        Some(field) => Ok(field),
        None => {
            let did_you_mean = nearest_field(name);
            let hint = match did_you_mean {
                Some(near) => format!("; did you mean {near}?"),
                None => String::new(),
            };
            Err(Problem::new(
                format!("no field is named \"{}\"{hint}", shown(name)),
                ParseErrorKind::UnknownField { did_you_mean },
            ))
        }
    }
}

impl Bits {
    /// The same bits, with the header to send in `version`.
    pub(super) fn in_version(self, version: Version) -> Bits {
        match self.header.field() {
            Some(field) => Bits {
                header: field.header(version, false),
                ..self
            },
            None => self,
        }
    }
}

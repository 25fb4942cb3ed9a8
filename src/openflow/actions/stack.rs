//! `push` and `pop`: the stack of field values (ovs-actions(7)).

use crate::base::json::Json;
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::text::{Sink, TextContext};
use crate::openflow::version::Version;

use super::bits::{Bits, plain_header};
use super::parse::{ActionParse, Parser};
use super::{
    ActionCodec, Head, Unencodable, Wire, place, put_action, put_name, put_zeros, skip_zeros,
};
use crate::openflow::fields::Problem;

/// The layout both share: offset, header of 4 or 8 bytes, number of bits, zeros up to 14 bytes.
fn decode(body: &mut Cursor<'_>) -> Result<Bits, DecodeError> {
    let start = *body;
    let mut body = body.sub(14, "stack action")?;
    let offset = body.u16("offset")?;
    let header = plain_header(&mut body)?;
    let n_bits = body.u16("n_bits")?;
    let rest = body.remaining();
    skip_zeros(&mut body, rest)?;
    Bits::new(header, offset, n_bits, &start)
}

fn encode(bits: &Bits, wire: Wire, out: &mut Vec<u8>) {
    put_action(wire, out, |out| {
        let start = out.len();
        out.extend(bits.offset.to_be_bytes());
        bits.header.encode(out);
        out.extend(bits.n_bits.to_be_bytes());
        put_zeros(out, 14usize.saturating_sub(out.len() - start));
    });
}

/// Pushes bits of a field onto the stack: `push:NXM_NX_REG0[]`.
///
/// JSON: `{"type":"push","bits":{"field":"reg0","offset":0,"n_bits":32}}`.
#[derive(Debug, Clone, Copy)]
pub struct StackPush {
    /// The bits.
    pub bits: Bits,
}

impl<'a> ActionCodec<'a> for StackPush {
    const NAME: &'static str = "push";
    const WIRE: &'static [Wire] = &[Wire::nicira(27)];

    fn decode(body: &mut Cursor<'a>, _: Head) -> Result<Self, DecodeError> {
        Ok(StackPush {
            bits: decode(body)?,
        })
    }

    fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        encode(&self.bits, place(Self::WIRE, version, Self::NAME)?, out);
        Ok(())
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        put_name(sink, "push");
        self.bits.text(sink);
    }

    fn json(&self, json: &mut Json<'_>, _: &TextContext<'_>) {
        json.key("bits");
        self.bits.json(json);
    }
}

/// Pops bits of a field from the stack: `pop:NXM_NX_REG0[]`.
///
/// JSON: `{"type":"pop","bits":{"field":"reg0","offset":0,"n_bits":32}}`.
#[derive(Debug, Clone, Copy)]
pub struct StackPop {
    /// The bits.
    pub bits: Bits,
}

impl<'a> ActionCodec<'a> for StackPop {
    const NAME: &'static str = "pop";
    const WIRE: &'static [Wire] = &[Wire::nicira(28)];

    fn decode(body: &mut Cursor<'a>, _: Head) -> Result<Self, DecodeError> {
        Ok(StackPop {
            bits: decode(body)?,
        })
    }

    fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        encode(&self.bits, place(Self::WIRE, version, Self::NAME)?, out);
        Ok(())
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        put_name(sink, "pop");
        self.bits.text(sink);
    }

    fn json(&self, json: &mut Json<'_>, _: &TextContext<'_>) {
        json.key("bits");
        self.bits.json(json);
    }
}

impl ActionParse for StackPush {
    const WORDS: &'static [&'static str] = &["push"];

    fn parse(
        _: &str,
        argument: &str,
        parser: &mut Parser<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Problem> {
        let bits = Bits::parse_source(argument, parser)?;
        parser.put(&StackPush { bits }, out)
    }
}

impl ActionParse for StackPop {
    const WORDS: &'static [&'static str] = &["pop"];

    fn parse(
        _: &str,
        argument: &str,
        parser: &mut Parser<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Problem> {
        let bits = Bits::parse_target(argument, parser)?;
        parser.put(&StackPop { bits }, out)
    }
}

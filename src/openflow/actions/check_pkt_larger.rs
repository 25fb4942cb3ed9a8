//! `check_pkt_larger`: compares the packet's length (ovs-actions(7)).

use crate::base::json::Json;
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::text::{Role, Sink, TextContext};
use crate::openflow::version::Version;

use super::arguments::{arrow, uint};
use super::bits::{Bits, plain_header};
use super::number::put_dec;
use super::parse::{ActionParse, Parser};
use super::{ActionCodec, Head, Unencodable, Wire, place, put_action, put_zeros, skip_zeros};
use crate::openflow::fields::Problem;

/// Sets a bit if the packet is longer: `check_pkt_larger(1500)->NXM_NX_REG0[0]`.
///
/// JSON: `{"type":"check_pkt_larger","pkt_len":1500,"dst":{"field":"reg0","offset":0,"n_bits":1}}`.
#[derive(Debug, Clone, Copy)]
pub struct CheckPktLarger {
    /// The length to compare with, in bytes.
    pub pkt_len: u16,
    /// The bit.
    pub dst: Bits,
}

impl<'a> ActionCodec<'a> for CheckPktLarger {
    const NAME: &'static str = "check_pkt_larger";
    const WIRE: &'static [Wire] = &[Wire::nicira(49)];

    fn decode(body: &mut Cursor<'a>, _: Head) -> Result<Self, DecodeError> {
        let start = *body;
        let pkt_len = body.u16("pkt_len")?;
        let offset = body.u16("offset")?;
        let mut field = body.sub(10, "destination field")?;
        let header = plain_header(&mut field)?;
        let rest = field.remaining();
        skip_zeros(&mut field, rest)?;
        Ok(CheckPktLarger {
            pkt_len,
            dst: Bits::new(header, offset, 1, &start)?,
        })
    }

    fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        put_action(place(Self::WIRE, version, Self::NAME)?, out, |out| {
            out.extend(self.pkt_len.to_be_bytes());
            out.extend(self.dst.offset.to_be_bytes());
            let start = out.len();
            self.dst.header.encode(out);
            put_zeros(out, 10usize.saturating_sub(out.len() - start));
        });
        Ok(())
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        sink.put_as(Role::Action, "check_pkt_larger");
        sink.put("(");
        put_dec(sink, self.pkt_len);
        sink.put(")->");
        self.dst.text(sink);
    }

    fn json(&self, json: &mut Json<'_>, _: &TextContext<'_>) {
        json.key("pkt_len");
        json.number(self.pkt_len);
        json.key("dst");
        self.dst.json(json);
    }
}

impl ActionParse for CheckPktLarger {
    const WORDS: &'static [&'static str] = &["check_pkt_larger"];

    fn parse(
        _: &str,
        argument: &str,
        parser: &mut Parser<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Problem> {
        let (length, field) = arrow(argument)?;
        let pkt_len = uint(length.trim_end_matches(')'), "the length")?;
        let dst = Bits::parse_target(field, parser)?;
        if dst.n_bits != 1 {
            return Err(Problem::syntax("the result is one bit of a field"));
        }
        parser.put(&CheckPktLarger { pkt_len, dst }, out)
    }
}

//! `move`: copies bits from field to field (ovs-actions(7), "move"; OpenFlow 1.5.1 §7.2.6.12).

use super::prelude::*;

/// Copies bits: `move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[]`.
///
/// JSON: `{"type":"move","src":{"field":"eth_src","offset":0,"n_bits":48},"dst":{...}}`.
#[derive(Debug, Clone, Copy)]
pub struct RegMove {
    /// The source.
    pub src: Bits,
    /// The destination.
    pub dst: Bits,
    /// Whether it was received as the ONF extension of 1.3.
    pub onf: bool,
}

const COPY_FIELD: Wire = Wire::openflow(28, Version::V15);
const ONF_COPY_FIELD: Wire = Wire::new(Vendor::Onf, 3200, Version::V13, Version::V14);
const REG_MOVE: Wire = Wire::new(Vendor::Nicira, 6, Version::V10, Version::V14);

impl<'a> ActionCodec<'a> for RegMove {
    const NAME: &'static str = "move";
    const WIRE: &'static [Wire] = &[COPY_FIELD, ONF_COPY_FIELD, REG_MOVE];
    const FORMS: &'static [WordForm] = &[&[(":", Takes::Bits), ("->", Takes::BitsToSet)]];
    const MEMBERS: &'static [JsonMember] = &[
        JsonMember::new("src", JsonShape::BITS),
        JsonMember::new("dst", JsonShape::BITS),
    ];

    fn decode(body: &mut Cursor<'a>, head: ActionHeader) -> Result<Self, DecodeError> {
        let start = *body;
        let onf = head.vendor == Vendor::Onf;
        if onf {
            body.skip(2, "padding")?;
        }
        let n_bits = body.u16("n_bits")?;
        let src_offset = body.u16("src_offset")?;
        let dst_offset = body.u16("dst_offset")?;
        if head.vendor != Vendor::Nicira {
            body.skip(2, "padding")?;
        }
        let src = plain_header(body)?;
        let dst = plain_header(body)?;
        skip_zeros(body, body.remaining())?;
        Ok(RegMove {
            src: Bits::new(src, src_offset, n_bits, &start)?,
            dst: Bits::new(dst, dst_offset, n_bits, &start)?,
            onf,
        })
    }

    fn wire(&self, version: Version) -> Option<Wire> {
        Some(if version >= Version::V15 {
            COPY_FIELD
        } else if self.onf && ONF_COPY_FIELD.holds_in(version) {
            ONF_COPY_FIELD
        } else {
            REG_MOVE
        })
    }

    fn body(&self, wire: Wire, _: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        if wire.vendor == Vendor::Onf {
            put_zeros(out, 2);
        }
        out.extend(self.dst.n_bits.to_be_bytes());
        out.extend(self.src.offset.to_be_bytes());
        out.extend(self.dst.offset.to_be_bytes());
        if wire.vendor != Vendor::Nicira {
            put_zeros(out, 2);
        }
        self.src.header.encode(out);
        self.dst.header.encode(out);
        Ok(())
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        put_name(sink, "move");
        self.src.text(sink);
        sink.put("->");
        self.dst.text(sink);
    }

    fn json(&self, json: &mut Json<'_>, _: &TextContext<'_>) {
        json.key("src");
        self.src.json(json);
        json.key("dst");
        self.dst.json(json);
    }

    const FORM: WrittenForm = WrittenForm::new("move", &[(":", "src"), ("->", "dst")], "");

    fn parse(_: &str, argument: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        let (src, dst) = arrow(argument)?;
        let mut src = Bits::parse_source(src, parser)?;
        let mut dst = Bits::parse_target(dst, parser)?;
        if src.n_bits != dst.n_bits {
            return Err(Problem::syntax(format!(
                "{} bits do not fit into {}",
                src.n_bits, dst.n_bits
            )));
        }
        if parser.version >= Version::V15 {
            src = src.in_version(parser.version);
            dst = dst.in_version(parser.version);
        }
        let onf = false;
        RegMove { src, dst, onf }.put(parser)
    }
}

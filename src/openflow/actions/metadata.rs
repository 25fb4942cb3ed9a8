//! `write_metadata`: an instruction since OpenFlow 1.1, a Nicira action in 1.0 (ovs-actions(7)).

use crate::openflow::fields::cookie_number;

use super::nested::padding;
use super::prelude::*;

/// Writes the metadata field: `write_metadata:0x5/0xff`.
///
/// JSON: `{"type":"write_metadata","metadata":"0x5","mask":"0xff"}`; a mask of all ones is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteMetadata {
    /// The value.
    pub metadata: u64,
    /// Which bits are written.
    pub mask: u64,
}

impl<'a> ActionCodec<'a> for WriteMetadata {
    const NAME: &'static str = "write_metadata";
    const WIRE: &'static [Wire] = &[Wire::instruction(2), Wire::nicira(22)];
    const FORMS: &'static [WordForm] = &[&[(":", Takes::Text)]];
    const MEMBERS: &'static [JsonMember] = &[
        JsonMember::new("metadata", JsonShape::HEX),
        JsonMember::optional("mask", JsonShape::HEX),
    ];

    fn decode(body: &mut Cursor<'a>, head: ActionHeader) -> Result<Self, DecodeError> {
        match head.vendor {
            Vendor::Nicira => skip_zeros(body, padding(head.vendor))?,
            _ => body.skip(padding(head.vendor), "padding")?,
        }
        Ok(WriteMetadata {
            metadata: body.u64("metadata")?,
            mask: body.u64("metadata mask")?,
        })
    }

    fn body(&self, wire: Wire, _: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        put_zeros(out, padding(wire.vendor));
        out.extend(self.metadata.to_be_bytes());
        out.extend(self.mask.to_be_bytes());
        Ok(())
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        put_name(sink, "write_metadata");
        put_hex_or_zero(sink, self.metadata);
        if self.mask != u64::MAX {
            sink.put("/");
            put_hex_or_zero(sink, self.mask);
        }
    }

    fn json(&self, json: &mut Json<'_>, _: &TextContext<'_>) {
        json.key("metadata");
        json.hex(self.metadata.into());
        if self.mask != u64::MAX {
            json.key("mask");
            json.hex(self.mask.into());
        }
    }

    const RANK: InstructionRank = InstructionRank::Metadata;

    fn text_of_json(object: &mut JsonObject<'_>, out: &mut String) -> Result<(), Problem> {
        out.push_str("write_metadata:");
        out.push_str(&object.need("metadata")?);
        if let Some(mask) = object.word("mask")? {
            out.push('/');
            out.push_str(&mask);
        }
        Ok(())
    }

    fn parse(_: &str, argument: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        let number = |text: &str| {
            cookie_number(text).ok_or_else(|| Problem::syntax("metadata is a number of 64 bits"))
        };
        let (metadata, mask) = match argument.split_once('/') {
            Some((metadata, mask)) => (number(metadata)?, number(mask)?),
            None => (number(argument)?, u64::MAX),
        };
        let action = format!("write_metadata:{argument}");
        let (value, bits) = (metadata.to_be_bytes(), mask.to_be_bytes());
        parser.note_outside_mask(&action, &value, Some(&bits));
        WriteMetadata { metadata, mask }.put(parser)
    }
}

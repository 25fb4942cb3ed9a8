//! `note`: bytes that do nothing (ovs-actions(7)).

use super::prelude::*;

/// Bytes that do nothing, padding included: `note:01.02.00.00.00.00`.
///
/// JSON: `{"type":"note","data":"010200000000"}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Note<'a> {
    /// The bytes.
    pub data: &'a [u8],
}

impl<'a> ActionCodec<'a> for Note<'a> {
    const NAME: &'static str = "note";
    const WIRE: &'static [Wire] = &[Wire::nicira(8)];
    const FORMS: &'static [WordForm] = &[&[(":", Takes::Text)]];
    const MEMBERS: &'static [JsonMember] = &[JsonMember::new("data", JsonShape::BYTES)];

    fn decode(body: &mut Cursor<'a>, _: ActionHeader) -> Result<Self, DecodeError> {
        Ok(Note {
            data: body.take(body.remaining(), "note")?,
        })
    }

    fn body(&self, _: Wire, _: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        out.extend_from_slice(self.data);
        Ok(())
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        sink.put_as(TextRole::Action, "note");
        sink.put(":");
        put_dotted(sink, self.data);
    }

    fn json(&self, json: &mut Json<'_>, _: &TextContext<'_>) {
        json.key("data");
        json.string(&hex_string(self.data));
    }

    const FORM: WrittenForm = WrittenForm::new("note", &[(":", "data")], "");

    fn parse(_: &str, argument: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        let data = hex_bytes(argument)?;
        Note { data: &data }.put(parser)
    }
}

//! `delete_field`: removes a field that may be absent, such as a tunnel option (ovs-actions(7)).

use crate::base::json::Json;
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::text::{Sink, TextContext};
use crate::openflow::version::Version;

use super::bits::named_field;
use super::bits::plain_header;
use super::parse::{ActionParse, Parser};
use super::{ActionCodec, Head, Unencodable, Wire, place, put_action, put_name, put_zeros};
use crate::openflow::fields::Problem;
use crate::openflow::fields::{FieldRef, Header};

/// Removes a field: `delete_field:tun_metadata1`.
///
/// JSON: `{"type":"delete_field","field":"tun_metadata1"}`.
#[derive(Debug, Clone, Copy)]
pub struct DeleteField {
    /// The field's header as it came.
    pub header: Header,
}

impl<'a> ActionCodec<'a> for DeleteField {
    const NAME: &'static str = "delete_field";
    const WIRE: &'static [Wire] = &[Wire::nicira(50)];

    fn decode(body: &mut Cursor<'a>, _: Head) -> Result<Self, DecodeError> {
        let mut body = body.sub(14, "delete_field")?;
        let header = plain_header(&mut body)?;
        Ok(DeleteField { header })
    }

    fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        put_action(place(Self::WIRE, version, Self::NAME)?, out, |out| {
            let start = out.len();
            self.header.encode(out);
            put_zeros(out, 14usize.saturating_sub(out.len() - start));
        });
        Ok(())
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        put_name(sink, "delete_field");
        match FieldRef::of(self.header) {
            FieldRef::Known(field) => sink.put(field.name),
            FieldRef::Unknown(header) => header.put_unknown(sink.buffer()),
        }
    }

    fn json(&self, json: &mut Json<'_>, _: &TextContext<'_>) {
        json.key("field");
        match FieldRef::of(self.header) {
            FieldRef::Known(field) => json.string(field.name),
            FieldRef::Unknown(header) => {
                let mut name = String::new();
                header.put_unknown(&mut name);
                json.string(&name);
            }
        }
    }
}

impl ActionParse for DeleteField {
    const WORDS: &'static [&'static str] = &["delete_field"];

    fn parse(
        _: &str,
        argument: &str,
        parser: &mut Parser<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Problem> {
        let field = named_field(argument)?;
        if !field.id.is_tun_metadata() {
            return Err(Problem::syntax("only tun_metadata fields can be deleted"));
        }
        let header = field.header(Version::V10, false);
        parser.put(&DeleteField { header }, out)
    }
}

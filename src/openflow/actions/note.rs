//! `note`: bytes that do nothing (ovs-actions(7)).

use crate::base::json::Json;
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::text::{Role, Sink, TextContext};
use crate::openflow::version::Version;

use super::arguments::hex_bytes;
use super::number::{hex_string, put_dotted};
use super::parse::{ActionParse, Parser};
use super::{ActionCodec, Head, Unencodable, Wire, place, put_action};
use crate::openflow::fields::Problem;

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

    fn decode(body: &mut Cursor<'a>, _: Head) -> Result<Self, DecodeError> {
        Ok(Note {
            data: body.take(body.remaining(), "note")?,
        })
    }

    fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        put_action(place(Self::WIRE, version, Self::NAME)?, out, |out| {
            out.extend_from_slice(self.data);
        });
        Ok(())
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        sink.put_as(Role::Action, "note");
        sink.put(":");
        put_dotted(sink, self.data);
    }

    fn json(&self, json: &mut Json<'_>, _: &TextContext<'_>) {
        json.key("data");
        json.string(&hex_string(self.data));
    }
}

impl ActionParse for Note<'_> {
    const WORDS: &'static [&'static str] = &["note"];

    fn parse(
        _: &str,
        argument: &str,
        parser: &mut Parser<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Problem> {
        let data = hex_bytes(argument)?;
        parser.put(&Note { data: &data }, out)
    }
}

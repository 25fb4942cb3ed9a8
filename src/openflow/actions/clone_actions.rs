//! `clone`: actions whose changes are undone afterwards (ovs-actions(7)).

use crate::base::json::Json;
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::text::{Role, Sink, TextContext};
use crate::openflow::version::Version;

use super::list::ActionList;
use super::list::Form;
use super::parse::{ActionParse, Outer, Parser};
use super::{ActionCodec, Head, Unencodable, Wire, place, put_action, put_zeros};
use crate::openflow::fields::Problem;

/// Actions on a copy of the packet: `clone(output:1)`.
///
/// JSON: `{"type":"clone","actions":[{"type":"output","port":{"number":1}}]}`.
#[derive(Debug, Clone, Copy)]
pub struct CloneActions<'a> {
    /// The actions.
    pub actions: ActionList<'a>,
}

impl<'a> ActionCodec<'a> for CloneActions<'a> {
    const NAME: &'static str = "clone";
    const WIRE: &'static [Wire] = &[Wire::nicira(42)];

    fn decode(body: &mut Cursor<'a>, head: Head) -> Result<Self, DecodeError> {
        body.skip(6, "padding")?;
        Ok(CloneActions {
            actions: ActionList::nested(body, head.version, head.depth)?,
        })
    }

    fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        let mut nested = Vec::new();
        self.actions.encode_nested(version, &mut nested)?;
        put_action(place(Self::WIRE, version, Self::NAME)?, out, |out| {
            put_zeros(out, 6);
            out.extend(nested);
        });
        Ok(())
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        sink.put_as(Role::Action, "clone");
        sink.put("(");
        self.actions.write_nested(sink, cx);
        sink.put(")");
    }

    fn json(&self, json: &mut Json<'_>, cx: &TextContext<'_>) {
        json.key("actions");
        self.actions.json_nested(json, cx);
    }
}

impl ActionParse for CloneActions<'_> {
    const WORDS: &'static [&'static str] = &["clone"];

    fn parse(
        _: &str,
        argument: &str,
        parser: &mut Parser<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Problem> {
        let mut nested = Vec::new();
        parser.list(argument, Outer::Clone, &mut nested)?;
        let actions = ActionList::new(&nested, 0, parser.version, Form::Actions);
        parser.put(&CloneActions { actions }, out)
    }
}

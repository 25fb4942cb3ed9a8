//! The instructions about the action set: `write_actions`, `clear_actions` (OpenFlow 1.5.1 §7.2.5).

use crate::base::json::Json;
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::text::{Role, Sink, TextContext};
use crate::openflow::version::Version;

use super::arguments::nothing;
use super::list::ActionList;
use super::list::Form;
use super::parse::{ActionParse, Outer, Parser, Rank};
use super::{ActionCodec, Head, Unencodable, Wire, bare_action, place, put_action, put_zeros};
use crate::openflow::fields::Problem;

/// Adds actions to the action set: `write_actions(output:1)`.
///
/// JSON: `{"type":"write_actions","actions":[{"type":"output","port":{"number":1}}]}`.
#[derive(Debug, Clone, Copy)]
pub struct WriteActions<'a> {
    /// The actions.
    pub actions: ActionList<'a>,
}

impl<'a> ActionCodec<'a> for WriteActions<'a> {
    const NAME: &'static str = "write_actions";
    const WIRE: &'static [Wire] = &[Wire::instruction(3)];

    fn decode(body: &mut Cursor<'a>, head: Head) -> Result<Self, DecodeError> {
        body.skip(4, "padding")?;
        Ok(WriteActions {
            actions: ActionList::nested(body, head.version, head.depth)?,
        })
    }

    fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        let mut nested = Vec::new();
        self.actions.encode_nested(version, &mut nested)?;
        put_action(place(Self::WIRE, version, Self::NAME)?, out, |out| {
            put_zeros(out, 4);
            out.extend(nested);
        });
        Ok(())
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        sink.put_as(Role::Action, "write_actions");
        sink.put("(");
        self.actions.write_nested(sink, cx);
        sink.put(")");
    }

    fn json(&self, json: &mut Json<'_>, cx: &TextContext<'_>) {
        json.key("actions");
        self.actions.json_nested(json, cx);
    }
}

/// Empties the action set: `clear_actions`.
///
/// JSON: `{"type":"clear_actions"}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClearActions;

bare_action!(ClearActions, "clear_actions", &[Wire::instruction(5)]);

impl ActionParse for WriteActions<'_> {
    const WORDS: &'static [&'static str] = &["write_actions"];

    const RANK: Rank = Rank::Write;

    fn parse(
        _: &str,
        argument: &str,
        parser: &mut Parser<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Problem> {
        let mut nested = Vec::new();
        parser.list(argument, Outer::WriteActions, &mut nested)?;
        let actions = ActionList::new(&nested, 0, parser.version, Form::Actions);
        parser.put(&WriteActions { actions }, out)
    }
}

impl ActionParse for ClearActions {
    const WORDS: &'static [&'static str] = &["clear_actions"];

    const RANK: Rank = Rank::Clear;

    fn parse(
        word: &str,
        argument: &str,
        parser: &mut Parser<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Problem> {
        nothing(word, argument)?;
        parser.put(&ClearActions, out)
    }
}

//! The instructions about the action set: `write_actions`, `clear_actions` (OpenFlow 1.5.1 §7.2.5).

use super::prelude::*;

/// Adds actions to the action set: `write_actions(output:1)`.
///
/// JSON: `{"type":"write_actions","actions":[{"type":"output","port":{"number":1}}]}`.
#[derive(Debug, Clone, Copy)]
pub struct WriteActions<'a> {
    /// The actions.
    pub actions: ActionList<'a>,
}

impl WriteActions<'_> {
    /// Writes the action; `nested` writes its actions.
    pub(in crate::openflow) fn text_with<S: Sink>(
        &self,
        sink: &mut S,
        nested: impl FnOnce(&ActionList<'_>, &mut S),
    ) {
        sink.put_as(Role::Action, Self::NAME);
        sink.put("(");
        nested(&self.actions, sink);
        sink.put(")");
    }
}

impl<'a> ActionCodec<'a> for WriteActions<'a> {
    const NAME: &'static str = "write_actions";
    const WIRE: &'static [Wire] = &[Wire::instruction(3)];
    const MEMBERS: &'static [JsonMember] = &[JsonMember::new("actions", JsonShape::ACTIONS)];
    const RANK: InstructionRank = InstructionRank::Write;

    fn decode(body: &mut Cursor<'a>, head: ActionHeader) -> Result<Self, DecodeError> {
        body.skip(4, "padding")?;
        let actions = ActionList::nested(body, head)?;
        Ok(WriteActions { actions })
    }

    fn body(&self, _: Wire, version: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        put_zeros(out, 4);
        self.actions.encode_nested(version, out)
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        self.text_with(sink, |actions, sink| actions.text_nested(sink, cx));
    }

    fn json(&self, json: &mut Json<'_>, cx: &TextContext<'_>) {
        json.key("actions");
        self.actions.json_nested(json, cx);
    }

    fn parse(_: &str, argument: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        let nested = parser.list(argument, ListOwner::WriteActions)?;
        let actions = ActionList::new(&nested, 0, parser.version, ListForm::Actions);
        WriteActions { actions }.put(parser)
    }
}

bare_action! {
    /// Empties the action set: `clear_actions`.
    ///
    /// JSON: `{"type":"clear_actions"}`.
    ClearActions = "clear_actions" at &[Wire::instruction(5)];

    const RANK: InstructionRank = InstructionRank::Clear;

    fn parse(word: &str, argument: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        nothing(word, argument)?;
        ClearActions.put(parser)
    }
}

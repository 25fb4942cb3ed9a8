//! `clone`: actions whose changes are undone afterwards (ovs-actions(7)).

use super::prelude::*;

/// Actions on a copy of the packet: `clone(output:1)`.
///
/// JSON: `{"type":"clone","actions":[{"type":"output","port":{"number":1}}]}`.
#[derive(Debug, Clone, Copy)]
pub struct CloneActions<'a> {
    /// The actions.
    pub actions: ActionList<'a>,
}

impl CloneActions<'_> {
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

impl<'a> ActionCodec<'a> for CloneActions<'a> {
    const NAME: &'static str = "clone";
    const WIRE: &'static [Wire] = &[Wire::nicira(42)];
    const MEMBERS: &'static [JsonMember] = &[JsonMember::new("actions", JsonShape::ACTIONS)];

    fn decode(body: &mut Cursor<'a>, head: ActionHeader) -> Result<Self, DecodeError> {
        body.skip(6, "padding")?;
        let actions = ActionList::nested(body, head)?;
        Ok(CloneActions { actions })
    }

    fn body(&self, _: Wire, version: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        put_zeros(out, 6);
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
        let nested = parser.list(argument, ListOwner::Clone)?;
        let actions = ActionList::new(&nested, 0, parser.version, ListForm::Actions);
        CloneActions { actions }.put(parser)
    }
}

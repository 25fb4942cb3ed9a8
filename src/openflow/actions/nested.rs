//! Actions that are a list of other actions.

use super::codec::Vendor;

/// Makes the struct and implements `ActionCodec` for an action that is a list of actions: their owner in text
/// and its instruction rank follow the number on the wire.
macro_rules! nested_action {
    (
        $(#[$doc:meta])*
        $type:ident = $name:literal at $wire:expr, $owner:expr, $rank:expr
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $type<'a> {
            /// The actions.
            pub actions: ActionList<'a>,
        }

        impl $type<'_> {
            /// Writes the action; `nested` writes its actions.
            pub(in crate::openflow) fn text_with<S: Sink>(
                &self,
                sink: &mut S,
                nested: impl FnOnce(&ActionList<'_>, &mut S),
            ) {
                sink.put_as(TextRole::Action, Self::NAME);
                sink.put("(");
                nested(&self.actions, sink);
                sink.put(")");
            }
        }

        impl<'a> ActionCodec<'a> for $type<'a> {
            const NAME: &'static str = $name;
            const WIRE: &'static [Wire] = &[$wire];
            const MEMBERS: &'static [JsonMember] =
                &[JsonMember::new("actions", JsonShape::ACTIONS)];
            const FORMS: &'static [WordForm] = &[&[("(", Takes::Actions)]];
            const RANK: InstructionRank = $rank;

            fn decode(body: &mut Cursor<'a>, head: ActionHeader) -> Result<Self, DecodeError> {
                body.skip(padding(head.vendor), "padding")?;
                let actions = ActionList::nested(body, head)?;
                Ok($type { actions })
            }

            fn body(
                &self,
                wire: Wire,
                version: Version,
                out: &mut Vec<u8>,
            ) -> Result<(), Unencodable> {
                put_zeros(out, padding(wire.vendor));
                self.actions.encode_nested(version, out)
            }

            fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
                self.text_with(sink, |actions, sink| actions.text_nested(sink, cx));
            }

            fn json(&self, json: &mut Json<'_>, cx: &TextContext<'_>) {
                json.key("actions");
                self.actions.json_nested(json, cx);
            }

            fn text_of_json(object: &mut JsonObject<'_>, out: &mut String) -> Result<(), Problem> {
                let actions = object.take("actions").ok_or_else(|| object.missing("actions"))?;
                out.push_str(Self::NAME);
                out.push('(');
                text_of_actions(actions, object.names, out)?;
                out.push(')');
                Ok(())
            }

            fn parse(_: &str, argument: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
                let nested = parser.list(argument, $owner)?;
                let actions = ActionList::new(&nested, 0, parser.version, ListForm::Actions);
                $type { actions }.put(parser)
            }
        }
    };
}
pub(super) use nested_action;

/// The padding after the header: actions begin at a multiple of 8 bytes.
pub(super) fn padding(vendor: Vendor) -> usize {
    let header = vendor.header_bytes();
    header.next_multiple_of(8) - header
}

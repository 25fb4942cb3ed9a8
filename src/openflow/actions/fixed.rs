//! Actions of fixed layout, declared as the list of their members.
//!
//! From the declaration come the struct, decode, encode, text, parse, completion, JSON and the schema of the JSON:
//!
//! ```text
//! fixed_action! {
//!     /// Sets a bit if the packet is longer: `check_pkt_larger(1500)->NXM_NX_REG0[0]`.
//!     CheckPktLarger = "check_pkt_larger" at &[Wire::nicira(49)], {
//!         /// The length to compare with, in bytes.
//!         "(" pkt_len: u16,
//!         /// The bit.
//!         ")->" dst: Bits as OneBit,
//!     }
//! }
//! ```
//!
//! Members stand in the order of the wire, each aligned to its size, and each with the text before it; a last text
//! follows them behind a semicolon. A kind refines what the type does not determine: see
//! [`member`](super::member). The name of a member is its key in JSON. `{}` is an action that is its header alone
//! on the wire and a word in text. `needs Ip`, before the members, is what the flow's match must have since OpenFlow
//! 1.1.
//!
//! Items of `ActionCodec` may follow the members: the words of the text, the instruction rank, and
//! `put_equivalent` where some version has another action in its place.
//!
//! `fixed_layout!` makes the struct, decode and encode only, for an action whose text does not follow from the members.

use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::fields::Problem;

use super::arguments::nothing;
use super::codec::put_zeros;
use super::member::{MemberKind, MemberValue};
use super::parser::Parser;
use super::written_form::WrittenForm;

/// Makes the struct and implements `ActionCodec` for an action that is a list of members.
macro_rules! fixed_action {
    (
        $(#[$doc:meta])*
        $type:ident = $name:literal at $wire:expr $(, needs $prereq:ident $(and $more:ident)*)?, {
            $($(#[$member_doc:meta])* $before:literal $member:ident: $value:ty $(as $kind:ty)?,)*
            $(; $after:literal)?
        }

        $($items:tt)*
    ) => {
        fixed_layout! {
            $(#[$doc])*
            $type = $name at $wire, {
                $($(#[$member_doc])* $member: $value $(as $kind)?,)*
            }

            const MEMBERS: &'static [JsonMember] = &[$(JsonMember::new(
                stringify!($member),
                <member_kind!($($kind)?) as MemberKind<$value>>::SHAPE,
            ),)*];

            const FORMS: &'static [WordForm] = &[&[
                $(($before, <member_kind!($($kind)?) as MemberKind<$value>>::TAKES),)*
            ]];

            fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
                sink.put_as(TextRole::Action, $name);
                $(
                    sink.put($before);
                    <member_kind!($($kind)?) as MemberKind<$value>>::text(self.$member, sink, cx);
                )*
                $(sink.put($after);)?
            }

            fn json(&self, json: &mut Json<'_>, cx: &TextContext<'_>) {
                $(<member_kind!($($kind)?) as MemberKind<$value>>::json(
                    stringify!($member),
                    self.$member,
                    json,
                    cx,
                );)*
            }

            const FORM: WrittenForm = WrittenForm::new(
                $name,
                &[$(($before, stringify!($member)),)*],
                concat!($($after)?),
            );

            fn parse(word: &str, argument: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
                let mut pieces = Self::FORM.pieces(argument)?;
                let action = $type {
                    $($member: pieces.parse::<$value, member_kind!($($kind)?)>(parser)?,)*
                };
                $(
                    parser.demand_since_v11(word, Prereq::$prereq)?;
                    $(parser.demand_since_v11(word, Prereq::$more)?;)*
                )?
                action.put_equivalent(word, parser)
            }

            $($items)*
        }
    };
}
pub(super) use fixed_action;

/// Makes the struct, and implements what is about bytes of `ActionCodec`, for an action that is a list of
/// members; the other items follow the members.
macro_rules! fixed_layout {
    (
        $(#[$doc:meta])*
        $type:ident = $name:literal at $wire:expr, {
            $($(#[$member_doc:meta])* $member:ident: $value:ty $(as $kind:ty)?,)*
        }

        $($items:tt)*
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $type {
            $($(#[$member_doc])* pub $member: $value,)*
        }

        #[allow(unused_variables, unused_mut, reason = "an action may have no members")]
        impl<'a> ActionCodec<'a> for $type {
            const NAME: &'static str = $name;
            const WIRE: &'static [Wire] = $wire;

            fn decode(body: &mut Cursor<'a>, head: ActionHeader) -> Result<Self, DecodeError> {
                let start = body.remaining() + head.vendor.header_bytes();
                Ok($type {
                    $($member: decode_member::<$value, member_kind!($($kind)?)>(body, start)?,)*
                })
            }

            fn body(&self, wire: Wire, _: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
                let start = out.len() - wire.vendor.header_bytes();
                $(encode_member::<$value, member_kind!($($kind)?)>(self.$member, start, out);)*
                Ok(())
            }

            $($items)*
        }
    };
}
pub(super) use fixed_layout;

/// The kind of a member, `Ordinary` by default.
macro_rules! member_kind {
    () => {
        Ordinary
    };
    ($kind:ty) => {
        $kind
    };
}
pub(super) use member_kind;

/// Reads a member behind the padding that aligns it; `start` is how many bytes were left with the header.
#[inline]
pub(super) fn decode_member<V: MemberValue, K: MemberKind<V>>(
    body: &mut Cursor<'_>,
    start: usize,
) -> Result<V, DecodeError> {
    let done = start - body.remaining();
    body.skip(done.next_multiple_of(K::ALIGNMENT) - done, "padding")?;
    K::decode(body)
}

/// Appends a member behind the padding that aligns it in the action, which begins at `start`.
pub(super) fn encode_member<V: MemberValue, K: MemberKind<V>>(
    value: V,
    start: usize,
    out: &mut Vec<u8>,
) {
    let done = out.len() - start;
    put_zeros(out, done.next_multiple_of(K::ALIGNMENT) - done);
    K::encode(value, out);
}

impl WrittenForm {
    /// Cuts what follows the word into the members; an action without members has no argument.
    pub(super) fn pieces<'t>(&self, argument: &'t str) -> Result<MemberPieces<'t>, Problem> {
        if self.members.is_empty() {
            nothing(self.word, argument)?;
        }
        Ok(MemberPieces {
            form: *self,
            at: 0,
            rest: argument,
        })
    }
}

/// The text of an action's members, from which one after the other is parsed.
pub(super) struct MemberPieces<'t> {
    form: WrittenForm,
    /// How many members have been parsed.
    at: usize,
    rest: &'t str,
}

impl MemberPieces<'_> {
    /// Parses the next member.
    ///
    /// # Errors
    ///
    /// The member is missing or malformed; where there are several, with the form of the action.
    pub(super) fn parse<V: MemberValue, K: MemberKind<V>>(
        &mut self,
        parser: &Parser<'_>,
    ) -> Result<V, Problem> {
        let form = self.form;
        let wrong = || Problem::syntax(format!("the form is {form}"));
        let (before, name) = form.members.get(self.at).copied().unwrap_or_default();
        self.at += 1;
        let text = match form.members.get(self.at) {
            Some((next, _)) => {
                let (text, rest) = self.rest.split_once(separator(next)).ok_or_else(wrong)?;
                self.rest = rest;
                text.trim_end_matches(')').trim()
            }
            None if self.at == 1 => self.rest,
            None if self.rest.contains(separator(before)) => return Err(wrong()),
            None => self.rest.trim(),
        };
        if text.is_empty() {
            return Err(Problem::syntax(format!(
                "{name} is missing; the form is {form}"
            )));
        }
        K::parse(text, name, parser)
    }
}

/// What separates a member from the one before it, in an argument without its parentheses.
fn separator(before: &str) -> &str {
    before.trim_start_matches(')')
}

//! Actions of fixed layout, declared as the list of their members.
//!
//! From the declaration come the struct, decode, encode, text, JSON and the schema of the JSON:
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
//!
//!     fn parse(...) {...}
//! }
//! ```
//!
//! Members stand in the order of the wire, each aligned to its size, and each with the text before it; a
//! last text follows them behind a semicolon. A kind refines what the type does not determine: see
//! [`member`](super::member). The name of a member is its key in JSON. The words of the text and the instruction
//! rank may be declared before `parse`, as in `ActionCodec`.

use crate::openflow::bytes::{Cursor, DecodeError};

use super::codec::put_zeros;
use super::member::{MemberKind, MemberValue};

/// Makes the struct and implements `ActionCodec` for an action that is a list of members.
macro_rules! fixed_action {
    (
        $(#[$doc:meta])*
        $type:ident = $name:literal at $wire:expr, {
            $($(#[$member_doc:meta])* $before:literal $member:ident: $value:ty $(as $kind:ty)?,)+
            $(; $after:literal)?
        }

        $($parse:tt)*
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $type {
            $($(#[$member_doc])* pub $member: $value,)+
        }

        impl<'a> ActionCodec<'a> for $type {
            const NAME: &'static str = $name;
            const WIRE: &'static [Wire] = $wire;
            const MEMBERS: &'static [JsonMember] = &[$(JsonMember::new(
                stringify!($member),
                <member_kind!($($kind)?) as MemberKind<$value>>::SHAPE,
            ),)+];

            fn decode(body: &mut Cursor<'a>, head: ActionHeader) -> Result<Self, DecodeError> {
                let start = body.remaining() + head.vendor.header_bytes();
                Ok($type {
                    $($member: decode_member::<$value, member_kind!($($kind)?)>(body, start)?,)+
                })
            }

            fn body(&self, wire: Wire, _: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
                let start = out.len() - wire.vendor.header_bytes();
                $(encode_member::<$value, member_kind!($($kind)?)>(self.$member, start, out);)+
                Ok(())
            }

            fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
                sink.put_as(Role::Action, $name);
                $(
                    sink.put($before);
                    <member_kind!($($kind)?) as MemberKind<$value>>::text(self.$member, sink, cx);
                )+
                $(sink.put($after);)?
            }

            fn json(&self, json: &mut Json<'_>, cx: &TextContext<'_>) {
                $(<member_kind!($($kind)?) as MemberKind<$value>>::json(
                    stringify!($member),
                    self.$member,
                    json,
                    cx,
                );)+
            }

            $($parse)*
        }
    };
}
pub(super) use fixed_action;

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

/// Makes the struct and implements `ActionCodec` for an action that is its header alone, and a word in
/// text. `needs` names the prerequisite; an action that needs more has its own `parse`.
macro_rules! bare_action {
    ($(#[$doc:meta])* $type:ident = $name:literal at $wire:expr, needs $prereq:ident) => {
        bare_action! {
            $(#[$doc])*
            $type = $name at $wire;

            fn parse(word: &str, argument: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
                nothing(word, argument)?;
                parser.demand_since_v11(word, Prereq::$prereq)?;
                $type.put(parser)
            }
        }
    };
    ($(#[$doc:meta])* $type:ident = $name:literal at $wire:expr; $($parse:tt)*) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $type;

        impl<'a> ActionCodec<'a> for $type {
            const NAME: &'static str = $name;
            const WIRE: &'static [Wire] = $wire;

            fn decode(_: &mut Cursor<'a>, _: ActionHeader) -> Result<Self, DecodeError> {
                Ok($type)
            }

            fn body(&self, _: Wire, _: Version, _: &mut Vec<u8>) -> Result<(), Unencodable> {
                Ok(())
            }

            fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
                sink.put_as(Role::Action, $name);
            }

            fn json(&self, _: &mut Json<'_>, _: &TextContext<'_>) {}

            $($parse)*
        }
    };
}
pub(super) use bare_action;

//! MPLS labels (ovs-actions(7), `push_mpls` and its neighbours).

use std::fmt::Write as _;

use crate::base::json::Json;
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::text::{Role, Sink, TextContext};
use crate::openflow::version::Version;

use super::arguments::uint;
use super::codec::bare_parse;
use super::number::put_dec;
use super::parse::{ActionParse, Parser};
use super::set_field::put_whole;
use super::{ActionCodec, Head, Unencodable, Vendor, Wire, bare_action, number_action, put_name};
use crate::openflow::fields::{Id, Prereq, Problem};

/// An action of the specification since 1.1, of Nicira in 1.0.
const fn since_v11(number: u16, nicira: u16) -> [Wire; 2] {
    [
        Wire::openflow(number, Version::V11),
        Wire::new(Vendor::Nicira, nicira, Version::V10, Version::V10),
    ]
}

/// `0x8847`, four digits.
fn put_eth_type<S: Sink>(sink: &mut S, eth_type: u16) {
    let _ = write!(sink.buffer(), "{eth_type:#06x}");
}

/// `name(1)`
fn put_call<S: Sink>(sink: &mut S, name: &str, argument: u32) {
    sink.put_as(Role::Action, name);
    sink.put("(");
    put_dec(sink, argument);
    sink.put(")");
}

number_action! {
    /// Adds an MPLS label: `push_mpls:0x8847`.
    ///
    /// JSON: `{"type":"push_mpls","eth_type":34887}`.
    PushMpls {
        /// The Ethernet type to give the packet: 0x8847 or 0x8848.
        eth_type: u16
    }
    "push_mpls", "eth_type", &since_v11(19, 23),
    |sink, eth_type| {
        put_name(sink, "push_mpls");
        put_eth_type(sink, eth_type);
    }
}

number_action! {
    /// Removes the outermost MPLS label: `pop_mpls:0x0800`.
    ///
    /// JSON: `{"type":"pop_mpls","eth_type":2048}`.
    PopMpls {
        /// The Ethernet type of what is below.
        eth_type: u16
    }
    "pop_mpls", "eth_type", &since_v11(20, 24),
    |sink, eth_type| {
        put_name(sink, "pop_mpls");
        put_eth_type(sink, eth_type);
    }
}

number_action! {
    /// Sets the label: `set_mpls_label(100)`. In 1.2 and later rather `set_field`.
    ///
    /// JSON: `{"type":"set_mpls_label","mpls_label":100}`.
    SetMplsLabel {
        /// The label, 20 bits.
        mpls_label: u32
    }
    "set_mpls_label", "mpls_label", &since_v11(13, 30),
    |sink, label| put_call(sink, "set_mpls_label", label)
}

number_action! {
    /// Sets the traffic class: `set_mpls_tc(3)`. In 1.2 and later rather `set_field`.
    ///
    /// JSON: `{"type":"set_mpls_tc","mpls_tc":3}`.
    SetMplsTc {
        /// The traffic class, 3 bits.
        mpls_tc: u8
    }
    "set_mpls_tc", "mpls_tc", &since_v11(14, 31),
    |sink, tc| put_call(sink, "set_mpls_tc", tc.into())
}

number_action! {
    /// Sets the TTL of the outermost label: `set_mpls_ttl(64)`.
    ///
    /// JSON: `{"type":"set_mpls_ttl","mpls_ttl":64}`.
    SetMplsTtl {
        /// The TTL.
        mpls_ttl: u8
    }
    "set_mpls_ttl", "mpls_ttl", &since_v11(15, 25),
    |sink, ttl| put_call(sink, "set_mpls_ttl", ttl.into())
}

/// Decrements the TTL of the outermost label: `dec_mpls_ttl`.
///
/// JSON: `{"type":"dec_mpls_ttl"}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecMplsTtl;

bare_action!(DecMplsTtl, "dec_mpls_ttl", &since_v11(16, 26));

/// Implements [`ActionParse`] for `push_mpls` and `pop_mpls`.
macro_rules! mpls_parse {
    ($type:ident, $word:literal, $prereq:ident, |$known:ident, $eth_type:ident| $after:expr) => {
        impl ActionParse for $type {
            const WORDS: &'static [&'static str] = &[$word];

            fn parse(
                word: &str,
                argument: &str,
                parser: &mut Parser<'_>,
                out: &mut Vec<u8>,
            ) -> Result<(), Problem> {
                let $eth_type = uint(argument, "an Ethernet type")?;
                parser.demand_since_v11(word, Prereq::Ethernet)?;
                parser.demand_since_v11(word, Prereq::$prereq)?;
                let $known = &mut parser.known;
                $after;
                parser.put(
                    &$type {
                        eth_type: $eth_type,
                    },
                    out,
                )
            }
        }
    };
}

mpls_parse!(PushMpls, "push_mpls", Any, |known, eth_type| {
    known.eth_type = Some(eth_type);
    known.nw_proto = None;
});

mpls_parse!(PopMpls, "pop_mpls", Mpls, |known, eth_type| known
    .eth_type =
    Some(eth_type));

/// Implements [`ActionParse`] for an action that is `set_field` of a whole field since 1.2.
macro_rules! set_mpls_parse {
    ($type:ident, $word:literal, $member:ident: $int:ident < $limit:literal, $field:ident) => {
        impl ActionParse for $type {
            const WORDS: &'static [&'static str] = &[$word];

            fn parse(
                word: &str,
                argument: &str,
                parser: &mut Parser<'_>,
                out: &mut Vec<u8>,
            ) -> Result<(), Problem> {
                let $member: $int = uint(argument, word)?;
                if u32::from($member) >= $limit {
                    return Err(Problem::syntax(format!(
                        "{word} takes less than {}",
                        $limit
                    )));
                }
                parser.demand_since_v11(word, Prereq::Mpls)?;
                if parser.version < Version::V12 {
                    return parser.put(&$type { $member }, out);
                }
                put_whole(Id::$field.row(), $member.into(), parser, out)
            }
        }
    };
}

set_mpls_parse!(SetMplsLabel, "set_mpls_label", mpls_label: u32 < 0x10_0000, MPLS_LABEL);
set_mpls_parse!(SetMplsTc, "set_mpls_tc", mpls_tc: u8 < 8, MPLS_TC);

impl ActionParse for SetMplsTtl {
    const WORDS: &'static [&'static str] = &["set_mpls_ttl"];

    fn parse(
        word: &str,
        argument: &str,
        parser: &mut Parser<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Problem> {
        let mpls_ttl = uint(argument, "a TTL")?;
        parser.demand_since_v11(word, Prereq::Mpls)?;
        parser.put(&SetMplsTtl { mpls_ttl }, out)
    }
}

bare_parse!(DecMplsTtl, "dec_mpls_ttl", Mpls);

//! The VLAN tag (ovs-actions(7)): `set_vlan_vid`, `set_vlan_pcp`, `pop_vlan`, `push_vlan`, and the actions of
//! OpenFlow 1.0, which add a tag where there is none: `mod_vlan_vid`, `mod_vlan_pcp`, `strip_vlan`.

use crate::base::json::Json;
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::text::{Role, Sink, TextContext};
use crate::openflow::version::Version;

use super::arguments::{nothing, uint};
use super::number::{put_dec, put_hex_or_zero};
use super::parse::{ActionParse, Parser};
use super::set_field::put_whole;
use super::{ActionCodec, Head, Unencodable, Vendor, Wire, bare_action, number_action, put_name};
use crate::openflow::fields::{Id, Prereq, Problem};

/// An action of OpenFlow 1.0 alone.
const fn v10(number: u16) -> [Wire; 1] {
    [Wire::new(
        Vendor::OpenFlow,
        number,
        Version::V10,
        Version::V10,
    )]
}

number_action! {
    /// Sets the VLAN id, of a new tag if there is none: `mod_vlan_vid:66`.
    ///
    /// JSON: `{"type":"mod_vlan_vid","vlan_vid":66}`.
    ModVlanVid {
        /// The VLAN id.
        vlan_vid: u16
    }
    "mod_vlan_vid", "vlan_vid", &v10(1),
    |sink, value| {
        put_name(sink, "mod_vlan_vid");
        put_dec(sink, value);
    }
}

number_action! {
    /// Sets the VLAN priority, of a new tag if there is none: `mod_vlan_pcp:3`.
    ///
    /// JSON: `{"type":"mod_vlan_pcp","vlan_pcp":3}`.
    ModVlanPcp {
        /// The priority, 0 to 7.
        vlan_pcp: u8
    }
    "mod_vlan_pcp", "vlan_pcp", &v10(2),
    |sink, value| {
        put_name(sink, "mod_vlan_pcp");
        put_dec(sink, value);
    }
}

number_action! {
    /// Sets the VLAN id of the outermost tag: `set_vlan_vid:66`.
    ///
    /// JSON: `{"type":"set_vlan_vid","vlan_vid":66}`.
    SetVlanVid {
        /// The VLAN id.
        vlan_vid: u16
    }
    "set_vlan_vid", "vlan_vid", &[Wire::openflow(1, Version::V11)],
    |sink, value| {
        put_name(sink, "set_vlan_vid");
        put_dec(sink, value);
    }
}

number_action! {
    /// Sets the VLAN priority of the outermost tag: `set_vlan_pcp:3`.
    ///
    /// JSON: `{"type":"set_vlan_pcp","vlan_pcp":3}`.
    SetVlanPcp {
        /// The priority, 0 to 7.
        vlan_pcp: u8
    }
    "set_vlan_pcp", "vlan_pcp", &[Wire::openflow(2, Version::V11)],
    |sink, value| {
        put_name(sink, "set_vlan_pcp");
        put_dec(sink, value);
    }
}

number_action! {
    /// Adds a tag: `push_vlan:0x8100`.
    ///
    /// JSON: `{"type":"push_vlan","eth_type":33024}`.
    PushVlan {
        /// The Ethernet type of the tag: 0x8100 or 0x88a8.
        eth_type: u16
    }
    "push_vlan", "eth_type", &[Wire::openflow(17, Version::V11)],
    |sink, eth_type| {
        put_name(sink, "push_vlan");
        put_hex_or_zero(sink, eth_type);
    }
}

/// Removes the tag if there is one: `strip_vlan`.
///
/// JSON: `{"type":"strip_vlan"}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StripVlan;

bare_action!(StripVlan, "strip_vlan", &v10(3));

/// Removes the outermost tag: `pop_vlan`.
///
/// JSON: `{"type":"pop_vlan"}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PopVlan;

bare_action!(PopVlan, "pop_vlan", &[Wire::openflow(18, Version::V11)]);

/// Appends `push_vlan` where `mod_vlan_vid` and its like must add a tag themselves.
fn add_tag(parser: &mut Parser<'_>, out: &mut Vec<u8>) -> Result<(), Problem> {
    if parser.version > Version::V10 && parser.known.vlan_tags == 0 {
        parser.put(
            &PushVlan {
                eth_type: ETH_TYPE_VLAN,
            },
            out,
        )?;
    }
    parser.known.vlan_tags = parser.known.vlan_tags.max(1);
    Ok(())
}

const ETH_TYPE_VLAN: u16 = 0x8100;
/// The bit of `vlan_vid` that says that there is a tag.
const PRESENT: u64 = 0x1000;
/// How many tags Open vSwitch keeps count of.
const MOST_TAGS: u8 = 2;

fn put_vid(vlan_vid: u16, parser: &Parser<'_>, out: &mut Vec<u8>) -> Result<(), Problem> {
    match parser.version {
        Version::V10 => parser.put(&ModVlanVid { vlan_vid }, out),
        Version::V11 => parser.put(&SetVlanVid { vlan_vid }, out),
        _ => put_whole(
            Id::VLAN_VID.row(),
            u64::from(vlan_vid) | PRESENT,
            parser,
            out,
        ),
    }
}

fn put_pcp(vlan_pcp: u8, parser: &Parser<'_>, out: &mut Vec<u8>) -> Result<(), Problem> {
    match parser.version {
        Version::V10 => parser.put(&ModVlanPcp { vlan_pcp }, out),
        Version::V11 => parser.put(&SetVlanPcp { vlan_pcp }, out),
        _ => put_whole(Id::VLAN_PCP.row(), vlan_pcp.into(), parser, out),
    }
}

/// Implements [`ActionParse`] for the setting of an id or priority, with or without adding a tag.
macro_rules! tag_parse {
    ($type:ident, $word:literal, $int:ident < $limit:literal, $put:ident, |$parser:ident, $out:ident| $tag:expr) => {
        impl ActionParse for $type {
            const WORDS: &'static [&'static str] = &[$word];

            fn parse(
                word: &str,
                argument: &str,
                $parser: &mut Parser<'_>,
                $out: &mut Vec<u8>,
            ) -> Result<(), Problem> {
                let number: $int = uint(argument, word)?;
                if number >= $limit {
                    return Err(Problem::syntax(format!(
                        "{word} takes less than {}",
                        $limit
                    )));
                }
                $tag?;
                $put(number, $parser, $out)
            }
        }
    };
}

tag_parse!(
    ModVlanVid,
    "mod_vlan_vid",
    u16 < 4096,
    put_vid,
    |parser, out| add_tag(parser, out)
);
tag_parse!(
    ModVlanPcp,
    "mod_vlan_pcp",
    u8 < 8,
    put_pcp,
    |parser, out| add_tag(parser, out)
);
tag_parse!(
    SetVlanVid,
    "set_vlan_vid",
    u16 < 4096,
    put_vid,
    |parser, out| { parser.demand_since_v11("set_vlan_vid", Prereq::Vlan) }
);
tag_parse!(
    SetVlanPcp,
    "set_vlan_pcp",
    u8 < 8,
    put_pcp,
    |parser, out| { parser.demand_since_v11("set_vlan_pcp", Prereq::Vlan) }
);

impl ActionParse for PushVlan {
    const WORDS: &'static [&'static str] = &["push_vlan"];

    fn parse(
        _: &str,
        argument: &str,
        parser: &mut Parser<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Problem> {
        let eth_type = uint(argument, "an Ethernet type")?;
        if !matches!(eth_type, ETH_TYPE_VLAN | 0x88a8) {
            return Err(Problem::syntax(
                "the tags that can be added are 0x8100 and 0x88a8",
            ));
        }
        if parser.known.checked && parser.known.vlan_tags >= MOST_TAGS {
            return Err(Problem::syntax(format!(
                "a packet has {MOST_TAGS} tags at most"
            )));
        }
        parser.known.vlan_tags = parser.known.vlan_tags.saturating_add(1);
        parser.put(&PushVlan { eth_type }, out)
    }
}

/// Its text has the same meaning as `pop_vlan`.
impl ActionParse for StripVlan {}

impl ActionParse for PopVlan {
    const WORDS: &'static [&'static str] = &["pop_vlan", "strip_vlan"];

    fn parse(
        word: &str,
        argument: &str,
        parser: &mut Parser<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Problem> {
        nothing(word, argument)?;
        parser.demand_since_v11(word, Prereq::Vlan)?;
        parser.known.vlan_tags = parser.known.vlan_tags.saturating_sub(1);
        match parser.version {
            Version::V10 => parser.put(&StripVlan, out),
            _ => parser.put(&PopVlan, out),
        }
    }
}

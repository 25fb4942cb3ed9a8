//! Header fields by actions of their own: OpenFlow 1.0 and 1.1, and deprecated since (ovs-actions(7)).

use crate::base::json::Json;
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::text::{Plain, Sink, TextContext};
use crate::openflow::version::Version;

use super::arguments::uint;
use super::number::{put_dec, put_ipv4, put_mac};
use super::parse::{ActionParse, Parser};
use super::set_field::{put_load, put_whole};
use super::{
    ActionCodec, Head, Unencodable, Vendor, Wire, number_action, place, put_action, put_name,
};
use crate::openflow::bytes::be_number;
use crate::openflow::fields::{Field, Id, Prereq, Problem, mac};
use std::net::Ipv4Addr;

/// An action with one number in 1.0 and another in 1.1 and later.
const fn renumbered(v10: u16, v11: u16) -> [Wire; 2] {
    [
        Wire::new(Vendor::OpenFlow, v10, Version::V10, Version::V10),
        Wire::openflow(v11, Version::V11),
    ]
}

/// Makes the struct and implements [`ActionCodec`] for an action with one address for an argument.
macro_rules! address_action {
    ($(#[$doc:meta])* $type:ident: $address:ty, $name:literal, $wire:expr, $put:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $type {
            /// The address.
            pub address: $address,
        }

        impl<'a> ActionCodec<'a> for $type {
            const NAME: &'static str = $name;
            const WIRE: &'static [Wire] = $wire;

            fn decode(body: &mut Cursor<'a>, _: Head) -> Result<Self, DecodeError> {
                Ok($type {
                    address: body.array($name)?,
                })
            }

            fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
                put_action(place(Self::WIRE, version, $name)?, out, |out| {
                    out.extend(self.address);
                });
                Ok(())
            }

            fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
                put_name(sink, $name);
                $put(sink, self.address);
            }

            fn json(&self, json: &mut Json<'_>, _: &TextContext<'_>) {
                let mut text = Plain::default();
                $put(&mut text, self.address);
                json.key("address");
                json.string(&text.0);
            }
        }
    };
}

address_action! {
    /// Sets the source MAC address: `mod_dl_src:00:11:22:33:44:55`.
    ///
    /// JSON: `{"type":"mod_dl_src","address":"00:11:22:33:44:55"}`.
    ModDlSrc: [u8; 6], "mod_dl_src", &renumbered(4, 3), put_mac
}

address_action! {
    /// Sets the destination MAC address: `mod_dl_dst:00:11:22:33:44:55`.
    ///
    /// JSON: `{"type":"mod_dl_dst","address":"00:11:22:33:44:55"}`.
    ModDlDst: [u8; 6], "mod_dl_dst", &renumbered(5, 4), put_mac
}

address_action! {
    /// Sets the source IPv4 address: `mod_nw_src:10.0.0.1`.
    ///
    /// JSON: `{"type":"mod_nw_src","address":"10.0.0.1"}`.
    ModNwSrc: [u8; 4], "mod_nw_src", &renumbered(6, 5), put_ipv4
}

address_action! {
    /// Sets the destination IPv4 address: `mod_nw_dst:10.0.0.1`.
    ///
    /// JSON: `{"type":"mod_nw_dst","address":"10.0.0.1"}`.
    ModNwDst: [u8; 4], "mod_nw_dst", &renumbered(7, 6), put_ipv4
}

number_action! {
    /// Sets the DSCP, given as a whole byte of type of service: `mod_nw_tos:16`.
    ///
    /// JSON: `{"type":"mod_nw_tos","nw_tos":16}`.
    ModNwTos {
        /// The byte of type of service; its lower two bits are 0.
        nw_tos: u8
    }
    "mod_nw_tos", "nw_tos", &renumbered(8, 7),
    |sink, value| {
        put_name(sink, "mod_nw_tos");
        put_dec(sink, value);
    }
}

number_action! {
    /// Sets the ECN bits: `mod_nw_ecn:2`.
    ///
    /// JSON: `{"type":"mod_nw_ecn","nw_ecn":2}`.
    ModNwEcn {
        /// The ECN bits, 0 to 3.
        nw_ecn: u8
    }
    "mod_nw_ecn", "nw_ecn", &[Wire::openflow(8, Version::V11)],
    |sink, value| {
        put_name(sink, "mod_nw_ecn");
        put_dec(sink, value);
    }
}

number_action! {
    /// Sets the TTL or hop limit: `mod_nw_ttl:3`.
    ///
    /// JSON: `{"type":"mod_nw_ttl","nw_ttl":3}`.
    ModNwTtl {
        /// The TTL.
        nw_ttl: u8
    }
    "mod_nw_ttl", "nw_ttl", &[Wire::openflow(23, Version::V11)],
    |sink, value| {
        put_name(sink, "mod_nw_ttl");
        put_dec(sink, value);
    }
}

number_action! {
    /// Sets the TCP, UDP or SCTP source port: `mod_tp_src:80`.
    ///
    /// JSON: `{"type":"mod_tp_src","port":80}`.
    ModTpSrc {
        /// The port.
        port: u16
    }
    "mod_tp_src", "port", &renumbered(9, 9),
    |sink, value| {
        put_name(sink, "mod_tp_src");
        put_dec(sink, value);
    }
}

number_action! {
    /// Sets the TCP, UDP or SCTP destination port: `mod_tp_dst:80`.
    ///
    /// JSON: `{"type":"mod_tp_dst","port":80}`.
    ModTpDst {
        /// The port.
        port: u16
    }
    "mod_tp_dst", "port", &renumbered(10, 10),
    |sink, value| {
        put_name(sink, "mod_tp_dst");
        put_dec(sink, value);
    }
}

/// Implements [`ActionParse`] for an action of 1.0 and 1.1 that is `set_field` of a whole field later.
macro_rules! legacy_parse {
    (
        $type:ident, $word:literal, $prereq:ident, $field:ident,
        |$argument:ident| $read:expr, |$action:ident| $number:expr
    ) => {
        impl ActionParse for $type {
            const WORDS: &'static [&'static str] = &[$word];

            fn parse(
                word: &str,
                $argument: &str,
                parser: &mut Parser<'_>,
                out: &mut Vec<u8>,
            ) -> Result<(), Problem> {
                let $action = $read;
                parser.demand_since_v11(word, Prereq::$prereq)?;
                if parser.version < Version::V12 {
                    return parser.put(&$action, out);
                }
                put_whole(Id::$field.row(), u64::from($number), parser, out)
            }
        }
    };
}

fn parse_mac(text: &str) -> Result<[u8; 6], Problem> {
    mac(text)
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| Problem::syntax("an Ethernet address is like 00:11:22:33:44:55"))
}

fn parse_ipv4(text: &str) -> Result<[u8; 4], Problem> {
    text.parse::<Ipv4Addr>()
        .map(|address| address.octets())
        .map_err(|_| Problem::syntax("an IPv4 address is like 10.0.0.1"))
}

fn mac_number(mac: [u8; 6]) -> u64 {
    be_number(&mac) as u64
}

legacy_parse! {
    ModDlSrc, "mod_dl_src", Any, ETH_SRC,
    |text| ModDlSrc { address: parse_mac(text)? }, |action| mac_number(action.address)
}

legacy_parse! {
    ModDlDst, "mod_dl_dst", Any, ETH_DST,
    |text| ModDlDst { address: parse_mac(text)? }, |action| mac_number(action.address)
}

legacy_parse! {
    ModNwSrc, "mod_nw_src", Ipv4, IP_SRC,
    |text| ModNwSrc { address: parse_ipv4(text)? }, |action| u32::from_be_bytes(action.address)
}

legacy_parse! {
    ModNwDst, "mod_nw_dst", Ipv4, IP_DST,
    |text| ModNwDst { address: parse_ipv4(text)? }, |action| u32::from_be_bytes(action.address)
}

legacy_parse! {
    ModNwTos, "mod_nw_tos", Ip, IP_DSCP,
    |text| ModNwTos { nw_tos: small(text, "the type of service", 0xfc)? }, |action| action.nw_tos >> 2
}

impl ActionParse for ModNwEcn {
    const WORDS: &'static [&'static str] = &["mod_nw_ecn"];

    fn parse(
        word: &str,
        argument: &str,
        parser: &mut Parser<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Problem> {
        let nw_ecn = small(argument, "the ECN", 3)?;
        parser.demand_since_v11(word, Prereq::Ip)?;
        match parser.version {
            Version::V10 => put_load(Id::NW_ECN.row(), nw_ecn, parser, out),
            Version::V11 => parser.put(&ModNwEcn { nw_ecn }, out),
            _ => put_whole(Id::NW_ECN.row(), nw_ecn.into(), parser, out),
        }
    }
}

impl ActionParse for ModNwTtl {
    const WORDS: &'static [&'static str] = &["mod_nw_ttl", "set_nw_ttl"];

    fn parse(
        word: &str,
        argument: &str,
        parser: &mut Parser<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Problem> {
        let nw_ttl = uint(argument, "a TTL")?;
        parser.demand_since_v11(word, Prereq::Ip)?;
        if parser.version == Version::V10 {
            return put_load(Id::NW_TTL.row(), nw_ttl, parser, out);
        }
        parser.put(&ModNwTtl { nw_ttl }, out)
    }
}

/// A number of 8 bits that has none but those of `mask`.
fn small(text: &str, what: &str, mask: u8) -> Result<u8, Problem> {
    match uint(text, what)? {
        number if number & !mask == 0 => Ok(number),
        _ => Err(Problem::syntax(format!(
            "{what} has no other bits than {mask:#x}"
        ))),
    }
}

impl ActionParse for ModTpSrc {
    const WORDS: &'static [&'static str] = &["mod_tp_src"];

    fn parse(
        word: &str,
        argument: &str,
        parser: &mut Parser<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Problem> {
        let port = uint(argument, "a port")?;
        let fields = [Id::TCP_SRC, Id::UDP_SRC, Id::SCTP_SRC];
        match transport_field(fields, word, parser)? {
            Some(field) => put_whole(field, u64::from(port), parser, out),
            None => parser.put(&ModTpSrc { port }, out),
        }
    }
}

impl ActionParse for ModTpDst {
    const WORDS: &'static [&'static str] = &["mod_tp_dst"];

    fn parse(
        word: &str,
        argument: &str,
        parser: &mut Parser<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Problem> {
        let port = uint(argument, "a port")?;
        let fields = [Id::TCP_DST, Id::UDP_DST, Id::SCTP_DST];
        match transport_field(fields, word, parser)? {
            Some(field) => put_whole(field, u64::from(port), parser, out),
            None => parser.put(&ModTpDst { port }, out),
        }
    }
}

/// The field of TCP, UDP or SCTP to set in 1.2 and later, by the protocol that the flow matches.
fn transport_field(
    [tcp, udp, sctp]: [Id; 3],
    word: &str,
    parser: &Parser<'_>,
) -> Result<Option<&'static Field>, Problem> {
    let field = match parser.known.nw_proto {
        Some(6) => Some(tcp),
        Some(17) => Some(udp),
        Some(132) => Some(sctp),
        _ if parser.known.checked && parser.version > Version::V10 => {
            return Err(Problem::syntax(format!(
                "{word} needs tcp, udp or sctp in the match"
            )));
        }
        _ => None,
    };
    parser.demand_since_v11(word, Prereq::Ip)?;
    Ok(field
        .filter(|_| parser.version >= Version::V12)
        .map(Id::row))
}

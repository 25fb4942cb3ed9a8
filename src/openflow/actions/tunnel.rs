//! `set_tunnel`, `set_tunnel64`: the tunnel key; in OpenFlow 1.2 and later rather `set_field` of `tun_id`.

use crate::base::json::Json;
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::text::{Role, Sink, TextContext};
use crate::openflow::version::Version;

use super::arguments::uint;
use super::number::put_hex_or_zero;
use super::parse::{ActionParse, Parser};
use super::set_field::put_whole;
use super::{ActionCodec, Head, Unencodable, Wire, place, put_action, put_zeros};
use crate::openflow::fields::{Id, Problem};

/// Sets the tunnel key: `set_tunnel:0x64`, `set_tunnel64:0x123456789`.
///
/// JSON: `{"type":"set_tunnel","tun_id":"0x64"}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetTunnel {
    /// The key.
    pub tun_id: u64,
    /// Whether it came in the form that has room for 64 bits.
    pub long: bool,
}

const SET_TUNNEL: Wire = Wire::nicira(2);
const SET_TUNNEL64: Wire = Wire::nicira(9);

impl<'a> ActionCodec<'a> for SetTunnel {
    const NAME: &'static str = "set_tunnel";
    const WIRE: &'static [Wire] = &[SET_TUNNEL, SET_TUNNEL64];

    fn decode(body: &mut Cursor<'a>, head: Head) -> Result<Self, DecodeError> {
        let long = head.number == SET_TUNNEL64.number;
        Ok(SetTunnel {
            tun_id: if long {
                body.skip(6, "padding")?;
                body.u64("tun_id")?
            } else {
                body.skip(2, "padding")?;
                body.u32("tun_id")?.into()
            },
            long,
        })
    }

    fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        place(Self::WIRE, version, Self::NAME)?;
        match u32::try_from(self.tun_id) {
            Ok(tun_id) if !self.long => put_action(SET_TUNNEL, out, |out| {
                put_zeros(out, 2);
                out.extend(tun_id.to_be_bytes());
            }),
            _ => put_action(SET_TUNNEL64, out, |out| {
                put_zeros(out, 6);
                out.extend(self.tun_id.to_be_bytes());
            }),
        }
        Ok(())
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        let long = self.long || self.tun_id > u32::MAX.into();
        sink.put_as(
            Role::Action,
            if long { "set_tunnel64" } else { "set_tunnel" },
        );
        sink.put(":");
        put_hex_or_zero(sink, self.tun_id);
    }

    fn json(&self, json: &mut Json<'_>, _: &TextContext<'_>) {
        json.key("tun_id");
        json.hex(self.tun_id.into());
    }
}

impl ActionParse for SetTunnel {
    const WORDS: &'static [&'static str] = &["set_tunnel", "set_tunnel64"];

    fn parse(
        word: &str,
        argument: &str,
        parser: &mut Parser<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Problem> {
        let tun_id = uint(argument, "a tunnel key")?;
        if parser.version >= Version::V12 {
            return put_whole(Id::TUN_ID.row(), tun_id, parser, out);
        }
        let long = word == "set_tunnel64";
        parser.put(&SetTunnel { tun_id, long }, out)
    }
}

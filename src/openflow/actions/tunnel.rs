//! `set_tunnel`, `set_tunnel64`: the tunnel key; OpenFlow 1.2 and later use `set_field` of `tun_id`.

use super::prelude::*;
use super::put_field::put_before_v12;

/// Sets the tunnel key: `set_tunnel:0x64`, `set_tunnel64:0x123456789`.
///
/// JSON: `{"type":"set_tunnel","tun_id":"0x64"}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetTunnel {
    /// The key.
    pub tun_id: u64,
    /// Whether it was received in the 64-bit form.
    pub long: bool,
}

const SET_TUNNEL: Wire = Wire::nicira(2);
const SET_TUNNEL64: Wire = Wire::nicira(9);

impl SetTunnel {
    /// Whether the action needs the 64-bit form.
    fn is_long(self) -> bool {
        self.long || self.tun_id > u32::MAX.into()
    }
}

impl<'a> ActionCodec<'a> for SetTunnel {
    const NAME: &'static str = "set_tunnel";
    const WIRE: &'static [Wire] = &[SET_TUNNEL, SET_TUNNEL64];
    const FORMS: &'static [WordForm] = &[&[(":", Takes::Text)]];
    const MEMBERS: &'static [JsonMember] = &[JsonMember::new("tun_id", JsonShape::HEX)];

    fn decode(body: &mut Cursor<'a>, head: ActionHeader) -> Result<Self, DecodeError> {
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

    fn wire(&self, _: Version) -> Option<Wire> {
        Some(if self.is_long() {
            SET_TUNNEL64
        } else {
            SET_TUNNEL
        })
    }

    fn body(&self, _: Wire, _: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        if self.is_long() {
            put_zeros(out, 6);
            out.extend(self.tun_id.to_be_bytes());
        } else {
            put_zeros(out, 2);
            out.extend((self.tun_id as u32).to_be_bytes());
        }
        Ok(())
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        let name = if self.is_long() {
            "set_tunnel64"
        } else {
            "set_tunnel"
        };
        put_name(sink, name);
        put_hex_or_zero(sink, self.tun_id);
    }

    fn json(&self, json: &mut Json<'_>, _: &TextContext<'_>) {
        json.key("tun_id");
        json.hex(self.tun_id.into());
    }

    const WORDS: &'static [&'static str] = &["set_tunnel", "set_tunnel64"];

    const FORM: WrittenForm = WrittenForm::new("set_tunnel", &[(":", "tun_id")], "");

    fn parse(word: &str, argument: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        let tun_id = uint(argument, "a tunnel key")?;
        let long = word == "set_tunnel64";
        put_before_v12(&SetTunnel { tun_id, long }, Id::TUN_ID, tun_id, parser)
    }
}

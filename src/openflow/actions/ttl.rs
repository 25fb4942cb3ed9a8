//! `dec_ttl`: the TTL or hop limit (ovs-actions(7)).

use crate::base::json::Json;
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::text::{Role, Sink, TextContext};
use crate::openflow::version::Version;

use super::arguments::decimal;
use super::number::put_dec;
use super::parse::{ActionParse, Parser};
use super::separator::Separator;
use super::{
    ActionCodec, Head, Unencodable, Vendor, Wire, place, put_action, put_zeros, skip_zeros,
};
use crate::openflow::bytes::be_number;
use crate::openflow::fields::{Prereq, Problem};

/// Decrements the TTL; a packet whose TTL runs out goes to controllers: `dec_ttl`, `dec_ttl(1,2)`.
///
/// JSON: `{"type":"dec_ttl","ids":[1,2]}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecTtl<'a> {
    /// The ids of the controllers, two bytes each; `None` is the plain form.
    pub ids: Option<&'a [u8]>,
}

const DEC_TTL_CNT_IDS: Wire = Wire::nicira(21);

impl DecTtl<'_> {
    fn ids(&self) -> impl Iterator<Item = u16> {
        let ids = self.ids.unwrap_or_default();
        ids.chunks_exact(2).map(|id| be_number(id) as u16)
    }
}

impl<'a> ActionCodec<'a> for DecTtl<'a> {
    const NAME: &'static str = "dec_ttl";
    const WIRE: &'static [Wire] = &[
        Wire::openflow(24, Version::V11),
        Wire::new(Vendor::Nicira, 18, Version::V10, Version::V10),
        DEC_TTL_CNT_IDS,
    ];

    fn decode(body: &mut Cursor<'a>, head: Head) -> Result<Self, DecodeError> {
        if (head.vendor, head.number) != (DEC_TTL_CNT_IDS.vendor, DEC_TTL_CNT_IDS.number) {
            return Ok(DecTtl { ids: None });
        }
        let n = usize::from(body.u16("n_controllers")?);
        skip_zeros(body, 4)?;
        Ok(DecTtl {
            ids: Some(body.take(2 * n, "controller ids")?),
        })
    }

    fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        match self.ids {
            None => put_action(place(Self::WIRE, version, Self::NAME)?, out, |_| ()),
            Some(ids) => put_action(DEC_TTL_CNT_IDS, out, |out| {
                out.extend(((ids.len() / 2) as u16).to_be_bytes());
                put_zeros(out, 4);
                out.extend_from_slice(ids);
            }),
        }
        Ok(())
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        sink.put_as(Role::Action, "dec_ttl");
        if self.ids.is_some() {
            let mut comma = Separator("(");
            for id in self.ids() {
                comma.put(sink);
                put_dec(sink, id);
            }
            comma.close(sink);
        }
    }

    fn json(&self, json: &mut Json<'_>, _: &TextContext<'_>) {
        if self.ids.is_some() {
            json.key("ids");
            json.begin_array();
            for id in self.ids() {
                json.number(id);
            }
            json.end_array();
        }
    }
}

impl ActionParse for DecTtl<'_> {
    const WORDS: &'static [&'static str] = &["dec_ttl"];

    fn parse(
        word: &str,
        argument: &str,
        parser: &mut Parser<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Problem> {
        parser.demand_since_v11(word, Prereq::Ip)?;
        if argument.is_empty() {
            return parser.put(&DecTtl { ids: None }, out);
        }
        let mut ids = Vec::new();
        for id in argument.split([',', ' ']).filter(|id| !id.is_empty()) {
            ids.extend(decimal::<u16>(id, "a controller's id")?.to_be_bytes());
        }
        if ids.is_empty() {
            return Err(Problem::syntax("dec_ttl(...) needs a controller's id"));
        }
        if ids.len() > 0xff00 {
            return Err(Problem::syntax("these are too many ids"));
        }
        parser.put(&DecTtl { ids: Some(&ids) }, out)
    }
}

//! `dec_ttl`: the TTL or hop limit (ovs-actions(7)).

use super::prelude::*;

/// Decrements the TTL; a packet whose TTL runs out goes to controllers: `dec_ttl`, `dec_ttl(1,2)`.
///
/// JSON: `{"type":"dec_ttl","ids":[1,2]}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecTtl<'a> {
    /// The ids of the controllers, two bytes each; `None` is the plain form.
    pub ids: Option<&'a [u8]>,
}

const PLAIN: [Wire; 2] = [Wire::openflow(24, Version::V11), Wire::nicira_v10(18)];
const DEC_TTL_CNT_IDS: Wire = Wire::nicira(21);

impl DecTtl<'_> {
    fn ids(&self) -> impl Iterator<Item = u16> {
        let ids = self.ids.unwrap_or_default();
        ids.chunks_exact(2).map(|id| be_number(id) as u16)
    }
}

impl<'a> ActionCodec<'a> for DecTtl<'a> {
    const NAME: &'static str = "dec_ttl";
    const WIRE: &'static [Wire] = &[PLAIN[0], PLAIN[1], DEC_TTL_CNT_IDS];
    const FORMS: &'static [WordForm] = &[&[], &[("(", Takes::Text)]];
    const MEMBERS: &'static [JsonMember] = &[JsonMember::optional(
        "ids",
        JsonShape::List(&JsonShape::U16),
    )];

    fn decode(body: &mut Cursor<'a>, head: ActionHeader) -> Result<Self, DecodeError> {
        if head.form() != DEC_TTL_CNT_IDS {
            return Ok(DecTtl { ids: None });
        }
        let n = usize::from(body.u16("n_controllers")?);
        skip_zeros(body, 4)?;
        Ok(DecTtl {
            ids: Some(body.take(2 * n, "controller ids")?),
        })
    }

    fn wire(&self, version: Version) -> Option<Wire> {
        match self.ids {
            None => Wire::first_in(&PLAIN, version),
            Some(_) => Some(DEC_TTL_CNT_IDS),
        }
    }

    fn body(&self, _: Wire, _: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        if let Some(ids) = self.ids {
            out.extend(((ids.len() / 2) as u16).to_be_bytes());
            put_zeros(out, 4);
            out.extend_from_slice(ids);
        }
        Ok(())
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        sink.put_as(TextRole::Action, "dec_ttl");
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

    fn text_of_json(object: &mut JsonObject<'_>, out: &mut String) -> Result<(), Problem> {
        out.push_str(Self::NAME);
        let mut comma = Separator("(");
        let ids = object.list("ids")?;
        for id in ids {
            comma.word(out, &word(id, object.names)?);
        }
        if !ids.is_empty() {
            comma.end(out);
        }
        Ok(())
    }

    fn parse(word: &str, argument: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        parser.demand_since_v11(word, Prereq::Ip)?;
        if argument.is_empty() {
            return DecTtl { ids: None }.put(parser);
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
        DecTtl { ids: Some(&ids) }.put(parser)
    }
}

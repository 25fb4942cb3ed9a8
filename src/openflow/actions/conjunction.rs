//! `conjunction`: one dimension of a conjunctive match (ovs-actions(7), ovs-fields(7)).

use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::json::Json;
use crate::openflow::text::{Role, Sink, TextContext};
use crate::openflow::version::Version;

use super::number::put_dec;
use super::{ActionCodec, Head, Unencodable, Wire, place, put_action};

/// One dimension of a conjunctive match: `conjunction(123,1/2)`.
///
/// JSON: `{"type":"conjunction","id":123,"clause":1,"n_clauses":2}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conjunction {
    /// The value of `conj_id` that stands for the whole match.
    pub id: u32,
    /// The dimension, counted from 0 as on the wire; text and JSON count from 1.
    pub clause: u8,
    /// How many dimensions there are.
    pub n_clauses: u8,
}

impl<'a> ActionCodec<'a> for Conjunction {
    const NAME: &'static str = "conjunction";
    const WIRE: &'static [Wire] = &[Wire::nicira(34)];

    fn decode(body: &mut Cursor<'a>, _: Head) -> Result<Self, DecodeError> {
        Ok(Conjunction {
            clause: body.u8("clause")?,
            n_clauses: body.u8("n_clauses")?,
            id: body.u32("conjunction id")?,
        })
    }

    fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        put_action(place(Self::WIRE, version, Self::NAME)?, out, |out| {
            out.extend([self.clause, self.n_clauses]);
            out.extend(self.id.to_be_bytes());
        });
        Ok(())
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        sink.put_as(Role::Action, "conjunction");
        sink.put("(");
        put_dec(sink, self.id);
        sink.put(",");
        put_dec(sink, u16::from(self.clause) + 1);
        sink.put("/");
        put_dec(sink, self.n_clauses);
        sink.put(")");
    }

    fn json(&self, json: &mut Json<'_>, _: &TextContext<'_>) {
        json.key("id");
        json.number(self.id);
        json.key("clause");
        json.number(u16::from(self.clause) + 1);
        json.key("n_clauses");
        json.number(self.n_clauses);
    }
}

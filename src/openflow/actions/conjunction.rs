//! `conjunction`: one dimension of a conjunctive match (ovs-actions(7), ovs-fields(7)).

use super::prelude::*;

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
    const MEMBERS: &'static [JsonMember] = &[
        JsonMember::new("id", JsonShape::U32),
        JsonMember::new("clause", JsonShape::Whole),
        JsonMember::new("n_clauses", JsonShape::Whole),
    ];

    fn decode(body: &mut Cursor<'a>, _: ActionHeader) -> Result<Self, DecodeError> {
        Ok(Conjunction {
            clause: body.u8("clause")?,
            n_clauses: body.u8("n_clauses")?,
            id: body.u32("conjunction id")?,
        })
    }

    fn body(&self, _: Wire, _: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        out.extend([self.clause, self.n_clauses]);
        out.extend(self.id.to_be_bytes());
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

    fn parse(_: &str, argument: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        let (id, dimension) = argument
            .split_once(',')
            .ok_or_else(|| Problem::syntax("conjunction is conjunction(ID,K/N)"))?;
        let (clause, n_clauses) = dimension
            .split_once('/')
            .ok_or_else(|| Problem::syntax("a dimension is K/N"))?;
        let id = uint(id.trim(), "the id")?;
        let clause: u8 = decimal(clause.trim(), "the dimension")?;
        let n_clauses = decimal(n_clauses.trim(), "the number of dimensions")?;
        if !(2..=64).contains(&n_clauses) {
            return Err(Problem::syntax("a conjunction has 2 to 64 dimensions"));
        }
        match clause.checked_sub(1) {
            Some(clause) if clause < n_clauses => Conjunction {
                id,
                clause,
                n_clauses,
            }
            .put(parser),
            _ => Err(Problem::syntax(
                "the dimension counts from 1 to the number of dimensions",
            )),
        }
    }
}

//! `conjunction`: one dimension of a conjunctive match (ovs-actions(7), ovs-fields(7)).

use super::prelude::*;

fixed_layout! {
    /// One dimension of a conjunctive match: `conjunction(123,1/2)`.
    ///
    /// JSON: `{"type":"conjunction","id":123,"clause":1,"n_clauses":2}`.
    Conjunction = "conjunction" at &[Wire::nicira(34)], {
        /// The dimension, counted from 0 as on the wire; text and JSON count from 1.
        clause: u8,
        /// How many dimensions there are.
        n_clauses: u8,
        /// The value of `conj_id` that stands for the whole match.
        id: u32,
    }

    const FORMS: &'static [WordForm] = &[&[("(", Takes::Text), (",", Takes::Text)]];

    const MEMBERS: &'static [JsonMember] = &[
        JsonMember::new("id", JsonShape::U32),
        JsonMember::new("clause", JsonShape::Whole),
        JsonMember::new("n_clauses", JsonShape::Whole),
    ];

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        sink.put_as(TextRole::Action, "conjunction");
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

    const FORM: WrittenForm = WrittenForm::new("conjunction", &[("(", "id"), (",", "clause"), ("/", "n_clauses")], ")");

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
                clause,
                n_clauses,
                id,
            }
            .put(parser),
            _ => Err(Problem::syntax(
                "the dimension counts from 1 to the number of dimensions",
            )),
        }
    }
}

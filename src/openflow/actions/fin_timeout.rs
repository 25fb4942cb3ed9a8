//! `fin_timeout`: shorter timeouts once a TCP connection ends (ovs-actions(7)).

use super::prelude::*;

fixed_layout! {
    /// Shorter timeouts after a TCP FIN or RST: `fin_timeout(idle_timeout=10,hard_timeout=20)`.
    ///
    /// JSON: `{"type":"fin_timeout","idle_timeout":10,"hard_timeout":20}`; a zero is left out.
    FinTimeout = "fin_timeout" at &[Wire::nicira(19)], {
        /// The new idle timeout in seconds; 0 is no change.
        idle_timeout: u16,
        /// The new hard timeout in seconds; 0 is no change.
        hard_timeout: u16,
    }

    const FORMS: &'static [WordForm] = &[&[(
        "(",
        Takes::Named(&[("idle_timeout", EQUALS_TEXT), ("hard_timeout", EQUALS_TEXT)]),
    )]];

    const MEMBERS: &'static [JsonMember] = &[
        JsonMember::optional("idle_timeout", JsonShape::U16),
        JsonMember::optional("hard_timeout", JsonShape::U16),
    ];

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        sink.put_as(TextRole::Action, "fin_timeout");
        let mut comma = Separator("(");
        for (name, seconds) in self.timeouts() {
            comma.key(sink, name);
            put_dec(sink, seconds);
        }
        comma.close(sink);
    }

    fn json(&self, json: &mut Json<'_>, _: &TextContext<'_>) {
        for (name, seconds) in self.timeouts() {
            json.key(name);
            json.number(seconds);
        }
    }

    fn text_of_json(object: &mut JsonObject<'_>, out: &mut String) -> Result<(), Problem> {
        let mut comma = Separator("(");
        out.push_str(Self::NAME);
        for key in ["idle_timeout", "hard_timeout"] {
            comma.argument(out, key, object.word(key)?);
        }
        comma.end(out);
        Ok(())
    }

    fn parse(word: &str, argument: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        let mut timeouts = FinTimeout {
            idle_timeout: 0,
            hard_timeout: 0,
        };
        set_arguments!(word, argument, |key, value| {
            "idle_timeout" => timeouts.idle_timeout = uint(value, key)?,
            "hard_timeout" => timeouts.hard_timeout = uint(value, key)?,
        });
        parser.demand(word, Prereq::Tcp)?;
        timeouts.put(parser)
    }
}

impl FinTimeout {
    fn timeouts(&self) -> impl Iterator<Item = (&'static str, u16)> {
        [
            ("idle_timeout", self.idle_timeout),
            ("hard_timeout", self.hard_timeout),
        ]
        .into_iter()
        .filter(|(_, seconds)| *seconds != 0)
    }
}

//! `fin_timeout`: shorter timeouts once a TCP connection ends (ovs-actions(7)).

use super::prelude::*;

/// Shorter timeouts after a TCP FIN or RST: `fin_timeout(idle_timeout=10,hard_timeout=20)`.
///
/// JSON: `{"type":"fin_timeout","idle_timeout":10,"hard_timeout":20}`; a zero is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FinTimeout {
    /// The new idle timeout in seconds; 0 is no change.
    pub idle_timeout: u16,
    /// The new hard timeout in seconds; 0 is no change.
    pub hard_timeout: u16,
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

impl<'a> ActionCodec<'a> for FinTimeout {
    const NAME: &'static str = "fin_timeout";
    const WIRE: &'static [Wire] = &[Wire::nicira(19)];
    const MEMBERS: &'static [JsonMember] = &[
        JsonMember::optional("idle_timeout", JsonShape::U16),
        JsonMember::optional("hard_timeout", JsonShape::U16),
    ];

    fn decode(body: &mut Cursor<'a>, _: ActionHeader) -> Result<Self, DecodeError> {
        Ok(FinTimeout {
            idle_timeout: body.u16("fin_idle_timeout")?,
            hard_timeout: body.u16("fin_hard_timeout")?,
        })
    }

    fn body(&self, _: Wire, _: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        out.extend(self.idle_timeout.to_be_bytes());
        out.extend(self.hard_timeout.to_be_bytes());
        Ok(())
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        sink.put_as(Role::Action, "fin_timeout");
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

    fn parse(word: &str, argument: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        let mut timeouts = FinTimeout {
            idle_timeout: 0,
            hard_timeout: 0,
        };
        for argument in Arguments::new(argument) {
            let Argument { key, value, .. } = argument?;
            match key {
                "idle_timeout" => timeouts.idle_timeout = uint(value, key)?,
                "hard_timeout" => timeouts.hard_timeout = uint(value, key)?,
                _ => return Err(no_argument(word, key, &["idle_timeout", "hard_timeout"])),
            }
        }
        parser.demand(word, Prereq::Tcp)?;
        timeouts.put(parser)
    }
}

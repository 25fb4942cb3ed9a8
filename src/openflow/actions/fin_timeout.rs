//! `fin_timeout`: shorter timeouts once a TCP connection ends (ovs-actions(7)).

use crate::base::json::Json;
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::text::{Role, Sink, TextContext};
use crate::openflow::version::Version;

use super::arguments::{Argument, Arguments, no_argument, uint};
use super::number::put_dec;
use super::parse::{ActionParse, Parser};
use super::separator::Separator;
use super::{ActionCodec, Head, Unencodable, Wire, place, put_action};
use crate::openflow::fields::{Prereq, Problem};

/// Shorter timeouts after a TCP FIN or RST: `fin_timeout(idle_timeout=10,hard_timeout=20)`.
///
/// JSON: `{"type":"fin_timeout","idle_timeout":10,"hard_timeout":20}`; a zero is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FinTimeout {
    /// Seconds without a packet; 0 leaves it as it is.
    pub idle_timeout: u16,
    /// Seconds in all; 0 leaves it as it is.
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

    fn decode(body: &mut Cursor<'a>, _: Head) -> Result<Self, DecodeError> {
        Ok(FinTimeout {
            idle_timeout: body.u16("fin_idle_timeout")?,
            hard_timeout: body.u16("fin_hard_timeout")?,
        })
    }

    fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        put_action(place(Self::WIRE, version, Self::NAME)?, out, |out| {
            out.extend(self.idle_timeout.to_be_bytes());
            out.extend(self.hard_timeout.to_be_bytes());
        });
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
}

impl ActionParse for FinTimeout {
    const WORDS: &'static [&'static str] = &["fin_timeout"];

    fn parse(
        word: &str,
        argument: &str,
        parser: &mut Parser<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Problem> {
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
        parser.put(&timeouts, out)
    }
}

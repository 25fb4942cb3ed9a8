//! Parser for meters as `ovs-ofctl add-meter` accepts them (ovs-ofctl(8), "Meter Syntax"):
//! `meter=1,kbps,burst,bands=type=drop,rate=1000,burst_size=50`.
//!
//! Text that `ovs dump-meters` and `ovs-ofctl dump-meters` print is such a meter: statistics are ignored.

use super::actions::{Argument, Arguments, shown};
use super::entry_keys::{BAND_KEYS, METER_KEYS, set, unknown_key};
use super::fields::{ParseError, Problem, number};
use super::group_json;
use super::messages::codec::{At, encode};
use super::messages::members::Named;
use super::messages::meters::{
    Band, METER_ALL, METER_MAX, MeterConfig, MeterMod, band_kind, meter_flag, parse_id,
};
use super::version::Version;

/// What is done to a meter (`OFPMC_*`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MeterCommand {
    /// Adds a meter; one that exists is refused.
    Add,
    /// Changes a meter that exists.
    Modify,
    /// Deletes a meter, or all.
    Delete,
}

/// A change to the meters of a switch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeterChange {
    /// What is done.
    pub command: MeterCommand,
    /// The meter; of a deletion the number alone, which is [`METER_ALL`] where all are meant.
    pub meter: MeterConfig,
}

/// The statistics of a dumped meter and of its bands.
const STATISTICS: [&str; 6] = [
    "flow_count",
    "packet_in_count",
    "byte_in_count",
    "duration",
    "packet_count",
    "byte_count",
];

impl MeterChange {
    /// Reads one meter: text, or a JSON object as `ovs dump-meters --json` prints it. A deletion takes a number or name without `meter=`, too.
    ///
    /// # Errors
    ///
    /// The malformed piece and the reason; for an unknown word, the nearest known one.
    pub fn parse(text: &str, command: MeterCommand) -> Result<MeterChange, ParseError> {
        let line;
        let text = if text.trim_start().starts_with('{') {
            line = group_json::meter_line(text)?;
            &line
        } else {
            text
        };
        let mut parsing = Parsing::default();
        let outcome = parsing.read(text, command);
        let outcome = outcome.and_then(|()| parsing.finish(command));
        outcome.map_err(|problem| problem.at(text))
    }

    /// The message that makes the change; `None` before OpenFlow 1.3, or if the meter has more bands than fit in one.
    pub fn message(&self, version: Version, xid: u32) -> Option<Vec<u8>> {
        let number: u32 = match self.command {
            MeterCommand::Add => 0,
            MeterCommand::Modify => 1,
            MeterCommand::Delete => 2,
        };
        let message = MeterMod {
            command: Named::new(number, &[]),
            meter: self.meter.clone(),
        };
        encode(&message, version, At::Type(METER_MOD), xid)
    }
}

/// `OFPT_METER_MOD`
const METER_MOD: u8 = 29;

/// A band that is being read.
#[derive(Default)]
struct OpenBand {
    kind: u16,
    rate: Option<u32>,
    burst_size: Option<u32>,
    prec_level: Option<u8>,
}

#[derive(Default)]
struct Parsing {
    meter_id: Option<u32>,
    flags: u16,
    in_bands: bool,
    bands: Vec<OpenBand>,
}

impl Parsing {
    fn read(&mut self, text: &str, command: MeterCommand) -> Result<(), Problem> {
        for argument in Arguments::new(text) {
            let argument = argument?;
            let outcome = match argument.key {
                "bands" | "band" if command != MeterCommand::Delete && !self.in_bands => {
                    self.in_bands = true;
                    Arguments::new(argument.value).try_for_each(|argument| self.band_key(argument?))
                }
                _ if self.in_bands => self.band_key(argument),
                _ => self.meter_key(argument, command),
            };
            outcome.map_err(|problem| problem.within(argument.text))?;
        }
        Ok(())
    }

    fn meter_key(&mut self, argument: Argument<'_>, command: MeterCommand) -> Result<(), Problem> {
        let Argument { text, key, value } = argument;
        let deletes = command == MeterCommand::Delete;
        match key {
            "meter" => set(&mut self.meter_id, key, meter_number(value, deletes)?),
            _ if deletes && key == text && self.meter_id.is_none() => {
                set(&mut self.meter_id, "meter", meter_number(text, deletes)?)
            }
            _ if deletes => Err(Problem::syntax("a deletion takes the meter alone")),
            key if STATISTICS.contains(&key) => Ok(()),
            key => match meter_flag(key).filter(|_| key == text) {
                Some(flag) => {
                    self.flags |= flag;
                    Ok(())
                }
                None => Err(unknown_key("meter", key, METER_KEYS)),
            },
        }
    }

    fn band_key(&mut self, argument: Argument<'_>) -> Result<(), Problem> {
        let Argument { text, key, value } = argument;
        let outcome = match (key, self.bands.last_mut()) {
            ("type", _) => {
                let kind = band_kind(value).ok_or_else(|| {
                    Problem::syntax(format!(
                        "\"{}\" is no type of band: drop, dscp_remark",
                        shown(value)
                    ))
                })?;
                self.bands.push(OpenBand {
                    kind,
                    ..OpenBand::default()
                });
                Ok(())
            }
            (_, None) => Err(Problem::syntax("a band begins with type=")),
            ("rate", Some(band)) => set(&mut band.rate, key, rate(key, value)?),
            ("burst_size", Some(band)) => set(&mut band.burst_size, key, rate(key, value)?),
            ("prec_level", Some(band)) => {
                let level = number(value).and_then(|number| u8::try_from(number).ok());
                let level =
                    level.ok_or_else(|| Problem::syntax("prec_level is a number from 0 to 255"))?;
                set(&mut band.prec_level, key, level)
            }
            (key, Some(_)) if STATISTICS.contains(&key) => Ok(()),
            (key, Some(_)) => Err(unknown_key("band", key, BAND_KEYS)),
        };
        outcome.map_err(|problem| problem.within(text))
    }

    fn finish(self, command: MeterCommand) -> Result<MeterChange, Problem> {
        let missing = "meter= is missing: a number, controller or slowpath";
        let meter_id = self.meter_id.ok_or_else(|| Problem::syntax(missing))?;
        let has = |word: &str| meter_flag(word).is_some_and(|flag| self.flags & flag != 0);
        if command != MeterCommand::Delete {
            if has("kbps") == has("pktps") {
                return Err(Problem::syntax("a meter has a unit: either kbps or pktps"));
            }
            if self.bands.is_empty() {
                let bands = "bands= is missing: bands=type=drop,rate=1000";
                return Err(Problem::syntax(bands));
            }
        }
        let bursts = has("burst");
        let bands = self.bands.iter().map(|band| band.close(bursts));
        let bands = bands.collect::<Result<Vec<Band>, Problem>>()?;
        Ok(MeterChange {
            command,
            meter: MeterConfig {
                meter_id,
                flags: self.flags,
                bands,
            },
        })
    }
}

impl OpenBand {
    fn close(&self, bursts: bool) -> Result<Band, Problem> {
        let rate = self
            .rate
            .ok_or_else(|| Problem::syntax("a band needs rate="))?;
        if self.burst_size.is_some() != bursts {
            return Err(Problem::syntax(if bursts {
                "with burst, each band needs burst_size="
            } else {
                "burst_size needs burst before the bands"
            }));
        }
        let remarks = band_kind("dscp_remark") == Some(self.kind);
        if self.prec_level.is_some() != remarks {
            return Err(Problem::syntax(if remarks {
                "a band dscp_remark needs prec_level="
            } else {
                "only a band dscp_remark has prec_level"
            }));
        }
        Ok(Band {
            kind: self.kind,
            rate,
            burst_size: self.burst_size.unwrap_or(0),
            prec_level: self.prec_level,
        })
    }
}

/// The number of a meter from its number or name; `all` in a deletion only.
fn meter_number(text: &str, all: bool) -> Result<u32, Problem> {
    let hex = number(text).and_then(|number| u32::try_from(number).ok());
    let meter = hex
        .filter(|meter| (1..=METER_MAX).contains(meter))
        .or_else(|| parse_id(text).filter(|meter| *meter > METER_MAX && hex.is_none()));
    match meter {
        Some(METER_ALL) if !all => Err(Problem::syntax("all meters can only be deleted")),
        Some(meter) => Ok(meter),
        None => Err(Problem::syntax(
            "a meter is a number from 1 to 4294901760, controller or slowpath",
        )),
    }
}

fn rate(key: &str, text: &str) -> Result<u32, Problem> {
    let rate = number(text).and_then(|number| u32::try_from(number).ok());
    rate.filter(|rate| *rate > 0)
        .ok_or_else(|| Problem::syntax(format!("{key} is a number from 1 to 4294967295")))
}

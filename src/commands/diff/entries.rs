//! In what the flows, groups and meters of two hosts differ; how many a bridge has that only one host has.

use std::collections::{BTreeMap, BTreeSet};

use super::item::{MARKS, change_word};
use super::side::Side;
use crate::base::json::Json;
use crate::base::saved::NOT_IN_REPORT;
use crate::commands::flow::{DifferencePrinter, SideSpelling, two_switches};
use crate::commands::group;
use crate::commands::spelling::Spelling;
use crate::commands::switch::{SwitchArg, offered};
use crate::commands::{Context, Failure};
use crate::model::difference::configuration::Configuration;
use crate::openflow::fields::Filter;
use crate::openflow::messages::groups::GROUP_ALL;
use crate::openflow::messages::meters::{METER_ALL, MeterConfig};
use crate::openflow::version::Version;
use crate::output::{ColourRole, PaintedText, escape};
use crate::source::{Switch, SwitchError};

/// Meters by their numbers.
type Meters = BTreeMap<u32, MeterConfig>;

/// Compares the entries of bridges.
pub(super) struct EntryComparison<'c, 'p> {
    pub(super) sides: &'c [Side<'c>; 2],
    pub(super) spelling: &'c Spelling,
    pub(super) printer: &'c mut DifferencePrinter<'p>,
    pub(super) configurations: [&'c Configuration; 2],
    /// What could not be compared because it was not saved: `flows of br-int`.
    pub(super) unknown: Vec<String>,
    /// The bridges whose meters are not compared: the OpenFlow version of a side has none.
    pub(super) without_meters: Vec<String>,
}

/// How many entries a bridge has; `None`: unknown.
#[derive(Debug, Default)]
struct EntryCounts {
    flows: Option<u64>,
    groups: Option<u64>,
    meters: Option<u64>,
}

impl EntryComparison<'_, '_> {
    /// Compares the entries of a bridge that both hosts have; returns whether they are the same.
    ///
    /// # Errors
    ///
    /// A switch does not reply, or stdout cannot be written.
    pub(super) async fn both(&mut self, bridge: &str) -> Result<bool, Failure> {
        let flows = self.flows(bridge).await;
        let flows = self.or_unknown(flows)?;
        let groups = self.groups(bridge).await;
        let groups = self.or_unknown(groups)?;
        let meters = self.meters(bridge).await;
        let meters = self.or_unknown(meters)?;
        Ok(flows && groups && meters)
    }

    /// What was not saved does not differ; it is kept for a remark.
    fn or_unknown(&mut self, is_same: Result<bool, Failure>) -> Result<bool, Failure> {
        match is_same {
            Err(failure) if failure.is_unknown => {
                let what = failure.message.split(NOT_IN_REPORT).last();
                self.unknown.push(what.unwrap_or_default().to_owned());
                Ok(true)
            }
            is_same => is_same,
        }
    }

    /// Compares the flows of a bridge; returns whether they are the same.
    async fn flows(&mut self, bridge: &str) -> Result<bool, Failure> {
        let [first, second] = self.sides;
        let args = [
            SwitchArg::of_bridge(&first.cx, bridge)?,
            SwitchArg::of_bridge(&second.cx, bridge)?,
        ];
        let sides = [(&first.cx, &args[0]), (&second.cx, &args[1])];
        let (comparison, names) = Box::pin(two_switches(sides)).await?;
        let [first, second] =
            [(&first.cx, &names[0]), (&second.cx, &names[1])].map(|(cx, names)| SideSpelling {
                names,
                ports: self.spelling.ports(),
                style: self.spelling.style(cx),
            });
        let differences = comparison.differences();
        for difference in &differences {
            let before = difference.base.and_then(|at| comparison.base.get(at));
            let after = difference.other.and_then(|at| comparison.others.get(at));
            self.printer
                .add(Some(bridge), before, after, [first, second])?;
        }
        Ok(differences.is_empty())
    }

    /// Compares the groups of a bridge; returns whether they are the same.
    async fn groups(&mut self, bridge: &str) -> Result<bool, Failure> {
        let [first, second] = self.sides;
        let sides = [(&first.cx, bridge), (&second.cx, bridge)];
        let (a, b) = Box::pin(group::two_switches(sides, SwitchArg::of_bridge)).await?;
        let [of_a, of_b] = [&a, &b].map(|side| side.text(self.spelling, &first.cx));
        let mut are_same = true;
        for (before, after) in group::differences(&a, &b) {
            are_same = false;
            let sides = [
                before.map(|group| (group, &of_a)),
                after.map(|group| (group, &of_b)),
            ];
            self.entry(
                "group",
                bridge,
                sides,
                |(group, text), out| group.text(out, text),
                |(group, text), json| group.json(json, text),
            )?;
        }
        Ok(are_same)
    }

    /// Compares the meters of a bridge; returns whether they are the same.
    async fn meters(&mut self, bridge: &str) -> Result<bool, Failure> {
        let mut meters = [None, None];
        let sides = self.sides.iter().zip(self.configurations);
        for (of_side, (side, configuration)) in meters.iter_mut().zip(sides) {
            if configuration.allows_meters(bridge) {
                *of_side = meters_of(&side.cx, bridge).await?;
            }
        }
        let are_allowed = self
            .configurations
            .map(|configuration| configuration.allows_meters(bridge));
        let (before, after) = match meters {
            [Some(before), Some(after)] => (before, after),
            [None, None] if are_allowed == [false, false] => return Ok(true),
            [Some(only), None] | [None, Some(only)]
                if are_allowed != [true, true] && only.is_empty() =>
            {
                return Ok(true);
            }
            _ => {
                self.without_meters.push(bridge.to_owned());
                return Ok(true);
            }
        };
        let ids: BTreeSet<&u32> = before.keys().chain(after.keys()).collect();
        let mut are_same = true;
        for id in ids {
            let sides = [before.get(id), after.get(id)];
            if sides[0] == sides[1] {
                continue;
            }
            are_same = false;
            self.entry(
                "meter",
                bridge,
                sides,
                |meter, out| meter.text(None, ("", " "), out),
                |meter, json| meter.json(None, json),
            )?;
        }
        Ok(are_same)
    }

    /// Prints an entry that differs.
    fn entry<T: Copy>(
        &mut self,
        kind: &'static str,
        bridge: &str,
        sides: [Option<T>; 2],
        text: impl Fn(T, &mut PaintedText),
        to_json: impl Fn(T, &mut Json<'_>),
    ) -> Result<(), Failure> {
        self.printer.record(
            |out| {
                for (entry, (change, mark)) in sides.iter().zip(MARKS) {
                    if let Some(entry) = entry {
                        out.mark(change, ColourRole::Plain, mark);
                        out.text.push_str(kind);
                        out.text.push(' ');
                        out.text.push_str(&escape(bridge));
                        out.text.push_str(": ");
                        text(*entry, out);
                        out.text.push('\n');
                    }
                }
            },
            |json| {
                begin(json, kind, bridge, &sides);
                for (entry, key) in sides.iter().zip(["before", "after"]) {
                    if let Some(entry) = entry {
                        json.key(key);
                        to_json(*entry, json);
                    }
                }
            },
        )
    }

    /// Prints how many entries a bridge has that only one host has: the first, or the second.
    ///
    /// # Errors
    ///
    /// The switch does not reply, or stdout cannot be written.
    pub(super) async fn one(&mut self, bridge: &str, is_first: bool) -> Result<(), Failure> {
        let [first, second] = self.sides;
        let [before, after] = self.configurations;
        let (side, configuration, mark) = if is_first {
            (first, before, MARKS[0])
        } else {
            (second, after, MARKS[1])
        };
        let has_meters = configuration.allows_meters(bridge);
        let counts = self.counts(&side.cx, bridge, has_meters).await?;
        let all = [
            (counts.flows, "flow"),
            (counts.groups, "group"),
            (counts.meters, "meter"),
        ];
        let known = all.iter().filter_map(|(count, what)| match count {
            None | Some(0) => None,
            Some(1) => Some(format!("1 {what}")),
            Some(count) => Some(format!("{count} {what}s")),
        });
        let known: Vec<String> = known.collect();
        let sides = [is_first.then_some(()), (!is_first).then_some(())];
        self.printer.record(
            |out| {
                if known.is_empty() {
                    return;
                }
                let (change, mark) = mark;
                out.mark(change, ColourRole::Plain, mark);
                out.text.push_str("entries ");
                out.text.push_str(&escape(bridge));
                out.text.push_str(": ");
                out.text.push_str(&known.join(", "));
                out.text.push('\n');
            },
            |json| {
                begin(json, "entries", bridge, &sides);
                for (count, key) in [
                    (counts.flows, "flows"),
                    (counts.groups, "groups"),
                    (counts.meters, "meters"),
                ] {
                    json.key(key);
                    match count {
                        Some(count) => json.number(count),
                        None => json.null(),
                    }
                }
            },
        )
    }

    async fn counts(
        &mut self,
        cx: &Context,
        bridge: &str,
        has_meters: bool,
    ) -> Result<EntryCounts, Failure> {
        let arg = SwitchArg::of_bridge(cx, bridge)?;
        let mut switch = match arg.try_connect(cx, offered(cx)).await {
            Ok(switch) => switch,
            Err(why) => return cx.of_side(Err(arg.no_session(cx, why).await)).await,
        };
        let flows = switch.aggregate(&Filter::default()).await;
        let flows = flows.map(|flows| flows.flow_count.map(u64::from));
        let groups = switch.groups(GROUP_ALL, |_, mut group| {
            group.skip(4, "group length")?;
            group.u32("group_id")
        });
        let groups = groups.await.map(|groups| Some(groups.len() as u64));
        let meters = if has_meters {
            of_switch(cx, bridge, &mut switch).await
        } else {
            Ok(None)
        };
        let meters = meters.map(|meters| meters.map(|meters| meters.len() as u64));
        let mut counts = EntryCounts::default();
        for (count, read) in [
            (&mut counts.flows, flows),
            (&mut counts.groups, groups),
            (&mut counts.meters, meters),
        ] {
            match read {
                Ok(read) => *count = read,
                // A version without groups or meters has none.
                Err(SwitchError::Refused(refusal)) if refusal.is_unsupported() => {}
                Err(SwitchError::NotSaved(what)) => self.unknown.push(what),
                Err(error) => return cx.of_side(Err(arg.failure(error))).await,
            }
        }
        Ok(counts)
    }
}

/// The first members of a record.
fn begin<T>(json: &mut Json<'_>, kind: &'static str, bridge: &str, sides: &[Option<T>; 2]) {
    json.key("kind");
    json.word(kind);
    json.key("bridge");
    json.string(bridge);
    json.key("change");
    json.word(change_word(sides[0].is_some(), sides[1].is_some()));
}

/// The meters of a bridge; `None`: its OpenFlow version has none.
async fn meters_of(cx: &Context, bridge: &str) -> Result<Option<Meters>, Failure> {
    let arg = SwitchArg::of_bridge(cx, bridge)?;
    let connected = arg.connect(cx).await;
    let mut switch = cx.of_side(connected).await?;
    let version = switch.version();
    let read = of_switch(cx, bridge, &mut switch).await;
    let read = read.map_err(|error| arg.unsupported("meters", version, error));
    cx.of_side(read).await
}

async fn of_switch(
    cx: &Context,
    bridge: &str,
    switch: &mut Switch,
) -> Result<Option<Meters>, SwitchError> {
    if switch.version() < Version::V13 {
        return match cx.host.reach.saved() {
            Some(_) => Err(SwitchError::NotSaved(format!("meters of {bridge}"))),
            None => Ok(None),
        };
    }
    let meters = switch.meters(METER_ALL).await?;
    let meters = meters.into_iter().map(MeterConfig::without_unused);
    Ok(Some(meters.map(|meter| (meter.meter_id, meter)).collect()))
}

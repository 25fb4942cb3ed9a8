//! `ovs dump-meters`: the meters of a switch with their statistics.

use std::collections::HashMap;

use super::dumped::Dumped;
use super::switch::{SwitchArg, or_unknown};
use super::{Context, Exit, Failure};
use crate::commands::about::{About, Describe as _, JsonDocument};
use crate::commands::argument::{Takes as _, Value};
use crate::openflow::messages::meters::{self, METER_ALL, MeterConfig, MeterStats};
use crate::openflow::version::Version;
use crate::source::{Switch, SwitchError};

const ABOUT: About = About::watchable().document(JsonDocument::Meters)
    .remarks("\
The line is that of ovs-ofctl dump-meters with its bands on the same line; what went through the meter \
stands before them, what went through a band behind it. Meters need OpenFlow 1.3 or later.")
    .examples("\
ovs dump-meters br-int
ovs dump-meters br-int 1 --no-stats
ovs dump-meters br-int controller
ovs dump-flows br-int --action meter               which flows go through one
ovs dump-meters br-int --json | jq '.[] | select(.packet_in_count > 0)'");

// The arguments of `ovs dump-meters`.
#[derive(Debug, clap::Args)]
#[command(describe = ABOUT)]
pub struct Args {
    /// A bridge, or unix:PATH, tcp:HOST[:6653]
    #[arg(takes = Value::SWITCH)]
    switch: String,

    /// Only this meter: a number, controller or slowpath
    #[arg(takes = Value::METER_NUMBER, value_parser = meter_id)]
    meter: Option<u32>,

    /// Leave out duration and counters
    #[arg(long)]
    no_stats: bool,
}

fn meter_id(text: &str) -> Result<u32, String> {
    let one = meters::parse_id(text).filter(|id| *id != METER_ALL);
    one.ok_or_else(|| "a meter is a number, controller or slowpath".to_owned())
}

impl Args {
    /// Runs the command.
    ///
    /// # Errors
    ///
    /// An argument is wrong, the switch does not reply, or stdout cannot be written.
    pub async fn run(&self, cx: &Context) -> Result<(), Failure> {
        let mut dumped = Dumped::new(cx, "meters")?;
        let switch = SwitchArg::parse(cx, &self.switch)?;
        let mut connected = switch.connect(cx).await?;
        let meters = self.meters(cx, &switch, &mut connected).await?;
        let stats = if self.no_stats || meters.is_empty() {
            Vec::new()
        } else {
            let stats = or_unknown(cx, connected.meter_stats(self.wanted()).await);
            stats.map_err(|error| switch.failure(error))?
        };
        let stats: HashMap<u32, MeterStats> = stats
            .into_iter()
            .map(|stats| (stats.meter_id, stats))
            .collect();
        for meter in &meters {
            let stats = stats.get(&meter.meter_id);
            dumped.add(
                meter.meter_id,
                |out| meter.text(stats, ("", " "), out),
                |json| meter.json(stats, json),
            );
        }
        dumped.finish("meters")
    }

    fn wanted(&self) -> u32 {
        self.meter.unwrap_or(METER_ALL)
    }

    async fn meters(
        &self,
        cx: &Context,
        switch: &SwitchArg,
        connected: &mut Switch,
    ) -> Result<Vec<MeterConfig>, Failure> {
        let version = connected.version();
        if version < Version::V13 && cx.host.reach.saved().is_some() {
            let what = format!("meters of {}", switch.name());
            return Err(switch.failure(SwitchError::NotSaved(what)));
        }
        if version < Version::V13 {
            let message = format!("meters need OpenFlow 1.3 or later, this is {version}");
            let hint = "the bridge's protocols column, or -O, has only earlier versions";
            return Err(Failure::new(Exit::Failed, message).hint(hint));
        }
        let answer = connected.meters(self.wanted()).await;
        let mut meters = match (answer, self.meter) {
            (Ok(meters), _) => meters,
            (Err(SwitchError::Refused(error)), Some(_)) if error.is_unknown_meter() => Vec::new(),
            (Err(error), _) => return Err(switch.unsupported("meters", version, error)),
        };
        if let Some(wanted) = self.meter {
            meters.retain(|meter| meter.meter_id == wanted);
            if meters.is_empty() {
                return Err(switch.not_there("meter", wanted, "dump-meters"));
            }
        }
        meters.sort_unstable_by_key(|meter| meter.meter_id);
        Ok(meters)
    }
}

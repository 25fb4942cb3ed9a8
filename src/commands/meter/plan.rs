//! What changes make of the meters of a switch, worked out before anything is sent; what the switch refused, in words.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::shell::word;
use crate::commands::entries::{Entries, Entry, RefusalReason};
use crate::commands::switch::SwitchArg;
use crate::commands::{Exit, Failure};
use crate::openflow::messages::error::ErrorMessage;
use crate::openflow::messages::meters::{METER_ALL, MeterConfig, meter_word};
use crate::openflow::meter_spec::{MeterChange, MeterCommand};
use crate::openflow::version::Version;
use crate::source::Switch;

/// The meters of a switch by their numbers.
type Meters = BTreeMap<u32, MeterConfig>;

/// What becomes of the meters.
#[derive(Debug, Default)]
pub(in crate::commands) struct MeterPlan {
    /// The meters as they are.
    pub(in crate::commands) before: Meters,
    /// The meters as they will be.
    pub(in crate::commands) after: Meters,
    /// The meters that are named, whether or not something is sent for them.
    pub(super) named: BTreeSet<u32>,
}

/// Why a change cannot be made.
#[derive(Debug)]
pub(in crate::commands) enum UnfitMeter {
    /// The meter is there already.
    Exists(u32),
    /// There is no meter of this number.
    Absent(u32, MeterCommand),
}

impl MeterPlan {
    /// Reads the meters of a switch.
    ///
    /// # Errors
    ///
    /// The switch does not reply, or has no meters in this version.
    pub(in crate::commands) async fn read(
        connected: &mut Switch,
        switch: &SwitchArg,
    ) -> Result<MeterPlan, Failure> {
        let version = connected.version();
        if version < Version::V13 {
            let message = format!("meters need OpenFlow 1.3 or later, this is {version}");
            let hint = "the bridge's protocols column, or -O, has only earlier versions";
            return Err(Failure::new(Exit::Failed, message).hint(hint));
        }
        let before = connected.meters(METER_ALL).await;
        let before = before.map_err(|error| switch.unsupported("meters", version, error))?;
        let before = before.into_iter().map(MeterConfig::without_unused);
        let before: Meters = before.map(|meter| (meter.meter_id, meter)).collect();
        Ok(MeterPlan {
            after: before.clone(),
            before,
            named: BTreeSet::new(),
        })
    }

    /// Adds a change, which comes after those before; returns whether anything is to be sent for it. With `may_create`,
    /// the change of a meter that is not there is made its addition.
    ///
    /// # Errors
    ///
    /// It does not fit the meters that there are then.
    pub(in crate::commands) fn add(
        &mut self,
        change: &mut MeterChange,
        may_create: bool,
    ) -> Result<bool, UnfitMeter> {
        let meters = &mut self.after;
        let id = change.meter.meter_id;
        if id == METER_ALL {
            self.named.extend(meters.keys());
            let any = !meters.is_empty();
            meters.clear();
            return Ok(any);
        }
        self.named.insert(id);
        match (change.command, meters.get(&id)) {
            (MeterCommand::Add, Some(_)) => return Err(UnfitMeter::Exists(id)),
            (MeterCommand::Modify, None) if may_create => change.command = MeterCommand::Add,
            (MeterCommand::Modify | MeterCommand::Delete, None) => {
                return Err(UnfitMeter::Absent(id, change.command));
            }
            (MeterCommand::Modify, Some(existing)) if *existing == change.meter => {
                return Ok(false);
            }
            (MeterCommand::Delete, Some(_)) => {
                meters.remove(&id);
                return Ok(true);
            }
            (MeterCommand::Add, None) | (MeterCommand::Modify, Some(_)) => {}
        }
        meters.insert(id, change.meter.clone());
        Ok(true)
    }
}

impl UnfitMeter {
    /// The failure of an entry.
    pub(in crate::commands) fn failure(
        &self,
        switch: &SwitchArg,
        entries: &Entries,
        entry: &Entry,
    ) -> Failure {
        let (name, switch) = (switch.name(), word(switch.name()));
        let (exit, reason, hint) = match self {
            UnfitMeter::Exists(id) => (
                Exit::Failed,
                format!("meter {} is on {name} already", meter_word(*id)),
                format!("`ovs meter mod {switch} ...` changes it"),
            ),
            UnfitMeter::Absent(id, command) => (
                Exit::NotFound,
                format!("meter {} not found on {name}", meter_word(*id)),
                match command {
                    MeterCommand::Modify => "--may-create adds it".to_owned(),
                    _ => format!("`ovs dump-meters {switch}` lists its meters"),
                },
            ),
        };
        Failure::new(exit, entries.message(entry, &reason)).hint(hint)
    }
}

/// The reason for an error of the switch `name` for a meter.
pub(in crate::commands) fn reason(error: &ErrorMessage, name: &str) -> RefusalReason {
    let switch = word(name);
    let (text, hint) = match error.name.unwrap_or_default() {
        "OFPMMFC_METER_EXISTS" => (
            format!("the meter is on {name} already"),
            format!("`ovs meter mod {switch} ...` changes it"),
        ),
        "OFPMMFC_UNKNOWN_METER" => (
            format!("{name} has no such meter"),
            format!("`ovs dump-meters {switch}` lists its meters"),
        ),
        "OFPMMFC_INVALID_METER" => (
            format!("{name} has no meters of this number"),
            format!("`ovs-ofctl -O OpenFlow13 meter-features {switch}` shows the highest number"),
        ),
        "OFPMMFC_OUT_OF_METERS" => (format!("{name} has room for no more meters"), String::new()),
        "OFPMMFC_OUT_OF_BANDS" => (
            format!("{name} takes fewer bands in a meter"),
            String::new(),
        ),
        "OFPMMFC_BAD_BAND" => (
            format!("{name} has no bands of this type"),
            "Open vSwitch has bands of type drop only".to_owned(),
        ),
        "OFPMMFC_BAD_RATE" => (format!("{name} does not take this rate"), String::new()),
        "OFPMMFC_BAD_BURST" => (
            format!("{name} does not take this size of bursts"),
            String::new(),
        ),
        "OFPMMFC_BAD_FLAGS" => (format!("{name} does not take these flags"), String::new()),
        _ if error.is_unsupported() => (format!("{name} knows no meters"), String::new()),
        _ => ("the switch refused it".to_owned(), String::new()),
    };
    RefusalReason {
        text,
        hint: Some(hint).filter(|hint| !hint.is_empty()),
    }
}

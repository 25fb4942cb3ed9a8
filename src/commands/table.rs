//! `ovs table set`: the settings of flow tables, by OpenFlow.

use super::switch::SwitchArg;
use super::write::of_switch::{self, SwitchChange};
use super::{Context, Exit, Failure, quoted};
use crate::base::shell::word;
use crate::commands::about::{About, Describe as _};
use crate::commands::argument::{Takes as _, Value};
use crate::model::names::{SwitchNames, TABLE_CUT};
use crate::openflow::messages::error::ErrorMessage;
use crate::openflow::messages::table_config::{
    MISSES, TableDesc, TableMod, TableProperties, Vacancy,
};
use crate::openflow::messages::tables::TableFeatures;
use crate::openflow::text::NameLookup as _;
use crate::openflow::version::Version::{self, V11, V12, V13, V14};
use crate::openflow::version::Versions;
use crate::ovsdb::Datum;
use crate::plan::report::Difference;
use crate::source::{Switch, SwitchError};

/// The commands on flow tables.
#[derive(Debug, clap::Subcommand)]
#[command(defer = true)]
pub enum Command {
    /// Change settings of flow tables in the switch; others are kept
    #[command(describe = SET)]
    Set(Args),
}

const SET: About = About::changes()
    .remarks("\
The settings are the switch's, by OpenFlow, and what came of them is read back. They are not in the database, and are gone when \
ovs-vswitchd restarts. What lasts is in the database: the table Flow_Table and the column flow_tables of a bridge \
have a name, which wins over that of OpenFlow, and overflow_policy, with which eviction is on whatever OpenFlow \
says. A name needs OpenFlow 1.3, eviction and vacancy events 1.4, --miss OpenFlow 1.1 or 1.2; that version is \
negotiated. Since 1.3 a flow of priority 0 that matches everything decides about what no other flow matches.")
    .examples("\
ovs table set br-int 20 --name learn
ovs table set br-int learn --name none
ovs table set br-int 0 20 --eviction on --vacancy 10,20
ovs table set br-int all --vacancy off
ovs table set br-int 0 --miss drop");

// The arguments of `ovs table set`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A bridge, or unix:PATH, tcp:HOST[:6653]
    #[arg(takes = Value::SWITCH)]
    switch: String,

    /// The tables: numbers or names; all
    #[arg(takes = Value::FLOW_TABLE, required = true)]
    tables: Vec<String>,

    /// Its name in OpenFlow; none takes it back
    #[arg(long, takes = Value::free("NAME"), value_parser = name)]
    name: Option<String>,

    /// Whether flows give way to new ones when the table is full
    #[arg(long, takes = Value::ON_OFF, value_parser = on_off)]
    eviction: Option<bool>,

    /// Tell controllers when less than LOW % of the table is free, and when again more than HIGH % is; off: never
    #[arg(long, takes = Value::free("LOW,HIGH"), value_parser = vacancy)]
    vacancy: Option<VacancyArg>,

    /// What happens to packets that no flow matches
    #[arg(long, value_name = "HOW", value_parser = ["controller", "continue", "drop"])]
    miss: Option<String>,
}

/// `--vacancy`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum VacancyArg {
    Off,
    Between { down: u8, up: u8 },
}

fn name(text: &str) -> Result<String, String> {
    if text.is_empty() || text == "none" {
        return Ok(String::new());
    }
    if text.len() > TABLE_CUT {
        return Err(format!(
            "it has {} bytes, and OpenFlow has room for {TABLE_CUT}; the database has it for longer ones: Flow_Table",
            text.len()
        ));
    }
    if text.chars().any(char::is_control) {
        return Err("it contains a control character".to_owned());
    }
    if text.parse::<u64>().is_ok() || text == "all" {
        return Err("it would be taken for a number, or for all tables".to_owned());
    }
    Ok(text.to_owned())
}

fn on_off(text: &str) -> Result<bool, String> {
    match text {
        "on" | "true" | "yes" => Ok(true),
        "off" | "false" | "no" | "none" => Ok(false),
        _ => Err("expected on or off".to_owned()),
    }
}

fn vacancy(text: &str) -> Result<VacancyArg, String> {
    if matches!(text, "off" | "none") {
        return Ok(VacancyArg::Off);
    }
    let percent = |text: &str| {
        text.trim()
            .parse::<u8>()
            .ok()
            .filter(|number| *number <= 100)
    };
    let pair = text.split_once(',');
    match pair.and_then(|(down, up)| Some((percent(down)?, percent(up)?))) {
        Some((down, up)) if down < up => Ok(VacancyArg::Between { down, up }),
        Some(_) => Err("the first percentage must be less than the second".to_owned()),
        None => Err("expected two percentages, LOW,HIGH, or off".to_owned()),
    }
}

impl Command {
    /// Runs it.
    ///
    /// # Errors
    ///
    /// An argument is wrong, the switch does not reply or refuses, or stdout cannot be written.
    pub async fn run(&self, cx: &Context) -> Result<(), Failure> {
        match self {
            Command::Set(args) => args.run(cx).await,
        }
    }
}

impl Args {
    async fn run(&self, cx: &Context) -> Result<(), Failure> {
        let (versions, what) = self.versions()?;
        let switch = SwitchArg::parse(cx, &self.switch)?;
        let mut connected = switch.connect_for(cx, versions, what).await?;
        let before = TableSettings::read(&mut connected, self).await;
        let before = before.map_err(|error| switch.failure(error))?;
        let tables = self.tables(cx, &switch, &connected, &before).await?;
        let changed: Vec<u8> = tables
            .into_iter()
            .filter(|table| !self.is_as_wanted(*table, &before))
            .collect();
        if cx.writing.dry_run || changed.is_empty() {
            let planned = changed.iter().map(|table| SwitchChange {
                kind: "table",
                name: table.to_string(),
                switch: switch.name().to_owned(),
                ofport: None,
                columns: self.differences(*table, &before, None),
                error: None,
            });
            of_switch::print(cx, planned.collect())?;
            cx.remark_dry_run();
            return Ok(());
        }
        let refused = self.write(&mut connected, &changed, &before).await;
        let refused = refused.map_err(|error| switch.unconfirmed(error))?;
        if let Some((_, error)) = refused.tables.first().filter(|_| !refused.others_took) {
            return Err(refused_by(&switch, &changed, error));
        }
        let after = TableSettings::read(&mut connected, self).await;
        let after = after.map_err(|error| switch.unconfirmed(error))?;
        let mut changes = Vec::new();
        for (index, table) in changed.iter().enumerate() {
            let refused = refused.tables.iter().find(|(refused, _)| *refused == index);
            let error = match refused {
                Some((_, error)) => Some(format!("the switch refused: {error}")),
                None => self.ignored(*table, &after),
            };
            changes.push(SwitchChange {
                kind: "table",
                name: table.to_string(),
                switch: switch.name().to_owned(),
                ofport: None,
                columns: self.differences(*table, &before, Some(&after)),
                error,
            });
        }
        let failed = |change: &SwitchChange| {
            let error = change.error.as_ref()?;
            Some(format!("table {}: {error}", change.name))
        };
        let errors: Vec<String> = changes.iter().filter_map(failed).collect();
        of_switch::print(cx, changes)?;
        if self.miss.is_some() && connected.version() == V11 {
            cx.remark("over OpenFlow11 it cannot be read back: Open vSwitch tells another setting than it has");
        }
        if errors.is_empty() {
            cx.remark("this holds until ovs-vswitchd restarts");
            return Ok(());
        }
        let message = format!("sent, but not applied: {}", errors.join("; "));
        Err(Failure::new(Exit::NotApplied, message).hint(format!(
            "the database may say otherwise: `ovs db get Bridge {} flow_tables` and `ovs db list Flow_Table`",
            word(switch.name())
        )))
    }

    /// The versions that have all settings, and the one that needs the highest.
    fn versions(&self) -> Result<(Versions, &'static str), Failure> {
        let since = |first: Version| Version::ALL.into_iter().filter(move |v| *v >= first);
        let later = self
            .eviction
            .map(|_| "--eviction")
            .or(self.vacancy.map(|_| "--vacancy"));
        match (&self.miss, later, &self.name) {
            (None, Some(what), _) => Ok((since(V14).collect(), what)),
            (None, None, Some(_)) => Ok((since(V13).collect(), "--name")),
            (Some(_), None, None) => Ok(([V11, V12].into_iter().collect(), "--miss")),
            (Some(_), later, _) => {
                let other = later.unwrap_or("--name");
                let message = format!("no version of OpenFlow has both --miss and {other}");
                Err(Failure::new(Exit::Usage, message).hint("give them in commands of their own"))
            }
            (None, None, None) => Err(Failure::new(Exit::Usage, "nothing to set is given")
                .hint("one of --name, --eviction, --vacancy, --miss")),
        }
    }

    /// The numbers of the tables, each once, in their order.
    async fn tables(
        &self,
        cx: &Context,
        switch: &SwitchArg,
        connected: &Switch,
        settings: &TableSettings,
    ) -> Result<Vec<u8>, Failure> {
        let all = settings.tables();
        if self.tables.iter().any(|table| table == "all") {
            if self.tables.len() > 1 {
                return Err(Failure::new(
                    Exit::Usage,
                    "all stands alone: it is every table",
                ));
            }
            if self.name.as_ref().is_some_and(|name| !name.is_empty()) {
                return Err(Failure::new(
                    Exit::Usage,
                    "one name cannot be that of all tables",
                ));
            }
            return Ok(all);
        }
        let is_number = |text: &String| text.parse::<u8>().is_ok();
        let names = if self.tables.iter().all(is_number) {
            SwitchNames::default()
        } else {
            let tables = switch.table_names(cx, connected.allowed()).await;
            SwitchNames {
                tables,
                ..SwitchNames::default()
            }
        };
        let mut tables = Vec::new();
        for text in &self.tables {
            let table = if let Ok(number) = text.parse::<u8>() {
                number
            } else {
                let name = text.trim_matches('"');
                match names.tables_named(name).as_slice() {
                    [only] => *only,
                    [] => return Err(switch.unknown_table(name, &names)),
                    several => return Err(switch.ambiguous_table(name, several)),
                }
            };
            if !all.contains(&table) {
                let message = format!("table {table} not found on {}", switch.name());
                return Err(Failure::new(Exit::NotFound, message).hint(format!(
                    "`ovs dump-tables {} --all` lists its tables",
                    word(switch.name())
                )));
            }
            tables.push(table);
        }
        tables.sort_unstable();
        tables.dedup();
        if tables.len() > 1 && self.name.as_ref().is_some_and(|name| !name.is_empty()) {
            return Err(Failure::new(
                Exit::Usage,
                "one name cannot be that of several tables",
            ));
        }
        Ok(tables)
    }

    /// Sends the changes, names first. Returns what the switch refused, by the index of the table.
    async fn write(
        &self,
        connected: &mut Switch,
        tables: &[u8],
        before: &TableSettings,
    ) -> Result<Refused, SwitchError> {
        let mut refused = Refused::default();
        if let Some(name) = &self.name {
            for (index, table) in tables.iter().enumerate() {
                if before.name(*table) == name {
                    continue;
                }
                match connected.rename_table(*table, name).await {
                    Err(SwitchError::Refused(error)) => refused.tables.push((index, error)),
                    outcome => {
                        outcome?;
                        refused.others_took = true;
                    }
                }
            }
            if !refused.tables.is_empty() {
                return Ok(refused);
            }
        }
        let mods: Vec<TableMod> = match self.miss_number() {
            Some(miss) => tables
                .iter()
                .map(|table| TableMod::of_miss(*table, miss))
                .collect(),
            None if self.eviction.is_none() && self.vacancy.is_none() => return Ok(refused),
            None => {
                let mods = tables.iter().filter_map(|table| {
                    let now = before.desc(*table)?.properties;
                    Some(TableMod::of_properties(*table, self.properties(now)))
                });
                mods.collect()
            }
        };
        refused.tables = connected.settle(&mods).await?;
        refused.others_took |= refused.tables.len() < mods.len();
        Ok(refused)
    }

    /// The properties of a table with those that are given.
    fn properties(&self, now: TableProperties) -> TableProperties {
        let eviction = self.eviction.unwrap_or(now.eviction);
        let (vacancy_events, vacancy) = match self.vacancy {
            None => (
                now.vacancy_events,
                now.vacancy
                    .filter(|_| now.vacancy_events)
                    .map(|vacancy| Vacancy {
                        current: 0,
                        ..vacancy
                    }),
            ),
            Some(VacancyArg::Off) => (false, None),
            Some(VacancyArg::Between { down, up }) => (
                true,
                Some(Vacancy {
                    down,
                    up,
                    current: 0,
                }),
            ),
        };
        TableProperties {
            eviction,
            eviction_flags: now.eviction_flags.filter(|_| eviction && now.eviction),
            vacancy_events,
            vacancy,
        }
    }

    fn miss_number(&self) -> Option<u32> {
        let miss = self.miss.as_ref()?;
        MISSES
            .iter()
            .find(|(_, word)| word == miss)
            .map(|(number, _)| *number)
    }

    /// Whether nothing is to be sent for this table.
    fn is_as_wanted(&self, table: u8, settings: &TableSettings) -> bool {
        // A table that was never set reads as if it were set to `controller`.
        self.miss.as_deref() != Some("controller") && self.unlike(table, settings).is_empty()
    }

    /// The options that the settings of the table are not like.
    fn unlike(&self, table: u8, settings: &TableSettings) -> Vec<&'static str> {
        let mut unlike = Vec::new();
        if let Some(name) = &self.name
            && settings.name(table) != name
        {
            unlike.push("--name");
        }
        let now = settings.desc(table).map(|desc| desc.properties);
        if self.eviction.is_some() && self.eviction != now.map(|now| now.eviction) {
            unlike.push("--eviction");
        }
        if self.vacancy.is_some() && self.vacancy != now.map(VacancyArg::of) {
            unlike.push("--vacancy");
        }
        if self.miss.is_some() && self.miss.as_deref() != settings.miss(table) {
            unlike.push("--miss");
        }
        unlike
    }

    /// What the switch ignored.
    fn ignored(&self, table: u8, after: &TableSettings) -> Option<String> {
        let mut unlike = self.unlike(table, after);
        unlike.retain(|option| *option != "--miss" || after.tells_miss);
        (!unlike.is_empty()).then(|| {
            let name = after.name(table);
            let named = if unlike.contains(&"--name") && !name.is_empty() {
                format!("; its name is {}", quoted(name))
            } else {
                String::new()
            };
            format!("the switch ignored {}{named}", unlike.join(", "))
        })
    }

    /// What differs before and after; `after` as asked for, if it is not known.
    fn differences(
        &self,
        table: u8,
        before: &TableSettings,
        after: Option<&TableSettings>,
    ) -> Vec<Difference> {
        let text = |text: &str| {
            if text.is_empty() {
                Datum::EMPTY
            } else {
                text.into()
            }
        };
        let mut columns = Vec::new();
        let mut push = |column: &str, before: Option<Datum>, after: Option<Datum>| {
            if before != after {
                let column = column.to_owned();
                columns.push(Difference {
                    column,
                    before,
                    after,
                });
            }
        };
        if let Some(name) = &self.name {
            let after = after.map_or(name.as_str(), |after| after.name(table));
            push("name", Some(text(before.name(table))), Some(text(after)));
        }
        let properties = before.desc(table).map(|desc| desc.properties);
        let then = match after {
            Some(after) => after.desc(table).map(|desc| desc.properties),
            None => properties.map(|now| self.properties(now)),
        };
        if self.eviction.is_some() {
            let datum = |now: TableProperties| Datum::from(now.eviction);
            push("eviction", properties.map(datum), then.map(datum));
        }
        if self.vacancy.is_some() {
            let datum = |now: TableProperties| text(&VacancyArg::of(now).to_string());
            push("vacancy", properties.map(datum), then.map(datum));
        }
        if let Some(miss) = self.miss.as_deref() {
            let told = |settings: &TableSettings| settings.miss(table).map(Datum::from);
            let now = told(before).filter(|_| before.tells_miss && miss != "controller");
            let then = match after {
                Some(after) if after.tells_miss => told(after),
                _ => Some(miss.into()),
            };
            push("miss", now, then);
        }
        columns
    }
}

/// The switch refused all of it.
fn refused_by(switch: &SwitchArg, tables: &[u8], error: &ErrorMessage) -> Failure {
    let table = match tables {
        [only] => format!("table {only}"),
        several => format!("{} tables", several.len()),
    };
    let message = format!("{} refused to change {table}: {error}", switch.name());
    let failure = Failure::new(Exit::Failed, message);
    match error.name {
        Some("OFPTFFC_EPERM") => failure.hint(format!(
            "the database may name it, and that name wins: `ovs db get Bridge {} flow_tables`",
            word(switch.name())
        )),
        _ => failure,
    }
}

impl VacancyArg {
    fn of(properties: TableProperties) -> VacancyArg {
        match properties.vacancy.filter(|_| properties.vacancy_events) {
            Some(Vacancy { down, up, .. }) => VacancyArg::Between { down, up },
            None => VacancyArg::Off,
        }
    }
}

impl std::fmt::Display for VacancyArg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            VacancyArg::Off => f.write_str("off"),
            VacancyArg::Between { down, up } => write!(f, "{down},{up}"),
        }
    }
}

/// What the switch refused.
#[derive(Debug, Default)]
struct Refused {
    /// The errors, by the index of the table.
    tables: Vec<(usize, ErrorMessage)>,
    /// Whether it accepted something else.
    others_took: bool,
}

/// The settings of the tables of a switch, as far as the change needs them.
struct TableSettings {
    features: Vec<TableFeatures>,
    descs: Vec<TableDesc>,
    /// Whether the setting for packets that match nothing is told as it is: Open vSwitch does so in 1.2, but not in 1.1.
    tells_miss: bool,
}

impl TableSettings {
    async fn read(connected: &mut Switch, args: &Args) -> Result<TableSettings, SwitchError> {
        let mut settings = TableSettings {
            features: Vec::new(),
            descs: Vec::new(),
            tells_miss: connected.version() == V12,
        };
        if args.miss.is_some() {
            let stats = connected.table_stats().await?;
            settings.features = stats
                .into_iter()
                .filter_map(|stats| stats.features)
                .collect();
        }
        if args.name.is_some() {
            settings.features = connected.table_features().await?;
        }
        if args.eviction.is_some() || args.vacancy.is_some() {
            settings.descs = connected.table_descs().await?;
        }
        Ok(settings)
    }

    /// The tables that can be changed, in their order.
    fn tables(&self) -> Vec<u8> {
        let features = self.features.iter().map(|features| features.table_id);
        let mut tables: Vec<u8> = features
            .chain(self.descs.iter().map(|desc| desc.table))
            .collect();
        tables.sort_unstable();
        tables.dedup();
        tables
    }

    fn features(&self, table: u8) -> Option<&TableFeatures> {
        self.features
            .iter()
            .find(|features| features.table_id == table)
    }

    fn desc(&self, table: u8) -> Option<&TableDesc> {
        self.descs.iter().find(|desc| desc.table == table)
    }

    /// The name of the table, empty if it has none.
    fn name(&self, table: u8) -> &str {
        let features = self
            .features(table)
            .filter(|features| features.has_own_name());
        features.map_or("", |features| features.name.as_str())
    }

    fn miss(&self, table: u8) -> Option<&str> {
        self.features(table)?.abilities.miss_config
    }
}

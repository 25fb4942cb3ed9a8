//! `ovs meter`: meters that are written. `ovs dump-meters` reads them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::entries::{
    Entries, Entry, EntryMessage, EntryPlace, RefusalReason, Sending, flows_that, none_given,
};
use super::switch::SwitchArg;
use super::{Context, Exit, Failure};
use crate::base::shell::word;
use crate::commands::about::{About, Describe as _};
use crate::commands::argument::{Takes as _, Value};
use crate::openflow::actions::SwitchReference;
use crate::openflow::messages::error::ErrorMessage;
use crate::openflow::messages::meters::{METER_ALL, MeterConfig, meter_word};
use crate::openflow::meter_spec::{MeterChange, MeterCommand};
use crate::openflow::version::Version;
use crate::output::{Cell, ColourRole, Column, Heading, Mode, Shape, headings};
use crate::source::Atomicity;

/// The commands that write meters.
#[derive(Debug, clap::Subcommand)]
#[command(defer = true)]
pub enum Command {
    /// Add meters
    #[command(describe = ADD)]
    Add(Args),
    /// Change the unit, the flags and the bands of meters
    #[command(describe = MODIFY)]
    Mod(ModifyArgs),
    /// Remove meters, with the flows that use them
    #[command(visible_alias = "delete", describe = DELETE)]
    Del(DeleteArgs),
}

const ADD: About = About::other()
    .list(report_headings)
    .remarks("\
A meter is written as in ovs-ofctl(8), \"Meter Syntax\": meter=N, or controller or slowpath for those that limit what the \
switch sends there; its unit kbps or pktps; burst; stats; then bands= with type=drop or type=dscp_remark, rate=, with burst \
burst_size=, and of dscp_remark prec_level=. Commas or blanks separate them. Meters need OpenFlow 1.3 or later.

The meters of the switch are read first. A meter that is there already is refused: mod changes it. Open vSwitch takes no \
meters in a bundle, so several are checked before and then written one after another; if the switch refuses one, those \
that it accepted stay, and the exit code is 5.

FILE has a meter a line, as dump-meters prints them; statistics are ignored, and so is what follows a #.")
    .examples("\
ovs meter add br-int 'meter=1,kbps,burst,bands=type=drop,rate=1000,burst_size=100'
ovs meter add br-int 'meter=controller,pktps,bands=type=drop,rate=500'
ovs flow add br-int 'in_port=eth0,actions=meter:1,NORMAL'
ovs meter add br-int --file meters.txt");

const MODIFY: About = About::other()
    .list(report_headings)
    .remarks("\
A meter is written as for add, and takes the place of the one with its number; one that is the same stays as it is. A meter \
that is not there is an error with the exit code 3; --may-create adds it.")
    .examples("ovs meter mod br-int 'meter=1,kbps,bands=type=drop,rate=2000'");

const DELETE: About = About::other()
    .list(report_headings)
    .remarks("\
The switch removes the flows that use the meter, too; how many they are is read just before. A meter that is not there is \
an error with the exit code 3. To remove all meters, --all is needed.")
    .examples("\
ovs meter del br-int 1
ovs meter del br-int controller
ovs meter del br-int 1 2 --dry-run                 how many flows go with them
ovs meter del br-int --all");

// The arguments of `ovs meter add`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A bridge, or unix:PATH, tcp:HOST[:6653]
    #[arg(takes = Value::SWITCH)]
    switch: String,

    /// The meters: meter=N,kbps|pktps,bands=type=drop,rate=R
    #[arg(takes = Value::METER, required_unless_present = "file", conflicts_with = "file")]
    meters: Vec<String>,

    /// The meters of a file, one a line, with comments; -: stdin
    #[arg(long, takes = Value::FILE)]
    file: Option<PathBuf>,
}

// The arguments of `ovs meter mod`.
#[derive(Debug, clap::Args)]
pub struct ModifyArgs {
    #[command(flatten)]
    args: Args,

    /// Add a meter that is not there
    #[arg(long, visible_alias = "or-add")]
    may_create: bool,
}

// The arguments of `ovs meter del`.
#[derive(Debug, clap::Args)]
pub struct DeleteArgs {
    /// A bridge, or unix:PATH, tcp:HOST[:6653]
    #[arg(takes = Value::SWITCH)]
    switch: String,

    /// The meters: numbers, controller or slowpath
    #[arg(takes = Value::METER_NUMBER, conflicts_with_all = ["file", "all"])]
    meters: Vec<String>,

    /// Every meter
    #[arg(long, conflicts_with = "file")]
    all: bool,

    /// The meters of a file, one a line, with comments; -: stdin
    #[arg(long, takes = Value::FILE)]
    file: Option<PathBuf>,
}

impl Command {
    /// Runs it.
    ///
    /// # Errors
    ///
    /// An argument is wrong, the switch refuses a meter or does not reply, or stdout cannot be written.
    pub async fn run(&self, cx: &Context) -> Result<(), Failure> {
        let (args, command, may_create) = match self {
            Command::Add(args) => (args, MeterCommand::Add, false),
            Command::Mod(args) => (&args.args, MeterCommand::Modify, args.may_create),
            Command::Del(args) => {
                if args.meters.is_empty() && !args.all && args.file.is_none() {
                    return Err(none_given("meter"));
                }
                let every = ["all".to_owned()];
                let meters = if args.all {
                    every.as_slice()
                } else {
                    &args.meters
                };
                let entries = Entries::open("meter", meters, args.file.as_deref())?;
                let request = MeterRequest {
                    cx,
                    switch: SwitchArg::parse(cx, &args.switch)?,
                    entries: &entries,
                    command: MeterCommand::Delete,
                    may_create: false,
                };
                return request.run().await;
            }
        };
        let entries = Entries::open("meter", &args.meters, args.file.as_deref())?;
        let request = MeterRequest {
            cx,
            switch: SwitchArg::parse(cx, &args.switch)?,
            entries: &entries,
            command,
            may_create,
        };
        request.run().await
    }
}

/// The meters of a switch by their numbers.
type Meters = BTreeMap<u32, MeterConfig>;

/// What is asked of the meters of a switch.
struct MeterRequest<'a> {
    cx: &'a Context,
    switch: SwitchArg,
    entries: &'a Entries,
    command: MeterCommand,
    may_create: bool,
}

impl MeterRequest<'_> {
    async fn run(&self) -> Result<(), Failure> {
        let cx = self.cx;
        cx.format.view(&columns())?;
        // What the text alone tells is said before anything is asked.
        let mut changes = Vec::new();
        for entry in self.entries.iter() {
            let change = MeterChange::parse(&entry.text, self.command);
            changes.push(change.map_err(|error| self.entries.wrong(entry, &error.to_string()))?);
        }
        let progress = cx.progress(&format!("{}: reading meters", self.switch.name()));
        let mut connected = self.switch.connect(cx).await?;
        let version = connected.version();
        if version < Version::V13 {
            let message = format!("meters need OpenFlow 1.3 or later, this is {version}");
            let hint = "the bridge's protocols column, or -O, has only earlier versions";
            return Err(Failure::new(Exit::Failed, message).hint(hint));
        }
        let before = connected.meters(METER_ALL).await;
        let before = before.map_err(|error| self.switch.unsupported("meters", version, error))?;
        let before = before.into_iter().map(MeterConfig::without_unused);
        let before: Meters = before.map(|meter| (meter.meter_id, meter)).collect();
        let mut after = before.clone();
        let mut named = BTreeSet::new();
        let mut messages = Vec::new();
        for ((index, entry), mut change) in self.entries.iter().enumerate().zip(changes) {
            if !self.apply(entry, &mut change, &mut after, &mut named)? {
                continue;
            }
            let too_large = || {
                self.entries
                    .wrong(entry, "it has more bands than fit in a message")
            };
            let bytes = change.message(version, 0).ok_or_else(too_large)?;
            let about = EntryPlace::Entry(index);
            messages.push(EntryMessage { bytes, about });
        }
        let report = Report::new(&before, &after, &named);
        let flows = if report.removed.is_empty() {
            None
        } else {
            let uses = |reference| matches!(reference, SwitchReference::Meter(meter) if report.removed.contains(&meter));
            let flows = flows_that(&mut connected, &uses).await;
            Some(flows.map_err(|error| self.switch.failure(error))?)
        };
        drop(progress);
        if !cx.writing.dry_run {
            let progress = cx.progress(&format!("{}: writing meters", self.switch.name()));
            let name = self.switch.name();
            let sending = Sending {
                switch: &self.switch,
                entries: self.entries,
                list: "dump-meters",
                reason: &|error, _| reason(error, name),
                say: &|failure| cx.say(failure),
            };
            sending
                .send(&mut connected, Atomicity::Each, &messages)
                .await?;
            drop(progress);
        }
        self.print(&report, flows)
    }

    /// Applies a change to the meters; returns whether anything is to be sent for it.
    fn apply(
        &self,
        entry: &Entry,
        change: &mut MeterChange,
        meters: &mut Meters,
        named: &mut BTreeSet<u32>,
    ) -> Result<bool, Failure> {
        let id = change.meter.meter_id;
        let (name, switch) = (self.switch.name(), word(self.switch.name()));
        if id == METER_ALL {
            named.extend(meters.keys());
            let any = !meters.is_empty();
            meters.clear();
            return Ok(any);
        }
        named.insert(id);
        let existing = meters.get(&id);
        let meter = meter_word(id);
        let absent = |hint: String| {
            let reason = format!("meter {meter} not found on {name}");
            Failure::new(Exit::NotFound, self.entries.message(entry, &reason)).hint(hint)
        };
        match (change.command, existing) {
            (MeterCommand::Add, Some(_)) => {
                let reason = format!("meter {meter} is on {name} already");
                let hint = format!("`ovs meter mod {switch} ...` changes it");
                let message = self.entries.message(entry, &reason);
                return Err(Failure::new(Exit::Failed, message).hint(hint));
            }
            (MeterCommand::Modify, None) if self.may_create => {
                change.command = MeterCommand::Add;
            }
            (MeterCommand::Modify, None) => {
                return Err(absent("--may-create adds it".to_owned()));
            }
            (MeterCommand::Modify, Some(existing)) if *existing == change.meter => {
                return Ok(false);
            }
            (MeterCommand::Delete, None) => {
                return Err(absent(format!(
                    "`ovs dump-meters {switch}` lists its meters"
                )));
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

    /// Prints the report; with `--quiet` only as JSON or raw values.
    fn print(&self, report: &Report, flows: Option<u64>) -> Result<(), Failure> {
        let cx = self.cx;
        if cx.quiet && matches!(cx.format.mode, Mode::Table | Mode::Text) {
            return Ok(());
        }
        let all = [
            ("added", &report.added),
            ("modified", &report.modified),
            ("removed", &report.removed),
            ("unchanged", &report.unchanged),
        ];
        let rows = all.into_iter().filter(|(_, meters)| !meters.is_empty());
        let rows: Vec<MeterRow> = rows
            .map(|(change, meters)| MeterRow {
                change,
                meters: meters.iter().copied().collect(),
                flows: flows.filter(|_| change == "removed"),
                switch: self.switch.name().to_owned(),
            })
            .collect();
        let columns = columns();
        let view = cx.format.view(&columns)?;
        cx.print_list(&view, &rows, "changes")
    }
}

/// What becomes of the meters that are named.
struct Report {
    added: BTreeSet<u32>,
    modified: BTreeSet<u32>,
    removed: BTreeSet<u32>,
    unchanged: BTreeSet<u32>,
}

impl Report {
    fn new(before: &Meters, after: &Meters, named: &BTreeSet<u32>) -> Report {
        let of = |is: &dyn Fn(Option<&MeterConfig>, Option<&MeterConfig>) -> bool| {
            let meters = named
                .iter()
                .filter(|id| is(before.get(*id), after.get(*id)));
            meters.copied().collect()
        };
        Report {
            added: of(&|before, after| before.is_none() && after.is_some()),
            modified: of(&|before, after| before.is_some() && after.is_some() && before != after),
            removed: of(&|before, after| before.is_some() && after.is_none()),
            unchanged: of(&|before, after| before.is_some() && before == after),
        }
    }
}

/// The meters of which the same became.
#[derive(Debug)]
struct MeterRow {
    change: &'static str,
    meters: Vec<u32>,
    /// How many flows the switch removed with them.
    flows: Option<u64>,
    switch: String,
}

fn report_headings() -> Vec<Heading> {
    headings(&columns())
}

fn columns() -> Vec<Column<MeterRow>> {
    vec![
        Column::new("change", |row: &MeterRow| Cell::text(row.change))
            .is(
                Shape::Words(&["added", "modified", "removed", "unchanged"]),
                "what became of the meters",
            )
            .role(ColourRole::Kind),
        Column::new("meters", |row: &MeterRow| {
            Cell::from(i64::try_from(row.meters.len()).unwrap_or(i64::MAX))
        })
        .whole("how many meters")
        .role(ColourRole::Number),
        Column::new("meter_ids", |row: &MeterRow| {
            Cell::texts(row.meters.iter().map(|meter| meter_word(*meter)))
        })
        .texts("the meters: numbers, controller, slowpath"),
        Column::new("flows", |row: &MeterRow| {
            row.flows.map_or(Cell::Absent, Cell::from)
        })
        .is(
            Shape::OrNull(&Shape::Whole),
            "how many flows the switch removes with them, because they use them; null: it removes none",
        )
        .role(ColourRole::Number),
        Column::new("switch", |row: &MeterRow| Cell::text(&row.switch))
            .is(Shape::Text, "the switch as it was named"),
    ]
}

/// The reason for an error of the switch `name` for a meter.
fn reason(error: &ErrorMessage, name: &str) -> RefusalReason {
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

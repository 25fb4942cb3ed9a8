//! `ovs meter`: meters that are written. `ovs dump-meters` reads them.

mod plan;
mod report;

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::effects::{print_effects, remark_flows};
use super::entries::{Entries, EntryMessage, EntryPlace, Sending, flows_that, none_given};
use super::switch::SwitchArg;
use super::switch_line::{LineKind, SwitchLine};
use super::{Context, Failure};
use crate::commands::about::{About, Describe as _, JsonDocument};
use crate::commands::argument::{Takes as _, Value};
use crate::openflow::actions::SwitchReference;
use crate::openflow::meter_spec::{MeterChange, MeterCommand};
use crate::source::Atomicity;

pub(super) use plan::{MeterPlan, reason};
use report::{Report, check_columns, report_headings};

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
    .document(JsonDocument::Changes("meter"))
    .remarks("\
A meter is written as in ovs-ofctl(8), \"Meter Syntax\": meter=N, or controller or slowpath for those that limit what the \
switch sends there; its unit kbps or pktps; burst; stats; then bands= with type=drop or type=dscp_remark, rate=, with burst \
burst_size=, and of dscp_remark prec_level=. Commas or blanks separate them. Meters need OpenFlow 1.3 or later.

The meters of the switch are read first. A meter that is there already is refused: mod changes it. Open vSwitch takes no \
meters in a bundle, so several are checked before and then written one after another; if the switch refuses one, those \
that it accepted stay, and the exit code is 5.

FILE has a meter a line, as dump-meters prints them, or JSON of its --json; statistics are ignored, and so is what follows a #.")
    .examples("\
ovs meter add br-int 'meter=1,kbps,burst,bands=type=drop,rate=1000,burst_size=100'
ovs meter add br-int 'meter=controller,pktps,bands=type=drop,rate=500'
ovs flow add br-int 'in_port=eth0,actions=meter:1,NORMAL'
ovs meter add br-int --file meters.txt");

const MODIFY: About = About::other()
    .list(report_headings)
    .document(JsonDocument::Changes("meter"))
    .remarks("\
A meter is written as for add, and takes the place of the one with its number; one that is the same stays as it is. A meter \
that is not there is an error with the exit code 3; --may-create adds it.")
    .examples("ovs meter mod br-int 'meter=1,kbps,bands=type=drop,rate=2000'
ovs meter mod br-int 'meter=1,kbps,bands=type=drop,rate=2000' --explain --dry-run");

const DELETE: About = About::other()
    .list(report_headings)
    .document(JsonDocument::Changes("meter"))
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

    /// The meters of a file, one a line, with comments; or JSON as dump-meters prints it; -: stdin
    #[arg(long, takes = Value::FILE)]
    file: Option<PathBuf>,

    /// Print what becomes of each meter
    #[arg(long)]
    explain: bool,
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

    /// Print what becomes of each meter
    #[arg(long)]
    explain: bool,
}

impl Command {
    /// The meters, if a line of a batch may have them; else why it may not.
    pub(super) fn line(&self) -> Result<SwitchLine<'_>, &'static str> {
        let (switch, file, explain, command, may_create) = match self {
            Command::Add(args) => {
                let Args {
                    switch,
                    file,
                    explain,
                    ..
                } = args;
                (switch, file, explain, MeterCommand::Add, false)
            }
            Command::Mod(ModifyArgs { args, may_create }) => {
                let Args {
                    switch,
                    file,
                    explain,
                    ..
                } = args;
                (switch, file, explain, MeterCommand::Modify, *may_create)
            }
            Command::Del(args) => {
                let DeleteArgs {
                    switch,
                    file,
                    explain,
                    ..
                } = args;
                (switch, file, explain, MeterCommand::Delete, false)
            }
        };
        if file.is_some() {
            return Err("--file cannot be in a batch");
        }
        if *explain {
            return Err("--explain cannot be in a batch");
        }
        let (meters, all) = match self {
            Command::Add(args) => (&args.meters, false),
            Command::Mod(args) => (&args.args.meters, false),
            Command::Del(args) => (&args.meters, args.all),
        };
        let texts = match meters.as_slice() {
            [] if all => vec![EVERY],
            [] => return Err("which meters? METER is missing; --all removes every meter"),
            meters => meters.iter().map(String::as_str).collect(),
        };
        let kind = LineKind::Meter {
            command,
            may_create,
        };
        Ok(SwitchLine {
            switch,
            kind,
            texts,
            refuses_warnings: false,
        })
    }

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
                let every = [EVERY.to_owned()];
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
                    explain: args.explain,
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
            explain: args.explain,
        };
        request.run().await
    }
}

/// Every meter, as text.
const EVERY: &str = "all";

/// What is asked of the meters of a switch.
struct MeterRequest<'a> {
    cx: &'a Context,
    switch: SwitchArg,
    entries: &'a Entries,
    command: MeterCommand,
    may_create: bool,
    explain: bool,
}

impl MeterRequest<'_> {
    async fn run(&self) -> Result<(), Failure> {
        check_columns(self.cx, self.explain)?;
        let attempt = async || Box::pin(self.attempt()).await;
        self.switch.tried_again(self.cx, attempt).await
    }

    async fn attempt(&self) -> Result<(), Failure> {
        let cx = self.cx;
        // What the text alone tells is said before anything is asked.
        let mut changes = Vec::new();
        for entry in self.entries.iter() {
            let change = MeterChange::parse(&entry.text, self.command);
            changes.push(change.map_err(|error| self.entries.wrong(entry, &error.to_string()))?);
        }
        let progress = cx.progress(&format!("{}: reading meters", self.switch.name()));
        let mut connected = self.switch.connect(cx).await?;
        let version = connected.version();
        let mut plan = MeterPlan::read(&mut connected, &self.switch).await?;
        let mut messages = Vec::new();
        let mut asked = BTreeMap::new();
        for ((index, entry), mut change) in self.entries.iter().enumerate().zip(changes) {
            asked.insert(change.meter.meter_id, entry.number);
            let applied = plan.add(&mut change, self.may_create);
            if !applied.map_err(|why| why.failure(&self.switch, self.entries, entry))? {
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
        let report = Report::new(&plan);
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
        if self.explain {
            let effects = report.effects(&plan, &asked);
            remark_flows(cx, "meters", flows);
            return print_effects(cx, "meter", self.switch.name(), &effects, 0);
        }
        report.print(cx, self.switch.name(), flows)?;
        cx.remark_dry_run();
        Ok(())
    }
}

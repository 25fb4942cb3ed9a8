//! One file per command: its arguments and its `run`.
//!
//! | item | contents |
//! |---|---|
//! | [`Context`] | the global options resolved, the database connection, printing |
//! | `about` | the declaration of a command, for the help, the manual, schemas, completion and `--watch` |
//! | [`Failure`], [`Exit`] | failures and the exit codes |
//! | `dumped` | entries that a switch dumps: a line or an object each |
//! | `entries` | groups and meters that a command is given, and their messages |
//! | `spelling` | the options for names and action styles that the dumps share |
//! | `write` | planning, writing and waiting, for every command that changes the database |
//! | `argument` | what an argument takes: the name of its value, and its completer |
//! | `host` | the facts of the switch's host, from the kernel or a file |
//! | `setting` | option values that set or unset a column or a key |
//! | `progress` | the line that shows a step that takes long |
//! | `watch` | `--watch`: a command run repeatedly, and its changes |
//! | `fleet` | a command run on several hosts at a time |
//! | `hint` | commands in hints, with the options that lead to the host |
//! | `host_run` | the run of one host of them |
//! | `missing` | names of the command line that are not found, for commands that take several |
//! | `ways` | the ways to the hosts that a command line names |
//! | `signals` | signals that a command handles itself |
//! | `capture` | the captured output of a watched command |
//! | `flow_monitors` | the flow monitors of a watched command |
//! | `reporter` | remarks and log lines on stderr |
//! | `today` | what is typed with Open vSwitch's own tools, and its counterpart |
//! | `lines` | the rows of interfaces, which several commands list |

// Doc comments in this module are help texts, where backticks would be visible. The arguments of a command
// have plain comments: its help is the doc of its variant.
#![allow(clippy::doc_markdown, missing_docs)]

pub mod about;
pub mod argument;
mod capture;
mod context;
mod dumped;
pub(crate) mod effects;
mod entries;
mod entry_file;
mod failure;
mod fleet;
mod flow_monitors;
mod flow_reading;
mod hint;
mod host;
mod host_run;
mod invented_names;
mod lines;
mod missing;
mod progress;
mod reporter;
mod services;
mod setting;
mod signals;
mod spelling;
mod switch;
mod switch_line;
pub mod today;
pub mod watch;
mod ways;
mod write;

pub mod appctl;
pub mod batch;
pub mod bond;
pub mod bridge;
pub mod check;
pub mod datapath;
pub mod db;
pub mod decode;
pub mod diff;
pub mod dump_flows;
pub mod dump_groups;
pub mod dump_meters;
pub mod dump_tables;
pub mod fdb;
pub mod flow;
pub mod graph;
pub mod group;
pub mod meter;
pub mod packet_out;
pub mod patch;
pub mod path;
pub mod port;
pub mod sandbox;
pub mod save;
pub mod show;
pub mod table;
pub mod tag;
pub mod trace;
pub mod tunnel;

pub use capture::WatchInterval;
pub use context::{Context, Options, Writing, read};
pub use failure::{Exit, Failure, quoted};
pub use host_run::{Fleet, FleetHost, not_saved};
pub(crate) use switch::{names_of_tables, numbers_of_groups, numbers_of_meters};
pub use ways::Ways;

pub(crate) use services::{mirror_headings, queue_headings};
pub(crate) use write::changed_columns;

use crate::source::Reach;
use std::process::ExitCode;

use clap::Subcommand;

use about::Purpose;

/// The commands.
// One exists per process, and one per line of a batch.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum Command {
    /// Bridges, ports, tags, patch peers and tunnels, in one view
    #[command(add = Purpose::Read)]
    Show(show::Args),
    /// Bridges: list, show, add, change, remove
    #[command(subcommand, add = Purpose::Change)]
    Bridge(bridge::Command),
    /// Ports: list, show, name to number and back
    #[command(subcommand, add = Purpose::Change)]
    Port(port::Command),
    /// Patch ports: which leads to which bridge; add, del
    #[command(subcommand, add = Purpose::Change)]
    Patch(patch::Command),
    /// VLAN tags: their ports, the VLAN configuration of a port
    #[command(subcommand, add = Purpose::Change)]
    Tag(tag::Command),
    /// Tunnels: remote addresses and keys; add, del, set
    #[command(subcommand, add = Purpose::Change)]
    Tunnel(tunnel::Command),
    /// MAC addresses: which are learned where, behind which port one is
    #[command(subcommand, add = Purpose::Read)]
    Fdb(fdb::Command),
    /// Bonds: their members, which is active, LACP
    #[command(subcommand, add = Purpose::Read)]
    Bond(bond::Command),
    /// What the datapath has: its flows, connections, ports; routes of tunnels
    #[command(subcommand, add = Purpose::Read)]
    Datapath(datapath::Command),
    /// The flows of a switch, ports by name
    #[command(add = Purpose::Flows)]
    DumpFlows(dump_flows::Args),
    /// Flows written by name: add, mod, del, replace, diff
    #[command(subcommand, add = Purpose::Flows)]
    Flow(flow::Command),
    /// The faults of the switch, with hints
    #[command(add = Purpose::Understand)]
    Check(check::Args),
    /// Many changes in one transaction: all or none
    #[command(add = Purpose::Change)]
    Batch(batch::Args),
    /// Records of any table of the database: get, list, find, set, create, wait, ...
    #[command(subcommand, add = Purpose::Change)]
    Db(db::Command),
    /// OpenFlow messages, from hex or binary to text or JSON
    #[command(add = Purpose::Understand)]
    Decode(decode::Args),
    /// The groups of a switch with their statistics, ports by name
    #[command(add = Purpose::Flows)]
    DumpGroups(dump_groups::Args),
    /// The meters of a switch with their statistics
    #[command(add = Purpose::Flows)]
    DumpMeters(dump_meters::Args),
    /// The flow tables of a switch: how many flows, how many lookups
    #[command(add = Purpose::Flows)]
    DumpTables(dump_tables::Args),
    /// Groups that are written: add, mod, del, replace, diff, ports by name
    #[command(subcommand, add = Purpose::Flows)]
    Group(group::Command),
    /// Meters that are written: add, mod, del
    #[command(subcommand, add = Purpose::Flows)]
    Meter(meter::Command),
    /// Flow tables: names, eviction, vacancy events, table miss
    #[command(subcommand, add = Purpose::Flows)]
    Table(table::Command),
    /// In what two hosts differ: saved ones, others, this one now
    #[command(add = Purpose::Understand)]
    Diff(diff::Args),
    /// Send a packet through a switch, as a controller does
    #[command(add = Purpose::Flows)]
    PacketOut(packet_out::Args),
    /// The bridges and their connections, as a picture
    #[command(add = Purpose::Read)]
    Graph(graph::Args),
    /// The path of a port: to the wire or tunnel, and to the devices behind it
    #[command(add = Purpose::Understand)]
    Path(path::Args),
    /// What the switch does with a packet, by name, and the verdict
    #[command(add = Purpose::Understand)]
    Trace(trace::Args),
    /// Any command of a daemon, as ovs-appctl sends it
    #[command(add = Purpose::Tools)]
    Appctl(appctl::Args),
    /// The host in one file, for looking at it elsewhere and later
    #[command(add = Purpose::Tools)]
    Save(save::Args),
    /// A private Open vSwitch to try things on, without root
    #[command(subcommand, add = Purpose::Tools)]
    Sandbox(sandbox::Command),
}

impl Command {
    /// Runs the command. Returns its exit code if that is not [`Exit::Done`]: `sandbox run` returns the code
    /// of its command.
    ///
    /// # Errors
    ///
    /// The command fails.
    pub async fn run(&self, cx: &Context) -> Result<ExitCode, Failure> {
        if matches!(
            (self, &cx.host.reach),
            (Command::Sandbox(_), Reach::Remote(_))
        ) {
            let message = "a sandbox runs on this host";
            return Err(Failure::new(Exit::Usage, message).hint("leave --host and --via-exec out"));
        }
        let outcome = match (cx.watch, &cx.fleet) {
            (Some(interval), _) => watch::watch(cx, self, interval).await,
            (None, Some(fleet)) => fleet::run(cx, fleet, self).await,
            // Its failures are of one of its hosts.
            (None, None) if matches!(self, Command::Diff(_)) => return self.once(cx).await,
            (None, None) => self.once(cx).await,
        };
        match outcome {
            Err(failure) => Err(failure.of_host(&cx.host).await.with_way(&cx.ways.words)),
            done => done,
        }
    }

    async fn once(&self, cx: &Context) -> Result<ExitCode, Failure> {
        match self {
            Command::Show(args) => args.run(cx).await?,
            Command::Bridge(command) => command.run(cx).await?,
            Command::Port(command) => command.run(cx).await?,
            Command::Patch(command) => command.run(cx).await?,
            Command::Tag(command) => command.run(cx).await?,
            Command::Tunnel(command) => command.run(cx).await?,
            Command::Fdb(command) => command.run(cx).await?,
            Command::Bond(command) => command.run(cx).await?,
            Command::Datapath(command) => command.run(cx).await?,
            Command::DumpFlows(args) => args.run(cx).await?,
            Command::Flow(command) => command.run(cx).await?,
            Command::Check(args) => return args.run(cx).await.map(ExitCode::from),
            Command::Batch(args) => args.run(cx).await?,
            Command::Db(command) => command.run(cx).await?,
            Command::Decode(args) => args.run(cx)?,
            Command::DumpGroups(args) => args.run(cx).await?,
            Command::DumpMeters(args) => args.run(cx).await?,
            Command::DumpTables(args) => args.run(cx).await?,
            Command::Group(command) => return command.run(cx).await.map(ExitCode::from),
            Command::Meter(command) => command.run(cx).await?,
            Command::Table(command) => command.run(cx).await?,
            Command::PacketOut(args) => args.run(cx).await?,
            Command::Diff(args) => return args.run(cx).await.map(ExitCode::from),
            Command::Graph(args) => args.run(cx).await?,
            Command::Path(args) => args.run(cx).await?,
            Command::Trace(args) => return args.run(cx).await.map(ExitCode::from),
            Command::Appctl(args) => args.run(cx).await?,
            Command::Save(args) => args.run(cx).await?,
            Command::Sandbox(command) => return Ok(run_sandbox(command, cx).await),
        }
        Ok(Exit::Done.into())
    }
}

impl Command {
    /// Whether it changes the database or a switch; a saved daemon does nothing, whatever its command.
    pub fn changes_host(&self) -> bool {
        self.on_hosts() == OnHosts::Changes && !matches!(self, Command::Appctl(_))
    }

    /// What it does on several hosts.
    fn on_hosts(&self) -> OnHosts {
        match self {
            Command::Graph(args) if args.is_picture() => OnHosts::Nothing,
            Command::Show(_)
            | Command::Fdb(_)
            | Command::Bond(_)
            | Command::Datapath(_)
            | Command::DumpFlows(_)
            | Command::DumpGroups(_)
            | Command::DumpMeters(_)
            | Command::DumpTables(_)
            | Command::Flow(flow::Command::Diff(_))
            | Command::Group(group::Command::Diff(_))
            | Command::Check(_)
            | Command::Graph(_)
            | Command::Path(_)
            | Command::Save(_)
            | Command::Trace(_) => OnHosts::Reads,
            Command::Bridge(_)
            | Command::Port(_)
            | Command::Patch(_)
            | Command::Tag(_)
            | Command::Tunnel(_)
            | Command::Db(_) => match self.change() {
                Some(_) => OnHosts::Changes,
                None => OnHosts::Reads,
            },
            // A daemon does not tell which of its commands change something.
            Command::Appctl(_)
            | Command::Flow(_)
            | Command::Group(_)
            | Command::Meter(_)
            | Command::Table(_)
            | Command::PacketOut(_)
            | Command::Batch(_) => OnHosts::Changes,
            Command::Decode(_) | Command::Diff(_) | Command::Sandbox(_) => OnHosts::Nothing,
        }
    }

    /// The change of the database, if the command makes one.
    fn change(&self) -> Option<&dyn write::DatabaseChange> {
        match self {
            Command::Bridge(bridge::Command::Change(change)) => Some(change),
            Command::Db(db) => db.change(),
            Command::Port(port::Command::Change(change)) => Some(change),
            Command::Patch(patch::Command::Change(change)) => Some(change),
            Command::Tag(tag::Command::Change(change)) => Some(change),
            Command::Tunnel(tunnel::Command::Change(change)) => Some(change),
            _ => None,
        }
    }
}

/// What a command does on several hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OnHosts {
    /// It reads.
    Reads,
    /// It changes something, or may do so: `--each` is needed.
    Changes,
    /// It does not concern a host.
    Nothing,
}

async fn run_sandbox(command: &sandbox::Command, cx: &Context) -> ExitCode {
    match sandbox::run(command, cx).await {
        Ok(code) => code.into(),
        Err(error) => {
            Failure::with(Exit::Failed, error.to_string(), error.hint()).say(cx.quiet);
            sandbox::exit_code(&error).into()
        }
    }
}

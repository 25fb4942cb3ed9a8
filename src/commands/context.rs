//! The context of a command: global options, host, database, output.

use std::io::{self, Write as _};
use std::rc::Rc;

use super::capture::{CapturedOutput, WatchInterval};
use super::hint::{HintWay, hint_with_options};
use super::host_run::{Fleet, HostRun};
use super::progress::Progress;
use super::reporter::Reporter;
use super::ways::Ways;
use super::{Exit, Failure, progress, quoted};
use crate::base::saved::NOT_IN_REPORT;
use crate::model::resolve::names_of;
use crate::model::vlan_bridge::{
    mark_ports, select_around, select_parents, select_vlan_bridges, vlan_bridges,
};
use crate::model::{Bridge, Depth, Reading, Scope, Topology, Want};
use crate::openflow::version::Versions;
use crate::output::{Format, Frame, Item, Mode, View, unknown_words};
use crate::ovsdb::Error;
use crate::source::{ControlError, Database, Host, Log as _};
use crate::unixctl::Client;

/// The global options.
#[derive(Debug)]
pub struct Options {
    /// The host, and how to reach it.
    pub host: Host,
    /// How other hosts are reached.
    pub ways: Ways,
    /// Whether the user set the time limit.
    pub limit_is_given: bool,
    /// The output format.
    pub format: Format,
    /// The OpenFlow versions to offer, if any were named.
    pub versions: Option<Versions>,
    /// The options for changes.
    pub writing: Writing,
    /// Whether stderr gets errors only.
    pub quiet: bool,
    /// Whether each step is logged to stderr.
    pub verbose: bool,
    /// `--watch`: the interval, if the command is watched.
    pub watch: Option<WatchInterval>,
    /// The hosts, if several were named; `host` is then none of them.
    pub fleet: Option<Fleet>,
}

/// The global options for changes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Writing {
    /// `--no-wait`: does not wait until ovs-vswitchd has applied the change.
    pub no_wait: bool,
    /// `--dry-run`: prints the change without making it.
    pub dry_run: bool,
    /// `--strict`: an undocumented key is an error.
    pub strict: bool,
}

/// The context of every command: the global options, resolved, and the host that they name.
#[derive(Debug)]
pub struct Context {
    /// The host, for facts of its kernel and its switches.
    pub host: Host,
    /// Its database; connects on first use.
    pub database: Database,
    /// Whether the user set the time limit.
    pub limit_is_given: bool,
    /// The output format.
    pub format: Format,
    /// The OpenFlow versions to offer, if any were named.
    pub versions: Option<Versions>,
    /// The options for changes.
    pub writing: Writing,
    /// Whether stderr gets errors only.
    pub quiet: bool,
    /// `--watch`: the interval, if the command is watched.
    pub watch: Option<WatchInterval>,
    /// The hosts, if the command is to run on several.
    pub fleet: Option<Fleet>,
    /// How other hosts are reached.
    pub(super) ways: Rc<Ways>,
    /// Whether it is one of two hosts that are compared.
    is_side: bool,
    reporter: Rc<Reporter>,
}

impl Context {
    /// Creates a context without a connection.
    pub fn new(options: Options) -> Context {
        let reporter = Rc::new(Reporter {
            quiet: options.quiet,
            verbose: options.verbose,
            capture: None,
            host: None,
        });
        let host = options.host.with_log(Rc::clone(&reporter) as Rc<_>);
        remark_saved(&reporter, &host);
        Context {
            database: Database::new(host.clone()),
            host,
            limit_is_given: options.limit_is_given,
            format: options.format,
            versions: options.versions,
            writing: options.writing,
            quiet: options.quiet,
            watch: options.watch,
            fleet: options.fleet,
            ways: Rc::new(options.ways),
            is_side: false,
            reporter,
        }
    }

    /// The same options with a new connection, for the runs of a watched command: its output is kept in a
    /// [`CapturedOutput`].
    pub(super) fn for_watching(&self) -> Context {
        let mut format = self.format.clone();
        format.palette = format.palette.apart();
        let reporter = Rc::new(Reporter {
            quiet: self.quiet,
            verbose: self.reporter.verbose,
            capture: Some(CapturedOutput::default()),
            host: None,
        });
        let host = self.host.with_log(Rc::clone(&reporter) as Rc<_>);
        Context {
            database: Database::new(host.clone()).watched(),
            host,
            format,
            watch: None,
            fleet: None,
            ways: Rc::clone(&self.ways),
            reporter,
            ..*self
        }
    }

    /// The same options for one host of several, whose output is kept in `run`; `format` is that of each host.
    pub(super) fn on_host(&self, host: &Host, format: Format, run: Rc<HostRun>) -> Context {
        let reporter = Rc::new(Reporter {
            quiet: self.quiet,
            verbose: self.reporter.verbose,
            capture: None,
            host: Some(run),
        });
        let host = host.with_log(Rc::clone(&reporter) as Rc<_>);
        remark_saved(&reporter, &host);
        Context {
            database: Database::new(host.clone()),
            host,
            format,
            watch: None,
            fleet: None,
            ways: Rc::clone(&self.ways),
            reporter,
            ..*self
        }
    }

    /// The same options for one of two hosts that are compared.
    pub(super) fn of_host(&self, host: &Host) -> Context {
        let host = host.with_log(Rc::clone(&self.reporter) as Rc<_>);
        if self.host.reach.saved().is_none() {
            remark_saved(&self.reporter, &host);
        }
        Context {
            database: Database::new(host.clone()),
            host,
            format: self.format.clone(),
            fleet: None,
            ways: Rc::clone(&self.ways),
            is_side: true,
            reporter: Rc::clone(&self.reporter),
            ..*self
        }
    }

    /// The outcome of a step on this host: if two hosts are compared, its failure names the host.
    pub(super) async fn of_side<T>(&self, outcome: Result<T, Failure>) -> Result<T, Failure> {
        match outcome {
            Err(failure) if self.is_side => Err(failure.of_host(&self.host).await),
            outcome => outcome,
        }
    }

    /// The run that this context is of, if the command runs on several hosts.
    pub(super) fn host_run(&self) -> Option<&HostRun> {
        self.reporter.host.as_deref()
    }

    /// The captured output; `None` if the command is not watched.
    pub(super) fn capture(&self) -> Option<&CapturedOutput> {
        self.reporter.capture.as_ref()
    }

    /// Begins a step that may take long: a terminal shows `what` until the returned value is dropped.
    pub(super) fn progress(&self, what: &str) -> Progress {
        let is_shown = !self.quiet && self.capture().is_none() && self.host_run().is_none();
        Progress::begin(is_shown, what)
    }

    /// Connects to the control socket of ovs-vswitchd. A watched command is repeated at its interval, since the daemon
    /// does not report changes.
    ///
    /// # Errors
    ///
    /// See [`ControlError`].
    pub async fn vswitchd(&self) -> Result<Client, ControlError> {
        if let Some(capture) = self.capture() {
            capture.asked_a_switch();
        }
        self.host.vswitchd().await
    }

    /// Reads from the database; leaves the bridge out if it does not exist. If the tags of ports are read, those
    /// that belong to VLAN bridges are marked.
    ///
    /// # Errors
    ///
    /// The database does not reply.
    pub async fn read(&self, want: Want) -> Result<Topology, Error> {
        let mut topology = read(&self.database, want).await?;
        self.mark_vlan_bridges(&mut topology).await?;
        Ok(topology)
    }

    /// As [`Context::read`], but a VLAN bridge is read as a bridge with the ports of its VLAN. The failure for a
    /// missing bridge or port suggests similar names.
    ///
    /// # Errors
    ///
    /// The database does not reply, or there is no such bridge or port.
    pub async fn topology(&self, want: Want) -> Result<Topology, Failure> {
        let topology = self.read(want.clone()).await?;
        if !topology.bridges.is_empty() {
            return Ok(topology);
        }
        match want.scope {
            Scope::All => Ok(topology),
            Scope::Bridge(ref name) => {
                let all = self.read(Want::of(Scope::All, Depth::BridgeNames)).await?;
                let fakes = self.vlan_bridges(&all.bridges, Some(name)).await?;
                match fakes.first() {
                    Some(fake) if want.depth.has_ports() => self.read_vlan_bridge(want, fake).await,
                    _ => Err(Failure::no_bridge(name, &all)),
                }
            }
            Scope::Port(name) => {
                let all = self.read(Want::of(Scope::All, Depth::PortNames)).await?;
                let names = all.bridges.iter().flat_map(names_of);
                Err(Failure::not_found("port", &name, "", names)
                    .hint("`ovs port list` lists the ports"))
            }
        }
    }

    /// The real bridge of this name in a topology with the tags of all ports; of a VLAN bridge the one that it is
    /// on, and its VLAN.
    pub(super) fn real_bridge<'t>(
        topology: &'t Topology,
        name: &str,
    ) -> Result<(&'t Bridge, Option<i64>), Failure> {
        if let Some(bridge) = topology.bridge(name) {
            return Ok((bridge, None));
        }
        let found = topology.vlan_bridge(name);
        let found = found.map(|(bridge, vid)| (bridge, Some(vid)));
        found.ok_or_else(|| Failure::no_bridge(name, topology))
    }

    /// Like [`Context::real_bridge`], where what follows is of the whole bridge: of a VLAN bridge that is said.
    pub(super) fn bridge_with_all<'t>(
        &self,
        topology: &'t Topology,
        name: &str,
    ) -> Result<&'t Bridge, Failure> {
        let (bridge, vlan) = Self::real_bridge(topology, name)?;
        if let Some(vid) = vlan {
            self.remark(&format!(
                "{} is a VLAN bridge, VLAN {vid} of {1}; what follows is about all of {1}",
                quoted(name),
                quoted(&bridge.name)
            ));
        }
        Ok(bridge)
    }

    /// The names of all bridges, sorted: of a saved host without a database those whose texts it has.
    pub(super) async fn bridge_names(&self) -> Result<Vec<String>, Failure> {
        let all = Want::of(Scope::All, Depth::BridgeNames);
        let bridges = self.topology(all).await;
        let mut names: Vec<String> = match (bridges, self.host.reach.saved()) {
            (Ok(all), _) => all.bridges.into_iter().map(|bridge| bridge.name).collect(),
            (Err(failure), Some(saved))
                if failure.is_unknown && !saved.report.switches.is_empty() =>
            {
                saved.report.switches.keys().cloned().collect()
            }
            (Err(failure), _) => return Err(failure),
        };
        names.sort_unstable();
        Ok(names)
    }

    /// The failure that no switch of this name can be asked: there is no such bridge, or it is a VLAN bridge.
    pub(super) async fn no_switch(&self, name: &str, bridges: &Topology) -> Failure {
        let fakes = match self.vlan_bridges(&bridges.bridges, Some(name)).await {
            Ok(fakes) => fakes,
            Err(error) => return error.into(),
        };
        let fake = fakes.first();
        match fake.and_then(|fake| Some((fake.parent.as_ref()?, fake.vlan?))) {
            Some((parent, vid)) => Failure::new(
                Exit::NotFound,
                format!(
                    "{} is a VLAN bridge, VLAN {vid} of {parent}: it is no switch of its own in OpenFlow",
                    quoted(name)
                ),
            )
            .hint(format!("name {parent}, which has its flows and ports")),
            None => Failure::no_bridge(name, bridges),
        }
    }

    /// Reads a VLAN bridge: like its parent, with the ports of its VLAN.
    async fn read_vlan_bridge(&self, want: Want, fake: &Bridge) -> Result<Topology, Failure> {
        let parent = fake.parent.clone().unwrap_or_default();
        let want = Want {
            scope: Scope::Bridge(parent),
            ..want.with_tags()
        };
        let mut topology = Box::pin(self.topology(want)).await?;
        for bridge in &mut topology.bridges {
            let mut of_parent = std::mem::take(bridge);
            of_parent
                .ports
                .retain(|port| port.vlan_bridge.as_deref() == Some(&fake.name));
            *bridge = Bridge {
                name: fake.name.clone(),
                uuid: fake.uuid,
                parent: fake.parent.clone(),
                vlan: fake.vlan,
                external_ids: fake.external_ids.clone(),
                port_count: fake.port_count,
                ..of_parent
            };
        }
        Ok(topology)
    }

    /// Marks the ports that belong to VLAN bridges. Where no port has a tag, this costs nothing.
    async fn mark_vlan_bridges(&self, topology: &mut Topology) -> Result<(), Error> {
        let mut ports = topology.bridges.iter().flat_map(|bridge| &bridge.ports);
        if !ports.any(|port| port.tag.is_some()) {
            return Ok(());
        }
        let fakes = self.database.select(vec![select_vlan_bridges(None)]);
        let fakes = fakes.await?.concat();
        let parents = self.database.select(select_parents(&fakes)?).await?;
        Ok(mark_ports(topology, &fakes, &parents)?)
    }

    /// Reads the VLAN bridges of these bridges; only the one of this name, if one is given.
    ///
    /// Most hosts have none, which costs one small request.
    ///
    /// # Errors
    ///
    /// The database does not reply.
    pub async fn vlan_bridges(
        &self,
        parents: &[Bridge],
        name: Option<&str>,
    ) -> Result<Vec<Bridge>, Error> {
        let fakes = self.database.select(vec![select_vlan_bridges(name)]);
        let fakes = fakes.await?.concat();
        let around = self.database.select(select_around(&fakes)?).await?;
        Ok(vlan_bridges(parents, &fakes, &around)?)
    }

    /// Writes to stdout.
    ///
    /// # Errors
    ///
    /// Stdout cannot be written.
    pub fn print(&self, text: &str) -> Result<(), Failure> {
        if let Some(capture) = self.capture() {
            capture.show(Frame::of_text(text, self.format.mode));
            return Ok(());
        }
        if let Some(run) = self.host_run() {
            run.text(text);
            return Ok(());
        }
        print(text)
    }

    /// Prints texts of `what` (`records`, in the plural), separated by `gap`.
    pub(super) fn print_items(
        &self,
        items: Vec<Item>,
        gap: &str,
        what: &str,
    ) -> Result<(), Failure> {
        if let Some(capture) = self.capture() {
            capture.show(Frame::of_items(items, what));
            return Ok(());
        }
        let texts: Vec<String> = items.into_iter().map(|item| item.text.text).collect();
        self.print(&texts.join(gap))
    }

    /// Prints a list. In table mode an empty list is stated: `no patch ports`.
    ///
    /// # Errors
    ///
    /// Stdout cannot be written.
    pub fn print_list<'r, R: 'r>(
        &self,
        view: &View<'_, R>,
        rows: impl IntoIterator<Item = &'r R>,
        what: &str,
    ) -> Result<(), Failure> {
        if let Some(capture) = self.capture() {
            capture.show(view.frame(rows, what));
            return Ok(());
        }
        if let Some(run) = self.host_run() {
            run.rows(view.frame(rows, what));
            return Ok(());
        }
        let text = view.list(rows);
        if text.is_empty() && self.format.mode == Mode::Table {
            self.remark(&format!("no {what}"));
        }
        self.print(&text)
    }

    /// Writes a remark to stderr, unless quiet.
    pub fn remark(&self, text: &str) {
        self.reporter.remark(text);
    }

    /// Remarks lines of a daemon that are not understood, at most five; `of` is what they are of.
    pub fn remark_unknown(&self, of: &str, lines: &[String]) {
        const SHOWN: usize = 5;
        for line in lines.iter().take(SHOWN) {
            self.remark(&format!("{of}: not understood: {}", line.trim()));
        }
        if let Some(more @ 1..) = lines.len().checked_sub(SHOWN) {
            self.remark(&format!("{of}: {more} more lines are not understood"));
        }
    }

    /// Refuses if one of these columns, each a `TABLE.COLUMN`, is not known of a saved host: which rows there are follows
    /// from them.
    ///
    /// # Errors
    ///
    /// One of them is not known.
    pub(super) fn needs(&self, columns: &[&str]) -> Result<(), Failure> {
        match self.format.not_saved.of(columns).as_slice() {
            [] => Ok(()),
            unknown => {
                let words: Vec<_> = unknown.iter().map(|column| unknown_words(column)).collect();
                Err(Error::NotSaved(words.join(", ")).into())
            }
        }
    }

    /// Refuses if it is not known of a saved host where the frames of its ports go.
    ///
    /// # Errors
    ///
    /// A column that tells it is not known.
    pub(super) fn needs_links(&self) -> Result<(), Failure> {
        self.needs(&[
            "Interface.type",
            "Interface.options",
            "Port.tag",
            "Port.trunks",
            "Port.vlan_mode",
        ])
    }

    /// Says which columns of the database were printed as unknown, and what else a saved host lacks.
    pub fn remark_not_saved(&self) {
        let printed = self.format.not_saved.printed();
        if !printed.is_empty() {
            self.remark(&format!("unknown: {NOT_IN_REPORT}{}", printed.join(", ")));
        }
    }

    /// Says that nothing is written, if that is so because of `--dry-run`.
    pub fn remark_dry_run(&self) {
        if self.writing.dry_run {
            self.remark("dry run: nothing is written");
        }
    }

    /// Writes a failure to stderr; the command continues.
    pub(super) fn say(&self, failure: &Failure) {
        let hint = failure.hint.as_deref();
        let hint = hint.map(|hint| hint_with_options(hint, &self.ways.words));
        let failure = Failure::with(failure.exit, &failure.message, hint);
        self.reporter.say(&failure);
    }

    /// The options that lead to this host alone, for the hints of its output.
    pub(super) fn hint_way(&self) -> HintWay<'_> {
        HintWay {
            words: match self.host_run() {
                Some(run) => &run.words,
                None => &self.ways.words,
            },
            is_saved: self.host.reach.saved().is_some(),
        }
    }

    /// Records that a change is about to be sent, for the report of several hosts.
    pub(super) fn sends_change(&self) {
        self.reporter.sends_change();
    }

    /// Logs a step to stderr, if verbose.
    pub fn tell(&self, text: &str) {
        self.reporter.detail(text);
    }
}

/// Says what is wrong with the report of a saved host, and if verbose what was not saved: a command that needs that says it
/// itself.
fn remark_saved(reporter: &Reporter, host: &Host) {
    let Some(saved) = host.reach.saved() else {
        return;
    };
    let report = &saved.report;
    for remark in &report.remarks {
        // A report that is cut off or damaged may lack what is asked for: also --quiet says so.
        if reporter.quiet {
            reporter.say(&Failure::new(Exit::Done, remark));
        } else {
            reporter.remark(remark);
        }
    }
    for missing in &report.missing {
        reporter.detail(&format!("{}: not saved: {missing}", report.name));
    }
    for secret in &report.left_out {
        reporter.detail(&format!("{}: left out: {secret}", report.name));
    }
}

/// Reads what `want` names in one consistent snapshot; if needed, first finds out which rows those are.
///
/// # Errors
///
/// The database does not reply.
pub async fn read(database: &Database, want: Want) -> Result<Topology, Error> {
    let mut reading = Reading::new(want);
    loop {
        let answers = database.tables(reading.selects()).await?;
        if let Some(topology) = reading.take(&answers)? {
            return Ok(topology);
        }
    }
}

/// Writes to stdout.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    progress::answer_begins();
    let mut stdout = io::stdout().lock();
    stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
        .map_err(|error| Failure::stdout(&error))
}

//! A command run on several hosts at a time.
//!
//! Each host has a context of its own, whose output is kept in a [`HostRun`]; [`HostsOutput`] joins them. All runs are
//! on the one thread, at most `--parallel` at a time. Lists are printed in the order in which the hosts were named, with
//! `--output jsonl` and reports of changes as the hosts come.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use std::rc::Rc;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use super::check::HostOfMessages;
use super::context::print;
use super::host_run::{
    Fleet, FleetHost, Hints, HostRun, MissingName, OutputPart, not_saved, say_once,
};
use super::signals::{Signal, Signals};
use super::{Command, Context, Exit, Failure, OnHosts, check};
use crate::model::check::{HostFinding, HostView};
use crate::output::{Format, HostsOutput, Mode, format_of_each};

/// Maximum number of hosts that a message names.
const NAMED: usize = 8;

/// Runs the command on every host; returns the highest of their exit codes. That a host does not have what is named
/// does not count if another one has it.
pub(super) async fn run(
    cx: &Context,
    fleet: &Fleet,
    command: &Command,
) -> Result<ExitCode, Failure> {
    let changes = is_change(cx, fleet, command)?;
    let mut signals = if changes && !cx.writing.dry_run {
        Signals::that_end()
    } else {
        Signals::none()
    };
    let format = format_of_each(&cx.format);
    let mut answers = Answers::new(cx, fleet, changes);
    let progress = cx.progress(&answers.progress());
    let mut hosts = fleet.hosts.iter().enumerate();
    let mut running = FuturesUnordered::new();
    loop {
        while running.len() < fleet.parallel
            && let Some((number, listed)) = hosts.next()
        {
            let run = Rc::new(HostRun::new(listed, Rc::clone(&answers.hints)));
            answers.runs.push(Rc::clone(&run));
            running.push(one(cx, number, listed, command, &format, run));
        }
        tokio::select! {
            answer = running.next() => match answer {
                Some(answer) => answers.add(answer)?,
                None => break,
            },
            signal = signals.next() => if let Signal::Ends(exit) = signal {
                return answers.interrupted(exit);
            },
        }
        progress.say(|| answers.progress());
    }
    drop(progress);
    if let Command::Check(args) = command {
        answers.between(args, &format)?;
    }
    answers.finish()
}

/// Whether the command is a change of the hosts.
///
/// # Errors
///
/// It cannot run on several hosts, or only with `--each`.
fn is_change(cx: &Context, fleet: &Fleet, command: &Command) -> Result<bool, Failure> {
    let usage = |message: String| Failure::new(Exit::Usage, message);
    match command.on_hosts() {
        OnHosts::Nothing => {
            let is_saved = fleet.hosts.iter().any(FleetHost::is_saved);
            let (message, hint) = match command {
                Command::Diff(_) => (
                    "diff compares two hosts, which A and B name",
                    "leave --host and --hosts out: A and B are also host:NAME",
                ),
                Command::Graph(_) => (
                    "a picture is of one host",
                    "without --format, or with --format text, each host has its own",
                ),
                Command::Sandbox(_) if is_saved => (
                    "a sandbox replays one saved host, these are several",
                    "leave all but one --from out",
                ),
                _ => (
                    "this command does not concern a host",
                    "leave --host, --hosts and all but one --from out",
                ),
            };
            Err(usage(message.to_owned()).hint(hint))
        }
        OnHosts::Changes
            if command.changes_host() && fleet.hosts.iter().any(FleetHost::is_saved) =>
        {
            Err(usage("a saved host is not changed".to_owned()))
        }
        OnHosts::Changes if !cx.writing.dry_run && !fleet.each => Err(usage(format!(
            "this changes something on {}",
            counted(fleet.hosts.len())
        ))
        .hint("--each makes the change on each of them; --dry-run shows it")),
        OnHosts::Changes => Ok(true),
        OnHosts::Reads => Ok(false),
    }
}

/// The outcome of the command on one host.
struct HostOutcome {
    /// The host's index.
    number: usize,
    run: Rc<HostRun>,
    outcome: Result<ExitCode, Failure>,
}

/// What is known of a host that has answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HostState {
    Done,
    /// Exit code 5.
    NotApplied,
    /// Exit code 6.
    Unknown,
    Failed,
}

async fn one(
    cx: &Context,
    number: usize,
    listed: &FleetHost,
    command: &Command,
    format: &Format,
    run: Rc<HostRun>,
) -> HostOutcome {
    let outcome = match listed.open().await {
        Ok(host) => {
            let format = Format {
                not_saved: not_saved(&host),
                ..format.clone()
            };
            let cx = cx.on_host(&host, format, Rc::clone(&run));
            let outcome = Box::pin(command.once(&cx)).await;
            cx.remark_not_saved();
            match outcome {
                Err(failure) => {
                    let failure = failure.with_last_words(&cx.host).await;
                    Err(failure.with_way(&cx.ways.words))
                }
                done => done,
            }
        }
        // The host is not reached; that is not an object on it which is not found.
        Err(failure) => Err(Failure {
            exit: Exit::Unreachable,
            ..failure
        }),
    };
    HostOutcome {
        number,
        run,
        outcome,
    }
}

/// The answers of the hosts so far.
struct Answers<'c> {
    cx: &'c Context,
    hosts: &'c [FleetHost],
    changes: bool,
    output: HostsOutput<'c>,
    hints: Rc<Hints>,
    /// The runs of the hosts that were begun: the first ones.
    runs: Vec<Rc<HostRun>>,
    /// The state of each host; `None`: it has not answered.
    states: Vec<Option<HostState>>,
    /// The output of hosts that comes after that of hosts which have not answered, by index.
    waiting: BTreeMap<usize, Vec<OutputPart>>,
    /// The index of the host whose output is printed next.
    next: usize,
    /// Failures that are probably caused by the command line: each is printed once, with its hosts.
    common: Vec<(usize, Failure)>,
    /// Names that hosts do not have, of commands that take several: those hosts have answered.
    missing: Vec<(usize, MissingName)>,
    /// Whether a host has printed anything; and what their lists are of (`ports`), if they are empty.
    is_empty: bool,
    what: Option<String>,
    /// The data for the checks between hosts, with the host's index.
    views: BTreeMap<usize, HostView>,
    /// The findings of the hosts that are printed together, each with the index of its host.
    findings: Vec<HostFinding>,
    exit: Exit,
}

impl<'c> Answers<'c> {
    fn new(cx: &'c Context, fleet: &'c Fleet, changes: bool) -> Answers<'c> {
        Answers {
            cx,
            hosts: &fleet.hosts,
            changes,
            output: HostsOutput::new(&cx.format),
            hints: Rc::default(),
            runs: Vec::new(),
            states: vec![None; fleet.hosts.len()],
            waiting: BTreeMap::new(),
            next: 0,
            common: Vec::new(),
            missing: Vec::new(),
            is_empty: true,
            what: None,
            views: BTreeMap::new(),
            findings: Vec::new(),
            exit: Exit::Done,
        }
    }

    /// Whether the hosts are changed: their reports are printed as they come.
    fn writes(&self) -> bool {
        self.changes && !self.cx.writing.dry_run
    }

    fn progress(&self) -> String {
        let answered = self.states.iter().flatten().count();
        format!("{answered} of {} have answered", counted(self.hosts.len()))
    }

    /// Takes an answer, and prints what can be printed.
    fn add(&mut self, answer: HostOutcome) -> Result<(), Failure> {
        let HostOutcome {
            number,
            run,
            outcome,
        } = answer;
        let missing = run.take_missing();
        let outcome = match outcome {
            // What else was named is printed.
            Err(_) if !missing.is_empty() => Ok(Exit::Done.into()),
            outcome => outcome,
        };
        let missing = missing.into_iter().map(|missing| (number, missing));
        self.missing.extend(missing);
        let exit = match &outcome {
            // An unknown exit code counts as failed.
            Ok(code) => {
                let mut exits = Exit::ALL.into_iter();
                let exit = exits.find(|exit| ExitCode::from(*exit) == *code);
                exit.unwrap_or(Exit::Failed)
            }
            Err(failure) => failure.exit,
        };
        if let Some(state) = self.states.get_mut(number) {
            *state = Some(match (exit, &outcome) {
                (Exit::NotApplied, _) => HostState::NotApplied,
                (Exit::Unknown, _) => HostState::Unknown,
                (_, Ok(_)) => HostState::Done,
                (_, Err(_)) => HostState::Failed,
            });
        }
        match outcome {
            Ok(_) => self.exits(exit),
            Err(failure)
                if matches!(failure.exit, Exit::Usage | Exit::NotFound) && !failure.is_unknown =>
            {
                if self.changes {
                    self.exits(exit);
                }
                self.common.push((number, failure));
            }
            Err(failure) => {
                self.exits(exit);
                run.say(&failure, self.cx.quiet);
            }
        }
        self.views
            .extend(run.take_view().map(|view| (number, view)));
        let findings = run.take_findings().into_iter();
        self.findings.extend(findings.map(|finding| HostFinding {
            host: number,
            finding,
        }));
        self.waiting.insert(number, run.take());
        if self.writes() || self.cx.format.mode == Mode::Jsonl {
            self.next = number;
        }
        while let Some(parts) = self.waiting.remove(&self.next) {
            self.print(self.name(self.next), parts)?;
            self.next += 1;
        }
        Ok(())
    }

    fn print(&mut self, name: &str, parts: Vec<OutputPart>) -> Result<(), Failure> {
        let mut out = String::new();
        for part in parts {
            match part {
                OutputPart::Rows(frame) => {
                    self.is_empty &= frame.is_empty();
                    self.what.get_or_insert_with(|| frame.what.clone());
                    out += &self.output.rows(name, frame);
                }
                OutputPart::Text(text) => {
                    self.is_empty &= text.is_empty();
                    out += &self.output.text(name, &text);
                }
            }
        }
        if out.is_empty() { Ok(()) } else { print(&out) }
    }

    /// Prints what is wrong between the hosts; messages together with those of each host.
    fn between(&mut self, args: &check::Args, format: &Format) -> Result<(), Failure> {
        let (numbers, views): (Vec<usize>, Vec<HostView>) =
            std::mem::take(&mut self.views).into_iter().unzip();
        let (mut found, exit) = args.between(&views);
        self.exits(exit);
        found.retain_mut(|found| match numbers.get(found.host) {
            Some(number) => {
                found.host = *number;
                true
            }
            None => false,
        });
        if check::is_list(format) {
            let way = |number: usize| self.hosts.get(number).map(FleetHost::hint_way);
            for (number, rows) in check::lists(format, &found, way)? {
                self.print(self.name(number), vec![OutputPart::Rows(rows)])?;
            }
            return Ok(());
        }
        self.findings.append(&mut found);
        if self.findings.is_empty() {
            return Ok(());
        }
        self.is_empty = false;
        let hosts = self.hosts.iter();
        let hosts: Vec<HostOfMessages<'_>> = hosts
            .map(|host| HostOfMessages {
                name: &host.name,
                way: host.hint_way(),
            })
            .collect();
        print(&check::messages_of_hosts(&self.findings, &hosts, format))
    }

    fn exits(&mut self, exit: Exit) {
        if exit.code() > self.exit.code() {
            self.exit = exit;
        }
    }

    /// Prints the rest; returns the exit code.
    fn finish(mut self) -> Result<ExitCode, Failure> {
        let rest = std::mem::replace(&mut self.output, HostsOutput::new(&self.cx.format)).finish();
        if !rest.is_empty() {
            print(&rest)?;
        }
        self.say_common();
        if self.is_empty
            && self.cx.format.mode == Mode::Table
            && let Some(what) = self.what.take()
        {
            self.cx.remark(&format!("no {what}"));
        }
        let is_done = |state: &Option<HostState>| *state == Some(HostState::Done);
        if self.writes() && !self.states.iter().all(is_done) {
            self.say_which("");
        }
        Ok(self.exit.into())
    }

    /// Says the failures that may be of many hosts: each once. Of a command that reads, it is enough that one host has
    /// what is named.
    fn say_common(&mut self) {
        let common = self.not_found_anywhere();
        let mut by_message: Vec<(Failure, Vec<usize>)> = Vec::new();
        for (number, failure) in common {
            self.exits(failure.exit);
            let mut known = by_message.iter_mut();
            match known.find(|(other, _)| other.message == failure.message) {
                Some((_, numbers)) => numbers.push(number),
                None => by_message.push((failure, vec![number])),
            }
        }
        for (failure, mut numbers) in by_message {
            numbers.sort_unstable();
            let message = if numbers.len() == self.hosts.len() {
                failure.message.clone()
            } else {
                format!("{}: {}", self.names(&numbers), failure.message)
            };
            say_once(&message, &failure, &self.hints, self.cx.quiet);
        }
    }

    /// Takes the failures that may be of many hosts, without those for what another host has.
    fn not_found_anywhere(&mut self) -> Vec<(usize, Failure)> {
        let states = self.states.iter().enumerate();
        let done: Vec<usize> = states
            .filter(|(_, state)| !self.changes && **state == Some(HostState::Done))
            .map(|(number, _)| number)
            .collect();
        let common = std::mem::take(&mut self.common).into_iter();
        let mut failures: Vec<(usize, Failure, bool)> = common
            .map(|(number, failure)| {
                let is_found = failure.exit == Exit::NotFound && !done.is_empty();
                (number, failure, is_found)
            })
            .collect();
        let missing = std::mem::take(&mut self.missing);
        let mut missed_by: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        for (number, missing) in &missing {
            let by = missed_by.entry(missing.name.clone()).or_default();
            by.insert(*number);
        }
        failures.extend(missing.into_iter().map(|(number, missing)| {
            let missed_by = missed_by.get(&missing.name);
            let is_missed = |host: &usize| missed_by.is_some_and(|by| by.contains(host));
            let is_found = !done.iter().all(is_missed);
            (number, missing.failure, is_found)
        }));
        for (number, failure, _) in failures.iter().filter(|(.., is_found)| *is_found) {
            self.cx
                .tell(&format!("{}: {}", self.name(*number), failure.message));
        }
        let failures = failures.into_iter().filter(|(.., is_found)| !is_found);
        failures
            .map(|(number, failure, _)| (number, failure))
            .collect()
    }

    /// Says on which hosts the change is made.
    fn say_which(&self, before: &str) {
        let of = |state: Option<HostState>| -> Vec<usize> {
            let hosts = self.states.iter().enumerate();
            let hosts = hosts.filter(|(_, other)| **other == state);
            hosts.map(|(number, _)| number).collect()
        };
        // Until a change is sent to a host nothing can have happened there.
        let is_sent = |number: &usize| {
            let run = self.runs.get(*number);
            run.is_some_and(|run| run.is_change_sent())
        };
        let (sent, rest): (Vec<usize>, Vec<usize>) = of(None).into_iter().partition(is_sent);
        let parts = [
            ("done on", of(Some(HostState::Done))),
            ("written, not applied on", of(Some(HostState::NotApplied))),
            ("outcome unknown on", of(Some(HostState::Unknown))),
            ("failed on", of(Some(HostState::Failed))),
            ("begun, outcome unknown, on", sent),
            ("not begun on", rest),
        ];
        let parts = parts.iter().filter(|(_, hosts)| !hosts.is_empty());
        let parts = parts.map(|(what, hosts)| format!("{what} {}", self.names(hosts)));
        let message = parts.collect::<Vec<_>>().join("; ");
        Failure::new(Exit::Failed, format!("{before}{message}")).say(true);
    }

    /// Says what is done when a signal ends the command.
    fn interrupted(mut self, exit: Exit) -> Result<ExitCode, Failure> {
        let word = match exit {
            Exit::Interrupted => "interrupted: ",
            _ => "terminated: ",
        };
        self.say_common();
        self.say_which(word);
        let rest = self.output.finish();
        if !rest.is_empty() {
            print(&rest)?;
        }
        Ok(exit.into())
    }

    fn name(&self, number: usize) -> &'c str {
        self.hosts.get(number).map_or("", |host| &host.name)
    }

    /// `a, b and 5 others`
    fn names(&self, numbers: &[usize]) -> String {
        let shown = if numbers.len() > NAMED + 1 {
            NAMED
        } else {
            numbers.len()
        };
        let names = numbers.iter().take(shown).map(|number| self.name(*number));
        let names = names.collect::<Vec<_>>().join(", ");
        match numbers.len() - shown {
            0 => names,
            others => format!("{names} and {others} others"),
        }
    }
}

/// `1 host`, `40 hosts`
fn counted(hosts: usize) -> String {
    let plural = if hosts == 1 { "" } else { "s" };
    format!("{hosts} host{plural}")
}

//! Several hosts, and the run of a command on one of them: its output is kept, and lines on stderr begin with its name.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fmt;
use std::rc::Rc;

use super::hint::HintWay;
use super::{Exit, Failure};
use crate::model::check::{Finding, HostView};
use crate::output::{Frame, NotSaved};
use crate::source::Host;
use crate::source::saved::{Report, SavedHost, UnknownColumns};

/// Several hosts.
#[derive(Debug)]
pub struct Fleet {
    /// The hosts, in the order in which they were named.
    pub hosts: Vec<FleetHost>,
    /// The maximum number of hosts at a time.
    pub parallel: usize,
    /// `--each`: changes are made on each of them.
    pub each: bool,
}

/// One of several hosts.
pub struct FleetHost {
    /// Its name, as it was named.
    pub name: String,
    /// The options that lead to it alone, as a shell reads them, for hints.
    pub words: String,
    /// The host, until the command starts on it; the connections to it end with the command.
    way: Cell<Option<HostWay>>,
    is_saved: bool,
}

enum HostWay {
    /// Its sockets are reached.
    Reached(Host),
    /// The files that were saved of it: opened when the command starts on it.
    Saved(Vec<String>),
}

impl FleetHost {
    /// A host by this name, to which these options lead.
    pub fn new(name: String, words: String, host: Host) -> FleetHost {
        FleetHost {
            name,
            words,
            way: Cell::new(Some(HostWay::Reached(host))),
            is_saved: false,
        }
    }

    /// A saved host by this name, in these files.
    pub fn saved(name: String, sources: Vec<String>) -> FleetHost {
        let words = sources.iter().flat_map(|source| ["--from", source]);
        FleetHost {
            words: shell_words::join(words),
            name,
            way: Cell::new(Some(HostWay::Saved(sources))),
            is_saved: true,
        }
    }

    /// The options that lead to it, for hints of its output.
    pub(super) fn hint_way(&self) -> HintWay<'_> {
        HintWay {
            words: &self.words,
            is_saved: self.is_saved,
        }
    }

    /// Whether it was saved, so that it cannot be changed.
    pub(super) fn is_saved(&self) -> bool {
        self.is_saved
    }

    /// Takes the host, once.
    ///
    /// # Errors
    ///
    /// What was saved cannot be read.
    pub(super) async fn open(&self) -> Result<Host, Failure> {
        match self.way.take() {
            Some(HostWay::Reached(host)) => Ok(host),
            // Decompressing takes its time; the other hosts go on.
            Some(HostWay::Saved(sources)) => {
                let opened = tokio::task::spawn_blocking(move || Report::open(&sources)).await;
                let report =
                    opened.map_err(|error| Failure::new(Exit::Failed, error.to_string()))?;
                Ok(Host::saved(SavedHost::new(report?)))
            }
            None => Err(Failure::new(Exit::Failed, "the host was opened before")),
        }
    }
}

/// What is not known of a host because it was not saved.
pub fn not_saved(host: &Host) -> NotSaved {
    let Some(saved) = host.reach.saved() else {
        return NotSaved::default();
    };
    let columns = match saved.not_saved() {
        UnknownColumns::These(columns) => NotSaved::new(columns),
        UnknownColumns::AllBut(columns) => NotSaved::all_but(columns),
    };
    columns.with_secrets(!saved.report.left_out.is_empty())
}

impl fmt::Debug for FleetHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FleetHost").field(&self.name).finish()
    }
}

/// The run of one host.
#[derive(Debug)]
pub(super) struct HostRun {
    /// The host's name.
    pub(super) name: String,
    /// The options that lead to it alone.
    pub(super) words: String,
    hints: Rc<Hints>,
    parts: RefCell<Vec<OutputPart>>,
    view: RefCell<Option<HostView>>,
    findings: RefCell<Vec<Finding>>,
    missing: RefCell<Vec<MissingName>>,
    is_change_sent: Cell<bool>,
}

/// A name of the command line that was not found on a host.
#[derive(Debug)]
pub(super) struct MissingName {
    pub(super) name: String,
    pub(super) failure: Failure,
}

impl MissingName {
    /// This name, with the failure that says so, whose exit code is [`Exit::NotFound`].
    pub(super) fn new(name: &str, failure: Failure) -> MissingName {
        MissingName {
            name: name.to_owned(),
            failure: Failure {
                exit: Exit::NotFound,
                ..failure
            },
        }
    }
}

/// The hints that were printed, of any host: each is printed once.
pub(super) type Hints = RefCell<BTreeSet<String>>;

/// A part of the output of a host.
#[derive(Debug)]
pub(super) enum OutputPart {
    /// A list.
    Rows(Frame),
    /// What is printed otherwise.
    Text(String),
}

impl HostRun {
    /// A run without output; `hints` are shared by all hosts.
    pub(super) fn new(host: &FleetHost, hints: Rc<Hints>) -> HostRun {
        HostRun {
            name: host.name.clone(),
            words: host.words.clone(),
            hints,
            parts: RefCell::default(),
            view: RefCell::default(),
            findings: RefCell::default(),
            missing: RefCell::default(),
            is_change_sent: Cell::default(),
        }
    }

    /// Keeps a list.
    pub(super) fn rows(&self, frame: Frame) {
        self.parts.borrow_mut().push(OutputPart::Rows(frame));
    }

    /// Keeps a text, together with the text before it.
    pub(super) fn text(&self, text: &str) {
        let mut parts = self.parts.borrow_mut();
        match parts.last_mut() {
            Some(OutputPart::Text(before)) => before.push_str(text),
            _ => parts.push(OutputPart::Text(text.to_owned())),
        }
    }

    /// Keeps the data for the checks between hosts.
    pub(super) fn keep_view(&self, view: HostView) {
        self.view.replace(Some(view));
    }

    /// Takes the data for the checks between hosts, if the command keeps it.
    pub(super) fn take_view(&self) -> Option<HostView> {
        self.view.take()
    }

    /// Keeps findings, which are printed together with those of the other hosts.
    pub(super) fn finds(&self, findings: &[Finding]) {
        self.findings.borrow_mut().extend_from_slice(findings);
    }

    /// Takes the findings.
    pub(super) fn take_findings(&self) -> Vec<Finding> {
        self.findings.take()
    }

    /// Keeps a name that was not found; the command has printed what was.
    pub(super) fn misses(&self, missing: MissingName) {
        self.missing.borrow_mut().push(missing);
    }

    /// Takes the names that were not found.
    pub(super) fn take_missing(&self) -> Vec<MissingName> {
        self.missing.take()
    }

    /// Records that a change is sent to the host.
    pub(super) fn sends_change(&self) {
        self.is_change_sent.set(true);
    }

    /// Whether a change was sent to the host, or begun to be.
    pub(super) fn is_change_sent(&self) -> bool {
        self.is_change_sent.get()
    }

    /// Takes the output.
    pub(super) fn take(&self) -> Vec<OutputPart> {
        self.parts.take()
    }

    /// Writes a failure of the host to stderr.
    pub(super) fn say(&self, failure: &Failure, quiet: bool) {
        say_once(
            &format!("{}: {}", self.name, failure.message),
            failure,
            &self.hints,
            quiet,
        );
    }
}

/// Writes a failure with this message to stderr; its hint unless it was printed before.
pub(super) fn say_once(message: &str, failure: &Failure, hints: &Hints, quiet: bool) {
    if failure.message.is_empty() {
        return;
    }
    let is_new = |hint: &String| hints.borrow_mut().insert(hint.clone());
    Failure::with(
        failure.exit,
        message.to_owned(),
        failure.hint.clone().filter(is_new),
    )
    .say(quiet);
}

//! The flows that a command is given: as arguments, or in a file.

use std::fmt;
use std::path::Path;

use crate::commands::entries::refuse_file;
use crate::commands::entry_file::{EntryFile, EntryLine, EntryLines};
use crate::commands::switch::{FIELDS_HINT, SwitchArg};
use crate::commands::{Exit, Failure, quoted};
use crate::model::names::{PortNames, SwitchNames};
use crate::openflow::actions::SwitchReference;
use crate::openflow::fields::{ParseError, ParseErrorKind};
use crate::openflow::flow_change::FlowChange;
use crate::openflow::messages::flow_mod::FlowCommand;
use crate::openflow::text::reserved_port;
use crate::openflow::version::Version;

/// Maximum number of characters of a flow in a message.
const SHOWN: usize = 200;

/// Maximum number of warnings of single flows that are kept.
const MAX_WARNINGS: usize = 20;

/// Where the flows come from.
#[derive(Debug)]
pub(super) enum FlowInput<'a> {
    /// The command line.
    Arguments(&'a [String]),
    /// A file, or stdin.
    File(EntryFile<'a>),
}

/// The flows of an input, one after another.
pub(super) enum FlowsGiven<'i> {
    Arguments(std::iter::Zip<std::ops::RangeFrom<usize>, std::slice::Iter<'i, String>>),
    File(EntryLines<'i>),
}

impl<'a> FlowInput<'a> {
    /// The flows of the file if one is named, else those of the command line.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is too large; or an argument is a file.
    pub(super) fn open(flows: &'a [String], file: Option<&'a Path>) -> Result<Self, Failure> {
        if let Some(path) = file {
            return Ok(FlowInput::File(EntryFile::open(path)?));
        }
        for flow in flows {
            refuse_file("flow", flow)?;
        }
        Ok(FlowInput::Arguments(flows))
    }

    /// The flows.
    ///
    /// # Errors
    ///
    /// The file cannot be opened.
    pub(super) fn flows(&self) -> Result<FlowsGiven<'_>, Failure> {
        Ok(match self {
            FlowInput::Arguments(flows) => FlowsGiven::Arguments((1..).zip(flows.iter())),
            FlowInput::File(file) => FlowsGiven::File(file.lines()?),
        })
    }

    /// Whether there are at least `count` flows.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub(super) fn has(&self, count: usize) -> Result<bool, Failure> {
        let mut flows = self.flows()?;
        for _ in 0..count {
            if flows.next_flow()?.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The place of a flow, for a message: `flows.txt, line 17`.
    pub(super) fn place(&self, number: usize) -> String {
        match self {
            FlowInput::Arguments(_) => format!("FLOW {number}"),
            FlowInput::File(file) => format!("{}, line {number}", file.name()),
        }
    }

    /// The flow with this number.
    pub(super) fn text_of(&self, number: usize) -> Option<String> {
        match self {
            FlowInput::Arguments(flows) => {
                let flow = flows.get(number.checked_sub(1)?)?;
                Some(flow.clone())
            }
            FlowInput::File(file) => file.text_of(number),
        }
    }

    /// A failure with a flow: in a file its place, the reason and the flow.
    pub(super) fn wrong(&self, number: usize, text: &str, reason: &str) -> Failure {
        // A flow on the command line that cannot be read is an error of usage.
        let exit = match self {
            FlowInput::Arguments(_) => Exit::Usage,
            FlowInput::File(_) => Exit::Failed,
        };
        Failure::new(exit, self.message(number, text, reason))
    }

    /// The failure of a flow that is malformed, with what to do where that is known.
    pub(super) fn hinted(&self, failure: Failure, error: &ParseError) -> Failure {
        let is_split = matches!(self, FlowInput::Arguments([_, rest @ ..])
            if rest.iter().any(|flow| flow.starts_with("action")));
        match &error.kind {
            _ if is_split => failure.hint("a flow is one argument: quote it if it has blanks"),
            ParseErrorKind::UnknownField { .. } => failure.hint(FIELDS_HINT),
            _ => failure,
        }
    }

    /// The place, the reason and the flow.
    pub(super) fn message(&self, number: usize, text: &str, reason: &str) -> String {
        // The only flow of a command line needs no place.
        if matches!(self, FlowInput::Arguments([_])) {
            return reason.to_owned();
        }
        let place = self.place(number);
        // The reason may quote the flow, or its beginning.
        let head: String = text.chars().take(60).collect();
        let head = quoted(&head);
        let is_seen = reason.starts_with(head.strip_suffix('"').unwrap_or(&head));
        if is_seen || text.is_empty() {
            return format!("{place}: {reason}");
        }
        let mut shown: String = text.chars().take(SHOWN).collect();
        if shown.len() < text.len() {
            shown.push('…');
        }
        format!("{place}: {reason}; the flow is {}", quoted(&shown))
    }
}

impl FlowsGiven<'_> {
    /// The next flow; the number of one of the command line is its place there, from 1.
    ///
    /// # Errors
    ///
    /// As [`EntryLines::next_entry`].
    pub(super) fn next_flow(&mut self) -> Result<Option<EntryLine<'_>>, Failure> {
        match self {
            FlowsGiven::Arguments(flows) => Ok(flows
                .next()
                .map(|(number, flow)| EntryLine { number, text: flow })),
            FlowsGiven::File(lines) => lines.next_entry(),
        }
    }
}

/// Reads flows with the names of a switch.
#[derive(Debug)]
pub(super) struct FlowReader<'a> {
    pub(super) input: &'a FlowInput<'a>,
    pub(super) switch: &'a SwitchArg,
    pub(super) names: &'a SwitchNames,
    /// What a flow without a word of its own is for.
    pub(super) command: FlowCommand,
    /// Whether the flows of a file may begin with the word of another command.
    pub(super) is_mixed: bool,
    pub(super) version: Version,
    /// Whether a warning is an error.
    pub(super) refuses_warnings: bool,
    pub(super) warnings: Warnings,
}

/// The warnings of all flows.
#[derive(Debug, Default)]
pub(super) struct Warnings {
    pub(super) first: Vec<String>,
    pub(super) count: usize,
}

impl Warnings {
    pub(super) fn add(&mut self, text: impl FnOnce() -> String) {
        if self.first.len() < MAX_WARNINGS {
            self.keep(text());
        } else {
            self.count += 1;
        }
    }

    /// Adds a warning of which there are few.
    pub(super) fn keep(&mut self, text: String) {
        self.count += 1;
        self.first.push(text);
    }
}

impl FlowReader<'_> {
    /// Reads a flow.
    ///
    /// # Errors
    ///
    /// The flow is malformed, names what is not there, or this version cannot carry it.
    pub(super) fn read(&mut self, line: EntryLine<'_>) -> Result<FlowChange, Failure> {
        let change = self.parse(line)?;
        for warning in &change.warnings {
            self.warn(line, warning)?;
        }
        self.warn_of_ports(line, &change)?;
        Ok(change)
    }

    /// Reads a flow without warning of anything.
    ///
    /// # Errors
    ///
    /// As [`FlowReader::read`].
    pub(super) fn parse(&self, line: EntryLine<'_>) -> Result<FlowChange, Failure> {
        let EntryLine { number, text, .. } = line;
        let change = FlowChange::parse(text, self.command, self.names, self.version);
        let change = change.map_err(|error| self.malformed(line, &error))?;
        if !self.is_mixed && family(change.command) != family(self.command) {
            let reason = "it begins with the word of another command, which only a file of `flow add` may have";
            return Err(self.input.wrong(number, text, reason));
        }
        Ok(change)
    }

    /// Reads the flow with this number once more, for another command.
    ///
    /// # Errors
    ///
    /// As [`FlowReader::read`].
    pub(super) fn read_again(
        &mut self,
        number: usize,
        command: FlowCommand,
    ) -> Result<FlowChange, Failure> {
        let text = self.input.text_of(number).unwrap_or_default();
        let line = EntryLine {
            number,
            text: &text,
        };
        FlowChange::parse(&text, command, self.names, self.version)
            .map_err(|error| self.malformed(line, &error))
    }

    fn malformed(&self, line: EntryLine<'_>, error: &ParseError) -> Failure {
        let named = self.switch.unresolved(error, self.names);
        let Some(named) = named else {
            let failure = self.input.wrong(line.number, line.text, &error.to_string());
            return self.input.hinted(failure, error);
        };
        let exit = match self.input {
            FlowInput::Arguments(_) => named.exit,
            FlowInput::File(_) => Exit::Failed,
        };
        Failure::with(
            exit,
            self.input.message(line.number, line.text, &named.message),
            named.hint,
        )
    }

    /// Warns of the numbers of ports that the switch does not have; it accepts them.
    fn warn_of_ports(&mut self, line: EntryLine<'_>, change: &FlowChange) -> Result<(), Failure> {
        for text in absent_ports(self.switch.name(), &self.names.ports, change) {
            self.warn(line, &text)?;
        }
        Ok(())
    }

    fn warn(&mut self, line: EntryLine<'_>, warning: &dyn fmt::Display) -> Result<(), Failure> {
        let input = self.input;
        self.warn_with(|| input.message(line.number, line.text, &warning.to_string()))
    }

    /// Warns of the flow with this number, however many warnings there are.
    ///
    /// # Errors
    ///
    /// Warnings are errors.
    pub(super) fn warn_of(&mut self, number: usize, warning: &str) -> Result<(), Failure> {
        let text = self.input.text_of(number).unwrap_or_default();
        let message = self.input.message(number, &text, warning);
        if self.refuses_warnings {
            return Err(self.refused(message));
        }
        self.warnings.keep(message);
        Ok(())
    }

    fn warn_with(&mut self, message: impl FnOnce() -> String) -> Result<(), Failure> {
        if self.refuses_warnings {
            return Err(self.refused(message()));
        }
        self.warnings.add(message);
        Ok(())
    }

    /// The failure where warnings are errors.
    fn refused(&self, message: String) -> Failure {
        let option = match self.command {
            FlowCommand::Add => "--strict",
            _ => "--warnings-as-errors",
        };
        Failure::new(Exit::Failed, message).hint(format!(
            "this is a warning: without {option} the flow is written"
        ))
    }
}

/// The warnings of numbers of ports that a switch with these ports does not have; none if they are not known.
pub(in crate::commands) fn absent_ports(
    switch: &str,
    ports: &PortNames,
    change: &FlowChange,
) -> Vec<String> {
    if ports.is_empty() {
        return Vec::new();
    }
    let is_absent = |port: u32| reserved_port(port).is_none() && !ports.has(port);
    let (mut matched, mut absent) = (None, None);
    change.references(&mut |reference| match reference {
        SwitchReference::InPort(port) if is_absent(port) => matched = matched.or(Some(port)),
        SwitchReference::Output(port) if is_absent(port) => absent = absent.or(Some(port)),
        _ => {}
    });
    let found = [(matched, "names"), (absent, "sends to")].into_iter();
    let warnings = found.filter_map(|(port, what)| {
        let port = port?;
        Some(format!(
            "it {what} port {port}, which {switch} does not have"
        ))
    });
    warnings.collect()
}

/// The command without regard to how strictly flows are matched.
fn family(command: FlowCommand) -> FlowCommand {
    match command {
        FlowCommand::ModifyStrict => FlowCommand::Modify,
        FlowCommand::DeleteStrict => FlowCommand::Delete,
        command => command,
    }
}

/// Whether the command deletes.
pub(super) fn is_deletion(command: FlowCommand) -> bool {
    matches!(command, FlowCommand::Delete | FlowCommand::DeleteStrict)
}

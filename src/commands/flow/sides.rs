//! What is compared: the flows of a switch, or those of a file.

use std::path::Path;

use super::comparison::{Comparison, SideSpelling};
use super::input::{FlowInput, FlowReader, Warnings};
use crate::base::shell::word;
use crate::commands::entry_file::{EntryLine, names_file};
use crate::commands::invented_names::InventedNames;
use crate::commands::switch::SwitchArg;
use crate::commands::{Context, Exit, Failure};
use crate::model::names::SwitchNames;
use crate::openflow::fields::{Filter, ParseErrorKind};
use crate::openflow::flow_change::FlowChange;
use crate::openflow::flow_entry::FlowEntry;
use crate::openflow::flow_set::{FlowSet, FlowSetError};
use crate::openflow::messages::flow_mod::FlowCommand;
use crate::openflow::messages::flow_stats::FlowStats;
use crate::openflow::repeats::Repeats;
use crate::openflow::text::{PortSpelling, Style};
use crate::openflow::version::Version;
use crate::output::PaintedText;
use crate::source::Switch;

/// A side of a comparison as it was named.
#[derive(Debug)]
pub(super) enum Side<'a> {
    Switch(SwitchArg),
    File(FlowInput<'a>),
}

impl<'a> Side<'a> {
    /// A switch or a file: see [`names_file`].
    ///
    /// # Errors
    ///
    /// As [`names_file`], or the file cannot be read.
    pub(super) async fn open(cx: &Context, text: &'a str) -> Result<Side<'a>, Failure> {
        if !names_file(cx, text).await? {
            return Ok(Side::Switch(SwitchArg::parse(cx, text)?));
        }
        let path = Path::new(text);
        Ok(Side::File(FlowInput::open(&[], Some(path))?))
    }
}

/// A switch that is connected, with the names of its ports and tables.
#[derive(Debug)]
pub(super) struct NamedSwitch<'a> {
    pub(super) arg: &'a SwitchArg,
    pub(super) session: Switch,
    pub(super) names: SwitchNames,
}

impl<'a> NamedSwitch<'a> {
    /// Connects, and reads the names.
    ///
    /// # Errors
    ///
    /// The switch or the database does not reply.
    pub(super) async fn open(cx: &Context, arg: &'a SwitchArg) -> Result<NamedSwitch<'a>, Failure> {
        arg.prepare(cx).await?;
        let open = Box::pin(async {
            let session = arg.connect(cx).await?;
            let tables = arg.told_tables(cx, session.allowed()).await;
            Ok::<_, Failure>((session, tables))
        });
        let (names, opened) = tokio::join!(Box::pin(arg.names(cx)), open);
        let (session, tables) = opened?;
        let names = names?.with_told(&tables);
        Ok(NamedSwitch {
            arg,
            session,
            names,
        })
    }

    /// Requests the flows; [`NamedSwitch::each`] returns them.
    ///
    /// # Errors
    ///
    /// The connection has ended.
    pub(super) async fn ask(&mut self, filter: &Filter) -> Result<(), Failure> {
        let asked = self.session.ask_flows(filter, true).await;
        asked.map_err(|error| self.arg.failure(error))
    }

    /// Passes each flow to `take`.
    ///
    /// # Errors
    ///
    /// That of `take`; the connection fails, or a flow is malformed.
    pub(super) async fn each(
        &mut self,
        mut take: impl FnMut(&FlowStats<'_>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut failure = None;
        let read = self.session.asked_flows(|flow| {
            if failure.is_none() {
                failure = take(flow).err();
            }
        });
        let malformed = read.await.map_err(|error| self.arg.failure(error))?;
        if let Some(failure) = failure {
            return Err(failure);
        }
        let Some(error) = malformed else {
            return Ok(());
        };
        let name = self.arg.name();
        let message = format!("{name}: malformed flow: {error}");
        let hint = format!("`ovs dump-flows {}` shows it up to there", word(name));
        Err(Failure::new(Exit::Failed, message).hint(hint))
    }
}

/// The failure for a flow of a dump that cannot be compared.
pub(super) fn unusable(
    switch: &NamedSwitchNames<'_>,
    flow: &FlowEntry<'_>,
    error: &FlowSetError,
    comparison: &mut Comparison,
) -> Failure {
    let name = switch.name;
    let FlowSetError::Twice(_) = error else {
        return Failure::new(Exit::Failed, format!("{name}: {error}"));
    };
    let text = |entry: FlowEntry<'_>| {
        let mut out = PaintedText::default();
        let spelling = SideSpelling {
            names: switch.names,
            ports: PortSpelling::Name,
            style: Style::Classic,
        };
        // What is malformed was refused before.
        let _ = spelling.text(entry, &mut Repeats::default(), &mut out);
        out.text
    };
    let same = comparison.others.find_same(flow);
    let same = same.or_else(|| comparison.base.find_same(flow));
    let first = same.and_then(|same| same.entry().ok()).map(text);
    let message = format!(
        "{name} has two flows that {} cannot distinguish: {} and {}",
        flow.actions.version(),
        first.unwrap_or_default(),
        text(flow.clone())
    );
    Failure::new(Exit::Failed, message)
        .hint("only OpenFlow 1.0 transmits whole masks of vlan_tci: -O OpenFlow10")
}

/// A switch in messages.
#[derive(Debug, Clone, Copy)]
pub(super) struct NamedSwitchNames<'a> {
    pub(super) name: &'a str,
    pub(super) names: &'a SwitchNames,
}

/// Reads all flows of a file, each to be added, with its line and its text.
///
/// # Errors
///
/// That of `take` or `parse`; the file cannot be read, or has another command.
pub(super) fn each_of_file(
    file: &FlowInput<'_>,
    mut parse: impl FnMut(EntryLine<'_>) -> Result<FlowChange, Failure>,
    mut take: impl FnMut(&FlowEntry<'_>, u32) -> Result<(), FileFlowError>,
) -> Result<(), Failure> {
    let mut flows = file.flows()?;
    while let Some(line) = flows.next_flow()? {
        let (number, text) = (line.number, line.text);
        let change = parse(line)?;
        let wrong = |reason: &str| file.wrong(number, text, reason);
        if change.command != FlowCommand::Add {
            return Err(wrong("it is a command; what is compared has flows only"));
        }
        let line = u32::try_from(number).unwrap_or(u32::MAX);
        let taken = change.flow.view(|entry| take(entry, line));
        let taken = taken.map_err(|error| wrong(&error.to_string()))?;
        let Some(taken) = taken else {
            return Err(wrong("OpenFlow 1.0 has no number for its input port"));
        };
        taken.map_err(|error| match error {
            FileFlowError::Set(FlowSetError::Twice(first)) => wrong(&format!(
                "line {first} has the same table, priority and match"
            )),
            FileFlowError::Set(error) => wrong(&error.to_string()),
            FileFlowError::Other(reason) => wrong(&reason),
        })?;
    }
    Ok(())
}

/// Why a flow of a file cannot be used.
#[derive(Debug)]
pub(super) enum FileFlowError {
    Set(FlowSetError),
    Other(String),
}

impl From<FlowSetError> for FileFlowError {
    fn from(error: FlowSetError) -> FileFlowError {
        FileFlowError::Set(error)
    }
}

/// A reader of flows to be added, with the names of a switch.
pub(super) fn reader<'r>(
    input: &'r FlowInput<'r>,
    switch: &'r SwitchArg,
    names: &'r SwitchNames,
    version: Version,
    refuses_warnings: bool,
) -> FlowReader<'r> {
    FlowReader {
        input,
        switch,
        names,
        command: FlowCommand::Add,
        is_mixed: true,
        version,
        refuses_warnings,
        warnings: Warnings::default(),
    }
}

/// Reads a file without a switch: port names stand for themselves.
///
/// # Errors
///
/// As [`each_of_file`].
pub(super) fn each_of_file_alone(
    file: &FlowInput<'_>,
    names: &InventedNames,
    version: Version,
    take: impl FnMut(&FlowEntry<'_>, u32) -> Result<(), FileFlowError>,
) -> Result<(), Failure> {
    let parse = |line: EntryLine<'_>| {
        let change = FlowChange::parse(line.text, FlowCommand::Add, names, version);
        change.map_err(|error| {
            let failure = file.wrong(line.number, line.text, &error.to_string());
            match error.kind {
                ParseErrorKind::NeedsVersion(_) => failure
                    .hint("without a switch, OpenFlow 1.5 is assumed; -O VERSION sets another"),
                _ => failure,
            }
        })
    };
    each_of_file(file, parse, take)
}

/// All flows of a switch.
///
/// # Errors
///
/// As [`NamedSwitch::each`], or two flows have one key.
pub(super) async fn all_of(
    switch: &mut NamedSwitch<'_>,
    told_by: Option<Version>,
) -> Result<FlowSet, Failure> {
    let version = switch.session.version();
    let mut comparison = Comparison::new(FlowSet::new(version, told_by), version, told_by);
    let names = switch.names.clone();
    let shown = NamedSwitchNames {
        name: switch.arg.name(),
        names: &names,
    };
    let read = switch.each(|flow| {
        let added = comparison.base.insert(flow, 0);
        added.map_err(|error| unusable(&shown, flow, &error, &mut comparison))
    });
    read.await?;
    Ok(comparison.base)
}

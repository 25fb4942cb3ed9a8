//! The lines of a batch that write flows: after the database, one bundle for each switch.

use std::cell::RefCell;
use std::collections::HashSet;

use futures_util::future::{FutureExt as _, LocalBoxFuture};

use crate::commands::flow::FlowLine;
use crate::commands::switch::{SwitchArg, offered};
use crate::commands::write::Afterwards;
use crate::commands::write::of_switch::SwitchChange;
use crate::commands::{Context, Exit, Failure};
use crate::model::names::SwitchNames;
use crate::openflow::fields::{ParseError, ParseErrorKind};
use crate::openflow::flow_change::FlowChange;
use crate::openflow::messages::flow_mod::FlowCommand;
use crate::openflow::text::NameLookup;
use crate::openflow::version::Version;
use crate::plan::report::Difference;
use crate::source::{Atomicity, Outbox, Switch, WriteError};

/// The flows of all lines, by switch, in the order of the lines.
#[derive(Debug, Default)]
pub(super) struct SwitchLines<'a> {
    switches: Vec<(&'a str, Vec<LineFlow<'a>>)>,
    made: MadeNames<'a>,
}

/// The names that the lines for the database may make.
#[derive(Debug, Default)]
struct MadeNames<'a> {
    words: HashSet<&'a str>,
    /// A line makes a port without naming it.
    any: bool,
}

/// A flow of a line.
#[derive(Debug)]
struct LineFlow<'a> {
    line: usize,
    command: FlowCommand,
    text: &'a str,
}

impl LineFlow<'_> {
    /// The change, for this version.
    fn change(&self, names: &dyn NameLookup, version: Version) -> Result<FlowChange, ParseError> {
        FlowChange::parse(self.text, self.command, names, version)
    }

    fn at(&self, message: &str) -> String {
        format!("line {}: {message}", self.line)
    }
}

/// The messages for one switch.
struct Prepared<'l> {
    switch: SwitchArg,
    session: Switch,
    flows: &'l [LineFlow<'l>],
    messages: Vec<Vec<u8>>,
}

impl<'a> SwitchLines<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.switches.is_empty()
    }

    /// Notes the words of a line for the database: it may make ports of these names.
    pub(super) fn may_make(&mut self, words: &'a [String]) {
        let unnamed = ["patch", "tunnel"];
        self.made.any |= words
            .first()
            .is_some_and(|word| unnamed.contains(&word.as_str()));
        let parts = words
            .iter()
            .flat_map(|word| word.split([',', ':', '=', '/']));
        self.made.words.extend(parts);
    }

    /// Adds the flows of a line.
    pub(super) fn add(&mut self, line: usize, flows: FlowLine<'a>) {
        let new = flows.flows.into_iter().map(|text| LineFlow {
            line,
            command: flows.command,
            text,
        });
        let known = self.switches.iter_mut();
        match known
            .into_iter()
            .find(|(switch, _)| *switch == flows.switch)
        {
            Some((_, all)) => all.extend(new),
            None => self.switches.push((flows.switch, new.collect())),
        }
    }

    /// Refuses what can be refused before anything is written: malformed flows, names that are not there and that no line
    /// makes, switches without bundles.
    pub(super) async fn check(&self, cx: &Context) -> Result<(), Failure> {
        for (name, flows) in &self.switches {
            let switch = SwitchArg::parse(cx, name)?;
            let session = switch.try_connect(cx, offered(cx)).await.ok();
            let version = session.as_ref().map(Switch::version);
            // A bridge that is not there yet has no names.
            let names = match session {
                Some(session) => switch.all_names(cx, session.allowed()).await?,
                None => SwitchNames::default(),
            };
            let known = KnownNames {
                names: &names,
                made: &self.made,
            };
            if let Some(version) = version.filter(|_| flows.len() > 1) {
                refuse_without_bundles(&switch, version)?;
            }
            for flow in flows {
                let mut versions: Vec<Version> = match version {
                    Some(version) => vec![version],
                    None => offered(cx).iter().collect(),
                };
                versions.reverse();
                let parsed = versions.iter().map(|version| flow.change(&known, *version));
                let mut error = None;
                for outcome in parsed {
                    match outcome {
                        Ok(change) if change.command != flow.command => {
                            let message = flow.at("it begins with the word of another command");
                            return Err(Failure::new(Exit::Usage, message)
                                .hint("give it a line of its own: flow add, flow mod, flow del"));
                        }
                        Ok(_) => {
                            error = None;
                            break;
                        }
                        Err(first) => error = error.or(Some(first)),
                    }
                }
                if let Some(error) = error {
                    return Err(malformed(&switch, &names, flow, &error));
                }
            }
        }
        Ok(())
    }

    /// Connects to all switches and reads the flows of all lines with their names.
    async fn prepare<'l>(&'l self, cx: &Context) -> Result<Vec<Prepared<'l>>, Failure> {
        let mut all = Vec::new();
        for (name, flows) in &self.switches {
            let switch = SwitchArg::parse(cx, name)?;
            let session = switch.connect(cx).await?;
            let version = session.version();
            if flows.len() > 1 {
                refuse_without_bundles(&switch, version)?;
            }
            let names = switch.all_names(cx, session.allowed()).await?;
            let mut messages = Vec::new();
            for flow in flows {
                let change = flow.change(&names, version);
                let change = change.map_err(|error| malformed(&switch, &names, flow, &error))?;
                for warning in &change.warnings {
                    let warning = flow.at(&warning.to_string());
                    if cx.writing.strict {
                        return Err(Failure::new(Exit::Failed, warning)
                            .hint("without --strict this is a warning"));
                    }
                    cx.remark(&format!("ovs: warning: {warning}"));
                }
                let message = change
                    .message(0)
                    .map_err(|error| Failure::new(Exit::Failed, flow.at(&error.to_string())))?;
                messages.push(message);
            }
            all.push(Prepared {
                switch,
                session,
                flows,
                messages,
            });
        }
        Ok(all)
    }

    /// Writes the flows; `done` gets the switches that are complete.
    async fn write(&self, cx: &Context, done: &RefCell<Vec<SwitchChange>>) -> Result<(), Failure> {
        for prepared in self.prepare(cx).await? {
            let (name, flows) = (prepared.switch.name().to_owned(), prepared.flows);
            prepared.write().await?;
            done.borrow_mut().push(counted(&name, flows));
        }
        Ok(())
    }
}

impl Prepared<'_> {
    async fn write(mut self) -> Result<(), Failure> {
        let how = match self.messages.len() {
            1 => Atomicity::Each,
            _ => Atomicity::Bundle,
        };
        let messages = std::mem::take(&mut self.messages);
        let put_all = async |outbox: &mut Outbox<'_>| {
            for message in messages {
                outbox.put(|_| Ok::<_, Failure>(message)).await?;
            }
            Ok(())
        };
        let refused = match self.session.write(how, put_all).await {
            Ok(written) => match written.refused.into_iter().next() {
                None => return Ok(()),
                Some((index, error)) => (Some(index), error),
            },
            Err(WriteError::Refused { index, error }) => (index, error),
            Err(WriteError::NoTables { index, error, .. }) => (Some(index), error),
            Err(WriteError::Producer { error, .. }) => return Err(error),
            Err(WriteError::NoBundles(version)) => {
                return Err(without_bundles(&self.switch, version));
            }
            Err(WriteError::TooLong { index }) => {
                return Err(self.refused(Some(index), "it is too long for a bundle"));
            }
            Err(WriteError::Lost {
                error,
                may_have: true,
                ..
            }) => {
                return Err(self.switch.unconfirmed(*error));
            }
            Err(WriteError::Lost { error, .. }) => return Err(self.switch.failure(*error)),
        };
        let (index, error) = refused;
        Err(self.refused(
            index,
            &format!("{} refused it: {error}", self.switch.name()),
        ))
    }

    fn refused(&self, index: Option<usize>, reason: &str) -> Failure {
        let flow = index.and_then(|index| self.flows.get(index));
        let reason = format!("{reason}; no flow of {} is changed", self.switch.name());
        let message = flow.map_or_else(|| reason.clone(), |flow| flow.at(&reason));
        Failure::new(Exit::Failed, message)
    }
}

impl Afterwards for SwitchLines<'_> {
    fn planned(&self) -> Vec<SwitchChange> {
        let counted = |(name, flows): &(&str, Vec<LineFlow<'_>>)| counted(name, flows);
        self.switches.iter().map(counted).collect()
    }

    fn run<'a>(
        &'a self,
        cx: &'a Context,
        is_written: bool,
    ) -> LocalBoxFuture<'a, (Vec<SwitchChange>, Option<Failure>)> {
        async move {
            let done = RefCell::default();
            let failure = self.write(cx, &done).await.err();
            let done: Vec<SwitchChange> = done.into_inner();
            let failure = failure.map(|failure| stands(failure, is_written, &done));
            (done, failure)
        }
        .boxed_local()
    }
}

/// A failure after something was written: that stands.
fn stands(mut failure: Failure, is_written: bool, done: &[SwitchChange]) -> Failure {
    let mut parts: Vec<String> = done
        .iter()
        .map(|change| format!("the flows of {}", change.name))
        .collect();
    if is_written {
        parts.insert(0, "the database".to_owned());
    }
    if parts.is_empty() {
        return failure;
    }
    let what = parts.join(", ");
    failure.message += "; what was written before stands: ";
    failure.message += &what;
    if failure.exit != Exit::Unknown {
        failure.exit = Exit::NotApplied;
    }
    failure.hint.get_or_insert_with(|| {
        "database and flows are written at two moments; with --may-exist on its lines the batch can be given again"
            .to_owned()
    });
    failure
}

/// How many flows are added, modified and deleted.
fn counted(name: &str, flows: &[LineFlow<'_>]) -> SwitchChange {
    let count = |commands: [FlowCommand; 2]| {
        let count = flows
            .iter()
            .filter(|flow| commands.contains(&flow.command))
            .count();
        i64::try_from(count).unwrap_or(i64::MAX)
    };
    let columns = [
        ("flow_add", count([FlowCommand::Add; 2])),
        (
            "flow_mod",
            count([FlowCommand::Modify, FlowCommand::ModifyStrict]),
        ),
        (
            "flow_del",
            count([FlowCommand::Delete, FlowCommand::DeleteStrict]),
        ),
    ];
    let columns = columns.into_iter().filter(|(_, count)| *count > 0);
    SwitchChange {
        kind: "flows",
        name: name.to_owned(),
        switch: name.to_owned(),
        ofport: None,
        columns: columns
            .map(|(column, count)| Difference {
                column: column.to_owned(),
                before: None,
                after: Some(count.into()),
            })
            .collect(),
        error: None,
    }
}

fn refuse_without_bundles(switch: &SwitchArg, version: Version) -> Result<(), Failure> {
    if version < Version::V13 {
        return Err(without_bundles(switch, version));
    }
    Ok(())
}

fn without_bundles(switch: &SwitchArg, version: Version) -> Failure {
    let message = format!(
        "{} cannot write several flows at once over {version}: it has no bundles there",
        switch.name()
    );
    Failure::new(Exit::Failed, message)
        .hint("-O OpenFlow14 has bundles, if the bridge allows it (its protocols column)")
}

fn malformed(
    switch: &SwitchArg,
    names: &SwitchNames,
    flow: &LineFlow<'_>,
    error: &ParseError,
) -> Failure {
    let named = match &error.kind {
        ParseErrorKind::UnknownPort(port) => Some(switch.unknown_port(port, &names.ports)),
        ParseErrorKind::UnknownTable(table) => Some(switch.unknown_table(table, names)),
        ParseErrorKind::AmbiguousTable(table, numbers) => {
            Some(switch.ambiguous_table(table, numbers))
        }
        _ => None,
    };
    let failure = named.unwrap_or_else(|| Failure::new(Exit::Usage, error.to_string()));
    Failure {
        message: flow.at(&failure.message),
        ..failure
    }
}

/// The names of a switch, and those that the lines may make.
struct KnownNames<'a> {
    names: &'a SwitchNames,
    made: &'a MadeNames<'a>,
}

impl KnownNames<'_> {
    fn is_made(&self, name: &str) -> bool {
        self.made.any || self.made.words.contains(name)
    }
}

impl NameLookup for KnownNames<'_> {
    fn port_name(&self, ofport: u32) -> Option<&str> {
        self.names.port_name(ofport)
    }

    fn ofport(&self, name: &str) -> Option<u32> {
        let known = self.names.ofport(name);
        known.or_else(|| self.is_made(name).then_some(1))
    }

    fn tables_named(&self, name: &str) -> Vec<u8> {
        match self.names.tables_named(name) {
            // Later than any table that a flow with a name may be in.
            none if none.is_empty() && self.is_made(name) => vec![253],
            known => known,
        }
    }
}

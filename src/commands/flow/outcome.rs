//! Sending changes, and what came of it.

use super::asked::{FlowRequest, Numbered, no_bundles};
use super::input::FlowInput;
use super::refusal;
use crate::base::shell::word;
use crate::commands::{Exit, Failure, quoted};
use crate::model::names::SwitchNames;
use crate::openflow::flow_change::{FlowChange, NotCarried};
use crate::openflow::messages::error::ErrorMessage;
use crate::openflow::messages::flow_mod::FlowCommand;
use crate::openflow::version::Version;
use crate::source::{Atomicity, Outbox, Switch, WriteError, Written};

/// Maximum number of refused flows that are reported one by one.
const MAX_REPORTED: usize = 20;

/// How many changes of each kind there were.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Flows to be added.
    pub(super) added: u64,
    /// Requests to modify flows.
    pub(super) modifications: u64,
    /// Requests to delete flows.
    pub(super) deletions: u64,
}

/// Where a change comes from.
pub(super) enum ChangeSource {
    /// The line or argument of this number.
    Number(usize),
    /// A flow of the switch, as text.
    OfSwitch(String),
}

/// The sending of changes to a switch.
pub(super) struct Sending<'a> {
    pub(super) request: &'a FlowRequest<'a>,
    pub(super) names: &'a SwitchNames,
    pub(super) version: Version,
    pub(super) how: Atomicity,
    /// The text of the flow of the switch that a change without a number is for, by its place among these changes.
    pub(super) of_switch: &'a dyn Fn(usize) -> Option<String>,
}

impl Sending<'_> {
    /// Sends the changes that `next` returns.
    ///
    /// # Errors
    ///
    /// `next` fails, the switch refuses a change, or the connection fails. The exit code says what changed.
    pub(super) async fn send(
        &self,
        session: &mut Switch,
        mut next: impl FnMut() -> Result<Option<Numbered>, Failure>,
    ) -> Result<Tally, Failure> {
        let mut numbers: Vec<usize> = Vec::new();
        let mut tally = Tally::default();
        let produce = async |out: &mut Outbox<'_>| {
            while let Some((number, change)) = next()? {
                numbers.push(number);
                match change.command {
                    FlowCommand::Add => tally.added += 1,
                    FlowCommand::Modify | FlowCommand::ModifyStrict => tally.modifications += 1,
                    FlowCommand::Delete | FlowCommand::DeleteStrict => tally.deletions += 1,
                }
                let message = |xid| change.message(xid);
                let source = || self.source(&numbers, numbers.len() - 1);
                let put = out
                    .put(|xid| message(xid).map_err(|error| self.not_carried(&source(), &error)));
                // One by one, those after a refused flow are written.
                if !put.await? && self.how == Atomicity::Bundle {
                    break;
                }
            }
            Ok(())
        };
        let written = session.write(self.how, produce).await;
        let source = |index: usize| self.source(&numbers, index);
        let switch = self.request.switch.name();
        match written {
            Ok(written) if written.refusals == 0 => Ok(tally),
            Ok(written) => Err(self.partly(&written, source)),
            Err(WriteError::Producer { error, written }) => {
                Err(self.after(error, &written, numbers.len()))
            }
            Err(WriteError::Refused { index, error }) => {
                Err(self.refused(index.map(source), &error))
            }
            Err(WriteError::TooLong { index }) => {
                Err(self.wrong(&source(index), "it is too long for a message of a bundle"))
            }
            Err(WriteError::NoBundles(version)) => Err(no_bundles(&self.request.switch, version)),
            Err(WriteError::NoTables {
                index,
                error,
                written,
            }) => {
                let reason = format!(
                    "it names a table, and {switch} reads none over {} ({error})",
                    self.version
                );
                let failure = self.wrong(&source(index), &reason);
                Err(self.after(failure, &written, numbers.len()))
            }
            Err(WriteError::Lost {
                error,
                may_have,
                sent,
            }) => {
                let is_last = may_have || sent > 0 || self.request.options.explain;
                let failure = if is_last {
                    self.request.switch.last_failure(*error)
                } else {
                    self.request.switch.failure(*error)
                };
                Err(if may_have {
                    let what = match self.how {
                        Atomicity::Bundle => "whether the flows are written is unknown",
                        Atomicity::Each if numbers.len() < 2 => "whether it is done is unknown",
                        Atomicity::Each => "how many of the flows are written is unknown",
                    };
                    let message = format!("{}; {what}", failure.message);
                    let hint = format!("`ovs dump-flows {}` shows what is there", word(switch));
                    Failure::new(Exit::Unknown, message).hint(hint)
                } else {
                    let message = format!("{}; nothing changed", failure.message);
                    Failure { message, ..failure }
                })
            }
        }
    }

    /// Where the change of this index comes from.
    fn source(&self, numbers: &[usize], index: usize) -> ChangeSource {
        let number = numbers.get(index).copied().unwrap_or_default();
        if number > 0 {
            return ChangeSource::Number(number);
        }
        let before = numbers.iter().take(index);
        let place = before.filter(|number| **number == 0).count();
        ChangeSource::OfSwitch((self.of_switch)(place).unwrap_or_default())
    }

    /// A failure with the flow.
    fn wrong(&self, source: &ChangeSource, reason: &str) -> Failure {
        let message = match source {
            ChangeSource::Number(number) => {
                let text = self.request.input.text_of(*number);
                let text = text.unwrap_or_default();
                self.request.input.message(*number, &text, reason)
            }
            ChangeSource::OfSwitch(flow) => {
                let switch = self.request.switch.name();
                format!(
                    "{switch}: {reason}; the flow to be removed is {}",
                    quoted(flow)
                )
            }
        };
        Failure::new(Exit::Failed, message)
    }

    fn not_carried(&self, source: &ChangeSource, error: &NotCarried) -> Failure {
        self.wrong(source, &error.to_string())
    }

    /// The failure of a flow that the switch refused.
    pub(super) fn refused(&self, source: Option<ChangeSource>, error: &ErrorMessage) -> Failure {
        let switch = self.request.switch.name();
        let Some(source) = source else {
            let reason = refusal::reason(error, None, switch);
            let message = format!("{switch}: {} ({error})", reason.text);
            return Failure::with(Exit::Failed, message, reason.hint);
        };
        let text = match &source {
            ChangeSource::Number(number) => self.request.input.text_of(*number),
            ChangeSource::OfSwitch(_) => None,
        };
        let change = text.and_then(|text| {
            FlowChange::parse(&text, self.request.command, self.names, self.version).ok()
        });
        let reason = refusal::reason(error, change.as_ref(), switch);
        Failure {
            hint: reason.hint,
            ..self.wrong(&source, &format!("{} ({error})", reason.text))
        }
    }

    /// The failure where flows were written one by one and some were refused; in a dry run, where they would be.
    pub(super) fn partly(
        &self,
        written: &Written,
        source: impl Fn(usize) -> ChangeSource,
    ) -> Failure {
        let failures = written.refused.iter().take(MAX_REPORTED);
        let mut failures = failures.map(|(index, error)| self.refused(Some(source(*index)), error));
        if written.sent == 1
            && let Some(failure) = failures.next()
        {
            return failure;
        }
        for failure in failures {
            self.request.cx.say(&failure);
        }
        let (accepted, sent) = (written.accepted(), written.sent);
        let (were, refused) = if self.request.cx.writing.dry_run {
            ("would be", "would refuse")
        } else {
            ("were", "refused")
        };
        let message = format!(
            "{accepted} of {sent} flows {were} written; the switch {refused} {}",
            written.refusals
        );
        let exit = match accepted {
            0 => Exit::Failed,
            _ => Exit::NotApplied,
        };
        Failure::new(exit, message)
    }

    /// A failure after some flows were written one by one.
    fn after(&self, failure: Failure, written: &Written, given: usize) -> Failure {
        match written.accepted() {
            0 => failure,
            accepted => {
                let of = match self.request.input {
                    FlowInput::Arguments(flows) => flows.len(),
                    FlowInput::File(_) => given,
                };
                let message = format!(
                    "{}; {accepted} of {of} flows were written before",
                    failure.message
                );
                Failure {
                    exit: Exit::NotApplied,
                    message,
                    ..failure
                }
            }
        }
    }
}

//! The conversation with one switch.

use std::sync::Arc;

use super::choice::Choice;
use super::count::{Count, Counts};
use super::lines::{Lines, Work};
use super::sort::Waiting;
use crate::commands::switch::Switch;
use crate::commands::{Exit, Failure};
use crate::openflow::bytes::DecodeError;
use crate::openflow::fields::Filter;
use crate::openflow::messages::flow_stats::{Dialect, Entries, Scratch};
use crate::openflow::session::{self, Session};
use crate::openflow::version::Version;

/// Why a dump ended early.
#[derive(Debug)]
pub(super) enum Stop {
    /// Something that was named does not exist on this switch.
    Unknown(Failure),
    /// The switch does not answer as it should.
    Switch(Failure),
    /// Nobody reads what is printed.
    Output(Failure),
}

impl Stop {
    pub(super) fn into_failure(self) -> Failure {
        match self {
            Stop::Unknown(failure) | Stop::Switch(failure) | Stop::Output(failure) => failure,
        }
    }
}

/// One switch and what is asked of it.
pub(super) struct Dump<'a> {
    pub(super) switch: &'a Switch,
    pub(super) session: Session,
    pub(super) filter: Filter,
    pub(super) choice: Choice,
}

impl Dump<'_> {
    /// Asks for the flows.
    pub(super) async fn ask(&mut self, dialect: Dialect) -> Result<(), Stop> {
        let asked = self.session.ask_flows(dialect, &self.filter).await;
        asked.map_err(|error| Stop::Switch(self.switch.failure(error)))
    }

    /// Prints the flows as they come.
    pub(super) async fn print(&mut self, lines: &mut Lines) -> Result<(), Stop> {
        let before = lines.printer.count();
        let mut work = Work::new(lines);
        let ended = self
            .parts(|message, more, _| work.take(message, more))
            .await;
        work.finish().map_err(Stop::Output)?;
        let malformed = lines.malformed.take();
        outcome(Ended { malformed, ..ended }, lines.printer.count() - before)
    }

    /// Prints the flows in an order of their own, once they all are here.
    pub(super) async fn print_sorted(
        &mut self,
        mut waiting: Waiting<'_>,
        lines: &mut Lines,
    ) -> Result<(), Stop> {
        let before = lines.printer.count();
        let version = self.session.version();
        let order = Arc::clone(&lines.order);
        let mut ended = self
            .parts(|message, _, malformed| {
                match Entries::of_message(version, message) {
                    Ok(mut entries) => waiting.keep(
                        &mut entries,
                        &mut lines.scratch,
                        |flow| order.choice.takes(flow),
                        |error| {
                            malformed.get_or_insert(error);
                        },
                    ),
                    Err(error) => {
                        malformed.get_or_insert(error);
                    }
                }
                Ok(())
            })
            .await;
        let mut printer = std::mem::take(&mut lines.printer);
        let text = order.context();
        // What came is printed, even if more should have come.
        waiting
            .show(|flow| {
                if let Err(error) = flow.and_then(|flow| printer.flow(&flow, &text)) {
                    ended.malformed.get_or_insert(error);
                }
                printer.flush_much()
            })
            .and_then(|()| printer.flush())
            .map_err(Stop::Output)?;
        let count = printer.count() - before;
        lines.printer = printer;
        outcome(ended, count)
    }

    /// Counts the flows: the switch does, unless this side has to choose them.
    pub(super) async fn count(
        &mut self,
        bridge: Option<&str>,
        counts: &mut Counts<'_>,
    ) -> Result<(), Stop> {
        if self.choice.is_all() {
            let mut answer = self.session.aggregate(Dialect::Nicira, &self.filter).await;
            if wants_plain(self.session.version(), answer.as_ref().err()) {
                answer = self.session.aggregate(Dialect::Plain, &self.filter).await;
            }
            let answer = answer.map_err(|error| Stop::Switch(self.switch.failure(error)))?;
            counts.add(bridge, answer.into());
            return Ok(());
        }
        self.ask(Dialect::Nicira).await?;
        let mut count = Count::zero();
        let choice = std::mem::take(&mut self.choice);
        let mut scratch = Scratch::new();
        let version = self.session.version();
        let ended = self
            .parts(|message, _, malformed| {
                let mut entries = match Entries::of_message(version, message) {
                    Ok(entries) => entries,
                    Err(error) => {
                        malformed.get_or_insert(error);
                        return Ok(());
                    }
                };
                while let Some(entry) = entries.next_entry(&mut scratch) {
                    match entry {
                        Ok(flow) if choice.takes(&flow) => count.add(&flow),
                        Ok(_) => {}
                        Err(error) => {
                            malformed.get_or_insert(error);
                        }
                    }
                }
                Ok(())
            })
            .await;
        // Half a count is none.
        outcome(ended, 0)?;
        counts.add(bridge, count);
        Ok(())
    }

    /// Gives the messages of the reply to `take`, with whether more follow, and asks once more where the switch speaks OpenFlow 1.0
    /// without the Nicira extension.
    async fn parts(
        &mut self,
        mut take: impl FnMut(&[u8], bool, &mut Option<DecodeError>) -> Result<(), Failure>,
    ) -> Ended {
        let mut ended = Ended {
            stop: None,
            malformed: None,
        };
        let version = self.session.version();
        let mut plain = false;
        loop {
            match self.session.part_message().await {
                Ok(None) => return ended,
                Ok(Some((message, more))) => {
                    if let Err(failure) = take(message, more, &mut ended.malformed) {
                        ended.stop = Some(Stop::Output(failure));
                        return ended;
                    }
                }
                Err(error) if !plain && wants_plain(version, Some(&error)) => {
                    plain = true;
                    if let Err(stop) = self.ask(Dialect::Plain).await {
                        ended.stop = Some(stop);
                        return ended;
                    }
                }
                Err(error) => {
                    ended.stop = Some(Stop::Switch(self.switch.failure(error)));
                    return ended;
                }
            }
        }
    }
}

/// Whether the switch does not know the Nicira extension of OpenFlow 1.0.
fn wants_plain(version: Version, error: Option<&session::Error>) -> bool {
    version == Version::V10
        && matches!(error, Some(session::Error::Refused(error)) if error.is_unsupported())
}

/// How the reply ended.
struct Ended {
    /// What ended it early.
    stop: Option<Stop>,
    /// The first flow that made no sense.
    malformed: Option<DecodeError>,
}

/// What came of it, after `shown` flows.
fn outcome(ended: Ended, shown: u64) -> Result<(), Stop> {
    match (ended.stop, ended.malformed) {
        (None, None) => Ok(()),
        (None, Some(error)) => {
            let message = format!("a flow made no sense from here on: {error}");
            let failure = Failure::new(Exit::Failed, message);
            let hint = "its line is cut there; the others are whole";
            Err(Stop::Switch(failure.hint(hint)))
        }
        (Some(Stop::Switch(mut failure)), _) if shown > 0 => {
            let said = failure.message;
            failure.message = format!("{said}; the dump is cut short after {shown} flows");
            failure.exit = Exit::Unreachable;
            Err(Stop::Switch(failure))
        }
        (Some(stop), _) => Err(stop),
    }
}

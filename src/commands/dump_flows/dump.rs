//! The conversation with one switch.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::choice::Choice;
use super::count::{Count, Counts};
use super::drops::{DropSurvey, Verdicts};
use super::lines::{Lines, Work};
use super::sort::Waiting;
use crate::commands::progress::{self, Progress};
use crate::commands::switch::Switch;
use crate::commands::{Exit, Failure};
use crate::openflow::bytes::DecodeError;
use crate::openflow::fields::Filter;
use crate::openflow::messages::flow_stats::{Dialect, Entries, FlowStats, Scratch};
use crate::openflow::messages::tables;
use crate::openflow::session::{self, Rest, Session};
use crate::openflow::version::Version;

/// How many bytes of flows may wait to be sorted: some eight million.
const SORTED_AT_MOST: usize = 1 << 30;

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

/// So many flows take a switch long enough to gather that it pays to print the first while it gathers the
/// others. Fewer are asked for at once, so that all are of one moment.
const MANY: u64 = 20_000;

/// One switch and what is asked of it.
pub(super) struct Dump<'a> {
    pub(super) progress: Progress,
    pub(super) switch: &'a Switch,
    pub(super) session: Session,
    pub(super) filter: Filter,
    pub(super) choice: Choice,
    /// With `--drops`: what decides how surely a flow drops.
    pub(super) survey: Option<DropSurvey>,
    /// How many flows of the reply were looked at so far.
    pub(super) seen: Arc<AtomicU64>,
}

impl Dump<'_> {
    /// Asks for the flows: for all at once, or, where they are many, some tables after the other.
    pub(super) async fn ask(&mut self, dialect: Dialect) -> Result<(), Stop> {
        let asked = match self.many().await {
            Ok(Some(groups)) => {
                let asked = self.session.ask_flows_of(&groups, dialect, &self.filter);
                asked.await
            }
            Ok(None) => self.session.ask_flows(dialect, &self.filter).await,
            Err(error) => Err(error),
        };
        asked.map_err(|error| Stop::Switch(self.switch.failure(error)))
    }

    /// The tables that have flows, in groups that are worth waiting for each, if the dump is of all flows and
    /// they are many. `None` where the switch chooses among them, and for what may not be Open vSwitch, or
    /// does not tell.
    async fn many(&mut self) -> Result<Option<Vec<Vec<u8>>>, session::Error> {
        if self.filter != Filter::default() || !self.switch.is_bridge() {
            return Ok(None);
        }
        let tables = self
            .session
            .collect(tables::stats_request, tables::decode_stats);
        let tables = match tables.await {
            Ok(tables) => tables,
            Err(session::Error::Refused(_) | session::Error::Malformed(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let tables = tables
            .iter()
            .map(|table| (table.table_id, u64::from(table.active)));
        let flows: u64 = tables.clone().map(|(_, flows)| flows).sum();
        Ok((flows >= MANY).then(|| groups(tables)))
    }

    /// Prints the flows as they come.
    pub(super) async fn print(&mut self, lines: &mut Lines) -> Result<(), Stop> {
        let before = lines.printer.count();
        let mut work = Work::new(lines);
        let ended = self
            .parts(|message, rest, _| work.take(message, rest).map_err(Stop::Output))
            .await;
        work.finish().map_err(Stop::Output)?;
        let malformed = lines.malformed.take();
        outcome(Ended { malformed, ..ended }, lines.printer.count() - before)
    }

    /// Prints the flows in an order of their own, or with what others decide of them, once they all are here.
    pub(super) async fn print_sorted(
        &mut self,
        mut waiting: Waiting<'_>,
        lines: &mut Lines,
    ) -> Result<(), Stop> {
        let before = lines.printer.count();
        let version = self.session.version();
        let order = Arc::clone(&lines.order);
        let name = self.switch.name();
        let mut survey = self.survey.take();
        let mut ended = self
            .parts(|message, _, malformed| {
                if waiting.held() > SORTED_AT_MOST {
                    let message =
                        format!("{name}: more flows than fit into {SORTED_AT_MOST} bytes");
                    let failure = Failure::new(Exit::Unreachable, message);
                    return Err(Stop::Switch(
                        failure.hint("without --sort they are printed as they come"),
                    ));
                }
                match Entries::of_message(version, message) {
                    Ok(mut entries) => waiting.keep(
                        &mut entries,
                        &mut lines.scratch,
                        |flow| {
                            let takes = order.choice.takes(flow);
                            if let Some(survey) = &mut survey {
                                survey.add(flow, takes);
                            }
                            takes
                        },
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
        let verdicts = match survey {
            Some(mut survey) => Some(self.verdicts(&mut survey, &mut ended).await),
            None => None,
        };
        let mut printer = std::mem::take(&mut lines.printer);
        let text = order.context();
        // What came is printed, even if more should have come.
        waiting
            .show(|flow| {
                let shown = flow.and_then(|flow| {
                    let verdict = verdicts.as_ref().map(|verdicts| verdicts.of(&flow));
                    printer.flow(&flow, verdict, &text)
                });
                if let Err(error) = shown {
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

    /// What the flows of the switch decide about those listed: all are asked for once more if the reply had
    /// not all of them.
    async fn verdicts(&mut self, survey: &mut DropSurvey, ended: &mut Ended) -> Verdicts {
        if survey.wants_all() && ended.stop.is_none() {
            self.filter = Filter::default();
            let version = self.session.version();
            let mut scratch = Scratch::new();
            let all = match self.ask(Dialect::Nicira).await {
                Ok(()) => {
                    let all = self.parts(|message, _, malformed| {
                        each(version, message, &mut scratch, malformed, |flow| {
                            survey.add(flow, false);
                        });
                        Ok(())
                    });
                    all.await
                }
                Err(stop) => Ended {
                    stop: Some(stop),
                    malformed: None,
                },
            };
            match all.stop {
                Some(stop) => ended.stop = Some(stop),
                None => survey.has_all(),
            }
        }
        survey.verdicts()
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
        let mut survey = self.survey.take();
        let mut ended = self
            .parts(|message, _, malformed| {
                each(version, message, &mut scratch, malformed, |flow| {
                    let takes = choice.takes(flow);
                    if takes {
                        count.add(flow);
                    }
                    if let Some(survey) = &mut survey {
                        survey.add(flow, takes);
                    }
                });
                Ok(())
            })
            .await;
        if let Some(survey) = &mut survey {
            let verdicts = self.verdicts(survey, &mut ended).await;
            counts.add_maybe(survey.count_maybe(&verdicts));
        }
        // Half a count is none.
        outcome(ended, 0)?;
        counts.add(bridge, count);
        Ok(())
    }

    /// Gives the messages of the reply to `take`, with what follows them, and asks once more where the
    /// switch speaks OpenFlow 1.0 without the Nicira extension.
    async fn parts(
        &mut self,
        mut take: impl FnMut(&[u8], Rest, &mut Option<DecodeError>) -> Result<(), Stop>,
    ) -> Ended {
        let mut ended = Ended {
            stop: None,
            malformed: None,
        };
        let version = self.session.version();
        // Whether asking in other words is of no more use, or would give the same flows again.
        let mut plain = false;
        let mut bytes = 0;
        loop {
            match self.session.part_message().await {
                Ok(None) => return ended,
                Ok(Some((message, rest))) => {
                    plain = true;
                    bytes += message.len() as u64;
                    if let Err(stop) = take(message, rest, &mut ended.malformed) {
                        ended.stop = Some(stop);
                        return ended;
                    }
                    self.progress.say(|| {
                        let (name, so_far) = (self.switch.name(), progress::bytes(bytes));
                        match self.seen.load(Ordering::Relaxed) {
                            0 => format!("{name}: {so_far}"),
                            flows => format!("{name}: {flows} flows, {so_far}"),
                        }
                    });
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

/// Gives the flows of a message to `look`, and keeps the first error.
fn each(
    version: Version,
    message: &[u8],
    scratch: &mut Scratch,
    malformed: &mut Option<DecodeError>,
    mut look: impl FnMut(&FlowStats<'_>),
) {
    let mut entries = match Entries::of_message(version, message) {
        Ok(entries) => entries,
        Err(error) => {
            malformed.get_or_insert(error);
            return;
        }
    };
    while let Some(entry) = entries.next_entry(scratch) {
        match entry {
            Ok(flow) => look(&flow),
            Err(error) => {
                malformed.get_or_insert(error);
            }
        }
    }
}

/// Tables that have flows, in their order, in groups of [`MANY`] flows or a few more.
fn groups(tables: impl Iterator<Item = (u8, u64)>) -> Vec<Vec<u8>> {
    let mut groups = vec![Vec::new()];
    let mut room = MANY;
    for (table, flows) in tables.filter(|(_, flows)| *flows > 0) {
        if room == 0 {
            groups.push(Vec::new());
            room = MANY;
        }
        if let Some(group) = groups.last_mut() {
            group.push(table);
        }
        room = room.saturating_sub(flows);
    }
    groups
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_asked_for_in_groups() {
        let asked = |tables: &[(u8, u64)]| groups(tables.iter().copied());
        assert_eq!(asked(&[(0, 1), (1, 0), (2, MANY - 2)]), [[0, 2]]);
        assert_eq!(asked(&[(0, MANY), (5, 1), (7, 1)]), [vec![0], vec![5, 7]]);
        assert_eq!(asked(&[(0, 1), (1, MANY), (2, 1)]), [vec![0, 1], vec![2]]);
    }
}

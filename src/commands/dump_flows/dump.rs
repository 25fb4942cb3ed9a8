//! The dump of one switch.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::choice::Choice;
use super::count::{Count, Counts};
use super::drops::{DropSurvey, Verdicts};
use super::lines::{FlowOutput, Work};
use super::sort::Waiting;
use crate::commands::progress::{self, Progress};
use crate::commands::switch::SwitchArg;
use crate::commands::{Exit, Failure};
use crate::openflow::bytes::DecodeError;
use crate::openflow::fields::Filter;
use crate::openflow::messages::flow_stats::{Entries, FlowStats, Scratch};
use crate::openflow::messages::multipart::Part;
use crate::openflow::version::Version;
use crate::source::switch::{Rest, Switch};

/// Maximum size in bytes of flows that are sorted: about eight million flows.
const SORTED_AT_MOST: usize = 1 << 30;

/// The reason why a dump ended early.
#[derive(Debug)]
pub(super) enum Stop {
    /// A named object does not exist on this switch.
    Unknown(Failure),
    /// The switch failed to reply correctly.
    Switch(Failure),
    /// Standard output is closed.
    Output(Failure),
}

impl Stop {
    pub(super) fn into_failure(self) -> Failure {
        match self {
            Stop::Unknown(failure) | Stop::Switch(failure) | Stop::Output(failure) => failure,
        }
    }
}

/// A switch, and the request for its flows.
pub(super) struct Dump<'a> {
    pub(super) progress: Progress,
    pub(super) switch: &'a SwitchArg,
    pub(super) connected: Switch,
    pub(super) filter: Filter,
    pub(super) choice: Choice,
    /// With `--drops`: the flows that decide whether a flow drops.
    pub(super) survey: Option<DropSurvey>,
    /// The number of flows of the reply read so far.
    pub(super) seen: Arc<AtomicU64>,
}

impl Dump<'_> {
    /// Requests the flows.
    pub(super) async fn ask(&mut self) -> Result<(), Stop> {
        let asked = self.connected.ask_flows(&self.filter, true).await;
        asked.map_err(|error| Stop::Switch(self.switch.failure(error)))
    }

    /// Prints the flows as they arrive.
    pub(super) async fn print(&mut self, lines: &mut FlowOutput) -> Result<(), Stop> {
        let before = lines.printer.count();
        let mut work = Work::new(lines);
        let ended = self
            .parts(|part, rest, _| work.take(part, rest).map_err(Stop::Output))
            .await;
        work.finish().map_err(Stop::Output)?;
        let malformed = lines.malformed.take();
        outcome(Ended { malformed, ..ended }, lines.printer.count() - before)?;
        self.check(&lines.settings.choice)
    }

    /// Prints the flows sorted, or with verdicts that depend on other flows, after all have arrived.
    pub(super) async fn print_sorted(
        &mut self,
        mut waiting: Waiting<'_>,
        lines: &mut FlowOutput,
    ) -> Result<(), Stop> {
        let before = lines.printer.count();
        let version = self.connected.version();
        let settings = Arc::clone(&lines.settings);
        let name = self.switch.name();
        let mut survey = self.survey.take();
        let mut ended = self
            .parts(|part, _, malformed| {
                if waiting.held() > SORTED_AT_MOST {
                    let message =
                        format!("{name}: more flows than fit into {SORTED_AT_MOST} bytes");
                    let failure = Failure::new(Exit::Unreachable, message);
                    return Err(Stop::Switch(
                        failure.hint("without --sort they are printed as they come"),
                    ));
                }
                match Entries::new(version, part) {
                    Ok(mut entries) => waiting.keep(
                        &mut entries,
                        &mut lines.scratch,
                        |flow| {
                            let takes = settings.choice.takes(flow);
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
        let text = settings.context();
        // The flows that arrived are printed even if the reply is incomplete.
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
        outcome(ended, count)?;
        self.check(&settings.choice)
    }

    fn check(&self, choice: &Choice) -> Result<(), Stop> {
        choice.check(self.switch.name()).map_err(Stop::Switch)
    }

    /// The verdicts on the listed flows; requests all flows if the reply did not contain all of them.
    async fn verdicts(&mut self, survey: &mut DropSurvey, ended: &mut Ended) -> Verdicts {
        if survey.wants_all() && ended.stop.is_none() {
            self.filter = Filter::default();
            let version = self.connected.version();
            let mut scratch = Scratch::new();
            let all = match self.ask().await {
                Ok(()) => {
                    let all = self.parts(|part, _, malformed| {
                        each(version, part, &mut scratch, malformed, |flow| {
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

    /// Counts the flows: on the switch, unless this client has to select them.
    pub(super) async fn count(
        &mut self,
        bridge: Option<&str>,
        counts: &mut Counts<'_>,
    ) -> Result<(), Stop> {
        if self.choice.is_all() {
            let answer = self.connected.aggregate(&self.filter).await;
            let answer = answer.map_err(|error| Stop::Switch(self.switch.failure(error)))?;
            counts.add(bridge, answer.into());
            return Ok(());
        }
        self.ask().await?;
        let mut count = Count::zero();
        let choice = std::mem::take(&mut self.choice);
        let mut scratch = Scratch::new();
        let version = self.connected.version();
        let mut survey = self.survey.take();
        let mut ended = self
            .parts(|part, _, malformed| {
                each(version, part, &mut scratch, malformed, |flow| {
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
        // An incomplete count is not printed.
        outcome(ended, 0)?;
        self.check(&choice)?;
        counts.add(bridge, count);
        Ok(())
    }

    /// Passes the parts of the reply to `take`, with a description of what follows them.
    async fn parts(
        &mut self,
        mut take: impl FnMut(Part<'_>, Rest, &mut Option<DecodeError>) -> Result<(), Stop>,
    ) -> Ended {
        let name = self.switch.name();
        let mut malformed = None;
        let mut bytes = 0;
        let stop = loop {
            match self.connected.flow_part().await {
                Ok(None) => break None,
                Ok(Some((part, rest))) => {
                    bytes += (part.body.at() + part.body.remaining()) as u64;
                    if let Err(stop) = take(part, rest, &mut malformed) {
                        break Some(stop);
                    }
                    self.progress.say(|| {
                        let so_far = progress::bytes(bytes);
                        match self.seen.load(Ordering::Relaxed) {
                            0 => format!("{name}: {so_far}"),
                            flows => format!("{name}: {flows} flows, {so_far}"),
                        }
                    });
                }
                Err(error) => break Some(Stop::Switch(self.switch.failure(error))),
            }
        };
        Ended { stop, malformed }
    }
}

/// Passes the flows of a part to `look`, and keeps the first error.
fn each(
    version: Version,
    part: Part<'_>,
    scratch: &mut Scratch,
    malformed: &mut Option<DecodeError>,
    mut look: impl FnMut(&FlowStats<'_>),
) {
    let mut entries = match Entries::new(version, part) {
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

/// The end of a reply.
struct Ended {
    /// The reason if it ended early.
    stop: Option<Stop>,
    /// The first malformed flow.
    malformed: Option<DecodeError>,
}

/// The result, after `shown` flows.
fn outcome(ended: Ended, shown: u64) -> Result<(), Stop> {
    match (ended.stop, ended.malformed) {
        (None, None) => Ok(()),
        (None, Some(error)) => {
            let message = format!("malformed flow from here on: {error}");
            let failure = Failure::new(Exit::Failed, message);
            let hint = "its line ends there; the others are complete";
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

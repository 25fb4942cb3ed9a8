//! `ovs dump-flows`: the flows of a switch, ports by name.
//!
//! | file | contents |
//! |---|---|
//! | `args` | the arguments, and the request made from them |
//! | `choice` | the selection of flows that a switch cannot make |
//! | `dump` | the requests to one switch |
//! | `changes` | `--watch`: the flows that came and went between two dumps |
//! | `drops` | `--drops`: whether a flow drops certainly |
//! | `lines` | formatting of replies, on several cores |
//! | `printer` | flows as lines or JSON |
//! | `sort` | `--sort`: the flows to sort, and their order |
//! | `count` | `--count`: the number of flows |

mod args;
mod changes;
mod choice;
mod count;
mod drops;
mod dump;
mod lines;
mod printer;
mod sort;

use std::sync::Arc;

pub use args::Args;
pub(super) use args::{Cookie, cookie};
pub use sort::fields as sort_fields;

use super::switch::SwitchArg;
use super::{Context, Exit, Failure};
use crate::model::names::SwitchNames;
use crate::openflow::text::PortSpelling;

use count::Counts;
use drops::DropSurvey;
use dump::{Dump, Stop};
use lines::{DumpSettings, FlowOutput};
use printer::Printer;
use sort::Waiting;

impl Args {
    /// Runs the command.
    ///
    /// # Errors
    ///
    /// An argument is wrong, the switch does not reply, or stdout cannot be written.
    pub async fn run(&self, cx: &Context) -> Result<(), Failure> {
        if cx.format.columns.is_some() {
            let message = "dump-flows prints whole flows, no columns";
            return Err(Failure::new(Exit::Usage, message).hint("--json and jq pick members"));
        }
        // Errors in the arguments alone are reported before any request.
        let (switch, _) = self.places()?;
        self.wanted()?;
        let mut out = if self.count {
            Out::Counts(Counts::new(cx, self.all))
        } else {
            Out::Flows(Printer::new(cx, !self.no_stats))
        };
        let outcome = match switch {
            Some(switch) => {
                let switch = SwitchArg::parse(cx, switch)?;
                let dump = self.dump(cx, &switch, None, &mut out).await;
                dump.map_err(Stop::into_failure)
            }
            None => self.dump_all(cx, &mut out).await,
        };
        if let Some(capture) = cx.capture().filter(|_| self.shows_flows_only()) {
            capture.asked_for_flows_only();
        }
        // The JSON document is closed even if it is incomplete.
        match outcome {
            Err(failure) if !out.has_answer() => Err(failure),
            outcome => out.finish(cx, outcome.is_ok()).and(outcome),
        }
    }

    /// Dumps every bridge of the database. Failures are reported; the exit code is that of the worst.
    async fn dump_all(&self, cx: &Context, out: &mut Out<'_>) -> Result<(), Failure> {
        let bridges = cx.bridge_names().await?;
        let mut unknown: Option<Failure> = None;
        let mut failed = None;
        let mut answered = bridges.is_empty();
        for name in &bridges {
            let switch = SwitchArg::of_bridge(cx, name)?;
            match self.dump(cx, &switch, Some(name), out).await {
                Ok(()) => answered = true,
                Err(Stop::Output(failure)) => return Err(failure),
                Err(Stop::Unknown(failure)) => {
                    // A failure with a suggestion is preferred.
                    let helps = failure.message.contains("did you mean");
                    if unknown.is_none() || helps {
                        unknown = Some(failure);
                    }
                }
                Err(Stop::Switch(failure)) => {
                    let failure = failure.with_last_words(&cx.host).await;
                    cx.say(&failure);
                    failed.get_or_insert(failure.exit);
                }
            }
        }
        match (unknown, failed) {
            (Some(failure), _) if !answered => {
                Err(failure.hint("nor is it on any other bridge; `ovs port list` lists the ports"))
            }
            (_, Some(exit)) => {
                if answered {
                    out.answered();
                }
                Err(Failure::silent(exit))
            }
            _ => Ok(()),
        }
    }

    async fn dump(
        &self,
        cx: &Context,
        switch: &SwitchArg,
        bridge: Option<&str>,
        out: &mut Out<'_>,
    ) -> Result<(), Stop> {
        let wanted = self.wanted().map_err(Stop::Switch)?;
        let spelling = self.spelling.ports();
        let shown = spelling != PortSpelling::Number && !self.count;
        let waiting = format!("{}: waiting for the flows", switch.name());
        let progress = cx.progress(&waiting);
        // Names that the request needs are looked up first; the others while the switch gathers its flows,
        // before it sends the first.
        let open = Box::pin(async {
            let session = switch.connect(cx).await?;
            let told = if wanted.table || (wanted.port && shown) {
                switch.told_tables(cx, session.allowed()).await
            } else {
                Vec::new()
            };
            Ok((session, told))
        });
        let (names, opened) = if wanted.any() {
            switch.prepare(cx).await.map_err(Stop::Switch)?;
            let (names, opened) = tokio::join!(Box::pin(switch.names(cx)), open);
            (names.map_err(Stop::Switch)?, opened)
        } else {
            (SwitchNames::default(), open.await)
        };
        let (names, opened) = match opened {
            Ok((session, told)) => (names.with_told(&told), Ok(session)),
            Err(failure) if wanted.table => return Err(Stop::Switch(failure)),
            Err(failure) => (names, Err(failure)),
        };
        let unknown = |failure: Failure| match failure.exit {
            Exit::NotFound => Stop::Unknown(failure),
            _ => Stop::Switch(failure),
        };
        let filter = self.filter(&names, switch).map_err(unknown)?;
        let choice = self.choice(&names.ports, switch).map_err(unknown)?;
        let session = opened.map_err(Stop::Switch)?;
        let allowed = session.allowed();
        let changes = if self.count {
            None
        } else {
            self.changes(cx, switch, &session, &filter).await
        };
        let survey = || DropSurvey::new(&filter, session.version(), cx.versions.is_some());
        let mut dump = Dump {
            survey: self.drops.then(survey),
            progress,
            switch,
            seen: Arc::default(),
            connected: session,
            filter,
            choice,
        };
        let printer = match out {
            Out::Counts(counts) => return dump.count(bridge, counts).await,
            Out::Flows(printer) => printer,
        };
        let names = if !shown {
            dump.ask().await?;
            switch.names_for_numbers(cx)
        } else if wanted.any() {
            dump.ask().await?;
            names
        } else {
            let ask = Box::pin(async {
                dump.ask().await?;
                switch.names(cx).await.map_err(Stop::Switch)
            });
            let told = Box::pin(async { Ok(switch.told_tables(cx, allowed).await) });
            let (names, told) = tokio::try_join!(ask, told)?;
            names.with_told(&told)
        };
        printer.begin_switch(bridge);
        let settings = DumpSettings {
            choice: std::mem::take(&mut dump.choice),
            seen: Arc::clone(&dump.seen),
            version: dump.connected.version(),
            style: self.spelling.style(cx),
            ports: spelling,
            names,
        };
        // A survey of drops widens it.
        let filter = changes.is_some().then(|| dump.filter.clone());
        let mut lines = FlowOutput::new(std::mem::take(printer), settings);
        let outcome = if self.sorting.is_empty() && !self.drops {
            dump.print(&mut lines).await
        } else {
            dump.print_sorted(Waiting::new(&self.sorting), &mut lines)
                .await
        };
        if let (Ok(()), Some(changes), Some(filter)) = (&outcome, &changes, &filter) {
            changes::keep(cx, switch, changes, filter, &mut lines);
        }
        *printer = lines.printer;
        outcome
    }
}

/// The destination of the output.
enum Out<'a> {
    Flows(Printer),
    Counts(Counts<'a>),
}

impl Out<'_> {
    /// Marks that there is a reply, possibly an empty one.
    fn answered(&mut self) {
        match self {
            Out::Flows(printer) => printer.answered(),
            Out::Counts(counts) => counts.answered(),
        }
    }

    fn has_answer(&self) -> bool {
        match self {
            Out::Flows(printer) => printer.has_answer(),
            Out::Counts(counts) => counts.has_answer(),
        }
    }

    fn finish(self, cx: &Context, is_all: bool) -> Result<(), Failure> {
        match self {
            Out::Flows(printer) => printer.finish(cx, is_all),
            Out::Counts(counts) => counts.finish(),
        }
    }
}

//! Flows are read with the names of a switch, and written.

use super::asked::{FlowRequest, Numbered, no_bundles};
use super::bundled::{BundledFlows, NotSeen, is_wide};
use super::conflicts;
use super::counting;
use super::input::{FlowInput, FlowReader, Warnings, is_deletion};
use super::outcome::{ChangeSource, Sending, Tally};
use super::plan::{Applied, FlowPlan};
use super::present::Present;
use super::report::{self, FlowCount};
use crate::commands::Failure;
use crate::commands::effects;
use crate::commands::effects::Outcome;
use crate::commands::switch::offered;
use crate::model::names::SwitchNames;
use crate::openflow::actions::SwitchReference;
use crate::openflow::flow_change::FlowChange;
use crate::openflow::messages::error::ErrorMessage;
use crate::openflow::messages::flow_mod::FlowCommand;
use crate::openflow::text::{NameLookup, PortSpelling, Style, TextContext, reserved_port};
use crate::openflow::version::Version;
use crate::source::{Atomicity, Switch, Written};

impl FlowRequest<'_> {
    /// Writes the flows, and prints how many.
    ///
    /// # Errors
    ///
    /// A flow is malformed, the switch refuses one or does not reply, or stdout cannot be written.
    pub(super) async fn run(&self) -> Result<(), Failure> {
        let attempt = async || Box::pin(self.attempt()).await;
        self.switch.tried_again(self.cx, attempt).await
    }

    async fn attempt(&self) -> Result<(), Failure> {
        let cx = self.cx;
        let plans = cx.writing.dry_run || self.options.explain;
        if plans {
            effects::check_columns(cx, "flow")?;
        } else {
            report::check_columns(cx)?;
        }
        // The flows that are printed have names.
        let wants_names = self.wants_names()? || plans;
        self.switch.prepare(cx).await?;
        let progress = cx.progress(&format!("{}: reading names", self.switch.name()));
        let (session, names) = if wants_names {
            let open = Box::pin(async {
                let session = self.switch.connect(cx).await?;
                let tables = self.switch.told_tables(cx, session.allowed()).await;
                Ok::<_, Failure>((session, tables))
            });
            let (names, opened) = tokio::join!(Box::pin(self.switch.names(cx)), open);
            let (session, tables) = opened?;
            (session, names?.with_told(&tables))
        } else {
            (self.switch.connect(cx).await?, SwitchNames::default())
        };
        let version = session.version();
        let mut reader = FlowReader {
            input: &self.input,
            switch: &self.switch,
            names: &names,
            command: self.command,
            is_mixed: self.command == FlowCommand::Add && matches!(self.input, FlowInput::File(_)),
            version,
            refuses_warnings: self.refuses_warnings,
            warnings: Warnings::default(),
        };
        let is_one = !self.input.has(2)?;
        let how = if is_one || self.options.no_atomic {
            Atomicity::Each
        } else if version < Version::V13 {
            return Err(self.no_bundles(version));
        } else {
            Atomicity::Bundle
        };
        progress.say(|| format!("{}: writing flows", self.switch.name()));
        let outcome = self.write(session, &mut reader, how).await;
        if !self.switch.is_dropped() {
            self.say_warnings(&reader.warnings);
        }
        match outcome? {
            Some(counts) => {
                report::print_counts(cx, &counts)?;
                if counts.iter().any(|count| count.flows.is_none()) {
                    cx.remark(
                        "how many flows the lines with modify and delete change is not counted; \
                         --explain reads the flows first and tells",
                    );
                }
                Ok(())
            }
            None => Ok(()),
        }
    }

    async fn write(
        &self,
        mut session: Switch,
        reader: &mut FlowReader<'_>,
        how: Atomicity,
    ) -> Result<Option<Vec<FlowCount>>, Failure> {
        let plans = self.cx.writing.dry_run || self.options.explain;
        let sending = Sending {
            of_switch: &|_| None,
            request: self,
            names: reader.names,
            version: reader.version,
            how,
        };
        let is_streamed = self.command == FlowCommand::Add && !plans;
        // What is written one by one is checked as a whole before. In a file of one command the numbers of flows are
        // asked for before.
        let checked = if !is_streamed {
            let mut all = Vec::new();
            self.each(reader, |change| {
                all.push(change);
                Ok(())
            })?;
            Some(all)
        } else if how == Atomicity::Each || matches!(self.input, FlowInput::Arguments(_)) {
            self.each(reader, |_| Ok(()))?;
            reader.warnings = Warnings::default();
            None
        } else {
            None
        };
        let Some(mut changes) = checked else {
            let mut flows = self.input.flows()?;
            let mut bundled = None;
            let next = || {
                let Some(line) = flows.next_flow()? else {
                    return Ok(None);
                };
                let change = reader.read(line)?;
                if how == Atomicity::Bundle {
                    self.refuse_not_seen(&mut bundled, reader, line.number, &change)?;
                }
                Ok(Some((line.number, change)))
            };
            let tally = sending.send(&mut session, next).await?;
            return Ok(Some(self.counts(&tally, None)));
        };
        let found = match self.command {
            FlowCommand::Add => None,
            FlowCommand::Modify | FlowCommand::ModifyStrict => {
                Some(counting::modified(&mut session, self, reader, &mut changes).await?)
            }
            FlowCommand::Delete | FlowCommand::DeleteStrict if plans => None,
            FlowCommand::Delete | FlowCommand::DeleteStrict => {
                let count = counting::deleted(&mut session, self, &changes).await?;
                if count == 0
                    && let Some(looked_for) = counting::looked_for(&changes)
                {
                    self.cx.remark(&looked_for);
                }
                Some(count)
            }
        };
        if how == Atomicity::Bundle {
            let mut bundled = BundledFlows::new(reader.version);
            for (number, change) in &changes {
                let seen = bundled.take(*number, change);
                seen.map_err(|why| self.not_seen(*number, why))?;
            }
        }
        if plans {
            let refused = self
                .explain(&mut session, reader, &changes, &sending)
                .await?;
            if self.cx.writing.dry_run {
                if refused.is_empty() {
                    return Ok(None);
                }
                let written = Written {
                    sent: changes.len(),
                    refusals: refused.len(),
                    refused,
                };
                return Err(sending.partly(&written, |index| source(&changes, index)));
            }
        }
        let mut changes = changes.into_iter();
        let tally = sending.send(&mut session, || Ok(changes.next())).await?;
        Ok(if plans {
            None
        } else {
            Some(self.counts(&tally, found))
        })
    }

    /// Refuses a change of a streamed file that selects a flow which a line before adds. These are kept from the first
    /// change on that could be refused: `None` before.
    fn refuse_not_seen(
        &self,
        bundled: &mut Option<BundledFlows>,
        reader: &FlowReader<'_>,
        number: usize,
        change: &FlowChange,
    ) -> Result<(), Failure> {
        if bundled.is_none() && is_wide(change) {
            let before = bundled.insert(BundledFlows::new(reader.version));
            let mut flows = self.input.flows()?;
            while let Some(line) = flows.next_flow()? {
                if line.number == number {
                    break;
                }
                let (number, change) = (line.number, reader.parse(line)?);
                let seen = before.take(number, &change);
                seen.map_err(|why| self.not_seen(number, why))?;
            }
        }
        let Some(bundled) = bundled else {
            return Ok(());
        };
        let seen = bundled.take(number, change);
        seen.map_err(|why| self.not_seen(number, why))
    }

    fn not_seen(&self, number: usize, why: NotSeen) -> Failure {
        let reason = NotSeen::reason(&self.input.place(why.adds));
        let text = self.input.text_of(number).unwrap_or_default();
        let hint = match self.command {
            FlowCommand::Add => {
                "modify_strict and delete_strict name a single flow; else put the line before that one, or into \
                 another file; --no-atomic writes the flows one by one"
            }
            _ => {
                "--strict names a single flow; else write them with two commands, or with --no-atomic"
            }
        };
        self.input.wrong(number, &text, &reason).hint(hint)
    }

    /// Prints what becomes of the flows, as of a reading of the switch. Returns the errors that the switch has for some
    /// of them, by their index, where they are written one by one.
    ///
    /// # Errors
    ///
    /// The switch does not reply, or refuses one of the flows, where they are written together; or stdout cannot be
    /// written.
    async fn explain(
        &self,
        session: &mut Switch,
        reader: &mut FlowReader<'_>,
        changes: &[Numbered],
        sending: &Sending<'_>,
    ) -> Result<Vec<(usize, ErrorMessage)>, Failure> {
        let names = reader.names;
        let text = TextContext {
            version: reader.version,
            style: match self.cx.versions {
                Some(_) => Style::Wire,
                None => Style::Classic,
            },
            ports: PortSpelling::Name,
            names,
        };
        let lists = changes.iter().map(|(_, change)| change.flow.actions.list());
        let present = Present::read(session, &self.switch, lists).await?;
        let mut plan = FlowPlan::read(session, &self.switch).await?;
        let Applied { effects, refused } = plan.apply(changes, &present, &text);
        if let Some((index, error)) = refused.first()
            && (sending.how == Atomicity::Bundle || changes.len() == 1)
        {
            return Err(sending.refused(Some(source(changes, *index)), error));
        }
        conflicts::warn(&plan, reader, &text)?;
        effects::print_effects(self.cx, "flow", self.switch.name(), &effects, 0)?;
        Ok(refused)
    }

    /// Reads all flows.
    fn each(
        &self,
        reader: &mut FlowReader<'_>,
        mut take: impl FnMut(Numbered) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut flows = self.input.flows()?;
        while let Some(line) = flows.next_flow()? {
            let (number, text) = (line.number, line.text);
            let change = reader.read(line)?;
            if is_deletion(self.command) && !self.may_delete_all && selects_all(&change) {
                let reason = "it selects every flow of the switch, which only --all may do";
                return Err(self.input.wrong(number, text, reason));
            }
            take((number, change))?;
        }
        Ok(())
    }

    /// Whether the flows name ports or tables. Those of a file may.
    fn wants_names(&self) -> Result<bool, Failure> {
        let FlowInput::Arguments(flows) = self.input else {
            return Ok(true);
        };
        let seen = SeenNames::default();
        for (number, flow) in (1..).zip(flows) {
            let offer = offered(self.cx);
            let versions = Version::ALL.into_iter().rev();
            let mut errors = Vec::new();
            let is_readable = versions
                .filter(|version| offer.contains(*version))
                .any(
                    |version| match FlowChange::parse(flow, self.command, &seen, version) {
                        Ok(change) => {
                            // A number is compared with those of the ports.
                            change.references(&mut |reference| match reference {
                                SwitchReference::InPort(port) | SwitchReference::Output(port)
                                    if reserved_port(port).is_none() =>
                                {
                                    seen.any.set(true);
                                }
                                _ => {}
                            });
                            true
                        }
                        Err(error) => {
                            errors.push(error);
                            false
                        }
                    },
                );
            if let (false, Some(error)) = (is_readable, errors.first()) {
                let failure = self.input.wrong(number, flow, &error.to_string());
                return Err(self.input.hinted(failure, error));
            }
        }
        Ok(seen.any.get())
    }

    fn no_bundles(&self, version: Version) -> Failure {
        no_bundles(&self.switch, version)
    }

    fn counts(&self, tally: &Tally, found: Option<u64>) -> Vec<FlowCount> {
        let count = |outcome, flows| FlowCount {
            outcome,
            flows,
            switch: self.switch.name().to_owned(),
        };
        let mut counts = Vec::new();
        match self.command {
            FlowCommand::Add => {
                counts.push(count(Outcome::Written, Some(tally.added)));
                if tally.modifications > 0 {
                    counts.push(count(Outcome::Modified, None));
                }
                if tally.deletions > 0 {
                    counts.push(count(Outcome::Removed, None));
                }
            }
            FlowCommand::Modify | FlowCommand::ModifyStrict => {
                counts.push(count(Outcome::Modified, found));
                if tally.added > 0 {
                    counts.push(count(Outcome::Added, Some(tally.added)));
                }
            }
            FlowCommand::Delete | FlowCommand::DeleteStrict => {
                counts.push(count(Outcome::Removed, found));
            }
        }
        counts
    }

    pub(super) fn say_warnings(&self, warnings: &Warnings) {
        for warning in &warnings.first {
            self.cx.remark(&format!("ovs: warning: {warning}"));
        }
        let more = warnings.count - warnings.first.len();
        if more > 0 {
            self.cx
                .remark(&format!("ovs: warning: and {more} more warnings"));
        }
    }
}

/// Where the change of this index comes from.
fn source(changes: &[Numbered], index: usize) -> ChangeSource {
    ChangeSource::Number(changes.get(index).map_or(0, |(number, _)| *number))
}

/// Whether the deletion is of every flow of every table.
fn selects_all(change: &FlowChange) -> bool {
    const ALL_TABLES: u8 = 255;
    change.command == FlowCommand::Delete
        && change.flow.table_id == ALL_TABLES
        && change.flow.fields.is_empty()
        && change.match_cookie.is_none()
        && change.out_port.is_none()
        && change.out_group.is_none()
}

/// Resolves every name, and records whether there was one.
#[derive(Debug, Default)]
struct SeenNames {
    any: std::cell::Cell<bool>,
}

impl NameLookup for SeenNames {
    fn port_name(&self, _: u32) -> Option<&str> {
        None
    }

    fn ofport(&self, _: &str) -> Option<u32> {
        self.any.set(true);
        Some(1)
    }

    fn tables_named(&self, _: &str) -> Vec<u8> {
        self.any.set(true);
        // Later than any table that a flow with a name may be in.
        vec![253]
    }
}

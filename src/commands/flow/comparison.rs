//! Two sets of flows compared by meaning: what differs, and how that is printed.

use std::cmp::Reverse;

use crate::base::json::Json;
use crate::commands::effects::Outcome;
use crate::commands::{Context, Failure};
use crate::model::names::SwitchNames;
use crate::openflow::bytes::DecodeError;
use crate::openflow::flow;
use crate::openflow::flow_entry::FlowEntry;
use crate::openflow::flow_set::{Counterpart, FlowAt, FlowSet, FlowSetError, StoredFlow};
use crate::openflow::messages::flow_stats::FlowStats;
use crate::openflow::repeats::Repeats;
use crate::openflow::text::{PortSpelling, Style, TextContext};
use crate::openflow::version::Version;
use crate::output::{ColourRole, ItemChange, PaintedText, Records, escape};

/// Size of the write buffer in bytes.
const ENOUGH: usize = 65_536;

/// The flows of one side, all of them, and of the other side those that differ.
#[derive(Debug)]
pub(in crate::commands) struct Comparison {
    /// The flows of the side that is read first.
    pub(in crate::commands) base: FlowSet,
    /// The flows of the other side that are not in `base`, or that differ there.
    pub(in crate::commands) others: FlowSet,
    /// How many flows are the same.
    pub(super) unchanged: u64,
}

/// A flow that differs: as it is on either side, if it is there.
#[derive(Debug, Clone, Copy)]
pub(in crate::commands) struct Difference {
    pub(in crate::commands) base: Option<FlowAt>,
    pub(in crate::commands) other: Option<FlowAt>,
}

impl Comparison {
    /// Of flows in `base`, with those of another side in `version`.
    pub(super) fn new(base: FlowSet, version: Version, told_by: Option<Version>) -> Comparison {
        Comparison {
            base,
            others: FlowSet::new(version, told_by),
            unchanged: 0,
        }
    }

    /// Compares a flow of the other side, from this line of a file, or 0.
    ///
    /// # Errors
    ///
    /// See [`FlowSet::compare`].
    pub(super) fn add(&mut self, flow: &FlowEntry<'_>, line: u32) -> Result<(), FlowSetError> {
        let result = self.base.compare(flow, line, &mut self.others)?;
        self.unchanged += u64::from(result == Counterpart::Same);
        Ok(())
    }

    /// All differences, by table, then the highest priority first.
    pub(in crate::commands) fn differences(&self) -> Vec<Difference> {
        let mut all: Vec<_> = self
            .base
            .iter()
            .filter(|(_, flow)| flow.counterpart() != Counterpart::Same)
            .map(|(at, flow)| {
                let other = self.others.find(flow.key);
                (
                    flow.key,
                    Difference {
                        base: Some(at),
                        other,
                    },
                )
            })
            .collect();
        let alone = self
            .others
            .iter()
            .filter(|(_, flow)| self.base.find(flow.key).is_none());
        all.extend(alone.map(|(at, flow)| {
            let (base, other) = (None, Some(at));
            (flow.key, Difference { base, other })
        }));
        all.sort_unstable_by_key(|(key, _)| {
            let priority = key.get(1..3).unwrap_or_default();
            (key.first().copied(), Reverse(priority), *key)
        });
        all.into_iter().map(|(_, difference)| difference).collect()
    }
}

/// How one side is printed.
#[derive(Debug, Clone, Copy)]
pub(in crate::commands) struct SideSpelling<'a> {
    pub(in crate::commands) names: &'a SwitchNames,
    pub(in crate::commands) ports: PortSpelling,
    pub(in crate::commands) style: Style,
}

/// Prints differences: lines that begin with `-` and `+`, or JSON.
pub(in crate::commands) struct DifferencePrinter<'c> {
    cx: &'c Context,
    out: PaintedText,
    records: Records,
    repeats: [Repeats; 2],
}

impl<'c> DifferencePrinter<'c> {
    pub(in crate::commands) fn new(cx: &'c Context) -> DifferencePrinter<'c> {
        DifferencePrinter {
            cx,
            out: PaintedText::new(cx.format.palette),
            records: Records::new(cx.format.mode),
            repeats: [Repeats::new(), Repeats::new()],
        }
    }

    /// Prints something else that differs: `text` writes its lines, `json` the members of its object.
    ///
    /// # Errors
    ///
    /// Stdout cannot be written.
    pub(in crate::commands) fn record(
        &mut self,
        text: impl FnOnce(&mut PaintedText),
        json: impl FnOnce(&mut Json<'_>),
    ) -> Result<(), Failure> {
        if self.cx.format.is_json() {
            self.records.begin(&mut self.out.text);
            let mut object = Json::new(&mut self.out.text);
            object.begin_object();
            json(&mut object);
            object.end_object();
        } else {
            text(&mut self.out);
        }
        self.print_enough()
    }

    /// Prints a flow as it was and as it is; of several bridges its bridge.
    ///
    /// # Errors
    ///
    /// Stdout cannot be written.
    pub(in crate::commands) fn add(
        &mut self,
        bridge: Option<&str>,
        before: Option<StoredFlow<'_>>,
        after: Option<StoredFlow<'_>>,
        spellings: [SideSpelling<'_>; 2],
    ) -> Result<(), Failure> {
        let entries = [before, after].map(|flow| flow.and_then(|flow| flow.entry().ok()));
        let outcome = match &entries {
            [None, _] => Outcome::Added,
            [_, None] => Outcome::Removed,
            [Some(_), Some(_)] => Outcome::Modified,
        };
        if self.cx.format.is_json() {
            self.records.begin(&mut self.out.text);
            let mut json = Json::new(&mut self.out.text);
            json.begin_object();
            if let Some(bridge) = bridge {
                json.key("kind");
                json.word("flow");
                json.key("bridge");
                json.string(bridge);
            }
            json.key("change");
            json.word(outcome.word());
            for (((key, entry), repeats), spelling) in ["before", "after"]
                .into_iter()
                .zip(entries)
                .zip(&mut self.repeats)
                .zip(spellings)
            {
                if let Some(entry) = entry {
                    json.key(key);
                    let cx = spelling.context(&entry);
                    // What a switch sent, or what was parsed, was read before.
                    let _ = flow::json(
                        &FlowStats::without_stats(entry),
                        false,
                        repeats,
                        &mut json,
                        &cx,
                    );
                }
            }
            json.end_object();
        } else {
            let marks = [(ItemChange::Gone, "-"), (ItemChange::New, "+")];
            for (((mark, entry), repeats), spelling) in marks
                .into_iter()
                .zip(entries)
                .zip(&mut self.repeats)
                .zip(spellings)
            {
                if let Some(entry) = entry {
                    self.out.mark(mark.0, ColourRole::Plain, mark.1);
                    if let Some(bridge) = bridge {
                        self.out.text.push_str("flow ");
                        self.out.text.push_str(&escape(bridge));
                        self.out.text.push_str(": ");
                    }
                    let _ = spelling.text(entry, repeats, &mut self.out);
                    self.out.text.push('\n');
                }
            }
        }
        self.print_enough()
    }

    fn print_enough(&mut self) -> Result<(), Failure> {
        if self.out.text.len() >= ENOUGH {
            self.cx.print(&self.out.text)?;
            self.out.text.clear();
        }
        Ok(())
    }

    /// Ends the document.
    ///
    /// # Errors
    ///
    /// Stdout cannot be written.
    pub(in crate::commands) fn finish(mut self) -> Result<(), Failure> {
        if self.cx.format.is_json() {
            self.records.finish(&mut self.out.text);
        }
        self.cx.print(&self.out.text)
    }
}

impl SideSpelling<'_> {
    fn context(&self, flow: &FlowEntry<'_>) -> TextContext<'_> {
        TextContext {
            version: flow.actions.version(),
            style: self.style,
            ports: self.ports,
            names: self.names,
        }
    }

    /// The text of a flow without statistics.
    pub(super) fn plain(&self, flow: StoredFlow<'_>) -> String {
        let mut out = PaintedText::default();
        if let Ok(entry) = flow.entry() {
            // What was stored was read before.
            let _ = self.text(entry, &mut Repeats::default(), &mut out);
        }
        out.text
    }

    /// Writes a flow without statistics.
    pub(super) fn text(
        &self,
        flow: FlowEntry<'_>,
        repeats: &mut Repeats,
        out: &mut PaintedText,
    ) -> Result<(), DecodeError> {
        let cx = self.context(&flow);
        flow::text(&FlowStats::without_stats(flow), false, repeats, out, &cx)
    }
}

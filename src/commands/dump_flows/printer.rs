//! Flows as lines of text or as JSON, as they come.

use crate::commands::{Context, Failure, print};
use crate::openflow::bytes::DecodeError;
use crate::openflow::flow;
use crate::openflow::json::{Json, push_string};
use crate::openflow::messages::flow_stats::FlowStats;
use crate::openflow::text::TextContext;
use crate::output::{FlowText, Records, push_escaped};

/// So much text is written at once where flows do not come in parts of a reply, in bytes.
const ENOUGH: usize = 65_536;

/// Prints flows.
#[derive(Debug, Default)]
pub(super) struct Printer {
    is_json: bool,
    stats: bool,
    out: FlowText,
    records: Records,
    /// What stands before each line: the bridge's name and a tab, or nothing.
    before: String,
    /// The first member of each object: `"bridge":"br-int",`, or nothing.
    member: String,
    answered: bool,
    count: u64,
}

impl Printer {
    pub(super) fn new(cx: &Context, stats: bool) -> Printer {
        Printer {
            is_json: cx.format.is_json(),
            stats,
            out: FlowText::new(cx.format.palette),
            records: Records::new(cx.format.mode),
            before: String::new(),
            member: String::new(),
            answered: false,
            count: 0,
        }
    }

    /// The flows to come are those of this bridge; none if only one switch is asked.
    pub(super) fn begin_switch(&mut self, bridge: Option<&str>) {
        self.before.clear();
        self.member.clear();
        if let Some(bridge) = bridge {
            push_escaped(&mut self.before, bridge);
            self.before.push('\t');
            self.member.push_str("\"bridge\":");
            push_string(&mut self.member, bridge);
            self.member.push(',');
        }
    }

    /// A printer of flows that stand between those of this one; there must be some before.
    pub(super) fn fellow(&self) -> Printer {
        Printer {
            is_json: self.is_json,
            stats: self.stats,
            out: self.out.fellow(),
            records: self.records,
            before: self.before.clone(),
            member: self.member.clone(),
            answered: false,
            count: 0,
        }
    }

    /// So many flows were printed by fellows.
    pub(super) fn add_count(&mut self, count: u64) {
        self.count += count;
    }

    /// How many flows were printed.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// There is an answer, even if it is empty.
    pub(super) fn answered(&mut self) {
        self.answered = true;
    }

    /// Whether there is an answer.
    pub(super) fn has_answer(&self) -> bool {
        self.answered || self.count > 0
    }

    /// Adds a flow. After an error its line ends where the bytes stopped making sense.
    pub(super) fn flow(
        &mut self,
        flow: &FlowStats<'_>,
        text: &TextContext<'_>,
    ) -> Result<(), DecodeError> {
        self.count += 1;
        if self.is_json {
            self.records.begin(&mut self.out.text);
            let begin = self.out.text.len();
            let json = &mut Json::new(&mut self.out.text);
            let outcome = flow::json(flow, self.stats, json, text);
            if !self.member.is_empty() {
                self.out.text.insert_str(begin + 1, &self.member);
            }
            return outcome;
        }
        self.out.text.push_str(&self.before);
        let outcome = flow::text(flow, self.stats, &mut self.out, text);
        self.out.text.push('\n');
        outcome
    }

    /// Writes what was added, once it is much.
    pub(super) fn flush_much(&mut self) -> Result<(), Failure> {
        if self.out.text.len() < ENOUGH {
            return Ok(());
        }
        self.flush()
    }

    /// Writes what was added.
    pub(super) fn flush(&mut self) -> Result<(), Failure> {
        let outcome = print(&self.out.text);
        self.out.text.clear();
        outcome
    }

    /// Ends the document.
    pub(super) fn finish(mut self) -> Result<(), Failure> {
        if self.is_json {
            self.records.finish(&mut self.out.text);
        }
        print(&self.out.text)
    }
}

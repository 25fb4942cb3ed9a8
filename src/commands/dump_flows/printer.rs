//! Flows as lines of text or as JSON, as they come.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Write as _;

use super::drops::{self, Verdict};
use crate::base::json::Json;
use crate::base::terminal::push_string;
use crate::commands::context::print;
use crate::commands::{Context, Failure};
use crate::openflow::bytes::DecodeError;
use crate::openflow::fields::MatchFields;
use crate::openflow::flow;
use crate::openflow::messages::flow_stats::FlowStats;
use crate::openflow::repeats::Repeats;
use crate::openflow::text::TextContext;
use crate::openflow::version::Version;
use crate::output::{Frame, Item, Mode, PaintedText, Records, push_escaped};

/// Size of the write buffer in bytes, if flows do not arrive in parts of a reply.
const ENOUGH: usize = 65_536;

/// Prints flows.
#[allow(clippy::struct_excessive_bools)]
#[derive(Debug, Default)]
pub(super) struct Printer {
    is_json: bool,
    stats: bool,
    out: PaintedText,
    records: Records,
    /// The statistics to print of this switch, see [`Printer::begin_switch`].
    repeats: Repeats,
    /// The start of each line: the bridge's name and a tab, or nothing.
    before: String,
    /// The first member of each object: `"bridge":"br-int",`, or nothing.
    member: String,
    answered: bool,
    count: u64,
    /// The number of flows that may or may not drop.
    maybe: u64,
    /// Whether all is printed at the end, because it is one host's of several.
    is_held: bool,
    /// While the command is watched: the flows as items.
    items: Option<Vec<Item>>,
    /// While the command is watched: flows that were added, and the keys of those that were removed, see [`Frame`].
    added: Vec<Item>,
    removed: HashSet<String>,
}

/// The counters of a flow.
const COUNTERS: [&str; 2] = ["n_packets", "n_bytes"];
/// The durations and ages of a flow.
const CLOCKS: [&str; 3] = ["duration", "idle_age", "hard_age"];

impl Printer {
    pub(super) fn new(cx: &Context, stats: bool) -> Printer {
        Printer {
            is_json: cx.format.is_json(),
            stats,
            out: PaintedText::new(cx.format.palette),
            records: Records::new(cx.format.mode),
            repeats: Repeats::default(),
            before: String::new(),
            member: String::new(),
            answered: false,
            count: 0,
            maybe: 0,
            is_held: cx.host_run().is_some(),
            items: cx.capture().is_some().then(Vec::new),
            added: Vec::new(),
            removed: HashSet::new(),
        }
    }

    /// Whether workers may print between the flows of this printer.
    pub(super) fn can_use_workers(&self) -> bool {
        self.count > 0 && self.items.is_none() && !self.is_held
    }

    /// Sets the bridge of the following flows; `None` if there is only one switch. They are all printed with
    /// one context.
    pub(super) fn begin_switch(&mut self, bridge: Option<&str>) {
        self.repeats = Repeats::new();
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

    /// A printer for flows between those of this one, which must have printed some before.
    pub(super) fn for_worker(&self) -> Printer {
        Printer {
            is_json: self.is_json,
            stats: self.stats,
            out: self.out.new_like_this(),
            records: self.records,
            repeats: Repeats::new(),
            before: self.before.clone(),
            member: self.member.clone(),
            answered: false,
            count: 0,
            maybe: 0,
            is_held: false,
            items: None,
            added: Vec::new(),
            removed: HashSet::new(),
        }
    }

    /// Adds the number of flows printed by workers.
    pub(super) fn add_count(&mut self, count: u64) {
        self.count += count;
    }

    /// The number of flows printed.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Marks that there is a reply, possibly an empty one.
    pub(super) fn answered(&mut self) {
        self.answered = true;
    }

    /// Whether there is a reply.
    pub(super) fn has_answer(&self) -> bool {
        self.answered || self.count > 0
    }

    /// Prints a flow, with its verdict if `--drops` is given. After an error its line ends at the malformed
    /// byte.
    pub(super) fn flow(
        &mut self,
        flow: &FlowStats<'_>,
        drops: Option<Verdict>,
        text: &TextContext<'_>,
    ) -> Result<(), DecodeError> {
        self.count += 1;
        self.maybe += u64::from(drops == Some(Verdict::Maybe));
        if self.items.is_some() {
            return self.keep(flow, drops, text);
        }
        if self.is_json {
            self.records.begin(&mut self.out.text);
            let begin = self.out.text.len();
            let json = &mut Json::new(&mut self.out.text);
            let outcome = flow::json(flow, self.stats, &mut self.repeats, json, text);
            if drops.is_some() || !self.member.is_empty() {
                let members = self.members(drops).into_owned();
                self.out.text.insert_str(begin + 1, &members);
            }
            return outcome;
        }
        self.out.text.push_str(&self.before);
        let outcome = flow::text(flow, self.stats, &mut self.repeats, &mut self.out, text);
        self.out.text.push('\n');
        outcome
    }

    /// The first members of a flow's object.
    fn members(&self, drops: Option<Verdict>) -> Cow<'_, str> {
        match drops {
            Some(verdict) => format!("{}\"drops\":\"{}\",", self.member, verdict.word()).into(),
            None => self.member.as_str().into(),
        }
    }

    /// Keeps a flow as an item: its identity, and the values that may change.
    fn keep(
        &mut self,
        flow: &FlowStats<'_>,
        drops: Option<Verdict>,
        text: &TextContext<'_>,
    ) -> Result<(), DecodeError> {
        let mut item = self.item(flow, self.stats, drops, text)?;
        if self.stats {
            item.counters = vec![flow.packet_count, flow.byte_count];
        }
        self.items.get_or_insert_default().push(item);
        Ok(())
    }

    /// Keeps a flow that changed since the last dump: that it was removed, possibly to be added again, and with
    /// `shown` that it was added.
    pub(super) fn changed(
        &mut self,
        flow: &FlowStats<'_>,
        was_removed: bool,
        shown: Option<&TextContext<'_>>,
    ) {
        if was_removed {
            self.removed.insert(self.key(flow));
        }
        // A malformed flow is reported by a dump.
        if let Some(Ok(item)) = shown.map(|text| self.item(flow, false, None, text)) {
            self.added.push(item);
        }
    }

    /// A switch has one flow of a table, priority and match.
    fn key(&self, flow: &FlowStats<'_>) -> String {
        let mut key = format!("{}{}\t{}\t", self.before, flow.table_id, flow.priority);
        for byte in MatchFields::from(&flow.fields).encode(Version::V10) {
            let _ = write!(key, "{byte:02x}");
        }
        key
    }

    fn item(
        &self,
        flow: &FlowStats<'_>,
        stats: bool,
        drops: Option<Verdict>,
        text: &TextContext<'_>,
    ) -> Result<Item, DecodeError> {
        let mut line = self.out.new_like_this();
        line.text.push_str(&self.before);
        flow::text(flow, stats, &mut Repeats::default(), &mut line, text)?;
        let mut item = Item::of_text(self.key(flow), line);
        if self.is_json {
            let mut object = String::new();
            let json = &mut Json::new(&mut object);
            flow::json(flow, stats, &mut Repeats::default(), json, text)?;
            object.insert_str(1, &self.members(drops));
            item.line = Some(object);
        }
        Ok(item)
    }

    /// Writes the buffer if it is full.
    pub(super) fn flush_much(&mut self) -> Result<(), Failure> {
        if self.out.text.len() < ENOUGH {
            return Ok(());
        }
        self.flush()
    }

    /// Frees the memory of the buffer.
    pub(super) fn shrink(&mut self) {
        self.out.text.shrink_to_fit();
        self.repeats = Repeats::default();
    }

    /// Writes the buffer.
    pub(super) fn flush(&mut self) -> Result<(), Failure> {
        if self.items.is_some() || self.is_held {
            return Ok(());
        }
        let outcome = print(&self.out.text);
        self.out.text.clear();
        outcome
    }

    /// Ends the document; `is_all`: every switch has replied completely.
    pub(super) fn finish(mut self, cx: &Context, is_all: bool) -> Result<(), Failure> {
        drops::remark(cx, self.maybe);
        if let (Some(capture), Some(items)) = (cx.capture(), self.items) {
            let counters: &[&str] = if self.stats { &COUNTERS } else { &[] };
            capture.show(Frame {
                clocks: CLOCKS.to_vec(),
                counters: counters.to_vec(),
                added: self.added,
                removed: self.removed,
                ..Frame::of_items(items, "flows")
            });
            return Ok(());
        }
        if self.is_json {
            self.records.finish(&mut self.out.text);
        } else if self.count == 0 && is_all && cx.format.mode == Mode::Table {
            cx.remark("no flows");
        }
        cx.print(&self.out.text)
    }
}

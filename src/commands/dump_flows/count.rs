//! `--count`: the number of flows.

use super::drops;
use crate::base::json::Json;
use crate::commands::{Context, Failure};
use crate::openflow::messages::flow_reply::Aggregate;
use crate::openflow::messages::flow_stats::FlowStats;
use crate::output::{Records, push_escaped};

/// The number of flows, with their packets and bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Count {
    flows: u64,
    /// `None` if the switch does not count them.
    packets: Option<u64>,
    bytes: Option<u64>,
}

impl Count {
    /// No flows.
    pub(super) fn zero() -> Count {
        Count {
            flows: 0,
            packets: Some(0),
            bytes: Some(0),
        }
    }

    /// Adds a flow.
    pub(super) fn add(&mut self, flow: &FlowStats<'_>) {
        let sum = |all: Option<u64>, one: Option<u64>| Some(all?.saturating_add(one?));
        self.flows += 1;
        self.packets = sum(self.packets, flow.packet_count);
        self.bytes = sum(self.bytes, flow.byte_count);
    }
}

impl From<Aggregate> for Count {
    fn from(aggregate: Aggregate) -> Count {
        Count {
            flows: aggregate.flow_count.unwrap_or_default().into(),
            packets: aggregate.packet_count,
            bytes: aggregate.byte_count,
        }
    }
}

/// Prints the counts: for one switch a number or an object, for all bridges a line or object each.
pub(super) struct Counts<'a> {
    cx: &'a Context,
    records: Option<Records>,
    text: String,
    answered: bool,
    maybe: u64,
}

impl<'a> Counts<'a> {
    pub(super) fn new(cx: &'a Context, of_all: bool) -> Counts<'a> {
        Counts {
            cx,
            records: of_all.then(|| Records::new(cx.format.mode)),
            text: String::new(),
            answered: false,
            maybe: 0,
        }
    }

    /// Marks that there is a reply, possibly an empty one.
    pub(super) fn answered(&mut self) {
        self.answered = true;
    }

    /// Whether there is a reply.
    pub(super) fn has_answer(&self) -> bool {
        self.answered
    }

    /// Adds the count of a switch.
    pub(super) fn add(&mut self, bridge: Option<&str>, count: Count) {
        self.answered = true;
        if !self.cx.format.is_json() {
            if let Some(bridge) = bridge {
                push_escaped(&mut self.text, bridge);
                self.text.push('\t');
            }
            self.text.push_str(&count.flows.to_string());
            self.text.push('\n');
            return;
        }
        if let Some(records) = &mut self.records {
            records.begin(&mut self.text);
        }
        let mut json = Json::new(&mut self.text);
        json.begin_object();
        if let Some(bridge) = bridge {
            json.key("bridge");
            json.string(bridge);
        }
        json.key("flows");
        json.number(count.flows);
        for (key, count) in [("packets", count.packets), ("bytes", count.bytes)] {
            json.key(key);
            match count {
                Some(count) => json.number(count),
                None => json.null(),
            }
        }
        json.end_object();
    }

    /// Adds the number of counted flows that may or may not drop packets.
    pub(super) fn add_maybe(&mut self, flows: u64) {
        self.maybe += flows;
    }

    /// Ends the document and writes it.
    pub(super) fn finish(mut self) -> Result<(), Failure> {
        match self.records {
            Some(records) if self.cx.format.is_json() => records.finish(&mut self.text),
            None if self.cx.format.is_json() => self.text.push('\n'),
            _ => {}
        }
        drops::remark(self.cx, self.maybe);
        self.cx.print(&self.text)
    }
}

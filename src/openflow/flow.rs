//! One flow of a dump as a line of text or as a JSON object.
//!
//! The text is that of `ovs-ofctl dump-flows` without its leading blank (ovs-ofctl(8)); ages are
//! printed whenever the switch sent them.

use std::fmt::Write as _;

use super::bytes::DecodeError;
use super::flow_entry::{FLAGS, RESET_COUNTS};
use super::messages::flow_stats::FlowStats;
use super::repeats::Repeats;
use super::text::{PortSpelling, Sink, Style, TextContext, TextRole, put_table, put_table_json};
use crate::base::digits::{put_decimal, put_hex};
use crate::base::json::Json;

/// Writes the flow as one line, without a line feed.
///
/// # Errors
///
/// The match or the actions are malformed. The line then ends where the bytes stopped making sense.
pub fn text<S: Sink>(
    flow: &FlowStats<'_>,
    stats: bool,
    repeats: &mut Repeats,
    sink: &mut S,
    cx: &TextContext<'_>,
) -> Result<(), DecodeError> {
    if stats || flow.cookie != 0 {
        sink.put_as(TextRole::Key, "cookie=");
        put_hex(sink.buffer(), flow.cookie, 1);
        sink.put(", ");
    }
    if stats {
        sink.put_as(TextRole::Key, "duration=");
        if flow.has_statistics() {
            put_duration(sink.buffer(), flow.duration_sec, flow.duration_nsec);
        } else {
            sink.put("?");
        }
        sink.put(", ");
    }
    if stats || flow.table_id != 0 || names_table_0(cx) {
        sink.put_as(TextRole::Special, "table=");
        put_table(sink.buffer(), cx, flow.table_id);
        sink.put(", ");
    }
    if stats {
        for (key, count) in [
            ("n_packets=", flow.packet_count),
            ("n_bytes=", flow.byte_count),
        ] {
            if let Some(count) = count {
                number(sink, key, count);
            } else {
                sink.put_as(TextRole::Key, key);
                sink.put("?, ");
            }
        }
    }
    for (key, seconds) in [
        ("idle_timeout=", flow.idle_timeout),
        ("hard_timeout=", flow.hard_timeout),
    ] {
        if seconds != 0 {
            number(sink, key, seconds);
        }
    }
    for word in flags(flow, cx.style) {
        sink.put_as(TextRole::Value, word);
        sink.put(" ");
    }
    if flow.importance != 0 {
        number(sink, "importance=", flow.importance);
    }
    if stats {
        if let Some(age) = flow.idle_age {
            number(sink, "idle_age=", age);
        }
        if let Some(age) = flow.hard_age.filter(|age| *age != flow.duration_sec) {
            number(sink, "hard_age=", age);
        }
    }
    let before = sink.buffer().len();
    flow.fields.text(sink, cx, flow.priority);
    if sink.buffer().len() > before {
        sink.put(" ");
    }
    sink.put_as(TextRole::Action, "actions=");
    repeats.text(&flow.actions, sink, cx, flow.fields.vlan_tag_known())
}

/// Writes the flow as a JSON object: `table`, `priority`, `cookie` and statistics, then what is not zero,
/// then `flags`, `match` and `actions`, which are always there.
///
/// # Errors
///
/// The match or the actions are malformed. The object is then complete, but lacks what made no sense.
pub fn json(
    flow: &FlowStats<'_>,
    stats: bool,
    repeats: &mut Repeats,
    json: &mut Json<'_>,
    cx: &TextContext<'_>,
) -> Result<(), DecodeError> {
    json.begin_object();
    put_table_json(json, cx, flow.table_id);
    json.key("priority");
    json.number(flow.priority);
    json.key("cookie");
    json.hex(flow.cookie.into());
    if stats {
        if flow.has_statistics() {
            json.key("duration");
            json.value_of(|out| put_decimals(out, flow.duration_sec, flow.duration_nsec));
        }
        for (key, count) in [
            ("n_packets", flow.packet_count),
            ("n_bytes", flow.byte_count),
            ("idle_age", flow.idle_age.map(u64::from)),
            ("hard_age", flow.hard_age.map(u64::from)),
        ] {
            if let Some(count) = count {
                json.key(key);
                json.number(count);
            }
        }
    }
    for (key, value) in [
        ("idle_timeout", flow.idle_timeout),
        ("hard_timeout", flow.hard_timeout),
        ("importance", flow.importance),
    ] {
        if value != 0 {
            json.key(key);
            json.number(value);
        }
    }
    json.key("flags");
    json.begin_array();
    for word in flags(flow, Style::Wire) {
        json.word(word);
    }
    json.end_array();
    json.key("match");
    json.begin_object();
    flow.fields.json(json, cx);
    json.end_object();
    json.key("actions");
    let outcome = repeats.json(&flow.actions, json, cx);
    json.end_object();
    outcome
}

/// Whether table 0 is written by a name, which is never left out.
fn names_table_0(cx: &TextContext<'_>) -> bool {
    cx.ports != PortSpelling::Number && cx.names.table_word(0).is_some()
}

fn flags(flow: &FlowStats<'_>, style: Style) -> impl Iterator<Item = &'static str> {
    let hidden = match style {
        // Every flow that was added over 1.0 bears it.
        Style::Classic => RESET_COUNTS,
        Style::Wire => 0,
    };
    let shown = u32::from(flow.flags & !hidden);
    FLAGS
        .iter()
        .filter(move |(bit, _)| shown & bit != 0)
        .map(|(_, word)| *word)
}

/// A number after `key`, with its `=`.
#[inline]
fn number<S: Sink>(sink: &mut S, key: &str, value: impl itoa::Integer) {
    sink.put_as(TextRole::Key, key);
    put_decimal(sink.buffer(), value);
    sink.put(", ");
}

pub(crate) fn put_duration(out: &mut String, sec: u32, nsec: u32) {
    put_decimals(out, sec, nsec);
    out.push('s');
}

/// Seconds with no decimals, with three, or with as many as are exact (ovs-ofctl's rule).
pub(crate) fn put_decimals(out: &mut String, sec: u32, nsec: u32) {
    put_decimal(out, sec);
    if nsec == 0 {
        return;
    }
    out.push('.');
    let milliseconds = nsec / 1_000_000;
    if milliseconds * 1_000_000 == nsec {
        // More than a second of nanoseconds is what it is.
        if milliseconds < 100 {
            out.push('0');
        }
        if milliseconds < 10 {
            out.push('0');
        }
        put_decimal(out, milliseconds);
    } else {
        let _ = write!(out, "{nsec:09}");
        out.truncate(out.trim_end_matches('0').len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_as_ovs_ofctl_writes_them() {
        for (sec, nsec, text) in [
            (3289, 700_000_000, "3289.700s"),
            (5, 0, "5s"),
            (0, 1, "0.000000001s"),
            (1, 120_000, "1.00012s"),
            (1, 4_000_000_000, "1.4000s"),
        ] {
            let mut out = String::new();
            put_duration(&mut out, sec, nsec);
            assert_eq!(out, text);
        }
    }
}

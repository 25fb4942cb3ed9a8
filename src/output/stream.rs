//! Changes as lines for a pipe: all items first, then only those that changed.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::SystemTime;

use serde_json::Value;
use serde_json::value::RawValue;

use super::frame::{Difference, rate};
use super::{Changes, Format, Frame, ItemChange, Mode, timestamp};
use crate::base::json::Json;

/// Prints what changed as lines.
///
/// | mode | a line |
/// |---|---|
/// | text | time, sign and the columns of the list (or the line of text), with tabs between; behind them the rates per second where something counts |
/// | jsonl | an object: `time`, `change` (the sign), `row`, of a changed one `was` (its members that were different), `rates` |
/// | json | an object for each frame with changes: `time` and `rows`, which are such objects without `time` |
/// | raw | the values alone of what is there at first, is new or has changed |
///
/// The sign is `=` for what was there at first, then `+`, `~` or `-`.
#[derive(Debug)]
pub struct Stream {
    mode: Mode,
    header: bool,
}

impl Stream {
    /// Creates a stream that has printed nothing yet.
    pub fn new(format: &Format) -> Stream {
        Stream {
            mode: format.mode,
            header: format.header == Some(true),
        }
    }

    /// The lines for one frame; empty if nothing changed.
    pub fn lines(&mut self, frame: &Frame, changes: &Changes<'_>, time: SystemTime) -> String {
        let told = |difference: &&Difference<'_>| changes.is_first || difference.change.is_some();
        let told = changes.all.iter().filter(told);
        let time = timestamp(time);
        let mut out = String::new();
        match self.mode {
            Mode::Table | Mode::Text => {
                if std::mem::take(&mut self.header) && !frame.columns.is_empty() {
                    let names = frame.columns.iter().map(|c| c.name.to_ascii_uppercase());
                    let names: Vec<String> = names.collect();
                    let rates = if frame.counts() { "\tRATES" } else { "" };
                    let _ = writeln!(out, "TIME\tCHANGE\t{}{rates}", names.join("\t"));
                }
                for difference in told {
                    let line = difference.item.line();
                    let _ = write!(out, "{time}\t{}\t{line}", sign(difference));
                    if frame.counts() {
                        out.push('\t');
                        push_rates(&mut out, &difference.rates);
                    }
                    out.push('\n');
                }
            }
            Mode::Raw => {
                for difference in told.filter(|d| d.change != Some(ItemChange::Gone)) {
                    out.push_str(&difference.item.line());
                    out.push('\n');
                }
            }
            Mode::Jsonl => {
                for difference in told {
                    let mut json = Json::new(&mut out);
                    json.begin_object();
                    json.key("time");
                    json.string(&time);
                    members(&mut json, frame, difference);
                    json.end_object();
                    out.push('\n');
                }
            }
            Mode::Json => {
                if changes.is_first || !changes.is_empty() {
                    let mut json = Json::new(&mut out);
                    json.begin_object();
                    json.key("time");
                    json.string(&time);
                    json.key("rows");
                    json.begin_array();
                    for difference in told {
                        json.begin_object();
                        members(&mut json, frame, difference);
                        json.end_object();
                    }
                    json.end_array();
                    json.end_object();
                    out.push('\n');
                }
            }
        }
        out
    }
}

fn sign(difference: &Difference<'_>) -> char {
    difference.change.map_or('=', ItemChange::sign)
}

/// `n_packets=12.5,n_bytes=1200`, or `-`
fn push_rates(out: &mut String, rates: &[(&'static str, f64)]) {
    let pairs = rates
        .iter()
        .map(|(name, value)| format!("{name}={}", rate(*value)));
    let pairs: Vec<String> = pairs.collect();
    out.push_str(if pairs.is_empty() { "-" } else { "" });
    out.push_str(&pairs.join(","));
}

/// Writes the members of an object that describe the change of an item.
fn members(json: &mut Json<'_>, frame: &Frame, difference: &Difference<'_>) {
    let row = difference.item.line();
    json.key("change");
    json.plain(|out| out.push(sign(difference)));
    json.key("row");
    json.value_of(|out| out.push_str(&row));
    if let (Some(ItemChange::Changed), Some(was)) = (difference.change, difference.was) {
        let clocks: BTreeSet<&str> = frame.clock_names().collect();
        let was = was_different(&was.line(), &row, &clocks);
        json.key("was");
        json.value_of(|out| out.push_str(&was));
    }
    if frame.counts() {
        json.key("rates");
        json.begin_object();
        for (name, value) in &difference.rates {
            json.key(name);
            json.value_of(|out| out.push_str(&rate(*value)));
        }
        json.end_object();
    }
}

/// The members of an object that changed, with their previous values; `null` for new members. What is not
/// an object is shown whole.
fn was_different(was: &str, now: &str, clocks: &BTreeSet<&str>) -> String {
    type Members = serde_json::Map<String, Value>;
    let (Ok(was_members), Ok(now)) = (
        serde_json::from_str::<Members>(was),
        serde_json::from_str::<Members>(now),
    ) else {
        let is_json = serde_json::from_str::<&RawValue>(was).is_ok();
        return if is_json { was } else { "null" }.to_owned();
    };
    let mut different = Members::new();
    let names = now
        .keys()
        .chain(was_members.keys().filter(|k| !now.contains_key(*k)));
    for name in names.filter(|name| !clocks.contains(name.as_str())) {
        if was_members.get(name) != now.get(name) {
            let value = was_members.get(name).cloned().unwrap_or(Value::Null);
            different.insert(name.clone(), value);
        }
    }
    Value::Object(different).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::{Cell, Column, NotSaved, Palette, View};
    use super::*;
    use std::time::{Duration, UNIX_EPOCH};

    type Port = (&'static str, i64, u64);

    const COLUMNS: &[Column<Port>] = &[
        Column::new("port", |port: &Port| Cell::text(port.0)).identity(),
        Column::new("tag", |port: &Port| Cell::from(port.1)),
        Column::new("rx", |port: &Port| Cell::from(port.2)).counter(),
    ];

    fn told(mode: Mode, columns: Option<&str>) -> Vec<String> {
        let format = Format {
            mode,
            palette: Palette::new(false),
            width: None,
            header: Some(true),
            columns: columns.map(|names| names.split(',').map(str::to_owned).collect()),
            not_saved: NotSaved::default(),
        };
        let view: View<'_, Port> = format.view(COLUMNS).unwrap();
        let looks: [&[Port]; 3] = [
            &[("a", 1, 5), ("b", 2, 0)],
            &[("a", 1, 25), ("c", 3, 0)],
            &[("a", 1, 25), ("c", 3, 0)],
        ];
        let mut stream = Stream::new(&format);
        let mut before: Option<Frame> = None;
        let mut texts = Vec::new();
        for look in looks {
            let frame = view.frame(look, "ports");
            let changes = frame.compare(before.as_ref(), Some(Duration::from_secs(2)));
            texts.push(stream.lines(&frame, &changes, UNIX_EPOCH));
            before = Some(frame);
        }
        texts
    }

    const T: &str = "1970-01-01T00:00:00.000Z";

    #[test]
    fn text_has_time_and_sign_first_and_rates_last() {
        assert_eq!(
            told(Mode::Text, None),
            [
                format!(
                    "TIME\tCHANGE\tPORT\tTAG\tRX\tRATES\n{T}\t=\ta\t1\t5\t-\n{T}\t=\tb\t2\t0\t-\n"
                ),
                format!("{T}\t~\ta\t1\t25\trx=10.0\n{T}\t-\tb\t2\t0\t-\n{T}\t+\tc\t3\t0\t-\n"),
                String::new(),
            ]
        );
        // Identity columns need not be shown, and changes of columns that are not shown are ignored.
        assert_eq!(
            told(Mode::Text, Some("tag"))[1],
            format!("{T}\t-\t2\n{T}\t+\t3\n")
        );
    }

    #[test]
    fn json_has_the_previous_value() {
        let lines = told(Mode::Jsonl, None);
        let changed = format!(
            "{{\"time\":\"{T}\",\"change\":\"~\",\"row\":{{\"port\":\"a\",\"tag\":1,\"rx\":25}},\
             \"was\":{{\"rx\":5}},\"rates\":{{\"rx\":10.0}}}}"
        );
        assert_eq!(lines[1].lines().next(), Some(changed.as_str()));
        let documents = told(Mode::Json, None);
        assert_eq!(documents[2], "");
        for text in lines.iter().flat_map(|l| l.lines()) {
            serde_json::from_str::<Value>(text).unwrap();
        }
        let document: Value = serde_json::from_str(&documents[1]).unwrap();
        assert_eq!(document["rows"][0]["was"]["rx"], 5);
        assert_eq!(document["rows"][1]["change"], "-");
        assert_eq!(documents[1].lines().count(), 1);
    }

    #[test]
    fn raw_values_of_present_columns() {
        assert_eq!(told(Mode::Raw, Some("rx"))[1], "25\n0\n");
    }
}

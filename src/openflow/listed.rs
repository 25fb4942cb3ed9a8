//! The members of a group or meter, listed once: text and JSON are written from the same list.

use super::fields::put_port_json;
use super::flow::{put_decimals, put_duration};
use super::messages::members::Counts;
use super::text::{Sink, TextContext, TextRole, put_port};
use crate::base::json::Json;

/// Members in their order: key and value.
pub(super) type ListedMembers<'a> = Vec<(&'static str, ListedValue<'a>)>;

/// Packet and byte counters as members.
pub(super) fn counts<'a>(counts: Counts) -> ListedMembers<'a> {
    vec![
        ("packet_count", ListedValue::Counter(counts.packet_count)),
        ("byte_count", ListedValue::Counter(counts.byte_count)),
    ]
}

/// The value of a member.
#[derive(Debug, Clone)]
pub(super) enum ListedValue<'a> {
    /// A number.
    Number(u64),
    /// A number that text leaves out if it is 1.
    UnlessOne(u64),
    /// A counter.
    Counter(u64),
    /// Bits and their words.
    Flags(u16, &'static [(u32, &'static str)]),
    /// Seconds, and nanoseconds beyond them.
    Duration((u32, u32)),
    /// A port.
    Port(u32),
    /// Unknown properties, header included.
    Properties(Vec<&'a [u8]>),
}

/// How members are punctuated in text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Punctuation {
    /// Written before each member.
    pub(super) before: &'static str,
    /// Written after each member.
    pub(super) after: &'static str,
    /// Written between key and value.
    pub(super) equals: &'static str,
    /// Written between key and value of counters and flags.
    pub(super) counts: &'static str,
}

/// Writes members as text.
pub(super) fn text<S: Sink>(
    members: &ListedMembers<'_>,
    marks: Punctuation,
    sink: &mut S,
    cx: &TextContext<'_>,
) {
    for (key, value) in members {
        match value {
            ListedValue::UnlessOne(1) => {}
            ListedValue::Flags(bits, words) => {
                let bits = u32::from(*bits);
                for (_, word) in words.iter().filter(|(bit, _)| bits & bit != 0) {
                    sink.put(marks.before);
                    sink.put_as(TextRole::Value, word);
                    sink.put(marks.after);
                }
                let rest = words.iter().fold(bits, |rest, (bit, _)| rest & !bit);
                if rest != 0 {
                    one(sink, marks, (key, marks.counts), |sink| {
                        write!(sink, "{rest:#x}");
                    });
                }
            }
            ListedValue::Properties(properties) => {
                for property in properties {
                    one(sink, marks, ("property", marks.equals), |sink| {
                        put_hex(property, sink.buffer());
                    });
                }
            }
            ListedValue::Counter(count) => {
                one(sink, marks, (key, marks.counts), |sink| {
                    write!(sink, "{count}");
                });
            }
            ListedValue::Duration((sec, nsec)) => one(sink, marks, (key, marks.counts), |sink| {
                put_duration(sink.buffer(), *sec, *nsec);
            }),
            ListedValue::Port(ofport) => one(sink, marks, (key, marks.equals), |sink| {
                put_port(sink, cx, *ofport);
            }),
            ListedValue::Number(number) | ListedValue::UnlessOne(number) => {
                one(sink, marks, (key, marks.equals), |sink| {
                    write!(sink, "{number}");
                });
            }
        }
    }
}

/// Writes one member.
fn one<S: Sink>(
    sink: &mut S,
    marks: Punctuation,
    (key, equals): (&str, &str),
    value: impl FnOnce(&mut S),
) {
    sink.put(marks.before);
    put_key(sink, key, equals);
    value(sink);
    sink.put(marks.after);
}

/// `rate:`
pub(super) fn put_key<S: Sink>(sink: &mut S, key: &str, equals: &str) {
    sink.begin(TextRole::Key);
    sink.put(key);
    sink.put(equals);
    sink.end(TextRole::Key);
}

/// Writes members into a JSON object that was begun.
pub(super) fn json(members: &ListedMembers<'_>, json: &mut Json<'_>, cx: &TextContext<'_>) {
    for (key, value) in members {
        json.key(key);
        match value {
            ListedValue::Number(number)
            | ListedValue::UnlessOne(number)
            | ListedValue::Counter(number) => {
                json.number(*number);
            }
            ListedValue::Flags(bits, words) => {
                json.begin_array();
                for bit in (0..16).map(|shift| 1_u32 << shift) {
                    match words.iter().find(|(flag, _)| *flag == bit) {
                        _ if u32::from(*bits) & bit == 0 => {}
                        Some((_, word)) => json.word(word),
                        None => json.hex(bit.into()),
                    }
                }
                json.end_array();
            }
            ListedValue::Duration((sec, nsec)) => {
                json.value_of(|out| put_decimals(out, *sec, *nsec));
            }
            ListedValue::Port(ofport) => put_port_json(json, cx.names, *ofport),
            ListedValue::Properties(properties) => {
                json.begin_array();
                for property in properties {
                    json.plain(|out| put_hex(property, out));
                }
                json.end_array();
            }
        }
    }
}

fn put_hex(bytes: &[u8], out: &mut String) {
    out.push_str("0x");
    for byte in bytes {
        let _ = std::fmt::Write::write_fmt(out, format_args!("{byte:02x}"));
    }
}

//! Flows as a dump prints them, with what the switch counts of them: the text of `ovs-ofctl dump-flows`, of
//! `ovs-appctl bridge/dump-flows` and of `ovs dump-flows`, and the objects of `ovs dump-flows --json`.
//!
//! In contrast to [`FlowChange`](super::flow_change::FlowChange) the flow is taken as the switch had it: prerequisites of
//! actions are not checked, and nothing is warned of.

use rustc_hash::FxHashMap;

use super::actions::{KnownHeaders, ParsedActions, parse_with};
use super::fields::{Id, ParseError, Problem, cookie_number, number, parse_match, parse_table};
use super::flow_change::{DEFAULT_PRIORITY, known_headers, split_actions};
use super::flow_entry::{FLAGS, Flow, FlowCounts};
use super::flow_json;
use super::text::NameLookup;
use super::version::Version;

/// Reads the flows of a dump.
pub struct FlowDump<'n> {
    names: &'n dyn NameLookup,
    version: Version,
    /// The bytes of actions that were read before: most flows of a switch share theirs with others.
    actions: FxHashMap<Box<str>, (KnownHeaders, Vec<u8>)>,
}

/// Maximum number of lists of actions that are kept.
const MAX_ACTIONS: usize = 4096;
/// Maximum length of the text of those that are kept, in bytes.
const MAX_ACTIONS_TEXT: usize = 512;

impl<'n> FlowDump<'n> {
    /// A dump in the words of `version`, whose ports and tables have these names.
    pub fn new(version: Version, names: &'n dyn NameLookup) -> FlowDump<'n> {
        FlowDump {
            names,
            version,
            actions: FxHashMap::default(),
        }
    }

    /// Reads one flow: a line of text, or a JSON object.
    ///
    /// # Errors
    ///
    /// The malformed piece and the reason.
    pub fn flow(&mut self, text: &str) -> Result<(Flow, FlowCounts), ParseError> {
        let line;
        let text = if text.trim_start().starts_with('{') {
            line = flow_json::line(text, self.names)?;
            &line
        } else {
            text
        };
        let (head, actions) =
            split_actions(text).ok_or_else(|| Problem::syntax("actions= is missing").at(text))?;
        let mut keys = DumpKeys::new(self.names);
        let filter = parse_match(head, self.names, |key, value| keys.take(key, value))?;
        let mut flow = Flow {
            table_id: filter.table.or(keys.table).unwrap_or(0),
            priority: keys.priority,
            idle_timeout: keys.idle_timeout,
            hard_timeout: keys.hard_timeout,
            flags: keys.flags,
            importance: keys.importance,
            cookie: keys.cookie,
            fields: filter.fields,
            actions: ParsedActions {
                bytes: Vec::new(),
                version: self.version,
            },
        };
        if filter.is_untagged && self.version == Version::V10 {
            flow.fields.set(Id::VLAN_TCI.row(), &[0, 0], None);
        }
        let known = KnownHeaders {
            checked: false,
            table: None,
            ..known_headers(&flow)
        };
        flow.actions.bytes = self.actions(actions, known)?;
        Ok((flow, keys.counts(self.version)))
    }

    fn actions(&mut self, text: &str, known: KnownHeaders) -> Result<Vec<u8>, ParseError> {
        match self.actions.get(text) {
            Some((of, bytes)) if *of == known => return Ok(bytes.clone()),
            _ => {}
        }
        let (parsed, _) = parse_with(text, self.names, self.version, known)?;
        if text.len() <= MAX_ACTIONS_TEXT {
            if self.actions.len() >= MAX_ACTIONS {
                self.actions.clear();
            }
            self.actions
                .insert(text.into(), (known, parsed.bytes.clone()));
        }
        Ok(parsed.bytes)
    }
}

/// The keys of a flow of a dump that are not part of the match.
struct DumpKeys<'n> {
    names: &'n dyn NameLookup,
    table: Option<u8>,
    priority: u16,
    cookie: u64,
    idle_timeout: u16,
    hard_timeout: u16,
    importance: u16,
    flags: u16,
    counts: FlowCounts,
}

impl<'n> DumpKeys<'n> {
    fn new(names: &'n dyn NameLookup) -> DumpKeys<'n> {
        DumpKeys {
            names,
            table: None,
            priority: DEFAULT_PRIORITY,
            cookie: 0,
            idle_timeout: 0,
            hard_timeout: 0,
            importance: 0,
            flags: 0,
            counts: FlowCounts::default(),
        }
    }

    /// Consumes a key that is not part of the match; returns whether it was one.
    fn take(&mut self, key: &str, value: &str) -> Result<bool, Problem> {
        let counts = &mut self.counts;
        match key {
            "duration" if value == "?" => {}
            "duration" => {
                (counts.duration_sec, counts.duration_nsec) = parse_duration(value)
                    .ok_or_else(|| Problem::syntax("a duration is like 12.345s"))?;
            }
            "n_packets" => counts.packet_count = count(key, value)?,
            "n_bytes" => counts.byte_count = count(key, value)?,
            "idle_age" => counts.idle_age = Some(whole(key, value)?),
            "hard_age" => counts.hard_age = Some(whole(key, value)?),
            // What the hardware counted of the above.
            "n_offload_packets" | "n_offload_bytes" => {}
            "table_id" => self.table = Some(parse_table(value, self.names)?),
            "priority" => self.priority = whole(key, value)?,
            "idle_timeout" => self.idle_timeout = whole(key, value)?,
            "hard_timeout" => self.hard_timeout = whole(key, value)?,
            "importance" => self.importance = whole(key, value)?,
            "cookie" => {
                self.cookie = cookie_number(value)
                    .ok_or_else(|| Problem::syntax("a cookie is a number of 64 bits"))?;
            }
            key => {
                let flag = FLAGS.iter().find(|(_, word)| *word == key);
                if let Some((bit, _)) = flag {
                    self.flags |= *bit as u16;
                }
                return Ok(flag.is_some());
            }
        }
        Ok(true)
    }

    fn counts(mut self, version: Version) -> FlowCounts {
        // A dump leaves out the time since the last change if that is the duration.
        if version == Version::V10 && self.counts.idle_age.is_some() {
            self.counts.hard_age.get_or_insert(self.counts.duration_sec);
        }
        self.counts
    }
}

/// A number of the type of a member.
fn whole<N: TryFrom<u128>>(key: &str, value: &str) -> Result<N, Problem> {
    number(value)
        .and_then(|number| N::try_from(number).ok())
        .ok_or_else(|| Problem::syntax(format!("{key} is a number, and not as large as this")))
}

/// A counter; `?` is one that the switch does not keep.
fn count(key: &str, value: &str) -> Result<Option<u64>, Problem> {
    match value {
        "?" => Ok(None),
        value => whole(key, value).map(Some),
    }
}

/// Seconds, and nanoseconds beyond them, of `12.345s` or `12`.
pub fn parse_duration(text: &str) -> Option<(u32, u32)> {
    let text = text.strip_suffix('s').unwrap_or(text);
    let (seconds, decimals) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit());
    if !is_number(decimals) || decimals.len() > 9 || !is_number(seconds) {
        return None;
    }
    let mut nanoseconds: u32 = if decimals.is_empty() {
        0
    } else {
        decimals.parse().ok()?
    };
    for _ in decimals.len()..9 {
        nanoseconds *= 10;
    }
    Some((seconds.parse().ok()?, nanoseconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openflow::text::NoNames;

    #[test]
    fn durations() {
        for (text, duration) in [
            ("3289.700s", Some((3289, 700_000_000))),
            ("5s", Some((5, 0))),
            ("0.000000001s", Some((0, 1))),
            ("1.00012", Some((1, 120_000))),
            ("s", None),
            ("1.", Some((1, 0))),
            ("1.0000000001s", None),
            ("-1s", None),
            ("4294967296s", None),
        ] {
            assert_eq!(parse_duration(text), duration, "{text}");
        }
    }

    #[test]
    fn statistics_are_kept() {
        let mut dump = FlowDump::new(Version::V10, &NoNames);
        let line = "cookie=0x5, duration=12.345s, table=3, n_packets=7, n_bytes=?, idle_timeout=9, \
                    idle_age=4, priority=1,ip,in_port=2 actions=output:1";
        let (flow, counts) = dump.flow(line).unwrap();
        assert_eq!((flow.table_id, flow.priority, flow.cookie), (3, 1, 5));
        let expected = FlowCounts {
            duration_sec: 12,
            duration_nsec: 345_000_000,
            idle_age: Some(4),
            hard_age: Some(12),
            packet_count: Some(7),
            byte_count: None,
        };
        assert_eq!(counts, expected);
        let json = r#"{"table":3,"priority":1,"cookie":"0x5","duration":12.345,"n_packets":7,"idle_age":4,
            "hard_age":12,"idle_timeout":9,"flags":[],"match":{"in_port":{"number":2},"dl_type":"0x0800"},
            "actions":[{"type":"output","port":{"number":1}}]}"#;
        assert_eq!(dump.flow(json).unwrap(), (flow, counts));
    }
}

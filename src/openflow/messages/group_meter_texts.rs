//! Statistics of groups and meters, the map of tunnel options and the statistics of tables as ovs-ofctl prints them, read
//! back, and the bytes of these, of groups and of meters.

use super::groups::{GroupStats, NICIRA_DESC, NICIRA_STATS};
use super::header::{self, VENDOR};
use super::members::{Counts, WireText};
use super::meters::{MeterConfig, MeterStats, parse_id};
use super::multipart;
use super::tables::TableStats;
use super::tlv_table::{TlvMap, TlvTableReply};
use crate::openflow::flow_dump::parse_duration;
use crate::openflow::version::Version::{self, V11, V12};

/// The reply that describes groups, of their encoded entries.
pub fn group_desc_reply(version: Version, entries: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let entries = entries.iter().map(Vec::as_slice);
    multipart::reply(version, multipart::GROUP_DESC, Some(NICIRA_DESC), entries)
}

/// Reads the statistics of one group: ` group_id=5,duration=3.2s,ref_count=0,packet_count=0,byte_count=0,bucket0:...`.
///
/// # Errors
///
/// The reason.
pub fn parse_group_stats(text: &str) -> Result<GroupStats, String> {
    let mut stats = GroupStats {
        group_id: 0,
        ref_count: 0,
        packet_count: u64::MAX,
        byte_count: u64::MAX,
        duration_sec: None,
        duration_nsec: None,
        buckets: Vec::new(),
    };
    let mut has_id = false;
    for pair in text.trim().split(',') {
        let (key, value) = pair.split_once('=').ok_or_else(|| no_pair(pair))?;
        let (bucket, key) = match key.split_once(':') {
            Some((bucket, key)) if bucket.starts_with("bucket") => (true, key),
            _ => (false, key),
        };
        if bucket {
            // `bucket0:packet_count=?` or a number, which begins the next bucket.
            stats
                .buckets
                .push(Some(Counts::default()).filter(|_| value != "?"));
        }
        match (key, stats.buckets.last_mut()) {
            ("group_id", None) => {
                stats.group_id = number(pair, value)?;
                has_id = true;
            }
            ("ref_count", None) => stats.ref_count = number(pair, value)?,
            ("duration", None) => {
                let (seconds, nanoseconds) = parse_duration(value).ok_or_else(|| no_pair(pair))?;
                (stats.duration_sec, stats.duration_nsec) = (Some(seconds), Some(nanoseconds));
            }
            ("packet_count", None) => stats.packet_count = count(pair, value)?,
            ("byte_count", None) => stats.byte_count = count(pair, value)?,
            ("packet_count", Some(Some(bucket))) => bucket.packet_count = count(pair, value)?,
            ("byte_count", Some(Some(bucket))) => bucket.byte_count = count(pair, value)?,
            ("packet_count" | "byte_count", Some(None)) => {}
            _ => return Err(no_pair(pair)),
        }
    }
    if has_id {
        Ok(stats)
    } else {
        Err("group_id= is missing".to_owned())
    }
}

fn no_pair(text: &str) -> String {
    let text: String = text.chars().take(80).collect();
    format!("\"{}\" is unknown here", text.escape_debug())
}

fn number<N: std::str::FromStr>(pair: &str, value: &str) -> Result<N, String> {
    value.parse().map_err(|_| no_pair(pair))
}

/// A counter; `?` is one that the switch does not keep.
fn count(pair: &str, value: &str) -> Result<u64, String> {
    match value {
        "?" => Ok(u64::MAX),
        value => number(pair, value),
    }
}

/// The reply with the statistics of groups.
pub fn group_stats_reply(version: Version, groups: &[GroupStats]) -> Vec<Vec<u8>> {
    let entries: Vec<Vec<u8>> = groups
        .iter()
        .map(|stats| {
            let mut out = vec![0; 4];
            out.extend(stats.group_id.to_be_bytes());
            out.extend(stats.ref_count.to_be_bytes());
            out.extend([0; 4]);
            out.extend(stats.packet_count.to_be_bytes());
            out.extend(stats.byte_count.to_be_bytes());
            if !matches!(version, V11 | V12) {
                let (seconds, nanoseconds) = stats.duration().unwrap_or((u32::MAX, u32::MAX));
                out.extend(seconds.to_be_bytes());
                out.extend(nanoseconds.to_be_bytes());
            }
            for bucket in &stats.buckets {
                let none = Counts {
                    packet_count: u64::MAX,
                    byte_count: u64::MAX,
                };
                let counts = bucket.unwrap_or(none);
                out.extend(counts.packet_count.to_be_bytes());
                out.extend(counts.byte_count.to_be_bytes());
            }
            with_length(out, 0)
        })
        .collect();
    let entries = entries.iter().map(Vec::as_slice);
    multipart::reply(version, multipart::GROUP_STATS, Some(NICIRA_STATS), entries)
}

/// Writes the length of an entry into two of its bytes.
fn with_length(mut entry: Vec<u8>, at: usize) -> Vec<u8> {
    let length = u16::try_from(entry.len()).unwrap_or(u16::MAX);
    if let Some(field) = entry.get_mut(at..at + 2) {
        field.copy_from_slice(&length.to_be_bytes());
    }
    entry
}

/// The reply that describes meters, OpenFlow 1.3 and later.
pub fn meter_reply(version: Version, meters: &[MeterConfig]) -> Vec<Vec<u8>> {
    let entries: Vec<Vec<u8>> = meters
        .iter()
        .map(|meter| {
            let mut out = vec![0; 2];
            out.extend(meter.flags.to_be_bytes());
            out.extend(meter.meter_id.to_be_bytes());
            for band in &meter.bands {
                band.put(&mut out);
            }
            with_length(out, 0)
        })
        .collect();
    let entries = entries.iter().map(Vec::as_slice);
    multipart::reply(version, multipart::METER_CONFIG, None, entries)
}

/// Reads the statistics of meters: a line for each, and one for each of its bands. A line that cannot be read is passed
/// to `problem` with the number of lines before it.
pub fn parse_meter_stats(text: &str, mut problem: impl FnMut(usize, String)) -> Vec<MeterStats> {
    let mut meters: Vec<MeterStats> = Vec::new();
    for (line, text) in text.lines().enumerate() {
        let text = text.trim();
        let outcome =
            if let Some(meter) = text.strip_prefix("meter:").or(text.strip_prefix("meter=")) {
                meter_line(meter).map(|meter| meters.push(meter))
            } else if text.is_empty() {
                Ok(())
            } else {
                band_line(text).map(|band| {
                    if let Some(meter) = meters.last_mut() {
                        meter.bands.push(band);
                    }
                })
            };
        if let Err(reason) = outcome {
            problem(line, reason);
        }
    }
    meters
}

/// `5 flow_count:0 packet_in_count:0 byte_in_count:0 duration:0.052s bands:`
fn meter_line(text: &str) -> Result<MeterStats, String> {
    let mut words = text.split_ascii_whitespace();
    let id = words.next().and_then(parse_id);
    let mut stats = MeterStats {
        meter_id: id.ok_or("the number of the meter is missing")?,
        flow_count: u32::MAX,
        packet_in_count: u64::MAX,
        byte_in_count: u64::MAX,
        duration_sec: 0,
        duration_nsec: 0,
        bands: Vec::new(),
    };
    for pair in words {
        let (key, value) = pair.split_once(':').ok_or_else(|| no_pair(pair))?;
        match key {
            "flow_count" => stats.flow_count = number(pair, value)?,
            "packet_in_count" => stats.packet_in_count = count(pair, value)?,
            "byte_in_count" => stats.byte_in_count = count(pair, value)?,
            "duration" => {
                (stats.duration_sec, stats.duration_nsec) =
                    parse_duration(value).ok_or_else(|| no_pair(pair))?;
            }
            "bands" => {}
            _ => return Err(no_pair(pair)),
        }
    }
    Ok(stats)
}

/// `0: packet_count:0 byte_count:0`
fn band_line(text: &str) -> Result<Counts, String> {
    let (_, counters) = text.split_once(": ").ok_or_else(|| no_pair(text))?;
    let mut counts = Counts::default();
    for pair in counters.split_ascii_whitespace() {
        match pair.split_once(':') {
            Some(("packet_count", value)) => counts.packet_count = count(pair, value)?,
            Some(("byte_count", value)) => counts.byte_count = count(pair, value)?,
            _ => return Err(no_pair(pair)),
        }
    }
    Ok(counts)
}

/// The reply with the statistics of meters, OpenFlow 1.3 and later.
pub fn meter_stats_reply(version: Version, meters: &[MeterStats]) -> Vec<Vec<u8>> {
    let entries: Vec<Vec<u8>> = meters
        .iter()
        .map(|meter| {
            let mut out = meter.meter_id.to_be_bytes().to_vec();
            out.extend([0; 8]);
            out.extend(meter.flow_count.to_be_bytes());
            out.extend(meter.packet_in_count.to_be_bytes());
            out.extend(meter.byte_in_count.to_be_bytes());
            out.extend(meter.duration_sec.to_be_bytes());
            out.extend(meter.duration_nsec.to_be_bytes());
            for band in &meter.bands {
                out.extend(band.packet_count.to_be_bytes());
                out.extend(band.byte_count.to_be_bytes());
            }
            with_length(out, 4)
        })
        .collect();
    let entries = entries.iter().map(Vec::as_slice);
    multipart::reply(version, multipart::METER_STATS, None, entries)
}

/// Reads the map of tunnel options. A line that cannot be read is passed to `problem` with the number of lines before it.
pub fn parse_tlv_map(text: &str, mut problem: impl FnMut(usize, String)) -> TlvTableReply {
    let mut reply = TlvTableReply {
        max_option_space: 0,
        max_fields: 0,
        maps: Vec::new(),
    };
    for (line, text) in text.lines().enumerate() {
        let text = text.trim();
        if let Some(space) = text.strip_prefix("max option space=") {
            let limits = space.split_once(" max fields=");
            let limits = limits
                .and_then(|(space, fields)| Some((space.parse().ok()?, fields.parse().ok()?)));
            match limits {
                Some((space, fields)) => {
                    (reply.max_option_space, reply.max_fields) = (space, fields);
                }
                None => problem(line, no_pair(text)),
            }
        } else if text.contains("tun_metadata") {
            match tlv_line(text) {
                Some(map) => reply.maps.push(map),
                None => problem(line, no_pair(text)),
            }
        }
    }
    reply
}

/// `0xffff     0       4  tun_metadata0`
fn tlv_line(text: &str) -> Option<TlvMap> {
    let mut words = text.split_ascii_whitespace();
    let hex = |word: &str| u16::from_str_radix(word.trim_start_matches("0x"), 16);
    // Zero has no prefix.
    let hex = |word: &str| if word == "0x" { None } else { hex(word).ok() };
    let map = TlvMap {
        option_class: hex(words.next()?)?,
        option_type: u8::try_from(hex(words.next()?)?).ok()?,
        option_len: words.next()?.parse().ok()?,
        index: words.next()?.strip_prefix("tun_metadata")?.parse().ok()?,
    };
    Some(map)
}

/// The message that tells the map of tunnel options. `None` if it has too many options.
pub fn tlv_reply(version: Version, reply: &TlvTableReply) -> Option<Vec<u8>> {
    header::message(version, VENDOR, 0, |out| {
        out.extend(super::codec::NICIRA.to_be_bytes());
        out.extend(super::tlv_table::NICIRA_REPLY.to_be_bytes());
        out.extend(reply.max_option_space.to_be_bytes());
        out.extend(reply.max_fields.to_be_bytes());
        out.extend([0; 10]);
        for map in &reply.maps {
            out.extend(map.option_class.to_be_bytes());
            out.extend([map.option_type, map.option_len]);
            out.extend(map.index.to_be_bytes());
            out.extend([0; 2]);
        }
    })
}

/// Reads the statistics of tables; before OpenFlow 1.3 with their names and sizes. A line that cannot be read is passed to
/// `problem` with the number of lines before it.
pub fn parse_table_stats(text: &str, mut problem: impl FnMut(usize, String)) -> Vec<TableStats> {
    let mut tables: Vec<TableStats> = Vec::new();
    let mut open: Option<u8> = None;
    let names = parse_table_names(text);
    for (line, text) in text.lines().enumerate() {
        let text = text.trim();
        if tables.len() > MAX_TABLES {
            break;
        }
        if let Some((first, last)) = text
            .strip_prefix("tables ")
            .and_then(|text| text.strip_suffix(": ditto")?.split_once("..."))
        {
            let range = first.parse::<u8>().ok().zip(last.parse::<u8>().ok());
            match (range, tables.last().cloned()) {
                (Some((first, last)), Some(before)) => {
                    tables.extend((first..=last).map(|table_id| TableStats {
                        table_id,
                        ..before.clone()
                    }));
                }
                _ => problem(line, no_pair(text)),
            }
        } else if let Some(table) = text.strip_prefix("table ") {
            let ditto = table.strip_suffix(": ditto");
            let number = table
                .split([' ', ':'])
                .next()
                .unwrap_or_default()
                .parse()
                .ok();
            match (number, ditto, tables.last().cloned()) {
                (Some(table_id), Some(_), Some(before)) => {
                    tables.push(TableStats { table_id, ..before });
                }
                (None, ..) => problem(line, no_pair(text)),
                (number, ..) => open = number,
            }
        } else if let (Some(table_id), Some(counters)) = (open, text.strip_prefix("active=")) {
            open = None;
            let features = tables.last().and_then(|before| before.features.clone());
            match table_line(table_id, counters) {
                Some(table) => tables.push(TableStats { features, ..table }),
                None => problem(line, no_pair(text)),
            }
        } else if let (Some(table), Some(max_entries)) =
            (tables.last_mut(), text.strip_prefix("max_entries="))
        {
            match max_entries.parse() {
                Ok(max_entries) => table.features.get_or_insert_default().max_entries = max_entries,
                Err(_) => problem(line, no_pair(text)),
            }
        }
    }
    for table in &mut tables {
        if let Some(features) = &mut table.features {
            features.table_id = table.table_id;
            let name = names.iter().find(|(number, _)| *number == table.table_id);
            features.name = WireText(name.map_or_else(String::new, |(_, name)| name.clone()));
        }
    }
    tables
}

/// A switch has no more tables; a text that lists some again is not worth more.
const MAX_TABLES: usize = 256;

/// `1, lookup=0, matched=0`
fn table_line(table_id: u8, text: &str) -> Option<TableStats> {
    let (active, rest) = text.split_once(", lookup=")?;
    let (lookups, matched) = rest.split_once(", matched=")?;
    Some(TableStats {
        table_id,
        active: active.parse().ok()?,
        lookups: lookups.parse().ok()?,
        matched: matched.parse().ok()?,
        features: None,
    })
}

/// The length of a table's name, with the NUL at its end.
const TABLE_NAME_LEN: usize = 32;

/// `OFPFW_ALL`, which Open vSwitch sends for every table.
const ALL_WILDCARDS: u32 = (1 << 22) - 1;

/// The reply with the statistics of tables, OpenFlow 1.0, or 1.3 and later.
pub fn table_stats_reply(version: Version, tables: &[TableStats]) -> Vec<Vec<u8>> {
    let entries: Vec<Vec<u8>> = tables
        .iter()
        .map(|table| {
            let mut out = vec![table.table_id, 0, 0, 0];
            if version == Version::V10 {
                let features = table.features.clone().unwrap_or_default();
                let mut name = features.name.0.into_bytes();
                name.resize(TABLE_NAME_LEN, 0);
                out.extend(name);
                out.extend(ALL_WILDCARDS.to_be_bytes());
                out.extend(features.max_entries.to_be_bytes());
            }
            out.extend(table.active.to_be_bytes());
            out.extend(table.lookups.to_be_bytes());
            out.extend(table.matched.to_be_bytes());
            out
        })
        .collect();
    let entries = entries.iter().map(Vec::as_slice);
    multipart::reply(version, multipart::TABLE_STATS, None, entries)
}

/// The names of tables in the text of their features or statistics: `table 2 ("ingress"):`.
pub fn parse_table_names(text: &str) -> Vec<(u8, String)> {
    let name = |line: &str| {
        let (number, rest) = line.trim().strip_prefix("table ")?.split_once(" (")?;
        let (name, _) = rest.rsplit_once("):")?;
        let name = serde_json::from_str(name).ok()?;
        Some((number.parse().ok()?, name))
    };
    text.lines().filter_map(name).collect()
}

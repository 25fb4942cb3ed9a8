//! One meter as text or as a JSON object.
//!
//! The text is that of `ovs-ofctl dump-meters` (ovs-ofctl(8)), on one line or on several; statistics,
//! where they are given, stand in the words of `ovs-ofctl meter-stats` before the bands and behind each
//! band.

use std::fmt::Write as _;

use super::flow::{put_decimals, put_duration};
use super::messages::meters::{
    BURST, DROP, DSCP_REMARK, FLAGS, METER_MAX, MeterConfig, MeterStats, RESERVED_METERS,
};
use super::text::{Role, Sink};
use crate::base::json::Json;

/// The number of a meter that is meant by a number or by a name: `5`, `controller`, `slowpath`.
pub fn parse_id(text: &str) -> Option<u32> {
    let reserved = RESERVED_METERS.iter().find(|(_, name)| *name == text);
    match reserved {
        Some((number, _)) => Some(*number),
        None => text.parse().ok(),
    }
}

/// The name of a meter that has one.
fn reserved(meter_id: u32) -> Option<&'static str> {
    let found = RESERVED_METERS.iter().find(|(id, _)| *id == meter_id);
    found.map(|(_, name)| *name)
}

/// Writes the meter; before each band stands `separator`, which is nothing or a line feed for the first
/// and a blank or a line feed for the others.
pub fn text<S: Sink>(
    meter: &MeterConfig,
    stats: Option<&MeterStats>,
    separators: (&str, &str),
    sink: &mut S,
) {
    put_id(meter.meter_id, "=", sink);
    for (bit, word) in FLAGS {
        if meter.flags & bit != 0 {
            sink.put_as(Role::Value, word);
            sink.put(" ");
        }
    }
    let known = FLAGS.iter().fold(0, |all, (bit, _)| all | bit);
    if meter.flags & !known != 0 {
        argument(sink, "flags");
        let _ = write!(sink.buffer(), "{:#x} ", meter.flags & !known);
    }
    if let Some(stats) = stats {
        put_counters(stats, sink);
    }
    sink.key("bands");
    let (first, others) = separators;
    for (index, band) in meter.bands.iter().enumerate() {
        sink.put(if index == 0 { first } else { others });
        sink.key("type");
        match band_type(band.kind) {
            Some(word) => sink.put_as(Role::Action, word),
            None => {
                let _ = write!(sink.buffer(), "{}", band.kind);
            }
        }
        sink.put(" ");
        sink.key("rate");
        let _ = write!(sink.buffer(), "{}", band.rate);
        if meter.flags & BURST != 0 {
            sink.put(" ");
            sink.key("burst_size");
            let _ = write!(sink.buffer(), "{}", band.burst_size);
        }
        if let Some(level) = band.prec_level {
            sink.put(" ");
            sink.key("prec_level");
            let _ = write!(sink.buffer(), "{level}");
        }
        if let Some((packets, bytes)) = stats.and_then(|stats| stats.bands.get(index)) {
            sink.put(" ");
            argument(sink, "packet_count");
            let _ = write!(sink.buffer(), "{packets} ");
            argument(sink, "byte_count");
            let _ = write!(sink.buffer(), "{bytes}");
        }
    }
}

/// Writes the statistics alone, as `ovs-ofctl meter-stats` does: a line, and one for each band.
pub fn stats_text<S: Sink>(stats: &MeterStats, sink: &mut S) {
    put_id(stats.meter_id, ":", sink);
    put_counters(stats, sink);
    sink.put("bands:\n");
    for (index, (packets, bytes)) in stats.bands.iter().enumerate() {
        let _ = write!(sink.buffer(), "{index}: ");
        argument(sink, "packet_count");
        let _ = write!(sink.buffer(), "{packets} ");
        argument(sink, "byte_count");
        let _ = writeln!(sink.buffer(), "{bytes}");
    }
}

/// Writes the meter as a JSON object: `meter_id` (a number, or the name of one that has one), `flags`,
/// with statistics `flow_count`, `packet_in_count`, `byte_in_count` and `duration`, and `bands`, each
/// with `type`, `rate`, `burst_size`, `prec_level`, `packet_count` and `byte_count`. Keys that do not
/// apply are left out.
pub fn json(meter: &MeterConfig, stats: Option<&MeterStats>, json: &mut Json<'_>) {
    json.begin_object();
    json.key("meter_id");
    match reserved(meter.meter_id) {
        Some(name) => json.string(name),
        None => json.number(meter.meter_id),
    }
    json.key("flags");
    json.begin_array();
    for bit in (0..16).map(|shift| 1_u16 << shift) {
        if meter.flags & bit != 0 {
            match FLAGS.iter().find(|(flag, _)| *flag == bit) {
                Some((_, word)) => json.string(word),
                None => json.display(format_args!("{bit:#x}")),
            }
        }
    }
    json.end_array();
    if let Some(stats) = stats {
        json.key("flow_count");
        json.number(stats.flow_count);
        json.key("packet_in_count");
        json.number(stats.packet_in_count);
        json.key("byte_in_count");
        json.number(stats.byte_in_count);
        json.key("duration");
        json.value_of(|out| put_decimals(out, stats.duration.0, stats.duration.1));
    }
    json.key("bands");
    json.begin_array();
    for (index, band) in meter.bands.iter().enumerate() {
        json.begin_object();
        json.key("type");
        match band_type(band.kind) {
            Some(word) => json.string(word),
            None => json.number(band.kind),
        }
        json.key("rate");
        json.number(band.rate);
        if meter.flags & BURST != 0 {
            json.key("burst_size");
            json.number(band.burst_size);
        }
        if let Some(level) = band.prec_level {
            json.key("prec_level");
            json.number(level);
        }
        if let Some((packets, bytes)) = stats.and_then(|stats| stats.bands.get(index)) {
            json.key("packet_count");
            json.number(*packets);
            json.key("byte_count");
            json.number(*bytes);
        }
        json.end_object();
    }
    json.end_array();
    json.end_object();
}

fn band_type(kind: u16) -> Option<&'static str> {
    match kind {
        DROP => Some("drop"),
        DSCP_REMARK => Some("dscp_remark"),
        _ => None,
    }
}

fn put_id<S: Sink>(meter_id: u32, equals: &str, sink: &mut S) {
    sink.begin(Role::Special);
    sink.put("meter");
    sink.put(equals);
    sink.end(Role::Special);
    match reserved(meter_id) {
        Some(name) => sink.put(name),
        None if meter_id > METER_MAX => sink.put("unknown"),
        None => {
            let _ = write!(sink.buffer(), "{meter_id}");
        }
    }
    sink.put(" ");
}

fn put_counters<S: Sink>(stats: &MeterStats, sink: &mut S) {
    for (key, count) in [
        ("flow_count", u64::from(stats.flow_count)),
        ("packet_in_count", stats.packet_in_count),
        ("byte_in_count", stats.byte_in_count),
    ] {
        argument(sink, key);
        let _ = write!(sink.buffer(), "{count} ");
    }
    argument(sink, "duration");
    put_duration(sink.buffer(), stats.duration.0, stats.duration.1);
    sink.put(" ");
}

/// `rate:`
fn argument<S: Sink>(sink: &mut S, name: &str) {
    sink.begin(Role::Key);
    sink.put(name);
    sink.put(":");
    sink.end(Role::Key);
}

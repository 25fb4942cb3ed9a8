//! Counters of ports as `ovs-ofctl dump-ports` prints them, read back, and their bytes.

use super::multipart;
use super::port_stats::{EXPERIMENTER, INTEL, INTEL_CUSTOM, PortStats};
use super::port_texts::LineProblem;
use crate::openflow::fields::parse_port;
use crate::openflow::flow_dump::parse_duration;
use crate::openflow::text::{NameLookup, port_to_v10};
use crate::openflow::version::Version::{self, V10, V13, V14};

/// Reads the counters in a text. A port that cannot be read is left out and added to `problems`.
pub fn parse_port_stats(
    text: &str,
    names: &dyn NameLookup,
    problems: &mut Vec<LineProblem>,
) -> Vec<PortStats> {
    let mut ports: Vec<PortStats> = Vec::new();
    let mut is_open = false;
    for (line, text) in text.lines().enumerate() {
        let text = text.trim();
        let outcome = if let Some(port) = text.strip_prefix("port ") {
            let port = begin(port, names);
            is_open = port.is_ok();
            port.map(|port| ports.push(port))
        } else if let (Some(port), true) = (ports.last_mut(), is_open) {
            stats_line(port, text)
        } else {
            Ok(())
        };
        if let Err(reason) = outcome {
            problems.push((line, reason));
        }
    }
    ports
}

/// ` 1: rx pkts=0, bytes=0`, after `port`
fn begin(text: &str, names: &dyn NameLookup) -> Result<PortStats, String> {
    let (port, counters) = text.split_once(": rx ").ok_or("rx is missing")?;
    let ofport = parse_port(port.trim(), names).map_err(|problem| problem.at(port).to_string())?;
    let mut stats = PortStats::default();
    stats.ofport = ofport;
    counters_of(&mut stats, "rx", counters)?;
    Ok(stats)
}

fn stats_line(stats: &mut PortStats, text: &str) -> Result<(), String> {
    if let Some(counters) = text.strip_prefix("tx pkts=") {
        let (packets, others) = counters.split_once(", ").unwrap_or((counters, ""));
        stats.tx_packets = counter(packets)?;
        return counters_of(stats, "tx", others);
    }
    if let Some(duration) = text.strip_prefix("duration=") {
        let (seconds, nanoseconds) =
            parse_duration(duration).ok_or("a duration is like 12.345s")?;
        (stats.duration_sec, stats.duration_nsec) = (Some(seconds), nanoseconds);
        return Ok(());
    }
    if text.starts_with("rx rfc2819") || text.starts_with("tx rfc2819") {
        return Ok(());
    }
    // Custom statistics: `rx_custom_packets_1=0, rx_custom_packets_2=0,`
    for (name, count) in text
        .split(',')
        .filter_map(|pair| pair.trim().split_once('='))
    {
        if name.len() < 256 && stats.custom.len() < usize::from(u16::MAX) {
            let count = counter(count)?.unwrap_or(u64::MAX);
            stats.custom.push((name.to_owned(), count));
        }
    }
    Ok(())
}

fn counters_of(stats: &mut PortStats, direction: &str, text: &str) -> Result<(), String> {
    for pair in text
        .split(',')
        .map(str::trim)
        .filter(|pair| !pair.is_empty())
    {
        let (key, count) = pair.split_once('=').ok_or("a counter is like pkts=0")?;
        let place = match (direction, key) {
            ("rx", "pkts") => &mut stats.rx_packets,
            ("rx", "bytes") => &mut stats.rx_bytes,
            ("rx", "drop") => &mut stats.rx_dropped,
            ("rx", "errs") => &mut stats.rx_errors,
            ("rx", "frame") => &mut stats.rx_frame_err,
            ("rx", "over") => &mut stats.rx_over_err,
            ("rx", "crc") => &mut stats.rx_crc_err,
            ("tx", "bytes") => &mut stats.tx_bytes,
            ("tx", "drop") => &mut stats.tx_dropped,
            ("tx", "errs") => &mut stats.tx_errors,
            ("tx", "coll") => &mut stats.collisions,
            _ => continue,
        };
        *place = counter(count)?;
    }
    Ok(())
}

/// A count; `?` is one that the switch does not keep.
fn counter(text: &str) -> Result<Option<u64>, String> {
    match text.trim() {
        "?" => Ok(None),
        number => number
            .parse()
            .map(Some)
            .map_err(|_| format!("\"{}\" is no count", number.escape_debug())),
    }
}

/// The reply with these counters. Ports that the version has no number for are left out.
pub fn stats_reply(version: Version, ports: &[PortStats]) -> Vec<Vec<u8>> {
    let entries: Vec<Vec<u8>> = ports
        .iter()
        .filter_map(|port| {
            let mut entry = Vec::new();
            put_stats(version, port, &mut entry)?;
            Some(entry)
        })
        .collect();
    let entries = entries.iter().map(Vec::as_slice);
    multipart::reply(version, multipart::PORT_STATS, None, entries)
}

fn put_stats(version: Version, port: &PortStats, out: &mut Vec<u8>) -> Option<()> {
    let is_long = version >= V14;
    let put_duration = |out: &mut Vec<u8>| {
        out.extend(port.duration_sec.unwrap_or(u32::MAX).to_be_bytes());
        let nanoseconds = match port.duration_sec {
            Some(_) => port.duration_nsec,
            None => u32::MAX,
        };
        out.extend(nanoseconds.to_be_bytes());
    };
    let put = |out: &mut Vec<u8>, counters: &[Option<u64>]| {
        for count in counters {
            out.extend(count.unwrap_or(u64::MAX).to_be_bytes());
        }
    };
    let ethernet = [
        port.rx_frame_err,
        port.rx_over_err,
        port.rx_crc_err,
        port.collisions,
    ];
    if is_long {
        out.extend([0; 4]);
    }
    if version == V10 {
        out.extend(port_to_v10(port.ofport)?.to_be_bytes());
        out.extend([0; 6]);
    } else {
        out.extend(port.ofport.to_be_bytes());
    }
    if is_long {
        put_duration(out);
    } else if version > V10 {
        out.extend([0; 4]);
    }
    put(
        out,
        &[
            port.rx_packets,
            port.tx_packets,
            port.rx_bytes,
            port.tx_bytes,
            port.rx_dropped,
            port.tx_dropped,
            port.rx_errors,
            port.tx_errors,
        ],
    );
    if is_long {
        // The property of Ethernet.
        out.extend([0, 0, 0, 40, 0, 0, 0, 0]);
        put(out, &ethernet);
        put_custom(&port.custom, out)?;
        let length = u16::try_from(out.len()).ok()?;
        out.get_mut(..2)?.copy_from_slice(&length.to_be_bytes());
    } else {
        put(out, &ethernet);
    }
    if version == V13 {
        put_duration(out);
    }
    Some(())
}

/// Appends the property with counters of their own names, if there are any.
fn put_custom(custom: &[(String, u64)], out: &mut Vec<u8>) -> Option<()> {
    if custom.is_empty() {
        return Some(());
    }
    let start = out.len();
    out.extend(EXPERIMENTER.to_be_bytes());
    out.extend([0; 2]);
    out.extend(INTEL.to_be_bytes());
    out.extend(INTEL_CUSTOM.to_be_bytes());
    out.extend([0; 2]);
    out.extend(u16::try_from(custom.len()).ok()?.to_be_bytes());
    for (name, count) in custom {
        out.push(u8::try_from(name.len()).ok()?);
        out.extend(name.as_bytes());
        out.extend(count.to_be_bytes());
    }
    let length = u16::try_from(out.len() - start).ok()?;
    out.get_mut(start + 2..start + 4)?
        .copy_from_slice(&length.to_be_bytes());
    super::members::pad(out, length.into());
    Some(())
}

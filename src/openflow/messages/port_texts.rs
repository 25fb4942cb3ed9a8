//! Ports and features as `ovs-ofctl show` and `ovs-ofctl dump-ports-desc` print them, read back, and their bytes.

use super::features::{ACTIONS_V10, CAPABILITIES, CAPABILITIES_V10, Features};
use super::header::{self, FEATURES_REPLY};
use super::members::{Flags, Hex, Mac, WireText};
use super::multipart;
use super::ports::{
    CONFIG, FEATURES, Link, PortDesc, STATE, STP_FORWARD, STP_LEARN, STP_MASK, config, config_in,
    features_to_v10,
};
use crate::openflow::fields::{mac, parse_port};
use crate::openflow::text::{NameLookup, PORT_LOCAL, port_to_v10};
use crate::openflow::version::Version::{self, V10, V13, V14};

/// A line that could not be read: how many lines there are before it, and the reason.
pub type LineProblem = (usize, String);

/// Reads the ports in a text. A port that cannot be read is left out and added to `problems`.
pub fn parse_ports(
    text: &str,
    names: &dyn NameLookup,
    problems: &mut Vec<LineProblem>,
) -> Vec<PortDesc> {
    let mut ports: Vec<PortDesc> = Vec::new();
    // Whether the lines are of a port that could be read.
    let mut is_open = false;
    for (line, text) in text.lines().enumerate() {
        let text = text.trim();
        let outcome = if let Some((port, addr)) = text.rsplit_once("): addr:") {
            let port = parse_head(port, addr, names);
            is_open = port.is_ok();
            port.map(|port| ports.push(port))
        } else if let (Some(port), true) = (ports.last_mut(), is_open) {
            port_line(port, text)
        } else {
            Ok(())
        };
        if let Err(reason) = outcome {
            problems.push((line, reason));
        }
    }
    // ovs-ofctl sorts them; Open vSwitch sends its own port first.
    ports.sort_by_key(|port| port.ofport != PORT_LOCAL);
    ports
}

/// ` 1(p1`, `aa:55:aa:55:00:01`
fn parse_head(port: &str, addr: &str, names: &dyn NameLookup) -> Result<PortDesc, String> {
    let (number, name) = port.split_once('(').ok_or("a port is like 1(eth0)")?;
    let ofport =
        parse_port(number.trim(), names).map_err(|problem| problem.at(port).to_string())?;
    let hw_addr =
        mac(addr.trim()).ok_or_else(|| format!("\"{}\" is no address", addr.escape_debug()))?;
    Ok(PortDesc {
        hw_addr: Mac(hw_addr),
        ..named_port(ofport, name)
    })
}

/// A port of which only number and name are known.
pub fn named_port(ofport: u32, name: &str) -> PortDesc {
    PortDesc {
        ofport,
        name: WireText(name.to_owned()),
        hw_addr: Mac([0; 6]),
        config: config(0),
        state: Flags::new(0_u32, STATE),
        link: Link::NONE,
    }
}

/// `config:     PORT_DOWN`
fn port_line(port: &mut PortDesc, text: &str) -> Result<(), String> {
    let Some((key, value)) = text.split_once(':') else {
        return Ok(());
    };
    let value = value.trim();
    let link = &mut port.link;
    match key {
        "config" => port.config.bits = bits(value, CONFIG)?,
        "state" => {
            let (stp, value) = stp_state(value);
            port.state.bits = stp | bits(value, STATE)?;
        }
        "current" => link.curr.bits = bits(value, FEATURES)?,
        "advertised" => link.advertised.bits = bits(value, FEATURES)?,
        "supported" => link.supported.bits = bits(value, FEATURES)?,
        "peer" => link.peer.bits = bits(value, FEATURES)?,
        "speed" => {
            let mbps = |text: Option<&str>| -> Option<u32> {
                let (number, _) = text?.trim().split_once(" Mbps")?;
                number.parse::<u32>().ok()?.checked_mul(1000)
            };
            let mut speeds = value.split(',');
            let (now, max) = (mbps(speeds.next()), mbps(speeds.next()));
            (link.curr_speed, link.max_speed) = now
                .zip(max)
                .ok_or("a speed is like 0 Mbps now, 0 Mbps max")?;
        }
        _ => {}
    }
    Ok(())
}

/// The state of the spanning tree, of OpenFlow 1.0, and what follows it.
fn stp_state(text: &str) -> (u32, &str) {
    for (word, bits) in [
        ("STP_LEARN", STP_LEARN),
        ("STP_FORWARD", STP_FORWARD),
        ("STP_BLOCK", STP_MASK),
    ] {
        if let Some(rest) = text.strip_prefix(word) {
            return (bits, rest.trim_start());
        }
    }
    (0, text)
}

/// The bits of words with blanks between them; `0` and nothing are none.
fn bits(text: &str, names: &[(u32, &str)]) -> Result<u32, String> {
    text.split_ascii_whitespace().try_fold(0, |bits, word| {
        let bit = match names.iter().find(|(_, name)| *name == word) {
            Some((bit, _)) => *bit,
            None if word == "0" => 0,
            None => {
                let hex = word.strip_prefix("0x");
                hex.and_then(|digits| u32::from_str_radix(digits, 16).ok())
                    .ok_or_else(|| format!("\"{}\" is no known word", word.escape_debug()))?
            }
        };
        Ok(bits | bit)
    })
}

/// Appends the description of a port. `None` if OpenFlow 1.0 has no such number.
pub fn put_port(version: Version, port: &PortDesc, out: &mut Vec<u8>) -> Option<()> {
    if version == V10 {
        out.extend(port_to_v10(port.ofport)?.to_be_bytes());
    } else {
        out.extend(port.ofport.to_be_bytes());
        let length = if version < V14 { 0_u16 } else { 72 };
        out.extend(length.to_be_bytes());
        out.extend([0; 2]);
    }
    out.extend(port.hw_addr.0);
    if version > V10 {
        out.extend([0; 2]);
    }
    out.extend(padded::<16>(&port.name.0));
    out.extend(config_in(version, port.config.bits).bits.to_be_bytes());
    let state = port.state.bits & if version == V10 { STP_MASK | 1 } else { 7 };
    out.extend(state.to_be_bytes());
    if version >= V14 {
        // The property of Ethernet.
        out.extend([0, 0, 0, 32, 0, 0, 0, 0]);
    }
    let link = &port.link;
    for flags in [link.curr, link.advertised, link.supported, link.peer] {
        let bits = match version {
            V10 => features_to_v10(flags.bits),
            _ => flags.bits,
        };
        out.extend(bits.to_be_bytes());
    }
    if version > V10 {
        out.extend(link.curr_speed.to_be_bytes());
        out.extend(link.max_speed.to_be_bytes());
    }
    Some(())
}

/// The text in a field of this size, the last byte a NUL.
pub(super) fn padded<const SIZE: usize>(text: &str) -> [u8; SIZE] {
    let mut field = [0; SIZE];
    for (byte, of_text) in field.iter_mut().take(SIZE - 1).zip(text.bytes()) {
        *byte = of_text;
    }
    field
}

/// The reply that describes these ports. Those that the version has no number for are left out.
pub fn desc_reply(version: Version, ports: &[PortDesc]) -> Vec<Vec<u8>> {
    let entries: Vec<Vec<u8>> = ports
        .iter()
        .filter_map(|port| {
            let mut entry = Vec::new();
            put_port(version, port, &mut entry)?;
            Some(entry)
        })
        .collect();
    let entries = entries.iter().map(Vec::as_slice);
    multipart::reply(version, multipart::PORT_DESC, None, entries)
}

/// Reads features: what follows the name in the heading, `dpid:0000aabbccddeeff`, and the lines after it, in the words
/// of `version`. The ports are not read.
///
/// # Errors
///
/// The number of lines before the malformed one, and the reason.
pub fn parse_features(
    version: Version,
    heading: &str,
    text: &str,
) -> Result<Features, LineProblem> {
    let dpid = heading.trim().strip_prefix("dpid:");
    let dpid = dpid.and_then(|digits| u64::from_str_radix(digits, 16).ok());
    let mut features = Features {
        datapath_id: Hex(dpid.ok_or((0, "the datapath id is missing".to_owned()))?),
        n_buffers: 0,
        n_tables: 0,
        auxiliary_id: 0,
        capabilities: Flags::new(0_u32, capability_names(version)),
        actions: (version == V10).then(|| Flags::new(0_u32, ACTIONS_V10)),
        ports: None,
    };
    for (line, text) in text.lines().enumerate() {
        let at = |reason: String| (line, reason);
        let text = text.trim();
        if text.contains("): addr:") {
            break;
        }
        if let Some(words) = text.strip_prefix("capabilities:") {
            features.capabilities.bits = bits(words, capability_names(version)).map_err(at)?;
        } else if let Some(words) = text.strip_prefix("actions:") {
            if let Some(actions) = &mut features.actions {
                actions.bits = bits(words, ACTIONS_V10).map_err(at)?;
            }
        } else {
            for pair in text.split(", ") {
                let (key, number) = pair.split_once(':').unwrap_or_default();
                let number: Option<u32> = number.parse().ok();
                match (key, number) {
                    ("n_buffers", Some(number)) => features.n_buffers = number,
                    ("n_tables", Some(number)) => features.n_tables = number as u8,
                    ("auxiliary_id", Some(number)) => features.auxiliary_id = number as u8,
                    _ => {}
                }
            }
        }
    }
    Ok(features)
}

fn capability_names(version: Version) -> &'static [(u32, &'static str)] {
    if version == V10 {
        CAPABILITIES_V10
    } else {
        CAPABILITIES
    }
}

/// The features reply; before OpenFlow 1.3 with these ports. `None` if they do not fit.
pub fn features_reply(
    version: Version,
    features: &Features,
    ports: &[PortDesc],
) -> Option<Vec<u8>> {
    header::message(version, FEATURES_REPLY, 0, |out| {
        out.extend(features.datapath_id.0.to_be_bytes());
        out.extend(features.n_buffers.to_be_bytes());
        out.extend([features.n_tables, features.auxiliary_id, 0, 0]);
        out.extend(features.capabilities.bits.to_be_bytes());
        let actions = features.actions.map_or(0, |actions| actions.bits);
        out.extend(actions.to_be_bytes());
        if version < V13 {
            for port in ports {
                let _ = put_port(version, port, out);
            }
        }
    })
}

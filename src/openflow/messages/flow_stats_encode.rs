//! The entries of a flow statistics reply, encoded: the layouts that [`flow_stats`](super::flow_stats) decodes.

use super::flow_stats::{
    NICIRA_FLOW, OXS_BYTE_COUNT, OXS_DURATION, OXS_IDLE_TIME, OXS_PACKET_COUNT,
};
use super::members::{MATCH_OXM, pad};
use super::multipart;
use crate::openflow::flow_entry::{Flow, FlowCounts};
use crate::openflow::version::Version;

/// The reply that carries these entries; in OpenFlow 1.0 that of the Nicira extension.
pub fn flow_reply<'e>(
    version: Version,
    entries: impl IntoIterator<Item = &'e [u8]>,
) -> Vec<Vec<u8>> {
    multipart::reply(version, multipart::FLOW, Some(NICIRA_FLOW), entries)
}

/// Appends the entry of a flow in the version of its actions; in OpenFlow 1.0 that of the Nicira extension. `None` if the
/// flow is too long for a message; then nothing is appended.
pub fn put_entry(flow: &Flow, counts: &FlowCounts, out: &mut Vec<u8>) -> Option<()> {
    let start = out.len();
    match flow.version() {
        Version::V15 => v15_entry(flow, counts, out),
        version => early_entry(version, flow, counts, out),
    }
    let length = u16::try_from(out.len() - start).ok();
    if let Some(length) = length.filter(|length| *length < 65_500)
        && let Some(field) = out.get_mut(start..start + 2)
    {
        field.copy_from_slice(&length.to_be_bytes());
        return Some(());
    }
    out.truncate(start);
    None
}

/// A counter that the switch does not keep is all ones.
fn counter(count: Option<u64>) -> [u8; 8] {
    count.unwrap_or(u64::MAX).to_be_bytes()
}

/// An entry of 1.0 with the Nicira extension, and of 1.1 to 1.4.
fn early_entry(version: Version, flow: &Flow, counts: &FlowCounts, out: &mut Vec<u8>) {
    out.extend([0, 0, flow.table_id, 0]);
    out.extend(counts.duration_sec.to_be_bytes());
    out.extend(counts.duration_nsec.to_be_bytes());
    out.extend(flow.priority.to_be_bytes());
    out.extend(flow.idle_timeout.to_be_bytes());
    out.extend(flow.hard_timeout.to_be_bytes());
    let six = out.len();
    out.extend([0; 6]);
    out.extend(flow.cookie.to_be_bytes());
    out.extend(counter(counts.packet_count));
    out.extend(counter(counts.byte_count));
    let fields = out.len();
    // The length of an NXM match and ages plus one, or flags and importance.
    let numbers = if version == Version::V10 {
        flow.fields.put_tlvs(version, out);
        let length = out.len() - fields;
        pad(out, length);
        let age = |age: Option<u32>| {
            let age = age.map_or(0, |age| age.saturating_add(1));
            u16::try_from(age).unwrap_or(u16::MAX)
        };
        let length = u16::try_from(length).unwrap_or(u16::MAX);
        [length, age(counts.idle_age), age(counts.hard_age)]
    } else {
        put_match(version, flow, out);
        let flags = if version < Version::V13 {
            0
        } else {
            flow.flags
        };
        let importance = if version < Version::V14 {
            0
        } else {
            flow.importance
        };
        [flags, importance, 0]
    };
    for (field, number) in out
        .iter_mut()
        .skip(six)
        .zip(numbers.map(u16::to_be_bytes).as_flattened())
    {
        *field = *number;
    }
    out.extend(&flow.actions.bytes);
}

fn v15_entry(flow: &Flow, counts: &FlowCounts, out: &mut Vec<u8>) {
    out.extend([0, 0, 0, 0, flow.table_id, 0]);
    out.extend(flow.priority.to_be_bytes());
    out.extend(flow.idle_timeout.to_be_bytes());
    out.extend(flow.hard_timeout.to_be_bytes());
    out.extend(flow.flags.to_be_bytes());
    out.extend(flow.importance.to_be_bytes());
    out.extend(flow.cookie.to_be_bytes());
    put_match(Version::V15, flow, out);
    put_stats(counts, out);
    out.extend(&flow.actions.bytes);
}

/// `ofp_match` of OpenFlow 1.1 and later, as OXM also in 1.1: Open vSwitch sends that.
fn put_match(version: Version, flow: &Flow, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend(MATCH_OXM.to_be_bytes());
    out.extend([0, 0]);
    flow.fields.put_tlvs(version, out);
    put_length(start, out);
}

/// `ofp_stats`; what is not known is left out.
fn put_stats(counts: &FlowCounts, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend([0; 4]);
    let seconds = |seconds: u32| u64::from(seconds) << 32;
    let duration = seconds(counts.duration_sec) | u64::from(counts.duration_nsec);
    for (header, number) in [
        (OXS_DURATION, Some(duration)),
        (OXS_IDLE_TIME, counts.idle_age.map(seconds)),
        (OXS_PACKET_COUNT, counts.packet_count),
        (OXS_BYTE_COUNT, counts.byte_count),
    ] {
        if let Some(number) = number {
            out.extend(header.to_be_bytes());
            out.extend(number.to_be_bytes());
        }
    }
    put_length(start, out);
}

/// Writes the length of what begins at `start` into its third and fourth byte, and appends the padding.
fn put_length(start: usize, out: &mut Vec<u8>) {
    let length = out.len() - start;
    if let Some(field) = out.get_mut(start + 2..start + 4) {
        field.copy_from_slice(&u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes());
    }
    pad(out, length);
}

//! One group as a line of text or as a JSON object.
//!
//! The text is that of `ovs-ofctl dump-groups` without its leading blank (ovs-ofctl(8)); statistics,
//! where they are given, stand in the words of `ovs-ofctl dump-group-stats` before the buckets and in
//! each bucket before its actions.

use std::fmt::Write as _;

use super::bytes::DecodeError;
use super::fields::{FieldRef, listing, put_port_json};
use super::flow::{put_decimals, put_duration};
use super::messages::groups::{Bucket, GROUP_ANY, GroupDesc, GroupStats, SELECT, Selection};
use super::spelling::write_actions;
use super::text::{PORT_ANY, Role, Sink, TextContext, put_port};
use crate::base::json::Json;
use crate::base::terminal::acts_on_a_terminal;

/// The types of groups by their number (`OFPGT_*`), in the words of ovs-ofctl.
const TYPES: [&str; 4] = ["all", "select", "indirect", "ff"];

/// Writes the group as one line, without a line feed.
///
/// After an error the line ends where the bytes stopped making sense.
pub fn text<S: Sink>(
    group: &GroupDesc<'_>,
    stats: Option<&GroupStats>,
    sink: &mut S,
    cx: &TextContext<'_>,
) -> Result<(), DecodeError> {
    special(sink, "group_id", group.group_id);
    sink.put(",");
    sink.key("type");
    sink.put(
        TYPES
            .get(usize::from(group.kind))
            .copied()
            .unwrap_or("unknown"),
    );
    text_behind_type(group, stats, sink, cx)
}

/// Writes the group without its type, which says nothing where single buckets are changed.
pub fn text_without_type<S: Sink>(
    group: &GroupDesc<'_>,
    sink: &mut S,
    cx: &TextContext<'_>,
) -> Result<(), DecodeError> {
    special(sink, "group_id", group.group_id);
    text_behind_type(group, None, sink, cx)
}

fn text_behind_type<S: Sink>(
    group: &GroupDesc<'_>,
    stats: Option<&GroupStats>,
    sink: &mut S,
    cx: &TextContext<'_>,
) -> Result<(), DecodeError> {
    if let Some(selection) = group.selection() {
        put_selection(&selection, sink, cx);
    }
    for property in group.unknown() {
        sink.put(",");
        put_unknown(property, "=", sink);
    }
    if let Some(stats) = stats {
        sink.put(",");
        put_counters(stats, sink);
    }
    for (index, bucket) in group.buckets.clone().enumerate() {
        let bucket = bucket?;
        sink.put(",");
        sink.key("bucket");
        let counts = stats.and_then(|stats| *stats.buckets.get(index)?);
        put_bucket(&bucket, group.kind, counts, sink, cx)?;
    }
    sound(group)
}

/// What was passed over because its length made no sense.
fn sound(group: &GroupDesc<'_>) -> Result<(), DecodeError> {
    group.properties.clone().try_for_each(|each| each.map(drop))
}

/// Writes the statistics alone, as `ovs-ofctl dump-group-stats` does, without a line feed.
pub fn stats_text<S: Sink>(stats: &GroupStats, sink: &mut S) {
    special(sink, "group_id", stats.group_id);
    sink.put(",");
    put_counters(stats, sink);
    for (index, counts) in stats.buckets.iter().enumerate() {
        if let Some((packets, bytes)) = counts {
            let _ = write!(sink.buffer(), ",bucket{index}:");
            sink.key("packet_count");
            let _ = write!(sink.buffer(), "{packets},");
            sink.key("byte_count");
            let _ = write!(sink.buffer(), "{bytes}");
        }
    }
}

/// Writes the group as a JSON object: `group_id`, `type`, `selection_method` with `method`, `param` and
/// `fields`, with statistics `duration`, `ref_count`, `packet_count` and `byte_count`, and `buckets`,
/// each with `bucket_id`, `weight`, `watch_port`, `watch_group`, `packet_count`, `byte_count` and
/// `actions`. Keys that do not apply are left out.
///
/// After an error the object is complete, but lacks what made no sense.
pub fn json(
    group: &GroupDesc<'_>,
    stats: Option<&GroupStats>,
    json: &mut Json<'_>,
    cx: &TextContext<'_>,
) -> Result<(), DecodeError> {
    json.begin_object();
    json.key("group_id");
    json.number(group.group_id);
    json.key("type");
    match TYPES.get(usize::from(group.kind)) {
        Some(word) => json.string(word),
        None => json.number(group.kind),
    }
    if let Some(selection) = group.selection() {
        json.key("selection_method");
        selection_json(&selection, json, cx);
    }
    unknown_json(group.unknown(), json);
    if let Some(stats) = stats {
        counters_json(stats, json);
    }
    json.key("buckets");
    json.begin_array();
    let mut outcome = Ok(());
    for (index, bucket) in group.buckets.clone().enumerate() {
        let counts = stats.and_then(|stats| *stats.buckets.get(index)?);
        let one = bucket.and_then(|bucket| bucket_json(&bucket, group.kind, counts, json, cx));
        outcome = outcome.and(one);
    }
    json.end_array();
    json.end_object();
    outcome.and(sound(group))
}

fn put_selection<S: Sink>(selection: &Selection<'_>, sink: &mut S, cx: &TextContext<'_>) {
    sink.put(",");
    sink.key("selection_method");
    // Words from the wire: what would act on a terminal shows as a dot.
    let shown = |c: char| if acts_on_a_terminal(c) { '.' } else { c };
    sink.buffer().extend(selection.method.chars().map(shown));
    if selection.param != 0 {
        sink.put(",");
        sink.key("selection_method_param");
        let _ = write!(sink.buffer(), "{}", selection.param);
    }
    let count = selection.fields().count();
    if count == 0 {
        return;
    }
    sink.put(",");
    sink.begin(Role::Key);
    sink.put(if count > 1 { "fields(" } else { "fields=" });
    sink.end(Role::Key);
    // In the order of ovs-ofctl, whatever their order on the wire.
    let mut fields: Vec<_> = selection.fields().collect();
    fields.sort_by_cached_key(|(header, _)| header.field().map_or(usize::MAX, listing::place));
    for (index, (header, mask)) in fields.into_iter().enumerate() {
        if index > 0 {
            sink.put(",");
        }
        match FieldRef::of(header) {
            FieldRef::Known(field) => {
                sink.put(field.name);
                if !all_ones(mask) {
                    sink.put("=");
                    field.value_text(mask, None, sink, cx);
                }
            }
            FieldRef::Unknown(header) => header.put_unknown(sink.buffer()),
        }
    }
    if count > 1 {
        sink.put(")");
    }
}

fn selection_json(selection: &Selection<'_>, json: &mut Json<'_>, cx: &TextContext<'_>) {
    json.begin_object();
    json.key("method");
    json.string(selection.method);
    if selection.param != 0 {
        json.key("param");
        json.number(selection.param);
    }
    json.key("fields");
    json.begin_array();
    for (header, mask) in selection.fields() {
        json.begin_object();
        json.key("field");
        match FieldRef::of(header) {
            FieldRef::Known(field) => {
                json.string(field.name);
                if !all_ones(mask) {
                    json.key("mask");
                    field.value_json(mask, None, json, cx);
                }
            }
            FieldRef::Unknown(header) => {
                let mut name = String::new();
                header.put_unknown(&mut name);
                json.string(&name);
            }
        }
        json.end_object();
    }
    json.end_array();
    json.end_object();
}

fn all_ones(mask: &[u8]) -> bool {
    mask.iter().all(|byte| *byte == u8::MAX)
}

fn put_counters<S: Sink>(stats: &GroupStats, sink: &mut S) {
    if let Some((sec, nsec)) = stats.duration {
        sink.key("duration");
        put_duration(sink.buffer(), sec, nsec);
        sink.put(",");
    }
    sink.key("ref_count");
    let _ = write!(sink.buffer(), "{},", stats.ref_count);
    sink.key("packet_count");
    let _ = write!(sink.buffer(), "{},", stats.packet_count);
    sink.key("byte_count");
    let _ = write!(sink.buffer(), "{}", stats.byte_count);
}

fn counters_json(stats: &GroupStats, json: &mut Json<'_>) {
    if let Some((sec, nsec)) = stats.duration {
        json.key("duration");
        json.value_of(|out| put_decimals(out, sec, nsec));
    }
    json.key("ref_count");
    json.number(stats.ref_count);
    counts_json((stats.packet_count, stats.byte_count), json);
}

fn counts_json((packets, bytes): (u64, u64), json: &mut Json<'_>) {
    json.key("packet_count");
    json.number(packets);
    json.key("byte_count");
    json.number(bytes);
}

fn put_bucket<S: Sink>(
    bucket: &Bucket<'_>,
    kind: u8,
    counts: Option<(u64, u64)>,
    sink: &mut S,
    cx: &TextContext<'_>,
) -> Result<(), DecodeError> {
    if let Some(id) = bucket.bucket_id {
        argument(sink, "bucket_id");
        let _ = write!(sink.buffer(), "{id},");
    }
    if bucket.weight != usual_weight(kind) {
        argument(sink, "weight");
        let _ = write!(sink.buffer(), "{},", bucket.weight);
    }
    if bucket.watch_port != PORT_ANY {
        argument(sink, "watch_port");
        put_port(sink, cx, bucket.watch_port);
        sink.put(",");
    }
    if bucket.watch_group != GROUP_ANY {
        argument(sink, "watch_group");
        let _ = write!(sink.buffer(), "{},", bucket.watch_group);
    }
    for property in bucket.unknown() {
        put_unknown(property, ":", sink);
        sink.put(",");
    }
    if let Some((packets, bytes)) = counts {
        argument(sink, "packet_count");
        let _ = write!(sink.buffer(), "{packets},");
        argument(sink, "byte_count");
        let _ = write!(sink.buffer(), "{bytes},");
    }
    sink.put_as(Role::Action, "actions=");
    write_actions(&bucket.actions, sink, cx, false)
}

fn bucket_json(
    bucket: &Bucket<'_>,
    kind: u8,
    counts: Option<(u64, u64)>,
    json: &mut Json<'_>,
    cx: &TextContext<'_>,
) -> Result<(), DecodeError> {
    json.begin_object();
    if let Some(id) = bucket.bucket_id {
        json.key("bucket_id");
        json.number(id);
    }
    if kind == SELECT || bucket.weight != 0 {
        json.key("weight");
        json.number(bucket.weight);
    }
    if bucket.watch_port != PORT_ANY {
        json.key("watch_port");
        put_port_json(json, cx.names, bucket.watch_port);
    }
    if bucket.watch_group != GROUP_ANY {
        json.key("watch_group");
        json.number(bucket.watch_group);
    }
    unknown_json(bucket.unknown(), json);
    if let Some(counts) = counts {
        counts_json(counts, json);
    }
    json.key("actions");
    let outcome = bucket.actions.json(json, cx);
    json.end_object();
    outcome
}

/// The weight that goes without saying.
fn usual_weight(kind: u8) -> u16 {
    (kind == SELECT).into()
}

/// A property that is not understood, as `property=0x00010008...`.
fn put_unknown<S: Sink>(property: &[u8], equals: &str, sink: &mut S) {
    sink.begin(Role::Key);
    sink.put("property");
    sink.put(equals);
    sink.end(Role::Key);
    put_hex(property, sink.buffer());
}

fn unknown_json<'p>(properties: impl Iterator<Item = &'p [u8]>, json: &mut Json<'_>) {
    let mut properties = properties.peekable();
    if properties.peek().is_none() {
        return;
    }
    json.key("properties");
    json.begin_array();
    for property in properties {
        let mut hex = String::new();
        put_hex(property, &mut hex);
        json.string(&hex);
    }
    json.end_array();
}

fn put_hex(bytes: &[u8], out: &mut String) {
    out.push_str("0x");
    for byte in bytes {
        let _ = write!(out, "{byte:02x}");
    }
}

/// `weight:`
fn argument<S: Sink>(sink: &mut S, name: &str) {
    sink.begin(Role::Key);
    sink.put(name);
    sink.put(":");
    sink.end(Role::Key);
}

fn special<S: Sink>(sink: &mut S, key: &str, value: u32) {
    sink.begin(Role::Special);
    sink.put(key);
    sink.put("=");
    sink.end(Role::Special);
    let _ = write!(sink.buffer(), "{value}");
}

//! OpenFlow messages, as `ovs decode` prints them.
//!
//! Members common to all messages are required. The others are one list for all types: the schema does not
//! give the type that each belongs to, but its value, and that there are no others. Matches, actions
//! and groups have the schemas that they have in dumps.

use serde_json::{Value, json};

use super::Document;
use super::flows::definitions;
use super::shape::{
    ObjectSchema, any_of, bytes, hex, list, mac, or_null, pattern, refer, text, truth, up_to,
    whole, words,
};
use crate::openflow::version::Version;

/// Messages, one after the other.
pub(super) fn messages() -> Document {
    let mut all: Vec<(&str, Value)> = vec![("message", message())];
    all.extend(definitions());
    super::document(
        "ovs-decode",
        "OpenFlow messages: what all have in common, and the members of their types",
        list(refer("message")),
        all,
    )
}

fn message() -> Value {
    let names: Vec<&str> = Version::ALL.iter().map(|version| version.name()).collect();
    let version = any_of([words(&names), pattern("^0x[0-9a-f]{2}$")]);
    ObjectSchema::new()
        .with("version", version)
        .with("type", text())
        .with("xid", up_to(0xffff_ffff))
        .with("length", up_to(0xffff))
        .any(&BOOLEANS, &truth())
        .any(&NUMBERS, &or_null(whole()))
        .any(&TEXTS, &text())
        .any(&WORDS, &or_null(any_of([text(), whole()])))
        .any(&HEXES, &or_null(hex()))
        .any(&BYTES, &bytes())
        .any(&FLAGS, &or_null(list(text())))
        .any(&LISTS, &list(anything()))
        .any(&OBJECTS, &or_null(anything()))
        .maybe("hw_addr", mac())
        .maybe("match", refer("match"))
        .maybe(
            "actions",
            // The actions of group features are bits.
            any_of([refer("actions"), list(any_of([whole(), text()]))]),
        )
        .maybe("name", or_null(text()))
        .maybe("capabilities", any_of([list(text()), whole()]))
        .maybe("max_groups", list(whole()))
        .maybe("out_port", refer("port"))
        .maybe("port", any_of([refer("port"), anything()]))
        .maybe("flows", list(any_of([refer("flow"), anything()])))
        .maybe("message", refer("message"))
        .closed()
}

/// An object with unspecified members.
fn anything() -> Value {
    json!({"type": "object"})
}

const BOOLEANS: [&str; 5] = [
    "more",
    "enable",
    "eviction",
    "invalid_ttl_to_controller",
    "vacancy_events",
];
const NUMBERS: [&str; 30] = [
    "auxiliary_id",
    "buffer_id",
    "byte_count",
    "code",
    "duration_nsec",
    "duration_sec",
    "error_type",
    "flow_count",
    "hard_timeout",
    "id",
    "idle_timeout",
    "importance",
    "ip_proto",
    "max_bands",
    "max_color",
    "max_fields",
    "max_meter",
    "max_option_space",
    "miss_send_len",
    "n_buffers",
    "n_tables",
    "out_group",
    "packet_count",
    "priority",
    "queue",
    "table",
    "total_len",
    "types",
    "vendor",
    "zone_id",
];
const TEXTS: [&str; 7] = [
    "dp_desc",
    "hw_desc",
    "mfr_desc",
    "serial_num",
    "sw_desc",
    "text",
    "error",
];
/// A word, or the number where it has none.
const WORDS: [&str; 10] = [
    "command",
    "command_bucket_id",
    "control",
    "format",
    "frags",
    "group_id",
    "meter_id",
    "miss",
    "reason",
    "role",
];
const HEXES: [&str; 5] = [
    "bundle_id",
    "cookie",
    "cookie_mask",
    "datapath_id",
    "generation_id",
];
const BYTES: [&str; 2] = ["data", "payload"];
const FLAGS: [&str; 7] = [
    "advertise",
    "band_types",
    "config",
    "eviction_flags",
    "flags",
    "mask",
    "versions",
];
const LISTS: [&str; 9] = [
    "exporters",
    "groups",
    "maps",
    "meters",
    "monitors",
    "ports",
    "queues",
    "tables",
    "updates",
];
const OBJECTS: [&str; 12] = [
    "continuation",
    "ct_label",
    "ct_mark",
    "group",
    "match_cookie",
    "meter",
    "orig",
    "packet",
    "primary",
    "reply",
    "secondary",
    "vacancy",
];

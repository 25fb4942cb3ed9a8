//! What the columns of the lists hold, as JSON has it. A name means the same in every command but where
//! the command is named.

// A line for what belongs together, though another line may say the same.
#![allow(clippy::match_same_arms)]

use serde_json::Value;

use super::shape::{
    Object, any_of, hex, list, map, or_null, pattern, text, truth, up_to, vid, whole, words,
};
use crate::model::check::Kind;

const UP_OR_DOWN: &[&str] = &["up", "down"];
const VLAN_MODES: &[&str] = &[
    "access",
    "trunk",
    "native-tagged",
    "native-untagged",
    "dot1q-tunnel",
];
const TAG_STATES: &[&str] = &[
    "ok",
    "no-inbound",
    "no-outbound",
    "local",
    "conflict",
    "broken-patch",
    "ambiguous",
    "unknown",
];

/// What a column of a command (`ovs port list`) holds; `None` for one that is not known.
pub(super) fn of(command: &str, column: &str) -> Option<Value> {
    special(command, column).or_else(|| common(column))
}

/// By command, where the common kind would be wrong.
fn special(command: &str, column: &str) -> Option<Value> {
    Some(match (command, column) {
        ("ovs bridge list" | "ovs bridge show", "ports") => whole(),
        ("ovs bridge list" | "ovs bridge show", "vlan") | ("ovs path", "vlan" | "tag") => {
            or_null(vid())
        }
        ("ovs tag list" | "ovs tag map", "tag") => vid(),
        ("ovs tag map", "peer" | "remote_ip" | "patch") | ("ovs graph", "remote_ip") => {
            list(text())
        }
        ("ovs tag map", "state") => words(TAG_STATES),
        ("ovs tag map", "outbound" | "inbound") => or_null(truth()),
        ("ovs tag map", "reason") => or_null(text()),
        ("ovs patch list", "state") => words(&["ok", "dangling", "one-way", "same-bridge"]),
        ("ovs tunnel list" | "ovs tunnel show", "state") => {
            or_null(words(&["up", "down", "error"]))
        }
        // Of a bond each interface has its own.
        ("ovs port show", "type") => or_null(text()),
        ("ovs port show", "options" | "external_ids" | "status") => or_null(map(text())),
        ("ovs port find", "matched") => list(text()),
        ("ovs port stats", "port") => or_null(text()),
        ("ovs port stats", "ofport") => up_to(65535),
        ("ovs check", "bridge") => or_null(text()),
        ("ovs graph", "kind") => words(&["local", "port", "patch", "tunnel"]),
        ("ovs graph", "type") => list(text()),
        ("ovs graph", "trunks") => list(vid()),
        ("ovs path", "key") => or_null(whole()),
        ("ovs path", "state") => or_null(words(TAG_STATES)),
        ("ovs dump-tables", "name") => or_null(text()),
        _ => return None,
    })
}

fn common(column: &str) -> Option<Value> {
    Some(match column {
        "bridge" | "interface" | "port" | "datapath_type" | "type" | "object" | "what" | "hint"
        | "note" => text(),
        "kind" => pattern("^[a-z_-]+$"),
        "peer" | "peer_bridge" | "remote_ip" | "local_ip" | "error" | "parent" | "bond_mode"
        | "key" | "network_type" | "leaves_by" | "from" | "to" | "at" => or_null(text()),
        "vlan" => text(),
        "mac" => or_null(text()),
        "datapath_id" => or_null(pattern("^[0-9a-f]{16}$")),
        "fail_mode" => or_null(words(&["standalone", "secure"])),
        "lacp" => or_null(words(&["active", "passive", "off"])),
        "vlan_mode" => words(VLAN_MODES),
        "link_state" | "admin_state" => or_null(words(UP_OR_DOWN)),
        "severity" => words(&["error", "warning", "note"]),
        "finding" => words(&Kind::ALL.iter().map(|kind| kind.word()).collect::<Vec<_>>()),
        "state" => text(),
        "connected" => or_null(truth()),
        "stp_enable" | "rstp_enable" | "mcast_snooping_enable" => truth(),
        "tag" | "inner_vlan" => or_null(vid()),
        "trunks" | "cvlans" => list(vid()),
        "ofport" | "peer_ofport" => or_null(up_to(65535)),
        "mtu" | "segment" | "outbound" | "inbound" | "rx_packets" | "rx_bytes" | "rx_dropped"
        | "rx_errors" | "tx_packets" | "tx_bytes" | "tx_dropped" | "tx_errors" | "rx_frame_err"
        | "rx_over_err" | "rx_crc_err" | "collisions" | "duration" | "max_entries" | "dst_port"
        | "way" => or_null(whole()),
        "count" | "table" | "active" | "lookups" | "matched" => whole(),
        "metadata_match" | "metadata_write" => or_null(hex()),
        "protocols" | "controllers" | "ports" | "exits" => list(text()),
        "differs" => or_null(list(text())),
        "record" => or_null(map(text())),
        "options" | "external_ids" | "other_config" | "port_external_ids" | "status" => map(text()),
        "interfaces" => or_null(list(interface())),
        _ => return None,
    })
}

/// One of the interfaces of a bond.
fn interface() -> Value {
    let members = ["interface", "ofport", "type", "mac", "link_state", "error"];
    let add = |object: Object, name: &str| {
        let kind = common(name).unwrap_or_else(|| any_of([text(), whole()]));
        object.with(name, kind)
    };
    members.into_iter().fold(Object::new(), add).closed()
}

//! Matches, flows, groups and meters. The members of a match are the rows of the table of fields.

use serde_json::{Map, Value, json};

use super::actions;
use super::shape::{
    ObjectSchema, any_of, hex, ipv4, ipv6, list, mac, or_null, pattern, refer, seconds, text,
    up_to, whole, words,
};
use super::{Document, document, listing};
use crate::model::difference::configuration::ItemKind;
use crate::openflow::fields::{Field, FieldKind, ROWS};

/// The flows of a switch, or of all bridges.
pub(super) fn flows() -> Document {
    listing(
        "ovs-dump-flows",
        "The flows of a switch; with --all those of every bridge, which is named",
        "flow",
        definitions(),
    )
}

/// How many flows a switch has; with `all`, how many each bridge has.
pub(super) fn count(all: bool) -> Document {
    let count = |object: ObjectSchema| {
        object
            .with("flows", whole())
            .with("packets", or_null(whole()))
            .with("bytes", or_null(whole()))
            .closed()
    };
    if all {
        let counts = count(ObjectSchema::new().with("bridge", text()));
        let about = "How many flows every bridge has (--count --all)";
        let defs = [(super::RECORD, counts)];
        return listing("ovs-dump-flows-all-count", about, super::RECORD, defs);
    }
    document(
        "ovs-dump-flows-count",
        "How many flows a switch has (--count), and what went through them",
        count(ObjectSchema::new()),
        [],
    )
}

/// The flows that differ between two sides.
pub(super) fn changes() -> Document {
    let change = |word: &str, sides: &[&str]| {
        ObjectSchema::new()
            .with("change", words(&[word]))
            .all(sides, &refer("flow"))
            .closed()
    };
    let change = any_of([
        change("added", &["after"]),
        change("removed", &["before"]),
        change("modified", &["before", "after"]),
    ]);
    document(
        "ovs-flow-changes",
        "The flows that differ: before those of A, after those of B",
        list(refer("flow_change")),
        definitions().into_iter().chain([("flow_change", change)]),
    )
}

/// In what two hosts differ.
pub(super) fn host_changes() -> Document {
    let kinds = ItemKind::ALL.map(ItemKind::word);
    let settings = json!({
        "type": "object",
        "description": "settings by name, such as tag and external_ids:iface-id",
    });
    let flow = (vec!["flow"], "bridge", refer("flow"));
    let group = (vec!["group"], "bridge", refer("group"));
    let meter = (vec!["meter"], "bridge", refer("meter"));
    let item = (kinds.to_vec(), "name", settings);
    let count = |what: &str| {
        let mut count = or_null(whole());
        if let Value::Object(count) = &mut count {
            count.insert("description".to_owned(), what.into());
        }
        count
    };
    let counts = ObjectSchema::new()
        .with("kind", words(&["entries"]))
        .with("bridge", text())
        .with("change", words(&["added", "removed"]))
        .with(
            "flows",
            count("how many flows the bridge has, which only one host has; null: unknown"),
        )
        .with("groups", count("how many groups"))
        .with("meters", count("how many meters"))
        .closed();
    let changes = [item, flow, group, meter]
        .into_iter()
        .flat_map(|(kinds, name, side)| {
            let change = move |word: &str, sides: &[&str]| {
                ObjectSchema::new()
                    .with("kind", words(&kinds))
                    .with(name, text())
                    .with("change", words(&[word]))
                    .all(sides, &side)
                    .closed()
            };
            [
                change("added", &["after"]),
                change("removed", &["before"]),
                change("modified", &["before", "after"]),
            ]
        });
    let change = any_of(changes.chain([counts]));
    document(
        "ovs-diff",
        "In what two hosts differ: before as in A, after as in B",
        list(refer("host_change")),
        definitions().into_iter().chain([("host_change", change)]),
    )
}

/// The groups of a switch.
pub(super) fn groups() -> Document {
    listing(
        "ovs-dump-groups",
        "The groups of a switch",
        "group",
        definitions(),
    )
}

/// In what the groups of two switches or files differ.
pub(super) fn group_changes() -> Document {
    let side = |what: &str| {
        let mut side = or_null(refer("group"));
        if let Value::Object(side) = &mut side {
            side.insert("description".to_owned(), what.into());
        }
        side
    };
    let change = ObjectSchema::new()
        .with("change", words(&["added", "removed", "modified"]))
        .with("before", side("the group of A; null if it has none"))
        .with("after", side("the group of B; null if it has none"))
        .closed();
    let mut definitions = definitions().to_vec();
    definitions.push(("change", change));
    document(
        "ovs-group-changes",
        "In what groups differ",
        list(refer("change")),
        definitions,
    )
}

/// The meters of a switch.
pub(super) fn meters() -> Document {
    listing(
        "ovs-dump-meters",
        "The meters of a switch",
        "meter",
        definitions(),
    )
}

/// The definitions used by flows, groups and meters. A document keeps those that it needs.
pub(super) fn definitions() -> [(&'static str, Value); 11] {
    [
        ("flow", flow()),
        ("match", matching()),
        ("group", group()),
        ("bucket", bucket()),
        ("meter", meter()),
        ("port", port()),
        ("bits", bits()),
        ("field_value", field_value()),
        ("actions", list(refer("action"))),
        ("action", actions::action()),
        ("learn_spec", actions::learn_spec()),
    ]
}

fn flow() -> Value {
    ObjectSchema::new()
        .maybe("bridge", text())
        .maybe("drops", words(&["always", "maybe"]))
        .with("table", up_to(255))
        .maybe("table_name", text())
        .with("priority", up_to(65535))
        .with("cookie", hex())
        .maybe("duration", seconds())
        .any(&["n_packets", "n_bytes", "idle_age", "hard_age"], &whole())
        .any(
            &["idle_timeout", "hard_timeout", "importance"],
            &up_to(65535),
        )
        .with("flags", flags())
        .with("match", refer("match"))
        .with("actions", refer("actions"))
        .closed()
}

fn flags() -> Value {
    list(words(&[
        "send_flow_rem",
        "check_overlap",
        "reset_counts",
        "no_packet_counts",
        "no_byte_counts",
    ]))
}

/// A port: a number, with its name if that is known; a reserved port has a name alone.
fn port() -> Value {
    let number = up_to(0xffff_ffff);
    any_of([
        ObjectSchema::new()
            .with("number", number)
            .maybe("name", text())
            .closed(),
        ObjectSchema::new().with("name", text()).closed(),
    ])
}

/// Some bits of a field.
fn bits() -> Value {
    ObjectSchema::new()
        .with("field", text())
        .with("offset", whole())
        .with("n_bits", whole())
        .closed()
}

/// A key for each field by its row; fields without a row by header.
fn matching() -> Value {
    let mut by_key: Map<String, Value> = Map::new();
    for row in ROWS {
        let value = maskable(row);
        match by_key.get_mut(row.key) {
            // Some rows share a key.
            Some(known) if *known != value => *known = any_of([known.take(), value]),
            Some(_) => {}
            None => {
                by_key.insert(row.key.to_owned(), value);
            }
        }
    }
    let hex = pattern("^0x[0-9a-f]*$");
    json!({
        "type": "object",
        "properties": by_key,
        "patternProperties": {"^oxm_0x": any_of([hex.clone(), masked(&hex)])},
        "additionalProperties": false,
    })
}

/// The value of any field. Actions may set single bits of fields that are not maskable.
fn field_value() -> Value {
    let mut kinds: Vec<Value> = Vec::new();
    for row in ROWS {
        let value = value(row);
        for value in [masked(&value), value] {
            if !kinds.contains(&value) {
                kinds.push(value);
            }
        }
    }
    json!({"anyOf": kinds})
}

/// A value, alone or with a mask.
fn maskable(field: &Field) -> Value {
    let value = value(field);
    match field.kind {
        _ if !field.maskable => value,
        FieldKind::Frag => value,
        _ => any_of([value.clone(), masked(&value)]),
    }
}

fn masked(value: &Value) -> Value {
    ObjectSchema::new()
        .with("value", value.clone())
        .with("mask", value.clone())
        .closed()
}

fn value(field: &Field) -> Value {
    let most = 1_u64
        .checked_shl(u32::from(field.bits))
        .map_or(u64::MAX, |all| all - 1);
    match field.kind {
        FieldKind::Decimal | FieldKind::Hex if field.bytes <= 4 => up_to(most),
        FieldKind::Decimal | FieldKind::Hex => hex(),
        FieldKind::Frag => any_of([
            words(&["no", "yes", "first", "later", "not_later"]),
            up_to(3),
        ]),
        FieldKind::Port16 | FieldKind::Port32 => refer("port"),
        FieldKind::Mac => mac(),
        FieldKind::Ipv4 => ipv4(),
        FieldKind::Ipv6 => ipv6(),
        FieldKind::TcpFlags | FieldKind::CtState | FieldKind::TunFlags => list(text()),
        FieldKind::PacketType => ObjectSchema::new()
            .all(&["namespace", "type"], &up_to(65535))
            .closed(),
    }
}

fn group() -> Value {
    let mask = ObjectSchema::new()
        .with("field", text())
        .maybe("mask", refer("field_value"));
    let selection = ObjectSchema::new()
        .with("method", text())
        .maybe("param", whole())
        .with("fields", list(mask.closed()));
    ObjectSchema::new()
        .with("group_id", whole())
        .with(
            "type",
            any_of([words(&["all", "select", "indirect", "ff"]), up_to(255)]),
        )
        .maybe("selection_method", selection.closed())
        .maybe("properties", list(bytes_of_property()))
        .maybe("duration", seconds())
        .any(&["ref_count", "packet_count", "byte_count"], &whole())
        .with("buckets", list(refer("bucket")))
        .closed()
}

fn bytes_of_property() -> Value {
    pattern("^0x([0-9a-f]{2})*$")
}

fn bucket() -> Value {
    ObjectSchema::new()
        .any(&["bucket_id", "weight", "watch_group"], &whole())
        .maybe("watch_port", refer("port"))
        .maybe("properties", list(bytes_of_property()))
        .any(&["packet_count", "byte_count"], &whole())
        .with("actions", refer("actions"))
        .closed()
}

fn meter() -> Value {
    let band = ObjectSchema::new()
        .with(
            "type",
            any_of([words(&["drop", "dscp_remark"]), up_to(65535)]),
        )
        .with("rate", whole())
        .any(
            &["burst_size", "prec_level", "packet_count", "byte_count"],
            &whole(),
        );
    ObjectSchema::new()
        .with("meter_id", any_of([whole(), text()]))
        .with("flags", list(text()))
        .any(
            &["flow_count", "packet_in_count", "byte_in_count"],
            &whole(),
        )
        .maybe("duration", seconds())
        .with("bands", list(band.closed()))
        .closed()
}

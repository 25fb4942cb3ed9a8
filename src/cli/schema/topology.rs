//! Documents of the database: the topology, changes, records.

use serde_json::{Value, json};

use super::shape::{
    ObjectSchema, any_of, list, map, or_null, pattern, refer, text, truth, up_to, vid, whole, words,
};
use super::{Document, document, listing, plain};
use crate::commands::{changed_columns, mirror_headings, queue_headings};
use crate::model::port_state::PortState;

/// The name of the document of `--dry-run`.
pub(super) const PLAN_DOCUMENT: &str = "ovs-plan";

/// The whole topology: as `commands::show` writes it.
pub(super) fn show() -> Document {
    let maybe = or_null(text());
    let strings = map(or_null(text()));
    let whole_thing = ObjectSchema::new()
        .all(
            &[
                "ovs_version",
                "db_version",
                "system_type",
                "system_version",
                "hostname",
                "system_id",
            ],
            &maybe,
        )
        .with("managers", list(refer("connection")))
        .with("ssl", or_null(refer("ssl")))
        .with("bridges", list(refer("bridge")));
    let connection = ObjectSchema::new()
        .with("target", text())
        .with("is_connected", or_null(truth()))
        .with("role", or_null(words(&["other", "master", "slave"])))
        .with("status", or_null(strings.clone()));
    let bridge = ObjectSchema::new()
        .with("name", text())
        .with("fail_mode", or_null(words(&["standalone", "secure"])))
        .with("datapath_type", text())
        .with("datapath_id", or_null(pattern("^[0-9a-f]{16}$")))
        .with("protocols", list(text()))
        .with("controllers", list(refer("connection")))
        .all(
            &["stp_enable", "rstp_enable", "mcast_snooping_enable"],
            &truth(),
        )
        .with("mirrors", list(refer("mirror")))
        .all(
            &["sflow", "netflow", "ipfix"],
            &or_null(refer("flow_export")),
        )
        .all(&["external_ids", "other_config"], &strings)
        .with("ports", list(refer("port")));
    let flow_export = ObjectSchema::new()
        .with("targets", list(text()))
        .with("sampling", or_null(whole()));
    let ssl = ObjectSchema::new()
        .all(&["private_key", "certificate", "ca_cert"], &text())
        .with("bootstrap_ca_cert", truth());
    let qos = ObjectSchema::new()
        .with("type", text())
        .with("other_config", strings.clone())
        .with("queues", list(refer("queue")));
    let modes = [
        "access",
        "trunk",
        "native-tagged",
        "native-untagged",
        "dot1q-tunnel",
    ];
    let port = ObjectSchema::new()
        .with("name", text())
        .with("tag", or_null(vid()))
        .with("trunks", list(vid()))
        .with("vlan_mode", or_null(words(&modes)))
        .with("cvlans", list(vid()))
        .with("bond_mode", maybe.clone())
        .with("lacp", or_null(words(&["active", "passive", "off"])))
        .with("state", or_null(words(&PortState::WORDS)))
        .with("qos", or_null(refer("qos")))
        .all(&["external_ids", "other_config"], &strings)
        .with("interfaces", list(refer("interface")));
    let interface = ObjectSchema::new()
        .with("name", text())
        .all(&["ofport", "ofport_request"], &or_null(up_to(65535)))
        .with("type", text())
        .all(
            &["admin_state", "link_state"],
            &or_null(words(&["up", "down"])),
        )
        .with("state", or_null(words(&PortState::WORDS)))
        .all(&["bfd_status", "status"], &or_null(strings.clone()))
        .all(&["cfm_fault", "lacp_current"], &or_null(truth()))
        .with("cfm_fault_status", or_null(list(text())))
        .with("cfm_remote_opstate", or_null(words(&["up", "down"])))
        .with("mac", maybe.clone())
        .all(&["mtu", "mtu_request", "cfm_mpid"], &or_null(whole()))
        .all(&["error", "peer", "peer_bridge"], &maybe)
        .all(
            &["options", "other_config", "external_ids", "bfd"],
            &strings,
        );
    document(
        "ovs-show",
        "The whole topology: the switch, its bridges, their ports and interfaces",
        whole_thing.closed(),
        [
            ("connection", connection.closed()),
            ("bridge", bridge.closed()),
            ("port", port.closed()),
            ("interface", interface.closed()),
            ("mirror", super::record(&mirror_headings()).closed()),
            ("flow_export", flow_export.closed()),
            ("ssl", ssl.closed()),
            ("qos", qos.closed()),
            ("queue", super::record(&queue_headings()).closed()),
        ],
    )
}

/// The changes of a command: as `commands::write` writes it.
pub(super) fn changes() -> Document {
    listing(
        "ovs-changes",
        "What a command has changed, an object each",
        super::RECORD,
        [
            (super::RECORD, super::record(&changed_columns()).closed()),
            value(),
        ],
    )
}

/// The plan of `--dry-run`; its changes with these columns, if any are selected.
pub(super) fn plan_of(columns: Option<&[String]>) -> Document {
    let mut changes = changes();
    if let Some(columns) = columns {
        let names: Vec<String> = columns.iter().map(|name| plain(name)).collect();
        changes = changes.only(&names);
    }
    let record = changes.schema().pointer("/$defs/record").cloned();
    let plan = ObjectSchema::new()
        .with("changes", list(refer(super::RECORD)))
        .with("transaction", transaction());
    document(
        PLAN_DOCUMENT,
        "What a command would change, and the transaction that it would send (--dry-run)",
        plan.closed(),
        [
            (super::RECORD, record.unwrap_or_else(|| json!({}))),
            value(),
        ],
    )
}

/// The parameters of `transact` (RFC 7047 §4.1.3): the database, then operations.
fn transaction() -> Value {
    let operation = ObjectSchema::new()
        .with(
            "op",
            words(&[
                "insert", "select", "update", "mutate", "delete", "wait", "comment", "assert",
                "commit", "abort",
            ]),
        )
        .schema(json!(true));
    json!({"type": "array", "prefixItems": [text()], "items": operation, "minItems": 1})
}

/// One record of the database: the requested columns.
pub(super) fn db_get() -> Document {
    document(
        "ovs-db-get",
        "Columns of one record, by the names that they have in the database",
        map(refer("value")),
        [value()],
    )
}

/// Records of the database.
pub(super) fn db_list() -> Document {
    listing(
        "ovs-db-list",
        "Records of a table, by the names that the columns have in the database",
        super::RECORD,
        [(super::RECORD, map(refer("value"))), value()],
    )
}

/// A value of the database, of any column: one, a set of them, or a map, in which a secret that was left out is `null`.
fn value() -> (&'static str, Value) {
    let atom = json!({"type": ["string", "integer", "boolean"]});
    let value = any_of([
        or_null(atom.clone()),
        list(atom.clone()),
        map(or_null(atom)),
    ]);
    ("value", value)
}

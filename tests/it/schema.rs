//! `schema/` is made of the definitions; every command has a schema; and schemas refuse what is wrong.
//!
//! That every document which a command prints is allowed is tested where the binary is run, in
//! `common/run.rs`, for all tests.

use std::cell::LazyCell;
use std::collections::BTreeSet;

use ovs::cli::schema::{commands, documents, printed};
use ovs::openflow::messages::Decoded;
use ovs::sandbox::Neutron;
use serde_json::{Value, json};

use crate::common::hex::bytes;
use crate::common::run::Schema;
use crate::common::{Sandbox, same_as_directory};
use crate::snapshots::cases::{CASES, Scene};

/// The files that `make generate` writes are those that the definitions say.
#[test]
fn files_are_those_of_the_definitions() {
    let documents = documents().into_iter();
    let files = documents.map(|document| (document.file_name(), document.text()));
    same_as_directory("schema", files);
}

#[test]
fn every_schema_is_valid() {
    for document in documents() {
        Schema::of(document.schema());
        if let Some(line) = document.line() {
            Schema::of(&line);
        }
    }
}

/// Commands that print no JSON, with --json or without.
const SILENT: [&str; 8] = [
    "bridge exists",
    "db wait",
    "sandbox start",
    "sandbox stop",
    "sandbox run",
    "sandbox",
    "help",
    "completions",
];

#[test]
fn every_command_has_a_schema_or_prints_no_json() {
    let documents = documents();
    for command in commands() {
        let line = command.join(" ");
        let typed = format!("ovs {line}");
        let has = documents.iter().any(|d| d.commands.contains(&typed));
        assert_eq!(!has, SILENT.contains(&line.as_str()), "{typed}");
    }
}

/// Lets the datapath have a flow and a connection, and the tunnels a route and a neighbour.
fn packet_through_datapath(sandbox: &Sandbox) {
    vsctl!(sandbox, "set Open_vSwitch . other_config:max-idle=500000");
    ofctl!(
        sandbox,
        "add-flow br-int priority=65000,udp,tp_dst=4242,actions=ct(commit,zone=5)"
    );
    let packet = "in_port(1),eth(src=50:54:00:00:00:01,dst=50:54:00:00:00:02),eth_type(0x0800),\
        ipv4(src=10.1.0.1,dst=10.1.0.2,proto=17,tos=0,ttl=64,frag=no),udp(src=1000,dst=4242)";
    sandbox.appctl(&["netdev-dummy/receive", "qvobeeb2c54-aa", packet]);
    sandbox.appctl(&["netdev-dummy/ip4addr", "br-int", "10.0.9.1/24"]);
    sandbox.appctl(&["ovs/route/add", "10.0.9.0/24", "br-int"]);
    sandbox.appctl(&["tnl/neigh/set", "br-int", "10.0.9.2", "50:54:00:00:00:72"]);
}

/// The documents of the snapshots' cases, and what is wrong with them when a member is taken away, gets a value of
/// another type, or is one that nobody knows.
#[test]
fn wrong_documents_are_refused() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    let ofctl = |command: &str, what: &str| {
        ofctl!(sandbox, "-O OpenFlow13 {command} br-int {what}");
    };
    vsctl!(
        sandbox,
        "set Bridge br-int protocols=OpenFlow10,OpenFlow13,OpenFlow15"
    );
    ofctl("add-group", "group_id=1,type=all,bucket=actions=output:10");
    ofctl("add-meter", "meter=1,kbps,band=type=drop,rate=1000");
    packet_through_datapath(&sandbox);
    let node = CASES.iter().filter(|case| case.scene == Scene::Node);
    let odd = CASES.iter().filter(|case| case.scene == Scene::Odd);
    let lines = node.chain(odd).map(|case| (case.scene, case.line));
    let lines = lines.chain([
        (Scene::Node, "tag set qvobeeb2c54-aa 7"),
        (Scene::Node, "flow add br-int table=9,actions=drop"),
        (Scene::Node, "appctl version"),
        (Scene::Node, "datapath flows"),
        (Scene::Node, "datapath conntrack"),
        (Scene::Node, "datapath neighbours"),
        (Scene::Node, "datapath routes"),
    ]);
    // Only started for documents of which no case on the node prints a record.
    let odd_sandbox = LazyCell::new(|| Scene::Odd.sandbox());
    let mut seen = BTreeSet::new();
    for (scene, line) in lines {
        // All words of appctl after the command are the daemon's.
        let words: Vec<&str> = ["--json"].into_iter().chain(line.split(' ')).collect();
        let Some((document, _)) = printed(&words) else {
            continue;
        };
        if seen.contains(&document.name) {
            continue;
        }
        let sandbox = match scene {
            Scene::Odd => &*odd_sandbox,
            _ => &sandbox,
        };
        let output = sandbox.ovs(&words).output().unwrap();
        let value: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("ovs {line}: {error}: {output:?}"));
        let schema = Schema::of(document.schema());
        schema.allows(&value).unwrap();
        let is_list = value.is_array();
        let record = if is_list { value.get(0) } else { Some(&value) };
        let Some(record) = record else {
            continue;
        };
        seen.insert(document.name.clone());
        let wrong = |record: Value| {
            let document = if is_list { json!([record]) } else { record };
            let outcome = schema.allows(&document);
            assert!(outcome.is_err(), "ovs {line}: {document:#}");
        };
        let is_open = line.starts_with("db ");
        for name in record.as_object().unwrap().keys() {
            let mut other = record.clone();
            other[name] = json!({"of": {"another": ["kind"]}});
            wrong(other);
            if !is_open && is_required(line, name) {
                let mut without = record.clone();
                without.as_object_mut().unwrap().remove(name);
                wrong(without);
            }
        }
        if !is_open {
            let mut more = record.clone();
            more["nobody_knows"] = json!(1);
            wrong(more);
        }
        wrong(json!("a word"));
    }
    let all: BTreeSet<String> = documents().into_iter().map(|d| d.name).collect();
    let left: Vec<_> = all.difference(&seen).collect();
    assert_eq!(
        left,
        [
            "ovs-diff",
            "ovs-save",
            "ovs-show-lines",
            "ovs-trace-lines",
            "ovs-watch"
        ],
        "of these documents no case in tests/it/snapshots/cases.rs prints a record; add one on the switch that has \
         some (the expected ones: the lines of show and of trace, and what diff.rs, save.rs and watch.rs check)"
    );
}

/// Members that are left out where they do not apply.
fn is_required(line: &str, name: &str) -> bool {
    const OPTIONAL: [&str; 13] = [
        "duration",
        "n_packets",
        "n_bytes",
        "idle_age",
        "hard_age",
        "idle_timeout",
        "hard_timeout",
        "importance",
        "ref_count",
        "packet_count",
        "byte_count",
        "flow_count",
        "more",
    ];
    const OF_METERS: [&str; 2] = ["packet_in_count", "byte_in_count"];
    if line.starts_with("decode") {
        return ["version", "type", "xid", "length"].contains(&name);
    }
    let is_dump = line.starts_with("dump-") && !line.contains("--count");
    !(is_dump && (OPTIONAL.contains(&name) || OF_METERS.contains(&name)))
}

/// Flows, matches and actions deep inside are held against their schemas, too.
#[test]
fn wrong_flows_are_refused() {
    let document = documents()
        .into_iter()
        .find(|d| d.name == "ovs-dump-flows")
        .unwrap();
    let schema = Schema::of(document.schema());
    let flow = json!({
        "table": 0, "priority": 4, "cookie": "0x16459bb2ba15e486", "duration": 3289.7,
        "n_packets": 2345, "n_bytes": 100_202, "idle_age": 0, "flags": ["reset_counts"],
        "match": {
            "in_port": {"number": 2, "name": "phy-br-ens37"}, "dl_vlan": 1,
            "nw_src": "10.0.0.0/8", "reg0": {"value": 1, "mask": 255}, "oxm_0x8000_45": "0x01",
        },
        "actions": [
            {"type": "set_field", "field": "vlan_vid", "value": 66},
            {"type": "ct", "commit": true, "exec": [{"type": "output", "port": {"name": "NORMAL"}}]},
        ],
    });
    schema.allows(&json!([flow])).unwrap();
    for (place, value) in [
        ("/table", json!(256)),
        ("/priority", json!("4")),
        ("/cookie", json!(5)),
        ("/duration", json!(-1)),
        ("/flags/0", json!("some_flag")),
        ("/match/in_port", json!(2)),
        ("/match/in_port/number", json!("2")),
        ("/match/dl_vlan", json!("1")),
        ("/match/dl_vlan", json!(4162)),
        ("/match/nw_src", json!("localhost")),
        ("/match/reg0/mask", json!(null)),
        ("/match/reg0", json!({"value": 1})),
        ("/match/oxm_0x8000_45", json!(1)),
        ("/actions/0/type", json!("set_something")),
        ("/actions/0/value", json!(null)),
        ("/actions/1/commit", json!("yes")),
        ("/actions/1/exec/0/port", json!("NORMAL")),
        (
            "/actions/1/exec/0",
            json!({"type": "output", "port": {"name": "NORMAL"}, "to": 1}),
        ),
        ("/match", json!({"no_such_field": 1})),
    ] {
        let mut wrong = flow.clone();
        *wrong.pointer_mut(place).unwrap() = value.clone();
        let outcome = schema.allows(&json!([wrong]));
        assert!(outcome.is_err(), "{place}: {value}");
    }
}

/// What a real switch and the real ovs-ofctl said, in every version: all of it is as the schema has it.
#[test]
fn every_golden_message_is_allowed() {
    let document = documents()
        .into_iter()
        .find(|d| d.name == "ovs-decode")
        .unwrap();
    let schema = Schema::of(document.schema());
    let mut messages = 0;
    let golden = [
        include_str!("../../fixtures/golden/messages.tsv"),
        include_str!("../../fixtures/golden/details.tsv"),
    ];
    for line in golden.into_iter().flat_map(str::lines) {
        let Some((hex, _)) = line.split_once('\t').filter(|_| !line.starts_with('#')) else {
            continue;
        };
        let bytes = bytes(hex);
        let decoded = Decoded::decode(&bytes).unwrap();
        let value: Value = serde_json::from_str(&decoded.json()).unwrap();
        if let Err(error) = schema.allows(&json!([value])) {
            let error: String = error.chars().take(2000).collect();
            panic!("{error}\n{value:#}");
        }
        messages += 1;
    }
    assert!(messages > 900, "{messages}");
}

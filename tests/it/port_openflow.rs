//! `ovs port set --openflow-config`, judged by what the real ovs-ofctl shows of the ports.

use serde_json::json;

use crate::common::Sandbox;

const PORTS: &str = "add-br br0 -- add-port br0 p1 -- set Interface p1 type=dummy ofport_request=1 -- \
    add-bond br0 bond0 p2 p3 -- set Interface p2 type=dummy ofport_request=2 -- \
    set Interface p3 type=dummy ofport_request=3 -- add-br br13 -- \
    set Bridge br13 protocols=OpenFlow13 -- add-port br13 q1 -- set Interface q1 type=dummy";

/// The configuration of a port, as `ovs-ofctl show` prints it.
fn config(sandbox: &Sandbox, bridge: &str, port: &str, version: &str) -> String {
    let text = ofctl!(sandbox, "-O {version} dump-ports-desc {bridge}");
    let mut lines = text.lines();
    let start = format!("({port}): ");
    assert!(lines.any(|line| line.contains(&start)), "{port}: {text}");
    let line = lines.next().unwrap().trim();
    line.strip_prefix("config:").unwrap().trim().to_owned()
}

#[test]
fn every_word_sets_its_bit_and_its_opposite_clears_it() {
    let sandbox = Sandbox::with(PORTS);
    for (sets, clears, bit) in [
        ("down", "up", "PORT_DOWN"),
        ("no-stp", "stp", "NO_STP"),
        ("no-recv", "recv", "NO_RECV"),
        ("no-receive-stp", "receive-stp", "NO_RECV_STP"),
        ("no-flood", "flood", "NO_FLOOD"),
        ("no-forward", "forward", "NO_FWD"),
        ("no-packet-in", "packet-in", "NO_PACKET_IN"),
    ] {
        ovs!(sandbox, "port set p1 --openflow-config {sets}").ok();
        assert_eq!(config(&sandbox, "br0", "p1", "OpenFlow10"), bit, "{sets}");
        ovs!(sandbox, "port set p1 --openflow-config {sets}").prints("unchanged\n");
        ovs!(sandbox, "port set p1 --openflow-config {clears}").ok();
        assert_eq!(config(&sandbox, "br0", "p1", "OpenFlow10"), "0", "{clears}");
    }
    ofctl!(sandbox, "mod-port br0 p1 no-forward");
    ovs!(sandbox, "port set p1 --openflow-config no-flood,down,no-forward")
        .ok()
        .prints("changed\tport\tp1\tbr0\t1\topenflow_config=[up,flood]\topenflow_config=[down,no-flood]\t-\n")
        .says("until ovs-vswitchd restarts");
    let bits = config(&sandbox, "br0", "p1", "OpenFlow10");
    assert_eq!(bits, "PORT_DOWN NO_FLOOD NO_FWD");
}

#[test]
fn each_version_sets_what_it_has() {
    let sandbox = Sandbox::with(PORTS);
    for version in [
        "OpenFlow10",
        "OpenFlow11",
        "OpenFlow12",
        "OpenFlow13",
        "OpenFlow14",
        "OpenFlow15",
    ] {
        ovs!(
            sandbox,
            "-O {version} port set p1 --openflow-config down,no-recv,no-forward,no-packet-in"
        )
        .ok();
        let bits = config(&sandbox, "br0", "p1", version);
        assert_eq!(bits, "PORT_DOWN NO_RECV NO_FWD NO_PACKET_IN", "{version}");
        ovs!(
            sandbox,
            "-O {version} port set p1 --openflow-config up,recv,forward,packet-in"
        )
        .ok();
        assert_eq!(config(&sandbox, "br0", "p1", version), "0", "{version}");
    }
}

#[test]
fn what_only_the_first_version_has_is_refused_elsewhere() {
    let sandbox = Sandbox::with(PORTS);
    for word in ["no-flood", "flood", "no-stp", "no-recv-stp"] {
        ovs!(
            sandbox,
            "-O OpenFlow13 port set p1 --openflow-config {word}"
        )
        .fails(
            2,
            format!("{word} exists in OpenFlow10 only, which -O does not offer"),
        );
        ovs!(sandbox, "port set q1 --openflow-config {word}")
            .fails(
                1,
                format!("{word} exists in OpenFlow10 only, and br13 allows OpenFlow13"),
            )
            .says("`ovs bridge set br13 --protocols OpenFlow10,OpenFlow13` allows it, too");
    }
    assert_eq!(config(&sandbox, "br0", "p1", "OpenFlow10"), "0");
    ovs!(sandbox, "port set q1 --openflow-config no-recv").ok();
    assert_eq!(config(&sandbox, "br13", "q1", "OpenFlow13"), "NO_RECV");
}

#[test]
fn ports_are_named_as_everywhere() {
    let sandbox = Sandbox::with(PORTS);
    // A bond is a port in OpenFlow for each of its interfaces.
    let changes = ovs!(sandbox, "port set bond0 --openflow-config no-packet-in").json();
    let change = |name: &str, ofport: u8| {
        json!({
            "change": "changed", "kind": "port", "name": name, "bridge": "br0", "ofport": ofport,
            "before": {"openflow_config": ["packet-in"]}, "after": {"openflow_config": ["no-packet-in"]},
            "error": null,
        })
    };
    assert_eq!(changes, json!([change("p2", 2), change("p3", 3)]));
    ovs!(sandbox, "port set p3 --openflow-config packet-in").ok();
    assert_eq!(config(&sandbox, "br0", "p2", "OpenFlow10"), "NO_PACKET_IN");
    assert_eq!(config(&sandbox, "br0", "p3", "OpenFlow10"), "0");
    ovs!(sandbox, "port set br0/1 --openflow-config no-forward").ok();
    assert_eq!(config(&sandbox, "br0", "p1", "OpenFlow10"), "NO_FWD");
    ovs!(sandbox, "port set br0/LOCAL --openflow-config no-recv").ok();
    assert_eq!(config(&sandbox, "br0", "br0", "OpenFlow10"), "NO_RECV");
    for (arguments, code, words) in [
        ("p9", 3, "port \"p9\" not found"),
        ("1", 2, "port 1 of which bridge?"),
        ("br9/p1", 3, "bridge \"br9\" not found"),
        ("br13/p1", 3, "port \"p1\" is not on br13, but on br0"),
        ("br0/9", 3, "port \"9\" not found on br0"),
    ] {
        ovs!(sandbox, "port set {arguments} --openflow-config down").fails(code, words);
    }
}

#[test]
fn it_is_not_in_the_database() {
    let sandbox = Sandbox::with(PORTS);
    let before = sandbox.contents();
    ovs!(sandbox, "port set p1 --openflow-config down --tag 4").fails(2, "cannot be combined");
    ovs!(sandbox, "batch")
        .write_stdin("port set p1 --openflow-config down\n")
        .fails(2, "line 1: --openflow-config cannot be combined");
    ovs!(sandbox, "port set p1 --openflow-config up,down").fails(2, "both up and down");
    ovs!(sandbox, "port set p1 --openflow-config nope").fails(2, "expected one of up, down");
    let plan = ovs!(sandbox, "port set p1 --openflow-config down --dry-run").json();
    assert_eq!(
        plan["changes"][0]["after"],
        json!({"openflow_config": ["down"]})
    );
    assert_eq!(config(&sandbox, "br0", "p1", "OpenFlow10"), "0");
    assert_same!(before, sandbox.contents());
    ovs!(sandbox, "port set p1 --openflow-config no-forward").ok();
    sandbox.kill_vswitchd();
    sandbox.start_vswitchd();
    assert_eq!(config(&sandbox, "br0", "p1", "OpenFlow10"), "0");
}

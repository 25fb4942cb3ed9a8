//! `ovs bridge add`, `del` and `set`: what they write is what the real ovs-vsctl writes.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::common::Sandbox;

/// The configuration of a bridge, its port and its interface, as ovs-vsctl lists it.
fn written(sandbox: &Sandbox, name: &str) -> String {
    let list = |columns: &str, table: &str| {
        let said = vsctl!(sandbox, "--columns {columns} list {table} {name}");
        said.replace(name, "BRIDGE")
    };
    let bridge = "datapath_type,fail_mode,protocols,stp_enable,rstp_enable,mcast_snooping_enable,\
        external_ids,other_config,flood_vlans,name";
    let port = "name,tag,trunks,vlan_mode,fake_bridge,bond_mode,lacp,external_ids,other_config";
    let interface =
        "name,type,options,ofport,ofport_request,mac,mtu_request,external_ids,other_config";
    let is_bridge = vsctl!(sandbox, "--columns=name find Bridge name={name}");
    let of_bridge = if is_bridge.is_empty() {
        String::new()
    } else {
        list(bridge, "Bridge")
    };
    of_bridge + &list(port, "Port") + &list(interface, "Interface")
}

#[test]
fn a_bridge_is_what_ovs_vsctl_makes_of_it() {
    let sandbox = Sandbox::with("add-br br-a");
    ovs!(
        sandbox,
        "bridge add br-b --columns change,kind,name,ofport,after"
    )
    .prints("added\tbridge\tbr-b\t65534\ttype=internal\n");
    assert_eq!(written(&sandbox, "br-a"), written(&sandbox, "br-b"));
    assert_eq!(vsctl!(sandbox, "list-br"), "br-a\nbr-b\n");
}

#[test]
fn all_settings() {
    let sandbox = Sandbox::with(
        "add-br br-a -- set Bridge br-a datapath_type=netdev fail_mode=secure \
         protocols=OpenFlow13,OpenFlow15 rstp_enable=true mcast_snooping_enable=true \
         external_ids:owner=ops other_config:datapath-id=00000000000000aa \
         other_config:hwaddr=02:00:00:00:00:aa -- set-controller br-a tcp:127.0.0.1:1 \
         ptcp:6699:127.0.0.1",
    );
    vsctl!(
        sandbox,
        "set-controller br-a tcp:127.0.0.1:1 tcp:127.0.0.1:2"
    );
    ovs!(
        sandbox,
        "bridge add br-b --datapath-type netdev --fail-mode secure --protocols \
         OpenFlow13,OpenFlow15 --rstp on --mcast-snooping on --external-id owner=ops --dpid \
         00000000000000aa --other-config hwaddr=02:00:00:00:00:aa --controller \
         tcp:127.0.0.1:1 --controller tcp:127.0.0.1:2"
    )
    .ok()
    .says_nothing();
    assert_eq!(written(&sandbox, "br-a"), written(&sandbox, "br-b"));
    assert_eq!(
        vsctl!(sandbox, "get-controller br-a"),
        vsctl!(sandbox, "get-controller br-b")
    );

    // What is named changes, the rest stays; an equal setting is no change.
    let before = vsctl!(sandbox, "get Bridge br-b controller");
    let said = ovs!(
        sandbox,
        "bridge set br-b --protocols none --fail-mode secure"
    )
    .json();
    assert_eq!(said.as_array().unwrap().len(), 1, "{said}");
    assert_eq!(said[0]["change"], "changed");
    assert_eq!(said[0]["name"], "br-b");
    assert_eq!(
        said[0]["before"],
        json!({"protocols": ["OpenFlow13", "OpenFlow15"]})
    );
    assert_eq!(said[0]["after"], json!({"protocols": []}));
    assert_eq!(vsctl!(sandbox, "get Bridge br-b controller"), before);

    // One controller goes, one stays the row it is, one comes.
    let rows = || {
        vsctl!(
            sandbox,
            "--columns=_uuid --bare find Controller 'target=tcp\\:127.0.0.1\\:2'"
        )
    };
    let row = rows();
    let said = ovs!(
        sandbox,
        "bridge set br-b --controller tcp:127.0.0.1:2 --controller tcp:127.0.0.1:3 \
         --columns change,kind,name,before,after"
    )
    .ok()
    .shows("tcp:127.0.0.1:3")
    .stdout;
    assert_eq!(said.lines().count(), 1, "{said}");
    assert_eq!(
        vsctl!(sandbox, "get-controller br-b"),
        "tcp:127.0.0.1:2\ntcp:127.0.0.1:3\n"
    );
    let still = rows();
    for uuid in still.lines() {
        assert!(row.contains(uuid), "{row} {still}");
    }
    ovs!(
        sandbox,
        "bridge set br-b --controller none --dpid none --rstp off"
    )
    .ok();
    assert_eq!(vsctl!(sandbox, "get-controller br-b"), "");
    assert_eq!(
        vsctl!(sandbox, "get Bridge br-b other_config rstp_enable"),
        "{hwaddr=\"02:00:00:00:00:aa\"}\nfalse\n"
    );
}

#[test]
fn may_exist_converges() {
    let sandbox = Sandbox::empty();
    let add = "bridge add br0 --may-exist --fail-mode secure";
    ovs!(sandbox, "{add}").ok();
    ovs!(sandbox, "{add}").prints("unchanged\n");
    ovs!(
        sandbox,
        "bridge add br0 --may-exist --fail-mode standalone --stp on"
    )
    .ok();
    assert_eq!(
        vsctl!(sandbox, "get Bridge br0 fail_mode stp_enable"),
        "standalone\ntrue\n"
    );
    ovs!(sandbox, "bridge set br0 --rstp on").ok().says_only(
        "ovs: warning: bridge \"br0\" has both STP and RSTP enabled: Open vSwitch then uses RSTP \
         only\n",
    );
}

#[test]
fn what_is_refused_changes_nothing() {
    let sandbox = Sandbox::with(
        "add-br br0 -- add-port br0 p1 -- add-bond br0 bond0 e1 e2 -- add-br br0v br0 7",
    );
    let before = sandbox.contents();
    for (arguments, code, words) in [
        ("add br0", 1, "bridge \"br0\" exists already"),
        ("add p1", 1, "\"p1\" is the name of a port of \"br0\""),
        (
            "add e1",
            1,
            "\"e1\" is the name of an interface of port \"bond0\"",
        ),
        ("add a-name-of-16-byt", 1, "it has 16 bytes"),
        ("add 'a b'", 1, "it contains a blank"),
        (
            "add x --datapath-type foo",
            1,
            "the switch has no datapath type \"foo\"",
        ),
        ("add x --fail-mode foo", 2, "standalone, secure"),
        ("add x --protocols OpenFlow99", 2, "OpenFlow99"),
        ("add x --dpid 1", 2, "16 hexadecimal digits"),
        ("add x --controller 1.2.3.4", 2, "tcp:HOST"),
        ("add x --controller tcp:1.2.3.4:66333", 2, "1 to 65535"),
        ("add x --controller tcp:::1:6633", 2, "in brackets"),
        ("add x --controller ptcp:99999", 2, "up to 65535"),
        (
            "add x --controller none --controller tcp:1.2.3.4:1",
            2,
            "removes all: it cannot be combined",
        ),
        ("add x --parent br0", 2, "--vlan"),
        ("add x --parent br0 --vlan 4096", 2, "4096"),
        ("add x --parent br1 --vlan 8", 3, "bridge \"br1\" not found"),
        ("add x --parent br0v --vlan 8", 1, "is itself a VLAN bridge"),
        (
            "add x --parent br0 --vlan 7",
            1,
            "has a bridge already: \"br0v\"",
        ),
        (
            "add x --parent br0 --vlan 8 --fail-mode secure",
            2,
            "its fail_mode is that of its parent",
        ),
        (
            "add br0v --may-exist",
            1,
            "is the VLAN bridge of \"br0\" for VLAN 7",
        ),
        (
            "add br0 --may-exist --parent br0 --vlan 7",
            1,
            "is no VLAN bridge",
        ),
        ("set br1 --stp on", 3, "did you mean \"br0\"?"),
        (
            "set br0v --controller tcp:1.2.3.4:1",
            2,
            "its controller is that of its parent",
        ),
        ("del br0 br1", 3, "bridge \"br1\" not found"),
        ("del p1", 3, "bridge \"p1\" not found"),
    ] {
        ovs!(sandbox, "bridge {arguments}").fails(code, words);
    }
    assert_same!(before, sandbox.contents());
}

#[test]
fn vlan_bridges_are_those_of_ovs_vsctl() {
    let sandbox = Sandbox::with("add-br br0 -- add-br va br0 7 -- br-set-external-id va k v");
    ovs!(
        sandbox,
        "bridge add vb --parent br0 --vlan 8 --external-id k=v --columns \
             change,kind,name,bridge"
    )
    .prints("added\tbridge\tvb\tbr0\n");
    // But for the VLAN and the number.
    let written = |bridge: &str, vlan: &str| -> Vec<String> {
        let text = written(&sandbox, bridge).replace(vlan, ": VLAN");
        let lines = text.lines().filter(|line| !line.starts_with("ofport "));
        lines.map(str::to_owned).collect()
    };
    assert_eq!(written("va", ": 7"), written("vb", ": 8"));
    ovs!(sandbox, "bridge add vb --parent br0 --vlan 8 --may-exist").prints("unchanged\n");
    // A port that is added to one gets its tag; both tools say so.
    ovs!(sandbox, "port add vb p1 --type internal").ok();
    assert_eq!(vsctl!(sandbox, "list-ports vb"), "p1\n");
    ovs!(sandbox, "bridge list -g bridge").prints(vsctl!(sandbox, "list-br"));
    ovs!(
        sandbox,
        "bridge list --columns bridge,ports,parent,vlan,external_ids"
    )
    .prints("br0\t3\t-\t-\t-\nva\t0\tbr0\t7\tk=v\nvb\t1\tbr0\t8\tk=v\n");
    ovs!(sandbox, "bridge exists vb").ok();
    let show = ovs!(sandbox, "bridge show vb").json();
    assert_eq!((&show["parent"], &show["vlan"]), (&json!("br0"), &json!(8)));
    // It goes with the ports of its VLAN, and they alone.
    let said = ovs!(sandbox, "bridge del vb --columns change,kind,name").out();
    let mut lines: Vec<&str> = said.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["removed\tbridge\tvb", "removed\tport\tp1"]);
    assert_eq!(vsctl!(sandbox, "list-br"), "br0\nva\n");
    // With its parent, wherever it stands in the list.
    ovs!(sandbox, "bridge del br0 va").ok();
    assert_eq!(vsctl!(sandbox, "list-br"), "");
}

#[test]
fn a_vlan_bridge_keeps_its_own_port_and_its_tag() {
    let sandbox =
        Sandbox::with("add-br br0 -- add-br vb br0 8 -- add-port br0 q1 -- set Port q1 tag=3");
    sandbox.refuses_each(
        "",
        &[
            ("port add vb q1 --may-exist", 1, "it has tag 3, not 8"),
            ("port add vb q2 --tag 9", 2, "have that tag"),
            ("port del vb", 1, "`ovs bridge del vb`"),
            ("port set vb --tag none", 1, "keeps that tag"),
            ("port set vb --tag 9", 1, "keeps that tag"),
            ("tag set vb 9", 1, "keeps that tag"),
            ("tag clear vb", 1, "keeps that tag"),
        ],
    );
    ovs!(sandbox, "port add vb q2 --tag 8 --type internal").ok();
    ovs!(sandbox, "port del br0 --all").ok();
    assert_eq!(vsctl!(sandbox, "list-br"), "br0\nvb\n");
    assert_eq!(vsctl!(sandbox, "list-ports vb"), "");
    assert_eq!(vsctl!(sandbox, "list-ports br0"), "");
}

#[test]
fn deleting_takes_everything_along_and_says_what_dangles() {
    let sandbox = Sandbox::with("add-br br0 -- add-br br1 -- add-br br2");
    for (bridge, port, peer) in [
        ("br0", "p01", "p10"),
        ("br1", "p10", "p01"),
        ("br0", "p02", "p20"),
        ("br2", "p20", "p02"),
    ] {
        vsctl!(
            sandbox,
            "add-port {bridge} {port} -- set Interface {port} type=patch options:peer={peer}"
        );
    }
    vsctl!(sandbox, "set-controller br0 tcp:127.0.0.1:1");
    vsctl!(
        sandbox,
        "-- --id=@b get Bridge br0 -- create Flow_Sample_Collector_Set id=1 bridge=@b"
    );
    let before = sandbox.contents();
    ovs!(sandbox, "bridge del br0 --dry-run")
        .ok()
        .shows("removed\tbridge\tbr0");
    assert_same!(before, sandbox.contents());
    // Both ends of the other pair went.
    ovs!(sandbox, "bridge del br0 br1 nope --if-exists")
        .ok()
        .says_only(
            "ovs: warning: patch port \"p20\" now leads nowhere: its peer \"p02\" is gone; \
             `ovs patch del p20` removes it, too\n",
        );
    assert_eq!(vsctl!(sandbox, "list-br"), "br2\n");
    for table in ["Controller", "Flow_Sample_Collector_Set"] {
        assert_eq!(vsctl!(sandbox, "list {table}"), "", "{table}");
    }
    assert_eq!(
        vsctl!(sandbox, "--bare --columns=name list Port")
            .split_whitespace()
            .count(),
        2
    );
    ovs!(sandbox, "bridge del br0 --if-exists").prints("unchanged\n");
}

#[test]
fn many_ports_go_at_once() {
    let sandbox = Sandbox::empty();
    let mut lines = String::from("bridge add br0\nbridge add br1\n");
    for at in 0..60 {
        let _ = writeln!(lines, "port add br0 p{at} --type internal");
    }
    ovs!(sandbox, "batch").write_stdin(lines).ok();
    let said = ovs!(sandbox, "bridge del br0 -g name").out();
    assert_eq!(said.lines().count(), 61, "{said}");
    assert_eq!(vsctl!(sandbox, "list-br"), "br1\n");
}

#[test]
fn without_ovs_vswitchd() {
    let sandbox = Sandbox::with("add-br br0");
    sandbox.kill_vswitchd();
    let bridges = || vsctl!(sandbox, "--no-wait list-br");
    let start = Instant::now();
    ovs!(sandbox, "-t 2 bridge add x")
        .exits(5)
        .says("written to the database, but ovs-vswitchd has not applied it");
    assert!(
        start.elapsed() < Duration::from_secs(3),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(bridges(), "br0\nx\n");
    ovs!(sandbox, "bridge add y --no-wait").ok();
    assert_eq!(bridges(), "br0\nx\ny\n");
    let start = Instant::now();
    ovs!(sandbox, "bridge add z --dry-run")
        .ok()
        .says_only("dry run: nothing is written\n");
    ovs!(sandbox, "bridge del x y --no-wait").ok();
    assert!(start.elapsed() < Duration::from_secs(2));
    assert_eq!(bridges(), "br0\n");
}

#[test]
fn a_batch_builds_on_its_own_bridges() {
    let sandbox = Sandbox::empty();
    let lines = "bridge add br0\nport add br0 p1 --type internal\nbridge add v7 --parent br0 --vlan 7\n\
                 port add v7 p2 --type internal\nbridge set br0 --fail-mode secure\n";
    ovs!(sandbox, "batch").write_stdin(lines).ok();
    assert_eq!(vsctl!(sandbox, "list-ports v7"), "p2\n");
    assert_eq!(vsctl!(sandbox, "get Bridge br0 fail_mode"), "secure\n");
    let before = sandbox.contents();
    ovs!(sandbox, "batch")
        .write_stdin("bridge add br1\nbridge add br0\nbridge add br2\n")
        .exits(1);
    assert_same!(before, sandbox.contents());
    // What was made and removed again never was.
    ovs!(sandbox, "batch")
        .write_stdin("bridge add br1\nport add br1 p9 --type internal\nbridge del br1\n")
        .prints("unchanged\n");
}

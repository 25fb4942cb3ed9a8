//! `ovs batch` with lines that write flows: after the database, in one bundle for each switch.

use serde_json::json;

use crate::common::Sandbox;

const SWITCHES: &str = "add-br br0 -- add-port br0 p1 -- set Interface p1 type=dummy ofport_request=1 -- \
    add-br br1 -- add-br br10 -- set Bridge br10 protocols=OpenFlow10";

fn flows(sandbox: &Sandbox, bridge: &str) -> Vec<String> {
    let text = ofctl!(sandbox, "--names --no-stats dump-flows {bridge}");
    let mut lines: Vec<String> = text.lines().map(|line| line.trim().to_owned()).collect();
    lines.sort();
    lines
}

#[test]
fn flows_name_the_ports_that_other_lines_make() {
    let sandbox = Sandbox::with(SWITCHES);
    let lines = "\
flow del br1 --all
port add br0 tap9 --type internal --ofport 9 --may-exist
flow add br0 in_port=tap9,actions=p1 'in_port=p1,actions=output:\"tap9\"'
bridge add br2 --may-exist
flow mod br0 --strict in_port=tap9,actions=p1
flow mod br0 --strict priority=0,actions=drop
flow add br1 actions=FLOOD
flow del --strict br1 actions=FLOOD
port add br2 tap8 --type internal --may-exist
flow add br2 in_port=tap8,actions=drop
";
    // A deletion has no actions.
    ovs!(sandbox, "batch")
        .write_stdin(lines)
        .fails(2, "line 8: ");
    assert_eq!(vsctl!(sandbox, "list-ports br0"), "p1\n");
    let lines = lines.replace("--strict br1 actions=FLOOD", "--strict br1 priority=32768");
    let text = "\
added\tport\ttap9\tbr0\t9\t-\tofport_request=9,type=internal\t-
added\tbridge\tbr2\t-\t65534\t-\ttype=internal\t-
added\tport\ttap8\tbr2\t1\t-\ttype=internal\t-
changed\tflows\tbr1\tbr1\t-\t-\tflow_add=1,flow_del=2\t-
changed\tflows\tbr0\tbr0\t-\t-\tflow_add=2,flow_mod=2\t-
changed\tflows\tbr2\tbr2\t-\t-\tflow_add=1\t-
";
    ovs!(sandbox, "batch")
        .write_stdin(lines.as_str())
        .prints(text);
    assert_eq!(
        flows(&sandbox, "br0"),
        [
            "in_port=p1 actions=output:tap9",
            "in_port=tap9 actions=output:p1",
            "priority=0 actions=drop"
        ]
    );
    assert!(flows(&sandbox, "br1").is_empty());
    assert_eq!(
        flows(&sandbox, "br2"),
        ["in_port=tap8 actions=drop", "priority=0 actions=NORMAL"]
    );
    // The database is as it was asked for already.
    ovs!(sandbox, "batch")
        .write_stdin(lines)
        .ok()
        .begins("changed\tflows\tbr1");
}

/// The flows are written when the ports are gone already.
#[test]
fn flows_name_the_ports_that_other_lines_delete() {
    for is_first in [true, false] {
        let sandbox = Sandbox::with(SWITCHES);
        sandbox.ofctl(&["add-flow", "br0", "in_port=1,actions=drop"]);
        sandbox.ofctl(&["add-flow", "br0", "ip,actions=output:1"]);
        let before = sandbox.contents();
        for (line, words) in [
            (
                "flow add br0 in_port=p1,actions=drop",
                "deletes port \"p1\"",
            ),
            ("flow mod br0 ip,actions=p1", "deletes port \"p1\""),
            (
                "group add br0 group_id=1,type=all,bucket=output:p1",
                "deletes port \"p1\"",
            ),
        ] {
            let lines = format!("port del p1\n{line}\n");
            ovs!(sandbox, "batch").write_stdin(lines).fails(2, words);
        }
        ovs!(sandbox, "batch")
            .write_stdin("flow del br1 --all\nbridge del br1\n")
            .fails(2, "line 1: the batch deletes bridge \"br1\"");
        assert_eq!(sandbox.contents(), before);
        let lines = ["flow del br0 in_port=p1 out_port=p1", "port del p1"];
        let lines = if is_first {
            lines.join("\n")
        } else {
            format!("{}\n{}", lines[1], lines[0])
        };
        ovs!(sandbox, "batch --strict").write_stdin(lines).ok();
        assert_eq!(vsctl!(sandbox, "list-ports br0"), "");
        assert_eq!(flows(&sandbox, "br0"), ["priority=0 actions=NORMAL"]);
    }
}

#[test]
fn malformed_flows_are_refused_before_anything_is_written() {
    let sandbox = Sandbox::with(SWITCHES);
    let before = sandbox.contents();
    for (line, code, words) in [
        (
            "flow add br0 in_port=tap7,actions=drop",
            3,
            "line 2: port \"tap7\" not found on br0",
        ),
        (
            "flow add br0 in_port=p1,actions=nope",
            2,
            "line 2: \"nope\"",
        ),
        ("flow add br0 nw_dst=10.0.0.1,actions=drop", 2, "line 2: "),
        ("flow add br0 in_port=p1", 2, "actions= is missing"),
        (
            "flow add br0 'delete in_port=p1'",
            2,
            "the word of another command",
        ),
        (
            "flow add br10 actions=drop priority=1,actions=drop",
            1,
            "over OpenFlow10: it has no bundles",
        ),
        (
            "flow add br0 --file flows.txt",
            2,
            "line 2: --file cannot be in a batch",
        ),
        (
            "flow mod br0 --or-add actions=drop",
            2,
            "line 2: --or-add cannot be in a batch",
        ),
        ("flow del br0", 2, "line 2: which flows?"),
        ("dump-flows br0", 2, "changes nothing"),
        (
            "flow add br0 ip,actions=group:77",
            1,
            "line 2: group 77 does not exist on br0 (OFPBAC_BAD_OUT_GROUP)",
        ),
        (
            "flow add br0 ip,actions=meter:7,NORMAL",
            1,
            "line 2: meter 7 does not exist on br0 (OFPMMFC_INVALID_METER)",
        ),
        (
            "flow mod br0 tcp,actions=drop",
            3,
            "line 2: br0 has no flow that it matches",
        ),
        (
            "flow mod br0 --strict priority=1,actions=drop",
            3,
            "line 2: br0 has no flow that it matches",
        ),
        (
            "flow mod br0 --warnings-as-errors in_port=p1,actions=1",
            1,
            "line 2: output to port 1",
        ),
        (
            "flow del br0 --warnings-as-errors nw_dst=10.0.0.1/255.0.255.0,ip nw_src=1.2.3.4/8,ip",
            1,
            "line 2: ",
        ),
    ] {
        let lines = format!("port add br0 tap9 --type internal\n{line}\n");
        ovs!(sandbox, "batch").write_stdin(lines).fails(code, words);
        assert_same!(before, sandbox.contents(), "{line}");
    }
    let lines = "port add br0 tap9 --type internal\nflow add br0 in_port=tap9,actions=drop\n";
    ovs!(sandbox, "batch --no-wait")
        .write_stdin(lines)
        .fails(2, "--no-wait cannot be used");
    let plan = ovs!(sandbox, "batch --dry-run").write_stdin(lines).json();
    assert_eq!(plan["changes"][0]["name"], "tap9");
    assert_eq!(
        plan["changes"][1],
        json!({
            "change": "changed", "kind": "flows", "name": "br0", "bridge": "br0", "ofport": null,
            "before": {}, "after": {"flow_add": 1}, "error": null,
        })
    );
    assert_same!(before, sandbox.contents());
    assert_eq!(flows(&sandbox, "br0"), ["priority=0 actions=NORMAL"]);
}

#[test]
fn what_was_written_before_a_refusal_stands() {
    let sandbox = Sandbox::with(SWITCHES);
    let refused = "\
flow add br1 priority=7,actions=drop
flow add br0 in_port=p1,actions=drop
flow add br0 table=254,actions=drop
";
    ovs!(sandbox, "batch")
        .write_stdin(refused)
        .exits(5)
        .says("line 3: table 254 is for the switch itself (OFPBRC_EPERM); no flow or group of br0 is changed")
        .says("what was written before stands: the flows of br1")
        .prints("changed\tflows\tbr1\tbr1\t-\t-\tflow_add=1\t-\n");
    assert_eq!(flows(&sandbox, "br0"), ["priority=0 actions=NORMAL"]);
    assert_eq!(
        flows(&sandbox, "br1"),
        ["priority=0 actions=NORMAL", "priority=7 actions=drop"]
    );
    let (_, of_br0) = refused.split_once('\n').unwrap();
    ovs!(sandbox, "batch")
        .write_stdin(of_br0)
        .fails(1, "line 2: table 254 is for the switch itself");
    let lines = format!("port add br0 tap9 --type internal\n{of_br0}");
    ovs!(sandbox, "batch")
        .write_stdin(lines)
        .exits(5)
        .says("line 3: table 254 is for the switch itself")
        .says("what was written before stands: the database")
        .begins("added\tport\ttap9\t");
    assert_eq!(flows(&sandbox, "br0"), ["priority=0 actions=NORMAL"]);
    let lines = "port add br0 bad --type nonsense\nflow add br0 in_port=p1,actions=drop\n";
    ovs!(sandbox, "batch")
        .write_stdin(lines)
        .exits(5)
        .says("the flows were not sent");
    assert_eq!(flows(&sandbox, "br0"), ["priority=0 actions=NORMAL"]);
}

#[test]
fn modifications_match_flows() {
    let sandbox = Sandbox::with(SWITCHES);
    let lines = "flow add br0 tcp,tcp_dst=22,actions=drop\n\
        flow mod br0 --strict tcp,tcp_dst=22,actions=p1\n\
        flow add br0 udp,actions=drop\n\
        flow del br0 --strict udp\n\
        flow mod br0 priority=0,in_port=p1,actions=drop\n";
    ovs!(sandbox, "batch")
        .write_stdin(lines)
        .fails(3, "line 5: br0 has no flow that it matches");
    let lines = lines.replace("priority=0,in_port=p1", "arp");
    let (written, _) = lines.rsplit_once("flow mod").unwrap();
    ovs!(sandbox, "batch")
        .write_stdin(written)
        .prints("changed\tflows\tbr0\tbr0\t-\t-\tflow_add=2,flow_mod=1,flow_del=1\t-\n");
    assert_eq!(
        flows(&sandbox, "br0"),
        [
            "priority=0 actions=NORMAL",
            "tcp,tp_dst=22 actions=output:p1"
        ]
    );
    // Within a bundle the switch does not find the flow: ovs-ofctl leaves it.
    let path = sandbox.run_dir().join("flows.txt");
    std::fs::write(
        &path,
        "add icmp,icmp_type=1,icmp_code=2,actions=drop\ndelete icmp\n",
    )
    .unwrap();
    ofctl!(
        sandbox,
        "-O OpenFlow14 --bundle add-flows br0 {}",
        path.display()
    );
    assert!(
        flows(&sandbox, "br0").contains(&"icmp,icmp_type=1,icmp_code=2 actions=drop".to_owned())
    );
    for line in ["flow del br0 arp", "flow mod br0 arp,actions=drop"] {
        let lines = format!("flow add br0 arp,arp_op=1,actions=drop\n{line}\n");
        ovs!(sandbox, "batch")
            .write_stdin(lines)
            .fails(2, "line 2: it selects a flow that line 1 adds");
    }
    let lines = "flow del br0 --all\nflow add br0 udp,actions=drop\n";
    ovs!(sandbox, "batch").write_stdin(lines).ok();
    assert_eq!(flows(&sandbox, "br0"), ["udp actions=drop"]);
    // A flow of a port that the batch makes is looked for when the port is there; the port stands then.
    let lines = "port add br0 tap9 --type internal\nflow mod br0 in_port=tap9,actions=drop\n";
    ovs!(sandbox, "batch").write_stdin(lines).exits(5).says(
        "line 2: br0 has no flow that it matches; what was written before stands: the database",
    );
}

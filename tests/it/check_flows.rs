//! `ovs check` of flows and groups: what it concludes is what the switch's own `ofproto/trace` does.

use crate::common::Sandbox;
use crate::common::checks::{PATIENCE, see, small};
use crate::common::server::within;

/// Adds flows, sees a finding and only it, deletes them and sees it gone.
fn flow_fault(sandbox: &Sandbox, flows: &[&str], expected: &[&str]) {
    for flow in flows {
        ofctl!(sandbox, "-O OpenFlow15 add-flow br0 '{flow}'");
    }
    see(sandbox, expected);
    ofctl!(sandbox, "-O OpenFlow15 del-flows br0");
    see(sandbox, &[]);
}

fn with_versions() -> Sandbox {
    let sandbox = small();
    vsctl!(
        sandbox,
        "set Bridge br0 protocols=OpenFlow10,OpenFlow13,OpenFlow15"
    );
    sandbox
}

#[test]
fn ports_of_flows() {
    let sandbox = with_versions();
    flow_fault(
        &sandbox,
        &[
            "in_port=77,actions=drop",
            "table=3,in_port=77,udp,actions=tap2",
        ],
        &["flow-matches-no-port port 77"],
    );
    for actions in [
        "output:77",
        "clone(output:77)",
        "write_actions(output:77)",
        "bundle(symmetric_l4,0,active_backup,ofport,members:1,77)",
        "output(port=77,max_len=100)",
    ] {
        let flow = format!("in_port=tap1,actions={actions}");
        flow_fault(&sandbox, &[&flow], &["flow-output-no-port port 77"]);
    }
    // Reserved ports exist everywhere; what expires goes by itself.
    flow_fault(
        &sandbox,
        &[
            "in_port=tap1,actions=NORMAL,FLOOD,ALL,LOCAL,CONTROLLER,in_port",
            "in_port=LOCAL,actions=resubmit(,4)",
            "in_port=CONTROLLER,actions=tap1",
            "table=20,idle_timeout=300,dl_vlan=1,actions=output:77",
            "table=21,hard_timeout=300,in_port=77,actions=drop",
            "table=10,actions=learn(table=20,hard_timeout=300,NXM_OF_VLAN_TCI[0..11],output:NXM_OF_IN_PORT[])",
        ],
        &[],
    );
    let group = "group_id=1,type=all,bucket=actions=output:1,bucket=actions=output:88";
    ofctl!(sandbox, "-O OpenFlow15 add-group br0 '{group}'");
    see(&sandbox, &["flow-output-no-port port 88"]);
    ofctl!(sandbox, "-O OpenFlow15 del-groups br0");
    see(&sandbox, &[]);
}

#[test]
fn groups_and_meters() {
    let sandbox = with_versions();
    let ofctl = |line: &str| ofctl!(sandbox, "-O OpenFlow15 {line}");
    // The switch refuses flows that refer to groups and meters that are not there, and deletes those
    // that do with them; but it lets a bucket refer to what it likes.
    ofctl("add-group br0 group_id=1,type=all,bucket=actions=group:7");
    ofctl("add-flow br0 in_port=tap1,actions=group:1");
    assert!(trace(&sandbox, "in_port=1").contains("Datapath actions: drop\n"));
    see(&sandbox, &["missing-group group 7"]);
    ofctl("add-group br0 group_id=7,type=all,bucket=actions=output:1");
    see(&sandbox, &[]);
    ofctl("add-flow br0 'in_port=tap2,actions=controller(meter_id=3)'");
    see(&sandbox, &["missing-meter meter 3"]);
    ofctl("add-meter br0 meter=3,kbps,band=type=drop,rate=100");
    see(&sandbox, &[]);
}

#[test]
fn hidden_flows() {
    let sandbox = with_versions();
    let hidden = |flows: &[&str], expected: &[&str]| {
        let lines: Vec<String> = expected
            .iter()
            .map(|flow| format!("hidden-flow {flow}"))
            .collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        flow_fault(&sandbox, flows, &lines);
    };
    hidden(
        &[
            "priority=9,ip,actions=drop",
            "priority=5,tcp,in_port=tap1,actions=tap2",
        ],
        &["table=0,priority=5,tcp,in_port=tap1"],
    );
    // The same match at two priorities.
    hidden(
        &["priority=9,ip,actions=drop", "priority=8,ip,actions=tap2"],
        &["table=0,priority=8,ip"],
    );
    hidden(
        &[
            "priority=9,ip,nw_src=10.1.0.0/16,actions=drop",
            "priority=5,ip,nw_src=10.1.2.0/24,nw_dst=10.9.0.0/16,actions=tap2",
            "priority=5,reg3=5,actions=tap2",
            "priority=6,reg3=5/7,actions=tap2",
        ],
        &[
            "table=0,priority=5,ip,nw_src=10.1.2.0/24,nw_dst=10.9.0.0/16",
            "table=0,priority=5,reg3=0x5",
        ],
    );
    hidden(
        &[
            "priority=9,vlan_tci=0x1000/0x1000,actions=drop",
            "priority=5,dl_vlan=7,actions=tap2",
        ],
        &["table=0,priority=5,dl_vlan=7"],
    );
    // What only looks alike: other tables, other values, lower priorities, masks that cross, flows that
    // expire, conjunctions, equal priorities.
    hidden(
        &[
            "table=1,priority=9,ip,actions=drop",
            "table=2,priority=5,tcp,actions=tap2",
            "table=3,priority=9,ip,nw_src=10.1.0.0/16,actions=drop",
            "table=3,priority=5,ip,nw_src=10.0.0.0/8,actions=tap2",
            "table=3,priority=6,ip,nw_src=10.2.3.0/24,actions=tap2",
            "table=4,priority=5,ip,actions=drop",
            "table=4,priority=9,tcp,actions=tap2",
            "table=5,priority=9,ip,nw_src=0.0.0.1/0.0.0.1,actions=drop",
            "table=5,priority=5,ip,nw_src=10.1.0.0/16,actions=tap2",
            "table=6,priority=9,ip,idle_timeout=300,actions=drop",
            "table=6,priority=5,tcp,actions=tap2",
            "table=7,priority=9,ip,actions=conjunction(1,1/2)",
            "table=7,priority=9,tcp,actions=conjunction(2,1/2)",
            "table=7,priority=5,tcp,actions=tap2",
            "table=8,priority=9,ip,in_port=tap1,actions=drop",
            "table=8,priority=5,ip,actions=tap2",
            "table=9,priority=9,dl_vlan=7,actions=drop",
            "table=9,priority=5,dl_vlan=8,actions=tap2",
            "table=10,priority=9,ip,actions=drop",
            "table=10,priority=9,tcp,actions=drop",
        ],
        &[],
    );
}

/// What the trace of a packet prints.
fn trace(sandbox: &Sandbox, packet: &str) -> String {
    appctl!(sandbox, "ofproto/trace br0 {packet}")
}

/// The flow of table 0 that takes a packet: `ip, priority 9`.
fn taken_by(sandbox: &Sandbox, packet: &str) -> String {
    let text = trace(sandbox, packet);
    let flow = text.lines().find_map(|line| line.strip_prefix(" 0. "));
    flow.expect("a flow takes it").to_owned()
}

/// Two flows of one priority: whichever is added first, a packet of both takes one of them, and `check`
/// says that they overlap; it does not say that one is hidden.
#[test]
fn flows_of_equal_priority_overlap() {
    let sandbox = with_versions();
    let overlap = |flows: [&str; 2], packet: &str| {
        let lines = [
            format!("{},actions=output:1", flows[0]),
            format!("{},actions=output:2", flows[1]),
        ];
        let [one, other] = lines.each_ref().map(String::as_str);
        for lines in [[one, other], [other, one]] {
            for line in lines {
                ofctl!(sandbox, "add-flow br0 '{line}'");
            }
            let took = taken_by(&sandbox, packet);
            assert!(took.contains("priority 7"), "{took}");
            ofctl!(sandbox, "del-flows br0");
            flow_fault(&sandbox, &lines, &["overlapping-flows table 0"]);
        }
    };
    overlap(["priority=7,in_port=1", "priority=7"], "in_port=1");
    overlap(
        [
            "priority=7,ip,nw_src=10.0.0.0/8",
            "priority=7,ip,nw_dst=10.1.0.0/16",
        ],
        "in_port=1,ip,nw_src=10.9.9.9,nw_dst=10.1.0.1",
    );
    overlap(
        ["priority=7,reg0=0/0xff00,tcp", "priority=7,ip,nw_ttl=064"],
        "in_port=1,tcp,nw_ttl=64",
    );
    overlap(
        [
            "priority=7,vlan_tci=0x1000/0x1000",
            "priority=7,dl_dst=01:00:00:00:00:00/01:00:00:00:00:00",
        ],
        "in_port=1,dl_vlan=5,dl_dst=ff:ff:ff:ff:ff:ff",
    );
}

/// The counters of an overlap's example, its count, and a line for each table.
#[test]
fn overlaps_are_counted_by_table() {
    let sandbox = with_versions();
    for flow in [
        "in_port=1,actions=output:2",
        "actions=drop",
        "table=3,priority=5,ip,nw_src=10.0.0.0/8,actions=output:1",
        "table=3,priority=5,ip,nw_dst=10.1.0.0/16,actions=output:2",
        "table=3,priority=5,ip,nw_dst=10.2.0.0/16,actions=output:2",
        "table=3,priority=5,arp,actions=output:2",
    ] {
        ofctl!(sandbox, "add-flow br0 '{flow}'");
    }
    appctl!(
        sandbox,
        "netdev-dummy/receive tap1 in_port(1),eth(),eth_type(0x800),ipv4()"
    );
    let what = "table=0,in_port=tap1 (n_packets=1) and table=0 (n_packets=0)";
    let expected = format!(
        "note\ttable 0\t2 flows overlap at equal priority, such as {what}\n\
         note\ttable 3\t3 flows overlap at equal priority, such as table=3,priority=5,ip,nw_src=10.0.0.0/8 \
         (n_packets=0) and table=3,priority=5,ip,nw_dst=10.1.0.0/16 (n_packets=0)\n"
    );
    let check = || ovs!(sandbox, "check --columns=severity,object,what").ok();
    // Counters follow a packet by up to a second.
    within(PATIENCE, || check().stdout == expected);
    check().prints(expected);
    // Nothing says that one should go.
    let hints = ovs!(sandbox, "check -g hint").out();
    assert!(!hints.contains("delete"), "{hints}");
}

/// Flows that look as if they overlapped.
#[test]
fn what_does_not_overlap() {
    let sandbox = with_versions();
    flow_fault(
        &sandbox,
        &[
            "table=1,priority=5,ip,nw_src=10.0.0.0/8,actions=output:1",
            "table=1,priority=5,arp,actions=output:2",
            // The same is done.
            "table=2,priority=5,ip,actions=output:1",
            "table=2,priority=5,in_port=1,actions=output:1",
            // Conjunctions among themselves, and what expires.
            "table=3,priority=5,ip,actions=conjunction(1,1/2)",
            "table=3,priority=5,in_port=1,actions=conjunction(1,2/2)",
            "table=3,priority=5,conj_id=1,ip,actions=output:2",
            "table=4,priority=5,ip,idle_timeout=300,actions=output:1",
            "table=4,priority=5,in_port=1,actions=output:2",
            // Another priority, another table.
            "table=5,priority=5,ip,actions=output:1",
            "table=5,priority=6,in_port=1,actions=output:2",
            "table=6,priority=5,in_port=1,actions=output:2",
            // A state of connection that does not exist.
            "table=7,priority=5,ct_state=+new+trk,ip,actions=output:1",
            "table=7,priority=5,ct_state=+est+trk,actions=output:2",
            "table=7,priority=5,ct_state=+inv+trk,in_port=1,actions=drop",
            // A tag, and none.
            "table=8,priority=5,vlan_tci=0x0000/0x1000,ip,actions=output:1",
            "table=8,priority=5,dl_vlan=7,in_port=1,actions=output:2",
        ],
        &[],
    );
    // What both match goes elsewhere.
    let flows = [
        "priority=5,ip,nw_src=10.0.0.0/8,actions=output:1",
        "priority=5,ip,nw_dst=10.1.0.0/16,actions=output:2",
        "priority=6,ip,nw_src=10.0.0.0/8,nw_dst=10.0.0.0/8,actions=drop",
    ];
    for flow in flows {
        ofctl!(sandbox, "add-flow br0 '{flow}'");
    }
    let took = taken_by(&sandbox, "in_port=1,ip,nw_src=10.9.9.9,nw_dst=10.1.0.1");
    assert!(took.contains("priority 6"), "{took}");
    see(&sandbox, &[]);
}

/// What is called hidden is taken by the other flow, whatever the packet of it.
#[test]
fn the_trace_takes_the_hiding_flow() {
    let sandbox = with_versions();
    for flow in [
        "priority=9,ip,nw_src=10.1.0.0/16,actions=output:1",
        "priority=5,ip,nw_src=10.1.2.0/24,nw_dst=10.9.0.0/16,actions=output:2",
    ] {
        ofctl!(sandbox, "add-flow br0 '{flow}'");
    }
    for last in 0..8 {
        let packet =
            format!("in_port=1,tcp,nw_src=10.1.2.{last},nw_dst=10.9.{last}.1,tp_dst={last}");
        let took = taken_by(&sandbox, &packet);
        assert!(took.ends_with("priority 9"), "{took}");
    }
    see(
        &sandbox,
        &["hidden-flow table=0,priority=5,ip,nw_src=10.1.2.0/24,nw_dst=10.9.0.0/16"],
    );
}

/// What a controller hides behind its own flows is a note for each table; what people type is not.
#[test]
fn hidden_by_design() {
    let sandbox = with_versions();
    let designed = |flows: &[&str], expected: &[&str]| flow_fault(&sandbox, flows, expected);
    designed(
        &[
            "cookie=5,priority=9,ip,actions=drop",
            "cookie=5,priority=5,tcp,actions=output:1",
            "cookie=5,priority=4,udp,actions=output:1",
            "cookie=5,table=2,priority=9,ip,actions=drop",
            "cookie=5,table=2,priority=5,tcp,actions=output:1",
        ],
        &["hidden-by-design table 0", "hidden-by-design table 2"],
    );
    // Two flows of ovn-controller, and two that only have such cookies.
    designed(
        &[
            "cookie=0x7f721c18,table=20,priority=9,ip,metadata=1,actions=drop",
            "cookie=0x9e39cafe,table=20,priority=5,tcp,metadata=1,actions=output:1",
            "cookie=0x7f721c18,table=21,priority=9,ip,actions=drop",
            "cookie=0x9e39cafe,table=21,priority=5,tcp,actions=output:1",
        ],
        &[
            "hidden-flow table=21,priority=5,tcp",
            "hidden-by-design table 20",
        ],
    );
    // Random cookies of Neutron, Antrea's categories, ovn-kubernetes' hash, netvirt's constants.
    for (one, other) in [
        ("0xdc4665db71852389", "0x16459bb2ba15e486"),
        ("0x3010000000000", "0x3000000000000"),
        ("0xdeff105", "0x8f4e2d1c0b9a7e61"),
        ("0x8000003", "0x8000004"),
    ] {
        let flows = [
            format!("cookie={one},table=3,priority=9,ip,actions=drop"),
            format!("cookie={other},table=3,priority=5,tcp,actions=output:1"),
        ];
        let flows = flows.each_ref().map(String::as_str);
        designed(&flows, &["hidden-by-design table 3"]);
    }
    // Without a cookie on either side it is nobody's design.
    for (one, other) in [
        ("0", "5"),
        ("5", "0"),
        ("0", "0"),
        ("5", "6"),
        ("0xdeff105", "5"),
    ] {
        let flows = [
            format!("cookie={one},table=3,priority=9,ip,actions=drop"),
            format!("cookie={other},table=3,priority=5,tcp,actions=output:1"),
        ];
        let flows = flows.each_ref().map(String::as_str);
        designed(&flows, &["hidden-flow table=3,priority=5,tcp"]);
    }
    // The switch's own default flow is no one's mistake.
    designed(
        &["priority=0,actions=NORMAL", "priority=1,actions=drop"],
        &[],
    );
}

/// Buckets that watch what is there, in part or not at all; the trace says which of them are used.
#[test]
fn buckets_watch() {
    let sandbox = with_versions();
    let group = |line: &str| ofctl!(sandbox, "-O OpenFlow15 add-group br0 '{line}'");
    let send_to_group_3 = || {
        ofctl!(
            sandbox,
            "-O OpenFlow15 add-flow br0 in_port=1,actions=group:3"
        );
        trace(&sandbox, "in_port=1")
    };
    // Group 0 does not exist here; the port decides.
    let bucket = "bucket=watch_port:2,watch_group:0,actions=output:2";
    group(&format!("group_id=3,type=ff,{bucket},{bucket},{bucket}"));
    assert!(send_to_group_3().contains("Datapath actions: 2\n"));
    let what = |object: &str| {
        let found = ovs!(sandbox, "check --columns=object,what").run().stdout;
        let of = |line: &&str| line.starts_with(object);
        found.lines().find(of).map(str::to_owned)
    };
    see(&sandbox, &["watch-missing group 0"]);
    assert_eq!(what("group 0").unwrap(), "group 0\tgroup 3 watches it");
    // With group 0 all is well, unless it can never be live itself: then the port still decides.
    group("group_id=0,type=all,bucket=actions=output:1");
    see(&sandbox, &[]);
    ofctl!(sandbox, "-O OpenFlow15 del-groups br0 group_id=0");
    // Nothing that is watched exists.
    ofctl!(sandbox, "-O OpenFlow15 del-groups br0");
    group(
        "group_id=3,type=ff,bucket=watch_port:9,watch_group:77,actions=output:2,bucket=watch_port:9,actions=output:2",
    );
    assert!(send_to_group_3().contains("no live bucket"));
    see(&sandbox, &["bucket-never-live group 3"]);
    assert_eq!(
        what("group 3").unwrap(),
        "group 3\tbucket 0 watches port 9, which does not exist, and group 77, which does not exist; \
         1 more of its 2 buckets likewise"
    );
    // A watched group without a bucket that can be live, in a row and in a circle.
    for others in [
        &["group_id=4,type=ff,bucket=watch_port:9,actions=output:2"][..],
        &["group_id=4,type=all"],
        &["group_id=4,type=ff,bucket=watch_group:3,actions=output:2"],
    ] {
        ofctl!(sandbox, "-O OpenFlow15 del-groups br0");
        for line in others {
            group(line);
        }
        group("group_id=3,type=select,bucket=watch_group:4,actions=output:2");
        let traced = send_to_group_3();
        assert!(traced.contains("no live bucket"), "{others:?}: {traced}");
        let also = if others[0].contains("ff") {
            &["bucket-never-live group 3", "bucket-never-live group 4"][..]
        } else {
            &["bucket-never-live group 3"]
        };
        see(&sandbox, also);
    }
    // Buckets of one live group among them, and select buckets that watch nothing.
    ofctl!(sandbox, "-O OpenFlow15 del-groups br0");
    group("group_id=4,type=ff,bucket=watch_port:2,actions=output:2");
    group(
        "group_id=3,type=select,selection_method=hash,bucket=watch_group:4,actions=output:2,bucket=actions=output:2",
    );
    group(
        "group_id=5,type=select,bucket=watch_port:1,actions=output:2,bucket=weight:0,watch_port:9,actions=output:2",
    );
    assert!(send_to_group_3().contains("Datapath actions: 2\n"));
    see(&sandbox, &[]);
}

/// A group that refers to one thing in many buckets is one group.
#[test]
fn groups_are_counted_and_not_buckets() {
    let sandbox = with_versions();
    let bucket = "bucket=actions=output:88";
    let group = format!("group_id=1,type=all,{bucket},{bucket},{bucket}");
    ofctl!(sandbox, "-O OpenFlow15 add-group br0 '{group}'");
    ofctl!(
        sandbox,
        "add-flow br0 in_port=1,actions=output:88,output:88"
    );
    see(&sandbox, &["flow-output-no-port port 88"]);
    let what = ovs!(sandbox, "check -g what").out();
    assert_eq!(what, "table=0,in_port=tap1 and 1 more send to it\n");
}

//! What `ovs tag map` and `ovs path` conclude from flows, case by case, with the switch's own trace beside it.

use crate::common::Sandbox;

fn flows(sandbox: &Sandbox, bridge: &str, flows: &[&str]) {
    ofctl!(sandbox, "-OOpenFlow15 del-flows {bridge}");
    for flow in flows {
        ofctl!(sandbox, "-OOpenFlow15 add-flow {bridge} '{flow}'");
    }
}

/// `ovs tag map` with some columns, a line each.
fn map(sandbox: &Sandbox, columns: &str) -> Vec<String> {
    let said = ovs!(sandbox, "tag map --columns {columns}").out();
    said.lines().map(|line| line.replace('\t', " ")).collect()
}

/// The datapath's actions for a packet, ports by name.
fn traced(sandbox: &Sandbox, bridge: &str, packet: &str) -> String {
    let said = appctl!(sandbox, "ofproto/trace {bridge} {packet}");
    let actions = said
        .lines()
        .find_map(|line| line.strip_prefix("Datapath actions: "));
    // `    w0 2/4: (system)`
    let shown = appctl!(sandbox, "dpif/show");
    let name = |action: &str| {
        let ends = format!("/{action}:");
        let mut lines = shown.lines().map(str::trim);
        let line = lines.find(|line| line.split(' ').nth(1).is_some_and(|it| it.ends_with(&ends)));
        line.map_or(action, |line| line.split(' ').next().unwrap())
            .to_owned()
    };
    let named: Vec<String> = actions.unwrap().split(',').map(name).collect();
    named.join(",")
}

/// A bridge with a guest of tag 5 (port 1) and a wire (port 2), and no flow.
const SMALL: &str = "add-br br0 -- add-port br0 g0 tag=5 -- set interface g0 ofport_request=1 \
    -- add-port br0 w0 -- set interface w0 ofport_request=2";

#[test]
fn flows_of_one_priority_are_a_choice() {
    let sandbox = Sandbox::with(SMALL);
    let leave = "in_port=1,actions=push_vlan:0x8100,set_field:4162->vlan_vid,output:2";
    flows(&sandbox, "br0", &[leave, "actions=NORMAL"]);
    let reason = "table 0 of br0 has flows of one priority (32768) that match the same packets; the switch \
                  may use any of them";
    let rows = map(&sandbox, "segment,outbound,inbound,state,reason");
    assert_eq!(
        rows,
        [
            format!("5 true true ambiguous {reason}"),
            format!("66 true false ambiguous {reason}"),
        ]
    );
    // By different priorities there is no choice.
    flows(
        &sandbox,
        "br0",
        &[&format!("priority=9,{leave}"), "priority=8,actions=NORMAL"],
    );
    assert_eq!(
        map(&sandbox, "segment,state"),
        ["5 conflict", "66 conflict"]
    );
    assert_eq!(
        traced(&sandbox, "br0", "in_port=1"),
        "push_vlan(vid=66,pcp=0),w0"
    );
    // One that is hidden by a higher one does not count.
    flows(
        &sandbox,
        "br0",
        &[
            "priority=9,actions=NORMAL",
            leave.replace("in_port", "priority=8,in_port").as_str(),
        ],
    );
    assert_eq!(map(&sandbox, "segment,state"), ["5 ok"]);
    // Flows that match different packets of one port are no choice.
    flows(
        &sandbox,
        "br0",
        &[
            "ip,in_port=1,actions=push_vlan:0x8100,set_field:4162->vlan_vid,output:2",
            "arp,in_port=1,actions=push_vlan:0x8100,set_field:4163->vlan_vid,output:2",
        ],
    );
    assert_eq!(
        map(&sandbox, "segment,outbound,state"),
        ["66 true conflict", "67 true conflict"]
    );
}

#[test]
fn the_action_set_is_executed_at_the_end() {
    let sandbox = Sandbox::with(SMALL);
    let write = "table=1,ip,nw_dst=10.1.0.144,actions=\
                 write_actions(push_vlan:0x8100,set_field:4173->vlan_vid,output:2),goto_table:2";
    let begin = "in_port=1,actions=goto_table:1";
    // Without an instruction it is executed; so it is where no flow matches.
    for end in [
        "table=2,priority=30000,ip,actions=drop",
        "table=9,actions=drop",
    ] {
        flows(&sandbox, "br0", &[begin, write, end]);
        assert_eq!(map(&sandbox, "segment,state"), ["77 no-inbound"], "{end}");
        let packet = "in_port=1,ip,nw_dst=10.1.0.144";
        assert_eq!(
            traced(&sandbox, "br0", packet),
            "push_vlan(vid=77,pcp=0),w0"
        );
    }
    flows(
        &sandbox,
        "br0",
        &[begin, write, "table=2,priority=0,actions=clear_actions"],
    );
    assert_eq!(map(&sandbox, "segment,state"), ["- local"]);
    // What is written later counts, and a group rather than a port.
    let later = "table=2,actions=write_actions(push_vlan:0x8100,set_field:4174->vlan_vid)";
    flows(&sandbox, "br0", &[begin, write, later]);
    assert_eq!(map(&sandbox, "segment,state"), ["78 no-inbound"]);
    ofctl!(
        sandbox,
        "-OOpenFlow15 add-group br0 \
         group_id=1,type=indirect,bucket=actions=set_field:4175->vlan_vid,output:2"
    );
    flows(
        &sandbox,
        "br0",
        &[begin, write, "table=2,actions=write_actions(group:1)"],
    );
    assert_eq!(map(&sandbox, "segment,state"), ["79 no-inbound"]);
    let packet = "in_port=1,ip,nw_dst=10.1.0.144";
    assert_eq!(
        traced(&sandbox, "br0", packet),
        "push_vlan(vid=79,pcp=0),w0"
    );
}

#[test]
fn buckets_of_groups() {
    let sandbox = Sandbox::with(SMALL);
    let group = |text: &str| {
        ofctl!(sandbox, "-OOpenFlow15 del-groups br0");
        ofctl!(sandbox, "-OOpenFlow15 add-group br0 '{text}'");
        flows(&sandbox, "br0", &["in_port=1,actions=group:3"]);
        map(&sandbox, "segment,outbound")
    };
    let to = |vid: u16| {
        format!(
            "push_vlan:0x88a8,set_field:{}->vlan_vid,output:2",
            4096 + vid
        )
    };
    let both = |kind: &str, first: &str, second: &str| {
        let (a, b) = (to(66), to(67));
        group(&format!(
            "group_id=3,type={kind},bucket={first}actions={a},bucket={second}actions={b}"
        ))
    };
    assert_eq!(both("all", "", ""), ["66 true", "67 true"]);
    assert_eq!(
        both("select", "weight:1,", "weight:1,"),
        ["66 true", "67 true"]
    );
    assert_eq!(both("select", "weight:0,", "weight:1,"), ["67 true"]);
    assert_eq!(both("ff", "watch_port:2,", "watch_port:1,"), ["66 true"]);
    // A port that does not exist is not live; a group of 0 is none.
    assert_eq!(both("ff", "watch_port:99,", "watch_port:2,"), ["67 true"]);
    assert_eq!(
        both("ff", "watch_port:2,watch_group:0,", "watch_port:2,"),
        ["66 true"]
    );
    let packet = "in_port=1";
    assert_eq!(
        traced(&sandbox, "br0", packet),
        "push_vlan(tpid=0x88a8,vid=66,pcp=0),w0"
    );
    assert_eq!(both("ff", "watch_port:99,", "watch_port:98,"), ["- -"]);
    assert_eq!(traced(&sandbox, "br0", packet), "drop");
    // A group that does not exist ends the list of actions.
    ofctl!(sandbox, "-OOpenFlow15 del-groups br0");
    assert_eq!(map(&sandbox, "segment,state"), ["- local"]);
}

/// Neutron's trunk ports: the instance's port and its subports on a bridge of their own.
const TRUNK: &str = "add-br br-int -- add-br tbr-x -- add-br br-ens37 \
    -- add-port tbr-x vmx -- set interface vmx ofport_request=1 external_ids:iface-id=p1 external_ids:attached-mac=fa:16:3e:00:00:01 \
    -- add-port tbr-x tpt -- set interface tpt type=patch options:peer=tpi \
    -- add-port br-int tpi tag=3 -- set interface tpi type=patch options:peer=tpt \
    -- add-port tbr-x spt tag=100 -- set interface spt type=patch options:peer=spi \
    -- add-port br-int spi tag=5 -- set interface spi type=patch options:peer=spt \
    -- add-port br-int int-br-ens37 -- set interface int-br-ens37 type=patch options:peer=phy-br-ens37 \
    -- add-port br-ens37 phy-br-ens37 -- set interface phy-br-ens37 type=patch options:peer=int-br-ens37 \
    ofport_request=2 -- add-port br-ens37 ens37 -- set interface ens37 ofport_request=1";

#[test]
fn tags_that_pass_bridges() {
    let sandbox = Sandbox::with(TRUNK);
    flows(
        &sandbox,
        "br-ens37",
        &[
            "priority=4,in_port=2,dl_vlan=3,actions=set_field:4162->vlan_vid,NORMAL",
            "priority=4,in_port=2,dl_vlan=5,actions=set_field:4184->vlan_vid,NORMAL",
            "priority=2,in_port=2,actions=drop",
            "priority=0,actions=NORMAL",
        ],
    );
    let near = vsctl!(sandbox, "get interface int-br-ens37 ofport");
    let near = near.trim();
    flows(
        &sandbox,
        "br-int",
        &[
            &format!(
                "priority=3,in_port={near},dl_vlan=66,actions=set_field:4099->vlan_vid,NORMAL"
            ),
            &format!(
                "priority=3,in_port={near},dl_vlan=88,actions=set_field:4101->vlan_vid,NORMAL"
            ),
            &format!("priority=2,in_port={near},actions=drop"),
            "priority=0,actions=NORMAL",
        ],
    );
    assert_eq!(
        map(&sandbox, "bridge,tag,leaves_by,exits,segment,state"),
        [
            "br-int 3 br-ens37 ens37 66 ok",
            "br-int 5 br-ens37 ens37 88 ok",
            "tbr-x 100 br-ens37 ens37 88 ok",
        ]
    );
    let columns = "way,kind,from,to,at,vlan,state";
    let said = ovs!(sandbox, "path vmx --columns {columns}").out();
    let legs: Vec<String> = said.lines().map(|line| line.replace('\t', " ")).collect();
    assert_eq!(
        legs[1..],
        [
            "- port vmx tbr-x tbr-x - -",
            "1 tag - tbr-x tbr-x - -",
            "1 patch tpt tpi br-int - ok",
            "1 patch int-br-ens37 phy-br-ens37 br-ens37 3 ok",
            "1 wire br-ens37 ens37 br-ens37 66 ok",
            "2 tag - tbr-x tbr-x 100 -",
            "2 patch spt spi br-int - ok",
            "2 patch int-br-ens37 phy-br-ens37 br-ens37 5 ok",
            "2 wire br-ens37 ens37 br-ens37 88 ok",
        ]
    );
    for (packet, vid) in [("in_port=1", 66), ("in_port=1,dl_vlan=100", 88)] {
        let actions = traced(&sandbox, "tbr-x", packet);
        assert!(
            actions.contains(&format!("vid={vid}")),
            "{packet}: {actions}"
        );
    }
}

#[test]
fn inbound_only() {
    let sandbox = Sandbox::with(
        "add-br br0 -- add-port br0 w0 -- set interface w0 ofport_request=1 -- add-port br0 g0 tag=5",
    );
    flows(
        &sandbox,
        "br0",
        &[
            "priority=2,in_port=1,dl_vlan=100,actions=set_field:4101->vlan_vid,NORMAL",
            "priority=0,actions=drop",
        ],
    );
    assert_eq!(
        map(&sandbox, "tag,network_type,exits,segment,state"),
        ["5 vlan w0 100 no-outbound"]
    );
    let actions = traced(&sandbox, "br0", "in_port=1,dl_vlan=100");
    assert!(actions.contains("pop_vlan,g0"), "{actions}");
    // Whatever comes in, one row says it.
    flows(
        &sandbox,
        "br0",
        &["in_port=1,actions=set_field:0x1005->vlan_tci,NORMAL"],
    );
    assert_eq!(
        map(&sandbox, "tag,network_type,segment,state,reason"),
        [
            "5 flat - conflict -",
            "5 vlan - conflict any VLAN that no flow names",
        ]
    );
}

#[test]
fn what_cannot_be_known_is_unknown() {
    let sandbox = Sandbox::with(SMALL);
    // In a dump `mod_vlan_vid` is `push_vlan` and a set of the field, and the packet has a tag.
    let flow = "in_port=1,actions=set_field:0x1007->vlan_tci,resubmit(,1)";
    flows(&sandbox, "br0", &[flow]);
    ofctl!(
        sandbox,
        "add-flow br0 table=1,actions=mod_vlan_vid:66,output:2"
    );
    let reason = "push_vlan and mod_vlan_vid are the same in a dump, and the packet has a tag";
    assert_eq!(
        map(&sandbox, "segment,inner_vlan,state,reason"),
        [
            format!("66 - unknown {reason}"),
            format!("66 7 unknown {reason}")
        ]
    );
    // A register that holds part of the packet.
    flows(
        &sandbox,
        "br0",
        &[
            "ip,in_port=1,actions=move:NXM_OF_IP_DST[]->NXM_NX_REG3[],resubmit(,1)",
            "table=1,reg3=7,actions=output:2",
        ],
    );
    let reason = "a flow matches on a value that is computed from the packet";
    assert_eq!(
        map(&sandbox, "network_type,state,reason"),
        [format!("flat unknown {reason}")]
    );
    // Flows that go round.
    flows(
        &sandbox,
        "br0",
        &[
            "in_port=1,actions=output:2,resubmit(,1)",
            "table=1,actions=resubmit(,0)",
        ],
    );
    assert_eq!(
        map(&sandbox, "network_type,state,reason"),
        ["flat unknown the flows or patches form a loop"]
    );
    assert_eq!(traced(&sandbox, "br0", "in_port=1"), "drop");
    // No packet has both addresses.
    flows(
        &sandbox,
        "br0",
        &[
            "ip,in_port=1,nw_dst=10.0.0.1,actions=resubmit(,1)",
            "table=1,ip,nw_dst=10.0.0.2,actions=output:2",
        ],
    );
    assert_eq!(map(&sandbox, "network_type,state"), ["local local"]);
    // All packets of the wider flow are taken by two narrower ones.
    flows(
        &sandbox,
        "br0",
        &[
            "priority=9,in_port=1,dl_dst=00:00:00:00:00:00/01:00:00:00:00:00,actions=drop",
            "priority=9,in_port=1,dl_dst=01:00:00:00:00:00/01:00:00:00:00:00,actions=drop",
            "priority=1,in_port=1,actions=output:2",
        ],
    );
    assert_eq!(map(&sandbox, "network_type,state"), ["local local"]);
    assert_eq!(traced(&sandbox, "br0", "in_port=1"), "drop");
}

#[test]
fn conjunctive_matches() {
    let sandbox = Sandbox::with(SMALL);
    let clause = |line: &str| format!("priority=7,ip,in_port=1,{line}");
    let all = [
        clause("nw_src=10.0.0.1,actions=conjunction(9,1/2)"),
        clause("nw_src=10.0.0.2,actions=conjunction(9,1/2)"),
        clause("nw_dst=10.0.1.1,actions=conjunction(9,2/2)"),
        clause("conj_id=9,actions=output:2"),
        "priority=0,actions=drop".to_owned(),
    ];
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    flows(&sandbox, "br0", &all);
    assert_eq!(map(&sandbox, "network_type,state"), ["flat no-inbound"]);
    let packet = "in_port=1,ip,nw_src=10.0.0.2,nw_dst=10.0.1.1";
    assert_eq!(traced(&sandbox, "br0", packet), "w0");
    // Another flow of the same priority matches the same packets.
    let other = clause("actions=push_vlan:0x8100,set_field:4162->vlan_vid,output:2");
    flows(&sandbox, "br0", &[&all[..], &[other.as_str()]].concat());
    assert_eq!(
        map(&sandbox, "network_type,segment,state"),
        ["flat - ambiguous", "vlan 66 no-inbound"]
    );
    // A dimension without a flow.
    flows(&sandbox, "br0", &[all[0], all[3], all[4]]);
    assert_eq!(map(&sandbox, "network_type,state"), ["local local"]);
}

/// A port's own flows are not those of its neighbours.
#[test]
fn the_path_of_one_port() {
    let sandbox = Sandbox::with(&format!(
        "{SMALL} -- add-port br0 g1 tag=5 -- set interface g1 ofport_request=3"
    ));
    flows(
        &sandbox,
        "br0",
        &[
            "in_port=1,actions=push_vlan:0x8100,set_field:4162->vlan_vid,output:2",
            "in_port=3,actions=push_vlan:0x8100,set_field:4163->vlan_vid,output:2",
        ],
    );
    assert_eq!(map(&sandbox, "segment"), ["66", "67"]);
    for (port, vid) in [("g0", "66"), ("g1", "67")] {
        let said = ovs!(sandbox, "path {port} --columns kind,to,vlan").out();
        let last = said.lines().last().unwrap();
        assert_eq!(last, format!("wire\tw0\t{vid}"));
    }
}

/// An integration bridge with a guest each of tags 1 and 2, and a patch to a bridge with two wires: port 2 and
/// ports 1 and 3.
const TWO_WIRES: &str = "add-br br-int -- add-br br-phy -- set bridge br-phy fail_mode=secure \
    -- add-port br-int a1 tag=1 -- add-port br-int a2 tag=2 \
    -- add-port br-phy eth9 -- set interface eth9 ofport_request=1 \
    -- add-port br-phy eth8 -- set interface eth8 ofport_request=3 \
    -- add-port br-int i -- set interface i type=patch options:peer=p \
    -- add-port br-phy p -- set interface p type=patch options:peer=i ofport_request=2";

#[test]
fn a_tag_is_set_after_it_was_taken_away() {
    let sandbox = Sandbox::with(TWO_WIRES);
    flows(
        &sandbox,
        "br-phy",
        &[
            "in_port=2,dl_vlan=1,actions=write_actions(output:3,set_field:4199->vlan_vid),goto_table:4",
            "table=4,dl_vlan=1,actions=pop_vlan",
        ],
    );
    assert_eq!(map(&sandbox, "tag,exits,segment")[0], "1 eth8 103");
    let said = traced(&sandbox, "br-phy", "in_port=2,dl_vlan=1");
    assert_eq!(said, "pop_vlan,push_vlan(vid=103,pcp=0),eth8");
}

#[test]
fn out_by_one_wire_and_in_by_another() {
    let sandbox = Sandbox::with(TWO_WIRES);
    flows(
        &sandbox,
        "br-phy",
        &[
            "in_port=2,dl_vlan=1,actions=set_field:4197->vlan_vid,output:3",
            "in_port=1,dl_vlan=101,actions=set_field:4097->vlan_vid,output:2",
        ],
    );
    assert_eq!(
        map(&sandbox, "tag,exits,segment,state"),
        [
            "1 eth8 101 no-inbound",
            "1 eth9 101 no-outbound",
            "2 - - local"
        ]
    );
    let said = ovs!(sandbox, "path a1 --columns kind,to,vlan,state").out();
    assert!(said.ends_with("wire\teth8\t101\tno-inbound\n"), "{said}");
    // Two tags on one segment are a conflict also for a port of one of them.
    flows(
        &sandbox,
        "br-phy",
        &[
            "in_port=2,dl_vlan=1,actions=set_field:4197->vlan_vid,output:1",
            "in_port=2,dl_vlan=2,actions=set_field:4197->vlan_vid,output:1",
        ],
    );
    let said = ovs!(sandbox, "path a1 --columns kind,to,vlan,state").out();
    assert!(said.ends_with("wire\teth9\t101\tconflict\n"), "{said}");
}

#[test]
fn tunnels_with_a_key_for_each_direction() {
    let sandbox = Sandbox::with(&format!(
        "{TWO_WIRES} -- add-port br-phy vy -- set interface vy type=geneve options:remote_ip=1.2.3.4 \
         options:out_key=9 options:in_key=8 ofport_request=4"
    ));
    flows(
        &sandbox,
        "br-phy",
        &[
            "in_port=2,dl_vlan=2,actions=pop_vlan,output:4",
            "in_port=4,actions=set_field:0x1002->vlan_tci,output:2",
        ],
    );
    assert_eq!(
        map(&sandbox, "tag,segment,outbound,inbound"),
        ["1 - - -", "2 8 false true", "2 9 true false"]
    );
}

#[test]
fn mirrors_and_loops() {
    let sandbox = Sandbox::with(TWO_WIRES);
    vsctl!(sandbox, "set-fail-mode br-phy standalone");
    flows(&sandbox, "br-phy", &["actions=NORMAL"]);
    assert_eq!(map(&sandbox, "tag,exits")[0], "1 eth8,eth9");
    // Where copies go, nothing else does, and what comes from there is dropped.
    let mirror = "-- --id=@p get port eth8 -- --id=@m create mirror name=m0 output-port=@p \
                  -- set bridge br-phy mirrors=@m";
    vsctl!(sandbox, "{mirror}");
    assert_eq!(map(&sandbox, "tag,exits")[0], "1 eth9");
    vsctl!(sandbox, "clear bridge br-phy mirrors");
    // A second patch beside the first: the switch drops what goes round.
    let patch = "add-port br-int i2 -- set interface i2 type=patch options:peer=p2 \
                 -- add-port br-phy p2 -- set interface p2 type=patch options:peer=i2";
    vsctl!(sandbox, "{patch}");
    assert_eq!(map(&sandbox, "tag,state")[0], "1 unknown");
    let said = ovs!(sandbox, "path a1 --columns kind").out();
    assert_eq!(said, "unseen\nport\npatch\nwire\nwire\n");
}

#[test]
fn the_path_of_a_patch_with_a_tag() {
    let sandbox = Sandbox::with(TRUNK);
    flows(&sandbox, "br-ens37", &["actions=NORMAL"]);
    let said = ovs!(sandbox, "path spt --columns kind,from,to,vlan,state").out();
    assert_eq!(
        said,
        "port\tspt\ttbr-x\t100\t-\n\
         patch\tspt\tspi\t-\tok\n\
         patch\tint-br-ens37\tphy-br-ens37\t5\tok\n\
         wire\tbr-ens37\tens37\t5\tok\n"
    );
}

/// Numbers that a register holds are those of OpenFlow 1.0, the reserved ones among them.
#[test]
fn ports_that_registers_name() {
    let sandbox = Sandbox::with(SMALL);
    for (number, exits) in [
        ("2", "w0"),
        ("0xfffa", "w0"),
        ("0xfffb", "w0"),
        ("77", "-"),
        ("0x10002", "-"),
    ] {
        let load = format!("in_port=1,actions=load:{number}->NXM_NX_REG3[],output:NXM_NX_REG3[]");
        flows(&sandbox, "br0", &[&load]);
        assert_eq!(map(&sandbox, "exits"), [exits], "{number}");
        let traced = traced(&sandbox, "br0", "in_port=1");
        assert_eq!(traced.contains("w0"), exits == "w0", "{number}: {traced}");
    }
    // Back to where a packet came from, by a queue.
    flows(&sandbox, "br0", &["in_port=2,actions=enqueue:IN_PORT:0"]);
    assert_eq!(map(&sandbox, "state"), ["local"]);
}

/// Groups that watch each other, and hashes of hashes, end all the same.
#[test]
fn work_is_bounded() {
    let sandbox = Sandbox::with(SMALL);
    let bucket = ",bucket=watch_group:7,actions=output:2".repeat(100);
    ofctl!(
        sandbox,
        "-OOpenFlow15 add-group br0 group_id=7,type=ff,bucket=watch_port:99,actions=output:2"
    );
    ofctl!(
        sandbox,
        "-OOpenFlow15 mod-group br0 group_id=7,type=ff{bucket}"
    );
    let many = "multipath(eth_src,50,modulo_n,64,0,NXM_NX_REG0[0..5]),\
                multipath(eth_src,50,modulo_n,64,0,NXM_NX_REG1[0..5]),\
                multipath(eth_src,50,modulo_n,64,0,NXM_NX_REG2[0..5])";
    let flow = format!("in_port=1,actions=group:7,{many},output:2");
    flows(&sandbox, "br0", &[&flow]);
    ovs!(sandbox, "tag map --columns exits")
        .timeout(std::time::Duration::from_secs(20))
        .prints("w0\n");
}

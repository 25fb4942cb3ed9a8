//! `ovs tag map`: what a tag is on the wire.

use std::fmt::Write as _;
use std::fs;

use ovs::sandbox::Neutron;

use crate::common::{self, Sandbox, host};

/// The ports of br-int with a tag, by the host's description.
fn ports(neutron: Neutron, tag: u16) -> String {
    let mut names: Vec<String> = host::ports(neutron)
        .into_iter()
        .filter(|port| port.bridge == "br-int" && port.tag == Some(tag))
        .map(|port| port.name)
        .collect();
    names.sort_by(|a, b| ovs::base::order::by_name(a, b));
    names.join(",")
}

const COLUMNS: &str =
    "bridge,tag,network_type,leaves_by,patch,peer,exits,remote_ip,segment,ports,state";

/// What the tags of the host `node` are on the wire, by the description of the host.
const NODE: [(u16, &str, &str); 5] = [
    (
        1,
        "vlan\tbr-ens37\tint-br-ens37\tphy-br-ens37\tens37\t-\t66",
        "ok",
    ),
    (
        2,
        "vlan\tbr-ens37\tint-br-ens37\tphy-br-ens37\tens37\t-\t88",
        "ok",
    ),
    (
        3,
        "flat\tbr-external\tint-br-external\tphy-br-external\tens38\t-\t-",
        "ok",
    ),
    (
        4,
        "vxlan\tbr-tun\tpatch-tun\tpatch-int\tvxlan-0a000048\t10.0.0.72\t100",
        "ok",
    ),
    (5, "local\t-\t-\t-\t-\t-\t-", "local"),
];

fn node() -> String {
    let line = |(tag, way, state): &(u16, &str, &str)| {
        let ports = ports(Neutron::Node, *tag);
        format!("br-int\t{tag}\t{way}\t{ports}\t{state}\n")
    };
    NODE.iter().map(line).collect()
}

fn mapped(sandbox: &Sandbox) -> String {
    ovs!(sandbox, "tag map --columns {COLUMNS}").out()
}

/// Tag, segment and state, a line each.
fn states(sandbox: &Sandbox) -> Vec<String> {
    let said = ovs!(sandbox, "tag map --columns tag,segment,state").out();
    said.lines().map(|line| line.replace('\t', " ")).collect()
}

fn assert_node(sandbox: &Sandbox, what: &str) {
    let (expected, said) = (node(), mapped(sandbox));
    assert!(
        expected == said,
        "{what}:\n{}",
        common::diff(&expected, &said)
    );
}

#[test]
fn a_host_with_every_network_type() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    assert_node(&sandbox, "as it is");
    ovs!(sandbox, "tag map br-int --columns {COLUMNS}").prints(node());
    let table = ovs!(sandbox, "tag map -o table")
        .env("COLUMNS", "120")
        .out();
    common::golden("tag/map-node.table", &table);
    let json = ovs!(sandbox, "tag map --json").out();
    common::golden("tag/map-node.json", &json);
    // A bridge without tags has no map, and a bridge that is not there is not found.
    ovs!(sandbox, "tag map br-tun").prints("");
    ovs!(sandbox, "tag map br-itn").exits(3);
}

#[test]
fn one_tag_on_two_segments() {
    let sandbox = Sandbox::neutron(Neutron::Notes);
    assert_eq!(
        states(&sandbox),
        ["1 66 conflict", "1 100 conflict", "2 - local", "3 - local"]
    );
    let json = ovs!(sandbox, "tag map --json").out();
    common::golden("tag/map-notes.json", &json);
}

#[test]
fn two_tags_on_one_segment() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    ofctl!(
        sandbox,
        "add-flow br-ens37 priority=4,in_port=2,dl_vlan=5,actions=mod_vlan_vid:66,NORMAL"
    );
    assert_eq!(
        states(&sandbox),
        [
            "1 66 conflict",
            "2 88 ok",
            "3 - ok",
            "4 100 ok",
            "5 66 conflict"
        ]
    );
}

#[test]
fn a_direction_is_missing() {
    for (bridge, flow, state) in [
        ("br-ens37", "in_port=2,dl_vlan=1", "1 66 no-outbound"),
        ("br-int", "in_port=1,dl_vlan=66", "1 66 no-inbound"),
        ("br-external", "in_port=2,dl_vlan=3", "3 - no-outbound"),
        (
            "br-int",
            "in_port=2,vlan_tci=0x0000/0x1fff",
            "3 - no-inbound",
        ),
        ("br-tun", "dl_vlan=4", "4 100 no-outbound"),
        ("br-tun", "tun_id=0x64", "4 100 no-inbound"),
        // What forwards counts too: the flow that is met when no other is.
        ("br-ens37", "table=0,priority=0", "1 66 no-inbound"),
    ] {
        let sandbox = Sandbox::neutron(Neutron::Node);
        let strict = flow.contains("priority");
        let flow_of = if strict { "--strict" } else { "-OOpenFlow10" };
        ofctl!(sandbox, "{flow_of} del-flows {bridge} {flow}");
        let states = states(&sandbox);
        assert!(
            states.iter().any(|line| line == state),
            "{flow}: {states:?}"
        );
    }
}

#[test]
fn flows_for_single_addresses_count_also_those_that_were_learned() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    ofctl!(sandbox, "del-flows br-tun table=22,dl_vlan=4");
    assert_node(&sandbox, "only the flow for one address is left");
    ofctl!(sandbox, "del-flows br-tun table=20,dl_vlan=4");
    assert_eq!(states(&sandbox)[3], "4 100 no-outbound");
    appctl!(
        sandbox,
        "ofproto/trace br-tun \
         in_port=2,tun_id=0x64,dl_src=fa:16:3e:fd:8a:ed,dl_dst=ff:ff:ff:ff:ff:ff -generate"
    );
    let learned = ofctl!(sandbox, "--no-stats dump-flows br-tun table=20");
    assert!(learned.contains("hard_timeout=300"), "{learned}");
    assert_node(&sandbox, "a learned flow");
}

/// Flows that say the same as those of the host, one translation at a time.
#[test]
fn every_spelling_counts_the_same() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    for bridge in ["br-int", "br-tun", "br-ens37", "br-external"] {
        vsctl!(
            sandbox,
            "set bridge {bridge} protocols=OpenFlow10,OpenFlow13,OpenFlow15"
        );
    }
    let spellings: [(&str, &str, &[&str]); 6] = [
        (
            "br-ens37",
            "in_port=2,dl_vlan=1",
            &[
                "in_port=2,dl_vlan=1,actions=set_field:4162->vlan_vid,NORMAL",
                "in_port=2,vlan_vid=0x1001/0x1fff,actions=mod_vlan_vid:66,output:1",
                "in_port=2,dl_vlan=1,actions=load:66->OXM_OF_VLAN_VID[0..11],NORMAL",
                "in_port=2,dl_vlan=1,actions=load:0x1042->NXM_OF_VLAN_TCI[],NORMAL",
                "in_port=2,dl_vlan=1,actions=pop_vlan,push_vlan:0x8100,set_field:4162->vlan_vid,output:1",
                "in_port=2,dl_vlan=1,actions=set_vlan_vid:66,resubmit(,7)\n\
                 table=7,actions=NORMAL",
                "in_port=2,dl_vlan=1,actions=resubmit(,7),resubmit(,8)\n\
                 table=7,dl_vlan=1,actions=mod_vlan_vid:66\ntable=8,actions=NORMAL",
                "in_port=2,dl_vlan=1,actions=goto_table:7\n\
                 table=7,dl_vlan=1,actions=set_field:4162->vlan_vid,goto_table:8\ntable=8,actions=output:1",
                "in_port=2,dl_vlan=1,actions=write_actions(set_field:4162->vlan_vid,output:1)",
                "in_port=2,dl_vlan=1,actions=clone(mod_vlan_vid:66,output:1)",
                "in_port=2,dl_vlan=1,dl_dst=fa:16:3e:fd:8a:ed,actions=mod_vlan_vid:66,NORMAL",
                "in_port=2,dl_vlan=1,actions=load:0x42->NXM_NX_REG6[],resubmit(,7)\n\
                 table=7,reg6=0x42,dl_vlan=1,actions=mod_vlan_vid:66,NORMAL\n\
                 table=7,reg6=0x43,dl_vlan=1,actions=mod_vlan_vid:67,NORMAL",
                "in_port=2,dl_vlan=1,actions=write_metadata:0x100000000/0xf00000000,goto_table:7\n\
                 table=7,metadata=0x100000000,dl_vlan=1,actions=mod_vlan_vid:66,NORMAL\n\
                 table=7,metadata=0x200000000,dl_vlan=1,actions=mod_vlan_vid:67,NORMAL",
            ],
        ),
        (
            "br-int",
            "in_port=1,dl_vlan=66",
            &[
                "in_port=1,vlan_tci=0x1042/0x1fff,actions=mod_vlan_vid:1,resubmit(,60)",
                "in_port=1,vlan_vid=4162,actions=set_field:4097->vlan_vid,goto_table:60",
                "in_port=1,dl_vlan=66,actions=strip_vlan,push_vlan:0x8100,set_field:4097->vlan_vid,NORMAL",
                "in_port=1,dl_vlan=66,actions=load:0x1001->NXM_OF_VLAN_TCI[],NORMAL",
                // To ports of the tag, without it, as an OVS firewall does.
                "in_port=1,dl_vlan=66,dl_dst=fa:16:3e:75:d5:a4,actions=strip_vlan,output:10",
            ],
        ),
        (
            "br-external",
            "in_port=2,dl_vlan=3",
            &[
                "in_port=2,dl_vlan=3,actions=pop_vlan,NORMAL",
                "in_port=2,dl_vlan=3,actions=load:0->NXM_OF_VLAN_TCI[],output:1",
                "in_port=2,dl_vlan=3,actions=set_field:0->vlan_tci,output:1",
                "in_port=2,dl_vlan=3,actions=strip_vlan,FLOOD",
            ],
        ),
        (
            "br-int",
            "in_port=2,vlan_tci=0x0000/0x1fff",
            &[
                "in_port=2,vlan_tci=0x0000/0x1000,actions=mod_vlan_vid:3,NORMAL",
                "in_port=2,vlan_vid=0,actions=push_vlan:0x8100,set_field:4099->vlan_vid,NORMAL",
                "in_port=2,dl_vlan=0xffff,actions=load:0x1003->NXM_OF_VLAN_TCI[],resubmit(,60)",
                "in_port=2,vlan_tci=0,actions=push_vlan:0x8100,load:3->OXM_OF_VLAN_VID[0..11],NORMAL",
            ],
        ),
        (
            "br-tun",
            "dl_vlan=4",
            &[
                "table=22,dl_vlan=4,actions=pop_vlan,set_tunnel64:0x64,output:2",
                "table=22,dl_vlan=4,actions=strip_vlan,set_field:100->tun_id,output:2",
                "table=22,dl_vlan=4,actions=load:0->NXM_OF_VLAN_TCI[],load:0x64->NXM_NX_TUN_ID[],output:2",
                "table=22,vlan_tci=0x1004/0x1fff,actions=set_tunnel:0x64,strip_vlan,resubmit(,23)\n\
                 table=23,actions=output:2",
                "table=22,dl_vlan=4,actions=strip_vlan,load:0x64->NXM_NX_TUN_ID[0..31],enqueue(2,0)",
                "table=22,ip,dl_vlan=4,actions=ct(table=23,zone=4)\n\
                 table=23,ip,dl_vlan=4,ct_state=+trk,actions=strip_vlan,set_tunnel:0x64,output:2",
            ],
        ),
        (
            "br-tun",
            "table=4,tun_id=0x64",
            &[
                "table=4,tun_id=100,actions=mod_vlan_vid:4,output:1",
                "table=4,tun_id=0x64,actions=push_vlan:0x8100,set_field:4100->vlan_vid,resubmit(,10)",
                "table=4,tunnel_id=0x64,actions=load:0x1004->NXM_OF_VLAN_TCI[],output:1",
                "table=4,tun_id=0x64/0xffffffffffffffff,dl_src=00:00:00:00:00:00/01:00:00:00:00:00,\
                 actions=mod_vlan_vid:4,goto_table:10",
            ],
        ),
    ];
    for (bridge, flow, others) in spellings {
        let file = sandbox.run_dir().join(format!("{bridge}.flows"));
        fs::write(&file, ofctl!(sandbox, "--no-stats dump-flows {bridge}")).unwrap();
        for other in others {
            ofctl!(sandbox, "del-flows {bridge} {flow}");
            assert!(mapped(&sandbox) != node(), "{flow}");
            for line in other.lines() {
                let version = if line.contains("write_") || line.contains("goto_table") {
                    "-OOpenFlow13"
                } else if line.contains("actions=set_field:0->vlan_tci") {
                    "-OOpenFlow15"
                } else {
                    "-OOpenFlow10,OpenFlow13"
                };
                let line = if line.contains("priority=") {
                    line.to_owned()
                } else {
                    format!("priority=5,{line}")
                };
                ofctl!(sandbox, "{version} add-flow {bridge} {line}");
            }
            assert_node(&sandbox, other);
            ofctl!(sandbox, "del-flows {bridge}");
            ofctl!(sandbox, "add-flows {bridge} {}", file.display());
        }
    }
    // Whatever version is spoken.
    for version in ["OpenFlow10", "OpenFlow13", "OpenFlow15"] {
        ovs!(sandbox, "tag map -O {version} --columns {COLUMNS}").prints(node());
    }
}

#[test]
fn flows_that_a_wider_one_hides_do_not_count() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    ofctl!(
        sandbox,
        "add-flow br-ens37 priority=9,in_port=2,actions=drop"
    );
    assert_eq!(
        states(&sandbox)[..2],
        ["1 66 no-outbound", "2 88 no-outbound"]
    );
    // What a packet of some address does not meet, others do.
    ofctl!(sandbox, "del-flows --strict br-ens37 priority=9,in_port=2");
    ofctl!(
        sandbox,
        "add-flow br-ens37 priority=9,arp,in_port=2,actions=drop"
    );
    assert_node(&sandbox, "a drop for some packets");
}

#[test]
fn a_firewall_that_keeps_the_tag_in_a_register() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    // As Neutron's firewall on flows does: port and network in registers, checked in later tables.
    let mut flows = String::new();
    for (port, tag) in [(10, 1), (11, 1), (14, 2), (19, 4), (22, 5)] {
        let _ = write!(
            flows,
            "priority=100,in_port={port},actions=load:{port}->NXM_NX_REG5[],load:{tag}->NXM_NX_REG6[],\
             resubmit(,71)\n\
             table=71,priority=95,reg5={port},ip,dl_src=fa:16:3e:00:00:{port},\
             actions=ct(table=72,zone=NXM_NX_REG6[0..15])\n\
             table=94,priority=10,reg6={tag},dl_src=fa:16:3e:00:00:{port},\
             actions=push_vlan:0x8100,set_field:{}->vlan_vid,output:1,output:2,output:3\n",
            4096 + tag
        );
    }
    flows += "table=71,priority=10,ct_state=-trk,actions=drop\n\
              table=72,priority=75,ct_state=+est-rel-rpl,actions=resubmit(,94)\n\
              table=72,priority=0,actions=drop\n";
    let file = sandbox.run_dir().join("firewall");
    fs::write(&file, flows).unwrap();
    ofctl!(sandbox, "-OOpenFlow13 add-flows br-int {}", file.display());
    // Every port of the tags has such flows: the others would be seen to get out as before.
    for port in [12, 13, 15, 16, 20, 21, 23, 24] {
        let flow = format!("priority=100,in_port={port},actions=drop");
        ofctl!(sandbox, "add-flow br-int {flow}");
    }
    assert_node(&sandbox, "a firewall");
}

#[test]
fn patches_that_do_not_work() {
    let broken = |change: &str| {
        let sandbox = Sandbox::neutron(Neutron::Node);
        vsctl!(sandbox, "{change}");
        states(&sandbox)
    };
    assert_eq!(
        broken("del-port phy-br-ens37")[..3],
        ["1 66 broken-patch", "2 88 broken-patch", "3 - ok"]
    );
    assert_eq!(
        broken("del-port int-br-ens37")[..3],
        ["1 66 broken-patch", "2 88 broken-patch", "3 - ok"]
    );
    let one_way = broken("set interface phy-br-external options:peer=elsewhere");
    assert_eq!(one_way[1..4], ["2 88 ok", "3 - broken-patch", "4 100 ok"]);
    // Neutron's agent joins them last: both ends begin so.
    let nonexistent = broken(
        "set interface patch-tun options:peer=nonexistent-peer -- set interface patch-int \
             options:peer=nonexistent-peer",
    );
    assert_eq!(
        nonexistent[2..],
        ["3 - ok", "4 100 broken-patch", "5 - local"]
    );
    // The end that is gone had the flows: any of the tags may have gone there.
    let gone = broken("del-port patch-int");
    assert_eq!(
        gone[2..],
        ["3 - ok", "4 - broken-patch", "5 - broken-patch"]
    );
}

#[test]
fn what_neutron_wrote_down() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    let network = "net_uuid=61c5f2f0-2a9b-4a3f-8b0e-3f4f9e1d7a10";
    let vlan = format!("{network} network_type=vlan physical_network=provider");
    for (port, record) in [
        ("qvobeeb2c54-aa", format!("{vlan} segmentation_id=66 tag=1")),
        ("qvoa143a2cc-6f", format!("{vlan} segmentation_id=89 tag=2")),
        (
            "qg-6afd63fc-71",
            format!("{network} network_type=flat segmentation_id=None tag=3"),
        ),
        (
            "qvo6b5e4978-e2",
            format!("{network} network_type=gre segmentation_id=100 tag=7"),
        ),
        (
            "tap474ece45-69",
            "net_uuid=another network_type=gre segmentation_id=100 tag=7".to_owned(),
        ),
        (
            "tap42a1d679-f0",
            format!("{network} network_type=local segmentation_id=5 tag=5"),
        ),
    ] {
        let pairs = record.replace(' ', " other_config:");
        vsctl!(sandbox, "set port {port} other_config:{pairs}");
    }
    ovs!(sandbox, "tag map --columns tag,differs")
        .prints("1\t-\n2\tsegmentation_id\n3\t-\n4\tnet_uuid,network_type,tag\n5\t-\n");
    ovs!(sandbox, "tag map --tag 1 -g record").prints(format!(
        "{network},network_type=vlan,physical_network=provider,segmentation_id=66,tag=1\n"
    ));
    let json = ovs!(sandbox, "tag map --tag 2 --columns record,differs").json();
    assert_eq!(json[0]["record"]["segmentation_id"], "89");
    assert_eq!(json[0]["differs"][0], "segmentation_id");
}

#[test]
fn one_answer() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    for (arguments, expected) in [
        ("--tag 1", "1"),
        ("--segment 66", "1"),
        ("--segment 0x64", "4"),
        ("--port qvoa143a2cc-6f", "2"),
        ("--port br-int/22", "5"),
        ("--port ens37", "1 2"),
        ("--port vxlan-0a000048", "4"),
        ("--port patch-tun", "4"),
        ("--port phy-br-external", "3"),
        ("br-int --port ens37 --segment 88", "2"),
    ] {
        ovs!(sandbox, "tag map -g tag {arguments}").prints(expected.replace(' ', "\n") + "\n");
    }
    for (arguments, message) in [
        (
            "--tag 9",
            "ovs: no port has tag 9\nhint: `ovs tag list` lists them\n",
        ),
        (
            "br-int --segment 67",
            "ovs: none of the tags on br-int is segment 67\nhint: `ovs tag map br-int` lists them\n",
        ),
        (
            "--port br-tun",
            "ovs: port br-tun has none of the tags, nor do they pass it\n\
             hint: `ovs tag map` lists them\n",
        ),
    ] {
        ovs!(sandbox, "tag map {arguments}")
            .exits(3)
            .prints("")
            .says_only(message);
    }
    ovs!(sandbox, "tag map --port qvoX").exits(3);
    ovs!(sandbox, "tag map --tag 4096").exits(2);
    ovs!(sandbox, "tag map --segment x").exits(2);
}

#[test]
fn an_ordinary_switch() {
    let sandbox = Sandbox::with(
        "add-br br0 -- add-port br0 eth0 -- add-port br0 tap0 tag=10 -- add-port br0 tap1 \
         tag=20",
    );
    let map = "tag map --columns tag,network_type,leaves_by,exits,segment,state";
    ovs!(sandbox, "{map}").prints("10\tvlan\tbr0\teth0\t10\tok\n20\tvlan\tbr0\teth0\t20\tok\n");
    vsctl!(sandbox, "set port eth0 trunks=10");
    ovs!(sandbox, "{map}").prints("10\tvlan\tbr0\teth0\t10\tok\n20\tlocal\t-\t-\t-\tlocal\n");
}

/// As Neutron joins an instance that has VLANs of its own: a bridge for its port, and a patch to
/// br-int for each of its networks.
#[test]
fn a_guest_with_vlans_of_its_own() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    vsctl!(sandbox, "add-br tbr-1 -- add-port tbr-1 tap-guest");
    for (network, near, tag) in [("a", "", 1), ("b", "tag=101", 2)] {
        vsctl!(
            sandbox,
            "add-port tbr-1 t-{network} {near} \
             -- set interface t-{network} type=patch options:peer=i-{network} \
             -- add-port br-int i-{network} tag={tag} \
             -- set interface i-{network} type=patch options:peer=t-{network}"
        );
    }
    ovs!(sandbox, "tag map --columns bridge,tag,exits,segment,state").prints(
        "br-int\t1\tens37\t66\tok\n\
         br-int\t2\tens37\t88\tok\n\
         br-int\t3\tens38\t-\tok\n\
         br-int\t4\tvxlan-0a000048\t100\tok\n\
         br-int\t5\t-\t-\tlocal\n\
         tbr-1\t101\tens37\t88\tok\n",
    );
}

#[test]
fn tunnels_of_any_type_with_keys_of_their_own() {
    let sandbox = Sandbox::with("add-br br0 -- add-port br0 tap0 tag=10");
    for (kind, key, segment) in [("gre", "7", "7"), ("geneve", "0x10", "16")] {
        vsctl!(
            sandbox,
            "--if-exists del-port tun0 -- add-port br0 tun0 -- set interface tun0 type={kind} \
             options:remote_ip=10.0.0.9 options:key={key}"
        );
        ovs!(
            sandbox,
            "tag map --columns tag,network_type,exits,segment,inner_vlan,state"
        )
        .prints(format!("10\t{kind}\ttun0\t{segment}\t10\tok\n"));
    }
}

#[test]
fn a_bridge_whose_flows_cannot_be_read_is_an_error() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    sandbox.kill_vswitchd();
    ovs!(sandbox, "tag map").fails(4, "ovs-vswitchd does not serve it");
}

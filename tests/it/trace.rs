//! `ovs trace`: what the switch does with a packet.

use std::fmt::Write as _;
use std::fs;

use ovs::model::trace::reply::{Lookup, NodeKind, Reply, Section};
use ovs::sandbox::Neutron;

use crate::common::Sandbox;

/// An instance of network 1, and what its anti-spoofing flows let through.
const A: &str = "qvobeeb2c54-aa";
/// Another one.
const B: &str = "qvo458013d8-e2";

fn verdict(sandbox: &Sandbox, line: &str) -> String {
    let document = ovs!(sandbox, "trace {line}").json();
    document["verdict"].as_str().unwrap().to_owned()
}

/// The lines `result port tag vlan` of those that come out.
fn results(sandbox: &Sandbox, line: &str) -> Vec<String> {
    let said = ovs!(sandbox, "trace {line} --columns result,port,tag,vlan").out();
    let mut lines: Vec<String> = said
        .lines()
        .map(|line| line.replace('\t', " "))
        .filter(|line| !line.starts_with("dropped"))
        .collect();
    lines.sort();
    lines
}

#[test]
fn from_one_instance_to_another() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    let to = "--to 66.0.0.180 --tcp 80";
    let said = verdict(&sandbox, &format!("{A} {to}"));
    assert!(
        said.starts_with(&format!("flooded to 4 ports, {B} among them: ")),
        "{said}"
    );
    assert!(said.contains("; LOCAL of br-ens37, br-int"), "{said}");
    assert_eq!(
        results(&sandbox, &format!("{A} {to}")),
        [
            "delivered qr-54e6fd7e-1b 1 -",
            "delivered qvo458013d8-e2 1 -",
            "delivered tap18a66eac-38 1 -",
            "local br-ens37 - 66",
            "local br-int - 1",
            "sent ens37 - 66",
        ]
    );
    ovs!(sandbox, "trace {A} {to} --expect delivered").ok();
    ovs!(sandbox, "trace {A} {to} --expect {B}").ok();
    ovs!(sandbox, "trace {A} {to} --expect not:qvo6b5e4978-e2").ok();
    ovs!(sandbox, "trace {A} {to} --expect dropped")
        .exits(1)
        .says("expected \"dropped\": flooded to");
    ovs!(sandbox, "trace {A} {to} --expect not:{B}")
        .exits(1)
        .says("expected");
    ovs!(sandbox, "trace {A} {to} --expect qvo6b5e4978-e2")
        .exits(1)
        .says("not to qvo6b5e4978-e2; flooded to 4 ports");
    ovs!(sandbox, "trace {A} {to} --expect nosuch").fails(3, "port \"nosuch\" not found");

    appctl!(sandbox, "fdb/add br-int {B} 1 fa:16:3e:20:59:15");
    assert_eq!(
        verdict(&sandbox, &format!("{A} {to}")),
        "delivered to qvo458013d8-e2 (local tag 1, untagged on the port)"
    );
    // No flow checks the sender's IP address.
    assert_eq!(
        verdict(&sandbox, &format!("{A} {to} --from 192.0.2.1")),
        "delivered to qvo458013d8-e2 (local tag 1, untagged on the port)"
    );
}

#[test]
fn to_the_providers_network() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    let to = "--to 66.0.0.1 --to-mac fa:16:3e:00:00:01";
    let said = verdict(&sandbox, &format!("{A} {to}"));
    assert!(said.starts_with("flooded to 4 ports: "), "{said}");
    appctl!(sandbox, "fdb/add br-int int-br-ens37 1 fa:16:3e:00:00:01");
    appctl!(sandbox, "fdb/add br-ens37 ens37 66 fa:16:3e:00:00:01");
    let said = verdict(&sandbox, &format!("{A} {to}"));
    assert_eq!(said, "sent by ens37 as VLAN 66");
    ovs!(sandbox, "trace {A} {to} --expect ens37").ok();

    // The way that `path` finds in the flows.
    let columns = "--columns kind,way,to,at,vlan,note";
    let said = ovs!(sandbox, "path {A} --trace {to} {columns}").out();
    let traced = said.lines().find(|line| line.starts_with("trace"));
    assert_eq!(
        traced,
        Some("trace\t1\tens37\tbr-ens37\t66\tconfirms way 1"),
        "{said}"
    );

    // And back.
    appctl!(sandbox, "fdb/add br-int {A} 1 fa:16:3e:75:d5:a4");
    let back = "ens37 --vlan 66 --from-mac fa:16:3e:00:00:01 --to-mac fa:16:3e:75:d5:a4";
    let said = verdict(&sandbox, back);
    assert!(
        said.contains("qvobeeb2c54-aa"),
        "br-ens37 floods, br-int delivers: {said}"
    );
    ovs!(sandbox, "trace {back} --expect delivered").ok();
    ovs!(sandbox, "trace {back} --expect not:{B}").ok();
}

#[test]
fn spoofed_senders() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    let said = verdict(&sandbox, &format!("{A} --arp 66.0.0.1 --from 66.0.0.9"));
    assert_eq!(
        said,
        "dropped in table 24 of br-int: no flow for arp_spa=66.0.0.9"
    );
    let line = format!("{A} --to 66.0.0.180 --from-mac fa:16:3e:00:00:09");
    let said = verdict(&sandbox, &line);
    assert_eq!(
        said,
        "dropped in table 25 of br-int: no flow for dl_src=fa:16:3e:00:00:09"
    );
    ovs!(sandbox, "trace {line} --expect dropped").ok();
    ovs!(sandbox, "trace {line} --expect not:{B}").ok();
    ovs!(sandbox, "trace {line} --expect delivered")
        .exits(1)
        .says("dropped in table 25");
    ovs!(sandbox, "trace {line}")
        .ok()
        .shows("dropped\tbr-int\t-\t-\t-\t-\t-\t25\tno flow for");
    ovs!(sandbox, "trace {line} -o table")
        .ok()
        .shows("table 25  No match.");
    // The flow's own drop is told as it is.
    ofctl!(
        sandbox,
        "add-flow br-int priority=20,in_port={A},tcp,tcp_dst=22,actions=drop"
    );
    assert_eq!(
        verdict(&sandbox, &format!("{A} --to 66.0.0.180 --tcp 22")),
        "dropped in table 0 of br-int: by the flow priority=20,tcp,in_port=\"qvobeeb2c54-aa\",tp_dst=22"
    );
    // A table that drops everything says where the packet came from.
    ofctl!(
        sandbox,
        "add-flow br-int priority=20,in_port={A},udp,actions=resubmit(,23)"
    );
    assert_eq!(
        verdict(&sandbox, &format!("{A} --to 66.0.0.180 --udp 53")),
        "dropped in table 23 of br-int: by the flow priority=0, where table 0 sent it by \
         priority=20,udp,in_port=\"qvobeeb2c54-aa\""
    );
    let said = verdict(&sandbox, "br-int in_port=int-br-ens37,dl_vlan=77");
    assert_eq!(said, "dropped in table 0 of br-int: no flow for dl_vlan=77");
}

#[test]
fn into_a_tunnel_without_a_route() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    let line = "qvo6b5e4978-e2 --to 77.0.0.9 --to-mac fa:16:3e:fd:8a:ed";
    let said = verdict(&sandbox, line);
    assert!(
        said.ends_with("dropped at vxlan-0a000048: no route to 10.0.0.72"),
        "{said}"
    );
    ovs!(sandbox, "trace {line} --expect vxlan-0a000048")
        .exits(1)
        .says("no route to 10.0.0.72");
    // The underlay, as far as a sandbox has one: a source address would need a route of the kernel's.
    vsctl!(sandbox, "remove interface vxlan-0a000048 options local_ip");
    appctl!(sandbox, "netdev-dummy/ip4addr br-external 10.0.0.71/24");
    appctl!(sandbox, "ovs/route/add 10.0.0.0/24 br-external");
    let said = verdict(&sandbox, line);
    let why = "dropped at vxlan-0a000048: no neighbour entry for 10.0.0.72 on br-external";
    assert!(said.ends_with(why), "{said}");
    appctl!(
        sandbox,
        "tnl/neigh/set br-external 10.0.0.72 aa:bb:cc:00:00:01"
    );
    let columns = "result,port,remote_ip,key,text";
    let said = ovs!(sandbox, "trace {line} --columns {columns}").out();
    let tunnelled = said.lines().find(|line| line.starts_with("tunnelled"));
    let tunnelled = tunnelled.unwrap_or_else(|| panic!("{said}"));
    assert!(
        tunnelled.starts_with(
            "tunnelled\tvxlan-0a000048\t10.0.0.72\t100\ttunnelled to 10.0.0.72, VNI 100, by vxlan-0a000048 through "
        ) && tunnelled.contains("ens38"),
        "{said}"
    );
    ovs!(sandbox, "trace {line} --expect vxlan-0a000048").ok();
}

#[test]
fn what_is_asked_for() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    ovs!(sandbox, "trace {A}").fails(2, "--to IP");
    ovs!(sandbox, "trace {A} --tcp 80").fails(2, "the destination is missing");
    ovs!(sandbox, "trace {A} --to 192.0.2.1").fails(2, "--to-mac MAC");
    ovs!(sandbox, "trace ens37 --to 66.0.0.157").fails(2, "--from-mac");
    ovs!(sandbox, "trace {A} --to 66.0.0.180 --from fe80::1").fails(2, "two families");
    ovs!(sandbox, "trace br-int tcp,tcp_dst=80").ok();
    ovs!(sandbox, "trace {A} tcp,nw_dst=10.0.0.0/8").fails(2, "nw_dst has a mask");
    ovs!(sandbox, "trace {A} tcp,tpc_dst=80").fails(2, "did you mean");
    ovs!(sandbox, "trace {A} in_port=nosuch").fails(3, "nosuch");
    ovs!(sandbox, "trace {A} in_port=ens37").fails(3, "ens37");
    ovs!(sandbox, "trace {A} in_port={B}").fails(2, "in_port is another port");
    ovs!(sandbox, "trace nosuch --to 66.0.0.1").fails(3, "nosuch");
    ovs!(sandbox, "trace {A} --to 66.0.0.180 --ct blah").fails(2, "no state of a connection");
    ovs!(sandbox, "trace {A} --packet ff").fails(2, "less than an Ethernet header");
    // A qvo's own MAC address is not the instance's; an internal port's is.
    let document = ovs!(sandbox, "trace tap18a66eac-38 --arp 66.0.0.157").json();
    let filled = document["filled_in"].to_string();
    assert!(filled.contains("the port's mac_in_use"), "{filled}");
    vsctl!(
        sandbox,
        "set interface {A} external_ids:attached-mac=fa:16:3e:00:00:77"
    );
    let document = ovs!(sandbox, "trace {A} --to 66.0.0.180").json();
    let filled = document["filled_in"].to_string();
    assert!(
        filled.contains("dl_src=fa:16:3e:00:00:77") && filled.contains("attached-mac"),
        "{filled}"
    );
}

/// A bridge with ports 1 to 4, and these flows.
fn bridge(flows: &str) -> Sandbox {
    let sandbox = Sandbox::with("add-br br0 -- set bridge br0 fail_mode=secure protocols=[]");
    for port in 1..=4 {
        vsctl!(
            sandbox,
            "add-port br0 p{port} -- set interface p{port} ofport_request={port}"
        );
    }
    for flow in flows.lines() {
        sandbox.ofctl(&["-O", "OpenFlow13", "add-flow", "br0", flow]);
    }
    sandbox
}

#[test]
fn connection_tracking_and_groups() {
    let sandbox = bridge(
        "in_port=1,tcp,actions=ct(table=1,zone=5)\n\
         table=1,ct_state=+trk+new,tcp,actions=ct(commit,zone=5),output:2\n\
         table=1,ct_state=+trk+est,tcp,actions=output:3",
    );
    let from = "p1 tcp,dl_src=00:00:00:00:00:01,dl_dst=00:00:00:00:00:02,tcp_dst=80";
    assert_eq!(verdict(&sandbox, from), "sent by p2 untagged");
    assert_eq!(
        verdict(&sandbox, &format!("{from} --ct est")),
        "sent by p3 untagged"
    );
    ovs!(sandbox, "trace {from} --ct est --ct new")
        .ok()
        .says("only 1 ct(table=...) was met: --ct new was not used");
    ovs!(sandbox, "trace {from} --hash 7")
        .ok()
        .says("--hash 7 was not used");
    // Back out of the port that it came from.
    sandbox.ofctl(&["add-flow", "br0", "udp,actions=output:1"]);
    let skipped = verdict(&sandbox, "p1 udp,dl_src=00:00:00:00:00:01");
    assert!(
        skipped.contains("in table 0 of br0: output to p1, where it came from, is skipped"),
        "{skipped}"
    );
    sandbox.ofctl(&["add-flow", "br0", "sctp,actions=output:2"]);
    sandbox.ofctl(&["mod-port", "br0", "p2", "no-forward"]);
    let kept = verdict(&sandbox, "p1 sctp,dl_src=00:00:00:00:00:01");
    assert!(
        kept.contains("`ovs port set p2 --openflow-config forward`"),
        "{kept}"
    );
    sandbox.ofctl(&["mod-port", "br0", "p2", "forward"]);
    ovs!(sandbox, "trace p1 --to 10.0.0.1 --tcp http").fails(2, "is a number from 0 to 65535");
    assert_eq!(
        verdict(&sandbox, &format!("{from} --ct inv")),
        "dropped in table 1 of br0: no flow for ct_state=inv|trk"
    );

    let group = "group_id=1,type=select,bucket=bucket_id=0,actions=output:2,bucket=bucket_id=1,actions=output:3";
    sandbox.ofctl(&["-O", "OpenFlow15", "add-group", "br0", group]);
    sandbox.ofctl(&[
        "-O",
        "OpenFlow13",
        "add-flow",
        "br0",
        "in_port=4,actions=group:1",
    ]);
    let from = "p4 dl_type=0x88b5,dl_src=00:00:00:00:00:01";
    let said = verdict(&sandbox, from);
    let mut ways: Vec<&str> = said
        .strip_prefix("one of 2: ")
        .unwrap()
        .split(" | ")
        .collect();
    ways.sort_unstable();
    assert_eq!(ways, ["sent by p2 untagged", "sent by p3 untagged"]);
    ovs!(sandbox, "trace {from} --expect p2")
        .exits(1)
        .says("one of 2");
    ovs!(sandbox, "trace {from} --expect not:p1").ok();
    let document = ovs!(sandbox, "trace {from}").json();
    let hash = document["ways"][0]["hashes"][0].to_string();
    let first = document["ways"][0]["verdict"].as_str().unwrap();
    assert_eq!(verdict(&sandbox, &format!("{from} --hash {hash}")), first);
}

/// The flows of the bridges behind patches have the destination, too.
#[test]
fn a_destination_on_another_bridge() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    let line = "ens37 --vlan 66 --from-mac 00:00:00:00:00:01 --to 66.0.0.180";
    ovs!(sandbox, "trace {line} --expect {B}").ok();
    let document = ovs!(sandbox, "trace {line}").json();
    assert!(
        document.to_string().contains(&format!("flows of {B}")),
        "{document:#}"
    );
}

#[test]
fn packets_as_bytes_and_side_effects() {
    let sandbox = bridge(
        "in_port=1,actions=learn(table=7,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],output:NXM_OF_IN_PORT[]),output:2",
    );
    let packet = "ffffffffffff0a000000000188b50000";
    // Captures of other link types have no Ethernet header: pcap of Linux's "any" device, pcapng of bare IP.
    let bytes = |hex: &str| -> Vec<u8> { crate::common::hex::bytes(hex) };
    let record = "0000000000000000100000001000000000000000000000000000000000000000";
    let sll = format!("d4c3b2a1020004000000000000000000ffff000071000000{record}");
    let ng = format!(
        "0a0d0d0a1c0000004d3c2b1a01000000ffffffffffffffff1c000000\
         01000000140000006500000000000400140000000600000030000000\
         0000000000000000000000001000000010000000{}30000000",
        "00".repeat(16)
    );
    for (hex, words) in [(sll, "cooked) (link type 113)"), (ng, "(link type 101)")] {
        let file = sandbox.run_dir().join("other.pcap");
        fs::write(&file, bytes(&hex)).unwrap();
        let file = file.display();
        ovs!(sandbox, "trace p1 --packet {file}").fails(1, words);
    }
    let dumped = || ofctl!(sandbox, "dump-flows br0 table=7");
    assert_eq!(
        verdict(&sandbox, &format!("p1 --packet {packet}")),
        "sent by p2 untagged"
    );
    assert!(!dumped().contains("table=7"), "{}", dumped());
    ovs!(sandbox, "trace p1 --packet {packet} --side-effects").ok();
    assert!(
        dumped().contains("dl_dst=0a:00:00:00:00:01"),
        "{}",
        dumped()
    );
}

/// `record.sh` beside the files records them, from the daemons of both releases.
#[test]
fn trees_of_recorded_replies_are_printed_as_they_came() {
    let mut count = 0;
    for version in ["3.1", "3.5"] {
        let file = format!(
            "{}/fixtures/golden/trace/{version}.txt",
            env!("CARGO_MANIFEST_DIR")
        );
        let all = fs::read_to_string(file).unwrap();
        for reply in all.split("### ").skip(1) {
            let (request, reply) = reply.split_once('\n').unwrap();
            assert_eq!(printed(&Reply::parse(reply.to_owned())), reply, "{request}");
            count += 1;
        }
    }
    assert!(count > 100, "{count}");
}

#[test]
fn words_that_would_be_ignored_are_used_or_refused() {
    let sandbox = bridge(
        "dl_vlan=66,actions=output:2\ndl_src=00:00:00:00:00:07,actions=output:3\nnw_src=10.0.0.7,tcp,actions=output:4",
    );
    for (word, port) in [
        ("--vlan 66", "p2"),
        ("--from-mac 00:00:00:00:00:07", "p3"),
        ("--from 10.0.0.7", "p4"),
    ] {
        let said = verdict(&sandbox, &format!("br0 in_port=1,tcp {word}"));
        assert!(said.contains(port), "{word}: {said}");
    }
    let packet = "ffffffffffff00000000000108060001";
    for words in [
        "--from-mac 00:00:00:00:00:02",
        "--to-mac 00:00:00:00:00:02",
        "--from 10.0.0.1",
    ] {
        ovs!(sandbox, "trace p1 --packet {packet} {words}").fails(2, "--packet");
    }
    for option in ["--json", "-o json", "--columns result"] {
        ovs!(sandbox, "trace br0 in_port=1,tcp --raw {option}").fails(2, "--raw");
    }
}

#[test]
fn raw_is_the_reply() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    let flow = "in_port=10,dl_src=fa:16:3e:75:d5:a4,tcp,nw_dst=66.0.0.180,tcp_dst=80";
    let reply = sandbox.appctl(&["ofproto/trace", "br-int", flow]);
    let said = ovs!(sandbox, "trace br-int {flow} --raw").out();
    assert_eq!(said, reply);
    assert_eq!(printed(&Reply::parse(reply.clone())), reply);
}

/// The reply that ovs-vswitchd prints for this tree: the columns follow from it alone.
pub(crate) fn printed(reply: &Reply) -> String {
    let mut out = String::new();
    for section in &reply.sections {
        let mut remarks = section.remarks.iter().map(|remark| reply.at(remark));
        if let Some(recirculation) = &section.recirculation {
            let rule = "=".repeat(79);
            let what = reply.at(&recirculation.what);
            let _ = write!(out, "\n{rule}\nrecirc({:#x}) - {what}\n", recirculation.id);
            let heads = remarks.clone();
            for line in
                heads.take_while(|line| line.starts_with("Replacing") || line.starts_with(' '))
            {
                let _ = writeln!(out, "{line}");
                remarks.next();
            }
            let _ = write!(out, "{rule}\n\n");
        }
        let _ = writeln!(out, "Flow: {}", reply.at(&section.flow));
        put_list(reply, section, None, 0, &mut out);
        let _ = writeln!(out, "\nFinal flow: {}", reply.at(&section.final_flow));
        let _ = writeln!(out, "Megaflow: {}", reply.at(&section.megaflow));
        let _ = writeln!(
            out,
            "Datapath actions: {}",
            reply.at(&section.datapath_actions)
        );
        for line in remarks {
            let _ = writeln!(out, "{line}");
        }
    }
    out
}

fn put_list(
    reply: &Reply,
    section: &Section,
    parent: Option<usize>,
    level: usize,
    out: &mut String,
) {
    let nodes = section.nodes.iter().enumerate();
    let siblings: Vec<usize> = nodes
        .filter(|(_, node)| node.parent == parent)
        .map(|(index, _)| index)
        .collect();
    for (place, index) in siblings.iter().enumerate() {
        let node = &section.nodes[*index];
        let text = reply.node_text(node);
        let holds = matches!(
            node.kind,
            NodeKind::Bridge(_) | NodeKind::Table { .. } | NodeKind::ActionSet | NodeKind::Resumed
        );
        let more = usize::from(!holds || place + 1 < siblings.len());
        let blanks = " ".repeat((level + more) * 4);
        let _ = match &node.kind {
            NodeKind::Bridge(_) => {
                let rule = "-".repeat(text.len());
                write!(out, "\n{blanks}{text}\n{blanks}{rule}\n")
            }
            NodeKind::Table { table, found } => {
                assert_ne!(*found, Lookup::Other, "{text}");
                writeln!(out, "{blanks}{table:2}. {text}")
            }
            NodeKind::ActionSet => writeln!(out, "{blanks}--. {text}"),
            NodeKind::Detail => writeln!(out, "{blanks} -> {text}"),
            NodeKind::Warning => writeln!(out, "{blanks} >> {text}"),
            NodeKind::Error => writeln!(out, "{blanks} >>>> {text} <<<<"),
            _ => writeln!(out, "{blanks}{text}"),
        };
        put_list(reply, section, Some(*index), level + 2 * more, out);
    }
}

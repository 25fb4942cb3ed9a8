//! `ovs dump-flows`: the order, the choice and the count of flows, against the real `ovs-ofctl`.

use std::fmt::Write as _;

use ovs::sandbox::Neutron;
use serde_json::Value;

use crate::common::Sandbox;
use crate::common::openflow::{self, VERSIONS, add, entries};

/// Every flow has a priority of its own, so that no order is left to chance.
const FLOWS: &str = "\
table=3,priority=10,tcp,in_port=3,tp_dst=443,cookie=0x20 actions=output:1
priority=11,tcp,in_port=1,tp_dst=22,nw_src=10.0.0.0/8,cookie=0x1 actions=output:2
priority=12,udp,tp_dst=53,nw_src=9.9.9.9,nw_tos=16 actions=NORMAL
priority=13,ip,nw_src=10.1.2.3,nw_dst=10.9.9.9 actions=ct(commit,table=1,exec(load:0x1->NXM_NX_CT_MARK[]))
priority=14,dl_vlan=7,dl_vlan_pcp=3,reg0=0x5/0xff,metadata=0x99 actions=mod_vlan_vid:66,output:1
priority=15,dl_vlan=3,reg1=7,reg0=9 actions=strip_vlan,output:2
priority=16,vlan_tci=0x0000/0x1fff,dl_src=02:00:00:00:00:05 actions=drop
priority=17,dl_src=02:00:00:00:00:01,tun_id=0x64 actions=clone(set_field:5->reg3,output:2)
priority=18,arp,arp_op=1,arp_tpa=10.0.0.1 actions=resubmit(,4)
priority=19,ipv6,ipv6_src=2001:db8::1,xxreg1=0x1/0xf actions=drop
priority=20,icmp,icmp_type=8,in_port=LOCAL actions=CONTROLLER:65535
priority=21,ct_state=+trk+est,ct_zone=4,ip,xreg0=0x500000001 actions=conjunction(1,1/2)
priority=22 actions=learn(table=5,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[])
";

fn bridge_with_flows() -> Sandbox {
    let sandbox = Sandbox::with("add-br br0 -- set bridge br0 fail_mode=secure");
    add(&sandbox, "", "add-flows", "br0", FLOWS);
    sandbox
}

/// `ovs-ofctl --no-stats --no-names OPTIONS dump-flows br0`, without header and leading blanks.
fn ofctl(sandbox: &Sandbox, options: &[&str]) -> String {
    let mut line = vec!["--no-stats", "--no-names"];
    line.extend(options);
    line.extend(["dump-flows", "br0"]);
    let flows = entries(&sandbox.ofctl(&line)).into_iter();
    flows.map(|line| line + "\n").collect()
}

fn ours(sandbox: &Sandbox, options: &[&str]) -> String {
    let mut line = vec!["dump-flows", "br0", "--no-stats", "--no-names"];
    line.extend(options);
    sandbox.ovs(&line).out()
}

#[test]
fn sorted_as_ovs_ofctl_sorts() {
    let sandbox = bridge_with_flows();
    let fields = [
        "in_port",
        "tcp_dst",
        "nw_src",
        "nw_dst",
        "nw_proto",
        "dl_type",
        "dl_vlan",
        "dl_vlan_pcp",
        "vlan_tci",
        "vlan_vid",
        "reg0",
        "reg1",
        "xreg0",
        "xxreg0",
        "metadata",
        "tun_id",
        "dl_src",
        "arp_op",
        "arp_tpa",
        "ipv6_src",
        "icmp_type",
        "ct_state",
        "ct_zone",
        "nw_tos",
        "priority",
    ];
    for version in ["OpenFlow10", "OpenFlow13", "OpenFlow15"] {
        for field in fields {
            for option in ["sort", "rsort"] {
                let option = format!("--{option}={field}");
                assert_eq!(
                    ours(&sandbox, &["-O", version, &option]),
                    ofctl(&sandbox, &["-O", version, &option]),
                    "{version} {option}"
                );
            }
        }
    }
    let several = ["--rsort=dl_type", "--sort=nw_src"];
    assert_eq!(
        ours(&sandbox, &[&several[..], &["-O", "OpenFlow15"]].concat()),
        ofctl(&sandbox, &[&several[..], &["-O", "OpenFlow15"]].concat())
    );
    assert_eq!(
        ours(&sandbox, &["--rsort=priority,in_port"]),
        ours(&sandbox, &["--rsort=priority"])
    );
}

#[test]
fn sorted_by_what_ovs_ofctl_does_not_sort_by() {
    let sandbox = bridge_with_flows();
    // A bare --sort does not eat the switch.
    let sorted = ovs!(sandbox, "dump-flows --no-stats --sort br0").out();
    let priorities = openflow::priorities;
    let mut expected: Vec<u32> = (11..=22).rev().collect();
    expected.push(10);
    assert_eq!(
        priorities(&sorted),
        expected,
        "table 3 has the lowest priority"
    );
    expected.reverse();
    assert_eq!(priorities(&ours(&sandbox, &["--rsort"])), expected);
    let by_cookie = ours(&sandbox, &["--rsort=cookie,priority"]);
    assert_eq!(priorities(&by_cookie)[..3], [10, 11, 22]);
    let by_two = ours(
        &sandbox,
        &["--sort=table", "--sort", "priority=12"].map(|o| match o {
            "--sort" => "--sort=priority",
            "priority=12" => "--rsort=cookie",
            other => other,
        }),
    );
    assert_eq!(priorities(&by_two)[..2], [11, 12]);
    for key in [
        "n_packets",
        "n_bytes",
        "duration",
        "idle_age",
        "idle_timeout",
        "hard_timeout",
        "importance",
        "hard_age",
        "flags",
        "tun_metadata5",
    ] {
        let option = format!("--sort={key}");
        assert_eq!(ours(&sandbox, &[&option]).lines().count(), 13, "{key}");
    }
    ovs!(sandbox, "dump-flows br0 --sort=tp_dest")
        .exits(2)
        .says("did you mean \"tp_dst\"");
}

#[test]
fn sorted_json_holds_the_same_flows() {
    let sandbox = Sandbox::neutron(Neutron::Notes);
    let json = |options: &[&str]| -> Vec<Value> {
        let line = [&["dump-flows", "br-int", "--json", "--no-stats"], options].concat();
        serde_json::from_str(&sandbox.ovs(&line).out()).unwrap()
    };
    let (mut plain, sorted) = (json(&[]), json(&["--sort=in_port"]));
    plain.sort_by_key(|flow| {
        let priority = flow["priority"].as_i64().unwrap();
        (
            flow["match"]["in_port"]["number"]
                .as_u64()
                .unwrap_or(u64::MAX),
            -priority,
        )
    });
    assert_eq!(plain, sorted);
}

fn priorities(text: &str) -> Vec<&str> {
    let numbers = text.lines().filter_map(|line| line.split_once("priority="));
    let mut numbers: Vec<&str> = numbers
        .map(|(_, rest)| rest.split([',', ' ']).next().unwrap())
        .collect();
    numbers.sort_unstable();
    numbers
}

#[test]
fn chosen_by_what_they_do() {
    let sandbox = bridge_with_flows();
    for version in ["OpenFlow10", "OpenFlow15"] {
        for (options, expected) in [
            // A flow that only learns drops its packets, too.
            (&["--drops"][..], &["16", "19", "22"][..]),
            (&["--action", "drop"], &["16", "19"]),
            (&["--action", "ct"], &["13"]),
            (&["--action", "resubmit"], &["18"]),
            (&["--action", "learn"], &["22"]),
            (&["--action", "conjunction"], &["21"]),
            (&["--action", "clone"], &["17"]),
            (&["--action", "controller"], &["20"]),
            // Nested; and in the words of the text, whatever the wire says.
            (&["--action", "load"], &["13", "17"]),
            (&["--action", "mod_vlan_vid"], &["14"]),
            (&["--action", "strip_vlan"], &["15"]),
            (&["--drops", "--action=ct"], &[]),
            (&["--hit"], &[]),
        ] {
            let printed = ours(&sandbox, &[options, &["-O", version]].concat());
            assert_eq!(priorities(&printed), expected, "{version} {options:?}");
            let count = sandbox
                .ovs(&[&["dump-flows", "br0", "--count", "-O", version], options].concat())
                .out();
            assert_eq!(
                count,
                format!("{}\n", expected.len()),
                "{version} {options:?}"
            );
        }
    }
    ovs!(sandbox, "dump-flows br0 --action resubmitt")
        .exits(2)
        .says("did you mean \"resubmit\"");
}

#[test]
fn hit_are_those_that_packets_went_through() {
    let sandbox = bridge_with_flows();
    ofctl!(
        sandbox,
        "add-flow br0 'priority=50,in_port=LOCAL,dl_src=02:00:00:00:00:99 actions=drop'"
    );
    ofctl!(
        sandbox,
        "packet-out br0 'in_port=LOCAL packet=0200000000010200000000990800 actions=table'"
    );
    assert_eq!(priorities(&ours(&sandbox, &["--hit"])), ["50"]);
    let json = ovs!(sandbox, "dump-flows br0 --hit --json").out();
    let flows: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(flows[0]["n_packets"], 1);
    let busiest = ours(&sandbox, &["--rsort=n_packets"]);
    assert!(busiest.starts_with("priority=50"), "{busiest}");
    for version in ["OpenFlow10", "OpenFlow11", "OpenFlow13", "OpenFlow15"] {
        let counted = ovs!(sandbox, "dump-flows br0 --count --json -O {version}").out();
        // packet_count=1 byte_count=14 flow_count=14
        let real = ofctl!(sandbox, "-O {version} dump-aggregate br0");
        let counted: Value = serde_json::from_str(&counted).unwrap();
        let theirs = format!(
            "packet_count={} byte_count={} flow_count={}",
            counted["packets"], counted["bytes"], counted["flows"]
        );
        assert!(real.contains(&theirs), "{version}: {theirs}\n{real}");
    }
}

#[test]
fn counted_by_the_switch() {
    let sandbox = bridge_with_flows();
    for version in VERSIONS {
        for (filter, expected) in [
            ("", 13),
            ("tcp", 2),
            ("table=3", 1),
            ("cookie=0x1/0xff", 1),
            ("out_port=2", 3),
        ] {
            let counted = ovs!(sandbox, "dump-flows br0 '{filter}' --count -O {version}").out();
            assert_eq!(counted, format!("{expected}\n"), "{version} {filter}");
        }
    }
    let counted = ovs!(sandbox, "dump-flows br0 --count --output jsonl").out();
    assert_eq!(counted, "{\"flows\":13,\"packets\":0,\"bytes\":0}\n");
}

#[test]
fn of_every_bridge() {
    let sandbox = Sandbox::neutron(Neutron::Notes);
    let mut expected = String::new();
    let mut counts = String::new();
    let bridges = ovs!(sandbox, "bridge list -g bridge").out();
    for bridge in bridges.lines() {
        let flows = ovs!(sandbox, "dump-flows {bridge} --no-stats").out();
        expected.extend(flows.lines().map(|flow| format!("{bridge}\t{flow}\n")));
        writeln!(counts, "{bridge}\t{}", flows.lines().count()).unwrap();
    }
    let all = ovs!(sandbox, "dump-flows --all --no-stats").out();
    assert_eq!(all, expected);
    ovs!(sandbox, "dump-flows --all --count").prints(&counts);

    let json = ovs!(sandbox, "dump-flows --all --json --no-stats").out();
    let flows: Vec<Value> = serde_json::from_str(&json).unwrap();
    let named: Vec<&str> = flows
        .iter()
        .map(|flow| flow["bridge"].as_str().unwrap())
        .collect();
    let listed: Vec<&str> = all
        .lines()
        .map(|line| line.split('\t').next().unwrap())
        .collect();
    assert_eq!(named, listed);

    // A port of one bridge: the others have no such flows.
    let one = ovs!(sandbox, "dump-flows --all in_port=phy-br-ens37 --no-stats").out();
    assert_eq!(one.lines().count(), 2);
    assert!(one.lines().all(|line| line.starts_with("br-ens37\t")));
    ovs!(sandbox, "dump-flows --all in_port=phy-br-ens38")
        .fails(3, "did you mean")
        .says("any other bridge");
    ovs!(sandbox, "dump-flows --all br-int tcp").exits(2);
}

#[test]
fn a_bridge_that_does_not_answer_is_reported() {
    let sandbox = Sandbox::neutron(Neutron::Notes);
    std::fs::remove_file(sandbox.run_dir().join("br-tun.mgmt")).unwrap();
    let ran = ovs!(sandbox, "dump-flows --all --json").exits(4);
    let ran = ran.says("br-tun");
    let flows: Vec<Value> = serde_json::from_str(&ran.stdout).unwrap();
    assert!(flows.iter().any(|flow| flow["bridge"] == "br-int"));
    assert!(flows.iter().all(|flow| flow["bridge"] != "br-tun"));
}

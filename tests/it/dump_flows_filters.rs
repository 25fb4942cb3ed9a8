//! What `ovs dump-flows` is asked for, in every version of OpenFlow: never more flows than the real `ovs-ofctl`
//! shows, and an error where the version cannot choose.

use crate::common::Sandbox;
use crate::common::openflow::{self, VERSIONS, add};

/// The priorities of the flows in a text, sorted: each flow has its own.
fn priorities(text: &str) -> Vec<u32> {
    let mut all = openflow::priorities(text);
    all.sort_unstable();
    all
}

/// A bridge with ports 1 to 3, groups 5 and 6, and these flows of OpenFlow 1.5: their place is their priority.
fn bridge(flows: &[&str]) -> Sandbox {
    let sandbox = Sandbox::with(
        "add-br br0 -- set bridge br0 fail_mode=secure \
        -- add-port br0 p1 -- set interface p1 type=dummy ofport_request=1 \
        -- add-port br0 p2 -- set interface p2 type=dummy ofport_request=2 \
        -- add-port br0 p3 -- set interface p3 type=dummy ofport_request=3",
    );
    for group in [
        "group_id=5,type=all,bucket=output:1",
        "group_id=6,type=all,bucket=output:2",
    ] {
        ofctl!(sandbox, "-O OpenFlow15 add-group br0 '{group}'");
    }
    let lines = (1..).zip(flows);
    let lines: Vec<String> = lines
        .map(|(place, flow)| format!("priority={place},{flow}"))
        .collect();
    add(
        &sandbox,
        "-O OpenFlow15",
        "add-flows",
        "br0",
        &lines.join("\n"),
    );
    sandbox
}

fn ours(sandbox: &Sandbox, version: &str, arguments: &[&str]) -> Vec<u32> {
    let line = [
        &["dump-flows", "br0", "--no-stats", "-O", version],
        arguments,
    ]
    .concat();
    priorities(&sandbox.ovs(&line).out())
}

fn real(sandbox: &Sandbox, version: &str, filter: &str) -> Vec<u32> {
    priorities(&ofctl!(
        sandbox,
        "-O {version} --no-stats dump-flows br0 {filter}"
    ))
}

/// Every kind of field, and what stands for one.
#[test]
fn fields_choose_the_same_flows_in_every_version() {
    let matches = [
        "reg0=1",
        "eth",
        "ip",
        "dl_src=00:00:00:00:00:01",
        "packet_type=(1,0x800)",
        "in_port=2",
        "dl_vlan=4",
        "eth,reg0=1",
        "packet_type=(1,0x800),reg0=1",
        "vlan_tci=0x1000/0x1000",
        "arp,arp_op=2",
        "tcp,tp_dst=22",
        "tcp6,tp_dst=22",
        "icmp,icmp_type=8",
        "icmp6,icmp_type=135,nd_target=fe80::1",
        "mpls,mpls_label=5",
        "ip,nw_src=10.0.0.0/8",
        "ip,nw_tos=32,nw_ecn=1",
        "ip,nw_frag=later",
        "metadata=0x1/0xff",
        "tun_id=7,tun_src=1.1.1.1",
        "ct_state=+trk+est,ct_mark=1",
        "conj_id=7",
        "dl_vlan=4,dl_vlan_pcp=2",
        "tcp,tcp_flags=+syn",
        "xxreg0=0x1",
        "pkt_mark=1",
    ];
    let flows: Vec<String> = matches
        .iter()
        .map(|flow| format!("{flow},actions=drop"))
        .collect();
    let sandbox = bridge(&flows.iter().map(String::as_str).collect::<Vec<_>>());
    for filter in matches
        .into_iter()
        .chain(["packet_type=(0,0)", "eth,ip", "dl_vlan=0xffff"])
    {
        let expected = real(&sandbox, "OpenFlow15", filter);
        assert!(expected.len() < matches.len(), "{filter} chooses");
        for version in VERSIONS {
            assert_eq!(
                ours(&sandbox, version, &[filter]),
                expected,
                "{version} {filter}"
            );
            ovs!(sandbox, "dump-flows br0 --count -O {version} '{filter}'")
                .prints(format!("{}\n", expected.len()));
        }
    }
    let eth = ours(&sandbox, "OpenFlow13", &["eth"]);
    assert!(
        eth.contains(&2) && !eth.contains(&1) && !eth.contains(&5),
        "{eth:?}"
    );
}

#[test]
fn filters_choose_or_are_refused_in_every_version() {
    let sandbox = bridge(&[
        "cookie=0x11,actions=group:5",
        "cookie=0x12,actions=group:6",
        "cookie=0x21,table=3,actions=output:2",
        "cookie=0x22,table=3,in_port=1,actions=output:3,output:2",
        "cookie=0,actions=write_actions(group:5)",
        "actions=drop",
    ]);
    for version in VERSIONS {
        for (options, filter) in [
            (&["--cookie", "0x11"][..], "cookie=0x11/-1"),
            (&["--cookie", "0x21/0xf0"], "cookie=0x20/0xf0"),
            (&["--cookie", "0xff/0x0f"], "cookie=0x0f/0x0f"),
            (&["--table", "3"], "table=3"),
            (&["--out-port", "p2"], "out_port=2"),
            (
                &["--out-port", "2", "--table", "3", "in_port=1"],
                "table=3,in_port=1,out_port=2",
            ),
        ] {
            let expected = real(&sandbox, version, filter);
            assert_eq!(
                ours(&sandbox, version, options),
                expected,
                "{version} {options:?}"
            );
        }
        for arguments in [
            &["out_group=5"][..],
            &["--out-group", "5"],
            &["--out-group", "5", "--count"],
        ] {
            let line = [&["dump-flows", "br0", "-O", version], arguments].concat();
            let mut command = sandbox.ovs(&line);
            if version == "OpenFlow10" {
                command.fails(
                    1,
                    "OpenFlow 1.0 has no groups: flows cannot be chosen by out_group",
                );
            } else if arguments.len() < 3 {
                assert_eq!(
                    priorities(&command.run().stdout),
                    real(&sandbox, version, "out_group=5"),
                    "{version}"
                );
            }
        }
        ovs!(
            sandbox,
            "dump-flows br0 -O {version} OXM_OF_IN_PORT[]=70000"
        )
        .run()
        .prints("");
    }
    for (arguments, words) in [
        (
            &["--table", "255"][..],
            "a table is a name or a number from 0 to 254",
        ),
        (
            &["--out-group", "4294967295"],
            "4294967295 is not in 0..=4294967040",
        ),
        (
            &["out_group=4294967041"],
            "a group is a number from 0 to 4294967040",
        ),
        (&["n_packets=0"], "the switch cannot filter by n_packets"),
        (
            &["tcp,n_bytes=1,n_packets=0"],
            "the switch cannot filter by n_bytes",
        ),
        (&["duration=5s"], "the switch cannot filter by duration"),
        (
            &["tp_dst=22"],
            "tp_dst needs tcp, udp or sctp, or tcp6, udp6 or sctp6, in the match",
        ),
    ] {
        let line = [&["dump-flows", "br0"], arguments].concat();
        sandbox.ovs(&line).fails(2, words);
    }
    // The statistics of a line that a dump has printed are left out.
    let pasted = "cookie=0x22, duration=5.1s, table=3, n_packets=0, n_bytes=0, in_port=1";
    assert_eq!(ours(&sandbox, "OpenFlow15", &[pasted]), [4]);
}

/// Every word that a text shows finds the flow that shows it, in both styles.
#[test]
fn actions_are_found_by_the_words_of_the_text() {
    let sandbox = bridge(&[
        "actions=CONTROLLER:65535",
        "actions=NORMAL",
        "actions=LOCAL",
        "actions=FLOOD",
        "actions=IN_PORT",
        "actions=drop",
        "actions=controller(reason=no_match,id=3)",
        "actions=ALL",
        "dl_vlan=3,actions=set_field:4100->vlan_vid,output:2",
        "actions=set_field:5->tun_id,output:2",
        "actions=clone(NORMAL,output:2)",
        "actions=enqueue:LOCAL:1",
        "ip,actions=ct(commit,exec(set_field:1->ct_mark),nat)",
    ]);
    for version in VERSIONS {
        for (word, expected) in [
            ("CONTROLLER", &[1, 7][..]),
            ("controller", &[1, 7]),
            ("NORMAL", &[2, 11]),
            ("normal", &[2, 11]),
            ("LOCAL", &[3, 12]),
            ("FLOOD", &[4]),
            ("IN_PORT", &[5]),
            ("drop", &[6]),
            ("ALL", &[8]),
            ("mod_vlan_vid", &[9]),
            ("set_tunnel", &[10]),
            ("exec", &[13]),
            ("nat", &[13]),
            ("clone", &[11]),
        ] {
            let found = ours(&sandbox, version, &["--action", word]);
            assert_eq!(found, expected, "{version} {word}");
        }
    }
    for (word, expected) in [
        ("set_field", &[9, 10, 13][..]),
        ("set_vlan_vid", &[]),
        ("move", &[]),
    ] {
        assert_eq!(
            ours(&sandbox, "OpenFlow13", &["--action", word]),
            expected,
            "{word}"
        );
    }
}

/// A name as OpenFlow has it, cut at 15 bytes, is taken where it means one port.
#[test]
fn names_as_openflow_cuts_them() {
    let sandbox = Sandbox::empty();
    let ports = [
        ("patch-br-int-to-ex", 1),
        ("patch-br-tun-to-int-1", 2),
        ("patch-br-tun-to-int-2", 3),
        ("int-br-ens37-et", 4),
        ("int-br-ens37-eth", 5),
    ];
    let mut line: Vec<String> = ["add-br", "br0"].map(str::to_owned).into();
    for (name, number) in ports {
        let port = format!(
            "-- add-port br0 {name} -- set interface {name} type=patch options:peer=x{number} ofport_request={number}"
        );
        line.extend(port.split(' ').map(str::to_owned));
    }
    sandbox.vsctl(&line.iter().map(String::as_str).collect::<Vec<_>>());
    ofctl!(sandbox, "del-flows br0");
    for (_, number) in ports {
        let flow = format!(
            "priority={number},in_port={number},actions=output:{}",
            number % 5 + 1
        );
        ofctl!(sandbox, "add-flow br0 '{flow}'");
    }
    // As the real tool prints it.
    let printed = ofctl!(sandbox, "--names --no-stats dump-flows br0 in_port=1");
    assert!(printed.contains("in_port=\"patch-br-int-to\""), "{printed}");
    for (arguments, expected) in [
        (&["in_port=\"patch-br-int-to\""][..], &[1][..]),
        (&["in_port=patch-br-int-to"], &[1]),
        (&["in_port=1(patch-br-int-to)"], &[1]),
        (&["out_port=patch-br-int-to"], &[5]),
        (&["--out-port", "patch-br-int-to"], &[5]),
        (&["--port", "patch-br-int-to"], &[1, 5]),
        // Who has the very name.
        (&["in_port=int-br-ens37-et"], &[4]),
    ] {
        assert_eq!(
            ours(&sandbox, "OpenFlow15", arguments),
            expected,
            "{arguments:?}"
        );
    }
    let resolved = ovs!(
        sandbox,
        "port resolve br0 patch-br-int-to int-br-ens37-et --columns interface,ofport"
    )
    .out();
    assert_eq!(resolved, "patch-br-int-to-ex\t1\nint-br-ens37-et\t4\n");
    let counted = ovs!(sandbox, "port stats br0 patch-br-int-to -g interface").out();
    assert_eq!(counted, "patch-br-int-to-ex\n");
    let several = "\"patch-br-tun-to\" is what OpenFlow calls 2 ports of br0: \
                   patch-br-tun-to-int-1, patch-br-tun-to-int-2";
    for line in [
        &["dump-flows", "br0", "in_port=patch-br-tun-to"][..],
        &["dump-flows", "br0", "--port", "patch-br-tun-to"],
        &["dump-flows", "br0", "--out-port", "patch-br-tun-to"],
        &["dump-flows", "--all", "in_port=patch-br-tun-to"],
        &["port", "stats", "br0", "patch-br-tun-to"],
    ] {
        sandbox.ovs(line).fails(2, several);
    }
    ovs!(
        sandbox,
        "port resolve br0 patch-br-tun-to-int-1 patch-br-tun-to"
    )
    .run()
    .prints("patch-br-tun-to-int-1\t2\tpatch-br-tun-to-int-1\n")
    .says(several);
    // Neither shorter nor longer than OpenFlow cuts it.
    for name in ["patch-br-int-t", "patch-br-int-to-"] {
        ovs!(sandbox, "port resolve br0 {name}").fails(3, "not found on br0");
    }
    // The switch alone knows the names cut.
    let switch = openflow::socket(&sandbox, "br0");
    ovs!(sandbox, "dump-flows {switch} in_port=patch-br-tun-to").fails(2, "calls 2 ports of");
}

//! `ovs flow add`, `mod` and `del`, judged by the real ovs-ofctl.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use serde_json::json;

use crate::common::Sandbox;

fn switch() -> Sandbox {
    let sandbox = Sandbox::with("add-br br0 -- set-fail-mode br0 secure");
    vsctl!(
        sandbox,
        "add-port br0 p1 -- set Interface p1 type=internal ofport_request=1 \
         -- add-port br0 p.2 -- set Interface p.2 type=internal ofport_request=2 \
         -- add-port br0 tcp -- set Interface tcp type=internal ofport_request=3 \
         -- add-port br0 äö -- set Interface äö type=patch options:peer=x ofport_request=4"
    );
    sandbox
}

/// The flows as ovs-ofctl prints them, sorted.
fn flows(sandbox: &Sandbox) -> Vec<String> {
    let dump = ofctl!(
        sandbox,
        "-O OpenFlow15 dump-flows br0 --no-stats --no-names"
    );
    let lines = dump.lines().filter(|line| line.contains("actions="));
    let mut lines: Vec<String> = lines.map(|line| line.trim().to_owned()).collect();
    lines.sort_unstable();
    lines
}

/// How many flows ovs-ofctl counts.
fn count(sandbox: &Sandbox) -> String {
    let reply = ofctl!(sandbox, "-O OpenFlow15 dump-aggregate br0");
    let count = reply
        .rsplit_once("flow_count=")
        .map(|(_, count)| count.trim());
    count.unwrap_or(&reply).to_owned()
}

fn file(sandbox: &Sandbox, contents: impl AsRef<[u8]>) -> PathBuf {
    let path = sandbox.run_dir().join("flows.txt");
    fs::write(&path, contents).unwrap();
    path
}

#[test]
fn flows_of_the_command_line() {
    let sandbox = switch();
    ovs!(
        sandbox,
        "flow add br0 'priority=7,in_port=p1,actions=output:p.2'"
    )
    .prints("written\t1\tbr0\n");
    ovs!(
        sandbox,
        "flow add br0 'in_port=\"tcp\",actions=output:äö,\"p.2\"' \
         'table=3,cookie=0x5,idle_timeout=9,importance=3,send_flow_rem,tcp,tp_dst=22,actions=LOCAL'"
    )
    .prints("written\t2\tbr0\n");
    assert_eq!(
        flows(&sandbox),
        [
            "cookie=0x5, table=3, idle_timeout=9, send_flow_rem importance=3, tcp,tp_dst=22 actions=LOCAL",
            "in_port=3 actions=output:4,output:2",
            "priority=7,in_port=1 actions=output:2",
        ]
    );
    // The flow of this key is replaced.
    let counts = ovs!(sandbox, "flow add br0 'priority=7,in_port=p1,actions=drop'").json();
    assert_eq!(
        counts,
        json!([{"change": "written", "flows": 1, "switch": "br0"}])
    );
    ovs!(
        sandbox,
        "flow add br0 'priority=7,in_port=p1,actions=drop' -g flows"
    )
    .prints("1\n");
    ovs!(
        sandbox,
        "flow add br0 'priority=7,in_port=p1,actions=drop' -q"
    )
    .prints("");
    assert_eq!(count(&sandbox), "3");
    assert!(flows(&sandbox).contains(&"priority=7,in_port=1 actions=drop".to_owned()));
}

#[test]
fn what_is_refused_before_anything_is_sent() {
    let sandbox = switch();
    let before = sandbox.contents();
    for (arguments, code, words) in [
        ("br0", 2, "required"),
        (
            "br0 tcp,actions=drop nonsense=3,actions=drop",
            2,
            "FLOW 2: \"nonsense=3\"",
        ),
        (
            "br0 nw_dst=10.0.0.1,actions=drop",
            2,
            "nw_dst needs ip or arp in the match",
        ),
        ("br0 tcp", 2, "actions= is missing"),
        ("br0 delete", 2, "the word of another command"),
        (
            "br0 tcp,actions=drop in_port=p3,actions=drop",
            3,
            "port \"p3\" not found on br0",
        ),
        ("br0 tcp,actions=output:p3", 3, "`ovs port list br0`"),
        (
            "br0 table=none,actions=drop",
            3,
            "table \"none\" not found on br0",
        ),
        (
            "br0 priority=70000,actions=drop",
            2,
            "priority is a number from 0 to 65535",
        ),
        (
            "br0 'in_port=77,actions=output:78' --strict",
            1,
            "port 77, which br0 does not have",
        ),
        ("br9 tcp,actions=drop", 3, "bridge \"br9\" not found"),
        (
            "br0 tcp,actions=drop udp,actions=drop -O OpenFlow12",
            1,
            "--no-atomic",
        ),
        ("br0 tcp,actions=drop --file x", 2, "cannot be used with"),
        (
            "br0 --file /nowhere/flows",
            1,
            "cannot read /nowhere/flows: No such file",
        ),
        ("br0 --file /", 1, "cannot read /: Is a directory"),
        (
            "br0 tcp,actions=drop --columns nothing",
            2,
            "there is no column \"nothing\"",
        ),
    ] {
        ovs!(sandbox, "flow add {arguments}").fails(code, words);
    }
    for (arguments, code, words) in [
        ("del br0", 2, "--all removes every flow"),
        ("del br0 ''", 2, "only --all may do"),
        ("del br0 priority=5,tcp", 2, "delete_strict"),
        ("del br0 --all tcp", 2, "cannot be used with"),
        (
            "mod br0 tcp,actions=drop",
            3,
            "br0 has no flow that it matches",
        ),
    ] {
        ovs!(sandbox, "flow {arguments}").fails(code, words);
    }
    assert_same!(before, sandbox.contents());
}

/// The switch accepts these; the reasons are in the words of the flow.
#[test]
fn what_the_switch_refuses_has_a_reason() {
    let sandbox = switch();
    vsctl!(
        sandbox,
        "-- --id=@f create Flow_Table flow_limit=1 -- set Bridge br0 flow_tables:9=@f"
    );
    ovs!(
        sandbox,
        "flow add br0 table=9,tcp,actions=drop priority=5,tcp,actions=drop"
    )
    .ok();
    let before = flows(&sandbox);
    for (flow, words) in [
        (
            "actions=group:77",
            "group 77 does not exist on br0 (OFPBAC_BAD_OUT_GROUP)",
        ),
        (
            "actions=meter:7,normal",
            "meter 7 does not exist on br0 (OFPMMFC_INVALID_METER)",
        ),
        (
            "table=9,udp,actions=drop",
            "table 9 of br0 is full (OFPFMFC_TABLE_FULL)",
        ),
        (
            "check_overlap,priority=5,tcp,tp_dst=1,actions=drop",
            "it overlaps a flow of the same priority",
        ),
        (
            "table=254,actions=drop",
            "table 254 is for the switch itself (OFPBRC_EPERM)",
        ),
        ("tun_metadata0=5,actions=drop", "no Geneve option is mapped"),
    ] {
        ovs!(sandbox, "flow add br0 '{flow}'").fails(1, format!("ovs: {words}"));
        let path = file(
            &sandbox,
            format!("# a\nip,actions=drop\n\n{flow}\narp,actions=drop\n"),
        );
        let path = path.display();
        ovs!(sandbox, "flow add br0 --file {path}").fails(1, format!("{path}, line 4: {words}"));
        ovs!(sandbox, "flow add br0 --file {path} -O OpenFlow13")
            .fails(1, format!("{path}, line 4: "))
            .says(flow.split(',').next().unwrap());
    }
    assert_eq!(flows(&sandbox), before);
}

/// A port number that is absent is warned of.
#[test]
fn warnings() {
    let sandbox = switch();
    ovs!(sandbox, "flow add br0 in_port=p1,actions=output:77")
        .ok()
        .says("warning: it sends to port 77, which br0 does not have");
    for port in ["in_port=77", "in_port_oxm=77"] {
        ovs!(
            sandbox,
            "flow add br0 'actions=learn(table=1,{port},output:reg0[0..15])'"
        )
        .ok()
        .says("warning: it names port 77, which br0 does not have");
    }
    ovs!(
        sandbox,
        "flow add br0 'actions=learn(table=1,in_port=LOCAL)'"
    )
    .ok()
    .says_nothing();
    ovs!(sandbox, "flow del br0 --all").ok();
    ovs!(
        sandbox,
        "flow add br0 'actions=learn(table=1,in_port=nowhere)'"
    )
    .fails(3, "port \"nowhere\" not found on br0");
    ovs!(sandbox, "flow add br0 in_port=p1,actions=output:p1")
        .ok()
        .says("warning: output to port 1, which the packets came from");
    ovs!(
        sandbox,
        "flow mod br0 in_port=p1,actions=output:77 --warnings-as-errors"
    )
    .fails(1, "without --warnings-as-errors the flow is written");
    assert_eq!(flows(&sandbox), ["in_port=1 actions=output:1"]);
}

#[test]
fn files_of_text() {
    let sandbox = switch();
    let text = "\u{feff}# the flows\r\n\r\nadd priority=5,in_port=p.2 actions=äö # one\r\n\
        cookie=0x1, duration=3.2s, table=1, n_packets=7, n_bytes=70, idle_age=3, priority=6,tcp actions=drop\n\
        delete table=7\nmodify_strict priority=9,actions=drop\n\
        NXST_FLOW reply (xid=0x4):\n";
    let path = file(&sandbox, text);
    let path = path.display();
    ovs!(sandbox, "flow add br0 --file {path}")
        .prints("written\t2\tbr0\nmodified\t-\tbr0\nremoved\t-\tbr0\n")
        .says("--explain");
    assert_eq!(
        flows(&sandbox),
        [
            "cookie=0x1, table=1, priority=6,tcp actions=drop",
            "priority=5,in_port=2 actions=output:4"
        ]
    );
    ovs!(sandbox, "flow add br0 --file -")
        .write_stdin("udp,actions=drop")
        .prints("written\t1\tbr0\n");
    ovs!(sandbox, "flow add br0 --file -")
        .write_stdin("")
        .prints("written\t0\tbr0\n");
    ovs!(sandbox, "flow del br0 --file -")
        .write_stdin("# none\n")
        .prints("removed\t0\tbr0\n");
    ovs!(sandbox, "flow add br0 --file -")
        .write_stdin(b"udp,actions=drop\n\xff\n".as_slice())
        .fails(1, "stdin, line 2: not UTF-8");
    ovs!(sandbox, "flow del br0 --file -")
        .write_stdin("udp\nadd tcp,actions=drop\n")
        .fails(
            1,
            "stdin, line 2: it begins with the word of another command",
        );
    ovs!(sandbox, "flow del br0 --file -")
        .write_stdin("udp\n\n")
        .prints("removed\t1\tbr0\n");
    let large = sandbox.run_dir().join("large");
    fs::File::create(&large).unwrap().set_len(10 << 30).unwrap();
    ovs!(sandbox, "flow add br0 --file {}", large.display()).fails(1, "more than 1 GiB");
    assert_eq!(count(&sandbox), "2");
}

fn ten_thousand(bad: &str) -> String {
    let mut text = String::new();
    for number in 0..10_000 {
        let (high, low) = (number / 256, number % 256);
        if number == 5_000 {
            writeln!(text, "{bad}").unwrap();
        } else {
            writeln!(
                text,
                "table=1,priority=9,ip,nw_dst=10.0.{high}.{low},actions=output:p1"
            )
            .unwrap();
        }
    }
    text
}

/// One bad flow in the middle of 10,000: nothing is written, whoever finds it.
#[test]
fn one_bad_flow_of_many() {
    let sandbox = switch();
    ofctl!(sandbox, "add-flow br0 table=5,actions=drop");
    for (bad, words) in [
        (
            "table=1,nw_dst=10.1.1.1,actions=drop",
            "nw_dst needs ip or arp",
        ),
        (
            "table=1,ip,actions=output:nowhere",
            "port \"nowhere\" not found on br0",
        ),
        (
            "table=1,ip,actions=group:77",
            "group 77 does not exist on br0",
        ),
    ] {
        let path = file(&sandbox, ten_thousand(bad));
        let path = path.display();
        let place = format!("{path}, line 5001: ");
        ovs!(sandbox, "flow add br0 --file {path}")
            .fails(1, &place)
            .says(words)
            .says(bad);
        assert_eq!(count(&sandbox), "1", "{bad}");
    }
    // One by one, the others are written.
    let path = file(&sandbox, ten_thousand("table=1,ip,actions=group:77"));
    let path = path.display();
    ovs!(sandbox, "flow add br0 --file {path} --no-atomic")
        .fails(5, "9999 of 10000 flows were written; the switch refused 1")
        .says(format!("{path}, line 5001: group 77"));
    assert_eq!(count(&sandbox), "10000");
    ovs!(sandbox, "flow del br0 table=1").prints("removed\t9999\tbr0\n");
    // What is malformed is found before.
    let path = file(&sandbox, ten_thousand("table=1,ip,actions=nothing"));
    ovs!(
        sandbox,
        "flow add br0 --file {} --no-atomic -O OpenFlow10",
        path.display()
    )
    .fails(1, "line 5001: ");
    assert_eq!(count(&sandbox), "1");
    let path = file(&sandbox, ten_thousand("table=1,ip,actions=drop"));
    ovs!(
        sandbox,
        "flow add br0 --file {} -O OpenFlow13",
        path.display()
    )
    .prints("written\t10000\tbr0\n");
    assert_eq!(count(&sandbox), "10001");
}

#[test]
fn modify() {
    let sandbox = switch();
    let setup = "priority=5,tcp,in_port=p1,actions=drop\npriority=6,tcp,actions=drop\n\
        priority=6,udp,cookie=0x7,actions=drop\n";
    ovs!(sandbox, "flow add br0 --file -")
        .write_stdin(setup)
        .ok();
    ovs!(sandbox, "flow mod br0 tcp,actions=output:p.2").prints("modified\t2\tbr0\n");
    ovs!(
        sandbox,
        "flow mod br0 --strict priority=6,tcp,actions=NORMAL"
    )
    .prints("modified\t1\tbr0\n");
    ovs!(sandbox, "flow mod br0 cookie=0x7/-1,actions=LOCAL").prints("modified\t1\tbr0\n");
    let expected = [
        "cookie=0x7, priority=6,udp actions=LOCAL",
        "priority=5,tcp,in_port=1 actions=output:2",
        "priority=6,tcp actions=NORMAL",
    ];
    assert_eq!(flows(&sandbox), expected);
    for version in ["OpenFlow10", "OpenFlow11", "OpenFlow15"] {
        ovs!(
            sandbox,
            "flow mod br0 --strict priority=7,tcp,actions=drop -O {version}"
        )
        .fails(3, "br0 has no flow that it matches")
        .says("--or-add");
        ovs!(
            sandbox,
            "flow mod br0 tcp,actions=drop icmp,actions=drop -O {version} --no-atomic"
        )
        .fails(3, "FLOW 2: ");
    }
    assert_eq!(flows(&sandbox), expected);
    ovs!(
        sandbox,
        "flow mod br0 --or-add udp,actions=drop arp,actions=drop"
    )
    .prints("modified\t1\tbr0\nadded\t1\tbr0\n");
    assert_eq!(count(&sandbox), "4");
}

#[test]
fn delete() {
    let sandbox = switch();
    let setup = "priority=5,tcp,in_port=p1,actions=output:p.2\npriority=6,tcp,actions=drop\n\
        table=3,priority=6,udp,cookie=0x7,actions=output:p.2\ntable=4,actions=drop\n";
    for (matches, left) in [
        ("tcp", 2),
        ("--strict priority=6,tcp", 3),
        ("--strict priority=7,tcp", 4),
        ("out_port=p.2", 2),
        ("cookie=7", 3),
        ("cookie=0x6/0x6", 3),
        ("in_port=p1 tcp table=4", 1),
        ("--all", 0),
    ] {
        for version in ["OpenFlow10", "OpenFlow13", "OpenFlow15"] {
            if version == "OpenFlow10" && matches.contains(' ') && !matches.starts_with('-') {
                continue;
            }
            ofctl!(sandbox, "del-flows br0");
            ovs!(sandbox, "flow add br0 --file -")
                .write_stdin(setup)
                .ok();
            let would = ovs!(sandbox, "flow del br0 {matches} -O {version} --dry-run").out();
            ovs!(sandbox, "flow del br0 {matches} -O {version}")
                .prints(format!("removed\t{}\tbr0\n", 4 - left));
            assert_eq!(count(&sandbox), left.to_string(), "{matches} {version}");
            let would = would
                .lines()
                .filter(|line| line.starts_with("removed"))
                .count();
            assert_eq!(would, 4 - left, "{matches} {version}");
        }
    }
}

#[test]
fn what_becomes_of_flows() {
    let sandbox = switch();
    let setup =
        "priority=10,tcp,actions=drop\npriority=5,dl_vlan=5,in_port=p1,actions=strip_vlan,p.2\n";
    ovs!(sandbox, "flow add br0 --file -")
        .write_stdin(setup)
        .ok();
    let before = sandbox.contents();
    let flows = "'priority=5,tcp,tp_dst=22,actions=p1' priority=10,tcp,actions=normal \
        priority=5,dl_vlan=5,in_port=p1,actions=pop_vlan,p.2 priority=5,ip,actions=drop";
    ovs!(sandbox, "flow add br0 {flows} --dry-run")
        .prints(
            "added\tpriority=5,tcp,tp_dst=22 actions=output:p1\t-\t1\n\
             modified\tpriority=10,tcp actions=NORMAL\tpriority=10,tcp actions=drop\t2\n\
             added\tpriority=5,ip actions=drop\t-\t4\n",
        )
        .says("br0, as it was read now: 2 added, 1 modified, 0 removed, 1 unchanged; dry run")
        .says("warning: FLOW 1: no packet reaches it: hidden by priority=10,tcp actions=NORMAL")
        .says("warning: FLOW 4: which of both takes a packet is undefined");
    let effects = ovs!(sandbox, "flow add br0 {flows} --dry-run").json();
    assert_eq!(effects[2]["change"], "unchanged");
    assert_eq!(effects[1]["before"], "priority=10,tcp actions=drop");
    ovs!(
        sandbox,
        "flow add br0 priority=10,tcp,actions=drop --dry-run"
    )
    .prints("unchanged\n");
    ovs!(sandbox, "flow add br0 {flows} --dry-run --strict")
        .fails(1, "FLOW 1: no packet reaches it");
    ovs!(sandbox, "flow mod br0 tcp,actions=LOCAL --dry-run")
        .ok()
        .begins("modified\t");
    assert_same!(before, sandbox.contents());
    ovs!(sandbox, "flow mod br0 tcp,actions=LOCAL --explain")
        .prints("modified\tpriority=10,tcp actions=LOCAL\tpriority=10,tcp actions=drop\t1\n");
    assert!(self::flows(&sandbox).contains(&"priority=10,tcp actions=LOCAL".to_owned()));
}

/// Versions before 1.2 have no such flag: they reset the counters of every flow that is added.
#[test]
fn counters_are_reset_in_every_version() {
    let sandbox = switch();
    for version in ["10", "11", "12", "13", "14", "15"] {
        for command in ["flow add br0", "flow replace br0"] {
            let file = file(&sandbox, "reset_counts,actions=LOCAL\n");
            let file = match command {
                "flow add br0" => format!("--file {}", file.display()),
                _ => format!("{} --no-atomic", file.display()),
            };
            ovs!(sandbox, "{command} {file} -O OpenFlow{version}").ok();
            assert_eq!(flows(&sandbox), ["reset_counts actions=LOCAL"], "{version}");
            ovs!(sandbox, "flow del br0 --all").ok();
        }
    }
}

/// `dump-flows > f; flow add --file f` makes the same flows, in both styles and in every version.
#[test]
fn dumped_flows_are_taken_back() {
    let sandbox = switch();
    let setup = "priority=3,udp,in_port=1,actions=mod_vlan_vid:5,output:2\n\
        table=1,cookie=0x7,idle_timeout=50,tcp,tp_dst=0x10/0xfff0,actions=ct(commit,table=2)\n\
        table=2,priority=0,ipv6,actions=learn(table=3,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],output:NXM_OF_IN_PORT[]),NORMAL\n\
        table=3,dl_vlan=5,reg1=7,actions=strip_vlan,load:1->NXM_NX_REG3[0..4],resubmit(,4)\n";
    let path = file(&sandbox, setup);
    ofctl!(sandbox, "-O OpenFlow15 add-flows br0 {}", path.display());
    // Flows that are added over 1.0 and 1.1 bear this flag.
    let plain = |flows: Vec<String>| flows.join("\n").replace("reset_counts ", "");
    let before = plain(flows(&sandbox));
    for version in ["10", "11", "12", "13", "14", "15"] {
        let atomic = if version < "13" { "--no-atomic" } else { "" };
        for style in ["--style classic", "--style wire"] {
            let dump = ovs!(sandbox, "dump-flows br0 {style} -O OpenFlow{version}").out();
            ovs!(
                sandbox,
                "flow add br0 --file - -O OpenFlow{version} {atomic} --dry-run"
            )
            .write_stdin(dump.as_str())
            .prints("unchanged\n");
            ovs!(sandbox, "flow del br0 --all").prints("removed\t4\tbr0\n");
            ovs!(
                sandbox,
                "flow add br0 --file - -O OpenFlow{version} {atomic}"
            )
            .write_stdin(dump.as_str())
            .prints("written\t4\tbr0\n");
            assert_same!(before, plain(flows(&sandbox)), "{version} {style}");
        }
    }
}

#[test]
fn without_daemons() {
    let sandbox = switch();
    sandbox.kill_vswitchd();
    ovs!(sandbox, "flow add br0 tcp,actions=drop").fails(4, "ovs-vswitchd does not serve it");
    ovs!(sandbox, "flow add br0 nonsense=1,actions=drop").fails(2, "nonsense");
    sandbox.kill_ovsdb();
    ovs!(sandbox, "flow add br0 in_port=p1,actions=drop").exits(4);
}

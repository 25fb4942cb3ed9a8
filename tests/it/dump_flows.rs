//! `ovs dump-flows` against a real switch, its lines against those of the real `ovs-ofctl`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use ovs::sandbox::{Neutron, Options};
use serde_json::Value;

use crate::common::openflow::{self, VERSIONS, add, entries, sorted};
use crate::common::{self, Sandbox};

/// The lines of a text, in an order of their own: the switch's order is its own business.
fn lines(text: &str) -> Vec<String> {
    sorted(text.lines())
}

/// The flows that the real `ovs-ofctl` prints, without the reply's header and the leading blank.
fn ofctl_lines(sandbox: &Sandbox, arguments: &[&str]) -> Vec<String> {
    sorted(entries(&sandbox.ofctl(arguments)))
}

/// The flows of a Neutron host, as `ovs-ofctl --no-stats --names dump-flows` printed them.
fn expected(host: &str, bridge: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/neutron")
        .join(host)
        .join("flows")
        .join(format!("{bridge}.expected"));
    lines(&fs::read_to_string(path).unwrap())
}

/// So many flows are asked for table by table, two tables and then the other two.
#[test]
fn many_flows_of_some_tables() {
    const TABLES: [u8; 4] = [0, 7, 60, 253];
    const FLOWS: usize = 44_000;
    let sandbox = Sandbox::start(Options::default());
    vsctl!(sandbox, "add-br br0 -- set bridge br0 fail_mode=secure");
    let socket = openflow::socket(&sandbox, "br0");
    let mut flows = String::new();
    for number in 0..FLOWS {
        let table = TABLES[number % TABLES.len()];
        let ip = format!("10.0.{}.{}", number >> 8, number & 0xff);
        let _ = writeln!(
            flows,
            "cookie={:#x},table={table},ip,nw_dst={ip} actions=resubmit(,8)",
            number % 2
        );
    }
    add(&sandbox, "", "add-flows", &socket, &flows);

    for version in ["OpenFlow10", "OpenFlow13", "OpenFlow15"] {
        let real = ["-O", version, "--no-stats", "dump-flows", &socket];
        let real = ofctl_lines(&sandbox, &real);
        assert_eq!(real.len(), FLOWS);
        let printed = ovs!(sandbox, "-O {version} dump-flows br0 --no-stats").out();
        assert!(lines(&printed) == real, "{version}");
    }
    let odd = ["--no-stats", "dump-flows", &socket, "cookie=1/1"];
    let printed = ovs!(sandbox, "dump-flows br0 --no-stats --cookie 1/1").out();
    assert!(lines(&printed) == ofctl_lines(&sandbox, &odd));
    let json = ovs!(sandbox, "dump-flows br0").json();
    assert_eq!(json.as_array().unwrap().len(), FLOWS);
}

#[test]
fn neutron_flows_read_the_same_in_every_version() {
    for (host, name, bridges) in [
        (
            Neutron::Notes,
            "notes",
            &["br-int", "br-tun", "br-ens37"][..],
        ),
        (
            Neutron::Node,
            "node",
            &["br-int", "br-tun", "br-ens37", "br-external"],
        ),
    ] {
        let sandbox = Sandbox::neutron(host);
        for bridge in bridges {
            let expected = expected(name, bridge);
            let printed = ovs!(sandbox, "dump-flows {bridge} --no-stats").out();
            assert_eq!(lines(&printed), expected, "{name} {bridge}, any version");
            for version in VERSIONS {
                let protocols = format!("protocols={version}");
                vsctl!(sandbox, "set bridge {bridge} {protocols}");
                let printed = ovs!(sandbox, "dump-flows {bridge} --no-stats").out();
                assert_eq!(lines(&printed), expected, "{name} {bridge} {version}");
            }
        }
    }
}

#[test]
fn a_pinned_version_reads_as_in_ovs_ofctl() {
    let sandbox = Sandbox::neutron(Neutron::Notes);
    for version in VERSIONS {
        for bridge in ["br-int", "br-tun", "br-ens37"] {
            for (ours, theirs) in [("--names", "--names"), ("--no-names", "--no-names")] {
                let printed = ovs!(
                    sandbox,
                    "dump-flows {bridge} -O {version} --no-stats {ours}"
                )
                .out();
                let real = ofctl_lines(
                    &sandbox,
                    &["-O", version, "--no-stats", theirs, "dump-flows", bridge],
                );
                assert!(!real.is_empty());
                assert_eq!(lines(&printed), real, "{bridge} {version} {ours}");
            }
        }
    }
}

/// Durations pass between two commands; everything else must agree.
#[test]
fn statistics_read_as_in_ovs_ofctl() {
    let sandbox = Sandbox::neutron(Neutron::Notes);
    ofctl!(
        sandbox,
        "-O OpenFlow15 add-flow br-int \
         'table=7,idle_timeout=600,hard_timeout=900,importance=5,send_flow_rem,tcp,tp_dst=22 \
         actions=NORMAL'"
    );
    let without_time = |line: &String| -> String {
        line.split(", ")
            .filter(|piece| !piece.starts_with("duration=") && !piece.contains("_age="))
            .collect::<Vec<_>>()
            .join(", ")
    };
    for version in VERSIONS {
        let printed = lines(&ovs!(sandbox, "dump-flows br-int -O {version} --no-names").out());
        let real = ofctl_lines(
            &sandbox,
            &["-O", version, "--no-names", "dump-flows", "br-int"],
        );
        assert!(printed.iter().all(|line| line.contains("duration=")));
        assert_eq!(
            printed.iter().map(without_time).collect::<BTreeSet<_>>(),
            real.iter().map(without_time).collect::<BTreeSet<_>>(),
            "{version}"
        );
    }
    let aged = |version| ovs!(sandbox, "dump-flows br-int -O {version}").out();
    for version in ["OpenFlow10", "OpenFlow15"] {
        assert!(aged(version).lines().all(|line| line.contains("idle_age=")));
    }
}

#[test]
fn what_openflow_1_0_cannot_say_is_printed_whole() {
    let sandbox = Sandbox::empty();
    vsctl!(sandbox, "add-br br0 -- set bridge br0 fail_mode=secure");
    ofctl!(
        sandbox,
        "-O OpenFlow13 add-meter br0 'meter=1 kbps bands=type=drop rate=100'"
    );
    let flow = "table=3,priority=7,in_port=LOCAL \
                actions=meter:1,write_actions(output:IN_PORT),write_metadata:0x5/0xff,goto_table:7";
    ofctl!(sandbox, "-O OpenFlow13 add-flow br0 '{flow}'");
    let whole = "table=3, priority=7,in_port=LOCAL \
                 actions=meter:1,write_actions(IN_PORT),write_metadata:0x5/0xff,goto_table:7\n";
    for protocols in [
        "protocols=OpenFlow10,OpenFlow13",
        "protocols=OpenFlow13",
        "protocols=OpenFlow15",
        "protocols=OpenFlow10,OpenFlow15",
    ] {
        vsctl!(sandbox, "set bridge br0 {protocols}");
        let printed = ovs!(sandbox, "dump-flows br0 table=3 --no-stats").out();
        assert_eq!(printed, whole, "{protocols}");
    }
}

#[test]
fn ports_in_three_spellings() {
    let sandbox = Sandbox::neutron(Neutron::Notes);
    let first = |options: &[&str]| {
        let arguments = [
            &["dump-flows", "br-ens37", "dl_vlan=1", "--no-stats"],
            options,
        ]
        .concat();
        sandbox.ovs(&arguments).out()
    };
    let line = |port: &str| {
        format!(
            "cookie=0x16459bb2ba15e486, priority=4,in_port={port},dl_vlan=1 \
             actions=mod_vlan_vid:66,NORMAL\n"
        )
    };
    assert_eq!(first(&[]), line("\"phy-br-ens37\""));
    assert_eq!(first(&["--names"]), line("\"phy-br-ens37\""));
    assert_eq!(first(&["--ports", "name"]), line("\"phy-br-ens37\""));
    assert_eq!(first(&["--ports", "both"]), line("2(phy-br-ens37)"));
    assert_eq!(first(&["--ports", "number"]), line("2"));
    assert_eq!(first(&["--no-names"]), line("2"));
    // A terminal gets the same bytes as a pipe, colour aside.
    assert_eq!(first(&["--output", "table"]), line("\"phy-br-ens37\""));
    let coloured = first(&["--color", "always"]);
    assert!(coloured.contains("\u{1b}["), "{coloured:?}");
}

/// OpenFlow cuts names at 15 bytes, and these two are alike up to there.
#[test]
fn names_are_whole() {
    let sandbox = Sandbox::empty();
    let (one, two) = ("patch-to-another-bridge-1", "patch-to-another-bridge-2");
    vsctl!(
        sandbox,
        "add-br br0 -- add-br br1 -- add-port br0 {one} -- set interface {one} type=patch \
         options:peer=p1 ofport_request=1 -- add-port br1 p1 -- set interface p1 type=patch \
         options:peer={one} -- add-port br0 {two} -- set interface {two} type=patch \
         options:peer=p2 ofport_request=2 -- add-port br1 p2 -- set interface p2 type=patch \
         options:peer={two}"
    );
    ofctl!(sandbox, "del-flows br0");
    ofctl!(sandbox, "add-flow br0 'in_port=1 actions=output:2'");
    let printed = ovs!(sandbox, "dump-flows br0 --no-stats").out();
    assert_eq!(
        printed,
        format!("in_port=\"{one}\" actions=output:\"{two}\"\n")
    );
    let chosen = ovs!(sandbox, "dump-flows br0 in_port={one} --no-stats").out();
    assert_eq!(chosen, printed);
    // Without the database the names are those that OpenFlow has.
    let endpoint = openflow::socket(&sandbox, "br0");
    let cut = ovs!(sandbox, "dump-flows {endpoint} --no-stats").out();
    assert!(cut.contains("in_port="), "{cut}");
    assert!(!cut.contains(one), "{cut}");
}

#[test]
fn match_by_name_is_chosen_by_the_switch() {
    let sandbox = Sandbox::neutron(Neutron::Notes);
    for (ours, theirs) in [
        ("in_port=qvo6b5e4978-e2", "in_port=31"),
        ("in_port=\"qvo6b5e4978-e2\",arp", "in_port=31,arp"),
        ("in_port=31", "in_port=31"),
        ("table=24,icmp6", "table=24,icmp6"),
        (
            "cookie=0xb24f44812d62c944/-1",
            "cookie=0xb24f44812d62c944/-1",
        ),
        (
            "cookie=0xb20000000000000/0xff0000000000000",
            "cookie=0xb20000000000000/0xff0000000000000",
        ),
        ("dl_vlan=66", "dl_vlan=66"),
        (
            "nd_target=fe80::f816:3eff:fe75:d5a4,icmp6,icmp_type=136",
            "nd_target=fe80::f816:3eff:fe75:d5a4,icmp6,icmp_type=136",
        ),
        ("table=99", "table=99"),
    ] {
        let real = ofctl_lines(
            &sandbox,
            &["--no-stats", "--names", "dump-flows", "br-int", theirs],
        );
        for version in VERSIONS {
            let printed = ovs!(
                sandbox,
                "dump-flows br-int {ours} --no-stats -O {version} --style classic"
            )
            .out();
            // OpenFlow 1.1's standard match has no room for neighbour discovery's target.
            assert_eq!(lines(&printed), real, "{ours} {version}");
        }
    }
    let tun = |arguments: &[&str]| {
        lines(
            &sandbox
                .ovs(&[&["dump-flows", "br-tun", "--no-stats"], arguments].concat())
                .out(),
        )
    };
    let real = ofctl_lines(
        &sandbox,
        &[
            "--no-stats",
            "--names",
            "dump-flows",
            "br-tun",
            "out_port=2",
        ],
    );
    assert_eq!(tun(&["out_port=vxlan-0a000048"]), real);
    assert_eq!(tun(&["--out-port", "vxlan-0a000048"]), real);
    assert_eq!(tun(&["--out-port", "2"]), real);
    assert_eq!(
        tun(&["--table", "22", "--cookie", "0xaaa0e760a7848ec3"]).len(),
        2
    );
    // Those that match on the port, and those that send to it.
    let about = tun(&["--port", "vxlan-0a000048"]);
    assert_eq!(about.len(), real.len() + 1);
    assert!(about.iter().all(|line| line.contains("\"vxlan-0a000048\"")));
    assert_eq!(tun(&["--port", "2"]), about);
}

#[test]
fn json_tells_what_is_on_the_wire() {
    let sandbox = Sandbox::neutron(Neutron::Notes);
    let flows = |arguments: &[&str]| -> Vec<Value> {
        let arguments = [&["dump-flows"], arguments].concat();
        serde_json::from_str(&sandbox.ovs(&arguments).out()).unwrap()
    };
    let all = flows(&["br-ens37", "--json"]);
    assert_eq!(all.len(), 3);
    let flow = all.iter().find(|flow| flow["priority"] == 4).unwrap();
    assert_eq!(flow["cookie"], "0x16459bb2ba15e486");
    assert_eq!(
        flow["match"],
        serde_json::json!({"in_port": {"number": 2, "name": "phy-br-ens37"}, "dl_vlan": 1})
    );
    let set = serde_json::json!({"type": "set_field", "field": "vlan_vid", "value": 66});
    let normal = serde_json::json!({"type": "output", "port": {"name": "NORMAL"}});
    assert_eq!(flow["actions"], serde_json::json!([set, normal]));
    assert!(flow["duration"].is_f64() && flow["n_packets"] == 0);
    let drop = all.iter().find(|flow| flow["priority"] == 2).unwrap();
    assert_eq!(drop["actions"], serde_json::json!([]));
    assert_eq!(
        flows(&["br-int", "table=99", "--json"]),
        Vec::<Value>::new()
    );
    let objects = ovs!(sandbox, "dump-flows br-int --output jsonl").out();
    assert_eq!(objects.lines().count(), 28);
    for object in objects.lines() {
        assert!(serde_json::from_str::<Value>(object).unwrap().is_object());
    }
    for version in VERSIONS {
        assert_eq!(flows(&["br-int", "--json", "-O", version]).len(), 28);
    }
}

#[test]
fn errors_say_what_why_and_what_next() {
    let sandbox = Sandbox::neutron(Neutron::Notes);
    let fails = |arguments: &[&str], code: i32, words: &[&str]| {
        let output = sandbox.ovs(arguments).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {stderr}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        for word in words {
            assert!(
                stderr.contains(word),
                "{arguments:?} should say {word}: {stderr}"
            );
        }
    };
    fails(
        &["dump-flows", "br-itn"],
        3,
        &["\"br-itn\" not found", "did you mean \"br-int\"", "hint:"],
    );
    fails(
        &["dump-flows", "br-int", "in_port=qvo6b5e4978-e3"],
        3,
        &[
            "port \"qvo6b5e4978-e3\" not found on br-int",
            "did you mean \"qvo6b5e4978-e2\"",
        ],
    );
    fails(
        &["dump-flows", "br-int", "--port", "nope"],
        3,
        &["\"nope\" not found"],
    );
    fails(
        &["dump-flows", "br-int", "in_prt=1"],
        2,
        &["in_prt", "in_port", "hint:"],
    );
    fails(
        &["dump-flows", "br-int", "nw_src=1.2.3"],
        2,
        &["nw_src", "1.2.3"],
    );
    fails(&["dump-flows", "br-int", "tcp,tp_dst=99999"], 2, &["99999"]);
    fails(&["dump-flows", "br-int", "--cookie", "x"], 2, &["x"]);
    fails(
        &["dump-flows", "br-int", "table=1", "--table", "2"],
        2,
        &["table"],
    );
    fails(&["dump-flows", "a/b"], 2, &["a/b", "hint:"]);
    fails(&["dump-flows", "tcp:"], 2, &["tcp:"]);
    fails(
        &["dump-flows", "br-int", "--columns", "match"],
        2,
        &["columns"],
    );
    vsctl!(sandbox, "set bridge br-ex protocols=OpenFlow13");
    fails(
        &["dump-flows", "br-ex", "-O", "OpenFlow10"],
        1,
        &["OpenFlow13", "OpenFlow10", "hint:"],
    );
    sandbox.kill_vswitchd();
    fails(
        &["dump-flows", "br-int"],
        4,
        &["\"br-int\" is in the database", "ovs-vswitchd", "hint:"],
    );
    sandbox.kill_ovsdb();
    fails(&["dump-flows", "br-int"], 4, &["db.sock", "hint:"]);
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    let sandbox = Sandbox::empty();
    vsctl!(sandbox, "add-br br0 -- set bridge br0 fail_mode=secure");
    let mut flows = String::new();
    for n in 0..20_000 {
        let vlan = n % 4094;
        writeln!(flows, "priority={n},dl_vlan={vlan} actions=drop").unwrap();
    }
    add(&sandbox, "", "add-flows", "br0", &flows);
    let binary = common::binary();
    let script = format!(
        "{{ '{}' dump-flows br0 --no-stats; echo \"exit $?\" >&2; }} | head -1",
        binary.display()
    );
    let mut command = std::process::Command::new("sh");
    command.arg("-c").arg(script);
    common::clean(&mut command);
    let output = command
        .env("OVS_RUNDIR", sandbox.run_dir())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "exit 0\n");
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 1);
    assert_eq!(
        ovs!(sandbox, "dump-flows br0").out().lines().count(),
        20_000
    );
}

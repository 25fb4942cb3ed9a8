//! What `ovs check` makes of several faults at once: what is one fault is told once, every command of a
//! hint does what it is there for on the switch that has the fault, and a terminal gets messages.

use std::process::{Command, Output};

use ovs::sandbox::{Dummy, Options};
use serde_json::Value;

use crate::common::checks::PATIENCE;
use crate::common::server::within;
use crate::common::{self, Sandbox};

/// A switch whose system ports are the kernel's: what is not there cannot be opened.
fn switch() -> Sandbox {
    let sandbox = Sandbox::start(Options {
        dummy: Dummy::Typed,
        ..Options::default()
    });
    vsctl!(
        sandbox,
        "add-br br0 -- set Bridge br0 datapath_type=dummy protocols=OpenFlow10,OpenFlow13,OpenFlow15 \
         -- add-br br1 -- set Bridge br1 datapath_type=dummy \
         -- add-port br0 tap1 tag=1 -- set Interface tap1 type=dummy \
         -- add-port br0 tap2 tag=2 -- set Interface tap2 type=dummy"
    );
    sandbox
}

fn ofctl(sandbox: &Sandbox, command: &str, what: &str) {
    ofctl!(sandbox, "-O OpenFlow15 {command} br0 '{what}'");
}

fn check(sandbox: &Sandbox) -> Vec<Value> {
    match ovs!(sandbox, "check --json").run().json() {
        Value::Array(findings) => findings,
        other => panic!("{other}"),
    }
}

fn text<'v>(finding: &'v Value, key: &str) -> &'v str {
    finding[key].as_str().unwrap_or_default()
}

/// `FINDING OBJECT` of all.
fn told(sandbox: &Sandbox) -> Vec<String> {
    let line =
        |finding: &Value| format!("{} {}", text(finding, "finding"), text(finding, "object"));
    check(sandbox).iter().map(line).collect()
}

/// A hint leads to the host that was checked; a saved host is changed where it was saved.
#[test]
fn hints_lead_to_the_host() {
    let sandbox = switch();
    vsctl!(sandbox, "add-port br0 pp -- set Interface pp type=patch");
    let hint = |options: &str| {
        let mut told = ovs!("{options} check --severity error --columns finding,hint -o text");
        let told = told.run().stdout;
        let mut lines = told.lines();
        let line = lines.find_map(|line| line.strip_prefix("dangling-patch\t"));
        line.unwrap_or_else(|| panic!("{told}")).to_owned()
    };
    let db = sandbox.db_socket();
    let way = format!("--db unix:{}", db.display());
    let remote = hint(&way);
    for command in ["patch add", "port set", "patch del"] {
        let command = format!("`ovs {way} {command} ");
        assert!(remote.contains(&command), "{remote}");
    }
    let file = sandbox.run_dir().join("conf.db");
    let saved = hint(&format!("--from {}", file.display()));
    for command in ["patch add", "port set", "patch del"] {
        let command = format!("`ovs --host HOST {command} ");
        assert!(saved.contains(&command), "{saved}");
    }
}

#[test]
fn one_fault_is_reported_once() {
    let sandbox = switch();
    let cases: [(&str, &[&str], &str); 7] = [
        // A port that is not there carries no VLAN, nor is it unwired.
        ("add-port br0 gone", &["no-device gone"], "del-port gone"),
        (
            "add-port br0 gone tag=4095",
            &["no-device gone"],
            "del-port gone",
        ),
        // A bond has one member less because the member is not there.
        (
            "add-bond br0 bond0 m1 m2 -- set Interface m1 type=dummy",
            &["no-device m2"],
            "del-port bond0",
        ),
        (
            "add-bond br0 bond0 m1 m2",
            &["bond-down bond0"],
            "del-port bond0",
        ),
        // The key is wrong, and so the port cannot be opened, or has no peer.
        (
            "add-port br0 v0 -- set Interface v0 type=vxlan options:remote-ip=10.0.0.1",
            &["port-error v0"],
            "del-port v0",
        ),
        (
            "add-port br0 p0 -- set Interface p0 type=patch options:peeer=p1",
            &["dangling-patch p0"],
            "del-port p0",
        ),
        // What waits for an end that dangles is mended with it.
        (
            "add-port br0 p0 -- set Interface p0 type=patch options:peer=lost \
             -- add-port br1 p1 -- set Interface p1 type=patch options:peer=p0",
            &["dangling-patch p0"],
            "del-port p0 -- del-port p1",
        ),
    ];
    for (make, expected, mend) in cases {
        vsctl!(sandbox, "--no-wait {make}");
        // Until ovs-vswitchd has looked at it.
        vsctl!(sandbox, "set Open_vSwitch . external_ids:seen=yes");
        assert_eq!(told(&sandbox), expected, "{make}");
        vsctl!(sandbox, "{mend}");
        assert_eq!(told(&sandbox), [""; 0], "{mend}");
    }
    // The second fault of a pair is there once the first is mended.
    vsctl!(sandbox, "--no-wait add-port br0 tap3");
    vsctl!(sandbox, "set Open_vSwitch . external_ids:seen=no");
    assert_eq!(told(&sandbox), ["no-device tap3"]);
    vsctl!(sandbox, "set Interface tap3 type=dummy");
    assert_eq!(told(&sandbox), ["trunks-all tap3"]);
}

/// Faults of which the hint has a command, with names that are no plain words.
fn faulty() -> Sandbox {
    let sandbox = switch();
    for line in [
        "add-port br0 gone tag=1",
        "add-port br0 15 tag=4095 -- set Interface 15 type=dummy",
        "add-port br0 16 -- set Interface 16 type=dummy",
        "add-port br0 tap4 tag=4 trunks=5,6 -- set Interface tap4 type=dummy",
        "add-bond br0 bond0 m1 m2 -- set Interface m1 type=dummy",
        "add-bond br0 bond1 n1 n2",
        "add-port br0 19 tag=1 -- set Interface 19 type=vxlan",
        "add-port br0 p0 -- set Interface p0 type=patch options:peer=lost",
        "add-port br0 p1 -- set Interface p1 type=patch",
        "add-port br0 p2 -- set Interface p2 type=patch options:peer=tap1",
        "add-port br0 p3 -- set Interface p3 type=patch options:peer=away \
         -- add-port br1 p4 -- set Interface p4 type=patch options:peer=p3",
        "add-port br0 p5 -- set Interface p5 type=patch options:peer=p5",
        "add-port br0 patch-to-the-east -- set Interface patch-to-the-east type=patch options:peer=e0 \
         -- add-port br1 e0 -- set Interface e0 type=patch options:peer=patch-to-the-east",
        "add-port br0 patch-to-the-early -- set Interface patch-to-the-early type=patch options:peer=e1 \
         -- add-port br1 e1 -- set Interface e1 type=patch options:peer=patch-to-the-early",
        "add-bond br0 bond2 q1 q2 bond_mode=balance-tcp -- set Interface q1 type=dummy \
         -- set Interface q2 type=dummy",
        "add-bond br0 bond3 r1 r2 lacp=active -- set Interface r1 type=dummy -- set Interface r2 type=dummy",
        "add-port br0 17 tag=5 vlan_mode=native-untagged -- set Interface 17 type=dummy ofport_request=1 \
         -- set Interface tap1 ofport_request=1",
        "add-port br0 18 tag=5 -- set Interface 18 type=dummy bfd:enable=true",
        "set-controller br1 tcp:127.0.0.1:1",
        "add-br br2 -- set Bridge br2 datapath_type=dummy other_config:datapath-id=00000000000000aa",
        "add-br br3 -- set Bridge br3 datapath_type=dummy other_config:datapath-id=00000000000000aa",
        "-- --id=@m create Mirror name=m0 output_vlan=5 -- --id=@n create Mirror name=m0 output_vlan=6 \
         -- --id=@o create Mirror name=m1 output_vlan=7 -- set Bridge br0 mirrors=@m,@n,@o",
        "-- set Port tap1 qos=@q -- --id=@q create QoS type=bogus \
         -- set Port tap2 qos=@r -- --id=@r create QoS type=linux-htb queues:1=@u \
         -- --id=@u create Queue other_config:max-rate=250000000.0",
        "-- create QoS type=linux-htb -- create Queue dscp=3",
    ] {
        vsctl!(sandbox, "--no-wait {line}");
    }
    vsctl!(sandbox, "--no-wait add-port br0 \"it's 1\"");
    vsctl!(sandbox, "--no-wait set Interface \"it's 1\" type=dummy");
    vsctl!(sandbox, "set Open_vSwitch . external_ids:seen=yes");
    ofctl(&sandbox, "add-flow", "in_port=77,actions=drop");
    ofctl(&sandbox, "add-flow", "table=3,actions=output:78");
    ofctl(
        &sandbox,
        "add-group",
        "group_id=1,type=all,bucket=actions=output:88,bucket=actions=group:7",
    );
    ofctl(
        &sandbox,
        "add-flow",
        "in_port=2,actions=controller(meter_id=3)",
    );
    sandbox
}

/// What an operator would put for the words in capitals.
fn filled(command: &str) -> String {
    let mut command = command.to_owned();
    for (word, instead) in [
        ("VID", "7"),
        ("BRIDGE:PORT", "br1:new"),
        ("BRIDGE:", "br1:"),
        ("peer=PORT", "peer=e0"),
        ("_port=PORT", "_port=tap1"),
        ("HEX", "00000000000000ab"),
        ("V,V", "OpenFlow10,OpenFlow13"),
    ] {
        command = command.replace(word, instead);
    }
    command
}

fn shell(sandbox: &Sandbox, line: &str) -> Output {
    let directory = common::binary().parent().unwrap().to_owned();
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new("bash");
    command.args(["-c", line]);
    common::clean(&mut command);
    command
        .env("PATH", format!("{}:{path}", directory.display()))
        .env("OVS_RUNDIR", sandbox.run_dir())
        .output()
        .expect("bash runs")
}

#[test]
fn every_hinted_command_runs() {
    let sandbox = faulty();
    // That there is no partner is known after some seconds.
    within(PATIENCE, || {
        told(&sandbox).contains(&"lacp-no-partner bond3".to_owned())
    });
    let mut kinds = std::collections::BTreeSet::new();
    for finding in check(&sandbox) {
        let hint = text(&finding, "hint");
        let mut commands = hint.split('`').skip(1).step_by(2);
        // Of the flows and groups that send to a port that is not there, one or the other may be none.
        let mut shown = String::new();
        let mut reads = false;
        for command in commands.by_ref().filter(|it| it.starts_with("ovs ")) {
            kinds.insert(text(&finding, "finding").to_owned());
            let mut line = filled(command);
            let is_read = ["show", "list", "dump-flows", "dump-groups", "dump-meters"]
                .iter()
                .any(|verb| line.split(' ').any(|word| word == *verb));
            if !is_read {
                line.push_str(" --dry-run");
            }
            let output = shell(&sandbox, &line);
            let error = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{finding}: {line}: {error}");
            reads |= is_read && !line.contains("dump-meters");
            shown.push_str(&String::from_utf8_lossy(&output.stdout));
        }
        assert!(!reads || !shown.is_empty(), "{hint} shows nothing");
    }
    let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
    assert_eq!(
        kinds,
        [
            "bond-down",
            "bond-needs-lacp",
            "cut-names",
            "dangling-patch",
            "datapath-id-twice",
            "dead-vlan",
            "fail-open",
            "flow-matches-no-port",
            "flow-output-no-port",
            "lacp-no-partner",
            "mirror-selects-nothing",
            "missing-group",
            "missing-meter",
            "native-all",
            "no-device",
            "not-live",
            "ofport-not-granted",
            "orphaned-qos",
            "orphaned-queue",
            "port-error",
            "qos-type",
            "qos-value",
            "self-patch",
            "trunks-all",
            "trunks-ignored",
        ]
    );
}

/// On a terminal of so many columns, without colours.
fn messages(sandbox: &Sandbox, columns: usize, bridge: &str) -> String {
    let mut ovs = ovs!(sandbox, "check {bridge} -o table");
    ovs.env("COLUMNS", columns.to_string()).run().stdout
}

#[test]
fn messages_of_one_and_of_several() {
    let sandbox = switch();
    vsctl!(
        sandbox,
        "add-port br1 p1 -- set Interface p1 type=patch options:peer=none \
         -- set Bridge br1 other_config:mac-tabel-size=9"
    );
    assert_eq!(
        messages(&sandbox, 100, "br1"),
        "error[dangling-patch] br1 p1: its peer none does not exist, or is no patch port\n  \
           hint: make the other end (`ovs patch add br1:p1 BRIDGE:none --may-exist`), name it\n        \
                 (`ovs port set p1 --option peer=PORT`), or remove it (`ovs patch del p1`)\n\
         warning[unknown-key] br1: other_config:mac-tabel-size of table Bridge is not a documented key (did\n    \
             you mean mac-table-size?)\n  \
           hint: remove or correct it; ovs-vswitchd.conf.db(5) lists the keys\n\
         1 error, 1 warning\n"
    );
    // The same of two, with hints that differ in the name; then something else of a third.
    for port in ["qvo b", "tap4"] {
        vsctl!(sandbox, "--no-wait add-port br0 '{port}'");
        vsctl!(sandbox, "set Interface '{port}' type=dummy");
    }
    assert_eq!(
        messages(&sandbox, 60, "br0"),
        "warning[trunks-all] br0 qvo b, tap4: it has neither tag nor\n    \
             trunks, and carries every VLAN; tap1 has tag 1\n  \
           hint for qvo b: give it a tag (`ovs tag set 'qvo b' VID`),\n        \
                 or confirm that it is intended:\n        \
                 `ovs tag set 'qvo b' --vlan-mode trunk`\n\
         2 warnings\n"
    );
    ofctl(&sandbox, "add-flow", "in_port=77,actions=drop");
    ofctl(&sandbox, "add-flow", "in_port=78,actions=drop");
    vsctl!(sandbox, "set Port tap4 tag=4");
    vsctl!(sandbox, "set Port 'qvo b' tag=4");
    assert_eq!(
        messages(&sandbox, 200, "br0"),
        "warning[flow-matches-no-port] flows that match on a port that the bridge does not have:\n  \
           br0 port 77: table=0,in_port=77 matches on it\n  \
           br0 port 78: table=0,in_port=78 matches on it\n  \
           hint for port 77: delete them by the program that added them, or add the port; \
         `ovs dump-flows br0 --port 77` shows them\n\
         2 warnings\n"
    );
    // What is no table is a record each, as ever.
    let lines = ovs!(sandbox, "check br0").out();
    assert_eq!(lines.lines().count(), 2, "{lines}");
    ovs!(sandbox, "check br0 -o table --columns finding,object").prints(
        "FINDING               OBJECT\n\
         flow-matches-no-port  port 77\n\
         flow-matches-no-port  port 78\n",
    );
}

/// Thousands of findings, and names that end a line, act on a terminal, or are like the text around them.
#[test]
fn many_and_hostile_names() {
    let sandbox = switch();
    let add = |number| format!("-- add-port br0 t{number} -- set Interface t{number} type=dummy");
    let ports: Vec<String> = (0..1000).map(add).collect();
    vsctl!(sandbox, "{}", ports.join(" "));
    for name in ["hint: `x\u{1b}[31m", "error[x] a\nb: c`"] {
        vsctl!(
            sandbox,
            "add-port br0 '{name}' -- set Interface '{name}' type=dummy"
        );
    }
    let said = messages(&sandbox, 100, "br0");
    assert!(said.starts_with("warning[trunks-all] br0 "), "{said}");
    assert!(said.ends_with("\n1002 warnings\n"), "{said}");
    assert!(!said.contains('\u{1b}'), "{said}");
    let begins = said.lines().filter(|line| !line.starts_with("  "));
    assert_eq!(begins.count(), 2, "{said}");
}

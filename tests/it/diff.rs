//! `ovs diff`: two live hosts, also by ssh, and a host with its database as it was before.

use std::fs;

use ovs::sandbox::Neutron;
use serde_json::json;

use crate::common::Sandbox;
use crate::common::openflow::add;
use crate::common::sshd::Sshd;
use crate::sos::sos_report;

const HOST: &str = "add-br br-int -- set bridge br-int fail_mode=secure datapath_type=dummy \
    -- add-port br-int p1 tag=5 -- set interface p1 type=dummy ofport_request=1 external_ids:iface-id=one \
    -- add-br br-tun -- set bridge br-tun datapath_type=dummy fail_mode=secure -- add-port br-int patch-tun -- set interface patch-tun type=patch ofport_request=2 options:peer=patch-int \
    -- add-port br-tun patch-int -- set interface patch-int type=patch ofport_request=1 options:peer=patch-tun";

const FLOWS: &str = "\
priority=10,in_port=p1,actions=group:1
priority=5,tcp,tp_dst=80,actions=mod_vlan_vid:7,NORMAL
priority=0,actions=drop";

/// Two hosts with the same configuration, flows and groups.
fn two_hosts() -> [Sandbox; 2] {
    let host = || {
        let sandbox = Sandbox::with(HOST);
        add(
            &sandbox,
            "-OOpenFlow13",
            "add-groups",
            "br-int",
            "group_id=1,type=all,bucket=actions=output:patch-tun",
        );
        add(&sandbox, "-OOpenFlow13", "add-flows", "br-int", FLOWS);
        // A sandbox has an identity of its own.
        vsctl!(
            sandbox,
            "set open_vswitch . external_ids={{system-id=here}}"
        );
        sandbox
    };
    [host(), host()]
}

fn endpoint(sandbox: &Sandbox) -> String {
    format!("unix:{}", sandbox.db_socket().display())
}

#[test]
fn equal_hosts() {
    let [first, second] = two_hosts();
    let flows: Vec<String> = (0..10_000)
        .map(|number| {
            format!(
                "table=1,priority={},dl_vlan={},actions=drop\n",
                number / 4000,
                number % 4000
            )
        })
        .collect();
    for sandbox in [&first, &second] {
        add(sandbox, "", "add-flows", "br-int", &flows.concat());
    }
    let first = endpoint(&first);
    ovs!(second, "diff {first} now")
        .ok()
        .prints("")
        .says_nothing();
    ovs!(second, "diff now {first} --json").ok().prints("[]\n");
}

/// What differs after an instance was created.
#[test]
fn created_instance() {
    let [before, after] = two_hosts();
    vsctl!(
        after,
        "add-port br-int qvo1 tag=7 -- set interface qvo1 type=dummy ofport_request=3 external_ids:iface-id=two \
         -- set port p1 tag=6 -- clear interface p1 external_ids -- del-port patch-int \
         -- set-controller br-tun tcp:127.0.0.1:6653 -- set controller br-tun max_backoff=5000"
    );
    add(
        &after,
        "",
        "add-flows",
        "br-int",
        "priority=10,in_port=qvo1,actions=NORMAL",
    );
    ofctl!(
        after,
        "mod-flows br-int tcp,tp_dst=80,actions=mod_vlan_vid:8,NORMAL"
    );
    ofctl!(
        after,
        "-OOpenFlow13 add-group br-int group_id=2,type=all,bucket=actions=output:qvo1"
    );
    let before = endpoint(&before);
    let out = ovs!(after, "diff {before} now").exits(1).stdout;
    let expected = "\
+bridge br-tun controller={\"max_backoff\":5000,\"target\":\"tcp:127.0.0.1:6653\"}
-port p1 tag=5
+port p1 tag=6
-port patch-int bridge=br-tun
+port qvo1 bridge=br-int tag=7
-interface p1 external_ids:iface-id=one
-interface patch-int ofport=1 ofport_request=1 options:peer=patch-tun type=patch
+interface qvo1 external_ids:iface-id=two ofport=3 ofport_request=3 type=dummy
+flow br-int: priority=10,in_port=qvo1 actions=NORMAL
-flow br-int: priority=5,tcp,tp_dst=80 actions=mod_vlan_vid:7,NORMAL
+flow br-int: priority=5,tcp,tp_dst=80 actions=mod_vlan_vid:8,NORMAL
+group br-int: group_id=2,type=all,bucket=bucket_id:0,actions=output:qvo1
";
    assert_eq!(out, expected);
    let changes = ovs!(after, "diff {before} now --json").exits(1).json();
    let changes = changes.as_array().unwrap();
    assert!(changes.contains(&json!({
        "kind": "port", "name": "p1", "change": "modified", "before": {"tag": 5}, "after": {"tag": 6},
    })));
    // The other way round.
    let swapped = |text: &str| {
        let mut lines: Vec<String> = text
            .lines()
            .map(|line| match line.split_at(1) {
                ("-", rest) => format!("+{rest}"),
                (_, rest) => format!("-{rest}"),
            })
            .collect();
        lines.sort();
        lines
    };
    let back = ovs!(after, "diff now {before}").exits(1).stdout;
    let mut lines: Vec<&str> = out.lines().collect();
    lines.sort_unstable();
    assert_eq!(swapped(&back), lines);
}

/// A file of the database has no flows: that is said, and is no difference.
#[test]
fn database_file() {
    let sandbox = Sandbox::with(HOST);
    let dir = tempfile::tempdir().unwrap();
    let before = dir.path().join("before");
    fs::write(&before, sandbox.ovsdb_client(&["backup"])).unwrap();
    let before = before.display();
    let unknown = "not compared, not in the report: flows of br-int, groups of br-int, meters of br-int, flows of br-tun, groups of br-tun, \
        meters of br-tun";
    ovs!(sandbox, "diff {before} now")
        .ok()
        .prints("")
        .says(unknown);
    vsctl!(sandbox, "set port p1 tag=6");
    let line = "-port p1 tag=5\n+port p1 tag=6\n";
    ovs!(sandbox, "diff {before} now")
        .exits(1)
        .prints(line)
        .says(unknown);
    ovs!(sandbox, "diff {before} {before}").ok().prints("");
    // A dump has no schema, but state.
    for format in ["list", "table", "json"] {
        let dump = dir.path().join(format);
        fs::write(&dump, sandbox.ovsdb_client(&["dump", "--format", format])).unwrap();
        let dump = dump.display();
        ovs!(sandbox, "diff {dump} now")
            .ok()
            .prints("")
            .says(unknown);
        ovs!(sandbox, "diff {before} {dump}").exits(1).prints(line);
    }
}

/// Meters are compared as `ovs-ofctl dump-meters` has them: not by their counters.
#[test]
fn meters() {
    let [before, after] = two_hosts();
    let meters = |sandbox: &Sandbox, meters: &[&str]| {
        for meter in meters {
            ofctl!(sandbox, "-OOpenFlow13 add-meter br-int {meter}");
        }
    };
    let drop = "bands=type=drop,rate=1000";
    meters(
        &before,
        &[
            "meter=1,kbps,burst,bands=type=drop,rate=1000,burst_size=7",
            "meter=2,pktps,bands=type=drop,rate=5",
            "meter=3,kbps,stats,bands=type=drop,rate=9",
        ],
    );
    meters(
        &after,
        &[
            "meter=1,kbps,burst,bands=type=drop,rate=1000,burst_size=8",
            "meter=3,kbps,stats,bands=type=drop,rate=9",
            &format!("meter=controller,pktps,{drop}"),
        ],
    );
    let first = endpoint(&before);
    let out = ovs!(after, "diff {first} now").exits(1).stdout;
    let expected = "\
-meter br-int: meter=1 kbps burst bands=type=drop rate=1000 burst_size=7
+meter br-int: meter=1 kbps burst bands=type=drop rate=1000 burst_size=8
-meter br-int: meter=2 pktps bands=type=drop rate=5
+meter br-int: meter=controller pktps bands=type=drop rate=1000
";
    assert_eq!(out, expected);
    // Each line is one of what ovs-ofctl prints, but for the blanks.
    let dumped = [&before, &after].map(|sandbox| {
        let dump = ofctl!(sandbox, "-OOpenFlow13 dump-meters br-int");
        dump.split_whitespace().collect::<Vec<_>>().concat()
    });
    for line in out.lines() {
        let (mark, meter) = line.split_once("meter br-int: ").unwrap();
        let dump = &dumped[usize::from(mark == "+")];
        assert!(dump.contains(&meter.replace(' ', "")), "{meter}: {dump}");
    }
    let changes = ovs!(after, "diff {first} now --json").exits(1).json();
    assert_eq!(
        changes[1],
        json!({
            "kind": "meter", "bridge": "br-int", "change": "removed",
            "before": {"meter_id": 2, "flags": ["pktps"], "bands": [{"type": "drop", "rate": 5}]},
        })
    );
    // The same of a saved host.
    let dir = tempfile::tempdir().unwrap();
    let saved = dir.path().join("before");
    let saved = saved.display();
    ovs!(before, "save {saved}").ok();
    ovs!(after, "diff {saved} now")
        .exits(1)
        .prints(expected)
        .says_nothing();
    // OpenFlow 1.0 has no meters.
    vsctl!(after, "set bridge br-int protocols=OpenFlow10");
    let without = ovs!(after, "diff {first} now").exits(1);
    assert!(!without.stdout.contains("meter"), "{}", without.stdout);
    without.says("meters need OpenFlow 1.3 or later: those of br-int");
}

/// A bridge that allows only OpenFlow versions without meters has none to compare: not live, and not saved.
#[test]
fn bridges_without_meters() {
    let [before, after] = two_hosts();
    for sandbox in [&before, &after] {
        vsctl!(sandbox, "set bridge br-int protocols=OpenFlow10,OpenFlow12");
    }
    let first = endpoint(&before);
    let dir = tempfile::tempdir().unwrap();
    let saved = dir.path().join("before");
    let saved = saved.display();
    ovs!(before, "save {saved}").ok();
    for first in [&first, &saved.to_string()] {
        ovs!(after, "diff {first} now")
            .ok()
            .prints("")
            .says_nothing();
    }
    // The other side has none, though it might.
    vsctl!(after, "set bridge br-int protocols=OpenFlow12,OpenFlow13");
    ovs!(after, "diff {first} now").exits(1).says_nothing();
    ovs!(after, "diff {saved} now").exits(1).says_nothing();
    // Of the bridge as it is, they are not asked for.
    vsctl!(after, "clear bridge br-int protocols -- del-br br-tun");
    vsctl!(
        before,
        "clear bridge br-int protocols -- set bridge br-tun protocols=OpenFlow10"
    );
    ovs!(after, "diff {first} now -O OpenFlow10")
        .exits(1)
        .says("meters need OpenFlow 1.3 or later: those of br-int");
    ovs!(before, "save {saved} --force").ok();
    ovs!(after, "diff {saved} now").exits(1).says_nothing();
}

/// Rows without a name are compared by what they have: as settings of what refers to them, else whole.
#[test]
fn rows_without_a_name() {
    let [before, after] = two_hosts();
    for (sandbox, timeout, dscp) in [(&before, 20, 5), (&after, 30, 6)] {
        vsctl!(
            sandbox,
            "--id=@d create Datapath ct_zones:1=@z -- --id=@z create CT_Zone timeout_policy=@t \
             -- --id=@t create CT_Timeout_Policy timeouts:icmp_reply={timeout} timeouts:icmp_first=7 \
             -- set open_vswitch . datapaths:system=@d \
             -- --id=@b get bridge br-int -- --id=@i create IPFIX targets='\"10.0.0.{dscp}:4739\"' \
             -- create Flow_Sample_Collector_Set id=7 bridge=@b ipfix=@i \
             -- create Flow_Sample_Collector_Set id=8 bridge=@b \
             -- create Queue dscp={dscp} -- create Queue dscp=9 -- --id=@q create Queue dscp=10 \
             -- create QoS type=linux-htb queues:3=@q"
        );
    }
    vsctl!(after, "create Queue dscp=9");
    let before = endpoint(&before);
    ovs!(after, "diff {before} now").exits(1).prints(
        "\
-open_vswitch datapaths:system={\"ct_zones:1\":{\"timeout_policy\":{\"timeouts:icmp_first\":7,\"timeouts:icmp_reply\":20}}}
+open_vswitch datapaths:system={\"ct_zones:1\":{\"timeout_policy\":{\"timeouts:icmp_first\":7,\"timeouts:icmp_reply\":30}}}
-row Flow_Sample_Collector_Set bridge=br-int id=7 ipfix={\"targets\":\"10.0.0.5:4739\"}
+row Flow_Sample_Collector_Set bridge=br-int id=7 ipfix={\"targets\":\"10.0.0.6:4739\"}
-row Queue dscp=5
+row Queue dscp=6
+row Queue dscp=9
",
    );
    let changes = ovs!(after, "diff now {before} --json").exits(1).json();
    let row = json!({"kind": "row", "name": "Queue", "change": "added", "after": {"dscp": 5}});
    assert!(changes.as_array().unwrap().contains(&row), "{changes}");
}

/// Of a bridge that one host has, the numbers of its entries.
#[test]
fn bridge_of_one_host() {
    let [before, after] = two_hosts();
    ofctl!(
        before,
        "-OOpenFlow13 add-meter br-int meter=1,kbps,bands=type=drop,rate=5"
    );
    vsctl!(
        after,
        "del-br br-int -- add-br br-new -- set bridge br-new datapath_type=dummy fail_mode=secure"
    );
    let first = endpoint(&before);
    let out = ovs!(after, "diff {first} now").exits(1).stdout;
    assert!(out.contains("-bridge br-int "), "{out}");
    assert!(out.contains("+bridge br-new "), "{out}");
    let entries: Vec<&str> = out
        .lines()
        .filter(|line| line.contains("entries"))
        .collect();
    assert_eq!(entries, ["-entries br-int: 3 flows, 1 group, 1 meter"]);
    assert_eq!(
        ofctl!(before, "dump-aggregate br-int")
            .split("flow_count=")
            .nth(1)
            .unwrap()
            .trim(),
        "3"
    );
    let changes = ovs!(after, "diff now {first} --json").exits(1).json();
    let entries: Vec<_> = changes
        .as_array()
        .unwrap()
        .iter()
        .filter(|change| change["kind"] == "entries")
        .collect();
    assert_eq!(
        json!(entries),
        json!([
            {"kind": "entries", "bridge": "br-int", "change": "added", "flows": 3, "groups": 1, "meters": 1},
            {"kind": "entries", "bridge": "br-new", "change": "removed", "flows": 0, "groups": 0, "meters": 0},
        ])
    );
    // Of a file of the database they are unknown.
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("before");
    fs::write(&file, before.ovsdb_client(&["backup"])).unwrap();
    let file = file.display();
    let changes = ovs!(after, "diff {file} now --json")
        .exits(1)
        .says("flows of br-int");
    let unknown = json!({"kind": "entries", "bridge": "br-int", "change": "removed", "flows": null, "groups": null, "meters": null});
    assert!(changes.json().as_array().unwrap().contains(&unknown));
}

/// `now` is the host of --host; `host:NAME` is another one by ssh.
#[test]
fn hosts_by_ssh() {
    let [first, second] = two_hosts();
    let sshd = Sshd::start("");
    ofctl!(second, "add-flow br-tun priority=3,actions=drop");
    let here = endpoint(&second);
    let line = "+flow br-tun: priority=3 actions=drop\n";
    sshd.ovs(&first, &format!("diff now {here}"))
        .exits(1)
        .prints(line)
        .says_nothing();
    sshd.ovs(&first, "diff now now")
        .ok()
        .prints("")
        .says_nothing();
    let database = endpoint(&first);
    let by_name = |sides: &str| sshd.ovs_here(&format!("--db {database} diff {sides}"));
    by_name(&format!("host:web {here}"))
        .exits(1)
        .prints(line)
        .says_nothing();
    by_name("host:web now").ok().prints("").says_nothing();
    // The failure names the host that it is of.
    by_name("now host:elsewhere.invalid").fails(4, "elsewhere.invalid: ");
    sshd.ovs(&first, "diff now unix:/nosuch/db.sock")
        .fails(4, "ovs: cannot connect to unix:/nosuch/db.sock");
    sshd.ovs_without_database("diff unix:/nosuch/db.sock now")
        .fails(4, "unix:/nosuch");
    sshd.ovs_without_database(&format!("diff {here} now"))
        .fails(4, "ovs: web: ");
    by_name("now host:").fails(2, "host");
}

#[test]
fn wrong_sides() {
    let sandbox = Sandbox::empty();
    ovs!(sandbox, "diff nosuch now").fails(3, "no file \"nosuch\"");
    ovs!(sandbox, "diff now unix:/nosuch/db.sock").fails(4, "/nosuch/db.sock");
    ovs!(sandbox, "diff now Cargo.toml").fails(2, "no database");
    ovs!(sandbox, "diff now now --columns name").fails(2, "no columns");
    // The host as it is now is not a saved one.
    ovs!(sandbox, "--from b.tar diff a.tar now")
        .fails(2, "diff has no --from")
        .says("hint: `ovs diff a.tar b.tar`");
    ovs!(sandbox, "--from a.tar diff a.tar now")
        .exits(2)
        .says("hint: `ovs diff a.tar now`");
    ovs!(sandbox, "diff now x.db --from a.db --from br=b.txt")
        .fails(2, "diff has no --from")
        .says("then `ovs diff FILE x.db`");
    ovs!(sandbox, "--host a,b diff now x.db")
        .fails(2, "diff compares two hosts")
        .says("A and B are also host:NAME");
}

/// A report of sos has other OpenFlow versions than a file of `ovs save`: the flows are compared all the same.
#[test]
fn saved_in_other_versions_of_openflow() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("host.tar.zst");
    ovs!(sandbox, "save {}", file.display()).ok();
    let tree = sos_report(&sandbox, &["OpenFlow10", "OpenFlow13"]);
    let line = format!("diff {} {}", file.display(), tree.path().display());
    let diff = ovs!("{line}").exits(0).prints("");
    assert!(!diff.stderr.contains("flows of"), "{}", diff.stderr);
    let flow = "table=90,priority=3,tcp,tp_dst=80,actions=mod_vlan_vid:7,NORMAL";
    ofctl!(sandbox, "add-flow br-int {flow}");
    let tree = sos_report(&sandbox, &["OpenFlow10", "OpenFlow13"]);
    let line = format!("diff {} {}", file.display(), tree.path().display());
    let diff = ovs!("{line}").exits(1);
    assert_eq!(diff.stdout.lines().count(), 1, "{}", diff.stdout);
    diff.shows("table=90").says(
        "br-int: flows in OpenFlow15 are compared with flows in OpenFlow13: what one version",
    );
}

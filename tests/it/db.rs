//! `ovs db`: rows of any table, side by side with the real ovs-vsctl.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::common::{self, Sandbox};

/// A bridge with a port, without what a switch would write into them.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.vsctl(&[
        "add-br",
        "br0",
        "--",
        "add-port",
        "br0",
        "p1",
        "tag=7",
        "trunks=1,2,3",
        "vlan_mode=native-tagged",
        "--",
        "set",
        "Interface",
        "p1",
        "type=internal",
        "external_ids:iface-id=x",
        "--",
        "set",
        "Port",
        "p1",
        "other_config:a=b",
    ]);
    sandbox
}

/// A column of p1, as ovs-vsctl prints it.
fn port(sandbox: &Sandbox, column: &str) -> String {
    sandbox
        .vsctl(&["get", "Port", "p1", column])
        .trim()
        .to_owned()
}

#[test]
fn get_is_that_of_ovs_vsctl() {
    let sandbox = sandbox();
    for (table, record, columns) in [
        ("Port", "p1", &["name", "tag", "vlan_mode", "_uuid"][..]),
        (
            "port",
            "p1",
            &["other_config:a", "other-config:a", "TAG", "vlan-m"],
        ),
        ("p", "p1", &["bond_downdelay"]),
        ("Interface", "br0", &["type", "name"]),
        ("bridge", "br0", &["stp_enable", "datapath_version"]),
        ("open", ".", &["next_cfg", "_uuid", "cur_cfg"]),
    ] {
        let ours: Vec<String> = sandbox
            .ovs_stdout(&[&["db", "get", table, record], columns].concat())
            .trim_end()
            .split('\t')
            .map(str::to_owned)
            .collect();
        let real = sandbox.vsctl(&[&["get", table, record], columns].concat());
        let real: Vec<&str> = real.lines().map(|line| line.trim_matches('"')).collect();
        assert_eq!(ours, real, "{table} {record} {columns:?}");
    }
    let uuid = port(&sandbox, "_uuid");
    assert_eq!(
        sandbox.ovs_stdout(&["db", "get", "Port", &uuid, "name"]),
        "p1\n"
    );
    assert_eq!(
        sandbox.ovs_stdout(&["db", "get", "Port", &uuid[..8], "name"]),
        "p1\n"
    );
    assert_eq!(
        sandbox.ovs_stdout(&["db", "get", "Port", "p1", "-g", "trunks"]),
        "1,2,3\n"
    );
    let get = sandbox.ovs_stdout(&[
        "db",
        "get",
        "Port",
        "p1",
        "tag",
        "trunks",
        "cvlans",
        "qos",
        "other_config",
        "other_config:a",
        "fake_bridge",
        "--json",
    ]);
    assert_eq!(
        serde_json::from_str::<Value>(&get).unwrap(),
        json!({"tag": 7, "trunks": [1, 2, 3], "cvlans": [], "qos": null, "other_config": {"a": "b"},
               "other_config:a": "b", "fake_bridge": false})
    );
    assert_eq!(
        sandbox.ovs_stdout(&["db", "get", "Port", "p1", "tag", "qos", "-o", "table"]),
        "tag  7\nqos  -\n"
    );
    assert_eq!(
        sandbox.ovs_stdout(&["db", "get", "--if-exists", "Port", "nope", "tag"]),
        ""
    );
    assert_eq!(
        sandbox.ovs_stdout(&["db", "get", "--if-exists", "Port", "p1", "other_config:x"]),
        "-\n"
    );
}

#[test]
fn records_by_what_refers_to_them() {
    let sandbox = sandbox();
    sandbox.vsctl(&["set-controller", "br0", "tcp:127.0.0.1:1"]);
    sandbox.vsctl(&["set-manager", "ptcp:16640:127.0.0.1"]);
    sandbox.vsctl(&[
        "--",
        "set",
        "Port",
        "p1",
        "qos=@q",
        "--",
        "--id=@q",
        "create",
        "QoS",
        "type=linux-htb",
        "--",
        "--id=@m",
        "create",
        "Mirror",
        "name=m0",
        "--",
        "add",
        "Bridge",
        "br0",
        "mirrors",
        "@m",
        "--",
        "--id=@n",
        "create",
        "NetFlow",
        "targets=\"127.0.0.1:1\"",
        "--",
        "set",
        "Bridge",
        "br0",
        "netflow=@n",
    ]);
    for (table, record) in [
        ("Controller", "br0"),
        ("Manager", "ptcp:16640:127.0.0.1"),
        ("QoS", "p1"),
        ("Mirror", "m0"),
        ("NetFlow", "br0"),
        ("Open_vSwitch", "."),
        ("Mirror", "."),
    ] {
        assert_eq!(
            sandbox.ovs_stdout(&["db", "get", table, record, "_uuid"]),
            sandbox.vsctl(&["get", table, record, "_uuid"]),
            "{table} {record}"
        );
    }
    assert_eq!(
        sandbox.ovs_stdout(&["db", "get", "Controller", "tcp:127.0.0.1:1", "target"]),
        "tcp:127.0.0.1:1\n"
    );
    sandbox.vsctl(&[
        "set-controller",
        "br0",
        "tcp:127.0.0.1:1",
        "tcp:127.0.0.1:2",
    ]);
    sandbox
        .ovs(&["db", "get", "Controller", "br0"])
        .assert()
        .code(1);
    sandbox.ovs(&["db", "get", "Port", "."]).assert().code(1);
}

#[test]
fn list_and_find() {
    let sandbox = sandbox();
    sandbox.vsctl(&[
        "add-port",
        "br0",
        "p2",
        "tag=9",
        "--",
        "set",
        "Interface",
        "p2",
        "type=internal",
    ]);
    let json = sandbox.ovs_stdout(&["db", "list", "Port", "--columns", "name,tag", "--json"]);
    let mut ports: Vec<(String, Value)> = serde_json::from_str::<Vec<Value>>(&json)
        .unwrap()
        .iter()
        .map(|port| {
            (
                port["name"].as_str().unwrap().to_owned(),
                port["tag"].clone(),
            )
        })
        .collect();
    ports.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(
        ports,
        [
            ("br0".into(), json!(null)),
            ("p1".into(), json!(7)),
            ("p2".into(), json!(9))
        ]
    );
    // Record by record, _uuid first and then by name, as ovs-vsctl has it.
    let names = |text: String| -> Vec<String> {
        let names = text.lines().filter(|line| !line.starts_with(' '));
        names
            .filter_map(|line| line.split_whitespace().next())
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(
        names(sandbox.ovs_stdout(&["db", "list", "Port", "p1", "-o", "table"])),
        names(sandbox.vsctl(&["list", "Port", "p1"]))
    );
    let two = sandbox.ovs_stdout(&[
        "db",
        "list",
        "Port",
        "p1",
        "p2",
        "--columns",
        "name,ta",
        "-o",
        "table",
    ]);
    assert_eq!(two, "name  p1\ntag   7\n\nname  p2\ntag   9\n");
    for conditions in [
        &["tag=7"][..],
        &["tag!=7"],
        &["tag>7"],
        &["tag<8"],
        &["tag>=7", "name!=p2"],
        &["tag=[]"],
        &["trunks=3,2,1"],
        &["trunks{>=}1,2"],
        &["trunks{<=}1,2,3,4"],
        &["trunks{<}1,2,3"],
        &["trunks{>}1,2"],
        &["trunks{=}1-3"],
        &["trunks{!=}[]"],
        &["trunks{in}1,2,3"],
        &["trunks{not-in}5"],
        &["trunks{not-in}1"],
        &["trunks>1,2"],
        &["other_config:a=b"],
        &["other_config:a!=c"],
        &["other_config:a{=}b"],
        &["other_config:a{!=}c"],
        &["other_config:x{!=}c"],
        &["other-config{>=}a=b"],
        &["vlan_mode=native-tagged"],
        &["name=\"p1\""],
        &["fake_bridge=false"],
        &["fake_bridge=true"],
    ] {
        let real =
            sandbox.vsctl(&[&["--bare", "--columns=name", "find", "Port"], conditions].concat());
        let mut real: Vec<&str> = real.split_whitespace().collect();
        let ours =
            sandbox.ovs_stdout(&[&["db", "find", "Port", "-g", "name"], conditions].concat());
        let mut ours: Vec<&str> = ours.lines().collect();
        real.sort_unstable();
        ours.sort_unstable();
        assert_eq!(ours, real, "{conditions:?}");
    }
    sandbox
        .ovs(&["db", "find", "Port", "tag=100", "--json"])
        .assert()
        .success()
        .stdout("[]\n");
}

/// Every table there is can be listed.
#[test]
fn all_tables() {
    let sandbox = sandbox();
    for table in [
        "AutoAttach",
        "Bridge",
        "CT_Timeout_Policy",
        "CT_Zone",
        "Controller",
        "Datapath",
        "Flow_Sample_Collector_Set",
        "Flow_Table",
        "IPFIX",
        "Interface",
        "Manager",
        "Mirror",
        "NetFlow",
        "Open_vSwitch",
        "Port",
        "QoS",
        "Queue",
        "SSL",
        "sFlow",
    ] {
        let ours = sandbox.ovs_stdout(&["db", "list", table, "-g", "_uuid"]);
        let real = sandbox.vsctl(&["--bare", "--columns=_uuid", "list", table]);
        let mut ours: Vec<&str> = ours.split_whitespace().collect();
        let mut real: Vec<&str> = real.split_whitespace().collect();
        ours.sort_unstable();
        real.sort_unstable();
        assert_eq!(ours, real, "{table}");
    }
}

#[test]
fn changes_are_those_of_ovs_vsctl() {
    // The same arguments to both tools, each on its own switch.
    let (ours, real) = (sandbox(), sandbox());
    for arguments in [
        &[
            "set",
            "Port",
            "p1",
            "tag=9",
            "trunks=1-5,10",
            "other_config:\"x y\"=\"a=b\"",
        ][..],
        &[
            "set",
            "port",
            "p1",
            "other_config:c=d:e",
            "vlan-mode=access",
        ],
        &["add", "Port", "p1", "trunks", "20", "30-32"],
        &["add", "Port", "p1", "other_config", "new=1", "newer=2"],
        &["remove", "Port", "p1", "trunks", "1", "99", "3-4"],
        &[
            "remove",
            "Port",
            "p1",
            "other_config",
            "c",
            "a=nope",
            "none",
        ],
        &["set", "Port", "p1", "trunks=[]"],
        &["remove", "Port", "p1", "other_config", "new=1"],
        &[
            "set",
            "Port",
            "p1",
            "external_ids={a=b, \"c d\"=\"e\\\"f\"}",
        ],
        &["clear", "Port", "p1", "tag", "other_config"],
        &["set", "Port", "p1", "bond_fake_iface=yes", "bond_updelay=7"],
        &["add", "Port", "p1", "tag", "5"],
        &["set", "Open_vSwitch", ".", "other_config:max-idle=30000"],
    ] {
        ours.ovs(&[&["db"], arguments].concat()).assert().success();
        real.vsctl(arguments);
        for column in [
            "tag",
            "trunks",
            "vlan_mode",
            "other_config",
            "external_ids",
            "bond_fake_iface",
            "bond_updelay",
        ] {
            assert_eq!(
                port(&ours, column),
                port(&real, column),
                "{arguments:?} {column}"
            );
        }
    }
    assert_eq!(
        ours.vsctl(&["get", "Open_vSwitch", ".", "other_config"]),
        real.vsctl(&["get", "Open_vSwitch", ".", "other_config"])
    );
    for arguments in [
        &["set", "Port", "nope", "tag=1"][..],
        &["remove", "Port", "nope", "tag", "1"],
        &["clear", "Port", "nope", "tag"],
        &["add", "Port", "nope", "tag", "1"],
    ] {
        real.vsctl(&[&["--if-exists"], arguments].concat());
        ours.ovs(&[&["db"], arguments, &["--if-exists"]].concat())
            .assert()
            .success()
            .stdout("unchanged\n");
    }
    // A key that is there stays as it is, as ovs-vsctl(8) says; ovs-vsctl 3.1 itself replaces it where
    // add is its last command.
    ours.ovs(&["db", "set", "Port", "p1", "external_ids:a=b"])
        .assert()
        .success();
    ours.ovs(&["db", "add", "Port", "p1", "external_ids", "a=c"])
        .assert()
        .success()
        .stdout("unchanged\n");
    let said = ours.ovs_stdout(&["db", "set", "Port", "p1", "tag=6", "--json"]);
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said[0]["kind"], "port");
    assert_eq!(
        (&said[0]["before"], &said[0]["after"]),
        (&json!({"tag": 5}), &json!({"tag": 6}))
    );
    ours.ovs(&["db", "set", "Port", "p1", "tag=6"])
        .assert()
        .success()
        .stdout("unchanged\n");
    let dry = ours.ovs_stdout(&["db", "set", "Port", "p1", "tag=8", "--dry-run"]);
    assert!(dry.starts_with("changed\tport\tp1"), "{dry}");
    assert_eq!(port(&ours, "tag"), "6");
}

#[test]
fn what_is_refused_changes_nothing() {
    let sandbox = sandbox();
    sandbox.vsctl(&[
        "--",
        "set",
        "Port",
        "p1",
        "qos=@q",
        "--",
        "--id=@q",
        "create",
        "QoS",
        "type=linux-htb",
    ]);
    let qos = port(&sandbox, "qos");
    let next_cfg = || sandbox.vsctl(&["get", "Open_vSwitch", ".", "next_cfg"]);
    let before = next_cfg();
    for (arguments, code, words) in [
        (
            &["set", "Prot", "p1", "tag=1"][..],
            2,
            "there is no table \"Prot\" (did you mean \"Port\"?)",
        ),
        (
            &["set", "C", "p1", "tag=1"],
            2,
            "CT_Timeout_Policy, CT_Zone, Controller",
        ),
        (
            &["set", "Port", "p1", "taag=1"],
            2,
            "there is no column \"taag\" in table Port (did you mean \"tag\"?)",
        ),
        (
            &["set", "Port", "p1", "bond=1"],
            2,
            "could be any of bond_active_slave",
        ),
        (
            &["set", "Port", "p1", "tag=9999"],
            2,
            "column tag of table Port: expected 0 to 4095, not 9999",
        ),
        (
            &["set", "Port", "p1", "tag=x"],
            2,
            "expected an integer, not \"x\"",
        ),
        (
            &["set", "Port", "p1", "tag=1,2"],
            2,
            "it holds 1 value at most, not 2",
        ),
        (
            &["set", "Port", "p1", "vlan_mode=acces"],
            2,
            "expected one of",
        ),
        (
            &["set", "Port", "p1", "fake_bridge=maybe"],
            2,
            "expected true or false",
        ),
        (
            &["set", "Port", "p1", "other_config=a"],
            2,
            "expected KEY=VALUE",
        ),
        (&["set", "Port", "p1", "tag:x=1"], 2, "is no map"),
        (&["set", "Port", "p1", "tag"], 2, "has no value"),
        (
            &["set", "Port", "p1", "interfaces=[]"],
            2,
            "it needs 1 value",
        ),
        (
            &["set", "Port", "p1", "name=p9"],
            1,
            "cannot be changed once the row is made",
        ),
        (
            &[
                "set",
                "Port",
                "p1",
                "_uuid=00000000-0000-0000-0000-000000000001",
            ],
            1,
            "cannot be changed",
        ),
        (
            &[
                "set",
                "Port",
                "p1",
                "qos=00000000-0000-0000-0000-000000000001",
            ],
            1,
            "refers to table QoS, which has no row",
        ),
        (
            &["set", "Port", "p1", "qos=@q"],
            2,
            "\"@q\" stands for no row",
        ),
        (
            &["set", "Port", "p9", "tag=1"],
            3,
            "record \"p9\" not found in table Port",
        ),
        (
            &["add", "Port", "p1", "tag", "8"],
            1,
            "it holds 1 value at most, not 2",
        ),
        (
            &["add", "Port", "p1", "other_config", "x"],
            2,
            "expected KEY=VALUE",
        ),
        (
            &["remove", "Port", "p1", "tagg", "8"],
            2,
            "there is no column",
        ),
        (
            &["clear", "Port", "p1", "interfaces"],
            1,
            "column interfaces of table Port cannot be empty",
        ),
        (
            &["create", "Mirror", "name=m"],
            1,
            "nothing refers to the new row of table Mirror",
        ),
        (&["create", "Queue", "dscp=64"], 2, "expected 0 to 63"),
        (
            &["create", "Queue", "--id", "q"],
            2,
            "expected @ and a name",
        ),
        (&["destroy", "Queue"], 2, "<RECORD>..."),
        (
            &["destroy", "Bridge", "br0"],
            1,
            "its column bridges refers to it",
        ),
        (&["destroy", "QoS", &qos], 1, "its column qos refers to it"),
        (
            &["destroy", "QoS", "--all"],
            1,
            "its column qos refers to it",
        ),
        (
            &["destroy", "Queue", "00000000-0000-0000-0000-000000000001"],
            3,
            "not found in table Queue",
        ),
        (
            &["get", "Port", "p1", "other_config:x"],
            3,
            "key \"x\" not found in other_config",
        ),
        (&["get", "Port", "p1", "tag:x"], 2, "is no map"),
        (&["get", "Port", "p1", "tag", "-g", "tag"], 2, "not both"),
        (&["find", "Port", "tag"], 2, "is no condition"),
        (&["find", "Port", "tag=x"], 2, "expected an integer"),
        (
            &["list", "Port", "--columns", "foo"],
            2,
            "there is no column \"foo\"",
        ),
        (&["destroy", "Open_vSwitch", "."], 1, "is the switch"),
        (&["destroy", "Open_vSwitch", "--all"], 1, "is the switch"),
        (
            &["clear", "Port", "p1", "external_ids:a"],
            2,
            "`ovs db remove Port RECORD external_ids a`",
        ),
        (
            &["set", "Bridge", "br0", "datapath_type=foo", "--strict"],
            1,
            "no datapath_type \"foo\": it has ",
        ),
    ] {
        let arguments = [&["db"], arguments].concat();
        let assert = sandbox.ovs(&arguments).assert().code(code).stdout("");
        let said = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
        assert!(said.contains(words), "{arguments:?}: {said}");
    }
    assert_eq!(next_cfg(), before);
    // With --if-exists, what is not there is passed over.
    sandbox
        .ovs(&[
            "db",
            "destroy",
            "--if-exists",
            "Queue",
            "00000000-0000-0000-0000-000000000001",
        ])
        .assert()
        .success()
        .stdout("unchanged\n");
}

/// ovs-vsctl says nothing of it; the ports that go so are named.
#[test]
fn what_a_bridge_loses_is_told() {
    let sandbox = sandbox();
    sandbox.vsctl(&["add-port", "br0", "p2"]);
    for (arguments, lost) in [
        (
            &["clear", "Bridge", "br0", "ports", "--dry-run"][..],
            "ports=[br0,p1,p2]\tports=[]",
        ),
        (
            &["clear", "Open_vSwitch", ".", "bridges", "--dry-run"],
            "bridges=[br0]\tbridges=[]",
        ),
        (
            &["clear", "Bridge", "br0", "ports"],
            "ports=[br0,p1,p2]\tports=[]",
        ),
    ] {
        let said = sandbox.ovs_stdout(&[&["db"], arguments].concat());
        assert!(
            said.starts_with("changed\t") && said.contains(lost),
            "{said}"
        );
    }
    assert_eq!(sandbox.vsctl(&["list-ports", "br0"]), "");
}

/// What keeps a row is named so that the hint does what it says.
#[test]
fn a_hint_takes_the_reference_away() {
    let sandbox = sandbox();
    let batch = "db create Queue --id=@q other_config:max-rate=5\n\
                 db create QoS --id=@qos type=linux-htb queues:7=@q\ndb set Port p1 qos=@qos\n";
    let said = sandbox
        .ovs(&["batch", "--json"])
        .write_stdin(batch)
        .assert()
        .success();
    let said = String::from_utf8_lossy(&said.get_output().stdout).into_owned();
    assert!(!said.contains("\"new\""), "{said}");
    let queue = sandbox.vsctl(&["--bare", "--columns=_uuid", "list", "Queue"]);
    let refused = sandbox
        .ovs(&["db", "destroy", "Queue", queue.trim()])
        .assert()
        .code(1);
    let said = String::from_utf8_lossy(&refused.get_output().stderr).into_owned();
    let hint = said.split('`').nth(1).unwrap();
    let words: Vec<&str> = hint.split(' ').skip(1).collect();
    sandbox.ovs(&words).assert().success();
    assert_eq!(
        sandbox
            .vsctl(&["--bare", "--columns=queues", "list", "QoS"])
            .trim(),
        ""
    );
}

#[test]
fn rows_are_made_and_destroyed() {
    let sandbox = sandbox();
    let said = sandbox.ovs_stdout(&[
        "db",
        "create",
        "Queue",
        "dscp=7",
        "other_config:max-rate=1000",
        "other_config:min-rate=1",
        "-g",
        "uuid",
    ]);
    let uuid = said.trim();
    assert_eq!(
        sandbox.vsctl(&["get", "Queue", uuid, "dscp", "other_config"]),
        "7\n{max-rate=\"1000\", min-rate=\"1\"}\n"
    );
    let lines = format!(
        "db create QoS --id=@q type=linux-htb queues:0={uuid}\ndb set Port p1 qos=@q\n\
         db create Mirror --id=@m name=m0 select_all=true\ndb add Bridge br0 mirrors @m\n\
         db set Mirror m0 external_ids:a=b\n"
    );
    sandbox
        .ovs(&["batch"])
        .write_stdin(lines)
        .assert()
        .success();
    assert_eq!(
        sandbox.vsctl(&["get", "QoS", "p1", "queues"]),
        format!("{{0={uuid}}}\n")
    );
    assert_eq!(
        sandbox.vsctl(&["get", "Mirror", "m0", "external_ids"]),
        "{a=b}\n"
    );
    // In a batch, a row of its own can be taken out of a map, and is gone once destroyed.
    let create = "db create Queue --id=@q dscp=1\ndb set QoS p1 queues:5=@q\n";
    for (line, code) in [
        ("db remove QoS p1 queues 6=@q", 0),
        (
            "db remove QoS p1 queues 5=@q\ndb destroy Queue @q\ndb set Queue @q dscp=2",
            3,
        ),
        ("db remove QoS p1 queues 5=@q\ndb destroy Queue @q", 0),
    ] {
        sandbox
            .ovs(&["batch", "--dry-run"])
            .write_stdin(format!("{create}{line}\n"))
            .assert()
            .code(code);
    }
    sandbox
        .ovs(&["db", "create", "Queue", &format!("_uuid={uuid}")])
        .assert()
        .code(1)
        .stderr(predicates::str::contains("the database's own"));
    sandbox
        .ovs(&["db", "destroy", "Queue", uuid])
        .assert()
        .code(1);
    sandbox
        .ovs(&["db", "clear", "Port", "p1", "qos"])
        .assert()
        .success();
    sandbox
        .ovs(&["db", "destroy", "QoS", "--all"])
        .assert()
        .success();
    sandbox
        .ovs(&["db", "destroy", "Queue", uuid])
        .assert()
        .success();
    assert_eq!(
        sandbox.vsctl(&["list", "Queue"]) + &sandbox.vsctl(&["list", "QoS"]),
        ""
    );
    // A line in the middle that is wrong undoes those before it.
    sandbox
        .ovs(&["batch"])
        .write_stdin("db set Port p1 tag=1\ndb set Port p1 tag=9999\n")
        .assert()
        .code(2);
    assert_eq!(port(&sandbox, "tag"), "7");
}

#[test]
fn without_ovs_vswitchd() {
    let sandbox = sandbox();
    sandbox.kill_vswitchd();
    let start = Instant::now();
    sandbox
        .ovs(&["-t", "1", "db", "set", "Port", "p1", "tag=8"])
        .assert()
        .code(5);
    sandbox
        .ovs(&["--no-wait", "db", "set", "Port", "p1", "tag=9"])
        .assert()
        .success();
    sandbox
        .ovs(&["--dry-run", "db", "set", "Port", "p1", "tag=10"])
        .assert()
        .success();
    assert!(
        start.elapsed() < Duration::from_secs(3),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(
        sandbox.vsctl(&["--no-wait", "get", "Port", "p1", "tag"]),
        "9\n"
    );
}

#[test]
fn wait_ends_when_it_is_so() {
    let sandbox = sandbox();
    for arguments in [
        &["Bridge", "br0"][..],
        &["Port", "p1", "tag=7"],
        &["Interface", "p1", "ofport>0", "external_ids:iface-id=x"],
        &["Open_vSwitch", ".", "cur_cfg>=1"],
    ] {
        sandbox
            .ovs(&[&["db", "wait"], arguments].concat())
            .assert()
            .success()
            .stdout("")
            .stderr("");
    }
    let spawn = |arguments: &[&str]| {
        Command::new(common::binary())
            .args(["db", "wait"])
            .args(arguments)
            .env("OVS_RUNDIR", sandbox.run_dir())
            .env_remove("OVS_CTL_TIMEOUT")
            .env_remove("OVS_DB")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let waiting: Vec<_> = [
        &["Port", "p1", "tag>100", "trunks{>=}77"][..],
        &["Port", "p5"],
        &["Controller", "br0", "target=\"tcp:127.0.0.1:9\""],
        &["Manager", "ptcp:16641:127.0.0.1"],
        &["Interface", "p5", "type=internal", "ofport>0"],
    ]
    .map(|arguments| (arguments, spawn(arguments)))
    .into();
    std::thread::sleep(Duration::from_millis(300));
    sandbox.vsctl(&["set", "Port", "p1", "tag=101"]);
    sandbox.vsctl(&["add-port", "br0", "p5"]);
    let mut waiting = waiting;
    std::thread::sleep(Duration::from_millis(200));
    for (at, (arguments, child)) in waiting.iter_mut().enumerate() {
        let ended = child.try_wait().unwrap().is_some();
        assert_eq!(ended, at == 1, "{arguments:?}");
    }
    sandbox.vsctl(&["set", "Port", "p1", "trunks=77,78"]);
    sandbox.vsctl(&["set-controller", "br0", "tcp:127.0.0.1:9"]);
    sandbox.vsctl(&["set-manager", "ptcp:16641:127.0.0.1"]);
    sandbox.vsctl(&["set", "Interface", "p5", "type=internal"]);
    let start = Instant::now();
    for (arguments, child) in &mut waiting {
        while child.try_wait().unwrap().is_none() {
            assert!(
                start.elapsed() < Duration::from_secs(5),
                "{arguments:?} waits on"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        assert!(child.wait().unwrap().success(), "{arguments:?}");
    }
}

#[test]
fn wait_gives_up_when_it_is_told_to() {
    let sandbox = sandbox();
    for (arguments, words) in [
        (
            &["Bridge", "nope"][..],
            "there was no record \"nope\" in table Bridge within 0.3 s",
        ),
        (
            &["Port", "p1", "tag=8"],
            "tag=8 did not hold for Port \"p1\" within 0.3 s",
        ),
    ] {
        let start = Instant::now();
        let assert = sandbox
            .ovs(&[&["-t", "0.3", "db", "wait"], arguments].concat())
            .assert()
            .code(4);
        let said = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
        assert!(said.contains(words), "{said}");
        assert!(start.elapsed() < Duration::from_secs(2));
    }
    for (arguments, code) in [
        (&["Prot", "p1"][..], 2),
        (&["Port", "p1", "tagg=8"], 2),
        (&["Port", "p1", "tag=x"], 2),
        (&["Port", "p1", "tag"], 2),
    ] {
        sandbox
            .ovs(&[&["db", "wait"], arguments].concat())
            .assert()
            .code(code);
    }
    sandbox.kill_ovsdb();
    sandbox.ovs(&["db", "wait", "Port", "p1"]).assert().code(4);
}

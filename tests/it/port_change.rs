//! `ovs port add`, `del` and `set`, judged by the real ovs-vsctl.

use predicates::str::contains;

use crate::common::Sandbox;

fn with_bridges(names: &[&str]) -> Sandbox {
    let sandbox = Sandbox::empty();
    for name in names {
        sandbox.vsctl(&["add-br", name]);
    }
    sandbox
}

/// A column as ovs-vsctl prints it.
fn column(sandbox: &Sandbox, table: &str, record: &str, column: &str) -> String {
    sandbox
        .vsctl(&["get", table, record, column])
        .trim_end()
        .to_owned()
}

/// The whole database, run-time state aside, to see that nothing changed.
fn contents(sandbox: &Sandbox) -> String {
    let table = |table: &str| sandbox.vsctl(&["--format=json", "list", table]);
    ["Bridge", "Port", "Interface"].map(table).concat()
}

#[test]
fn add_sets_what_is_asked_for() {
    let sandbox = with_bridges(&["br0"]);
    let said = sandbox.ovs_stdout(&[
        "port",
        "add",
        "br0",
        "p1",
        "--type",
        "internal",
        "--tag",
        "5",
        "--mac",
        "0A:00:00:00:00:01",
        "--mtu",
        "1400",
        "--ofport",
        "77",
        "--external-id",
        "iface-id=x y",
        "--other-config",
        "priority-tags=always",
        "--ingress-policing-rate",
        "1000",
    ]);
    let words: Vec<&str> = said.trim_end().split('\t').collect();
    assert_eq!(&words[..5], ["added", "port", "p1", "br0", "77"], "{said}");
    assert_eq!(column(&sandbox, "Interface", "p1", "ofport"), "77");
    assert_eq!(column(&sandbox, "Interface", "p1", "type"), "internal");
    assert_eq!(
        column(&sandbox, "Interface", "p1", "mac"),
        "\"0a:00:00:00:00:01\""
    );
    assert_eq!(column(&sandbox, "Interface", "p1", "mtu_request"), "1400");
    assert_eq!(
        column(&sandbox, "Interface", "p1", "external_ids"),
        "{iface-id=\"x y\"}"
    );
    assert_eq!(
        column(&sandbox, "Interface", "p1", "ingress_policing_rate"),
        "1000"
    );
    assert_eq!(column(&sandbox, "Port", "p1", "tag"), "5");
    assert_eq!(
        column(&sandbox, "Port", "p1", "other_config"),
        "{priority-tags=always}"
    );
    assert_eq!(sandbox.vsctl(&["port-to-br", "p1"]), "br0\n");
}

#[test]
fn add_refuses_before_it_writes() {
    let sandbox = with_bridges(&["br0", "br1"]);
    sandbox.vsctl(&[
        "add-port",
        "br0",
        "p1",
        "--",
        "set",
        "Interface",
        "p1",
        "type=internal",
    ]);
    sandbox.vsctl(&[
        "add-bond",
        "br0",
        "bond0",
        "e1",
        "e2",
        "--",
        "set",
        "Interface",
        "p1",
        "ofport_request=9",
    ]);
    let before = contents(&sandbox);
    for (arguments, code, words) in [
        (&["br0", "p1"][..], 1, "exists on br0 already"),
        (&["br1", "p1"], 1, "is on br0 already"),
        (&["br1", "p1", "--may-exist"], 1, "is on br0 already"),
        (&["br0", "br1"], 1, "own port of the bridge"),
        (&["br0", "e1"], 1, "belongs to port \"bond0\" already"),
        (&["br0", "p2", "--ofport", "9"], 1, "is taken: \"p1\""),
        (&["br0", "sixteen-letters-"], 1, "has 15 at most"),
        (&["br0", "a/b"], 1, "contains \"/\""),
        (&["br0", "a b"], 1, "contains a blank"),
        (&["br0", ""], 1, "is empty"),
        (&["br0", "5"], 1, "for an OpenFlow port number"),
        (&["br0", "local"], 1, "a reserved port"),
        (&["br0", "--", "-p"], 1, "for an option"),
        (&["br9", "p2"], 3, "bridge \"br9\" not found"),
        (&["br0", "p2", "--tag", "4096"], 2, "expected 0 to 4095"),
        (&["br0", "p2", "--trunks", "5-1"], 2, "is empty"),
        (&["br0", "p2", "--mac", "01:00:00:00:00:00"], 2, "multicast"),
        (&["br0", "p2", "--bond", "e7"], 1, "two interfaces"),
        (&["br0", "p2", "--bond", "e7,e7"], 2, "e7 is given twice"),
        (&["br0", "p2", "--bond", "e7,"], 2, "is missing"),
        (&["br0", "p2", "--bond", "e7,e/8"], 1, "name an interface"),
        (&["br0", "a:b"], 1, "contains \":\""),
        (&["br0", "p2", "--mac", "00:00:00:00:00:00"], 2, "all zero"),
        (&["br0", "p2", "--vlan-mode", "acess"], 2, "access, trunk"),
        (&["br0", "p2", "--option", "novalue"], 2, "KEY=VALUE"),
        (
            &["br0", "p2", "--atomic", "--no-wait"],
            2,
            "--atomic must wait",
        ),
        (
            &["br0", "p2", "--strict", "--type", "vxlam"],
            1,
            "did you mean \"vxlan\"",
        ),
    ] {
        let whole = [&["port", "add"], arguments].concat();
        // A bond of one is a slip on the command line.
        let code = if words == "two interfaces" { 2 } else { code };
        sandbox
            .ovs(&whole)
            .assert()
            .code(code)
            .stderr(contains(words))
            .stdout("");
    }
    assert_eq!(contents(&sandbox), before);
}

#[test]
fn may_exist_makes_the_port_what_was_asked_for() {
    let sandbox = with_bridges(&["br0"]);
    sandbox.vsctl(&[
        "add-port",
        "br0",
        "p1",
        "--",
        "set",
        "Interface",
        "p1",
        "type=internal",
    ]);
    let add = ["port", "add", "br0", "p1", "--may-exist", "--tag", "5"];
    let said = sandbox.ovs_stdout(&add);
    assert!(
        said.starts_with("changed\tport\tp1\tbr0\t1\ttag=-\ttag=5\t"),
        "{said}"
    );
    assert_eq!(column(&sandbox, "Port", "p1", "tag"), "5");
    assert_eq!(sandbox.ovs_stdout(&add), "unchanged\n");
    assert_eq!(
        sandbox.ovs_stdout(&[&add[..], &["--json"]].concat()),
        "[]\n"
    );
    assert_eq!(sandbox.ovs_stdout(&[&add[..], &["-q"]].concat()), "");
}

#[test]
fn set_changes_what_is_named_and_clears() {
    let sandbox = with_bridges(&["br0"]);
    sandbox.ovs_stdout(&[
        "port",
        "add",
        "br0",
        "p1",
        "--type",
        "internal",
        "--tag",
        "5",
        "--external-id",
        "a=1",
        "--external-id",
        "b=2",
    ]);
    sandbox.ovs_stdout(&[
        "port",
        "set",
        "br0/1",
        "--tag",
        "none",
        "--trunks",
        "1-3,7",
        "--external-id",
        "a-",
        "--external-id",
        "c=3",
    ]);
    assert_eq!(column(&sandbox, "Port", "p1", "tag"), "[]");
    assert_eq!(column(&sandbox, "Port", "p1", "trunks"), "[1, 2, 3, 7]");
    assert_eq!(
        column(&sandbox, "Interface", "p1", "external_ids"),
        "{b=\"2\", c=\"3\"}"
    );
    assert_eq!(column(&sandbox, "Interface", "p1", "type"), "internal");
    for setting in ["--ingress-policing-rate", "--bond-updelay"] {
        sandbox.ovs_stdout(&["port", "set", "p1", setting, "9"]);
        sandbox.ovs_stdout(&["port", "set", "p1", setting, "none"]);
    }
    assert_eq!(
        column(&sandbox, "Interface", "p1", "ingress_policing_rate"),
        "0"
    );
    assert_eq!(column(&sandbox, "Port", "p1", "bond_updelay"), "0");
    let json = sandbox.ovs_stdout(&[
        "port", "set", "p1", "--trunks", "7", "--tag", "none", "--json",
    ]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json[0]["before"]["trunks"], serde_json::json!([1, 2, 3, 7]));
    assert_eq!(json[0]["after"]["trunks"], serde_json::json!([7]));
    assert_eq!(json[0]["change"], "changed");
    sandbox
        .ovs(&["port", "set", "p2", "--tag", "1"])
        .assert()
        .code(3)
        .stderr(contains("port \"p2\" not found"));
    sandbox
        .ovs(&["port", "set", "7", "--tag", "1"])
        .assert()
        .code(2)
        .stderr(contains("BRIDGE/7"));
}

#[test]
fn unknown_keys_are_never_silent() {
    let sandbox = with_bridges(&["br0"]);
    sandbox.ovs_stdout(&[
        "port",
        "add",
        "br0",
        "v1",
        "--type",
        "vxlan",
        "--option",
        "remote_ip=192.0.2.1",
    ]);
    let set = ["port", "set", "v1", "--option", "remote-ip=1.2.3.4"];
    sandbox
        .ovs(&[&set[..], &["--strict"]].concat())
        .assert()
        .code(1)
        .stderr(contains("did you mean remote_ip"));
    assert_eq!(
        column(&sandbox, "Interface", "v1", "options"),
        "{remote_ip=\"192.0.2.1\"}"
    );
    sandbox
        .ovs(&set)
        .assert()
        .success()
        .stderr(contains("did you mean remote_ip"));
}

/// ovs-vswitchd ignores for a bridge's own port what it does for others.
#[test]
fn a_bridges_own_port_is_as_it_is() {
    let sandbox = with_bridges(&["br0"]);
    let before = contents(&sandbox);
    for (arguments, words) in [
        (["--mac", "0a:00:00:00:00:01"], "hwaddr=0a:00:00:00:00:01"),
        (["--ofport", "5"], "always LOCAL"),
        (["--type", "system"], "always internal"),
        (["--add-member", "e1"], "no other interface"),
        (["--remove-member", "br0"], "no other interface"),
    ] {
        sandbox
            .ovs(&[&["port", "set", "br0"][..], &arguments].concat())
            .assert()
            .code(1)
            .stdout("")
            .stderr(contains(words));
    }
    assert_eq!(contents(&sandbox), before);
    let same = ["port", "set", "br0", "--mac", "none", "--type", "internal"];
    assert_eq!(sandbox.ovs_stdout(&same), "unchanged\n");
}

/// What was there is the only way back: no screen is too narrow for it.
#[test]
fn a_narrow_screen_shows_what_was_there() {
    let sandbox = with_bridges(&["br0"]);
    sandbox.ovs_stdout(&[
        "port",
        "add",
        "br0",
        "qvo6b5e4978-e2",
        "--type",
        "internal",
        "--mac",
        "0a:00:00:00:00:01",
        "--mtu",
        "1400",
    ]);
    let set = [
        "port",
        "set",
        "qvo6b5e4978-e2",
        "--mac",
        "none",
        "--mtu",
        "none",
        "--tag",
        "9",
        "-o",
        "table",
    ];
    let said = sandbox.ovs(&set).env("COLUMNS", "80").assert().success();
    let said = String::from_utf8_lossy(&said.get_output().stdout).into_owned();
    assert!(
        said.lines().all(|line| line.chars().count() <= 80),
        "{said}"
    );
    // A value that is longer than its column goes on below.
    let place = said.find("BEFORE").unwrap();
    let after = said.find("AFTER").unwrap();
    let before = said
        .lines()
        .filter_map(|line| line.get(place..after.min(line.len())));
    let before: String = before.map(str::trim).collect();
    assert!(before.contains("interface_mac=0a:00:00:00:00:01"), "{said}");
    assert!(before.contains("mtu_request=1400"), "{said}");
}

#[test]
fn a_port_named_twice_goes_once() {
    let sandbox = with_bridges(&["br0"]);
    sandbox.ovs_stdout(&["port", "add", "br0", "p1", "--type", "internal"]);
    let said = sandbox.ovs_stdout(&["port", "del", "p1", "p1"]);
    assert_eq!(said, "removed\tport\tp1\tbr0\t-\ttype=internal\t-\t-\n");
}

#[test]
fn an_interface_of_a_bond_gets_its_own() {
    let sandbox = with_bridges(&["br0"]);
    sandbox.vsctl(&["add-bond", "br0", "bond0", "e1", "e2"]);
    sandbox.ovs_stdout(&[
        "port",
        "set",
        "e1",
        "--mac",
        "0a:00:00:00:00:01",
        "--external-id",
        "a=b",
        "--ofport",
        "7",
        "--tag",
        "5",
    ]);
    let mac = "\"0a:00:00:00:00:01\"";
    for (interface, expected) in [("e1", [mac, "{a=b}", "7"]), ("e2", ["[]", "{}", "[]"])] {
        let columns = ["mac", "external_ids", "ofport_request"];
        let columns = columns.map(|name| column(&sandbox, "Interface", interface, name));
        assert_eq!(columns, expected, "{interface}");
    }
    assert_eq!(column(&sandbox, "Port", "bond0", "tag"), "5");
    sandbox.ovs_stdout(&["port", "set", "bond0", "--external-id", "c=d"]);
    assert_eq!(column(&sandbox, "Interface", "e2", "external_ids"), "{c=d}");
    assert_eq!(
        column(&sandbox, "Interface", "e1", "external_ids"),
        "{a=b, c=d}"
    );
}

#[test]
fn bonds_and_their_members() {
    let sandbox = with_bridges(&["br0"]);
    sandbox.ovs_stdout(&[
        "port",
        "add",
        "br0",
        "bond0",
        "--bond",
        "e1,e2",
        "--bond-mode",
        "balance-tcp",
        "--lacp",
        "active",
    ]);
    assert_eq!(
        column(&sandbox, "Port", "bond0", "bond_mode"),
        "balance-tcp"
    );
    assert_eq!(column(&sandbox, "Port", "bond0", "lacp"), "active");
    assert_eq!(sandbox.vsctl(&["list-ifaces", "br0"]), "e1\ne2\n");
    sandbox.ovs_stdout(&[
        "port",
        "set",
        "bond0",
        "--add-member",
        "e3",
        "--remove-member",
        "e1",
    ]);
    assert_eq!(sandbox.vsctl(&["list-ifaces", "br0"]), "e2\ne3\n");
    sandbox
        .ovs(&["port", "set", "bond0", "--remove-member", "e9"])
        .assert()
        .code(3);
    sandbox
        .ovs(&[
            "port",
            "set",
            "bond0",
            "--remove-member",
            "e2",
            "--remove-member",
            "e3",
        ])
        .assert()
        .code(1)
        .stderr(contains("no interface left"));
    sandbox
        .ovs(&["port", "set", "bond0", "--ofport", "4"])
        .assert()
        .code(2);
    let again = [
        "port",
        "add",
        "br0",
        "bond0",
        "--bond",
        "e3,e4",
        "--may-exist",
    ];
    sandbox.ovs_stdout(&again);
    assert_eq!(sandbox.vsctl(&["list-ifaces", "br0"]), "e3\ne4\n");
    assert_eq!(sandbox.ovs_stdout(&again), "unchanged\n");
}

#[test]
fn del_leaves_a_bond_of_which_an_interface_is_named() {
    let sandbox = with_bridges(&["br0"]);
    sandbox.vsctl(&[
        "add-bond",
        "br0",
        "bond0",
        "e1",
        "e2",
        "--",
        "set",
        "Interface",
        "e1",
        "type=internal",
        "--",
        "set",
        "Interface",
        "e2",
        "type=internal",
    ]);
    let number = column(&sandbox, "Interface", "e1", "ofport");
    for named in ["e1", "br0/e1", &format!("br0/{number}")] {
        sandbox
            .ovs(&["port", "del", named])
            .assert()
            .code(1)
            .stderr(contains("\"e1\" is an interface of bond0, not a port"))
            .stderr(contains("ovs port set bond0 --remove-member e1"));
    }
    assert_eq!(sandbox.vsctl(&["list-ports", "br0"]), "bond0\n");
    sandbox.ovs_stdout(&["port", "del", "br0/bond0"]);
    assert_eq!(sandbox.vsctl(&["list-ports", "br0"]), "");
}

#[test]
fn del_takes_ports_by_name_number_and_bridge() {
    let sandbox = with_bridges(&["br0", "br1"]);
    for port in ["p1", "p2", "p3", "p4"] {
        sandbox.ovs_stdout(&["port", "add", "br0", port, "--type", "internal"]);
    }
    sandbox.ovs_stdout(&["port", "add", "br1", "q1", "--type", "internal"]);
    // One that does not exist: none goes.
    sandbox.ovs(&["port", "del", "p1", "nope"]).assert().code(3);
    assert_eq!(sandbox.vsctl(&["list-ports", "br0"]), "p1\np2\np3\np4\n");
    let number = column(&sandbox, "Interface", "p2", "ofport");
    sandbox.ovs_stdout(&["port", "del", "p1", &format!("br0/{number}")]);
    assert_eq!(sandbox.vsctl(&["list-ports", "br0"]), "p3\np4\n");
    let gone = sandbox.ovs_stdout(&["port", "del", "p3", "nope", "--if-exists"]);
    assert!(gone.starts_with("removed\tport\tp3\tbr0\t"), "{gone}");
    sandbox
        .ovs(&["port", "del", "br0"])
        .assert()
        .code(1)
        .stderr(contains("bridge's own"));
    sandbox.ovs(&["port", "del", "br1/p4"]).assert().code(3);
    sandbox.ovs_stdout(&["port", "del", "br0", "--all"]);
    assert_eq!(sandbox.vsctl(&["list-ports", "br0"]), "");
    assert_eq!(sandbox.vsctl(&["list-ports", "br1"]), "q1\n");
    // Nothing is left over in the database.
    assert_eq!(
        sandbox
            .vsctl(&["--columns=name", "--bare", "list", "Interface"])
            .split_whitespace()
            .count(),
        3
    );
}

#[test]
fn del_of_one_patch_end_says_what_is_left() {
    let sandbox = with_bridges(&["br0", "br1"]);
    sandbox.vsctl(&[
        "add-port",
        "br0",
        "a",
        "--",
        "set",
        "Interface",
        "a",
        "type=patch",
        "options:peer=b",
        "--",
        "add-port",
        "br1",
        "b",
        "--",
        "set",
        "Interface",
        "b",
        "type=patch",
        "options:peer=a",
    ]);
    sandbox
        .ovs(&["port", "del", "a"])
        .assert()
        .success()
        .stderr(contains("patch port \"b\" now leads nowhere"));
}

#[test]
fn dry_run_changes_nothing_and_prints_the_transaction() {
    let sandbox = with_bridges(&["br0"]);
    let before = contents(&sandbox);
    sandbox.kill_vswitchd();
    let add = ["port", "add", "br0", "p1", "--tag", "5", "--dry-run"];
    let said = sandbox.ovs_stdout(&add);
    assert!(
        said.starts_with("added\tport\tp1\tbr0\t-\t-\ttag=5"),
        "{said}"
    );
    let json = sandbox.ovs_stdout(&[&add[..], &["--json"]].concat());
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["changes"][0]["name"], "p1");
    assert_eq!(json["transaction"][0], "Open_vSwitch");
    assert_eq!(contents_down(&sandbox), contents_of(&before));
    // What it prints is what the database takes.
    let transaction = json["transaction"].to_string();
    let done = sandbox.ovsdb_client(&["transact", &transaction]);
    assert!(!done.contains("error"), "{done}");
    assert_eq!(
        sandbox.vsctl(&["--no-wait", "get", "Port", "p1", "tag"]),
        "5\n"
    );
}

fn contents_down(sandbox: &Sandbox) -> usize {
    let table = |table: &str| sandbox.vsctl(&["--no-wait", "--format=json", "list", table]);
    contents_of(&["Bridge", "Port", "Interface"].map(table).concat())
}

/// With ovs-vswitchd gone its columns stay; rows are counted.
fn contents_of(text: &str) -> usize {
    text.matches("_uuid").count() + text.matches("[\"uuid\"").count()
}

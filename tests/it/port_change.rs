//! `ovs port add`, `del` and `set`, judged by the real ovs-vsctl.

use serde_json::json;

use crate::common::Sandbox;

const TWO_BRIDGES: &str = "add-br br0 -- add-br br1";

#[test]
fn add_sets_what_is_asked_for() {
    let sandbox = Sandbox::with("add-br br0");
    ovs!(
        sandbox,
        "port add br0 p1 --type internal --tag 5 --mac 0A:00:00:00:00:01 --mtu 1400 --ofport 77 \
         --external-id 'iface-id=x y' --other-config priority-tags=always \
         --ingress-policing-rate 1000"
    )
    .ok()
    .begins("added\tport\tp1\tbr0\t77\t");
    assert_eq!(
        vsctl!(
            sandbox,
            "get Interface p1 ofport type mac mtu_request external_ids ingress_policing_rate -- \
             get Port p1 tag other_config -- port-to-br p1"
        ),
        "77\ninternal\n\"0a:00:00:00:00:01\"\n1400\n{iface-id=\"x y\"}\n1000\n\
         5\n{priority-tags=always}\nbr0\n"
    );
}

#[test]
fn add_refuses_before_it_writes() {
    let sandbox = Sandbox::with(TWO_BRIDGES);
    vsctl!(
        sandbox,
        "add-port br0 p1 -- set Interface p1 type=internal ofport_request=9 -- \
         add-bond br0 bond0 e1 e2"
    );
    let before = sandbox.contents();
    for (arguments, code, words) in [
        ("br0 p1", 1, "exists on br0 already"),
        ("br1 p1", 1, "is on br0 already"),
        ("br1 p1 --may-exist", 1, "is on br0 already"),
        ("br0 br1", 1, "own port of the bridge"),
        ("br0 e1", 1, "belongs to port \"bond0\" already"),
        ("br0 p2 --ofport 9", 1, "is taken: \"p1\""),
        ("br0 sixteen-letters-", 1, "has 15 at most"),
        ("br0 a/b", 1, "contains \"/\""),
        ("br0 'a b'", 1, "contains a blank"),
        ("br0 ''", 1, "is empty"),
        ("br0 5", 1, "for an OpenFlow port number"),
        ("br0 local", 1, "a reserved port"),
        ("br0 -- -p", 1, "for an option"),
        ("br9 p2", 3, "bridge \"br9\" not found"),
        ("br0 p2 --tag 4096", 2, "expected 0 to 4095"),
        ("br0 p2 --trunks 5-1", 2, "is empty"),
        ("br0 p2 --mac 01:00:00:00:00:00", 2, "multicast"),
        ("br0 p2 --bond e7", 2, "two interfaces"),
        ("br0 p2 --bond e7,e7", 2, "e7 is given twice"),
        ("br0 p2 --bond e7,", 2, "is missing"),
        ("br0 p2 --bond e7,e/8", 1, "name an interface"),
        ("br0 a:b", 1, "contains \":\""),
        ("br0 p2 --mac 00:00:00:00:00:00", 2, "all zero"),
        ("br0 p2 --vlan-mode acess", 2, "access, trunk"),
        ("br0 p2 --option novalue", 2, "KEY=VALUE"),
        ("br0 p2 --atomic --no-wait", 2, "--atomic waits"),
        ("br0 p2 --strict --type vxlam", 1, "did you mean \"vxlan\""),
    ] {
        ovs!(sandbox, "port add {arguments}").fails(code, words);
    }
    assert_same!(before, sandbox.contents());
}

#[test]
fn may_exist_makes_the_port_what_was_asked_for() {
    let sandbox = Sandbox::with("add-br br0");
    vsctl!(sandbox, "add-port br0 p1 -- set Interface p1 type=internal");
    let add = "port add br0 p1 --may-exist --tag 5";
    ovs!(sandbox, "{add}")
        .ok()
        .begins("changed\tport\tp1\tbr0\t1\ttag=-\ttag=5\t");
    assert_eq!(vsctl!(sandbox, "get Port p1 tag"), "5\n");
    ovs!(sandbox, "{add}").prints("unchanged\n");
    ovs!(sandbox, "{add} --json").prints("[]\n");
    ovs!(sandbox, "{add} -q").prints("");
}

#[test]
fn set_changes_what_is_named_and_clears() {
    let sandbox = Sandbox::with("add-br br0");
    ovs!(
        sandbox,
        "port add br0 p1 --type internal --tag 5 --external-id a=1 --external-id b=2"
    )
    .ok();
    ovs!(
        sandbox,
        "port set br0/1 --tag none --trunks 1-3,7 --external-id a- --external-id c=3"
    )
    .ok();
    assert_eq!(
        vsctl!(
            sandbox,
            "get Port p1 tag trunks -- get Interface p1 external_ids type"
        ),
        "[]\n[1, 2, 3, 7]\n{b=\"2\", c=\"3\"}\ninternal\n"
    );
    for setting in ["--ingress-policing-rate", "--bond-updelay"] {
        ovs!(sandbox, "port set p1 {setting} 9").ok();
        ovs!(sandbox, "port set p1 {setting} none").ok();
    }
    assert_eq!(
        vsctl!(
            sandbox,
            "get Interface p1 ingress_policing_rate -- get Port p1 bond_updelay"
        ),
        "0\n0\n"
    );
    // Consecutive VLANs are a range, and of a map the keys that differ.
    ovs!(
        sandbox,
        "port set p1 --external-id c=4 --dry-run --columns before,after"
    )
    .prints("external_ids:c=3\texternal_ids:c=4\n");
    ovs!(
        sandbox,
        "port set p1 --external-id c- --external-id d=5 --dry-run --columns before,after"
    )
    .prints("external_ids:c=3,external_ids:d=-\texternal_ids:c=-,external_ids:d=5\n");
    ovs!(
        sandbox,
        "port set p1 --trunks 0-4095 --dry-run --columns before,after"
    )
    .prints("trunks=[1-3,7]\ttrunks=[0-4095]\n");
    ovs!(sandbox, "port show p1 -g trunks").prints("1-3,7\n");
    let json = ovs!(sandbox, "port set p1 --trunks 7 --tag none").json();
    assert_eq!(json[0]["before"]["trunks"], json!([1, 2, 3, 7]));
    assert_eq!(json[0]["after"]["trunks"], json!([7]));
    assert_eq!(json[0]["change"], "changed");
    ovs!(sandbox, "port set p2 --tag 1").fails(3, "port \"p2\" not found");
    ovs!(sandbox, "port set 7 --tag 1").fails(2, "BRIDGE/7");
}

#[test]
fn unknown_keys_are_never_silent() {
    let sandbox = Sandbox::with("add-br br0");
    ovs!(
        sandbox,
        "port add br0 v1 --type vxlan --option remote_ip=192.0.2.1"
    )
    .ok();
    let set = "port set v1 --option remote-ip=1.2.3.4";
    ovs!(sandbox, "{set} --strict").fails(1, "did you mean remote_ip");
    assert_eq!(
        vsctl!(sandbox, "get Interface v1 options"),
        "{remote_ip=\"192.0.2.1\"}\n"
    );
    ovs!(sandbox, "{set}").ok().says("did you mean remote_ip");
}

/// ovs-vswitchd ignores for a bridge's own port what it does for others.
#[test]
fn a_bridges_own_port_is_as_it_is() {
    let sandbox = Sandbox::with("add-br br0");
    let before = sandbox.contents();
    for (arguments, words) in [
        ("--mac 0a:00:00:00:00:01", "hwaddr=0a:00:00:00:00:01"),
        ("--ofport 5", "always LOCAL"),
        ("--type system", "always internal"),
        ("--add-member e1", "no other interface"),
        ("--remove-member br0", "no other interface"),
    ] {
        ovs!(sandbox, "port set br0 {arguments}").fails(1, words);
    }
    assert_same!(before, sandbox.contents());
    ovs!(sandbox, "port set br0 --mac none --type internal").prints("unchanged\n");
}

/// What was there is the only way back: no screen is too narrow for it.
#[test]
fn a_narrow_screen_shows_what_was_there() {
    let sandbox = Sandbox::with("add-br br0");
    ovs!(
        sandbox,
        "port add br0 qvo6b5e4978-e2 --type internal --mac 0a:00:00:00:00:01 --mtu 1400"
    )
    .ok();
    let said = ovs!(
        sandbox,
        "port set qvo6b5e4978-e2 --mac none --mtu none --tag 9 -o table"
    )
    .env("COLUMNS", "80")
    .out();
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
    let sandbox = Sandbox::with("add-br br0");
    ovs!(sandbox, "port add br0 p1 --type internal").ok();
    ovs!(sandbox, "port del p1 p1").prints("removed\tport\tp1\tbr0\t-\ttype=internal\t-\t-\n");
}

#[test]
fn an_interface_of_a_bond_gets_its_own() {
    let sandbox = Sandbox::with("add-br br0");
    vsctl!(sandbox, "add-bond br0 bond0 e1 e2");
    ovs!(
        sandbox,
        "port set e1 --mac 0a:00:00:00:00:01 --external-id a=b --ofport 7"
    )
    .ok();
    assert_eq!(
        vsctl!(
            sandbox,
            "get Interface e1 mac external_ids ofport_request -- \
             get Interface e2 mac external_ids ofport_request"
        ),
        "\"0a:00:00:00:00:01\"\n{a=b}\n7\n[]\n{}\n[]\n"
    );
    ovs!(sandbox, "port set bond0 --external-id c=d").ok();
    assert_eq!(
        vsctl!(
            sandbox,
            "get Interface e2 external_ids -- get Interface e1 external_ids"
        ),
        "{c=d}\n{a=b, c=d}\n"
    );
}

#[test]
fn bonds_and_their_members() {
    let sandbox = Sandbox::with("add-br br0");
    ovs!(
        sandbox,
        "port add br0 bond0 --bond e1,e2 --bond-mode balance-tcp --lacp active"
    )
    .ok();
    assert_eq!(
        vsctl!(sandbox, "get Port bond0 bond_mode lacp -- list-ifaces br0"),
        "balance-tcp\nactive\ne1\ne2\n"
    );
    ovs!(sandbox, "port set bond0 --add-member e3 --remove-member e1").ok();
    assert_eq!(vsctl!(sandbox, "list-ifaces br0"), "e2\ne3\n");
    ovs!(sandbox, "port set bond0 --remove-member e9").exits(3);
    ovs!(
        sandbox,
        "port set bond0 --remove-member e2 --remove-member e3"
    )
    .fails(1, "no interface left");
    ovs!(sandbox, "port set bond0 --ofport 4").exits(2);
    let again = "port add br0 bond0 --bond e3,e4 --may-exist";
    ovs!(sandbox, "{again}").ok();
    assert_eq!(vsctl!(sandbox, "list-ifaces br0"), "e3\ne4\n");
    ovs!(sandbox, "{again}").prints("unchanged\n");
}

#[test]
fn del_leaves_a_bond_of_which_an_interface_is_named() {
    let sandbox = Sandbox::with("add-br br0");
    vsctl!(
        sandbox,
        "add-bond br0 bond0 e1 e2 -- set Interface e1 type=internal -- set Interface e2 \
         type=internal"
    );
    let number = vsctl!(sandbox, "get Interface e1 ofport");
    for named in ["e1", "br0/e1", &format!("br0/{number}")] {
        ovs!(sandbox, "port del {named}")
            .fails(3, "\"e1\" is an interface of port \"bond0\", not a port")
            .says("ovs port set bond0 --remove-member e1");
    }
    assert_eq!(vsctl!(sandbox, "list-ports br0"), "bond0\n");
    ovs!(sandbox, "port del br0/bond0").ok();
    assert_eq!(vsctl!(sandbox, "list-ports br0"), "");
}

#[test]
fn del_takes_ports_by_name_number_and_bridge() {
    let sandbox = Sandbox::with(TWO_BRIDGES);
    for port in ["p1", "p2", "p3", "p4"] {
        ovs!(sandbox, "port add br0 {port} --type internal").ok();
    }
    ovs!(sandbox, "port add br1 q1 --type internal").ok();
    // One that does not exist: none goes.
    ovs!(sandbox, "port del p1 nope").exits(3);
    assert_eq!(vsctl!(sandbox, "list-ports br0"), "p1\np2\np3\np4\n");
    let number = vsctl!(sandbox, "get Interface p2 ofport");
    ovs!(sandbox, "port del p1 br0/{number}").ok();
    assert_eq!(vsctl!(sandbox, "list-ports br0"), "p3\np4\n");
    ovs!(sandbox, "port del p3 nope --if-exists")
        .ok()
        .begins("removed\tport\tp3\tbr0\t");
    ovs!(sandbox, "port del br0").fails(1, "bridge's own");
    ovs!(sandbox, "port del br1/p4").exits(3);
    ovs!(sandbox, "port del br0 --all").ok();
    assert_eq!(vsctl!(sandbox, "list-ports br0"), "");
    assert_eq!(vsctl!(sandbox, "list-ports br1"), "q1\n");
    // Nothing is left over in the database.
    assert_eq!(
        vsctl!(sandbox, "--columns=name --bare list Interface")
            .split_whitespace()
            .count(),
        3
    );
}

/// The database has the ports of a bridge in the order of their UUIDs, which are random.
#[test]
fn what_goes_along_is_listed_by_name() {
    let sandbox = Sandbox::with("add-br br0 -- add-br br1 -- add-br v7 br1 7");
    let names: Vec<String> = (1..=12).map(|number| format!("p{number}")).collect();
    let fill = |bridge: &str| {
        for name in names.iter().rev() {
            vsctl!(sandbox, "--no-wait add-port {bridge} {name}");
        }
    };
    let listed = |command: &str| {
        let said = ovs!(sandbox, "{command} -g name").out();
        let ports = said.lines().filter(|name| name.starts_with('p'));
        ports.map(str::to_owned).collect::<Vec<_>>()
    };
    for (bridge, command) in [
        ("br0", "port del br0 --all"),
        ("br0", "bridge del br0"),
        ("v7", "bridge del v7"),
        ("br1", "bridge del br1"),
    ] {
        fill(bridge);
        assert_eq!(listed(&format!("{command} --dry-run")), names, "{command}");
        assert_eq!(listed(command), names, "{command}");
    }
}

#[test]
fn del_of_one_patch_end_says_what_is_left() {
    let sandbox = Sandbox::with(TWO_BRIDGES);
    vsctl!(
        sandbox,
        "add-port br0 a -- set Interface a type=patch options:peer=b -- add-port br1 b -- set \
         Interface b type=patch options:peer=a"
    );
    ovs!(sandbox, "port del a")
        .ok()
        .says("patch port \"b\" now leads nowhere");
}

#[test]
fn dry_run_waits_for_nothing_and_prints_the_transaction() {
    let sandbox = Sandbox::with("add-br br0");
    sandbox.kill_vswitchd();
    let before = sandbox.contents();
    let add = "port add br0 p1 --tag 5 --dry-run";
    ovs!(sandbox, "{add}")
        .ok()
        .begins("added\tport\tp1\tbr0\t-\t-\ttag=5");
    let json = ovs!(sandbox, "{add}").json();
    assert_eq!(json["changes"][0]["name"], "p1");
    assert_eq!(json["transaction"][0], "Open_vSwitch");
    assert_same!(before, sandbox.contents());
    // What it prints is what the database takes.
    let transaction = json["transaction"].to_string();
    let done = sandbox.ovsdb_client(&["transact", &transaction]);
    assert!(!done.contains("error"), "{done}");
    assert_eq!(vsctl!(sandbox, "--no-wait get Port p1 tag"), "5\n");
}

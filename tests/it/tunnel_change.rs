//! `ovs tunnel add`, `del` and `set`: what the database holds then, read with the real ovs-vsctl, and
//! which tunnels the real ovs-vswitchd takes.

use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;
use serde_json::{Value, json};

use crate::common::Sandbox;

fn bridges() -> Sandbox {
    let sandbox = Sandbox::empty();
    for bridge in ["br-int", "br-tun"] {
        sandbox.vsctl(&["add-br", bridge]);
    }
    sandbox
}

/// Type and options as ovs-vsctl has them: `vxlan {key=flow, remote_ip="10.0.0.72"}`.
fn tunnel(sandbox: &Sandbox, name: &str) -> String {
    let told = sandbox.vsctl(&["get", "Interface", name, "type", "options"]);
    told.trim().replace('\n', " ")
}

fn database(sandbox: &Sandbox) -> String {
    [
        ("Port", "name,tag"),
        ("Interface", "name,type,options,ofport_request,external_ids"),
    ]
    .map(|(table, columns)| {
        let columns = format!("--columns={columns}");
        let list = sandbox.vsctl(&["-f", "csv", "--no-headings", &columns, "list", table]);
        let mut lines: Vec<&str> = list.lines().collect();
        lines.sort_unstable();
        lines.join("\n")
    })
    .join("\n\n")
}

/// `ovs ARGUMENTS` must end so, with these words on stderr, and change nothing.
fn refused(sandbox: &Sandbox, arguments: &[&str], code: i32, words: &str) {
    let before = database(sandbox);
    sandbox
        .ovs(arguments)
        .assert()
        .code(code)
        .stdout("")
        .stderr(contains(words));
    assert_eq!(database(sandbox), before, "{arguments:?}");
}

fn add(sandbox: &Sandbox, arguments: &[&str]) -> String {
    sandbox.ovs_stdout(&[&["tunnel", "add"], arguments].concat())
}

#[test]
fn several_remotes_and_every_option() {
    let sandbox = bridges();
    sandbox
        .ovs(&[
            "tunnel",
            "add",
            "br-tun",
            "--remote",
            "10.0.0.72",
            "10.0.0.73",
            "--key",
            "flow",
        ])
        .assert()
        .success()
        .stderr("")
        .stdout(contains("added\tport\tvxlan-0a000048\tbr-tun\t").and(contains("vxlan-0a000049")));
    assert_eq!(
        tunnel(&sandbox, "vxlan-0a000048"),
        "vxlan {key=flow, remote_ip=\"10.0.0.72\"}"
    );
    assert_eq!(sandbox.vsctl(&["port-to-br", "vxlan-0a000049"]), "br-tun\n");
    assert_eq!(
        sandbox.vsctl(&["get", "Interface", "vxlan-0a000049", "error"]),
        "[]\n"
    );

    let all = [
        "br-tun",
        "gre1",
        "--type",
        "gre",
        "--remote",
        "192.0.2.7",
        "--local",
        "192.0.2.1",
        "--in-key",
        "0x64",
        "--out-key",
        "flow",
        "--tos",
        "inherit",
        "--ttl",
        "7",
        "--csum",
        "on",
        "--df-default",
        "off",
        "--option",
        "seq=true",
        "--external-id",
        "who=me",
        "--ofport",
        "99",
        "--tag",
        "5",
        "--json",
    ];
    let told: Value = serde_json::from_str(&add(&sandbox, &all)).unwrap();
    assert_eq!(told[0]["ofport"], 99);
    assert_eq!(told[0]["after"]["options"]["in_key"], "100");
    assert_eq!(
        tunnel(&sandbox, "gre1"),
        "gre {csum=\"true\", df_default=\"false\", in_key=\"100\", local_ip=\"192.0.2.1\", \
         out_key=flow, remote_ip=\"192.0.2.7\", seq=\"true\", tos=inherit, ttl=\"7\"}"
    );
    assert_eq!(
        sandbox.vsctl(&["get", "Interface", "gre1", "external_ids", "ofport_request"]),
        "{who=me}\n99\n"
    );
    assert_eq!(sandbox.vsctl(&["get", "Port", "gre1", "tag"]), "5\n");

    add(
        &sandbox,
        &[
            "br-tun",
            "--remote=10.0.1.1,[FD00:0::1],flow",
            "--dst-port",
            "8472",
        ],
    );
    let names = sandbox.vsctl(&["list-ports", "br-tun"]);
    for name in ["vxlan-0a000101", "vxlan-94025ccb", "vxlan-flow"] {
        assert!(names.lines().any(|line| line == name), "{names}");
    }
    assert_eq!(
        tunnel(&sandbox, "vxlan-94025ccb"),
        "vxlan {dst_port=\"8472\", remote_ip=\"fd00::1\"}"
    );
}

#[test]
fn every_type_that_the_switch_knows() {
    let sandbox = bridges();
    for (kind, remote, name, more) in [
        ("gre", "10.9.9.9", "gre-0a090909", &[][..]),
        ("ip6gre", "fd00::1", "ip6gre-94025ccb", &[]),
        ("geneve", "10.9.9.9", "geneve-0a090909", &[]),
        ("lisp", "10.9.9.9", "lisp-0a090909", &[]),
        (
            "stt",
            "10.9.9.9",
            "stt-0a090909",
            &["--key", "18446744073709551615"],
        ),
        (
            "erspan",
            "10.9.9.9",
            "erspan-0a090909",
            &["--option", "erspan_ver=1"],
        ),
        (
            "ip6erspan",
            "fd00::1",
            "ip6ers-94025ccb",
            &["--option", "erspan_ver=2"],
        ),
        ("gtpu", "10.9.9.9", "gtpu-0a090909", &[]),
        (
            "bareudp",
            "10.9.9.9",
            "bareud-0a090909",
            &["--dst-port", "6635"],
        ),
    ] {
        let arguments = ["br-tun", "--type", kind, "--remote", remote];
        let told = add(&sandbox, &[&arguments[..], more].concat());
        assert!(
            told.starts_with(&format!("added\tport\t{name}\tbr-tun\t")),
            "{told}"
        );
        assert_eq!(
            sandbox.vsctl(&["get", "Interface", name, "type", "error"]),
            format!("{kind}\n[]\n")
        );
    }
    let known = sandbox.vsctl(&["get", "Open_vSwitch", ".", "iface_types"]);
    if !known.contains("srv6") {
        let srv6 = [
            "tunnel", "add", "br-tun", "--type", "srv6", "--remote", "fd00::1",
        ];
        refused(&sandbox, &srv6, 1, "does not know tunnels of type srv6");
    }
}

#[test]
fn what_makes_no_tunnel() {
    let sandbox = bridges();
    let no = |arguments: &[&str], code, words| {
        refused(
            &sandbox,
            &[&["tunnel", "add"], arguments].concat(),
            code,
            words,
        );
    };
    let to = |more: &[&'static str]| [&["br-tun", "--remote", "10.0.0.1"], more].concat();
    no(&["br-tun"], 2, "the remote address is missing");
    no(
        &["br-nosuch", "--remote", "10.0.0.1"],
        3,
        "bridge \"br-nosuch\" not found",
    );
    no(
        &["br-tun", "--remote", "host"],
        2,
        "expected an IPv4 or IPv6 address",
    );
    no(
        &["br-tun", "--option", "remote_ip=host"],
        2,
        "remote_ip=host is no address",
    );
    no(
        &["br-tun", "--remote", "224.0.0.1"],
        2,
        "is a multicast address",
    );
    no(&["br-tun", "--remote", "::"], 2, "is no host's");
    no(&to(&["--local", "fd00::2"]), 2, "are of two families");
    no(
        &to(&["--local", "flow"]),
        2,
        "only where they choose the remote one",
    );
    no(&to(&["--type", "ip6gre"]), 2, "runs over IPv6");
    no(
        &["br-tun", "--type", "gre", "--remote", "fd00::1"],
        2,
        "--type ip6gre runs over the other",
    );
    no(
        &to(&["--key", "16777216"]),
        2,
        "a number of 24 bits, 0 to 16777215",
    );
    no(
        &to(&["--type", "geneve", "--in-key", "16777216"]),
        2,
        "24 bits",
    );
    no(&to(&["--type", "gre", "--key", "4294967296"]), 2, "32 bits");
    no(&to(&["--type", "erspan", "--key", "1024"]), 2, "10 bits");
    no(
        &to(&["--type", "stt", "--key", "18446744073709551616"]),
        2,
        "expected a number",
    );
    no(
        &to(&["--type", "bareudp", "--dst-port", "6635", "--key", "1"]),
        2,
        "has no key",
    );
    no(&to(&["--type", "bareudp"]), 2, "has no port of its own");
    no(&to(&["--type", "gre", "--dst-port", "9"]), 2, "has no port");
    no(&to(&["--type", "internal"]), 2, "expected one of");
    no(&to(&["--dst-port", "0"]), 2, "expected 1 to 65535");
    no(&to(&["--tos", "3"]), 2, "ECN bits");
    no(&to(&["--ttl", "256"]), 2, "from 1 to 255");
    no(
        &to(&["--key", "1", "--option", "key=2"]),
        2,
        "say the same thing twice",
    );
    no(
        &["br-tun", "--remote", "10.0.0.1,10.0.0.1"],
        2,
        "is given twice",
    );
    no(
        &["br-tun", "t", "--remote", "10.0.0.1", "10.0.0.2"],
        2,
        "cannot all be called \"t\"",
    );
    no(
        &[
            "br-tun", "--remote", "10.0.0.1", "10.0.0.2", "--ofport", "9",
        ],
        2,
        "--ofport",
    );
    no(
        &["br-tun", "a/b", "--remote", "10.0.0.1"],
        1,
        "cannot name a port",
    );
    // One wrong among several, and none is made.
    no(
        &["br-tun", "--remote", "10.0.0.1", "224.0.0.1"],
        2,
        "is a multicast address",
    );
    sandbox.vsctl(&["add-br", "vxlan-0a000001"]);
    no(
        &to(&[]),
        1,
        "\"vxlan-0a000001\" exists on vxlan-0a000001 for another purpose",
    );
    no(&to(&["--may-exist"]), 1, "it is the bridge's own port");
    no(
        &["br-tun", "br-int", "--remote", "10.0.0.1"],
        1,
        "for another purpose",
    );
}

/// The first tunnel there is; of each second one the switch itself says whether it is the same.
#[test]
fn the_same_is_what_the_switch_takes_for_the_same() {
    const FIRST: [&str; 3] = ["type=vxlan", "options:remote_ip=10.0.0.1", "options:key=5"];
    let sandbox = bridges();
    let seconds: [(&[&str], &[&str]); 9] = [
        (&[], &[]),
        (&["--dst-port", "4789"], &["options:dst_port=4789"]),
        (&["--dst-port", "4790"], &["options:dst_port=4790"]),
        (&["--out-key", "6"], &["options:out_key=6"]),
        (&["--in-key", "6"], &["options:in_key=6"]),
        (&["--in-key", "flow"], &["options:in_key=flow"]),
        (&["--local", "10.0.0.9"], &["options:local_ip=10.0.0.9"]),
        (&["--type", "geneve"], &["type=geneve"]),
        (
            &["--option", "packet_type=ptap"],
            &["options:packet_type=ptap"],
        ),
    ];
    let set = |name: &'static str, more: &[&'static str]| {
        let add = [
            "--no-wait",
            "add-port",
            "br-tun",
            name,
            "--",
            "set",
            "Interface",
            name,
        ];
        sandbox.vsctl(&[&add, &FIRST[..], more].concat());
    };
    set("one", &[]);
    for (ours, theirs) in seconds {
        set("two", theirs);
        sandbox.vsctl(&["set", "Interface", "two", "external_ids:wait=1"]);
        let error = sandbox.vsctl(&["get", "Interface", "two", "error"]);
        let is_same = error.contains("File exists");
        assert!(is_same || error == "[]\n", "{error}");
        sandbox.vsctl(&["del-port", "two"]);

        let ovs = [
            "tunnel", "add", "br-int", "two", "--remote", "10.0.0.1", "--key", "5",
        ];
        let ovs = [&ovs, ours].concat();
        if is_same {
            let words =
                "tunnel \"one\" on br-tun is the same already: vxlan to 10.0.0.1, key 5, port 4789";
            refused(&sandbox, &ovs, 1, words);
        } else {
            sandbox.ovs(&ovs).assert().success();
            sandbox.vsctl(&["del-port", "two"]);
        }
    }
    // However an IPv6 address is written.
    sandbox.vsctl(&["set", "Interface", "one", "options:remote_ip=fd00:0::1"]);
    refused(
        &sandbox,
        &[
            "tunnel", "add", "br-int", "--remote", "fd00::1", "--key", "5",
        ],
        1,
        "tunnel \"one\" on br-tun is the same already: vxlan to fd00::1",
    );
}

#[test]
fn a_name_that_is_taken() {
    let sandbox = bridges();
    add(&sandbox, &["br-tun", "--remote", "10.0.0.72"]);
    let again = ["tunnel", "add", "br-tun", "--remote", "10.0.0.72"];
    refused(
        &sandbox,
        &again,
        1,
        "tunnel \"vxlan-0a000048\" exists on br-tun already: vxlan to 10.0.0.72",
    );
    let other = [&again[..], &["--key", "5"]].concat();
    refused(
        &sandbox,
        &other,
        1,
        "is that of another tunnel on br-tun: vxlan to 10.0.0.72, port 4789",
    );
    sandbox.vsctl(&[
        "set",
        "Interface",
        "vxlan-0a000048",
        "options:remote_ip=10.0.0.1",
    ]);
    for more in [&[][..], &["--may-exist"]] {
        let words =
            "the name \"vxlan-0a000048\" is that of another tunnel on br-tun: vxlan to 10.0.0.1";
        refused(&sandbox, &[&again[..], more].concat(), 1, words);
    }
    let named = [
        "tunnel",
        "add",
        "br-int",
        "vxlan-0a000048",
        "--remote",
        "10.0.0.9",
        "--may-exist",
    ];
    for whether in [&named[..], &named[..6]] {
        refused(&sandbox, whether, 1, "exists on another bridge, br-tun");
    }
}

#[test]
fn may_exist_converges() {
    let sandbox = bridges();
    let ask = [
        "br-tun",
        "--remote",
        "10.0.0.72",
        "--key",
        "flow",
        "--may-exist",
    ];
    assert!(add(&sandbox, &ask).starts_with("added"));
    assert_eq!(add(&sandbox, &ask), "unchanged\n");
    // A tunnel whose name nobody chose is not made another.
    for other in [
        &["--key", "9"][..],
        &["--local", "10.0.0.1"],
        &["--dst-port", "4790"],
    ] {
        let ask = [
            &[
                "tunnel",
                "add",
                "br-tun",
                "--remote",
                "10.0.0.72",
                "--may-exist",
            ][..],
            other,
        ]
        .concat();
        refused(&sandbox, &ask, 1, "is that of another tunnel");
    }
    // One that was named is.
    let ask = [&ask[..1], &["vxlan-0a000048"], &ask[1..]].concat();
    sandbox.vsctl(&[
        "set",
        "Interface",
        "vxlan-0a000048",
        "options:in_key=7",
        "options:key=8",
        "options:tos=32",
        "external_ids:mine=1",
        "--",
        "set",
        "Port",
        "vxlan-0a000048",
        "tag=4",
    ]);
    assert!(add(&sandbox, &ask).starts_with("changed\tport\tvxlan-0a000048"));
    assert_eq!(
        tunnel(&sandbox, "vxlan-0a000048"),
        "vxlan {key=flow, remote_ip=\"10.0.0.72\", tos=\"32\"}"
    );
    assert_eq!(
        sandbox.vsctl(&["get", "Interface", "vxlan-0a000048", "external_ids"]),
        "{mine=\"1\"}\n"
    );
    assert_eq!(
        sandbox.vsctl(&["get", "Port", "vxlan-0a000048", "tag"]),
        "4\n"
    );
    assert_eq!(add(&sandbox, &ask), "unchanged\n");
    // Nobody asked for a name: the tunnel that is there is the one.
    add(
        &sandbox,
        &["br-tun", "mine", "--remote", "10.0.0.73", "--key", "flow"],
    );
    let ask = [
        "br-tun",
        "--remote",
        "10.0.0.73",
        "--key",
        "flow",
        "--may-exist",
    ];
    assert_eq!(add(&sandbox, &ask), "unchanged\n");
    // By its name, whatever it was.
    let ask = [
        "br-tun",
        "mine",
        "--type",
        "gre",
        "--remote",
        "10.0.0.74",
        "--may-exist",
    ];
    assert!(add(&sandbox, &ask).starts_with("changed\tport\tmine"));
    assert_eq!(
        tunnel(&sandbox, "mine"),
        "gre {key=flow, remote_ip=\"10.0.0.74\"}"
    );
}

#[test]
fn set_changes_what_is_named() {
    let sandbox = bridges();
    add(
        &sandbox,
        &[
            "br-tun",
            "t",
            "--remote",
            "10.0.0.1",
            "--in-key",
            "5",
            "--out-key",
            "6",
            "--ttl",
            "9",
        ],
    );
    let set = |more: &[&str]| sandbox.ovs_stdout(&[&["tunnel", "set", "t"], more].concat());
    assert!(set(&["--remote", "10.0.0.2", "--tag", "3"]).starts_with("changed\tport\tt\tbr-tun"));
    assert_eq!(
        tunnel(&sandbox, "t"),
        "vxlan {in_key=\"5\", out_key=\"6\", remote_ip=\"10.0.0.2\", ttl=\"9\"}"
    );
    set(&[
        "--key",
        "7",
        "--ttl",
        "none",
        "--tag",
        "none",
        "--option",
        "egress_pkt_mark=4",
    ]);
    assert_eq!(
        tunnel(&sandbox, "t"),
        "vxlan {egress_pkt_mark=\"4\", key=\"7\", remote_ip=\"10.0.0.2\"}"
    );
    assert_eq!(set(&["--key", "7"]), "unchanged\n");
    set(&[
        "--type",
        "geneve",
        "--key",
        "none",
        "--option",
        "egress_pkt_mark-",
        "--remote",
        "fd00::1",
    ]);
    assert_eq!(tunnel(&sandbox, "t"), "geneve {remote_ip=\"fd00::1\"}");

    add(
        &sandbox,
        &["br-int", "u", "--type", "geneve", "--remote", "fd00::2"],
    );
    let no = |more: &[&str], code, words| {
        refused(
            &sandbox,
            &[&["tunnel", "set", "t"], more].concat(),
            code,
            words,
        );
    };
    no(
        &["--remote", "fd00::2"],
        1,
        "tunnel \"u\" on br-int is the same already: geneve to fd00::2, port 6081",
    );
    no(
        &["--remote", "10.0.0.1", "--local", "fd00::9"],
        2,
        "are of two families",
    );
    no(
        &["--option", "remote_ip-"],
        2,
        "the remote address is missing",
    );
    no(&["--key", "16777216"], 2, "24 bits");
    no(&["--type", "srv7"], 2, "expected one of");
    refused(
        &sandbox,
        &["tunnel", "set", "br-int", "--key", "1"],
        1,
        "\"br-int\" is no tunnel",
    );
    refused(
        &sandbox,
        &["tunnel", "set", "nosuch", "--key", "1"],
        3,
        "port \"nosuch\" not found",
    );
}

#[test]
fn a_tunnel_named_twice_goes_once() {
    let sandbox = bridges();
    add(&sandbox, &["br-tun", "t1", "--remote", "10.0.0.1"]);
    let said = sandbox.ovs_stdout(&["tunnel", "del", "t1", "t1"]);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert_eq!(sandbox.vsctl(&["list-ports", "br-tun"]), "");
}

#[test]
fn del_takes_tunnels_only() {
    let sandbox = bridges();
    let before = database(&sandbox);
    add(
        &sandbox,
        &["br-tun", "--remote", "10.0.0.1", "10.0.0.2", "flow"],
    );
    sandbox.vsctl(&[
        "add-port",
        "br-int",
        "p",
        "--",
        "set",
        "Interface",
        "p",
        "type=internal",
    ]);
    let number = sandbox.vsctl(&["get", "Interface", "vxlan-0a000002", "ofport"]);
    let number = format!("br-tun/{}", number.trim());
    let del = |ports: &[&str], code, words| {
        refused(&sandbox, &[&["tunnel", "del"], ports].concat(), code, words);
    };
    del(
        &["vxlan-flow", "p"],
        1,
        "\"p\" is no tunnel: it is a port of type internal",
    );
    del(&["vxlan-flow", "br-tun"], 1, "it is the bridge's own port");
    del(&["vxlan-flow", "nosuch"], 3, "port \"nosuch\" not found");
    sandbox
        .ovs(&[
            "tunnel",
            "del",
            "vxlan-flow",
            "nosuch",
            &number,
            "--if-exists",
        ])
        .assert()
        .success()
        .stdout(contains("removed\tport\tvxlan-flow").and(contains("vxlan-0a000002")));
    sandbox.ovs_stdout(&["tunnel", "del", "vxlan-0a000001"]);
    sandbox.vsctl(&["del-port", "p"]);
    assert_eq!(database(&sandbox), before);
}

#[test]
fn what_the_switch_refuses() {
    let sandbox = bridges();
    add(&sandbox, &["br-tun", "--remote", "10.0.0.1"]);
    let before = database(&sandbox);
    // The switch wants one kind of VXLAN on a port.
    let gbp = [
        "tunnel", "add", "br-tun", "g", "--remote", "10.0.0.2", "--option", "exts=gbp",
    ];
    let words = "VXLAN-GBP, and non-VXLAN-GBP tunnels can't be configured on the same dst_port";
    let several = [
        "tunnel", "add", "br-tun", "--remote", "10.0.0.2", "10.0.0.3", "--option", "exts=gbp",
    ];
    for ask in [&gbp[..], &several] {
        sandbox
            .ovs(&[ask, &["--atomic"]].concat())
            .assert()
            .code(1)
            .stdout("")
            .stderr(contains(words).and(contains("taken out again")));
        assert_eq!(database(&sandbox), before);
    }
    sandbox.ovs(&gbp).assert().code(5).stderr(contains(words));
    let dry = [
        "--dry-run",
        "-j",
        "tunnel",
        "add",
        "br-tun",
        "h",
        "--remote",
        "10.0.0.5",
    ];
    let told: Value = serde_json::from_str(&sandbox.ovs_stdout(&dry)).unwrap();
    assert_eq!(
        told["changes"][0]["after"],
        json!({"options": {"remote_ip": "10.0.0.5"}, "type": "vxlan"})
    );
    sandbox.ovs_stdout(&["tunnel", "del", "g"]);
    assert_eq!(database(&sandbox), before);
    sandbox.kill_vswitchd();
    sandbox
        .ovs(&["-t", "1", "tunnel", "add", "br-tun", "--remote", "10.0.0.7"])
        .assert()
        .code(5)
        .stderr(contains("ovs-vswitchd has not applied it"));
    sandbox
        .ovs(&["--no-wait", "tunnel", "del", "vxlan-0a000007"])
        .assert()
        .success();
    sandbox.ovs(&dry).assert().success();
}

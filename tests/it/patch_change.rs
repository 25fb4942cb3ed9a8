//! `ovs patch add` and `del`: what the database holds then, read with the real ovs-vsctl.

use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;
use serde_json::{Value, json};

use crate::common::Sandbox;

/// Three bridges and nothing else.
fn bridges() -> Sandbox {
    let sandbox = Sandbox::empty();
    for bridge in ["br-int", "br-tun", "br-ex"] {
        sandbox.vsctl(&["add-br", bridge]);
    }
    sandbox
}

/// Where a patch port is and where it leads, by ovs-vsctl: `br-int patch patch-int`.
fn end(sandbox: &Sandbox, port: &str) -> String {
    let bridge = sandbox.vsctl(&["port-to-br", port]);
    let told = sandbox.vsctl(&["get", "Interface", port, "type", "options:peer"]);
    let words = told.lines().map(|word| word.trim_matches('"').to_owned());
    std::iter::once(bridge.trim().to_owned())
        .chain(words)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Everything that is configured, as ovs-vsctl lists it.
fn database(sandbox: &Sandbox) -> String {
    ["Bridge", "Port", "Interface"]
        .map(|table| {
            let columns = match table {
                "Bridge" => "name,ports",
                "Port" => "name,interfaces,tag,external_ids",
                _ => "name,type,options,external_ids",
            };
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

fn states(sandbox: &Sandbox) -> String {
    sandbox.ovs_stdout(&["patch", "list", "--columns", "port,peer,state"])
}

#[test]
fn both_ends_in_one_transaction() {
    let sandbox = bridges();
    sandbox
        .ovs(&["patch", "add", "br-int", "br-tun"])
        .assert()
        .success()
        .stderr("")
        .stdout(
            "added\tport\tpatch-tun\tbr-int\t1\t-\toptions={peer=patch-int},type=patch\t-\n\
             added\tport\tpatch-int\tbr-tun\t1\t-\toptions={peer=patch-tun},type=patch\t-\n",
        );
    assert_eq!(end(&sandbox, "patch-tun"), "br-int patch patch-int");
    assert_eq!(end(&sandbox, "patch-int"), "br-tun patch patch-tun");
    // The switch has connected them.
    let ports = sandbox.ofctl(&["show", "br-int"]);
    assert!(ports.contains("1(patch-tun)"), "{ports}");

    let json = sandbox.ovs_stdout(&["-j", "patch", "add", "br-int:int-br-ex", "br-ex:phy-br-ex"]);
    let told: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        told[1],
        json!({
            "change": "added", "kind": "port", "name": "phy-br-ex", "bridge": "br-ex", "ofport": 1,
            "before": {}, "after": {"options": {"peer": "int-br-ex"}, "type": "patch"},
            "error": null,
        })
    );
    assert_eq!(end(&sandbox, "int-br-ex"), "br-int patch phy-br-ex");
    assert_eq!(end(&sandbox, "phy-br-ex"), "br-ex patch int-br-ex");
}

#[test]
fn a_dry_run_writes_nothing_and_needs_no_switch() {
    let sandbox = bridges();
    let before = database(&sandbox);
    sandbox.kill_vswitchd();
    sandbox
        .ovs(&["--dry-run", "patch", "add", "br-int", "br-tun"])
        .assert()
        .success()
        .stdout(contains("patch-tun").and(contains("patch-int")));
    let json = sandbox.ovs_stdout(&["-j", "--dry-run", "patch", "add", "br-int", "br-tun"]);
    let told: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(told["changes"].as_array().map(Vec::len), Some(2));
    assert_eq!(told["transaction"][0], "Open_vSwitch");
    assert_eq!(database(&sandbox), before);
    // Written, and not applied.
    sandbox
        .ovs(&["-t", "1", "patch", "add", "br-int", "br-tun"])
        .assert()
        .code(5);
    sandbox
        .ovs(&["--no-wait", "patch", "del", "patch-int"])
        .assert()
        .success();
    assert_eq!(database(&sandbox), before);
}

#[test]
fn what_cannot_be_an_end() {
    let sandbox = bridges();
    sandbox.vsctl(&["add-br", "vlan7", "br-int", "7"]);
    sandbox.vsctl(&[
        "add-port",
        "br-int",
        "patch-tun",
        "--",
        "set",
        "Interface",
        "patch-tun",
        "type=internal",
    ]);
    sandbox.vsctl(&["add-br", "patch-ex"]);
    let add = |ends: [&str; 2], code, words: &str| {
        refused(&sandbox, &["patch", "add", ends[0], ends[1]], code, words);
        let again = ["patch", "add", ends[0], ends[1], "--may-exist"];
        refused(&sandbox, &again, code, words);
    };
    add(
        ["br-int", "br-tun"],
        1,
        "\"patch-tun\" exists on br-int for another purpose: it is a port of type internal",
    );
    // A bridge of that name has a port of that name.
    add(
        ["br-int", "br-ex"],
        1,
        "\"patch-ex\" exists on patch-ex, not on br-int: it is the bridge's own port",
    );
    add(
        ["br-int:br-int", "br-tun"],
        1,
        "it is the bridge's own port",
    );
    add(["br-int", "br-int"], 1, "both ends would be on br-int");
    add(["br-int", "vlan7"], 1, "are one bridge, br-int");
    add(
        ["br-int:a", "br-tun:a"],
        1,
        "both ends would be called \"a\"",
    );
    add(["br-int", "br-nosuch"], 3, "bridge \"br-nosuch\" not found");
    add(
        ["br-nosuch:a", "br-int"],
        3,
        "bridge \"br-nosuch\" not found",
    );
    add(["br-int:a/b", "br-tun"], 1, "\"a/b\" cannot name a port");
    refused(&sandbox, &["patch", "add", "br-int"], 2, "BRIDGE[:PORT]");
}

#[test]
fn a_peer_that_is_taken() {
    let sandbox = bridges();
    sandbox.ovs_stdout(&["patch", "add", "br-int:a", "br-tun:b"]);
    sandbox.vsctl(&[
        "add-port",
        "br-ex",
        "c",
        "--",
        "set",
        "Interface",
        "c",
        "type=patch",
        "options:peer=d",
    ]);
    let taken = "\"a\" is taken: it is the peer of patch port \"b\" on br-tun";
    for may_exist in [&[][..], &["--may-exist"]] {
        let add =
            |ends: [&'static str; 2]| [&["patch", "add", ends[0], ends[1]], may_exist].concat();
        refused(&sandbox, &add(["br-int:a", "br-ex:x"]), 1, taken);
        refused(&sandbox, &add(["br-ex:x", "br-int:a"]), 1, taken);
        // Somebody waits for a port of this name already.
        refused(
            &sandbox,
            &add(["br-int:d", "br-tun:x"]),
            1,
            "\"d\" is taken: it is the peer of patch port \"c\" on br-ex",
        );
    }
    // A pair that is right stays right, whoever claims one of its ends.
    sandbox.vsctl(&["set", "Interface", "c", "options:peer=a"]);
    sandbox
        .ovs(&["patch", "add", "br-int:a", "br-tun:b", "--may-exist"])
        .assert()
        .success()
        .stdout("unchanged\n")
        .stderr(contains(
            "patch port \"c\" on br-ex has \"a\" as its peer too",
        ));
}

#[test]
fn a_pair_that_exists() {
    let sandbox = bridges();
    sandbox.ovs_stdout(&["patch", "add", "br-int", "br-tun"]);
    let add = ["patch", "add", "br-int", "br-tun"];
    refused(
        &sandbox,
        &add,
        1,
        "patch port \"patch-tun\" exists on br-int already",
    );
    let before = database(&sandbox);
    for ends in [["br-int", "br-tun"], ["br-tun", "br-int"]] {
        let again = ["patch", "add", ends[0], ends[1], "--may-exist"];
        assert_eq!(sandbox.ovs_stdout(&again), "unchanged\n");
    }
    assert_eq!(
        sandbox.ovs_stdout(&["-j", "patch", "add", "br-int", "br-tun", "--may-exist"]),
        "[]\n"
    );
    assert_eq!(database(&sandbox), before);
}

#[test]
fn may_exist_repairs() {
    let sandbox = bridges();
    let other = [
        "--",
        "--may-exist",
        "add-port",
        "br-ex",
        "other",
        "--",
        "set",
        "Interface",
        "other",
    ];
    // What ovs-vsctl makes of the pair, and the state that it is in then.
    let damages: [(&[&str], &str); 6] = [
        (&["del-port", "patch-int"], "dangling"),
        (
            &["set", "Interface", "patch-tun", "options:peer=nosuch"],
            "dangling",
        ),
        (&["clear", "Interface", "patch-int", "options"], "one-way"),
        (
            &["set", "Interface", "patch-int", "options:peer=patch-ex"],
            "dangling",
        ),
        (
            &[
                &["set", "Interface", "patch-tun", "options:peer=other"],
                &other[..],
                &["type=internal"],
            ]
            .concat(),
            "dangling",
        ),
        (
            &[
                &["set", "Interface", "patch-tun", "options:peer=other"],
                &other[..],
                &["type=patch", "options:peer=nosuch"],
            ]
            .concat(),
            "one-way",
        ),
    ];
    sandbox.ovs_stdout(&["patch", "add", "br-int", "br-tun"]);
    sandbox.vsctl(&["set", "Port", "patch-tun", "tag=7", "external_ids:mine=1"]);
    sandbox.vsctl(&["set", "Interface", "patch-tun", "external_ids:mine=2"]);
    for (damage, state) in damages {
        // ovs-vsctl complains of patch ports without a peer; that is what is wanted here.
        sandbox.vsctl(&[&["--no-wait"], damage].concat());
        assert!(
            states(&sandbox).contains(state),
            "{damage:?}: {}",
            states(&sandbox)
        );
        let add = ["patch", "add", "br-int", "br-tun"];
        refused(&sandbox, &add, 1, "exists on br-int already");
        sandbox
            .ovs(&["patch", "add", "br-int", "br-tun", "--may-exist"])
            .assert()
            .success()
            .stdout(contains("changed\tport").or(contains("added\tport")));
        assert_eq!(
            end(&sandbox, "patch-tun"),
            "br-int patch patch-int",
            "{damage:?}"
        );
        assert_eq!(
            end(&sandbox, "patch-int"),
            "br-tun patch patch-tun",
            "{damage:?}"
        );
        let again = ["patch", "add", "br-int", "br-tun", "--may-exist"];
        assert_eq!(sandbox.ovs_stdout(&again), "unchanged\n");
    }
    assert_eq!(
        sandbox.vsctl(&["get", "Port", "patch-tun", "tag", "external_ids:mine"]),
        "7\n\"1\"\n"
    );
    assert_eq!(
        sandbox.vsctl(&["get", "Interface", "patch-tun", "external_ids:mine"]),
        "\"2\"\n"
    );
}

#[test]
fn either_end_takes_both() {
    let sandbox = bridges();
    let before = database(&sandbox);
    for named in ["patch-tun", "patch-int", "br-int/patch-tun"] {
        sandbox.ovs_stdout(&["patch", "add", "br-int", "br-tun"]);
        sandbox
            .ovs(&["patch", "del", named])
            .assert()
            .success()
            .stderr("")
            .stdout(contains("removed\tport\tpatch-tun").and(contains("removed\tport\tpatch-int")));
        assert_eq!(database(&sandbox), before);
    }
    sandbox.ovs_stdout(&["patch", "add", "br-int", "br-tun"]);
    let number = sandbox.vsctl(&["get", "Interface", "patch-tun", "ofport"]);
    sandbox.ovs_stdout(&["patch", "del", &format!("br-int/{}", number.trim())]);
    assert_eq!(database(&sandbox), before);
}

#[test]
fn two_bridges_take_all_between_them() {
    let sandbox = bridges();
    let before = database(&sandbox);
    for bridges in [["br-int", "br-tun"], ["br-tun", "br-int"]] {
        for ends in [
            ["br-int", "br-tun"],
            ["br-int:a", "br-tun:b"],
            ["br-int:c", "br-ex:d"],
        ] {
            sandbox.ovs_stdout(&["patch", "add", ends[0], ends[1]]);
        }
        // One end of a third pair has forgotten the other.
        sandbox.ovs_stdout(&["patch", "add", "br-int:e", "br-tun:f"]);
        sandbox.vsctl(&["--no-wait", "clear", "Interface", "f", "options"]);
        let told = sandbox.ovs_stdout(&["patch", "del", bridges[0], bridges[1]]);
        assert_eq!(told.lines().count(), 6, "{told}");
        assert_eq!(states(&sandbox), "d\tc\tok\n");
        sandbox.ovs_stdout(&["patch", "del", "c"]);
        assert_eq!(database(&sandbox), before);
    }
    refused(
        &sandbox,
        &["patch", "del", "br-int", "br-tun"],
        3,
        "patch port to \"br-tun\" not found on br-int",
    );
    sandbox
        .ovs(&["patch", "del", "br-int", "br-tun", "--if-exists"])
        .assert()
        .success()
        .stdout("unchanged\n");
    sandbox
        .ovs(&["patch", "del", "br-int", "br-nosuch", "--if-exists"])
        .assert()
        .success();
    refused(
        &sandbox,
        &["patch", "del", "br-int", "br-nosuch"],
        3,
        "bridge \"br-nosuch\"",
    );
}

#[test]
fn broken_pairs_go_without_a_rest() {
    let sandbox = bridges();
    let before = database(&sandbox);
    let pair = ["patch", "add", "br-int", "br-tun"];
    // What ovs-vsctl makes of the pair, and whichever end is named.
    let damages: [&[&str]; 2] = [
        &["clear", "Interface", "patch-int", "options"],
        &["set", "Interface", "patch-int", "options:peer=nosuch"],
    ];
    for damage in damages {
        for named in ["patch-tun", "patch-int"] {
            sandbox.ovs_stdout(&pair);
            sandbox.vsctl(&[&["--no-wait"], damage].concat());
            sandbox.ovs(&["patch", "del", named]).assert().success();
            if damage[0] == "set" && named == "patch-tun" {
                // patch-int says that it belongs to another one.
                assert_eq!(states(&sandbox), "patch-int\tnosuch\tdangling\n");
                sandbox.ovs_stdout(&["patch", "del", "patch-int"]);
            }
            assert_eq!(database(&sandbox), before, "{damage:?} {named}");
        }
    }
    sandbox.ovs_stdout(&pair);
    sandbox.vsctl(&["--no-wait", "del-port", "patch-int"]);
    sandbox
        .ovs(&["patch", "del", "patch-tun"])
        .assert()
        .success()
        .stdout(contains("removed\tport\tpatch-tun"));
    assert_eq!(database(&sandbox), before);
}

#[test]
fn a_third_that_claims_an_end_stays_and_is_named() {
    let sandbox = bridges();
    sandbox.ovs_stdout(&["patch", "add", "br-int", "br-tun"]);
    sandbox.vsctl(&[
        "add-port",
        "br-ex",
        "c",
        "--",
        "set",
        "Interface",
        "c",
        "type=patch",
        "options:peer=patch-tun",
    ]);
    sandbox
        .ovs(&["patch", "del", "patch-int"])
        .assert()
        .success()
        .stderr(contains("patch port \"c\" on br-ex leads nowhere"));
    assert_eq!(states(&sandbox), "c\tpatch-tun\tdangling\n");
    // Named itself, it goes alone.
    sandbox.ovs_stdout(&["patch", "add", "br-int:x", "br-tun:y"]);
    sandbox.vsctl(&["set", "Interface", "c", "options:peer=x"]);
    sandbox.ovs_stdout(&["patch", "del", "c"]);
    assert_eq!(states(&sandbox), "x\ty\tok\n");
}

#[test]
fn what_is_no_patch_port_stays() {
    let sandbox = bridges();
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
    sandbox.ovs_stdout(&["patch", "add", "br-int", "br-tun"]);
    let del = |ports: &[&str], code, words| {
        refused(&sandbox, &[&["patch", "del"], ports].concat(), code, words);
    };
    del(
        &["p"],
        1,
        "\"p\" is no patch port: it is a port of type internal",
    );
    del(&["p", "--if-exists"], 1, "\"p\" is no patch port");
    del(&["br-int"], 1, "it is the bridge's own port");
    del(&["nosuch"], 3, "port \"nosuch\" not found");
    del(
        &["patch-tun", "patch-int"],
        2,
        "two arguments are two bridges, and \"patch-tun\" is a port",
    );
    del(&["br-int", "br-tun", "br-ex"], 2, "unexpected value");
    del(&[], 2, "required");
    sandbox
        .ovs(&["patch", "del", "nosuch", "--if-exists"])
        .assert()
        .success()
        .stdout("unchanged\n");
}

#[test]
fn vlan_bridges_and_other_datapaths() {
    let sandbox = bridges();
    sandbox.vsctl(&["add-br", "vlan7", "br-int", "7"]);
    sandbox.ovs_stdout(&["patch", "add", "vlan7", "br-tun"]);
    assert_eq!(end(&sandbox, "patch-vlan7"), "br-tun patch patch-tun");
    assert_eq!(sandbox.vsctl(&["get", "Port", "patch-tun", "tag"]), "7\n");
    sandbox.ovs_stdout(&["patch", "add", "br-int:a", "br-tun:b"]);
    sandbox.ovs_stdout(&["patch", "del", "vlan7", "br-tun"]);
    assert_eq!(states(&sandbox), "a\tb\tok\n");

    sandbox.vsctl(&["set", "Bridge", "br-ex", "datapath_type=dummy"]);
    refused(
        &sandbox,
        &["patch", "add", "br-int", "br-ex"],
        1,
        "br-int is on a datapath of type system and br-ex on one of type dummy",
    );
}

#[test]
fn in_a_batch() {
    let sandbox = bridges();
    let batch = "patch add br-int br-tun --may-exist\n\
                 patch add br-int:a br-ex:b --may-exist\n\
                 tunnel add br-tun --remote 10.0.0.72 --key flow --may-exist\n";
    let run = |text: &str| {
        let output = sandbox
            .ovs(&["batch", "-"])
            .write_stdin(text)
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (
            output.status.code(),
            text(output.stdout),
            text(output.stderr),
        )
    };
    let (code, told, _) = run(batch);
    assert_eq!((code, told.lines().count()), (Some(0), 5), "{told}");
    assert_eq!(
        run(batch),
        (Some(0), "unchanged\n".to_owned(), String::new())
    );
    let before = database(&sandbox);
    let (code, _, told) =
        run("patch del a\npatch add br-tun:x br-ex:b\npatch add br-int:x br-ex:y\n");
    assert_eq!(code, Some(1));
    assert!(
        told.contains("line 3: \"x\" exists on br-tun, not on br-int"),
        "{told}"
    );
    assert_eq!(database(&sandbox), before);
    let (code, told, _) = run("patch del a\npatch add br-tun:a br-ex:b\n");
    assert_eq!(code, Some(0), "{told}");
    assert_eq!(end(&sandbox, "a"), "br-tun patch b");
}

//! `ovs patch add` and `del`: what the database holds then, read with the real ovs-vsctl.

use serde_json::json;

use crate::common::Sandbox;

/// Three bridges and nothing else.
fn bridges() -> Sandbox {
    Sandbox::with("add-br br-int -- add-br br-tun -- add-br br-ex")
}

/// Where a patch port is and where it leads, by ovs-vsctl: `br-int patch patch-int`.
fn end(sandbox: &Sandbox, port: &str) -> String {
    let told = vsctl!(
        sandbox,
        "port-to-br {port} -- get Interface {port} type options:peer"
    );
    told.trim_end().replace('"', "").replace('\n', " ")
}

fn states(sandbox: &Sandbox) -> String {
    ovs!(sandbox, "patch list --columns port,peer,state").out()
}

#[test]
fn both_ends_in_one_transaction() {
    let sandbox = bridges();
    ovs!(sandbox, "patch add br-int br-tun")
        .prints(
            "added\tport\tpatch-tun\tbr-int\t1\t-\toptions={peer=patch-int},type=patch\t-\n\
             added\tport\tpatch-int\tbr-tun\t1\t-\toptions={peer=patch-tun},type=patch\t-\n",
        )
        .says_nothing();
    assert_eq!(end(&sandbox, "patch-tun"), "br-int patch patch-int");
    assert_eq!(end(&sandbox, "patch-int"), "br-tun patch patch-tun");
    // The switch has connected them.
    let ports = ofctl!(sandbox, "show br-int");
    assert!(ports.contains("1(patch-tun)"), "{ports}");

    let told = ovs!(sandbox, "patch add br-int:int-br-ex br-ex:phy-br-ex").json();
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
    let before = sandbox.configuration();
    sandbox.kill_vswitchd();
    ovs!(sandbox, "--dry-run patch add br-int br-tun")
        .ok()
        .shows("patch-tun")
        .shows("patch-int");
    let told = ovs!(sandbox, "--dry-run patch add br-int br-tun").json();
    assert_eq!(told["changes"].as_array().map(Vec::len), Some(2));
    assert_eq!(told["transaction"][0], "Open_vSwitch");
    assert_same!(before, sandbox.configuration());
    // Written, and not applied.
    ovs!(sandbox, "-t 1 patch add br-int br-tun").exits(5);
    ovs!(sandbox, "--no-wait patch del patch-int").ok();
    assert_same!(before, sandbox.configuration());
}

#[test]
fn what_cannot_be_an_end() {
    let sandbox = bridges();
    vsctl!(
        sandbox,
        "add-br vlan7 br-int 7 -- add-br patch-ex -- add-port br-int patch-tun -- \
         set Interface patch-tun type=internal"
    );
    for (ends, code, words) in [
        (
            "br-int br-tun",
            1,
            "\"patch-tun\" exists on br-int for another purpose: it is a port of type internal",
        ),
        // A bridge of that name has a port of that name.
        (
            "br-int br-ex",
            1,
            "\"patch-ex\" exists on patch-ex, not on br-int: it is the bridge's own port",
        ),
        ("br-int:br-int br-tun", 1, "it is the bridge's own port"),
        ("br-int br-int", 1, "both ends would be on br-int"),
        ("br-int vlan7", 1, "are one bridge, br-int"),
        ("br-int:a br-tun:a", 1, "both ends would be called \"a\""),
        ("br-int br-nosuch", 3, "bridge \"br-nosuch\" not found"),
        ("br-nosuch:a br-int", 3, "bridge \"br-nosuch\" not found"),
        ("br-int:a/b br-tun", 1, "\"a/b\" cannot name a port"),
        ("br-int", 2, "BRIDGE[:PORT]"),
    ] {
        sandbox.refuses(&format!("patch add {ends}"), code, words);
        sandbox.refuses(&format!("patch add {ends} --may-exist"), code, words);
    }
}

#[test]
fn a_peer_that_is_taken() {
    let sandbox = bridges();
    ovs!(sandbox, "patch add br-int:a br-tun:b").ok();
    vsctl!(
        sandbox,
        "add-port br-ex c -- set Interface c type=patch options:peer=d"
    );
    let taken = "\"a\" is taken: it is the peer of patch port \"b\" on br-tun";
    // Somebody waits for a port of this name already.
    let awaited = "\"d\" is taken: it is the peer of patch port \"c\" on br-ex";
    for may_exist in ["", " --may-exist"] {
        for (ends, words) in [
            ("br-int:a br-ex:x", taken),
            ("br-ex:x br-int:a", taken),
            ("br-int:d br-tun:x", awaited),
        ] {
            sandbox.refuses(&format!("patch add {ends}{may_exist}"), 1, words);
        }
    }
    // A pair that is right stays right, whoever claims one of its ends.
    vsctl!(sandbox, "set Interface c options:peer=a");
    ovs!(sandbox, "patch add br-int:a br-tun:b --may-exist")
        .prints("unchanged\n")
        .says("patch port \"c\" on br-ex has \"a\" as its peer too");
}

#[test]
fn a_pair_that_exists() {
    let sandbox = bridges();
    ovs!(sandbox, "patch add br-int br-tun").ok();
    sandbox.refuses(
        "patch add br-int br-tun",
        1,
        "patch port \"patch-tun\" exists on br-int already",
    );
    let before = sandbox.configuration();
    for ends in ["br-int br-tun", "br-tun br-int"] {
        ovs!(sandbox, "patch add {ends} --may-exist").prints("unchanged\n");
    }
    ovs!(sandbox, "-j patch add br-int br-tun --may-exist").prints("[]\n");
    assert_same!(before, sandbox.configuration());
}

#[test]
fn may_exist_repairs() {
    let sandbox = bridges();
    let other = "set Interface patch-tun options:peer=other -- --may-exist add-port br-ex other -- \
                 set Interface other";
    // What ovs-vsctl makes of the pair, and the state that it is in then.
    let damages = [
        ("del-port patch-int", "dangling"),
        ("set Interface patch-tun options:peer=nosuch", "dangling"),
        ("clear Interface patch-int options", "one-way"),
        ("set Interface patch-int options:peer=patch-ex", "dangling"),
        (&format!("{other} type=internal"), "dangling"),
        (
            &format!("{other} type=patch options:peer=nosuch"),
            "one-way",
        ),
    ];
    ovs!(sandbox, "patch add br-int br-tun").ok();
    vsctl!(
        sandbox,
        "set Port patch-tun tag=7 external_ids:mine=1 -- \
         set Interface patch-tun external_ids:mine=2"
    );
    for (damage, state) in damages {
        // ovs-vsctl complains of patch ports without a peer; that is what is wanted here.
        vsctl!(sandbox, "--no-wait {damage}");
        assert!(states(&sandbox).contains(state), "{damage}");
        sandbox.refuses("patch add br-int br-tun", 1, "exists on br-int already");
        let said = ovs!(sandbox, "patch add br-int br-tun --may-exist").out();
        assert!(
            said.contains("changed\tport") || said.contains("added\tport"),
            "{said}"
        );
        assert_eq!(end(&sandbox, "patch-tun"), "br-int patch patch-int");
        assert_eq!(end(&sandbox, "patch-int"), "br-tun patch patch-tun");
        ovs!(sandbox, "patch add br-int br-tun --may-exist").prints("unchanged\n");
    }
    assert_eq!(
        vsctl!(
            sandbox,
            "get Port patch-tun tag external_ids:mine -- get Interface patch-tun external_ids:mine"
        ),
        "7\n\"1\"\n\"2\"\n"
    );
}

#[test]
fn either_end_takes_both() {
    let sandbox = bridges();
    let before = sandbox.configuration();
    for named in ["patch-tun", "patch-int", "br-int/patch-tun"] {
        ovs!(sandbox, "patch add br-int br-tun").ok();
        ovs!(sandbox, "patch del {named}")
            .ok()
            .says_nothing()
            .shows("removed\tport\tpatch-tun")
            .shows("removed\tport\tpatch-int");
        assert_same!(before, sandbox.configuration());
    }
    ovs!(sandbox, "patch add br-int br-tun").ok();
    let number = vsctl!(sandbox, "get Interface patch-tun ofport");
    ovs!(sandbox, "patch del br-int/{}", number.trim()).ok();
    assert_same!(before, sandbox.configuration());
}

#[test]
fn two_bridges_take_all_between_them() {
    let sandbox = bridges();
    let before = sandbox.configuration();
    for bridges in ["br-int br-tun", "br-tun br-int"] {
        for ends in ["br-int br-tun", "br-int:a br-tun:b", "br-int:c br-ex:d"] {
            ovs!(sandbox, "patch add {ends}").ok();
        }
        // One end of a third pair has forgotten the other.
        ovs!(sandbox, "patch add br-int:e br-tun:f").ok();
        vsctl!(sandbox, "--no-wait clear Interface f options");
        let told = ovs!(sandbox, "patch del {bridges}").out();
        assert_eq!(told.lines().count(), 6, "{told}");
        assert_eq!(states(&sandbox), "d\tc\tok\n");
        ovs!(sandbox, "patch del c").ok();
        assert_same!(before, sandbox.configuration());
    }
    sandbox.refuses(
        "patch del br-int br-tun",
        3,
        "patch port to \"br-tun\" not found on br-int",
    );
    ovs!(sandbox, "patch del br-int br-tun --if-exists").prints("unchanged\n");
    ovs!(sandbox, "patch del br-int br-nosuch --if-exists").ok();
    sandbox.refuses("patch del br-int br-nosuch", 3, "bridge \"br-nosuch\"");
}

#[test]
fn broken_pairs_are_removed_whole() {
    let sandbox = bridges();
    let before = sandbox.configuration();
    // What ovs-vsctl makes of the pair, and whichever end is named.
    let other_peer = "set Interface patch-int options:peer=nosuch";
    for damage in ["clear Interface patch-int options", other_peer] {
        for named in ["patch-tun", "patch-int"] {
            ovs!(sandbox, "patch add br-int br-tun").ok();
            vsctl!(sandbox, "--no-wait {damage}");
            ovs!(sandbox, "patch del {named}").ok();
            if damage == other_peer && named == "patch-tun" {
                // patch-int says that it belongs to another one.
                assert_eq!(states(&sandbox), "patch-int\tnosuch\tdangling\n");
                ovs!(sandbox, "patch del patch-int").ok();
            }
            assert_same!(before, sandbox.configuration(), "{damage:?} {named}");
        }
    }
    ovs!(sandbox, "patch add br-int br-tun").ok();
    vsctl!(sandbox, "--no-wait del-port patch-int");
    ovs!(sandbox, "patch del patch-tun")
        .ok()
        .shows("removed\tport\tpatch-tun");
    assert_same!(before, sandbox.configuration());
}

#[test]
fn a_third_that_claims_an_end_stays_and_is_named() {
    let sandbox = bridges();
    ovs!(sandbox, "patch add br-int br-tun").ok();
    vsctl!(
        sandbox,
        "add-port br-ex c -- set Interface c type=patch options:peer=patch-tun"
    );
    ovs!(sandbox, "patch del patch-int")
        .ok()
        .says("patch port \"c\" on br-ex leads nowhere");
    assert_eq!(states(&sandbox), "c\tpatch-tun\tdangling\n");
    // Named itself, it goes alone.
    ovs!(sandbox, "patch add br-int:x br-tun:y").ok();
    vsctl!(sandbox, "set Interface c options:peer=x");
    ovs!(sandbox, "patch del c").ok();
    assert_eq!(states(&sandbox), "x\ty\tok\n");
}

#[test]
fn what_is_no_patch_port_stays() {
    let sandbox = bridges();
    vsctl!(
        sandbox,
        "add-port br-int p -- set Interface p type=internal"
    );
    ovs!(sandbox, "patch add br-int br-tun").ok();
    for (ports, code, words) in [
        (
            "p",
            1,
            "\"p\" is no patch port: it is a port of type internal",
        ),
        ("p --if-exists", 1, "\"p\" is no patch port"),
        ("br-int", 1, "it is the bridge's own port"),
        ("nosuch", 3, "port \"nosuch\" not found"),
        (
            "patch-tun patch-int",
            2,
            "two arguments are two bridges, and \"patch-tun\" is a port",
        ),
        ("br-int br-tun br-ex", 2, "unexpected value"),
        ("", 2, "required"),
    ] {
        sandbox.refuses(&format!("patch del {ports}"), code, words);
    }
    ovs!(sandbox, "patch del nosuch --if-exists").prints("unchanged\n");
}

#[test]
fn vlan_bridges_and_other_datapaths() {
    let sandbox = bridges();
    vsctl!(sandbox, "add-br vlan7 br-int 7");
    ovs!(sandbox, "patch add vlan7 br-tun").ok();
    assert_eq!(end(&sandbox, "patch-vlan7"), "br-tun patch patch-tun");
    assert_eq!(vsctl!(sandbox, "get Port patch-tun tag"), "7\n");
    ovs!(sandbox, "patch add br-int:a br-tun:b").ok();
    ovs!(sandbox, "patch del vlan7 br-tun").ok();
    assert_eq!(states(&sandbox), "a\tb\tok\n");

    vsctl!(sandbox, "set Bridge br-ex datapath_type=dummy");
    sandbox.refuses(
        "patch add br-int br-ex",
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
    let run = |lines: &str| ovs!(sandbox, "batch -").write_stdin(lines).run();
    let told = run(batch).exits(0).stdout;
    assert_eq!(told.lines().count(), 5, "{told}");
    run(batch).exits(0).prints("unchanged\n").says_nothing();
    let before = sandbox.database();
    run("patch del a\npatch add br-tun:x br-ex:b\npatch add br-int:x br-ex:y\n")
        .exits(1)
        .says("line 3: \"x\" exists on br-tun, not on br-int");
    assert_same!(before, sandbox.database());
    run("patch del a\npatch add br-tun:a br-ex:b\n").exits(0);
    assert_eq!(end(&sandbox, "a"), "br-tun patch b");
}

/// An end that is removed with its peer, or added again in the same transaction, leaves nothing dangling.
#[test]
fn no_warning_of_ends_that_are_removed_or_added_again_in_one_change() {
    let sandbox = Sandbox::with("add-br br0 -- add-br br1");
    ovs!(&sandbox, "patch add br0:a br1:b").ok();
    let batch = |lines: &str| ovs!(&sandbox, "--dry-run batch -").write_stdin(lines).ok();
    let elsewhere = "port del a\nport add br0 a --type patch --option peer=c";
    for (dangling, fate) in [
        ("port del a", "is gone"),
        ("bridge del br0", "is gone"),
        (elsewhere, "no longer leads back"),
    ] {
        let warning = format!("\"b\" now leads nowhere: its peer \"a\" {fate}");
        batch(dangling).says(warning);
    }
    for whole in [
        "port del a b",
        "port del a\nport del b",
        "port del a\nport add br0 a --type patch --option peer=b",
        "bridge del br0\nport del b",
        "bridge del br0 br1",
    ] {
        batch(whole).omits("leads nowhere");
    }
}

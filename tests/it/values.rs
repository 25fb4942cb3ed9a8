//! Values as operators type them: strings with `:` and `=`, datapath ids, mapped addresses; against what the
//! real switch and ovs-vsctl make of them.

use crate::common::Sandbox;

#[test]
fn strings_with_colons_and_equals_signs() {
    let sandbox = Sandbox::with(
        "add-br br0 -- --id=@s create sFlow 'targets=\"127.0.0.1:1\"' -- set Bridge br0 sflow=@s \
         -- set-controller br0 ptcp:0:127.0.0.1 -- add-port br0 p1 -- set Interface p1 type=internal",
    );
    let get = |place: &str| vsctl!(sandbox, "get {place}").trim().to_owned();
    for (line, place, real) in [
        (
            "set sFlow br0 targets=collector.example:6343",
            "sFlow br0 targets",
            "[\"collector.example:6343\"]",
        ),
        (
            "set sFlow br0 targets=10.0.0.1:6343,10.0.0.2:6343",
            "sFlow br0 targets",
            "[\"10.0.0.1:6343\", \"10.0.0.2:6343\"]",
        ),
        (
            "add sFlow br0 targets [10.0.0.3:1]",
            "sFlow br0 targets",
            "[\"10.0.0.1:6343\", \"10.0.0.2:6343\", \"10.0.0.3:1\"]",
        ),
        (
            "remove sFlow br0 targets 10.0.0.1:6343 10.0.0.3:1",
            "sFlow br0 targets",
            "[\"10.0.0.2:6343\"]",
        ),
        (
            "set Controller br0 target=ptcp:0:127.0.0.2",
            "Controller br0 target",
            "\"ptcp:0:127.0.0.2\"",
        ),
        (
            "set Controller br0 target=tcp:[::1]:1",
            "Controller br0 target",
            "\"tcp:[::1]:1\"",
        ),
        (
            "set Interface p1 mac=aa:bb:cc:dd:ee:00",
            "Interface p1 mac",
            "\"aa:bb:cc:dd:ee:00\"",
        ),
        (
            "set Open . external_ids:ovn-cms-options=card-serial-number=X,enable-chassis-as-gw",
            "Open_vSwitch . external_ids:ovn-cms-options",
            "\"card-serial-number=X,enable-chassis-as-gw\"",
        ),
        (
            "add Bridge br0 external_ids cms=card-serial-number=X",
            "Bridge br0 external_ids",
            "{cms=\"card-serial-number=X\"}",
        ),
        (
            "set Bridge br0 external_ids={a=tcp:10.0.0.1:1,b:c=d}",
            "Bridge br0 external_ids",
            "{a=\"tcp:10.0.0.1:1\", \"b:c\"=d}",
        ),
        (
            "set Bridge br0 external_ids=maps=physnet1:br-ex",
            "Bridge br0 external_ids",
            "{maps=\"physnet1:br-ex\"}",
        ),
        (
            "set Bridge br0 external_ids:a:b=c",
            "Bridge br0 external_ids",
            "{\"a:b\"=c, maps=\"physnet1:br-ex\"}",
        ),
        (
            "remove Bridge br0 external_ids a:b",
            "Bridge br0 external_ids",
            "{maps=\"physnet1:br-ex\"}",
        ),
    ] {
        // No shell: braces and brackets stay.
        let words: Vec<&str> = ["db"].into_iter().chain(line.split(' ')).collect();
        sandbox.ovs(&words).ok();
        assert_eq!(get(place), real, "{line}");
    }
    vsctl!(sandbox, "set Controller br0 'target=\"ptcp:0:127.0.0.1\"'");
    sandbox
        .ovs(&[
            "db",
            "find",
            "Controller",
            "target=ptcp:0:127.0.0.1",
            "-g",
            "target",
        ])
        .prints("ptcp:0:127.0.0.1\n");
}

/// What could mean two things is not guessed; what the error shows works.
#[test]
fn what_needs_quotes_shows_them() {
    let sandbox = Sandbox::with(
        "add-br br0 -- --id=@s create sFlow 'targets=\"127.0.0.1:1\"' -- set Bridge br0 sflow=@s",
    );
    for (words, quoted, real) in [
        (
            ["set", "sFlow", "br0", "targets=[::1]:6343"],
            "'\"[::1]:6343\"'",
            "[\"[::1]:6343\"]",
        ),
        (
            ["add", "Bridge", "br0", "external_ids"],
            "'cms=\"card-serial-number=X,gw\"'",
            "{cms=\"card-serial-number=X,gw\"}",
        ),
        (
            ["add", "Bridge", "br0", "external_ids"],
            "'cms=\"a=b,c=d\"'",
            "{cms=\"a=b,c=d\"}",
        ),
        (
            ["add", "Bridge", "br0", "external_ids"],
            "'cms=\"physnet1:br-ex,physnet2:br-2\"'",
            "{cms=\"physnet1:br-ex,physnet2:br-2\"}",
        ),
    ] {
        let is_pair = words[3] == "external_ids";
        let mut given = vec!["db"];
        given.extend(words);
        let unquoted = quoted.replace(['\'', '"'], "");
        if is_pair {
            given.push(&unquoted);
        }
        let before = sandbox.database();
        sandbox
            .ovs(&given)
            .exits(2)
            .says(format!("in quotes: {quoted}"));
        assert_eq!(sandbox.database(), before, "{given:?}");
        // As the shell would pass it on.
        let bare = quoted.trim_matches('\'');
        let (table, column) = (words[1], words[3].split('=').next().unwrap());
        let argument = if is_pair {
            bare.to_owned()
        } else {
            format!("{column}={bare}")
        };
        let mut right = vec!["db", words[0], table, "br0"];
        if is_pair {
            right.push(column);
        }
        right.push(&argument);
        sandbox.ovs(&right).ok();
        assert_eq!(vsctl!(sandbox, "get {table} br0 {column}").trim(), real);
        if is_pair {
            vsctl!(sandbox, "clear Bridge br0 external_ids");
        } else {
            vsctl!(sandbox, "set sFlow br0 'targets=\"127.0.0.1:1\"'");
        }
    }
}

#[test]
fn datapath_ids_are_the_switchs() {
    let sandbox = Sandbox::with("add-br br0");
    for text in [
        "0x1a",
        "0X1A",
        "000000000000001A",
        "0x000000000000001a",
        "0x1234567890123456",
    ] {
        vsctl!(sandbox, "set Bridge br0 other_config:datapath-id={text}");
        let real = vsctl!(sandbox, "get Bridge br0 datapath_id");
        vsctl!(sandbox, "remove Bridge br0 other_config datapath-id");
        ovs!(sandbox, "bridge set br0 --dpid {text}").ok();
        assert_eq!(
            vsctl!(sandbox, "get Bridge br0 datapath_id"),
            real,
            "{text}"
        );
    }
    ovs!(sandbox, "bridge set br0 --dpid none").ok();
    let own = vsctl!(sandbox, "get Bridge br0 datapath_id");
    for text in [
        "1a",
        "0x",
        "0x0",
        "0x1g",
        "0x12345678901234567",
        "0000000000000000",
    ] {
        vsctl!(sandbox, "set Bridge br0 other_config:datapath-id={text}");
        assert_eq!(vsctl!(sandbox, "get Bridge br0 datapath_id"), own, "{text}");
        sandbox.refuses(
            &format!("bridge set br0 --dpid {text}"),
            2,
            "16 hexadecimal digits, or up to 16 after 0x",
        );
    }
}

#[test]
fn mapped_addresses_are_ipv4() {
    let sandbox = Sandbox::with("add-br br0");
    for spelling in ["::ffff:10.0.0.72", "::ffff:a00:48"] {
        vsctl!(
            sandbox,
            "add-port br0 vx1 -- set Interface vx1 type=vxlan options:remote_ip={spelling}"
        );
        sandbox.refuses(
            "tunnel add br0 vx2 --type vxlan --remote 10.0.0.72",
            1,
            "tunnel \"vx1\" on br0 is the same already: vxlan to 10.0.0.72, port 4789",
        );
        // The real switch takes them for one.
        vsctl!(
            sandbox,
            "--no-wait add-port br0 vx2 -- set Interface vx2 type=vxlan options:remote_ip=10.0.0.72"
        );
        let check = ovs!(sandbox, "check -g finding").run();
        check.shows("duplicate-tunnel");
        vsctl!(sandbox, "del-port vx1 -- del-port vx2");
    }
    // The name is that of the IPv4 address, and so is what is written.
    ovs!(
        sandbox,
        "tunnel add br0 --type vxlan --remote ::ffff:10.0.0.72"
    )
    .ok();
    assert_eq!(
        vsctl!(sandbox, "get Interface vxlan-0a000048 options:remote_ip").trim(),
        "\"10.0.0.72\""
    );
    ovs!(
        sandbox,
        "tunnel add br0 --type vxlan --remote 10.0.0.72 --may-exist"
    )
    .prints("unchanged\n");
}

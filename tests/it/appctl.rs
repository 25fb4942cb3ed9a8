//! `ovs appctl`: the text is that of the real ovs-appctl; targets; what is refused; completion.

use std::fs;

use serde_json::Value;

use crate::common::Sandbox;
use crate::readme::shell;

#[test]
fn the_text_is_that_of_ovs_appctl() {
    let sandbox = Sandbox::with("add-br br0 -- add-port br0 p1 -- set Interface p1 type=internal");
    for line in [
        "list-commands",
        "version",
        "vlog/list",
        "fdb/show br0",
        "fdb/stats-show br0",
        "dpctl/show -s",
        "dpif/show",
        "bond/show",
        "ofproto/list",
        "ovs/route/show",
        "qos/show p1",
        "ofproto/trace br0 in_port=1,icmp,nw_src=10.0.0.1,nw_dst=10.0.0.2",
        "dpif/dump-flows -m --names br0",
    ] {
        let real = shell(&sandbox, &format!("ovs-appctl {line}"))
            .exits(0)
            .stdout;
        assert_eq!(ovs!(sandbox, "appctl {line}").out(), real, "{line}");
    }
    for line in [
        "version",
        "ovsdb-server/list-dbs",
        "ovsdb-server/sync-status",
    ] {
        let real = shell(&sandbox, &format!("ovs-appctl -t ovsdb-server {line}"));
        let real = real.exits(0).stdout;
        assert_eq!(ovs!(sandbox, "appctl ovsdb-server {line}").out(), real);
        assert_eq!(
            ovs!(sandbox, "appctl --target ovsdb-server {line}").out(),
            real
        );
    }
}

#[test]
fn targets_and_the_option_ctl() {
    let sandbox = Sandbox::with("add-br br0");
    let real = sandbox.appctl(&["version"]);
    let pid = fs::read_to_string(sandbox.run_dir().join("ovs-vswitchd.pid")).unwrap();
    let socket = sandbox
        .run_dir()
        .join(format!("ovs-vswitchd.{}.ctl", pid.trim()));
    let socket = socket.display();
    for line in [
        format!("appctl {socket} version"),
        format!("appctl --target {socket} version"),
        format!("appctl unix:{socket} version"),
        "appctl ovs-vswitchd version".to_owned(),
    ] {
        assert_eq!(ovs!(sandbox, "{line}").out(), real, "{line}");
    }
    // By hand, where the database says nothing of it.
    ovs!("--db tcp:127.0.0.1:1 --ctl {socket} appctl version").prints(&real);
    ovs!("--db tcp:127.0.0.1:1 appctl version").fails(
        4,
        "the control socket of ovs-vswitchd is unknown: the database tcp:127.0.0.1:1 is reached over the network",
    );
    ovs!(sandbox, "appctl ovn-controller version")
        .fails(4, "ovn-controller has no control socket in ");
    ovs!(sandbox, "appctl /nowhere/x.ctl version").fails(4, "the socket does not exist");
    ovs!(sandbox, "appctl ovsdb-server").fails(2, "the command of the daemon is missing");
}

#[test]
fn what_the_daemon_refuses_is_its_text() {
    let sandbox = Sandbox::with("add-br br0");
    ovs!(sandbox, "appctl fdb/show nowhere")
        .fails(1, "ovs-vswitchd refuses the command: no such bridge");
    ovs!(sandbox, "appctl nosuch")
        .fails(1, "\"nosuch\" is not a valid command")
        .says("hint: `ovs appctl list-commands` lists its commands");
    ovs!(sandbox, "appctl ovsdb-server nosuch").fails(1, "`ovs appctl ovsdb-server list-commands`");
    ovs!(sandbox, "appctl fdb/show").fails(1, "requires at least 1 argument");
    // Options of the daemon's command are its own, those of ovs are before it.
    ovs!(sandbox, "appctl version --json").fails(1, "takes at most 0 arguments");
    ovs!(sandbox, "appctl --watch version").fails(2, "cannot be watched");
}

#[test]
fn the_reply_as_a_record() {
    let sandbox = Sandbox::with("add-br br0");
    let record = |line: &str| -> Value {
        serde_json::from_str(&ovs!(sandbox, "-j appctl {line}").out()).unwrap()
    };
    let of_version = record("version");
    let version = sandbox.appctl(&["version"]);
    assert_eq!(
        of_version["reply"].as_str().unwrap().trim_end(),
        version.trim_end()
    );
    assert_eq!(of_version["daemon"], "ovs-vswitchd");
    assert_eq!(of_version["command"], "version");
    let of_dpif = record("dpif/show");
    let reply = of_dpif["reply"].as_str().unwrap();
    if of_dpif["format"] == "json" {
        let json: Value = serde_json::from_str(reply).unwrap();
        assert!(json.is_object(), "{json}");
    } else {
        assert_eq!(reply, sandbox.appctl(&["dpif/show"]));
    }
    ovs!(sandbox, "-g daemon appctl ovsdb-server version").prints("ovsdb-server\n");
}

#[test]
fn commands_and_daemons_are_completed() {
    let sandbox = Sandbox::with("add-br br0");
    let complete = |words: &str| ovs!(sandbox, "complete zsh -- {words}").out();
    let fdb = complete("appctl fdb/");
    for command in ["fdb/show", "fdb/add", "fdb/flush"] {
        assert!(fdb.lines().any(|line| line.starts_with(command)), "{fdb}");
    }
    assert!(fdb.contains("fdb/add\tbridge port vlan mac\n"), "{fdb}");
    let daemons = complete("appctl ovs");
    assert!(daemons.contains("ovsdb-server\n") && daemons.contains("ovs/route/show"));
    let of_server = complete("appctl ovsdb-server ovsdb-server/li");
    assert!(of_server.contains("ovsdb-server/list-dbs"), "{of_server}");
    assert!(!of_server.contains("fdb"));
    let of_option = complete("appctl --target ovsdb-server vlog/l");
    assert!(of_option.contains("vlog/list"), "{of_option}");
}

/// The options of ovs-appctl among those of ovs; what leads to another host leads there in any place.
#[test]
fn the_target_behind_other_options() {
    let sandbox = Sandbox::with("add-br br0");
    let version = ovs!(sandbox, "appctl ovsdb-server version").out();
    let way = format!("--via-exec env --db unix:{}", sandbox.db_socket().display());
    for line in [
        format!("{way} appctl -t ovsdb-server version"),
        format!("appctl {way} -t ovsdb-server version"),
        format!("appctl -t ovsdb-server {way} version"),
        format!("{way} ovs-appctl -t ovsdb-server version"),
        format!("ovs-appctl {way} -t ovsdb-server version"),
        format!("-O OpenFlow13 --color never {way} -q appctl -t 5 -t ovsdb-server version"),
    ] {
        ovs!("{line}").prints(&version);
    }
    for line in [
        "--via-exec false ovs-appctl version",
        "ovs-appctl --via-exec false version",
        "--via-exec false appctl -t ovs-vswitchd version",
        "--via-exec false ovs-appctl dpctl/show",
        "--via-exec false ovs-ofctl add-flow br0 actions=drop",
        "--via-exec false dpctl/show",
    ] {
        ovs!(sandbox, "{line}").exits(4).prints("");
    }
}

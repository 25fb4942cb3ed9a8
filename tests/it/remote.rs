//! A bridge whose database is reached over the network: its own OpenFlow listener is found.

use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;

use crate::common::server::{free_port, listening_port};
use crate::common::{self, Sandbox};

/// A switch with a bridge and its database on a TCP port.
fn switch() -> (Sandbox, String) {
    let sandbox = Sandbox::empty();
    sandbox.vsctl(&["add-br", "br0"]);
    sandbox.vsctl(&["add-port", "br0", "a-port-with-a-long-name"]);
    sandbox.appctl(&[
        "-t",
        "ovsdb-server",
        "ovsdb-server/add-remote",
        "ptcp:0:127.0.0.1",
    ]);
    let port = listening_port(&sandbox.run_dir().join("ovsdb-server.log"));
    (sandbox, format!("tcp:127.0.0.1:{port}"))
}

const FLOW: &str = "priority=7,in_port=\"a-port-with-a-long-name\" actions=drop\n";

/// Makes it the only flow. (When a bridge gets its first controller, its flows go.)
fn flow(sandbox: &Sandbox) {
    sandbox.ofctl(&["del-flows", "br0"]);
    sandbox.ofctl(&["add-flow", "br0", "priority=7,in_port=1,actions=drop"]);
}

#[test]
fn the_listener_is_found_and_names_are_whole() {
    let (sandbox, db) = switch();
    let port = free_port();
    sandbox.vsctl(&[
        "set-controller",
        "br0",
        "tcp:127.0.0.1:1",
        &format!("ptcp:{port}:127.0.0.1"),
    ]);
    flow(&sandbox);
    // Without OVS_RUNDIR nothing leads to the sandbox but --db.
    common::ovs(&["--db", &db, "-v", "dump-flows", "br0", "--no-stats"])
        .assert()
        .success()
        .stdout(FLOW)
        .stderr(contains(format!("connected to tcp:127.0.0.1:{port}")));
    for command in [&["dump-tables", "br0"][..], &["port", "stats", "br0"]] {
        common::ovs(&[&["--db", &db], command].concat())
            .assert()
            .success();
    }
    common::ovs(&["--db", &db, "dump-flows", "br1"])
        .assert()
        .code(3)
        .stderr(contains("bridge \"br1\" not found (did you mean \"br0\"?)"));
}

#[test]
fn without_a_listener_it_says_how_to_make_one() {
    let (sandbox, db) = switch();
    sandbox.vsctl(&["set-controller", "br0", "tcp:127.0.0.1:1"]);
    flow(&sandbox);
    let output = common::ovs(&["--db", &db, "dump-flows", "br0"])
        .env("OVS_RUNDIR", "/nonexistent")
        .assert()
        .code(4)
        .stdout("")
        .stderr(
            contains(format!(
                "bridge \"br0\" of the database at {db} listens for OpenFlow on no port"
            ))
            .and(contains(
                "bridge set br0 --controller tcp:127.0.0.1:1 --controller ptcp:6653` makes it listen",
            ))
            .and(contains("or name the switch itself: tcp:HOST[:PORT]")),
        );
    // The line works, with a port that is free.
    let said = String::from_utf8(output.get_output().stderr.clone()).unwrap();
    let (_, line) = said.split_once("hint: `ovs ").unwrap();
    let (line, _) = line.split_once('`').unwrap();
    let line = line.replace("ptcp:6653", &format!("ptcp:{}:127.0.0.1", free_port()));
    let words: Vec<&str> = line.split(' ').collect();
    common::ovs(&words).assert().success();
    common::ovs(&["--db", &db, "dump-flows", "br0"])
        .assert()
        .success();
    // And it leaves the flows as they are.
    assert!(sandbox.ofctl(&["dump-flows", "br0"]).contains("priority=7"));
    // On the same host its socket will do, too.
    sandbox.vsctl(&["del-controller", "br0"]);
    sandbox
        .ovs(&["--db", &db, "dump-flows", "br0"])
        .assert()
        .success();
}

#[test]
fn another_switch_is_not_taken_for_the_bridge() {
    let (sandbox, db) = switch();
    let other = Sandbox::empty();
    other.vsctl(&["add-br", "br0"]);
    // On this host there is a bridge of that name, but it is not the one in the database.
    other
        .ovs(&["--db", &db, "dump-flows", "br0"])
        .assert()
        .code(4)
        .stdout("")
        .stderr(contains("on no port"));
    let port = free_port();
    other.vsctl(&["set-controller", "br0", &format!("ptcp:{port}:127.0.0.1")]);
    sandbox.vsctl(&["set-controller", "br0", &format!("ptcp:{port}:127.0.0.1")]);
    common::ovs(&["--db", &db, "dump-flows", "br0"])
        .env("OVS_RUNDIR", "/nonexistent")
        .assert()
        .code(4)
        .stdout("")
        .stderr(contains("is not \"br0\": its datapath id is"));
}

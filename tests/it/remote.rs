//! A bridge whose database is reached over the network: its own OpenFlow listener is found.

use crate::common::Sandbox;
use crate::common::server::{free_port, listening_port};

/// A switch with a bridge and its database on a TCP port.
fn switch() -> (Sandbox, String) {
    let sandbox = Sandbox::with("add-br br0");
    vsctl!(sandbox, "add-port br0 a-port-with-a-long-name");
    appctl!(
        sandbox,
        "-t ovsdb-server ovsdb-server/add-remote ptcp:0:127.0.0.1"
    );
    let port = listening_port(&sandbox.run_dir().join("ovsdb-server.log"));
    (sandbox, format!("tcp:127.0.0.1:{port}"))
}

const FLOW: &str = "priority=7,in_port=\"a-port-with-a-long-name\" actions=drop\n";

/// Makes it the only flow. (When a bridge gets its first controller, its flows go.)
fn flow(sandbox: &Sandbox) {
    ofctl!(sandbox, "del-flows br0");
    ofctl!(sandbox, "add-flow br0 priority=7,in_port=1,actions=drop");
}

#[test]
fn the_listener_is_found_and_names_are_whole() {
    let (sandbox, db) = switch();
    let port = free_port();
    vsctl!(
        sandbox,
        "set-controller br0 tcp:127.0.0.1:1 ptcp:{port}:127.0.0.1"
    );
    flow(&sandbox);
    // Without OVS_RUNDIR nothing leads to the sandbox but --db.
    ovs!("--db {db} -v dump-flows br0 --no-stats")
        .prints(FLOW)
        .says(format!("connected to tcp:127.0.0.1:{port}"));
    ovs!("--db {db} dump-tables br0").ok();
    ovs!("--db {db} port stats br0").ok();
    ovs!("--db {db} dump-flows br1").fails(3, "bridge \"br1\" not found (did you mean \"br0\"?)");
}

#[test]
fn without_a_listener_it_says_how_to_make_one() {
    let (sandbox, db) = switch();
    vsctl!(sandbox, "set-controller br0 tcp:127.0.0.1:1");
    flow(&sandbox);
    let said = ovs!("--db {db} dump-flows br0")
        .env("OVS_RUNDIR", "/nonexistent")
        .fails(
            4,
            format!("bridge \"br0\" of the database at {db} listens for OpenFlow on no port"),
        )
        .says("bridge set br0 --controller tcp:127.0.0.1:1 --controller ptcp:6653` makes it listen")
        .says("or name the switch itself: tcp:HOST[:PORT]")
        .stderr;
    // The line works, with a port that is free.
    let (_, line) = said.split_once("hint: `ovs ").unwrap();
    let (line, _) = line.split_once('`').unwrap();
    let line = line.replace("ptcp:6653", &format!("ptcp:{}:127.0.0.1", free_port()));
    ovs!("{line}").ok();
    ovs!("--db {db} dump-flows br0").ok();
    // And it leaves the flows as they are.
    assert!(ofctl!(sandbox, "dump-flows br0").contains("priority=7"));
    // On the same host its socket will do, too.
    vsctl!(sandbox, "del-controller br0");
    ovs!(sandbox, "--db {db} dump-flows br0").ok();
}

#[test]
fn another_switch_is_not_taken_for_the_bridge() {
    let (sandbox, db) = switch();
    let other = Sandbox::with("add-br br0");
    // On this host there is a bridge of that name, but it is not the one in the database.
    ovs!(other, "--db {db} dump-flows br0").fails(4, "on no port");
    let port = free_port();
    vsctl!(other, "set-controller br0 ptcp:{port}:127.0.0.1");
    vsctl!(sandbox, "set-controller br0 ptcp:{port}:127.0.0.1");
    ovs!("--db {db} dump-flows br0")
        .env("OVS_RUNDIR", "/nonexistent")
        .fails(4, "is not \"br0\": its datapath id is");
}

//! Daemons that die, hang or refuse while a command is under way.

use std::io::Write as _;
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::peer::{is_change, is_wait, many, messages, pass, relay, relay_messages};
use super::seen::{Row, ovs, run};
use crate::common::Sandbox;
use crate::common::line::words;
use crate::common::server::{Server, run as output_of, tool, until};

/// The sandbox's ovsdb-server, killed and started again on what the first has left.
fn restart_ovsdb(sandbox: &Sandbox) {
    sandbox.kill_ovsdb();
    let file = |name: &str| sandbox.run_dir().join(name).display().to_string();
    output_of(
        tool("ovsdb-server")
            .env("OVS_RUNDIR", sandbox.run_dir())
            .args(["--detach", "--no-chdir", "-vconsole:off", "-vsyslog:off"])
            .arg(format!("--remote=punix:{}", file("db.sock")))
            .arg(format!("--log-file={}", file("again.log")))
            .arg(format!("--pidfile={}", file("ovsdb-server.pid")))
            .arg(format!("--unixctl={}", file("again.ctl")))
            .arg(file("conf.db")),
    );
}

#[test]
fn vswitchd_killed_in_mid_dump() {
    let row = Row::of("vswitchd_killed_in_mid_dump");
    let sandbox = Arc::new(Sandbox::empty());
    vsctl!(sandbox, "add-br br0");
    let flows = sandbox.run_dir().join("flows");
    let flow = |n: u32| {
        format!(
            "priority={n},ip,nw_dst=10.1.{}.{} actions=drop\n",
            n / 256,
            n % 256
        )
    };
    std::fs::write(&flows, (0..3000).map(flow).collect::<String>()).unwrap();
    sandbox.ofctl(&["add-flows", "br0", flows.to_str().unwrap()]);
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("switch");
    let bridge = sandbox.run_dir().join("br0.mgmt");
    let (switch, part) = (Arc::clone(&sandbox), many().parts()[0].len());
    relay(&socket, &bridge, move |from, mut to| {
        // The hello and more than a part, and then what is on its way is lost.
        pass(&from, &mut to, part + 20_000);
        switch.kill_vswitchd();
    });
    let endpoint = format!("unix:{}", socket.display());
    let output = run(&mut ovs(
        dir.path(),
        &format!("dump-flows {endpoint} --no-names"),
    ));
    row.is(0, &output);
    assert!(output.stdout.starts_with(b"cookie=") && output.stdout.ends_with(b"\n"));
}

#[test]
fn vswitchd_down_after_commit() {
    let row = Row::of("vswitchd_down_after_commit");
    let sandbox = Sandbox::with("add-br br0");
    let pid = std::fs::read_to_string(sandbox.run_dir().join("ovs-vswitchd.pid")).unwrap();
    let kill = |signal| {
        Command::new("kill")
            .args([signal, pid.trim()])
            .status()
            .unwrap()
    };
    kill("-STOP");
    let add = "-t 0.5 port add br0 p1";
    row.is(0, &run(&mut ovs(sandbox.run_dir(), add)));
    kill("-CONT");
    vsctl!(sandbox, "wait-until interface p1 ofport>0");
    sandbox.kill_vswitchd();
    let del = "-t 0.5 port del p1";
    row.is(0, &run(&mut ovs(sandbox.run_dir(), del)));
    assert_eq!(vsctl!(sandbox, "--no-wait list-ports br0"), "");
}

#[test]
fn ovsdb_restarted_in_mid_transaction() {
    let row = Row::of("ovsdb_restarted_in_mid_transaction");
    let sandbox = Arc::new(Sandbox::empty());
    vsctl!(sandbox, "add-br br0");
    let restarts = Arc::new(AtomicUsize::new(0));
    let restart = {
        let (restarts, sandbox) = (Arc::clone(&restarts), Arc::clone(&sandbox));
        move || {
            restart_ovsdb(&sandbox);
            restarts.fetch_add(1, Ordering::SeqCst);
        }
    };
    let ports = |after: usize| {
        let is_back = || restarts.load(Ordering::SeqCst) == after;
        until("the server is back", is_back);
        vsctl!(sandbox, "--no-wait list-ports br0")
    };
    let dir = tempfile::tempdir().unwrap();
    let add = |socket: &std::path::Path, port: &str| {
        let socket = format!("unix:{}", socket.display());
        run(&mut ovs(
            dir.path(),
            &format!("--db {socket} port add br0 {port}"),
        ))
    };

    // The server is gone before the change reaches it.
    let before = dir.path().join("before");
    let restarted = restart.clone();
    let lose = move |request: &Value| {
        let is_change = is_change(request);
        if is_change {
            restarted();
        }
        !is_change
    };
    let same = |reply: Value| reply.to_string().into_bytes();
    relay_messages(&before, &sandbox.db_socket(), lose, same);
    row.is(0, &add(&before, "p1"));
    assert_eq!(ports(1), "");

    // It is gone once the change is written; its answer is lost.
    let after = dir.path().join("after");
    let change = Arc::new(Mutex::new(Value::Null));
    let (sent, restarted) = (Arc::clone(&change), restart.clone());
    relay_messages(
        &after,
        &sandbox.db_socket(),
        move |request| {
            if is_change(request) {
                *sent.lock().unwrap() = request["id"].clone();
            }
            true
        },
        move |reply| {
            if reply["id"] == *change.lock().unwrap() {
                restarted();
                return Vec::new();
            }
            same(reply)
        },
    );
    row.is(0, &add(&after, "p2"));
    assert_eq!(ports(2), "p2\n");

    // It is gone while ovs-vswitchd is waited for.
    sandbox.kill_vswitchd();
    let waiting = dir.path().join("waiting");
    let restart_in_wait = move |request: &Value| {
        if is_wait(request) {
            restart();
        }
        true
    };
    relay_messages(&waiting, &sandbox.db_socket(), restart_in_wait, same);
    row.is(1, &add(&waiting, "p3"));
    assert_eq!(ports(3), "p2\np3\n");
}

#[test]
fn database_read_only() {
    let row = Row::of("database_read_only");
    let dir = tempfile::tempdir().unwrap();
    let server = Server::with_new_database(dir.path(), "backup", &[]);
    let db = server.unix();
    let vsctl = |line: &str| {
        let line = format!("--no-wait --timeout=20 --db={db} {line}");
        let mut vsctl = tool("ovs-vsctl");
        output_of(vsctl.args(words(&line)))
    };
    vsctl("init -- add-br br0");
    // Of a server that is not there: it keeps what it has, and takes no changes.
    appctl!(server, "ovsdb-server/set-active-ovsdb-server unix:/nowhere");
    appctl!(server, "ovsdb-server/connect-active-ovsdb-server");
    until("the server is a backup", || {
        appctl!(server, "ovsdb-server/sync-status").contains("backup")
    });
    for change in [
        "port add br0 p1",
        "bridge del br0",
        "db set Bridge br0 fail_mode=secure",
    ] {
        row.is(
            0,
            &run(&mut ovs(dir.path(), &format!("--db {db} {change}"))),
        );
    }
    let list = run(&mut ovs(
        dir.path(),
        &format!("--db {db} bridge list -g bridge"),
    ));
    assert_eq!(list.stdout, b"br0\n");
    assert_eq!(vsctl("list-ports br0"), "");
}

#[test]
fn database_locked() {
    let row = Row::of("database_locked");
    let sandbox = Sandbox::empty();
    let mut holder = UnixStream::connect(sandbox.db_socket()).unwrap();
    let lock = json!({"id": 0, "method": "lock", "params": ["ovs_vsctl"]});
    holder.write_all(lock.to_string().as_bytes()).unwrap();
    let answer = messages(holder.try_clone().unwrap()).next().unwrap();
    assert_eq!(answer["result"]["locked"], true);
    row.is(0, &run(&mut ovs(sandbox.run_dir(), "bridge add br0")));
    row.is(0, &run(&mut ovs(sandbox.run_dir(), "show")));
    assert_eq!(vsctl!(sandbox, "list-br"), "br0\n");
}

#[test]
fn constraint_violation() {
    let row = Row::of("constraint_violation");
    let sandbox = Sandbox::with("add-br br0");
    // The schema has room for one record in this table.
    let create = "db create Open_vSwitch external_ids:a=b";
    row.is(0, &run(&mut ovs(sandbox.run_dir(), create)));
    let file = sandbox.run_dir().join("lines");
    let lines = "port add br0 p1\ndb create Open_vSwitch external_ids:a=b\n";
    std::fs::write(&file, lines).unwrap();
    let batch = format!("batch {}", file.display());
    row.is(0, &run(&mut ovs(sandbox.run_dir(), &batch)));
    assert_eq!(vsctl!(sandbox, "list-ports br0"), "");
}

//! Control sockets of daemons that are gone, stopped, or of another kind.

use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use serde_json::json;

use super::peer::{messages, pass, relay, serve};
use super::seen::{Row, ovs, run};
use crate::common::Sandbox;

/// A directory with the database of a switch and a free place for the control socket.
fn place(sandbox: &Sandbox) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    symlink(sandbox.db_socket(), dir.path().join("db.sock")).unwrap();
    let socket = dir.path().join("ovs-vswitchd.4711.ctl");
    (dir, socket)
}

fn real_socket(sandbox: &Sandbox) -> PathBuf {
    let pid = std::fs::read_to_string(sandbox.run_dir().join("ovs-vswitchd.pid")).unwrap();
    sandbox
        .run_dir()
        .join(format!("ovs-vswitchd.{}.ctl", pid.trim()))
}

fn stopped(sandbox: &Sandbox, is_stopped: bool) {
    let pid = std::fs::read_to_string(sandbox.run_dir().join("ovs-vswitchd.pid")).unwrap();
    let signal = if is_stopped { "-STOP" } else { "-CONT" };
    let status = std::process::Command::new("kill")
        .args([signal, pid.trim()])
        .status()
        .unwrap();
    assert!(status.success());
}

#[test]
fn control_socket_left_over() {
    let row = Row::of("control_socket_left_over");
    let sandbox = Sandbox::with("add-br br0");
    let (dir, socket) = place(&sandbox);
    row.is(1, &run(&mut ovs(dir.path(), "fdb list")));
    drop(UnixListener::bind(&socket).unwrap());
    for line in [
        "fdb list",
        "bond show",
        "appctl version",
        "fdb find 02:00:00:00:00:01",
    ] {
        row.is(0, &run(&mut ovs(dir.path(), line)));
    }
}

#[test]
fn control_socket_silent() {
    let row = Row::of("control_socket_silent");
    let sandbox = Sandbox::with("add-br br0");
    stopped(&sandbox, true);
    for line in ["fdb list", "bond show", "fdb find 02:00:00:00:00:01"] {
        row.is(
            0,
            &run(&mut ovs(sandbox.run_dir(), &format!("-t 0.3 {line}"))),
        );
    }
    row.is(
        1,
        &run(&mut ovs(sandbox.run_dir(), "-t 0.3 appctl version")),
    );
    stopped(&sandbox, false);
}

#[test]
fn control_socket_closed_at_every_byte() {
    let row = Row::of("control_socket_closed_at_every_byte");
    let sandbox = Sandbox::with("add-br br0");
    // More than the reply to what comes first: whether JSON is known.
    for count in [0, 1, 40] {
        let (dir, socket) = place(&sandbox);
        relay(&socket, &real_socket(&sandbox), move |from, mut to| {
            pass(&from, &mut to, count);
        });
        let outcome = usize::from(count > 0);
        for line in ["fdb list br0", "bond show"] {
            row.is(outcome, &run(&mut ovs(dir.path(), line)));
        }
    }
}

/// A daemon that answers every request with these bytes.
fn answers(
    socket: &Path,
    answer: impl Fn(&mut UnixStream, serde_json::Value) + Send + Sync + 'static,
) {
    serve(socket, move |stream| {
        let mut to = stream.try_clone().unwrap();
        for message in messages(stream) {
            answer(&mut to, message["id"].clone());
        }
    });
}

#[test]
fn control_socket_garbage() {
    let row = Row::of("control_socket_garbage");
    let sandbox = Sandbox::with("add-br br0");
    let (dir, socket) = place(&sandbox);
    answers(&socket, |to, _| {
        let _ = to.write_all(b"\x1b[31mHTTP/1.1 400 Bad Request\r\n\r\n");
    });
    for line in ["fdb list br0", "bond show"] {
        row.is(0, &run(&mut ovs(dir.path(), line)));
    }
    let output = run(&mut ovs(dir.path(), "fdb list"));
    assert!(!output.stderr.contains(&0x1b));
    for result in [json!(7), json!(true), json!({"br0": 7})] {
        let (dir, socket) = place(&sandbox);
        answers(&socket, move |to, id| {
            let reply = json!({"id": id, "result": result, "error": null});
            let _ = to.write_all(reply.to_string().as_bytes());
        });
        row.is(1, &run(&mut ovs(dir.path(), "fdb list br0")));
        row.is(1, &run(&mut ovs(dir.path(), "bond show")));
    }
}

#[test]
fn control_socket_endless_reply() {
    let row = Row::of("control_socket_endless_reply");
    let sandbox = Sandbox::with("add-br br0");
    let (dir, socket) = place(&sandbox);
    answers(&socket, |to, id| {
        let _ = to.write_all(format!("{{\"id\":{id},\"error\":null,\"result\":\"").as_bytes());
        let part = vec![b'x'; 65536];
        while to.write_all(&part).is_ok() {}
    });
    row.is(0, &run(&mut ovs(dir.path(), "bond show")));
}

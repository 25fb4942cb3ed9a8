//! What goes wrong on this side: where the answer goes, signals, many at once.

use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::peer::{is_change, is_wait, relay_messages, shared};
use super::seen::{Row, code, end_of, heeding_signals, ovs, run};
use crate::common::Sandbox;

const SIGNALS: [Signal; 2] = [Signal::INT, Signal::TERM];

fn with_bridge() -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.vsctl(&["add-br", "br0"]);
    sandbox
}

fn ports(sandbox: &Sandbox) -> Vec<String> {
    let ports = sandbox.vsctl(&["--no-wait", "list-ports", "br0"]);
    ports.lines().map(str::to_owned).collect()
}

#[test]
fn disk_full() {
    let row = Row::of("disk_full");
    let full = || File::options().write(true).open("/dev/full").unwrap();
    let real = shared().run_dir();
    for command in [
        &["show"][..],
        &["port", "list", "--json"],
        &["dump-flows", "br0"],
        &["dump-flows", "br1"],
        &["dump-flows", "br1", "--json"],
        &["dump-flows", "br1", "--sort"],
        &["bridge", "add", "br9", "--dry-run"],
        &["help", "faults"],
        &["--help"],
        &["--version"],
        &["completions", "bash"],
        &["decode", "0602000800000001"],
    ] {
        let output = run(ovs(real, command).stdout(full()));
        row.is(0, &output);
    }
    let sandbox = with_bridge();
    let add = run(ovs(sandbox.run_dir(), &["port", "add", "br0", "p1"]).stdout(full()));
    row.is(1, &add);
    assert_eq!(ports(&sandbox), ["p1"]);
}

#[test]
fn closed_pipe() {
    let row = Row::of("closed_pipe");
    let closed = || {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        writer
    };
    let real = shared().run_dir();
    for command in [
        &["show"][..],
        &["port", "list", "--json"],
        &["dump-flows", "br1"],
        &["dump-flows", "br1", "--json"],
        &["dump-flows", "br1", "--sort"],
        &["help", "faults"],
    ] {
        row.is(0, &run(ovs(real, command).stdout(closed())));
    }
    // Not only from the beginning.
    let mut child = ovs(real, &["dump-flows", "br1"]).spawn().unwrap();
    let mut some = [0; 1000];
    child.stdout.take().unwrap().read_exact(&mut some).unwrap();
    row.is(0, &child.wait_with_output().unwrap());
    let sandbox = with_bridge();
    let add = run(ovs(sandbox.run_dir(), &["port", "add", "br0", "p1"]).stdout(closed()));
    row.is(0, &add);
    assert_eq!(ports(&sandbox), ["p1"]);
}

/// Sends a signal, and waits for the end.
fn ended(child: Child, signal: Signal) -> Output {
    kill_process(Pid::from_child(&child), signal).unwrap();
    end_of(child)
}

/// A relay that says when a request comes for which `holds`, and keeps that back if it is to.
fn held(
    socket: &Path,
    sandbox: &Sandbox,
    holds: fn(&Value) -> bool,
    passes_on: bool,
) -> Receiver<()> {
    let (sender, receiver) = channel();
    let sender = Mutex::new(sender);
    let request = move |request: &Value| {
        let is_it = holds(request);
        if is_it {
            let _ = sender.lock().unwrap().send(());
        }
        !is_it || passes_on
    };
    let reply = |reply: Value| reply.to_string().into_bytes();
    relay_messages(socket, &sandbox.db_socket(), request, reply);
    receiver
}

#[test]
fn signal_while_reading() {
    let row = Row::of("signal_while_reading");
    let dir = tempfile::tempdir().unwrap();
    let database = UnixListener::bind(dir.path().join("db.sock")).unwrap();
    let switch = UnixListener::bind(dir.path().join("switch")).unwrap();
    let endpoint = format!("unix:{}", dir.path().join("switch").display());
    for (number, signal) in SIGNALS.into_iter().enumerate() {
        for (listener, command) in [
            (&database, &["show"][..]),
            // What it changes is not sent yet.
            (&database, &["port", "add", "br0", "p1"]),
            (&database, &["db", "wait", "Bridge", "br0"]),
            (&switch, &["dump-flows", &endpoint]),
        ] {
            let child = heeding_signals(&ovs(dir.path(), command)).spawn().unwrap();
            let _stream = listener.accept().unwrap();
            row.is(number, &ended(child, signal));
        }
    }
}

#[test]
fn signal_before_the_answer() {
    let row = Row::of("signal_before_the_answer");
    let sandbox = with_bridge();
    let dir = tempfile::tempdir().unwrap();
    for (number, signal) in SIGNALS.into_iter().enumerate() {
        let port = format!("p{number}");
        let socket = dir.path().join(&port);
        let sent = held(&socket, &sandbox, is_change, false);
        let db = format!("unix:{}", socket.display());
        let add = ovs(dir.path(), &["--db", &db, "port", "add", "br0", &port]);
        let child = heeding_signals(&add).spawn().unwrap();
        sent.recv().unwrap();
        row.is(number, &ended(child, signal));
        assert_eq!(ports(&sandbox), [""; 0]);
    }
}

#[test]
fn signal_while_waiting() {
    let row = Row::of("signal_while_waiting");
    let sandbox = with_bridge();
    sandbox.kill_vswitchd();
    let dir = tempfile::tempdir().unwrap();
    let mut added = Vec::new();
    for (number, signal) in SIGNALS.into_iter().enumerate() {
        for atomic in [&[][..], &["--atomic"]] {
            let port = format!("p{number}{}", atomic.len());
            let socket = dir.path().join(&port);
            let waits = held(&socket, &sandbox, is_wait, true);
            let db = format!("unix:{}", socket.display());
            let add = [&["--db", &db, "port", "add", "br0", &port], atomic].concat();
            let child = heeding_signals(&ovs(dir.path(), &add)).spawn().unwrap();
            waits.recv().unwrap();
            row.is(number, &ended(child, signal));
            added.push(port);
            assert_eq!(ports(&sandbox), added);
        }
    }
    // What a shell has put into the background is not to hear the keyboard.
    let waits = held(&dir.path().join("deaf"), &sandbox, is_wait, true);
    let db = format!("unix:{}", dir.path().join("deaf").display());
    let add = ["--db", &db, "-t", "1", "port", "add", "br0", "deaf"];
    let mut deaf = Command::new("sh");
    deaf.args(["-c", "trap '' INT; exec \"$@\"", "sh"])
        .arg(crate::common::binary())
        .args(add)
        .stderr(Stdio::piped());
    let child = deaf.spawn().unwrap();
    waits.recv().unwrap();
    assert_eq!(code(&ended(child, Signal::INT)), 5);
    added.push("deaf".to_owned());
    // Whole: ovs-vswitchd takes them all up when it is back.
    sandbox.start_vswitchd();
    for port in added {
        sandbox.vsctl(&["wait-until", "interface", &port, "ofport>0"]);
    }
}

/// What is said at any moment is what the real ovs-vsctl sees afterwards.
#[test]
fn signal_at_any_time() {
    let row = Row::of("signal_at_any_time");
    let sandbox = with_bridge();
    let mut said = Vec::new();
    for number in 0..80 {
        let port = format!("p{number}");
        let add = ["port", "add", "br0", &port, "--type", "internal"];
        let child = heeding_signals(&ovs(sandbox.run_dir(), &add))
            .spawn()
            .unwrap();
        thread::sleep(Duration::from_micros(500 * number));
        let signal = if number % 2 == 0 {
            Signal::INT
        } else {
            Signal::TERM
        };
        // It may have ended already.
        let _ = kill_process(Pid::from_child(&child), signal);
        said.push((port, row.which(&end_of(child))));
    }
    // What was on its way to the server when its sender was gone has arrived.
    sandbox.vsctl(&["add-port", "br0", "last"]);
    let ports = ports(&sandbox);
    for (port, outcome) in said {
        let is_there = ports.contains(&port);
        match outcome {
            // Nothing was sent.
            0 | 1 => assert!(!is_there, "{port}"),
            // It is not known.
            2 | 3 => {}
            _ => assert!(is_there, "{port}"),
        }
    }
}

#[test]
fn signal_in_a_batch() {
    let row = Row::of("signal_in_a_batch");
    let sandbox = with_bridge();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("lines");
    fs::write(
        &file,
        "port add br0 p1\nport add br0 p2 --tag 5\ntag set p1 7\n",
    )
    .unwrap();
    let batch = |socket: &str| {
        let db = format!("unix:{}", dir.path().join(socket).display());
        let batch = ["--db", &db, "batch", file.to_str().unwrap()];
        heeding_signals(&ovs(dir.path(), &batch)).spawn().unwrap()
    };
    // While the lines are looked at.
    let looks = held(&dir.path().join("looks"), &sandbox, |_| true, false);
    let child = batch("looks");
    looks.recv().unwrap();
    row.is(0, &ended(child, Signal::TERM));
    assert_eq!(ports(&sandbox), [""; 0]);
    sandbox.kill_vswitchd();
    let waits = held(&dir.path().join("waits"), &sandbox, is_wait, true);
    let child = batch("waits");
    waits.recv().unwrap();
    row.is(1, &ended(child, Signal::TERM));
    assert_eq!(ports(&sandbox), ["p1", "p2"]);
    let tags = sandbox.vsctl(&["get", "port", "p1", "tag", "--", "get", "port", "p2", "tag"]);
    assert_eq!(tags, "7\n5\n");
}

#[test]
fn signal_while_printing() {
    let row = Row::of("signal_while_printing");
    let sandbox = with_bridge();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("lines");
    // More than a pipe holds.
    let value = "x".repeat(40);
    let line = |n: u32| format!("db set Bridge br0 external_ids:key{n}={value}\n");
    let lines: String = (0..1500).map(line).collect();
    fs::write(&file, lines).unwrap();
    let batch = ovs(sandbox.run_dir(), &["batch", file.to_str().unwrap()]);
    let mut child = heeding_signals(&batch).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut first = [0];
    stdout.read_exact(&mut first).unwrap();
    row.is(0, &ended(child, Signal::INT));
    let ids = sandbox.vsctl(&["get", "bridge", "br0", "external_ids"]);
    assert!(ids.contains("key0=") && ids.contains("key1499="));
}

#[test]
fn many_processes() {
    let row = Row::of("many_processes");
    let mut show: Vec<Command> = Vec::new();
    for _ in 0..500 {
        show.push(ovs(
            shared().run_dir(),
            &["-t", "60", "port", "show", "p1", "-g", "port"],
        ));
    }
    let children: Vec<Child> = show
        .iter_mut()
        .map(|command| command.stderr(Stdio::piped()).spawn().unwrap())
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        row.is(0, &output);
        assert_eq!(output.stdout, b"p1\n");
    }
}

//! What a database server can send that is no answer.

use std::io::{self, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Mutex;

use serde_json::{Value, json};

use super::peer::{few, is_change, message, messages, relay_messages, serve, shared, switch};
use super::seen::{Row, ovs, run, within};
use crate::common::Sandbox;

/// A server that answers every request with these bytes, over and over.
fn endless(socket: &Path, begin: &'static [u8], more: &'static [u8]) {
    serve(socket, move |mut stream| {
        let heard = stream.try_clone().unwrap();
        let Some(_) = messages(heard).next() else {
            return;
        };
        let more = more.repeat(65536 / more.len());
        let _ = stream.write_all(begin);
        while stream.write_all(&more).is_ok() {}
    });
}

#[test]
fn endless_string() {
    let dir = tempfile::tempdir().unwrap();
    endless(
        &dir.path().join("db.sock"),
        b"{\"id\":0,\"result\":\"",
        b"x",
    );
    let command = within(64, &ovs(dir.path(), &["-t", "5", "bridge", "list"]));
    Row::of("endless_string").is(0, &run(&mut { command }));
}

#[test]
fn endless_message() {
    const ROW: &[u8] = &[b'x'; 65536 - 2];
    let dir = tempfile::tempdir().unwrap();
    serve(&dir.path().join("db.sock"), |mut stream| {
        let _ = stream.write_all(b"{\"id\":0,\"result\":[\"\"");
        let row = [b",\"", &ROW[2..], b"\""].concat();
        while stream.write_all(&row).is_ok() {}
    });
    // What is gathered has grown by doubling.
    let command = within(320, &ovs(dir.path(), &["-t", "5", "bridge", "list"]));
    Row::of("endless_message").is(0, &run(&mut { command }));
}

#[test]
fn deep_json() {
    let dir = tempfile::tempdir().unwrap();
    let real = shared().db_socket();
    relay_messages(
        &dir.path().join("db.sock"),
        &real,
        |_| true,
        |reply| {
            let deep = "[".repeat(100_000) + &"]".repeat(100_000);
            format!(
                "{{\"id\":{},\"result\":{deep},\"error\":null}}",
                reply["id"]
            )
            .into_bytes()
        },
    );
    let command = within(64, &ovs(dir.path(), &["bridge", "list"]));
    Row::of("deep_json").is(0, &run(&mut { command }));
}

#[test]
fn reply_to_another_id() {
    let row = Row::of("reply_to_another_id");
    let sandbox = Sandbox::empty();
    sandbox.vsctl(&["add-br", "br0"]);
    let dir = tempfile::tempdir().unwrap();
    let (read, write) = (dir.path().join("read"), dir.path().join("write"));
    let other = |mut reply: Value| {
        reply["id"] = json!(4711);
        reply.to_string().into_bytes()
    };
    relay_messages(&read, &sandbox.db_socket(), |_| true, other);
    let read = format!("unix:{}", read.display());
    row.is(
        0,
        &run(&mut ovs(dir.path(), &["--db", &read, "bridge", "list"])),
    );

    // Only what answers the change itself.
    let change = std::sync::Arc::new(Mutex::new(Value::Null));
    let sent = std::sync::Arc::clone(&change);
    let note = move |request: &Value| {
        if is_change(request) {
            *sent.lock().unwrap() = request["id"].clone();
        }
        true
    };
    let misdirect = move |reply: Value| {
        if reply["id"] == *change.lock().unwrap() {
            other(reply)
        } else {
            reply.to_string().into_bytes()
        }
    };
    relay_messages(&write, &sandbox.db_socket(), note, misdirect);
    let write = format!("unix:{}", write.display());
    let add = ["--db", &write, "port", "add", "br0", "p1"];
    row.is(1, &run(&mut ovs(dir.path(), &add)));
    assert_eq!(sandbox.vsctl(&["list-ports", "br0"]), "p1\n");
}

#[test]
fn answer_of_another_shape() {
    let row = Row::of("answer_of_another_shape");
    let sandbox = Sandbox::empty();
    sandbox.vsctl(&["add-br", "br0"]);
    let dir = tempfile::tempdir().unwrap();
    let answers = [
        json!(null),
        json!(7),
        json!("text"),
        json!({"rows": []}),
        json!([7]),
        json!([{"rows": 7}, {"rows": 7}]),
        json!([{"rows": [7]}]),
        json!([{"rows": [{"name": ["set", 7]}]}]),
        json!([{"rows": [{"name": ["uuid", "x"]}]}]),
        json!([{"count": -1}]),
        json!([{"error": 7}]),
    ];
    for (number, answer) in answers.into_iter().enumerate() {
        let socket = dir.path().join(format!("read{number}"));
        let wrong = answer.clone();
        let wrong = move |reply: Value| {
            let reply = json!({"id": reply["id"], "result": wrong, "error": null});
            reply.to_string().into_bytes()
        };
        relay_messages(&socket, &sandbox.db_socket(), |_| true, wrong);
        let socket = format!("unix:{}", socket.display());
        let list = run(&mut ovs(dir.path(), &["--db", &socket, "bridge", "list"]));
        row.is(0, &list);
        assert!(list.stdout.is_empty(), "{answer}");
    }

    let change = std::sync::Arc::new(Mutex::new(Value::Null));
    let sent = std::sync::Arc::clone(&change);
    let socket = dir.path().join("write");
    relay_messages(
        &socket,
        &sandbox.db_socket(),
        move |request| {
            if is_change(request) {
                *sent.lock().unwrap() = request["id"].clone();
            }
            true
        },
        move |mut reply| {
            if reply["id"] == *change.lock().unwrap() {
                reply["result"] = json!([[]]);
            }
            reply.to_string().into_bytes()
        },
    );
    let socket = format!("unix:{}", socket.display());
    let add = ["--db", &socket, "port", "add", "br0", "p1"];
    row.is(1, &run(&mut ovs(dir.path(), &add)));
    assert_eq!(sandbox.vsctl(&["list-ports", "br0"]), "p1\n");
}

/// What the server may send besides: RFC 7047, 4.1.6 and 4.1.11, and things that nobody knows.
const UNASKED: [&str; 6] = [
    r#"{"method":"update","params":[null,{}],"id":null}"#,
    r#"{"method":"update2","params":["x",{"Bridge":{}}],"id":null}"#,
    r#"{"method":"locked","params":["ovs"],"id":null}"#,
    r#"{"method":"echo","params":["a"],"id":"echo"}"#,
    r#"{"method":"steal","params":[],"id":0}"#,
    r#"{"id":null,"method":"nobody \u001b knows","params":{}}"#,
];

#[test]
fn notification_between() {
    let row = Row::of("notification_between");
    let sandbox = Sandbox::empty();
    let dir = tempfile::tempdir().unwrap();
    relay_messages(
        &dir.path().join("db.sock"),
        &sandbox.db_socket(),
        // What we answer is not for the real server, which has asked nothing.
        |message| message["method"].is_string(),
        |reply| {
            let all = UNASKED.concat();
            format!("{all}\n{reply} {all}").into_bytes()
        },
    );
    let add = run(&mut ovs(dir.path(), &["bridge", "add", "br0"]));
    row.is(0, &add);
    let list = run(&mut ovs(dir.path(), &["bridge", "list", "-g", "bridge"]));
    row.is(0, &list);
    assert_eq!(list.stdout, b"br0\n");
}

#[test]
fn notification_storm() {
    let dir = tempfile::tempdir().unwrap();
    endless(&dir.path().join("db.sock"), b"", UNASKED[1].as_bytes());
    let command = within(64, &ovs(dir.path(), &["-t", "0.5", "bridge", "list"]));
    Row::of("notification_storm").is(0, &run(&mut { command }));
}

#[test]
fn echo_storm() {
    let row = Row::of("echo_storm");
    let dir = tempfile::tempdir().unwrap();
    endless(&dir.path().join("db.sock"), b"", UNASKED[3].as_bytes());
    let command = within(64, &ovs(dir.path(), &["-t", "0.5", "bridge", "list"]));
    row.is(0, &run(&mut { command }));

    let socket = dir.path().join("switch");
    switch(&socket, few().hello().to_vec(), |stream, request| {
        let storm = message(request, 2, b"echo").repeat(1000);
        let mut answers: UnixStream = stream.try_clone().unwrap();
        std::thread::spawn(move || io::copy(&mut answers, &mut io::sink()));
        while stream.write_all(&storm).is_ok() {}
    });
    let endpoint = format!("unix:{}", socket.display());
    let command = ["-t", "0.5", "dump-flows", &endpoint, "--no-names"];
    let command = within(64, &ovs(dir.path(), &command));
    row.is(1, &run(&mut { command }));
}

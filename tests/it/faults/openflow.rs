//! What a switch can send that is no answer: what a real one sent, damaged.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::peer::{few, many, message, part, read_message, relay_until, shared, switch};
use super::seen::{Row, lines, ovs, run, within};
use crate::common::Sandbox;

/// What `ovs COMMAND unix:SOCKET` does, with half a second of patience and no more memory than it needs.
fn on(socket: &Path, command: &str) -> Output {
    let line = format!("-t 0.5 {command} unix:{}", socket.display());
    let command = ovs(socket.parent().unwrap(), &line);
    run(&mut within(64, &command))
}

const DUMP: &str = "dump-flows --no-names";

/// A dump of the switch that answers with these messages.
fn dumped(messages: Vec<Vec<u8>>) -> Output {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("switch");
    switch(&socket, few().hello().to_vec(), move |stream, _| {
        let _ = stream.write_all(&messages.concat());
    });
    on(&socket, DUMP)
}

/// How many flows there are in the first part of many.
fn in_first_part() -> usize {
    let mut last = many().parts()[0].clone();
    // No more to follow.
    last[11] = 0;
    let output = dumped(vec![last]);
    assert!(output.status.success());
    lines(&output)
}

#[test]
fn wrong_version() {
    let row = Row::of("wrong_version");
    let dir = tempfile::tempdir().unwrap();
    // OpenFlow 1.6, which nobody has, and 1.0 alone.
    for (name, version, options) in [("new", 7, ""), ("old", 1, "-O OpenFlow13")] {
        let socket = dir.path().join(name);
        let bitmap = 1_u32 << version;
        let hello = [
            &[version, 0, 0, 16, 0, 0, 0, 1, 0, 1, 0, 8][..],
            &bitmap.to_be_bytes(),
        ];
        switch(&socket, hello.concat(), |_, _| {});
        row.is(0, &on(&socket, &format!("{options} {DUMP}")));
    }
}

#[test]
fn hello_failed() {
    let row = Row::of("hello_failed");
    // What a real switch says that allows OpenFlow 1.0 only, and hears of 1.5 only.
    let sandbox = Sandbox::with("add-br br0 -- set bridge br0 protocols=OpenFlow10");
    let mut real = UnixStream::connect(sandbox.run_dir().join("br0.mgmt")).unwrap();
    let hello = [6, 0, 0, 16, 0, 0, 0, 1, 0, 1, 0, 8, 0, 0, 0, 0x40];
    real.write_all(&hello).unwrap();
    let error = std::iter::from_fn(|| read_message(&mut real)).find(|message| message[1] == 1);
    let error = error.expect("the switch refuses");
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("switch");
    switch(&socket, error, |_, _| {});
    row.is(0, &on(&socket, DUMP));
}

#[test]
fn error_in_mid_dump() {
    let row = Row::of("error_in_mid_dump");
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("switch");
    switch(&socket, many().hello().to_vec(), |stream, request| {
        let _ = stream.write_all(&many().parts()[0]);
        // OFPBRC_EPERM
        let body = [&[0, 1, 0, 5], request].concat();
        let _ = stream.write_all(&message(request, 1, &body));
    });
    let output = on(&socket, DUMP);
    row.is(0, &output);
    assert_eq!(lines(&output), in_first_part());

    // Over OpenFlow 1.0, a switch without the extension is asked in other words; but not when flows came.
    let hello = vec![1, 0, 0, 8, 0, 0, 0, 1];
    let socket = dir.path().join("old");
    let bridge = shared().run_dir().join("br1.mgmt");
    switch(&socket, hello, move |stream, request| {
        let mut real = UnixStream::connect(&bridge).unwrap();
        let _ = real.write_all(&[1, 0, 0, 8, 0, 0, 0, 1]);
        let _ = real.write_all(request);
        let hello = read_message(&mut real).unwrap();
        assert_eq!(hello[1], 0);
        let _ = stream.write_all(&read_message(&mut real).unwrap());
        // OFPBRC_BAD_VENDOR
        let body = [&[0, 1, 0, 3], request].concat();
        let _ = stream.write_all(&message(request, 1, &body));
        if let Some(again) = read_message(stream) {
            let _ = real.write_all(&again);
            let _ = std::io::copy(&mut real, stream);
        }
    });
    row.is(0, &on(&socket, DUMP));
}

#[test]
fn multipart_never_ends() {
    let row = Row::of("multipart_never_ends");
    let dir = tempfile::tempdir().unwrap();
    let hello = few().hello().to_vec();
    let empty = dir.path().join("empty");
    switch(&empty, hello.clone(), |stream, request| {
        let parts = part(request, &[]).repeat(1000);
        while stream.write_all(&parts).is_ok() {}
    });
    row.is(0, &on(&empty, DUMP));
    row.is(0, &on(&empty, "port stats"));
    row.is(0, &on(&empty, "dump-flows --no-names --count"));

    // OpenFlow 1.3, where the answer has a fixed length.
    let counts = dir.path().join("counts");
    switch(&counts, hello.clone(), |stream, request| {
        let parts = part(request, &[0; 24]).repeat(1000);
        while stream.write_all(&parts).is_ok() {}
    });
    let count = "-O OpenFlow13 dump-flows --no-names --count";
    row.is(1, &on(&counts, count));

    let flows = dir.path().join("flows");
    switch(&flows, hello, |stream, _| {
        let part = &many().parts()[0];
        while stream.write_all(part).is_ok() {}
    });
    let endpoint = format!("unix:{}", flows.display());
    let dump = format!("dump-flows {endpoint} --no-names");
    let mut dump = within(64, &ovs(dir.path(), &dump));
    let mut child = dump
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    let mut line = Vec::new();
    for _ in 0..20_000 {
        line.clear();
        reader.read_until(b'\n', &mut line).unwrap();
    }
    let memory = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let memory = memory
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    let kibibytes: usize = memory.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(kibibytes < 48 << 10, "{memory}");
    drop(reader);
    row.is(2, &child.wait_with_output().unwrap());
}

#[test]
fn absurd_part_count() {
    let row = Row::of("absurd_part_count");
    let dir = tempfile::tempdir().unwrap();
    // The description of a port, without end.
    let socket = dir.path().join("parts");
    switch(&socket, few().hello().to_vec(), |stream, request| {
        let port = [&[0, 0, 0, 1, 0, 40][..], &[0; 34]].concat();
        let part = part(request, &port.repeat(1500));
        while stream.write_all(&part).is_ok() {}
    });
    let endpoint = format!("unix:{}", socket.display());
    let command = ovs(dir.path(), &format!("port stats {endpoint}"));
    // A million ports are some 150 MB, and twice that while their list grows.
    row.is(0, &run(&mut within(1024, &command)));
}

#[test]
fn another_xid() {
    let row = Row::of("another_xid");
    let mut parts = few().parts().to_vec();
    for part in &mut parts {
        part[4..8].fill(0x77);
    }
    let output = dumped(parts);
    row.is(0, &output);
    assert_eq!(lines(&output), 0);
}

#[test]
fn short_message() {
    let row = Row::of("short_message");
    let dir = tempfile::tempdir().unwrap();
    for length in 0..8 {
        let hello = vec![6, 0, 0, length, 0, 0, 0, 1, 0, 0];
        let socket = dir.path().join(length.to_string());
        switch(&socket, hello, |_, _| {});
        row.is(0, &on(&socket, DUMP));
        let mut short = many().parts()[1].clone();
        short[2..4].copy_from_slice(&[0, length]);
        let output = dumped(vec![many().parts()[0].clone(), short]);
        row.is(1, &output);
        assert!(lines(&output) > 0);
    }
}

#[test]
fn huge_length() {
    let row = Row::of("huge_length");
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("switch");
    switch(&socket, vec![6, 0, 0xff, 0xff, 0, 0, 0, 1], |_, _| {});
    row.is(0, &on(&socket, DUMP));
    let mut last = few().parts()[0].clone();
    last[2..4].fill(0xff);
    row.is(0, &dumped(vec![last.clone()]));
    let output = dumped(vec![many().parts()[0].clone(), last]);
    row.is(1, &output);
    assert_eq!(lines(&output), in_first_part());
}

/// Each length field of the first of three flows, larger than what holds it.
#[test]
fn flow_over_its_message() {
    let row = Row::of("flow_over_its_message");
    let whole = few().parts()[0].clone();
    // OpenFlow 1.5.1, 7.3.5.2: length(2) pad(2) table, ... then match: type(2) length(2).
    let entry = 16;
    for (at, value) in [(entry, 0xffff_u16), (entry, 0x0fff), (entry + 26, 0xfff0)] {
        let mut part = whole.clone();
        part[at..at + 2].copy_from_slice(&value.to_be_bytes());
        let output = dumped(vec![part]);
        row.is(0, &output);
    }
    // Of the flow whose match is wrong the others are shown all the same.
    let mut part = whole;
    part[entry + 26..entry + 28].copy_from_slice(&[0xff, 0xf0]);
    assert!(lines(&dumped(vec![part])) >= 2);
}

#[test]
fn duplicated_parts() {
    let row = Row::of("duplicated_parts");
    let first = many().parts()[0].clone();
    let last = few().parts()[0].clone();
    let count = in_first_part();
    for (parts, expected) in [
        (vec![first.clone(), last.clone()], count + 3),
        (
            vec![first.clone(), first.clone(), last.clone()],
            2 * count + 3,
        ),
        (vec![first, last.clone(), last], count + 3),
    ] {
        let output = dumped(parts);
        row.is(0, &output);
        assert_eq!(lines(&output), expected);
    }
}

/// A bridge, and what `flow add` with three flows does at a relay in front of it that ends at this message. Nothing
/// may be on the bridge.
fn written_until(closes: bool, is_last: fn(&[u8]) -> bool) -> Output {
    let sandbox =
        Sandbox::with("add-br br0 -- set bridge br0 fail_mode=secure protocols=OpenFlow15");
    let socket = sandbox.run_dir().join("relay");
    let bridge = sandbox.run_dir().join("br0.mgmt");
    relay_until(&socket, &bridge, closes, is_last);
    let file = sandbox.run_dir().join("flows");
    let flow = |n| format!("priority={n},actions=drop\n");
    std::fs::write(&file, (1..4).map(flow).collect::<String>()).unwrap();
    let (socket, file) = (socket.display(), file.display());
    let add = format!("-t 1 flow add unix:{socket} --file {file}");
    let output = run(&mut ovs(sandbox.run_dir(), &add));
    let flows = ofctl!(sandbox, "-O OpenFlow15 dump-flows br0");
    assert!(!flows.contains("priority"), "{flows}");
    output
}

/// Whether it is the request to commit a bundle (OpenFlow 1.5.1 §7.3.9.1).
fn is_commit(request: &[u8]) -> bool {
    request[1] == 33 && request[13] == 4
}

/// Whether it is the second message that is added to a bundle: that of priority 2.
fn is_second(request: &[u8]) -> bool {
    request[1] == 34 && request[16 + 30..16 + 32] == [0, 2]
}

#[test]
fn switch_closed_in_mid_write() {
    let row = Row::of("switch_closed_in_mid_write");
    row.is(0, &written_until(true, is_second));
    row.is(1, &written_until(true, is_commit));
}

/// A session that is closed before it was sent a flow is opened again; one that is closed each time ends soon.
#[test]
fn sessions_closed_before_a_write() {
    let is_open = |request: &[u8]| request[1] == 33 && request[13] == 0;
    let is_read = |request: &[u8]| request[1] == 18;
    let sandbox =
        Sandbox::with("add-br br0 -- set bridge br0 fail_mode=secure protocols=OpenFlow15");
    let bridge = sandbox.run_dir().join("br0.mgmt");
    let file = sandbox.run_dir().join("flows");
    std::fs::write(&file, "priority=1,actions=drop\npriority=2,actions=drop\n").unwrap();
    let file = file.display();
    let commands = [
        format!("flow add unix:SOCKET --file {file}"),
        format!("flow replace unix:SOCKET {file}"),
        "flow del unix:SOCKET priority=1 --strict".to_owned(),
        "meter add unix:SOCKET meter=1,kbps,bands=type=drop,rate=9".to_owned(),
    ];
    for (closes, succeeds) in [(3, true), (1000, false)] {
        for (number, command) in commands.iter().enumerate() {
            let socket = sandbox.run_dir().join(format!("{closes}-{number}"));
            let count = AtomicUsize::new(0);
            relay_until(&socket, &bridge, true, move |request| {
                (is_open(request) || is_read(request))
                    && count.fetch_add(1, Ordering::Relaxed) < closes
            });
            let command = command.replace("SOCKET", &socket.display().to_string());
            let output = run(&mut ovs(sandbox.run_dir(), &command));
            let expected = if succeeds { Some(0) } else { Some(4) };
            assert_eq!(output.status.code(), expected, "{command}: {output:?}");
            if number == 0 && !succeeds {
                Row::of("sessions_closed_before_a_write").is(0, &output);
            }
        }
    }
}

#[test]
fn switch_silent_in_mid_write() {
    let row = Row::of("switch_silent_in_mid_write");
    row.is(0, &written_until(false, is_second));
    row.is(1, &written_until(false, is_commit));
}

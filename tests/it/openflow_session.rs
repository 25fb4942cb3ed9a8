//! `ovs dump-flows` with what is no well-behaved switch at the other end. The bytes are those that a
//! real one sent (`fixtures/golden/dump.hex`, made by `record_dump.py` beside it), cut and mixed.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ovs::openflow::bytes::Cursor;
use ovs::openflow::messages::codec::{self, At};
use ovs::openflow::messages::error::ErrorMessage;
use ovs::openflow::messages::group_messages::GroupMod;
use ovs::openflow::messages::groups::{Buckets, GroupDesc, Properties};
use ovs::openflow::messages::members::Named;
use ovs::openflow::session::{Atomicity, Session};
use ovs::openflow::version::{Version, Versions};
use ovs::transport::Endpoint;

use crate::common;
use crate::common::Sandbox;

const ECHO: [u8; 8] = [6, 2, 0, 8, 0, 0, 0, 77];

/// The recorded hello and the reply to the flow request.
fn recorded() -> (Vec<u8>, Vec<u8>) {
    let messages: Vec<Vec<u8>> = include_str!("../../fixtures/golden/dump.hex")
        .lines()
        .map(common::hex::bytes)
        .collect();
    assert_eq!(messages[0][1], 0, "the hello comes first");
    assert_eq!(messages[1][1], 19, "then the reply");
    (messages[0].clone(), messages[1].clone())
}

/// A switch that does as it is told with one connection after the other.
struct Switch {
    _dir: tempfile::TempDir,
    socket: PathBuf,
}

impl Switch {
    fn new(mut behave: impl FnMut(&mut UnixStream) + Send + 'static) -> Switch {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("sw");
        let listener = UnixListener::bind(&socket).unwrap();
        thread::spawn(move || {
            for stream in listener.incoming() {
                behave(&mut stream.unwrap());
            }
        });
        Switch { _dir: dir, socket }
    }

    /// Exit code, stdout, stderr and how long it took.
    fn dump(&self, limit: &str) -> (i32, String, String, Duration) {
        dump(&self.socket, limit)
    }
}

fn dump(socket: &Path, limit: &str) -> (i32, String, String, Duration) {
    let began = Instant::now();
    let endpoint = format!("unix:{}", socket.display());
    let arguments = [
        "dump-flows",
        &endpoint,
        "--no-stats",
        "--no-names",
        "-t",
        limit,
    ];
    let output = common::ovs(&arguments).output().unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
        began.elapsed(),
    )
}

/// Waits for the request: a hello of 16 bytes and a flow request of 56.
fn read_request(stream: &mut UnixStream) {
    let mut request = [0; 72];
    stream.read_exact(&mut request).unwrap();
    assert_eq!((request[1], request[17]), (0, 18));
}

/// Holds the connection open until the other side ends it.
fn hold(stream: &mut UnixStream) {
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest);
}

/// What the flows of the recording read like; `ovs-ofctl` printed it (fixtures/neutron).
fn expected() -> &'static str {
    include_str!("../../fixtures/neutron/notes/flows/br-ens37.expected").trim_end()
}

/// The same with port numbers.
fn numbered() -> String {
    expected().replace("\"phy-br-ens37\"", "2") + "\n"
}

#[test]
fn replies_in_pieces_of_any_size() {
    let (hello, reply) = recorded();
    for portion in [1, 7, 8, 9, 100_000] {
        let (hello, reply) = (hello.clone(), reply.clone());
        let switch = Switch::new(move |stream| {
            let all = [hello.as_slice(), &ECHO, &reply].concat();
            for piece in all.chunks(portion) {
                if stream.write_all(piece).is_err() {
                    return;
                }
            }
            hold(stream);
        });
        let (code, stdout, stderr, _) = switch.dump("5");
        assert_eq!((code, stderr.as_str()), (0, ""), "{portion}");
        assert_eq!(stdout, numbered(), "{portion}");
    }
}

#[test]
fn connection_closed_after_every_byte() {
    let (hello, reply) = recorded();
    let all = [hello, reply].concat();
    // Within the headers everywhere, behind them now and then.
    let mut lengths: Vec<usize> = (0..24).chain((24..all.len()).step_by(7)).collect();
    lengths.push(all.len());
    let length = Arc::new(AtomicUsize::new(0));
    let sends = Arc::clone(&length);
    let switch = Switch::new(move |stream| {
        // What was not read would make the close a reset, which overtakes what was sent.
        let _ = stream.write_all(&all[..sends.load(Ordering::SeqCst)]);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        hold(stream);
    });
    let whole = lengths.pop().unwrap();
    for cut in lengths {
        length.store(cut, Ordering::SeqCst);
        let (code, stdout, stderr, _) = switch.dump("5");
        assert_eq!((code, stdout.as_str()), (4, ""), "{cut}: {stderr}");
        assert!(stderr.contains("closed the connection"), "{cut}: {stderr}");
    }
    length.store(whole, Ordering::SeqCst);
    assert_eq!(switch.dump("5").0, 0);
}

/// As a listener that is replaced does with the connections that wait for it.
#[test]
fn a_connection_reset_before_the_hello_is_tried_again() {
    let (hello, reply) = recorded();
    let all = [hello, reply].concat();
    let mut connections = 0;
    // More than a second.
    let switch = Switch::new(move |stream| {
        connections += 1;
        if connections > 25 {
            let _ = stream.write_all(&all);
            hold(stream);
        }
    });
    let (code, stdout, stderr, _) = switch.dump("30");
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert_eq!(stdout, numbered());

    // Until the timeout.
    let (code, stdout, stderr, took) = Switch::new(|_| {}).dump("1");
    assert_eq!((code, stdout.as_str()), (4, ""), "{stderr}");
    assert!(
        stderr.contains("the switch closed the connection "),
        "{stderr}"
    );
    assert!(
        stderr.contains(" s, each time before its hello"),
        "{stderr}"
    );
    assert!(took > Duration::from_secs(1), "{took:?}");

    // The listener is gone for good.
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("sw");
    let listener = UnixListener::bind(&socket).unwrap();
    thread::spawn(move || drop(listener.accept()));
    let (code, _, stderr, took) = dump(&socket, "30");
    assert_eq!(code, 4, "{stderr}");
    assert!(stderr.contains("connection refused"), "{stderr}");
    assert!(took < Duration::from_secs(10), "{took:?}");
}

/// The sockets of the daemons that are no switches read the hello and close: the answer does not take the timeout.
#[test]
fn the_socket_of_another_daemon() {
    let sandbox = Sandbox::with("add-br br0");
    for entry in std::fs::read_dir(sandbox.run_dir()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name != "db.sock" && path.extension().is_none_or(|extension| extension != "ctl") {
            continue;
        }
        let (code, stdout, stderr, took) = dump(&path, "30");
        assert_eq!((code, stdout.as_str()), (4, ""), "{stderr}");
        assert!(
            stderr.contains("closed the connection 10 times in"),
            "{stderr}"
        );
        assert!(
            stderr.contains("hint: is it the socket of a bridge"),
            "{stderr}"
        );
        assert!(took < Duration::from_secs(15), "{took:?}");
    }
}

#[test]
fn no_progress_times_out() {
    let (hello, reply) = recorded();
    let echoes = {
        let hello = hello.clone();
        move |stream: &mut UnixStream| {
            let _ = stream.write_all(&hello);
            // An echo every 20 ms is a sign of life, but no progress.
            while stream.write_all(&ECHO).is_ok() {
                thread::sleep(Duration::from_millis(20));
            }
        }
    };
    let flood = {
        let hello = hello.clone();
        move |stream: &mut UnixStream| {
            let _ = stream.write_all(&hello);
            let _ = stream.set_nonblocking(false);
            let mut answers = stream.try_clone().unwrap();
            thread::spawn(move || hold(&mut answers));
            let echoes = ECHO.repeat(8192);
            while stream.write_all(&echoes).is_ok() {}
        }
    };
    let empty_parts = {
        let hello = hello.clone();
        move |stream: &mut UnixStream| {
            let _ = stream.write_all(&hello);
            let part = [6, 19, 0, 16, 0, 0, 0, 2, 0, 1, 0, 1, 0, 0, 0, 0];
            while stream.write_all(&part).is_ok() {
                thread::sleep(Duration::from_millis(20));
            }
        }
    };
    let other_xid = {
        let mut reply = reply.clone();
        reply[7] = 99;
        move |stream: &mut UnixStream| {
            let _ = stream.write_all(&hello);
            let _ = stream.write_all(&reply);
            hold(stream);
        }
    };
    for (name, switch) in [
        ("silent", Switch::new(hold)),
        ("echoes", Switch::new(echoes)),
        ("a flood of echoes", Switch::new(flood)),
        ("empty parts", Switch::new(empty_parts)),
        ("another's reply", Switch::new(other_xid)),
    ] {
        let (code, stdout, stderr, took) = switch.dump("0.5");
        assert_eq!((code, stdout.as_str()), (4, ""), "{name}: {stderr}");
        assert!(stderr.contains("no reply within 0.5 s"), "{name}: {stderr}");
        assert!(stderr.contains("hint: "), "{name}: {stderr}");
        assert!(took < Duration::from_secs(5), "{name}: {took:?}");
    }
}

#[test]
fn other_protocols_and_garbage() {
    let (hello, reply) = recorded();
    let sends = |bytes: Vec<u8>| {
        Switch::new(move |stream| {
            let _ = stream.write_all(&bytes);
            hold(stream);
        })
    };
    let http = sends(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec());
    let (code, _, stderr, _) = http.dump("5");
    assert_eq!(code, 4);
    assert!(stderr.contains("does not speak OpenFlow"), "{stderr}");

    let short = sends([hello.as_slice(), &[6, 19, 0, 4, 0, 0, 0, 2]].concat());
    let (code, _, stderr, _) = short.dump("5");
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("impossible length 4"), "{stderr}");

    let refused = [6, 1, 0, 12, 0, 0, 0, 2, 0, 1, 0, 5];
    let refuses = sends([hello.as_slice(), &refused].concat());
    let (code, _, stderr, _) = refuses.dump("5");
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("OFPBRC_EPERM"), "{stderr}");

    // A bitmap without a version.
    let none = vec![6, 0, 0, 16, 0, 0, 0, 1, 0, 1, 0, 8, 0, 0, 0, 0];
    let (code, _, stderr, _) = sends(none).dump("5");
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("no common OpenFlow version"), "{stderr}");

    // A flow that runs over its message: what is before it is printed.
    let mut torn = reply.clone();
    let third = numbered().lines().count() - 1;
    let mut at = 16;
    for _ in 0..third {
        at += usize::from(u16::from_be_bytes([torn[at], torn[at + 1]]));
    }
    torn[at] = 0xff;
    let (code, stdout, stderr, _) = sends([hello.as_slice(), &torn].concat()).dump("5");
    assert_eq!(code, 1, "{stderr}");
    assert_eq!(stdout.lines().count(), third);
    assert!(stderr.contains(&format!("at byte {at}")), "{stderr}");
}

#[test]
fn an_error_in_mid_dump_keeps_what_came() {
    let (hello, mut reply) = recorded();
    // More is to follow, but an error comes.
    reply[11] |= 1;
    let error = [6, 1, 0, 12, 0, 0, 0, 2, 0, 1, 0, 5];
    let (first, flows) = (hello.clone(), reply.clone());
    let switch = Switch::new(move |stream| {
        read_request_then(stream, &[&first, &flows, &error]);
    });
    let (code, stdout, stderr, _) = switch.dump("5");
    assert_eq!(code, 4, "{stderr}");
    assert_eq!(stdout, numbered());
    assert!(stderr.contains("cut short after 3 flows"), "{stderr}");

    let switch = Switch::new(move |stream| {
        read_request_then(stream, &[&hello, &reply]);
        let _ = stream.shutdown(std::net::Shutdown::Both);
    });
    let (code, stdout, stderr, _) = switch.dump("5");
    assert_eq!(code, 4, "{stderr}");
    assert_eq!(stdout, numbered());
    assert!(stderr.contains("cut short after 3 flows"), "{stderr}");
}

fn read_request_then(stream: &mut UnixStream, messages: &[&[u8]]) {
    let (hello, rest) = messages.split_first().unwrap();
    stream.write_all(hello).unwrap();
    read_request(stream);
    for message in rest {
        stream.write_all(message).unwrap();
    }
}

/// Sends all messages, whatever is refused; returns the refused ones.
async fn write_each(session: &mut Session, messages: &[Vec<u8>]) -> Vec<(usize, ErrorMessage)> {
    let written = session.write(Atomicity::Each, async |outbox| {
        for message in messages {
            outbox.put(|_| Ok::<_, ()>(message.clone())).await?;
        }
        Ok::<(), ()>(())
    });
    let written = written.await.unwrap();
    assert_eq!(written.sent, messages.len());
    assert_eq!(written.refusals, written.refused.len());
    written.refused
}

/// The third of three groups has the number of the first.
#[test]
fn errors_have_the_xid_of_the_request() {
    let sandbox = Sandbox::empty();
    sandbox.vsctl(&[
        "add-br",
        "br0",
        "--",
        "set",
        "bridge",
        "br0",
        "protocols=OpenFlow10,OpenFlow11,OpenFlow12,OpenFlow13,OpenFlow14,OpenFlow15",
    ]);
    let endpoint = Endpoint::Unix(sandbox.run_dir().join("br0.mgmt"));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    for version in [Version::V10, Version::V11, Version::V13, Version::V15] {
        let add = |group_id: u32| {
            let nothing = Cursor::new(&[], 0);
            let message = GroupMod {
                command: Named::new(0u32, &[]),
                command_bucket_id: None,
                group: GroupDesc {
                    group_id,
                    kind: 0,
                    buckets: Buckets::new(version, 0, nothing),
                    properties: Properties::new(nothing),
                },
            };
            let at = match version {
                Version::V10 => At::Vendor(codec::NICIRA, 31),
                _ => At::Type(15),
            };
            codec::encode(&message, version, at, 0).unwrap()
        };
        let base = version as u32 * 10;
        let messages = [add(base), add(base + 1), add(base)];
        let refused = runtime.block_on(async {
            let offer: Versions = [version].into_iter().collect();
            let limit = Some(Duration::from_secs(10));
            let mut session = Session::connect(&endpoint, offer, limit).await.unwrap();
            let refused = write_each(&mut session, &messages).await;
            assert_eq!(write_each(&mut session, &[]).await, []);
            refused
        });
        let [(2, error)] = refused.as_slice() else {
            panic!("{version}: {refused:?}");
        };
        assert_eq!(error.to_string(), "OFPGMFC_GROUP_EXISTS", "{version}");
        let groups = sandbox.ofctl(&["-O", "OpenFlow15", "dump-groups", "br0"]);
        assert!(
            groups.contains(&format!("group_id={base},type=all")),
            "{groups}"
        );
        let other = base + 1;
        assert!(
            groups.contains(&format!("group_id={other},type=all")),
            "{groups}"
        );
    }
}

/// A switch that sends more than both sockets hold before it reads anything does not stop the other side.
#[test]
fn messages_are_written_while_those_of_the_switch_are_read() {
    const MESSAGES: usize = 400;
    const ECHOES: usize = 100_000;
    let (hello, _) = recorded();
    let switch = Switch::new(move |stream| {
        stream.write_all(&hello).unwrap();
        stream.read_exact(&mut [0; 16]).unwrap();
        // Echo requests and errors, 8 MB of them, before the first message is read.
        let error = |xid: u32| {
            let mut error = vec![6, 1, 0, 76, 0, 0, 0, 0, 0, 5, 0, 0];
            error[4..8].copy_from_slice(&xid.to_be_bytes());
            error.resize(76, 0);
            error
        };
        for _ in 0..ECHOES {
            stream.write_all(&error(0x7000_0000)).unwrap();
            stream.write_all(&ECHO).unwrap();
        }
        let (mut echoes, mut received, mut barriers) = (0, 0, 0);
        let mut header = [0; 8];
        while stream.read_exact(&mut header).is_ok() {
            let mut body = vec![0; usize::from(u16::from_be_bytes([header[2], header[3]])) - 8];
            stream.read_exact(&mut body).unwrap();
            match header[1] {
                3 => {
                    assert_eq!(header[4..8], ECHO[4..8]);
                    echoes += 1;
                }
                14 => {
                    let xid = u32::from_be_bytes([header[4], header[5], header[6], header[7]]);
                    if received < 2 {
                        // A repeated error counts once.
                        stream.write_all(&error(xid).repeat(2)).unwrap();
                    }
                    received += 1;
                }
                kind => {
                    barriers += 1;
                    assert_eq!((kind, received), (20, MESSAGES - 1 + barriers));
                    if barriers == 2 {
                        assert_eq!(echoes, ECHOES);
                    }
                    let xid = &header[4..];
                    stream.write_all(&[&[6, 21, 0, 8], xid].concat()).unwrap();
                }
            }
        }
    });
    let messages: Vec<Vec<u8>> = (0..MESSAGES)
        .map(|_| {
            let mut message = vec![6, 14, 0xf0, 0];
            message.resize(0xf000, 0);
            message
        })
        .collect();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let refused = runtime.block_on(async {
        let endpoint = Endpoint::Unix(switch.socket.clone());
        let offer: Versions = [Version::V15].into_iter().collect();
        let limit = Some(Duration::from_secs(20));
        let mut session = Session::connect(&endpoint, offer, limit).await.unwrap();
        let refused = write_each(&mut session, &messages).await;
        assert_eq!(write_each(&mut session, &messages[..1]).await, []);
        refused
    });
    let numbers: Vec<usize> = refused.iter().map(|(index, _)| *index).collect();
    assert_eq!(numbers, [0, 1]);
}

//! Messages written to a real switch, in a bundle and one by one; what it holds afterwards is counted by ovs-ofctl.

use std::io::Write as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ovs::openflow::flow_change::FlowChange;
use ovs::openflow::messages::flow_mod::FlowCommand;
use ovs::openflow::session::{Atomicity, Session, WriteError, Written};
use ovs::openflow::text::NoNames;
use ovs::openflow::version::{Version, Versions};
use ovs::transport::Endpoint;

use rustix::process::{Pid, Signal, kill_process};

use crate::common::Sandbox;
use crate::common::openflow::{VERSIONS, entries};
use crate::faults::peer::{message, pass_requests, read_message, serve};

const BRIDGE: &str = "add-br br0 -- set bridge br0 fail_mode=secure \
    protocols=OpenFlow10,OpenFlow11,OpenFlow12,OpenFlow13,OpenFlow14,OpenFlow15";

const WITH_BUNDLES: [Version; 3] = [Version::V13, Version::V14, Version::V15];

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().unwrap()
}

async fn session(sandbox: &Sandbox, version: Version) -> Session {
    let endpoint = Endpoint::Unix(sandbox.run_dir().join("br0.mgmt"));
    let offer: Versions = [version].into_iter().collect();
    let limit = Some(Duration::from_secs(20));
    Session::connect(&endpoint, offer, limit).await.unwrap()
}

/// What no bundle takes.
const FEATURES: &str = "features request";

/// The message that adds the flow.
fn add(text: &str, version: Version) -> Vec<u8> {
    if text == FEATURES {
        return vec![version as u8, 5, 0, 8, 0, 0, 0, 0];
    }
    let change = FlowChange::parse(text, FlowCommand::Add, &NoNames, version).unwrap();
    change.message(0).unwrap()
}

/// Writes the flows until the switch refuses one.
async fn write(
    session: &mut Session,
    how: Atomicity,
    flows: impl Iterator<Item = String>,
) -> Result<Written, WriteError<()>> {
    let version = session.version();
    let written = session.write(how, async |outbox| {
        for flow in flows {
            if !outbox.put(|_| Ok(add(&flow, version))).await? {
                break;
            }
        }
        Ok(())
    });
    written.await
}

fn flows(sandbox: &Sandbox) -> Vec<String> {
    let words = ["-O", "OpenFlow15", "--no-stats", "dump-flows", "br0"];
    entries(&sandbox.ofctl(&words))
}

fn many(count: usize) -> impl Iterator<Item = String> {
    (1..=count).map(|number| format!("priority={number},ip,nw_dst=10.0.0.1,actions=output:1"))
}

#[test]
fn a_bundle_takes_effect_as_a_whole() {
    let sandbox = Sandbox::with(BRIDGE);
    for version in WITH_BUNDLES {
        let written = runtime().block_on(async {
            let mut session = session(&sandbox, version).await;
            let first = write(&mut session, Atomicity::Bundle, many(5000)).await;
            assert_eq!(first.unwrap().sent, 5000);
            // The same connection takes the next bundle.
            let next = ["priority=7777,actions=drop".to_owned()];
            write(&mut session, Atomicity::Bundle, next.into_iter()).await
        });
        let written = written.unwrap();
        assert_eq!((written.sent, written.accepted()), (1, 1), "{version}");
        assert_eq!(flows(&sandbox).len(), 5001, "{version}");
        sandbox.ofctl(&["-O", "OpenFlow15", "del-flows", "br0"]);
    }
}

#[test]
fn a_refused_message_is_named_and_nothing_changes() {
    let sandbox = Sandbox::with(BRIDGE);
    // At the commit the group is missed; the other is refused when it comes.
    for (bad, name) in [
        ("priority=1,actions=group:77", "OFPBAC_BAD_OUT_GROUP"),
        (FEATURES, "OFPBFC_MSG_UNSUP"),
    ] {
        for version in WITH_BUNDLES {
            for count in [0, 3000] {
                let flows_with_bad = many(count).chain([bad.to_owned()]).chain(many(3000));
                let (error, next) = runtime().block_on(async {
                    let mut session = session(&sandbox, version).await;
                    let error = write(&mut session, Atomicity::Bundle, flows_with_bad).await;
                    // The connection can be used afterwards.
                    let next = session.write(Atomicity::Bundle, async |_| Ok::<(), ()>(()));
                    (error.unwrap_err(), next.await)
                });
                let WriteError::Refused { index, error } = error else {
                    panic!("{version}: {error:?}");
                };
                assert_eq!(index, Some(count), "{version}: {error}");
                assert_eq!(error.name, Some(name), "{version}");
                assert_eq!(next.unwrap(), Written::default());
                assert_eq!(flows(&sandbox), [""; 0], "{version}");
            }
        }
    }
}

#[test]
fn a_producer_that_fails_leaves_nothing_of_a_bundle() {
    let sandbox = Sandbox::with(BRIDGE);
    for (how, kept) in [(Atomicity::Bundle, 0), (Atomicity::Each, 2000)] {
        let error = runtime().block_on(async {
            let mut session = session(&sandbox, Version::V14).await;
            let written = session.write(how, async |outbox| {
                for flow in many(2000) {
                    outbox
                        .put(|_| Ok::<_, &str>(add(&flow, Version::V14)))
                        .await?;
                }
                Err("line 2001")
            });
            written.await.unwrap_err()
        });
        let WriteError::Producer { error, written } = error else {
            panic!("{error:?}");
        };
        assert_eq!((error, written.accepted()), ("line 2001", kept));
        assert_eq!(flows(&sandbox).len(), kept);
    }
}

/// What a client sends for a bundle: each message without the transaction ids and the id of the bundle, which
/// differ, but with whether a message and that in it have the same.
fn sent(sandbox: &Sandbox, write: impl FnOnce(&Path)) -> Vec<(Vec<u8>, bool)> {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("switch");
    let bytes = Arc::new(Mutex::new(Vec::new()));
    let recorded = Arc::clone(&bytes);
    let bridge = sandbox.run_dir().join("br0.mgmt");
    serve(&socket, move |mut client| {
        let mut switch = UnixStream::connect(&bridge).unwrap();
        // From the switch to the client.
        pass_requests(&switch, &client);
        while let Some(message) = read_message(&mut client) {
            recorded.lock().unwrap().push(message.clone());
            switch.write_all(&message).unwrap();
        }
        let _ = switch.shutdown(std::net::Shutdown::Both);
    });
    write(&socket);
    let messages = std::mem::take(&mut *bytes.lock().unwrap());
    let of_bundle = |message: &Vec<u8>| match (message[0], message[1]) {
        (_, 20) | (5.., 33) => Some((8, None)),
        (4, 4) if message[12..16] == [0, 0, 0x08, 0xfc] => Some((16, None)),
        (4, 4) if message[12..16] == [0, 0, 0x08, 0xfd] => Some((16, Some(24))),
        (5.., 34) => Some((8, Some(16))),
        _ => None,
    };
    let one = |mut message: Vec<u8>| {
        let (id, inner) = of_bundle(&message)?;
        let is_same = inner.is_none_or(|at| message[4..8] == message[at + 4..at + 8]);
        message[4..8].fill(0);
        if message.len() > id {
            message[id..id + 4].fill(0);
        }
        if let Some(at) = inner {
            message[at + 4..at + 8].fill(0);
        }
        Some((message, is_same))
    };
    messages.into_iter().filter_map(one).collect()
}

#[test]
fn a_bundle_has_the_bytes_of_ovs_ofctl() {
    let sandbox = Sandbox::with(BRIDGE);
    for (name, version) in VERSIONS.into_iter().zip(Version::ALL) {
        if !WITH_BUNDLES.contains(&version) {
            continue;
        }
        let file = sandbox.run_dir().join("flows");
        std::fs::write(&file, many(3).collect::<Vec<_>>().join("\n")).unwrap();
        let theirs = sent(&sandbox, |socket| {
            let (socket, file) = (socket.display(), file.display());
            ofctl!(sandbox, "-O {name} --bundle add-flows unix:{socket} {file}");
        });
        let ours = sent(&sandbox, |socket| {
            let written = runtime().block_on(async {
                let endpoint = Endpoint::Unix(socket.to_owned());
                let offer: Versions = [version].into_iter().collect();
                let mut session = Session::connect(&endpoint, offer, None).await.unwrap();
                write(&mut session, Atomicity::Bundle, many(3)).await
            });
            assert_eq!(written.unwrap().accepted(), 3);
        });
        // Open, add three times, barrier, commit.
        assert_eq!(ours.len(), 6, "{version}");
        assert_eq!(ours, theirs, "{version}");
    }
}

/// Open vSwitch drops an idle bundle; the next message that is added opens it again, without those before.
#[test]
fn a_bundle_that_expires_is_refused() {
    let sandbox = Sandbox::with(BRIDGE);
    vsctl!(
        sandbox,
        "set open_vswitch . other_config:bundle-idle-timeout=1"
    );
    for version in WITH_BUNDLES {
        let error = runtime().block_on(async {
            let mut session = session(&sandbox, version).await;
            let written = session.write(Atomicity::Bundle, async |outbox| {
                for flow in many(2000) {
                    // More than a chunk: the first is on the switch when the producer pauses.
                    if outbox.count() == 1500 {
                        tokio::time::sleep(Duration::from_secs(4)).await;
                    }
                    outbox.put(|_| Ok::<_, ()>(add(&flow, version))).await?;
                }
                Ok::<(), ()>(())
            });
            written.await.unwrap_err()
        });
        let WriteError::Refused { index: None, error } = error else {
            panic!("{version}: {error:?}");
        };
        assert_eq!(error.to_string(), "OFPBFC_TIMEOUT", "{version}");
        assert_eq!(flows(&sandbox), [""; 0], "{version}");
    }
}

#[test]
fn no_bundles_before_1_3() {
    let sandbox = Sandbox::with(BRIDGE);
    for version in [Version::V10, Version::V11, Version::V12] {
        let error = runtime().block_on(async {
            let mut session = session(&sandbox, version).await;
            write(&mut session, Atomicity::Bundle, many(1)).await
        });
        let error = error.unwrap_err();
        assert!(
            matches!(error, WriteError::NoBundles(v) if v == version),
            "{error:?}"
        );
    }
    assert_eq!(flows(&sandbox), [""; 0]);
}

#[test]
fn one_by_one_stops_at_a_refusal() {
    let sandbox = Sandbox::with(BRIDGE);
    for version in Version::ALL {
        // The last table is the switch's own.
        let bad = "table=254,actions=drop";
        let flows_with_bad = many(1000)
            .chain([bad.to_owned()])
            .chain(many(40_000).skip(1000));
        let written = runtime().block_on(async {
            let mut session = session(&sandbox, version).await;
            write(&mut session, Atomicity::Each, flows_with_bad).await
        });
        let written = written.unwrap();
        let [(1000, _)] = written.refused.as_slice() else {
            panic!("{version}: {written:?}");
        };
        assert!(written.sent < 30_000, "{version}: {}", written.sent);
        assert_eq!(written.accepted(), flows(&sandbox).len(), "{version}");
        sandbox.ofctl(&["-O", "OpenFlow15", "del-flows", "br0"]);
    }
}

#[test]
fn openflow_1_0_writes_to_the_table() {
    let sandbox = Sandbox::with(BRIDGE);
    // In both encodings of a match.
    let both = [
        "table=3,actions=drop",
        "table=4,reg1=1,actions=drop",
        "table=0,actions=drop",
    ];
    let written = runtime().block_on(async {
        let mut session = session(&sandbox, Version::V10).await;
        write(
            &mut session,
            Atomicity::Each,
            both.map(str::to_owned).into_iter(),
        )
        .await
    });
    assert_eq!(written.unwrap().accepted(), 3);
    let found = flows(&sandbox).join("\n");
    assert!(found.contains("table=3,"), "{found}");
    assert!(found.contains("table=4, reset_counts reg1=0x1"), "{found}");
}

/// All connect while the switch is busy: more than its queue has room for, so that ovs-ofctl fails.
#[test]
fn two_hundred_writers_at_once() {
    let sandbox = Sandbox::with(BRIDGE);
    let stopped = stop_vswitchd(&sandbox);
    std::thread::scope(|scope| {
        for flow in many(200) {
            let sandbox = &sandbox;
            scope.spawn(move || {
                let written = runtime().block_on(async {
                    let mut session = session(sandbox, Version::V14).await;
                    write(&mut session, Atomicity::Bundle, std::iter::once(flow)).await
                });
                assert_eq!(written.unwrap().accepted(), 1);
            });
        }
        std::thread::sleep(Duration::from_secs(1));
        let bridge = sandbox.run_dir().join("br0.mgmt");
        let mut ofctl = std::process::Command::new("ovs-ofctl");
        let output = ofctl.arg("dump-flows").arg(bridge).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains("failed to open socket"), "{stderr}");
        drop(stopped);
    });
    assert_eq!(flows(&sandbox).len(), 200);
}

/// ovs-vswitchd, which does nothing until this is dropped.
struct Stopped(Pid);

impl Drop for Stopped {
    fn drop(&mut self) {
        let _ = kill_process(self.0, Signal::CONT);
    }
}

fn stop_vswitchd(sandbox: &Sandbox) -> Stopped {
    let pid = std::fs::read_to_string(sandbox.run_dir().join("ovs-vswitchd.pid")).unwrap();
    let pid = Pid::from_raw(pid.trim().parse().unwrap()).unwrap();
    kill_process(pid, Signal::STOP).unwrap();
    Stopped(pid)
}

#[test]
fn a_switch_killed_in_mid_bundle_has_nothing_of_it() {
    let sandbox = Sandbox::with(BRIDGE);
    let error = runtime().block_on(async {
        let mut session = session(&sandbox, Version::V14).await;
        let written = session.write(Atomicity::Bundle, async |outbox| {
            for flow in many(20_000) {
                if outbox.count() == 5000 {
                    sandbox.kill_vswitchd();
                }
                if !outbox
                    .put(|_| Ok::<_, ()>(add(&flow, Version::V14)))
                    .await?
                {
                    break;
                }
            }
            Ok::<(), ()>(())
        });
        written.await.unwrap_err()
    });
    let WriteError::Lost {
        error,
        may_have,
        sent,
    } = error
    else {
        panic!("{error:?}");
    };
    assert!(error.is_closed(), "{error}");
    assert!(!may_have && sent < 20_000, "{sent}");
    sandbox.start_vswitchd();
    assert_eq!(flows(&sandbox), [""; 0]);
}

/// How a switch answers a message.
enum Answer {
    /// As Open vSwitch does.
    Usual,
    /// Not.
    Nothing,
    /// With this.
    Bytes(Vec<u8>),
    /// It closes the connection.
    Close,
}

/// Writes some flows, each of 72 bytes, to a switch of OpenFlow 1.5 that answers so.
fn write_to(
    how: Atomicity,
    count: usize,
    answer: impl Fn(&[u8]) -> Answer + Send + Sync + 'static,
) -> Result<Written, WriteError<()>> {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("switch");
    serve(&socket, move |mut stream| {
        let hello = [6, 0, 0, 16, 0, 0, 0, 1, 0, 1, 0, 8, 0, 0, 0, 0x40];
        let _ = stream.write_all(&hello);
        read_message(&mut stream).unwrap();
        while let Some(request) = read_message(&mut stream) {
            let reply = match (answer(&request), request[1]) {
                (Answer::Close, _) => return,
                (Answer::Bytes(bytes), _) => bytes,
                (Answer::Usual, 20) => message(&request, 21, &[]),
                (Answer::Usual, CONTROL) => {
                    let mut body = request[8..16].to_vec();
                    body[5] += 1;
                    message(&request, CONTROL, &body)
                }
                _ => Vec::new(),
            };
            if stream.write_all(&reply).is_err() {
                return;
            }
        }
    });
    runtime().block_on(async {
        let endpoint = Endpoint::Unix(socket);
        let limit = Some(Duration::from_millis(500));
        let mut session = Session::connect(&endpoint, Versions::ALL, limit)
            .await
            .unwrap();
        write(&mut session, how, many(count)).await
    })
}

const CONTROL: u8 = 33;
const ADD: u8 = 34;

/// Whether a message is the one that is meant.
type IsAt = fn(&[u8]) -> bool;

/// Whether it is this step of a bundle.
fn is_step(request: &[u8], step: u8) -> bool {
    request[1] == CONTROL && request[13] == step
}

/// An error about the request: `OFPBRC_EPERM`.
fn refusal(request: &[u8]) -> Vec<u8> {
    message(request, 1, &[0, 1, 0, 5])
}

#[test]
fn what_is_known_when_the_switch_goes_away_or_says_nothing() {
    const COMMIT: u8 = 4;
    use Atomicity::{Bundle, Each};
    assert_eq!(write_to(Bundle, 9, |_| Answer::Usual).unwrap().sent, 9);
    // Each case: how, at which message, and whether it may have taken effect.
    let cases: [(Atomicity, IsAt, bool); 6] = [
        (Bundle, |request| is_step(request, 0), false),
        (Bundle, |request| request[1] == ADD, false),
        (Bundle, |request| request[1] == 20, false),
        (Bundle, |request| is_step(request, COMMIT), true),
        (Each, |request| request[1] == 14, true),
        (Each, |request| request[1] == 20, true),
    ];
    for (number, (how, at, expected)) in cases.into_iter().enumerate() {
        for closes in [true, false] {
            let error = write_to(how, 9, move |request| match at(request) {
                true if closes => Answer::Close,
                // Nothing from now on.
                true => {
                    std::thread::sleep(Duration::from_secs(2));
                    Answer::Close
                }
                false => Answer::Usual,
            });
            let WriteError::Lost {
                error, may_have, ..
            } = error.unwrap_err()
            else {
                panic!("{number}");
            };
            assert_eq!(error.is_closed(), closes, "{number}: {error}");
            assert_eq!(may_have, expected, "{number}: {error}");
        }
    }
}

#[test]
fn refusals_of_a_bundle_and_of_its_steps() {
    const COMMIT: u8 = 4;
    // The open request is not known.
    let error = write_to(Atomicity::Bundle, 9, |request| {
        if is_step(request, 0) {
            Answer::Bytes(message(request, 1, &[0, 1, 0, 1]))
        } else {
            Answer::Usual
        }
    });
    assert!(matches!(error, Err(WriteError::NoBundles(Version::V15))));
    // A step is refused; the discard, too.
    for step in [0, COMMIT] {
        let error = write_to(Atomicity::Bundle, 9, move |request| {
            if is_step(request, step) || is_step(request, 6) {
                Answer::Bytes(refusal(request))
            } else {
                Answer::Usual
            }
        });
        let Err(WriteError::Refused { index: None, error }) = error else {
            panic!("{error:?}");
        };
        assert_eq!(error.name, Some("OFPBRC_EPERM"));
    }
    // The commit: a message is refused, then the connection is gone.
    let error = write_to(Atomicity::Bundle, 9, |request| {
        if is_step(request, COMMIT) {
            let mut error = refusal(request);
            let third = u32::from_be_bytes(request[4..8].try_into().unwrap()) + 4;
            error[4..8].copy_from_slice(&third.to_be_bytes());
            // A length of 0 ends the connection.
            return Answer::Bytes([&error, &[6, 33, 0, 0, 0, 0, 0, 0][..]].concat());
        }
        Answer::Usual
    });
    let Err(WriteError::Refused {
        index: Some(index), ..
    }) = error
    else {
        panic!("{error:?}");
    };
    assert_eq!(index, 2);
}

#[test]
fn a_flood_of_errors_is_counted_and_not_kept() {
    let written = runtime_each(3000);
    assert_eq!((written.sent, written.refusals), (3000, 3000));
    assert_eq!(written.refused.len(), 1000);
    assert_eq!(written.accepted(), 0);
}

/// Messages that a switch refuses, each three times.
fn runtime_each(count: usize) -> Written {
    let errors = Mutex::new(Vec::new());
    // All errors come before the reply to the barrier, none before all are sent.
    let written = write_to(Atomicity::Each, count, move |request| {
        let mut errors = errors.lock().unwrap();
        if request[1] == 20 {
            errors.extend(message(request, 21, &[]));
            return Answer::Bytes(std::mem::take(&mut errors));
        }
        errors.extend(refusal(request).repeat(3));
        Answer::Nothing
    });
    written.unwrap()
}

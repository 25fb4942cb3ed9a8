//! Relays, peers, and what a real switch sent.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::common::Sandbox;

/// Listens at a socket, and serves each connection on a thread of its own, until the test is over.
pub(crate) fn serve(socket: &Path, serve: impl Fn(UnixStream) + Send + Sync + 'static) {
    let listener = UnixListener::bind(socket).expect("the socket is free");
    let serve = Arc::new(serve);
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let serve = Arc::clone(&serve);
            thread::spawn(move || serve(stream));
        }
    });
}

/// Listens at a socket, and connects whoever comes to the real daemon behind it. What the daemon sends goes
/// through `reply`: from the daemon, to the client.
pub(crate) fn relay(
    socket: &Path,
    daemon: &Path,
    reply: impl Fn(UnixStream, UnixStream) + Send + Sync + 'static,
) {
    let daemon = daemon.to_owned();
    serve(socket, move |client| {
        let Ok(server) = UnixStream::connect(&daemon) else {
            return;
        };
        pass_requests(&client, &server);
        let both = [client.try_clone().unwrap(), server.try_clone().unwrap()];
        reply(server, client);
        for stream in both {
            let _ = stream.shutdown(Shutdown::Both);
        }
    });
}

/// Passes on what the client sends, on a thread of its own.
pub(crate) fn pass_requests(client: &UnixStream, server: &UnixStream) {
    let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
}

/// A relay for OVSDB that looks at the messages. `request` says whether one is passed on; `reply` makes of
/// an answer the bytes that are sent in its place.
pub(crate) fn relay_messages(
    socket: &Path,
    daemon: &Path,
    request: impl Fn(&Value) -> bool + Send + Sync + 'static,
    reply: impl Fn(Value) -> Vec<u8> + Send + Sync + 'static,
) {
    let daemon = daemon.to_owned();
    let request = Arc::new(request);
    serve(socket, move |client| {
        let Ok(server) = UnixStream::connect(&daemon) else {
            return;
        };
        let (from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        let request = Arc::clone(&request);
        thread::spawn(move || {
            for message in messages(from) {
                if request(&message) && to.write_all(message.to_string().as_bytes()).is_err() {
                    break;
                }
            }
            let _ = to.shutdown(Shutdown::Both);
        });
        let mut client = client;
        for message in messages(server) {
            if client.write_all(&reply(message)).is_err() {
                break;
            }
        }
        let _ = client.shutdown(Shutdown::Both);
    });
}

/// The JSON messages that come.
pub(crate) fn messages(stream: UnixStream) -> impl Iterator<Item = Value> {
    let stream = io::BufReader::new(stream);
    serde_json::Deserializer::from_reader(stream)
        .into_iter()
        .map_while(Result::ok)
}

/// Whether a request is a transaction that changes something.
pub(crate) fn is_change(request: &Value) -> bool {
    request["method"] == "transact" && request.to_string().contains("\"comment\"")
}

/// Whether a request waits for ovs-vswitchd.
pub(crate) fn is_wait(request: &Value) -> bool {
    request["method"] == "transact" && request.to_string().contains("\"cur_cfg\"")
}

/// Passes on the first `count` bytes as they come.
pub(crate) fn pass(from: &UnixStream, to: &mut UnixStream, count: usize) {
    let _ = io::copy(&mut from.take(count as u64), to);
}

/// Passes on a byte each 10 ms.
pub(crate) fn trickle(from: UnixStream, mut to: UnixStream) {
    for byte in io::BufReader::new(from).bytes().map_while(Result::ok) {
        thread::sleep(Duration::from_millis(10));
        if to.write_all(&[byte]).is_err() {
            return;
        }
    }
}

/// A relay that counts the bytes that the daemon sends, in all connections together.
pub(crate) fn counting_relay(socket: &Path, daemon: &Path) -> Arc<AtomicUsize> {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    relay(socket, daemon, move |mut from, mut to| {
        let mut buffer = [0; 4096];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            counted.fetch_add(length, Ordering::SeqCst);
            if to.write_all(&buffer[..length]).is_err() {
                return;
            }
        }
    });
    count
}

/// Bytes without meaning, the same for the same seed (xorshift).
pub(crate) fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let step = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(step).take(length).collect()
}

/// A switch and a database that tests may read from, but not change. It ends with the test program.
pub(crate) fn shared() -> &'static Sandbox {
    static SHARED: OnceLock<Sandbox> = OnceLock::new();
    SHARED.get_or_init(|| {
        let sandbox = Sandbox::with("add-br br0 -- add-port br0 p1");
        ofctl!(sandbox, "del-flows br0");
        for flow in [
            "table=0,priority=9,in_port=1,tcp,tp_dst=80 actions=output:1",
            "table=1,priority=8,dl_vlan=5 actions=strip_vlan,NORMAL",
            "table=2,priority=7,ip,nw_src=10.0.0.0/8 actions=drop",
        ] {
            ofctl!(sandbox, "add-flow br0 '{flow}'");
        }
        // Enough for several parts.
        let many = sandbox.run_dir().join("many.flows");
        let flow = |n: u32| {
            format!(
                "table=3,priority={n},ip,nw_dst=10.1.{}.{} actions=drop\n",
                n / 256,
                n % 256
            )
        };
        fs::write(&many, (0..3000).map(flow).collect::<String>()).unwrap();
        vsctl!(sandbox, "add-br br1");
        sandbox.ofctl(&["add-flows", "br1", many.to_str().unwrap()]);
        sandbox
    })
}

/// What a real switch sent: each message with its header.
#[derive(Debug)]
pub(crate) struct Recording(pub(crate) Vec<Vec<u8>>);

impl Recording {
    /// Of `ovs dump-flows unix:BRIDGE.mgmt --ports number` on the shared switch: its hello, and the flows.
    pub(crate) fn of_flows(bridge: &str) -> Recording {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("switch");
        let heard = Arc::new(Mutex::new(Vec::new()));
        let hearing = Arc::clone(&heard);
        let daemon = shared().run_dir().join(format!("{bridge}.mgmt"));
        relay(&socket, &daemon, move |mut from, mut to| {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = from.read(&mut buffer) {
                hearing.lock().unwrap().extend_from_slice(&buffer[..length]);
                if to.write_all(&buffer[..length]).is_err() {
                    return;
                }
            }
        });
        let switch = format!("unix:{}", socket.display());
        ovs!("dump-flows {switch} --ports number").ok();
        let bytes = std::mem::take(&mut *heard.lock().unwrap());
        let mut rest = bytes.as_slice();
        let mut messages = Vec::new();
        while let Some(length) = rest.get(2..4) {
            let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
            let (message, after) = rest.split_at(length);
            messages.push(message.to_vec());
            rest = after;
        }
        Recording(messages)
    }

    /// The hello.
    pub(crate) fn hello(&self) -> &[u8] {
        &self.0[0]
    }

    /// The parts of the answer.
    pub(crate) fn parts(&self) -> &[Vec<u8>] {
        &self.0[1..]
    }
}

/// What is recorded of a few flows, and of many.
pub(crate) fn few() -> &'static Recording {
    static FEW: OnceLock<Recording> = OnceLock::new();
    FEW.get_or_init(|| Recording::of_flows("br0"))
}

/// What is recorded of 3,000 flows, in several parts.
pub(crate) fn many() -> &'static Recording {
    static MANY: OnceLock<Recording> = OnceLock::new();
    MANY.get_or_init(|| Recording::of_flows("br1"))
}

/// A switch that says `hello`, hears ours and one request, answers as `answer` does, and then hears whatever
/// comes until the other side hangs up.
pub(crate) fn switch(
    socket: &Path,
    hello: Vec<u8>,
    answer: impl Fn(&mut UnixStream, &[u8]) + Send + Sync + 'static,
) {
    serve(socket, move |mut stream| {
        let _ = stream.write_all(&hello);
        if read_message(&mut stream).is_none() {
            return;
        }
        if let Some(request) = read_message(&mut stream) {
            answer(&mut stream, &request);
        }
        let _ = io::copy(&mut stream, &mut io::sink());
    });
}

/// Listens at a socket, and connects whoever comes to the real switch behind it, until a client sends the message
/// that `is_last` means: then the relay closes the connection, or passes nothing on any more.
pub(crate) fn relay_until(
    socket: &Path,
    switch: &Path,
    closes: bool,
    is_last: impl Fn(&[u8]) -> bool + Send + Sync + 'static,
) {
    let switch = switch.to_owned();
    serve(socket, move |mut client| {
        let mut switch = UnixStream::connect(&switch).unwrap();
        pass_requests(&switch, &client);
        while let Some(message) = read_message(&mut client) {
            if is_last(&message) {
                if !closes {
                    let _ = io::copy(&mut client, &mut io::sink());
                }
                break;
            }
            if switch.write_all(&message).is_err() {
                break;
            }
        }
        for stream in [client, switch] {
            let _ = stream.shutdown(Shutdown::Both);
        }
    });
}

/// The next OpenFlow message.
pub(crate) fn read_message(stream: &mut UnixStream) -> Option<Vec<u8>> {
    let mut message = vec![0; 8];
    stream.read_exact(&mut message).ok()?;
    let length = usize::from(u16::from_be_bytes([message[2], message[3]]));
    message.resize(length, 0);
    stream.read_exact(&mut message[8..]).ok()?;
    Some(message)
}

/// A message with this request's version and transaction id.
pub(crate) fn message(request: &[u8], kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(8 + body.len()).unwrap().to_be_bytes();
    let mut message = vec![request[0], kind, length[0], length[1]];
    message.extend_from_slice(&request[4..8]);
    message.extend_from_slice(body);
    message
}

/// A part of the answer to this multipart request, with more to follow.
pub(crate) fn part(request: &[u8], entries: &[u8]) -> Vec<u8> {
    let mut body = vec![request[8], request[9], 0, 1, 0, 0, 0, 0];
    body.extend_from_slice(entries);
    message(request, 19, &body)
}

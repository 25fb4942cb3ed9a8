//! Nobody there, nothing said, hung up at any byte, and answers of other protocols.

use std::io::Write as _;
use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ::ovs::model::{Depth, Scope, Want};
use ::ovs::openflow::fields::Filter;
use ::ovs::openflow::messages::flow_stats::Scratch;
use ::ovs::openflow::session::{self, Session};
use ::ovs::openflow::version::Versions;
use ::ovs::ovsdb::Error;
use ::ovs::source::{Database, Host};
use ::ovs::transport::{Endpoint, Tls};

use super::peer::{counting_relay, few, many, noise, pass, relay, serve, shared, switch, trickle};
use super::seen::{Row, lines, ovs, run, within};
use crate::common::Sandbox;

const LIMIT: Option<Duration> = Some(Duration::from_secs(30));

#[test]
fn connection_refused() {
    let row = Row::of("connection_refused");
    let dir = tempfile::tempdir().unwrap();
    drop(UnixListener::bind(dir.path().join("db.sock")).unwrap());
    row.is(0, &run(&mut ovs(dir.path(), "show")));
    row.is(0, &run(&mut ovs(dir.path(), "port add br0 p9")));
    let free = crate::common::server::free_port();
    let tcp = format!("tcp:127.0.0.1:{free}");
    row.is(0, &run(&mut ovs(dir.path(), &format!("--db {tcp} show"))));
    row.is(0, &run(&mut ovs(dir.path(), &format!("dump-flows {tcp}"))));

    // A bridge whose ovs-vswitchd is gone.
    let dir = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(shared().db_socket(), dir.path().join("db.sock")).unwrap();
    drop(UnixListener::bind(dir.path().join("br0.mgmt")).unwrap());
    row.is(1, &run(&mut ovs(dir.path(), "dump-flows br0")));
}

#[test]
fn accepted_and_silent() {
    let row = Row::of("accepted_and_silent");
    let dir = tempfile::tempdir().unwrap();
    let _database = UnixListener::bind(dir.path().join("db.sock")).unwrap();
    let _switch = UnixListener::bind(dir.path().join("br0.mgmt")).unwrap();
    row.is(0, &run(&mut ovs(dir.path(), "-t 0.3 show")));
    let add = "-t 0.3 bridge add br9";
    row.is(0, &run(&mut ovs(dir.path(), add)));
    row.is(1, &run(&mut ovs(dir.path(), "-t 0.3 dump-flows br0")));
}

#[test]
fn a_byte_every_10_ms() {
    let row = Row::of("a_byte_every_10_ms");
    let dir = tempfile::tempdir().unwrap();
    let real = shared();
    relay(&dir.path().join("db.sock"), &real.db_socket(), trickle);
    let bridge = real.run_dir().join("br0.mgmt");
    relay(&dir.path().join("br0.mgmt"), &bridge, trickle);
    // Each answer takes longer than the limit, which is on waiting without progress.
    let list = "-t 1 bridge list";
    let output = run(&mut ovs(dir.path(), list));
    row.is(0, &output);
    assert_eq!(output.stdout, run(&mut ovs(real.run_dir(), list)).stdout);
    // Of one table: of all flows, how many each of 254 tables has would be asked first.
    let flows = "-t 1 dump-flows br0 --table 0 --no-stats --no-names";
    let output = run(&mut ovs(dir.path(), flows));
    row.is(0, &output);
    assert_eq!(output.stdout, run(&mut ovs(real.run_dir(), flows)).stdout);
}

/// The library at each byte, the binary at some.
#[test]
fn database_closed_at_every_byte() {
    let row = Row::of("database_closed_at_every_byte");
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("db.sock");
    let real = shared().db_socket();
    let counted = dir.path().join("counted.sock");
    let whole = counting_relay(&counted, &real);
    let cut = Arc::new(AtomicUsize::new(0));
    let after = Arc::clone(&cut);
    relay(&socket, &real, move |from, mut to| {
        pass(&from, &mut to, after.load(Ordering::SeqCst));
    });

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let names = async |socket| {
        let host = Host::new(Endpoint::Unix(socket), LIMIT, Tls::default());
        let want = Want::of(Scope::All, Depth::BridgeNames);
        ::ovs::commands::read(&Database::new(host), want).await
    };
    runtime.block_on(names(counted)).unwrap();
    for length in 0..whole.load(Ordering::SeqCst) {
        cut.store(length, Ordering::SeqCst);
        match runtime.block_on(names(socket.clone())) {
            Err(error @ Error::Closed { in_message }) => {
                row.says(usize::from(in_message), &error.to_string());
                assert_eq!(in_message, length > 0, "{length}: {error}");
            }
            other => panic!("{length}: {other:?}"),
        }
    }

    let before = whole.load(Ordering::SeqCst);
    let counted = format!("unix:{}", dir.path().join("counted.sock").display());
    let output = run(&mut ovs(dir.path(), &format!("--db {counted} show --json")));
    assert!(output.status.success());
    let length = whole.load(Ordering::SeqCst) - before;
    for at in (0..length).step_by(length / 12) {
        cut.store(at, Ordering::SeqCst);
        let output = run(&mut ovs(dir.path(), "show --json"));
        row.is(usize::from(at > 0), &output);
        assert!(output.stdout.is_empty());
    }
}

/// The library at each byte, the binary at some: in the first part, in later ones, and between them.
#[test]
fn switch_closed_at_every_byte() {
    let row = Row::of("switch_closed_at_every_byte");
    let dir = tempfile::tempdir().unwrap();
    let sent = few().0.concat();
    let cut = Arc::new(AtomicUsize::new(0));
    let (after, bytes) = (Arc::clone(&cut), sent.clone());
    let socket = dir.path().join("switch");
    serve(&socket, move |mut stream| {
        let _ = stream.write_all(&bytes[..after.load(Ordering::SeqCst)]);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut flows = 0;
    let mut dump = async || {
        flows = 0;
        let endpoint = Endpoint::Unix(socket.clone());
        let mut session = Session::connect(&endpoint, Versions::ALL, LIMIT).await?;
        session.ask_flows(&Filter::default()).await?;
        let mut scratch = Scratch::new();
        while let Some(mut entries) = session.flows().await? {
            while let Some(flow) = entries.next_entry(&mut scratch) {
                flow?;
                flows += 1;
            }
        }
        Ok::<_, session::Error>(flows)
    };
    for length in 0..sent.len() {
        cut.store(length, Ordering::SeqCst);
        match runtime.block_on(dump()) {
            Err(error @ session::Error::Closed) => row.says(1, &format!("SWITCH: {error}")),
            other => panic!("{length}: {other:?}"),
        }
    }
    cut.store(sent.len(), Ordering::SeqCst);
    assert_eq!(runtime.block_on(dump()).unwrap(), 3);

    let part = many().parts()[0].len();
    let sent = many().0.concat();
    let begin = many().hello().len();
    let cut = Arc::new(AtomicUsize::new(0));
    let after = Arc::clone(&cut);
    let socket = dir.path().join("many");
    serve(&socket, move |mut stream| {
        let _ = stream.write_all(&sent[..after.load(Ordering::SeqCst)]);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    });
    let switch = format!("unix:{}", socket.display());
    for (length, outcome, has_flows) in [
        (0, 0, false),
        (begin - 1, 0, false),
        (begin, 1, false),
        (begin + 7, 1, false),
        (begin + part - 1, 1, false),
        (begin + part, 2, true),
        (begin + part + 1, 2, true),
        (begin + part + 5000, 2, true),
    ] {
        cut.store(length, Ordering::SeqCst);
        for sort in ["", "--sort"] {
            let line = format!("dump-flows {switch} --ports number {sort}");
            let output = run(&mut ovs(dir.path(), &line));
            row.is(outcome, &output);
            let lines = lines(&output);
            assert_eq!(lines > 0, has_flows);
            if has_flows {
                let said = format!("cut short after {lines} flows");
                assert!(String::from_utf8_lossy(&output.stderr).contains(&said));
            }
        }
    }
}

/// The database holds what was said: read with the real ovs-vsctl after each cut.
#[test]
fn change_closed_at_every_byte() {
    let row = Row::of("change_closed_at_every_byte");
    let sandbox = Sandbox::with("add-br br0");
    let dir = tempfile::tempdir().unwrap();
    let counted = dir.path().join("counted.sock");
    let whole = counting_relay(&counted, &sandbox.db_socket());
    let cut = Arc::new(AtomicUsize::new(0));
    let after = Arc::clone(&cut);
    let socket = dir.path().join("db.sock");
    relay(&socket, &sandbox.db_socket(), move |from, mut to| {
        pass(&from, &mut to, after.load(Ordering::SeqCst));
    });
    let counted = format!("unix:{}", counted.display());
    let output = run(&mut ovs(
        dir.path(),
        &format!("--db {counted} port add br0 whole"),
    ));
    assert!(output.status.success());
    let length = whole.load(Ordering::SeqCst);
    let mut seen = [0; 3];
    for at in (0..length).step_by(length / 40) {
        cut.store(at, Ordering::SeqCst);
        let name = format!("at{at}");
        let output = run(&mut ovs(dir.path(), &format!("port add br0 {name}")));
        // Of another length only because numbers in it have more digits.
        if output.status.success() {
            assert!(at + 100 > length);
            continue;
        }
        let outcome = row.which(&output);
        seen[outcome] += 1;
        let ports = vsctl!(sandbox, "--no-wait list-ports br0");
        let is_written = ports.lines().any(|port| port == name);
        match outcome {
            0 => assert!(!is_written, "{at}"),
            2 => assert!(is_written, "{at}"),
            _ => {}
        }
        if is_written {
            // Whole: the port has its interface, and ovs-vswitchd takes it up.
            vsctl!(sandbox, "wait-until interface {name} ofport>0");
        }
    }
    assert!(seen.iter().all(|count| *count > 0), "{seen:?}");
}

#[test]
fn garbage() {
    let row = Row::of("garbage");
    let dir = tempfile::tempdir().unwrap();
    let seed = Arc::new(AtomicUsize::new(0));
    let next = Arc::clone(&seed);
    serve(&dir.path().join("db.sock"), move |mut stream| {
        let mut bytes = noise(next.load(Ordering::SeqCst) as u64, 4096);
        // Not by chance the beginning of a message, nor white space.
        bytes[0] |= 0x80;
        let _ = stream.write_all(&bytes);
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    });
    let next = Arc::clone(&seed);
    let socket = dir.path().join("switch");
    serve(&socket, move |mut stream| {
        let mut bytes = noise(next.load(Ordering::SeqCst) as u64, 4096);
        // Not by chance a hello or an error.
        bytes[1] |= 0x80;
        let _ = stream.write_all(&bytes);
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    });
    let endpoint = format!("unix:{}", socket.display());
    for number in 0..6 {
        seed.store(number, Ordering::SeqCst);
        let show = within(64, &ovs(dir.path(), "show"));
        let output = run(&mut { show });
        row.is(0, &output);
        assert!(!output.stderr.contains(&0x1b));
        let dump = within(64, &ovs(dir.path(), &format!("dump-flows {endpoint}")));
        row.is(1, &run(&mut { dump }));
    }

    // In the middle of a dump.
    let socket = dir.path().join("later");
    switch(&socket, many().hello().to_vec(), |stream, _| {
        let _ = stream.write_all(&many().parts()[0]);
        let mut bytes = noise(1, 65536);
        bytes[0] = 0x47;
        let _ = stream.write_all(&bytes);
    });
    let endpoint = format!("unix:{}", socket.display());
    let dump = format!("dump-flows {endpoint} --ports number");
    let output = run(&mut ovs(dir.path(), &dump));
    row.is(2, &output);
    assert!(!output.stdout.is_empty());
}

/// RFC 9112, 4: what a server says to a request that is none.
const ANSWER: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n\
    <html><head><title>400 Bad Request</title></head></html>\r\n";

#[test]
fn http_answer() {
    let row = Row::of("http_answer");
    let dir = tempfile::tempdir().unwrap();
    for socket in ["db.sock", "switch"] {
        serve(&dir.path().join(socket), |mut stream| {
            let _ = stream.write_all(ANSWER);
            let _ = stream.shutdown(std::net::Shutdown::Write);
            let _ = std::io::copy(&mut stream, &mut std::io::sink());
        });
    }
    let endpoint = format!("unix:{}", dir.path().join("switch").display());
    row.is(0, &run(&mut ovs(dir.path(), "show")));
    row.is(0, &run(&mut ovs(dir.path(), "bridge add br9")));
    row.is(
        1,
        &run(&mut ovs(dir.path(), &format!("dump-flows {endpoint}"))),
    );
}

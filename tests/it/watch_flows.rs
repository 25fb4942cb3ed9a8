//! `dump-flows --watch` by the flow monitor of the switch, while the real ovs-ofctl changes flows.

use std::collections::HashSet;
use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::common::Sandbox;
use crate::common::server::until;
use crate::faults::peer::{pass_requests, serve};
use crate::watch::{Watched, unstamped};

/// `OFPMP_FLOW_DESC` and `OFPMP_FLOW_MONITOR`
const FLOWS: u16 = 1;
const MONITOR: u16 = 16;

/// A switch with two ports and no flows, and the endpoint of its bridge.
fn sandbox() -> (Sandbox, String) {
    let sandbox = Sandbox::with(
        "add-br br0 -- add-port br0 p1 -- set interface p1 type=internal \
         -- add-port br0 p2 -- set interface p2 type=internal",
    );
    let switch = format!("unix:{}", sandbox.run_dir().join("br0.mgmt").display());
    ofctl!(sandbox, "del-flows {switch}");
    (sandbox, switch)
}

/// The next line without its time and without rates.
fn next(watched: &Watched) -> String {
    let line = watched.line();
    unstamped(&line).trim_end_matches("\t-").to_owned()
}

#[test]
fn what_comes_and_goes_within_an_interval_is_shown_in_every_version() {
    let (sandbox, switch) = sandbox();
    for version in 10..=15 {
        ofctl!(
            sandbox,
            "add-flow {switch} table=1,priority=3,arp,actions=drop"
        );
        let watched = Watched::start(
            &sandbox,
            &format!("dump-flows br0 table=1 -O OpenFlow{version} --watch=1.5"),
        );
        assert!(watched.line().contains("priority=3,arp actions=drop"));
        let passes = "table=1,priority=5,tcp,in_port=p1,dl_vlan=5,tp_dst=80,idle_timeout=9";
        ofctl!(sandbox, "add-flow {switch} {passes},actions=output:p2");
        ofctl!(sandbox, "del-flows {switch} table=1,tcp");
        let flow = "table=1, idle_timeout=9, priority=5,tcp,in_port=p1,dl_vlan=5,tp_dst=80 \
                    actions=output:p2";
        assert_eq!(next(&watched), format!("+\t{flow}"), "{version}");
        assert_eq!(next(&watched), format!("-\t{flow}"), "{version}");
        // Removed and added again: the other one is another flow.
        ofctl!(sandbox, "del-flows {switch} table=1");
        ofctl!(
            sandbox,
            "add-flow {switch} table=1,priority=3,arp,actions=drop"
        );
        assert!(next(&watched).starts_with("-\t"), "{version}");
        assert!(next(&watched).starts_with("+\t"), "{version}");
        ofctl!(sandbox, "del-flows {switch}");
        assert!(next(&watched).starts_with("-\t"), "{version}");
        assert_eq!(watched.stop(), "");
    }
}

/// A relay in front of a bridge that records the types of multipart requests. Without `monitor` the switch refuses
/// the request for a flow monitor.
fn relay(socket: &Path, daemon: &Path, monitor: bool) -> Arc<Mutex<Vec<u16>>> {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let record = Arc::clone(&asked);
    let daemon = daemon.to_owned();
    serve(socket, move |mut client| {
        let mut server = UnixStream::connect(&daemon).unwrap();
        pass_requests(&server, &client);
        let mut head = [0; 8];
        while client.read_exact(&mut head).is_ok() {
            let mut message = head.to_vec();
            message.resize(u16::from_be_bytes([head[2], head[3]]).into(), 0);
            client.read_exact(&mut message[8..]).unwrap();
            if message[1] == 18 {
                let kind = u16::from_be_bytes([message[8], message[9]]);
                record.lock().unwrap().push(kind);
                if kind == MONITOR && !monitor {
                    message[8] = 0x70;
                }
            }
            server.write_all(&message).unwrap();
        }
        let _ = server.shutdown(Shutdown::Both);
    });
    asked
}

fn count(asked: &Mutex<Vec<u16>>, kind: u16) -> usize {
    let asked = asked.lock().unwrap();
    asked.iter().filter(|asked| **asked == kind).count()
}

#[test]
fn without_counters_a_switch_is_asked_only_after_a_change() {
    let (sandbox, switch) = sandbox();
    ofctl!(sandbox, "add-flow {switch} priority=3,arp,actions=drop");
    let [socket, daemon] = ["relay", "br0.mgmt"].map(|name| sandbox.run_dir().join(name));
    let asked = relay(&socket, &daemon, true);
    let watched = Watched::start(
        &sandbox,
        &format!("dump-flows unix:{} --no-stats --watch", socket.display()),
    );
    assert_eq!(next(&watched), "=\tpriority=3,arp actions=drop");
    // Longer than the interval of a switch that is polled.
    thread::sleep(Duration::from_millis(4500));
    assert_eq!((count(&asked, MONITOR), count(&asked, FLOWS)), (1, 1));
    ofctl!(
        sandbox,
        "-O OpenFlow14 add-flow {switch} priority=4,ip,importance=7,actions=p1"
    );
    // What an update lacks is read.
    assert_eq!(
        next(&watched),
        "+\timportance=7, priority=4,ip actions=output:p1"
    );
    ofctl!(sandbox, "mod-flows {switch} ip,actions=drop");
    assert_eq!(
        next(&watched),
        "~\timportance=7, priority=4,ip actions=drop"
    );
    ofctl!(sandbox, "del-flows {switch} arp");
    assert_eq!(next(&watched), "-\tpriority=3,arp actions=drop");
    assert_eq!((count(&asked, MONITOR), count(&asked, FLOWS)), (1, 4));
    assert_eq!(watched.stop(), "");
}

#[test]
fn a_switch_without_a_monitor_is_polled() {
    let (sandbox, switch) = sandbox();
    let [socket, daemon] = ["relay", "br0.mgmt"].map(|name| sandbox.run_dir().join(name));
    let asked = relay(&socket, &daemon, false);
    let place = socket.display();
    let watched = Watched::start(
        &sandbox,
        &format!("dump-flows unix:{place} --no-stats --watch=0.2"),
    );
    until("it is polled", || count(&asked, FLOWS) > 3);
    // It is asked once for what it does not have.
    assert_eq!(count(&asked, MONITOR), 1);
    ofctl!(sandbox, "add-flow {switch} priority=4,ip,actions=drop");
    assert_eq!(next(&watched), "+\tpriority=4,ip actions=drop");
    assert_eq!(watched.stop(), "");
}

#[test]
fn only_the_flows_that_are_asked_for() {
    let (sandbox, switch) = sandbox();
    ofctl!(
        sandbox,
        "add-flow {switch} table=2,in_port=p1,cookie=1,actions=NORMAL"
    );
    ofctl!(sandbox, "add-flow {switch} table=3,actions=drop");
    let watched = [
        "in_port=p1",
        "--port p1",
        "--cookie 1",
        "--action normal",
        "--out-port NORMAL table=2",
        "--drops",
    ]
    .map(|chosen| {
        Watched::start(
            &sandbox,
            &format!("dump-flows br0 --no-stats --watch {chosen}"),
        )
    });
    for watched in &watched {
        assert!(next(watched).starts_with('='));
    }
    let bundle = "delete table=1\n\
        add table=1,in_port=p2,actions=drop\n\
        add table=1,in_port=p1,cookie=1,actions=drop\n\
        add table=1,arp,actions=output:p1\n\
        add table=2,arp,actions=NORMAL\n\
        delete table=1\n\
        delete table=2,arp\n";
    let file = sandbox.run_dir().join("flows");
    std::fs::write(&file, bundle).unwrap();
    ofctl!(
        sandbox,
        "-O OpenFlow14 --bundle add-flows {switch} {}",
        file.display()
    );
    let expected: [&[&str]; 6] = [
        &["cookie=0x1, table=1, in_port=p1 actions=drop"],
        &[
            "cookie=0x1, table=1, in_port=p1 actions=drop",
            "table=1, arp actions=output:p1",
        ],
        &["cookie=0x1, table=1, in_port=p1 actions=drop"],
        &["table=2, arp actions=NORMAL"],
        &["table=2, arp actions=NORMAL"],
        &[
            "table=1, in_port=p2 actions=drop",
            "cookie=0x1, table=1, in_port=p1 actions=drop",
        ],
    ];
    for (watched, flows) in watched.into_iter().zip(expected) {
        for flow in flows {
            assert_eq!(next(&watched), format!("+\t{flow}"));
            assert_eq!(next(&watched), format!("-\t{flow}"));
        }
        watched.is_silent_for(Duration::from_millis(100));
        watched.stop();
    }
}

#[test]
fn ten_thousand_flows_at_once() {
    const COUNT: usize = 10_000;
    let (sandbox, switch) = sandbox();
    let flows =
        (0..COUNT).map(|n| format!("ip,nw_dst=10.0.{}.{},actions=drop\n", n / 256, n % 256));
    let file = sandbox.run_dir().join("flows");
    std::fs::write(&file, flows.collect::<String>()).unwrap();
    ofctl!(sandbox, "add-flow {switch} arp,actions=drop");
    let watched = Watched::start(&sandbox, "dump-flows br0 --no-stats --watch");
    assert_eq!(next(&watched), "=\tarp actions=drop");
    ofctl!(
        sandbox,
        "-O OpenFlow14 --bundle add-flows {switch} {}",
        file.display()
    );
    let seen = |sign: &str| {
        let lines = (0..COUNT).map(|_| {
            let line = next(&watched);
            assert!(line.starts_with(sign), "{line}");
            line
        });
        lines.collect::<HashSet<String>>().len()
    };
    assert_eq!(seen("+"), COUNT);
    ofctl!(sandbox, "del-flows {switch} ip");
    assert_eq!(seen("-"), COUNT);
    watched.stop();
}

//! What `ovs trace` says becomes of a packet is what becomes of a real one: userspace datapaths in network namespaces, and
//! sockets at the other end. Without the right to make namespaces there is nothing to see.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::common::wires::{Listener, Machine, RealHost};

/// The UDP port that packets are sent to.
const PORT: u16 = 7000;

/// Two hosts.
///
/// ```text
/// a1 (tag 10)  a2 (tag 10)  a3 (tag 20)              b1 (tag 10)  b3 (tag 20)
///         \        |        /                                \     /
///            br-int (host a) ---- trunk, tags 10 and 20 ---- br-int (host b)
///                  | patch
///            br-out - a4
///
/// a5 - br-tun (host a) ---- VXLAN 42 over 172.31.0.0/24, br-phy on both ---- br-tun (host b) - b5
/// ```
struct Lab {
    a: RealHost,
    b: RealHost,
    a1: Machine,
    a2: Machine,
    a3: Machine,
    a4: Machine,
    a5: Machine,
    b1: Machine,
    b3: Machine,
    b5: Machine,
}

fn bridge(name: &str) -> String {
    format!("add-br {name} -- set bridge {name} datapath_type=netdev")
}

fn lab() -> Option<Lab> {
    let (a, b) = (RealHost::new()?, RealHost::new()?);
    for host in [&a, &b] {
        for name in ["br-int", "br-tun", "br-phy"] {
            vsctl!(host.sandbox, "{}", bridge(name));
        }
    }
    vsctl!(a.sandbox, "{}", bridge("br-out"));
    vsctl!(
        a.sandbox,
        "add-port br-int to-out -- set interface to-out type=patch options:peer=to-int \
         -- add-port br-out to-int -- set interface to-int type=patch options:peer=to-out"
    );
    a.wire("br-int", "trunk", &b, ("br-int", "trunk"), "trunks=10,20");
    a.wire("br-phy", "wire", &b, ("br-phy", "wire"), "");
    for (host, own, other) in [
        (&a, "172.31.0.1", "172.31.0.2"),
        (&b, "172.31.0.2", "172.31.0.1"),
    ] {
        host.address("br-phy", own);
        vsctl!(
            host.sandbox,
            "add-port br-tun vx -- set interface vx type=vxlan options:remote_ip={other} options:key=42"
        );
    }
    Some(Lab {
        a1: a.machine("br-int", "a1", [10, 9, 1, 1], "tag=10"),
        a2: a.machine("br-int", "a2", [10, 9, 1, 2], "tag=10"),
        a3: a.machine("br-int", "a3", [10, 9, 1, 3], "tag=20"),
        a4: a.machine("br-out", "a4", [10, 9, 1, 4], "tag=10"),
        a5: a.machine("br-tun", "a5", [10, 9, 1, 5], ""),
        b1: b.machine("br-int", "b1", [10, 9, 2, 1], "tag=10"),
        b3: b.machine("br-int", "b3", [10, 9, 2, 3], "tag=20"),
        b5: b.machine("br-tun", "b5", [10, 9, 2, 5], ""),
        a,
        b,
    })
}

impl Lab {
    /// Sends from one machine to another until it arrives; the switches have then learned where both are.
    fn arrives(from: &Machine, to: &Machine) -> bool {
        from.knows(to);
        let listener = to.listens(PORT);
        (0..3).any(|_| Lab::one(from, to, &listener, PORT))
    }

    fn one(from: &Machine, to: &Machine, listener: &Listener, port: u16) -> bool {
        from.sends(to.address, port, "hello");
        listener.receives("hello")
    }

    /// The verdict of `ovs trace` on such a packet, on host a.
    fn trace(&self, port: &str, from: &Machine, to: &Machine, udp: u16) -> String {
        let trace = ovs!(
            self.a.sandbox,
            "trace {port} --from {} --from-mac {} --to {} --to-mac {} --udp {udp} --json",
            from.address,
            from.mac,
            to.address,
            to.mac
        );
        let document: Value = serde_json::from_str(&{ trace }.ok().stdout).expect("it is JSON");
        document["verdict"]
            .as_str()
            .expect("there is one")
            .to_owned()
    }

    /// Both ends have spoken, so that every switch knows both.
    fn learn(one: &Machine, other: &Machine) {
        assert!(Lab::arrives(one, other));
        assert!(Lab::arrives(other, one));
    }
}

#[track_caller]
fn says(trace: &str, words: &str) {
    assert!(trace.contains(words), "expected {words:?} in:\n{trace}");
}

#[test]
fn what_trace_says_is_what_arrives() {
    let Some(lab) = lab() else {
        eprintln!("skipped: this process may not make network namespaces");
        return;
    };

    // An access port.
    Lab::learn(&lab.a1, &lab.a2);
    says(&lab.trace("a1", &lab.a1, &lab.a2, PORT), "delivered to a2");

    // A port of another tag.
    assert!(!Lab::arrives(&lab.a1, &lab.a3));
    ovs!(
        lab.a.sandbox,
        "trace a1 --from {} --from-mac {} --to {} --to-mac {} --udp {PORT} --expect not:a3",
        lab.a1.address,
        lab.a1.mac,
        lab.a3.address,
        lab.a3.mac
    )
    .ok();

    // Behind a patch.
    Lab::learn(&lab.a1, &lab.a4);
    says(&lab.trace("a1", &lab.a1, &lab.a4, PORT), "delivered to a4");

    // On the trunk, with its tag: the other host's access port has it.
    Lab::learn(&lab.a1, &lab.b1);
    says(
        &lab.trace("a1", &lab.a1, &lab.b1, PORT),
        "sent by trunk as VLAN 10",
    );
    Lab::learn(&lab.a3, &lab.b3);
    says(
        &lab.trace("a3", &lab.a3, &lab.b3, PORT),
        "sent by trunk as VLAN 20",
    );
    assert!(!Lab::arrives(&lab.a1, &lab.b3));
}

#[test]
fn a_tunnel_that_trace_says_is_taken() {
    let Some(lab) = lab() else {
        eprintln!("skipped: this process may not make network namespaces");
        return;
    };
    // Before the tunnel's neighbour is known there is an ARP request; then the packets arrive.
    let since = Instant::now();
    while !Lab::arrives(&lab.a5, &lab.b5) {
        assert!(since.elapsed() < Duration::from_secs(20), "nothing arrives");
    }
    assert!(Lab::arrives(&lab.b5, &lab.a5));
    says(
        &lab.trace("a5", &lab.a5, &lab.b5, PORT),
        "tunnelled to 172.31.0.2, VNI 42, by vx",
    );

    // Without a way to the other end.
    vsctl!(
        lab.a.sandbox,
        "set interface vx options:remote_ip=192.0.2.9"
    );
    assert!(!Lab::arrives(&lab.a5, &lab.b5));
    says(
        &lab.trace("a5", &lab.a5, &lab.b5, PORT),
        "dropped at vx: no route to 192.0.2.9",
    );
    drop(lab.b);
}

#[test]
fn the_hosts_own_address_is_behind_its_bridge() {
    let Some(lab) = lab() else {
        eprintln!("skipped: this process may not make network namespaces");
        return;
    };
    let own = Ipv4Addr::new(10, 9, 1, 100);
    lab.a.address("br-tun", &own.to_string());
    let line = format!(
        "trace a5 --from-mac {} --to {own} --udp {PORT} --json",
        lab.a5.mac
    );
    let ran = lab.a.run(|| ovs!(lab.a.sandbox, "{line}").ok());
    let document: Value = serde_json::from_str(&ran.stdout).expect("it is JSON");
    let verdict = document["verdict"].as_str().expect("there is one");
    says(verdict, "to LOCAL of br-tun (untagged)");

    let listener = lab.a.run(|| Listener::at(own, PORT));
    lab.a5.sends(own, PORT, "hello");
    assert!(listener.receives("hello"));
    // An address that no device has.
    let other = line.replace("10.9.1.100", "10.9.1.101");
    ovs!(lab.a.sandbox, "{other}").fails(2, "no port of this host is known to have that address");
}

#[test]
fn what_trace_says_is_dropped_does_not_arrive() {
    let Some(lab) = lab() else {
        eprintln!("skipped: this process may not make network namespaces");
        return;
    };
    Lab::learn(&lab.a1, &lab.a2);
    let listener = lab.a2.listens(7001);
    assert!(Lab::one(&lab.a1, &lab.a2, &listener, 7001));
    ofctl!(
        lab.a.sandbox,
        "add-flow br-int priority=9,udp,in_port=a1,tp_dst=7001,actions=resubmit(,9)"
    );
    // What the datapath has learned of such packets goes.
    appctl!(lab.a.sandbox, "revalidator/wait");
    assert!(!Lab::one(&lab.a1, &lab.a2, &listener, 7001));
    says(
        &lab.trace("a1", &lab.a1, &lab.a2, 7001),
        "dropped in table 9 of br-int",
    );
}

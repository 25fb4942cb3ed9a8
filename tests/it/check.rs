//! `ovs check`: each fault is made on a real switch, seen, and only it, then mended and seen gone.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::thread;

use ovs::model::check::{FindingKind, Severity};
use ovs::sandbox::{Dummy, Neutron, Options};

use crate::common::checks::{fault, see, small};
use crate::common::{self, Sandbox};

/// A controller: it greets with the versions of `bitmap` (a hello of OpenFlow 1.`version - 1`, element
/// `OFPHET_VERSIONBITMAP`), answers echoes, and otherwise listens. It lives as long as the test.
fn controller(version: u8, bitmap: u32) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = format!("tcp:{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || serve(stream, version, bitmap));
        }
    });
    target
}

fn serve(mut stream: TcpStream, version: u8, bitmap: u32) -> Option<()> {
    const ECHO_REQUEST: u8 = 2;
    const ECHO_REPLY: u8 = 3;
    let mut hello = vec![version, 0, 0, 16, 0, 0, 0, 1, 0, 1, 0, 8];
    hello.extend(bitmap.to_be_bytes());
    stream.write_all(&hello).ok()?;
    loop {
        let mut header = [0; 8];
        stream.read_exact(&mut header).ok()?;
        let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
        let mut body = vec![0; length.checked_sub(8)?];
        stream.read_exact(&mut body).ok()?;
        if header[1] == ECHO_REQUEST {
            header[1] = ECHO_REPLY;
            stream.write_all(&header).ok()?;
            stream.write_all(&body).ok()?;
        }
    }
}

/// OpenFlow 1.0 and 1.3.
const USUAL: u32 = 1 << 1 | 1 << 4;

#[test]
fn a_clean_neutron_host() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    let target = controller(4, USUAL);
    for bridge in ["br-int", "br-tun", "br-ens37", "br-external"] {
        vsctl!(sandbox, "set-controller {bridge} {target}");
    }
    see(&sandbox, &[]);
    // A sandbox is not the host: without facts of its own, its tunnels are not measured by the host's.
    ovs!(sandbox, "check").prints("").says_nothing();
    ovs!(sandbox, "check --json").prints("[]\n");
    ovs!(sandbox, "check br-tun -o table")
        .prints("")
        .says_only("no findings\n");
}

/// What ovn-controller makes on a chassis: an integration bridge without controller, patches named
/// after both ends, tunnels whose key is in the flows, flows that match on registers.
#[test]
fn a_clean_ovn_chassis() {
    let patch = |bridge: &str, port: &str, peer: &str| {
        format!(
            "add-port {bridge} {port} -- set Interface {port} type=patch options:peer={peer} \
             -- set Port {port} external_ids:ovn-localnet-port=provnet"
        )
    };
    let pair = |south: &str, north: &str| {
        let (near, far) = (patch("br-int", south, north), patch("br-ex", north, south));
        format!("{near} -- {far}")
    };
    let sandbox = Sandbox::with(&format!(
        "add-br br-int -- set Bridge br-int fail_mode=secure other-config:disable-in-band=true \
         -- add-br br-ex -- add-port br-ex eth1 \
         -- add-port br-int tap0a1b2c3d-4e -- add-port br-int ovn-9f8e7d-0 \
         -- set Interface ovn-9f8e7d-0 type=geneve options:csum=true options:key=flow \
         options:remote_ip=10.0.0.72 -- set Interface tap0a1b2c3d-4e external_ids:iface-id=p1 \
         -- {} -- {}",
        pair("patch-br-int-to-provnet-6a1", "patch-provnet-6a1-to-br-int"),
        pair("patch-br-int-to-provnet-7b2", "patch-provnet-7b2-to-br-int"),
    ));
    for flow in [
        "table=0,priority=100,in_port=tap0a1b2c3d-4e,actions=load:0x1->NXM_NX_REG14[],resubmit(,8)",
        "table=8,priority=100,metadata=0x1,vlan_tci=0x1000/0x1000,actions=drop",
        "table=8,priority=50,reg14=0x1,metadata=0x1,actions=resubmit(,9)",
        "table=9,priority=90,ip,reg14=0x1,metadata=0x1,nw_src=10.1.0.5,actions=resubmit(,65)",
        "table=9,priority=80,ip,reg14=0x1,metadata=0x1,actions=drop",
        "table=9,priority=0,metadata=0x1,actions=resubmit(,65)",
        "table=44,priority=2002,ip,metadata=0x1,nw_src=10.0.0.0/8,actions=conjunction(2,1/2)",
        "table=44,priority=2002,ip,metadata=0x1,nw_src=10.1.0.0/16,actions=conjunction(3,1/2)",
        "table=65,priority=100,reg15=0x1,metadata=0x1,actions=output:tap0a1b2c3d-4e",
    ] {
        ofctl!(sandbox, "add-flow br-int '{flow}'");
    }
    see(&sandbox, &[]);
}

#[test]
fn patches() {
    let sandbox = small();
    vsctl!(sandbox, "add-br br1");
    let patch = |bridge: &str, name: &str, peer: &str| {
        format!("add-port {bridge} {name} -- set Interface {name} type=patch options:peer={peer}")
    };
    let pair = |[bridge, name]: [&str; 2], [other, peer]: [&str; 2]| {
        let (near, far) = (patch(bridge, name, peer), patch(other, peer, name));
        format!("{near} -- {far}")
    };
    for (peer, finding) in [
        ("nowhere", "dangling-patch p0"),
        ("nonexistent-peer", "neutron-peer p0"),
        ("p0", "self-patch p0"),
    ] {
        fault(&sandbox, &patch("br0", "p0", peer), finding, "del-port p0");
    }
    vsctl!(sandbox, "{}", pair(["br0", "p0"], ["br1", "p1"]));
    let third = patch("br0", "p2", "p1");
    fault(&sandbox, &third, "one-way-patch p2", "del-port p2");
    let loop_of_two = pair(["br0", "p4"], ["br0", "p5"]);
    let mend = "del-port p4 -- del-port p5";
    fault(&sandbox, &loop_of_two, "same-bridge-patch p4", mend);
    // OpenFlow cuts both at the same byte.
    let alike = [
        pair(["br0", "patch-to-the-east"], ["br1", "east-to-br0"]),
        pair(["br0", "patch-to-the-early"], ["br1", "early-to-br0"]),
    ];
    let mend = "del-port early-to-br0 -- del-port patch-to-the-early";
    fault(&sandbox, &alike.join(" -- "), "cut-names br0", mend);
}

/// `(make, finding, mend)`, one after the other.
fn faults(sandbox: &Sandbox, table: &[(&str, &str, &str)]) {
    for (make, finding, mend) in table {
        fault(sandbox, make, finding, mend);
    }
}

#[test]
fn tunnels() {
    let sandbox = small();
    let v1 = "add-port br0 v1 -- set Interface v1 type=vxlan options:remote_ip=10.0.0.72";
    vsctl!(sandbox, "{v1}");
    faults(
        &sandbox,
        &[
            (
                "add-port br0 v2 -- set Interface v2 type=vxlan options:remote_ip=10.0.0.72",
                "duplicate-tunnel v2",
                "del-port v2",
            ),
            (
                "add-port br0 v2 -- set Interface v2 type=vxlan options:remote_ip=10.0.0.73 \
                 options:local_ip=10.0.0.70",
                "tunnel-local-address v2",
                "set Interface v2 options:local_ip=10.0.0.71",
            ),
            (
                "set Interface v2 options:remote_ip=192.0.2.1",
                "tunnel-no-route v2",
                "set Interface v2 options:remote_ip=10.0.0.73",
            ),
        ],
    );
}

/// The only port that can lead out of the host carries all VLANs by intention; of two it is not known which is meant.
#[test]
fn the_only_uplink_carries_all_vlans() {
    let sandbox = Sandbox::with(
        "add-br br2 -- add-port br2 tap1 tag=1 -- set Interface tap1 type=dummy \
         -- add-port br2 out1 -- set Interface out1 type=dummy",
    );
    see(&sandbox, &[]);
    vsctl!(
        sandbox,
        "add-port br2 out2 -- set Interface out2 type=dummy"
    );
    see(&sandbox, &["trunks-all out1", "trunks-all out2"]);
    vsctl!(
        sandbox,
        "del-port out2 -- add-port br2 tap2 -- set Interface tap2 type=dummy"
    );
    see(&sandbox, &["trunks-all tap2"]);
}

#[test]
fn names_and_tags() {
    let sandbox = small();
    faults(
        &sandbox,
        &[
            // A dummy takes any name; a device of the kernel would not.
            (
                "add-port br0 internal-of-19-byte tag=1 \
                 -- set Interface internal-of-19-byte type=internal",
                "long-name internal-of-19-byte",
                "del-port internal-of-19-byte",
            ),
            (
                "set Port tap2 tag=4095",
                "dead-vlan tap2",
                "set Port tap2 tag=2",
            ),
            (
                "add-port br0 tap3",
                "trunks-all tap3",
                "set Port tap3 tag=3",
            ),
            (
                "set Port tap3 trunks=5,6",
                "trunks-ignored tap3",
                "set Port tap3 vlan_mode=native-untagged",
            ),
        ],
    );
    fault(
        &sandbox,
        "set Port tap3 trunks=[] tag=3 vlan_mode=native-untagged",
        "native-all tap3",
        "set Port tap3 trunks=3,4 tag=3",
    );
    // Alone it leads out, and carries every VLAN by intention.
    vsctl!(
        sandbox,
        "add-br br1 -- add-port br1 eth7 tag=3 vlan_mode=native-untagged"
    );
    see(&sandbox, &[]);
    vsctl!(sandbox, "del-br br1");
    // The network card is the way out.
    vsctl!(sandbox, "add-port br0 ens37");
    see(&sandbox, &[]);
}

#[test]
fn bonds() {
    let sandbox = small();
    let state = |member, state| {
        appctl!(sandbox, "netdev-dummy/set-admin-state {member} {state}");
    };
    vsctl!(sandbox, "add-bond br0 bond0 m1 m2");
    see(&sandbox, &[]);
    state("m1", "down");
    see(&sandbox, &["bond-degraded bond0"]);
    state("m2", "down");
    see(&sandbox, &["bond-down bond0"]);
    state("m1", "up");
    state("m2", "up");
    see(&sandbox, &[]);
    let one = "add-port br0 tap3 tag=3 bond_mode=balance-slb";
    let mend = "clear Port tap3 bond_mode";
    fault(&sandbox, one, "bond-degraded tap3", mend);
}

#[test]
fn mirrors() {
    let sandbox = small();
    vsctl!(
        sandbox,
        "add-port br0 sniff -- --id=@p get Port sniff -- --id=@m create Mirror name=m0 select_all=true \
         output_port=@p -- set Bridge br0 mirrors=@m"
    );
    see(&sandbox, &[]);
    let mend = "clear Bridge br0 mirrors";
    fault(&sandbox, "del-port sniff", "mirror-no-output m0", mend);
}

#[test]
fn ports() {
    let sandbox = small();
    let bare = "add-port br0 v0 -- set Interface v0 type=vxlan";
    fault(&sandbox, bare, "port-error v0", "del-port v0");
    // No reason is known for ovs-vswitchd to leave a port without number while it serves the bridge,
    // so the number is taken out of the database, which it does not look at again by itself.
    let clear = "--no-wait clear Interface tap2 ofport";
    let mend = "del-port tap2 -- add-port br0 tap2 tag=2";
    fault(&sandbox, clear, "no-ofport tap2", mend);
    let taken = "set Interface tap1 ofport_request=9 -- add-port br0 tap3 tag=3";
    vsctl!(sandbox, "{taken}");
    see(&sandbox, &[]);
    fault(
        &sandbox,
        "set Interface tap3 ofport_request=9",
        "ofport-not-granted tap3",
        "set Interface tap3 ofport_request=10",
    );
}

#[test]
fn keys() {
    let sandbox = small();
    vsctl!(
        sandbox,
        "add-port br0 v0 -- set Interface v0 type=vxlan options:remote_ip=10.0.0.72 options:key=flow"
    );
    see(&sandbox, &[]);
    faults(
        &sandbox,
        &[
            (
                "set Interface v0 options:dst-port=4790",
                "unknown-key v0",
                "remove Interface v0 options dst-port",
            ),
            (
                "set Interface v0 options:df_default=maybe",
                "bad-value v0",
                "remove Interface v0 options df_default",
            ),
            (
                "set Bridge br0 other_config:mac-tabel-size=9",
                "unknown-key br0",
                "remove Bridge br0 other_config mac-tabel-size",
            ),
            (
                "set Port tap1 other_config:priority-tag=if-nonzero",
                "unknown-key tap1",
                "remove Port tap1 other_config priority-tag",
            ),
            (
                "set Open_vSwitch . other_config:n-dpdk-rxqs=2",
                "removed-key Open_vSwitch",
                "remove Open_vSwitch . other_config n-dpdk-rxqs",
            ),
            (
                "set Open_vSwitch . other_config:flow-limits=9",
                "unknown-key Open_vSwitch",
                "remove Open_vSwitch . other_config flow-limits",
            ),
        ],
    );
}

/// A device that is not there, on a switch whose system ports are the kernel's.
#[test]
fn a_device_that_is_gone() {
    let sandbox = Sandbox::start(Options {
        dummy: Dummy::Typed,
        ..Options::default()
    });
    vsctl!(sandbox, "add-br br0 -- set Bridge br0 datapath_type=dummy");
    see(&sandbox, &[]);
    let mend = "del-port tapgone0";
    fault(
        &sandbox,
        "add-port br0 tapgone0",
        "no-device tapgone0",
        mend,
    );
}

#[test]
fn bridges() {
    let sandbox = small();
    let odd = "add-br br1 -- set Bridge br1 datapath_type=unheard-of";
    fault(&sandbox, odd, "bridge-down br1", "del-br br1");
    let id = "other_config:datapath-id=00000000000000aa";
    let twins = format!("set Bridge br0 {id} -- add-br br1 -- set Bridge br1 {id}");
    fault(&sandbox, &twins, "datapath-id-twice br1", "del-br br1");
}

#[test]
fn controllers() {
    let sandbox = small();
    let target = controller(4, USUAL);
    let mend = format!("set-controller br0 {target}");
    // Port 1 of this host: no process listens on it.
    let away = "set-controller br0 tcp:127.0.0.1:1";
    let unreachable = "controller-unreachable tcp:127.0.0.1:1";
    fault(&sandbox, away, "fail-open br0", &mend);
    // It listens: that nobody has connected is no fault.
    vsctl!(sandbox, "set-controller br0 ptcp:0:127.0.0.1");
    see(&sandbox, &[]);
    ovs!(sandbox, "show -o table")
        .ok()
        .shows("controller ptcp:0:127.0.0.1  passive");
    ovs!(sandbox, "bridge show br0 -g connected").prints("\n");
    vsctl!(sandbox, "{mend}");
    vsctl!(sandbox, "set-fail-mode br0 secure");
    see(&sandbox, &[]);
    fault(&sandbox, away, "no-controller br0", &mend);
    // One of two is enough to go on.
    let two = format!("set-controller br0 {target} tcp:127.0.0.1:1");
    fault(&sandbox, &two, unreachable, &mend);
    fault(
        &sandbox,
        "set Bridge br0 protocols=OpenFlow15",
        &format!("controller-versions {target}"),
        "set Bridge br0 protocols=OpenFlow13",
    );
}

#[test]
fn the_daemon() {
    let sandbox = small();
    // ovs-vswitchd does not look at its own column: until the next change it stays so.
    let behind = "--no-wait set Open_vSwitch . cur_cfg=0";
    fault(&sandbox, behind, "not-applied ovs-vswitchd", "add-br br1");
    let signal = |name: &str| {
        let pid = fs::read_to_string(sandbox.run_dir().join("ovs-vswitchd.pid")).unwrap();
        let done = Command::new("kill")
            .args([name, pid.trim()])
            .status()
            .unwrap();
        assert!(done.success());
    };
    signal("-STOP");
    see(&sandbox, &["vswitchd-silent ovs-vswitchd"]);
    signal("-CONT");
    see(&sandbox, &[]);
    sandbox.kill_vswitchd();
    see(&sandbox, &["vswitchd-down ovs-vswitchd"]);
    sandbox.start_vswitchd();
    see(&sandbox, &[]);
    vsctl!(sandbox, "del-br br0 -- del-br br1");
    see(&sandbox, &[]);
    sandbox.kill_vswitchd();
    see(&sandbox, &["vswitchd-down ovs-vswitchd"]);
}

#[test]
fn one_bridge_and_severities() {
    let sandbox = small();
    vsctl!(
        sandbox,
        "add-br br1 -- add-port br1 p0 -- set Interface p0 type=patch options:peer=none"
    );
    vsctl!(sandbox, "add-port br0 tap3");
    let warning = "warning\ttrunks-all\tbr0\ttap3\tit has neither tag nor trunks, and carries every VLAN; \
                   tap1 has tag 1\tgive it a tag (`ovs tag set tap3 VID`), or confirm that \
                   it is intended: `ovs tag set tap3 --vlan-mode trunk`\n";
    let error = "error\tdangling-patch\tbr1\tp0\tits peer none does not exist, or is no patch port\tmake \
                 the other end (`ovs patch add br1:p0 BRIDGE:none --may-exist`), name it (`ovs port \
                 set p0 --option peer=PORT`), or remove it (`ovs patch del p0`)\n";
    for (line, code, stdout) in [
        ("", 1, format!("{error}{warning}").as_str()),
        ("br0", 0, warning),
        ("br1", 1, error),
        ("br0 --severity=error", 0, ""),
    ] {
        ovs!(sandbox, "check {line}").exits(code).prints(stdout);
    }
    ovs!(sandbox, "check --severity=error -g hint")
        .exits(1)
        .begins("make the other end");
    for (line, code) in [
        ("br9", 3),
        ("--severity=awful", 2),
        ("--host-facts=/nonexistent", 2),
    ] {
        ovs!(sandbox, "check {line}").exits(code);
    }
    let json = ovs!(sandbox, "check br0").json();
    assert_eq!(json[0]["severity"], "warning");
    assert_eq!(json[0]["finding"], "trunks-all");
    assert_eq!(json[0]["object"], "tap3");
    sandbox.kill_ovsdb();
    ovs!(sandbox, "check").exits(4);
}

/// The list in the guide is made from that of the program.
#[test]
fn the_guide_lists_what_is_found() {
    let mut table = String::from("| severity | finding | what it is |\n|---|---|---|\n");
    for severity in [Severity::Error, Severity::Warning, Severity::Note] {
        for kind in FindingKind::ALL
            .iter()
            .filter(|kind| kind.severity() == severity)
        {
            let row = format!(
                "| {} | `{}` | {} |\n",
                severity.word(),
                kind.word(),
                kind.about()
            );
            table.push_str(&row);
        }
    }
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/guide.md");
    let guide = fs::read_to_string(file).unwrap();
    let heading = "| severity | finding | what it is |\n";
    let (before, rest) = guide.split_once(heading).expect("the guide has the list");
    let length = rest
        .lines()
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.len() + 1);
    let after = &rest[length.sum::<usize>()..];
    if common::is_update() {
        fs::write(file, format!("{before}{table}{after}")).unwrap();
        return;
    }
    let found = &guide[before.len()..guide.len() - after.len()];
    assert!(
        found == table,
        "the list in docs/guide.md differs (UPDATE_GOLDEN=1 rewrites it):\n{}",
        common::diff(found, &table)
    );
}

/// Of three members one is down: the bond works, and nothing else tells of it.
#[test]
fn a_member_that_the_bond_does_not_use() {
    let sandbox = small();
    vsctl!(
        sandbox,
        "add-bond br0 bond0 m1 m2 m3 -- set Interface m1 type=dummy -- set Interface m2 type=dummy \
         -- set Interface m3 type=dummy -- set Port bond0 tag=1"
    );
    see(&sandbox, &[]);
    sandbox.appctl(&["netdev-dummy/set-admin-state", "m3", "down"]);
    see(&sandbox, &["bond-member-disabled bond0"]);
    sandbox.appctl(&["netdev-dummy/set-admin-state", "m3", "up"]);
    see(&sandbox, &[]);
}

/// An address is seen on one port and the other in turn. Each packet has another destination: for one that has a
/// flow in the datapath nothing is learned.
#[test]
fn addresses_that_move() {
    let sandbox = small();
    vsctl!(
        sandbox,
        "add-port br0 a1 tag=1 -- set Interface a1 type=dummy ofport_request=71 \
         -- add-port br0 a2 tag=1 -- set Interface a2 type=dummy ofport_request=72"
    );
    see(&sandbox, &[]);
    for turn in 0..=120 {
        let (port, number) = [("a1", 71), ("a2", 72)][turn % 2];
        let packet = format!(
            "in_port({number}),eth(src=02:00:00:00:00:01,dst=02:ff:00:00:00:{turn:02x}),eth_type(0x1234)"
        );
        sandbox.appctl(&["netdev-dummy/receive", port, &packet]);
    }
    let counters = sandbox.appctl(&["fdb/stats-show", "br0"]);
    assert!(
        counters.contains("port moved MAC entries  : 120"),
        "{counters}"
    );
    see(&sandbox, &["mac-moves br0"]);
    let what = ovs!(sandbox, "check -g what").out();
    assert!(
        what.contains("than before 120 times; 1 were learned"),
        "{what}"
    );
    sandbox.appctl(&["fdb/stats-clear", "br0"]);
    see(&sandbox, &[]);
}

//! `ovs datapath`: the text of the real daemons of both versions, and a switch through which packets went.

use std::time::Duration;

use ovs::sandbox::{Dummy, Options};
use ovs::unixctl::conntrack::Connections;
use ovs::unixctl::datapath_flows::{DatapathFlow, FlowDump};
use ovs::unixctl::datapaths::{BridgePort, Datapath, UpcallState};
use ovs::unixctl::tunnel_routes::{TunnelNeighbour, TunnelRoute};
use serde_json::{Value, json};

use crate::common::Sandbox;
use crate::common::checks::see;
use crate::common::server::within;

/// What ovs-vswitchd of both versions said to a command, as `fixtures/golden/make_datapath` has it.
macro_rules! golden {
    ($command:literal) => {
        [
            include_str!(concat!(
                "../../fixtures/golden/unixctl/",
                $command,
                "-3.1.txt"
            )),
            include_str!(concat!(
                "../../fixtures/golden/unixctl/",
                $command,
                "-3.5.txt"
            )),
        ]
    };
}

fn fields(flow: &DatapathFlow) -> Vec<String> {
    let one = |field: &ovs::unixctl::datapath_flows::DatapathField| match &field.mask {
        Some(mask) => format!("{}={}/{mask}", field.name, field.value),
        None => format!("{}={}", field.name, field.value),
    };
    let mut fields: Vec<String> = flow.fields.iter().map(one).collect();
    fields.sort_unstable();
    fields
}

#[test]
fn flows_of_both_versions() {
    for text in golden!("dump-flows") {
        let dump = FlowDump::from_text(text);
        assert_eq!(dump.unknown, [""; 0]);
        assert_eq!(dump.flows.len(), text.matches("ufid:").count());
        for flow in &dump.flows {
            assert_eq!(flow.thread.as_deref(), Some("main"));
            assert_eq!(flow.layer.as_deref(), Some("ovs"));
            assert!(flow.ufid.is_some() && !flow.actions.is_empty(), "{flow:?}");
        }
        let by_actions = |part: &str| {
            let mut found = dump.flows.iter().filter(|flow| flow.actions.contains(part));
            found.next().unwrap_or_else(|| panic!("{part}"))
        };
        let commit = by_actions("ct(commit,zone=5,");
        assert_eq!(
            fields(commit),
            [
                "ct_state=+new+trk",
                "dl_type=0x0800",
                "in_port=p1",
                "nw_frag=no",
                "recirc_id=0x1"
            ]
        );
        assert_eq!((commit.packets, commit.bytes), (2, 212));
        assert!(commit.used.is_some() && commit.sends_to("p2"));
        let tunnel = by_actions("vni=0x64");
        assert!(tunnel.sends_to("vxlan_sys_4789") && tunnel.sends_to("eth0"));
        assert!(!tunnel.sends_to("p1"));
        let never = by_actions("push_mpls");
        assert_eq!((never.packets, never.used), (0, None));
    }
}

#[test]
fn datapaths_of_both_versions() {
    let users = golden!("dpif-show").map(BridgePort::from_text);
    for ((text, users), upcalls) in golden!("dpctl-show")
        .into_iter()
        .zip(users)
        .zip(golden!("upcall-show"))
    {
        let datapaths = Datapath::from_text(text);
        let [datapath] = datapaths.as_slice() else {
            panic!("{datapaths:?}")
        };
        assert_eq!(datapath.unknown, [""; 0]);
        assert_eq!(
            (datapath.hit, datapath.missed, datapath.lost, datapath.flows),
            (Some(13), Some(18), Some(0), Some(18))
        );
        assert_eq!(datapath.ports.len(), text.matches("  port ").count());
        let vxlan = datapath.ports.last().unwrap();
        assert_eq!(
            (vxlan.number, vxlan.name.as_str()),
            (4789, "vxlan_sys_4789")
        );
        let behind: Vec<&str> = users
            .iter()
            .filter(|user| user.number == Some(4789) && user.datapath == datapath.name)
            .map(|user| user.name.as_str())
            .collect();
        assert_eq!(behind, ["vxlan0", "vxlan1"]);
        let patch = users.iter().find(|user| user.name == "pa").unwrap();
        assert_eq!(
            (patch.bridge.as_str(), patch.ofport, patch.number),
            ("br-int", 20, None)
        );
        let upcalls = UpcallState::from_text(upcalls);
        assert_eq!(upcalls[0].datapath, datapath.name);
        assert_eq!((upcalls[0].current, upcalls[0].limit), (18, 11000));
        assert_eq!(upcalls[0].maximum, 18);
        assert!(upcalls[0].dump_duration.is_some());
    }
}

#[test]
fn connections_routes_and_neighbours_of_both_versions() {
    for text in golden!("dump-conntrack") {
        let all = Connections::from_text(text);
        assert_eq!(all.unknown, [""; 0]);
        assert_eq!(all.connections.len(), 4);
        let of = |protocol: &str, zone: u16| {
            let mut found = all.connections.iter();
            let is_it = |it: &&_| {
                let it: &ovs::unixctl::conntrack::Connection = it;
                it.protocol == protocol && it.zone == zone
            };
            found.find(is_it).unwrap()
        };
        let tcp = of("tcp", 5);
        assert_eq!(tcp.state.as_deref(), Some("SYN_SENT/CLOSED"));
        assert_eq!(
            (tcp.mark.as_deref(), tcp.labels.as_deref()),
            (Some("7"), Some("0x11"))
        );
        assert!(tcp.timeout.is_some());
        assert_eq!(
            (tcp.original.source_port, tcp.reply.source_port),
            (Some(1000), Some(80))
        );
        let translated = of("udp", 6);
        assert_eq!(translated.reply.destination, "192.0.2.1");
        let icmp = of("icmp", 5);
        assert_eq!(
            (icmp.original.icmp_type, icmp.reply.icmp_type),
            (Some(8), Some(0))
        );
    }
    for text in golden!("route-show") {
        let (routes, unknown) = TunnelRoute::from_text(text);
        assert_eq!(unknown, [""; 0]);
        let gateway = routes.iter().find(|route| route.gateway.is_some()).unwrap();
        assert_eq!(gateway.destination, "0.0.0.0/0");
        assert_eq!(gateway.gateway.as_deref(), Some("10.0.0.1"));
        assert!(gateway.is_user && gateway.device == "br0");
    }
    for text in golden!("tnl-neigh-show") {
        let (neighbours, unknown) = TunnelNeighbour::from_text(text);
        assert_eq!((neighbours.len(), unknown.len()), (2, 0));
        assert_eq!(neighbours[1].ip, "10.0.0.72");
        assert_eq!(neighbours[1].mac, "50:54:00:00:00:72");
    }
}

/// A switch with a patch, tunnels in userspace and connection tracking, and packets from p1.
fn switch() -> Sandbox {
    let dummy = |bridge: &str, name: &str, number: u8| {
        format!(
            "add-port {bridge} {name} -- set Interface {name} type=dummy ofport_request={number}"
        )
    };
    let ports = [
        dummy("br0", "p1", 1),
        dummy("br0", "p2", 2),
        dummy("br1", "eth0", 1),
    ];
    let sandbox = Sandbox::with(&format!(
        "add-br br0 -- add-br br1 -- {} \
         -- add-port br0 vx -- set Interface vx type=vxlan options:remote_ip=10.0.0.72 ofport_request=10 \
         -- add-port br0 pa -- set Interface pa type=patch options:peer=pb ofport_request=20 \
         -- add-port br1 pb -- set Interface pb type=patch options:peer=pa ofport_request=20 \
         -- set Open_vSwitch . other_config:max-idle=500000",
        ports.join(" -- ")
    ));
    sandbox.appctl(&["netdev-dummy/ip4addr", "br1", "10.0.0.71/24"]);
    sandbox.appctl(&["ovs/route/add", "10.0.0.0/24", "br1"]);
    sandbox.appctl(&["ovs/route/add", "192.0.2.0/24", "br1", "10.0.0.1"]);
    sandbox.appctl(&["tnl/neigh/set", "br1", "10.0.0.72", "50:54:00:00:00:72"]);
    for flow in [
        "priority=9,ip,nw_dst=10.1.0.2,actions=ct(commit,zone=5,table=1,exec(set_field:7->ct_mark))",
        "table=1,actions=2",
        "priority=9,udp,nw_dst=10.2.0.2,actions=vx",
        "priority=9,udp,nw_dst=10.3.0.2,actions=pa",
        "priority=0,actions=drop",
    ] {
        ofctl!(sandbox, "-OOpenFlow13 add-flow br0 {flow}");
    }
    for destination in ["10.1.0.2", "10.2.0.2", "10.3.0.2", "10.9.0.2"] {
        udp(&sandbox, destination);
    }
    sandbox
}

/// A packet arrives at p1.
fn udp(sandbox: &Sandbox, destination: &str) {
    let packet = format!(
        "in_port(1),eth(src=50:54:00:00:00:01,dst=50:54:00:00:00:02),eth_type(0x0800),\
         ipv4(src=10.1.0.1,dst={destination},proto=17,tos=0,ttl=64,frag=no),udp(src=1000,dst=53)"
    );
    sandbox.appctl(&["netdev-dummy/receive", "p1", &packet]);
}

/// The rows of a list, once there are as many as expected: the daemon adds flows on another thread.
fn rows(sandbox: &Sandbox, line: &str, count: usize) -> Vec<Value> {
    let mut rows = Vec::new();
    within(Duration::from_secs(10), || {
        rows.clone_from(ovs!(sandbox, "{line}").json().as_array().unwrap());
        rows.len() == count
    });
    assert_eq!(rows.len(), count, "{line}: {rows:#?}");
    rows
}

#[test]
fn flows_are_chosen_by_match_and_port() {
    let sandbox = switch();
    let all = rows(
        &sandbox,
        "datapath flows --columns in_port,bridge,ufid,match,actions",
        5,
    );
    assert!(
        all.iter()
            .all(|row| row["in_port"] == "p1" && row["bridge"] == "br0")
    );
    // The same as the daemon leaves out without -m: fields that a flow ignores.
    let daemon = sandbox.appctl(&["dpctl/dump-flows", "--names"]);
    let text = FlowDump::from_text(&daemon);
    let verbose = FlowDump::from_text(&sandbox.appctl(&["dpctl/dump-flows", "-m", "--names"]));
    let sorted = |dump: &FlowDump| {
        let mut all: Vec<_> = dump
            .flows
            .iter()
            .map(|flow| (fields(flow), flow.actions.clone()))
            .collect();
        all.sort();
        all
    };
    assert_eq!(
        (text.unknown.len(), verbose.unknown.len()),
        (0, 0),
        "{daemon}"
    );
    assert_eq!(sorted(&text), sorted(&verbose), "{daemon}");

    let actions = |line: &str| {
        let rows = ovs!(sandbox, "datapath flows {line}").json();
        let actions = rows
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["actions"].as_str().unwrap().to_owned());
        actions.collect::<Vec<_>>()
    };
    assert_eq!(actions("nw_dst=10.9.0.2"), ["drop"]);
    assert_eq!(actions("--drops"), ["drop"]);
    assert_eq!(actions("nw_dst=10.9.0.0/16,ip,in_port=p1"), ["drop"]);
    assert_eq!(actions("nw_dst=10.9.0.2,tcp"), [""; 0]);
    assert_eq!(actions("in_port=p2"), [""; 0]);
    assert_eq!(actions("recirc_id=0").len(), 4);
    let tunnel = actions("--port vx");
    assert_eq!(tunnel.len(), 1);
    assert!(
        tunnel[0].contains("tnl_push(tnl_port(vxlan_sys_4789)"),
        "{tunnel:?}"
    );
    assert_eq!(actions("nw_dst=10.2.0.2"), tunnel);
    assert_eq!(
        actions("--port eth0").len(),
        2,
        "the tunnel and the patch lead there"
    );
    assert_eq!(actions("--port p2").len(), 1);

    udp(&sandbox, "10.9.0.2");
    udp(&sandbox, "10.9.0.2");
    within(Duration::from_secs(10), || actions("--hit") == ["drop"]);
    assert_eq!(actions("--hit"), ["drop"]);
    assert_eq!(actions("--rsort n_packets")[0], "drop");
    assert_eq!(actions("--sort n_packets").last().unwrap(), "drop");

    sandbox.refuses_each(
        "datapath flows",
        &[
            ("in_port=pa", 3, "port \"pa\" is not in the datapath"),
            ("in_port=p7", 3, "port \"p7\" not found in the datapath"),
            ("--port p7", 3, "not found in the datapath"),
            (
                "nw_scr=10.0.0.1",
                2,
                "there is no field \"nw_scr\" (did you mean \"nw_src\"?)",
            ),
            ("tpc", 2, "\"tpc\" is no protocol"),
            ("--datapath nosuch", 3, "datapath \"nosuch\" not found"),
        ],
    );
}

/// The daemon writes names as they are, without quotes.
#[test]
fn names_that_are_like_the_text_around_them() {
    let sandbox = Sandbox::with("add-br br0");
    for (number, name) in [(1, "a, (b"), (2, "q\"x"), (3, "漢字"), (4, "drop")] {
        let request = format!("ofport_request={number}");
        let words = [
            "add-port",
            "br0",
            name,
            "--",
            "set",
            "Interface",
            name,
            "type=dummy",
        ];
        sandbox.vsctl(&[&words[..], &[request.as_str()]].concat());
    }
    ofctl!(sandbox, "add-flow br0 priority=9,actions=2,3,4");
    let packet = "in_port(1),eth(src=50:54:00:00:00:01,dst=50:54:00:00:00:02),eth_type(0x1234)";
    sandbox.appctl(&["netdev-dummy/receive", "a, (b", packet]);
    let flow = &rows(&sandbox, "datapath flows", 1)[0];
    assert_eq!(flow["in_port"], "a, (b");
    assert_eq!(
        (&flow["bridge"], &flow["protocol"]),
        (&json!("br0"), &json!("0x1234"))
    );
    assert_eq!(flow["actions"], "q\"x,漢字,drop");
    for port in ["'a, (b'", "'q\"x'", "漢字", "drop"] {
        rows(&sandbox, &format!("datapath flows --port {port}"), 1);
    }
    rows(&sandbox, "datapath flows --drops", 0);
}

#[test]
fn datapaths_connections_routes_and_neighbours() {
    let sandbox = switch();
    let shown = ovs!(
        sandbox,
        "datapath show --columns datapath,bridges,flow_limit"
    )
    .json();
    let name = shown[0]["datapath"].as_str().unwrap();
    assert_eq!(sandbox.appctl(&["dpctl/dump-dps"]).trim(), name);
    assert_eq!(shown[0]["bridges"], json!(["br0", "br1"]));
    assert!(shown[0]["flow_limit"].as_u64() > Some(0));
    let short = name.split_once('@').unwrap().1;
    ovs!(sandbox, "datapath show {short} -g datapath").prints(format!("{name}\n"));

    let ports = ovs!(
        sandbox,
        "datapath ports --columns name,bridge,interface,ofport"
    )
    .json();
    for row in [
        json!({"name": "p1", "bridge": "br0", "interface": "p1", "ofport": 1}),
        json!({"name": "vxlan_sys_4789", "bridge": "br0", "interface": "vx", "ofport": 10}),
    ] {
        assert!(ports.as_array().unwrap().contains(&row), "{ports:#}");
    }

    let connections = rows(&sandbox, "datapath conntrack", 1);
    let connection = &connections[0];
    for (key, value) in [
        ("zone", json!(5)),
        ("protocol", json!("udp")),
        ("src", json!("10.1.0.1")),
        ("sport", json!(1000)),
        ("dst", json!("10.1.0.2")),
        ("reply_src", json!("10.1.0.2")),
        ("reply_dport", json!(1000)),
        ("state", Value::Null),
        ("mark", json!("7")),
        ("nat", json!(false)),
    ] {
        assert_eq!(connection[key], value, "{key}: {connection:#}");
    }
    for (line, count) in [
        ("--zone 5", 1),
        ("--zone 6", 0),
        ("--protocol UDP", 1),
        ("--protocol 17", 1),
        ("--protocol tcp", 0),
        ("--address 10.1.0.2", 1),
        ("--address 10.1.0.3", 0),
    ] {
        rows(&sandbox, &format!("datapath conntrack {line}"), count);
    }
    ovs!(sandbox, "datapath conntrack --protocol tpc").fails(2, "did you mean tcp?");

    ovs!(sandbox, "datapath neighbours").prints("10.0.0.72\t50:54:00:00:00:72\tbr1\n");
    let routes = ovs!(
        sandbox,
        "datapath routes --columns destination,dev,gateway,kind"
    )
    .out();
    assert!(
        routes.contains("192.0.2.0/24\tbr1\t10.0.0.1\tuser\n"),
        "{routes}"
    );
    ovs!(sandbox, "datapath routes 192.0.2.9").prints("192.0.2.9\tbr1\t10.0.0.1\t10.0.0.71\n");
    ovs!(
        sandbox,
        "datapath routes 192.0.2.9 --columns destination,kind"
    )
    .fails(2, "kind");
    ovs!(sandbox, "datapath flows nw_src=10.0.0.300").fails(2, "an IPv4 address is like");
    ovs!(sandbox, "datapath routes 198.51.100.1").fails(3, "no route to 198.51.100.1");
    ovs!(sandbox, "datapath routes x").fails(2, "invalid");
    sandbox.kill_vswitchd();
    for command in [
        "show",
        "ports",
        "flows",
        "conntrack",
        "neighbours",
        "routes",
    ] {
        ovs!(sandbox, "datapath {command}").fails(4, "connection refused");
    }
}

#[test]
fn a_datapath_with_as_many_flows_as_are_allowed() {
    let sandbox = Sandbox::with(
        "add-br br0 -- add-port br0 p1 tag=1 -- set Interface p1 type=dummy ofport_request=1",
    );
    see(&sandbox, &[]);
    let name = sandbox.appctl(&["dpctl/dump-dps"]).trim().to_owned();
    vsctl!(
        sandbox,
        "set Open_vSwitch . other_config:flow-limit=1 other_config:max-idle=500000"
    );
    udp(&sandbox, "10.1.0.2");
    see(&sandbox, &[&format!("datapath-flow-limit {name}")]);
    vsctl!(sandbox, "clear Open_vSwitch . other_config");
    see(&sandbox, &[]);
}

#[test]
fn tunnels_in_userspace_without_route_or_neighbour() {
    let sandbox = Sandbox::start(Options {
        dummy: Dummy::Override,
        ..Options::default()
    });
    vsctl!(
        sandbox,
        "add-br br1 -- set Bridge br1 datapath_type=netdev -- add-br br0 -- set Bridge br0 datapath_type=netdev \
         -- add-port br0 vx -- set Interface vx type=vxlan options:remote_ip=10.0.0.72 options:key=1"
    );
    see(&sandbox, &["tunnel-no-route vx"]);
    sandbox.appctl(&["netdev-dummy/ip4addr", "br1", "10.0.0.71/24"]);
    sandbox.appctl(&["ovs/route/add", "10.0.0.72/32", "br1", "10.0.0.1"]);
    see(&sandbox, &["tunnel-no-neighbour vx"]);
    sandbox.appctl(&["tnl/neigh/set", "br1", "10.0.0.1", "50:54:00:00:00:01"]);
    see(&sandbox, &[]);
}

//! What operators think in, made from a real switch that is set up like a Neutron host.

use std::fmt::Write as _;
use std::time::Duration;

use ovs::commands::read;
use ovs::model::patch::{patches, patches_of};
use ovs::model::port_state::PortState;
use ovs::model::resolve::find;
use ovs::model::tunnel::{Key, tunnels};
use ovs::model::vlan::{Vlan, tags};
use ovs::model::{Bridge, Depth, PortNames, Scope, Topology, Want};
use ovs::openflow::text::{NameLookup, PORT_LOCAL};
use ovs::sandbox::{Neutron, Options};
use ovs::source::{Database, Host};
use ovs::transport::{Endpoint, Tls};

use crate::common::Sandbox;

async fn topology(sandbox: &Sandbox, want: Want) -> Topology {
    let endpoint = Endpoint::Unix(sandbox.db_socket());
    let limit = Some(Duration::from_secs(20));
    let database = Database::new(Host::new(endpoint, limit, Tls::default()));
    read(&database, want).await.unwrap()
}

fn of(scope: Scope) -> Want {
    Want::of(scope, Depth::Full)
}

/// A table of `fixtures/neutron/notes`, without its heading; `-` is empty.
fn table(text: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split('\t').collect())
}

const BRIDGES: &str = include_str!("../../fixtures/neutron/notes/bridges.tsv");
const PORTS: &str = include_str!("../../fixtures/neutron/notes/ports.tsv");

#[tokio::test]
async fn the_whole_host() {
    let sandbox = Sandbox::neutron(Neutron::Notes);
    let topology = topology(&sandbox, Want::all()).await;

    let version = vsctl!(sandbox, "get Open_vSwitch . ovs_version");
    let ovs_version = topology.ovs.ovs_version.as_deref().unwrap();
    assert_eq!(ovs_version, version.trim().trim_matches('"'));
    assert_eq!(topology.ovs.system_id.as_deref(), Some("sandbox"));
    assert_eq!(topology.ovs.cur_cfg, topology.ovs.next_cfg);

    let names: Vec<&str> = topology.bridges.iter().map(|b| b.name.as_str()).collect();
    let expected = ["br-ens37", "br-ex", "br-external", "br-int", "br-tun"];
    assert_eq!(names, expected);
    for line in table(BRIDGES) {
        let bridge = topology.bridge(line[0]).unwrap();
        assert_eq!(bridge.fail_mode.as_deref(), Some(line[2]));
        assert_eq!(bridge.controllers[0].target, line[3]);
        assert!(!bridge.controllers[0].is_connected);
        let dpid = vsctl!(sandbox, "get Bridge {} datapath_id", line[0]);
        let datapath_id = bridge.datapath_id.as_deref().unwrap();
        assert_eq!(datapath_id, dpid.trim().trim_matches('"'));
    }
    for line in table(PORTS) {
        let [bridge, name, ofport, tag, kind, options] = line[..] else {
            panic!("{line:?}")
        };
        let (on, port) = topology.port(name).unwrap();
        assert_eq!(on.name, bridge);
        assert_eq!(port.tag, tag.parse().ok(), "{name}");
        let [interface] = port.interfaces.as_slice() else {
            panic!("{port:?}")
        };
        assert_eq!(interface.ofport, Some(ofport.parse().unwrap()), "{name}");
        let expected_kind = if kind == "-" { "system" } else { kind };
        assert_eq!(interface.kind(), expected_kind);
        for option in options.split(' ').filter(|option| *option != "-") {
            let (key, value) = option.split_once('=').unwrap();
            assert_eq!(interface.options[key], value);
        }
        assert_eq!(interface.error, None);
    }
    // Nothing but these, and a local port for each bridge.
    let count = topology.interfaces().count();
    assert_eq!(count, table(PORTS).count() + table(BRIDGES).count());
}

/// A bridge without what changes between two looks: how the search for its controller goes.
fn settled(bridge: &Bridge) -> Bridge {
    let mut bridge = bridge.clone();
    for controller in &mut bridge.controllers {
        assert!(!controller.target.is_empty());
        controller.status.clear();
    }
    bridge
}

#[tokio::test]
async fn a_part_is_the_same_as_in_the_whole() {
    let sandbox = Sandbox::neutron(Neutron::Notes);
    let whole = topology(&sandbox, Want::all()).await;
    for bridge in &whole.bridges {
        let part = topology(&sandbox, of(Scope::Bridge(bridge.name.clone()))).await;
        assert_eq!(part.ovs.ovs_version, whole.ovs.ovs_version);
        let [part] = part.bridges.as_slice() else {
            panic!("{part:?}")
        };
        assert_eq!(settled(part), settled(bridge));
    }
    let (bridge, port) = whole.port("qvo0d3ade5c-72").unwrap();
    let alone = topology(&sandbox, of(Scope::Port("qvo0d3ade5c-72".into()))).await;
    let [only] = alone.bridges.as_slice() else {
        panic!("{alone:?}")
    };
    assert_eq!(only.name, bridge.name);
    assert_eq!(settled(only).controllers, settled(bridge).controllers);
    assert_eq!(only.ports, std::slice::from_ref(port));

    for scope in [Scope::Bridge("nope".into()), Scope::Port("nope".into())] {
        assert_eq!(topology(&sandbox, of(scope)).await.bridges, []);
    }
    let want = Want::of(Scope::All, Depth::BridgeNames);
    let names = topology(&sandbox, want).await;
    assert_eq!(names.bridges.len(), whole.bridges.len());
    assert!(names.bridges.iter().all(|bridge| bridge.ports.is_empty()));
}

#[tokio::test]
async fn names_patches_tunnels_and_tags() {
    let sandbox = Sandbox::neutron(Neutron::Notes);
    let want = Want::of(Scope::Bridge("br-int".into()), Depth::PortNames);
    let names = PortNames::of(&topology(&sandbox, want).await, "br-int");
    assert_eq!(names.port_name(15), Some("int-br-ens37"));
    assert_eq!(names.ofport("int-br-ens37"), Some(15));
    assert_eq!(names.ofport("br-int"), Some(PORT_LOCAL));
    // `ovs-ofctl show br-int` as the other witness.
    let show = ofctl!(sandbox, "show br-int");
    for (number, name) in names.iter().filter(|(number, _)| *number != PORT_LOCAL) {
        assert!(
            show.contains(&format!(" {number}({name}): addr:")),
            "{name}"
        );
    }

    let topology = topology(&sandbox, Want::all()).await;
    let mut told = String::new();
    for patch in patches(&topology) {
        let (near, far) = (patch.near, patch.far.unwrap());
        let _ = writeln!(
            told,
            "{}:{}({}) {}:{}({}) {}",
            near.bridge.name,
            near.port.name,
            near.number().unwrap(),
            far.bridge.name,
            far.port.name,
            far.number().unwrap(),
            patch.state.word(),
        );
    }
    assert_eq!(
        told,
        "br-ens37:phy-br-ens37(2) br-int:int-br-ens37(15) ok\n\
         br-ex:phy-br-ex(1) br-int:int-br-ex(1) ok\n\
         br-external:phy-br-external(2) br-int:int-br-external(27) ok\n\
         br-int:patch-tun(2) br-tun:patch-int(1) ok\n"
    );
    assert_eq!(patches_of(&topology, "br-int").len(), 4);
    assert_eq!(
        patches_of(&topology, "br-int")[0].near.port.name,
        "int-br-ens37"
    );

    let tunnels: Vec<_> = tunnels(&topology).collect();
    assert_eq!(tunnels.len(), 2);
    assert_eq!(tunnels[0].interface.name, "vxlan-0a000048");
    assert_eq!(tunnels[0].remote, Some("10.0.0.72"));
    assert_eq!(tunnels[0].local, Some("10.0.0.71"));
    assert_eq!(tunnels[0].in_key, Key::Flow);
    assert_eq!(tunnels[0].key().as_deref(), Some("flow"));
    assert_eq!(tunnels[0].dst_port, Some(4789));

    let bridge = topology.bridge("br-int").unwrap();
    let tags = tags(bridge);
    let numbers: Vec<i64> = tags.keys().copied().collect();
    assert_eq!(numbers, [1, 2, 3]);
    let second: Vec<&str> = tags[&2].iter().map(|port| port.name.as_str()).collect();
    assert_eq!(
        second,
        ["qr-7c0e6cea-bc", "qvoa143a2cc-6f", "tapf3d967a1-98"]
    );

    let by_number = find(&topology, Some("br-int"), "15").unwrap();
    let by_name = find(&topology, Some("br-int"), "int-br-ens37").unwrap();
    assert_eq!(by_number, by_name);
}

#[tokio::test]
async fn what_else_a_switch_may_have() {
    let sandbox = Sandbox::empty();
    let nothing = topology(&sandbox, Want::all()).await;
    assert_eq!(nothing.bridges, []);
    vsctl!(
        sandbox,
        "set-manager ptcp:0:127.0.0.1 -- add-br br0 -- set Bridge br0 \
         protocols=OpenFlow15,OpenFlow13 stp_enable=true -- add-bond br0 bond0 eth10 eth2 \
         lacp=active -- add-port br0 t trunks=30,10,11,12 vlan_mode=native-untagged tag=5"
    );
    // ovs-vswitchd cannot open this one; ovs-vsctl then exits with an error of its own.
    vsctl!(
        sandbox,
        "--no-wait add-port br0 bad -- set Interface bad type=vxlan"
    );
    let mut topology = topology(&sandbox, Want::all()).await;
    for _ in 0..200 {
        if topology.port("bad").unwrap().1.interfaces[0]
            .error
            .is_some()
        {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        topology = self::topology(&sandbox, Want::all()).await;
    }
    assert_eq!(topology.managers[0].target, "ptcp:0:127.0.0.1");
    let bridge = topology.bridge("br0").unwrap();
    assert_eq!(bridge.protocols, ["OpenFlow13", "OpenFlow15"]);
    assert!(bridge.stp_enable && !bridge.rstp_enable);
    assert_eq!(bridge.datapath_kind(), "system");

    let bond = bridge.port("bond0").unwrap();
    assert!(bond.is_bond());
    assert_eq!(bond.lacp.as_deref(), Some("active"));
    let members: Vec<&str> = bond.interfaces.iter().map(|i| i.name.as_str()).collect();
    assert_eq!(members, ["eth2", "eth10"]);

    let trunk = bridge.port("t").unwrap();
    assert_eq!(
        Vlan::of(trunk).to_string(),
        "VLANs 10-12,30, tagged; untagged packets are VLAN 5 and leave untagged"
    );
    let bad = &bridge.port("bad").unwrap().interfaces[0];
    assert_eq!(bad.ofport, Some(-1));
    assert_eq!(bad.port_number(), None);
    assert!(bad.error.is_some());
    let tunnel = tunnels(&topology).next().unwrap();
    let state = PortState::of(tunnel.port, tunnel.interface);
    assert_eq!((state, tunnel.remote), (Some(PortState::Error), None));
}

#[tokio::test]
async fn a_database_without_its_one_row() {
    let sandbox = Sandbox::start(Options {
        vswitchd: false,
        ..Options::default()
    });
    let endpoint = format!("unix:{}", sandbox.db_socket().display());
    let delete = r#"["Open_vSwitch",{"op":"delete","table":"Open_vSwitch","where":[]}]"#;
    let deleted = std::process::Command::new("ovsdb-client")
        .args(["transact", &endpoint, delete])
        .output()
        .unwrap();
    assert!(deleted.status.success(), "{deleted:?}");
    let topology = topology(&sandbox, Want::all()).await;
    assert_eq!(topology, Topology::default());
}

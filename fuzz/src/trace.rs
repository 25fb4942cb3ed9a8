//! Replies of `ofproto/trace`.

use ovs::model::trace::labels::Labels;
use ovs::model::trace::ports::DatapathPorts;
use ovs::model::trace::reply::Reply;
use ovs::model::trace::steps::steps;
use ovs::model::trace::verdict::{Results, Surroundings};
use ovs::model::trace::wanted::PacketAt;
use ovs::model::{Bridge, Interface, Port, Topology};
use ovs::unixctl::datapaths::BridgePort;

/// Ports of the bridges of the recorded replies, as `dpif/show` has them.
const PORTS: &str = "\
dummy@ovs-dummy: hit:0 missed:0
  br0:
    p1 1/1: (dummy)
    p2 2/2: (dummy)
    pa 10/none: (patch: peer=pb)
  br1:
    pb 11/none: (patch: peer=pa)
    vx 20/4789: (vxlan: key=flow, remote_ip=10.0.0.72)
";

/// Any text is a reply: it is kept whole, its nodes are a tree, and it has results.
pub fn trace(input: &[u8]) {
    let text = String::from_utf8_lossy(input).into_owned();
    let reply = Reply::parse(text.clone());
    assert_eq!(reply.text(), text);
    let topology = topology();
    let labels = Labels::of(&topology);
    let ports = DatapathPorts::of_bridge(BridgePort::from_text(PORTS), "br0");
    for section in &reply.sections {
        for (index, node) in section.nodes.iter().enumerate() {
            let parent = node.parent.map(|parent| {
                assert!(parent < index);
                &section.nodes[parent]
            });
            assert_eq!(node.depth, parent.map_or(0, |parent| parent.depth + 1));
            assert!(text.get(node.text.clone()).is_some());
            let _ = PacketAt::at(&reply, section, index, &topology);
        }
    }
    assert!(steps(&reply, &topology, &labels).len() >= reply.sections[0].nodes.len());
    let around = Surroundings {
        topology: &topology,
        ports: &ports,
        labels: &labels,
    };
    let results = Results::of(&reply, around);
    assert!(!results.results.is_empty());
    assert!(!results.headline(&["p1".to_owned()]).is_empty());
    let _ = DatapathPorts::of_bridge(BridgePort::from_text(&text), "br0");
}

fn topology() -> Topology {
    let bridge = |name: &str, ports| Bridge {
        name: name.to_owned(),
        ports,
        ..Bridge::default()
    };
    let near = vec![
        port("p1", 1, "dummy", None),
        port("p2", 2, "dummy", None),
        port("pa", 10, "patch", Some(("peer", "pb"))),
    ];
    let far = vec![
        port("pb", 11, "patch", Some(("peer", "pa"))),
        port("vx", 20, "vxlan", Some(("remote_ip", "10.0.0.72"))),
    ];
    Topology {
        bridges: vec![bridge("br0", near), bridge("br1", far)],
        ..Topology::default()
    }
}

fn port(name: &str, number: i64, type_: &str, option: Option<(&str, &str)>) -> Port {
    let option = option.map(|(key, value)| (key.to_owned(), value.to_owned()));
    Port {
        name: name.to_owned(),
        interfaces: vec![Interface {
            name: name.to_owned(),
            ofport: Some(number),
            type_: type_.to_owned(),
            options: option.into_iter().collect(),
            ..Interface::default()
        }],
        ..Port::default()
    }
}

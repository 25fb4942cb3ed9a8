//! Replies of ovs-vswitchd on its datapaths.

use ovs::unixctl::conntrack::Connections;
use ovs::unixctl::datapath_flows::FlowDump;
use ovs::unixctl::datapaths::{BridgePort, Datapath, UpcallState};
use ovs::unixctl::tunnel_routes::{TunnelNeighbour, TunnelRoute};

/// Of any text each line is understood or kept.
pub fn datapath(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let lines = || text.lines().filter(|line| !line.trim().is_empty());

    let dump = FlowDump::from_text(&text);
    let threads = lines().filter(|line| line.starts_with("flow-dump from ") && line.ends_with(':'));
    let read = dump.flows.len() + dump.unknown.len();
    assert!(read <= lines().count() && read + threads.count() >= lines().count());
    for flow in &dump.flows {
        let _ = (
            flow.value("in_port"),
            flow.sends_to("p2"),
            flow.sends_to(""),
        );
    }

    let all = Connections::from_text(&text);
    assert!(all.connections.len() + all.unknown.len() >= lines().count());
    for connection in &all.connections {
        let _ = connection.has_address(|address| address == "10.0.0.1");
    }

    let (routes, unknown) = TunnelRoute::from_text(&text);
    // A route has a row for each of its next hops.
    let headings = lines()
        .filter(|line| line.starts_with("Route Table"))
        .count();
    assert!(routes.len() + unknown.len() + headings >= lines().count());
    let (neighbours, unknown) = TunnelNeighbour::from_text(&text);
    assert!(neighbours.len() + unknown.len() <= lines().count());
    for neighbour in &neighbours {
        assert_eq!(neighbour.mac.len(), 17);
    }

    let _ = Datapath::from_text(&text);
    let _ = UpcallState::from_text(&text);
    let _ = BridgePort::from_text(&text);
}

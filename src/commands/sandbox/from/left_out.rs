//! What of a saved host is not replayed.

use std::collections::BTreeSet;

use super::devices::is_plain;
use crate::commands::{Context, quoted};
use crate::model::{Bridge, Interface, Port, Topology};

/// Maximum number of names in a remark.
const MAX_NAMES: usize = 10;

/// Takes the interfaces out that the switch did not have; returns their names.
pub(super) fn take_missing(topology: &mut Topology) -> Vec<String> {
    let mut missing = Vec::new();
    for bridge in &mut topology.bridges {
        let is_applied = bridge
            .interfaces()
            .any(|(_, interface)| interface.ofport.is_some());
        let name = bridge.name.clone();
        let is_missing = |interface: &Interface| {
            // ovs-vswitchd gives a number to each interface that it has opened.
            let is_missing = match interface.ofport {
                Some(ofport) => ofport < 0,
                None => is_applied || interface.error.is_some(),
            };
            is_missing && interface.name != name
        };
        for port in &mut bridge.ports {
            let names = port.interfaces.iter().filter(|it| is_missing(it));
            missing.extend(names.map(|interface| interface.name.clone()));
        }
        bridge.ports.retain_mut(|port| {
            let count = port.interfaces.len();
            port.interfaces.retain(|interface| !is_missing(interface));
            count == 0 || !port.interfaces.is_empty()
        });
    }
    missing
}

/// Says what of the saved host the sandbox does not have.
pub(super) fn remark(cx: &Context, topology: &Topology, missing: &[String]) {
    cx.remark(
        "replayed without controllers and their hidden flows (in-band control), managers, mirrors, QoS, policing, sFlow, \
         NetFlow, IPFIX, spanning tree, BFD and CFM (their faults are links that are down), LLDP, settings of tables that \
         were made by OpenFlow, and the features of the datapath; devices are dummies without options, VLAN bridges ports, \
         and tunnels have no local_ip",
    );
    if !missing.is_empty() {
        cx.remark(&format!(
            "left out, since the switch did not have them: {}",
            listed(missing.iter().map(String::as_str))
        ));
    }
    let interfaces = topology.interfaces();
    let kinds: BTreeSet<&str> = interfaces
        .filter(|(.., interface)| is_plain(interface) && interface.kind() != "system")
        .map(|(.., interface)| interface.kind())
        .collect();
    let bridges = &topology.bridges;
    let netdev = bridges.iter();
    let netdev = netdev.filter(|bridge| bridge.datapath_kind() == "netdev");
    let count = netdev.count();
    if count > 0 {
        cx.remark(&format!(
            "datapath_type=netdev of {count} bridges is left out: all are on the dummy datapath"
        ));
    }
    if !kinds.is_empty() {
        let kinds: Vec<&str> = kinds.into_iter().collect();
        cx.remark(&format!(
            "plain devices in the sandbox: ports of type {}",
            kinds.join(", ")
        ));
    }
    let ports = bridges.iter().flat_map(|bridge| &bridge.ports);
    let blocked = ports.filter(|port| is_blocked(port));
    let blocked: Vec<&str> = blocked.map(|port| port.name.as_str()).collect();
    if !blocked.is_empty() {
        cx.remark(&format!(
            "spanning tree blocked these ports, and they forward here: {}",
            listed(blocked.into_iter())
        ));
    }
    let snooping = bridges.iter();
    let snooping = snooping.filter(|bridge: &&Bridge| bridge.mcast_snooping_enable);
    let snooping: Vec<&str> = snooping.map(|bridge| bridge.name.as_str()).collect();
    if !snooping.is_empty() {
        cx.remark(&format!(
            "multicast groups that snooping has learned are left out: bridges {}",
            listed(snooping.into_iter())
        ));
    }
}

/// Whether spanning tree keeps a port from forwarding.
fn is_blocked(port: &Port) -> bool {
    let stp = port.status.get("stp_state");
    let rstp = port.rstp_status.get("rstp_port_state");
    stp.into_iter().chain(rstp).any(|state| {
        let blocking = ["blocking", "listening", "learning", "discarding"];
        blocking.contains(&state.to_ascii_lowercase().as_str())
    })
}

/// Names with commas in between; of many only the first ones.
fn listed<'n>(names: impl ExactSizeIterator<Item = &'n str>) -> String {
    let count = names.len();
    let shown: Vec<String> = names.take(MAX_NAMES).map(quoted).collect();
    let text = shown.join(", ");
    match count.checked_sub(MAX_NAMES) {
        None | Some(0) => text,
        Some(more) => format!("{text} and {more} others"),
    }
}

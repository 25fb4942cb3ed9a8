//! The ports of a datapath, by their numbers in it.

use std::collections::BTreeMap;

use crate::unixctl::datapaths::BridgePort;

/// The ports of the bridges of one datapath.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DatapathPorts {
    ports: BTreeMap<u32, Vec<BridgePort>>,
}

impl DatapathPorts {
    /// The ports of the datapath that has this bridge, of those of all bridges.
    pub fn of_bridge(all: Vec<BridgePort>, bridge: &str) -> DatapathPorts {
        let mut ports = DatapathPorts::default();
        let own = all.iter().find(|port| port.bridge == bridge);
        let Some(datapath) = own.map(|port| port.datapath.clone()) else {
            return ports;
        };
        for port in all {
            if let Some(number) = port.number.filter(|_| port.datapath == datapath) {
                ports.ports.entry(number).or_default().push(port);
            }
        }
        ports
    }

    /// The ports with this number: several tunnels may share one.
    pub fn get(&self, number: u32) -> &[BridgePort] {
        self.ports.get(&number).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `ovs-appctl dpif/show` of 3.1 with two datapaths.
    const SHOWN: &str = "\
netdev@ovs-netdev: hit:0 missed:0
  br-nd:
    br-nd 65534/1: (tap)
    n1 1/2: (afxdp: n_rxq=1)
system@ovs-system: hit:0 missed:0
  br-int:
    br-int 65534/10: (internal)
    a b 3/2: (system)
    patch-tun 4/none: (patch: peer=patch-int)
  br-tun:
    vxlan-1 2/4789: (vxlan: egress_pkt_mark=0, key=flow, local_ip=10.0.0.71, remote_ip=10.0.0.72)
    vxlan-2 3/4789: (vxlan: key=flow, remote_ip=10.0.0.73)
";

    #[test]
    fn ports_by_datapath() {
        let names = |bridge: &str, number| {
            let ports = DatapathPorts::of_bridge(BridgePort::from_text(SHOWN), bridge);
            let ports = ports.get(number).iter();
            ports.map(|port| port.name.clone()).collect::<Vec<_>>()
        };
        assert_eq!(names("br-tun", 2), ["a b"]);
        assert_eq!(names("br-nd", 2), ["n1"]);
        assert_eq!(names("br-int", 4789), ["vxlan-1", "vxlan-2"]);
        assert_eq!(names("br-int", 4), [] as [&str; 0]);
        assert_eq!(names("br-x", 2), [] as [&str; 0]);
    }
}

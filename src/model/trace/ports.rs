//! The ports of a datapath, from the text of `dpif/show`.

use std::collections::BTreeMap;

/// The ports of one datapath.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DatapathPorts {
    ports: BTreeMap<u32, Vec<DatapathPort>>,
}

/// A port of a bridge, in its datapath.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatapathPort {
    /// The bridge.
    pub bridge: String,
    /// The interface.
    pub name: String,
    /// Its OpenFlow number, as `dpif/show` has it: `LOCAL` is 65534.
    pub ofport: u32,
}

impl DatapathPorts {
    /// The ports of the datapath that has this bridge. Lines that are not understood are ignored.
    pub fn of_bridge(text: &str, bridge: &str) -> DatapathPorts {
        let mut ports = DatapathPorts::default();
        let mut is_its = false;
        let mut current = "";
        for line in text.lines() {
            // `system@ovs-system: hit:0 missed:0`, `  br-int:`, `    tap0 5/3: (internal)`
            let blanks = line.len() - line.trim_start_matches(' ').len();
            let body = line.trim_start_matches(' ');
            match blanks {
                0 => {
                    if is_its {
                        break;
                    }
                    ports.ports.clear();
                }
                2 => {
                    current = body.trim_end().trim_end_matches(':');
                    is_its |= current == bridge;
                }
                _ => {
                    if let Some((number, port)) = port(body, current) {
                        ports.ports.entry(number).or_default().push(port);
                    }
                }
            }
        }
        if is_its {
            ports
        } else {
            DatapathPorts::default()
        }
    }

    /// The ports with this number: several tunnels may share one.
    pub fn get(&self, number: u32) -> &[DatapathPort] {
        self.ports.get(&number).map_or(&[], Vec::as_slice)
    }
}

/// `tap0 5/3: (internal)`: the name, which may have blanks, and the numbers in OpenFlow and in the datapath. A patch
/// port has none there: `pa 10/none: (patch: peer=pb)`.
fn port(line: &str, bridge: &str) -> Option<(u32, DatapathPort)> {
    let (head, _) = line
        .split_once(": (")
        .unwrap_or((line.trim_end_matches(':'), ""));
    let (name, numbers) = head.rsplit_once(' ')?;
    let (ofport, number) = numbers.split_once('/')?;
    Some((
        number.parse().ok()?,
        DatapathPort {
            bridge: bridge.to_owned(),
            name: name.to_owned(),
            ofport: ofport.parse().ok()?,
        },
    ))
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
            let ports = DatapathPorts::of_bridge(SHOWN, bridge);
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

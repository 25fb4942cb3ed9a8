//! Faults between hosts: of their tunnels, their networks and their ports. Each host alone may be without a fault.

use super::host_networks::{networks, owned_twice};
use super::host_tunnels::{one_way, same_addresses, tunnel_mtus};
use super::host_view::{HostFinding, HostView, HostsFound};

/// The faults between these hosts, by host.
pub fn host_findings(hosts: &[HostView]) -> Vec<HostFinding> {
    let mut found = HostsFound {
        hosts,
        findings: Vec::new(),
    };
    let owners = same_addresses(&mut found);
    one_way(&owners, &mut found);
    tunnel_mtus(&owners, &mut found);
    networks(&mut found);
    owned_twice(&mut found);
    found.findings.sort_by_key(|found| found.host);
    found.findings
}

#[cfg(test)]
mod tests {
    use super::super::tests::{port, switch};
    use super::*;
    use crate::model::topology::Port;

    fn vxlan(name: &str, local: &str, remote: &str) -> Port {
        port(name, "vxlan", &[("local_ip", local), ("remote_ip", remote)])
    }

    fn views(hosts: &[(&str, Vec<Port>)]) -> Vec<HostView> {
        let view = |(name, ports): &(&str, Vec<Port>)| {
            HostView::of(name, &switch(&[("br-int", ports.as_slice())]))
        };
        hosts.iter().map(view).collect()
    }

    /// `HOST KIND OBJECT: WHAT` of every finding.
    fn found(hosts: &[(&str, Vec<Port>)]) -> Vec<String> {
        let views = views(hosts);
        let line = |found: &HostFinding| {
            let HostFinding { host, finding } = found;
            let (kind, object, what) = (finding.kind.word(), &finding.object, &finding.what);
            format!("{} {kind} {object}: {what}", views[*host].name)
        };
        host_findings(&views).iter().map(line).collect()
    }

    #[test]
    fn a_full_mesh_is_without_fault() {
        let mesh = [
            (
                "a",
                vec![
                    vxlan("to-b", "10.0.0.1", "10.0.0.2"),
                    vxlan("to-c", "10.0.0.1", "10.0.0.3"),
                ],
            ),
            (
                "b",
                vec![
                    vxlan("to-a", "10.0.0.2", "::ffff:10.0.0.1"),
                    vxlan("to-c", "10.0.0.2", "10.0.0.3"),
                ],
            ),
            // By flow to everywhere.
            ("c", vec![vxlan("all", "10.0.0.3", "flow")]),
        ];
        assert_eq!(found(&mesh), [""; 0]);
    }

    #[test]
    fn addresses_and_directions_of_tunnels() {
        let hosts = [
            (
                "a",
                vec![
                    vxlan("to-b", "10.0.0.1", "10.0.0.2"),
                    vxlan("to-x", "10.0.0.1", "10.0.0.9"),
                ],
            ),
            ("b", vec![vxlan("to-c", "10.0.0.2", "10.0.0.3")]),
            ("c", vec![vxlan("to-b", "10.0.0.3", "10.0.0.2")]),
            ("d", vec![vxlan("to-b", "10.0.0.3", "10.0.0.2")]),
        ];
        assert_eq!(
            found(&hosts),
            [
                "a one-way-tunnel to-b: it leads to b (10.0.0.2), which has no vxlan tunnel to 10.0.0.1",
                "c tunnel-address-twice 10.0.0.3: it is the local_ip of tunnels of d, too",
            ]
        );
        let mut other_kind = vxlan("to-a", "10.0.0.2", "10.0.0.1");
        other_kind.interfaces[0].type_ = "geneve".into();
        let hosts = [
            ("a", vec![vxlan("to-b", "10.0.0.1", "10.0.0.2")]),
            ("b", vec![other_kind]),
        ];
        assert_eq!(found(&hosts).len(), 2);
        let at_port = |port: &str| {
            let mut tunnel = vxlan("to-a", "10.0.0.2", "10.0.0.1");
            let options = &mut tunnel.interfaces[0].options;
            options.insert("dst_port".into(), port.into());
            let a = vxlan("to-b", "10.0.0.1", "10.0.0.2");
            found(&[("a", vec![a]), ("b", vec![tunnel])])
        };
        assert_eq!(at_port("4789"), [""; 0]);
        assert_eq!(
            at_port("8472"),
            [
                "a one-way-tunnel to-b: it leads to b (10.0.0.2), which has no vxlan tunnel to 10.0.0.1 with dst_port 4789",
                "b one-way-tunnel to-a: it leads to a (10.0.0.1), which has no vxlan tunnel to 10.0.0.2 with dst_port 8472",
            ]
        );
    }

    #[test]
    fn mtus_of_a_mesh() {
        let host = |local, remote, mtu| {
            let mut tunnel = vxlan("t", local, remote);
            let status = &mut tunnel.interfaces[0].status;
            status.insert("tunnel_egress_iface".to_owned(), "br-phy".to_owned());
            let mut device = port("br-phy", "internal", &[]);
            device.interfaces[0].mtu = Some(mtu);
            vec![tunnel, device]
        };
        let hosts = [
            ("a", host("10.0.0.1", "10.0.0.2", 9000)),
            ("b", host("10.0.0.2", "flow", 1500)),
            ("c", host("10.0.0.3", "10.0.0.2", 9000)),
            // Another mesh.
            ("d", host("10.1.0.1", "10.1.0.2", 1400)),
        ];
        assert_eq!(
            found(&hosts),
            ["b tunnel-mtu br-phy: it carries tunnels with an MTU of 1500; that of a, c is 9000"]
        );
    }

    fn guest(name: &str, network: [&str; 3], mtu: i64) -> Port {
        let mut port = port(name, "dummy", &[]);
        let keys = ["net_uuid", "physical_network", "segmentation_id"];
        let pairs = keys.iter().zip(network);
        port.other_config = pairs
            .map(|(key, value)| ((*key).to_owned(), value.to_owned()))
            .collect();
        port.interfaces[0].mtu = Some(mtu);
        port
    }

    #[test]
    fn networks_on_several_hosts() {
        let hosts = [
            (
                "a",
                vec![
                    guest("p", ["n1", "phys1", "5"], 1450),
                    guest("q", ["n2", "None", "7"], 1500),
                ],
            ),
            ("b", vec![guest("p", ["n1", "phys1", "6"], 1450)]),
            ("c", vec![guest("p", ["n1", "phys1", "5"], 9000)]),
            ("d", vec![guest("p", ["n1", "phys2", "5"], 1450)]),
        ];
        assert_eq!(
            found(&hosts),
            [
                "b network-segment p: its network n1 is 6 of phys1 here and 5 of phys1 on a, c",
                "c network-mtu p: its MTU is 9000; that of ports of its network n1 on a, b, d is 1450",
                "d network-elsewhere p: its network n1 is 5 of phys2 here and 5 of phys1 on a, c",
            ]
        );
    }

    #[test]
    fn ports_on_two_hosts() {
        let owned = |name: &str, kind: &str, ids: &[(&str, &str)], mac: Option<&str>| {
            let mut port = port(name, kind, &[]);
            let ids = ids.iter();
            let ids = ids.map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
            port.interfaces[0].external_ids = ids.collect();
            port.interfaces[0].mac_in_use = mac.map(str::to_owned);
            port
        };
        let id = ("iface-id", "i1");
        let mac = ("attached-mac", "FA:16:3e:00:00:01");
        let same_mac = ("attached-mac", "fa:16:3e:00:00:01");
        let hosts = [
            (
                "a",
                vec![
                    owned("tap1", "", &[id, mac], None),
                    owned("eth0", "", &[], Some("00:1b:21:00:00:01")),
                ],
            ),
            (
                "b",
                vec![
                    owned("tap2", "", &[id, same_mac], None),
                    owned("eth1", "", &[], Some("00:1b:21:00:00:01")),
                ],
            ),
            // A router's port is on many hosts; a locally administered address says nothing.
            (
                "c",
                vec![
                    owned("qr-1", "internal", &[id, mac], None),
                    owned("x", "", &[], Some("02:00:00:00:00:01")),
                ],
            ),
            (
                "d",
                vec![
                    owned("qr-1", "internal", &[id, mac], None),
                    owned("x", "", &[], Some("02:00:00:00:00:01")),
                ],
            ),
        ];
        assert_eq!(
            found(&hosts),
            [
                "a port-id-twice tap1: its iface-id i1 is that of tap2 of b, too",
                "a mac-twice eth0: its MAC address 00:1b:21:00:00:01 is that of eth1 of b, too",
            ]
        );
    }

    /// A port that is there twice explains that these two have one MAC address; not that a third one has it.
    #[test]
    fn a_third_host_hides_nothing() {
        let tap = |id: &str| {
            let mut port = port("tapvm", "", &[]);
            let ids = [("iface-id", id), ("attached-mac", "fa:16:3e:00:00:01")];
            let ids = ids.map(|(key, value)| (key.to_owned(), value.to_owned()));
            port.interfaces[0].external_ids = ids.into();
            vec![port]
        };
        let mac_twice = |of: &str| {
            format!("a mac-twice tapvm: its MAC address fa:16:3e:00:00:01 is that of {of}, too")
        };
        assert_eq!(
            found(&[("a", tap("i1")), ("b", tap("i2"))]),
            [mac_twice("tapvm of b")]
        );
        assert_eq!(
            found(&[("a", tap("i1")), ("b", tap("i2")), ("c", tap("i1"))]),
            [
                "a port-id-twice tapvm: its iface-id i1 is that of tapvm of c, too",
                &mac_twice("tapvm of b"),
            ]
        );
        assert_eq!(
            found(&[("a", tap("i1")), ("b", tap("i1")), ("c", tap("i2"))]),
            [
                "a port-id-twice tapvm: its iface-id i1 is that of tapvm of b, too",
                &mac_twice("tapvm of c"),
            ]
        );
        // Two ports of one host are not two hosts.
        let two = [tap("i1"), tap("i2")].concat();
        assert_eq!(found(&[("a", two)]), [""; 0]);
    }

    #[test]
    fn many_hosts_are_counted() {
        let host = |_| ("h", vec![vxlan("t", "10.0.0.1", "flow")]);
        let hosts: Vec<_> = (0..100).map(host).collect();
        assert_eq!(
            found(&hosts),
            [
                "h tunnel-address-twice 10.0.0.1: it is the local_ip of tunnels of h, h, h and 96 others, too"
            ]
        );
    }

    /// A mesh of 100 hosts, with 9,900 tunnels but one.
    #[test]
    fn a_large_mesh() {
        let address = |host: usize| format!("10.0.{}.{}", host / 200, host % 200 + 1);
        let count = 100;
        let names: Vec<String> = (0..count).map(|host| format!("h{host}")).collect();
        let tunnels = |host: usize| {
            let others = (0..count).filter(|other| *other != host);
            // One direction is missing.
            let others = others.filter(|other| (host, *other) != (7, 5));
            let tunnel = |other| vxlan(&format!("to{other}"), &address(host), &address(other));
            others.map(tunnel).collect::<Vec<_>>()
        };
        let hosts = names.iter().enumerate();
        let hosts: Vec<_> = hosts
            .map(|(host, name)| (name.as_str(), tunnels(host)))
            .collect();
        assert_eq!(
            found(&hosts),
            [
                "h5 one-way-tunnel to7: it leads to h7 (10.0.0.8), which has no vxlan tunnel to 10.0.0.6"
            ]
        );
    }
}

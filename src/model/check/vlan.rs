//! Faults of tags and trunks.

use super::finding::{Found, Snapshot};
use super::kind::FindingKind;
use crate::base::digits::ranges;
use crate::model::host::HostFacts;
use crate::model::tunnel::is_tunnel;
use crate::model::vlan::Vlan;
use crate::model::{Bridge, Interface, Port};

/// The VLAN of ports that Neutron's agent has not wired yet: reserved by IEEE 802.1Q.
const DEAD: i64 = 4095;

pub(super) fn check(snapshot: &Snapshot<'_>, found: &mut Found) {
    for bridge in &snapshot.topology.bridges {
        let tagged = bridge
            .ports
            .iter()
            .find(|port| port.tag.is_some_and(|tag| tag != DEAD) && !is_exempt(bridge, port));
        let uplink = only_uplink(bridge, snapshot.host);
        for port in &bridge.ports {
            // An interface that could not be opened has a finding of its own; its tag does not matter.
            let is_closed = snapshot.is_closed(bridge, port);
            if port.tag == Some(DEAD) {
                if !is_closed {
                    let what = format!("its tag is {DEAD}: nothing passes");
                    found.add(FindingKind::DeadVlan, Some(bridge), &port.name, what);
                }
                continue;
            }
            if port.tag.is_some() && !port.trunks.is_empty() && port.vlan_mode.is_none() {
                let what = format!(
                    "tag {} makes it an access port; trunks {} are ignored",
                    port.tag.unwrap_or_default(),
                    ranges(&port.trunks, ",")
                );
                found.add(FindingKind::TrunksIgnored, Some(bridge), &port.name, what);
            }
            if let Some(native) = native_of_all(port).filter(|_| !is_closed)
                && !is_uplink(port, snapshot.host)
                && !is_exempt(bridge, port)
                && !is_only_way_out(bridge, port)
            {
                let what = format!(
                    "its native VLAN is {native}, and without trunks it carries every other one, too"
                );
                found.add(FindingKind::NativeAll, Some(bridge), &port.name, what);
            }
            if let Some(tagged) = tagged.filter(|_| !is_closed)
                && trunks_by_default(bridge, port, snapshot.host)
                && uplink.is_none_or(|uplink| uplink.uuid != port.uuid)
            {
                let what = format!(
                    "it has neither tag nor trunks, and carries every VLAN; {} has tag {}",
                    tagged.name,
                    tagged.tag.unwrap_or_default()
                );
                found.add(FindingKind::TrunksAll, Some(bridge), &port.name, what);
            }
        }
    }
}

fn trunks_by_default(bridge: &Bridge, port: &Port, host: Option<&HostFacts>) -> bool {
    let silent = port.tag.is_none() && port.trunks.is_empty() && port.vlan_mode.is_none();
    // Mirrored packets keep their tags.
    let mirrored = bridge
        .mirrors
        .iter()
        .any(|mirror| mirror.output_port == Some(port.uuid));
    silent && !is_uplink(port, host) && !mirrored && !is_exempt(bridge, port)
}

/// The native VLAN of a native port that carries all VLANs.
fn native_of_all(port: &Port) -> Option<i64> {
    match Vlan::of(port) {
        Vlan::NativeTagged { tag, trunks } | Vlan::NativeUntagged { tag, trunks } => {
            trunks.is_empty().then_some(tag)
        }
        Vlan::Access { .. } | Vlan::Trunk { .. } | Vlan::Dot1qTunnel { .. } => None,
    }
}

/// A bond, a network card and a port of DPDK's own: they carry all VLANs by intention.
fn is_uplink(port: &Port, host: Option<&HostFacts>) -> bool {
    let is_hardware = |interface: &Interface| {
        interface.kind() == "dpdk" || host.is_some_and(|host| host.is_hardware(&interface.name))
    };
    port.is_bond() || port.interfaces.iter().any(is_hardware)
}

/// The only port without a VLAN of its own that can lead out of the host, where no other does: the bridge's uplink.
fn only_uplink<'t>(bridge: &'t Bridge, host: Option<&HostFacts>) -> Option<&'t Port> {
    let leads_out = |port: &Port| {
        is_uplink(port, host) || port.interfaces.iter().any(|it| it.kind() == "patch")
    };
    if bridge.ports.iter().any(leads_out) {
        return None;
    }
    let mut ports = bridge.ports.iter().filter(|port| {
        trunks_by_default(bridge, port, host) && !port.interfaces.iter().any(Interface::is_inside)
    });
    ports.next().filter(|_| ports.next().is_none())
}

/// Whether it leads out of the host, and no other port does.
fn is_only_way_out(bridge: &Bridge, port: &Port) -> bool {
    let leads_out =
        |port: &Port| !is_exempt(bridge, port) && !port.interfaces.iter().any(Interface::is_inside);
    let is_other = |other: &&Port| other.uuid != port.uuid;
    leads_out(port) && !bridge.ports.iter().filter(is_other).any(leads_out)
}

/// Patch ports, tunnels and the bridge's own port carry what the flows send.
fn is_exempt(bridge: &Bridge, port: &Port) -> bool {
    port.name == bridge.name || leads_to_flows(port)
}

/// Whether it is a patch port or a tunnel.
fn leads_to_flows(port: &Port) -> bool {
    port.interfaces.iter().any(|interface| {
        let kind = interface.kind();
        kind == "patch" || is_tunnel(kind)
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{found, port, switch};
    use super::*;

    fn tagged(name: &str, tag: Option<i64>, trunks: &[i64], mode: Option<&str>) -> Port {
        Port {
            tag,
            trunks: trunks.to_vec(),
            vlan_mode: mode.map(str::to_owned),
            ..port(name, "", &[])
        }
    }

    #[test]
    fn tags_and_trunks() {
        let host = HostFacts::parse("device eth0 hardware\ndevice tap1").unwrap();
        let mut bond = tagged("bond0", None, &[], None);
        bond.interfaces.extend(bond.interfaces.clone());
        let ports = [
            tagged("br0", None, &[], None),
            tagged("eth0", None, &[], None),
            tagged("tap1", None, &[], None),
            tagged("tap2", Some(5), &[], None),
            tagged("tap3", Some(5), &[6], None),
            tagged("tap4", Some(5), &[6], Some("native-tagged")),
            tagged("tap5", None, &[], Some("trunk")),
            tagged("tap6", None, &[6], None),
            tagged("tap7", Some(4095), &[4095], None),
            port("vx", "vxlan", &[]),
            port("dpdk0", "dpdk", &[]),
            bond,
        ];
        assert_eq!(
            found(&switch(&[("br0", &ports)]), Some(&host)),
            ["dead-vlan tap7", "trunks-all tap1", "trunks-ignored tap3"]
        );
        // A port that could not be opened has a fault of its own.
        let mut closed = [
            tagged("tap1", None, &[], None),
            tagged("tap7", Some(4095), &[], None),
        ];
        for port in &mut closed {
            port.interfaces[0].ofport = Some(-1);
        }
        let [tap1, tap7] = closed;
        let ports = [tap1, tagged("tap2", Some(5), &[], None), tap7];
        assert_eq!(
            found(&switch(&[("br0", &ports)]), None),
            ["port-error tap1", "port-error tap7"]
        );
        // Without any tagged port, trunks are normal.
        let ports = [
            tagged("tap1", None, &[], None),
            tagged("tap7", Some(4095), &[], None),
        ];
        assert_eq!(found(&switch(&[("br0", &ports)]), None), ["dead-vlan tap7"]);
    }
}

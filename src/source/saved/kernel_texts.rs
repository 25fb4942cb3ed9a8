//! The network devices of a host as `ip -d address` prints them (ip-address(8)).

use std::collections::BTreeMap;

use crate::source::links::KernelLink;

/// A device, and whether it is the loopback device.
type Device = (KernelLink, bool);

/// Reads the devices in the output of `ip -d address`. Lines that are not understood are passed over.
pub(super) fn links(text: &str) -> Vec<KernelLink> {
    devices(text).into_iter().map(|(link, _)| link).collect()
}

/// The devices in the output of `ip -d address`, each with whether it is hardware or stacked on hardware.
pub(super) fn hardware(text: &str) -> Vec<(String, bool)> {
    let devices = devices(text);
    let is_hardware = |(link, is_loopback): &Device| link.kind.is_empty() && !is_loopback;
    let by_index: BTreeMap<u32, bool> = devices
        .iter()
        .map(|device| (device.0.index, is_hardware(device)))
        .collect();
    let devices = devices.iter().map(|device| {
        let (link, _) = device;
        let below = link.peer.filter(|_| !link.peer_is_elsewhere);
        let is_stacked = below.is_some_and(|below| by_index.get(&below) == Some(&true));
        let is = is_hardware(device) || link.kind == "bond" || is_stacked;
        (link.name.clone(), is)
    });
    devices.collect()
}

/// Words that begin a line which is not of the device's kind.
const OTHER_LINES: [&str; 8] = [
    "link/",
    "inet",
    "valid_lft",
    "alias",
    "altname",
    "vf",
    "prog/",
    "numtxqueues",
];

fn devices(text: &str) -> Vec<Device> {
    let mut devices: Vec<Device> = Vec::new();
    let mut named: Vec<(Option<&str>, Option<&str>)> = Vec::new();
    for line in text.lines() {
        if !line.starts_with(' ') {
            let Some((link, lower, master)) = head(line) else {
                continue;
            };
            devices.push((link, false));
            named.push((lower, master));
            continue;
        }
        let line = line.trim_start();
        let Some((link, is_loopback)) = devices.last_mut() else {
            continue;
        };
        *is_loopback |= line.starts_with("link/loopback");
        link.peer_is_elsewhere |= line.contains(" link-netnsid ");
        let word = line.split_ascii_whitespace().next().unwrap_or_default();
        let is_other = OTHER_LINES.iter().any(|other| word.starts_with(other));
        if link.kind.is_empty() && !is_other && !word.ends_with("_slave") {
            word.clone_into(&mut link.kind);
        }
    }
    let indexes: BTreeMap<String, u32> = devices
        .iter()
        .map(|(link, _)| (link.name.clone(), link.index))
        .collect();
    for ((link, _), (lower, master)) in devices.iter_mut().zip(named) {
        link.master = master.and_then(|name| indexes.get(name)).copied();
        // The index of a device that is in another namespace is printed as `if5`.
        link.peer = lower.and_then(|name| {
            let index = name
                .strip_prefix("if")
                .and_then(|digits| digits.parse().ok());
            indexes.get(name).copied().or(index)
        });
    }
    devices
}

/// `5: qvb1@qvo1: <UP> mtu 1450 master qbr1`: the device, the one it belongs to, and the bridge.
fn head(line: &str) -> Option<(KernelLink, Option<&str>, Option<&str>)> {
    let (index, rest) = line.split_once(": ")?;
    let (name, flags) = rest.split_once(": ")?;
    let (name, lower) = match name.split_once('@') {
        Some((name, lower)) => (name, Some(lower)),
        None => (name, None),
    };
    let link = KernelLink {
        index: index.parse().ok()?,
        name: name.to_owned(),
        ..KernelLink::default()
    };
    let mut words = flags.split_ascii_whitespace();
    words.find(|word| *word == "master");
    Some((link, lower.filter(|lower| *lower != "NONE"), words.next()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of iproute2 6.1.
    const TEXT: &str = "\
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00 promiscuity 0 minmtu 0 maxmtu 0 numtxqueues 1 numrxqueues 1
    inet 127.0.0.1/8 scope host lo
       valid_lft forever preferred_lft forever
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq master ovs-system state UP group default qlen 1000
    link/ether 52:54:00:00:00:01 brd ff:ff:ff:ff:ff:ff promiscuity 1 minmtu 68 maxmtu 65535
    openvswitch_slave numtxqueues 4 numrxqueues 4 gso_max_size 65536 parentbus virtio parentdev virtio0
3: eth0.5@eth0: <BROADCAST,MULTICAST> mtu 1500 qdisc noop state DOWN group default qlen 1000
    link/ether 52:54:00:00:00:01 brd ff:ff:ff:ff:ff:ff promiscuity 0 minmtu 0 maxmtu 65535
    vlan protocol 802.1Q id 5 <REORDER_HDR> numtxqueues 1 numrxqueues 1
4: ovs-system: <BROADCAST,MULTICAST> mtu 1500 qdisc noop state DOWN group default qlen 1000
    link/ether 0a:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff promiscuity 1 minmtu 68 maxmtu 65535
    openvswitch numtxqueues 1 numrxqueues 1
5: qvb1@qvo1: <BROADCAST,MULTICAST,UP> mtu 1450 qdisc noqueue master qbr1 state UP group default qlen 1000
    link/ether 0a:00:00:00:00:02 brd ff:ff:ff:ff:ff:ff promiscuity 1 minmtu 68 maxmtu 65535
    veth
    bridge_slave state forwarding priority 32
6: qvo1@qvb1: <BROADCAST,MULTICAST,UP> mtu 1450 qdisc noqueue state UP group default qlen 1000
    link/ether 0a:00:00:00:00:03 brd ff:ff:ff:ff:ff:ff promiscuity 1
    veth numtxqueues 1
7: qbr1: <BROADCAST,MULTICAST,UP> mtu 1450 qdisc noqueue state UP group default qlen 1000
    link/ether 0a:00:00:00:00:04 brd ff:ff:ff:ff:ff:ff promiscuity 0
    bridge forward_delay 0 hello_time 200
8: tap1@if2: <BROADCAST,MULTICAST,UP> mtu 1450 qdisc noqueue state UP group default qlen 1000
    link/ether 0a:00:00:00:00:05 brd ff:ff:ff:ff:ff:ff link-netnsid 3 promiscuity 0
    veth numtxqueues 1
";

    #[test]
    fn devices_with_their_kinds() {
        let links = links(TEXT);
        let kinds: Vec<&str> = links.iter().map(|link| link.kind.as_str()).collect();
        assert_eq!(
            kinds,
            [
                "",
                "",
                "vlan",
                "openvswitch",
                "veth",
                "veth",
                "bridge",
                "veth"
            ]
        );
        let qvb = &links[4];
        assert_eq!(
            (qvb.peer, qvb.master, qvb.peer_is_elsewhere),
            (Some(6), Some(7), false)
        );
        let tap = &links[7];
        assert_eq!((tap.peer, tap.peer_is_elsewhere), (Some(2), true));
        let hardware = hardware(TEXT);
        let hardware: Vec<&str> = hardware
            .iter()
            .filter(|(_, is)| *is)
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(hardware, ["eth0", "eth0.5"]);
    }

    #[test]
    fn other_text_has_no_devices() {
        for text in ["", "x", "1: ", "a: b: c", "  veth", "1: a@: <>\n  "] {
            let _ = hardware(text);
        }
    }
}

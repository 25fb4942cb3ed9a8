//! The network devices of the host that a switch runs on, and how they are connected. No I/O: they come
//! from the kernel, or from a file that stands for it.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use crate::base::order::sort_by_name;

/// The visible devices of a host.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Devices {
    /// The devices of every network namespace that could be read.
    pub devices: Vec<Device>,
    /// What could not be read, and why.
    pub unseen: Vec<String>,
}

/// A network device.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Device {
    /// Its name, unique in its namespace.
    pub name: String,
    /// Its network namespace; `None`: that of the switch.
    pub netns: Option<String>,
    /// The kernel's word for its kind: `veth`, `bridge`, `tun`, `openvswitch`, …; empty for hardware.
    pub kind: String,
    /// The other end of a veth pair: name and namespace.
    pub peer: Option<(String, Option<String>)>,
    /// The bridge or bond that it is a port of, in its namespace.
    pub master: Option<String>,
    /// Its IP addresses.
    pub addresses: Vec<IpAddr>,
}

impl Devices {
    /// The devices in a file of our own: lines `device NAME [kind=K] [netns=N] [peer=NAME[@NETNS]]
    /// [master=NAME] [address=IP]... [hardware]`, and `unseen WHY`. Other lines are other facts, and skipped.
    pub fn parse(text: &str) -> Devices {
        let mut devices = Devices::default();
        for line in text.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                ["device", name, words @ ..] => {
                    devices.devices.extend(Device::parse(name, words));
                }
                ["unseen", why @ ..] => devices.unseen.push(why.join(" ")),
                _ => {}
            }
        }
        devices
    }

    /// The device of this name: in the switch's namespace, else in any.
    pub fn find(&self, name: &str) -> Option<&Device> {
        let named = |device: &&Device| device.name == name;
        let here = self.devices.iter().filter(named);
        let here = here.clone().find(|device| device.netns.is_none());
        here.or_else(|| self.devices.iter().find(named))
    }

    /// The device of this name in a namespace.
    pub fn find_in(&self, name: &str, netns: Option<&str>) -> Option<&Device> {
        let mut devices = self.devices.iter();
        devices.find(|device| device.name == name && device.netns.as_deref() == netns)
    }

    /// The names of the devices that have this address, in any namespace.
    pub fn with_address(&self, address: IpAddr) -> impl Iterator<Item = &str> {
        let devices = self.devices.iter();
        let devices = devices.filter(move |device| device.addresses.contains(&address));
        devices.map(|device| device.name.as_str())
    }

    /// The names of the switch's ports that a device of this name is connected to, over veth pairs and
    /// Linux bridges. `None`: no device has the name, in any namespace.
    ///
    /// `is_port` returns whether an interface of the switch has a name.
    pub fn ports_before(&self, name: &str, is_port: impl Fn(&str) -> bool) -> Option<Vec<&str>> {
        let mut by_name: HashMap<DeviceKey<'_>, &Device> = HashMap::new();
        let mut by_master: HashMap<DeviceKey<'_>, Vec<&Device>> = HashMap::new();
        for device in &self.devices {
            by_name.insert(device.place(), device);
            if let Some(master) = &device.master {
                let members = by_master.entry((master, device.netns.as_deref()));
                members.or_default().push(device);
            }
        }
        let mut ahead: Vec<&Device> = self.devices.iter().filter(|it| it.name == name).collect();
        if ahead.is_empty() {
            return None;
        }
        let mut seen: HashSet<DeviceKey<'_>> = HashSet::new();
        let mut ports = Vec::new();
        while let Some(device) = ahead.pop() {
            if !seen.insert(device.place()) {
                continue;
            }
            // Of the ports, only those that ovs-vswitchd creates itself may be in another namespace.
            if is_port(&device.name) && (device.netns.is_none() || device.kind == "openvswitch") {
                ports.push(device.name.as_str());
                continue;
            }
            let netns = device.netns.as_deref();
            let peer = device.peer.as_ref();
            let peer = peer.map(|(peer, netns)| (peer.as_str(), netns.as_deref()));
            let master = device.master.as_deref().map(|master| (master, netns));
            let others = peer.into_iter().chain(master);
            ahead.extend(others.filter_map(|place| by_name.get(&place)));
            if JOINS.contains(&device.kind.as_str()) {
                ahead.extend(by_master.get(&device.place()).into_iter().flatten());
            }
        }
        sort_by_name(&mut ports, |name| name);
        ports.dedup();
        Some(ports)
    }

    /// The ports of a Linux bridge or bond, by name.
    pub fn members<'d>(&'d self, master: &str, netns: Option<&str>) -> Vec<&'d Device> {
        let mut members: Vec<&Device> = self
            .devices
            .iter()
            .filter(|device| {
                device.master.as_deref() == Some(master) && device.netns.as_deref() == netns
            })
            .collect();
        sort_by_name(&mut members, |device| &device.name);
        members
    }
}

/// A name and a namespace.
type DeviceKey<'d> = (&'d str, Option<&'d str>);

/// The kinds of devices that pass packets between their members.
const JOINS: [&str; 3] = ["bridge", "bond", "team"];

impl Device {
    fn place(&self) -> DeviceKey<'_> {
        (&self.name, self.netns.as_deref())
    }

    /// The device that the words after its name describe; `None` if a word is malformed.
    pub(super) fn parse(name: &str, words: &[&str]) -> Option<Device> {
        let mut device = Device {
            name: name.to_owned(),
            ..Device::default()
        };
        for word in words {
            match word.split_once('=') {
                Some(("kind", kind)) => kind.clone_into(&mut device.kind),
                Some(("netns", netns)) => device.netns = Some(netns.to_owned()),
                Some(("master", master)) => device.master = Some(master.to_owned()),
                Some(("peer", peer)) => {
                    device.peer = Some(match peer.split_once('@') {
                        Some((peer, netns)) => (peer.to_owned(), Some(netns.to_owned())),
                        None => (peer.to_owned(), None),
                    });
                }
                Some(("address", address)) => device.addresses.push(address.parse().ok()?),
                None if *word == "hardware" => {}
                _ => return None,
            }
        }
        Some(device)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two instances as Neutron's hybrid driver connects them, one over another Linux bridge; a container;
    /// a Linux bridge between two ports; devices connected to no port.
    const HOST: &str = "\
device ovs-system kind=openvswitch
device qvo1 kind=veth peer=qvb1 master=ovs-system
device qvb1 kind=veth peer=qvo1 master=qbr1
device qbr1 kind=bridge
device tap1 kind=tun master=qbr1
device qvo2 kind=veth peer=qvb2 master=ovs-system
device qvb2 kind=veth peer=qvo2 master=qbr2
device qbr2 kind=bridge
device in2 kind=veth peer=out2 master=qbr2
device out2 kind=veth peer=in2 master=far2
device far2 kind=bridge
device tap2 kind=tun master=far2
device pod kind=veth peer=eth0@guest master=ovs-system
device eth0 kind=veth peer=pod netns=guest
device eth0 master=both
device both kind=bridge
device a kind=veth peer=oa master=both
device oa kind=veth peer=a master=ovs-system
device b kind=veth peer=ob master=both
device ob kind=veth peer=b master=ovs-system
device qr kind=openvswitch netns=router
device lonely kind=veth peer=gone
device loop kind=veth peer=loop master=loop
device vrf0 kind=vrf
device v1 kind=veth peer=ov1 master=vrf0
device v2 master=vrf0
device ov1 kind=veth peer=v1 master=ovs-system
";

    #[test]
    fn ports_before_a_device() {
        let devices = Devices::parse(HOST);
        let ports = ["qvo1", "qvo2", "pod", "oa", "ob", "qr", "ov1", "loop1"];
        for (name, expected) in [
            ("tap1", &["qvo1"][..]),
            ("qbr1", &["qvo1"]),
            ("qvb1", &["qvo1"]),
            ("tap2", &["qvo2"]),
            ("out2", &["qvo2"]),
            ("both", &["oa", "ob"]),
            ("a", &["oa", "ob"]),
            // In two namespaces: each leads to its own port.
            ("eth0", &["oa", "ob", "pod"]),
            ("qr", &["qr"]),
            ("lonely", &[]),
            ("loop", &[]),
            ("ovs-system", &[]),
            // The members of a VRF are routed, not bridged.
            ("v2", &[]),
            ("v1", &["ov1"]),
        ] {
            let found = devices.ports_before(name, |name| ports.contains(&name));
            assert_eq!(found.as_deref(), Some(expected), "{name}");
        }
        assert_eq!(devices.ports_before("nowhere", |_| true), None);
    }
}

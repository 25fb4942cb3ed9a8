//! The network devices of the host that a switch runs on, and how they are joined to each other. No I/O:
//! they come from the kernel, or from a file that stands for it.

use super::order::sort_by_name;

/// What could be seen of a host's devices.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Devices {
    /// The devices, of every network namespace that could be looked into.
    pub devices: Vec<Device>,
    /// What could not be looked at, and why.
    pub unseen: Vec<String>,
}

/// A network device.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Device {
    /// Its name, unique in its namespace.
    pub name: String,
    /// Its network namespace; `None`: that of the switch.
    pub netns: Option<String>,
    /// The kernel's word for its kind: `veth`, `bridge`, `tun`, `openvswitch`, …; empty where it has none,
    /// as hardware does.
    pub kind: String,
    /// The other end of a veth pair: name and namespace.
    pub peer: Option<(String, Option<String>)>,
    /// The bridge or bond that it is a port of, in its namespace.
    pub master: Option<String>,
}

impl Devices {
    /// The devices in a file of our own: lines `device NAME [kind=K] [netns=N] [peer=NAME[@NETNS]]
    /// [master=NAME] [hardware]`, and `unseen WHY`. Other lines are other facts, and passed over.
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

impl Device {
    /// The device that the words after its name tell of; `None` where one of them says nothing.
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
                None if *word == "hardware" => {}
                _ => return None,
            }
        }
        Some(device)
    }
}

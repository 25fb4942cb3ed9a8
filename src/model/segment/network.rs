//! Bridges with their ports, and the patches that join them.

use std::collections::{BTreeSet, HashMap};

use super::packet::Tags;
use crate::model::topology::{Bridge, Interface, Port, Topology};
use crate::model::tunnel::Tunnel;
use crate::model::vlan::{Vlan, tags};
use crate::openflow::text::PORT_LOCAL;

/// The bridges of a topology, and those among them whose tags are looked at: the homes.
#[derive(Debug)]
pub struct Network<'t> {
    pub(super) members: Vec<Member<'t>>,
    /// Indices into `members`.
    pub(super) homes: Vec<usize>,
}

/// A bridge.
#[derive(Debug)]
pub(super) struct Member<'t> {
    pub(super) bridge: &'t Bridge,
    pub(super) ports: HashMap<u32, Place<'t>>,
    /// The ports through which packets leave, or may: all but those for guests and for this host.
    pub(super) relays: Vec<u32>,
}

/// An interface that has an OpenFlow number.
#[derive(Debug)]
pub(super) struct Place<'t> {
    pub(super) port: &'t Port,
    pub(super) interface: &'t Interface,
    pub(super) vlan: Vlan,
    pub(super) role: Role<'t>,
}

/// What is behind an interface.
#[derive(Debug)]
pub(super) enum Role<'t> {
    /// This host: the bridge's own port.
    Local,
    /// Another bridge, if there is one.
    Patch(Option<Link>),
    /// Another host.
    Tunnel(Tunnel<'t>),
    /// A device: a wire, or a guest's.
    Wire,
    /// This host, or a guest.
    Inside,
}

/// The far end of a patch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Link {
    pub(super) bridge: usize,
    pub(super) ofport: u32,
    /// Whether both ends name each other; else one only names the other, and nothing passes.
    pub(super) works: bool,
}

impl<'t> Network<'t> {
    /// The network whose homes are `bridge`, or all bridges that have ports with tags.
    pub fn new(topology: &'t Topology, bridge: Option<&str>) -> Network<'t> {
        let links = links(topology);
        let member = |bridge: &'t Bridge| {
            let ports = bridge.interfaces().filter_map(|(port, interface)| {
                let number = interface.port_number()?;
                let role = if number == PORT_LOCAL {
                    Role::Local
                } else if interface.kind() == "patch" {
                    Role::Patch(links.get(interface.name.as_str()).copied())
                } else if let Some(tunnel) = Tunnel::of(bridge, port, interface) {
                    Role::Tunnel(tunnel)
                } else if is_inside(interface.kind()) {
                    Role::Inside
                } else {
                    Role::Wire
                };
                let vlan = Vlan::of(port);
                let place = Place {
                    port,
                    interface,
                    vlan,
                    role,
                };
                Some((number, place))
            });
            let ports: HashMap<u32, Place<'t>> = ports.collect();
            let mut relays: Vec<u32> = ports
                .iter()
                .filter(|(_, place)| !matches!(place.role, Role::Inside))
                .map(|(number, _)| *number)
                .collect();
            relays.sort_unstable();
            Member {
                bridge,
                ports,
                relays,
            }
        };
        let members: Vec<Member<'t>> = topology.bridges.iter().map(member).collect();
        let is_home = |member: &Member<'_>| match bridge {
            Some(name) => member.bridge.name == name,
            None => !tags(member.bridge).is_empty(),
        };
        let homes = (0..)
            .zip(&members)
            .filter(|(_, member)| is_home(member))
            .map(|(index, _)| index)
            .collect();
        Network { members, homes }
    }

    /// The bridges whose flows matter, by name: the homes and what hangs on them by patches.
    pub fn bridges_that_matter(&self) -> Vec<&'t str> {
        let mut reached = BTreeSet::new();
        let mut next: Vec<usize> = self.homes.clone();
        for home in &self.homes {
            next.extend(self.loose_ends(*home).map(|(bridge, _)| bridge));
        }
        while let Some(index) = next.pop() {
            if let (true, Some(member)) = (reached.insert(index), self.members.get(index)) {
                let is_home = self.homes.contains(&index);
                let ways = member.ports.values();
                let ways = ways.filter(|place| !is_home || !place.is_of_one_vlan());
                next.extend(ways.filter_map(|place| match place.role {
                    Role::Patch(link) => Some(link?.bridge),
                    _ => None,
                }));
            }
        }
        let names = reached.iter().filter_map(|index| self.members.get(*index));
        names.map(|member| member.bridge.name.as_str()).collect()
    }

    /// The patch ports of other bridges that lead nowhere, and so may have led to `home`; none where
    /// they may have led elsewhere as well.
    pub(super) fn loose_ends(&self, home: usize) -> impl Iterator<Item = (usize, u32)> {
        let others = |(index, member): &(usize, &Member<'_>)| {
            *index != home && !tags(member.bridge).is_empty()
        };
        let only = !(0..).zip(&self.members).any(|other| others(&other));
        (0..)
            .zip(&self.members)
            .filter(move |(index, _)| only && *index != home)
            .flat_map(|(index, member)| member.dangling().map(move |ofport| (index, ofport)))
    }

    pub(super) fn place(&self, bridge: usize, ofport: u32) -> Option<&Place<'t>> {
        self.members.get(bridge)?.ports.get(&ofport)
    }
}

impl Member<'_> {
    /// Its patch ports that lead nowhere.
    pub(super) fn dangling(&self) -> impl Iterator<Item = u32> {
        self.relays.iter().copied().filter(|number| {
            let place = self.ports.get(number);
            place.is_some_and(|place| {
                matches!(place.role, Role::Patch(None)) && !place.is_of_one_vlan()
            })
        })
    }
}

impl Place<'_> {
    /// Whether it belongs to one VLAN of its bridge. At home it then bears the tag, as a guest's port does, even
    /// a patch (to the bridge of a guest that has VLANs of its own), and is no way out.
    pub(super) fn is_of_one_vlan(&self) -> bool {
        matches!(self.vlan, Vlan::Access { .. } | Vlan::Dot1qTunnel { .. })
    }

    /// The tags that a packet has for the NORMAL action, coming in here; `None` if it is dropped.
    pub(super) fn admit(&self, tags: Tags) -> Option<Tags> {
        let vid = tags.vid();
        let own = self.vlan.tag().and_then(|tag| u16::try_from(tag).ok());
        match (&self.vlan, own) {
            (Vlan::Access { .. }, Some(own)) => (vid == 0).then(|| tags.set(own)),
            (Vlan::NativeTagged { .. } | Vlan::NativeUntagged { .. }, Some(own)) if vid == 0 => {
                Some(tags.set(own))
            }
            (Vlan::Dot1qTunnel { .. }, Some(own)) => Some(tags.push(own)),
            _ => self.vlan.carries(vid.into()).then_some(tags),
        }
    }

    /// The tags that a packet bears when the NORMAL action has sent it here; `None` if it does not.
    pub(super) fn release(&self, tags: Tags) -> Option<Tags> {
        let vid = i64::from(tags.vid());
        if !self.vlan.carries(vid) {
            return None;
        }
        Some(match self.vlan {
            Vlan::Access { .. } | Vlan::Dot1qTunnel { .. } => tags.pop(),
            Vlan::NativeUntagged { tag, .. } if tag == vid => tags.pop(),
            _ => tags,
        })
    }
}

/// Whether what is behind an interface of this type is on this host.
fn is_inside(kind: &str) -> bool {
    matches!(kind, "internal" | "tap") || kind.starts_with("dpdkvhostuser")
}

/// The far end of each patch port: the port that it names, else the one that names it.
fn links(topology: &Topology) -> HashMap<&str, Link> {
    struct End<'t> {
        bridge: usize,
        ofport: Option<u32>,
        peer: Option<&'t str>,
    }
    let mut ends: HashMap<&str, End<'_>> = HashMap::new();
    let mut named_by: HashMap<&str, &str> = HashMap::new();
    for (index, bridge) in topology.bridges.iter().enumerate() {
        for (_, interface) in bridge.interfaces() {
            if interface.kind() != "patch" {
                continue;
            }
            let peer = interface.peer();
            let end = End {
                bridge: index,
                ofport: interface.port_number(),
                peer,
            };
            ends.insert(&interface.name, end);
            if let Some(peer) = peer {
                named_by.entry(peer).or_insert(&interface.name);
            }
        }
    }
    let link = |(name, end): (&&'_ str, &End<'_>)| {
        let named = end.peer.filter(|peer| ends.contains_key(peer));
        let far_name = named.or_else(|| named_by.get(name).copied())?;
        let far = ends.get(far_name)?;
        let works = end.peer == Some(far_name) && far.peer == Some(*name);
        Some(Link {
            bridge: far.bridge,
            ofport: far.ofport?,
            works: works && far.bridge != end.bridge,
        })
    };
    let linked = ends.iter().filter_map(|end| Some((*end.0, link(end)?)));
    linked.collect()
}

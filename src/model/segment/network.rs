//! Bridges with their ports, and the patches that join them.

use std::collections::{BTreeSet, HashMap};

use super::packet::Tags;
use crate::model::topology::{Bridge, Interface, Port, Topology};
use crate::model::tunnel::Tunnel;
use crate::model::vlan::{Vlan, tags};
use crate::openflow::text::PORT_LOCAL;

/// The bridges of a topology, and those whose tags are examined: the homes.
#[derive(Debug)]
pub struct Network<'t> {
    pub(super) members: Vec<Member<'t>>,
    /// Indices into `members`.
    pub(super) homes: Vec<usize>,
    /// The number of VLAN tags that the switch parses.
    pub(super) vlan_limit: usize,
}

/// A bridge.
#[derive(Debug)]
pub(super) struct Member<'t> {
    pub(super) bridge: &'t Bridge,
    pub(super) ports: HashMap<u32, NetworkPort<'t>>,
    /// The ports through which packets leave, or may leave: all but those of guests and of this host.
    pub(super) relays: Vec<u32>,
    /// The ports that have each VLAN as their own tag.
    pub(super) bearers: HashMap<u16, Vec<u32>>,
    /// The ports of guests that send tagged packets.
    pub(super) guest_trunks: Vec<u32>,
    /// Whether the NORMAL action drops frames to the addresses reserved by IEEE 802.1D.
    pub(super) drops_reserved: bool,
}

/// An interface with an OpenFlow port number.
#[derive(Debug)]
pub(super) struct NetworkPort<'t> {
    pub(super) port: &'t Port,
    pub(super) interface: &'t Interface,
    pub(super) vlan: Vlan,
    pub(super) role: InterfaceRole<'t>,
    /// Whether packets can leave, according to the database; `None`: unknown.
    pub(super) is_live: Option<bool>,
    /// Whether it is a mirror output port: no other packets are sent there.
    pub(super) is_mirror_output: bool,
}

/// What is behind an interface.
#[derive(Debug)]
pub(super) enum InterfaceRole<'t> {
    /// This host: the bridge's own port.
    Local,
    /// Another bridge; `None` if the peer does not exist.
    Patch(Option<PatchPeer>),
    /// Another host.
    Tunnel(Tunnel<'t>),
    /// A device: a wire, or a guest's that is not recognized as such.
    Wire,
    /// This host, or a guest.
    Inside,
}

/// The far end of a patch.
#[derive(Debug, Clone, Copy)]
pub(super) struct PatchPeer {
    pub(super) bridge: usize,
    pub(super) ofport: u32,
    /// Whether both ends name each other; if only one does, no packets pass.
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
                    InterfaceRole::Local
                } else if interface.kind() == "patch" {
                    InterfaceRole::Patch(links.get(interface.name.as_str()).copied())
                } else if let Some(tunnel) = Tunnel::of(bridge, port, interface) {
                    InterfaceRole::Tunnel(tunnel)
                } else if interface.is_inside() {
                    InterfaceRole::Inside
                } else {
                    InterfaceRole::Wire
                };
                let vlan = Vlan::of(port);
                let place = NetworkPort {
                    port,
                    interface,
                    vlan,
                    role,
                    is_live: is_live(interface),
                    is_mirror_output: bridge
                        .mirrors
                        .iter()
                        .any(|mirror| mirror.output_port == Some(port.uuid)),
                };
                Some((number, place))
            });
            let ports: HashMap<u32, NetworkPort<'t>> = ports.collect();
            let mut bearers: HashMap<u16, Vec<u32>> = HashMap::new();
            for (number, place) in &ports {
                if let Some(tag) = place.tag() {
                    bearers.entry(tag).or_default().push(*number);
                }
            }
            let guest_trunks = ports.iter().filter(|(_, place)| place.is_guest_trunk());
            let guest_trunks = guest_trunks.map(|(number, _)| *number).collect();
            let forward_bpdu = bridge.other_config.get("forward-bpdu");
            let mut relays: Vec<u32> = ports
                .iter()
                .filter(|(_, place)| !matches!(place.role, InterfaceRole::Inside))
                .map(|(number, _)| *number)
                .collect();
            relays.sort_unstable();
            Member {
                bridge,
                ports,
                relays,
                bearers,
                guest_trunks,
                drops_reserved: forward_bpdu.is_none_or(|word| word != "true"),
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
        // 0 means the maximum that the switch supports; the default is one.
        let limit = topology.ovs.other_config.get("vlan-limit");
        let vlan_limit = match limit.map(|limit| limit.parse()) {
            Some(Ok(0)) => usize::MAX,
            Some(Ok(limit)) => limit,
            _ => 1,
        };
        Network {
            members,
            homes,
            vlan_limit,
        }
    }

    /// The names of the bridges whose flows are needed: the homes and those connected to them by patches.
    pub fn bridges_that_matter(&self) -> Vec<&'t str> {
        let mut reached = BTreeSet::new();
        let mut next: Vec<usize> = self.homes.clone();
        for home in &self.homes {
            next.extend(self.loose_ends(*home).map(|(bridge, _)| bridge));
        }
        while let Some(index) = next.pop() {
            if let (true, Some(member)) = (reached.insert(index), self.members.get(index)) {
                let ways = member.ports.values();
                next.extend(ways.filter_map(|place| match place.role {
                    InterfaceRole::Patch(link) => Some(link?.bridge),
                    _ => None,
                }));
            }
        }
        let names = reached.iter().filter_map(|index| self.members.get(*index));
        names.map(|member| member.bridge.name.as_str()).collect()
    }

    /// The patch ports of other bridges whose peer does not exist, and that may have led to `home`; empty if
    /// they may also have led to another bridge.
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

    pub(super) fn place(&self, bridge: usize, ofport: u32) -> Option<&NetworkPort<'t>> {
        self.members.get(bridge)?.ports.get(&ofport)
    }
}

impl Member<'_> {
    /// Whether a port is live; `None`: unknown.
    pub(super) fn is_live(&self, ofport: u32) -> Option<bool> {
        self.ports
            .get(&ofport)
            .map_or(Some(false), |port| port.is_live)
    }

    /// Its patch ports whose peer does not exist.
    pub(super) fn dangling(&self) -> impl Iterator<Item = u32> {
        self.relays.iter().copied().filter(|number| {
            let place = self.ports.get(number);
            place.is_some_and(|place| {
                matches!(place.role, InterfaceRole::Patch(None)) && !place.is_of_one_vlan()
            })
        })
    }
}

impl NetworkPort<'_> {
    /// The VLAN of untagged packets received on it.
    pub(super) fn tag(&self) -> Option<u16> {
        self.vlan.tag().and_then(|tag| u16::try_from(tag).ok())
    }

    /// Whether it belongs to one VLAN of its bridge, and so is not a wire of it: on a home, a port of a guest
    /// or of this host.
    pub(super) fn is_of_one_vlan(&self) -> bool {
        matches!(self.vlan, Vlan::Access { .. } | Vlan::Dot1qTunnel { .. })
    }

    /// The VLANs that it carries tagged; `None`: none, or all.
    pub(super) fn trunks(&self) -> Option<&[i64]> {
        match &self.vlan {
            Vlan::Trunk { trunks }
            | Vlan::NativeTagged { trunks, .. }
            | Vlan::NativeUntagged { trunks, .. } => Some(trunks),
            _ => None,
        }
    }

    /// Whether it belongs to a guest that sends tagged packets.
    pub(super) fn is_guest_trunk(&self) -> bool {
        matches!(self.role, InterfaceRole::Inside) && !self.is_of_one_vlan()
    }

    /// The tags, for the NORMAL action, of a packet received on it; `None` if it is dropped.
    pub(super) fn admit(&self, tags: Tags) -> Option<Tags> {
        let vid = tags.vid();
        match (&self.vlan, self.tag()) {
            (Vlan::Access { .. }, Some(own)) => (vid == 0).then(|| Tags::one(own)),
            (Vlan::NativeTagged { .. } | Vlan::NativeUntagged { .. }, Some(own)) if vid == 0 => {
                Some(tags.set(own))
            }
            (Vlan::Dot1qTunnel { cvlans, .. }, Some(own)) => {
                let passes = cvlans.is_empty() || cvlans.contains(&vid.into());
                passes.then(|| tags.push(own))
            }
            _ => self.vlan.carries(vid.into()).then_some(tags),
        }
    }

    /// The tags of a packet that the NORMAL action sends to it; `None` if it is not sent.
    pub(super) fn release(&self, tags: Tags) -> Option<Tags> {
        let vid = i64::from(tags.vid());
        if !self.vlan.carries(vid) || self.is_mirror_output {
            return None;
        }
        let inner = i64::from(tags.inner.unwrap_or(0));
        let tags = match &self.vlan {
            Vlan::Access { .. } if inner != 0 => return None,
            Vlan::Access { .. } => Tags::NONE,
            Vlan::Dot1qTunnel { cvlans, .. } if !cvlans.is_empty() && !cvlans.contains(&inner) => {
                return None;
            }
            Vlan::Dot1qTunnel { .. } => tags.pop(),
            Vlan::NativeUntagged { tag, .. } if *tag == vid => tags.pop(),
            _ => tags,
        };
        // A tag with VLAN 0 is removed.
        Some(if tags.outer == Some(0) {
            Tags::NONE
        } else {
            tags
        })
    }
}

pub(super) fn is_of_guest(bridge: &Bridge, port: &Port) -> bool {
    if port.interfaces.iter().any(|it| it.kind() == "patch") {
        return false;
    }
    let has_one_vlan = matches!(
        Vlan::of(port),
        Vlan::Access { .. } | Vlan::Dot1qTunnel { .. }
    );
    has_one_vlan || port.name != bridge.name && port.interfaces.iter().any(Interface::is_inside)
}

/// Whether packets can leave: the criterion of ovs-vswitchd for the buckets of groups.
fn is_live(interface: &Interface) -> Option<bool> {
    match interface.link_state.as_deref() {
        Some("down") => Some(false),
        Some("up") => Some(true),
        _ => None,
    }
}

/// The peer of each patch port: the port that it names, else the one that names it.
fn links(topology: &Topology) -> HashMap<&str, PatchPeer> {
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
        Some(PatchPeer {
            bridge: far.bridge,
            ofport: far.ofport?,
            works: works && far.bridge != end.bridge,
        })
    };
    let linked = ends.iter().filter_map(|end| Some((*end.0, link(end)?)));
    linked.collect()
}

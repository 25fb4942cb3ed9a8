//! Outputs of a walk: the NORMAL action, floods, groups, ports, and what is behind them.

use super::class::row;
use super::network::{InterfaceRole, NetworkPort};
use super::packet::{Doubt, ETH_TYPE_VLAN, Packet};
use super::rules::GroupKind;
use super::steps::in_order;
use super::walk::{Arrival, Crossing, Exit, MAX_DEPTH, Next, Walk};
use super::way::Way;
use crate::openflow::fields::Id;
use crate::openflow::text::{PORT_ANY, PORT_LOCAL};

impl<'w, 't> Walk<'w, 't> {
    /// A group that does not exist ends the list of actions.
    pub(super) fn group(
        &mut self,
        number: u32,
        table: u8,
        way: &Way<'w>,
        depth: usize,
    ) -> Option<Next> {
        let bridge = way.packet.bridge;
        let pipeline = self.pipeline(bridge)?;
        let Some(groups) = &pipeline.groups else {
            self.doubts.insert(Doubt::Groups);
            return Some(Next::Step);
        };
        let Some(group) = groups.get(&number) else {
            return Some(Next::Return);
        };
        if depth >= MAX_DEPTH {
            self.doubts.insert(Doubt::Loop);
            return Some(Next::Step);
        }
        for bucket in &group.buckets {
            let live = bucket.watch.is_live(
                |port| self.is_live(bridge, port),
                |group| pipeline.is_group_live(group),
            );
            if live == Some(false) {
                continue;
            }
            let mut copy = way.clone();
            if live.is_none() {
                copy.packet.doubt(Doubt::Liveness);
            }
            let list = in_order(bucket.steps.iter());
            self.steps(&list, table, copy, depth.saturating_add(1));
            if group.kind == GroupKind::FastFailover && live == Some(true) {
                break;
            }
        }
        Some(Next::Step)
    }

    pub(super) fn is_live(&self, bridge: usize, ofport: u32) -> Option<bool> {
        self.network.members.get(bridge)?.is_live(ofport)
    }

    /// The NORMAL action. No addresses are learned: the packet goes to all ports of the VLAN.
    pub(super) fn switch(&mut self, way: &Way<'w>, depth: usize) {
        let packet = &way.packet;
        let network = self.network;
        let Some(member) = network.members.get(packet.bridge) else {
            return;
        };
        let from = member.ports.get(&packet.in_port);
        let tags = match from {
            Some(place) if place.is_mirror_output => None,
            Some(place) => place.admit(packet.tags),
            None => (packet.in_port == PORT_ANY).then_some(packet.tags),
        };
        let Some(tags) = tags else {
            return;
        };
        // A tag that the switch has not parsed, and that is now the outer one.
        let eth_type = packet.contents.value(row(Id::ETH_TYPE), u16::MAX.into());
        if packet.tags.outer.is_none() && eth_type == Some(ETH_TYPE_VLAN) {
            return;
        }
        let mut way = way.clone();
        if member.drops_reserved
            && let Some(pipeline) = self.pipeline(way.packet.bridge)
        {
            way.leave(vec![vec![&pipeline.reserved]]);
            if !way.is_possible(self.budget) {
                return;
            }
        }
        let same_port =
            |place: &NetworkPort<'t>| from.is_some_and(|from| from.port.name == place.port.name);
        let at_home = way.packet.bridge == self.home;
        if at_home && !self.watched.is_empty() {
            for ofport in self.watched.clone() {
                let place = member.ports.get(&ofport).filter(|place| !same_port(place));
                if let Some(tags) = place.and_then(|place| place.release(tags)) {
                    self.arrive(&way.packet, tags.vid());
                }
            }
        } else if at_home {
            let bearers = member.bearers.get(&tags.vid());
            let guests = &member.guest_trunks;
            let gets = |ofport: &u32| {
                let place = member.ports.get(ofport);
                place.is_some_and(|place| !same_port(place) && place.release(tags).is_some())
            };
            if bearers.into_iter().flatten().chain(guests).any(gets) {
                self.arrive(&way.packet, tags.vid());
            }
        }
        for relay in &member.relays {
            let Some(place) = member.ports.get(relay) else {
                continue;
            };
            if let (Some(tags), false) = (place.release(tags), same_port(place)) {
                let mut copy = way.clone();
                copy.packet.tags = tags;
                self.send(&copy, *relay, depth);
            }
        }
    }

    /// Sends to all ports except the input port, whatever the VLAN.
    pub(super) fn flood(&mut self, way: &Way<'w>, depth: usize) {
        let Some(member) = self.network.members.get(way.packet.bridge) else {
            return;
        };
        let at_home = way.packet.bridge == self.home;
        if at_home
            && self
                .watched
                .iter()
                .any(|ofport| *ofport != way.packet.in_port)
        {
            self.arrive(&way.packet, way.packet.tags.vid());
        }
        if at_home && self.watched.is_empty() {
            for (vid, bearers) in &member.bearers {
                if bearers.iter().any(|ofport| *ofport != way.packet.in_port) {
                    self.arrive(&way.packet, *vid);
                }
            }
            let mut guests = member.guest_trunks.iter();
            if guests.any(|ofport| *ofport != way.packet.in_port) {
                self.arrive(&way.packet, way.packet.tags.vid());
            }
        }
        for relay in &member.relays {
            if *relay != way.packet.in_port {
                self.send(way, *relay, depth);
            }
        }
    }

    fn arrive(&mut self, packet: &Packet<'w>, vid: u16) {
        self.arrivals.insert(Arrival {
            vid,
            trail: packet.trail,
        });
    }

    /// Sends to a port without changing the packet.
    pub(super) fn send(&mut self, way: &Way<'w>, ofport: u32, depth: usize) {
        let network = self.network;
        let packet = &way.packet;
        let Some(place) = network.place(packet.bridge, ofport) else {
            return;
        };
        let at_home = packet.bridge == self.home;
        if at_home && self.watched.contains(&ofport) {
            self.arrive(packet, packet.tags.vid());
        } else if at_home && self.watched.is_empty() {
            match place.tag() {
                Some(vid) => self.arrive(packet, vid),
                None if place.is_guest_trunk() => self.arrive(packet, packet.tags.vid()),
                None => {}
            }
        }
        let leaves = match &place.role {
            InterfaceRole::Patch(None) | InterfaceRole::Inside => false,
            InterfaceRole::Patch(Some(link)) => {
                let crossing = Crossing {
                    from: (packet.bridge, ofport),
                    to: (link.bridge, link.ofport),
                    tags: packet.tags,
                };
                // The same packet at the same place would be sent forever.
                if self.route.contains(&crossing) {
                    self.doubts.insert(Doubt::Loop);
                    return;
                }
                self.hops.insert(crossing);
                let contents = packet.contents.through_patch();
                let mut there = Packet::new(link.bridge, link.ofport, packet.tags, contents);
                there.trail = packet.trail;
                there.trail.broken |= !link.works;
                there.trail.through = match packet.trail.through {
                    None if link.bridge == self.home => Some(link.ofport),
                    None if at_home => Some(ofport),
                    through => through,
                };
                self.route.push(crossing);
                let way = Way {
                    packet: there,
                    ..way.clone()
                };
                self.bridge(way, depth.saturating_add(1));
                self.route.pop();
                false
            }
            InterfaceRole::Tunnel(_) => true,
            InterfaceRole::Wire => !at_home || !place.is_of_one_vlan(),
            // This host receives packets untagged, as a router does, of every VLAN.
            InterfaceRole::Local => !at_home && ofport == PORT_LOCAL && packet.tags.vid() == 0,
        };
        if leaves {
            let key = packet.contents.value(row(Id::TUN_ID), u64::MAX.into());
            let exit = Exit {
                bridge: packet.bridge,
                ofport,
                tags: packet.tags,
                tun_id: key.map(|key| key as u64),
                trail: packet.trail,
            };
            let route = &self.route;
            self.exits.entry(exit).or_insert_with(|| route.clone());
        }
    }
}

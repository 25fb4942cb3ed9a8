//! The ways of one packet through the flows of the bridges: every place that it may come to.
//!
//! What is not known of the packet (addresses, connection state) may be anything: a flow that matches
//! on it is followed, and so is what comes after it.

use std::collections::{BTreeSet, HashMap};

use super::network::{Network, Place, Role};
use super::packet::{Packet, Tags};
use super::pipeline::Pipeline;
use super::rules::Step;
use crate::openflow::text::PORT_LOCAL;

/// How deep tables and bridges may be nested; ovs-vswitchd has the same limit.
const DEEPEST: usize = 64;

/// How many times one walk looks packets up. What a real controller writes needs a few for each port.
const MOST_LOOK_UPS: usize = 1 << 18;

/// How many outcomes of one table are told apart.
const MOST_OUTCOMES: usize = 32;

/// Which way a packet goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heading {
    /// From the home bridge.
    Out,
    /// To the home bridge, where it stays.
    In,
}

/// A walk and what it came to.
pub(super) struct Walk<'w, 't> {
    network: &'w Network<'t>,
    pipelines: &'w [Option<Pipeline>],
    home: usize,
    heading: Heading,
    seen: HashMap<(u32, u8, Packet), Vec<Packet>>,
    /// Where it left the network.
    pub(super) exits: BTreeSet<Exit>,
    /// The VLANs of the home bridge that it came to.
    pub(super) arrivals: BTreeSet<Arrival>,
    /// The patches that it passed.
    pub(super) hops: BTreeSet<Crossing>,
}

/// A packet at a patch: where it left one bridge, with which tags, and where it came to the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Crossing {
    pub(super) from: (usize, u32),
    pub(super) to: (usize, u32),
    pub(super) tags: Tags,
}

/// A packet at a port where it leaves the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Exit {
    pub(super) bridge: usize,
    pub(super) ofport: u32,
    pub(super) tags: Tags,
    pub(super) tun_id: u64,
    pub(super) through: Option<u32>,
    pub(super) broken: bool,
}

/// A packet in a VLAN of the home bridge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Arrival {
    pub(super) vid: u16,
    pub(super) through: Option<u32>,
    pub(super) broken: bool,
}

impl<'w, 't> Walk<'w, 't> {
    /// Follows `packet` from the first table of the bridge where it is.
    pub(super) fn of(
        packet: Packet,
        heading: Heading,
        network: &'w Network<'t>,
        pipelines: &'w [Option<Pipeline>],
        home: usize,
    ) -> Walk<'w, 't> {
        let mut walk = Walk {
            network,
            pipelines,
            home,
            heading,
            seen: HashMap::new(),
            exits: BTreeSet::new(),
            arrivals: BTreeSet::new(),
            hops: BTreeSet::new(),
        };
        walk.table(packet.in_port, 0, packet, 0);
        walk
    }

    /// Looks the packet up as from `in_port`; what may have become of it afterwards.
    fn table(&mut self, in_port: u32, table: u8, packet: Packet, depth: usize) -> Vec<Packet> {
        let key = (in_port, table, packet);
        if let Some(after) = self.seen.get(&key) {
            return after.clone();
        }
        // A loop comes to nothing new.
        self.seen.insert(key, Vec::new());
        let pipelines = self.pipelines;
        let Some(Some(pipeline)) = pipelines.get(packet.bridge) else {
            return Vec::new();
        };
        let mut after = Vec::new();
        if depth < DEEPEST && self.seen.len() < MOST_LOOK_UPS {
            let (rules, missed) = pipeline.meets(table, &Packet { in_port, ..packet });
            for rule in rules {
                for packet in self.steps(&rule.steps, table, packet, depth) {
                    add(&mut after, packet);
                }
            }
            if missed {
                add(&mut after, packet);
            }
        }
        self.seen.insert(key, after.clone());
        after
    }

    fn steps(&mut self, steps: &[Step], table: u8, packet: Packet, depth: usize) -> Vec<Packet> {
        let mut packets = vec![packet];
        for step in steps {
            let mut after = Vec::new();
            for packet in packets {
                self.step(step, table, packet, depth, &mut after);
            }
            packets = after;
        }
        packets
    }

    /// Does one step; what goes on to the next is added to `after`.
    fn step(
        &mut self,
        step: &Step,
        table: u8,
        mut packet: Packet,
        depth: usize,
        after: &mut Vec<Packet>,
    ) {
        match step {
            Step::Push => packet.tags = packet.tags.push(0),
            Step::PushFirst if packet.tags.outer.is_none() => packet.tags = packet.tags.push(0),
            Step::Pop => packet.tags = packet.tags.pop(),
            Step::SetVid(vid) => packet.tags = packet.tags.set(*vid),
            Step::Retag(vid) if packet.tags.outer.is_some() => packet.tags = packet.tags.set(*vid),
            Step::PushFirst | Step::Retag(_) => {}
            Step::Tci { value, mask } => packet.tags = packet.tags.set_tci(*value, *mask),
            Step::TunId { value, mask } => packet.tun_id = packet.tun_id & !mask | value & mask,
            Step::Register { slot, value, mask } => packet.registers.set(*slot, *value, *mask),
            Step::Forget { slot } => packet.registers.forget(*slot),
            Step::InPort(port) => packet.in_port = *port,
            Step::Output(port) if *port == packet.in_port => {}
            Step::Output(port) => self.send(packet, *port, depth),
            Step::Back => self.send(packet, packet.in_port, depth),
            Step::Normal => self.switch(packet, depth),
            Step::Flood => self.flood(packet, depth),
            Step::Resubmit { in_port, table: to } => {
                let in_port = in_port.unwrap_or(packet.in_port);
                for packet in self.table(in_port, to.unwrap_or(table), packet, depth + 1) {
                    add(after, packet);
                }
                return;
            }
            Step::Branch(steps) => {
                self.steps(steps, table, packet, depth + 1);
            }
            Step::Stop => return,
        }
        add(after, packet);
    }

    /// The NORMAL action. Nothing is learned yet: it goes to all ports of the VLAN.
    fn switch(&mut self, packet: Packet, depth: usize) {
        let network = self.network;
        let Some(member) = network.members.get(packet.bridge) else {
            return;
        };
        let tags = match member.ports.get(&packet.in_port) {
            Some(place) => place.admit(packet.tags),
            None => Some(packet.tags),
        };
        let Some(tags) = tags else {
            return;
        };
        if self.is_at_its_end(&packet) {
            self.arrive(&packet, tags.vid());
            return;
        }
        for relay in &member.relays {
            let tags = member
                .ports
                .get(relay)
                .and_then(|place| place.release(tags));
            if let (Some(tags), true) = (tags, *relay != packet.in_port) {
                self.send(Packet { tags, ..packet }, *relay, depth);
            }
        }
    }

    /// All ports but the one where it came in, whatever the VLAN.
    fn flood(&mut self, packet: Packet, depth: usize) {
        let network = self.network;
        if self.is_at_its_end(&packet) {
            self.arrive(&packet, packet.tags.vid());
            return;
        }
        let member = network.members.get(packet.bridge);
        for relay in member.iter().flat_map(|member| &member.relays) {
            if *relay != packet.in_port {
                self.send(packet, *relay, depth);
            }
        }
    }

    fn is_at_its_end(&self, packet: &Packet) -> bool {
        self.heading == Heading::In && packet.bridge == self.home
    }

    fn arrive(&mut self, packet: &Packet, vid: u16) {
        self.arrivals.insert(Arrival {
            vid,
            through: packet.through,
            broken: packet.broken,
        });
    }

    /// Out of a port, as it is.
    fn send(&mut self, packet: Packet, ofport: u32, depth: usize) {
        let Some(place) = self.network.place(packet.bridge, ofport) else {
            return;
        };
        let at_home = packet.bridge == self.home;
        if self.is_at_its_end(&packet) {
            if let Some(vid) = place.vlan.tag().and_then(|tag| u16::try_from(tag).ok()) {
                self.arrive(&packet, vid);
            }
            return;
        }
        let leaves = match &place.role {
            Role::Patch(None) | Role::Inside => false,
            Role::Patch(Some(link)) => {
                let comes_home = link.bridge == self.home;
                let far = self.network.place(link.bridge, link.ofport);
                let is_guest = at_home && place.is_of_one_vlan()
                    || comes_home && far.is_some_and(Place::is_of_one_vlan);
                if is_guest || comes_home && self.heading == Heading::Out {
                    return;
                }
                self.hops.insert(Crossing {
                    from: (packet.bridge, ofport),
                    to: (link.bridge, link.ofport),
                    tags: packet.tags,
                });
                let mut there = Packet::new(link.bridge, link.ofport, packet.tags, 0);
                there.broken = packet.broken || !link.works;
                there.through = match packet.through {
                    None if comes_home => Some(link.ofport),
                    None if at_home => Some(ofport),
                    through => through,
                };
                self.table(there.in_port, 0, there, depth + 1);
                false
            }
            Role::Tunnel(_) => true,
            Role::Wire => !at_home || !place.is_of_one_vlan(),
            // This host takes part untagged, as a router does; it sees every VLAN.
            Role::Local => !at_home && ofport == PORT_LOCAL && packet.tags.vid() == 0,
        };
        if leaves && self.heading == Heading::Out {
            self.exits.insert(Exit {
                bridge: packet.bridge,
                ofport,
                tags: packet.tags,
                tun_id: packet.tun_id,
                through: packet.through,
                broken: packet.broken,
            });
        }
    }
}

fn add(packets: &mut Vec<Packet>, packet: Packet) {
    if packets.len() < MOST_OUTCOMES && !packets.contains(&packet) {
        packets.push(packet);
    }
}

//! The walks from and to one bridge, and their results for its tags.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::class::row;
use super::finding::{Outside, TagFinding, fixed, on_wire, outside};
use super::network::{InterfaceRole, Member, Network, NetworkPort};
use super::packet::{Doubt, ETH_TYPE_VLAN, Packet, Tags};
use super::pipeline::Pipeline;
use super::rules::arriving;
use super::walk::{Crossing, Walk};
use crate::model::budget::Budget;
use crate::model::topology::{Interface, Port};
use crate::model::tunnel::Key;
use crate::model::vlan::{Vlan, tags};
use crate::openflow::fields::Id;
use crate::openflow::text::PORT_ANY;

/// If a bridge has more kinds of wires than this, they are guests' ports, and not every tag is tried.
const MAX_KINDS: usize = 64;

/// Maximum number of VLANs tried only because a trunk carries them.
const MAX_TRUNKS: usize = 64;

/// Maximum number of flows followed from and to one bridge.
const MAX_FLOWS: usize = 1 << 19;

/// The results for one bridge's tags.
pub(super) struct Survey<'w, 't> {
    pub(super) network: &'w Network<'t>,
    pipelines: &'w [Option<Pipeline>],
    pub(super) home: usize,
    pub(super) member: &'w Member<'t>,
    pub(super) tags: BTreeMap<i64, Vec<&'t Port>>,
    /// The port that is examined, if it is only one.
    pub(super) focus: Option<Focus>,
    pub(super) found: BTreeMap<(i64, Outside<'t>), TagFinding>,
    /// The tags and tunnel keys with which packets leave each port.
    left: HashMap<(usize, u32), BTreeSet<(Tags, u64)>>,
    /// Patch ports of the bridge without a peer, for which no flow shows what was behind them.
    pub(super) silent: Vec<u32>,
    /// Patch ports of other bridges without a peer, whose flows refer to tags of this one.
    pub(super) loose: BTreeSet<(usize, u32)>,
    /// The patches that packets of each tag pass on their way out.
    pub(super) hops: BTreeMap<i64, BTreeSet<Crossing>>,
    /// The reason why a tag may have more segments than were found.
    pub(super) doubts: BTreeMap<i64, Doubt>,
    /// The reason why packets may enter with tags for which none was found to enter.
    pub(super) inward_doubt: Option<Doubt>,
    /// The number of flows followed.
    flows: usize,
    budget: &'w Budget,
}

/// A port that is examined alone: the numbers of its interfaces.
pub(super) struct Focus {
    numbers: Vec<u32>,
    /// Whether packets keep the tags that they are examined with: the port adds none.
    is_trunk: bool,
}

/// The direction of packets at a wire or tunnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PacketDirection {
    Out,
    In,
    /// Inwards, with a VLAN or key that no flow names.
    InUnnamed,
}

/// A set of ports that flows and the NORMAL action treat alike.
struct AlikePorts<'p, 't> {
    place: &'p NetworkPort<'t>,
    signature: u64,
    ports: Vec<u32>,
}

impl<'w, 't> Survey<'w, 't> {
    /// Walks all paths from and to `home`; only those of one port, if it is given.
    pub(super) fn of(
        network: &'w Network<'t>,
        pipelines: &'w [Option<Pipeline>],
        home: usize,
        port: Option<&'t Port>,
        budget: &'w Budget,
    ) -> Option<Survey<'w, 't>> {
        let member = network.members.get(home)?;
        let mut survey = Survey {
            network,
            pipelines,
            home,
            member,
            tags: tags(member.bridge),
            focus: None,
            found: BTreeMap::new(),
            left: HashMap::new(),
            silent: Vec::new(),
            loose: BTreeSet::new(),
            hops: BTreeMap::new(),
            doubts: BTreeMap::new(),
            inward_doubt: None,
            flows: 0,
            budget,
        };
        let own = survey
            .tags
            .keys()
            .filter_map(|tag| u16::try_from(*tag).ok());
        let mut vids: BTreeSet<u16> = own.collect();
        for pipeline in pipelines.iter().flatten() {
            vids.extend(&pipeline.vids);
        }
        for member in &network.members {
            vids.extend(member.bearers.keys());
            // Each VLAN of a short trunk is tried; of longer lists those that flows name.
            let trunks = member.ports.values().filter_map(|place| place.trunks());
            let short = trunks.filter(|trunks| trunks.len() <= MAX_TRUNKS).flatten();
            vids.extend(short.filter_map(|vid| u16::try_from(*vid).ok()));
        }
        if let Some(port) = port {
            survey.look_at(port, &vids);
        }
        let tags: Vec<u16> = survey
            .tags
            .keys()
            .filter_map(|tag| u16::try_from(*tag).ok())
            .collect();
        for tag in tags {
            survey.out_of(tag);
        }
        for index in 0..network.members.len() {
            survey.in_from(index, &vids);
        }
        survey.in_from_nowhere(&vids);
        Some(survey)
    }

    /// Restricts the survey to one port: its tag, or every VLAN that it may carry.
    fn look_at(&mut self, port: &'t Port, vids: &BTreeSet<u16>) {
        let numbers: Vec<u32> = port
            .interfaces
            .iter()
            .filter_map(Interface::port_number)
            .collect();
        let places = numbers
            .iter()
            .filter_map(|number| self.member.ports.get(number));
        let is_trunk = !places.clone().any(NetworkPort::is_of_one_vlan);
        self.tags = match places.clone().find_map(NetworkPort::tag) {
            Some(tag) if !is_trunk => BTreeMap::from([(tag.into(), vec![port])]),
            _ => {
                // The native VLAN leaves untagged, and is examined as 0.
                let own = places.clone().find_map(|place| match &place.vlan {
                    Vlan::NativeUntagged { .. } => place.tag(),
                    _ => None,
                });
                let carried = |vid: &&u16| {
                    **vid != 0
                        && own != Some(**vid)
                        && places.clone().any(|it| it.vlan.carries((**vid).into()))
                };
                let vids = vids.iter().filter(carried).map(|vid| i64::from(*vid));
                [0].into_iter()
                    .chain(vids)
                    .map(|vid| (vid, vec![port]))
                    .collect()
            }
        };
        self.focus = Some(Focus { numbers, is_trunk });
    }

    fn walk(&mut self, bridge: usize, in_port: u32, tags: Tags, tun_id: u64) -> Walk<'w, 't> {
        let mut tags = tags;
        let mut contents = arriving(tun_id);
        if tags.inner.is_some() && self.network.vlan_limit < 2 {
            // The switch does not parse the second tag, which is then part of the frame.
            tags.inner = None;
            contents.set(row(Id::ETH_TYPE), ETH_TYPE_VLAN, u128::MAX);
        }
        let packet = Packet::new(bridge, in_port, tags, contents);
        let watched = match &self.focus {
            Some(focus) if focus.is_trunk => focus.numbers.clone(),
            _ => Vec::new(),
        };
        let mut walk = Walk::new(
            self.network,
            self.pipelines,
            self.home,
            watched,
            self.budget,
        );
        if self.flows < MAX_FLOWS {
            walk.follow(packet);
        } else {
            walk.doubts.insert(Doubt::Many);
        }
        self.flows = self.flows.saturating_add(walk.flows());
        walk
    }

    fn pipeline(&self, bridge: usize) -> Option<&'w Pipeline> {
        self.pipelines.get(bridge)?.as_ref()
    }

    /// The packets of a tag: input port and tags. Ports that flows treat alike have the same paths.
    fn starts(&self, tag: u16) -> Vec<(u32, Tags)> {
        let tagged = if tag == 0 { Tags::NONE } else { Tags::one(tag) };
        if let Some(focus) = &self.focus {
            let tags = if focus.is_trunk { tagged } else { Tags::NONE };
            return focus.numbers.iter().map(|number| (*number, tags)).collect();
        }
        let ports = self.tags.get(&tag.into()).cloned().unwrap_or_default();
        let interfaces = ports.iter().flat_map(|port| &port.interfaces);
        let numbers: Vec<u32> = interfaces.filter_map(Interface::port_number).collect();
        let place = |number: &u32| self.member.ports.get(number);
        let is_patch = |number: &u32| {
            place(number).is_some_and(|place| matches!(place.role, InterfaceRole::Patch(_)))
        };
        let mut starts: Vec<(u32, Tags)> = Vec::new();
        let mut alike = HashSet::new();
        let pipeline = self.pipeline(self.home);
        for number in &numbers {
            let signature = pipeline.map(|pipeline| pipeline.signature(*number));
            // A packet from a patch is not sent back to it.
            let own = is_patch(number).then_some(*number);
            if alike.insert((signature, own)) {
                starts.push((*number, Tags::NONE));
            }
        }
        // For guests that send tagged packets, only a patch has the tag.
        if !numbers.is_empty() && numbers.iter().all(is_patch) {
            for (number, place) in &self.member.ports {
                let carries = !place.is_of_one_vlan() && place.vlan.carries(tag.into());
                if carries && matches!(place.role, InterfaceRole::Inside) {
                    starts.push((*number, tagged));
                }
            }
            starts.sort_unstable();
        }
        if starts.is_empty() {
            // None of them works, but the tag is not the cause.
            starts.push((PORT_ANY, tagged));
        }
        starts
    }

    fn out_of(&mut self, tag: u16) {
        for (number, tags) in self.starts(tag) {
            let walk = self.walk(self.home, number, tags, 0);
            let passed = self.hops.entry(tag.into()).or_default();
            passed.extend(&walk.hops);
            let is_loop = walk.is_loop();
            if let Some(why) = walk.why_more() {
                self.doubts.entry(tag.into()).or_insert(why);
            }
            for (exit, route) in walk.exits {
                let place = (exit.bridge, exit.ofport);
                let mut doubt = exit.trail.doubt.or(is_loop);
                if exit.tun_id.is_none() && self.carries_key(place) {
                    doubt = doubt.or(Some(Doubt::Computed));
                }
                let key = exit.tun_id.unwrap_or(0);
                self.note_exit(tag, place, exit.tags, key, |finding| {
                    finding.outbound.add(exit.trail.choice, doubt);
                    finding.works |= !exit.trail.broken;
                    finding.through.extend(exit.trail.through);
                    let way = finding.exits.entry(place).or_default();
                    if !way.outbound.is_there() {
                        way.route = route;
                    }
                    way.outbound.add(exit.trail.choice, doubt);
                });
            }
        }
        // Behind a patch without a near end, only a translation shows that the tag was meant.
        let loose: Vec<(usize, u32)> = self.network.loose_ends(self.home).collect();
        for (bridge, ofport) in loose {
            let walk = self.walk(bridge, ofport, Tags::one(tag), 0);
            for exit in walk.exits.into_keys() {
                if exit.tags != Tags::one(tag) {
                    self.loose.insert((bridge, ofport));
                    let place = (exit.bridge, exit.ofport);
                    let key = exit.tun_id.unwrap_or(0);
                    self.note_exit(tag, place, exit.tags, key, |finding| {
                        finding.outbound.add(exit.trail.choice, exit.trail.doubt);
                    });
                }
            }
        }
    }

    /// Whether a port is a tunnel whose key is set by flows.
    fn carries_key(&self, (bridge, ofport): (usize, u32)) -> bool {
        let place = self.network.place(bridge, ofport);
        place.is_some_and(|place| match &place.role {
            InterfaceRole::Tunnel(tunnel) => tunnel.out_key == Key::Flow,
            _ => false,
        })
    }

    fn note_exit(
        &mut self,
        tag: u16,
        place: (usize, u32),
        tags: Tags,
        tun_id: u64,
        more: impl FnOnce(&mut TagFinding),
    ) {
        let leaving = self.left.entry(place).or_default();
        leaving.insert((tags, tun_id));
        if let Some(finding) = self.finding(tag, place, (tags, tun_id), PacketDirection::Out) {
            more(finding);
        }
    }

    /// The result for a tag and the segment of packets at a port.
    fn finding(
        &mut self,
        tag: u16,
        (bridge, ofport): (usize, u32),
        packet: (Tags, u64),
        direction: PacketDirection,
    ) -> Option<&mut TagFinding> {
        let place = self.network.place(bridge, ofport)?;
        let mut outside = outside(bridge, place, packet, direction != PacketDirection::Out);
        if direction == PacketDirection::InUnnamed {
            outside.is_any = true;
            outside.id = None;
        }
        let finding = self.found.entry((tag.into(), outside)).or_default();
        finding.exits.entry((bridge, ofport)).or_default();
        Some(finding)
    }

    /// Walks from the wires and tunnels of a bridge, with every tag and key that may matter, and with one
    /// that no flow names. In tunnels the tags are those with which packets leave by them, and none.
    fn in_from(&mut self, bridge: usize, vids: &BTreeSet<u16>) {
        let network = self.network;
        let (Some(member), Some(pipeline)) = (network.members.get(bridge), self.pipeline(bridge))
        else {
            return;
        };
        let kinds = kinds(member, pipeline);
        let too_many = kinds.len() > MAX_KINDS;
        let other_vid = (1..4095).rev().find(|vid| !vids.contains(vid));
        for kind in kinds {
            let mut packets: BTreeSet<(Tags, u64)> = BTreeSet::new();
            let mut any: Option<(Tags, u64)> = None;
            for port in &kind.ports {
                packets.extend(self.left.get(&(bridge, *port)).into_iter().flatten());
            }
            match &kind.place.role {
                InterfaceRole::Wire if bridge == self.home && kind.place.is_of_one_vlan() => {
                    continue;
                }
                InterfaceRole::Wire if too_many => {}
                InterfaceRole::Wire => {
                    packets.insert((Tags::NONE, 0));
                    packets.extend(vids.iter().map(|vid| (Tags::one(*vid), 0)));
                    any = other_vid.map(|vid| (Tags::one(vid), 0));
                }
                InterfaceRole::Local if bridge != self.home => {
                    packets.insert((Tags::NONE, 0));
                }
                InterfaceRole::Tunnel(tunnel) => {
                    let mut keys: BTreeSet<u64> = BTreeSet::new();
                    if tunnel.in_key == Key::Flow {
                        keys.extend(&pipeline.tun_ids);
                        keys.extend(packets.iter().map(|(_, key)| *key));
                        let most = keys.len() as u64 + 1;
                        let other = (1..=most).find(|key| !keys.contains(key)).unwrap_or(0);
                        any = Some((Tags::NONE, other));
                    } else {
                        keys.insert(fixed(tunnel.in_key));
                    }
                    let mut inner: BTreeSet<Tags> = packets.iter().map(|(tags, _)| *tags).collect();
                    inner.insert(Tags::NONE);
                    let pairs = |key: &u64| {
                        let key = *key;
                        inner
                            .iter()
                            .map(move |tags| (*tags, key))
                            .collect::<Vec<_>>()
                    };
                    packets = keys.iter().flat_map(pairs).collect();
                }
                _ => continue,
            }
            let Some(port) = kind.ports.first() else {
                continue;
            };
            let packets = packets.into_iter().map(|packet| (packet, false));
            for ((tags, tun_id), is_any) in packets.chain(any.map(|packet| (packet, true))) {
                let walk = self.walk(bridge, *port, tags, tun_id);
                let is_loop = walk.is_loop();
                if self.inward_doubt.is_none() {
                    self.inward_doubt = walk.why_more();
                }
                for arrival in walk.arrivals {
                    if !self.tags.contains_key(&arrival.vid.into()) {
                        continue;
                    }
                    for port in &kind.ports {
                        let place = (bridge, *port);
                        let direction = if is_any {
                            PacketDirection::InUnnamed
                        } else {
                            PacketDirection::In
                        };
                        let finding = self.finding(arrival.vid, place, (tags, tun_id), direction);
                        if let Some(finding) = finding {
                            let doubt = arrival.trail.doubt.or(is_loop);
                            finding.inbound.add(arrival.trail.choice, doubt);
                            let way = finding.exits.entry(place).or_default();
                            way.inbound.add(arrival.trail.choice, doubt);
                            finding.works |= !arrival.trail.broken;
                            finding.through.extend(arrival.trail.through);
                        }
                    }
                }
            }
        }
    }

    /// Walks from the patch ports of the bridge without a peer: what flows translate was behind them.
    fn in_from_nowhere(&mut self, vids: &BTreeSet<u16>) {
        let ends: Vec<u32> = self.member.dangling().collect();
        for ofport in ends {
            let mut tells = false;
            let tagged = vids.iter().map(|vid| Tags::one(*vid));
            for tags in [Tags::NONE].into_iter().chain(tagged) {
                let walk = self.walk(self.home, ofport, tags, 0);
                for arrival in walk.arrivals {
                    let tag = i64::from(arrival.vid);
                    if tags == Tags::one(arrival.vid) || arrival.vid == 0 {
                        continue;
                    }
                    tells = true;
                    if self.tags.contains_key(&tag) {
                        let outside = on_wire(None, tags);
                        let finding = self.found.entry((tag, outside)).or_default();
                        finding
                            .inbound
                            .add(arrival.trail.choice, arrival.trail.doubt);
                        finding.through.insert(ofport);
                    }
                }
            }
            if !tells {
                self.silent.push(ofport);
            }
        }
    }
}

/// The ports through which packets enter, grouped by equal treatment.
fn kinds<'p, 't>(member: &'p Member<'t>, pipeline: &Pipeline) -> Vec<AlikePorts<'p, 't>> {
    let mut kinds: Vec<AlikePorts<'p, 't>> = Vec::new();
    for number in &member.relays {
        let Some(place) = member.ports.get(number) else {
            continue;
        };
        let signature = pipeline.signature(*number);
        let alike = |kind: &&mut AlikePorts<'_, '_>| {
            let role = match (&kind.place.role, &place.role) {
                (InterfaceRole::Wire, InterfaceRole::Wire) => true,
                (InterfaceRole::Tunnel(a), InterfaceRole::Tunnel(b)) => {
                    (a.kind(), a.in_key, a.out_key) == (b.kind(), b.in_key, b.out_key)
                }
                _ => false,
            };
            role && kind.signature == signature
                && kind.place.vlan == place.vlan
                && kind.place.is_mirror_output == place.is_mirror_output
        };
        match kinds.iter_mut().find(alike) {
            Some(kind) => kind.ports.push(*number),
            None => kinds.push(AlikePorts {
                place,
                signature,
                ports: vec![*number],
            }),
        }
    }
    kinds
}

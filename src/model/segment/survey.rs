//! The walks from and to one bridge, and the segments that they found for its tags.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::network::{Member, Network, Place, Role};
use super::packet::{Packet, Tags};
use super::pipeline::Pipeline;
use super::walk::{Crossing, Heading, Walk};
use super::{Hop, Record, Segment, TagLine, TagState};
use crate::model::order::sort_by_name;
use crate::model::topology::{Interface, Port};
use crate::model::tunnel::Key;
use crate::model::vlan::tags;
use crate::openflow::text::PORT_ANY;

/// With more kinds of wires on a bridge than this, they are guests' ports: not every tag is tried.
const MOST_KINDS: usize = 64;

/// What is known of one bridge's tags.
pub(super) struct Survey<'w, 't> {
    network: &'w Network<'t>,
    pipelines: &'w [Option<Pipeline>],
    home: usize,
    member: &'w Member<'t>,
    tags: BTreeMap<i64, Vec<&'t Port>>,
    found: BTreeMap<(i64, Outside<'t>), Finding>,
    /// How packets were seen to leave each port: tags and tunnel key.
    left: HashMap<(usize, u32), BTreeSet<(Tags, u64)>>,
    /// Patch ports of the bridge that lead nowhere, and behind which no flow tells what was there.
    silent: Vec<u32>,
    /// Patch ports of other bridges that lead nowhere, and whose flows know tags of this one.
    loose: BTreeSet<(usize, u32)>,
    /// The patches that packets of each tag pass on their way out.
    hops: BTreeMap<i64, BTreeSet<Crossing>>,
}

/// A segment as it is told from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Outside<'t> {
    bridge: Option<usize>,
    kind: &'t str,
    id: Option<u64>,
    inner_vlan: Option<u16>,
}

/// What the walks say of a tag and a segment.
#[derive(Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
struct Finding {
    outbound: bool,
    inbound: bool,
    /// Whether some way there passes working patches only.
    works: bool,
    /// Whether a wire of another bridge, or a tunnel, is there; the rest counts where there is no such.
    real: bool,
    exits: BTreeSet<(usize, u32)>,
    through: BTreeSet<u32>,
}

/// Ports that are alike to flows and to the NORMAL action.
struct Kind<'p, 't> {
    place: &'p Place<'t>,
    signature: u64,
    ports: Vec<u32>,
}

impl<'w, 't> Survey<'w, 't> {
    /// Walks all ways from and to `home`.
    pub(super) fn of(
        network: &'w Network<'t>,
        pipelines: &'w [Option<Pipeline>],
        home: usize,
    ) -> Option<Survey<'w, 't>> {
        let member = network.members.get(home)?;
        let mut survey = Survey {
            network,
            pipelines,
            home,
            member,
            tags: tags(member.bridge),
            found: BTreeMap::new(),
            left: HashMap::new(),
            silent: Vec::new(),
            loose: BTreeSet::new(),
            hops: BTreeMap::new(),
        };
        let tags: Vec<u16> = survey
            .tags
            .keys()
            .filter_map(|tag| u16::try_from(*tag).ok())
            .collect();
        for tag in &tags {
            survey.out_of(*tag);
        }
        let mut vids: BTreeSet<u16> = tags.into_iter().collect();
        for pipeline in pipelines.iter().flatten() {
            vids.extend(&pipeline.vids);
        }
        for index in 0..network.members.len() {
            survey.in_from(index, &vids);
        }
        survey.in_from_nowhere(&vids);
        Some(survey)
    }

    fn walk(&self, packet: Packet, heading: Heading) -> Walk<'w, 't> {
        Walk::of(packet, heading, self.network, self.pipelines, self.home)
    }

    fn pipeline(&self, bridge: usize) -> Option<&'w Pipeline> {
        self.pipelines.get(bridge)?.as_ref()
    }

    /// From the ports of a tag, until one gets out: the others have the same ways.
    fn out_of(&mut self, tag: u16) {
        let ports = self.tags.get(&tag.into()).cloned().unwrap_or_default();
        let interfaces = ports.iter().flat_map(|port| &port.interfaces);
        let numbers: Vec<u32> = interfaces.filter_map(Interface::port_number).collect();
        let mut starts: Vec<Packet> = Vec::new();
        let mut alike = HashSet::new();
        for number in numbers {
            let pipeline = self.pipeline(self.home);
            let signature = pipeline.map(|pipeline| pipeline.signature(number));
            if alike.insert(signature) {
                starts.push(Packet::new(self.home, number, Tags::NONE, 0));
            }
        }
        if starts.is_empty() {
            // None of them works, but then the tag is not to blame.
            starts.push(Packet::new(self.home, PORT_ANY, Tags::one(tag), 0));
        }
        for start in starts {
            let walk = self.walk(start, Heading::Out);
            let passed = self.hops.entry(tag.into()).or_default();
            passed.extend(&walk.hops);
            let exits = walk.exits;
            let got_out = !exits.is_empty();
            for exit in exits {
                let place = (exit.bridge, exit.ofport);
                self.note_exit(tag, place, exit.tags, exit.tun_id, |finding| {
                    finding.works |= !exit.broken;
                    finding.through.extend(exit.through);
                });
            }
            if got_out {
                break;
            }
        }
        // Behind a patch whose near end is gone, only a translation shows that the tag was meant.
        let loose: Vec<(usize, u32)> = self.network.loose_ends(self.home).collect();
        for (bridge, ofport) in loose {
            let start = Packet::new(bridge, ofport, Tags::one(tag), 0);
            for exit in self.walk(start, Heading::Out).exits {
                if exit.tags != Tags::one(tag) {
                    self.loose.insert((bridge, ofport));
                    let place = (exit.bridge, exit.ofport);
                    self.note_exit(tag, place, exit.tags, exit.tun_id, |_| {});
                }
            }
        }
    }

    fn note_exit(
        &mut self,
        tag: u16,
        place: (usize, u32),
        tags: Tags,
        tun_id: u64,
        more: impl FnOnce(&mut Finding),
    ) {
        let leaving = self.left.entry(place).or_default();
        leaving.insert((tags, tun_id));
        if let Some(finding) = self.finding(tag, place, tags, tun_id) {
            finding.outbound = true;
            more(finding);
        }
    }

    /// The entry of a tag and the segment of packets at a port outside.
    fn finding(
        &mut self,
        tag: u16,
        (bridge, ofport): (usize, u32),
        tags: Tags,
        tun_id: u64,
    ) -> Option<&mut Finding> {
        let place = self.network.place(bridge, ofport)?;
        let outside = outside(bridge, place, tags, tun_id);
        let real = match place.role {
            Role::Tunnel(_) => true,
            Role::Wire => bridge != self.home,
            _ => false,
        };
        let finding = self.found.entry((tag.into(), outside)).or_default();
        finding.real |= real;
        finding.exits.insert((bridge, ofport));
        Some(finding)
    }

    /// From the wires and tunnels of a bridge, with every tag and key that may matter.
    fn in_from(&mut self, bridge: usize, vids: &BTreeSet<u16>) {
        let network = self.network;
        let (Some(member), Some(pipeline)) = (network.members.get(bridge), self.pipeline(bridge))
        else {
            return;
        };
        let kinds = kinds(member, pipeline);
        let too_many = bridge == self.home || kinds.len() > MOST_KINDS;
        for kind in kinds {
            let mut packets: BTreeSet<(Tags, u64)> = BTreeSet::new();
            for port in &kind.ports {
                packets.extend(self.left.get(&(bridge, *port)).into_iter().flatten());
            }
            match &kind.place.role {
                Role::Wire if too_many => {}
                Role::Wire => {
                    packets.insert((Tags::NONE, 0));
                    packets.extend(vids.iter().map(|vid| (Tags::one(*vid), 0)));
                }
                Role::Local if bridge != self.home => {
                    packets.insert((Tags::NONE, 0));
                }
                Role::Tunnel(tunnel) => match tunnel.in_key {
                    Key::Flow => {
                        packets.extend(pipeline.tun_ids.iter().map(|id| (Tags::NONE, *id)));
                    }
                    key => {
                        let key = fixed(key);
                        packets = packets.into_iter().map(|(tags, _)| (tags, key)).collect();
                        packets.insert((Tags::NONE, key));
                    }
                },
                _ => continue,
            }
            let Some(port) = kind.ports.first() else {
                continue;
            };
            for (tags, tun_id) in packets {
                let start = Packet::new(bridge, *port, tags, tun_id);
                for arrival in self.walk(start, Heading::In).arrivals {
                    if !self.tags.contains_key(&arrival.vid.into()) {
                        continue;
                    }
                    for port in &kind.ports {
                        let place = (bridge, *port);
                        if let Some(finding) = self.finding(arrival.vid, place, tags, tun_id) {
                            finding.inbound = true;
                            finding.works |= !arrival.broken;
                            finding.through.extend(arrival.through);
                        }
                    }
                }
            }
        }
    }

    /// From the patch ports of the bridge that lead nowhere: what flows translate was there.
    fn in_from_nowhere(&mut self, vids: &BTreeSet<u16>) {
        let ends: Vec<u32> = self.member.dangling().collect();
        for ofport in ends {
            let mut tells = false;
            let tagged = vids.iter().map(|vid| Tags::one(*vid));
            for tags in [Tags::NONE].into_iter().chain(tagged) {
                let start = Packet::new(self.home, ofport, tags, 0);
                for arrival in self.walk(start, Heading::In).arrivals {
                    let tag = i64::from(arrival.vid);
                    if tags == Tags::one(arrival.vid) || arrival.vid == 0 {
                        continue;
                    }
                    tells = true;
                    if self.tags.contains_key(&tag) {
                        let outside = on_wire(None, tags);
                        let finding = self.found.entry((tag, outside)).or_default();
                        finding.inbound = true;
                        finding.real = true;
                        finding.through.insert(ofport);
                    }
                }
            }
            if !tells {
                self.silent.push(ofport);
            }
        }
    }

    /// What was found, a line for each tag and segment.
    pub(super) fn lines(mut self) -> Vec<TagLine<'t>> {
        self.settle();
        let mut segments: BTreeMap<i64, usize> = BTreeMap::new();
        let mut owners: BTreeMap<Outside<'t>, usize> = BTreeMap::new();
        for (tag, outside) in self.found.keys() {
            *segments.entry(*tag).or_default() += 1;
            *owners.entry(*outside).or_default() += 1;
        }
        let mut lines = Vec::new();
        for (tag, ports) in &self.tags {
            let record = Record::of(ports);
            let line = |segment: Option<Segment<'t>>, patches, state| {
                let (kind, id) = match &segment {
                    Some(segment) => (segment.kind, segment.id),
                    None => ("local", None),
                };
                let differs = record.as_ref().map(|record| record.differs(*tag, kind, id));
                TagLine {
                    bridge: self.member.bridge,
                    tag: *tag,
                    ports: ports.clone(),
                    patches,
                    segment,
                    state,
                    record: record.clone(),
                    hops: self.hops_of(*tag),
                    differs: differs.unwrap_or_default(),
                }
            };
            let of_tag = self.found.iter().filter(|((of, _), _)| of == tag);
            let before = lines.len();
            for ((_, outside), finding) in of_tag {
                let several = segments.get(tag).is_some_and(|count| *count > 1)
                    || owners.get(outside).is_some_and(|count| *count > 1);
                let patches = self.patches(&finding.through);
                let segment = self.segment(outside, finding);
                lines.push(line(Some(segment), patches, finding.state(several)));
            }
            if lines.len() == before {
                let said_local = record
                    .as_ref()
                    .and_then(|record| record.get("network_type"));
                let silent: BTreeSet<u32> = self.silent.iter().copied().collect();
                // What was behind each is known, and it is not this tag's.
                let explained = silent.len() <= self.loose.len();
                lines.push(if explained || said_local == Some("local") {
                    line(None, Vec::new(), TagState::Local)
                } else {
                    line(None, self.patches(&silent), TagState::BrokenPatch)
                });
            }
        }
        lines
    }

    /// Draws together what is one, and leaves out what counts only where there is nothing better.
    fn settle(&mut self) {
        // Both ends of a patch lead nowhere: one tells what comes in, the other what goes out.
        let nowhere: Vec<(i64, Outside<'t>)> = self
            .found
            .keys()
            .filter(|(_, outside)| outside.bridge.is_none())
            .copied()
            .collect();
        for key in nowhere {
            let same = |(other, finding): &(&(i64, Outside<'t>), &mut Finding)| {
                let outside = Outside {
                    bridge: None,
                    ..other.1
                };
                (other.0, outside) == key && other.1.bridge.is_some() && !finding.works
            };
            let Some(near) = self.found.remove(&key) else {
                continue;
            };
            if let Some((_, far)) = self.found.iter_mut().find(same) {
                far.inbound = true;
                far.through.extend(near.through);
            } else {
                self.found.insert(key, near);
            }
        }
        let real = self.found.iter().filter(|(_, finding)| finding.real);
        let better: HashSet<i64> = real.map(|((tag, _), _)| *tag).collect();
        self.found
            .retain(|(tag, _), finding| finding.real || !better.contains(tag));
    }

    fn hops_of(&self, tag: i64) -> Vec<Hop<'t>> {
        let end = |(bridge, ofport): (usize, u32)| {
            let member = self.network.members.get(bridge)?;
            Some((member.bridge, member.ports.get(&ofport)?.interface))
        };
        let hops = self.hops.get(&tag).into_iter().flatten();
        hops.filter_map(|hop| {
            Some(Hop {
                from: end(hop.from)?,
                to: end(hop.to)?,
                vlan: hop.tags.outer.filter(|vid| *vid != 0),
            })
        })
        .collect()
    }

    fn patches(&self, numbers: &BTreeSet<u32>) -> Vec<&'t Interface> {
        let place = |number| self.member.ports.get(number);
        let mut patches: Vec<&'t Interface> = numbers
            .iter()
            .filter_map(|number| Some(place(number)?.interface))
            .collect();
        sort_by_name(&mut patches, |patch| &patch.name);
        patches
    }

    fn segment(&self, outside: &Outside<'t>, finding: &Finding) -> Segment<'t> {
        let exits = finding.exits.iter().filter_map(|(bridge, ofport)| {
            let place = self.network.place(*bridge, *ofport)?;
            Some((place, (place.port, place.interface)))
        });
        // This host's own port is worth telling only where there is no wire.
        let wires = exits
            .clone()
            .any(|(place, _)| !matches!(place.role, Role::Local));
        let mut exits: Vec<(&'t Port, &'t Interface)> = exits
            .filter(|(place, _)| !wires || !matches!(place.role, Role::Local))
            .map(|(_, exit)| exit)
            .collect();
        sort_by_name(&mut exits, |(_, exit)| &exit.name);
        let bridge = outside
            .bridge
            .and_then(|index| self.network.members.get(index));
        Segment {
            kind: outside.kind,
            id: outside.id,
            inner_vlan: outside.inner_vlan,
            leaves_by: bridge.map(|member| member.bridge),
            exits,
            outbound: finding.outbound,
            inbound: finding.inbound,
        }
    }
}

impl Finding {
    fn state(&self, several: bool) -> TagState {
        if !self.works {
            TagState::BrokenPatch
        } else if several {
            TagState::Conflict
        } else if !self.outbound {
            TagState::NoOutbound
        } else if !self.inbound {
            TagState::NoInbound
        } else {
            TagState::Ok
        }
    }
}

/// The segment of packets at a port.
fn outside<'t>(bridge: usize, place: &Place<'t>, tags: Tags, tun_id: u64) -> Outside<'t> {
    match &place.role {
        Role::Tunnel(tunnel) => Outside {
            bridge: Some(bridge),
            kind: tunnel.kind(),
            id: Some(match tunnel.out_key {
                Key::Flow => tun_id,
                key => fixed(key),
            }),
            inner_vlan: tags.outer,
        },
        _ => on_wire(Some(bridge), tags),
    }
}

fn on_wire<'t>(bridge: Option<usize>, tags: Tags) -> Outside<'t> {
    match tags.outer.filter(|vid| *vid != 0) {
        Some(vid) => Outside {
            bridge,
            kind: "vlan",
            id: Some(vid.into()),
            inner_vlan: tags.inner,
        },
        None => Outside {
            bridge,
            kind: "flat",
            id: None,
            inner_vlan: tags.inner,
        },
    }
}

/// The key of a tunnel whose packets all have the same.
fn fixed(key: Key<'_>) -> u64 {
    match key {
        Key::Number(number) => number,
        Key::None | Key::Flow | Key::Other(_) => 0,
    }
}

/// The ports through which packets come in, those that are alike together.
fn kinds<'p, 't>(member: &'p Member<'t>, pipeline: &Pipeline) -> Vec<Kind<'p, 't>> {
    let mut kinds: Vec<Kind<'p, 't>> = Vec::new();
    for number in &member.relays {
        let Some(place) = member.ports.get(number) else {
            continue;
        };
        let signature = pipeline.signature(*number);
        let alike = |kind: &&mut Kind<'_, '_>| {
            let role = match (&kind.place.role, &place.role) {
                (Role::Wire, Role::Wire) => true,
                (Role::Tunnel(a), Role::Tunnel(b)) => {
                    (a.kind(), a.in_key, a.out_key) == (b.kind(), b.in_key, b.out_key)
                }
                _ => false,
            };
            role && kind.signature == signature && kind.place.vlan == place.vlan
        };
        match kinds.iter_mut().find(alike) {
            Some(kind) => kind.ports.push(*number),
            None => kinds.push(Kind {
                place,
                signature,
                ports: vec![*number],
            }),
        }
    }
    kinds
}

//! The walks from and to one bridge, and the segments that they found for its tags.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::class::row;
use super::network::{Member, Network, Place, Role};
use super::packet::{Choice, Doubt, ETH_TYPE_VLAN, Packet, Tags};
use super::pipeline::Pipeline;
use super::rules::arriving;
use super::walk::{Crossing, Walk};
use super::{Hop, Outbound, Record, Segment, SegmentExit, TagLine, TagState};
use crate::model::order::sort_by_name;
use crate::model::topology::{Interface, Port};
use crate::model::tunnel::Key;
use crate::model::vlan::tags;
use crate::openflow::fields::Id;
use crate::openflow::text::PORT_ANY;

/// With more kinds of wires on a bridge than this, they are guests' ports: not every tag is tried.
const MAX_KINDS: usize = 64;

/// Maximum number of VLANs of a trunk that are tried for its sake.
const MAX_TRUNKS: usize = 64;

/// Maximum number of flows followed from and to one bridge.
const MAX_FLOWS: usize = 1 << 19;

/// What is known of one bridge's tags.
pub(super) struct Survey<'w, 't> {
    network: &'w Network<'t>,
    pipelines: &'w [Option<Pipeline>],
    home: usize,
    member: &'w Member<'t>,
    tags: BTreeMap<i64, Vec<&'t Port>>,
    /// The port that is looked at alone, with its interfaces' numbers, and whether it bears one tag.
    focus: Option<Focus>,
    found: BTreeMap<(i64, Outside<'t>), Finding>,
    /// How packets were seen to leave each port: tags and tunnel key.
    left: HashMap<(usize, u32), BTreeSet<(Tags, u64)>>,
    /// Patch ports of the bridge that lead nowhere, and behind which no flow tells what was there.
    silent: Vec<u32>,
    /// Patch ports of other bridges that lead nowhere, and whose flows know tags of this one.
    loose: BTreeSet<(usize, u32)>,
    /// The patches that packets of each tag pass on their way out.
    hops: BTreeMap<i64, BTreeSet<Crossing>>,
    /// Why a tag may have more segments than were found.
    lost: BTreeMap<i64, Doubt>,
    /// Why packets may come in to tags to which none was seen to come.
    lost_inwards: Option<Doubt>,
    /// How many flows were followed.
    flows: usize,
}

/// A port that is looked at alone.
struct Focus {
    numbers: Vec<u32>,
    /// Packets have the tags that they are looked at with: the port puts none on them.
    is_trunk: bool,
}

/// A segment as it is told from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Outside<'t> {
    bridge: Option<usize>,
    kind: &'t str,
    id: Option<u64>,
    /// Whatever the VLAN or key is that flows do not name.
    is_any: bool,
    inner_vlan: Option<u16>,
}

/// What the walks say of a tag and a segment.
#[derive(Debug, Default)]
struct Finding {
    outbound: Evidence,
    inbound: Evidence,
    /// Whether some way there passes working patches only.
    works: bool,
    /// Whether a wire or tunnel is there; the rest counts where there is no such.
    real: bool,
    exits: BTreeMap<(usize, u32), WayOut>,
    through: BTreeSet<u32>,
}

/// What the walks say of a wire or tunnel of a segment.
#[derive(Debug, Default)]
struct WayOut {
    outbound: Evidence,
    /// The patches on the way there.
    route: Vec<Crossing>,
}

/// How well a direction is known.
#[derive(Debug, Default, Clone, Copy)]
struct Evidence {
    is_proven: bool,
    choice: Option<Choice>,
    doubt: Option<Doubt>,
}

impl Evidence {
    fn add(&mut self, choice: Option<Choice>, doubt: Option<Doubt>) {
        match (choice, doubt) {
            (None, None) => self.is_proven = true,
            (choice, None) => self.choice = self.choice.or(choice),
            (_, doubt) => self.doubt = self.doubt.or(doubt),
        }
    }

    fn is_there(self) -> bool {
        self.is_proven || self.choice.is_some() || self.doubt.is_some()
    }

    /// Where the switch has a choice, and packets go this way only by it.
    fn only_choice(self) -> Option<Choice> {
        self.choice.filter(|_| !self.is_proven)
    }

    fn only_doubt(self) -> Option<Doubt> {
        self.doubt
            .filter(|_| !self.is_proven && self.choice.is_none())
    }
}

/// Ports that are alike to flows and to the NORMAL action.
struct Kind<'p, 't> {
    place: &'p Place<'t>,
    signature: u64,
    ports: Vec<u32>,
}

impl<'w, 't> Survey<'w, 't> {
    /// Walks all ways from and to `home`; only those of one port, if it is given.
    pub(super) fn of(
        network: &'w Network<'t>,
        pipelines: &'w [Option<Pipeline>],
        home: usize,
        port: Option<&'t Port>,
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
            lost: BTreeMap::new(),
            lost_inwards: None,
            flows: 0,
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
            // A few VLANs of a trunk are each tried; of long lists, those that flows name.
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

    /// Leaves all but one port aside: its tag, or every VLAN that it may carry.
    fn look_at(&mut self, port: &'t Port, vids: &BTreeSet<u16>) {
        let numbers: Vec<u32> = port
            .interfaces
            .iter()
            .filter_map(Interface::port_number)
            .collect();
        let places = numbers
            .iter()
            .filter_map(|number| self.member.ports.get(number));
        let is_trunk = !places.clone().any(Place::is_of_one_vlan);
        self.tags = match places.clone().find_map(Place::tag) {
            Some(tag) if !is_trunk => BTreeMap::from([(tag.into(), vec![port])]),
            _ => {
                let carried = |vid: &&u16| {
                    **vid != 0 && places.clone().any(|it| it.vlan.carries((**vid).into()))
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
            // The switch does not look at the second tag, which then is what the frame carries.
            tags.inner = None;
            contents.set(row(Id::ETH_TYPE), ETH_TYPE_VLAN, u128::MAX);
        }
        let packet = Packet::new(bridge, in_port, tags, contents);
        let watched = match &self.focus {
            Some(focus) if focus.is_trunk => focus.numbers.clone(),
            _ => Vec::new(),
        };
        let mut walk = Walk::new(self.network, self.pipelines, self.home, watched);
        if self.flows < MAX_FLOWS {
            walk.follow(packet);
        } else {
            walk.lost.insert(Doubt::Many);
        }
        self.flows = self.flows.saturating_add(walk.flows());
        walk
    }

    fn pipeline(&self, bridge: usize) -> Option<&'w Pipeline> {
        self.pipelines.get(bridge)?.as_ref()
    }

    /// The packets of a tag: as from which port, and with which tags. Ports that are alike to the flows have
    /// the same ways.
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
        let is_patch =
            |number: &u32| place(number).is_some_and(|place| matches!(place.role, Role::Patch(_)));
        let mut starts: Vec<(u32, Tags)> = Vec::new();
        let mut alike = HashSet::new();
        let pipeline = self.pipeline(self.home);
        for number in &numbers {
            let signature = pipeline.map(|pipeline| pipeline.signature(*number));
            // What comes out of a patch is not sent back into it.
            let own = is_patch(number).then_some(*number);
            if alike.insert((signature, own)) {
                starts.push((*number, Tags::NONE));
            }
        }
        // Of guests that tag their packets themselves, only a patch bears the tag.
        if !numbers.is_empty() && numbers.iter().all(is_patch) {
            for (number, place) in &self.member.ports {
                let carries = !place.is_of_one_vlan() && place.vlan.carries(tag.into());
                if carries && matches!(place.role, Role::Inside) {
                    starts.push((*number, tagged));
                }
            }
            starts.sort_unstable();
        }
        if starts.is_empty() {
            // None of them works, but then the tag is not to blame.
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
            if let Some(why) = walk.lost.first() {
                self.lost.entry(tag.into()).or_insert(*why);
            }
            for (exit, route) in walk.exits {
                let place = (exit.bridge, exit.ofport);
                let mut doubt = exit.doubt.or(is_loop);
                if exit.tun_id.is_none() && self.carries_key(place) {
                    doubt = doubt.or(Some(Doubt::Computed));
                }
                let key = exit.tun_id.unwrap_or(0);
                self.note_exit(tag, place, exit.tags, key, |finding| {
                    finding.outbound.add(exit.choice, doubt);
                    finding.works |= !exit.broken;
                    finding.through.extend(exit.through);
                    let way = finding.exits.entry(place).or_default();
                    if !way.outbound.is_there() {
                        way.route = route;
                    }
                    way.outbound.add(exit.choice, doubt);
                });
            }
        }
        // Behind a patch whose near end is gone, only a translation shows that the tag was meant.
        let loose: Vec<(usize, u32)> = self.network.loose_ends(self.home).collect();
        for (bridge, ofport) in loose {
            let walk = self.walk(bridge, ofport, Tags::one(tag), 0);
            for exit in walk.exits.into_keys() {
                if exit.tags != Tags::one(tag) {
                    self.loose.insert((bridge, ofport));
                    let place = (exit.bridge, exit.ofport);
                    let key = exit.tun_id.unwrap_or(0);
                    self.note_exit(tag, place, exit.tags, key, |finding| {
                        finding.outbound.add(exit.choice, exit.doubt);
                    });
                }
            }
        }
    }

    /// Whether a port is a tunnel whose key the flows decide.
    fn carries_key(&self, (bridge, ofport): (usize, u32)) -> bool {
        let place = self.network.place(bridge, ofport);
        place.is_some_and(|place| match &place.role {
            Role::Tunnel(tunnel) => tunnel.out_key == Key::Flow,
            _ => false,
        })
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
        if let Some(finding) = self.finding(tag, place, tags, tun_id, false) {
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
        is_any: bool,
    ) -> Option<&mut Finding> {
        let place = self.network.place(bridge, ofport)?;
        let mut outside = outside(bridge, place, tags, tun_id);
        if is_any {
            outside.is_any = true;
            outside.id = None;
        }
        let real = matches!(place.role, Role::Tunnel(_) | Role::Wire);
        let finding = self.found.entry((tag.into(), outside)).or_default();
        finding.real |= real;
        finding.exits.entry((bridge, ofport)).or_default();
        Some(finding)
    }

    /// From the wires and tunnels of a bridge, with every tag and key that may matter, and with one that no
    /// flow knows. Inside of tunnels are the tags with which packets leave by them, and none.
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
                Role::Wire if bridge == self.home && kind.place.is_of_one_vlan() => continue,
                Role::Wire if too_many => {}
                Role::Wire => {
                    packets.insert((Tags::NONE, 0));
                    packets.extend(vids.iter().map(|vid| (Tags::one(*vid), 0)));
                    any = other_vid.map(|vid| (Tags::one(vid), 0));
                }
                Role::Local if bridge != self.home => {
                    packets.insert((Tags::NONE, 0));
                }
                Role::Tunnel(tunnel) => {
                    let mut keys: BTreeSet<u64> = BTreeSet::new();
                    if tunnel.in_key == Key::Flow {
                        keys.extend(&pipeline.tun_ids);
                        keys.extend(packets.iter().map(|(_, key)| *key));
                        let other = (1..).find(|key| !keys.contains(key)).unwrap_or(0);
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
                if self.lost_inwards.is_none() {
                    self.lost_inwards = walk.lost.first().copied();
                }
                for arrival in walk.arrivals {
                    if !self.tags.contains_key(&arrival.vid.into()) {
                        continue;
                    }
                    for port in &kind.ports {
                        let place = (bridge, *port);
                        let finding = self.finding(arrival.vid, place, tags, tun_id, is_any);
                        if let Some(finding) = finding {
                            let doubt = arrival.doubt.or(is_loop);
                            finding.inbound.add(arrival.choice, doubt);
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
                        finding.inbound.add(arrival.choice, arrival.doubt);
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
        let sure = self.found.iter().filter(|(_, finding)| finding.is_sure());
        for ((tag, outside), _) in sure {
            *segments.entry(*tag).or_default() += 1;
            *owners.entry(*outside).or_default() += 1;
        }
        let mut lines = Vec::new();
        for (tag, ports) in &self.tags {
            let record = Record::of(ports);
            let line = |segment: Option<Segment<'t>>, patches, state, note| {
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
                    note,
                    record: record.clone(),
                    hops: self.hops(self.hops.get(tag).into_iter().flatten()),
                    differs: differs.unwrap_or_default(),
                }
            };
            let of_tag = self.found.iter().filter(|((of, _), _)| of == tag);
            let before = lines.len();
            let lost = self.lost.get(tag).copied();
            for ((_, outside), finding) in of_tag {
                let several = segments.get(tag).is_some_and(|count| *count > 1)
                    || owners.get(outside).is_some_and(|count| *count > 1);
                let state = finding.state(several && finding.is_sure());
                let patches = self.patches(&finding.through);
                let segment = self.segment(outside, finding, state);
                let mut note = self.note(finding, state, lost);
                if outside.is_any {
                    let what = if outside.kind == "vlan" {
                        "VLAN"
                    } else {
                        "key"
                    };
                    let any = format!("any {what} that no flow names");
                    note = if note.is_empty() {
                        any
                    } else {
                        format!("{any}; {note}")
                    };
                }
                lines.push(line(Some(segment), patches, state, note));
            }
            if lines.len() == before {
                let said_local = record
                    .as_ref()
                    .and_then(|record| record.get("network_type"));
                let silent: BTreeSet<u32> = self.silent.iter().copied().collect();
                // What was behind each is known, and it is not this tag's.
                let explained = silent.len() <= self.loose.len();
                if let Some(why) = lost.or(self.lost_inwards) {
                    lines.push(line(
                        None,
                        Vec::new(),
                        TagState::Unknown,
                        why.words().to_owned(),
                    ));
                } else if explained || said_local == Some("local") {
                    if self.focus.is_none() || *tag == 0 || self.tags.len() == 1 {
                        lines.push(line(None, Vec::new(), TagState::Local, String::new()));
                    }
                } else if self.focus.is_none() || self.tags.len() == 1 {
                    let patches = self.patches(&silent);
                    lines.push(line(None, patches, TagState::BrokenPatch, String::new()));
                }
            }
        }
        lines
    }

    /// Why the state is what it is, where the state alone does not say.
    fn note(&self, finding: &Finding, state: TagState, lost: Option<Doubt>) -> String {
        let directions = [finding.outbound, finding.inbound];
        match state {
            TagState::Ambiguous => {
                let choice = directions
                    .iter()
                    .find_map(|evidence| evidence.only_choice());
                choice.map_or_else(String::new, |choice| {
                    let bridge = self.network.members.get(choice.bridge);
                    format!(
                        "table {} of {} has flows of one priority ({}) that match the same packets; \
                         the switch takes any of them",
                        choice.table,
                        bridge.map_or("-", |member| member.bridge.name.as_str()),
                        choice.priority
                    )
                })
            }
            TagState::Unknown => {
                let doubt = directions.iter().find_map(|evidence| evidence.only_doubt());
                doubt.map_or_else(String::new, |doubt| doubt.words().to_owned())
            }
            _ => lost.map_or_else(String::new, |why| {
                format!("there may be more segments: {}", why.words())
            }),
        }
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
                far.inbound = near.inbound;
                far.through.extend(near.through);
            } else {
                self.found.insert(key, near);
            }
        }
        let real = self.found.iter().filter(|(_, finding)| finding.real);
        let better: HashSet<i64> = real.map(|((tag, _), _)| *tag).collect();
        self.found
            .retain(|(tag, _), finding| finding.real || !better.contains(tag));
        // Where whatever comes in is taken, what is named by some flow is no segment of its own.
        let any: Vec<((i64, Outside<'t>), BTreeSet<(usize, u32)>)> = self
            .found
            .iter()
            .filter(|((_, outside), _)| outside.is_any)
            .map(|(key, finding)| (*key, finding.exits.keys().copied().collect()))
            .collect();
        self.found.retain(|(tag, outside), finding| {
            let covers = |((of, all), exits): &((i64, Outside<'t>), BTreeSet<(usize, u32)>)| {
                (*of, all.bridge, all.kind) == (*tag, outside.bridge, outside.kind)
                    && finding.exits.keys().all(|exit| exits.contains(exit))
            };
            outside.is_any || finding.outbound.is_there() || !any.iter().any(covers)
        });
    }

    fn hops<'c>(&self, crossings: impl Iterator<Item = &'c Crossing>) -> Vec<Hop<'t>> {
        let end = |(bridge, ofport): (usize, u32)| {
            let member = self.network.members.get(bridge)?;
            Some((member.bridge, member.ports.get(&ofport)?.interface))
        };
        crossings
            .filter_map(|hop| {
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

    fn segment(&self, outside: &Outside<'t>, finding: &Finding, state: TagState) -> Segment<'t> {
        let exits = finding.exits.iter().filter_map(|(at, way)| {
            let place = self.network.place(at.0, at.1)?;
            Some((place, way))
        });
        // This host's own port is worth telling only where there is no wire.
        let wires = exits
            .clone()
            .any(|(place, _)| !matches!(place.role, Role::Local));
        let mut exits: Vec<SegmentExit<'t>> = exits
            .filter(|(place, _)| !wires || !matches!(place.role, Role::Local))
            .map(|(place, way)| SegmentExit {
                port: place.port,
                interface: place.interface,
                outbound: way.outbound.is_there().then(|| Outbound {
                    route: self.hops(way.route.iter()),
                    state: match (way.outbound.only_doubt(), way.outbound.only_choice()) {
                        (Some(_), _) => TagState::Unknown,
                        (None, Some(_)) => TagState::Ambiguous,
                        (None, None) => state,
                    },
                }),
            })
            .collect();
        sort_by_name(&mut exits, |exit| &exit.interface.name);
        let bridge = outside
            .bridge
            .and_then(|index| self.network.members.get(index));
        Segment {
            kind: outside.kind,
            id: outside.id,
            inner_vlan: outside.inner_vlan,
            leaves_by: bridge.map(|member| member.bridge),
            exits,
            outbound: finding.outbound.is_there(),
            inbound: finding.inbound.is_there(),
            is_any: outside.is_any,
        }
    }
}

impl Finding {
    /// Whether a direction is known to be there, whatever the switch chooses.
    fn is_sure(&self) -> bool {
        self.outbound.is_proven || self.inbound.is_proven
    }

    fn state(&self, several: bool) -> TagState {
        let directions = [self.outbound, self.inbound];
        let any = |is: fn(Evidence) -> bool| directions.iter().any(|evidence| is(*evidence));
        if !self.works {
            TagState::BrokenPatch
        } else if any(|evidence| evidence.only_doubt().is_some()) {
            TagState::Unknown
        } else if any(|evidence| evidence.only_choice().is_some()) {
            TagState::Ambiguous
        } else if several {
            TagState::Conflict
        } else if !self.outbound.is_there() {
            TagState::NoOutbound
        } else if !self.inbound.is_there() {
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
            is_any: false,
            inner_vlan: tags.outer.filter(|vid| *vid != 0),
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
            is_any: false,
            inner_vlan: tags.inner,
        },
        None => Outside {
            bridge,
            kind: "flat",
            id: None,
            is_any: false,
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

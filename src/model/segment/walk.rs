//! The ways of packets through the flows of the bridges: every place that one may come to.
//!
//! A walk follows all packets that come in at a port with given tags and tunnel key at once. Where flows
//! match on headers it parts: what takes a flow, what does not. What the headers must then be is kept with
//! each part, and a part that no packet can be in is given up. What a walk cannot decide it follows both
//! ways, and marks what comes of it with the reason.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use super::class::{Class, Point, row};
use super::network::{Network, Place, Role};
use super::packet::{Choice, Doubt, ETH_TYPE_VLAN, Packet, Tags};
use super::pipeline::{Pipeline, RuleNumber};
use super::proof::{Dimensions, Proof, Restrictions, cube_with, prove, restrict};
use super::rules::{Bucket, Group, GroupKind, Rule};
use super::steps::{Part, Step, TCI_PRESENT, TCI_VID, in_order, may_exit};
use crate::openflow::fields::Id;
use crate::openflow::text::{PORT_ANY, PORT_LOCAL};

/// How deep tables and bridges may be nested: `MAX_DEPTH` of ovs-vswitchd.
const MAX_DEPTH: usize = 64;

/// How deep watched groups may watch others.
const MAX_WATCH_DEPTH: usize = 16;

/// Maximum number of flows followed in one walk.
const MAX_FLOWS: usize = 1 << 16;

/// How often the same packet may come to a table with other restrictions, before these are given up.
const MAX_VISITS: u32 = 24;

/// A hash chooses among at most so many values one by one.
const MAX_CHOICES: u16 = 64;

/// A walk and what it came to.
pub(super) struct Walk<'w, 't> {
    network: &'w Network<'t>,
    pipelines: &'w [Option<Pipeline>],
    home: usize,
    watched: Vec<u32>,
    seen: HashMap<VisitKey<'w>, Visit<'w>>,
    visits: HashMap<(u32, u8, Packet<'w>), u32>,
    flows: usize,
    /// The patches passed so far.
    route: Vec<Crossing>,
    /// Where it left the network, each with the patches on the way there.
    pub(super) exits: BTreeMap<Exit, Vec<Crossing>>,
    /// The VLANs of the home bridge that it came to: a port that bears the tag got it.
    pub(super) arrivals: BTreeSet<Arrival>,
    /// The patches that it passed.
    pub(super) hops: BTreeSet<Crossing>,
    /// Why there may be more than was found, or less.
    pub(super) lost: BTreeSet<Doubt>,
}

/// A packet at a table: as from which port, which table, the packet, its restrictions by their address.
type VisitKey<'w> = (u32, u8, Packet<'w>, usize);

/// What became of it there. The restrictions are kept so that their address stays theirs.
struct Visit<'w> {
    _restrictions: Restrictions<'w>,
    after: Rc<Vec<Way<'w>>>,
    /// Whether it is being followed just now.
    is_open: bool,
}

/// A packet with what its headers must be, and one such packet where it is known.
#[derive(Debug, Clone)]
struct Way<'w> {
    packet: Packet<'w>,
    restrictions: Restrictions<'w>,
    witness: Option<Rc<Point>>,
}

/// How a list of actions goes on.
enum Next {
    /// With the next action.
    Step,
    /// Not at all; what called the list does.
    Return,
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
    /// `None`: it is not followed what the key is.
    pub(super) tun_id: Option<u64>,
    pub(super) through: Option<u32>,
    pub(super) broken: bool,
    pub(super) choice: Option<Choice>,
    pub(super) doubt: Option<Doubt>,
}

/// A packet in a VLAN of the home bridge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Arrival {
    pub(super) vid: u16,
    pub(super) through: Option<u32>,
    pub(super) broken: bool,
    pub(super) choice: Option<Choice>,
    pub(super) doubt: Option<Doubt>,
}

impl<'w, 't> Walk<'w, 't> {
    /// A walk that goes nowhere yet. The ports of `watched` get packets of the VLAN that these then bear.
    pub(super) fn new(
        network: &'w Network<'t>,
        pipelines: &'w [Option<Pipeline>],
        home: usize,
        watched: Vec<u32>,
    ) -> Walk<'w, 't> {
        Walk {
            network,
            pipelines,
            home,
            watched,
            seen: HashMap::new(),
            visits: HashMap::new(),
            flows: 0,
            route: Vec::new(),
            exits: BTreeMap::new(),
            arrivals: BTreeSet::new(),
            hops: BTreeSet::new(),
            lost: BTreeSet::new(),
        }
    }

    /// Follows `packet` from the first table of the bridge where it is.
    pub(super) fn follow(&mut self, packet: Packet<'w>) {
        let way = Way {
            packet,
            restrictions: None,
            witness: Some(Rc::default()),
        };
        self.bridge(way, 0);
    }

    /// How many flows it has followed.
    pub(super) fn flows(&self) -> usize {
        self.flows
    }

    /// Whether it went round: the switch drops such a packet as a whole, with all copies.
    pub(super) fn is_loop(&self) -> Option<Doubt> {
        self.lost.contains(&Doubt::Loop).then_some(Doubt::Loop)
    }

    fn pipeline(&self, bridge: usize) -> Option<&'w Pipeline> {
        self.pipelines.get(bridge)?.as_ref()
    }

    /// From the first table of a bridge to the action set.
    fn bridge(&mut self, way: Way<'w>, depth: usize) {
        let in_port = way.packet.in_port;
        let after = self.table(in_port, 0, way, depth);
        for way in after.iter() {
            self.action_set(way.clone(), depth);
        }
    }

    fn action_set(&mut self, mut way: Way<'w>, depth: usize) {
        let list = in_order(way.packet.set.iter().copied());
        if !list.is_empty() {
            way.packet.set = Rc::default();
            self.steps(&list, 0, way, depth.saturating_add(1));
        }
    }

    /// Looks the packet up as from `in_port`; what may have become of it afterwards.
    fn table(
        &mut self,
        in_port: u32,
        table: u8,
        mut way: Way<'w>,
        depth: usize,
    ) -> Rc<Vec<Way<'w>>> {
        let address = |way: &Way<'_>| {
            way.restrictions
                .as_ref()
                .map_or(0, |rc| Rc::as_ptr(rc).addr())
        };
        let mut key = (in_port, table, way.packet.clone(), address(&way));
        if !self.seen.contains_key(&key) && way.restrictions.is_some() {
            let packet = (in_port, table, way.packet.clone());
            let visits = self.visits.entry(packet).or_default();
            *visits = visits.saturating_add(1);
            if *visits > MAX_VISITS {
                way.restrictions = None;
                way.packet.doubt(Doubt::Many);
                key = (in_port, table, way.packet.clone(), 0);
            }
        }
        if let Some(visit) = self.seen.get(&key) {
            if visit.is_open {
                self.lost.insert(Doubt::Loop);
            }
            return Rc::clone(&visit.after);
        }
        if depth >= MAX_DEPTH {
            self.lost.insert(Doubt::Loop);
            return Rc::default();
        }
        let visit = |after: Rc<Vec<Way<'w>>>, is_open| Visit {
            _restrictions: way.restrictions.clone(),
            after,
            is_open,
        };
        self.seen.insert(key.clone(), visit(Rc::default(), true));
        let keep = way.restrictions.clone();
        let after = Rc::new(self.look_up(in_port, table, way, depth));
        let visit = Visit {
            _restrictions: keep,
            after: Rc::clone(&after),
            is_open: false,
        };
        self.seen.insert(key, visit);
        after
    }

    fn look_up(
        &mut self,
        in_port: u32,
        table: u8,
        mut rest: Way<'w>,
        depth: usize,
    ) -> Vec<Way<'w>> {
        let mut after = Vec::new();
        let Some(pipeline) = self.pipeline(rest.packet.bridge) else {
            return after;
        };
        let met = pipeline.meets(in_port, table, &rest.packet);
        let mut begin = 0;
        while let Some((_, first, ..)) = met.get(begin) {
            let priority = first.priority;
            let of_level = met.get(begin..).unwrap_or_default();
            let count = of_level
                .iter()
                .take_while(|(_, rule, ..)| rule.priority == priority);
            let level = of_level.get(..count.count()).unwrap_or_default();
            begin = begin.saturating_add(level.len());
            let overlaps = (level.len() > 1).then(|| pipeline.overlaps(table, priority));
            let mut plain = Vec::new();
            let mut takes_all = false;
            let mut conjunctive = Vec::new();
            let before = rest.clone();
            for (number, rule, class, is_certain) in level {
                if !rule.clauses.is_empty() {
                    continue;
                }
                let Some(dimensions) = dimensions(rule, class, level) else {
                    continue;
                };
                self.flows = self.flows.saturating_add(1);
                if self.flows > MAX_FLOWS {
                    self.lost.insert(Doubt::Many);
                    return after;
                }
                let contents = &before.packet.contents;
                let is_opaque = !is_certain
                    || dimensions
                        .iter()
                        .flatten()
                        .any(|class| class.is_opaque_in(contents));
                let others: Vec<RuleNumber> = overlaps
                    .iter()
                    .flat_map(|overlaps| overlaps.of(*number).iter().copied())
                    .filter(|other| level.iter().any(|(number, ..)| number == other))
                    .collect();
                let is_cut = overlaps.as_ref().is_some_and(|overlaps| overlaps.is_cut);
                let mut taken = before.clone();
                if is_opaque {
                    taken.packet.doubt(Doubt::Computed);
                    rest.packet.doubt(Doubt::Computed);
                }
                if is_cut {
                    taken.packet.doubt(Doubt::Many);
                }
                let steps: Vec<&'w Step> = rule.steps.iter().collect();
                if self.take(&mut taken, &dimensions) {
                    let choice = Choice {
                        bridge: before.packet.bridge,
                        table,
                        priority,
                    };
                    for way in self.part(taken, &others, pipeline, choice) {
                        for way in self.steps(&steps, table, way, depth) {
                            after.push(way);
                        }
                    }
                }
                if is_opaque {
                    continue;
                }
                match dimensions.as_slice() {
                    [only] if only.iter().any(|class| class.is_all()) => takes_all = true,
                    [only] => plain.extend(only.iter().copied()),
                    _ => conjunctive.push(dimensions),
                }
            }
            if takes_all {
                return after;
            }
            let plain = (!plain.is_empty()).then(|| vec![plain]);
            for dimensions in plain.into_iter().chain(conjunctive) {
                self.leave(&mut rest, dimensions);
            }
        }
        if self.is_possible(&mut rest) {
            after.push(rest);
        }
        after
    }

    /// Restricts a way to what is in all dimensions; whether there is such a packet.
    fn take(&self, way: &mut Way<'w>, dimensions: &Dimensions<'w>) -> bool {
        let contents = way.packet.contents.clone();
        let decides = |classes: &&Vec<&'w Class>| {
            let opaque = classes.iter().any(|class| class.is_opaque_in(&contents));
            !opaque && !classes.iter().any(|class| class.is_all())
        };
        let narrowing: Dimensions<'w> = dimensions.iter().filter(decides).cloned().collect();
        if narrowing.is_empty() {
            return self.is_possible(way);
        }
        let inside = |point: &Rc<Point>| cube_with(&narrowing, point, &contents).is_some();
        way.witness = way.witness.take().filter(inside);
        way.restrictions = restrict(&way.restrictions, narrowing, true, &contents);
        self.is_possible(way)
    }

    /// Restricts a way to what is not in all dimensions.
    fn leave(&self, way: &mut Way<'w>, dimensions: Dimensions<'w>) {
        let contents = way.packet.contents.clone();
        let outside = |point: &Rc<Point>| cube_with(&dimensions, point, &contents).is_none();
        way.witness = way.witness.take().filter(outside);
        way.restrictions = restrict(&way.restrictions, dimensions, false, &contents);
    }

    /// Whether there is a packet on a way; where that cannot be found out, it is marked.
    #[allow(clippy::unused_self, reason = "it belongs to the walk")]
    fn is_possible(&self, way: &mut Way<'w>) -> bool {
        if way.witness.is_some() {
            return true;
        }
        match prove(&way.restrictions) {
            Proof::Witness(point) => way.witness = Some(point),
            Proof::Impossible => return false,
            Proof::Unknown => way.packet.doubt(Doubt::Many),
        }
        true
    }

    /// What takes a flow alone, and what could as well take another of the same priority.
    fn part(
        &self,
        way: Way<'w>,
        others: &[RuleNumber],
        pipeline: &'w Pipeline,
        choice: Choice,
    ) -> Vec<Way<'w>> {
        if others.is_empty() {
            return vec![way];
        }
        let classes: Vec<_> = others
            .iter()
            .filter_map(|other| Some(pipeline.rule(*other)?.1))
            .collect();
        let dimensions: Dimensions<'w> = vec![classes];
        let mut parts = Vec::new();
        let mut shared = way.clone();
        shared.packet.choice.get_or_insert(choice);
        if self.take(&mut shared, &dimensions) {
            parts.push(shared);
        }
        let all = dimensions.iter().flatten().any(|class| class.is_all());
        if !all {
            let mut alone = way;
            self.leave(&mut alone, dimensions);
            if self.is_possible(&mut alone) {
                parts.push(alone);
            }
        }
        parts
    }

    fn steps(&mut self, steps: &[&'w Step], table: u8, way: Way<'w>, depth: usize) -> Vec<Way<'w>> {
        let mut ways = vec![way];
        let mut returned = Vec::new();
        for step in steps {
            let mut after: Vec<Way<'w>> = Vec::new();
            for mut way in ways {
                if !self.choices(step, &mut way, &mut after) {
                    match self.step(step, table, &mut way, depth, &mut after) {
                        Some(Next::Step) => after.push(way),
                        Some(Next::Return) => returned.push(way),
                        None => {}
                    }
                }
            }
            ways = after;
        }
        ways.extend(returned);
        ways
    }

    /// Steps of which more than one thing may come; whether this is one.
    #[allow(clippy::unused_self, reason = "it belongs to the walk")]
    fn choices(&self, step: &Step, way: &mut Way<'w>, after: &mut Vec<Way<'w>>) -> bool {
        match step {
            Step::PushFirst if way.packet.tags.outer.is_some() => {
                way.packet.doubt(Doubt::PushOrMod);
                after.push(way.clone());
                let mut pushed = way.clone();
                pushed.packet.tags = pushed.packet.tags.push(0);
                pushed.packet.contents.set(row(Id::VLAN_PCP), 0, u128::MAX);
                after.push(pushed);
            }
            Step::Choose { part, count } if *count <= MAX_CHOICES => {
                after.extend((0..*count).map(|number| {
                    let mut way = way.clone();
                    let value = part.shift(number.into());
                    way.packet.contents.set(part.row, value, part.mask());
                    way
                }));
            }
            _ => return false,
        }
        true
    }

    /// Does one step. `None`: nothing goes on, or what does is in `after`.
    #[allow(clippy::too_many_lines, reason = "a line or two a step")]
    fn step(
        &mut self,
        step: &'w Step,
        table: u8,
        way: &mut Way<'w>,
        depth: usize,
        after: &mut Vec<Way<'w>>,
    ) -> Option<Next> {
        let packet = &mut way.packet;
        match step {
            Step::Push | Step::PushFirst => {
                packet.tags = packet.tags.push(0);
                packet.contents.set(row(Id::VLAN_PCP), 0, u128::MAX);
            }
            Step::Pop => {
                packet.tags = packet.tags.pop();
                match packet.tags.outer {
                    None => packet.contents.set(row(Id::VLAN_PCP), 0, u128::MAX),
                    Some(_) => packet.contents.forget(row(Id::VLAN_PCP), u128::MAX),
                }
            }
            Step::SetVid(vid) => packet.tags = packet.tags.set(*vid),
            Step::Retag { vid, mask } => {
                if let Some(outer) = packet.tags.outer {
                    packet.tags = packet.tags.set(outer & !mask | vid & mask);
                }
            }
            Step::SetPcp { pcp, push } => {
                if packet.tags.outer.is_none() && *push {
                    packet.tags = packet.tags.push(0);
                }
                if packet.tags.outer.is_some() {
                    let pcp = u128::from(*pcp);
                    packet.contents.set(row(Id::VLAN_PCP), pcp, u128::MAX);
                }
            }
            Step::Tci { value, mask } => packet.tags = packet.tags.set_tci(*value, *mask),
            Step::Load {
                row,
                offset,
                value,
                mask,
            } => {
                let bits = |bits: u64| u128::from(bits) << (offset & 64);
                packet.contents.set(*row, bits(*value), bits(*mask));
            }
            Step::Move { from, to } => return self.move_bits(way, *from, *to),
            Step::Forget(part) => packet.contents.forget(part.row, part.mask()),
            Step::Choose { part, .. } => packet.contents.forget(part.row, part.mask()),
            Step::InPort(port) => packet.in_port = *port,
            Step::Output(port) if *port == packet.in_port => {}
            Step::Output(port) => self.send(way, *port, depth),
            Step::OutputField(part) => {
                let number = packet.contents.value(part.row, part.mask());
                match number.map(|bits| bits.checked_shr(part.offset.into()).unwrap_or(0)) {
                    Some(port) => {
                        let port = u32::try_from(port).unwrap_or(PORT_ANY);
                        if port != way.packet.in_port {
                            self.send(way, port, depth);
                        }
                    }
                    None => {
                        let mut copy = way.clone();
                        copy.packet.doubt(Doubt::Computed);
                        self.flood(&copy, depth);
                    }
                }
            }
            Step::OneOf(ports) => {
                for port in ports {
                    let live = self.is_live(way.packet.bridge, *port);
                    if live != Some(false) && *port != way.packet.in_port {
                        let mut copy = way.clone();
                        if live.is_none() {
                            copy.packet.doubt(Doubt::Liveness);
                        }
                        self.send(&copy, *port, depth);
                    }
                }
            }
            Step::Back => self.send(way, way.packet.in_port, depth),
            Step::Normal => self.switch(way, depth),
            Step::Flood => self.flood(way, depth),
            Step::Group(group) => return self.group(*group, table, way, depth),
            Step::Resubmit { in_port, table: to } => {
                let in_port = in_port.unwrap_or(way.packet.in_port);
                let to = to.unwrap_or(table);
                let found = self.table(in_port, to, way.clone(), depth.saturating_add(1));
                after.extend(found.iter().cloned());
                return None;
            }
            Step::Track {
                table,
                zone,
                translates,
            } => {
                let mut copy = way.clone();
                track(&mut copy.packet, *zone, *translates);
                let in_port = copy.packet.in_port;
                let found = self.table(in_port, *table, copy, depth.saturating_add(1));
                for way in found.iter() {
                    self.action_set(way.clone(), depth);
                }
            }
            Step::Untrack => {
                for field in tracked() {
                    packet.contents.set(field, 0, u128::MAX);
                }
            }
            Step::Clone(steps) => {
                let list: Vec<&'w Step> = steps.iter().collect();
                let inner = self.steps(&list, table, way.clone(), depth.saturating_add(1));
                for way in &inner {
                    self.action_set(way.clone(), depth);
                }
                // Exit within a clone ends what is around it as well.
                if may_exit(steps) {
                    after.extend(inner.into_iter().map(|inner| Way {
                        packet: Packet {
                            choice: inner.packet.choice,
                            doubt: inner.packet.doubt,
                            ..way.packet.clone()
                        },
                        ..inner
                    }));
                    return None;
                }
            }
            Step::Write(steps) => Rc::make_mut(&mut packet.set).extend(steps.iter()),
            Step::Clear => packet.set = Rc::default(),
            Step::Exit => return None,
            Step::Lost => {
                self.lost.insert(Doubt::Changed);
                packet.doubt(Doubt::Changed);
            }
        }
        Some(Next::Step)
    }

    fn move_bits(&mut self, way: &mut Way<'w>, from: Part, to: Part) -> Option<Next> {
        let packet = &mut way.packet;
        let tci = u128::from(TCI_PRESENT | TCI_VID);
        let bits = if from.row == row(Id::VLAN_TCI) || from.row == row(Id::VLAN_VID) {
            let value = u128::from(packet.tags.tci());
            (from.mask() & !tci == 0).then_some(value & from.mask())
        } else if from.row == row(Id::IN_PORT) || from.row == row(Id::IN_PORT_OXM) {
            Some(u128::from(packet.in_port) & from.mask())
        } else {
            packet.contents.value(from.row, from.mask())
        };
        let bits = bits.map(|bits| to.shift(bits.checked_shr(from.offset.into()).unwrap_or(0)));
        match bits {
            Some(bits) if to.row == row(Id::VLAN_TCI) => {
                let (value, mask) = (bits & tci, to.mask() & tci);
                packet.tags = packet.tags.set_tci(value as u16, mask as u16);
            }
            Some(bits) if to.row == row(Id::VLAN_VID) => {
                if let Some(outer) = packet.tags.outer {
                    let mask = to.mask() as u16 & TCI_VID;
                    packet.tags = packet.tags.set(outer & !mask | bits as u16 & mask);
                }
            }
            None if to.row == row(Id::VLAN_TCI) || to.row == row(Id::VLAN_VID) => {
                self.lost.insert(Doubt::Changed);
                return None;
            }
            Some(bits) => packet.contents.set(to.row, bits, to.mask()),
            None => packet.contents.forget(to.row, to.mask()),
        }
        Some(Next::Step)
    }

    /// A group that does not exist ends the list of actions.
    fn group(&mut self, number: u32, table: u8, way: &Way<'w>, depth: usize) -> Option<Next> {
        let bridge = way.packet.bridge;
        let Some(groups) = self.pipeline(bridge)?.groups.as_ref() else {
            self.lost.insert(Doubt::Groups);
            return Some(Next::Step);
        };
        let Some(group) = groups.get(&number) else {
            return Some(Next::Return);
        };
        if depth >= MAX_DEPTH {
            self.lost.insert(Doubt::Loop);
            return Some(Next::Step);
        }
        for bucket in &group.buckets {
            let live = match group.kind {
                GroupKind::All => Some(true),
                _ => self.is_bucket_live(bridge, bucket, 0),
            };
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

    fn is_live(&self, bridge: usize, ofport: u32) -> Option<bool> {
        match self.network.place(bridge, ofport) {
            Some(place) => place.is_live,
            None => Some(false),
        }
    }

    /// Whether any watched port or group of a bucket is live, or none is watched.
    fn is_bucket_live(&self, bridge: usize, bucket: &Bucket, depth: usize) -> Option<bool> {
        if depth > MAX_WATCH_DEPTH {
            return None;
        }
        let port = bucket.watch_port.map(|port| self.is_live(bridge, port));
        let group = bucket.watch_group.map(|number| {
            let groups = self.pipeline(bridge)?.groups.as_ref()?;
            let Some(group) = groups.get(&number) else {
                return Some(false);
            };
            self.is_group_live(bridge, group, depth)
        });
        match (port, group) {
            (None, None) => Some(true),
            (Some(only), None) | (None, Some(only)) => only,
            (Some(Some(true)), _) | (_, Some(Some(true))) => Some(true),
            (Some(Some(false)), Some(Some(false))) => Some(false),
            _ => None,
        }
    }

    fn is_group_live(&self, bridge: usize, group: &Group, depth: usize) -> Option<bool> {
        let mut any = Some(false);
        for bucket in &group.buckets {
            match self.is_bucket_live(bridge, bucket, depth.saturating_add(1)) {
                Some(true) => return Some(true),
                Some(false) => {}
                None => any = None,
            }
        }
        any
    }

    /// The NORMAL action. Nothing is learned yet: it goes to all ports of the VLAN.
    fn switch(&mut self, way: &Way<'w>, depth: usize) {
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
        // A tag that the switch has not looked at, and that is now the outer one.
        let eth_type = packet.contents.value(row(Id::ETH_TYPE), u16::MAX.into());
        if packet.tags.outer.is_none() && eth_type == Some(ETH_TYPE_VLAN) {
            return;
        }
        let mut way = way.clone();
        if member.drops_reserved
            && let Some(pipeline) = self.pipeline(way.packet.bridge)
        {
            self.leave(&mut way, vec![vec![&pipeline.reserved]]);
            if !self.is_possible(&mut way) {
                return;
            }
        }
        let same_port =
            |place: &Place<'t>| from.is_some_and(|from| from.port.name == place.port.name);
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

    /// All ports but the one where it came in, whatever the VLAN.
    fn flood(&mut self, way: &Way<'w>, depth: usize) {
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
            through: packet.through,
            broken: packet.broken,
            choice: packet.choice,
            doubt: packet.doubt,
        });
    }

    /// Out of a port, as it is.
    fn send(&mut self, way: &Way<'w>, ofport: u32, depth: usize) {
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
            Role::Patch(None) | Role::Inside => false,
            Role::Patch(Some(link)) => {
                let crossing = Crossing {
                    from: (packet.bridge, ofport),
                    to: (link.bridge, link.ofport),
                    tags: packet.tags,
                };
                self.hops.insert(crossing);
                let contents = packet.contents.through_patch();
                let mut there = Packet::new(link.bridge, link.ofport, packet.tags, contents);
                there.broken = packet.broken || !link.works;
                there.choice = packet.choice;
                there.doubt = packet.doubt;
                there.through = match packet.through {
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
            Role::Tunnel(_) => true,
            Role::Wire => !at_home || !place.is_of_one_vlan(),
            // This host takes part untagged, as a router does; it sees every VLAN.
            Role::Local => !at_home && ofport == PORT_LOCAL && packet.tags.vid() == 0,
        };
        if leaves {
            let key = packet.contents.value(row(Id::TUN_ID), u64::MAX.into());
            let exit = Exit {
                bridge: packet.bridge,
                ofport,
                tags: packet.tags,
                tun_id: key.map(|key| key as u64),
                through: packet.through,
                broken: packet.broken,
                choice: packet.choice,
                doubt: packet.doubt,
            };
            let route = &self.route;
            self.exits.entry(exit).or_insert_with(|| route.clone());
        }
    }
}

/// What must hold for a rule to take a packet; `None`: a clause of its conjunctive match has no flow.
fn dimensions<'w>(
    rule: &Rule,
    class: &'w Class,
    level: &[(RuleNumber, &'w Rule, &'w Class, bool)],
) -> Option<Dimensions<'w>> {
    let mut dimensions = vec![vec![class]];
    let Some(id) = rule.conj_id else {
        return Some(dimensions);
    };
    let clauses = |(_, rule, ..): &(RuleNumber, &'w Rule, &'w Class, bool)| rule.clauses.clone();
    let all = level.iter().flat_map(clauses);
    let count = all
        .filter(|(of, ..)| *of == id)
        .map(|(.., count)| count)
        .max()?;
    for clause in 0..count {
        let has = |rule: &Rule| rule.clauses.contains(&(id, clause, count));
        let classes: Vec<_> = level
            .iter()
            .filter(|(_, rule, ..)| has(rule))
            .map(|(_, _, class, _)| *class)
            .collect();
        if classes.is_empty() {
            return None;
        }
        dimensions.push(classes);
    }
    Some(dimensions)
}

/// The fields of connection tracking.
fn tracked() -> impl Iterator<Item = u8> {
    row(Id::CT_STATE)..=row(Id::CT_TP_DST)
}

/// `trk` of `ct_state` (ovs-fields(7)).
const CT_TRACKED: u128 = 1 << 5;

/// What connection tracking makes of a packet: any state of a connection may come out.
fn track(packet: &mut Packet<'_>, zone: Option<u16>, translates: bool) {
    for field in tracked() {
        packet.contents.renew(field);
    }
    packet
        .contents
        .set(row(Id::CT_STATE), CT_TRACKED, CT_TRACKED);
    match zone {
        Some(zone) => packet
            .contents
            .set(row(Id::CT_ZONE), zone.into(), u128::MAX),
        None => packet.contents.forget(row(Id::CT_ZONE), u128::MAX),
    }
    if translates {
        for id in [
            Id::IP_SRC,
            Id::IP_DST,
            Id::IPV6_SRC,
            Id::IPV6_DST,
            Id::TCP_SRC,
            Id::TCP_DST,
            Id::UDP_SRC,
            Id::UDP_DST,
            Id::SCTP_SRC,
            Id::SCTP_DST,
        ] {
            packet.contents.renew(row(id));
        }
    }
}

//! The paths of packets through the flows of the bridges: every place that a packet may reach.
//!
//! A walk follows all packets that enter at a port with given tags and tunnel key at once. If flows match on
//! headers it splits the packets: those that match, and the rest. Each part keeps the restrictions on its
//! headers, and is dropped if no packet can meet them. If a walk cannot decide, it follows both parts and
//! marks the results with the reason.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use super::class::row;
use super::network::Network;
use super::packet::{Choice, Doubt, Packet, Tags, Trail};
use super::pipeline::{Pipeline, RuleNumber, dimensions as conjoined};
use super::proof::Restrictions;
use super::steps::{Part, Step, TCI_PRESENT, TCI_VID, in_order, may_exit, output};
use super::tracking::{track, tracked};
use super::way::Way;
use crate::model::budget::Budget;
use crate::openflow::fields::Id;
use crate::openflow::text::port_from_v10;

/// Maximum nesting of tables and bridges: `MAX_DEPTH` of ovs-vswitchd.
pub(super) const MAX_DEPTH: usize = 64;

/// Maximum number of flows followed in one walk.
const MAX_FLOWS: usize = 1 << 16;

/// Maximum number of visits of the same packet to a table with different restrictions, before these are
/// dropped.
const MAX_VISITS: u32 = 24;

/// Maximum number of flows of one priority that are compared in pairs if one is a conjunctive match.
const MAX_COMPARED: usize = 128;

/// Maximum number of paths of one packet through one list of actions.
const MAX_WAYS: usize = 4096;

/// Maximum number of values of a hash that are followed separately.
const MAX_CHOICES: u16 = 64;

/// A walk and its results.
pub(super) struct Walk<'w, 't> {
    pub(super) network: &'w Network<'t>,
    pipelines: &'w [Option<Pipeline>],
    pub(super) home: usize,
    pub(super) watched: Vec<u32>,
    pub(super) budget: &'w Budget,
    seen: HashMap<VisitKey<'w>, Visit<'w>>,
    visits: HashMap<(u32, u8, Packet<'w>), u32>,
    flows: usize,
    /// The patches passed so far.
    pub(super) route: Vec<Crossing>,
    /// The exits from the network, each with the patches on the path there.
    pub(super) exits: BTreeMap<Exit, Vec<Crossing>>,
    /// The VLANs of the home bridge that it reached: a port with the tag got the packet.
    pub(super) arrivals: BTreeSet<Arrival>,
    /// The patches that it passed.
    pub(super) hops: BTreeSet<Crossing>,
    /// The reasons why the results may be incomplete or too many.
    pub(super) doubts: BTreeSet<Doubt>,
}

/// A packet at a table: input port, table, purpose, the packet, and the address of its restrictions.
type VisitKey<'w> = (u32, u8, NeededPackets, Packet<'w>, usize);

/// The results at a table. The restrictions are kept so that their address remains unique.
struct Visit<'w> {
    _restrictions: Restrictions<'w>,
    after: Rc<Vec<Way<'w>>>,
    /// Whether it is being followed.
    is_open: bool,
}

/// The purpose of a lookup: which packets are needed after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum NeededPackets {
    /// All packets: actions follow.
    All,
    /// Those with an action set, which is executed.
    WithSet,
}

impl NeededPackets {
    fn wants(self, way: &Way<'_>) -> bool {
        self == NeededPackets::All || !way.packet.set.is_empty()
    }
}

/// The continuation of a list of actions.
pub(super) enum Next {
    /// With the next action.
    Step,
    /// The list ends; its caller continues.
    Return,
}

/// A packet at a patch: the port where it left one bridge, its tags, and the port where it entered the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Crossing {
    pub(super) from: (usize, u32),
    pub(super) to: (usize, u32),
    pub(super) tags: Tags,
}

/// A packet at a port through which it leaves the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Exit {
    pub(super) bridge: usize,
    pub(super) ofport: u32,
    pub(super) tags: Tags,
    /// `None` if the key is opaque.
    pub(super) tun_id: Option<u64>,
    pub(super) trail: Trail,
}

/// A packet in a VLAN of the home bridge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Arrival {
    pub(super) vid: u16,
    pub(super) trail: Trail,
}

impl<'w, 't> Walk<'w, 't> {
    /// A walk without results. The ports of `watched` get packets of the VLAN that they have as tag.
    pub(super) fn new(
        network: &'w Network<'t>,
        pipelines: &'w [Option<Pipeline>],
        home: usize,
        watched: Vec<u32>,
        budget: &'w Budget,
    ) -> Walk<'w, 't> {
        Walk {
            network,
            pipelines,
            home,
            watched,
            budget,
            seen: HashMap::new(),
            visits: HashMap::new(),
            flows: 0,
            route: Vec::new(),
            exits: BTreeMap::new(),
            arrivals: BTreeSet::new(),
            hops: BTreeSet::new(),
            doubts: BTreeSet::new(),
        }
    }

    /// Follows `packet` from the first table of its bridge.
    pub(super) fn follow(&mut self, packet: Packet<'w>) {
        let way = Way {
            packet,
            restrictions: None,
            witness: Some(Rc::default()),
        };
        self.bridge(way, 0);
    }

    /// The number of flows followed.
    pub(super) fn flows(&self) -> usize {
        self.flows
    }

    /// Whether it reached a loop: the switch drops such a packet, with all copies.
    pub(super) fn is_loop(&self) -> Option<Doubt> {
        self.doubts.contains(&Doubt::Loop).then_some(Doubt::Loop)
    }

    /// The reason why there may be more results; a loop adds none.
    pub(super) fn why_more(&self) -> Option<Doubt> {
        let mut reasons = self.doubts.iter().copied();
        reasons.find(|doubt| *doubt != Doubt::Loop)
    }

    pub(super) fn pipeline(&self, bridge: usize) -> Option<&'w Pipeline> {
        self.pipelines.get(bridge)?.as_ref()
    }

    /// Follows a packet from the first table of a bridge to its action set.
    pub(super) fn bridge(&mut self, way: Way<'w>, depth: usize) {
        let in_port = way.packet.in_port;
        let after = self.table(in_port, 0, way, depth, NeededPackets::WithSet);
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

    /// Looks the packet up with `in_port`; returns the packets that may result.
    fn table(
        &mut self,
        in_port: u32,
        table: u8,
        mut way: Way<'w>,
        depth: usize,
        needed: NeededPackets,
    ) -> Rc<Vec<Way<'w>>> {
        let address = |way: &Way<'_>| {
            way.restrictions
                .as_ref()
                .map_or(0, |rc| Rc::as_ptr(rc).addr())
        };
        let mut key = (in_port, table, needed, way.packet.clone(), address(&way));
        if !self.seen.contains_key(&key) && way.restrictions.is_some() {
            let packet = (in_port, table, way.packet.clone());
            let visits = self.visits.entry(packet).or_default();
            *visits = visits.saturating_add(1);
            if *visits > MAX_VISITS {
                way.restrictions = None;
                way.packet.doubt(Doubt::Many);
                key = (in_port, table, needed, way.packet.clone(), 0);
            }
        }
        if let Some(visit) = self.seen.get(&key) {
            if visit.is_open {
                self.doubts.insert(Doubt::Loop);
            }
            return Rc::clone(&visit.after);
        }
        if depth >= MAX_DEPTH {
            self.doubts.insert(Doubt::Loop);
            return Rc::default();
        }
        let restrictions = way.restrictions.clone();
        let visit = |after: Rc<Vec<Way<'w>>>, is_open| Visit {
            _restrictions: restrictions.clone(),
            after,
            is_open,
        };
        self.seen.insert(key.clone(), visit(Rc::default(), true));
        let after = Rc::new(self.look_up(in_port, table, way, depth, needed));
        self.seen.insert(key, visit(Rc::clone(&after), false));
        after
    }

    fn look_up(
        &mut self,
        in_port: u32,
        table: u8,
        mut rest: Way<'w>,
        depth: usize,
        needed: NeededPackets,
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
            let overlaps =
                (level.len() > 1).then(|| pipeline.overlaps(table, priority, self.budget));
            let mut plain = Vec::new();
            let mut takes_all = false;
            let mut conjunctive = Vec::new();
            let executed = level.iter().filter(|(_, rule, ..)| rule.clauses.is_empty());
            let has_conjunction = executed.clone().any(|(_, rule, ..)| rule.conj_id.is_some());
            let compares = executed.count() <= MAX_COMPARED;
            let before = rest.clone();
            for (number, rule, class, is_certain) in level {
                if !rule.clauses.is_empty() {
                    continue;
                }
                let Some(dimensions) = conjoined(rule, class, level) else {
                    continue;
                };
                self.flows = self.flows.saturating_add(1);
                if self.flows > MAX_FLOWS {
                    self.doubts.insert(Doubt::Many);
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
                    .filter(|other| {
                        level
                            .binary_search_by_key(other, |(number, ..)| *number)
                            .is_ok()
                    })
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
                let others_conjoin = level.iter().filter(|(other, met, ..)| {
                    compares
                        && other != number
                        && (met.conj_id.is_some() || rule.conj_id.is_some())
                        && met.clauses.is_empty()
                        && met.steps != rule.steps
                });
                if has_conjunction && !compares {
                    taken.packet.doubt(Doubt::Many);
                }
                let mut intersecting = Vec::new();
                for (_, other, class, _) in others_conjoin {
                    let mut both = before.clone();
                    if let Some(also) = conjoined(other, class, level)
                        && both.take(&dimensions, self.budget)
                        && both.take(&also, self.budget)
                    {
                        intersecting.push(also);
                    }
                }
                let steps: Vec<&'w Step> = rule.steps.iter().collect();
                if taken.take(&dimensions, self.budget) {
                    let choice = Choice {
                        bridge: before.packet.bridge,
                        table,
                        priority,
                    };
                    let mut parts = vec![taken];
                    if !intersecting.is_empty() {
                        let mut alone = parts.clone();
                        for way in &mut parts {
                            way.packet.trail.choice.get_or_insert(choice);
                        }
                        for way in &mut alone {
                            for also in &intersecting {
                                way.leave(also.clone());
                            }
                        }
                        alone.retain_mut(|way| way.is_possible(self.budget));
                        parts.extend(alone);
                    }
                    for way in parts {
                        for way in way.part(&others, pipeline, choice, self.budget) {
                            let ways = self.steps(&steps, table, way, depth);
                            after.extend(ways.into_iter().filter(|way| needed.wants(way)));
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
                rest.leave(dimensions);
            }
        }
        if needed.wants(&rest) && rest.is_possible(self.budget) {
            after.push(rest);
        }
        after
    }

    pub(super) fn steps(
        &mut self,
        steps: &[&'w Step],
        table: u8,
        way: Way<'w>,
        depth: usize,
    ) -> Vec<Way<'w>> {
        let mut ways = vec![way];
        let mut returned = Vec::new();
        for step in steps {
            let mut after: Vec<Way<'w>> = Vec::new();
            for mut way in ways {
                if !Self::choices(step, &mut way, &mut after) {
                    match self.step(step, table, &mut way, depth, &mut after) {
                        Some(Next::Step) => after.push(way),
                        Some(Next::Return) => returned.push(way),
                        None => {}
                    }
                }
            }
            if after.len() > MAX_WAYS {
                self.doubts.insert(Doubt::Many);
                after.truncate(MAX_WAYS);
            }
            ways = after;
        }
        ways.extend(returned);
        ways
    }

    /// Whether a step may have more than one result.
    fn choices(step: &Step, way: &mut Way<'w>, after: &mut Vec<Way<'w>>) -> bool {
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

    /// Executes a step. `None` if the list ends; resulting packets are in `after`.
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
            Step::Retag(vid) => {
                if packet.tags.outer.is_some() {
                    packet.tags = packet.tags.set(*vid);
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
            Step::Forget(part) | Step::Choose { part, .. } => {
                packet.contents.forget(part.row, part.mask());
            }
            Step::InPort(port) => packet.in_port = *port,
            Step::Output(port) if *port == packet.in_port => {}
            Step::Output(port) => self.send(way, *port, depth),
            Step::OutputField(part) => {
                let number = packet.contents.value(part.row, part.mask());
                if let Some(bits) = number {
                    // A 16-bit port number as in OpenFlow 1.0, possibly a reserved one.
                    let port = bits.checked_shr(part.offset.into()).unwrap_or(0);
                    if let Ok(port) = u16::try_from(port) {
                        self.output(port_from_v10(port), way, depth);
                    }
                } else {
                    let mut copy = way.clone();
                    copy.packet.doubt(Doubt::Computed);
                    self.flood(&copy, depth);
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
                let found = self.table(
                    in_port,
                    to,
                    way.clone(),
                    depth.saturating_add(1),
                    NeededPackets::All,
                );
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
                let found = self.table(
                    in_port,
                    *table,
                    copy,
                    depth.saturating_add(1),
                    NeededPackets::WithSet,
                );
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
                // `exit` within a clone ends the enclosing list as well.
                if may_exit(steps) {
                    after.extend(inner.into_iter().map(|inner| Way {
                        packet: Packet {
                            trail: Trail {
                                choice: inner.packet.trail.choice,
                                doubt: inner.packet.trail.doubt,
                                ..way.packet.trail
                            },
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
                self.doubts.insert(Doubt::Changed);
                packet.doubt(Doubt::Changed);
            }
        }
        Some(Next::Step)
    }

    /// Sends to the port whose number was in a field.
    fn output(&mut self, port: u32, way: &Way<'w>, depth: usize) {
        match output(port) {
            Some(Step::Normal) => self.switch(way, depth),
            Some(Step::Flood) => self.flood(way, depth),
            Some(Step::Back) => self.send(way, way.packet.in_port, depth),
            Some(Step::Output(port)) if port != way.packet.in_port => self.send(way, port, depth),
            _ => {}
        }
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
            Some(bits) if to.row == row(Id::VLAN_TCI) || to.row == row(Id::VLAN_VID) => {
                let (value, mask) = (bits & tci, to.mask() & tci);
                packet.tags = packet.tags.set_tci(value as u16, mask as u16);
            }
            None if to.row == row(Id::VLAN_TCI) || to.row == row(Id::VLAN_VID) => {
                self.doubts.insert(Doubt::Changed);
                return None;
            }
            Some(bits) => packet.contents.set(to.row, bits, to.mask()),
            None => packet.contents.forget(to.row, to.mask()),
        }
        Some(Next::Step)
    }
}

//! Flows of one table and priority that match the same packets and do different things with them.
//!
//! Which of them takes such a packet is undefined (OpenFlow 1.3.5 §6.4), and Open vSwitch documents no
//! rule. Two flows match a packet in common if they agree on every bit that both match on. So the flows of
//! a priority are partitioned by their values on the bits that all of them match on. In each part the
//! values of one shape, masked by another shape, are put into an index, and those of the other are looked
//! up there; flows of one shape never match a packet in common. The work grows with the flows times the
//! shapes of a part, not with the pairs of flows.
//!
//! Not reported are:
//! - Flows that do the same. The parts of conjunctive matches count as such among themselves.
//! - As with hidden flows, those that expire, and those with fields that are not known.
//! - Where a flow of higher priority takes all that both match.
//! - Where the only common packets would have a state of connection that does not exist.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use super::flow_set::{
    Bits, Flows, Index, Kept, ShapeField, TO_JOIN, TO_LOOK_UP, TakenPackets, Wider, cut, places,
    table_of, take_bits,
};
use crate::model::budget::Budget;
use crate::openflow::fields::{CT_ESTABLISHED, CT_INVALID, CT_NEW, CT_REPLY, CT_TRACKED, Id};

/// The overlaps of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overlap {
    /// The table.
    pub table: u8,
    /// The number of flows that overlap with another one.
    pub count: u64,
    /// Two overlapping flows: the pair that took the most packets.
    pub example: (u32, u32),
}

/// The result of the search.
#[derive(Debug, Default)]
pub struct Overlaps {
    /// By table.
    pub tables: Vec<Overlap>,
    /// Whether all flows were compared: the work is limited.
    pub complete: bool,
}

/// A flow with its sort keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Member {
    table: u8,
    priority: Reverse<u16>,
    shape: u32,
    ct_state: u32,
    flow: u32,
}

impl Index<'_> {
    /// Finds overlapping flows, table by table.
    pub fn overlaps(&self) -> Overlaps {
        let members = self
            .flows
            .members(|flow| flow.packets == TakenPackets::Lasting);
        let mut search = Search::new(self, None);
        let mut found = Overlaps {
            tables: Vec::new(),
            complete: true,
        };
        for table in members.chunk_by(|a, b| a.table == b.table) {
            search.best = None;
            for same in table.chunk_by(|a, b| a.priority == b.priority) {
                found.complete = found.complete && search.compare(same);
            }
            let overlaps = |member: &&Member| search.is_marked(member.flow);
            if let (Some((_, example)), Some(first)) = (search.best, table.first()) {
                found.tables.push(Overlap {
                    table: first.table,
                    count: table.iter().filter(overlaps).count() as u64,
                    example,
                });
            }
        }
        found
    }

    /// Finds pairs of overlapping flows of which at least one is among the `wanted`, by index; each of these is in at
    /// least one pair if it overlaps with any flow, also with one that expires. The flag is false if the search reached
    /// its work limit.
    pub fn overlaps_of(&self, wanted: &[bool]) -> (Vec<(u32, u32)>, bool) {
        let members = self.flows.members(|_| true);
        let mut search = Search::new(self, Some(wanted));
        let by_priority = |a: &Member, b: &Member| (a.table, a.priority) == (b.table, b.priority);
        let is_complete = members
            .chunk_by(by_priority)
            .all(|same| search.compare(same));
        (search.pairs, is_complete)
    }
}

impl Flows {
    /// Those of the `wanted` flows that can be compared, sorted.
    fn members(&self, wanted: impl Fn(&Kept) -> bool) -> Vec<Member> {
        // The index of the connection state in each shape.
        let mut states: HashMap<u32, Option<usize>> = HashMap::new();
        let mut members: Vec<Member> = Vec::new();
        for (number, flow) in (0u32..).zip(self.kept()) {
            if flow.packets == TakenPackets::Unknown || !wanted(flow) {
                continue;
            }
            let shape = self.shape(flow.shape);
            let at = *(states.entry(flow.shape)).or_insert_with(|| {
                let is_state =
                    |place: &ShapeField<'_>| usize::from(place.row) == Id::CT_STATE.index();
                placed(shape).find_map(|(at, place)| is_state(&place).then_some(at))
            });
            let state = at.and_then(|at| self.values_of(flow).get(at..)?.first_chunk().copied());
            members.push(Member {
                table: table_of(shape),
                priority: Reverse(flow.priority),
                shape: flow.shape,
                ct_state: state.map(u32::from_be_bytes).unwrap_or_default(),
                flow: number,
            });
        }
        members.sort_unstable();
        members
    }
}

/// The search and its results so far.
#[derive(Debug)]
struct Search<'f> {
    index: &'f Index<'f>,
    budget: Budget,
    /// If only overlaps with some flows are wanted: whether a flow is one of these.
    wanted: Option<&'f [bool]>,
    /// The pairs with the wanted flows.
    pairs: Vec<(u32, u32)>,
    /// For each flow, whether it overlaps with another.
    overlaps: Vec<bool>,
    /// The overlapping pair of this table that took the most packets, and their number.
    best: Option<(u64, (u32, u32))>,
}

/// Flows with equal values on the bits that another shape matches on.
#[derive(Debug)]
struct Entry {
    first: u32,
    /// A flow that does something else than the first.
    other: Option<u32>,
}

impl<'f> Search<'f> {
    fn new(index: &'f Index<'f>, wanted: Option<&'f [bool]>) -> Search<'f> {
        Search {
            index,
            budget: index.flows.budget(),
            wanted,
            pairs: Vec::new(),
            overlaps: vec![false; index.flows.len()],
            best: None,
        }
    }

    /// Compares the flows of one priority; `false` if the work limit is reached.
    fn compare(&mut self, same: &[Member]) -> bool {
        if self.budget.is_spent() {
            return false;
        }
        let by_class = |a: &Member, b: &Member| (a.shape, a.ct_state) == (b.shape, b.ct_state);
        let class = |members| FlowClass { members };
        let classes: Vec<FlowClass<'_>> = same.chunk_by(by_class).map(class).collect();
        if classes.len() < 2 {
            return true;
        }
        let sorted = self.by_common(&classes);
        let mut parts = sorted.chunk_by(|a, b| a.0 == b.0).peekable();
        if parts.peek().is_some_and(|part| part.len() < same.len()) {
            return parts.all(|part| {
                let members: Vec<Member> = part.iter().map(|(_, member)| *member).collect();
                self.compare(&members)
            });
        }
        let mut rest = classes.as_slice();
        while let Some((one, others)) = rest.split_first() {
            for other in others {
                if self.budget.is_spent() {
                    return false;
                }
                if one.may_meet(other) {
                    self.look_up(one, other);
                    self.look_up(other, one);
                }
            }
            rest = others;
        }
        true
    }

    /// The flows with a hash of their values on the bits that all of them match on, sorted by it. Only
    /// flows with equal hashes can match a packet in common.
    fn by_common(&mut self, classes: &[FlowClass<'_>]) -> Vec<(u64, Member)> {
        let flows = self.index.flows;
        let shapes = classes.iter().map(|class| flows.shape(class.shape()));
        let all = shapes.fold(None, |all: Option<Vec<u8>>, shape| {
            self.budget.spend(TO_JOIN);
            Some(all.map_or_else(|| shape.to_vec(), |all| meet(&all, shape)))
        });
        let all = all.unwrap_or_default();
        let mut sorted = Vec::new();
        let mut key = Vec::new();
        for class in classes {
            let bits = cut(flows.shape(class.shape()), &all).unwrap_or_default();
            for member in class.members {
                self.budget.spend(TO_LOOK_UP);
                let values = flows.get(member.flow).map(|flow| flows.values_of(flow));
                take_bits(values.unwrap_or_default(), &bits, &mut key);
                sorted.push((self.index.hash(&key), *member));
            }
        }
        sorted.sort_unstable();
        sorted
    }

    /// Looks the flows of one class up among those of another.
    fn look_up(&mut self, these: &FlowClass<'_>, those: &FlowClass<'_>) {
        if !(these.members.iter()).any(|member| self.is_searched(member.flow)) {
            return;
        }
        let flows = self.index.flows;
        let shapes = (flows.shape(these.shape()), flows.shape(those.shape()));
        self.budget.spend(TO_JOIN);
        let Some((mine, theirs)) = common(shapes.0, shapes.1) else {
            return;
        };
        let mut key = Vec::new();
        let mut indexed: HashMap<u64, Entry> = HashMap::new();
        for (number, flow) in those.flows(flows) {
            self.budget.spend(TO_LOOK_UP);
            take_bits(flows.values_of(flow), &theirs, &mut key);
            let entry = indexed.entry(self.index.hash(&key)).or_insert(Entry {
                first: number,
                other: None,
            });
            let differs = |first: &Kept| first.does != flow.does;
            if entry.other.is_none() && flows.get(entry.first).is_some_and(differs) {
                entry.other = Some(number);
            }
        }
        let mut joined: Option<(Joined, Vec<Wider>)> = None;
        let mut other_key = Vec::new();
        for (number, flow) in these.flows(flows) {
            if !self.is_searched(number) {
                continue;
            }
            self.budget.spend(TO_LOOK_UP);
            let values = flows.values_of(flow);
            take_bits(values, &mine, &mut key);
            let Some(entry) = indexed.get(&self.index.hash(&key)) else {
                continue;
            };
            let candidates = [Some(entry.first), entry.other].into_iter().flatten();
            let mut partners =
                candidates.filter_map(|partner| Some((partner, flows.get(partner)?)));
            let Some((partner, other)) = partners.find(|(_, other)| other.does != flow.does) else {
                continue;
            };
            let other_values = flows.values_of(other);
            take_bits(other_values, &theirs, &mut other_key);
            if other_key != key {
                continue;
            }
            let (joined, wider) = joined.get_or_insert_with(|| {
                let joined = Joined::of(shapes.0, shapes.1);
                let wider = (self.index).wider(&joined.shape, flow.priority, &self.budget);
                (joined, wider)
            });
            joined.values(values, other_values, &mut other_key);
            let by = (self.index).cover(&other_key, flow.priority, wider, &self.budget);
            if by.is_none() {
                self.mark((number, flow), (partner, other));
            }
        }
    }

    fn is_marked(&self, flow: u32) -> bool {
        self.overlaps
            .get(flow as usize)
            .copied()
            .unwrap_or_default()
    }

    /// Whether a flow that overlaps with this one is still to be found.
    fn is_searched(&self, flow: u32) -> bool {
        let is_wanted = |wanted: &[bool]| wanted.get(flow as usize) == Some(&true);
        !self.is_marked(flow) && self.wanted.is_none_or(is_wanted)
    }

    fn mark(&mut self, one: (u32, &Kept), other: (u32, &Kept)) {
        for flow in [one.0, other.0] {
            if let Some(slot) = self.overlaps.get_mut(flow as usize) {
                *slot = true;
            }
        }
        if self.wanted.is_some() {
            self.pairs.push((one.0, other.0));
        }
        let packets = |flow: &Kept| flow.n_packets.unwrap_or_default();
        let took = packets(one.1).saturating_add(packets(other.1));
        if self.best.is_none_or(|(most, _)| took > most) {
            self.best = Some((took, (one.0, other.0)));
        }
    }
}

/// Flows of one table, priority, shape and connection state.
#[derive(Debug, Clone, Copy)]
struct FlowClass<'m> {
    members: &'m [Member],
}

impl<'m> FlowClass<'m> {
    fn shape(&self) -> u32 {
        self.members.first().map_or(0, |member| member.shape)
    }

    /// Whether a packet may match flows of both classes, judged without their values.
    fn may_meet(&self, other: &FlowClass<'_>) -> bool {
        let state =
            |class: &FlowClass<'_>| class.members.first().map_or(0, |member| member.ct_state);
        self.shape() != other.shape() && is_possible(state(self) | state(other))
    }

    fn flows<'f>(&self, flows: &'f Flows) -> impl Iterator<Item = (u32, &'f Kept)> + use<'f, 'm> {
        let flow = |member: &Member| Some((member.flow, flows.get(member.flow)?));
        self.members.iter().filter_map(flow)
    }
}

/// Whether a connection can have all of these states at once (ovs-fields(7), `ct_state`).
fn is_possible(ct_state: u32) -> bool {
    let has = |state| ct_state & state != 0;
    let is_two = has(CT_NEW) && has(CT_ESTABLISHED | CT_REPLY);
    let is_invalid_and_more = has(CT_INVALID) && has(!(CT_INVALID | CT_TRACKED));
    !is_two && !is_invalid_and_more
}

/// The bits that both shapes match on, in the values of each; `None` if a field has two lengths.
fn common(one: &[u8], other: &[u8]) -> Option<(Vec<Bits>, Vec<Bits>)> {
    let (mut mine, mut theirs) = (Vec::new(), Vec::new());
    let mut others = placed(other).peekable();
    for (at, place) in placed(one) {
        while others.next_if(|(_, other)| other.row < place.row).is_some() {}
        let Some((other_at, other)) = others.next_if(|(_, other)| other.row == place.row) else {
            continue;
        };
        if other.mask.len() != place.mask.len() {
            return None;
        }
        for (offset, (one, other)) in place.mask.iter().zip(other.mask).enumerate() {
            let mask = one & other;
            if mask != 0 {
                mine.push(Bits {
                    at: at + offset,
                    mask,
                });
                theirs.push(Bits {
                    at: other_at + offset,
                    mask,
                });
            }
        }
    }
    Some((mine, theirs))
}

/// The shape of the bits that both shapes match on.
fn meet(one: &[u8], other: &[u8]) -> Vec<u8> {
    let mut both = vec![table_of(one)];
    let mut others = places(other).peekable();
    for place in places(one) {
        while others.next_if(|other| other.row < place.row).is_some() {}
        let Some(other) = others.next_if(|other| other.row == place.row) else {
            continue;
        };
        // Fields whose lengths differ are left out.
        if other.mask.len() == place.mask.len() {
            both.extend([place.row, place.mask.len() as u8]);
            both.extend(
                place
                    .mask
                    .iter()
                    .zip(other.mask)
                    .map(|(one, other)| one & other),
            );
        }
    }
    both
}

/// The fields of a shape, each with the offset of its values.
fn placed(shape: &[u8]) -> impl Iterator<Item = (usize, ShapeField<'_>)> {
    places(shape).scan(0, |next, place| {
        let at = *next;
        *next += place.mask.len();
        Some((at, place))
    })
}

/// The shape of the packets that match flows of both shapes.
#[derive(Debug)]
struct Joined {
    shape: Vec<u8>,
    /// For each byte of the values, its index in those of each flow.
    bytes: Vec<(Option<usize>, Option<usize>)>,
}

/// A mask, with the offset of its values.
type PlacedMask<'s> = (usize, &'s [u8]);

impl Joined {
    /// A field of both must have one length.
    fn of(one: &[u8], other: &[u8]) -> Joined {
        let mut rows: BTreeMap<u8, (Option<PlacedMask<'_>>, Option<PlacedMask<'_>>)> =
            BTreeMap::new();
        for (at, place) in placed(one) {
            rows.entry(place.row).or_default().0 = Some((at, place.mask));
        }
        for (at, place) in placed(other) {
            rows.entry(place.row).or_default().1 = Some((at, place.mask));
        }
        let mut joined = Joined {
            shape: vec![table_of(one)],
            bytes: Vec::new(),
        };
        for (row, (one, other)) in rows {
            let length = one.or(other).map_or(0, |(_, mask)| mask.len());
            joined.shape.extend([row, length as u8]);
            for offset in 0..length {
                let byte = |field: Option<PlacedMask<'_>>| {
                    let (at, mask) = field?;
                    Some((at + offset, *mask.get(offset)?))
                };
                let (one, other) = (byte(one), byte(other));
                let mask = |byte: Option<(usize, u8)>| byte.map_or(0, |(_, mask)| mask);
                joined.shape.push(mask(one) | mask(other));
                let at = |byte: Option<(usize, u8)>| byte.map(|(at, _)| at);
                joined.bytes.push((at(one), at(other)));
            }
        }
        joined
    }

    /// The values of the packets that match both flows.
    fn values(&self, one: &[u8], other: &[u8], out: &mut Vec<u8>) {
        let byte = |values: &[u8], at: Option<usize>| {
            at.and_then(|at| values.get(at).copied())
                .unwrap_or_default()
        };
        out.clear();
        let bytes = self.bytes.iter();
        out.extend(bytes.map(|(mine, theirs)| byte(one, *mine) | byte(other, *theirs)));
    }
}

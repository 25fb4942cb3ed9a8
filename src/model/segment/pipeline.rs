//! The rules of a bridge, with lookup by packet.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::rc::Rc;

use super::class::{Class, row};
use super::packet::Packet;
use super::proof::Dimensions;
use super::rules::{FlowRules, Groups, Rule, VlanIs, width};
use super::steps::{TCI_PRESENT, TCI_VID};
use crate::model::budget::Budget;
use crate::model::liveness::{LiveGroups, live_groups};
use crate::openflow::fields::Id;

/// Number of a rule of a pipeline.
pub(super) type RuleNumber = u32;

/// The rules of a bridge, with lookup by packet.
#[derive(Debug, Default)]
pub(super) struct Pipeline {
    rules: Vec<(Rule, Class)>,
    tables: HashMap<u8, Table>,
    /// For each rule the previous one in the same list of a table; the first refers to itself.
    previous: Vec<RuleNumber>,
    /// The rules by table and priority.
    levels: Vec<RuleNumber>,
    /// Groups by number; `None`: unknown.
    pub(super) groups: Groups,
    /// Whether each group is live.
    live_groups: LiveGroups,
    /// The VLANs that rules match on.
    pub(super) vids: HashSet<u16>,
    /// The tunnel keys that rules match on.
    pub(super) tun_ids: HashSet<u64>,
    /// A hash of the rules that match on a port, by port.
    signatures: HashMap<u32, u64>,
    /// Frames to the addresses reserved by IEEE 802.1D.
    pub(super) reserved: Class,
    /// The intersecting rules of each table and priority, computed on first use.
    overlaps: RefCell<HashMap<(u8, u16), Rc<RuleOverlaps>>>,
}

/// A rule that a packet may match: its number, the rule, the headers that it matches, and whether it
/// certainly matches apart from the headers.
pub(super) type Meeting<'w> = (RuleNumber, &'w Rule, &'w Class, bool);

/// A table: rules by their exactly matched fields.
#[derive(Debug, Default)]
struct Table {
    /// The last rule of each list.
    rules: HashMap<Exactly, RuleNumber>,
    /// The kinds of keys that occur in `rules`.
    shapes: HashSet<KeyShape>,
}

/// The exactly matched fields of a rule: whether the input port and the VLAN are, and the first such field of
/// the switch.
type KeyShape = (bool, bool, Option<u8>);

/// The values of input port, VLAN and a field of the switch, each if matched exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Exactly {
    in_port: Option<u32>,
    vlan: VlanIs,
    field: Option<(u8, u64)>,
}

impl Exactly {
    fn shape(&self) -> KeyShape {
        (
            self.in_port.is_some(),
            self.vlan != VlanIs::Any,
            self.field.map(|(row, _)| row),
        )
    }
}

/// Intersecting rules of one table and priority with different effects.
#[derive(Debug, Default)]
pub(super) struct RuleOverlaps {
    others: HashMap<RuleNumber, Vec<RuleNumber>>,
    /// Whether the maximum number of pairs was reached.
    pub(super) is_cut: bool,
}

impl RuleOverlaps {
    pub(super) fn of(&self, rule: RuleNumber) -> &[RuleNumber] {
        self.others
            .get(&rule)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }
}

/// 01:80:c2:00:00:00/ff:ff:ff:ff:ff:f0
const RESERVED: u128 = 0x0180_c200_0000;
const RESERVED_MASK: u128 = 0xffff_ffff_fff0;

/// Maximum number of pairs per table and priority.
const MAX_PAIRS: usize = 100_000;

impl Pipeline {
    /// The rules of a bridge; `is_live` returns whether a port is live.
    pub(super) fn of(flows: FlowRules, is_live: impl Fn(u32) -> Option<bool>) -> Pipeline {
        let (rules, groups) = flows.into_parts();
        let watches = groups.iter().flatten().map(|(number, group)| {
            let watches = group.buckets.iter().map(|bucket| bucket.watch);
            (*number, watches)
        });
        let live_groups = live_groups(&watches, is_live, |_| Some(false));
        let mut pipeline = Pipeline {
            groups,
            live_groups,
            reserved: Class::of_field(row(Id::ETH_DST), RESERVED, RESERVED_MASK),
            ..Pipeline::default()
        };
        for (number, (rule, class)) in (0..).zip(&rules) {
            let vlan = match rule.when.vlan {
                VlanIs::Masked(value, _) if value & TCI_VID != 0 => {
                    pipeline.vids.insert(value & TCI_VID);
                    VlanIs::Any
                }
                VlanIs::Any | VlanIs::Masked(..) => VlanIs::Any,
                VlanIs::Untagged => VlanIs::Untagged,
                VlanIs::Vid(vid) => {
                    pipeline.vids.insert(vid);
                    VlanIs::Vid(vid)
                }
            };
            let of_key = |(of, ..): &&(u8, u64, u64)| *of == row(Id::TUN_ID);
            if let Some((_, key, _)) = rule.when.fields.iter().find(of_key) {
                pipeline.tun_ids.insert(*key);
            }
            if let Some(port) = rule.when.in_port {
                let signature = pipeline.signatures.entry(port).or_default();
                // The order of the rules is arbitrary.
                *signature = signature.wrapping_add(apart_from_port(rule, class));
            }
            let key = Exactly {
                in_port: rule.when.in_port,
                vlan,
                field: rule.exact_field(),
            };
            let table = pipeline.tables.entry(rule.table).or_default();
            table.shapes.insert(key.shape());
            let before = table.rules.insert(key, number);
            pipeline.previous.push(before.unwrap_or(number));
        }
        let level = |number: &RuleNumber| {
            let rule = rules.get(*number as usize);
            rule.map(|(rule, _)| (rule.table, rule.priority))
        };
        pipeline.levels = (0..).take(rules.len()).collect();
        pipeline.levels.sort_by_key(level);
        pipeline.rules = rules;
        pipeline
    }

    /// Whether a group is live; `None`: unknown.
    pub(super) fn is_group_live(&self, number: u32) -> Option<bool> {
        let live = self.live_groups.get(&number).copied();
        live.unwrap_or(Some(false))
    }

    /// The number of rules.
    pub(super) fn len(&self) -> usize {
        self.rules.len()
    }

    /// The rules of a table and priority.
    fn level(&self, table: u8, priority: u16) -> &[RuleNumber] {
        let of = |number: &RuleNumber| {
            self.rule(*number)
                .map(|(rule, _)| (rule.table, rule.priority))
        };
        let begin = self
            .levels
            .partition_point(|number| of(number) < Some((table, priority)));
        let end = self
            .levels
            .partition_point(|number| of(number) <= Some((table, priority)));
        self.levels.get(begin..end).unwrap_or_default()
    }

    /// The signature of a port; flows treat ports with equal signatures alike.
    pub(super) fn signature(&self, ofport: u32) -> u64 {
        self.signatures.get(&ofport).copied().unwrap_or_default()
    }

    pub(super) fn rule(&self, number: RuleNumber) -> Option<(&Rule, &Class)> {
        let (rule, class) = self.rules.get(number as usize)?;
        Some((rule, class))
    }

    /// The rules of a table that such a packet may match, the highest priority first.
    pub(super) fn meets(&self, in_port: u32, table: u8, packet: &Packet<'_>) -> Vec<Meeting<'_>> {
        let Some(table) = self.tables.get(&table) else {
            return Vec::new();
        };
        let tagged = packet.tags.outer.map_or(VlanIs::Untagged, VlanIs::Vid);
        let mut met = Vec::new();
        let mut look_at = |last: RuleNumber| {
            let mut number = last;
            loop {
                if let Some((rule, class)) = self.rule(number)
                    && let taken = rule.takes(in_port, packet)
                    && taken != Some(false)
                {
                    met.push((number, rule, class, taken.is_some()));
                }
                match self.previous.get(number as usize) {
                    Some(before) if *before != number => number = *before,
                    _ => break,
                }
            }
        };
        for shape in &table.shapes {
            let (with_port, with_vlan, field) = *shape;
            let value = field.map(|row| {
                let value = packet.contents.value(row, width(row).into());
                (row, value.map(|value| value as u64))
            });
            if let Some((_, None)) = value {
                // The field may have any value.
                let of_shape = table.rules.iter().filter(|(key, _)| key.shape() == *shape);
                of_shape.for_each(|(_, last)| look_at(*last));
                continue;
            }
            let key = Exactly {
                in_port: with_port.then_some(in_port),
                vlan: if with_vlan { tagged } else { VlanIs::Any },
                field: value.and_then(|(row, value)| Some((row, value?))),
            };
            if let Some(last) = table.rules.get(&key) {
                look_at(*last);
            }
        }
        met.sort_by_key(|(number, rule, ..)| (Reverse(rule.priority), *number));
        met
    }

    /// The intersecting rules of a table and priority.
    pub(super) fn overlaps(&self, table: u8, priority: u16, budget: &Budget) -> Rc<RuleOverlaps> {
        let mut known = self.overlaps.borrow_mut();
        let entry = known.entry((table, priority));
        Rc::clone(entry.or_insert_with(|| Rc::new(self.find_overlaps(table, priority, budget))))
    }

    fn find_overlaps(&self, table: u8, priority: u16, budget: &Budget) -> RuleOverlaps {
        let mut by_shape: BTreeMap<Vec<(u8, u128)>, Vec<ValuesOfRule>> = BTreeMap::new();
        for number in self.level(table, priority).iter().copied() {
            let Some((rule, class)) = self.rule(number) else {
                continue;
            };
            if !rule.clauses.is_empty() || rule.conj_id.is_some() {
                continue;
            }
            let own = tracked(rule);
            for (shape, values) in class.cubes() {
                let mut all: Vec<(u8, u128, u128)> = own.clone();
                let headers = shape.iter().zip(values.iter());
                all.extend(headers.map(|((row, mask), value)| (*row, *value, *mask)));
                all.sort_unstable_by_key(|(row, ..)| *row);
                let shape = all.iter().map(|(row, _, mask)| (*row, *mask)).collect();
                let values = all.iter().map(|(_, value, _)| *value).collect();
                by_shape.entry(shape).or_default().push((values, number));
            }
        }
        let mut found = RuleOverlaps::default();
        let mut pairs = HashSet::new();
        let shapes: Vec<_> = by_shape.iter().collect();
        for (index, (first, cubes)) in shapes.iter().enumerate() {
            for (second, others) in shapes.iter().skip(index) {
                if !budget.spend(cubes.len().saturating_add(others.len())) {
                    found.is_cut = true;
                    return found;
                }
                let (left, right) = common(first, second);
                let mut by_value: HashMap<Vec<u128>, BTreeSet<RuleNumber>> = HashMap::new();
                for (values, number) in *cubes {
                    let rules = by_value.entry(cut(values, &left)).or_default();
                    rules.insert(*number);
                }
                let others: BTreeSet<ValuesOfRule> = others
                    .iter()
                    .map(|(values, number)| (cut(values, &right), *number))
                    .collect();
                for (values, number) in &others {
                    for other in by_value.get(values).into_iter().flatten() {
                        if !budget.spend(1) || pairs.len() >= MAX_PAIRS {
                            found.is_cut = true;
                            return found;
                        }
                        let steps = |number| self.rule(number).map(|(rule, _)| &rule.steps);
                        let pair = (*number.min(other), *number.max(other));
                        if steps(*number) != steps(*other) && pairs.insert(pair) {
                            found.others.entry(*number).or_default().push(*other);
                            found.others.entry(*other).or_default().push(*number);
                        }
                    }
                }
            }
        }
        found
    }
}

/// The values of a cube, and the rule that it belongs to.
type ValuesOfRule = (Vec<u128>, RuleNumber);

/// The fields of port, tag and switch that a rule matches: row, value and mask.
fn tracked(rule: &Rule) -> Vec<(u8, u128, u128)> {
    let fields = rule.when.fields.iter();
    let wide = |(row, value, mask): &(u8, u64, u64)| (*row, (*value).into(), (*mask).into());
    let mut all: Vec<(u8, u128, u128)> = fields.map(wide).collect();
    if let Some(port) = rule.when.in_port {
        all.push((row(Id::IN_PORT_OXM), port.into(), u32::MAX.into()));
    }
    let tci = match rule.when.vlan {
        VlanIs::Any => None,
        VlanIs::Untagged => Some((0, TCI_PRESENT)),
        VlanIs::Vid(vid) => Some((vid | TCI_PRESENT, TCI_PRESENT | TCI_VID)),
        VlanIs::Masked(value, mask) => Some((value, mask)),
    };
    all.extend(tci.map(|(value, mask)| (row(Id::VLAN_TCI), value.into(), mask.into())));
    all
}

/// The bits common to two shapes: for each shape, the index of the field, and the mask.
type Cut = Vec<(usize, u128)>;

fn common(first: &[(u8, u128)], second: &[(u8, u128)]) -> (Cut, Cut) {
    let (mut left, mut right) = (Cut::new(), Cut::new());
    for (at, (row, mask)) in first.iter().enumerate() {
        if let Ok(other) = second.binary_search_by_key(row, |(row, _)| *row) {
            let bits = second.get(other).map_or(0, |(_, bits)| bits & mask);
            if bits != 0 {
                left.push((at, bits));
                right.push((other, bits));
            }
        }
    }
    (left, right)
}

fn cut(values: &[u128], cut: &Cut) -> Vec<u128> {
    let bits = |(at, mask): &(usize, u128)| values.get(*at).map_or(0, |value| value & mask);
    cut.iter().map(bits).collect()
}

fn apart_from_port(rule: &Rule, class: &Class) -> u64 {
    let mut hasher = DefaultHasher::new();
    (rule.table, rule.priority, rule.conj_id).hash(&mut hasher);
    (rule.when.vlan, &rule.when.fields).hash(&mut hasher);
    (&rule.steps, &rule.clauses, class).hash(&mut hasher);
    hasher.finish()
}

/// The conditions for a rule to match a packet; `None` if a clause of its conjunctive match has no flow.
pub(super) fn dimensions<'w>(
    rule: &Rule,
    class: &'w Class,
    level: &[Meeting<'w>],
) -> Option<Dimensions<'w>> {
    let mut dimensions = vec![vec![class]];
    let Some(id) = rule.conj_id else {
        return Some(dimensions);
    };
    let clauses = |(_, rule, ..): &Meeting<'w>| rule.clauses.clone();
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

//! Flows and groups, reduced to what determines the paths of packets: flows that do the same with the same
//! port, tag, key and registers are one rule, whichever headers they match on.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher as _, RandomState};

use super::class::{Class, Conditions, CubeShapes, row};
use super::contents::Contents;
use super::packet::Packet;
use super::steps::{Clause, Parsed, Step, TCI_PRESENT, TCI_VID, parse};
use crate::model::liveness::Watch;
use crate::openflow::bytes::{DecodeError, be_number};
use crate::openflow::fields::Id;
use crate::openflow::messages::flow_stats::FlowStats;
use crate::openflow::messages::groups::{FAST_FAILOVER, GroupDesc, SELECT};

/// The rules and groups of one bridge, while they are added.
#[derive(Debug, Default)]
pub struct FlowRules {
    rules: Vec<(Rule, Class)>,
    /// Rule numbers by hash, with linear probing: equal rules are stored once.
    numbers: HashMap<u64, u32>,
    hasher: RandomState,
    shapes: CubeShapes,
    groups: BTreeMap<u32, Group>,
    /// Whether any flow sends packets to a group.
    has_group_actions: bool,
    /// Whether the groups of the switch are known.
    tells_groups: bool,
    malformed: Option<DecodeError>,
}

impl FlowRules {
    /// Adds a flow.
    pub fn add(&mut self, flow: &FlowStats<'_>) {
        match Rule::of(flow) {
            Ok((rule, conditions)) => {
                self.has_group_actions |= rule.steps.iter().any(has_group);
                self.put(rule, conditions);
            }
            Err(error) => {
                self.malformed.get_or_insert(error);
            }
        }
    }

    fn put(&mut self, rule: Rule, conditions: Conditions) {
        let mut hash = self.hasher.hash_one(&rule);
        while let Some(number) = self.numbers.get(&hash) {
            match self.rules.get_mut(*number as usize) {
                Some((known, class)) if *known == rule => {
                    class.add(conditions, &mut self.shapes);
                    return;
                }
                _ => hash = hash.wrapping_add(1),
            }
        }
        let Ok(number) = u32::try_from(self.rules.len()) else {
            return;
        };
        let mut class = Class::default();
        class.add(conditions, &mut self.shapes);
        self.numbers.insert(hash, number);
        self.rules.push((rule, class));
    }

    /// Whether the groups are needed.
    pub fn needs_groups(&self) -> bool {
        self.has_group_actions
    }

    /// Adds a group.
    pub fn add_group(&mut self, desc: &GroupDesc<'_>) {
        match Group::of(desc) {
            Ok(group) => {
                self.groups.insert(desc.group_id, group);
            }
            Err(error) => {
                self.malformed.get_or_insert(error);
            }
        }
    }

    /// Marks that all groups of the switch were added.
    pub fn groups_are_complete(&mut self) {
        self.tells_groups = true;
    }

    /// The error of the first flow or group that was left out because its actions are malformed.
    pub fn malformed(&self) -> Option<&DecodeError> {
        self.malformed.as_ref()
    }

    /// The rules with their classes, and the groups, `None` if unknown.
    pub(super) fn into_parts(self) -> (Vec<(Rule, Class)>, Groups) {
        let mut rules = self.rules;
        drop(self.numbers);
        for (_, class) in &mut rules {
            class.sort();
        }
        (rules, self.tells_groups.then_some(self.groups))
    }
}

fn has_group(step: &Step) -> bool {
    match step {
        Step::Group(_) => true,
        Step::Clone(steps) | Step::Write(steps) => steps.iter().any(has_group),
        _ => false,
    }
}

/// The relevant parts of a flow, without its headers.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Rule {
    pub(super) table: u8,
    pub(super) priority: u16,
    pub(super) when: When,
    pub(super) steps: Box<[Step]>,
    /// The clauses of conjunctive matches that it is part of; then it has no effect of its own.
    pub(super) clauses: Box<[Clause]>,
    /// The conjunctive match on which it depends.
    pub(super) conj_id: Option<u32>,
}

/// Its match on port, tag and the fields of the switch.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct When {
    pub(super) in_port: Option<u32>,
    pub(super) vlan: VlanIs,
    /// Tunnel key, metadata and registers: row, value and mask.
    pub(super) fields: Box<[(u8, u64, u64)]>,
}

/// Its match on the VLAN tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum VlanIs {
    Any,
    Untagged,
    Vid(u16),
    /// Value and mask of the tag control information, without the priority.
    Masked(u16, u16),
}

const TCI_PCP: u16 = 0xe000;

impl Rule {
    fn of(flow: &FlowStats<'_>) -> Result<(Rule, Conditions), DecodeError> {
        let fields = &flow.fields;
        let (tci, mask) = fields.vlan_tci();
        let vlan = match (tci & mask & !TCI_PCP, mask & !TCI_PCP) {
            (_, 0) => VlanIs::Any,
            (0, mask) if mask & TCI_PRESENT != 0 => VlanIs::Untagged,
            (value, mask) if mask == TCI_PRESENT | TCI_VID && value & TCI_PRESENT != 0 => {
                VlanIs::Vid(value & TCI_VID)
            }
            (value, mask) => VlanIs::Masked(value, mask),
        };
        let mut own: Vec<(u8, u64, u64)> = Vec::new();
        for id in [Id::TUN_ID, Id::METADATA] {
            if let Some((value, mask)) = fields.value(id.row()) {
                let mask = mask.map_or(u64::MAX, |mask| be_number(mask) as u64);
                own.push((row(id), be_number(value) as u64 & mask, mask));
            }
        }
        for (number, (value, mask)) in (0..).zip(fields.register_values()) {
            if let (Some(id), true) = (Id::reg(number), mask != 0) {
                own.push((row(id), u64::from(value & mask), mask.into()));
            }
        }
        own.retain(|(_, _, mask)| *mask != 0);
        let conj_id = fields.value(Id::CONJ_ID.row());
        let Parsed { steps, clauses } = parse(&flow.actions, fields.vlan_tag_known())?;
        let rule = Rule {
            table: flow.table_id,
            priority: flow.priority,
            when: When {
                in_port: fields.in_port(),
                vlan,
                fields: own.into(),
            },
            steps: steps.into(),
            clauses: clauses.into(),
            conj_id: conj_id.map(|(value, _)| be_number(value) as u32),
        };
        Ok((rule, Conditions::of(fields)))
    }

    /// Whether it matches such a packet, headers aside; `None` if that depends on opaque bits.
    pub(super) fn takes(&self, in_port: u32, packet: &Packet<'_>) -> Option<bool> {
        let when = &self.when;
        let vlan = match when.vlan {
            VlanIs::Any => true,
            VlanIs::Untagged => packet.tags.outer.is_none(),
            VlanIs::Vid(vid) => packet.tags.outer == Some(vid),
            VlanIs::Masked(value, mask) => packet.tags.tci() & mask == value,
        };
        if !vlan || when.in_port.is_some_and(|port| port != in_port) {
            return Some(false);
        }
        let mut certain = true;
        for (row, value, mask) in &when.fields {
            let content = packet.contents.of(*row);
            let (value, mask) = (u128::from(*value), u128::from(*mask));
            if (content.value ^ value) & mask & content.known != 0 {
                return Some(false);
            }
            certain &= mask & !content.known == 0;
        }
        certain.then_some(true)
    }

    /// The value of a field that it matches exactly.
    pub(super) fn exact_field(&self) -> Option<(u8, u64)> {
        let whole = |(row, _, mask): &&(u8, u64, u64)| *mask == width(*row);
        let found = self.when.fields.iter().find(whole);
        found.map(|(row, value, _)| (*row, *value))
    }
}

/// All bits of a tunnel key, of the metadata or of a register.
pub(super) fn width(field: u8) -> u64 {
    if field == row(Id::TUN_ID) || field == row(Id::METADATA) {
        u64::MAX
    } else {
        u32::MAX.into()
    }
}

/// Groups by number; `None`: unknown.
pub(super) type Groups = Option<BTreeMap<u32, Group>>;

/// A group.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) kind: GroupKind,
    pub(super) buckets: Vec<Bucket>,
}

/// The buckets of a group that get a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GroupKind {
    /// All, each with a copy.
    All,
    /// A live one, chosen by a hash.
    Select,
    /// The first live one.
    FastFailover,
}

/// A bucket. Its actions are executed as an action set.
#[derive(Debug)]
pub(super) struct Bucket {
    pub(super) steps: Box<[Step]>,
    pub(super) watch: Watch,
}

impl Group {
    fn of(desc: &GroupDesc<'_>) -> Result<Group, DecodeError> {
        let kind = match desc.kind {
            SELECT => GroupKind::Select,
            FAST_FAILOVER => GroupKind::FastFailover,
            _ => GroupKind::All,
        };
        let mut buckets = Vec::new();
        for bucket in desc.buckets.clone() {
            let bucket = bucket?;
            if kind == GroupKind::Select && bucket.weight == 0 {
                continue;
            }
            buckets.push(Bucket {
                // Whether there is a tag depends on the flow that sends packets here.
                steps: parse(&bucket.actions, false)?.steps.into(),
                watch: match kind {
                    GroupKind::All => Watch::NOTHING,
                    GroupKind::Select | GroupKind::FastFailover => Watch::of(&bucket),
                },
            });
        }
        Ok(Group { kind, buckets })
    }
}

/// What a packet brings along from outside.
pub(super) fn arriving(tun_id: u64) -> Contents {
    let mut contents = Contents::default();
    contents.set(row(Id::TUN_ID), tun_id.into(), u128::MAX);
    contents
}

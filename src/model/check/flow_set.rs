//! The flows of a switch, stored compactly for comparison, and the search for one that covers another.
//!
//! A flow covers another if the other also matches on every bit that it matches on, with the same value. So
//! flows are grouped by the bits of fields that they match on (their shape); the flows of one shape are
//! found by a hash of their values. To find a flow that covers another, the other's values are masked by
//! each shape with fewer bits and looked up there. The work grows with the flows times the shapes of a
//! table, which are few, and not with the pairs of flows.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};

use crate::model::budget::Budget;
use crate::openflow::actions::{Action, Output};
use crate::openflow::fields::{Id, Match, ROWS};
use crate::openflow::messages::flow_stats::FlowStats;
use crate::openflow::text::{PORT_NORMAL, Plain, TextContext, put_table};

/// The maximum work per flow, and the minimum for any number of flows, in units of one test that a shape
/// cannot be wider than another: some nanoseconds. So a search takes no longer than the switch took to send
/// the flows; real flows need a small part of it.
const WORK_PER_FLOW: u64 = 500;
const WORK_AT_LEAST: u64 = 20_000_000;
/// The work of comparing two shapes.
const TO_COMPARE: usize = 10;
/// The work of finding the bits that two shapes have in common.
pub(super) const TO_JOIN: usize = 100;
/// The work of looking values up.
pub(super) const TO_LOOK_UP: usize = 15;

/// The flows of a switch, stored as shapes and values: about 70 bytes each.
#[derive(Debug, Default)]
pub struct Flows {
    numbers: HashMap<FlowShape, u32>,
    shapes: Vec<FlowShape>,
    kept: Vec<Kept>,
    /// The values of all flows, one after the other.
    values: Vec<u8>,
    scratch: Split,
    hasher: RandomState,
}

/// The bits that a flow of a table matches on: the table, then for each field, in order, its row, its
/// length in bytes, and its mask.
type FlowShape = Box<[u8]>;

/// The properties of a flow besides its match.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kept {
    pub(super) cookie: u64,
    pub(super) n_packets: Option<u64>,
    /// Equal for flows that do the same. Flows of conjunctive matches, and flows that match on `conj_id`,
    /// count as doing the same: they work together at one priority.
    pub(super) does: u64,
    /// The offset of its values.
    at: u32,
    pub(super) shape: u32,
    pub(super) priority: u16,
    /// Whether it certainly takes every packet that its fields match, permanently.
    pub(super) may_hide: bool,
    /// Whether it is reported if it is hidden.
    pub(super) may_be_hidden: bool,
    pub(super) packets: TakenPackets,
}

/// Whether a flow takes every packet that its fields match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TakenPackets {
    /// It does, permanently.
    Lasting,
    /// It does until it expires.
    Expiring,
    /// It has fields that are not known, and cannot be compared with others.
    Unknown,
}

impl Flows {
    /// Adds a flow.
    pub fn add(&mut self, flow: &FlowStats<'_>) {
        self.add_doing(flow, flow.actions.bytes());
    }

    /// Adds a flow; `does` is equal for flows that do the same.
    pub fn add_doing(&mut self, flow: &FlowStats<'_>, does: &[u8]) {
        let split = &mut self.scratch;
        split.take(flow.table_id, &flow.fields);
        let Ok(at) = u32::try_from(self.values.len()) else {
            return;
        };
        let known = self.numbers.get(split.shape.as_slice()).copied();
        let shape = if let Some(number) = known {
            number
        } else {
            let Ok(number) = u32::try_from(self.shapes.len()) else {
                return;
            };
            let shape: FlowShape = split.shape.as_slice().into();
            self.shapes.push(shape.clone());
            self.numbers.insert(shape, number);
            number
        };
        let expires = flow.idle_timeout != 0 || flow.hard_timeout != 0;
        let is_known = !flow.fields.has_unknown();
        let is_conjunctive =
            (flow.actions.iter().flatten()).any(|action| matches!(action, Action::Conjunction(_)));
        self.values.extend_from_slice(&split.values);
        self.kept.push(Kept {
            cookie: flow.cookie,
            n_packets: flow.packet_count,
            does: if is_conjunctive || flow.fields.value(Id::CONJ_ID.row()).is_some() {
                CONJUNCTIVE
            } else {
                self.hasher.hash_one(does)
            },
            at,
            shape,
            priority: flow.priority,
            may_hide: is_known && !expires && !is_conjunctive,
            may_be_hidden: !expires && !is_default(flow),
            packets: match (is_known, expires) {
                (false, _) => TakenPackets::Unknown,
                (true, true) => TakenPackets::Expiring,
                (true, false) => TakenPackets::Lasting,
            },
        });
    }

    /// How many flows there are.
    pub(super) fn len(&self) -> usize {
        self.kept.len()
    }

    /// The flow without its actions, as text: `table=0,priority=5,ip`.
    pub fn text(&self, flow: u32, cx: &TextContext<'_>) -> String {
        let Some(kept) = self.get(flow) else {
            return String::new();
        };
        let shape = self.shape(kept.shape);
        let mut bytes = Vec::new();
        for (place, value) in places(shape).zip(values(shape, self.values_of(kept))) {
            let Some(field) = ROWS.get(usize::from(place.row)) else {
                continue;
            };
            let is_exact = place.mask.iter().all(|byte| *byte == 0xff);
            let mut header = field.header(cx.version, !is_exact);
            let factor = if is_exact { 1 } else { 2 };
            let Ok(length) = u8::try_from(value.len() * factor) else {
                continue;
            };
            header.length = length;
            header.encode(&mut bytes);
            bytes.extend_from_slice(value);
            if !is_exact {
                bytes.extend_from_slice(place.mask);
            }
        }
        let fields = Match::decode_tlvs(&bytes, 0);
        flow_text(table_of(shape), kept.priority, fields.ok().as_ref(), cx)
    }

    pub(super) fn kept(&self) -> &[Kept] {
        &self.kept
    }

    pub(super) fn get(&self, flow: u32) -> Option<&Kept> {
        self.kept.get(flow as usize)
    }

    pub(super) fn shape(&self, number: u32) -> &[u8] {
        let shape = self.shapes.get(number as usize);
        shape.map(AsRef::as_ref).unwrap_or_default()
    }

    pub(super) fn values_of(&self, flow: &Kept) -> &[u8] {
        let length: usize = places(self.shape(flow.shape))
            .map(|place| place.mask.len())
            .sum();
        let at = flow.at as usize;
        self.values
            .get(at..at.saturating_add(length))
            .unwrap_or_default()
    }

    /// The work that one search among them may do.
    pub(super) fn budget(&self) -> Budget {
        let flows = self.len() as u64;
        Budget::new(WORK_PER_FLOW.saturating_mul(flows).max(WORK_AT_LEAST))
    }

    /// The index to find covering flows with.
    pub fn index(&self) -> Index<'_> {
        Index::new(self)
    }
}

/// Whether it is the flow that ovs-vswitchd itself adds to a bridge without a controller
/// (ovs-vswitchd.conf.db(5), `fail_mode`).
fn is_default(flow: &FlowStats<'_>) -> bool {
    let is_normal = |action| {
        matches!(
            action,
            Ok(Action::Output(Output {
                port: PORT_NORMAL,
                ..
            }))
        )
    };
    (flow.table_id, flow.priority, flow.cookie) == (0, 0, 0)
        && flow.fields.is_empty()
        && flow.actions.iter().all(is_normal)
}

/// The common value of `does` for all flows of conjunctive matches.
const CONJUNCTIVE: u64 = 0;

/// Finds flows that cover others.
#[derive(Debug)]
pub struct Index<'f> {
    pub(super) flows: &'f Flows,
    /// The flows that may hide others, by the hash of shape and values; of flows with equal ones, that with
    /// the highest priority.
    by_values: HashMap<u64, u32>,
    /// The shapes of such flows by table, with their highest priority, the highest first.
    tables: HashMap<u8, Vec<(u32, u16)>>,
    outlines: Vec<Outline>,
}

/// A shape that matches on no other bits than another does.
#[derive(Debug)]
pub(super) struct Wider {
    shape: u32,
    /// The highest priority of its flows.
    priority: u16,
    /// The bits to take from the values of the other.
    bits: Vec<Bits>,
}

impl<'f> Index<'f> {
    fn new(flows: &'f Flows) -> Index<'f> {
        let mut by_values: HashMap<u64, u32> = HashMap::with_capacity(flows.kept.len());
        let mut highest: Vec<Option<u16>> = vec![None; flows.shapes.len()];
        for (number, flow) in (0u32..).zip(&flows.kept) {
            if !flow.may_hide {
                continue;
            }
            if let Some(slot) = highest.get_mut(flow.shape as usize) {
                *slot = (*slot).max(Some(flow.priority));
            }
            let hash = flows.hasher.hash_one((flow.shape, flows.values_of(flow)));
            let slot = by_values.entry(hash).or_insert(number);
            let other = flows.get(*slot);
            if other.is_some_and(|other| other.priority < flow.priority) {
                *slot = number;
            }
        }
        let mut tables: HashMap<u8, Vec<(u32, u16)>> = HashMap::new();
        for (number, (shape, highest)) in (0u32..).zip(flows.shapes.iter().zip(highest)) {
            if let Some(highest) = highest {
                let shapes = tables.entry(table_of(shape)).or_default();
                shapes.push((number, highest));
            }
        }
        for shapes in tables.values_mut() {
            shapes.sort_by_key(|(_, priority)| Reverse(*priority));
        }
        Index {
            flows,
            by_values,
            tables,
            outlines: flows.shapes.iter().map(|shape| outline(shape)).collect(),
        }
    }

    /// The shapes of flows above `priority` that may cover one of shape `narrow`; the highest priority
    /// first.
    pub(super) fn wider(&self, narrow: &[u8], priority: u16, budget: &Budget) -> Vec<Wider> {
        let mut wider = Vec::new();
        let limit = outline(narrow);
        let shapes = self.tables.get(&table_of(narrow)).into_iter().flatten();
        for (shape, highest) in shapes.take_while(|(_, highest)| *highest > priority) {
            budget.spend(1);
            let outline = self.outlines.get(*shape as usize);
            if !outline.is_some_and(|outline| outline.may_be_wider(&limit)) {
                continue;
            }
            budget.spend(TO_COMPARE);
            if let Some(bits) = cut(narrow, self.flows.shape(*shape)) {
                wider.push(Wider {
                    shape: *shape,
                    priority: *highest,
                    bits,
                });
            }
        }
        wider
    }

    /// A flow above `priority` that takes every packet with these values; `wider` was made for their shape.
    pub(super) fn cover(
        &self,
        values: &[u8],
        priority: u16,
        wider: &[Wider],
        budget: &Budget,
    ) -> Option<u32> {
        let mut key = Vec::new();
        let above = wider.iter().take_while(|wider| wider.priority > priority);
        for wider in above {
            budget.spend(TO_LOOK_UP);
            take_bits(values, &wider.bits, &mut key);
            let hash = self.flows.hasher.hash_one((wider.shape, key.as_slice()));
            let Some(by) = self.by_values.get(&hash) else {
                continue;
            };
            let is_it = self.flows.get(*by).is_some_and(|by| {
                by.priority > priority && by.shape == wider.shape && self.flows.values_of(by) == key
            });
            if is_it {
                return Some(*by);
            }
        }
        None
    }

    pub(super) fn hash(&self, values: &[u8]) -> u64 {
        self.flows.hasher.hash_one(values)
    }
}

/// A flow without its actions, as text: `table=0,priority=5,ip`.
pub(super) fn flow_text(
    table: u8,
    priority: u16,
    fields: Option<&Match<'_>>,
    cx: &TextContext<'_>,
) -> String {
    let mut words = Plain::default();
    if let Some(fields) = fields {
        fields.text(&mut words, cx, priority);
    }
    let mut text = "table=".to_owned();
    put_table(&mut text, cx, table);
    if !words.0.is_empty() {
        text.push(',');
        text.push_str(&words.0);
    }
    text
}

/// A match as shape and values.
#[derive(Debug, Default)]
struct Split {
    shape: Vec<u8>,
    values: Vec<u8>,
}

impl Split {
    fn take(&mut self, table: u8, fields: &Match<'_>) {
        self.shape.clear();
        self.values.clear();
        self.shape.push(table);
        let registers = fields.register_values();
        let mut are_put = false;
        let first = Id::reg(0).map_or(0, Id::index);
        for (field, (value, mask)) in fields.fields() {
            // Two or four registers may come as one field.
            if field.id.index() >= first && !are_put {
                self.put_registers(&registers);
                are_put = true;
            }
            if field.id.registers().is_none() {
                self.put(field.id, value, mask);
            }
        }
    }

    fn put_registers(&mut self, registers: &[(u32, u32)]) {
        for (number, (value, mask)) in (0..Id::REGISTERS).zip(registers) {
            if let (Some(id), true) = (Id::reg(number), *mask != 0) {
                self.put(id, &value.to_be_bytes(), Some(&mask.to_be_bytes()));
            }
        }
    }

    fn put(&mut self, id: Id, value: &[u8], mask: Option<&[u8]>) {
        // Rows and lengths of OXM fields are bytes.
        let (Ok(row), Ok(length)) = (u8::try_from(id.index()), u8::try_from(value.len())) else {
            return;
        };
        self.shape.extend([row, length]);
        match mask {
            None => {
                self.shape.resize(self.shape.len() + value.len(), 0xff);
                self.values.extend_from_slice(value);
            }
            Some(mask) => {
                self.shape.extend_from_slice(mask);
                let bits = value.iter().zip(mask).map(|(value, mask)| value & mask);
                self.values.extend(bits);
            }
        }
    }
}

pub(super) fn table_of(shape: &[u8]) -> u8 {
    shape.first().copied().unwrap_or_default()
}

/// A field of a shape.
pub(super) struct ShapeField<'s> {
    pub(super) row: u8,
    pub(super) mask: &'s [u8],
}

pub(super) fn places(shape: &[u8]) -> impl Iterator<Item = ShapeField<'_>> {
    let mut rest = shape.get(1..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (&[row, length], masks) = rest.split_first_chunk()?;
        let (mask, after) = masks.split_at_checked(length.into())?;
        rest = after;
        Some(ShapeField { row, mask })
    })
}

/// The values of a flow, field by field.
fn values<'v>(shape: &[u8], mut values: &'v [u8]) -> impl Iterator<Item = &'v [u8]> {
    places(shape).map_while(move |place| {
        let (value, rest) = values.split_at_checked(place.mask.len())?;
        values = rest;
        Some(value)
    })
}

/// A summary of a shape that shows quickly that it cannot be wider than another.
#[derive(Debug, Clone, Copy)]
struct Outline {
    /// A bit per row; some rows share one.
    rows: u128,
    /// The number of bits that it matches on.
    bits: u32,
}

fn outline(shape: &[u8]) -> Outline {
    let mut outline = Outline { rows: 0, bits: 0 };
    for place in places(shape) {
        outline.rows |= 1 << (place.row % 128);
        let bits = place.mask.iter().map(|byte| byte.count_ones());
        outline.bits += bits.sum::<u32>();
    }
    outline
}

impl Outline {
    fn may_be_wider(&self, narrow: &Outline) -> bool {
        self.rows & !narrow.rows == 0 && self.bits <= narrow.bits
    }
}

/// The bits to take from a byte of the values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bits {
    pub(super) at: usize,
    pub(super) mask: u8,
}

/// The bits to take from the values of a flow of shape `narrow` for those of shape `wide`; `None` if `wide`
/// matches on a bit that `narrow` does not match on.
pub(super) fn cut(narrow: &[u8], wide: &[u8]) -> Option<Vec<Bits>> {
    let mut bits = Vec::new();
    let mut at = 0;
    let mut own = places(narrow);
    for place in places(wide) {
        let mine = loop {
            let mine = own.next()?;
            let begin = at;
            at += mine.mask.len();
            if mine.row == place.row {
                break (begin, mine.mask);
            }
        };
        let (begin, mask) = mine;
        if mask.len() != place.mask.len() {
            return None;
        }
        for (offset, (wide, narrow)) in place.mask.iter().zip(mask).enumerate() {
            if wide & !narrow != 0 {
                return None;
            }
            bits.push(Bits {
                at: begin + offset,
                mask: *wide,
            });
        }
    }
    Some(bits)
}

/// The fields of a shape.
pub(super) fn rows(shape: &[u8]) -> impl Iterator<Item = Id> {
    places(shape).filter_map(|place| Some(ROWS.get(usize::from(place.row))?.id))
}

/// The selected bits of values, in order.
pub(super) fn take_bits(values: &[u8], bits: &[Bits], out: &mut Vec<u8>) {
    out.clear();
    let byte = |bits: &Bits| values.get(bits.at).map_or(0, |byte| byte & bits.mask);
    out.extend(bits.iter().map(byte));
}

//! Flows that no packet reaches: another of the same table, of higher or equal priority, matches
//! whatever they match.
//!
//! A flow covers another if every bit it looks at is one that the other looks at too, with the same
//! value. So flows are sorted by which bits of which fields they look at (their shape); those of one
//! shape are found by a hash of their values. To learn whether a flow is covered, its own values, cut to
//! the bits of each shape that looks at fewer, are looked up there. The work grows with the flows times
//! the shapes of a table, which are few, and not with the pairs of flows.
//!
//! Where a cover is not certain, nothing is said:
//! - A flow that expires hides nothing for good, and goes by itself: it is neither told as hidden nor
//!   as hiding.
//! - A flow of a conjunctive match (`conjunction(...)`) hides nothing: where the rest of its conjunction
//!   fails, the search goes on below it. At equal priority such flows may overlap.
//! - A flow with fields that are not known may match less than it seems, and hides nothing.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};

use crate::openflow::actions::Action;
use crate::openflow::fields::{Id, Match, ROWS};
use crate::openflow::messages::flow_stats::FlowStats;
use crate::openflow::text::{Plain, TextContext, put_table};

/// The work that is done at most for each flow, and whatever their number, in units of what it takes to
/// see that a shape cannot be wider than another: some nanoseconds. So the search takes no longer than
/// the switch took to send the flows, whatever they look like; real flows need a small part of it.
const WORK_PER_FLOW: u64 = 500;
const WORK_AT_LEAST: u64 = 20_000_000;
/// What it takes to compare two shapes whole.
const TO_COMPARE: u64 = 10;
/// What it takes to look values up.
const TO_LOOK_UP: u64 = 15;

/// The flows of a switch, kept as their shapes and values: about 40 bytes each.
#[derive(Debug, Default)]
pub struct Flows {
    numbers: HashMap<Shape, u32>,
    shapes: Vec<Shape>,
    kept: Vec<Kept>,
    /// The values of all flows, one after the other.
    values: Vec<u8>,
    scratch: Split,
}

/// Which bits of which fields a flow of a table looks at: the table, then for each field its row, how
/// many bytes it has, and its mask; by row.
type Shape = Box<[u8]>;

#[derive(Debug, Clone, Copy)]
struct Kept {
    /// Where its values begin.
    at: u32,
    shape: u32,
    priority: u16,
    may_hide: bool,
    may_be_hidden: bool,
    is_conjunctive: bool,
}

/// A flow that is hidden, and one that hides it; both by their place in the order they came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cover {
    /// The flow that no packet reaches.
    pub hidden: usize,
    /// The flow that takes them.
    pub by: usize,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Covers {
    /// The hidden flows; of each, the hiding flow with the highest priority.
    pub covers: Vec<Cover>,
    /// How many more were found, but not kept.
    pub more: u64,
    /// Whether all flows were looked at: there is a limit to the work.
    pub complete: bool,
}

impl Flows {
    /// Adds a flow.
    pub fn add(&mut self, flow: &FlowStats<'_>) {
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
            let shape: Shape = split.shape.as_slice().into();
            self.shapes.push(shape.clone());
            self.numbers.insert(shape, number);
            number
        };
        let expires = flow.idle_timeout != 0 || flow.hard_timeout != 0;
        let is_conjunctive =
            (flow.actions.iter().flatten()).any(|action| matches!(action, Action::Conjunction(_)));
        self.values.extend_from_slice(&split.values);
        self.kept.push(Kept {
            at,
            shape,
            priority: flow.priority,
            may_hide: !expires && !is_conjunctive && !flow.fields.has_unknown(),
            may_be_hidden: !expires,
            is_conjunctive,
        });
    }

    /// How many flows there are.
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// The flow as text, without its actions: `table=0,priority=5,ip`; in the words of `cx`.
    pub fn text(&self, flow: usize, cx: &TextContext<'_>) -> String {
        let Some(kept) = self.kept.get(flow) else {
            return String::new();
        };
        let shape = self.shape(kept);
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

    /// Which flows are hidden; at most `limit` are kept.
    pub fn covers(&self, limit: usize) -> Covers {
        let mut found = Covers {
            complete: true,
            ..Covers::default()
        };
        let hasher = RandomState::new();
        let index = self.index(&hasher);
        let mut by_shape: Vec<Vec<u32>> = vec![Vec::new(); self.shapes.len()];
        for (number, flow) in (0u32..).zip(&self.kept) {
            if let (true, Some(same)) = (flow.may_be_hidden, by_shape.get_mut(flow.shape as usize))
            {
                same.push(number);
            }
        }
        let highest = self.highest_priorities();
        let mut tables: HashMap<u8, Vec<u32>> = HashMap::new();
        for (number, (shape, highest)) in (0u32..).zip(self.shapes.iter().zip(&highest)) {
            if highest.is_some() {
                tables.entry(table_of(shape)).or_default().push(number);
            }
        }
        let priority_of = |shape: u32| highest.get(shape as usize).copied().flatten();
        for shapes in tables.values_mut() {
            shapes.sort_by_key(|shape| Reverse(priority_of(*shape)));
        }
        let outlines: Vec<Outline> = self.shapes.iter().map(|shape| outline(shape)).collect();
        let flows = self.kept.len() as u64;
        let mut work = WORK_PER_FLOW.saturating_mul(flows).max(WORK_AT_LEAST);
        let mut key = Vec::new();
        for ((shape, flows), narrow) in self.shapes.iter().zip(&by_shape).zip(&outlines) {
            let lowest = flows
                .iter()
                .filter_map(|flow| Some(self.kept.get(*flow as usize)?.priority))
                .min();
            let Some(lowest) = lowest else {
                continue;
            };
            let mut wider: Vec<(u32, u16, Vec<Bits>)> = Vec::new();
            for other in tables.get(&table_of(shape)).into_iter().flatten() {
                let Some(priority) = priority_of(*other).filter(|highest| *highest >= lowest)
                else {
                    break;
                };
                work = work.saturating_sub(1);
                let wide = outlines.get(*other as usize);
                if !wide.is_some_and(|wide| wide.may_be_wider(narrow)) {
                    continue;
                }
                work = work.saturating_sub(TO_COMPARE);
                let bits = self.shapes.get(*other as usize).and_then(|o| cut(shape, o));
                if let Some(bits) = bits {
                    wider.push((*other, priority, bits));
                }
            }
            for number in flows {
                let Some(flow) = self.kept.get(*number as usize) else {
                    continue;
                };
                for (other, priority, bits) in &wider {
                    if *priority < flow.priority {
                        break;
                    }
                    work = work.saturating_sub(TO_LOOK_UP);
                    key.clear();
                    let values = self.values_of(flow);
                    let byte = |bits: &Bits| values.get(bits.at).map_or(0, |b| b & bits.mask);
                    key.extend(bits.iter().map(byte));
                    let by = index.get(&hasher.hash_one((*other, key.as_slice())));
                    let Some(by) = by.copied() else {
                        continue;
                    };
                    if by != *number && self.hides(by, *other, &key, flow) {
                        found.add(limit, *number, by);
                        break;
                    }
                }
                if work == 0 {
                    found.complete = false;
                    return found;
                }
            }
        }
        found
    }

    /// Whether the flow `by` is what was looked up, and comes before `flow`.
    fn hides(&self, by: u32, shape: u32, values: &[u8], flow: &Kept) -> bool {
        self.kept.get(by as usize).is_some_and(|by| {
            let first =
                by.priority > flow.priority || by.priority == flow.priority && !flow.is_conjunctive;
            first && by.shape == shape && self.values_of(by) == values
        })
    }

    /// The flows that may hide others, by the hash of shape and values; of equal ones the one with the
    /// highest priority.
    fn index(&self, hasher: &RandomState) -> HashMap<u64, u32> {
        let mut index: HashMap<u64, u32> = HashMap::with_capacity(self.kept.len());
        for (number, flow) in (0u32..).zip(&self.kept) {
            if !flow.may_hide {
                continue;
            }
            let hash = hasher.hash_one((flow.shape, self.values_of(flow)));
            let slot = index.entry(hash).or_insert(number);
            let other = self.kept.get(*slot as usize);
            if other.is_some_and(|other| other.priority < flow.priority) {
                *slot = number;
            }
        }
        index
    }

    /// For each shape the highest priority of its flows that may hide others.
    fn highest_priorities(&self) -> Vec<Option<u16>> {
        let mut highest = vec![None; self.shapes.len()];
        for flow in self.kept.iter().filter(|flow| flow.may_hide) {
            if let Some(slot) = highest.get_mut(flow.shape as usize) {
                *slot = (*slot).max(Some(flow.priority));
            }
        }
        highest
    }

    fn shape(&self, flow: &Kept) -> &[u8] {
        let shape = self.shapes.get(flow.shape as usize);
        shape.map(AsRef::as_ref).unwrap_or_default()
    }

    fn values_of(&self, flow: &Kept) -> &[u8] {
        let length: usize = places(self.shape(flow)).map(|place| place.mask.len()).sum();
        let at = flow.at as usize;
        self.values
            .get(at..at.saturating_add(length))
            .unwrap_or_default()
    }
}

impl Covers {
    fn add(&mut self, limit: usize, hidden: u32, by: u32) {
        if self.covers.len() < limit {
            self.covers.push(Cover {
                hidden: hidden as usize,
                by: by as usize,
            });
        } else {
            self.more += 1;
        }
    }
}

/// A flow without its actions: `table=0,priority=5,ip`.
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

/// A match taken apart.
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
        let mut registers = [(0u32, 0u32); Id::REGISTERS as usize];
        let mut any = false;
        for (field, (value, mask)) in fields.fields() {
            if let Some((first, count)) = field.id.registers() {
                // Two or four registers may come as one field.
                any = true;
                let slots = registers
                    .iter_mut()
                    .skip(usize::from(first))
                    .take(usize::from(count));
                for (index, slot) in slots.enumerate() {
                    let bits = mask.map_or(u32::MAX, |mask| word(mask, index));
                    slot.0 |= word(value, index) & bits;
                    slot.1 |= bits;
                }
                continue;
            }
            self.put(field.id, value, mask);
        }
        if any {
            for (number, (value, mask)) in (0..Id::REGISTERS).zip(registers) {
                if let (Some(id), true) = (Id::reg(number), mask != 0) {
                    self.put(id, &value.to_be_bytes(), Some(&mask.to_be_bytes()));
                }
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

/// The 32-bit word number `index` of some bytes.
fn word(bytes: &[u8], index: usize) -> u32 {
    let word = bytes.get(index * 4..index * 4 + 4);
    let word = word.and_then(|word| word.try_into().ok());
    word.map(u32::from_be_bytes).unwrap_or_default()
}

fn table_of(shape: &[u8]) -> u8 {
    shape.first().copied().unwrap_or_default()
}

/// A field of a shape.
struct Place<'s> {
    row: u8,
    mask: &'s [u8],
}

fn places(shape: &[u8]) -> impl Iterator<Item = Place<'_>> {
    let mut rest = shape.get(1..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (&[row, length], masks) = rest.split_first_chunk()?;
        let (mask, after) = masks.split_at_checked(length.into())?;
        rest = after;
        Some(Place { row, mask })
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

/// What tells at a glance that a shape cannot be wider than another.
#[derive(Debug, Clone, Copy)]
struct Outline {
    /// A bit for each row; some rows share one.
    rows: u128,
    /// How many bits it looks at.
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

/// Which bits to take of which byte of the values.
#[derive(Debug, Clone, Copy)]
struct Bits {
    at: usize,
    mask: u8,
}

/// How to cut the values of a flow of shape `narrow` to those of shape `wide`; `None` if `wide` looks
/// at a bit that `narrow` does not look at.
fn cut(narrow: &[u8], wide: &[u8]) -> Option<Vec<Bits>> {
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

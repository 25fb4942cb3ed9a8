//! A set of flows by their keys, compact: to find out what differs between two sets of several hundred thousand flows.
//!
//! The flows lie one after another in one buffer, each with its [`meaning`] and with the bytes of its
//! match and actions, from which its text and its message can be made again.

use std::hash::{BuildHasher as _, RandomState};

use super::actions::{ActionList, ListForm};
use super::bytes::{DecodeError, be_number};
use super::fields::{Id, Match};
use super::flow_entry::{Flow, FlowEntry};
use super::meaning;
use super::text::{Plain, port_to_v10};
use super::version::Version;

/// The flows of one side, each key once.
#[derive(Debug)]
pub struct FlowSet {
    /// The version of the flows.
    version: Version,
    /// The version of the dump that the flows are compared with, which may tell less; `None`: they are compared with those
    /// of a file.
    told_by: Option<Version>,
    bytes: Vec<u8>,
    /// A hash table; its length is a power of 2.
    slots: Vec<Slot>,
    len: usize,
    /// Seeded, so that no choice of flows makes the table slow.
    hasher: RandomState,
    key: Vec<u8>,
    effect: Vec<u8>,
    scratch: Plain,
}

/// A place of the hash table.
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    /// Where the flow begins in the bytes, plus 1; 0: the place is free.
    at: u32,
    /// The hash of its key: where it stands in the table, and which others need not be compared.
    hash: u32,
}

/// Where a flow is in its set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlowAt(u32);

/// How a flow of a set compares with the flow of the same key of the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counterpart {
    /// There is none.
    None,
    /// It has the same effect.
    Same,
    /// It has other actions, and the same timeouts, flags and cookie.
    OtherActions,
    /// It has another effect.
    Other,
}

/// Why a flow cannot be put into a set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FlowSetError {
    /// The set has a flow with this key, of this line; 0 if it did not come from a file.
    #[error("a flow with the same table, priority and match comes before it")]
    Twice(u32),
    /// The match or the actions are malformed.
    #[error("{0}")]
    Malformed(#[from] DecodeError),
    /// The flows are of another version.
    #[error("a flow of another version")]
    OtherVersion,
    /// All flows together need too much memory.
    #[error("the flows need more than 4 GiB")]
    Full,
}

/// What stands before the parts of a flow: state, flags, line, and the lengths of the parts.
const HEAD: usize = 1 + 2 + 5 * 4;

/// A flow of a set.
#[derive(Debug, Clone, Copy)]
pub struct StoredFlow<'s> {
    version: Version,
    counterpart: u8,
    flags: u16,
    /// The line of the file that it came from; 0 if it came from none.
    pub line: u32,
    /// See [`meaning::put_key`].
    pub key: &'s [u8],
    effect: &'s [u8],
    fields: &'s [u8],
    actions: &'s [u8],
}

impl FlowSet {
    /// An empty set of flows of a version, to be compared with a dump of the version `told_by`; `None`: with a file.
    pub fn new(version: Version, told_by: Option<Version>) -> FlowSet {
        FlowSet {
            version,
            told_by,
            bytes: Vec::new(),
            slots: vec![Slot::default(); 64],
            len: 0,
            hasher: RandomState::new(),
            key: Vec::new(),
            effect: Vec::new(),
            scratch: Plain::default(),
        }
    }

    /// How many flows there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no flows.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds a flow that came from a line of a file, or from none: 0.
    ///
    /// # Errors
    ///
    /// See [`FlowSetError`].
    pub fn insert(&mut self, flow: &FlowEntry<'_>, line: u32) -> Result<(), FlowSetError> {
        self.measure(flow)?;
        self.insert_measured(flow, line)
    }

    /// Compares a flow of the other side with the one of its key here, and notes the result here. A flow that is not the
    /// same is added to `differing`, which has the other side's flows that are not here or that differ.
    ///
    /// # Errors
    ///
    /// The other side had a flow with this key before, or see [`FlowSetError`].
    pub fn compare(
        &mut self,
        flow: &FlowEntry<'_>,
        line: u32,
        differing: &mut FlowSet,
    ) -> Result<Counterpart, FlowSetError> {
        self.measure(flow)?;
        let at = self.at_slot(self.slot_of(&self.key).0);
        let result = match self.stored(at) {
            None => Counterpart::None,
            Some(stored) if stored.counterpart() != Counterpart::None => {
                return Err(FlowSetError::Twice(0));
            }
            Some(stored) if stored.effect == self.effect => Counterpart::Same,
            Some(stored) if meaning::only_actions_differ(stored.effect, &self.effect) => {
                Counterpart::OtherActions
            }
            Some(_) => Counterpart::Other,
        };
        if let Some(state) = self.bytes.get_mut(at.wrapping_sub(1) as usize) {
            *state = result as u8;
        }
        if result != Counterpart::Same {
            std::mem::swap(&mut self.key, &mut differing.key);
            std::mem::swap(&mut self.effect, &mut differing.effect);
            differing.insert_measured(flow, line)?;
        }
        Ok(result)
    }

    /// The version of the flows.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The flow with this key.
    pub fn find(&self, key: &[u8]) -> Option<FlowAt> {
        let at = self.at_slot(self.slot_of(key).0);
        (at != 0).then_some(FlowAt(at))
    }

    /// The flow with the key of another flow.
    pub fn find_same(&mut self, flow: &FlowEntry<'_>) -> Option<StoredFlow<'_>> {
        self.key.clear();
        meaning::put_key(flow, self.told_by, &mut self.key);
        self.get(self.find(&self.key)?)
    }

    /// All flows in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = (FlowAt, StoredFlow<'_>)> {
        let mut at = 1;
        std::iter::from_fn(move || {
            let flow = self.stored(at)?;
            let this = FlowAt(at);
            at += flow.size() as u32;
            Some((this, flow))
        })
    }

    /// The flow at a place.
    pub fn get(&self, at: FlowAt) -> Option<StoredFlow<'_>> {
        self.stored(at.0)
    }

    /// Puts key and effect of a flow into the buffers.
    fn measure(&mut self, flow: &FlowEntry<'_>) -> Result<(), FlowSetError> {
        self.key.clear();
        self.effect.clear();
        meaning::put_key(flow, self.told_by, &mut self.key);
        meaning::put_effect(flow, self.told_by, &mut self.scratch, &mut self.effect)?;
        Ok(())
    }

    fn insert_measured(&mut self, flow: &FlowEntry<'_>, line: u32) -> Result<(), FlowSetError> {
        if flow.actions.version() != self.version {
            return Err(FlowSetError::OtherVersion);
        }
        if (self.len + 1) * 4 > self.slots.len() * 3 {
            self.grow();
        }
        let (slot, hash) = self.slot_of(&self.key);
        if let Some(other) = self.stored(self.at_slot(slot)) {
            return Err(FlowSetError::Twice(other.line));
        }
        let parts = [
            self.key.as_slice(),
            self.effect.as_slice(),
            flow.fields.bytes(),
            flow.actions.bytes(),
        ];
        let size = HEAD + parts.iter().map(|part| part.len()).sum::<usize>();
        let at = u32::try_from(self.bytes.len() + 1).map_err(|_| FlowSetError::Full)?;
        u32::try_from(self.bytes.len() + size + 1).map_err(|_| FlowSetError::Full)?;
        let spare = self.bytes.capacity() - self.bytes.len();
        if spare < size {
            // Less than doubling: the sets are most of the memory.
            self.bytes
                .reserve_exact((self.bytes.len() / 4).max(size + 4096));
        }
        self.bytes.push(Counterpart::None as u8);
        self.bytes.extend(flow.flags.to_ne_bytes());
        self.bytes.extend(line.to_ne_bytes());
        for part in parts {
            self.bytes.extend((part.len() as u32).to_ne_bytes());
        }
        for part in parts {
            self.bytes.extend(part);
        }
        if let Some(slot) = self.slots.get_mut(slot) {
            *slot = Slot { at, hash };
        }
        self.len += 1;
        Ok(())
    }

    /// Doubles the hash table.
    fn grow(&mut self) {
        let mut slots = vec![Slot::default(); self.slots.len() * 2];
        let mask = slots.len() - 1;
        for slot in self.slots.iter().filter(|slot| slot.at != 0) {
            let mut place = slot.hash as usize & mask;
            while slots.get(place).is_some_and(|other| other.at != 0) {
                place = (place + 1) & mask;
            }
            if let Some(free) = slots.get_mut(place) {
                *free = *slot;
            }
        }
        self.slots = slots;
    }

    /// The index of the slot that has the flow with the key, or is free for it, and the hash of the key. At least a
    /// quarter of the table is free.
    fn slot_of(&self, key: &[u8]) -> (usize, u32) {
        let mask = self.slots.len() - 1;
        let hash = self.hasher.hash_one(key) as u32;
        let mut place = hash as usize & mask;
        while let Some(slot) = self.slots.get(place).filter(|slot| slot.at != 0) {
            let is_same = || self.stored(slot.at).is_some_and(|flow| flow.key == key);
            if slot.hash == hash && is_same() {
                break;
            }
            place = (place + 1) & mask;
        }
        (place, hash)
    }

    /// Where the flow of a slot begins, plus 1; 0 if it is free.
    fn at_slot(&self, slot: usize) -> u32 {
        self.slots.get(slot).map_or(0, |slot| slot.at)
    }

    /// The flow at a place plus 1; `None` for 0 and behind the last.
    fn stored(&self, at: u32) -> Option<StoredFlow<'_>> {
        let bytes = self.bytes.get(at.checked_sub(1)? as usize..)?;
        let (head, rest) = bytes.split_first_chunk::<HEAD>()?;
        let number = |first: usize| {
            let bytes = head.get(first..)?.first_chunk()?;
            Some(u32::from_ne_bytes(*bytes))
        };
        let (key, rest) = rest.split_at_checked(number(7)? as usize)?;
        let (effect, rest) = rest.split_at_checked(number(11)? as usize)?;
        let (fields, rest) = rest.split_at_checked(number(15)? as usize)?;
        let actions = rest.get(..number(19)? as usize)?;
        let [counterpart, first, second, ..] = *head;
        Some(StoredFlow {
            version: self.version,
            counterpart,
            flags: u16::from_ne_bytes([first, second]),
            line: number(3)?,
            key,
            effect,
            fields,
            actions,
        })
    }
}

impl<'s> StoredFlow<'s> {
    /// What [`FlowSet::compare`] found.
    pub fn counterpart(&self) -> Counterpart {
        match self.counterpart {
            1 => Counterpart::Same,
            2 => Counterpart::OtherActions,
            3 => Counterpart::Other,
            _ => Counterpart::None,
        }
    }

    fn size(&self) -> usize {
        HEAD + self.key.len() + self.effect.len() + self.fields.len() + self.actions.len()
    }

    /// The flow.
    ///
    /// # Errors
    ///
    /// The match is malformed; not if it was read before.
    pub fn entry(&self) -> Result<FlowEntry<'s>, DecodeError> {
        let (priority, table_id) = match self.key {
            [table, first, second, ..] => (u16::from_be_bytes([*first, *second]), *table),
            _ => (0, 0),
        };
        let (idle_timeout, hard_timeout, importance, cookie) = meaning::head(self.effect);
        let form = match self.version {
            Version::V10 => ListForm::Actions,
            _ => ListForm::Instructions,
        };
        Ok(FlowEntry {
            table_id,
            priority,
            idle_timeout,
            hard_timeout,
            flags: self.flags,
            importance,
            cookie,
            fields: Match::decode_tlvs(self.fields, 0)?,
            actions: ActionList::new(self.actions, 0, self.version, form),
        })
    }
}

impl Flow {
    /// Passes a view of the flow. `None` if its version, OpenFlow 1.0, has no number for the input port.
    ///
    /// # Errors
    ///
    /// The match is malformed; not if it came from text or from a switch.
    pub fn view<T>(
        &self,
        take: impl FnOnce(&FlowEntry<'_>) -> T,
    ) -> Result<Option<T>, DecodeError> {
        let version = self.version();
        if version == Version::V10
            && let Some((port, _)) = self.fields.value(Id::IN_PORT_OXM)
            && port_to_v10(be_number(port) as u32).is_none()
        {
            return Ok(None);
        }
        let fields = self.fields.tlvs(version);
        Ok(Some(take(&FlowEntry {
            table_id: self.table_id,
            priority: self.priority,
            idle_timeout: self.idle_timeout,
            hard_timeout: self.hard_timeout,
            flags: self.flags,
            importance: self.importance,
            cookie: self.cookie,
            fields: Match::decode_tlvs(&fields, 0)?,
            actions: self.actions.list(),
        })))
    }
}

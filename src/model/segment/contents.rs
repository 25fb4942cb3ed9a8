//! The known contents of a packet's fields: values written by actions, and unchanged bits.

use std::rc::Rc;

use crate::openflow::fields::Id;

/// The bits of one field, by the origin of their value: known, opaque (computed from something that is not
/// followed), or a bit of the received packet, which is a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Content {
    row: u8,
    /// Mask of the known bits.
    pub(super) known: u128,
    /// Their values.
    pub(super) value: u128,
    /// Mask of the opaque bits, which may have any value.
    pub(super) opaque: u128,
    /// The variable of the remaining bits: connection tracking creates new ones.
    generation: u16,
}

/// A field of the received packet, or one written by connection tracking: row and generation.
pub(super) type Variable = (u8, u16);

impl Content {
    /// The variable of a field that no action has changed.
    fn fresh(row: u8) -> Content {
        Content {
            row,
            known: if starts_at_zero(row) { u128::MAX } else { 0 },
            value: 0,
            opaque: 0,
            generation: 0,
        }
    }

    pub(super) fn variable(&self) -> Variable {
        (self.row, self.generation)
    }

    /// Mask of the bits of the variable.
    pub(super) fn free(&self) -> u128 {
        !(self.known | self.opaque)
    }
}

/// Fields that are zero when a packet enters a bridge: registers, metadata, tunnel fields, those of
/// connection tracking. A packet type of zero is Ethernet.
fn starts_at_zero(row: u8) -> bool {
    let row = usize::from(row);
    let is = |id: Id| row == id.index();
    let among = |first: Option<Id>, last: Option<Id>| {
        let (first, last) = (first.map(Id::index), last.map(Id::index));
        first.is_some_and(|first| first <= row) && last.is_some_and(|last| row <= last)
    };
    among(Id::reg(0), Id::reg(Id::REGISTERS - 1))
        || among(Some(Id::TUN_ID), Some(Id::TUN_FLAGS))
        || among(Some(Id::CT_STATE), Some(Id::CT_TP_DST))
        || is(Id::METADATA)
        || is(Id::PACKET_TYPE)
}

/// The fields that differ from those of a packet that just entered the bridge, by row. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(super) struct Contents(Rc<Vec<Content>>);

impl Contents {
    pub(super) fn of(&self, row: u8) -> Content {
        match self.0.binary_search_by_key(&row, |content| content.row) {
            Ok(at) => self.0.get(at).copied(),
            Err(_) => None,
        }
        .unwrap_or_else(|| Content::fresh(row))
    }

    /// The value of the bits of `mask`, if all of them are known.
    pub(super) fn value(&self, row: u8, mask: u128) -> Option<u128> {
        let content = self.of(row);
        (mask & !content.known == 0).then_some(content.value & mask)
    }

    /// Writes bits.
    pub(super) fn set(&mut self, row: u8, value: u128, mask: u128) {
        self.change(row, |content| {
            content.known |= mask;
            content.opaque &= !mask;
            content.value = content.value & !mask | value & mask;
        });
    }

    /// Makes bits opaque.
    pub(super) fn forget(&mut self, row: u8, mask: u128) {
        self.change(row, |content| {
            content.known &= !mask;
            content.value &= !mask;
            content.opaque |= mask;
        });
    }

    /// Makes the field a new variable, of which nothing is known.
    pub(super) fn renew(&mut self, row: u8) {
        self.change(row, |content| {
            let generation = content.generation.saturating_add(1);
            *content = Content {
                row,
                known: 0,
                value: 0,
                opaque: 0,
                generation,
            };
        });
    }

    fn change(&mut self, row: u8, change: impl FnOnce(&mut Content)) {
        let mut content = self.of(row);
        change(&mut content);
        let all = Rc::make_mut(&mut self.0);
        match all.binary_search_by_key(&row, |content| content.row) {
            Ok(at) => {
                if let Some(slot) = all.get_mut(at) {
                    *slot = content;
                }
            }
            Err(at) => all.insert(at, content),
        }
        // Unchanged fields are not stored, so that equal contents compare equal.
        all.retain(|content| *content != Content::fresh(content.row));
    }

    /// The contents after a patch port: headers are kept, all other fields are reset.
    pub(super) fn through_patch(&self) -> Contents {
        let headers = self.0.iter().filter(|content| !starts_at_zero(content.row));
        Contents(Rc::new(headers.copied().collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_known_opaque_or_free() {
        let reg = Id::reg(6).unwrap().index() as u8;
        let address = Id::IP_SRC.index() as u8;
        let mut contents = Contents::default();
        assert_eq!(contents.value(reg, 0xffff), Some(0));
        assert_eq!(contents.value(address, 0xff), None);
        contents.set(reg, 0x12, 0xff);
        assert_eq!(contents.value(reg, 0xf), Some(2));
        contents.forget(reg, 0xf0);
        assert_eq!(contents.value(reg, 0xf), Some(2));
        assert_eq!(contents.value(reg, 0xff), None);
        assert_eq!(contents.of(reg).free(), 0);
        contents.set(address, 0x0a00_0000, 0xff00_0000);
        assert_eq!(contents.value(address, 0xff00_0000), Some(0x0a00_0000));
        assert_eq!(contents.of(address).free() & 0xffff_ffff, 0x00ff_ffff);
        let there = contents.through_patch();
        assert_eq!(there.value(reg, 0xff), Some(0));
        assert_eq!(there.of(address), contents.of(address));
        contents.renew(address);
        assert_eq!(contents.of(address).variable(), (address, 1));
        contents.set(reg, 0, u128::MAX);
        assert_eq!(contents.0.len(), 1, "a register of zero is as it was");
    }
}

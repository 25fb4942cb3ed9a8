//! A packet as far as it decides where a VLAN goes: tags, tunnel key, registers. Everything else of a
//! packet is any packet's.

use crate::openflow::fields::Id;

/// The VLAN tags of a packet: the outer one and the next. What is deeper is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub(super) struct Tags {
    pub(super) outer: Option<u16>,
    pub(super) inner: Option<u16>,
}

/// The bit of the tag control information that says that there is a tag.
pub(super) const TCI_PRESENT: u16 = 0x1000;
/// Its bits that are the VLAN id.
pub(super) const TCI_VID: u16 = 0x0fff;

impl Tags {
    pub(super) const NONE: Tags = Tags {
        outer: None,
        inner: None,
    };

    pub(super) fn one(vid: u16) -> Tags {
        Tags {
            outer: Some(vid),
            inner: None,
        }
    }

    /// The VLAN that the switch takes the packet to be in; 0: none.
    pub(super) fn vid(self) -> u16 {
        self.outer.unwrap_or(0)
    }

    pub(super) fn push(self, vid: u16) -> Tags {
        Tags {
            outer: Some(vid),
            inner: self.outer,
        }
    }

    pub(super) fn pop(self) -> Tags {
        Tags {
            outer: self.inner,
            inner: None,
        }
    }

    /// Changes the VLAN of the outer tag, which is added where there is none.
    pub(super) fn set(self, vid: u16) -> Tags {
        Tags {
            outer: Some(vid),
            ..self
        }
    }

    /// The outer tag's control information without its priority.
    pub(super) fn tci(self) -> u16 {
        self.outer.map_or(0, |vid| vid & TCI_VID | TCI_PRESENT)
    }

    /// Writes bits of the control information, which adds the outer tag or takes it away.
    pub(super) fn set_tci(self, value: u16, mask: u16) -> Tags {
        let tci = self.tci() & !mask | value & mask;
        match (tci & TCI_PRESENT != 0, self.outer) {
            (true, _) => self.set(tci & TCI_VID),
            (false, Some(_)) => self.pop(),
            (false, None) => self,
        }
    }
}

/// The 32-bit registers and behind them the metadata in two halves.
const SLOTS: usize = Id::REGISTERS as usize + 2;

/// The first of the two halves of the metadata.
pub(super) const METADATA_SLOT: u8 = Id::REGISTERS;

/// What is in the registers and the metadata. All are zero where a packet enters a bridge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Registers {
    values: [u32; SLOTS],
    /// Those whose value nobody knows, a bit each.
    unknown: u64,
}

impl Registers {
    const ZERO: Registers = Registers {
        values: [0; SLOTS],
        unknown: 0,
    };

    pub(super) fn set(&mut self, slot: u8, value: u32, mask: u32) {
        if let Some(register) = self.values.get_mut(usize::from(slot)) {
            *register = *register & !mask | value & mask;
            if mask == u32::MAX {
                self.unknown &= !(1 << slot);
            }
        }
    }

    pub(super) fn forget(&mut self, slot: u8) {
        if usize::from(slot) < SLOTS {
            self.unknown |= 1 << slot;
        }
    }

    /// The value of a register; `None` where nobody knows.
    pub(super) fn value(&self, slot: u8) -> Option<u32> {
        let register = self.values.get(usize::from(slot))?;
        (self.unknown & 1 << slot == 0).then_some(*register)
    }

    /// Whether the bits under the mask are these; `None` where nobody knows.
    pub(super) fn is(&self, slot: u8, value: u32, mask: u32) -> Option<bool> {
        Some(self.value(slot)? & mask == value & mask)
    }
}

/// A packet at a bridge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Packet {
    /// Which of the network's bridges.
    pub(super) bridge: usize,
    pub(super) in_port: u32,
    pub(super) tags: Tags,
    /// The tunnel key; 0 where it came through no tunnel and none was set.
    pub(super) tun_id: u64,
    pub(super) registers: Registers,
    /// The port of the home bridge through which it left, or came.
    pub(super) through: Option<u32>,
    /// Whether it passed a patch that does not work.
    pub(super) broken: bool,
}

impl Packet {
    pub(super) fn new(bridge: usize, in_port: u32, tags: Tags, tun_id: u64) -> Packet {
        Packet {
            bridge,
            in_port,
            tags,
            tun_id,
            registers: Registers::ZERO,
            through: None,
            broken: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What ovs-vswitchd does to `vlan_tci`, by ovs-actions(7) and ovs-fields(7).
    #[test]
    fn tags_come_and_go() {
        let tagged = Tags::one(4);
        assert_eq!(tagged.set_tci(0, 0xffff), Tags::NONE);
        assert_eq!(Tags::NONE.set_tci(0x1042, 0x1fff), Tags::one(66));
        assert_eq!(tagged.set_tci(0x0042, 0x0fff), Tags::one(66));
        assert_eq!(Tags::NONE.set_tci(0x0042, 0x0fff), Tags::NONE);
        let double = tagged.push(0).set(66);
        assert_eq!((double.outer, double.inner), (Some(66), Some(4)));
        assert_eq!(double.pop(), tagged);
        assert_eq!(double.pop().pop().pop(), Tags::NONE);
    }

    #[test]
    fn registers_are_zero_known_or_forgotten() {
        let mut registers = Registers::ZERO;
        assert_eq!(registers.is(6, 0, u32::MAX), Some(true));
        registers.set(6, 0x12, 0xff);
        assert_eq!(registers.is(6, 2, 0xf), Some(true));
        registers.forget(6);
        assert_eq!(registers.is(6, 2, 0xf), None);
        registers.set(6, 7, u32::MAX);
        assert_eq!(registers.is(6, 2, 0xf), Some(false));
        assert_eq!(registers.is(200, 0, 0), None);
    }
}

//! A packet as far as it decides where it goes: tags, fields, action set.

use std::rc::Rc;

use super::contents::Contents;
use super::steps::{Step, TCI_PRESENT, TCI_VID};

/// The VLAN tags of a packet: the outer one and the next. What is deeper is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub(super) struct Tags {
    pub(super) outer: Option<u16>,
    pub(super) inner: Option<u16>,
}

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

/// The type of a frame whose tag the switch has not looked at.
pub(super) const ETH_TYPE_VLAN: u128 = 0x8100;

/// Two flows of one table and priority, of which the switch may take either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Choice {
    pub(super) bridge: usize,
    pub(super) table: u8,
    pub(super) priority: u16,
}

/// Why it is not known whether some packet takes a way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Doubt {
    /// A flow matches on a value that is computed from the packet.
    Computed,
    /// There are more flows than can be told apart in the time.
    Many,
    /// `mod_vlan_vid` and `push_vlan` look alike, and the packet has a tag.
    PushOrMod,
    /// Whether a bucket is live is not known.
    Liveness,
    /// The switch did not tell of its groups.
    Groups,
    /// The flows send the packet round in a circle.
    Loop,
    /// The packet is changed in a way that is not followed.
    Changed,
}

impl Doubt {
    /// The reason in words.
    pub(super) fn words(self) -> &'static str {
        match self {
            Doubt::Computed => "a flow matches on a value that is computed from the packet",
            Doubt::Many => "there are more flows than can be followed",
            Doubt::PushOrMod => {
                "push_vlan and mod_vlan_vid are the same in a dump, and the packet has a tag"
            }
            Doubt::Liveness => "it is not known which ports are live",
            Doubt::Groups => "the switch does not list its groups",
            Doubt::Loop => "the flows or patches form a loop",
            Doubt::Changed => "an action changes the packet in a way that is not followed",
        }
    }
}

/// How a packet came where it is, and how surely.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub(super) struct Trail {
    /// The port of the home bridge through which it left, or came.
    pub(super) through: Option<u32>,
    /// Whether it passed a patch that does not work.
    pub(super) broken: bool,
    /// Where the switch had a choice, first.
    pub(super) choice: Option<Choice>,
    pub(super) doubt: Option<Doubt>,
}

/// A packet at a bridge: what flows may have made of it. What its headers may be is kept apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Packet<'w> {
    /// Which of the network's bridges.
    pub(super) bridge: usize,
    pub(super) in_port: u32,
    pub(super) tags: Tags,
    /// Its fields, the tunnel key among them.
    pub(super) contents: Contents,
    /// The action set.
    pub(super) set: Rc<Vec<&'w Step>>,
    pub(super) trail: Trail,
}

impl Packet<'_> {
    pub(super) fn new(bridge: usize, in_port: u32, tags: Tags, contents: Contents) -> Self {
        Packet {
            bridge,
            in_port,
            tags,
            contents,
            set: Rc::default(),
            trail: Trail::default(),
        }
    }

    pub(super) fn doubt(&mut self, why: Doubt) {
        self.trail.doubt.get_or_insert(why);
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
}

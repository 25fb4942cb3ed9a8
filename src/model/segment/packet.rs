//! The parts of a packet that determine its path: tags, fields, action set.

use std::rc::Rc;

use super::contents::Contents;
use super::steps::{Step, TCI_PRESENT, TCI_VID};

/// The VLAN tags of a packet: the outer one and the next. Further tags are not represented.
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

    /// The VLAN of the packet for the switch; 0: none.
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

    /// Sets the VLAN of the outer tag; adds a tag if there is none.
    pub(super) fn set(self, vid: u16) -> Tags {
        Tags {
            outer: Some(vid),
            ..self
        }
    }

    /// The outer tag's control information without the priority.
    pub(super) fn tci(self) -> u16 {
        self.outer.map_or(0, |vid| vid & TCI_VID | TCI_PRESENT)
    }

    /// Writes bits of the control information, which may add or remove the outer tag.
    pub(super) fn set_tci(self, value: u16, mask: u16) -> Tags {
        let tci = self.tci() & !mask | value & mask;
        match (tci & TCI_PRESENT != 0, self.outer) {
            (true, _) => self.set(tci & TCI_VID),
            (false, Some(_)) => self.pop(),
            (false, None) => self,
        }
    }
}

/// The Ethernet type of a frame whose tag the switch has not parsed.
pub(super) const ETH_TYPE_VLAN: u128 = 0x8100;

/// Two flows of one table and priority, of which the switch may choose either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Choice {
    pub(super) bridge: usize,
    pub(super) table: u8,
    pub(super) priority: u16,
}

/// The reason why it is unknown whether any packet takes a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Doubt {
    /// A flow matches on a value that is computed from the packet.
    Computed,
    /// There are too many flows to distinguish within the work limit.
    Many,
    /// `mod_vlan_vid` and `push_vlan` cannot be distinguished, and the packet has a tag.
    PushOrMod,
    /// It is unknown whether a bucket is live.
    Liveness,
    /// The groups of the switch are unknown.
    Groups,
    /// The flows form a loop.
    Loop,
    /// The packet is changed by an action that is not followed.
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

/// The path of a packet so far, with its certainty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub(super) struct Trail {
    /// The port of the home bridge through which it left or entered.
    pub(super) through: Option<u32>,
    /// Whether it passed a patch that does not work.
    pub(super) broken: bool,
    /// The first choice of the switch on the path.
    pub(super) choice: Option<Choice>,
    pub(super) doubt: Option<Doubt>,
}

/// A packet at a bridge, as flows may have changed it. The restrictions on its headers are stored separately.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Packet<'w> {
    /// The index of the bridge in the network.
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

    /// The effect of ovs-vswitchd on `vlan_tci`, according to ovs-actions(7) and ovs-fields(7).
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

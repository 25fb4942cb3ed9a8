//! The shorthands of flow text: `tcp6` for an Ethernet type and an IP protocol, `dl_vlan` and
//! `vlan_tci` for the four encodings of the VLAN tag in the OpenFlow versions.
//!
//! Only this file and the fixed matches of OpenFlow 1.0 and 1.1 handle individual fields.

/// Words, Ethernet types and IP protocols (ovs-fields(7)). The first word of a pair is the one
/// that dumps print.
const PROTOCOL_WORDS: [(&str, u16, Option<u8>); 17] = [
    ("ip", 0x0800, None),
    ("ipv4", 0x0800, None),
    ("ip4", 0x0800, None),
    ("icmp", 0x0800, Some(1)),
    ("tcp", 0x0800, Some(6)),
    ("udp", 0x0800, Some(17)),
    ("sctp", 0x0800, Some(132)),
    ("arp", 0x0806, None),
    ("rarp", 0x8035, None),
    ("ipv6", 0x86dd, None),
    ("ip6", 0x86dd, None),
    ("icmp6", 0x86dd, Some(58)),
    ("tcp6", 0x86dd, Some(6)),
    ("udp6", 0x86dd, Some(17)),
    ("sctp6", 0x86dd, Some(132)),
    ("mpls", 0x8847, None),
    ("mplsm", 0x8848, None),
];

/// Every word, for suggestions and completion.
pub fn protocol_words() -> impl Iterator<Item = &'static str> {
    PROTOCOL_WORDS.iter().map(|(word, _, _)| *word)
}

/// The Ethernet type and IP protocol that a word stands for.
pub(super) fn protocol(word: &str) -> Option<(u16, Option<u8>)> {
    PROTOCOL_WORDS
        .iter()
        .find(|(name, _, _)| *name == word)
        .map(|(_, eth_type, nw_proto)| (*eth_type, *nw_proto))
}

/// The word for an Ethernet type and an IP protocol, and the protocol that it includes.
pub(super) fn word_for(eth_type: u16, nw_proto: Option<u8>) -> Option<(&'static str, Option<u8>)> {
    let mut plain = None;
    for (word, word_type, word_proto) in &PROTOCOL_WORDS {
        if *word_type != eth_type {
            // The words of a type are adjacent.
            if plain.is_some() {
                break;
            }
            continue;
        }
        if word_proto.is_some() && *word_proto == nw_proto {
            return Some((word, nw_proto));
        }
        if word_proto.is_none() && plain.is_none() {
            plain = Some((*word, None));
        }
    }
    plain
}

/// The presence bit of a tag (in place of the CFI of IEEE 802.1Q).
pub(super) const TCI_PRESENT: u16 = 0x1000;
/// The bits of a tag that are the VLAN id.
pub(super) const TCI_VID: u16 = 0x0fff;
/// The bits of a tag that are the priority.
pub(super) const TCI_PCP: u16 = 0xe000;

/// The match on the VLAN tag: the tag control information with a mask, bit 12 for presence.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tci {
    pub(super) value: u16,
    pub(super) mask: u16,
}

/// How to write a [`Tci`].
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TciForm {
    /// `dl_vlan=66`, `dl_vlan_pcp=3`, or both.
    Parts { vid: Option<u16>, pcp: Option<u8> },
    /// `vlan_tci=0x1042/0x1fff`
    Whole,
}

impl Tci {
    /// Adds the match of another field.
    pub(super) fn and(&mut self, value: u16, mask: u16) {
        self.value = self.value & !mask | value & mask;
        self.mask |= mask;
    }

    /// Whether a tag is known to be present.
    pub(super) fn is_tagged(self) -> bool {
        self.value & self.mask & TCI_PRESENT != 0
    }

    /// Whether packets are known to have no tag.
    pub(super) fn is_untagged(self) -> bool {
        self.mask & TCI_PRESENT != 0 && self.value & TCI_PRESENT == 0
    }

    /// How to write it.
    pub(super) fn words(self) -> TciForm {
        let whole_or_not = |bits: u16| self.mask & bits == 0 || self.mask & bits == bits;
        if self.is_tagged()
            && whole_or_not(TCI_VID)
            && whole_or_not(TCI_PCP)
            && self.mask & (TCI_VID | TCI_PCP) != 0
        {
            TciForm::Parts {
                vid: (self.mask & TCI_VID != 0).then_some(self.value & TCI_VID),
                pcp: (self.mask & TCI_PCP != 0).then_some((self.value >> 13) as u8),
            }
        } else {
            TciForm::Whole
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_protocols() {
        assert_eq!(word_for(0x0800, None), Some(("ip", None)));
        assert_eq!(word_for(0x0800, Some(6)), Some(("tcp", Some(6))));
        assert_eq!(word_for(0x0800, Some(50)), Some(("ip", None)));
        assert_eq!(word_for(0x86dd, Some(1)), Some(("ipv6", None)));
        assert_eq!(word_for(0x88cc, None), None);
        for word in protocol_words() {
            assert!(protocol(word).is_some());
        }
    }

    #[test]
    fn tags() {
        let words = |value, mask| Tci { value, mask }.words();
        assert_eq!(
            words(0x1042, 0x1fff),
            TciForm::Parts {
                vid: Some(66),
                pcp: None
            }
        );
        assert_eq!(
            words(0x7042, 0xffff),
            TciForm::Parts {
                vid: Some(66),
                pcp: Some(3)
            }
        );
        assert_eq!(words(0x1000, 0x1000), TciForm::Whole);
        assert_eq!(words(0, 0xffff), TciForm::Whole);
        assert_eq!(words(0x1001, 0x1001), TciForm::Whole);
    }
}

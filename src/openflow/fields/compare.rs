//! The value of any field of a match, in a form that compares as `ovs-ofctl --sort` compares it.

use super::super::text::port_to_v10;
use super::matching::Match;
use super::shorthand::{TCI_PCP, TCI_PRESENT, TCI_VID};
use super::table::{Field, Id};

/// Equivalent fields of different protocols; a match has at most one of them.
static ALIKE: [&[Id]; 7] = [
    &[
        Id::TCP_SRC,
        Id::UDP_SRC,
        Id::SCTP_SRC,
        Id::ICMP_TYPE,
        Id::ICMPV6_TYPE,
    ],
    &[
        Id::TCP_DST,
        Id::UDP_DST,
        Id::SCTP_DST,
        Id::ICMP_CODE,
        Id::ICMPV6_CODE,
    ],
    &[Id::NW_PROTO, Id::ARP_OP],
    &[Id::IP_SRC, Id::ARP_SPA],
    &[Id::IP_DST, Id::ARP_TPA],
    &[Id::ARP_SHA, Id::ND_SLL],
    &[Id::ARP_THA, Id::ND_TLL],
];

impl Match<'_> {
    /// Writes the field's value into `out`, network order, aligned to its end, bits outside the mask as
    /// zeros; `out` is as wide as the field ([`Field::bytes`]). Returns whether the match has
    /// the field; if not, `out` is the equivalent field of another protocol (the UDP port for the TCP
    /// port), so that those flows are sorted too, or zeros.
    ///
    /// Unlike [`Match::value`] this also reads other rows that hold the field: `in_port` in
    /// `in_port_oxm`, `reg0` in `xreg0`, `dl_vlan` in `vlan_tci`.
    pub fn compared(&self, field: &Field, out: &mut [u8]) -> bool {
        out.fill(0);
        let tag = |bits: u16, shift: u32| {
            let tci = self.tci();
            (tci.mask & bits != 0).then_some(u64::from((tci.value & bits) >> shift))
        };
        let number = match field.id {
            Id::IN_PORT => self
                .in_port()
                .map(|port| u64::from(port_to_v10(port).unwrap_or(u16::MAX))),
            Id::IN_PORT_OXM => self.in_port().map(u64::from),
            Id::VLAN_TCI => tag(u16::MAX, 0),
            Id::DL_VLAN => tag(TCI_VID, 0),
            Id::VLAN_VID => tag(TCI_VID | TCI_PRESENT, 0),
            Id::DL_VLAN_PCP | Id::VLAN_PCP => tag(TCI_PCP, 13),
            Id::NW_TOS => self.dscp().map(|dscp| u64::from(dscp) << 2),
            Id::IP_DSCP => self.dscp().map(u64::from),
            id => {
                return match id.registers() {
                    Some((first, _)) => self.registers(first, out),
                    None => self.plain(field, out),
                };
            }
        };
        put_end(out, &number.unwrap_or_default().to_be_bytes());
        number.is_some()
    }

    fn dscp(&self) -> Option<u8> {
        let first = |id: Id| self.value(id.row())?.0.first().copied();
        first(Id::IP_DSCP).or_else(|| first(Id::NW_TOS).map(|tos| tos >> 2))
    }

    fn plain(&self, field: &Field, out: &mut [u8]) -> bool {
        if self.put_masked(field, out) {
            return true;
        }
        let alike = ALIKE.iter().find(|ids| ids.contains(&field.id));
        let mut others = alike.into_iter().copied().flatten();
        others.any(|id| self.put_masked(id.row(), out));
        false
    }

    fn put_masked(&self, field: &Field, out: &mut [u8]) -> bool {
        let Some((value, mask)) = self.value(field) else {
            return false;
        };
        put_end(out, value);
        if let Some(mask) = mask {
            let bits = out.iter_mut().rev().zip(mask.iter().rev());
            bits.for_each(|(byte, mask)| *byte &= mask);
        }
        true
    }

    /// Fills `out` with the registers from `first` on, from any fields that cover them.
    fn registers(&self, first: u8, out: &mut [u8]) -> bool {
        let mut any = false;
        let wanted = usize::from(first) * 4;
        for id in self.present().iter() {
            let Some((covered, _)) = id.registers() else {
                continue;
            };
            let Some((value, mask)) = self.value(id.row()) else {
                continue;
            };
            for (index, byte) in value.iter().enumerate() {
                let mask = mask.map_or(u8::MAX, |mask| mask.get(index).copied().unwrap_or(0));
                let place = (usize::from(covered) * 4 + index).checked_sub(wanted);
                if let Some(slot) = place.and_then(|place| out.get_mut(place)) {
                    *slot |= byte & mask;
                    any |= mask != 0;
                }
            }
        }
        any
    }
}

/// The end of `value` at the end of `out`.
fn put_end(out: &mut [u8], value: &[u8]) {
    let bytes = out.iter_mut().rev().zip(value.iter().rev());
    bytes.for_each(|(slot, byte)| *slot = *byte);
}

//! The match of a flow as bytes to be compared: the same bytes for the same packets by the same fields.

use super::print::MatchVisitor;
use super::{Match, TAGS};
use crate::openflow::bytes::be_number;
use crate::openflow::fields::Header;
use crate::openflow::fields::shorthand::{TCI_PCP, TCI_PRESENT, TCI_VID, Tci};
use crate::openflow::fields::table::{Field, Id};
use crate::openflow::text::port_from_v10;
use crate::openflow::version::Version;

impl Match<'_> {
    /// Appends the match in a form that is equal for equal matches, whatever version they came in: the VLAN tag as the
    /// tag control information, the input port in 32 bits, registers one by one, prerequisites as fields, no bits
    /// outside of masks.
    ///
    /// `told_by` is the version of the dump that it is compared with, if it is one: since OpenFlow 1.1 a dump does not tell
    /// some masks of `vlan_tci`.
    pub(in crate::openflow) fn put_key(&self, told_by: Option<Version>, out: &mut Vec<u8>) {
        let tci = match told_by {
            None | Some(Version::V10) => self.tci(),
            Some(_) => oxm(self.tci()),
        };
        if tci.mask != 0 {
            out.push(Id::VLAN_TCI.index() as u8);
            out.extend((tci.value & tci.mask).to_be_bytes());
            out.extend(tci.mask.to_be_bytes());
        }
        self.walk(&mut MatchKey { out });
    }
}

/// What a dump since OpenFlow 1.1 tells of a match on the tag: presence and id with their mask; the priority only with
/// some of them matched, then whole.
fn oxm(tci: Tci) -> Tci {
    let mask = tci.mask & (TCI_VID | TCI_PRESENT);
    let value = tci.value & mask;
    if value != 0 && tci.mask & TCI_PCP != 0 {
        return Tci {
            value: value | TCI_PRESENT | tci.value & tci.mask & TCI_PCP,
            mask: mask | TCI_PRESENT | TCI_PCP,
        };
    }
    Tci { value, mask }
}

/// Appends each field: row, width, mask, value.
struct MatchKey<'o> {
    out: &'o mut Vec<u8>,
}

/// Instead of a width: a field without a row.
const UNKNOWN: u8 = 0xff;
/// Added to the width: a mask follows the value. Fields have at most 124 bytes.
const MASKED: u8 = 0x80;

impl MatchKey<'_> {
    fn put(&mut self, id: Id, value: &[u8], mask: Option<&[u8]>) {
        let width = value.len() as u8;
        self.out.push(id.index() as u8);
        match mask {
            None => {
                self.out.push(width);
                self.out.extend(value);
            }
            Some(mask) => {
                self.out.push(width | MASKED);
                self.out
                    .extend(value.iter().zip(mask).map(|(value, mask)| value & mask));
                self.out.extend(mask);
            }
        }
    }
}

impl MatchVisitor for MatchKey<'_> {
    fn protocol(&mut self, _: &'static str, eth_type: u16, nw_proto: Option<u8>) {
        self.put(Id::ETH_TYPE, &eth_type.to_be_bytes(), None);
        if let Some(nw_proto) = nw_proto {
            self.put(Id::NW_PROTO, &[nw_proto], None);
        }
    }

    fn ethernet(&mut self) {}

    fn field(&mut self, field: &'static Field, value: &[u8], mask: Option<&[u8]>) {
        match field.id {
            Id::DL_VLAN | Id::DL_VLAN_PCP => {}
            id if TAGS.contains(id) => {}
            Id::IN_PORT => {
                let port = port_from_v10(be_number(value) as u16);
                self.put(Id::IN_PORT_OXM, &port.to_be_bytes(), None);
            }
            id if id.is_tun_metadata() => {
                // The switch sends as many bytes as the option has.
                let zeros = |bytes: &[u8]| bytes.iter().take_while(|byte| **byte == 0).count();
                let cut = zeros(mask.unwrap_or(value));
                let tail = |bytes| <[u8]>::get(bytes, cut..).unwrap_or_default();
                self.put(id, tail(value), mask.map(tail));
            }
            id => self.put(id, value, mask),
        }
    }

    fn unknown(&mut self, header: Header, value: &[u8], mask: Option<&[u8]>) {
        self.out.push(UNKNOWN);
        header.encode(self.out);
        self.out.extend(value);
        self.out.extend(mask.unwrap_or_default());
    }
}

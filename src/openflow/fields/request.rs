//! The match of a request: the fields to send, and their encoding in every version.

use super::super::bytes::be_number;
use super::super::text::{port_from_v10, port_to_v10};
use super::super::version::Version;
use super::Header;
use super::field_bytes::FieldBytes;
use super::matching::{Masked, Match};
use super::row_set::TAGS;
use super::shorthand::{TCI_PCP, TCI_PRESENT, TCI_VID, Tci};
use super::table::{Field, Id, Prereq};
use super::values::{all_ones, all_zeros};

/// One field of a [`MatchFields`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct RequestField {
    id: Id,
    value: FieldBytes,
    mask: Option<FieldBytes>,
}

/// The match of a request, of any version.
///
/// Fields that differ between versions are kept as one: the input port as `in_port_oxm`, the VLAN tag
/// as `vlan_tci`, the DSCP as `nw_tos`, registers one by one. So two matches are equal if they match the same
/// packets by the same fields, whatever version they came in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct MatchFields {
    known: Vec<RequestField>,
    /// Fields without a row, as received.
    unknown: Vec<u8>,
}

impl From<&Match<'_>> for MatchFields {
    fn from(received: &Match<'_>) -> MatchFields {
        let mut fields = MatchFields::default();
        fields.set_tci(received.tci());
        for (number, (value, mask)) in (0..).zip(received.register_values()) {
            if let Some(register) = Id::reg(number) {
                let (value, mask) = (value.to_be_bytes(), mask.to_be_bytes());
                fields.set(register.row(), &value, Some(&mask));
            }
        }
        for (field, (value, mask)) in received.fields() {
            match field.id {
                id if TAGS.contains(id) || id.registers().is_some() => {}
                Id::IN_PORT => {
                    let port = port_from_v10(be_number(value) as u16);
                    fields.set(Id::IN_PORT_OXM.row(), &port.to_be_bytes(), None);
                }
                Id::IP_DSCP => {
                    let tos = value.first().map_or(0, |dscp| dscp << 2);
                    fields.set(Id::NW_TOS.row(), &[tos], None);
                }
                _ => fields.set(field, value, mask),
            }
        }
        received.each_unknown(|header, value, mask| {
            header.encode(&mut fields.unknown);
            fields.unknown.extend(value);
            fields.unknown.extend(mask.unwrap_or_default());
        });
        fields
    }
}

impl MatchFields {
    /// Whether every flow matches.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty() && self.unknown.is_empty()
    }

    /// Whether there are fields without a row.
    pub fn has_unknown(&self) -> bool {
        !self.unknown.is_empty()
    }

    /// The fields with values and masks, in wire order.
    pub fn iter(&self) -> impl Iterator<Item = (&'static Field, Masked<'_>)> {
        self.known
            .iter()
            .map(|matched| (matched.id.row(), (&*matched.value, matched.mask.as_deref())))
    }

    /// The value and mask of a field.
    pub fn value(&self, id: Id) -> Option<Masked<'_>> {
        self.known
            .iter()
            .find(|matched| matched.id == id)
            .map(|matched| (&*matched.value, matched.mask.as_deref()))
    }

    /// Sets the match on a field. A mask of zeros removes it, except for `tun_metadata`, where it
    /// requires the option.
    ///
    /// `value` and `mask` are as wide as the field; bits outside the mask are taken as zero.
    pub fn set(&mut self, field: &'static Field, value: &[u8], mask: Option<&[u8]>) {
        self.replace(field, value, mask);
    }

    /// [`MatchFields::set`]; returns whether the field was matched before, by another value or mask.
    pub(super) fn replace(
        &mut self,
        field: &'static Field,
        value: &[u8],
        mask: Option<&[u8]>,
    ) -> bool {
        if mask.is_some_and(all_zeros) && !field.id.is_tun_metadata() {
            let before = self.known.len();
            self.known.retain(|matched| matched.id != field.id);
            return self.known.len() < before;
        }
        // A mask without bytes requires a tunnel option without data.
        let mask = mask.filter(|mask| mask.is_empty() || !all_ones(mask));
        let value = match mask {
            Some(mask) => value
                .iter()
                .zip(mask)
                .map(|(value, mask)| value & mask)
                .collect(),
            None => FieldBytes::from(value),
        };
        let matched = RequestField {
            id: field.id,
            value,
            mask: mask.map(FieldBytes::from),
        };
        let rank = |id: Id| (depth(id), id);
        let of_field = self
            .known
            .binary_search_by_key(&rank(field.id), |matched| rank(matched.id));
        match of_field {
            Ok(at) => match self.known.get_mut(at) {
                Some(old) => std::mem::replace(old, matched.clone()) != matched,
                None => false,
            },
            Err(at) => {
                self.known.insert(at, matched);
                false
            }
        }
    }

    /// Whether only packets with a VLAN tag are matched.
    pub fn vlan_tag_known(&self) -> bool {
        self.tci().is_tagged()
    }

    /// The match on the VLAN tag.
    pub(super) fn tci(&self) -> Tci {
        let Some((value, mask)) = self.value(Id::VLAN_TCI) else {
            return Tci::default();
        };
        let number = |bytes| be_number(bytes) as u16;
        Tci {
            value: number(value),
            mask: mask.map_or(u16::MAX, number),
        }
    }

    /// Sets the match on the VLAN tag.
    pub(super) fn set_tci(&mut self, tci: Tci) {
        let mask = tci.mask.to_be_bytes();
        self.set(Id::VLAN_TCI.row(), &tci.value.to_be_bytes(), Some(&mask));
    }

    /// The bytes of the match in `version`.
    ///
    /// OpenFlow 1.0: NXM fields, without padding, for `NXST_FLOW`. 1.2 and later: OXM fields, without
    /// the header of `ofp_match` and without padding; fields that have no OXM number go as NXM, which
    /// Open vSwitch takes in every version. 1.1: a whole `ofp_match` with header and padding: the
    /// standard match of 88 bytes if sufficient, else `OFPMT_OXM`, which Open vSwitch takes there.
    pub fn encode(&self, version: Version) -> Vec<u8> {
        if version == Version::V11 {
            if let Some(standard) = self.standard_v11() {
                return standard;
            }
            let mut out = vec![0, 1, 0, 0];
            self.put_tlvs(version, &mut out);
            let length = u16::try_from(out.len()).unwrap_or(u16::MAX);
            if let Some(slot) = out.get_mut(2..4) {
                slot.copy_from_slice(&length.to_be_bytes());
            }
            out.resize(out.len().next_multiple_of(8), 0);
            return out;
        }
        self.tlvs(version)
    }

    /// The fields in `version`, without header and padding of `ofp_match`.
    pub(in crate::openflow) fn tlvs(&self, version: Version) -> Vec<u8> {
        let mut out = Vec::with_capacity(64);
        self.put_tlvs(version, &mut out);
        out
    }

    /// [`MatchFields::tlvs`], appended.
    pub(in crate::openflow) fn put_tlvs(&self, version: Version, out: &mut Vec<u8>) {
        let nxm = version == Version::V10;
        let mut prereqs = self.known.iter().map(|matched| matched.id.row().prereq);
        let implies_ethernet = prereqs.any(|prereq| !matches!(prereq, Prereq::Any));
        for matched in &self.known {
            let (value, mask) = (&*matched.value, matched.mask.as_deref());
            match matched.id {
                Id::PACKET_TYPE if all_zeros(value) && implies_ethernet => {}
                Id::IN_PORT_OXM if nxm => {
                    if let Some(port) = port_to_v10(be_number(value) as u32) {
                        put(out, Id::IN_PORT, version, &port.to_be_bytes(), None);
                    }
                }
                Id::VLAN_TCI if !nxm => put_tci(out, self.tci(), version),
                Id::NW_TOS if !nxm => {
                    let dscp = value.first().map_or(0, |tos| tos >> 2);
                    put(out, Id::IP_DSCP, version, &[dscp], None);
                }
                id => put(out, id, version, value, mask),
            }
        }
        out.extend(&self.unknown);
    }
}

/// `vlan_vid` and `vlan_pcp`, or `vlan_tci` where they are insufficient.
fn put_tci(out: &mut Vec<u8>, tci: Tci, version: Version) {
    let (vid, pcp) = (tci.mask & (TCI_VID | TCI_PRESENT), tci.mask & TCI_PCP);
    let exact_priority = pcp == TCI_PCP && tci.is_tagged();
    // Without a tag, a priority of 0 need not be matched; another value is a different match.
    let no_priority = tci.is_untagged() && tci.value & pcp == 0;
    if pcp != 0 && !exact_priority && !no_priority {
        let mask = tci.mask.to_be_bytes();
        let mask = (tci.mask != u16::MAX).then_some(mask.as_slice());
        put(out, Id::VLAN_TCI, version, &tci.value.to_be_bytes(), mask);
        return;
    }
    let value = (tci.value & vid).to_be_bytes();
    let mask = vid.to_be_bytes();
    put(
        out,
        Id::VLAN_VID,
        version,
        &value,
        (vid != 0x1fff).then_some(mask.as_slice()),
    );
    if exact_priority {
        put(out, Id::VLAN_PCP, version, &[(tci.value >> 13) as u8], None);
    }
}

fn put(out: &mut Vec<u8>, id: Id, version: Version, value: &[u8], mask: Option<&[u8]>) {
    let length = value.len() + mask.map_or(0, <[u8]>::len);
    let header = Header {
        length: u8::try_from(length).unwrap_or(u8::MAX),
        ..id.row().header(version, mask.is_some())
    };
    header.encode(out);
    out.extend(value);
    out.extend(mask.unwrap_or_default());
}

/// How many layers of prerequisites a field has: a match lists them before it.
fn depth(id: Id) -> u8 {
    match (id, id.row().prereq) {
        (Id::PACKET_TYPE, _) => 0,
        (Id::ETH_TYPE, _) => 1,
        (_, Prereq::Any | Prereq::Ethernet) => 2,
        (
            _,
            Prereq::Vlan
            | Prereq::Arp
            | Prereq::Ipv4
            | Prereq::Ipv6
            | Prereq::Ip
            | Prereq::Mpls
            | Prereq::Nsh,
        ) => 3,
        (
            _,
            Prereq::Ct | Prereq::Tcp | Prereq::Udp | Prereq::Sctp | Prereq::Icmp | Prereq::Icmp6,
        ) => 4,
        (_, Prereq::Nd | Prereq::NdSolicit | Prereq::NdAdvert) => 5,
    }
}

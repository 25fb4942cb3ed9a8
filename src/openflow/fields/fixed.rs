//! The fixed matches of OpenFlow 1.0 (`ofp_match`, 40 bytes) and 1.1 (`ofpmt_standard`, 88 bytes),
//! translated into NXM fields, so that the rest of the crate handles one kind of match.
//!
//! Like Open vSwitch: a VLAN id or priority implies that there is a tag; 0xffff means that there is
//! none; addresses, protocol and ports belong to the matched protocol. In 1.1 they are
//! ignored if that protocol does not have them.

use super::super::bytes::{Cursor, DecodeError, DecodeErrorKind, be_number};
use super::super::text::port_to_v10;
use super::super::version::Version;
use super::matching::Match;
use super::request::MatchFields;
use super::shorthand::{TCI_PCP, TCI_PRESENT, TCI_VID, Tci, TciForm};
use super::table::Id;

/// Length of the match of OpenFlow 1.0, in bytes.
pub const V10_MATCH_BYTES: usize = 40;
/// Length of the standard match of OpenFlow 1.1, in bytes.
pub const V11_MATCH_BYTES: usize = 88;

/// `OFPMT_STANDARD`: the fixed match of OpenFlow 1.1.
const TYPE_STANDARD: u16 = 0;
/// `OFPMT_OXM`
const TYPE_OXM: u16 = 1;

/// Wildcard bits that both versions have (`OFPFW10_*`, `OFPFW11_*`); the others differ.
mod any {
    pub(super) const IN_PORT: u32 = 1 << 0;
    pub(super) const DL_VLAN: u32 = 1 << 1;
    pub(super) mod v10 {
        pub(in super::super) const DL_SRC: u32 = 1 << 2;
        pub(in super::super) const DL_DST: u32 = 1 << 3;
        pub(in super::super) const DL_TYPE: u32 = 1 << 4;
        pub(in super::super) const NW_PROTO: u32 = 1 << 5;
        pub(in super::super) const TP_SRC: u32 = 1 << 6;
        pub(in super::super) const TP_DST: u32 = 1 << 7;
        pub(in super::super) const NW_SRC_SHIFT: u32 = 8;
        pub(in super::super) const NW_DST_SHIFT: u32 = 14;
        pub(in super::super) const DL_VLAN_PCP: u32 = 1 << 20;
        pub(in super::super) const NW_TOS: u32 = 1 << 21;
    }
    pub(super) mod v11 {
        pub(in super::super) const DL_VLAN_PCP: u32 = 1 << 2;
        pub(in super::super) const DL_TYPE: u32 = 1 << 3;
        pub(in super::super) const NW_TOS: u32 = 1 << 4;
        pub(in super::super) const NW_PROTO: u32 = 1 << 5;
        pub(in super::super) const TP_SRC: u32 = 1 << 6;
        pub(in super::super) const TP_DST: u32 = 1 << 7;
        pub(in super::super) const MPLS_LABEL: u32 = 1 << 8;
        pub(in super::super) const MPLS_TC: u32 = 1 << 9;
    }
}

/// `OFP_VLAN_NONE`: no tag.
const VLAN_NONE: u16 = 0xffff;
/// `OFPVID_ANY` of OpenFlow 1.1: a tag with any id.
const VLAN_ANY: u16 = 0xfffe;
/// The significant bits of a label and of a traffic class.
const MPLS_LABEL_BITS: u32 = 0x000f_ffff;
const MPLS_TC_BITS: u8 = 7;

impl<'a> Match<'a> {
    /// Reads the match of OpenFlow 1.0, 40 bytes (OpenFlow 1.0.0 §5.2.3), by way of `scratch`, whose content
    /// is replaced.
    ///
    /// # Errors
    ///
    /// The match is truncated.
    pub fn decode_v10(
        body: &mut Cursor<'_>,
        scratch: &'a mut Vec<u8>,
    ) -> Result<Match<'a>, DecodeError> {
        let mut cursor = body.sub(V10_MATCH_BYTES, "ofp_match")?;
        let c = &mut cursor;
        let wildcards = c.u32("wildcards")?;
        let is = |bit: u32| wildcards & bit == 0;
        let prefix = |shift: u32| u32::MAX.checked_shl(wildcards >> shift & 0x3f).unwrap_or(0);
        let in_port = c.array::<2>("in_port")?;
        let dl_src = c.array::<6>("dl_src")?;
        let dl_dst = c.array::<6>("dl_dst")?;
        let (vid, pcp) = (c.u16("dl_vlan")?, c.u8("dl_vlan_pcp")?);
        c.skip(1, "pad")?;
        let l3 = Layer3 {
            dl_type: Some(c.u16("dl_type")?).filter(|_| is(any::v10::DL_TYPE)),
            nw_tos: Some(c.u8("nw_tos")?).filter(|_| is(any::v10::NW_TOS)),
            nw_proto: Some(c.u8("nw_proto")?).filter(|_| is(any::v10::NW_PROTO)),
            nw_src: {
                c.skip(2, "pad")?;
                (c.u32("nw_src")?, prefix(any::v10::NW_SRC_SHIFT))
            },
            nw_dst: (c.u32("nw_dst")?, prefix(any::v10::NW_DST_SHIFT)),
            tp_src: Some(c.u16("tp_src")?).filter(|_| is(any::v10::TP_SRC)),
            tp_dst: Some(c.u16("tp_dst")?).filter(|_| is(any::v10::TP_DST)),
        };
        let mut tci = Tci::default();
        if is(any::DL_VLAN) && vid == VLAN_NONE {
            tci.and(0, u16::MAX);
        } else {
            if is(any::DL_VLAN) {
                tci.and(vid & TCI_VID | TCI_PRESENT, TCI_VID | TCI_PRESENT);
            }
            if is(any::v10::DL_VLAN_PCP) {
                tci.and(u16::from(pcp) << 13 | TCI_PRESENT, TCI_PCP | TCI_PRESENT);
            }
        }

        scratch.clear();
        let mut fields = FieldWriter(scratch);
        if is(any::IN_PORT) {
            fields.put(Id::IN_PORT, &in_port);
        }
        if is(any::v10::DL_SRC) {
            fields.put(Id::ETH_SRC, &dl_src);
        }
        if is(any::v10::DL_DST) {
            fields.put(Id::ETH_DST, &dl_dst);
        }
        fields.put_masked(
            Id::VLAN_TCI,
            &tci.value.to_be_bytes(),
            &tci.mask.to_be_bytes(),
        );
        l3.put(&mut fields);
        Match::decode_tlvs(scratch, 0)
    }

    /// Reads the `ofp_match` of OpenFlow 1.1 and later with its padding: the standard match of 1.1
    /// (OpenFlow 1.1.0 §A.2.3) by way of `scratch`, whose content is replaced, or OXM, which Open vSwitch takes
    /// in 1.1, too.
    ///
    /// # Errors
    ///
    /// The match is of another type, truncated, or has an invalid length or field.
    pub fn decode_v11<'b: 'a>(
        body: &mut Cursor<'b>,
        scratch: &'a mut Vec<u8>,
    ) -> Result<Match<'a>, DecodeError> {
        match body.clone().u16("match type")? {
            TYPE_STANDARD => Match::decode_standard(body, scratch),
            _ => Match::decode_oxm(body),
        }
    }

    /// Reads the `ofp_match` of OpenFlow 1.2 and later with its padding (OpenFlow 1.5.1 §7.2.3.1).
    ///
    /// # Errors
    ///
    /// As [`Match::decode_v11`].
    pub fn decode_oxm(body: &mut Cursor<'a>) -> Result<Match<'a>, DecodeError> {
        let start = *body;
        let kind = body.u16("match type")?;
        if kind != TYPE_OXM {
            return Err(start.error("match type", DecodeErrorKind::BadValue(kind.into())));
        }
        let length = usize::from(body.u16("match length")?);
        let fields_len = length
            .checked_sub(4)
            .ok_or_else(|| start.error("match length", DecodeErrorKind::BadLength(length)))?;
        let fields = body.sub(fields_len, "match")?;
        body.skip(length.next_multiple_of(8) - length, "match padding")?;
        Match::decode_tlvs(fields.rest(), fields.at())
    }

    /// Reads `length` bytes of NXM and their padding to a multiple of eight.
    ///
    /// # Errors
    ///
    /// The match is truncated, or a field in it is invalid.
    pub fn decode_nxm(body: &mut Cursor<'a>, length: usize) -> Result<Match<'a>, DecodeError> {
        let fields = body.sub(length, "match")?;
        body.skip(length.next_multiple_of(8) - length, "match padding")?;
        Match::decode_tlvs(fields.rest(), fields.at())
    }

    fn decode_standard(
        body: &mut Cursor<'_>,
        scratch: &'a mut Vec<u8>,
    ) -> Result<Match<'a>, DecodeError> {
        let mut cursor = body.sub(V11_MATCH_BYTES, "match")?;
        let start = cursor;
        cursor.skip(2, "match type")?;
        let length = usize::from(cursor.u16("match length")?);
        if length != V11_MATCH_BYTES {
            return Err(start.error("match length", DecodeErrorKind::BadLength(length)));
        }
        let c = &mut cursor;
        let in_port = c.array::<4>("in_port")?;
        let wildcards = c.u32("wildcards")?;
        let is = |bit: u32| wildcards & bit == 0;
        let (dl_src, dl_src_mask) = (
            c.array::<6>("dl_src")?,
            c.array::<6>("dl_src_mask")?.map(|byte| !byte),
        );
        let (dl_dst, dl_dst_mask) = (
            c.array::<6>("dl_dst")?,
            c.array::<6>("dl_dst_mask")?.map(|byte| !byte),
        );
        let (vid, pcp) = (c.u16("dl_vlan")?, c.u8("dl_vlan_pcp")?);
        c.skip(1, "pad")?;
        let l3 = Layer3 {
            dl_type: Some(c.u16("dl_type")?).filter(|_| is(any::v11::DL_TYPE)),
            nw_tos: Some(c.u8("nw_tos")?).filter(|_| is(any::v11::NW_TOS)),
            nw_proto: Some(c.u8("nw_proto")?).filter(|_| is(any::v11::NW_PROTO)),
            nw_src: (c.u32("nw_src")?, !c.u32("nw_src_mask")?),
            nw_dst: (c.u32("nw_dst")?, !c.u32("nw_dst_mask")?),
            tp_src: Some(c.u16("tp_src")?).filter(|_| is(any::v11::TP_SRC)),
            tp_dst: Some(c.u16("tp_dst")?).filter(|_| is(any::v11::TP_DST)),
        }
        .without_foreign();
        let mpls_label = c.u32("mpls_label")? & MPLS_LABEL_BITS;
        let mpls_tc = c.u8("mpls_tc")? & MPLS_TC_BITS;
        c.skip(3, "pad")?;
        let (metadata, metadata_mask) = (
            c.array::<8>("metadata")?,
            c.array::<8>("metadata_mask")?.map(|byte| !byte),
        );
        let mut tci = Tci::default();
        if is(any::DL_VLAN) {
            match vid {
                VLAN_NONE => tci.and(0, u16::MAX),
                VLAN_ANY => tci.and(TCI_PRESENT, TCI_PRESENT),
                vid => tci.and(vid & TCI_VID | TCI_PRESENT, TCI_VID | TCI_PRESENT),
            }
            if is(any::v11::DL_VLAN_PCP) && vid != VLAN_NONE {
                tci.and(u16::from(pcp) << 13, TCI_PCP);
            }
        }

        scratch.clear();
        let mut fields = FieldWriter(scratch);
        if is(any::IN_PORT) {
            fields.put(Id::IN_PORT_OXM, &in_port);
        }
        fields.put_masked(Id::METADATA, &metadata, &metadata_mask);
        fields.put_masked(Id::ETH_SRC, &dl_src, &dl_src_mask);
        fields.put_masked(Id::ETH_DST, &dl_dst, &dl_dst_mask);
        fields.put_masked(
            Id::VLAN_TCI,
            &tci.value.to_be_bytes(),
            &tci.mask.to_be_bytes(),
        );
        let is_mpls = matches!(l3.dl_type, Some(0x8847 | 0x8848));
        l3.put(&mut fields);
        if is_mpls && is(any::v11::MPLS_LABEL) {
            fields.put(Id::MPLS_LABEL, &mpls_label.to_be_bytes());
        }
        if is_mpls && is(any::v11::MPLS_TC) {
            fields.put(Id::MPLS_TC, &[mpls_tc]);
        }
        Match::decode_tlvs(scratch, 0)
    }
}

impl MatchFields {
    /// The match of OpenFlow 1.0, if it can represent this match.
    pub(in crate::openflow) fn fixed_v10(&self) -> Option<Vec<u8>> {
        self.fixed(&FixedLayout::V10)
    }

    /// The standard match of OpenFlow 1.1, if it can represent this match.
    pub(in crate::openflow) fn standard_v11(&self) -> Option<Vec<u8>> {
        self.fixed(&FixedLayout::V11)
    }

    fn fixed(&self, layout: &FixedLayout) -> Option<Vec<u8>> {
        let is_v10 = layout.length == V10_MATCH_BYTES;
        let is_ipv4 = self
            .value(Id::ETH_TYPE)
            .is_some_and(|(value, _)| value == [0x08, 0x00]);
        if self.has_unknown() {
            return None;
        }
        let mut out = FixedMatch::any(layout);
        for (field, (value, mask)) in self.iter() {
            match (field.id, mask) {
                (Id::IN_PORT_OXM, None) if is_v10 => {
                    let port = port_to_v10(be_number(value) as u32)?;
                    out.exact(layout.in_port, &port.to_be_bytes());
                }
                (Id::IN_PORT_OXM, None) => out.exact(layout.in_port, value),
                (Id::ETH_SRC, mask) => out.masked(layout.dl_src, value, mask)?,
                (Id::ETH_DST, mask) => out.masked(layout.dl_dst, value, mask)?,
                (Id::VLAN_TCI, _) => out.tag(self.tci())?,
                (Id::ETH_TYPE, None) => out.exact(layout.dl_type, value),
                (Id::NW_TOS, None) if is_ipv4 => out.exact(layout.nw_tos, value),
                (Id::NW_PROTO, None) if is_ipv4 => out.exact(layout.nw_proto, value),
                (Id::ARP_OP, None) => match value {
                    [0, operation] => out.exact(layout.nw_proto, &[*operation]),
                    _ => return None,
                },
                (Id::IP_SRC | Id::ARP_SPA, mask) => out.masked(layout.nw_src, value, mask)?,
                (Id::IP_DST | Id::ARP_TPA, mask) => out.masked(layout.nw_dst, value, mask)?,
                (Id::TCP_SRC | Id::UDP_SRC | Id::SCTP_SRC, None) if is_ipv4 => {
                    out.exact(layout.tp_src, value);
                }
                (Id::TCP_DST | Id::UDP_DST | Id::SCTP_DST, None) if is_ipv4 => {
                    out.exact(layout.tp_dst, value);
                }
                (Id::ICMP_TYPE, None) => out.exact(layout.tp_src, &[&[0], value].concat()),
                (Id::ICMP_CODE, None) => out.exact(layout.tp_dst, &[&[0], value].concat()),
                (Id::MPLS_LABEL, None) if !is_v10 => out.exact((64, any::v11::MPLS_LABEL), value),
                (Id::MPLS_TC, None) if !is_v10 => out.exact((68, any::v11::MPLS_TC), value),
                (Id::METADATA, mask) if !is_v10 => out.masked((72, 0), value, mask)?,
                _ => return None,
            }
        }
        Some(out.bytes())
    }
}

/// Offset of a member of a fixed match, and its wildcard bits. Without such bits, a mask of the same width follows
/// the value.
type Member = (usize, u32);

/// The offsets and wildcard bits of what both fixed matches have.
struct FixedLayout {
    length: usize,
    wildcards_at: usize,
    /// The wildcards of a match that matches everything.
    wildcards: u32,
    in_port: Member,
    dl_src: Member,
    dl_dst: Member,
    dl_vlan: Member,
    dl_vlan_pcp: Member,
    dl_type: Member,
    nw_tos: Member,
    nw_proto: Member,
    nw_src: Member,
    nw_dst: Member,
    tp_src: Member,
    tp_dst: Member,
}

impl FixedLayout {
    const V10: FixedLayout = FixedLayout {
        length: V10_MATCH_BYTES,
        wildcards_at: 0,
        // 32 is the number of wildcarded bits of each address.
        wildcards: 0x0030_00ff | 32 << any::v10::NW_SRC_SHIFT | 32 << any::v10::NW_DST_SHIFT,
        in_port: (4, any::IN_PORT),
        dl_src: (6, any::v10::DL_SRC),
        dl_dst: (12, any::v10::DL_DST),
        dl_vlan: (18, any::DL_VLAN),
        dl_vlan_pcp: (20, any::v10::DL_VLAN_PCP),
        dl_type: (22, any::v10::DL_TYPE),
        nw_tos: (24, any::v10::NW_TOS),
        nw_proto: (25, any::v10::NW_PROTO),
        nw_src: (28, 0x3f << any::v10::NW_SRC_SHIFT),
        nw_dst: (32, 0x3f << any::v10::NW_DST_SHIFT),
        tp_src: (36, any::v10::TP_SRC),
        tp_dst: (38, any::v10::TP_DST),
    };
    const V11: FixedLayout = FixedLayout {
        length: V11_MATCH_BYTES,
        wildcards_at: 8,
        wildcards: 0x3ff,
        in_port: (4, any::IN_PORT),
        dl_src: (12, 0),
        dl_dst: (24, 0),
        dl_vlan: (36, any::DL_VLAN),
        dl_vlan_pcp: (38, any::v11::DL_VLAN_PCP),
        dl_type: (40, any::v11::DL_TYPE),
        nw_tos: (42, any::v11::NW_TOS),
        nw_proto: (43, any::v11::NW_PROTO),
        nw_src: (44, 0),
        nw_dst: (52, 0),
        tp_src: (60, any::v11::TP_SRC),
        tp_dst: (62, any::v11::TP_DST),
    };
}

/// Builder of a fixed match.
struct FixedMatch<'l> {
    layout: &'l FixedLayout,
    bytes: Vec<u8>,
    wildcards: u32,
}

impl FixedMatch<'_> {
    /// One that matches everything: all bits of wildcards and of masks are set.
    fn any(layout: &FixedLayout) -> FixedMatch<'_> {
        let mut any = FixedMatch {
            layout,
            bytes: vec![0; layout.length],
            wildcards: layout.wildcards,
        };
        if layout.length == V11_MATCH_BYTES {
            any.put(2, &(V11_MATCH_BYTES as u16).to_be_bytes());
            for (at, width) in [(18, 6), (30, 6), (48, 4), (56, 4), (80, 8)] {
                any.put(at, [0xff; 8].get(..width).unwrap_or_default());
            }
        }
        any
    }

    fn put(&mut self, at: usize, value: &[u8]) {
        if let Some(slot) = self.bytes.get_mut(at..at + value.len()) {
            slot.copy_from_slice(value);
        }
    }

    fn exact(&mut self, (at, wildcards): Member, value: &[u8]) {
        self.put(at, value);
        self.wildcards &= !wildcards;
    }

    /// Writes a value with its mask, in which set bits are wildcards; `None` if the member takes no such mask:
    /// addresses of OpenFlow 1.0 have the number of wildcarded bits, or none.
    fn masked(&mut self, member: Member, value: &[u8], mask: Option<&[u8]>) -> Option<()> {
        self.exact(member, value);
        let (at, wildcards) = member;
        let Some(mask) = mask else {
            if wildcards == 0 {
                self.put(at + value.len(), [0; 8].get(..value.len())?);
            }
            return Some(());
        };
        if wildcards == 0 {
            let inverse: Vec<u8> = mask.iter().map(|byte| !byte).collect();
            self.put(at + value.len(), &inverse);
            return Some(());
        }
        let mask = u32::from_be_bytes(mask.try_into().ok()?);
        let prefix = mask.leading_ones();
        self.wildcards |= (32 - prefix) << wildcards.trailing_zeros();
        (prefix + mask.trailing_zeros() == 32).then_some(())
    }

    fn tag(&mut self, tci: Tci) -> Option<()> {
        let (dl_vlan, is_v10) = (self.layout.dl_vlan, self.layout.length == V10_MATCH_BYTES);
        match tci.words() {
            // "No tag" has several forms; fixed matches have this one.
            TciForm::Whole if tci == UNTAGGED => {
                self.exact(dl_vlan, &VLAN_NONE.to_be_bytes());
                if is_v10 {
                    self.exact(self.layout.dl_vlan_pcp, &[0]);
                }
            }
            TciForm::Whole if !is_v10 && tci == TAGGED => {
                self.exact(dl_vlan, &VLAN_ANY.to_be_bytes());
            }
            TciForm::Whole => return None,
            TciForm::Parts { vid, pcp } => {
                match vid {
                    Some(vid) => self.exact(dl_vlan, &vid.to_be_bytes()),
                    None if is_v10 => {}
                    None => self.exact(dl_vlan, &VLAN_ANY.to_be_bytes()),
                }
                if let Some(pcp) = pcp {
                    self.exact(self.layout.dl_vlan_pcp, &[pcp]);
                }
            }
        }
        Some(())
    }

    fn bytes(mut self) -> Vec<u8> {
        let wildcards = self.wildcards;
        self.put(self.layout.wildcards_at, &wildcards.to_be_bytes());
        self.bytes
    }
}

/// No tag, as fixed matches are read.
const UNTAGGED: Tci = Tci {
    value: 0,
    mask: u16::MAX,
};

/// A tag with any id and priority.
const TAGGED: Tci = Tci {
    value: TCI_PRESENT,
    mask: TCI_PRESENT,
};

/// The fields of fixed matches above Ethernet; addresses with their masks.
struct Layer3 {
    dl_type: Option<u16>,
    nw_tos: Option<u8>,
    nw_proto: Option<u8>,
    nw_src: (u32, u32),
    nw_dst: (u32, u32),
    tp_src: Option<u16>,
    tp_dst: Option<u16>,
}

impl Layer3 {
    /// Removes the fields that the Ethernet type and the protocol do not have (OpenFlow 1.1.0 §A.2.3, and as Open
    /// vSwitch reads it: IPv6 has none of it, ICMP's type and code stand in the ports).
    fn without_foreign(mut self) -> Layer3 {
        const IPV4: u16 = 0x0800;
        let is_ipv4 = self.dl_type == Some(IPV4);
        if !is_ipv4 {
            self.nw_tos = None;
        }
        if !matches!(self.dl_type, Some(IPV4 | 0x0806 | 0x8035)) {
            self.nw_proto = None;
            (self.nw_src.1, self.nw_dst.1) = (0, 0);
        }
        if !(is_ipv4 && matches!(self.nw_proto, Some(1 | 6 | 17 | 132))) {
            (self.tp_src, self.tp_dst) = (None, None);
        }
        self
    }

    fn put(&self, fields: &mut FieldWriter<'_>) {
        if let Some(dl_type) = self.dl_type {
            fields.put(Id::ETH_TYPE, &dl_type.to_be_bytes());
        }
        let is_arp = matches!(self.dl_type, Some(0x0806 | 0x8035));
        let (source, destination) = if is_arp {
            (Id::ARP_SPA, Id::ARP_TPA)
        } else {
            (Id::IP_SRC, Id::IP_DST)
        };
        // An IPv6 address does not fit in 32 bits.
        if self.dl_type != Some(0x86dd) {
            for (id, (address, mask)) in [(source, self.nw_src), (destination, self.nw_dst)] {
                fields.put_masked(id, &address.to_be_bytes(), &mask.to_be_bytes());
            }
        }
        match self.nw_proto {
            Some(operation) if is_arp => fields.put(Id::ARP_OP, &[0, operation]),
            Some(protocol) => fields.put(Id::NW_PROTO, &[protocol]),
            None => {}
        }
        if let Some(tos) = self.nw_tos {
            fields.put(Id::NW_TOS, &[tos & 0xfc]);
        }
        let (icmp_type, icmp_code) = match (self.dl_type, self.nw_proto) {
            (Some(0x0800), Some(1)) => (Some(Id::ICMP_TYPE), Some(Id::ICMP_CODE)),
            (Some(0x86dd), Some(58)) => (Some(Id::ICMPV6_TYPE), Some(Id::ICMPV6_CODE)),
            _ => (None, None),
        };
        let (source, destination) = match self.nw_proto {
            Some(17) => (Id::UDP_SRC, Id::UDP_DST),
            Some(132) => (Id::SCTP_SRC, Id::SCTP_DST),
            _ => (Id::TCP_SRC, Id::TCP_DST),
        };
        for (id, icmp, number) in [
            (source, icmp_type, self.tp_src),
            (destination, icmp_code, self.tp_dst),
        ] {
            match (number.map(u16::to_be_bytes), icmp) {
                (Some([0, small]), Some(icmp)) => fields.put(icmp, &[small]),
                (Some(bytes), _) => fields.put(id, &bytes),
                (None, _) => {}
            }
        }
    }
}

/// Appends fields.
struct FieldWriter<'s>(&'s mut Vec<u8>);

impl FieldWriter<'_> {
    fn put(&mut self, id: Id, value: &[u8]) {
        id.row().header(Version::V10, false).encode(self.0);
        self.0.extend(value);
    }

    fn put_masked(&mut self, id: Id, value: &[u8], mask: &[u8]) {
        if mask.iter().all(|byte| *byte == 0) {
            return;
        }
        id.row().header(Version::V10, true).encode(self.0);
        self.0
            .extend(value.iter().zip(mask).map(|(value, mask)| value & mask));
        self.0.extend(mask);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(bytes: &[u8]) -> (usize, DecodeErrorKind) {
        let mut scratch = Vec::new();
        let mut body = Cursor::new(bytes, 100);
        let error = Match::decode_v11(&mut body, &mut scratch).unwrap_err();
        (error.at, error.kind)
    }

    /// All messages with a match decode it here, so that their errors have the same offset.
    #[test]
    fn errors_have_the_offset_in_the_message() {
        let mut standard = [0; V11_MATCH_BYTES];
        assert_eq!(error(&standard), (100, DecodeErrorKind::BadLength(0)));
        standard[1] = 2;
        assert_eq!(error(&standard), (100, DecodeErrorKind::BadValue(2)));
        standard[1] = 1;
        assert_eq!(error(&standard), (100, DecodeErrorKind::BadLength(0)));
        // NXM_OF_ETH_TYPE with one byte too few.
        let short = [0, 1, 0, 9, 0, 0, 6, 1, 8, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(error(&short), (104, DecodeErrorKind::BadLength(1)));
        let cut_off = DecodeErrorKind::Truncated { need: 88, have: 80 };
        assert_eq!(error(&[0; 80]), (100, cut_off));
    }
}

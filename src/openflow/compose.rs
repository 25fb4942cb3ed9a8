//! Composes a packet from the fields of a match: Ethernet with a VLAN tag, ARP and RARP, IPv4, IPv6, TCP, UDP, ICMP and
//! `ICMPv6` with neighbour discovery. Lengths and checksums are computed; what the match leaves open is zero, except the
//! TTL. A payload of 64 bytes (0, 1, 2, ...) follows UDP, ICMP echo, and TCP that neither opens nor closes a connection.

use std::cell::RefCell;

use super::bytes::be_number;
use super::fields::{Id, MatchFields};

/// Why a match cannot become a packet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    /// A field is matched under a mask.
    #[error("{0} has a mask, and a packet has one value")]
    Masked(&'static str),
    /// A field is not in a packet, or not in one of these headers.
    #[error("{0} is in no header of this packet that can be composed")]
    NotInPacket(&'static str),
    /// The type of what follows the Ethernet header is missing.
    #[error("the protocol is missing")]
    NoType,
    /// A protocol that cannot be composed.
    #[error("packets of {0} cannot be composed")]
    Protocol(&'static str),
    /// The packet is a fragment.
    #[error("fragments cannot be composed")]
    Fragment,
}

/// The TTL, or hop limit, unless the match has one.
const DEFAULT_TTL: u8 = 64;
/// Length of the payload, in bytes.
const PAYLOAD: u8 = 64;

const IPV4: u16 = 0x0800;
const ARP: u16 = 0x0806;
const RARP: u16 = 0x8035;
const VLAN: u16 = 0x8100;
const IPV6: u16 = 0x86dd;
/// Ethernet types with headers of their own that are not composed.
const OTHERS: [(u16, &str); 4] = [
    (0x8847, "MPLS"),
    (0x8848, "MPLS"),
    (0x894f, "NSH"),
    (0x88a8, "QinQ"),
];
const ICMP: u8 = 1;
const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMPV6: u8 = 58;
const SCTP: u8 = 132;
/// FIN, SYN, RST.
const WITHOUT_DATA: u16 = 0x07;
/// The bit for a VLAN tag in `vlan_tci`.
const TAGGED: u16 = 0x1000;

/// The packet that these fields describe.
///
/// # Errors
///
/// See [`ComposeError`].
pub fn compose(fields: &MatchFields) -> Result<Vec<u8>, ComposeError> {
    let given = Given {
        fields,
        used: RefCell::new(Vec::new()),
    };
    for (field, (_, mask)) in fields.iter() {
        let may_be_masked = [Id::VLAN_TCI, Id::IP_FRAG].contains(&field.id);
        let covers = |mask| be_number(mask).count_ones() >= u32::from(field.n_bits());
        if !may_be_masked && !mask.is_none_or(covers) {
            return Err(ComposeError::Masked(field.key));
        }
    }
    let mut packet = Vec::new();
    given.put(Id::ETH_DST, 6, &mut packet);
    given.put(Id::ETH_SRC, 6, &mut packet);
    let tci = given.number(Id::VLAN_TCI).unwrap_or(0) as u16;
    if tci & TAGGED != 0 {
        packet.extend(VLAN.to_be_bytes());
        packet.extend((tci & !TAGGED).to_be_bytes());
    }
    let eth_type = given.number(Id::ETH_TYPE).ok_or(ComposeError::NoType)? as u16;
    if let Some((_, name)) = OTHERS.iter().find(|(number, _)| *number == eth_type) {
        return Err(ComposeError::Protocol(name));
    }
    packet.extend(eth_type.to_be_bytes());
    match eth_type {
        IPV4 => given.ipv4(&mut packet)?,
        IPV6 => given.ipv6(&mut packet)?,
        ARP | RARP => given.arp(&mut packet),
        _ => {}
    }
    let used = given.used.borrow();
    match fields.iter().find(|(field, _)| !used.contains(&field.id)) {
        Some((field, _)) => Err(ComposeError::NotInPacket(field.key)),
        None if fields.has_unknown() => Err(ComposeError::NotInPacket("a field")),
        None => Ok(packet),
    }
}

/// The fields of the match, and those that the packet has taken.
struct Given<'m> {
    fields: &'m MatchFields,
    used: RefCell<Vec<Id>>,
}

impl Given<'_> {
    fn bytes(&self, id: Id) -> Option<&[u8]> {
        let (value, _) = self.fields.value(id)?;
        self.used.borrow_mut().push(id);
        Some(value)
    }

    fn number(&self, id: Id) -> Option<u64> {
        Some(be_number(self.bytes(id)?) as u64)
    }

    /// Appends a field of `width` bytes, zeros if it is not given.
    fn put(&self, id: Id, width: usize, out: &mut Vec<u8>) {
        match self.bytes(id) {
            Some(value) => out.extend(value),
            None => out.extend(std::iter::repeat_n(0, width)),
        }
    }

    fn octet(&self, id: Id) -> u8 {
        self.number(id).unwrap_or(0) as u8
    }

    /// Type of service: DSCP and ECN.
    fn tos(&self) -> u8 {
        self.octet(Id::NW_TOS) & 0xfc | self.octet(Id::NW_ECN) & 3
    }

    fn ttl(&self) -> u8 {
        self.number(Id::NW_TTL).map_or(DEFAULT_TTL, |ttl| ttl as u8)
    }

    fn refuse_fragments(&self) -> Result<(), ComposeError> {
        match self.number(Id::IP_FRAG) {
            Some(1..) => Err(ComposeError::Fragment),
            _ => Ok(()),
        }
    }

    fn arp(&self, out: &mut Vec<u8>) {
        // Ethernet and IPv4, with the lengths of their addresses.
        out.extend([0, 1, 8, 0, 6, 4]);
        self.put(Id::ARP_OP, 2, out);
        self.put(Id::ARP_SHA, 6, out);
        self.put(Id::ARP_SPA, 4, out);
        self.put(Id::ARP_THA, 6, out);
        self.put(Id::ARP_TPA, 4, out);
    }

    fn ipv4(&self, out: &mut Vec<u8>) -> Result<(), ComposeError> {
        self.refuse_fragments()?;
        let mut addresses = Vec::new();
        self.put(Id::IP_SRC, 4, &mut addresses);
        self.put(Id::IP_DST, 4, &mut addresses);
        let protocol = self.octet(Id::NW_PROTO);
        let payload = self.transport(protocol, &addresses, false)?;
        let mut header = vec![0x45, self.tos()];
        header.extend((20 + payload.len() as u16).to_be_bytes());
        header.extend([0, 0, 0, 0, self.ttl(), protocol, 0, 0]);
        header.extend(addresses);
        let sum = checksum(&[&header]);
        set_sum(&mut header, 10, sum);
        out.extend(header);
        out.extend(payload);
        Ok(())
    }

    fn ipv6(&self, out: &mut Vec<u8>) -> Result<(), ComposeError> {
        self.refuse_fragments()?;
        let mut addresses = Vec::new();
        self.put(Id::IPV6_SRC, 16, &mut addresses);
        self.put(Id::IPV6_DST, 16, &mut addresses);
        let protocol = self.octet(Id::NW_PROTO);
        let payload = self.transport(protocol, &addresses, true)?;
        let label = self.number(Id::IPV6_LABEL).unwrap_or(0) as u32;
        let flow = 6 << 28 | u32::from(self.tos()) << 20 | label & 0x000f_ffff;
        out.extend(flow.to_be_bytes());
        out.extend((payload.len() as u16).to_be_bytes());
        out.extend([protocol, self.ttl()]);
        out.extend(addresses);
        out.extend(payload);
        Ok(())
    }

    /// The transport header and the payload.
    fn transport(
        &self,
        protocol: u8,
        addresses: &[u8],
        is_ipv6: bool,
    ) -> Result<Vec<u8>, ComposeError> {
        let mut out = Vec::new();
        let sum_at = match protocol {
            TCP => self.tcp(&mut out),
            UDP => self.udp(&mut out),
            ICMP if !is_ipv6 => {
                self.icmp(&mut out);
                let sum = checksum(&[&out]);
                set_sum(&mut out, 2, sum);
                return Ok(out);
            }
            ICMPV6 if is_ipv6 => self.icmpv6(&mut out),
            SCTP => return Err(ComposeError::Protocol("SCTP")),
            _ => return Ok(out),
        };
        // The checksum covers a pseudo header, too.
        let mut pseudo = addresses.to_vec();
        let length = out.len() as u16;
        pseudo.extend(length.to_be_bytes());
        pseudo.extend([0, protocol]);
        let sum = match checksum(&[&pseudo, &out]) {
            // Zero would mean that there is none.
            0 if protocol == UDP => u16::MAX,
            sum => sum,
        };
        set_sum(&mut out, sum_at, sum);
        Ok(out)
    }

    fn tcp(&self, out: &mut Vec<u8>) -> usize {
        self.put(Id::TCP_SRC, 2, out);
        self.put(Id::TCP_DST, 2, out);
        out.extend([0; 8]);
        let flags = self.number(Id::TCP_FLAGS).unwrap_or(0) as u16 & 0x0fff;
        // Five words of header.
        out.extend((0x5000 | flags).to_be_bytes());
        out.extend([0; 6]);
        if flags & WITHOUT_DATA == 0 {
            out.extend(0..PAYLOAD);
        }
        16
    }

    fn udp(&self, out: &mut Vec<u8>) -> usize {
        self.put(Id::UDP_SRC, 2, out);
        self.put(Id::UDP_DST, 2, out);
        out.extend((8 + u16::from(PAYLOAD)).to_be_bytes());
        out.extend([0; 2]);
        out.extend(0..PAYLOAD);
        6
    }

    fn icmp(&self, out: &mut Vec<u8>) {
        let kind = [self.octet(Id::ICMP_TYPE), self.octet(Id::ICMP_CODE)];
        out.extend(kind);
        out.extend([0; 6]);
        // Echo, and its reply.
        if matches!(kind, [0 | 8, 0]) {
            out.extend(0..PAYLOAD);
        }
    }

    fn icmpv6(&self, out: &mut Vec<u8>) -> usize {
        let kind = [self.octet(Id::ICMPV6_TYPE), self.octet(Id::ICMPV6_CODE)];
        out.extend(kind);
        out.extend([0; 2]);
        match kind {
            [128 | 129, 0] => {
                out.extend([0; 4]);
                out.extend(0..PAYLOAD);
            }
            // Neighbour solicitation and advertisement, with the address as an option of type 1 or 2.
            [135 | 136, 0] => {
                self.put(Id::ND_RESERVED, 4, out);
                self.put(Id::ND_TARGET, 16, out);
                for (option, id) in [(1, Id::ND_SLL), (2, Id::ND_TLL)] {
                    if let Some(address) = self.bytes(id) {
                        out.extend([option, 1]);
                        out.extend(address);
                    }
                }
            }
            _ => out.extend([0; 4]),
        }
        2
    }
}

/// The Internet checksum (RFC 1071) of pieces of even length, except the last.
fn checksum(pieces: &[&[u8]]) -> u16 {
    let words = pieces.iter().flat_map(|piece| piece.chunks(2));
    let word = |bytes: &[u8]| match bytes {
        [high, low] => u32::from(u16::from_be_bytes([*high, *low])),
        [high] => u32::from(*high) << 8,
        _ => 0,
    };
    let mut sum: u32 = words.map(word).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

fn set_sum(bytes: &mut [u8], at: usize, sum: u16) {
    if let Some(field) = bytes.get_mut(at..at + 2) {
        field.copy_from_slice(&sum.to_be_bytes());
    }
}

//! OpenFlow in packets: the TCP payload in Ethernet and IP, reassembled per direction.
//!
//! A block of bytes is treated as a packet only if its headers are consistent: version, lengths, the checksum
//! of the IPv4 header. All other blocks are treated as messages.

use std::collections::BTreeMap;

use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::messages::header::HEADER_LEN;

/// A packet with or without a TCP segment.
pub(super) enum Packet<'a> {
    Tcp(Segment<'a>),
    /// Not IP, or IP with another protocol.
    Other,
}

/// A TCP segment.
pub(super) struct Segment<'a> {
    /// Addresses and ports of both ends.
    flow: Flow,
    seq: u32,
    is_syn: bool,
    payload: &'a [u8],
    /// The original length of the payload, in bytes.
    length: usize,
}

/// Addresses and ports, those of the sender first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Flow {
    addresses: Vec<u8>,
    ports: [u16; 2],
}

/// Whether the bytes consist of complete messages, by the lengths in their headers.
pub(super) fn are_messages(mut bytes: &[u8]) -> bool {
    while let Some(length) = message_length(bytes) {
        match bytes.get(length..) {
            Some([]) => return true,
            Some(rest) => bytes = rest,
            None => return false,
        }
    }
    false
}

/// The length in the OpenFlow header at the start of the bytes, if there is one.
fn message_length(bytes: &[u8]) -> Option<usize> {
    let [version, kind, high, low, ..] = *bytes else {
        return None;
    };
    let length = usize::from(u16::from_be_bytes([high, low]));
    ((1..=6).contains(&version) && kind <= 40 && length >= HEADER_LEN).then_some(length)
}

const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;
const TCP: u8 = 6;

/// Parses a frame of Ethernet or of Linux's "any" device, or an IP packet.
pub(super) fn packet(bytes: &[u8]) -> Option<Packet<'_>> {
    let be16 = |at: usize| {
        let pair = bytes.get(at..at + 2)?.try_into().ok()?;
        Some(u16::from_be_bytes(pair))
    };
    // The type after VLAN tags.
    let mut at = 12;
    while matches!(be16(at), Some(0x8100 | 0x88a8)) {
        at += 4;
    }
    // The offset of the type: Ethernet, the two layouts of Linux "cooked" captures, bare IP.
    let places = [(be16(at), at + 2), (be16(14), 16), (be16(0), 20)];
    let behind = places.into_iter().find_map(|(kind, at)| {
        let inner = bytes.get(at..)?;
        match kind? {
            IPV4 => ipv4(inner),
            IPV6 => ipv6(inner),
            _ => None,
        }
    });
    let is_arp =
        || be16(at) == Some(0x0806) && be16(at + 2) == Some(1) && be16(at + 4) == Some(IPV4);
    let other = || is_arp().then_some(Packet::Other);
    behind
        .or_else(|| ipv4(bytes))
        .or_else(|| ipv6(bytes))
        .or_else(other)
}

fn ipv4(bytes: &[u8]) -> Option<Packet<'_>> {
    let first = *bytes.first()?;
    let header_len = usize::from(first & 0xf) * 4;
    let header = bytes.get(..header_len)?;
    if first >> 4 != 4 || header_len < 20 || checksum(header) != 0xffff {
        return None;
    }
    let mut c = Cursor::new(header, 0);
    c.skip(2, "tos").ok()?;
    let total = usize::from(c.u16("total length").ok()?);
    c.skip(2, "id").ok()?;
    let fragment = c.u16("fragment").ok()? & 0x3fff;
    c.skip(1, "ttl").ok()?;
    let protocol = c.u8("protocol").ok()?;
    c.skip(2, "checksum").ok()?;
    let inner = bytes.get(header_len..)?;
    // The length may be 0 with segmentation offload.
    let length = if total == 0 {
        inner.len()
    } else {
        total.checked_sub(header_len)?
    };
    if protocol != TCP || fragment != 0 {
        return Some(Packet::Other);
    }
    tcp(inner, length, c.rest().get(..8)?)
}

fn ipv6(bytes: &[u8]) -> Option<Packet<'_>> {
    let header = bytes.get(..40)?;
    let inner = bytes.get(40..)?;
    let [first, .., _] = *header else { return None };
    let mut c = Cursor::new(header, 0);
    c.skip(4, "flow").ok()?;
    let length = usize::from(c.u16("payload length").ok()?);
    let next = c.u8("next header").ok()?;
    if first >> 4 != 6 || length > 0 && inner.len() < length.min(20) {
        return None;
    }
    if next != TCP {
        return matches!(next, 0 | 17 | 43 | 44 | 58).then_some(Packet::Other);
    }
    let length = if length == 0 { inner.len() } else { length };
    tcp(inner, length, header.get(8..)?)
}

/// Parses `length` bytes of TCP; `bytes` may be shorter (truncated capture) or longer (Ethernet padding).
fn tcp<'a>(bytes: &'a [u8], length: usize, addresses: &[u8]) -> Option<Packet<'a>> {
    const SYN: u8 = 2;
    let bytes = bytes.get(..length).unwrap_or(bytes);
    let mut c = Cursor::new(bytes, 0);
    let ports = [c.u16("source port").ok()?, c.u16("destination port").ok()?];
    let seq = c.u32("sequence number").ok()?;
    c.skip(4, "acknowledgement").ok()?;
    let header_len = usize::from(c.u8("data offset").ok()? >> 4) * 4;
    let flags = c.u8("flags").ok()?;
    let payload = bytes.get(header_len..).filter(|_| header_len >= 20)?;
    Some(Packet::Tcp(Segment {
        flow: Flow {
            addresses: addresses.to_vec(),
            ports,
        },
        seq,
        is_syn: flags & SYN != 0,
        payload,
        length: length.checked_sub(header_len)?,
    }))
}

/// The one's complement sum of 16-bit words: all ones if the checksum among them is correct.
fn checksum(header: &[u8]) -> u16 {
    let words = header.chunks_exact(2).map(|pair| match *pair {
        [high, low] => u32::from(u16::from_be_bytes([high, low])),
        _ => 0,
    });
    let mut sum: u32 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}

/// From this distance on, sequence numbers are in the opposite order.
const HALF: u32 = 1 << 31;

/// The reassembled directions of all connections.
#[derive(Default)]
pub(super) struct Streams(BTreeMap<Flow, Stream>);

#[derive(Default)]
struct Stream {
    /// The sequence number of the next byte.
    next: Option<u32>,
    /// The bytes of an incomplete message.
    pending: Vec<u8>,
    /// Whether this direction does not carry OpenFlow.
    is_foreign: bool,
}

/// The result of adding a segment.
pub(super) enum Brought {
    /// Complete messages; none if the segment has no payload, or only a part of a message.
    Messages(Vec<u8>),
    /// The payload, from this port to that, is not OpenFlow.
    Foreign([u16; 2]),
    /// Bytes before the segment are missing; contains the pending bytes.
    Gap(Vec<u8>),
}

impl Streams {
    /// Adds a segment. After a gap, the same segment must be added again.
    pub(super) fn add(&mut self, segment: &Segment<'_>) -> Brought {
        let stream = self.0.entry(segment.flow.clone()).or_default();
        let start = segment.seq.wrapping_add(segment.is_syn.into());
        // A capture may truncate packets: the rest is missing.
        let held = segment.payload.len().min(segment.length);
        let end = start.wrapping_add(held as u32);
        let next = stream.next.filter(|_| !segment.is_syn).unwrap_or(start);
        // The distance from the expected sequence number: behind for a retransmission, ahead for a gap.
        let behind = next.wrapping_sub(start);
        let is_ahead = behind >= HALF;
        if is_ahead && !stream.pending.is_empty() {
            stream.next = Some(start);
            return Brought::Gap(std::mem::take(&mut stream.pending));
        }
        let known = if is_ahead { 0 } else { behind as usize };
        let fresh = segment.payload.get(known..).unwrap_or_default();
        if end.wrapping_sub(next) < HALF {
            stream.next = Some(end);
        }
        if stream.is_foreign || fresh.is_empty() {
            return Brought::Messages(Vec::new());
        }
        stream.pending.extend(fresh);
        let mut whole = 0;
        loop {
            let rest = stream.pending.get(whole..).unwrap_or_default();
            match message_length(rest) {
                Some(length) if length <= rest.len() => whole += length,
                None if rest.len() >= 4 && whole == 0 => {
                    stream.is_foreign = true;
                    stream.pending.clear();
                    return Brought::Foreign(segment.flow.ports);
                }
                _ => break,
            }
        }
        let pending = stream.pending.split_off(whole);
        Brought::Messages(std::mem::replace(&mut stream.pending, pending))
    }

    /// The incomplete messages.
    pub(super) fn unfinished(self) -> impl Iterator<Item = Vec<u8>> {
        let pending = self.0.into_values().map(|stream| stream.pending);
        pending.filter(|pending| !pending.is_empty())
    }
}

/// A packet of a capture file.
pub(super) struct CapturedPacket<'a> {
    pub(super) bytes: &'a [u8],
    /// `LINKTYPE_*` of tcpdump.org: 1 is Ethernet.
    pub(super) link_type: u16,
}

/// The packets of a capture file: pcap, or pcapng.
pub(super) fn capture(bytes: &[u8]) -> Option<Result<Vec<CapturedPacket<'_>>, DecodeError>> {
    let magic = bytes.first_chunk::<4>()?;
    match magic {
        [0xa1, 0xb2, 0xc3 | 0x3c, 0xd4 | 0x4d] => Some(pcap(bytes, u32::from_be_bytes)),
        [0xd4 | 0x4d, 0xc3 | 0x3c, 0xb2, 0xa1] => Some(pcap(bytes, u32::from_le_bytes)),
        [0x0a, 0x0d, 0x0d, 0x0a] => Some(match bytes.get(8..12)? {
            [0x1a, 0x2b, 0x3c, 0x4d] => pcapng(bytes, u32::from_be_bytes),
            _ => pcapng(bytes, u32::from_le_bytes),
        }),
        _ => None,
    }
}

/// The byte order of a capture file.
type Order = fn([u8; 4]) -> u32;

/// `pcap-savefile(5)`: a header, then seconds, fraction, length, length on the wire, packet.
fn pcap(bytes: &[u8], order: Order) -> Result<Vec<CapturedPacket<'_>>, DecodeError> {
    let mut c = Cursor::new(bytes, 0);
    c.skip(20, "pcap header")?;
    // The upper half is about the frame check sequence.
    let link_type = order(c.array("link type")?) as u16;
    let mut packets = Vec::new();
    while !c.is_empty() {
        c.skip(8, "time of a packet")?;
        let length = order(c.array("length of a packet")?);
        c.skip(4, "length of a packet")?;
        let bytes = c.take(length as usize, "packet")?;
        packets.push(CapturedPacket { bytes, link_type });
    }
    Ok(packets)
}

/// draft-ietf-opsawg-pcapng: blocks of type, length, body, length; those of type 1 describe an interface of their
/// section, those of type 6 hold packets.
fn pcapng(bytes: &[u8], order: Order) -> Result<Vec<CapturedPacket<'_>>, DecodeError> {
    const SECTION: u32 = 0x0a0d_0d0a;
    const INTERFACE: u32 = 1;
    const ENHANCED_PACKET: u32 = 6;
    let is_little = order([1, 0, 0, 0]) == 1;
    let mut c = Cursor::new(bytes, 0);
    let (mut packets, mut link_types) = (Vec::new(), Vec::new());
    while !c.is_empty() {
        let kind = order(c.array("block type")?);
        let length = order(c.array("block length")?) as usize;
        let mut body = c.sub(length.saturating_sub(8), "block")?;
        match kind {
            SECTION => link_types.clear(),
            INTERFACE => {
                let first = order(body.array("link type")?);
                link_types.push(if is_little { first } else { first >> 16 } as u16);
            }
            ENHANCED_PACKET => {
                let interface = order(body.array("interface")?) as usize;
                body.skip(8, "time of a packet")?;
                let length = order(body.array("length of a packet")?);
                body.skip(4, "length of a packet")?;
                let bytes = body.take(length as usize, "packet")?;
                let link_type = link_types.get(interface).copied().unwrap_or(ETHERNET);
                packets.push(CapturedPacket { bytes, link_type });
            }
            _ => {}
        }
    }
    Ok(packets)
}

/// The link type of Ethernet.
pub(super) const ETHERNET: u16 = 1;

/// What captures of a link type hold.
pub(super) fn link_type_name(link_type: u16) -> &'static str {
    match link_type {
        ETHERNET => "Ethernet",
        113 | 276 => "packets of Linux's \"any\" device (cooked)",
        12 | 14 | 101 | 228 | 229 => "IP packets without a link layer",
        0 | 108 => "packets of a BSD loopback device",
        105 | 119 | 127 | 163 => "802.11",
        253 => "Netlink",
        _ => "other packets than Ethernet",
    }
}

//! Decodes the headers of a packet into match fields, as ovs-ofctl shows a packet (ovs-fields(7)).
//!
//! Ethernet with up to two VLAN tags, MPLS, ARP and RARP, IPv4, IPv6 with its extension headers, TCP, UDP,
//! SCTP, ICMP, `ICMPv6` with neighbour discovery. NSH shows its Ethernet type alone. Truncated
//! headers show zeros.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};

use serde::ser::{Serialize, SerializeMap as _, Serializer};

use super::bytes::{Cursor, DecodeError, be_number};
use super::fields::TCP_FLAGS;

const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;
const ARP: u16 = 0x0806;
const RARP: u16 = 0x8035;
const MPLS: u16 = 0x8847;
const MPLS_MULTICAST: u16 = 0x8848;
/// The Ethernet type that Open vSwitch uses for frames without one.
const NO_TYPE: u16 = 0x05ff;
const ICMP: u8 = 1;
const IGMP: u8 = 2;
const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMPV6: u8 = 58;
const SCTP: u8 = 132;

/// A packet's headers: keys of a match and their values, in the order of a dump.
#[derive(Debug, Clone, Default)]
pub struct Packet {
    /// The word for the protocols: `tcp6`.
    word: Option<&'static str>,
    dl_type: Option<u16>,
    nw_proto: Option<u8>,
    members: Vec<(&'static str, PacketValue)>,
    checksum: Option<(&'static str, u32)>,
}

#[derive(Debug, Clone)]
enum PacketValue {
    Number(u64),
    Text(String),
}

impl Packet {
    /// Reads the headers of a frame. `packet_type` is 0 for Ethernet, else the namespace (1: Ethernet
    /// types) and the type of what the packet begins with.
    pub fn decode(bytes: &[u8], packet_type: u32) -> Packet {
        let mut packet = Packet::default();
        // A truncated packet shows the headers decoded so far.
        let _ = packet.read(&mut Cursor::new(bytes, 0), packet_type);
        packet
    }

    /// Writes the packet as a match, then its checksum, then a line feed.
    pub fn text(&self, out: &mut String) {
        let start = out.len();
        if let Some(word) = self.word {
            out.push_str(word);
        }
        for (key, value) in &self.members {
            if out.len() > start {
                out.push(',');
            }
            let _ = match value {
                PacketValue::Number(number) => write!(out, "{key}={number}"),
                PacketValue::Text(text) => write!(out, "{key}={text}"),
            };
        }
        if let Some((key, sum)) = self.checksum {
            let _ = write!(out, " {key}:{sum:x}");
        }
        out.push('\n');
    }

    fn number(&mut self, key: &'static str, number: impl Into<u64>) {
        self.members.push((key, PacketValue::Number(number.into())));
    }

    fn put(&mut self, key: &'static str, text: String) {
        self.members.push((key, PacketValue::Text(text)));
    }

    fn mac(&mut self, key: &'static str, mac: [u8; 6]) {
        let pairs = mac.map(|byte| format!("{byte:02x}"));
        self.put(key, pairs.join(":"));
    }

    fn read(&mut self, c: &mut Cursor<'_>, packet_type: u32) -> Result<(), DecodeError> {
        if packet_type != 0 {
            let namespace = packet_type >> 16;
            self.put(
                "packet_type",
                format!("({namespace},{:#x})", packet_type as u16),
            );
            if namespace != 1 {
                return Ok(());
            }
            return self.network(c, packet_type as u16);
        }
        let is_cut = c.remaining() < 14;
        if is_cut {
            *c = Cursor::new(&[0; 14], 0);
        }
        let dl_dst = c.array("dl_dst").unwrap_or_default();
        let dl_src = c.array("dl_src").unwrap_or_default();
        let mut tags = [0u16; 2];
        for tag in &mut tags {
            let mut peek = *c;
            let is_tag = matches!(peek.u16("tpid"), Ok(0x8100 | 0x88a8));
            let Ok(tci) = peek.u16("tci") else { break };
            if !is_tag || peek.remaining() < 2 {
                break;
            }
            *tag = tci | 0x1000;
            *c = peek;
        }
        let [first, second] = tags;
        for (tci, vlan, pcp, whole) in [
            (first, "dl_vlan", "dl_vlan_pcp", "vlan_tci"),
            (second, "dl_vlan1", "dl_vlan_pcp1", "vlan_tci1"),
        ] {
            if tci == 0 {
                self.put(whole, "0x0000".to_owned());
                break;
            }
            self.number(vlan, tci & 0xfff);
            self.number(pcp, tci >> 13);
        }
        self.mac("dl_src", dl_src);
        self.mac("dl_dst", dl_dst);
        let dl_type = if is_cut { 0 } else { ethernet_type(c) };
        self.network(c, dl_type)
    }

    fn network(&mut self, c: &mut Cursor<'_>, dl_type: u16) -> Result<(), DecodeError> {
        self.dl_type = Some(dl_type);
        match dl_type {
            IPV4 => self.ipv4(c),
            IPV6 => self.ipv6(c),
            ARP | RARP => {
                self.word = Some(if dl_type == ARP { "arp" } else { "rarp" });
                self.arp(c);
                Ok(())
            }
            MPLS | MPLS_MULTICAST => {
                self.word = Some(if dl_type == MPLS { "mpls" } else { "mplsm" });
                self.mpls(c);
                Ok(())
            }
            _ => {
                self.put("dl_type", format!("0x{dl_type:04x}"));
                Ok(())
            }
        }
    }

    fn arp(&mut self, c: &mut Cursor<'_>) {
        let header = c.array::<28>("arp").unwrap_or_default();
        let mut body = Cursor::new(&header, 0);
        let is_ethernet = body.array("arp") == Ok([0, 1, 8, 0, 6, 4]);
        let zeros = [0; 28];
        if !is_ethernet {
            body = Cursor::new(&zeros, 0);
        }
        let op = body.u16("arp_op").unwrap_or_default();
        let sha = body.array("arp_sha").unwrap_or_default();
        let spa = body.array::<4>("arp_spa").unwrap_or_default();
        let tha = body.array("arp_tha").unwrap_or_default();
        let tpa = body.array::<4>("arp_tpa").unwrap_or_default();
        self.put("arp_spa", Ipv4Addr::from(spa).to_string());
        self.put("arp_tpa", Ipv4Addr::from(tpa).to_string());
        self.number("arp_op", if op > 0xff { 0 } else { op });
        self.mac("arp_sha", sha);
        self.mac("arp_tha", tha);
    }

    fn mpls(&mut self, c: &mut Cursor<'_>) {
        let first = c.u32("mpls").unwrap_or_default();
        self.number("mpls_label", first >> 12);
        self.number("mpls_tc", first >> 9 & 7);
        self.number("mpls_ttl", first & 0xff);
        self.number("mpls_bos", first >> 8 & 1);
        let mut last = first;
        for key in ["mpls_lse1", "mpls_lse2"] {
            if last & 0x100 != 0 {
                return;
            }
            last = c.u32("mpls").unwrap_or_default();
            self.number(key, last);
        }
    }

    fn ipv4(&mut self, c: &mut Cursor<'_>) -> Result<(), DecodeError> {
        let mut ip = IpHeader::default();
        let mut addresses = [Ipv4Addr::UNSPECIFIED; 2];
        let mut transport = Cursor::new(&[], 0);
        if let Some((header, payload)) = ipv4_parts(*c) {
            let mut h = Cursor::new(header, 0);
            h.skip(1, "version")?;
            ip.tos = h.u8("nw_tos")?;
            h.skip(4, "length")?;
            let fragment = h.u16("fragment")?;
            ip.fragment = match (fragment & 0x2000 != 0, fragment & 0x1fff) {
                (false, 0) => Fragment::No,
                (true, 0) => Fragment::First,
                _ => Fragment::Later,
            };
            ip.ttl = h.u8("nw_ttl")?;
            ip.proto = h.u8("nw_proto")?;
            h.skip(2, "checksum")?;
            addresses = [
                Ipv4Addr::from(h.array::<4>("nw_src")?),
                Ipv4Addr::from(h.array::<4>("nw_dst")?),
            ];
            transport = payload;
        }
        let word = match ip.proto {
            ICMP => Some("icmp"),
            TCP => Some("tcp"),
            UDP => Some("udp"),
            SCTP => Some("sctp"),
            _ => None,
        };
        let [source, destination] = addresses.map(|address| address.to_string());
        self.put("nw_src", source);
        self.put("nw_dst", destination);
        self.word = Some(word.unwrap_or("ip"));
        self.ip(ip, word.is_some());
        self.transport(ip, transport, IPV4);
        Ok(())
    }

    fn ipv6(&mut self, c: &mut Cursor<'_>) -> Result<(), DecodeError> {
        let mut ip = IpHeader::default();
        let mut addresses = [Ipv6Addr::UNSPECIFIED; 2];
        let mut label = 0;
        let mut transport = Cursor::new(&[], 0);
        if let Some((header, mut payload)) = ipv6_parts(*c) {
            let mut h = Cursor::new(header, 0);
            let flow = h.u32("flow label")?;
            h.skip(2, "length")?;
            let next = h.u8("nw_proto")?;
            let ttl = h.u8("nw_ttl")?;
            addresses = [
                Ipv6Addr::from(h.array::<16>("ipv6_src")?),
                Ipv6Addr::from(h.array::<16>("ipv6_dst")?),
            ];
            ip.proto = next;
            // With truncated extension headers, all but the addresses is zero.
            if let Some(fragment) = extensions(&mut payload, &mut ip.proto) {
                ip.fragment = fragment;
                ip.tos = (flow >> 20) as u8;
                ip.ttl = ttl;
                label = flow & 0x000f_ffff;
                transport = payload;
            } else {
                ip.proto = 0;
            }
        }
        let word = match ip.proto {
            ICMPV6 => Some("icmp6"),
            TCP => Some("tcp6"),
            UDP => Some("udp6"),
            SCTP => Some("sctp6"),
            _ => None,
        };
        let [source, destination] = addresses.map(|address| address.to_string());
        self.put("ipv6_src", source);
        self.put("ipv6_dst", destination);
        self.put("ipv6_label", format!("0x{label:05x}"));
        self.word = Some(word.unwrap_or("ipv6"));
        self.ip(ip, word.is_some());
        self.transport(ip, transport, IPV6);
        Ok(())
    }

    fn ip(&mut self, ip: IpHeader, in_word: bool) {
        self.nw_proto = Some(ip.proto);
        if !in_word {
            self.number("nw_proto", ip.proto);
        }
        self.number("nw_tos", ip.tos & 0xfc);
        self.number("nw_ecn", ip.tos & 3);
        self.number("nw_ttl", ip.ttl);
        let word = match ip.fragment {
            Fragment::No => "no",
            Fragment::First => "first",
            Fragment::Later => "later",
        };
        self.put("nw_frag", word.to_owned());
    }

    fn transport(&mut self, ip: IpHeader, c: Cursor<'_>, dl_type: u16) {
        let size = c.remaining();
        let at = |offset: usize, width: usize| {
            let bytes = c.rest().get(offset..offset + width);
            bytes.map_or(0, |bytes| be_number(bytes) as u32)
        };
        let later = ip.fragment == Fragment::Later;
        let mut ports = (0, 0);
        match ip.proto {
            TCP if size >= 20 => {
                let header = at(12, 1) as usize >> 4 << 2;
                self.checksum = Some(("tcp_csum", at(16, 2)));
                if (20..=size).contains(&header) {
                    ports = (at(0, 2), at(2, 2));
                }
            }
            UDP if size >= 8 => {
                ports = (at(0, 2), at(2, 2));
                self.checksum = Some(("udp_csum", at(6, 2)));
            }
            SCTP if size >= 12 => {
                ports = (at(0, 2), at(2, 2));
                self.checksum = Some(("sctp_csum", at(8, 4)));
            }
            ICMP | IGMP if size >= 8 => {
                ports = (at(0, 1), at(1, 1));
                if ip.proto == ICMP {
                    self.checksum = Some(("icmp_csum", at(2, 2)));
                }
            }
            ICMPV6 if size >= 4 => {
                if size >= 8 {
                    ports = (at(0, 1), at(1, 1));
                }
                self.checksum = Some(("icmp6_csum", at(2, 2)));
            }
            ICMP | IGMP | TCP | UDP | SCTP | ICMPV6 => {}
            _ => return,
        }
        if later {
            return;
        }
        let is_icmp = matches!((dl_type, ip.proto), (IPV4, ICMP) | (IPV6, ICMPV6));
        let (first, second) = if is_icmp {
            ("icmp_type", "icmp_code")
        } else {
            ("tp_src", "tp_dst")
        };
        self.number(first, ports.0);
        self.number(second, ports.1);
        if ip.proto == TCP {
            let flags = if ports == (0, 0) {
                0
            } else {
                at(12, 2) & 0xfff
            };
            self.put("tcp_flags", tcp_flags(flags as u16));
        }
        if dl_type == IPV6 && ip.proto == ICMPV6 && matches!(ports, (135 | 136, 0)) {
            self.neighbour(c);
        }
    }

    fn neighbour(&mut self, mut c: Cursor<'_>) {
        let _ = c.skip(8, "icmpv6");
        let mut target = c.array::<16>("nd_target").unwrap_or_default();
        let mut links = [[0u8; 6]; 2];
        while c.remaining() >= 8 {
            let mut option = c;
            let kind = option.u8("option type").unwrap_or_default();
            let length = usize::from(option.u8("option length").unwrap_or_default()) * 8;
            if length == 0 || c.skip(length, "option").is_err() {
                break;
            }
            let slot = match kind {
                1 | 2 if length == 8 => links.get_mut(usize::from(kind - 1)),
                _ => None,
            };
            let Some(slot) = slot else { continue };
            if *slot != [0; 6] {
                // A repeated option zeroes the target and all options.
                target = [0; 16];
                links = [[0; 6]; 2];
                break;
            }
            *slot = option.array("link-layer address").unwrap_or_default();
        }
        let [source, destination] = links;
        self.put("nd_target", Ipv6Addr::from(target).to_string());
        self.mac("nd_sll", source);
        self.mac("nd_tll", destination);
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct IpHeader {
    tos: u8,
    ttl: u8,
    proto: u8,
    fragment: Fragment,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Fragment {
    #[default]
    No,
    First,
    Later,
}

/// The Ethernet type, also behind an LLC and SNAP header.
fn ethernet_type(c: &mut Cursor<'_>) -> u16 {
    const FIRST: u16 = 0x0600;
    const SNAP: [u8; 6] = [0xaa, 0xaa, 3, 0, 0, 0];
    match c.u16("dl_type") {
        Err(_) => 0,
        Ok(kind) if kind >= FIRST => kind,
        Ok(_) => {
            let mut peek = *c;
            match (peek.array("snap"), peek.u16("dl_type")) {
                (Ok(SNAP), Ok(kind)) => {
                    *c = peek;
                    if kind >= FIRST { kind } else { NO_TYPE }
                }
                _ => NO_TYPE,
            }
        }
    }
}

/// Header and payload of an IPv4 packet with valid lengths and version.
fn ipv4_parts(mut c: Cursor<'_>) -> Option<(&[u8], Cursor<'_>)> {
    let size = c.remaining();
    let first = *c.rest().first()?;
    let header_len = usize::from(first & 0xf) * 4;
    let total = usize::from(u16::from_be_bytes(c.rest().get(2..4)?.try_into().ok()?));
    if header_len < 20 || header_len > size || total > size || total < header_len {
        return None;
    }
    let header = c.take(header_len, "header").ok()?;
    Some((header, c.sub(total - header_len, "payload").ok()?))
}

/// Header and payload of an IPv6 packet with valid lengths.
fn ipv6_parts(mut c: Cursor<'_>) -> Option<(&[u8], Cursor<'_>)> {
    let header = c.take(40, "header").ok()?;
    let length = usize::from(u16::from_be_bytes(header.get(4..6)?.try_into().ok()?));
    Some((header, c.sub(length, "payload").ok()?))
}

/// Skips IPv6's extension headers; `None` if one is truncated.
fn extensions(c: &mut Cursor<'_>, next: &mut u8) -> Option<Fragment> {
    const HOP_BY_HOP: u8 = 0;
    const ROUTING: u8 = 43;
    const FRAGMENT: u8 = 44;
    const AUTHENTICATION: u8 = 51;
    const DESTINATION: u8 = 60;
    let mut fragment = Fragment::No;
    while matches!(
        *next,
        HOP_BY_HOP | ROUTING | FRAGMENT | AUTHENTICATION | DESTINATION
    ) {
        let head = c.rest().first_chunk::<8>()?;
        let [after, length, high, low, ..] = *head;
        let size = match *next {
            FRAGMENT => 8,
            AUTHENTICATION => (usize::from(length) + 2) * 4,
            _ => (usize::from(length) + 1) * 8,
        };
        c.skip(size, "extension header").ok()?;
        if *next == FRAGMENT {
            let offset = u16::from_be_bytes([high, low]);
            if offset & 0xfff8 != 0 {
                return Some(Fragment::Later);
            }
            if offset != 0 {
                fragment = Fragment::First;
            }
        }
        *next = after;
    }
    Some(fragment)
}

/// `syn|ack`; 0 for none.
fn tcp_flags(flags: u16) -> String {
    let flags = TCP_FLAGS
        .iter()
        .enumerate()
        .filter(|(bit, _)| flags & 1 << bit != 0);
    let words: Vec<&str> = flags.map(|(_, name)| *name).collect();
    if words.is_empty() {
        return "0".to_owned();
    }
    words.join("|")
}

impl Serialize for Packet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(dl_type) = self.dl_type {
            map.serialize_entry("dl_type", &dl_type)?;
        }
        if let Some(nw_proto) = self.nw_proto {
            map.serialize_entry("nw_proto", &nw_proto)?;
        }
        for (key, value) in &self.members {
            match value {
                _ if matches!(*key, "dl_type" | "nw_proto") => {}
                PacketValue::Number(number) => map.serialize_entry(key, number)?,
                PacketValue::Text(text) => map.serialize_entry(key, text)?,
            }
        }
        if let Some((key, sum)) = self.checksum {
            map.serialize_entry(key, &sum)?;
        }
        map.end()
    }
}

//! Port descriptions and port statistics in every version's layout (OpenFlow 1.5.1 §7.2.1, §7.3.5.8).

use super::header::{self, HEADER_LEN};
use super::members::next_property;
use super::multipart::{self, Part};
use crate::openflow::bytes::{Cursor, DecodeError, DecodeErrorKind};
use crate::openflow::text::{PORT_ANY, port_from_v10, port_to_v10};
use crate::openflow::version::Version;

/// What the switch says of one port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortDesc {
    /// The port's number.
    pub ofport: u32,
    /// Its MAC address.
    pub hw_addr: [u8; 6],
    /// Its name, cut at 15 bytes by the protocol (1.5's properties do not lengthen it).
    pub name: String,
    /// `OFPPC_*` bits.
    pub config: u32,
    /// `OFPPS_*` bits.
    pub state: u32,
    /// Its speeds and media, where it has an Ethernet property or the version says them always.
    pub link: Link,
}

/// Speeds and media of a port: `OFPPF_*` bits as since 1.1, and kilobits per second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the specification's names")]
pub struct Link {
    pub curr: u32,
    pub advertised: u32,
    pub supported: u32,
    pub peer: u32,
    pub curr_speed: u32,
    pub max_speed: u32,
}

impl Link {
    /// Four words of 1.0, whose bits from 7 on are others; the speeds follow from them.
    fn v10(port: &mut Cursor<'_>) -> Result<Link, DecodeError> {
        let mut next = |what| {
            let bits = port.u32(what)?;
            Ok(bits & 0x7f | (bits & 0xf80) << 4)
        };
        let (curr, advertised) = (next("curr")?, next("advertised")?);
        let (supported, peer) = (next("supported")?, next("peer")?);
        Ok(Link {
            curr,
            advertised,
            supported,
            peer,
            curr_speed: speed(curr),
            max_speed: speed(supported),
        })
    }

    fn v11(port: &mut Cursor<'_>) -> Result<Link, DecodeError> {
        Ok(Link {
            curr: port.u32("curr")?,
            advertised: port.u32("advertised")?,
            supported: port.u32("supported")?,
            peer: port.u32("peer")?,
            curr_speed: port.u32("curr_speed")?,
            max_speed: port.u32("max_speed")?,
        })
    }
}

/// The highest speed among `OFPPF_*` bits, in kilobits per second.
fn speed(bits: u32) -> u32 {
    const SPEEDS: [(u32, u32); 7] = [
        (1 << 9, 1_000_000_000),
        (1 << 8, 100_000_000),
        (1 << 7, 40_000_000),
        (1 << 6, 10_000_000),
        (3 << 4, 1_000_000),
        (3 << 2, 100_000),
        (3, 10_000),
    ];
    let highest = SPEEDS.iter().find(|(mask, _)| bits & mask != 0);
    highest.map_or(0, |(_, kbps)| *kbps)
}

/// A request for the descriptions of all ports.
pub fn desc_request(version: Version, xid: u32) -> Option<Vec<u8>> {
    multipart::request(version, multipart::PORT_DESC, xid, |out| {
        if version == Version::V15 {
            out.extend(PORT_ANY.to_be_bytes());
            out.extend([0; 4]);
        }
    })
}

/// A request for the features, whose reply lists the ports in 1.0 to 1.2.
pub fn features_request(version: Version, xid: u32) -> Option<Vec<u8>> {
    header::message(version, header::FEATURES_REQUEST, xid, |_| ())
}

/// The ports in a part of a port description reply. `None` if the part is something else.
pub fn decode_desc(version: Version, part: Part<'_>) -> Result<Option<Vec<PortDesc>>, DecodeError> {
    if part.kind != multipart::PORT_DESC {
        return Ok(None);
    }
    decode_ports(version, part.body).map(Some)
}

/// The ports in a features reply of 1.0 to 1.2.
pub fn decode_features(version: Version, message: &[u8]) -> Result<Vec<PortDesc>, DecodeError> {
    let mut body = Cursor::new(message, 0);
    body.skip(HEADER_LEN + 24, "features reply")?;
    decode_ports(version, body)
}

fn decode_ports(version: Version, mut body: Cursor<'_>) -> Result<Vec<PortDesc>, DecodeError> {
    let mut ports = Vec::new();
    while !body.is_empty() {
        ports.push(decode_port(version, &mut body)?);
    }
    Ok(ports)
}

/// One port.
pub(super) fn decode_port(
    version: Version,
    body: &mut Cursor<'_>,
) -> Result<PortDesc, DecodeError> {
    match version {
        Version::V10 => v10_port(body.sub(48, "port")?),
        Version::V11 | Version::V12 | Version::V13 => v11_port(body.sub(64, "port")?),
        Version::V14 | Version::V15 => v14_port(body),
    }
}

fn v10_port(mut port: Cursor<'_>) -> Result<PortDesc, DecodeError> {
    Ok(PortDesc {
        ofport: port_from_v10(port.u16("port_no")?),
        hw_addr: port.array("hw_addr")?,
        name: port_name(port.array("port name")?),
        config: port.u32("port config")?,
        state: port.u32("port state")?,
        link: Link::v10(&mut port)?,
    })
}

fn v11_port(mut port: Cursor<'_>) -> Result<PortDesc, DecodeError> {
    let ofport = port.u32("port_no")?;
    port.skip(4, "padding")?;
    let hw_addr = port.array("hw_addr")?;
    port.skip(2, "padding")?;
    Ok(PortDesc {
        ofport,
        hw_addr,
        name: port_name(port.array("port name")?),
        config: port.u32("port config")?,
        state: port.u32("port state")?,
        link: Link::v11(&mut port)?,
    })
}

fn v14_port(body: &mut Cursor<'_>) -> Result<PortDesc, DecodeError> {
    let mut peek = *body;
    let ofport = peek.u32("port_no")?;
    let length = usize::from(peek.u16("port length")?);
    if length < 40 {
        return Err(body.error("port length", DecodeErrorKind::BadLength(length)));
    }
    let mut port = body.sub(length, "port")?;
    port.skip(8, "port_no")?;
    let hw_addr = port.array("hw_addr")?;
    port.skip(2, "padding")?;
    let mut desc = PortDesc {
        ofport,
        hw_addr,
        name: port_name(port.array("port name")?),
        config: port.u32("port config")?,
        state: port.u32("port state")?,
        link: Link::default(),
    };
    while !port.is_empty() {
        let (kind, mut property) = next_property(&mut port)?;
        if kind == ETHERNET {
            property.skip(4, "padding")?;
            desc.link = Link::v11(&mut property)?;
        }
    }
    Ok(desc)
}

/// `OFPPDPT_ETHERNET`, `OFPPSPT_ETHERNET`
const ETHERNET: u16 = 0;

fn port_name(bytes: [u8; 16]) -> String {
    let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(bytes.get(..end).unwrap_or(&bytes)).into_owned()
}

/// Counters of one port; `None` where the switch does not keep one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the counters bear the specification's names")]
pub struct PortStats {
    /// The port's number.
    pub ofport: u32,
    pub rx_packets: Option<u64>,
    pub tx_packets: Option<u64>,
    pub rx_bytes: Option<u64>,
    pub tx_bytes: Option<u64>,
    pub rx_dropped: Option<u64>,
    pub tx_dropped: Option<u64>,
    pub rx_errors: Option<u64>,
    pub tx_errors: Option<u64>,
    pub rx_frame_err: Option<u64>,
    pub rx_over_err: Option<u64>,
    pub rx_crc_err: Option<u64>,
    pub collisions: Option<u64>,
    /// Seconds the port has been there; since 1.3.
    pub duration_sec: Option<u32>,
    /// Nanoseconds beyond them.
    pub duration_nsec: u32,
    /// The counters of Intel's extension after RFC 2819 in the order of their names: 21 or none.
    pub rfc2819: Vec<u64>,
    /// Counters that the switch names itself.
    pub custom: Vec<(String, u64)>,
}

/// A request for the counters of one port, or of all with [`PORT_ANY`]. `None` if `ofport` has no
/// number in this version.
pub fn stats_request(version: Version, xid: u32, ofport: u32) -> Option<Vec<u8>> {
    let narrow = port_to_v10(ofport);
    if version == Version::V10 && narrow.is_none() {
        return None;
    }
    multipart::request(version, multipart::PORT_STATS, xid, |out| {
        if let Some(narrow) = narrow.filter(|_| version == Version::V10) {
            out.extend(narrow.to_be_bytes());
            out.extend([0; 6]);
        } else {
            out.extend(ofport.to_be_bytes());
            out.extend([0; 4]);
        }
    })
}

/// The counters in a part of a port statistics reply. `None` if the part is something else.
pub fn decode_stats(
    version: Version,
    part: Part<'_>,
) -> Result<Option<Vec<PortStats>>, DecodeError> {
    if part.kind != multipart::PORT_STATS {
        return Ok(None);
    }
    let mut body = part.body;
    let mut ports = Vec::new();
    while !body.is_empty() {
        ports.push(decode_stats_entry(version, &mut body)?);
    }
    Ok(Some(ports))
}

/// The counters of one port.
pub(super) fn decode_stats_entry(
    version: Version,
    body: &mut Cursor<'_>,
) -> Result<PortStats, DecodeError> {
    Ok(match version {
        Version::V10 => {
            let mut port = body.sub(104, "port statistics")?;
            let ofport = port_from_v10(port.u16("port_no")?);
            port.skip(6, "padding")?;
            counters(&mut port, ofport)?
        }
        Version::V11 | Version::V12 => {
            let mut port = body.sub(104, "port statistics")?;
            let ofport = port.u32("port_no")?;
            port.skip(4, "padding")?;
            counters(&mut port, ofport)?
        }
        Version::V13 => {
            let mut port = body.sub(112, "port statistics")?;
            let ofport = port.u32("port_no")?;
            port.skip(4, "padding")?;
            let stats = counters(&mut port, ofport)?;
            PortStats {
                duration_sec: Some(port.u32("duration_sec")?),
                duration_nsec: port.u32("duration_nsec")?,
                ..stats
            }
        }
        Version::V14 | Version::V15 => v14_stats(body)?,
    })
}

/// The twelve counters in the order of 1.0 to 1.3.
fn counters(port: &mut Cursor<'_>, ofport: u32) -> Result<PortStats, DecodeError> {
    let mut next = |what| port.u64(what).map(counted);
    Ok(PortStats {
        ofport,
        rx_packets: next("rx_packets")?,
        tx_packets: next("tx_packets")?,
        rx_bytes: next("rx_bytes")?,
        tx_bytes: next("tx_bytes")?,
        rx_dropped: next("rx_dropped")?,
        tx_dropped: next("tx_dropped")?,
        rx_errors: next("rx_errors")?,
        tx_errors: next("tx_errors")?,
        rx_frame_err: next("rx_frame_err")?,
        rx_over_err: next("rx_over_err")?,
        rx_crc_err: next("rx_crc_err")?,
        collisions: next("collisions")?,
        duration_sec: None,
        duration_nsec: 0,
        rfc2819: Vec::new(),
        custom: Vec::new(),
    })
}

/// 1.4 and 1.5: eight counters, then properties; that of Ethernet (type 0) has the other four.
fn v14_stats(body: &mut Cursor<'_>) -> Result<PortStats, DecodeError> {
    let mut peek = *body;
    let length = usize::from(peek.u16("port statistics length")?);
    if length < 80 {
        return Err(body.error("port statistics length", DecodeErrorKind::BadLength(length)));
    }
    let mut port = body.sub(length, "port statistics")?;
    port.skip(4, "port statistics length")?;
    let ofport = port.u32("port_no")?;
    let duration_sec = Some(port.u32("duration_sec")?);
    let duration_nsec = port.u32("duration_nsec")?;
    let mut next = |what| port.u64(what).map(counted);
    let mut stats = PortStats {
        ofport,
        rx_packets: next("rx_packets")?,
        tx_packets: next("tx_packets")?,
        rx_bytes: next("rx_bytes")?,
        tx_bytes: next("tx_bytes")?,
        rx_dropped: next("rx_dropped")?,
        tx_dropped: next("tx_dropped")?,
        rx_errors: next("rx_errors")?,
        tx_errors: next("tx_errors")?,
        rx_frame_err: None,
        rx_over_err: None,
        rx_crc_err: None,
        collisions: None,
        duration_sec,
        duration_nsec,
        rfc2819: Vec::new(),
        custom: Vec::new(),
    };
    while port.remaining() >= 4 {
        let (kind, mut property) = next_property(&mut port)?;
        if kind == EXPERIMENTER {
            intel(&mut property, &mut stats)?;
        }
        if kind == ETHERNET && property.remaining() >= 36 {
            property.skip(4, "padding")?;
            let mut next = |what| property.u64(what).map(counted);
            stats.rx_frame_err = next("rx_frame_err")?;
            stats.rx_over_err = next("rx_over_err")?;
            stats.rx_crc_err = next("rx_crc_err")?;
            stats.collisions = next("collisions")?;
        }
    }
    Ok(stats)
}

/// `OFPPSPT_EXPERIMENTER`
const EXPERIMENTER: u16 = 0xffff;
/// Intel's id, and its two kinds of counters.
const INTEL: u32 = 0x0000_aa01;
const INTEL_RFC2819: u32 = 1;
const INTEL_CUSTOM: u32 = 2;
const RFC2819_COUNTERS: usize = 21;

/// Reads Intel's counters; those of others are skipped.
fn intel(property: &mut Cursor<'_>, stats: &mut PortStats) -> Result<(), DecodeError> {
    let vendor = property.u32("experimenter")?;
    let kind = property.u32("experimenter's property type")?;
    match (vendor, kind) {
        (INTEL, INTEL_RFC2819) => {
            property.skip(4, "padding")?;
            for _ in 0..RFC2819_COUNTERS {
                stats.rfc2819.push(property.u64("RFC 2819 counter")?);
            }
        }
        (INTEL, INTEL_CUSTOM) => {
            property.skip(2, "padding")?;
            let count = property.u16("number of counters")?;
            for _ in 0..count {
                let length = usize::from(property.u8("length of a counter's name")?);
                let name = property.take(length, "counter's name")?;
                let name = String::from_utf8_lossy(name).into_owned();
                stats.custom.push((name, property.u64("counter")?));
            }
        }
        _ => {}
    }
    Ok(())
}

/// All ones mean that the switch does not keep the counter.
fn counted(count: u64) -> Option<u64> {
    (count != u64::MAX).then_some(count)
}

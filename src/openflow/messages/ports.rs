//! Ports: their descriptions, notifications of changes, and requests for changes (OpenFlow 1.5.1 §7.2.1,
//! §7.3.4.3, §7.3.5.7, §7.4.3).
//!
//! ```text
//! port, 1.0            port_no(2) hw_addr(6) name(16) config(4) state(4) curr(4) advertised(4)
//!                      supported(4) peer(4)
//! port, 1.1 - 1.3      port_no(4) pad(4) hw_addr(6) pad(2) name(16) config(4) state(4) | Ethernet
//! port, 1.4+           port_no(4) length(2) pad(2) hw_addr(6) pad(2) name(16) config(4) state(4)
//!                      | properties, of which the first is pad(4) | Ethernet
//! Ethernet             curr(4) advertised(4) supported(4) peer(4) curr_speed(4) max_speed(4)
//! port description request, 1.5   port_no(4) pad(4)
//! port description reply          ports
//! port status                     reason(1) pad(7) | port
//! port mod, 1.0        port_no(2) hw_addr(6) config(4) mask(4) advertise(4) pad(4)
//! port mod, 1.1 - 1.3  port_no(4) pad(4) hw_addr(6) pad(2) config(4) mask(4) advertise(4) pad(4)
//! port mod, 1.4+       port_no(4) pad(4) hw_addr(6) pad(2) config(4) mask(4) | properties
//! ```

use serde::Serialize;

use super::codec::{At, Encode, Head, Message, Place, reply, request, typed};
use super::header::{self, HEADER_LEN};
use super::members::{Flags, Mac, Named, Port, WireText, as_port, next_property};
use super::multipart::{self, Part};
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::text::{PORT_ANY, Sink, TextContext, port_from_v10, port_to_v10};
use crate::openflow::version::Version::{self, V10, V11, V14, V15};
use crate::openflow::version::Versions;

/// The description of one port.
#[derive(Debug, Clone, Serialize)]
pub struct PortDesc {
    /// The port's number.
    #[serde(rename = "port", serialize_with = "as_port")]
    pub ofport: u32,
    /// Its name, cut at 15 bytes by the protocol (1.5's properties do not lengthen it).
    pub name: WireText,
    /// Its MAC address.
    pub hw_addr: Mac,
    /// `OFPPC_*`
    pub config: Flags,
    /// `OFPPS_*`
    pub state: Flags,
    /// Its speeds and media, if it has an Ethernet property or the version always includes them.
    #[serde(flatten)]
    pub link: Link,
}

/// Speeds and media of a port: `OFPPF_*` bits as since 1.1, and kilobits per second.
#[derive(Debug, Clone, Copy, Serialize)]
#[expect(missing_docs, reason = "the specification's names")]
pub struct Link {
    pub curr: Flags,
    pub advertised: Flags,
    pub supported: Flags,
    pub peer: Flags,
    pub curr_speed: u32,
    pub max_speed: u32,
}

impl Link {
    pub(super) const NONE: Link = Link::new([0; 4], [0; 2]);

    const fn new(bits: [u32; 4], [curr_speed, max_speed]: [u32; 2]) -> Link {
        let [curr, advertised, supported, peer] = bits;
        Link {
            curr: features(curr),
            advertised: features(advertised),
            supported: features(supported),
            peer: features(peer),
            curr_speed,
            max_speed,
        }
    }

    fn decode(version: Version, port: &mut Cursor<'_>) -> Result<Link, DecodeError> {
        let bits = [
            port.u32("curr")?,
            port.u32("advertised")?,
            port.u32("supported")?,
            port.u32("peer")?,
        ];
        if version > V10 {
            let speeds = [port.u32("curr_speed")?, port.u32("max_speed")?];
            return Ok(Link::new(bits, speeds));
        }
        // The speeds follow from the bits.
        let [curr, advertised, supported, peer] = bits.map(features_from_v10);
        let speeds = [curr, supported].map(speed);
        Ok(Link::new([curr, advertised, supported, peer], speeds))
    }
}

/// Converts bits of 1.0 to those of 1.1 and later; the bits from 7 on differ.
fn features_from_v10(bits: u32) -> u32 {
    bits & 0x7f | (bits & 0xf80) << 4
}

/// Converts bits of 1.1 and later to those of 1.0; bits that 1.0 does not have are omitted.
pub(super) fn features_to_v10(bits: u32) -> u32 {
    bits & 0x7f | bits >> 4 & 0xf80
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
        if version == V15 {
            out.extend(PORT_ANY.to_be_bytes());
            out.extend([0; 4]);
        }
    })
}

/// A request for the features, whose reply lists the ports in 1.0 to 1.2.
pub fn features_request(version: Version, xid: u32) -> Option<Vec<u8>> {
    header::message(version, header::FEATURES_REQUEST, xid, |_| ())
}

/// The ports in a part of a port description reply.
///
/// # Errors
///
/// The part is something else, or malformed.
pub fn decode_desc(version: Version, part: Part<'_>) -> Result<Vec<PortDesc>, DecodeError> {
    let body = part.only(multipart::PORT_DESC)?;
    body.all(|body| PortDesc::decode(version, body))
}

/// The ports in a features reply of 1.0 to 1.2.
///
/// # Errors
///
/// The reply is malformed.
pub fn decode_features(version: Version, message: &[u8]) -> Result<Vec<PortDesc>, DecodeError> {
    let mut body = Cursor::new(message, 0);
    body.skip(HEADER_LEN + 24, "features reply")?;
    body.all(|body| PortDesc::decode(version, body))
}

impl PortDesc {
    /// Reads one port.
    pub(super) fn decode(version: Version, body: &mut Cursor<'_>) -> Result<PortDesc, DecodeError> {
        let mut port = match version {
            V10 => body.sub(48, "port")?,
            V14 | V15 => {
                let mut peek = *body;
                peek.u32("port_no")?;
                body.sized(4, 40, ("port length", "port"))?
            }
            _ => body.sub(64, "port")?,
        };
        let ofport = if version == V10 {
            port_from_v10(port.u16("port_no")?)
        } else {
            let ofport = port.u32("port_no")?;
            port.skip(4, "padding")?;
            ofport
        };
        let hw_addr = Mac(port.array("hw_addr")?);
        if version > V10 {
            port.skip(2, "padding")?;
        }
        let mut desc = PortDesc {
            ofport,
            name: WireText::padded(port.take(16, "port name")?),
            hw_addr,
            config: config(port.u32("port config")?),
            state: Flags::new(port.u32("port state")?, STATE),
            link: Link::NONE,
        };
        if version < V14 {
            desc.link = Link::decode(version, &mut port)?;
        }
        while !port.is_empty() {
            let (kind, mut property) = next_property(&mut port)?;
            if kind == ETHERNET {
                property.skip(4, "padding")?;
                desc.link = Link::decode(version, &mut property)?;
            }
        }
        Ok(desc)
    }
}

/// `OFPPDPT_ETHERNET`, `OFPPMPT_ETHERNET`
const ETHERNET: u16 = 0;

/// `OFPPC_*`
pub(super) const CONFIG: &[(u32, &str)] = &[
    (1 << 0, "PORT_DOWN"),
    (1 << 1, "NO_STP"),
    (1 << 2, "NO_RECV"),
    (1 << 3, "NO_RECV_STP"),
    (1 << 4, "NO_FLOOD"),
    (1 << 5, "NO_FWD"),
    (1 << 6, "NO_PACKET_IN"),
];
/// Those that are left since 1.1.
pub const CONFIG_V11: u32 = 1 | 1 << 2 | 1 << 5 | 1 << 6;

/// `OFPPC_PORT_DOWN`
pub const PORT_DOWN: u32 = 1 << 0;
/// `OFPPS_LINK_DOWN`
pub const LINK_DOWN: u32 = 1 << 0;

/// A word that sets or clears a bit of a port's configuration (ovs-ofctl(8), mod-port).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortWord {
    /// `no-flood`
    pub word: &'static str,
    /// `OFPPC_*`
    pub bit: u32,
    /// Whether it sets the bit.
    pub sets: bool,
}

/// The words of each bit: the one that clears it and the one that sets it.
const WORDS: [(u32, &str, &str); 7] = [
    (1 << 0, "up", "down"),
    (1 << 1, "stp", "no-stp"),
    (1 << 2, "recv", "no-recv"),
    (1 << 3, "recv-stp", "no-recv-stp"),
    (1 << 4, "flood", "no-flood"),
    (1 << 5, "forward", "no-forward"),
    (1 << 6, "packet-in", "no-packet-in"),
];

impl PortWord {
    /// All words, those of a bit together.
    pub fn all() -> impl Iterator<Item = PortWord> {
        let pair = |(bit, clears, sets)| {
            let word = move |word, sets| PortWord { word, bit, sets };
            [word(clears, false), word(sets, true)]
        };
        WORDS.into_iter().flat_map(pair)
    }

    /// The word, also as ovs-ofctl spells it: `no-receive`.
    pub fn parse(text: &str) -> Option<PortWord> {
        let text = text.to_ascii_lowercase().replace("receive", "recv");
        PortWord::all().find(|known| known.word == text)
    }

    /// The words for these bits of a configuration.
    pub fn of(config: u32, bits: u32) -> impl Iterator<Item = PortWord> {
        PortWord::all()
            .filter(move |word| bits & word.bit != 0 && (config & word.bit != 0) == word.sets)
    }

    /// The versions that have the bit.
    pub fn versions(self) -> Versions {
        let has_it = |version: &Version| *version == V10 || CONFIG_V11 & self.bit != 0;
        Version::ALL.into_iter().filter(has_it).collect()
    }
}

/// `OFPPS_*`
pub(super) const STATE: &[(u32, &str)] =
    &[(1 << 0, "LINK_DOWN"), (1 << 1, "BLOCKED"), (1 << 2, "LIVE")];
/// `OFPPS10_STP_MASK`
pub(super) const STP_MASK: u32 = 3 << 8;
pub(super) const STP_LEARN: u32 = 1 << 8;
pub(super) const STP_FORWARD: u32 = 2 << 8;

/// `OFPPF_*`
pub(super) const FEATURES: &[(u32, &str)] = &[
    (1 << 0, "10MB-HD"),
    (1 << 1, "10MB-FD"),
    (1 << 2, "100MB-HD"),
    (1 << 3, "100MB-FD"),
    (1 << 4, "1GB-HD"),
    (1 << 5, "1GB-FD"),
    (1 << 6, "10GB-FD"),
    (1 << 7, "40GB-FD"),
    (1 << 8, "100GB-FD"),
    (1 << 9, "1TB-FD"),
    (1 << 10, "OTHER"),
    (1 << 11, "COPPER"),
    (1 << 12, "FIBER"),
    (1 << 13, "AUTO_NEG"),
    (1 << 14, "AUTO_PAUSE"),
    (1 << 15, "AUTO_PAUSE_ASYM"),
];

pub(super) fn config(bits: u32) -> Flags {
    Flags::new(bits, CONFIG)
}

const fn features(bits: u32) -> Flags {
    Flags {
        bits,
        names: FEATURES,
    }
}

/// The bits of a port's configuration that a version has.
pub(super) fn config_in(version: Version, bits: u32) -> Flags {
    config(bits & if version == V10 { 0x7f } else { CONFIG_V11 })
}

/// Writes ports in the order of their numbers.
pub(super) fn put_list<S: Sink>(ports: &[PortDesc], sink: &mut S, cx: &TextContext<'_>) {
    let mut ports: Vec<&PortDesc> = ports.iter().collect();
    ports.sort_by_key(|port| port.ofport as u16);
    for port in ports {
        put_port(port, sink, cx);
    }
}

fn put_port<S: Sink>(port: &PortDesc, sink: &mut S, cx: &TextContext<'_>) {
    sink.put(" ");
    Port(port.ofport).text(sink, cx);
    let printable = port.name.0.chars().take_while(|c| matches!(c, ' '..='~'));
    let name: String = printable.take(15).collect();
    writeln!(sink, "({name}): addr:{}", port.hw_addr);
    sink.put("     config:     ");
    config_in(cx.version, port.config.bits).text(sink, " ");
    sink.put("\n     state:      ");
    put_state(port.state.bits, sink, cx);
    sink.put("\n");
    for (key, bits) in [
        ("     current:    ", port.link.curr.bits),
        ("     advertised: ", port.link.advertised.bits),
        ("     supported:  ", port.link.supported.bits),
        ("     peer:       ", port.link.peer.bits),
    ] {
        if bits & 0xffff != 0 {
            sink.put(key);
            features(bits & 0xffff).text(sink, " ");
            sink.put("\n");
        }
    }
    writeln!(
        sink,
        "     speed: {} Mbps now, {} Mbps max",
        port.link.curr_speed / 1000,
        port.link.max_speed / 1000
    );
}

fn put_state<S: Sink>(bits: u32, sink: &mut S, cx: &TextContext<'_>) {
    let stp = if cx.version == V10 {
        bits & STP_MASK
    } else {
        0
    };
    sink.put(match stp {
        0 => "",
        STP_LEARN => "STP_LEARN",
        STP_FORWARD => "STP_FORWARD",
        _ => "STP_BLOCK",
    });
    let rest = bits & if cx.version == V10 { 1 } else { 7 };
    if stp == 0 || rest != 0 {
        Flags::new(rest, STATE).text(sink, " ");
    }
}

/// `OFPST_PORT_DESC` request
#[derive(Debug, Clone, Copy, Serialize)]
pub struct PortDescRequest {
    /// The port asked for; `ANY` for all.
    pub port: Port,
}

impl<'a> Message<'a> for PortDescRequest {
    const PLACES: &'static [Place] = &[request("OFPST_PORT_DESC", multipart::PORT_DESC, V10, V15)];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<PortDescRequest, DecodeError> {
        if head.version < V15 {
            return Ok(PortDescRequest {
                port: Port(PORT_ANY),
            });
        }
        let port = Port(body.u32("port_no")?);
        body.skip(4, "padding")?;
        Ok(PortDescRequest { port })
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        sink.put(" port=");
        self.port.text(sink, cx);
    }
}

/// `OFPST_PORT_DESC` reply
#[derive(Debug, Clone, Serialize)]
pub struct PortDescReply {
    /// The ports.
    pub ports: Vec<PortDesc>,
}

impl<'a> Message<'a> for PortDescReply {
    const PLACES: &'static [Place] = &[reply("OFPST_PORT_DESC", multipart::PORT_DESC, V10, V15)];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<PortDescReply, DecodeError> {
        Ok(PortDescReply {
            ports: head.list(body, |body| PortDesc::decode(head.version, body)),
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        sink.put("\n");
        put_list(&self.ports, sink, cx);
    }
}

/// `OFPT_PORT_STATUS`
#[derive(Debug, Clone, Serialize)]
pub struct PortStatus {
    /// `OFPPR_*`
    pub reason: Named,
    /// The port as it is now, or was last.
    pub port: PortDesc,
}

/// `OFPPR_*` in the words of ovs-ofctl.
const REASONS: &[(u32, &str)] = &[(0, "ADD"), (1, "DEL"), (2, "MOD")];

impl<'a> Message<'a> for PortStatus {
    const PLACES: &'static [Place] = &[typed("OFPT_PORT_STATUS", 12, V10, V15)];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<PortStatus, DecodeError> {
        let reason = Named::new(body.u8("reason")?, REASONS);
        body.skip(7, "padding")?;
        Ok(PortStatus {
            reason,
            port: PortDesc::decode(head.version, body)?,
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        write!(sink, " {}:", self.reason);
        put_port(&self.port, sink, cx);
    }
}

/// `OFPT_PORT_MOD`
#[derive(Debug, Clone, Copy, Serialize)]
pub struct PortMod {
    /// The port to change.
    pub port: Port,
    /// Its address, to be sure.
    pub hw_addr: Mac,
    /// What the bits of the mask become.
    pub config: Flags,
    /// The bits to change.
    pub mask: Flags,
    /// What to advertise; no bit: what it was.
    pub advertise: Flags,
}

impl PortMod {
    /// Changes the bits of `mask` to those of `config`; the port must have this address.
    pub fn new(ofport: u32, hw_addr: Mac, bits: u32, mask: u32) -> PortMod {
        PortMod {
            port: Port(ofport),
            hw_addr,
            config: config(bits),
            mask: config(mask),
            advertise: features(0),
        }
    }
}

impl<'a> Message<'a> for PortMod {
    const PLACES: &'static [Place] = &[
        typed("OFPT_PORT_MOD", 15, V10, V10),
        typed("OFPT_PORT_MOD", 16, V11, V15),
    ];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<PortMod, DecodeError> {
        let port = if head.version == V10 {
            Port(port_from_v10(body.u16("port_no")?))
        } else {
            let port = Port(body.u32("port_no")?);
            body.skip(4, "padding")?;
            port
        };
        let hw_addr = Mac(body.array("hw_addr")?);
        if head.version > V10 {
            body.skip(2, "padding")?;
        }
        let bits = body.u32("config")?;
        let mask = body.u32("mask")?;
        let mut advertise = 0;
        if head.version < V14 {
            advertise = body.u32("advertise")?;
            body.skip(4, "padding")?;
            if head.version == V10 {
                advertise = features_from_v10(advertise);
            }
        } else {
            while !body.is_empty() {
                let (kind, mut property) = next_property(body)?;
                if kind == ETHERNET {
                    advertise = property.u32("advertise")?;
                }
            }
        }
        Ok(PortMod {
            port,
            hw_addr,
            config: config(bits & mask),
            mask: config(mask),
            advertise: features(advertise),
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        sink.put(" port: ");
        self.port.text(sink, cx);
        write!(sink, ": addr:{}\n     config: ", self.hw_addr);
        config_in(cx.version, self.config.bits).text(sink, " ");
        sink.put("\n     mask:   ");
        config_in(cx.version, self.mask.bits).text(sink, " ");
        sink.put("\n     advertise: ");
        match self.advertise.bits & 0xffff {
            0 => sink.put("UNCHANGED"),
            bits => features(bits).text(sink, " "),
        }
        sink.put("\n");
    }
}

impl Encode for PortMod {
    fn encode_body(&self, version: Version, _: At, out: &mut Vec<u8>) -> Option<()> {
        if version == V10 {
            out.extend(port_to_v10(self.port.0)?.to_be_bytes());
            out.extend(self.hw_addr.0);
        } else {
            out.extend(self.port.0.to_be_bytes());
            out.extend([0; 4]);
            out.extend(self.hw_addr.0);
            out.extend([0; 2]);
        }
        out.extend(self.config.bits.to_be_bytes());
        out.extend(self.mask.bits.to_be_bytes());
        let advertise = match version {
            V10 => features_to_v10(self.advertise.bits),
            _ => self.advertise.bits,
        };
        if version < V14 {
            out.extend(advertise.to_be_bytes());
            out.extend([0; 4]);
        } else if advertise != 0 {
            out.extend(ETHERNET.to_be_bytes());
            out.extend(8u16.to_be_bytes());
            out.extend(advertise.to_be_bytes());
        }
        Some(())
    }
}

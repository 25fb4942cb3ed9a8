//! Ports: their descriptions, changes of them, and the wish to change them (OpenFlow 1.5.1 §7.2.1,
//! §7.3.4.3, §7.3.5.7, §7.4.3). [`ports`](super::ports) reads the description itself.
//!
//! ```text
//! port description request, 1.5   port_no(4) pad(4)
//! port description reply          ports
//! port status                     reason(1) pad(7) | port
//! port mod, 1.0        port_no(2) hw_addr(6) config(4) mask(4) advertise(4) pad(4)
//! port mod, 1.1 - 1.3  port_no(4) pad(4) hw_addr(6) pad(2) config(4) mask(4) advertise(4) pad(4)
//! port mod, 1.4+       port_no(4) pad(4) hw_addr(6) pad(2) config(4) mask(4) | properties
//! ```

use std::fmt::Write as _;

use serde::{Serialize, Serializer};

use super::codec::{At, Head, List, Message, Place, place};
use super::members::{Flags, Mac, Named, Port, Words, next_property};
use super::multipart;
use super::ports::{PortDesc, decode_port};
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::text::{PORT_ANY, Sink, TextContext, port_from_v10};
use crate::openflow::version::Version::{self, V10, V11, V14, V15};

/// `OFPPC_*`
const CONFIG: &[(u32, &str)] = &[
    (1 << 0, "PORT_DOWN"),
    (1 << 1, "NO_STP"),
    (1 << 2, "NO_RECV"),
    (1 << 3, "NO_RECV_STP"),
    (1 << 4, "NO_FLOOD"),
    (1 << 5, "NO_FWD"),
    (1 << 6, "NO_PACKET_IN"),
];
/// Those that are left since 1.1.
const CONFIG_V11: u32 = 1 | 1 << 2 | 1 << 5 | 1 << 6;

/// `OFPPS_*`
const STATE: &[(u32, &str)] = &[(1 << 0, "LINK_DOWN"), (1 << 1, "BLOCKED"), (1 << 2, "LIVE")];
/// `OFPPS10_STP_MASK`
const STP_MASK: u32 = 3 << 8;
const STP_LEARN: u32 = 1 << 8;
const STP_FORWARD: u32 = 2 << 8;

/// `OFPPF_*`
const FEATURES: &[(u32, &str)] = &[
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

fn config(bits: u32) -> Flags {
    Flags {
        bits,
        names: CONFIG,
    }
}

fn features(bits: u32) -> Flags {
    Flags {
        bits,
        names: FEATURES,
    }
}

/// The bits of a port's configuration that a version has.
fn config_in(version: Version, bits: u32) -> Flags {
    config(bits & if version == V10 { 0x7f } else { CONFIG_V11 })
}

/// Reads ports to the end of the body.
pub(super) fn read_list(body: &mut Cursor<'_>, version: Version) -> List<PortDesc> {
    List::read(body, |body| decode_port(version, body))
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
    let printable = port.name.chars().take_while(|c| matches!(c, ' '..='~'));
    let name: String = printable.take(15).collect();
    let _ = writeln!(sink.buffer(), "({name}): addr:{}", Mac(port.hw_addr));
    sink.put("     config:     ");
    config_in(cx.version, port.config).text(sink, " ");
    sink.put("\n     state:      ");
    put_state(port.state, sink, cx);
    sink.put("\n");
    for (key, bits) in [
        ("     current:    ", port.link.curr),
        ("     advertised: ", port.link.advertised),
        ("     supported:  ", port.link.supported),
        ("     peer:       ", port.link.peer),
    ] {
        if bits & 0xffff != 0 {
            sink.put(key);
            features(bits & 0xffff).text(sink, " ");
            sink.put("\n");
        }
    }
    let _ = writeln!(
        sink.buffer(),
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
        Flags {
            bits: rest,
            names: STATE,
        }
        .text(sink, " ");
    }
}

impl Serialize for PortDesc {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Members {
            port: Port,
            name: Words,
            hw_addr: Mac,
            config: Flags,
            state: Flags,
            curr: Flags,
            advertised: Flags,
            supported: Flags,
            peer: Flags,
            curr_speed: u32,
            max_speed: u32,
        }
        Members {
            port: Port(self.ofport),
            name: Words(self.name.clone()),
            hw_addr: Mac(self.hw_addr),
            config: config(self.config),
            state: Flags {
                bits: self.state,
                names: STATE,
            },
            curr: features(self.link.curr),
            advertised: features(self.link.advertised),
            supported: features(self.link.supported),
            peer: features(self.link.peer),
            curr_speed: self.link.curr_speed,
            max_speed: self.link.max_speed,
        }
        .serialize(serializer)
    }
}

/// `OFPST_PORT_DESC` request
#[derive(Debug, Clone, Copy, Serialize)]
pub struct PortDescRequest {
    /// The port asked for; `ANY` for all.
    pub port: Port,
}

impl<'a> Message<'a> for PortDescRequest {
    const PLACES: &'static [Place] = &[place(
        "OFPST_PORT_DESC",
        At::Request(multipart::PORT_DESC),
        V10,
        V15,
    )];

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
    pub ports: List<PortDesc>,
}

impl<'a> Message<'a> for PortDescReply {
    const PLACES: &'static [Place] = &[place(
        "OFPST_PORT_DESC",
        At::Reply(multipart::PORT_DESC),
        V10,
        V15,
    )];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<PortDescReply, DecodeError> {
        Ok(PortDescReply {
            ports: read_list(body, head.version),
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        sink.put("\n");
        put_list(&self.ports.entries, sink, cx);
    }

    fn trouble(&self) -> Option<DecodeError> {
        self.ports.trouble.clone()
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
    const PLACES: &'static [Place] = &[place("OFPT_PORT_STATUS", At::Type(12), V10, V15)];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<PortStatus, DecodeError> {
        let reason = Named {
            number: body.u8("reason")?.into(),
            names: REASONS,
        };
        body.skip(7, "padding")?;
        Ok(PortStatus {
            reason,
            port: decode_port(head.version, body)?,
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        let _ = write!(sink.buffer(), " {}:", self.reason);
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

/// `OFPPMPT_ETHERNET`
const MOD_ETHERNET: u16 = 0;

impl<'a> Message<'a> for PortMod {
    const PLACES: &'static [Place] = &[
        place("OFPT_PORT_MOD", At::Type(15), V10, V10),
        place("OFPT_PORT_MOD", At::Type(16), V11, V15),
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
                advertise = advertise & 0x7f | (advertise & 0xf80) << 4;
            }
        } else {
            while !body.is_empty() {
                let (kind, mut property) = next_property(body)?;
                if kind == MOD_ETHERNET {
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
        let _ = write!(sink.buffer(), ": addr:{}\n     config: ", self.hw_addr);
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

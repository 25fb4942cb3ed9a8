//! `NXT_CT_FLUSH`: tracked connections to be removed (ovs-ofctl(8), `ct-flush`).
//!
//! ```text
//! ct flush   ip_proto(1) pad(7) | properties
//! property   type(2) length(2) | body, padded to 8
//! tuple      pad(4) | properties
//! ```
//!
//! Marks and labels exist since Open vSwitch 3.3.

use std::fmt::Write as _;
use std::net::Ipv6Addr;

use serde::Serialize;
use serde::ser::Serializer;

use super::codec::{Head, Message, Place, nicira};
use super::members::next_property;
use crate::base::digits::{put_hex_bytes, put_v6};
use crate::openflow::bytes::{Cursor, DecodeError, DecodeErrorKind};
use crate::openflow::text::{Sink, TextContext};
use crate::openflow::version::Version::{V10, V15};

const ICMP: u8 = 1;
const ICMPV6: u8 = 58;

/// `NXT_CT_FLUSH`
#[derive(Debug, Clone, Serialize)]
pub struct CtFlush {
    /// The connections' protocol; 0 for any.
    pub ip_proto: u8,
    /// Their zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone_id: Option<u16>,
    /// Their mark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ct_mark: Option<MaskedBits<4>>,
    /// Their labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ct_label: Option<MaskedBits<16>>,
    /// The addresses and ports of packets of the original direction.
    pub orig: Tuple,
    /// Those of replies.
    pub reply: Tuple,
    #[serde(skip)]
    is_ipv4: bool,
}

/// A value in network order with its mask.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct MaskedBits<const N: usize> {
    /// The value.
    #[serde(serialize_with = "hex")]
    pub value: [u8; N],
    /// The mask: bits that are compared.
    #[serde(serialize_with = "hex")]
    pub mask: [u8; N],
}

fn hex<const N: usize, S: Serializer>(bytes: &[u8; N], serializer: S) -> Result<S::Ok, S::Error> {
    let mut text = String::new();
    put_hex_bytes(&mut text, bytes);
    // A number, possibly zero.
    let prefix = if text == "0" { "0x" } else { "" };
    serializer.collect_str(&format_args!("{prefix}{text}"))
}

impl<const N: usize> MaskedBits<N> {
    /// A value without a mask is compared whole; a mask without a value has value zero; a mask of zeros is omitted.
    fn of(value: Option<[u8; N]>, mask: Option<[u8; N]>) -> Option<MaskedBits<N>> {
        let bits = MaskedBits {
            value: value.unwrap_or([0; N]),
            mask: mask.or(value.map(|_| [0xff; N]))?,
        };
        Some(bits).filter(|bits| bits.mask != [0; N])
    }

    fn text(&self, key: &str, out: &mut String) {
        let _ = write!(out, " {key}=");
        put_hex_bytes(out, &self.value);
        if self.mask != [0xff; N] {
            out.push('/');
            put_hex_bytes(out, &self.mask);
        }
    }
}

/// One direction of connections. Absent members match any value.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Tuple {
    /// The source address; IPv4 is mapped into IPv6.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "address")]
    pub src: Option<Ipv6Addr>,
    /// The destination address; IPv4 is mapped into IPv6.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "address")]
    pub dst: Option<Ipv6Addr>,
    /// The source port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub src_port: Option<u16>,
    /// The destination port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dst_port: Option<u16>,
    /// The id of ICMP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icmp_id: Option<u16>,
    /// The type of ICMP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icmp_type: Option<u8>,
    /// The code of ICMP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icmp_code: Option<u8>,
}

#[allow(clippy::ref_option, reason = "serde asks for it")]
fn address<S: Serializer>(address: &Option<Ipv6Addr>, serializer: S) -> Result<S::Ok, S::Error> {
    let mut text = String::new();
    put_address(&mut text, *address);
    serializer.serialize_str(&text)
}

/// Writes an IPv4 address in its own form, not mapped into IPv6.
fn put_address(out: &mut String, address: Option<Ipv6Addr>) {
    let address = address.unwrap_or(Ipv6Addr::UNSPECIFIED);
    match address.to_ipv4_mapped() {
        Some(address) => {
            let _ = write!(out, "{address}");
        }
        None => put_v6(out, &address.octets()),
    }
}

impl Tuple {
    fn text(&self, ip_proto: u8, is_ipv4: bool, out: &mut String) {
        let family = if is_ipv4 { "nw" } else { "ipv6" };
        let _ = write!(out, "ct_{family}_src=");
        put_address(out, self.src);
        let _ = write!(out, ",ct_{family}_dst=");
        put_address(out, self.dst);
        let _ = if matches!(ip_proto, ICMP | ICMPV6) {
            write!(
                out,
                ",icmp_id={},icmp_type={},icmp_code={}",
                self.icmp_id.unwrap_or(0),
                self.icmp_type.unwrap_or(0),
                self.icmp_code.unwrap_or(0)
            )
        } else {
            write!(
                out,
                ",ct_tp_src={},ct_tp_dst={}",
                self.src_port.unwrap_or(0),
                self.dst_port.unwrap_or(0)
            )
        };
    }
}

/// Reads properties until one is malformed or unknown.
fn properties<'a>(
    body: &mut Cursor<'a>,
    mut read: impl FnMut(u16, &mut Cursor<'a>) -> Option<Result<(), DecodeError>>,
) -> Result<(), DecodeError> {
    while !body.is_empty() {
        let start = *body;
        let (kind, mut property) = next_property(body)?;
        let unknown = || Err(start.error("property type", DecodeErrorKind::BadValue(kind.into())));
        read(kind, &mut property).unwrap_or_else(unknown)?;
    }
    Ok(())
}

fn tuple(body: &mut Cursor<'_>, tuple: &mut Tuple, is_ipv4: &mut bool) -> Result<(), DecodeError> {
    body.skip(4, "padding")?;
    let mut address = |property: &mut Cursor<'_>| {
        let address = Ipv6Addr::from(property.array::<16>("address")?);
        *is_ipv4 = address.to_ipv4_mapped().is_some();
        Ok(Some(address))
    };
    properties(body, |kind, property| {
        Some(match kind {
            0 => address(property).map(|src| tuple.src = src),
            1 => address(property).map(|dst| tuple.dst = dst),
            2 => property.u16("port").map(|n| tuple.src_port = Some(n)),
            3 => property.u16("port").map(|n| tuple.dst_port = Some(n)),
            4 => property.u16("icmp_id").map(|n| tuple.icmp_id = Some(n)),
            5 => property.u8("icmp_type").map(|n| tuple.icmp_type = Some(n)),
            6 => property.u8("icmp_code").map(|n| tuple.icmp_code = Some(n)),
            _ => return None,
        })
    })
}

impl<'a> Message<'a> for CtFlush {
    const PLACES: &'static [Place] = &[nicira("NXT_CT_FLUSH", 32, V10, V15)];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<CtFlush, DecodeError> {
        let mut flush = CtFlush {
            ip_proto: body.u8("ip_proto")?,
            zone_id: None,
            ct_mark: None,
            ct_label: None,
            orig: Tuple::default(),
            reply: Tuple::default(),
            is_ipv4: false,
        };
        body.skip(7, "padding")?;
        let (mut mark, mut label) = ((None, None), (None, None));
        let read = properties(body, |kind, property| {
            Some(match kind {
                0 => tuple(property, &mut flush.orig, &mut flush.is_ipv4),
                1 => tuple(property, &mut flush.reply, &mut flush.is_ipv4),
                2 => property.u16("zone").map(|n| flush.zone_id = Some(n)),
                3 => property.array("ct_mark").map(|n| mark.0 = Some(n)),
                4 => property.array("ct_mark mask").map(|n| mark.1 = Some(n)),
                5 => property.array("ct_label").map(|n| label.0 = Some(n)),
                6 => property.array("ct_label mask").map(|n| label.1 = Some(n)),
                _ => return None,
            })
        });
        if let Err(error) = read {
            head.note(error);
            *body = Cursor::new(&[], body.at());
        }
        flush.ct_mark = MaskedBits::of(mark.0, mark.1);
        flush.ct_label = MaskedBits::of(label.0, label.1);
        Ok(flush)
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        write!(sink, " zone={}", self.zone_id.unwrap_or(0));
        if let Some(mark) = &self.ct_mark {
            mark.text("mark", sink.buffer());
        }
        if let Some(label) = &self.ct_label {
            label.text("labels", sink.buffer());
        }
        sink.put(" '");
        self.orig.text(self.ip_proto, self.is_ipv4, sink.buffer());
        write!(sink, ",ct_nw_proto={}' '", self.ip_proto);
        self.reply.text(self.ip_proto, self.is_ipv4, sink.buffer());
        sink.put("\'");
    }
}

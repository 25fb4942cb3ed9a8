//! `encap`, `decap`, `dec_nsh_ttl`: adding and removing headers, network service headers above all
//! (ovs-actions(7)).

use std::fmt::Write as _;

use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::json::Json;
use crate::openflow::text::{Role, Sink, TextContext};
use crate::openflow::version::Version;

use super::number::{hex_string, put_dec, put_hex_bytes, put_hex_or_zero};
use super::separator::Separator;
use super::{
    ActionCodec, Head, Unencodable, Vendor, Wire, bare_action, place, put_action, put_zeros,
    skip_zeros,
};
use crate::openflow::bytes::DecodeErrorKind;

const fn since_v13(number: u16) -> [Wire; 1] {
    [Wire::new(
        Vendor::Nicira,
        number,
        Version::V13,
        Version::V15,
    )]
}

/// Adds a header: `encap(ethernet)`, `encap(nsh(md_type=2,tlv(0x1000,10,0x12345678)))`.
///
/// JSON: `{"type":"encap","packet_type":"nsh","properties":[{"type":"md_type","md_type":2},
/// {"type":"tlv","class":4096,"tlv_type":10,"data":"12345678"}]}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encap<'a> {
    /// The size of the header in bytes; 0 leaves it to the switch.
    pub hdr_size: u16,
    /// The header's type: namespace in the upper 16 bits, type in the lower.
    pub packet_type: u32,
    /// The properties as they came.
    pub properties: &'a [u8],
}

/// One property of `encap`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncapProperty<'a> {
    /// The type of metadata of an NSH header.
    MdType(u8),
    /// One piece of metadata of an NSH header.
    Tlv {
        /// Who gave the type.
        class: u16,
        /// The type.
        kind: u8,
        /// The data.
        data: &'a [u8],
    },
}

/// The property class of NSH.
const NSH: u16 = 4;

fn next_property<'a>(rest: &mut Cursor<'a>) -> Result<EncapProperty<'a>, DecodeError> {
    let start = *rest;
    let class = rest.u16("property class")?;
    let kind = rest.u8("property type")?;
    let length = usize::from(rest.u8("property length")?);
    let bad = start.error("property length", DecodeErrorKind::BadLength(length));
    let mut value = rest.sub(length.checked_sub(4).ok_or(bad.clone())?, "property")?;
    skip_zeros(rest, length.next_multiple_of(8) - length)?;
    match (class, kind) {
        (NSH, 1) => Ok(EncapProperty::MdType(value.u8("md_type")?)),
        (NSH, 2) => {
            let class = value.u16("TLV class")?;
            let kind = value.u8("TLV type")?;
            let length = usize::from(value.u8("TLV length")?);
            let data = value.take(length, "TLV")?;
            Ok(EncapProperty::Tlv { class, kind, data })
        }
        _ => Err(start.error("property", DecodeErrorKind::BadValue(kind.into()))),
    }
}

fn packet_type_name(packet_type: u32) -> Option<&'static str> {
    match packet_type {
        0 => Some("ethernet"),
        0x1_894f => Some("nsh"),
        0x1_8847 => Some("mpls"),
        0x1_8848 => Some("mpls_mc"),
        _ => None,
    }
}

impl<'a> Encap<'a> {
    /// The properties, one by one.
    pub fn properties(&self) -> impl Iterator<Item = EncapProperty<'a>> + use<'a> {
        let mut rest = Cursor::new(self.properties, 0);
        std::iter::from_fn(move || {
            if rest.is_empty() {
                None
            } else {
                next_property(&mut rest).ok()
            }
        })
    }
}

impl<'a> ActionCodec<'a> for Encap<'a> {
    const NAME: &'static str = "encap";
    const WIRE: &'static [Wire] = &since_v13(46);

    fn decode(body: &mut Cursor<'a>, _: Head) -> Result<Self, DecodeError> {
        let hdr_size = body.u16("hdr_size")?;
        let packet_type = body.u32("packet type")?;
        let mut walk = *body;
        while !walk.is_empty() {
            next_property(&mut walk)?;
        }
        Ok(Encap {
            hdr_size,
            packet_type,
            properties: body.take(body.remaining(), "properties")?,
        })
    }

    fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        put_action(place(Self::WIRE, version, Self::NAME)?, out, |out| {
            out.extend(self.hdr_size.to_be_bytes());
            out.extend(self.packet_type.to_be_bytes());
            out.extend_from_slice(self.properties);
        });
        Ok(())
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        sink.put_as(Role::Action, "encap");
        sink.put("(");
        sink.put(packet_type_name(self.packet_type).unwrap_or("UNKNOWN"));
        if !self.properties.is_empty() {
            let mut comma = Separator("(");
            for property in self.properties() {
                comma.put(sink);
                match property {
                    EncapProperty::MdType(md_type) => {
                        sink.key("md_type");
                        put_dec(sink, md_type);
                    }
                    EncapProperty::Tlv { class, kind, data } => {
                        let _ = write!(sink.buffer(), "tlv({class:#06x},{kind},");
                        put_hex_bytes(sink, data);
                        sink.put(")");
                    }
                }
            }
            comma.close(sink);
        }
        sink.put(")");
    }

    fn json(&self, json: &mut Json<'_>, _: &TextContext<'_>) {
        json.key("packet_type");
        match packet_type_name(self.packet_type) {
            Some(name) => json.string(name),
            None => json.number(self.packet_type),
        }
        if self.properties.is_empty() {
            return;
        }
        json.key("properties");
        json.begin_array();
        for property in self.properties() {
            json.begin_object();
            json.key("type");
            match property {
                EncapProperty::MdType(md_type) => {
                    json.string("md_type");
                    json.key("md_type");
                    json.number(md_type);
                }
                EncapProperty::Tlv { class, kind, data } => {
                    json.string("tlv");
                    json.key("class");
                    json.number(class);
                    json.key("tlv_type");
                    json.number(kind);
                    json.key("data");
                    json.string(&hex_string(data));
                }
            }
            json.end_object();
        }
        json.end_array();
    }
}

/// Removes the outermost header: `decap()`, `decap(packet_type(ns=1,type=0x800))`.
///
/// JSON: `{"type":"decap","packet_type":{"ns":1,"type":2048}}`; left out where the header itself says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decap {
    /// The type of what is below: namespace in the upper 16 bits, type in the lower.
    pub packet_type: u32,
}

/// The header removed says what is below.
const USE_NEXT_PROTO: u32 = 0xfffe;

impl<'a> ActionCodec<'a> for Decap {
    const NAME: &'static str = "decap";
    const WIRE: &'static [Wire] = &since_v13(47);

    fn decode(body: &mut Cursor<'a>, _: Head) -> Result<Self, DecodeError> {
        skip_zeros(body, 2)?;
        Ok(Decap {
            packet_type: body.u32("packet type")?,
        })
    }

    fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        put_action(place(Self::WIRE, version, Self::NAME)?, out, |out| {
            put_zeros(out, 2);
            out.extend(self.packet_type.to_be_bytes());
        });
        Ok(())
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        sink.put_as(Role::Action, "decap");
        sink.put("(");
        if self.packet_type != USE_NEXT_PROTO {
            sink.put("packet_type(ns=");
            put_dec(sink, self.packet_type >> 16);
            sink.put(",type=");
            put_hex_or_zero(sink, self.packet_type & 0xffff);
            sink.put(")");
        }
        sink.put(")");
    }

    fn json(&self, json: &mut Json<'_>, _: &TextContext<'_>) {
        if self.packet_type != USE_NEXT_PROTO {
            json.key("packet_type");
            json.begin_object();
            json.key("ns");
            json.number(self.packet_type >> 16);
            json.key("type");
            json.number(self.packet_type & 0xffff);
            json.end_object();
        }
    }
}

/// Decrements the TTL of the network service header: `dec_nsh_ttl`.
///
/// JSON: `{"type":"dec_nsh_ttl"}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecNshTtl;

bare_action!(DecNshTtl, "dec_nsh_ttl", &since_v13(48));

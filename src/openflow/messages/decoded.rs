//! One message of any type: header, body, text and JSON.

use std::cell::RefCell;
use std::fmt::Write as _;

use serde::Serialize;

use super::Body;
use super::codec::{At, Head};
use super::header::{self, HEADER_LEN, Header};
use super::members::{Bytes, put_hex_dump};
use crate::base::terminal::acts_on_a_terminal;
use crate::openflow::bytes::{Cursor, DecodeError, DecodeErrorKind};
use crate::openflow::text::{Sink, TextContext};
use crate::openflow::version::Version;

/// `OFPST_VENDOR`, `OFPMP_EXPERIMENTER`
const VENDOR_STATS: u16 = 0xffff;
/// Hello, error, echo request and echo reply are decoded in unknown versions, too.
const SAME_IN_ALL: std::ops::RangeInclusive<u8> = header::HELLO..=header::ECHO_REPLY;

/// One message: its header, its body if the type is known and the body well-formed, and the first error.
#[derive(Debug, Clone)]
pub struct Decoded<'a> {
    header: Header,
    bytes: &'a [u8],
    name: Option<&'static str>,
    /// Its type, unless a header is malformed.
    at: Option<At>,
    /// Flags of a multipart message.
    flags: Option<u16>,
    body: Option<Body<'a>>,
    error: Option<DecodeError>,
}

#[derive(Serialize)]
struct Whole<'m, 'a> {
    version: String,
    #[serde(rename = "type")]
    kind: String,
    xid: u32,
    length: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    more: Option<bool>,
    #[serde(flatten)]
    body: Option<&'m Body<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Bytes<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl<'a> Decoded<'a> {
    /// Reads the message at the start of `bytes`, which may be truncated, or longer than the message.
    ///
    /// # Errors
    ///
    /// The header is malformed. Every other error is kept for [`Decoded::error`].
    pub fn decode(bytes: &'a [u8]) -> Result<Decoded<'a>, DecodeError> {
        Decoded::nested(bytes, 0)
    }

    /// [`Decoded::decode`] for a message nested in another.
    pub(super) fn nested(bytes: &'a [u8], depth: u8) -> Result<Decoded<'a>, DecodeError> {
        let header = Header::decode(bytes)?;
        let length = usize::from(header.length);
        let mut decoded = Decoded::unread(header, bytes);
        let bytes = decoded.bytes;
        decoded.error = decoded.read(depth).err();
        if decoded.error.is_none() && bytes.len() < length {
            decoded.error = Some(Cursor::new(&[], bytes.len()).error(
                "message",
                DecodeErrorKind::Truncated {
                    need: length - bytes.len(),
                    have: 0,
                },
            ));
        }
        Ok(decoded)
    }

    /// The type of a message, of which only the headers are read; `None` if one is malformed.
    pub fn type_of(version: Version, bytes: &'a [u8]) -> Option<At> {
        let mut decoded = Decoded::unread(Header::decode(bytes).ok()?, bytes);
        let mut body = Cursor::new(decoded.bytes, 0);
        body.skip(HEADER_LEN, "header").ok()?;
        decoded.place(version, &mut body).ok()
    }

    fn unread(header: Header, bytes: &'a [u8]) -> Decoded<'a> {
        Decoded {
            header,
            bytes: bytes.get(..usize::from(header.length)).unwrap_or(bytes),
            name: None,
            at: None,
            flags: None,
            body: None,
            error: None,
        }
    }

    fn read(&mut self, depth: u8) -> Result<(), DecodeError> {
        let version = match Version::from_wire(self.header.version) {
            Some(version) => version,
            None if SAME_IN_ALL.contains(&self.header.kind) => Version::V15,
            None => return Ok(()),
        };
        let mut body = Cursor::new(self.bytes, 0);
        body.skip(HEADER_LEN, "header")?;
        let at = self.place(version, &mut body)?;
        self.at = Some(at);
        let Some((kind, place)) = super::kind(version, at) else {
            return Ok(());
        };
        self.name = Some(place.name);
        let head = Head {
            version,
            at,
            name: place.name,
            depth,
            message: self.bytes,
            first_error: RefCell::default(),
        };
        self.body = Some(super::decode_kind(kind, &mut body, &head)?);
        match head.first_error.take() {
            Some(error) => Err(error),
            None if !body.is_empty() => {
                Err(body.error("message", DecodeErrorKind::Surplus(body.remaining())))
            }
            None => Ok(()),
        }
    }

    /// Reads the headers that follow the header.
    fn place(&mut self, version: Version, body: &mut Cursor<'a>) -> Result<At, DecodeError> {
        let request = header::multipart_request_type(version);
        let kind = self.header.kind;
        if kind == header::VENDOR {
            let vendor = body.u32("vendor")?;
            return Ok(At::Vendor(vendor, body.u32("vendor's message type")?));
        }
        if kind != request && kind != request + 1 {
            return Ok(At::Type(kind));
        }
        let number = body.u16("multipart type")?;
        self.flags = Some(body.u16("multipart flags")?);
        if version > Version::V10 {
            body.skip(4, "multipart padding")?;
        }
        if number != VENDOR_STATS {
            return Ok(if kind == request {
                At::Request(number)
            } else {
                At::Reply(number)
            });
        }
        let vendor = body.u32("vendor")?;
        let subtype = body.u32("vendor's statistics type")?;
        if version == Version::V10 {
            body.skip(4, "padding")?;
        }
        Ok(if kind == request {
            At::VendorRequest(vendor, subtype)
        } else {
            At::VendorReply(vendor, subtype)
        })
    }

    /// The header.
    pub fn header(&self) -> Header {
        self.header
    }

    /// The message as received.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Its type, unless a header is malformed.
    pub fn at(&self) -> Option<At> {
        self.at
    }

    /// The body; `None` if its type is unknown or it is malformed.
    pub fn body(&self) -> Option<&Body<'a>> {
        self.body.as_ref()
    }

    /// The first malformed part; its offset counts from the start of the message.
    pub fn error(&self) -> Option<&DecodeError> {
        self.error.as_ref()
    }

    /// `OFPT_FLOW_MOD`, `OFPST_FLOW reply`; for an unknown type its number.
    fn name(&self) -> String {
        let name = match (self.name, self.at) {
            (Some(name), _) => name.to_owned(),
            (None, Some(At::Vendor(vendor, subtype))) => {
                format!("OFPT_VENDOR {vendor:#010x} {subtype}")
            }
            (None, Some(At::Request(number) | At::Reply(number))) => format!("OFPST_{number}"),
            (None, Some(At::VendorRequest(vendor, subtype) | At::VendorReply(vendor, subtype))) => {
                format!("OFPST_VENDOR {vendor:#010x} {subtype}")
            }
            (None, Some(At::Type(_)) | None) => format!("OFPT_{}", self.header.kind),
        };
        match self.at {
            Some(At::Request(_) | At::VendorRequest(..)) => format!("{name} request"),
            Some(At::Reply(_) | At::VendorReply(..)) => format!("{name} reply"),
            _ => name,
        }
    }

    /// Writes the message as `ovs-ofctl ofp-print` does, with a line feed at its end. An unknown or malformed
    /// body is shown as bytes.
    pub fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        self.header_text(sink);
        self.put_flags(sink.buffer());
        let version = Version::from_wire(self.header.version);
        let cx = TextContext {
            version: version.unwrap_or(Version::V15),
            ..*cx
        };
        if let Some(body) = &self.body {
            body.text(sink, &cx);
        } else {
            sink.put("\n");
            put_hex_dump(sink.buffer(), self.bytes);
        }
        let out = sink.buffer();
        if out.ends_with(' ') {
            out.pop();
        }
        if !out.ends_with('\n') {
            out.push('\n');
        }
    }

    /// Writes the body after the name of the forwarded request: `group_mod`.
    pub(super) fn reason_text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        let name = self.name();
        let (_, word) = name.split_once('_').unwrap_or(("", &name));
        sink.put(&word.to_ascii_lowercase());
        if let Some(body) = &self.body {
            body.text(sink, cx);
        }
    }

    /// Writes name, version and transaction id.
    pub(super) fn header_text<S: Sink>(&self, sink: &mut S) {
        let version = Version::from_wire(self.header.version);
        sink.put(&self.name());
        match version {
            Some(Version::V10) => {}
            Some(version) => write!(sink, " (OF1.{})", version as u8 - 1),
            None => write!(sink, " (OF {:#04x})", self.header.version),
        }
        write!(sink, " (xid={:#x}):", self.header.xid);
    }

    fn put_flags(&self, out: &mut String) {
        const MORE: u16 = 1;
        let Some(mut flags) = self.flags.filter(|flags| *flags != 0) else {
            return;
        };
        let is_request =
            self.name.is_some() && matches!(self.at, Some(At::Request(_) | At::VendorRequest(..)));
        out.push_str(" flags=");
        if flags & MORE != 0 && (!is_request || self.header.version >= Version::V13 as u8) {
            out.push_str("[more]");
            flags &= !MORE;
        }
        if flags != 0 {
            let _ = write!(out, "[***unknown flags 0x{flags:04x}***]");
        }
    }

    /// The message as a JSON object: `version`, `type`, `xid`, `length`, its own members, and, if it is unknown
    /// or malformed, `data` (hex) and `error`.
    pub fn json(&self) -> String {
        let version = Version::from_wire(self.header.version);
        let whole = Whole {
            version: version.map_or_else(
                || format!("{:#04x}", self.header.version),
                |version| version.name().to_owned(),
            ),
            kind: self.name(),
            xid: self.header.xid,
            length: self.header.length,
            more: self.flags.map(|flags| flags & 1 != 0),
            body: self.body.as_ref(),
            data: self.body.is_none().then_some(Bytes(self.bytes)),
            error: self.error.as_ref().map(ToString::to_string),
        };
        // Serialization fails only for maps whose keys are not strings; messages have none.
        let text = serde_json::to_string(&whole).unwrap_or_default();
        if !text.contains(acts_on_a_terminal) {
            return text;
        }
        // These characters occur only inside strings, where an escape is equivalent.
        let mut out = String::with_capacity(text.len() + 16);
        for c in text.chars() {
            if acts_on_a_terminal(c) {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            } else {
                out.push(c);
            }
        }
        out
    }
}

impl Serialize for Decoded<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_json::value::RawValue::from_string(self.json())
            .map_err(serde::ser::Error::custom)?
            .serialize(serializer)
    }
}

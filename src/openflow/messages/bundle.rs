//! Bundles: changes that take effect together (OpenFlow 1.5.1 §7.3.9; the ONF's extension of 1.3); and
//! changes of groups and meters that a switch forwards to the other controllers (§7.4.6).
//!
//! ```text
//! bundle control        bundle_id(4) type(2) flags(2) | properties
//! bundle add message    bundle_id(4) pad(2) flags(2) | message | properties
//! request forward       message
//! ```

use serde::Serialize;

use super::codec::{self, At, DEPTH_LIMIT, Encode, Head, Message, Place, nicira, onf, typed};
use super::decoded::Decoded;
use super::header::{self, HEADER_LEN, Header};
use super::members::{CHex, Flags, Hex, Named, next_property};
use crate::openflow::bytes::{Cursor, DecodeError, DecodeErrorKind};
use crate::openflow::text::{Sink, TextContext};
use crate::openflow::version::Version::{self, V10, V12, V14, V15};

/// `OFPBCT_*`
const TYPES: &[(u32, &str)] = &[
    (0, "OPEN_REQUEST"),
    (1, "OPEN_REPLY"),
    (2, "CLOSE_REQUEST"),
    (3, "CLOSE_REPLY"),
    (4, "COMMIT_REQUEST"),
    (5, "COMMIT_REPLY"),
    (6, "DISCARD_REQUEST"),
    (7, "DISCARD_REPLY"),
];

/// `OFPBCT_*`: a step of a bundle; its reply has the next number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BundleStep {
    /// Opens the bundle.
    Open = 0,
    /// Applies it.
    Commit = 4,
    /// Throws it away.
    Discard = 6,
}

/// `OFPBF_ATOMIC`, all or nothing, and `OFPBF_ORDERED`, in the order of the messages.
const ATOMIC_AND_ORDERED: u16 = 3;

/// A request about the atomic and ordered bundle `bundle_id`; `None` if `version` has no bundles.
pub fn control(version: Version, xid: u32, bundle_id: u32, step: BundleStep) -> Option<Vec<u8>> {
    let control = BundleControl {
        bundle_id: Hex(bundle_id.into()),
        control: Named::new(step as u32, TYPES),
        flags: Flags::new(ATOMIC_AND_ORDERED, FLAGS),
    };
    let place = BundleControl::PLACES
        .iter()
        .find(|place| place.is_in(version))?;
    codec::encode(&control, version, place.at, xid)
}

/// Appends the message that adds `message` to that bundle, with its transaction id. `None` if `version` has no
/// bundles, or it is too long.
pub fn put_add(
    version: Version,
    xid: u32,
    bundle_id: u32,
    message: &[u8],
    out: &mut Vec<u8>,
) -> Option<()> {
    let place = BundleAdd::PLACES
        .iter()
        .find(|place| place.is_in(version))?;
    let head_len = match place.at {
        At::Vendor(..) => HEADER_LEN + 16,
        _ => HEADER_LEN + 8,
    };
    let length = u16::try_from(head_len + message.len()).ok()?;
    let kind = match place.at {
        At::Type(kind) => kind,
        _ => header::VENDOR,
    };
    out.extend([version as u8, kind]);
    out.extend(length.to_be_bytes());
    out.extend(xid.to_be_bytes());
    if let At::Vendor(vendor, subtype) = place.at {
        out.extend(vendor.to_be_bytes());
        out.extend(subtype.to_be_bytes());
    }
    put_add_body(bundle_id, ATOMIC_AND_ORDERED, message, out);
    Some(())
}

fn put_add_body(bundle_id: u32, flags: u16, message: &[u8], out: &mut Vec<u8>) {
    out.extend(bundle_id.to_be_bytes());
    out.extend([0; 2]);
    out.extend(flags.to_be_bytes());
    out.extend_from_slice(message);
}

/// Whether `message` is the reply to a request of [`control`].
///
/// # Errors
///
/// It is too short.
pub fn is_reply(version: Version, message: &[u8], step: BundleStep) -> Result<bool, DecodeError> {
    let mut body = Cursor::new(message, 0);
    let header = Header::decode(message)?;
    body.skip(HEADER_LEN, "header")?;
    let place = BundleControl::PLACES
        .iter()
        .find(|place| place.is_in(version));
    let is_control = match place.map(|place| place.at) {
        Some(At::Type(kind)) => header.kind == kind,
        Some(At::Vendor(vendor, subtype)) => {
            header.kind == header::VENDOR
                && (body.u32("experimenter")?, body.u32("type")?) == (vendor, subtype)
        }
        _ => false,
    };
    if !is_control {
        return Ok(false);
    }
    body.skip(4, "bundle_id")?;
    Ok(body.u16("bundle control type")? == step as u16 + 1)
}

/// `OFPBF_*`
const FLAGS: &[(u32, &str)] = &[(1, "atomic"), (2, "ordered")];

/// `OFPT_BUNDLE_CONTROL`
#[derive(Debug, Clone, Copy, Serialize)]
pub struct BundleControl {
    /// The bundle's id.
    pub bundle_id: Hex,
    /// `OFPBCT_*`
    pub control: Named,
    /// `OFPBF_*`
    pub flags: Flags,
}

fn flags(body: &mut Cursor<'_>) -> Result<Flags, DecodeError> {
    Ok(Flags::new(body.u16("flags")?, FLAGS))
}

impl<'a> Message<'a> for BundleControl {
    const PLACES: &'static [Place] = &[
        typed("OFPT_BUNDLE_CONTROL", 33, V14, V15),
        onf("ONFT_BUNDLE_CONTROL", 2300),
    ];

    fn decode(body: &mut Cursor<'a>, _: &Head<'a>) -> Result<BundleControl, DecodeError> {
        let control = BundleControl {
            bundle_id: Hex(body.u32("bundle_id")?.into()),
            control: Named::new(body.u16("bundle control type")?, TYPES),
            flags: flags(body)?,
        };
        while !body.is_empty() {
            next_property(body)?;
        }
        Ok(control)
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        write!(
            sink,
            "\n bundle_id={} type={} flags=",
            CHex(self.bundle_id.0),
            self.control.name().unwrap_or_default()
        );
        self.flags.text(sink, " ");
    }
}

impl Encode for BundleControl {
    fn encode_body(&self, _: Version, _: At, out: &mut Vec<u8>) -> Option<()> {
        out.extend(u32::try_from(self.bundle_id.0).ok()?.to_be_bytes());
        out.extend(u16::try_from(self.control.number).ok()?.to_be_bytes());
        out.extend(u16::try_from(self.flags.bits).ok()?.to_be_bytes());
        Some(())
    }
}

/// The nested message; offsets in its errors count from the start of the outer one.
fn inner<'a>(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<Box<Decoded<'a>>, DecodeError> {
    let start = *body;
    if head.depth >= DEPTH_LIMIT {
        return Err(start.error(
            "nested message",
            DecodeErrorKind::BadLength(head.depth.into()),
        ));
    }
    let moved = |error: DecodeError| DecodeError {
        at: error.at.saturating_add(start.at()),
        ..error
    };
    let length = usize::from(Header::decode(body.rest()).map_err(moved)?.length);
    let bytes = body.take(length.min(body.remaining()), "message")?;
    let message = Decoded::nested(bytes, head.depth + 1).map_err(moved)?;
    if let Some(error) = message.error() {
        head.note(moved(error.clone()));
    }
    Ok(Box::new(message))
}

/// `OFPT_BUNDLE_ADD_MESSAGE`
#[derive(Debug, Clone, Serialize)]
pub struct BundleAdd<'a> {
    /// The bundle's id.
    pub bundle_id: Hex,
    /// `OFPBF_*`
    pub flags: Flags,
    /// The message added to the bundle.
    pub message: Box<Decoded<'a>>,
}

impl<'a> Message<'a> for BundleAdd<'a> {
    const PLACES: &'static [Place] = &[
        typed("OFPT_BUNDLE_ADD_MESSAGE", 34, V14, V15),
        onf("ONFT_BUNDLE_ADD_MESSAGE", 2301),
    ];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<BundleAdd<'a>, DecodeError> {
        let bundle_id = Hex(body.u32("bundle_id")?.into());
        body.skip(2, "padding")?;
        let flags = flags(body)?;
        let message = inner(body, head)?;
        // Properties, of which none is known.
        body.skip(body.remaining(), "properties")?;
        Ok(BundleAdd {
            bundle_id,
            flags,
            message,
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        write!(sink, "\n bundle_id={} flags=", CHex(self.bundle_id.0));
        self.flags.text(sink, " ");
        sink.put("\n");
        self.message.text(sink, cx);
    }
}

impl Encode for BundleAdd<'_> {
    fn encode_body(&self, _: Version, _: At, out: &mut Vec<u8>) -> Option<()> {
        let bundle_id = u32::try_from(self.bundle_id.0).ok()?;
        let flags = u16::try_from(self.flags.bits).ok()?;
        put_add_body(bundle_id, flags, self.message.bytes(), out);
        Some(())
    }
}

/// `OFPT_REQUESTFORWARD`
#[derive(Debug, Clone, Serialize)]
pub struct RequestForward<'a> {
    /// The request of the other controller.
    pub message: Box<Decoded<'a>>,
}

impl<'a> Message<'a> for RequestForward<'a> {
    const PLACES: &'static [Place] = &[
        typed("OFPT_REQUESTFORWARD", 32, V14, V15),
        onf("ONFT_REQUESTFORWARD", 2350),
        nicira("NXT_REQUESTFORWARD", 132, V10, V12),
    ];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<RequestForward<'a>, DecodeError> {
        let message = inner(body, head)?;
        body.skip(body.remaining(), "padding")?;
        Ok(RequestForward { message })
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        sink.put(" reason=");
        self.message.reason_text(sink, cx);
    }
}

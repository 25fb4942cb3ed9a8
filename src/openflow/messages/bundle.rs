//! Bundles: changes that take effect together (OpenFlow 1.5.1 §7.3.9; the ONF's extension of 1.3); and
//! changes of groups and meters that a switch forwards to the other controllers (§7.4.6).
//!
//! ```text
//! bundle control        bundle_id(4) type(2) flags(2) | properties
//! bundle add message    bundle_id(4) pad(2) flags(2) | message | properties
//! request forward       message
//! ```

use serde::Serialize;

use super::codec::{At, DEPTH_LIMIT, Encode, Head, Message, Place, nicira, onf, typed};
use super::decoded::Decoded;
use super::header::Header;
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
        out.extend(u32::try_from(self.bundle_id.0).ok()?.to_be_bytes());
        out.extend([0; 2]);
        out.extend(u16::try_from(self.flags.bits).ok()?.to_be_bytes());
        out.extend(self.message.bytes());
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

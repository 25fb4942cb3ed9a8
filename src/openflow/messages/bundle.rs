//! Bundles: changes that take effect together (OpenFlow 1.5.1 §7.3.9; the ONF's extension of 1.3); and
//! changes of groups and meters that a switch passes on to the other controllers (§7.4.6).
//!
//! ```text
//! bundle control        bundle_id(4) type(2) flags(2) | properties
//! bundle add message    bundle_id(4) pad(2) flags(2) | message | properties
//! request forward       message
//! ```

use std::fmt::Write as _;

use serde::Serialize;

use super::codec::{At, DEPTH_LIMIT, Head, Message, NICIRA, ONF, Place, place};
use super::decoded::Decoded;
use super::header::Header;
use super::members::{Flags, Hex, Named, next_property};
use crate::openflow::bytes::{Cursor, DecodeError, DecodeErrorKind};
use crate::openflow::text::{Sink, TextContext};
use crate::openflow::version::Version::{V10, V12, V13, V14, V15};

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
    /// The bundle.
    pub bundle_id: Hex,
    /// `OFPBCT_*`
    pub control: Named,
    /// `OFPBF_*`
    pub flags: Flags,
}

fn flags(body: &mut Cursor<'_>) -> Result<Flags, DecodeError> {
    Ok(Flags {
        bits: body.u16("flags")?.into(),
        names: FLAGS,
    })
}

impl<'a> Message<'a> for BundleControl {
    const PLACES: &'static [Place] = &[
        place("OFPT_BUNDLE_CONTROL", At::Type(33), V14, V15),
        place("ONFT_BUNDLE_CONTROL", At::Vendor(ONF, 2300), V13, V13),
    ];

    fn decode(body: &mut Cursor<'a>, _: &Head<'a>) -> Result<BundleControl, DecodeError> {
        let control = BundleControl {
            bundle_id: Hex(body.u32("bundle_id")?.into()),
            control: Named {
                number: body.u16("bundle control type")?.into(),
                names: TYPES,
            },
            flags: flags(body)?,
        };
        while !body.is_empty() {
            next_property(body)?;
        }
        Ok(control)
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        let _ = write!(
            sink.buffer(),
            "\n bundle_id={} type={} flags=",
            Hash(self.bundle_id.0),
            self.control.name().unwrap_or_default()
        );
        self.flags.text(sink, " ");
    }
}

/// A number as C's `%#x` writes it: zero has no prefix.
struct Hash(u64);

impl std::fmt::Display for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            0 => f.write_str("0"),
            number => write!(f, "{number:#x}"),
        }
    }
}

/// The message inside of another; its errors count from the start of the outer one.
fn inner<'a>(
    body: &mut Cursor<'a>,
    head: &Head<'a>,
) -> Result<(Box<Decoded<'a>>, Option<DecodeError>), DecodeError> {
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
    let trouble = message.trouble().cloned().map(moved);
    Ok((Box::new(message), trouble))
}

/// `OFPT_BUNDLE_ADD_MESSAGE`
#[derive(Debug, Clone, Serialize)]
pub struct BundleAdd<'a> {
    /// The bundle.
    pub bundle_id: Hex,
    /// `OFPBF_*`
    pub flags: Flags,
    /// What the bundle gets.
    pub message: Box<Decoded<'a>>,
    #[serde(skip)]
    trouble: Option<DecodeError>,
}

impl<'a> Message<'a> for BundleAdd<'a> {
    const PLACES: &'static [Place] = &[
        place("OFPT_BUNDLE_ADD_MESSAGE", At::Type(34), V14, V15),
        place("ONFT_BUNDLE_ADD_MESSAGE", At::Vendor(ONF, 2301), V13, V13),
    ];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<BundleAdd<'a>, DecodeError> {
        let bundle_id = Hex(body.u32("bundle_id")?.into());
        body.skip(2, "padding")?;
        let flags = flags(body)?;
        let (message, trouble) = inner(body, head)?;
        // Properties, of which none is known.
        body.skip(body.remaining(), "properties")?;
        Ok(BundleAdd {
            bundle_id,
            flags,
            message,
            trouble,
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        let _ = write!(
            sink.buffer(),
            "\n bundle_id={} flags=",
            Hash(self.bundle_id.0)
        );
        self.flags.text(sink, " ");
        sink.put("\n");
        self.message.text(sink, cx);
    }

    fn trouble(&self) -> Option<DecodeError> {
        self.trouble.clone()
    }
}

/// `OFPT_REQUESTFORWARD`
#[derive(Debug, Clone, Serialize)]
pub struct RequestForward<'a> {
    /// What another controller asked for.
    pub message: Box<Decoded<'a>>,
    #[serde(skip)]
    trouble: Option<DecodeError>,
}

impl<'a> Message<'a> for RequestForward<'a> {
    const PLACES: &'static [Place] = &[
        place("OFPT_REQUESTFORWARD", At::Type(32), V14, V15),
        place("ONFT_REQUESTFORWARD", At::Vendor(ONF, 2350), V13, V13),
        place("NXT_REQUESTFORWARD", At::Vendor(NICIRA, 132), V10, V12),
    ];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<RequestForward<'a>, DecodeError> {
        let (message, trouble) = inner(body, head)?;
        body.skip(body.remaining(), "padding")?;
        Ok(RequestForward { message, trouble })
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        sink.put(" reason=");
        self.message.reason_text(sink, cx);
    }

    fn trouble(&self) -> Option<DecodeError> {
        self.trouble.clone()
    }
}

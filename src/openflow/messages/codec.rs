//! The traits of messages: their numbers on the wire, decoding, encoding and text.

use std::cell::RefCell;

use serde::Serialize;

use super::header;
use super::multipart;
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::text::{Sink, TextContext};
use crate::openflow::version::Version;

/// Nicira's id as a vendor.
pub const NICIRA: u32 = 0x0000_2320;
/// The ONF's id as an experimenter.
pub const ONF: u32 = 0x4f4e_4600;

/// Maximum depth of messages nested in messages.
pub(super) const DEPTH_LIMIT: u8 = 8;

/// The type of a message, from its header and the headers that follow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// `OFPT_*`
    Type(u8),
    /// A message of a vendor or experimenter.
    Vendor(u32, u32),
    /// `OFPST_*`, request.
    Request(u16),
    /// `OFPST_*`, reply.
    Reply(u16),
    /// Statistics of a vendor or experimenter, request.
    VendorRequest(u32, u32),
    /// Statistics of a vendor or experimenter, reply.
    VendorReply(u32, u32),
}

/// One encoding of a message: its numbers, and the versions that have it.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// The name that ovs-ofctl prints, without ` request` and ` reply`.
    pub name: &'static str,
    /// Its numbers.
    pub at: At,
    /// The first version with these numbers.
    pub since: Version,
    /// The last version with these numbers.
    pub until: Version,
}

impl Place {
    /// Whether `version` has the message with these numbers.
    pub fn is_in(&self, version: Version) -> bool {
        (self.since..=self.until).contains(&version)
    }
}

/// A row of [`Message::PLACES`].
pub const fn place(name: &'static str, at: At, since: Version, until: Version) -> Place {
    Place {
        name,
        at,
        since,
        until,
    }
}

/// A row for `OFPT_*`.
pub const fn typed(name: &'static str, number: u8, since: Version, until: Version) -> Place {
    place(name, At::Type(number), since, until)
}

/// A row for a request of `OFPST_*`.
pub const fn request(name: &'static str, number: u16, since: Version, until: Version) -> Place {
    place(name, At::Request(number), since, until)
}

/// A row for a reply of `OFPST_*`.
pub const fn reply(name: &'static str, number: u16, since: Version, until: Version) -> Place {
    place(name, At::Reply(number), since, until)
}

/// A row for `NXT_*`.
pub const fn nicira(name: &'static str, number: u32, since: Version, until: Version) -> Place {
    place(name, At::Vendor(NICIRA, number), since, until)
}

/// A row for a request of `NXST_*`; the statistics have it in OpenFlow 1.0 to `until`.
pub const fn nicira_request(name: &'static str, number: u32, until: Version) -> Place {
    place(name, At::VendorRequest(NICIRA, number), Version::V10, until)
}

/// A row for a reply of `NXST_*`; the statistics have it in OpenFlow 1.0 to `until`.
pub const fn nicira_reply(name: &'static str, number: u32, until: Version) -> Place {
    place(name, At::VendorReply(NICIRA, number), Version::V10, until)
}

/// A row for `ONFT_*`, the extensions of 1.3.
pub const fn onf(name: &'static str, number: u32) -> Place {
    place(name, At::Vendor(ONF, number), Version::V13, Version::V13)
}

/// The header, as far as decoding and printing the body need it.
#[derive(Debug)]
pub struct Head<'a> {
    /// The version of the message.
    pub version: Version,
    /// The type, from the headers.
    pub at: At,
    /// The name for that type.
    pub name: &'static str,
    /// Nesting depth of this message; 0 if it is in no other.
    pub depth: u8,
    /// The whole message.
    pub message: &'a [u8],
    /// The first malformed part that did not prevent decoding the rest.
    pub(super) first_error: RefCell<Option<DecodeError>>,
}

impl Head<'_> {
    /// Records an error, unless one is recorded already. The parts before it are still shown.
    pub fn note(&self, error: DecodeError) {
        self.first_error.borrow_mut().get_or_insert(error);
    }

    /// Reads entries to the end of the bytes. The error of a malformed entry is recorded and ends the list.
    pub fn list<'a, T>(
        &self,
        body: &mut Cursor<'a>,
        mut entry: impl FnMut(&mut Cursor<'a>) -> Result<T, DecodeError>,
    ) -> Vec<T> {
        let mut entries = Vec::new();
        while !body.is_empty() {
            let before = body.remaining();
            match entry(body) {
                Ok(entry) if body.remaining() < before => entries.push(entry),
                Ok(_) => break,
                Err(error) => {
                    self.note(error);
                    *body = Cursor::new(&[], body.at());
                }
            }
        }
        entries
    }
}

/// One message, or a family of messages that differ in their numbers.
///
/// Serialization gives the message's own members of its JSON object.
pub trait Message<'a>: Sized + Serialize {
    /// Its numbers on the wire.
    const PLACES: &'static [Place];

    /// Reads the body; the cursor counts from the start of the message. Bytes left over are an error, which the
    /// caller reports.
    ///
    /// # Errors
    ///
    /// The body is malformed and no part of it can be shown. Errors in a part of it are recorded in the head instead.
    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<Self, DecodeError>;

    /// Writes the text of `ovs-ofctl ofp-print` after the header.
    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>);
}

/// A message that can be encoded.
pub trait Encode {
    /// Appends the body in the layout of `version` and `at`; `None` if it is not representable there.
    fn encode_body(&self, version: Version, at: At, out: &mut Vec<u8>) -> Option<()>;
}

/// A whole message. `None` if `version` does not have it at `at`, cannot carry it, or it is too long.
pub fn encode<'a, M: Message<'a> + Encode>(
    message: &M,
    version: Version,
    at: At,
    xid: u32,
) -> Option<Vec<u8>> {
    let is_there = |place: &Place| place.at == at && place.is_in(version);
    if !M::PLACES.iter().any(is_there) {
        return None;
    }
    let mut body = Vec::new();
    message.encode_body(version, at, &mut body)?;
    match at {
        At::Type(kind) => header::message(version, kind, xid, |out| out.extend(body)),
        At::Vendor(vendor, subtype) => header::message(version, header::VENDOR, xid, |out| {
            out.extend(vendor.to_be_bytes());
            out.extend(subtype.to_be_bytes());
            out.extend(body);
        }),
        At::Request(kind) => multipart::request(version, kind, xid, |out| out.extend(body)),
        At::VendorRequest(vendor, subtype) => {
            multipart::vendor_request(version, vendor, subtype, xid, |out| out.extend(body))
        }
        At::Reply(_) | At::VendorReply(..) => None,
    }
}

/// A whole message at the numbers that `version` has for it; `None` as [`encode`].
pub fn encode_in<'a, M: Message<'a> + Encode>(
    message: &M,
    version: Version,
    xid: u32,
) -> Option<Vec<u8>> {
    let place = M::PLACES.iter().find(|place| place.is_in(version))?;
    encode(message, version, place.at, xid)
}

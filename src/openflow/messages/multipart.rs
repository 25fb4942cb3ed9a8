//! Multipart messages, called statistics in OpenFlow 1.0 (OpenFlow 1.5.1 §7.3.5).
//!
//! ```text
//! 1.0: header | type(2) flags(2) | body        1.1+: header | type(2) flags(2) pad(4) | body
//! ```

use super::header::{self, HEADER_LEN, Header};
use crate::openflow::bytes::{Cursor, DecodeError, DecodeErrorKind};
use crate::openflow::version::Version;

/// `OFPMP_FLOW` (`OFPMP_FLOW_DESC` in 1.5)
pub const FLOW: u16 = 1;
/// `OFPMP_AGGREGATE_STATS`
pub const AGGREGATE: u16 = 2;
/// `OFPMP_TABLE_STATS`
pub const TABLE_STATS: u16 = 3;
/// `OFPMP_PORT_STATS`
pub const PORT_STATS: u16 = 4;
/// `OFPMP_GROUP_STATS`
pub const GROUP_STATS: u16 = 6;
/// `OFPMP_GROUP_DESC`
pub const GROUP_DESC: u16 = 7;
/// `OFPMP_METER_STATS`
pub const METER_STATS: u16 = 9;
/// `OFPMP_METER_CONFIG` (`OFPMP_METER_DESC` in 1.5)
pub const METER_CONFIG: u16 = 10;
/// `OFPMP_TABLE_FEATURES`
pub const TABLE_FEATURES: u16 = 12;
/// `OFPMP_TABLE_DESC`
pub const TABLE_DESC: u16 = 14;
/// `OFPMP_PORT_DESC`; Open vSwitch answers it in every version
pub const PORT_DESC: u16 = 13;
/// `OFPST_VENDOR` of OpenFlow 1.0
pub const VENDOR: u16 = 0xffff;
/// The Nicira extension's vendor id
const NICIRA: u32 = 0x0000_2320;
/// `OFPMPF_REPLY_MORE`
const REPLY_MORE: u16 = 1;

/// Size of what precedes the body of a multipart message, with the header of all messages, in bytes.
pub fn header_len(version: Version) -> usize {
    HEADER_LEN + if version == Version::V10 { 4 } else { 8 }
}

/// A multipart request: `kind`, no flags, then what `body` appends. `None` if it is too long to send.
pub fn request(
    version: Version,
    kind: u16,
    xid: u32,
    body: impl FnOnce(&mut Vec<u8>),
) -> Option<Vec<u8>> {
    request_part(version, kind, xid, false, body)
}

/// A part of a multipart request, as [`request`]; `more`: another follows (`OFPMPF_REQ_MORE`).
pub fn request_part(
    version: Version,
    kind: u16,
    xid: u32,
    more: bool,
    body: impl FnOnce(&mut Vec<u8>),
) -> Option<Vec<u8>> {
    let request_type = header::multipart_request_type(version);
    header::message(version, request_type, xid, |out| {
        out.extend(kind.to_be_bytes());
        out.extend(u16::from(more).to_be_bytes());
        if version > Version::V10 {
            out.extend([0; 4]);
        }
        body(out);
    })
}

/// A request of the Nicira extension of OpenFlow 1.0, `NXST_*`.
pub fn nicira_request(subtype: u32, xid: u32, body: impl FnOnce(&mut Vec<u8>)) -> Option<Vec<u8>> {
    vendor_request(Version::V10, NICIRA, subtype, xid, body)
}

/// A request of a vendor or experimenter, whose headers end with padding in OpenFlow 1.0.
pub(super) fn vendor_request(
    version: Version,
    vendor: u32,
    subtype: u32,
    xid: u32,
    body: impl FnOnce(&mut Vec<u8>),
) -> Option<Vec<u8>> {
    request(version, VENDOR, xid, |out| {
        out.extend(vendor.to_be_bytes());
        out.extend(subtype.to_be_bytes());
        if version == Version::V10 {
            out.extend([0; 4]);
        }
        body(out);
    })
}

/// A whole reply: the messages that carry these entries, as many in each as fit. In OpenFlow 1.0 it is of the Nicira
/// extension's `nicira`, if that is given. An entry has less than 65,500 bytes.
pub fn reply<'e>(
    version: Version,
    kind: u16,
    nicira: Option<u32>,
    entries: impl IntoIterator<Item = &'e [u8]>,
) -> Vec<Vec<u8>> {
    let mut head = vec![version as u8, header::multipart_request_type(version) + 1];
    head.extend([0; 6]);
    if let Some(subtype) = nicira.filter(|_| version == Version::V10) {
        head.extend(VENDOR.to_be_bytes());
        head.extend([0; 2]);
        head.extend(NICIRA.to_be_bytes());
        head.extend(subtype.to_be_bytes());
        head.extend([0; 4]);
    } else {
        head.extend(kind.to_be_bytes());
        head.extend([0; 2]);
        if version > Version::V10 {
            head.extend([0; 4]);
        }
    }
    let mut messages = Vec::new();
    let mut open = head.clone();
    for entry in entries {
        if open.len() + entry.len() > usize::from(u16::MAX) {
            messages.push(std::mem::replace(&mut open, head.clone()));
        }
        open.extend(entry);
    }
    messages.push(open);
    let last = messages.len() - 1;
    for (index, message) in messages.iter_mut().enumerate() {
        let length = u16::try_from(message.len()).unwrap_or(u16::MAX);
        let flags = if index < last { REPLY_MORE } else { 0 };
        for (at, number) in [(2, length), (HEADER_LEN + 2, flags)] {
            if let Some(field) = message.get_mut(at..at + 2) {
                field.copy_from_slice(&number.to_be_bytes());
            }
        }
    }
    messages
}

/// One part of a reply.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// `OFPMP_*`
    pub kind: u16,
    /// Whether another part follows.
    pub more: bool,
    /// The body; its cursor counts from the start of the message.
    pub body: Cursor<'a>,
}

/// The headers of a part, and the offset of its body in the message.
#[derive(Debug, Clone, Copy)]
pub struct PartHeader {
    /// `OFPMP_*`
    pub kind: u16,
    /// Whether another part follows.
    pub more: bool,
    /// Offset of the body from the start of the message, in bytes.
    pub at: usize,
}

impl PartHeader {
    /// The header of this part.
    pub fn of(part: Part<'_>) -> PartHeader {
        PartHeader {
            kind: part.kind,
            more: part.more,
            at: part.body.at(),
        }
    }

    /// The part with this header and the bytes of its body.
    pub fn part(self, body: &[u8]) -> Part<'_> {
        Part {
            kind: self.kind,
            more: self.more,
            body: Cursor::new(body, self.at),
        }
    }
}

impl<'a> Part<'a> {
    /// The body, if the part is of type `kind`.
    ///
    /// # Errors
    ///
    /// The part is of another type.
    pub fn only(&self, kind: u16) -> Result<Cursor<'a>, DecodeError> {
        if self.kind == kind {
            return Ok(self.body);
        }
        let kind = DecodeErrorKind::BadValue(self.kind.into());
        Err(self.body.error("multipart type", kind))
    }

    /// The body, if the part is of type `kind`, or in OpenFlow 1.0 of the Nicira extension's `nicira`.
    ///
    /// # Errors
    ///
    /// The part is of another type, or ends early.
    pub fn expect(
        &self,
        version: Version,
        kind: u16,
        nicira: u32,
    ) -> Result<Cursor<'a>, DecodeError> {
        let mut body = self.body;
        if version == Version::V10 && self.kind == VENDOR {
            let vendor = body.u32("vendor")?;
            let subtype = body.u32("vendor's statistics type")?;
            body.skip(4, "padding")?;
            if (vendor, subtype) == (NICIRA, nicira) {
                return Ok(body);
            }
        }
        self.only(kind)
    }
}

/// Reads a multipart reply. `None` if the message is of another type.
///
/// # Errors
///
/// The message ends early, or the length in its header is wrong.
pub fn decode(version: Version, message: &[u8]) -> Result<Option<Part<'_>>, DecodeError> {
    let header = Header::decode(message)?;
    if header.kind != header::multipart_request_type(version) + 1 {
        return Ok(None);
    }
    let mut body = Cursor::new(message, 0);
    body.skip(HEADER_LEN, "header")?;
    let kind = body.u16("multipart type")?;
    let flags = body.u16("multipart flags")?;
    if version > Version::V10 {
        body.skip(4, "multipart padding")?;
    }
    Ok(Some(Part {
        kind,
        more: flags & REPLY_MORE != 0,
        body,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_of_two_layouts() {
        assert_eq!(
            request(Version::V10, FLOW, 1, |_| ()).unwrap(),
            [1, 16, 0, 12, 0, 0, 0, 1, 0, 1, 0, 0]
        );
        assert_eq!(
            request(Version::V15, PORT_DESC, 1, |_| ()).unwrap(),
            [6, 18, 0, 16, 0, 0, 0, 1, 0, 13, 0, 0, 0, 0, 0, 0]
        );
    }

    #[test]
    fn a_reply_in_several_messages() {
        let entry = vec![7; 30_000];
        let messages = reply(Version::V13, PORT_STATS, None, [&entry[..]; 3]);
        let lengths: Vec<usize> = messages.iter().map(Vec::len).collect();
        assert_eq!(lengths, [60_016, 30_016]);
        let more = messages.iter().map(|message| {
            let part = decode(Version::V13, message).unwrap().unwrap();
            part.only(PORT_STATS).unwrap();
            part.more
        });
        assert_eq!(more.collect::<Vec<_>>(), [true, false]);
        let none = reply(Version::V10, FLOW, Some(0), []);
        let vendor = [
            1, 17, 0, 24, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0, 0x23, 0x20, 0, 0, 0, 0, 0, 0, 0, 0,
        ];
        assert_eq!(none, [vendor]);
    }

    #[test]
    fn reply_of_another_type() {
        let echo = [6, 3, 0, 8, 0, 0, 0, 1];
        assert!(decode(Version::V15, &echo).unwrap().is_none());
        let cut = [6, 19, 0, 10, 0, 0, 0, 1, 0, 13];
        assert_eq!(decode(Version::V15, &cut).unwrap_err().at, 10);
    }
}

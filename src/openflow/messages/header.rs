//! The header that begins every message (OpenFlow 1.5.1 §7.1).
//!
//! ```text
//!  0        1        2        3
//! +--------+--------+--------+--------+
//! |version |  type  |     length      |
//! +--------+--------+--------+--------+
//! |                xid                |
//! +--------+--------+--------+--------+
//! ```

use crate::openflow::bytes::{Cursor, DecodeError, DecodeErrorKind};
use crate::openflow::version::Version;

/// Size of the header, in bytes.
pub const HEADER_LEN: usize = 8;

/// `OFPT_HELLO`
pub const HELLO: u8 = 0;
/// `OFPT_ERROR`
pub const ERROR: u8 = 1;
/// `OFPT_ECHO_REQUEST`
pub const ECHO_REQUEST: u8 = 2;
/// `OFPT_ECHO_REPLY`
pub const ECHO_REPLY: u8 = 3;
/// `OFPT_VENDOR`, `OFPT_EXPERIMENTER`
pub const VENDOR: u8 = 4;
/// `OFPT_FEATURES_REQUEST`
pub const FEATURES_REQUEST: u8 = 5;
/// `OFPT_FEATURES_REPLY`
pub const FEATURES_REPLY: u8 = 6;

/// The number of `OFPT_MULTIPART_REQUEST` (`OFPT_STATS_REQUEST` in 1.0); the reply's is one more.
pub fn multipart_request_type(version: Version) -> u8 {
    if version == Version::V10 { 16 } else { 18 }
}

/// The number of `OFPT_BARRIER_REQUEST`; the reply's is one more.
pub fn barrier_request_type(version: Version) -> u8 {
    if version == Version::V10 { 18 } else { 20 }
}

/// The first eight bytes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The version byte as received; a hello may have an unknown version.
    pub version: u8,
    /// `OFPT_*`; the numbers from 10 on differ between versions.
    pub kind: u8,
    /// Length of the whole message, this header included, in bytes; at least [`HEADER_LEN`].
    pub length: u16,
    /// Transaction id: a reply has that of its request.
    pub xid: u32,
}

impl Header {
    /// Reads a header and checks that its length covers at least itself.
    ///
    /// # Errors
    ///
    /// There are fewer than eight bytes, or the length is less than eight.
    pub fn decode(bytes: &[u8]) -> Result<Header, DecodeError> {
        let mut cursor = Cursor::new(bytes, 0);
        let version = cursor.u8("version")?;
        let kind = cursor.u8("type")?;
        let length = cursor.u16("length")?;
        let xid = cursor.u32("xid")?;
        if usize::from(length) < HEADER_LEN {
            return Err(DecodeError {
                at: 2,
                what: "length",
                kind: DecodeErrorKind::BadLength(length.into()),
            });
        }
        Ok(Header {
            version,
            kind,
            length,
            xid,
        })
    }
}

/// Builds a message: the header, then what `body` appends. `None` if it is longer than 65,535 bytes.
pub fn message(
    version: Version,
    kind: u8,
    xid: u32,
    body: impl FnOnce(&mut Vec<u8>),
) -> Option<Vec<u8>> {
    let mut out = vec![version as u8, kind, 0, 0];
    out.extend(xid.to_be_bytes());
    body(&mut out);
    let length = u16::try_from(out.len()).ok()?;
    if let Some(field) = out.get_mut(2..4) {
        field.copy_from_slice(&length.to_be_bytes());
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_and_read() {
        let bytes = message(Version::V13, ECHO_REQUEST, 0x0102_0304, |out| {
            out.extend(b"hi");
        })
        .unwrap();
        assert_eq!(bytes, [4, 2, 0, 10, 1, 2, 3, 4, b'h', b'i']);
        assert_eq!(
            Header::decode(&bytes),
            Ok(Header {
                version: 4,
                kind: ECHO_REQUEST,
                length: 10,
                xid: 0x0102_0304
            })
        );
        assert!(message(Version::V13, 2, 0, |out| out.resize(70_000, 0)).is_none());
    }

    #[test]
    fn a_length_below_the_header_is_refused() {
        let error = Header::decode(&[4, 2, 0, 7, 0, 0, 0, 0]).unwrap_err();
        assert_eq!(error.to_string(), "length at byte 2: impossible length 7");
    }
}

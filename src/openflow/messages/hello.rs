//! Version negotiation (OpenFlow 1.5.1 §6.3.1 and §7.5.1).
//!
//! ```text
//! header(8) | elements: type(2) length(2) body, padded to 8
//! ```

use serde::{Serialize, Serializer};

use super::codec::{Head, Message, Place, typed};
use super::header::{self, HEADER_LEN, Header};
use super::members::put_hex_dump;
use crate::openflow::bytes::{Cursor, DecodeError, DecodeErrorKind};
use crate::openflow::text::{Sink, TextContext};
use crate::openflow::version::{Version, Versions};

/// `OFPHET_VERSIONBITMAP`
const VERSION_BITMAP: u16 = 1;

/// A hello that offers exactly `offer`: the highest as the header's version, all in the bitmap.
/// `None` if the set is empty.
pub fn encode(offer: Versions, xid: u32) -> Option<Vec<u8>> {
    header::message(offer.highest()?, header::HELLO, xid, |out| {
        out.extend(VERSION_BITMAP.to_be_bytes());
        out.extend(8u16.to_be_bytes());
        out.extend(offer.bitmap().to_be_bytes());
    })
}

/// The versions that the sender of a hello supports: its bitmap, or without one every version up to the
/// header's.
///
/// # Errors
///
/// The message ends early, or the length in its header is wrong.
pub fn decode(message: &[u8]) -> Result<Versions, DecodeError> {
    let header = Header::decode(message)?;
    let mut cursor = Cursor::new(message, 0);
    cursor.skip(HEADER_LEN, "header")?;
    while cursor.remaining() >= 4 {
        let kind = cursor.u16("hello element type")?;
        let length = usize::from(cursor.u16("hello element length")?);
        let body = length.saturating_sub(4);
        if kind == VERSION_BITMAP && body >= 4 {
            return Ok(Versions::from_bitmap(cursor.u32("version bitmap")?));
        }
        let padded = length.next_multiple_of(8).saturating_sub(4);
        cursor.skip(padded.min(cursor.remaining()), "hello element")?;
    }
    Ok(Version::ALL
        .into_iter()
        .filter(|version| *version as u8 <= header.version)
        .collect())
}

/// `OFPT_HELLO`, as it is shown.
#[derive(Debug, Clone, Serialize)]
pub struct Hello<'a> {
    /// The versions offered, bit N for wire number N; some may be unknown to this crate.
    #[serde(serialize_with = "version_names")]
    pub versions: u32,
    /// The message, if part of it is unknown.
    #[serde(skip)]
    pub unknown: Option<&'a [u8]>,
}

impl<'a> Message<'a> for Hello<'a> {
    const PLACES: &'static [Place] = &[typed(
        "OFPT_HELLO",
        header::HELLO,
        Version::V10,
        Version::V15,
    )];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<Hello<'a>, DecodeError> {
        let highest = head.message.first().copied().unwrap_or_default();
        let up_to = 1u32.checked_shl(highest.into()).unwrap_or(0);
        let mut versions = up_to.wrapping_sub(1) << 1;
        let mut understood = true;
        while !body.is_empty() {
            match next_bitmap(body) {
                Ok(0) => understood = false,
                Ok(bitmap) => versions = bitmap,
                Err(error) => {
                    head.note(error);
                    understood = false;
                    body.skip(body.remaining(), "hello element")?;
                }
            }
        }
        Ok(Hello {
            versions,
            unknown: (!understood).then_some(head.message),
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        sink.put("\n version bitmap: ");
        for (index, number) in numbers(self.versions).enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(sink, "{comma}0x{number:02x}");
        }
        if let Some(message) = self.unknown {
            sink.put("\n unknown data in hello:\n");
            put_hex_dump(sink.buffer(), message);
        }
    }
}

/// Reads an element; 0 if it is no bitmap that says something.
fn next_bitmap(body: &mut Cursor<'_>) -> Result<u32, DecodeError> {
    let start = *body;
    let kind = body.u16("hello element type")?;
    let length = usize::from(body.u16("hello element length")?);
    let inside = length
        .checked_sub(4)
        .ok_or_else(|| start.error("hello element length", DecodeErrorKind::BadLength(length)))?;
    let mut element = body.sub(inside, "hello element")?;
    let padding = length.next_multiple_of(8) - length;
    body.skip(padding, "hello element padding")?;
    let is_bitmap = kind == VERSION_BITMAP && inside > 0 && inside.is_multiple_of(4);
    if is_bitmap {
        // There is no version 0.
        Ok(element.u32("version bitmap")? & !1)
    } else {
        Ok(0)
    }
}

fn numbers(bitmap: u32) -> impl Iterator<Item = u8> {
    (0..32).filter(move |number| bitmap & (1 << number) != 0)
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn version_names<S: Serializer>(bitmap: &u32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(
        numbers(*bitmap).map(|number| match Version::from_wire(number) {
            Some(version) => version.name().to_owned(),
            None => format!("{number:#04x}"),
        }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hello_of_ovs_vswitchd_3_1() {
        // From a bridge with protocols=OpenFlow10,OpenFlow13.
        let hello = [4, 0, 0, 16, 0, 0, 0, 9, 0, 1, 0, 8, 0, 0, 0, 0x12];
        assert_eq!(
            decode(&hello).unwrap().to_string(),
            "OpenFlow10, OpenFlow13"
        );
        let offer = [Version::V10, Version::V13].into_iter().collect();
        assert_eq!(encode(offer, 9).unwrap(), hello);
    }

    #[test]
    fn without_a_bitmap_every_version_up_to_the_header() {
        assert_eq!(
            decode(&[3, 0, 0, 8, 0, 0, 0, 1]).unwrap().to_string(),
            "OpenFlow10, OpenFlow11, OpenFlow12"
        );
        assert_eq!(decode(&[9, 0, 0, 8, 0, 0, 0, 1]).unwrap(), Versions::ALL);
    }

    #[test]
    fn odd_elements_end_the_search_without_a_panic() {
        for element in [[0, 2, 0, 0], [0, 1, 0, 4], [0, 9, 0xff, 0xff]] {
            let mut hello = vec![6, 0, 0, 12, 0, 0, 0, 1];
            hello.extend(element);
            assert_eq!(decode(&hello).unwrap(), Versions::ALL);
        }
    }
}

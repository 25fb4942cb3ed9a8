//! Version negotiation (OpenFlow 1.5.1 §6.3.1 and §7.5.1).

use super::header::{self, HEADER_LEN, Header};
use crate::openflow::bytes::{Cursor, DecodeError};
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

/// The versions that the sender of a hello allows: its bitmap, or without one every version up to the
/// header's.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ovs_vswitchd_3_1_sends() {
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

//! What a message is: where it stands on the wire, how it is read and shown.

use serde::Serialize;

use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::text::{Sink, TextContext};
use crate::openflow::version::Version;

/// Nicira's id as a vendor.
pub const NICIRA: u32 = 0x0000_2320;
/// The ONF's id as an experimenter.
pub const ONF: u32 = 0x4f4e_4600;

/// How deep messages may be nested in each other.
pub(super) const DEPTH_LIMIT: u8 = 8;

/// What the header says a message is, once the headers behind it are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// `OFPT_*`
    Type(u8),
    /// A message of a vendor or experimenter.
    Vendor(u32, u32),
    /// `OFPST_*`, asked.
    Request(u16),
    /// `OFPST_*`, answered.
    Reply(u16),
    /// Statistics of a vendor or experimenter, asked.
    VendorRequest(u32, u32),
    /// Statistics of a vendor or experimenter, answered.
    VendorReply(u32, u32),
}

/// One place of a message on the wire.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// The name that ovs-ofctl prints, without ` request` and ` reply`.
    pub name: &'static str,
    /// The numbers that lead to it.
    pub at: At,
    /// The first version that has it here.
    pub since: Version,
    /// The last version that has it here.
    pub until: Version,
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

/// What was read before the body.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    /// The version of the message.
    pub version: Version,
    /// Which of its places led to the message.
    pub at: At,
    /// The name of that place.
    pub name: &'static str,
    /// How many messages this one is nested in.
    pub depth: u8,
    /// The whole message.
    pub message: &'a [u8],
}

/// One message, or a family whose members differ by their places.
///
/// Serialization gives the message's own members of its JSON object.
pub trait Message<'a>: Sized + Serialize {
    /// Where it stands on the wire.
    const PLACES: &'static [Place];

    /// Reads the body; the cursor counts from the start of the message. What is left over is an error
    /// that the caller finds.
    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<Self, DecodeError>;

    /// Writes what `ovs-ofctl ofp-print` prints behind the header.
    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>);

    /// Why a list ends early, or what made no sense inside; what came before is shown.
    fn trouble(&self) -> Option<DecodeError> {
        None
    }
}

/// The entries of a message, and why there are no more.
#[derive(Debug, Clone)]
pub struct List<T> {
    /// What could be read.
    pub entries: Vec<T>,
    /// What ended the list early.
    pub trouble: Option<DecodeError>,
}

impl<T> List<T> {
    /// Reads entries to the end of the bytes. An entry that makes no sense ends the list.
    pub fn read<'a>(
        body: &mut Cursor<'a>,
        mut entry: impl FnMut(&mut Cursor<'a>) -> Result<T, DecodeError>,
    ) -> List<T> {
        let mut list = List {
            entries: Vec::new(),
            trouble: None,
        };
        while !body.is_empty() {
            let before = body.remaining();
            match entry(body) {
                Ok(entry) if body.remaining() < before => list.entries.push(entry),
                Ok(_) => break,
                Err(error) => {
                    list.trouble = Some(error);
                    *body = Cursor::new(&[], body.at());
                }
            }
        }
        list
    }
}

impl<T: Serialize> Serialize for List<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.entries.serialize(serializer)
    }
}

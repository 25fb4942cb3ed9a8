//! `group`: processes the packet with a group (OpenFlow 1.5.1 §7.2.6.6).

use crate::base::json::Json;
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::text::{Sink, TextContext};
use crate::openflow::version::Version;

use super::arguments::uint;
use super::number::put_dec;
use super::parse::{ActionParse, Parser};
use super::{ActionCodec, Head, Unencodable, Vendor, Wire, number_action, put_name};
use crate::openflow::fields::Problem;

number_action! {
    /// Processes the packet with a group: `group:5`.
    ///
    /// JSON: `{"type":"group","group":5}`.
    Group {
        /// The group's number.
        group: u32
    }
    "group", "group",
    &[
        Wire::openflow(22, Version::V11),
        Wire::new(Vendor::Nicira, 40, Version::V10, Version::V10),
    ],
    |sink, group| {
        put_name(sink, "group");
        put_dec(sink, group);
    }
}

impl ActionParse for Group {
    const WORDS: &'static [&'static str] = &["group"];

    fn parse(
        _: &str,
        argument: &str,
        parser: &mut Parser<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Problem> {
        let group = uint(argument, "a group")?;
        parser.put(&Group { group }, out)
    }
}

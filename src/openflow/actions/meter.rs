//! `meter`: an instruction in OpenFlow 1.3 and 1.4, an action in 1.5 (OpenFlow 1.5.1 §7.2.6.14).

use crate::base::json::Json;
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::text::{Sink, TextContext};
use crate::openflow::version::Version;

use super::arguments::uint;
use super::number::put_dec;
use super::parse::{ActionParse, Parser, Rank};
use super::{ActionCodec, Head, Unencodable, Vendor, Wire, number_action, put_name};
use crate::openflow::fields::Problem;

number_action! {
    /// Subjects the packet to a meter: `meter:5`.
    ///
    /// JSON: `{"type":"meter","meter_id":5}`.
    Meter {
        /// The meter's number.
        meter_id: u32
    }
    "meter", "meter_id",
    &[
        Wire::new(Vendor::Instruction, 6, Version::V13, Version::V14),
        Wire::openflow(29, Version::V15),
    ],
    |sink, meter_id| {
        put_name(sink, "meter");
        put_dec(sink, meter_id);
    }
}

impl ActionParse for Meter {
    const WORDS: &'static [&'static str] = &["meter"];

    const RANK: Rank = Rank::Meter;

    fn parse(
        _: &str,
        argument: &str,
        parser: &mut Parser<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Problem> {
        let meter_id = uint(argument, "a meter")?;
        parser.put(&Meter { meter_id }, out)
    }
}

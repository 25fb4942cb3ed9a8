//! `goto_table`: the packet goes on in a later table (OpenFlow 1.5.1 §7.2.5, `OFPIT_GOTO_TABLE`).

use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::json::Json;
use crate::openflow::messages::tables::ALL_TABLES;
use crate::openflow::text::{Sink, TextContext};
use crate::openflow::version::Version;

use super::Resubmit;
use super::arguments::uint;
use super::number::put_dec;
use super::parse::{ActionParse, Parser, Rank};
use super::{ActionCodec, Head, Unencodable, Wire, number_action, put_name};
use crate::openflow::fields::Problem;

number_action! {
    /// The packet goes on in a later table: `goto_table:7`.
    ///
    /// JSON: `{"type":"goto_table","table":7}`.
    GotoTable {
        /// The table.
        table: u8
    }
    "goto_table", "table", &[Wire::instruction(1)],
    |sink, table| {
        put_name(sink, "goto_table");
        put_dec(sink, table);
    }
}

impl ActionParse for GotoTable {
    const WORDS: &'static [&'static str] = &["goto_table"];

    const RANK: Rank = Rank::Goto;

    fn parse(
        _: &str,
        argument: &str,
        parser: &mut Parser<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Problem> {
        let table = uint(argument, "a table")?;
        // ovs-ofctl sends it, and in 1.0 it would be a resubmit to nowhere.
        if table == ALL_TABLES {
            return Err(Problem::syntax(
                "255 is all tables, and no packet can go there",
            ));
        }
        if parser.version > Version::V10 {
            return parser.put(&GotoTable { table }, out);
        }
        parser.put(&Resubmit::to_table(table), out)
    }
}

//! `goto_table`: the packet goes on in a later table (OpenFlow 1.5.1 §7.2.5, `OFPIT_GOTO_TABLE`).

use crate::base::json::Json;
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::fields::Problem;
use crate::openflow::messages::tables::ALL_TABLES;
use crate::openflow::text::{Sink, TextContext, put_table, put_table_json};
use crate::openflow::version::Version;

use super::Resubmit;
use super::parse::{ActionParse, Parser, Rank};
use super::{ActionCodec, Head, Unencodable, Wire, place, put_action, put_name};

/// The packet goes on in a later table: `goto_table:7`.
///
/// JSON: `{"type":"goto_table","table":7,"table_name":"LB"}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GotoTable {
    /// The table.
    pub table: u8,
}

impl<'a> ActionCodec<'a> for GotoTable {
    const NAME: &'static str = "goto_table";
    const WIRE: &'static [Wire] = &[Wire::instruction(1)];

    fn decode(body: &mut Cursor<'a>, _: Head) -> Result<Self, DecodeError> {
        Ok(GotoTable {
            table: body.u8("goto_table")?,
        })
    }

    fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        put_action(place(Self::WIRE, version, Self::NAME)?, out, |out| {
            out.push(self.table);
        });
        Ok(())
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        put_name(sink, "goto_table");
        put_table(sink.buffer(), cx, self.table);
    }

    fn json(&self, json: &mut Json<'_>, cx: &TextContext<'_>) {
        put_table_json(json, cx, self.table);
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
        let table = parser.table(argument)?;
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

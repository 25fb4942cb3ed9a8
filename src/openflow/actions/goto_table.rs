//! `goto_table`: continues in a later table (OpenFlow 1.5.1 §7.2.5, `OFPIT_GOTO_TABLE`).

use crate::openflow::messages::tables::ALL_TABLES;

use super::prelude::*;
use super::resubmit::Resubmit;

fixed_action! {
    /// Continues in a later table: `goto_table:7`.
    ///
    /// JSON: `{"type":"goto_table","table":7,"table_name":"LB"}`.
    GotoTable = "goto_table" at &[Wire::instruction(1)], {
        /// The table.
        ":" table: u8 as Table,
    }

    const RANK: InstructionRank = InstructionRank::Goto;

    fn put_equivalent(&self, _: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        // ovs-ofctl sends table 255, which in 1.0 would be a resubmit to no table.
        if self.table == ALL_TABLES {
            return Err(Problem::syntax(
                "255 is all tables, and no packet can go there",
            ));
        }
        if let Some(table) = parser.known.table.filter(|table| self.table <= *table) {
            return Err(Problem::syntax(format!(
                "packets go to a later table, and this flow is in table {table}"
            )));
        }
        if parser.version > Version::V10 {
            return self.put(parser);
        }
        Resubmit::to_table(self.table).put(parser)
    }
}

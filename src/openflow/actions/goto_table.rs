//! `goto_table`: the packet goes on in a later table (OpenFlow 1.5.1 §7.2.5, `OFPIT_GOTO_TABLE`).

use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::json::Json;
use crate::openflow::text::{Sink, TextContext};
use crate::openflow::version::Version;

use super::number::put_dec;
use super::{ActionCodec, Head, Unencodable, Wire, number_action, put_name};

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

//! `resubmit`: another table lookup, like a subroutine call (ovs-actions(7)).

use crate::openflow::text::{PORT_IN_PORT, port_from_v10, put_port, put_table, put_table_json};

use super::codec::put_port_u16;
use super::prelude::*;

/// Looks the packet up again: `resubmit:1`, `resubmit(,7)`, `resubmit(1,7,ct)`.
///
/// JSON: `{"type":"resubmit","port":{"number":1},"table":7,"table_name":"LB","ct":true}`; what the action does not change
/// is omitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resubmit {
    /// The temporary `in_port`; `IN_PORT` is no change.
    pub in_port: u32,
    /// The table; 255 is the table of the flow.
    pub table: u8,
    /// Which of the three forms it is.
    pub(super) form: Wire,
}

/// `NXAST_RESUBMIT`: a port only.
const RESUBMIT: Wire = Wire::nicira(1);
/// `NXAST_RESUBMIT_TABLE`
const RESUBMIT_TABLE: Wire = Wire::nicira(14);
/// `NXAST_RESUBMIT_TABLE_CT`: with the addresses of the connection's original direction.
const RESUBMIT_TABLE_CT: Wire = Wire::nicira(44);
const THIS_TABLE: u8 = 0xff;

impl Resubmit {
    fn port(self) -> Option<u32> {
        (self.in_port != PORT_IN_PORT).then_some(self.in_port)
    }

    fn table(self) -> Option<u8> {
        (self.table != THIS_TABLE).then_some(self.table)
    }
}

impl<'a> ActionCodec<'a> for Resubmit {
    const NAME: &'static str = "resubmit";
    const WIRE: &'static [Wire] = &[RESUBMIT, RESUBMIT_TABLE, RESUBMIT_TABLE_CT];
    const FORMS: &'static [WordForm] = &[
        &[(":", Takes::Port)],
        &[
            ("(", Takes::Port),
            (",", Takes::Table),
            (",", Takes::Words(&["ct"])),
        ],
    ];
    const MEMBERS: &'static [JsonMember] = &[
        JsonMember::optional("port", JsonShape::PORT),
        JsonMember::optional("table", JsonShape::Table),
        JsonMember::optional("ct", JsonShape::True),
    ];

    fn decode(body: &mut Cursor<'a>, head: ActionHeader) -> Result<Self, DecodeError> {
        let form = head.form();
        let in_port = port_from_v10(body.u16("in_port")?);
        let mut table = THIS_TABLE;
        if form != RESUBMIT {
            table = body.u8("table")?;
            skip_zeros(body, 3)?;
        }
        Ok(Resubmit {
            in_port,
            table,
            form,
        })
    }

    fn wire(&self, _: Version) -> Option<Wire> {
        Some(self.form)
    }

    fn body(&self, _: Wire, version: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        put_port_u16(self.in_port, Self::unencodable(version), out)?;
        if self.form != RESUBMIT {
            out.extend([self.table, 0, 0, 0]);
        }
        Ok(())
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        sink.put_as(TextRole::Action, "resubmit");
        if let (Some(port), None) = (self.port(), self.table()) {
            sink.put(":");
            put_port(sink, cx, port);
            return;
        }
        sink.put("(");
        if let Some(port) = self.port() {
            put_port(sink, cx, port);
        }
        sink.put(",");
        if let Some(table) = self.table() {
            put_table(sink.buffer(), cx, table);
        }
        if self.form == RESUBMIT_TABLE_CT {
            sink.put(",ct");
        }
        sink.put(")");
    }

    fn json(&self, json: &mut Json<'_>, cx: &TextContext<'_>) {
        if let Some(port) = self.port() {
            json.key("port");
            put_port_json(json, cx.names, port);
        }
        if let Some(table) = self.table() {
            put_table_json(json, cx, table);
        }
        if self.form == RESUBMIT_TABLE_CT {
            json.key("ct");
            json.bool(true);
        }
    }

    fn text_of_json(object: &mut JsonObject<'_>, out: &mut String) -> Result<(), Problem> {
        out.push_str("resubmit(");
        out.push_str(&object.word("port")?.unwrap_or_default());
        out.push(',');
        out.push_str(&object.table()?.unwrap_or_default());
        out.push_str(if object.flag("ct")? { ",ct)" } else { ")" });
        Ok(())
    }

    fn parse(_: &str, argument: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        let mut resubmit = Resubmit::to_table(THIS_TABLE);
        let items = list(argument)?;
        if let Some(port) = items.first().filter(|port| !port.is_empty()) {
            resubmit.in_port = parser.ofport(port)?;
        }
        if let Some(table) = items.get(1).filter(|table| !table.is_empty()) {
            resubmit.table = parser.table(table)?;
        }
        match items.get(2..).unwrap_or_default() {
            [] | [""] => {}
            ["ct"] => resubmit.form = RESUBMIT_TABLE_CT,
            _ => return Err(Problem::syntax("resubmit is resubmit(PORT,TABLE,ct)")),
        }
        if resubmit.in_port == PORT_IN_PORT && resubmit.table == THIS_TABLE {
            return Err(Problem::syntax("resubmit needs a port or a table"));
        }
        resubmit.put(parser)
    }
}

impl Resubmit {
    /// The equivalent of `goto_table` in OpenFlow 1.0.
    pub(super) fn to_table(table: u8) -> Resubmit {
        Resubmit {
            in_port: PORT_IN_PORT,
            table,
            form: RESUBMIT_TABLE,
        }
    }
}

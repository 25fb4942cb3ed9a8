//! `ct`: connection tracking, and `ct_clear` (ovs-actions(7)).

use crate::openflow::text::{put_table, put_table_json};

use super::nat::Nat;
use super::number_or_field::NumberOrField;
use super::prelude::*;

/// Sends the packet through the connection tracker: `ct(commit,table=5,zone=1,nat(src=10.0.0.1),
/// exec(load:0x1->NXM_NX_CT_MARK[]),alg=ftp)`.
///
/// JSON: `{"type":"ct","commit":true,"force":true,"table":5,"table_name":"LB","zone":1,"alg":21,"exec":[...]}`; the zone is
/// a number or, from a field, `{"field":"reg0","offset":0,"n_bits":16}`; `nat` is the first of `exec`.
/// Absent: `commit` and `force` where false, no table, zone 0, no `alg`, no nested actions.
#[derive(Debug, Clone, Copy)]
pub struct Ct<'a> {
    /// `NX_CT_F_*`: 1 is commit, 2 is force.
    pub flags: u16,
    /// The connection's zone.
    pub zone: NumberOrField<u16>,
    /// The table for the tracked packet; 255 is none.
    pub table: u8,
    /// The port number of the protocol whose helper is used; 0 is none.
    pub alg: u16,
    /// The actions executed in the tracker: `nat`, and those that set the connection's mark or label.
    pub actions: ActionList<'a>,
}

const COMMIT: u16 = 1;
const FORCE: u16 = 2;
const NO_TABLE: u8 = 0xff;

impl Ct<'_> {
    /// The zone, unless it is the default one.
    fn zone(&self) -> Option<NumberOrField<u16>> {
        match self.zone {
            NumberOrField::Number(0) => None,
            zone => Some(zone),
        }
    }

    /// Writes the action; `nested` writes the actions of `exec`.
    pub(in crate::openflow) fn text_with<S: Sink>(
        &self,
        sink: &mut S,
        cx: &TextContext<'_>,
        nested: impl FnOnce(&ActionList<'_>, &mut S),
    ) {
        sink.put_as(TextRole::Action, "ct");
        let mut comma = Separator("(");
        if self.flags & COMMIT != 0 {
            comma.put(sink);
            sink.put_as(TextRole::Value, "commit");
        }
        if self.flags & FORCE != 0 {
            comma.put(sink);
            sink.put_as(TextRole::Value, "force");
        }
        if self.table != NO_TABLE {
            comma.key(sink, "table");
            put_table(sink.buffer(), cx, self.table);
        }
        if let Some(zone) = self.zone() {
            comma.key(sink, "zone");
            zone.text(sink);
        }
        // A leading `nat` is printed outside of `exec`.
        let mut exec = self.actions;
        if let Some((nat, rest)) = exec.split_first(Nat::NAME) {
            comma.put(sink);
            nat.text(sink, cx);
            exec = rest;
        }
        if !exec.is_empty() {
            comma.put(sink);
            sink.put_as(TextRole::Action, "exec");
            sink.put("(");
            nested(&exec, sink);
            sink.put(")");
        }
        if self.alg != 0 {
            comma.key(sink, "alg");
            match self.alg {
                21 => sink.put("ftp"),
                69 => sink.put("tftp"),
                port => put_dec(sink, port),
            }
        }
        comma.close(sink);
    }
}

impl<'a> ActionCodec<'a> for Ct<'a> {
    const NAME: &'static str = "ct";
    const WIRE: &'static [Wire] = &[Wire::nicira(35)];
    const FORMS: &'static [WordForm] = &[&[("(", Takes::Named(ARGUMENTS))]];
    const MEMBERS: &'static [JsonMember] = &[
        JsonMember::optional("commit", JsonShape::True),
        JsonMember::optional("force", JsonShape::True),
        JsonMember::optional("table", JsonShape::Table),
        JsonMember::optional("zone", <NumberOrField<u16>>::SHAPE),
        JsonMember::optional("alg", JsonShape::U16),
        JsonMember::optional("exec", JsonShape::ACTIONS),
    ];

    fn decode(body: &mut Cursor<'a>, head: ActionHeader) -> Result<Self, DecodeError> {
        let flags = body.u16("ct flags")?;
        let zone = NumberOrField::decode(body)?;
        let table = body.u8("recirc_table")?;
        body.skip(3, "padding")?;
        Ok(Ct {
            flags,
            zone,
            table,
            alg: body.u16("alg")?,
            actions: ActionList::nested(body, head)?,
        })
    }

    fn body(&self, _: Wire, version: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        out.extend(self.flags.to_be_bytes());
        self.zone.encode(out);
        out.extend([self.table, 0, 0, 0]);
        out.extend(self.alg.to_be_bytes());
        self.actions.encode_nested(version, out)
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        self.text_with(sink, cx, |actions, sink| actions.text_nested(sink, cx));
    }

    fn json(&self, json: &mut Json<'_>, cx: &TextContext<'_>) {
        if self.flags & COMMIT != 0 {
            json.key("commit");
            json.bool(true);
        }
        if self.flags & FORCE != 0 {
            json.key("force");
            json.bool(true);
        }
        if self.table != NO_TABLE {
            put_table_json(json, cx, self.table);
        }
        if let Some(zone) = self.zone() {
            json.key("zone");
            zone.json(json);
        }
        if self.alg != 0 {
            json.key("alg");
            json.number(self.alg);
        }
        if !self.actions.is_empty() {
            json.key("exec");
            self.actions.json_nested(json, cx);
        }
    }

    fn text_of_json(object: &mut JsonObject<'_>, out: &mut String) -> Result<(), Problem> {
        out.push_str(Self::NAME);
        let mut comma = Separator("(");
        for flag in ["commit", "force"] {
            if object.flag(flag)? {
                comma.word(out, flag);
            }
        }
        comma.argument(out, "table", object.table()?);
        comma.argument(out, "zone", object.word("zone")?);
        match object.word("alg")?.as_deref() {
            None => {}
            Some("21") => comma.word(out, "alg=ftp"),
            Some("69") => comma.word(out, "alg=tftp"),
            Some(_) => return Err(Problem::syntax("alg is 21 (ftp) or 69 (tftp)")),
        }
        if let Some(actions) = object.take("exec") {
            comma.word(out, "exec(");
            text_of_actions(actions, object.names, out)?;
            out.push(')');
        }
        comma.end(out);
        Ok(())
    }

    fn parse(word: &str, argument: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        let mut nested = Vec::new();
        let (mut flags, mut table, mut alg) = (0, NO_TABLE, 0);
        let mut zone = NumberOrField::Number(0);
        for argument in Arguments::new(argument) {
            let Argument { text, key, value } = argument?;
            match key {
                "commit" => flags |= COMMIT,
                "force" => flags |= FORCE,
                "table" => {
                    table = parser
                        .table(value)
                        .map_err(|problem| problem.within(text))?;
                    if table == NO_TABLE {
                        return Err(Problem::syntax("tables end at 254").within(text));
                    }
                }
                "zone" => {
                    zone = NumberOrField::parse(value, key, parser)?;
                    if let NumberOrField::Field(bits) = zone {
                        bits.demand_readable(parser)
                            .map_err(|problem| problem.within(text))?;
                        if bits.n_bits != 16 {
                            return Err(Problem::syntax("a zone has 16 bits").within(text));
                        }
                    }
                }
                "alg" => {
                    alg = match value {
                        "ftp" => 21,
                        "tftp" => 69,
                        _ => return Err(Problem::syntax("alg is ftp or tftp").within(text)),
                    }
                }
                "nat" => nested.extend(parser.list(text, ListOwner::Ct)?),
                "exec" => nested.extend(parser.list(value, ListOwner::Ct)?),
                _ => {
                    return Err(no_argument(
                        word,
                        key,
                        ARGUMENTS.iter().map(|(word, _)| *word),
                    ));
                }
            }
        }
        if flags & FORCE != 0 && flags & COMMIT == 0 {
            return Err(Problem::syntax("force needs commit"));
        }
        parser.demand(word, Prereq::Ip)?;
        match alg {
            0 => {}
            21 => parser.demand("alg=ftp", Prereq::Tcp)?,
            _ => parser.demand("alg=tftp", Prereq::Udp)?,
        }
        let ct = Ct {
            flags,
            zone,
            table,
            alg,
            actions: ActionList::new(&nested, 0, parser.version, ListForm::Actions),
        };
        ct.put(parser)
    }
}

fixed_action! {
    /// Forgets the connection's state: `ct_clear`.
    ///
    /// JSON: `{"type":"ct_clear"}`.
    CtClear = "ct_clear" at &[Wire::nicira(43)], {}
}

const ARGUMENTS: &[NamedArgument] = &[
    ("commit", &[]),
    ("force", &[]),
    ("table", EQUALS_TABLE),
    ("zone", EQUALS_BITS),
    ("alg", &[("=", Takes::Words(&["ftp", "tftp"]))]),
    ("nat", &[]),
    ("nat", &[("(", Takes::Named(Nat::ARGUMENTS))]),
    (
        "exec",
        &[("(", Takes::SomeActions(&["set_field", "load", "move"]))],
    ),
];

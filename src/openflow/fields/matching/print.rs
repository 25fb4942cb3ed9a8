//! What visits the fields of a match: its text and its JSON.

use crate::base::digits::put_all_hex;
use crate::base::json::Json;
use crate::openflow::fields::Header;
use crate::openflow::fields::row_set::RowSet;
use crate::openflow::fields::table::{Field, Id};
use crate::openflow::fields::values::{self, all_zeros};
use crate::openflow::text::{Sink, TextContext, TextRole};

/// Receives the parts of a match from [`Match::walk`].
pub(super) trait MatchVisitor {
    /// A protocol's word, its Ethernet type, and its IP protocol if the word includes one.
    fn protocol(&mut self, word: &'static str, eth_type: u16, nw_proto: Option<u8>);

    /// Packets are Ethernet, where that is printed.
    fn ethernet(&mut self);

    /// A field under its key.
    fn field(&mut self, field: &'static Field, value: &[u8], mask: Option<&[u8]>);

    /// A field without a row.
    fn unknown(&mut self, header: Header, value: &[u8], mask: Option<&[u8]>);
}

/// A match as text.
pub(super) struct MatchText<'s, 'c, S> {
    pub(super) sink: &'s mut S,
    pub(super) cx: &'s TextContext<'c>,
    /// The matched fields that are not printed.
    pub(super) hidden: RowSet,
    pub(super) first: bool,
}

impl<S: Sink> MatchText<'_, '_, S> {
    pub(super) fn separate(&mut self) {
        if !self.first {
            self.sink.put(",");
        }
        self.first = false;
    }
}

impl<S: Sink> MatchVisitor for MatchText<'_, '_, S> {
    fn protocol(&mut self, word: &'static str, _: u16, _: Option<u8>) {
        self.separate();
        self.sink.put_as(TextRole::Value, word);
    }

    fn ethernet(&mut self) {
        self.separate();
        self.sink.put_as(TextRole::Value, "eth");
    }

    fn field(&mut self, field: &'static Field, value: &[u8], mask: Option<&[u8]>) {
        if self.hidden.contains(field.id) {
            return;
        }
        self.separate();
        if mask.is_some_and(all_zeros) {
            // A tunnel option with any value.
            self.sink.put_as(TextRole::Key, field.key);
            return;
        }
        self.sink.key(field.key);
        values::dump(field, value, mask, self.sink, self.cx);
    }

    fn unknown(&mut self, header: Header, value: &[u8], mask: Option<&[u8]>) {
        self.separate();
        self.sink.begin(TextRole::Key);
        header.put_unknown(self.sink.buffer());
        self.sink.put("=");
        self.sink.end(TextRole::Key);
        let out = self.sink.buffer();
        put_all_hex(out, value);
        if let Some(mask) = mask {
            out.push('/');
            put_all_hex(out, mask);
        }
    }
}

/// A match as members of a JSON object.
pub(super) struct MatchJson<'s, 'j, 'c> {
    pub(super) json: &'s mut Json<'j>,
    pub(super) cx: &'s TextContext<'c>,
}

impl MatchVisitor for MatchJson<'_, '_, '_> {
    fn protocol(&mut self, _: &'static str, eth_type: u16, nw_proto: Option<u8>) {
        self.json.key(Id::ETH_TYPE.row().key);
        self.json.number(eth_type);
        if let Some(nw_proto) = nw_proto {
            self.json.key(Id::NW_PROTO.row().key);
            self.json.number(nw_proto);
        }
    }

    fn ethernet(&mut self) {}

    fn field(&mut self, field: &'static Field, value: &[u8], mask: Option<&[u8]>) {
        self.json.key(field.key);
        field.value_json(value, mask, self.json, self.cx);
    }

    fn unknown(&mut self, header: Header, value: &[u8], mask: Option<&[u8]>) {
        let mut key = String::new();
        header.put_unknown(&mut key);
        self.json.key_of(&key);
        match mask {
            None => self.json.plain(|out| put_all_hex(out, value)),
            Some(mask) => {
                self.json.begin_object();
                self.json.key("value");
                self.json.plain(|out| put_all_hex(out, value));
                self.json.key("mask");
                self.json.plain(|out| put_all_hex(out, mask));
                self.json.end_object();
            }
        }
    }
}

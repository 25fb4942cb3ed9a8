//! Unknown and malformed actions, kept as bytes.
//!
//! Text: `unknown(type=26,data=88.e7.00.00)`, `experimenter(id=0x2320,data=00.63...)`, and for an
//! instruction `unknown_instruction(type=7,data=...)`; the data is what follows the type and length (the
//! experimenter's id), in hex.
//!
//! JSON: `{"type":"unknown","number":26,"data":"88e70000"}`, `{"type":"experimenter","id":8992,"data":...}`.

use std::fmt::Write as _;

use crate::base::json::Json;
use crate::openflow::bytes::Cursor;
use crate::openflow::text::{Sink, TextRole};

use super::arguments::{Argument, Arguments, hex_bytes, no_argument, set_arguments, uint};
use super::codec::EXPERIMENTER;
use super::number::{hex_string, put_dec, put_dotted, put_hex};
use super::parser::Parser;
use super::shape::{JsonMember, JsonShape};
use crate::openflow::fields::Problem;
use crate::openflow::json_object::JsonObject;

/// An action or instruction as bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unknown<'a> {
    /// The whole action, header included.
    pub bytes: &'a [u8],
    /// Whether it is an instruction.
    pub instruction: bool,
}

impl<'a> Unknown<'a> {
    pub(super) fn new(bytes: &'a [u8], instruction: bool) -> Unknown<'a> {
        Unknown { bytes, instruction }
    }

    /// The type, the experimenter's id if it has one, and the rest.
    fn parts(&self) -> (u16, Option<u32>, &'a [u8]) {
        let mut cursor = Cursor::new(self.bytes, 0);
        let number = cursor.u16("type").unwrap_or(EXPERIMENTER);
        let _ = cursor.skip(2, "length");
        let id = match number {
            EXPERIMENTER => cursor.u32("experimenter").ok(),
            _ => None,
        };
        (number, id, cursor.rest())
    }

    pub(super) fn name(&self) -> &'static str {
        match (self.parts().1, self.instruction) {
            (None, false) => "unknown",
            (Some(_), false) => "experimenter",
            (None, true) => "unknown_instruction",
            (Some(_), true) => "experimenter_instruction",
        }
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.bytes);
    }

    pub(super) fn text<S: Sink>(&self, sink: &mut S) {
        let (number, id, data) = self.parts();
        sink.put_as(TextRole::Action, self.name());
        sink.put("(");
        if let Some(id) = id {
            sink.key("id");
            put_hex(sink, id);
        } else {
            sink.key("type");
            put_dec(sink, number);
        }
        sink.put(",");
        sink.key("data");
        put_dotted(sink, data);
        sink.put(")");
    }

    pub(super) fn json(&self, json: &mut Json<'_>) {
        let (number, id, data) = self.parts();
        if let Some(id) = id {
            json.key("id");
            json.number(id);
        } else {
            json.key("number");
            json.number(number);
        }
        json.key("data");
        json.string(&hex_string(data));
    }
}

/// The words of unknown actions.
pub(super) const WORDS: &[&str] = &["unknown", "experimenter"];
/// The words of unknown instructions.
pub(super) const INSTRUCTION_WORDS: &[&str] = &["unknown_instruction", "experimenter_instruction"];

/// The names of [`Unknown`] with the members of its JSON.
pub(super) const MEMBERS: [(&str, &[JsonMember]); 4] = {
    const NUMBER: &[JsonMember] = &[
        JsonMember::new("number", JsonShape::U16),
        JsonMember::new("data", JsonShape::BYTES),
    ];
    const ID: &[JsonMember] = &[
        JsonMember::new("id", JsonShape::U32),
        JsonMember::new("data", JsonShape::BYTES),
    ];
    [
        ("unknown", NUMBER),
        ("experimenter", ID),
        ("unknown_instruction", NUMBER),
        ("experimenter_instruction", ID),
    ]
};

/// Appends the text of an unknown action.
pub(super) fn text_of_json(object: &mut JsonObject<'_>, out: &mut String) -> Result<(), Problem> {
    text_of("", object, out)
}

/// Appends the text of an unknown instruction.
pub(super) fn text_of_json_instruction(
    object: &mut JsonObject<'_>,
    out: &mut String,
) -> Result<(), Problem> {
    text_of("_instruction", object, out)
}

fn text_of(ending: &str, object: &mut JsonObject<'_>, out: &mut String) -> Result<(), Problem> {
    let data = object.need("data")?;
    if let Some(id) = object.word("id")? {
        let _ = write!(out, "experimenter{ending}(id={id},data={data})");
    } else {
        let number = object.need("number")?;
        let _ = write!(out, "unknown{ending}(type={number},data={data})");
    }
    Ok(())
}

/// Reads what [`Unknown`] prints.
pub(super) fn parse(word: &str, argument: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
    let (mut number, mut id, mut data) = (None, None, None);
    set_arguments!(word, argument, |key, value| {
        "type" => number = Some(uint::<u16>(value, key)?),
        "id" => id = Some(uint::<u32>(value, key)?),
        "data" => data = Some(hex_bytes(value)?),
    });
    let data = data.unwrap_or_default();
    let kind = match (number, id) {
        (Some(number), None) => number,
        (None, Some(_)) => EXPERIMENTER,
        _ => return Err(Problem::syntax(format!("{word} needs a type or an id"))),
    };
    let id_bytes = if id.is_some() { 4 } else { 0 };
    let length = match u16::try_from(4 + id_bytes + data.len()) {
        Ok(length) if length >= 8 && length.is_multiple_of(8) => length,
        _ => {
            return Err(Problem::syntax(
                "the length of an action is a multiple of 8 bytes below 65536",
            ));
        }
    };
    let out = &mut parser.out;
    out.extend(kind.to_be_bytes());
    out.extend(length.to_be_bytes());
    out.extend(id.into_iter().flat_map(u32::to_be_bytes));
    out.extend(data);
    Ok(())
}

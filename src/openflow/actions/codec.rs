//! The trait of all actions, and their numbers, headers and padding on the wire.

use thiserror::Error;

use crate::base::json::Json;
use crate::openflow::bytes::{Cursor, DecodeError, DecodeErrorKind};
use crate::openflow::fields::Problem;
use crate::openflow::json_object::JsonObject;
use crate::openflow::text::{Plain, Sink, TextContext, TextRole, port_from_v10, port_to_v10};
use crate::openflow::version::Version;

use super::number::put_hex_bytes;
use super::parser::{InstructionRank, Parser};
use super::shape::JsonMember;
use super::written::WordForm;
use super::written_form::WrittenForm;

/// `OFPAT_EXPERIMENTER`, as an action and as an instruction.
pub(super) const EXPERIMENTER: u16 = 0xffff;

/// The organisation that assigned an action's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::openflow) enum Vendor {
    /// The OpenFlow specification, as an action.
    OpenFlow,
    /// The OpenFlow specification, as an instruction (1.1 and later).
    Instruction,
    /// Nicira, 0x2320: the extensions of Open vSwitch.
    Nicira,
    /// The Open Networking Foundation, 0x4f4e4600: extensions that later versions adopted.
    Onf,
}

impl Vendor {
    /// The experimenter id; `None` for numbers of the specification.
    fn id(self) -> Option<u32> {
        match self {
            Vendor::OpenFlow | Vendor::Instruction => None,
            Vendor::Nicira => Some(0x2320),
            Vendor::Onf => Some(0x4f4e_4600),
        }
    }

    /// The length of the header of an action, in bytes.
    pub(super) fn header_bytes(self) -> usize {
        if self.id().is_some() { 10 } else { 4 }
    }
}

/// A number of an action on the wire, with the versions that use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::openflow) struct Wire {
    /// The organisation that assigned the number.
    pub vendor: Vendor,
    /// The type, or the vendor's subtype.
    pub number: u16,
    /// The first version that uses it.
    pub since: Version,
    /// The last version that uses it.
    pub until: Version,
}

impl Wire {
    pub(super) const fn new(vendor: Vendor, number: u16, since: Version, until: Version) -> Wire {
        Wire {
            vendor,
            number,
            since,
            until,
        }
    }

    /// An action of the specification since `since`.
    pub(super) const fn openflow(number: u16, since: Version) -> Wire {
        Wire::new(Vendor::OpenFlow, number, since, Version::V15)
    }

    /// A Nicira extension of OpenFlow 1.0 alone: later versions have a standard action.
    pub(super) const fn nicira_v10(number: u16) -> Wire {
        Wire::new(Vendor::Nicira, number, Version::V10, Version::V10)
    }

    /// An action of OpenFlow 1.0 alone.
    pub(super) const fn v10(number: u16) -> Wire {
        Wire::new(Vendor::OpenFlow, number, Version::V10, Version::V10)
    }

    /// A Nicira extension in every version.
    pub(super) const fn nicira(number: u16) -> Wire {
        Wire::new(Vendor::Nicira, number, Version::V10, Version::V15)
    }

    /// An instruction since 1.1.
    pub(super) const fn instruction(number: u16) -> Wire {
        Wire::new(Vendor::Instruction, number, Version::V11, Version::V15)
    }

    /// The first of `wires` that is valid in `version`.
    pub(super) fn first_in(wires: &[Wire], version: Version) -> Option<Wire> {
        wires.iter().find(|wire| wire.holds_in(version)).copied()
    }

    pub(super) const fn holds_in(self, version: Version) -> bool {
        self.since as u8 <= version as u8 && version as u8 <= self.until as u8
    }
}

/// The header of an action, decoded before its body.
#[derive(Debug, Clone, Copy)]
pub(in crate::openflow) struct ActionHeader {
    /// The version of the message.
    pub version: Version,
    /// The organisation that assigned the number.
    pub vendor: Vendor,
    /// The type, or the vendor's subtype.
    pub number: u16,
    /// How many lists this action is nested in.
    pub depth: u8,
}

impl ActionHeader {
    /// The number of the action, in every version: which of its forms was received.
    pub(super) fn form(self) -> Wire {
        Wire::new(self.vendor, self.number, Version::V10, Version::V15)
    }
}

/// The action is not representable in this OpenFlow version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{version} has no action {action}")]
pub struct Unencodable {
    /// The action, in the words of ovs-actions(7).
    pub action: &'static str,
    /// The version asked for.
    pub version: Version,
}

/// How one action is decoded, encoded, shown, parsed and described.
///
/// An action of fixed layout is declared as a list of its members instead: see [`fixed_action`].
///
/// [`fixed_action`]: super::fixed::fixed_action
pub(in crate::openflow) trait ActionCodec<'a>: Sized {
    /// The name that ovs-actions(7) uses, which is also `type` in JSON.
    const NAME: &'static str;

    /// The numbers of the action on the wire.
    const WIRE: &'static [Wire];

    /// The members of the JSON object besides `type`. Where several actions have one name, the first of
    /// them lists the members of all.
    const MEMBERS: &'static [JsonMember] = &[];

    /// The words that begin the action in text, in any case; empty for an action that is parsed
    /// as a form of another.
    const WORDS: &'static [&'static str] = &[Self::NAME];

    /// The ways to write the action, for completion; by default its word alone.
    const FORMS: &'static [WordForm] = &[&[]];

    /// The position of the action among instructions.
    const RANK: InstructionRank = InstructionRank::Apply;

    /// Reads what follows the header: 4 bytes of it for OpenFlow's own, 10 for a vendor's. Must leave
    /// less than 8 bytes, which are padding.
    ///
    /// # Errors
    ///
    /// The first thing that is malformed; the action is then kept as it came.
    fn decode(body: &mut Cursor<'a>, head: ActionHeader) -> Result<Self, DecodeError>;

    /// The number to encode in `version`: the first valid one, unless the action's form decides.
    fn wire(&self, version: Version) -> Option<Wire> {
        Wire::first_in(Self::WIRE, version)
    }

    /// Appends what follows the header; [`ActionCodec::encode`] adds that and the padding at the end.
    ///
    /// # Errors
    ///
    /// The action is not representable in this version.
    fn body(&self, wire: Wire, version: Version, out: &mut Vec<u8>) -> Result<(), Unencodable>;

    /// Appends the action, encoded for `version`, header and padding included.
    ///
    /// # Errors
    ///
    /// The version has no such action; nothing is appended then.
    fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        let wire = self.wire(version).ok_or(Self::unencodable(version))?;
        let start = out.len();
        let result = put_action(wire, out, |out| self.body(wire, version, out));
        if result.is_err() {
            out.truncate(start);
        }
        result
    }

    /// Writes the action as `ovs-ofctl -O VERSION` does.
    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>);

    /// Writes the keys of the JSON object that follow `type`.
    fn json(&self, json: &mut Json<'_>, cx: &TextContext<'_>);

    /// How the action is written, where that follows from its members in JSON.
    const FORM: WrittenForm = WrittenForm::word(Self::NAME);

    /// Appends the text of the action that a JSON object is, which [`ActionCodec::json`] wrote.
    ///
    /// # Errors
    ///
    /// A member is missing or malformed.
    fn text_of_json(object: &mut JsonObject<'_>, out: &mut String) -> Result<(), Problem> {
        let form = Self::FORM;
        out.push_str(form.word);
        for (before, member) in form.members {
            out.push_str(before);
            let word = match *member {
                "table" => object.table()?.ok_or_else(|| object.missing("table"))?,
                member => object.need(member)?,
            };
            out.push_str(&word);
        }
        out.push_str(form.after);
        Ok(())
    }

    /// Parses what follows the word (in lower case) and appends the action or instruction, possibly several
    /// actions, encoded for the parser's version.
    ///
    /// # Errors
    ///
    /// The argument is malformed, or the action is not allowed here.
    fn parse(word: &str, argument: &str, parser: &mut Parser<'_>) -> Result<(), Problem>;

    /// Appends what the action, as parsed from text with this word, is in the parser's version; by default
    /// itself.
    ///
    /// # Errors
    ///
    /// The action is not allowed here, or the parser's version has no such action.
    fn put_equivalent(&self, word: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        let _ = word;
        self.put(parser)
    }

    /// Appends the action to those that were parsed.
    ///
    /// # Errors
    ///
    /// The parser's version has no such action.
    fn put(&self, parser: &mut Parser<'_>) -> Result<(), Problem> {
        let version = parser.version;
        Ok(self.encode(version, &mut parser.out)?)
    }

    /// The error of an action that the version does not have.
    fn unencodable(version: Version) -> Unencodable {
        let action = Self::NAME;
        Unencodable { action, version }
    }
}

/// Appends an action: its header, what `body` appends, padding, and the length.
pub(super) fn put_action<T>(
    wire: Wire,
    out: &mut Vec<u8>,
    body: impl FnOnce(&mut Vec<u8>) -> T,
) -> T {
    let start = out.len();
    let id = wire.vendor.id();
    out.extend(id.map_or(wire.number, |_| EXPERIMENTER).to_be_bytes());
    put_zeros(out, 2);
    if let Some(id) = id {
        out.extend(id.to_be_bytes());
        out.extend(wire.number.to_be_bytes());
    }
    let result = body(out);
    let length = (out.len() - start).next_multiple_of(8);
    out.resize(start + length, 0);
    if let Some(field) = out.get_mut(start + 2..start + 4) {
        field.copy_from_slice(&(length as u16).to_be_bytes());
    }
    result
}

/// Appends zeros until `n` bytes have been added.
pub(super) fn put_zeros(out: &mut Vec<u8>, n: usize) {
    out.resize(out.len() + n, 0);
}

/// Skips `n` bytes that must be zero: Open vSwitch refuses the action otherwise. It ignores most
/// other padding.
pub(super) fn skip_zeros(body: &mut Cursor<'_>, n: usize) -> Result<(), DecodeError> {
    let error = body.error("padding", DecodeErrorKind::BadValue(1));
    if body.take(n, "padding")?.iter().all(|byte| *byte == 0) {
        Ok(())
    } else {
        Err(error)
    }
}

/// A 32-bit port number of OpenFlow 1.1 and later, or a 16-bit one of 1.0 and of Nicira, widened.
pub(super) fn port(body: &mut Cursor<'_>, head: ActionHeader) -> Result<u32, DecodeError> {
    if head.version > Version::V10 && head.vendor == Vendor::OpenFlow {
        body.u32("port")
    } else {
        body.u16("port").map(port_from_v10)
    }
}

/// Appends the 16-bit form of a port, for the actions of OpenFlow 1.0 and of Nicira.
pub(super) fn put_port_u16(
    port: u32,
    error: Unencodable,
    out: &mut Vec<u8>,
) -> Result<(), Unencodable> {
    let port = port_to_v10(port).ok_or(error)?;
    out.extend(port.to_be_bytes());
    Ok(())
}

/// Writes `name:`.
pub(super) fn put_name<S: Sink>(sink: &mut S, name: &str) {
    sink.put_as(TextRole::Action, name);
    sink.put(":");
}

/// Writes bytes as one number: `"0x..."`.
pub(super) fn hex_json(json: &mut Json<'_>, bytes: &[u8]) {
    if bytes.iter().all(|byte| *byte == 0) {
        json.hex(0);
    } else {
        let mut text = Plain::default();
        put_hex_bytes(&mut text, bytes);
        json.string(&text.0);
    }
}

impl From<Unencodable> for Problem {
    fn from(error: Unencodable) -> Problem {
        Problem::syntax(error.to_string())
    }
}

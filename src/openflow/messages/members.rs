//! Values that several messages have: ports, addresses, flags, matches, actions; their text and JSON.

use std::fmt::{self, Write as _};

use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::codec::Head;
use crate::base::json::Json;
use crate::base::terminal::acts_on_a_terminal;
use crate::openflow::actions::{ActionList, ListForm};
use crate::openflow::bytes::{Cursor, DecodeError, DecodeErrorKind, be_number};
use crate::openflow::fields::{Id, Match, MatchFields, put_port_json};
use crate::openflow::spelling::write_actions;
use crate::openflow::text::{NoNames, PortSpelling, Sink, Style, TextContext, port_to_v10};
use crate::openflow::version::Version;

/// `OFPMT_OXM`
pub(super) const MATCH_OXM: u16 = 1;

/// Serializes JSON written by the crate's own writer.
pub(super) fn raw<S: Serializer>(
    serializer: S,
    write: impl FnOnce(&mut Json<'_>),
) -> Result<S::Ok, S::Error> {
    let mut out = String::new();
    write(&mut Json::new(&mut out));
    RawValue::from_string(out)
        .map_err(S::Error::custom)?
        .serialize(serializer)
}

/// The context for JSON: the wire style, without names, which a message does not have.
pub(in crate::openflow) fn json_context(version: Version) -> TextContext<'static> {
    TextContext {
        version,
        style: Style::Wire,
        ports: PortSpelling::Number,
        names: &NoNames,
    }
}

/// Packets and bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Default)]
pub struct Counts {
    /// Packets.
    pub packet_count: u64,
    /// Bytes.
    pub byte_count: u64,
}

/// A port; in JSON `{"number":2}` or `{"name":"LOCAL"}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Port(pub u32);

impl Port {
    /// Writes the port as the context asks.
    pub fn text<S: Sink>(self, sink: &mut S, cx: &TextContext<'_>) {
        crate::openflow::text::put_port(sink, cx, self.0);
    }
}

impl Serialize for Port {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        raw(serializer, |json| {
            put_port_json(json, &NoNames, self.0);
        })
    }
}

/// Serializes the number of a port as [`Port`] does.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
pub(super) fn as_port<S: Serializer>(ofport: &u32, serializer: S) -> Result<S::Ok, S::Error> {
    Port(*ofport).serialize(serializer)
}

/// A counter; `None` for all ones, which mean that the switch does not count.
pub(super) fn counted(count: u64) -> Option<u64> {
    (count != u64::MAX).then_some(count)
}

/// An Ethernet address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mac(pub [u8; 6]);

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            let colon = if index == 0 { "" } else { ":" };
            write!(f, "{colon}{byte:02x}")?;
        }
        Ok(())
    }
}

impl Serialize for Mac {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A number that is written in hexadecimal; in JSON `"0x5"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hex(pub u64);

impl fmt::Display for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Bytes without further meaning; in JSON their hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bytes<'a>(pub &'a [u8]);

impl Bytes<'_> {
    /// Whether it is empty.
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Bytes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Text from the wire, up to the first zero byte. Control characters are shown as dots.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WireText(pub String);

impl WireText {
    /// The text as received.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text in a field of fixed size.
    pub fn padded(bytes: &[u8]) -> WireText {
        let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
        let bytes = bytes.get(..end).unwrap_or(bytes);
        WireText(String::from_utf8_lossy(bytes).into_owned())
    }
}

impl fmt::Display for WireText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .chars()
            .try_for_each(|c| f.write_char(if acts_on_a_terminal(c) { '.' } else { c }))
    }
}

impl Serialize for WireText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        raw(serializer, |json| json.string(&self.0))
    }
}

/// A number with a name in a table; in JSON the name, or the number where it has none.
#[derive(Debug, Clone, Copy)]
pub struct Named {
    /// The number as received.
    pub number: u32,
    /// Numbers and their names.
    pub names: &'static [(u32, &'static str)],
}

impl Named {
    /// The number with the table of its names.
    pub fn new(number: impl Into<u32>, names: &'static [(u32, &'static str)]) -> Named {
        Named {
            number: number.into(),
            names,
        }
    }

    /// The name, if there is one.
    pub fn name(self) -> Option<&'static str> {
        let row = self.names.iter().find(|(number, _)| *number == self.number);
        row.map(|(_, name)| *name)
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "{}", self.number),
        }
    }
}

impl Serialize for Named {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.name() {
            Some(name) => serializer.serialize_str(name),
            None => serializer.serialize_u32(self.number),
        }
    }
}

/// The command of a change: its name, or its number.
pub(super) fn put_command<S: Sink>(command: Named, sink: &mut S) {
    match command.name() {
        Some(name) => sink.put(name),
        None => write!(sink, "cmd:{command}"),
    }
}

/// A count, or a question mark where the switch does not count.
pub(super) fn put_count<S: Sink>(count: Option<u64>, sink: &mut S) {
    match count {
        Some(count) => write!(sink, "{count}"),
        None => sink.put("?"),
    }
}

/// A number as C's `%#x` writes it: zero has no prefix.
#[derive(Debug, Clone, Copy)]
pub(super) struct CHex(pub(super) u64);

impl fmt::Display for CHex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.pad("0"),
            number => f.pad(&format!("{number:#x}")),
        }
    }
}

/// Bits with names; in JSON an array of the names, the bits without a name as one number in hex.
#[derive(Debug, Clone, Copy)]
pub struct Flags {
    /// The bits as received.
    pub bits: u32,
    /// Single bits and their names, in the order in which they are written.
    pub names: &'static [(u32, &'static str)],
}

impl Flags {
    /// The bits with the table of their names.
    pub fn new(bits: impl Into<u32>, names: &'static [(u32, &'static str)]) -> Flags {
        Flags {
            bits: bits.into(),
            names,
        }
    }

    /// The names of the bits that are set, and the bits without a name.
    fn split(self) -> (impl Iterator<Item = &'static str>, u32) {
        let named = self.names.iter().fold(0, |all, (bit, _)| all | bit);
        let names = self.names.iter();
        let set = names.filter(move |(bit, _)| self.bits & bit != 0);
        (set.map(|(_, name)| *name), self.bits & !named)
    }

    /// Writes the names with a separator between them; `0` where no bit is set.
    pub fn text<S: Sink>(self, sink: &mut S, separator: &str) {
        if self.bits == 0 {
            sink.put("0");
            return;
        }
        let (names, rest) = self.split();
        let mut first = true;
        for name in names {
            if !first {
                sink.put(separator);
            }
            first = false;
            sink.put(name);
        }
        if rest != 0 {
            if !first {
                sink.put(separator);
            }
            write!(sink, "{rest:#x}");
        }
    }
}

impl Serialize for Flags {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (names, rest) = self.split();
        let mut words: Vec<String> = names.map(str::to_owned).collect();
        if rest != 0 {
            words.push(format!("{rest:#x}"));
        }
        words.serialize(serializer)
    }
}

/// An owned match, checked when it was decoded.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    tlvs: Vec<u8>,
}

impl Fields {
    /// Checks and copies NXM or OXM fields.
    ///
    /// # Errors
    ///
    /// A field is truncated or malformed.
    pub fn of(tlvs: Vec<u8>, at: usize) -> Result<Fields, DecodeError> {
        Match::decode_tlvs(&tlvs, at)?;
        Ok(Fields { tlvs })
    }

    /// `ofp_match` of OpenFlow 1.0.
    ///
    /// # Errors
    ///
    /// The match ends early.
    pub fn v10(body: &mut Cursor<'_>) -> Result<Fields, DecodeError> {
        let mut tlvs = Vec::new();
        Match::decode_v10(body, &mut tlvs)?;
        Ok(Fields { tlvs })
    }

    /// `match_len` bytes of NXM and their padding to a multiple of eight.
    ///
    /// # Errors
    ///
    /// The match ends early, or a field in it is wrong.
    pub fn nxm(body: &mut Cursor<'_>, match_len: usize) -> Result<Fields, DecodeError> {
        let tlvs = Match::decode_nxm(body, match_len)?.bytes().to_vec();
        Ok(Fields { tlvs })
    }

    /// `ofp_match` of OpenFlow 1.1 and later, with its padding.
    ///
    /// # Errors
    ///
    /// The match is of another type, ends early, or a field in it is wrong.
    pub fn v11(body: &mut Cursor<'_>) -> Result<Fields, DecodeError> {
        let mut scratch = Vec::new();
        let tlvs = Match::decode_v11(body, &mut scratch)?.bytes().to_vec();
        Ok(Fields { tlvs })
    }

    /// The match of a packet-out of 1.5: switches of Open vSwitch count its padding as part of it.
    ///
    /// # Errors
    ///
    /// As [`Fields::v11`].
    pub fn v15_loose(body: &mut Cursor<'_>) -> Result<Fields, DecodeError> {
        let start = *body;
        match Fields::v11(body) {
            Ok(fields) => Ok(fields),
            Err(error) => {
                let mut whole = start;
                whole.skip(2, "match type")?;
                let length = usize::from(whole.u16("match length")?);
                let fields = whole.sub(length.saturating_sub(4), "match")?;
                let Some(padded) = fields.rest().strip_suffix(&[0; 4]) else {
                    return Err(error);
                };
                whole.skip(length.next_multiple_of(8) - length, "match padding")?;
                *body = whole;
                Fields::of(padded.to_vec(), fields.at()).map_err(|_| error)
            }
        }
    }

    /// The fields of a request in `version`; `None` if OpenFlow 1.0 has no number for the input port.
    pub(super) fn from_request(fields: &MatchFields, version: Version) -> Option<Fields> {
        if let (Version::V10, Some((port, _))) = (version, fields.value(Id::IN_PORT_OXM)) {
            port_to_v10(be_number(port) as u32)?;
        }
        let standard = fields.standard_v11().filter(|_| version == Version::V11);
        let standard = standard.and_then(|bytes| Fields::v11(&mut Cursor::new(&bytes, 0)).ok());
        Some(standard.unwrap_or_else(|| Fields {
            tlvs: fields.tlvs(version),
        }))
    }

    /// Appends `ofp_match` of OpenFlow 1.1 and later with its padding; in 1.1 the standard match where that is read
    /// as these fields. `None` if the match is too long.
    pub(super) fn put_match(&self, version: Version, out: &mut Vec<u8>) -> Option<()> {
        if version == Version::V11
            && let Some(standard) = MatchFields::from(&self.view()?).standard_v11()
            && let Ok(fields) = Fields::v11(&mut Cursor::new(&standard, 0))
            && fields.tlvs == self.tlvs
        {
            out.extend(standard);
            return Some(());
        }
        self.put_oxm(out)
    }

    /// Appends `ofp_match` of OpenFlow 1.1 and later with its padding, as OXM: Open vSwitch takes that in 1.1
    /// as well. `None` if the match is too long.
    pub(super) fn put_oxm(&self, out: &mut Vec<u8>) -> Option<()> {
        out.extend(MATCH_OXM.to_be_bytes());
        out.extend(u16::try_from(self.tlvs.len() + 4).ok()?.to_be_bytes());
        out.extend(&self.tlvs);
        pad(out, self.tlvs.len() + 4);
        Some(())
    }

    /// Appends NXM fields with their padding.
    pub(super) fn put_nxm(&self, out: &mut Vec<u8>) {
        out.extend(&self.tlvs);
        pad(out, self.tlvs.len());
    }

    /// Length of the fields, in bytes.
    pub(super) fn len(&self) -> usize {
        self.tlvs.len()
    }

    /// The match as a view.
    pub fn view(&self) -> Option<Match<'_>> {
        Match::decode_tlvs(&self.tlvs, 0).ok()
    }

    /// Adds a filter by cookie (`NXM_NX_COOKIE`).
    pub(super) fn add_cookie(&mut self, cookie: u64, mask: u64) {
        let is_masked = mask != u64::MAX;
        self.tlvs.extend([
            0,
            1,
            30 << 1 | u8::from(is_masked),
            if is_masked { 16 } else { 8 },
        ]);
        self.tlvs.extend(cookie.to_be_bytes());
        if is_masked {
            self.tlvs.extend(mask.to_be_bytes());
        }
    }

    /// Cookie and mask of a request's filter (`NXM_NX_COOKIE`).
    pub fn cookie(&self) -> Option<(u64, u64)> {
        self.view()?.cookie()
    }

    /// Whether the match requires a VLAN tag.
    pub fn vlan_tag_known(&self) -> bool {
        self.view().is_some_and(|fields| fields.vlan_tag_known())
    }

    /// Writes the match as ovs-ofctl does; priority 32768 is omitted.
    pub fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>, priority: u16) {
        if let Some(fields) = self.view() {
            fields.text(sink, cx, priority);
        }
    }
}

/// The priority that text omits.
pub const DEFAULT_PRIORITY: u16 = 0x8000;

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        raw(serializer, |json| {
            json.begin_object();
            if let Some(fields) = self.view() {
                fields.json(json, &json_context(Version::V15));
            }
            json.end_object();
        })
    }
}

/// Actions or instructions.
#[derive(Debug, Clone, Copy)]
pub struct Actions<'a> {
    list: ActionList<'a>,
    /// Whether packets are known to have a VLAN tag, for the classic style.
    tagged: bool,
}

impl<'a> Actions<'a> {
    /// A list; `tagged` says whether packets are known to have a VLAN tag.
    pub(super) fn new(list: ActionList<'a>, tagged: bool) -> Actions<'a> {
        Actions { list, tagged }
    }

    /// The rest of the body: actions in OpenFlow 1.0, else instructions.
    ///
    /// # Errors
    ///
    /// As [`Actions::read`].
    pub fn rest_of_flow(
        body: &mut Cursor<'a>,
        head: &Head<'a>,
        fields: &Fields,
    ) -> Result<Actions<'a>, DecodeError> {
        let form = match head.version {
            Version::V10 => ListForm::Actions,
            _ => ListForm::Instructions,
        };
        let length = body.remaining();
        let mut actions = Actions::read(body, length, head, form)?;
        actions.tagged = fields.vlan_tag_known();
        Ok(actions)
    }

    /// `length` bytes of actions or instructions. The error of the first inconsistent length is recorded.
    ///
    /// # Errors
    ///
    /// There are fewer than `length` bytes.
    pub fn read(
        body: &mut Cursor<'a>,
        length: usize,
        head: &Head<'a>,
        form: ListForm,
    ) -> Result<Actions<'a>, DecodeError> {
        let bytes = body.sub(length, "actions")?;
        let list = ActionList::new(bytes.rest(), bytes.at(), head.version, form);
        if let Some(error) = list.iter().find_map(Result::err) {
            head.note(error);
        }
        Ok(Actions {
            list,
            tagged: false,
        })
    }

    /// The actions one by one.
    pub fn list(&self) -> &ActionList<'a> {
        &self.list
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Writes what follows `actions=`.
    pub fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        // The error was recorded when the actions were decoded.
        let _ = write_actions(&self.list, sink, cx, self.tagged);
    }
}

impl Serialize for Actions<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        raw(serializer, |json| {
            let _ = self.list.json(json, &json_context(self.list.version()));
        })
    }
}

/// Writes bytes sixteen a line, with their offsets and their printable characters, as ovs-ofctl does.
pub fn put_hex_dump(out: &mut String, bytes: &[u8]) {
    const PER_LINE: usize = 16;
    for (number, line) in bytes.chunks(PER_LINE).enumerate() {
        let _ = write!(out, "{:08x}  ", number * PER_LINE);
        for (index, byte) in line.iter().enumerate() {
            let separator = if index == 7 { '-' } else { ' ' };
            let _ = write!(out, "{byte:02x}{separator}");
        }
        for _ in line.len()..PER_LINE {
            out.push_str("   ");
        }
        out.push('|');
        for byte in line {
            let c = char::from(*byte);
            out.push(if matches!(byte, 32..127) { c } else { '.' });
        }
        for _ in line.len()..PER_LINE {
            out.push(' ');
        }
        out.push_str("|\n");
    }
}

/// The properties that end a message of OpenFlow 1.4 and later: type, body without header and padding.
///
/// # Errors
///
/// The body ends early, or the property's length is less than four.
pub fn next_property<'a>(body: &mut Cursor<'a>) -> Result<(u16, Cursor<'a>), DecodeError> {
    let start = *body;
    let kind = body.u16("property type")?;
    let length = usize::from(body.u16("property length")?);
    let inside = length
        .checked_sub(4)
        .ok_or_else(|| start.error("property length", DecodeErrorKind::BadLength(length)))?;
    let property = body.sub(inside, "property")?;
    body.skip(length.next_multiple_of(8) - length, "property padding")?;
    Ok((kind, property))
}

/// Appends the padding of `length` bytes to a multiple of eight.
pub(super) fn pad(out: &mut Vec<u8>, length: usize) {
    out.resize(out.len() + length.next_multiple_of(8) - length, 0);
}

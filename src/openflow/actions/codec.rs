//! What every action file is written with: the trait, the places on the wire, headers and padding.

use thiserror::Error;

use crate::base::json::Json;
use crate::openflow::bytes::{Cursor, DecodeError, DecodeErrorKind};
use crate::openflow::fields::put_port_json;
use crate::openflow::text::{Plain, Role, Sink, TextContext, port_from_v10, port_to_v10};
use crate::openflow::version::Version;

use super::arguments::word_in;
use super::number::put_hex_bytes;
use crate::openflow::fields::Problem;

/// `OFPAT_EXPERIMENTER`, as an action and as an instruction.
pub(super) const EXPERIMENTER: u16 = 0xffff;

/// Who gave an action its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vendor {
    /// The OpenFlow specification, as an action.
    OpenFlow,
    /// The OpenFlow specification, as an instruction (1.1 and later).
    Instruction,
    /// Nicira, 0x2320: the extensions of Open vSwitch.
    Nicira,
    /// The Open Networking Foundation, 0x4f4e4600: extensions that later versions took up.
    Onf,
}

impl Vendor {
    /// The experimenter id; `None` for what the specification itself numbers.
    pub fn id(self) -> Option<u32> {
        match self {
            Vendor::OpenFlow | Vendor::Instruction => None,
            Vendor::Nicira => Some(0x2320),
            Vendor::Onf => Some(0x4f4e_4600),
        }
    }
}

/// One place of an action on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wire {
    /// Who gave the number.
    pub vendor: Vendor,
    /// The type, or the vendor's subtype.
    pub number: u16,
    /// The first version in which it holds.
    pub since: Version,
    /// The last version in which it holds.
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

    /// A Nicira extension in every version.
    pub(super) const fn nicira(number: u16) -> Wire {
        Wire::new(Vendor::Nicira, number, Version::V10, Version::V15)
    }

    /// An instruction since 1.1.
    pub(super) const fn instruction(number: u16) -> Wire {
        Wire::new(Vendor::Instruction, number, Version::V11, Version::V15)
    }

    pub(super) const fn holds_in(self, version: Version) -> bool {
        self.since as u8 <= version as u8 && version as u8 <= self.until as u8
    }
}

/// What is known of an action before its inside is read.
#[derive(Debug, Clone, Copy)]
pub struct Head {
    /// The version of the message.
    pub version: Version,
    /// Who gave the number.
    pub vendor: Vendor,
    /// The type, or the vendor's subtype.
    pub number: u16,
    /// How many lists this action is nested in.
    pub depth: u8,
}

/// The action cannot be said in this version of OpenFlow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{version} has no action {action}")]
pub struct Unencodable {
    /// The action, in the words of ovs-actions(7).
    pub action: &'static str,
    /// The version asked for.
    pub version: Version,
}

/// How one action is read, written and shown.
pub trait ActionCodec<'a>: Sized {
    /// The name that ovs-actions(7) uses, which is also `type` in JSON.
    const NAME: &'static str;

    /// Where the action stands on the wire.
    const WIRE: &'static [Wire];

    /// Reads what follows the header: 4 bytes of it for OpenFlow's own, 10 for a vendor's. Must leave
    /// less than 8 bytes, which are padding.
    fn decode(body: &mut Cursor<'a>, head: Head) -> Result<Self, DecodeError>;

    /// Appends the action as `version` says it, header and padding included.
    fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), Unencodable>;

    /// Writes the action as `ovs-ofctl -O VERSION` does.
    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>);

    /// Writes the keys of the JSON object that follow `type`.
    fn json(&self, json: &mut Json<'_>, cx: &TextContext<'_>);
}

/// The place of an action in `version`: the first of `wires` that holds there.
pub(super) fn place(
    wires: &'static [Wire],
    version: Version,
    action: &'static str,
) -> Result<Wire, Unencodable> {
    wires
        .iter()
        .find(|wire| wire.holds_in(version))
        .copied()
        .ok_or(Unencodable { action, version })
}

/// Appends an action at `wire`: its header, what `body` appends, padding, and the length.
pub(super) fn put_action(wire: Wire, out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    let (kind, vendor) = match wire.vendor.id() {
        None => (wire.number, None),
        Some(id) => (EXPERIMENTER, Some(id)),
    };
    out.extend(kind.to_be_bytes());
    out.extend([0; 2]);
    if let Some(id) = vendor {
        out.extend(id.to_be_bytes());
        out.extend(wire.number.to_be_bytes());
    }
    body(out);
    let length = (out.len() - start).next_multiple_of(8);
    out.resize(start + length, 0);
    if let Some(field) = out.get_mut(start + 2..start + 4) {
        field.copy_from_slice(&(length as u16).to_be_bytes());
    }
}

/// Appends zeros until `n` bytes have been added.
pub(super) fn put_zeros(out: &mut Vec<u8>, n: usize) {
    out.resize(out.len() + n, 0);
}

/// Skips `n` bytes that must be zero: Open vSwitch refuses the action otherwise. Most padding it does not
/// look at.
pub(super) fn skip_zeros(body: &mut Cursor<'_>, n: usize) -> Result<(), DecodeError> {
    let error = body.error("padding", DecodeErrorKind::BadValue(1));
    if body.take(n, "padding")?.iter().all(|byte| *byte == 0) {
        Ok(())
    } else {
        Err(error)
    }
}

/// How many bytes of padding stand between the header and an argument that is aligned to its own
/// `size`: the header is 4 bytes long, a vendor's 10.
pub(super) fn gap(vendor: Vendor, size: usize) -> usize {
    let header = if vendor.id().is_some() { 10usize } else { 4 };
    header.next_multiple_of(size) - header
}

/// A 32-bit port number of OpenFlow 1.1 and later, or a 16-bit one of 1.0 and of Nicira, widened.
pub(super) fn port(body: &mut Cursor<'_>, head: Head) -> Result<u32, DecodeError> {
    if head.version > Version::V10 && head.vendor == Vendor::OpenFlow {
        body.u32("port")
    } else {
        body.u16("port").map(port_from_v10)
    }
}

/// The 16-bit form of a port for the Nicira actions.
pub(super) fn port_u16(
    port: u32,
    action: &'static str,
    version: Version,
) -> Result<u16, Unencodable> {
    port_to_v10(port).ok_or(Unencodable { action, version })
}

/// Writes `{"number":2,"name":"x"}`; a reserved port has a name only, an unknown one a number only.
pub(super) fn port_json(json: &mut Json<'_>, cx: &TextContext<'_>, ofport: u32) {
    put_port_json(json, cx.names, ofport);
}

/// Implements [`ActionCodec`] for an action that is its header alone.
macro_rules! bare_action {
    ($type:ident, $name:literal, $wire:expr) => {
        impl<'a> ActionCodec<'a> for $type {
            const NAME: &'static str = $name;
            const WIRE: &'static [Wire] = $wire;

            fn decode(_: &mut Cursor<'a>, _: Head) -> Result<Self, DecodeError> {
                Ok($type)
            }

            fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
                super::put_action(super::place(Self::WIRE, version, $name)?, out, |_| ());
                Ok(())
            }

            fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
                sink.put_as(Role::Action, $name);
            }

            fn json(&self, _: &mut Json<'_>, _: &TextContext<'_>) {}
        }
    };
}
pub(super) use bare_action;

/// Makes the struct and implements [`ActionCodec`] for an action with one number for an argument.
macro_rules! number_action {
    (
        $(#[$doc:meta])*
        $type:ident { $(#[$field_doc:meta])* $field:ident: $int:ident }
        $name:literal, $json:literal, $wire:expr, |$sink:ident, $value:ident| $text:expr
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $type {
            $(#[$field_doc])*
            pub $field: $int,
        }

        impl<'a> ActionCodec<'a> for $type {
            const NAME: &'static str = $name;
            const WIRE: &'static [Wire] = $wire;

            fn decode(body: &mut Cursor<'a>, head: Head) -> Result<Self, DecodeError> {
                body.skip(super::gap(head.vendor, size_of::<$int>()), "padding")?;
                Ok($type {
                    $field: $int::from_be_bytes(body.array($name)?),
                })
            }

            fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
                let wire = super::place(Self::WIRE, version, $name)?;
                super::put_action(wire, out, |out| {
                    super::put_zeros(out, super::gap(wire.vendor, size_of::<$int>()));
                    out.extend(self.$field.to_be_bytes());
                });
                Ok(())
            }

            fn text<S: Sink>(&self, $sink: &mut S, _: &TextContext<'_>) {
                let $value = self.$field;
                $text
            }

            fn json(&self, json: &mut Json<'_>, _: &TextContext<'_>) {
                json.key($json);
                json.number(self.$field);
            }
        }
    };
}
pub(super) use number_action;

/// Writes `name:`.
pub(super) fn put_name<S: Sink>(sink: &mut S, name: &str) {
    sink.put_as(Role::Action, name);
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

/// What multipath and bundle hash (`enum nx_hash_fields`).
pub(super) fn hash_fields(number: u16) -> Option<&'static str> {
    HASH_FIELDS.get(usize::from(number)).copied()
}

/// The number of what multipath and bundle hash.
pub(super) fn hash_fields_number(name: &str) -> Result<u16, Problem> {
    word_in(&HASH_FIELDS, name, "set of fields to hash")
}

const HASH_FIELDS: [&str; 7] = [
    "eth_src",
    "symmetric_l4",
    "symmetric_l3l4",
    "symmetric_l3l4+udp",
    "nw_src",
    "nw_dst",
    "symmetric_l3",
];

/// Implements [`ActionParse`] for actions that are a word alone; the match must meet `$prereq`.
macro_rules! bare_parse {
    ($type:ident, $word:literal, $prereq:ident) => {
        impl super::parse::ActionParse for $type {
            const WORDS: &'static [&'static str] = &[$word];

            fn parse(
                word: &str,
                argument: &str,
                parser: &mut super::parse::Parser<'_>,
                out: &mut Vec<u8>,
            ) -> Result<(), crate::openflow::fields::Problem> {
                super::arguments::nothing(word, argument)?;
                parser.demand_since_v11(word, crate::openflow::fields::Prereq::$prereq)?;
                parser.put(&$type, out)
            }
        }
    };
}
pub(super) use bare_parse;

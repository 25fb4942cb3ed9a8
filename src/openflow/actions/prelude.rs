//! The imports of every action file.

pub(super) use crate::base::json::Json;
pub(super) use crate::openflow::bytes::{Cursor, DecodeError, DecodeErrorKind, be_number};
pub(super) use crate::openflow::fields::{
    Field, FieldRef, Header, Id, Prereq, Problem, put_port_json,
};
pub(super) use crate::openflow::json_object::{JsonObject, field_value, word};
pub(super) use crate::openflow::text::{Sink, TextContext, TextRole};
pub(super) use crate::openflow::version::Version;

pub(super) use super::arguments::{
    Argument, Arguments, arrow, decimal, hex_bytes, list, no_argument, set_arguments, uint,
};
pub(super) use super::bits::{Bits, plain_header, short_header};
pub(super) use super::codec::{
    ActionCodec, ActionHeader, Unencodable, Vendor, Wire, put_name, put_zeros, skip_zeros,
};
pub(super) use super::fixed::{
    decode_member, encode_member, fixed_action, fixed_layout, member_kind,
};
pub(super) use super::json_text::text_of_actions;
pub(super) use super::list::{ActionList, ListForm};
pub(super) use super::member::{
    Below, Decimal, EthTypeDigits, GroupNumber, HashFields, LongBits, MemberKind, MemberValue,
    MeterNumber, OneBit, OneLess, Ordinary, Padded, Table, TagType, Word, WordList,
};
pub(super) use super::number::{
    hex_string, put_dec, put_dotted, put_hex, put_hex_bytes, put_hex_or_zero, put_ipv4, put_ipv6,
};
pub(super) use super::parser::{InstructionRank, ListOwner, Parser};
pub(super) use super::separator::Separator;
pub(super) use super::shape::{JsonMember, JsonShape};
pub(super) use super::written::{
    EQUALS_BITS, EQUALS_PORT, EQUALS_TABLE, EQUALS_TEXT, NamedArgument, Takes, WordForm,
};
pub(super) use super::written_form::WrittenForm;

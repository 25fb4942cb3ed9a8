//! The map from tunnel options to `tun_metadata` fields (Nicira's; ovs-ofctl(8), `dump-tlv-map`).
//!
//! ```text
//! mod     command(2) pad(6) | maps
//! reply   max_option_space(4) max_fields(2) pad(10) | maps
//! map     option_class(2) option_type(1) option_len(1) index(2) pad(2)
//! ```

use std::fmt::Write as _;

use serde::Serialize;

use super::codec::{Head, Message, NICIRA, Place, nicira};
use super::header;
use super::members::{CHex, Named};
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::text::{Sink, TextContext};
use crate::openflow::version::Version::{self, V10, V15};

/// The subtype of a request for the map.
const TABLE_REQUEST: u32 = 25;

/// One option and its field.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct TlvMap {
    /// The option's class.
    pub option_class: u16,
    /// The option's type.
    pub option_type: u8,
    /// Its length in bytes.
    pub option_len: u8,
    /// The N of `tun_metadataN`.
    pub index: u16,
}

fn maps(body: &mut Cursor<'_>, head: &Head<'_>) -> Vec<TlvMap> {
    head.list(body, |body| {
        let map = TlvMap {
            option_class: body.u16("option_class")?,
            option_type: body.u8("option_type")?,
            option_len: body.u8("option_len")?,
            index: body.u16("index")?,
        };
        body.skip(2, "padding")?;
        Ok(map)
    })
}

fn put_maps(out: &mut String, maps: &[TlvMap]) {
    out.push_str(" mapping table:\n  class  type  length  match field\n");
    out.push_str(" ------  ----  ------  --------------");
    for map in maps {
        let _ = write!(
            out,
            "\n {:>6}  {:>4}  {:>6}  tun_metadata{}",
            CHex(map.option_class.into()),
            CHex(map.option_type.into()),
            map.option_len,
            map.index
        );
    }
}

/// A request for the map of a switch (`NXT_TLV_TABLE_REQUEST`).
pub fn request(version: Version, xid: u32) -> Option<Vec<u8>> {
    header::message(version, header::VENDOR, xid, |out| {
        out.extend(NICIRA.to_be_bytes());
        out.extend(TABLE_REQUEST.to_be_bytes());
    })
}

/// `NXT_TLV_TABLE_MOD`
#[derive(Debug, Clone, Serialize)]
pub struct TlvTableMod {
    /// `NXTTMC_*`
    pub command: Named,
    /// The maps to add or to delete.
    pub maps: Vec<TlvMap>,
}

const COMMANDS: &[(u32, &str)] = &[(0, "ADD"), (1, "DEL"), (CLEAR, "CLEAR")];
const CLEAR: u32 = 2;

impl<'a> Message<'a> for TlvTableMod {
    const PLACES: &'static [Place] = &[nicira("NXT_TLV_TABLE_MOD", 24, V10, V15)];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<TlvTableMod, DecodeError> {
        let command = Named::new(body.u16("command")?, COMMANDS);
        body.skip(6, "padding")?;
        Ok(TlvTableMod {
            command,
            maps: maps(body, head),
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        write!(sink, "\n {}", self.command);
        if self.command.number != CLEAR {
            put_maps(sink.buffer(), &self.maps);
        }
    }
}

/// `NXT_TLV_TABLE_REPLY`
pub(super) const NICIRA_REPLY: u32 = 26;

/// `NXT_TLV_TABLE_REPLY`
#[derive(Debug, Clone, Serialize)]
pub struct TlvTableReply {
    /// How many bytes the options may have together.
    pub max_option_space: u32,
    /// How many fields there may be.
    pub max_fields: u16,
    /// The maps there are.
    pub maps: Vec<TlvMap>,
}

impl<'a> Message<'a> for TlvTableReply {
    const PLACES: &'static [Place] = &[nicira("NXT_TLV_TABLE_REPLY", NICIRA_REPLY, V10, V15)];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<TlvTableReply, DecodeError> {
        let max_option_space = body.u32("max_option_space")?;
        let max_fields = body.u16("max_fields")?;
        body.skip(10, "padding")?;
        Ok(TlvTableReply {
            max_option_space,
            max_fields,
            maps: maps(body, head),
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        let maps = &self.maps;
        let allocated: u32 = maps.iter().map(|map| u32::from(map.option_len)).sum();
        writeln!(
            sink,
            "\n max option space={} max fields={}\n allocated option space={allocated}\n",
            self.max_option_space, self.max_fields
        );
        put_maps(sink.buffer(), maps);
    }
}

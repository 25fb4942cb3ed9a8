//! Match fields: one table, one row per field.

use super::bytes::{Cursor, DecodeError};
use super::json::Json;
use super::text::{Sink, TextContext};
use super::version::Version;

/// One row of the field table.
#[derive(Debug)]
pub struct Field {
    /// The name that ovs-fields(7) uses: `eth_src`.
    pub name: &'static str,
}

/// An OXM or NXM header (OpenFlow 1.5.1 §7.2.3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// `oxm_class`; 0xffff is the experimenter class.
    pub class: u16,
    /// `oxm_field`, 7 bits.
    pub number: u8,
    /// `oxm_hasmask`
    pub masked: bool,
    /// `oxm_length` without the experimenter id, in bytes (value and mask together).
    pub length: u8,
    /// The experimenter id of class 0xffff.
    pub experimenter: Option<u32>,
}

impl Header {
    /// Reads 4 bytes, or 8 of the experimenter class.
    pub fn decode(_cursor: &mut Cursor<'_>) -> Result<Header, DecodeError> {
        todo!()
    }

    /// The row for this header, if there is one.
    pub fn field(self) -> Option<&'static Field> {
        todo!()
    }

    /// Appends the header as it was.
    pub fn encode(self, _out: &mut Vec<u8>) {
        todo!()
    }
}

impl Field {
    /// The row with this name or alias.
    pub fn by_name(_name: &str) -> Option<&'static Field> {
        todo!()
    }

    /// The name ovs-ofctl gives the field inside actions: `NXM_OF_VLAN_TCI`, `OXM_OF_METADATA`.
    pub fn nxm_name(&self) -> &'static str {
        todo!()
    }

    /// Width in bits.
    pub fn n_bits(&self) -> u16 {
        todo!()
    }

    /// The header to send for this field in `version`.
    pub fn header(&self, _version: Version, _masked: bool) -> Header {
        todo!()
    }

    /// Writes a value (and mask) as ovs-ofctl does after `field=` or in `set_field:VALUE->field`.
    pub fn value_text<S: Sink>(
        &self,
        _value: &[u8],
        _mask: Option<&[u8]>,
        _sink: &mut S,
        _cx: &TextContext<'_>,
    ) {
        todo!()
    }

    /// Writes a value (and mask) as JSON.
    pub fn value_json(
        &self,
        _value: &[u8],
        _mask: Option<&[u8]>,
        _json: &mut Json<'_>,
        _cx: &TextContext<'_>,
    ) {
        todo!()
    }
}

/// A field that may be unknown to the table.
#[derive(Debug, Clone, Copy)]
pub enum FieldRef {
    /// A row.
    Known(&'static Field),
    /// A header without a row, kept whole.
    Unknown(Header),
}

/// Some bits of a field: `NXM_NX_REG0[0..15]`.
#[derive(Debug, Clone, Copy)]
pub struct Subfield {
    /// The field.
    pub field: FieldRef,
    /// The lowest bit.
    pub offset: u16,
    /// How many bits.
    pub n_bits: u16,
}

impl Subfield {
    /// Writes `NXM_NX_REG0[]`, `NXM_NX_REG0[5]` or `NXM_NX_REG0[0..15]`.
    pub fn text<S: Sink>(&self, _sink: &mut S) {
        todo!()
    }

    /// Writes `{"field":"reg0","offset":0,"n_bits":16}`.
    pub fn json(&self, _json: &mut Json<'_>) {
        todo!()
    }
}

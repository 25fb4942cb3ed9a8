//! Setting bits of a field, the common form of `set_field` and `load`, encoded for any version.

use super::codec::put_action;
use super::mod_header::{
    ModDlDst, ModDlSrc, ModNwDst, ModNwEcn, ModNwSrc, ModNwTos, ModTpDst, ModTpSrc,
};
use super::prelude::*;
use super::put_field::{REG_LOAD2, SET_FIELD, ones, put_load, put_value, runs_of_ones};
use super::vlan::{
    ETH_TYPE_VLAN, ModVlanPcp, ModVlanVid, PopVlan, PushVlan, SetVlanPcp, SetVlanVid, StripVlan,
};

/// A field with the bits to set.
pub(super) struct FieldSetting {
    pub(super) field: &'static Field,
    pub(super) value: Vec<u8>,
    /// As wide as the value; `None` is the whole field.
    pub(super) mask: Option<Vec<u8>>,
}

impl FieldSetting {
    /// Appends the setting; `load` says whether that was the word.
    ///
    /// OpenFlow 1.5 has `set_field` for all of it. Before, `load` stays `load`, and so does a `set_field` of
    /// some bits; a whole field is `set_field` since 1.2, and an action of its own before where there is one.
    pub(super) fn put(mut self, load: bool, parser: &mut Parser<'_>) -> Result<(), Problem> {
        if self.field.id == Id::VLAN_VID {
            parser.demand(self.field.name, Prereq::Vlan)?;
        }
        // A tunnel option may be wider than the given value.
        let option = self.field.id.is_tun_metadata();
        self.mask = self
            .mask
            .filter(|mask| option || mask.iter().any(|byte| *byte != 0xff));
        if option {
            self.trim();
        } else if let Some(mask) = &self.mask {
            self.value = self
                .value
                .iter()
                .zip(mask)
                .map(|(value, mask)| value & mask)
                .collect();
        }
        let tagged = parser.known.vlan_tags;
        if self.field.id == Id::VLAN_TCI {
            let present = be_number(&self.value) & TAG_PRESENT != 0;
            parser.known.vlan_tags = if present { tagged.max(1) } else { 0 };
        }
        if parser.version >= Version::V15 {
            return self.put_set_field(parser);
        }
        if load || self.mask.is_some() {
            return self.put_loads(parser);
        }
        if parser.version >= Version::V12 {
            return self.put_set_field(parser);
        }
        if self.put_legacy(tagged, parser)? {
            return Ok(());
        }
        self.put_loads(parser)
    }

    /// Removes leading zeros of a field of variable width.
    fn trim(&mut self) {
        let zeros = |bytes: &[u8]| bytes.iter().take_while(|byte| **byte == 0).count();
        let cut = zeros(&self.value).min(self.mask.as_deref().map_or(usize::MAX, zeros));
        self.value.drain(..cut);
        if let Some(mask) = &mut self.mask {
            mask.drain(..cut);
        }
    }

    fn put_set_field(&self, parser: &mut Parser<'_>) -> Result<(), Problem> {
        self.put_as(SET_FIELD, parser.version, parser)
    }

    /// Appends the setting by `wire`, with the header of the field in `version`.
    fn put_as(&self, wire: Wire, version: Version, parser: &mut Parser<'_>) -> Result<(), Problem> {
        let length = self.value.len() * if self.mask.is_some() { 2 } else { 1 };
        let header = Header {
            length: u8::try_from(length)
                .map_err(|_| Problem::syntax("the value and its mask are too long"))?,
            ..self.field.header(version, self.mask.is_some())
        };
        put_action(wire, &mut parser.out, |out| {
            put_value(header, &self.value, self.mask.as_deref(), out);
        });
        Ok(())
    }

    /// One `load` for each run of bits, or `reg_load2` for a field that `load` has no room for.
    fn put_loads(&self, parser: &mut Parser<'_>) -> Result<(), Problem> {
        let header = self.field.header(Version::V10, false);
        if header.experimenter.is_some() || self.field.id.is_tun_metadata() {
            return self.put_as(REG_LOAD2, Version::V10, parser);
        }
        let n_bits = self.field.n_bits();
        let value = be_number(&self.value);
        let mask = self.mask.as_deref().map_or(u128::MAX, be_number) & ones(n_bits);
        for (offset, n_bits) in runs_of_ones(mask) {
            let dst = Bits {
                header,
                offset,
                n_bits,
            };
            let bits = value >> offset & ones(n_bits);
            put_load(dst, bits as u64, &mut parser.out);
        }
        Ok(())
    }

    /// The action that OpenFlow 1.0 and 1.1 have for this field, if there is one.
    fn put_legacy(&self, tagged: u8, parser: &mut Parser<'_>) -> Result<bool, Problem> {
        let number = be_number(&self.value);
        let first = parser.version == Version::V10;
        let port = number as u16;
        let address = (number as u32).to_be_bytes();
        let [_, _, mac @ ..] = (number as u64).to_be_bytes();
        let vlan_vid = port & 0xfff;
        match self.field.id {
            Id::VLAN_TCI if number & TAG_PRESENT == 0 && first => StripVlan {}.put(parser),
            Id::VLAN_TCI if number & TAG_PRESENT == 0 => PopVlan {}.put(parser),
            Id::VLAN_TCI => {
                let vlan_pcp = (port >> 13) as u8;
                if first {
                    ModVlanVid { vlan_vid }.put(parser)?;
                    ModVlanPcp { vlan_pcp }.put(parser)
                } else {
                    if tagged == 0 {
                        PushVlan {
                            eth_type: ETH_TYPE_VLAN,
                        }
                        .put(parser)?;
                    }
                    SetVlanVid { vlan_vid }.put(parser)?;
                    SetVlanPcp { vlan_pcp }.put(parser)
                }
            }
            Id::VLAN_VID if first => ModVlanVid { vlan_vid }.put(parser),
            Id::VLAN_VID => SetVlanVid { vlan_vid }.put(parser),
            Id::VLAN_PCP => {
                let vlan_pcp = number as u8;
                if first {
                    ModVlanPcp { vlan_pcp }.put(parser)
                } else {
                    SetVlanPcp { vlan_pcp }.put(parser)
                }
            }
            Id::ETH_SRC => ModDlSrc { address: mac }.put(parser),
            Id::ETH_DST => ModDlDst { address: mac }.put(parser),
            Id::IP_SRC => ModNwSrc { address }.put(parser),
            Id::IP_DST => ModNwDst { address }.put(parser),
            Id::NW_TOS => ModNwTos {
                nw_tos: number as u8,
            }
            .put(parser),
            Id::IP_DSCP => {
                let nw_tos = (number as u8) << 2;
                ModNwTos { nw_tos }.put(parser)
            }
            Id::NW_ECN if !first => ModNwEcn {
                nw_ecn: number as u8,
            }
            .put(parser),
            Id::TCP_SRC | Id::UDP_SRC => ModTpSrc { port }.put(parser),
            Id::TCP_DST | Id::UDP_DST => ModTpDst { port }.put(parser),
            _ => return Ok(false),
        }?;
        Ok(true)
    }
}

/// The presence bit of `vlan_tci`.
const TAG_PRESENT: u128 = 0x1000;

//! What the flows of a table can match and do: bits in the statistics of OpenFlow 1.0 to 1.2 (OpenFlow
//! 1.0.0 §5.3.5, 1.1.0 §A.3.5.4, 1.2 §A.3.5.4), properties of the features since 1.3 (1.5.1 §7.3.5.18).
//!
//! Fields, actions and instructions that are not known here are passed over, as ovs-ofctl does.

use std::collections::BTreeSet;

use serde::{Serialize, Serializer};

use super::features::action_names;
use super::members::next_property;
use crate::openflow::bytes::{Cursor, DecodeError, DecodeErrorKind};
use crate::openflow::fields::{self, Id, ROWS, RowSet, listing};
use crate::openflow::version::Version;

/// What the flows of a table can match and do.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Abilities {
    /// What the message asks for; since 1.5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<&'static str>,
    /// What becomes of packets that no flow matches; in 1.1 and 1.2.
    #[serde(rename = "config", skip_serializing_if = "Option::is_none")]
    pub miss_config: Option<&'static str>,
    /// Whether the table can push out flows to make room; since 1.4.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eviction: Option<bool>,
    /// Whether it can tell how full it is; since 1.4.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vacancy_events: Option<bool>,
    /// What flows can do.
    #[serde(flatten)]
    pub flows: FlowAbilities,
    /// What the flow can do that takes the packets that no other matches, if that is something else.
    #[serde(skip_serializing_if = "Option::is_none")]
    miss: Option<FlowAbilities>,
    /// The fields that flows can match.
    #[serde(
        rename = "match",
        skip_serializing_if = "RowSet::is_empty",
        serialize_with = "names"
    )]
    pub matched: RowSet,
    /// Those of them that can be matched under any mask.
    #[serde(
        rename = "mask",
        skip_serializing_if = "RowSet::is_empty",
        serialize_with = "names"
    )]
    pub masked: RowSet,
    /// Those of them that can be left out of a match.
    #[serde(skip_serializing_if = "RowSet::is_empty", serialize_with = "names")]
    pub wildcards: RowSet,
    /// The tables whose flows are copied to this one; since 1.4.
    #[serde(rename = "table_sync_from", skip_serializing_if = "Vec::is_empty")]
    pub synced_from: Vec<u8>,
}

/// What flows can do.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct FlowAbilities {
    /// `OFPIT_*` in the words of ovs-ofctl.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub instructions: Vec<&'static str>,
    /// The tables that packets can go to.
    #[serde(rename = "next_tables", skip_serializing_if = "BTreeSet::is_empty")]
    pub next: BTreeSet<u8>,
    /// What can be written to the action set.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub write_actions: Vec<&'static str>,
    /// What can be done at once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub apply_actions: Vec<&'static str>,
    /// The fields that a `set_field` in the action set can set.
    #[serde(skip_serializing_if = "RowSet::is_empty", serialize_with = "names")]
    pub write_setfield: RowSet,
    /// The fields that a `set_field` can set at once.
    #[serde(skip_serializing_if = "RowSet::is_empty", serialize_with = "names")]
    pub apply_setfield: RowSet,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn names<S: Serializer>(fields: &RowSet, serializer: S) -> Result<S::Ok, S::Error> {
    listing::names(*fields).serialize(serializer)
}

/// The instructions by the names of ovs-ofctl, in its order; `OFPIT_*`.
const INSTRUCTIONS: [(&str, u32); 6] = [
    ("meter", 6),
    ("apply_actions", 4),
    ("clear_actions", 5),
    ("write_actions", 3),
    ("write_metadata", 2),
    ("goto_table", 1),
];
/// The bits of `OFPIT_GOTO_TABLE` to `OFPIT_CLEAR_ACTIONS`.
const V11_INSTRUCTIONS: u32 = 0x3e;
/// The same and `OFPIT_METER`.
const V13_INSTRUCTIONS: u32 = 0x7e;

/// The names of the instructions among those that a version has.
fn instructions(numbers: u32, known: u32) -> Vec<&'static str> {
    let rows = INSTRUCTIONS.iter();
    rows.filter(|(_, number)| numbers & known & 1 << number != 0)
        .map(|(name, _)| *name)
        .collect()
}

/// `OFPFW_*` of 1.0: the bits and what they are about.
const V10_FIELDS: [(u32, Id); 12] = [
    (1 << 0, Id::IN_PORT),
    (1 << 1, Id::VLAN_VID),
    (1 << 2, Id::ETH_SRC),
    (1 << 3, Id::ETH_DST),
    (1 << 4, Id::ETH_TYPE),
    (1 << 5, Id::NW_PROTO),
    (1 << 6, Id::TCP_SRC),
    (1 << 7, Id::TCP_DST),
    (0x3f << 8, Id::IP_SRC),
    (0x3f << 14, Id::IP_DST),
    (1 << 20, Id::VLAN_PCP),
    (1 << 21, Id::NW_TOS),
];

/// `OFPFMF_*` of 1.1: the bits and what they are about.
const V11_FIELDS: [(u32, Id); 15] = [
    (1 << 0, Id::IN_PORT),
    (1 << 1, Id::VLAN_VID),
    (1 << 2, Id::VLAN_PCP),
    (1 << 3, Id::ETH_TYPE),
    (1 << 4, Id::NW_TOS),
    (1 << 5, Id::NW_PROTO),
    (1 << 6, Id::TCP_SRC),
    (1 << 7, Id::TCP_DST),
    (1 << 8, Id::MPLS_LABEL),
    (1 << 9, Id::MPLS_TC),
    (1 << 11, Id::ETH_SRC),
    (1 << 12, Id::ETH_DST),
    (1 << 13, Id::IP_SRC),
    (1 << 14, Id::IP_DST),
    (1 << 15, Id::METADATA),
];

fn bits(numbers: u32, fields: &[(u32, Id)]) -> RowSet {
    let mut set = RowSet::default();
    for (bits, id) in fields {
        if numbers & bits != 0 {
            set.insert(*id);
        }
    }
    set
}

/// The fields of 1.2, a bit for each number of class `OFPXMC_OPENFLOW_BASIC`.
fn oxm_bits(numbers: u64) -> RowSet {
    const BASIC: u16 = 0x8000;
    let mut set = RowSet::default();
    for row in ROWS {
        let wire = row.wire_in(Version::V12);
        if wire.is_some_and(|wire| {
            wire.class == BASIC
                && wire.since <= Version::V12
                && wire.number < 64
                && numbers & 1 << wire.number != 0
        }) {
            set.insert(row.id);
        }
    }
    set
}

/// The properties that must be there: all about flows, but not those about the flow that takes the rest.
const REQUIRED: u32 = 0x5555;

/// `OFPTC_TABLE_MISS_*` of 1.1 and 1.2; a number that is none of them counts as the first.
fn miss_config(config: u32) -> &'static str {
    match config & 3 {
        1 => "continue",
        2 => "drop",
        _ => "controller",
    }
}

impl Abilities {
    /// What the flow can do that takes the packets that no other matches.
    pub fn miss(&self) -> &FlowAbilities {
        self.miss.as_ref().unwrap_or(&self.flows)
    }

    /// The four bytes that 1.0 has.
    pub(super) fn v10(table: &mut Cursor<'_>) -> Result<Abilities, DecodeError> {
        let wildcards = bits(table.u32("wildcards")?, &V10_FIELDS);
        Ok(Abilities {
            matched: wildcards,
            wildcards,
            ..Abilities::default()
        })
    }

    /// The 24 bytes that 1.1 has.
    pub(super) fn v11(table: &mut Cursor<'_>) -> Result<Abilities, DecodeError> {
        let wildcards = bits(table.u32("wildcards")?, &V11_FIELDS);
        let matched = bits(table.u32("match")?, &V11_FIELDS).or(wildcards);
        let flows = FlowAbilities {
            instructions: instructions(table.u32("instructions")?, V11_INSTRUCTIONS),
            write_actions: action_names(Version::V11, table.u32("write_actions")?),
            apply_actions: action_names(Version::V11, table.u32("apply_actions")?),
            ..FlowAbilities::default()
        };
        Ok(Abilities {
            miss_config: Some(miss_config(table.u32("config")?)),
            flows,
            matched,
            wildcards,
            ..Abilities::default()
        })
    }

    /// The 64 bytes that 1.2 has, with the bits of the metadata among them.
    pub(super) fn v12(table: &mut Cursor<'_>) -> Result<(Abilities, (u64, u64)), DecodeError> {
        let matched = oxm_bits(table.u64("match")?);
        let wildcards = oxm_bits(table.u64("wildcards")?);
        let mut flows = FlowAbilities {
            write_actions: action_names(Version::V12, table.u32("write_actions")?),
            apply_actions: action_names(Version::V12, table.u32("apply_actions")?),
            write_setfield: oxm_bits(table.u64("write_setfields")?),
            apply_setfield: oxm_bits(table.u64("apply_setfields")?),
            ..FlowAbilities::default()
        };
        let metadata = (table.u64("metadata_match")?, table.u64("metadata_write")?);
        flows.instructions = instructions(table.u32("instructions")?, V11_INSTRUCTIONS);
        let abilities = Abilities {
            miss_config: Some(miss_config(table.u32("config")?)),
            flows,
            matched: matched.or(wildcards),
            wildcards,
            ..Abilities::default()
        };
        Ok((abilities, metadata))
    }

    /// The properties of 1.3 and later, `OFPTFPT_*`. In 1.5 there may be none.
    pub(super) fn properties(
        &mut self,
        version: Version,
        mut properties: Cursor<'_>,
    ) -> Result<(), DecodeError> {
        let any = !properties.is_empty();
        let start = properties;
        let mut miss = FlowAbilities::default();
        let mut seen = 0_u32;
        while !properties.is_empty() {
            let at = properties;
            let (number, property) = next_property(&mut properties)?;
            let bit = 1_u32.checked_shl(number.into()).unwrap_or(0);
            if seen & bit != 0 {
                let kind = DecodeErrorKind::BadValue(number.into());
                return Err(at.error("table features property", kind));
            }
            seen |= bit;
            self.property(version, number, property, &mut miss)?;
        }
        let missing = REQUIRED & !seen;
        if missing != 0 && (any || version < Version::V15) {
            let first = u64::from(missing.trailing_zeros());
            return Err(start.error("missing property", DecodeErrorKind::BadValue(first)));
        }
        if any {
            self.complete(seen, miss);
        }
        Ok(())
    }

    fn property(
        &mut self,
        version: Version,
        number: u16,
        mut property: Cursor<'_>,
        miss: &mut FlowAbilities,
    ) -> Result<(), DecodeError> {
        // Odd numbers are about the flow that takes what no other matches.
        let flows = if number.is_multiple_of(2) {
            &mut self.flows
        } else {
            miss
        };
        match number {
            0 | 1 => flows.instructions = instructions(numbers(&mut property)?, V13_INSTRUCTIONS),
            2 | 3 => flows.next = tables(&mut property)?,
            4 | 5 => flows.write_actions = action_names(version, numbers(&mut property)?),
            6 | 7 => flows.apply_actions = action_names(version, numbers(&mut property)?),
            8 => (self.matched, self.masked) = oxms(&mut property)?,
            10 => self.wildcards = unmasked(&mut property)?,
            12 | 13 => flows.write_setfield = unmasked(&mut property)?,
            14 | 15 => flows.apply_setfield = unmasked(&mut property)?,
            16 => self.synced_from = property.rest().to_vec(),
            0xffff => {
                let experimenter = property.u32("experimenter")?;
                property.skip(4, "experimenter's type")?;
                if experimenter == 0 {
                    return Err(property.error("experimenter", DecodeErrorKind::BadValue(0)));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// What was not said of the flow that takes the rest is as of the others; and what follows from the
    /// masks.
    fn complete(&mut self, seen: u32, mut miss: FlowAbilities) {
        let unsaid = |number: u32| seen & 1 << number == 0;
        let flows = &self.flows;
        if unsaid(1) {
            miss.instructions.clone_from(&flows.instructions);
        }
        if unsaid(3) {
            miss.next.clone_from(&flows.next);
        }
        if unsaid(5) {
            miss.write_actions.clone_from(&flows.write_actions);
        }
        if unsaid(7) {
            miss.apply_actions.clone_from(&flows.apply_actions);
        }
        if unsaid(13) {
            miss.write_setfield = flows.write_setfield;
        }
        if unsaid(15) {
            miss.apply_setfield = flows.apply_setfield;
        }
        self.miss = Some(miss).filter(|miss| *miss != self.flows);
        self.matched = self.matched.or(self.masked);
        self.wildcards = self.wildcards.or(self.masked).and(self.matched);
    }
}

/// Instructions or actions, by number only; those above 31 are an experimenter's.
fn numbers(property: &mut Cursor<'_>) -> Result<u32, DecodeError> {
    let mut all = 0;
    while !property.is_empty() {
        let at = *property;
        let number = property.u16("type")?;
        let length = usize::from(property.u16("length")?);
        let inside = length.checked_sub(4);
        let inside =
            inside.ok_or_else(|| at.error("length", DecodeErrorKind::BadLength(length)))?;
        property.skip(inside, "body")?;
        all |= 1_u32.checked_shl(number.into()).unwrap_or(0);
    }
    Ok(all)
}

fn tables(property: &mut Cursor<'_>) -> Result<BTreeSet<u8>, DecodeError> {
    let mut set = BTreeSet::new();
    while !property.is_empty() {
        let at = *property;
        match property.u8("next table")? {
            u8::MAX => {
                let kind = DecodeErrorKind::BadValue(u8::MAX.into());
                return Err(at.error("next table", kind));
            }
            table => {
                set.insert(table);
            }
        }
    }
    Ok(set)
}

/// Fields without a mask, and with one.
fn oxms(property: &mut Cursor<'_>) -> Result<(RowSet, RowSet), DecodeError> {
    let (mut exact, mut masked) = (RowSet::default(), RowSet::default());
    while !property.is_empty() {
        let header = fields::Header::decode(property)?;
        let Some(row) = header.field() else {
            continue;
        };
        let fits = if row.id.is_tun_metadata() {
            header.value_bytes() <= 0x7f
        } else {
            header.value_bytes() == usize::from(row.bytes)
        };
        if fits && header.masked {
            masked.insert(row.id);
        } else if fits {
            exact.insert(row.id);
        }
    }
    Ok((exact, masked))
}

fn unmasked(property: &mut Cursor<'_>) -> Result<RowSet, DecodeError> {
    let start = *property;
    let (exact, masked) = oxms(property)?;
    if masked.is_empty() {
        Ok(exact)
    } else {
        Err(start.error("field with a mask", DecodeErrorKind::BadValue(1)))
    }
}

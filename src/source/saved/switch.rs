//! What was saved of a switch.

use std::collections::BTreeMap;

use crate::openflow::messages::codec::{At, NICIRA};
use crate::openflow::messages::{header, multipart};
use crate::openflow::version::Version;

const NXST_FLOW: u32 = 0;
const NXST_GROUP: u32 = 7;
const NXST_GROUP_DESC: u32 = 8;
const NXT_TLV_TABLE_REQUEST: u32 = 25;
const NXT_TLV_TABLE_REPLY: u32 = 26;

/// What was saved of a switch: messages, as it sent them or would have sent them.
#[derive(Debug, Clone)]
pub struct SavedSwitch {
    /// The OpenFlow version of all messages.
    pub version: Version,
    /// The messages that answer a question, whole, each with its header. A part that is missing was not saved; one
    /// without messages or records is known to be empty.
    pub parts: BTreeMap<Part, Vec<Vec<u8>>>,
    /// Of a switch of a later version, its ports in OpenFlow 1.0, whose flags (no-flood, ...) later versions lack.
    pub early_ports: Option<Vec<Vec<u8>>>,
    /// The ports of which only the name is known, by the number that stands for them in the messages.
    pub unnumbered: BTreeMap<u32, String>,
}

impl SavedSwitch {
    /// Nothing of a switch of this version.
    pub fn new(version: Version) -> SavedSwitch {
        SavedSwitch {
            version,
            parts: BTreeMap::new(),
            early_ports: None,
            unnumbered: BTreeMap::new(),
        }
    }
}

/// A question to a switch, and its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// `OFPT_FEATURES_REPLY`: the datapath id; before OpenFlow 1.3 the ports.
    Features,
    /// `OFPMP_FLOW`; of OpenFlow 1.5 `OFPMP_FLOW_DESC`.
    Flows,
    /// `OFPMP_GROUP_DESC`
    Groups,
    /// `OFPMP_GROUP`
    GroupStats,
    /// `OFPMP_METER_CONFIG`; of OpenFlow 1.5 `OFPMP_METER_DESC`.
    Meters,
    /// `OFPMP_METER`
    MeterStats,
    /// `OFPMP_PORT_DESC`
    Ports,
    /// `OFPMP_PORT_STATS`
    PortStats,
    /// `OFPMP_TABLE`
    TableStats,
    /// `OFPMP_TABLE_FEATURES`
    TableFeatures,
    /// `OFPMP_TABLE_DESC`
    TableDescs,
    /// `NXT_TLV_TABLE_REPLY`
    TlvMap,
}

impl Part {
    /// All parts.
    pub const ALL: [Part; 12] = [
        Part::Features,
        Part::Flows,
        Part::Groups,
        Part::GroupStats,
        Part::Meters,
        Part::MeterStats,
        Part::Ports,
        Part::PortStats,
        Part::TableStats,
        Part::TableFeatures,
        Part::TableDescs,
        Part::TlvMap,
    ];

    /// The part that a message of this type asks for, or is.
    pub(super) fn of(at: At) -> Option<Part> {
        Some(match at {
            At::Type(header::FEATURES_REQUEST | header::FEATURES_REPLY) => Part::Features,
            At::Request(kind) | At::Reply(kind) => match kind {
                multipart::FLOW => Part::Flows,
                multipart::GROUP_DESC => Part::Groups,
                multipart::GROUP_STATS => Part::GroupStats,
                multipart::METER_CONFIG => Part::Meters,
                multipart::METER_STATS => Part::MeterStats,
                multipart::PORT_DESC => Part::Ports,
                multipart::PORT_STATS => Part::PortStats,
                multipart::TABLE_STATS => Part::TableStats,
                multipart::TABLE_FEATURES => Part::TableFeatures,
                multipart::TABLE_DESC => Part::TableDescs,
                _ => return None,
            },
            At::VendorRequest(NICIRA, kind) | At::VendorReply(NICIRA, kind) => match kind {
                NXST_FLOW => Part::Flows,
                NXST_GROUP => Part::GroupStats,
                NXST_GROUP_DESC => Part::Groups,
                _ => return None,
            },
            At::Vendor(NICIRA, NXT_TLV_TABLE_REQUEST | NXT_TLV_TABLE_REPLY) => Part::TlvMap,
            _ => return None,
        })
    }

    /// Its name in a file of `ovs save`.
    pub fn name(self) -> &'static str {
        match self {
            Part::Features => "features",
            Part::Flows => "flows",
            Part::Groups => "groups",
            Part::GroupStats => "group-stats",
            Part::Meters => "meters",
            Part::MeterStats => "meter-stats",
            Part::Ports => "ports",
            Part::PortStats => "port-stats",
            Part::TableStats => "table-stats",
            Part::TableFeatures => "table-features",
            Part::TableDescs => "table-descs",
            Part::TlvMap => "tlv-map",
        }
    }
}

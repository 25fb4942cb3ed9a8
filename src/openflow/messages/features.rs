//! What a switch is and can do (OpenFlow 1.5.1 §7.3.1); until 1.2 the reply lists its ports, too.
//!
//! ```text
//! header(8) | datapath_id(8) n_buffers(4) n_tables(1) auxiliary_id(1) pad(2) capabilities(4)
//!           | actions(4, 1.0 only) | ports (1.0 to 1.2)
//! ```

use std::fmt::Write as _;

use serde::Serialize;

use super::codec::{At, Head, List, Message, Place, place};
use super::header::FEATURES_REPLY;
use super::members::{Flags, Hex};
use super::port_desc;
use super::ports::PortDesc;
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::text::{Sink, TextContext};
use crate::openflow::version::Version::{self, V10, V15};

/// `OFPT_FEATURES_REPLY`
#[derive(Debug, Clone, Serialize)]
pub struct Features {
    /// The switch's id.
    pub datapath_id: Hex,
    /// How many packets it buffers.
    pub n_buffers: u32,
    /// How many tables it has.
    pub n_tables: u8,
    /// Which connection this is; 0 for the main one.
    pub auxiliary_id: u8,
    /// `OFPC_*`
    pub capabilities: Flags,
    /// The actions it knows; 1.0 only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actions: Option<Flags>,
    /// Its ports; 1.0 to 1.2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ports: Option<List<PortDesc>>,
}

/// Names of `OFPC_*`; the version decides which of two bit 3 is.
const CAPABILITIES_V10: &[(u32, &str)] = &[
    (1 << 0, "FLOW_STATS"),
    (1 << 1, "TABLE_STATS"),
    (1 << 2, "PORT_STATS"),
    (1 << 3, "STP"),
    (1 << 5, "IP_REASM"),
    (1 << 6, "QUEUE_STATS"),
    (1 << 7, "ARP_MATCH_IP"),
];
const CAPABILITIES_V11: &[(u32, &str)] = &[
    (1 << 0, "FLOW_STATS"),
    (1 << 1, "TABLE_STATS"),
    (1 << 2, "PORT_STATS"),
    (1 << 3, "GROUP_STATS"),
    (1 << 5, "IP_REASM"),
    (1 << 6, "QUEUE_STATS"),
    (1 << 7, "ARP_MATCH_IP"),
];
const CAPABILITIES_V12: &[(u32, &str)] = &[
    (1 << 0, "FLOW_STATS"),
    (1 << 1, "TABLE_STATS"),
    (1 << 2, "PORT_STATS"),
    (1 << 3, "GROUP_STATS"),
    (1 << 5, "IP_REASM"),
    (1 << 6, "QUEUE_STATS"),
    (1 << 8, "PORT_BLOCKED"),
];
const CAPABILITIES_V14: &[(u32, &str)] = &[
    (1 << 0, "FLOW_STATS"),
    (1 << 1, "TABLE_STATS"),
    (1 << 2, "PORT_STATS"),
    (1 << 3, "GROUP_STATS"),
    (1 << 5, "IP_REASM"),
    (1 << 6, "QUEUE_STATS"),
    (1 << 8, "PORT_BLOCKED"),
    (1 << 9, "BUNDLES"),
    (1 << 10, "FLOW_MONITORING"),
];

/// `OFPAT10_*` in the order in which ovs-ofctl prints them.
pub(super) const ACTIONS: &[(u32, &str)] = &[
    (1 << 0, "output"),
    (1 << 11, "enqueue"),
    (1 << 1, "set_vlan_vid"),
    (1 << 2, "set_vlan_pcp"),
    (1 << 3, "strip_vlan"),
    (1 << 4, "mod_dl_src"),
    (1 << 5, "mod_dl_dst"),
    (1 << 6, "mod_nw_src"),
    (1 << 7, "mod_nw_dst"),
    (1 << 8, "mod_nw_tos"),
    (1 << 9, "mod_tp_src"),
    (1 << 10, "mod_tp_dst"),
];

fn known(bits: u32, names: &'static [(u32, &'static str)]) -> Flags {
    let mask = names.iter().fold(0, |all, (bit, _)| all | bit);
    Flags {
        bits: bits & mask,
        names,
    }
}

impl<'a> Message<'a> for Features {
    const PLACES: &'static [Place] = &[place(
        "OFPT_FEATURES_REPLY",
        At::Type(FEATURES_REPLY),
        V10,
        V15,
    )];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<Features, DecodeError> {
        let datapath_id = Hex(body.u64("datapath_id")?);
        let n_buffers = body.u32("n_buffers")?;
        let n_tables = body.u8("n_tables")?;
        let auxiliary_id = body.u8("auxiliary_id")?;
        body.skip(2, "padding")?;
        let capabilities = body.u32("capabilities")?;
        let actions = body.u32("actions")?;
        Ok(Features {
            datapath_id,
            n_buffers,
            n_tables,
            auxiliary_id: if head.version >= Version::V13 {
                auxiliary_id
            } else {
                0
            },
            capabilities: known(
                capabilities,
                match head.version {
                    Version::V10 => CAPABILITIES_V10,
                    Version::V11 => CAPABILITIES_V11,
                    Version::V12 | Version::V13 => CAPABILITIES_V12,
                    Version::V14 | Version::V15 => CAPABILITIES_V14,
                },
            ),
            actions: (head.version == V10).then(|| known(actions, ACTIONS)),
            ports: (head.version < Version::V13).then(|| port_desc::read_list(body, head.version)),
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        let out = sink.buffer();
        let _ = writeln!(out, " dpid:{:016x}", self.datapath_id.0);
        let _ = write!(
            out,
            "n_tables:{}, n_buffers:{}",
            self.n_tables, self.n_buffers
        );
        if self.auxiliary_id != 0 {
            let _ = write!(out, ", auxiliary_id:{}", self.auxiliary_id);
        }
        out.push_str("\ncapabilities: ");
        self.capabilities.text(sink, " ");
        sink.put("\n");
        if let Some(actions) = self.actions.filter(|actions| actions.bits != 0) {
            sink.put("actions: ");
            actions.text(sink, " ");
            sink.put("\n");
        }
        if let Some(list) = &self.ports {
            port_desc::put_list(&list.entries, sink, cx);
        }
    }

    fn trouble(&self) -> Option<DecodeError> {
        self.ports.as_ref()?.trouble.clone()
    }
}

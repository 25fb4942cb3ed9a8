//! The features of a switch (OpenFlow 1.5.1 §7.3.1); until 1.2 the reply also lists its ports.
//!
//! ```text
//! header(8) | datapath_id(8) n_buffers(4) n_tables(1) auxiliary_id(1) pad(2) capabilities(4)
//!           | actions(4, 1.0 only) | ports (1.0 to 1.2)
//! ```

use serde::Serialize;

use super::codec::{Head, Message, Place, typed};
use super::header::FEATURES_REPLY;
use super::members::{Flags, Hex};
use super::ports::{self, PortDesc};
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::text::{Sink, TextContext};
use crate::openflow::version::Version::{self, V10, V11, V12, V13, V14, V15};

/// `OFPT_FEATURES_REPLY`
#[derive(Debug, Clone, Serialize)]
pub struct Features {
    /// The switch's id.
    pub datapath_id: Hex,
    /// Maximum number of packets it buffers.
    pub n_buffers: u32,
    /// Number of its tables.
    pub n_tables: u8,
    /// The connection's auxiliary id; 0 for the main connection.
    pub auxiliary_id: u8,
    /// `OFPC_*`
    pub capabilities: Flags,
    /// The actions it supports; 1.0 only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actions: Option<Flags>,
    /// Its ports; 1.0 to 1.2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ports: Option<Vec<PortDesc>>,
}

/// `OFPC_*` of 1.0, where bit 3 differs from later versions.
pub(super) const CAPABILITIES_V10: &[(u32, &str)] = &[
    (1 << 0, "FLOW_STATS"),
    (1 << 1, "TABLE_STATS"),
    (1 << 2, "PORT_STATS"),
    (1 << 3, "STP"),
    (1 << 5, "IP_REASM"),
    (1 << 6, "QUEUE_STATS"),
    (1 << 7, "ARP_MATCH_IP"),
];
/// `OFPC_*` of all later versions.
pub(super) const CAPABILITIES: &[(u32, &str)] = &[
    (1 << 0, "FLOW_STATS"),
    (1 << 1, "TABLE_STATS"),
    (1 << 2, "PORT_STATS"),
    (1 << 3, "GROUP_STATS"),
    (1 << 5, "IP_REASM"),
    (1 << 6, "QUEUE_STATS"),
    (1 << 7, "ARP_MATCH_IP"),
    (1 << 8, "PORT_BLOCKED"),
    (1 << 9, "BUNDLES"),
    (1 << 10, "FLOW_MONITORING"),
];

/// The capabilities that a version has.
fn capabilities(version: Version, bits: u32) -> Flags {
    match version {
        V10 => Flags::new(bits & 0xef, CAPABILITIES_V10),
        V11 => Flags::new(bits & 0xef, CAPABILITIES),
        V12 | V13 => Flags::new(bits & 0x16f, CAPABILITIES),
        V14 | V15 => Flags::new(bits & 0x76f, CAPABILITIES),
    }
}

/// `OFPAT10_*` in the order in which ovs-ofctl prints them.
pub(super) const ACTIONS_V10: &[(u32, &str)] = &[
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
const KNOWN_ACTIONS_V10: u32 = 0xfff;
/// Bits of `OFPAT_*` since 1.1, in the order in which ovs-ofctl names them.
const ACTIONS: &[(u32, &str)] = &[
    (1 << 0, "output"),
    (1 << 22, "group"),
    (SET_FIELD, "set_field"),
    (1 << 1, "set_vlan_vid"),
    (1 << 2, "set_vlan_pcp"),
    (1 << 18, "strip_vlan"),
    (1 << 17, "push_vlan"),
    (1 << 3, "mod_dl_src"),
    (1 << 4, "mod_dl_dst"),
    (1 << 5, "mod_nw_src"),
    (1 << 6, "mod_nw_dst"),
    (1 << 7, "mod_nw_tos"),
    (1 << 8, "mod_nw_ecn"),
    (1 << 23, "mod_nw_ttl"),
    (1 << 9, "mod_tp_src"),
    (1 << 10, "mod_tp_dst"),
    (1 << 24, "dec_ttl"),
    (1 << 13, "set_mpls_label"),
    (1 << 14, "set_mpls_tc"),
    (1 << 15, "set_mpls_ttl"),
    (1 << 16, "dec_mpls_ttl"),
    (1 << 19, "push_mpls"),
    (1 << 20, "pop_mpls"),
    (1 << 21, "set_queue"),
];
/// The bits for which 1.2 has `set_field` instead, and the bit of `set_field`.
const UNTIL_V11: u32 = 0x67fe;
const SET_FIELD: u32 = 1 << 25;

/// The bits and names of the actions of a version.
pub(super) fn action_names(version: Version, bits: u32) -> Vec<&'static str> {
    let (names, bits) = match version {
        V10 => (ACTIONS_V10, bits),
        V11 => (ACTIONS, bits & !SET_FIELD),
        _ => (ACTIONS, bits & !UNTIL_V11),
    };
    let known = names.iter().filter(|(bit, _)| bits & bit != 0);
    known.map(|(_, name)| *name).collect()
}

impl<'a> Message<'a> for Features {
    const PLACES: &'static [Place] = &[typed("OFPT_FEATURES_REPLY", FEATURES_REPLY, V10, V15)];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<Features, DecodeError> {
        let datapath_id = Hex(body.u64("datapath_id")?);
        let n_buffers = body.u32("n_buffers")?;
        let n_tables = body.u8("n_tables")?;
        let auxiliary_id = body.u8("auxiliary_id")?;
        body.skip(2, "padding")?;
        let capabilities = capabilities(head.version, body.u32("capabilities")?);
        let actions = Flags::new(body.u32("actions")? & KNOWN_ACTIONS_V10, ACTIONS_V10);
        let list =
            |body: &mut Cursor<'a>| head.list(body, |body| PortDesc::decode(head.version, body));
        Ok(Features {
            datapath_id,
            n_buffers,
            n_tables,
            auxiliary_id: if head.version >= V13 { auxiliary_id } else { 0 },
            capabilities,
            actions: (head.version == V10).then_some(actions),
            ports: (head.version < V13).then(|| list(body)),
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        writeln!(sink, " dpid:{:016x}", self.datapath_id.0);
        write!(
            sink,
            "n_tables:{}, n_buffers:{}",
            self.n_tables, self.n_buffers
        );
        if self.auxiliary_id != 0 {
            write!(sink, ", auxiliary_id:{}", self.auxiliary_id);
        }
        sink.put("\ncapabilities: ");
        self.capabilities.text(sink, " ");
        sink.put("\n");
        if let Some(actions) = self.actions.filter(|actions| actions.bits != 0) {
            sink.put("actions: ");
            actions.text(sink, " ");
            sink.put("\n");
        }
        if let Some(ports) = &self.ports {
            ports::put_list(ports, sink, cx);
        }
    }
}

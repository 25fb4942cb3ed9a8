//! Recognizes flows of one controller by their cookies: such flows may hide each other by design.
//!
//! A cookie of 0 is what people use, and identifies no controller.

use super::flow_set::{rows, table_of};
use crate::openflow::fields::Id;

/// The properties of a flow that identify who wrote it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Written<'s> {
    pub(super) cookie: u64,
    pub(super) priority: u16,
    /// Its table and the fields that it matches on: see `flow_set`.
    pub(super) shape: &'s [u8],
}

/// Whether one controller wrote both flows.
pub(super) fn same_writer(one: Written<'_>, other: Written<'_>) -> bool {
    let wrote_both = |writes: &fn(Written<'_>) -> bool| writes(one) && writes(other);
    one.cookie == other.cookie && one.cookie != 0 || WRITERS.iter().any(wrote_both)
}

/// The controllers that write several cookies to a bridge. Those that write one need no row: Faucet
/// (0x5adc15c0), for example.
const WRITERS: [fn(Written<'_>) -> bool; 5] = [
    // Neutron's Open vSwitch agent: 64 random bits for each bridge, run and extension
    // (neutron/agent/common/ovs_lib.py, generate_random_cookie; 2026-08). Antrea: 16 bits of a round, 8 of a
    // category, 32 of an object (pkg/agent/openflow/cookie/allocator.go; 2026-08). ONOS: the number of an
    // application above 48 bits, a hash below (DefaultFlowRule.java, computeFlowId).
    |flow| is_wide(flow.cookie),
    // ovn-kubernetes on the bridge to the outside: two constants, and the 64-bit FNV hash of each service
    // (go-controller/pkg/node/gateway_shared_intf.go, svcToCookie; 2024-08).
    |flow| matches!(flow.cookie, 0xdef_f105 | 0xe7_45ec_f105) || is_wide(flow.cookie),
    // OVN's ovn-controller: the first 32 bits of the UUID of the row that a flow is made from
    // (controller/lflow.c, uuid.parts[0]; 2026-08), on flows that match on the datapath or on registers.
    |flow| {
        let is_logical = |id: Id| id == Id::METADATA || id.registers().is_some();
        (1..=u32::MAX.into()).contains(&flow.cookie) && rows(flow.shape).any(is_logical)
    },
    // OpenDaylight's netvirt: constants of each service with a number added, from 0x1030000 (tunnels) to
    // 0x9ffffff (routes to the outside) (ElanConstants.java, VpnConstants.java, NatConstants.java and the
    // dumps in resources/tools/odltools; 2021-04).
    |flow| (0x100_0000..0xa00_0000).contains(&flow.cookie),
    // OpenNebula types its flows without a cookie: where a port may send from its own address only, the flow
    // that passes all of the port stays below the one that drops it
    // (src/vnm_mad/remotes/ovswitch/OpenvSwitch.rb, mac_spoofing; 2026-08).
    |flow| {
        let of_port = || {
            matches!(
                rows(flow.shape).collect::<Vec<_>>()[..],
                [Id::IN_PORT | Id::IN_PORT_OXM]
            )
        };
        flow.cookie == 0
            && table_of(flow.shape) == 10
            && matches!(flow.priority, 100 | 40_000)
            && of_port()
    },
];

/// Whether the upper 16 bits of a cookie are used, as in random numbers and hashes.
fn is_wide(cookie: u64) -> bool {
    cookie >> 48 != 0
}

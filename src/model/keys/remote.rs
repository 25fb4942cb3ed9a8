//! The keys of controllers, managers and collectors, and of timeouts.

use super::row::{Key, Section, key};
use super::value::Value::{Bool, Int, Short};

pub(super) const REMOTE: [Section; 4] = [
    Section {
        table: "Controller",
        column: "other_config",
        keys: &[key("dscp", Int(0, 63))],
    },
    Section {
        table: "Manager",
        column: "other_config",
        keys: &[key("dscp", Int(0, 63))],
    },
    Section {
        table: "IPFIX",
        column: "other_config",
        keys: &[
            key("enable-tunnel-sampling", Bool),
            key("virtual_obs_id", Short(254)),
            key("enable-input-sampling", Bool),
            key("enable-output-sampling", Bool),
        ],
    },
    Section {
        table: "CT_Timeout_Policy",
        column: "timeouts",
        keys: &[
            timeout("tcp_syn_sent"),
            timeout("tcp_syn_recv"),
            timeout("tcp_established"),
            timeout("tcp_fin_wait"),
            timeout("tcp_close_wait"),
            timeout("tcp_last_ack"),
            timeout("tcp_time_wait"),
            timeout("tcp_close"),
            timeout("tcp_syn_sent2"),
            timeout("tcp_retransmit"),
            timeout("tcp_unack"),
            timeout("udp_first"),
            timeout("udp_single"),
            timeout("udp_multiple"),
            timeout("icmp_first"),
            timeout("icmp_reply"),
        ],
    },
];

/// In seconds.
const fn timeout(name: &'static str) -> Key {
    key(name, Int(0, 4_294_967_295))
}

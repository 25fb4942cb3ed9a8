//! The keys of `QoS` records and queues, by the type of the `QoS`.

use super::row::{Section, key};
use super::value::UNBOUNDED;
use super::value::Value::{self, Int};

pub(super) const QOS: [Section; 2] = [
    Section {
        table: "QoS",
        column: "other_config",
        keys: &[
            key("max-rate", COUNT).of(&["linux-htb", "linux-hfsc"]),
            key("cir", COUNT).of(POLICERS),
            key("cbs", COUNT).of(POLICERS),
            key("eir", COUNT).of(POLICERS),
            key("ebs", COUNT).of(POLICERS),
            key("perturb", COUNT).of(&["linux-sfq"]),
            key("quantum", COUNT).of(&["linux-sfq"]),
            key("quantum", COUNT).of(&["linux-fq_codel"]).unwritten(),
            key("latency", COUNT).of(&["linux-netem"]),
            key("limit", COUNT).of(&["linux-netem"]),
            key("limit", COUNT)
                .of(&["linux-codel", "linux-fq_codel"])
                .unwritten(),
            key("loss", COUNT).of(&["linux-netem"]),
            key("jitter", COUNT).of(&["linux-netem"]).since(3, 2),
            key("target", COUNT)
                .of(&["linux-codel", "linux-fq_codel"])
                .unwritten(),
            key("interval", COUNT)
                .of(&["linux-codel", "linux-fq_codel"])
                .unwritten(),
            key("flows", COUNT).of(&["linux-fq_codel"]).unwritten(),
        ],
    },
    Section {
        table: "Queue",
        column: "other_config",
        keys: &[
            key("min-rate", RATE).of(&["linux-htb", "linux-hfsc"]),
            key("max-rate", RATE).of(&["linux-htb", "linux-hfsc"]),
            key("burst", RATE).of(&["linux-htb"]),
            key("priority", Int(0, 4_294_967_295)).of(&["linux-htb"]),
            key("cir", COUNT).of(&["trtcm-policer"]).unwritten(),
            key("cbs", COUNT).of(&["trtcm-policer"]).unwritten(),
            key("eir", COUNT).of(&["trtcm-policer"]).unwritten(),
            key("ebs", COUNT).of(&["trtcm-policer"]).unwritten(),
        ],
    },
];

/// The types of `QoS` of past and present versions of Open vSwitch.
pub const QOS_TYPES: &[&str] = &[
    "linux-htb",
    "linux-hfsc",
    "linux-sfq",
    "linux-codel",
    "linux-fq_codel",
    "linux-netem",
    "linux-noop",
    "egress-policer",
    "trtcm-policer",
];

/// Policers for switches with DPDK.
const POLICERS: &[&str] = &["egress-policer", "trtcm-policer"];
const COUNT: Value = Int(0, UNBOUNDED);
const RATE: Value = Int(1, UNBOUNDED);

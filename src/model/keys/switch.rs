//! The keys of the switch as a whole, of bridges and of ports.

use super::row::{Section, key, practice};
use super::value::UNBOUNDED;
use super::value::Value::{
    self, Bool, DatapathId, Either, Hex, Int, List, Mac, Number, Pair, Short, Text, Words,
};
use super::value::WIDE;

pub(super) const OPEN_VSWITCH: [Section; 2] = [
    Section {
        table: "Open_vSwitch",
        column: "other_config",
        keys: &[
            key("stats-update-interval", Int(5000, UNBOUNDED)),
            key("flow-restore-wait", Bool),
            key("flow-limit", Int(0, UNBOUNDED)),
            key("max-idle", Int(500, UNBOUNDED)),
            key("max-revalidator", Int(100, UNBOUNDED)),
            key("min-revalidate-pps", Int(0, UNBOUNDED)),
            key("offloaded-stats-delay", Int(0, UNBOUNDED)).since(3, 2),
            key("hw-offload", Bool),
            key("hw-offload-priority", NAMES).since(3, 7),
            key("n-dpdk-rxqs", Int(1, UNBOUNDED)).gone_after(2, 5),
            key("n-offload-threads", Int(1, 10)),
            key("tc-policy", Words(&["none", "skip_sw", "skip_hw"])),
            key("dpdk-init", Words(&["false", "true", "try"])),
            key("dpdk-lcore-mask", Hex(1, WIDE)),
            key("pmd-cpu-mask", Hex(0, WIDE)),
            key("dpdk-alloc-mem", Int(0, UNBOUNDED)),
            key("dpdk-socket-mem", COUNTS),
            key("dpdk-socket-limit", COUNTS),
            key("dpdk-hugepage-dir", Text),
            key("dpdk-probe-at-init", Bool).since(4, 0),
            key("dpdk-extra", Value::Any),
            key("vhost-sock-dir", Text),
            key("vhost-iommu-support", Bool),
            key("vhost-postcopy-support", Bool),
            key("per-port-memory", Bool),
            key("shared-mempool-config", MEMPOOLS),
            key("tx-flush-interval", Int(0, 1_000_000)),
            key("pmd-perf-metrics", Bool),
            key("smc-enable", Bool),
            key("pmd-rxq-assign", Words(&["cycles", "roundrobin", "group"])),
            key("pmd-rxq-isolate", Bool),
            key("n-handler-threads", Int(1, UNBOUNDED)),
            key("n-revalidator-threads", Int(1, UNBOUNDED)),
            key("emc-insert-inv-prob", Int(0, 4_294_967_295)),
            key("vlan-limit", Int(0, UNBOUNDED)),
            key("bundle-idle-timeout", Int(1, UNBOUNDED)),
            key("offload-rebalance", Bool),
            key("pmd-auto-lb", Bool),
            key("pmd-auto-lb-rebal-interval", Int(0, 20_000)),
            key("pmd-auto-lb-load-threshold", Int(0, 100)),
            key("pmd-auto-lb-improvement-threshold", Int(0, 100)),
            // Later versions read it, too.
            key("pmd-maxsleep", SLEEP).until(3, 1),
            key("pmd-sleep-max", SLEEPS).since(3, 2),
            key("userspace-tso-enable", Bool),
            key("explicit-sampled-drops", Bool).since(3, 4),
            key("enable-statistics", Bool),
            key("private_key", Text),
            key("certificate", Text),
            key("ca_cert", Text),
            key("ipsec_skb_mark", MARK),
        ],
    },
    Section {
        table: "Open_vSwitch",
        column: "external_ids",
        keys: &[
            key("system-id", Text),
            key("hostname", Text),
            key("rundir", Text),
            practice("ovn-bridge"),
            practice("ovn-bridge-datapath-type"),
            practice("ovn-bridge-mappings"),
            practice("ovn-chassis-mac-mappings"),
            practice("ovn-cms-options"),
            practice("ovn-enable-lflow-cache"),
            practice("ovn-encap-csum"),
            practice("ovn-encap-df_default"),
            practice("ovn-encap-ip"),
            practice("ovn-encap-tos"),
            practice("ovn-encap-type"),
            practice("ovn-is-interconn"),
            practice("ovn-limit-lflow-cache"),
            practice("ovn-match-northd-version"),
            practice("ovn-memlimit-lflow-cache-kb"),
            practice("ovn-monitor-all"),
            practice("ovn-ofctrl-wait-before-clear"),
            practice("ovn-openflow-probe-interval"),
            practice("ovn-remote"),
            practice("ovn-remote-probe-interval"),
            practice("ovn-set-local-ip"),
            practice("ovn-transport-zones"),
            practice("ovn-trim-limit-lflow-cache"),
            practice("ovn-trim-timeout-ms"),
            practice("ovn-trim-wmark-perc-lflow-cache"),
            practice("garp-max-timeout-sec"),
        ],
    },
];

pub(super) const BRIDGE: [Section; 2] = [
    Section {
        table: "Bridge",
        column: "other_config",
        keys: &[
            key("datapath-id", DatapathId),
            key("dp-desc", Short(255)),
            key("dp-sn", Short(31)),
            key("disable-in-band", Bool),
            key("in-band-queue", Int(0, 4_294_967_295)),
            key("controller-queue-size", Int(1, 512)),
            key("stp-system-id", Mac),
            key("stp-priority", Int(0, 65_535)),
            key("stp-hello-time", Int(1, 10)),
            key("stp-max-age", Int(6, 40)),
            key("stp-forward-delay", Int(4, 30)),
            key("mcast-snooping-aging-time", Int(1, UNBOUNDED)),
            key("mcast-snooping-table-size", Int(1, UNBOUNDED)),
            key("mcast-snooping-disable-flood-unregistered", Bool),
            key("rstp-address", Mac),
            key("rstp-priority", Int(0, 61_440)),
            key("rstp-ageing-time", Int(10, 1_000_000)),
            key("rstp-force-protocol-version", Words(&["0", "2"])),
            key("rstp-max-age", Int(6, 40)),
            key("rstp-forward-delay", Int(4, 30)),
            key("rstp-transmit-hold-count", Int(1, 10)),
            key("hwaddr", Mac),
            key("forward-bpdu", Bool),
            key("mac-aging-time", Int(1, UNBOUNDED)),
            key("mac-table-size", Int(1, UNBOUNDED)),
        ],
    },
    Section {
        table: "Bridge",
        column: "external_ids",
        keys: &[
            key("bridge-id", Text),
            practice("ct-zone-*"),
            practice("ovn-nb-cfg"),
            practice("ovn-nb-cfg-ts"),
            practice("ovn-startup-ts"),
            practice("xs-network-uuids"),
        ],
    },
];

pub(super) const PORT: [Section; 2] = [
    Section {
        table: "Port",
        column: "other_config",
        keys: &[
            key("qinq-ethtype", Words(&["802.1ad", "802.1q"])),
            key("priority-tags", Words(&["never", "if-nonzero", "always"])),
            key("bond-hash-basis", Int(i64::MIN, UNBOUNDED)),
            key("lb-output-action", Bool),
            key("bond-primary", Text),
            key("all-members-active", Bool),
            key("bond-detect-mode", Words(&["carrier", "miimon"])),
            key("bond-miimon-interval", Int(0, UNBOUNDED)),
            key("lacp-system-id", Mac),
            key("lacp-system-priority", Int(1, 65_535)),
            key("lacp-time", Words(&["fast", "slow"])),
            key("lacp-fallback-ab", Bool),
            key("bond-rebalance-interval", Int(0, 2_147_483_647)),
            key("stp-enable", Bool),
            key("stp-port-num", Number(1, 255)),
            key("stp-port-priority", Number(0, 255)),
            key("stp-path-cost", Int(0, 65_535)),
            key("rstp-enable", Bool),
            key("rstp-port-priority", Number(0, 240)),
            key("rstp-port-num", Number(1, 4095)),
            key("rstp-path-cost", Int(0, UNBOUNDED)),
            key("rstp-port-admin-edge", Bool),
            key("rstp-port-auto-edge", Bool),
            key("rstp-port-mcheck", Bool),
            key("rstp-admin-p2p-mac", Int(0, UNBOUNDED)).unwritten(),
            key("rstp-admin-port-state", Bool).unwritten(),
            key("mcast-snooping-flood", Bool),
            key("mcast-snooping-flood-reports", Bool),
            key("transient", Bool),
            // Neutron's record of the network that the port is connected to.
            practice("net_uuid"),
            practice("network_type"),
            practice("physical_network"),
            practice("segmentation_id"),
            practice("tag"),
        ],
    },
    Section {
        table: "Port",
        column: "external_ids",
        keys: &[
            key("fake-bridge-*", Value::Any),
            practice("ovn-chassis-id"),
            practice("ovn-l2gateway-port"),
            practice("ovn-l3gateway-port"),
            practice("ovn-localnet-port"),
            practice("ovn-logical-patch-port"),
        ],
    },
];

const NAMES: Value = List(&Text, false);
const COUNTS: Value = List(&Int(0, UNBOUNDED), true);

/// An MTU, for one NUMA node or for all.
const MEMPOOLS: Value = List(&Either(&[MTU, Pair(&MTU, ':', &Int(0, UNBOUNDED))]), true);
const MTU: Value = Int(1, UNBOUNDED);

/// Microseconds, for one core or for all.
const SLEEPS: Value = List(
    &Either(&[SLEEP, Pair(&Int(0, UNBOUNDED), ':', &SLEEP)]),
    true,
);
const SLEEP: Value = Int(0, 10_000);

/// Value and mask of a packet's mark; empty: nothing is dropped.
const MARK: Value = Either(&[Words(&[""]), Pair(&MARK_BITS, '/', &MARK_BITS)]);
const MARK_BITS: Value = Number(0, 0xffff_ffff);

//! The keys of interfaces, most of them for some types only.

use super::row::{Key, Section, key, practice};
use super::value::UNBOUNDED;
use super::value::Value::{
    self, Any, Bool, Either, Hex, Int, Ip, Ipv4, Ipv6, List, Mac, Number, Pair, Text, Unicast,
    Words,
};

/// All types of interfaces of past and present versions of Open vSwitch, in the order of
/// ovs-vswitchd.conf.db(5); those that the page only mentions come last. The types that a switch supports
/// are in `Open_vSwitch.iface_types`.
pub(super) const TYPES: &[&str] = &[
    "system",
    "internal",
    "tap",
    "geneve",
    "gre",
    "ip6gre",
    "vxlan",
    "lisp",
    "stt",
    "patch",
    "gtpu",
    "bareudp",
    "srv6",
    "erspan",
    "ip6erspan",
    "dpdk",
    "dpdkvhostuser",
    "dpdkvhostuserclient",
    "afxdp",
    "afxdp-nonpmd",
];

const TUNNELS: &[&str] = &[
    "geneve",
    "gre",
    "ip6gre",
    "vxlan",
    "lisp",
    "stt",
    "gtpu",
    "bareudp",
    "srv6",
    "erspan",
    "ip6erspan",
];
const WITH_PORT: &[&str] = &["geneve", "vxlan", "lisp", "stt", "gtpu", "bareudp"];
const WITH_CHECKSUM: &[&str] = &["geneve", "gre", "ip6gre", "vxlan", "stt", "bareudp"];
const KEY_OF_24_BITS: &[&str] = &["geneve", "vxlan", "lisp"];
const KEY_OF_32_BITS: &[&str] = &["gre", "ip6gre", "gtpu", "erspan", "ip6erspan"];
const KEY_OF_64_BITS: &[&str] = &["stt"];
const ERSPAN: &[&str] = &["erspan", "ip6erspan"];
const XDP: &[&str] = &["afxdp", "afxdp-nonpmd"];
const DUMMY: &[&str] = &["dummy", "dummy-internal", "dummy-pmd"];
const POLLED: &[&str] = &["dpdk", "afxdp", "dummy-pmd"];

pub(super) const INTERFACE: [Section; 5] = [
    Section {
        table: "Interface",
        column: "options",
        keys: &[
            key("remote_ip", Either(&[Unicast, FLOW]))
                .of(TUNNELS)
                .required(),
            key("local_ip", Either(&[Ip, FLOW])).of(TUNNELS),
            key("key", KEY_64).of(KEY_OF_64_BITS),
            key("key", KEY_32).of(KEY_OF_32_BITS),
            key("key", KEY_24).of(KEY_OF_24_BITS),
            key("in_key", KEY_64).of(KEY_OF_64_BITS),
            key("in_key", KEY_32).of(KEY_OF_32_BITS),
            key("in_key", KEY_24).of(KEY_OF_24_BITS),
            key("out_key", KEY_64).of(KEY_OF_64_BITS),
            key("out_key", KEY_32).of(KEY_OF_32_BITS),
            key("out_key", KEY_24).of(KEY_OF_24_BITS),
            key("dst_port", Int(1, 65_535)).of(WITH_PORT),
            key("tos", Either(&[TOS, INHERIT])).of(TUNNELS),
            key("ttl", Either(&[Int(0, 255), INHERIT])).of(TUNNELS),
            key("df_default", TRUE_FALSE).of(TUNNELS),
            key("egress_pkt_mark", Int(0, 4_294_967_295)).of(TUNNELS),
            key("exts", List(&Words(&["gbp", "gpe"]), false)).of(&["vxlan"]),
            key("packet_type", Words(&["legacy_l2", "legacy_l3", "ptap"])).of(&["vxlan", "gre"]),
            key("packet_type", Words(&["legacy_l3", "ptap"])).of(&["lisp"]),
            key("packet_type", Words(&["legacy_l3", "ptap"]))
                .of(&["gtpu", "bareudp", "srv6"])
                .unwritten(),
            key("packet_type", Words(&["legacy_l2", "ptap"]))
                .of(&["geneve", "ip6gre", "stt", "erspan", "ip6erspan"])
                .unwritten(),
            key("seq", TRUE_FALSE).of(&["gre", "ip6gre"]),
            key("csum", TRUE_FALSE).of(WITH_CHECKSUM),
            key("psk", Text).of(TUNNELS),
            key("remote_cert", Text).of(TUNNELS),
            key("remote_name", Text).of(TUNNELS),
            key("ipsec_*", Any).of(TUNNELS).unwritten(),
            key("erspan_idx", Either(&[Hex(0, 0xf_ffff), FLOW])).of(ERSPAN),
            key("erspan_ver", Words(&["1", "2", "flow"])).of(ERSPAN),
            key("erspan_dir", Words(&["0", "1", "flow"])).of(ERSPAN),
            key("erspan_hwid", Either(&[Hex(0, 0x3f), FLOW])).of(ERSPAN),
            key(
                "payload_type",
                Either(&[Words(&["mpls", "ip"]), Number(0, 0xffff)]),
            )
            .of(&["bareudp"]),
            key("srv6_segs", List(&Ipv6, false))
                .of(&["srv6"])
                .since(3, 2),
            key("srv6_flowlabel", Words(&["zero", "copy", "compute"]))
                .of(&["srv6"])
                .since(3, 2),
            key("peer", Text).of(&["patch"]).required(),
            key("n_rxq", Int(1, UNBOUNDED)).of(POLLED),
            key("dpdk-devargs", Text).of(&["dpdk"]).required(),
            key(
                "xdp-mode",
                Words(&["best-effort", "native-with-zerocopy", "native", "generic"]),
            )
            .of(XDP),
            key("use-need-wakeup", Bool).of(XDP).gone_after(3, 6),
            key("dq-zero-copy", Bool)
                .of(&["dpdkvhostuserclient"])
                .gone_after(2, 14),
            key("rx-checksum-offload", Bool)
                .of(&["dpdk"])
                .gone_after(2, 7),
            key("vhost-server-path", Text).of(&["dpdkvhostuserclient"]),
            key("vhost-max-queue-pairs", Int(1, 128))
                .of(&["dpdkvhostuserclient"])
                .since(3, 5),
            key("tx-retries-max", Int(0, 32)).of(&["dpdkvhostuserclient"]),
            key("n_rxq_desc", Int(1, UNBOUNDED)).of(&["dpdk"]),
            key("n_txq_desc", Int(1, UNBOUNDED)).of(&["dpdk"]),
            key("dpdk-vf-mac", Mac).of(&["dpdk"]),
            key("rx-steering", Words(&["rss", "rss+lacp"]))
                .of(&["dpdk"])
                .since(3, 2),
            key("rx-flow-ctrl", Bool).of(&["dpdk"]),
            key("tx-flow-ctrl", Bool).of(&["dpdk"]),
            key("flow-ctrl-autoneg", Bool).of(&["dpdk"]),
            key("dpdk-lsc-interrupt", Bool).of(&["dpdk"]),
            dummy("ifindex"),
            dummy("n_txq"),
            dummy("numa_id"),
            dummy("ol_*"),
            dummy("pcap"),
            dummy("pstream"),
            dummy("rxq_pcap"),
            dummy("stream"),
            dummy("tx_pcap"),
        ],
    },
    Section {
        table: "Interface",
        column: "other_config",
        keys: &[
            key("pmd-rxq-affinity", AFFINITIES),
            key("tx-steering", Words(&["thread", "hash"])),
            key("emc-enable", Bool),
            key("cfm_interval", Int(0, UNBOUNDED)),
            key("cfm_extended", Bool),
            key("cfm_demand", Bool),
            key("cfm_opstate", Words(&["down", "up"])),
            key("cfm_ccm_vlan", Either(&[Int(1, 4095), Words(&["random"])])),
            key("cfm_ccm_pcp", Int(1, 7)),
            key("enable-vlan-splinters", Bool).gone_after(2, 5),
            key("xdpmode", Words(&["skb", "drv"])).gone_after(2, 12),
            key("lacp-port-id", Int(1, 65_535)),
            key("lacp-port-priority", Int(1, 65_535)),
            key("lacp-aggregation-key", Int(1, 65_535)),
            key("hw-offload-priority", List(&Text, false)).since(3, 7),
        ],
    },
    Section {
        table: "Interface",
        column: "external_ids",
        keys: &[
            key("attached-mac", Mac),
            key("iface-id", Text),
            key("iface-status", Words(&["active", "inactive"])),
            key("vm-id", Text),
            practice("attached_mac"),
            practice("ip_address"),
            practice("ip_addresses"),
            practice("sandbox"),
            practice("vf-netdev-name"),
            practice("k8s.ovn.org/nad"),
            practice("k8s.ovn.org/network"),
            practice("vm-uuid"),
            practice("encap-ip"),
            practice("iface-id-ver"),
            practice("ovn-egress-iface"),
            practice("ovn-installed"),
            practice("ovn-installed-ts"),
            practice("skip_cleanup"),
            practice("xs-network-uuid"),
            practice("xs-vif-uuid"),
            practice("xs-vm-uuid"),
        ],
    },
    Section {
        table: "Interface",
        column: "bfd",
        keys: &[
            key("enable", Bool),
            key("min_rx", Int(1, UNBOUNDED)),
            key("min_tx", Int(1, UNBOUNDED)),
            key("decay_min_rx", Int(0, UNBOUNDED)),
            key("forwarding_if_rx", Bool),
            key("cpath_down", Bool),
            key("check_tnl_key", Bool),
            key("bfd_local_src_mac", Mac),
            key("bfd_local_dst_mac", Mac),
            key("bfd_remote_dst_mac", Mac),
            key("bfd_src_ip", Ipv4),
            key("bfd_dst_ip", Ipv4),
            key("oam", Bool),
            key("mult", Int(1, 255)),
        ],
    },
    Section {
        table: "Interface",
        column: "lldp",
        keys: &[key("enable", Bool)],
    },
];

const FLOW: Value = Words(&["flow"]);
const INHERIT: Value = Words(&["inherit"]);
const KEY_24: Value = Either(&[Number(0, 0xff_ffff), FLOW]);
const KEY_32: Value = Either(&[Number(0, 0xffff_ffff), FLOW]);
const KEY_64: Value = Either(&[Number(0, u64::MAX), FLOW]);

/// The two bits of ECN must be zero.
const TOS: Value = Value::MultipleOf(4, 252);

/// Tunnels accept these words in lower case only.
const TRUE_FALSE: Value = Words(&["true", "false"]);

/// Pairs of queue and core.
const AFFINITIES: Value = List(&Pair(&Int(0, UNBOUNDED), ':', &Int(0, UNBOUNDED)), true);

/// Keys for the switch's own tests.
const fn dummy(name: &'static str) -> Key {
    key(name, Any).of(DUMMY).unwritten()
}

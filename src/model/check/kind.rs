//! The list of faults, from which help, guide and findings are made.

// The docs of the variants are shown in the help, where backticks would be visible.
#![allow(clippy::doc_markdown)]

use crate::model::port_state::PortState;

/// The severity of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Something does not work.
    Error,
    /// Something may not work as intended.
    Warning,
    /// Information only.
    Note,
}

impl Severity {
    /// `error`, `warning` or `note`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// Makes the enum and its methods from one list.
macro_rules! kinds {
    ($($name:ident $word:literal $severity:ident $about:literal $hint:literal)*) => {
        /// A kind of fault.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum FindingKind {
            $(#[doc = $about] $name,)*
        }

        impl FindingKind {
            /// All kinds, in the order of the manual.
            pub const ALL: &[FindingKind] = &[$(FindingKind::$name),*];

            /// Its name, which does not change: `dangling-patch`.
            pub fn word(self) -> &'static str {
                match self { $(FindingKind::$name => $word,)* }
            }

            /// Its severity.
            pub fn severity(self) -> Severity {
                match self { $(FindingKind::$name => Severity::$severity,)* }
            }

            /// The database columns of which a saved host may not know the values, if the fault is found by them; `TABLE._uuid`
            /// stands for the rows of a table.
            pub fn reads(self) -> &'static [&'static str] {
                match self {
                    Self::DatapathIdTwice => &["Bridge.datapath_id"],
                    Self::NoController
                    | Self::FailOpen
                    | Self::ControllerVersions
                    | Self::ControllerUnreachable => {
                        &[
                            "Controller._uuid",
                            "Controller.is_connected",
                            "Controller.role",
                            "Controller.status",
                        ]
                    }
                    Self::BondDown
                    | Self::BondDegraded
                    | Self::BondMemberDisabled
                    | Self::BondNeedsLacp
                    | Self::LacpNoPartner
                    | Self::NotLive => &PortState::READS,
                    Self::NotApplied => &["Open_vSwitch.cur_cfg", "Open_vSwitch.next_cfg"],
                    Self::TrunksAll | Self::MirrorNoOutput | Self::MirrorSelectsNothing => {
                        &["Mirror._uuid"]
                    }
                    Self::QosType | Self::QosValue | Self::OrphanedQos | Self::OrphanedQueue => {
                        &["Port.qos", "QoS._uuid", "Queue._uuid"]
                    }
                    Self::NoDevice | Self::PortError => &["Interface.error"],
                    Self::OfportNotGranted => &["Interface.ofport_request"],
                    Self::NoOfport => &["Interface.ofport"],
                    Self::RemovedKey => &[
                        "Open_vSwitch.ovs_version",
                        "Bridge.other_config",
                        "Port.other_config",
                        "Interface.other_config",
                    ],
                    Self::UnknownKey | Self::BadValue => {
                        &["Bridge.other_config", "Port.other_config", "Interface.other_config"]
                    }
                    _ => &[],
                }
            }

            /// Its description, in one line.
            pub fn about(self) -> &'static str {
                match self { $(FindingKind::$name => $about,)* }
            }

            /// The default hint, in one line; `{object}` and `{bridge}` are replaced by names, `{peer}` by
            /// that of a patch port's other end.
            pub(super) fn hint(self) -> &'static str {
                match self { $(FindingKind::$name => $hint,)* }
            }
        }
    };
}

kinds! {
    VswitchdDown "vswitchd-down" Error
        "ovs-vswitchd does not run"
        "start ovs-vswitchd; its log says why it ended"
    VswitchdSilent "vswitchd-silent" Error
        "ovs-vswitchd accepts connections but does not reply"
        "it is stopped or blocked: `ps` shows its state, its log the last messages"
    NotApplied "not-applied" Error
        "ovs-vswitchd has not applied the last change (cur_cfg < next_cfg)"
        "its log says why"
    BridgeDown "bridge-down" Error
        "a bridge of the database that ovs-vswitchd does not serve"
        "its log says why; is the bridge's datapath_type one that this host has?"
    DatapathIdTwice "datapath-id-twice" Error
        "two bridges with one datapath_id: to a controller they are one switch"
        "give one another: `ovs bridge set {bridge} --dpid HEX` (16 hexadecimal digits)"
    NoController "no-controller" Error
        "fail_mode is secure, and none of the controllers is connected"
        "does the controller (or agent) run, and listen there?"
    FailOpen "fail-open" Warning
        "without any of its controllers, the bridge acts as a learning switch"
        "does the controller run, and listen there? `ovs bridge set {bridge} --fail-mode secure` keeps the flows while it is away"
    ControllerVersions "controller-versions" Error
        "a controller without an OpenFlow version in common with the bridge"
        "allow a version that the controller supports: `ovs bridge set {bridge} --protocols V,V`"
    ControllerUnreachable "controller-unreachable" Warning
        "a controller that is not connected"
        "does it run, and listen there? If it no longer exists, remove it from the controllers of the bridge"
    DanglingPatch "dangling-patch" Error
        "a patch port whose peer is missing, not a patch port, or not configured"
        "make the other end (`ovs patch add {bridge}:{object} BRIDGE:{peer} --may-exist`), name it (`ovs port set {object} --option peer=PORT`), or remove it (`ovs patch del {object}`)"
    NeutronPeer "neutron-peer" Error
        "a patch port that Neutron's agent did not join (nonexistent-peer)"
        "restart the agent, which joins its patch ports when it starts"
    OneWayPatch "one-way-patch" Error
        "a patch port whose peer names another port as its peer"
        "make both ends name each other in options:peer"
    SelfPatch "self-patch" Error
        "a patch port that is its own peer"
        "name the other end: `ovs port set {object} --option peer=PORT`"
    SameBridgePatch "same-bridge-patch" Error
        "a patch with both ends on one bridge: a loop"
        "put one of the ends on the other bridge"
    DuplicateTunnel "duplicate-tunnel" Error
        "a tunnel with the addresses and key of another; only one can work"
        "delete one of them, or give them different keys"
    TunnelLocalAddress "tunnel-local-address" Error
        "a tunnel whose local_ip is not an address of this host"
        "give the address to a device, or correct options:local_ip"
    TunnelNoRoute "tunnel-no-route" Error
        "a tunnel to an address that the host has no route to"
        "`ip route get` shows the same; bring up the device of the tunnel network, or correct options:remote_ip"
    TunnelNoNeighbour "tunnel-no-neighbour" Note
        "a tunnel in userspace whose next hop has no neighbour entry"
        "it has sent nothing for some time, or its ARP requests are not answered: send a packet through it, then `ovs datapath neighbours`"
    LongName "long-name" Error
        "a port that needs a device of its name, longer than a device's 15 bytes"
        "give the port a shorter name"
    CutNames "cut-names" Note
        "ports with one name in OpenFlow, which cuts names at 15 bytes"
        "`ovs` distinguishes them; programs that read names over OpenFlow cannot, and need the numbers: `ovs port list {bridge}`"
    DeadVlan "dead-vlan" Warning
        "a port on VLAN 4095, where Neutron's agent keeps ports not yet wired"
        "the agent's log says why; `ovs port show {object}` has the port's iface-id"
    TrunksAll "trunks-all" Warning
        "a port without tag or trunks on a bridge whose other ports have tags"
        "give it a tag (`ovs tag set {object} VID`), or confirm that it is intended: `ovs tag set {object} --vlan-mode trunk`"
    TrunksIgnored "trunks-ignored" Warning
        "a port with tag and trunks but no vlan_mode: the trunks are ignored"
        "set the intended mode: `ovs tag set {object} --vlan-mode access`, `trunk`, `native-tagged` or `native-untagged`"
    NativeAll "native-all" Note
        "a native-tagged or native-untagged port without trunks carries every VLAN"
        "name the VLANs that are meant: `ovs tag set {object} --trunks VID,VID`"
    BondDown "bond-down" Error
        "a bond without a usable member"
        "bring its members up, or see why ovs-vswitchd could not open them: `ovs port show {object}`"
    BondDegraded "bond-degraded" Warning
        "a bond with one usable member"
        "bring the others up: `ovs port show {object}` shows them"
    BondMemberDisabled "bond-member-disabled" Warning
        "a bond does not use some of its members, but several others"
        "`ovs port show {object}` shows the links, `ovs bond show {object}` LACP and the state of the members"
    BondNeedsLacp "bond-needs-lacp" Error
        "a bond of mode balance-tcp without LACP: it passes no packets"
        "use LACP at both ends (`ovs port set {object} --lacp active`), or another mode: `ovs port set {object} --bond-mode balance-slb`"
    LacpNoPartner "lacp-no-partner" Error
        "a bond with LACP of which no member has a partner: it passes no packets"
        "is LACP on at the other end? `ovs port set {object} --other-config lacp-fallback-ab=true` lets one member pass packets without; `ovs port show {object}` has the state of each"
    NotLive "not-live" Error
        "a port whose link is up, but whose path BFD or CFM reports as broken"
        "does BFD (or CFM) run at the other end, and do its packets get through? `ovs port show {object}` has its state"
    MirrorNoOutput "mirror-no-output" Error
        "a mirror without an output: its port does not exist, or none was set"
        "name another port, or remove the mirror from the bridge"
    MirrorSelectsNothing "mirror-selects-nothing" Warning
        "a mirror that selects no packets: it has no ports, and not select_all"
        "name ports (`ovs db set Mirror {mirror} select_src_port=PORT select_dst_port=PORT`), or mirror all (`ovs db set Mirror {mirror} select_all=true`)"
    QosType "qos-type" Warning
        "a QoS of a type that Open vSwitch does not have: it shapes nothing"
        "set another type: `ovs db set QoS {row} type=linux-htb`; ovs-vswitchd.conf.db(5) lists the types"
    QosValue "qos-value" Warning
        "a value of a QoS or queue that newer versions of Open vSwitch ignore"
        "write it as a plain integer: `ovs db set {table} {row} {setting}`"
    OrphanedQos "orphaned-qos" Note
        "a QoS that no port has"
        "if it is a leftover: `ovs db destroy QoS {object}`, and after it its queues"
    OrphanedQueue "orphaned-queue" Note
        "a queue that no QoS has"
        "if it is a leftover: `ovs db destroy Queue {object}`"
    NoDevice "no-device" Error
        "a port whose device does not exist"
        "if it is a leftover: `ovs port del {object}`"
    PortError "port-error" Error
        "a port that ovs-vswitchd could not open, for another reason"
        "ovs-vswitchd's log has more; `ovs port show {object}` has its settings"
    OfportNotGranted "ofport-not-granted" Warning
        "a port with another OpenFlow number than was requested"
        "request a free one (`ovs port list {bridge}` has those in use), or none: `ovs port set {object} --ofport none`"
    UnknownKey "unknown-key" Warning
        "an undocumented key of options or other_config: it is ignored"
        "remove or correct it; ovs-vswitchd.conf.db(5) lists the keys"
    RemovedKey "removed-key" Warning
        "a key that this version of Open vSwitch no longer has: it is ignored"
        "remove it; ovs-vswitchd.conf.db(5) lists the keys"
    BadValue "bad-value" Warning
        "a documented key with an invalid value"
        "correct it; ovs-vswitchd.conf.db(5) lists the values"
    NoOfport "no-ofport" Error
        "a port without an OpenFlow number: ovs-vswitchd has not added it"
        "ovs-vswitchd's log says why"
    FlowMatchesNoPort "flow-matches-no-port" Warning
        "flows that match on a port that the bridge does not have"
        "delete them by the program that added them, or add the port; `ovs dump-flows {bridge} --port {number}` shows them"
    FlowOutputNoPort "flow-output-no-port" Warning
        "flows or groups that send to a port that the bridge does not have"
        "correct them by the program that added them, or add the port; `ovs dump-flows {bridge} --port {number}` and `ovs dump-groups {bridge}` show them"
    HiddenFlow "hidden-flow" Warning
        "a flow that no packet reaches: one of higher priority matches its packets"
        "delete it, or raise its priority above the other's"
    HiddenByDesign "hidden-by-design" Note
        "flows that no packet reaches, behind others of the same controller"
        "controllers write such flows on purpose: there is nothing to do"
    OverlappingFlows "overlapping-flows" Note
        "flows of equal priority that match the same packets and differ in actions"
        "OpenFlow does not define which of them a packet matches: give the intended flow a higher priority"
    BucketNeverLive "bucket-never-live" Error
        "a group with buckets that watch only missing ports and groups"
        "such a bucket gets no packets: add the missing port or group, or correct the bucket; `ovs dump-groups {bridge}` shows it"
    WatchMissing "watch-missing" Note
        "a port or group that buckets watch, and that does not exist"
        "whether the buckets are live depends on the others they watch; `ovs dump-groups {bridge}` shows them"
    MissingGroup "missing-group" Error
        "flows or groups that refer to a group that does not exist"
        "packets sent to it are dropped; `ovs dump-groups {bridge}` lists the existing groups"
    MissingMeter "missing-meter" Error
        "flows or groups that refer to a meter that does not exist"
        "`ovs dump-meters {bridge}` lists the existing meters; add it, or change the flows and groups that refer to it"
    DatapathFlowLimit "datapath-flow-limit" Warning
        "a datapath has as many flows as ovs-vswitchd allows at present"
        "more packets go through ovs-vswitchd, slowly: `ovs datapath flows` shows on what the flows match; other_config:flow-limit is the upper bound"
    SlowRevalidation "slow-revalidation" Warning
        "ovs-vswitchd is slow to look through the flows of a datapath"
        "is the CPU busy? other_config:n-revalidator-threads gives it more threads, other_config:max-idle removes idle flows sooner"
    UpcallsLost "upcalls-lost" Warning
        "packets without a flow that the datapath could not pass to ovs-vswitchd"
        "`ovs datapath show --watch` shows whether more are lost, `ovs datapath flows --hit` the traffic; many short connections or a scan cause it"
    MacMoves "mac-moves" Warning
        "MAC addresses move from port to port of a bridge again and again"
        "a loop, or an address that two devices have: `ovs fdb list {bridge} --watch` shows which addresses move"
    TunnelAddressTwice "tunnel-address-twice" Error
        "hosts whose tunnels have one local_ip: packets reach one of them"
        "give each host an address of its own, and correct options:local_ip"
    OneWayTunnel "one-way-tunnel" Error
        "a tunnel to a host that has none back"
        "make one on the other host, or delete this one if it is a leftover: `ovs tunnel del {object}`"
    TunnelMtu "tunnel-mtu" Warning
        "a host whose tunnels have a device with another MTU than other hosts"
        "packets of the larger size are lost between them: give the devices of the tunnel network one MTU"
    NetworkSegment "network-segment" Error
        "a network with another segment on another host"
        "their ports do not reach each other: `ovs tag map` shows what the flows make of it; restart Neutron's agent on the host that is wrong"
    NetworkElsewhere "network-elsewhere" Warning
        "a network on another physical network than on another host"
        "of a routed network this is intended: it has a segment for each physical network; else correct bridge_mappings of the agent"
    NetworkMtu "network-mtu" Warning
        "a network whose ports have another MTU on another host"
        "large packets between them are lost: `ovs port show {object}` has the port's MTU"
    PortIdTwice "port-id-twice" Warning
        "a port (iface-id) on two hosts"
        "during a migration that is so for a moment; else delete the leftover on the host that the guest is not on; if it is this one: `ovs port del {object}`"
    MacTwice "mac-twice" Warning
        "a MAC address on two hosts"
        "two guests or devices with one address take each other's packets: give one of them another"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_unique_and_plain() {
        let mut words: Vec<&str> = FindingKind::ALL.iter().map(|kind| kind.word()).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), FindingKind::ALL.len());
        for kind in FindingKind::ALL {
            let plain = |c: char| c.is_ascii_lowercase() || c == '-';
            assert!(kind.word().chars().all(plain), "{}", kind.word());
            assert!(!kind.about().ends_with('.'), "{}", kind.about());
            assert!(
                kind.about().len() <= 73,
                "a line of the help: {}",
                kind.about()
            );
        }
    }
}

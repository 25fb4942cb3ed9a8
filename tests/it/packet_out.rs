//! `ovs packet-out`: the packets are those of `ovs-ofctl compose-packet`, and arrive where the actions send them.

use std::fs;

use crate::common::Sandbox;

/// The packets in a capture that ovs-vswitchd writes, in hexadecimal.
fn captured(sandbox: &Sandbox, name: &str) -> Vec<String> {
    let bytes = fs::read(sandbox.run_dir().join(name)).unwrap();
    let mut rest = &bytes[24..];
    let mut packets = Vec::new();
    while rest.len() >= 16 {
        let length = u32::from_le_bytes(rest[8..12].try_into().unwrap()) as usize;
        packets.push(hex(&rest[16..16 + length]));
        rest = &rest[16 + length..];
    }
    packets
}

fn hex(bytes: &[u8]) -> String {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.concat()
}

/// What `ovs-ofctl compose-packet` makes of a flow, in hexadecimal.
fn composed(sandbox: &Sandbox, flow: &str) -> String {
    let text = sandbox.ofctl(&["compose-packet", flow]);
    let lines = text.lines().filter(|line| line.starts_with("000"));
    let digits = |line: &str| -> String {
        let bytes = line.get(8..).unwrap().chars();
        bytes.filter(char::is_ascii_hexdigit).collect()
    };
    lines.map(digits).collect()
}

/// A bridge with two ports, of which the second writes what it sends to a file.
fn with_ports() -> Sandbox {
    let sandbox = Sandbox::with(
        "add-br br0 -- add-port br0 p1 -- set Interface p1 type=dummy ofport_request=1",
    );
    let file = sandbox.run_dir().join("p2.pcap");
    vsctl!(
        sandbox,
        "add-port br0 p2 -- set Interface p2 type=dummy ofport_request=2 options:tx_pcap={}",
        file.display()
    );
    sandbox
}

#[test]
fn packets_are_those_of_the_real_tool() {
    let sandbox = with_ports();
    let flows = [
        "udp,dl_src=00:01:02:03:04:05,dl_dst=10:20:30:40:50:60,nw_src=1.2.3.4,nw_dst=5.6.7.8,udp_src=1,udp_dst=2,nw_ttl=9",
        "udp,nw_src=255.255.255.255,nw_dst=10.0.0.1,udp_src=65535,udp_dst=53,nw_tos=184,nw_ecn=1,nw_ttl=255",
        "udp,dl_vlan=0,dl_vlan_pcp=7,nw_ttl=1",
        "udp6,ipv6_src=2001:db8::1,ipv6_dst=::2,udp_src=1,udp_dst=2,nw_ttl=64,ipv6_label=0xabcde,nw_tos=4",
        "tcp,dl_vlan=4095,dl_vlan_pcp=3,nw_ttl=64,nw_tos=16,tcp_flags=2,tcp_src=5",
        "tcp,tcp_flags=0x10,tcp_dst=80,nw_ttl=64",
        "tcp,tcp_flags=0xfff,nw_ttl=64",
        "tcp,tcp_flags=4,nw_ttl=64",
        "tcp6,ipv6_src=::1,ipv6_dst=::2,tcp_src=1,tcp_dst=2,nw_ttl=3",
        "icmp,icmp_type=8,icmp_code=0,nw_ttl=64",
        "icmp,icmp_type=0,nw_ttl=64",
        "icmp,icmp_type=8,icmp_code=1,nw_ttl=64",
        "icmp6,icmpv6_type=1,icmpv6_code=4,nw_ttl=64",
        "icmp6,icmpv6_type=128,icmpv6_code=0,nw_ttl=64",
        "icmp,icmp_type=3,icmp_code=1,nw_ttl=64",
        "icmp6,icmpv6_type=128,nw_ttl=64",
        "icmp6,icmpv6_type=129,icmpv6_code=1,nw_ttl=64",
        "icmp6,icmpv6_type=135,ipv6_src=fe80::1,nd_target=fe80::5,nw_ttl=255",
        "icmp6,icmpv6_type=136,ipv6_src=fe80::1,nd_target=fe80::5,nw_ttl=255",
        "arp,arp_op=1,arp_spa=1.2.3.4,arp_tpa=5.6.7.8,arp_sha=00:01:02:03:04:05,arp_tha=06:07:08:09:0a:0b",
        "arp,arp_op=2,dl_vlan=7",
        "rarp,arp_op=3",
        "ip,nw_proto=200,nw_ttl=64",
        "ipv6,nw_proto=59,nw_ttl=2",
        "dl_type=0x1234,dl_src=00:01:02:03:04:05",
        "dl_type=0x88cc,dl_vlan=5",
    ];
    for flow in flows {
        ovs!(
            sandbox,
            "packet-out br0 --in-port p1 --actions output:p2 {flow}"
        )
        .ok();
    }
    let expected: Vec<String> = flows.iter().map(|flow| composed(&sandbox, flow)).collect();
    let found = captured(&sandbox, "p2.pcap");
    for ((flow, expected), found) in flows.iter().zip(&expected).zip(&found) {
        assert_eq!(found, expected, "{flow}");
    }
    assert_eq!(found.len(), flows.len());
    // The real tool leaves the TTL zero.
    ovs!(
        sandbox,
        "packet-out br0 --in-port p1 --actions output:p2 udp"
    )
    .ok();
    let default = composed(&sandbox, "udp,nw_ttl=64");
    assert_eq!(captured(&sandbox, "p2.pcap").last(), Some(&default));
}

#[test]
fn every_version_sends_it() {
    let sandbox = with_ports();
    let packet = "ffffffffffff0a000000000188b50102";
    ofctl!(sandbox, "del-flows br0");
    ofctl!(sandbox, "add-flow br0 in_port=p1,actions=output:p2");
    let mut sent = Vec::new();
    for version in [
        "OpenFlow10",
        "OpenFlow11",
        "OpenFlow12",
        "OpenFlow13",
        "OpenFlow14",
        "OpenFlow15",
    ] {
        let send = format!("-O {version} packet-out br0 --hex {packet}");
        ovs!(
            sandbox,
            "{send} --in-port LOCAL --actions mod_vlan_vid:5,output:p2"
        )
        .ok();
        sent.push("ffffffffffff0a00000000018100000588b50102");
        ovs!(sandbox, "{send} --in-port p1 --actions TABLE").ok();
        ovs!(sandbox, "{send} --in-port NONE --actions output:2").ok();
        sent.extend([packet, packet]);
        ovs!(sandbox, "{send} --in-port CONTROLLER --actions drop").ok();
    }
    assert_eq!(captured(&sandbox, "p2.pcap"), sent);
    let flows = ofctl!(sandbox, "dump-flows br0");
    assert!(flows.contains("n_packets=6, n_bytes=96"), "{flows}");
}

#[test]
fn what_was_sent_is_printed() {
    let sandbox = with_ports();
    ovs!(
        sandbox,
        "packet-out br0 --in-port p1 --actions output:p2 arp,arp_op=1,in_port=p1"
    )
    .ok()
    .begins("OFPT_PACKET_OUT (OF1.5) (xid=0x0): in_port=p1 actions=output:p2 data_len=42\narp,");
    let messages = ovs!(
        sandbox,
        "packet-out br0 --in-port p1 --actions output:p2 udp"
    )
    .json();
    assert_eq!(messages[0]["type"], "OFPT_PACKET_OUT");
    assert_eq!(messages[0]["actions"][0]["port"]["number"], 2);
    assert_eq!(captured(&sandbox, "p2.pcap").len(), 2);
    ovs!(
        sandbox,
        "packet-out br0 --in-port p1 --actions output:p2 udp --dry-run"
    )
    .ok()
    .begins("OFPT_PACKET_OUT")
    .says("dry run: nothing is sent");
    ovs!(sandbox, "packet-out br0 --in-port 77 --actions drop udp")
        .ok()
        .says("br0 has no port 77");
    for (arguments, code, words) in [
        (
            "p9 --actions output:p2 udp",
            3,
            "port \"p9\" not found on br0",
        ),
        (
            "p1 --actions output:p9 udp",
            3,
            "port \"p9\" not found on br0",
        ),
        (
            "p1 --actions group:5 udp",
            1,
            "br0 refused the packet: OFPBAC_BAD_OUT_GROUP",
        ),
        (
            "NORMAL --actions output:p2 udp",
            1,
            "br0 refused the packet: OFPBRC_BAD_PORT",
        ),
        (
            "77 --actions output:p2 udp --strict",
            3,
            "br0 has no port 77",
        ),
        ("p1 --actions goto_table:5 udp", 2, "no instructions"),
        ("p1 --actions nope udp", 2, "--actions \"nope\""),
        ("p1 --actions output:p2 mpls", 2, "MPLS cannot be composed"),
        ("p1 --actions output:p2 sctp", 2, "SCTP cannot be composed"),
        (
            "p1 --actions output:p2 udp,nw_frag=first",
            2,
            "fragments cannot be composed",
        ),
        (
            "p1 --actions output:p2 dl_src=00:01:02:03:04:05",
            2,
            "the protocol is missing",
        ),
        (
            "p1 --actions output:p2 ip,nw_src=10.0.0.0/8",
            2,
            "nw_src has a mask",
        ),
        (
            "p1 --actions output:p2 udp,reg0=1",
            2,
            "reg0 is in no header",
        ),
        (
            "p1 --actions output:p2 udp,table=1",
            2,
            "a packet has no table",
        ),
        (
            "p1 --actions output:p2 udp,in_port=p2",
            2,
            "another port than --in-port",
        ),
        (
            "p1 --actions output:p2 nw_dst=1.2.3.4",
            2,
            "needs ip or arp",
        ),
        ("p1 --actions output:p2 --hex abc", 2, "one digit"),
        (
            "p1 --actions output:p2 --hex abcd",
            2,
            "2 bytes are less than an Ethernet header",
        ),
        (
            "p1 --actions output:p2 --hex abcx",
            2,
            "'x' is no hexadecimal digit",
        ),
        (
            "p1 --actions output:p2",
            2,
            "neither FLOW nor --hex is given",
        ),
    ] {
        ovs!(sandbox, "packet-out br0 --in-port {arguments}").fails(code, words);
    }
    assert_eq!(captured(&sandbox, "p2.pcap").len(), 2);
}

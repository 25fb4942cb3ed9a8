//! Filters that were parsed and encoded here, read by the real `ovs-ofctl`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::process::Command;

use ovs::openflow::fields::{Match, parse_filter};
use ovs::openflow::text::{NoNames, Plain, PortSpelling, Style, TextContext};
use ovs::openflow::version::Version;

/// A request for flow statistics: `NXST_FLOW` in OpenFlow 1.0, `OFPMP_FLOW` later.
fn request(version: Version, xid: u32, match_bytes: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    if version == Version::V10 {
        body.extend([0xff, 0xff, 0, 0]); // OFPST_VENDOR
        body.extend([0, 0, 0x23, 0x20, 0, 0, 0, 0, 0, 0, 0, 0]); // Nicira, NXST_FLOW
        body.extend([0xff, 0xff]); // any output port
        body.extend((match_bytes.len() as u16).to_be_bytes());
        body.extend([0xff, 0, 0, 0]); // all tables
        body.extend(match_bytes);
    } else {
        body.extend([0, 1, 0, 0, 0, 0, 0, 0]);
        body.extend([
            0xff, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0,
        ]);
        body.extend([0; 16]); // any cookie
        if version != Version::V11 {
            body.extend([0, 1]);
            body.extend((match_bytes.len() as u16 + 4).to_be_bytes());
        }
        body.extend(match_bytes);
    }
    body.resize(body.len().next_multiple_of(8), 0);
    let kind = if version == Version::V10 { 16 } else { 18 };
    let mut message = vec![version as u8, kind];
    message.extend((body.len() as u16 + 8).to_be_bytes());
    message.extend(xid.to_be_bytes());
    message.extend(body);
    message
}

/// Every match that ovs-ofctl printed for the golden vectors.
fn matches() -> BTreeSet<String> {
    include_str!("../../fixtures/golden/fields.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split('\t').nth(3))
        .map(|text| {
            text.split(',')
                .filter(|piece| !piece.starts_with("priority="))
                .collect::<Vec<_>>()
                .join(",")
        })
        .collect()
}

#[test]
fn ovs_ofctl_reads_our_requests() {
    let mut stream = Vec::new();
    let mut expected = Vec::new();
    for text in matches() {
        let filter = parse_filter(&text, &NoNames).unwrap();
        for version in Version::ALL {
            let message = request(
                version,
                expected.len() as u32,
                &filter.fields.encode(version),
            );
            stream.extend(message);
            expected.push((version, text.clone()));
        }
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), stream).unwrap();
    let output = Command::new("ovs-ofctl")
        .arg("ofp-parse")
        .arg(file.path())
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let mut lines = printed.lines().filter(|line| line.contains(" request "));
    let mut wrong = String::new();
    for (version, text) in &expected {
        let line = lines.next().unwrap_or_default();
        let got = line.split_once("):").map_or(line, |(_, text)| text.trim());
        // Of a packet without a tag, OXM does not say that it has no priority either.
        let untagged = text == "vlan_tci=0x0000" && got == "vlan_tci=0x0000/0x1fff";
        if got != text && !untagged {
            let _ = writeln!(wrong, "{version}: {line}\n  not {text}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// The match that `ovs-ofctl parse-flow` reads in a flow; `None` if it refuses.
fn parse_flow(text: &str) -> Option<String> {
    let output = Command::new("ovs-ofctl")
        .args(["parse-flow", &format!("{text},actions=drop")])
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let line = printed.lines().find(|line| line.contains(": ADD "))?;
    let (_, flow) = line.split_once(": ADD ")?;
    Some(flow.strip_suffix("actions=drop")?.trim().to_owned())
}

/// The match that is read here.
fn ours(text: &str) -> Option<String> {
    let filter = parse_filter(text, &NoNames).ok()?;
    let bytes = filter.fields.encode(Version::V10);
    let cx = TextContext {
        version: Version::V10,
        style: Style::Wire,
        ports: PortSpelling::Number,
        names: &NoNames,
    };
    let mut sink = Plain::default();
    Match::decode_tlvs(&bytes, 0)
        .unwrap()
        .text(&mut sink, &cx, 0x8000);
    Some(sink.0)
}

#[test]
fn spellings_mean_what_they_mean_to_ovs_ofctl() {
    for text in [
        "udp,tp_src=5",
        "ip,nw_proto=17,tp_dst=5",
        "sctp6,tp_dst=0x10/0xf0",
        "icmp,tp_src=8",
        "icmp6,icmp_type=135",
        "arp,nw_src=10.0.0.1,nw_proto=2",
        "dl_type=0x800,nw_proto=6",
        "ip4 nw_ttl=5",
        "ip6,ip_proto=6",
        "ip,ip_dscp=4",
        "ip,nw_tos=19",
        "dl_vlan=66",
        "dl_vlan=5,dl_vlan_pcp=3",
        "vlan_vid=0x1005,vlan_pcp=3",
        "vlan_tci=0x1123/0x1fff",
        "dl_vlan=*",
        "reg0[0..3]=5,reg0[8..11]=0xa",
        "NXM_NX_REG1[]=7",
        "OXM_OF_METADATA[0]=1",
        "xreg0=0x100000002",
        "tunnel_id=100",
        "dl_src=2:0:0:0:0:1",
        "ip,nw_src=10.1.2.3/255.255.0.0",
        "ct_state=trk",
        "ct_state=0x21/0x21",
        "tcp,tcp_flags=+syn-ack",
        "ip,nw_frag=no",
        "ip,nw_frag=NOT_LATER",
        "metadata=010",
        "in_port(7)",
        "in_port:7 arp",
        "in_port=local",
        "in_port=65534",
        "packet_type=(1,0x800)",
        "nsp=5,dl_type=0x894f",
        "tun_metadata0=0x12345678",
        "eth",
        "tun_id=-1",
        "metadata=5/-1",
    ] {
        let expected = parse_flow(text);
        assert!(expected.is_some(), "{text}");
        assert_eq!(ours(text), expected, "{text}");
    }
}

#[test]
fn what_ovs_ofctl_refuses_is_refused() {
    for text in [
        "nw_src=1.2.3",
        "tcp,nw_src=1.2.3.4/33",
        "dl_type=0x800/0xff",
        "ct_state=+trk+foo",
        "ct_state=+trk+trk",
        "tcp,tcp_flags=syn+ack",
        "reg0=0x100000000",
        "reg0[5..40]=1",
        "dl_src=1:2:3:4:5",
        "ip,nw_frag=maybe",
        "dl_vlan=3/7",
        "in_port=nope",
        "flurbelwurz=3",
        "table=256",
        "packet_type=(1",
    ] {
        assert_eq!(parse_flow(text), None, "{text}");
        assert_eq!(ours(text), None, "{text}");
    }
}

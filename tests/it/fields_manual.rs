//! The field table against ovs-fields(7) of the Open vSwitch that is installed.

use std::collections::BTreeSet;

use ovs::openflow::fields::{Field, FieldKind, Prereq, ROWS};
use ovs::openflow::version::Version;

/// The manual page as roff, font changes taken out.
fn manual() -> String {
    crate::common::server::manual("man7/ovs-fields.7")
}

fn kind_name(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Decimal => "decimal",
        FieldKind::Hex => "hexadecimal",
        FieldKind::Mac => "Ethernet",
        FieldKind::Ipv4 => "IPv4",
        FieldKind::Ipv6 => "IPv6",
        FieldKind::Port16 => "OpenFlow 1.0 port",
        FieldKind::Port32 => "OpenFlow 1.1+ port",
        FieldKind::Frag => "frag",
        FieldKind::TcpFlags => "TCP flags",
        FieldKind::CtState => "ct state",
        FieldKind::TunFlags => "tunnel flags",
        FieldKind::PacketType => "packet type",
    }
}

fn prereq_name(prereq: Prereq) -> &'static str {
    match prereq {
        Prereq::Any => "none",
        Prereq::Ethernet => "Ethernet",
        Prereq::Vlan => "VLAN VID",
        Prereq::Arp => "ARP",
        Prereq::Ipv4 => "IPv4",
        Prereq::Ipv6 => "IPv6",
        Prereq::Ip => "IPv4/IPv6",
        Prereq::Mpls => "MPLS",
        Prereq::Nsh => "NSH",
        Prereq::Ct => "CT",
        Prereq::Tcp => "TCP",
        Prereq::Udp => "UDP",
        Prereq::Sctp => "SCTP",
        Prereq::Icmp => "ICMPv4",
        Prereq::Icmp6 => "ICMPv6",
        Prereq::Nd => "ND",
        Prereq::NdSolicit => "ND solicit",
        Prereq::NdAdvert => "ND advert",
    }
}

fn row(name: &str) -> &'static Field {
    let field = Field::by_name(name).unwrap_or_else(|| panic!("no row for {name}"));
    assert_eq!(field.name, name);
    field
}

fn width(field: &Field) -> String {
    let bits = u16::from(field.bytes) * 8;
    if field.id.is_tun_metadata() {
        format!("{bits} bits ({} bytes)", field.bytes)
    } else if field.bits == bits {
        format!("{bits} bits")
    } else {
        format!(
            "{bits} bits (only the least-significant {} bits may be nonzero)",
            field.bits
        )
    }
}

/// `NXM_NX_REG0 (0) since Open vSwitch 1.1`, as the manual has it.
fn wires(field: &Field) -> BTreeSet<String> {
    field
        .wire
        .iter()
        .map(|wire| {
            let openflow = match wire.since {
                Version::V10 => "",
                Version::V12 => "OpenFlow 1.2 and ",
                Version::V13 => "OpenFlow 1.3 and ",
                Version::V15 => "OpenFlow 1.5 and ",
                version => panic!("nothing began with {version}"),
            };
            format!(
                "{} ({}) since {openflow}Open vSwitch {}",
                wire.name, wire.number, wire.ovs
            )
        })
        .collect()
}

#[test]
fn every_section_of_the_manual_is_a_row() {
    let page = manual();
    let mut seen = 0;
    for section in page.split("\nName:;").skip(1) {
        let section = section.split("\n.TE").next().unwrap();
        let mut lines = section.lines();
        let title = lines.next().unwrap();
        let (name, alias) = match title.split_once(" (aka ") {
            Some((name, alias)) => (name, alias.strip_suffix(')')),
            None => (title, None),
        };
        let field = row(name);
        assert_eq!(field.alias, alias, "{name}");
        let mut numbers = BTreeSet::new();
        for line in lines {
            if let Some(text) = line.strip_prefix("Width:;") {
                assert_eq!(width(field), text, "{name}");
            } else if let Some(text) = line.strip_prefix("Format:;") {
                assert_eq!(kind_name(field.kind), text, "{name}");
            } else if let Some(text) = line.strip_prefix("Masking:;") {
                assert_eq!(field.maskable, text != "not maskable", "{name}");
            } else if let Some(text) = line.strip_prefix("Prerequisites:;") {
                assert_eq!(prereq_name(field.prereq), text, "{name}");
            } else if let Some(text) = line.strip_prefix("Access:;") {
                assert_eq!(field.writable, text == "read/write", "{name}");
            } else if line.contains(" since ") && !line.contains(":;") {
                numbers.extend(line.split("; ").map(str::to_owned));
            }
        }
        assert_eq!(wires(field), numbers, "{name}");
        seen += 1;
    }
    assert!(seen >= 89, "only {seen} sections");
}

#[test]
fn every_line_of_its_summaries_is_a_row() {
    let page = manual();
    let mut seen = BTreeSet::new();
    for line in page.lines() {
        let columns: Vec<&str> = line.split(';').collect();
        let &[title, bytes, mask, writable, prereq, support] = columns.as_slice() else {
            continue;
        };
        let name = title.split(" aka ").next().unwrap();
        let Ok(bytes) = bytes.split(' ').next().unwrap().parse::<u8>() else {
            continue;
        };
        let field = row(name);
        assert_eq!(field.bytes, bytes, "{name}");
        assert_eq!(field.maskable, mask == "yes", "{name}");
        assert_eq!(field.writable, writable == "yes", "{name}");
        assert_eq!(prereq_name(field.prereq), prereq, "{name}");
        assert_eq!(support.is_empty(), field.wire.is_empty(), "{name}");
        if let Some(first) = field.wire.first() {
            assert!(
                support.contains(&format!("OVS {}+", first.ovs)) || field.wire.len() > 1,
                "{name}: {support}"
            );
        }
        seen.insert(name.to_owned());
    }
    // Registers 16 to 31 and what overlays them came with Open vSwitch 3.7.
    let missing: Vec<&str> = ROWS
        .iter()
        .filter(|field| {
            !seen.contains(field.name) && field.wire.first().is_none_or(|wire| wire.ovs != "3.7")
        })
        .map(|field| field.name)
        .collect();
    // Internal to the datapath: ovs-ofctl knows them, the manual does not mention them.
    assert_eq!(missing, ["recirc_id", "dp_hash", "tun_tos", "tun_ttl"]);
}

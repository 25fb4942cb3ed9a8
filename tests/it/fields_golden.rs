//! Matches as a real switch sent them, beside what ovs-ofctl printed for them.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use ovs::base::json::Json;
use ovs::openflow::bytes::{Cursor, DecodeError};
use ovs::openflow::fields::{Field, Match, ROWS};
use ovs::openflow::text::{Style, TextContext};
use ovs::openflow::version::Version;

use crate::common::hex::bytes as hex;
use crate::common::openflow;

/// Made by `fixtures/golden/fields.py`: what a real switch sent and what ovs-ofctl printed.
const GOLDEN: &str = include_str!("../../fixtures/golden/fields.tsv");

fn cx() -> TextContext<'static> {
    openflow::cx(Version::V15, Style::Wire)
}

fn decode<'a>(
    form: &str,
    bytes: &'a [u8],
    scratch: &'a mut Vec<u8>,
) -> Result<Match<'a>, DecodeError> {
    match form {
        "v10" => Match::decode_v10(&mut Cursor::new(bytes, 0), scratch),
        // OXM of 1.1 stands here without its padding.
        "v11" if bytes.starts_with(&[0, 0]) => {
            Match::decode_v11(&mut Cursor::new(bytes, 0), scratch)
        }
        "v11" => Match::decode_tlvs(bytes.get(4..).unwrap_or_default(), 4),
        _ => Match::decode_tlvs(bytes, 0),
    }
}

fn text(matched: &Match<'_>, priority: u16) -> String {
    openflow::text(|sink| matched.text(sink, &cx(), priority))
}

fn json(matched: &Match<'_>) -> serde_json::Value {
    let mut out = String::new();
    let mut json = Json::new(&mut out);
    json.begin_object();
    matched.json(&mut json, &cx());
    json.end_object();
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
}

fn golden() -> impl Iterator<Item = (&'static str, u16, Vec<u8>, &'static str)> {
    openflow::rows(GOLDEN)
        .map(|cells| (cells[0], cells[1].parse().unwrap(), hex(cells[2]), cells[3]))
}

#[test]
fn matches_print_as_ovs_ofctl_prints_them() {
    let mut wrong = String::new();
    for (form, priority, bytes, expected) in golden() {
        let mut scratch = Vec::new();
        let matched = decode(form, &bytes, &mut scratch).unwrap();
        let got = text(&matched, priority);
        if got != expected {
            let _ = writeln!(wrong, "{form}: {got}\n  not {expected}");
        }
        json(&matched);
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Every field that Open vSwitch 3.1 can match has a vector, by one of its numbers on the wire.
#[test]
fn every_field_has_a_vector() {
    let mut seen = BTreeSet::new();
    for (form, _, bytes, _) in golden() {
        let mut scratch = Vec::new();
        let matched = decode(form, &bytes, &mut scratch).unwrap();
        seen.extend(
            ROWS.iter()
                .filter(|row| matched.value(row).is_some())
                .map(|row| row.name),
        );
    }
    // ovs-fields(7), "Matching", names the version each number came with; 3.1 is what is tested with.
    let in_3_1 = |version: &str| {
        let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap());
        (parts.next(), parts.next()) <= (Some(3), Some(1))
    };
    let lacking: Vec<&str> = ROWS
        .iter()
        .filter(|row| row.wire.iter().any(|wire| in_3_1(wire.ovs)))
        .map(|row| row.name)
        .filter(|name| !seen.contains(name))
        .collect();
    assert_eq!(
        lacking,
        Vec::<&str>::new(),
        "fields without a line in fields.tsv: add one to FLOWS of fixtures/golden/fields.py and run that"
    );
}

fn tlvs(text: &str) -> Vec<u8> {
    hex(&text.replace(' ', ""))
}

#[test]
fn unknown_fields_are_kept() {
    let bytes = tlvs("80005a020102 80005b040102ffff ffff0a0500001234ab 0001000400000001");
    let matched = Match::decode_tlvs(&bytes, 0).unwrap();
    assert_eq!(
        text(&matched, 1),
        "priority=1,reg0=0x1,oxm_0x8000_45=0x0102,oxm_0x8000_45=0x0102/0xffff,oxm_0xffff_0x00001234_5=0xab"
    );
    assert_eq!(json(&matched)["oxm_0xffff_0x00001234_5"], "0xab");
    assert!(!matched.is_empty());
}

#[test]
fn errors_say_where() {
    let error = |text: &str| {
        Match::decode_tlvs(&tlvs(text), 100)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        error("00000603080000"),
        "eth_type at byte 100: impossible length 3"
    );
    assert_eq!(
        error("000006020800 000006020806"),
        "eth_type at byte 106: unexpected value 0x806"
    );
    assert_eq!(
        error("00010005010203 0405"),
        "reg0 at byte 100: impossible length 5"
    );
    assert_eq!(
        error("00010103000102"),
        "oxm_length at byte 100: impossible length 3"
    );
    assert_eq!(
        error("000006020800 0001000400"),
        "oxm value at byte 110: needs 4 bytes, only 1 are left"
    );
}

#[test]
fn json_has_numbers_for_words() {
    let bytes = tlvs(
        "8000000400000002 80000a020800 8000140106 80001c020050 80000c021042 800017080a000000ffffff00",
    );
    let matched = Match::decode_tlvs(&bytes, 0).unwrap();
    assert_eq!(
        json(&matched).to_string(),
        r#"{"dl_type":2048,"nw_proto":6,"in_port":{"number":2},"dl_vlan":66,"nw_src":"10.0.0.0/24","tp_dst":80}"#
    );
    assert_eq!(matched.in_port(), Some(2));
    assert!(matched.vlan_tag_known());
    let (value, mask) = matched.value(Field::by_name("nw_src").unwrap()).unwrap();
    assert_eq!(
        (value, mask),
        (
            [10, 0, 0, 0].as_slice(),
            Some([255, 255, 255, 0].as_slice())
        )
    );
}

#[test]
fn cookies_of_requests_are_no_fields() {
    let bytes = tlvs("00013d10 0000000000000005 00000000000000ff 00013c0140");
    let matched = Match::decode_tlvs(&bytes, 0).unwrap();
    assert_eq!(matched.cookie(), Some((5, 255)));
    assert_eq!(text(&matched, 0x8000), "mpls_ttl=64");
}

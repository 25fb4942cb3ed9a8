//! `ovs decode` against the text of the real `ovs-ofctl ofp-print`.
//!
//! `fixtures/golden/messages.tsv` holds messages that ovs-ofctl and ovs-vswitchd 3.1 sent each other, some
//! made by hand, and what `ovs-ofctl ofp-print` prints for each; `make_messages.py` beside it wrote it.
//! `details.tsv`, by `make_details.py`, holds what senders may do and seldom do.

use std::collections::BTreeMap;
use std::io::Write as _;

use ovs::openflow::bytes::DecodeErrorKind;
use ovs::openflow::messages::Decoded;
use ovs::openflow::text::Style;
use ovs::openflow::version::Version;

use crate::common;
use crate::common::hex::{bytes, digits as hex};
use crate::common::openflow::{self, cx, ofp_print};

const GOLDEN: &str = include_str!("../../fixtures/golden/messages.tsv");
const DETAILS: &str = include_str!("../../fixtures/golden/details.tsv");

/// Each message with the text of ofp-print.
fn golden() -> impl Iterator<Item = (Vec<u8>, String)> {
    openflow::rows(GOLDEN)
        .chain(openflow::rows(DETAILS))
        .map(|cells| (bytes(cells[0]), unescape(cells[1])))
}

fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        out.push(match c {
            '\\' => match chars.next().unwrap() {
                'n' => '\n',
                't' => '\t',
                other => other,
            },
            c => c,
        });
    }
    out
}

fn text(message: &Decoded<'_>) -> String {
    openflow::text(|sink| message.text(sink, &cx(Version::V15, Style::Wire)))
}

#[test]
fn every_golden_message_prints_as_ofp_print_does() {
    let mut count = 0;
    for (message, expected) in golden() {
        let decoded = Decoded::decode(&message).unwrap();
        assert_eq!(text(&decoded), expected, "{}", hex(&message));
        count += 1;
    }
    assert!(count > 2000, "{count}");
}

#[test]
fn every_golden_message_is_valid_json() {
    for (message, _) in golden() {
        let decoded = Decoded::decode(&message).unwrap();
        let json = decoded.json();
        let value: serde_json::Value = serde_json::from_str(&json).expect(&json);
        assert_eq!(value["length"], message.len(), "{json}");
        for key in ["version", "type", "xid"] {
            assert!(value.get(key).is_some(), "{key} in {json}");
        }
    }
}

/// What this side can send is written with the bytes that Open vSwitch wrote. Where the same can be said in
/// other bytes, it is read as the same.
#[test]
fn what_can_be_sent_is_written_as_it_came() {
    let mut same = BTreeMap::<String, usize>::new();
    for (message, _) in golden() {
        let decoded = Decoded::decode(&message).unwrap();
        let version = Version::from_wire(message[0]);
        let (Some(body), Some(at), Some(version)) = (decoded.body(), decoded.at(), version) else {
            continue;
        };
        let xid = decoded.header().xid;
        let Some(bytes) = body
            .encode(version, at, xid)
            .filter(|_| decoded.error().is_none())
        else {
            continue;
        };
        if bytes == message {
            let name = text(&decoded).split(' ').next().unwrap().to_owned();
            *same.entry(name).or_default() += 1;
            continue;
        }
        let again = Decoded::decode(&bytes).unwrap();
        assert_eq!(text(&again), text(&decoded), "{}", hex(&message));
    }
    for (name, least) in [
        ("OFPT_BARRIER_REQUEST", 6),
        ("OFPT_BUNDLE_ADD_MESSAGE", 3),
        ("OFPT_BUNDLE_CONTROL", 16),
        ("OFPT_FLOW_MOD", 420),
        ("NXT_FLOW_MOD", 84),
        ("OFPT_GROUP_MOD", 42),
        ("NXT_GROUP_MOD", 10),
        ("NXST_FLOW_MONITOR", 3),
        ("ONFST_FLOW_MONITOR", 1),
        ("OFPST_FLOW_MONITOR", 4),
        ("OFPT_METER_MOD", 17),
        ("OFPT_PACKET_OUT", 54),
        ("OFPT_PORT_MOD", 13),
        ("OFPT_ROLE_REQUEST", 12),
        ("OFPT_TABLE_MOD", 8),
    ] {
        assert!(same[name] >= least, "{name}: {same:?}");
    }
}

/// The golden text is what the installed tool prints, too: it is not of another time.
#[test]
fn the_real_ofp_print_says_the_same() {
    for (message, expected) in golden().step_by(13) {
        assert_eq!(ofp_print(&message), expected);
        decode().arg(hex(&message)).prints(expected);
    }
}

/// Marks and labels are younger than the ovs-ofctl that is installed: as Open vSwitch 3.3 and later print them.
#[test]
fn connections_to_forget_by_mark_and_labels() {
    let nothing = "'ct_ipv6_src=::,ct_ipv6_dst=::,ct_tp_src=0,ct_tp_dst=0,ct_nw_proto=6' \
                   'ct_ipv6_src=::,ct_ipv6_dst=::,ct_tp_src=0,ct_tp_dst=0'";
    let mark = "000300080000001e";
    let mark_mask = "0004000800000019";
    let labels = "00050014 00000000000000000000000000ffab00 00000000";
    let labels_mask = "00060014 0000000000000000000000000000ff00 00000000";
    for (properties, start, json) in [
        (
            mark.to_owned(),
            "zone=0 mark=0x1e ",
            r#""ct_mark":{"value":"0x1e","mask":"0xffffffff"}"#,
        ),
        (
            mark_mask.to_owned(),
            "zone=0 mark=0/0x19 ",
            r#""ct_mark":{"value":"0x0","mask":"0x19"}"#,
        ),
        (
            format!("{mark}{mark_mask}{labels}{labels_mask}"),
            "zone=0 mark=0x1e/0x19 labels=0xffab00/0xff00 ",
            r#""ct_label":{"value":"0xffab00","mask":"0xff00"}"#,
        ),
        // A mask of zeros.
        (
            format!("{mark}0004000800000000"),
            "zone=0 ",
            r#""ip_proto":6"#,
        ),
    ] {
        let properties = properties.replace(' ', "");
        let length = 24 + properties.len() / 2;
        let message =
            format!("0104{length:04x}0000000300002320000000200600000000000000{properties}");
        let bytes = bytes(&message);
        let decoded = Decoded::decode(&bytes).unwrap();
        assert_eq!(decoded.error(), None);
        let expected = format!("NXT_CT_FLUSH (xid=0x3): {start}{nothing}\n");
        assert_eq!(text(&decoded), expected);
        assert!(decoded.json().contains(json), "{}", decoded.json());
    }
    // A property that came later still.
    let later = bytes("010400200000000300002320000000200600000000000000008000080000000a");
    let decoded = Decoded::decode(&later).unwrap();
    assert!(text(&decoded).starts_with("NXT_CT_FLUSH (xid=0x3): zone=0 'ct_"));
    assert_eq!(decoded.error().unwrap().at, 24);
}

fn decode() -> common::Ovs {
    ovs!("decode")
}

/// What `ovs-ofctl ofp-print` prints for an echo request and for a barrier request of 1.3.
const ECHO: &str = "\
OFPT_ECHO_REQUEST (xid=0x1): 2 bytes of payload
00000000  68 69                                           |hi              |
";
const BARRIER: &str = "OFPT_BARRIER_REQUEST (OF1.3) (xid=0x2):\n";
const BOTH: [u8; 18] = [1, 2, 0, 10, 0, 0, 0, 1, b'h', b'i', 4, 20, 0, 8, 0, 0, 0, 2];

#[test]
fn input_in_every_layout() {
    let expected = format!("{ECHO}{BARRIER}");
    let words = "01:02:00:0a:00:00:00:01 6869 04140008 00000002";
    decode().args(words.split(' ')).prints(&expected);
    for input in [
        BOTH.to_vec(),
        b"0102000a 00000001 6869\n04140008 00000002\n".to_vec(),
        b"00000000: 0102 000a 0000 0001 6869 0414 0008 0000  ........hi......\n00000010: 0002  ..\n".to_vec(),
        b"00000000  01 02 00 0a 00 00 00 01  68 69 04 14 00 08 00 00  |........hi......|\n\
          00000010  00 02                                             |..|\n00000012\n"
            .to_vec(),
    ] {
        decode().write_stdin(input.clone()).prints(&expected);
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&input).unwrap();
        decode().arg(file.path()).prints(&expected);
    }
}

#[test]
fn what_was_read_before_an_error_is_printed() {
    let cut = BOTH[..16].to_vec();
    decode()
        .arg("--quiet")
        .write_stdin(cut)
        .exits(1)
        .prints(ECHO)
        .says_only("ovs: xid at byte 14: needs 4 bytes, only 2 are left\n");
    // Of several flows, those before the one that is cut.
    let (reply, text) = golden()
        .find(|(_, text)| text.starts_with("OFPST_FLOW reply (OF1.3)") && text.lines().count() > 2)
        .unwrap();
    let whole: Vec<&str> = text.lines().collect();
    let before = whole.get(..whole.len() - 1).unwrap().join("\n") + "\n";
    let end = reply.len() - 4;
    let ran = decode().arg(hex(&reply[..end])).exits(1).prints(before);
    let stderr = ran.stderr;
    assert!(stderr.starts_with("ovs: flow entry at byte "), "{stderr}");
}

/// The tables before one that is cut, each of 24 bytes.
#[test]
fn tables_before_an_error_are_printed() {
    let (reply, text) = golden()
        .find(|(_, text)| text.starts_with("OFPST_TABLE reply (OF1.3)"))
        .unwrap();
    let first = text.find("  table 1:").unwrap();
    let ran = decode().arg(hex(&reply[..16 + 24 + 20])).exits(1);
    assert_eq!(ran.stdout.trim_end(), text[..first].trim_end());
    let stderr = ran.stderr;
    assert!(
        stderr.starts_with("ovs: table statistics at byte 40"),
        "{stderr}"
    );
}

/// What ofp-print says of the same tables, as arrays of names.
#[test]
fn properties_of_tables_in_json() {
    let (features, _) = golden()
        .find(|(_, text)| text.contains("table 2 (\"ingress\")"))
        .unwrap();
    let json = Decoded::decode(&features).unwrap().json();
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    let table = &value["tables"][0];
    assert_eq!(table["name"], "ingress");
    assert_eq!(table["next_tables"], serde_json::json!([3, 4, 5, 6, 7, 8]));
    assert_eq!(
        table["write_actions"],
        serde_json::json!(["output", "group", "set_field"])
    );
    assert_eq!(
        table["apply_setfield"],
        serde_json::json!(["eth_src", "eth_dst"])
    );
    assert_eq!(value["tables"][5]["apply_actions"], serde_json::Value::Null);
}

#[test]
fn unknown_messages_print_header_and_bytes() {
    decode()
        .arg("046300080000000a")
.prints("OFPT_99 (OF1.3) (xid=0xa):\n00000000  04 63 00 08 00 00 00 0a-                        |.c......        |\n");
    decode()
        .args(["--json", "0404001000000001 00001234 00000007"])
        .prints(concat!(
            "[\n",
            r#"{"version":"OpenFlow13","type":"OFPT_VENDOR 0x00001234 7","xid":1,"length":16,"#,
            r#""data":"04040010000000010000123400000007"}"#,
            "\n]\n"
        ));
}

#[test]
fn json_and_styles() {
    let message = "0414000800000002";
    decode().args(["-o", "jsonl", message]).prints(
        "{\"version\":\"OpenFlow13\",\"type\":\"OFPT_BARRIER_REQUEST\",\"xid\":2,\"length\":8}\n",
    );
    // A packet-out of 1.3: push_vlan, set_field of vlan_vid with its presence bit.
    let packet_out = "040d003000000005ffffffff000000010018000000000000\
                      00110008810000000019001080000c02104200000000000000";
    let packet_out = packet_out.get(..96).unwrap();
    for (style, expected) in [
        (
            "wire",
            "in_port=1 actions=push_vlan:0x8100,set_field:4162->vlan_vid data_len=0",
        ),
        ("classic", "in_port=1 actions=mod_vlan_vid:66 data_len=0"),
    ] {
        decode()
            .args(["--style", style, packet_out])
            .prints(format!("OFPT_PACKET_OUT (OF1.3) (xid=0x5): {expected}\n"));
    }
}

#[test]
fn wrong_input() {
    decode().arg("no-such-file").exits(2).says_only(concat!(
        "ovs: \"no-such-file\" is neither a file nor hex\n",
        "hint: character 1: 'n' is no hex digit\n"
    ));
    decode().arg("0102z").exits(2);
    decode().write_stdin("").exits(1);
    decode()
        .write_stdin("01 02 xx\n")
        .exits(1)
        .says_only("ovs: \"stdin\", line 1, character 7: 'x' is no hex digit\n");
    decode()
        .args(["--columns", "a", "0414000800000002"])
        .exits(2);
}

#[test]
fn left_over_bytes_are_an_error() {
    let barrier = bytes("0414000a000000020000");
    let decoded = Decoded::decode(&barrier).unwrap();
    let error = decoded.error().unwrap();
    assert_eq!((error.at, &error.kind), (8, &DecodeErrorKind::Surplus(2)));
}

//! `ovs decode` of what other tools print: hex dumps, packets, error texts, arrays.
//!
//! `fixtures/golden/pasted` holds one capture of ovs-ofctl and ovs-vswitchd 3.1 as tcpdump, tshark, xxd, hexdump and
//! od print it, and what `ovs-ofctl ofp-parse-pcap` says of it; `make_pasted` beside it wrote them. The note of a
//! flow is "dead beef", so that the column of text looks like hex.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::{self, ovs};

fn pasted(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/golden/pasted")
        .join(name)
}

/// What ofp-parse-pcap prints, without the lines that name the ends of a connection.
fn expected() -> String {
    let text = fs::read_to_string(pasted("ofp-parse-pcap")).unwrap();
    let lines = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with("127.0.0.1."));
    lines.fold(String::new(), |out, line| out + line + "\n")
}

fn decode() -> common::Ovs {
    ovs(&["decode"])
}

#[test]
fn what_every_tool_prints_is_what_ofp_parse_pcap_reads() {
    let expected = expected();
    assert!(expected.contains("actions=note:64.65.61.64.20.62.65.65.66"));
    let mut count = 0;
    for entry in fs::read_dir(pasted("")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name == "ofp-parse-pcap" || name.starts_with("refused") {
            continue;
        }
        let output = decode().arg(&path).output().unwrap();
        let stdout = String::from_utf8_lossy(&output.stdout);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(stdout, expected, "{name}: {stderr}");
        assert!(output.status.success(), "{name}: {stderr}");
        // Line feeds of another system, and as an argument.
        if let Ok(text) = fs::read_to_string(&path) {
            let returns = text.replace('\n', "\r\n");
            decode()
                .write_stdin(returns)
                .assert()
                .success()
                .stdout(expected.clone());
            if text.len() < 100_000 {
                decode()
                    .arg(text)
                    .assert()
                    .success()
                    .stdout(expected.clone());
            }
        }
        count += 1;
    }
    assert!(count >= 18, "{count}");
}

/// Words of two bytes in the order of the host that printed them, and octal words.
#[test]
fn words_without_an_order_are_refused() {
    for name in ["refused-hexdump", "refused-od"] {
        decode().arg(pasted(name)).assert().code(1).stdout("").stderr(format!(
            "ovs: {:?}, line 1, character 9: 16-bit words in the order of a host: use hexdump -C or xxd\n",
            pasted(name)
        ));
    }
}

const BARRIER: &str = "OFPT_BARRIER_REQUEST (OF1.3) (xid=0x2):\n";

#[test]
fn hex_as_languages_write_it() {
    for text in [
        "0x4 0x14 0x0 0x8 0x0 0x0 0x0 0x2",
        "0x04, 0x14, 0x00, 0x08, 0x00, 0x00, 0x00, 0x02",
        "0X04,0X14,0X00,0X08,0X00,0X00,0X00,0X02,",
        "0x0414 0x0008 0x00000002",
        r"\x04\x14\x00\x08\x00\x00\x00\x02",
        r#""\x04\x14\x00\x08\x00\x00\x00\x02""#,
        "\"\\x04\\x14\\x00\\x08\" \\\n\"\\x00\\x00\\x00\\x02\"",
        r"b'\x04\x14\x00\x08\x00\x00\x00\x02'",
        // What a shell leaves of the same without quotes.
        "x04x14x00x08x00x00x00x02",
        "{0x04, 0x14, 0, 8, 0, 0, 0, 0x02}",
        "static const unsigned char pkt1[8] = {\n0x04, 0x14, 0x00, 0x08, /* .... */\n\
         0x00, 0x00, 0x00, 0x02  // 0xff\n};\nunsigned int pkt1_len = 8;\n",
        "[]byte{0x04, 0x14, 0x00, 0x08, 0x00, 0x00, 0x00, 0x02}",
        "[0x04, 0x14, 0x00, 0x08, 0x00, 0x00, 0x00, 0x02]",
        "\"0414000800000002\"",
        "04:14:00:08:00:00:00:02",
        "04-14-00-08-00-00-00-02",
        "0000  04 14 00 08 00 00 00 02                           ........",
        "0000   04 14 00 08 00 00 00 02   ........",
        "0000  04 14 00 08 00 00 00 02",
        "00000000: 0414 0008 0000 0002  ........",
        "\t0x0000:  0414 0008 0000 0002                      ........",
    ] {
        decode().arg(text).assert().success().stdout(BARRIER);
        decode()
            .write_stdin(text)
            .assert()
            .success()
            .stdout(BARRIER);
        let words = text.split_ascii_whitespace();
        if !text.starts_with("0000") && !text.contains(['\n', '"', ':']) {
            decode().args(words).assert().success().stdout(BARRIER);
        }
    }
    // Text among escapes is text.
    decode()
        .arg(r"b'\x01\x02\x00\n\x00\x00\x00\x01hi'")
        .assert()
        .success()
        .stdout(
            "OFPT_ECHO_REQUEST (xid=0x1): 2 bytes of payload\n\
             00000000  68 69                                           |hi              |\n",
        );
}

/// An echo request with this payload, as `xxd` and `tshark -x` print it: the column of text is of mere hex digits,
/// begins or ends with blanks, or looks like the end of hex.
#[test]
fn columns_tell_hex_from_text() {
    for payload in [
        &b"dead beef cafe"[..],
        b"12345678",
        b"ab",
        b"  00  11",
        b"ff      ",
        b"| 00 |",
        b"00 00 00 00 00 00 00 00 00 00 00 00 00 00 00",
        b"{0x04, 0x14}",
        b"/* \"x\" */",
        b"\xc3\xa9\x00  \xff",
    ] {
        let length = 8 + payload.len();
        let mut message = vec![1, 2, 0, length as u8, 0, 0, 0, 1];
        message.extend(payload);
        let real = Command::new("ovs-ofctl")
            .args(["ofp-print", &hex(&message)])
            .output()
            .unwrap();
        let expected = String::from_utf8(real.stdout).unwrap();
        for width in [16, 8, 10] {
            let mut wireshark = String::new();
            for (row, bytes) in message.chunks(width).enumerate() {
                let pairs: Vec<String> = bytes.iter().map(|b| format!("{b:02x}")).collect();
                let offset = row * width;
                let _ = writeln!(
                    wireshark,
                    "{offset:04x}  {:1$}   {2}",
                    pairs.join(" "),
                    3 * width - 1,
                    text(bytes)
                );
            }
            let mut file = tempfile::NamedTempFile::new().unwrap();
            std::io::Write::write_all(&mut file, &message).unwrap();
            let width = width.to_string();
            let xxd = Command::new("xxd")
                .args(["-c", &width])
                .arg(file.path())
                .output()
                .unwrap();
            let xxd = String::from_utf8(xxd.stdout).unwrap();
            for dump in [wireshark, xxd] {
                // Blanks at the ends of lines get lost on the way.
                let trimmed: Vec<&str> = dump.lines().map(str::trim_end).collect();
                for dump in [dump.clone(), trimmed.join("\n")] {
                    let output = decode().write_stdin(dump.clone()).output().unwrap();
                    let stdout = String::from_utf8_lossy(&output.stdout);
                    let stderr = String::from_utf8_lossy(&output.stderr);
                    assert_eq!(stdout, expected, "{stderr}\n{dump}");
                }
            }
        }
    }
}

fn text(bytes: &[u8]) -> String {
    let shown = |byte: &u8| match byte {
        b' '..=b'~' => char::from(*byte),
        _ => '.',
    };
    bytes.iter().map(shown).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// What ovs-ofctl prints of a message that it does not understand, and of an error of the switch.
#[test]
fn text_of_ovs_ofctl() {
    // A flow mod whose match asks for a port of TCP without the protocol.
    let flow_mod = [
        "040e004000000006",
        "00000000000000000000000000000000",
        "0000000000008000ffffffffffffffffffffffff00000000",
        "0001000a80001a020050000000000000",
    ]
    .concat();
    let print = |arguments: &[&str]| {
        let output = Command::new("ovs-ofctl").args(arguments).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let refused = print(&["ofp-print", &flow_mod]);
    assert!(
        refused.contains("***decode error: OFPBMC_BAD_PREREQ***"),
        "{refused}"
    );
    let ours = "OFPT_FLOW_MOD (OF1.3) (xid=0x6): ADD tp_src=80 actions=drop\n";
    decode()
        .write_stdin(refused.clone())
        .assert()
        .success()
        .stdout(ours);
    // The switch's error, whose message is cut, before and behind it: what can be read of each.
    let error = format!("0401004c000000060004000a{flow_mod}");
    let error = print(&["ofp-print", &error]);
    let cut = print(&["ofp-print", &flow_mod[..112]]);
    assert!(cut.contains("truncated to 56 bytes from 64"), "{cut}");
    let log = format!(
        "2026-01-02T03:04:05.678Z|00012|vconn|DBG|unix#3: received: {error}{cut}\
         2026-01-02T03:04:06.789Z|00013|connmgr|INFO|br0<->unix#3: sending an error\n{refused}"
    );
    let output = decode().write_stdin(log).output().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{stdout}");
    assert!(stdout.ends_with(ours), "{stdout}");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        stderr,
        "ovs: line 9: match at byte 52: needs 6 bytes, only 4 are left\n"
    );
}

/// Rows that contradict each other, and places that are named.
#[test]
fn odd_input_names_its_place() {
    for (input, message) in [
        ("04 14 0g\n", "line 1, character 8: 'g' is no hex digit"),
        (
            "0414 0008\n0000 002\n",
            "line 2, character 6: one hex digit is missing",
        ),
        (
            "04 1 00\n",
            "line 1, character 4: one hex digit is missing: write 0x1 or 01",
        ),
        (
            "{0x04, 20}\n",
            "line 1, character 8: 20 is decimal among hex: write it with 0x",
        ),
        (
            "\"\\x04\n",
            "line 1, character 1: begins a string that does not end",
        ),
        (
            "\\x4 \\x14\n",
            "line 1, character 1: begins no byte: \\xHH has two digits",
        ),
        (
            "0000  04 14 00 08\n0008  00 00 00 02\n",
            "line 1, character 5: a row of 8 bytes, by the next offset, has not so many",
        ),
        (
            "0000  04 14 00 08\n\n0008  00 00 00 02\n",
            "line 3: offset 0008, but the row before it ends at 0x4",
        ),
        (
            "0000  04 14 00 08\n0004  00 00 0z 02\n",
            "line 2, character 14: 'z' is no hex digit",
        ),
        (
            "0000  04 14 00 08\n0004: 00 00 00 02\n",
            "line 2: no row of the dump above: it has no offset",
        ),
        (
            "00000000  04 14 00 08 |....|\n*\nffffffff0  00 00 |..|\n",
            "line 3: 68719476716 bytes are left out above: too many",
        ),
        (
            "00000000  04 14 00 08 |....|\n*\n",
            "line 2: the rows that \"*\" stands for have no end",
        ),
        (
            "0000000 1404 0800\n",
            "line 1, character 9: 16-bit words in the order of a host: use hexdump -C or xxd",
        ),
    ] {
        let output = decode().write_stdin(input).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(stderr, format!("ovs: \"stdin\", {message}\n"), "{input}");
        assert_eq!(output.status.code(), Some(1), "{input}");
        decode().arg(input).assert().code(2);
    }
}

/// `*` stands for rows like the one above it, in hexdump, od and xxd -a.
#[test]
fn rows_left_out_are_put_back() {
    let mut message = vec![1, 2, 0, 200, 0, 0, 0, 1];
    message.resize(200, 0);
    let mut file = tempfile::NamedTempFile::new().unwrap();
    std::io::Write::write_all(&mut file, &message).unwrap();
    let plain = decode().arg(hex(&message)).output().unwrap().stdout;
    for tool in [
        &["hexdump", "-C"][..],
        &["od", "-t", "x1"],
        &["od", "-A", "x", "-t", "x1z"],
        &["xxd", "-a"],
    ] {
        let output = Command::new(tool[0])
            .args(&tool[1..])
            .arg(file.path())
            .output()
            .unwrap();
        let dump = String::from_utf8(output.stdout).unwrap();
        assert!(dump.contains("\n*\n"), "{dump}");
        decode()
            .write_stdin(dump)
            .assert()
            .success()
            .stdout(plain.clone());
    }
}

/// Packets without OpenFlow, cut ones, and such that come twice or not at all.
#[test]
fn packets_that_are_no_messages() {
    /// A flag of TCP.
    const PUSH: u8 = 8;
    let pcap = fs::read(pasted("of.pcap")).unwrap();
    let (head, packets) = packets(&pcap);
    let run = |packets: &[&[u8]]| {
        let file = [head, &packets.concat()].concat();
        let output = decode().write_stdin(file).output().unwrap();
        (
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
            output.status.code(),
        )
    };
    let all: Vec<&[u8]> = packets.clone();
    let whole = run(&all);
    assert_eq!((whole.0.as_str(), whole.2), (expected().as_str(), Some(0)));
    // Each packet twice: sent again.
    let twice: Vec<&[u8]> = packets
        .iter()
        .flat_map(|packet| [*packet, *packet])
        .collect();
    assert_eq!(run(&twice), whole);
    // Only what has no payload.
    let (nothing, error, code) = run(&packets[..3]);
    assert_eq!((nothing.as_str(), code), ("", Some(1)));
    assert_eq!(error, "ovs: no OpenFlow in 3 packets\n");
    // Any one packet is missing: no panic, and nothing is invented.
    for missing in 0..packets.len() {
        let mut some = packets.clone();
        some.remove(missing);
        let (stdout, ..) = run(&some);
        assert!(
            stdout.lines().count() <= whole.0.lines().count(),
            "{stdout}"
        );
    }
    // The file is cut.
    let (_, error, code) = run(&[&packets[0][..20]]);
    assert_eq!(code, Some(1));
    assert!(
        error.starts_with("ovs: \"stdin\" is a capture that is cut: packet at byte 40"),
        "{error}"
    );
    // TCP that is something else: the version of its first message is changed.
    let at = packets
        .iter()
        .position(|packet| packet[16 + 47] & PUSH != 0)
        .unwrap();
    let mut other = packets[at].to_vec();
    // TLS.
    other[16 + 66] = 0x16;
    let mut some = packets.clone();
    some[at] = &other;
    let (_, error, code) = run(&some);
    assert_eq!(code, Some(1));
    let start = format!("ovs: packet {}: TCP from port ", at + 1);
    assert!(
        error.starts_with(&start) && error.contains(" is no OpenFlow\n"),
        "{error}"
    );
}

/// The header of a capture, and its packets with their headers.
fn packets(pcap: &[u8]) -> (&[u8], Vec<&[u8]>) {
    let (head, mut rest) = pcap.split_at(24);
    let mut packets = Vec::new();
    while !rest.is_empty() {
        let length = u32::from_le_bytes(rest[8..12].try_into().unwrap()) as usize;
        let (packet, behind) = rest.split_at(16 + length);
        packets.push(packet);
        rest = behind;
    }
    (head, packets)
}

//! What the tools of Open vSwitch print, made into the messages of a switch: the bytes that a real switch sent, the text
//! that the real ovs-ofctl prints for ours.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ovs::openflow::flow_dump::FlowDump;
use ovs::openflow::messages::Decoded;
use ovs::openflow::text::{NoNames, Style};
use ovs::openflow::version::Version;
use ovs::source::saved::texts::names::TextNames;
use ovs::source::saved::texts::sections::{SectionKind, cut};
use ovs::source::saved::texts::{NamedSection, switch};
use ovs::source::saved::{Part, SavedSwitch};

use crate::common::Sandbox;
use crate::common::hex::{bytes, digits};
use crate::common::openflow::{self, VERSIONS, cx, sorted};

const GOLDEN: &str = include_str!("../../fixtures/golden/messages.tsv");
const DETAILS: &str = include_str!("../../fixtures/golden/details.tsv");

/// What is saved of the texts, and the remarks on them.
fn read(texts: &[&str]) -> (Option<SavedSwitch>, Vec<String>) {
    read_with(texts, TextNames::default())
}

fn read_with(texts: &[&str], names: TextNames) -> (Option<SavedSwitch>, Vec<String>) {
    let mut remarks = Vec::new();
    let sections: Vec<NamedSection<'_>> = texts
        .iter()
        .flat_map(|text| cut(text.as_bytes()))
        .map(|section| NamedSection {
            name: "text",
            is_given: false,
            section,
        })
        .collect();
    let saved = switch(&sections, names, None, &mut remarks);
    (saved, remarks)
}

/// The part that a section of this kind becomes.
fn part(kind: SectionKind) -> Option<Part> {
    Some(match kind {
        SectionKind::Features => Part::Features,
        SectionKind::Flows => Part::Flows,
        SectionKind::Groups => Part::Groups,
        SectionKind::GroupStats => Part::GroupStats,
        SectionKind::Meters => Part::Meters,
        SectionKind::MeterStats => Part::MeterStats,
        SectionKind::Ports => Part::Ports,
        SectionKind::PortStats => Part::PortStats,
        SectionKind::TableStats => Part::TableStats,
        SectionKind::TlvMap => Part::TlvMap,
        _ => return None,
    })
}

/// The message without its transaction id.
fn without_xid(mut message: Vec<u8>) -> Vec<u8> {
    message[4..8].fill(0);
    message
}

/// The text without the transaction id.
fn print(message: &[u8]) -> String {
    let decoded = Decoded::decode(message).unwrap();
    without_xid_text(&openflow::text(|sink| {
        decoded.text(sink, &cx(Version::V15, Style::Wire));
    }))
}

fn without_xid_text(text: &str) -> String {
    let (before, rest) = text.split_once("(xid=").unwrap();
    let (_, after) = rest.split_once(')').unwrap();
    format!("{before}{after}")
}

/// The bytes that real programs sent and the text that ofp-print prints for them: made from the text, the bytes print as
/// that text, and are the same as far as a switch sends them so.
#[test]
fn golden_texts_become_their_bytes() {
    let mut counts: BTreeMap<(Part, bool), usize> = BTreeMap::new();
    for row in openflow::rows(GOLDEN).chain(openflow::rows(DETAILS)) {
        let (message, text) = (bytes(row[0]), row[1].replace("\\n", "\n"));
        let sections = cut(text.as_bytes());
        let [section] = &sections[..] else {
            continue;
        };
        let Some(part) = part(section.kind) else {
            continue;
        };
        if part == Part::TableStats && section.version < Some(Version::V13) {
            continue;
        }
        // What Open vSwitch never sends: the matches of fixed length of OpenFlow 1.0 and 1.1.
        let is_fixed = [
            "OFPST_FLOW reply (xid=",
            "OFPST_FLOW reply (OF1.1) (xid=0x5)",
        ];
        if is_fixed.iter().any(|heading| text.starts_with(heading)) {
            continue;
        }
        let (saved, remarks) = read(&[&text]);
        assert_eq!(remarks, [""; 0], "{text}");
        let saved = saved.unwrap();
        let [made] = &saved.parts[&part][..] else {
            panic!("{text}");
        };
        let same = without_xid(message.clone()) == *made;
        assert_eq!(print(made), without_xid_text(&text), "{}", digits(made));
        *counts.entry((part, same)).or_default() += 1;
    }
    println!("{counts:?}");
    let expected = [
        ((Part::Features, false), 6),
        ((Part::Features, true), 9),
        ((Part::Flows, true), 12),
        ((Part::Groups, true), 14),
        ((Part::GroupStats, true), 6),
        // The switch tells sizes of bursts that have no meaning.
        ((Part::Meters, false), 3),
        ((Part::Meters, true), 6),
        ((Part::MeterStats, true), 6),
        ((Part::Ports, true), 9),
        ((Part::PortStats, false), 4),
        ((Part::PortStats, true), 8),
        ((Part::TableStats, true), 6),
        ((Part::TlvMap, true), 11),
    ];
    assert_eq!(counts, BTreeMap::from(expected));
}

const ACTIONS: &str = include_str!("../../fixtures/golden/actions.tsv");

/// The actions that a switch has, in the words of ovs-ofctl for the version, become the bytes that they were printed from.
#[test]
fn golden_actions_become_their_bytes() {
    let (mut same, mut others) = (0, 0);
    for row in openflow::rows(ACTIONS) {
        let version = openflow::version(row[0]);
        let (form, expected, text) = (row[1], bytes(row[3]), row[4]);
        let is_flow = form == if version == Version::V10 { "A" } else { "I" };
        // No switch sends what ofp-print was only asked to print.
        let is_made = row[6] == "ofp-print";
        if !is_flow || is_made {
            continue;
        }
        let mut dump = FlowDump::new(version, &NoNames);
        let flow = dump.flow(&format!(" priority=1 actions={text}"));
        let (flow, _) = flow.unwrap_or_else(|error| panic!("{row:?}: {error}"));
        if flow.actions.bytes == expected {
            same += 1;
            continue;
        }
        others += 1;
        println!(
            "{version} {text} {} {}",
            row[3],
            digits(&flow.actions.bytes)
        );
        let again = openflow::text(|sink| {
            flow.actions
                .list()
                .text(sink, &cx(version, Style::Wire))
                .unwrap();
        });
        assert_eq!(again, text, "{row:?}");
    }
    // The others differ in the length of tunnel options and in what has no meaning.
    assert_eq!((same, others), (964, 26));
}

/// The flows of an ovs-ofctl dump in `version`, made into bytes, print in the real ovs-ofctl as the text that they were
/// made from.
#[test]
fn dumps_of_every_version_print_as_before() {
    for host in openflow_hosts() {
        let sandbox = Sandbox::empty();
        crate::common::saved::load(&sandbox, host);
        for bridge in vsctl!(sandbox, "list-br").lines() {
            for version in VERSIONS {
                same_as_printed(&sandbox, bridge, version);
            }
        }
    }
}

fn openflow_hosts() -> [&'static str; 3] {
    ["hosts/ovn", "hosts/antrea", "hosts/neutron-dvr"]
}

fn same_as_printed(sandbox: &Sandbox, bridge: &str, version: &str) {
    vsctl!(sandbox, "set bridge {bridge} protocols={version}");
    let show = ofctl!(sandbox, "-O {version} show {bridge}");
    let _ = show;
    for options in ["--no-names", "--no-names --no-stats"] {
        let text = ofctl!(sandbox, "-O {version} {options} dump-flows {bridge}");
        let heading = match version {
            "OpenFlow10" => "NXST_FLOW reply (xid=0x0):".to_owned(),
            version => format!("OFPST_FLOW reply (OF1.{}) (xid=0x0):", &version[9..]),
        };
        let (saved, remarks) = read(&[&format!("{heading}\n{text}")]);
        let remarks: Vec<_> = remarks
            .iter()
            .filter(|remark| !remark.contains("statistics"))
            .collect();
        assert_eq!(remarks, [""; 0], "{version} {bridge}");
        let printed: String = saved.unwrap().parts[&Part::Flows]
            .iter()
            .map(|message| print(message))
            .collect();
        let printed = printed.lines().filter(|line| line.starts_with(' '));
        let expected = text.lines().filter(|line| line.starts_with(' '));
        if options.contains("stats") {
            continue;
        }
        assert_eq!(sorted(printed), sorted(expected), "{version} {bridge}");
    }
}

fn flows(saved: &SavedSwitch) -> &[Vec<u8>] {
    &saved.parts[&Part::Flows]
}

/// How many flows the replies have.
fn count(saved: &SavedSwitch) -> usize {
    let printed = flows(saved).iter().map(|message| print(message));
    printed.map(|text| text.lines().count() - 1).sum()
}

#[test]
fn names_are_looked_up_in_other_texts() {
    let sandbox = Sandbox::empty();
    crate::common::saved::load(&sandbox, "hosts/antrea");
    vsctl!(
        sandbox,
        "set bridge br-int protocols=OpenFlow10,OpenFlow13,OpenFlow15"
    );
    for version in ["OpenFlow10", "OpenFlow13", "OpenFlow15"] {
        let dump = |options: &str| ofctl!(sandbox, "-O {version} {options} dump-flows br-int");
        let (named, numbered) = (dump("--names --no-stats"), dump("--no-names --no-stats"));
        let show = ofctl!(sandbox, "-O {version} show br-int");
        let tables = ofctl!(sandbox, "-O OpenFlow15 dump-table-features br-int");
        let (by_name, remarks) = read(&[&show, &named, &tables]);
        let (by_number, _) = read(&[&show, &numbered, &tables]);
        assert_eq!(remarks.len(), 1, "{remarks:?}");
        assert!(remarks[0].contains("have no statistics"), "{remarks:?}");
        assert_eq!(
            flows(&by_name.unwrap()),
            flows(&by_number.unwrap()),
            "{version}"
        );
    }
}

/// Without a list of ports the names stay what they are, with numbers that no switch is likely to use.
#[test]
fn names_without_numbers() {
    let sandbox = Sandbox::with("add-br br0 -- add-port br0 p-1 -- add-port br0 p2");
    ofctl!(sandbox, "add-flow br0 in_port=p-1,actions=output:p2,LOCAL");
    let (saved, remarks) = read(&[&ofctl!(sandbox, "--names dump-flows br0 in_port=p-1")]);
    assert!(
        remarks[0].starts_with("the numbers of 2 ports"),
        "{remarks:?}"
    );
    let saved = saved.unwrap();
    let ports = print(&saved.parts[&Part::Ports][0]);
    let numbers = |name: &str| {
        let line = ports.lines().find(|line| line.contains(name)).unwrap();
        line.trim().split('(').next().unwrap().to_owned()
    };
    let (first, second) = (numbers("(p-1)"), numbers("(p2)"));
    let printed = print(&flows(&saved)[0]);
    let expected = format!("in_port={first} actions=output:{second},LOCAL");
    assert!(printed.contains(&expected), "{printed}");
}

#[test]
fn our_own_json() {
    let sandbox = Sandbox::empty();
    crate::common::saved::load(&sandbox, "hosts/antrea");
    let dump = ofctl!(
        sandbox,
        "-O OpenFlow15 --no-names --no-stats dump-flows br-int"
    );
    let heading = "OFPST_FLOW reply (OF1.5) (xid=0x2):";
    let expected = read(&[&format!("{heading}\n{dump}")]).0.unwrap();
    for option in ["--json", "--output jsonl"] {
        let json = ovs!(sandbox, "dump-flows br-int --no-stats {option}").out();
        let (saved, remarks) = read(&[&json]);
        assert_eq!(remarks.len(), 1, "{remarks:?}");
        let mut made = saved.unwrap();
        assert_eq!(made.version, Version::V15);
        let lines = |saved: &SavedSwitch| sorted(print(&flows(saved)[0]).lines());
        assert_eq!(lines(&made), lines(&expected), "{option}");
        made.parts.clear();
    }
    let text = ovs!(sandbox, "dump-flows br-int").out();
    let (saved, _) = read(&[&text]);
    assert_eq!(count(&saved.unwrap()), count(&expected));
}

/// What the daemon lists of itself has hidden flows, and lacks what OpenFlow tells besides.
#[test]
fn flows_of_the_control_socket() {
    let sandbox = Sandbox::with("add-br br0 -- set-controller br0 tcp:127.0.0.1:1");
    ofctl!(
        sandbox,
        "add-flow br0 table=3,priority=7,tcp,actions=mod_vlan_vid:5,NORMAL"
    );
    let text = sandbox.appctl(&["bridge/dump-flows", "br0"]);
    let (saved, remarks) = read(&[&text]);
    let saved = saved.unwrap();
    let listed = ofctl!(sandbox, "dump-flows br0 table=3");
    assert_eq!(
        count(&saved),
        1 + text
            .lines()
            .filter(|line| !line.contains("table_id="))
            .filter(|line| !line.contains("priority=1800"))
            .count()
    );
    assert!(listed.contains("table=3"), "{listed}");
    let hidden = remarks
        .iter()
        .any(|remark| remark.contains("hidden from OpenFlow"));
    assert!(
        hidden && remarks[0].contains("cookies"),
        "{remarks:?}\n{text}"
    );
}

#[test]
fn lines_that_cannot_be_read_are_said() {
    let mut text = String::from("NXST_FLOW reply (xid=0x4):\n cookie=0x0, actions=drop\n");
    for number in 0..5 {
        let _ = writeln!(text, " priority={number},nosuch=1 actions=drop");
    }
    text += " priority=9 actions=output:1\n";
    let (saved, remarks) = read(&[&text]);
    assert_eq!(count(&saved.unwrap()), 2);
    assert_eq!(
        remarks[0],
        "text, line 3: \"nosuch=1\": no field has this name; left out: the flows are incomplete"
    );
    assert_eq!(
        remarks[3],
        "text: 2 more lines could not be read and are left out"
    );
}

#[test]
fn of_several_dumps_the_highest_version_is_taken() {
    let of = |version: &str, cookie: u32| {
        format!(
            "OFPST_FLOW reply{version} (xid=0x2):\n cookie={cookie:#x}, duration=1s, actions=drop\n"
        )
    };
    let (saved, remarks) = read(&[&of(" (OF1.3)", 3), &of(" (OF1.4)", 4), &of("", 1)]);
    let saved = saved.unwrap();
    assert_eq!((saved.version, remarks.len()), (Version::V14, 0));
    assert!(print(&flows(&saved)[0]).contains("cookie=0x4"));
    let (saved, remarks) = read(&[&of("", 1), &of("", 2)]);
    let saved = saved.unwrap();
    assert_eq!(count(&saved), 1);
    assert!(print(&flows(&saved)[0]).contains("cookie=0x2"));
    assert_eq!(
        remarks,
        ["1 flows are in several texts: those of the last are used"]
    );
}

#[test]
fn a_dump_of_many_flows_is_a_reply_of_many_messages() {
    let mut text = String::new();
    for number in 0..30_000 {
        let _ = writeln!(
            text,
            " cookie=0x0, duration=5.{number:05}s, table=1, n_packets={number}, n_bytes=0, idle_age=3, \
             ip,nw_dst=10.{}.{}.1 actions=output:{}",
            number / 250,
            number % 250,
            number % 7 + 1
        );
    }
    let (saved, remarks) = read(&[&text]);
    assert_eq!(remarks, [""; 0]);
    let saved = saved.unwrap();
    assert!(flows(&saved).len() > 30);
    let last = flows(&saved).len() - 1;
    for (number, message) in flows(&saved).iter().enumerate() {
        assert_eq!(message[11] & 1 == 1, number < last, "more follows");
        assert_eq!(
            usize::from(u16::from_be_bytes([message[2], message[3]])),
            message.len()
        );
    }
    let printed: Vec<String> = flows(&saved).iter().map(|message| print(message)).collect();
    let printed: Vec<&str> = printed
        .iter()
        .flat_map(|text| text.lines())
        .filter(|line| line.starts_with(' '))
        .collect();
    let expected = text.lines().map(|line| {
        let (head, rest) = line.split_once("duration=").unwrap();
        let (duration, rest) = rest.split_once("s, ").unwrap();
        format!(
            "{head}duration={}s, {rest}",
            duration.trim_end_matches('0').trim_end_matches('.')
        )
    });
    let printed = printed.iter().map(|line| {
        let (head, rest) = line.split_once("duration=").unwrap();
        let (duration, rest) = rest.split_once("s, ").unwrap();
        format!(
            "{head}duration={}s, {rest}",
            duration.trim_end_matches('0').trim_end_matches('.')
        )
    });
    assert!(printed.eq(expected));
}

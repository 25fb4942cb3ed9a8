//! Flows and actions read from text, against the bytes that the real ovs-ofctl makes of the same text.
//!
//! `golden/flow_mods.tsv` was written by `golden/make_flow_mods.py`, `golden/actions.tsv` by
//! `golden/make_actions.py`; both tell their columns.

use ovs::openflow::actions::{ParsedActions, parse_actions};
use ovs::openflow::fields::{ParseError, ParseErrorKind};
use ovs::openflow::flow_change::FlowChange;
use ovs::openflow::messages::flow_mod::FlowCommand;
use ovs::openflow::spelling::write_actions;
use ovs::openflow::text::{NoNames, Style};
use ovs::openflow::version::Version;

use crate::common::hex::{bytes as unhex, digits};
use crate::common::openflow::{self, Ports, cx, version};

const FLOW_MODS: &str = include_str!("../../fixtures/golden/flow_mods.tsv");

/// The digits of bytes, as the tables have them.
fn hex(bytes: &[u8]) -> String {
    match digits(bytes) {
        none if none.is_empty() => "-".to_owned(),
        digits => digits,
    }
}

/// NXM and OXM fields in one order; ovs-ofctl's over 1.0 is another than ours, and both are allowed.
fn sorted(fields: &[u8]) -> String {
    let mut rest = fields;
    let mut all = Vec::new();
    while rest.len() >= 4 {
        let (one, tail) = rest.split_at(4 + usize::from(rest[3]));
        all.push(one);
        rest = tail;
    }
    all.sort_unstable();
    hex(&all.concat())
}

/// A flow mod as `flow_mods.tsv` has it: head, fields of the match, actions.
fn made(text: &str, version: Version) -> Result<[String; 3], String> {
    let change = parse_flow(text, version).map_err(|error| error.to_string())?;
    let flow = change.flow;
    let importance = if version < Version::V14 {
        0
    } else {
        flow.importance
    };
    let head = format!(
        "{},{:#x},{},{},{},{},{importance}",
        flow.table_id, flow.cookie, flow.idle_timeout, flow.hard_timeout, flow.priority, flow.flags,
    );
    let fields = match version {
        Version::V11 => "-".to_owned(),
        _ => sorted(&flow.fields.encode(version)),
    };
    Ok([head, fields, hex(&flow.actions.bytes)])
}

fn parse_flow(text: &str, version: Version) -> Result<FlowChange, ParseError> {
    FlowChange::parse(text, FlowCommand::Add, &NoNames, version)
}

/// What we take and ovs-ofctl does not: it leaves nothing out and the switch decides.
const TAKEN: [&str; 7] = [
    // Over 1.0 an action like others, which may come again.
    "actions=write_metadata:1,write_metadata:2",
    // A port in hexadecimal.
    "actions=0x10,65534",
    // Prerequisites that only the switch checks.
    "ip,ct_state=+trk,actions=resubmit(,5,ct)",
    "ip,ct_state=+trk,actions=resubmit(1,5,ct)",
    "actions=resubmit(,5,ct)",
    "actions=learn(in_port=3,nw_proto=2)",
    "actions=learn(table=1,ipv6_src=fe80::1,load:0x1->ipv6_dst[],load:0x12345678901->xxreg0[0..127])",
];

/// Whether our bytes are meant to be others than those of ovs-ofctl, which lose something.
fn differs_on_purpose(text: &str, version: Version, refused: bool, taken: bool) -> bool {
    if refused && taken {
        // In 1.1 ovs-ofctl does not send fields of NXM; Open vSwitch takes them there.
        // Before 1.2 a flow that is added always resets the counters.
        let resets = version < Version::V12 && text.contains("reset_counts");
        return version == Version::V11 || resets || TAKEN.contains(&text);
    }
    if !taken {
        // Over 1.0 ovs-ofctl leaves out the first two; the others it sends where they do not exist.
        let has = |words: [&str; 2]| words.iter().any(|word| text.contains(word));
        return (version == Version::V10 && has(["write_actions", "clear_actions"]))
            || (version < Version::V13 && has(["decap", "dec_nsh_ttl"]));
    }
    // "No tag" is said of the tag's presence and id, for a flow as for a filter, not of its priority.
    if text.contains("dl_vlan=0xffff") {
        return version == Version::V10;
    }
    let masked = ["set_field:", "/", "->"]
        .iter()
        .all(|piece| text.contains(piece));
    // Before 1.2 ovs-ofctl loses the masks of fields that have an action of their own.
    (masked && version < Version::V12)
        // An instruction with nothing in it is none to ovs-ofctl.
        || text.contains("write_actions(drop)")
        || text.contains("write_actions()")
}

#[test]
fn flows_encode_to_the_bytes_of_ovs_ofctl() {
    let mut differences = Vec::new();
    let (mut compared, mut on_purpose) = (0, 0);
    for cells in openflow::rows(FLOW_MODS) {
        let version = version(cells[0]);
        let text = cells[4];
        // Without a table ovs-ofctl sends 255 over 1.0, which the switch takes as 0.
        let want = [
            cells[1]
                .strip_prefix("255,")
                .map_or(cells[1].to_owned(), |rest| format!("0,{rest}")),
            if version == Version::V11 {
                cells[2].to_owned()
            } else {
                sorted(&unhex(cells[2]))
            },
            cells[3].to_owned(),
        ];
        let refused = cells[1].starts_with('!');
        let have = made(text, version);
        compared += 1;
        match &have {
            Ok(have) if *have == want => {}
            Err(_) if refused => {}
            _ if differs_on_purpose(text, version, refused, have.is_ok()) => on_purpose += 1,
            _ => differences.push(format!(
                "{version} {text}\n  want {want:?}\n  have {have:?}"
            )),
        }
    }
    assert!(
        differences.is_empty(),
        "{} of {compared} differ\n{}",
        differences.len(),
        differences.join("\n")
    );
    assert!(
        compared > 3000 && on_purpose < compared / 10,
        "{on_purpose}"
    );
}

fn text_of(parsed: &ParsedActions) -> String {
    let cx = cx(parsed.version, Style::Wire);
    openflow::text(|sink| write_actions(&parsed.list(), sink, &cx, false).unwrap())
}

/// Whether a text of ours cannot tell the bytes: it has no `max_len` of outputs, which `enqueue` sets, and
/// nothing tells the width of a tunnel's option, which the switch decides, nor a mask of all there is. Since
/// 1.5 a `load` of the type of service reads as a `set_field`, which has no bits of the ECN.
fn text_says_less(text: &str) -> bool {
    ["pop_queue", "tun_metadata", "TUN_METADATA", "set_field:oam"]
        .iter()
        .any(|word| text.contains(word))
        || text.ends_with("->nw_tos")
}

#[test]
fn text_of_what_was_parsed_parses_to_the_same() {
    let mut differences = Vec::new();
    for cells in openflow::rows(FLOW_MODS) {
        let version = version(cells[0]);
        let Some((_, actions)) = cells[4].split_once("actions=") else {
            continue;
        };
        let Ok(first) = parse_actions(actions, &NoNames, version) else {
            continue;
        };
        let text = text_of(&first);
        match parse_actions(&text, &NoNames, version) {
            Ok(again) if again == first => assert_eq!(text_of(&again), text),
            Ok(again) if text_says_less(&text) => assert_eq!(text_of(&again), text),
            Err(_) if text_says_less(&text) => {}
            other => differences.push(format!(
                "{version} {actions}\n  {}\n  {text}\n  {:?}",
                hex(&first.bytes),
                other.map(|again| hex(&again.bytes))
            )),
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn what_a_switch_sent_parses_back_to_its_bytes() {
    let mut differences = Vec::new();
    for cells in openflow::rows(include_str!("../../fixtures/golden/actions.tsv")) {
        let version = version(cells[0]);
        let (form, bytes, wire, flow) = (cells[1], cells[3], cells[4], cells[6]);
        // Bytes made by hand are other ways to say what the same words say.
        if flow == "ofp-print" || text_says_less(wire) {
            continue;
        }
        let have = parse_actions(wire, &NoNames, version)
            .map(|parsed| match form {
                "A" if version > Version::V10 => hex(&parsed.bytes[8..]),
                _ => hex(&parsed.bytes),
            })
            .map_err(|error| error.to_string());
        if have.as_deref() != Ok(bytes) {
            differences.push(format!("{version} {wire}\n  want {bytes}\n  have {have:?}"));
        }
    }
    assert!(
        differences.is_empty(),
        "{} differ\n{}",
        differences.len(),
        differences.join("\n")
    );
}

const PORTS: Ports = Ports(&[("eth0", 2), ("a,b(c", 3), ("int-br-ex", 4), ("output", 5)]);

#[test]
fn ports_have_names() {
    for (text, same) in [
        ("eth0,output:eth0", "2,2"),
        ("\"eth0\",output:\"a,b(c\",int-br-ex", "2,3,4"),
        ("2(eth0),output:4(int-br-ex)", "2,4"),
        ("\"output\"", "5"),
        (
            "enqueue:eth0:7,enqueue(\"a,b(c\",8)",
            "enqueue:2:7,enqueue:3:8",
        ),
        (
            "resubmit:eth0,resubmit(int-br-ex,5)",
            "resubmit:2,resubmit(4,5)",
        ),
        (
            "bundle(eth_src,0,hrw,ofport,members:eth0,\"a,b(c\")",
            "bundle(eth_src,0,hrw,ofport,members:2,3)",
        ),
        ("output(port=eth0,max_len=20)", "output(port=2,max_len=20)"),
        (
            "learn(in_port=eth0,output:reg0)",
            "learn(in_port=2,output:reg0)",
        ),
        ("set_field:eth0->in_port", "set_field:2->in_port"),
    ] {
        for version in Version::ALL {
            assert_eq!(
                parse_actions(text, &PORTS, version).unwrap(),
                parse_actions(same, &NoNames, version).unwrap(),
                "{text}"
            );
        }
    }
    let flow = "in_port=\"a,b(c\",actions=\"a,b(c\"";
    assert!(FlowChange::parse(flow, FlowCommand::Add, &PORTS, Version::V13).is_ok());
}

fn error(text: &str) -> ParseError {
    parse_actions(text, &NoNames, Version::V13).unwrap_err()
}

#[test]
fn errors_name_the_piece_and_what_was_meant() {
    for (text, want) in [
        (
            "output:1,mod_vlan_vod:5",
            "\"mod_vlan_vod:5\": \"mod_vlan_vod\" is neither an action nor a port; did you mean mod_vlan_vid?",
        ),
        (
            "clone(output:1,clone(drp))",
            "\"drp\": \"drp\" is neither an action nor a port; did you mean drop?",
        ),
        (
            "set_field:5->reg",
            "\"set_field:5->reg\": no field is named \"reg\"; did you mean reg0?",
        ),
        (
            "ct(commit,exec(1))",
            "\"1\": output does not stand in ct, where only ct_mark and ct_label are set",
        ),
        (
            "ct(commit,exec(output:1))",
            "\"output:1\": output does not stand in ct, where only ct_mark and ct_label are set",
        ),
        (
            "learn(tabel=5)",
            "\"tabel=5\": learn has no argument \"tabel\"; did you mean table?",
        ),
        (
            "goto_table:1,output:2",
            "\"output:2\": the order is meter, actions, clear_actions, write_actions, write_metadata, goto_table; each but actions once",
        ),
        (
            "mod_vlan_vid:4096",
            "\"mod_vlan_vid:4096\": vlan_vid is less than 4096",
        ),
        (
            "set_queue",
            "\"set_queue\": queue is missing; the form is set_queue:QUEUE",
        ),
        (
            "multipath(eth_src,50,modulo_n,1,0)",
            "\"multipath(eth_src,50,modulo_n,1,0)\": the form is multipath(FIELDS,BASIS,ALGORITHM,N_LINKS,ARG,DST)",
        ),
        (
            "multipath(eth_src,50,modulo_n,1,0,reg0,1)",
            "\"multipath(eth_src,50,modulo_n,1,0,reg0,1)\": the form is multipath(FIELDS,BASIS,ALGORITHM,N_LINKS,ARG,DST)",
        ),
        (
            "check_pkt_larger(1500)",
            "\"check_pkt_larger(1500)\": the form is check_pkt_larger(PKT_LEN)->DST",
        ),
        (
            "check_pkt_larger(1500)->reg0[0..1]",
            "\"check_pkt_larger(1500)->reg0[0..1]\": dst is one bit of a field",
        ),
        (
            "mod_nw_src:10.0.0",
            "\"mod_nw_src:10.0.0\": the address is like 10.0.0.1",
        ),
        ("exit:1", "\"exit:1\": exit takes no argument"),
        ("output:1,ct(", "\"ct(\": a closing parenthesis is missing"),
        (
            "sample(probability=1,obs_domain_id=xxreg0)",
            "\"xxreg0\": obs_domain_id takes 32 bits at most",
        ),
        (
            "sample(probability=1,obs_point_id=rge0[])",
            "\"rge0[]\": no field is named \"rge0\"; did you mean reg0?",
        ),
    ] {
        assert_eq!(error(text).to_string(), want);
    }
    assert_eq!(
        error("output:eth9").kind,
        ParseErrorKind::UnknownPort("eth9".to_owned())
    );
    assert!(matches!(
        error("bogus").kind,
        ParseErrorKind::UnknownAction { did_you_mean: None }
    ));
    let error = parse_flow("tcp,actions=mod_nw_sr:1.2.3.4", Version::V13).unwrap_err();
    assert!(
        error.reason.ends_with("did you mean mod_nw_src?"),
        "{error}"
    );
}

#[test]
fn an_error_names_the_versions_that_can_carry_it() {
    for (text, version, reason, versions) in [
        (
            "actions=strip_vlan,output:1",
            Version::V13,
            "strip_vlan needs dl_vlan in the match; OpenFlow10 can carry it",
            "OpenFlow10",
        ),
        (
            "actions=meter:1",
            Version::V10,
            "OpenFlow10 has no action meter; OpenFlow13 and later can carry it",
            "OpenFlow13, OpenFlow14, OpenFlow15",
        ),
        (
            "no_packet_counts,actions=drop",
            Version::V12,
            "OpenFlow12 cannot carry no_packet_counts; OpenFlow13 and later can",
            "OpenFlow13, OpenFlow14, OpenFlow15",
        ),
    ] {
        let error = parse_flow(text, version).unwrap_err();
        assert_eq!(error.reason, reason);
        let ParseErrorKind::NeedsVersion(needed) = error.kind else {
            panic!("{error:?}");
        };
        assert_eq!(needed.to_string(), versions);
    }
    assert!(parse_flow("reset_counts,actions=drop", Version::V10).is_ok());
}

#[test]
fn mistakes_are_refused_or_warned_of() {
    let error = |text| parse_flow(text, Version::V15).unwrap_err().to_string();
    for (text, want) in [
        (
            "nw_dst=1.2.3.4,actions=1",
            "\"nw_dst=1.2.3.4\": nw_dst needs ip or arp in the match",
        ),
        (
            "ip,nw_dst=1.2.3.4,nw_dst=1.2.3.5,actions=1",
            "\"nw_dst=1.2.3.5\": nw_dst has two values in this match",
        ),
        (
            "tcp,udp,actions=1",
            "\"udp\": udp has two values in this match",
        ),
        (
            "actions=goto_table:0",
            "\"goto_table:0\": packets go to a later table, and this flow is in table 0",
        ),
        (
            "table=5,actions=goto_table:4",
            "\"goto_table:4\": packets go to a later table, and this flow is in table 5",
        ),
        ("ip", "\"ip\": actions= is missing"),
        (
            "cookie=1/2,actions=1",
            "\"cookie=1/2\": the cookie of a new flow has no mask",
        ),
        (
            "out_port=1,actions=1",
            "\"out_port=1\": out_port selects flows to be deleted only",
        ),
    ] {
        assert_eq!(error(text), want);
    }
    let warnings = |text, version| {
        let change = parse_flow(text, version).unwrap();
        let warnings: Vec<String> = change.warnings.iter().map(ToString::to_string).collect();
        warnings.join("|")
    };
    let outside = "the value has bits outside of the mask; they are ignored";
    let back = "output to port 3, which the packets came from: the switch drops them; IN_PORT sends them back";
    for (text, want) in [
        (
            "ip,nw_dst=10.0.0.1/8,actions=1",
            format!("\"nw_dst=10.0.0.1/8\": {outside}"),
        ),
        ("reg0=5/3,actions=1", format!("\"reg0=5/3\": {outside}")),
        ("ip,nw_dst=10.0.0.0/8,reg0=1/3,actions=1", String::new()),
        (
            "ip,actions=set_field:5/3->reg0,ct(commit,exec(set_field:0x30/0xf->ct_mark)),set_field:1/3->reg1",
            format!(
                "\"set_field:5/3->reg0\": {outside}|\"set_field:0x30/0xf->ct_mark\": {outside}"
            ),
        ),
        ("in_port=3,actions=1,clone(output:3)", back.to_owned()),
        ("in_port=3,actions=3", back.to_owned()),
        ("in_port=3,actions=IN_PORT,load:0->in_port,3", String::new()),
        (
            "modify ip,idle_timeout=7,actions=1",
            "a modification leaves the idle_timeout of the flows as it is".to_owned(),
        ),
        (
            "modify cookie=7,actions=1",
            "a modification leaves the cookie of the flows as it is".to_owned(),
        ),
        (
            "modify priority=3,ip,actions=1",
            "flows of any priority are modified; only with --strict (in a file modify_strict) those of priority 3"
                .to_owned(),
        ),
        ("modify_strict priority=3,ip,actions=1", String::new()),
        (
            "ip,actions=",
            "no actions behind actions=: the same as actions=drop".to_owned(),
        ),
    ] {
        assert_eq!(warnings(text, Version::V15), want, "{text}");
    }
    assert_eq!(
        warnings("importance=3,actions=1", Version::V13),
        "left out: OpenFlow13 cannot carry importance; OpenFlow14 and later can"
    );
}

#[test]
fn a_line_may_begin_with_its_command() {
    let command = |text| parse_flow(text, Version::V15).map(|change| change.command);
    for (text, want) in [
        ("ip,actions=1", FlowCommand::Add),
        ("add ip,actions=1", FlowCommand::Add),
        ("  modify,ip,actions=1", FlowCommand::Modify),
        ("mod ip,actions=1", FlowCommand::Modify),
        ("modify_strict\tip,actions=1", FlowCommand::ModifyStrict),
        ("delete", FlowCommand::Delete),
        ("del ip", FlowCommand::Delete),
        ("delete_strict priority=3,ip", FlowCommand::DeleteStrict),
    ] {
        assert_eq!(command(text), Ok(want), "{text}");
    }
    assert!(command("deletes ip").is_err());
}

#[test]
fn hostile_text_ends_in_an_error_or_in_bytes() {
    let deep = |word: &str, n: usize| format!("{word}(").repeat(n) + &")".repeat(n);
    let mut texts = vec![
        deep("clone", 100_000),
        deep("ct(exec", 100_000),
        deep("write_actions", 100_000),
        deep("learn", 100_000),
        "(".repeat(1 << 20),
        ")".repeat(1 << 20),
        "\"".repeat((1 << 20) + 1),
        "[".repeat(1 << 20),
        "->".repeat(1 << 19),
        "clone(".repeat(100_000),
        "output:1,".repeat(100_000),
        "1,".repeat(100_000),
        "ünïcödé,Ω(λ)->λ,set_field:é->ü".to_owned(),
    ];
    for word in [
        "output",
        "controller",
        "note",
        "set_field",
        "load",
        "move",
        "learn",
        "ct",
        "nat",
        "bundle",
        "multipath",
        "resubmit",
        "enqueue",
        "dec_ttl",
        "encap",
        "decap",
        "sample",
        "unknown",
        "push",
        "conjunction",
        "check_pkt_larger",
        "delete_field",
        "write_metadata",
        "fin_timeout",
    ] {
        for argument in [
            "1",
            "é",
            ",",
            "->",
            "=",
            "0x",
            "(",
            "9,",
            "a=1,",
            "tlv(0x1,1,0x1),",
        ] {
            let argument = argument.repeat((1 << 15) / argument.len());
            texts.push(format!("{word}:{argument}"));
            texts.push(format!("{word}({argument})"));
            texts.push(format!("clone({word}({argument})->reg0)"));
        }
    }
    for text in texts {
        for version in [Version::V10, Version::V15] {
            if let Ok(parsed) = parse_actions(&text, &NoNames, version) {
                assert!(parsed.bytes.len() <= 0xffff);
            }
        }
    }
}

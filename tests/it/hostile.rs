//! Names and texts that want to act on a terminal, to break a line or to run a command: whatever shows them
//! shows them escaped, one record a line, and whole in JSON.
//!
//! The real ovsdb-server holds them: it takes all but NUL and what is no UTF-8. Those come from the switch,
//! in a port description that is decoded here.

use std::process::Command;

use ovs::base::terminal::acts_on_a_terminal;
use serde_json::{Value, json};

use crate::common::Sandbox;
use crate::common::terminal::{script_on, without_colours};

/// Ends a line and begins one that looks like ours; clears the screen; sets the title; turns the text around;
/// closes the quotes of a shell, of Graphviz, of XML and of Mermaid.
const EVIL: &str = "e\u{1b}[2J\u{1b}]0;t\u{7}\nhint: `EVIL`\tx\r\u{9b}31m\u{202e}\u{2066}\u{200b}'\"$(id)</text>]|-->\\";
/// The same for a name that ovs-vswitchd makes a socket for.
const EVIL_BRIDGE: &str = "b\u{1b}[31m\nhint: EVIL\u{202e}' $(id)";

/// A patch port without a peer, a tunnel without an address, an ordinary port, each with such a name; and
/// such values wherever there is room.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::empty();
    vsctl!(
        sandbox,
        "--no-wait add-br br-int -- set bridge br-int datapath_type=dummy"
    );
    let map = |pairs: &[(&str, &str)]| json!(["map", pairs]);
    let mut operations = vec![json!("Open_vSwitch")];
    let mut ports = Vec::new();
    let mut add = |name: &str, kind: &str, options: &[(&str, &str)], tag: u16| {
        let number = ports.len();
        operations.push(
            json!({"op": "insert", "table": "Interface", "uuid-name": format!("i{number}"), "row": {
                "name": name, "type": kind, "options": map(options),
                "external_ids": map(&[("iface-id", EVIL), (EVIL, "v"), ("attached-mac", EVIL)]),
            }}),
        );
        operations.push(json!({"op": "insert", "table": "Port", "uuid-name": format!("p{number}"), "row": {
            "name": name, "tag": tag, "interfaces": ["named-uuid", format!("i{number}")],
            "other_config": map(&[
                ("net_uuid", EVIL), ("network_type", EVIL), ("physical_network", EVIL), ("segmentation_id", "x\ny"),
            ]),
            "external_ids": map(&[("k", EVIL)]),
        }}));
        ports.push(json!(["named-uuid", format!("p{number}")]));
    };
    add(EVIL, "dummy", &[], 7);
    add(
        &format!("patch{EVIL}"),
        "patch",
        &[("peer", &format!("no{EVIL}"))],
        7,
    );
    add(
        &format!("vx{EVIL}"),
        "vxlan",
        &[("remote_ip", EVIL), ("key", EVIL)],
        8,
    );
    add(
        &format!("lost{EVIL}"),
        &format!("t{EVIL}"),
        &[(EVIL, EVIL)],
        8,
    );
    operations.push(json!({"op": "mutate", "table": "Bridge", "where": [["name", "==", "br-int"]],
        "mutations": [["ports", "insert", ["set", ports]], ["external_ids", "insert", map(&[(EVIL, EVIL)])],
            ["other_config", "insert", map(&[(EVIL, EVIL)])]]}));
    operations.push(
        json!({"op": "insert", "table": "Controller", "uuid-name": "c", "row": {"target": EVIL}}),
    );
    operations.push(
        json!({"op": "insert", "table": "Interface", "uuid-name": "bi", "row": {
        "name": EVIL_BRIDGE, "type": "internal"}}),
    );
    operations.push(
        json!({"op": "insert", "table": "Port", "uuid-name": "bp", "row": {
        "name": EVIL_BRIDGE, "interfaces": ["named-uuid", "bi"]}}),
    );
    operations.push(
        json!({"op": "insert", "table": "Bridge", "uuid-name": "b", "row": {
        "name": EVIL_BRIDGE, "datapath_type": "dummy", "ports": ["named-uuid", "bp"],
        "controller": ["named-uuid", "c"], "fail_mode": "secure"}}),
    );
    operations.push(
        json!({"op": "mutate", "table": "Open_vSwitch", "where": [], "mutations": [
        ["bridges", "insert", ["named-uuid", "b"]], ["next_cfg", "+=", 1],
        ["external_ids", "insert", map(&[(EVIL, EVIL)])]]}),
    );
    let answer = sandbox.ovsdb_client(&["transact", &Value::Array(operations).to_string()]);
    assert!(!answer.contains("\"error\""), "{answer}");
    vsctl!(sandbox, "--timeout=10 set Open_vSwitch . external_ids:x=y");
    ofctl!(
        sandbox,
        "-OOpenFlow13 add-flow br-int \
         cookie=0x1b5b324a,in_port=1,actions=note:1b.5b.32.4a,output:2,output:99"
    );
    sandbox
}

/// Every command that reads, with the names of [`filled`].
const READING: [&str; 40] = [
    "show",
    "show @bridge",
    "bridge list",
    "bridge list --columns name,controller,external_ids,other_config",
    "bridge show br-int",
    "bridge show @bridge",
    "port list",
    "port list @bridge",
    "port list --columns port,error,options,external_ids",
    "port show @evil",
    "port show @vxlan",
    "port stats br-int",
    "port find @evil",
    "port resolve br-int @evil 1",
    "patch list",
    "tag list",
    "tag show @evil",
    "tag map",
    "tunnel list",
    "tunnel show @vxlan",
    "check",
    "check @bridge",
    "graph",
    "graph --all",
    "path @evil",
    "path @patch",
    "dump-flows br-int",
    "dump-flows br-int --ports both",
    "dump-flows br-int --port @evil",
    "dump-flows @bridge",
    "dump-groups @bridge",
    "dump-meters br-int",
    "dump-tables br-int",
    "db list Interface",
    "db list Port",
    "db list Bridge",
    "db list Controller",
    "db list Open_vSwitch",
    "db get Interface @evil name external_ids",
    "db find Interface type=dummy",
];

/// A line for a shell, with the names of the bridge and of the ports.
fn filled(line: &str) -> String {
    let quoted = |name: &str| shell_words::quote(name).into_owned();
    line.replace("@bridge", &quoted(EVIL_BRIDGE))
        .replace("@vxlan", &quoted(&format!("vx{EVIL}")))
        .replace("@patch", &quoted(&format!("patch{EVIL}")))
        .replace("@evil", &quoted(EVIL))
}

/// Nothing but line feeds, and tabs where they part columns, and no line that a name began.
#[track_caller]
fn assert_harmless(what: &str, text: &str, tabs: bool) {
    let bad = text
        .chars()
        .find(|c| acts_on_a_terminal(*c) && *c != '\n' && !(tabs && *c == '\t'));
    assert!(bad.is_none(), "{what}: {bad:?} in\n{}", text.escape_debug());
    for line in text.lines() {
        let begins = line.trim_start();
        assert!(!begins.starts_with("hint: `EVIL"), "{what}: {line}");
        assert!(!begins.starts_with("hint: EVIL"), "{what}: {line}");
    }
}

/// What stands on stderr is ours, line by line.
#[track_caller]
fn assert_ours(what: &str, text: &str) {
    assert_harmless(what, text, false);
    for line in text.lines() {
        let ours = ["ovs: ", "hint: ", "warning: "]
            .iter()
            .any(|word| line.starts_with(word));
        assert!(ours, "{what}: {line}");
    }
}

#[test]
fn in_a_pipe_a_record_stays_one_line() {
    let sandbox = sandbox();
    for what in READING {
        let line = filled(what);
        let ran = ovs!(sandbox, "{line} -v").run();
        assert_ours(what, &ran.stderr);
        let text = ran.stdout;
        assert_harmless(what, &text, true);
        let is_dump = what.starts_with("dump");
        assert!(
            !text.is_empty() || !ran.stderr.is_empty() || is_dump,
            "{what}"
        );
        if !is_dump {
            let tabs = |line: &str| line.matches('\t').count();
            let columns: Vec<usize> = text.lines().map(tabs).collect();
            assert!(
                columns.windows(2).all(|pair| pair[0] == pair[1]),
                "{what}: {columns:?}\n{text}"
            );
        }
        let table = ovs!(sandbox, "{line} -o table --color never").run();
        assert_harmless(what, &table.stdout, false);
    }
    for column in ["name", "external_ids", "error"] {
        let output = ovs!(sandbox, "db list Interface -g {column}").out();
        assert_harmless(column, &output, false);
    }
}

#[test]
fn json_has_the_names_unchanged() {
    let sandbox = sandbox();
    for what in READING {
        for format in ["json", "jsonl"] {
            let ran = ovs!(sandbox, "{} -o {format}", filled(what)).run();
            assert_ours(what, &ran.stderr);
            let text = ran.stdout;
            assert_harmless(what, &text, false);
            for document in serde_json::Deserializer::from_str(&text).into_iter::<Value>() {
                document.unwrap_or_else(|error| panic!("{what}: {error}: {text}"));
            }
        }
    }
    let has = |listed: &Value, is_it: &dyn Fn(&Value) -> bool| {
        assert!(listed.as_array().unwrap().iter().any(is_it), "{listed}");
    };
    let ports = ovs!(sandbox, "port list").json();
    has(&ports, &|port| port["port"] == EVIL);
    let shown = ovs!(sandbox, "{}", filled("port show @evil")).json();
    assert!(shown.to_string().contains(&Value::from(EVIL).to_string()));
    let bridges = ovs!(sandbox, "bridge list").json();
    has(&bridges, &|bridge| {
        bridge["name"] == EVIL_BRIDGE || bridge["bridge"] == EVIL_BRIDGE
    });
}

#[test]
fn nothing_acts_on_a_terminal() {
    let sandbox = sandbox();
    for what in READING {
        let mut command = script_on(&sandbox, 100, &format!("ovs {}", filled(what)));
        let output = command.output().expect("script(1) is installed");
        let text = String::from_utf8(output.stdout).unwrap();
        let text = text.replace("\r\n", "\n");
        assert_harmless(what, &without_colours(&text), false);
    }
}

#[test]
fn pictures_stay_pictures() {
    let sandbox = sandbox();
    for format in ["drawing", "text", "dot", "mermaid", "svg"] {
        for all in ["", "--all"] {
            let text = ovs!(sandbox, "graph --format {format} {all}").out();
            assert_harmless(format, &text, format == "text");
            if format == "svg" {
                let picture = roxmltree::Document::parse(&text)
                    .unwrap_or_else(|error| panic!("{error}: {text}"));
                assert!(
                    picture
                        .descendants()
                        .any(|node| node.text().is_some_and(|text| text.contains("$(id)")))
                );
            }
            if format == "dot" {
                // A quote within a string is escaped, so what is left parts into an even number.
                for line in text.lines() {
                    let quotes = line
                        .replace("\\\\", "")
                        .replace("\\\"", "")
                        .matches('"')
                        .count();
                    assert_eq!(quotes % 2, 0, "{line}");
                }
            }
        }
    }
}

/// Changes that fail or succeed on such names: the errors, what is suggested, the list of changes.
#[test]
fn changes_print_each_name_on_one_line() {
    let sandbox = sandbox();
    let patch = format!("patch{EVIL}");
    let mut suggested = 0;
    for what in [
        "port add br-int @evil",
        "port add @bridge @evil",
        "port add br-int @bridge",
        "bridge add @bridge",
        "bridge add @evil",
        "patch add br-int:@evil @bridge",
        "patch del @evil",
        "patch del @bridge",
        "tunnel add br-int @evil --remote 10.0.0.1",
        "tunnel del @evil",
        "port show 'nope\nhint: EVIL'",
        "port resolve @bridge 'nope\nhint: EVIL'",
        "bridge show 'nope\nhint: EVIL'",
        "dump-flows @bridge 'in_port=nope\nhint: EVIL'",
        "dump-flows 'nope\nhint: EVIL'",
        "dump-flows br-int 'nope\nhint: EVIL=3'",
        "dump-groups @bridge 77",
        "db get Interface 'nope\nhint: EVIL' name",
        "db set Interface @evil 'nope\nhint: EVIL=3'",
        "db destroy Port @evil",
        "port set @evil '--nope\nhint: EVIL'",
        "--db 'unix:/nope\nhint: EVIL' show",
        "--db 'tcp:nope\nhint: EVIL' show",
        "--columns 'nope\nhint: EVIL' port list",
        "'nope\nhint: EVIL'",
        "tag set @evil '5000\nhint: EVIL'",
        // These succeed.
        "tag set @evil 9 --dry-run",
        "tag set @evil 9 -v",
        "db set Interface @evil 'external_ids:a=\"b\\nhint: EVIL\"'",
        "port set @evil --external-id 'a=\u{1b}\nhint: EVIL'",
        "port del @evil",
        "patch del @patch",
        "bridge del @bridge",
    ] {
        let ran = ovs!(sandbox, "{}", filled(what)).run();
        assert_harmless(what, &ran.stderr, false);
        assert_harmless(what, &ran.stdout, true);
        suggested += check_suggestions(&ran.stderr, &[EVIL, EVIL_BRIDGE, &patch]);
    }
    assert!(suggested > 3, "{suggested}");
}

/// What stands in backticks behind `hint:` is a command: bash must read in it the names as they are, and run
/// nothing. Says how many there were with such names.
fn check_suggestions(stderr: &str, names: &[&str]) -> usize {
    let mut count = 0;
    for line in stderr
        .lines()
        .filter_map(|line| line.strip_prefix("hint: "))
    {
        let Some(at) = line.find("`ovs ") else {
            continue;
        };
        if !line.contains("$'") {
            continue;
        }
        // The names hold backticks, so the end is found by their own last character.
        let command = &line[at + 1..];
        let start = command.find("$'").unwrap();
        let end = start + 2 + closing(&command[start + 2..]);
        let word = &command[start..=end];
        let output = Command::new("bash")
            .args(["-c", &format!("printf %s {word}")])
            .env("LC_ALL", "C.UTF-8")
            .output()
            .unwrap();
        let read = String::from_utf8(output.stdout).unwrap();
        assert!(names.contains(&read.as_str()), "{line}: {read:?}");
        count += 1;
    }
    count
}

/// Where the quote is that ends `$'...'`.
fn closing(text: &str) -> usize {
    let mut escaped = false;
    let at = text.char_indices().find(|(_, c)| {
        let ends = *c == '\'' && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    });
    at.expect("a quote ends").0
}

#[test]
fn what_completes_is_plain() {
    let sandbox = sandbox();
    for shell in ["bash", "zsh", "fish"] {
        for line in [
            "ovs port show ",
            "ovs bridge show ",
            "ovs dump-flows ",
            "ovs db list Interface ",
            "ovs tunnel show ",
        ] {
            let end = if shell == "bash" { ":" } else { "" };
            let ran = ovs!(sandbox, "complete {shell} -- {line} {end}").run();
            assert_harmless(line, &ran.says_nothing().stdout, true);
        }
    }
}

/// A port description (OpenFlow 1.3) whose names hold all that a byte can be: ovs-vswitchd sends no such
/// thing, another switch may.
#[test]
fn names_of_any_bytes_from_a_switch() {
    let names: [&[u8]; 6] = [
        b"a\x1b[2J\nb\t",
        b"\xff\xfe\xc3\x28",
        b"a\0b",
        b"\xe2\x80\xae\xe2\x81\xa6x",
        b"\xc2\x9b31m",
        b"0123456789abcdef",
    ];
    let mut message = vec![4, 19, 0, 0, 0, 0, 0, 1, 0, 13, 0, 0, 0, 0, 0, 0];
    for (number, name) in (1u32..).zip(names) {
        let mut port = number.to_be_bytes().to_vec();
        port.extend([0, 0, 0, 0, 2, 0, 0, 0, 0, 1, 0, 0]);
        port.extend_from_slice(name);
        port.resize(32, 0);
        port.extend([0; 32]);
        message.extend(port);
    }
    let length = u16::try_from(message.len()).unwrap().to_be_bytes();
    message[2..4].copy_from_slice(&length);
    let text = ovs!("decode").write_stdin(message.clone()).out();
    assert_harmless("decode", &text, false);
    assert_eq!(
        text.lines().filter(|line| line.contains("addr:")).count(),
        names.len(),
        "{text}"
    );
    let ran = ovs!("decode --json").write_stdin(message).ok();
    assert_harmless("decode --json", &ran.stdout, false);
    let ports = &ran.json()[0]["ports"];
    assert_eq!(ports[0]["name"], "a\u{1b}[2J\nb\t");
    assert_eq!(ports[4]["name"], "\u{9b}31m");
}

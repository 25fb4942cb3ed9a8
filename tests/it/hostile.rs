//! Names and texts that want to act on a terminal, to break a line or to run a command: whatever shows them
//! shows them escaped, one record a line, and whole in JSON.
//!
//! The real ovsdb-server holds them: it takes all but NUL and what is no UTF-8. Those come from the switch,
//! in a port description that is decoded here.

use std::process::{Command, Output};

use ovs::base::terminal::acts_on_a_terminal;
use serde_json::{Value, json};

use crate::common::{self, Sandbox};

/// Ends a line and begins one that looks like ours; clears the screen; sets the title; turns the text around;
/// closes the quotes of a shell, of Graphviz, of XML and of Mermaid.
const EVIL: &str = "e\u{1b}[2J\u{1b}]0;t\u{7}\nhint: `EVIL`\tx\r\u{9b}31m\u{202e}\u{2066}\u{200b}'\"$(id)</text>]|-->\\";
/// The same for a name that ovs-vswitchd makes a socket for.
const EVIL_BRIDGE: &str = "b\u{1b}[31m\nhint: EVIL\u{202e}' $(id)";

/// A patch port without a peer, a tunnel without an address, an ordinary port, each with such a name; and
/// such values wherever there is room.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.vsctl(&[
        "--no-wait",
        "add-br",
        "br-int",
        "--",
        "set",
        "bridge",
        "br-int",
        "datapath_type=dummy",
    ]);
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
    sandbox.vsctl(&[
        "--timeout=10",
        "set",
        "Open_vSwitch",
        ".",
        "external_ids:x=y",
    ]);
    sandbox.ofctl(&[
        "-OOpenFlow13",
        "add-flow",
        "br-int",
        "cookie=0x1b5b324a,in_port=1,actions=note:1b.5b.32.4a,output:2,output:99",
    ]);
    sandbox
}

/// Every command that reads, and the names that some take.
fn reading() -> Vec<Vec<String>> {
    let vx = format!("vx{EVIL}");
    let patch = format!("patch{EVIL}");
    let line = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    vec![
        line(&["show"]),
        line(&["show", EVIL_BRIDGE]),
        line(&["bridge", "list"]),
        line(&[
            "bridge",
            "list",
            "--columns",
            "name,controller,external_ids,other_config",
        ]),
        line(&["bridge", "show", "br-int"]),
        line(&["bridge", "show", EVIL_BRIDGE]),
        line(&["port", "list"]),
        line(&["port", "list", EVIL_BRIDGE]),
        line(&[
            "port",
            "list",
            "--columns",
            "port,error,options,external_ids",
        ]),
        line(&["port", "show", EVIL]),
        line(&["port", "show", &vx]),
        line(&["port", "stats", "br-int"]),
        line(&["port", "find", EVIL]),
        line(&["port", "resolve", "br-int", EVIL, "1"]),
        line(&["patch", "list"]),
        line(&["tag", "list"]),
        line(&["tag", "show", EVIL]),
        line(&["tag", "map"]),
        line(&["tunnel", "list"]),
        line(&["tunnel", "show", &vx]),
        line(&["check"]),
        line(&["check", EVIL_BRIDGE]),
        line(&["graph"]),
        line(&["graph", "--all"]),
        line(&["path", EVIL]),
        line(&["path", &patch]),
        line(&["dump-flows", "br-int"]),
        line(&["dump-flows", "br-int", "--ports", "both"]),
        line(&["dump-flows", "br-int", "--port", EVIL]),
        line(&["dump-flows", EVIL_BRIDGE]),
        line(&["dump-groups", EVIL_BRIDGE]),
        line(&["dump-meters", "br-int"]),
        line(&["dump-tables", "br-int"]),
        line(&["db", "list", "Interface"]),
        line(&["db", "list", "Port"]),
        line(&["db", "list", "Bridge"]),
        line(&["db", "list", "Controller"]),
        line(&["db", "list", "Open_vSwitch"]),
        line(&["db", "get", "Interface", EVIL, "name", "external_ids"]),
        line(&["db", "find", "Interface", "type=dummy"]),
    ]
}

fn ovs(sandbox: &Sandbox, arguments: &[String], more: &[&str]) -> Output {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    sandbox
        .ovs(&[words.as_slice(), more].concat())
        .output()
        .unwrap()
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
fn assert_ours(what: &str, stderr: &[u8]) {
    let text = std::str::from_utf8(stderr).unwrap_or_else(|error| panic!("{what}: {error}"));
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
    for arguments in reading() {
        let what = arguments.join(" ").escape_debug().to_string();
        let output = ovs(&sandbox, &arguments, &["-v"]);
        assert_ours(&what, &output.stderr);
        let text = String::from_utf8(output.stdout).unwrap();
        assert_harmless(&what, &text, true);
        assert!(
            !text.is_empty() || !output.stderr.is_empty() || arguments[0].starts_with("dump"),
            "{what}"
        );
        let is_list = !matches!(
            arguments[0].as_str(),
            "dump-flows" | "dump-groups" | "dump-meters" | "dump-tables"
        );
        if is_list {
            let columns: Vec<usize> = text
                .lines()
                .map(|line| line.matches('\t').count())
                .collect();
            assert!(
                columns.windows(2).all(|pair| pair[0] == pair[1]),
                "{what}: {columns:?}\n{text}"
            );
        }
        let raw = ovs(&sandbox, &arguments, &["-o", "table", "--color", "never"]);
        assert_harmless(&what, std::str::from_utf8(&raw.stdout).unwrap(), false);
    }
    for column in ["name", "external_ids", "error"] {
        let output = sandbox.ovs_stdout(&["db", "list", "Interface", "-g", column]);
        assert_harmless(column, &output, false);
    }
}

#[test]
fn json_holds_the_true_words() {
    let sandbox = sandbox();
    for arguments in reading() {
        let what = arguments.join(" ").escape_debug().to_string();
        for format in ["json", "jsonl"] {
            let output = ovs(&sandbox, &arguments, &["-o", format]);
            assert_ours(&what, &output.stderr);
            let text = String::from_utf8(output.stdout).unwrap();
            assert_harmless(&what, &text, false);
            for document in serde_json::Deserializer::from_str(&text).into_iter::<Value>() {
                document.unwrap_or_else(|error| panic!("{what}: {error}: {text}"));
            }
        }
    }
    let ports: Value =
        serde_json::from_str(&sandbox.ovs_stdout(&["port", "list", "--json"])).unwrap();
    let port = ports
        .as_array()
        .unwrap()
        .iter()
        .find(|port| port["port"] == EVIL);
    assert!(port.is_some(), "{ports}");
    let shown: Value =
        serde_json::from_str(&sandbox.ovs_stdout(&["port", "show", EVIL, "--json"])).unwrap();
    assert!(shown.to_string().contains(&Value::from(EVIL).to_string()));
    let bridges: Value =
        serde_json::from_str(&sandbox.ovs_stdout(&["bridge", "list", "--json"])).unwrap();
    assert!(
        bridges
            .as_array()
            .unwrap()
            .iter()
            .any(|bridge| bridge["name"] == EVIL_BRIDGE || bridge["bridge"] == EVIL_BRIDGE)
    );
}

#[test]
fn nothing_acts_on_a_terminal() {
    let sandbox = sandbox();
    for arguments in reading() {
        let what = arguments.join(" ").escape_debug().to_string();
        let words: Vec<String> = arguments.iter().map(|word| for_bash(word)).collect();
        // bash reads the words, script(1) gives the terminal, and what comes is taken from it.
        let line = format!(
            "stty rows 50 cols 100; exec '{}' {}",
            common::binary().display(),
            words.join(" ")
        );
        let mut command = Command::new("script");
        command.args(["-qec", &line, "/dev/null"]);
        common::clean(&mut command);
        command
            .env("OVS_RUNDIR", sandbox.run_dir())
            .env("SHELL", "/bin/bash")
            .env("LC_ALL", "C.UTF-8")
            .env("TERM", "xterm");
        let output = command.output().expect("script(1) is installed");
        let text = String::from_utf8(output.stdout)
            .unwrap()
            .replace("\r\n", "\n");
        assert_harmless(&what, &without_colours(&text), false);
    }
}

/// A word for bash, by its own means.
fn for_bash(word: &str) -> String {
    let output = Command::new("bash")
        .args(["-c", "printf %q \"$1\"", "-", word])
        .env("LC_ALL", "C.UTF-8")
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

fn without_colours(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        out.push_str(before);
        let (numbers, tail) = after.split_once('m').expect("a colour ends");
        assert!(
            numbers.chars().all(|c| c.is_ascii_digit() || c == ';'),
            "{after:?}"
        );
        rest = tail;
    }
    out + rest
}

#[test]
fn pictures_stay_pictures() {
    let sandbox = sandbox();
    for format in ["drawing", "text", "dot", "mermaid", "svg"] {
        for all in [&[][..], &["--all"]] {
            let text = sandbox.ovs_stdout(&[&["graph", "--format", format], all].concat());
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
fn changes_tell_of_them_in_lines_of_their_own() {
    let sandbox = sandbox();
    let patch = format!("patch{EVIL}");
    let mut suggested = 0;
    for arguments in [
        &["port", "add", "br-int", EVIL][..],
        &["port", "add", EVIL_BRIDGE, EVIL],
        &["port", "add", "br-int", EVIL_BRIDGE],
        &["bridge", "add", EVIL_BRIDGE],
        &["bridge", "add", EVIL],
        &["patch", "add", &format!("br-int:{EVIL}"), EVIL_BRIDGE],
        &["patch", "del", EVIL],
        &["patch", "del", EVIL_BRIDGE],
        &["tunnel", "add", "br-int", EVIL, "--remote", "10.0.0.1"],
        &["tunnel", "del", EVIL],
        &["port", "show", "nope\nhint: EVIL"],
        &["port", "resolve", EVIL_BRIDGE, "nope\nhint: EVIL"],
        &["bridge", "show", "nope\nhint: EVIL"],
        &["dump-flows", EVIL_BRIDGE, "in_port=nope\nhint: EVIL"],
        &["dump-flows", "nope\nhint: EVIL"],
        &["dump-flows", "br-int", "nope\nhint: EVIL=3"],
        &["dump-groups", EVIL_BRIDGE, "77"],
        &["db", "get", "Interface", "nope\nhint: EVIL", "name"],
        &["db", "set", "Interface", EVIL, "nope\nhint: EVIL=3"],
        &["db", "destroy", "Port", EVIL],
        &["port", "set", EVIL, "--nope\nhint: EVIL"],
        &["--db", "unix:/nope\nhint: EVIL", "show"],
        &["--db", "tcp:nope\nhint: EVIL", "show"],
        &["--columns", "nope\nhint: EVIL", "port", "list"],
        &["nope\nhint: EVIL"],
        &["tag", "set", EVIL, "5000\nhint: EVIL"],
        // These succeed.
        &["tag", "set", EVIL, "9", "--dry-run"],
        &["tag", "set", EVIL, "9", "-v"],
        &[
            "db",
            "set",
            "Interface",
            EVIL,
            "external_ids:a=\"b\\nhint: EVIL\"",
        ],
        &["port", "set", EVIL, "--external-id", "a=\u{1b}\nhint: EVIL"],
        &["port", "del", EVIL],
        &["patch", "del", &patch],
        &["bridge", "del", EVIL_BRIDGE],
    ] {
        let what = arguments.join(" ").escape_debug().to_string();
        let output = sandbox.ovs(arguments).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_harmless(&what, &stderr, false);
        assert_harmless(&what, std::str::from_utf8(&output.stdout).unwrap(), true);
        suggested += check_suggestions(&stderr, &[EVIL, EVIL_BRIDGE, &patch]);
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
            let output = match shell {
                "bash" => sandbox.ovs(&["complete", "bash", "--", line, ":"]),
                _ => sandbox.ovs(&["complete", shell, "--", line]),
            }
            .output()
            .unwrap();
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            assert_harmless(line, &text, true);
            assert!(
                output.stderr.is_empty(),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
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
    let text = common::ovs(&["decode"])
        .write_stdin(message.clone())
        .output()
        .unwrap();
    assert!(
        text.status.success(),
        "{}",
        String::from_utf8_lossy(&text.stderr)
    );
    let text = String::from_utf8(text.stdout).unwrap();
    assert_harmless("decode", &text, false);
    assert_eq!(
        text.lines().filter(|line| line.contains("addr:")).count(),
        names.len(),
        "{text}"
    );
    let json = common::ovs(&["decode", "--json"])
        .write_stdin(message)
        .output()
        .unwrap();
    let json = String::from_utf8(json.stdout).unwrap();
    assert_harmless("decode --json", &json, false);
    let value: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value[0]["ports"][0]["name"], "a\u{1b}[2J\nb\t");
    assert_eq!(value[0]["ports"][4]["name"], "\u{9b}31m");
}

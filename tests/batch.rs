//! `ovs batch`: many commands, one transaction.

mod common;

use std::fmt::Write as _;

use common::Sandbox;
use predicates::str::contains;

fn with_bridge() -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.vsctl(&["add-br", "br0"]);
    sandbox
}

const LINES: &str = "\
# ports of a test
port add br0 p1 --type internal --tag 5 --may-exist   # an access port
ovs port add br0 'p2' --type internal --may-exist
tag set p2 7
port set p1 --external-id \"note=two words\"
";

#[test]
fn all_lines_are_one_transaction() {
    let sandbox = with_bridge();
    let before = sandbox.vsctl(&["get", "Open_vSwitch", ".", "next_cfg"]);
    let said = sandbox.ovs(&["batch"]).write_stdin(LINES).output().unwrap();
    assert!(said.status.success(), "{said:?}");
    let lines = String::from_utf8(said.stdout).unwrap();
    assert_eq!(lines.lines().count(), 2, "{lines}");
    let after = sandbox.vsctl(&["get", "Open_vSwitch", ".", "next_cfg"]);
    let number = |text: &str| text.trim().parse::<u64>().unwrap();
    // ovs-vsctl's own waiting counts nothing.
    assert_eq!(number(&after), number(&before) + 1);
    assert_eq!(sandbox.vsctl(&["get", "Port", "p1", "tag"]), "5\n");
    assert_eq!(sandbox.vsctl(&["get", "Port", "p2", "tag"]), "7\n");
    assert_eq!(
        sandbox.vsctl(&["get", "Interface", "p1", "external_ids"]),
        "{note=\"two words\"}\n"
    );
    sandbox
        .ovs(&["batch", "-"])
        .write_stdin(LINES)
        .assert()
        .success()
        .stdout("unchanged\n");
}

#[test]
fn a_broken_line_is_named_and_nothing_changes() {
    let sandbox = with_bridge();
    for (line, code, words) in [
        ("port add br0 p9 --tag 5000", 2, "line 3: "),
        ("port adds br0 p9", 2, "line 3: "),
        ("port add br0 'p9", 2, "line 3: missing closing quote"),
        ("port add br9 p9", 3, "line 3: bridge \"br9\" not found"),
        (
            "port add br0 p1",
            1,
            "line 3: port \"p1\" exists on br0 already",
        ),
        ("port del nope", 3, "line 3: port \"nope\" not found"),
        ("show", 2, "line 3: \"show\" changes nothing"),
        (
            "port add br0 p9 --json",
            2,
            "line 3: unexpected argument '--json'",
        ),
        ("port add --help", 2, "line 3: asks for help"),
        ("batch other", 2, "line 3: \"batch other\" changes nothing"),
    ] {
        let text = format!("port add br0 p1 --type internal\n\n{line}\nport add br0 p3\n");
        sandbox
            .ovs(&["batch"])
            .write_stdin(text)
            .assert()
            .code(code)
            .stderr(contains(words))
            .stdout("");
        assert_eq!(sandbox.vsctl(&["list-ports", "br0"]), "", "{line}");
    }
    sandbox
        .ovs(&["batch", "/nonexistent"])
        .assert()
        .code(1)
        .stderr(contains("cannot read"));
    sandbox
        .ovs(&["batch"])
        .write_stdin(&b"port add br0 \xff"[..])
        .assert()
        .code(1)
        .stderr(contains("UTF-8"));
    sandbox
        .ovs(&["batch"])
        .write_stdin("")
        .assert()
        .success()
        .stdout("unchanged\n");
}

#[test]
fn later_lines_see_what_earlier_ones_did() {
    let sandbox = with_bridge();
    sandbox.vsctl(&[
        "add-port",
        "br0",
        "old",
        "--",
        "set",
        "Interface",
        "old",
        "type=internal",
    ]);
    let lines = "\
port del old
port add br0 old --type internal --tag 3
port add br0 new --type internal
port del new
";
    sandbox
        .ovs(&["batch"])
        .write_stdin(lines)
        .assert()
        .success();
    assert_eq!(sandbox.vsctl(&["list-ports", "br0"]), "old\n");
    assert_eq!(sandbox.vsctl(&["get", "Port", "old", "tag"]), "3\n");
}

#[test]
fn a_thousand_lines() {
    let sandbox = with_bridge();
    let mut lines = String::new();
    for n in 0..1000 {
        let tag = n % 4096;
        writeln!(
            lines,
            "port add br0 p{n} --type internal --tag {tag} --may-exist"
        )
        .unwrap();
    }
    let said = sandbox
        .ovs(&["batch", "--no-wait"])
        .write_stdin(lines.clone())
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8(said.stdout).unwrap().lines().count(),
        1000
    );
    assert_eq!(
        sandbox
            .vsctl(&["--no-wait", "list-ports", "br0"])
            .lines()
            .count(),
        1000
    );
    sandbox
        .ovs(&["batch", "--no-wait"])
        .write_stdin(lines)
        .assert()
        .success()
        .stdout("unchanged\n");
}

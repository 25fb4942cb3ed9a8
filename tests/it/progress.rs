//! The line on stderr that says what takes so long: on a terminal of script(1), with daemons that are
//! stopped for a while.

use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::common::{self, Sandbox};

/// Longer than the half second that nobody minds.
const SLOW: Duration = Duration::from_millis(1800);

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.vsctl(&["add-br", "br0", "--", "add-br", "br1"]);
    sandbox
}

/// What a terminal gets of a line for the shell in which `ovs` is the binary, while a daemon is stopped
/// for so long.
fn on_terminal(sandbox: &Sandbox, daemon: &str, stopped: Duration, line: &str) -> String {
    let pid = std::fs::read_to_string(sandbox.run_dir().join(daemon)).unwrap();
    let signal = |signal: &str| {
        let status = Command::new("kill").args([signal, pid.trim()]).status();
        assert!(status.unwrap().success());
    };
    let line = format!(
        "stty rows 24 cols 80; ovs() {{ '{}' \"$@\"; }}; {line}",
        common::binary().display()
    );
    let mut command = Command::new("script");
    command.args(["-qec", &line, "/dev/null"]);
    common::clean(&mut command);
    command.env("OVS_RUNDIR", sandbox.run_dir());
    command.env("TERM", "xterm").env("SHELL", "/bin/bash");
    signal("-STOP");
    let output = thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(stopped);
            signal("-CONT");
        });
        command.output().expect("script(1) is installed")
    });
    String::from_utf8(output.stdout).unwrap()
}

/// What is left on the terminal once all is written: each line as it was last rewritten.
fn left(written: &str) -> String {
    let mut lines = Vec::new();
    for line in written.replace("\r\n", "\n").split('\n') {
        // `\r` and clearing the line is all that is used here.
        let last = line.rsplit("\u{1b}[2K").next().unwrap();
        lines.push(last.rsplit('\r').next().unwrap().to_owned());
    }
    lines.join("\n")
}

const SWITCH: &str = "ovs-vswitchd.pid";

fn file(sandbox: &Sandbox) -> String {
    sandbox.run_dir().join("out").display().to_string()
}

#[test]
fn a_dump_into_a_file_says_that_it_waits_and_leaves_nothing_behind() {
    let sandbox = sandbox();
    let file = file(&sandbox);
    let line = format!("ovs dump-flows br0 --no-stats > '{file}'; echo done");
    let written = on_terminal(&sandbox, SWITCH, SLOW, &line);
    assert!(
        written.contains("br0: waiting for the flows"),
        "{written:?}"
    );
    assert_eq!(left(&written), "done\n", "{written:?}");
    let flows = std::fs::read_to_string(Path::new(&file)).unwrap();
    assert_eq!(flows, "priority=0 actions=NORMAL\n");
    // The rows of an answer on the same terminal stand alone.
    let written = on_terminal(&sandbox, SWITCH, SLOW, "ovs dump-flows br0 --no-stats");
    assert!(written.contains("waiting for the flows"), "{written:?}");
    assert!(left(&written).contains("actions="), "{written:?}");
    assert!(!left(&written).contains("waiting"), "{written:?}");
}

#[test]
fn not_where_nobody_wants_it() {
    let sandbox = sandbox();
    let file = file(&sandbox);
    for line in [
        format!("ovs -q dump-flows br0 > '{file}'"),
        format!("ovs dump-flows br0 2> '{file}' | grep -c NORMAL"),
        format!("TERM=dumb ovs dump-flows br0 > '{file}'"),
    ] {
        let written = on_terminal(&sandbox, SWITCH, SLOW, &line);
        assert!(!written.contains("waiting"), "{line}: {written:?}");
        assert!(
            !std::fs::read_to_string(&file).unwrap().contains("waiting"),
            "{line}"
        );
    }
    // What is quick says nothing.
    let line = format!("ovs dump-flows br0 > '{file}'");
    let written = on_terminal(&sandbox, SWITCH, Duration::ZERO, &line);
    assert_eq!(written, "", "{line}");
}

#[test]
fn check_says_what_it_is_at() {
    let sandbox = sandbox();
    let written = on_terminal(&sandbox, SWITCH, SLOW, "ovs check > /dev/null");
    assert!(
        written.contains("the flows of br0, bridge 1 of 2"),
        "{written:?}"
    );
    assert_eq!(left(&written), "", "{written:?}");
}

#[test]
fn a_batch_says_its_line_and_a_change_that_it_waits() {
    let sandbox = sandbox();
    let batch = file(&sandbox);
    std::fs::write(&batch, "port add br0 p1\n\nport add br0 p2\n").unwrap();
    let line = format!("ovs batch --no-wait '{batch}' > /dev/null");
    let written = on_terminal(&sandbox, "ovsdb-server.pid", SLOW, &line);
    assert!(written.contains("line 1 of 3"), "{written:?}");
    assert_eq!(left(&written), "", "{written:?}");
    // What goes wrong stands on a line of its own.
    let line = "ovs -t 1.2 port add br0 p3 --type internal > /dev/null; echo code $?";
    let written = on_terminal(&sandbox, SWITCH, 2 * SLOW, line);
    assert!(
        written.contains("waiting for ovs-vswitchd to apply it"),
        "{written:?}"
    );
    let left = left(&written);
    assert!(
        left.starts_with("ovs: written to the database, but"),
        "{left:?} of {written:?}"
    );
    assert!(left.ends_with("code 5\n"), "{left:?}");
}

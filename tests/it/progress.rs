//! The line on stderr that says what takes so long: on a terminal of script(1), with daemons that are
//! stopped for a while.

use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;

use crate::common::Sandbox;
use crate::common::server::until;
use crate::common::terminal::script_on;

fn sandbox() -> Sandbox {
    Sandbox::with("add-br br0 -- add-br br1")
}

/// What a terminal has been written up to now.
type Written<'w> = &'w dyn Fn() -> String;

/// What a terminal gets of a line for the shell in which `ovs` is the binary, while a daemon is stopped until
/// the stop returns.
fn on_terminal(
    sandbox: &Sandbox,
    daemon: &str,
    stop: impl FnOnce(Written<'_>),
    line: &str,
) -> String {
    let pid = std::fs::read_to_string(sandbox.run_dir().join(daemon)).unwrap();
    let signal = |signal: &str| {
        let status = Command::new("kill").args([signal, pid.trim()]).status();
        assert!(status.unwrap().success());
    };
    signal("-STOP");
    let mut command = script_on(sandbox, 80, line);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let bytes = Mutex::new(Vec::new());
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = stdout.read(&mut buffer) {
                bytes.lock().unwrap().extend_from_slice(&buffer[..length]);
            }
        });
        stop(&|| String::from_utf8_lossy(&bytes.lock().unwrap()).into_owned());
        signal("-CONT");
        child.wait().unwrap();
    });
    String::from_utf8(bytes.into_inner().unwrap()).unwrap()
}

/// Until these words are there.
fn until_shown(words: &str) -> impl FnOnce(Written<'_>) {
    move |written| until(words, || written().contains(words))
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
    let shown = until_shown("br0: waiting for the flows");
    let written = on_terminal(&sandbox, SWITCH, shown, &line);
    assert_eq!(left(&written), "done\n", "{written:?}");
    let flows = std::fs::read_to_string(Path::new(&file)).unwrap();
    assert_eq!(flows, "priority=0 actions=NORMAL\n");
    // The rows of an answer on the same terminal stand alone.
    let shown = until_shown("waiting for the flows");
    let written = on_terminal(&sandbox, SWITCH, shown, "ovs dump-flows br0 --no-stats");
    assert!(left(&written).contains("actions="), "{written:?}");
    assert!(!left(&written).contains("waiting"), "{written:?}");
}

/// Three commands without the line, and after them one that has it: it is redrawn ten times a second.
#[test]
fn not_where_it_is_not_wanted() {
    let sandbox = sandbox();
    let file = file(&sandbox);
    let line = format!(
        "ovs -q dump-flows br0 > '{file}1' & ovs dump-flows br0 2> '{file}2' | grep -c NORMAL & \
         TERM=dumb ovs dump-flows br0 > '{file}3' & ovs check > /dev/null; wait"
    );
    let drawn = |written: Written<'_>| {
        let drawings = || written().matches("bridge 1 of 2").count();
        until("it was drawn eight times", || drawings() >= 8);
    };
    let written = on_terminal(&sandbox, SWITCH, drawn, &line);
    assert!(!written.contains("waiting"), "{written:?}");
    for number in 1..=3 {
        let text = std::fs::read_to_string(format!("{file}{number}")).unwrap();
        assert!(!text.contains("waiting"), "{number}: {text:?}");
    }
    // What is quick says nothing.
    let line = format!("ovs dump-flows br0 > '{file}'");
    let written = on_terminal(&sandbox, SWITCH, |_| {}, &line);
    assert_eq!(written, "", "{line}");
}

#[test]
fn check_says_what_it_is_at() {
    let sandbox = sandbox();
    let shown = until_shown("the flows of br0, bridge 1 of 2");
    let written = on_terminal(&sandbox, SWITCH, shown, "ovs check > /dev/null");
    assert_eq!(left(&written), "", "{written:?}");
}

#[test]
fn a_batch_says_its_line_and_a_change_that_it_waits() {
    let sandbox = sandbox();
    let batch = file(&sandbox);
    std::fs::write(&batch, "port add br0 p1\n\nport add br0 p2\n").unwrap();
    let line = format!("ovs batch --no-wait '{batch}' > /dev/null");
    let shown = until_shown("line 1 of 3");
    let written = on_terminal(&sandbox, "ovsdb-server.pid", shown, &line);
    assert_eq!(left(&written), "", "{written:?}");
    // What goes wrong stands on a line of its own.
    let line = "ovs -t 1.2 port add br0 p3 --type internal > /dev/null; echo code $?";
    let written = on_terminal(&sandbox, SWITCH, until_shown("code 5"), line);
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

//! `--watch`: against a switch of our own, in a pipe and on a real terminal (tmux), while the real tools
//! change what is watched.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use ovs::cli::schema::{documents, printed};
use serde_json::{Value, json};

use crate::common::line::words;
use crate::common::run::{Schema, hold};
use crate::common::server::until;
use crate::common::{self, Sandbox};
use crate::snapshots::cases::CASES;

/// Longer than anything here takes on a busy machine.
const LONG: Duration = Duration::from_secs(20);

/// A switch with two bridges.
fn sandbox() -> Sandbox {
    Sandbox::with(
        "add-br br0 -- add-port br0 p1 tag=1 -- add-br br1 -- set interface p1 type=internal",
    )
}

/// What BFD finds is a change of the database.
#[test]
fn a_path_that_breaks() {
    let sandbox = Sandbox::with(
        "add-br br0 -- add-port br0 v1 \
         -- set Interface v1 type=vxlan options:remote_ip=10.0.0.72 bfd:enable=true",
    );
    let forward = |is| appctl!(sandbox, "bfd/set-forwarding v1 {is}");
    forward("true");
    until("up", || {
        ovs!(sandbox, "tunnel list -g state").out() == "up\n"
    });
    let watched = Watched::start(&sandbox, "tunnel list --columns port,state,bfd --watch");
    assert_eq!(unstamped(&watched.line()), "=\tv1\tup\tdown");
    forward("false");
    assert_eq!(unstamped(&watched.line()), "~\tv1\tnot-live\tdown");
    forward("true");
    assert_eq!(unstamped(&watched.line()), "~\tv1\tup\tdown");
    watched.stop();
}

/// `ovs ... --watch` whose lines are read as they come.
pub(crate) struct Watched {
    child: Child,
    arguments: Vec<String>,
    /// Whether there is a schema for its lines.
    has_schema: bool,
    lines: Receiver<String>,
    /// What it said on stderr up to now.
    said: Arc<Mutex<String>>,
}

impl Watched {
    pub(crate) fn start(sandbox: &Sandbox, line: &str) -> Watched {
        let mut command = ovs!(sandbox, "{line}").command();
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = lines(child.stdout.take().unwrap());
        let said = Arc::default();
        collect(child.stderr.take().unwrap(), Arc::clone(&said));
        let arguments = words(line);
        let borrowed: Vec<&str> = arguments.iter().map(String::as_str).collect();
        Watched {
            child,
            has_schema: printed(&borrowed).is_some(),
            arguments,
            lines,
            said,
        }
    }

    fn arguments(&self) -> Vec<&str> {
        self.arguments.iter().map(String::as_str).collect()
    }

    /// The next line; JSON is held against its schema.
    pub(crate) fn line(&self) -> String {
        match self.lines.recv_timeout(LONG) {
            Ok(line) => {
                if self.has_schema {
                    hold(&self.arguments(), &line, true);
                }
                if line.starts_with('{') {
                    let any = documents().into_iter().find(|d| d.name == "ovs-watch");
                    let any = Schema::of(any.unwrap().schema());
                    any.allows(&serde_json::from_str(&line).unwrap()).unwrap();
                }
                line
            }
            Err(error) => panic!("no line: {error}"),
        }
    }

    /// The lines up to the one that this is true of, which is the last.
    pub(crate) fn until(&self, mut is_it: impl FnMut(&str) -> bool) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            lines.push(self.line());
            if is_it(lines.last().unwrap()) {
                return lines;
            }
        }
    }

    /// Nothing comes for so long.
    pub(crate) fn is_silent_for(&self, time: Duration) {
        let next = self.lines.recv_timeout(time);
        assert_eq!(next, Err(RecvTimeoutError::Timeout));
    }

    /// Ends it; what it said on stderr.
    pub(crate) fn stop(mut self) -> String {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let said = Arc::clone(&self.said);
        // The thread that reads has the other one until the end.
        until("all is read", || Arc::strong_count(&said) == 2);
        said.lock().unwrap().clone()
    }

    /// Waits until it has said this on stderr.
    fn says(&self, words: &str) {
        until(words, || self.said.lock().unwrap().contains(words));
    }
}

/// Reads what comes on stderr, until its end.
fn collect(stderr: ChildStderr, said: Arc<Mutex<String>>) {
    thread::spawn(move || {
        for line in BufReader::new(stderr).lines() {
            *said.lock().unwrap() += &(line.unwrap() + "\n");
        }
    });
}

fn lines(stdout: ChildStdout) -> Receiver<String> {
    let (send, lines) = channel();
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines() {
            if send.send(line.unwrap()).is_err() {
                return;
            }
        }
    });
    lines
}

/// A line's time stamp taken off and looked at: `2026-11-22T21:03:22.123Z`.
pub(crate) fn unstamped(line: &str) -> &str {
    let (time, rest) = line.split_once('\t').unwrap();
    let shape: String = time
        .chars()
        .map(|c| if c.is_ascii_digit() { '9' } else { c })
        .collect();
    assert_eq!(shape, "9999-99-99T99:99:99.999Z", "{line}");
    rest
}

#[test]
fn a_port_is_a_line_when_it_comes_changes_and_goes() {
    let sandbox = sandbox();
    let watched = Watched::start(&sandbox, "port list br0 --columns port,tag --watch");
    assert_eq!(unstamped(&watched.line()), "=\tp1\t1");
    assert_eq!(unstamped(&watched.line()), "=\tbr0\t-");
    // Longer than between two looks at a switch: nobody looks in vain.
    watched.is_silent_for(Duration::from_millis(2500));
    vsctl!(sandbox, "add-port br0 p2 -- set interface p2 type=internal");
    assert_eq!(unstamped(&watched.line()), "+\tp2\t-");
    vsctl!(sandbox, "set port p2 tag=7");
    assert_eq!(unstamped(&watched.line()), "~\tp2\t7");
    // What is not asked for is not told.
    vsctl!(sandbox, "set interface p2 mtu_request=1400");
    vsctl!(
        sandbox,
        "add-port br1 other -- set interface other type=internal"
    );
    vsctl!(sandbox, "del-port p2");
    assert_eq!(unstamped(&watched.line()), "-\tp2\t7");
    assert_eq!(watched.stop(), "");
}

#[test]
fn json_lines_have_old_values_and_a_document_all_changes() {
    let sandbox = sandbox();
    let each = Watched::start(&sandbox, "port list br0 -o jsonl --watch");
    let all = Watched::start(&sandbox, "tag list --json --watch");
    let read = |line: String| -> Value { serde_json::from_str(&line).unwrap() };
    let first = read(each.line());
    assert_eq!(first["change"], "=");
    assert_eq!(first["row"]["port"], "p1");
    assert!(first.get("was").is_none() && first.get("rates").is_none());
    each.line();
    let document = read(all.line());
    assert_eq!(document["rows"][0]["row"]["tag"], 1);
    vsctl!(sandbox, "set port p1 tag=4");
    let line = read(each.line());
    assert_eq!(line["change"], "~");
    assert_eq!(line["row"]["tag"], 4);
    assert_eq!(line["was"], json!({"tag": 1}));
    let (schema, _) = ovs::cli::schema::printed(&each.arguments()).unwrap();
    let schema = Schema::of(schema.schema());
    for (member, wrong) in [
        ("time", json!("now")),
        ("change", json!("?")),
        ("row", json!({"port": "p1"})),
        ("other", json!(1)),
    ] {
        let mut changed = line.clone();
        changed[member] = wrong;
        assert!(schema.allows(&changed).is_err(), "{member}");
    }
    let document = read(all.line());
    let changes: Vec<&str> = document["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["change"].as_str().unwrap())
        .collect();
    assert_eq!(
        changes,
        ["-", "+"],
        "a tag of a bridge is known by its number: {document}"
    );
    each.stop();
    all.stop();
    // A whole document, where it is one.
    let show = Watched::start(&sandbox, "show --json --watch");
    assert_eq!(
        read(show.line())["rows"][0]["row"]["bridges"][0]["name"],
        "br0"
    );
    vsctl!(sandbox, "del-br br1");
    let line = read(show.line());
    assert_eq!(line["rows"][0]["was"]["bridges"][1]["name"], "br1");
    assert_eq!(
        line["rows"][0]["row"]["bridges"].as_array().unwrap().len(),
        1
    );
    show.stop();
}

/// A packet that the real ovs-ofctl lets the switch send.
fn send_packet(sandbox: &Sandbox, bridge: &str, actions: &str) {
    let switch = sandbox.run_dir().join(format!("{bridge}.mgmt"));
    let packet = format!(
        "in_port=CONTROLLER packet=ffffffffffff0200000000010800{} actions={actions}",
        "00".repeat(46)
    );
    ofctl!(sandbox, "packet-out unix:{} '{packet}'", switch.display());
}

#[test]
fn counters_have_rates() {
    let sandbox = sandbox();
    let text = Watched::start(
        &sandbox,
        "port stats br0 p1 --columns port,tx_packets,tx_bytes --watch=0.2 --header",
    );
    assert_eq!(
        text.line(),
        "TIME\tCHANGE\tPORT\tTX_PACKETS\tTX_BYTES\tRATES"
    );
    assert_eq!(unstamped(&text.line()), "=\tp1\t0\t0\t-");
    let json = Watched::start(&sandbox, "port stats br0 p1 -o jsonl --watch=0.2");
    json.line();
    text.is_silent_for(Duration::from_millis(500));
    send_packet(&sandbox, "br0", "output:p1");
    let line = text.line();
    let cells: Vec<&str> = unstamped(&line).split('\t').collect();
    assert_eq!(cells[..4], ["~", "p1", "1", "60"], "{line}");
    let rates: Vec<&str> = cells[4].split(',').collect();
    let rate = |text: &str, name: &str| -> f64 {
        text.strip_prefix(name)
            .unwrap_or_else(|| panic!("{line}"))
            .parse()
            .unwrap()
    };
    // One in a fifth of a second, or somewhat more on a busy machine.
    let packets = rate(rates[0], "tx_packets=");
    assert!((0.1..=5.1).contains(&packets), "{line}");
    let bytes = rate(rates[1], "tx_bytes=");
    assert!((bytes - packets * 60.0).abs() < 10.0, "{line}");
    let line: Value = serde_json::from_str(&json.line()).unwrap();
    assert_eq!(line["was"], json!({"tx_packets": 0, "tx_bytes": 0}));
    assert!(
        line["rates"]["tx_packets"].as_f64().unwrap() > 0.0,
        "{line}"
    );
    text.stop();
    json.stop();
}

#[test]
fn flows_come_count_and_go() {
    let sandbox = sandbox();
    let switch = format!("unix:{}", sandbox.run_dir().join("br0.mgmt").display());
    ofctl!(sandbox, "del-flows {switch}");
    ofctl!(sandbox, "add-flow {switch} 'priority=5,ip actions=drop'");
    let watched = Watched::start(&sandbox, "dump-flows br0 --watch=0.2");
    let first = watched.line();
    assert!(
        unstamped(&first).starts_with("=\tcookie=0x0, duration="),
        "{first}"
    );
    // Ages are no change.
    watched.is_silent_for(Duration::from_millis(700));
    ofctl!(
        sandbox,
        "add-flow {switch} 'priority=9,in_port=p1 actions=LOCAL'"
    );
    let line = watched.line();
    assert!(
        unstamped(&line).starts_with("+\t") && line.contains("in_port=p1 "),
        "{line}"
    );
    ofctl!(sandbox, "mod-flows {switch} 'in_port=p1 actions=drop'");
    let line = watched.line();
    assert!(
        unstamped(&line).starts_with("~\t") && line.contains("actions=drop\t"),
        "{line}"
    );
    appctl!(
        sandbox,
        "netdev-dummy/receive br0 eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02),\
         eth_type(0x0800),ipv4(src=10.0.0.1,dst=10.0.0.2,proto=17,tos=0,ttl=64,frag=no),\
         udp(src=1,dst=2)"
    );
    let line = watched.line();
    assert!(
        line.contains("n_packets=1,") && line.contains("\tn_packets="),
        "{line}"
    );
    ofctl!(sandbox, "--strict del-flows {switch} priority=9,in_port=p1");
    let line = watched
        .until(|line| unstamped(line).starts_with('-'))
        .pop()
        .unwrap();
    assert!(line.contains("priority=9"), "{line}");
    watched.stop();
}

#[test]
fn groups_meters_and_tables_too() {
    let sandbox = sandbox();
    let switch = format!("unix:{}", sandbox.run_dir().join("br0.mgmt").display());
    let of13 =
        |command: &str, what: &str| ofctl!(sandbox, "-OOpenFlow13 {command} {switch} {what}");
    of13("add-group", "group_id=1,type=all,bucket=actions=output:1");
    let groups = Watched::start(&sandbox, "dump-groups br0 --watch=0.2");
    assert!(unstamped(&groups.line()).starts_with("=\tgroup_id=1"));
    groups.is_silent_for(Duration::from_millis(500));
    of13("add-group", "group_id=2,type=all,bucket=actions=drop");
    assert!(unstamped(&groups.line()).starts_with("+\tgroup_id=2"));
    of13("del-groups", "group_id=1");
    assert!(unstamped(&groups.line()).starts_with("-\tgroup_id=1"));
    groups.stop();
    let tables = Watched::start(
        &sandbox,
        "dump-tables br0 --columns table,active --watch=0.2",
    );
    tables.line();
    of13("add-flow", "table=3,actions=drop");
    assert_eq!(unstamped(&tables.line()), "+\t3\t1");
    tables.stop();
    let count = Watched::start(&sandbox, "dump-flows br0 --count --watch=0.2");
    assert_eq!(unstamped(&count.line()), "=\t2");
    of13("add-flow", "table=4,actions=drop");
    assert_eq!(unstamped(&count.line()), "~\t3");
    count.stop();
}

#[test]
fn records_of_any_table() {
    let sandbox = sandbox();
    let watched = Watched::start(&sandbox, "db find Port tag>=1 --columns tag --watch");
    assert_eq!(unstamped(&watched.line()), "=\t1");
    vsctl!(sandbox, "set port p1 tag=9");
    assert_eq!(
        unstamped(&watched.line()),
        "~\t9",
        "the record is known by its UUID"
    );
    vsctl!(sandbox, "clear port p1 tag");
    assert_eq!(unstamped(&watched.line()), "-\t9");
    watched.stop();
}

#[test]
fn many_changes_are_reported_together() {
    let sandbox = sandbox();
    let all = Watched::start(&sandbox, "port list --json --columns port --watch=0.5");
    all.line();
    let mut seen = 0;
    let mut documents = 0;
    let began = Instant::now();
    thread::scope(|scope| {
        scope.spawn(|| {
            for port in 0..60 {
                vsctl!(
                    sandbox,
                    "--no-wait add-port br0 s{port} -- set interface s{port} type=internal"
                );
            }
        });
        while seen < 60 {
            let document: Value = serde_json::from_str(&all.line()).unwrap();
            let rows = document["rows"].as_array().unwrap();
            assert!(rows.iter().all(|row| row["change"] == "+"), "{document}");
            seen += rows.len();
            documents += 1;
        }
    });
    assert_eq!(seen, 60);
    let halves = began.elapsed().as_millis() / 500;
    assert!(
        documents <= halves + 2,
        "{documents} looks in {halves} halves of a second"
    );
    all.stop();
}

#[test]
fn a_named_record_that_is_deleted_is_waited_for() {
    let sandbox = sandbox();
    let watched = Watched::start(&sandbox, "port list br1 --columns port --watch");
    assert_eq!(unstamped(&watched.line()), "=\tbr1");
    vsctl!(sandbox, "del-br br1");
    assert_eq!(unstamped(&watched.line()), "-\tbr1");
    vsctl!(sandbox, "add-br br1");
    assert_eq!(unstamped(&watched.line()), "+\tbr1");
    let said = watched.stop();
    assert!(
        said.contains("bridge \"br1\" not found") && said.contains("; waiting for it\n"),
        "{said}"
    );
    // What was never there is an error, as it is without.
    ovs!(sandbox, "port list br9 --watch").exits(3);
}

/// The sandbox's ovsdb-server once more.
fn start_ovsdb(sandbox: &Sandbox) {
    let dir = sandbox.run_dir();
    let status = Command::new("ovsdb-server")
        .arg(dir.join("conf.db"))
        .arg(format!("--remote=punix:{}", dir.join("db.sock").display()))
        .arg(format!(
            "--pidfile={}",
            dir.join("ovsdb-server.pid").display()
        ))
        .arg(format!("--unixctl={}", dir.join("again.ctl").display()))
        .arg(format!("--log-file={}", dir.join("again.log").display()))
        .args(["--detach", "--no-chdir", "-vconsole:off", "-vsyslog:off"])
        .status()
        .unwrap();
    assert!(status.success());
}

/// Kills a daemon that [`start_ovsdb`] started.
struct Again<'s>(&'s Sandbox);

impl Drop for Again<'_> {
    fn drop(&mut self) {
        let file = self.0.run_dir().join("ovsdb-server.pid");
        if let Ok(pid) = std::fs::read_to_string(file) {
            let _ = Command::new("kill").arg(pid.trim()).status();
        }
    }
}

#[test]
fn reconnects_to_the_database_server() {
    let sandbox = sandbox();
    let watched = Watched::start(&sandbox, "tag list --watch");
    assert_eq!(unstamped(&watched.line()), "=\tbr0\t1\tp1");
    let screen = Screen::start(&sandbox, 80, 24, "tag list --watch");
    screen.until(|picture| picture.contains("   br0     1    p1"));
    sandbox.kill_ovsdb();
    let picture = screen.until(|picture| picture.contains("disconnected since"));
    assert!(
        picture.contains("   br0     1    p1"),
        "the last picture stays:\n{picture}"
    );
    // The stream, too, shall have met with nobody: one that does not says nothing of it.
    watched.says("; trying again\n");
    start_ovsdb(&sandbox);
    let _again = Again(&sandbox);
    screen.until(|picture| !picture.contains("disconnected"));
    vsctl!(sandbox, "--no-wait set port p1 tag=2");
    assert_eq!(
        unstamped(&watched.line()),
        "-\tbr0\t1\tp1",
        "only what changed is told"
    );
    assert_eq!(unstamped(&watched.line()), "+\tbr0\t2\tp1");
    screen.until(|picture| picture.contains("+  br0     2    p1"));
    let said = watched.stop();
    assert!(
        said.contains("; trying again\n") && said.ends_with("ovs: connected again\n"),
        "{said}"
    );
}

#[test]
fn reconnects_to_the_switch() {
    let sandbox = sandbox();
    let watched = Watched::start(&sandbox, "dump-flows br0 --no-stats --watch=0.2");
    assert_eq!(unstamped(&watched.line()), "=\tpriority=0 actions=NORMAL");
    sandbox.kill_vswitchd();
    watched.says("; trying again\n");
    sandbox.start_vswitchd();
    let socket = sandbox.run_dir().join("br0.mgmt");
    until("the switch listens", || socket.exists());
    let switch = format!("unix:{}", socket.display());
    vsctl!(sandbox, "set bridge br0 other_config:x=y");
    ofctl!(sandbox, "add-flow {switch} 'priority=3,arp actions=drop'");
    watched.until(|line| unstamped(line) == "+\tpriority=3,arp actions=drop");
    let said = watched.stop();
    assert!(
        said.contains("br0") && said.contains("; trying again\n"),
        "{said}"
    );
}

#[test]
fn it_ends_when_its_output_is_closed() {
    let sandbox = sandbox();
    let mut watched = Watched::start(&sandbox, "port list --watch");
    watched.line();
    // The thread that reads ends with the pipe.
    let Watched { child, lines, .. } = &mut watched;
    drop(std::mem::replace(lines, channel().1));
    vsctl!(sandbox, "set port p1 tag=3");
    until("it ends", || child.try_wait().unwrap().is_some());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    // It need not change for that.
    let line = format!(
        "'{}' port list --watch | head -1",
        common::binary().display()
    );
    let mut command = Command::new("timeout");
    command.args(["15", "bash", "-o", "pipefail", "-c", &line]);
    common::clean(&mut command);
    let output = command
        .env("OVS_RUNDIR", sandbox.run_dir())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 1);
}

#[test]
fn what_cannot_be_watched_says_what_can() {
    for line in [
        "port add br0 p --watch",
        "bridge del br0 --watch=3",
        "port show p --watch",
        "db get Port p tag --watch",
        "graph --watch",
        "--watch batch /dev/null",
        "help --watch",
        "completions bash --watch",
    ] {
        ovs!("{line}")
            .exits(2)
            .says("cannot be watched\nhint: --watch goes with show, ");
    }
    for seconds in ["0", "0.05", "-1", "x", "", "nan", "1e99"] {
        ovs!("show --watch={seconds}").exits(2);
    }
    // Those that are named can be: they fail of something else.
    for words in ovs::cli::watchable() {
        let mut lines = CASES.iter().map(|case| case.line);
        let line = lines.find(|line| line.starts_with(&words));
        let line = line.unwrap_or_else(|| panic!("no snapshot is of {words}"));
        ovs!("{line} --db unix:/nonexistent --watch").exits(4);
    }
}

/// `ovs ARGUMENTS` in a terminal of its own, by tmux.
struct Screen {
    server: String,
    directory: std::path::PathBuf,
}

impl Screen {
    fn start(sandbox: &Sandbox, columns: usize, lines: usize, arguments: &str) -> Screen {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let screen = Screen {
            server: format!("watch{count}"),
            directory: sandbox.run_dir().to_owned(),
        };
        let size = [columns.to_string(), lines.to_string()];
        screen.tmux(&[
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            &size[0],
            "-y",
            &size[1],
            "bash --norc --noprofile",
        ]);
        screen.until(|picture| picture.contains('$') || picture.contains('#'));
        let binary = common::binary();
        screen.type_in(&format!(
            "PS1='prompt> '; OVS_RUNDIR='{}'; export OVS_RUNDIR; clear",
            sandbox.run_dir().display()
        ));
        screen.until(|picture| picture.trim_end() == "prompt>");
        screen.type_in(&format!("'{}' {arguments}", binary.display()));
        screen
    }

    fn tmux(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("tmux");
        common::clean(&mut command);
        command.args(["-L", &self.server]).args(arguments);
        command
            .env("TMUX_TMPDIR", &self.directory)
            .env_remove("TMUX");
        command.env("LC_ALL", "C.UTF-8");
        let output = command.output().expect("tmux is installed");
        assert!(output.status.success(), "tmux {arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn type_in(&self, line: &str) {
        self.tmux(&["send-keys", "-l", line]);
        self.tmux(&["send-keys", "Enter"]);
    }

    /// The picture, once this is true of it.
    fn until(&self, is_it: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + LONG;
        loop {
            let picture = self.tmux(&["capture-pane", "-p"]);
            if is_it(&picture) {
                return picture;
            }
            assert!(
                Instant::now() < deadline,
                "it does not come to that:\n{picture}"
            );
            thread::sleep(Duration::from_millis(30));
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}

#[test]
fn the_table_is_redrawn_and_its_last_state_stays() {
    let sandbox = sandbox();
    let columns = "port list br0 --columns port,tag,type --watch";
    let screen = Screen::start(&sandbox, 80, 24, columns);
    let picture = screen.until(|picture| picture.contains("   br0 "));
    let lines: Vec<&str> = picture.lines().collect();
    // Anything may be before; the picture begins in the first line.
    assert!(
        lines[0].contains("Z  ovs port list br0 --columns port,tag,type --watch  on change"),
        "{picture}"
    );
    assert_eq!(
        lines[1..4],
        [
            "   PORT  TAG  TYPE",
            "   p1    1    internal",
            "   br0   -    internal"
        ]
    );
    assert!(lines[4..].iter().all(|line| line.is_empty()), "{picture}");
    vsctl!(
        sandbox,
        "add-port br0 p2 tag=5 -- set interface p2 type=internal"
    );
    let picture = screen.until(|picture| picture.contains("+  p2    5    internal"));
    assert!(
        picture.lines().next().unwrap().ends_with("on change  +1"),
        "{picture}"
    );
    vsctl!(sandbox, "set port p2 tag=6");
    screen.until(|picture| picture.contains("~  p2    6    internal"));
    // Bold and in reverse.
    let coloured = screen.tmux(&["capture-pane", "-p", "-e"]);
    assert!(coloured.contains("\u{1b}[1;7m\u{1b}[33m6"), "{coloured:?}");
    vsctl!(sandbox, "del-port p2");
    let picture = screen.until(|picture| picture.contains("-  p2    6    internal"));
    assert_eq!(picture.lines().nth(2), Some("   p1    1    internal"));
    vsctl!(sandbox, "set port p1 tag=2");
    let picture = screen.until(|picture| picture.contains("~  p1    2    internal"));
    assert!(!picture.contains("p2"), "gone is shown once:\n{picture}");
    // Another size: the same difference in it.
    screen.tmux(&["resize-window", "-x", "40", "-y", "5"]);
    let picture = screen.until(|picture| {
        picture.contains("... 1 more lines") || picture.contains("... 2 more lines")
    });
    assert!(picture.lines().all(|line| line.len() <= 40), "{picture}");
    screen.tmux(&["resize-window", "-x", "80", "-y", "24"]);
    screen
        .until(|picture| picture.contains("~  p1    2    internal") && picture.contains("   br0 "));
    screen.tmux(&["send-keys", "C-c"]);
    let picture = screen.until(|picture| picture.contains("prompt>"));
    assert!(
        picture.contains("~  p1    2    internal"),
        "the last picture stays:\n{picture}"
    );
    screen.type_in("echo code $?; stty -a | tr ';' '\\n' | grep -w echo | wc -l");
    screen.until(|picture| picture.contains("code 130\n1\n"));
}

#[test]
fn lines_of_text_and_rates_on_a_screen() {
    let sandbox = sandbox();
    let screen = Screen::start(&sandbox, 100, 24, "show br0 --watch");
    screen.until(|picture| picture.contains("LOCAL  br0"));
    vsctl!(sandbox, "set port p1 tag=33");
    let picture = screen.until(|picture| picture.contains("tag 33"));
    assert!(picture.contains("\n~       1  p1"), "{picture}");
    screen.tmux(&["send-keys", "C-c"]);
    let line = format!(
        "clear; '{}' dump-flows br0 --watch=0.3",
        common::binary().display()
    );
    screen.type_in(&line);
    let picture = screen.until(|picture| picture.contains("every 0.3 s"));
    assert!(picture.contains("\n  cookie=0x0, duration="), "{picture}");
    let packet = "eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02),eth_type(0x1234)";
    appctl!(sandbox, "netdev-dummy/receive br0 {packet}");
    let picture = screen.until(|picture| picture.contains("/s"));
    assert!(
        picture.contains("~ cookie=0x0, ") && picture.contains("n_packets=1 +"),
        "{picture}"
    );
    // SIGTERM ends it as decently.
    let line = "; echo code $?";
    screen.tmux(&["send-keys", "C-c"]);
    screen.type_in(&format!(
        "clear; timeout -s TERM 1 '{}' port stats --watch{line}",
        common::binary().display()
    ));
    screen.until(|picture| picture.contains("code 124"));
}

//! What `ovs save` could not read: recorded in the file, and said by the commands that need it and by no others.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use ovs::source::saved::{MissingCause, PartSource, Report};

use crate::common::{self, Ran, Sandbox};

struct Saved {
    _directory: tempfile::TempDir,
    path: PathBuf,
}

impl Saved {
    /// What is saved of a switch now.
    fn of(sandbox: &Sandbox, arguments: &[&str]) -> (Saved, Ran) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.tar");
        let mut ovs = sandbox.ovs(&["save", path.to_str().unwrap()]);
        let ran = ovs.args(arguments).run().exits(0);
        let saved = Saved {
            _directory: directory,
            path,
        };
        (saved, ran)
    }

    fn report(&self) -> Report {
        Report::open(&[self.path.display().to_string()]).unwrap()
    }

    /// `ovs --from FILE LINE`
    fn ovs(&self, line: &str) -> Ran {
        let mut words = vec!["--from".to_owned(), self.path.display().to_string()];
        words.extend(common::line::words(line));
        common::ovs(&words).run()
    }
}

fn signal(sandbox: &Sandbox, name: &str) {
    let pid = fs::read_to_string(sandbox.run_dir().join("ovs-vswitchd.pid")).unwrap();
    let done = Command::new("kill").args([name, pid.trim()]).status();
    assert!(done.unwrap().success());
}

const BRIDGES: &str = "add-br br0 -- set-controller br0 tcp:127.0.0.1:1 -- add-br br1 -- add-br br2 \
    -- set Bridge br1 fail_mode=secure -- add-port br1 p1 tag=5 -- set Interface p1 type=dummy";

fn findings(ran: &Ran) -> Vec<&str> {
    let lines = ran.stdout.lines();
    let words = lines.map(|line| line.split('\t').nth(1).unwrap_or_default());
    words
        .filter(|word| word.starts_with("vswitchd") || *word == "no-controller")
        .collect()
}

#[test]
fn a_daemon_that_is_down() {
    let sandbox = Sandbox::with(BRIDGES);
    sandbox.kill_vswitchd();
    let live = ovs!(sandbox, "check").run();
    let (saved, ran) = Saved::of(&sandbox, &[]);
    ran.says("not saved: \"br0\": ")
        .says("not saved: ovs-vswitchd: ");
    let report = saved.report();
    assert_eq!(report.remarks, [""; 0]);
    let causes: Vec<_> = report
        .missing
        .iter()
        .map(|missing| (missing.source, missing.name.as_str(), missing.cause))
        .collect();
    let switch = |name| (PartSource::Switch, name, MissingCause::NotListening);
    let control = (
        PartSource::Control,
        "ovs-vswitchd",
        MissingCause::NotListening,
    );
    assert_eq!(
        causes,
        [switch("br0"), switch("br1"), switch("br2"), control]
    );
    // As the live switch has it.
    let checked = saved.ovs("check");
    assert_eq!(findings(&checked), ["vswitchd-down"]);
    assert_eq!(findings(&checked), findings(&live));
    // What does not need the switch does not speak of it.
    saved.ovs("db get Bridge br0 name").exits(0).says_nothing();
    saved.ovs("port list").exits(0).says_nothing();
    saved
        .ovs("-v db get Bridge br0 name")
        .says("x.tar: not saved: \"br0\": ");
    saved.ovs("dump-flows br0").fails(
        3,
        "not in the report: flows of br0 (when it was saved: bridge \"br0\" is in the database, but",
    );
    saved.ovs("fdb list br1").fails(3, "(when it was saved: ");
}

#[test]
fn a_daemon_that_hangs() {
    let sandbox = Sandbox::with(BRIDGES);
    signal(&sandbox, "-STOP");
    let live = ovs!(sandbox, "check -t 1").run();
    let (saved, ran) = Saved::of(&sandbox, &["-t", "1"]);
    signal(&sandbox, "-CONT");
    for bridge in ["br0", "br1", "br2"] {
        let line = format!("ovs: not saved: \"{bridge}\": no reply within 1 s\n");
        assert!(ran.stderr.contains(&line), "{}", ran.stderr);
    }
    // The daemon and the command are named once.
    let line = "ovs: not saved: ovs-vswitchd: list-commands: no reply within 1 s\n";
    assert!(ran.stderr.contains(line), "{}", ran.stderr);
    let missing = saved.report().missing;
    assert_eq!(missing.len(), 4, "{missing:?}");
    assert!(
        missing
            .iter()
            .all(|missing| missing.cause == MissingCause::NoReply)
    );
    let checked = saved.ovs("check");
    assert_eq!(findings(&checked), ["vswitchd-silent"]);
    assert_eq!(findings(&checked), findings(&live));
    saved.ovs("dump-flows br2").fails(
        3,
        "not in the report: flows of br2 (when it was saved: no reply within 1 s)",
    );
    saved.ovs("appctl bond/show").fails(
        3,
        "not in the report: bond/show (when it was saved: no reply within 1 s)",
    );
}

/// The commands that need the name of a datapath where there are several.
#[test]
fn several_datapaths() {
    let sandbox = Sandbox::with("add-br br0 -- add-br br1 -- set bridge br1 datapath_type=dummy");
    let datapaths = sandbox.appctl(&["dpctl/dump-dps"]);
    assert_eq!(datapaths.lines().count(), 2, "{datapaths}");
    let (saved, ran) = Saved::of(&sandbox, &[]);
    ran.omits("not saved");
    let report = saved.report();
    assert_eq!(report.missing, []);
    for datapath in datapaths.lines() {
        let (_, name) = datapath.split_once('@').unwrap();
        let reply = &report.replies["ovs-vswitchd"][&format!("dpif-netdev/pmd-stats-show {name}")];
        let live = sandbox.appctl(&["dpif-netdev/pmd-stats-show", name]);
        assert_eq!(reply.lines().next(), live.lines().next());
    }
}

/// A bridge with the name of an endpoint is addressed by its own socket.
#[test]
fn a_bridge_that_looks_like_an_endpoint() {
    let sandbox = Sandbox::with("add-br tcp:1 -- set bridge tcp:1 datapath_type=dummy");
    let (saved, ran) = Saved::of(&sandbox, &[]);
    ran.omits("not saved");
    let live = ovs!(sandbox, "check").run();
    assert!(!live.stderr.contains("tcp:1"), "{}", live.stderr);
    assert!(saved.report().switches.contains_key("tcp:1"));
    ovs!(sandbox, "dump-flows --all").ok().shows("priority=0");
    let file = saved.path.display();
    ovs!(sandbox, "diff {file} now").ok().prints("");
}

/// What is wrong with the file itself is said by every command, with its name.
#[test]
fn a_file_that_is_cut_off() {
    let sandbox = Sandbox::with("add-br br0");
    let (saved, _) = Saved::of(&sandbox, &[]);
    let bytes = fs::read(&saved.path).unwrap();
    fs::write(&saved.path, &bytes[..bytes.len() / 2]).unwrap();
    let ran = saved.ovs("bridge list");
    let lines: Vec<&str> = ran.stderr.lines().collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("x.tar"), "{lines:?}");
}

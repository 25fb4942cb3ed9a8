//! Reports, databases and texts converted to a file of `ovs save`: what is read of both is the same.

use std::fs;
use std::path::{Path, PathBuf};

use ovs::source::saved::Report;

use crate::common::{self, Sandbox};
use crate::sos::sos_report;

fn open(path: &Path) -> Report {
    Report::open(&[path.display().to_string()]).unwrap()
}

/// `ovs --from PATH LINE`
fn from(path: &Path, line: &str) -> common::Ran {
    let mut words = vec!["--from".to_owned(), path.display().to_string()];
    words.extend(common::line::words(line));
    common::ovs(&words).run()
}

fn convert(path: &Path, directory: &tempfile::TempDir) -> PathBuf {
    let to = directory.path().join("converted.tar");
    let line = format!("save --force {}", to.display());
    from(path, &line)
        .exits(0)
        .omits("not saved")
        .omits("refused");
    to
}

/// What both have is equal.
fn same(one: &Report, other: &Report) {
    let parts = |report: &Report| {
        let switches = report.switches.iter();
        let switches = switches.map(|(bridge, switch)| {
            let parts = switch.parts.iter();
            // The header has a version that those made of text need not have.
            let parts = parts.map(|(part, messages)| {
                let bodies = messages.iter().map(|message| message[8..].to_vec());
                (*part, bodies.collect::<Vec<_>>())
            });
            (bridge.clone(), switch.version, parts.collect::<Vec<_>>())
        });
        switches.collect::<Vec<_>>()
    };
    assert_eq!(parts(one), parts(other));
    assert_eq!(one.replies, other.replies);
    assert_eq!(one.missing, other.missing);
    assert_eq!(one.left_out, other.left_out);
}

const LINES: [&str; 5] = [
    "show --json",
    "port list --json",
    "db list Interface --json",
    "db list Bridge --json",
    "dump-flows br0",
];

const UNKNOWN: &str = "unknown: not in the report: ";

fn reads_the_same(one: &Path, other: &Path) {
    for line in LINES {
        let (one, other) = (from(one, line), from(other, line));
        // A secret is masked in the source, and not known of a file in which it is left out.
        assert_eq!(
            one.stdout.replace("\"***\"", "null"),
            other.stdout,
            "{line}"
        );
        assert_eq!(
            one.code, other.code,
            "{line}: {} {}",
            one.stderr, other.stderr
        );
        let unknown = |text: &str| {
            let lines = text.lines().filter_map(|line| line.strip_prefix(UNKNOWN));
            let columns = lines.flat_map(|line| line.split(", "));
            let columns = columns.filter(|column| !column.ends_with(":psk"));
            columns.map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(unknown(&one.stderr), unknown(&other.stderr), "{line}");
    }
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with(
        "add-br br0 -- add-port br0 p1 tag=5 -- set interface p1 type=gre options:remote_ip=10.0.0.1 options:psk=swordfish \
         -- set open_vswitch . external_ids:hostname=node7",
    );
    ofctl!(sandbox, "add-flow br0 table=5,tcp,actions=drop");
    sandbox
}

#[test]
fn a_file_of_ovs_save() {
    let sandbox = sandbox();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("before.tar.zst");
    sandbox.kill_vswitchd();
    sandbox.start_vswitchd();
    // A bridge that is in the database only.
    vsctl!(
        sandbox,
        "--no-wait add-br br1 -- set bridge br1 datapath_type=nonexistent"
    );
    ovs!(sandbox, "save {}", path.display()).exits(0);
    let before = open(&path);
    let converted = convert(&path, &directory);
    let after = open(&converted);
    same(&before, &after);
    assert!(!before.missing.is_empty());
    assert_eq!(before.left_out, ["Interface p1 options:psk"]);
    assert_eq!((&before.host, &before.time), (&after.host, &after.time));
    assert_eq!(before.host.as_deref(), Some("node7"));
    assert_eq!(
        before.network.unwrap().fib_trie,
        after.network.unwrap().fib_trie
    );
    reads_the_same(&path, &converted);
    // Without a name: that of the host, at the time when it was saved.
    let time = before.time.unwrap().replace(['-', ':'], "");
    let time = time.split_once('.').unwrap().0;
    let mut ovs = common::ovs(&["--from", "before.tar.zst", "save"]);
    ovs.current_dir(directory.path()).exits(0);
    let name = format!("ovs-node7-{time}Z.tar.zst");
    assert!(directory.path().join(&name).exists(), "{name}");
}

#[test]
fn a_report_of_sos() {
    let sandbox = sandbox();
    let directory = tempfile::tempdir().unwrap();
    let tree = sos_report(&sandbox, &["OpenFlow13"]);
    let converted = convert(&tree.path(), &directory);
    let (before, after) = (open(&tree.path()), open(&converted));
    assert!(!before.switches.is_empty() && !before.replies.is_empty());
    assert_eq!(before.replies, after.replies);
    assert_eq!(after.left_out, ["Interface p1 options:psk"]);
    assert_eq!(after.time, None);
    assert!(!String::from_utf8_lossy(&fs::read(&converted).unwrap()).contains("swordfish"));
    reads_the_same(&tree.path(), &converted);
}

/// A database without switches: nothing is asked, and nothing is invented.
#[test]
fn databases() {
    let sandbox = sandbox();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("conf.db");
    fs::copy(sandbox.run_dir().join("conf.db"), &file).unwrap();
    // As a table, without a schema.
    let dump = directory.path().join("dump.txt");
    fs::write(&dump, sandbox.ovsdb_client(&["dump", "Open_vSwitch"])).unwrap();
    for path in [file, dump] {
        let converted = convert(&path, &directory);
        let report = open(&converted);
        assert!(report.switches.is_empty() && report.replies.is_empty());
        assert_eq!(report.remarks, [""; 0]);
        reads_the_same(&path, &converted);
    }
}

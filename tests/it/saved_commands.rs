//! Every command that reads, of a saved host: it answers as of the live one, or says that it does not know.
//!
//! What is not known is listed in `fixtures/saved`, a file per source; `UPDATE_GOLDEN=1` writes them anew. A value that
//! is another than the live one is an error, whatever these files say.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::common::openflow::VERSIONS;
use crate::common::{Ran, Sandbox, same_as_file};
use crate::snapshots::cases::{CASES, Case, Scene};
use crate::sos::sos_report;

/// The words of what was not saved.
const UNKNOWN: &str = "unknown: not in the report: ";

/// Cases of what changes with every look.
const MOMENTARY: [&str; 1] = ["datapath show"];

/// The commands of a scene that read.
fn reading(scene: Scene) -> impl Iterator<Item = &'static Case> {
    let of_scene = CASES.iter().filter(move |case| case.scene == scene);
    of_scene.filter(|case| {
        !case.line.contains("--dry-run")
            && !case.line.starts_with("decode")
            && !MOMENTARY.iter().any(|line| case.line.starts_with(line))
    })
}

#[test]
fn from_a_database_file() {
    let sandbox = Scene::Node.sandbox();
    let file = sandbox.run_dir().join("conf.db");
    let copy = tempfile::NamedTempFile::new().unwrap();
    fs::copy(file, copy.path()).unwrap();
    compare(&sandbox, Scene::Node, &[copy.path()], "conf.db");
}

#[test]
fn from_a_saved_host() {
    from_ovs_save(Scene::Node);
}

#[test]
fn from_a_saved_host_with_odd_names() {
    from_ovs_save(Scene::Odd);
}

fn from_ovs_save(scene: Scene) {
    let sandbox = scene.sandbox();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("host.tar.zst");
    ovs!(sandbox, "save {}", file.display()).ok();
    compare(&sandbox, scene, &[&file], &format!("save-{}", scene.name()));
}

/// The database, and what the real tools print of each bridge.
#[test]
fn from_a_database_file_and_texts() {
    let sandbox = Scene::Node.sandbox();
    let dir = tempfile::tempdir().unwrap();
    let database = dir.path().join("conf.db");
    fs::copy(sandbox.run_dir().join("conf.db"), &database).unwrap();
    let mut from = vec![database];
    for bridge in vsctl!(sandbox, "list-br").lines() {
        let commands = [
            "dump-flows",
            "dump-groups",
            "dump-group-stats",
            "show",
            "dump-ports",
        ];
        let files = commands.map(|command| {
            let file = dir.path().join(format!("{bridge}-{command}"));
            let text = ofctl!(sandbox, "-O OpenFlow15 {command} {bridge}");
            fs::write(&file, text).unwrap();
            file.to_str().unwrap().to_owned()
        });
        from.push(format!("{bridge}={}", files.join(",")).into());
    }
    let from: Vec<&Path> = from.iter().map(PathBuf::as_path).collect();
    compare(&sandbox, Scene::Node, &from, "texts");
}

#[test]
fn from_a_report_of_sos() {
    let sandbox = Scene::Node.sandbox();
    let tree = sos_report(&sandbox, &VERSIONS);
    compare(&sandbox, Scene::Node, &[&tree.path()], "sos");
}

/// Every column is in it, but no schema.
#[test]
fn from_a_dump_of_the_database() {
    let sandbox = Scene::Node.sandbox();
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), sandbox.ovsdb_client(&["dump"])).unwrap();
    compare(&sandbox, Scene::Node, &[file.path()], "dump");
}

/// What a bridge or port is configured to be is not in it.
#[test]
fn from_dumps_of_names_and_numbers() {
    let tables = [
        ("Open_vSwitch", "_uuid bridges db_version"),
        ("Bridge", "_uuid name ports"),
        ("Port", "_uuid name interfaces"),
        ("Interface", "_uuid name ofport"),
    ];
    from_dumps(&tables, &[], "dump-names");
}

/// Where frames go is not in it.
#[test]
fn from_dumps_without_tags_and_options() {
    let tables = [
        ("Port", "_uuid name interfaces fake_bridge"),
        (
            "Interface",
            "_uuid name ofport type mac_in_use external_ids",
        ),
    ];
    let whole = [
        "Open_vSwitch",
        "Bridge",
        "Controller",
        "Manager",
        "Mirror",
        "QoS",
        "Queue",
        "SSL",
        "sFlow",
        "NetFlow",
        "IPFIX",
        "Flow_Table",
    ];
    from_dumps(&tables, &whole, "dump-untagged");
}

/// What the structure of a switch does not follow from is not in it.
#[test]
fn from_dumps_of_three_tables() {
    from_dumps(&[], &["Bridge", "Port", "Interface"], "dump-three");
}

/// Dumps of some columns of tables, and of whole ones.
fn from_dumps(tables: &[(&str, &str)], whole: &[&str], list: &str) {
    let sandbox = Scene::Node.sandbox();
    let dir = tempfile::tempdir().unwrap();
    let tables = tables.iter().copied();
    let files = tables
        .chain(whole.iter().map(|table| (*table, "")))
        .map(|(table, columns)| {
            let file = dir.path().join(table);
            let words = ["dump", "Open_vSwitch", table];
            let words: Vec<&str> = words
                .into_iter()
                .chain(columns.split_whitespace())
                .collect();
            fs::write(&file, sandbox.ovsdb_client(&words)).unwrap();
            file
        });
    let files: Vec<PathBuf> = files.collect();
    let from: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    compare(&sandbox, Scene::Node, &from, list);
}

/// Runs every command on the sandbox and on what was saved of it, and lists what is not known.
fn compare(sandbox: &Sandbox, scene: Scene, from: &[&Path], list: &str) {
    let mut lines = String::new();
    let mut wrong = Vec::new();
    for case in reading(scene) {
        let words = shell_words::split(case.line).unwrap();
        let live = |output: &str| sandbox.ovs(&words).args(["-o", output]).run();
        let saved = |output: &str| {
            let mut ovs = crate::common::ovs(&words);
            // Nothing of a live host is reached.
            ovs.env("OVS_RUNDIR", "/nonexistent")
                .env("OVS_DB", "unix:/nonexistent/db.sock");
            for path in from {
                ovs.arg("--from").arg(path);
            }
            let mut ran = ovs.args(["-o", output]).run();
            ran.stdout = without_way(&ran.stdout, from);
            ran
        };
        // Of what is not known nothing is found.
        let (of_json, of_text): (Same, Same) = match case.line.split(' ').next() {
            Some("check") => (part_of_json, part_of_text),
            _ => (same_json, same_text),
        };
        // Its JSON has more than its lines.
        let is_document = case.line.starts_with("show");
        let json = difference(&live("json"), &saved("json"), of_json);
        let text = difference(&live("text"), &saved("text"), of_text);
        match (json, text) {
            (Ok(json), Ok(text)) if json.is_empty() == text.is_empty() || is_document => {
                let json = if json.is_empty() { "as live" } else { &json };
                let _ = writeln!(lines, "{}: {json}", case.line);
            }
            (json, text) => wrong.push(format!("{}: {json:?} | {text:?}", case.line)),
        }
    }
    assert!(
        wrong.is_empty(),
        "{}\n\nthe others:\n{lines}",
        wrong.join("\n\n")
    );
    same_as_file(&format!("fixtures/saved/{list}.txt"), &lines);
}

/// The hints of `check` without the options that lead to the host.
fn without_way(text: &str, from: &[&Path]) -> String {
    let mut text = text.replace("`ovs --host HOST ", "`ovs ");
    for path in from {
        let path = path.to_str().unwrap();
        text = text.replace(&format!("--from {} ", shell_words::quote(path)), "");
    }
    text
}

/// What is not known of the answer of a saved host, in words; empty if it is as live. An error if something is another
/// value, or is not said to be unknown.
fn difference(live: &Ran, saved: &Ran, same: Same) -> Result<String, String> {
    let told = saved
        .stderr
        .lines()
        .filter_map(|line| line.split_once(UNKNOWN));
    let told: BTreeSet<&str> = told.map(|(_, what)| what).collect();
    let told = told.into_iter().collect::<Vec<_>>().join("; ");
    let silent = |what: String| Err(format!("{what}, and it does not say so: {saved:?}"));
    // The findings that there are come with exit code 3.
    let is_check = saved.line.contains("ovs check");
    let is_in_part = is_check && !saved.stdout.is_empty();
    if saved.code == 3 && live.code != 3 && !is_in_part {
        return match (told.is_empty(), saved.stdout.is_empty()) {
            (true, _) => silent("it has no answer".to_owned()),
            (false, true) => Ok(format!("unknown: {told}")),
            (false, false) => Ok(format!("in part; unknown: {told}")),
        };
    }
    let mut unknown = BTreeSet::new();
    let shown = without_hosts(&saved.stdout);
    same(&timeless(&live.stdout), &timeless(&shown), &mut unknown)
        .map_err(|error| format!("{error}\n{live:?}\n{saved:?}"))?;
    if !unknown.is_empty() && told.is_empty() {
        return silent(format!("{unknown:?} is not known"));
    }
    if told.is_empty() && saved.code != live.code {
        return Err(format!("another exit code: {live:?} {saved:?}"));
    }
    if told.is_empty() {
        return Ok(String::new());
    }
    let values: Vec<String> = unknown.into_iter().collect();
    Ok(format!(
        "as live but for [{}]; it says: {told}",
        values.join(" ")
    ))
}

/// Compares what was printed of the live and the saved host. The names of the values that are not known are added.
type Same = fn(&str, &str, &mut BTreeSet<String>) -> Result<(), String>;

/// Whether all elements of a document are in the other.
fn part_of_json(live: &str, saved: &str, _: &mut BTreeSet<String>) -> Result<(), String> {
    let read =
        |text: &str| serde_json::from_str::<Vec<Value>>(text).map_err(|error| error.to_string());
    let (live, saved) = (read(live)?, read(saved)?);
    match saved.iter().find(|element| !live.contains(element)) {
        Some(element) => Err(format!("{element} is not among {live:?}")),
        None => Ok(()),
    }
}

/// Whether all lines of a text are in the other.
fn part_of_text(live: &str, saved: &str, _: &mut BTreeSet<String>) -> Result<(), String> {
    let live: Vec<&str> = live.lines().collect();
    match saved.lines().find(|line| !live.contains(line)) {
        Some(line) => Err(format!("{line} is not among {live:?}")),
        None => Ok(()),
    }
}

/// Whether two JSON documents are the same, where a value that is not known is `null`; its keys are added to `unknown`.
fn same_json(live: &str, saved: &str, unknown: &mut BTreeSet<String>) -> Result<(), String> {
    if live == saved {
        return Ok(());
    }
    let read = |text: &str| {
        serde_json::from_str::<Value>(text).map_err(|error| format!("{error}: {text}"))
    };
    same_value("", &read(live)?, &read(saved)?, unknown)
}

fn same_value(
    key: &str,
    live: &Value,
    saved: &Value,
    unknown: &mut BTreeSet<String>,
) -> Result<(), String> {
    match (live, saved) {
        (live, saved) if live == saved => Ok(()),
        (_, Value::Null) => {
            unknown.insert(key.to_owned());
            Ok(())
        }
        (Value::Array(live), Value::Array(saved)) if live.len() == saved.len() => {
            let mut pairs = live.iter().zip(saved);
            pairs.try_for_each(|(live, saved)| same_value(key, live, saved, unknown))
        }
        (Value::Object(live), Value::Object(saved)) if live.keys().eq(saved.keys()) => {
            let mut pairs = live.iter().zip(saved.values());
            pairs.try_for_each(|((key, live), saved)| same_value(key, live, saved, unknown))
        }
        _ => Err(format!("{key}: {live} is {saved}")),
    }
}

/// The same of lines of cells between tabs, where a value that is not known is `unknown`.
fn same_text(live: &str, saved: &str, unknown: &mut BTreeSet<String>) -> Result<(), String> {
    let (live, saved): (Vec<&str>, Vec<&str>) = (live.lines().collect(), saved.lines().collect());
    if live.len() != saved.len() {
        return Err(format!("{} lines are {}", live.len(), saved.len()));
    }
    for (live, saved) in live.iter().zip(saved) {
        let (live, saved): (Vec<&str>, Vec<&str>) =
            (live.split('\t').collect(), saved.split('\t').collect());
        if live.len() != saved.len() {
            return Err(format!("{live:?} is {saved:?}"));
        }
        for (live, saved) in live.iter().zip(saved) {
            if *live != saved && !saved.contains("unknown") {
                return Err(format!("{live} is {saved}"));
            }
            if *live != saved {
                unknown.insert("a cell".to_owned());
            }
        }
    }
    Ok(())
}

/// Without the options by which commands in hints name a saved host, and the one where it was saved.
fn without_hosts(text: &str) -> String {
    const COMMAND: &str = "`ovs ";
    let mut parts = text.split(COMMAND);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let option = ["--from ", "--host "].iter();
        let mut named = option.filter_map(|option| part.strip_prefix(option));
        let rest = named.next().and_then(|named| named.split_once(' '));
        out.push_str(COMMAND);
        out.push_str(rest.map_or(part, |(_, rest)| rest));
    }
    out
}

/// Without the time that has passed.
pub(crate) fn timeless(text: &str) -> String {
    const KEYS: [&str; 5] = ["duration=", "duration:", "duration\":", "age=", "age\":"];
    let mut out = String::new();
    let mut rest = text;
    while let Some((at, key)) = KEYS
        .iter()
        .filter_map(|key| Some((rest.find(key)?, *key)))
        .min()
    {
        let (before, behind) = rest.split_at(at + key.len());
        out.push_str(before);
        rest = behind.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    }
    out.push_str(rest);
    out
}

#[test]
fn a_saved_host_is_not_changed() {
    let sandbox = Sandbox::with("add-br br0");
    // A copy: the daemons still write to their own.
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("conf.db");
    fs::copy(sandbox.run_dir().join("conf.db"), &file).unwrap();
    let file = file.to_str().unwrap();
    let before = fs::read(file).unwrap();
    for line in [
        "bridge add br1",
        "port add br0 p1 --dry-run",
        "db set Bridge br0 fail_mode=secure",
        "batch /dev/null",
        "flow add br0 actions=drop",
        "flow replace br0 /dev/null",
        "group add br0 group_id=1,type=all",
        "meter del br0 --all",
        "table set br0 0 --name x",
        "packet-out br0 --in-port LOCAL --actions drop arp",
    ] {
        ovs!("{line} --from {file}").fails(2, "a saved host is not changed");
    }
    ovs!("show --from {file} --watch").fails(2, "--watch");
    ovs!("show --from {file} --ctl x").fails(2, "--ctl");
    ovs!("--db unix:/x show --from {file}").fails(2, "--from and --db contradict each other");
    ovs!("show --from {file}")
        .env("OVS_DB", "unix:/nonexistent")
        .ok();
    assert_eq!(fs::read(file).unwrap(), before);
}

#[test]
fn what_is_no_saved_host_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let no_database = path("no\u{1b}database");
    fs::write(&no_database, "a text").unwrap();
    crate::common::ovs(&["show", "--from", &path("missing")]).fails(3, "No such file");
    let refused = crate::common::ovs(&["show", "--from", &no_database]).run();
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(!refused.stderr.contains('\u{1b}'), "{refused:?}");
}

#[test]
fn values_that_are_not_known_are_unknown() {
    let sandbox =
        Sandbox::with("add-br br0 -- add-port br0 p1 -- set-controller br0 tcp:127.0.0.1:1");
    let file = sandbox.run_dir().join("conf.db");
    let file = file.to_str().unwrap();
    let shown = ovs!("port show p1 --from {file} --columns port,link_state,mtu,tag").run();
    assert_eq!(
        (shown.stdout.as_str(), shown.code),
        ("p1\tunknown\tunknown\t-\n", 0)
    );
    let remark = "unknown: not in the report: Interface.link_state, Interface.mtu\n";
    assert_eq!(shown.stderr, remark);
    ovs!("port show p1 --from {file} -g mtu").prints("unknown\n");
    ovs!("port show p1 --from {file} --columns port,ofport -q").prints("p1\t1\n");
    let listed = ovs!("db list Interface p1 --from {file} --columns name,mtu").json();
    assert_eq!(listed, serde_json::json!([{"name": "p1", "mtu": null}]));
    ovs!("db find Interface mtu=1500 --from {file}")
        .fails(3, "unknown: not in the report: Interface.mtu");
    let tree = ovs!("show --from {file} -o table").run();
    assert!(
        tree.stdout.contains("controller tcp:127.0.0.1:1  unknown"),
        "{tree:?}"
    );
    assert!(tree.stdout.contains("id unknown"), "{tree:?}");
    assert!(tree.stderr.contains("Controller.is_connected"), "{tree:?}");
    ovs!("dump-flows br0 --from {file}").fails(3, "unknown: not in the report: flows of br0");
    ovs!("dump-flows br1 --from {file}").fails(3, "bridge \"br1\" not found");
    ovs!("fdb list br0 --from {file}").fails(3, "unknown: not in the report: fdb/show br0");
    let checked = ovs!("check --from {file}").run();
    assert!(
        checked
            .stderr
            .contains("not looked for: datapath-id-twice, no-controller"),
        "{checked:?}"
    );
    assert!(!checked.stdout.contains("controller"), "{checked:?}");
}

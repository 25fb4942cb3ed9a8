//! `ovs save` of real daemons: what is in the file is what the real tools read of the host, and it is read back whole.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use ovs::sandbox::Neutron;
use ovs::source::saved::archive::Archive;
use ovs::source::saved::{Part, Report, snapshot};
use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::common::server::until;
use crate::common::sshd::kill;
use crate::common::{Ran, Sandbox, as_nobody};

fn save(sandbox: &Sandbox, directory: &TempDir, arguments: &[&str]) -> Ran {
    let mut ovs = sandbox.ovs(&["save"]);
    ovs.args(arguments).current_dir(directory.path());
    ovs.run()
}

fn read(path: &Path) -> Report {
    let mut archive = Archive::open(path).unwrap();
    snapshot::read(&mut archive)
        .unwrap()
        .expect("ovs save made it")
}

/// All bytes of all files in it.
fn unpacked(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut archive = Archive::open(path).unwrap();
    archive
        .entries(|_, contents| contents.read_to_end(&mut bytes).map(drop))
        .unwrap();
    bytes
}

/// Flows without what goes on: the lines of the real ovs-ofctl.
fn flows(text: &str) -> BTreeSet<String> {
    let lines = text.lines().filter(|line| line.contains("actions="));
    let without = |line: &str| {
        let words = line.trim().split(", ");
        let words =
            words.filter(|word| !word.starts_with("duration=") && !word.starts_with("idle_age="));
        let words = words.map(|word| word.split(" idle_age=").next().unwrap());
        words.collect::<Vec<_>>().join(", ")
    };
    lines.map(without).collect()
}

/// A signal that ends it in mid-file leaves no file.
#[test]
fn a_signal_leaves_no_file() {
    let sandbox = Sandbox::with("add-br br0 -- set bridge br0 datapath_type=dummy");
    let pid = fs::read_to_string(sandbox.run_dir().join("ovs-vswitchd.pid")).unwrap();
    let vswitchd: u32 = pid.trim().parse().unwrap();
    kill(vswitchd, Signal::STOP);
    let directory = TempDir::new().unwrap();
    let files = || {
        let entries = fs::read_dir(directory.path()).unwrap().flatten();
        entries.map(|entry| entry.file_name()).collect::<Vec<_>>()
    };
    // Also of a file that is to be replaced: it stays.
    let old = directory.path().join("host.tar");
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let before = files();
        // Where the tests run in the background of a shell, they ignore SIGINT.
        let save = sandbox
            .ovs(&["save", "-t", "0", "--force", "host.tar"])
            .command();
        let mut child = Command::new("env")
            .arg("--default-signal=INT,TERM,HUP")
            .arg(save.get_program())
            .args(save.get_args())
            .env("OVS_RUNDIR", sandbox.run_dir())
            .current_dir(directory.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // ovs-vswitchd does not reply, and the file is begun.
        until("the file is begun", || files().len() > before.len());
        kill(child.id(), signal);
        assert_eq!(child.wait().unwrap().signal(), Some(signal.as_raw()));
        assert_eq!(files(), before, "{signal:?}");
        fs::write(&old, "old").unwrap();
    }
    kill(vswitchd, Signal::CONT);
    assert_eq!(fs::read_to_string(&old).unwrap(), "old");
    save(&sandbox, &directory, &["--force", "host.tar"]).exits(0);
    assert_eq!(files(), ["host.tar"]);
    assert!(read(&old).database.is_some());
}

#[test]
fn flows_and_ports_are_the_messages_of_the_switch() {
    let sandbox = Sandbox::neutron(Neutron::Notes);
    ofctl!(
        sandbox,
        "-O OpenFlow15 add-group br-int group_id=7,type=all,bucket=output:1"
    );
    ofctl!(
        sandbox,
        "-O OpenFlow15 add-tlv-map br-int {{class=0xffff,type=1,len=4}}->tun_metadata0"
    );
    let directory = tempfile::tempdir().unwrap();
    save(&sandbox, &directory, &["x.tar.zst"]).exits(0);
    let report = read(&directory.path().join("x.tar.zst"));
    assert_eq!(report.remarks, [""; 0]);
    assert_eq!(report.missing, []);
    let bridges = vsctl!(sandbox, "list-br");
    let saved: Vec<&str> = report.switches.keys().map(String::as_str).collect();
    assert_eq!(saved, bridges.lines().collect::<Vec<_>>());
    for (bridge, switch) in &report.switches {
        assert_eq!(switch.version.to_string(), "OpenFlow15");
        assert_eq!(switch.parts.len(), Part::ALL.len(), "{bridge}");
        // The real ovs-ofctl prints the messages.
        let file = directory.path().join("messages");
        for (part, command) in [
            (Part::Flows, "dump-flows"),
            (Part::Groups, "dump-groups"),
            (Part::Ports, "dump-ports-desc"),
            (Part::TlvMap, "dump-tlv-map"),
        ] {
            fs::write(&file, switch.parts[&part].concat()).unwrap();
            let printed = ofctl!(sandbox, "ofp-parse {}", file.display());
            let live = ofctl!(sandbox, "-O OpenFlow15 {command} {bridge}");
            if part == Part::Flows {
                assert_eq!(flows(&printed), flows(&live), "{bridge}");
                continue;
            }
            // The first line has the transaction id.
            let lines = |text: &str| text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
            let is_empty = switch.parts[&part].is_empty();
            assert!(
                is_empty || lines(&printed) == lines(&live),
                "{bridge} {command}: {printed} {live}"
            );
            assert!(
                !is_empty || lines(&live).is_empty(),
                "{bridge} {command}: {live}"
            );
        }
    }
    assert!(!report.switches["br-int"].parts[&Part::Groups].is_empty());
}

#[test]
fn the_database_is_one_that_the_real_tools_read() {
    let sandbox = Sandbox::neutron(Neutron::Notes);
    let directory = tempfile::tempdir().unwrap();
    save(&sandbox, &directory, &["x.tar"]).exits(0);
    let path = directory.path().join("x.tar");
    let mut archive = Archive::open(&path).unwrap();
    archive.entries(|_, _| Ok(())).unwrap();
    let name = archive
        .index()
        .files()
        .find(|path| path.ends_with("Open_vSwitch.db"))
        .unwrap()
        .to_owned();
    let database = directory.path().join("conf.db");
    fs::write(&database, archive.read(&name).unwrap().unwrap()).unwrap();
    let query = |table: &str, columns: &[&str]| {
        json!(["Open_vSwitch", {"op": "select", "table": table, "where": [], "columns": columns}])
            .to_string()
    };
    let rows = |text: &str| {
        let replies: Value = serde_json::from_str(text).unwrap();
        let rows = replies[0]["rows"].as_array().unwrap().iter();
        rows.map(Value::to_string).collect::<BTreeSet<_>>()
    };
    for (table, columns) in [
        (
            "Interface",
            &[
                "_uuid",
                "name",
                "ofport",
                "type",
                "options",
                "mtu",
                "link_state",
                "admin_state",
            ][..],
        ),
        (
            "Port",
            &["_uuid", "name", "tag", "other_config", "interfaces"],
        ),
        ("Bridge", &["_uuid", "name", "datapath_id", "ports"]),
        (
            "Open_vSwitch",
            &["_uuid", "ovs_version", "cur_cfg", "bridges"],
        ),
    ] {
        let query = query(table, columns);
        let output = Command::new("ovsdb-tool")
            .arg("query")
            .arg(&database)
            .arg(&query)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        let saved = rows(&String::from_utf8(output.stdout).unwrap());
        assert_eq!(
            saved,
            rows(&sandbox.ovsdb_client(&["query", &query])),
            "{table}"
        );
        assert!(!saved.is_empty());
    }
    let report = read(&path);
    let interfaces = &report.database.unwrap().tables["Interface"];
    // The columns that only a running server has.
    assert!(
        interfaces
            .values()
            .all(|row| row.get("statistics").is_some() && row.get("mtu").is_some())
    );
}

#[test]
fn the_control_sockets_reply_under_the_command() {
    let sandbox = Sandbox::neutron(Neutron::Notes);
    sandbox.appctl(&["fdb/add", "br-int", "int-br-ex", "1", "fa:16:3e:00:00:01"]);
    let directory = tempfile::tempdir().unwrap();
    save(&sandbox, &directory, &["x.tar.zst"]).exits(0);
    let report = read(&directory.path().join("x.tar.zst"));
    let replies = &report.replies["ovs-vswitchd"];
    for command in [
        &["fdb/show", "br-int"][..],
        &["dpif/show"],
        &["ovs/route/show"],
        &["dpctl/show", "system@ovs-system"],
        &["list-commands"],
        &["version"],
    ] {
        let live = sandbox.appctl(command);
        let saved = &replies[&command.join(" ")];
        // Ages and counters go on.
        let words = |text: &str| {
            let lines = text
                .lines()
                .filter(|line| !line.contains("lookups") && !line.contains("hit"));
            lines
                .map(|line| {
                    line.rsplit_once(' ')
                        .map_or(line, |(line, _)| line)
                        .to_owned()
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(words(saved), words(&live), "{command:?}");
    }
    assert!(replies["fdb/show br-int"].contains("fa:16:3e:00:00:01"));
    assert!(report.replies["ovsdb-server"].contains_key("version"));
    assert!(report.network.unwrap().fib_trie.contains("127.0.0.1"));
    let namespaces = report.namespaces.unwrap();
    assert!(namespaces.links[0].1.iter().any(|link| link.name == "lo"));
}

#[test]
fn secrets_are_left_out() {
    let sandbox = Sandbox::with(
        "add-br br0 -- add-port br0 t1 -- set interface t1 type=gre options:remote_ip=10.0.0.1 options:psk=swordfish \
         -- set bridge br0 other_config:admin-password=swordfish external_ids:api_token=swordfish external_ids:a=b",
    );
    let directory = tempfile::tempdir().unwrap();
    save(&sandbox, &directory, &["x.tar.zst"]).exits(0);
    let path = directory.path().join("x.tar.zst");
    let bytes = unpacked(&path);
    let has = |text: &str| {
        bytes
            .windows(text.len())
            .any(|window| window == text.as_bytes())
    };
    assert!(has("10.0.0.1"), "the rest is there");
    assert!(!has("swordfish"));
    let remarks = read(&path).left_out.join("\n");
    for left_out in [
        "Interface t1 options:psk",
        "Bridge br0 other_config:admin-password",
        "Bridge br0 external_ids:api_token",
    ] {
        assert!(remarks.contains(left_out), "{left_out}: {remarks}");
    }
}

#[test]
fn a_file_is_complete_or_is_not_there() {
    let sandbox = Sandbox::with("add-br br0");
    let directory = tempfile::tempdir().unwrap();
    let files = || {
        let entries = fs::read_dir(directory.path()).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect::<Vec<_>>()
    };
    save(&sandbox, &directory, &[]).exits(0);
    let names = files();
    let [name] = names.as_slice() else {
        panic!("{names:?}");
    };
    assert!(
        name.starts_with("ovs-") && name.ends_with("Z.tar.zst"),
        "{name}"
    );
    let path = directory.path().join(name);
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(read(&path).switches.contains_key("br0"));
    fs::write(&path, "precious").unwrap();
    save(&sandbox, &directory, &[name])
        .fails(1, "exists")
        .says("--force replaces it");
    assert_eq!(fs::read(&path).unwrap(), b"precious");
    save(&sandbox, &directory, &[name, "--force"]).exits(0);
    assert!(read(&path).switches.contains_key("br0"));
    save(&sandbox, &directory, &["none/x"]).fails(1, "\"none/x\" cannot be written: No such file");
    save(&sandbox, &directory, &["."]).fails(1, "is a directory");
    assert_eq!(files(), [name.as_str()]);
}

#[test]
fn packings_and_stdout() {
    let sandbox = Sandbox::with("add-br br0");
    let directory = tempfile::tempdir().unwrap();
    let stdout = sandbox.ovs(&["save", "-"]).output().unwrap();
    assert!(stdout.status.success());
    fs::write(directory.path().join("stdout"), &stdout.stdout).unwrap();
    for (name, magic) in [
        ("x.tar", &b"ovs-"[..]),
        ("x.tar.gz", &[0x1f, 0x8b]),
        ("x.tgz", &[0x1f, 0x8b]),
        ("x", &[0x28, 0xb5, 0x2f, 0xfd]),
        ("stdout", &[0x28, 0xb5, 0x2f, 0xfd]),
    ] {
        if name != "stdout" {
            save(&sandbox, &directory, &[name]).exits(0);
        }
        let path = directory.path().join(name);
        assert!(fs::read(&path).unwrap().starts_with(magic), "{name}");
        assert!(read(&path).switches.contains_key("br0"), "{name}");
    }
    sandbox
        .ovs(&["save", "-"])
        .on_terminal(80)
        .fails(2, "not written to a terminal");
    ovs!(sandbox, "save - --json").fails(2, "the saved host is written to stdout");
    // The directory that it is unpacked to.
    let unpacked = tempfile::tempdir().unwrap();
    let tar = Command::new("tar")
        .arg("-xf")
        .arg(directory.path().join("x.tar"))
        .current_dir(&unpacked)
        .status();
    assert!(tar.unwrap().success());
    assert!(read(unpacked.path()).switches.contains_key("br0"));
}

#[test]
fn what_was_saved_is_listed() {
    let sandbox = Sandbox::with("add-br br0");
    let directory = tempfile::tempdir().unwrap();
    let rows = save(&sandbox, &directory, &["x", "--json"]).exits(0).json();
    let row = |source: &str, part: &str| {
        let rows = rows.as_array().unwrap();
        rows.iter()
            .find(|row| row["source"] == source && row["part"] == part)
            .cloned()
            .unwrap()
    };
    let flows = row("switch", "flows");
    assert_eq!(
        (&flows["name"], &flows["version"], &flows["count"]),
        (&json!("br0"), &json!("OpenFlow15"), &json!(1))
    );
    let report = read(&directory.path().join("x"));
    let saved = report.switches["br0"].parts[&Part::Flows].concat().len();
    assert_eq!(flows["bytes"], json!(saved));
    assert_eq!(row("control", "replies")["name"], "ovs-vswitchd");
}

#[test]
fn the_version_is_the_highest_of_both_sides() {
    let sandbox = Sandbox::with("add-br br0 -- set bridge br0 protocols=OpenFlow10,OpenFlow13");
    let directory = tempfile::tempdir().unwrap();
    let version = |arguments: &[&str]| {
        save(&sandbox, &directory, arguments).exits(0);
        let switch = &read(&directory.path().join("x")).switches["br0"];
        (switch.version.to_string(), switch.parts.len())
    };
    // OpenFlow 1.3 has no descriptions of tables, OpenFlow 1.0 also no meters and features of tables.
    assert_eq!(version(&["x"]), ("OpenFlow13".to_owned(), 11));
    assert_eq!(
        version(&["x", "--force", "-O", "OpenFlow10"]),
        ("OpenFlow10".to_owned(), 8)
    );
}

#[test]
fn what_does_not_answer_is_said_and_the_rest_is_saved() {
    let sandbox = Sandbox::with("add-br br0");
    sandbox.kill_vswitchd();
    let directory = tempfile::tempdir().unwrap();
    let ran = save(&sandbox, &directory, &["x"]).exits(0);
    let ran = ran
        .says("not saved: \"br0\": ")
        .says("not saved: ovs-vswitchd: ");
    let report = read(&directory.path().join("x"));
    assert!(report.switches.is_empty());
    assert!(report.database.unwrap().tables["Bridge"].len() == 1);
    assert_eq!(report.missing.len(), 2, "{:?}", report.missing);
    drop(ran);
    // Without its database ovs-vswitchd serves its control socket, but no bridge.
    sandbox.start_vswitchd();
    sandbox.kill_ovsdb();
    let ran = save(&sandbox, &directory, &["y", "-t", "1"]).exits(0);
    ran.says("not saved: the database: ")
        .says("not saved: \"br0\": no reply within 1 s");
    let report = read(&directory.path().join("y"));
    assert!(report.database.is_none());
    assert!(report.replies["ovs-vswitchd"].contains_key("version"));
    sandbox.kill_vswitchd();
    save(&sandbox, &directory, &["z"]).fails(4, "nothing was saved: ");
    assert!(!directory.path().join("z").exists());
}

#[test]
fn without_permission_nothing_is_saved() {
    let sandbox = Sandbox::with("add-br br0");
    let directory = tempfile::tempdir().unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let path = directory.path().join("x");
    let command = sandbox.ovs(&["save", path.to_str().unwrap()]).command();
    let Some(mut nobody) = as_nobody(&command, directory.path()) else {
        return;
    };
    let output = nobody.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("ermission denied"), "{stderr}");
}

/// A saved host that was cut or changed: what is read of it is what was saved, or it is an error or a remark.
#[test]
fn damaged_files_are_not_taken_for_others() {
    let sandbox = Sandbox::with("add-br br0");
    ofctl!(sandbox, "add-flow br0 table=5,tcp,actions=drop");
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("damaged");
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    for name in ["x.tar", "x.tar.gz", "x.tar.zst"] {
        save(&sandbox, &directory, &[name]).exits(0);
        let bytes = fs::read(directory.path().join(name)).unwrap();
        let whole = read(&directory.path().join(name));
        let check = |report: &Report, at: usize| {
            for (bridge, switch) in &report.switches {
                for (part, messages) in &switch.parts {
                    assert_eq!(
                        &whole.switches[bridge].parts[part], messages,
                        "{name} {at} {part:?}"
                    );
                }
            }
        };
        for cut in (0..bytes.len()).step_by(bytes.len() / 23 + 1) {
            fs::write(&path, &bytes[..cut]).unwrap();
            let Ok(mut archive) = Archive::open(&path) else {
                continue;
            };
            if let Ok(Some(report)) = snapshot::read(&mut archive) {
                *known.entry(name).or_default() += 1;
                assert!(!report.remarks.is_empty(), "{name} {cut}");
                check(&report, cut);
            }
        }
        if name == "x.tar" {
            continue; // It has no checksums of contents.
        }
        for at in (0..bytes.len()).step_by(bytes.len() / 61 + 1) {
            let mut bytes = bytes.clone();
            bytes[at] ^= 0x10;
            fs::write(&path, &bytes).unwrap();
            let read = Archive::open(&path).and_then(|mut archive| snapshot::read(&mut archive));
            if let Ok(Some(report)) = read {
                check(&report, at);
            }
        }
    }
    assert!(known["x.tar"] > 10, "{known:?}");
}

#[test]
fn other_archives_are_no_saved_hosts() {
    for name in ["gnu.tar", "gnu.tar.xz", "report.zip"] {
        let path = crate::common::of_project(&format!("fixtures/golden/archives/{name}"));
        let mut archive = Archive::open(&path).unwrap();
        assert!(snapshot::read(&mut archive).unwrap().is_none(), "{name}");
    }
    let mut archive =
        Archive::open(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").as_path()).unwrap();
    assert!(snapshot::read(&mut archive).unwrap().is_none());
}

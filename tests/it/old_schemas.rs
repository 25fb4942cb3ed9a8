//! Databases of other releases of Open vSwitch, from 2.5 (schema 7.12.1) to the newest: every command works on
//! them, and prints what it prints on the installed one.
//!
//! `fixtures/schemas.tsv` has the columns that differ. From it and the installed schema each test derives the
//! schema of a release, and converts the database of a running server to it. The installed ovs-vswitchd does not
//! work with a database that is older than itself, so it keeps its own, and changes are made with `--no-wait`.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;

use serde_json::{Value, json};

use crate::common::server::{self, Server, until};
use crate::common::{Ran, Sandbox, of_project};
use crate::dry_run::{self, CHANGES};
use crate::faults::peer::{messages, serve};
use crate::snapshots::cases::{CASES, Scene};
use crate::snapshots::normal;
use crate::watch::Watched;

/// Releases and their schemas: the newest, one in between, and the oldest that is supported, in this order: a
/// column that is lost on the way is not needed later.
const RELEASES: [(&str, &str); 3] = [("3.5", "8.8.0"), ("2.8", "7.15.0"), ("2.5", "7.12.1")];

/// What is about something that the schemas of older releases lack: the first release that has it.
const ABOUT: [(&str, &str, &str); 8] = [
    (
        "port set p1 --mtu 1400",
        "2.6",
        "column mtu_request in table Interface",
    ),
    (
        "port add br0 p9 --tag 5 --mtu 1400",
        "2.6",
        "column mtu_request in table Interface",
    ),
    (
        "tag set p1 5 --vlan-mode dot1q-tunnel",
        "2.8",
        "value dot1q-tunnel of column vlan_mode in table Port",
    ),
    (
        "tag set p1 --cvlans 7",
        "2.8",
        "column cvlans in table Port",
    ),
    (
        "port add br0 p9 --tag 5 --cvlans 7",
        "2.8",
        "column cvlans in table Port",
    ),
    (
        "port set p1 --ingress-policing-kpkts-rate 5",
        "2.16",
        "column ingress_policing_kpkts_rate in table Interface",
    ),
    (
        "port set p1 --ingress-policing-kpkts-rate 0",
        "2.16",
        "column ingress_policing_kpkts_rate in table Interface",
    ),
    (
        "port add br0 p9 --ingress-policing-kpkts-burst 5",
        "2.16",
        "column ingress_policing_kpkts_burst in table Interface",
    ),
];

/// A line of `fixtures/schemas.tsv`.
struct Difference {
    table: String,
    column: String,
    since: Option<Vec<u32>>,
    until: Option<Vec<u32>>,
    definition: Value,
}

fn differences() -> Vec<Difference> {
    let text = fs::read_to_string(of_project("fixtures/schemas.tsv")).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#')).skip(1);
    let difference = |line: &str| {
        let cells: Vec<&str> = line.split('\t').collect();
        let [table, column, since, until, definition] = cells[..] else {
            panic!("{line}");
        };
        let release = |text: &str| (text != "-").then(|| release(text));
        Difference {
            table: table.to_owned(),
            column: column.to_owned(),
            since: release(since),
            until: release(until),
            definition: serde_json::from_str(definition).unwrap(),
        }
    };
    lines.map(difference).collect()
}

fn release(text: &str) -> Vec<u32> {
    let numbers = text.split('.').map(|number| number.parse().unwrap());
    numbers.collect()
}

/// The schema of a release, from that of another.
fn schema_of(name: &str, version: &str, mut schema: Value) -> Value {
    schema["version"] = json!(version);
    schema.as_object_mut().unwrap().remove("cksum");
    let tables = schema["tables"].as_object_mut().unwrap();
    let differences = differences();
    for Difference { table, column, .. } in &differences {
        if let Some(table) = tables.get_mut(table) {
            table["columns"].as_object_mut().unwrap().remove(column);
        }
    }
    let wanted = release(name);
    for difference in differences {
        let since = difference.since.is_none_or(|since| since <= wanted);
        if since && difference.until.is_none_or(|until| wanted < until) {
            let table = tables.entry(difference.table).or_insert(json!({}));
            table["columns"][difference.column] = difference.definition;
        }
    }
    tables.retain(|_, table| table["columns"] != json!({}));
    schema
}

/// Converts the database of a server to the schema of a release.
fn convert(server: &str, (release, version): (&str, &str)) {
    let now = serde_json::from_str(&client("get-schema", server, &[])).unwrap();
    let schema = schema_of(release, version, now);
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(schema.to_string().as_bytes()).unwrap();
    let file = file.path().display().to_string();
    client("convert", server, &[&file]);
    let now = client("get-schema-version", server, &[]);
    assert_eq!(now.trim(), version);
}

/// What `ovsdb-client COMMAND SERVER ARGUMENTS` prints.
fn client(command: &str, server: &str, arguments: &[&str]) -> String {
    let mut client = server::tool("ovsdb-client");
    server::run(client.args([command, server]).args(arguments))
}

/// The endpoint of the sandbox's own server.
fn own_server(sandbox: &Sandbox) -> String {
    format!("unix:{}", sandbox.db_socket().display())
}

/// Another server with a copy of the sandbox's database, in the same directory, where the switches' sockets are.
fn copy(sandbox: &Sandbox) -> Server {
    let dir = sandbox.run_dir();
    fs::copy(dir.join("conf.db"), dir.join("copy.db")).unwrap();
    let server = Server::start(dir, "copy", &[]);
    // What ovs-vswitchd reports is not in the file.
    let schema: Value = serde_json::from_str(&client("get-schema", &server.unix(), &[])).unwrap();
    for (table, schema) in schema["tables"].as_object().unwrap() {
        let columns = schema["columns"].as_object().unwrap().iter();
        let ephemeral = columns.filter(|(_, column)| column["ephemeral"] == true);
        let mut columns: Vec<&str> = ephemeral.map(|(name, _)| name.as_str()).collect();
        columns.push("_uuid");
        let select = json!({"op": "select", "table": table, "where": [], "columns": columns});
        let transact = |server: &str, transaction: &[Value]| -> Value {
            let transaction = [&[json!("Open_vSwitch")], transaction].concat();
            let transaction = Value::from(transaction).to_string();
            serde_json::from_str(&client("transact", server, &[&transaction])).unwrap()
        };
        let rows = transact(&own_server(sandbox), &[select]);
        let update = |row: &Value| {
            let mut row = row.clone();
            let uuid = row.as_object_mut().unwrap().remove("_uuid").unwrap();
            json!({"op": "update", "table": table, "where": [["_uuid", "==", uuid]], "row": row})
        };
        let rows = rows[0]["rows"].as_array().unwrap().iter();
        let updates: Vec<Value> = rows.map(update).collect();
        for reply in transact(&server.unix(), &updates).as_array().unwrap() {
            assert_eq!(reply["count"], 1, "{table}");
        }
    }
    server
}

/// What was printed, without what differs from run to run.
fn shown(sandbox: &Sandbox, ran: &Ran) -> String {
    let text = format!("{}\n{}\n{}", ran.code, ran.stdout, ran.stderr);
    normal::form(&text, sandbox.run_dir())
}

/// The rows of all tables, without the columns that a release lacks.
fn content(sandbox: &Sandbox) -> Vec<String> {
    let differs: BTreeSet<(String, String)> = differences()
        .into_iter()
        .map(|difference| (format!("{} table", difference.table), difference.column))
        .collect();
    let dump = client("dump", &own_server(sandbox), &["--format=json"]);
    let mut rows = Vec::new();
    for table in serde_json::Deserializer::from_str(&dump).into_iter::<Value>() {
        let table = table.unwrap();
        let caption = table["caption"].as_str().unwrap();
        let headings = table["headings"].as_array().unwrap();
        for row in table["data"].as_array().unwrap() {
            let cells = headings.iter().zip(row.as_array().unwrap());
            let is_common = |heading: &Value| {
                !differs.contains(&(caption.to_owned(), heading.as_str().unwrap().to_owned()))
            };
            let cells = cells.filter(|(heading, _)| is_common(heading));
            let cells = cells.map(|(heading, cell)| format!(" {heading}={cell}"));
            let row = caption.to_owned() + &cells.collect::<String>();
            rows.push(normal::form(&row, sandbox.run_dir()));
        }
    }
    rows.sort_unstable();
    rows
}

#[test]
fn what_is_read_is_the_same() {
    let sandbox = Scene::Node.sandbox();
    let lines = CASES.iter().filter(|case| case.scene == Scene::Node);
    let lines: Vec<&str> = lines.map(|case| case.line).collect();
    let server = copy(&sandbox);
    let db = server.unix();
    let show = |line: &str| {
        let text = shown(&sandbox, &ovs!(sandbox, "{line} --db {db}").run());
        if line.ends_with("--dry-run") {
            // The transaction in JSON says what was relied on, column by column.
            return text;
        }
        text + &shown(&sandbox, &ovs!(sandbox, "{line} --db {db} --json").run())
    };
    let before: Vec<String> = lines.iter().map(|line| show(line)).collect();
    for release in RELEASES {
        convert(&db, release);
        for (line, before) in lines.iter().zip(&before) {
            assert_eq!(&show(line), before, "ovs {line}: schema {}", release.1);
        }
    }
}

#[test]
fn what_is_changed_is_the_same() {
    let sandbox = dry_run::sandbox();
    sandbox.kill_vswitchd();
    let db = own_server(&sandbox);
    let batch = dry_run::batch();
    let mut before: Vec<Vec<String>> = Vec::new();
    for release in [None].into_iter().chain(RELEASES.map(Some)) {
        if let Some(release) = release {
            convert(&db, release);
        }
        let backup = sandbox.run_dir().join("backup");
        fs::write(&backup, client("backup", &db, &[])).unwrap();
        let restore = || {
            let mut restore = server::tool("ovsdb-client");
            let restore = restore.args(["restore", &db]);
            server::run(restore.stdin(File::open(&backup).unwrap()));
        };
        // What ovs-vswitchd reported is not in a backup.
        restore();
        for (at, line) in CHANGES.into_iter().chain(["batch"]).enumerate() {
            let mut ovs = ovs!(sandbox, "{line} --no-wait");
            let ran = ovs.write_stdin(batch.as_str()).ok();
            let mut now = content(&sandbox);
            // Of several ports, in the order of their UUIDs.
            let shown = shown(&sandbox, &ran);
            now.extend(shown.lines().map(str::to_owned));
            now.sort_unstable();
            match before.get(at) {
                None => before.push(now),
                Some(before) => {
                    assert_eq!(now.len(), before.len(), "ovs {line}: {release:?}");
                    for (now, before) in now.iter().zip(before) {
                        assert_eq!(now, before, "ovs {line}: {release:?}");
                    }
                }
            }
            restore();
        }
    }
}

#[test]
fn what_a_schema_lacks_is_named() {
    let sandbox = dry_run::sandbox();
    sandbox.kill_vswitchd();
    for (name, version) in RELEASES {
        convert(&own_server(&sandbox), (name, version));
        let before = sandbox.database();
        for (line, since, what) in ABOUT {
            for option in ["--no-wait", "--dry-run"] {
                let mut ovs = ovs!(sandbox, "{line} {option}");
                if release(since) > release(name) {
                    ovs.fails(
                        1,
                        format!("this Open vSwitch (schema {version}) has no {what}"),
                    );
                } else if option == "--dry-run" {
                    ovs.ok();
                }
            }
        }
        assert_eq!(sandbox.database(), before);
    }
    // The last is the oldest.
    let before = sandbox.database();
    ovs!(sandbox, "batch --no-wait")
        .write_stdin("tag set p1 9\nport set p1 --mtu 1400\n")
        .fails(1, "schema 7.12.1) has no column mtu_request");
    for (line, words) in [
        (
            "get Interface p1 mtu_request",
            "no column \"mtu_request\" in table Interface of schema 7.12.1",
        ),
        (
            "set Interface p1 mtu_request=1400",
            "no column \"mtu_request\" in table Interface of schema 7.12.1",
        ),
        (
            "find Port protected=true",
            "no column \"protected\" in table Port of schema 7.12.1",
        ),
        (
            "wait Port p1 cvlans=1",
            "no column \"cvlans\" in table Port of schema 7.12.1",
        ),
        ("list CT_Zone", "no table \"CT_Zone\" in schema 7.12.1"),
        ("create CT_Zone", "no table \"CT_Zone\" in schema 7.12.1"),
        (
            "set Port p1 vlan_mode=dot1q-tunnel",
            "column vlan_mode of table Port",
        ),
    ] {
        ovs!(sandbox, "db {line}").fails(2, words);
    }
    // What a column does not hold can be taken out of it.
    ovs!(sandbox, "port set p1 --mtu none --cvlans none --no-wait").prints("unchanged\n");
    assert_eq!(sandbox.database(), before);
    ovs!(sandbox, "db wait Port p1 tag=1").ok();
}

/// Answers the requests of Open vSwitch 2.5, which has no `monitor_cond`: as the real server answers to a method
/// that it does not know.
fn without_monitor_cond(socket: &Path, daemon: &Path) {
    let daemon = daemon.to_owned();
    serve(socket, move |client| {
        let Ok(mut server) = UnixStream::connect(&daemon) else {
            return;
        };
        let (requests, mut replies) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        thread::spawn(move || {
            for mut message in messages(requests) {
                if message["method"] == "monitor_cond" {
                    message["method"] = json!("monitor_cond_of_later");
                }
                if server.write_all(message.to_string().as_bytes()).is_err() {
                    break;
                }
            }
        });
        let mut client = client;
        let _ = io::copy(&mut replies, &mut client);
    });
}

#[test]
fn the_oldest_is_watched() {
    let sandbox = dry_run::sandbox();
    convert(&own_server(&sandbox), RELEASES[2]);
    let socket = sandbox.run_dir().join("old.sock");
    without_monitor_cond(&socket, &sandbox.db_socket());
    let old = format!("--db unix:{}", socket.display());
    for db in ["", &old] {
        let ports = Watched::start(&sandbox, &format!("tag list br0 -o jsonl --watch {db}"));
        assert!(ports.line().contains("\"tag\":1"));
        vsctl!(sandbox, "--no-wait set Port p1 tag=9");
        ports.until(|line| line.contains("\"tag\":9"));
        vsctl!(sandbox, "--no-wait set Port p1 tag=1");
        assert_eq!(ports.stop(), "");
    }
    let whole = ovs!(sandbox, "show --json").out();
    assert_eq!(ovs!(sandbox, "show --json {old}").out(), whole);
    // A column that is waited for.
    let mut waits = ovs!(sandbox, "db wait Port p1 tag=7 {old}").command();
    let mut waits = waits.spawn().unwrap();
    vsctl!(sandbox, "--no-wait set Port p1 tag=7");
    until("it has waited", || waits.try_wait().unwrap().is_some());
    assert!(waits.wait().unwrap().success());
}

#[test]
fn completion_offers_what_there_is() {
    let sandbox = dry_run::sandbox();
    let offered = || ovs!(sandbox, "complete fish -- db get Interface p1 mtu").out();
    assert!(offered().contains("mtu_request"));
    convert(&own_server(&sandbox), RELEASES[2]);
    assert!(offered().contains("mtu") && !offered().contains("mtu_request"));
    let tables = ovs!(sandbox, "complete fish -- db list C").out();
    assert!(tables.contains("Controller") && !tables.contains("CT_Zone"));
}

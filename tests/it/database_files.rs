//! Files that have a database, made by the real ovsdb-server, ovsdb-tool and ovsdb-client. What is read from them is
//! compared with what the live server answers.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use ovs::ovsdb::Uuid;
use ovs::ovsdb::file::{self, writer};
use ovs::ovsdb::stored::{StoredDatabase, StoredRow};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::common::line::words;
use crate::common::server::{Server, run, schema, tool, until};

/// By table, row and column: the values of all columns that are kept in files.
type Content = BTreeMap<String, BTreeMap<Uuid, BTreeMap<String, Value>>>;

/// Changes that make and remove rows, elements and pairs.
const CHANGES: [&str; 16] = [
    "add-br br-int -- set bridge br-int fail_mode=secure other_config:mac-table-size=50",
    "add-port br-int p1 tag=5 -- add-port br-int p2 trunks=1,2,3 -- add-port br-int p3",
    "set port p2 trunks=[2,3,4,5] -- set interface p2 type=internal",
    "set interface p1 external_ids:iface-id=\"a b\" external_ids:zwei='\"=\\\"ü\\\\,\"'",
    "set interface p1 external_ids:iface-id=c -- remove interface p1 external_ids zwei",
    "clear port p1 tag -- clear port p2 trunks",
    "del-port p3 -- add-bond br-int bond0 e1 e2 e3 lacp=active",
    "add-port br-int p3 -- set port p3 qos=@q -- --id=@q create QoS type=linux-htb queues:1=@a queues:7=@b \
     -- --id=@a create Queue other_config:max-rate=5 -- --id=@b create Queue dscp=3",
    "set-controller br-int tcp:10.0.0.1:6653 tcp:10.0.0.2:6653",
    "set bridge br-int protocols=OpenFlow10,OpenFlow13,OpenFlow15 -- set-manager ptcp:0:127.0.0.1",
    "del-controller br-int -- set bridge br-int flood_vlans=7,9 -- set bridge br-int protocols=OpenFlow13",
    "add-br br-two -- add-port br-two q1 -- add-port br-two q2 tag=9",
    "--id=@m create Mirror name=m select_all=true -- add bridge br-int mirrors @m",
    "del-br br-two -- remove bridge br-int other_config mac-table-size",
    "set open_vswitch . other_config:dpdk-init=true external_ids:system-id=here other_config:x=1",
    "remove open_vswitch . other_config x -- clear bridge br-int mirrors -- del-port p1",
];

/// An ovsdb-server on a database of its own.
struct Served {
    server: Server,
    dir: TempDir,
}

impl Served {
    fn standalone(arguments: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let arguments: Vec<String> = arguments.iter().map(|&word| word.to_owned()).collect();
        let server = Server::with_new_database(dir.path(), "conf", &arguments);
        let served = Self { server, dir };
        served.vsctl("init");
        served
    }

    /// A cluster of one server, begun with a schema or a database.
    fn cluster(contents: &Path) -> Self {
        let dir = tempfile::tempdir().unwrap();
        run(tool("ovsdb-tool")
            .args(["--election-timer=100", "create-cluster"])
            .arg(dir.path().join("conf.db"))
            .arg(contents)
            .arg(format!("unix:{}/raft", dir.path().display())));
        let server = Server::start(dir.path(), "conf", &[]);
        until("the server leads", || {
            appctl!(server, "cluster/status Open_vSwitch").contains("Role: leader")
        });
        let served = Self { server, dir };
        served.vsctl("init");
        served
    }

    fn file(&self) -> PathBuf {
        self.dir.path().join("conf.db")
    }

    fn vsctl(&self, line: &str) {
        let db = format!("--db={}", self.server.unix());
        run(tool("ovs-vsctl")
            .args(["--timeout=20", "--no-wait", &db])
            .args(words(line)));
    }

    fn client(&self, arguments: &[&str]) -> String {
        let (command, rest) = arguments.split_first().unwrap();
        run(tool("ovsdb-client")
            .args([*command, &self.server.unix()])
            .args(rest))
    }

    fn schema(&self) -> Value {
        serde_json::from_str(&self.client(&["get-schema", "Open_vSwitch"])).unwrap()
    }

    /// What the server has.
    fn content(&self) -> Content {
        let schema = self.schema();
        let dump = self.client(&["dump", "--format=json"]);
        let array = |value: &Value| value.as_array().unwrap().clone();
        let table = |table: Value| {
            let name = table["caption"].as_str().unwrap().replace(" table", "");
            let headings = array(&table["headings"]);
            let rows = array(&table["data"]).into_iter().map(|row| {
                let cells = headings
                    .iter()
                    .map(|name| name.as_str().unwrap().to_owned());
                let mut row: BTreeMap<String, Value> = cells.zip(array(&row)).collect();
                let uuid = serde_json::from_value(row.remove("_uuid").unwrap()).unwrap();
                let columns = &schema["tables"][&*name]["columns"];
                row.retain(|column, _| columns[column]["ephemeral"] != true);
                (uuid, row)
            });
            let rows = rows.collect();
            (name, rows)
        };
        let tables = serde_json::Deserializer::from_str(&dump).into_iter::<Value>();
        tables.map(|read| table(read.unwrap())).collect()
    }

    #[track_caller]
    fn holds(&self, read: &StoredDatabase) {
        same(&content_of(read, &self.schema()), &self.content());
    }

    /// A server on a copy of a database file.
    fn on(file: &[u8]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("conf.db"), file).unwrap();
        let server = Server::start(dir.path(), "conf", &[]);
        if file.starts_with(b"OVSDB CLUSTER") {
            until("the server leads", || {
                appctl!(server, "cluster/status Open_vSwitch").contains("Role: leader")
            });
        }
        Self { server, dir }
    }
}

/// What was read, without state, the columns that are missing with the default of their type (RFC 7047, section 5.2.1).
fn content_of(read: &StoredDatabase, schema: &Value) -> Content {
    let table = |(name, rows): (&String, &BTreeMap<Uuid, _>)| {
        let columns = schema["tables"][name]["columns"].as_object().unwrap();
        let columns = columns
            .iter()
            .filter(|(_, column)| column["ephemeral"] != true);
        let row = |row: &StoredRow| {
            let cell = |(name, column): (&String, &Value)| {
                let value = row
                    .get(name)
                    .map(|value| serde_json::from_str(value.get()).unwrap());
                (
                    name.clone(),
                    value.unwrap_or_else(|| default(&column["type"])),
                )
            };
            columns.clone().map(cell).collect()
        };
        let rows = rows.iter().map(|(uuid, columns)| (*uuid, row(columns)));
        (name.clone(), rows.collect())
    };
    read.tables.iter().map(table).collect()
}

fn default(kind: &Value) -> Value {
    let key = if kind["key"].is_null() {
        kind
    } else {
        &kind["key"]
    };
    let key = if key["type"].is_null() {
        key
    } else {
        &key["type"]
    };
    match key.as_str().unwrap() {
        _ if kind["min"] == 0 && kind["value"].is_null() => json!(["set", []]),
        _ if kind["min"] == 0 => json!(["map", []]),
        "string" => json!(""),
        "integer" => json!(0),
        "boolean" => json!(false),
        "uuid" => json!(["uuid", Uuid(0).to_string()]),
        other => panic!("{other}"),
    }
}

#[track_caller]
fn same(read: &Content, live: &Content) {
    let lines = |content: &Content| {
        let mut lines = String::new();
        for (table, rows) in content {
            let _ = writeln!(lines, "{table}");
            for (uuid, row) in rows {
                for (column, value) in row {
                    let _ = writeln!(lines, "{table} {uuid} {column} {value}");
                }
            }
        }
        lines
    };
    let (read, live) = (lines(read), lines(live));
    assert!(read == live, "{}", crate::common::diff(&live, &read));
}

fn read(path: &Path) -> StoredDatabase {
    let read = file::read(&fs::read(path).unwrap(), "conf.db").unwrap();
    assert_eq!(read.remarks, [""; 0]);
    read
}

#[test]
fn log_of_a_standalone_database() {
    for (arguments, has_differences) in [
        (&[] as &[_], true),
        (&["--disable-file-column-diff"], false),
    ] {
        let served = Served::standalone(arguments);
        for change in CHANGES {
            served.vsctl(change);
            served.holds(&read(&served.file()));
        }
        let log = fs::read_to_string(served.file()).unwrap();
        assert_eq!(log.contains("_is_diff"), has_differences);
        // One record for each change, the schema, the first row.
        assert!(log.matches("OVSDB JSON ").count() >= CHANGES.len() + 2);

        served.server.appctl(&["ovsdb-server/compact"]);
        let log = fs::read_to_string(served.file()).unwrap();
        assert_eq!(log.matches("OVSDB JSON ").count(), 2);
        served.holds(&read(&served.file()));
        // Differences to the compacted rows.
        served.vsctl("add-port br-int p9 trunks=8,9 -- remove port p2 trunks 3 -- del-port bond0");
        served.holds(&read(&served.file()));

        let backup = served.client(&["backup"]);
        served.holds(&file::read(backup.as_bytes(), "backup").unwrap());
    }
}

/// What is written as a log is a database to the real ovsdb-server.
#[test]
fn written_log() {
    let served = Served::standalone(&[]);
    for change in CHANGES {
        served.vsctl(change);
    }
    let log = read(&served.file());
    let mut written = writer::schema_record(log.schema.as_ref().unwrap());
    let tables = log.tables.iter();
    let tables: BTreeMap<&str, _> = tables.map(|(name, rows)| (&**name, rows)).collect();
    written.extend(writer::transaction_record(1_764_400_000_000, "ovs save", &tables).unwrap());
    let again = Served::on(&written);
    same(&again.content(), &served.content());
    let shown = run(tool("ovsdb-tool").arg("show-log").arg(again.file()));
    assert!(
        shown.contains("2025-11-29") && shown.contains("\"ovs save\""),
        "{shown}"
    );
}

#[test]
fn log_of_a_clustered_database() {
    let served = Served::cluster(&schema());
    for change in CHANGES {
        served.vsctl(change);
        served.holds(&read(&served.file()));
    }
    // The tool's reading of the same file.
    let copy = served.dir.path().join("standalone.db");
    run(tool("ovsdb-tool")
        .arg("cluster-to-standalone")
        .args([&copy, &served.file()]));
    served.holds(&read(&copy));

    served.server.appctl(&["ovsdb-server/compact"]);
    served.holds(&read(&served.file()));
    served.vsctl("add-port br-int p9 trunks=8,9 -- remove port p2 trunks 3 -- del-port bond0");
    served.holds(&read(&served.file()));

    // A cluster that is begun with a database has it as its snapshot.
    let second = Served::cluster(&copy);
    second.vsctl("add-br br-second");
    second.holds(&read(&second.file()));
}

/// A log that is cut off or damaged has what ovsdb-server itself has of it.
#[test]
fn cut_and_damaged_logs() {
    for served in [Served::standalone(&[]), Served::cluster(&schema())] {
        for change in CHANGES {
            served.vsctl(change);
        }
        let log = fs::read(served.file()).unwrap();
        let text = String::from_utf8(log.clone()).unwrap();
        let records: Vec<usize> = text.match_indices("OVSDB ").map(|(at, _)| at).collect();
        let middle = records[records.len() - 12];
        let body = middle + text[middle..].find('\n').unwrap() + 1;
        let flipped = |at: usize| {
            let mut log = log.clone();
            log[at] ^= 1;
            log
        };
        let longer = text[middle..body]
            .replacen(' ', " 999", 2)
            .replacen(" 999", " ", 1);
        let longer = [&text[..middle], &longer, &text[body..]].concat();
        for (file, at, reason) in [
            (
                log[..middle + 9].to_vec(),
                middle,
                "the header of the record is cut off",
            ),
            (
                log[..body + 9].to_vec(),
                body,
                "the record is cut off: it has 9 of ",
            ),
            (flipped(body + 9), body, "its SHA-1 differs"),
            (flipped(middle + 2), middle, "no record begins here"),
            (
                longer.into_bytes(),
                body + 3,
                "the record is cut off: it has ",
            ),
        ] {
            let read = file::read(&file, "conf.db").unwrap();
            let [remark] = read.remarks.as_slice() else {
                panic!("{:?}", read.remarks)
            };
            assert!(
                remark.starts_with(&format!("\"conf.db\": at byte {at}: ")),
                "{remark}"
            );
            assert!(remark.contains(reason), "{remark}");
            assert!(remark.ends_with(": it is used up to there"), "{remark}");
            Served::on(&file).holds(&read);
        }
        for (file, words) in [
            (
                log[..20].to_vec(),
                "at byte 0: the header of the record is cut off",
            ),
            (log[..200].to_vec(), "the record is cut off: it has "),
            (
                flipped(100),
                "the record is damaged: its SHA-1 differs from that in its header",
            ),
            (flipped(25), ""),
        ] {
            let error = file::read(&file, "conf.db").unwrap_err().to_string();
            assert!(error.starts_with("\"conf.db\": at byte "), "{error}");
            assert!(error.contains(words), "{error}");
        }
    }
    for (file, words) in [
        ("", "\"conf.db\": the file is empty"),
        (
            "hello",
            "\"conf.db\": no database: neither the log of one nor a dump of its tables",
        ),
        (
            &format!("OVSDB JSON 10737418240 {:040}\n{{}}\n", 0),
            "\"conf.db\": at byte 64: the record is cut off: it has 3 of 10737418240 bytes",
        ),
    ] {
        let error = file::read(file.as_bytes(), "conf.db").unwrap_err();
        assert_eq!(error.to_string(), words);
    }
}

/// In a cluster of several servers, what is not known to be committed is left out.
#[test]
fn uncommitted_entries() {
    let served = Served::cluster(&schema());
    served.vsctl("add-br br-int");
    let mut log = fs::read_to_string(served.file()).unwrap();
    let expected = read(&served.file());
    let status = appctl!(served.server, "cluster/status Open_vSwitch");
    let number = |name: &str| -> u64 {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap()
            .split([' ', ',', ']'])
            .filter_map(|word| word.parse().ok())
            .next_back()
            .unwrap()
    };
    let (term, index) = (number("Term: "), number("Log: ["));
    let mut add = |record: Value| {
        let record = writer::schema_record(&RawValue::from_string(record.to_string()).unwrap());
        log += &String::from_utf8(record)
            .unwrap()
            .replace("OVSDB JSON", "OVSDB CLUSTER");
    };
    let [one, two] = [1, 2].map(|number| Uuid(number).to_string());
    add(
        json!({"term": term, "index": index, "servers": {(one.clone()): "tcp:1.1.1.1:1", (two.clone()): "tcp:1.1.1.2:1"}}),
    );
    add(json!({"commit_index": index}));
    let row = json!({(one): {"name": "uncommitted"}});
    add(json!({"term": term, "index": index + 1, "eid": two, "data": [null, {"Bridge": row}]}));
    let read = file::read(log.as_bytes(), "conf.db").unwrap();
    assert_eq!(
        read.remarks,
        ["\"conf.db\": 1 last entry of the log left out: not known to be committed"]
    );
    let schema = served.schema();
    same(&content_of(&read, &schema), &content_of(&expected, &schema));
}

#[test]
fn server_that_has_not_joined() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("conf.db");
    run(tool("ovsdb-tool").arg("join-cluster").arg(&file).args([
        "Open_vSwitch",
        "tcp:127.0.0.1:6643",
        "tcp:127.0.0.1:6644",
    ]));
    let error = file::read(&fs::read(file).unwrap(), "conf.db").unwrap_err();
    assert_eq!(
        error.to_string(),
        "\"conf.db\": the server has not joined its cluster yet: it has no data"
    );
}

#[test]
fn dumps() {
    let served = Served::standalone(&[]);
    for change in CHANGES {
        served.vsctl(change);
    }
    for options in [
        &["dump"] as &[&str],
        &["dump", "--format=table"],
        &["dump", "--format=list"],
        &["dump", "--format=csv"],
        &["dump", "--format=json"],
        &["dump", "--format=json", "--pretty"],
        &["dump", "--format=table", "--timestamp"],
        &["dump", "--format=list", "--timestamp"],
        &["dump", "--format=csv", "--timestamp"],
    ] {
        let dump = served.client(options);
        let read = file::read(dump.as_bytes(), "dump").unwrap();
        assert_eq!(read.remarks, [""; 0], "{options:?}");
        served.holds(&read);
        let windows = dump.replace('\n', "\r\n");
        served.holds(&file::read(windows.as_bytes(), "dump").unwrap());
    }
    let db = format!("--db={}", served.server.unix());
    // ovs-vsctl ends its output without a blank line.
    for (format, gap) in [
        ("list", ""),
        ("list", "\n"),
        ("table", ""),
        ("table", "\n"),
        ("csv", ""),
        ("csv", "\n"),
        ("json", ""),
    ] {
        let mut text = String::new();
        for table in ["Open_vSwitch", "bridge", "interface", "Port", "QoS"] {
            let options = [&db, "--format", format, "list", table];
            text += &run(tool("ovs-vsctl").args(options));
            text += gap;
        }
        let read = file::read(text.as_bytes(), "list").unwrap();
        assert_eq!(read.remarks, [""; 0], "{format}");
        let mut content = served.content();
        content.retain(|table, _| read.tables.contains_key(table));
        assert_eq!(content.len(), 5);
        same(&content_of(&read, &served.schema()), &content);
    }
}

/// Of a dump that is cut off, the rows before are used.
#[test]
fn cut_dumps() {
    let served = Served::standalone(&[]);
    served.vsctl("add-br br-int -- add-port br-int p1 -- add-port br-int p2 -- add-port br-int p3");
    for format in ["table", "list", "csv"] {
        let dump = served.client(&["dump", &format!("--format={format}"), "Port"]);
        let at = dump.rfind("false").unwrap();
        let line = dump[..at].rfind('\n').unwrap() + 1;
        for cut in [&dump[..at + 2], &dump[..line]] {
            // Without its last line it is whole in the other formats.
            if cut.ends_with('\n') && format != "list" {
                continue;
            }
            let read = file::read(cut.as_bytes(), "dump").unwrap();
            let [remark] = read.remarks.as_slice() else {
                panic!("{format}: {:?}", read.remarks)
            };
            assert!(remark.starts_with("\"dump\": line "), "{remark}");
            assert!(remark.contains("cut off: it is used"), "{remark}");
            assert_eq!(read.tables["Port"].len(), 3);
        }
    }
}

/// The time that reading a large log takes, compared with parsing the JSON of its records. Run by hand.
#[test]
#[ignore = "a measurement"]
fn time_of_a_large_log() {
    for cluster in [false, true] {
        let served = if cluster {
            Served::cluster(&schema())
        } else {
            Served::standalone(&[])
        };
        served.vsctl("add-br br-int");
        for first in (0..10_000).step_by(100) {
            let mut operations = vec![json!("Open_vSwitch")];
            for port in first..first + 100 {
                let ids = json!([
                    "map",
                    [
                        ["attached-mac", "fa:16:3e:00:00:01"],
                        ["iface-id", format!("0d3ade5c-7200-4b5a-a0dc-{port:012}")],
                        ["iface-status", "active"]
                    ]
                ]);
                let (name, row) = (
                    format!("qvo{port}"),
                    json!(["named-uuid", format!("p{port}")]),
                );
                operations.extend([
                    json!({"op": "insert", "table": "Interface", "uuid-name": format!("i{port}"),
                        "row": {"name": name, "type": "internal", "external_ids": ids}}),
                    json!({"op": "insert", "table": "Port", "uuid-name": format!("p{port}"),
                        "row": {"name": name, "tag": port % 4000 + 1,
                            "interfaces": ["named-uuid", format!("i{port}")]}}),
                    json!({"op": "mutate", "table": "Bridge", "where": [["name", "==", "br-int"]],
                        "mutations": [["ports", "insert", row]]}),
                ]);
            }
            served.client(&["transact", &Value::from(operations).to_string()]);
        }
        for compact in [false, true] {
            if compact {
                served.server.appctl(&["ovsdb-server/compact"]);
            }
            let log = fs::read(served.file()).unwrap();
            let text = std::str::from_utf8(&log).unwrap();
            let bodies: Vec<&str> = text.lines().skip(1).step_by(2).collect();
            let mut times = [Vec::new(), Vec::new()];
            for _ in 0..5 {
                let start = std::time::Instant::now();
                let read = file::read(&log, "conf.db").unwrap();
                times[0].push(start.elapsed());
                assert_eq!(read.tables["Port"].len(), 10_001);
                let start = std::time::Instant::now();
                let values: Vec<Value> = bodies
                    .iter()
                    .map(|body| serde_json::from_str(body).unwrap())
                    .collect();
                times[1].push(start.elapsed());
                drop((read, values));
            }
            let [read, parsed] = times.map(|times| times.into_iter().min().unwrap());
            let ratio = read.as_secs_f64() / parsed.as_secs_f64();
            println!(
                "cluster {cluster}, compact {compact}: {} bytes, read {read:?}, parsed {parsed:?}: {ratio:.2}",
                log.len()
            );
        }
    }
}

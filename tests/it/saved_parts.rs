//! What is of one host in several sources: a database, dumps of its tables, texts of its bridges; and what is not.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::json;

use ovs::source::saved::open::{OpenError, OpenErrorKind};
use ovs::source::saved::{Part, Report};

use crate::common::{Ran, Sandbox, ovs};

/// A host with two bridges, and a directory for what is saved of it.
struct Scene {
    sandbox: Sandbox,
    dir: tempfile::TempDir,
}

impl Scene {
    fn new() -> Scene {
        let sandbox = Sandbox::with(
            "add-br br-int -- add-port br-int p1 -- set Interface p1 ofport_request=7 \
             -- add-br br-ex -- add-port br-ex p2 tag=5",
        );
        ofctl!(sandbox, "add-flow br-int in_port=p1,actions=drop");
        Scene {
            sandbox,
            dir: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file, and returns its path.
    fn put(&self, name: &str, contents: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::write(&path, contents).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn log(&self) -> String {
        let log = fs::read(self.sandbox.run_dir().join("conf.db")).unwrap();
        self.put("conf.db", log)
    }

    fn dump(&self) -> String {
        self.put("dump.txt", self.sandbox.ovsdb_client(&["dump"]))
    }

    fn flows(&self) -> String {
        self.put("flows.txt", ofctl!(self.sandbox, "dump-flows br-int"))
    }

    fn run(&self, line: &str, sources: &[&str]) -> Ran {
        let mut ovs = ovs(&crate::common::line::words(line));
        ovs.env("OVS_RUNDIR", "/nonexistent")
            .current_dir(self.dir.path());
        for source in sources {
            ovs.arg("--from").arg(source);
        }
        ovs.run()
    }
}

fn open(sources: &[&str]) -> Result<Report, OpenError> {
    let sources: Vec<String> = sources.iter().map(|source| (*source).to_owned()).collect();
    Report::open(&sources)
}

const TABLES: [&str; 4] = ["Open_vSwitch", "Bridge", "Port", "Interface"];

/// Each table in a file of its own, in every format that the tool prints.
#[test]
fn tables_in_several_files_are_one_host() {
    let scene = Scene::new();
    let live = ovs!(scene.sandbox, "port list").run().stdout;
    for format in ["list", "table", "csv", "json"] {
        let files = TABLES.map(|table| {
            let text = vsctl!(scene.sandbox, "--format={format} list {table}");
            scene.put(&format!("{table}.{format}"), text)
        });
        let files = files.each_ref().map(String::as_str);
        let ran = scene.run("port list", &files);
        assert_eq!(ran.stdout, live, "{format}: {ran:?}");
    }
}

/// Rows of a table in several files, of which some are the same.
#[test]
fn rows_in_several_files_are_one_table() {
    let scene = Scene::new();
    let all = vsctl!(scene.sandbox, "--columns=_uuid,name,ofport list Interface");
    let all = scene.put("names", all);
    let one = scene.put("one", vsctl!(scene.sandbox, "list Interface p1"));
    let report = open(&[&all, &one]).unwrap();
    let rows = &report.database.unwrap().tables["Interface"];
    assert_eq!(rows.len(), 4);
    let with_state = rows.values().filter(|row| row.get("link_state").is_some());
    assert_eq!(with_state.count(), 1);
}

#[test]
fn a_log_a_dump_and_texts_are_one_host() {
    let scene = Scene::new();
    let (log, dump) = (scene.log(), scene.dump());
    let flows = format!("br-int={}", scene.flows());
    let live = ovs!(
        scene.sandbox,
        "db list Interface --columns name,ofport,link_state"
    )
    .run();
    for sources in [
        [&log, &flows, &dump],
        [&dump, &log, &flows],
        [&flows, &dump, &log],
    ] {
        let sources = sources.map(String::as_str);
        let ran = scene.run(
            "db list Interface --columns name,ofport,link_state",
            &sources,
        );
        assert_eq!(ran.stderr, "");
        let sorted = |text: &str| {
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            lines.sort_unstable();
            lines
        };
        assert_eq!(sorted(&ran.stdout), sorted(&live.stdout));
        let report = open(&sources).unwrap();
        assert!(report.switches["br-int"].parts.contains_key(&Part::Flows));
    }
}

/// A text is of the host of a file of `ovs save`: its parts are used instead of those that were saved.
#[test]
fn texts_of_a_saved_host() {
    let scene = Scene::new();
    let saved = scene.path("now.tar.zst");
    ovs!(scene.sandbox, "save {}", saved.display()).ok();
    let saved = saved.to_str().unwrap();
    ofctl!(scene.sandbox, "add-flow br-int table=9,actions=drop");
    let text = ofctl!(scene.sandbox, "-O OpenFlow15 dump-flows br-int");
    let later = scene.put("later.txt", text);
    let of_bridge = format!("br-int={later}");
    let report = open(&[saved, &of_bridge]).unwrap();
    let parts = &report.switches["br-int"].parts;
    assert_eq!(parts.len(), Part::ALL.len());
    let ran = scene.run("dump-flows br-int table=9", &[saved, &of_bridge]);
    assert!(ran.stdout.contains("table=9"), "{ran:?}");
    assert_eq!(scene.run("dump-flows br-int table=9", &[saved]).stdout, "");
    assert_eq!(report.switches.len(), 2);
    // In another version only the text is used.
    let early = scene.flows();
    let report = open(&[saved, &format!("br-int={early}")]).unwrap();
    let remarks = &report.remarks;
    assert!(
        remarks
            .iter()
            .any(|remark| remark.ends_with("only the texts are used")),
        "{remarks:?}"
    );
    assert_eq!(report.switches["br-int"].version.to_string(), "OpenFlow10");
}

#[test]
fn what_is_of_two_hosts_is_told_apart() {
    let (one, two) = (Scene::new(), Scene::new());
    let saved = one.path("now.tar");
    ovs!(one.sandbox, "save {}", saved.display()).ok();
    let saved = saved.to_str().unwrap();
    let is_second = |sources: &[&str]| {
        let error = open(sources).unwrap_err();
        assert_eq!(
            error.kind,
            OpenErrorKind::SecondHost,
            "{sources:?}: {error}"
        );
    };
    is_second(&[&one.log(), &two.log()]);
    is_second(&[&one.dump(), &two.dump()]);
    is_second(&[&one.log(), &two.dump()]);
    is_second(&[saved, &two.log()]);
    is_second(&[saved, saved]);
    assert!(open(&[saved, &one.dump()]).is_ok());
    // A text may be of either.
    let flows = format!("br-int={}", one.flows());
    let error = open(&[&one.log(), &two.log(), &flows]).unwrap_err();
    assert_eq!(error.kind, OpenErrorKind::Usage);
    assert!(
        error.message.starts_with("it is not clear which host"),
        "{error}"
    );
}

/// A value of the database may be a line of a terminal.
#[test]
fn a_log_with_a_command_in_a_value() {
    let scene = Scene::new();
    vsctl!(
        scene.sandbox,
        "set bridge br-int 'external_ids:note=\"made by /usr/bin/ovs-ofctl dump-flows br0\"'"
    );
    for source in [scene.log(), scene.dump()] {
        let report = open(&[&source]).unwrap();
        assert_eq!(report.database.unwrap().tables["Bridge"].len(), 2);
    }
}

/// What `ovs-ofctl --names` prints for names that are not plain words.
#[test]
fn names_of_ports_that_are_quoted() {
    let scene = Scene::new();
    vsctl!(
        scene.sandbox,
        "add-port br-int 'pört-ü' -- set Interface 'pört-ü' type=internal"
    );
    vsctl!(
        scene.sandbox,
        "add-port br-int 'a b' -- add-port br-int 'x(y'"
    );
    for port in ["pört-ü", "a b", "x(y"] {
        let number = scene.sandbox.vsctl(&["get", "Interface", port, "ofport"]);
        let number = number.trim();
        let flow = format!("priority={number},in_port={number},actions=resubmit({number},1)");
        scene.sandbox.ofctl(&["add-flow", "br-int", &flow]);
    }
    let text = ofctl!(scene.sandbox, "--names --no-stats dump-flows br-int");
    let text = scene.put("names.txt", text);
    let source = format!("br-int={text}");
    let ran = scene.run("dump-flows br-int", &[&source]);
    assert_eq!(ran.stdout.lines().count(), 5, "{ran:?}");
    for port in ["pört-ü", "a b", "x(y"] {
        assert_eq!(ran.stdout.matches(port).count(), 2, "{ran:?}");
    }
    // A file may have commas in its name.
    let comma = scene.put("na,mes.txt", fs::read_to_string(&text).unwrap());
    let ran_again = scene.run("dump-flows br-int", &[&format!("br-int={comma}")]);
    assert_eq!(ran_again.stdout, ran.stdout);
    // Beside ports that are known, too.
    vsctl!(scene.sandbox, "del-port br-int 'a b'");
    let show = scene.put("show.txt", ofctl!(scene.sandbox, "show br-int"));
    let source = format!("br-int={text},{show}");
    let ran = scene.run("dump-flows br-int", &[&source]);
    assert_eq!(ran.stdout.matches("\"a b\"").count(), 2, "{ran:?}");
}

/// Of a port that a text only names the number is not known: no number is printed for it.
#[test]
fn ports_of_which_only_the_name_is_known() {
    let scene = Scene::new();
    ofctl!(
        scene.sandbox,
        "add-flow br-int priority=9,in_port=p1,actions=output:LOCAL,resubmit(p1,1)"
    );
    let text = ofctl!(scene.sandbox, "--names --no-stats dump-flows br-int");
    let text = format!("br-int={}", scene.put("names.txt", text));
    let converted = scene.path("converted.tar");
    let converted = converted.to_str().unwrap();
    scene.run(&format!("save {converted}"), &[&text]).exits(0);
    for from in [text.as_str(), converted] {
        let run = |line: &str| {
            let line = format!("dump-flows br-int in_port=p1 --no-stats {line}");
            scene.run(&line, &[from]).exits(0)
        };
        let named = "in_port=p1 actions=drop\npriority=9,in_port=p1 actions=LOCAL,resubmit(p1,1)\n";
        for spelling in ["", "--no-names", "--names=both"] {
            let ran = run(spelling).prints(named);
            ran.says("the numbers of 1 ports that are named in the flows are unknown");
        }
        let flow = &run("--json").json()[1];
        assert_eq!(flow["match"]["in_port"], json!({"name": "p1"}));
        assert_eq!(flow["actions"][1]["port"], json!({"name": "p1"}));
        scene
            .run("port resolve br-int p1", &[from])
            .exits(0)
            .prints("p1\tunknown\tunknown\n");
    }
}

/// Each is refused with its reason, not used as a bridge of which nothing is known.
#[test]
fn files_that_are_no_text_of_a_bridge() {
    let scene = Scene::new();
    let saved = scene.path("now.tar");
    ovs!(scene.sandbox, "save {}", saved.display()).ok();
    let unpacked = scene.path("unpacked");
    fs::create_dir(&unpacked).unwrap();
    let mut tar = std::process::Command::new("tar");
    tar.arg("-xf")
        .arg(&saved)
        .arg("-C")
        .arg(&unpacked)
        .arg("--strip-components=1");
    assert!(tar.status().unwrap().success());
    let messages = unpacked.join("switches/br-int/OpenFlow15/flows.messages");
    let utf16: Vec<u8> = "\u{feff} cookie=0x0, actions=drop\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let refused = "ovs-ofctl: br-int is not a bridge or a socket\n";
    for (path, reason) in [
        (scene.put("empty", ""), "the file is empty"),
        ("/etc/passwd".to_owned(), "none of its outputs is in it"),
        (scene.put("utf16", utf16), "UTF-16, convert it to UTF-8"),
        (
            messages.to_str().unwrap().to_owned(),
            "OpenFlow messages, which `ovs decode` reads",
        ),
        (scene.log(), "a database"),
        (saved.to_str().unwrap().to_owned(), "a report"),
        (
            scene.put("refused", refused),
            "\"ovs-ofctl: br-int is not a bridge or a socket\"",
        ),
    ] {
        let error = open(&[&format!("br-int={path}")]).unwrap_err();
        assert!(error.message.ends_with(reason), "{error}");
        assert!(error.message.contains(&path), "{error}");
    }
    let error = open(&["br-int="]).unwrap_err();
    assert_eq!(error.message, "\"br-int=\": there is no file after =");
    let error = open(&[&scene.log(), &format!("br-typo={}", scene.flows())]).unwrap_err();
    assert!(
        error
            .message
            .ends_with("the database has no bridge \"br-typo\""),
        "{error}"
    );
    assert_eq!(error.hint.as_deref(), Some("its bridges are br-ex, br-int"));
}

#[test]
fn of_two_dumps_one_is_used_and_named() {
    let scene = Scene::new();
    let early = scene.flows();
    let late = scene.put(
        "late.txt",
        ofctl!(scene.sandbox, "-O OpenFlow14 dump-flows br-int"),
    );
    let report = open(&[&format!("br-int={early},{late}")]).unwrap();
    let remark = format!("bridge br-int: {early}: its flows are not used: another text has them");
    assert!(report.remarks.contains(&remark), "{:?}", report.remarks);
}

/// A terminal of RHEL, with outputs of three tools.
#[test]
fn a_pasted_terminal_with_the_database() {
    let scene = Scene::new();
    let prompt = "[root@compute1 ~]# ";
    let mut text = String::new();
    for (command, output) in [
        (
            "ovs-ofctl dump-flows br-int",
            ofctl!(scene.sandbox, "dump-flows br-int"),
        ),
        (
            "ovs-ofctl show br-int",
            ofctl!(scene.sandbox, "show br-int"),
        ),
        ("date", "Sun Nov 29 11:00:00 UTC 2026\n".to_owned()),
        (
            "ovs-vsctl list Bridge",
            vsctl!(scene.sandbox, "list Bridge"),
        ),
        ("ovsdb-client dump", scene.sandbox.ovsdb_client(&["dump"])),
        (
            "ovs-appctl fdb/show br-int",
            appctl!(scene.sandbox, "fdb/show br-int"),
        ),
    ] {
        let _ = write!(text, "{prompt}{command}\n{output}");
    }
    text += prompt;
    let report = open(&[&scene.put("pasted", text)]).unwrap();
    assert_eq!(report.remarks, [""; 0]);
    let parts = &report.switches["br-int"].parts;
    assert!(parts.contains_key(&Part::Flows) && parts.contains_key(&Part::Ports));
    let database = report.database.unwrap();
    assert_eq!(database.tables["Bridge"].len(), 2);
    assert_eq!(database.tables["Interface"].len(), 4);
    assert!(report.replies["ovs-vswitchd"].contains_key("fdb/show br-int"));
}

/// Rows are told apart by a column that `--columns` leaves out.
#[test]
fn rows_without_their_uuid() {
    let scene = Scene::new();
    let of_vsctl = vsctl!(scene.sandbox, "--columns=name,type,ofport list Interface");
    let of_client =
        scene
            .sandbox
            .ovsdb_client(&["dump", "Open_vSwitch", "Interface", "name", "ofport"]);
    for text in [of_vsctl, of_client] {
        let error = open(&[&scene.put("columns", text)]).unwrap_err();
        assert!(
            error.message.contains("the row has no column _uuid"),
            "{error}"
        );
    }
}

#[test]
fn tables_without_that_of_the_bridges() {
    let scene = Scene::new();
    let files = ["Bridge", "Port", "Interface"]
        .map(|table| scene.put(table, vsctl!(scene.sandbox, "list {table}")));
    let live = ovs!(scene.sandbox, "bridge list --get bridge").run().stdout;
    let files = files.each_ref().map(String::as_str);
    let ran = scene.run("bridge list --get bridge", &files);
    assert_eq!(ran.stdout, live, "{ran:?}");
    assert!(live.contains("br-int"), "{live}");
}

/// A pipe and the standard input can be read once only; a tar is passed over more often.
#[test]
fn what_can_be_read_once_is_kept() {
    let scene = Scene::new();
    let saved = scene.path("now.tar.zst");
    ovs!(scene.sandbox, "save {}", saved.display()).ok();
    let contents = fs::read(&saved).unwrap();
    let fifo = scene.path("fifo");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .unwrap()
            .success()
    );
    let writer = std::thread::spawn({
        let (fifo, contents) = (fifo.clone(), contents.clone());
        move || fs::write(fifo, contents)
    });
    let report = open(&[fifo.to_str().unwrap()]).unwrap();
    writer.join().unwrap().unwrap();
    assert_eq!(report.switches.len(), 2);
    assert_eq!(report.remarks, [""; 0]);
    let mut ovs = ovs(&["bridge", "list", "--get", "bridge", "--from", "-"]);
    ovs.write_stdin(contents).prints("br-ex\nbr-int\n");
}

/// Other files in the directory that a saved host was unpacked to.
#[test]
fn a_stray_file_beside_a_saved_host() {
    let scene = Scene::new();
    let saved = scene.path("now.tar");
    ovs!(scene.sandbox, "save {}", saved.display()).ok();
    let mut tar = std::process::Command::new("tar");
    tar.arg("-xf").arg(&saved).arg("-C").arg(scene.dir.path());
    assert!(tar.status().unwrap().success());
    let entries = fs::read_dir(scene.dir.path()).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let unpacked = paths.into_iter().find(|path| path.is_dir()).unwrap();
    fs::write(unpacked.join(".a-note"), "x").unwrap();
    fs::create_dir(unpacked.join("a")).unwrap();
    fs::write(unpacked.join("a/b"), "x").unwrap();
    let report = open(&[unpacked.to_str().unwrap()]).unwrap();
    assert_eq!((report.switches.len(), report.remarks), (2, Vec::new()));
}

/// A database and texts in a directory of no known layout.
#[test]
fn a_directory_with_a_database_and_texts() {
    let scene = Scene::new();
    fs::create_dir(scene.path("host")).unwrap();
    let put = |name: &str, text: String| scene.put(&format!("host/{name}"), text);
    fs::copy(
        scene.sandbox.run_dir().join("conf.db"),
        scene.path("host/conf.db"),
    )
    .unwrap();
    put(
        "ovs-ofctl_dump-flows_br-int",
        ofctl!(scene.sandbox, "dump-flows br-int"),
    );
    put("shown", ofctl!(scene.sandbox, "show br-ex"));
    put("notes.txt", "nothing\n".to_owned());
    put("flows", ofctl!(scene.sandbox, "dump-flows br-ex"));
    let host = scene.path("host");
    let report = open(&[host.to_str().unwrap()]).unwrap();
    assert!(report.database.is_some());
    let bridges: Vec<&str> = report.switches.keys().map(String::as_str).collect();
    assert_eq!(bridges, ["br-ex", "br-int"]);
    let [remark] = &report.remarks[..] else {
        panic!("{:?}", report.remarks);
    };
    assert!(
        remark.ends_with("flows: it names no bridge and is not used"),
        "{remark}"
    );
    fs::remove_file(scene.path("host/conf.db")).unwrap();
    fs::create_dir(scene.path("empty")).unwrap();
    let error = open(&[scene.path("empty").to_str().unwrap()]).unwrap_err();
    assert!(error.hint.unwrap().contains("sos_commands/openvswitch"));
}

/// Texts that took minutes when they were read over and over: each is read once.
#[test]
fn texts_that_repeat_themselves() {
    let scene = Scene::new();
    let ports = format!(
        "{{\"match\":{{}},\"actions\":[],\"x\":[{}",
        "{\"number\":".repeat(100_000)
    );
    let _ = open(&[&format!("br-int={}", scene.put("ports", ports))]);
    let mut datapaths = String::from("ovs-appctl dpctl/show -s\n");
    for number in 0..50_000 {
        let _ = writeln!(datapaths, "dp{number}:");
    }
    let report = open(&[&scene.put("datapaths", datapaths)]).unwrap();
    let listed = &report.replies["ovs-vswitchd"]["dpctl/dump-dps"];
    assert_eq!(listed.lines().count(), 50_000);
}

/// A column name as long as the file would be in every row.
#[test]
fn long_names_of_columns_are_refused() {
    let scene = Scene::new();
    let uuid = "8c561aae-e267-4fbe-a6a5-356cfd3b6bbe";
    let long = "x".repeat(1000);
    for text in [
        format!("Port table\n_uuid,{long}\n{uuid},1\n"),
        format!("{{\"caption\":\"Port table\",\"headings\":[\"_uuid\",\"{long}\"],\"data\":[]}}"),
        format!("Port table\n_uuid : {uuid}\n{long} : 1\n"),
    ] {
        let error = open(&[&scene.put("long", &text)]).unwrap_err();
        assert!(!error.message.contains(&long), "{error}");
    }
}

/// Messages in a file of `ovs save` that are no answer to what a switch was asked: nothing waits for one.
#[test]
fn messages_of_another_type() {
    let scene = Scene::new();
    let file = scene.path("host.tar");
    ovs!(scene.sandbox, "save {}", file.display()).ok();
    let mut tar = Command::new("tar");
    tar.args(["xf", "host.tar"]).current_dir(scene.dir.path());
    assert!(tar.status().unwrap().success());
    let place = format!(
        "{}/*/switches/br-int/*/flows.messages",
        scene.dir.path().display()
    );
    let flows = glob(&place);
    let host = flows.ancestors().nth(4).unwrap().to_str().unwrap();
    let whole = fs::read(&flows).unwrap();
    scene
        .run("dump-flows br-int --count", &[host])
        .prints("2\n");
    // ECHO_REPLY, ERROR, a request; the statistics of a port.
    for (at, byte) in [(1, 3), (1, 1), (1, 18), (9, 4)] {
        let mut other = whole.clone();
        other[at] = byte;
        fs::write(&flows, other).unwrap();
        for line in ["dump-flows br-int", "dump-flows br-int --count"] {
            let ran = scene.run(line, &[host]).exits(3).prints("");
            ran.says("the messages are malformed: not used");
        }
    }
}

fn glob(pattern: &str) -> PathBuf {
    let found = Command::new("sh")
        .args(["-c", &format!("ls {pattern}")])
        .output()
        .unwrap();
    PathBuf::from(String::from_utf8(found.stdout).unwrap().trim_end())
}

#[test]
fn flows_without_statistics() {
    let scene = Scene::new();
    let text = scene.put(
        "text",
        ofctl!(scene.sandbox, "--no-stats dump-flows br-int"),
    );
    let from = [&*format!("br-int={text}")];
    let flow = "cookie=0x0, duration=?, table=0, n_packets=?, n_bytes=?, in_port=7 actions=drop\n";
    let ran = scene.run("dump-flows br-int in_port=7", &from);
    let ran = ran.exits(0).prints(flow);
    ran.says("their counters and ages are unknown");
    let flow = scene.run("dump-flows br-int --json", &from).json();
    assert_eq!(flow[0].get("duration"), None);
    // What was printed once is read again.
    let again = scene.put("again", &scene.run("dump-flows br-int", &from).stdout);
    scene
        .run("dump-flows br-int --count", &[&format!("br-int={again}")])
        .prints("2\n");
    for line in ["--hit", "--hit --count", "--hit --sort", "--hit --drops"] {
        scene
            .run(&format!("dump-flows br-int in_port=7 {line}"), &from)
            .fails(
                3,
                "br-int: it is unknown whether packets have hit flows without counters: 1",
            );
    }
}

/// Commands that printed nothing, or only why they failed.
#[test]
fn outputs_that_are_none() {
    let scene = Scene::new();
    let prompt = "root@node1:~# ";
    let refused = "ovs-ofctl: br-ex: failed to connect to socket (Broken pipe)\n";
    let flows = ofctl!(scene.sandbox, "dump-flows br-int");
    let terminal = format!(
        "{prompt}ovs-ofctl dump-flows br-int\n{flows}{prompt}ovs-ofctl dump-flows br-ex\n{refused}{prompt}\n"
    );
    let terminal = scene.put("terminal", terminal);
    scene
        .run("dump-flows br-int --count", &[&terminal])
        .prints("2\n");
    let ran = scene.run("dump-flows br-ex --count", &[&terminal]);
    ran.fails(3, "unknown: not in the report")
        .says(refused.trim_end());
}

/// As a terminal gets it, and as script(1) keeps it.
#[test]
fn colours_and_carriage_returns() {
    let scene = Scene::new();
    let command = "dump-flows br-int --names";
    let plain = scene.put("plain", ofctl!(scene.sandbox, "{command} --color=never"));
    let coloured = ofctl!(scene.sandbox, "{command} --color=always");
    assert!(coloured.contains("\u{1b}["), "{coloured}");
    let typescript = format!(
        "Script started on 2026-11-29 11:00:00+00:00 [TERM=\"xterm\"]\n\
         \u{1b}[?2004h\u{1b}]0;root@node1: ~\u{7}root@node1:~# ovs-ofctl {command}\r\n\u{1b}[?2004l\r{}\
         \u{1b}[?2004h\u{1b}]0;root@node1: ~\u{1b}\\root@node1:~# exit\r\n",
        coloured.replace('\n', "\r\n")
    );
    let run = |source: &str| scene.run("dump-flows br-int --no-stats", &[source]);
    let expected = run(&format!("br-int={plain}")).exits(0);
    assert_eq!(expected.stdout.lines().count(), 2, "{expected:?}");
    let coloured = scene.put("coloured", coloured);
    for source in [
        format!("br-int={coloured}"),
        scene.put("typescript", typescript),
    ] {
        let ran = run(&source);
        assert_eq!(
            (ran.stdout, ran.stderr, ran.code),
            (
                expected.stdout.clone(),
                expected.stderr.clone(),
                expected.code
            )
        );
    }
}

/// What is known of the other bridges is printed, and the one is named.
#[test]
fn a_bridge_of_which_nothing_is_known() {
    let scene = Scene::new();
    let sandbox = &scene.sandbox;
    let ports = scene.put("ports", ofctl!(sandbox, "dump-ports br-int"));
    let mut table = String::from("root@node1:~# ovs-appctl fdb/show br-int\n");
    appctl!(sandbox, "fdb/add br-int p1 0 02:00:00:00:00:01");
    table += &appctl!(sandbox, "fdb/show br-int");
    let sources = [
        scene.log(),
        format!("br-int={ports},{}", scene.flows()),
        scene.put("fdb", table),
    ];
    let sources: Vec<&str> = sources.iter().map(String::as_str).collect();
    for (line, printed, missing) in [
        (
            "port stats -g port",
            "br-int\np1\n",
            "port statistics of br-ex",
        ),
        ("fdb list -g mac", "02:00:00:00:00:01\n", "fdb/show br-ex"),
        (
            "dump-flows --all --no-stats",
            "br-int\tpriority=0 actions=NORMAL\nbr-int\tin_port=p1 actions=drop\n",
            "flows of br-ex",
        ),
    ] {
        let ran = scene.run(line, &sources);
        let mut lines: Vec<&str> = ran.stdout.lines().collect();
        let mut expected: Vec<&str> = printed.lines().collect();
        lines.sort_unstable();
        expected.sort_unstable();
        assert_eq!(lines, expected, "{line}");
        let message = format!("ovs: unknown: not in the report: {missing}\n");
        assert_eq!((ran.stderr, ran.code), (message, 3), "{line}");
    }
    let all = scene.run("fdb find 02:00:00:00:00:01 -g port", &sources);
    assert_eq!(all.says("fdb/show br-ex").stdout, "p1\n");
    scene
        .run("port stats", &[sources[0]])
        .fails(3, "port statistics of br-ex");
    scene
        .run("fdb list", &[sources[0]])
        .fails(3, "fdb/show br-ex, fdb/show br-int");
}

/// Which number a port has is known from the text of the switch, also without the database.
#[test]
fn numbers_of_ports_without_the_database() {
    let scene = Scene::new();
    let number = vsctl!(scene.sandbox, "get interface p1 ofport");
    let number = number.trim();
    for version in ["10", "15"] {
        let text = ofctl!(scene.sandbox, "-O OpenFlow{version} show br-int");
        let from = format!("br-int={}", scene.put("show", text));
        let run = |line: &str| scene.run(&format!("port resolve br-int {line}"), &[&from]);
        run(number)
            .exits(0)
            .prints(format!("p1\t{number}\tunknown\n"))
            .says_only("unknown: not in the report: Port.name\n");
        run("p1 LOCAL --columns interface,ofport")
            .exits(0)
            .prints(format!("p1\t{number}\nbr-int\t65534\n"))
            .says_nothing();
        run("p1 --json --columns interface,port,type")
            .exits(0)
            .prints("[\n{\"interface\":\"p1\",\"port\":null,\"type\":null}\n]\n");
        run("p1 nowhere -g ofport")
            .exits(3)
            .prints(format!("{number}\n"))
            .says_only("ovs: port \"nowhere\" not found on br-int\n");
    }
    // Names that are equal where OpenFlow cuts them.
    for n in [1, 2] {
        vsctl!(
            scene.sandbox,
            "add-port br-int patch-to-provider-{n} -- add-port br-ex x{n} \
             -- set interface patch-to-provider-{n} type=patch options:peer=x{n} ofport_request=1{n} \
             -- set interface x{n} type=patch options:peer=patch-to-provider-{n}"
        );
    }
    let from = scene.put("show", ofctl!(scene.sandbox, "show br-int"));
    let from = format!("br-int={from}");
    scene
        .run("port resolve br-int patch-to-provid", &[&from])
        .exits(0)
        .prints("patch-to-provid\t11\tunknown\npatch-to-provid\t12\tunknown\n");
    let flows = format!("br-int={}", scene.flows());
    scene
        .run("port resolve br-int 1", &[&flows])
        .fails(3, "unknown: not in the report: ports of br-int");
}

/// What a command printed in part stands for nothing that is known as a whole.
#[test]
fn commands_that_print_a_part() {
    let scene = Scene::new();
    let sandbox = &scene.sandbox;
    ofctl!(sandbox, "add-flow br-int table=1,ip,actions=drop");
    for group in [1, 2] {
        ofctl!(
            sandbox,
            "-O OpenFlow13 add-group br-int group_id={group},type=all,bucket=output:7"
        );
    }
    let saved = scene.path("host.tar");
    let saved = saved.to_str().unwrap();
    ovs!(sandbox, "save {saved}").ok();
    for (command, dump) in [
        ("dump-flows br-int table=1", "dump-flows br-int --no-stats"),
        (
            "dump-flows br-int in_port=7",
            "dump-flows br-int --no-stats",
        ),
        (
            "dump-flows br-int | head -1",
            "dump-flows br-int --no-stats",
        ),
        ("dump-groups br-int 1", "dump-groups br-int"),
        ("dump-ports br-int 7", "port stats br-int"),
    ] {
        let (run, _) = command.split_once(" |").unwrap_or((command, ""));
        let printed = ofctl!(sandbox, "-O OpenFlow15 {run}");
        let paste = format!("# ovs-ofctl -O OpenFlow15 {command}\n{printed}");
        let paste = scene.put("paste", paste);
        let whole = scene.run(dump, &[saved]).exits(0).stdout;
        let both = scene.run(dump, &[saved, &paste]).exits(0);
        assert_eq!(both.stdout, whole, "{command}");
        both.says("a part of what is known otherwise: not used");
        let alone = scene.run(dump, &[&paste]).exits(0);
        assert!(!alone.stdout.is_empty(), "{command}");
        alone.says("the command prints a part: the rest is unknown");
    }
}

/// The outputs of a loop are of no known bridge.
#[test]
fn loops_over_bridges() {
    let scene = Scene::new();
    let dump = |bridge: &str| ofctl!(scene.sandbox, "dump-flows {bridge}");
    let both = dump("br-ex") + &dump("br-int");
    let of_loop = format!("# for b in br-ex br-int; do ovs-ofctl dump-flows $b; done\n{both}");
    let paste = scene.put("paste", &of_loop);
    scene
        .run("dump-flows br-int", &[&paste])
        .fails(2, format!("{paste} names no bridge"));
    let paste = scene.put(
        "paste",
        of_loop + "# ovs-ofctl dump-flows br-int\n" + &dump("br-int"),
    );
    scene
        .run("dump-flows br-int --count", &[&paste])
        .exits(0)
        .prints("2\n")
        .says(format!(
            "{paste}, line 2: a command without a valid bridge or version: left out"
        ));
}

/// Records that were named are not all of a table.
#[test]
fn rows_of_a_table_in_part() {
    let scene = Scene::new();
    let mut text = String::new();
    for line in ["list Bridge", "list Port p1", "list Interface p1"] {
        let printed = vsctl!(scene.sandbox, "{line}");
        let _ = writeln!(text, "# ovs-vsctl {line}\n{printed}");
    }
    let paste = scene.put("paste", text);
    let ran = scene.run("port list --columns port,ofport", &[&paste]);
    let ran = ran.exits(0).prints("p1\t7\n");
    let words = "the command prints a part of the rows: the others are unknown";
    let told = ran.stderr.lines().filter(|line| line.ends_with(words));
    assert_eq!(told.count(), 2, "{ran:?}");
}

/// Outputs of ovs-ofctl that no command reads do not keep the others from being read.
#[test]
fn outputs_that_no_command_reads() {
    let scene = Scene::new();
    let flows = scene.flows();
    let whole = scene.run("dump-flows br-int", &[&format!("br-int={flows}")]);
    for command in [
        "-O OpenFlow15 dump-table-desc",
        "dump-aggregate",
        "queue-stats",
    ] {
        let other = scene.put("other", ofctl!(scene.sandbox, "{command} br-int"));
        let from = format!("br-int={flows},{other}");
        let ran = scene.run("dump-flows br-int", &[&from]).exits(0);
        assert_eq!(ran.stdout, whole.stdout, "{command}");
        ran.says(format!(
            "{other}: not used: no command reads outputs of this kind"
        ));
    }
}

/// A terminal on which several bridges were asked, or one of them several times.
#[test]
fn outputs_of_several_bridges_and_times() {
    let scene = Scene::new();
    let sandbox = &scene.sandbox;
    let dump = |version: &str, bridge: &str| {
        let printed = ofctl!(sandbox, "-O {version} dump-flows {bridge}");
        format!("# ovs-ofctl -O {version} dump-flows {bridge}\n{printed}")
    };
    for version in ["OpenFlow10", "OpenFlow13"] {
        let paste = scene.put(
            "paste",
            dump("OpenFlow13", "br-int") + &dump(version, "br-ex"),
        );
        let of_bridge = format!("br-ex={paste}");
        for from in [&paste, &of_bridge] {
            scene
                .run("dump-flows br-ex --no-stats", &[from])
                .exits(0)
                .prints("priority=0 actions=NORMAL\n")
                .says_only("unknown: not in the report: ports of br-ex\n");
        }
        scene.run("dump-flows br-tun", &[&format!("br-tun={paste}")]).fails(
            2,
            format!("{paste}: none of its outputs is of br-tun\nhint: its commands name br-ex, br-int\n"),
        );
    }

    let before = dump("OpenFlow10", "br-int");
    ofctl!(sandbox, "del-flows br-int in_port=p1");
    let paste = scene.put("paste", before.clone() + &dump("OpenFlow10", "br-int"));
    scene
        .run("dump-flows br-int --no-stats", &[&paste])
        .exits(0)
        .prints("priority=0 actions=NORMAL\n")
        .says_only(format!(
            "bridge br-int: {paste}: its flows are not used: a later command printed them again\n\
             unknown: not in the report: ports of br-int\n"
        ));
}

/// A dump of groups has a heading, also without groups: without it, it failed.
#[test]
fn commands_that_printed_nothing() {
    let scene = Scene::new();
    let sandbox = &scene.sandbox;
    ofctl!(
        sandbox,
        "-O OpenFlow13 add-group br-int group_id=1,type=all,bucket=output:7"
    );
    let saved = scene.path("host.tar");
    let saved = saved.to_str().unwrap();
    ovs!(sandbox, "save {saved}").ok();
    for command in ["dump-groups", "dump-flows"] {
        let paste = format!("# ovs-ofctl -O OpenFlow13 {command} br-int\n# ls\n");
        let paste = scene.put("paste", paste);
        let line = format!("{command} br-int");
        let whole = scene.run(&line, &[saved]).exits(0).stdout;
        let both = scene.run(&line, &[saved, &paste]).exits(0);
        assert_eq!(
            crate::saved_commands::timeless(&both.stdout),
            crate::saved_commands::timeless(&whole)
        );
        both.says("line 2: the output is empty: not used");
        let alone = scene.run(&line, &[&paste]);
        match command {
            "dump-groups" => alone.fails(3, "unknown: not in the report"),
            _ => alone.exits(0).prints(""),
        };
    }
    let heading = ofctl!(sandbox, "dump-groups br-ex");
    let paste = scene.put("paste", format!("# ovs-ofctl dump-groups br-ex\n{heading}"));
    scene
        .run("dump-groups br-ex", &[&paste])
        .exits(0)
        .prints("")
        .says_nothing();
}

/// The text of the ports, which is of OpenFlow 1.0 unless asked for otherwise, leaves the flows as they were saved.
#[test]
fn texts_of_a_lower_version_without_flows() {
    let scene = Scene::new();
    let saved = scene.path("host.tar");
    let saved = saved.to_str().unwrap();
    ovs!(scene.sandbox, "save {saved}").ok();
    for command in ["show", "dump-ports", "dump-ports-desc", "dump-tables"] {
        let text = scene.put("text", ofctl!(scene.sandbox, "{command} br-int"));
        let text = format!("br-int={text}");
        for line in [
            "dump-flows br-int --count",
            "dump-groups br-int",
            "port resolve br-int 7",
            "dump-flows br-int --no-stats",
        ] {
            let whole = scene.run(line, &[saved]).exits(0);
            let both = scene.run(line, &[saved, &text]).exits(0);
            assert_eq!(both.stdout, whole.stdout, "{command} {line}");
        }
    }
}

/// Which bridges there are is known from their texts.
#[test]
fn all_bridges_of_texts() {
    let scene = Scene::new();
    let other = scene.put("other", ofctl!(scene.sandbox, "dump-flows br-ex"));
    let sources = [
        format!("br-int={}", scene.flows()),
        format!("br-ex={other}"),
    ];
    let sources: Vec<&str> = sources.iter().map(String::as_str).collect();
    let ran = scene.run("dump-flows --all --count", &sources).exits(0);
    assert_eq!(ran.stdout, "br-ex\t1\nbr-int\t2\n");
    scene
        .run("dump-flows br-int -O OpenFlow13", &sources)
        .fails(
            3,
            "flows of br-int over OpenFlow13 (of each bridge one version is read, of this one OpenFlow10)",
        );
}

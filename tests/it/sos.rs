//! Reports of sos and bundles of ovs-bugtool, laid out as these do from what the real tools print.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use ovs::source::saved::open::{OpenError, OpenErrorKind};
use ovs::source::saved::sos::mangled;
use ovs::source::saved::{Part, Report, SavedHost, UnknownColumns};

use crate::common::openflow::VERSIONS;
use crate::common::{Sandbox, line, ovs, saved};

fn open(sources: &[&str]) -> Result<Report, OpenError> {
    let sources: Vec<String> = sources.iter().map(|source| (*source).to_owned()).collect();
    Report::open(&sources)
}

/// A report in a directory of its own.
pub(crate) struct Tree {
    dir: tempfile::TempDir,
}

const TOP: &str = "sosreport-compute1-2026-11-29-abcdefg";

impl Tree {
    fn new() -> Tree {
        Tree {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().join(TOP)
    }

    fn put(&self, path: &str, contents: impl AsRef<[u8]>) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
    }

    /// The output of a command, under the name that sos gives it.
    fn command(&self, command: &str, output: &str) {
        let name = mangled(command);
        self.put(&format!("sos_commands/openvswitch/{name}"), output);
    }

    fn open(&self) -> Report {
        open(&[self.path().to_str().unwrap()]).unwrap()
    }
}

/// What sos collects of Open vSwitch, by its plugins `openvswitch` and `networking`.
pub(crate) fn sos_report(sandbox: &Sandbox, versions: &[&str]) -> Tree {
    let tree = Tree::new();
    let ofctl = |command: &str| sandbox.ofctl(&line::words(command));
    let appctl = |command: &str| sandbox.appctl(&line::words(command));
    for command in [
        "bond/list",
        "bond/show",
        "coverage/show",
        "ovs/route/show",
        "tnl/arp/show",
        "upcall/show",
    ] {
        tree.command(&format!("ovs-appctl {command}"), &appctl(command));
    }
    for datapath in appctl("dpctl/dump-dps").lines() {
        for command in [
            "dpctl/show -s",
            "dpctl/dump-flows -m",
            "dpctl/dump-conntrack -m",
        ] {
            let command = format!("{command} {datapath}");
            tree.command(&format!("ovs-appctl {command}"), &appctl(&command));
        }
    }
    for bridge in vsctl!(sandbox, "list-br").lines() {
        for command in [
            "bridge/dump-flows --offload-stats",
            "fdb/show",
            "fdb/stats-show",
        ] {
            let command = format!("{command} {bridge}");
            tree.command(&format!("ovs-appctl {command}"), &appctl(&command));
        }
        for command in ["dump-flows", "dump-ports-desc", "dump-ports", "show"] {
            let command = format!("{command} {bridge}");
            tree.command(&format!("ovs-ofctl {command}"), &ofctl(&command));
        }
        for version in versions {
            for command in [
                "show",
                "dump-groups",
                "dump-group-stats",
                "dump-flows",
                "dump-tlv-map",
                "dump-ports-desc",
            ] {
                let command = format!("-O {version} {command} {bridge}");
                tree.command(&format!("ovs-ofctl {command}"), &ofctl(&command));
            }
        }
    }
    let dump = sandbox.ovsdb_client(&["dump", "-f", "list"]);
    tree.command("ovsdb-client -f list dump", &dump);
    tree.put("etc/openvswitch/system-id.conf", "x\n");
    tree.put("proc/net/fib_trie", "Main:\n");
    tree.put("sos_commands/networking/ip_-d_address", devices());
    let database = fs::read(sandbox.run_dir().join("conf.db")).unwrap();
    tree.put("var/lib/openvswitch/conf.db", database);
    std::os::unix::fs::symlink(
        "/var/lib/openvswitch/conf.db",
        tree.path().join("etc/openvswitch/conf.db"),
    )
    .unwrap();
    tree
}

/// What the real `ip` lists here.
fn devices() -> String {
    let output = Command::new("ip").args(["-d", "address"]).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines
}

fn host() -> Sandbox {
    let sandbox = Sandbox::empty();
    saved::load(&sandbox, "hosts/neutron-dvr");
    sandbox
}

#[test]
fn a_report_has_every_bridge_in_the_highest_version() {
    let sandbox = host();
    let tree = sos_report(&sandbox, &VERSIONS);
    let report = tree.open();
    assert_eq!(report.remarks, [""; 0]);
    let bridges = vsctl!(sandbox, "list-br");
    let names: Vec<&str> = report.switches.keys().map(String::as_str).collect();
    assert_eq!(names, bridges.lines().collect::<Vec<_>>());
    for (bridge, switch) in &report.switches {
        assert_eq!(switch.version.to_string(), "OpenFlow15");
        let parts: Vec<Part> = switch.parts.keys().copied().collect();
        let expected = [
            Part::Features,
            Part::Flows,
            Part::Groups,
            Part::GroupStats,
            Part::Ports,
            Part::PortStats,
            Part::TlvMap,
        ];
        assert_eq!(parts, expected, "{bridge}");
    }
    let database = report.database.unwrap();
    assert_eq!(database.tables["Bridge"].len(), names.len());
    let replies = &report.replies["ovs-vswitchd"];
    for bridge in names {
        let shown = sandbox.appctl(&["fdb/show", bridge]);
        assert_eq!(replies[&format!("fdb/show {bridge}")], shown);
    }
    for command in [
        "bond/show",
        "tnl/neigh/show",
        "ovs/route/show",
        "dpctl/dump-dps",
    ] {
        let shown = sandbox.appctl(&[command]);
        assert_eq!(replies[command], shown, "{command}");
    }
    let network = report.network.unwrap();
    assert_eq!(network.fib_trie, "Main:\n");
    assert!(
        network
            .devices
            .iter()
            .any(|(name, is_hardware)| name == "lo" && !is_hardware)
    );
    let namespaces = report.namespaces.unwrap();
    assert!(namespaces.links[0].1.iter().any(|link| link.name == "lo"));
}

/// The same from every form of an archive.
#[test]
fn a_report_in_a_tar() {
    let sandbox = host();
    let tree = sos_report(&sandbox, &["OpenFlow13"]);
    let expected = tree.open();
    for (option, suffix) in [("-J", "tar.xz"), ("-z", "tar.gz"), ("", "tar")] {
        let tar = tree.dir.path().join(format!("report.{suffix}"));
        let mut command = Command::new("tar");
        command.arg("-C").arg(tree.dir.path()).arg("-cf").arg(&tar);
        command.args([option].iter().filter(|option| !option.is_empty()));
        assert!(command.arg(TOP).status().unwrap().success());
        let report = open(&[tar.to_str().unwrap()]).unwrap();
        assert_eq!(report.remarks, [""; 0], "{suffix}");
        for (bridge, switch) in &expected.switches {
            assert_eq!(report.switches[bridge].parts, switch.parts, "{suffix}");
        }
        assert_eq!(report.replies, expected.replies);
    }
}

/// The columns that are not on disk are those that the dump of the server has; without a log, so are all others.
#[test]
fn a_dump_completes_the_log_of_a_report() {
    let sandbox = host();
    let tree = sos_report(&sandbox, &["OpenFlow13"]);
    let words = [
        "db",
        "list",
        "Interface",
        "--columns",
        "name,type,link_state,mac_in_use",
    ];
    let live = sandbox.ovs(&words).run().stdout;
    let live = sorted(&live);
    let saved = |report: &Tree| {
        let ran = ovs(&words).arg("--from").arg(report.path()).run();
        assert!(!ran.stderr.contains("unknown"), "{ran:?}");
        ran.stdout
    };
    assert!(live.iter().any(|line| line.contains("up")), "{live:?}");
    assert_eq!(sorted(&saved(&tree)), live);
    for path in ["etc", "var"] {
        fs::remove_dir_all(tree.path().join(path)).unwrap();
    }
    assert_eq!(sorted(&saved(&tree)), live);
    assert_eq!(tree.open().remarks, [""; 0]);
    // A dump that lost its beginning has the tables whose names are left.
    let name = "sos_commands/openvswitch/ovsdb-client_-f_list_dump";
    let text = fs::read_to_string(tree.path().join(name)).unwrap();
    fs::remove_file(tree.path().join(name)).unwrap();
    let bridges = text.find("Bridge table").unwrap();
    let tail = format!("cut] table\nname : x\n\n{}", &text[bridges..]);
    tree.put(
        &format!("{}.tailed", name.replace("sos_commands", "sos_strings")),
        tail,
    );
    let report = tree.open();
    assert!(
        report.remarks[0].contains("its first whole table"),
        "{:?}",
        report.remarks
    );
    assert_eq!(
        report.database.unwrap().tables["Bridge"].len(),
        vsctl!(sandbox, "list-br").lines().count()
    );
}

/// One table a file, as `ovs-vsctl list` prints it, beside the log; only the columns of this table become known.
#[test]
fn lists_of_tables_complete_the_log_of_a_report() {
    let sandbox = host();
    let tree = sos_report(&sandbox, &["OpenFlow13"]);
    fs::remove_file(
        tree.path()
            .join("sos_commands/openvswitch/ovsdb-client_-f_list_dump"),
    )
    .unwrap();
    let text = vsctl!(sandbox, "-t 5 list Interface");
    tree.command("ovs-vsctl -t 5 list Interface", &text);
    let refused = "ovs-vsctl: unix:/run/openvswitch/db.sock: database connection failed (No such file or directory)\n";
    tree.command("ovs-vsctl -t 5 list Bridge", refused);
    let report = tree.open();
    let [remark] = &report.remarks[..] else {
        panic!("{:?}", report.remarks);
    };
    assert!(remark.contains("database connection failed"), "{remark}");
    let UnknownColumns::These(unknown) = SavedHost::new(report).not_saved() else {
        panic!("the schema is known");
    };
    assert!(
        unknown.contains(&"Bridge.datapath_id".to_owned()),
        "{unknown:?}"
    );
    assert!(
        !unknown.contains(&"Interface.link_state".to_owned()),
        "{unknown:?}"
    );
}

/// sos keeps the end of an output that is too long, and links to it.
#[test]
fn an_output_that_lost_its_beginning_is_said() {
    let sandbox = host();
    let tree = sos_report(&sandbox, &["OpenFlow13"]);
    let bridge = "br-int";
    let name = mangled(&format!("ovs-ofctl -O OpenFlow13 dump-flows {bridge}"));
    let path = tree.path().join("sos_commands/openvswitch").join(&name);
    let whole = fs::read_to_string(&path).unwrap();
    let tail = &whole[whole.len() / 2..];
    fs::remove_file(&path).unwrap();
    tree.put(&format!("sos_strings/openvswitch/{name}.tailed"), tail);
    std::os::unix::fs::symlink(
        format!("../../sos_strings/openvswitch/{name}.tailed"),
        &path,
    )
    .unwrap();
    let report = tree.open();
    let [remark] = &report.remarks[..] else {
        panic!("{:?}", report.remarks);
    };
    assert!(
        remark.contains(&name) && remark.ends_with("what it tells is incomplete"),
        "{remark}"
    );
    assert!(report.switches[bridge].parts.contains_key(&Part::Flows));
}

#[test]
fn a_bridge_that_refuses_a_version() {
    let sandbox = Sandbox::with("add-br br0 -- set bridge br0 protocols=OpenFlow13");
    let tree = Tree::new();
    let flows = ofctl!(sandbox, "-O OpenFlow13 dump-flows br0");
    tree.command("ovs-ofctl -O OpenFlow13 dump-flows br0", &flows);
    let refused = "2026-11-29T11:00:00Z|00001|vconn|WARN|unix:/run/openvswitch/br0.mgmt: version negotiation failed (we \
                   support version 0x06, peer supports version 0x04)\novs-ofctl: br0: failed to connect to socket\n";
    tree.command("ovs-ofctl -O OpenFlow15 dump-flows br0", refused);
    tree.command("ovs-ofctl dump-flows br0", refused);
    let report = tree.open();
    assert_eq!(report.switches["br0"].version.to_string(), "OpenFlow13");
    let [remark] = &report.remarks[..] else {
        panic!("{:?}", report.remarks);
    };
    assert!(remark.ends_with("it has no database"), "{remark}");
}

/// The command was ended before it printed anything.
#[test]
fn the_newest_output_is_empty() {
    let sandbox = Sandbox::with("add-br br0");
    let tree = Tree::new();
    for version in ["OpenFlow13", "OpenFlow14"] {
        let line = format!("-O {version} dump-flows br0");
        tree.command(&format!("ovs-ofctl {line}"), &ofctl!(sandbox, "{line}"));
    }
    tree.command("ovs-ofctl -O OpenFlow15 dump-flows br0", "");
    let report = tree.open();
    assert_eq!(report.switches["br0"].version.to_string(), "OpenFlow14");
}

#[test]
fn pasted_texts_and_a_database() {
    let sandbox = host();
    let dir = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| {
        let path = dir.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let flows = put(
        "flows",
        &ofctl!(sandbox, "-O OpenFlow14 --names dump-flows br-int"),
    );
    let show = put("show", &ofctl!(sandbox, "-O OpenFlow14 show br-int"));
    let database = sandbox.run_dir().join("conf.db");
    let of_database = open(&[database.to_str().unwrap(), &format!("br-int={flows}")]).unwrap();
    let of_texts = open(&[&format!("br-int={flows},{show}")]).unwrap();
    assert_eq!(of_database.remarks, [""; 0]);
    assert_eq!(of_texts.remarks, [""; 0]);
    let flows_of = |report: &Report| report.switches["br-int"].parts[&Part::Flows].clone();
    assert_eq!(flows_of(&of_database), flows_of(&of_texts));
    let error = open(&[&flows]).unwrap_err();
    assert_eq!(error.kind, OpenErrorKind::Usage);
    assert!(error.message.ends_with("names no bridge"), "{error}");
    // The switch's own port has its name.
    assert!(open(&[&show]).unwrap().switches.contains_key("br-int"));
    let error = open(&[&put("nothing", "hello\n")]).unwrap_err();
    assert_eq!(error.kind, OpenErrorKind::Unreadable);
    let missing = Path::new(&flows).with_file_name("missing");
    let error = open(&[missing.to_str().unwrap()]).unwrap_err();
    assert_eq!(error.kind, OpenErrorKind::NotFound);
}

/// The files of ovs-bugtool, as its scripts print them.
#[test]
fn a_bundle_of_bugtool() {
    let sandbox = host();
    let tree = Tree::new();
    let top = "bug-report-20261129110000";
    for (label, command) in [
        ("ovs-ofctl-show", "show"),
        ("ovs-ofctl-dump-flows", "dump-flows"),
        ("ovs-ofctl-dump-groups", "dump-groups"),
    ] {
        let mut text = String::new();
        for bridge in vsctl!(sandbox, "list-br").lines() {
            let output = ofctl!(sandbox, "{command} {bridge}");
            let _ = writeln!(text, "ovs-ofctl {command} {bridge} \n{output}");
        }
        tree.put(&format!("{top}/{label}.out"), text);
    }
    let mut text = String::new();
    for bridge in vsctl!(sandbox, "list-br").lines() {
        let output = sandbox.appctl(&["fdb/show", bridge]);
        let _ = writeln!(text, "ovs-appctl fdb/show {bridge}\n{output}");
    }
    tree.put(&format!("{top}/ovs-appctl-fdb-show.out"), text);
    let bonds = sandbox.appctl(&["bond/show"]);
    tree.put(&format!("{top}/ovs-appctl-bond-show.out"), &bonds);
    let database = fs::read(sandbox.run_dir().join("conf.db")).unwrap();
    tree.put(&format!("{top}/etc/openvswitch/conf.db"), database);
    let own = open(&[tree.path().join(top).to_str().unwrap()]).unwrap();
    let report = tree.open();
    assert_eq!(own.replies, report.replies);
    assert_eq!(report.remarks, [""; 0]);
    for bridge in vsctl!(sandbox, "list-br").lines() {
        let switch = &report.switches[bridge];
        assert!(switch.parts.contains_key(&Part::Flows) && switch.parts.contains_key(&Part::Ports));
        let shown = sandbox.appctl(&["fdb/show", bridge]);
        assert_eq!(
            report.replies["ovs-vswitchd"][&format!("fdb/show {bridge}")],
            shown
        );
    }
    assert_eq!(report.replies["ovs-vswitchd"]["bond/show"], bonds);
    assert!(report.database.is_some());
}

/// What a script of ovs-bugtool prints of the bridges.
fn script(sandbox: &Sandbox, command: &str) -> Vec<u8> {
    let script = "/usr/share/openvswitch/scripts/ovs-bugtool-ovs-ofctl-loop-over-bridges";
    let mut script = Command::new(script);
    let output = script.arg(command).env("OVS_RUNDIR", sandbox.run_dir());
    output.output().unwrap().stdout
}

/// The scripts split names at blanks, and cut the name of the last of several versions. They run twice, with the date
/// above.
#[test]
fn a_bundle_with_commands_that_failed() {
    let sandbox = Sandbox::with(
        "add-br 'br sp' -- add-br br0 -- add-br br10 -- add-br br9 \
         -- set Bridge br9 protocols=OpenFlow13 -- set Bridge br10 protocols=OpenFlow10,OpenFlow13,OpenFlow15",
    );
    let tree = Tree::new();
    let mut text = Vec::new();
    for _ in 0..2 {
        text.extend(Command::new("date").output().unwrap().stdout);
        text.extend(script(&sandbox, "dump-flows"));
    }
    assert!(!String::from_utf8_lossy(&text).contains("br9 \nNXST"));
    tree.put("bug-report-20261129110000/ovs-ofctl-dump-flows.out", text);
    let database = fs::read(sandbox.run_dir().join("conf.db")).unwrap();
    tree.put(
        "bug-report-20261129110000/etc/openvswitch/conf.db",
        database,
    );
    let report = tree.open();
    assert_eq!(report.switches.keys().collect::<Vec<_>>(), ["br0"]);
    let [left_out] = &report.remarks[..] else {
        panic!("{:?}", report.remarks);
    };
    let expected =
        "line 2: a command without a valid bridge or version: left out, and 7 more such commands";
    assert!(left_out.ends_with(expected), "{left_out}");
    let path = tree.path();
    let from = path.to_str().unwrap();
    ovs(&["--from", from, "dump-flows", "br0", "--no-stats"]).prints("priority=0 actions=NORMAL\n");
    ovs(&["--from", from, "dump-flows", "br9"])
        .fails(3, "unknown: not in the report: flows of br9");
}

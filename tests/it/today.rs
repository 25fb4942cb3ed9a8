//! The verbs of Open vSwitch's own tools: each is in the table, with a counterpart that does the same or the reason
//! why there is none; and the hints of the command line and of `ovs batch` say so.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use ovs::commands::today::tasks::TASKS;
use ovs::commands::today::verbs::{Counterpart, Form, Tool, VERBS};
use ovs::sandbox::Neutron;

use crate::common::{Sandbox, diff, of_project};
use crate::readme::shell;

/// Verbs that the installed tools may lack: of databases in a cluster, of DPDK, and of other versions of Open vSwitch.
const ELSEWHERE: &[&str] = &[
    "cluster/",
    "del-zone-limit",
    "list-zone-limits",
    "set-zone-limit",
    "dpdk/",
    "dpctl/ct-get-sweep-interval",
    "dpctl/ct-set-sweep-interval",
    "dpctl/dump-conntrack-exp",
    "dpif-netdev/",
    "dpif-netlink/",
    "dpif/del-flows",
    "dpif/offload/show",
    "lacp/stats-show",
    "netdev-dpdk/",
    "odp-execute/",
    "ofproto/detrace",
    "ovs/route/rule/",
    "ovsdb-server/reload",
    "ovsdb-server/set-relay-source-probe-interval",
    "set-options",
    "tnl/neigh/retrans_time",
];

/// The first word of each line of a list, which is indented.
fn listed(text: &str) -> BTreeSet<String> {
    let lines = text.lines().filter(|line| line.starts_with("  "));
    lines
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

/// The verbs that the tool lists itself.
fn verbs_of(tool: Tool, sandbox: &Sandbox) -> BTreeSet<String> {
    let list = |line: &str| shell(sandbox, line).exits(0).stdout;
    match tool {
        // OPTIONS,VERB,ARGUMENTS
        Tool::Vsctl => list("ovs-vsctl --commands")
            .lines()
            .filter_map(|line| line.split(',').nth(1))
            .map(str::to_owned)
            .collect(),
        Tool::Ofctl => listed(&list("ovs-ofctl list-commands")),
        Tool::Appctl => listed(&list("ovs-appctl list-commands")),
        Tool::OvsdbServer => listed(&list("ovs-appctl -t ovsdb-server list-commands")),
    }
}

#[test]
fn every_verb_of_the_tools_is_in_the_table_once() {
    let sandbox = Sandbox::empty();
    let mut real = BTreeSet::new();
    for tool in Tool::ALL {
        let verbs = verbs_of(tool, &sandbox);
        assert!(verbs.len() > 30, "{tool:?}: {verbs:?}");
        for verb in &verbs {
            let rows = VERBS.iter().filter(|row| {
                // What all daemons answer is in the table once.
                let is_of_all = tool == Tool::OvsdbServer && row.tool == Tool::Appctl;
                row.name == verb && (row.tool == tool || is_of_all)
            });
            assert_eq!(rows.count(), 1, "{} {verb}", tool.line());
        }
        real.extend(verbs);
    }
    for verb in VERBS {
        let is_elsewhere = ELSEWHERE.iter().any(|name| verb.name.starts_with(name));
        assert!(
            real.contains(verb.name) || is_elsewhere,
            "{} {} does not exist",
            verb.tool.line(),
            verb.name
        );
    }
}

/// The verbs with a slash that a manual page has as a heading of a paragraph.
fn verbs_of_manual(page: &str) -> BTreeSet<String> {
    let path = format!("/usr/share/man/{page}.gz");
    let output = Command::new("gzip").args(["-dc", &path]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let text = text.replace("\\-", "-");
    let headings = text.lines().filter(|line| line.starts_with(".I"));
    let verbs = headings.filter_map(|line| {
        let (_, bold) = line.split_once("\\fB")?;
        let is_of_verb = |c: char| c.is_ascii_lowercase() || "-_/".contains(c);
        bold.split(|c| !is_of_verb(c)).next()
    });
    let verbs = verbs.filter(|verb| verb.contains('/') && !verb.starts_with('/'));
    verbs.map(str::to_owned).collect()
}

#[test]
fn every_verb_of_the_daemons_manuals_is_in_the_table() {
    let pages = ["man8/ovs-vswitchd.8", "man1/ovsdb-server.1"].map(verbs_of_manual);
    assert!(pages[0].len() > 60 && pages[1].len() > 10, "{pages:?}");
    for verb in pages.iter().flatten() {
        assert!(VERBS.iter().any(|row| row.name == verb), "{verb}");
    }
}

/// What a sandbox is configured to be, without what differs by chance.
fn configuration(sandbox: &Sandbox) -> String {
    let mut all = String::new();
    for (table, columns) in [
        (
            "Bridge",
            "name,fail_mode,protocols,datapath_type,stp_enable,rstp_enable,other_config,external_ids",
        ),
        (
            "Port",
            "name,tag,trunks,vlan_mode,bond_mode,lacp,other_config,external_ids",
        ),
        (
            "Interface",
            "name,type,options,ofport_request,mtu_request,other_config,external_ids",
        ),
        ("Controller", "target"),
        ("Manager", "target"),
        ("SSL", "private_key,certificate,ca_cert"),
        ("QoS", "type"),
        ("Open_vSwitch", "other_config"),
    ] {
        let columns = format!("--columns={columns}");
        let rows = vsctl!(sandbox, "--format=csv --no-headings {columns} list {table}");
        let mut rows: Vec<&str> = rows.lines().collect();
        rows.sort_unstable();
        writeln!(all, "{table}\n{}", rows.join("\n")).unwrap();
    }
    for bridge in ["br-int", "br-tun"] {
        for line in [
            "dump-flows --no-stats",
            "dump-groups",
            "dump-meters",
            "dump-table-desc",
            "dump-ports-desc",
        ] {
            let (verb, options) = line.split_once(' ').unwrap_or((line, ""));
            let lines = ofctl!(sandbox, "-OOpenFlow15 {options} {verb} {bridge}");
            let mut lines: Vec<String> = lines.lines().skip(1).map(without_chance).collect();
            lines.sort_unstable();
            writeln!(all, "{verb} {bridge}\n{}", lines.join("\n")).unwrap();
        }
        // What only other versions tell: no-flood, the names of tables, what happens to packets without a flow.
        let ports = ofctl!(sandbox, "-OOpenFlow10 dump-ports-desc {bridge}");
        all.extend(ports.lines().map(|line| without_chance(line) + "\n"));
        let tables = ofctl!(sandbox, "-OOpenFlow13 dump-table-features {bridge}");
        let named = tables.lines().filter(|line| line.contains("(\""));
        all.extend(named.filter_map(|line| line.split(':').next()));
        let tables = ofctl!(sandbox, "-OOpenFlow12 dump-tables {bridge}");
        let misses = tables.lines().filter(|line| line.contains("config="));
        all.extend(misses.collect::<BTreeSet<_>>());
    }
    all
}

/// The line without the addresses of ports, which are random, and the flag that OpenFlow 1.0 implies.
fn without_chance(line: &str) -> String {
    let line = line.split("addr:").next().unwrap_or_default();
    line.replace("reset_counts ", "")
}

/// How two answers can be compared.
enum Alike {
    /// The same lines in any order, quotes and a heading aside.
    Lines,
    /// The same but for a line that `ovs` alone has: the bridge's own port.
    LinesBut(&'static str),
    /// The same flows in the same order, quotes and what changes by itself aside.
    Flows,
    /// Both have these words.
    Words(&'static [&'static str]),
}

/// What makes the answers to this line alike; `None`: it changes something.
fn alike(line: &str) -> Option<Alike> {
    Some(match verb(line) {
        "list-br" | "port-to-br" | "iface-to-br" | "br-exists" | "get-fail-mode" | "get"
        | "wait-until" | "br-to-vlan" | "br-to-parent" | "get-manager" | "diff-flows" => {
            Alike::Lines
        }
        // For one key the value, else all on one line.
        "br-get-external-id" => Alike::Words(&["here"]),
        "list-ports" | "list-ifaces" => Alike::LinesBut("br-int"),
        "dump-flows" => Alike::Flows,
        // The tables of MAC addresses and bonds are empty there: tests/it/fdb.rs and bond.rs compare them.
        "fdb/show" | "bond/show" => Alike::Words(&[]),
        "show" if line.contains("ofctl") => Alike::Words(&["3", "patch-tun"]),
        "show" => Alike::Words(&["br-tun", "qvobeeb2c54-aa", "10.0.0.72"]),
        "dump-ports" => Alike::Words(&["0"]),
        "dump-ports-desc" if line.ends_with(" 3") => Alike::Words(&["3", "patch-tun"]),
        "dump-ports-desc" => Alike::Words(&["int-br-ens37", "qvobeeb2c54-aa"]),
        "dump-aggregate" if line.contains("table=0") => Alike::Words(&["15"]),
        "dump-aggregate" => Alike::Words(&["27"]),
        "dump-tables" => Alike::Words(&["15", "1000000"]),
        "dump-groups" | "dump-group-stats" => Alike::Words(&["group_id=5"]),
        "dump-meter" | "dump-meters" | "meter-stats" => Alike::Words(&["meter"]),
        "find" if line.contains("ofport") => Alike::Words(&["vxlan-0a000048", "10.0.0.72", "vx1"]),
        "find" => Alike::Words(&["vxlan-0a000048", "vxlan"]),
        "list" if line.contains("patch-tun") => Alike::Words(&["patch-tun", "patch"]),
        "list" => Alike::Words(&["ens37"]),
        "get-controller" => Alike::Words(&["tcp:127.0.0.1:6633"]),
        "get-ssl" => Alike::Words(&["/key", "/certificate", "/ca"]),
        "ofp-parse-pcap" => Alike::Words(&["OFPT_HELLO"]),
        "ofp-print" | "ofp-parse" => Alike::Words(&["OFPT_ECHO_REQUEST"]),
        _ => return None,
    })
}

/// The verb of a line: the first word that is one in the table.
fn verb(line: &str) -> &str {
    let is_verb = |word: &&str| VERBS.iter().any(|verb| verb.name == *word);
    line.split(' ').skip(1).find(is_verb).unwrap_or_default()
}

fn sorted(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text.lines().map(|line| line.replace('"', "")).collect();
    lines.sort_unstable();
    lines
}

/// The flows, without heading, quotes, durations and ages.
fn flows(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| line.contains("actions="));
    let lines = lines.map(|line| {
        let changes = |part: &&str| {
            !["duration=", "idle_age="]
                .iter()
                .any(|c| part.starts_with(c))
        };
        let parts: Vec<&str> = line.trim().split(", ").filter(changes).collect();
        parts.join(", ").replace('"', "")
    });
    lines.collect()
}

/// What the hint says to type for a line with a tool; it is all that the hint says, but for `but`.
fn counterpart(sandbox: &Sandbox, line: &str, but: &str) -> String {
    let ran = shell(sandbox, &format!("ovs {line}")).exits(2);
    let tips = ran
        .stderr
        .lines()
        .filter_map(|line| line.trim().strip_prefix("tip: "));
    let tip = tips.map(str::to_owned).next().unwrap_or_default();
    let end = match but {
        "" => "'".to_owned(),
        but => format!("'; {but}"),
    };
    let typed = tip.split_once("' type '").map(|(_, typed)| typed);
    let typed = typed.and_then(|typed| typed.strip_suffix(&end));
    typed.unwrap_or_else(|| panic!("{line}: {tip}")).to_owned()
}

/// What runs the verb of this form: the verb itself, with `--all` where `ovs` needs it.
fn runs(sandbox: &Sandbox, form: &Form) -> String {
    let line = format!("ovs {}", form.example);
    if !form.but.contains("--all") {
        return line;
    }
    shell(sandbox, &line).exits(2).says("--all");
    format!("{line} --all")
}

/// Every line on the left on one switch, its right side on another that is its twin.
fn compare(theirs: &Sandbox, ours: &Sandbox, today: &str, with_ovs: &str) {
    let before = configuration(theirs);
    let left = shell(theirs, today).exits(0).stdout;
    let right = shell(ours, with_ovs).exits(0).stdout;
    let after = configuration(theirs);
    let now = configuration(ours);
    assert!(
        after == now,
        "{today} and {with_ovs} differ:\n{}",
        diff(&after, &now)
    );
    match alike(today) {
        None => assert!(before != after, "{today} changes nothing"),
        Some(Alike::Lines) => assert_eq!(sorted(&left), sorted(&right), "{with_ovs}"),
        Some(Alike::LinesBut(own)) => {
            let mut right = sorted(&right);
            right.retain(|line| line != own);
            assert_eq!(sorted(&left), right, "{with_ovs}");
        }
        Some(Alike::Flows) => {
            assert!(!flows(&left).is_empty(), "{left}");
            // ovs-ofctl writes numbers into a pipe if it is not told otherwise.
            let right = if today.contains("names") {
                right
            } else {
                shell(ours, &format!("{with_ovs} --no-names")).stdout
            };
            assert_eq!(flows(&left), flows(&right), "{with_ovs}");
        }
        Some(Alike::Words(words)) => {
            for word in words {
                assert!(left.contains(word), "{today}: {word} in {left}");
                assert!(right.contains(word), "{with_ovs}: {word} in {right}");
            }
        }
    }
}

#[test]
fn both_sides_of_every_task_do_the_same() {
    let theirs = Sandbox::neutron(Neutron::Node);
    let ours = Sandbox::neutron(Neutron::Node);
    for task in TASKS {
        compare(&theirs, &ours, task.today, task.ovs);
    }
}

#[test]
fn both_sides_of_every_verb_do_the_same() {
    let theirs = Sandbox::neutron(Neutron::Node);
    let ours = Sandbox::neutron(Neutron::Node);
    for sandbox in [&theirs, &ours] {
        vsctl!(sandbox, "set-manager unix:/nowhere/1 unix:/nowhere/2");
        vsctl!(sandbox, "set-ssl /key /certificate /ca");
        ofctl!(
            sandbox,
            "-O OpenFlow13 add-group br-int group_id=5,type=all,bucket=output:1"
        );
        ofctl!(
            sandbox,
            "-O OpenFlow13 add-meter br-int meter=3,kbps,band=type=drop,rate=1000"
        );
        let pcap = of_project("fixtures/golden/pasted/of.pcap");
        fs::copy(pcap, sandbox.run_dir().join("of.pcap")).unwrap();
        fs::write(sandbox.run_dir().join("of.bin"), [1, 2, 0, 8, 0, 0, 0, 1]).unwrap();
        for (file, lines) in [
            (
                "flows.txt",
                "# two\ntable=61,in_port=1,actions=2\n\ntable=61,arp,actions=NORMAL\n",
            ),
            (
                "more.txt",
                "table=62,priority=9,tcp,tp_dst=80,actions=drop\n",
            ),
            (
                "changed.txt",
                "table=62,priority=9,tcp,tp_dst=80,actions=NORMAL\n",
            ),
            ("match.txt", "table=62\n"),
            (
                "groups.txt",
                "group_id=8,type=all,bucket=output:1,bucket=output:2\n",
            ),
        ] {
            fs::write(sandbox.run_dir().join(file), lines).unwrap();
        }
    }
    for verb in VERBS {
        for form in verb.counterpart.forms() {
            let line = format!("{} {}", verb.tool.line(), form.example);
            let with_ovs = match verb.counterpart {
                Counterpart::Runs(_) => runs(&ours, form),
                _ => counterpart(&theirs, &line, form.but),
            };
            compare(&theirs, &ours, &line, &with_ovs);
        }
    }
}

#[test]
fn a_verb_typed_out_of_habit_is_hinted() {
    let sandbox = Sandbox::empty();
    let own = listed(&ovs!("--help").out());
    for (at, verb) in VERBS.iter().enumerate() {
        // A name that several tools have is that of the first.
        let is_first = VERBS[..at].iter().all(|other| other.name != verb.name);
        // Those with a slash run, all of them.
        if own.contains(verb.name) || !is_first || verb.name.contains('/') {
            continue;
        }
        let said = match verb.counterpart {
            Counterpart::Here(_) | Counterpart::Runs(_) | Counterpart::Appctl => {
                format!("tip: for '{} {}' type 'ovs ", verb.tool.line(), verb.name)
            }
            Counterpart::NotHere(why) => {
                format!("tip: {why}; '{} {}' does", verb.tool.line(), verb.name)
            }
        };
        ovs!("{}", verb.name).fails(2, &said);
        let said = said.replace("tip: ", "hint: ");
        let said = said.trim_end_matches("'ovs ");
        let line = format!("# nothing\n{}\n", verb.name);
        let ran = ovs!(sandbox, "batch")
            .write_stdin(line)
            .fails(2, "line 2: ");
        ran.says(said);
    }
}

#[test]
fn the_hint_has_the_arguments_that_were_typed() {
    for (typed, said) in [
        (
            "list-ports br0",
            "for 'ovs-vsctl list-ports br0' type 'ovs port list br0 -g port'; ",
        ),
        (
            "list-ports",
            "for 'ovs-vsctl list-ports' type 'ovs port list BRIDGE -g port'",
        ),
        (
            "--may-exist add-br br0",
            "type 'ovs bridge add br0 --may-exist'",
        ),
        (
            "-- --if-exists del-br x",
            "for 'ovs-vsctl -- --if-exists del-br x' type 'ovs bridge del x --if-exists'",
        ),
        (
            "del-port br0 'a b'",
            "for 'ovs-vsctl del-port br0 'a b'' type 'ovs port del 'br0/a b''",
        ),
        (
            "-t 5 wait-until Bridge br0",
            "type 'ovs db wait Bridge br0 -t 5'",
        ),
        (
            "--format=json --columns name list Bridge",
            "type 'ovs db list Bridge --json --columns name'",
        ),
        (
            "--oneline list-br",
            "type 'ovs bridge list -g bridge', without '--oneline'",
        ),
        (
            "list-br extra",
            "for 'ovs-vsctl list-br' type 'ovs bridge list -g bridge'",
        ),
        (
            "add-port br0 p1 tag=5 fake_bridge=true -- set interface p1 type=gre options:remote_ip=192.0.2.1",
            "type 'ovs port add br0 p1 --tag 5 --type gre --option remote_ip=192.0.2.1', without 'fake_bridge=true'",
        ),
        (
            "add-br a -- add-br b",
            "type 'ovs bridge add a' and 'ovs bridge add b', or all as lines of 'ovs batch'",
        ),
        ("port list-ports br0", "type 'ovs port list br0 -g port'"),
        (
            "port clear p1 tag",
            "type 'ovs db clear TABLE RECORD COLUMN...'",
        ),
        ("vsctl show", "for 'ovs-vsctl show' type 'ovs show'"),
        (
            "ofctl -O OpenFlow13 dump-flows br0 ip",
            "type 'ovs dump-flows br0 ip -O OpenFlow13'",
        ),
        ("ofctl frobnicate", "'ovs help today'"),
        (
            "exit --cleanup",
            "for 'ovs-appctl exit --cleanup' type 'ovs appctl exit --cleanup'",
        ),
        (
            "--bundle snoop br0",
            "; 'ovs-ofctl --bundle snoop br0' does",
        ),
    ] {
        ovs!("{typed}").fails(2, said);
    }
    ovs!("dump-flow").fails(2, "'dump-flows'").omits("type");
    ovs!("--quiet port set p1 --nope")
        .fails(2, "--nope")
        .omits("ovs-vsctl");
}

/// The lines of Open vSwitch's FAQ refer to rows before they make them; the hint's lines, in the order of a batch,
/// make the same.
#[test]
fn the_hint_puts_rows_before_what_refers_to_them() {
    let ports = "add-br br0 -- add-port br0 p1 -- set Interface p1 type=internal \
                 -- add-port br0 p2 -- set Interface p2 type=internal";
    let made = |sandbox: &Sandbox| {
        let lists = "--bare --columns=name,select_all list Mirror \
                     -- --columns=type,other_config list QoS -- --columns=other_config list Queue \
                     -- --columns=targets,active_timeout list NetFlow -- --columns=name find Port qos!=[] \
                     -- --columns=name find Bridge mirrors!=[] -- --columns=name find Bridge netflow!=[]";
        vsctl!(sandbox, "{lists}")
    };
    for line in [
        "-- set bridge br0 mirrors=@m -- --id=@p1 get port p1 -- --id=@p2 get port p2 \
         -- --id=@m create mirror name=m0 select-dst-port=@p1 select-src-port=@p1 output-port=@p2",
        "-- add-port br0 p3 -- set interface p3 type=internal -- set port p3 qos=@newqos \
         -- --id=@newqos create qos type=linux-htb other-config:max-rate=1000000000 queues:123=@q \
         -- --id=@q create queue other-config:max-rate=10000000",
        "-- set bridge br0 netflow=@nf -- --id=@nf create netflow targets=\\\"192.0.2.1:5566\\\" active-timeout=30",
    ] {
        let (theirs, ours) = (Sandbox::with(ports), Sandbox::with(ports));
        shell(&theirs, &format!("ovs-vsctl {line}")).exits(0);
        let ran = shell(&ours, &format!("ovs {line}")).exits(2);
        let tip = ran
            .stderr
            .lines()
            .find_map(|line| line.trim().strip_prefix("tip: "));
        let typed = tip.and_then(|tip| tip.split_once("' type '"));
        let lines = typed.and_then(|(_, typed)| typed.strip_suffix("', as lines of 'ovs batch'"));
        let lines = lines.unwrap_or_else(|| panic!("{line}: {tip:?}"));
        let batch = lines.split("' and '").collect::<Vec<_>>().join("\n");
        ovs!(ours, "batch -").write_stdin(batch).ok();
        assert_eq!(made(&theirs), made(&ours), "{lines}");
        assert!(!made(&theirs).is_empty());
    }
}

#[test]
fn the_hint_in_a_batch_is_a_line_of_it() {
    let sandbox = Sandbox::empty();
    for (line, said) in [
        ("add-port br0 p1 tag=5", "type 'port add br0 p1 --tag 5'"),
        (
            "-- --if-exists del-br br0",
            "type 'bridge del br0 --if-exists'",
        ),
        (
            "ovs-vsctl --may-exist add-br br0 -- set Bridge br0 fail_mode=secure",
            "type 'bridge add br0 --fail-mode secure --may-exist'",
        ),
        (
            "add-br a -- add-br b",
            "type 'bridge add a' and 'bridge add b', a line each",
        ),
        ("list-ports br0", "type 'ovs port list br0 -g port'"),
        ("port add br0 p1 tag=5", "settings are options: --tag 5"),
        ("add-flow br0 actions=drop", "flow add br0 actions=drop'"),
        (
            "fdb/flush br0",
            "for 'ovs-appctl fdb/flush br0' type 'ovs appctl fdb/flush br0'",
        ),
    ] {
        let text = format!("bridge add br0\n{line}\n");
        ovs!(sandbox, "batch")
            .write_stdin(text)
            .fails(2, "ovs: line 2: ")
            .says(said);
        assert_eq!(vsctl!(sandbox, "list-br"), "", "{line}");
    }
}

/// What is typed out of habit runs where it writes flows; its options are those of `ovs`, mapped, left out or refused.
#[test]
fn a_verb_that_writes_flows_runs() {
    let sandbox = Sandbox::with("add-br br0");
    for line in [
        "add-flow br0 table=1,actions=drop",
        "ofctl add-flow br0 table=2,actions=drop",
        "-O OpenFlow13 ovs-ofctl add-flow br0 table=3,actions=drop",
        "ovs-ofctl add-flow br0 table=4,actions=drop --protocols=OpenFlow10",
        "--bundle --strict --names -F nxm -Fany --flow-format=nxm add-flow br0 table=5,actions=drop",
        "-t 5 add-flow br0 table=6,actions=drop",
    ] {
        ovs!(sandbox, "{line}").ok();
    }
    let flows = ofctl!(sandbox, "--no-stats dump-flows br0");
    for table in 1..=6 {
        assert!(
            flows.contains(&format!("table={table}, ")),
            "{table}: {flows}"
        );
    }
    let before = ofctl!(sandbox, "--no-stats dump-flows br0");
    for (line, code, said) in [
        ("add-flow br0", 2, "type 'ovs flow add br0 FLOW'"),
        ("add-flow br0 actions=nothing", 2, "nothing"),
        ("add-flow br0 --nope actions=drop", 2, "--nope"),
        ("add-flow nowhere actions=drop", 3, "nowhere"),
        (
            "--readd add-flow br0 actions=drop",
            2,
            "'--readd' has no counterpart",
        ),
        (
            "flow add-flow br0 actions=drop",
            2,
            "type 'ovs flow add br0 actions=drop'",
        ),
        ("--json show add-flow br0", 2, ""),
    ] {
        ovs!(sandbox, "{line}").fails(code, said);
    }
    assert_eq!(ofctl!(sandbox, "--no-stats dump-flows br0"), before);
    assert!(ovs!("add-flow --help").out().contains("ovs flow add"));
    assert!(!ovs!("--help").out().contains("add-flow"));
}

/// A command of a daemon runs when it has a slash, and so does a line of ovs-appctl with its own options.
#[test]
fn a_command_of_a_daemon_runs() {
    let sandbox = Sandbox::with("add-br br0");
    for (typed, appctl) in [
        ("fdb/stats-show br0", "fdb/stats-show br0"),
        ("dpctl/show -s", "dpctl/show -s"),
        (
            "-t ovsdb-server ovsdb-server/list-dbs",
            "-t ovsdb-server ovsdb-server/list-dbs",
        ),
        ("appctl -t ovsdb-server version", "-t ovsdb-server version"),
        ("ovs-appctl -T 5 ofproto/list", "ofproto/list"),
    ] {
        let expected = shell(&sandbox, &format!("ovs-appctl {appctl}")).exits(0);
        assert_eq!(ovs!(sandbox, "{typed}").out(), expected.stdout, "{typed}");
    }
    ovs!(sandbox, "fdb/stats-show nowhere").fails(1, "no such bridge");
}

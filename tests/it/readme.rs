//! What README.md and docs/ say is so: the table of what is typed today is that of the program, both
//! sides of every line do the same on a real switch, and the examples run and print what they show.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use ovs::cli::today::{OTHERS, TASKS, Task};
use ovs::sandbox::Neutron;

use crate::common::{self, Ran, Sandbox, diff, is_update, of_project};

/// A line for the shell, on a sandbox, with the `ovs` under test and the real tools.
fn shell(sandbox: &Sandbox, line: &str) -> Ran {
    let bin = common::binary();
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new("bash");
    command.args(["-c", line]);
    common::clean(&mut command);
    let output = command
        .env(
            "PATH",
            format!("{}:{path}:/usr/sbin:/sbin", bin.parent().unwrap().display()),
        )
        .env("OVS_RUNDIR", sandbox.run_dir())
        .current_dir(sandbox.run_dir())
        .output();
    Ran::new(line.to_owned(), output.expect("bash runs"))
}

#[test]
fn the_table_is_that_of_the_program() {
    let heading = "| task | today | with `ovs` |\n|---|---|---|\n";
    let mut table = String::from(heading);
    for Task { what, today, ovs } in TASKS {
        let row = format!("| {what} | `{today}` | `{ovs}` |");
        // A bar inside a cell is written so.
        let row = row.replace(" | grep", " \\| grep");
        table.push_str(&row);
        table.push('\n');
    }
    let file = of_project("README.md");
    let readme = fs::read_to_string(&file).unwrap();
    let (before, rest) = readme.split_once(heading).expect("the README has it");
    let rows = rest.lines().take_while(|line| line.starts_with('|'));
    let length: usize = rows.map(|row| row.len() + 1).sum();
    let (found, after) = readme[before.len()..].split_at(heading.len() + length);
    if is_update() {
        fs::write(file, format!("{before}{table}{after}")).unwrap();
        return;
    }
    assert!(
        found == table,
        "the table in README.md differs (UPDATE_GOLDEN=1 rewrites it):\n{}",
        diff(found, &table)
    );
}

/// What a sandbox is configured to be, without what differs by chance.
fn configuration(sandbox: &Sandbox) -> String {
    let mut all = String::new();
    for (table, columns) in [
        (
            "Bridge",
            "name,fail_mode,protocols,datapath_type,stp_enable,other_config,external_ids",
        ),
        (
            "Port",
            "name,tag,trunks,vlan_mode,bond_mode,lacp,other_config,external_ids",
        ),
        (
            "Interface",
            "name,type,options,ofport_request,mtu_request,external_ids",
        ),
        ("Controller", "target"),
        ("QoS", "type"),
        ("Open_vSwitch", "other_config"),
    ] {
        let columns = format!("--columns={columns}");
        let rows = vsctl!(sandbox, "--format=csv --no-headings {columns} list {table}");
        let mut rows: Vec<&str> = rows.lines().collect();
        rows.sort_unstable();
        writeln!(all, "{table}\n{}", rows.join("\n")).unwrap();
    }
    all
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

/// Of each line that asks: what makes the answers alike. A line that is not here must change something.
fn alike(line: &Task) -> Option<Alike> {
    Some(match line.today.split(' ').nth(1)? {
        "list-br" | "port-to-br" | "iface-to-br" | "br-exists" | "br-get-external-id"
        | "get-fail-mode" | "get" | "--timeout=5" => Alike::Lines,
        "list-ports" | "list-ifaces" => Alike::LinesBut("br-int"),
        "--names" | "dump-flows" => Alike::Flows,
        "-O" if line.today.contains("dump-flows") => Alike::Flows,
        "show" if line.today.contains("ofctl") => Alike::Words(&["3", "patch-tun"]),
        "show" => Alike::Words(&["br-tun", "qvobeeb2c54-aa", "10.0.0.72"]),
        "dump-ports" => Alike::Words(&["0"]),
        "dump-ports-desc" => Alike::Words(&["int-br-ens37", "qvobeeb2c54-aa"]),
        "dump-aggregate" => Alike::Words(&["27"]),
        "--columns=name,ofport,options" => Alike::Words(&["vxlan-0a000048", "10.0.0.72", "vx1"]),
        "--columns=name,type" => Alike::Words(&["patch-tun", "patch"]),
        "find" => Alike::Words(&["vxlan-0a000048"]),
        "list" => Alike::Words(&["ens37"]),
        "br-to-parent" => Alike::Words(&["br-int"]),
        "ofp-print" => Alike::Words(&["OFPT_ECHO_REQUEST"]),
        // A VLAN or nothing; a UUID; statistics.
        "br-to-vlan" | "get-controller" | "-O" => Alike::Words(&[]),
        _ => return None,
    })
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

/// Every line on the left on one switch, its right side on another that is its twin.
#[test]
fn both_sides_of_every_line_do_the_same() {
    for lines in [&TASKS[..], OTHERS] {
        let theirs = Sandbox::neutron(Neutron::Node);
        let ours = Sandbox::neutron(Neutron::Node);
        let mut before = configuration(&theirs);
        assert_eq!(before, configuration(&ours));
        for line in lines {
            let left = shell(&theirs, line.today).exits(0).stdout;
            let right = shell(&ours, line.ovs).exits(0).stdout;
            let after = configuration(&theirs);
            let now = configuration(&ours);
            assert!(
                after == now,
                "{} and {} differ:\n{}",
                line.today,
                line.ovs,
                diff(&after, &now)
            );
            match alike(line) {
                None => assert!(before != after, "{} changes nothing", line.today),
                Some(Alike::Lines) => assert_eq!(sorted(&left), sorted(&right), "{}", line.ovs),
                Some(Alike::LinesBut(own)) => {
                    let mut right = sorted(&right);
                    right.retain(|line| line != own);
                    assert_eq!(sorted(&left), right, "{}", line.ovs);
                }
                Some(Alike::Flows) => {
                    assert!(!flows(&left).is_empty(), "{left}");
                    // ovs-ofctl writes numbers into a pipe if it is not told otherwise.
                    let right = if line.today.contains("--names") {
                        right
                    } else {
                        shell(&ours, &format!("{} --no-names", line.ovs)).stdout
                    };
                    assert_eq!(flows(&left), flows(&right), "{}", line.ovs);
                }
                Some(Alike::Words(words)) => {
                    for word in words {
                        assert!(left.contains(word), "{}: {word} in {left}", line.today);
                        assert!(right.contains(word), "{}: {word} in {right}", line.ovs);
                    }
                }
            }
            before = after;
        }
    }
}

/// A verb that `ovs` does not have, typed out of habit.
#[test]
fn verbs_of_the_old_tools_are_hinted() {
    let own = ovs!("--help").out();
    let own: BTreeSet<&str> = own
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    let lines = TASKS.iter().chain(OTHERS);
    for line in lines.filter(|line| !own.contains(line.verb())) {
        ovs!("{} x", line.verb())
            .fails(2, "tip: for 'ovs-")
            .says(format!(" {}", line.verb()));
    }
    ovs!("add-br br-ex").fails(2, "type 'ovs bridge add br-ex'");
    ovs!("port list-ports").fails(2, "type 'ovs port list br-int -g port'");
    ovs!("fdb/show").fails(2, "'ovs-appctl fdb/show' does");
    ovs!("dump-flow").fails(2, "'dump-flows'").omits("type");
}

/// An example of a page: the line typed, and what it shows of the answer.
struct Example {
    line: String,
    answer: String,
    /// In a block of its own, which has a switch of its own; else in a table.
    is_in_block: bool,
}

impl Example {
    /// Whether the next line is what the shell reads up to END.
    fn is_open(&self) -> bool {
        self.line.contains("<<'END'") && !self.line.ends_with("\nEND")
    }
}

/// The blocks with examples, and the commands in tables.
fn examples(page: &str) -> Vec<Vec<Example>> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("```console") {
            let mut block: Vec<Example> = Vec::new();
            for line in lines.by_ref().take_while(|line| !line.starts_with("```")) {
                if let Some(typed) = line.strip_prefix("$ ") {
                    block.push(Example {
                        line: typed.to_owned(),
                        answer: String::new(),
                        is_in_block: true,
                    });
                } else if let Some(example) = block.last_mut().filter(|e| e.is_open()) {
                    example.line.push('\n');
                    example.line.push_str(line);
                } else if let Some(example) = block.last_mut() {
                    example.answer.push_str(line);
                    example.answer.push('\n');
                }
            }
            blocks.push(block);
        } else if line.starts_with("| ")
            && !line.contains("`ovs-vsctl ")
            && !line.contains("-ofctl")
        {
            let spans = line.split('`').skip(1).step_by(2);
            let commands = spans.filter(|span| span.starts_with("ovs ") && !span.contains('|'));
            blocks.push(
                commands
                    .map(|command| Example {
                        line: command.to_owned(),
                        answer: String::new(),
                        is_in_block: false,
                    })
                    .collect(),
            );
        }
    }
    blocks
}

/// What cannot run here, and why.
const NOT_HERE: [(&str, &str); 9] = [
    ("--watch", "tests/it/watch.rs: it does not end"),
    ("make ", "tests/it/install.rs and the demo"),
    ("ovs-pki ", "tests/it/tls.rs"),
    ("ssl:", "tests/it/tls.rs"),
    ("<TAB>", "tests/it/completion.rs"),
    ("~/.config", "writes into the home"),
    ("eval ", "tests/it/sandbox.rs"),
    ("ovs sandbox ", "tests/it/sandbox.rs"),
    ("ovs-vsctl set-ssl", "tests/it/tls.rs"),
];

#[test]
fn the_examples_run_and_print_what_they_show() {
    let mut count = 0;
    for name in ["README.md", "docs/guide.md", "docs/remote.md"] {
        let text_of_page = fs::read_to_string(of_project(name)).unwrap();
        let tables = Sandbox::neutron(Neutron::Node);
        for block in examples(&text_of_page) {
            let own;
            let sandbox = if block.iter().any(|example| example.is_in_block) {
                own = Sandbox::neutron(Neutron::Node);
                &own
            } else {
                &tables
            };
            for Example { line, answer, .. } in block {
                if NOT_HERE.iter().any(|(part, _)| line.contains(part)) {
                    continue;
                }
                count += 1;
                // Findings are what `check` is for.
                let fine = i32::from(line == "ovs check");
                let printed = shell(sandbox, &line).exits(fine).stdout;
                assert!(
                    answer.is_empty() || answer == printed,
                    "{name}: {line} (- page, + real):\n{}",
                    diff(&answer, &printed)
                );
            }
        }
    }
    assert!(count > 50, "{count}");
}

/// Links lead to files, and files of pictures are there.
#[test]
fn links_lead_somewhere() {
    for name in [
        "README.md",
        "CONTRIBUTING.md",
        "docs/guide.md",
        "docs/remote.md",
    ] {
        let text_of_page = fs::read_to_string(of_project(name)).unwrap();
        let targets = text_of_page.split("](").skip(1);
        for target in targets.filter_map(|rest| rest.split([')', '#']).next()) {
            if target.starts_with("http") || target.is_empty() {
                continue;
            }
            let file = of_project(name).parent().unwrap().join(target);
            assert!(file.exists(), "{name}: {target}");
        }
    }
}

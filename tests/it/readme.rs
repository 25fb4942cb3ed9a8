//! What README.md and docs/ say is so: the table of what is typed today is that of the program, whose lines
//! `today` runs, and the examples run and print what they show.

use std::fs;
use std::process::Command;

use ovs::commands::today::tasks::{TASKS, Task};
use ovs::sandbox::Neutron;

use crate::common::{self, Ran, Sandbox, diff, is_update, of_project};

/// A line for the shell, on a sandbox, with the `ovs` under test and the real tools.
pub(crate) fn shell(sandbox: &Sandbox, line: &str) -> Ran {
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
const NOT_HERE: [(&str, &str); 13] = [
    ("--hosts", "tests/it/fleet.rs"),
    ("--watch", "tests/it/watch.rs: it does not end"),
    ("make ", "tests/it/install.rs and the demo"),
    ("ovs --host ", "tests/it/ssh.rs"),
    ("ovs --via", "tests/it/via.rs"),
    ("ovs diff host:", "tests/it/diff.rs"),
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
    for name in [
        "README.md",
        "docs/guide.md",
        "docs/remote.md",
        "docs/saved-hosts.md",
    ] {
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
            for example in block {
                let is_in_block = example.is_in_block;
                let Example { line, answer, .. } = example;
                if NOT_HERE.iter().any(|(part, _)| line.contains(part)) {
                    continue;
                }
                count += 1;
                // Findings are what `check` is for, differences what `diff` is for.
                let differs = is_in_block && line.starts_with("ovs diff ");
                let fine = i32::from(line == "ovs check" || differs);
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
        "docs/saved-hosts.md",
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

//! What every command prints: on terminals of 60, 80, 120 and 200 columns, in a pipe, and as JSON; and its
//! help. The files are in `tests/snapshots`; `UPDATE_GOLDEN=1` writes them anew.
//!
//! A snapshot of our own output proves little alone. So, next to it, for every command: no line of a
//! terminal is wider than the terminal; the text has the rows and values of the JSON, cell by cell; what a
//! table shows are these values, whole or with the sign of what was cut; and a column that it does not show
//! is named below it, or has nothing to show.

pub(crate) mod cases;
pub(crate) mod normal;
mod twins;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::thread;

use cases::{CASES, Case, ELSEWHERE, Scene};
use ovs::cli::schema::{self, commands};
use ovs::output::width;

use crate::common::terminal::without_colours;
use crate::common::{Ovs, Ran, Sandbox, of_project, same_as_file};

/// The columns of the terminals.
const WIDTHS: [usize; 4] = [60, 80, 120, 200];

/// A host of a Neutron cloud.
#[test]
fn on_a_node() {
    look(Scene::Node);
}

/// Long names, names in other scripts, a bond, groups, meters, what is wrong.
#[test]
fn with_odd_names() {
    look(Scene::Odd);
}

/// Nothing there.
#[test]
fn on_an_empty_switch() {
    look(Scene::Empty);
}

/// A command cannot be added without a case.
#[test]
fn every_command_has_a_case() {
    for command in commands() {
        let line = command.join(" ");
        let is_it = |case: &Case| case.line == line || case.line.starts_with(&format!("{line} "));
        let is_elsewhere = ELSEWHERE.iter().any(|(name, _)| *name == line);
        assert_ne!(CASES.iter().any(is_it), is_elsewhere, "ovs {line}");
    }
}

#[test]
fn every_snapshot_has_a_case() {
    let mut files: BTreeSet<String> = CASES.iter().map(Case::file).collect();
    files.extend(help_pages().into_iter().map(|words| help_file(&words)));
    let mut there = BTreeSet::new();
    for directory in ["node", "odd", "empty", "help"] {
        let directory = format!("tests/snapshots/{directory}");
        for entry in fs::read_dir(of_project(&directory)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            there.insert(format!("{directory}/{name}"));
        }
    }
    let left: Vec<_> = there.difference(&files).collect();
    assert!(left.is_empty(), "no case is of {left:?}");
}

/// Every case of a scene, on a sandbox that they share: they only read.
fn look(scene: Scene) {
    let sandbox = scene.sandbox();
    let cases = CASES.iter().filter(|case| case.scene == scene);
    all_of(cases, |case| of_case(&sandbox, case));
}

/// Looks at each, two at a time; fails once all are looked at.
fn all_of<T>(each: impl Iterator<Item = T> + Send, look: impl Fn(T) + Sync) {
    let due = Mutex::new(each);
    let failures = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let next = due.lock().unwrap().next();
                    let Some(next) = next else { break };
                    let outcome = catch_unwind(AssertUnwindSafe(|| look(next)));
                    if let Err(panic) = outcome {
                        let said = panic.downcast_ref::<String>().cloned();
                        let said = said.unwrap_or_else(|| "it panicked".to_owned());
                        failures.lock().unwrap().push(said);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

fn of_case(sandbox: &Sandbox, case: &Case) {
    let words = shell_words::split(case.line).unwrap();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let text = sandbox.ovs(&words).run();
    let json = sandbox.ovs(&words).arg("--json").run();
    let lines = sandbox.ovs(&words).args(["-o", "jsonl"]).run();
    let mut snapshot = format!("$ ovs {}\n", case.line);
    let mut before: Option<String> = None;
    for columns in WIDTHS {
        let said = on_terminal(&mut sandbox.ovs(&words), columns);
        assert_eq!(said.code, text.code, "{columns} columns: {said:?}");
        for line in said.stdout.lines() {
            assert!(
                width(line) <= columns || case.is_free(line),
                "{columns} columns: {line}\n{}",
                said.stdout
            );
        }
        twins::table_and_json(&words, &said, &json);
        let shown = shown(&said, true);
        if before.as_ref() == Some(&shown) {
            let _ = writeln!(snapshot, "\n== {columns} columns: the same");
        } else {
            let _ = write!(snapshot, "\n== {columns} columns\n{shown}");
        }
        before = Some(shown);
    }
    twins::text_and_json(&words, &text, &json, &lines);
    let _ = write!(snapshot, "\n== pipe\n{}", shown(&text, true));
    let schema = schema::printed(&[&words[..], &["--json"]].concat());
    if let Some((document, _)) = schema {
        let _ = write!(
            snapshot,
            "\n== JSON, {}\n{}",
            document.name,
            shown(&json, false)
        );
    }
    same_as_file(&case.file(), &normal::form(&snapshot, sandbox.run_dir()));
}

/// What was printed, with what is not usual: words on stderr, an exit code.
fn shown(said: &Ran, with_rest: bool) -> String {
    let mut text = said.stdout.clone();
    if with_rest && !said.stderr.is_empty() {
        let _ = write!(text, "-- stderr\n{}", said.stderr);
    }
    if with_rest && said.code != 0 {
        let _ = writeln!(text, "-- exit code {}", said.code);
    }
    text
}

/// What a terminal of so many columns gets; without the colours.
fn on_terminal(ovs: &mut Ovs, columns: usize) -> Ran {
    let mut ran = ovs.on_terminal(columns);
    ran.stdout = without_colours(&ran.stdout);
    ran
}

/// Every command that has a help: all, their groups, and `ovs` itself.
fn help_pages() -> Vec<Vec<String>> {
    let mut pages = vec![Vec::new()];
    for command in commands() {
        if let [group, _] = command.as_slice()
            && !pages.contains(&vec![group.clone()])
        {
            pages.push(vec![group.clone()]);
        }
        pages.push(command);
    }
    pages
}

fn help_file(words: &[String]) -> String {
    let name = match words {
        [] => "ovs".to_owned(),
        words => words.join("-"),
    };
    format!("tests/snapshots/help/{name}.txt")
}

/// `ovs COMMAND -h` and `ovs COMMAND --help` on a terminal of 80 columns. `-h` has one line for the options that
/// all commands have; where `--help` differs in nothing else, only `-h` is in the snapshot.
#[test]
fn help_of_every_command() {
    let of = |words: &[String], option: &str| {
        let line = format!("{} {option}", words.join(" "));
        let said = on_terminal(&mut ovs!("{line}"), 80).exits(0).stdout;
        // clap leaves the synopsis in one line.
        let lines = said.lines().filter(|line| !line.starts_with("Usage: "));
        let longest = lines.map(width).max().unwrap();
        assert!(longest <= 80, "ovs {line}:\n{said}");
        said
    };
    let whole = of(&[], "--help");
    let at = whole.find("Global options:\n").expect("they are there");
    let end = whole.find("Exit codes:\n").expect("they are there");
    let global = format!("\n\n{}", whole[at..end].trim_end());
    let own = |short: &str| {
        assert!(!short.contains(&global), "{short}");
        let without = |said: String, words| {
            assert!(said.contains(words), "{said}");
            said.replace(words, "")
        };
        let said = without(
            short.to_owned(),
            "\n\nOptions of every command: ovs help options",
        );
        without(said, " (see more with '--help')")
    };
    all_of(help_pages().into_iter(), |words| {
        let short = of(&words, "-h");
        let long = of(&words, "--help");
        let name = words.join(" ");
        let said = if !words.is_empty() && own(&short) == long.replace(&global, "") {
            format!(
                "$ ovs {name} -h
{short}"
            )
        } else {
            format!(
                "$ ovs {name} -h
{short}

$ ovs {name} --help
{long}"
            )
        };
        same_as_file(&help_file(&words), &said);
    });
}

//! What every command prints: on terminals of 60, 80, 120 and 200 columns, in a pipe, and as JSON; and its
//! help. The files are in `tests/snapshots`; `UPDATE_GOLDEN=1` writes them anew.
//!
//! A snapshot of our own output proves little alone. So, next to it, for every command: no line of a
//! terminal is wider than the terminal; the text has the rows and values of the JSON, cell by cell; what a
//! table shows are these values, whole or with the sign of what was cut; and a column that it does not show
//! is named below it, or has nothing to show.

mod cases;
mod normal;
mod twins;

use std::collections::BTreeSet;
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::thread;

use cases::{CASES, Case, ELSEWHERE, Scene};
use ovs::cli::schema::{self, commands};
use ovs::output::width;

use crate::common::{Sandbox, binary, clean, diff};

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
    let mut files: BTreeSet<PathBuf> = CASES.iter().map(Case::file).collect();
    files.extend(help_pages().into_iter().map(|words| help_file(&words)));
    let mut there = BTreeSet::new();
    for directory in ["node", "odd", "empty", "help"] {
        let entries = fs::read_dir(directory_of(directory)).unwrap();
        there.extend(entries.map(|entry| entry.unwrap().path()));
    }
    let left: Vec<_> = there.difference(&files).collect();
    assert!(left.is_empty(), "no case is of {left:?}");
}

/// Every case of a scene, on a sandbox that they share: they only read.
fn look(scene: Scene) {
    let sandbox = scene.sandbox();
    let due = Mutex::new(CASES.iter().filter(|case| case.scene == scene));
    let failures = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let case = due.lock().unwrap().next();
                    let Some(case) = case else { break };
                    let outcome = std::panic::catch_unwind(|| of_case(&sandbox, case));
                    if let Err(panic) = outcome {
                        let said = panic.downcast_ref::<String>().cloned();
                        let said = said.unwrap_or_else(|| "it panicked".to_owned());
                        failures
                            .lock()
                            .unwrap()
                            .push(format!("ovs {}: {said}", case.line));
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// What a command printed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Said {
    /// On stdout, as it came.
    pub(crate) out: String,
    /// On stderr.
    pub(crate) err: String,
    /// The exit code.
    pub(crate) code: i32,
}

fn of_case(sandbox: &Sandbox, case: &Case) {
    let words = shell_words::split(case.line).unwrap();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let text = piped(sandbox, &words);
    let json = piped(sandbox, &[&words[..], &["--json"]].concat());
    let lines = piped(sandbox, &[&words[..], &["-o", "jsonl"]].concat());
    let mut snapshot = format!("$ ovs {}\n", case.line);
    let mut before: Option<String> = None;
    for columns in WIDTHS {
        let said = terminal(sandbox, columns, case.line);
        assert_eq!(said.code, text.code, "{columns} columns: {said:?}");
        for line in said.out.lines() {
            assert!(
                width(line) <= columns || case.is_free(line),
                "{columns} columns: {line}\n{}",
                said.out
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
    compare(&case.file(), &normal::form(&snapshot, sandbox.run_dir()));
}

/// What was printed, with what is not usual: words on stderr, an exit code.
fn shown(said: &Said, with_rest: bool) -> String {
    let mut text = said.out.clone();
    if with_rest && !said.err.is_empty() {
        let _ = write!(text, "-- stderr\n{}", said.err);
    }
    if with_rest && said.code != 0 {
        let _ = writeln!(text, "-- exit code {}", said.code);
    }
    text
}

/// `ovs WORDS` in a pipe. Its JSON is held against its schema.
fn piped(sandbox: &Sandbox, words: &[&str]) -> Said {
    let output = sandbox.ovs(words).output().unwrap();
    Said {
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
        code: output.status.code().unwrap(),
    }
}

/// What a terminal of so many columns gets from `ovs LINE`, by script(1) of util-linux; without the colours.
fn terminal(sandbox: &Sandbox, columns: usize, line: &str) -> Said {
    let aside = tempfile::NamedTempFile::new().unwrap();
    let mut command = in_terminal(columns, &format!("{line} 2>{}", aside.path().display()));
    command.env("OVS_RUNDIR", sandbox.run_dir());
    let output = command.output().expect("script(1) is installed");
    Said {
        out: plain(&String::from_utf8(output.stdout).unwrap()),
        err: fs::read_to_string(aside.path()).unwrap(),
        code: output.status.code().unwrap(),
    }
}

fn in_terminal(columns: usize, line: &str) -> Command {
    let line = format!(
        "stty rows 50 cols {columns}; exec '{}' {line}",
        binary().display()
    );
    let mut command = Command::new("script");
    command.args(["-qec", &line, "/dev/null"]);
    clean(&mut command);
    command.env("TERM", "xterm");
    command
}

/// Without colours, and with lines that end as in files.
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, escape)) = rest.split_once("\u{1b}[") {
        out.push_str(before);
        rest = escape.split_once('m').unwrap().1;
    }
    out.push_str(rest);
    out.replace("\r\n", "\n")
}

/// Compares with a file, or writes it.
fn compare(file: &Path, actual: &str) {
    let name = file.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap();
    let name = name.display();
    if env::var_os("UPDATE_GOLDEN").is_some_and(|value| !value.is_empty() && value != "0") {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, actual).unwrap();
        return;
    }
    let expected = fs::read_to_string(file)
        .unwrap_or_else(|error| panic!("{name}: {error}; UPDATE_GOLDEN=1 writes it:\n{actual}"));
    assert!(
        expected == actual,
        "{name} differs (- snapshot, + actual; UPDATE_GOLDEN=1 rewrites it):\n{}",
        diff(&expected, actual)
    );
}

fn directory_of(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/snapshots")
        .join(name)
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

fn help_file(words: &[String]) -> PathBuf {
    let name = match words {
        [] => "ovs".to_owned(),
        words => words.join("-"),
    };
    directory_of("help").join(format!("{name}.txt"))
}

/// `ovs COMMAND -h` and `ovs COMMAND --help` on a terminal of 80 columns. Options that all commands have are
/// in the snapshot of `ovs` alone.
#[test]
fn help_of_every_command() {
    let of = |words: &[String], option: &str| {
        let line = format!("{} {option}", words.join(" "));
        let output = in_terminal(80, line.trim_start()).output().unwrap();
        assert!(output.status.success(), "ovs {line}");
        let said = plain(&String::from_utf8(output.stdout).unwrap());
        // clap leaves the synopsis in one line.
        let lines = said.lines().filter(|line| !line.starts_with("Usage: "));
        let longest = lines.map(width).max().unwrap();
        assert!(longest <= 80, "ovs {line}:\n{said}");
        said
    };
    let global = |said: &str| {
        let at = said.find("Global options:\n").expect("they are there");
        let end = said.find("Exit codes:\n").expect("they are there");
        said[at..end].trim_end().to_owned()
    };
    let root = ["-h", "--help"].map(|option| global(&of(&[], option)));
    let due = Mutex::new(help_pages().into_iter());
    let failures = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let words = due.lock().unwrap().next();
                    let Some(words) = words else { break };
                    let outcome = std::panic::catch_unwind(|| {
                        let short = of(&words, "-h");
                        let long = of(&words, "--help");
                        let said = if short == long {
                            format!("$ ovs {} -h, --help\n{long}", words.join(" "))
                        } else {
                            let words = words.join(" ");
                            format!("$ ovs {words} -h\n{short}\n\n$ ovs {words} --help\n{long}")
                        };
                        let said = match words.as_slice() {
                            [] => said,
                            _ => root.iter().fold(said, |said, global| {
                                said.replace(global, "(Options of all commands)")
                            }),
                        };
                        compare(&help_file(&words), &said);
                    });
                    if let Err(panic) = outcome {
                        let said = panic.downcast_ref::<String>().cloned();
                        failures.lock().unwrap().push(said.unwrap_or_default());
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

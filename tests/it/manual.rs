//! The manual: `man/` is what the definitions make, man(1)'s programs read it without a warning, and
//! `ovs help` shows it. `make generate` (`UPDATE_GOLDEN=1`) writes it anew.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use ovs::cli::manual::pages;

use crate::common::{diff, ovs};

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("man")
}

#[test]
fn man_is_what_the_definitions_make() {
    let update =
        env::var_os("UPDATE_GOLDEN").is_some_and(|value| !value.is_empty() && value != "0");
    let mut files = BTreeSet::new();
    for page in pages() {
        let name = page.file_name();
        files.insert(directory().join(&name));
        if update {
            fs::create_dir_all(directory()).unwrap();
            fs::write(directory().join(&name), page.roff()).unwrap();
        }
        let written = fs::read_to_string(directory().join(&name))
            .unwrap_or_else(|error| panic!("man/{name}: {error}; `make generate` writes it"));
        assert!(
            written == page.roff(),
            "man/{name} is stale (- man, + definitions); `make generate` writes it:\n{}",
            diff(&written, &page.roff())
        );
    }
    let there = fs::read_dir(directory()).unwrap();
    let there: BTreeSet<PathBuf> = there.map(|entry| entry.unwrap().path()).collect();
    let left: Vec<_> = there.difference(&files).collect();
    assert!(left.is_empty(), "nothing makes {left:?}");
}

#[test]
fn groff_and_mandoc_have_nothing_to_say() {
    for page in pages() {
        for (program, arguments) in [
            ("groff", &["-man", "-ww", "-z", "-Tutf8"][..]),
            ("mandoc", &["-Tlint", "-W", "warning"][..]),
        ] {
            let (status, said) = read_by(program, arguments, &page.roff());
            assert!(
                status && said.is_empty(),
                "{program}: {}: {said}",
                page.file_name()
            );
        }
    }
}

/// Whether a program has nothing against its input, and what it prints.
fn read_by(program: &str, arguments: &[&str], page: &str) -> (bool, String) {
    let output = assert_cmd::Command::new(program)
        .args(arguments)
        .write_stdin(page)
        .output()
        .expect("it is there (scripts/install-deps tests)");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

/// What mandoc(1) makes of a page is what `ovs help` says: the same words in the same order.
#[test]
fn help_says_what_the_page_says() {
    for (words, page) in [
        (&["dump-flows"][..], "ovs-dump-flows.8"),
        (&["port"], "ovs-port.8"),
        (&[], "ovs.8"),
        (&["flows"], "ovs-flows.7"),
        (&["ovs-json"], "ovs-json.5"),
    ] {
        let page = pages().into_iter().find(|p| p.file_name() == page).unwrap();
        let (_, rendered) = read_by("mandoc", &["-Tascii", "-O", "width=200"], &page.roff());
        // Bold is a letter over itself.
        let mut plain = String::new();
        for c in rendered.chars() {
            if c == '\u{8}' {
                plain.pop();
            } else {
                plain.push(c);
            }
        }
        let lines: Vec<&str> = plain.lines().collect();
        // Without the first and the last line, which every page has.
        let body = lines[1..lines.len() - 1].join("\n");
        let said = ovs(&[&["help"], words].concat()).output().unwrap().stdout;
        let said = String::from_utf8(said).unwrap();
        let in_page: Vec<&str> = body.split_whitespace().collect();
        let in_help: Vec<&str> = said.split_whitespace().collect();
        assert_eq!(in_help, in_page, "{}", page.file_name());
    }
}

#[test]
fn every_page_has_what_a_reader_looks_for() {
    for page in pages().into_iter().filter(|page| page.section == 8) {
        let text = page.text(80);
        let at = |title: &str| text.find(&format!("\n{title}\n"));
        let titles = [
            "SYNOPSIS",
            "EXAMPLES",
            "DESCRIPTION",
            "EXIT CODES",
            "ENVIRONMENT",
            "FILES",
            "SEE ALSO",
        ];
        let places: Vec<_> = titles.iter().map(|title| at(title)).collect();
        assert!(
            places.iter().all(Option::is_some),
            "{}: {places:?}",
            page.name
        );
        assert!(places.is_sorted(), "{}: {places:?}", page.name);
    }
}

#[test]
fn help_of_one_command_of_a_group_and_of_none() {
    ovs(&["help", "port", "add"])
        .assert()
        .success()
        .stdout(predicates::str::contains(
            "ovs port add [OPTIONS] <BRIDGE> <PORT>",
        ));
    ovs(&["help", "prot"])
        .assert()
        .code(2)
        .stderr(predicates::str::contains(
            "page \"prot\" not found (did you mean \"port\"?)",
        ));
}

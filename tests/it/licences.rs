//! The crates that this one is built from: their licences are among those of `deny.toml`, no crate is there
//! twice but for the reasons given there, and `LICENSES-THIRD-PARTY.md` names them all.
//!
//! `UPDATE_GOLDEN=1` rewrites the list. Without the network: `cargo metadata` reads what is there.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn of_project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A crate.
struct Crate {
    name: String,
    version: String,
    licence: String,
    repository: String,
}

/// All crates of the build for Linux, by name, this one not; those that only tests need are named too.
fn crates() -> Vec<Crate> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--locked"])
        .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |package: &Value, key: &str| package[key].as_str().unwrap_or_default().to_owned();
    let packages = metadata["packages"].as_array().unwrap().iter();
    let mut crates: Vec<Crate> = packages
        .filter(|package| package["name"] != env!("CARGO_PKG_NAME"))
        .map(|package| Crate {
            name: text(package, "name"),
            version: text(package, "version"),
            licence: text(package, "license"),
            repository: text(package, "repository"),
        })
        .collect();
    crates.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
    assert!(crates.len() > 50, "{}", crates.len());
    crates
}

/// The strings of an array of `deny.toml`.
fn array(name: &str) -> Vec<String> {
    let deny = fs::read_to_string(of_project("deny.toml")).unwrap();
    let (_, rest) = deny.split_once(&format!("\n{name} = [")).unwrap();
    let (inside, _) = rest.split_once("\n]").unwrap();
    let quoted = inside.lines().filter_map(|line| line.split('"').nth(1));
    quoted.map(str::to_owned).collect()
}

/// Whether an SPDX expression is met by what is allowed: all that `AND` joins, one of what `OR` joins.
fn is_allowed(expression: &str, allowed: &[String]) -> bool {
    let expression = expression.replace('/', " OR ").replace(['(', ')'], "");
    // `(MIT OR Apache-2.0) AND Unicode-3.0` is as strict without its parentheses when all must hold.
    expression.split(" AND ").all(|all| {
        all.split(" OR ")
            .any(|one| allowed.iter().any(|allowed| allowed == one.trim()))
    })
}

#[test]
fn licences_are_among_those_allowed() {
    let allowed = array("allow");
    for one in crates() {
        assert!(
            is_allowed(&one.licence, &allowed),
            "{} {}: \"{}\" is not in deny.toml",
            one.name,
            one.version,
            one.licence
        );
    }
    for (expression, good) in [
        ("MIT OR GPL-3.0", true),
        ("GPL-3.0", false),
        ("MIT AND GPL-3.0", false),
        ("", false),
        ("Unlicense/MIT", true),
    ] {
        assert_eq!(is_allowed(expression, &allowed), good, "{expression}");
    }
}

#[test]
fn crates_that_are_there_twice_have_their_reason() {
    let mut versions: BTreeMap<String, usize> = BTreeMap::new();
    for one in crates() {
        *versions.entry(one.name).or_default() += 1;
    }
    let twice: Vec<String> = versions
        .into_iter()
        .filter(|(_, count)| *count > 1)
        .map(|(name, _)| name)
        .collect();
    assert_eq!(twice, array("skip"), "deny.toml has the reasons");
}

#[test]
fn the_list_of_crates_is_complete() {
    let mut list = "\
# Crates of others

What `ovs` and its tests are built from for Linux, with the licence of each. Written by tests/it/licences.rs
(`UPDATE_GOLDEN=1 cargo test --test it licences::`), which fails when a crate is missing here.

| crate | version | licence | source |
|---|---|---|---|
"
    .to_owned();
    for one in crates() {
        let Crate {
            name,
            version,
            licence,
            repository,
        } = one;
        let _ = writeln!(list, "| {name} | {version} | {licence} | {repository} |");
    }
    let file = of_project("LICENSES-THIRD-PARTY.md");
    if std::env::var_os("UPDATE_GOLDEN").is_some_and(|value| value == "1") {
        fs::write(&file, &list).unwrap();
    }
    let there = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        there == list,
        "LICENSES-THIRD-PARTY.md is stale: UPDATE_GOLDEN=1 cargo test --test it licences:: rewrites it"
    );
}

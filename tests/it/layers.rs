//! Imports point one way, as the arrows in `src/lib.rs` have it. This reads every file under `src/`
//! and fails on a path that points up, however it is written: `use crate::X`, `crate::X::y` in the
//! middle of code, `use crate::{X, Y}`, or a climb by `super::super::X`.

use std::fs;
use std::path::{Path, PathBuf};

/// Each layer, and those below it that it may use. Itself it may always use.
const ARROWS: &[(&str, &[&str])] = &[
    ("main", &["cli"]),
    (
        "cli",
        &[
            "commands",
            "plan",
            "model",
            "output",
            "source",
            "ovsdb",
            "openflow",
            "transport",
            "base",
        ],
    ),
    (
        "commands",
        &[
            "plan",
            "model",
            "output",
            "sandbox",
            "source",
            "ovsdb",
            "openflow",
            "transport",
            "base",
        ],
    ),
    ("plan", &["model", "source", "ovsdb", "openflow", "base"]),
    ("model", &["ovsdb", "openflow", "base"]),
    ("source", &["ovsdb", "openflow", "transport", "base"]),
    // Colour for what the codecs write into a sink, and their JSON.
    ("output", &["openflow", "base"]),
    ("ovsdb", &["transport", "base"]),
    ("openflow", &["transport", "base"]),
    ("transport", &["base"]),
    ("base", &[]),
    ("sandbox", &[]),
];

#[test]
fn no_import_points_up() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    assert!(files.len() > 10, "src/ was found");
    let mut wrong = Vec::new();
    for file in files {
        let name = file.strip_prefix(&src).unwrap();
        let text = fs::read_to_string(&file).unwrap();
        wrong.extend(check(name, &text));
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn planted_violations_are_caught() {
    for (file, text) in [
        ("openflow/text.rs", "use crate::model::Names;"),
        (
            "openflow/fields/mod.rs",
            "use crate::{transport::X, model::{self}};",
        ),
        (
            "openflow/fields/mod.rs",
            "fn f() { super::super::output::cell() }",
        ),
        (
            "openflow/fields/mod.rs",
            "use super::super::{ovsdb, transport};",
        ),
        ("ovsdb/wire.rs", "fn f(x: &crate::openflow::Flow) {}"),
        ("ovsdb/mod.rs", "mod inner { use super::super::cli; }"),
        (
            "ovsdb/mod.rs",
            "macro_rules! m { () => { $crate::commands::x() } }",
        ),
        ("model/mod.rs", "use crate /* of ours */ :: commands;"),
        ("transport/mod.rs", "use crate::*;"),
        (
            "transport/mod.rs",
            "const A: char = '\"'; use crate::model; const B: char = '\"';",
        ),
        ("transport/mod.rs", "use crate::nowhere;"),
        ("output/mod.rs", "use crate::ovsdb::Uuid;"),
        ("sandbox.rs", "use super::ovsdb;"),
        ("main.rs", "fn main() { ovs::commands::run() }"),
        ("unheard_of.rs", "use crate::transport;"),
    ] {
        let found = check(Path::new(file), text);
        assert_eq!(found.len(), 1, "{file}: {text}: {found:?}");
    }
}

#[test]
fn what_points_down_or_aside_is_fine() {
    for (file, text) in [
        (
            "openflow/fields/mod.rs",
            "use super::text::Sink; use crate::transport::Stream;",
        ),
        (
            "openflow/fields/mod.rs",
            "// use crate::model;\n/* crate::cli /* */ */ const A: &str = \"crate::cli\";",
        ),
        (
            "openflow/text.rs",
            "pub(crate) fn f<'a>(x: &'a str) { r#\"crate::cli \" \"#; }",
        ),
        (
            "openflow/text.rs",
            "pub(in crate::openflow) struct A; mod tests { use super::super::flow; }",
        ),
        (
            "commands/show.rs",
            "use crate::{model::{Cell, commands}, output, sandbox};",
        ),
        (
            "ovsdb/mod.rs",
            "#[cfg(test)] mod tests { use crate::sandbox::Sandbox; }",
        ),
        ("main.rs", "fn main() { ovs::cli::main() }"),
        ("lib.rs", "pub mod cli; use crate::commands;"),
    ] {
        assert_eq!(check(Path::new(file), text), [""; 0], "{file}: {text}");
    }
}

fn rust_files(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|end| end == "rs") {
            files.push(path);
        }
    }
}

/// What is wrong in a file, named relative to `src/`, one message for each path that points up.
fn check(file: &Path, text: &str) -> Vec<String> {
    let mut module: Vec<String> = file
        .with_extension("")
        .iter()
        .map(|part| part.to_str().unwrap().to_owned())
        .collect();
    if module.len() > 1 && module.last().is_some_and(|last| last == "mod") {
        module.pop();
    }
    let layer = module[0].clone();
    if layer == "lib" {
        return Vec::new();
    }
    let Some((_, below)) = ARROWS.iter().find(|(name, _)| *name == layer) else {
        return vec![format!("src/{}: {layer} is not a layer", file.display())];
    };
    let tokens = tokens(text);
    let word = |at: usize| tokens.get(at).map_or("", |(_, token)| token.as_str());
    // The inline modules we are in, each with the depth of braces around it, and whether for tests.
    let mut inline: Vec<(usize, bool)> = Vec::new();
    let mut depth = 0_usize;
    let mut wrong = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let mut next = at + 1;
        let mut root = None;
        match word(at) {
            "{" => depth += 1,
            "}" => {
                depth = depth.saturating_sub(1);
                inline.pop_if(|(outside, _)| *outside == depth);
            }
            "mod" if word(at + 2) == "{" => {
                let before: Vec<&str> = (at.saturating_sub(7)..at).map(word).collect();
                let tests = before.ends_with(&["#", "[", "cfg", "(", "test", ")", "]"]);
                inline.push((depth, tests || inline.iter().any(|(_, tests)| *tests)));
                (depth, next) = (depth + 1, at + 3);
            }
            "crate" if word(at + 1) == "::" => root = Some(at + 2),
            "ovs" if layer == "main" && word(at + 1) == "::" => root = Some(at + 2),
            "super" if word(at.wrapping_sub(1)) != "::" => {
                let mut climbs = 0;
                while word(at + 2 * climbs) == "super" && word(at + 2 * climbs + 1) == "::" {
                    climbs += 1;
                }
                next = at + (2 * climbs).max(1);
                if climbs >= module.len() + inline.len() {
                    root = Some(next);
                }
            }
            _ => {}
        }
        if let Some(root) = root {
            let in_tests = inline.last().is_some_and(|(_, tests)| *tests);
            for target in first_words(root, word) {
                let allowed =
                    target == layer || below.contains(&target) || (target == "sandbox" && in_tests);
                if !allowed {
                    let line = tokens[at].0;
                    let place = file.display();
                    wrong.push(format!("src/{place}:{line}: {layer} may not use {target}"));
                }
            }
        }
        at = next;
    }
    wrong
}

/// The first word of the path that goes on at `at`; of each path, where a group `{…}` is there.
fn first_words<'t>(at: usize, word: impl Fn(usize) -> &'t str) -> Vec<&'t str> {
    if word(at) != "{" {
        return vec![word(at)];
    }
    let mut words = Vec::new();
    let mut depth = 1;
    let mut at = at + 1;
    let mut first = true;
    while depth > 0 && !word(at).is_empty() {
        match word(at) {
            "{" => depth += 1,
            "}" => depth -= 1,
            "," if depth == 1 => first = true,
            other if first => {
                words.push(other);
                first = false;
            }
            _ => {}
        }
        at += 1;
    }
    words
}

/// The words and signs of a Rust text, each with its line; comments and literals left out.
fn tokens(text: &str) -> Vec<(usize, String)> {
    let chars: Vec<char> = text.chars().collect();
    let char_at = |at: usize| chars.get(at).copied().unwrap_or('\0');
    let mut tokens = Vec::new();
    let mut line = 1;
    let mut at = 0;
    while at < chars.len() {
        let end = match (chars[at], char_at(at + 1)) {
            ('/', '/') => skip_to(&chars, at, |c, _| c == '\n'),
            ('/', '*') => block_comment_end(&chars, at),
            ('"', _) => string_end(&chars, at + 1),
            ('r', '"' | '#') if raw_string_end(&chars, at + 1).is_some() => {
                raw_string_end(&chars, at + 1).unwrap()
            }
            ('b' | 'c', 'r') if raw_string_end(&chars, at + 2).is_some() => {
                raw_string_end(&chars, at + 2).unwrap()
            }
            // A character, not a lifetime: 'x' or '\x…'.
            ('\'', '\\') => skip_to(&chars, at + 3, |c, _| c == '\'') + 1,
            ('\'', _) if char_at(at + 2) == '\'' => at + 3,
            (':', ':') => {
                tokens.push((line, "::".to_owned()));
                at + 2
            }
            (c, _) if c.is_alphanumeric() || c == '_' => {
                let end = skip_to(&chars, at, |c, _| !(c.is_alphanumeric() || c == '_'));
                tokens.push((line, chars[at..end].iter().collect()));
                end
            }
            (c, _) => {
                if !c.is_whitespace() {
                    tokens.push((line, c.to_string()));
                }
                at + 1
            }
        };
        let end = end.min(chars.len());
        line += chars[at..end].iter().filter(|c| **c == '\n').count();
        at = end;
    }
    tokens
}

fn skip_to(chars: &[char], from: usize, stop: impl Fn(char, usize) -> bool) -> usize {
    (from..chars.len())
        .find(|at| stop(chars[*at], *at))
        .unwrap_or(chars.len())
}

fn block_comment_end(chars: &[char], from: usize) -> usize {
    let mut depth = 0;
    let mut at = from;
    while at < chars.len() {
        match chars[at..].get(..2) {
            Some(['/', '*']) => (depth, at) = (depth + 1, at + 2),
            Some(['*', '/']) => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn string_end(chars: &[char], from: usize) -> usize {
    let mut at = from;
    while at < chars.len() && chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// The end of a raw string whose `#`s or quote are at `from`; `None` for a raw word (`r#type`).
fn raw_string_end(chars: &[char], from: usize) -> Option<usize> {
    let quote = skip_to(chars, from, |c, _| c != '#');
    if chars.get(quote) != Some(&'"') {
        return None;
    }
    let hashes = quote - from;
    let closes = |at: usize| {
        let rest = &chars[at + 1..];
        rest.len() >= hashes && rest[..hashes].iter().all(|c| *c == '#')
    };
    Some(skip_to(chars, quote + 1, |c, at| c == '"' && closes(at)) + 1 + hashes)
}

//! `ovs appctl` for a command line of ovs-appctl(8).

use super::typed::Typed;
use super::verbs::{Counterpart, Tool};
use crate::base::shell::word;

/// The words of the command for these: those of ovs-appctl with options of its own, or a command of a daemon with a
/// slash, which nothing else has. (`exit` alone may be meant for the shell.)
pub(super) fn runs(words: &[&str], is_own: impl Fn(&str) -> bool) -> Option<Vec<String>> {
    if let Some((first, rest)) = words.split_first()
        && Tool::Appctl.is_named(first)
    {
        let carried = carried(rest);
        let is_same = carried.iter().skip(1).eq(rest.iter()) && is_own(first);
        return (!is_same && !rest.is_empty()).then_some(carried);
    }
    let typed = Typed::find(words, None, is_own)?;
    let is_named = words.iter().any(|word| Tool::Appctl.is_named(word));
    let is_command = typed.verb.name.contains('/') || is_named;
    (is_daemons(&typed) && is_command).then(|| carried(&typed.words()))
}

/// The hint for a command of a daemon.
pub(super) fn tip(typed: &Typed<'_>, line: &str) -> Option<String> {
    let words = carried(&typed.words());
    let words: Vec<_> = words.iter().map(|text| word(text)).collect();
    is_daemons(typed).then(|| format!("for '{line}' type 'ovs {}'", words.join(" ")))
}

fn is_daemons(typed: &Typed<'_>) -> bool {
    matches!(typed.verb.counterpart, Counterpart::Appctl)
}

/// The words of `ovs` for those after `ovs-appctl`: its options have other names, and all words from the command on stay.
fn carried(words: &[&str]) -> Vec<String> {
    let mut carried = vec!["appctl".to_owned()];
    let mut words = words.iter().copied();
    while let Some(text) = words.next() {
        let (name, value) = match text.split_at_checked(2) {
            _ if !text.starts_with('-') => {
                carried.push(text.to_owned());
                break;
            }
            Some((name @ ("-t" | "-T" | "-f"), value)) if !value.is_empty() => (name, Some(value)),
            _ => match text.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (text, None),
            },
        };
        let takes_value = [
            "-t",
            "--target",
            "-T",
            "--timeout",
            "-f",
            "--format",
            "--db",
            "--ctl",
        ];
        let value = match value {
            None if takes_value.contains(&name) => words.next(),
            value => value,
        };
        let is_seconds = value.is_some_and(|value| value.parse::<f64>().is_ok());
        match (name, value) {
            ("-t" | "--target", Some(target)) if !(name == "-t" && is_seconds) => {
                carried.push(format!("--target={target}"));
            }
            ("-t" | "-T" | "--timeout", Some(seconds)) => {
                carried.push(format!("--timeout={seconds}"));
            }
            ("-f" | "--format", Some("json")) => carried.push("--json".to_owned()),
            ("-f" | "--format", Some("text")) | ("--pretty", None) => {}
            (name, Some(value)) => carried.push(format!("{name}={value}")),
            (name, None) => carried.push(name.to_owned()),
        }
    }
    carried.extend(words.map(str::to_owned));
    carried
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_ovs_appctl() {
        for (typed, runs_as) in [
            (
                "appctl -t ovsdb-server exit",
                "appctl --target=ovsdb-server exit",
            ),
            ("ovs-appctl version", "appctl version"),
            (
                "appctl -tx.ctl -T5 a -t b",
                "appctl --target=x.ctl --timeout=5 a -t b",
            ),
            (
                "appctl --target x -f json --pretty a",
                "appctl --target=x --json a",
            ),
            ("fdb/add br0 p1 0 a", "appctl fdb/add br0 p1 0 a"),
            (
                "-t ovsdb-server cluster/cid x",
                "appctl --target=ovsdb-server cluster/cid x",
            ),
            ("-t 5 dpctl/show -s", "appctl --timeout=5 dpctl/show -s"),
            ("--db=unix:/x ovs-appctl dpctl/show", "appctl dpctl/show"),
        ] {
            let words: Vec<&str> = typed.split(' ').collect();
            let found = runs(&words, |word| word == "appctl");
            assert_eq!(found.map(|words| words.join(" ")).as_deref(), Some(runs_as));
        }
        for none in ["appctl --nope x", "exit", "appctl", "version", "show br0"] {
            let words: Vec<&str> = none.split(' ').collect();
            assert_eq!(runs(&words, |word| word == "appctl"), None, "{none}");
        }
    }
}

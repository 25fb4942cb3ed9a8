//! `ovs appctl` for a command line of ovs-appctl(8).

use clap::{Arg, Command};

use super::typed::Typed;
use super::verbs::{Counterpart, Tool};
use crate::base::shell::word;

/// The words of the command for these: those of ovs-appctl with options of its own, or a command of a daemon with a
/// slash, which nothing else has. (`exit` alone may be meant for the shell.)
pub(super) fn runs(root: &Command, words: &[&str]) -> Option<Vec<String>> {
    let is_own = |word: &str| root.find_subcommand(word).is_some();
    if let Some((first, rest)) = words.split_first()
        && Tool::Appctl.is_named(first)
    {
        let carried = carried(root, rest);
        let is_same = carried.iter().skip(1).eq(rest.iter()) && is_own(first);
        return (!is_same && !rest.is_empty()).then_some(carried);
    }
    let typed = Typed::find(words, None, is_own)?;
    let is_named = words.iter().any(|word| Tool::Appctl.is_named(word));
    let is_command = typed.verb.name.contains('/') || is_named;
    (is_daemons(&typed) && is_command).then(|| carried(root, &typed.words()))
}

/// The hint for a command of a daemon.
pub(super) fn tip(root: &Command, typed: &Typed<'_>, line: &str) -> Option<String> {
    let words = carried(root, &typed.words());
    let words: Vec<_> = words.iter().map(|text| word(text)).collect();
    is_daemons(typed).then(|| format!("for '{line}' type 'ovs {}'", words.join(" ")))
}

fn is_daemons(typed: &Typed<'_>) -> bool {
    matches!(typed.verb.counterpart, Counterpart::Appctl)
}

/// Whether an option of ovs-appctl(8), or of `ovs appctl`, has its value in the next word.
fn takes_value(root: &Command, option: &str) -> bool {
    let is_named = |argument: &&Arg| {
        let long = argument.get_long().map(|long| format!("--{long}"));
        let short = argument.get_short().map(|short| format!("-{short}"));
        [long, short].iter().flatten().any(|name| name == option)
    };
    let own = root.find_subcommand("appctl").into_iter();
    let own = own.flat_map(Command::get_arguments);
    let known = own.chain(root.get_arguments()).find(is_named);
    let is_known = known.is_some_and(|argument| {
        argument.get_action().takes_values() && !argument.is_require_equals_set()
    });
    is_known || ["-t", "-T", "-f", "--format"].contains(&option)
}

/// The words of `ovs` for those after `ovs-appctl`: its options have other names, and all words from the command on stay.
fn carried(root: &Command, words: &[&str]) -> Vec<String> {
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
        let value = match value {
            None if takes_value(root, name) => words.next(),
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
            (name, Some(value)) if name.starts_with("--") => {
                carried.push(format!("{name}={value}"));
            }
            // clap takes `-O=V` for a word of the daemon here.
            (name, Some(value)) => carried.extend([name.to_owned(), value.to_owned()]),
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
        let option = |name: &'static str| Arg::new(name).long(name).global(true);
        let watch = option("watch").num_args(0..=1).require_equals(true);
        let root = Command::new("ovs")
            .arg(option("db"))
            .arg(option("host"))
            .arg(option("timeout"))
            .arg(Arg::new("openflow").short('O').global(true))
            .arg(watch)
            .subcommand(Command::new("appctl").arg(Arg::new("target").long("target")));
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
            (
                "--db=unix:/x ovs-appctl dpctl/show",
                "appctl --db=unix:/x dpctl/show",
            ),
            (
                "--host x ovs-appctl -t a exit",
                "appctl --host=x --target=a exit",
            ),
            (
                "appctl -q --host x -O V --watch -t a b -t c",
                "appctl -q --host=x -O V --watch --target=a b -t c",
            ),
            ("--host x dpctl/show -s", "appctl --host=x dpctl/show -s"),
        ] {
            let words: Vec<&str> = typed.split(' ').collect();
            let found = runs(&root, &words);
            assert_eq!(found.map(|words| words.join(" ")).as_deref(), Some(runs_as));
        }
        for none in ["appctl --nope x", "exit", "appctl", "version", "show br0"] {
            let words: Vec<&str> = none.split(' ').collect();
            assert_eq!(runs(&root, &words), None, "{none}");
        }
    }
}

//! Parses the command line, by the fastest sufficient way.
//!
//! [`command_first`] moves global options before the command behind its name: clap checks options against each other only where
//! they stand together. Then two ways give the same result and have the same settings: `short`, and `whole`, which alone
//! reports errors.

use std::ffi::OsString;

use clap::{
    ArgAction, ArgMatches, Args as _, CommandFactory as _, FromArgMatches as _, Subcommand as _,
};

use super::{Cli, Command, Global, database, help, seconds};

/// Parses the words; a `clap::Error` may also be requested help.
pub(super) fn parse(words: &[OsString]) -> Result<Cli, clap::Error> {
    if let Some(cli) = short(words) {
        return Ok(cli);
    }
    let root = with_environment(Cli::command());
    let matches = whole(root, words).map_err(|error| without_environment(error, words));
    Cli::from_arg_matches_mut(&mut matches?)
}

/// The words with the options that stand before the command, or between a group and its command, behind the command.
pub(super) fn command_first(words: &[OsString]) -> Vec<OsString> {
    let is_option = |word: &OsString| word.to_string_lossy().starts_with('-');
    if !words.get(1).is_some_and(is_option) && !words.get(2).is_some_and(is_option) {
        return words.to_vec();
    }
    let commands = Command::augment_subcommands(clap::Command::new("ovs"));
    let globals = Global::augment_args(clap::Command::new("ovs"));
    let moved = moved(&commands, &globals, words);
    leave((commands, globals));
    moved.unwrap_or_else(|| words.to_vec())
}

fn moved(
    commands: &clap::Command,
    globals: &clap::Command,
    words: &[OsString],
) -> Option<Vec<OsString>> {
    let (program, mut rest) = words.split_first()?;
    let mut called = commands;
    let (mut path, mut options) = (vec![program.clone()], Vec::new());
    while called.has_subcommands() {
        let mut count = 0;
        loop {
            match option_length(globals, rest.get(count..)?)? {
                0 => break,
                length => count += length,
            }
        }
        let (before, after) = rest.split_at_checked(count)?;
        let (word, after) = after.split_first()?;
        called = called.find_subcommand(word)?;
        options.extend_from_slice(before);
        path.push(word.clone());
        rest = after;
    }
    Some(
        path.into_iter()
            .chain(options)
            .chain(rest.iter().cloned())
            .collect(),
    )
}

/// How many words the global option has that these begin with: 0 if they begin with none. `None`: the option is not known,
/// or incomplete.
fn option_length(globals: &clap::Command, words: &[OsString]) -> Option<usize> {
    let takes_value = |argument: &clap::Arg| {
        argument.get_action().takes_values() && !argument.is_require_equals_set()
    };
    let word = words.first()?.to_str()?;
    if word == "-" {
        return Some(0);
    }
    let complete = |count: usize| words.get(..count).map(<[OsString]>::len);
    if let Some(long) = word.strip_prefix("--") {
        let (name, value) = match long.split_once('=') {
            Some((name, _)) => (name, true),
            None => (long, false),
        };
        let mut arguments = globals.get_arguments();
        let argument = arguments.find(|argument| argument.get_long() == Some(name))?;
        return complete(if takes_value(argument) && !value {
            2
        } else {
            1
        });
    }
    let Some(mut shorts) = word.strip_prefix('-').map(str::chars) else {
        return Some(0);
    };
    while let Some(short) = shorts.next() {
        let mut arguments = globals.get_arguments();
        let argument = arguments.find(|argument| argument.get_short() == Some(short))?;
        if takes_value(argument) {
            return complete(if shorts.as_str().is_empty() { 2 } else { 1 });
        }
    }
    Some(1)
}

/// The same error with a usage line that has no options which come from the environment, as if they were typed.
fn without_environment(error: clap::Error, words: &[OsString]) -> clap::Error {
    if !error.use_stderr() || !is_sound_environment() {
        return error;
    }
    let root = Cli::command().mut_args(|argument| argument.env(None));
    match whole(root, words) {
        Err(again) if again.kind() == error.kind() => again,
        _ => error,
    }
}

/// Whether a value is well-formed.
type IsReadable = fn(&str) -> bool;

/// The environment variables of global options.
const ENVIRONMENT: [(&str, IsReadable); 2] = [
    ("OVS_DB", |text| database(text).is_ok()),
    ("OVS_CTL_TIMEOUT", |text| seconds(text).is_ok()),
];

/// Whether the environment is well-formed: a malformed variable is an error even if an option overrides it.
fn is_sound_environment() -> bool {
    ENVIRONMENT
        .iter()
        .all(|(name, reads)| match std::env::var_os(name) {
            Some(value) if !value.is_empty() => value.to_str().is_some_and(reads),
            _ => true,
        })
}

/// Options that lead to the host: which of two is meant is not guessed.
const WAYS: [&str; 4] = ["db", "via", "via_exec", "ctl"];

/// An environment variable that is set to nothing counts as not set; of an option that is given twice, as by an alias of
/// the shell and by hand, the last one counts, unless it leads to the host.
pub(super) fn with_environment(mut command: clap::Command) -> clap::Command {
    command = command.mut_args(|argument| {
        let is_single = !matches!(argument.get_action(), ArgAction::Append);
        let is_way = WAYS.contains(&argument.get_id().as_str());
        if argument.is_global_set() && is_single && !is_way {
            let id = argument.get_id().clone();
            argument.overrides_with(id)
        } else {
            argument
        }
    });
    for (name, _) in ENVIRONMENT {
        if std::env::var_os(name).is_some_and(|value| value.is_empty()) {
            command = command.mut_args(|argument| {
                let named = argument.get_env().is_some_and(|env| env == name);
                if named { argument.env(None) } else { argument }
            });
        }
    }
    command
}

/// Parses a valid command line that begins with the command, as most do.
///
/// clap copies every global option into each command on the path to the called one, and the values back,
/// which takes longer than all other parsing. Here only the called command has them.
fn short(words: &[OsString]) -> Option<Cli> {
    let first = words.get(1)?.to_str()?;
    if first.starts_with('-') || !is_sound_environment() {
        return None;
    }
    let commands = Command::augment_subcommands(clap::Command::new("ovs"));
    let called = called_first(&commands, words.get(1..)?)?;
    leave(commands);
    let command = clap::Command::new("ovs").disable_help_subcommand(true);
    let mut matches = matches(command.subcommand(called), words).ok()?;
    let mut last = &matches;
    while let Some((_, inner)) = last.subcommand() {
        last = inner;
    }
    Some(Cli {
        global: Global::from_arg_matches(last).ok()?,
        command: Command::from_arg_matches_mut(&mut matches).ok()?,
    })
}

/// The command of `parent` whose name these words begin with, with the global options as its own; a group
/// has only this command.
fn called_first(parent: &clap::Command, words: &[OsString]) -> Option<clap::Command> {
    let (word, rest) = words.split_first()?;
    let command = parent.find_subcommand(word)?;
    if command.has_subcommands() {
        return Some(group(command, called_first(command, rest)?));
    }
    // A command may have an option of its own in the place of a global one.
    let globals = Global::augment_args(clap::Command::new("ovs"));
    let globals = globals.get_arguments();
    let globals = globals.filter(|global| {
        command
            .get_arguments()
            .all(|own| own.get_id() != global.get_id())
    });
    let command = command.clone().args(globals);
    Some(with_environment(command).mut_args(|argument| argument.global(false)))
}

/// Leaks a value instead of spending time on dropping it before the process ends.
pub(super) fn leave<T>(thing: T) {
    std::mem::forget(thing);
}

/// A group of commands that has only this one.
fn group(whole: &clap::Command, only: clap::Command) -> clap::Command {
    // clap requires a static name and cannot return its own.
    let name: &'static str = whole.get_name().to_owned().leak();
    clap::Command::new(name)
        .subcommand_required(true)
        .subcommand(only)
}

fn matches(mut command: clap::Command, words: &[OsString]) -> Result<ArgMatches, clap::Error> {
    let matches = command.try_get_matches_from_mut(words);
    leave(command);
    matches
}

/// Errors quote the words with line ends escaped, so that user input never begins an output line.
fn whole(root: clap::Command, words: &[OsString]) -> Result<ArgMatches, clap::Error> {
    let root = help::laid_out(root, words);
    if !words
        .iter()
        .any(|word| word.to_string_lossy().contains('\n'))
    {
        return matches(root, words);
    }
    let plain = words
        .iter()
        .map(|word| word.to_string_lossy().replace('\n', "\\n").into());
    let plain: Vec<OsString> = plain.collect();
    match (matches(root.clone(), words), matches(root, &plain)) {
        (Err(error), Err(again)) if again.kind() == error.kind() => Err(again),
        (first, _) => first,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    use crate::commands;

    #[test]
    fn fast_and_full_parsing_agree() {
        for line in [
            "show",
            "show br-int --json -t 3",
            "port show tap0 -g tag",
            "port list --columns port,tag --no-header --header",
            "tag set tap0 7 --no-wait -q",
            "port add br-int tap0 --tag 5 --option a=b --dry-run --strict",
            "tunnel add br-tun --type vxlan --remote 10.0.0.1 --remote 10.0.0.2 --key flow",
            "dump-flows br-int table=0,in_port=1 -O OpenFlow13,OpenFlow15 -o jsonl",
            "check --color=never --watch=0.5",
            "db get Port tap0 tag --db unix:/a,tcp:b:6640",
            "sandbox run --neutron=node -- ovs show --db x",
            "sandbox guard /run/x",
            "port delete tap0 --if-exists --timeout=0",
            "graph --format dot br-int",
            "dump-flows br-int --sort=priority --rsort=in_port --no-stats",
            "help port add",
            "complete bash -- ovs sh",
            "port resolve br-int 1 2 -p key.pem -c cert.pem -C none",
        ] {
            let words: Vec<OsString> = ["ovs"]
                .into_iter()
                .chain(line.split(' '))
                .map(OsString::from)
                .collect();
            let short = short(&words).unwrap_or_else(|| panic!("{line}"));
            let whole = Cli::try_parse_from(&words).unwrap();
            assert_eq!(format!("{short:?}"), format!("{whole:?}"), "{line}");
        }
        for line in ["shwo", "port", "port list extra words", "show --help"] {
            let words = ["ovs"].into_iter().chain(line.split(' '));
            let words: Vec<OsString> = words.map(OsString::from).collect();
            assert!(short(&words).is_none(), "{line}");
        }
    }

    #[test]
    fn options_before_the_command_are_moved_behind_it() {
        for (line, expected) in [
            ("show -q", "show -q"),
            ("--json show br0", "show --json br0"),
            (
                "-qt 3 -t5 port --db=x list y -q",
                "port list -qt 3 -t5 --db=x y -q",
            ),
            (
                "--from a --watch show --from b",
                "show --from a --watch --from b",
            ),
            (
                "--host run sandbox run -- ovs --json show",
                "sandbox run --host run -- ovs --json show",
            ),
            // Not understood: as it is.
            ("--nope show", "--nope show"),
            ("-h", "-h"),
            ("--db", "--db"),
            ("-q shwo", "-q shwo"),
            ("-q -- show", "-q -- show"),
            ("-q port", "-q port"),
        ] {
            let words = ["ovs"].into_iter().chain(line.split(' '));
            let words: Vec<OsString> = words.map(OsString::from).collect();
            let moved = command_first(&words);
            let shown: Vec<_> = moved.iter().map(|word| word.to_str().unwrap()).collect();
            assert_eq!(shown.join(" "), format!("ovs {expected}"));
        }
    }

    #[test]
    fn the_word_of_a_command_as_a_value_before_it() {
        let parsed = |line: &str| {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            parse(&command_first(&words))
        };
        let cli = parsed("ovs --columns port --color always port list br-int").unwrap();
        assert_eq!(cli.global.columns.unwrap(), ["port"]);
        let cli = parsed("ovs --columns port show br-int").unwrap();
        assert!(matches!(
            cli.command,
            Command::Do(commands::Command::Show(_))
        ));
        let error = parsed("ovs --columns port shwo br-int")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("'shwo'") && error.contains("'show'"),
            "{error}"
        );
        assert!(parsed("ovs help show").is_ok());
        let help = parsed("ovs -t 1 port --help").unwrap_err().to_string();
        assert!(
            help.contains("Usage: ovs port [OPTIONS] <COMMAND>"),
            "{help}"
        );
    }
}

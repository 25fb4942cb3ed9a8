//! The words typed so far, and the command, options and arguments that they give.

use std::collections::HashMap;

use clap::{Arg, ArgAction, Command};

/// What a bash user has typed, up to the cursor.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TypedLine {
    /// The words without quotes and backslashes; the last is at the cursor and may be empty.
    pub words: Vec<String>,
    /// Byte offset in the last word of the part that readline replaces.
    pub from: usize,
    /// The open quote, if any.
    pub quote: Option<char>,
}

/// Splits a line according to bash(1), QUOTING. Readline also breaks words at `breaks`.
pub(super) fn split(line: &str, breaks: &str) -> TypedLine {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut begun = false;
    let mut from = 0;
    let mut quote = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (Some('"') | None, '\\') => word.extend(chars.next()),
            (Some(_), _) => word.push(c),
            (None, '"' | '\'') => {
                quote = Some(c);
                begun = true;
                from = word.len();
            }
            (None, ' ' | '\t' | '\n') => {
                if begun || !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                (begun, from) = (false, 0);
            }
            (None, _) => {
                word.push(c);
                if breaks.contains(c) {
                    from = word.len();
                }
            }
        }
    }
    words.push(word);
    TypedLine { words, from, quote }
}

/// The parsed words before the cursor.
#[derive(Debug)]
pub(super) struct TypedCommand<'c> {
    /// The names of the commands: `port`, `add`.
    pub path: Vec<&'c str>,
    /// The innermost command.
    pub command: &'c Command,
    /// The values given, by the names of their arguments.
    pub values: HashMap<&'c str, Vec<&'c str>>,
    /// The option whose value comes next.
    pub pending: Option<&'c Arg>,
    /// The argument that comes next.
    pub positional: Option<&'c Arg>,
    /// Whether no options can follow.
    pub arguments_only: bool,
    /// Whether a command can follow.
    pub wants_command: bool,
}

impl<'c> TypedCommand<'c> {
    /// Reads words (without `ovs` itself) as clap would, ignoring what it would reject.
    pub(super) fn read(root: &'c Command, words: &'c [String]) -> Self {
        let mut typed = Self {
            path: Vec::new(),
            command: root,
            values: HashMap::new(),
            pending: None,
            positional: None,
            arguments_only: false,
            wants_command: root.has_subcommands(),
        };
        let mut place = 0;
        for word in words {
            if let Some(option) = typed.pending.take() {
                typed.give(option, word);
            } else if !typed.arguments_only && word == "--" {
                typed.arguments_only = true;
            } else if let Some(option) = word.strip_prefix("--").filter(|_| !typed.arguments_only) {
                typed.take_long(option);
            } else if let Some(letters) = word
                .strip_prefix('-')
                .filter(|letters| !letters.is_empty() && !typed.arguments_only)
            {
                typed.take_short(letters);
            } else if let Some(command) = typed.subcommand(word) {
                typed.path.push(command.get_name());
                typed.command = command;
                typed.wants_command = command.has_subcommands();
                place = 0;
            } else if let Some(argument) = positional(typed.command, place) {
                typed.wants_command = false;
                typed.arguments_only |= argument.is_trailing_var_arg_set();
                typed.give(argument, word);
                place += 1;
            }
        }
        typed.positional = positional(typed.command, place);
        typed
    }

    /// The last value given for an argument.
    pub(super) fn value(&self, name: &str) -> Option<&'c str> {
        self.values.get(name)?.last().copied()
    }

    /// The option with this long name.
    pub(super) fn long(&self, name: &str) -> Option<&'c Arg> {
        self.command.get_arguments().find(|argument| {
            argument
                .get_long_and_visible_aliases()
                .is_some_and(|names| names.contains(&name))
        })
    }

    /// The option with this short name.
    pub(super) fn short(&self, name: char) -> Option<&'c Arg> {
        self.command.get_arguments().find(|argument| {
            argument
                .get_short_and_visible_aliases()
                .is_some_and(|names| names.contains(&name))
        })
    }

    /// Whether an option that takes one value, or none, is already given.
    pub(super) fn is_given(&self, option: &Arg) -> bool {
        self.values.contains_key(option.get_id().as_str())
            && !matches!(option.get_action(), ArgAction::Append | ArgAction::Count)
    }

    fn subcommand(&self, word: &str) -> Option<&'c Command> {
        if !self.wants_command {
            return None;
        }
        self.command.find_subcommand(word)
    }

    fn give(&mut self, argument: &'c Arg, value: &'c str) {
        let name = argument.get_id().as_str();
        self.values.entry(name).or_default().push(value);
    }

    fn take_long(&mut self, text: &'c str) {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (text, None),
        };
        let Some(option) = self.long(name) else {
            return;
        };
        match value {
            Some(value) => self.give(option, value),
            None if waits_for_value(option) => self.pending = Some(option),
            None => self.give(option, ""),
        }
    }

    /// Several short options in one word: `-jv`, `-t5`.
    fn take_short(&mut self, text: &'c str) {
        for (at, name) in text.char_indices() {
            let Some(option) = self.short(name) else {
                return;
            };
            if !waits_for_value(option) {
                self.give(option, "");
                continue;
            }
            match text.get(at + name.len_utf8()..) {
                Some(value) if !value.is_empty() => {
                    self.give(option, value.strip_prefix('=').unwrap_or(value));
                }
                _ => self.pending = Some(option),
            }
            return;
        }
    }
}

/// Whether the option's value may be the next word.
pub(super) fn waits_for_value(option: &Arg) -> bool {
    option.get_action().takes_values() && !option.is_require_equals_set()
}

/// The argument at a place; the last may take many.
fn positional(command: &Command, place: usize) -> Option<&Arg> {
    let last = command.get_positionals().last();
    let many = |argument: &&Arg| {
        argument
            .get_num_args()
            .is_some_and(|number| number.max_values() > 1)
            || matches!(argument.get_action(), ArgAction::Append)
    };
    command
        .get_positionals()
        .nth(place)
        .or_else(|| last.filter(many))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_as_bash_has_them() {
        const BREAKS: &str = " \t\n\"'@><=;|&(:";
        for (line, last, from, quote) in [
            ("ovs ", "", 0, None),
            ("ovs dump-flows br-int in_port=q", "in_port=q", 8, None),
            ("ovs x 'in_port=q", "in_port=q", 0, Some('\'')),
            ("ovs x in_port='q", "in_port=q", 8, Some('\'')),
            ("ovs x a\\=b", "a=b", 0, None),
            ("ovs x unix:/a", "unix:/a", 5, None),
            ("ovs x \"a\\\"b c\"d", "a\"b cd", 0, None),
        ] {
            let split = split(line, BREAKS);
            assert_eq!(split.words.last().unwrap(), last, "{line}");
            assert_eq!((split.from, split.quote), (from, quote), "{line}");
        }
        assert_eq!(split("ovs '' x", "").words, ["ovs", "", "x"]);
    }
}

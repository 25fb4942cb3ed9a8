//! Completion: the scripts for the shells, and `ovs complete`, which they call at every TAB.
//!
//! The scripts do not contain the commands: they pass on the words and show the output. The values of an
//! argument follow from its definition: its possible values, else its completer.
//!
//! | file | contents |
//! |---|---|
//! | `line` | the words typed so far, split and parsed |
//! | `values` | the values of an argument |
//! | `matching` | fields and values inside a MATCH and a FLOW |
//! | `actions` | actions and their arguments inside a FLOW |
//! | `entries` | keys, values and actions inside a GROUP and a METER |
//! | `names` | names in the database or the switch |
//! | `ask` | queries to the database and the switch, with a short timeout |
//!
//! **The answer**, line by line: first what follows a chosen candidate (`space`; `open`: nothing,
//! the word may continue; `files`: no candidates, the shell completes file names), then the candidates,
//! each with a tab and a description if it has one. A candidate is the whole word; for bash, which
//! replaces only part of it (readline's word), that part, quoted.

mod actions;
mod ask;
mod entries;
mod line;
mod matching;
mod names;
mod values;

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::{self, Write as _};

use clap::{Args, Command, ValueEnum};

use crate::base::terminal::acts_on_a_terminal;
use crate::commands::about::{About, Describe as _};
use crate::commands::{Failure, today};

use line::{TypedCommand, TypedLine, split, waits_for_value};

/// The shells with a completion script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// bash 4 and later
    Bash,
    /// zsh 5 and later
    Zsh,
    /// fish 3.4 and later
    Fish,
    /// elvish 0.18 and later
    Elvish,
}

const COMPLETIONS: About = About::other()
    .remarks(
        "\
Besides commands and options it completes bridges, ports, flow tables, tags, columns, keys of \
options, and the inside of a MATCH, a FLOW, a GROUP and a METER. Names \
come from the database and the switch, within 300 ms or not at all.",
    )
    .examples(
        "\
source <(ovs completions bash)                           this shell; in ~/.bashrc every one
ovs completions bash > /etc/bash_completion.d/ovs        every user's
ovs completions zsh > \"${fpath[1]}/_ovs\"                 then a new zsh
ovs completions fish > ~/.config/fish/completions/ovs.fish
ovs completions elvish >> ~/.config/elvish/rc.elv",
    );

// Arguments of `completions`.
#[derive(Debug, Args)]
#[command(describe = COMPLETIONS)]
pub(super) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL", value_enum)]
    shell: Shell,
}

impl Completions {
    /// Prints the script.
    pub(super) fn run(&self) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        stdout
            .write_all(self.shell.script().as_bytes())
            .and_then(|()| stdout.flush())
            .map_err(|error| Failure::stdout(&error))
    }
}

impl Shell {
    /// The script, as it is in `completions/`.
    pub fn script(self) -> &'static str {
        match self {
            Shell::Bash => include_str!("../../../completions/ovs.bash"),
            Shell::Zsh => include_str!("../../../completions/_ovs"),
            Shell::Fish => include_str!("../../../completions/ovs.fish"),
            Shell::Elvish => include_str!("../../../completions/ovs.elv"),
        }
    }
}

// Arguments of `complete`.
#[derive(Debug, Args)]
pub(super) struct Complete {
    /// The shell that asks
    #[arg(value_enum)]
    shell: Shell,
    /// The words after `ovs`, the last up to the cursor; from bash the line up to the cursor, and
    /// its `COMP_WORDBREAKS`
    #[arg(last = true)]
    words: Vec<OsString>,
}

impl Complete {
    /// Prints the answer. Errors are not reported, since they would disturb the prompt.
    pub(super) fn run(&self, mut root: Command) {
        root.build();
        let words: Option<Vec<String>> = self
            .words
            .iter()
            .map(|word| word.to_str().map(str::to_owned))
            .collect();
        let Some(words) = words else { return };
        let line = match (self.shell, words.as_slice()) {
            (Shell::Bash, [line, breaks]) => {
                let mut line = split(line, breaks);
                // The first word is `ovs` itself.
                line.words.remove(0);
                line
            }
            (Shell::Bash, _) => return,
            (_, words) => TypedLine {
                words: words.to_vec(),
                from: 0,
                quote: None,
            },
        };
        let Some((current, before)) = line.words.split_last() else {
            return;
        };
        let answer = answer(&root, before, current);
        let text = match self.shell {
            Shell::Bash => answer.for_bash(&line),
            _ => answer.text(),
        };
        let _ = io::stdout().write_all(text.as_bytes());
    }
}

/// A possible whole word at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Candidate {
    word: String,
    about: String,
}

impl Candidate {
    fn new(word: impl Into<String>) -> Self {
        Self::about(word, "")
    }

    fn about(word: impl Into<String>, about: impl Into<String>) -> Self {
        Self {
            word: word.into(),
            about: about.into(),
        }
    }
}

/// What follows a chosen candidate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Tail {
    /// The next word.
    #[default]
    Space,
    /// More of the same word.
    Open,
    /// No candidates: the shell completes file names.
    Files,
}

/// The candidates at the cursor.
#[derive(Debug, Default, PartialEq, Eq)]
struct Completion {
    candidates: Vec<Candidate>,
    tail: Tail,
}

impl Completion {
    fn space(candidates: Vec<Candidate>) -> Self {
        Self {
            candidates,
            tail: Tail::Space,
        }
    }

    fn open(candidates: Vec<Candidate>) -> Self {
        Self {
            candidates,
            tail: Tail::Open,
        }
    }

    fn files() -> Self {
        Self {
            candidates: Vec::new(),
            tail: Tail::Files,
        }
    }

    /// Prefixes the candidates with `head`, the typed beginning of the word.
    fn after(mut self, head: &str) -> Self {
        for candidate in &mut self.candidates {
            candidate.word.insert_str(0, head);
        }
        self
    }

    /// Keeps candidates that begin with the typed text and contain no control characters.
    fn only(mut self, current: &str) -> Self {
        self.candidates.retain(|candidate| {
            candidate.word.starts_with(current) && !candidate.word.contains(acts_on_a_terminal)
        });
        self
    }

    fn text(&self) -> String {
        let mut text = self.tail.line().to_owned();
        for Candidate { word, about } in &self.candidates {
            let about = about.replace(acts_on_a_terminal, "?");
            let _ = if about.is_empty() {
                writeln!(text, "{word}")
            } else {
                writeln!(text, "{word}\t{about}")
            };
        }
        text
    }

    fn for_bash(&self, line: &TypedLine) -> String {
        let mut text = self.tail.line().to_owned();
        for Candidate { word, .. } in &self.candidates {
            let part = word.get(line.from..).unwrap_or_default();
            if line.quote.is_none() {
                let _ = writeln!(text, "{}", quote_for_bash(part));
            } else if !part.contains(special_in(line.quote)) {
                let _ = writeln!(text, "{part}");
            }
        }
        text
    }
}

impl Tail {
    fn line(self) -> &'static str {
        match self {
            Self::Space => "space\n",
            Self::Open => "open\n",
            Self::Files => "files\n",
        }
    }
}

/// What cannot stand in an open quote of bash.
fn special_in(quote: Option<char>) -> &'static [char] {
    match quote {
        Some('\'') => &['\''],
        _ => &['"', '\\', '$', '`', '!'],
    }
}

/// Escapes characters special to bash with backslashes.
fn quote_for_bash(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        let plain = c.is_alphanumeric() || "-_.,:=/@%+[]".contains(c) || !c.is_ascii();
        if !plain {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// The candidates after the words `before`, for the partial word `current`.
fn answer(root: &Command, before: &[String], current: &str) -> Completion {
    if let Some(carried) = carried(root, before, current) {
        return carried;
    }
    let typed = TypedCommand::read(root, before);
    let ask = ask::NameSource::new(&typed);
    let of = |argument, head: &str, rest: &str| {
        let answer = values::of(&typed, argument, rest, &ask);
        answer.after(head).only(current)
    };
    if let Some(option) = typed.pending {
        return of(option, "", current);
    }
    if !typed.arguments_only && current.starts_with('-') {
        if let Some((name, value)) = current.strip_prefix("--").and_then(|o| o.split_once('=')) {
            let head = current.get(..current.len() - value.len());
            return match (typed.long(name), head) {
                (Some(option), Some(head)) if option.get_action().takes_values() => {
                    of(option, head, value)
                }
                _ => Completion::default(),
            };
        }
        // -Ovalue
        let short = current.strip_prefix('-').and_then(|text| {
            let letter = text.chars().next()?;
            let option = typed
                .short(letter)
                .filter(|option| waits_for_value(option))?;
            Some((option, current.split_at_checked(1 + letter.len_utf8())?))
        });
        if let Some((option, (head, value))) = short {
            return of(option, head, value);
        }
        return options(&typed).only(current);
    }
    let mut answer = Completion::default();
    if let Some(argument) = typed.positional {
        answer = of(argument, "", current);
        let given = typed.values.get(argument.get_id().as_str());
        let is_given = |word: &str| given.is_some_and(|given| given.contains(&word));
        answer
            .candidates
            .retain(|candidate| !is_given(&candidate.word));
    }
    if typed.wants_command {
        let commands = typed.command.get_subcommands().filter(|c| !c.is_hide_set());
        answer.candidates.extend(commands.map(|command| {
            let about = short(command.get_about().map(ToString::to_string));
            Candidate::about(command.get_name(), about)
        }));
    }
    answer.only(current)
}

/// The same where the words begin with a verb of another tool that runs a command.
fn carried(root: &Command, before: &[String], current: &str) -> Option<Completion> {
    let words: Vec<&str> = before.iter().map(String::as_str).collect();
    let verb = today::to_cursor(root, &words)?;
    if verb.is_value || current.starts_with('-') {
        return Some(answer(root, &verb.options, current));
    }
    let Some(before) = verb.arguments else {
        return Some(Completion::default());
    };
    let value = current.strip_prefix(verb.prefix).unwrap_or_default();
    let mut answer = answer(root, &before, &format!("{}{value}", verb.head));
    for candidate in &mut answer.candidates {
        if let Some(word) = candidate.word.strip_prefix(&verb.head) {
            candidate.word = word.to_owned();
        }
    }
    Some(answer.after(verb.prefix).only(current))
}

/// The options that are not given yet, those of the command before those of all.
fn options(typed: &TypedCommand<'_>) -> Completion {
    let mut own = Vec::new();
    let mut global = Vec::new();
    for option in typed.command.get_arguments() {
        let Some(long) = option.get_long() else {
            continue;
        };
        if option.is_hide_set() || typed.is_given(option) {
            continue;
        }
        let about = short(option.get_help().map(ToString::to_string));
        let candidate = Candidate::about(format!("--{long}"), about);
        if option.is_global_set() {
            global.push(candidate);
        } else {
            own.push(candidate);
        }
    }
    own.extend(global);
    Completion::space(own)
}

/// The beginning of a description, short enough to stand beside a word.
fn short(help: Option<String>) -> String {
    let help = help.unwrap_or_default();
    let ends = ["\n", "; ", " ["];
    let end = ends.iter().filter_map(|end| help.find(end)).min();
    let help = help.get(..end.unwrap_or(help.len())).unwrap_or_default();
    let mut about = String::new();
    for word in help.split_whitespace() {
        if about.len() + word.len() > 60 {
            about.push_str(" ...");
            break;
        }
        if !about.is_empty() {
            about.push(' ');
        }
        about.push_str(word);
    }
    about
}

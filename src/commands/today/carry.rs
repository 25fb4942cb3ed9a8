//! The command of `ovs` for a verb of Open vSwitch's tools, with the arguments that were typed.

use std::collections::BTreeMap;

use clap::{Arg, Command};

use super::appctl;
use super::settings::option_of_setting;
use super::typed::{Typed, called};
use super::verbs::{Counterpart, Form, Tool};
use crate::base::shell::word;
use crate::commands::about::{About, Does};

/// The hint for a verb in these words; `None` if there is none. `unknown` is the word that was taken for a command.
pub(super) fn tip(root: &Command, words: &[&str], unknown: Option<&str>) -> Option<String> {
    let is_own = |word: &str| root.find_subcommand(word).is_some();
    let typed = Typed::find(words, None, is_own).or_else(|| Typed::in_group(words, unknown?));
    let Some(typed) = typed else {
        let is_tool = |word: &str| Tool::ALL.iter().any(|tool| tool.is_named(word));
        return unknown.filter(|word| is_tool(word)).map(|_| {
            "the verbs of other tools, and their counterparts: 'ovs help today'".to_owned()
        });
    };
    let tool = typed.verb.tool;
    let forms = match typed.verb.counterpart {
        Counterpart::Here(forms) | Counterpart::Runs(forms) => forms,
        Counterpart::Appctl => return appctl::tip(root, &typed, &line(tool, &typed.words())),
        Counterpart::NotHere(why) => {
            return Some(format!("{why}; '{}' does", line(tool, &typed.words())));
        }
    };
    // Commands are complete once they are built.
    let mut root = root.clone();
    root.build();
    let root = &root;
    // The arguments of a group's command do not begin with the table.
    let is_carried = !typed.is_in_group
        || forms
            .iter()
            .all(|form| !form.arguments.starts_with("TABLE"));
    if is_carried && let Some(carried) = carry(root, &typed) {
        let line = line(tool, &typed.words());
        return Some(format!(
            "for '{line}' type {}",
            text(root, &in_order(carried))
        ));
    }
    let alone = Typed {
        before: Vec::new(),
        after: &[],
        further: Vec::new(),
        ..typed
    };
    let carried = carry(root, &alone)?;
    let line = line(tool, &alone.words());
    Some(format!("for '{line}' type {}", text(root, &carried)))
}

/// The words of the command that a verb runs, for a command line that begins with one; `None`: with no such verb, or
/// arguments are missing.
///
/// # Errors
///
/// The reason why one of its options has no counterpart.
pub(super) fn runs(root: &Command, words: &[&str]) -> Option<Result<Vec<String>, String>> {
    let is_own = |word: &str| root.find_subcommand(word).is_some();
    let typed = Typed::find(words, None, is_own)?;
    let Counterpart::Runs(forms) = typed.verb.counterpart else {
        return None;
    };
    if !typed.further.is_empty() {
        return None;
    }
    let (options, arguments) = apart(root, forms.first()?, &typed);
    let mut bound = forms
        .iter()
        .filter_map(|form| Some((form, Bound::of(form, &arguments)?)));
    let asks = |option: &String| option == "--help" || option == "-h";
    let is_asked = options.carried.iter().any(asks);
    let (form, bound) = bound.find(|(_, bound)| bound.is_complete || is_asked)?;
    if let Some(why) = options.refused.into_iter().next() {
        return Some(Err(why));
    }
    let mut words = bound.words(form);
    words.extend(options.carried);
    words.extend(options.left);
    Some(Ok(words))
}

/// The words of the command that a verb runs, up to the cursor.
#[derive(Debug)]
pub struct WordsToCursor {
    /// The command and the options that were typed.
    pub options: Vec<String>,
    /// The same, and the words before the one at the cursor; `None` if the verb takes no more.
    pub arguments: Option<Vec<String>>,
    /// Whether the value of an option is at the cursor.
    pub is_value: bool,
    /// What the verb wants before the argument and the command does not: `group_id=`.
    pub prefix: &'static str,
    /// What the command wants before the argument and the verb has in other words: `BRIDGE/`.
    pub head: String,
}

/// Stands for the word at the cursor; no word of a command line has a NUL.
const CURSOR: &str = "\0";

/// [`WordsToCursor`] for a command line that begins with a verb that runs; `words` are those before the cursor.
pub(super) fn to_cursor(root: &Command, words: &[&str]) -> Option<WordsToCursor> {
    let is_own = |word: &str| root.find_subcommand(word).is_some();
    let mut words = words.to_vec();
    words.push(CURSOR);
    let typed = Typed::find(&words, None, is_own)?;
    let Counterpart::Runs(forms) = typed.verb.counterpart else {
        return None;
    };
    let (mut options, arguments) = apart(root, forms.first()?, &typed);
    let is_value = options.carried.pop_if(|word| word == CURSOR).is_some();
    let of_form = |form: &'static Form| {
        let last = form
            .arguments
            .split(' ')
            .nth(arguments.len().checked_sub(1)?)?;
        let prefix = last.rfind('=').and_then(|end| last.get(..=end));
        let prefix = prefix.unwrap_or_default();
        let at_cursor = format!("{prefix}{CURSOR}");
        let mut arguments = arguments.clone();
        *arguments.last_mut()? = &at_cursor;
        let mut words = Bound::of(form, &arguments)?.words(form);
        let end = words.iter().position(|word| word.ends_with(CURSOR))?;
        let head = words.drain(end..).next()?;
        let head = head.strip_suffix(CURSOR)?.to_owned();
        Some((form, words, prefix, head))
    };
    let found = forms.iter().find_map(of_form);
    let form = found.as_ref().map_or(forms.first()?, |(form, ..)| *form);
    let command: Vec<String> = form
        .ovs
        .split(' ')
        .take_while(|part| !part.starts_with(|c: char| c.is_ascii_uppercase()))
        .map(str::to_owned)
        .collect();
    let arguments = found.as_ref().map(|(_, words, ..)| {
        let rest = words.iter().skip(command.len());
        let all = command.iter().chain(&options.carried).chain(rest);
        all.cloned().collect()
    });
    Some(WordsToCursor {
        options: [command, options.carried].concat(),
        arguments,
        is_value,
        prefix: found.as_ref().map_or("", |(.., prefix, _)| prefix),
        head: found.map(|(.., head)| head).unwrap_or_default(),
    })
}

/// The line with the tool, for a shell.
fn line(tool: Tool, words: &[&str]) -> String {
    let names_target = words.first().is_some_and(|word| word.starts_with("-t"));
    let program = match tool {
        Tool::OvsdbServer if names_target => Tool::Appctl.line(),
        other => other.line(),
    };
    let words = words.iter().map(|text| word(text));
    words.fold(program.to_owned(), |line, word| line + " " + &word)
}

/// What the hint says after "type".
fn text(root: &Command, carried: &[Carried]) -> String {
    // Only a line of a batch can refer to a row of an earlier line.
    let refers = carried.iter().any(|one| one.symbol().is_some());
    let is_batch =
        refers || root.is_no_binary_name_set() && carried.iter().all(|one| one.changes(root));
    let lines = carried.iter().map(|one| {
        let words: Vec<_> = one.words.iter().map(|text| word(text)).collect();
        let program = if is_batch { "" } else { "ovs " };
        format!("'{program}{}'", words.join(" "))
    });
    let mut text = lines.collect::<Vec<_>>().join(" and ");
    if refers && !root.is_no_binary_name_set() {
        text.push_str(", as lines of 'ovs batch'");
    } else if is_batch && carried.len() > 1 {
        text.push_str(", a line each");
    } else if carried.len() > 1 {
        text.push_str(", or all as lines of 'ovs batch'");
    }
    let left: Vec<String> = carried
        .iter()
        .flat_map(|one| &one.left)
        .map(|left| format!("'{left}'"))
        .collect();
    if !left.is_empty() {
        text = format!("{text}, without {}", left.join(", "));
    }
    for one in carried.iter().filter(|one| !one.form.but.is_empty()) {
        text = format!("{text}; {}", one.form.but);
    }
    text
}

/// A command of `ovs` made of a form.
struct Carried {
    form: &'static Form,
    /// Its words. A name in capitals stands for an argument that was not typed.
    words: Vec<String>,
    /// Options and settings that were typed and that the command does not have.
    left: Vec<String>,
}

impl Carried {
    fn changes(&self, root: &Command) -> bool {
        let words: Vec<&str> = self.form.ovs.split(' ').collect();
        About::of(called(root, &words)).does == Does::Changes
    }

    /// The name that later lines of a batch have for its row: `@q`.
    fn symbol(&self) -> Option<&str> {
        let symbol = |word: &String| {
            word.strip_prefix("--id=")
                .is_some_and(|name| name.starts_with('@'))
        };
        let word = self.words.iter().find(|word| symbol(word))?;
        word.strip_prefix("--id=")
    }

    /// Whether it refers to the row of another line by this name.
    fn refers_to(&self, symbol: &str) -> bool {
        self.symbol() != Some(symbol)
            && self.words.iter().any(|word| {
                word.match_indices(symbol).any(|(at, _)| {
                    let after = word
                        .get(at + symbol.len()..)
                        .and_then(|rest| rest.chars().next());
                    !after.is_some_and(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
                })
            })
    }
}

/// Puts each line behind those whose rows it refers to, and keeps the order else: ovs-vsctl takes a reference
/// before its row, a batch does not.
fn in_order(mut lines: Vec<Carried>) -> Vec<Carried> {
    let mut ordered = Vec::new();
    while !lines.is_empty() {
        let is_ready = |one: &Carried| {
            let mut symbols = lines.iter().filter_map(Carried::symbol);
            !symbols.any(|symbol| one.refers_to(symbol))
        };
        // In a circle of references no line is ready.
        let next = lines.iter().position(is_ready).unwrap_or_default();
        ordered.push(lines.remove(next));
    }
    ordered
}

/// The commands of `ovs` for what was typed; `None` if its arguments are not those of the verb.
fn carry(root: &Command, typed: &Typed<'_>) -> Option<Vec<Carried>> {
    let forms = typed.verb.counterpart.forms();
    let (options, arguments) = apart(root, forms.first()?, typed);
    let bound = forms
        .iter()
        .filter_map(|form| Some((form, Bound::of(form, &arguments)?)));
    // The first form that these arguments fill, else the first that has more.
    let (form, bound) = bound.min_by_key(|(_, bound)| !bound.is_complete)?;
    let mut settings: Vec<(&str, &str)> = Vec::new();
    settings.extend(
        bound
            .of_name("SETTING...")
            .iter()
            .map(|setting| ("Port", *setting)),
    );
    let template: Vec<&str> = form.ovs.split(' ').collect();
    let command = called(root, &template);
    let has_options = |settings: &[(&str, &str)]| {
        let mut settings = settings.iter();
        settings.all(|(table, setting)| option_of_setting(setting, table, command).is_some())
    };
    let mut others = Vec::new();
    for further in &typed.further {
        match settings_of(further, form, &arguments) {
            Some(more) if has_options(&more) => settings.extend(more),
            _ => others.extend(carry(
                root,
                &Typed::find(further, Some(typed.verb.tool), |_| false)?,
            )?),
        }
    }
    let (mut words, mut left) = (Vec::new(), options.left);
    let mut before = "";
    for part in template {
        if part == "--SETTING..." {
            for (table, setting) in &settings {
                match option_of_setting(setting, table, command) {
                    Some((option, value)) => words.extend([format!("--{option}"), value]),
                    None => left.push((*setting).to_owned()),
                }
            }
        } else if let Some(name) = part.strip_suffix(",...") {
            let all = bound.of_name(&format!("{name}...")).join(",");
            words.push(if all.is_empty() { part.to_owned() } else { all });
        } else if part.ends_with("...") {
            let all = bound.of_name(part);
            if all.is_empty() && (before.starts_with("--") || arguments.is_empty()) {
                words.push(part.to_owned());
            }
            for (at, value) in all.iter().enumerate() {
                if at > 0 && before.starts_with("--") {
                    words.push(before.to_owned());
                }
                words.push((*value).to_owned());
            }
        } else {
            words.push(bound.fill(part));
        }
        before = part;
    }
    words.extend(options.carried);
    let carried = Carried { form, words, left };
    // A line of a batch has no global options, which a command that reads may have here.
    let is_known = carried.changes(root) || !root.is_no_binary_name_set();
    if bound.is_complete && is_known && !parses(root, &carried.words) {
        return None;
    }
    let mut all = vec![carried];
    all.extend(others);
    Some(all)
}

/// Whether they are a command line.
fn parses(root: &Command, words: &[String]) -> bool {
    let program = (!root.is_no_binary_name_set()).then(|| "ovs".to_owned());
    let words = program.into_iter().chain(words.iter().cloned());
    root.clone().try_get_matches_from(words).is_ok()
}

/// The settings of a further `set TABLE RECORD COLUMN=VALUE...` of what the first command makes, with the table.
fn settings_of<'w>(
    command: &[&'w str],
    form: &Form,
    arguments: &[&str],
) -> Option<Vec<(&'static str, &'w str)>> {
    let ["set", table, record, settings @ ..] = command else {
        return None;
    };
    let tables = ["Bridge", "Port", "Interface"];
    let table = tables
        .into_iter()
        .find(|known| known.eq_ignore_ascii_case(table))?;
    let is_of_it = form.ovs.ends_with("--SETTING...") && arguments.contains(record);
    is_of_it.then(|| settings.iter().map(|setting| (table, *setting)).collect())
}

/// The arguments of a form and the words for them.
struct Bound<'w> {
    values: BTreeMap<&'static str, Vec<&'w str>>,
    /// Whether each argument has its word.
    is_complete: bool,
}

impl<'w> Bound<'w> {
    /// `None` if there are more words than arguments, or one lacks the prefix.
    fn of(form: &'static Form, words: &[&'w str]) -> Option<Bound<'w>> {
        let mut words = words.iter().copied().peekable();
        let mut values = BTreeMap::new();
        let mut is_complete = true;
        let mut names = form.arguments.split_whitespace().peekable();
        while let Some(name) = names.next() {
            let before_settings = names.peek() == Some(&"SETTING...");
            if name.ends_with("...") {
                let mut all = Vec::new();
                while let Some(word) = words.next_if(|word| !before_settings || !word.contains('='))
                {
                    all.push(word);
                }
                values.insert(name, all);
                continue;
            }
            if !name.contains(|c: char| c.is_ascii_uppercase()) {
                match words.next() {
                    Some(word) if word != name => return None,
                    Some(_) => {}
                    None => is_complete = false,
                }
                continue;
            }
            let (prefix, name) = match name.rsplit_once(['=', ':']) {
                Some((key, rest)) => (name.get(..=key.len())?, rest),
                None => ("", name),
            };
            match words.next() {
                // stdin, which only a file can be
                Some("-") if name != "FILE" => return None,
                Some(word) => drop(values.insert(name, vec![word.strip_prefix(prefix)?])),
                None => is_complete = false,
            }
        }
        words.next().is_none().then_some(Bound {
            values,
            is_complete,
        })
    }

    /// The words of the form's command, without settings.
    fn words(&self, form: &Form) -> Vec<String> {
        let mut words = Vec::new();
        for part in form.ovs.split(' ') {
            match part {
                list if list.ends_with("...") => {
                    words.extend(self.of_name(list).iter().map(|word| (*word).to_owned()));
                }
                one => words.push(self.fill(one)),
            }
        }
        words
    }

    fn of_name(&self, name: &str) -> &[&'w str] {
        self.values.get(name).map_or(&[], Vec::as_slice)
    }

    /// The word with the values of the names in capitals.
    fn fill(&self, part: &str) -> String {
        let mut out = String::new();
        let mut rest = part;
        while let Some(first) = rest.chars().next() {
            let is_name = first.is_ascii_uppercase();
            let end = rest
                .find(|c: char| c.is_ascii_uppercase() != is_name)
                .unwrap_or(rest.len());
            let (run, after) = rest.split_at(end);
            out.push_str(self.of_name(run).first().unwrap_or(&run));
            rest = after;
        }
        out
    }
}

/// The options of a tool in the words of `ovs`.
#[derive(Default)]
struct TypedOptions {
    carried: Vec<String>,
    left: Vec<String>,
    /// Why an option cannot be left out.
    refused: Vec<String>,
}

/// What becomes of an option of ovs-ofctl(8) that changes something.
enum OldOption {
    /// It goes without saying.
    Needless,
    /// It has no counterpart, for this reason.
    Refused(&'static str),
}

/// Options of the verbs that run, and whether they take a value.
const OLD_OPTIONS: [(&str, bool, OldOption); 7] = [
    ("--bundle", false, OldOption::Needless),
    ("--flow-format", true, OldOption::Needless),
    ("-F", true, OldOption::Needless),
    ("--names", false, OldOption::Needless),
    ("--no-names", false, OldOption::Needless),
    (
        "--readd",
        false,
        OldOption::Refused("flows that stay the same are left alone, with their counters"),
    ),
    ("--strict", false, OldOption::Needless),
];

/// Options of the tools whose names differ.
const RENAMED: [(&str, &str); 3] = [
    ("--format=json", "--json"),
    ("--no-headings", "--no-header"),
    ("--protocols", "--openflow"),
];

/// Parts options from arguments.
fn apart<'w>(root: &Command, form: &Form, typed: &Typed<'w>) -> (TypedOptions, Vec<&'w str>) {
    let template: Vec<&str> = form.ovs.split(' ').collect();
    let command = called(root, &template);
    let has = |option: &str| -> Option<&Arg> {
        let mut known = command
            .get_arguments()
            .chain(root.get_arguments().filter(|arg| arg.is_global_set()));
        known.find(|arg| match option.strip_prefix("--") {
            Some(long) => arg.get_long() == Some(long),
            None => option
                .chars()
                .nth(1)
                .is_some_and(|short| arg.get_short() == Some(short)),
        })
    };
    let (mut options, mut arguments) = (TypedOptions::default(), Vec::new());
    let runs = matches!(typed.verb.counterpart, Counterpart::Runs(_));
    let before = typed.before.iter().map(|word| (true, *word));
    let after = typed.after.iter().map(|word| (false, *word));
    let mut words = before.chain(after).peekable();
    while let Some((is_before, text)) = words.next() {
        if text == "--" {
            continue;
        }
        if !text.starts_with('-') || text.len() == 1 {
            if is_before {
                options.left.push(text.to_owned());
            } else {
                arguments.push(text);
            }
            continue;
        }
        let (name, value) = match text.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name, Some(value)),
            _ => (text, None),
        };
        let renamed = |said: &str| {
            RENAMED
                .iter()
                .find(|(old, _)| *old == said)
                .map(|(_, new)| *new)
        };
        let (name, value) = match renamed(text) {
            Some(new) => (new, None),
            None => (renamed(name).unwrap_or(name), value),
        };
        // The global `--strict` has another meaning.
        let is_other = |arg: &Arg| name == "--strict" && arg.is_global_set();
        let known = has(name).filter(|arg| !(runs && is_other(arg)));
        let Some(known) = known else {
            let is_old = |(old, takes_value, _): &&(&str, bool, OldOption)| {
                name == *old || *takes_value && old.len() == 2 && name.starts_with(old)
            };
            match OLD_OPTIONS.iter().find(is_old).filter(|_| runs) {
                Some((old, takes_value, becomes)) => {
                    match becomes {
                        OldOption::Refused(why) => {
                            options
                                .refused
                                .push(format!("'{old}' has no counterpart: {why}"));
                        }
                        OldOption::Needless => {}
                    }
                    if *takes_value && value.is_none() && name == *old {
                        words.next_if(|(at, _)| *at == is_before);
                    }
                }
                None => options.left.push(text.to_owned()),
            }
            continue;
        };
        options.carried.push(match value {
            Some(value) => format!("{name}={value}"),
            None => name.to_owned(),
        });
        let is_whole = name.starts_with("--") || name.len() == 2;
        if known.get_action().takes_values()
            && !known.is_require_equals_set()
            && value.is_none()
            && is_whole
            && let Some((_, value)) = words.next_if(|(at, _)| *at == is_before)
        {
            options.carried.push(value.to_owned());
        }
    }
    (options, arguments)
}

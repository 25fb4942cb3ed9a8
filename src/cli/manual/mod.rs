//! The manual: a page for each command, made from its definition, and pages of prose. `make generate`
//! writes them into `man/`; `ovs help` shows them.
//!
//! | file | contents |
//! |---|---|
//! | `page` | a page, as roff and as text |
//! | [`faults`] | external faults, the resulting messages and exit codes |
//! | `today` | the verbs of Open vSwitch's own tools and their counterparts |
//! | `*.txt` | prose |

pub mod faults;
mod page;
mod today;

use std::collections::BTreeMap;

use clap::{Arg, Command};

pub use page::Page;
use page::{Block, prose};

use super::{leaves, schema, shown, watchable};
use crate::commands::Exit;
use crate::commands::about::{About, Purpose, names};

/// The pages of prose: name, section, what they are about.
const PROSE: [(&str, u8, &str, &str); 4] = [
    (
        "ovs-faults",
        7,
        "what ovs says when something goes wrong from outside",
        include_str!("faults.txt"),
    ),
    (
        "ovs-flows",
        7,
        "how ovs writes flows: the classic words and those of the wire",
        include_str!("flows.txt"),
    ),
    (
        "ovs-json",
        5,
        "the JSON documents that ovs prints",
        include_str!("json.txt"),
    ),
    (
        "ovs-today",
        7,
        "every verb of Open vSwitch's own tools, and what it is with ovs",
        include_str!("today.txt"),
    ),
];

/// The page of the options that every command has: `ovs help` shows it, `man/` has no file of it.
const OPTIONS: &str = "options";

/// A name of the page that ends with the exit codes.
const EXIT_CODES: &str = "exit-codes";

/// The text of ovs(8) on all commands. `@WATCHABLE@` stands for the commands that `--watch` goes with.
const OVS: &str = include_str!("ovs.txt");
const ENVIRONMENT: &str = include_str!("environment.txt");
const FILES: &str = include_str!("files.txt");

/// Every page, from the whole command line.
pub fn pages() -> Vec<Page> {
    let root = super::command();
    let mut pages = vec![overview(&root)];
    for command in shown(&root) {
        pages.push(of_command(&root, command));
    }
    pages.extend((0..PROSE.len()).filter_map(|at| of_prose(&root, at)));
    pages
}

/// The page that `ovs help WORD...` shows: that of a command, or of one command of a group, or of
/// another topic (`faults`, `flows`, `json`, `options`, `today`).
pub fn find(words: &[String]) -> Option<Page> {
    let root = super::command();
    let name = |word: &String| word.strip_prefix("ovs-").unwrap_or(word).to_owned();
    match words {
        [] => Some(overview(&root)),
        [word] if name(word) == "ovs" => Some(overview(&root)),
        [word] => {
            let word = name(word);
            if let Some(command) = command(&root, &word) {
                return Some(of_command(&root, command));
            }
            if word == OPTIONS {
                return Some(of_options(&root));
            }
            if word == EXIT_CODES {
                return Some(overview(&root));
            }
            let named = |(page, ..): &(&str, u8, &str, &str)| {
                page.strip_prefix("ovs-") == Some(word.as_str())
            };
            of_prose(&root, PROSE.iter().position(named)?)
        }
        [group, word] => {
            let command = command(command(&root, &name(group))?, word)?;
            Some(of_command(&root, command))
        }
        _ => None,
    }
}

/// What `ovs help` can be asked for.
pub fn topics() -> Vec<String> {
    let root = super::command();
    let commands = shown(&root).map(|command| command.get_name().to_owned());
    let prose = PROSE
        .iter()
        .filter_map(|(name, ..)| name.strip_prefix("ovs-"));
    let others = prose.chain([OPTIONS]).map(str::to_owned);
    commands.chain(others).collect()
}

fn command<'c>(parent: &'c Command, word: &str) -> Option<&'c Command> {
    parent.find_subcommand(word).filter(|c| !c.is_hide_set())
}

fn overview(root: &Command) -> Page {
    let mut blocks = vec![section("SYNOPSIS")];
    let synopsis = "ovs [GLOBAL OPTIONS] COMMAND [ARGUMENTS]";
    blocks.push(Block::Lines(vec![
        synopsis.into(),
        "ovs help [COMMAND | faults | flows | json | options | today]".into(),
    ]));
    let watchable = watchable().join("`, `");
    let mut text = prose(&OVS.replace("@WATCHABLE@", &format!("`{watchable}`")));
    // Examples come first.
    let after = text
        .iter()
        .position(|block| *block == section("DESCRIPTION"));
    let rest = text.split_off(after.unwrap_or(0));
    blocks.extend(text);
    blocks.extend(rest);
    blocks.push(section("COMMANDS"));
    for purpose in Purpose::ALL {
        blocks.push(Block::Subsection(purpose.heading().to_owned()));
        let commands = root.get_subcommands().filter(|c| !c.is_hide_set());
        for command in commands.filter(|command| command.get() == Some(&purpose)) {
            blocks.push(item(command.get_name(), one_line(command)));
        }
    }
    blocks.extend(global_options(root));
    let mut also: Vec<String> = shown(root)
        .map(|c| format!("ovs-{}(8)", c.get_name()))
        .collect();
    also.sort_unstable();
    end(&mut blocks, &also);
    Page {
        name: "ovs".to_owned(),
        section: 8,
        about: one_line(root),
        blocks,
    }
}

/// The page of the options that every command has. In `man/` they are a section of ovs(8).
fn of_options(root: &Command) -> Page {
    let mut blocks = global_options(root);
    blocks.push(section("SEE ALSO"));
    blocks.push(paragraph("ovs(8)"));
    Page {
        name: "ovs-options".to_owned(),
        section: 8,
        about: "the options of every command".to_owned(),
        blocks,
    }
}

fn global_options(root: &Command) -> Vec<Block> {
    let mut blocks = vec![
        section("GLOBAL OPTIONS"),
        paragraph(
            "They stand before or after the command's name. With `-h` a command prints its own options, \
             with `--help` these too; `ovs help options` prints these alone.",
        ),
    ];
    let options = root.get_arguments().filter(|a| !a.is_hide_set());
    blocks.extend(options.map(argument));
    blocks
}

fn of_command(root: &Command, command: &Command) -> Page {
    let parts: Vec<&Command> = if command.has_subcommands() {
        shown(command).collect()
    } else {
        vec![command]
    };
    let mut blocks = vec![section("SYNOPSIS")];
    let mut lines: Vec<String> = parts.iter().map(|part| usage(part)).collect();
    lines.dedup();
    blocks.push(Block::Lines(lines));
    blocks.push(section("EXAMPLES"));
    let mut any = false;
    for part in &parts {
        let lines = About::of(part).examples.lines();
        let lines: Vec<String> = lines.map(str::to_owned).collect();
        if !lines.is_empty() {
            blocks.push(Block::Lines(lines));
            any = true;
        }
    }
    if !any {
        blocks.pop();
    }
    if command.has_subcommands() {
        blocks.push(section("DESCRIPTION"));
        blocks.push(paragraph(&sentence(&about(command))));
        for part in parts {
            let title = usage(part);
            let title = title.strip_prefix("ovs ").unwrap_or(&title);
            blocks.push(Block::Subsection(title.to_owned()));
            blocks.push(paragraph(&sentence(&about(part))));
            blocks.extend(remarks(part));
            blocks.extend(own_arguments(part).map(argument));
            blocks.extend(output(part));
        }
    } else {
        blocks.push(section("DESCRIPTION"));
        blocks.push(paragraph(&sentence(&about(command))));
        blocks.extend(remarks(command));
        let mut arguments = own_arguments(command).map(argument).peekable();
        if arguments.peek().is_some() {
            blocks.push(section("OPTIONS"));
            blocks.extend(arguments);
        }
        let output = output(command);
        if !output.is_empty() {
            blocks.push(section("OUTPUT"));
            blocks.extend(output);
        }
    }
    blocks.push(section("GLOBAL OPTIONS"));
    let options: Vec<String> = root.get_arguments().filter_map(option_names).collect();
    blocks.push(paragraph(&format!(
        "ovs(8) describes the options of every command: {}.",
        options.join("; ")
    )));
    end(&mut blocks, &["ovs(8)".to_owned()]);
    let path = usage_path(command);
    Page {
        name: path.replace(' ', "-"),
        section: 8,
        about: one_line(command),
        blocks,
    }
}

fn of_prose(root: &Command, at: usize) -> Option<Page> {
    let (name, section_number, about, text) = PROSE.get(at)?;
    let mut blocks = prose(text);
    match *name {
        "ovs-json" => {
            blocks.extend(schemas());
            blocks.extend(keys_of_commands(root));
        }
        "ovs-faults" => blocks.extend(faults::blocks()),
        "ovs-today" => blocks.extend(today::blocks()),
        _ => {}
    }
    blocks.push(section("SEE ALSO"));
    blocks.push(paragraph(&see_also(&[
        "ovs(8)".into(),
        "ovs-dump-flows(8)".into(),
    ])));
    Some(Page {
        name: (*name).to_owned(),
        section: *section_number,
        about: (*about).to_owned(),
        blocks,
    })
}

/// The schema of every document, and the commands that print it.
fn schemas() -> Vec<Block> {
    let mut blocks = vec![
        section("SCHEMAS"),
        paragraph(
            "Of every document there is a JSON Schema (draft 2020-12) in `share/ovs/schema` of the \
             installation. It tells every member of this version: what it does not name is not there. \
             With `--columns` only those members are there that were asked for. An array's records, \
             which are the lines of `--output jsonl`, are what `items` tells.",
        ),
    ];
    for document in schema::documents() {
        let commands: Vec<String> = document
            .commands
            .iter()
            .map(|command| format!("`{command}`"))
            .collect();
        let text = format!("{}: {}.", document.about, commands.join(", "));
        blocks.push(item(&document.file_name(), text));
    }
    blocks
}

/// The keys of every command that prints a list, and what they mean.
fn keys_of_commands(root: &Command) -> Vec<Block> {
    let mut blocks = vec![
        section("KEYS OF THE LISTS"),
        paragraph(
            "Each is a column of the command's table, and is null where there is nothing. Those on \
             request come with `--columns`.",
        ),
    ];
    let mut used = BTreeMap::new();
    for (path, command) in leaves(root) {
        let columns = About::of(command).columns();
        if columns.is_empty() {
            continue;
        }
        blocks.push(item(&format!("ovs {}", path.join(" ")), names(&columns)));
        for column in columns {
            used.entry(column.name).or_insert(column.general_meaning());
        }
    }
    blocks.push(section("WHAT THE KEYS MEAN"));
    blocks.extend(used.into_iter().map(|(name, meaning)| item(name, meaning)));
    blocks
}

/// The end of every page of a command.
fn end(blocks: &mut Vec<Block>, also: &[String]) {
    blocks.push(section("EXIT CODES"));
    for exit in Exit::ALL {
        blocks.push(item(&exit.code().to_string(), exit.meaning()));
    }
    blocks.push(section("ENVIRONMENT"));
    blocks.extend(prose(ENVIRONMENT));
    blocks.push(section("FILES"));
    blocks.extend(prose(FILES));
    blocks.push(section("SEE ALSO"));
    blocks.push(paragraph(&see_also(also)));
}

fn see_also(first: &[String]) -> String {
    let rest = [
        "ovs-faults(7)",
        "ovs-flows(7)",
        "ovs-json(5)",
        "ovs-fields(7)",
        "ovs-actions(7)",
        "ovs-vswitchd.conf.db(5)",
    ];
    let all = first.iter().map(String::as_str).chain(rest);
    all.collect::<Vec<_>>().join(", ")
}

/// The remarks on a command.
fn remarks(command: &Command) -> Vec<Block> {
    let remarks = About::of(command).all_remarks();
    remarks.iter().flat_map(|text| prose(text)).collect()
}

/// The columns, which are the keys of its JSON.
fn output(command: &Command) -> Vec<Block> {
    let columns = About::of(command).columns();
    if columns.is_empty() {
        return Vec::new();
    }
    let mut blocks = vec![paragraph(
        "The columns, which are also the keys of the JSON (see ovs-json(5)):",
    )];
    blocks.extend(columns.iter().map(|column| {
        let request = if column.extra { " (on request)" } else { "" };
        item(column.name, format!("{}{request}", column.meaning))
    }));
    blocks
}

/// `ovs port add`
fn usage_path(command: &Command) -> String {
    let path = command.get_bin_name().unwrap_or(command.get_name());
    path.to_owned()
}

/// `ovs port add [OPTIONS] <BRIDGE> <PORT>`
fn usage(command: &Command) -> String {
    let usage = command.clone().render_usage().to_string();
    let usage = usage.strip_prefix("Usage: ").unwrap_or(&usage);
    let words: Vec<&str> = usage.split_whitespace().collect();
    words.join(" ")
}

fn one_line(command: &Command) -> String {
    command
        .get_about()
        .map(ToString::to_string)
        .unwrap_or_default()
}

fn about(command: &Command) -> String {
    let long = command.get_long_about().or(command.get_about());
    long.map(ToString::to_string).unwrap_or_default()
}

fn sentence(text: &str) -> String {
    if text.ends_with(['.', ':']) {
        text.to_owned()
    } else {
        format!("{text}.")
    }
}

fn own_arguments(command: &Command) -> impl Iterator<Item = &Arg> {
    let arguments = command.get_arguments();
    arguments.filter(|a| !a.is_global_set() && !a.is_hide_set() && a.get_id() != "help")
}

/// `-t, --timeout SECS`
fn option_names(argument: &Arg) -> Option<String> {
    let long = argument.get_long()?;
    Some(match argument.get_short() {
        Some(short) => format!("`-{short}`, `--{long}`"),
        None => format!("`--{long}`"),
    })
}

fn argument(argument: &Arg) -> Block {
    let values = argument.get_value_names().unwrap_or_default();
    let values: Vec<&str> = values.iter().map(clap::builder::Str::as_str).collect();
    let values = values.join(" ");
    let mut term = match (argument.get_short(), argument.get_long()) {
        (Some(short), Some(long)) => format!("-{short}, --{long}"),
        (None, Some(long)) => format!("--{long}"),
        (Some(short), None) => format!("-{short}"),
        (None, None) => String::new(),
    };
    if argument.get_action().takes_values() {
        term = match (term.is_empty(), argument.is_require_equals_set()) {
            (true, _) => values,
            (false, true) => format!("{term}[={values}]"),
            (false, false) => format!("{term} {values}"),
        };
    }
    let help = argument.get_long_help().or(argument.get_help());
    let mut text = sentence(&help.map(ToString::to_string).unwrap_or_default());
    let defaults = argument.get_default_values().iter();
    let defaults: Vec<_> = defaults.filter_map(|value| value.to_str()).collect();
    if argument.get_action().takes_values() {
        if !defaults.is_empty() && !argument.is_hide_default_value_set() {
            text = format!("{text} The default is `{}`.", defaults.join(" "));
        }
        let possible = argument.get_possible_values();
        let possible = possible.iter().filter(|value| !value.is_hide_set());
        let possible: Vec<_> = possible
            .map(|value| format!("`{}`", value.get_name()))
            .collect();
        if !possible.is_empty() && !argument.is_hide_possible_values_set() {
            text = format!("{text} One of {}.", possible.join(", "));
        }
    }
    Block::Item(term, text)
}

fn section(title: &str) -> Block {
    Block::Section(title.to_owned())
}

fn paragraph(text: &str) -> Block {
    Block::Paragraph(text.to_owned())
}

fn item(term: &str, text: impl Into<String>) -> Block {
    Block::Item(term.to_owned(), text.into())
}

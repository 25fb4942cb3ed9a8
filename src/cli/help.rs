//! `ovs help`: a page of the manual, as text; and the layout of what `-h` and `--help` print.

use std::ffi::OsString;
use std::io::{self, Write as _};

use clap::{Args, Command};

use super::{VERSION, manual};
use crate::commands::about::{About, Describe as _, Purpose};
use crate::commands::argument::{Takes as _, Value};
use crate::commands::{Exit, Failure};

/// Maximum line length, for readability.
pub(super) const WIDEST: usize = 100;

const ABOUT: About = About::other()
    .remarks("The page is the one that `man ovs-COMMAND` shows.")
    .examples(
        "\
ovs help dump-flows
ovs help port add
ovs help options        the options of every command
ovs help flows          how flows are written
ovs help json           the JSON documents
ovs help today          the verbs of ovs-vsctl, ovs-ofctl and ovs-appctl",
    );

// Arguments of `help`.
#[derive(Debug, Args)]
#[command(describe = ABOUT)]
pub(super) struct Help {
    /// A command, one of its commands, or faults, flows, json, options, today; without it: ovs
    #[arg(takes = Value::PAGE, num_args = 0..=2)]
    words: Vec<String>,
}

impl Help {
    /// Prints the page, in lines of at most `width` cells.
    pub(super) fn run(&self, width: Option<usize>) -> Result<(), Failure> {
        const USUAL: usize = 80;
        let Some(page) = manual::find(&self.words) else {
            let topics = manual::topics();
            let known = topics.iter().map(String::as_str);
            let mut failure = Failure::not_found("page", &self.words.join(" "), "", known);
            failure.exit = Exit::Usage;
            return Err(failure.hint(format!("pages: {}", topics.join(", "))));
        };
        let text = page.text(width.unwrap_or(USUAL).min(WIDEST));
        let mut stdout = io::stdout().lock();
        stdout
            .write_all(text.as_bytes())
            .and_then(|()| stdout.flush())
            .map_err(|error| Failure::stdout(&error))
    }
}

/// What `-h` prints instead of the options that every command has.
const OF_EVERY_COMMAND: &str = "Options of every command: ovs help options";

/// The whole command line with its help laid out: the commands of `ovs` under headings. Where `--help` is among
/// the words, each help has all options; otherwise those of the command alone, and where the others are listed.
pub(super) fn laid_out(mut root: Command, words: &[OsString]) -> Command {
    let mut parts = lists(&root);
    if words.iter().any(|word| word == "--help") {
        parts.push(options(&root));
        return root.help_template(layout(&parts));
    }
    root = root.mut_args(|argument| argument.hide_short_help(true));
    parts.push(options(&root));
    parts.push(OF_EVERY_COMMAND.to_owned());
    // The commands of a command exist once they are built.
    root.build();
    root.mut_subcommands(short).help_template(layout(&parts))
}

/// The command, and the commands in it, with one line in their help for the options that are hidden.
fn short(command: Command) -> Command {
    let parts = ["{all-args}".to_owned(), OF_EVERY_COMMAND.to_owned()];
    command.help_template(layout(&parts)).mut_subcommands(short)
}

/// clap's own template for help, with these parts between the usage and the remarks.
fn layout(parts: &[String]) -> String {
    let parts = parts.join("\n\n");
    format!("{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{parts}{{after-help}}")
}

/// The commands under their headings. clap gives all commands one heading, so each list is rendered as that of a
/// command of its own.
fn lists(root: &Command) -> Vec<String> {
    let shown = || root.get_subcommands().filter(|c| !c.is_hide_set());
    let names = shown().map(|command| command.get_name().len());
    let width = names.max().unwrap_or_default();
    let list = |purpose: Purpose| {
        let commands = shown().filter(|command| command.get() == Some(&purpose));
        let commands = commands.map(|command| {
            // Padded, so that the lists align with each other. clap wants its names for ever.
            let name: &'static str = format!("{:width$}", command.get_name()).leak();
            Command::new(name).about(command.get_about().cloned().unwrap_or_default())
        });
        let list = Command::new("ovs").disable_help_flag(true);
        rendered(
            list.subcommand_help_heading(purpose.heading())
                .subcommands(commands),
        )
    };
    Purpose::ALL.map(list).to_vec()
}

/// The options of `ovs` itself under their headings, without those that are hidden.
fn options(root: &Command) -> String {
    let options = Command::new("ovs").version(VERSION);
    rendered(options.args(root.get_arguments()))
}

/// The lists of a command's arguments and commands, as clap prints them.
fn rendered(command: Command) -> String {
    let mut command = command
        .disable_help_subcommand(true)
        .max_term_width(WIDEST)
        .help_template("{all-args}");
    let text = command.render_help().ansi().to_string();
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_stands_under_a_heading() {
        let root = crate::cli::command();
        for command in root.get_subcommands().filter(|c| !c.is_hide_set()) {
            let purpose: Option<&Purpose> = command.get();
            assert!(purpose.is_some(), "ovs {}", command.get_name());
        }
    }
}

//! `ovs batch`: one command per line, all in one transaction; then flows and groups, in one bundle for each switch.

mod line;
mod plan;
mod sending;
mod switches;

use std::io;
use std::path::{Path, PathBuf};

use clap::{ArgGroup, CommandFactory as _, FromArgMatches as _, Parser};

use switches::SwitchLines;

use super::entry_file::read_once;
use super::failure::words_of;
use super::switch_line::SwitchLine;
use super::write::{Afterwards, ChangeStep, make_all, of_switch};
use super::{Command, Context, Exit, Failure, quoted, today};
use crate::commands::about::{About, Describe as _};
use crate::commands::argument::{Takes as _, Value};
use crate::output::escape;

// Arguments of `batch`.
#[derive(Debug, clap::Args)]
#[command(describe = ABOUT)]
pub struct Args {
    /// The commands; - or nothing: from stdin
    #[arg(takes = Value::FILE)]
    file: Option<PathBuf>,
}

const ABOUT: About = About::changes()
    .remarks("\
One command a line, without the word ovs; # begins a comment; quotes and backslashes are those of a \
shell, a backslash at the end of a line too. All lines are one transaction: it is written as a whole or \
not at all. A line may name what an earlier one makes. With --may-exist and --if-exists on its lines, a batch can be given again. \
Global options stand on the command line of batch, not in its lines.

Lines of flow add, mod and del and of group add, mod, del, insert-buckets and remove-buckets are written at a second \
moment, when ovs-vswitchd has applied the database's part, so that they can name new ports, and deletions the ports \
that lines delete: one bundle for each switch, in the order of the lines, all or none. Open vSwitch takes no meters \
in a bundle: those of meter add and mod are written one by one before the bundle of their switch, those of meter del \
after it; a batch names a meter once. Within a bundle Open vSwitch may not find flows that the bundle adds, so that \
flow mod and del without --strict cannot select those of earlier lines.

What is malformed, or does not fit what a switch has, is refused before anything is written: a group that is there already, \
a meter that is not, a flow mod that matches no flow (exit code 3). If a switch refuses something nevertheless, what was \
written before stands, which the error says, and the exit code is 5.")
    .examples("\
ovs batch network.ovs
ovs batch --dry-run network.ovs
printf '%s\\n' 'port add br-int tap0' 'flow add br-int in_port=tap0,actions=NORMAL' | ovs batch
printf '%s\\n' 'bridge add br-test' 'port add br-test tap0 --type internal' | ovs batch");

/// Maximum length of the input, in bytes: far more than a switch's configuration needs.
const LARGEST: u64 = 64 << 20;

/// One line of a batch.
#[derive(Debug, Parser)]
#[command(name = "", no_binary_name = true, disable_help_subcommand = true)]
struct BatchLine {
    #[command(subcommand)]
    command: Command,
}

impl Args {
    /// Runs it.
    ///
    /// # Errors
    ///
    /// A line is malformed, or one of the changes fails.
    pub async fn run(&self, cx: &Context) -> Result<(), Failure> {
        let text = self.read()?;
        let lines = parse(&text)?;
        let steps = lines.iter().filter_map(|line| {
            Some(ChangeStep {
                line: Some(line.number),
                change: line.line.command.change()?,
            })
        });
        let steps: Vec<ChangeStep<'_>> = steps.collect();
        let mut switches = SwitchLines::default();
        for NumberedLine {
            number,
            line,
            words,
        } in &lines
        {
            match switch_line(*number, line)? {
                Some(line) => switches.add(*number, line),
                None => switches.may_make(words),
            }
        }
        if switches.is_empty() {
            return make_all(cx, &steps, None).await;
        }
        if cx.writing.no_wait && !steps.is_empty() {
            let message = "flows, groups and meters are written when ovs-vswitchd has applied the rest: --no-wait cannot be used";
            return Err(
                Failure::new(Exit::Usage, message).hint("give their lines in a batch of their own")
            );
        }
        switches.check(cx).await?;
        if !steps.is_empty() {
            return make_all(cx, &steps, Some(&switches)).await;
        }
        if cx.writing.dry_run {
            return of_switch::print(cx, switches.planned());
        }
        let (changes, failure) = switches.run(cx, false).await;
        if !changes.is_empty() || failure.is_none() {
            of_switch::print(cx, changes)?;
        }
        failure.map_or(Ok(()), Err)
    }

    fn read(&self) -> Result<String, Failure> {
        let path = self.file.as_deref().unwrap_or(Path::new("-"));
        let what = match path.to_string_lossy() {
            stdin if stdin == "-" => "stdin".to_owned(),
            name => quoted(&name),
        };
        let read = read_once(path, LARGEST).and_then(|bytes| {
            let invalid = "stream did not contain valid UTF-8";
            let text = str::from_utf8(bytes);
            text.map_err(|_| io::Error::new(io::ErrorKind::InvalidData, invalid))
        });
        match read {
            Ok(text) if text.len() as u64 > LARGEST => Err(Failure::new(
                Exit::Failed,
                format!("{what} has more than {} MiB", LARGEST >> 20),
            )),
            Ok(text) => Ok(text.to_owned()),
            Err(error) => Err(Failure::new(
                Exit::Failed,
                format!("cannot read {what}: {}", words_of(&error)),
            )),
        }
    }
}

/// Counts the commands in the text of a batch; looks nothing up and changes nothing.
///
/// # Errors
///
/// The first line that is not a command, or is one that changes nothing.
pub fn check(text: &str) -> Result<usize, Failure> {
    Ok(parse(text)?.len())
}

/// A command, with the number of its line, from 1, and its words.
struct NumberedLine {
    number: usize,
    line: BatchLine,
    words: Vec<String>,
}

/// The commands, line by line.
fn parse(text: &str) -> Result<Vec<NumberedLine>, Failure> {
    let mut lines: Vec<NumberedLine> = Vec::new();
    // Built once: building it takes longer than parsing a line.
    let mut command = command();
    let mut texts = (1..).zip(text.lines());
    while let Some((number, line)) = texts.next() {
        let wrong = |message: &str| Failure::new(Exit::Usage, format!("line {number}: {message}"));
        let (mut last, mut line) = (line, line.to_owned());
        while goes_on(last)
            && let Some((_, next)) = texts.next()
        {
            line.pop();
            line.push_str(next);
            last = next;
        }
        if line.contains('\0') {
            return Err(wrong("it contains a NUL character"));
        }
        let words = shell_words::split(&line).map_err(|error| wrong(&error.to_string()))?;
        let words = match words.as_slice() {
            [] => continue,
            [ovs, rest @ ..] if ovs == "ovs" => rest,
            all => all,
        };
        let line = command
            .try_get_matches_from_mut(words)
            .and_then(|matches| BatchLine::from_arg_matches(&matches))
            .map_err(|mut error| {
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                let Some(tip) = today::tip(&error, &command, &words) else {
                    return wrong(&reason(&error));
                };
                today::forget_suggestions(&mut error);
                wrong(&reason(&error)).hint(tip)
            })?;
        if line.command.change().is_none() && switch_line(number, &line)?.is_none() {
            let word = words
                .iter()
                .take(2)
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join(" ");
            return Err(wrong(&format!("{} changes nothing", quoted(&word))).hint(
                "a batch is of commands that change the database, and of those that write flows, groups and meters",
            ));
        }
        let words = words.to_vec();
        lines.push(NumberedLine {
            number,
            line,
            words,
        });
    }
    Ok(lines)
}

/// The flows, groups or meters that a line writes, if it is such a line.
fn switch_line(number: usize, line: &BatchLine) -> Result<Option<SwitchLine<'_>>, Failure> {
    let (line, hint) = match &line.command {
        Command::Flow(command) => (
            command.line(),
            "flows as its arguments: flow add SWITCH FLOW...",
        ),
        Command::Group(command) => (
            command.line(),
            "groups as its arguments: group add SWITCH GROUP...",
        ),
        Command::Meter(command) => (
            command.line(),
            "meters as its arguments: meter add SWITCH METER...",
        ),
        _ => return Ok(None),
    };
    line.map(Some).map_err(|why| {
        Failure::new(Exit::Usage, format!("line {number}: {why}"))
            .hint(format!("in a batch a line has the {hint}"))
    })
}

/// Whether the next line continues this one, as in a shell: it ends with a backslash that is neither escaped
/// nor part of a comment.
fn goes_on(line: &str) -> bool {
    let backslashes = line.bytes().rev().take_while(|byte| *byte == b'\\').count();
    backslashes % 2 == 1
        && match shell_words::split(line) {
            Ok(words) => words.last().is_some_and(|word| word.ends_with('\\')),
            // Open quotes continue, too.
            Err(_) => true,
        }
}

/// The command definition for a line: without the options of batch's own command line.
fn command() -> clap::Command {
    // The options of `graph` conflict with global options, which a line does not have.
    BatchLine::command().mut_subcommand("graph", |graph| {
        graph.groups(["output", "json", "get"].map(ArgGroup::new))
    })
}

/// The message of clap's error, in one line.
fn reason(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let ends = ["\n\nUsage", "\n\nFor more information"].map(|end| text.find(end));
    let end = ends.into_iter().flatten().min().unwrap_or(text.len());
    let said = text
        .get(..end)
        .unwrap_or(&text)
        .trim_start_matches("error: ");
    let words: Vec<&str> = said.split_whitespace().collect();
    match error.kind() {
        clap::error::ErrorKind::DisplayHelp | clap::error::ErrorKind::DisplayVersion => {
            "asks for help, and changes nothing".to_owned()
        }
        _ => escape(&words.join(" ")),
    }
}

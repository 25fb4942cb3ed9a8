//! `ovs appctl`: any command of a daemon, by its control socket.

use std::io::{self, IsTerminal as _};

use super::{Context, Exit, Failure};
use crate::base::terminal::visible;
use crate::commands::about::{About, Describe as _};
use crate::commands::argument::{Takes as _, Value};
use crate::output::{Cell, Column, Shape, headings};
use crate::source::{ControlError, ControlTarget};
use crate::unixctl::{Client, Error, ErrorKind, Reply};

const ABOUT: About = About::other()
    .one(|| headings(&columns()))
    .remarks("\
TARGET is the daemon that is asked, ovs-vswitchd unless another is named: ovsdb-server, ovn-controller, any other by its \
name, or a socket by its path. The first word is one if it begins with ovs-, ovsdb- or ovn- and has no slash, if it \
begins with /, ./, ../ or unix:, or if it ends with .ctl; any other name goes with --target. All words after COMMAND go to \
the daemon, also those that begin with a dash, so options of ovs come before it. (-t is the time limit, as in all commands.)

A daemon's socket is DAEMON.PID.ctl beside that of the database, with the PID of its pid file; if no process listens there, \
the newest other one where one does. The daemon's text is printed as it stands. With --json Open vSwitch 3.5 and later \
answer some commands in JSON, which is the text of reply then: jq '.reply | fromjson'.

The exit code is 1 if the daemon refuses the command, 4 if it cannot be reached, and 6 if it gives no answer: it may have run \
the command. Commands that change or end something run at once, as with ovs-appctl.")
    .examples("\
ovs appctl list-commands
ovs appctl fdb/add br-int qvobeeb2c54-aa 1 fa:16:3e:75:d5:a4
ovs appctl ovsdb-server ovsdb-server/list-dbs
ovs appctl --target ovn-controller connection-status
ovs appctl /var/run/ovn/ovnnb_db.ctl cluster/status OVN_Northbound
ovs appctl dpctl/dump-flows -m --names");

// The arguments of `ovs appctl`.
#[derive(Debug, clap::Args)]
#[command(describe = ABOUT, override_usage = "ovs appctl [OPTIONS] [TARGET] <COMMAND> [ARG]...")]
pub struct Args {
    /// The daemon, or the path of its socket [default: ovs-vswitchd]
    #[arg(long, takes = Value::CONTROL_TARGET)]
    target: Option<String>,

    /// The command of the daemon and its arguments; before it the daemon, if it is not ovs-vswitchd
    #[arg(
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true,
        takes = Value::CONTROL_COMMAND
    )]
    words: Vec<String>,
}

/// The reply to a command.
struct Replied<'a> {
    daemon: &'a str,
    command: &'a str,
    reply: &'a Reply,
}

fn columns<'a>() -> Vec<Column<Replied<'a>>> {
    vec![
        Column::new("daemon", |replied: &Replied<'a>| Cell::text(replied.daemon))
            .text("the daemon that was asked"),
        Column::new("command", |replied: &Replied<'a>| {
            Cell::text(replied.command)
        })
        .text("its command"),
        Column::new("format", |replied: &Replied<'a>| {
            Cell::text(match replied.reply {
                Reply::Text(_) => "text",
                Reply::Json(_) => "json",
            })
        })
        .is(
            Shape::Words(&["text", "json"]),
            "how the daemon answers: text; json from newer daemons to some commands",
        ),
        Column::new("reply", |replied: &Replied<'a>| {
            Cell::text(replied.reply.as_str())
        })
        .text("the answer as it stands: text, or the text of a JSON document"),
    ]
}

impl Args {
    /// Runs it.
    ///
    /// # Errors
    ///
    /// The daemon cannot be reached, refuses the command or does not reply, or stdout cannot be written.
    pub async fn run(&self, cx: &Context) -> Result<(), Failure> {
        let columns = columns();
        let view = cx.format.view(&columns)?;
        let (target, words) = split(self.target.as_deref(), &self.words);
        let Some((command, arguments)) = words.split_first() else {
            return Err(
                Failure::new(Exit::Usage, "the command of the daemon is missing")
                    .hint("`ovs appctl TARGET list-commands` lists those of a daemon"),
            );
        };
        let client = match target {
            Some(target) => cx.host.control(&ControlTarget::parse(target)).await?,
            None => cx.host.vswitchd().await?,
        };
        if cx.format.is_json() {
            client.prefer_json().await?;
        }
        cx.sends_change();
        let reply = client.call(command, arguments).await;
        let reply = reply.map_err(|error| failed(&client, target, error))?;
        if cx.format.is_json() || cx.format.columns.is_some() {
            return cx.print(&view.one(&Replied {
                daemon: client.daemon(),
                command,
                reply: &reply,
            }));
        }
        let mut text = reply.into_text();
        // As ovs-appctl does.
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        if io::stdout().is_terminal() {
            text = visible(&text);
        }
        cx.print(&text)
    }
}

/// The daemon that is asked, if one is named, and the words for it.
pub(crate) fn split<'w>(
    option: Option<&'w str>,
    words: &'w [String],
) -> (Option<&'w str>, &'w [String]) {
    match (option, words) {
        (None, [first, rest @ ..]) if is_target(first) => (Some(first), rest),
        _ => (option, words),
    }
}

/// The commands of a daemon, of ovs-vswitchd if none is named, each with its arguments; `None` if it does not reply.
pub(crate) async fn commands_of(
    cx: &Context,
    target: Option<&str>,
) -> Option<Vec<(String, String)>> {
    let client = match target {
        Some(target) => cx.host.control(&ControlTarget::parse(target)).await,
        None => cx.host.vswitchd().await,
    };
    let text = client.ok()?.text("list-commands", &[""; 0]).await.ok()?;
    // A heading, then a command a line, indented.
    let lines = text.lines().filter_map(|line| line.strip_prefix("  "));
    let command = |line: &str| {
        let (command, arguments) = line.split_once(' ').unwrap_or((line, ""));
        (command.to_owned(), arguments.trim().to_owned())
    };
    Some(lines.map(command).collect())
}

/// Whether a first word is a daemon or a socket: no command is spelled like one.
fn is_target(word: &str) -> bool {
    let begins = |with: &[&str]| with.iter().any(|begin| word.starts_with(begin));
    let is_daemon = begins(&["ovs-", "ovsdb-", "ovn-"]) && !word.contains('/');
    let is_path = begins(&["/", "./", "../", "unix:"]);
    let is_socket = std::path::Path::new(word)
        .extension()
        .is_some_and(|end| end == "ctl");
    is_daemon || is_path || is_socket
}

/// The failure of a command that may have changed something.
fn failed(client: &Client, target: Option<&str>, error: Error) -> Failure {
    if let ErrorKind::Refused(text) = &error.kind {
        let failure = Failure::new(
            Exit::Failed,
            format!(
                "{} refuses the command: {}",
                client.daemon(),
                text.replace('\n', "; ")
            ),
        );
        let is_unknown = text.contains("is not a valid command");
        let target = target.map(|target| format!("{} ", crate::base::shell::word(target)));
        let list = format!("`ovs appctl {}list-commands`", target.unwrap_or_default());
        return if is_unknown {
            failure.hint(format!("{list} lists its commands"))
        } else {
            failure
        };
    }
    let may_have_run = error.may_have_run();
    let failure = Failure::from(ControlError::from(error));
    if !may_have_run {
        return failure;
    }
    Failure {
        exit: Exit::Unknown,
        message: format!("{}: whether it has run is not known", failure.message),
        ..failure
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_told_from_commands() {
        for target in [
            "ovs-vswitchd",
            "ovsdb-server",
            "ovn-controller",
            "/run/x",
            "./x",
            "unix:x",
            "ovnsb_db.ctl",
        ] {
            assert!(is_target(target), "{target}");
        }
        for command in [
            "version",
            "ovs/route/show",
            "ovsdb-server/list-dbs",
            "fdb/show",
            "exit",
            "vlog/set",
        ] {
            assert!(!is_target(command), "{command}");
        }
    }
}

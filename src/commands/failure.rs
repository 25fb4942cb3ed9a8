//! Failures of commands, and the exit codes.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::hint::hint_with_options;
use super::progress;
use crate::base::shell::word;
pub use crate::base::terminal::quoted;
use crate::model::Topology;
use crate::model::resolve::{ResolveError, did_you_mean, give_the_port, not_found};
use crate::output::{UnknownColumn, escape};
use crate::ovsdb;
use crate::plan::{Reason, Refusal};
use crate::source::saved::open::{OpenError, OpenErrorKind};
use crate::source::{ControlError, Host, Reach};
use crate::transport::{ConnectError, ConnectErrorKind, HostError, TlsError};
use crate::unixctl;

/// Declares the exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// 0
    Done = 0,
    /// 1
    Failed = 1,
    /// 2
    Usage = 2,
    /// 3
    NotFound = 3,
    /// 4
    Unreachable = 4,
    /// 5
    NotApplied = 5,
    /// 6
    Unknown = 6,
    /// 130
    Interrupted = 130,
    /// 143
    Terminated = 143,
}

/// The words of an error of a file, without the number that the system has for it.
pub(super) fn words_of(error: &io::Error) -> String {
    let text = error.to_string();
    let number = error
        .raw_os_error()
        .map(|number| format!(" (os error {number})"));
    let words = number.and_then(|number| text.strip_suffix(&number).map(str::to_owned));
    words.unwrap_or(text)
}

impl Exit {
    /// All exit codes, in ascending order.
    pub const ALL: [Exit; 9] = [
        Exit::Done,
        Exit::Failed,
        Exit::Usage,
        Exit::NotFound,
        Exit::Unreachable,
        Exit::NotApplied,
        Exit::Unknown,
        Exit::Interrupted,
        Exit::Terminated,
    ];

    /// The number that the process exits with. (For 130 and 143 the process ends by the signal; a shell
    /// reports that as these numbers.)
    pub fn code(self) -> u8 {
        self as u8
    }

    /// Its meaning, in one line.
    pub fn meaning(self) -> &'static str {
        match self {
            Exit::Done => "done",
            Exit::Failed => "refused or failed, nothing changed",
            Exit::Usage => "the command line is wrong",
            Exit::NotFound => "not found",
            Exit::Unreachable => "cannot reach the other side, or timed out; nothing changed",
            Exit::NotApplied => {
                "written, but not applied by ovs-vswitchd; or in part, with --no-atomic"
            }
            Exit::Unknown => "sent, but no answer came: the outcome is unknown",
            Exit::Interrupted => "interrupted (SIGINT)",
            Exit::Terminated => "terminated (SIGTERM)",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

/// A failure: the object, the reason, the next step, and the exit code.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// The message: object and reason, in one line without a full stop; empty if nothing (more) is to be
    /// printed.
    pub message: String,
    /// The next step.
    pub hint: Option<String>,
    /// Whether what was asked for is unknown because it was not saved: it may exist.
    pub is_unknown: bool,
}

impl Failure {
    /// A failure with a message.
    pub fn new(exit: Exit, message: impl Into<String>) -> Failure {
        Failure {
            exit,
            message: message.into(),
            hint: None,
            is_unknown: false,
        }
    }

    /// A failure with a message, and a hint if there is one.
    pub(super) fn with(exit: Exit, message: impl Into<String>, hint: Option<String>) -> Failure {
        Failure {
            hint,
            ..Failure::new(exit, message)
        }
    }

    /// What is asked for was not saved, with the message of a `NotSaved` error.
    pub(super) fn not_saved(message: impl Into<String>) -> Failure {
        Failure {
            is_unknown: true,
            ..Failure::new(Exit::NotFound, message)
        }
    }

    /// An exit code without a message: the code itself is the result, or the message was printed already.
    pub fn silent(exit: Exit) -> Failure {
        Failure::new(exit, "")
    }

    /// A named object does not exist: `port "qvoX" not found on br-int (did you mean "qvo0d3ade5c-72"?)`.
    /// `place` follows `not found` and includes the preposition; it may be empty.
    pub fn not_found<'n>(
        kind: &str,
        name: &str,
        place: &str,
        candidates: impl IntoIterator<Item = &'n str>,
    ) -> Failure {
        Failure::new(Exit::NotFound, not_found(kind, name, place, candidates))
    }

    /// A named bridge does not exist.
    pub fn no_bridge(name: &str, topology: &Topology) -> Failure {
        let names = topology.bridges.iter().map(|bridge| bridge.name.as_str());
        Failure::not_found("bridge", name, "", names).hint("`ovs bridge list` lists the bridges")
    }

    /// The same failure of a comparison, whose exit code 1 says that there is a difference.
    #[must_use]
    pub(super) fn of_comparison(mut self) -> Failure {
        if self.exit == Exit::Failed {
            self.exit = Exit::Usage;
        }
        self
    }

    /// Sets the hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Failure {
        self.hint = Some(hint.into());
        self
    }

    /// The same failure, whose hint names commands with the options that lead to the host (see [`Ways::words`]).
    ///
    /// [`Ways::words`]: super::Ways::words
    #[must_use]
    pub(super) fn with_way(mut self, words: &str) -> Failure {
        self.hint = self.hint.map(|hint| hint_with_options(&hint, words));
        self
    }

    /// The same failure of a command on this host, or on another: then that is named, with what the program that leads
    /// there wrote last, if the connection failed.
    pub(super) async fn of_host(self, host: &Host) -> Failure {
        let mut failure = self.with_last_words(host).await;
        if let Reach::Remote(remote) = &host.reach
            && !failure.message.is_empty()
            && failure.exit != Exit::Usage
        {
            failure.message = format!("{}: {}", remote.name(), failure.message);
        }
        failure
    }

    /// The same failure, with what the program that leads to another host wrote last, if the connection failed.
    pub(super) async fn with_last_words(mut self, host: &Host) -> Failure {
        let Reach::Remote(remote) = &host.reach else {
            return self;
        };
        if !matches!(self.exit, Exit::Unreachable | Exit::Unknown) {
            return self;
        }
        let words = remote.last_words().await;
        let words = words.filter(|words| !self.message.contains(words.as_str()));
        // Its command may be at fault; what a daemon's log says is of no use then.
        let is_by_command = !remote.has_files();
        if words.is_some() || is_by_command && self.message.contains("closed the connection") {
            self.hint = is_by_command.then(|| {
                "the command of --via must connect its standard input and output to the socket"
                    .to_owned()
            });
        }
        if let Some(words) = words {
            let _ = write!(self.message, " ({words})");
        }
        self
    }

    /// stdout could not be written. A closed pipe means that the reader needs no more output.
    pub fn stdout(error: &io::Error) -> Failure {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Failure::silent(Exit::Done)
        } else {
            Failure::new(Exit::Failed, format!("cannot write to stdout: {error}"))
        }
    }

    /// Prints the message to stderr, with the hint unless `quiet`; returns the exit code.
    pub fn report(&self, quiet: bool) -> ExitCode {
        self.say(quiet);
        self.exit.into()
    }

    /// Prints the message to stderr, with the hint unless `quiet`. Text from outside is escaped.
    pub fn say(&self, quiet: bool) {
        if self.message.is_empty() {
            return;
        }
        let mut text = format!("ovs: {}\n", one_line(&self.message));
        if let Some(hint) = self.hint.as_deref().filter(|_| !quiet) {
            // Always one line: a line feed in a name cannot start a hint.
            let _ = writeln!(text, "hint: {}", one_line(hint));
        }
        progress::aside(|| {
            let _ = io::stderr().write_all(text.as_bytes());
        });
    }
}

/// Escapes what is needed in a message, which may contain text from outside; keeps the backslashes of quoted
/// names.
pub(super) fn one_line(text: &str) -> String {
    text.split('\\').map(escape).collect::<Vec<_>>().join("\\")
}

impl From<UnknownColumn> for Failure {
    fn from(error: UnknownColumn) -> Failure {
        let message = format!(
            "there is no column {}{}",
            quoted(&error.name),
            did_you_mean(&error.name, error.known.iter().copied())
        );
        Failure::new(Exit::Usage, message).hint(format!("columns: {}", error.known.join(", ")))
    }
}

impl Failure {
    /// A failure of TLS: its hint, and exit code 2 if the options alone are wrong.
    pub(super) fn tls(message: String, error: &TlsError) -> Failure {
        let exit = match error {
            TlsError::NoAuthority
            | TlsError::Half { .. }
            | TlsError::NameWithoutAuthority
            | TlsError::ServerName(_) => Exit::Usage,
            _ => Exit::Unreachable,
        };
        Failure::with(exit, message, error.hint().map(str::to_owned))
    }
}

impl From<ConnectError> for Failure {
    fn from(error: ConnectError) -> Failure {
        if let ConnectErrorKind::Tls(tls) = &error.kind {
            return Failure::tls(error.to_string(), tls);
        }
        let failure = Failure::new(Exit::Unreachable, error.to_string());
        if let ConnectErrorKind::Host(HostError { hint, .. }) = error.kind {
            return Failure { hint, ..failure };
        }
        let hint = match (&error.kind, error.socket()) {
            (ConnectErrorKind::NotFound, Some(path))
                if error.is_elsewhere && !is_bridge_socket(path) =>
            {
                "is Open vSwitch running there? --db unix:PATH says where else its socket is"
                    .to_owned()
            }
            (ConnectErrorKind::PermissionDenied, Some(_)) if error.is_elsewhere => {
                "the socket is closed to the user there: be root, or a member of its group"
                    .to_owned()
            }
            (ConnectErrorKind::NotFound, Some(path)) if is_bridge_socket(path) => {
                "is ovs-vswitchd running? It makes this socket for each of its bridges".to_owned()
            }
            (ConnectErrorKind::NotFound, Some(_)) => {
                "is Open vSwitch running? OVS_RUNDIR or --db says where else its socket is"
                    .to_owned()
            }
            (ConnectErrorKind::Refused, Some(path)) if is_bridge_socket(path) => {
                "the socket is left over: is ovs-vswitchd running?".to_owned()
            }
            (ConnectErrorKind::Refused, Some(_)) => {
                "the socket is left over: is ovsdb-server running?".to_owned()
            }
            (ConnectErrorKind::Refused, None) => {
                "does the other side listen on this port (ptcp:)?".to_owned()
            }
            (ConnectErrorKind::PermissionDenied, Some(path)) => permission_hint(path),
            (ConnectErrorKind::Timeout(_), _) => "-t SECS waits longer".to_owned(),
            _ => return failure,
        };
        failure.hint(hint)
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Failure {
        Failure::with(
            match error.kind {
                OpenErrorKind::NotFound => Exit::NotFound,
                OpenErrorKind::Unreadable => Exit::Failed,
                OpenErrorKind::Usage | OpenErrorKind::SecondHost => Exit::Usage,
            },
            error.message,
            error.hint,
        )
    }
}

impl From<ResolveError> for Failure {
    fn from(error: ResolveError) -> Failure {
        let message = error.to_string();
        let not_found = |hint: &str| Failure::new(Exit::NotFound, &message).hint(hint);
        match &error {
            ResolveError::NoBridge { .. } => not_found("`ovs bridge list` lists the bridges"),
            ResolveError::NoPort { bridge, .. } => match bridge {
                Some(bridge) => {
                    not_found(&format!("`ovs port list {}` lists its ports", word(bridge)))
                }
                None => not_found("`ovs port list` lists the ports"),
            },
            ResolveError::Interface { port, .. } => not_found(&give_the_port(port)),
            ResolveError::Elsewhere { .. } | ResolveError::Reserved { .. } => {
                Failure::new(Exit::NotFound, message)
            }
            ResolveError::Ambiguous { .. } => {
                Failure::new(Exit::Usage, message).hint("give the whole name, or the number")
            }
            ResolveError::NumberNeedsBridge { .. } => Failure::new(Exit::Usage, message),
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Failure {
        let (exit, Reason { message, hint }) = match refusal {
            Refusal::Refused(reason) => (Exit::Failed, reason),
            Refusal::NotFound(reason) => (Exit::NotFound, reason),
            Refusal::Usage(reason) => (Exit::Usage, reason),
            Refusal::Database(error) => return error.into(),
        };
        Failure::with(exit, message, hint)
    }
}

impl From<ovsdb::Error> for Failure {
    fn from(error: ovsdb::Error) -> Failure {
        use ovsdb::Error;
        let message = error.to_string();
        let unreachable = |hint: &str| Failure::new(Exit::Unreachable, message.clone()).hint(hint);
        match error {
            Error::Connect(error) => error.into(),
            Error::TimedOut(_) => unreachable("-t SECS waits longer; is ovsdb-server overloaded?"),
            Error::Io(ref io) if let Some(tls) = TlsError::within(io) => Failure::tls(message, tls),
            Error::Closed { .. } | Error::Io(_) => {
                unreachable("ovsdb-server's log says why (/var/log/openvswitch/ovsdb-server.log)")
            }
            Error::Protocol(_) => unreachable("is --db the socket of ovsdb-server?"),
            Error::Rpc(error) if error.error == "unknown database" => {
                Failure::new(Exit::Unreachable, message)
                    .hint("--db must lead to the server that has the database Open_vSwitch")
            }
            Error::NoDatabase(_) => {
                unreachable("--db must lead to the server that has the database Open_vSwitch")
            }
            Error::NotConnected => {
                unreachable("`ovs appctl ovsdb-server cluster/status Open_vSwitch` says more")
            }
            Error::Several(said) => {
                // An error in the options applies to each of the servers.
                let mut failures = said.into_iter().map(|(_, error)| Failure::from(*error));
                match failures.find(|failure| failure.exit == Exit::Usage) {
                    Some(failure) => failure,
                    None => unreachable("every endpoint of --db was tried"),
                }
            }
            Error::NotSaved(_) => Failure::not_saved(message),
            Error::NotInSchema { .. } => Failure::new(Exit::Failed, message)
                .hint("other releases of Open vSwitch may have it"),
            Error::Rpc(_) | Error::Operation(_) | Error::Value(_) => {
                Failure::new(Exit::Failed, message)
            }
        }
    }
}

impl From<unixctl::Error> for Failure {
    /// For commands that read. A command that may have changed something is another exit code's matter.
    fn from(error: unixctl::Error) -> Failure {
        let message = error.to_string();
        let daemon = error.daemon;
        let unreachable =
            |hint: String| Failure::new(Exit::Unreachable, message.clone()).hint(hint);
        match error.kind {
            unixctl::ErrorKind::Connect(error) => match error.kind {
                ConnectErrorKind::NotFound => unreachable(
                    "is the daemon running? Its socket is DAEMON.PID.ctl in its run directory"
                        .to_owned(),
                ),
                ConnectErrorKind::Refused => {
                    unreachable("the socket is left over: is the daemon running?".to_owned())
                }
                _ => error.into(),
            },
            unixctl::ErrorKind::TimedOut(_) => unreachable(format!(
                "-t SECS waits longer; is {daemon} overloaded or stopped?"
            )),
            unixctl::ErrorKind::Closed { .. } | unixctl::ErrorKind::Io(_) => unreachable(format!(
                "{daemon}'s log says why (/var/log/openvswitch/{daemon}.log)"
            )),
            unixctl::ErrorKind::Protocol(_) | unixctl::ErrorKind::Malformed(_) => {
                unreachable("is this the control socket of a daemon, DAEMON.PID.ctl?".to_owned())
            }
            unixctl::ErrorKind::Refused(_) => Failure::new(Exit::Failed, message),
            unixctl::ErrorKind::NotSaved(_) => Failure::not_saved(message),
        }
    }
}

impl From<ControlError> for Failure {
    fn from(error: ControlError) -> Failure {
        let unreachable = |message: String| Failure::new(Exit::Unreachable, message);
        match error {
            ControlError::Client(error) => error.into(),
            ControlError::NotLocal { daemon, database } => unreachable(format!(
                "the control socket of {daemon} is unknown: the database {database} is reached over the network"
            ))
            .hint("run it on that host; --ctl PATH names a socket of ovs-vswitchd on this one"),
            ControlError::NoSocket {
                daemon,
                directories,
                is_elsewhere,
            } => unreachable(format!(
                "{daemon} has no control socket in {}",
                paths(&directories, " or ")
            ))
            .hint(if is_elsewhere {
                format!("is {daemon} running there? --db unix:PATH or the path of its socket says where else it is")
            } else {
                format!("is {daemon} running? OVS_RUNDIR, --db or the path of its socket says where else it is")
            }),
            ControlError::Directory {
                daemon,
                directory,
                error,
                is_elsewhere,
            } => {
                let failure = unreachable(format!(
                    "cannot look for the control socket of {daemon} in {}: {error}",
                    directory.display()
                ));
                match error.kind() {
                    io::ErrorKind::Unsupported => {
                        failure.hint("--ctl PATH names the socket of ovs-vswitchd there")
                    }
                    io::ErrorKind::PermissionDenied if is_elsewhere => failure
                        .hint("the directory is closed to the user there: be root, or a member of its group"),
                    io::ErrorKind::PermissionDenied => {
                        failure.hint("run it with sudo: the directory is closed to you")
                    }
                    _ => failure,
                }
            }
            ControlError::Stale { daemon, sockets } => unreachable(format!(
                "cannot connect to {daemon}: connection refused by {}",
                paths(&sockets, ", ")
            ))
            .hint(format!("the socket is left over: is {daemon} running?")),
        }
    }
}

fn paths(paths: &[PathBuf], separator: &str) -> String {
    let paths: Vec<_> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    paths.join(separator)
}

fn is_bridge_socket(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "mgmt")
}

/// The users that may open a socket, from the mode of its file.
fn permission_hint(path: &Path) -> String {
    const GROUP_WRITE: u32 = 0o020;
    let Ok(metadata) = std::fs::metadata(path) else {
        return "run it with sudo: the socket's directory is closed to you".to_owned();
    };
    match group_name(metadata.gid()) {
        Some(group) if metadata.mode() & GROUP_WRITE != 0 && metadata.gid() != 0 => format!(
            "run it with sudo, or as a member of the group {} that owns the socket",
            quoted(&group)
        ),
        _ => "run it with sudo: the socket is for its owner only".to_owned(),
    }
}

/// The name of a group in /etc/group, or its number.
fn group_name(gid: u32) -> Option<String> {
    let groups = std::fs::read_to_string("/etc/group").ok()?;
    let gid = gid.to_string();
    let name = groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == gid).then(|| name.to_owned())
    });
    Some(name.unwrap_or(gid))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn not_found_errors_have_place_and_suggestion() {
        let names = ["qvo0d3ade5c-72", "patch-tun", "int-br-ex"];
        let failure = Failure::not_found("port", "qvoX", "on br-int", names);
        assert_eq!(
            failure.message,
            "port \"qvoX\" not found on br-int (did you mean \"qvo0d3ade5c-72\"?)"
        );
        assert_eq!(failure.exit.code(), 3);
    }

    #[test]
    fn no_control_character_gets_through() {
        let failure = Failure::not_found("port", "a\u{1b}[31m\n\"", "", []);
        assert_eq!(
            one_line(&failure.message),
            "port \"a\\u001b[31m\\n\\\"\" not found"
        );
        assert_eq!(one_line("raw \u{1b}[31m"), "raw \\u{1b}[31m");
    }

    #[test]
    fn unknown_columns_list_the_known() {
        let failure = Failure::from(UnknownColumn {
            name: "ofprot".to_owned(),
            known: vec!["name", "ofport"],
        });
        assert_eq!(
            failure.message,
            "there is no column \"ofprot\" (did you mean \"ofport\"?)"
        );
        assert_eq!(failure.hint.as_deref(), Some("columns: name, ofport"));
        assert_eq!(failure.exit, Exit::Usage);
    }

    #[test]
    fn exit_codes_are_those_of_the_manual() {
        assert_eq!(Exit::ALL.map(Exit::code), [0, 1, 2, 3, 4, 5, 6, 130, 143]);
    }
}

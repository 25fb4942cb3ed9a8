//! OpenSSH's client: the user's own, with its configuration, keys, agents and jump hosts (ssh(1)).

use std::cell::Cell;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::net::UnixStream;
use tokio::sync::watch;

use super::child::{self, Child, Stderr};
use super::error::{RemoteError, hint_on_files, words_of};
use super::guard::PrivateDirectory;
use super::mux::{self, ForwardError};
use super::shell::{Shell, ShellEnd, StartError};
use crate::transport::Patience;

/// How a host is reached with ssh.
#[derive(Debug, Clone)]
pub(super) struct Ssh {
    /// The program, with its first arguments.
    program: Vec<String>,
    /// `HOST` or `USER@HOST`, as ssh takes it.
    destination: String,
    port: Option<u16>,
    /// Whether ssh may ask the user for a password or about a host's key.
    asks: bool,
    /// Settings of the user for the host that are not to hold here, as options of ssh.
    overrides: Vec<&'static str>,
    /// The same, for shells.
    shell_overrides: Vec<&'static str>,
}

/// A connection to a host, over which commands are run and sockets reached: the user's, or one of our own.
#[derive(Debug)]
pub(super) struct Master {
    ssh: Ssh,
    /// Its control socket.
    control: PathBuf,
    /// The process; `None`: it is the user's.
    own: Option<Child>,
    /// Has the sockets of forwardings for a moment, and the control socket of our own.
    directory: PrivateDirectory,
    /// The number of forwardings so far.
    forwarded: Cell<u32>,
}

/// Maximum length of the settings that ssh prints, in bytes.
const MAX_SETTINGS: u64 = 1 << 20;

/// How long a master of the user may take to reply: it is a process on this host.
const MASTER_REPLIES: Duration = Duration::from_secs(1);

/// How often a new master is looked for.
const PAUSE: Duration = Duration::from_millis(3);

impl Ssh {
    /// Reads `HOST`, `USER@HOST`, `HOST:PORT`, `USER@[IPV6]:PORT`; HOST may be an alias of `ssh_config(5)`. The program
    /// is ssh, or the words of `OVS_SSH`.
    ///
    /// # Errors
    ///
    /// What is wrong with the text.
    pub(super) fn parse(text: &str) -> Result<Ssh, &'static str> {
        let (user, host) = match text.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, text),
        };
        let (host, port) = if let Some(rest) = host.strip_prefix('[') {
            let (address, rest) = rest.split_once(']').ok_or("the bracket is not closed")?;
            match rest.strip_prefix(':') {
                Some(port) => (address, Some(port)),
                None if rest.is_empty() => (address, None),
                None => return Err("only :PORT may follow the closing bracket"),
            }
        } else {
            match host.split_once(':') {
                // An IPv6 address without brackets has no port.
                Some((name, port)) if !port.contains(':') => (name, Some(port)),
                _ => (host, None),
            }
        };
        let is_number = |text: &&str| text.parse::<u16>().is_ok_and(|port| port != 0);
        if port.is_some_and(|port| !is_number(&port)) {
            return Err("the port is not a number from 1 to 65535");
        }
        for name in [Some(host), user].into_iter().flatten() {
            if name.is_empty() {
                return Err("the name of the host or user is missing");
            }
            // A name that begins with - would be an option.
            if name.starts_with('-')
                || name.contains(|c: char| {
                    c.is_whitespace() || c.is_control() || "'\"`$\\;&|<>{},".contains(c)
                })
            {
                return Err("it contains characters that no host or user has in its name");
            }
        }
        let program = std::env::var("OVS_SSH").unwrap_or_default();
        let mut program = shell_words::split(&program).map_err(|_| "OVS_SSH has an open quote")?;
        if program.is_empty() {
            program.push("ssh".to_owned());
        }
        Ok(Ssh {
            program,
            destination: match user {
                Some(user) => format!("{user}@{host}"),
                None => host.to_owned(),
            },
            port: port.and_then(|port| port.parse().ok()),
            asks: false,
            overrides: Vec::new(),
            shell_overrides: Vec::new(),
        })
    }

    /// The same; `asks`: whether ssh may ask the user.
    #[must_use]
    pub(super) fn asking(self, asks: bool) -> Ssh {
        Ssh { asks, ..self }
    }

    /// The command line up to the command: the program, these options, the destination.
    fn words<'o>(&self, options: impl IntoIterator<Item = &'o str>) -> Vec<String> {
        let mut words = self.program.clone();
        // No terminal there, no agent and no X11 that the host could use.
        let usual = ["-T", "-a", "-x", "-o", "LogLevel=ERROR"];
        let overrides = self.overrides.iter().flat_map(|setting| ["-o", setting]);
        let options = usual.into_iter().chain(overrides).chain(options);
        words.extend(options.map(str::to_owned));
        if let Some(port) = self.port {
            words.extend(["-p".to_owned(), port.to_string()]);
        }
        words.extend(["--".to_owned(), self.destination.clone()]);
        words
    }

    /// Opens a connection to the host: the user's master if there is one, else one of our own.
    ///
    /// # Errors
    ///
    /// There is no connection, or no login within the limit.
    pub(super) async fn open(&self, limit: Option<Duration>) -> Result<Master, RemoteError> {
        let directory = PrivateDirectory::new()
            .map_err(|error| RemoteError::new(format!("cannot make a directory: {error}")))?;
        let patience = Patience::new(limit);
        let settings = patience.wait(self.settings()).await.ok().flatten();
        let settings = settings.unwrap_or_default();
        let ssh = Ssh {
            overrides: overrides(&settings, &OVERRIDES),
            shell_overrides: overrides(&settings, &SHELL_OVERRIDES),
            ..self.clone()
        };
        if let Some(control) = control_of_user(&settings).await {
            return Ok(Master {
                ssh,
                control,
                own: None,
                directory,
                forwarded: Cell::default(),
            });
        }
        let control = directory.path().join("master");
        let control_path = format!("ControlPath={}", control.display());
        let seconds = limit.map_or(0, |limit| limit.as_secs().saturating_add(1));
        let timeout = format!("ConnectTimeout={seconds}");
        let mut options = vec![
            "-N",
            "-o",
            "ControlMaster=yes",
            "-o",
            &control_path,
            "-o",
            "ControlPersist=no",
            "-o",
            "ClearAllForwardings=yes",
            "-o",
            "PermitLocalCommand=no",
        ];
        if !self.asks {
            options.extend(["-o", "BatchMode=yes"]);
        }
        if seconds > 0 {
            options.extend(["-o", &timeout]);
        }
        // ssh -N uses neither standard input nor standard output.
        let (mut child, _) =
            Child::start(&ssh.words(options)).map_err(|error| self.cannot_run(&error))?;
        let ready = self.ready(&mut child, &control);
        match patience.wait(ready).await {
            Ok(ready) => ready?,
            Err(_) => return Err(RemoteError::timed_out()),
        }
        Ok(Master {
            ssh,
            control,
            own: Some(child),
            directory,
            forwarded: Cell::default(),
        })
    }

    /// The settings that `ssh_config(5)` has for the host, a line each.
    async fn settings(&self) -> Option<String> {
        let mut words = self.words(["-G", "-o", "RemoteCommand=none"]);
        // Without a command ssh refuses to print the setting that it leaves its process.
        words.push("true".to_owned());
        let (mut child, mut stream) = Child::start(&words).ok()?;
        let mut settings = String::new();
        let mut bounded = (&mut stream).take(MAX_SETTINGS);
        bounded.read_to_string(&mut settings).await.ok()?;
        child.succeeds().await.then_some(settings)
    }

    /// Waits until a new master listens, which it does after the login.
    async fn ready(&self, child: &mut Child, control: &Path) -> Result<(), RemoteError> {
        let mut stderr = child.stderr();
        while let Err(error) = mux::reach(control).await {
            if let Some(hint) = hint_on_files(&error) {
                return Err(RemoteError::new(words_of(&error)).hint(hint));
            }
            if child.has_ended() {
                let stderr = child::last(&mut stderr).await;
                return Err(self.refused(&stderr, true));
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    fn cannot_run(&self, io: &io::Error) -> RemoteError {
        let program = self.program.first().map_or("ssh", String::as_str);
        let error = words_of(io);
        let failure = RemoteError::new(format!("cannot run {program}: {error}"));
        let other = "install OpenSSH's client; OVS_SSH names another program";
        failure.hint(hint_on_files(io).unwrap_or(other))
    }

    /// Why a shell over a master ended before it replied: the login was accepted.
    fn ended(&self, end: &ShellEnd) -> RemoteError {
        // ssh's own, for an error of its own.
        const SSH_ERROR: i32 = 255;
        let error = match (end.code, end.reason()) {
            (None | Some(SSH_ERROR), _) if !end.stderr.reason().is_empty() => {
                return self.refused(&end.stderr, false);
            }
            (Some(code), "") => {
                format!(
                    "the login shell there ended with exit code {code}, without an error message"
                )
            }
            (Some(code), reason) => {
                format!("the login shell there ended with exit code {code}: {reason}")
            }
            (None, _) => "ssh ended without an error message".to_owned(),
        };
        let (ssh, port) = self.program_and_port();
        let destination = &self.destination;
        RemoteError::new(error).hint(format!(
            "`{ssh}{port} {destination} true` must succeed: the account needs a login shell that runs commands"
        ))
    }

    /// The words of the program, and the option that names the port, as a shell reads them.
    fn program_and_port(&self) -> (String, String) {
        let port = self.port.map(|port| format!(" -p {port}"));
        (shell_words::join(&self.program), port.unwrap_or_default())
    }

    /// Why ssh ended, by what it said; `is_login`: before the login was complete.
    fn refused(&self, stderr: &Stderr, is_login: bool) -> RemoteError {
        let destination = &self.destination;
        let (ssh, port) = self.program_and_port();
        let reason = match stderr.reason() {
            "" => "ssh ended without an error message".to_owned(),
            reason => reason.strip_prefix("ssh: ").unwrap_or(reason).to_owned(),
        };
        let error = RemoteError::new(reason);
        if stderr.has("IDENTIFICATION HAS CHANGED") {
            let removes = stderr.removal_of_key();
            let removes = removes.as_deref().unwrap_or("ssh-keygen -R NAME");
            error.hint(format!(
                "the host has another key than known_hosts has: if that is expected, \
                 `{removes}` removes the old one, and `{ssh}{port} {destination}` asks about the new one"
            ))
        } else if stderr.has("Host key verification failed") {
            error.hint(format!(
                "known_hosts has no key of this host: `{ssh}{port} {destination}` shows it, and asks"
            ))
        } else if stderr.has("Permission denied") || stderr.has("Too many authentication failures")
        {
            error.hint(format!(
                "`{ssh}{port} {destination} true` must work without a question: with a key in the agent, or an open ControlMaster"
            ))
        } else if stderr.has("Could not resolve hostname") {
            error.hint(format!(
                "`{ssh}{port} -G {destination}` prints the settings that ssh_config has for the name"
            ))
        } else if is_login && stderr.is_dropped() {
            error.dropped()
        } else if stderr.has("Connection refused") {
            error.hint("is sshd running there, on this port?")
        } else if stderr.has("timed out") {
            error.hint("-t SECS waits longer")
        } else {
            error.hint(format!(
                "`{ssh}{port} -v {destination} true` prints details"
            ))
        }
    }
}

/// Settings with which ssh could not be talked to, and the options against them: that it leaves its process, that it does
/// not read its input. Releases before 8.7 have neither the settings nor the options, nor those of [`SHELL_OVERRIDES`].
const OVERRIDES: [(&str, &str); 2] = [
    ("forkafterauthentication yes", "ForkAfterAuthentication=no"),
    ("stdinnull yes", "StdinNull=no"),
];

/// Settings with which ssh runs no command. A master runs none in any case.
const SHELL_OVERRIDES: [(&str, &str); 2] = [
    ("sessiontype subsystem", "SessionType=default"),
    ("sessiontype none", "SessionType=default"),
];

/// The options against those that the user has.
fn overrides(settings: &str, overridden: &[(&str, &'static str)]) -> Vec<&'static str> {
    let is_set = |setting: &str| settings.lines().any(|line| line == setting);
    let set = overridden.iter().filter(|(setting, _)| is_set(setting));
    set.map(|(_, option)| *option).collect()
}

/// The control socket of the user's master (`ControlPath` of `ssh_config(5)`), if it is there and replies.
async fn control_of_user(settings: &str) -> Option<PathBuf> {
    let mut lines = settings.lines();
    let path = lines.find_map(|line| line.strip_prefix("controlpath "))?;
    let path = PathBuf::from(path);
    let reached = tokio::time::timeout(MASTER_REPLIES, mux::reach(&path));
    matches!(reached.await, Ok(Ok(()))).then_some(path)
}

impl Master {
    /// Connects to a socket of the host.
    ///
    /// # Errors
    ///
    /// See [`ForwardError`].
    pub(super) async fn connect(&self, socket: &str) -> Result<UnixStream, ForwardError> {
        let number = self.forwarded.get();
        self.forwarded.set(number.wrapping_add(1));
        let local = self.directory.path().join(number.to_string());
        mux::connect(&self.control, &local, socket).await
    }

    /// Opens a shell on the host.
    ///
    /// # Errors
    ///
    /// It does not run.
    pub(super) async fn shell(&self, patience: Patience) -> Result<Shell, RemoteError> {
        let shell = Shell::start(&self.shell_words(false), patience).await;
        shell.map_err(|error| match error {
            StartError::CannotRun(error) => self.ssh.cannot_run(&error),
            StartError::TimedOut => RemoteError::timed_out(),
            StartError::Ended(end) => self.ssh.ended(&end),
        })
    }

    /// The words that run a shell on the host, `sh` with its standard input: as the user, or by sudo.
    pub(super) fn shell_words(&self, by_sudo: bool) -> Vec<String> {
        // `exec` is known to the login shells of all kinds.
        let command = if by_sudo {
            "exec sudo -n sh"
        } else {
            "exec sh"
        };
        let control_path = format!("ControlPath={}", self.control.display());
        let options = [
            &*control_path,
            "BatchMode=yes",
            "RemoteCommand=none",
            "ClearAllForwardings=yes",
        ];
        let options = options.iter().chain(&self.ssh.shell_overrides);
        let mut words = self.ssh.words(options.flat_map(|option| ["-o", option]));
        words.push(command.to_owned());
        words
    }

    /// The standard error of our own.
    pub(super) fn stderr(&self) -> Option<watch::Receiver<Stderr>> {
        self.own.as_ref().map(Child::stderr)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        for (text, destination, port) in [
            ("compute1", "compute1", None),
            (
                "root@compute1.example.org",
                "root@compute1.example.org",
                None,
            ),
            ("compute1:2222", "compute1", Some(2222)),
            ("fe80::1", "fe80::1", None),
            ("root@[fe80::1%eth0]:22", "root@fe80::1%eth0", Some(22)),
            ("[::1]", "::1", None),
            ("domain@user@host", "domain@user@host", None),
        ] {
            let ssh = Ssh::parse(text).unwrap();
            assert_eq!(ssh.destination, destination);
            assert_eq!(ssh.port, port);
        }
        for text in [
            "",
            "@host",
            "root@",
            "-oProxyCommand=x",
            "root@-x",
            "a b",
            "host:",
            "host:0",
            "host:x",
            "[::1",
            "[::1]x",
            "a;b",
            "$(x)",
            "a\nb",
        ] {
            Ssh::parse(text).unwrap_err();
        }
    }
}

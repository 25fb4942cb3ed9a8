//! OpenSSH's client: the user's own, with its configuration, keys, agents and jump hosts (ssh(1)).

use std::io;
use std::path::Path;
use std::time::Duration;

use super::RemoteError;
use super::child::{Child, Stderr};
use super::guard::PrivateDirectory;
use super::shell::{Shell, posix_word};
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
}

/// A connection to a host over which commands are run and sockets forwarded: the user's, or one of our own.
#[derive(Debug)]
pub(super) struct Master {
    ssh: Ssh,
    /// Where our own is controlled from; `None`: it is the user's.
    control: Option<String>,
    /// Holds the sockets that are forwarded.
    directory: PrivateDirectory,
    forwarded: std::cell::Cell<u32>,
}

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
                    c.is_whitespace() || c.is_control() || "'\"`$\\;&|<>".contains(c)
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
        words.extend(usual.into_iter().chain(options).map(str::to_owned));
        if let Some(port) = self.port {
            words.extend(["-p".to_owned(), port.to_string()]);
        }
        words.extend(["--".to_owned(), self.destination.clone()]);
        words
    }

    /// Opens a connection and a shell on the host: over the user's master if there is one, else over our own.
    ///
    /// # Errors
    ///
    /// There is no connection, or no login.
    pub(super) async fn open(
        &self,
        limit: Option<Duration>,
    ) -> Result<(Master, Shell), RemoteError> {
        let directory = PrivateDirectory::new()
            .map_err(|error| RemoteError::new(format!("cannot make a directory: {error}")))?;
        let own = directory.path().join("master");
        let own = own.to_str().unwrap_or_default().to_owned();
        let is_open = self.control(&["-O", "check"]).await.is_ok();
        let control = (!is_open).then_some(own);
        let control_path = format!("ControlPath={}", control.as_deref().unwrap_or_default());
        let batch = if self.asks { "no" } else { "yes" };
        let batch = format!("BatchMode={batch}");
        let seconds = limit.map_or(0, |limit| limit.as_secs().saturating_add(1));
        let timeout = format!("ConnectTimeout={seconds}");
        let mut options = vec!["-o", "RemoteCommand=none", "-o", "PermitLocalCommand=no"];
        if !self.asks {
            options.extend(["-o", &batch]);
        }
        if seconds > 0 {
            options.extend(["-o", &timeout]);
        }
        if control.is_some() {
            let of_master = [
                "-o",
                "ControlMaster=yes",
                "-o",
                &control_path,
                "-o",
                "ControlPersist=no",
                "-o",
                "ClearAllForwardings=yes",
            ];
            options.extend(of_master);
        }
        let mut words = self.words(options);
        // `exec` is known to the login shells of all kinds.
        words.push("exec sh".to_owned());
        let (child, stream) = Child::start(&words).map_err(|error| self.cannot_run(&error))?;
        let shell = Shell::over(child, stream, Patience::new(limit));
        let master = Master {
            ssh: self.clone(),
            control,
            directory,
            forwarded: std::cell::Cell::default(),
        };
        match shell.run(":").await {
            Ok(_) => Ok((master, shell)),
            Err(error) if error.kind() == io::ErrorKind::TimedOut => Err(RemoteError {
                is_timeout: true,
                ..RemoteError::new(String::new())
            }),
            Err(_) => {
                let mut stderr = shell.stderr();
                let _ = stderr.wait_for(|stderr| stderr.has_ended).await;
                let stderr = stderr.borrow();
                Err(self.refused(&stderr))
            }
        }
    }

    /// Runs ssh for a request to a master.
    async fn control(&self, options: &[&str]) -> Result<(), String> {
        let words = self.words(options.iter().copied());
        let (mut child, _stream) = Child::start(&words).map_err(|error| error.to_string())?;
        if child.succeeds().await {
            return Ok(());
        }
        Err(child.stderr().borrow().reason().to_owned())
    }

    fn cannot_run(&self, error: &io::Error) -> RemoteError {
        let program = self.program.first().map_or("ssh", String::as_str);
        let error = super::words_of(error);
        RemoteError::new(format!("cannot run {program}: {error}"))
            .hint("install OpenSSH's client; OVS_SSH names another program")
    }

    /// Why ssh ended before the shell replied.
    fn refused(&self, stderr: &Stderr) -> RemoteError {
        let destination = &self.destination;
        let reason = match stderr.reason() {
            "" => "ssh ended without a word".to_owned(),
            reason => reason.strip_prefix("ssh: ").unwrap_or(reason).to_owned(),
        };
        let error = RemoteError::new(reason);
        if stderr.has("IDENTIFICATION HAS CHANGED") {
            error.hint(format!(
                "the host has another key than known_hosts has: if that is expected, \
                 `ssh-keygen -R` removes the old one, and `ssh {destination}` asks about the new one"
            ))
        } else if stderr.has("Host key verification failed") {
            error.hint(format!(
                "known_hosts has no key of this host: `ssh {destination}` shows it, and asks"
            ))
        } else if stderr.has("Permission denied") || stderr.has("Too many authentication failures")
        {
            error.hint(format!(
                "`ssh {destination} true` must work without a question: with a key in the agent, or an open ControlMaster"
            ))
        } else if stderr.has("Could not resolve hostname") {
            error.hint(format!(
                "`ssh -G {destination}` shows what ssh_config makes of the name"
            ))
        } else if is_dropped(stderr) {
            let error = RemoteError {
                is_dropped: true,
                ..error
            };
            error.hint("sshd drops logins when too many begin at once (MaxStartups in sshd_config)")
        } else if stderr.has("Connection refused") {
            error.hint("is sshd running there, on this port?")
        } else if stderr.has("timed out") {
            error.hint("-t SECS waits longer")
        } else {
            error.hint(format!("`ssh -v {destination} true` says more"))
        }
    }
}

/// Whether sshd closed the connection before it said who it is.
fn is_dropped(stderr: &Stderr) -> bool {
    stderr.has("kex_exchange_identification") || stderr.has("banner exchange")
}

impl Master {
    /// The words that run a command on the host.
    pub(super) fn command(&self, command: &[String]) -> Vec<String> {
        let path = self.path_option();
        let options = path.iter().map(String::as_str);
        let mut words = self.ssh.words(
            ["-o", "RemoteCommand=none", "-o", "BatchMode=yes"]
                .into_iter()
                .chain(options),
        );
        let command: Vec<String> = command.iter().map(|word| posix_word(word)).collect();
        words.push(command.join(" "));
        words
    }

    /// Forwards a socket of the host to one here, and connects to it. That succeeds whether or not the host allows it
    /// and the socket is there; otherwise the stream is closed soon.
    ///
    /// # Errors
    ///
    /// The master does not forward.
    pub(super) async fn forward(&self, socket: &str) -> Result<tokio::net::UnixStream, String> {
        if !is_plain(socket) {
            return Err("the path has characters that ssh would interpret".to_owned());
        }
        let number = self.forwarded.get();
        self.forwarded.set(number.wrapping_add(1));
        let local = self.directory.path().join(number.to_string());
        let forward = format!("{}:{socket}", local.display());
        self.request("forward", &forward).await?;
        let stream = connect(&local).await;
        if self.control.is_none() {
            // The user's master is to forget it.
            let _ = self.request("cancel", &forward).await;
        }
        let _ = std::fs::remove_file(&local);
        stream.map_err(|error| super::words_of(&error))
    }

    async fn request(&self, request: &str, forward: &str) -> Result<(), String> {
        let path = self.path_option();
        let mut options: Vec<&str> = path.iter().map(String::as_str).collect();
        if self.control.is_some() {
            // The forwardings of ssh_config are not wanted.
            options.extend(["-F", "none"]);
        }
        options.extend(["-O", request, "-L", forward]);
        self.ssh.control(&options).await
    }

    fn path_option(&self) -> Vec<String> {
        let path = self.control.iter();
        path.flat_map(|path| ["-S".to_owned(), path.clone()])
            .collect()
    }
}

async fn connect(path: &Path) -> io::Result<tokio::net::UnixStream> {
    tokio::net::UnixStream::connect(path).await
}

/// Whether ssh takes a path in `-L` as it is: no separator, no token, no variable.
fn is_plain(path: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+@=,".contains(&byte);
    path.starts_with('/') && path.bytes().all(is_plain)
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

//! Another host: its sockets and files, reached through a program of the user's. Nothing is installed there.
//!
//! | file | contents |
//! |---|---|
//! | `ssh` | OpenSSH's client: logins and masters |
//! | `mux` | requests to a master: forwarding |
//! | `shell` | a shell on the host, for scripts |
//! | `relay` | programs on the host that connect to a socket |
//! | `facts` | scripts that read its files, and their output |
//! | `error` | why a host cannot be reached |
//! | `child` | a child process and its standard error |
//! | `guard` | what ends the children if this process is killed |
//!
//! With ssh a socket is forwarded over one connection, without a process on the host. If the host does not open it, a shell
//! there tells whether the socket is absent or closed to the user, and a relay is started instead: with sudo
//! in the second case.

mod child;
mod error;
mod facts;
mod guard;
mod mux;
mod relay;
mod shell;
mod ssh;

use std::cell::{Cell, RefCell};
use std::io;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::net::UnixStream;
use tokio::sync::{Mutex, OnceCell, watch};

use self::child::{Child, LAST_WORDS, Stderr};
use self::error::{RemoteError, words_of};
use self::facts::SocketState;
use self::mux::ForwardError;
use self::relay::{Relay, RelayError};
use self::shell::{Shell, StartError, posix_word};
use self::ssh::{Master, Ssh};
use super::directory::DirectoryEntry;
use super::network::{KernelNetwork, Namespaces};
use crate::transport::{ConnectErrorKind, Patience, Stream, TimedOut};

/// Another host, reached through programs of the user's.
///
/// Connects with the first request. Children are ended when it is dropped, or when this process ends.
#[derive(Debug)]
pub struct Remote {
    name: String,
    way: Way,
    /// The longest wait for a login or a reply; `None`: no limit.
    limit: Option<Duration>,
    /// Relays, ended before the session that they may run over.
    relays: RefCell<Vec<Child>>,
    session: Mutex<Option<Rc<Session>>>,
    /// When a login failed last, and why.
    failed_login: RefCell<Option<(Instant, RemoteError)>>,
    /// The standard error of the latest child that matters for a connection.
    stderr: RefCell<Option<watch::Receiver<Stderr>>>,
}

#[derive(Debug)]
enum Way {
    /// ssh runs commands there, and forwards sockets.
    Ssh(Ssh),
    /// This command connects its standard input and output to the socket whose path stands for `{}`.
    Via(Vec<String>),
    /// These words before a command run it there.
    Exec(Vec<String>),
}

/// A connected host.
#[derive(Debug)]
struct Session {
    /// With ssh: by what sockets are reached.
    master: Option<Master>,
    /// Started when it is first needed.
    shell: Mutex<Option<Rc<Shell>>>,
    /// Whether a socket was forwarded (`true`) or the host does not allow it.
    forwards: Cell<Option<bool>>,
    relay: OnceCell<Option<Relay>>,
}

/// The directory of the daemons' sockets on another host.
pub(super) const RUN_DIRECTORY: &str = "/var/run/openvswitch";

/// Maximum length in bytes of a file that is read.
const MAX_FILE: u64 = 1 << 16;

/// How long a failed login counts: what a command asks next of the host does not wait for another one.
const LOGIN_FAILED: Duration = Duration::from_secs(1);

/// The pause before a dropped login is tried once more; up to twice as long, so that many hosts do not begin at once.
const LOGIN_PAUSE: Duration = Duration::from_millis(200);

impl Remote {
    /// The host that ssh knows by this name: `HOST`, `USER@HOST`, `HOST:PORT`, `USER@[IPV6]:PORT`, or an alias of
    /// `ssh_config(5)`. `limit` bounds each connection attempt with its login, and waiting for replies; `None`: no limit.
    /// If ssh `asks`, it may ask for passwords or about the host's key on the terminal.
    ///
    /// # Errors
    ///
    /// What is wrong with the name, as the end of a sentence.
    pub fn ssh(name: &str, limit: Option<Duration>, asks: bool) -> Result<Remote, String> {
        let ssh = Ssh::parse(name)?.asking(asks);
        Ok(Remote::new(name.to_owned(), Way::Ssh(ssh), limit))
    }

    /// The host to whose sockets a command connects its standard input and output; `{}` stands for the path of a socket.
    /// It is split into words as by a shell, but not run by one.
    ///
    /// # Errors
    ///
    /// What is wrong with the command.
    pub fn via(command: &str, limit: Option<Duration>) -> Result<Remote, String> {
        let words = words(command)?;
        if !words.iter().any(|word| word.contains("{}")) {
            return Err("{} is missing, which stands for the path of the socket".to_owned());
        }
        Ok(Remote::new(command.to_owned(), Way::Via(words), limit))
    }

    /// The host, or container, on which a command runs that stands after these words: `docker exec -i NAME`.
    ///
    /// # Errors
    ///
    /// What is wrong with the words.
    pub fn via_exec(prefix: &str, limit: Option<Duration>) -> Result<Remote, String> {
        let words = words(prefix)?;
        Ok(Remote::new(prefix.to_owned(), Way::Exec(words), limit))
    }

    fn new(name: String, way: Way, limit: Option<Duration>) -> Remote {
        Remote {
            name,
            way,
            limit,
            relays: RefCell::default(),
            session: Mutex::default(),
            failed_login: RefCell::default(),
            stderr: RefCell::default(),
        }
    }

    /// The name of the host as it was given, or the command that leads to it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether files can be read: not if there is but a command that connects to sockets.
    pub fn has_files(&self) -> bool {
        !matches!(self.way, Way::Via(_))
    }

    /// What the program that leads to the host wrote last, if it has ended: it may be why a connection was closed.
    pub async fn last_words(&self) -> Option<String> {
        let mut stderr = self.stderr.borrow().clone()?;
        let ended = stderr.wait_for(|stderr| stderr.has_ended);
        let ended = tokio::time::timeout(LAST_WORDS, ended).await.ok()?.ok()?;
        let reason = ended.reason();
        (!reason.is_empty()).then(|| reason.to_owned())
    }

    /// Connects to a socket of the host.
    ///
    /// # Errors
    ///
    /// See [`ConnectErrorKind`].
    pub(super) async fn connect(&self, socket: &Path) -> Result<Stream, ConnectErrorKind> {
        let Some(path) = socket.to_str().filter(|path| path.starts_with('/')) else {
            return Err(RemoteError::new(
                "on another host the path of a socket begins with /".to_owned(),
            )
            .into());
        };
        self.relays
            .borrow_mut()
            .retain_mut(|relay| !relay.has_ended());
        let attempt = self.attempt(path);
        let stream = Patience::new(self.limit).wait(attempt).await;
        let stream = stream.unwrap_or_else(|timed_out| Err(ConnectErrorKind::Timeout(timed_out)));
        stream.map(Stream::Unix)
    }

    async fn attempt(&self, path: &str) -> Result<UnixStream, ConnectErrorKind> {
        if let Way::Via(words) = &self.way {
            let words: Vec<String> = words.iter().map(|word| word.replace("{}", path)).collect();
            let (child, stream) = start(&words)?;
            self.keep(child);
            return Ok(stream);
        }
        let session = self.session().await.map_err(|error| self.failed(error))?;
        if let Some(master) = &session.master
            && session.forwards.get() != Some(false)
        {
            match master.connect(path).await {
                Ok(stream) => {
                    session.forwards.set(Some(true));
                    return Ok(stream);
                }
                Err(ForwardError::Refused) => {}
                Err(ForwardError::Local(error)) => return Err(error::local(error)),
                Err(ForwardError::NoMaster(error)) => {
                    // The next attempt is to log in again.
                    let mut slot = self.session.lock().await;
                    if slot
                        .as_ref()
                        .is_some_and(|other| Rc::ptr_eq(other, &session))
                    {
                        *slot = None;
                    }
                    return Err(self.lost(error));
                }
            }
        }
        let state = self.run(&facts::state_script(path)).await?;
        let uses_sudo = match facts::state(&state.text) {
            SocketState::Absent => return Err(ConnectErrorKind::NotFound),
            SocketState::NotASocket => {
                let reason = "the file is no socket".to_owned();
                return Err(RemoteError::new(reason).into());
            }
            SocketState::Denied if session.master.is_none() => {
                return Err(ConnectErrorKind::PermissionDenied);
            }
            SocketState::Denied => true,
            SocketState::Open => false,
        };
        if session.forwards.get() == Some(true) && !uses_sudo {
            return Err(ConnectErrorKind::Refused);
        }
        let stream = self.relayed(&session, path, uses_sudo).await?;
        if session.master.is_some() && !uses_sudo {
            session.forwards.set(Some(false));
        }
        Ok(stream)
    }

    /// Connects by a relay on the host.
    async fn relayed(
        &self,
        session: &Session,
        path: &str,
        uses_sudo: bool,
    ) -> Result<UnixStream, ConnectErrorKind> {
        let relay = session.relay.get_or_try_init(async || {
            let output = self.run(relay::PROBE).await?;
            Ok::<_, ConnectErrorKind>(Relay::parse(&output.text))
        });
        let relay: Option<Relay> = *relay.await?;
        let Some(relay) = relay else {
            let what = match (&session.master, uses_sudo) {
                (Some(_), true) => "permission denied, and sudo needs a program that connects",
                (Some(_), false) => "ssh does not forward it, and no program there connects",
                (None, _) => "no program there connects to it",
            };
            let error = RemoteError::new(format!("{what}: none of {}", relay::LOOKED_FOR));
            return Err(match &session.master {
                Some(_) => {
                    error.hint("sshd_config: AllowStreamLocalForwarding; or install socat there")
                }
                None => {
                    error.hint("install socat there, or give the whole command: --via 'COMMAND {}'")
                }
            }
            .into());
        };
        let words = match (&self.way, &session.master) {
            (_, Some(master)) => master.shell_words(uses_sudo),
            (Way::Exec(prefix), None) => words_of_shell(prefix),
            (Way::Ssh(_) | Way::Via(_), None) => return Err(no_shell().into()),
        };
        let (child, mut stream) = start(&words)?;
        match relay.connect(&child, &mut stream, path).await {
            Ok(()) => {
                self.keep(child);
                Ok(stream)
            }
            Err(RelayError::NotFound) => Err(ConnectErrorKind::NotFound),
            Err(RelayError::Refused) => Err(ConnectErrorKind::Refused),
            Err(RelayError::PermissionDenied(_)) if !uses_sudo => {
                Err(ConnectErrorKind::PermissionDenied)
            }
            Err(RelayError::PermissionDenied(reason)) => Err(RemoteError::new(reason)
                .hint("log in as root, or let sudo run there without a password")
                .into()),
            Err(RelayError::Other(reason)) => Err(RemoteError::new(reason).into()),
        }
    }

    fn keep(&self, child: Child) {
        *self.stderr.borrow_mut() = Some(child.stderr());
        self.relays.borrow_mut().push(child);
    }

    fn login_failed(&self, error: RemoteError) {
        *self.failed_login.borrow_mut() = Some((Instant::now(), error));
    }

    /// The connection to the host; after its end, a new one.
    async fn session(&self) -> Result<Rc<Session>, RemoteError> {
        let mut slot = self.session.lock().await;
        if let Some(session) = &*slot
            && !session.has_ended()
        {
            return Ok(Rc::clone(session));
        }
        *slot = None;
        if let Some((when, error)) = self.failed_login.borrow().as_ref()
            && when.elapsed() < LOGIN_FAILED
        {
            return Err(error.clone());
        }
        let master = match &self.way {
            Way::Via(_) => {
                let reason = "--via reaches sockets only".to_owned();
                return Err(RemoteError::new(reason));
            }
            Way::Exec(_) => None,
            Way::Ssh(ssh) => {
                let mut login = Login {
                    remote: self,
                    began: Instant::now(),
                    is_over: false,
                };
                let mut opened = ssh.open(self.limit).await;
                if opened.as_ref().is_err_and(|error| error.is_dropped) {
                    tokio::time::sleep(LOGIN_PAUSE).await;
                    opened = ssh.open(self.limit).await;
                }
                login.is_over = true;
                Some(opened.inspect_err(|error| self.login_failed(error.clone()))?)
            }
        };
        if let Some(stderr) = master.as_ref().and_then(Master::stderr) {
            *self.stderr.borrow_mut() = Some(stderr);
        }
        let session = Rc::new(Session {
            master,
            shell: Mutex::default(),
            forwards: Cell::default(),
            relay: OnceCell::default(),
        });
        *slot = Some(Rc::clone(&session));
        Ok(session)
    }

    /// The shell of the host; after its end, a new one.
    async fn shell(&self) -> Result<Rc<Shell>, RemoteError> {
        let session = self.session().await?;
        let mut slot = session.shell.lock().await;
        if let Some(shell) = &*slot
            && !shell.stderr().borrow().has_ended
        {
            return Ok(Rc::clone(shell));
        }
        let patience = Patience::new(self.limit);
        let shell = match (&self.way, &session.master) {
            (_, Some(master)) => master.shell(patience).await?,
            (Way::Exec(prefix), None) => shell_by(prefix, patience).await?,
            (Way::Ssh(_) | Way::Via(_), None) => return Err(no_shell()),
        };
        let shell = Rc::new(shell);
        *self.stderr.borrow_mut() = Some(shell.stderr());
        *slot = Some(Rc::clone(&shell));
        Ok(shell)
    }

    /// Runs a script on the host.
    async fn run(&self, script: &str) -> Result<shell::Output, ConnectErrorKind> {
        let shell = self.shell().await.map_err(|error| self.failed(error))?;
        shell.run(script).await.map_err(|error| self.lost(error))
    }

    /// The same, for what reads files.
    async fn read_by(&self, script: &str) -> io::Result<shell::Output> {
        self.run(script).await.map_err(|error| match error {
            ConnectErrorKind::Timeout(timed_out) => {
                io::Error::new(io::ErrorKind::TimedOut, timed_out.to_string())
            }
            error => io::Error::other(error.to_string()),
        })
    }

    /// Runs a script; if it does not answer, once more by sudo, as sockets are connected to.
    async fn read_or_sudo(
        &self,
        script: &str,
        answers: fn(i32) -> bool,
    ) -> io::Result<shell::Output> {
        let output = self.read_by(script).await?;
        if answers(output.code) || !matches!(self.way, Way::Ssh(_)) {
            return Ok(output);
        }
        let by_sudo = format!("sudo -n sh -c {}", posix_word(script));
        let other = self.read_by(&by_sudo).await?;
        Ok(if answers(other.code) { other } else { output })
    }

    /// Reads a short file of the host.
    pub(super) async fn read(&self, path: &Path) -> io::Result<String> {
        let word = posix_word(text_of(path)?);
        let script = format!("head -c {MAX_FILE} -- {word}");
        let output = self.read_or_sudo(&script, |code| code == 0).await?;
        match output.code {
            0 => Ok(output.text),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// Whether there is a file at `path`.
    pub(super) async fn exists(&self, path: &Path) -> bool {
        let Ok(path) = text_of(path) else {
            return false;
        };
        let output = self.read_by(&format!("test -e {}", posix_word(path))).await;
        output.is_ok_and(|output| output.code == 0)
    }

    /// Lists a directory of the host.
    pub(super) async fn list(&self, directory: &Path) -> io::Result<Vec<DirectoryEntry>> {
        if !self.has_files() {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "--via reaches sockets only",
            ));
        }
        let script = facts::list_script(text_of(directory)?);
        // 2: there is no such directory.
        let output = self.read_or_sudo(&script, |code| matches!(code, 0 | 2));
        let output = output.await?;
        match output.code {
            0 => {
                let entries = facts::list(&output.text);
                let entry = |(name, modified)| DirectoryEntry { name, modified };
                Ok(entries.map(entry).collect())
            }
            2 => Err(io::ErrorKind::NotFound.into()),
            _ => Err(io::ErrorKind::PermissionDenied.into()),
        }
    }

    /// The path without symbolic links.
    pub(super) async fn real(&self, path: &Path) -> Option<String> {
        let word = posix_word(text_of(path).ok()?);
        let output = self.read_by(&format!("readlink -f -- {word}")).await.ok()?;
        let path = output.text.trim_end_matches('\n');
        (output.code == 0 && path.starts_with('/')).then(|| path.to_owned())
    }

    /// Reads the addresses, routes and devices of the host's network namespace.
    ///
    /// # Errors
    ///
    /// Why they cannot be read.
    pub(super) async fn network(&self) -> Result<KernelNetwork, String> {
        let output = self.read_by(facts::NETWORK).await;
        match output {
            Ok(output) => Ok(facts::network(&output.text)),
            Err(error) => Err(words_of(&error)),
        }
    }

    /// Reads the devices of that namespace and of the named ones.
    pub(super) async fn namespaces(&self) -> Namespaces {
        match self.read_by(facts::NAMESPACES).await {
            Ok(output) => facts::namespaces(&output.text),
            Err(error) => Namespaces {
                unseen: vec![format!("devices: {}", words_of(&error))],
                ..Namespaces::default()
            },
        }
    }

    fn failed(&self, error: RemoteError) -> ConnectErrorKind {
        match (error.is_timeout, self.limit) {
            (true, Some(limit)) => ConnectErrorKind::Timeout(TimedOut { limit }),
            _ => error.into(),
        }
    }

    /// A request to the shell failed.
    fn lost(&self, error: io::Error) -> ConnectErrorKind {
        match (error.kind(), self.limit) {
            (io::ErrorKind::TimedOut, Some(limit)) => ConnectErrorKind::Timeout(TimedOut { limit }),
            (
                io::ErrorKind::UnexpectedEof
                | io::ErrorKind::BrokenPipe
                | io::ErrorKind::ConnectionReset,
                _,
            ) => RemoteError::new("the connection to the host is lost".to_owned()).into(),
            _ => error::local(error),
        }
    }
}

/// A login in progress. If it is cancelled after the time limit, it counts as failed.
struct Login<'r> {
    remote: &'r Remote,
    began: Instant,
    is_over: bool,
}

impl Drop for Login<'_> {
    fn drop(&mut self) {
        // The wait of the caller may have begun earlier.
        let limit = self.remote.limit.map(|limit| limit.mul_f64(0.9));
        if !self.is_over && limit.is_some_and(|limit| self.began.elapsed() >= limit) {
            self.remote.login_failed(RemoteError::timed_out());
        }
    }
}

/// The words of a command line, by the rules of a shell.
fn words(text: &str) -> Result<Vec<String>, String> {
    let words = shell_words::split(text).map_err(|_| "a quote is not closed".to_owned())?;
    match words.first() {
        Some(program) if !program.is_empty() => Ok(words),
        _ => Err("there is no command".to_owned()),
    }
}

fn start(words: &[String]) -> Result<(Child, UnixStream), ConnectErrorKind> {
    Child::start(words).map_err(|error| cannot_run(words, &error).into())
}

fn cannot_run(words: &[String], error: &io::Error) -> RemoteError {
    let program = words.first().map_or("", String::as_str);
    RemoteError::new(format!("cannot run {program}: {}", words_of(error)))
}

fn text_of(path: &Path) -> io::Result<&str> {
    path.to_str()
        .ok_or_else(|| io::ErrorKind::InvalidInput.into())
}

impl Session {
    fn has_ended(&self) -> bool {
        let stderr = self.master.as_ref().and_then(Master::stderr);
        stderr.is_some_and(|stderr| stderr.borrow().has_ended)
    }
}

/// The words that run a shell after these.
fn words_of_shell(prefix: &[String]) -> Vec<String> {
    prefix.iter().cloned().chain(["sh".to_owned()]).collect()
}

fn no_shell() -> RemoteError {
    RemoteError::new("there is no shell".to_owned())
}

/// A shell run by the words before it.
async fn shell_by(prefix: &[String], patience: Patience) -> Result<Shell, RemoteError> {
    let words = words_of_shell(prefix);
    let shell = Shell::start(&words, patience).await;
    shell.map_err(|error| match error {
        StartError::CannotRun(error) => cannot_run(&words, &error),
        StartError::TimedOut => RemoteError::timed_out(),
        StartError::Ended(end) => RemoteError::new(match (end.reason(), end.code) {
            ("", Some(code)) => format!("it ended with exit code {code}, without an error message"),
            ("", None) => "it ended without an error message".to_owned(),
            (reason, _) => reason.to_owned(),
        })
        .hint("the words of --via-exec must run a program there, as `sh`, with its standard input"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands() {
        let reason = |remote: Result<Remote, String>| remote.unwrap_err();
        assert!(reason(Remote::via("socat - UNIX:/x", None)).contains("{} is missing"));
        assert!(reason(Remote::via("a '{}", None)).contains("quote"));
        assert!(reason(Remote::via_exec(" ", None)).contains("no command"));
        assert!(Remote::via("a 'UNIX-CONNECT:{}'", None).is_ok());
    }
}

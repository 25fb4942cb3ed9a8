//! A child process: its standard input and output are one stream, the end of its standard error is kept.
//!
//! A child is ended with the processes that it began: an ssh that is ended before its login leaves its `ProxyCommand`, or the
//! ssh of its `ProxyJump`, behind, and that does not end either while it waits for a reply of its own. It is not put into a
//! process group for that: in one of its own it is a background process, which the terminal stops when it asks for a
//! password, and Ctrl-C and Ctrl-Z would not reach it. A process that has left, as a master of the user with
//! `ControlPersist`, is the child of another process by then, and stays.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::AsyncReadExt as _;
use tokio::net::UnixStream;
use tokio::sync::watch;

use super::guard;

/// Maximum number of lines of standard error that are kept: a changed host key takes about fifteen.
const MAX_LINES: usize = 24;

/// Maximum length of such a line, in bytes; the rest is left out.
pub(super) const MAX_LINE: usize = 500;

/// How long the rest of the standard error of an ended child may take.
pub(super) const LAST_WORDS: Duration = Duration::from_millis(300);

/// How often, and after which pause, a child is looked for that was asked to end, before it is killed.
const ENDS_WITHIN: (u32, Duration) = (40, Duration::from_millis(5));

/// A child process, ended when dropped, with the processes that it began.
#[derive(Debug)]
pub(super) struct Child {
    process: std::process::Child,
    stderr: watch::Receiver<Stderr>,
}

/// What a child wrote to its standard error.
#[derive(Debug, Clone, Default)]
pub(super) struct Stderr {
    /// The last lines, without trailing white space.
    lines: VecDeque<String>,
    /// Whether it was closed: as a rule the child has ended.
    pub(super) has_ended: bool,
}

impl Child {
    /// Runs a program with its arguments. The stream is its standard input and output.
    ///
    /// # Errors
    ///
    /// The program cannot be run.
    pub(super) fn start(words: &[String]) -> io::Result<(Child, UnixStream)> {
        let (program, arguments) = words
            .split_first()
            .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        let (ours, theirs) = net::UnixStream::pair()?;
        let (errors, their_errors) = net::UnixStream::pair()?;
        let process = Command::new(program)
            .args(arguments)
            .stdin(Stdio::from(OwnedFd::from(theirs.try_clone()?)))
            .stdout(Stdio::from(OwnedFd::from(theirs)))
            .stderr(Stdio::from(OwnedFd::from(their_errors)))
            .spawn()?;
        let (sender, stderr) = watch::channel(Stderr::default());
        let child = Child { process, stderr };
        guard::process_began(child.process.id());
        tokio::spawn(collect(asynchronous(errors)?, sender));
        Ok((child, asynchronous(ours)?))
    }

    /// Its standard error, now and later.
    pub(super) fn stderr(&self) -> watch::Receiver<Stderr> {
        self.stderr.clone()
    }

    /// Whether it has ended.
    pub(super) fn has_ended(&mut self) -> bool {
        !matches!(self.process.try_wait(), Ok(None))
    }

    /// Waits until it has ended by itself. Returns whether it succeeded.
    pub(super) async fn succeeds(&mut self) -> bool {
        // An error means that the collecting task has ended, as the child has.
        let _ = self.stderr.wait_for(|stderr| stderr.has_ended).await;
        loop {
            match self.process.try_wait() {
                Ok(Some(status)) => return status.success(),
                // It closed its standard error, and is about to end.
                Ok(None) => tokio::time::sleep(Duration::from_millis(1)).await,
                Err(_) => return false,
            }
        }
    }
}

impl Child {
    /// The exit code of a child that closed its output; `None` if a signal ended it, or if it goes on.
    pub(super) async fn exit_code(&mut self) -> Option<i32> {
        let status = async {
            while let Ok(None) = self.process.try_wait() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let _ = tokio::time::timeout(LAST_WORDS, status).await;
        self.process.try_wait().ok().flatten()?.code()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let id = self.process.id();
        let (times, pause) = ENDS_WITHIN;
        for attempt in 0..times {
            if self.has_ended() {
                return guard::process_ended(id);
            }
            if attempt == 0 {
                // Looked for first: the children of an ended process are those of another.
                let descendants = descendants_of(id);
                // It is not waited for yet, so that the number is still its own.
                let _ = kill_process(Pid::from_child(&self.process), Signal::TERM);
                for process in descendants.into_iter().filter_map(Pid::from_raw) {
                    let _ = kill_process(process, Signal::TERM);
                }
            }
            thread::sleep(pause);
        }
        // What runs as another user cannot be killed, and is not waited for.
        if self.process.kill().is_ok() {
            thread::sleep(pause);
        }
        if self.has_ended() {
            guard::process_ended(id);
        }
    }
}

/// The processes that a process began, and those that they began (`/proc/PID/task/TID/children`, proc(5)). None where the
/// system does not have these files.
fn descendants_of(process: impl std::fmt::Display) -> Vec<i32> {
    let tasks = fs::read_dir(format!("/proc/{process}/task"));
    let tasks = tasks.into_iter().flatten().flatten();
    let children = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    let children: Vec<i32> = children.flat_map(|children| numbers(&children)).collect();
    let further: Vec<i32> = children.iter().flat_map(descendants_of).collect();
    children.into_iter().chain(further).collect()
}

fn numbers(text: &str) -> Vec<i32> {
    let words = text.split_ascii_whitespace();
    words.filter_map(|word| word.parse().ok()).collect()
}

impl Stderr {
    /// The last line that says what went wrong; empty if there is none.
    pub(super) fn reason(&self) -> &str {
        let usage = |line: &&String| !line.starts_with("usage: ");
        let lines = self.lines.iter().take_while(usage);
        let telling: Vec<&String> = lines.filter(|line| !is_notice(line)).collect();
        // What ssh says of the end of a connection follows from what it, a jump host or a ProxyCommand said before.
        let mut causes = telling.iter().rev().filter(|line| !is_about_end(line));
        let drops = || telling.iter().rev().find(|line| line.contains(DROPPED));
        let line = causes.next().or_else(drops).or(telling.last());
        let line = line.map_or("", |line| line.as_str());
        line.strip_suffix('.').unwrap_or(line)
    }

    /// Whether the other side closed the connection before it sent its identification string, and no cause is known. If that is
    /// so before it sends its own, ssh says nothing.
    pub(super) fn is_dropped(&self) -> bool {
        let reason = self.reason();
        reason.is_empty() || reason.contains(DROPPED) || reason.contains("banner exchange")
    }

    /// Whether a line contains these words.
    pub(super) fn has(&self, words: &str) -> bool {
        self.lines.iter().any(|line| line.contains(words))
    }

    /// Whether a relay says this about the socket: ours say nothing else in a line, socat names its call.
    pub(super) fn is_about_socket(&self, words: &str) -> bool {
        let is_about = |line: &String| {
            let of_program = line.contains(" connect(") || line.starts_with("nc: ");
            line == words || of_program && line.ends_with(words)
        };
        self.lines.iter().any(is_about)
    }

    /// The command that removes the key which ssh says has changed: with the file and the name that have it there.
    pub(super) fn removal_of_key(&self) -> Option<String> {
        // `Offending ED25519 key in FILE:LINE`, `Host key for NAME has changed and you have requested strict checking.`;
        // the second has the type of the key before it in older releases.
        let mut lines = self.lines.iter();
        let offending = |line: &String| {
            let (_, place) = line.strip_prefix("Offending ")?.split_once(" key in ")?;
            place.rsplit_once(':').map(|(file, _)| file.to_owned())
        };
        let file = lines.find_map(offending)?;
        let changed = |line: &String| {
            let (_, name) = line.split_once("ost key for ")?;
            name.split_once(" has changed")
                .map(|(name, _)| name.to_owned())
        };
        let words = ["ssh-keygen", "-f", &file, "-R", &lines.find_map(changed)?];
        Some(shell_words::join(words))
    }

    fn push(&mut self, line: &[u8]) {
        let line = String::from_utf8_lossy(line);
        let line = line.trim_end();
        if line.trim_start().is_empty() {
            return;
        }
        if self.lines.len() == MAX_LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(line.to_owned());
    }
}

/// What ssh says if a connection is closed where the identification of the other side is expected.
const DROPPED: &str = "kex_exchange_identification";

/// Whether a line only says that a connection has ended.
fn is_about_end(line: &str) -> bool {
    let beginnings = [
        DROPPED,
        "Connection closed by ",
        "Connection reset by ",
        "ssh_dispatch_run_fatal",
    ];
    beginnings.iter().any(|words| line.starts_with(words))
}

/// Whether a line is one of socat's notices: `2026/11/29 11:37:03 socat[7] N exiting with status 1`.
fn is_notice(line: &str) -> bool {
    line.contains(" socat[") && line.contains("] N ")
}

/// The standard error of a child that has ended, or closed its output: all of it, unless another process keeps it open.
pub(super) async fn last(stderr: &mut watch::Receiver<Stderr>) -> Stderr {
    let ended = stderr.wait_for(|stderr| stderr.has_ended);
    let _ = tokio::time::timeout(LAST_WORDS, ended).await;
    stderr.borrow().clone()
}

fn asynchronous(stream: net::UnixStream) -> io::Result<UnixStream> {
    stream.set_nonblocking(true)?;
    UnixStream::from_std(stream)
}

/// Reads standard error to its end: a child that cannot write would not go on.
async fn collect(mut errors: UnixStream, said: watch::Sender<Stderr>) {
    let mut buffer = vec![0; 4096];
    let mut line: Vec<u8> = Vec::new();
    while let Ok(length @ 1..) = errors.read(&mut buffer).await {
        let read = buffer.get(..length).unwrap_or_default();
        let mut parts = read.split(|byte| *byte == b'\n');
        let mut part = parts.next();
        while let Some(bytes) = part {
            let room = MAX_LINE.saturating_sub(line.len());
            line.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
            part = parts.next();
            if part.is_some() {
                said.send_modify(|said| said.push(&line));
                line.clear();
            }
        }
    }
    said.send_modify(|said| {
        said.push(&line);
        said.has_ended = true;
    });
}

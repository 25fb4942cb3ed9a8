//! The guard: a second process that ends this one's children, with those that they began, and removes its directories if it
//! is killed.
//!
//! It reads from a socket whose other end only this process has, and which is closed when this process ends, even by
//! SIGKILL. It is in a process group of its own, so that Ctrl-C does not reach it. A process that ends as it should
//! leaves it nothing to do.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::TempDir;

/// Keeps the last line, and does what it says at the end of standard input: ends processes, removes directories.
const SCRIPT: &str = r#"tree() { echo "$1"; for child in $(cat /proc/"$1"/task/*/children); do tree "$child"; done; }
while read -r line; do last=$line; done
for one in $last; do case $one in /*) rm -rf -- "$one";; *) kill $(tree "$one");; esac; done"#;

/// What is left to do if this process ends now.
#[derive(Debug, Default)]
struct Guard {
    /// The other end is the guard's standard input.
    stream: Option<UnixStream>,
    processes: BTreeSet<u32>,
    directories: BTreeSet<PathBuf>,
}

static GUARD: Mutex<Guard> = Mutex::new(Guard {
    stream: None,
    processes: BTreeSet::new(),
    directories: BTreeSet::new(),
});

/// A private directory, removed when dropped or when this process ends.
#[derive(Debug)]
pub(super) struct PrivateDirectory(TempDir);

/// The longest path of a private directory: ssh and the names in it need the rest of the 107 bytes that the path of a
/// socket has.
const MAX_PATH: usize = 60;

impl PrivateDirectory {
    /// Makes one for sockets, open to this user only.
    ///
    /// # Errors
    ///
    /// It cannot be made.
    pub(super) fn new() -> std::io::Result<PrivateDirectory> {
        let usual = std::env::temp_dir();
        let is_plain = |path: &Path| {
            let text = path.to_str().unwrap_or_default();
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte);
            text.starts_with('/') && text.len() <= MAX_PATH && text.bytes().all(is_plain)
        };
        let place = if is_plain(&usual) {
            usual
        } else {
            PathBuf::from("/tmp")
        };
        let dir = tempfile::Builder::new().prefix("ovs-").tempdir_in(place)?;
        change(|guard| guard.directories.insert(dir.path().to_owned()));
        Ok(PrivateDirectory(dir))
    }

    /// Its path.
    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for PrivateDirectory {
    fn drop(&mut self) {
        // An empty one is removed even if no more files can be opened. One that cannot be removed now is left to the guard.
        let path = self.path();
        if std::fs::remove_dir(path).is_ok() || std::fs::remove_dir_all(path).is_ok() {
            change(|guard| guard.directories.remove(path));
        }
    }
}

/// A process is to be ended with this one.
pub(super) fn process_began(id: u32) {
    change(|guard| guard.processes.insert(id));
}

/// It has ended: its number may be another's from now on.
pub(super) fn process_ended(id: u32) {
    change(|guard| guard.processes.remove(&id));
}

fn change<T>(change: impl FnOnce(&mut Guard) -> T) {
    let mut guard: MutexGuard<'_, Guard> = GUARD.lock().unwrap_or_else(PoisonError::into_inner);
    change(&mut guard);
    // Without a guard, children end when they notice that their input has ended.
    let _ = guard.tell();
}

impl Guard {
    fn tell(&mut self) -> std::io::Result<()> {
        let processes = self.processes.iter().map(u32::to_string);
        let directories = self.directories.iter();
        let directories = directories.map(|path| path.display().to_string());
        let words: Vec<String> = processes.chain(directories).collect();
        let stream = match &mut self.stream {
            Some(stream) => stream,
            None => self.stream.insert(spawn()?),
        };
        writeln!(stream, "{}", words.join(" "))
    }
}

fn spawn() -> std::io::Result<UnixStream> {
    let (ours, theirs) = UnixStream::pair()?;
    Command::new("sh")
        .args(["-c", SCRIPT])
        .current_dir("/")
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()?;
    Ok(ours)
}

//! A command that runs inside a sandbox.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::thread;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;

use super::Sandbox;
use super::error::SandboxError;

/// See [`Sandbox::run`].
pub(super) fn run(
    sandbox: &Sandbox,
    command: &[OsString],
    bin: Option<&Path>,
) -> Result<u8, SandboxError> {
    let Some((program, arguments)) = command.split_first() else {
        return Ok(0);
    };
    let mut command = Command::new(program);
    command.args(arguments).envs(sandbox.environment());
    let programs = sandbox.installation.directories();
    if let Some(path) = search_path(programs.chain(bin.map(PathBuf::from))) {
        command.env("PATH", path);
    }
    wait(command, program).map(exit_code)
}

/// `PATH` with these directories in front; `None` where one cannot be in it.
fn search_path(first: impl Iterator<Item = PathBuf>) -> Option<OsString> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(first.chain(std::env::split_paths(&path))).ok()
}

/// Runs the command, and passes signals on to it until it ends.
fn wait(mut command: Command, program: &OsStr) -> Result<ExitStatus, SandboxError> {
    let cannot_wait = || SandboxError::io("cannot wait for the command");
    // Registered before the command starts, so that no signal is lost.
    let mut signals = Signals::new([SIGINT, SIGQUIT, SIGTERM, SIGHUP])
        .map_err(SandboxError::io("cannot wait for signals"))?;
    let handle = signals.handle();
    let mut child = command.spawn().map_err(|source| SandboxError::Command {
        command: program.to_string_lossy().into_owned(),
        source,
    })?;
    let pid = Pid::from_child(&child);
    let pass_on = thread::Builder::new().spawn(move || {
        for signal in signals.forever() {
            let is_told_already = matches!(signal, SIGINT | SIGQUIT) && at_terminal();
            if let Some(signal) = Signal::from_named_raw(signal).filter(|_| !is_told_already) {
                // An error means that it has just ended.
                let _ = kill_process(pid, signal);
            }
        }
    });
    // NOWAIT keeps it a zombie, so that its process number is not reused before the last signal is sent.
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    let ended = rustix::io::retry_on_intr(|| waitid(WaitId::Pid(pid), options));
    handle.close();
    if let Ok(thread) = pass_on {
        let _ = thread.join();
    }
    ended.map_err(|error| cannot_wait()(error.into()))?;
    child.wait().map_err(cannot_wait())
}

/// Whether this process is in the foreground process group of a terminal: then Ctrl-C has reached the
/// command, which is in the same group, and must not be sent twice.
fn at_terminal() -> bool {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // After the name in parentheses: state, ppid, pgrp, session, tty_nr, tpgid (proc(5)).
    let Some((_, numbers)) = stat.rsplit_once(") ") else {
        return false;
    };
    let mut numbers = numbers.split(' ');
    let group = numbers.nth(2);
    let foreground = numbers.nth(2);
    group.is_some() && group == foreground
}

fn exit_code(status: ExitStatus) -> u8 {
    let code = match (status.code(), status.signal()) {
        (Some(code), _) => code,
        (None, Some(signal)) => 128_i32.saturating_add(signal),
        (None, None) => 1,
    };
    u8::try_from(code).unwrap_or(1)
}

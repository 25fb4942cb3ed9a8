//! A command that runs inside a sandbox.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};

use super::Sandbox;
use super::error::SandboxError;

/// See [`Sandbox::run`].
pub(super) async fn run(
    sandbox: &Sandbox,
    command: &[OsString],
    bin: Option<&Path>,
) -> Result<u8, SandboxError> {
    let Some((program, arguments)) = command.split_first() else {
        return Ok(0);
    };
    let mut command = Command::new(program);
    command.args(arguments).envs(sandbox.environment());
    if let Some(path) = bin.and_then(search_path) {
        command.env("PATH", path);
    }
    wait(command, program).await.map(exit_code)
}

/// `PATH` with `bin` in front.
fn search_path(bin: &Path) -> Option<OsString> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::iter::once(PathBuf::from(bin)).chain(std::env::split_paths(&path)))
        .ok()
}

/// Runs the command, and passes signals on to it until it ends.
async fn wait(mut command: Command, program: &OsStr) -> Result<ExitStatus, SandboxError> {
    let catch = |kind| signal(kind).map_err(SandboxError::io("cannot wait for signals"));
    // Before the command is there: a signal that comes now is for it.
    let mut interrupt = catch(SignalKind::interrupt())?;
    let mut quit = catch(SignalKind::quit())?;
    let mut terminate = catch(SignalKind::terminate())?;
    let mut hangup = catch(SignalKind::hangup())?;
    let mut child = command.spawn().map_err(|source| SandboxError::Command {
        command: program.to_string_lossy().into_owned(),
        source,
    })?;
    let pid = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
    let pass_on = |signal| {
        if let Some(pid) = pid {
            // It may have ended just now.
            let _ = kill_process(pid, signal);
        }
    };
    loop {
        tokio::select! {
            status = child.wait() => {
                return status.map_err(SandboxError::io("cannot wait for the command"));
            }
            Some(()) = interrupt.recv() => if !at_terminal() { pass_on(Signal::INT) },
            Some(()) = quit.recv() => if !at_terminal() { pass_on(Signal::QUIT) },
            Some(()) = terminate.recv() => pass_on(Signal::TERM),
            Some(()) = hangup.recv() => pass_on(Signal::HUP),
        }
    }
}

/// Whether this process is in the foreground of a terminal: then the terminal's Ctrl-C has reached
/// the command already, which is in the same process group, and must not arrive twice.
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

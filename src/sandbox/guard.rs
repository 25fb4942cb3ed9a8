//! The guardian: a second process that cleans up when the first is gone, whatever ended it.
//!
//! It holds the reading end of a pipe whose writing end only its parent has. The parent's end, even
//! by SIGKILL, closes the pipe; then the guardian stops the daemons and removes the directory. It
//! is in a process group of its own, so that what is typed at the terminal, or `kill -- -GROUP`,
//! does not reach it.

use std::io::{self, Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::Sandbox;
use super::error::SandboxError;

/// What the parent writes when the sandbox is to go on without it.
const KEEP: &[u8] = b"keep\n";

/// The parent's hold on its guardian.
#[derive(Debug)]
pub(super) struct Guard(Child);

impl Guard {
    /// Starts `binary sandbox guard DIR`.
    pub(super) fn spawn(binary: &Path, dir: &Path) -> Result<Self, SandboxError> {
        Command::new(binary)
            .args(["sandbox", "guard"])
            .arg(dir)
            // Nothing of ours may keep it from its work: no variable, no directory.
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map(Self)
            .map_err(SandboxError::io(format!("cannot run {}", binary.display())))
    }

    /// Dismisses the guardian, and leaves the sandbox running.
    pub(super) fn keep(mut self) {
        if let Some(stdin) = &mut self.0.stdin {
            // If it is gone, it guards no more either.
            let _ = stdin.write_all(KEEP);
        }
    }
}

impl Drop for Guard {
    /// Closes the pipe, and waits until the guardian has done its work.
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// The guardian's whole life: waits for the end of standard input, then stops the sandbox in `dir`,
/// unless it was told to keep it.
///
/// # Errors
///
/// The sandbox cannot be stopped.
pub fn main(dir: &Path) -> Result<(), SandboxError> {
    let mut said = Vec::new();
    // An error ends the waiting as the end does; more than the one word is never sent.
    let _ = io::stdin().take(64).read_to_end(&mut said);
    if said == KEEP {
        return Ok(());
    }
    match Sandbox::stop(dir) {
        // The parent has cleaned up by itself.
        Err(SandboxError::NotASandbox { .. }) => Ok(()),
        other => other,
    }
}

//! The guardian: a second process that cleans up when the first ends, for whatever reason.
//!
//! It holds the read end of a pipe whose write end only its parent has. When the parent ends, even by
//! SIGKILL, the pipe is closed; then the guardian stops the daemons and removes the directory. It is in a
//! process group of its own, so that neither signals from the terminal nor `kill -- -GROUP` reach it.

use std::io::{self, Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::Sandbox;
use super::error::SandboxError;

/// The parent writes this if the sandbox is to outlive it.
const KEEP: &[u8] = b"keep\n";

/// The parent's handle of its guardian.
#[derive(Debug)]
pub(super) struct Guard(Child);

impl Guard {
    /// Starts `binary sandbox guard DIR`.
    pub(super) fn spawn(binary: &Path, dir: &Path) -> Result<Self, SandboxError> {
        Command::new(binary)
            .args(["sandbox", "guard"])
            .arg(dir)
            // It inherits no variable, and keeps no directory busy.
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
            // An error means that the guardian is gone, and will not stop the sandbox either.
            let _ = stdin.write_all(KEEP);
        }
    }
}

impl Drop for Guard {
    /// Closes the pipe, and waits until the guardian has cleaned up.
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// The guardian process: waits for the end of standard input, then stops the sandbox in `dir`, unless the
/// parent wrote `keep`.
///
/// # Errors
///
/// The sandbox cannot be stopped.
pub fn main(dir: &Path) -> Result<(), SandboxError> {
    let mut said = Vec::new();
    // A read error counts as the end of input. The limit bounds what is read: only [`KEEP`] is ever sent.
    let _ = io::stdin().take(64).read_to_end(&mut said);
    if said == KEEP {
        return Ok(());
    }
    match Sandbox::stop(dir) {
        // The parent has cleaned up itself.
        Err(SandboxError::NotASandbox { .. }) => Ok(()),
        other => other,
    }
}

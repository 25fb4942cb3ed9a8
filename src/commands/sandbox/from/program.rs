//! Programs that are run to their end.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::thread;

use crate::commands::{Exit, Failure};

/// Maximum length of a reason that is repeated, in characters.
const MAX_REASON: usize = 400;

/// The end of a program.
pub(super) struct Ended {
    pub(super) is_success: bool,
    pub(super) output: Vec<u8>,
    pub(super) errors: String,
}

impl Ended {
    /// The last line that it wrote to stderr: remarks may precede it.
    pub(super) fn last_error(&self) -> String {
        let line = self.errors.lines().next_back().unwrap_or("no message");
        line.strip_prefix("ovs: ").unwrap_or(line).to_owned()
    }

    /// Why the first line of its input that was refused was: `ovs: standard input, line 3: WHY`.
    pub(super) fn first_refusal(&self) -> Option<String> {
        self.errors.lines().find_map(|line| {
            let (_, rest) = line.split_once(", line ")?;
            let (_, why) = rest.split_once(": ")?;
            Some(why.chars().take(MAX_REASON).collect())
        })
    }
}

/// Runs a program to its end, with this standard input.
///
/// # Errors
///
/// It cannot be run.
pub(super) fn run(mut command: Command, input: Option<&[u8]>) -> Result<Ended, Failure> {
    let program = command.get_program().to_string_lossy().into_owned();
    let failed = |error| Failure::new(Exit::Failed, format!("cannot run {program}: {error}"));
    let mut child = command
        .stdin(match input {
            Some(_) => Stdio::piped(),
            None => Stdio::null(),
        })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let stdin = child.stdin.take();
    let ended = thread::scope(|scope| {
        if let (Some(mut stdin), Some(input)) = (stdin, input) {
            // A program that does not read its input says why on stderr.
            scope.spawn(move || {
                let _ = stdin.write_all(input);
            });
        }
        child.wait_with_output()
    });
    let ended = ended.map_err(failed)?;
    Ok(Ended {
        is_success: ended.status.success(),
        output: ended.stdout,
        errors: String::from_utf8_lossy(&ended.stderr).into_owned(),
    })
}

//! The destination of messages besides the output: stderr, or the captured output of a watched command.

use std::io::{self, Write as _};

use super::capture::CapturedOutput;
use super::failure::one_line;
use super::{Failure, progress};
use crate::source::Log;

/// Writes messages that are not part of the output.
#[derive(Debug, Default)]
pub(super) struct Reporter {
    pub(super) quiet: bool,
    pub(super) verbose: bool,
    /// The captured output while the command is watched; `None`: stdout and stderr are used.
    pub(super) capture: Option<CapturedOutput>,
}

impl Log for Reporter {
    /// Writes a remark to stderr, unless quiet.
    fn remark(&self, text: &str) {
        match &self.capture {
            _ if self.quiet => {}
            Some(capture) => capture.remark(text),
            None => progress::aside(|| {
                let _ = writeln!(io::stderr(), "{}", one_line(text));
            }),
        }
    }

    /// Logs a step to stderr, if verbose.
    fn detail(&self, text: &str) {
        if self.verbose && self.capture.is_none() {
            progress::aside(|| {
                let _ = writeln!(io::stderr(), "ovs: {}", one_line(text));
            });
        }
    }
}

impl Reporter {
    /// Writes a failure to stderr; the command continues.
    pub(super) fn say(&self, failure: &Failure) {
        match &self.capture {
            Some(capture) => capture.remark(&failure.message),
            None => failure.say(self.quiet),
        }
    }
}

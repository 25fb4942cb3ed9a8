//! Where what a command has to say besides its answer goes: to stderr, or, while it is watched, to its capture.

use std::io::{self, Write as _};

use super::capture::CapturedOutput;
use super::failure::one_line;
use super::{Failure, progress};
use crate::source::Log;

/// Tells the user what is no answer.
#[derive(Debug, Default)]
pub(super) struct Reporter {
    pub(super) quiet: bool,
    pub(super) verbose: bool,
    /// Where what is to be shown goes while the command is watched; `None`: stdout and stderr.
    pub(super) capture: Option<CapturedOutput>,
}

impl Log for Reporter {
    /// A remark on stderr, unless quiet.
    fn remark(&self, text: &str) {
        match &self.capture {
            _ if self.quiet => {}
            Some(capture) => capture.remark(text),
            None => progress::aside(|| {
                let _ = writeln!(io::stderr(), "{}", one_line(text));
            }),
        }
    }

    /// What is done, on stderr, if it was asked for.
    fn detail(&self, text: &str) {
        if self.verbose && self.capture.is_none() {
            progress::aside(|| {
                let _ = writeln!(io::stderr(), "ovs: {}", one_line(text));
            });
        }
    }
}

impl Reporter {
    /// Says what failed, where the command goes on nevertheless.
    pub(super) fn say(&self, failure: &Failure) {
        match &self.capture {
            Some(capture) => capture.remark(&failure.message),
            None => failure.say(self.quiet),
        }
    }
}

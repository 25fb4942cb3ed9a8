//! The destination of messages besides the output: stderr, or the captured output of a watched command.

use std::io::{self, Write as _};

use std::rc::Rc;

use super::capture::CapturedOutput;
use super::failure::one_line;
use super::host_run::HostRun;
use super::{Failure, progress};
use crate::source::Log;

/// Writes messages that are not part of the output.
#[derive(Debug, Default)]
pub(super) struct Reporter {
    pub(super) quiet: bool,
    pub(super) verbose: bool,
    /// The captured output while the command is watched; `None`: stdout and stderr are used.
    pub(super) capture: Option<CapturedOutput>,
    /// The run of one host of several, whose name stands before each message.
    pub(super) host: Option<Rc<HostRun>>,
}

impl Log for Reporter {
    /// Writes a remark to stderr, unless quiet.
    fn remark(&self, text: &str) {
        match &self.capture {
            _ if self.quiet => {}
            Some(capture) => capture.remark(text),
            None => progress::aside(|| {
                let text = match &self.host {
                    // One form for all lines of a host, errors and remarks.
                    Some(_) => {
                        let text = text.strip_prefix("ovs: ").unwrap_or(text);
                        format!("ovs: {}{}", self.of_host(), one_line(text))
                    }
                    None => one_line(text),
                };
                let _ = writeln!(io::stderr(), "{text}");
            }),
        }
    }

    fn sends_change(&self) {
        if let Some(run) = &self.host {
            run.sends_change();
        }
    }

    /// Logs a step to stderr, if verbose.
    fn detail(&self, text: &str) {
        if self.verbose && self.capture.is_none() {
            progress::aside(|| {
                let _ = writeln!(io::stderr(), "ovs: {}{}", self.of_host(), one_line(text));
            });
        }
    }
}

impl Reporter {
    /// Writes a failure to stderr; the command continues.
    pub(super) fn say(&self, failure: &Failure) {
        match (&self.capture, &self.host) {
            (Some(capture), _) => capture.remark(&failure.message),
            (None, Some(host)) => host.say(failure, self.quiet),
            (None, None) => failure.say(self.quiet),
        }
    }

    /// `compute07: `, if there are several hosts.
    fn of_host(&self) -> String {
        let host = self.host.as_deref();
        host.map_or_else(String::new, |host| format!("{}: ", one_line(&host.name)))
    }
}

//! The line on a terminal that shows a step that takes long.
//!
//! It is shown on stderr, if that is a terminal, after half a second, and erased before anything else is
//! written to the terminal; it never appears between the rows of the output.

use std::io::{self, IsTerminal as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output::escape;

/// Delay before the line is shown.
const PATIENCE: Duration = Duration::from_millis(500);
const TICK: Duration = Duration::from_millis(100);

/// The current line: a process has one terminal.
static LINE: Mutex<Option<ProgressBar>> = Mutex::new(None);
/// Whether there is a line. (Most output only needs this.)
static ANY: AtomicBool = AtomicBool::new(false);

/// A step, until it is dropped.
#[derive(Debug)]
pub(super) struct Progress {
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Begins a step, shown if `is_shown`. If an outer step is active, its line stays.
    pub(super) fn begin(is_shown: bool, what: &str) -> Progress {
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        if !is_shown || dumb || !io::stderr().is_terminal() {
            return Progress { bar: None };
        }
        let mut line = line();
        if line.is_some() {
            return Progress { bar: None };
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
            bar.set_style(style);
        }
        bar.set_message(escape(what));
        *line = Some(bar.clone());
        ANY.store(true, Ordering::Relaxed);
        drop(line);
        let late = bar.clone();
        let show = move || {
            thread::sleep(PATIENCE);
            // Locked, so that it cannot end meanwhile.
            let line = self::line();
            if line.is_some() && !late.is_finished() {
                late.set_draw_target(ProgressDrawTarget::stderr());
                late.enable_steady_tick(TICK);
            }
        };
        // Without the thread no line is shown.
        let _ = thread::Builder::new()
            .name("progress".to_owned())
            .spawn(show);
        Progress { bar: Some(bar) }
    }

    /// Sets the text of the line.
    pub(super) fn say(&self, what: impl FnOnce() -> String) {
        if let Some(bar) = &self.bar {
            bar.set_message(escape(&what()));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.bar.is_some() {
            end();
        }
    }
}

/// Writes to stderr with the line erased.
pub(super) fn aside(write: impl FnOnce()) {
    if !ANY.load(Ordering::Relaxed) {
        return write();
    }
    match &*line() {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}

/// Marks that the output begins: a terminal no longer shows the line.
pub(super) fn answer_begins() {
    if ANY.load(Ordering::Relaxed) && io::stdout().is_terminal() {
        end();
    }
}

fn end() {
    let mut line = line();
    if let Some(bar) = line.take() {
        bar.finish_and_clear();
    }
    ANY.store(false, Ordering::Relaxed);
}

fn line() -> MutexGuard<'static, Option<ProgressBar>> {
    LINE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A size as `12.3 MB`, in powers of ten.
pub(super) fn bytes(count: u64) -> String {
    let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1000, "kB")];
    for (unit, name) in units {
        if count >= unit {
            return format!("{}.{} {name}", count / unit, count % unit * 10 / unit);
        }
    }
    format!("{count} B")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_in_powers_of_ten() {
        for (count, expected) in [
            (999, "999 B"),
            (1000, "1.0 kB"),
            (12_345_678, "12.3 MB"),
            (u64::MAX, "18446744073.7 GB"),
        ] {
            assert_eq!(bytes(count), expected);
        }
    }
}

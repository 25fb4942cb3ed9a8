//! `--watch`: runs a command repeatedly and shows its changes.
//!
//! Each run captures its output as a [`Frame`] in a `CapturedOutput`. Two consecutive frames are compared and
//! the differences shown: a [`Screen`] is redrawn, a [`Stream`] appends. So every command that prints lists
//! can be watched without code of its own.
//!
//! The runs also determine when the next one starts. The parts of the database that they read are monitored,
//! and a change starts the next run; so do the changes of flows, where the switch has a flow monitor. What else is
//! read from a switch it does not report: these commands are repeated at an interval.

mod reader;

use std::future::pending;
use std::io::{self, IsTerminal as _};
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime};

use super::capture::WatchInterval;
use super::context::print;
use super::signals::{Signal, Signals};
use super::{Command, Context, Exit, Failure};
use crate::output::{Format, Frame, Head, Mode, Screen, Stream, clock};
use reader::Reader;

/// Delay after a change: ovs-vswitchd usually reacts with changes of its own.
const SETTLE: Duration = Duration::from_millis(40);
/// Delay before the first retry after a failure; it doubles with every retry.
const RETRY: Duration = Duration::from_millis(250);
const LONGEST_RETRY: Duration = Duration::from_secs(5);

/// Watches the command until a signal ends it or stdout is closed.
pub(super) async fn watch(
    cx: &Context,
    command: &Command,
    interval: WatchInterval,
) -> Result<ExitCode, Failure> {
    let mut watch = Watcher::new(cx, command, interval);
    let mut reader = Reader::new();
    let mut signals = if watch.out.is_screen() {
        Signals::of_screen()
    } else {
        Signals::none()
    };
    let mut why = Trigger::Time;
    loop {
        tokio::select! {
            biased;
            signal = signals.next() => match signal {
                Signal::Resized => {
                    watch.measure();
                    why = Trigger::Resized;
                }
                Signal::Ends(code) => return Ok(code.into()),
            },
            () = reader.gone() => return Ok(Exit::Done.into()),
            outcome = watch.step(why) => why = outcome?,
        }
    }
}

/// The reason for a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trigger {
    /// The interval has passed, or the database has changed.
    Time,
    /// The terminal was resized.
    Resized,
}

struct Watcher<'c> {
    command: &'c Command,
    options: &'c Context,
    /// The context of the runs: it has the connection to the database.
    cx: Context,
    interval: WatchInterval,
    out: WatchOutput,
    what: String,
    /// The last output, and the one that its changes are relative to.
    now: Option<TimedFrame>,
    before: Option<TimedFrame>,
    remarks: Vec<String>,
    /// The duration of the last run.
    took: Duration,
    asked_a_switch: bool,
    failure: Option<ReadFailure>,
}

/// The output of a run, and its time.
struct TimedFrame {
    frame: Frame,
    at: Instant,
    time: SystemTime,
}

impl TimedFrame {
    fn of_now(frame: Frame) -> TimedFrame {
        TimedFrame {
            frame,
            at: Instant::now(),
            time: SystemTime::now(),
        }
    }
}

/// The failure of the last run.
struct ReadFailure {
    message: String,
    since: SystemTime,
    next: Duration,
}

enum WatchOutput {
    Screen { screen: Screen, height: usize },
    Stream(Stream),
}

impl WatchOutput {
    fn is_screen(&self) -> bool {
        matches!(self, WatchOutput::Screen { .. })
    }
}

impl<'c> Watcher<'c> {
    fn new(options: &'c Context, command: &'c Command, interval: WatchInterval) -> Watcher<'c> {
        let terminal = io::stdout().is_terminal();
        let out = match options.format.mode {
            Mode::Table => WatchOutput::Screen {
                screen: Screen::new(terminal),
                height: usize::MAX,
            },
            _ => WatchOutput::Stream(Stream::new(&options.format)),
        };
        let words = std::env::args_os().skip(1);
        let words: Vec<String> = words.map(|w| w.to_string_lossy().into_owned()).collect();
        let mut watch = Watcher {
            command,
            options,
            cx: options.for_watching(),
            interval,
            out,
            what: command_line(&words),
            now: None,
            before: None,
            remarks: Vec::new(),
            took: Duration::ZERO,
            asked_a_switch: false,
            failure: None,
        };
        watch.measure();
        watch
    }

    /// Reads the size of the terminal.
    fn measure(&mut self) {
        let WatchOutput::Screen { height, .. } = &mut self.out else {
            return;
        };
        if let Some((wide, high)) = terminal_size::terminal_size_of(io::stdout()) {
            *height = usize::from(high.0);
            self.cx.format.width = Some(usize::from(wide.0)).filter(|width| *width > 0);
        }
    }

    /// Runs the command once, then waits; returns the reason for the next run. May be cancelled while it
    /// waits.
    async fn step(&mut self, why: Trigger) -> Result<Trigger, Failure> {
        self.refresh(why).await?;
        Ok(self.wait().await)
    }

    async fn refresh(&mut self, why: Trigger) -> Result<(), Failure> {
        if self.cx.database.is_lost() {
            let width = self.cx.format.width;
            self.cx = self.options.for_watching();
            self.cx.format.width = width;
        }
        let Some(capture) = self.cx.capture() else {
            return Ok(());
        };
        capture.begin();
        let began = Instant::now();
        let outcome = self.command.once(&self.cx).await;
        self.took = began.elapsed();
        // A run that failed may not have read all.
        self.asked_a_switch &= outcome.is_err();
        self.asked_a_switch |= capture.asked_a_switch.get();
        let frame = capture.frame.take();
        let remarks = capture.remarks.take();
        let frame = match (outcome, frame) {
            (Ok(_), Some(frame)) => frame,
            // No output: an empty frame.
            (Ok(_), None) => Frame::default(),
            (Err(failure), _) if self.now.is_none() || failure.exit == Exit::Usage => {
                return Err(failure);
            }
            (Err(failure), _) => return self.failed(&failure),
        };
        self.remark(remarks);
        self.seen(frame, why)
    }

    /// Sets the remarks: a screen shows them in its heading, a stream prints each once.
    fn remark(&mut self, remarks: Vec<String>) {
        if !self.out.is_screen() {
            let new = remarks
                .iter()
                .filter(|remark| !self.remarks.contains(remark));
            for remark in new {
                self.options.remark(remark);
            }
        }
        self.remarks = remarks;
    }

    /// Takes the output of a successful run.
    fn seen(&mut self, mut frame: Frame, why: Trigger) -> Result<(), Failure> {
        let recovered = self.failure.take().is_some();
        if recovered && !self.out.is_screen() {
            self.options.remark("ovs: connected again");
        }
        if let (Trigger::Resized, Some(now)) = (why, &mut self.now) {
            // The same differences as before, on a resized screen.
            frame.added.append(&mut now.frame.added);
            frame.removed.extend(now.frame.removed.drain());
            self.now = Some(TimedFrame::of_now(frame));
            return self.print();
        }
        let seen = TimedFrame::of_now(frame);
        // Changes stay marked until the next change; if a switch is polled, until the next run.
        let is_new = match &self.now {
            None => true,
            Some(now) => {
                self.asked_a_switch || !seen.frame.compare(Some(&now.frame), None).is_empty()
            }
        };
        if !is_new {
            if let Some(now) = &mut self.now {
                now.at = seen.at;
            }
            // A stream has printed everything already.
            return if recovered && self.out.is_screen() {
                self.print()
            } else {
                Ok(())
            };
        }
        self.before = self.now.replace(seen);
        self.print()
    }

    /// Handles a failed run: the last output is kept, unless the named object no longer exists.
    fn failed(&mut self, failure: &Failure) -> Result<(), Failure> {
        let (since, next) = match &self.failure {
            Some(failed) => (failed.since, (failed.next * 2).min(LONGEST_RETRY)),
            None => (SystemTime::now(), RETRY),
        };
        let is_gone = failure.exit == Exit::NotFound;
        let message = if is_gone {
            format!(
                "since {}: {}; waiting for it",
                clock(since),
                failure.message
            )
        } else {
            format!("disconnected since {}: {}", clock(since), failure.message)
        };
        let is_news = self.failure.is_none();
        if is_gone && let Some(now) = self.now.as_ref().filter(|now| !now.frame.is_empty()) {
            let nothing = TimedFrame::of_now(Frame {
                items: Vec::new(),
                added: Vec::new(),
                ..now.frame.clone()
            });
            self.before = self.now.replace(nothing);
            if !self.out.is_screen() {
                self.print()?;
            }
        }
        self.failure = Some(ReadFailure {
            message,
            since,
            next,
        });
        match &self.out {
            WatchOutput::Screen { .. } => self.print(),
            WatchOutput::Stream(_) if is_news => {
                let end = if is_gone {
                    "waiting for it"
                } else {
                    "trying again"
                };
                self.options
                    .remark(&format!("ovs: {}; {end}", failure.message));
                Ok(())
            }
            WatchOutput::Stream(_) => Ok(()),
        }
    }

    /// Prints the last output, with the changes relative to the one before.
    fn print(&mut self) -> Result<(), Failure> {
        let Some(now) = &self.now else {
            return Ok(());
        };
        let elapsed = self
            .before
            .as_ref()
            .map(|before| now.at.duration_since(before.at));
        let before = self.before.as_ref().map(|before| &before.frame);
        let changes = now.frame.compare(before, elapsed);
        let text = match &mut self.out {
            WatchOutput::Stream(stream) => stream.lines(&now.frame, &changes, now.time),
            WatchOutput::Screen { screen, height } => {
                let pace = if self.asked_a_switch {
                    format!("every {} s", self.interval.poll().as_secs_f64())
                } else {
                    "on change".to_owned()
                };
                let head = Head {
                    what: &self.what,
                    pace: &pace,
                    time: now.time,
                    error: self.failure.as_ref().map(|failed| failed.message.as_str()),
                    remarks: &self.remarks,
                };
                let format = Format {
                    palette: self.options.format.palette,
                    ..self.cx.format.clone()
                };
                screen.draw(&head, &now.frame, &changes, &format, *height)
            }
        };
        print(&text)
    }

    /// Waits for the next run; returns its reason.
    async fn wait(&self) -> Trigger {
        if let Some(failed) = &self.failure {
            // A change of the database may come first: the missing object may exist again.
            let next = failed.next;
            let gone = self.now.as_ref().is_some_and(|now| now.frame.is_empty());
            tokio::select! {
                () = tokio::time::sleep(next) => {}
                () = self.cx.database.changed(), if gone => {}
            }
            return Trigger::Time;
        }
        let since = self
            .now
            .as_ref()
            .map_or(Duration::ZERO, |now| now.at.elapsed());
        let next_poll = async {
            if self.asked_a_switch {
                tokio::time::sleep(self.interval.poll().saturating_sub(since)).await;
            } else {
                pending::<()>().await;
            }
        };
        // Rates refer to the requested interval.
        let counts = self.now.as_ref().is_some_and(|now| now.frame.counts());
        let rings = !(self.asked_a_switch && counts);
        let flows_changed = async {
            match self.cx.capture() {
                Some(capture) => capture.monitors.changed().await,
                None => pending().await,
            }
        };
        let changed = async {
            tokio::select! {
                () = self.cx.database.changed() => {}
                () = flows_changed => {}
            }
        };
        tokio::select! {
            () = next_poll => Trigger::Time,
            () = changed, if rings => {
                tokio::time::sleep(SETTLE).await;
                let least = self.interval.least().max(self.took);
                let since = self.now.as_ref().map_or(Duration::ZERO, |now| now.at.elapsed());
                tokio::time::sleep(least.saturating_sub(since)).await;
                Trigger::Time
            }
        }
    }
}

/// The command line in the form in which it can be typed.
fn command_line(words: &[String]) -> String {
    let is_plain = |word: &&String| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_=.,:/+%@".contains(c);
        !word.is_empty() && word.chars().all(plain)
    };
    let words = words.iter().map(|word| {
        if is_plain(&word) {
            word.clone()
        } else {
            shell_words::quote(word).into_owned()
        }
    });
    let words: Vec<String> = words.collect();
    format!("ovs {}", words.join(" "))
}

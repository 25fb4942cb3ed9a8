//! SIGINT and SIGTERM during a change: the state of the change is reported before the signal has its default
//! effect.
//!
//! Before the transaction is sent there is nothing to report, and signals have their default effect. From
//! then on they are held, and received by a thread, so that a blocked write to a pipe does not delay them.
//! Starting and ending a thread takes longer than most changes: it is started only if the database takes long
//! to reply, or if writing the report may block.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;
use tokio::time::timeout;

use crate::commands::signals::heeded;
use crate::commands::{Context, Exit, Failure};

/// Maximum delay of a signal.
const A_WHILE: Duration = Duration::from_millis(20);

/// A pipe that is ready for writing accepts this many bytes (pipe(7), `PIPE_BUF`), less some for an error
/// message.
const AT_ONCE: usize = 2048;

/// The progress of a change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum ChangeStage {
    /// Nothing is sent, or the transaction was refused.
    #[default]
    Nothing,
    /// The transaction is sent; its result is unknown.
    Sent,
    /// It is committed.
    Written,
    /// ovs-vswitchd has processed it, but could not apply all of it.
    NotApplied,
    /// ovs-vswitchd has applied it.
    Applied,
    /// The ports that the switch refused are being removed.
    TakingOut,
    /// The change is made, and reported.
    Reported,
}

impl ChangeStage {
    /// The message about the state of the change, and the hint.
    fn words(self) -> Option<(&'static str, &'static str)> {
        match self {
            ChangeStage::Nothing | ChangeStage::Reported => None,
            ChangeStage::Sent => Some((
                "the change was sent, but the database has not answered: whether it is written is not known",
                super::SHOW_HINT,
            )),
            ChangeStage::Written => Some((
                "the change is written to the database, but ovs-vswitchd has not confirmed it",
                "it stays written, and ovs-vswitchd applies it; `ovs check` says when it has not",
            )),
            ChangeStage::NotApplied => Some((
                "the change is written to the database, but not all of it is applied",
                "`ovs check` says what is not applied",
            )),
            ChangeStage::Applied => Some((
                "the change is made; only its report is lost",
                "`ovs show` shows what is there",
            )),
            ChangeStage::TakingOut => Some((
                "the switch refused the port, and whether it is taken out again is not known",
                "`ovs port show` shows whether it is there, `ovs port del` takes it out",
            )),
        }
    }
}

/// Holds signals during a change, and records its progress for their report.
#[derive(Debug, Default)]
pub(super) struct SignalGuard {
    /// The signal thread keeps the lock to the end, so that the reported stage stays true.
    stage: Arc<Mutex<ChangeStage>>,
    quiet: bool,
    /// The signals to hold.
    heeded: Vec<i32>,
    is_held: Cell<bool>,
    /// The held signals, until the thread takes them.
    held: RefCell<Option<Signals>>,
}

impl SignalGuard {
    /// Prepares to hold signals; none is held yet. Of several hosts, the run of all of them handles signals.
    pub(super) fn of(cx: &Context) -> SignalGuard {
        match cx.host_run() {
            Some(_) => SignalGuard::default(),
            None => SignalGuard::prepare(cx.quiet),
        }
    }

    fn prepare(quiet: bool) -> SignalGuard {
        SignalGuard {
            stage: Arc::default(),
            quiet,
            heeded: heeded(&[SIGINT, SIGTERM]),
            is_held: Cell::new(false),
            held: RefCell::new(Signals::new([] as [i32; 0]).ok()),
        }
    }

    /// Holds signals from now on, for [`SignalGuard::during`] and [`SignalGuard::reports`]. If that fails,
    /// they keep their default effect.
    pub(super) fn hold_signals(&self) {
        if self.is_held.replace(true) {
            return;
        }
        let hold = |signals: &Signals| {
            let mut heeded = self.heeded.iter();
            heeded.all(|signal| signals.add_signal(*signal).is_ok())
        };
        let held = self.held.take().filter(hold);
        *self.held.borrow_mut() = held;
    }

    /// Runs `work`; signals are received if it takes more than a moment.
    pub(super) async fn during<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        if let Ok(done) = timeout(A_WHILE, &mut work).await {
            return done;
        }
        self.wait_for_signals();
        work.await
    }

    /// Announces a report of this length; signals are received meanwhile if writing it may block.
    pub(super) fn reports(&self, bytes: usize) {
        if bytes > AT_ONCE || may_take_a_while(&io::stdout()) || may_take_a_while(&io::stderr()) {
            self.wait_for_signals();
        }
    }

    /// Starts the thread that waits for signals, unless it runs already.
    fn wait_for_signals(&self) {
        if !self.is_held.get() {
            return;
        }
        let Some(mut signals) = self.held.take() else {
            return;
        };
        let (stage, quiet) = (Arc::clone(&self.stage), self.quiet);
        let _ = thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || {
                for signal in signals.forever() {
                    let stage = stage.lock().unwrap_or_else(PoisonError::into_inner);
                    // The process is about to exit.
                    if *stage != ChangeStage::Reported {
                        say(signal, *stage, quiet);
                        let _ = emulate_default_handler(signal);
                    }
                }
            });
    }

    /// Records the progress.
    pub(super) fn reached(&self, stage: ChangeStage) {
        *self.stage.lock().unwrap_or_else(PoisonError::into_inner) = stage;
    }
}

/// Whether a write may block: a terminal may be stopped, a pipe full.
fn may_take_a_while(to: &(impl AsFd + IsTerminal)) -> bool {
    let mut fds = [PollFd::new(to, PollFlags::OUT)];
    let polled = poll(&mut fds, Some(&Timespec::default()));
    let [fd] = fds;
    // A write to a closed file fails immediately.
    to.is_terminal() || polled.is_err() || fd.revents().is_empty()
}

fn say(signal: i32, stage: ChangeStage, quiet: bool) {
    let (exit, word) = match signal {
        SIGINT => (Exit::Interrupted, "interrupted"),
        _ => (Exit::Terminated, "terminated"),
    };
    if let Some((what, hint)) = stage.words() {
        Failure::new(exit, format!("{word}: {what}"))
            .hint(hint)
            .say(quiet);
    }
}

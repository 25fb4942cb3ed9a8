//! The signals that matter to a picture on a terminal.

use std::future::pending;

use tokio::signal::unix::{self, SignalKind};

use crate::commands::Exit;

/// What a signal asks for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Signal {
    /// The terminal has another size.
    Resized,
    /// End, with this code.
    Ends(Exit),
}

/// The signals. Where there is no picture, those that end a process end it as ever.
pub(super) struct Signals {
    resized: Option<unix::Signal>,
    interrupted: Option<unix::Signal>,
    terminated: Option<unix::Signal>,
}

impl Signals {
    pub(super) fn new(on_screen: bool) -> Signals {
        let listen = |kind| on_screen.then(|| unix::signal(kind).ok()).flatten();
        Signals {
            resized: listen(SignalKind::window_change()),
            interrupted: listen(SignalKind::interrupt()),
            terminated: listen(SignalKind::terminate()),
        }
    }

    /// The next one. A picture is written whole before it is heard.
    pub(super) async fn next(&mut self) -> Signal {
        tokio::select! {
            () = heard(&mut self.resized) => Signal::Resized,
            () = heard(&mut self.interrupted) => Signal::Ends(Exit::Interrupted),
            () = heard(&mut self.terminated) => Signal::Ends(Exit::Terminated),
        }
    }
}

async fn heard(signal: &mut Option<unix::Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => pending().await,
    }
}

//! The signals that a command handles itself: `--watch` on a terminal, a change of several hosts.

use std::fs;
use std::future::pending;
use std::io;
use std::os::unix::net;

use signal_hook::consts::{SIGINT, SIGTERM, SIGWINCH};
use signal_hook::low_level::pipe;
use tokio::io::AsyncReadExt as _;
use tokio::net::UnixStream;

use super::Exit;

/// A signal's meaning.
#[derive(Debug, Clone, Copy)]
pub(super) enum Signal {
    /// The terminal has another size.
    Resized,
    /// The process ends with this exit code.
    Ends(Exit),
}

/// The signals that are handled; the others have their default effect.
pub(super) struct Signals {
    resized: Option<UnixStream>,
    interrupted: Option<UnixStream>,
    terminated: Option<UnixStream>,
}

impl Signals {
    /// None.
    pub(super) fn none() -> Signals {
        Signals {
            resized: None,
            interrupted: None,
            terminated: None,
        }
    }

    /// Those that end a process.
    pub(super) fn that_end() -> Signals {
        Signals {
            interrupted: listen(SIGINT).ok(),
            terminated: listen(SIGTERM).ok(),
            ..Signals::none()
        }
    }

    /// Those, and that the terminal has another size.
    pub(super) fn of_screen() -> Signals {
        Signals {
            resized: listen(SIGWINCH).ok(),
            ..Signals::that_end()
        }
    }

    /// Waits for the next signal. What is being written is completed first.
    pub(super) async fn next(&mut self) -> Signal {
        tokio::select! {
            () = received(&mut self.resized) => Signal::Resized,
            () = received(&mut self.interrupted) => Signal::Ends(Exit::Interrupted),
            () = received(&mut self.terminated) => Signal::Ends(Exit::Terminated),
        }
    }
}

/// Those of these signals that the process does not ignore: a background process of a shell ignores SIGINT, one of
/// nohup SIGHUP, and this must stay so.
pub(super) fn heeded(signals: &[i32]) -> Vec<i32> {
    let ignored = ignored();
    let heeded = signals.iter().copied();
    heeded
        .filter(|signal| ignored & (1 << (signal - 1)) == 0)
        .collect()
}

/// The signals that this process has been told to ignore, bit N for signal N + 1 (proc(5)).
fn ignored() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}

/// A socket that receives a byte for every signal.
fn listen(signal: i32) -> io::Result<UnixStream> {
    let (reader, writer) = net::UnixStream::pair()?;
    reader.set_nonblocking(true)?;
    let reader = UnixStream::from_std(reader)?;
    pipe::register(signal, writer)?;
    Ok(reader)
}

/// Waits for the signal; several pending ones count as one.
async fn received(signal: &mut Option<UnixStream>) {
    if let Some(signal) = signal
        && let Ok(1..) = signal.read(&mut [0; 64]).await
    {
        return;
    }
    pending::<()>().await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_signals_are_detected() {
        // Rust's runtime ignores SIGPIPE (13).
        assert_ne!(ignored() & (1 << 12), 0);
        assert_eq!(ignored() & (1 << (SIGTERM - 1)), 0);
    }
}

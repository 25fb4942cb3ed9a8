//! The limit on waiting without progress.

use std::fmt;
use std::future::Future;
use std::time::Duration;

/// Limits waiting for the other side without progress.
///
/// The limit applies to each call: give [`Patience::wait`] one step (one read, one write), not the whole
/// exchange, so that a long reply that keeps arriving never times out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// The longest wait for one step; `None`: no limit.
    pub limit: Option<Duration>,
}

/// Growing pauses between attempts: 1 ms, then twice the one before, at most 100 ms.
#[derive(Debug, Clone, Copy)]
pub struct Pauses {
    next: Duration,
}

/// Nothing happened within the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimedOut {
    /// The limit.
    pub limit: Duration,
}

impl Patience {
    /// Waits at most `limit` for each step; `None`: no limit.
    pub const fn new(limit: Option<Duration>) -> Self {
        Self { limit }
    }

    /// Returns the outcome of `step` if it completes within the limit.
    ///
    /// # Errors
    ///
    /// [`TimedOut`] if it does not.
    pub async fn wait<F: Future>(&self, step: F) -> Result<F::Output, TimedOut> {
        match self.limit {
            None => Ok(step.await),
            Some(limit) => tokio::time::timeout(limit, step)
                .await
                .map_err(|_| TimedOut { limit }),
        }
    }
}

impl Default for Pauses {
    fn default() -> Pauses {
        Pauses {
            next: Duration::from_millis(1),
        }
    }
}

impl Pauses {
    /// Waits before the next attempt.
    pub async fn pause(&mut self) {
        tokio::time::sleep(self.next).await;
        self.next = (self.next * 2).min(Duration::from_millis(100));
    }
}

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no reply within {} s", self.limit.as_secs_f64())
    }
}

impl std::error::Error for TimedOut {}

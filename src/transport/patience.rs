//! The limit on waiting without progress.

use std::fmt;
use std::future::Future;
use std::time::Duration;

/// How long to wait for the other side without any progress.
///
/// Every wait begins anew: give [`Patience::wait`] one step (one read, one write), not the whole
/// exchange, and a long answer that keeps coming never times out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// The longest wait for one step; `None` waits for ever.
    pub limit: Option<Duration>,
}

/// Nothing happened within the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimedOut {
    /// How long was waited.
    pub limit: Duration,
}

impl Patience {
    /// Waits at most `limit` for each step; `None` waits for ever.
    pub const fn new(limit: Option<Duration>) -> Self {
        Self { limit }
    }

    /// The outcome of `step`, if it comes within the limit.
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

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no answer within {} s", self.limit.as_secs_f64())
    }
}

impl std::error::Error for TimedOut {}

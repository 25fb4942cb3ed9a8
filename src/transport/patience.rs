//! The limit on waiting without progress.

use std::fmt;
use std::future::Future;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
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

/// Growing pauses between attempts: 1 ms, then twice the one before, at most 100 ms; each is shortened at random, by up
/// to half, so that processes that began together do not stay in step.
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
        tokio::time::sleep(self.next.mul_f64(1.0 - random_fraction() / 2.0)).await;
        self.next = (self.next * 2).min(Duration::from_millis(100));
    }
}

/// A random number from 0 to 1.
fn random_fraction() -> f64 {
    // Each of these hashers has other random keys.
    let bits = RandomState::new().build_hasher().finish();
    f64::from((bits >> 32) as u32) / f64::from(u32::MAX)
}

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no reply within {} s", self.limit.as_secs_f64())
    }
}

impl std::error::Error for TimedOut {}

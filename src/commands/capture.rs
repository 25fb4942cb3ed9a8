//! One look at a watched command: what it shows instead of printing it; and how often to look.

use std::cell::{Cell, RefCell};
use std::str::FromStr;
use std::time::Duration;

use crate::output::Frame;

/// How often to look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WatchInterval(Option<Duration>);

impl FromStr for WatchInterval {
    type Err = String;

    /// Seconds, at least a tenth; `auto` for none given.
    fn from_str(text: &str) -> Result<WatchInterval, String> {
        if text == "auto" {
            return Ok(WatchInterval(None));
        }
        let interval = text.parse().ok().map(Duration::try_from_secs_f64);
        match interval {
            Some(Ok(interval)) if interval >= MIN_INTERVAL => Ok(WatchInterval(Some(interval))),
            _ => Err(format!(
                "\"{}\" is not a number of seconds of at least {}",
                text.escape_debug(),
                MIN_INTERVAL.as_secs_f64()
            )),
        }
    }
}

/// The shortest interval between two readings.
const MIN_INTERVAL: Duration = Duration::from_millis(100);
/// The default interval between two readings of a switch.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(2);

impl WatchInterval {
    /// Between two looks at a switch.
    pub(super) fn poll(self) -> Duration {
        self.0.unwrap_or(DEFAULT_INTERVAL)
    }

    /// The least time between two looks.
    pub(super) fn least(self) -> Duration {
        self.0.unwrap_or(MIN_INTERVAL)
    }
}

/// What a command shows in one look, instead of printing it.
#[derive(Debug, Default)]
pub(super) struct CapturedOutput {
    pub(super) frame: RefCell<Option<Frame>>,
    pub(super) remarks: RefCell<Vec<String>>,
    pub(super) asked_a_switch: Cell<bool>,
}

impl CapturedOutput {
    /// What the command shows.
    pub(super) fn show(&self, frame: Frame) {
        self.frame.replace(Some(frame));
    }

    /// A remark.
    pub(super) fn remark(&self, text: &str) {
        self.remarks.borrow_mut().push(text.to_owned());
    }

    /// A switch is asked, which will not tell when its answer is no longer true.
    pub(super) fn asked_a_switch(&self) {
        self.asked_a_switch.set(true);
    }

    pub(super) fn begin(&self) {
        self.frame.take();
        self.remarks.take();
        self.asked_a_switch.set(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals() {
        assert_eq!("auto".parse(), Ok(WatchInterval(None)));
        assert_eq!("0.1".parse(), Ok(WatchInterval(Some(MIN_INTERVAL))));
        assert_eq!("3".parse(), Ok(WatchInterval(Some(Duration::from_secs(3)))));
        for wrong in ["0", "0.05", "-1", "", "x", "nan", "inf", "1e300"] {
            assert!(wrong.parse::<WatchInterval>().is_err(), "{wrong}");
        }
    }
}

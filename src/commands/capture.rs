//! The captured output of a watched command, and the interval at which it runs.

use std::cell::{Cell, RefCell};
use std::str::FromStr;
use std::time::Duration;

use super::flow_monitors::FlowMonitors;
use crate::output::Frame;

/// The interval between two runs of a watched command.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WatchInterval(Option<Duration>);

impl FromStr for WatchInterval {
    type Err = String;

    /// Parses seconds, at least 0.1; `auto` stands for the default.
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

/// The minimum interval between two runs.
const MIN_INTERVAL: Duration = Duration::from_millis(100);
/// The default interval between two runs of a command that reads from a switch.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(2);

impl WatchInterval {
    /// The interval between two reads from a switch.
    pub(super) fn poll(self) -> Duration {
        self.0.unwrap_or(DEFAULT_INTERVAL)
    }

    /// The minimum interval between two runs.
    pub(super) fn least(self) -> Duration {
        self.0.unwrap_or(MIN_INTERVAL)
    }
}

/// The output of one run of a watched command, captured instead of printed.
#[derive(Debug, Default)]
pub(super) struct CapturedOutput {
    pub(super) frame: RefCell<Option<Frame>>,
    pub(super) remarks: RefCell<Vec<String>>,
    pub(super) asked_a_switch: Cell<bool>,
    pub(super) monitors: FlowMonitors,
}

impl CapturedOutput {
    /// Captures the output.
    pub(super) fn show(&self, frame: Frame) {
        self.frame.replace(Some(frame));
    }

    /// Captures a remark.
    pub(super) fn remark(&self, text: &str) {
        self.remarks.borrow_mut().push(text.to_owned());
    }

    /// Records that the command read from a switch, which does not report changes by itself.
    pub(super) fn asked_a_switch(&self) {
        self.asked_a_switch.set(true);
    }

    /// Records that the switches report everything that was read from them, if they report all changes of flows.
    pub(super) fn asked_for_flows_only(&self) {
        if self.monitors.is_complete() {
            self.asked_a_switch.set(false);
        }
    }

    pub(super) fn begin(&self) {
        self.frame.take();
        self.remarks.take();
        self.asked_a_switch.set(false);
        self.monitors.begin();
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

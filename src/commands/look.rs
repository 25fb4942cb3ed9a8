//! One look at a watched command: what it shows instead of printing it; and how often to look.

use std::cell::{Cell, RefCell};
use std::str::FromStr;
use std::time::Duration;

use crate::output::Frame;

/// How often to look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace(Option<Duration>);

impl FromStr for Pace {
    type Err = String;

    /// Seconds, at least a tenth; `auto` for none given.
    fn from_str(text: &str) -> Result<Pace, String> {
        if text == "auto" {
            return Ok(Pace(None));
        }
        let pace = text.parse().ok().map(Duration::try_from_secs_f64);
        match pace {
            Some(Ok(pace)) if pace >= MIN_PACE => Ok(Pace(Some(pace))),
            _ => Err(format!(
                "\"{}\" is not a number of seconds of at least {}",
                text.escape_debug(),
                MIN_PACE.as_secs_f64()
            )),
        }
    }
}

/// The shortest interval between two readings.
const MIN_PACE: Duration = Duration::from_millis(100);
/// The default interval between two readings of a switch.
const DEFAULT_PACE: Duration = Duration::from_secs(2);

impl Pace {
    /// Between two looks at a switch.
    pub(super) fn poll(self) -> Duration {
        self.0.unwrap_or(DEFAULT_PACE)
    }

    /// The least time between two looks.
    pub(super) fn least(self) -> Duration {
        self.0.unwrap_or(MIN_PACE)
    }
}

/// What a command shows in one look, instead of printing it.
#[derive(Debug, Default)]
pub(super) struct Look {
    pub(super) frame: RefCell<Option<Frame>>,
    pub(super) remarks: RefCell<Vec<String>>,
    pub(super) asked_a_switch: Cell<bool>,
}

impl Look {
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
    fn paces() {
        assert_eq!("auto".parse(), Ok(Pace(None)));
        assert_eq!("0.1".parse(), Ok(Pace(Some(MIN_PACE))));
        assert_eq!("3".parse(), Ok(Pace(Some(Duration::from_secs(3)))));
        for wrong in ["0", "0.05", "-1", "", "x", "nan", "inf", "1e300"] {
            assert!(wrong.parse::<Pace>().is_err(), "{wrong}");
        }
    }
}

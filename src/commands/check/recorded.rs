//! What a file of `ovs save` records of a switch that could not be asked when the host was saved.

use crate::source::control::VSWITCHD;
use crate::source::saved::{MissingCause, PartSource, Report};

/// Why nothing was saved of a bridge; `None`: it was saved, or the reason was not recorded.
pub(super) fn of_bridge(report: &Report, bridge: &str) -> Option<MissingCause> {
    of(report, PartSource::Switch, bridge)
}

/// Why ovs-vswitchd did not reply at its control socket; `None` as in [`of_bridge`].
pub(super) fn of_daemon(report: &Report) -> Option<MissingCause> {
    of(report, PartSource::Control, VSWITCHD).or_else(|| {
        // It accepted the connection, and did not reply to the first command.
        let mut missing = report.missing.iter();
        let is_silent = missing.any(|missing| {
            missing.source == PartSource::Control
                && missing.name == VSWITCHD
                && missing.cause == MissingCause::NoReply
        });
        (is_silent && !report.replies.contains_key(VSWITCHD)).then_some(MissingCause::NoReply)
    })
}

fn of(report: &Report, source: PartSource, name: &str) -> Option<MissingCause> {
    let mut missing = report.missing.iter();
    let whole = missing
        .find(|missing| missing.source == source && missing.name == name && missing.part.is_none());
    whole.map(|missing| missing.cause)
}

//! The document of `ovs trace`.

use super::shape::{ObjectSchema, list, refer, text, whole};
use super::{Document, document, record};
use crate::commands::trace::{filled_headings, result_headings, step_headings};

/// What becomes of a packet: as `commands::trace` writes it.
pub(super) fn trace() -> Document {
    let whole_thing = ObjectSchema::new()
        .with("bridge", text())
        .with("flow", text())
        .with("request", text())
        .with("filled_in", list(refer("filled_in")))
        .with("target", list(text()))
        .with("verdict", text())
        .with("ways", list(refer("way")));
    let way = ObjectSchema::new()
        .with("verdict", text())
        .with("hashes", list(whole()))
        .with("results", list(refer("result")))
        .with("steps", list(refer("step")))
        .with("datapath_actions", list(text()));
    document(
        "ovs-trace",
        "What the switch does with a packet",
        whole_thing.closed(),
        [
            ("filled_in", record(&filled_headings()).closed()),
            ("way", way.closed()),
            ("result", record(&result_headings()).closed()),
            ("step", record(&step_headings()).closed()),
        ],
    )
}

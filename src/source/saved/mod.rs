//! Hosts that were saved: in a file of `ovs save`, a report, a database file, pasted text.
//!
//! | file | contents |
//! |---|---|
//! | [`report`] | what was saved of a host |
//! | [`switch`] | what was saved of a switch |

pub mod report;
pub mod switch;

pub use report::Report;
pub use switch::{Part, SavedSwitch};

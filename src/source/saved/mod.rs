//! Hosts that were saved: in a file of `ovs save`, a report, a database file, pasted text.
//!
//! | file | contents |
//! |---|---|
//! | [`archive`] | directories, tars and zips, read safely |
//! | [`report`] | what was saved of a host |
//! | [`switch`] | what was saved of a switch |

pub mod archive;
pub mod report;
pub mod switch;

pub use archive::{Archive, ArchiveError};
pub use report::Report;
pub use switch::{Part, SavedSwitch};

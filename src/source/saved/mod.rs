//! Hosts that were saved: in a file of `ovs save`, a report, a database file, pasted text.
//!
//! | file | contents |
//! |---|---|
//! | [`archive`] | directories, tars and zips, read safely |
//! | [`report`] | what was saved of a host |
//! | [`switch`] | what was saved of a switch |
//! | [`host`] | a saved host: a report, and what follows from it |
//! | [`open`] | opens what was saved: recognizes what it is, and reads it |
//! | [`player`] | serves a saved host at its sockets |
//! | [`snapshot`] | reads a file of `ovs save` |
//! | [`packed`] | writes one |
//! | [`taking`] | what goes into it, as the daemons send it |
//! | [`layout`], [`documents`] | its files: their names, their JSON |
//! | [`secrets`] | what is left out of it |

pub mod archive;
pub mod documents;
pub mod host;
pub mod layout;
pub mod open;
pub mod packed;
pub(super) mod player;
pub mod report;
pub mod secrets;
pub mod snapshot;
pub mod switch;
pub mod taking;

pub use archive::{Archive, ArchiveError};
pub use host::{SavedHost, UnknownColumns};
pub use open::OpenError;
pub use report::Report;
pub use switch::{Part, SavedSwitch};

//! Hosts that were saved: in a file of `ovs save`, a report, a database file, pasted text.
//!
//! | file | contents |
//! |---|---|
//! | [`open`] | opens what a user names, whatever kind it is of |
//! | [`archive`] | directories, tars and zips, read safely |
//! | `report_files` | the files of a report that are of use |
//! | `databases` | the databases that were found of a host, joined into one |
//! | [`outputs`] | the outputs of commands, and the report that they make |
//! | [`sos`] | reports of sos: the commands of their files |
//! | `kernel_texts` | the network devices as `ip` prints them |
//! | `bugtool` | bundles of ovs-bugtool, likewise |
//! | `stored_names` | the names of ports and tables in a stored database |
//! | [`report`] | what was saved of a host |
//! | [`switch`] | what was saved of a switch |
//! | [`texts`] | what the tools of Open vSwitch printed, as the messages of a switch |
//! | [`host`] | a saved host: a report, and what follows from it |
//! | `player` | serves a saved host at its sockets |
//! | [`snapshot`] | reads a file of `ovs save` |
//! | [`packed`] | writes one |
//! | [`taking`] | what goes into it, as the daemons send it |
//! | [`layout`], [`documents`] | its files: their names, their JSON |
//! | [`secrets`] | what is left out of it |

pub mod archive;
mod bugtool;
mod databases;
pub mod documents;
pub mod host;
mod kernel_texts;
pub mod layout;
pub mod open;
pub mod outputs;
pub mod packed;
pub(super) mod player;
pub mod report;
mod report_files;
pub mod secrets;
pub mod snapshot;
pub mod sos;
mod stored_names;
pub mod switch;
pub mod taking;
pub mod texts;

pub use archive::{Archive, ArchiveError};
pub use host::{SavedHost, UnknownColumns};
pub use open::OpenError;
pub use report::{MissingCause, MissingPart, PartSource, Report};
pub use switch::{Part, SavedSwitch};

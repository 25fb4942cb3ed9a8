//! Access to a host, its database and its switches.
//!
//! The modules above request rows, flows and devices; connections, endpoints, sockets, TLS and the choice of a
//! cluster's server are handled here.
//!
//! | file | contents |
//! |---|---|
//! | [`host`] | a host: its sockets, connections to them, its network |
//! | [`reach`] | the way to a host: connections to its sockets, its files |
//! | [`database`] | the database: rows, transactions, notifications of changes |
//! | [`address`] | the address of a switch, and how to connect to it |
//! | [`control`] | the control sockets of its daemons |
//! | [`switch`] | a connected switch: ports, tables, groups, meters |
//! | [`flows`] | its flows, streamed |
//! | [`flow_monitor`] | the changes of its flows, as it reports them |
//! | [`directory`] | the files in one of its directories |
//! | [`network`] | the addresses, routes and devices of its kernel |
//! | [`remote`] | another host: by ssh, by a command to its sockets, by a prefix that runs programs there |
//! | [`saved`] | hosts that were saved: in a file of `ovs save`, a report, pasted text |
//! | [`links`] | the network devices of a namespace, read from the kernel |

pub mod address;
pub mod control;
pub mod database;
pub mod directory;
pub mod flow_monitor;
pub mod flows;
pub mod host;
pub mod links;
pub mod network;
pub mod reach;
pub mod remote;
pub mod saved;
pub mod switch;

pub use address::SwitchAddress;
pub use control::{ControlError, ControlTarget};
pub use database::Database;
pub use flow_monitor::FlowMonitor;
pub use host::{Host, Log};
pub use reach::Reach;
pub use remote::Remote;
pub use switch::{Atomicity, Outbox, Switch, SwitchError, WriteError, Written};

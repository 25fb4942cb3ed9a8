//! Where facts come from: a host, its database and its switches.
//!
//! What stands above asks for rows, flows and devices, and does not know how they are reached: connections,
//! endpoints, sockets and their directory, TLS and the choice among the servers of a cluster are known here only.
//!
//! | room | what is in it |
//! |---|---|
//! | [`host`] | a host: where its database and its switches are, how they are connected to, its network |
//! | [`database`] | the database: rows of one consistent snapshot, transactions, and when something has changed |
//! | [`address`] | where a switch is, and the way to it |
//! | [`switch`] | a switch that is connected to: ports, tables, groups, meters |
//! | [`flows`] | its flows, as they come |
//! | [`links`] | the network devices of a namespace, asked of the kernel |

pub mod address;
pub mod database;
pub mod flows;
pub mod host;
pub mod links;
pub mod switch;

pub use address::SwitchAddress;
pub use database::Database;
pub use host::{Host, Log};
pub use switch::{Switch, SwitchError};

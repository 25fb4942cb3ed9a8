//! Where facts come from: a host, its database and its switches.
//!
//! What stands above asks for rows, flows and devices, and does not know how they are reached: connections,
//! endpoints, sockets and their directory, TLS and the choice among the servers of a cluster are known here only.
//!
//! | room | what is in it |
//! |---|---|
//! | [`host`] | a host: where its database and its switches are, how they are connected to, its network |
//! | [`database`] | the database: rows of one consistent snapshot, transactions, and when something has changed |
//! | [`switch`] | a switch: where it is, and the way to it |
//! | [`links`] | the network devices of a namespace, asked of the kernel |

pub mod database;
pub mod host;
pub mod links;
pub mod switch;

pub use database::Database;
pub use host::{Host, Log};
pub use switch::SwitchAddress;

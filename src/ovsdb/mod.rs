//! The database: RFC 7047 over our own transport.
//!
//! [`Client`] is what everyone uses: connect, then ask. All that one [`Client::transact`] reads is
//! one consistent snapshot of the database.
//!
//! | room | what is in it |
//! |---|---|
//! | [`client`] | the connection, its requests, and how long it waits |
//! | [`cluster`] | several servers of one database: which of them to talk to |
//! | [`operation`] | what a transaction does (RFC 7047 §5.2), and what comes back |
//! | [`schema`] | tables, columns and their types |
//! | [`notation`] | values as people write them (ovs-vsctl(8)) |
//! | [`relation`] | how one value stands to another: the operators of `find` |
//! | [`row`] | one row of an answer, read column by column with typed accessors |
//! | [`value`] | atoms, sets and maps (RFC 7047 §5.1) |
//! | [`error`] | everything that can go wrong, kept apart |

pub mod client;
pub mod cluster;
pub mod error;
mod monitor;
pub mod notation;
pub mod operation;
pub mod relation;
pub mod row;
pub mod schema;
pub mod value;

pub use client::Client;
pub use error::{Error, OperationError, RpcError, ValueError};
pub use operation::{Condition, Function, Mutator, Operation, Outcome, Select};
pub use row::Row;
pub use value::{Atom, Datum, Uuid};

//! An OVSDB client (RFC 7047).
//!
//! [`Client`] connects and sends requests. Everything that one [`Client::transact`] reads is from one
//! consistent snapshot of the database.
//!
//! | file | contents |
//! |---|---|
//! | [`client`] | the connection: requests and timeouts |
//! | [`cluster`] | selects one of several servers of a database |
//! | [`operation`] | the operations of a transaction (RFC 7047 §5.2) and their results |
//! | [`schema`] | tables, columns and their types |
//! | `fit` | requests without the columns that an older schema lacks |
//! | [`notation`] | the text notation of values (ovs-vsctl(8)) |
//! | [`relation`] | comparisons of values: the operators of `find` |
//! | [`row`] | one row of a reply, with typed accessors for its columns |
//! | `members` | the members of a JSON object, borrowed from its text |
//! | [`value`] | atoms, sets and maps (RFC 7047 §5.1) |
//! | [`stored`] | a database as a file has it |
//! | [`mod@file`] | reads and writes files that have a database |
//! | [`error`] | the errors |

pub mod client;
pub mod cluster;
pub mod error;
pub mod file;
mod fit;
mod members;
mod monitor;
pub mod notation;
pub mod operation;
pub mod relation;
pub mod row;
pub mod schema;
pub mod stored;
pub mod value;

pub use client::Client;
pub use error::{Error, OperationError, RpcError, ValueError};
pub use operation::{Condition, Function, Mutator, Operation, Outcome, Select};
pub use row::Row;
pub use value::{Atom, Datum, Uuid};

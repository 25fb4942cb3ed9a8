//! The daemons' control sockets (ovs-appctl(8)): requests by command, and what the daemons answer.
//!
//! | file | contents |
//! |---|---|
//! | [`client`] | a connection to a control socket: commands and their replies |
//! | [`error`] | why a command has no reply |

pub mod client;
pub mod error;

pub use client::{Client, Reply};
pub use error::{Error, ErrorKind};

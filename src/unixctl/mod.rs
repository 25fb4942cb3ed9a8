//! The daemons' control sockets (ovs-appctl(8)): requests by command, and what the daemons answer.
//!
//! | file | contents |
//! |---|---|
//! | [`client`] | a connection to a control socket: commands and their replies |
//! | [`fdb`] | the MAC learning table of a bridge |
//! | [`bonds`] | the state of bonds and of LACP |
//! | [`error`] | why a command has no reply |

pub mod bonds;
pub mod client;
pub mod error;
pub mod fdb;

pub use client::{Client, Reply};
pub use error::{Error, ErrorKind};

//! The daemons' control sockets (ovs-appctl(8)): requests by command, and what the daemons answer.
//!
//! | file | contents |
//! |---|---|
//! | [`client`] | a connection to a control socket: commands and their replies |
//! | [`fdb`] | the MAC learning table of a bridge |
//! | [`bonds`] | the state of bonds and of LACP |
//! | [`datapaths`] | the datapaths, their ports, how many flows they may have |
//! | [`datapath_flows`] | the flows of a datapath |
//! | [`conntrack`] | the connections that a datapath tracks |
//! | [`tunnel_routes`] | the routes and neighbours of tunnels |
//! | `members` | `name(...)` and `name=...` in the text of a datapath |
//! | [`error`] | why a command has no reply |

pub mod bonds;
pub mod client;
pub mod conntrack;
pub mod datapath_flows;
pub mod datapaths;
pub mod error;
pub mod fdb;
pub mod members;
pub mod tunnel_routes;

pub use client::{Client, Reply, daemon_of};
pub use error::{Error, ErrorKind};

//! One command line for Open vSwitch, as a library.
//!
//! The `ovs` binary is a thin shell around this crate. Who may call whom points one way:
//!
//! ```text
//! main -> cli -> commands -> plan -> {model, source} -> {ovsdb, unixctl, openflow} -> transport -> base
//!                    \-> output, sandbox
//! ```
//!
//! | module | contents |
//! |---|---|
//! | [`cli`] | the clap root: global options, the list of commands; what shells complete; the manual; JSON Schemas |
//! | [`commands`] | one file per command: its arguments and its `run`; the verbs of the other tools |
//! | `plan` | changes over a database: what is asked, a checked draft, one transaction |
//! | [`model`] | what operators think in, built from one snapshot, without I/O: topology, names, tags, patches, tunnels, segments, ways, what is wrong |
//! | [`source`] | where facts come from: a host, its database and its switches, however they are reached |
//! | [`ovsdb`] | the database: RFC 7047 over our own transport, values, typed rows, errors |
//! | [`unixctl`] | the daemons' control sockets: commands and what the daemons answer |
//! | [`openflow`] | the switch: codecs on bytes without I/O, and one session that does the I/O |
//! | [`transport`] | endpoints, byte streams, TLS, JSON-RPC 1.0, deadlines |
//! | [`base`] | what every module may use: safe text, digits, JSON writer, order of names |
//! | [`output`] | one column list, three outputs; pictures; colour; escaping |
//! | [`sandbox`] | private daemons for trying things and for the tests |
//!
//! Protocol modules know nothing of colour, tables or the model. A test reads the imports
//! and fails on one that points up, on files that import each other, and on `async` in the model.

// What comes from outside ends in an error, never in a panic. Tests may (clippy.toml).
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::unreachable,
    clippy::todo,
    clippy::unimplemented
)]

pub mod base;
pub mod cli;
pub mod commands;
pub mod model;
pub mod openflow;
pub mod output;
pub mod ovsdb;
pub(crate) mod plan;
pub mod sandbox;
pub mod source;
pub mod transport;
pub mod unixctl;

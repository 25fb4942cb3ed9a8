//! OpenFlow messages around flows: header, hello, error, multipart, statistics.
//!
//! One file per message or family; each reads received bytes through a [`Cursor`](super::bytes::Cursor)
//! and appends what it sends to a `Vec<u8>`.

pub mod error;
pub mod flow_stats;
pub mod header;
pub mod hello;
pub mod multipart;
pub mod ports;

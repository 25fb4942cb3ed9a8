//! Endpoints, byte streams and deadlines: what both protocols stand on.
//!
//! | room | what is in it |
//! |---|---|
//! | [`endpoint`] | `unix:PATH`, `tcp:HOST:PORT`, `ssl:HOST:PORT`: parsed and printed |
//! | [`endpoints`] | several of them, with commas in between |
//! | [`listener`] | `ptcp:PORT`, `pssl:PORT`: where a daemon listens |
//! | [`stream`] | a connection to an endpoint, and why there is none |
//! | [`json_rpc`] | a JSON-RPC 1.0 connection: requests, replies, and how long it waits for them |
//! | [`framing`] | where one JSON message ends and the next begins |
//! | [`tls`] | TLS for `ssl:`: keys, certificates, and why one is refused |
//! | [`patience`] | the limit on waiting without progress |

pub mod endpoint;
pub mod endpoints;
pub mod framing;
pub mod json_rpc;
pub mod listener;
pub mod patience;
pub mod stream;
pub mod tls;

pub use endpoint::{Endpoint, EndpointError};
pub use endpoints::Endpoints;
pub use json_rpc::Connection;
pub use patience::{Patience, TimedOut};
pub use stream::{ConnectError, ConnectErrorKind, Stream};
pub use tls::{Tls, TlsError, TlsOptions, Trust};

//! Endpoints, byte streams and deadlines, for both protocols.
//!
//! | file | contents |
//! |---|---|
//! | [`endpoint`] | `unix:PATH`, `tcp:HOST:PORT`, `ssl:HOST:PORT` |
//! | [`endpoints`] | several of them, separated by commas |
//! | [`listener`] | `ptcp:PORT`, `pssl:PORT`: where a daemon listens |
//! | [`stream`] | a connection to an endpoint, and its errors |
//! | [`json_rpc`] | a JSON-RPC 1.0 connection: requests, replies and timeouts |
//! | [`framing`] | splits a byte stream into JSON messages |
//! | [`tls`] | TLS for `ssl:`: keys, certificates, verification |
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
pub use patience::{Patience, Pauses, TimedOut};
pub use stream::{ConnectError, ConnectErrorKind, HostError, Stream};
pub use tls::{Tls, TlsError, TlsOptions, Trust};

//! Endpoints, byte streams and deadlines: what both protocols stand on.
//!
//! | room | what is in it |
//! |---|---|
//! | [`endpoint`] | `unix:PATH`, `tcp:HOST:PORT`, `ssl:HOST:PORT`: parsed and printed |
//! | [`endpoints`] | several of them, with commas in between |
//! | [`listener`] | `ptcp:PORT`, `pssl:PORT`: where a daemon listens |
//! | [`stream`] | a connection to an endpoint, and why there is none |
//! | [`tls`] | TLS for `ssl:`: keys, certificates, and why one is refused |
//! | [`patience`] | the limit on waiting without progress |

pub mod endpoint;
pub mod endpoints;
pub mod listener;
pub mod patience;
pub mod stream;
pub mod tls;

pub use endpoint::{Endpoint, EndpointError};
pub use endpoints::Endpoints;
pub use patience::{Patience, TimedOut};
pub use stream::{ConnectError, ConnectErrorKind, Stream};
pub use tls::{Tls, TlsError, TlsOptions, Trust};

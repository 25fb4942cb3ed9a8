//! Endpoints, byte streams and deadlines: what both protocols stand on.
//!
//! | room | what is in it |
//! |---|---|
//! | [`endpoint`] | `unix:PATH`, `tcp:HOST:PORT`, `ssl:HOST:PORT`: parsed and printed |
//! | [`stream`] | a connection to an endpoint, and why there is none |
//! | [`patience`] | the limit on waiting without progress |

pub mod endpoint;
pub mod patience;
pub mod stream;

pub use endpoint::{Endpoint, EndpointError};
pub use patience::{Patience, TimedOut};
pub use stream::{ConnectError, ConnectErrorKind, Stream};

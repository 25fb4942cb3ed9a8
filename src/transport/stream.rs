//! A connection to an endpoint, and its errors.

use std::io;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream, lookup_host};

use super::tls::TlsStream;
use super::{Endpoint, Patience, Pauses, TimedOut, Tls, TlsError};

/// A connected byte stream.
#[derive(Debug)]
pub enum Stream {
    /// Over a Unix domain socket.
    Unix(UnixStream),
    /// Over TCP.
    Tcp(TcpStream),
    /// Over TLS.
    Tls(Box<TlsStream>),
}

/// A failed connection attempt.
#[derive(Debug, thiserror::Error)]
#[error("cannot connect to {endpoint}: {kind}")]
pub struct ConnectError {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// The cause.
    pub kind: ConnectErrorKind,
    /// Whether the socket is on another host, and so its file.
    pub is_elsewhere: bool,
}

impl ConnectError {
    /// The socket's file, of a Unix endpoint.
    pub fn socket(&self) -> Option<&Path> {
        match &self.endpoint {
            Endpoint::Unix(path) => Some(path),
            Endpoint::Tcp { .. } | Endpoint::Ssl { .. } => None,
        }
    }
}

/// Why a connection attempt failed.
#[derive(Debug, thiserror::Error)]
pub enum ConnectErrorKind {
    /// The socket's file does not exist.
    #[error("the socket does not exist")]
    NotFound,
    /// Connection refused: no process listens on the socket or port.
    #[error("connection refused")]
    Refused,
    /// This process has no permission for the socket's file.
    #[error("permission denied")]
    PermissionDenied,
    /// No connection within the limit.
    #[error("{0}")]
    Timeout(TimedOut),
    /// The host name has no address.
    #[error("the host has no address: {0}")]
    Unresolved(io::Error),
    /// The TLS handshake failed.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The host of the socket cannot be reached.
    #[error(transparent)]
    Host(#[from] HostError),
    /// Any other error of the system.
    #[error("{0}")]
    Other(io::Error),
}

/// Why another host cannot be reached.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub struct HostError {
    /// The reason, in the words of the program that leads there; untrusted text.
    pub reason: String,
    /// The next step.
    pub hint: Option<String>,
}

impl Endpoint {
    /// Connects, waiting at most `limit` in all; `None` waits for ever. `ssl:` needs more:
    /// [`Endpoint::connect_with`].
    ///
    /// # Errors
    ///
    /// Why there is no connection: [`ConnectErrorKind`].
    pub async fn connect(&self, limit: Option<Duration>) -> Result<Stream, ConnectError> {
        self.connect_with(limit, &Tls::default()).await
    }

    /// Connects, waiting at most `limit` in all; `ssl:` with `tls`.
    ///
    /// # Errors
    ///
    /// Why there is no connection: [`ConnectErrorKind`].
    pub async fn connect_with(
        &self,
        limit: Option<Duration>,
        tls: &Tls,
    ) -> Result<Stream, ConnectError> {
        let attempt = async {
            match self {
                Self::Unix(path) => connect_unix(path).await.map(Stream::Unix),
                Self::Tcp { host, port } => connect_tcp(host, *port).await.map(Stream::Tcp),
                Self::Ssl { host, port } => tls
                    .connect(host, async || connect_tcp(host, *port).await)
                    .await
                    .map(|stream| Stream::Tls(Box::new(stream))),
            }
        };
        Patience::new(limit)
            .wait(attempt)
            .await
            .unwrap_or_else(|timed_out| Err(ConnectErrorKind::Timeout(timed_out)))
            .map_err(|kind| ConnectError {
                endpoint: self.clone(),
                kind,
                is_elsewhere: false,
            })
    }
}

async fn connect_unix(path: &Path) -> Result<UnixStream, ConnectErrorKind> {
    let mut pauses = Pauses::default();
    loop {
        match UnixStream::connect(path).await {
            // The listener's backlog is full: Linux returns an error instead of waiting.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => pauses.pause().await,
            other => return other.map_err(ConnectErrorKind::from),
        }
    }
}

async fn connect_tcp(host: &str, port: u16) -> Result<TcpStream, ConnectErrorKind> {
    let addresses = lookup_host((host, port))
        .await
        .map_err(ConnectErrorKind::Unresolved)?;
    let mut failure = None;
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                // Requests are small and should be sent at once.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) => failure = Some(error),
        }
    }
    Err(failure.map_or_else(
        || ConnectErrorKind::Unresolved(io::ErrorKind::NotFound.into()),
        ConnectErrorKind::from,
    ))
}

impl From<io::Error> for ConnectErrorKind {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::NotFound,
            io::ErrorKind::ConnectionRefused => Self::Refused,
            io::ErrorKind::PermissionDenied => Self::PermissionDenied,
            _ => Self::Other(error),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Unix(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Unix(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tcp(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Unix(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_shutdown(cx),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::UnixListener;

    #[tokio::test]
    async fn a_full_queue_times_out() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s");
        let _listener = UnixListener::bind(&path).unwrap();
        let endpoint = Endpoint::Unix(path);
        let mut queue = Vec::new();
        let error = loop {
            match endpoint.connect(Some(Duration::from_millis(50))).await {
                Ok(stream) => queue.push(stream),
                Err(error) => break error,
            }
            if queue.len() > 10_000 {
                return;
            }
        };
        let timed_out = matches!(error.kind, ConnectErrorKind::Timeout(_));
        // A low limit on open files may come first.
        let too_many = matches!(error.kind, ConnectErrorKind::Other(_));
        assert!(timed_out || too_many, "{error}");
    }
}

//! The encrypted stream. In TLS 1.3 the other side verifies the client certificate after the handshake has
//! completed on this side: a refusal arrives with the first read.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::TlsError;
use super::identity::{CertificateState, Identity};

/// A stream after the handshake.
#[derive(Debug)]
pub struct TlsStream {
    inner: tokio_rustls::client::TlsStream<TcpStream>,
    identity: Arc<Identity>,
    /// Whether anything was received: then the client certificate was accepted.
    received: bool,
}

impl TlsStream {
    pub(super) fn new(
        inner: tokio_rustls::client::TlsStream<TcpStream>,
        identity: Arc<Identity>,
    ) -> Self {
        Self {
            inner,
            identity,
            received: false,
        }
    }

    /// Converts the error if TLS is the cause.
    fn explain(&self, error: io::Error) -> io::Error {
        let state = self.identity.state();
        match error.get_ref().and_then(|inner| inner.downcast_ref()) {
            Some(tls) => TlsError::of_rustls(tls, state).into(),
            None => match error.kind() {
                io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => {
                    self.refusal().map_or(error, io::Error::from)
                }
                _ => error,
            },
        }
    }

    /// Returns the error if the closed connection is a refusal of the client certificate.
    fn refusal(&self) -> Option<TlsError> {
        match self.identity.state() {
            _ if self.received => None,
            CertificateState::NotAsked => None,
            CertificateState::Missing => Some(TlsError::ClientCertificateMissing),
            CertificateState::Sent => Some(TlsError::HungUpAfterCertificate),
        }
    }

    /// Explains a failed write: the other side may have sent an alert before it closed the connection.
    fn explain_write(&mut self, cx: &mut Context<'_>, error: io::Error) -> io::Error {
        let mut room = [0; 64];
        match Pin::new(&mut self.inner).poll_read(cx, &mut ReadBuf::new(&mut room)) {
            Poll::Ready(Err(said)) if said.get_ref().is_some() => self.explain(said),
            _ => self.explain(error),
        }
    }
}

impl AsyncRead for TlsStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let outcome = std::task::ready!(Pin::new(&mut this.inner).poll_read(cx, buffer));
        let ended = match &outcome {
            Ok(()) => buffer.filled().len() == before && buffer.remaining() > 0,
            // The end without close_notify, as of a killed daemon. Messages of both protocols are delimited, so that
            // truncation is detected.
            Err(error) => error.kind() == io::ErrorKind::UnexpectedEof,
        };
        Poll::Ready(match outcome {
            _ if ended => this.refusal().map_or(Ok(()), |refusal| Err(refusal.into())),
            Ok(()) => {
                this.received = true;
                Ok(())
            }
            Err(error) => Err(this.explain(error)),
        })
    }
}

impl AsyncWrite for TlsStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let outcome = std::task::ready!(Pin::new(&mut this.inner).poll_write(cx, bytes));
        Poll::Ready(outcome.map_err(|error| this.explain_write(cx, error)))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let outcome = std::task::ready!(Pin::new(&mut this.inner).poll_flush(cx));
        Poll::Ready(outcome.map_err(|error| this.explain_write(cx, error)))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(cx)
    }
}

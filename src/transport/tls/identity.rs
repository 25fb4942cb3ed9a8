//! The client certificate, and whether the other side requested it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::sign::CertifiedKey;

/// State of the client certificate in a handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CertificateState {
    /// Not requested.
    NotAsked,
    /// Requested, but there is none.
    Missing,
    /// Requested and sent.
    Sent,
}

/// The client certificate in one handshake.
#[derive(Debug)]
pub(super) struct Identity {
    key: Option<Arc<CertifiedKey>>,
    asked: AtomicBool,
}

impl Identity {
    pub(super) fn new(key: Option<Arc<CertifiedKey>>) -> Self {
        Self {
            key,
            asked: AtomicBool::new(false),
        }
    }

    pub(super) fn state(&self) -> CertificateState {
        match (self.asked.load(Ordering::Relaxed), &self.key) {
            (false, _) => CertificateState::NotAsked,
            (true, None) => CertificateState::Missing,
            (true, Some(_)) => CertificateState::Sent,
        }
    }
}

impl ResolvesClientCert for Identity {
    /// Sends the certificate whichever authorities the other side names: the other side decides.
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.asked.store(true, Ordering::Relaxed);
        self.key.clone()
    }

    fn has_certs(&self) -> bool {
        true
    }
}

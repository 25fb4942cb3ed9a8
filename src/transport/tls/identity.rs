//! This side's certificate, and whether the other side asked for one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::sign::CertifiedKey;

/// What became of our certificate in a handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CertificateState {
    /// The other side did not ask for one.
    NotAsked,
    /// It asked, and there was none.
    Missing,
    /// It asked, and got it.
    Sent,
}

/// This side, in one handshake.
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
    /// Ours, whichever authorities the other side names: it is the one to judge.
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.asked.store(true, Ordering::Relaxed);
        self.key.clone()
    }

    fn has_certs(&self) -> bool {
        true
    }
}

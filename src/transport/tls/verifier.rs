//! Verifies the other side's certificate in a handshake.

use std::sync::OnceLock;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};
use webpki::RawPublicKeyEntity;

use super::authority::Authority;
use super::certificate::{ParsedCertificate, public_key};
use super::{TlsError, provider};

/// Which certificates are trusted.
#[derive(Debug)]
pub(super) enum TrustPolicy {
    /// Those that these authorities vouch for.
    Authority(Authority),
    /// Any.
    Unverified,
}

/// Verifies one handshake.
#[derive(Debug)]
pub(super) struct Verifier {
    judge: TrustPolicy,
    name: Option<String>,
    algorithms: WebPkiSupportedAlgorithms,
    fault: OnceLock<TlsError>,
    shown: OnceLock<Vec<CertificateDer<'static>>>,
}

impl Verifier {
    pub(super) fn new(judge: TrustPolicy, name: Option<String>) -> Self {
        Self {
            judge,
            name,
            algorithms: provider().signature_verification_algorithms,
            fault: OnceLock::new(),
            shown: OnceLock::new(),
        }
    }

    /// Why the other side's certificate was refused, if it was.
    pub(super) fn fault(&self) -> Option<TlsError> {
        self.fault.get().cloned()
    }

    /// The certificates that the other side sent, its own first.
    pub(super) fn shown(&self) -> Vec<CertificateDer<'static>> {
        self.shown.get().cloned().unwrap_or_default()
    }

    fn judge(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), TlsError> {
        let subject = ParsedCertificate::new(end_entity).ok_or_else(|| TlsError::Unacceptable {
            name: "unreadable".to_owned(),
            reason: "it is no X.509 certificate".to_owned(),
        })?;
        if let TrustPolicy::Authority(authority) = &self.judge {
            subject.check_dates(now)?;
            authority.check(&subject, intermediates, now, &self.algorithms)?;
        }
        match &self.name {
            Some(name) => subject.check_name(name),
            None => Ok(()),
        }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _host: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let all = [end_entity].into_iter().chain(intermediates);
        let _ = self
            .shown
            .set(all.map(|der| der.clone().into_owned()).collect());
        let Err(fault) = self.judge(end_entity, intermediates, now) else {
            return Ok(ServerCertVerified::assertion());
        };
        // The alert for the other side (RFC 8446 §6.2).
        let told = match fault {
            TlsError::Expired { .. } => CertificateError::Expired,
            TlsError::NotYetValid { .. } => CertificateError::NotValidYet,
            TlsError::UnknownAuthority { .. } => CertificateError::UnknownIssuer,
            _ => CertificateError::ApplicationVerificationFailure,
        };
        let _ = self.fault.set(fault);
        Err(Error::InvalidCertificate(told))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let wrong = || Error::InvalidCertificate(CertificateError::BadSignature);
        let key = SubjectPublicKeyInfoDer::from(public_key(certificate).ok_or_else(wrong)?);
        let key = RawPublicKeyEntity::try_from(&key).map_err(|_| wrong())?;
        // In TLS 1.2 a scheme does not determine the curve: each is tried.
        self.algorithms
            .mapping
            .iter()
            .filter(|(scheme, _)| *scheme == signed.scheme)
            .flat_map(|(_, algorithms)| *algorithms)
            .find_map(|algorithm| {
                key.verify_signature(*algorithm, message, signed.signature())
                    .ok()
            })
            .map(|()| HandshakeSignatureValid::assertion())
            .ok_or_else(wrong)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let wrong = || Error::InvalidCertificate(CertificateError::BadEncoding);
        let key = SubjectPublicKeyInfoDer::from(public_key(certificate).ok_or_else(wrong)?);
        verify_tls13_signature_with_raw_key(message, &key, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

//! Certificate authorities, and the verification of a certificate against them.
//!
//! ovs-pki's certificates are not those of web sites: the names in them are not host names (`sc
//! id:UUID`), and until Open vSwitch 2.11 they were X.509 version 1, of which the chain check of web
//! certificates accepts authorities but not those that they sign. So three rules, of which one must
//! hold:
//!
//! - the certificate itself is among those given as authorities;
//! - the chain check (webpki) leads from it to one of them;
//! - it is of version 1 and signed by one of them directly. (What version 1 lacks, extensions, could
//!   only narrow down what a certificate is good for; it can never vouch for another here.)

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

use super::TlsError;
use super::certificate::ParsedCertificate;
use super::files::certificates;

/// The trusted certificate authorities.
#[derive(Debug)]
pub(super) struct Authority {
    certificates: Vec<CertificateDer<'static>>,
    anchors: Vec<TrustAnchor<'static>>,
}

impl Authority {
    /// Reads the certificates in a file; those outside their validity are ignored, and one must remain.
    pub(super) fn read(path: &Path) -> Result<Self, TlsError> {
        Self::of(certificates(path, "CA certificate")?).map_err(|reason| TlsError::File {
            what: "CA certificate",
            path: path.to_owned(),
            reason,
        })
    }

    fn of(certificates: Vec<CertificateDer<'static>>) -> Result<Self, String> {
        let mut refused = String::new();
        let mut authority = Self {
            certificates: Vec::new(),
            anchors: Vec::new(),
        };
        for der in certificates {
            let Some(read) = ParsedCertificate::new(&der) else {
                "it cannot be read".clone_into(&mut refused);
                continue;
            };
            if let Err(error) = read.check_dates(UnixTime::now()) {
                refused = match error {
                    TlsError::Expired { date, .. } => format!("it expired on {date}"),
                    TlsError::NotYetValid { date, .. } => format!("it is not valid before {date}"),
                    other => other.to_string(),
                };
                continue;
            }
            match anchor_from_trusted_cert(&der) {
                Ok(anchor) => authority.anchors.push(anchor.to_owned()),
                Err(error) => {
                    refused = error.to_string();
                    continue;
                }
            }
            authority.certificates.push(der);
        }
        if authority.certificates.is_empty() {
            return Err(refused);
        }
        Ok(authority)
    }

    /// Refuses a certificate that no authority vouches for.
    pub(super) fn check(
        &self,
        subject: &ParsedCertificate<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
        algorithms: &WebPkiSupportedAlgorithms,
    ) -> Result<(), TlsError> {
        if self.certificates.iter().any(|known| known == subject.der()) {
            return Ok(());
        }
        if subject.is_version_1() {
            let mut known = self.certificates.iter().filter_map(ParsedCertificate::new);
            return if known.any(|known| known.has_signed(subject, algorithms)) {
                Ok(())
            } else {
                Err(self.unknown(subject))
            };
        }
        let outcome = EndEntityCert::try_from(subject.der()).and_then(|end_entity| {
            end_entity
                .verify_for_usage(
                    algorithms.all,
                    &self.anchors,
                    intermediates,
                    now,
                    KeyUsage::server_auth(),
                    None,
                    None,
                )
                .map(|_| ())
        });
        outcome.map_err(|error| match error {
            webpki::Error::UnknownIssuer | webpki::Error::InvalidSignatureForPublicKey => {
                self.unknown(subject)
            }
            error => TlsError::Unacceptable {
                name: subject.name(),
                reason: reason(&error),
            },
        })
    }

    fn unknown(&self, subject: &ParsedCertificate<'_>) -> TlsError {
        let known = self.certificates.iter().filter_map(ParsedCertificate::new);
        TlsError::UnknownAuthority {
            name: subject.name(),
            issuer: subject.issuer(),
            known: known.map(|known| known.name()).collect(),
        }
    }
}

/// Saves the last certificate of the other side's chain if it is its authority: self-signed, and vouching for
/// the other side. Returns its name.
///
/// A file that another process has created meanwhile is left as it is.
pub(super) fn save(
    path: &Path,
    chain: &[CertificateDer<'static>],
    algorithms: &WebPkiSupportedAlgorithms,
) -> Result<String, TlsError> {
    let (Some(first), Some(last)) = (chain.first(), chain.last()) else {
        return Err(TlsError::NothingToBootstrap);
    };
    let authority = ParsedCertificate::new(last).ok_or(TlsError::NothingToBootstrap)?;
    if !authority.has_signed(&authority, algorithms) {
        return Err(TlsError::NothingToBootstrap);
    }
    let subject = ParsedCertificate::new(first).ok_or(TlsError::NothingToBootstrap)?;
    let intermediates = chain.get(1..).unwrap_or_default();
    Authority::of(vec![last.clone()])
        .map_err(|reason| TlsError::Unacceptable {
            name: authority.name(),
            reason,
        })?
        .check(&subject, intermediates, UnixTime::now(), algorithms)?;
    let text = pem(last);
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    match written {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(TlsError::File {
            what: "CA certificate",
            path: path.to_owned(),
            reason: format!("it cannot be written: {error}"),
        }),
        _ => Ok(authority.name()),
    }
}

/// RFC 7468 §5
fn pem(certificate: &[u8]) -> String {
    use x509_cert::der::pem::{LineEnding, encode_string};
    encode_string("CERTIFICATE", LineEnding::LF, certificate).unwrap_or_default()
}

fn reason(error: &webpki::Error) -> String {
    use webpki::Error;
    match error {
        Error::CertExpired { .. } => "a certificate between it and its authority is expired".into(),
        Error::CertNotValidYet { .. } => {
            "a certificate between it and its authority is not valid yet".into()
        }
        Error::RequiredEkuNotFoundContext(_) => {
            "its extended key usage does not allow it to be a server".into()
        }
        Error::CaUsedAsEndEntity => "it is the certificate of an authority itself".into(),
        Error::UnsupportedSignatureAlgorithmContext(_)
        | Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => {
            "it is signed with an algorithm or a key that is too weak (md5, sha1, less than 2048 \
             bits, DSA)"
                .into()
        }
        other => other.to_string(),
    }
}

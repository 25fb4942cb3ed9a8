//! What stands in a certificate (RFC 5280), and whether an authority vouches for it.
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
use rustls::pki_types::{
    CertificateDer, ServerName, SubjectPublicKeyInfoDer, TrustAnchor, UnixTime,
};
use webpki::{EndEntityCert, KeyUsage, RawPublicKeyEntity, anchor_from_trusted_cert};
use x509_cert::Certificate;
use x509_cert::certificate::Version;
use x509_cert::der::asn1::{AnyRef, PrintableStringRef, TeletexStringRef, Utf8StringRef};
use x509_cert::der::oid::db::rfc4519::CN;
use x509_cert::der::{Decode as _, Encode as _, Reader as _, SliceReader};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::Name;
use x509_cert::time::Time;

use super::TlsError;
use super::files::certificates;

/// A certificate that was read.
#[derive(Debug)]
pub(super) struct Read<'a> {
    der: &'a CertificateDer<'a>,
    certificate: Certificate,
}

impl<'a> Read<'a> {
    /// Reads it; `None` if it is none.
    pub(super) fn new(der: &'a CertificateDer<'a>) -> Option<Self> {
        let certificate = Certificate::from_der(der).ok()?;
        Some(Self { der, certificate })
    }

    /// Its common name in quotes, else its whole name.
    pub(super) fn name(&self) -> String {
        shown(&self.certificate.tbs_certificate.subject)
    }

    /// Its public key, as DER.
    pub(super) fn public_key(&self) -> Option<Vec<u8>> {
        let tbs = &self.certificate.tbs_certificate;
        tbs.subject_public_key_info.to_der().ok()
    }

    /// Refuses it where `now` is not within its dates.
    pub(super) fn check_dates(&self, now: UnixTime) -> Result<(), TlsError> {
        let validity = &self.certificate.tbs_certificate.validity;
        let seconds = |time: &Time| time.to_unix_duration().as_secs();
        let date = |time: &Time| time.to_date_time().to_string();
        if now.as_secs() < seconds(&validity.not_before) {
            return Err(TlsError::NotYetValid {
                name: self.name(),
                date: date(&validity.not_before),
            });
        }
        if now.as_secs() > seconds(&validity.not_after) {
            return Err(TlsError::Expired {
                name: self.name(),
                date: date(&validity.not_after),
            });
        }
        Ok(())
    }

    /// Refuses it unless it bears this name: a host's name or an address among its alternative names
    /// (wildcards hold), one of these names as it stands, the common name where there are none, or the
    /// NAME in ovs-pki's `NAME id:UUID`.
    pub(super) fn check_name(&self, wanted: &str) -> Result<(), TlsError> {
        let by_the_book = || {
            let name = ServerName::try_from(wanted).ok()?;
            let end_entity = EndEntityCert::try_from(self.der).ok()?;
            end_entity.verify_is_valid_for_subject_name(&name).ok()
        };
        let names = self.names();
        let is_wanted = |name: &String| {
            name.eq_ignore_ascii_case(wanted)
                || name
                    .split_once(" id:")
                    .is_some_and(|(name, _)| name.eq_ignore_ascii_case(wanted))
        };
        if names.iter().any(is_wanted) || by_the_book().is_some() {
            return Ok(());
        }
        let quoted = |name: &String| format!("\"{}\"", name.escape_debug());
        Err(TlsError::WrongName {
            wanted: quoted(&wanted.to_owned()),
            names: names.iter().map(quoted).collect(),
        })
    }

    fn names(&self) -> Vec<String> {
        let tbs = &self.certificate.tbs_certificate;
        let mut names = Vec::new();
        if let Ok(Some((_, SubjectAltName(alternatives)))) = tbs.get::<SubjectAltName>() {
            for name in alternatives {
                match name {
                    GeneralName::DnsName(name) => names.push(name.to_string()),
                    GeneralName::IpAddress(bytes) => names.extend(address(bytes.as_bytes())),
                    _ => {}
                }
            }
        }
        if names.is_empty() {
            names.extend(common_name(&tbs.subject));
        }
        names
    }

    fn is_version_1(&self) -> bool {
        self.certificate.tbs_certificate.version == Version::V1
    }

    /// Whether the holder of this certificate's key signed `other`.
    fn has_signed(&self, other: &Read<'_>, algorithms: &WebPkiSupportedAlgorithms) -> bool {
        let signed = || {
            let whole = AnyRef::from_der(other.der).ok()?;
            // The first of the three parts is what the signature is of, as it came.
            let message = SliceReader::new(whole.value()).ok()?.tlv_bytes().ok()?;
            let identifier = other.certificate.signature_algorithm.to_der().ok()?;
            let identifier = AnyRef::from_der(&identifier).ok()?;
            // Named twice, under the signature and beside it, and both must agree (RFC 5280 §4.1.1.2).
            if other.certificate.signature_algorithm != other.certificate.tbs_certificate.signature
            {
                return None;
            }
            let signature = other.certificate.signature.as_bytes()?;
            let key = SubjectPublicKeyInfoDer::from(self.public_key()?);
            let key = RawPublicKeyEntity::try_from(&key).ok()?;
            algorithms
                .all
                .iter()
                .filter(|algorithm| algorithm.signature_alg_id().as_ref() == identifier.value())
                .find_map(|algorithm| key.verify_signature(*algorithm, message, signature).ok())
        };
        self.certificate.tbs_certificate.subject == other.certificate.tbs_certificate.issuer
            && signed().is_some()
    }
}

/// Those who vouch for others.
#[derive(Debug)]
pub(super) struct Authority {
    certificates: Vec<CertificateDer<'static>>,
    anchors: Vec<TrustAnchor<'static>>,
}

impl Authority {
    /// The certificates in a file; those that are over vouch for nobody, and one must be left.
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
            let Some(read) = Read::new(&der) else {
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

    /// Refuses a certificate that nobody here vouches for.
    pub(super) fn check(
        &self,
        subject: &Read<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
        algorithms: &WebPkiSupportedAlgorithms,
    ) -> Result<(), TlsError> {
        if self.certificates.iter().any(|known| known == subject.der) {
            return Ok(());
        }
        if subject.is_version_1() {
            let mut known = self.certificates.iter().filter_map(Read::new);
            return if known.any(|known| known.has_signed(subject, algorithms)) {
                Ok(())
            } else {
                Err(self.unknown(subject))
            };
        }
        let outcome = EndEntityCert::try_from(subject.der).and_then(|end_entity| {
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

    fn unknown(&self, subject: &Read<'_>) -> TlsError {
        let known = self.certificates.iter().filter_map(Read::new);
        TlsError::UnknownAuthority {
            name: subject.name(),
            issuer: shown(&subject.certificate.tbs_certificate.issuer),
            known: known.map(|known| known.name()).collect(),
        }
    }
}

/// Saves the authority that the other side sent along, the last certificate of its chain, if that is
/// one: signed by itself, and vouching for the other side. Returns its name.
///
/// A file that somebody else has made meanwhile is left as it is.
pub(super) fn save_authority(
    path: &Path,
    chain: &[CertificateDer<'static>],
    algorithms: &WebPkiSupportedAlgorithms,
) -> Result<String, TlsError> {
    let (Some(first), Some(last)) = (chain.first(), chain.last()) else {
        return Err(TlsError::NothingToBootstrap);
    };
    let authority = Read::new(last).ok_or(TlsError::NothingToBootstrap)?;
    if !authority.has_signed(&authority, algorithms) {
        return Err(TlsError::NothingToBootstrap);
    }
    let subject = Read::new(first).ok_or(TlsError::NothingToBootstrap)?;
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

/// The public key of a certificate, as DER.
pub(super) fn public_key(der: &CertificateDer<'_>) -> Option<Vec<u8>> {
    Read::new(der)?.public_key()
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

fn shown(name: &Name) -> String {
    let text = common_name(name).unwrap_or_else(|| name.to_string());
    format!("\"{}\"", text.escape_debug())
}

fn common_name(name: &Name) -> Option<String> {
    let mut attributes = name.0.iter().flat_map(|set| set.0.iter());
    let value = &attributes.find(|attribute| attribute.oid == CN)?.value;
    let printable = || {
        PrintableStringRef::try_from(value)
            .ok()
            .map(|s| s.to_string())
    };
    let utf8 = || Utf8StringRef::try_from(value).ok().map(|s| s.to_string());
    let teletex = || {
        TeletexStringRef::try_from(value)
            .ok()
            .map(|s| s.to_string())
    };
    printable().or_else(utf8).or_else(teletex)
}

fn address(bytes: &[u8]) -> Option<String> {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Some(std::net::Ipv4Addr::from(four).to_string());
    }
    let sixteen = <[u8; 16]>::try_from(bytes).ok()?;
    Some(std::net::Ipv6Addr::from(sixteen).to_string())
}

//! The fields of a certificate (RFC 5280).

use std::net::IpAddr;

use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use webpki::{EndEntityCert, RawPublicKeyEntity};
use x509_cert::Certificate;
use x509_cert::certificate::Version;
use x509_cert::der::asn1::AnyRef;
use x509_cert::der::oid::db::rfc4519::CN;
use x509_cert::der::{Decode as _, Encode as _, Reader as _, SliceReader};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::{DirectoryString, GeneralName};
use x509_cert::name::Name;
use x509_cert::time::Time;

use super::TlsError;

/// A parsed certificate.
#[derive(Debug)]
pub(super) struct ParsedCertificate<'a> {
    der: &'a CertificateDer<'a>,
    certificate: Certificate,
}

impl<'a> ParsedCertificate<'a> {
    /// Parses it; `None` if it is malformed.
    pub(super) fn new(der: &'a CertificateDer<'a>) -> Option<Self> {
        let certificate = Certificate::from_der(der).ok()?;
        Some(Self { der, certificate })
    }

    /// The common name of the subject in quotes, else the whole name.
    pub(super) fn name(&self) -> String {
        shown(&self.certificate.tbs_certificate.subject)
    }

    /// The name of the issuer, in the same form.
    pub(super) fn issuer(&self) -> String {
        shown(&self.certificate.tbs_certificate.issuer)
    }

    /// The whole certificate as DER.
    pub(super) fn der(&self) -> &CertificateDer<'a> {
        self.der
    }

    /// Its public key, as DER.
    pub(super) fn public_key(&self) -> Option<Vec<u8>> {
        let tbs = &self.certificate.tbs_certificate;
        tbs.subject_public_key_info.to_der().ok()
    }

    /// Refuses it if `now` is outside its validity.
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

    pub(super) fn is_version_1(&self) -> bool {
        self.certificate.tbs_certificate.version == Version::V1
    }

    /// Whether the holder of this certificate's key signed `other`.
    pub(super) fn has_signed(
        &self,
        other: &ParsedCertificate<'_>,
        algorithms: &WebPkiSupportedAlgorithms,
    ) -> bool {
        let signed = || {
            let whole = AnyRef::from_der(other.der).ok()?;
            // The signature covers the first of the three parts, byte for byte.
            let message = SliceReader::new(whole.value()).ok()?.tlv_bytes().ok()?;
            let identifier = other.certificate.signature_algorithm.to_der().ok()?;
            let identifier = AnyRef::from_der(&identifier).ok()?;
            // The algorithm is named inside and outside of the signed part; both must agree (RFC 5280 §4.1.1.2).
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

/// The public key of a certificate, as DER.
pub(super) fn public_key(der: &CertificateDer<'_>) -> Option<Vec<u8>> {
    ParsedCertificate::new(der)?.public_key()
}

fn shown(name: &Name) -> String {
    let text = common_name(name).unwrap_or_else(|| name.to_string());
    format!("\"{}\"", text.escape_debug())
}

fn common_name(name: &Name) -> Option<String> {
    let mut attributes = name.0.iter().flat_map(|set| set.0.iter());
    let value = &attributes.find(|attribute| attribute.oid == CN)?.value;
    let der = value.to_der().ok()?;
    Some(match DirectoryString::from_der(&der).ok()? {
        DirectoryString::PrintableString(name) => name.to_string(),
        DirectoryString::TeletexString(name) => name.to_string(),
        DirectoryString::Utf8String(name) => name,
    })
}

fn address(bytes: &[u8]) -> Option<String> {
    let four = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    let address = four.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from));
    Some(address.ok()?.to_string())
}

//! TLS errors.

use std::io;
use std::path::PathBuf;

use rustls::{AlertDescription, Error, InvalidMessage};

use super::identity::CertificateState;

/// Why a TLS connection failed. Certificates are identified by their common names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// No certificate authority was given.
    #[error("ssl: needs the certificate of the authority that vouches for the other side")]
    NoAuthority,
    /// One of `-p` and `-c` without the other.
    #[error("{given} needs {missing} beside it: a private key and its certificate go together")]
    Half {
        /// The option that was given.
        given: &'static str,
        /// The one that was not.
        missing: &'static str,
    },
    /// `--verify-name` without an authority.
    #[error("--verify-name proves nothing where anyone is trusted (-C none)")]
    NameWithoutAuthority,
    /// A file cannot be read, or does not hold what it should.
    #[error("{what} {}: {reason}", path.display())]
    File {
        /// What it should hold: `private key`.
        what: &'static str,
        /// Its path.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The certificate of `-c` does not belong to the key of `-p`.
    #[error("the certificate {} is not that of the private key {}", certificate.display(), key.display())]
    Mismatch {
        /// `-c`
        certificate: PathBuf,
        /// `-p`
        key: PathBuf,
    },
    /// `--ssl-server-name` is not a valid server name.
    #[error("\"{}\" is not a host's name to ask for", .0.escape_debug())]
    ServerName(String),
    /// The other side's certificate has expired.
    #[error("the certificate of the other side, {name}, expired on {date}")]
    Expired {
        /// Whose certificate.
        name: String,
        /// When, in UTC.
        date: String,
    },
    /// The other side's certificate is not valid yet.
    #[error("the certificate of the other side, {name}, is not valid before {date}")]
    NotYetValid {
        /// Whose certificate.
        name: String,
        /// From when on, in UTC.
        date: String,
    },
    /// The other side's certificate is not signed by a given authority.
    #[error(
        "the certificate of the other side, {name}, is signed by {issuer}, and not by {}",
        known.join(", ")
    )]
    UnknownAuthority {
        /// Whose certificate.
        name: String,
        /// Who signed it, as it says itself.
        issuer: String,
        /// The authorities that were given.
        known: Vec<String>,
    },
    /// The other side's certificate does not have the required name.
    #[error("the certificate of the other side bears the names {}, and not {wanted}", names.join(", "))]
    WrongName {
        /// The required name.
        wanted: String,
        /// The names that it has.
        names: Vec<String>,
    },
    /// The other side's certificate cannot be accepted for another reason.
    #[error("the certificate of the other side, {name}, is not acceptable: {reason}")]
    Unacceptable {
        /// Whose certificate.
        name: String,
        /// Why not.
        reason: String,
    },
    /// The other side does not send the certificate of its authority.
    #[error(
        "the other side does not send its authority's certificate along: there is none to save"
    )]
    NothingToBootstrap,
    /// The other side requires a client certificate, and none was given.
    #[error("the other side demands a certificate of this side, and none was given")]
    ClientCertificateMissing,
    /// The other side refused the client certificate.
    #[error("the other side refused the certificate of this side: {0}")]
    ClientCertificateRefused(&'static str),
    /// The other side closed the connection after receiving the client certificate.
    #[error("the other side hung up after the certificate of this side, and gave no reason")]
    HungUpAfterCertificate,
    /// The other side closed the connection during the handshake.
    #[error("the other side hung up in the middle of the TLS handshake")]
    HungUp,
    /// The other side does not speak TLS.
    #[error("the server does not speak TLS")]
    NotTls,
    /// No common version or cipher.
    #[error("the other side accepts neither TLS 1.2 nor 1.3 with any cipher of this side")]
    NothingInCommon,
    /// Any other TLS error.
    #[error("TLS failed: {0}")]
    Other(String),
}

impl TlsError {
    /// Returns the TLS error within an I/O error, if it is the cause.
    pub fn within(error: &io::Error) -> Option<&TlsError> {
        error.get_ref()?.downcast_ref()
    }

    /// A hint for the user.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::NoAuthority => {
                "-C FILE names it (of ovs-pki: switchca/cacert.pem for a switch, \
                 controllerca/cacert.pem for a controller); --bootstrap-ca-cert FILE fetches it \
                 from the other side the first time; -C none trusts anyone"
            }
            Self::Half { .. } | Self::ClientCertificateMissing => {
                "-p FILE and -c FILE name this side's private key and certificate; \
                 `ovs-pki req+sign NAME` makes both"
            }
            Self::File { .. } => "ovs-pki(8) makes such files",
            Self::Mismatch { .. } => "-p and -c want the two files of one `ovs-pki req+sign NAME`",
            Self::NameWithoutAuthority => "-C FILE names who vouches for it",
            Self::ServerName(_) | Self::Other(_) => return None,
            Self::Expired { .. } => {
                "it must be issued anew over there (`ovs-pki sign`); is this host's clock right?"
            }
            Self::NotYetValid { .. } => "are the clocks of both hosts right?",
            Self::UnknownAuthority { .. } => {
                "-C wants the certificate of the authority that signed the other side's; ovs-pki \
                 has two: switchca for switches, controllerca for controllers"
            }
            Self::WrongName { .. } => {
                "is this the host that was meant? --verify-name demands the name"
            }
            Self::Unacceptable { .. } => "`openssl x509 -text -in FILE` over there shows it",
            Self::NothingToBootstrap => {
                "--peer-ca-cert of the daemon sends it; or copy it here, and name it with -C"
            }
            Self::ClientCertificateRefused(_) | Self::HungUpAfterCertificate => {
                "the daemon's own -C must be the authority that signed the certificate of -c; \
                 its log says why it refused"
            }
            Self::HungUp | Self::NotTls => {
                "does it listen with pssl: on this port? Where it listens with ptcp:, use tcp:"
            }
            Self::NothingInCommon => {
                "--ssl-protocols and --ssl-ciphers of the daemon say what it accepts"
            }
        })
    }

    /// From a failed handshake in which the verifier accepted the certificate.
    pub(super) fn of_handshake(error: &io::Error, client: CertificateState) -> TlsError {
        let tls = error.get_ref().and_then(|inner| inner.downcast_ref());
        match (tls, error.kind()) {
            (Some(error), _) => Self::of_rustls(error, client),
            (None, io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset) => match client {
                CertificateState::NotAsked => Self::HungUp,
                CertificateState::Missing => Self::ClientCertificateMissing,
                CertificateState::Sent => Self::HungUpAfterCertificate,
            },
            (None, _) => Self::Other(error.to_string()),
        }
    }

    /// From an error of the TLS library.
    pub(super) fn of_rustls(error: &Error, client: CertificateState) -> TlsError {
        match error {
            Error::AlertReceived(alert) => Self::of_alert(*alert, client),
            Error::InvalidMessage(
                InvalidMessage::InvalidContentType
                | InvalidMessage::UnknownProtocolVersion
                | InvalidMessage::MessageTooLarge
                | InvalidMessage::InvalidEmptyPayload,
            ) => Self::NotTls,
            Error::PeerIncompatible(_) => Self::NothingInCommon,
            other => Self::Other(other.to_string()),
        }
    }

    /// From an alert of the other side (RFC 8446 §6.2).
    fn of_alert(alert: AlertDescription, client: CertificateState) -> TlsError {
        use AlertDescription as Alert;
        let refused = match alert {
            Alert::CertificateRequired => return Self::ClientCertificateMissing,
            // Up to TLS 1.2 these alerts also mean a missing certificate.
            Alert::HandshakeFailure | Alert::BadCertificate | Alert::NoCertificate
                if client == CertificateState::Missing =>
            {
                return Self::ClientCertificateMissing;
            }
            Alert::UnknownCA => "it is not signed by an authority known there (unknown_ca)",
            Alert::CertificateExpired => "it is expired (certificate_expired)",
            Alert::CertificateRevoked => "it is revoked (certificate_revoked)",
            Alert::BadCertificate => "it is not valid (bad_certificate)",
            Alert::UnsupportedCertificate => "it is not for this use (unsupported_certificate)",
            Alert::CertificateUnknown => "it is not acceptable (certificate_unknown)",
            Alert::AccessDenied => "it is not allowed in (access_denied)",
            Alert::DecryptError => "its signature is wrong (decrypt_error)",
            Alert::HandshakeFailure | Alert::ProtocolVersion | Alert::InsufficientSecurity => {
                return Self::NothingInCommon;
            }
            Alert::UnrecognisedName => {
                return Self::Other("the other side knows no host of this name".to_owned());
            }
            other => {
                return Self::Other(format!("the other side ended it with the alert {other:?}"));
            }
        };
        Self::ClientCertificateRefused(refused)
    }
}

impl From<TlsError> for io::Error {
    fn from(error: TlsError) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, error)
    }
}

//! TLS 1.2 and 1.3 for `ssl:` endpoints, with the options of ovsdb-server(8) and ovs-vsctl(8).
//!
//! | file | contents |
//! |---|---|
//! | [`error`] | TLS errors |
//! | `files` | private keys and certificates, read from PEM |
//! | `certificate` | the fields of a certificate |
//! | `authority` | certificate authorities, and verification against them |
//! | `verifier` | verifies the other side's certificate in a handshake |
//! | `identity` | the client certificate, and whether it was requested |
//! | `stream` | the encrypted stream |

mod authority;
mod certificate;
pub mod error;
mod files;
mod identity;
mod stream;
mod verifier;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustls::ClientConfig;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, IpAddr, Ipv4Addr, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use authority::Authority;
pub use error::TlsError;
use files::Loaded;
use identity::Identity;
pub(super) use stream::TlsStream;
use verifier::{TrustPolicy, Verifier};

/// The TLS options; the files are PEM, as ovs-pki(8) creates them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TlsOptions {
    /// `-p`: this side's private key.
    pub private_key: Option<PathBuf>,
    /// `-c`: this side's certificate, and any that lead from it to its authority.
    pub certificate: Option<PathBuf>,
    /// `-C` or `--bootstrap-ca-cert`: who vouches for the other side.
    pub trust: Option<Trust>,
    /// `--verify-name`: the name that the other side's certificate must bear.
    pub verify_name: Option<String>,
    /// `--ssl-server-name`: the server name to send (SNI, RFC 6066 §3) instead of the endpoint's host.
    pub server_name: Option<String>,
}

/// Who vouches for the other side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// The authorities whose certificates are in this file.
    File(PathBuf),
    /// The same; a missing file is created from what the other side sends.
    Bootstrap(PathBuf),
    /// Any certificate is accepted: `-C none`.
    Unverified,
}

/// TLS with given options; the files are read when first needed.
#[derive(Debug, Default)]
pub struct Tls {
    options: TlsOptions,
    loaded: OnceLock<Loaded>,
    remarks: Mutex<Vec<String>>,
}

impl Tls {
    /// TLS with these options.
    pub fn new(options: TlsOptions) -> Self {
        Self {
            options,
            ..Self::default()
        }
    }

    /// Whether a source of trust was given.
    pub fn is_configured(&self) -> bool {
        self.options.trust.is_some()
    }

    /// Takes the remarks for the user since the last call: a private key that others can read, a certificate
    /// that is trusted from now on.
    pub fn take_remarks(&self) -> Vec<String> {
        std::mem::take(&mut *self.remarks.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn remark(&self, text: String) {
        let mut remarks = self.remarks.lock().unwrap_or_else(PoisonError::into_inner);
        remarks.push(text);
    }

    /// Makes a TLS connection to `host`; `dial` makes TCP connections, as many as needed.
    pub(super) async fn connect<D, E>(&self, host: &str, dial: D) -> Result<TlsStream, E>
    where
        D: AsyncFn() -> Result<TcpStream, E>,
        E: From<TlsError>,
    {
        let trust = self.options.trust.as_ref().ok_or(TlsError::NoAuthority)?;
        let loaded = self.loaded()?;
        let judge = match trust {
            Trust::Unverified if self.options.verify_name.is_some() => {
                return Err(TlsError::NameWithoutAuthority.into());
            }
            Trust::Unverified => TrustPolicy::Unverified,
            Trust::File(path) => TrustPolicy::Authority(Authority::read(path)?),
            Trust::Bootstrap(path) => {
                if !path.exists() {
                    let shown = self.fetch_authority(host, &loaded, dial().await?).await?;
                    let saved = authority::save(
                        path,
                        &shown,
                        &provider().signature_verification_algorithms,
                    )?;
                    self.remark(format!(
                        "saved the CA certificate {saved} to {}: from now on it vouches for the \
                         other side",
                        path.display()
                    ));
                }
                TrustPolicy::Authority(Authority::read(path)?)
            }
        };
        let verifier = Verifier::new(judge, self.options.verify_name.clone());
        Ok(self
            .handshake(host, &loaded, verifier, dial().await?)
            .await?
            .0)
    }

    /// Fetches the certificates of the other side without verifying them; no data is sent.
    async fn fetch_authority(
        &self,
        host: &str,
        loaded: &Loaded,
        stream: TcpStream,
    ) -> Result<Vec<CertificateDer<'static>>, TlsError> {
        let verifier = Verifier::new(TrustPolicy::Unverified, None);
        let (_, verifier) = self.handshake(host, loaded, verifier, stream).await?;
        Ok(verifier.shown())
    }

    async fn handshake(
        &self,
        host: &str,
        loaded: &Loaded,
        verifier: Verifier,
        stream: TcpStream,
    ) -> Result<(TlsStream, Arc<Verifier>), TlsError> {
        let verifier = Arc::new(verifier);
        let identity = Arc::new(Identity::new(loaded.identity.clone()));
        let mut config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsError::Other(error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&verifier) as _)
            .with_client_cert_resolver(Arc::clone(&identity) as _);
        let name = match &self.options.server_name {
            Some(name) => ServerName::try_from(name.clone())
                .map_err(|_| TlsError::ServerName(name.clone()))?,
            None => ServerName::try_from(host.to_owned()).unwrap_or_else(|_| {
                config.enable_sni = false;
                ServerName::IpAddress(IpAddr::V4(Ipv4Addr::from([0; 4])))
            }),
        };
        let connector = TlsConnector::from(Arc::new(config));
        match connector.connect(name, stream).await {
            Ok(stream) => Ok((TlsStream::new(stream, identity), verifier)),
            Err(error) => Err(verifier
                .fault()
                .unwrap_or_else(|| TlsError::of_handshake(&error, identity.state()))),
        }
    }

    fn loaded(&self) -> Result<Loaded, TlsError> {
        if let Some(loaded) = self.loaded.get() {
            return Ok(loaded.clone());
        }
        let loaded = Loaded::read(&self.options, &provider())?;
        if let (Some(path), Some(mode)) = (&self.options.private_key, loaded.open_to_others) {
            self.remark(format!(
                "ovs: warning: the private key {} can be read by every user (mode {mode:04o}): \
                 `chmod o= {0}`",
                path.display()
            ));
        }
        Ok(self.loaded.get_or_init(|| loaded).clone())
    }
}

fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    Arc::clone(PROVIDER.get_or_init(|| Arc::new(ring::default_provider())))
}

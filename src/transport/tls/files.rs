//! Private keys and certificates, read from PEM (RFC 7468). Text around the blocks is ignored.

use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use super::certificate::public_key;
use super::{TlsError, TlsOptions};

/// Maximum size of a file, in bytes.
const MAX_FILE_SIZE: u64 = 4 << 20;

/// The content of the files.
#[derive(Debug, Clone)]
pub(super) struct Loaded {
    /// This side's key and certificates, if any were named.
    pub(super) identity: Option<Arc<CertifiedKey>>,
    /// The mode of the private key's file, if every user can read it.
    pub(super) open_to_others: Option<u32>,
}

impl Loaded {
    /// Reads the files of `-p` and `-c`.
    pub(super) fn read(options: &TlsOptions, provider: &CryptoProvider) -> Result<Self, TlsError> {
        let half = |given, missing| Err(TlsError::Half { given, missing });
        let (key_path, certificate_path) = match (&options.private_key, &options.certificate) {
            (None, None) => {
                return Ok(Self {
                    identity: None,
                    open_to_others: None,
                });
            }
            (Some(_), None) => return half("-p", "-c"),
            (None, Some(_)) => return half("-c", "-p"),
            (Some(key), Some(certificate)) => (key, certificate),
        };
        let (text, mode) = read(key_path, "private key")?;
        let unusable = |reason: String| TlsError::File {
            what: "private key",
            path: key_path.clone(),
            reason,
        };
        let key = PrivateKeyDer::from_pem_slice(&text).map_err(|error| {
            unusable(match error {
                pem::Error::NoItemsFound if has(&text, b"ENCRYPTED PRIVATE KEY") => {
                    "it is locked with a password".to_owned()
                }
                pem::Error::NoItemsFound => "there is no private key in it".to_owned(),
                other => other.to_string(),
            })
        })?;
        let key = provider.key_provider.load_private_key(key);
        let key = key.map_err(|error| unusable(error.to_string()))?;
        let chain = certificates(certificate_path, "certificate")?;
        let own = chain.first().and_then(|first| public_key(first));
        if let (Some(of_key), Some(of_certificate)) = (key.public_key(), own)
            && of_key.as_ref() != of_certificate.as_slice()
        {
            return Err(TlsError::Mismatch {
                certificate: certificate_path.clone(),
                key: key_path.clone(),
            });
        }
        Ok(Self {
            identity: Some(Arc::new(CertifiedKey::new(chain, key))),
            open_to_others: Some(mode & 0o7777).filter(|mode| mode & 0o004 != 0),
        })
    }
}

/// All certificates in a file: at least one.
pub(super) fn certificates(
    path: &Path,
    what: &'static str,
) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let wrong = |reason: String| TlsError::File {
        what,
        path: path.to_owned(),
        reason,
    };
    let (text, _) = read(path, what)?;
    let all = CertificateDer::pem_slice_iter(&text)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| wrong(error.to_string()))?;
    if all.is_empty() {
        return Err(wrong("there is no certificate in it".to_owned()));
    }
    Ok(all)
}

/// A file's content and mode.
fn read(path: &Path, what: &'static str) -> Result<(Vec<u8>, u32), TlsError> {
    let content = || {
        let file = fs::File::open(path)?;
        let mode = file.metadata()?.permissions().mode();
        let mut content = Vec::new();
        if file.take(MAX_FILE_SIZE + 1).read_to_end(&mut content)? as u64 > MAX_FILE_SIZE {
            return Err(io::Error::other("it is too large"));
        }
        Ok((content, mode))
    };
    content().map_err(|error: io::Error| TlsError::File {
        what,
        path: path.to_owned(),
        reason: match error.kind() {
            io::ErrorKind::NotFound => "there is no such file".to_owned(),
            io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
            _ => error.to_string(),
        },
    })
}

fn has(text: &[u8], words: &[u8]) -> bool {
    memchr::memmem::find(text, words).is_some()
}

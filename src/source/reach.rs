//! The way to a host: connections to its sockets, its files, and the network of its kernel.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::network::{self, KernelNetwork, Namespaces};
use crate::transport::{ConnectError, Endpoint, Stream, Tls};

/// The way to a host.
#[derive(Debug, Clone, Default)]
pub enum Reach {
    /// This process runs on it.
    #[default]
    Here,
}

/// A file in a directory of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name; names that are not UTF-8 are left out.
    pub name: String,
    /// When it was last changed, if known.
    pub modified: Option<SystemTime>,
}

// Another host's files are asked for.
#[allow(clippy::unused_async)]
impl Reach {
    /// Whether this process runs on the host.
    pub fn is_here(&self) -> bool {
        matches!(self, Reach::Here)
    }

    /// Connects to an endpoint. A Unix socket is one of the host; TCP starts from here.
    ///
    /// # Errors
    ///
    /// See [`ConnectErrorKind`](crate::transport::ConnectErrorKind).
    pub(super) async fn connect(
        &self,
        endpoint: &Endpoint,
        limit: Option<Duration>,
        tls: &Tls,
    ) -> Result<Stream, ConnectError> {
        match self {
            Reach::Here => endpoint.connect_with(limit, tls).await,
        }
    }

    /// Reads a file of the host, for texts as short as a pid file.
    pub(super) async fn read(&self, path: &Path) -> io::Result<String> {
        match self {
            Reach::Here => fs::read_to_string(path),
        }
    }

    /// Whether there is a file at `path`.
    pub(super) async fn exists(&self, path: &Path) -> bool {
        match self {
            Reach::Here => path.exists(),
        }
    }

    /// Lists a directory of the host.
    pub(super) async fn list(&self, directory: &Path) -> io::Result<Vec<Entry>> {
        match self {
            Reach::Here => {
                let entry = |entry: fs::DirEntry| {
                    let modified = entry.metadata().and_then(|metadata| metadata.modified());
                    let name = entry.file_name().into_string().ok()?;
                    Some(Entry {
                        name,
                        modified: modified.ok(),
                    })
                };
                let entries = fs::read_dir(directory)?.flatten();
                Ok(entries.filter_map(entry).collect())
            }
        }
    }

    /// Reads the addresses, routes and devices of the network namespace that is looked into. What cannot be read
    /// is left empty.
    pub(super) async fn network(&self) -> KernelNetwork {
        match self {
            Reach::Here => network::network(),
        }
    }

    /// Reads the devices of that namespace and of the named ones (`/run/netns`).
    pub(super) async fn namespaces(&self) -> Namespaces {
        match self {
            Reach::Here => network::namespaces(),
        }
    }

    /// The path without symbolic links, if it can be told.
    pub(super) fn real(&self, path: &Path) -> Option<PathBuf> {
        match self {
            Reach::Here => fs::canonicalize(path).ok(),
        }
    }
}

//! The way to a host: connections to its sockets, its files, and the network of its kernel.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UnixStream;

use super::directory::DirectoryEntry;
use super::network::{self, KernelNetwork, Namespaces};
use super::remote::{self, Remote};
use super::saved::{SavedHost, player};
use crate::transport::{ConnectError, ConnectErrorKind, Endpoint, Stream, Tls};

/// The way to a host.
#[derive(Debug, Clone, Default)]
pub enum Reach {
    /// This process runs on it.
    #[default]
    Here,
    /// It was saved: this process answers for it.
    Saved(Arc<SavedHost>),
    /// It is another host.
    Remote(Rc<Remote>),
    /// It is another host, and an endpoint that is reached from here leads to its database: the end of a tunnel.
    Endpoint,
}

/// The run directory of a saved host.
pub(super) const SAVED_RUN_DIRECTORY: &str = "/var/run/openvswitch";

/// The PID of the daemons of a saved host, in the names of their sockets.
const SAVED_PID: &str = "0";

// Another host's files are asked for.
#[allow(clippy::unused_async)]
impl Reach {
    /// Whether this process runs on the host.
    pub fn is_here(&self) -> bool {
        matches!(self, Reach::Here)
    }

    /// The saved host, if it is one.
    pub fn saved(&self) -> Option<&SavedHost> {
        match self {
            Reach::Saved(host) => Some(host),
            Reach::Here | Reach::Remote(_) | Reach::Endpoint => None,
        }
    }

    /// Why the kernel of the host and its files other than sockets are not known; `None`: they are, or were saved.
    pub(super) fn reaches_no_kernel(&self) -> Option<&'static str> {
        match self {
            Reach::Here | Reach::Saved(_) => None,
            Reach::Remote(remote) => (!remote.has_files()).then_some("--via reaches sockets only"),
            Reach::Endpoint => Some("db= reaches the database only"),
        }
    }

    /// Whether what is connected to at an endpoint that a user names is on the host. On this host any is.
    pub(super) fn leads_to(&self, endpoint: &Endpoint) -> bool {
        match self {
            Reach::Here | Reach::Saved(_) => true,
            Reach::Remote(_) => matches!(endpoint, Endpoint::Unix(_)),
            Reach::Endpoint => false,
        }
    }

    /// Whether a command of the user's connects to each socket.
    pub(super) fn is_by_command(&self) -> bool {
        matches!(self, Reach::Remote(remote) if !remote.has_files())
    }

    /// The directory of the daemons' sockets by default: of this host `$OVS_RUNDIR`, if it is set.
    pub fn run_directory(&self) -> PathBuf {
        match self {
            Reach::Here | Reach::Endpoint => std::env::var_os("OVS_RUNDIR")
                .filter(|directory| !directory.is_empty())
                .map_or_else(|| PathBuf::from("/var/run/openvswitch"), PathBuf::from),
            Reach::Remote(_) => PathBuf::from(remote::RUN_DIRECTORY),
            Reach::Saved(_) => PathBuf::from(SAVED_RUN_DIRECTORY),
        }
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
            Reach::Here | Reach::Endpoint => endpoint.connect_with(limit, tls).await,
            Reach::Saved(host) => connect_to_saved(host, endpoint).map_err(|error| ConnectError {
                endpoint: endpoint.clone(),
                is_elsewhere: true,
                kind: ConnectErrorKind::from(error),
            }),
            Reach::Remote(remote) => match endpoint {
                Endpoint::Unix(path) => {
                    let stream = remote.connect(path).await;
                    stream.map_err(|kind| ConnectError {
                        endpoint: endpoint.clone(),
                        kind,
                        is_elsewhere: true,
                    })
                }
                Endpoint::Tcp { .. } | Endpoint::Ssl { .. } => {
                    endpoint.connect_with(limit, tls).await
                }
            },
        }
    }

    /// Reads a file of the host, for texts as short as a pid file.
    pub(super) async fn read(&self, path: &Path) -> io::Result<String> {
        match self {
            Reach::Here | Reach::Endpoint => fs::read_to_string(path),
            // Also of a daemon of which nothing was saved: it refuses every command.
            Reach::Saved(_) if path.extension().is_some_and(|end| end == "pid") => {
                Ok(SAVED_PID.to_owned())
            }
            Reach::Saved(_) => Err(io::ErrorKind::NotFound.into()),
            Reach::Remote(remote) => remote.read(path).await,
        }
    }

    /// Whether there is a file at `path`.
    pub(super) async fn exists(&self, path: &Path) -> bool {
        match self {
            Reach::Here | Reach::Endpoint => path.exists(),
            Reach::Saved(_) => false,
            Reach::Remote(remote) => remote.exists(path).await,
        }
    }

    /// Lists a directory of the host.
    pub(super) async fn list(&self, directory: &Path) -> io::Result<Vec<DirectoryEntry>> {
        match self {
            Reach::Here | Reach::Endpoint => {
                let entry = |entry: fs::DirEntry| {
                    let modified = entry.metadata().and_then(|metadata| metadata.modified());
                    let name = entry.file_name().into_string().ok()?;
                    Some(DirectoryEntry {
                        name,
                        modified: modified.ok(),
                    })
                };
                let entries = fs::read_dir(directory)?.flatten();
                Ok(entries.filter_map(entry).collect())
            }
            Reach::Saved(host) => {
                let daemons = host.report.replies.keys();
                let daemons = daemons.map(|daemon| format!("{daemon}.{SAVED_PID}.ctl"));
                let bridges = host.report.switches.keys();
                let bridges = bridges.map(|bridge| format!("{bridge}.mgmt"));
                let socket = |name| DirectoryEntry {
                    name,
                    modified: None,
                };
                Ok(daemons.chain(bridges).map(socket).collect())
            }
            Reach::Remote(remote) => remote.list(directory).await,
        }
    }

    /// Reads the addresses, routes and devices of the network namespace that is looked into. What cannot be read
    /// is left empty.
    ///
    /// # Errors
    ///
    /// Why nothing can be read.
    pub(super) async fn network(&self) -> Result<KernelNetwork, String> {
        match self {
            Reach::Here => Ok(network::network()),
            Reach::Saved(host) => Ok(host.report.network.clone().unwrap_or_default()),
            Reach::Remote(remote) => remote.network().await,
            Reach::Endpoint => Err(self.no_kernel()),
        }
    }

    /// Reads the devices of that namespace and of the named ones (`/run/netns`).
    pub(super) async fn namespaces(&self) -> Namespaces {
        match self {
            Reach::Here => network::namespaces(),
            Reach::Saved(host) => host.report.namespaces.clone().unwrap_or_default(),
            Reach::Remote(remote) => remote.namespaces().await,
            Reach::Endpoint => Namespaces {
                unseen: vec![self.no_kernel()],
                ..Namespaces::default()
            },
        }
    }

    fn no_kernel(&self) -> String {
        self.reaches_no_kernel().unwrap_or_default().to_owned()
    }

    /// The path without symbolic links, if it can be told.
    pub(super) async fn real(&self, path: &Path) -> Option<PathBuf> {
        match self {
            Reach::Here | Reach::Endpoint => fs::canonicalize(path).ok(),
            Reach::Saved(_) => Some(path.to_owned()),
            Reach::Remote(remote) => remote.real(path).await.map(PathBuf::from),
        }
    }
}

fn connect_to_saved(host: &Arc<SavedHost>, endpoint: &Endpoint) -> io::Result<Stream> {
    let socket = match endpoint {
        Endpoint::Unix(path) if path.parent() == Some(Path::new(SAVED_RUN_DIRECTORY)) => path,
        Endpoint::Unix(_) => return Err(io::ErrorKind::NotFound.into()),
        _ => {
            return Err(io::Error::other(
                "the host is a saved one: its bridges have names only",
            ));
        }
    };
    let stream = player::connect(host, socket)?;
    stream.set_nonblocking(true)?;
    Ok(Stream::Unix(UnixStream::from_std(stream)?))
}

//! A host that runs Open vSwitch: its sockets, connections to them, and the network of its kernel.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::network::{KernelNetwork, Namespaces};
use super::reach::{Reach, SAVED_RUN_DIRECTORY};
use super::saved::SavedHost;
use crate::transport::{ConnectError, Endpoint, Endpoints, Stream, Tls};

/// A host that runs Open vSwitch.
#[derive(Debug, Clone)]
pub struct Host {
    /// Where the database listens: its server, or those of its cluster.
    pub(super) db: Endpoints,
    /// The way to it.
    pub reach: Reach,
    /// The longest wait for the other side without progress; `None`: no limit.
    pub limit: Option<Duration>,
    /// The control socket of ovs-vswitchd; `None`: it is found beside the database's socket.
    pub control: Option<PathBuf>,
    pub(super) tls: Rc<Tls>,
    pub(super) log: Rc<dyn Log>,
}

/// Receives messages about connections.
pub trait Log: std::fmt::Debug {
    /// A remark for every user.
    fn remark(&self, text: &str);
    /// A detail for debugging.
    fn detail(&self, text: &str);
    /// A change is about to be sent to the host: from now on its outcome may be unknown.
    fn sends_change(&self) {}
}

/// Discards everything.
#[derive(Debug)]
struct NoLog;

impl Log for NoLog {
    fn remark(&self, _: &str) {}
    fn detail(&self, _: &str) {}
}

impl Host {
    /// The host whose database listens at `db`. `limit` bounds connecting, and later every wait without
    /// progress; `None`: no limit.
    pub fn new(db: impl Into<Endpoints>, limit: Option<Duration>, tls: Tls) -> Host {
        Host {
            db: db.into(),
            reach: Reach::Here,
            limit,
            control: None,
            tls: Rc::new(tls),
            log: Rc::new(NoLog),
        }
    }

    /// A saved host.
    pub fn saved(host: SavedHost) -> Host {
        let socket = Path::new(SAVED_RUN_DIRECTORY).join("db.sock");
        Host {
            reach: Reach::Saved(Arc::new(host)),
            ..Host::new(Endpoint::Unix(socket), None, Tls::default())
        }
    }

    /// The same host, with messages about connections sent to `log`.
    #[must_use]
    pub fn with_log(&self, log: Rc<dyn Log>) -> Host {
        Host {
            log,
            ..self.clone()
        }
    }

    /// The host whose database listens at this one's, if that is another host's: see [`Reach::Endpoint`].
    #[must_use]
    pub fn elsewhere(self) -> Host {
        Host {
            reach: Reach::Endpoint,
            ..self
        }
    }

    /// The same way with another database, whose sockets are beside it.
    #[must_use]
    pub fn with_database(&self, db: impl Into<Endpoints>) -> Host {
        Host {
            db: db.into(),
            control: None,
            ..self.clone()
        }
    }

    /// The host whose database listens at `db`, connected to in the same way.
    #[must_use]
    pub fn at(&self, db: Endpoints) -> Host {
        Host {
            db,
            reach: Reach::Here,
            control: None,
            ..self.clone()
        }
    }

    /// `unix:$OVS_RUNDIR/db.sock`, else `unix:/var/run/openvswitch/db.sock`; on another host always the latter.
    pub fn default_database(reach: &Reach) -> Endpoint {
        Endpoint::Unix(reach.run_directory().join("db.sock"))
    }

    /// The directory of the switch's sockets: that of the database's socket; without one `$OVS_RUNDIR`, else
    /// `/var/run/openvswitch`.
    pub(super) fn run_directory(&self) -> PathBuf {
        match self.db.first() {
            Endpoint::Unix(path) => path.parent().unwrap_or(Path::new(".")).to_owned(),
            Endpoint::Tcp { .. } | Endpoint::Ssl { .. } => self.reach.run_directory(),
        }
    }

    /// The spellings of the run directory: as it was named, without symbolic links, and the default one if it is
    /// the same directory. None if the host has it elsewhere.
    pub async fn run_directories(&self) -> Vec<String> {
        if matches!(self.reach, Reach::Endpoint) && self.has_sockets() {
            return Vec::new();
        }
        let named = self.run_directory();
        let real = self.reach.real(&named).await;
        let default = self.reach.run_directory();
        let is_same = named == default || real.is_some() && self.reach.real(&default).await == real;
        let mut all = Vec::new();
        let absolute = Some(named).filter(|path| path.is_absolute());
        for path in [absolute, Some(default).filter(|_| is_same), real] {
            let path = path.and_then(|path| path.to_str().map(str::to_owned));
            all.extend(path.filter(|path| !all.contains(path)));
        }
        all
    }

    /// Whether all its sockets can be reached, of the switch and of the daemons: so is its database.
    pub fn has_sockets(&self) -> bool {
        let is_unix = |endpoint: &Endpoint| matches!(endpoint, Endpoint::Unix(_));
        self.db.iter().all(is_unix)
    }

    /// Whether they are on this host: the other side of such a socket cannot vanish without closing it.
    pub(super) fn is_local(&self) -> bool {
        self.reach.is_here() && self.has_sockets()
    }

    /// Connects to an endpoint.
    ///
    /// # Errors
    ///
    /// See [`ConnectErrorKind`](crate::transport::ConnectErrorKind).
    pub(super) async fn dial(&self, endpoint: &Endpoint) -> Result<Stream, ConnectError> {
        let stream = self.reach.connect(endpoint, self.limit, &self.tls).await;
        for remark in self.tls.take_remarks() {
            self.log.remark(&remark);
        }
        if stream.is_ok() {
            match &self.reach {
                Reach::Here | Reach::Endpoint => {
                    self.log.detail(&format!("connected to {endpoint}"));
                }
                Reach::Remote(remote) => {
                    let name = remote.name();
                    self.log
                        .detail(&format!("connected to {endpoint} by {name}"));
                }
                Reach::Saved(_) => {}
            }
        }
        stream
    }

    /// The name of the host; `None` if it cannot be read.
    pub async fn name(&self) -> Option<String> {
        if self.has_no_kernel().is_some() {
            return None;
        }
        let name = self
            .reach
            .read(Path::new("/proc/sys/kernel/hostname"))
            .await
            .ok()?;
        Some(name.trim().to_owned()).filter(|name| !name.is_empty())
    }

    /// Why the kernel of the host is not known, so that its network must not be taken for this one's or for an empty one;
    /// `None`: it is known, or was saved.
    pub fn has_no_kernel(&self) -> Option<&'static str> {
        if !self.has_sockets() {
            return Some("the database is another host's");
        }
        self.reach.reaches_no_kernel()
    }

    /// Reads the addresses, routes and devices of the host's network namespace. What cannot be read is left empty.
    ///
    /// # Errors
    ///
    /// Why nothing can be read.
    pub async fn network(&self) -> Result<KernelNetwork, String> {
        self.reach.network().await
    }

    /// Reads the network devices of the host's namespace and of the named ones (`/run/netns`). Entering those needs
    /// privileges.
    pub async fn namespaces(&self) -> Namespaces {
        self.reach.namespaces().await
    }
}

//! The control sockets of a host's daemons: where they are, and connections to them.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::{Host, Reach};
use crate::transport::{ConnectErrorKind, Endpoint};
use crate::unixctl::{Client, Error, ErrorKind, daemon_of};

/// The daemon that is the switch.
pub const VSWITCHD: &str = "ovs-vswitchd";

/// Maximum number of sockets of one daemon that are tried; others are left over from earlier processes.
const MAX_SOCKETS: usize = 64;

/// What is asked: a daemon of the host, or a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ControlTarget {
    /// A daemon, by name: `ovs-vswitchd`.
    Daemon(String),
    /// A socket, by path.
    Socket(PathBuf),
}

/// Why a daemon's control socket cannot be used.
#[derive(Debug)]
pub enum ControlError {
    /// The host is another one, and its control sockets cannot be reached from here.
    NotLocal {
        /// The daemon.
        daemon: String,
        /// The endpoint of the host's database.
        database: String,
    },
    /// There is no socket of this daemon.
    NoSocket {
        /// The daemon.
        daemon: String,
        /// The directories that were searched.
        directories: Vec<PathBuf>,
        /// Whether the host is another one.
        is_elsewhere: bool,
    },
    /// The directory of the sockets cannot be read.
    Directory {
        /// The daemon.
        daemon: String,
        /// The directory.
        directory: PathBuf,
        /// The cause.
        error: io::Error,
        /// Whether the host is another one.
        is_elsewhere: bool,
    },
    /// No process listens at any of the sockets: they are left over.
    Stale {
        /// The daemon.
        daemon: String,
        /// The sockets.
        sockets: Vec<PathBuf>,
    },
    /// There is no connection, or no reply.
    Client(Error),
}

impl From<Error> for ControlError {
    fn from(error: Error) -> ControlError {
        ControlError::Client(error)
    }
}

impl ControlTarget {
    /// Reads a target as ovs-appctl(8) has it: a name without a slash is a daemon; a path, `unix:PATH` or a name
    /// that ends with `.ctl` is a socket.
    pub fn parse(text: &str) -> ControlTarget {
        let path = text.strip_prefix("unix:").unwrap_or(text);
        let is_path = path.len() < text.len() || text.contains('/');
        let is_socket = Path::new(text).extension().is_some_and(|end| end == "ctl");
        if is_path || is_socket {
            ControlTarget::Socket(PathBuf::from(path))
        } else {
            ControlTarget::Daemon(text.to_owned())
        }
    }
}

impl Host {
    /// Connects to the control socket of ovs-vswitchd: the one of `--ctl`, if it was given.
    ///
    /// # Errors
    ///
    /// See [`ControlError`].
    pub async fn vswitchd(&self) -> Result<Client, ControlError> {
        let target = match &self.control {
            Some(path) => ControlTarget::Socket(path.clone()),
            None => ControlTarget::Daemon(VSWITCHD.to_owned()),
        };
        self.control(&target).await
    }

    /// Connects to a control socket. A daemon's is `DAEMON.PID.ctl` beside the database's socket, with the PID of
    /// its pid file. If that is missing or a refused connection shows that the socket is left over, each socket of
    /// that form is tried, the newest first. (The PID says nothing: it may be of another PID namespace.)
    ///
    /// # Errors
    ///
    /// See [`ControlError`].
    pub async fn control(&self, target: &ControlTarget) -> Result<Client, ControlError> {
        let daemon = match target {
            ControlTarget::Socket(path) => return Ok(self.client(path).await?),
            ControlTarget::Daemon(daemon) => daemon,
        };
        if !self.has_sockets() {
            return Err(ControlError::NotLocal {
                daemon: daemon.clone(),
                database: self.db.to_string(),
            });
        }
        let mut directories = Vec::new();
        let mut stale = Vec::new();
        for directory in self.control_directories(daemon) {
            if let Some(socket) = self.socket_of_pid_file(&directory, daemon).await
                && let Some(client) = self.listening(socket, &mut stale).await?
            {
                return Ok(client);
            }
            match self.sockets_in(&directory, daemon).await {
                Ok(sockets) => {
                    for socket in sockets {
                        if !stale.contains(&socket)
                            && let Some(client) = self.listening(socket, &mut stale).await?
                        {
                            return Ok(client);
                        }
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => {
                    return Err(ControlError::Directory {
                        daemon: daemon.clone(),
                        directory,
                        error,
                        is_elsewhere: !self.reach.is_here(),
                    });
                }
            }
            directories.push(directory);
        }
        let mut left_over = Vec::new();
        for socket in stale {
            if self.reach.exists(&socket).await {
                left_over.push(socket);
            }
        }
        let stale = left_over;
        Err(if stale.is_empty() {
            ControlError::NoSocket {
                daemon: daemon.clone(),
                directories,
                is_elsewhere: !self.reach.is_here(),
            }
        } else {
            ControlError::Stale {
                daemon: daemon.clone(),
                sockets: stale,
            }
        })
    }

    /// The names of the daemons that have a control socket in the run directory, whether or not they listen.
    pub async fn daemons(&self) -> Vec<String> {
        let entries = self.reach.list(&self.run_directory()).await;
        let names = entries.unwrap_or_default().into_iter();
        let names = names.filter_map(|entry| {
            let (daemon, pid) = entry.name.strip_suffix(".ctl")?.rsplit_once('.')?;
            is_pid(pid).then(|| daemon.to_owned())
        });
        let mut names: Vec<String> = names.collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The names of the bridges that have a socket for OpenFlow in the run directory, whether or not they listen.
    pub async fn bridge_sockets(&self) -> Vec<String> {
        let entries = self.reach.list(&self.run_directory()).await;
        let entries = entries.unwrap_or_default().into_iter();
        let names = entries.filter_map(|entry| Some(entry.name.strip_suffix(".mgmt")?.to_owned()));
        let mut names: Vec<String> = names.collect();
        names.sort_unstable();
        names
    }

    async fn client(&self, socket: &Path) -> Result<Client, Error> {
        let endpoint = Endpoint::Unix(socket.to_owned());
        let stream = self.reach.connect(&endpoint, self.limit, &self.tls).await;
        match stream {
            Ok(stream) => Ok(Client::over(stream, socket, self.limit)),
            Err(error) => Err(Error {
                daemon: daemon_of(socket),
                command: None,
                kind: ErrorKind::Connect(error),
            }),
        }
    }

    /// The socket that belongs to the PID in a daemon's pid file, if there is one.
    async fn socket_of_pid_file(&self, directory: &Path, daemon: &str) -> Option<PathBuf> {
        let file = directory.join(format!("{daemon}.pid"));
        let pid = self.reach.read(&file).await.ok()?;
        let pid = pid.trim();
        is_pid(pid).then(|| directory.join(format!("{daemon}.{pid}.ctl")))
    }

    /// The sockets of a daemon in a directory, the newest first.
    async fn sockets_in(&self, directory: &Path, daemon: &str) -> io::Result<Vec<PathBuf>> {
        let entries = self.reach.list(directory).await?.into_iter();
        let mut sockets: Vec<(Option<SystemTime>, PathBuf)> = entries
            .filter(|entry| {
                let rest = entry.name.strip_prefix(daemon);
                let rest = rest.and_then(|rest| rest.strip_prefix('.'));
                let pid = rest.and_then(|rest| rest.strip_suffix(".ctl"));
                pid.is_some_and(is_pid)
            })
            .map(|entry| (entry.modified, directory.join(entry.name)))
            .collect();
        sockets.sort_unstable_by(|a, b| b.cmp(a));
        sockets.truncate(MAX_SOCKETS);
        Ok(sockets.into_iter().map(|(_, path)| path).collect())
    }

    /// Connects to a socket of a daemon; `None`, with the socket added to `stale`, if no process listens there.
    async fn listening(
        &self,
        socket: PathBuf,
        stale: &mut Vec<PathBuf>,
    ) -> Result<Option<Client>, Error> {
        match self.client(&socket).await {
            Ok(client) => Ok(Some(client)),
            Err(Error {
                kind: ErrorKind::Connect(error),
                ..
            }) if matches!(
                error.kind,
                ConnectErrorKind::Refused | ConnectErrorKind::NotFound
            ) =>
            {
                self.log.detail(&format!("{error}: it is left over"));
                stale.push(socket);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// The directories that may have a daemon's socket: those of OVN have one of their own.
    fn control_directories(&self, daemon: &str) -> Vec<PathBuf> {
        let mut directories = vec![self.run_directory()];
        // Of a host behind an endpoint this host's own directory has nothing.
        if daemon.starts_with("ovn-") && !matches!(self.reach, Reach::Endpoint) {
            let is_given = |directory: &OsString| self.reach.is_here() && !directory.is_empty();
            let ovn = std::env::var_os("OVN_RUNDIR").filter(is_given);
            directories.push(ovn.map_or_else(|| PathBuf::from("/var/run/ovn"), PathBuf::from));
        }
        directories
    }
}

fn is_pid(text: &str) -> bool {
    (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets() {
        for (text, is_socket) in [
            ("ovs-vswitchd", None),
            ("ovsdb-server", None),
            ("/run/ovs-vswitchd.1.ctl", Some("/run/ovs-vswitchd.1.ctl")),
            ("unix:x", Some("x")),
            ("./x", Some("./x")),
            ("ovnnb_db.ctl", Some("ovnnb_db.ctl")),
        ] {
            let expected = match is_socket {
                Some(path) => ControlTarget::Socket(PathBuf::from(path)),
                None => ControlTarget::Daemon(text.to_owned()),
            };
            assert_eq!(ControlTarget::parse(text), expected, "{text}");
        }
    }
}

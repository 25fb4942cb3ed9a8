//! The control sockets of a host's daemons: where they are, and connections to them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::Host;
use crate::transport::ConnectErrorKind;
use crate::unixctl::{Client, Error, ErrorKind};

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
    },
    /// The directory of the sockets cannot be read.
    Directory {
        /// The daemon.
        daemon: String,
        /// The directory.
        directory: PathBuf,
        /// The cause.
        error: io::Error,
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
            ControlTarget::Socket(path) => return Ok(Client::connect(path, self.limit).await?),
            ControlTarget::Daemon(daemon) => daemon,
        };
        if !self.is_local() {
            return Err(ControlError::NotLocal {
                daemon: daemon.clone(),
                database: self.db.to_string(),
            });
        }
        let mut directories = Vec::new();
        let mut stale = Vec::new();
        for directory in self.control_directories(daemon) {
            if let Some(socket) = socket_of_pid_file(&directory, daemon)
                && let Some(client) = self.listening(socket, &mut stale).await?
            {
                return Ok(client);
            }
            match sockets_in(&directory, daemon) {
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
                    });
                }
            }
            directories.push(directory);
        }
        stale.retain(|socket| socket.exists());
        Err(if stale.is_empty() {
            ControlError::NoSocket {
                daemon: daemon.clone(),
                directories,
            }
        } else {
            ControlError::Stale {
                daemon: daemon.clone(),
                sockets: stale,
            }
        })
    }

    /// The names of the daemons that have a control socket in the run directory, whether or not they listen.
    pub fn daemons(&self) -> Vec<String> {
        let entries = fs::read_dir(self.run_directory()).into_iter().flatten();
        let names = entries.flatten().filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let (daemon, pid) = name.strip_suffix(".ctl")?.rsplit_once('.')?;
            is_pid(pid).then(|| daemon.to_owned())
        });
        let mut names: Vec<String> = names.collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Connects to a socket of a daemon; `None`, with the socket added to `stale`, if no process listens there.
    async fn listening(
        &self,
        socket: PathBuf,
        stale: &mut Vec<PathBuf>,
    ) -> Result<Option<Client>, Error> {
        match Client::connect(&socket, self.limit).await {
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
        if daemon.starts_with("ovn-") {
            let ovn = std::env::var_os("OVN_RUNDIR").filter(|directory| !directory.is_empty());
            directories.push(ovn.map_or_else(|| PathBuf::from("/var/run/ovn"), PathBuf::from));
        }
        directories
    }
}

/// The socket that belongs to the PID in a daemon's pid file, if there is one.
fn socket_of_pid_file(directory: &Path, daemon: &str) -> Option<PathBuf> {
    let pid = fs::read_to_string(directory.join(format!("{daemon}.pid"))).ok()?;
    let pid = pid.trim();
    is_pid(pid).then(|| directory.join(format!("{daemon}.{pid}.ctl")))
}

fn is_pid(text: &str) -> bool {
    (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The sockets of a daemon in a directory, the newest first.
fn sockets_in(directory: &Path, daemon: &str) -> io::Result<Vec<PathBuf>> {
    let mut sockets: Vec<(SystemTime, PathBuf)> = Vec::new();
    for entry in fs::read_dir(directory)?.flatten() {
        let name = entry.file_name();
        let pid = name
            .to_str()
            .and_then(|name| name.strip_prefix(daemon)?.strip_prefix('.'))
            .and_then(|rest| rest.strip_suffix(".ctl"));
        if pid.is_some_and(is_pid) {
            let modified = entry.metadata().and_then(|metadata| metadata.modified());
            sockets.push((modified.unwrap_or(SystemTime::UNIX_EPOCH), entry.path()));
        }
    }
    sockets.sort_unstable_by(|a, b| b.cmp(a));
    sockets.truncate(MAX_SOCKETS);
    Ok(sockets.into_iter().map(|(_, path)| path).collect())
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

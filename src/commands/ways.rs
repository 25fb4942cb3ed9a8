//! The ways to the hosts that a command line names.

use std::path::PathBuf;
use std::rc::Rc;

use super::{Exit, Failure};
use crate::source::{Host, Reach, Remote};
use crate::transport::{Endpoint, Endpoints};

/// How hosts are reached: the options of the command line that hold for each of them.
#[derive(Debug)]
pub struct Ways {
    /// The limit and TLS of all.
    pub base: Host,
    /// `--db`, or `OVS_DB`.
    pub db: Option<Endpoints>,
    /// Whether it was named on the command line: `OVS_DB` is the database of this host.
    pub names_database: bool,
    /// `--ctl`
    pub ctl: Option<PathBuf>,
    /// Whether ssh may ask the user; never about several hosts.
    pub asks: bool,
    /// The options that lead to the host or hosts, as a shell reads them, for hints; empty: there are none.
    pub words: String,
}

impl Ways {
    /// This host, or one whose database listens on the network.
    pub fn here(&self) -> Host {
        let mut host = self.base.clone();
        if let Some(db) = &self.db {
            host = host.with_database(db.clone());
        }
        host.control.clone_from(&self.ctl);
        host
    }

    /// A host that ssh knows by this name.
    ///
    /// # Errors
    ///
    /// The name is malformed, or the database is no socket.
    pub fn by_ssh(&self, name: &str) -> Result<Host, Failure> {
        self.by(Remote::ssh(name, self.base.limit, self.asks))
    }

    /// Another host.
    ///
    /// # Errors
    ///
    /// The way to it is malformed, or the database is no socket.
    pub fn by(&self, remote: Result<Remote, String>) -> Result<Host, Failure> {
        let remote = remote.map_err(|reason| Failure::new(Exit::Usage, reason))?;
        let reach = Reach::Remote(Rc::new(remote));
        let db = match self.db.as_ref().filter(|_| self.names_database) {
            Some(db) => db.clone(),
            None => Host::default_database(&reach).into(),
        };
        let is_socket = |endpoint: &Endpoint| matches!(endpoint, Endpoint::Unix(_));
        if !db.iter().all(is_socket) {
            let message = "--db is a socket of the other host: unix:PATH";
            return Err(Failure::new(Exit::Usage, message).hint(
                "a database that listens on the network needs no --host, --via or --via-exec",
            ));
        }
        let mut host = self.base.with_database(db);
        host.reach = reach;
        host.control.clone_from(&self.ctl);
        Ok(host)
    }
}

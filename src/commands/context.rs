//! What every command is given.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::OnceCell;

use super::{Failure, Writing};
use crate::model::resolve::names_of;
use crate::model::{Depth, Scope, Topology, Want, read};
use crate::openflow::version::Versions;
use crate::output::{Format, Mode, View, escape};
use crate::ovsdb::Client;
use crate::transport::Endpoint;

/// The global options, resolved.
#[derive(Debug)]
pub struct Context {
    /// Where the database listens.
    pub db: Endpoint,
    /// The longest wait for the other side without progress; `None`: no limit.
    pub limit: Option<Duration>,
    /// Whether the limit is the user's, and not the default.
    pub limit_is_given: bool,
    /// How to print.
    pub format: Format,
    /// The OpenFlow versions to offer, if any were named.
    pub versions: Option<Versions>,
    /// How changes are made.
    pub writing: Writing,
    /// Errors only on stderr.
    pub quiet: bool,
    verbose: bool,
    client: OnceCell<Client>,
}

impl Context {
    /// A context that is neither quiet nor verbose and has not connected to anything yet.
    pub fn new(
        db: Endpoint,
        limit: Option<Duration>,
        format: Format,
        versions: Option<Versions>,
    ) -> Context {
        Context {
            db,
            limit,
            limit_is_given: false,
            format,
            versions,
            writing: Writing::default(),
            quiet: false,
            verbose: false,
            client: OnceCell::new(),
        }
    }

    /// Sets whether the limit is the user's.
    #[must_use]
    pub fn limit_is_given(mut self, given: bool) -> Context {
        self.limit_is_given = given;
        self
    }

    /// Sets how changes are made.
    #[must_use]
    pub fn writing(mut self, writing: Writing) -> Context {
        self.writing = writing;
        self
    }

    /// Sets whether only errors go to stderr.
    #[must_use]
    pub fn quiet(mut self, quiet: bool) -> Context {
        self.quiet = quiet;
        self
    }

    /// Sets whether stderr tells what is done.
    #[must_use]
    pub fn verbose(mut self, verbose: bool) -> Context {
        self.verbose = verbose;
        self
    }

    /// `unix:$OVS_RUNDIR/db.sock`, else `unix:/var/run/openvswitch/db.sock`.
    pub fn default_db() -> Endpoint {
        Endpoint::Unix(run_directory().join("db.sock"))
    }

    /// Where the sockets of the switch are: beside the database's socket; where that is none,
    /// `$OVS_RUNDIR`, else `/var/run/openvswitch`.
    pub fn run_directory(&self) -> PathBuf {
        match &self.db {
            Endpoint::Unix(path) => path.parent().unwrap_or(Path::new(".")).to_owned(),
            Endpoint::Tcp { .. } | Endpoint::Ssl { .. } => run_directory(),
        }
    }

    /// The connection to the database, made when it is first needed.
    pub async fn client(&self) -> Result<&Client, Failure> {
        let connect = async || {
            let client = Client::connect(&self.db, self.limit).await?;
            self.tell(&format!("connected to {}", self.db));
            Ok(client)
        };
        self.client.get_or_try_init(connect).await
    }

    /// Reads from the database. A bridge or port that is named and not there is a failure that says
    /// what might have been meant.
    pub async fn topology(&self, want: Want) -> Result<Topology, Failure> {
        let client = self.client().await?;
        let topology = read(client, want.clone()).await?;
        if !topology.bridges.is_empty() {
            return Ok(topology);
        }
        match want.scope {
            Scope::All => Ok(topology),
            Scope::Bridge(name) => {
                let all = read(client, Want::of(Scope::All, Depth::BridgeNames)).await?;
                Err(Failure::no_bridge(&name, &all))
            }
            Scope::Port(name) => {
                let all = read(client, Want::of(Scope::All, Depth::PortNames)).await?;
                let names = all.bridges.iter().flat_map(names_of);
                Err(Failure::not_found("port", &name, "", names)
                    .hint("`ovs port list` lists the ports"))
            }
        }
    }

    /// Writes to stdout.
    pub fn print(&self, text: &str) -> Result<(), Failure> {
        print(text)
    }

    /// Prints a list. People are told when there is nothing in it: `no patch ports`.
    pub fn print_list<'r, R: 'r>(
        &self,
        view: &View<'_, R>,
        rows: impl IntoIterator<Item = &'r R>,
        what: &str,
    ) -> Result<(), Failure> {
        let text = view.list(rows);
        if text.is_empty() && self.format.mode == Mode::Table {
            self.remark(&format!("no {what}"));
        }
        self.print(&text)
    }

    /// A remark on stderr, unless quiet.
    pub fn remark(&self, text: &str) {
        if !self.quiet {
            let _ = writeln!(io::stderr(), "{}", escape(text));
        }
    }

    /// What is done, on stderr, if it was asked for.
    pub fn tell(&self, text: &str) {
        if self.verbose {
            let _ = writeln!(io::stderr(), "ovs: {}", escape(text));
        }
    }
}

/// Writes to stdout.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
        .map_err(|error| Failure::stdout(&error))
}

fn run_directory() -> PathBuf {
    std::env::var_os("OVS_RUNDIR")
        .filter(|directory| !directory.is_empty())
        .map_or_else(|| PathBuf::from("/var/run/openvswitch"), PathBuf::from)
}

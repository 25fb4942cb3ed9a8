//! What every command is given.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::OnceCell;

use super::failure::one_line;
use super::watch::{Look, Pace};
use super::{Exit, Failure, Writing, progress, quoted};
use crate::model::resolve::names_of;
use crate::model::vlan_bridge::vlan_bridges;
use crate::model::{Depth, Scope, Topology, Want, read};
use crate::openflow::version::Versions;
use crate::output::{Format, Frame, Item, Mode, View};
use crate::ovsdb::client::OPEN_VSWITCH;
use crate::ovsdb::cluster::{self, Need};
use crate::ovsdb::{Client, Error};
use crate::transport::{ConnectError, Endpoint, Endpoints, Stream, Tls};

/// The global options, resolved.
#[derive(Debug)]
pub struct Context {
    /// Where the database listens: its server, or those of its cluster.
    pub db: Endpoints,
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
    /// `--watch`: the command is to be watched.
    pub watch: Option<Pace>,
    verbose: bool,
    tls: Rc<Tls>,
    /// Where what is to be shown goes while the command is watched; `None`: stdout and stderr.
    look: Option<Look>,
    /// The connection to the database, and whether its server takes what is written itself.
    client: OnceCell<(Rc<Client>, bool)>,
}

impl Context {
    /// A context that is neither quiet nor verbose and has not connected to anything yet.
    pub fn new(
        db: impl Into<Endpoints>,
        limit: Option<Duration>,
        format: Format,
        versions: Option<Versions>,
    ) -> Context {
        Context {
            db: db.into(),
            limit,
            limit_is_given: false,
            format,
            versions,
            writing: Writing::default(),
            quiet: false,
            watch: None,
            verbose: false,
            tls: Rc::default(),
            look: None,
            client: OnceCell::new(),
        }
    }

    /// The same options without a connection, for one look after the other: what the command shows is kept
    /// until [`Look`] is asked for it.
    pub(super) fn for_looks(&self) -> Context {
        let mut format = self.format.clone();
        format.palette = format.palette.apart();
        Context {
            db: self.db.clone(),
            limit: self.limit,
            limit_is_given: self.limit_is_given,
            format,
            versions: self.versions,
            writing: self.writing,
            quiet: self.quiet,
            watch: None,
            verbose: self.verbose,
            tls: Rc::clone(&self.tls),
            look: Some(Look::default()),
            client: OnceCell::new(),
        }
    }

    /// What was shown, while the command is watched.
    pub(super) fn look(&self) -> Option<&Look> {
        self.look.as_ref()
    }

    /// The connection to the database, if there is one by now.
    pub(super) fn connected(&self) -> Option<&Client> {
        self.client.get().map(|(client, _)| &**client)
    }

    /// Sets whether and how often the command is looked at again.
    #[must_use]
    pub fn watch(mut self, pace: Option<Pace>) -> Context {
        self.watch = pace;
        self
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

    /// Sets how `ssl:` is spoken.
    #[must_use]
    pub fn tls(mut self, tls: Tls) -> Context {
        self.tls = Rc::new(tls);
        self
    }

    /// `unix:$OVS_RUNDIR/db.sock`, else `unix:/var/run/openvswitch/db.sock`.
    pub fn default_db() -> Endpoint {
        Endpoint::Unix(run_directory().join("db.sock"))
    }

    /// Where the sockets of the switch are: beside the database's socket; where that is none,
    /// `$OVS_RUNDIR`, else `/var/run/openvswitch`.
    pub fn run_directory(&self) -> PathBuf {
        match self.db.first() {
            Endpoint::Unix(path) => path.parent().unwrap_or(Path::new(".")).to_owned(),
            Endpoint::Tcp { .. } | Endpoint::Ssl { .. } => run_directory(),
        }
    }

    /// Whether the database is reached over the network: the switch may be on another host.
    pub fn is_remote(&self) -> bool {
        self.db
            .iter()
            .any(|endpoint| !matches!(endpoint, Endpoint::Unix(_)))
    }

    /// Connects to any endpoint.
    pub async fn dial(&self, endpoint: &Endpoint) -> Result<Stream, ConnectError> {
        let stream = endpoint.connect_with(self.limit, &self.tls).await;
        for remark in self.tls.take_remarks() {
            self.remark(&remark);
        }
        if stream.is_ok() {
            self.tell(&format!("connected to {endpoint}"));
        }
        stream
    }

    /// Whether anything was said of how to speak `ssl:`.
    pub fn speaks_tls(&self) -> bool {
        self.tls.is_configured()
    }

    /// The connection to the database, made when it is first needed: of several servers to the first
    /// that answers and is connected to its cluster.
    pub async fn client(&self) -> Result<&Client, Failure> {
        let (client, _) = self
            .client
            .get_or_try_init(|| self.connect(Need::Member, self.limit))
            .await?;
        Ok(client)
    }

    /// A connection to the database for writing: of several servers to the one that leads their cluster.
    pub async fn leader(&self) -> Result<Rc<Client>, Failure> {
        let (client, leads) = self
            .client
            .get_or_try_init(|| self.connect(Need::Leader, self.limit))
            .await?;
        if *leads || !self.db.are_several() {
            return Ok(Rc::clone(client));
        }
        Ok(self.connect(Need::Leader, self.limit).await?.0)
    }

    /// A new connection after one was lost; `None` where there is but one server to connect to.
    pub(super) async fn elsewhere(&self, need: Need) -> Option<Rc<Client>> {
        if !self.db.are_several() {
            return None;
        }
        self.tell("the connection to the database server is lost; trying the others");
        Some(self.connect(need, self.limit).await.ok()?.0)
    }

    /// A connection of one's own for reading, which waits without progress for at most `limit`.
    pub(super) async fn own_client(&self, limit: Option<Duration>) -> Result<Rc<Client>, Failure> {
        Ok(self.connect(Need::Member, limit).await?.0)
    }

    /// A new connection; once made, it waits for at most `limit`.
    async fn connect(
        &self,
        need: Need,
        limit: Option<Duration>,
    ) -> Result<(Rc<Client>, bool), Failure> {
        let connect = async |endpoint: &Endpoint| -> Result<Client, Error> {
            let stream = self.dial(endpoint).await?;
            let client = Client::over(stream, endpoint, limit);
            if self.look.is_some() {
                client.note_reads();
            }
            Ok(client)
        };
        if !self.db.are_several() {
            return Ok((Rc::new(connect(self.db.first()).await?), true));
        }
        let (client, leads) =
            cluster::find(&self.db, OPEN_VSWITCH, need, self.limit, connect).await?;
        let place = if leads { "leads" } else { "is a member" };
        self.tell(&format!("the server at {} {place}", client.endpoint()));
        Ok((Rc::new(client), leads))
    }

    /// Reads from the database. A bridge or port that is named and not there is a failure that says
    /// what might have been meant.
    pub async fn topology(&self, want: Want) -> Result<Topology, Failure> {
        let client = self.client().await?;
        let topology = match read(client, want.clone()).await {
            Err(error) if error.is_lost() => match self.elsewhere(Need::Member).await {
                Some(client) => read(&client, want.clone()).await?,
                None => return Err(error.into()),
            },
            topology => topology?,
        };
        if !topology.bridges.is_empty() {
            return Ok(topology);
        }
        match want.scope {
            Scope::All => Ok(topology),
            Scope::Bridge(name) => {
                let all = read(client, Want::of(Scope::All, Depth::BridgeNames)).await?;
                let fakes = vlan_bridges(client, &all.bridges, Some(&name)).await?;
                match fakes
                    .first()
                    .and_then(|fake| Some((fake.parent.as_ref()?, fake.vlan?)))
                {
                    Some((parent, vid)) => Err(Failure::new(
                        Exit::NotFound,
                        format!("{} is a VLAN bridge: VLAN {vid} of {parent}", quoted(&name)),
                    )
                    .hint(format!("ask for {parent}, which has its ports and flows"))),
                    None => Err(Failure::no_bridge(&name, &all)),
                }
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
        if let Some(look) = &self.look {
            look.show(Frame::of_text(text, self.format.mode));
            return Ok(());
        }
        print(text)
    }

    /// Prints texts that stand for themselves, of `what` (`records`) in the plural. Between them stands
    /// `gap`.
    pub(super) fn print_items(
        &self,
        items: Vec<Item>,
        gap: &str,
        what: &str,
    ) -> Result<(), Failure> {
        if let Some(look) = &self.look {
            look.show(Frame::of_items(items, what));
            return Ok(());
        }
        let texts: Vec<String> = items.into_iter().map(|item| item.text.text).collect();
        print(&texts.join(gap))
    }

    /// Prints a list. People are told when there is nothing in it: `no patch ports`.
    pub fn print_list<'r, R: 'r>(
        &self,
        view: &View<'_, R>,
        rows: impl IntoIterator<Item = &'r R>,
        what: &str,
    ) -> Result<(), Failure> {
        if let Some(look) = &self.look {
            look.show(view.frame(rows, what));
            return Ok(());
        }
        let text = view.list(rows);
        if text.is_empty() && self.format.mode == Mode::Table {
            self.remark(&format!("no {what}"));
        }
        self.print(&text)
    }

    /// A remark on stderr, unless quiet.
    pub fn remark(&self, text: &str) {
        match &self.look {
            _ if self.quiet => {}
            Some(look) => look.remark(text),
            None => progress::aside(|| {
                let _ = writeln!(io::stderr(), "{}", one_line(text));
            }),
        }
    }

    /// Says what failed, where the command goes on nevertheless.
    pub(super) fn say(&self, failure: &Failure) {
        match &self.look {
            Some(look) => look.remark(&failure.message),
            None => failure.say(self.quiet),
        }
    }

    /// What is done, on stderr, if it was asked for.
    pub fn tell(&self, text: &str) {
        if self.verbose && self.look.is_none() {
            progress::aside(|| {
                let _ = writeln!(io::stderr(), "ovs: {}", one_line(text));
            });
        }
    }
}

/// Writes to stdout.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    progress::answer_begins();
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

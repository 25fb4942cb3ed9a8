//! A switch of a host: where it is, and the way to it.

use super::{Database, Host};
use crate::openflow::session::{self, Session};
use crate::openflow::version::Versions;
use crate::ovsdb::{self, Function, Row, Select};
use crate::transport::listener::{Listener, is_loopback};
use crate::transport::{ConnectErrorKind, Endpoint, EndpointError};

/// IANA's port for OpenFlow.
pub const OPENFLOW_PORT: u16 = 6653;

/// Where a switch is.
#[derive(Debug)]
pub struct SwitchAddress {
    host: Host,
    name: String,
    endpoint: Endpoint,
    is_bridge: bool,
}

/// Why a text is no switch.
#[derive(Debug)]
pub enum AddressError {
    /// It is an endpoint, but not a valid one.
    Endpoint(EndpointError),
    /// It is no endpoint, and no bridge can have it as its name.
    NotABridge,
}

/// Why there is no connection to a switch.
#[derive(Debug)]
pub enum NoSwitch {
    /// The one endpoint that it has gave no session.
    Session(session::Error),
    /// The bridge's database is on another host, and did not answer.
    Database(ovsdb::Error),
    /// That database has no such bridge.
    NoBridge,
    /// The bridge listens on no port that can be reached from here.
    NotListening(NotListening),
    /// None of the places where the bridge listens will do, by what each of them gave.
    Listeners(Vec<ListenerError>),
}

/// How a bridge on another host could be reached.
#[derive(Debug)]
pub struct NotListening {
    /// The endpoint of its database.
    pub database: String,
    /// Whether it does listen, but on its own host only.
    pub is_local_only: bool,
    /// The targets of its controllers that it connects to.
    pub connections: Vec<String>,
}

/// Why a place where a bridge listens will not do.
#[derive(Debug)]
pub struct ListenerError {
    /// Where.
    pub endpoint: String,
    /// Why.
    pub kind: ListenerErrorKind,
}

/// Why a place where a bridge listens will not do.
#[derive(Debug)]
pub enum ListenerErrorKind {
    /// There is no session.
    Session(session::Error),
    /// Another switch listens there.
    OtherSwitch {
        /// Its datapath id.
        found: u64,
        /// The bridge's, as the database has it.
        expected: u64,
    },
}

impl NoSwitch {
    /// Whether nothing listens at the switch's socket.
    pub fn nobody_listens(&self) -> bool {
        match self {
            NoSwitch::Session(session::Error::Connect(error)) => matches!(
                error.kind,
                ConnectErrorKind::NotFound | ConnectErrorKind::Refused
            ),
            _ => false,
        }
    }
}

impl SwitchAddress {
    /// Reads `unix:PATH`, `tcp:HOST[:PORT]` or `ssl:HOST[:PORT]`; everything else is a bridge's name,
    /// whose socket is `BRIDGE.mgmt` beside the database's.
    ///
    /// # Errors
    ///
    /// The text is neither.
    pub fn parse(host: &Host, text: &str) -> Result<SwitchAddress, AddressError> {
        let is_endpoint = ["unix:", "tcp:", "ssl:"]
            .iter()
            .any(|scheme| text.starts_with(scheme));
        let endpoint = if is_endpoint {
            Endpoint::parse(text, Some(OPENFLOW_PORT)).map_err(AddressError::Endpoint)?
        } else if text.is_empty() || text.contains(['/', '\0']) {
            return Err(AddressError::NotABridge);
        } else {
            Endpoint::Unix(host.run_directory().join(format!("{text}.mgmt")))
        };
        Ok(SwitchAddress {
            host: host.clone(),
            name: text.to_owned(),
            endpoint,
            is_bridge: !is_endpoint,
        })
    }

    /// What the user called it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it was named as a bridge of the database: then it is Open vSwitch.
    pub fn is_bridge(&self) -> bool {
        self.is_bridge
    }

    /// Where it listens, for people.
    pub fn place(&self) -> String {
        self.endpoint.to_string()
    }

    /// Whether it is found by what the database tells of it: a bridge of another host.
    pub fn is_found_by_database(&self) -> bool {
        self.is_bridge && !self.host.is_local()
    }

    /// Connects, and negotiates the highest version of `offer` that the switch allows.
    ///
    /// # Errors
    ///
    /// See [`NoSwitch`].
    pub async fn connect(&self, database: &Database, offer: Versions) -> Result<Session, NoSwitch> {
        if self.is_found_by_database() {
            return Box::pin(self.connect_to_listener(database, offer)).await;
        }
        let session = self.session(&self.endpoint, offer).await;
        session.map_err(NoSwitch::Session)
    }

    async fn session(
        &self,
        endpoint: &Endpoint,
        offer: Versions,
    ) -> Result<Session, session::Error> {
        let stream = self.host.dial(endpoint).await?;
        Session::over(stream, offer, self.host.limit).await
    }

    /// Connects to a bridge where it listens, on the host of its database. On the host's own loopback
    /// (`--db tcp:127.0.0.1`) also through its socket, if its bridge is the one in the database.
    async fn connect_to_listener(
        &self,
        database: &Database,
        offer: Versions,
    ) -> Result<Session, NoSwitch> {
        let at = database.endpoint().await.map_err(NoSwitch::Database)?;
        let host = match at {
            Endpoint::Tcp { host, .. } | Endpoint::Ssl { host, .. } => host.as_str(),
            Endpoint::Unix(_) => "localhost",
        };
        let configured = self.configured(database).await;
        let configured = configured.map_err(NoSwitch::Database)?;
        let (datapath_id, targets) = configured.ok_or(NoSwitch::NoBridge)?;
        let mut listeners = Vec::new();
        let mut connections = Vec::new();
        for target in targets {
            match Listener::parse(&target, OPENFLOW_PORT) {
                Some(listener) => listeners.push(listener),
                None => connections.push(target),
            }
        }
        // With certificates at hand, the port that asks for them.
        let prefers_tls = self.host.tls.is_configured();
        listeners.sort_by_key(|listener| listener.is_tls != prefers_tls);
        let mut endpoints: Vec<Endpoint> = listeners.iter().filter_map(|l| l.on(host)).collect();
        if is_loopback(host) {
            endpoints.push(self.endpoint.clone());
        }
        let mut errors = Vec::new();
        for endpoint in &endpoints {
            let endpoint_is = endpoint.to_string();
            match self.bridge_at(endpoint, datapath_id, offer).await {
                Ok(session) => return Ok(session),
                Err(kind) => errors.push(ListenerError {
                    endpoint: endpoint_is,
                    kind,
                }),
            }
        }
        if listeners.is_empty() || endpoints.is_empty() {
            return Err(NoSwitch::NotListening(NotListening {
                database: at.to_string(),
                is_local_only: !listeners.is_empty(),
                connections,
            }));
        }
        Err(NoSwitch::Listeners(errors))
    }

    /// A session with the switch there, if it is the bridge with this datapath id.
    async fn bridge_at(
        &self,
        endpoint: &Endpoint,
        datapath_id: Option<u64>,
        offer: Versions,
    ) -> Result<Session, ListenerErrorKind> {
        let session = self.session(endpoint, offer).await;
        let mut session = session.map_err(ListenerErrorKind::Session)?;
        if let Some(expected) = datapath_id {
            let found = session.datapath_id().await;
            let found = found.map_err(ListenerErrorKind::Session)?;
            if found != expected {
                return Err(ListenerErrorKind::OtherSwitch { found, expected });
            }
        }
        Ok(session)
    }

    /// What the database says of the bridge: its datapath id (none while ovs-vswitchd has not told), and the
    /// targets of its controllers, those it connects to and those it listens for. `None`: it has no such
    /// bridge.
    async fn configured(
        &self,
        database: &Database,
    ) -> Result<Option<(Option<u64>, Vec<String>)>, ovsdb::Error> {
        let select = Select::columns("Bridge", &["controller", "datapath_id"]);
        let select = select.when("name", Function::Equal, self.name.as_str());
        let rows = database.select(vec![select]).await?.concat();
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let selects = row.uuids("controller")?.into_iter().map(|uuid| {
            Select::columns("Controller", &["target"]).when("_uuid", Function::Equal, uuid)
        });
        let controllers = database.select(selects.collect()).await?.concat();
        let target = |row: &Row| row.string("target").map(str::to_owned);
        let targets: Result<Vec<String>, _> = controllers.iter().map(target).collect();
        let mut targets = targets?;
        targets.sort_unstable();
        let datapath_id = row.optional_string("datapath_id")?;
        let datapath_id = datapath_id.and_then(|id| u64::from_str_radix(id, 16).ok());
        Ok(Some((datapath_id, targets)))
    }
}

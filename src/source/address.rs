//! The address of a switch, and how to connect to it.

use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::database::PROBE_INTERVAL;
use super::flow_monitor::FlowMonitor;
use super::switch::{Switch, SwitchError};
use super::{Database, Host};
use crate::openflow::fields::Filter;
use crate::openflow::session::Session;
use crate::openflow::version::{Version, Versions};
use crate::ovsdb::{self, Function, Row, Select};
use crate::transport::listener::{Listener, is_loopback};
use crate::transport::{ConnectErrorKind, Endpoint, EndpointError, Pauses};

/// IANA's port for OpenFlow.
pub const OPENFLOW_PORT: u16 = 6653;

/// Maximum number of connections to a local socket whose process reads our hello and closes: it hardly is a switch. The
/// pauses between them are about a quarter of a second in all.
const CLOSED_ATTEMPTS: u32 = 10;

/// How long connections that are reset before the switch's hello are tried again if there is no timeout.
const RESET_LIMIT: Duration = Duration::from_secs(10);

/// The address of a switch.
#[derive(Debug)]
pub struct SwitchAddress {
    host: Host,
    name: String,
    endpoint: Endpoint,
    is_bridge: bool,
}

/// Why a text is not the address of a switch.
#[derive(Debug)]
pub enum AddressError {
    /// It is a malformed endpoint.
    Endpoint(EndpointError),
    /// It is neither an endpoint nor a possible name of a bridge.
    NotABridge,
    /// It is an endpoint that would be connected to from here, and the host is another one.
    NotOfHost,
}

/// Why there is no connection to a switch.
#[derive(Debug)]
pub enum SwitchConnectError {
    /// No session with its only endpoint.
    Session(SwitchError),
    /// The bridge is on another host, and the request to its database failed.
    Database(ovsdb::Error),
    /// That database has no such bridge.
    NoBridge,
    /// The bridge listens on no port that can be reached from here.
    NotListening(NotListening),
    /// No connection to any endpoint where the bridge listens; the error of each.
    Listeners(Vec<ListenerError>),
}

/// Why a bridge on another host cannot be reached.
#[derive(Debug)]
pub struct NotListening {
    /// The endpoint of its database.
    pub database: String,
    /// Whether it listens on its own host only.
    pub is_local_only: bool,
    /// The targets of its controllers that it connects to.
    pub connections: Vec<String>,
}

/// Why an endpoint where a bridge listens cannot be used.
#[derive(Debug)]
pub struct ListenerError {
    /// The endpoint.
    pub endpoint: String,
    /// The cause.
    pub kind: ListenerErrorKind,
}

/// The cause of a [`ListenerError`].
#[derive(Debug)]
pub enum ListenerErrorKind {
    /// There is no session.
    Session(SwitchError),
    /// Another switch listens there.
    OtherSwitch {
        /// Its datapath id.
        found: u64,
        /// The bridge's, as the database has it.
        expected: u64,
    },
}

impl SwitchConnectError {
    /// Whether the connection was accepted, or not refused, but there was no reply in time.
    pub fn is_silence(&self) -> bool {
        match self {
            SwitchConnectError::Session(SwitchError::TimedOut(_)) => true,
            SwitchConnectError::Session(SwitchError::Connect(error)) => {
                matches!(error.kind, ConnectErrorKind::Timeout(_))
            }
            _ => false,
        }
    }

    /// Whether nothing listens at the switch's socket.
    pub fn is_not_listening(&self) -> bool {
        match self {
            SwitchConnectError::Session(SwitchError::Connect(error)) => matches!(
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
    /// [`AddressError`] if the text is neither, or an endpoint that is not on the host.
    pub fn parse(host: &Host, text: &str) -> Result<SwitchAddress, AddressError> {
        let is_endpoint = ["unix:", "tcp:", "ssl:"]
            .iter()
            .any(|scheme| text.starts_with(scheme));
        if !is_endpoint {
            return SwitchAddress::of_bridge(host, text);
        }
        let endpoint =
            Endpoint::parse(text, Some(OPENFLOW_PORT)).map_err(AddressError::Endpoint)?;
        if !host.reach.leads_to(&endpoint) {
            return Err(AddressError::NotOfHost);
        }
        Ok(SwitchAddress {
            host: host.clone(),
            name: text.to_owned(),
            endpoint,
            is_bridge: false,
        })
    }

    /// The bridge of this name in the database, also if it looks like an endpoint.
    ///
    /// # Errors
    ///
    /// [`AddressError::NotABridge`] if it cannot have a socket.
    pub fn of_bridge(host: &Host, name: &str) -> Result<SwitchAddress, AddressError> {
        if name.is_empty() || name.contains(['/', '\0']) {
            return Err(AddressError::NotABridge);
        }
        Ok(SwitchAddress {
            host: host.clone(),
            name: name.to_owned(),
            endpoint: Endpoint::Unix(host.run_directory().join(format!("{name}.mgmt"))),
            is_bridge: true,
        })
    }

    /// The name as given by the user.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it was named as a bridge of the database: then it is Open vSwitch.
    pub fn is_bridge(&self) -> bool {
        self.is_bridge
    }

    /// The endpoint as text.
    pub fn place(&self) -> String {
        self.endpoint.to_string()
    }

    /// Whether the database is needed to find its endpoint: for a bridge of another host.
    pub fn is_found_by_database(&self) -> bool {
        self.is_bridge && !self.host.has_sockets()
    }

    /// Connects, and negotiates the highest version of `offer` that the switch allows.
    ///
    /// # Errors
    ///
    /// See [`SwitchConnectError`].
    pub async fn connect(
        &self,
        database: &Database,
        offer: Versions,
    ) -> Result<Switch, SwitchConnectError> {
        let session = if self.is_found_by_database() {
            Box::pin(self.connect_to_listener(database, offer)).await?
        } else {
            let session = self.session(&self.endpoint, offer).await;
            session.map_err(SwitchConnectError::Session)?
        };
        let log = Rc::clone(&self.host.log);
        Ok(Switch::new(session, self.is_bridge, log))
    }

    /// Connects with this version, and monitors flows: see [`FlowMonitor`]. `None`: the switch has no flow monitor.
    ///
    /// # Errors
    ///
    /// See [`SwitchConnectError`].
    pub async fn monitor_flows(
        &self,
        database: &Database,
        version: Version,
        filter: &Filter,
        news: Arc<Notify>,
    ) -> Result<Option<FlowMonitor>, SwitchConnectError> {
        let switch = self.connect(database, [version].into_iter().collect());
        let switch = Box::pin(switch).await?;
        // The other side of a Unix socket cannot vanish without the socket being closed.
        let is_local = self.host.reach.is_here()
            && matches!(self.endpoint, Endpoint::Unix(_))
            && !self.is_found_by_database();
        let probe = (!is_local).then_some(PROBE_INTERVAL);
        let monitor = FlowMonitor::start(switch, filter, probe, news).await;
        monitor.map_err(SwitchConnectError::Session)
    }

    /// A connection that a local switch resets before its hello is tried again within the timeout: it may have been
    /// waiting for a listener that is replaced. If there is no listener any more, that is the error.
    async fn session(&self, endpoint: &Endpoint, offer: Versions) -> Result<Session, SwitchError> {
        let began = Instant::now();
        let reset_limit = self.host.limit.unwrap_or(RESET_LIMIT);
        let mut pauses = Pauses::default();
        let mut attempts = 0;
        loop {
            let stream = self.host.dial(endpoint).await?;
            attempts += 1;
            let is_last = match Session::over(stream, offer, self.host.limit).await {
                session if !matches!(endpoint, Endpoint::Unix(_)) => return session,
                // A command that ends at once would do so again.
                Err(SwitchError::Reset | SwitchError::Closed)
                    if self.host.reach.is_by_command() =>
                {
                    return Err(SwitchError::Closed);
                }
                Err(SwitchError::Reset) => began.elapsed() >= reset_limit,
                Err(SwitchError::Closed) => attempts >= CLOSED_ATTEMPTS,
                session => return session,
            };
            if is_last {
                let within = began.elapsed();
                return Err(SwitchError::NoHello { attempts, within });
            }
            pauses.pause().await;
        }
    }

    /// Connects to an endpoint where the bridge listens on the host of its database. On the loopback
    /// (`--db tcp:127.0.0.1`) also through its socket, if that belongs to the bridge in the database.
    async fn connect_to_listener(
        &self,
        database: &Database,
        offer: Versions,
    ) -> Result<Session, SwitchConnectError> {
        let at = database
            .endpoint()
            .await
            .map_err(SwitchConnectError::Database)?;
        let host = match at {
            Endpoint::Tcp { host, .. } | Endpoint::Ssl { host, .. } => host.as_str(),
            Endpoint::Unix(_) => "localhost",
        };
        let configured = self.configured(database).await;
        let configured = configured.map_err(SwitchConnectError::Database)?;
        let (datapath_id, targets) = configured.ok_or(SwitchConnectError::NoBridge)?;
        let mut listeners = Vec::new();
        let mut connections = Vec::new();
        for target in targets {
            match Listener::parse(&target, OPENFLOW_PORT) {
                Some(listener) => listeners.push(listener),
                None => connections.push(target),
            }
        }
        // TLS ports first if certificates were given.
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
            return Err(SwitchConnectError::NotListening(NotListening {
                database: at.to_string(),
                is_local_only: !listeners.is_empty(),
                connections,
            }));
        }
        Err(SwitchConnectError::Listeners(errors))
    }

    /// Connects to an endpoint, and checks the datapath id.
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

    /// Reads the bridge's datapath id (`None` if ovs-vswitchd has not set it yet) and the targets of its
    /// controllers, active and passive. `None`: no such bridge.
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

/// Checks the target of a bridge's controller: an endpoint to connect to, or to listen at
/// (ovs-vswitchd.conf.db(5), table `Controller`, `target`).
///
/// # Errors
///
/// What is wrong with it, `None` if it has the form of neither.
pub fn check_target(text: &str) -> Result<(), Option<String>> {
    let is_known = match text.split_once(':') {
        Some(("tcp" | "ssl" | "unix", _)) => {
            let endpoint = Endpoint::parse(text, Some(OPENFLOW_PORT));
            endpoint.map_err(|error| Some(error.reason.to_string()))?;
            true
        }
        Some(("punix", path)) => !path.is_empty(),
        Some(("ptcp" | "pssl", place)) => {
            let port = place.split(':').next().unwrap_or_default();
            if !port.is_empty() && port.parse::<u16>().is_err() {
                let reason = format!("{port} is no port: it is a number up to 65535");
                return Err(Some(reason));
            }
            true
        }
        _ => false,
    };
    if is_known && !text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        Ok(())
    } else {
        Err(None)
    }
}

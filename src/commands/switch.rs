//! The SWITCH argument: a bridge's name or an endpoint; its OpenFlow session and its ports' names.

mod remote;

use std::path::PathBuf;

use super::{Context, Exit, Failure, quoted};
use crate::model::names::PortNames;
use crate::model::resolve;
use crate::model::shell::word;
use crate::model::{Depth, Scope, Want};
use crate::openflow::messages::flow_stats::RequestError;
use crate::openflow::session::{self, Session};
use crate::openflow::version::{Version, Versions};
use crate::transport::{ConnectErrorKind, Endpoint, TlsError};

/// A switch to talk OpenFlow to.
#[derive(Debug)]
pub(super) struct Switch {
    /// What the user called it.
    name: String,
    endpoint: Endpoint,
    /// Whether the name is that of a bridge of the database.
    is_bridge: bool,
}

/// Why there is no session with a switch.
#[derive(Debug)]
pub(super) enum NoSession {
    /// What came of the one endpoint that it has.
    Here(session::Error),
    /// The database is remote: what came of the bridge's listeners, told already.
    Remote(Failure),
}

/// IANA's port for OpenFlow.
const OPENFLOW_PORT: u16 = 6653;

impl Switch {
    /// Reads `unix:PATH`, `tcp:HOST[:PORT]` or `ssl:HOST[:PORT]`; everything else is a bridge's name,
    /// whose socket is `BRIDGE.mgmt` beside the database's.
    pub(super) fn parse(cx: &Context, text: &str) -> Result<Switch, Failure> {
        let is_endpoint = ["unix:", "tcp:", "ssl:"]
            .iter()
            .any(|scheme| text.starts_with(scheme));
        if is_endpoint {
            let endpoint = Endpoint::parse(text, Some(OPENFLOW_PORT))
                .map_err(|error| Failure::new(Exit::Usage, error.to_string()))?;
            return Ok(Switch {
                name: text.to_owned(),
                endpoint,
                is_bridge: false,
            });
        }
        if text.is_empty() || text.contains(['/', '\0']) {
            let message = format!("{} is not a bridge's name", quoted(text));
            return Err(Failure::new(Exit::Usage, message)
                .hint("a switch is a bridge, unix:PATH or tcp:HOST[:6653]"));
        }
        Ok(Switch {
            name: text.to_owned(),
            endpoint: Endpoint::Unix(socket(cx, text)),
            is_bridge: true,
        })
    }

    /// What the user called it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether it was named as a bridge of the database: then it is Open vSwitch.
    pub(super) fn is_bridge(&self) -> bool {
        self.is_bridge
    }

    /// Connects and negotiates the version: of those given by `-O`, or of all.
    pub(super) async fn connect(&self, cx: &Context) -> Result<Session, Failure> {
        match self.try_connect(cx).await {
            Ok(session) => {
                cx.tell(&format!("{} speaks {}", self.name, session.version()));
                Ok(session)
            }
            Err(NoSession::Here(error)) => Err(self.why_not(cx, error).await),
            Err(NoSession::Remote(failure)) => Err(failure),
        }
    }

    /// [`Switch::connect`], the error as it is: the caller knows what to make of it.
    pub(super) async fn try_connect(&self, cx: &Context) -> Result<Session, NoSession> {
        if let Some(look) = cx.look() {
            look.asked_a_switch();
        }
        if self.is_bridge && cx.is_remote() {
            let session = remote::connect(cx, &self.name, &self.endpoint).await;
            return session.map_err(NoSession::Remote);
        }
        let offer = cx.versions.unwrap_or(Versions::ALL);
        let stream = cx.dial(&self.endpoint).await;
        let stream = stream.map_err(|error| NoSession::Here(error.into()))?;
        let session = Session::over(stream, offer, cx.limit).await;
        session.map_err(NoSession::Here)
    }

    /// The names of the switch's ports: whole, from the database, for one of its bridges; else, or
    /// where the database does not answer, as the switch tells them, cut at 15 bytes.
    pub(super) async fn names(&self, cx: &Context) -> Result<PortNames, Failure> {
        if self.is_bridge {
            match self.database_names(cx).await {
                Err(failure) if failure.exit == Exit::NotFound => {
                    cx.tell(
                        "the bridge is not in the database; its ports' names come from the switch",
                    );
                }
                Err(failure) if failure.exit == Exit::Unreachable => {
                    cx.remark(&format!(
                        "{}; ports' names come from the switch, cut at 15 bytes",
                        failure.message
                    ));
                }
                answer => return answer,
            }
        }
        let mut session = self.connect(cx).await?;
        let ports = session.ports().await.map_err(|error| self.failure(error))?;
        let described = ports.iter().map(|port| (port.ofport, port.name.as_str()));
        Ok(PortNames::default().with_described(described))
    }

    async fn database_names(&self, cx: &Context) -> Result<PortNames, Failure> {
        let want = Want::of(Scope::Bridge(self.name.clone()), Depth::PortNames);
        let topology = cx.topology(want).await?;
        Ok(PortNames::of(&topology, &self.name))
    }

    /// A port that was named is not among the switch's.
    pub(super) fn unknown_port(&self, port: &str, names: &PortNames) -> Failure {
        let alike = names.cut_to(port);
        if alike.len() > 1 {
            let shown = |(number, name): (u32, Option<&str>)| {
                name.map_or_else(|| number.to_string(), str::to_owned)
            };
            let alike: Vec<String> = alike.into_iter().map(shown).collect();
            return Failure::new(Exit::Usage, resolve::ambiguous(port, &self.name, &alike))
                .hint("give the whole name, or the number");
        }
        let known = names.iter().map(|(_, name)| name);
        let failure = Failure::not_found("port", port, &format!("on {}", self.name), known);
        if self.is_bridge {
            failure.hint(format!(
                "`ovs port list {}` lists its ports",
                word(&self.name)
            ))
        } else {
            failure
        }
    }

    /// A group or meter that was named by its number is not among the switch's.
    pub(super) fn not_there(&self, kind: &str, number: u32, list: &str) -> Failure {
        let message = format!("{kind} {number} not found on {}", self.name);
        let hint = format!("`ovs {list} {}` lists its {kind}s", word(&self.name));
        Failure::new(Exit::NotFound, message).hint(hint)
    }

    /// Why the switch did not tell of its `what` (`groups`): it may not know such a thing.
    pub(super) fn unsupported(
        &self,
        what: &str,
        version: Version,
        error: session::Error,
    ) -> Failure {
        match &error {
            session::Error::Refused(refusal) if refusal.is_unsupported() => Failure::new(
                Exit::Failed,
                format!("{} knows no {what} over {version}: {error}", self.name),
            )
            .hint(OTHER_VERSIONS),
            _ => self.failure(error),
        }
    }

    /// What a conversation with this switch failed of, and what helps.
    pub(super) fn failure(&self, error: session::Error) -> Failure {
        failure(&self.name, error)
    }

    /// Why there is no session: of a bridge, the database may know more than the missing socket.
    async fn why_not(&self, cx: &Context, error: session::Error) -> Failure {
        let gone = match &error {
            session::Error::Connect(error) if self.is_bridge => matches!(
                error.kind,
                ConnectErrorKind::NotFound | ConnectErrorKind::Refused
            ),
            _ => false,
        };
        if !gone {
            return self.failure(error);
        }
        let bridges = match cx.topology(Want::of(Scope::All, Depth::BridgeNames)).await {
            Ok(bridges) => bridges,
            Err(failure) => return failure,
        };
        if bridges.bridge(&self.name).is_some() {
            let message = format!(
                "bridge {} is in the database, but ovs-vswitchd does not answer for it",
                quoted(&self.name)
            );
            return Failure::new(Exit::Unreachable, message).hint(format!(
                "start ovs-vswitchd, or see its log for why it does not listen on {}",
                self.endpoint
            ));
        }
        Failure::no_bridge(&self.name, &bridges)
    }
}

/// What helps where a version lacks something.
const OTHER_VERSIONS: &str =
    "the bridge's protocols column has the versions it allows; -O offers others";

/// Where ovs-vswitchd listens for a bridge.
fn socket(cx: &Context, bridge: &str) -> PathBuf {
    cx.run_directory().join(format!("{bridge}.mgmt"))
}

/// What a conversation with a switch failed of, and what helps.
fn failure(name: &str, error: session::Error) -> Failure {
    let message = |error: &session::Error| format!("{name}: {error}");
    match error {
        session::Error::Connect(error) => error.into(),
        session::Error::TimedOut(_) => {
            Failure::new(Exit::Unreachable, message(&error)).hint("-t SECS waits longer")
        }
        session::Error::Io(ref io) if let Some(tls) = TlsError::within(io) => {
            Failure::tls(message(&error), tls)
        }
        session::Error::Closed | session::Error::Io(_) => {
            Failure::new(Exit::Unreachable, message(&error))
                .hint("did ovs-vswitchd stop? Its log says why")
        }
        session::Error::NotOpenFlow => Failure::new(Exit::Unreachable, message(&error))
            .hint("is it an OpenFlow port (6653)? OVSDB has another (6640)"),
        session::Error::OtherVersion { .. } => Failure::new(Exit::Unreachable, message(&error)),
        session::Error::NoCommonVersion { theirs, .. } => {
            let failure = Failure::new(Exit::Failed, message(&error));
            match theirs.highest() {
                Some(version) => failure.hint(format!(
                    "leave -O out, or give -O {version}; the bridge's protocols column has the list"
                )),
                None => failure,
            }
        }
        session::Error::Request(RequestError::NoGroups) => {
            Failure::new(Exit::Failed, message(&error)).hint(OTHER_VERSIONS)
        }
        session::Error::Refused(_)
        | session::Error::Malformed(_)
        | session::Error::Endless { .. }
        | session::Error::GoesOn
        | session::Error::Request(_) => Failure::new(Exit::Failed, message(&error)),
    }
}

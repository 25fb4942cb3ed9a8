//! The SWITCH argument: a bridge's name or an endpoint; its OpenFlow session and the names of its ports and
//! tables.

mod remote;
mod tables;

use std::collections::HashMap;
use std::path::PathBuf;

use super::{Context, Exit, Failure, quoted};
use crate::base::shell::word;
use crate::model::names::{PortNames, SwitchNames, TableNames};
use crate::model::resolve;
use crate::model::{Depth, Scope, Want};
use crate::openflow::messages::flow_stats::RequestError;
use crate::openflow::session::{self, Session};
use crate::openflow::version::{Version, Versions};
use crate::ovsdb::client::OPEN_VSWITCH;
use crate::ovsdb::{Client, Error, Function, Select};
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
        match self.try_connect(cx, offered(cx)).await {
            Ok(session) => {
                cx.tell(&format!("{} speaks {}", self.name, session.version()));
                Ok(session)
            }
            Err(why) => Err(self.no_session(cx, why).await),
        }
    }

    /// What to say of it that there is no session.
    async fn no_session(&self, cx: &Context, why: NoSession) -> Failure {
        match why {
            NoSession::Here(error) => self.why_not(cx, error).await,
            NoSession::Remote(failure) => failure,
        }
    }

    /// [`Switch::connect`] with these versions, the error as it is: the caller knows what to make of it.
    pub(super) async fn try_connect(
        &self,
        cx: &Context,
        offer: Versions,
    ) -> Result<Session, NoSession> {
        if let Some(look) = cx.look() {
            look.asked_a_switch();
        }
        if self.is_bridge && cx.is_remote() {
            let session = remote::connect(cx, &self.name, &self.endpoint, offer).await;
            return session.map_err(NoSession::Remote);
        }
        let stream = cx.dial(&self.endpoint).await;
        let stream = stream.map_err(|error| NoSession::Here(error.into()))?;
        let session = Session::over(stream, offer, cx.limit).await;
        session.map_err(NoSession::Here)
    }

    /// The names of the switch's ports: whole, from the database, for one of its bridges; else, or
    /// where the database does not answer, as the switch tells them, cut at 15 bytes. With them the names of
    /// tables that the database has; the switch may have others ([`Switch::told_tables`]).
    pub(super) async fn names(&self, cx: &Context) -> Result<SwitchNames, Failure> {
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
        Ok(SwitchNames {
            ports: PortNames::default().with_described(described),
            tables: TableNames::default(),
        })
    }

    /// [`Switch::names`], and what the switch tells of its tables.
    pub(super) async fn all_names(
        &self,
        cx: &Context,
        allowed: Versions,
    ) -> Result<SwitchNames, Failure> {
        let (names, told) = tokio::join!(self.names(cx), self.told_tables(cx, allowed));
        Ok(names?.with_told(&told))
    }

    /// The names of the switch's tables alone, from the database and the switch.
    pub(super) async fn table_names(&self, cx: &Context, allowed: Versions) -> TableNames {
        let (whole, told) = tokio::join!(self.whole_table_names(cx), self.told_tables(cx, allowed));
        whole.with_told(&told)
    }

    /// The names that the database gives to the switch's tables; none where it does not answer.
    pub(super) async fn whole_table_names(&self, cx: &Context) -> TableNames {
        if !self.is_bridge {
            return TableNames::default();
        }
        let Ok(client) = cx.client().await else {
            return TableNames::default();
        };
        let names = database_tables(client, &self.name).await;
        names.unwrap_or_default()
    }

    async fn database_names(&self, cx: &Context) -> Result<SwitchNames, Failure> {
        let want = Want::of(Scope::Bridge(self.name.clone()), Depth::PortNames);
        let client = cx.client().await?;
        let (topology, tables) =
            tokio::join!(cx.topology(want), database_tables(client, &self.name));
        Ok(SwitchNames {
            ports: PortNames::of(&topology?, &self.name),
            tables: tables?,
        })
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

    /// A table that was named is not among the switch's.
    pub(super) fn unknown_table(&self, table: &str, names: &SwitchNames) -> Failure {
        let known = names.tables.iter().map(|(_, name)| name);
        let failure = Failure::not_found("table", table, &format!("on {}", self.name), known);
        failure.hint(format!(
            "`ovs dump-tables {}` lists its tables with their names",
            word(&self.name)
        ))
    }

    /// Several tables of the switch have the name that was given.
    pub(super) fn ambiguous_table(&self, table: &str, numbers: &[u8]) -> Failure {
        let words: Vec<String> = numbers.iter().map(u8::to_string).collect();
        let numbers = match words.as_slice() {
            [before @ .., last] if !before.is_empty() => {
                format!("{} and {last}", before.join(", "))
            }
            _ => words.concat(),
        };
        let message = format!(
            "tables {numbers} of {} are all named {}",
            self.name,
            quoted(table)
        );
        Failure::new(Exit::Usage, message).hint("give the table by its number")
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
/// The tables of a bridge that have names, with their numbers; `None` if it cannot be asked.
pub(crate) async fn names_of_tables(cx: &Context, bridge: &str) -> Option<Vec<(u8, String)>> {
    let switch = Switch::parse(cx, bridge).ok()?;
    let session = switch.try_connect(cx, offered(cx)).await.ok()?;
    let names = switch.table_names(cx, session.allowed()).await;
    let named = names.iter().map(|(table, name)| (table, name.to_owned()));
    Some(named.collect())
}

/// The versions to offer: those given by `-O`, or all.
pub(super) fn offered(cx: &Context) -> Versions {
    cx.versions.unwrap_or(Versions::ALL)
}

/// The names that the database gives to the tables of a bridge.
async fn database_tables(client: &Client, bridge: &str) -> Result<TableNames, Error> {
    let of_bridge =
        Select::columns("Bridge", &["flow_tables"]).when("name", Function::Equal, bridge);
    let all = Select::columns("Flow_Table", &["_uuid", "name"]);
    let answers = client.select(OPEN_VSWITCH, vec![of_bridge, all]).await?;
    let [bridges, tables] = answers.as_slice() else {
        return Ok(TableNames::default());
    };
    let mut names = HashMap::new();
    for table in tables {
        if let Some(name) = table.optional_string("name")? {
            names.insert(table.uuid("_uuid")?, name);
        }
    }
    let Some(bridge) = bridges.first() else {
        return Ok(TableNames::default());
    };
    let numbers = bridge.uuid_by_integer("flow_tables")?;
    let named = numbers
        .iter()
        .filter_map(|(number, uuid)| Some((u8::try_from(*number).ok()?, *names.get(uuid)?)));
    Ok(TableNames::new(named))
}

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

//! Failures of switches: no reply, or a missing object.

use super::SwitchArg;
use crate::base::shell::word;
use crate::commands::{Context, Exit, Failure, quoted};
use crate::model::names::{PortNames, SwitchNames};
use crate::model::resolve;
use crate::model::{Depth, Scope, Want};
use crate::openflow::fields::{ParseError, ParseErrorKind};
use crate::openflow::messages::flow_stats::RequestError;
use crate::openflow::version::{Version, Versions};
use crate::source::SwitchError;
use crate::source::address::{
    ListenerError, ListenerErrorKind, NotListening, OPENFLOW_PORT, SwitchConnectError,
};
use crate::transport::TlsError;

impl SwitchArg {
    /// A named port does not exist on the switch.
    pub(in crate::commands) fn unknown_port(&self, port: &str, names: &PortNames) -> Failure {
        let alike = names.cut_to(port);
        if alike.len() > 1 {
            let shown = |(number, name): (u32, Option<&str>)| {
                name.map_or_else(|| number.to_string(), str::to_owned)
            };
            let alike: Vec<String> = alike.into_iter().map(shown).collect();
            return Failure::new(Exit::Usage, resolve::ambiguous(port, self.name(), &alike))
                .hint("give the whole name, or the number");
        }
        if let Some(members) = names.members(port) {
            let message = format!(
                "{} is a bond, and OpenFlow knows its interfaces: {}",
                quoted(port),
                members.join(", ")
            );
            return Failure::new(Exit::NotFound, message).hint("name one of the interfaces");
        }
        let known = names.iter().map(|(_, name)| name);
        let failure = Failure::not_found("port", port, &format!("on {}", self.name()), known);
        if self.is_bridge() {
            failure.hint(format!(
                "`ovs port list {}` lists its ports",
                word(self.name())
            ))
        } else {
            failure
        }
    }

    /// What is written names something that the switch does not have; `None` for other errors.
    pub(in crate::commands) fn unresolved(
        &self,
        error: &ParseError,
        names: &SwitchNames,
    ) -> Option<Failure> {
        Some(match &error.kind {
            ParseErrorKind::UnknownPort(port) => self.unknown_port(port, &names.ports),
            ParseErrorKind::UnknownTable(table) => self.unknown_table(table, names),
            ParseErrorKind::AmbiguousTable(table, numbers) => self.ambiguous_table(table, numbers),
            ParseErrorKind::UnknownAction { did_you_mean: None } => {
                let ports = names.ports.iter().map(|(_, name)| name);
                let port = resolve::did_you_mean(&error.text, ports);
                if port.is_empty() {
                    return None;
                }
                Failure::new(Exit::Usage, format!("{error}{port}"))
            }
            _ => return None,
        })
    }

    /// A named table does not exist on the switch.
    pub(in crate::commands) fn unknown_table(&self, table: &str, names: &SwitchNames) -> Failure {
        let known = names.tables.iter().map(|(_, name)| name);
        let failure = Failure::not_found("table", table, &format!("on {}", self.name()), known);
        failure.hint(format!(
            "`ovs dump-tables {}` lists its tables with their names",
            word(self.name())
        ))
    }

    /// Several tables of the switch have the given name.
    pub(in crate::commands) fn ambiguous_table(&self, table: &str, numbers: &[u8]) -> Failure {
        let words: Vec<String> = numbers.iter().map(u8::to_string).collect();
        let numbers = match words.as_slice() {
            [before @ .., last] if !before.is_empty() => {
                format!("{} and {last}", before.join(", "))
            }
            _ => words.concat(),
        };
        let message = format!(
            "tables {numbers} of {} are all named {}",
            self.name(),
            quoted(table)
        );
        Failure::new(Exit::Usage, message).hint("give the table by its number")
    }

    /// A numbered group or meter does not exist on the switch.
    pub(in crate::commands) fn not_there(&self, kind: &str, number: u32, list: &str) -> Failure {
        let message = format!("{kind} {number} not found on {}", self.name());
        let hint = format!("`ovs {list} {}` lists its {kind}s", word(self.name()));
        Failure::new(Exit::NotFound, message).hint(hint)
    }

    /// The switch did not list its `what` (`groups`): it may not support them.
    pub(in crate::commands) fn unsupported(
        &self,
        what: &str,
        version: Version,
        error: SwitchError,
    ) -> Failure {
        match &error {
            SwitchError::Refused(refusal) if refusal.is_unsupported() => Failure::new(
                Exit::Failed,
                format!("{} knows no {what} over {version}: {error}", self.name()),
            )
            .hint(OTHER_VERSIONS),
            _ => self.failure(error),
        }
    }

    /// The switch allows none of the `versions` that have `what`.
    pub(super) fn lacks_version(
        &self,
        what: &str,
        versions: Versions,
        theirs: Versions,
    ) -> Failure {
        let message = format!(
            "{what} exists in {versions} only, and {} allows {theirs}",
            self.name()
        );
        let failure = Failure::new(Exit::Failed, message);
        let (true, Some(wanted)) = (self.is_bridge(), versions.highest()) else {
            return failure;
        };
        let all = Version::ALL.into_iter();
        let all = all.filter(|version| theirs.contains(*version) || *version == wanted);
        let all: Vec<&str> = all.map(Version::name).collect();
        failure.hint(format!(
            "`ovs bridge set {} --protocols {}` allows it, too",
            word(self.name()),
            all.join(",")
        ))
    }

    /// Messages were sent, and the switch did not confirm them.
    pub(in crate::commands) fn unconfirmed(&self, error: SwitchError) -> Failure {
        match error {
            SwitchError::Request(_) => self.failure(error),
            error => Failure::new(
                Exit::Unknown,
                format!(
                    "{}: sent, but {error}: whether it took effect is not known",
                    self.name()
                ),
            ),
        }
    }

    /// The failure of a session with this switch, with its hint.
    pub(in crate::commands) fn failure(&self, error: SwitchError) -> Failure {
        self.is_dropped.set(error.is_closed());
        failure(self.name(), error)
    }

    /// The failure to open a session: for a bridge, the database may explain a missing socket.
    pub(in crate::commands) async fn no_session(
        &self,
        cx: &Context,
        why: SwitchConnectError,
    ) -> Failure {
        let is_not_listening = why.is_not_listening();
        match why {
            SwitchConnectError::Session(_) if is_not_listening && self.is_bridge() => {
                self.unserved(cx).await
            }
            SwitchConnectError::Session(error) => self.failure(error),
            SwitchConnectError::Database(error) => error.into(),
            SwitchConnectError::NoBridge => {
                match cx.topology(Want::of(Scope::All, Depth::BridgeNames)).await {
                    Ok(bridges) => cx.no_switch(self.name(), &bridges).await,
                    Err(failure) => failure,
                }
            }
            SwitchConnectError::NotListening(why) => not_listening(self.name(), &why),
            SwitchConnectError::Listeners(errors) => listeners_fail(self.name(), errors),
        }
    }

    /// The connection to the bridge's socket was refused.
    async fn unserved(&self, cx: &Context) -> Failure {
        let bridges = match cx.topology(Want::of(Scope::All, Depth::BridgeNames)).await {
            Ok(bridges) => bridges,
            Err(failure) => return failure,
        };
        if bridges.bridge(self.name()).is_some() {
            let message = format!(
                "bridge {} is in the database, but ovs-vswitchd does not serve it",
                quoted(self.name())
            );
            return Failure::new(Exit::Unreachable, message).hint(format!(
                "start ovs-vswitchd, or see its log for why it does not listen on {}",
                self.address.place()
            ));
        }
        cx.no_switch(self.name(), &bridges).await
    }
}

/// A bridge on another host that listens on no reachable port; the hint is a command that makes it listen.
/// The command names all controllers because it replaces them.
fn not_listening(bridge: &str, why: &NotListening) -> Failure {
    let database = &why.database;
    let where_else = if why.is_local_only {
        "on its own host only"
    } else {
        "on no port"
    };
    let message = format!(
        "bridge {} of the database at {database} listens for OpenFlow {where_else}",
        quoted(bridge)
    );
    let mut words = ["ovs", "--db", database, "bridge", "set", bridge]
        .map(|text| word(text).into_owned())
        .to_vec();
    let listener = format!("ptcp:{OPENFLOW_PORT}");
    for target in why.connections.iter().chain([&listener]) {
        words.extend(["--controller".to_owned(), word(target).into_owned()]);
    }
    Failure::new(Exit::Unreachable, message).hint(format!(
        "`{}` makes it listen, for everyone who reaches the port; pssl:{OPENFLOW_PORT} only for those \
         with a certificate; or name the switch itself: tcp:HOST[:PORT], ssl:HOST[:PORT]",
        words.join(" ")
    ))
}

/// The failures at each endpoint of a bridge; the first has the hint.
fn listeners_fail(bridge: &str, errors: Vec<ListenerError>) -> Failure {
    let failures = errors
        .into_iter()
        .map(|error| listener_fails(bridge, error));
    let failures: Vec<Failure> = failures.collect();
    let said: Vec<&str> = failures.iter().map(|f| f.message.as_str()).collect();
    let message = format!("{bridge}: {}", said.join("; "));
    let first = failures.into_iter().next();
    let (exit, hint) = first.map_or((Exit::Unreachable, None), |f| (f.exit, f.hint));
    Failure::with(exit, message, hint)
}

fn listener_fails(bridge: &str, error: ListenerError) -> Failure {
    let endpoint = error.endpoint;
    match error.kind {
        ListenerErrorKind::Session(error) => failure(&endpoint, error),
        ListenerErrorKind::OtherSwitch { found, expected } => {
            let message = format!(
                "the switch at {endpoint} is not {}: its datapath id is {found:016x}, and in the \
                 database {expected:016x}",
                quoted(bridge)
            );
            Failure::new(Exit::Unreachable, message)
                .hint("give the switch as tcp:HOST[:PORT], with the host that ovs-vswitchd runs on")
        }
    }
}

/// The hint if an OpenFlow version lacks a feature.
const OTHER_VERSIONS: &str =
    "the bridge's protocols column has the versions it allows; -O offers others";
/// The failure of a session with a switch, with its hint.
fn failure(name: &str, error: SwitchError) -> Failure {
    let message = |error: &SwitchError| format!("{name}: {error}");
    match error {
        SwitchError::Connect(error) => error.into(),
        SwitchError::TimedOut(_) => {
            Failure::new(Exit::Unreachable, message(&error)).hint("-t SECS waits longer")
        }
        SwitchError::Io(ref io) if let Some(tls) = TlsError::within(io) => {
            Failure::tls(message(&error), tls)
        }
        SwitchError::Closed | SwitchError::Reset | SwitchError::Io(_) => {
            Failure::new(Exit::Unreachable, message(&error))
                .hint("did ovs-vswitchd stop? Its log says why")
        }
        SwitchError::NoHello { .. } => Failure::new(Exit::Unreachable, message(&error)).hint(
            "is it the socket of a bridge, BRIDGE.mgmt? If so, the log of ovs-vswitchd says why",
        ),
        SwitchError::NotOpenFlow => Failure::new(Exit::Unreachable, message(&error))
            .hint("is it an OpenFlow port (6653)? OVSDB has another (6640)"),
        SwitchError::OtherVersion { .. } => Failure::new(Exit::Unreachable, message(&error)),
        SwitchError::NoCommonVersion { theirs, .. } => {
            let failure = Failure::new(Exit::Failed, message(&error));
            match theirs.highest() {
                Some(version) => failure.hint(format!(
                    "leave -O out, or give -O {version}; the bridge's protocols column has the list"
                )),
                None => failure,
            }
        }
        SwitchError::Request(RequestError::NoGroups) => {
            Failure::new(Exit::Failed, message(&error)).hint(OTHER_VERSIONS)
        }
        SwitchError::NotSaved(_) => Failure::not_saved(error.to_string()),
        SwitchError::Refused(_)
        | SwitchError::Malformed(_)
        | SwitchError::Endless { .. }
        | SwitchError::GoesOn
        | SwitchError::WrongReply { .. }
        | SwitchError::Request(_) => Failure::new(Exit::Failed, message(&error)),
    }
}

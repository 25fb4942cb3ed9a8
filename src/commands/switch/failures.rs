//! What a command says of a switch that does not answer, or lacks what was named.

use super::Switch;
use crate::base::shell::word;
use crate::commands::{Context, Exit, Failure, quoted};
use crate::model::names::{PortNames, SwitchNames};
use crate::model::resolve;
use crate::model::{Depth, Scope, Want};
use crate::openflow::messages::flow_stats::RequestError;
use crate::openflow::session;
use crate::openflow::version::Version;
use crate::source::switch::{
    ListenerError, ListenerErrorKind, NoSwitch, NotListening, OPENFLOW_PORT,
};
use crate::transport::TlsError;

impl Switch {
    /// A port that was named is not among the switch's.
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

    /// A table that was named is not among the switch's.
    pub(in crate::commands) fn unknown_table(&self, table: &str, names: &SwitchNames) -> Failure {
        let known = names.tables.iter().map(|(_, name)| name);
        let failure = Failure::not_found("table", table, &format!("on {}", self.name()), known);
        failure.hint(format!(
            "`ovs dump-tables {}` lists its tables with their names",
            word(self.name())
        ))
    }

    /// Several tables of the switch have the name that was given.
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

    /// A group or meter that was named by its number is not among the switch's.
    pub(in crate::commands) fn not_there(&self, kind: &str, number: u32, list: &str) -> Failure {
        let message = format!("{kind} {number} not found on {}", self.name());
        let hint = format!("`ovs {list} {}` lists its {kind}s", word(self.name()));
        Failure::new(Exit::NotFound, message).hint(hint)
    }

    /// Why the switch did not tell of its `what` (`groups`): it may not know such a thing.
    pub(in crate::commands) fn unsupported(
        &self,
        what: &str,
        version: Version,
        error: session::Error,
    ) -> Failure {
        match &error {
            session::Error::Refused(refusal) if refusal.is_unsupported() => Failure::new(
                Exit::Failed,
                format!("{} knows no {what} over {version}: {error}", self.name()),
            )
            .hint(OTHER_VERSIONS),
            _ => self.failure(error),
        }
    }

    /// What a conversation with this switch failed of, and what helps.
    pub(in crate::commands) fn failure(&self, error: session::Error) -> Failure {
        failure(self.name(), error)
    }

    /// Why there is no session: of a bridge, the database may know more than the missing socket.
    pub(in crate::commands) async fn no_session(&self, cx: &Context, why: NoSwitch) -> Failure {
        let nobody_listens = why.nobody_listens();
        match why {
            NoSwitch::Session(_) if nobody_listens && self.is_bridge() => self.unserved(cx).await,
            NoSwitch::Session(error) => self.failure(error),
            NoSwitch::Database(error) => error.into(),
            NoSwitch::NoBridge => {
                match cx.topology(Want::of(Scope::All, Depth::BridgeNames)).await {
                    Ok(bridges) => Failure::no_bridge(self.name(), &bridges),
                    Err(failure) => failure,
                }
            }
            NoSwitch::NotListening(why) => not_listening(self.name(), &why),
            NoSwitch::Listeners(errors) => listeners_fail(self.name(), errors),
        }
    }

    /// Nothing listens at the bridge's socket.
    async fn unserved(&self, cx: &Context) -> Failure {
        let bridges = match cx.topology(Want::of(Scope::All, Depth::BridgeNames)).await {
            Ok(bridges) => bridges,
            Err(failure) => return failure,
        };
        if bridges.bridge(self.name()).is_some() {
            let message = format!(
                "bridge {} is in the database, but ovs-vswitchd does not answer for it",
                quoted(self.name())
            );
            return Failure::new(Exit::Unreachable, message).hint(format!(
                "start ovs-vswitchd, or see its log for why it does not listen on {}",
                self.address.place()
            ));
        }
        Failure::no_bridge(self.name(), &bridges)
    }
}

/// A bridge on another host listens on no port that can be reached, and what makes it listen. The line names
/// all controllers, because it sets all.
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

/// What each place where a bridge listens gave; the first has the hint.
fn listeners_fail(bridge: &str, errors: Vec<ListenerError>) -> Failure {
    let failures = errors
        .into_iter()
        .map(|error| listener_fails(bridge, error));
    let failures: Vec<Failure> = failures.collect();
    let said: Vec<&str> = failures.iter().map(|f| f.message.as_str()).collect();
    let message = format!("{bridge}: {}", said.join("; "));
    let first = failures.into_iter().next();
    let (exit, hint) = first.map_or((Exit::Unreachable, None), |f| (f.exit, f.hint));
    Failure {
        exit,
        message,
        hint,
    }
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

/// What helps where a version lacks something.
const OTHER_VERSIONS: &str =
    "the bridge's protocols column has the versions it allows; -O offers others";
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

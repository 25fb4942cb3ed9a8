//! What was saved of a host.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::SavedSwitch;
use crate::base::terminal::quoted;
use crate::ovsdb::stored::StoredDatabase;
use crate::source::network::{KernelNetwork, Namespaces};

/// What was saved of a host. What is `None` or missing was not saved.
#[derive(Debug, Default)]
pub struct Report {
    /// Where it is from, for messages: the path of the file or directory.
    pub name: String,
    /// The arguments of `--from` that name it; none if it was not opened by them.
    pub sources: Vec<String>,
    /// The name of the host, if the report has one beside that in the database.
    pub host: Option<String>,
    /// When it was saved, if known: `2026-01-31T23:59:59.000Z`.
    pub time: Option<String>,
    /// The database.
    pub database: Option<StoredDatabase>,
    /// The switches, by bridge.
    pub switches: BTreeMap<String, SavedSwitch>,
    /// What daemons replied on their control sockets: by daemon (`ovs-vswitchd`), then by the command with its
    /// arguments, separated by blanks (`fdb/show br-int`).
    pub replies: BTreeMap<String, BTreeMap<String, String>>,
    /// The addresses, routes and devices of its kernel.
    pub network: Option<KernelNetwork>,
    /// The devices of its network namespaces.
    pub namespaces: Option<Namespaces>,
    /// The parts that could not be read when the host was saved.
    pub missing: Vec<MissingPart>,
    /// The secrets that were left out when the host was saved: `Interface ipsec0 options:psk`.
    pub left_out: Vec<String>,
    /// What is wrong with the report itself, such as that it is cut off: for every user.
    pub remarks: Vec<String>,
}

impl Report {
    /// Why a part is missing, if that was recorded when the host was saved; `part` as in [`MissingPart`].
    pub fn reason(&self, source: PartSource, name: &str, part: Option<&str>) -> Option<&str> {
        let mut of_name = self
            .missing
            .iter()
            .filter(|missing| missing.source == source && missing.name == name);
        let mut others = of_name.clone();
        let is_it =
            |missing: &&MissingPart| missing.part.is_none() || missing.part.as_deref() == part;
        // One that does not reply is not asked for the rest.
        let missing = of_name
            .find(is_it)
            .or_else(|| others.find(|missing| missing.cause != MissingCause::Refused))?;
        Some(&missing.why)
    }

    /// Of each bridge the ports of which only the name is known, by the number that stands for them in its messages.
    pub fn unnumbered(&self) -> BTreeMap<String, BTreeMap<u32, String>> {
        let switches = self.switches.iter();
        let unnumbered = switches.filter(|(_, switch)| !switch.unnumbered.is_empty());
        unnumbered
            .map(|(bridge, switch)| (bridge.clone(), switch.unnumbered.clone()))
            .collect()
    }

    /// The name of a part that is missing, with the reason if that was recorded.
    pub fn missing_words(
        &self,
        what: &str,
        source: PartSource,
        name: &str,
        part: Option<&str>,
    ) -> String {
        match self.reason(source, name, part) {
            Some(why) => format!("{what} (when it was saved: {why})"),
            None => what.to_owned(),
        }
    }
}

/// A part that could not be read when the host was saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingPart {
    /// Where it is from.
    pub source: PartSource,
    /// The database, bridge, daemon or host.
    pub name: String,
    /// The part: of a switch `flows`, `groups`, ...; of a daemon the command with its arguments. `None`: all of it.
    pub part: Option<String>,
    /// The kind of the reason.
    pub cause: MissingCause,
    /// The reason, for the user: `no reply within 10 s`.
    pub why: String,
}

/// Where a part of a host is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartSource {
    /// The database.
    Database,
    /// A bridge, over OpenFlow.
    Switch,
    /// The control socket of a daemon.
    Control,
    /// The kernel.
    Host,
}

impl PartSource {
    /// All of them.
    pub const ALL: [PartSource; 4] = [
        PartSource::Database,
        PartSource::Switch,
        PartSource::Control,
        PartSource::Host,
    ];

    /// As it is written: `database`.
    pub const fn word(self) -> &'static str {
        match self {
            PartSource::Database => "database",
            PartSource::Switch => "switch",
            PartSource::Control => "control",
            PartSource::Host => "host",
        }
    }
}

/// The kinds of reasons why a part could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingCause {
    /// No process listened at the socket.
    NotListening,
    /// The connection was accepted, but there was no reply in time.
    NoReply,
    /// The other side refused this part; it may have been asked for others.
    Refused,
    /// Another reason.
    Other,
}

impl fmt::Display for MissingPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.source {
            PartSource::Database => f.write_str("the database")?,
            PartSource::Switch => f.write_str(&quoted(&self.name))?,
            PartSource::Control => f.write_str(&self.name)?,
            PartSource::Host => f.write_str("the host")?,
        }
        if let Some(part) = &self.part {
            write!(f, ": {part}")?;
        }
        write!(f, ": {}", self.why)
    }
}

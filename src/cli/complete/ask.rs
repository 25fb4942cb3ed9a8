//! Completion's queries to the database and, for names of flow tables, the switch; empty after [`DEADLINE`].

use std::time::{Duration, Instant};

use super::line::TypedCommand;
use crate::commands::appctl::commands_of;
use crate::commands::{Context, names_of_tables, numbers_of_groups, numbers_of_meters};
use crate::model::{Depth, Scope, Topology, Want};
use crate::ovsdb::schema::Table;

/// Time limit of all queries together, since the prompt waits.
const DEADLINE: Duration = Duration::from_millis(300);

/// The source of names for completion.
#[derive(Debug)]
pub(super) struct NameSource {
    /// The connection options of the line.
    words: Vec<String>,
    /// Whether the line is of other hosts: they are not asked, as a login takes longer, and sshd counts those cut short.
    is_elsewhere: bool,
    until: Instant,
}

/// The options for connecting to the database, or for a saved one, without `--bootstrap-ca-cert`, which would write a file.
const OPTIONS: [&str; 8] = [
    "db",
    "ctl",
    "from",
    "private-key",
    "certificate",
    "ca-cert",
    "verify-name",
    "ssl-server-name",
];

/// The options that lead to other hosts.
const ELSEWHERE: [&str; 4] = ["host", "hosts", "via", "via-exec"];

impl NameSource {
    /// From the options of the line, else the environment.
    pub(super) fn new(typed: &TypedCommand<'_>) -> Self {
        let value = |name| {
            let option = typed.long(name);
            option.and_then(|option| typed.value(option.get_id().as_str()))
        };
        let mut words = Vec::new();
        for name in OPTIONS {
            if let Some(value) = value(name) {
                words.push(format!("--{name}={value}"));
            }
        }
        Self {
            words,
            is_elsewhere: ELSEWHERE.into_iter().any(|name| value(name).is_some()),
            until: Instant::now() + DEADLINE,
        }
    }

    /// The bridges without their ports, VLAN bridges aside.
    pub(super) fn switches(&self) -> Topology {
        self.topology(Want::of(Scope::All, Depth::BridgeNames))
    }

    /// The bridges without their ports.
    pub(super) fn bridges(&self) -> Topology {
        let all = self.ask(async |cx| {
            let want = Want::of(Scope::All, Depth::BridgeNames);
            let mut all = cx.read(want).await.ok()?;
            let of_vlans = cx.vlan_bridges(&all.bridges, None).await.ok()?;
            all.bridges.extend(of_vlans);
            Some(all)
        });
        all.unwrap_or_default()
    }

    /// The names and numbers of the ports, of one bridge or all.
    pub(super) fn ports(&self, bridge: Option<&str>) -> Topology {
        self.topology(Want::of(scope(bridge), Depth::PortNames))
    }

    /// The ports with these columns, of one bridge or all.
    pub(super) fn columns(&self, bridge: Option<&str>, columns: &[&'static str]) -> Topology {
        self.topology(Want::of(scope(bridge), Depth::Ports).only(columns.to_vec()))
    }

    /// The type of a port's interface.
    pub(super) fn kind(&self, port: &str) -> Option<String> {
        let scope = Scope::Port(port.to_owned());
        let topology = self.topology(Want::of(scope, Depth::Ports).only(vec!["type"]));
        let (_, _, interface) = topology.interfaces().next()?;
        Some(interface.kind().to_owned())
    }

    /// The tables of the database with their columns.
    pub(super) fn tables(&self) -> Vec<Table> {
        let schema = self.ask(async |cx| cx.database.schema().await.ok());
        schema
            .map(|schema| schema.tables.clone())
            .unwrap_or_default()
    }

    /// The flow tables of a bridge that have names.
    pub(super) fn flow_tables(&self, bridge: &str) -> Vec<(u8, String)> {
        let tables = self.ask(async |cx| names_of_tables(cx, bridge).await);
        tables.unwrap_or_default()
    }

    /// The groups of a bridge.
    pub(super) fn groups(&self, bridge: &str) -> Vec<u32> {
        let groups = self.ask(async |cx| numbers_of_groups(cx, bridge).await);
        groups.unwrap_or_default()
    }

    /// The meters of a bridge.
    pub(super) fn meters(&self, bridge: &str) -> Vec<u32> {
        let meters = self.ask(async |cx| numbers_of_meters(cx, bridge).await);
        meters.unwrap_or_default()
    }

    /// The daemons that have a control socket.
    pub(super) fn daemons(&self) -> Vec<String> {
        let daemons = self.ask(async |cx| Some(cx.host.daemons().await));
        daemons.unwrap_or_default()
    }

    /// The commands of a daemon with their arguments; of ovs-vswitchd if none is named.
    pub(super) fn commands(&self, target: Option<&str>) -> Vec<(String, String)> {
        let commands = self.ask(async |cx| commands_of(cx, target).await);
        commands.unwrap_or_default()
    }

    fn topology(&self, want: Want) -> Topology {
        let topology = self.ask(async |cx| cx.topology(want).await.ok());
        topology.unwrap_or_default()
    }

    fn ask<T>(&self, question: impl AsyncFnOnce(&Context) -> Option<T>) -> Option<T> {
        if self.is_elsewhere {
            return None;
        }
        let left = self.until.saturating_duration_since(Instant::now());
        let cx = crate::cli::context(&self.words, left)?;
        let runtime = crate::cli::runtime().ok()?;
        let asked = runtime.block_on(async { tokio::time::timeout(left, question(&cx)).await });
        // The connection is dropped inside its runtime; a pending name lookup is not waited for.
        let entered = runtime.enter();
        drop(cx);
        drop(entered);
        runtime.shutdown_background();
        asked.ok()?
    }
}

fn scope(bridge: Option<&str>) -> Scope {
    bridge.map_or(Scope::All, |bridge| Scope::Bridge(bridge.to_owned()))
}

//! A saved host replayed into a sandbox: its bridges and ports with their states, groups, meters, flows and MAC tables.
//!
//! | file | contents |
//! |---|---|
//! | `configuration` | bridges, ports, interfaces and flow tables, as one transaction |
//! | `devices` | what the devices of the host are in the sandbox |
//! | `underlay` | the bridge over which the tunnels go |
//! | `partners` | the bridge with the LACP partners of bonds |
//! | `entries` | groups, meters, flows, and the map of tunnel options |
//! | `states` | links that are down, and flags of OpenFlow |
//! | `bonds` | members of bonds: which are enabled, which is active |
//! | `left_out` | what is not replayed |
//! | `program` | programs that are run to their end |

mod bonds;
mod configuration;
mod devices;
mod entries;
mod left_out;
mod partners;
mod program;
mod states;
mod underlay;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use self::configuration::{Replay, SavedRows};
use self::entries::EntryReplay;
use self::partners::Partners;
use self::states::{SavedPorts, number_of};
use self::underlay::Underlay;
use crate::base::saved::NOT_IN_REPORT;
use crate::commands::{Context, Exit, Failure, quoted};
use crate::model::port_state::PortState;
use crate::model::{Bridge, Depth, Scope, Topology, Want};
use crate::ovsdb::{self, Select};
use crate::sandbox::Sandbox;
use crate::source::{Database, Host};
use crate::transport::{Endpoint, Tls};
use crate::unixctl::Client;
use crate::unixctl::bonds::BondState;
use crate::unixctl::fdb::MacTable;

/// Columns of ports and interfaces that decide what becomes of them, besides those of their state; the others are read as
/// they are.
const COLUMNS: [&str; 8] = [
    "tag",
    "type",
    "options",
    "ofport_request",
    "mac_in_use",
    "bond_active_slave",
    "status",
    "rstp_status",
];

/// How long a daemon of the sandbox may take for a reply.
const LIMIT: Duration = Duration::from_secs(60);

/// How long ovs-vswitchd may take to make the bridges: minutes for 10,000 ports.
const APPLIED_WITHIN: Duration = Duration::from_secs(900);
const STEP: Duration = Duration::from_millis(50);

/// Maximum number of errors of interfaces that are remarked.
const MAX_ERRORS: usize = 5;

/// What was saved of a host, to be replayed.
pub(super) struct SavedContent<'c> {
    cx: &'c Context,
    /// The arguments of `--from`.
    from: &'c [String],
    /// Without the interfaces that the switch did not have.
    topology: Topology,
    /// The names of those.
    missing: Vec<String>,
    rows: SavedRows,
    ports: SavedPorts,
    /// The bonds, if the report has their state.
    bonds: Option<Vec<BondState>>,
    /// The MAC tables by bridge, or why there is none.
    macs: BTreeMap<String, Result<MacTable, String>>,
}

impl<'c> SavedContent<'c> {
    /// Reads the configuration and the MAC tables.
    ///
    /// # Errors
    ///
    /// The report has no bridges, or they cannot be read.
    pub(super) async fn read(
        cx: &'c Context,
        from: &'c [String],
    ) -> Result<SavedContent<'c>, Failure> {
        let columns = [&COLUMNS[..], &PortState::READS].concat();
        let want = Want::of(Scope::All, Depth::Full).only(columns);
        cx.format.not_saved.print(&["Controller._uuid"]);
        let mut topology = cx.topology(want).await?;
        if topology.bridges.is_empty() {
            return Err(Failure::new(Exit::NotFound, "no bridge in the report"));
        }
        let missing = left_out::take_missing(&mut topology);
        let rows = SavedRows::read(cx).await?;
        let ports = SavedPorts::read(cx, &topology.bridges).await;
        let mut macs = BTreeMap::new();
        let client = cx.vswitchd().await.map_err(Failure::from);
        for bridge in &topology.bridges {
            let table = match &client {
                Ok(client) => MacTable::read(client, &bridge.name)
                    .await
                    .map_err(|error| Failure::from(error).message),
                Err(failure) => Err(failure.message.clone()),
            };
            macs.insert(bridge.name.clone(), table);
        }
        let bonds = match &client {
            Ok(client) => BondState::read_all(client).await.ok(),
            Err(_) => None,
        };
        Ok(SavedContent {
            cx,
            from,
            topology,
            missing,
            rows,
            ports,
            bonds,
            macs,
        })
    }

    /// Makes the bridges and ports in an empty sandbox, then their states, groups, meters, flows and MAC addresses. What
    /// cannot be replayed is remarked.
    ///
    /// # Errors
    ///
    /// The bridges cannot be made, or the sandbox does not reply.
    pub(super) async fn replay(&self, sandbox: &Sandbox, binary: &Path) -> Result<(), Failure> {
        let underlay = Underlay::of(&self.topology);
        let host = Host::new(
            Endpoint::Unix(sandbox.db_socket()),
            Some(LIMIT),
            Tls::default(),
        );
        let database = Database::new(host.clone());
        let bonds = self.bonds.as_deref();
        let partners = Partners::of(&self.topology, bonds, sandbox.run_dir());
        let others = (underlay.as_ref(), partners.as_ref());
        let numbers = self.make_bridges(&database, others).await?;
        left_out::remark(self.cx, &self.topology, &self.missing);
        let client = host.vswitchd().await?;
        if let Some(underlay) = &underlay {
            self.connect_tunnels(&client, underlay).await;
        }
        if let Some(partners) = &partners {
            self.cx.remark(&format!(
                "bridge {} is not the host's: it has the LACP partners of the sandbox's bonds",
                quoted(&partners.bridge)
            ));
        }
        let bridges = &self.topology.bridges;
        self.ports.remark_unknown(self.cx, bridges);
        for bridge in bridges {
            let ports = &self.ports;
            ports
                .replay(self.cx, (&host, &database), bridge, &numbers)
                .await;
        }
        let entries = EntryReplay {
            cx: self.cx,
            from: self.from,
            sandbox,
            binary,
        };
        for bridge in bridges {
            if let Err(failure) = entries.replay(&bridge.name) {
                self.cx.remark(&failure.message);
            }
        }
        for bridge in bridges {
            self.replay_macs(&client, bridge).await;
        }
        // LACP has negotiated meanwhile.
        bonds::replay(self.cx, &client, &self.topology, bonds).await;
        Ok(())
    }

    /// Makes bridges, ports and interfaces in one transaction, and waits until ovs-vswitchd has applied it. Returns the
    /// OpenFlow numbers of the interfaces.
    async fn make_bridges(
        &self,
        database: &Database,
        others: (Option<&Underlay>, Option<&Partners>),
    ) -> Result<BTreeMap<String, u32>, Failure> {
        let progress = self.cx.progress("making the bridges");
        let schema = database.schema().await?;
        let replay = Replay::of(&self.topology, &self.rows, others, &schema);
        if !replay.unknown.is_empty() {
            let unknown: Vec<&str> = replay.unknown.iter().map(String::as_str).collect();
            self.cx.remark(&format!(
                "not in the schema of this Open vSwitch, and left out: {}",
                unknown.join(", ")
            ));
        }
        database
            .transact(&replay.operations)
            .await
            .map_err(|error| {
                let failure = Failure::from(error);
                let message = format!("cannot make the saved bridges: {}", failure.message);
                Failure { message, ..failure }
            })?;
        let began = Instant::now();
        while !is_applied(database).await? {
            if began.elapsed() > APPLIED_WITHIN {
                let seconds = APPLIED_WITHIN.as_secs();
                let message = format!("ovs-vswitchd has not made the bridges within {seconds} s");
                return Err(Failure::new(Exit::Failed, message));
            }
            tokio::time::sleep(STEP).await;
        }
        drop(progress);
        let select = Select::columns("Interface", &["name", "error", "ofport"]);
        let interfaces = database.select(vec![select]).await?.concat();
        let errors = interfaces.iter().filter_map(|row| {
            let error = row.optional_string("error").ok().flatten()?;
            Some((row.string("name").unwrap_or_default(), error))
        });
        // ovs-vswitchd could not apply all of it.
        for (name, error) in errors.take(MAX_ERRORS) {
            self.cx.remark(&format!("{}: {error}", quoted(name)));
        }
        let numbers = interfaces.iter().filter_map(|row| {
            let ofport = row.optional_integer("ofport").ok().flatten()?;
            Some((row.string("name").ok()?.to_owned(), number_of(ofport)?))
        });
        Ok(numbers.collect())
    }

    /// Adds the saved MAC addresses of a bridge.
    async fn replay_macs(&self, client: &Client, bridge: &Bridge) {
        let of = format!("MAC addresses of {}", quoted(&bridge.name));
        let table = match self.macs.get(&bridge.name) {
            Some(Ok(table)) => table,
            Some(Err(message)) if !message.contains(NOT_IN_REPORT) => {
                self.cx.remark(&format!("{of}: {message}"));
                return;
            }
            _ => {
                self.cx.remark(&format!("{of}: not in the report"));
                return;
            }
        };
        let mut refused = 0;
        let mut why = String::new();
        for entry in &table.entries {
            let number = i64::from(entry.port);
            let port = bridge
                .interfaces()
                .find(|(_, interface)| interface.ofport == Some(number));
            let name = match port {
                Some((port, _)) => port.name.as_str(),
                None if entry.port == 0xfffe => &bridge.name,
                None => {
                    refused += 1;
                    why = format!("no port {number}");
                    continue;
                }
            };
            let vlan = entry.vlan.to_string();
            let words = [bridge.name.as_str(), name, &vlan, &entry.mac];
            if let Err(error) = client.call("fdb/add", &words).await {
                refused += 1;
                why = Failure::from(error).message;
            }
        }
        if refused > 0 {
            self.cx.remark(&format!("{of}: {refused} not added: {why}"));
        }
    }

    /// Gives the underlay its addresses, routes and neighbours.
    async fn connect_tunnels(&self, client: &Client, underlay: &Underlay) {
        let bridge = underlay.bridge.as_str();
        self.cx.remark(&format!(
            "bridge {} is not the host's: it carries the tunnels of the sandbox",
            quoted(bridge)
        ));
        let mut commands = Vec::new();
        // Without a prefix every remote address is in its network.
        if underlay.remotes.iter().any(IpAddr::is_ipv4) {
            commands.push(("netdev-dummy/ip4addr", vec![format!("{}/0", underlay.v4)]));
        }
        if underlay.remotes.iter().any(IpAddr::is_ipv6) {
            commands.push(("netdev-dummy/ip6addr", vec![format!("{}/0", underlay.v6)]));
        }
        for (command, arguments) in commands {
            let mut words = vec![bridge.to_owned()];
            words.extend(arguments);
            self.call(client, command, &words).await;
        }
        for (index, remote) in underlay.remotes.iter().enumerate() {
            let width = if remote.is_ipv4() { 32 } else { 128 };
            let route = [format!("{remote}/{width}"), bridge.to_owned()];
            self.call(client, "ovs/route/add", &route).await;
            let [.., high, low] = index.to_be_bytes();
            let mac = format!("02:00:00:00:{high:02x}:{low:02x}");
            let neighbour = [bridge.to_owned(), remote.to_string(), mac];
            self.call(client, "tnl/neigh/set", &neighbour).await;
        }
    }

    /// Runs a command of the sandbox's ovs-vswitchd; a refusal is remarked.
    async fn call(&self, client: &Client, command: &str, words: &[String]) {
        if let Err(error) = client.call(command, words).await {
            self.cx.remark(&Failure::from(error).message);
        }
    }
}

/// Whether ovs-vswitchd has applied the configuration.
async fn is_applied(database: &Database) -> Result<bool, Failure> {
    let select = Select::columns("Open_vSwitch", &["cur_cfg", "next_cfg"]);
    let rows = database.select(vec![select]).await?.concat();
    let Some(row) = rows.first() else {
        return Ok(false);
    };
    let number = |column| row.integer(column).map_err(ovsdb::Error::Value);
    Ok(number("cur_cfg")? >= number("next_cfg")?)
}

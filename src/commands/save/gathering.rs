//! What is saved of a host, read and written part by part.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::SavedPart;
use super::destination::Destination;
use crate::commands::switch::SwitchArg;
use crate::commands::{Context, Failure, quoted};
use crate::output::timestamp;
use crate::ovsdb::client::OPEN_VSWITCH;
use crate::ovsdb::file::writer;
use crate::ovsdb::stored::StoredDatabase;
use crate::source::control::VSWITCHD;
use crate::source::saved::documents::{Meta, Remarks, SavedDevice, SavedNamespaces};
use crate::source::saved::packed::{SavedHostWriter, Spool};
use crate::source::saved::taking::TakeError;
use crate::source::saved::{Part, layout, secrets};
use crate::source::{ControlTarget, Switch, SwitchError};
use crate::unixctl::{Client, ErrorKind};

/// The commands of every daemon whose replies are saved.
const OF_ALL: [&str; 5] = [
    "version",
    "list-commands",
    "coverage/show",
    "memory/show",
    "vlog/list",
];
/// Those of ovs-vswitchd without arguments.
const OF_VSWITCHD: [&str; 16] = [
    "bfd/show",
    "bond/show",
    "cfm/show",
    "dpctl/dump-dps",
    "dpif-netdev/pmd-rxq-show",
    "dpif-netdev/pmd-stats-show",
    "dpif/show",
    "lacp/show",
    "ofproto/list",
    "ofproto/list-tunnels",
    "ovs/route/show",
    "rstp/show",
    "stp/show",
    "tnl/neigh/show",
    "tnl/ports/show",
    "upcall/show",
];
/// Those whose argument is a bridge.
const OF_BRIDGE: [&str; 3] = ["dpif/show-dp-features", "fdb/show", "fdb/stats-show"];

/// A host that is being saved.
pub(super) struct Gathering {
    time: SystemTime,
    host: String,
    database: Option<StoredDatabase>,
    parts: Vec<SavedPart>,
    remarks: Remarks,
}

type Writer = SavedHostWriter<Destination>;

impl Gathering {
    /// Reads the database, which has the names of the host and its bridges.
    pub(super) async fn begin(cx: &Context) -> Gathering {
        let mut gathering = Gathering {
            time: SystemTime::now(),
            host: String::new(),
            database: None,
            parts: Vec::new(),
            remarks: Remarks::default(),
        };
        let progress = cx.progress("reading the database");
        match cx.database.whole().await {
            Ok(mut database) => {
                gathering.remarks.left_out = secrets::hide(&mut database);
                gathering.database = Some(database);
            }
            Err(error) => gathering.failed(cx, "the database", error.into()).await,
        }
        drop(progress);
        gathering.host = gathering.host_name(cx).await;
        gathering
    }

    /// The name of the host and the time: `ovs-node1-20260131T235959Z`.
    pub(super) fn title(&self) -> String {
        let seconds: String = timestamp(self.time).chars().take(19).collect();
        let seconds = seconds.replace(['-', ':'], "");
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        let host: String = self
            .host
            .chars()
            .map(|c| if is_plain(c) { c } else { '_' })
            .collect();
        format!("ovs-{host}-{seconds}Z")
    }

    async fn host_name(&self, cx: &Context) -> String {
        let named = self.root("external_ids").and_then(|ids| {
            let (_, pairs): (String, Vec<(String, String)>) = serde_json::from_str(ids).ok()?;
            let mut names = pairs.into_iter().filter(|(key, _)| key == "hostname");
            names.next().map(|(_, name)| name)
        });
        match named.filter(|name| !name.is_empty()) {
            Some(name) => name,
            None => cx.host.name().await.unwrap_or_else(|| "host".to_owned()),
        }
    }

    /// A value of the row of table `Open_vSwitch`.
    fn root(&self, column: &str) -> Option<&str> {
        let rows = self.database.as_ref()?.tables.get("Open_vSwitch")?;
        Some(rows.values().next()?.get(column)?.get())
    }

    fn missing(&mut self, cx: &Context, what: &str, why: &str) {
        let text = format!("{what}: {why}");
        cx.remark(&format!("ovs: not saved: {text}"));
        self.remarks.remarks.push(text);
    }

    /// As [`Gathering::missing`], because of a failure; with the last words of the program that leads to the host.
    async fn failed(&mut self, cx: &Context, what: &str, failure: Failure) {
        let failure = failure.with_last_words(&cx.host).await;
        // What is named twice is named once.
        let why = failure.message.split_once(": ");
        let why = why.filter(|(name, _)| quoted(name) == what);
        self.missing(cx, what, why.map_or(&failure.message, |(_, why)| why));
    }

    /// Reads the rest, and writes everything. Returns what was saved, and the destination for its completion.
    ///
    /// # Errors
    ///
    /// The destination cannot be written.
    pub(super) async fn write(
        mut self,
        cx: &Context,
        destination: Destination,
    ) -> io::Result<(Vec<SavedPart>, Destination)> {
        let seconds = self
            .time
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs();
        let packing = destination.packing();
        let mut writer = SavedHostWriter::new(destination, packing, &self.title(), seconds)?;
        self.write_all(cx, &mut writer).await?;
        Ok((self.parts, writer.finish()?))
    }

    async fn write_all(&mut self, cx: &Context, writer: &mut Writer) -> io::Result<()> {
        writer.add(layout::META, &document(&self.meta())?)?;
        let bridges = self.bridges(cx).await;
        self.write_database(writer)?;
        for bridge in &bridges {
            self.write_switch(cx, writer, bridge).await?;
        }
        self.write_control(cx, writer, &bridges).await?;
        if cx.host.has_sockets() {
            self.write_host(cx, writer).await?;
        } else {
            self.missing(
                cx,
                "the host",
                "the database is another host's, and its kernel cannot be asked",
            );
        }
        writer.add(layout::REMARKS, &document(&self.remarks)?)
    }

    fn meta(&self) -> Meta {
        let text = |column| {
            self.root(column)
                .and_then(|text| serde_json::from_str(text).ok())
        };
        Meta {
            format: layout::FORMAT.to_owned(),
            format_version: layout::FORMAT_VERSION,
            ovs: env!("CARGO_PKG_VERSION").to_owned(),
            host: self.host.clone(),
            time: timestamp(self.time),
            openvswitch: text("ovs_version"),
            schema: self.schema_version(),
        }
    }

    fn schema_version(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Schema {
            version: Option<String>,
        }
        let schema = self.database.as_ref()?.schema.as_ref()?;
        serde_json::from_str::<Schema>(schema.get()).ok()?.version
    }

    /// The bridges of the database; without it, those that have a socket.
    async fn bridges(&self, cx: &Context) -> Vec<String> {
        let Some(database) = &self.database else {
            return cx.host.bridge_sockets().await;
        };
        let rows = database.tables.get("Bridge").into_iter().flatten();
        let names = rows.filter_map(|(_, row)| serde_json::from_str(row.get("name")?.get()).ok());
        names.collect::<BTreeSet<String>>().into_iter().collect()
    }

    fn add(&mut self, source: &'static str, name: &str, part: &str, count: u64, bytes: u64) {
        self.parts.push(SavedPart {
            source,
            name: name.to_owned(),
            part: part.to_owned(),
            version: None,
            count,
            bytes,
        });
    }

    fn write_database(&mut self, writer: &mut Writer) -> io::Result<()> {
        let Some(database) = self.database.take() else {
            return Ok(());
        };
        let Some(schema) = database.schema else {
            return Ok(());
        };
        let mut log = writer::schema_record(&schema);
        let tables: BTreeMap<&str, _> = database
            .tables
            .iter()
            .map(|(name, rows)| (name.as_str(), rows))
            .collect();
        let date = self
            .time
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_millis();
        let date = u64::try_from(date).unwrap_or_default();
        log.extend(writer::transaction_record(date, "ovs save", &tables)?);
        writer.add(layout::DATABASE, &log)?;
        let rows: usize = database.tables.values().map(BTreeMap::len).sum();
        self.add(
            "database",
            OPEN_VSWITCH,
            "tables",
            rows as u64,
            log.len() as u64,
        );
        Ok(())
    }

    async fn write_switch(
        &mut self,
        cx: &Context,
        writer: &mut Writer,
        bridge: &str,
    ) -> io::Result<()> {
        let progress = cx.progress(&format!("reading {}", quoted(bridge)));
        let connected = match SwitchArg::parse(cx, bridge) {
            Ok(switch) => switch.connect(cx).await,
            Err(failure) => Err(failure),
        };
        drop(progress);
        let mut switch = match connected {
            Ok(switch) => switch,
            Err(failure) => {
                self.failed(cx, &quoted(bridge), failure).await;
                return Ok(());
            }
        };
        for part in Part::ALL {
            if !self
                .write_part(cx, writer, bridge, &mut switch, part)
                .await?
            {
                break;
            }
        }
        Ok(())
    }

    /// Returns whether the switch still answers.
    async fn write_part(
        &mut self,
        cx: &Context,
        writer: &mut Writer,
        bridge: &str,
        switch: &mut Switch,
        part: Part,
    ) -> io::Result<bool> {
        let version = switch.version();
        let mut spool = Spool::default();
        let mut count = 0;
        let taken = switch.take_part(part, |message| {
            count += 1;
            spool.put(message)
        });
        match taken.await {
            Ok(()) => {}
            Err(error) if error.is_not_in_version() => return Ok(true),
            Err(TakeError::Sink(error)) => return Err(error),
            Err(TakeError::Switch(error)) => {
                let what = format!("{}: {}", quoted(bridge), part.name());
                self.missing(cx, &what, &error.to_string());
                return Ok(matches!(error, SwitchError::Refused(_)));
            }
        }
        let bytes = spool.bytes;
        writer.add_spooled(&layout::part(bridge, version, part), spool)?;
        self.parts.push(SavedPart {
            source: "switch",
            name: bridge.to_owned(),
            part: part.name().to_owned(),
            version: Some(version),
            count,
            bytes,
        });
        Ok(true)
    }

    async fn write_control(
        &mut self,
        cx: &Context,
        writer: &mut Writer,
        bridges: &[String],
    ) -> io::Result<()> {
        let mut daemons = cx.host.daemons().await;
        daemons.retain(|daemon| daemon != VSWITCHD);
        daemons.insert(0, VSWITCHD.to_owned());
        for daemon in daemons {
            let progress = cx.progress(&format!("asking {daemon}"));
            let connected = if daemon == VSWITCHD {
                cx.host.vswitchd().await
            } else {
                cx.host
                    .control(&ControlTarget::Daemon(daemon.clone()))
                    .await
            };
            let client = match connected {
                Ok(client) => client,
                Err(error) => {
                    self.failed(cx, &daemon, error.into()).await;
                    continue;
                }
            };
            let mut replies = Replies {
                daemon: &daemon,
                client,
                known: None,
                count: 0,
                bytes: 0,
                failure: None,
                refusals: Vec::new(),
            };
            replies.write(writer, bridges).await?;
            drop(progress);
            let Replies {
                count,
                bytes,
                failure,
                refusals,
                ..
            } = replies;
            for (words, why) in refusals.into_iter().chain(failure) {
                self.missing(cx, &format!("{daemon}: {words}"), &why);
            }
            if count > 0 {
                self.add("control", &daemon, "replies", count, bytes);
            }
        }
        Ok(())
    }

    async fn write_host(&mut self, cx: &Context, writer: &mut Writer) -> io::Result<()> {
        let network = cx.host.network().await;
        let devices = network.devices.iter().map(|(name, hardware)| SavedDevice {
            name: name.clone(),
            hardware: *hardware,
        });
        let namespaces = SavedNamespaces::from(cx.host.namespaces().await);
        let files = [
            (layout::FIB_TRIE, network.fib_trie.into_bytes()),
            (layout::IF_INET6, network.if_inet6.into_bytes()),
            (layout::IPV6_ROUTE, network.ipv6_route.into_bytes()),
            (layout::DEVICES, document(&devices.collect::<Vec<_>>())?),
            (layout::NAMESPACES, document(&namespaces)?),
        ];
        let mut bytes = 0;
        for (name, contents) in &files {
            writer.add(name, contents)?;
            bytes += contents.len() as u64;
        }
        let host = self.host.clone();
        self.add("host", &host, "network", files.len() as u64, bytes);
        Ok(())
    }
}

fn document(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut text = serde_json::to_vec_pretty(value)?;
    text.push(b'\n');
    Ok(text)
}

/// The replies of a daemon.
struct Replies<'a> {
    daemon: &'a str,
    client: Client,
    /// The commands that it has; `None` before it was asked.
    known: Option<BTreeSet<String>>,
    count: u64,
    bytes: u64,
    /// The command that it did not reply to, and why: it is not asked any more.
    failure: Option<(String, String)>,
    /// The commands that it refused, and why.
    refusals: Vec<(String, String)>,
}

impl Replies<'_> {
    async fn write(&mut self, writer: &mut Writer, bridges: &[String]) -> io::Result<()> {
        let Some(list) = self.ask(writer, "list-commands", &[]).await? else {
            return Ok(());
        };
        // A heading, then a command a line, indented.
        let commands = list.lines().filter_map(|line| line.strip_prefix("  "));
        let commands = commands.filter_map(|line| line.split_ascii_whitespace().next());
        self.known = Some(commands.map(str::to_owned).collect());
        for command in OF_ALL
            .into_iter()
            .filter(|command| *command != "list-commands")
        {
            self.ask(writer, command, &[]).await?;
        }
        if self.daemon != VSWITCHD {
            return Ok(());
        }
        let mut datapaths = Vec::new();
        for command in OF_VSWITCHD {
            let reply = self.ask(writer, command, &[]).await?;
            if command == "dpctl/dump-dps" {
                let reply = reply.unwrap_or_default();
                let names = reply.lines().filter(|name| !name.is_empty());
                datapaths = names.map(str::to_owned).collect();
            }
        }
        for bridge in bridges {
            for command in OF_BRIDGE {
                self.ask(writer, command, &[bridge]).await?;
            }
        }
        // As `unixctl` asks for them.
        let all: Vec<&str> = datapaths.iter().map(String::as_str).collect();
        if !all.is_empty() {
            self.ask(writer, "dpctl/show", &all).await?;
        }
        for datapath in all {
            self.ask(writer, "dpctl/dump-flows", &["-m", "--names", datapath])
                .await?;
            let refusals = self.refusals.len();
            self.ask(writer, "dpctl/dump-conntrack", &["-m", "-s", datapath])
                .await?;
            if self.refusals.len() > refusals {
                self.refusals.truncate(refusals);
                self.ask(writer, "dpctl/dump-conntrack", &["-m", datapath])
                    .await?;
            }
        }
        Ok(())
    }

    /// Asks, and writes the reply; `None` if the daemon does not have the command, refuses it, or does not reply.
    async fn ask(
        &mut self,
        writer: &mut Writer,
        command: &str,
        arguments: &[&str],
    ) -> io::Result<Option<String>> {
        let is_known = self
            .known
            .as_ref()
            .is_none_or(|known| known.contains(command));
        if self.failure.is_some() || !is_known {
            return Ok(None);
        }
        let words = [&[command], arguments].concat().join(" ");
        match self.client.text(command, arguments).await {
            Ok(text) => {
                writer.add(&layout::reply(self.daemon, &words), text.as_bytes())?;
                self.count += 1;
                self.bytes += text.len() as u64;
                Ok(Some(text))
            }
            Err(error) => {
                match error.kind {
                    ErrorKind::Refused(why) => {
                        let why = why.lines().next().unwrap_or("refused").to_owned();
                        self.refusals.push((words, why));
                    }
                    _ => self.failure = Some((words, error.to_string())),
                }
                Ok(None)
            }
        }
    }
}

//! What is saved of a host, read and written part by part.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use futures_util::future::join_all;
use serde::{Deserialize, Serialize};

use super::SavedPart;
use super::daemon_replies::DaemonReplies;
use super::destination::{Destination, Writer};
use crate::commands::switch::{SwitchArg, offered};
use crate::commands::{Context, Exit, Failure, quoted};
use crate::openflow::version::{Version, Versions};
use crate::output::timestamp;
use crate::ovsdb;
use crate::ovsdb::client::OPEN_VSWITCH;
use crate::ovsdb::file::writer;
use crate::ovsdb::stored::StoredDatabase;
use crate::source::control::VSWITCHD;
use crate::source::network::{KernelNetwork, Namespaces};
use crate::source::saved::documents::{Meta, Remarks, SavedDevice, SavedNamespaces};
use crate::source::saved::packed::{SavedHostWriter, Spool};
use crate::source::saved::taking::TakeError;
use crate::source::saved::{
    MissingCause, MissingPart, Part, PartSource, SavedHost, layout, secrets,
};
use crate::source::{ControlError, ControlTarget, Switch, SwitchError};
use crate::unixctl::ErrorKind;

/// Maximum number of bridges that are connected to at the same time.
const AT_A_TIME: usize = 64;

/// A host that is being saved.
pub(super) struct Gathering {
    time: SystemTime,
    /// When the host was saved: now, or as its report says.
    saved_at: Option<String>,
    /// The name of the report that it is converted from.
    converted_from: Option<String>,
    /// Its name.
    host: String,
    /// Its name in the list, if several hosts are saved.
    listed: Option<String>,
    database: Option<StoredDatabase>,
    /// Whether the database has no schema of its own: that which is written has the columns of its rows.
    has_partial_schema: bool,
    pub(super) parts: Vec<SavedPart>,
    remarks: Remarks,
    /// The first failure.
    failure: Option<Failure>,
}

impl Gathering {
    /// Reads the database, which has the names of the host and its bridges.
    pub(super) async fn begin(cx: &Context) -> Gathering {
        let time = SystemTime::now();
        let mut gathering = Gathering {
            time,
            saved_at: Some(timestamp(time)),
            converted_from: None,
            host: String::new(),
            listed: cx.host_run().map(|run| run.name.clone()),
            database: None,
            has_partial_schema: false,
            parts: Vec::new(),
            remarks: Remarks::default(),
            failure: None,
        };
        if let Some(saved) = cx.host.reach.saved() {
            gathering.take_saved(saved);
            return gathering;
        }
        let progress = cx.progress("reading the database");
        let read = cx.database.whole().await;
        drop(progress);
        match read {
            Ok(mut database) => {
                gathering.remarks.left_out = secrets::hide(&mut database);
                gathering.database = Some(database);
            }
            Err(error) => {
                let cause = match &error {
                    ovsdb::Error::TimedOut(_) => MissingCause::NoReply,
                    _ => MissingCause::Other,
                };
                let what = (PartSource::Database, OPEN_VSWITCH);
                let failure = Failure::from(error);
                gathering.failed(cx, what, cause, failure, false).await;
            }
        }
        gathering.host = gathering.host_name(cx).await;
        gathering
    }

    /// Takes what a saved host has beside its switches and replies: what was known when it was saved is kept.
    fn take_saved(&mut self, saved: &SavedHost) {
        let report = &saved.report;
        self.database = saved.database_with_schema();
        self.has_partial_schema = saved.has_partial_schema();
        self.remarks = Remarks {
            missing: report.missing.clone(),
            left_out: report.left_out.clone(),
            remarks: report.remarks.clone(),
            unnumbered: report.unnumbered(),
        };
        if let Some(database) = &mut self.database {
            self.remarks.left_out.extend(secrets::hide(database));
        }
        self.saved_at.clone_from(&report.time);
        let name = Path::new(&report.name).file_name();
        self.converted_from = Some(name.map_or_else(
            || report.name.clone(),
            |name| name.to_string_lossy().into_owned(),
        ));
        let host = report.host.clone().or_else(|| self.host_in_database());
        self.host = host.unwrap_or_else(|| "host".to_owned());
    }

    /// The name of the host and the time: `ovs-node1-20260131T235959Z`. Of several hosts the name in the list, which no
    /// other one has. A report that does not tell its time has none.
    pub(super) fn title(&self) -> String {
        let host = layout::encoded(self.listed.as_ref().unwrap_or(&self.host));
        let Some(time) = &self.saved_at else {
            return format!("ovs-{host}");
        };
        let seconds: String = time.chars().take(19).collect();
        let seconds = layout::encoded(&seconds.replace(['-', ':'], ""));
        format!("ovs-{host}-{seconds}Z")
    }

    fn host_in_database(&self) -> Option<String> {
        let named = self.root("external_ids").and_then(|ids| {
            let (_, pairs): (String, Vec<(String, String)>) = serde_json::from_str(ids).ok()?;
            let mut names = pairs.into_iter().filter(|(key, _)| key == "hostname");
            names.next().map(|(_, name)| name)
        });
        named.filter(|name| !name.is_empty())
    }

    async fn host_name(&self, cx: &Context) -> String {
        let name = match self.host_in_database() {
            None => cx.host.name().await,
            name => name,
        };
        let name = name.or_else(|| self.listed.clone());
        name.unwrap_or_else(|| "host".to_owned())
    }

    /// A value of the row of table `Open_vSwitch`.
    fn root(&self, column: &str) -> Option<&str> {
        let rows = self.database.as_ref()?.tables.get("Open_vSwitch")?;
        Some(rows.values().next()?.get(column)?.get())
    }

    /// Records that a part could not be read, and says so, also with `--quiet`: the file lacks what is expected of it.
    pub(super) fn missing(&mut self, cx: &Context, missing: MissingPart) {
        cx.say(&Failure::new(Exit::Done, format!("not saved: {missing}")));
        self.remarks.missing.push(missing);
    }

    /// Records that a part cannot be read by the way to the host, and says so.
    fn unreachable(&mut self, cx: &Context, missing: MissingPart) {
        cx.remark(&format!("ovs: not saved: {missing}"));
        self.remarks.missing.push(missing);
    }

    /// Records that nothing could be read of a database, switch or daemon, and says so. `is_expected`: the way to the host
    /// does not lead there.
    async fn failed(
        &mut self,
        cx: &Context,
        (source, name): (PartSource, &str),
        cause: MissingCause,
        failure: Failure,
        is_expected: bool,
    ) {
        let failure = failure.with_last_words(&cx.host).await;
        let message = &failure.message;
        // The name is not repeated in the reason.
        let why = message
            .strip_prefix(name)
            .and_then(|rest| rest.strip_prefix(": ").or(rest.strip_prefix(' ')));
        let why = why.unwrap_or(message);
        let missing = MissingPart {
            source,
            name: name.to_owned(),
            part: None,
            cause,
            why: why.to_owned(),
        };
        if is_expected {
            self.unreachable(cx, missing);
        } else {
            self.missing(cx, missing);
        }
        self.failure.get_or_insert(failure);
    }

    /// Whether anything was read of Open vSwitch.
    pub(super) fn is_any(&self) -> bool {
        !self.parts.is_empty()
    }

    /// Reads the rest, and writes everything. Returns what was saved, and the destination for its completion.
    ///
    /// # Errors
    ///
    /// The destination cannot be written, or nothing could be read: that is the inner failure.
    pub(super) async fn write(
        mut self,
        cx: &Context,
        destination: Destination,
    ) -> io::Result<Result<(Vec<SavedPart>, Destination), Failure>> {
        let seconds = self
            .time
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs();
        let packing = destination.packing();
        let mut writer = SavedHostWriter::new(destination, packing, &self.title(), seconds)?;
        self.write_all(cx, &mut writer).await?;
        if self.parts.is_empty() {
            return Ok(Err(self.nothing()));
        }
        Ok(Ok((self.parts, writer.finish()?)))
    }

    /// The failure that nothing could be read.
    fn nothing(self) -> Failure {
        let why = self.failure.unwrap_or_else(|| {
            Failure::new(Exit::NotFound, "there is nothing of Open vSwitch in it")
        });
        Failure {
            message: format!("nothing was saved: {}", why.message),
            ..why
        }
    }

    async fn write_all(&mut self, cx: &Context, writer: &mut Writer) -> io::Result<()> {
        writer.add(layout::META, &document(&self.meta())?)?;
        if let Some(saved) = cx.host.reach.saved() {
            self.write_database(writer)?;
            self.write_report(writer, &saved.report)?;
            return writer.add(layout::REMARKS, &document(&self.remarks)?);
        }
        let bridges = self.bridges(cx).await;
        self.write_database(writer)?;
        self.write_switches(cx, writer, &bridges).await?;
        self.write_control(cx, writer, &bridges).await?;
        if !self.is_any() {
            return Ok(());
        }
        self.write_host(cx, writer).await?;
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
            time: self.saved_at.clone(),
            converted_from: self.converted_from.clone(),
            has_partial_schema: self.has_partial_schema,
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

    /// The bridges of the database; without it, those that have a socket on its host.
    async fn bridges(&self, cx: &Context) -> Vec<String> {
        let Some(database) = &self.database else {
            return if cx.host.has_sockets() {
                cx.host.bridge_sockets().await
            } else {
                Vec::new()
            };
        };
        let rows = database.tables.get("Bridge").into_iter().flatten();
        let names = rows.filter_map(|(_, row)| serde_json::from_str(row.get("name")?.get()).ok());
        names.collect::<BTreeSet<String>>().into_iter().collect()
    }

    pub(super) fn add(
        &mut self,
        source: PartSource,
        name: &str,
        part: &str,
        count: u64,
        bytes: u64,
    ) {
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
            PartSource::Database,
            OPEN_VSWITCH,
            "tables",
            rows as u64,
            log.len() as u64,
        );
        Ok(())
    }

    /// One ovs-vswitchd serves all bridges: after one that does not reply, the others are connected to at the same time, so
    /// that they do not cost a timeout each.
    async fn write_switches(
        &mut self,
        cx: &Context,
        writer: &mut Writer,
        bridges: &[String],
    ) -> io::Result<()> {
        let mut rest = bridges.iter();
        for bridge in rest.by_ref() {
            let progress = cx.progress(&format!("reading {}", quoted(bridge)));
            let connected = connect(cx, bridge).await;
            drop(progress);
            if self.write_switch(cx, writer, bridge, connected).await? == SwitchState::Silent {
                break;
            }
        }
        for bridges in rest.as_slice().chunks(AT_A_TIME) {
            let progress = cx.progress("reading the other bridges");
            let connected = join_all(bridges.iter().map(|bridge| connect(cx, bridge))).await;
            drop(progress);
            for (bridge, connected) in bridges.iter().zip(connected) {
                self.write_switch(cx, writer, bridge, connected).await?;
            }
        }
        Ok(())
    }

    async fn write_switch(
        &mut self,
        cx: &Context,
        writer: &mut Writer,
        bridge: &str,
        connected: Result<Switch, (MissingCause, Failure)>,
    ) -> io::Result<SwitchState> {
        let mut switch = match connected {
            Ok(switch) => switch,
            Err((cause, failure)) => {
                let what = (PartSource::Switch, bridge);
                self.failed(cx, what, cause, failure, false).await;
                return Ok(match cause {
                    MissingCause::NoReply => SwitchState::Silent,
                    _ => SwitchState::Lost,
                });
            }
        };
        for part in Part::ALL {
            let state = self.write_part(cx, writer, bridge, &mut switch, part);
            let state = state.await?;
            if state != SwitchState::Answers {
                return Ok(state);
            }
        }
        if switch.version() > Version::V10
            && let Some(mut early) = connect_early(cx, bridge).await
        {
            self.write_part(cx, writer, bridge, &mut early, Part::Ports)
                .await?;
        }
        Ok(SwitchState::Answers)
    }

    /// Returns whether the switch can be asked for the next part.
    async fn write_part(
        &mut self,
        cx: &Context,
        writer: &mut Writer,
        bridge: &str,
        switch: &mut Switch,
        part: Part,
    ) -> io::Result<SwitchState> {
        let version = switch.version();
        let mut spool = Spool::default();
        let mut count = 0;
        let taken = switch.take_part(part, |message| {
            count += 1;
            spool.put(message)
        });
        match taken.await {
            Ok(()) => {}
            Err(error) if error.is_not_in_version() => return Ok(SwitchState::Answers),
            Err(TakeError::Sink(error)) => return Err(error),
            Err(TakeError::Switch(error)) => {
                let (cause, state) = match &error {
                    SwitchError::Refused(_) => (MissingCause::Refused, SwitchState::Answers),
                    SwitchError::TimedOut(_) => (MissingCause::NoReply, SwitchState::Silent),
                    _ => (MissingCause::Other, SwitchState::Lost),
                };
                let missing = MissingPart {
                    source: PartSource::Switch,
                    name: bridge.to_owned(),
                    part: Some(part.name().to_owned()),
                    cause,
                    why: error.to_string(),
                };
                self.missing(cx, missing);
                return Ok(state);
            }
        }
        let bytes = spool.bytes;
        writer.add_spooled(&layout::part(bridge, version, part), spool)?;
        self.parts.push(SavedPart {
            source: PartSource::Switch,
            name: bridge.to_owned(),
            part: part.name().to_owned(),
            version: Some(version),
            count,
            bytes,
        });
        Ok(SwitchState::Answers)
    }

    async fn write_control(
        &mut self,
        cx: &Context,
        writer: &mut Writer,
        bridges: &[String],
    ) -> io::Result<()> {
        let mut daemons = if cx.host.has_sockets() {
            cx.host.daemons().await
        } else {
            Vec::new()
        };
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
                    let cause = match &error {
                        ControlError::NoSocket { .. } | ControlError::Stale { .. } => {
                            MissingCause::NotListening
                        }
                        ControlError::Client(error)
                            if matches!(error.kind, ErrorKind::TimedOut(_)) =>
                        {
                            MissingCause::NoReply
                        }
                        _ => MissingCause::Other,
                    };
                    let is_expected = match &error {
                        ControlError::NotLocal { .. } => true,
                        ControlError::Directory { error, .. } => {
                            error.kind() == io::ErrorKind::Unsupported
                        }
                        _ => false,
                    };
                    let what = (PartSource::Control, daemon.as_str());
                    self.failed(cx, what, cause, error.into(), is_expected)
                        .await;
                    continue;
                }
            };
            let mut replies = DaemonReplies::new(&daemon, client);
            replies.write(writer, bridges).await?;
            drop(progress);
            let (count, bytes) = (replies.count, replies.bytes);
            for missing in replies.missing {
                self.missing(cx, missing);
            }
            if count > 0 {
                self.add(PartSource::Control, &daemon, "replies", count, bytes);
            }
        }
        Ok(())
    }

    async fn write_host(&mut self, cx: &Context, writer: &mut Writer) -> io::Result<()> {
        let network = match cx.host.has_no_kernel() {
            Some(why) => Err(format!("{why}, and its kernel cannot be asked")),
            None => cx.host.network().await,
        };
        match network {
            Ok(network) => {
                let namespaces = cx.host.namespaces().await;
                self.write_kernel(writer, Some(network), Some(namespaces))
            }
            Err(why) => {
                let missing = MissingPart {
                    source: PartSource::Host,
                    name: self.host.clone(),
                    part: None,
                    cause: MissingCause::Other,
                    why,
                };
                if cx.host.has_no_kernel().is_some() {
                    self.unreachable(cx, missing);
                } else {
                    self.missing(cx, missing);
                }
                Ok(())
            }
        }
    }

    /// Writes what is known of the kernel.
    pub(super) fn write_kernel(
        &mut self,
        writer: &mut Writer,
        network: Option<KernelNetwork>,
        namespaces: Option<Namespaces>,
    ) -> io::Result<()> {
        let mut files = Vec::new();
        if let Some(network) = network {
            let devices = network.devices.iter().map(|(name, hardware)| SavedDevice {
                name: name.clone(),
                hardware: *hardware,
            });
            let devices = document(&devices.collect::<Vec<_>>())?;
            files.extend([
                (layout::FIB_TRIE, network.fib_trie.into_bytes()),
                (layout::IF_INET6, network.if_inet6.into_bytes()),
                (layout::IPV6_ROUTE, network.ipv6_route.into_bytes()),
                (layout::DEVICES, devices),
            ]);
        }
        if let Some(namespaces) = namespaces {
            let namespaces = document(&SavedNamespaces::from(namespaces))?;
            files.push((layout::NAMESPACES, namespaces));
        }
        let mut bytes = 0;
        for (name, contents) in &files {
            writer.add(name, contents)?;
            bytes += contents.len() as u64;
        }
        if !files.is_empty() {
            let host = self.host.clone();
            self.add(
                PartSource::Host,
                &host,
                "network",
                files.len() as u64,
                bytes,
            );
        }
        Ok(())
    }
}

/// What became of a switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SwitchState {
    /// It answers.
    Answers,
    /// It did not answer in time.
    Silent,
    /// There is no connection any more.
    Lost,
}

async fn connect(cx: &Context, bridge: &str) -> Result<Switch, (MissingCause, Failure)> {
    let switch = SwitchArg::of_bridge(cx, bridge);
    let switch = switch.map_err(|failure| (MissingCause::Other, failure))?;
    match switch.try_connect(cx, offered(cx)).await {
        Ok(connected) => Ok(connected),
        Err(error) => {
            let cause = if error.is_not_listening() {
                MissingCause::NotListening
            } else if error.is_silence() {
                MissingCause::NoReply
            } else {
                MissingCause::Other
            };
            Err((cause, switch.no_session(cx, error).await))
        }
    }
}

/// Connects with OpenFlow 1.0, whose flags of ports later versions lack; `None` if that is not possible.
async fn connect_early(cx: &Context, bridge: &str) -> Option<Switch> {
    let early = [Version::V10].into_iter().collect();
    let offer = offered(cx).intersection(early);
    let switch = SwitchArg::of_bridge(cx, bridge).ok()?;
    match offer {
        Versions::NONE => None,
        _ => switch.try_connect(cx, offer).await.ok(),
    }
}

pub(super) fn document(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut text = serde_json::to_vec_pretty(value)?;
    text.push(b'\n');
    Ok(text)
}

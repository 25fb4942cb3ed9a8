//! The SWITCH argument: the name of a bridge, or an endpoint; its OpenFlow session, and the names of its
//! ports and tables.

mod failures;
mod tables;

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::Notify;

use super::{Context, Exit, Failure, quoted};
use crate::model::names::{PortNames, SwitchNames, TableNames};
use crate::model::{Depth, Scope, Want};
use crate::openflow::fields::Filter;
use crate::openflow::messages::groups::GROUP_ALL;
use crate::openflow::messages::meters::METER_ALL;
use crate::openflow::version::{Version, Versions};
use crate::ovsdb::{Error, Function, Select};
use crate::source::address::{AddressError, SwitchConnectError};
use crate::source::{Database, FlowMonitor, Switch, SwitchAddress, SwitchError};
use crate::transport::Pauses;

/// The hint where a match has a field that does not exist.
pub(super) const FIELDS_HINT: &str =
    "fields are those of ovs-fields(7): in_port=NAME,tcp,nw_src=10.0.0.0/8,tp_dst=22";

/// A switch to talk OpenFlow to.
#[derive(Debug)]
pub(super) struct SwitchArg {
    address: SwitchAddress,
    /// Whether the switch closed the connection, and nothing was done that cannot be done again.
    is_dropped: Cell<bool>,
}

/// Maximum number of attempts with a switch that closes each connection.
const DROPPED_ATTEMPTS: u32 = 10;

impl SwitchArg {
    /// Parses `unix:PATH`, `tcp:HOST[:PORT]` or `ssl:HOST[:PORT]`; everything else is the name of a bridge.
    pub(super) fn parse(cx: &Context, text: &str) -> Result<SwitchArg, Failure> {
        SwitchArg::at(SwitchAddress::parse(&cx.host, text), text)
    }

    /// The bridge of this name in the database, also if it looks like an endpoint.
    pub(super) fn of_bridge(cx: &Context, name: &str) -> Result<SwitchArg, Failure> {
        SwitchArg::at(SwitchAddress::of_bridge(&cx.host, name), name)
    }

    fn at(address: Result<SwitchAddress, AddressError>, text: &str) -> Result<SwitchArg, Failure> {
        match address {
            Ok(address) => Ok(SwitchArg {
                address,
                is_dropped: Cell::new(false),
            }),
            Err(AddressError::Endpoint(error)) => Err(Failure::new(Exit::Usage, error.to_string())),
            Err(AddressError::NotABridge) => {
                let message = format!("{} is not a bridge's name", quoted(text));
                Err(Failure::new(Exit::Usage, message)
                    .hint("a switch is a bridge, unix:PATH or tcp:HOST[:6653]"))
            }
            Err(AddressError::NotOfHost) => {
                let message = format!(
                    "{} is connected to from this host: it is no switch of the other one",
                    quoted(text)
                );
                Err(Failure::new(Exit::Usage, message).hint(
                    "name the bridge of the other host; a switch that listens on the network needs no --host, --hosts, --via or --via-exec",
                ))
            }
        }
    }

    /// Runs `attempt`, and again within the timeout if the switch closed its connection before it was sent a change. Open
    /// vSwitch closes all connections of a bridge if its configuration changes, such as the versions that it allows.
    ///
    /// # Errors
    ///
    /// That of the last attempt.
    pub(super) async fn tried_again<T>(
        &self,
        cx: &Context,
        attempt: impl AsyncFn() -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let began = Instant::now();
        let mut pauses = Pauses::default();
        for _ in 1..DROPPED_ATTEMPTS {
            self.is_dropped.set(false);
            let result = attempt().await;
            let is_late = (cx.host.limit).is_some_and(|limit| began.elapsed() >= limit);
            if result.is_ok() || is_late || !self.is_dropped() {
                return result;
            }
            pauses.pause().await;
        }
        attempt().await
    }

    /// Whether the last failure is a closed connection, and what failed can be done again.
    pub(super) fn is_dropped(&self) -> bool {
        self.is_dropped.get()
    }

    /// The failure of a session after something was done that cannot be done again: printed, or sent.
    pub(super) fn last_failure(&self, error: SwitchError) -> Failure {
        let failure = self.failure(error);
        self.is_dropped.set(false);
        failure
    }

    /// The argument as given.
    pub(super) fn name(&self) -> &str {
        self.address.name()
    }

    /// Whether it names a bridge of the database, and so is Open vSwitch.
    pub(super) fn is_bridge(&self) -> bool {
        self.address.is_bridge()
    }

    /// Connects to the database, if the endpoint is found through it: so that two concurrent users share the
    /// connection.
    pub(super) async fn prepare(&self, cx: &Context) -> Result<(), Failure> {
        if self.address.is_found_by_database() {
            cx.database.connect().await?;
        }
        Ok(())
    }

    /// Connects and negotiates the version: among those given by `-O`, or all.
    pub(super) async fn connect(&self, cx: &Context) -> Result<Switch, Failure> {
        match self.try_connect(cx, offered(cx)).await {
            Ok(session) => {
                cx.tell(&format!("{} speaks {}", self.name(), session.version()));
                Ok(session)
            }
            Err(why) => Err(self.no_session(cx, why).await),
        }
    }

    /// Like [`SwitchArg::connect`] with one of `versions`, the only ones that have `what`.
    pub(super) async fn connect_for(
        &self,
        cx: &Context,
        versions: Versions,
        what: &str,
    ) -> Result<Switch, Failure> {
        let offer = offered(cx).intersection(versions);
        if offer == Versions::NONE {
            let message = format!("{what} exists in {versions} only, which -O does not offer");
            let failure = Failure::new(Exit::Usage, message);
            return Err(match versions.highest() {
                Some(version) => failure.hint(format!("leave -O out, or give -O {version}")),
                None => failure,
            });
        }
        match self.try_connect(cx, offer).await {
            Ok(session) => {
                cx.tell(&format!("{} speaks {}", self.name(), session.version()));
                Ok(session)
            }
            Err(SwitchConnectError::Session(SwitchError::NoCommonVersion { theirs, .. })) => {
                Err(self.lacks_version(what, versions, theirs))
            }
            Err(why) => Err(self.no_session(cx, why).await),
        }
    }

    /// Like [`SwitchArg::connect`] with these versions, but returns the error unchanged.
    pub(super) async fn try_connect(
        &self,
        cx: &Context,
        offer: Versions,
    ) -> Result<Switch, SwitchConnectError> {
        if let Some(capture) = cx.capture() {
            capture.asked_a_switch();
        }
        self.address.connect(&cx.database, offer).await
    }

    /// Monitors flows of the switch, see [`FlowMonitor`].
    pub(super) async fn monitor_flows(
        &self,
        cx: &Context,
        version: Version,
        filter: &Filter,
        news: Arc<Notify>,
    ) -> Result<Option<FlowMonitor>, SwitchConnectError> {
        let address = &self.address;
        let monitor = address.monitor_flows(&cx.database, version, filter, news);
        monitor.await
    }

    /// The names of the switch's ports: complete, from the database, for one of its bridges; else, or if the
    /// database does not reply, from the switch, truncated to 15 bytes. Includes the names of tables in the
    /// database; the switch may have others ([`SwitchArg::told_tables`]).
    pub(super) async fn names(&self, cx: &Context) -> Result<SwitchNames, Failure> {
        let mut remark = None;
        if self.is_bridge() {
            match self.database_names(cx).await {
                Err(failure) if failure.exit == Exit::NotFound => {
                    cx.tell(
                        "the bridge is not in the database; its ports' names come from the switch",
                    );
                }
                Err(failure) if failure.exit == Exit::Unreachable => {
                    remark = Some(format!(
                        "{}; ports' names come from the switch, cut at 15 bytes",
                        failure.message
                    ));
                }
                answer => return Ok(self.with_unnumbered(cx, answer?)),
            }
        }
        let mut session = self.connect(cx).await?;
        if let Some(remark) = remark {
            cx.remark(&remark);
        }
        let ports = or_unknown(cx, session.ports().await);
        let ports = ports.map_err(|error| self.failure(error))?;
        let described = ports.iter().map(|port| (port.ofport, port.name.as_str()));
        let names = SwitchNames {
            ports: PortNames::default().with_described(described),
            tables: TableNames::default(),
        };
        Ok(self.with_unnumbered(cx, names))
    }

    /// The names where numbers are shown: of the ports of a saved switch of which only the name is known.
    pub(super) fn names_for_numbers(&self, cx: &Context) -> SwitchNames {
        self.with_unnumbered(cx, SwitchNames::default())
    }

    fn with_unnumbered(&self, cx: &Context, names: SwitchNames) -> SwitchNames {
        let saved = cx.host.reach.saved();
        let switch = saved.and_then(|saved| saved.report.switches.get(self.name()));
        match switch {
            Some(switch) => SwitchNames {
                ports: names.ports.with_unnumbered(&switch.unnumbered),
                ..names
            },
            None => names,
        }
    }

    /// [`SwitchArg::names`], with the names of tables from the switch.
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

    /// The names that the database gives to the switch's tables; empty if it does not reply.
    pub(super) async fn whole_table_names(&self, cx: &Context) -> TableNames {
        if !self.is_bridge() {
            return TableNames::default();
        }
        let names = database_tables(&cx.database, self.name()).await;
        names.unwrap_or_default()
    }

    async fn database_names(&self, cx: &Context) -> Result<SwitchNames, Failure> {
        let want = Want::of(Scope::Bridge(self.name().to_owned()), Depth::PortNames);
        cx.database.connect().await?;
        let tables = database_tables(&cx.database, self.name());
        let (topology, tables) = tokio::join!(cx.topology(want), tables);
        Ok(SwitchNames {
            ports: PortNames::of(&topology?, self.name()),
            tables: tables?,
        })
    }
}

/// The answer of a switch; if it was not saved, that is said, and what is asked for is left out.
pub(super) fn or_unknown<T: Default>(
    cx: &Context,
    answer: Result<T, SwitchError>,
) -> Result<T, SwitchError> {
    match answer {
        Err(error @ SwitchError::NotSaved(_)) => {
            cx.remark(&error.to_string());
            Ok(T::default())
        }
        answer => answer,
    }
}

/// The tables of a bridge that have names, with their numbers; `None` if the switch cannot be asked.
pub(crate) async fn names_of_tables(cx: &Context, bridge: &str) -> Option<Vec<(u8, String)>> {
    let switch = SwitchArg::parse(cx, bridge).ok()?;
    let session = switch.try_connect(cx, offered(cx)).await.ok()?;
    let names = switch.table_names(cx, session.allowed()).await;
    let named = names.iter().map(|(table, name)| (table, name.to_owned()));
    Some(named.collect())
}

/// The groups of a bridge, by number; `None` if the switch cannot be asked.
pub(crate) async fn numbers_of_groups(cx: &Context, bridge: &str) -> Option<Vec<u32>> {
    let switch = SwitchArg::parse(cx, bridge).ok()?;
    let mut session = switch.try_connect(cx, offered(cx)).await.ok()?;
    let groups = session.groups(GROUP_ALL, |_, mut group| {
        group.skip(4, "group length")?;
        group.u32("group_id")
    });
    let mut groups = groups.await.ok()?;
    groups.sort_unstable();
    Some(groups)
}

/// The meters of a bridge, by number; `None` if the switch cannot be asked.
pub(crate) async fn numbers_of_meters(cx: &Context, bridge: &str) -> Option<Vec<u32>> {
    let switch = SwitchArg::parse(cx, bridge).ok()?;
    let mut session = switch.try_connect(cx, offered(cx)).await.ok()?;
    let meters = session.meters(METER_ALL).await.ok()?;
    let mut meters: Vec<u32> = meters.iter().map(|meter| meter.meter_id).collect();
    meters.sort_unstable();
    Some(meters)
}

/// The versions to offer: those given by `-O`, or all.
pub(super) fn offered(cx: &Context) -> Versions {
    cx.versions.unwrap_or(Versions::ALL)
}

/// The names that the database gives to the tables of a bridge; none if they were not saved.
async fn database_tables(database: &Database, bridge: &str) -> Result<TableNames, Error> {
    let of_bridge =
        Select::columns("Bridge", &["flow_tables"]).when("name", Function::Equal, bridge);
    let all = Select::columns("Flow_Table", &["_uuid", "name"]);
    let answers = match database.select(vec![of_bridge, all]).await {
        Err(Error::NotSaved(_)) => return Ok(TableNames::default()),
        answers => answers?,
    };
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
    // A saved bridge may be without this column, and its rows then without a schema.
    if !bridge.columns().any(|(name, _)| name == "flow_tables") {
        return Ok(TableNames::default());
    }
    let numbers = bridge.uuid_by_integer("flow_tables")?;
    let named = numbers
        .iter()
        .filter_map(|(number, uuid)| Some((u8::try_from(*number).ok()?, *names.get(uuid)?)));
    Ok(TableNames::new(named))
}

//! `ovs bridge`: list, show, exists, add, del, set.

mod change;

use super::lines::{InterfaceRow, map};
use super::services;
use super::write;
use super::{Context, Exit, Failure};
use crate::base::order::sort_by_name;
use crate::commands::about::{About, Describe as _};
use crate::commands::argument::{Takes as _, Value};
use crate::model::services::FlowExport;
use crate::model::{Bridge, Connection, Depth, Extra, Scope, Want};
use crate::output::{Cell, ColourRole, Column, Mode, Shape, escape, headings};
use crate::plan::Edit;

/// The commands on bridges.
// One exists per process, and one per line of a batch.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, clap::Subcommand)]
#[command(defer = true)]
pub enum Command {
    /// The bridges
    #[command(describe = LIST_ABOUT)]
    List,
    /// One bridge, and the purpose of the port with its own name
    #[command(describe = SHOW_ABOUT)]
    Show {
        /// The bridge
        #[arg(takes = Value::BRIDGE)]
        bridge: String,
    },
    /// Whether a bridge exists: exit code 0 if it does, 3 if not; no output
    #[command(describe = EXISTS)]
    Exists {
        /// The bridge
        #[arg(takes = Value::BRIDGE)]
        bridge: String,
    },
    #[command(flatten)]
    Change(change::BridgeChange),
}

const NAME: Column<Bridge> = InterfaceRow::NAMED_BRIDGE
    .of(|bridge: &Bridge| Cell::text(&bridge.name))
    .role(ColourRole::Name)
    .identity()
    .reads(&["Bridge.name"]);
const PORTS: Column<Bridge> = Column::new("ports", |bridge: &Bridge| {
    Cell::Integer(bridge.port_count as i128)
})
.whole("how many ports it has, its own aside")
.role(ColourRole::Number)
.in_general("the names of the ports; of bridges how many")
.reads(&["Bridge.ports"]);
const FAIL_MODE: Column<Bridge> = Column::new("fail_mode", |bridge: &Bridge| {
    Cell::from(bridge.fail_mode.as_deref())
})
.is(
    Shape::OrNull(&Shape::Words(&["standalone", "secure"])),
    "what the bridge does without a controller: standalone, secure",
)
.reads(&["Bridge.fail_mode"]);
const DATAPATH_TYPE: Column<Bridge> = Column::new("datapath_type", |bridge: &Bridge| {
    Cell::text(bridge.datapath_kind())
})
.text("system, netdev or another type of datapath")
.role(ColourRole::Kind)
.reads(&["Bridge.datapath_type"]);
const DATAPATH_ID: Column<Bridge> = Column::new("datapath_id", |bridge: &Bridge| {
    Cell::from(bridge.datapath_id.as_deref())
})
.is(
    Shape::OrNull(&Shape::Pattern("^[0-9a-f]{16}$")),
    "the bridge's ID towards controllers, 16 hexadecimal digits",
)
.reads(&["Bridge.datapath_id"]);
const PROTOCOLS: Column<Bridge> = Column::new("protocols", |bridge: &Bridge| {
    Cell::texts(bridge.protocols.iter())
})
.texts("the OpenFlow versions that the bridge allows; empty: the default ones")
.reads(&["Bridge.protocols"]);
const CONTROLLERS: Column<Bridge> = Column::new("controllers", |bridge: &Bridge| {
    Cell::texts(bridge.controllers.iter().map(|c| c.target.as_str()))
})
.texts("the targets of its controllers; in ovs show objects")
.role(ColourRole::Address)
.reads(&["Bridge.controller", "Controller._uuid"]);
const CONNECTED: Column<Bridge> = Column::new("connected", |bridge: &Bridge| {
    // The database does not tell of a passive target whether a controller has connected to it.
    let known = |c: &&Connection| c.is_connected || !c.is_passive();
    let mut controllers = bridge.controllers.iter().filter(known).peekable();
    match controllers.peek() {
        None => Cell::Absent,
        Some(_) => Cell::Bool(controllers.any(|c| c.is_connected)),
    }
})
.truth_or_null("whether a controller is connected; null if unknown, or without one")
.role(ColourRole::State)
.reads(&["Controller.is_connected"]);
const STP: Column<Bridge> = Column::new("stp_enable", |bridge: &Bridge| {
    Cell::Bool(bridge.stp_enable)
})
.truth("whether the bridge takes part in spanning tree")
.reads(&["Bridge.stp_enable"]);
const RSTP: Column<Bridge> = Column::new("rstp_enable", |bridge: &Bridge| {
    Cell::Bool(bridge.rstp_enable)
})
.truth("whether the bridge takes part in rapid spanning tree")
.reads(&["Bridge.rstp_enable"]);
const MCAST: Column<Bridge> = Column::new("mcast_snooping_enable", |bridge: &Bridge| {
    Cell::Bool(bridge.mcast_snooping_enable)
})
.truth("whether the bridge snoops IGMP and MLD")
.reads(&["Bridge.mcast_snooping_enable"]);
const EXTERNAL_IDS: Column<Bridge> = InterfaceRow::EXTERNAL_IDS
    .of(|bridge: &Bridge| map(&bridge.external_ids))
    .reads(&["Bridge.external_ids"]);
const OTHER_CONFIG: Column<Bridge> =
    Column::new("other_config", |bridge: &Bridge| map(&bridge.other_config))
        .text_map("further settings, by key")
        .reads(&["Bridge.other_config"]);
const MIRRORS: Column<Bridge> = Column::new("mirrors", services::mirrors)
    .is(Shape::Records(services::mirror_headings), "its mirrors")
    .in_general("the mirrors; of a port those that select its packets or that it sends")
    .reads(&["Bridge.mirrors", "Mirror._uuid"]);
const SFLOW: Column<Bridge> =
    Column::new("sflow", |bridge: &Bridge| targets(bridge.sflow.as_ref()))
        .texts("the collectors that sFlow reports its packets to")
        .reads(&["Bridge.sflow", "sFlow._uuid"]);
const NETFLOW: Column<Bridge> = Column::new("netflow", |bridge: &Bridge| {
    targets(bridge.netflow.as_ref())
})
.texts("the collectors that NetFlow reports its flows to")
.reads(&["Bridge.netflow", "NetFlow._uuid"]);
const IPFIX: Column<Bridge> =
    Column::new("ipfix", |bridge: &Bridge| targets(bridge.ipfix.as_ref()))
        .texts("the collectors that IPFIX reports its flows to")
        .reads(&["Bridge.ipfix", "IPFIX._uuid"]);
const PARENT: Column<Bridge> = Column::new("parent", |bridge: &Bridge| {
    Cell::from(bridge.parent.as_deref())
})
.text_or_null("of a VLAN bridge: the bridge that it is on")
.role(ColourRole::Name);
const VLAN: Column<Bridge> = Column::new("vlan", |bridge: &Bridge| Cell::from(bridge.vlan))
    .vid_or_null("of a VLAN bridge: the VLAN")
    .role(ColourRole::Number)
    .in_general("in words, what the port does with tags; of a VLAN bridge its VLAN");

const LIST: &[Column<Bridge>] = &[
    NAME,
    PORTS,
    FAIL_MODE.drop(1),
    DATAPATH_TYPE.drop(8),
    DATAPATH_ID.drop(7),
    PROTOCOLS.drop(6),
    CONTROLLERS.drop(5),
    CONNECTED.drop(2),
    PARENT.drop(3),
    VLAN.drop(4),
    STP.extra(),
    RSTP.extra(),
    MCAST.extra(),
    EXTERNAL_IDS.extra(),
    OTHER_CONFIG.extra(),
];

const SHOW: &[Column<Bridge>] = &[
    NAME,
    PARENT,
    VLAN,
    PORTS,
    FAIL_MODE,
    DATAPATH_TYPE,
    DATAPATH_ID,
    PROTOCOLS,
    CONTROLLERS,
    CONNECTED,
    STP,
    RSTP,
    MCAST,
    MIRRORS,
    SFLOW,
    NETFLOW,
    IPFIX,
    EXTERNAL_IDS,
    OTHER_CONFIG,
];

const EXISTS: About = About::reads().examples("ovs bridge exists br-int && ovs port list br-int");

const LIST_ABOUT: About = About::watchable().list(|| headings(LIST)).examples(
    "\
ovs bridge list
ovs bridge list -g bridge",
);

const SHOW_ABOUT: About = About::reads().one(|| headings(SHOW)).examples(
    "\
ovs bridge show br-int
ovs bridge show br-int -g datapath_id",
);

impl Command {
    /// Runs it.
    ///
    /// # Errors
    ///
    /// An argument is wrong, the database or switch does not reply, or stdout cannot be written.
    pub async fn run(&self, cx: &Context) -> Result<(), Failure> {
        match self {
            Command::List => list(cx).await,
            Command::Show { bridge } => show(cx, bridge.clone()).await,
            Command::Exists { bridge } => {
                let mut edit = Edit::new(&cx.database);
                match edit.bridge_if(bridge).await? {
                    Some(_) => Ok(()),
                    None => Err(Failure::silent(Exit::NotFound)),
                }
            }
            Command::Change(change) => write::make(cx, change).await,
        }
    }
}

/// The collectors of what reports flows; none if it is not configured.
fn targets(export: Option<&FlowExport>) -> Cell {
    Cell::texts(export.into_iter().flat_map(|export| &export.targets))
}

async fn list(cx: &Context) -> Result<(), Failure> {
    let view = cx.format.view(LIST)?;
    let names_only = view.shows_only(&["bridge"]);
    let depth = if names_only {
        Depth::BridgeNames
    } else {
        Depth::Bridges
    };
    let mut bridges = cx.topology(Want::of(Scope::All, depth)).await?.bridges;
    bridges.extend(cx.vlan_bridges(&bridges, None).await?);
    sort_by_name(&mut bridges, |bridge| &bridge.name);
    cx.print_list(&view, &bridges, "bridges")
}

async fn show(cx: &Context, name: String) -> Result<(), Failure> {
    let view = cx.format.view(SHOW)?;
    let extras = [
        (Extra::Mirrors, &["mirrors"][..]),
        (Extra::Exports, &["sflow", "netflow", "ipfix"]),
    ];
    let shown = |(_, names): &(Extra, &[&str])| names.iter().any(|name| view.shows(name));
    let extras = extras.into_iter().filter(shown).map(|(extra, _)| extra);
    let extras: Vec<Extra> = extras.collect();
    let want = |name| Want::of(Scope::Bridge(name), Depth::Bridges).with(extras.clone());
    let found = match cx.topology(want(name.clone())).await {
        Ok(topology) => topology.bridges,
        Err(failure) if failure.exit == Exit::NotFound => {
            // It may be a VLAN bridge.
            let all = cx.topology(Want::of(Scope::All, Depth::Bridges)).await?;
            let fake = cx.vlan_bridges(&all.bridges, Some(&name)).await?;
            if fake.is_empty() {
                return Err(failure);
            }
            fake
        }
        Err(failure) => return Err(failure),
    };
    let Some(bridge) = found.first() else {
        return Ok(());
    };
    cx.print(&view.one(bridge))?;
    if cx.format.mode == Mode::Table && cx.format.columns.is_none() && bridge.parent.is_none() {
        cx.print(&format!("\n{}", cx.format.paragraph(&local_port(bridge))))?;
    }
    Ok(())
}

/// The purpose of the port with the bridge's own name, in words.
fn local_port(bridge: &Bridge) -> String {
    let name = escape(&bridge.name);
    format!(
        "The port {name} is the bridge's own: LOCAL (65534) in OpenFlow, and a network interface of \
         the host. What the host sends through it enters the bridge; what the bridge outputs to LOCAL \
         arrives at the host. The other ports do not need it, and tcpdump on it sees only what goes to \
         LOCAL."
    )
}

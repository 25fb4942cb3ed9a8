//! `ovs bridge`: list, show, exists.

use super::lines::map;
use super::{Context, Exit, Failure};
use crate::model::{Bridge, Depth, Scope, Want};
use crate::output::{Cell, Column, Mode, Role, columns_help, escape};

/// The commands on bridges.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// The bridges
    #[command(after_help = list_help())]
    List,
    /// One bridge, and what the port with its own name is for
    #[command(after_help = show_help())]
    Show {
        /// The bridge
        #[arg(value_name = "BRIDGE")]
        bridge: String,
    },
    /// Whether a bridge exists: exit code 0 if it does, 3 if not; no output
    #[command(after_help = "Example:\n  ovs bridge exists br-int && ovs port list br-int")]
    Exists {
        /// The bridge
        #[arg(value_name = "BRIDGE")]
        bridge: String,
    },
}

const NAME: Column<Bridge> =
    Column::new("bridge", |bridge: &Bridge| Cell::text(&bridge.name)).role(Role::Name);
const PORTS: Column<Bridge> = Column::new("ports", |bridge: &Bridge| {
    Cell::Integer(bridge.port_count as i128)
})
.role(Role::Number);
const FAIL_MODE: Column<Bridge> = Column::new("fail_mode", |bridge: &Bridge| {
    Cell::from(bridge.fail_mode.as_deref())
});
const DATAPATH_TYPE: Column<Bridge> = Column::new("datapath_type", |bridge: &Bridge| {
    Cell::text(bridge.datapath_kind())
})
.role(Role::Kind);
const DATAPATH_ID: Column<Bridge> = Column::new("datapath_id", |bridge: &Bridge| {
    Cell::from(bridge.datapath_id.as_deref())
});
const PROTOCOLS: Column<Bridge> = Column::new("protocols", |bridge: &Bridge| {
    Cell::texts(bridge.protocols.iter())
});
const CONTROLLERS: Column<Bridge> = Column::new("controllers", |bridge: &Bridge| {
    Cell::texts(bridge.controllers.iter().map(|c| c.target.as_str()))
})
.role(Role::Address);
const CONNECTED: Column<Bridge> = Column::new("connected", |bridge: &Bridge| {
    match bridge.controllers.as_slice() {
        [] => Cell::Absent,
        controllers => Cell::Bool(controllers.iter().any(|c| c.is_connected)),
    }
})
.role(Role::State);
const STP: Column<Bridge> = Column::new("stp_enable", |bridge: &Bridge| {
    Cell::Bool(bridge.stp_enable)
});
const RSTP: Column<Bridge> = Column::new("rstp_enable", |bridge: &Bridge| {
    Cell::Bool(bridge.rstp_enable)
});
const MCAST: Column<Bridge> = Column::new("mcast_snooping_enable", |bridge: &Bridge| {
    Cell::Bool(bridge.mcast_snooping_enable)
});
const EXTERNAL_IDS: Column<Bridge> =
    Column::new("external_ids", |bridge: &Bridge| map(&bridge.external_ids));
const OTHER_CONFIG: Column<Bridge> =
    Column::new("other_config", |bridge: &Bridge| map(&bridge.other_config));

const LIST: &[Column<Bridge>] = &[
    NAME,
    PORTS,
    FAIL_MODE.drop(2),
    DATAPATH_TYPE.drop(5),
    DATAPATH_ID.drop(4),
    PROTOCOLS.drop(6),
    CONTROLLERS.drop(3),
    CONNECTED.drop(1),
    STP.extra(),
    RSTP.extra(),
    MCAST.extra(),
    EXTERNAL_IDS.extra(),
    OTHER_CONFIG.extra(),
];

const SHOW: &[Column<Bridge>] = &[
    NAME,
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
    EXTERNAL_IDS,
    OTHER_CONFIG,
];

fn list_help() -> String {
    format!(
        "{}\n\nExamples:\n  ovs bridge list\n  ovs bridge list -g bridge",
        columns_help(LIST)
    )
}

fn show_help() -> String {
    format!(
        "{}\n\nExamples:\n  ovs bridge show br-int\n  ovs bridge show br-int -g datapath_id",
        columns_help(SHOW)
    )
}

impl Command {
    /// Runs it.
    pub async fn run(self, cx: &Context) -> Result<(), Failure> {
        match self {
            Command::List => {
                let view = cx.format.view(LIST)?;
                let names_only = view.shows_only(&["bridge"]);
                let depth = if names_only {
                    Depth::BridgeNames
                } else {
                    Depth::Bridges
                };
                let topology = cx.topology(Want::of(Scope::All, depth)).await?;
                cx.print_list(&view, &topology.bridges, "bridges")
            }
            Command::Show { bridge } => {
                let view = cx.format.view(SHOW)?;
                let want = Want::of(Scope::Bridge(bridge), Depth::Bridges);
                let topology = cx.topology(want).await?;
                let Some(bridge) = topology.bridges.first() else {
                    return Ok(());
                };
                cx.print(&view.one(bridge))?;
                if cx.format.mode == Mode::Table && cx.format.columns.is_none() {
                    cx.print(&local_port(bridge))?;
                }
                Ok(())
            }
            Command::Exists { bridge } => {
                let scope = Scope::Bridge(bridge);
                let want = Want::of(scope, Depth::BridgeNames);
                match cx.topology(want).await {
                    Err(failure) if failure.exit == Exit::NotFound => {
                        Err(Failure::silent(Exit::NotFound))
                    }
                    other => other.map(drop),
                }
            }
        }
    }
}

/// What the port with the bridge's own name is for, in words.
fn local_port(bridge: &Bridge) -> String {
    let name = escape(&bridge.name);
    format!(
        "\nThe port {name} is the bridge's own: LOCAL (65534) in OpenFlow, and a network\n\
         interface of the host. What the host sends through it enters the bridge; what\n\
         the bridge outputs to LOCAL arrives at the host. The other ports do not need\n\
         it, and tcpdump on it sees only what goes to LOCAL.\n"
    )
}

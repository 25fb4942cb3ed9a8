//! `ovs tunnel`: where tunnels lead, with which key; tunnels added, changed and removed.

mod change;

use super::lines::{InterfaceRow, Picture};
use super::write;
use super::{Context, Exit, Failure, port, quoted};
use crate::commands::about::{About, Describe as _};
use crate::commands::argument::{Takes as _, Value};
use crate::model::tunnel::{Tunnel, is_tunnel};
use crate::model::{Depth, Scope, Want};
use crate::output::{Cell, ColourRole, Column, headings};

/// The commands on tunnels.
// One exists per process, and one per line of a batch.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, clap::Subcommand)]
#[command(defer = true)]
pub enum Command {
    /// The tunnels: addresses, key, state
    #[command(describe = LIST)]
    List {
        /// Only this bridge
        #[arg(takes = Value::BRIDGE)]
        bridge: Option<String>,
    },
    /// One tunnel
    #[command(describe = SHOW)]
    Show {
        /// The port: its name, or BRIDGE/NUMBER
        #[arg(takes = Value::PORT)]
        port: String,
    },
    #[command(flatten)]
    Change(change::TunnelChange),
}

const LIST: About = About::watchable()
    .list(|| headings(&columns()))
    .remarks(
        "\
The key is `flow` where flows match and set it (tun_id), and `in=… out=…` where the two directions \
differ.\n\
The state is not-live where BFD or CFM holds the path for broken although the link is up: a tunnel's link always is.",
    )
    .examples(
        "\
ovs tunnel list
ovs tunnel list br-tun -g remote_ip",
    );

const SHOW: About = About::reads()
    .one(|| headings(&columns()))
    .examples("ovs tunnel show vxlan-0a000048");

fn columns<'t>() -> Vec<Column<InterfaceRow<'t>>> {
    vec![
        InterfaceRow::BRIDGE.drop(3),
        InterfaceRow::PORT,
        InterfaceRow::OFPORT.drop(2),
        InterfaceRow::TYPE.drop(4),
        InterfaceRow::LOCAL_IP.drop(5),
        InterfaceRow::REMOTE_IP,
        InterfaceRow::KEY,
        InterfaceRow::STATE,
        InterfaceRow::BFD.drop(6),
        InterfaceRow::ERROR.drop(1),
        InterfaceRow::INTERFACE.drop(6),
        InterfaceRow::DST_PORT.extra(),
        InterfaceRow::LINK_STATE.extra(),
        InterfaceRow::CFM.extra(),
        InterfaceRow::OPTIONS.extra(),
    ]
}

impl Command {
    /// Runs it.
    ///
    /// # Errors
    ///
    /// An argument is wrong, the database does not reply, or stdout cannot be written.
    pub async fn run(&self, cx: &Context) -> Result<(), Failure> {
        let columns = columns();
        let view = cx.format.view(&columns)?;
        match self {
            Command::Change(change) => write::make(cx, change).await,
            Command::List { bridge } => {
                cx.needs(&["Interface.type"])?;
                let scope = bridge.clone().map_or(Scope::All, Scope::Bridge);
                let picture =
                    Picture::read(cx, Want::of(scope, Depth::Ports).only(view.reads()), false)
                        .await?;
                let mut lines = picture.lines();
                lines.retain(|line| is_tunnel(line.interface.kind()));
                cx.print_list(&view, &lines, "tunnels")
            }
            Command::Show { port } => {
                cx.needs(&["Interface.type"])?;
                let picture = port::locate(cx, port, false, None, &[]).await?;
                match picture.lines().first() {
                    Some(line) if is_tunnel(line.interface.kind()) => cx.print(&view.one(line)),
                    _ => Err(Failure::new(
                        Exit::NotFound,
                        format!("port {} is not a tunnel", quoted(port)),
                    )
                    .hint("`ovs tunnel list` lists the tunnels")),
                }
            }
        }
    }
}

impl<'t> InterfaceRow<'t> {
    /// The tunnel of the interface, if it is one.
    pub(super) fn tunnel(&self) -> Option<Tunnel<'t>> {
        Tunnel::of(self.bridge, self.port, self.interface)
    }

    pub(super) const REMOTE_IP: Column<InterfaceRow<'t>> =
        Column::new("remote_ip", |line: &InterfaceRow<'t>| {
            Cell::from(line.tunnel().and_then(|tunnel| tunnel.remote))
        })
        .text_or_null("the far end of the tunnel")
        .role(ColourRole::Address)
        .reads(&["options"]);

    pub(super) const LOCAL_IP: Column<InterfaceRow<'t>> =
        Column::new("local_ip", |line: &InterfaceRow<'t>| {
            Cell::from(line.tunnel().and_then(|tunnel| tunnel.local))
        })
        .text_or_null("the near end of the tunnel")
        .role(ColourRole::Address)
        .reads(&["options"]);

    pub(super) const KEY: Column<InterfaceRow<'t>> =
        Column::new("key", |line: &InterfaceRow<'t>| {
            Cell::from(line.tunnel().and_then(|tunnel| tunnel.key()))
        })
        .text_or_null("the key (VNI) of the tunnel, or flow")
        .role(ColourRole::Number)
        .reads(&["options"]);

    const DST_PORT: Column<InterfaceRow<'t>> =
        Column::new("dst_port", |line: &InterfaceRow<'t>| {
            Cell::from(line.tunnel().and_then(|tunnel| tunnel.dst_port))
        })
        .whole_or_null("the UDP or TCP port to which the tunnel sends")
        .reads(&["options"]);
}

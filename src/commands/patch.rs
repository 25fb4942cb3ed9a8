//! `ovs patch`: which patch port leads to which bridge; pairs made and removed.

mod change;

use super::lines::InterfaceRow;
use super::write;
use super::{Context, Failure};
use crate::commands::about::{About, Describe as _};
use crate::commands::argument::{Takes as _, Value};
use crate::model::patch::{Patch, PatchEnd, patches, patches_of};
use crate::model::{Depth, Scope, Want};
use crate::output::{Cell, ColourRole, Column, Shape, headings};

/// The commands on patch ports.
#[derive(Debug, clap::Subcommand)]
#[command(defer = true)]
pub enum Command {
    /// The pairs of patch ports, with both OpenFlow numbers
    #[command(describe = LIST)]
    List {
        /// Only those of this bridge, seen from it
        #[arg(takes = Value::BRIDGE)]
        bridge: Option<String>,
    },
    #[command(flatten)]
    Change(change::PatchChange),
}

const LIST: About = About::watchable()
    .list(|| headings(&columns()))
    .remarks("\
States: ok; dangling: the peer does not exist or is no patch port; one-way: the peer names another port \
as its peer; same-bridge: both ends are on one bridge.")
    .examples("\
ovs patch list
ovs patch list br-int");

fn columns<'t>() -> Vec<Column<Patch<'t>>> {
    vec![
        InterfaceRow::BRIDGE
            .of(|patch: &Patch<'t>| Cell::text(patch.near.port.bridge_in(patch.near.bridge)))
            .identity()
            .drop(1),
        InterfaceRow::PORT
            .of(|patch: &Patch<'t>| Cell::text(&patch.near.port.name))
            .identity(),
        InterfaceRow::OFPORT
            .of(|patch: &Patch<'t>| Cell::from(patch.near.number()))
            .drop(2),
        InterfaceRow::PEER_BRIDGE
            .of(|patch: &Patch<'t>| far(patch, |end| Cell::text(end.port.bridge_in(end.bridge)))),
        InterfaceRow::PEER.of(|patch: &Patch<'t>| Cell::from(patch.peer)),
        InterfaceRow::PEER_OFPORT
            .of(|patch: &Patch<'t>| far(patch, |end| Cell::from(end.number())))
            .drop(3),
        Column::new("state", |patch: &Patch<'t>| Cell::text(patch.state.word()))
            .is(
                Shape::Words(&["ok", "dangling", "one-way", "same-bridge"]),
                "whether it works: ok, or what is wrong",
            )
            .role(ColourRole::State),
        InterfaceRow::INTERFACE
            .of(|patch: &Patch<'t>| Cell::text(&patch.near.interface.name))
            .drop(4),
    ]
}

fn far<'t>(patch: &Patch<'t>, cell: impl Fn(&PatchEnd<'t>) -> Cell) -> Cell {
    patch.far.as_ref().map_or(Cell::Absent, cell)
}

impl Command {
    /// Runs it.
    ///
    /// # Errors
    ///
    /// An argument is wrong, the database does not reply, or stdout cannot be written.
    pub async fn run(&self, cx: &Context) -> Result<(), Failure> {
        let bridge = match self {
            Command::List { bridge } => bridge,
            Command::Change(change) => return write::make(cx, change).await,
        };
        let columns = columns();
        let view = cx.format.view(&columns)?;
        cx.needs(&["Interface.type", "Interface.options"])?;
        let topology = cx
            .topology(Want::of(Scope::All, Depth::Ports).only(vec!["options", "tag"]))
            .await?;
        let rows = match bridge {
            None => patches(&topology),
            Some(name) => {
                let (bridge, vlan) = Context::real_bridge(&topology, name)?;
                let mut rows = patches_of(&topology, &bridge.name);
                rows.retain(|patch| vlan.is_none() || patch.near.port.tag == vlan);
                rows
            }
        };
        cx.print_list(&view, &rows, "patch ports")
    }
}

//! `ovs patch`: which patch port leads to which bridge; pairs made and removed.

mod change;

use super::write;
use super::{Context, Failure};
use crate::model::patch::{Patch, PatchEnd, patches, patches_of};
use crate::model::{Depth, Scope, Want};
use crate::output::{Cell, Column, Role, columns_help};

/// The commands on patch ports.
#[derive(Debug, clap::Subcommand)]
#[command(defer = true)]
pub enum Command {
    /// The pairs of patch ports, with both OpenFlow numbers
    #[command(after_help = list_help())]
    List {
        /// Only those of this bridge, seen from it
        #[arg(value_name = "BRIDGE")]
        bridge: Option<String>,
    },
    #[command(flatten)]
    Change(change::PatchChange),
}

fn list_help() -> String {
    format!(
        "States: ok; dangling: the peer does not exist or is no patch port; one-way: the peer names \
         another port as its peer; same-bridge: both ends are on one bridge.\n\n\
         {}\n\n\
         Examples:\n  \
         ovs patch list\n  \
         ovs patch list br-int",
        columns_help(&columns())
    )
}

fn columns<'t>() -> Vec<Column<Patch<'t>>> {
    vec![
        Column::new("bridge", |patch: &Patch<'t>| {
            Cell::text(&patch.near.bridge.name)
        })
        .identity()
        .drop(1),
        Column::new("port", |patch: &Patch<'t>| {
            Cell::text(&patch.near.interface.name)
        })
        .role(Role::Name)
        .identity(),
        Column::new("ofport", |patch: &Patch<'t>| {
            Cell::from(patch.near.number())
        })
        .role(Role::Number)
        .drop(2),
        Column::new("peer_bridge", |patch: &Patch<'t>| {
            far(patch, |end| Cell::text(&end.bridge.name))
        }),
        Column::new("peer", |patch: &Patch<'t>| Cell::from(patch.peer)).role(Role::Name),
        Column::new("peer_ofport", |patch: &Patch<'t>| {
            far(patch, |end| Cell::from(end.number()))
        })
        .role(Role::Number)
        .drop(3),
        Column::new("state", |patch: &Patch<'t>| Cell::text(patch.state.word())).role(Role::State),
    ]
}

fn far<'t>(patch: &Patch<'t>, cell: impl Fn(&PatchEnd<'t>) -> Cell) -> Cell {
    patch.far.as_ref().map_or(Cell::Absent, cell)
}

impl Command {
    /// Runs it.
    pub async fn run(&self, cx: &Context) -> Result<(), Failure> {
        let bridge = match self {
            Command::List { bridge } => bridge,
            Command::Change(change) => return write::make(cx, change).await,
        };
        let columns = columns();
        let view = cx.format.view(&columns)?;
        let topology = cx
            .topology(Want::of(Scope::All, Depth::Ports).only(vec!["options"]))
            .await?;
        let rows = match bridge {
            None => patches(&topology),
            Some(name) if topology.bridge(name).is_some() => patches_of(&topology, name),
            Some(name) => return Err(Failure::no_bridge(name, &topology)),
        };
        cx.print_list(&view, &rows, "patch ports")
    }
}

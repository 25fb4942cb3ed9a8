//! `ovs tag`: which ports bear which VLAN tag, what a port does with tags, what a tag is on the wire.

mod change;
mod map;

use super::lines::{InterfaceRow, Picture};
use super::write;
use super::{Context, Failure, port};
use crate::commands::about::{About, Describe as _};
use crate::commands::argument::{Takes as _, Value};
use crate::model::vlan::{Vlan, tags};
use crate::model::{Bridge, Depth, Port, Scope, Want};
use crate::output::{Cell, ColourRole, Column, Shape, headings};

/// The commands on VLAN tags.
#[derive(Debug, clap::Subcommand)]
#[command(defer = true)]
pub enum Command {
    /// The tags, each with its ports
    #[command(describe = LIST)]
    List {
        /// Only this bridge
        #[arg(takes = Value::BRIDGE)]
        bridge: Option<String>,
        /// Only this tag
        #[arg(long, takes = Value::VID, value_parser = clap::value_parser!(u16).range(0..=4095))]
        tag: Option<u16>,
    },
    /// The VLAN configuration of a port
    #[command(describe = SHOW)]
    Show {
        /// The port: its name, or BRIDGE/NUMBER
        #[arg(takes = Value::PORT)]
        port: String,
    },
    #[command(flatten)]
    Change(change::TagChange),
    /// What the tags are on the wire: VLAN or tunnel key, by which bridge, in which state
    Map(map::Args),
}

const LIST: About = About::watchable()
    .list(|| headings(&list_columns()))
    .remarks("A tag has a meaning on its bridge only: on the wire it may be another.")
    .examples(
        "\
ovs tag list br-int
ovs tag list br-int --tag 1 -g ports
ovs tag list --json | jq '.[] | select(.tag == 4).ports'",
    );

const SHOW: About = About::reads()
    .one(|| headings(&show_columns()))
    .examples("ovs tag show qvobeeb2c54-aa");

/// A tag on a bridge.
struct Tag<'t> {
    bridge: &'t Bridge,
    vid: i64,
    ports: Vec<&'t Port>,
}

fn list_columns<'t>() -> Vec<Column<Tag<'t>>> {
    vec![
        InterfaceRow::BRIDGE
            .of(|tag: &Tag<'t>| {
                // A VLAN bridge has all ports with its tag.
                let first = tag.ports.first();
                Cell::text(
                    first.map_or(tag.bridge.name.as_str(), |port| port.bridge_in(tag.bridge)),
                )
            })
            .identity(),
        InterfaceRow::TAG
            .of(|tag: &Tag<'t>| Cell::from(tag.vid))
            .shape(Shape::VID)
            .identity(),
        Column::new("ports", |tag: &Tag<'t>| {
            Cell::texts(tag.ports.iter().map(|port| port.name.as_str()))
        })
        .texts("the names of the ports; of bridges how many")
        .role(ColourRole::Name)
        .wrap(),
    ]
}

fn show_columns<'t>() -> Vec<Column<InterfaceRow<'t>>> {
    vec![
        InterfaceRow::BRIDGE,
        InterfaceRow::PORT,
        InterfaceRow::TAG,
        InterfaceRow::TRUNKS,
        InterfaceRow::CVLANS.extra(),
        InterfaceRow::VLAN_MODE,
        InterfaceRow::VLAN,
    ]
}

impl Command {
    /// Runs it.
    ///
    /// # Errors
    ///
    /// An argument is wrong, the database does not reply, or stdout cannot be written.
    pub async fn run(&self, cx: &Context) -> Result<(), Failure> {
        match self {
            Command::Change(change) => write::make(cx, change).await,
            Command::List { bridge, tag } => {
                let columns = list_columns();
                let view = cx.format.view(&columns)?;
                cx.needs(&["Port.tag", "Port.vlan_mode"])?;
                let scope = bridge.clone().map_or(Scope::All, Scope::Bridge);
                let topology = cx
                    .topology(Want::of(scope, Depth::Ports).only(vec!["tag", "vlan_mode"]))
                    .await?;
                let rows: Vec<Tag<'_>> = topology
                    .bridges
                    .iter()
                    .flat_map(|bridge| {
                        tags(bridge)
                            .into_iter()
                            .map(move |(vid, ports)| Tag { bridge, vid, ports })
                    })
                    .filter(|row| tag.is_none_or(|tag| row.vid == i64::from(tag)))
                    .collect();
                cx.print_list(&view, &rows, "tags")
            }
            Command::Map(args) => args.run(cx).await,
            Command::Show { port } => {
                let columns = show_columns();
                let view = cx.format.view(&columns)?;
                let picture: Picture = port::locate(cx, port, false, None, &[]).await?;
                // The handling of tags is a property of the port, not of an interface of a bond.
                match picture.lines().first() {
                    Some(line) => cx.print(&view.one(line)),
                    None => Ok(()),
                }
            }
        }
    }
}

impl<'t> InterfaceRow<'t> {
    const CVLANS: Column<InterfaceRow<'t>> = Column::new("cvlans", |line: &InterfaceRow<'t>| {
        Cell::Integers(line.port.cvlans.clone())
    })
    .is(
        Shape::List(&Shape::VID),
        "inner VLANs that a dot1q-tunnel carries",
    )
    .role(ColourRole::Number)
    .reads(&["cvlans"]);

    /// The port's VLAN mode: the value of the database's column, or the default.
    pub(super) const VLAN_MODE: Column<InterfaceRow<'t>> =
        Column::new("vlan_mode", |line: &InterfaceRow<'t>| {
            Cell::text(Vlan::of(line.port).mode())
        })
        .is(
            Shape::Words(&[
                "access",
                "trunk",
                "native-tagged",
                "native-untagged",
                "dot1q-tunnel",
            ]),
            "access, trunk, native-tagged, native-untagged or dot1q-tunnel",
        )
        .reads(&["tag", "vlan_mode"]);

    /// The VLAN mode in words.
    pub(super) const VLAN: Column<InterfaceRow<'t>> =
        Column::new("vlan", |line: &InterfaceRow<'t>| {
            Cell::text(Vlan::of(line.port).to_string())
        })
        .text("in words, what the port does with tags; of a VLAN bridge its VLAN")
        .reads(&["tag", "trunks", "cvlans", "vlan_mode"]);
}

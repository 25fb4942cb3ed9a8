//! `ovs port show`: everything about one port.

use super::{locate, own_row};
use crate::commands::about::About;
use crate::commands::lines::{InterfaceRow, map};
use crate::commands::{Context, Failure};
use crate::model::{Bridge, Interface};
use crate::output::{Cell, Column, Mode, Shape, headings};

pub(super) const ABOUT: About = About::reads()
    .one(|| headings(&columns()))
    .remarks("A bond has no OpenFlow number, type or state of its own: its interfaces have, and are listed.")
    .examples("\
ovs port show qvobeeb2c54-aa
ovs port show br-int/15
ovs port show int-br-ens37 -g peer_bridge");

/// The columns that need only the port's own row; each is made by [`of_port`].
const OWN: [&str; 7] = [
    "port",
    "tag",
    "trunks",
    "vlan_mode",
    "vlan",
    "port_external_ids",
    "other_config",
];

/// A port with its interfaces, at least one; if only columns of [`OWN`] are shown, a placeholder.
struct Shown<'t> {
    lines: Vec<InterfaceRow<'t>>,
}

impl<'t> Shown<'t> {
    /// The row of the only interface; `None` for a bond.
    fn sole(&self) -> Option<&InterfaceRow<'t>> {
        match self.lines.as_slice() {
            [line] => Some(line),
            _ => None,
        }
    }
}

/// A column of the port, independent of its interfaces.
macro_rules! of_port {
    ($column:expr) => {
        of_line!($column, |shown| shown.lines.first())
    };
}

/// A column of the interface, if there is exactly one.
macro_rules! of_interface {
    ($column:expr) => {
        of_line!($column, |shown| shown.sole())
    };
}

/// A column of the interface's row, adapted to this record.
macro_rules! of_line {
    ($column:expr, |$shown:ident| $line:expr) => {
        $column.of(|$shown: &Shown<'t>| $line.map_or(Cell::Absent, |line| $column.value(line)))
    };
}

fn columns<'t>() -> Vec<Column<Shown<'t>>> {
    vec![
        of_port!(InterfaceRow::BRIDGE),
        of_port!(InterfaceRow::PORT),
        of_interface!(InterfaceRow::OFPORT),
        of_interface!(InterfaceRow::TYPE).shape(Shape::TEXT_OR_NULL),
        of_port!(InterfaceRow::TAG),
        of_port!(InterfaceRow::TRUNKS),
        of_port!(InterfaceRow::VLAN_MODE),
        of_port!(InterfaceRow::VLAN),
        of_interface!(InterfaceRow::MAC),
        of_interface!(InterfaceRow::MTU),
        of_interface!(InterfaceRow::ADMIN_STATE),
        of_interface!(InterfaceRow::LINK_STATE),
        of_interface!(InterfaceRow::ERROR),
        of_interface!(InterfaceRow::PEER),
        of_interface!(InterfaceRow::PEER_BRIDGE),
        of_interface!(InterfaceRow::PEER_OFPORT),
        of_interface!(InterfaceRow::LOCAL_IP),
        of_interface!(InterfaceRow::REMOTE_IP),
        of_interface!(InterfaceRow::KEY),
        of_interface!(InterfaceRow::OPTIONS).shape(Shape::OrNull(&Shape::TEXT_MAP)),
        of_interface!(InterfaceRow::EXTERNAL_IDS).shape(Shape::OrNull(&Shape::TEXT_MAP)),
        Column::new("status", |shown: &Shown<'t>| {
            let line = shown.sole();
            line.map_or(Cell::Absent, |line| map(&line.interface.status))
        })
        .is(
            Shape::OrNull(&Shape::TEXT_MAP),
            "the status reported by the device, by key",
        )
        .reads(&["status"]),
        Column::new("port_external_ids", |shown: &Shown<'t>| {
            let line = shown.lines.first();
            line.map_or(Cell::Absent, |line| map(&line.port.external_ids))
        })
        .text_map("external_ids of the port, not of its interface")
        .reads(&["external_ids"]),
        Column::new("other_config", |shown: &Shown<'t>| {
            let line = shown.lines.first();
            line.map_or(Cell::Absent, |line| map(&line.port.other_config))
        })
        .text_map("further settings, by key")
        .reads(&["other_config"]),
        Column::new("bond_mode", |shown: &Shown<'t>| {
            bond(shown, |line| Cell::from(line.port.bond_mode.as_deref()))
        })
        .text_or_null("how the bond spreads traffic")
        .reads(&["bond_mode"]),
        Column::new("lacp", |shown: &Shown<'t>| {
            bond(shown, |line| Cell::from(line.port.lacp.as_deref()))
        })
        .is(
            Shape::OrNull(&Shape::Words(&["active", "passive", "off"])),
            "LACP of a bond: active, passive, off",
        )
        .reads(&["lacp"]),
        Column::new("interfaces", |shown: &Shown<'t>| match shown.sole() {
            Some(_) => Cell::Absent,
            None => Cell::List(shown.lines.iter().map(member).collect()),
        })
        .is(
            Shape::OrNull(&Shape::Records(|| headings(&member_columns()))),
            "of a bond: its interfaces",
        )
        .reads(&["mac_in_use", "link_state", "error"]),
    ]
}

fn bond(shown: &Shown<'_>, cell: impl Fn(&InterfaceRow<'_>) -> Cell) -> Cell {
    let bond = shown.lines.first().filter(|_| shown.sole().is_none());
    bond.map_or(Cell::Absent, cell)
}

/// The columns of each interface of a bond.
fn member_columns<'t>() -> [Column<InterfaceRow<'t>>; 6] {
    [
        InterfaceRow::INTERFACE,
        InterfaceRow::OFPORT,
        InterfaceRow::TYPE,
        InterfaceRow::MAC,
        InterfaceRow::LINK_STATE,
        InterfaceRow::ERROR.drop(1),
    ]
}

fn member<'t>(line: &InterfaceRow<'t>) -> Cell {
    let cell =
        |column: &Column<InterfaceRow<'t>>| (column.heading.name.to_owned(), column.value(line));
    Cell::Map(member_columns().iter().map(cell).collect())
}

pub(super) async fn show(cx: &Context, port: &str) -> Result<(), Failure> {
    let columns = columns();
    let view = cx.format.view(&columns)?;
    if view.shows_only(&OWN)
        && let Some(reads) = view.reads()
        && let Some(port) = own_row(cx, port, &reads).await?
    {
        let line = InterfaceRow {
            bridge: &Bridge::default(),
            port: &port,
            interface: &Interface::default(),
            far_end: None,
        };
        return cx.print(&view.one(&Shown { lines: vec![line] }));
    }
    let peers = view.shows("peer_bridge") || view.shows("peer_ofport");
    let picture = locate(cx, port, peers, view.reads()).await?;
    let lines = picture.lines();
    if cx.format.mode != Mode::Table || cx.format.columns.is_some() || lines.len() == 1 {
        return cx.print(&view.one(&Shown { lines }));
    }
    // In table mode, the interfaces of a bond are a table of their own.
    let members = member_columns();
    let members = cx.format.view(&members)?.list(&lines);
    let rest: Vec<_> = columns
        .into_iter()
        .filter(|c| c.heading.name != "interfaces")
        .collect();
    let record = cx.format.view(&rest)?.one(&Shown { lines });
    cx.print(&format!("{record}\n{members}"))
}

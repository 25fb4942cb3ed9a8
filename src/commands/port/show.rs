//! `ovs port show`: everything about one port.

use super::{locate, own_row};
use crate::commands::about::About;
use crate::commands::lines::{InterfaceRow, map, state};
use crate::commands::{Context, Failure, services};
use crate::model::port_state::PortState;
use crate::model::services::{Qos, Shaping};
use crate::model::{Bridge, Extra, Interface};
use crate::output::{Cell, ColourRole, Column, Mode, NotSaved, Shape, headings};

pub(super) const ABOUT: About = About::reads()
    .one(|| headings(&columns()))
    .remarks("A bond has no OpenFlow number or type of its own: its interfaces have, and are listed; its state is the best of \
theirs.")
    .examples("\
ovs port show qvobeeb2c54-aa
ovs port show br-int/15
ovs port show int-br-ens37 -g peer_bridge");

/// The columns that need only the port's own row; each is made by [`of_port`].
const OWN: [&str; 12] = [
    "port",
    "tag",
    "trunks",
    "vlan_mode",
    "vlan",
    "port_external_ids",
    "other_config",
    "lacp",
    "bond_updelay",
    "bond_downdelay",
    "stp_status",
    "rstp_status",
];

/// The columns that need tables of their own.
const EXTRAS: [(Extra, &[&str]); 2] = [
    (Extra::Mirrors, &["mirrors"]),
    (Extra::Qos, &["qos", "qos_other_config", "queues"]),
];

/// A port with its interfaces, at least one; if only columns of [`OWN`] are shown, a placeholder.
struct Shown<'t> {
    lines: Vec<InterfaceRow<'t>>,
    shaping: Option<&'t Shaping>,
    not_saved: &'t NotSaved,
}

impl<'t> Shown<'t> {
    /// Its `QoS`, with the tables that it is from.
    fn qos(&self) -> Option<(&'t Qos, &'t Shaping)> {
        let shaping = self.shaping?;
        let qos = services::qos(self.lines.first()?.port, shaping)?;
        Some((qos, shaping))
    }

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
        of_interface!(InterfaceRow::INTERFACE).shape(Shape::TEXT_OR_NULL),
        of_interface!(InterfaceRow::OFPORT),
        of_interface!(InterfaceRow::OFPORT_REQUEST),
        of_interface!(InterfaceRow::TYPE).shape(Shape::TEXT_OR_NULL),
        of_port!(InterfaceRow::TAG),
        of_port!(InterfaceRow::TRUNKS),
        of_port!(InterfaceRow::VLAN_MODE),
        of_port!(InterfaceRow::VLAN),
        of_interface!(InterfaceRow::MAC),
        of_interface!(InterfaceRow::MAC_REQUEST),
        of_interface!(InterfaceRow::MTU),
        of_interface!(InterfaceRow::MTU_REQUEST),
        of_interface!(InterfaceRow::ADMIN_STATE),
        of_interface!(InterfaceRow::LINK_STATE),
        InterfaceRow::STATE.of(|shown: &Shown<'t>| {
            let line = shown.lines.first();
            line.map_or(Cell::Absent, |line| state(PortState::of_port(line.port)))
        }),
        of_interface!(InterfaceRow::BFD),
        of_interface!(InterfaceRow::CFM),
        of_interface!(InterfaceRow::LACP_CURRENT),
        of_interface!(InterfaceRow::ERROR),
        of_interface!(InterfaceRow::PEER),
        of_interface!(InterfaceRow::PEER_BRIDGE),
        of_interface!(InterfaceRow::PEER_OFPORT),
        of_interface!(InterfaceRow::LOCAL_IP),
        of_interface!(InterfaceRow::REMOTE_IP),
        of_interface!(InterfaceRow::KEY),
        of_interface!(InterfaceRow::OPTIONS).shape(Shape::OrNull(&Shape::TEXT_MAP)),
        of_interface!(InterfaceRow::EXTERNAL_IDS).shape(Shape::OrNull(&Shape::TEXT_MAP)),
        of_interface!(InterfaceRow::STATUS).shape(Shape::OrNull(&Shape::TEXT_MAP)),
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
        of_interface!(InterfaceRow::INTERFACE_CONFIG).shape(Shape::OrNull(&Shape::TEXT_MAP)),
        of_interface!(InterfaceRow::POLICING).shape(Shape::OrNull(&Shape::Map(&Shape::Whole))),
        Column::new("qos", |shown: &Shown<'t>| {
            Cell::from(shown.qos().map(|(qos, _)| qos.type_.as_str()))
        })
        .text_or_null("the type of its QoS: linux-htb, linux-hfsc, ...")
        .role(ColourRole::Kind)
        .reads(&["Port.qos", "QoS._uuid"]),
        Column::new("qos_other_config", |shown: &Shown<'t>| {
            let qos = shown.qos();
            qos.map_or(Cell::Absent, |(qos, _)| map(&qos.other_config))
        })
        .is(
            Shape::OrNull(&Shape::TEXT_MAP),
            "settings of its QoS, by key",
        )
        .reads(&["Port.qos", "QoS._uuid"]),
        Column::new("queues", |shown: &Shown<'t>| {
            let qos = shown.qos();
            qos.map_or(Cell::Absent, |(qos, shaping)| {
                services::queues(qos, shaping)
            })
        })
        .is(
            Shape::OrNull(&Shape::Records(services::queue_headings)),
            "the queues of its QoS",
        )
        .reads(&["Port.qos", "QoS._uuid", "Queue._uuid"]),
        Column::new("mirrors", |shown: &Shown<'t>| {
            let line = shown.lines.first();
            line.map_or(Cell::Absent, |line| {
                services::mirrors_of_port(line.bridge, line.port)
            })
        })
        .is(
            Shape::Records(services::mirror_of_port_headings),
            "the mirrors that select its packets, or that it is the output of",
        )
        .reads(&["Bridge.mirrors", "Mirror._uuid"]),
        of_interface!(InterfaceRow::BFD_SETTINGS).shape(Shape::OrNull(&Shape::TEXT_MAP)),
        of_interface!(InterfaceRow::CFM_MPID),
        of_interface!(InterfaceRow::LLDP).shape(Shape::OrNull(&Shape::TEXT_MAP)),
        Column::new("stp_status", |shown: &Shown<'t>| {
            let line = shown.lines.first();
            line.map_or(Cell::Absent, |line| map(&line.port.status))
        })
        .is(
            Shape::OrNull(&Shape::TEXT_MAP),
            "the state of spanning tree, by key",
        )
        .reads(&["status"]),
        Column::new("rstp_status", |shown: &Shown<'t>| {
            let line = shown.lines.first();
            line.map_or(Cell::Absent, |line| map(&line.port.rstp_status))
        })
        .is(
            Shape::OrNull(&Shape::TEXT_MAP),
            "the state of rapid spanning tree, by key",
        )
        .reads(&["rstp_status"]),
        Column::new("bond_mode", |shown: &Shown<'t>| {
            bond(shown, |line| Cell::from(line.port.bond_mode.as_deref()))
        })
        .text_or_null("how the bond spreads traffic")
        .reads(&["bond_mode"]),
        Column::new("lacp", |shown: &Shown<'t>| {
            let line = shown.lines.first();
            line.map_or(Cell::Absent, |line| Cell::from(line.port.lacp.as_deref()))
        })
        .is(
            Shape::OrNull(&Shape::Words(&["active", "passive", "off"])),
            "LACP: active, passive, off",
        )
        .reads(&["lacp"]),
        Column::new("active_member", |shown: &Shown<'t>| {
            let active = |line: &&InterfaceRow<'t>| {
                let mac = line.interface.mac_in_use.as_deref();
                mac.is_some() && mac == line.port.bond_active.as_deref()
            };
            bond(shown, |_| {
                let active = shown.lines.iter().find(active);
                Cell::from(active.map(|line| line.interface.name.as_str()))
            })
        })
        .text_or_null("of a bond: its active member; null where it has none")
        .role(ColourRole::Name)
        .reads(&["bond_active_slave", "mac_in_use"]),
        Column::new("bond_updelay", |shown: &Shown<'t>| {
            delay(shown, |line| line.port.bond_updelay)
        })
        .whole_or_null("after so many milliseconds a bond uses a member whose link came up")
        .reads(&["bond_updelay"]),
        Column::new("bond_downdelay", |shown: &Shown<'t>| {
            delay(shown, |line| line.port.bond_downdelay)
        })
        .whole_or_null("after so many milliseconds a bond leaves a member whose link went down")
        .reads(&["bond_downdelay"]),
        Column::new("interfaces", |shown: &Shown<'t>| {
            if shown.sole().is_some() {
                return Cell::Absent;
            }
            let members = shown.lines.iter().map(|line| member(line, shown.not_saved));
            Cell::List(members.collect())
        })
        .is(
            Shape::OrNull(&Shape::Records(|| headings(&member_columns()))),
            "of a bond: its interfaces",
        ),
    ]
}

fn bond(shown: &Shown<'_>, cell: impl Fn(&InterfaceRow<'_>) -> Cell) -> Cell {
    let bond = shown.lines.first().filter(|_| shown.sole().is_none());
    bond.map_or(Cell::Absent, cell)
}

/// A delay that is not 0.
fn delay(shown: &Shown<'_>, delay: impl Fn(&InterfaceRow<'_>) -> i64) -> Cell {
    let delay = shown.lines.first().map(delay).filter(|delay| *delay != 0);
    Cell::from(delay)
}

/// The columns of each interface of a bond.
fn member_columns<'t>() -> Vec<Column<InterfaceRow<'t>>> {
    vec![
        InterfaceRow::INTERFACE,
        InterfaceRow::OFPORT,
        InterfaceRow::TYPE,
        InterfaceRow::MAC,
        InterfaceRow::LINK_STATE.drop(3),
        InterfaceRow::STATE,
        InterfaceRow::BFD.drop(4),
        InterfaceRow::CFM.drop(5),
        InterfaceRow::LACP_CURRENT.drop(2),
        InterfaceRow::ERROR.drop(1),
        InterfaceRow::ADMIN_STATE.drop(6),
        InterfaceRow::OFPORT_REQUEST.drop(7),
        InterfaceRow::MTU.drop(8),
        InterfaceRow::MTU_REQUEST.drop(9),
        InterfaceRow::MAC_REQUEST.drop(10),
        InterfaceRow::PEER.drop(11),
        InterfaceRow::OPTIONS.drop(12),
        InterfaceRow::INTERFACE_CONFIG.drop(13),
        InterfaceRow::POLICING.drop(14),
        InterfaceRow::BFD_SETTINGS.drop(15),
        InterfaceRow::CFM_MPID.drop(16),
        InterfaceRow::LLDP.drop(17),
        InterfaceRow::STATUS.drop(18),
        InterfaceRow::EXTERNAL_IDS.drop(19),
    ]
}

fn member<'t>(line: &InterfaceRow<'t>, not_saved: &NotSaved) -> Cell {
    let cell = |column: &Column<InterfaceRow<'t>>| {
        let value = column.value_or_unknown(line, not_saved);
        (column.heading.name.to_owned(), value)
    };
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
        return cx.print(&view.one(&Shown {
            lines: vec![line],
            shaping: None,
            not_saved: &cx.format.not_saved,
        }));
    }
    let peers = view.shows("peer_bridge") || view.shows("peer_ofport");
    let shown = EXTRAS
        .iter()
        .filter(|(_, names)| names.iter().any(|name| view.shows(name)));
    let extras: Vec<Extra> = shown.map(|(extra, _)| *extra).collect();
    let picture = locate(cx, port, peers, view.reads(), &extras).await?;
    let lines = picture.lines();
    let shaping = Some(&picture.shown.shaping);
    let not_saved = &cx.format.not_saved;
    if cx.format.mode != Mode::Table || cx.format.columns.is_some() || lines.len() == 1 {
        return cx.print(&view.one(&Shown {
            lines,
            shaping,
            not_saved,
        }));
    }
    // In table mode, the interfaces of a bond are a table of their own, without the columns in which none has a
    // value.
    let mut members = member_columns();
    let has_value = |column: &Column<_>| lines.iter().any(|line| !column.value(line).is_empty());
    members.retain(|column| column.heading.drop < 2 || has_value(column));
    let members = cx.format.view(&members)?.list(&lines);
    let rest: Vec<_> = columns
        .into_iter()
        .filter(|c| c.heading.name != "interfaces")
        .collect();
    let record = cx.format.view(&rest)?.one(&Shown {
        lines,
        shaping,
        not_saved,
    });
    cx.print(&format!("{record}\n{members}"))
}

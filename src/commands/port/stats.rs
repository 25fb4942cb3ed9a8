//! `ovs port stats`: what went through the ports, as the switch counts it.

use crate::commands::about::About;
use crate::commands::lines;
use crate::commands::switch::SwitchArg;
use crate::commands::{Context, Failure};
use crate::model::resolve::{PortWord, parse};
use crate::model::{Depth, Scope, Want};
use crate::openflow::messages::port_stats::PortStats;
use crate::openflow::text::{NameLookup as _, PORT_ANY, reserved_port};
use crate::output::{Cell, ColourRole, Column, Shape, headings};
use crate::source::SwitchError;

pub(super) const ABOUT: About = About::watchable()
    .list(|| headings(&columns()))
    .remarks("A counter that the switch does not keep is absent.")
    .examples(
        "\
ovs port stats br-int
ovs port stats br-int qvo6b5e4978-e2
ovs port stats --columns bridge,port,rx_dropped,tx_dropped
ovs port stats br-int 15 -g rx_packets",
    );

/// One port of one switch.
struct PortStatsRow {
    bridge: String,
    interface: Option<String>,
    port: Option<String>,
    stats: PortStats,
}

/// A counter of [`PortStats`].
macro_rules! counter {
    ($name:ident, $meaning:literal) => {
        Column::new(stringify!($name), |line: &PortStatsRow| {
            count(line.stats.$name)
        })
        .whole_or_null($meaning)
        .counter()
    };
}

fn columns() -> Vec<Column<PortStatsRow>> {
    vec![
        lines::InterfaceRow::NAMED_BRIDGE
            .of(|line: &PortStatsRow| Cell::text(&line.bridge))
            .role(ColourRole::Name)
            .drop(6)
            .identity(),
        lines::InterfaceRow::OPENFLOW_NAME
            .of(|line: &PortStatsRow| Cell::from(line.interface.as_deref()))
            .shape(Shape::TEXT_OR_NULL),
        // The number of LOCAL is that of the database, as in every other list.
        lines::InterfaceRow::OFPORT
            .of(|line: &PortStatsRow| Cell::from(Some(i64::from(line.stats.ofport & 0xffff))))
            .shape(Shape::UpTo(u16::MAX))
            .drop(5)
            .identity(),
        counter!(rx_packets, "packets received"),
        counter!(rx_bytes, "bytes received").drop(2),
        counter!(rx_dropped, "packets received and dropped").drop(3),
        counter!(rx_errors, "packets received with an error").drop(4),
        counter!(tx_packets, "packets sent"),
        counter!(tx_bytes, "bytes sent").drop(2),
        counter!(tx_dropped, "packets dropped instead of sent").drop(3),
        counter!(tx_errors, "packets not sent for an error").drop(4),
        lines::InterfaceRow::ITS_PORT
            .of(|line: &PortStatsRow| Cell::from(line.port.as_deref()))
            .shape(Shape::TEXT_OR_NULL)
            .drop(7),
        counter!(
            rx_frame_err,
            "packets received with a frame alignment error"
        )
        .extra(),
        counter!(rx_over_err, "packets lost to a receiver that was overrun").extra(),
        counter!(rx_crc_err, "packets received with a wrong checksum").extra(),
        counter!(collisions, "collisions").extra(),
        Column::new("duration", |line: &PortStatsRow| {
            count(line.stats.duration_sec.map(u64::from))
        })
        .whole_or_null("for how long the port exists, in seconds")
        .clock()
        .extra(),
    ]
}

fn count(counter: Option<u64>) -> Cell {
    Cell::from(counter)
}

pub(super) async fn stats(
    cx: &Context,
    switch: Option<&str>,
    port: Option<&str>,
) -> Result<(), Failure> {
    let columns = columns();
    let view = cx.format.view(&columns)?;
    let switches = if let Some(switch) = switch {
        vec![switch.to_owned()]
    } else {
        let all = cx
            .topology(Want::of(Scope::All, Depth::BridgeNames))
            .await?;
        all.bridges.into_iter().map(|bridge| bridge.name).collect()
    };
    let mut lines = Vec::new();
    for name in switches {
        let switch = SwitchArg::parse(cx, &name)?;
        let mut connected = switch.connect(cx).await?;
        let names = switch.names(cx).await?.ports;
        let ofport = match port.map(|port| parse(port).port) {
            None => PORT_ANY,
            Some(PortWord::Number(number)) => number,
            Some(PortWord::Name(port)) => names
                .ofport(&port)
                .ok_or_else(|| switch.unknown_port(&port, &names))?,
        };
        let counted = connected.port_stats(ofport).await;
        let counted = counted.map_err(|error| match (&error, port) {
            (SwitchError::Refused(refusal), Some(port)) if refusal.is_bad_port() => {
                switch.unknown_port(port, &names)
            }
            _ => switch.failure(error),
        })?;
        if let (true, Some(port)) = (counted.is_empty(), port) {
            return Err(switch.unknown_port(port, &names));
        }
        lines.extend(counted.into_iter().map(|stats| {
            let name_of = |known: Option<&str>| {
                let name = known.or(reserved_port(stats.ofport));
                name.map(str::to_owned)
            };
            PortStatsRow {
                bridge: name.clone(),
                interface: name_of(names.port_name(stats.ofport)),
                port: name_of(names.port_of(stats.ofport)),
                stats,
            }
        }));
    }
    lines.sort_by(|a, b| (&a.bridge, a.stats.ofport).cmp(&(&b.bridge, b.stats.ofport)));
    cx.print_list(&view, &lines, "ports")
}

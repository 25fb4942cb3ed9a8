//! `ovs port stats`: what went through the ports, as the switch counts it.

use crate::commands::about::About;
use crate::commands::lines;
use crate::commands::switch::SwitchArg;
use crate::commands::{Context, Failure};
use crate::model::resolve::{PortWord, parse};
use crate::openflow::messages::port_stats::PortStats;
use crate::openflow::text::{NameLookup as _, PORT_ANY, reserved_port};
use crate::output::{Cell, ColourRole, Column, Shape, View, headings};
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
    let Some(switch) = switch else {
        return stats_of_all(cx, &view).await;
    };
    let mut rows = stats_of(cx, switch, port).await?;
    rows.sort_by_key(|row| row.stats.ofport);
    cx.print_list(&view, &rows, "ports")
}

/// Prints the ports of all bridges. If some bridges do not answer, these are named.
async fn stats_of_all(cx: &Context, view: &View<'_, PortStatsRow>) -> Result<(), Failure> {
    let bridges = cx.bridge_names().await?;
    let mut rows = Vec::new();
    let mut failures = Vec::new();
    for bridge in &bridges {
        match stats_of(cx, bridge, None).await {
            Ok(mut of_bridge) => {
                of_bridge.sort_by_key(|row| row.stats.ofport);
                rows.extend(of_bridge);
            }
            Err(failure) => failures.push(failure),
        }
    }
    let has_answer = failures.len() < bridges.len();
    let Some(exit) = failures.first().map(|failure| failure.exit) else {
        return cx.print_list(view, &rows, "ports");
    };
    if !has_answer {
        return Err(failures.swap_remove(0));
    }
    for failure in failures {
        cx.say(&failure.with_last_words(&cx.host).await);
    }
    cx.print_list(view, &rows, "ports")?;
    Err(Failure::silent(exit))
}

/// The ports of a switch, or this one.
async fn stats_of(
    cx: &Context,
    name: &str,
    port: Option<&str>,
) -> Result<Vec<PortStatsRow>, Failure> {
    let switch = SwitchArg::parse(cx, name)?;
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
    let row = |stats: PortStats| {
        let name_of = |known: Option<&str>| {
            let name = known.or(reserved_port(stats.ofport));
            name.map(str::to_owned)
        };
        PortStatsRow {
            bridge: name.to_owned(),
            interface: name_of(names.port_name(stats.ofport)),
            port: name_of(names.port_of(stats.ofport)),
            stats,
        }
    };
    Ok(counted.into_iter().map(row).collect())
}

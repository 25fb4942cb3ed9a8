//! `ovs port stats`: what went through the ports, as the switch counts it.

use crate::commands::switch::SwitchArg;
use crate::commands::{Context, Failure};
use crate::model::resolve::{PortWord, parse};
use crate::model::{Depth, Scope, Want};
use crate::openflow::messages::port_stats::PortStats;
use crate::openflow::text::{Names as _, PORT_ANY, reserved_port};
use crate::output::{Cell, Column, Role, columns_help};
use crate::source::SwitchError;

pub(super) fn help() -> String {
    format!(
        "A counter that the switch does not keep is absent.\n\n\
         {}\n\n\
         Examples:\n  \
         ovs port stats br-int\n  \
         ovs port stats br-int qvo6b5e4978-e2\n  \
         ovs port stats --columns bridge,port,rx_dropped,tx_dropped\n  \
         ovs port stats br-int 15 -g rx_packets",
        columns_help(&columns())
    )
}

/// One port of one switch.
struct Line {
    bridge: String,
    port: Option<String>,
    stats: PortStats,
}

fn columns() -> Vec<Column<Line>> {
    let counter = |name, cell: fn(&Line) -> Cell| Column::new(name, cell).counter();
    vec![
        Column::new("bridge", |line: &Line| Cell::text(&line.bridge))
            .role(Role::Name)
            .drop(6)
            .identity(),
        Column::new("port", |line: &Line| Cell::from(line.port.as_deref()))
            .role(Role::Name)
            .identity(),
        // LOCAL's number is the database's, as in every other list.
        Column::new("ofport", |line: &Line| {
            Cell::from(Some(i64::from(line.stats.ofport & 0xffff)))
        })
        .role(Role::Number)
        .drop(5)
        .identity(),
        counter("rx_packets", |line| count(line.stats.rx_packets)),
        counter("rx_bytes", |line| count(line.stats.rx_bytes)).drop(2),
        counter("rx_dropped", |line| count(line.stats.rx_dropped)).drop(3),
        counter("rx_errors", |line| count(line.stats.rx_errors)).drop(4),
        counter("tx_packets", |line| count(line.stats.tx_packets)),
        counter("tx_bytes", |line| count(line.stats.tx_bytes)).drop(2),
        counter("tx_dropped", |line| count(line.stats.tx_dropped)).drop(3),
        counter("tx_errors", |line| count(line.stats.tx_errors)).drop(4),
        counter("rx_frame_err", |line| count(line.stats.rx_frame_err)).extra(),
        counter("rx_over_err", |line| count(line.stats.rx_over_err)).extra(),
        counter("rx_crc_err", |line| count(line.stats.rx_crc_err)).extra(),
        counter("collisions", |line| count(line.stats.collisions)).extra(),
        Column::new("duration", |line: &Line| {
            count(line.stats.duration_sec.map(u64::from))
        })
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
            Line {
                bridge: name.clone(),
                port: names
                    .port_name(stats.ofport)
                    .or(reserved_port(stats.ofport))
                    .map(str::to_owned),
                stats,
            }
        }));
    }
    lines.sort_by(|a, b| (&a.bridge, a.stats.ofport).cmp(&(&b.bridge, b.stats.ofport)));
    cx.print_list(&view, &lines, "ports")
}

//! Mirrors, `QoS` with its queues and what reports flows: the columns of their records, and words for a line.

use std::collections::BTreeMap;

use super::lines::map;
use crate::model::services::{FlowExport, Mirror, MirrorRole, Qos, Queue, Shaping};
use crate::model::{Bridge, Port};
use crate::output::{Cell, Column, Heading, Shape, headings};
use crate::ovsdb::Uuid;

/// The columns of a mirror of a bridge, by the names of the database.
pub(super) fn mirror_columns() -> [Column<Mirror>; 8] {
    [
        MIRROR,
        Column::new("select_all", |mirror: &Mirror| {
            Cell::Bool(mirror.select_all)
        })
        .truth("whether the packets of all ports are selected"),
        Column::new("select_src_port", |mirror: &Mirror| {
            ports(mirror, &mirror.select_src_port)
        })
        .texts("the ports of which the received packets are selected"),
        Column::new("select_dst_port", |mirror: &Mirror| {
            ports(mirror, &mirror.select_dst_port)
        })
        .texts("the ports of which the sent packets are selected"),
        SELECT_VLAN,
        OUTPUT_PORT,
        OUTPUT_VLAN,
        Column::new("snaplen", |mirror: &Mirror| Cell::from(mirror.snaplen))
            .whole_or_null("the length in bytes to which the packets are cut"),
    ]
}

const MIRROR: Column<Mirror> =
    Column::new("mirror", |mirror: &Mirror| Cell::text(&mirror.name)).text("the mirror's name");
const SELECT_VLAN: Column<Mirror> = Column::new("select_vlan", |mirror: &Mirror| {
    Cell::Integers(mirror.select_vlan.clone())
})
.is(
    Shape::List(&Shape::VID),
    "the VLANs of the selected packets; empty: all",
);
const OUTPUT_PORT: Column<Mirror> = Column::new("output_port", |mirror: &Mirror| {
    Cell::from(mirror.output_port.map(|port| mirror.port_name(port)))
})
.text_or_null("the port that sends the selected packets");
const OUTPUT_VLAN: Column<Mirror> = Column::new("output_vlan", |mirror: &Mirror| {
    Cell::from(mirror.output_vlan)
})
.vid_or_null("the VLAN to which the selected packets are sent");

/// A mirror and a port of its bridge.
type MirrorOfPort<'t> = (&'t Mirror, Uuid);

fn mirror_of_port_columns<'t>() -> [Column<MirrorOfPort<'t>>; 5] {
    [
        MIRROR.of(|(mirror, _): &MirrorOfPort<'t>| MIRROR.value(mirror)),
        Column::new("roles", |(mirror, port): &MirrorOfPort<'t>| {
            Cell::texts(mirror.roles(*port).into_iter().map(MirrorRole::word))
        })
        .is(
            Shape::List(&Shape::Words(&["received", "sent", "output"])),
            "what the port is to the mirror: received, sent: these packets of it are selected; output: it sends \
             the selected packets",
        ),
        SELECT_VLAN.of(|(mirror, _): &MirrorOfPort<'t>| SELECT_VLAN.value(mirror)),
        OUTPUT_PORT.of(|(mirror, _): &MirrorOfPort<'t>| OUTPUT_PORT.value(mirror)),
        OUTPUT_VLAN.of(|(mirror, _): &MirrorOfPort<'t>| OUTPUT_VLAN.value(mirror)),
    ]
}

/// The headings of [`mirrors`].
pub(crate) fn mirror_headings() -> Vec<Heading> {
    headings(&mirror_columns())
}

/// The headings of [`mirrors_of_port`].
pub(super) fn mirror_of_port_headings() -> Vec<Heading> {
    headings(&mirror_of_port_columns())
}

/// The mirrors of a bridge.
pub(super) fn mirrors(bridge: &Bridge) -> Cell {
    let columns = mirror_columns();
    Cell::List(bridge.mirrors.iter().map(|m| record(&columns, m)).collect())
}

/// The mirrors of a bridge in which a port has a part.
pub(super) fn mirrors_of_port(bridge: &Bridge, port: &Port) -> Cell {
    let columns = mirror_of_port_columns();
    let mirrors = bridge.mirrors.iter();
    let with = mirrors.filter(|mirror| !mirror.roles(port.uuid).is_empty());
    Cell::List(with.map(|m| record(&columns, &(m, port.uuid))).collect())
}

/// A queue with its number.
type NumberedQueue<'t> = (i64, &'t Queue);

fn queue_columns<'t>() -> [Column<NumberedQueue<'t>>; 5] {
    [
        Column::new("queue", |(number, _): &NumberedQueue<'t>| {
            Cell::from(*number)
        })
        .whole("the queue's number"),
        Column::new("min_rate", |(_, queue): &NumberedQueue<'t>| {
            Cell::from(queue.other_config.get("min-rate").map(String::as_str))
        })
        .text_or_null("the guaranteed rate in bit/s, as in the database"),
        Column::new("max_rate", |(_, queue): &NumberedQueue<'t>| {
            Cell::from(queue.other_config.get("max-rate").map(String::as_str))
        })
        .text_or_null("the maximum rate in bit/s, as in the database"),
        Column::new("dscp", |(_, queue): &NumberedQueue<'t>| {
            Cell::from(queue.dscp)
        })
        .whole_or_null("the DSCP value of its packets"),
        Column::new("other_config", |(_, queue): &NumberedQueue<'t>| {
            map(&further(queue))
        })
        .text_map("further settings, by key"),
    ]
}

/// The settings that have no column of their own.
fn further(queue: &Queue) -> BTreeMap<String, String> {
    let mut further = queue.other_config.clone();
    further.retain(|key, _| !["min-rate", "max-rate"].contains(&key.as_str()));
    further
}

/// The headings of [`queues`].
pub(crate) fn queue_headings() -> Vec<Heading> {
    headings(&queue_columns())
}

/// The `QoS` of a port, if it has one and it was read.
pub(super) fn qos<'t>(port: &Port, shaping: &'t Shaping) -> Option<&'t Qos> {
    shaping.qos.get(&port.qos?)
}

/// The queues of a `QoS`.
pub(super) fn queues(qos: &Qos, shaping: &Shaping) -> Cell {
    let columns = queue_columns();
    let queues = shaping.queues_of(qos);
    Cell::List(queues.map(|queue| record(&columns, &queue)).collect())
}

/// What reports the flows of a bridge, each with the name of its column.
pub(super) fn exports(bridge: &Bridge) -> [(&'static str, Option<&FlowExport>); 3] {
    [
        ("sflow", bridge.sflow.as_ref()),
        ("netflow", bridge.netflow.as_ref()),
        ("ipfix", bridge.ipfix.as_ref()),
    ]
}

fn ports(mirror: &Mirror, ports: &[Uuid]) -> Cell {
    Cell::texts(names(mirror, ports))
}

/// The names of ports of a mirror, sorted.
pub(super) fn names(mirror: &Mirror, ports: &[Uuid]) -> Vec<String> {
    let mut names: Vec<String> = ports.iter().map(|port| mirror.port_name(*port)).collect();
    names.sort_by(|a, b| crate::base::order::by_name(a, b));
    names
}

fn record<R>(columns: &[Column<R>], row: &R) -> Cell {
    let cell = |column: &Column<R>| (column.heading.name.to_owned(), column.value(row));
    Cell::Map(columns.iter().map(cell).collect())
}

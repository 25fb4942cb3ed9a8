//! `ovs datapath show` and `ovs datapath ports`.

use super::{DatapathArg, bridge_ports, datapaths};
use crate::base::order::by_name;
use crate::commands::about::About;
use crate::commands::lines::InterfaceRow;
use crate::commands::{Context, Failure};
use crate::output::{Cell, ColourRole, Column, Shape, headings};
use crate::unixctl::datapaths::{BridgePort, Datapath, DatapathPort, UpcallState};

pub(super) const SHOW: About = About::watchable()
    .list(|| headings(&columns()))
    .remarks("\
Read from ovs-vswitchd (dpctl/show, dpif/show, upcall/show) by its control socket. A packet that no flow of the datapath \
matches is missed: ovs-vswitchd looks it up and adds a flow. lost counts those that it did not get, since it was too slow. \
flow_limit is how many flows it allows at present: the slower it reads them, the fewer.")
    .examples("\
ovs datapath show
ovs datapath show --watch
ovs datapath show --columns datapath,flows,flow_limit,lost");

pub(super) const PORTS: About = About::watchable()
    .list(|| headings(&port_columns()))
    .remarks("\
Read from ovs-vswitchd (dpctl/show, dpif/show) by its control socket. The datapath has numbers of its own for its ports. \
Patch ports are not in it, and all tunnels of a kind share one port there: it has a row for each.")
    .examples("\
ovs datapath ports
ovs datapath ports --columns port_no,interface,bridge,ofport");

/// A datapath, with what ovs-vswitchd does about it.
struct DatapathRow<'t> {
    datapath: &'t Datapath,
    upcalls: Option<&'t UpcallState>,
    bridges: Vec<&'t str>,
}

fn columns<'t>() -> Vec<Column<DatapathRow<'t>>> {
    vec![
        DATAPATH
            .of(|row: &DatapathRow<'t>| Cell::text(&row.datapath.name))
            .identity(),
        Column::new("bridges", |row: &DatapathRow<'t>| {
            Cell::texts(row.bridges.iter().copied())
        })
        .texts("the bridges that use the datapath")
        .role(ColourRole::Name),
        Column::new("ports", |row: &DatapathRow<'t>| {
            Cell::Integer(row.datapath.ports.len() as i128)
        })
        .whole("how many ports the datapath has"),
        Column::new("flows", |row: &DatapathRow<'t>| {
            Cell::from(row.datapath.flows)
        })
        .whole_or_null("how many flows the datapath has"),
        Column::new("flow_limit", |row: &DatapathRow<'t>| {
            Cell::from(row.upcalls.map(|upcalls| upcalls.limit))
        })
        .whole_or_null("how many flows ovs-vswitchd allows in the datapath at present"),
        Column::new("flows_max", |row: &DatapathRow<'t>| {
            Cell::from(row.upcalls.map(|upcalls| upcalls.maximum))
        })
        .whole_or_null("the most flows that the datapath has had")
        .drop(3),
        Column::new("masks", |row: &DatapathRow<'t>| {
            Cell::from(row.datapath.masks)
        })
        .whole_or_null("how many masks the flows have; null if the datapath does not tell")
        .drop(2),
        Column::new("hit", |row: &DatapathRow<'t>| Cell::from(row.datapath.hit))
            .whole_or_null("how many packets matched a flow")
            .counter(),
        Column::new("missed", |row: &DatapathRow<'t>| {
            Cell::from(row.datapath.missed)
        })
        .whole_or_null("how many packets matched none and went to ovs-vswitchd")
        .counter(),
        Column::new("lost", |row: &DatapathRow<'t>| {
            Cell::from(row.datapath.lost)
        })
        .whole_or_null("how many of those ovs-vswitchd did not get")
        .counter(),
        Column::new("dump_ms", |row: &DatapathRow<'t>| {
            Cell::from(row.upcalls.and_then(|upcalls| upcalls.dump_duration))
        })
        .whole_or_null("how long ovs-vswitchd took to read all flows, in milliseconds")
        .clock()
        .drop(1),
        Column::new("flows_average", |row: &DatapathRow<'t>| {
            Cell::from(row.upcalls.map(|upcalls| upcalls.average))
        })
        .whole_or_null("how many flows the datapath has on average")
        .clock()
        .extra(),
    ]
}

/// The datapath of a row.
pub(super) const DATAPATH: Column<&str> = Column::new("datapath", |name: &&str| Cell::text(*name))
    .text("the type and name of the datapath: system@ovs-system")
    .role(ColourRole::Name);

/// A port of a datapath; of several ports of bridges that share it, one.
struct PortRow<'t> {
    datapath: &'t str,
    port: &'t DatapathPort,
    user: Option<&'t BridgePort>,
}

fn port_columns<'t>() -> Vec<Column<PortRow<'t>>> {
    vec![
        DATAPATH
            .of(|row: &PortRow<'t>| Cell::text(row.datapath))
            .identity()
            .drop(2),
        Column::new("port_no", |row: &PortRow<'t>| Cell::from(row.port.number))
            .whole("the number of the port in the datapath")
            .role(ColourRole::Number)
            .identity(),
        Column::new("name", |row: &PortRow<'t>| Cell::text(&row.port.name))
            .text("the name of the port in the datapath")
            .role(ColourRole::Name),
        InterfaceRow::NAMED_BRIDGE
            .of(|row: &PortRow<'t>| Cell::from(row.user.map(|user| user.bridge.as_str())))
            .shape(Shape::TEXT_OR_NULL)
            .role(ColourRole::Name)
            .identity(),
        InterfaceRow::INTERFACE
            .of(|row: &PortRow<'t>| Cell::from(row.user.map(|user| user.name.as_str())))
            .shape(Shape::TEXT_OR_NULL)
            .identity(),
        InterfaceRow::OFPORT.of(|row: &PortRow<'t>| Cell::from(row.user.map(|user| user.ofport))),
        Column::new("kind", |row: &PortRow<'t>| {
            Cell::from(Some(row.port.kind.as_str()).filter(|kind| !kind.is_empty()))
        })
        .text_or_null("type and options of the port in the datapath; null: a device of the system")
        .role(ColourRole::Kind)
        .drop(1),
    ]
}

pub(super) async fn show(cx: &Context, arg: &DatapathArg) -> Result<(), Failure> {
    let columns = columns();
    let view = cx.format.view(&columns)?;
    let client = cx.vswitchd().await?;
    let all = datapaths(cx, &client, arg.datapath.as_deref()).await?;
    let upcalls = UpcallState::read_all(&client).await?;
    let ports = BridgePort::read_all(&client).await?;
    let rows = all.iter().map(|datapath| {
        let of_it = ports.iter().filter(|port| port.datapath == datapath.name);
        let mut bridges: Vec<&str> = of_it.map(|port| port.bridge.as_str()).collect();
        bridges.dedup();
        DatapathRow {
            datapath,
            upcalls: upcalls.iter().find(|it| it.datapath == datapath.name),
            bridges,
        }
    });
    let rows: Vec<_> = rows.collect();
    cx.print_list(&view, &rows, "datapaths")
}

pub(super) async fn ports(cx: &Context, arg: &DatapathArg) -> Result<(), Failure> {
    let columns = port_columns();
    let view = cx.format.view(&columns)?;
    let client = cx.vswitchd().await?;
    let all = datapaths(cx, &client, arg.datapath.as_deref()).await?;
    let users = BridgePort::read_all(&client).await?;
    let mut rows = Vec::new();
    for datapath in &all {
        for port in &datapath.ports {
            let row = |user| PortRow {
                datapath: &datapath.name,
                port,
                user,
            };
            let before = rows.len();
            rows.extend(bridge_ports(&users, &datapath.name, port).map(|user| row(Some(user))));
            if rows.len() == before {
                rows.push(row(None));
            }
        }
    }
    rows.sort_by(|a, b| by_name(&a.port.name, &b.port.name));
    cx.print_list(&view, &rows, "ports")
}

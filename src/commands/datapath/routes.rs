//! `ovs datapath routes` and `ovs datapath neighbours`.

use std::net::IpAddr;

use crate::commands::about::About;
use crate::commands::lines::InterfaceRow;
use crate::commands::{Context, Exit, Failure};
use crate::output::{Cell, ColourRole, Column, Shape, headings};
use crate::unixctl::tunnel_routes::{TunnelNeighbour, TunnelRoute};

pub(super) const ROUTES: About = About::watchable()
    .list(|| headings(&columns()))
    .remarks("\
Read from ovs-vswitchd (ovs/route/show, ovs/route/lookup) by its control socket. These are the routes of tunnels in the \
userspace datapath, where ovs-vswitchd itself makes the outer headers; the kernel's datapath uses those of the host. \
Cached ones are copies of the host's routes, user ones were added by ovs/route/add. With an address, the route that a \
tunnel to it takes, without kind, local and mark, which ovs-vswitchd does not report then; exit code 3: there is none.")
    .examples("\
ovs datapath routes
ovs datapath routes 10.0.0.72
ovs datapath routes 10.0.0.72 -g dev");

pub(super) const NEIGHBOURS: About = About::watchable()
    .list(|| headings(&neighbour_columns()))
    .remarks(
        "\
Read from ovs-vswitchd (tnl/neigh/show) by its control socket. These are the neighbours of tunnels in the userspace \
datapath; the kernel's datapath uses those of the host. A tunnel whose remote address, or the gateway on the way to it, \
is not among them sends nothing until ARP or neighbour discovery is answered.",
    )
    .examples("ovs datapath neighbours");

fn columns() -> Vec<Column<TunnelRoute>> {
    vec![
        Column::new("destination", |route: &TunnelRoute| {
            Cell::text(&route.destination)
        })
        .text("the addresses that the route is for, as a prefix; or the address that was asked for")
        .role(ColourRole::Address)
        .identity(),
        Column::new("dev", |route: &TunnelRoute| Cell::text(&route.device))
            .text("the device of the route: of a tunnel the bridge that has the address")
            .role(ColourRole::Name)
            .identity(),
        Column::new("gateway", |route: &TunnelRoute| {
            Cell::from(route.gateway.as_deref())
        })
        .text_or_null("the gateway; null if the destination is reached directly")
        .role(ColourRole::Address),
        Column::new("src", |route: &TunnelRoute| {
            Cell::from(route.source.as_deref())
        })
        .text_or_null("the source address")
        .role(ColourRole::Address),
        Column::new("kind", |route: &TunnelRoute| {
            Cell::text(if route.is_user { "user" } else { "cached" })
        })
        .is(
            Shape::Words(&["cached", "user"]),
            "cached: a copy of the host's, or user: added by ovs/route/add",
        )
        .role(ColourRole::Kind)
        .identity(),
        Column::new("local", |route: &TunnelRoute| Cell::Bool(route.is_local))
            .truth("whether the destination is this host"),
        Column::new("mark", |route: &TunnelRoute| Cell::from(route.mark))
            .whole_or_null("the mark that packets must have; null: any")
            .role(ColourRole::Number)
            .identity()
            .drop(1),
    ]
}

fn neighbour_columns() -> Vec<Column<TunnelNeighbour>> {
    vec![
        Column::new("ip", |neighbour: &TunnelNeighbour| {
            Cell::text(&neighbour.ip)
        })
        .text("the address of the neighbour")
        .role(ColourRole::Address)
        .identity(),
        InterfaceRow::MAC
            .reads(&[])
            .of(|neighbour: &TunnelNeighbour| Cell::text(&neighbour.mac))
            .text("the MAC address of the neighbour"),
        InterfaceRow::NAMED_BRIDGE
            .of(|neighbour: &TunnelNeighbour| Cell::text(&neighbour.bridge))
            .role(ColourRole::Name)
            .identity(),
    ]
}

pub(super) async fn routes(cx: &Context, address: Option<IpAddr>) -> Result<(), Failure> {
    let mut columns = columns();
    // Of a single route the daemon does not report these.
    if address.is_some() {
        columns.retain(|it| !["kind", "local", "mark"].contains(&it.heading.name));
    }
    let view = cx.format.view(&columns)?;
    let client = cx.vswitchd().await?;
    let routes = match address {
        None => {
            client.prefer_json().await?;
            let (routes, unknown) = TunnelRoute::read_all(&client).await?;
            cx.remark_unknown("ovs/route/show", &unknown);
            routes
        }
        Some(address) => {
            let route = TunnelRoute::lookup(&client, address).await?;
            vec![route.ok_or_else(|| {
                let message = format!("ovs-vswitchd has no route to {address}");
                Failure::new(Exit::NotFound, message)
                    .hint("`ovs datapath routes` lists its routes; ovs/route/add adds one")
            })?]
        }
    };
    cx.print_list(&view, &routes, "routes")
}

pub(super) async fn neighbours(cx: &Context) -> Result<(), Failure> {
    let columns = neighbour_columns();
    let view = cx.format.view(&columns)?;
    let client = cx.vswitchd().await?;
    let (mut neighbours, unknown) = TunnelNeighbour::read_all(&client).await?;
    cx.remark_unknown("tnl/neigh/show", &unknown);
    neighbours.sort_by_key(|neighbour| neighbour.ip.parse::<IpAddr>().ok());
    cx.print_list(&view, &neighbours, "neighbours")
}

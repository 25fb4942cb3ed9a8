//! `ovs port resolve`: names to numbers and back.

use super::named;
use crate::commands::about::About;
use crate::commands::lines::InterfaceRow;
use crate::commands::{Context, Exit, Failure};
use crate::model::resolve::{Found, find, find_of_switch};
use crate::model::{Bridge, Depth, Interface, Port, Scope, Topology, Want};
use crate::output::{Cell, Column, headings};

pub(super) const ABOUT: About = About::reads()
    .list(|| headings(&columns()))
    .remarks("\
OpenFlow ports are interfaces: a name is an interface's, and a port's where it has one interface and no interface \
bears that name; a bond stands for its interfaces. Ports that are not found are reported on stderr, and the others are still printed; the exit code is then 3.")
    .examples("\
ovs port resolve br-int 15
ovs port resolve br-int int-br-ens37 15 LOCAL
ovs port resolve br-int qvobeeb2c54-aa -g ofport");

/// With more ports than this, reading all ports of the bridge is cheaper.
const WORTH_ASKING_FOR: usize = 16;

/// A name and its number.
struct Pair<'t> {
    bridge: &'t Bridge,
    port: &'t Port,
    interface: &'t Interface,
}

fn columns<'t>() -> Vec<Column<Pair<'t>>> {
    vec![
        InterfaceRow::OPENFLOW_NAME.of(|pair: &Pair<'t>| Cell::text(&pair.interface.name)),
        InterfaceRow::OFPORT
            .of(|pair: &Pair<'t>| Cell::from(pair.interface.ofport.filter(|number| *number >= 0))),
        InterfaceRow::ITS_PORT.of(|pair: &Pair<'t>| Cell::text(&pair.port.name)),
        InterfaceRow::NAMED_BRIDGE
            .of(|pair: &Pair<'t>| Cell::text(&pair.bridge.name))
            .extra(),
        InterfaceRow::TYPE
            .of(|pair: &Pair<'t>| Cell::text(pair.interface.kind()))
            .extra(),
    ]
}

pub(super) async fn resolve(cx: &Context, bridge: &str, ports: &[String]) -> Result<(), Failure> {
    let columns = columns();
    let view = cx.format.view(&columns)?;
    let mut topology = if ports.len() > WORTH_ASKING_FOR {
        Topology::default()
    } else {
        named(cx, Some(bridge), ports).await?
    };
    // Without the other ports, a port's name counts only if its own interface has it.
    let is_found = |found: Found<'_>| {
        found
            .interface
            .is_some_and(|interface| interface.name == found.port.name)
    };
    let all_found = |topology| {
        ports
            .iter()
            .all(|port| find(topology, Some(bridge), port).is_ok_and(is_found))
    };
    if !all_found(&topology) {
        let scope = Scope::Bridge(bridge.to_owned());
        topology = cx.topology(Want::of(scope, Depth::PortNames)).await?;
    }
    let mut pairs = Vec::new();
    let mut unknown = Vec::new();
    for port in ports {
        match find_of_switch(&topology, bridge, port) {
            Ok(Found {
                bridge,
                port,
                interface,
                ..
            }) => {
                // A bond has no number: its interfaces have.
                let interfaces = interface.map_or(port.interfaces.as_slice(), std::slice::from_ref);
                pairs.extend(interfaces.iter().map(|interface| Pair {
                    bridge,
                    port,
                    interface,
                }));
            }
            Err(_) => unknown.push(port),
        }
    }
    cx.print(&view.list(&pairs))?;
    if unknown.is_empty() {
        return Ok(());
    }
    // A port that is not on this bridge may be on another: the error says which.
    let all = Want::of(Scope::All, Depth::PortNames).with_tags();
    let all = cx.topology(all).await?;
    let errors = unknown
        .into_iter()
        .filter_map(|port| find_of_switch(&all, bridge, port).err());
    let mut failure = Failure::silent(Exit::NotFound);
    for error in errors {
        failure.say(true);
        failure = Failure {
            exit: Exit::NotFound,
            ..error.into()
        };
    }
    Err(failure)
}

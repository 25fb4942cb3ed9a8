//! `ovs port resolve`: names to numbers and back.

use std::collections::BTreeMap;

use super::named;
use crate::commands::about::About;
use crate::commands::host_run::MissingName;
use crate::commands::lines::InterfaceRow;
use crate::commands::switch::SwitchArg;
use crate::commands::{Context, Failure};
use crate::model::resolve::{Found, find, find_of_switch};
use crate::model::{Bridge, Depth, Interface, Port, Scope, Topology, Want};
use crate::openflow::messages::ports::PortDesc;
use crate::openflow::text::port_to_v10;
use crate::output::{Cell, Column, Mode, headings};

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
    /// Whether it is from a saved switch, not a database.
    is_of_switch: bool,
}

fn columns<'t>() -> Vec<Column<Pair<'t>>> {
    vec![
        InterfaceRow::OPENFLOW_NAME.of(|pair: &Pair<'t>| Cell::text(&pair.interface.name)),
        InterfaceRow::OFPORT.of(|pair: &Pair<'t>| match pair.interface.ofport {
            None if pair.is_of_switch => Cell::Unknown,
            number => Cell::from(number.filter(|number| *number >= 0)),
        }),
        InterfaceRow::ITS_PORT
            .reads(&["Port.name"])
            .of(|pair: &Pair<'t>| Cell::text(&pair.port.name)),
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
    let of_switch = ports_of_switch(cx, bridge).await?;
    let is_of_switch = of_switch.is_some();
    let mut topology = match &of_switch {
        Some(ports) => ports.clone(),
        None if ports.len() > WORTH_ASKING_FOR => Topology::default(),
        None => named(cx, Some(bridge), ports).await?,
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
    if !is_of_switch && !all_found(&topology) {
        let scope = Scope::Bridge(bridge.to_owned());
        topology = cx.topology(Want::of(scope, Depth::PortNames)).await?;
    }
    let mut pairs = Vec::new();
    let mut unknown = Vec::new();
    for word in ports {
        match find_of_switch(&topology, bridge, word) {
            // OpenFlow cuts names: several may be equal there.
            Ok(found) if is_of_switch && found.port.name == *word => {
                let named = found.bridge.ports.iter().filter(|port| port.name == *word);
                pairs.extend(named.flat_map(|port| {
                    port.interfaces.iter().map(|interface| Pair {
                        bridge: found.bridge,
                        port,
                        interface,
                        is_of_switch,
                    })
                }));
            }
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
                    is_of_switch,
                }));
            }
            Err(_) => unknown.push(word),
        }
    }
    if !pairs.is_empty() || cx.format.mode != Mode::Table {
        cx.print_list(&view, &pairs, "ports")?;
    }
    if unknown.is_empty() {
        return Ok(());
    }
    // A port that is not on this bridge may be on another: the error says which.
    let all = if let Some(ports) = of_switch {
        ports
    } else {
        let all = Want::of(Scope::All, Depth::PortNames).with_tags();
        cx.topology(all).await?
    };
    let missing = unknown.into_iter().filter_map(|port| {
        let mut failure = Failure::from(find_of_switch(&all, bridge, port).err()?);
        if is_of_switch {
            // Lists of ports need the database.
            failure.hint = None;
        }
        Some(MissingName::new(port, failure))
    });
    cx.report_missing(missing.collect(), !pairs.is_empty())
        .await
}

/// The ports that a saved switch describes, each as a port of one interface, if the database was not saved.
async fn ports_of_switch(cx: &Context, bridge: &str) -> Result<Option<Topology>, Failure> {
    let Some(report) = cx.host.reach.saved().map(|saved| &saved.report) else {
        return Ok(None);
    };
    if report.database.is_some() {
        return Ok(None);
    }
    let none = BTreeMap::new();
    let unnumbered = report.switches.get(bridge);
    let unnumbered = unnumbered.map_or(&none, |switch| &switch.unnumbered);
    let switch = SwitchArg::of_bridge(cx, bridge)?;
    let mut connected = switch.connect(cx).await?;
    let described = connected.ports().await;
    let described = described.map_err(|error| switch.failure(error))?;
    let port = |desc: PortDesc| {
        let name = desc.name.0;
        let interface = Interface {
            name: name.clone(),
            ofport: port_to_v10(desc.ofport)
                .filter(|_| !unnumbered.contains_key(&desc.ofport))
                .map(i64::from),
            ..Interface::default()
        };
        Port {
            name,
            interfaces: vec![interface],
            ..Port::default()
        }
    };
    let bridge = Bridge {
        name: bridge.to_owned(),
        ports: described.into_iter().map(port).collect(),
        ..Bridge::default()
    };
    Ok(Some(Topology {
        bridges: vec![bridge],
        ..Topology::default()
    }))
}

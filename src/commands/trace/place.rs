//! The port or bridge where a traced packet comes in.

use crate::base::shell::word;
use crate::commands::{Exit, Failure, quoted};
use crate::model::resolve::{Found, PortWord, ResolveError, argument, find, find_of_switch, parse};
use crate::model::topology::{Bridge, Interface, Topology};

/// Where the packet comes in.
pub(super) struct Place<'t> {
    pub(super) bridge: &'t Bridge,
    pub(super) interface: Option<&'t Interface>,
    pub(super) number: Option<u32>,
}

/// The port or bridge of the first argument. With a flow, the name of a bridge is the bridge; its own port is then
/// `in_port=LOCAL`.
pub(super) fn place<'t>(
    topology: &'t Topology,
    at: &str,
    flow: Option<&str>,
) -> Result<Place<'t>, Failure> {
    let has_port = flow.is_some_and(|flow| {
        flow.split([',', ' '])
            .any(|piece| piece.trim_start().starts_with("in_port"))
    });
    if has_port && let Some(bridge) = topology.bridge(at) {
        return Ok(Place {
            bridge,
            interface: None,
            number: None,
        });
    }
    let found = find(topology, None, at).or_else(|error| match (&error, parse(at).port) {
        // A member of a bond, or an interface with another name than its port.
        (ResolveError::Interface { interface, .. }, PortWord::Name(_)) => {
            let (bridge, ..) = topology.interface(interface).ok_or(error.clone())?;
            find_of_switch(topology, &bridge.name, &argument(interface))
        }
        _ => Err(error),
    })?;
    of_port(found, at)
}

fn of_port<'t>(found: Found<'t>, at: &str) -> Result<Place<'t>, Failure> {
    let Some(interface) = found.interface else {
        let members: Vec<&str> = found
            .port
            .interfaces
            .iter()
            .map(|interface| interface.name.as_str())
            .collect();
        let message = format!(
            "{} is a bond: a packet comes in at one of its members, {}",
            quoted(at),
            members.join(", ")
        );
        return Err(Failure::new(Exit::Usage, message));
    };
    if found.number.is_none() {
        let message = format!("{} has no OpenFlow number: it is not up", quoted(at));
        return Err(
            Failure::new(Exit::Failed, message).hint(format!("`ovs port show {}`", word(at)))
        );
    }
    Ok(Place {
        bridge: found.bridge,
        interface: Some(interface),
        number: found.number,
    })
}

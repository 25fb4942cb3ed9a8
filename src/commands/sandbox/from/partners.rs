//! The LACP partners of the saved bonds: without one, ovs-vswitchd disables all members.

use std::collections::BTreeMap;
use std::path::Path;

use super::devices::{free_names, is_plain};
use crate::model::port_state::has_lacp;
use crate::model::{Interface, Port, Topology};
use crate::unixctl::bonds::BondState;

/// A bridge with the partners, which are connected to the members by sockets (`options` of dummy devices).
pub(super) struct Partners {
    /// The name of the bridge.
    pub(super) bridge: String,
    pub(super) ports: Vec<PartnerPort>,
    /// The sockets by the members of the saved host.
    sockets: BTreeMap<String, String>,
}

/// The partner of one port.
pub(super) struct PartnerPort {
    pub(super) name: String,
    /// Its devices, each with its socket.
    pub(super) devices: Vec<(String, String)>,
}

impl Partners {
    /// Partners for the members that had one; `None` if there is no such member.
    pub(super) fn of(
        topology: &Topology,
        bonds: Option<&[BondState]>,
        run_dir: &Path,
    ) -> Option<Partners> {
        let mut names = free_names(topology, "lacp");
        let mut partners = Partners {
            bridge: names.next()?,
            ports: Vec::new(),
            sockets: BTreeMap::new(),
        };
        let all = topology.bridges.iter().flat_map(|bridge| &bridge.ports);
        for port in all.filter(|port| has_lacp(port.lacp.as_deref())) {
            let members = port.interfaces.iter();
            let members = members.filter(|member| {
                is_plain(member) && had_partner(port, member, bonds) == Some(true)
            });
            let mut devices = Vec::new();
            for member in members {
                let device = names.next()?;
                let socket = format!("{}/{device}.sock", run_dir.display());
                partners.sockets.insert(member.name.clone(), socket.clone());
                devices.push((device, socket));
            }
            if !devices.is_empty() {
                let name = names.next()?;
                partners.ports.push(PartnerPort { name, devices });
            }
        }
        (!partners.ports.is_empty()).then_some(partners)
    }

    /// The socket at which a device of the saved host waits for its partner.
    pub(super) fn socket_of(&self, interface: &Interface) -> Option<&str> {
        self.sockets.get(&interface.name).map(String::as_str)
    }
}

/// Whether LACP let a member of a port be used; `None` if the report does not tell.
pub(super) fn had_partner(
    port: &Port,
    member: &Interface,
    bonds: Option<&[BondState]>,
) -> Option<bool> {
    let bond = bonds
        .into_iter()
        .flatten()
        .find(|bond| bond.name == port.name);
    let state = bond.and_then(|bond| bond.members.iter().find(|known| known.name == member.name));
    match state {
        Some(state) => Some(state.may_enable.unwrap_or(state.is_enabled)),
        None => member.lacp_current,
    }
}

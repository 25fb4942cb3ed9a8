//! The bridge over which the tunnels of a replayed host go.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::devices::free_names;
use crate::model::{Topology, tunnel};

/// The address of the underlay where the report has none.
const ADDRESS: &str = "10.255.255.1";
const ADDRESS_V6: &str = "fd00:10:255:255::1";

/// A bridge over which the tunnels of the sandbox go.
pub(super) struct Underlay {
    /// Its name, and that of its device.
    pub(super) bridge: String,
    pub(super) port: String,
    /// Its addresses.
    pub(super) v4: String,
    pub(super) v6: String,
    /// The other ends of the tunnels.
    pub(super) remotes: BTreeSet<IpAddr>,
}

impl Underlay {
    /// The underlay of these tunnels; `None` if none has a remote address.
    pub(super) fn of(topology: &Topology) -> Option<Underlay> {
        let addresses = |key: &str| -> BTreeSet<IpAddr> {
            let tunnels = topology
                .interfaces()
                .filter(|(.., interface)| tunnel::is_tunnel(interface.kind()));
            tunnels
                .filter_map(|(.., interface)| interface.options.get(key)?.parse().ok())
                .collect()
        };
        let remotes = addresses("remote_ip");
        if remotes.is_empty() {
            return None;
        }
        let locals = addresses("local_ip");
        let local = |is: fn(&IpAddr) -> bool, default: &str| {
            let found = locals.iter().find(|address| is(address));
            found.map_or_else(|| default.to_owned(), ToString::to_string)
        };
        let mut names = free_names(topology, "underlay");
        Some(Underlay {
            bridge: names.next()?,
            port: names.next()?,
            v4: local(IpAddr::is_ipv4, ADDRESS),
            v6: local(IpAddr::is_ipv6, ADDRESS_V6),
            remotes,
        })
    }
}

//! The facts of the switch's host that its database does not have, from the kernel or a file.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;

use super::failure::words_of;
use super::{Context, Exit, Failure, quoted};
use crate::base::saved::NOT_IN_REPORT;
use crate::commands::argument::{Takes as _, Value};
use crate::model::Topology;
use crate::model::devices::{Device, Devices};
use crate::model::host::HostFacts;
use crate::source::links::KernelLink;

// Where the facts come from.
#[derive(Debug, clap::Args)]
pub(super) struct HostArgs {
    /// A file with the host's addresses, routes and devices instead of the kernel's
    #[arg(long, takes = Value::FILE, hide = true)]
    host_facts: Option<PathBuf>,
}

impl HostArgs {
    /// The addresses and routes of the network namespace of this process, and its devices; what cannot be read
    /// is not there. `None` if the host of the switch is another one.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or does not have the words of [`HostFacts::parse`].
    pub(super) async fn facts(
        &self,
        cx: &Context,
        topology: &Topology,
    ) -> Result<Option<HostFacts>, Failure> {
        if let Some((name, text)) = self.file()? {
            let facts = HostFacts::parse(&text).map_err(|line| {
                let message = format!("{name}: {} says nothing of a host", quoted(&line));
                Failure::new(Exit::Usage, message)
                    .hint("address A, route A/N, device NAME [hardware]")
            });
            return facts.map(Some);
        }
        if elsewhere(cx, topology).is_some() {
            return Ok(None);
        }
        if cx
            .host
            .reach
            .saved()
            .is_some_and(|host| host.report.network.is_none())
        {
            cx.remark(&format!(
                "unknown: {NOT_IN_REPORT}addresses and routes of the host"
            ));
            return Ok(None);
        }
        let kernel = match cx.host.network().await {
            Ok(kernel) => kernel,
            Err(why) => {
                cx.remark(&format!("unknown: addresses and routes of the host: {why}"));
                return Ok(None);
            }
        };
        Ok(Some(HostFacts::of_kernel(
            &kernel.fib_trie,
            &kernel.if_inet6,
            &kernel.ipv6_route,
            kernel.devices,
        )))
    }

    /// The devices of all network namespaces that could be looked into.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub(super) async fn devices(
        &self,
        cx: &Context,
        topology: &Topology,
    ) -> Result<Devices, Failure> {
        if let Some((_, text)) = self.file()? {
            return Ok(Devices::parse(&text));
        }
        if let Some(why) = elsewhere(cx, topology) {
            return Ok(Devices {
                devices: Vec::new(),
                unseen: vec![why.to_owned()],
            });
        }
        if cx
            .host
            .reach
            .saved()
            .is_some_and(|host| host.report.namespaces.is_none())
        {
            return Ok(Devices {
                devices: Vec::new(),
                unseen: vec![format!(
                    "unknown: {NOT_IN_REPORT}network devices of the host"
                )],
            });
        }
        let namespaces = cx.host.namespaces().await;
        Ok(Devices {
            devices: joined(&namespaces.links),
            unseen: namespaces.unseen,
        })
    }

    /// The file's name, in quotes, and its text.
    fn file(&self) -> Result<Option<(String, String)>, Failure> {
        let Some(path) = &self.host_facts else {
            return Ok(None);
        };
        let name = quoted(&path.display().to_string());
        match fs::read_to_string(path) {
            Ok(text) => Ok(Some((name, text))),
            Err(error) => Err(Failure::new(
                Exit::Usage,
                format!("cannot read {name}: {}", words_of(&error)),
            )),
        }
    }
}

/// Why the devices of this host are not those of the switch; `None` if they are.
fn elsewhere(cx: &Context, topology: &Topology) -> Option<&'static str> {
    if let Some(why) = cx.host.has_no_kernel() {
        return Some(why);
    }
    // A switch with dummy devices is not the host's, though it runs there.
    let has_dummies = topology.ovs.iface_types.iter().any(|kind| kind == "dummy");
    has_dummies.then_some("the switch has dummy devices, not the host's")
}

/// Devices by name: numbers mean something in one namespace only.
fn joined(spaces: &[(Option<String>, Vec<KernelLink>)]) -> Vec<Device> {
    let mut by_index: HashMap<(usize, u32), &KernelLink> = HashMap::new();
    for (space, (_, links)) in spaces.iter().enumerate() {
        by_index.extend(links.iter().map(|link| ((space, link.index), link)));
    }
    let mut devices = Vec::new();
    for (space, (netns, links)) in spaces.iter().enumerate() {
        for link in links {
            // Two veth devices are a pair if each has the other's number.
            let peer_in = |other: usize| {
                let peer = by_index.get(&(other, link.peer?))?;
                let is_pair = peer.peer == Some(link.index)
                    && peer.kind == "veth"
                    && peer.peer_is_elsewhere == link.peer_is_elsewhere;
                let netns = spaces.get(other)?.0.clone();
                is_pair.then(|| (peer.name.clone(), netns))
            };
            let peer = match (link.kind.as_str(), link.peer_is_elsewhere) {
                ("veth", false) => peer_in(space),
                ("veth", true) => (0..spaces.len())
                    .filter(|other| *other != space)
                    .find_map(peer_in),
                _ => None,
            };
            let master = link.master.and_then(|index| by_index.get(&(space, index)));
            devices.push(Device {
                name: link.name.clone(),
                netns: netns.clone(),
                kind: link.kind.clone(),
                peer,
                master: master.map(|master| master.name.clone()),
                addresses: link.addresses.clone(),
            });
        }
    }
    devices
}

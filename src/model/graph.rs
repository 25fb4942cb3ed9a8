//! The topology as a graph: bridges with their ports, other hosts, and the links between them.
//!
//! Similar ports are folded into one item: guests' ports with the same tag, and many tunnels of one type.
//! So the size of a bridge's picture depends on its networks, not on its guests.

use std::collections::{BTreeMap, HashMap};

use super::patch::{PatchState, patches};
use super::topology::{Bridge, Interface, Port, Topology};
use super::tunnel::Tunnel;
use super::vlan::Vlan;
use crate::base::order::by_name;
use crate::openflow::text::PORT_LOCAL;

/// Maximum number of tunnels of one type shown singly; more are folded.
const MOST_TUNNELS: usize = 8;

/// Bridges, hosts and the links between them.
#[derive(Debug, Clone, PartialEq)]
pub struct Graph<'t> {
    /// The bridges, by name.
    pub bridges: Vec<Node<'t>>,
    /// The far ends of tunnels, by address.
    pub remotes: Vec<Remote<'t>>,
    /// Patches, then tunnels.
    pub links: Vec<GraphLink>,
}

/// A bridge.
#[derive(Debug, Clone, PartialEq)]
pub struct Node<'t> {
    /// The bridge.
    pub bridge: &'t Bridge,
    /// Whether only its ports connected to the requested bridge are included.
    pub is_partial: bool,
    /// Ports by tag, then those without, then patch ports, then tunnels.
    pub items: Vec<Item<'t>>,
}

/// A port, or several similar ones.
#[derive(Debug, Clone, PartialEq)]
pub struct Item<'t> {
    /// Its kind.
    pub kind: ItemKind,
    /// The ports, by name; at least one.
    pub ports: Vec<&'t Port>,
    /// Its VLAN configuration.
    pub vlan: Vlan,
    /// Its fault: a patch's state, or that ovs-vswitchd could not open it.
    pub problem: Option<&'static str>,
    /// The name of the far end, as configured on a patch port.
    pub peer: Option<&'t str>,
    /// The keys of a tunnel: `flow`, `100`.
    pub key: Option<String>,
}

/// The kind of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ItemKind {
    /// The bridge's own port.
    Local,
    /// A device: a guest's, or a network card; a bond.
    Port,
    /// A patch port to another bridge.
    Patch,
    /// A tunnel to another host.
    Tunnel,
}

/// The far end of tunnels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote<'t> {
    /// The addresses, or `flow`; several where tunnels are folded.
    pub addresses: Vec<&'t str>,
}

/// An item, by bridge and index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ItemIndex {
    /// Index into [`Graph::bridges`].
    pub bridge: usize,
    /// Index into [`Node::items`].
    pub item: usize,
}

/// A link between two items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GraphLink {
    /// Two patch ports.
    Patch {
        /// The end whose `peer` names the other.
        from: ItemIndex,
        /// The other end.
        to: ItemIndex,
        /// Whether it works.
        state: PatchState,
    },
    /// A tunnel and its far end.
    Tunnel {
        /// The tunnel.
        from: ItemIndex,
        /// Index into [`Graph::remotes`].
        remote: usize,
    },
}

impl ItemKind {
    /// `local`, `port`, `patch` or `tunnel`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Port => "port",
            Self::Patch => "patch",
            Self::Tunnel => "tunnel",
        }
    }
}

impl<'t> Graph<'t> {
    /// The graph of `bridge` and what is connected to it, or of all bridges.
    ///
    /// With `fold`, similar ports are one item, and bridges' own ports are left out unless something is
    /// configured or wrong there.
    pub fn new(topology: &'t Topology, bridge: Option<&str>, fold: bool) -> Graph<'t> {
        let patches = patches(topology);
        let shown = |name: &str| bridge.is_none_or(|bridge| bridge == name);
        // Of other bridges, only the ports connected to the requested one.
        let mut partial: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for patch in &patches {
            let Some(far) = patch.far else { continue };
            for (end, other) in [(patch.near, far), (far, patch.near)] {
                if !shown(&end.bridge.name) && shown(&other.bridge.name) {
                    let ports = partial.entry(&end.bridge.name).or_default();
                    ports.push(&end.port.name);
                }
            }
        }
        let mut bridges = Vec::new();
        for bridge in &topology.bridges {
            let wanted = partial.get(bridge.name.as_str());
            if shown(&bridge.name) || wanted.is_some() {
                bridges.push(Node::of(bridge, wanted.map(Vec::as_slice), fold));
            }
        }
        let mut places: HashMap<&str, ItemIndex> = HashMap::new();
        for (bridge, node) in bridges.iter().enumerate() {
            for (item, entry) in node.items.iter().enumerate() {
                for interface in entry.ports.iter().flat_map(|port| &port.interfaces) {
                    places.insert(&interface.name, ItemIndex { bridge, item });
                }
            }
        }
        let mut links = Vec::new();
        for patch in &patches {
            let place = |name: &str| places.get(name).copied();
            let Some(from) = place(&patch.near.interface.name) else {
                continue;
            };
            if patch.state != PatchState::Ok
                && let Some(node) = bridges.get_mut(from.bridge)
                && let Some(item) = node.items.get_mut(from.item)
            {
                item.problem = Some(patch.state.word());
            }
            if let Some(to) = patch.far.and_then(|far| place(&far.interface.name)) {
                let state = patch.state;
                links.push(GraphLink::Patch { from, to, state });
            }
        }
        let remotes = join_remotes(&bridges, &mut links);
        Graph {
            bridges,
            remotes,
            links,
        }
    }
}

/// The far ends of the tunnels on `bridges`, and the links to them.
fn join_remotes<'t>(bridges: &[Node<'t>], links: &mut Vec<GraphLink>) -> Vec<Remote<'t>> {
    let mut ends: Vec<(Vec<&'t str>, ItemIndex)> = Vec::new();
    for (bridge, node) in bridges.iter().enumerate() {
        for (item, entry) in node.items.iter().enumerate() {
            let addresses = entry.remotes();
            if !addresses.is_empty() {
                ends.push((addresses, ItemIndex { bridge, item }));
            }
        }
    }
    let mut remotes: Vec<Remote<'t>> = Vec::new();
    for (addresses, _) in &ends {
        if !remotes.iter().any(|remote| remote.addresses == *addresses) {
            let addresses = addresses.clone();
            remotes.push(Remote { addresses });
        }
    }
    remotes.sort_by(|a, b| {
        let first = |remote: &Remote<'t>| remote.addresses.first().copied().unwrap_or_default();
        by_name(first(a), first(b)).then(a.addresses.len().cmp(&b.addresses.len()))
    });
    for (addresses, from) in ends {
        let same = |remote: &Remote<'t>| remote.addresses == addresses;
        if let Some(remote) = remotes.iter().position(same) {
            links.push(GraphLink::Tunnel { from, remote });
        }
    }
    remotes
}

impl<'t> Node<'t> {
    fn of(bridge: &'t Bridge, only: Option<&[&str]>, fold: bool) -> Node<'t> {
        let mut items: Vec<Item<'t>> = Vec::new();
        // Maps the common properties of ports to the item that they are folded into.
        let mut groups: HashMap<(ItemKind, String), usize> = HashMap::new();
        let mut alike_tunnels: HashMap<String, usize> = HashMap::new();
        let ports = || {
            let wanted = |port: &&Port| only.is_none_or(|only| only.contains(&port.name.as_str()));
            bridge.ports.iter().filter(wanted)
        };
        for port in ports() {
            if let Some(alike) = tunnel_of(bridge, port).as_ref().map(alike) {
                *alike_tunnels.entry(alike).or_default() += 1;
            }
        }
        for port in ports() {
            let item = Item::of(bridge, port);
            let is_plain = matches!(item.vlan, Vlan::Trunk { ref trunks } if trunks.is_empty());
            if fold && item.kind == ItemKind::Local && is_plain && item.problem.is_none() {
                continue;
            }
            let group = match item.kind {
                _ if !fold || item.problem.is_some() || port.is_bond() => None,
                ItemKind::Port => Some(match item.vlan {
                    Vlan::Access { tag } => format!("tag {tag}"),
                    ref vlan => format!("{} {vlan}", family(&port.name)),
                }),
                ItemKind::Tunnel => tunnel_of(bridge, port)
                    .as_ref()
                    .map(alike)
                    .filter(|alike| alike_tunnels.get(alike).is_some_and(|n| *n > MOST_TUNNELS)),
                ItemKind::Local | ItemKind::Patch => None,
            };
            let Some(group) = group else {
                items.push(item);
                continue;
            };
            let group = (item.kind, group);
            let known = groups.get(&group).and_then(|at| items.get_mut(*at));
            if let Some(known) = known {
                known.ports.push(port);
            } else {
                groups.insert(group, items.len());
                items.push(item);
            }
        }
        // A stable sort: equal items stay sorted by name.
        items.sort_by_key(|item| (item.kind, item.vlan.tag().unwrap_or(i64::MAX)));
        Node {
            bridge,
            is_partial: only.is_some(),
            items,
        }
    }
}

impl<'t> Item<'t> {
    fn of(bridge: &'t Bridge, port: &'t Port) -> Item<'t> {
        let first = port.interfaces.first();
        let tunnel = tunnel_of(bridge, port);
        let kind = match first {
            Some(interface) if interface.kind() == "patch" => ItemKind::Patch,
            Some(interface) if interface.port_number() == Some(PORT_LOCAL) => ItemKind::Local,
            _ if tunnel.is_some() => ItemKind::Tunnel,
            _ => ItemKind::Port,
        };
        let failed = port
            .interfaces
            .iter()
            .any(|interface| interface.error.is_some() || interface.ofport == Some(-1));
        Item {
            kind,
            ports: vec![port],
            vlan: Vlan::of(port),
            problem: failed.then_some("error"),
            peer: first.and_then(|interface| interface.peer()),
            key: tunnel.and_then(|tunnel| tunnel.key()),
        }
    }

    /// The far ends of its tunnels, sorted, without duplicates.
    pub fn remotes(&self) -> Vec<&'t str> {
        if self.kind != ItemKind::Tunnel {
            return Vec::new();
        }
        let interfaces = self.ports.iter().flat_map(|port| &port.interfaces);
        let mut addresses: Vec<&'t str> = interfaces
            .filter_map(|interface| interface.options.get("remote_ip"))
            .map(String::as_str)
            .collect();
        addresses.sort_by(|a, b| by_name(a, b));
        addresses.dedup();
        addresses
    }

    /// The types of its interfaces, without duplicates.
    pub fn types(&self) -> Vec<&'t str> {
        let interfaces = self.ports.iter().flat_map(|port| &port.interfaces);
        let mut types: Vec<&'t str> = interfaces.map(Interface::kind).collect();
        types.sort_unstable();
        types.dedup();
        types
    }

    /// The number of its ports by prefix of the name, the most frequent first: `qvo` 2, `tap` 1.
    pub fn families(&self) -> Vec<(&'t str, usize)> {
        let mut counts: BTreeMap<&'t str, usize> = BTreeMap::new();
        for port in &self.ports {
            *counts.entry(family(&port.name)).or_default() += 1;
        }
        let mut families: Vec<(&'t str, usize)> = counts.into_iter().collect();
        families.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        families
    }
}

fn tunnel_of<'t>(bridge: &'t Bridge, port: &'t Port) -> Option<Tunnel<'t>> {
    let mut tunnels = port.interfaces.iter();
    tunnels.find_map(|interface| Tunnel::of(bridge, port, interface))
}

/// The properties by which tunnels are folded.
fn alike(tunnel: &Tunnel<'_>) -> String {
    let key = tunnel.key().unwrap_or_default();
    let local = tunnel.local.unwrap_or_default();
    format!("{} {key} {local}", tunnel.kind())
}

/// The prefix of a name, without the number or the piece of an id at its end: `qvo` of `qvobeeb2c54-aa`,
/// `vnet` of `vnet12`.
fn family(name: &str) -> &str {
    let is_tail = |c: char| c.is_ascii_hexdigit() || matches!(c, '-' | '_' | '.');
    let start = name.trim_end_matches(is_tail);
    let tail = name.get(start.len()..).unwrap_or_default();
    if start.is_empty() || !tail.contains(|c: char| c.is_ascii_digit()) {
        name
    } else {
        start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_prefixes_of_names() {
        for (name, expected) in [
            ("qvobeeb2c54-aa", "qvo"),
            ("tap18a66eac-38", "tap"),
            ("qr-54e6fd7e-1b", "qr"),
            ("vnet12", "vnet"),
            ("eth0", "eth"),
            ("tape", "tape"),
            ("dead-beef", "dead-beef"),
            ("007", "007"),
        ] {
            assert_eq!(family(name), expected, "{name}");
        }
    }

    fn port(name: String, tag: Option<i64>, kind: &str, options: &[(&str, String)]) -> Port {
        let options = options.iter();
        let interface = Interface {
            name: name.clone(),
            type_: kind.to_owned(),
            ofport: Some(1),
            options: options
                .map(|(key, value)| ((*key).to_owned(), value.clone()))
                .collect(),
            ..Interface::default()
        };
        Port {
            name,
            tag,
            interfaces: vec![interface],
            ..Port::default()
        }
    }

    #[test]
    fn a_crowd_folds_and_unfolds() {
        let mut ports: Vec<Port> = (0..300)
            .map(|n| port(format!("tap{n:x}"), Some(n % 3), "", &[]))
            .collect();
        ports.push(port("eth0".into(), None, "", &[]));
        for n in 0..20 {
            let remote = ("remote_ip", format!("10.0.0.{n}"));
            ports.push(port(format!("vx{n}"), None, "vxlan", &[remote]));
        }
        let bridge = Bridge {
            name: "br0".into(),
            ports,
            ..Bridge::default()
        };
        let topology = Topology {
            bridges: vec![bridge],
            ..Topology::default()
        };
        let folded = Graph::new(&topology, None, true);
        let counts: Vec<(ItemKind, usize)> = folded.bridges[0]
            .items
            .iter()
            .map(|item| (item.kind, item.ports.len()))
            .collect();
        assert_eq!(
            counts,
            [
                (ItemKind::Port, 100),
                (ItemKind::Port, 100),
                (ItemKind::Port, 100),
                (ItemKind::Port, 1),
                (ItemKind::Tunnel, 20),
            ]
        );
        assert_eq!(folded.remotes[0].addresses.len(), 20);
        assert_eq!(folded.links.len(), 1);
        let all = Graph::new(&topology, None, false);
        assert_eq!(all.bridges[0].items.len(), 321);
        assert_eq!((all.remotes.len(), all.links.len()), (20, 20));
    }
}

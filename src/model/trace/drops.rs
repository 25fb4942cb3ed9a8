//! Where copies of the packet end, and why, as the tree of the reply shows it.

use std::ops::Range;

use super::reply::{Lookup, Node, NodeKind, Reply, Section};
use crate::model::topology::{Bridge, Interface, Topology};
use crate::model::tunnel::TunnelKind;

/// A place where the packet, or a copy of it, ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drop {
    /// The index of its section in the reply.
    pub section: usize,
    /// The index of its node in the section; `None` if it is of the whole section.
    pub node: Option<usize>,
    /// The bridge.
    pub bridge: Option<String>,
    /// The flow table.
    pub table: Option<u8>,
    /// The port that it would have left by, as far as known.
    pub port: Option<String>,
    /// Why.
    pub cause: DropCause,
}

/// Why a packet ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DropCause {
    /// The switch's own words.
    Said(String),
    /// No route to the far end of a tunnel; its address, as far as known.
    NoRoute(Option<String>),
    /// No MAC address is known for the next hop of a tunnel.
    NoNeighbour {
        /// The address of the next hop.
        address: String,
        /// The bridge that it is behind.
        bridge: String,
    },
    /// The packet is a fragment.
    Fragment,
    /// No flow matches.
    Miss,
    /// The actions of this flow are `drop`.
    Flow(DroppingFlow),
    /// This flow has actions, but sends nothing.
    NoOutput(DroppingFlow),
    /// The actions of this flow were not executed: the port does not receive, or does not forward.
    NotExecuted,
    /// It would leave by the port that it came from.
    ToInputPort,
}

/// The flow that ends a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DroppingFlow {
    /// Its match in the text of the reply.
    pub matched: Range<usize>,
    /// Its priority.
    pub priority: u16,
    /// Its cookie.
    pub cookie: u64,
}

impl DropCause {
    /// How much it says of the whole: the causes of the least are the likeliest reasons.
    fn rank(&self) -> u8 {
        match self {
            DropCause::NoRoute(_) | DropCause::NoNeighbour { .. } => 0,
            DropCause::Said(_) | DropCause::Fragment => 1,
            DropCause::Miss | DropCause::Flow(_) => 2,
            DropCause::NoOutput(_) | DropCause::NotExecuted => 3,
            DropCause::ToInputPort => 4,
        }
    }

    /// Whether it is a fault even where other copies of the packet come out.
    pub fn is_fault(&self) -> bool {
        match self {
            DropCause::NoRoute(_) | DropCause::NoNeighbour { .. } => true,
            DropCause::Said(words) => words == "Nonexistent output port",
            _ => false,
        }
    }
}

/// What the switch says without dropping anything.
const HARMLESS: [&str; 3] = ["suppressing side effects", "learned MAC", TO_INPUT_PORT];

const TO_INPUT_PORT: &str = "skipping output to input port";

/// Details, not warnings, that say why there is no output.
const TELLING: [&str; 6] = [
    "dropping",
    "skipping output",
    "not forwarding",
    "no live bucket",
    "exceed",
    "TTL",
];

/// The places where copies of the packet end, in the order of the reply.
pub fn drops(reply: &Reply, topology: &Topology) -> Vec<Drop> {
    let mut all = Vec::new();
    for (index, section) in reply.sections.iter().enumerate() {
        let finder = Finder {
            reply,
            topology,
            section,
            index,
        };
        finder.find(&mut all);
    }
    all
}

/// The outputs to the port that the packet came from, which the switch skips: the reason where nothing else comes of it.
pub fn skipped(reply: &Reply, topology: &Topology) -> Vec<Drop> {
    let mut all = Vec::new();
    for (index, section) in reply.sections.iter().enumerate() {
        let finder = Finder {
            reply,
            topology,
            section,
            index,
        };
        for (at, node) in section.nodes.iter().enumerate() {
            if reply.node_text(node).starts_with(TO_INPUT_PORT) {
                all.push(finder.drop(at, DropCause::ToInputPort));
            }
        }
    }
    all
}

/// The drop that explains best why nothing comes out.
pub fn best(drops: &[Drop]) -> Option<&Drop> {
    drops.iter().min_by_key(|drop| drop.cause.rank())
}

struct Finder<'r> {
    reply: &'r Reply,
    topology: &'r Topology,
    section: &'r Section,
    index: usize,
}

impl Finder<'_> {
    fn find(&self, all: &mut Vec<Drop>) {
        let nodes = &self.section.nodes;
        for (at, node) in nodes.iter().enumerate() {
            let text = self.reply.node_text(node);
            match &node.kind {
                NodeKind::Table { found, .. } => {
                    if let Some(cause) = self.of_table(at, found) {
                        all.push(self.drop(at, cause));
                    }
                }
                NodeKind::Warning | NodeKind::Error | NodeKind::Detail => {
                    self.of_remark(at, node, text, all);
                }
                _ => {}
            }
        }
        for remark in &self.section.remarks {
            let text = self.reply.at(remark);
            if let Some(why) = text.strip_prefix("Translation failed (")
                && let Some((why, _)) = why.split_once(')')
            {
                let cause = DropCause::Said(format!("translation failed: {why}"));
                all.push(Drop {
                    section: self.index,
                    node: None,
                    bridge: None,
                    table: None,
                    port: None,
                    cause,
                });
            }
        }
    }

    fn drop(&self, at: usize, cause: DropCause) -> Drop {
        Drop {
            section: self.index,
            node: Some(at),
            bridge: self.section.bridge_of(at).map(str::to_owned),
            table: self.section.table_of(at).map(|(_, table)| table),
            port: self.port_before(at).map(|port| port.name.clone()),
            cause,
        }
    }

    /// Why a lookup is the end.
    fn of_table(&self, at: usize, found: &Lookup) -> Option<DropCause> {
        let (matched, priority, cookie) = match found {
            Lookup::Miss => {
                // Some protocols are taken by the switch itself, whatever the flows are.
                let is_dropped = self.section.children(at).next().is_some();
                return is_dropped.then_some(DropCause::Miss);
            }
            Lookup::Fragment => return Some(DropCause::Fragment),
            Lookup::MissToController | Lookup::Other => return None,
            Lookup::Flow {
                matched,
                priority,
                cookie,
            } => (matched, priority, cookie),
        };
        let flow = || DroppingFlow {
            matched: matched.clone(),
            priority: *priority,
            cookie: *cookie,
        };
        let mut children = self.section.children(at).peekable();
        if children.peek().is_none() {
            return Some(DropCause::NotExecuted);
        }
        let mut first = true;
        for (_, child) in children {
            let text = self.reply.node_text(child);
            match child.kind {
                NodeKind::Action if first && text == "drop" => {
                    return Some(DropCause::Flow(flow()));
                }
                NodeKind::Action if !leads_on(text) => first = false,
                NodeKind::Detail => {}
                // The packet goes on here, or one of the children has the reason.
                _ => return None,
            }
        }
        Some(DropCause::NoOutput(flow()))
    }

    /// What a remark of the switch says.
    fn of_remark(&self, at: usize, node: &Node, text: &str, all: &mut Vec<Drop>) {
        if HARMLESS.iter().any(|harmless| text.starts_with(harmless)) {
            return;
        }
        if text == "native tunnel routing failed" {
            self.no_route(at, all);
            return;
        }
        if let Some(rest) = text.strip_prefix("neighbor cache miss for ")
            && let Some((address, rest)) = rest.split_once(" on bridge ")
        {
            let bridge = rest.split(',').next().unwrap_or(rest);
            let mut drop = self.drop(
                at,
                DropCause::NoNeighbour {
                    address: address.to_owned(),
                    bridge: bridge.to_owned(),
                },
            );
            drop.port = drop
                .port
                .or_else(|| Some(self.tunnel_to(at, address)?.name.clone()));
            all.push(drop);
            return;
        }
        let tells = match node.kind {
            NodeKind::Detail => TELLING.iter().any(|word| text.contains(word)),
            _ => true,
        };
        if tells {
            all.push(self.drop(at, DropCause::Said(text.to_owned())));
        }
    }

    /// A tunnel without a route: the one of the output; where a bridge floods, all of its tunnels that are said to have
    /// none, if those are all that it has.
    fn no_route(&self, at: usize, all: &mut Vec<Drop>) {
        let drop = self.drop(at, DropCause::NoRoute(None));
        if let Some(port) = self.port_before(at) {
            let remote = self.remote(at, port);
            all.push(Drop {
                cause: DropCause::NoRoute(remote),
                ..drop
            });
            return;
        }
        let failed = self.siblings_like(at);
        let tunnels: Vec<&Interface> = self.bridge(at).map_or_else(Vec::new, |bridge| {
            let interfaces = bridge.interfaces().map(|(_, interface)| interface);
            let tunnels = interfaces.filter(|i| TunnelKind::of(i.kind()).is_some());
            tunnels.collect()
        });
        match failed.iter().position(|place| *place == at) {
            Some(index) if failed.len() == tunnels.len() => {
                let tunnel = tunnels.get(index);
                all.push(Drop {
                    port: tunnel.map(|tunnel| tunnel.name.clone()),
                    cause: DropCause::NoRoute(
                        tunnel.and_then(|tunnel| tunnel.options.get("remote_ip").cloned()),
                    ),
                    ..drop
                });
            }
            _ => all.push(drop),
        }
    }

    /// The siblings of a node with its text.
    fn siblings_like(&self, at: usize) -> Vec<usize> {
        let Some(node) = self.section.nodes.get(at) else {
            return Vec::new();
        };
        let text = self.reply.node_text(node);
        let nodes = self.section.nodes.iter().enumerate();
        nodes
            .filter(|(_, other)| {
                other.parent == node.parent
                    && other.kind == node.kind
                    && self.reply.node_text(other) == text
            })
            .map(|(index, _)| index)
            .collect()
    }

    fn bridge(&self, at: usize) -> Option<&Bridge> {
        self.topology.bridge(self.section.bridge_of(at)?)
    }

    /// The port of the action `output:NUMBER` that a remark belongs to.
    fn port_before(&self, at: usize) -> Option<&Interface> {
        let mut index = at;
        loop {
            let (before, node) = self.section.before(index)?;
            match node.kind {
                NodeKind::Detail | NodeKind::Warning | NodeKind::Error => index = before,
                NodeKind::Action => {
                    let number = output_port(self.reply.node_text(node))?;
                    let mut interfaces = self.bridge(at)?.interfaces();
                    let (_, interface) =
                        interfaces.find(|(_, i)| i.port_number() == Some(number))?;
                    return Some(interface);
                }
                _ => return None,
            }
        }
    }

    fn tunnel_to(&self, at: usize, address: &str) -> Option<&Interface> {
        let mut interfaces = self.bridge(at)?.interfaces().filter(|(_, interface)| {
            interface.options.get("remote_ip").map(String::as_str) == Some(address)
        });
        match (interfaces.next(), interfaces.next()) {
            (Some((_, only)), None) => Some(only),
            _ => None,
        }
    }

    /// The far end of a tunnel: the configured one, or what a flow has set.
    fn remote(&self, at: usize, port: &Interface) -> Option<String> {
        match port.options.get("remote_ip").map(String::as_str) {
            None => None,
            Some("flow") => {
                let set = self
                    .section
                    .nodes
                    .get(..at)?
                    .iter()
                    .rev()
                    .find_map(|node| {
                        let text = self.reply.node_text(node);
                        let value = text.strip_prefix("set_field:")?;
                        value
                            .strip_suffix("->tun_dst")
                            .or_else(|| value.strip_suffix("->tun_ipv6_dst"))
                    })?;
                Some(set.to_owned())
            }
            Some(address) => Some(address.to_owned()),
        }
    }
}

/// The port of `output:10` or `output(port=2,max_len=100)`.
pub(super) fn output_port(action: &str) -> Option<u32> {
    let number = action.strip_prefix("output:").or_else(|| {
        let arguments = action.strip_prefix("output(port=")?;
        arguments.split([',', ')']).next()
    })?;
    number.parse().ok()
}

/// Whether an action may send the packet somewhere, or look it up again; its outcome is then told by other nodes or by
/// the datapath's actions.
fn leads_on(action: &str) -> bool {
    const LEADING: [&str; 19] = [
        "output",
        "NORMAL",
        "FLOOD",
        "ALL",
        "IN_PORT",
        "LOCAL",
        "CONTROLLER",
        "controller",
        "TABLE",
        "group:",
        "bundle",
        "enqueue",
        "resubmit",
        "goto_table",
        "write_actions",
        "ct(",
        "clone",
        "sample",
        "check_pkt_larger",
    ];
    LEADING.iter().any(|word| action.starts_with(word))
}

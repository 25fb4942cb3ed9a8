//! The tree of a reply, to be shown: with the names of ports and tables, and the patches between bridges.

use std::collections::BTreeMap;

use super::drops::output_port;
use super::labels::Labels;
use super::reply::{Lookup, NodeKind, Reply, Section};
use crate::model::topology::{Bridge, Topology};

/// A line of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The kind: one of [`Step::KINDS`].
    pub kind: &'static str,
    /// How many steps it is within.
    pub depth: usize,
    /// The same, but the last lookup of a flow stands beside the flow: `resubmit` at the end goes on there.
    pub shown_depth: usize,
    /// The recirculation that it is behind; `None` for the packet as it comes in.
    pub recirculation: Option<u32>,
    /// The bridge.
    pub bridge: Option<String>,
    /// The flow table.
    pub table: Option<u8>,
    /// The table by its name, if it has one.
    pub table_name: Option<String>,
    /// Of a flow, its match with its priority; of the others, their text.
    pub text: String,
    /// Of a flow, its priority.
    pub priority: Option<u16>,
    /// Of a flow, its cookie.
    pub cookie: Option<u64>,
    /// Of a bridge behind another one, the port that leads to it, if that is known.
    pub from: Option<String>,
    /// Of a bridge behind another one, its own port.
    pub to: Option<String>,
}

impl Step {
    /// The kinds of steps.
    pub const KINDS: &'static [&'static str] = &[
        "recirculation",
        "bridge",
        "flow",
        "miss",
        "action_set",
        "resumed",
        "action",
        "bucket",
        "detail",
        "warning",
        "error",
        "unknown",
    ];
}

/// How a packet comes from one bridge to the next.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Crossing {
    /// The patch port, if it is known.
    pub from: Option<String>,
    /// Its peer.
    pub to: Option<String>,
    /// Whether the action `NORMAL` or a flood sent it.
    pub by_normal: bool,
    /// Whether it is the outer packet of a tunnel, on its way by the host's routes.
    pub is_underlay: bool,
}

/// The steps of a reply, in its order.
pub fn steps(reply: &Reply, topology: &Topology, labels: &Labels) -> Vec<Step> {
    let mut steps = Vec::new();
    for section in &reply.sections {
        let recirculation = section.recirculation.as_ref();
        let within = usize::from(recirculation.is_some());
        if let Some(recirculation) = recirculation {
            steps.push(Step {
                text: reply
                    .at(&recirculation.what)
                    .replace("use --ct-next to customize", "--ct says otherwise"),
                ..Step::new("recirculation", 0, Some(recirculation.id))
            });
        }
        let shown_depths = shown_depths(section);
        for (at, node) in section.nodes.iter().enumerate() {
            let depth = node.depth + within;
            let bridge = section.bridge_of(at).unwrap_or_default();
            let id = recirculation.map(|recirculation| recirculation.id);
            let table = section.table_of(at).map(|(_, table)| table);
            let text = reply.node_text(node);
            let mut step = Step {
                bridge: (!bridge.is_empty()).then(|| bridge.to_owned()),
                table,
                table_name: table.and_then(|table| labels.table_name(bridge, table)),
                text: text.to_owned(),
                shown_depth: shown_depths.get(at).copied().unwrap_or(depth) + within,
                ..Step::new(kind(&node.kind), depth, id)
            };
            match &node.kind {
                NodeKind::Bridge(name) => {
                    let crossing = crossing(reply, section, at, topology);
                    step.text.clone_from(name);
                    step.from = crossing.from;
                    step.to = crossing.to;
                }
                NodeKind::Table {
                    found:
                        Lookup::Flow {
                            matched,
                            priority,
                            cookie,
                        },
                    ..
                } => {
                    step.text = labels.flow(bridge, reply.at(matched), *priority);
                    step.priority = Some(*priority);
                    step.cookie = Some(*cookie);
                }
                NodeKind::Action => step.text = labels.action(bridge, text),
                _ => {}
            }
            steps.push(step);
        }
    }
    steps
}

impl Step {
    fn new(kind: &'static str, depth: usize, recirculation: Option<u32>) -> Step {
        Step {
            kind,
            depth,
            shown_depth: depth,
            recirculation,
            bridge: None,
            table: None,
            table_name: None,
            text: String::new(),
            priority: None,
            cookie: None,
            from: None,
            to: None,
        }
    }
}

fn kind(kind: &NodeKind) -> &'static str {
    match kind {
        NodeKind::Bridge(_) => "bridge",
        NodeKind::Table {
            found: Lookup::Flow { .. },
            ..
        } => "flow",
        NodeKind::Table { .. } => "miss",
        NodeKind::ActionSet => "action_set",
        NodeKind::Resumed => "resumed",
        NodeKind::Action => "action",
        NodeKind::Bucket(_) => "bucket",
        NodeKind::Detail => "detail",
        NodeKind::Warning => "warning",
        NodeKind::Error => "error",
        NodeKind::Unknown => "unknown",
    }
}

/// The depths at which the nodes of a section are shown.
fn shown_depths(section: &Section) -> Vec<usize> {
    let mut is_last = vec![true; section.nodes.len()];
    let mut last_of: BTreeMap<Option<usize>, usize> = BTreeMap::new();
    for (at, node) in section.nodes.iter().enumerate() {
        if let Some(before) = last_of.insert(node.parent, at)
            && let Some(slot) = is_last.get_mut(before)
        {
            *slot = false;
        }
    }
    let mut depths: Vec<usize> = Vec::with_capacity(section.nodes.len());
    for (node, is_last) in section.nodes.iter().zip(is_last) {
        let of_parent = node.parent.and_then(|parent| depths.get(parent).copied());
        let is_lookup =
            |kind: &NodeKind| matches!(kind, NodeKind::Table { .. } | NodeKind::ActionSet);
        let parent = node.parent.and_then(|parent| section.nodes.get(parent));
        let beside = is_last && is_lookup(&node.kind) && parent.is_some_and(|p| is_lookup(&p.kind));
        depths.push(match of_parent {
            None => 0,
            Some(depth) if beside => depth,
            Some(depth) => depth + 1,
        });
    }
    depths
}

/// How a packet comes to the bridge at a node.
pub fn crossing(reply: &Reply, section: &Section, at: usize, topology: &Topology) -> Crossing {
    let parent = section.nodes.get(at).and_then(|node| node.parent);
    let near = parent.and_then(|parent| section.bridge_of(parent));
    let far = section.bridge_of(at);
    let (Some(near), Some(far)) = (
        near.and_then(|name| topology.bridge(name)),
        far.and_then(|name| topology.bridge(name)),
    ) else {
        return Crossing::default();
    };
    // What sent it there: the action before, with its details in between.
    let mut index = at;
    let mut action = None;
    while let Some((before, node)) = section.before(index) {
        let text = reply.node_text(node);
        match node.kind {
            NodeKind::Action => {
                action = Some(text);
                break;
            }
            NodeKind::Detail if text.starts_with("tunneling ") && index == at => {
                return Crossing {
                    is_underlay: true,
                    ..Crossing::default()
                };
            }
            _ => index = before,
        }
    }
    let patches = patches(near, far);
    let by_number = action.and_then(output_port).and_then(|number| {
        patches
            .iter()
            .find(|patch| patch.number == Some(number))
            .cloned()
    });
    let by_normal = by_number.is_none()
        && action.is_some_and(|action| matches!(action, "NORMAL" | "FLOOD" | "ALL"));
    let patch = match (by_number, patches.as_slice()) {
        (Some(patch), _) => Some(patch),
        (None, [only]) => Some(only.clone()),
        (None, several) => {
            let own = in_port(reply, section, at);
            several
                .iter()
                .find(|patch| own.is_some() && patch.peer_number == own)
                .cloned()
        }
    };
    Crossing {
        from: patch.as_ref().map(|patch| patch.from.to_owned()),
        to: patch.as_ref().map(|patch| patch.to.to_owned()),
        by_normal,
        is_underlay: false,
    }
}

#[derive(Debug, Clone)]
struct PatchPair<'t> {
    from: &'t str,
    to: &'t str,
    number: Option<u32>,
    peer_number: Option<u32>,
}

/// The patch ports of one bridge that lead to another.
fn patches<'t>(near: &'t Bridge, far: &'t Bridge) -> Vec<PatchPair<'t>> {
    let near = near.interfaces().filter_map(|(_, interface)| {
        let peer = interface.peer()?;
        let mut ports = far.interfaces();
        let (_, other) = ports.find(|(_, other)| other.name == peer)?;
        Some(PatchPair {
            from: &interface.name,
            to: &other.name,
            number: interface.port_number(),
            peer_number: other.port_number(),
        })
    });
    near.collect()
}

/// The input port that the first flow of a bridge matches.
fn in_port(reply: &Reply, section: &Section, at: usize) -> Option<u32> {
    let (_, table) = section.children(at).next()?;
    let NodeKind::Table {
        found: Lookup::Flow { matched, .. },
        ..
    } = &table.kind
    else {
        return None;
    };
    let mut pieces = reply.at(matched).split(',');
    pieces.find_map(|piece| piece.strip_prefix("in_port=")?.parse().ok())
}

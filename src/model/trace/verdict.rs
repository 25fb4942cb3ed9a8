//! The results of a trace in the operator's words, and the headline made of them.

use std::fmt::Write as _;

use super::drops::{Drop, DropCause, best, drops, skipped};
use super::labels::Labels;
use super::outputs::{Beyond, Destination, Output, VlanTag, outputs};
use super::ports::DatapathPorts;
use super::reply::{NodeKind, Reply};
use crate::base::shell::word;
use crate::model::topology::{Interface, Topology};
use crate::model::tunnel::TunnelKind;
use crate::openflow::text::{PORT_LOCAL, port_from_v10};
use crate::unixctl::datapaths::BridgePort;

/// What is known of the switch, to name what a reply has in numbers.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'t> {
    /// Bridges, ports and tags.
    pub topology: &'t Topology,
    /// The numbers of the datapath.
    pub ports: &'t DatapathPorts,
    /// The names of ports and tables.
    pub labels: &'t Labels,
}

/// One result: where the packet comes out, or where a copy of it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceResult {
    /// What it is.
    pub kind: ResultKind,
    /// The port, by the name of its interface.
    pub port: Option<String>,
    /// The bridge.
    pub bridge: Option<String>,
    /// The port's own tag: the VLAN within the bridge.
    pub tag: Option<i64>,
    /// The VLAN tags with which it leaves, the outer first; in a tunnel, those of the packet inside.
    pub vlans: Vec<VlanTag>,
    /// The far end of a tunnel.
    pub remote_ip: Option<String>,
    /// The tunnel's key.
    pub key: Option<u64>,
    /// What the key is called: `VNI`, `key`.
    pub key_word: &'static str,
    /// The ports that the outer packet of a tunnel leaves by.
    pub through: Vec<String>,
    /// The flow table where it ends.
    pub table: Option<u8>,
    /// Why it ends, or what is unknown.
    pub reason: Option<String>,
    /// Number of copies.
    pub copies: usize,
    /// Maximum length in bytes, if it is cut.
    pub length: Option<u64>,
    /// Whether only some packets take this way: a sample, or those of some length.
    pub is_sometimes: bool,
    /// The index of the drop in [`Results::drops`].
    pub drop: Option<usize>,
}

/// The kind of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ResultKind {
    /// It reaches a guest, a container, a device of this host.
    Delivered,
    /// It leaves the host by a wire.
    Sent,
    /// It leaves in a tunnel.
    Tunnelled,
    /// It reaches the host itself by a bridge's own port.
    Local,
    /// The controller gets it.
    Controller,
    /// The switch itself takes it: LACP, BFD and others.
    Switch,
    /// Nothing is known from there on.
    Unknown,
    /// It ends.
    Dropped,
}

impl ResultKind {
    /// All words.
    pub const WORDS: &'static [&'static str] = &[
        "delivered",
        "sent",
        "tunnelled",
        "local",
        "controller",
        "switch",
        "unknown",
        "dropped",
    ];

    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            ResultKind::Delivered => "delivered",
            ResultKind::Sent => "sent",
            ResultKind::Tunnelled => "tunnelled",
            ResultKind::Local => "local",
            ResultKind::Controller => "controller",
            ResultKind::Switch => "switch",
            ResultKind::Unknown => "unknown",
            ResultKind::Dropped => "dropped",
        }
    }

    /// Whether it comes out at a port.
    pub fn comes_out(self) -> bool {
        self.is_port() || self == ResultKind::Local
    }

    /// Whether it comes out at a port that is not a bridge's own.
    pub fn is_port(self) -> bool {
        matches!(
            self,
            ResultKind::Delivered | ResultKind::Sent | ResultKind::Tunnelled
        )
    }
}

/// The results of one trace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Results {
    /// Where it comes out first, then where it ends.
    pub results: Vec<TraceResult>,
    /// Where copies of it end.
    pub drops: Vec<Drop>,
    /// Whether a bridge or an action floods.
    pub floods: bool,
}

impl Results {
    /// The results of a reply.
    pub fn of(reply: &Reply, around: Surroundings<'_>) -> Results {
        let is_tunnel = |number: u32| {
            around
                .ports
                .get(number)
                .iter()
                .any(|port| tunnel(around, port).is_some())
        };
        let outputs = outputs(reply, &is_tunnel);
        let mut results: Vec<TraceResult> = outputs
            .iter()
            .map(|output| result(output, reply, around))
            .collect();
        results.extend(consumed(reply));
        let is_open = |kind| results.iter().any(|result| result.kind == kind);
        let unknown = is_open(ResultKind::Unknown);
        let mut drops = drops(reply, around.topology);
        // The hash of the packet is not known while it is traced, and its bucket is chosen by it later.
        drops.retain(|drop| !(unknown && drop.cause == no_live_bucket()));
        results.sort_by(|a, b| (a.kind, &a.bridge, &a.port).cmp(&(b.kind, &b.bridge, &b.port)));
        for (index, drop) in drops.iter().enumerate() {
            results.push(dropped(drop, index, reply, around));
        }
        if results.is_empty() {
            drops = skipped(reply, around.topology);
            for (index, drop) in drops.iter().enumerate() {
                results.push(dropped(drop, index, reply, around));
            }
        }
        if results.is_empty() {
            let reason = "no output, and the reply does not say why".to_owned();
            results.push(TraceResult::new(ResultKind::Dropped, Some(reason)));
        }
        Results {
            results,
            drops,
            floods: floods(reply),
        }
    }

    /// The results of a kind.
    pub fn of_kind(&self, kind: ResultKind) -> impl Iterator<Item = &TraceResult> {
        self.results
            .iter()
            .filter(move |result| result.kind == kind)
    }

    /// Whether nothing comes out anywhere.
    pub fn is_dropped(&self) -> bool {
        self.results
            .iter()
            .all(|result| result.kind == ResultKind::Dropped)
    }

    /// Whether the packet comes out at one of these interfaces.
    pub fn reaches(&self, interfaces: &[String]) -> bool {
        self.results.iter().any(|result| {
            let port = result.port.as_ref();
            result.kind.comes_out() && port.is_some_and(|port| interfaces.contains(port))
        })
    }

    /// Whether it is unknown where else it comes out.
    pub fn is_open(&self) -> bool {
        self.of_kind(ResultKind::Unknown).next().is_some()
    }

    /// The headline: what becomes of the packet, in one line. `target` are the interfaces that it should reach.
    pub fn headline(&self, target: &[String]) -> String {
        let ports: Vec<&TraceResult> = self
            .results
            .iter()
            .filter(|result| result.kind.is_port())
            .collect();
        let mut parts = Vec::new();
        let is_target = |result: &&TraceResult| {
            let port = result.port.as_ref();
            port.is_some_and(|port| target.contains(port))
        };
        match (ports.as_slice(), ports.iter().copied().find(is_target)) {
            ([], _) => {}
            ([only], _) => parts.push(only.text()),
            (several, Some(it)) if !self.floods => {
                let rest = several.iter().filter(|result| !is_target(result));
                let rest: Vec<&str> = rest.map(|result| result.name()).collect();
                parts.push(it.text());
                if !rest.is_empty() {
                    parts.push(format!("and to {}", listed(&rest)));
                }
            }
            (several, it) => {
                let mut names: Vec<&str> = several.iter().map(|result| result.name()).collect();
                // One port may get it with several tags.
                names.dedup();
                let verb = if self.floods { "flooded" } else { "sent" };
                let among = it.map_or_else(String::new, |it| format!(", {} among them", it.name()));
                parts.push(format!(
                    "{verb} to {} ports{among}: {}",
                    names.len(),
                    listed(&names)
                ));
            }
        }
        let locals: Vec<&TraceResult> = self.of_kind(ResultKind::Local).collect();
        match (ports.is_empty(), locals.as_slice()) {
            (_, []) => {}
            (true, [only]) => parts.push(only.text()),
            (_, locals) => {
                let names: Vec<&str> = locals.iter().map(|result| result.name()).collect();
                parts.push(format!("LOCAL of {}", listed(&names)));
            }
        }
        for kind in [
            ResultKind::Controller,
            ResultKind::Switch,
            ResultKind::Unknown,
        ] {
            parts.extend(self.of_kind(kind).map(TraceResult::text));
        }
        let dropped = |index: Option<usize>| {
            let mut results = self.results.iter();
            results.find(|result| index.is_some() && result.drop == index)
        };
        if parts.is_empty() {
            let index = best(&self.drops).and_then(|best| {
                let mut drops = self.drops.iter();
                drops.position(|drop| std::ptr::eq(drop, best))
            });
            let result = dropped(index).or(self.results.first());
            return result.map_or_else(|| "dropped".to_owned(), TraceResult::text);
        }
        if !target.is_empty() && !self.reaches(target) && !self.is_open() {
            parts.insert(0, format!("not to {}", listed(target)));
        }
        for (index, drop) in self.drops.iter().enumerate() {
            if drop.cause.is_fault()
                && let Some(result) = dropped(Some(index))
            {
                let text = result.text();
                if !parts.contains(&text) {
                    parts.push(text);
                }
            }
        }
        parts.join("; ")
    }
}

/// Names that a headline has at most.
const MAX_NAMES: usize = 16;

/// `a, b, c and 5 more`
fn listed<T: AsRef<str>>(names: &[T]) -> String {
    let shown: Vec<&str> = names.iter().take(MAX_NAMES).map(AsRef::as_ref).collect();
    let rest = names.len().saturating_sub(shown.len());
    let more = if rest > 0 {
        format!(" and {rest} more")
    } else {
        String::new()
    };
    format!("{}{more}", shown.join(", "))
}

impl TraceResult {
    fn new(kind: ResultKind, reason: Option<String>) -> TraceResult {
        TraceResult {
            kind,
            port: None,
            bridge: None,
            tag: None,
            vlans: Vec::new(),
            remote_ip: None,
            key: None,
            key_word: "key",
            through: Vec::new(),
            table: None,
            reason,
            copies: 1,
            length: None,
            is_sometimes: false,
            drop: None,
        }
    }

    /// The name of the port, or of the bridge.
    pub fn name(&self) -> &str {
        let name = self.port.as_deref().or(self.bridge.as_deref());
        name.unwrap_or("?")
    }

    /// The result in words: `delivered to tap0 (local tag 1, untagged on the port)`.
    pub fn text(&self) -> String {
        let name = self.name();
        let reason = self.reason.as_deref();
        let mut text = match self.kind {
            ResultKind::Delivered => match self.tag {
                Some(tag) => {
                    format!(
                        "delivered to {name} (local tag {tag}, {} on the port)",
                        self.vlan_words()
                    )
                }
                None => format!("delivered to {name} ({})", self.vlan_words()),
            },
            ResultKind::Sent => format!("sent by {name} {}", self.vlan_words()),
            ResultKind::Tunnelled => self.tunnel_text(),
            ResultKind::Local => format!("to LOCAL of {name} ({})", self.vlan_words()),
            ResultKind::Controller => "to the controller".to_owned(),
            ResultKind::Switch => {
                format!("taken by the switch itself{}", after(": ", reason))
            }
            ResultKind::Unknown => format!("unknown beyond {}", reason.unwrap_or("this point")),
            ResultKind::Dropped => self.drop_text(),
        };
        if self.copies > 1 {
            let _ = write!(text, ", {} times", self.copies);
        }
        if let Some(length) = self.length {
            let _ = write!(text, ", cut to {length} bytes");
        }
        if self.is_sometimes {
            text.push_str(", depending on its length or on sampling");
        }
        text
    }

    /// `as VLAN 66`, `untagged`
    fn vlan_words(&self) -> String {
        let vlan = |tag: &VlanTag| match tag {
            VlanTag::Vlan(0) => "priority tag".to_owned(),
            VlanTag::Vlan(vid) => format!("VLAN {vid}"),
            VlanTag::Unseen => "a tag that the switch does not look at".to_owned(),
        };
        match self.vlans.as_slice() {
            [] => "untagged".to_owned(),
            [first] => format!("as {}", vlan(first)),
            several => {
                let tags: Vec<String> = several.iter().map(vlan).collect();
                format!("as {}", tags.join(", within it "))
            }
        }
    }

    fn tunnel_text(&self) -> String {
        let mut text = "tunnelled".to_owned();
        if let Some(remote) = &self.remote_ip {
            let _ = write!(text, " to {remote}");
        }
        if let Some(key) = self.key {
            let word = self.key_word;
            let _ = write!(text, ", {word} {key}");
        }
        let _ = write!(text, ", by {}", self.name());
        if !self.vlans.is_empty() {
            let _ = write!(text, ", inside {}", self.vlan_words());
        }
        if !self.through.is_empty() {
            let _ = write!(text, " through {}", listed(&self.through));
        }
        text
    }

    fn drop_text(&self) -> String {
        let at = match (&self.port, self.table, &self.bridge) {
            (Some(port), ..) => format!(" at {port}"),
            (None, Some(table), Some(bridge)) => format!(" in table {table} of {bridge}"),
            (None, None, Some(bridge)) => format!(" in {bridge}"),
            _ => String::new(),
        };
        format!("dropped{at}{}", after(": ", self.reason.as_deref()))
    }
}

fn after(mark: &str, text: Option<&str>) -> String {
    text.map_or_else(String::new, |text| format!("{mark}{text}"))
}

fn no_live_bucket() -> DropCause {
    DropCause::Said("no live bucket".to_owned())
}

fn tunnel<'t>(around: Surroundings<'t>, port: &BridgePort) -> Option<&'t Interface> {
    let (_, _, interface) = around.topology.interface(&port.name)?;
    TunnelKind::of(interface.kind()).map(|_| interface)
}

fn result(output: &Output, reply: &Reply, around: Surroundings<'_>) -> TraceResult {
    let mut result = TraceResult {
        vlans: output.tags.clone(),
        copies: output.copies,
        length: output.length,
        is_sometimes: output.is_sometimes,
        ..TraceResult::new(ResultKind::Unknown, None)
    };
    match &output.to {
        Destination::Port(number) => to_port(*number, around, &mut result),
        Destination::Tunnel {
            port,
            header,
            through,
        } => {
            result.kind = ResultKind::Tunnelled;
            result.remote_ip.clone_from(&header.remote);
            result.key = header.key;
            let ports = around.ports.get(*port);
            let found = tunnel_of(
                ports,
                header.remote.as_deref(),
                header.key,
                output.section,
                reply,
                around,
            );
            if let Some(port) = found {
                let kind = tunnel(around, port).map(Interface::kind);
                if matches!(kind, Some("vxlan" | "geneve")) {
                    result.key_word = "VNI";
                }
                result.port = Some(port.name.clone());
                result.bridge = Some(port.bridge.clone());
            } else {
                result.port = Some(format!("port {port} of the datapath"));
            }
            result.through = through
                .iter()
                .map(|number| name_of(*number, around))
                .collect();
        }
        Destination::OutOfTunnel(number) => {
            let name = name_of(*number, around);
            result.reason = Some(format!(
                "the tunnel {name}: the packet inside comes in there"
            ));
        }
        Destination::Bond(bond) => {
            result.reason = Some(format!("the choice of a member of bond {bond}"));
        }
        Destination::Controller => result.kind = ResultKind::Controller,
        Destination::Unknown(beyond) => {
            result.reason = Some(match beyond {
                Beyond::Tracking(arguments) => format!("ct({arguments})"),
                Beyond::Hash => "the choice by the packet's hash".to_owned(),
                Beyond::Recirculation(id) => format!("recirc({id:#x})"),
            });
        }
    }
    result
}

fn name_of(number: u32, around: Surroundings<'_>) -> String {
    match around.ports.get(number) {
        [] => format!("port {number} of the datapath"),
        ports => {
            let names: Vec<&str> = ports.iter().map(|port| port.name.as_str()).collect();
            names.join(" or ")
        }
    }
}

fn to_port(number: u32, around: Surroundings<'_>, result: &mut TraceResult) {
    result.kind = ResultKind::Sent;
    result.port = Some(name_of(number, around));
    let [port] = around.ports.get(number) else {
        return;
    };
    result.bridge = Some(port.bridge.clone());
    if u16::try_from(port.ofport).map(port_from_v10) == Ok(PORT_LOCAL) {
        result.kind = ResultKind::Local;
        return;
    }
    if let Some((_, row, interface)) = around.topology.interface(&port.name) {
        result.tag = row.tag;
        if interface.is_inside() {
            result.kind = ResultKind::Delivered;
        }
    }
}

/// The tunnel of an output, of those that share a port of the datapath: the one with this far end and key; of several,
/// the one that an action of the section outputs to.
fn tunnel_of<'p>(
    ports: &'p [BridgePort],
    remote: Option<&str>,
    key: Option<u64>,
    section: usize,
    reply: &Reply,
    around: Surroundings<'_>,
) -> Option<&'p BridgePort> {
    if let [only] = ports {
        return Some(only);
    }
    let fits = |port: &&BridgePort| {
        let Some(interface) = tunnel(around, port) else {
            return false;
        };
        let option = |name: &str| interface.options.get(name).map(String::as_str);
        let is_open = |value: Option<&str>| matches!(value, None | Some("flow"));
        let far = option("remote_ip");
        let own_key = option("out_key").or(option("key"));
        let has_key = own_key.and_then(|text| text.parse().ok()) == key;
        (is_open(far) || far == remote) && (is_open(own_key) || has_key)
    };
    let mut fitting: Vec<&BridgePort> = ports.iter().filter(fits).collect();
    if fitting.len() > 1 {
        let section = reply.sections.get(section)?;
        let outputs = |port: &&BridgePort| {
            let nodes = section.nodes.iter().enumerate();
            nodes.clone().any(|(at, node)| {
                node.kind == NodeKind::Action
                    && super::drops::output_port(reply.node_text(node)) == Some(port.ofport)
                    && section.bridge_of(at) == Some(&port.bridge)
            })
        };
        let named: Vec<&BridgePort> = fitting.iter().copied().filter(outputs).collect();
        if !named.is_empty() {
            fitting = named;
        }
    }
    match fitting.as_slice() {
        [only] => Some(only),
        _ => None,
    }
}

/// `  - Consists of LACP packets.`: the protocols of the switch itself.
fn consumed(reply: &Reply) -> impl Iterator<Item = TraceResult> {
    let remarks = reply.sections.iter().flat_map(|section| &section.remarks);
    remarks.filter_map(|remark| {
        let what = reply.at(remark).trim().strip_prefix("- Consists of ")?;
        let what = what.trim_end_matches('.').trim_end_matches(" packets");
        Some(TraceResult::new(ResultKind::Switch, Some(what.to_owned())))
    })
}

/// Whether a bridge, or an action, floods.
fn floods(reply: &Reply) -> bool {
    let nodes = reply.sections.iter().flat_map(|section| &section.nodes);
    nodes.into_iter().any(|node| {
        let text = reply.node_text(node);
        match node.kind {
            NodeKind::Detail => text.ends_with("flooding"),
            NodeKind::Action => matches!(text, "FLOOD" | "ALL"),
            _ => false,
        }
    })
}

fn dropped(drop: &Drop, index: usize, reply: &Reply, around: Surroundings<'_>) -> TraceResult {
    let flow = |matched: &std::ops::Range<usize>, priority: u16| {
        let bridge = drop.bridge.as_deref().unwrap_or_default();
        around.labels.flow(bridge, reply.at(matched), priority)
    };
    let reason = match &drop.cause {
        DropCause::Said(words) => match (words.as_str(), &drop.port) {
            ("OFPPC_NO_FWD set, skipping output", Some(port)) => format!(
                "OFPPC_NO_FWD is set on {port}: `ovs port set {} --openflow-config forward` lets packets out",
                word(port)
            ),
            _ => words.clone(),
        },
        DropCause::NoRoute(Some(remote)) => format!("no route to {remote}"),
        DropCause::NoRoute(None) => "no route to the far end of a tunnel".to_owned(),
        DropCause::NoNeighbour { address, bridge } => {
            format!("no neighbour entry for {address} on {bridge}")
        }
        DropCause::Fragment => "it is a fragment, and the bridge drops fragments".to_owned(),
        DropCause::Miss => "no flow matches".to_owned(),
        DropCause::Flow(of) => format!("by the flow {}", flow(&of.matched, of.priority)),
        DropCause::NoOutput(of) => {
            format!("the flow {} has no output", flow(&of.matched, of.priority))
        }
        DropCause::NotExecuted => {
            "the flow's actions are not executed: the port does not receive or forward".to_owned()
        }
        DropCause::ToInputPort => {
            let port = drop.port.as_deref().unwrap_or("the port");
            format!("output to {port}, where it came from, is skipped; IN_PORT sends it back")
        }
    };
    TraceResult {
        // The place is that of the flow which sends it back.
        port: drop
            .port
            .clone()
            .filter(|_| drop.cause != DropCause::ToInputPort),
        bridge: drop.bridge.clone(),
        table: drop.table,
        drop: Some(index),
        ..TraceResult::new(ResultKind::Dropped, Some(reason))
    }
}

//! The requests to ovs-vswitchd, and the ways that the packet may take.

use std::collections::BTreeMap;

use super::reason::explain;
use super::request::Request;
use crate::base::digits::put_pair;
use crate::base::saved::NOT_IN_REPORT;
use crate::base::shell::word;
use crate::commands::switch::SwitchArg;
use crate::commands::{Context, Exit, Failure};
use crate::model::Topology;
use crate::model::trace::exact::exact_flow;
use crate::model::trace::labels::Labels;
use crate::model::trace::outputs::{Beyond, Destination, outputs};
use crate::model::trace::ports::DatapathPorts;
use crate::model::trace::reply::{Node, NodeKind, Reply};
use crate::model::trace::verdict::{Results, Surroundings};
use crate::openflow::fields::{Id, MatchFields};
use crate::unixctl::datapaths::BridgePort;
use crate::unixctl::{Client, ErrorKind};

/// How the switch is asked.
pub(super) struct Ask<'a> {
    pub(super) cx: &'a Context,
    pub(super) topology: &'a Topology,
    /// The states that connection tracking finds, one per recirculation.
    pub(super) states: &'a [String],
    pub(super) hash: Option<u32>,
    pub(super) side_effects: bool,
}

/// What the switch said.
#[derive(Debug)]
pub(super) struct Asked {
    /// The ways that the packet may take: one, unless a group chooses by a hash.
    pub(super) ways: Vec<Way>,
    /// The flow, as it was sent.
    pub(super) flow: String,
    pub(super) labels: Labels,
}

/// A way of the packet.
#[derive(Debug)]
pub(super) struct Way {
    pub(super) reply: Reply,
    pub(super) results: Results,
    /// The hashes that lead here; none if no hash matters.
    pub(super) hashes: Vec<u32>,
}

/// The failure for a host that was saved from these arguments of `--from`.
fn only_saved(sources: &[String]) -> Failure {
    let message = format!("unknown: {NOT_IN_REPORT}the trace, which a running ovs-vswitchd makes");
    let sources = sources
        .iter()
        .map(|source| format!("--from {} ", word(source)));
    let sources: String = sources.collect();
    Failure::not_saved(message).hint(format!(
        "`ovs {sources}sandbox start` replays it into a private Open vSwitch, where the packet can be traced"
    ))
}

/// Maximum number of hashes that a select group tells apart (`MAX_SELECT_GROUP_HASH_VALUES` of ovs-vswitchd).
const MAX_HASHES: u32 = 256;

impl Asked {
    /// The headline of all ways.
    pub(super) fn headline(&self, target: &[String]) -> String {
        match self.ways.as_slice() {
            [only] => only.results.headline(target),
            several => {
                let headlines: Vec<String> = several
                    .iter()
                    .map(|way| way.results.headline(target))
                    .collect();
                format!("one of {}: {}", several.len(), headlines.join(" | "))
            }
        }
    }
}

impl Ask<'_> {
    /// Asks, and once more for each hash that makes a difference.
    pub(super) async fn run(
        &self,
        request: &Request<'_>,
        mut labels: Labels,
    ) -> Result<Asked, Failure> {
        let mut fields = request.fields.clone();
        if let Some(hash) = self.hash {
            fields.set(Id::DP_HASH.row(), &hash.to_be_bytes(), None);
        }
        let flow = text(&fields)?;
        let client = self.cx.host.vswitchd().await?;
        let bridge = &request.bridge.name;
        let reply = self.trace(&client, bridge, &flow, request).await?;
        let ports = DatapathPorts::of_bridge(BridgePort::read_all(&client).await?, bridge);
        let mut replies = vec![(reply, Vec::new())];
        if fields.value(Id::DP_HASH).is_none() && !self.side_effects {
            let choices = self.choices(&client, request, &fields, &replies).await?;
            if !choices.is_empty() {
                replies = choices;
            }
        }
        let replies_bridges = replies.iter().flat_map(|(reply, _)| bridges(reply));
        let mut bridges: Vec<String> = replies_bridges.collect();
        bridges.sort_unstable();
        bridges.dedup();
        for name in bridges {
            let switch = SwitchArg::parse(self.cx, &name)?;
            let mut names = labels.names(&name).clone();
            names.tables = switch.whole_table_names(self.cx).await;
            labels.set(&name, names);
        }
        let around = Surroundings {
            topology: self.topology,
            ports: &ports,
            labels: &labels,
        };
        let mut ways: Vec<Way> = Vec::new();
        for (reply, hashes) in replies {
            let mut results = Results::of(&reply, around);
            let same = ways.iter_mut().find(|way| way.results == results);
            if let Some(way) = same.filter(|_| !hashes.is_empty()) {
                way.hashes.extend(hashes);
                continue;
            }
            explain(self.cx, self.topology, &labels, &reply, &mut results).await;
            ways.push(Way {
                reply,
                results,
                hashes,
            });
        }
        Ok(Asked { ways, flow, labels })
    }

    /// One request.
    async fn trace(
        &self,
        client: &Client,
        bridge: &str,
        flow: &str,
        request: &Request<'_>,
    ) -> Result<Reply, Failure> {
        let mut arguments = vec![bridge.to_owned(), flow.to_owned()];
        for state in self.states {
            arguments.extend(["--ct-next".to_owned(), state.clone()]);
        }
        if self.side_effects {
            arguments.push(match &request.packet {
                Some(bytes) => {
                    let mut hex = String::new();
                    for byte in bytes {
                        put_pair(&mut hex, *byte);
                    }
                    hex
                }
                None => "-generate".to_owned(),
            });
        }
        match client.text("ofproto/trace", &arguments).await {
            Ok(text) => Ok(Reply::parse(text)),
            Err(error) => match (&error.kind, self.cx.host.reach.saved()) {
                (ErrorKind::NotSaved(_), Some(host)) => Err(only_saved(&host.report.sources)),
                _ => Err(error.into()),
            },
        }
    }

    /// The replies for the hashes that a select group tells apart, where the trace stopped for want of one; empty if it
    /// did not, or if a hash does not help.
    async fn choices(
        &self,
        client: &Client,
        request: &Request<'_>,
        fields: &MatchFields,
        first: &[(Reply, Vec<u32>)],
    ) -> Result<Vec<(Reply, Vec<u32>)>, Failure> {
        let Some((first, _)) = first.first() else {
            return Ok(Vec::new());
        };
        if !stops_at_hash(first) {
            return Ok(Vec::new());
        }
        let mut replies: BTreeMap<u32, Reply> = BTreeMap::new();
        let mut mask = 0;
        let mut hash = 1;
        // Every value of the bits that are looked at; a trace may show that more of them are.
        while hash <= mask.max(1) + 1 && hash <= MAX_HASHES {
            let mut fields = fields.clone();
            fields.set(Id::DP_HASH.row(), &hash.to_be_bytes(), None);
            let reply = self
                .trace(client, &request.bridge.name, &text(&fields)?, request)
                .await?;
            mask |= hash_mask(&reply);
            replies.insert(hash, reply);
            hash += 1;
        }
        if mask == 0 {
            return Ok(Vec::new());
        }
        let replies = replies.into_iter();
        Ok(replies.map(|(hash, reply)| (reply, vec![hash])).collect())
    }
}

fn text(fields: &MatchFields) -> Result<String, Failure> {
    exact_flow(fields).map_err(|key| {
        let message = format!("FLOW: {key} has a mask, and a packet has one value");
        Failure::new(Exit::Usage, message)
    })
}

/// Whether a way ends because the packet's hash is not known.
fn stops_at_hash(reply: &Reply) -> bool {
    let outputs = outputs(reply, &|_| false);
    let at_hash = |destination: &Destination| *destination == Destination::Unknown(Beyond::Hash);
    outputs.iter().any(|output| at_hash(&output.to))
}

/// How many lookups after connection tracking a reply has.
pub(super) fn lookups_by_ct(reply: &Reply) -> usize {
    let nodes = reply.sections.iter().flat_map(|section| &section.nodes);
    let is_one = |node: &&Node| {
        let text = reply.node_text(node);
        text.starts_with("ct(") && text.contains("table=")
    };
    nodes.filter(is_one).count()
}

/// The bits of the hash that are looked at: `dp_hash=0x5/0xf` in the flow that the datapath would match.
pub(super) fn hash_mask(reply: &Reply) -> u32 {
    let masks = reply.sections.iter().map(|section| {
        let mut pieces = reply.at(&section.megaflow).split(',');
        let value = pieces.find_map(|piece| piece.strip_prefix("dp_hash="));
        match value.map(|value| value.split_once("/0x")) {
            None => 0,
            Some(None) => MAX_HASHES - 1,
            Some(Some((_, mask))) => u32::from_str_radix(mask, 16).unwrap_or(MAX_HASHES - 1),
        }
    });
    masks.fold(0, |all, mask| all | mask).min(MAX_HASHES - 1)
}

/// The names of the bridges of a reply.
fn bridges(reply: &Reply) -> impl Iterator<Item = String> {
    let nodes = reply.sections.iter().flat_map(|section| &section.nodes);
    nodes.filter_map(|node| match &node.kind {
        NodeKind::Bridge(name) => Some(name.clone()),
        _ => None,
    })
}

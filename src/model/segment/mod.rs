//! What a bridge's VLAN tags are on the wire: the segment that each is translated to, from the flows.
//!
//! A tag has a meaning on its bridge only. Neutron's agent makes one up for each network of a host, and
//! flows translate it: into the provider's VLAN on a bridge behind a patch, into a tunnel key (VNI), into
//! no tag at all; and back. So packets are followed through the flows of all the bridges that hang
//! together: out, from the ports of a tag to the wires and tunnels; and in, from each of these with
//! every tag and key that may matter. How the flows spell a translation, and over how many tables, is
//! the same to that.
//!
//! | file | what is in it |
//! |---|---|
//! | `packet` | a packet, as far as it matters here: tags, fields, action set |
//! | `contents` | what is known of its fields |
//! | `class` | which headers flows match on, however many flows there are |
//! | `proof` | whether there is a packet that takes a way |
//! | `steps` | what flows do, as far as it matters here |
//! | `rules` | flows and groups; those that do the same are one |
//! | `pipeline` | the rules of a bridge, found by packet |
//! | `network` | bridges, ports and patches |
//! | `walk`, `way` | the ways of packets through tables and actions |
//! | `delivery`, `tracking` | ports, groups and bridges on them; connection tracking |
//! | `survey`, `finding` | the walks from and to one bridge, and what they found, how surely |
//! | `rows` | the lines that come of it |
//! | `record` | what Neutron's agent wrote down |

mod class;
mod contents;
mod delivery;
mod finding;
mod network;
mod packet;
mod pipeline;
mod proof;
mod record;
mod rows;
mod rules;
mod steps;
mod survey;
mod tracking;
mod walk;
mod way;

use std::collections::BTreeMap;

pub use network::Network;
pub use record::Record;
pub use rules::FlowRules;

use super::topology::{Bridge, Interface, Port};
use pipeline::Pipeline;
use proof::Budget;
use survey::Survey;

/// A tag of a bridge, and a segment that it is; a tag that is several has a line for each.
#[derive(Debug, Clone, PartialEq)]
pub struct TagLine<'t> {
    /// The bridge.
    pub bridge: &'t Bridge,
    /// The VLAN there.
    pub tag: i64,
    /// The ports that bear it, by name.
    pub ports: Vec<&'t Port>,
    /// The patch ports of the bridge that lead to the segment.
    pub patches: Vec<&'t Interface>,
    /// The segment; `None`: nothing leaves.
    pub segment: Option<Segment<'t>>,
    /// Whether it works.
    pub state: TagState,
    /// Why the state is `ambiguous` or `unknown`, or why there may be more segments; empty: nothing to say.
    pub note: String,
    /// What Neutron's agent wrote down of it.
    pub record: Option<Record<'t>>,
    /// The keys of the record in which it differs from the flows, or its ports from each other.
    pub differs: Vec<&'static str>,
    /// The patches that packets of the tag pass on their way out, to whatever segment.
    pub hops: Vec<Hop<'t>>,
}

/// A patch that packets pass.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hop<'t> {
    /// Where they leave a bridge.
    pub from: (&'t Bridge, &'t Interface),
    /// Where they come to the next.
    pub to: (&'t Bridge, &'t Interface),
    /// The VLAN tag that they bear there; `None`: untagged.
    pub vlan: Option<u16>,
}

/// What a tag is outside.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment<'t> {
    /// `flat`, `vlan`, or the type of the tunnels: `vxlan`, `gre`, `geneve`, …
    pub kind: &'t str,
    /// The provider's VLAN, or the tunnel key; `None` where packets are untagged.
    pub id: Option<u64>,
    /// The VLAN tag that packets bear inside the tunnel, or behind the provider's.
    pub inner_vlan: Option<u16>,
    /// The bridge that it leaves by; `None` where the patch to it leads nowhere.
    pub leaves_by: Option<&'t Bridge>,
    /// The wires or tunnels, by name.
    pub exits: Vec<SegmentExit<'t>>,
    /// Whether packets with the tag get there.
    pub outbound: bool,
    /// Whether packets from there get the tag.
    pub inbound: bool,
    /// Whether it is every VLAN, or every key, that no flow names; `id` is then `None`.
    pub is_any: bool,
}

/// A wire or tunnel of a segment.
#[derive(Debug, Clone, PartialEq)]
pub struct SegmentExit<'t> {
    /// The port.
    pub port: &'t Port,
    /// Its interface; a bond has several.
    pub interface: &'t Interface,
    /// How packets with the tag get there; `None`: they only come from there.
    pub outbound: Option<Outbound<'t>>,
}

/// A way out.
#[derive(Debug, Clone, PartialEq)]
pub struct Outbound<'t> {
    /// The patches on it, in their order.
    pub route: Vec<Hop<'t>>,
    /// The state of the segment, or why it is not certain of this way.
    pub state: TagState,
}

/// Whether a tag and its segment fit each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagState {
    /// One tag, one segment, both directions.
    Ok,
    /// No flow takes packets in.
    NoInbound,
    /// No flow lets packets out.
    NoOutbound,
    /// Nothing leaves, nothing enters.
    Local,
    /// The tag is several segments, or several tags are the segment.
    Conflict,
    /// Flows translate it, but the patch between them does not work.
    BrokenPatch,
    /// Whether packets go there is the switch's choice between flows of equal priority.
    Ambiguous,
    /// Whether packets go there could not be found out.
    Unknown,
}

impl TagLine<'_> {
    /// Whether packets leave.
    pub fn leaves(&self) -> bool {
        self.segment
            .as_ref()
            .is_some_and(|segment| segment.outbound)
    }

    /// Whether it is of the same segment as another.
    pub fn is_of(&self, other: &TagLine<'_>) -> bool {
        let segment = |line: &TagLine<'_>| {
            let segment = line.segment.as_ref()?;
            let bridge = segment.leaves_by.map(|bridge| bridge.name.clone());
            Some((
                segment.kind.to_owned(),
                segment.id,
                segment.inner_vlan,
                bridge,
            ))
        };
        segment(self).is_some_and(|own| segment(other) == Some(own))
    }

    fn set_conflict(&mut self) {
        let is_sure = |state: TagState| {
            matches!(
                state,
                TagState::Ok | TagState::NoInbound | TagState::NoOutbound
            )
        };
        if is_sure(self.state) {
            self.state = TagState::Conflict;
        }
        let exits = self
            .segment
            .iter_mut()
            .flat_map(|segment| &mut segment.exits);
        for way in exits.filter_map(|exit| exit.outbound.as_mut()) {
            if is_sure(way.state) {
                way.state = TagState::Conflict;
            }
        }
    }
}

impl TagState {
    /// Every word that [`TagState::word`] returns.
    pub const WORDS: &[&str] = &[
        "ok",
        "no-inbound",
        "no-outbound",
        "local",
        "conflict",
        "broken-patch",
        "ambiguous",
        "unknown",
    ];

    /// `ok`, `no-inbound`, `no-outbound`, `local`, `conflict`, `broken-patch`, `ambiguous` or `unknown`.
    pub fn word(self) -> &'static str {
        match self {
            TagState::Ok => "ok",
            TagState::NoInbound => "no-inbound",
            TagState::NoOutbound => "no-outbound",
            TagState::Local => "local",
            TagState::Conflict => "conflict",
            TagState::BrokenPatch => "broken-patch",
            TagState::Ambiguous => "ambiguous",
            TagState::Unknown => "unknown",
        }
    }
}

/// The tags of the network's homes, by bridge and tag. `flows` has the flows of each of
/// [`Network::bridges_that_matter`] under its name; a bridge without some passes nothing on.
pub fn tag_lines<'t>(network: &Network<'t>, flows: BTreeMap<&str, FlowRules>) -> Vec<TagLine<'t>> {
    let pipelines = pipelines(network, flows);
    let budget = budget(&pipelines);
    let survey =
        |home: &usize| Some(Survey::of(network, &pipelines, *home, None, &budget)?.lines());
    network.homes.iter().filter_map(survey).flatten().collect()
}

/// Whether a port is one whose own packets are followed: it belongs to one VLAN, or a guest's that tags its
/// packets itself. Others are wires, tunnels and patches, which the tags of others pass.
pub fn is_of_guest(bridge: &Bridge, port: &Port) -> bool {
    network::is_of_guest(bridge, port)
}

/// The same for the packets of one port of a home: of its tag, or, of a port that carries several VLANs, of each
/// that leads anywhere; 0 is untagged.
pub fn port_lines<'t>(
    network: &Network<'t>,
    flows: BTreeMap<&str, FlowRules>,
    port: &'t Port,
) -> Vec<TagLine<'t>> {
    let pipelines = pipelines(network, flows);
    let budget = budget(&pipelines);
    let of =
        |home: &usize, port| Some(Survey::of(network, &pipelines, *home, port, &budget)?.lines());
    let mut lines: Vec<TagLine<'t>> = Vec::new();
    for home in &network.homes {
        lines.extend(of(home, Some(port)).into_iter().flatten());
        // Whether a segment is another tag's too is known of all tags.
        for other in of(home, None).into_iter().flatten() {
            if other.state == TagState::Conflict {
                let same = |line: &&mut TagLine<'_>| line.tag == other.tag && line.is_of(&other);
                lines
                    .iter_mut()
                    .filter(same)
                    .for_each(TagLine::set_conflict);
            }
        }
    }
    lines
}

fn pipelines(network: &Network<'_>, mut flows: BTreeMap<&str, FlowRules>) -> Vec<Option<Pipeline>> {
    let pipeline = |member: &network::Member<'_>| {
        Some(Pipeline::of(flows.remove(member.bridge.name.as_str())?))
    };
    network.members.iter().map(pipeline).collect()
}

/// Work that proofs may do, for each rule and whatever their number: the time is of the order that the switch
/// takes to send the flows.
const WORK_PER_RULE: u64 = 10;
const WORK_AT_LEAST: u64 = 2_000_000;

fn budget(pipelines: &[Option<Pipeline>]) -> Budget {
    let rules = pipelines.iter().flatten().map(|it| it.len() as u64);
    let work = rules.sum::<u64>().saturating_mul(WORK_PER_RULE);
    Budget::new(work.saturating_add(WORK_AT_LEAST))
}

//! The meaning of a bridge's VLAN tags on the wire: the segment that flows translate each to.
//!
//! A tag is local to its bridge. Neutron's agent assigns one to each network of a host, and flows translate
//! it: to the provider's VLAN on a bridge behind a patch, to a tunnel key (VNI), or to untagged; and back. So
//! packets are followed through the flows of all connected bridges: outwards, from the ports of a tag to the
//! wires and tunnels; and inwards, from each of these with every tag and key that may matter. The result does
//! not depend on how the flows express a translation, or over how many tables.
//!
//! | file | contents |
//! |---|---|
//! | `packet` | the relevant parts of a packet: tags, fields, action set |
//! | `contents` | the known contents of its fields |
//! | `class` | the headers that flows match on, stored compactly |
//! | `proof` | whether there is a packet for a path |
//! | `steps` | the relevant effects of flows |
//! | `rules` | flows and groups; flows with equal effects are merged |
//! | `pipeline` | the rules of a bridge, and their lookup |
//! | `network` | bridges, ports and patches |
//! | `walk`, `way` | the paths of packets through tables and actions |
//! | `delivery`, `tracking` | outputs to ports, groups and bridges; connection tracking |
//! | `survey`, `finding` | the walks from and to one bridge, and their results |
//! | `rows`, `tag_line` | the rows made from the results |
//! | `record` | the data that Neutron's agent stores |

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
mod tag_line;
mod tracking;
mod walk;
mod way;

use std::collections::BTreeMap;

pub use network::Network;
pub use record::Record;
pub use rules::FlowRules;
pub use tag_line::{Hop, Outbound, Segment, SegmentExit, TagLine, TagState};

use super::budget::Budget;
use super::topology::{Bridge, Port};
use pipeline::Pipeline;
use survey::Survey;

/// The tags of the network's homes, by bridge and tag. `flows` contains the flows of each of
/// [`Network::bridges_that_matter`] under its name; a bridge without an entry drops everything.
pub fn tag_lines<'t>(network: &Network<'t>, flows: BTreeMap<&str, FlowRules>) -> Vec<TagLine<'t>> {
    let pipelines = pipelines(network, flows);
    let budget = budget(&pipelines);
    let survey =
        |home: &usize| Some(Survey::of(network, &pipelines, *home, None, &budget)?.lines());
    network.homes.iter().filter_map(survey).flatten().collect()
}

/// Whether the packets of a port are followed: it belongs to one VLAN, or to a guest that sends tagged
/// packets. Other ports are wires, tunnels and patches, which packets of tags pass.
pub fn is_of_guest(bridge: &Bridge, port: &Port) -> bool {
    network::is_of_guest(bridge, port)
}

/// Like [`tag_lines`], for the packets of one port of a home: its tag, or, if it carries several VLANs, each that
/// leads anywhere; 0 is untagged.
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
        // Whether a segment has other tags, too, requires the results for all tags.
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
        let flows = flows.remove(member.bridge.name.as_str())?;
        Some(Pipeline::of(flows, |ofport| member.is_live(ofport)))
    };
    network.members.iter().map(pipeline).collect()
}

/// The work that proofs may do, per rule and as a minimum, in cubes and classes tested, of some hundred
/// nanoseconds each: the total time is of the order of the time that the switch takes to send the flows.
const WORK_PER_RULE: u64 = 10;
const WORK_AT_LEAST: u64 = 2_000_000;

fn budget(pipelines: &[Option<Pipeline>]) -> Budget {
    let rules = pipelines.iter().flatten().map(|it| it.len() as u64);
    let work = rules.sum::<u64>().saturating_mul(WORK_PER_RULE);
    Budget::new(work.saturating_add(WORK_AT_LEAST))
}

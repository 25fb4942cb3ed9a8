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
//! | `rows`, `tag_line` | the lines that come of it |
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
        let flows = flows.remove(member.bridge.name.as_str())?;
        Some(Pipeline::of(flows, |ofport| member.is_live(ofport)))
    };
    network.members.iter().map(pipeline).collect()
}

/// Work that proofs may do, for each rule and whatever their number, in cubes and classes looked at, some hundred
/// nanoseconds each: the time is of the order that the switch
/// takes to send the flows.
const WORK_PER_RULE: u64 = 10;
const WORK_AT_LEAST: u64 = 2_000_000;

fn budget(pipelines: &[Option<Pipeline>]) -> Budget {
    let rules = pipelines.iter().flatten().map(|it| it.len() as u64);
    let work = rules.sum::<u64>().saturating_mul(WORK_PER_RULE);
    Budget::new(work.saturating_add(WORK_AT_LEAST))
}

//! Makes the rows of `tag map` from the results of the walks.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::finding::{Outside, TagFinding};
use super::packet::Doubt;
use super::record::Record;
use super::survey::Survey;
use super::tag_line::{Hop, Outbound, Segment, SegmentExit, TagLine, TagState};
use super::walk::Crossing;
use crate::base::order::sort_by_name;
use crate::model::topology::Interface;

/// A segment that stands for every VLAN or key without a flow, and its wires and tunnels.
type Anything<'t> = ((i64, Outside<'t>), BTreeSet<(usize, u32)>);

impl<'t> Survey<'_, 't> {
    /// The results, one row for each tag and segment.
    pub(super) fn lines(mut self) -> Vec<TagLine<'t>> {
        self.settle();
        let mut segments: BTreeMap<i64, usize> = BTreeMap::new();
        let mut owners: BTreeMap<Outside<'t>, usize> = BTreeMap::new();
        let sure = self.found.iter().filter(|(_, finding)| finding.is_sure());
        for ((tag, outside), _) in sure {
            *segments.entry(*tag).or_default() += 1;
            *owners.entry(*outside).or_default() += 1;
        }
        let mut lines = Vec::new();
        for (tag, ports) in &self.tags {
            let record = Record::of(ports);
            let line = |segment: Option<Segment<'t>>, patches, state, note| {
                let (kind, id) = match &segment {
                    Some(segment) => (segment.kind, segment.id),
                    None => ("local", None),
                };
                let differs = record.as_ref().map(|record| record.differs(*tag, kind, id));
                TagLine {
                    bridge: self.member.bridge,
                    tag: *tag,
                    ports: ports.clone(),
                    patches,
                    segment,
                    state,
                    note,
                    record: record.clone(),
                    hops: self.hops(self.hops.get(tag).into_iter().flatten()),
                    differs: differs.unwrap_or_default(),
                }
            };
            let of_tag = self.found.iter().filter(|((of, _), _)| of == tag);
            let before = lines.len();
            let doubt = self.doubts.get(tag).copied();
            let of_tag = of_tag.flat_map(|((_, outside), finding)| {
                let parts = finding.by_direction();
                parts.into_iter().map(move |part| (outside, part))
            });
            for (outside, finding) in of_tag {
                let finding = &finding;
                let several = segments.get(tag).is_some_and(|count| *count > 1)
                    || owners.get(outside).is_some_and(|count| *count > 1);
                let state = finding.state(several && finding.is_sure());
                let patches = self.patches(&finding.through);
                let segment = self.segment(outside, finding, state);
                let mut note = self.note(finding, state, doubt);
                if outside.is_any {
                    let what = if outside.kind == "vlan" {
                        "VLAN"
                    } else {
                        "key"
                    };
                    let any = format!("any {what} that no flow names");
                    note = if note.is_empty() {
                        any
                    } else {
                        format!("{any}; {note}")
                    };
                }
                lines.push(line(Some(segment), patches, state, note));
            }
            if lines.len() == before {
                let said_local = record
                    .as_ref()
                    .and_then(|record| record.get("network_type"));
                let silent: BTreeSet<u32> = self.silent.iter().copied().collect();
                // The networks behind each are known, and do not include this tag.
                let explained = silent.len() <= self.loose.len();
                if let Some(why) = doubt.or(self.inward_doubt) {
                    lines.push(line(
                        None,
                        Vec::new(),
                        TagState::Unknown,
                        why.words().to_owned(),
                    ));
                } else if explained || said_local == Some("local") {
                    if self.focus.is_none() || *tag == 0 || self.tags.len() == 1 {
                        lines.push(line(None, Vec::new(), TagState::Local, String::new()));
                    }
                } else if self.focus.is_none() || self.tags.len() == 1 {
                    let patches = self.patches(&silent);
                    lines.push(line(None, patches, TagState::BrokenPatch, String::new()));
                }
            }
        }
        lines
    }

    /// The reason for the state, if the state alone does not say it.
    fn note(&self, finding: &TagFinding, state: TagState, doubt: Option<Doubt>) -> String {
        let directions = [finding.outbound, finding.inbound];
        match state {
            TagState::Ambiguous => {
                let choice = directions
                    .iter()
                    .find_map(|evidence| evidence.only_choice());
                choice.map_or_else(String::new, |choice| {
                    let bridge = self.network.members.get(choice.bridge);
                    format!(
                        "table {} of {} has flows of one priority ({}) that match the same packets; \
                         the switch may use any of them",
                        choice.table,
                        bridge.map_or("-", |member| member.bridge.name.as_str()),
                        choice.priority
                    )
                })
            }
            TagState::Unknown => {
                let doubt = directions.iter().find_map(|evidence| evidence.only_doubt());
                doubt.map_or_else(String::new, |doubt| doubt.words().to_owned())
            }
            _ => doubt.map_or_else(String::new, |why| {
                format!("there may be more segments: {}", why.words())
            }),
        }
    }

    /// Merges results for the same segment, and removes those that count only if there is nothing better.
    fn settle(&mut self) {
        // Neither end of the patch has a peer: one shows what enters, the other what leaves.
        let nowhere: Vec<(i64, Outside<'t>)> = self
            .found
            .keys()
            .filter(|(_, outside)| outside.bridge.is_none())
            .copied()
            .collect();
        for key in nowhere {
            let same = |(other, finding): &(&(i64, Outside<'t>), &mut TagFinding)| {
                let outside = Outside {
                    bridge: None,
                    ..other.1
                };
                (other.0, outside) == key && other.1.bridge.is_some() && !finding.works
            };
            let Some(near) = self.found.remove(&key) else {
                continue;
            };
            if let Some((_, far)) = self.found.iter_mut().find(same) {
                far.inbound = near.inbound;
                far.through.extend(near.through);
            } else {
                self.found.insert(key, near);
            }
        }
        let outside = self.found.keys().filter(|(_, outside)| !outside.is_host);
        let better: HashSet<i64> = outside.map(|(tag, _)| *tag).collect();
        self.found
            .retain(|(tag, outside), _| !outside.is_host || !better.contains(tag));
        // If every VLAN or key is accepted, one that a flow names is not a segment of its own.
        let any: Vec<Anything<'t>> = self
            .found
            .iter()
            .filter(|((_, outside), _)| outside.is_any)
            .map(|(key, finding)| (*key, finding.exits.keys().copied().collect()))
            .collect();
        self.found.retain(|(tag, outside), finding| {
            let covers = |((of, all), exits): &Anything<'t>| {
                (*of, all.bridge, all.kind) == (*tag, outside.bridge, outside.kind)
                    && finding.exits.keys().all(|exit| exits.contains(exit))
            };
            outside.is_any || finding.outbound.is_there() || !any.iter().any(covers)
        });
    }

    fn hops<'c>(&self, crossings: impl Iterator<Item = &'c Crossing>) -> Vec<Hop<'t>> {
        let end = |(bridge, ofport): (usize, u32)| {
            let member = self.network.members.get(bridge)?;
            Some((member.bridge, member.ports.get(&ofport)?.interface))
        };
        crossings
            .filter_map(|hop| {
                Some(Hop {
                    from: end(hop.from)?,
                    to: end(hop.to)?,
                    vlan: hop.tags.outer.filter(|vid| *vid != 0),
                })
            })
            .collect()
    }

    fn patches(&self, numbers: &BTreeSet<u32>) -> Vec<&'t Interface> {
        let place = |number| self.member.ports.get(number);
        let mut patches: Vec<&'t Interface> = numbers
            .iter()
            .filter_map(|number| Some(place(number)?.interface))
            .collect();
        sort_by_name(&mut patches, |patch| &patch.name);
        patches
    }

    fn segment(&self, outside: &Outside<'t>, finding: &TagFinding, state: TagState) -> Segment<'t> {
        let exits = finding.exits.iter().filter_map(|(at, way)| {
            let place = self.network.place(at.0, at.1)?;
            Some((place, way))
        });
        let mut exits: Vec<SegmentExit<'t>> = exits
            .map(|(place, way)| SegmentExit {
                port: place.port,
                interface: place.interface,
                outbound: way.outbound.is_there().then(|| Outbound {
                    route: self.hops(way.route.iter()),
                    state: match (way.outbound.only_doubt(), way.outbound.only_choice()) {
                        (Some(_), _) => TagState::Unknown,
                        (None, Some(_)) => TagState::Ambiguous,
                        (None, None) => state,
                    },
                }),
            })
            .collect();
        sort_by_name(&mut exits, |exit| &exit.interface.name);
        let bridge = outside
            .bridge
            .and_then(|index| self.network.members.get(index));
        Segment {
            kind: outside.kind,
            id: outside.id,
            inner_vlan: outside.inner_vlan,
            leaves_by: bridge.map(|member| member.bridge),
            exits,
            outbound: finding.outbound.is_there(),
            inbound: finding.inbound.is_there(),
            is_any: outside.is_any,
        }
    }
}

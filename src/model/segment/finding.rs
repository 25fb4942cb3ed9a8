//! The results of the walks for a tag and a segment, with their certainty.

use std::collections::{BTreeMap, BTreeSet};

use super::network::{InterfaceRole, NetworkPort};
use super::packet::{Choice, Doubt, Tags};
use super::tag_line::TagState;
use super::walk::Crossing;
use crate::model::tunnel::Key;

/// The identity of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Outside<'t> {
    pub(super) bridge: Option<usize>,
    pub(super) kind: &'t str,
    pub(super) id: Option<u64>,
    /// Whether it stands for every VLAN or key that no flow names.
    pub(super) is_any: bool,
    /// Whether it is this host itself, which counts only if there is no wire or tunnel.
    pub(super) is_host: bool,
    pub(super) inner_vlan: Option<u16>,
}

/// The results for a tag and a segment.
#[derive(Debug, Default, Clone)]
pub(super) struct TagFinding {
    pub(super) outbound: Evidence,
    pub(super) inbound: Evidence,
    /// Whether any path there uses working patches only.
    pub(super) works: bool,
    pub(super) exits: BTreeMap<(usize, u32), WayOut>,
    pub(super) through: BTreeSet<u32>,
}

/// The results for a wire or tunnel of a segment.
#[derive(Debug, Default, Clone)]
pub(super) struct WayOut {
    pub(super) outbound: Evidence,
    pub(super) inbound: Evidence,
    /// The patches on the path there.
    pub(super) route: Vec<Crossing>,
}

/// The certainty of a direction.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Evidence {
    pub(super) is_proven: bool,
    pub(super) choice: Option<Choice>,
    pub(super) doubt: Option<Doubt>,
}

impl Evidence {
    pub(super) fn add(&mut self, choice: Option<Choice>, doubt: Option<Doubt>) {
        match (choice, doubt) {
            (None, None) => self.is_proven = true,
            (choice, None) => self.choice = self.choice.or(choice),
            (_, doubt) => self.doubt = self.doubt.or(doubt),
        }
    }

    fn merge(&mut self, other: Evidence) {
        self.is_proven |= other.is_proven;
        self.choice = self.choice.or(other.choice);
        self.doubt = self.doubt.or(other.doubt);
    }

    pub(super) fn is_there(self) -> bool {
        self.is_proven || self.choice.is_some() || self.doubt.is_some()
    }

    /// The choice of the switch on which the path depends.
    pub(super) fn only_choice(self) -> Option<Choice> {
        self.choice.filter(|_| !self.is_proven)
    }

    pub(super) fn only_doubt(self) -> Option<Doubt> {
        self.doubt
            .filter(|_| !self.is_proven && self.choice.is_none())
    }
}

impl TagFinding {
    /// Separate by direction if packets leave and enter by different wires or tunnels.
    pub(super) fn by_direction(&self) -> Vec<TagFinding> {
        let mut parts: BTreeMap<(bool, bool), TagFinding> = BTreeMap::new();
        for (place, way) in &self.exits {
            let directions = (way.outbound.is_there(), way.inbound.is_there());
            let part = parts.entry(directions).or_insert_with(|| TagFinding {
                works: self.works,
                through: self.through.clone(),
                ..TagFinding::default()
            });
            part.outbound.merge(way.outbound);
            part.inbound.merge(way.inbound);
            part.exits.insert(*place, way.clone());
        }
        if parts.len() < 2 {
            return vec![self.clone()];
        }
        parts.into_values().rev().collect()
    }

    /// Whether the direction exists, whichever flows the switch chooses.
    pub(super) fn is_sure(&self) -> bool {
        self.outbound.is_proven || self.inbound.is_proven
    }

    pub(super) fn state(&self, several: bool) -> TagState {
        let directions = [self.outbound, self.inbound];
        let any = |is: fn(Evidence) -> bool| directions.iter().any(|evidence| is(*evidence));
        if !self.works {
            TagState::BrokenPatch
        } else if any(|evidence| evidence.only_doubt().is_some()) {
            TagState::Unknown
        } else if any(|evidence| evidence.only_choice().is_some()) {
            TagState::Ambiguous
        } else if several {
            TagState::Conflict
        } else if !self.outbound.is_there() {
            TagState::NoOutbound
        } else if !self.inbound.is_there() {
            TagState::NoInbound
        } else {
            TagState::Ok
        }
    }
}

/// The segment of packets at a port.
pub(super) fn outside<'t>(
    bridge: usize,
    place: &NetworkPort<'t>,
    (tags, tun_id): (Tags, u64),
    is_inbound: bool,
) -> Outside<'t> {
    match &place.role {
        InterfaceRole::Tunnel(tunnel) => {
            let key = if is_inbound {
                tunnel.in_key
            } else {
                tunnel.out_key
            };
            Outside {
                bridge: Some(bridge),
                kind: tunnel.kind(),
                id: Some(match key {
                    Key::Flow => tun_id,
                    key => fixed(key),
                }),
                is_any: false,
                is_host: false,
                inner_vlan: tags.outer.filter(|vid| *vid != 0),
            }
        }
        role => Outside {
            is_host: matches!(role, InterfaceRole::Local),
            ..on_wire(Some(bridge), tags)
        },
    }
}

pub(super) fn on_wire<'t>(bridge: Option<usize>, tags: Tags) -> Outside<'t> {
    match tags.outer.filter(|vid| *vid != 0) {
        Some(vid) => Outside {
            bridge,
            kind: "vlan",
            id: Some(vid.into()),
            is_any: false,
            is_host: false,
            inner_vlan: tags.inner,
        },
        None => Outside {
            bridge,
            kind: "flat",
            id: None,
            is_any: false,
            is_host: false,
            inner_vlan: tags.inner,
        },
    }
}

/// The key of a tunnel, if all its packets have the same.
pub(super) fn fixed(key: Key<'_>) -> u64 {
    match key {
        Key::Number(number) => number,
        Key::None | Key::Flow | Key::Other(_) => 0,
    }
}

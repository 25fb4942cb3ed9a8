//! A row of `tag map`: a tag, its segment, and the state of the translation.

use super::record::Record;
use crate::model::topology::{Bridge, Interface, Port};

/// A tag of a bridge and its segment; a tag with several segments has several rows.
#[derive(Debug, Clone, PartialEq)]
pub struct TagLine<'t> {
    /// The bridge.
    pub bridge: &'t Bridge,
    /// The VLAN there.
    pub tag: i64,
    /// The ports with this tag, by name.
    pub ports: Vec<&'t Port>,
    /// The patch ports of the bridge that lead to the segment.
    pub patches: Vec<&'t Interface>,
    /// The segment; `None` if no packets leave.
    pub segment: Option<Segment<'t>>,
    /// The state of the translation.
    pub state: TagState,
    /// The reason for the state `ambiguous` or `unknown`, or why there may be more segments; empty if there
    /// is none.
    pub note: String,
    /// The data that Neutron's agent stores about it.
    pub record: Option<Record<'t>>,
    /// The keys of the record whose values differ from the flows, or among the ports.
    pub differs: Vec<&'static str>,
    /// The patches that packets of the tag pass on their way out, to any segment.
    pub hops: Vec<Hop<'t>>,
}

/// A patch that packets pass.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hop<'t> {
    /// The end where packets leave a bridge.
    pub from: (&'t Bridge, &'t Interface),
    /// The end where they enter the next.
    pub to: (&'t Bridge, &'t Interface),
    /// The VLAN tag that they have there; `None`: untagged.
    pub vlan: Option<u16>,
}

/// The segment of a tag on the wire.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment<'t> {
    /// `flat`, `vlan`, or the type of the tunnels: `vxlan`, `gre`, `geneve`, …
    pub kind: &'t str,
    /// The provider's VLAN, or the tunnel key; `None` where packets are untagged.
    pub id: Option<u64>,
    /// The inner VLAN tag: in the tunnel, or behind the provider's tag.
    pub inner_vlan: Option<u16>,
    /// The bridge through which packets leave; `None` if the patch to it has no peer.
    pub leaves_by: Option<&'t Bridge>,
    /// The wires or tunnels, by name.
    pub exits: Vec<SegmentExit<'t>>,
    /// Whether packets with the tag are sent to it.
    pub outbound: bool,
    /// Whether packets from it are given the tag.
    pub inbound: bool,
    /// Whether it stands for every VLAN or key that no flow names; `id` is then `None`.
    pub is_any: bool,
}

/// A wire or tunnel of a segment.
#[derive(Debug, Clone, PartialEq)]
pub struct SegmentExit<'t> {
    /// The port.
    pub port: &'t Port,
    /// Its interface; a bond has several.
    pub interface: &'t Interface,
    /// The paths of packets with the tag to it; `None` if packets only enter.
    pub outbound: Option<Outbound<'t>>,
}

/// A path outwards.
#[derive(Debug, Clone, PartialEq)]
pub struct Outbound<'t> {
    /// The patches on it, in their order.
    pub route: Vec<Hop<'t>>,
    /// The state of the segment, or the reason why this path is not certain.
    pub state: TagState,
}

/// The state of a tag's translation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagState {
    /// One tag, one segment, both directions.
    Ok,
    /// No flow accepts packets inwards.
    NoInbound,
    /// No flow sends packets outwards.
    NoOutbound,
    /// No packets leave or enter.
    Local,
    /// The tag has several segments, or the segment several tags.
    Conflict,
    /// Flows translate it, but the patch between them does not work.
    BrokenPatch,
    /// Whether packets are sent there depends on the switch's choice between flows of equal priority.
    Ambiguous,
    /// Whether packets are sent there could not be determined.
    Unknown,
}

impl TagLine<'_> {
    /// Whether packets leave.
    pub fn leaves(&self) -> bool {
        self.segment
            .as_ref()
            .is_some_and(|segment| segment.outbound)
    }

    /// Whether it names the same segment as another.
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

    pub(super) fn set_conflict(&mut self) {
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

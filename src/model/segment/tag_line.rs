//! A line of `tag map`: a tag, the segment that it is, and whether they fit each other.

use super::record::Record;
use crate::model::topology::{Bridge, Interface, Port};

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

//! What the flows of a table would have matched of a packet that they do not match.

use super::outputs::{VlanTag, tags};
use super::reply::{NodeKind, Reply, Section};
use super::steps::crossing;
use crate::model::topology::Topology;
use crate::openflow::bytes::be_number;
use crate::openflow::fields::{Field, Id, Masked, MatchFields, parse_filter};
use crate::openflow::text::NoNames;

/// A packet as it comes to a lookup.
#[derive(Debug, Clone)]
pub struct PacketAt {
    /// Its headers, as far as known.
    pub fields: MatchFields,
    /// Fields that actions before may have changed.
    pub unknown: Vec<Id>,
}

/// The set bit of a tag in `vlan_tci`.
const TAGGED: u16 = 0x1000;

impl PacketAt {
    /// The packet at a node of a section; `None` if its headers cannot be told.
    pub fn at(
        reply: &Reply,
        section: &Section,
        at: usize,
        topology: &Topology,
    ) -> Option<PacketAt> {
        let text = reply.at(&section.flow);
        let mut packet = PacketAt {
            fields: known_fields(text)?,
            unknown: Vec::new(),
        };
        let mut vlan = match tags(text).as_slice() {
            [] => Vlan::Untagged,
            [VlanTag::Vlan(vid)] => Vlan::Tagged(*vid),
            _ => Vlan::Unknown,
        };
        let path: Vec<usize> = section.ancestors(at).map(|(index, _)| index).collect();
        // Changes within a bridge or a bucket that the node is not in concern another copy of the packet.
        let mut elsewhere: Option<usize> = None;
        let mut is_first = true;
        for (index, node) in section.nodes.iter().enumerate().take(at) {
            if elsewhere.is_some_and(|depth| node.depth > depth) {
                continue;
            }
            elsewhere = None;
            match &node.kind {
                NodeKind::Bridge(_) | NodeKind::Bucket(_) if !path.contains(&index) => {
                    elsewhere = Some(node.depth);
                }
                NodeKind::Bridge(_) if std::mem::take(&mut is_first) => {}
                NodeKind::Bridge(name) => {
                    let crossing = crossing(reply, section, index, topology);
                    if crossing.by_normal {
                        vlan = after_normal(&packet, section, index, topology, vlan);
                    }
                    packet.enters(crossing.to.as_deref(), name, topology);
                }
                NodeKind::Action => packet.action(reply.node_text(node), &mut vlan)?,
                _ => {}
            }
        }
        match vlan {
            Vlan::Untagged => packet.set(Id::VLAN_TCI, &[0, 0]),
            Vlan::Tagged(vid) => {
                // The priority of the tag is not followed.
                let tci = (vid | TAGGED).to_be_bytes();
                packet
                    .fields
                    .set(Id::VLAN_TCI.row(), &tci, Some(&0x1fffu16.to_be_bytes()));
            }
            Vlan::Unknown => packet.forget(Id::VLAN_TCI),
        }
        Some(packet)
    }

    fn set(&mut self, id: Id, value: &[u8]) {
        self.fields.set(id.row(), value, None);
    }

    fn forget(&mut self, id: Id) {
        if !self.unknown.contains(&id) {
            self.unknown.push(id);
        }
    }

    /// Through a patch: it comes in at a port of the other bridge, without registers, metadata and tunnel.
    fn enters(&mut self, port: Option<&str>, bridge: &str, topology: &Topology) {
        let interface = port.and_then(|port| topology.interface(port));
        let number = interface
            .filter(|(of, ..)| of.name == bridge)
            .and_then(|(_, _, interface)| interface.port_number());
        match number {
            Some(number) => self.set(Id::IN_PORT_OXM, &number.to_be_bytes()),
            None => self.forget(Id::IN_PORT_OXM),
        }
        let is_reset =
            |id: &Id| id.registers().is_some() || [Id::METADATA, Id::TUN_ID].contains(id);
        self.unknown.retain(|id| !is_reset(id));
        let reset: Vec<&'static Field> = self
            .fields
            .iter()
            .map(|(field, _)| field)
            .filter(|field| is_reset(&field.id))
            .collect();
        for field in reset {
            self.set(field.id, &vec![0; usize::from(field.bytes)]);
        }
    }

    /// What an action changes; `None` if nothing can be told behind it.
    fn action(&mut self, text: &str, vlan: &mut Vlan) -> Option<()> {
        let number = |rest: &str| super::reply::number_of(rest).map(|number| number as u16);
        if let Some(vid) = text.strip_prefix("mod_vlan_vid:") {
            *vlan = number(vid).map_or(Vlan::Unknown, Vlan::Tagged);
        } else if matches!(text, "strip_vlan" | "pop_vlan") {
            *vlan = match vlan {
                Vlan::Tagged(_) => Vlan::Untagged,
                _ => Vlan::Unknown,
            };
        } else if text.starts_with("push_vlan") {
            *vlan = match vlan {
                Vlan::Untagged => Vlan::Tagged(0),
                _ => Vlan::Unknown,
            };
        } else if let Some((value, field)) = text
            .strip_prefix("set_field:")
            .and_then(|rest| rest.rsplit_once("->"))
        {
            let vid = number(value).filter(|_| field == "vlan_vid");
            match (vid, Field::by_name(field)) {
                (Some(vid), _) => *vlan = Vlan::Tagged(vid & 0xfff),
                (None, Some(field)) => self.changes(field, vlan),
                (None, None) => return None,
            }
        } else if let Some((_, target)) = text
            .strip_prefix("load:")
            .or_else(|| text.strip_prefix("move:"))
            .and_then(|rest| rest.rsplit_once("->"))
        {
            let name = target.split('[').next().unwrap_or(target);
            self.changes(
                Field::by_nxm_name(name).or_else(|| Field::by_name(name))?,
                vlan,
            );
        } else {
            let changed = CHANGES.iter().find(|(word, _)| text.starts_with(word));
            for id in changed.map_or(&[] as &[Id], |(_, ids)| ids) {
                self.forget(*id);
            }
            if UNFOLLOWED.iter().any(|word| text.starts_with(word)) {
                return None;
            }
        }
        Some(())
    }

    fn changes(&mut self, field: &'static Field, vlan: &mut Vlan) {
        if [Id::VLAN_TCI, Id::VLAN_VID, Id::VLAN_PCP].contains(&field.id) {
            *vlan = Vlan::Unknown;
        }
        if let Some((first, count)) = field.id.registers() {
            let registers = (first..first.saturating_add(count)).filter_map(Id::reg);
            registers.for_each(|id| self.forget(id));
        }
        self.forget(field.id);
    }

    /// Whether the packet fulfils what a flow matches of a field. A field that it does not have is zero.
    fn fulfils(&self, field: &'static Field, (value, mask): Masked<'_>) -> bool {
        if self.unknown.contains(&field.id) {
            return true;
        }
        let own = self.fields.value(field.id);
        (0..value.len()).all(|at| {
            let byte = |bytes: &[u8]| bytes.get(at).copied().unwrap_or(0);
            let mask = mask.map_or(0xff, byte);
            let (own, known) = own.map_or((0, 0xff), |(own, mask)| {
                (byte(own), mask.map_or(0xff, byte))
            });
            (own ^ byte(value)) & mask & known == 0
        })
    }
}

/// The first VLAN tag.
#[derive(Debug, Clone, Copy)]
enum Vlan {
    Untagged,
    Tagged(u16),
    Unknown,
}

/// Actions that change a field, and which.
static CHANGES: [(&str, &[Id]); 14] = [
    ("mod_dl_src", &[Id::ETH_SRC]),
    ("mod_dl_dst", &[Id::ETH_DST]),
    ("mod_nw_src", &[Id::IP_SRC]),
    ("mod_nw_dst", &[Id::IP_DST]),
    ("mod_nw_tos", &[Id::NW_TOS]),
    ("mod_nw_ecn", &[Id::NW_ECN]),
    ("mod_nw_ttl", &[Id::NW_TTL]),
    ("dec_ttl", &[Id::NW_TTL]),
    ("mod_tp_src", &[Id::TCP_SRC, Id::UDP_SRC, Id::SCTP_SRC]),
    ("mod_tp_dst", &[Id::TCP_DST, Id::UDP_DST, Id::SCTP_DST]),
    ("set_tunnel", &[Id::TUN_ID]),
    ("write_metadata", &[Id::METADATA]),
    (
        "ct_clear",
        &[Id::CT_STATE, Id::CT_ZONE, Id::CT_MARK, Id::CT_LABEL],
    ),
    ("set_queue", &[Id::SKB_PRIORITY]),
];

/// Actions that may change any header.
const UNFOLLOWED: [&str; 9] = [
    "push_mpls",
    "pop_mpls",
    "encap",
    "decap",
    "push:",
    "pop:",
    "stack",
    "multipath",
    "bundle_load",
];

/// The headers in the text of a flow, without what a match cannot have.
fn known_fields(text: &str) -> Option<MatchFields> {
    let is_field = |piece: &&str| {
        let key = piece.split_once('=').map_or(*piece, |(key, _)| key);
        let is_tunnel = key.starts_with("tun_") && key != "tun_id" || key.starts_with("gtpu");
        // The VLAN tag is followed apart; the others are in no match.
        let is_other = ["dl_vlan", "vlan_tci", "mpls_lse"];
        key != "eth" && !is_tunnel && !is_other.iter().any(|other| key.starts_with(other))
    };
    let pieces: Vec<String> = text
        .split(',')
        .filter(is_field)
        .map(|piece| match piece.split_once('=') {
            // `ct_state=new|trk`
            Some(("ct_state", flags)) => {
                let flags: Vec<String> = flags.split('|').map(|flag| format!("+{flag}")).collect();
                format!("ct_state={}", flags.concat())
            }
            _ => piece.to_owned(),
        })
        .collect();
    let filter = parse_filter(&pieces.join(","), &NoNames).ok()?;
    let mut fields = filter.fields;
    if let Some((value, _)) = fields.value(Id::CT_STATE) {
        // The flags that are not named are not set.
        let value = value.to_vec();
        fields.set(Id::CT_STATE.row(), &value, None);
    }
    Some(fields)
}

/// The VLAN behind a patch that `NORMAL` sends a packet through: that of the access port where it came in.
fn after_normal(
    packet: &PacketAt,
    section: &Section,
    at: usize,
    topology: &Topology,
    vlan: Vlan,
) -> Vlan {
    let parent = section.nodes.get(at).and_then(|node| node.parent);
    let bridge = parent
        .and_then(|parent| section.bridge_of(parent))
        .and_then(|name| topology.bridge(name));
    let number = packet
        .fields
        .value(Id::IN_PORT_OXM)
        .filter(|_| !packet.unknown.contains(&Id::IN_PORT_OXM))
        .map(|(value, _)| be_number(value) as u32);
    let port = bridge.zip(number).and_then(|(bridge, number)| {
        let mut interfaces = bridge.interfaces();
        interfaces.find(|(_, interface)| interface.port_number() == Some(number))
    });
    let tag = port.and_then(|(port, _)| port.tag);
    match (vlan, tag, port) {
        (Vlan::Untagged, Some(tag), _) => u16::try_from(tag).map_or(Vlan::Unknown, Vlan::Tagged),
        (vlan, None, Some(_)) => vlan,
        _ => Vlan::Unknown,
    }
}

/// The fields that kept the packet from the flows that it came closest to.
#[derive(Debug, Default)]
pub struct Wanted {
    fewest: usize,
    closest: Vec<Vec<&'static Field>>,
}

/// The fields that other fields depend on.
const PROTOCOL: [Id; 2] = [Id::ETH_TYPE, Id::NW_PROTO];

/// Maximum number of different sets of fields that are kept.
const MAX_SETS: usize = 8;

impl Wanted {
    /// Considers a flow of the table that does not match the packet. Flows for another input port are not considered.
    pub fn add(&mut self, packet: &PacketAt, flow: &MatchFields) {
        let mut differing: Vec<&'static Field> = flow
            .iter()
            .filter(|(field, masked)| !packet.fulfils(field, *masked))
            .map(|(field, _)| field)
            .collect();
        // A conjunctive match is not a header; its clauses are flows of their own.
        let other = [Id::IN_PORT_OXM, Id::CONJ_ID];
        if differing.is_empty() || differing.iter().any(|field| other.contains(&field.id)) {
            return;
        }
        // The fields of another protocol differ because the protocol does.
        if differing.iter().any(|field| PROTOCOL.contains(&field.id)) {
            differing.retain(|field| PROTOCOL.contains(&field.id));
        }
        if self.closest.is_empty() || differing.len() < self.fewest {
            self.fewest = differing.len();
            self.closest.clear();
        }
        if differing.len() == self.fewest {
            let ids = |fields: &[&'static Field]| fields.iter().map(|f| f.id).collect::<Vec<_>>();
            let is_known = self
                .closest
                .iter()
                .any(|known| ids(known) == ids(&differing));
            if !is_known && self.closest.len() < MAX_SETS {
                self.closest.push(differing);
            }
        }
    }

    /// The values of the packet that no flow wants, if the flows that came closest differ from it in the same fields and
    /// `matched`, the flow that was found, does not match on all of these.
    pub fn fields(&self, matched: Option<&MatchFields>, packet: &PacketAt) -> Option<MatchFields> {
        let [closest] = self.closest.as_slice() else {
            return None;
        };
        let is_matched = |field: &&'static Field| {
            matched.is_some_and(|matched| matched.value(field.id).is_some())
        };
        if closest.iter().all(is_matched) {
            return None;
        }
        let mut fields = MatchFields::default();
        // The number of a protocol is of the type of the packet.
        let of_ip = closest.iter().any(|field| field.id == Id::NW_PROTO);
        let kind = of_ip.then(|| Id::ETH_TYPE.row());
        for field in closest.iter().copied().chain(kind) {
            match packet.fields.value(field.id) {
                Some((value, mask)) => fields.set(field, value, mask),
                None => fields.set(field, &vec![0; usize::from(field.bytes)], None),
            }
        }
        Some(fields)
    }
}

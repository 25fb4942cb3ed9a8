//! Where the actions of the datapath send the packet: every output of every section, with its VLAN tags or tunnel.

use std::collections::HashMap;

use super::datapath::{DatapathAction, TunnelHeader, Upcall, parse};
use super::reply::{Reply, Section, number_of};

/// One way in which the packet leaves the datapath.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Where to.
    pub to: Destination,
    /// Its VLAN tags, the outer first; within a tunnel, those of the packet inside.
    pub tags: Vec<VlanTag>,
    /// How many times.
    pub copies: usize,
    /// Its length at most, in bytes, if it is cut.
    pub length: Option<u64>,
    /// Whether only some packets take this way: a sample, or those of some length.
    pub is_sometimes: bool,
    /// The index of the section whose actions these are.
    pub section: usize,
}

/// A VLAN tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VlanTag {
    /// Of this VLAN; 0 is a priority tag.
    Vlan(u16),
    /// Behind those that the switch looks at (`vlan-limit` of ovs-vswitchd.conf.db(5)).
    Unseen,
}

/// Where an output leads.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Destination {
    /// A port, by its number in the datapath.
    Port(u32),
    /// A tunnel, by the number of its port in the datapath.
    Tunnel {
        /// The port's number.
        port: u32,
        /// The outer header.
        header: TunnelHeader,
        /// The ports that the outer packet leaves by, where the datapath puts packets into tunnels itself.
        through: Vec<u32>,
    },
    /// Out of a tunnel, and in again at the tunnel's port, by number.
    OutOfTunnel(u32),
    /// A member of a bond, by the bond's number.
    Bond(u32),
    /// The controller.
    Controller,
    /// Beyond what was traced.
    Unknown(Beyond),
}

/// What the trace stops at.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Beyond {
    /// Connection tracking: its arguments.
    Tracking(String),
    /// The hash of a select group or of a bond.
    Hash,
    /// Another recirculation.
    Recirculation(u32),
}

/// Maximum number of outputs.
const MAX_OUTPUTS: usize = 100_000;

/// All outputs of a reply, equal ones once. `is_tunnel` tells which port numbers are of tunnels.
pub fn outputs(reply: &Reply, is_tunnel: &dyn Fn(u32) -> bool) -> Vec<Output> {
    let mut all = Vec::new();
    for (index, section) in reply.sections.iter().enumerate() {
        let actions = parse(reply.at(&section.datapath_actions));
        let mut run = Execution {
            reply,
            section: index,
            is_tunnel,
            outputs: &mut all,
        };
        run.list(&actions, PacketState::of(reply, section));
    }
    merged(all)
}

/// The same with copies counted, in the order of their first.
fn merged(all: Vec<Output>) -> Vec<Output> {
    let mut places: HashMap<_, usize> = HashMap::new();
    let mut merged: Vec<Output> = Vec::new();
    for output in all {
        let key = (
            output.to.clone(),
            output.tags.clone(),
            output.length,
            output.is_sometimes,
        );
        if let Some(known) = places.get(&key).and_then(|place| merged.get_mut(*place)) {
            known.copies += output.copies;
        } else {
            places.insert(key, merged.len());
            merged.push(output);
        }
    }
    merged
}

/// The state of a copy of the packet.
#[derive(Debug, Clone, Default)]
struct PacketState {
    tags: Vec<VlanTag>,
    tunnel: Option<TunnelHeader>,
    /// The output that is the tunnel that it is in.
    within: Option<usize>,
    length: Option<u64>,
    is_sometimes: bool,
    before: Option<Beyond>,
}

impl PacketState {
    fn of(reply: &Reply, section: &Section) -> PacketState {
        PacketState {
            tags: tags(reply.at(&section.flow)),
            ..PacketState::default()
        }
    }
}

/// The VLAN tags in the text of a flow: `dl_vlan=7,dl_vlan_pcp=0`, `vlan_tci=0x1007`.
pub fn tags(flow: &str) -> Vec<VlanTag> {
    let mut tags = Vec::new();
    let mut more = false;
    for piece in flow.split(',') {
        let Some((key, value)) = piece.split_once('=') else {
            continue;
        };
        let number = number_of(value.trim());
        match (key.trim(), number) {
            ("dl_vlan" | "dl_vlan1", Some(vid)) => tags.push(VlanTag::Vlan(vid as u16 & 0xfff)),
            ("vlan_tci" | "vlan_tci1", Some(tci)) if tci & 0x1000 != 0 => {
                tags.push(VlanTag::Vlan(tci as u16 & 0xfff));
            }
            ("dl_type", Some(0x8100 | 0x88a8)) => more = true,
            _ => {}
        }
    }
    if more {
        tags.push(VlanTag::Unseen);
    }
    tags
}

struct Execution<'r> {
    reply: &'r Reply,
    section: usize,
    is_tunnel: &'r dyn Fn(u32) -> bool,
    outputs: &'r mut Vec<Output>,
}

impl Execution<'_> {
    // The depth of actions is bounded by their parser.
    fn list(&mut self, actions: &[DatapathAction], mut packet: PacketState) {
        for action in actions {
            self.action(action, &mut packet);
        }
    }

    fn action(&mut self, action: &DatapathAction, packet: &mut PacketState) {
        match action {
            DatapathAction::Output(port) => self.output(*port, packet),
            DatapathAction::PushVlan(vid) => {
                // Outside of a tunnel; the packet inside keeps its tags.
                if packet.within.is_none() {
                    packet.tags.insert(0, VlanTag::Vlan(*vid));
                }
            }
            DatapathAction::PopVlan => {
                if packet.within.is_none() && !packet.tags.is_empty() {
                    packet.tags.remove(0);
                }
            }
            DatapathAction::SetVlan(vid) => {
                if packet.within.is_none()
                    && let Some(first) = packet.tags.first_mut()
                {
                    *first = VlanTag::Vlan(*vid);
                }
            }
            DatapathAction::SetTunnel(header) => packet.tunnel = Some(header.clone()),
            DatapathAction::PushTunnel { port, header } => {
                let to = Destination::Tunnel {
                    port: *port,
                    header: header.clone(),
                    through: Vec::new(),
                };
                packet.within = Some(self.outputs.len());
                self.add(to, packet);
            }
            DatapathAction::PopTunnel(port) => self.add(Destination::OutOfTunnel(*port), packet),
            DatapathAction::Recirculate(id) => {
                if self.reply.recirculated(*id).is_none() {
                    let beyond = packet.before.take();
                    let beyond = beyond.unwrap_or(Beyond::Recirculation(*id));
                    self.add(Destination::Unknown(beyond), packet);
                }
            }
            DatapathAction::Hash => packet.before = Some(Beyond::Hash),
            DatapathAction::Track(arguments) => {
                packet.before = Some(Beyond::Tracking(arguments.clone()));
            }
            DatapathAction::Userspace(Upcall::Controller) => {
                self.add(Destination::Controller, packet);
            }
            DatapathAction::Balance(bond) => self.add(Destination::Bond(*bond), packet),
            DatapathAction::Clone(actions) => self.list(actions, packet.clone()),
            DatapathAction::Sample(actions) => self.sometimes(actions, packet),
            DatapathAction::CheckLength { longer, otherwise } => {
                self.sometimes(longer, packet);
                self.sometimes(otherwise, packet);
            }
            DatapathAction::Truncate(length) => packet.length = Some(*length),
            DatapathAction::Drop | DatapathAction::Userspace(_) | DatapathAction::Other(_) => {}
        }
    }

    fn sometimes(&mut self, actions: &[DatapathAction], packet: &PacketState) {
        let packet = PacketState {
            is_sometimes: true,
            ..packet.clone()
        };
        self.list(actions, packet);
    }

    fn output(&mut self, port: u32, packet: &mut PacketState) {
        if let Some(tunnel) = packet.within {
            if let Some(Output {
                to: Destination::Tunnel { through, .. },
                ..
            }) = self.outputs.get_mut(tunnel)
                && !through.contains(&port)
            {
                through.push(port);
            }
            return;
        }
        let to = match &packet.tunnel {
            Some(header) if (self.is_tunnel)(port) => Destination::Tunnel {
                port,
                header: header.clone(),
                through: Vec::new(),
            },
            _ => Destination::Port(port),
        };
        self.add(to, packet);
        packet.length = None;
    }

    fn add(&mut self, to: Destination, packet: &PacketState) {
        if self.outputs.len() >= MAX_OUTPUTS {
            return;
        }
        self.outputs.push(Output {
            to,
            tags: packet.tags.clone(),
            copies: 1,
            length: packet.length,
            is_sometimes: packet.is_sometimes,
            section: self.section,
        });
    }
}

//! The static path of a port: outwards through patches to wires and tunnels, by the flows of its tag;
//! inwards to the guest or namespace behind it, as far as the host's devices are known.

use std::collections::BTreeSet;

use super::devices::{Device, Devices};
use super::resolve::Found;
use super::segment::{SegmentExit, TagLine, TagState};
use super::topology::{Bridge, Interface, Port, Topology};
use super::vlan::Vlan;

/// A leg of the path.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Leg {
    /// The number of its way, from 1; `None`: before the ways part.
    pub way: Option<usize>,
    /// `tap`, `member`, `veth`, `netns`, `device` or `unseen` on the host's side; `port` or `tag` where a
    /// bridge begins; `patch`; `wire` or `tunnel` where it leaves; `end` where nothing goes on; `trace` for what
    /// the switch says of a packet.
    pub kind: &'static str,
    /// The nearer device or port.
    pub from: Option<String>,
    /// The farther one.
    pub to: Option<String>,
    /// Its place: a bridge of the switch, or a network namespace.
    pub at: Option<String>,
    /// The VLAN there; `None`: untagged.
    pub vlan: Option<i64>,
    /// A tunnel's key (VNI).
    pub key: Option<u64>,
    /// A tunnel's far end.
    pub remote_ip: Option<String>,
    /// Whether it works.
    pub state: Option<&'static str>,
    /// Further remarks.
    pub note: String,
}

/// Whether a patch port, or its far end, is an interface of the port.
pub fn is_end_of(port: &Port, patch: &Interface) -> bool {
    let mut interfaces = port.interfaces.iter();
    interfaces.any(|it| it.name == patch.name || patch.peer() == Some(&it.name))
}

/// The devices behind a port on its host, the farthest first.
pub fn host_legs(port: &Port, devices: &Devices) -> Vec<Leg> {
    let mut legs = Vec::new();
    for interface in &port.interfaces {
        legs.extend(behind(interface, devices));
    }
    legs
}

fn behind(interface: &Interface, devices: &Devices) -> Vec<Leg> {
    let leg = |kind, from: &str, to: &str, device: &Device| Leg {
        kind,
        from: Some(from.to_owned()),
        to: Some(to.to_owned()),
        at: device.netns.clone(),
        ..Leg::default()
    };
    let Some(device) = devices.find(&interface.name) else {
        // Patch ports and tunnels have no device of their name.
        if !matches!(interface.kind(), "system" | "internal" | "tap") {
            return Vec::new();
        }
        let mut note = "no device of this name could be seen".to_owned();
        for why in &devices.unseen {
            note.push_str("; ");
            note.push_str(why);
        }
        return vec![Leg {
            kind: "unseen",
            to: Some(interface.name.clone()),
            note,
            ..Leg::default()
        }];
    };
    if let Some((peer_name, peer_netns)) = &device.peer {
        let mut legs = Vec::new();
        let peer = devices.find_in(peer_name, peer_netns.as_deref());
        if let Some(master) = peer.and_then(|peer| peer.master.as_deref()) {
            for member in devices.members(master, peer_netns.as_deref()) {
                if member.name != *peer_name {
                    legs.push(leg(word_of(member), &member.name, master, member));
                }
            }
            let mut bridge = leg("member", master, peer_name, device);
            bridge.at.clone_from(peer_netns);
            "Linux bridge".clone_into(&mut bridge.note);
            legs.push(bridge);
        }
        let mut pair = leg("veth", peer_name, &device.name, device);
        pair.at.clone_from(peer_netns);
        legs.push(pair);
        return legs;
    }
    let mut only = Leg {
        kind: word_of(device),
        to: Some(device.name.clone()),
        at: device.netns.clone(),
        ..Leg::default()
    };
    if device.netns.is_some() {
        only.kind = "netns";
    }
    only.note = match device.kind.as_str() {
        "veth" => "its other end is in a namespace that could not be seen".to_owned(),
        "tun" => "a guest, or another program of this host".to_owned(),
        "openvswitch" if device.netns.is_none() => "this host's own".to_owned(),
        _ => String::new(),
    };
    vec![only]
}

fn word_of(device: &Device) -> &'static str {
    match device.kind.as_str() {
        "tun" => "tap",
        "veth" => "veth",
        _ => "device",
    }
}

/// The ways from a port outwards, leg by leg. `lines` are those of the port itself if `is_own`, else the
/// tags of all bridges.
pub fn ways(
    topology: &Topology,
    found: &Found<'_>,
    is_own: bool,
    lines: &[TagLine<'_>],
) -> Vec<Leg> {
    let (bridge, port) = (found.bridge, found.port);
    let vlan = Vlan::of(port);
    let bears_tag = matches!(vlan, Vlan::Access { .. } | Vlan::Dot1qTunnel { .. });
    let mut legs = vec![port_leg(bridge, port)];
    let passes = |line: &&TagLine<'_>| {
        if is_own {
            // For packets that leave, the wires by which others come in do not matter.
            let leaves =
                |other: &TagLine<'_>| other.tag == line.tag && other.is_of(line) && other.leaves();
            return line.leaves() || !lines.iter().any(leaves);
        }
        let exits = line.segment.iter().flat_map(|segment| &segment.exits);
        let mut routes = exits.clone().filter_map(|exit| exit.outbound.as_ref());
        let mut patches = line.patches.iter();
        exits.clone().any(|exit| exit.port.name == port.name)
            || patches.any(|patch| is_end_of(port, patch))
            || routes.any(|way| {
                way.route.iter().any(|hop| {
                    let is_it = |(on, end): (&Bridge, &Interface)| {
                        on.name == bridge.name
                            && port.interfaces.iter().any(|it| it.name == end.name)
                    };
                    is_it(hop.from) || is_it(hop.to)
                })
            })
    };
    let passing: Vec<&TagLine<'_>> = lines.iter().filter(passes).collect();
    if passing.is_empty() {
        legs.push(Leg {
            kind: "end",
            from: Some(bridge.name.clone()),
            note: if is_own {
                "nothing is known of this tag".to_owned()
            } else {
                "no tag passes here: where packets go is up to flows and addresses".to_owned()
            },
            ..Leg::default()
        });
    }
    let ways = passing.into_iter().flat_map(|line| {
        let ways = ways_of(line);
        ways.into_iter().map(move |way| (line, way))
    });
    for (index, (line, exits)) in ways.enumerate() {
        let way = Some(index + 1);
        let mut of_way = Vec::new();
        if !bears_tag {
            of_way.push(Leg {
                kind: "tag",
                to: Some(line.bridge.name.clone()),
                at: Some(line.bridge.name.clone()),
                vlan: Some(line.tag).filter(|tag| *tag != 0),
                note: match line.ports.len() {
                    _ if is_own && line.tag == 0 => "untagged".to_owned(),
                    _ if is_own => "tagged by the guest".to_owned(),
                    1 => "1 port".to_owned(),
                    count => format!("{count} ports"),
                },
                ..Leg::default()
            });
        }
        of_way.extend(out(topology, line, &exits));
        legs.extend(of_way.into_iter().map(|leg| Leg { way, ..leg }));
    }
    legs
}

/// The wires and tunnels of a tag's segment, grouped by the way there. If packets only come in, there is
/// one way with all of them.
fn ways_of<'l, 't>(line: &'l TagLine<'t>) -> Vec<Vec<&'l SegmentExit<'t>>> {
    let Some(segment) = line.segment.as_ref().filter(|segment| segment.outbound) else {
        let exits = line.segment.iter().flat_map(|segment| &segment.exits);
        return vec![exits.collect()];
    };
    let mut ways: Vec<Vec<&SegmentExit<'_>>> = Vec::new();
    for exit in segment.exits.iter().filter(|exit| exit.outbound.is_some()) {
        let same = |way: &&mut Vec<&SegmentExit<'_>>| {
            way.first()
                .is_some_and(|first| first.outbound == exit.outbound)
        };
        match ways.iter_mut().find(same) {
            Some(way) => way.push(exit),
            None => ways.push(vec![exit]),
        }
    }
    ways
}

/// As [`ways`], where the flows could not be read.
pub fn unknown_way(found: &Found<'_>) -> Vec<Leg> {
    let end = Leg {
        kind: "end",
        from: Some(found.bridge.name.clone()),
        state: Some("unknown"),
        note: "the flows could not be read".to_owned(),
        ..Leg::default()
    };
    vec![port_leg(found.bridge, found.port), end]
}

fn port_leg(bridge: &Bridge, port: &Port) -> Leg {
    let vlan = Vlan::of(port);
    Leg {
        kind: "port",
        from: Some(port.name.clone()),
        to: Some(bridge.name.clone()),
        at: Some(bridge.name.clone()),
        vlan: vlan.tag(),
        note: vlan.to_string(),
        ..Leg::default()
    }
}

/// The legs from a tag's bridge to these exits of its segment.
fn out(topology: &Topology, line: &TagLine<'_>, exits: &[&SegmentExit<'_>]) -> Vec<Leg> {
    let state = Some(line.state.word());
    let mut legs = Vec::new();
    let outbound = exits.first().and_then(|exit| exit.outbound.as_ref());
    match outbound {
        Some(way) => legs.extend(way.route.iter().map(|hop| {
            let works = hop.from.1.peer() == Some(&hop.to.1.name)
                && hop.to.1.peer() == Some(&hop.from.1.name);
            Leg {
                kind: "patch",
                from: Some(hop.from.1.name.clone()),
                to: Some(hop.to.1.name.clone()),
                at: Some(hop.to.0.name.clone()),
                vlan: hop.vlan.map(i64::from),
                state: Some(if works { "ok" } else { "broken-patch" }),
                ..Leg::default()
            }
        })),
        None => legs.extend(line.patches.iter().map(|patch| {
            let far = patch.peer().and_then(|peer| topology.interface(peer));
            let works = far.is_some_and(|(_, _, far)| far.peer() == Some(&patch.name));
            Leg {
                kind: "patch",
                from: Some(patch.name.clone()),
                to: patch.peer().map(str::to_owned),
                at: far.map(|(bridge, _, _)| bridge.name.clone()),
                state: Some(if works { "ok" } else { "broken-patch" }),
                note: "no flow sends packets out this way".to_owned(),
                ..Leg::default()
            }
        })),
    }
    let Some(segment) = &line.segment else {
        legs.push(Leg {
            kind: "end",
            from: Some(line.bridge.name.clone()),
            state,
            note: with_note("nothing leaves by this tag", line),
            ..Leg::default()
        });
        return legs;
    };
    // The tag's state may not be that of this way.
    let state = match outbound {
        Some(way) => Some(way.state.word()),
        None if line.state == TagState::BrokenPatch => state,
        None => Some(TagState::NoOutbound.word()),
    };
    let is_wire = matches!(segment.kind, "vlan" | "flat");
    let mut told = BTreeSet::new();
    for exit in exits {
        // A bond is one wire, whatever its members.
        if is_wire && !told.insert(exit.port.name.as_str()) {
            continue;
        }
        let id = segment.id;
        legs.push(Leg {
            kind: if is_wire { "wire" } else { "tunnel" },
            from: segment.leaves_by.map(|bridge| bridge.name.clone()),
            to: Some(exit.port.name.clone()),
            at: segment.leaves_by.map(|bridge| bridge.name.clone()),
            vlan: match segment.kind {
                "vlan" => id.and_then(|id| i64::try_from(id).ok()),
                _ => segment.inner_vlan.map(i64::from),
            },
            key: id.filter(|_| !is_wire),
            remote_ip: exit.interface.options.get("remote_ip").cloned(),
            state,
            note: with_note(
                &match segment.kind {
                    "flat" => "untagged".to_owned(),
                    "vlan" => segment
                        .inner_vlan
                        .map_or_else(String::new, |inner| format!("VLAN {inner} inside")),
                    kind => kind.to_owned(),
                },
                line,
            ),
            ..Leg::default()
        });
    }
    legs
}

/// A note, followed by that of the line.
fn with_note(own: &str, line: &TagLine<'_>) -> String {
    match (own, line.note.as_str()) {
        (own, "") => own.to_owned(),
        ("", note) => note.to_owned(),
        (own, note) => format!("{own}; {note}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str, name: &str) -> Vec<String> {
        let interface = Interface {
            name: name.to_owned(),
            ..Interface::default()
        };
        let port = Port {
            name: name.to_owned(),
            interfaces: vec![interface],
            ..Port::default()
        };
        let legs = host_legs(&port, &Devices::parse(text));
        let word = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let line = |leg: &Leg| {
            let (from, to, at) = (word(&leg.from), word(&leg.to), word(&leg.at));
            format!("{} {from} {to} {at}", leg.kind)
        };
        legs.iter().map(line).collect()
    }

    /// As Neutron's hybrid driver connects an instance: tap, Linux bridge, veth pair.
    const HYBRID: &str = "\
device qvo1 kind=veth peer=qvb1 master=ovs-system
device qvb1 kind=veth peer=qvo1 master=qbr1
device qbr1 kind=bridge
device tap1 kind=tun master=qbr1
device qr-1 kind=openvswitch netns=qrouter-1
device far kind=veth peer=eth0@guest
device eth0 kind=veth peer=far netns=guest
device half kind=veth
unseen namespace x: permission denied
";

    #[test]
    fn devices_behind_a_port() {
        assert_eq!(
            told(HYBRID, "qvo1"),
            ["tap tap1 qbr1 -", "member qbr1 qvb1 -", "veth qvb1 qvo1 -"]
        );
        assert_eq!(told(HYBRID, "qr-1"), ["netns - qr-1 qrouter-1"]);
        assert_eq!(told(HYBRID, "far"), ["veth eth0 far guest"]);
        assert_eq!(told(HYBRID, "half"), ["veth - half -"]);
        assert_eq!(told(HYBRID, "gone"), ["unseen - gone -"]);
    }
}

//! The host's network devices, from the kernel (rtnetlink(7)): nothing is changed, no program is run.
//!
//! The devices of named network namespaces (`/run/netns`) are asked for by a thread that enters each;
//! that needs rights, and what could not be looked into is said.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::os::fd::AsFd as _;
use std::path::Path;
use std::thread;

use netlink_packet_core::{
    NLM_F_DUMP, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload,
};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::link::{LinkAttribute, LinkInfo, LinkMessage};
use netlink_sys::Socket;
use netlink_sys::protocols::NETLINK_ROUTE;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::model::devices::{Device, Devices};

/// Where `ip netns` and Neutron keep the names of namespaces.
const NAMES: [&str; 2] = ["/run/netns", "/var/run/netns"];

/// More than this no host answers with; a kernel that goes on for ever is not waited for.
const MOST_DATAGRAMS: usize = 1 << 16;

/// A device as the kernel tells of it.
#[derive(Debug, Default)]
struct Link {
    index: u32,
    name: String,
    kind: String,
    /// The other end of a veth pair.
    peer: Option<u32>,
    /// Whether that is in another namespace.
    peer_is_elsewhere: bool,
    master: Option<u32>,
}

/// The devices of this process's namespace and of the named ones.
pub(super) fn read() -> Devices {
    let mut devices = Devices::default();
    let mut spaces: Vec<(Option<String>, Vec<Link>)> = Vec::new();
    match links() {
        Ok(links) => spaces.push((None, links)),
        Err(error) => devices.unseen.push(format!("devices: {error}")),
    }
    for (name, path) in namespaces(&mut devices.unseen) {
        match links_in(&path) {
            Ok(links) => spaces.push((Some(name), links)),
            Err(error) => devices.unseen.push(format!("namespace {name}: {error}")),
        }
    }
    devices.devices = joined(&spaces);
    devices
}

/// The named namespaces.
fn namespaces(unseen: &mut Vec<String>) -> Vec<(String, std::path::PathBuf)> {
    let mut found = Vec::new();
    for directory in NAMES {
        match fs::read_dir(directory) {
            Ok(entries) => {
                let entry = |entry: fs::DirEntry| {
                    Some((entry.file_name().into_string().ok()?, entry.path()))
                };
                found.extend(entries.flatten().filter_map(entry));
                found.sort();
                return found;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                unseen.push(format!("{directory}: {error}"));
                return found;
            }
        }
    }
    found
}

/// The devices of another namespace, by a thread of its own: this one stays where it is.
fn links_in(path: &Path) -> io::Result<Vec<Link>> {
    let file = File::open(path)?;
    let look = move || {
        move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network))?;
        links()
    };
    let thread = thread::Builder::new().spawn(look)?;
    thread
        .join()
        .unwrap_or_else(|_| Err(io::Error::other("it could not be read")))
}

/// The devices of this thread's namespace.
fn links() -> io::Result<Vec<Link>> {
    let mut socket = Socket::new(NETLINK_ROUTE)?;
    socket.bind_auto()?;
    let request = RouteNetlinkMessage::GetLink(LinkMessage::default());
    let mut message = NetlinkMessage::new(NetlinkHeader::default(), NetlinkPayload::from(request));
    message.header.flags = NLM_F_DUMP | NLM_F_REQUEST;
    message.header.sequence_number = 1;
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    socket.send_to(&bytes, &netlink_sys::SocketAddr::new(0, 0), 0)?;
    let mut links = Vec::new();
    for _ in 0..MOST_DATAGRAMS {
        let (datagram, _) = socket.recv_from_full()?;
        let mut rest = datagram.as_slice();
        while !rest.is_empty() {
            let message = NetlinkMessage::<RouteNetlinkMessage>::deserialize(rest)
                .map_err(io::Error::other)?;
            match message.payload {
                NetlinkPayload::Done(_) => return Ok(links),
                NetlinkPayload::Error(error) => return Err(error.to_io()),
                NetlinkPayload::InnerMessage(RouteNetlinkMessage::NewLink(link)) => {
                    links.push(Link::of(link));
                }
                _ => {}
            }
            // Messages are padded to four bytes.
            let length = usize::try_from(message.header.length).unwrap_or(usize::MAX);
            let length = length.max(1).checked_next_multiple_of(4);
            rest = length
                .and_then(|length| rest.get(length..))
                .unwrap_or_default();
        }
    }
    Err(io::Error::other("the kernel's answer has no end"))
}

impl Link {
    fn of(message: LinkMessage) -> Link {
        let mut link = Link {
            index: message.header.index,
            ..Link::default()
        };
        for attribute in message.attributes {
            match attribute {
                LinkAttribute::IfName(name) => link.name = name,
                LinkAttribute::Link(index) => link.peer = Some(index),
                LinkAttribute::LinkNetNsId(_) => link.peer_is_elsewhere = true,
                LinkAttribute::Controller(index) => link.master = Some(index),
                LinkAttribute::LinkInfo(infos) => {
                    for info in infos {
                        if let LinkInfo::Kind(kind) = info {
                            link.kind = kind.to_string();
                        }
                    }
                }
                _ => {}
            }
        }
        link
    }
}

/// Devices by name: numbers mean something in one namespace only.
fn joined(spaces: &[(Option<String>, Vec<Link>)]) -> Vec<Device> {
    let mut by_index: HashMap<(usize, u32), &Link> = HashMap::new();
    for (space, (_, links)) in spaces.iter().enumerate() {
        by_index.extend(links.iter().map(|link| ((space, link.index), link)));
    }
    let mut devices = Vec::new();
    for (space, (netns, links)) in spaces.iter().enumerate() {
        for link in links {
            // Two veth devices are a pair if each has the other's number.
            let peer_in = |other: usize| {
                let peer = by_index.get(&(other, link.peer?))?;
                let is_pair = peer.peer == Some(link.index)
                    && peer.kind == "veth"
                    && peer.peer_is_elsewhere == link.peer_is_elsewhere;
                let netns = spaces.get(other)?.0.clone();
                is_pair.then(|| (peer.name.clone(), netns))
            };
            let peer = match (link.kind.as_str(), link.peer_is_elsewhere) {
                ("veth", false) => peer_in(space),
                ("veth", true) => (0..spaces.len())
                    .filter(|other| *other != space)
                    .find_map(peer_in),
                _ => None,
            };
            let master = link.master.and_then(|index| by_index.get(&(space, index)));
            devices.push(Device {
                name: link.name.clone(),
                netns: netns.clone(),
                kind: link.kind.clone(),
                peer,
                master: master.map(|master| master.name.clone()),
            });
        }
    }
    devices
}

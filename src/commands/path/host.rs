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

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::link::{Link, links};
use crate::model::devices::{Device, Devices};

/// Where `ip netns` and Neutron keep the names of namespaces.
const NAMES: [&str; 2] = ["/run/netns", "/var/run/netns"];

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

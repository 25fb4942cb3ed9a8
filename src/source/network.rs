//! The network of a host: of its kernel, and of the named network namespaces.

use std::fs::{self, File};
use std::io;
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::thread;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::links::{KernelLink, links};

/// The network of a host, as its kernel describes it.
#[derive(Debug, Clone, Default)]
pub struct KernelNetwork {
    /// `/proc/net/fib_trie`; empty if it cannot be read, as are the other two.
    pub fib_trie: String,
    /// `/proc/net/if_inet6`
    pub if_inet6: String,
    /// `/proc/net/ipv6_route`
    pub ipv6_route: String,
    /// The names of the network devices, each with whether it is hardware or stacked on hardware.
    pub devices: Vec<(String, bool)>,
}

/// The network devices of a host, by network namespace.
#[derive(Debug, Clone, Default)]
pub struct Namespaces {
    /// The devices of this process's namespace (without a name) and of the named ones.
    pub links: Vec<(Option<String>, Vec<KernelLink>)>,
    /// What could not be read, and why.
    pub unseen: Vec<String>,
}

/// Reads the addresses, routes and devices of this process's network namespace. What cannot be read is left empty.
pub(super) fn network() -> KernelNetwork {
    let text = |file: &str| fs::read_to_string(file).unwrap_or_default();
    let devices = fs::read_dir("/sys/class/net");
    let device = |entry: fs::DirEntry| {
        let name = entry.file_name().into_string().ok()?;
        Some((name, is_hardware(&entry.path())))
    };
    KernelNetwork {
        fib_trie: text("/proc/net/fib_trie"),
        if_inet6: text("/proc/net/if_inet6"),
        ipv6_route: text("/proc/net/ipv6_route"),
        devices: devices
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(device)
            .collect(),
    }
}

/// Reads the network devices of this process's namespace and of the named ones (`/run/netns`). Entering those needs
/// privileges.
pub(super) fn namespaces() -> Namespaces {
    let mut found = Namespaces::default();
    match links() {
        Ok(links) => found.links.push((None, links)),
        Err(error) => found.unseen.push(format!("devices: {error}")),
    }
    for (name, path) in named_namespaces(&mut found.unseen) {
        match links_in(&path) {
            Ok(links) => found.links.push((Some(name), links)),
            Err(error) => found.unseen.push(format!("namespace {name}: {error}")),
        }
    }
    found
}

/// Where `ip netns` and Neutron keep named namespaces.
const NETNS_DIRECTORIES: [&str; 2] = ["/run/netns", "/var/run/netns"];

/// The named namespaces.
fn named_namespaces(unseen: &mut Vec<String>) -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    for directory in NETNS_DIRECTORIES {
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

/// Reads the devices of another namespace in a new thread: this one must not change its namespace.
fn links_in(path: &Path) -> io::Result<Vec<KernelLink>> {
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

/// Whether a device of `/sys/class/net` is hardware, a bond, or stacked on hardware, as a VLAN device is.
fn is_hardware(device: &Path) -> bool {
    let is_below = |entry: fs::DirEntry| {
        let name = entry.file_name();
        name.as_encoded_bytes().starts_with(b"lower_") && entry.path().join("device").exists()
    };
    device.join("device").exists()
        || device.join("bonding").exists()
        || fs::read_dir(device).is_ok_and(|entries| entries.flatten().any(is_below))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hardware_and_what_is_stacked_on_it() {
        let class = tempfile::tempdir().unwrap();
        let device = |name: &str, entries: &[&str]| {
            let device = class.path().join(name);
            for entry in entries {
                fs::create_dir_all(device.join(entry)).unwrap();
            }
            device
        };
        let is = |name: &str, entries: &[&str]| is_hardware(&device(name, entries));
        assert!(is("eth0", &["device", "queues"]));
        assert!(is("bond0", &["bonding"]));
        assert!(is("eth0.5", &["lower_eth0/device"]));
        assert!(!is("tap0", &["queues"]) && !is("br0", &["lower_tap0/queues"]));
    }
}

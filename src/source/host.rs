//! A host that runs Open vSwitch: its sockets, connections to them, and the network of its kernel.

use std::fs::{self, File};
use std::io;
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::thread;
use std::time::Duration;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::links::{KernelLink, links};
use crate::transport::{ConnectError, Endpoint, Endpoints, Stream, Tls};

/// A host that runs Open vSwitch.
#[derive(Debug, Clone)]
pub struct Host {
    /// Where the database listens: its server, or those of its cluster.
    pub(super) db: Endpoints,
    /// The longest wait for the other side without progress; `None`: no limit.
    pub limit: Option<Duration>,
    /// The control socket of ovs-vswitchd; `None`: it is found beside the database's socket.
    pub control: Option<PathBuf>,
    pub(super) tls: Rc<Tls>,
    pub(super) log: Rc<dyn Log>,
}

/// Receives messages about connections.
pub trait Log: std::fmt::Debug {
    /// A remark for every user.
    fn remark(&self, text: &str);
    /// A detail for debugging.
    fn detail(&self, text: &str);
}

/// Discards everything.
#[derive(Debug)]
struct NoLog;

impl Log for NoLog {
    fn remark(&self, _: &str) {}
    fn detail(&self, _: &str) {}
}

/// The network of a host, as its kernel describes it.
#[derive(Debug, Default)]
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
#[derive(Debug, Default)]
pub struct Namespaces {
    /// The devices of this process's namespace (without a name) and of the named ones.
    pub links: Vec<(Option<String>, Vec<KernelLink>)>,
    /// What could not be read, and why.
    pub unseen: Vec<String>,
}

impl Host {
    /// The host whose database listens at `db`. `limit` bounds connecting, and later every wait without
    /// progress; `None`: no limit.
    pub fn new(db: impl Into<Endpoints>, limit: Option<Duration>, tls: Tls) -> Host {
        Host {
            db: db.into(),
            limit,
            control: None,
            tls: Rc::new(tls),
            log: Rc::new(NoLog),
        }
    }

    /// The same host, with messages about connections sent to `log`.
    #[must_use]
    pub fn with_log(&self, log: Rc<dyn Log>) -> Host {
        Host {
            log,
            ..self.clone()
        }
    }

    /// `unix:$OVS_RUNDIR/db.sock`, else `unix:/var/run/openvswitch/db.sock`.
    pub fn default_database() -> Endpoint {
        Endpoint::Unix(default_run_directory().join("db.sock"))
    }

    /// The directory of the switch's sockets: that of the database's socket; without one `$OVS_RUNDIR`, else
    /// `/var/run/openvswitch`.
    pub(super) fn run_directory(&self) -> PathBuf {
        match self.db.first() {
            Endpoint::Unix(path) => path.parent().unwrap_or(Path::new(".")).to_owned(),
            Endpoint::Tcp { .. } | Endpoint::Ssl { .. } => default_run_directory(),
        }
    }

    /// The spellings of the run directory: as it was named, without symbolic links, and the default one if it is
    /// the same directory.
    pub fn run_directories(&self) -> Vec<String> {
        let named = self.run_directory();
        let real = fs::canonicalize(&named).ok();
        let default = default_run_directory();
        let is_same = real.is_some() && fs::canonicalize(&default).ok() == real;
        let mut all = Vec::new();
        let absolute = Some(named).filter(|path| path.is_absolute());
        for path in [absolute, Some(default).filter(|_| is_same), real] {
            let path = path.and_then(|path| path.to_str().map(str::to_owned));
            all.extend(path.filter(|path| !all.contains(path)));
        }
        all
    }

    /// Whether this process runs on it: its database is reached over Unix sockets.
    pub fn is_local(&self) -> bool {
        let is_unix = |endpoint: &Endpoint| matches!(endpoint, Endpoint::Unix(_));
        self.db.iter().all(is_unix)
    }

    /// Connects to an endpoint.
    ///
    /// # Errors
    ///
    /// See [`ConnectErrorKind`](crate::transport::ConnectErrorKind).
    pub(super) async fn dial(&self, endpoint: &Endpoint) -> Result<Stream, ConnectError> {
        let stream = endpoint.connect_with(self.limit, &self.tls).await;
        for remark in self.tls.take_remarks() {
            self.log.remark(&remark);
        }
        if stream.is_ok() {
            self.log.detail(&format!("connected to {endpoint}"));
        }
        stream
    }

    /// Reads the addresses, routes and devices of this process's network namespace. What cannot be read is left
    /// empty.
    pub fn network(&self) -> KernelNetwork {
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

    /// Reads the network devices of this process's namespace and of the named ones (`/run/netns`). Entering
    /// those needs privileges.
    pub fn namespaces(&self) -> Namespaces {
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
}

fn default_run_directory() -> PathBuf {
    std::env::var_os("OVS_RUNDIR")
        .filter(|directory| !directory.is_empty())
        .map_or_else(|| PathBuf::from("/var/run/openvswitch"), PathBuf::from)
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

//! Two hosts of an `OpenStack` Neutron cloud, as data in the binary: `fixtures/neutron`.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::thread;

use tokio::net::TcpSocket;

use super::daemons;
use super::error::SandboxError;

/// Which host to load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Neutron {
    /// A host as an operator's notes tell of it, chapter by chapter.
    #[default]
    Notes,
    /// One consistent host with every network type.
    Node,
}

impl Neutron {
    /// Both hosts, in the order of the manual.
    pub const ALL: [Self; 2] = [Self::Notes, Self::Node];

    /// The word on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Notes => "notes",
            Self::Node => "node",
        }
    }

    /// The bridges: name, MAC address, fail mode, controller.
    fn bridges(self) -> &'static str {
        match self {
            Self::Notes => include_str!("../../fixtures/neutron/notes/bridges.tsv"),
            Self::Node => include_str!("../../fixtures/neutron/node/bridges.tsv"),
        }
    }

    /// The ports: bridge, name, `OpenFlow` number, tag, type, options.
    fn ports(self) -> &'static str {
        match self {
            Self::Notes => include_str!("../../fixtures/neutron/notes/ports.tsv"),
            Self::Node => include_str!("../../fixtures/neutron/node/ports.tsv"),
        }
    }

    /// The flows of the bridges that have some, in the words of ovs-ofctl(8).
    fn flows(self) -> &'static [(&'static str, &'static str)] {
        macro_rules! flows {
            ($host:literal: $($bridge:literal)*) => {
                &[$((
                    $bridge,
                    include_str!(concat!("../../fixtures/neutron/", $host, "/flows/", $bridge, ".flows")),
                )),*]
            };
        }
        match self {
            Self::Notes => flows!("notes": "br-int" "br-tun" "br-ens37"),
            Self::Node => flows!("node": "br-int" "br-tun" "br-ens37" "br-external"),
        }
    }

    /// Whether somebody on this machine listens where the bridges would look for their controller: a
    /// real agent, which is not to meet bridges that are not its own. They are then made without
    /// controller.
    pub fn controller_is_taken(self) -> bool {
        rows(self.bridges()).any(|[.., controller]: [&str; 4]| {
            let address = controller
                .strip_prefix("tcp:")
                .and_then(|at| at.parse().ok());
            address.is_some_and(somebody_listens)
        })
    }

    /// The commands for ovs-vsctl that make the bridges and the ports, all in one transaction.
    pub(super) fn vsctl_arguments(self) -> Vec<String> {
        let with_controller = !self.controller_is_taken();
        let mut arguments = Vec::new();
        let mut add = |words: &[&str]| {
            arguments.push("--".to_owned());
            arguments.extend(words.iter().map(|word| (*word).to_owned()));
        };
        for row in rows(self.bridges()) {
            let [bridge, hwaddr, fail_mode, controller] = row;
            add(&["add-br", bridge]);
            let address = format!("other_config:hwaddr=\"{hwaddr}\"");
            let mode = format!("fail_mode={fail_mode}");
            add(&["set", "Bridge", bridge, &address, &mode]);
            if with_controller {
                add(&["set-controller", bridge, controller]);
            }
        }
        for row in rows(self.ports()) {
            let [bridge, port, ofport, tag, kind, options] = row;
            if tag == EMPTY {
                add(&["add-port", bridge, port]);
            } else {
                add(&["add-port", bridge, port, &format!("tag={tag}")]);
            }
            let mut columns = vec![format!("ofport_request={ofport}")];
            if kind != EMPTY {
                columns.push(format!("type={kind}"));
            }
            if options != EMPTY {
                columns.extend(options.split(' ').map(|option| format!("options:{option}")));
            }
            let mut words = vec!["set", "Interface", port];
            words.extend(columns.iter().map(String::as_str));
            add(&words);
        }
        arguments
    }

    /// Adds the flows to the bridges of the sandbox in `dir`.
    pub(super) fn add_flows(self, ofctl: &Path, dir: &Path) -> Result<(), SandboxError> {
        thread::scope(|scope| {
            let running: Vec<_> = self
                .flows()
                .iter()
                .map(|(bridge, flows)| {
                    scope.spawn(move || {
                        let arguments = ["add-flows", bridge, "-"].map(String::from);
                        daemons::tool(ofctl, dir, &arguments, flows.as_bytes())
                    })
                })
                .collect();
            // A panic in a thread of ours is a bug, and goes on in this one.
            running.into_iter().try_for_each(|one| match one.join() {
                Ok(result) => result.map(drop),
                Err(panic) => std::panic::resume_unwind(panic),
            })
        })
    }
}

/// What stands in a cell without a value.
const EMPTY: &str = "-";

/// The rows of a table of `N` columns; the heading and anything of another shape is left out.
fn rows<const N: usize>(table: &str) -> impl Iterator<Item = [&str; N]> {
    table
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split('\t').collect::<Vec<_>>().try_into().ok())
}

/// Whether a socket of this machine listens there. Asks nobody: an address with a listener cannot be
/// bound, one without can, by any number of sandboxes at a time, since none of them listens.
fn somebody_listens(address: SocketAddr) -> bool {
    let bound = || {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind(address)
    };
    bound().is_err_and(|error: io::Error| error.kind() == io::ErrorKind::AddrInUse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_tables_is_read() {
        for host in Neutron::ALL {
            for (table, read) in [
                (host.bridges(), rows::<4>(host.bridges()).count()),
                (host.ports(), rows::<6>(host.ports()).count()),
            ] {
                assert_eq!(read, table.lines().count() - 1, "{table}");
            }
        }
    }

    #[test]
    fn a_listening_socket_is_seen() {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        assert!(somebody_listens(address));
        drop(socket);
        assert!(!somebody_listens(address));
    }
}

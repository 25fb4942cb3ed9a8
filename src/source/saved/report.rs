//! What was saved of a host.

use std::collections::BTreeMap;

use super::SavedSwitch;
use crate::ovsdb::stored::StoredDatabase;
use crate::source::network::{KernelNetwork, Namespaces};

/// What was saved of a host. What is `None` or missing was not saved.
#[derive(Debug, Default)]
pub struct Report {
    /// Where it is from, for messages: the path of the file or directory.
    pub name: String,
    /// The arguments of `--from` that name it; none if it was not opened by them.
    pub sources: Vec<String>,
    /// The database.
    pub database: Option<StoredDatabase>,
    /// The switches, by bridge.
    pub switches: BTreeMap<String, SavedSwitch>,
    /// What daemons replied on their control sockets: by daemon (`ovs-vswitchd`), then by the command with its
    /// arguments, separated by blanks (`fdb/show br-int`).
    pub replies: BTreeMap<String, BTreeMap<String, String>>,
    /// The addresses, routes and devices of its kernel.
    pub network: Option<KernelNetwork>,
    /// The devices of its network namespaces.
    pub namespaces: Option<Namespaces>,
    /// What could not be read of it, and why: for every user.
    pub remarks: Vec<String>,
}

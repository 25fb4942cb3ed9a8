//! The files of a report of sos or a bundle of ovs-bugtool that are of use.

use std::collections::BTreeMap;
use std::io;

use super::archive::Contents;
use super::archive::index::Index;
use super::bugtool::{BundleFile, bundle_file};
use super::kernel_texts;
use super::outputs::tool_error;
use super::sos::{self, CommandFile, NamespaceName};
use crate::openflow::version::Version;
use crate::source::network::{KernelNetwork, Namespaces};

/// Where a report has the database, below its directory.
const DATABASES: [&str; 3] = [
    "etc/openvswitch/conf.db",
    "var/lib/openvswitch/conf.db",
    "usr/local/etc/openvswitch/conf.db",
];

/// The files of a report that are of use.
#[derive(Default)]
pub(super) struct ReportFiles {
    /// The path of the report, which precedes those in it.
    directory: String,
    /// Logs of databases, by path.
    databases: Vec<(String, Vec<u8>)>,
    /// Dumps of the database, by path.
    pub(super) dumps: Vec<(String, Vec<u8>)>,
    /// Of sos.
    pub(super) commands: Vec<CommandFile>,
    /// The dumps of flows among them, by bridge: the index, and the rank.
    flow_dumps: BTreeMap<String, (usize, FlowDumpRank)>,
    /// Of ovs-bugtool: path, label, text.
    pub(super) bundle: Vec<(String, String, Vec<u8>)>,
    pub(super) network: KernelNetwork,
    pub(super) namespaces: Namespaces,
}

/// The rank of a dump of flows among those of the same bridge: whether it is one and not an error, and its version.
type FlowDumpRank = (bool, Version, Option<Version>);

impl ReportFiles {
    /// The files of the report at this path.
    pub(super) fn new(path: &str) -> ReportFiles {
        ReportFiles {
            directory: path.trim_end_matches('/').to_owned(),
            ..ReportFiles::default()
        }
    }

    /// Whether there is nothing of Open vSwitch.
    pub(super) fn is_empty(&self) -> bool {
        self.databases.is_empty()
            && self.dumps.is_empty()
            && self.commands.is_empty()
            && self.bundle.is_empty()
    }

    /// Takes the log of the database, to which links may lead.
    pub(super) fn take_database(&mut self, index: &Index) -> Option<(String, Vec<u8>)> {
        let prefix = index.top().map_or(String::new(), |top| format!("{top}/"));
        DATABASES.iter().find_map(|path| {
            let path = index.resolve(&format!("{prefix}{path}"))?;
            let at = self.databases.iter().position(|(found, _)| found == path)?;
            Some(self.databases.swap_remove(at))
        })
    }

    /// Takes a file, if it is of use.
    ///
    /// # Errors
    ///
    /// Its contents cannot be read.
    pub(super) fn take(&mut self, path: &str, contents: &mut Contents<'_>) -> io::Result<()> {
        let is = |end: &str| {
            path.strip_suffix(end)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
        };
        if DATABASES.iter().any(|database| is(database)) {
            self.databases.push((path.to_owned(), contents.keep()?));
        } else if let Some(name) = sos::file_name(path) {
            if sos::is_database_dump(name) {
                self.dumps.push((path.to_owned(), contents.keep()?));
            } else {
                self.take_output(path, name, contents)?;
            }
        } else if let Some(file) = bundle_file(&self.directory, path) {
            let text = contents.keep()?;
            match file {
                BundleFile::Database => self.dumps.push((path.to_owned(), text)),
                BundleFile::Outputs(label) => {
                    self.bundle.push((path.to_owned(), label.to_owned(), text));
                }
            }
        } else if let Some(owner) = sos::devices_of(path) {
            let text = String::from_utf8_lossy(&contents.keep()?).into_owned();
            let namespace = match owner {
                NamespaceName::Own => {
                    self.network.devices = kernel_texts::hardware(&text);
                    None
                }
                NamespaceName::Named(name) => Some(name.to_owned()),
            };
            let links = kernel_texts::links(&text);
            self.namespaces.links.push((namespace, links));
        } else {
            // `/proc/net` is a link, to that of the process that reads it.
            let Some((_, name)) = path.rsplit_once("/net/").filter(|_| path.contains("proc/"))
            else {
                return Ok(());
            };
            let place = match name {
                "fib_trie" => &mut self.network.fib_trie,
                "if_inet6" => &mut self.network.if_inet6,
                "ipv6_route" => &mut self.network.ipv6_route,
                _ => return Ok(()),
            };
            *place = String::from_utf8_lossy(&contents.keep()?).into_owned();
        }
        Ok(())
    }

    /// Keeps an output of sos; of the dumps of the flows of a bridge only the one of the highest version.
    fn take_output(
        &mut self,
        path: &str,
        name: &str,
        contents: &mut Contents<'_>,
    ) -> io::Result<()> {
        let Some((bridge, version)) = sos::flow_dump(name) else {
            self.commands.push(CommandFile {
                path: path.to_owned(),
                text: contents.keep()?,
            });
            return Ok(());
        };
        let rank = |is_dump| (is_dump, version.unwrap_or(Version::V10), version);
        let known = self.flow_dumps.get(bridge).copied();
        if known.is_some_and(|(_, known)| known >= rank(true)) {
            return Ok(());
        }
        let text = contents.keep()?;
        let is_dump = !text.trim_ascii().is_empty() && tool_error(&text).is_none();
        let rank = rank(is_dump);
        let file = CommandFile {
            path: path.to_owned(),
            text,
        };
        let at = match known {
            Some((_, known)) if known >= rank => return Ok(()),
            Some((at, _)) => {
                if let Some(known) = self.commands.get_mut(at) {
                    *known = file;
                }
                at
            }
            None => {
                self.commands.push(file);
                self.commands.len() - 1
            }
        };
        self.flow_dumps.insert(bridge.to_owned(), (at, rank));
        Ok(())
    }
}

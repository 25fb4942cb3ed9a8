//! Opens what `--from` names: reports, databases and texts, recognised by what they contain.

use std::fmt;
use std::io;
use std::path::Path;

use super::archive::{Archive, ArchiveError, ArchiveErrorKind, Contents, Form};
use super::bugtool::{self, BundleFile, bundle_file};
use super::kernel_texts;
use super::outputs::{Findings, Output};
use super::sos::{self, CommandFile, Known, NamespaceName};
use super::stored_names::bridges;
use super::texts::sections::{SectionKind, cut};
use super::{Report, snapshot};
use crate::base::terminal::quoted;
use crate::openflow::version::Version;
use crate::ovsdb::file;
use crate::source::network::{KernelNetwork, Namespaces};

/// Why something cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenError {
    /// What it is, and the reason.
    pub message: String,
    /// What can be done about it.
    pub hint: Option<String>,
    /// What is wrong with it.
    pub kind: OpenErrorKind,
}

/// The kinds of [`OpenError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenErrorKind {
    /// There is no such file.
    NotFound,
    /// It cannot be read, is damaged, or is of no known kind.
    Unreadable,
    /// What is asked for is not clear.
    Usage,
    /// It is of another host than what was opened before.
    SecondHost,
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for OpenError {}

impl OpenError {
    fn new(kind: OpenErrorKind, message: impl Into<String>, hint: Option<&str>) -> OpenError {
        OpenError {
            message: message.into(),
            hint: hint.map(str::to_owned),
            kind,
        }
    }
}

impl From<ArchiveError> for OpenError {
    fn from(error: ArchiveError) -> OpenError {
        let kind = match &error.kind {
            ArchiveErrorKind::Io(error) if error.kind() == io::ErrorKind::NotFound => {
                OpenErrorKind::NotFound
            }
            _ => OpenErrorKind::Unreadable,
        };
        OpenError::new(kind, error.to_string(), error.hint())
    }
}

impl Report {
    /// Opens what was saved of one host: paths of reports, databases and texts, or `BRIDGE=FILE[,FILE...]` for texts of a
    /// bridge. What several have together is one report: a database and dumps of the flows of its bridges.
    ///
    /// # Errors
    ///
    /// One of them does not exist, cannot be read, or is of no known kind; a text names no bridge; two of them have a
    /// database.
    pub fn open(sources: &[String]) -> Result<Report, OpenError> {
        let mut found = Found::default();
        for source in sources {
            match of_bridge(source) {
                Some((bridge, files)) => {
                    for file in files.split(',').filter(|file| !file.is_empty()) {
                        found.open(file, Some(bridge))?;
                    }
                }
                None => found.open(source, None)?,
            }
        }
        let report = found.report(sources.join(", "))?;
        Ok(Report {
            sources: sources.to_vec(),
            ..report
        })
    }
}

/// The bridge and the files of `BRIDGE=FILE[,FILE...]`; a path that exists is that path.
fn of_bridge(source: &str) -> Option<(&str, &str)> {
    let (bridge, files) = source.split_once('=')?;
    let is_path = bridge.is_empty() || bridge.contains('/') || Path::new(source).exists();
    (!is_path).then_some((bridge, files))
}

/// What was found in the sources.
#[derive(Default)]
struct Found {
    findings: Findings,
    /// The path of a file of `ovs save`, and the host in it.
    snapshot: Option<(String, Report)>,
    /// Files of sos reports, which are understood once the database is known, with the name of the report.
    sos: Vec<(String, Vec<CommandFile>)>,
    network: Option<KernelNetwork>,
    namespaces: Option<Namespaces>,
}

impl Found {
    fn open(&mut self, path: &str, bridge: Option<&str>) -> Result<(), OpenError> {
        let mut archive = Archive::open(Path::new(path))?;
        if let Some(report) = snapshot::read(&mut archive)? {
            if bridge.is_some() || self.snapshot.is_some() {
                return Err(second_host(path));
            }
            self.snapshot = Some((path.to_owned(), report));
            return Ok(());
        }
        match archive.form() {
            Form::File => self.file(&mut archive, bridge)?,
            _ if bridge.is_some() => {
                let message = format!("{}: not a text", quoted(path));
                let hint =
                    "BRIDGE=FILE is for text of ovs-ofctl; a report is given without BRIDGE=";
                return Err(OpenError::new(OpenErrorKind::Usage, message, Some(hint)));
            }
            Form::Directory | Form::Tar | Form::Zip => self.report_files(&mut archive)?,
        }
        self.findings.remarks.extend_from_slice(archive.remarks());
        Ok(())
    }

    /// A database, or a text.
    fn file(&mut self, archive: &mut Archive, bridge: Option<&str>) -> Result<(), OpenError> {
        let name = archive.name().to_owned();
        let mut bytes = Vec::new();
        archive.entries(|_, contents| {
            bytes = contents.keep()?;
            Ok(())
        })?;
        let is_text = bridge.is_some()
            || !file::is_log(&bytes)
                && cut(&bytes)
                    .iter()
                    .any(|section| section.kind != SectionKind::Other);
        if is_text {
            self.findings.outputs.push(Output {
                name: shown(&name),
                bridge: bridge.map(str::to_owned),
                text: bytes,
                ..Output::default()
            });
            return Ok(());
        }
        self.database(&bytes, &name)
    }

    fn database(&mut self, bytes: &[u8], name: &str) -> Result<(), OpenError> {
        let database = file::read(bytes, name).map_err(|error| {
            let hint = "known are files of `ovs save`, reports of sos and ovs-bugtool, conf.db, output of ovsdb-client, \
                        and text of ovs-ofctl";
            OpenError::new(OpenErrorKind::Unreadable, error.to_string(), Some(hint))
        })?;
        if self.findings.database.is_some() {
            let message = format!("{}: a second database", shown(name));
            return Err(OpenError::new(
                OpenErrorKind::SecondHost,
                message,
                Some("give one database, and texts of its bridges"),
            ));
        }
        self.findings
            .remarks
            .extend(database.remarks.iter().cloned());
        self.findings.database = Some(database);
        Ok(())
    }

    /// A report: a directory or an archive with many files.
    fn report_files(&mut self, archive: &mut Archive) -> Result<(), OpenError> {
        let mut files = ReportFiles {
            directory: archive.name().trim_end_matches('/').to_owned(),
            ..ReportFiles::default()
        };
        archive.entries(|path, contents| files.take(path, contents))?;
        let name = shown(archive.name());
        let prefix = archive
            .index()
            .top()
            .map_or(String::new(), |top| format!("{top}/"));
        let has_sos = !files.commands.is_empty();
        let database = DATABASES.iter().find_map(|path| {
            let path = archive
                .index()
                .resolve(&format!("{prefix}{path}"))?
                .to_owned();
            let at = files
                .databases
                .iter()
                .position(|(found, _)| *found == path)?;
            Some(files.databases.swap_remove(at))
        });
        let text = files.database_text.take();
        if database.is_none() && text.is_none() && !has_sos && files.bundle.is_empty() {
            let message = format!("{name}: of no known kind");
            let hint =
                "known are reports of sos and ovs-bugtool; one file of them may be given, too";
            return Err(OpenError::new(
                OpenErrorKind::Unreadable,
                message,
                Some(hint),
            ));
        }
        if let Some((path, bytes)) = database.or(text) {
            self.database(&bytes, &format!("{}: {path}", archive.name()))?;
        } else {
            let remark = format!("{name}: it has no database");
            self.findings.remarks.push(remark);
        }
        self.findings
            .outputs
            .extend(files.bundle.into_iter().map(|(path, label, text)| {
                bugtool::output(&label, format!("{name}: {}", shown(&path)), text)
            }));
        if has_sos {
            self.sos.push((name, files.commands));
        }
        if !files.network.fib_trie.is_empty() && !files.network.devices.is_empty() {
            self.network = Some(files.network);
        }
        if !files.namespaces.links.is_empty() {
            files.namespaces.links.sort_by(|(a, _), (b, _)| a.cmp(b));
            self.namespaces = Some(files.namespaces);
        }
        Ok(())
    }

    fn report(mut self, name: String) -> Result<Report, OpenError> {
        if let Some((path, report)) = self.snapshot {
            let is_alone = self.findings.database.is_none()
                && self.findings.outputs.is_empty()
                && self.sos.is_empty();
            return if is_alone {
                Ok(report)
            } else {
                Err(second_host(&path))
            };
        }
        let database = self.findings.database.as_ref();
        let stored = database.filter(|_| !self.sos.is_empty()).map(bridges);
        for (report, files) in self.sos {
            let of_bridges = stored.iter().flatten();
            let of_bridges = of_bridges.map(|bridge| (bridge.name.as_str(), &bridge.ports[..]));
            let known = Known {
                bridges: stored.is_some().then(|| of_bridges.collect()),
            };
            let outputs = sos::outputs(&report, files, &known, &mut self.findings.remarks);
            self.findings.outputs.extend(outputs);
        }
        let report = self.findings.report(name).map_err(|text| {
            let message = format!("{} names no bridge", text.name);
            OpenError::new(
                OpenErrorKind::Usage,
                message,
                Some("say of which bridge it is: --from BRIDGE=FILE"),
            )
        })?;
        Ok(Report {
            network: self.network,
            namespaces: self.namespaces,
            ..report
        })
    }
}

fn second_host(path: &str) -> OpenError {
    let message = format!("{}: a second host", quoted(path));
    let hint = "a file of `ovs save` is given alone";
    OpenError::new(OpenErrorKind::SecondHost, message, Some(hint))
}

/// Where a report has the database, below its directory.
const DATABASES: [&str; 3] = [
    "etc/openvswitch/conf.db",
    "var/lib/openvswitch/conf.db",
    "usr/local/etc/openvswitch/conf.db",
];

/// The files of a report that are of use.
#[derive(Default)]
struct ReportFiles {
    /// Where the paths begin.
    directory: String,
    databases: Vec<(String, Vec<u8>)>,
    /// The text of a database.
    database_text: Option<(String, Vec<u8>)>,
    /// Of sos.
    commands: Vec<CommandFile>,
    /// Of ovs-bugtool: path, label, text.
    bundle: Vec<(String, String, Vec<u8>)>,
    network: KernelNetwork,
    namespaces: Namespaces,
}

impl ReportFiles {
    fn take(&mut self, path: &str, contents: &mut Contents<'_>) -> io::Result<()> {
        let is = |end: &str| {
            path.strip_suffix(end)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
        };
        if DATABASES.iter().any(|database| is(database)) {
            self.databases.push((path.to_owned(), contents.keep()?));
        } else if let Some(name) = sos::file_name(path) {
            self.take_output(path, name, contents)?;
        } else if let Some(file) = bundle_file(&self.directory, path) {
            let text = contents.keep()?;
            match file {
                BundleFile::Database => self.database_text = Some((path.to_owned(), text)),
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
        let rank = |name: &str, text: Option<&[u8]>| {
            let (bridge, version) = sos::flow_dump(name)?;
            let is_dump = text
                .is_none_or(|text| !text.starts_with(b"ovs-ofctl: ") && !text.starts_with(b"20"));
            Some((
                bridge.to_owned(),
                (is_dump, version.unwrap_or(Version::V10), version),
            ))
        };
        let of_same = rank(name, None).and_then(|(bridge, rank_of_new)| {
            let mut known = self.commands.iter().enumerate();
            known.find_map(|(at, file)| {
                let (of, rank) = rank(sos::file_name(&file.path)?, Some(&file.text))?;
                (of == bridge).then_some((at, rank, rank_of_new))
            })
        });
        if let Some((_, known, new)) = of_same
            && known >= new
        {
            return Ok(());
        }
        let file = CommandFile {
            path: path.to_owned(),
            text: contents.keep()?,
        };
        match of_same.and_then(|(at, ..)| self.commands.get_mut(at)) {
            Some(known)
                if rank(name, Some(&file.text)).is_some_and(|(_, (is_dump, ..))| is_dump) =>
            {
                *known = file;
            }
            Some(_) => {}
            None => self.commands.push(file),
        }
        Ok(())
    }
}

/// A path in messages, quoted if necessary.
fn shown(path: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+:=, ".contains(c);
    if !path.is_empty() && path.chars().all(is_plain) {
        path.to_owned()
    } else {
        quoted(path)
    }
}

//! Opens what `--from` names: reports, databases and texts, recognised by what they contain.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::io;
use std::path::Path;

use super::archive::{Archive, ArchiveError, ArchiveErrorKind, Form};
use super::bugtool;
use super::databases::{FoundDatabase, joined, name_bridges};
use super::outputs::{Findings, Output, WrongBridge, tool_error};
use super::report_files::ReportFiles;
use super::sos::{self, CommandFile, Known};
use super::stored_names::bridges;
use super::texts::local_port;
use super::texts::sections::{Section, SectionKind, cut, plain};
use super::{Report, snapshot};
use crate::base::shell::word;
use crate::base::terminal::quoted;
use crate::openflow::messages::header::Header;
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
    /// They are of several hosts.
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
    /// bridge; a FILE that exists may have commas. What several have together is one report: a file of `ovs save` or a database, dumps of its tables, and
    /// texts of its bridges.
    ///
    /// # Errors
    ///
    /// One of them does not exist, cannot be read, or is of no known kind; a text names no bridge; or they are of several
    /// hosts ([`OpenErrorKind::SecondHost`]).
    pub fn open(sources: &[String]) -> Result<Report, OpenError> {
        let read = || -> Result<Report, OpenError> {
            let mut found = Found::default();
            for source in sources {
                match of_bridge(source) {
                    Some((bridge, files)) => found.open_texts(source, bridge, files)?,
                    None => found.open(source, None)?,
                }
            }
            let report = found.report(sources.join(", "))?;
            Ok(Report {
                sources: sources.to_vec(),
                ..report
            })
        };
        let is_of_bridge = |source: &&String| of_bridge(source).is_some();
        match (read(), sources.iter().find(is_of_bridge)) {
            (Err(error), Some(text)) if error.kind == OpenErrorKind::SecondHost => {
                let message = format!("it is not clear which host {} belongs to", quoted(text));
                let hint = format!("give it with the sources of one host; {error}");
                Err(OpenError::new(OpenErrorKind::Usage, message, Some(&hint)))
            }
            (read, _) => read,
        }
    }
}

/// The bridge and the files of `BRIDGE=FILE[,FILE...]`; a path that exists is that path.
fn of_bridge(source: &str) -> Option<(&str, &str)> {
    let (bridge, files) = source.split_once('=')?;
    let is_path = bridge.is_empty() || bridge.contains('/') || Path::new(source).exists();
    (!is_path).then_some((bridge, files))
}

/// Maximum number of files of a directory that is no report.
const MAX_LOOSE_FILES: usize = 1000;

/// What was found in the sources.
#[derive(Default)]
struct Found {
    findings: Findings,
    databases: Vec<FoundDatabase>,
    /// The host in a file of `ovs save`.
    snapshot: Option<Report>,
    /// Files of a sos report, which are understood once the database is known, with the name of the report.
    sos: Option<(String, Vec<CommandFile>)>,
    /// Whether there is a report of sos or ovs-bugtool.
    has_report: bool,
    network: Option<KernelNetwork>,
    namespaces: Option<Namespaces>,
}

impl Found {
    /// Opens the texts of a bridge.
    fn open_texts(&mut self, source: &str, bridge: &str, files: &str) -> Result<(), OpenError> {
        if Path::new(files).exists() {
            return self.open(files, Some(bridge));
        }
        let mut files = files.split(',').filter(|file| !file.is_empty()).peekable();
        if files.peek().is_none() {
            let message = format!("{}: there is no file after =", quoted(source));
            return Err(OpenError::new(OpenErrorKind::Usage, message, None));
        }
        files.try_for_each(|file| self.open(file, Some(bridge)))
    }

    fn open(&mut self, path: &str, bridge: Option<&str>) -> Result<(), OpenError> {
        let mut archive = Archive::open(Path::new(path))?;
        if bridge.is_some() && archive.form() != Form::File {
            return Err(no_text(path, "a report"));
        }
        if let Some(mut report) = snapshot::read(&mut archive)? {
            if self.snapshot.is_some() || self.has_report {
                return Err(second_host(path));
            }
            let name = shown(path);
            let database = report.database.take();
            self.databases
                .extend(database.map(|database| FoundDatabase { name, database }));
            self.snapshot = Some(report);
            return Ok(());
        }
        match archive.form() {
            Form::File => self.file(&mut archive, bridge)?,
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
        // A value of a database may be a line of a terminal.
        let is_database = file::is_database(&bytes);
        if !is_database {
            bytes = plain(bytes);
        }
        let sections = if is_database { Vec::new() } else { cut(&bytes) };
        let has = |wanted: fn(SectionKind) -> bool| sections.iter().any(|s| wanted(s.kind));
        let has_outputs = has(|kind| !matches!(kind, SectionKind::Database | SectionKind::Other));
        let has_tables = has(|kind| kind == SectionKind::Database);
        let is_unread = sections.iter().any(|section| section.has_heading);
        if is_unread && !has_outputs && !has_tables {
            let name = shown(&name);
            let remark = format!("{name}: not used: no command reads outputs of this kind");
            self.findings.remarks.push(remark);
            return Ok(());
        }
        if bridge.is_some() && !has_outputs {
            return Err(no_text(&name, &content(&bytes)));
        }
        if !has_outputs && !has_tables {
            let database = database(&bytes, &name)?;
            self.databases.push(database);
            return Ok(());
        }
        let tables = sections.iter().filter(|s| s.kind == SectionKind::Database);
        for section in tables {
            let body = section.body.trim_ascii_start();
            let place = format!("{name}, from line {}", section.line);
            match (tool_error(body), database(body, &place)) {
                (Some(message), _) => {
                    let remark = format!("{}: {}", shown(&place), quoted(&message));
                    self.findings.remarks.push(remark);
                }
                (None, Ok(mut found)) => {
                    if section.is_part() {
                        let name = &found.name;
                        let remark = format!(
                            "{name}: the command prints a part of the rows: the others are unknown"
                        );
                        found.database.remarks.push(remark);
                    }
                    self.databases.push(found);
                }
                (None, Err(error)) => self.findings.remarks.push(error.message),
            }
        }
        if has_outputs {
            self.findings.outputs.push(Output {
                name: shown(&name),
                bridge: bridge.map(str::to_owned),
                is_given: true,
                text: bytes,
                ..Output::default()
            });
        }
        Ok(())
    }

    /// A report: a directory or an archive with many files.
    fn report_files(&mut self, archive: &mut Archive) -> Result<(), OpenError> {
        let mut files = ReportFiles::new(archive.name());
        archive.entries(|path, contents| files.take(path, contents))?;
        let name = shown(archive.name());
        if files.is_empty() {
            return self.loose_files(archive);
        }
        if self.snapshot.is_some() || self.has_report {
            return Err(second_host(archive.name()));
        }
        self.has_report = true;
        self.report_databases(archive, &mut files);
        self.findings
            .outputs
            .extend(files.bundle.into_iter().map(|(path, label, text)| {
                bugtool::output(&label, format!("{name}: {}", shown(&path)), &text)
            }));
        self.sos = Some((name, files.commands)).filter(|(_, commands)| !commands.is_empty());
        if !files.network.fib_trie.is_empty() && !files.network.devices.is_empty() {
            self.network = Some(files.network);
        }
        if !files.namespaces.links.is_empty() {
            files.namespaces.links.sort_by(|(a, _), (b, _)| a.cmp(b));
            self.namespaces = Some(files.namespaces);
        }
        Ok(())
    }

    /// The files of a directory or archive that is no report: databases and texts at its top. The bridge of a text follows
    /// from the text, or from the name of its file if that is as sos names it.
    fn loose_files(&mut self, archive: &mut Archive) -> Result<(), OpenError> {
        let top = archive.index().top().map(|top| format!("{top}/"));
        let top = top.unwrap_or_default();
        let mut files = Vec::new();
        archive.entries(|path, contents| {
            let is_at_top = path
                .strip_prefix(&top)
                .is_some_and(|path| !path.contains('/'));
            if is_at_top && files.len() < MAX_LOOSE_FILES {
                files.push((path.to_owned(), contents.keep()?));
            }
            Ok(())
        })?;
        let name = archive.name().to_owned();
        let mut is_known = false;
        for (path, bytes) in files {
            let place = format!("{}: {path}", shown(&name));
            if file::is_database(&bytes) {
                let database = database(&bytes, &place)?;
                self.databases.push(database);
                is_known = true;
                continue;
            }
            let command = sos::by_prefix(path.rsplit('/').next().unwrap_or(&path));
            let bytes = plain(bytes);
            let sections = cut(&bytes);
            let is_output = |section: &Section<'_>| {
                !matches!(section.kind, SectionKind::Database | SectionKind::Other)
            };
            let names_bridge = |section: &Section<'_>| {
                section.kind == SectionKind::Control || section.command.is_some()
            };
            let mut outputs = sections.iter().filter(|s| is_output(s)).peekable();
            if outputs.peek().is_none() {
                continue;
            }
            is_known = true;
            if command.is_none() && local_port(&sections).is_none() && !outputs.all(names_bridge) {
                let remark = format!("{place}: it names no bridge and is not used");
                self.findings.remarks.push(remark);
                continue;
            }
            self.findings.outputs.push(Output {
                name: place,
                command,
                text: bytes,
                ..Output::default()
            });
        }
        if is_known {
            return Ok(());
        }
        let mut message = format!("{}: of no known kind", shown(&name));
        if let Some(remark) = archive.remarks().first() {
            // What is cut off may have been of use.
            message = format!("{message}; {remark}");
        }
        let hint = "known are files of `ovs save`, reports of sos (sos_commands/openvswitch/...), bundles of ovs-bugtool \
                    (bug-report-.../...), and directories with conf.db or texts of ovs-ofctl";
        Err(OpenError::new(
            OpenErrorKind::Unreadable,
            message,
            Some(hint),
        ))
    }

    /// The database of a report: its log, completed by the dumps of its tables.
    fn report_databases(&mut self, archive: &Archive, files: &mut ReportFiles) {
        let name = shown(archive.name());
        let log = files.take_database(archive.index());
        let mut found = Vec::new();
        for (path, bytes) in log.into_iter().chain(std::mem::take(&mut files.dumps)) {
            let (bytes, is_cut) = sos::dump_text(&path, &bytes);
            if is_cut {
                self.findings.remarks.push(format!(
                    "{name}: {}: the beginning of the output is missing: it is used from its first whole table",
                    shown(&path)
                ));
            }
            match database(bytes, &format!("{}: {path}", archive.name())) {
                Ok(database) => found.push(database),
                Err(error) => {
                    let remark = match tool_error(bytes) {
                        Some(message) => format!("{name}: {}: {}", shown(&path), quoted(&message)),
                        None => error.message,
                    };
                    self.findings.remarks.push(remark);
                }
            }
        }
        let (database, others) = joined(found);
        let unused = others.into_iter().map(|other| {
            let name = other.name;
            format!("{name}: not used: none of its rows is in the database of the report")
        });
        self.findings.remarks.extend(unused);
        if database.is_none() {
            let remark = format!("{name}: it has no database");
            self.findings.remarks.push(remark);
        }
        self.databases.extend(database);
    }

    fn report(mut self, name: String) -> Result<Report, OpenError> {
        let (database, others) = joined(std::mem::take(&mut self.databases));
        if let Some(other) = others.first() {
            return Err(second_host(&other.name));
        }
        if let Some(FoundDatabase { mut database, .. }) = database {
            name_bridges(&mut database);
            self.findings.remarks.append(&mut database.remarks);
            self.findings.database = Some(database);
        }
        self.check_bridges()?;
        if let Some((report, files)) = self.sos {
            let stored: Option<Vec<_>> = self.findings.database.as_ref().map(bridges);
            let of_bridges = stored.iter().flatten();
            let of_bridges = of_bridges.map(|bridge| (bridge.name.as_str(), &bridge.ports[..]));
            let known = Known {
                bridges: stored.is_some().then(|| of_bridges.collect()),
            };
            let outputs = sos::outputs(&report, files, &known, &mut self.findings.remarks);
            self.findings.outputs.extend(outputs);
        }
        let switches = self.snapshot.as_ref().map(|saved| &saved.switches);
        let none = BTreeMap::new();
        let report = self.findings.report(name, switches.unwrap_or(&none));
        let report = report.map_err(|text| wrong_bridge(&text))?;
        Ok(match self.snapshot {
            Some(saved) => with_texts(saved, report),
            None => Report {
                network: self.network,
                namespaces: self.namespaces,
                ..report
            },
        })
    }
}

impl Found {
    /// Refuses texts that the user gave for a bridge which the database does not have.
    fn check_bridges(&self) -> Result<(), OpenError> {
        let database = self.findings.database.as_ref();
        let Some(database) = database.filter(|found| found.tables.contains_key("Bridge")) else {
            return Ok(());
        };
        let named = self.findings.outputs.iter().filter_map(|output| {
            let bridge = output.bridge.as_deref()?;
            Some((bridge, &output.name))
        });
        let mut named = named.peekable();
        if named.peek().is_none() {
            return Ok(());
        }
        let stored = bridges(database);
        let is_there = |name: &str| stored.iter().any(|bridge| bridge.name == name);
        let Some((bridge, text)) = named.find(|(bridge, _)| !is_there(bridge)) else {
            return Ok(());
        };
        let message = format!("{text}: the database has no bridge {}", quoted(bridge));
        let names: Vec<&str> = stored.iter().map(|bridge| bridge.name.as_str()).collect();
        let hint = match &names[..] {
            [] => "it has no bridges".to_owned(),
            names => format!("its bridges are {}", names.join(", ")),
        };
        Err(OpenError::new(OpenErrorKind::Usage, message, Some(&hint)))
    }
}

/// A host of a file of `ovs save`, with what other sources tell of it.
fn with_texts(mut saved: Report, texts: Report) -> Report {
    saved.name = texts.name;
    saved.database = texts.database;
    saved.remarks.extend(texts.remarks);
    for (bridge, switch) in texts.switches {
        match saved.switches.entry(bridge) {
            Entry::Occupied(mut known) if known.get().version == switch.version => {
                let known = known.get_mut();
                known.parts.extend(switch.parts);
                known.early_ports = switch.early_ports.or(known.early_ports.take());
                known.unnumbered.extend(switch.unnumbered);
            }
            Entry::Occupied(mut known) => {
                saved.remarks.push(format!(
                    "bridge {}: the texts are of {}, what was saved of {}: only the texts are used",
                    word(known.key()),
                    switch.version,
                    known.get().version
                ));
                known.insert(switch);
            }
            Entry::Vacant(vacant) => drop(vacant.insert(switch)),
        }
    }
    for (daemon, replies) in texts.replies {
        saved.replies.entry(daemon).or_default().extend(replies);
    }
    saved
}

fn database(bytes: &[u8], name: &str) -> Result<FoundDatabase, OpenError> {
    let database = file::read(bytes, name).map_err(|error| {
        let hint = "known are files of `ovs save`, reports of sos and ovs-bugtool, conf.db, output of ovsdb-client, \
                    and text of ovs-ofctl";
        OpenError::new(OpenErrorKind::Unreadable, error.to_string(), Some(hint))
    })?;
    let name = shown(name);
    Ok(FoundDatabase { name, database })
}

/// What a file has that is no text of ovs-ofctl, in words.
fn content(bytes: &[u8]) -> String {
    if bytes.trim_ascii().is_empty() {
        return "the file is empty".to_owned();
    }
    if file::is_database(bytes) {
        return "a database".to_owned();
    }
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return "UTF-16, convert it to UTF-8".to_owned();
    }
    let is_message = |header: Header| Version::from_wire(header.version).is_some();
    if Header::decode(bytes).is_ok_and(is_message) {
        return "OpenFlow messages, which `ovs decode` reads".to_owned();
    }
    match tool_error(bytes) {
        Some(message) => quoted(&message),
        None => "none of its outputs is in it".to_owned(),
    }
}

fn wrong_bridge(text: &WrongBridge) -> OpenError {
    let others: Vec<Cow<'_, str>> = text.others.iter().map(|bridge| word(bridge)).collect();
    let (message, hint) = match &text.bridge {
        None => (
            format!("{} names no bridge", text.name),
            "say of which bridge it is: --from BRIDGE=FILE".to_owned(),
        ),
        Some(bridge) => (
            format!("{}: none of its outputs is of {}", text.name, word(bridge)),
            format!("its commands name {}", others.join(", ")),
        ),
    };
    OpenError::new(OpenErrorKind::Usage, message, Some(&hint))
}

fn second_host(name: &str) -> OpenError {
    let message = format!("{}: a second host", shown(name));
    let hint = "what is of one host: a file of `ovs save`, a report or a database, with dumps of its tables and texts \
                of its bridges";
    OpenError::new(OpenErrorKind::SecondHost, message, Some(hint))
}

fn no_text(path: &str, what: &str) -> OpenError {
    let message = format!("{}: not a text of ovs-ofctl: {what}", shown(path));
    let hint = "BRIDGE=FILE is for text of ovs-ofctl; anything else is given without BRIDGE=";
    OpenError::new(OpenErrorKind::Usage, message, Some(hint))
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

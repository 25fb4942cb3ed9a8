//! The outputs of commands that a report has, and what is made of them.

use std::collections::{BTreeMap, BTreeSet};

use super::stored_names::{StoredBridge, bridges};
use super::texts::command_line::{CommandLine, Program};
use super::texts::sections::{Section, SectionKind, cut};
use super::texts::{NamedSection, local_port, switch};
use super::{Report, SavedSwitch};
use crate::base::terminal::quoted;
use crate::openflow::version::Version;
use crate::ovsdb::stored::StoredDatabase;

/// What a command printed.
#[derive(Debug, Clone, Default)]
pub struct Output {
    /// The name of its file for messages, quoted if necessary.
    pub name: String,
    /// The bridge that the user names.
    pub bridge: Option<String>,
    /// The command, if the report tells it otherwise than in the text.
    pub command: Option<Command>,
    /// What it printed.
    pub text: Vec<u8>,
    /// Whether the beginning or the end is missing.
    pub is_cut: bool,
    /// Whether the user named its file, not the report with it.
    pub is_given: bool,
}

/// A command of `ovs-ofctl` or `ovs-appctl`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Command {
    /// The daemon whose control socket was asked; `None`: it is of `ovs-ofctl`.
    pub daemon: Option<String>,
    /// The command and its arguments, without options of `ovs-ofctl` and without the bridge.
    pub words: Vec<String>,
    /// The version that `-O` named.
    pub version: Option<Version>,
    /// The bridge.
    pub bridge: Option<String>,
}

/// The daemon that `ovs-appctl` asks unless told otherwise.
const VSWITCHD: &str = "ovs-vswitchd";

impl From<&CommandLine<'_>> for Command {
    fn from(line: &CommandLine<'_>) -> Command {
        let words = [line.name]
            .into_iter()
            .chain(line.arguments.iter().copied());
        Command {
            daemon: (line.program == Program::Appctl)
                .then(|| line.target.unwrap_or(VSWITCHD).to_owned()),
            words: words.map(str::to_owned).collect(),
            version: line.version,
            bridge: line.bridge.map(str::to_owned),
        }
    }
}

impl Command {
    /// A command of ovs-ofctl.
    pub fn ofctl(name: &str, version: Option<Version>, bridge: &str) -> Command {
        Command {
            daemon: None,
            words: vec![name.to_owned()],
            version,
            bridge: Some(bridge.to_owned()),
        }
    }

    /// A command for a control socket of ovs-vswitchd.
    pub fn appctl(words: &[&str], bridge: Option<&str>) -> Command {
        let words = words.iter().copied().chain(bridge);
        Command {
            daemon: Some(VSWITCHD.to_owned()),
            words: words.map(str::to_owned).collect(),
            version: None,
            bridge: bridge.map(str::to_owned),
        }
    }

    fn name(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    /// What the command prints, if that has no heading.
    fn kind(&self) -> SectionKind {
        match (&self.daemon, self.name()) {
            (Some(_), "bridge/dump-flows") => SectionKind::BridgeFlows,
            (Some(_), _) => SectionKind::Control,
            (None, "dump-flows") => SectionKind::Flows,
            (None, "dump-groups") => SectionKind::Groups,
            (None, _) => SectionKind::Other,
        }
    }
}

/// What was found of a host.
#[derive(Debug, Default)]
pub struct Findings {
    /// Its database.
    pub database: Option<StoredDatabase>,
    /// The outputs of commands.
    pub outputs: Vec<Output>,
    /// What could not be read.
    pub remarks: Vec<String>,
}

/// A text that the user gave is of no bridge, or of others than the user says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongBridge {
    /// The name of the text, quoted if necessary.
    pub name: String,
    /// The bridge that the user names.
    pub bridge: Option<String>,
    /// The bridges that its commands name.
    pub others: BTreeSet<String>,
}

impl Findings {
    /// The report of what was found, without the network. `saved` is what a file of `ovs save` has of the switches.
    ///
    /// # Errors
    ///
    /// A text of a switch that the user gave is of no bridge, or of others than the user says.
    pub fn report(
        self,
        name: String,
        saved: &BTreeMap<String, SavedSwitch>,
    ) -> Result<Report, WrongBridge> {
        let mut remarks = self.remarks;
        let mut stored: BTreeMap<String, StoredBridge> = self
            .database
            .iter()
            .filter(|_| !self.outputs.is_empty())
            .flat_map(bridges)
            .map(|bridge| (bridge.name.clone(), bridge))
            .collect();
        let mut replies = BTreeMap::new();
        let mut failures: Vec<(Option<String>, String)> = Vec::new();
        let mut texts: BTreeMap<String, Vec<NamedSection<'_>>> = BTreeMap::new();
        for output in &self.outputs {
            let sections = output.sections();
            // A switch's own port has the name of the bridge.
            let own = local_port(&sections);
            if output.is_cut {
                remarks.push(format!(
                    "{}: a part of the output is missing: what it tells is incomplete",
                    output.name
                ));
            }
            let mut refused: Vec<usize> = Vec::new();
            let mut others = BTreeSet::new();
            let (mut is_used, mut names_none) = (false, false);
            for section in sections {
                if section.is_refused() {
                    refused.push(section.line);
                    continue;
                }
                let command = output.command.clone();
                let command = command.or(section.command.as_ref().map(Command::from));
                if let Some(error) = tool_error(section.body) {
                    let bridge = command.and_then(|command| command.bridge);
                    let message = format!("{}: {}", output.name, quoted(&error));
                    failures.push((output.bridge.clone().or(bridge), message));
                    continue;
                }
                match (section.kind, command) {
                    (SectionKind::Other | SectionKind::Database, _)
                    | (SectionKind::Control, None) => {}
                    (SectionKind::Control, Some(command)) => {
                        is_used = true;
                        add_reply(&mut replies, &command, section.body);
                    }
                    (_, command) => {
                        let bridge = command.and_then(|command| command.bridge);
                        let bridge = match (&output.bridge, bridge) {
                            (Some(given), Some(other)) if *given != other => {
                                others.insert(other);
                                continue;
                            }
                            (Some(given), _) => Some(given.clone()),
                            (None, bridge) => bridge,
                        };
                        let Some(bridge) = bridge.or_else(|| own.clone()) else {
                            names_none = true;
                            refused.push(section.line);
                            continue;
                        };
                        is_used = true;
                        let text = NamedSection {
                            name: &output.name,
                            is_given: output.is_given,
                            section,
                        };
                        texts.entry(bridge).or_default().push(text);
                    }
                }
            }
            if output.is_given && !is_used && (names_none || !others.is_empty()) {
                return Err(WrongBridge {
                    name: output.name.clone(),
                    bridge: output.bridge.clone(),
                    others,
                });
            }
            if let [first, others @ ..] = &refused[..] {
                let more = match others.len() {
                    0 => String::new(),
                    more => format!(", and {more} more such commands"),
                };
                remarks.push(format!(
                    "{}, line {}: a command without a valid bridge or version: left out{more}",
                    output.name,
                    first.saturating_sub(1)
                ));
            }
        }
        let mut switches: BTreeMap<String, SavedSwitch> = BTreeMap::new();
        for (bridge, texts) in texts {
            let names = stored.remove(&bridge).map(|stored| stored.names);
            let shown = crate::base::shell::word(&bridge).into_owned();
            let mut of_bridge = Vec::new();
            let earlier = saved.get(&bridge);
            let saved = switch(&texts, names.unwrap_or_default(), earlier, &mut of_bridge);
            let named = of_bridge
                .into_iter()
                .map(|remark| format!("bridge {shown}: {remark}"));
            remarks.extend(named);
            switches.extend(saved.map(|saved| (bridge, saved)));
        }
        // Reports ask in several versions, some of which a bridge may not allow.
        for (bridge, failure) in failures {
            if !bridge.is_some_and(|bridge| switches.contains_key(&bridge)) {
                remarks.push(failure);
            }
        }
        Ok(Report {
            name,
            database: self.database,
            switches,
            replies,
            remarks,
            ..Report::default()
        })
    }
}

impl Output {
    /// The replies in it.
    fn sections(&self) -> Vec<Section<'_>> {
        let Some(command) = &self.command else {
            return cut(&self.text);
        };
        let kind = command.kind();
        let whole = Section {
            kind,
            version: command.version,
            command: None,
            has_heading: false,
            heading: "",
            body: &self.text,
            line: 1,
        };
        if command.daemon.is_some() {
            return vec![whole];
        }
        if self.text.trim_ascii().is_empty() {
            // Newer releases print no heading: there are none.
            return vec![whole];
        }
        let mut sections = cut(&self.text);
        for section in &mut sections {
            section.version = command.version.or(section.version);
        }
        sections
    }
}

/// Maximum length of the message of a tool that is shown, in characters.
const MAX_MESSAGE: usize = 200;

/// The first line of a text that has only messages of a tool of Open vSwitch, and not what was asked for: `ovs-ofctl: br0 is
/// not a bridge or a socket`, or lines of its log.
pub(super) fn tool_error(text: &[u8]) -> Option<String> {
    let lines = text.split(|byte| *byte == b'\n');
    let mut lines = lines.filter(|line| !line.trim_ascii().is_empty());
    let first = lines.next()?;
    if !is_tool_message(first) || !lines.all(is_tool_message) {
        return None;
    }
    let first = String::from_utf8_lossy(first);
    Some(first.trim_end().chars().take(MAX_MESSAGE).collect())
}

fn is_tool_message(line: &[u8]) -> bool {
    const TOOLS: [&[u8]; 4] = [
        b"ovs-ofctl: ",
        b"ovs-appctl: ",
        b"ovs-vsctl: ",
        b"ovsdb-client: ",
    ];
    // 2026-11-29T11:00:00Z|00001|vconn|WARN|...
    let is_log = || {
        let line = String::from_utf8_lossy(line);
        let mut parts = line.splitn(5, '|');
        let starts = parts
            .next()
            .is_some_and(|time| time.starts_with(|c: char| c.is_ascii_digit()));
        starts && matches!(parts.nth(2), Some("WARN" | "ERR" | "EMER"))
    };
    TOOLS.iter().any(|tool| line.starts_with(tool)) || is_log()
}

/// The daemon's replies by the command with its arguments.
type Replies = BTreeMap<String, BTreeMap<String, String>>;

/// Adds a reply under the command, and under those of ours that ask for the same.
fn add_reply(replies: &mut Replies, command: &Command, body: &[u8]) {
    let Some(daemon) = &command.daemon else {
        return;
    };
    if tool_error(body).is_some() {
        return;
    }
    let mut text = String::from_utf8_lossy(body).into_owned();
    // A report may have a blank line after it.
    while text.ends_with("\n\n") {
        text.pop();
    }
    let replies = replies.entry(daemon.clone()).or_default();
    let words: Vec<&str> = command.words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["tnl/arp/show"] => {
            replies.insert("tnl/neigh/show".to_owned(), text.clone());
        }
        ["dpctl/show", "-s", ..] => add_datapaths(replies, &text),
        ["dpctl/dump-flows", "-m", datapath] => {
            replies.insert(
                format!("dpctl/dump-flows -m --names {datapath}"),
                text.clone(),
            );
        }
        ["dpctl/dump-conntrack", "-m", datapath] => {
            replies.insert(
                format!("dpctl/dump-conntrack -m -s {datapath}"),
                text.clone(),
            );
        }
        _ => {}
    }
    replies.insert(words.join(" "), text);
}

/// Adds the datapaths in a reply to `dpctl/show -s`, to the list of datapaths and each by its name.
fn add_datapaths(replies: &mut BTreeMap<String, String>, text: &str) {
    let is_heading = |line: &&str| !line.starts_with([' ', '\t']) && line.ends_with(':');
    let names = text.lines().filter(is_heading);
    let names: Vec<&str> = names.map(|line| line.trim_end_matches(':')).collect();
    let list = replies.entry("dpctl/dump-dps".to_owned()).or_default();
    let mut all: Vec<String> = list.lines().map(str::to_owned).collect();
    let known: BTreeSet<&str> = list.lines().collect();
    let mut new: Vec<String> = Vec::new();
    let mut seen = BTreeSet::new();
    for name in &names {
        if !known.contains(name) && seen.insert(*name) {
            new.push((*name).to_owned());
        }
    }
    for name in &new {
        list.push_str(name);
        list.push('\n');
    }
    all.extend(new);
    if let [name] = &names[..] {
        replies.insert(format!("dpctl/show {name}"), text.to_owned());
    }
    let shown = |name: &String| replies.get(&format!("dpctl/show {name}")).cloned();
    if let Some(shown) = all.iter().map(shown).collect::<Option<Vec<String>>>() {
        replies.insert(format!("dpctl/show {}", all.join(" ")), shown.concat());
    }
}

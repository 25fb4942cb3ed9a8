//! A change to the flows of a switch, from the text of ovs-ofctl(8) ("Flow Syntax") to its message:
//! `table=1,priority=10,tcp,in_port=2,actions=strip_vlan,output:1`.
//!
//! Differences from ovs-ofctl: a field that has two values is an error; a modification leaves the cookie of the flows as
//! it is unless the text gives one, and never adds a flow without one; a cookie without a mask selects the flows to be
//! deleted that have this cookie; a deletion without a table is of all tables, never of table 0, as ovs-ofctl has it in
//! OpenFlow 1.1, which has none for all.

use std::fmt;

use super::actions::{KnownHeaders, ParsedActions, SwitchReference, parse_with};
use super::bytes::be_number;
use super::fields::{
    Id, ParseError, ParseErrorKind, Problem, STATISTICS, cookie_number, number, parse_match,
};
pub use super::flow_entry::FLAGS as FLOW_FLAGS;
use super::flow_entry::{FLAGS, Flow, RESET_COUNTS, flags_of};
use super::flow_json;
use super::messages::flow_mod::FlowCommand;
use super::messages::tables::ALL_TABLES;
use super::text::{NameLookup, port_to_v10};
use super::version::{Version, Versions};

/// A change to the flows of a switch, in one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowChange {
    /// What is done with the flow.
    pub command: FlowCommand,
    /// The flow that is added; of a modification, the match and the new actions; of a deletion, the match. Its version is
    /// that of the change. The table is 0 unless given, in a deletion 255: all tables. The cookie is the one that flows
    /// get; see [`FlowChange::keeps_cookie`].
    pub flow: Flow,
    /// A modification leaves the cookie of the flows as it is.
    pub keeps_cookie: bool,
    /// Selects the flows to be modified or deleted by cookie: value and mask.
    pub match_cookie: Option<(u64, u64)>,
    /// Selects the flows to be deleted by a port that they output to.
    pub out_port: Option<u32>,
    /// Selects the flows to be deleted by a group that they use.
    pub out_group: Option<u32>,
    /// What is probably a mistake, although a switch takes it.
    pub warnings: Vec<FlowWarning>,
}

/// What is probably a mistake in a change, although a switch takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlowWarning {
    /// This field of the match, or action, has bits outside of its mask, which are ignored.
    OutsideMask(String),
    /// The flow sends packets to this port, the one they came from. A switch drops them.
    OutputToInPort(u32),
    /// The version cannot carry this, and it is left out.
    LeftOut(NotCarried),
    /// A modification does not change this of a flow.
    NotModified(&'static str),
    /// A modification without `strict` has a priority, which does not select flows.
    AnyPriority(u16),
    /// Nothing stands behind `actions=`.
    NoActions,
}

impl fmt::Display for FlowWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FlowWarning::OutsideMask(piece) => write!(
                f,
                "\"{}\": the value has bits outside of the mask; they are ignored",
                piece.escape_debug()
            ),
            FlowWarning::OutputToInPort(port) => write!(
                f,
                "output to port {port}, which the packets came from: the switch drops them; IN_PORT sends them back"
            ),
            FlowWarning::LeftOut(not_carried) => write!(f, "left out: {not_carried}"),
            FlowWarning::NotModified(what) => {
                write!(f, "a modification leaves the {what} of the flows as it is")
            }
            FlowWarning::NoActions => {
                f.write_str("no actions behind actions=: the same as actions=drop")
            }
            FlowWarning::AnyPriority(priority) => write!(
                f,
                "flows of any priority are modified; only with --strict (in a file modify_strict) those of priority {priority}"
            ),
        }
    }
}

/// What a version cannot carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotCarried {
    /// The part of the change, or what is wrong with the whole.
    pub what: &'static str,
    /// The version of the change.
    pub version: Version,
    /// The versions that can; none if no version can.
    pub versions: Versions,
}

impl fmt::Display for NotCarried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cannot carry {}", self.version, self.what)?;
        if self.versions != Versions::NONE {
            write!(f, "; {} can", self.versions.spans())?;
        }
        Ok(())
    }
}

impl std::error::Error for NotCarried {}

/// The words that begin a line of a file, with what they do; ovs-ofctl takes their beginnings as well.
const COMMANDS: [(&str, FlowCommand); 5] = [
    ("add", FlowCommand::Add),
    ("delete", FlowCommand::Delete),
    ("delete_strict", FlowCommand::DeleteStrict),
    ("modify", FlowCommand::Modify),
    ("modify_strict", FlowCommand::ModifyStrict),
];

/// The shortest beginning of a command's word.
const SHORTEST_WORD: usize = 3;

/// The default priority (`OFP_DEFAULT_PRIORITY`).
pub(super) const DEFAULT_PRIORITY: u16 = 0x8000;

impl FlowChange {
    /// Reads one line of text, or a JSON object as [`flow::json`](super::flow::json) writes it. `command` is what is done unless the line begins with a word of its own: `add`, `modify`,
    /// `modify_strict`, `delete`, `delete_strict`, or the first three letters or more of one. The statistics of a dumped
    /// flow are ignored.
    ///
    /// # Errors
    ///
    /// The malformed piece and the reason, as [`parse_filter`](super::fields::parse_filter) and
    /// [`parse_actions`](super::actions::parse_actions); something is missing or not allowed in such a change; or
    /// `version` cannot carry it: see [`ParseErrorKind::NeedsVersion`].
    pub fn parse(
        text: &str,
        command: FlowCommand,
        names: &dyn NameLookup,
        version: Version,
    ) -> Result<FlowChange, ParseError> {
        let line;
        let is_json = text.trim_start().starts_with('{');
        let text = if is_json {
            line = flow_json::line(text, names)?;
            &line
        } else {
            text
        };
        let (command, text) = command_word(text).unwrap_or((command, text));
        let (head, actions) = match split_actions(text) {
            Some((head, actions)) => (head, Some(actions)),
            None => (text, None),
        };
        match (deletes(command), actions) {
            (false, None) => return Err(Problem::syntax("actions= is missing").at(text)),
            (true, Some(_)) => {
                let reason = "flows are deleted whatever their actions are: leave out actions=";
                return Err(Problem::syntax(reason).at(text));
            }
            _ => {}
        }
        let mut keys = OwnKeys::new(command);
        let mut filter = parse_match(head, names, |key, value| keys.take(key, value))?;
        let match_cookie = filter.cookie.or(keys.match_cookie);
        let is_one_flow = !matches!(command, FlowCommand::Modify | FlowCommand::Delete);
        if filter.is_untagged && version == Version::V10 && is_one_flow {
            // The match of the flow that ovs-ofctl adds over 1.0; later versions cannot carry it.
            filter.fields.set(Id::VLAN_TCI.row(), &[0, 0], None);
        }
        let mut change = FlowChange {
            command,
            flow: Flow {
                table_id: filter.table.unwrap_or(default_table(command)),
                priority: keys.priority,
                idle_timeout: keys.idle_timeout,
                hard_timeout: keys.hard_timeout,
                flags: keys.flags,
                importance: keys.importance,
                cookie: keys.cookie.unwrap_or(0),
                fields: filter.fields,
                actions: ParsedActions {
                    bytes: Vec::new(),
                    version,
                },
            },
            keeps_cookie: modifies(command) && keys.cookie.is_none(),
            match_cookie,
            out_port: filter.out_port,
            out_group: filter.out_group,
            warnings: Vec::new(),
        };
        let mut outside_mask = filter.outside_mask;
        if let Some(actions) = actions {
            let known = known_headers(&change.flow);
            let parsed = parse_with(actions, names, version, known)
                .map_err(|error| with_versions(error, actions, names, version, known))?;
            change.flow.actions = parsed.0;
            outside_mask.extend(parsed.1);
        }
        if let Some(not_carried) = change.not_carried() {
            let kind = ParseErrorKind::NeedsVersion(not_carried.versions);
            return Err(Problem::new(not_carried.to_string(), kind).at(text));
        }
        change.warn(outside_mask);
        if command == FlowCommand::Modify && keys.has_priority {
            let warning = FlowWarning::AnyPriority(change.flow.priority);
            change.warnings.push(warning);
        }
        if !is_json && actions.is_some_and(|actions| actions.trim().is_empty()) {
            change.warnings.push(FlowWarning::NoActions);
        }
        Ok(change)
    }

    /// The change that adds, modifies or deletes this flow, in the version of its actions.
    pub fn of(command: FlowCommand, flow: Flow) -> FlowChange {
        FlowChange {
            command,
            flow,
            keeps_cookie: false,
            match_cookie: None,
            out_port: None,
            out_group: None,
            warnings: Vec::new(),
        }
    }

    /// The message that makes the change.
    ///
    /// In OpenFlow 1.0 a switch reads the table only after `NXT_FLOW_MOD_TABLE_ID` has enabled that.
    ///
    /// # Errors
    ///
    /// The version cannot carry the change, or it is too long for a message.
    pub fn message(&self, xid: u32) -> Result<Vec<u8>, NotCarried> {
        let version = self.flow.version();
        if let Some(not_carried) = self.not_carried() {
            return Err(not_carried);
        }
        let too_long = NotCarried {
            what: "a flow as long as this",
            version,
            versions: Versions::NONE,
        };
        let mut message = self.flow.flow_mod(self.command).ok_or(too_long.clone())?;
        // Later versions do not change the cookie. Without one, 1.0 and 1.1 add no flow.
        if modifies(self.command) {
            message.set_cookie(match version {
                Version::V10 | Version::V11 if self.keeps_cookie => None,
                Version::V10 | Version::V11 => Some(self.flow.cookie),
                _ => Some(0),
            });
        }
        if let Some((value, mask)) = self.match_cookie {
            message.select_cookie(value, mask);
        }
        if let Some(port) = self.out_port {
            message.out_port.0 = port;
        }
        message.out_group = self.out_group;
        message.message(xid).ok_or(too_long)
    }

    /// Calls `take` for each number in the change that names something of the switch: in the match, in the actions, and
    /// what selects flows to be deleted.
    pub fn references(&self, take: &mut dyn FnMut(SwitchReference)) {
        if let Some((port, None)) = self.flow.fields.value(Id::IN_PORT_OXM) {
            take(SwitchReference::InPort(be_number(port) as u32));
        }
        self.out_port
            .into_iter()
            .for_each(|port| take(SwitchReference::InPort(port)));
        self.out_group
            .into_iter()
            .for_each(|group| take(SwitchReference::Group(group)));
        self.flow.actions.list().references(take);
    }

    /// The first part that the version cannot carry.
    fn not_carried(&self) -> Option<NotCarried> {
        let version = self.flow.version();
        let error = |what, versions: Versions| {
            Some(NotCarried {
                what,
                version,
                versions,
            })
        };
        let flags = u32::from(self.flow.flags);
        if flags != 0 {
            let lacks = |version: Version| {
                let known = flags_of(version);
                // A flow that is added in 1.0 and 1.1 always has it.
                let implied = version < Version::V12 && self.command == FlowCommand::Add;
                FLAGS.iter().find(|(bit, word)| {
                    flags & bit != 0
                        && !known.contains(&(*bit, word))
                        && !(implied && *bit == u32::from(RESET_COUNTS))
                })
            };
            if let Some((bit, word)) = lacks(version) {
                let has = |version: &Version| flags_of(*version).contains(&(*bit, word));
                return error(word, Version::ALL.into_iter().filter(has).collect());
            }
        }
        if version == Version::V11 && deletes(self.command) && self.flow.table_id == ALL_TABLES {
            let others = Version::ALL.into_iter();
            let others = others.filter(|version| *version != Version::V11);
            return error("a deletion from all tables", others.collect());
        }
        if version == Version::V10 {
            let later = Version::ALL
                .into_iter()
                .filter(|version| *version > Version::V10);
            if self.out_group.is_some() {
                return error("out_group", later.collect());
            }
            let in_port = self.flow.fields.value(Id::IN_PORT_OXM);
            let ports = in_port
                .map(|(port, _)| be_number(port) as u32)
                .into_iter()
                .chain(self.out_port);
            if ports.into_iter().any(|port| port_to_v10(port).is_none()) {
                return error("a port number above 65279", later.collect());
            }
        }
        None
    }

    /// Finds what is probably a mistake.
    fn warn(&mut self, outside_mask: Vec<String>) {
        let version = self.flow.version();
        let mut warnings: Vec<FlowWarning> = outside_mask
            .into_iter()
            .map(FlowWarning::OutsideMask)
            .collect();
        if let Some((port, None)) = self.flow.fields.value(Id::IN_PORT_OXM) {
            let port = be_number(port) as u32;
            if sends_back(&self.flow.actions, port) {
                warnings.push(FlowWarning::OutputToInPort(port));
            }
        }
        if self.flow.importance != 0 && version < Version::V14 {
            warnings.push(FlowWarning::LeftOut(NotCarried {
                what: "importance",
                version,
                versions: [Version::V14, Version::V15].into_iter().collect(),
            }));
        }
        if modifies(self.command) {
            let kept = [
                ("idle_timeout", self.flow.idle_timeout != 0),
                ("hard_timeout", self.flow.hard_timeout != 0),
                ("importance", self.flow.importance != 0),
                ("cookie", version > Version::V10 && self.flow.cookie != 0),
            ];
            let kept = kept.into_iter().filter(|(_, is_given)| *is_given);
            warnings.extend(kept.map(|(what, _)| FlowWarning::NotModified(what)));
        }
        self.warnings = warnings;
    }
}

fn modifies(command: FlowCommand) -> bool {
    matches!(command, FlowCommand::Modify | FlowCommand::ModifyStrict)
}

fn deletes(command: FlowCommand) -> bool {
    matches!(command, FlowCommand::Delete | FlowCommand::DeleteStrict)
}

fn default_table(command: FlowCommand) -> u8 {
    if deletes(command) { ALL_TABLES } else { 0 }
}

/// Whether an action sends packets to this port while it is still their input port.
fn sends_back(actions: &ParsedActions, in_port: u32) -> bool {
    let list = actions.list();
    for action in list.iter().flatten() {
        if action.changes(Id::IN_PORT) || action.changes(Id::IN_PORT_OXM) {
            return false;
        }
        if action.sends_to(in_port) {
            return true;
        }
    }
    false
}

/// The text without blanks around it and without its comment, which begins with `#` outside of quotes.
pub fn without_comment(line: &str) -> &str {
    if memchr::memchr(b'#', line.as_bytes()).is_none() {
        return line.trim();
    }
    let (mut is_quoted, mut is_escaped) = (false, false);
    let end = line.bytes().position(|byte| {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            b'#' => return !is_quoted,
            _ => {}
        }
        false
    });
    end.and_then(|end| line.get(..end)).unwrap_or(line).trim()
}

/// The command that a line begins with, and the rest.
fn command_word(text: &str) -> Option<(FlowCommand, &str)> {
    let text = text.trim_start();
    let end = text
        .find(|c: char| c == ',' || c.is_ascii_whitespace())
        .unwrap_or(text.len());
    let (word, rest) = text.split_at_checked(end)?;
    let mut commands = COMMANDS.iter();
    let (_, command) =
        commands.find(|(name, _)| word.len() >= SHORTEST_WORD && name.starts_with(word))?;
    Some((*command, rest))
}

/// The parts before and after `actions=`, which begins a word outside of quotes.
pub fn split_actions(text: &str) -> Option<(&str, &str)> {
    if memchr::memchr(b'"', text.as_bytes()).is_none() {
        return memchr::memmem::find_iter(text.as_bytes(), "action")
            .find_map(|at| split_actions_at(text, at));
    }
    let (mut quoted, mut escaped) = (false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'a' if !quoted => {
                if let Some(parts) = split_actions_at(text, at) {
                    return Some(parts);
                }
            }
            _ => {}
        }
    }
    None
}

/// The parts before and after `actions=`, if a word begins at `at` and it is this one.
fn split_actions_at(text: &str, at: usize) -> Option<(&str, &str)> {
    let (head, tail) = text.split_at_checked(at)?;
    if !head.is_empty() && !head.ends_with([',', ' ', '\t', '\r', '\n']) {
        return None;
    }
    let word = tail
        .strip_prefix("actions")
        .or(tail.strip_prefix("action"))?;
    Some((head, word.trim_start().strip_prefix('=')?))
}

/// The keys of a flow other than the fields that it matches, its flags and its actions.
pub const FLOW_KEYS: [&str; 6] = [
    "table",
    "priority",
    "cookie",
    "idle_timeout",
    "hard_timeout",
    "importance",
];

/// The parts of a line that are not part of the match.
struct OwnKeys {
    command: FlowCommand,
    priority: u16,
    has_priority: bool,
    cookie: Option<u64>,
    match_cookie: Option<(u64, u64)>,
    idle_timeout: u16,
    hard_timeout: u16,
    importance: u16,
    flags: u16,
}

impl OwnKeys {
    fn new(command: FlowCommand) -> OwnKeys {
        OwnKeys {
            command,
            priority: DEFAULT_PRIORITY,
            has_priority: false,
            cookie: None,
            match_cookie: None,
            idle_timeout: 0,
            hard_timeout: 0,
            importance: 0,
            flags: 0,
        }
    }

    /// Consumes a key that is not part of the match; returns whether it was one.
    fn take(&mut self, key: &str, value: &str) -> Result<bool, Problem> {
        let deletes = deletes(self.command);
        let place = match key {
            "priority" if self.command == FlowCommand::Delete => {
                let reason = "nothing is deleted: a deletion of flows of any priority cannot name one; --strict, or \
                              delete_strict in a file, deletes the flow of a priority";
                return Err(Problem::syntax(reason));
            }
            "priority" => {
                self.has_priority = true;
                &mut self.priority
            }
            "cookie" => return self.take_cookie(value),
            "out_port" | "out_group" if !deletes => {
                let reason = format!("{key} selects flows to be deleted only");
                return Err(Problem::syntax(reason));
            }
            key if STATISTICS.contains(&key) => return Ok(true),
            key if deletes && is_setting(key) => {
                let reason = format!("flows are deleted whatever their {key} is: leave it out");
                return Err(Problem::syntax(reason));
            }
            "idle_timeout" => &mut self.idle_timeout,
            "hard_timeout" => &mut self.hard_timeout,
            "importance" => &mut self.importance,
            key => {
                let flag = FLAGS.iter().find(|(_, word)| *word == key);
                if let Some((bit, _)) = flag {
                    self.flags |= *bit as u16;
                }
                return Ok(flag.is_some());
            }
        };
        *place = number(value)
            .and_then(|number| u16::try_from(number).ok())
            .ok_or_else(|| Problem::syntax(format!("{key} is a number from 0 to 65535")))?;
        Ok(true)
    }

    /// A cookie that flows get, or one with a mask, which selects flows.
    fn take_cookie(&mut self, value: &str) -> Result<bool, Problem> {
        let is_filter = deletes(self.command) || value.contains('/');
        if self.command == FlowCommand::Add && is_filter {
            return Err(Problem::syntax("the cookie of a new flow has no mask"));
        }
        let (cookie, mask) = parse_cookie(value)
            .ok_or_else(|| Problem::syntax("a cookie is a number of 64 bits, its mask too"))?;
        if is_filter {
            self.match_cookie = Some((cookie & mask, mask)).filter(|(_, mask)| *mask != 0);
        } else {
            self.cookie = Some(cookie);
        }
        Ok(true)
    }
}

fn parse_cookie(value: &str) -> Option<(u64, u64)> {
    match value.split_once('/') {
        Some((cookie, mask)) => Some((cookie_number(cookie)?, cookie_number(mask)?)),
        None => Some((cookie_number(value)?, u64::MAX)),
    }
}

/// Whether the key is what a flow has beside its match and actions.
fn is_setting(key: &str) -> bool {
    matches!(key, "idle_timeout" | "hard_timeout" | "importance")
        || FLAGS.iter().any(|(_, word)| *word == key)
}

/// What the match implies for the parser of actions.
pub(super) fn known_headers(flow: &Flow) -> KnownHeaders {
    let exact = |id: Id| {
        let (value, mask) = flow.fields.value(id)?;
        mask.is_none().then(|| be_number(value))
    };
    let packet_type = exact(Id::PACKET_TYPE).map(|number| number as u32);
    let eth_type = exact(Id::ETH_TYPE).map(|number| number as u16).or_else(|| {
        packet_type
            .filter(|packet_type| packet_type >> 16 == 1)
            .map(|packet_type| packet_type as u16)
    });
    KnownHeaders {
        checked: true,
        bare: packet_type.is_some_and(|packet_type| packet_type != 0),
        vlan_tags: flow.fields.vlan_tag_known().into(),
        eth_type,
        nw_proto: exact(Id::NW_PROTO).map(|number| number as u8),
        table: Some(flow.table_id),
    }
}

/// Adds to the error of actions the versions that can carry them, if there are any.
fn with_versions(
    error: ParseError,
    actions: &str,
    names: &dyn NameLookup,
    version: Version,
    known: KnownHeaders,
) -> ParseError {
    let others = Version::ALL.into_iter().filter(|other| *other != version);
    let versions: Versions = others
        .filter(|other| parse_with(actions, names, *other, known).is_ok())
        .collect();
    if versions == Versions::NONE {
        return error;
    }
    ParseError {
        reason: format!("{}; {} can carry it", error.reason, versions.spans()),
        kind: ParseErrorKind::NeedsVersion(versions),
        ..error
    }
}

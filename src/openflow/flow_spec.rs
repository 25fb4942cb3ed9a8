//! Parser for flows as `ovs-ofctl add-flow` accepts them (ovs-ofctl(8), "Flow Syntax"):
//! `table=1,priority=10,tcp,in_port=2,actions=strip_vlan,output:1`.

use super::actions::{KnownHeaders, ParsedActions, parse_with};
use super::bytes::be_number;
use super::fields::{
    Id, MatchFields, ParseError, Problem, STATISTICS, cookie_number, number, parse_match,
};
pub use super::flow_entry::FLAGS as FLOW_FLAGS;
use super::flow_entry::{FLAGS, Flow, flags_of};
use super::text::NameLookup;
use super::version::{Version, Versions};

/// A flow to be added, of any version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowSpec<'t> {
    /// The table; `None` leaves it to the switch, which uses 0.
    pub table: Option<u8>,
    /// 32768 by default.
    pub priority: u16,
    /// The cookie.
    pub cookie: u64,
    /// Idle timeout in seconds; 0 is none.
    pub idle_timeout: u16,
    /// Hard timeout in seconds; 0 is none.
    pub hard_timeout: u16,
    /// Eviction importance; OpenFlow 1.4 and later.
    pub importance: u16,
    /// `OFPFF_*` of OpenFlow 1.5.1 §7.3.4.1.
    pub flags: u16,
    /// What the flow matches.
    pub fields: MatchFields,
    /// The versions that can represent the actions and flags; importance is omitted where unsupported.
    pub versions: Versions,
    /// What follows `actions=`.
    actions: &'t str,
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

/// The default priority (`OFP_DEFAULT_PRIORITY`).
const DEFAULT_PRIORITY: u16 = 0x8000;

/// Reads a flow; the statistics of a dumped flow are ignored.
///
/// # Errors
///
/// As [`parse_filter`](super::fields::parse_filter) and [`parse_actions`](super::actions::parse_actions).
/// Actions that no version can represent fail with the error of the newest version; see
/// [`FlowSpec::versions`] for the others.
pub fn parse_flow<'t>(text: &'t str, names: &dyn NameLookup) -> Result<FlowSpec<'t>, ParseError> {
    let Some((head, actions)) = split_actions(text) else {
        return Err(Problem::syntax("actions= is missing").at(text));
    };
    let mut flow = FlowSpec {
        table: None,
        priority: DEFAULT_PRIORITY,
        cookie: 0,
        idle_timeout: 0,
        hard_timeout: 0,
        importance: 0,
        flags: 0,
        fields: MatchFields::default(),
        versions: Versions::NONE,
        actions,
    };
    let filter = parse_match(head, names, |key, value| flow.own_key(key, value))?;
    flow.table = filter.table;
    flow.fields = filter.fields;
    let mut error = None;
    let known = |version: &Version| {
        let flags = flags_of(*version).iter().fold(0, |all, (bit, _)| all | bit);
        u32::from(flow.flags) & !flags == 0
    };
    let outcomes = Version::ALL.map(|version| match flow.actions(names, version) {
        Ok(_) => Some(version),
        Err(problem) => {
            error = Some(problem);
            None
        }
    });
    flow.versions = outcomes.into_iter().flatten().filter(known).collect();
    match error {
        Some(error) if flow.versions == Versions::NONE => Err(error),
        _ => Ok(flow),
    }
}

impl FlowSpec<'_> {
    /// The actions, encoded for `version`.
    ///
    /// # Errors
    ///
    /// An action is not representable in `version`.
    pub fn actions(
        &self,
        names: &dyn NameLookup,
        version: Version,
    ) -> Result<ParsedActions, ParseError> {
        parse_with(self.actions, names, version, self.known())
    }

    /// The flow with the actions of `version`; in table 0 if the text gives none.
    ///
    /// # Errors
    ///
    /// As [`FlowSpec::actions`].
    pub fn flow(&self, names: &dyn NameLookup, version: Version) -> Result<Flow, ParseError> {
        Ok(Flow {
            table_id: self.table.unwrap_or(0),
            priority: self.priority,
            idle_timeout: self.idle_timeout,
            hard_timeout: self.hard_timeout,
            flags: self.flags,
            importance: self.importance,
            cookie: self.cookie,
            fields: self.fields.clone(),
            actions: self.actions(names, version)?,
        })
    }

    /// What the match implies for the parser of actions.
    fn known(&self) -> KnownHeaders {
        let exact = |id: Id| {
            let (value, mask) = self.fields.value(id)?;
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
            vlan_tags: self.fields.vlan_tag_known().into(),
            eth_type,
            nw_proto: exact(Id::NW_PROTO).map(|number| number as u8),
        }
    }

    /// Consumes a key that is not part of the match; returns whether it was one.
    fn own_key(&mut self, key: &str, value: &str) -> Result<bool, Problem> {
        if let Some((bit, _)) = FLAGS.iter().find(|(_, word)| *word == key) {
            self.flags |= *bit as u16;
            return Ok(true);
        }
        let place = match key {
            "priority" => &mut self.priority,
            "idle_timeout" => &mut self.idle_timeout,
            "hard_timeout" => &mut self.hard_timeout,
            "importance" => &mut self.importance,
            "cookie" => {
                self.cookie = match cookie_number(value) {
                    Some(cookie) => cookie,
                    None if value.contains('/') => {
                        return Err(Problem::syntax("the cookie of a new flow has no mask"));
                    }
                    None => return Err(Problem::syntax("a cookie is a number of 64 bits")),
                };
                return Ok(true);
            }
            "out_port" | "out_group" => {
                return Err(Problem::syntax(format!("a new flow has no {key}")));
            }
            key => return Ok(STATISTICS.contains(&key)),
        };
        *place = number(value)
            .and_then(|number| u16::try_from(number).ok())
            .ok_or_else(|| Problem::syntax(format!("{key} is a number from 0 to 65535")))?;
        Ok(true)
    }
}

/// The parts before and after `actions=`, which begins a word outside of quotes.
pub fn split_actions(text: &str) -> Option<(&str, &str)> {
    let (mut quoted, mut escaped, mut at_start) = (false, false, true);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            'a' if at_start && !quoted => {
                let (head, tail) = text.split_at_checked(at)?;
                let word = tail.strip_prefix("actions").or(tail.strip_prefix("action"));
                if let Some(actions) = word.and_then(|tail| tail.trim_start().strip_prefix('=')) {
                    return Some((head, actions));
                }
            }
            _ => {}
        }
        at_start = matches!(c, ',' | ' ' | '\t' | '\r' | '\n');
    }
    None
}

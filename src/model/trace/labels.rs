//! Matches and actions of a reply with the names of ports and tables, in the words of a flow dump.

use std::collections::BTreeMap;

use crate::model::names::{PortNames, SwitchNames};
use crate::model::topology::Topology;
use crate::openflow::actions::parse_actions;
use crate::openflow::fields::{Match, MatchFields, parse_filter};
use crate::openflow::text::{NameLookup as _, Plain, PortSpelling, Style, TextContext};
use crate::openflow::version::Version;

/// The names of the ports and tables of all bridges.
#[derive(Debug, Clone, Default)]
pub struct Labels {
    names: BTreeMap<String, SwitchNames>,
    none: SwitchNames,
}

/// The priority that a dump leaves out.
const DEFAULT_PRIORITY: u16 = 0x8000;

/// Names are found in any version; this one has every action.
const VERSION: Version = Version::V15;

impl Labels {
    /// The names of all bridges of a topology.
    pub fn of(topology: &Topology) -> Labels {
        let names = topology.bridges.iter().map(|bridge| {
            let names = SwitchNames {
                ports: PortNames::of_bridge(bridge),
                ..SwitchNames::default()
            };
            (bridge.name.clone(), names)
        });
        Labels {
            names: names.collect(),
            none: SwitchNames::default(),
        }
    }

    /// Sets the names of a bridge.
    pub fn set(&mut self, bridge: &str, names: SwitchNames) {
        self.names.insert(bridge.to_owned(), names);
    }

    /// The names of a bridge.
    pub fn names(&self, bridge: &str) -> &SwitchNames {
        self.names.get(bridge).unwrap_or(&self.none)
    }

    fn context(&self, bridge: &str) -> TextContext<'_> {
        TextContext {
            version: VERSION,
            style: Style::Classic,
            ports: PortSpelling::Name,
            names: self.names(bridge),
        }
    }

    /// A match with its priority as a dump has it: `priority=9,in_port="tap0"`. A match that is not understood is
    /// returned as it is.
    pub fn flow(&self, bridge: &str, matched: &str, priority: u16) -> String {
        let mut text = self.fields(bridge, matched, priority);
        if priority == DEFAULT_PRIORITY {
            // The reply has the priority of every flow; so it is shown.
            let comma = if text.is_empty() { "" } else { "," };
            text.insert_str(0, &format!("priority={priority}{comma}"));
        }
        text
    }

    /// Headers as a dump has them, without the priority.
    pub fn headers(&self, bridge: &str, fields: &str) -> String {
        self.fields(bridge, fields, DEFAULT_PRIORITY)
    }

    fn fields(&self, bridge: &str, matched: &str, priority: u16) -> String {
        if let Ok(filter) = parse_filter(matched, self.names(bridge)) {
            return self.match_text(bridge, &filter.fields, priority);
        }
        let comma = if matched.is_empty() { "" } else { "," };
        match priority {
            DEFAULT_PRIORITY => matched.to_owned(),
            _ => format!("priority={priority}{comma}{matched}"),
        }
    }

    /// Fields of a match as a dump has them.
    pub fn match_text(&self, bridge: &str, fields: &MatchFields, priority: u16) -> String {
        let bytes = fields.encode(VERSION);
        let mut out = Plain::default();
        if let Ok(matched) = Match::decode_tlvs(&bytes, 0) {
            matched.text(&mut out, &self.context(bridge), priority);
        }
        out.0
    }

    /// An action as a dump has it: `output:"tap0"`. An action that is not understood is returned as it is.
    pub fn action(&self, bridge: &str, action: &str) -> String {
        let names_something = [
            "output",
            "resubmit",
            "enqueue",
            "bundle",
            "goto_table",
            "clone",
            "ct(",
            "learn",
            "write_actions",
            "group",
            "sample",
            "controller",
        ];
        if !names_something.iter().any(|word| action.starts_with(word)) {
            return action.to_owned();
        }
        let mut out = Plain::default();
        let parsed = parse_actions(action, self.names(bridge), VERSION);
        match parsed.map(|parsed| parsed.list().text(&mut out, &self.context(bridge))) {
            Ok(Ok(())) if !out.0.is_empty() && out.0 != "drop" => out.0,
            _ => action.to_owned(),
        }
    }

    /// The name of a table.
    pub fn table_name(&self, bridge: &str, table: u8) -> Option<String> {
        self.names(bridge).table_name(table).map(str::to_owned)
    }
}

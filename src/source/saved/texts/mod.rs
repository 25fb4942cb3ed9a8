//! Texts that `ovs-ofctl` and `ovs-appctl` printed, made into the messages that the switch would have sent.
//!
//! | file | contents |
//! |---|---|
//! | [`sections`] | a text cut into replies, each recognised |
//! | [`names`] | the ports and tables that are named |
//! | `flows` | dumps of flows |
//! | `parts` | the other replies |
//! | `entries` | the lines of a text, or its JSON objects |
//! | `problems` | lines that could not be read |

mod entries;
mod flows;
pub mod names;
mod parts;
mod problems;
pub mod sections;

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use super::{Part, SavedSwitch};
use crate::openflow::messages::flow_stats_encode::flow_reply;
use crate::openflow::messages::group_meter_texts::parse_table_names;
use crate::openflow::messages::port_texts::named_port;
use crate::openflow::messages::ports::PortDesc;
use crate::openflow::version::Version;
use entries::is_json;
use flows::DumpedFlows;
use names::TextNames;
use problems::LineProblems;
use sections::{Section, SectionKind};

pub use sections::NamedSection;

/// Makes what was saved of a switch from the texts of one bridge. Names of ports and tables are looked up in `names`
/// and in the texts. What could not be read is added to `remarks`. `None` if nothing is of a switch.
///
/// All messages are of the version of the dump of flows; of several dumps the one of the highest version is used.
pub fn switch(
    texts: &[NamedSection<'_>],
    mut names: TextNames,
    remarks: &mut Vec<String>,
) -> Option<SavedSwitch> {
    let texts = &told(texts, remarks);
    let mut flows = of_kind(texts, SectionKind::Flows);
    if flows.is_empty() {
        flows = of_kind(texts, SectionKind::BridgeFlows);
        if let Some(text) = flows.first() {
            remarks.push(format!(
                "{}: cookies, timeouts, flags and ages are not in it: they are unknown",
                text.name
            ));
        }
    }
    let version = version_of(texts, &flows)?;
    let mut reading = Reading {
        texts,
        version,
        parts: BTreeMap::new(),
        early_ports: None,
        described: Vec::new(),
        remarks,
    };
    let has_tables = |text: &&NamedSection<'_>| {
        matches!(
            text.section.kind,
            SectionKind::TableFeatures | SectionKind::TableStats
        )
    };
    for text in texts.iter().filter(has_tables) {
        for (table, name) in parse_table_names(&String::from_utf8_lossy(text.section.body)) {
            names.add_table(table, &name);
        }
    }
    reading.ports(&mut names);
    for text in texts.iter().filter(|text| is_json(text.section.body)) {
        names.learn(text.section.body);
    }
    reading.others(&names);
    if !flows.is_empty() {
        let chosen: Vec<&NamedSection<'_>> = flows
            .into_iter()
            .filter(|text| flow_version(&text.section) == version)
            .collect();
        let flows = read_flows(&chosen, version, &mut names, reading.remarks);
        reading.parts.insert(Part::Flows, flows);
    }
    reading.named_ports(&names);
    Some(SavedSwitch {
        version,
        parts: reading.parts,
        early_ports: reading.early_ports,
    })
}

/// The texts but for those that are empty while another of their kind is not: the command was ended, or its output lost.
fn told<'t>(texts: &[NamedSection<'t>], remarks: &mut Vec<String>) -> Vec<NamedSection<'t>> {
    let is_empty = |text: &NamedSection<'_>| {
        let section = &text.section;
        let is_blank = section.heading.is_empty() && section.body.trim_ascii().is_empty();
        is_blank && section.kind != SectionKind::Control
    };
    let is_told = |text: &&NamedSection<'_>| {
        let mut same = texts
            .iter()
            .filter(|other| other.section.kind == text.section.kind);
        !is_empty(text) || same.all(is_empty)
    };
    // In a text with a heading below the command, nothing is between them.
    let is_alone = |text: &&NamedSection<'_>| {
        texts.iter().filter(|other| other.name == text.name).count() == 1
    };
    let empty = texts.iter().filter(|text| !is_told(text)).filter(is_alone);
    remarks
        .extend(empty.map(|text| format!("{}: it is empty, unlike others: not used", text.name)));
    texts.iter().filter(is_told).cloned().collect()
}

/// The version of the messages: that of the flows, else the highest of a text.
fn version_of(texts: &[NamedSection<'_>], flows: &[&NamedSection<'_>]) -> Option<Version> {
    let of_flows = flows.iter().map(|text| flow_version(&text.section)).max();
    let is_known = |text: &&NamedSection<'_>| {
        !matches!(
            text.section.kind,
            SectionKind::Control | SectionKind::Database | SectionKind::Other
        )
    };
    let mut known = texts.iter().filter(is_known).peekable();
    known.peek()?;
    let named = known.filter_map(|text| text.section.version).max();
    Some(of_flows.or(named).unwrap_or(Version::V15))
}

/// The parts of a switch that are being read.
struct Reading<'r, 't> {
    texts: &'r [NamedSection<'t>],
    version: Version,
    parts: BTreeMap<Part, Vec<Vec<u8>>>,
    early_ports: Option<Vec<Vec<u8>>>,
    /// The ports that a text describes.
    described: Vec<PortDesc>,
    remarks: &'r mut Vec<String>,
}

impl<'r, 't> Reading<'r, 't> {
    /// The last text of a kind, of the version of the messages if there is one, else of the highest.
    fn chosen(&self, kind: SectionKind) -> Option<&'r NamedSection<'t>> {
        chosen(self.texts, self.version, kind)
    }

    /// Reads the ports, from their descriptions or the features, which have them before OpenFlow 1.3.
    fn ports(&mut self, names: &mut TextNames) {
        let features = self.chosen(SectionKind::Features);
        let lists_ports = |text: &&NamedSection<'_>| text.section.version < Some(Version::V13);
        let described = self.chosen(SectionKind::Ports);
        let mut ports = Vec::new();
        if let Some(text) = described.or(features.filter(lists_ports)) {
            let mut problems = LineProblems::default();
            ports = parts::ports(text, names, &mut problems);
            problems.tell(text.name, "the ports", self.remarks);
            for port in &ports {
                names.add_port(port.ofport, &port.name.0);
            }
            self.parts
                .insert(Part::Ports, parts::ports_reply(self.version, &ports));
        }
        let is_early = |text: &&NamedSection<'_>| text.section.version == Some(Version::V10);
        let early = chosen(self.texts, Version::V10, SectionKind::Ports).filter(is_early);
        let features_of_v10 = chosen(self.texts, Version::V10, SectionKind::Features);
        if let Some(text) = early.or(features_of_v10.filter(is_early)) {
            // Malformed lines are remarked once, of the text in the version of the messages.
            let ports = parts::ports(text, names, &mut LineProblems::default());
            self.early_ports = Some(parts::ports_reply(Version::V10, &ports));
        }
        if let Some(text) = features {
            let mut problems = LineProblems::default();
            let message = parts::features(text, self.version, &ports, &mut problems);
            problems.tell(text.name, "the features", self.remarks);
            self.parts
                .extend(message.map(|message| (Part::Features, message)));
        }
        self.described = ports;
    }

    /// Adds the ports of which only the name is known, so that they have their name: those whose numbers are unknown, and
    /// if no ports are described those that flows name beside their numbers.
    fn named_ports(&mut self, names: &TextNames) {
        let count = names.invented.len();
        if count > 0 {
            self.remarks.push(format!(
                "the numbers of {count} ports that are named in the flows are unknown: numbers from 65279 down stand for them"
            ));
        }
        let is_described = self.parts.contains_key(&Part::Ports);
        let learned = names.learned.iter().filter(|_| !is_described);
        let named = learned.chain(&names.invented);
        let mut named = named
            .map(|(ofport, name)| named_port(*ofport, name))
            .peekable();
        if named.peek().is_none() {
            return;
        }
        let mut ports = std::mem::take(&mut self.described);
        ports.extend(named);
        self.parts
            .insert(Part::Ports, parts::ports_reply(self.version, &ports));
    }

    /// Reads what is neither flows nor ports.
    fn others(&mut self, names: &TextNames) {
        for (kind, part, what) in [
            (
                SectionKind::PortStats,
                Part::PortStats,
                "the counters of ports",
            ),
            (SectionKind::Groups, Part::Groups, "the groups"),
            (
                SectionKind::GroupStats,
                Part::GroupStats,
                "the statistics of groups",
            ),
            (SectionKind::Meters, Part::Meters, "the meters"),
            (
                SectionKind::MeterStats,
                Part::MeterStats,
                "the statistics of meters",
            ),
            (
                SectionKind::TableStats,
                Part::TableStats,
                "the statistics of tables",
            ),
            (
                SectionKind::TlvMap,
                Part::TlvMap,
                "the map of tunnel options",
            ),
        ] {
            let Some(text) = self.chosen(kind) else {
                continue;
            };
            let is_usable = match part {
                _ if self.version >= Version::V13 => true,
                Part::Meters | Part::MeterStats => false,
                // The others have what the text of another version does not tell.
                Part::TableStats => {
                    [text.section.version, Some(self.version)] == [Some(Version::V10); 2]
                }
                _ => true,
            };
            if !is_usable {
                self.remarks.push(format!(
                    "{}: {what} are left out: the bridge is read in {}, OpenFlow13 or later is needed",
                    text.name, self.version
                ));
                continue;
            }
            let mut problems = LineProblems::default();
            let (version, wrong) = (self.version, &mut problems);
            let messages = match part {
                Part::PortStats => Some(parts::port_stats(text, version, names, wrong)),
                Part::Groups => Some(parts::groups(text, version, names, wrong)),
                Part::GroupStats => Some(parts::group_stats(text, version, wrong)),
                Part::Meters => Some(parts::meters(text, version, wrong)),
                Part::MeterStats => Some(parts::meter_stats(text, version, wrong)),
                Part::TableStats => Some(parts::table_stats(text, version, wrong)),
                _ => parts::tlv_map(text, version, wrong),
            };
            problems.tell(text.name, what, self.remarks);
            self.parts.extend(messages.map(|messages| (part, messages)));
        }
    }
}

/// The last text of a kind, of this version if there is one, else of the highest.
fn chosen<'s, 't>(
    texts: &'s [NamedSection<'t>],
    version: Version,
    kind: SectionKind,
) -> Option<&'s NamedSection<'t>> {
    let texts = texts.iter().filter(|text| text.section.kind == kind);
    texts.max_by_key(|text| (text.section.version == Some(version), text.section.version))
}

/// The names of the texts with flows, groups or statistics that [`switch`] does not use, since others have the same; with
/// what they have. `version` is that of the messages.
pub(super) fn unused<'t>(
    texts: &[NamedSection<'t>],
    version: Version,
) -> Vec<(&'t str, &'static str)> {
    let has_flows = texts
        .iter()
        .any(|text| text.section.kind == SectionKind::Flows);
    let unused = texts.iter().filter_map(|text| {
        let kind = text.section.kind;
        let what = match kind {
            SectionKind::Flows | SectionKind::BridgeFlows => "flows",
            SectionKind::Groups => "groups",
            SectionKind::GroupStats => "statistics of groups",
            SectionKind::Meters => "meters",
            SectionKind::MeterStats => "statistics of meters",
            SectionKind::PortStats => "counters of ports",
            SectionKind::TableStats => "statistics of tables",
            _ => return None,
        };
        let is_used = match kind {
            SectionKind::Flows => flow_version(&text.section) == version,
            SectionKind::BridgeFlows => !has_flows,
            _ => chosen(texts, version, kind).is_some_and(|used| std::ptr::eq(used, text)),
        };
        (!is_used).then_some((text.name, what))
    });
    unused.collect()
}

fn of_kind<'s, 't>(texts: &'s [NamedSection<'t>], kind: SectionKind) -> Vec<&'s NamedSection<'t>> {
    let texts = texts.iter();
    texts.filter(|text| text.section.kind == kind).collect()
}

/// The name of the switch's own port, which is that of the bridge, if the ports are described.
pub fn local_port(sections: &[Section<'_>]) -> Option<String> {
    let mut found = None;
    for section in sections {
        if !matches!(section.kind, SectionKind::Features | SectionKind::Ports) {
            continue;
        }
        let body = String::from_utf8_lossy(section.body);
        let own = body.lines().find_map(|line| {
            let (name, _) = line
                .trim_start()
                .strip_prefix("LOCAL(")?
                .split_once("): addr:")?;
            Some(name.to_owned())
        });
        if own.is_some() && found.is_some() && own != found {
            return None;
        }
        found = own.or(found);
    }
    found
}

/// The version whose words a dump of flows has; `bridge/dump-flows` has those of the highest.
fn flow_version(section: &Section<'_>) -> Version {
    if section.kind == SectionKind::BridgeFlows {
        return Version::V15;
    }
    section
        .version
        .unwrap_or_else(|| flows::version_of(section.body))
}

/// The flows of dumps in one version.
fn read_flows(
    texts: &[&NamedSection<'_>],
    version: Version,
    names: &mut TextNames,
    remarks: &mut Vec<String>,
) -> Vec<Vec<u8>> {
    names.take_unknown();
    let read = |names: &TextNames| -> Vec<(DumpedFlows, LineProblems)> {
        let texts = texts.iter().map(|text| &text.section);
        texts
            .map(|section| {
                let mut problems = LineProblems::default();
                let flows = flows::read(section.body, section.line, version, names, &mut problems);
                (flows, problems)
            })
            .collect()
    };
    let mut dumps = read(names);
    if names.number_unknown() {
        dumps = read(names);
    }
    let mut entries = Vec::new();
    let mut known = FxHashSet::default();
    let mut repeated = 0;
    for (text, (flows, problems)) in texts.iter().zip(&mut dumps) {
        std::mem::take(problems).tell(text.name, "the flows", remarks);
        if flows.hidden > 0 {
            let hidden = flows.hidden;
            remarks.push(format!(
                "{}: {hidden} flows are hidden from OpenFlow and left out",
                text.name
            ));
        }
        if flows.without_counts > 0 && flows.without_counts == flows.ends.len() {
            remarks.push(format!(
                "{}: the flows have no statistics there: their counters and ages are unknown",
                text.name
            ));
        }
        let mut start = 0;
        for (end, key) in flows.ends.iter().zip(&flows.keys) {
            let entry = flows.bytes.get(start..*end).unwrap_or_default();
            start = *end;
            // A second dump may be of other tables, or of the same at another time.
            if texts.len() > 1 && !known.insert(*key) {
                repeated += 1;
                continue;
            }
            entries.push(entry);
        }
    }
    if repeated > 0 {
        remarks.push(format!(
            "{repeated} flows are in several texts and taken once"
        ));
    }
    flow_reply(version, entries)
}

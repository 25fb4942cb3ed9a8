//! Texts that `ovs-ofctl` and `ovs-appctl` printed, made into the messages that the switch would have sent.
//!
//! | file | contents |
//! |---|---|
//! | [`sections`] | a text cut into replies, each recognised |
//! | [`command_line`] | the commands above them |
//! | [`names`] | the ports and tables that are named |
//! | `flows` | dumps of flows |
//! | `parts` | the other replies |
//! | `entries` | the lines of a text, or its JSON objects |
//! | `problems` | lines that could not be read |

pub mod command_line;
mod entries;
mod flows;
pub mod names;
mod parts;
mod problems;
pub mod sections;

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

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
/// All messages are of the version of the dump of flows, of several dumps that of the highest version; without one they are of
/// the version of what was saved `earlier`.
pub fn switch(
    texts: &[NamedSection<'_>],
    mut names: TextNames,
    earlier: Option<&SavedSwitch>,
    remarks: &mut Vec<String>,
) -> Option<SavedSwitch> {
    let texts = &told(texts, earlier, remarks);
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
    let version = version_of(texts, &flows, earlier)?;
    remark_unused(texts, version, remarks);
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
        unnumbered: names.invented.into_iter().collect(),
    })
}

/// The texts that are used: not those that have nothing, a part or an earlier state of what another text has, or what was saved
/// `earlier`.
fn told<'t>(
    texts: &[NamedSection<'t>],
    earlier: Option<&SavedSwitch>,
    remarks: &mut Vec<String>,
) -> Vec<NamedSection<'t>> {
    let is_saved = |text: &NamedSection<'_>| {
        let part = part_of(text.section.kind);
        let is_of = |saved: &SavedSwitch| part.is_some_and(|part| saved.parts.contains_key(&part));
        earlier.is_some_and(is_of)
    };
    let printed = Printed::of(texts);
    let mut used = Vec::new();
    for (at, text) in texts.iter().enumerate() {
        let section = &text.section;
        let kind = section.kind;
        let place = format!("{}, line {}", text.name, section.line);
        if kind == SectionKind::Control {
            used.push(text.clone());
        } else if section.is_blank() {
            // A dump of groups has a heading, also without any.
            if kind == SectionKind::Groups || printed.filled.contains(&kind) || is_saved(text) {
                remarks.push(format!("{place}: the output is empty: not used"));
            } else {
                used.push(text.clone());
            }
        } else if section.is_part() {
            if printed.whole.contains(&kind) || is_saved(text) {
                remarks.push(format!(
                    "{place}: a part of what is known otherwise: not used"
                ));
            } else {
                remarks.push(format!(
                    "{place}: the command prints a part: the rest is unknown, and missing in what follows"
                ));
                used.push(text.clone());
            }
        } else if !printed.is_again(at, section) {
            used.push(text.clone());
        } else if text.is_given {
            remark_other(text, "a later command printed them again", remarks);
        }
    }
    used
}

/// What the texts of a bridge have of each kind.
struct Printed {
    /// The kinds with some output.
    filled: BTreeSet<SectionKind>,
    /// The kinds of which all is printed.
    whole: BTreeSet<SectionKind>,
    /// The last dump of all flows in each version.
    last: BTreeMap<Option<Version>, usize>,
}

impl Printed {
    fn of(texts: &[NamedSection<'_>]) -> Printed {
        let mut printed = Printed {
            filled: BTreeSet::new(),
            whole: BTreeSet::new(),
            last: BTreeMap::new(),
        };
        for (at, NamedSection { section, .. }) in texts.iter().enumerate() {
            if section.is_blank() {
                continue;
            }
            printed.filled.insert(section.kind);
            if !section.is_part() {
                printed.whole.insert(section.kind);
            }
            if Printed::is_dump_of_all(section) {
                printed.last.insert(section.version, at);
            }
        }
        printed
    }

    fn is_dump_of_all(section: &Section<'_>) -> bool {
        let is_dump = section.kind == SectionKind::Flows && section.command.is_some();
        is_dump && !section.is_part() && !section.is_blank()
    }

    /// Whether a later command printed all flows again.
    fn is_again(&self, at: usize, section: &Section<'_>) -> bool {
        let last = self.last.get(&section.version);
        Printed::is_dump_of_all(section) && last.is_some_and(|last| *last > at)
    }
}

/// The part of a switch that an output is.
fn part_of(kind: SectionKind) -> Option<Part> {
    Some(match kind {
        SectionKind::Features => Part::Features,
        SectionKind::Flows | SectionKind::BridgeFlows => Part::Flows,
        SectionKind::Groups => Part::Groups,
        SectionKind::GroupStats => Part::GroupStats,
        SectionKind::Meters => Part::Meters,
        SectionKind::MeterStats => Part::MeterStats,
        SectionKind::Ports => Part::Ports,
        SectionKind::PortStats => Part::PortStats,
        SectionKind::TableStats => Part::TableStats,
        SectionKind::TableFeatures => Part::TableFeatures,
        SectionKind::TlvMap => Part::TlvMap,
        SectionKind::Control | SectionKind::Database | SectionKind::Other => return None,
    })
}

/// The version of the messages: that of the flows, else of what was saved earlier, else the highest of a text.
fn version_of(
    texts: &[NamedSection<'_>],
    flows: &[&NamedSection<'_>],
    earlier: Option<&SavedSwitch>,
) -> Option<Version> {
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
    let saved = earlier.map(|earlier| earlier.version);
    Some(of_flows.or(saved).or(named).unwrap_or(Version::V15))
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
                "the numbers of {count} ports that are named in the flows are unknown"
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

/// Remarks on the texts that the user gave and that are not used, since others have the same; `version` is that of the messages.
fn remark_unused(texts: &[NamedSection<'_>], version: Version, remarks: &mut Vec<String>) {
    let mut used = BTreeMap::new();
    for kind in texts.iter().map(|text| text.section.kind) {
        used.entry(kind)
            .or_insert_with(|| chosen(texts, version, kind));
    }
    for text in texts.iter().filter(|text| text.is_given) {
        let section = &text.section;
        let is_used = match section.kind {
            SectionKind::Flows => flow_version(section) == version,
            SectionKind::BridgeFlows => !used.contains_key(&SectionKind::Flows),
            kind => {
                let used = used.get(&kind).copied().flatten();
                used.is_some_and(|used| std::ptr::eq(used, text))
            }
        };
        if !is_used {
            remark_other(text, "another text has them", remarks);
        }
    }
}

/// Remarks that flows, groups or statistics are not used.
fn remark_other(text: &NamedSection<'_>, why: &str, remarks: &mut Vec<String>) {
    let what = match text.section.kind {
        SectionKind::Flows | SectionKind::BridgeFlows => "flows",
        SectionKind::Groups => "groups",
        SectionKind::GroupStats => "statistics of groups",
        SectionKind::Meters => "meters",
        SectionKind::MeterStats => "statistics of meters",
        SectionKind::PortStats => "counters of ports",
        SectionKind::TableStats => "statistics of tables",
        _ => return,
    };
    let remark = format!("{}: its {what} are not used: {why}", text.name);
    if !remarks.contains(&remark) {
        remarks.push(remark);
    }
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
    // A second dump may be of other tables, or of the same at another time. The text that has each flow last:
    let mut last = FxHashMap::default();
    if texts.len() > 1 {
        for (number, (flows, _)) in dumps.iter().enumerate() {
            last.extend(flows.keys.iter().map(|key| (*key, number)));
        }
    }
    let mut repeated = 0;
    for (number, (text, (flows, problems))) in texts.iter().zip(&mut dumps).enumerate() {
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
            if last.get(key).is_some_and(|last| *last != number) {
                repeated += 1;
                continue;
            }
            entries.push(entry);
        }
    }
    if repeated > 0 {
        remarks.push(format!(
            "{repeated} flows are in several texts: those of the last are used"
        ));
    }
    flow_reply(version, entries)
}

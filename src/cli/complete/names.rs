//! Names in the database or the switch, as candidates.

use super::Candidate;
use super::ask::NameSource;
use crate::model::names::reserved;
use crate::openflow::messages::meters::meter_word;

/// Words without a description.
pub(super) fn named<T: Into<String>>(names: impl IntoIterator<Item = T>) -> Vec<Candidate> {
    names.into_iter().map(Candidate::new).collect()
}

/// Interfaces by name, which are the ports of OpenFlow.
pub(super) fn interfaces(bridge: Option<&str>, ask: &NameSource) -> Vec<Candidate> {
    let topology = ask.ports(bridge);
    let candidate = |(_, _, interface): (_, _, &crate::model::topology::Interface)| {
        let number = interface.port_number();
        let about = number.map_or_else(String::new, |number| number.to_string());
        Candidate::about(interface.name.clone(), about)
    };
    sorted(topology.interfaces().map(candidate).collect())
}

/// The ports of the bridge as a FLOW names them, then the reserved ones; in quotes if `part` begins with one.
pub(super) fn openflow_ports(bridge: Option<&str>, part: &str, ask: &NameSource) -> Vec<Candidate> {
    let mut ports = named_ports(bridge, part, ask);
    ports.extend(reserved().map(Candidate::new));
    ports
}

/// The same without the reserved ones.
pub(super) fn named_ports(bridge: Option<&str>, part: &str, ask: &NameSource) -> Vec<Candidate> {
    let mut ports = interfaces(bridge, ask);
    for port in &mut ports {
        port.word = if part.starts_with('"') {
            crate::base::terminal::quoted(&port.word)
        } else {
            name_in_flow(&port.word)
        };
    }
    ports
}

/// The groups of the bridge, by number.
pub(super) fn groups(bridge: Option<&str>, ask: &NameSource) -> Vec<Candidate> {
    let groups = bridge.map_or_else(Vec::new, |bridge| ask.groups(bridge));
    named(groups.iter().map(u32::to_string))
}

/// The meters of the bridge, by number or name.
pub(super) fn meters(bridge: Option<&str>, ask: &NameSource) -> Vec<Candidate> {
    let meters = bridge.map_or_else(Vec::new, |bridge| ask.meters(bridge));
    named(meters.into_iter().map(meter_word))
}

/// The flow tables of the bridge that have names, as in a MATCH; by number if the name is ambiguous.
pub(super) fn flow_tables(bridge: Option<&str>, ask: &NameSource) -> Vec<Candidate> {
    let tables = bridge.map_or_else(Vec::new, |bridge| ask.flow_tables(bridge));
    let candidate = |(number, name): &(u8, String)| {
        let is_one = tables.iter().filter(|(_, other)| other == name).count() == 1;
        if is_one {
            Candidate::about(name_in_flow(name), number.to_string())
        } else {
            Candidate::about(number.to_string(), name.clone())
        }
    };
    tables.iter().map(candidate).collect()
}

/// A name, quoted if it would otherwise be a number or several words.
fn name_in_flow(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    if name.chars().all(plain) && !name.starts_with(|c: char| c.is_ascii_digit()) {
        name.to_owned()
    } else {
        crate::base::terminal::quoted(name)
    }
}

/// The tags of the ports.
pub(super) fn tags(bridge: Option<&str>, ask: &NameSource) -> Vec<Candidate> {
    let topology = ask.columns(bridge, &["tag"]);
    let ports = topology.bridges.iter().flat_map(|bridge| &bridge.ports);
    let mut tags: Vec<i64> = ports.filter_map(|port| port.tag).collect();
    tags.sort_unstable();
    tags.dedup();
    let tags = tags.into_iter();
    tags.map(|tag| Candidate::new(tag.to_string())).collect()
}

/// Sorts and removes duplicates.
pub(super) fn sorted(mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    candidates.sort_unstable_by(|a, b| a.word.cmp(&b.word));
    candidates.dedup_by(|a, b| a.word == b.word);
    candidates
}

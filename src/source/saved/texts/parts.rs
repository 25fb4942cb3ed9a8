//! Texts other than dumps of flows, made into the replies of a switch.

use super::entries::{each_line, each_object, is_json};
use super::names::TextNames;
use super::problems::LineProblems;
use super::sections::NamedSection;
use crate::openflow::group_entry::GroupCommand;
use crate::openflow::group_spec::GroupChange;
use crate::openflow::messages::group_meter_texts::{
    group_desc_reply, group_stats_reply, meter_reply, meter_stats_reply, parse_group_stats,
    parse_meter_stats, parse_table_stats, parse_tlv_map, table_stats_reply, tlv_reply,
};
use crate::openflow::messages::meters::MeterConfig;
use crate::openflow::messages::port_stats_texts::{parse_port_stats, stats_reply};
use crate::openflow::messages::port_texts::{
    desc_reply, features_reply, parse_features, parse_ports,
};
use crate::openflow::messages::ports::PortDesc;
use crate::openflow::meter_spec::{MeterChange, MeterCommand};
use crate::openflow::version::Version;

/// The messages of a part.
type Messages = Vec<Vec<u8>>;

/// Reads the ports that a section describes.
pub(super) fn ports(
    text: &NamedSection<'_>,
    names: &TextNames,
    problems: &mut LineProblems,
) -> Vec<PortDesc> {
    let section = &text.section;
    let mut wrong = Vec::new();
    let ports = parse_ports(&String::from_utf8_lossy(section.body), names, &mut wrong);
    for (line, reason) in wrong {
        problems.add(section.line + line, &reason);
    }
    ports
}

/// The reply that describes ports.
pub(super) fn ports_reply(version: Version, ports: &[PortDesc]) -> Messages {
    desc_reply(version, ports)
}

/// The features reply.
pub(super) fn features(
    text: &NamedSection<'_>,
    version: Version,
    ports: &[PortDesc],
    problems: &mut LineProblems,
) -> Option<Messages> {
    let section = &text.section;
    let body = String::from_utf8_lossy(section.body);
    let of_text = section.version.unwrap_or(Version::V10);
    match parse_features(of_text, section.heading, &body) {
        Ok(features) => Some(vec![features_reply(version, &features, ports)?]),
        Err((line, reason)) => {
            problems.add(section.line + line, &reason);
            None
        }
    }
}

/// The reply with the counters of ports.
pub(super) fn port_stats(
    text: &NamedSection<'_>,
    version: Version,
    names: &TextNames,
    problems: &mut LineProblems,
) -> Messages {
    let section = &text.section;
    let mut wrong = Vec::new();
    let body = String::from_utf8_lossy(section.body);
    let ports = parse_port_stats(&body, names, &mut wrong);
    for (line, reason) in wrong {
        problems.add(section.line + line, &reason);
    }
    stats_reply(version, &ports)
}

/// The reply that describes groups.
pub(super) fn groups(
    text: &NamedSection<'_>,
    version: Version,
    names: &TextNames,
    problems: &mut LineProblems,
) -> Messages {
    let mut entries = Vec::new();
    each_entry(
        text,
        problems,
        |text, line, problems| match GroupChange::parse(text, GroupCommand::Add, names, version) {
            Ok(change) => {
                let mut entry = Vec::new();
                match change.group.put_desc(&mut entry) {
                    Some(()) => entries.push(entry),
                    None => problems.add(line, "the group is too large for a message"),
                }
            }
            Err(error) => problems.add(line, &error.to_string()),
        },
    );
    group_desc_reply(version, &entries)
}

fn each_entry(
    text: &NamedSection<'_>,
    problems: &mut LineProblems,
    take: impl FnMut(&str, usize, &mut LineProblems),
) {
    let section = &text.section;
    if is_json(section.body) {
        each_object(section.body, problems, take);
    } else {
        each_line(section.body, section.line, problems, take);
    }
}

/// The reply with the statistics of groups.
pub(super) fn group_stats(
    text: &NamedSection<'_>,
    version: Version,
    problems: &mut LineProblems,
) -> Messages {
    let mut groups = Vec::new();
    each_entry(
        text,
        problems,
        |text, line, problems| match parse_group_stats(text) {
            Ok(stats) => groups.push(stats),
            Err(reason) => problems.add(line, &reason),
        },
    );
    group_stats_reply(version, &groups)
}

/// The reply that describes meters. `ovs-ofctl` prints a meter in several lines.
pub(super) fn meters(
    text: &NamedSection<'_>,
    version: Version,
    problems: &mut LineProblems,
) -> Messages {
    let mut meters: Vec<MeterConfig> = Vec::new();
    let mut open: Option<(String, usize)> = None;
    let mut close = |open: &mut Option<(String, usize)>, problems: &mut LineProblems| {
        if let Some((text, line)) = open.take() {
            match MeterChange::parse(&text, MeterCommand::Add) {
                Ok(change) => meters.push(change.meter),
                Err(error) => problems.add(line, &error.to_string()),
            }
        }
    };
    each_entry(text, problems, |text, line, problems| {
        let begins = text.starts_with("meter=") || text.starts_with('{');
        match &mut open {
            Some((meter, _)) if !begins => {
                meter.push(' ');
                meter.push_str(text);
            }
            _ => {
                close(&mut open, problems);
                open = Some((text.to_owned(), line));
            }
        }
    });
    close(&mut open, problems);
    meter_reply(version, &meters)
}

/// The reply with the statistics of meters.
pub(super) fn meter_stats(
    text: &NamedSection<'_>,
    version: Version,
    problems: &mut LineProblems,
) -> Messages {
    let section = &text.section;
    let body = String::from_utf8_lossy(section.body);
    let meters = parse_meter_stats(&body, |line, reason| {
        problems.add(section.line + line, &reason);
    });
    meter_stats_reply(version, &meters)
}

/// The reply with the statistics of tables.
pub(super) fn table_stats(
    text: &NamedSection<'_>,
    version: Version,
    problems: &mut LineProblems,
) -> Messages {
    let section = &text.section;
    let body = String::from_utf8_lossy(section.body);
    let tables = parse_table_stats(&body, |line, reason| {
        problems.add(section.line + line, &reason);
    });
    table_stats_reply(version, &tables)
}

/// The map of tunnel options.
pub(super) fn tlv_map(
    text: &NamedSection<'_>,
    version: Version,
    problems: &mut LineProblems,
) -> Option<Messages> {
    let section = &text.section;
    let body = String::from_utf8_lossy(section.body);
    let map = parse_tlv_map(&body, |line, reason| {
        problems.add(section.line + line, &reason);
    });
    Some(vec![tlv_reply(version, &map)?])
}

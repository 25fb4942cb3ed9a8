//! Hints for a setting, a port or an option that the called command does not have in this form.

use std::collections::BTreeSet;

use crate::base::shell::word;
use crate::commands::argument::Value;
use crate::openflow::fields::{FILTER_KEYS, Field};
use crate::openflow::flow_change::FLOW_KEYS;

/// Map columns of the database, and the options that set one of their keys.
const MAPS: [(&str, &str); 3] = [
    ("options", "option"),
    ("external_ids", "external-id"),
    ("other_config", "other-config"),
];

/// The hint for an extra argument that is a setting or a port in the style of Open vSwitch's tools; `None` if
/// this command has no equivalent.
pub(super) fn tip_for_argument(said: &str, command: &clap::Command) -> Option<String> {
    if said.starts_with('-') {
        return None;
    }
    let Some((setting, value)) = said.split_once('=') else {
        let first = Value::of(command.get_positionals().next()?);
        return (first == Some(Value::PORT))
            .then(|| "a port is named alone, or as 'BRIDGE/PORT'".to_owned());
    };
    let in_map = setting.split_once(':').and_then(|(map, key)| {
        let (_, option) = MAPS.iter().find(|(name, _)| *name == map)?;
        Some(((*option).to_owned(), format!("{key}={value}")))
    });
    let (option, value) = in_map.unwrap_or_else(|| (setting.replace('_', "-"), value.to_owned()));
    if has_option(command, &option) {
        return Some(format!("settings are options: --{option} {}", word(&value)));
    }
    takes(command, Value::MATCH)
        .then(|| "MATCH is one word: its fields have commas between them".to_owned())
}

/// Whether the command has this option, named without dashes.
pub(super) fn has_option(command: &clap::Command, long: &str) -> bool {
    let mut arguments = command.get_arguments();
    arguments.any(|argument| argument.get_long() == Some(long))
}

/// The option of the command, and its value, that sets a column of this table as ovs-vsctl(8) writes it:
/// `COLUMN=VALUE` or `COLUMN:KEY=VALUE`; `None` if the command has no such option.
pub(super) fn option_of_setting(
    setting: &str,
    table: &str,
    command: &clap::Command,
) -> Option<(String, String)> {
    let (column, value) = setting.split_once('=')?;
    let (column, value) = match column.split_once(':') {
        Some((map, key)) => (map, format!("{key}={value}")),
        None => (column, value.to_owned()),
    };
    let column = column.replace('-', "_");
    let own = OPTIONS
        .iter()
        .find(|(of, name, _)| *of == table && *name == column)
        .map(|(.., option)| (*option).to_owned());
    let option = own.unwrap_or_else(|| column.replace('_', "-"));
    has_option(command, &option).then_some((option, value))
}

/// Columns whose options are not named after them: the table, the column, the option.
const OPTIONS: [(&str, &str, &str); 12] = [
    ("Bridge", "external_ids", "external-id"),
    ("Bridge", "mcast_snooping_enable", "mcast-snooping"),
    ("Bridge", "rstp_enable", "rstp"),
    ("Bridge", "stp_enable", "stp"),
    ("Interface", "external_ids", "external-id"),
    ("Interface", "mtu_request", "mtu"),
    ("Interface", "ofport_request", "ofport"),
    ("Interface", "options", "option"),
    ("Interface", "other_config", "interface-other-config"),
    ("Port", "external_ids", "port-external-id"),
    ("Port", "mac", ""),
    ("Port", "type", ""),
];

/// The commands that print what a group of commands writes.
const READERS: [(&str, &str); 4] = [
    ("flow", "dump-flows"),
    ("group", "dump-groups"),
    ("meter", "dump-meters"),
    ("table", "dump-tables"),
];

/// The hint for `flow list`, `fdb show` and the like: the command that reads what the group is about.
pub(super) fn tip_for_reading(
    root: &clap::Command,
    words: &[&str],
    unknown: &str,
) -> Option<String> {
    const READS: [&str; 7] = ["dump", "get", "list", "ls", "print", "show", "stats"];
    if !READS.contains(&unknown) {
        return None;
    }
    let at = words.iter().position(|word| *word == unknown)?;
    let group = *words.get(at.checked_sub(1)?)?;
    if let Some((_, reader)) = READERS.iter().find(|(written, _)| *written == group) {
        return Some(format!("'ovs {reader} SWITCH' prints the {group}s"));
    }
    let command = root.find_subcommand(group)?;
    let reader = ["list", "show"]
        .iter()
        .find(|name| command.find_subcommand(name).is_some())?;
    Some(format!("for this type 'ovs {group} {reader}'"))
}

/// Whether the command has an argument that takes this.
fn takes(command: &clap::Command, value: Value) -> bool {
    let mut arguments = command.get_positionals();
    arguments.any(|argument| Value::of(argument) == Some(value))
}

/// Common option names for OpenFlow versions.
const VERSIONS: [&str; 2] = ["protocols", "versions"];

/// A command's name with that of its group.
fn name(command: &clap::Command) -> &str {
    let name = command.get_bin_name().unwrap_or(command.get_name());
    name.split_once(' ').map_or(name, |(_, name)| name)
}

/// The hint for an unknown option, since the most similar spelling may be unrelated: an option with this
/// prefix, of this command or of others, or one with another name.
pub(super) fn tip_for_option(
    said: &str,
    root: &clap::Command,
    command: &clap::Command,
) -> Option<String> {
    let said = said.trim_start_matches("--").split('=').next()?;
    let begins = |argument: &clap::Arg| {
        let long = argument.get_long()?;
        (said.len() > 2 && long.starts_with(said)).then(|| long.to_owned())
    };
    let options = |command: &clap::Command| -> BTreeSet<String> {
        command.get_arguments().filter_map(begins).collect()
    };
    let mut own = options(command).into_iter();
    if let (Some(long), None) = (own.next(), own.next()) {
        return Some(format!("'--{long}' is an option of '{}'", name(command)));
    }
    let is_version = |word: &str| said.len() > 6 && word.starts_with(said);
    if takes(command, Value::SWITCH) && VERSIONS.into_iter().any(is_version) {
        return Some("the versions of OpenFlow to speak are '-O' or '--openflow'".to_owned());
    }
    let key = said.replace('-', "_");
    let key = key.as_str();
    let is_field = Field::by_name(key).is_some();
    if takes(command, Value::FLOW) && (is_field || key == "actions" || FLOW_KEYS.contains(&key)) {
        return Some(format!("it is a part of FLOW: '{key}=...'"));
    }
    if takes(command, Value::MATCH) && (is_field || FILTER_KEYS.contains(&key)) {
        return Some(format!("it is a part of MATCH: '{key}=...'"));
    }
    let globals = options(root);
    let mut others: Vec<(String, &str)> = Vec::new();
    for other in root.get_subcommands() {
        let longs = options(other).into_iter();
        others.extend(longs.map(|long| (long, other.get_name())));
    }
    let long = others.first()?.0.clone();
    if !globals.is_empty() || others.iter().any(|(other, _)| *other != long) {
        return None;
    }
    let names: Vec<String> = others.iter().map(|(_, name)| format!("'{name}'")).collect();
    Some(format!("'--{long}' is an option of {}", names.join(", ")))
}

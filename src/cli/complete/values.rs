//! The values of an argument: its possible values, else what its completer finds.

use std::collections::BTreeSet;

use clap::Arg;

use super::ask::NameSource;
use super::entries::EntryCommand;
use super::line::TypedCommand;
use super::names::{flow_tables, groups, interfaces, meters, named, sorted, tags};
use super::{Candidate, Completion, actions as flow_actions, entries, matching};

use crate::cli::manual;
use crate::commands::about::About;
use crate::commands::appctl::split;
use crate::commands::argument::{Completer, Value};
use crate::commands::dump_flows::sort_fields;
use crate::model::{Topology, keys};
use crate::openflow::actions;
use crate::openflow::messages::ports::PortWord;
use crate::openflow::version::Version;

/// The candidates for `argument`, of which `current` is typed.
pub(super) fn of(
    typed: &TypedCommand<'_>,
    argument: &Arg,
    current: &str,
    ask: &NameSource,
) -> Completion {
    let possible = argument.get_possible_values();
    if !possible.is_empty() && argument.get_action().takes_values() {
        let shown = possible.iter().filter(|value| !value.is_hide_set());
        let candidate = |value: &clap::builder::PossibleValue| {
            let about = value.get_help().map(ToString::to_string);
            Candidate::about(value.get_name(), about.unwrap_or_default())
        };
        return Completion::space(shown.map(candidate).collect());
    }
    let bridge = bridge_of(typed);
    match completer(argument) {
        Completer::Nothing => Completion::default(),
        Completer::Bridges => Completion::space(bridges(ask)),
        Completer::Switches => Completion::space(names_of(ask.switches())),
        Completer::SwitchesOrFiles => switches_or_files(current, ask),
        Completer::BridgesWithPorts => bridges_with_ports(current, ask),
        Completer::Ports => ports(bridge, current, ask),
        Completer::PortWords => list(current, named(PortWord::all().map(|word| word.word))),
        Completer::OpenFlowPorts => Completion::space(interfaces(bridge, ask)),
        Completer::PortsAndBridges => {
            let mut answer = ports(None, current, ask);
            answer.candidates.splice(0..0, bridges(ask));
            answer
        }
        Completer::Devices => list(current, host_interfaces()),
        Completer::Tag => Completion::space(tags(bridge, ask)),
        Completer::Tags => list(current, tags(bridge, ask)),
        Completer::Match => matching::of(bridge, current, ask),
        Completer::Flow => matching::flow(bridge, current, ask),
        Completer::FlowActions => flow_actions::of(bridge, current, ask),
        Completer::Group => entries::group(entry_command(typed), bridge, current, ask),
        Completer::Meter => entries::meter(entry_command(typed), bridge, current, ask),
        Completer::GroupNumbers => Completion::space(groups(bridge, ask)),
        Completer::MeterNumbers => Completion::space(meters(bridge, ask)),
        Completer::Columns => list(current, column_names(typed)),
        Completer::Column => Completion::space(column_names(typed)),
        Completer::TableColumns => Completion::space(table_columns(typed, ask)),
        Completer::TableColumnsAndMore => Completion::open(table_columns(typed, ask)),
        Completer::FlowTables => Completion::space(flow_tables(bridge, ask)),
        Completer::Tables => Completion::space(named(ask.tables().iter().map(|table| &table.name))),
        Completer::Records => Completion::space(records(typed, ask)),
        Completer::SortFields => list(current, named(sort_fields())),
        Completer::Actions => {
            let words: BTreeSet<&str> = actions::words().collect();
            Completion::space(named(words))
        }
        Completer::InterfaceTypes => {
            Completion::space(named(keys::interface_types().iter().copied()))
        }
        Completer::Versions => list(current, named(Version::ALL.map(|v| v.to_string()))),
        Completer::Keys { table, column } => pairs(typed, table, column, ask),
        Completer::OnOff => Completion::space(named(["on", "off"])),
        Completer::Endpoints if current.contains(':') => Completion::default(),
        Completer::Endpoints => Completion::open(named(["unix:", "tcp:", "ssl:"])),
        Completer::Pages => Completion::space(named(manual::topics())),
        Completer::Files => Completion::files(),
        Completer::Daemons if current.starts_with(['/', '.']) => Completion::files(),
        Completer::Daemons => Completion::space(named(ask.daemons())),
        Completer::ControlCommands => control_commands(typed, argument, current, ask),
    }
}

/// What the command does with a GROUP or a METER.
fn entry_command(typed: &TypedCommand<'_>) -> EntryCommand {
    match typed.path.last() {
        Some(&"add") => EntryCommand::Add,
        Some(&("insert-buckets" | "remove-buckets")) => EntryCommand::OfBuckets,
        _ => EntryCommand::Modify,
    }
}

/// Bridges; files if none begins with what is typed.
fn switches_or_files(current: &str, ask: &NameSource) -> Completion {
    let mut switches = names_of(ask.switches());
    switches.retain(|switch| switch.word.starts_with(current));
    if switches.is_empty() {
        return Completion::files();
    }
    Completion::space(switches)
}

fn completer(argument: &Arg) -> Completer {
    Value::of(argument).map_or(Completer::Nothing, |value| value.completer)
}

/// The commands of a daemon, and as the first word the daemons themselves; after the command bridges and ports,
/// which most commands take.
fn control_commands(
    typed: &TypedCommand<'_>,
    argument: &Arg,
    current: &str,
    ask: &NameSource,
) -> Completion {
    let words = typed.values.get(argument.get_id().as_str());
    let words: Vec<String> = words
        .into_iter()
        .flatten()
        .map(|&word| word.to_owned())
        .collect();
    let (target, words) = split(typed.value("target"), &words);
    if !words.is_empty() {
        return Completion::default();
    }
    if target.is_none() && current.starts_with(['/', '.']) {
        return Completion::files();
    }
    let mut all: Vec<Candidate> = ask
        .commands(target)
        .into_iter()
        .map(|(command, arguments)| Candidate::about(command, arguments))
        .collect();
    if target.is_none() {
        all.extend(named(ask.daemons()));
    }
    Completion::space(sorted(all))
}

/// The bridge typed in the same line.
fn bridge_of<'c>(typed: &TypedCommand<'c>) -> Option<&'c str> {
    let bridges = [Completer::Bridges, Completer::Switches];
    let is_bridge = |argument: &&Arg| bridges.contains(&completer(argument));
    let mut arguments = typed.command.get_positionals().filter(is_bridge);
    let given = typed.value(arguments.next()?.get_id().as_str())?;
    (!given.contains(':')).then_some(given)
}

/// A comma-separated list: completes it with the words not yet in it.
fn list(current: &str, words: impl IntoIterator<Item = Candidate>) -> Completion {
    let (head, _) = current.split_at(current.rfind(',').map_or(0, |comma| comma + 1));
    let given: Vec<&str> = head.split(',').collect();
    let words = words.into_iter();
    let new = words.filter(|candidate| !given.contains(&candidate.word.as_str()));
    Completion::open(new.collect()).after(head)
}

fn bridges(ask: &NameSource) -> Vec<Candidate> {
    names_of(ask.bridges())
}

fn names_of(topology: Topology) -> Vec<Candidate> {
    let bridges = topology.bridges.into_iter();
    sorted(bridges.map(|bridge| Candidate::new(bridge.name)).collect())
}

/// `br-int`, or after a colon its ports.
fn bridges_with_ports(current: &str, ask: &NameSource) -> Completion {
    match current.split_once(':') {
        Some((bridge, _)) => ports(Some(bridge), "", ask).after(&format!("{bridge}:")),
        None => Completion::open(bridges(ask)),
    }
}

/// Ports by name; after `BRIDGE/` those of that bridge.
fn ports(bridge: Option<&str>, current: &str, ask: &NameSource) -> Completion {
    let (bridge, head) = match current.split_once('/') {
        Some((bridge, _)) => (Some(bridge), format!("{bridge}/")),
        None => (bridge, String::new()),
    };
    let topology = ask.ports(bridge);
    let mut all = Vec::new();
    for found in &topology.bridges {
        for port in &found.ports {
            let number = match port.interfaces.as_slice() {
                [interface] => interface.port_number(),
                _ => None,
            };
            let about = number.map_or_else(String::new, |number| format!(" {number}"));
            let about = format!("{}{about}", found.name);
            all.push(Candidate::about(port.name.clone(), about));
        }
    }
    Completion::space(sorted(all)).after(&head)
}

/// The devices of this host.
fn host_interfaces() -> Vec<Candidate> {
    let Ok(devices) = std::fs::read_dir("/sys/class/net") else {
        return Vec::new();
    };
    let names = devices.filter_map(|device| device.ok()?.file_name().into_string().ok());
    sorted(names.map(Candidate::new).collect())
}

fn column_names(typed: &TypedCommand<'_>) -> Vec<Candidate> {
    named(
        About::of(typed.command)
            .columns()
            .iter()
            .map(|column| column.name),
    )
}

/// The columns of the typed table.
fn table_columns(typed: &TypedCommand<'_>, ask: &NameSource) -> Vec<Candidate> {
    let tables = ask.tables();
    let name = typed.value("table");
    let table = tables
        .iter()
        .find(|table| Some(table.name.as_str()) == name);
    let columns = table.into_iter().flat_map(|table| &table.columns);
    columns.map(|column| Candidate::new(&column.name)).collect()
}

/// The named records of the typed table.
fn records(typed: &TypedCommand<'_>, ask: &NameSource) -> Vec<Candidate> {
    match typed.value("table") {
        Some("Bridge") => bridges(ask),
        Some("Port") => ports(None, "", ask).candidates,
        Some("Interface") => interfaces(None, ask),
        Some("Open_vSwitch") => named(["."]),
        _ => Vec::new(),
    }
}

/// Keys of a map of the database.
fn pairs(typed: &TypedCommand<'_>, table: &str, column: &str, ask: &NameSource) -> Completion {
    let kind = (table == "Interface").then(|| interface_type(typed, ask));
    let known = keys::known(table, column, kind.flatten().as_deref());
    Completion::open(known.map(|key| Candidate::new(format!("{key}="))).collect())
}

/// The typed type, else that of the typed port, else the default of the command.
fn interface_type(typed: &TypedCommand<'_>, ask: &NameSource) -> Option<String> {
    let option = typed.long("type");
    if let Some(kind) = option.and_then(|option| typed.value(option.get_id().as_str())) {
        return Some(kind.to_owned());
    }
    if let Some(default) = option.and_then(|option| option.get_default_values().first()) {
        return default.to_str().map(str::to_owned);
    }
    typed.value("port").and_then(|port| ask.kind(port))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An argument without a completer says so: `Value::free`.
    #[test]
    fn every_argument_has_a_completer() {
        let root = crate::cli::command();
        let mut commands = vec![&root];
        let mut unknown = Vec::new();
        while let Some(command) = commands.pop() {
            commands.extend(command.get_subcommands().filter(|c| !c.is_hide_set()));
            for argument in command.get_arguments().filter(|a| !a.is_hide_set()) {
                let free = argument.get_action().takes_values()
                    && argument.get_possible_values().is_empty();
                if free && Value::of(argument).is_none() {
                    unknown.push(format!("{} {argument}", command.get_name()));
                }
            }
        }
        assert!(unknown.is_empty(), "{unknown:#?}");
    }
}

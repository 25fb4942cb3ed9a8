//! The commands of Open vSwitch's own tools and their `ovs` counterparts, task by task.
//!
//! The README shows [`TASKS`], and a command line that starts with a verb of those tools, or has settings and
//! ports as they do, gets its counterpart as a hint. A test runs both sides of every line, each on its own
//! switch, and compares the results.

use std::collections::BTreeSet;

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::base::shell::word;
use crate::commands::argument::Value;

/// One task, both ways. The names are those of `ovs sandbox start --neutron=node`.
#[derive(Debug, Clone, Copy)]
pub struct Task {
    /// The purpose in a few words; if empty, the line is not in the README.
    pub what: &'static str,
    /// The line for the shell with ovs-vsctl(8) or ovs-ofctl(8).
    pub today: &'static str,
    /// The line for the shell with `ovs`.
    pub ovs: &'static str,
}

const fn task(what: &'static str, today: &'static str, ovs: &'static str) -> Task {
    Task { what, today, ovs }
}

/// The thirty most common tasks, in an order in which they can be run.
#[rustfmt::skip]
pub const TASKS: [Task; 30] = [
    task("What is on this host", "ovs-vsctl show", "ovs show"),
    task("The bridges", "ovs-vsctl list-br", "ovs bridge list -g bridge"),
    task("Is there such a bridge?", "ovs-vsctl br-exists br-int", "ovs bridge exists br-int"),
    task("Add a bridge", "ovs-vsctl add-br br-ex", "ovs bridge add br-ex"),
    task("Give it a controller", "ovs-vsctl set-controller br-ex tcp:127.0.0.1:6633", "ovs bridge set br-ex --controller tcp:127.0.0.1:6633"),
    task("Its OpenFlow versions", "ovs-vsctl set Bridge br-ex protocols=OpenFlow10,OpenFlow13", "ovs bridge set br-ex --protocols OpenFlow10,OpenFlow13"),
    task("The ports of a bridge (here its own too)", "ovs-vsctl list-ports br-int", "ovs port list br-int -g port"),
    task("The bridge of a port", "ovs-vsctl port-to-br ens37", "ovs port show ens37 -g bridge"),
    task("Add a port with a VLAN tag", "ovs-vsctl add-port br-int tap0 tag=5 -- set Interface tap0 type=internal", "ovs port add br-int tap0 --tag 5 --type internal"),
    task("Read the tag", "ovs-vsctl get Port tap0 tag", "ovs tag show tap0 -g tag"),
    task("Change the tag", "ovs-vsctl set Port tap0 tag=7", "ovs tag set tap0 7"),
    task("Take the tag away", "ovs-vsctl clear Port tap0 tag", "ovs tag set tap0 none"),
    task("Make it a trunk", "ovs-vsctl set Port tap0 trunks=10,20", "ovs port set tap0 --trunks 10,20"),
    task("The number of a port", "ovs-vsctl get Interface patch-tun ofport", "ovs port resolve br-int patch-tun -g ofport"),
    task("The port of a number", "ovs-ofctl show br-int | grep ' 3('", "ovs port resolve br-int 3"),
    task("Packets and bytes of the ports", "ovs-ofctl dump-ports br-int", "ovs port stats br-int"),
    task("Add a bond", "ovs-vsctl add-bond br-ex bond0 eth1 eth2 lacp=active", "ovs port add br-ex bond0 --bond eth1,eth2 --lacp active"),
    task("Remove a port", "ovs-vsctl del-port tap0", "ovs port del tap0"),
    task("Join two bridges", "ovs-vsctl add-port br-int int-br-ex -- set Interface int-br-ex type=patch options:peer=phy-br-ex -- add-port br-ex phy-br-ex -- set Interface phy-br-ex type=patch options:peer=int-br-ex", "ovs patch add br-int:int-br-ex br-ex:phy-br-ex"),
    task("The other end of a patch", "ovs-vsctl get Interface int-br-ex options:peer", "ovs port show int-br-ex -g peer"),
    task("Add a tunnel", "ovs-vsctl add-port br-tun vx1 -- set Interface vx1 type=vxlan options:remote_ip=10.0.0.73 options:key=flow", "ovs tunnel add br-tun vx1 --remote 10.0.0.73 --key flow"),
    task("The tunnels", "ovs-vsctl --columns=name,ofport,options find Interface type=vxlan", "ovs tunnel list"),
    task("The flows", "ovs-ofctl dump-flows br-int", "ovs dump-flows br-int"),
    task("The flows of one port", "ovs-ofctl --names dump-flows br-int | grep qvobeeb2c54-aa", "ovs dump-flows br-int --port qvobeeb2c54-aa"),
    task("In the words of OpenFlow 1.3", "ovs-ofctl -O OpenFlow13 --names dump-flows br-int", "ovs dump-flows br-int -O OpenFlow13"),
    task("How many flows there are", "ovs-ofctl dump-aggregate br-int", "ovs dump-flows br-int --count"),
    task("Any column of any record", "ovs-vsctl --columns=name,type list Interface patch-tun", "ovs db list Interface patch-tun --columns name,type"),
    task("A setting of the switch", "ovs-vsctl set Open_vSwitch . other_config:max-idle=30000", "ovs db set Open_vSwitch . other_config:max-idle=30000"),
    task("Wait until a port is there", "ovs-vsctl --timeout=5 wait-until Interface ens37 'ofport>0'", "ovs db wait -t 5 Interface ens37 'ofport>0'"),
    task("Remove a bridge", "ovs-vsctl del-br br-ex", "ovs bridge del br-ex"),
];

/// Further verbs; for those that apply to any table, a line that shows it.
#[rustfmt::skip]
pub const OTHERS: &[Task] = &[
    task("", "ovs-vsctl list-ifaces br-int", "ovs port list br-int -g interface"),
    task("", "ovs-vsctl iface-to-br ens37", "ovs port show ens37 -g bridge"),
    task("", "ovs-vsctl br-to-parent br-int", "ovs bridge show br-int"),
    task("", "ovs-vsctl br-to-vlan br-int", "ovs bridge show br-int"),
    task("", "ovs-vsctl br-set-external-id br-int note here", "ovs bridge set br-int --external-id note=here"),
    task("", "ovs-vsctl br-get-external-id br-int note", "ovs db get Bridge br-int external_ids:note"),
    task("", "ovs-vsctl get-controller br-int", "ovs db get Bridge br-int controller"),
    task("", "ovs-vsctl del-controller br-int", "ovs bridge set br-int --controller none"),
    task("", "ovs-vsctl set-fail-mode br-int standalone", "ovs bridge set br-int --fail-mode standalone"),
    task("", "ovs-vsctl get-fail-mode br-int", "ovs db get Bridge br-int fail_mode"),
    task("", "ovs-vsctl del-fail-mode br-int", "ovs bridge set br-int --fail-mode none"),
    task("", "ovs-vsctl set Interface ens37 mtu_request=1400", "ovs db set Interface ens37 mtu_request=1400"),
    task("", "ovs-vsctl get Interface ens37 mtu_request", "ovs db get Interface ens37 mtu_request"),
    task("", "ovs-vsctl clear Interface ens37 mtu_request", "ovs db clear Interface ens37 mtu_request"),
    task("", "ovs-vsctl add Port ens37 trunks 10", "ovs db add Port ens37 trunks 10"),
    task("", "ovs-vsctl remove Port ens37 trunks 10", "ovs db remove Port ens37 trunks 10"),
    task("", "ovs-vsctl list Port ens37", "ovs db list Port ens37"),
    task("", "ovs-vsctl find Interface type=vxlan", "ovs db find Interface type=vxlan"),
    task("", "ovs-vsctl create QoS type=linux-htb", "ovs db create QoS type=linux-htb"),
    task("", "ovs-vsctl -- --all destroy QoS", "ovs db destroy --all QoS"),
    task("", "ovs-ofctl dump-ports-desc br-int", "ovs port list br-int"),
    task("", "ovs-ofctl -O OpenFlow13 dump-group-stats br-int", "ovs dump-groups br-int"),
    task("", "ovs-ofctl -O OpenFlow13 meter-stats br-int", "ovs dump-meters br-int"),
    task("", "ovs-ofctl ofp-print 0102000800000001", "ovs decode 0102000800000001"),
];

/// Verbs without a counterpart: the tool, the verbs, and the hint.
const WITHOUT_COUNTERPART: [(&str, &[&str], &str); 4] = [
    (
        "ovs-ofctl",
        &[
            "add-flow",
            "add-flows",
            "mod-flows",
            "del-flows",
            "replace-flows",
            "diff-flows",
            "add-group",
            "add-groups",
            "mod-group",
            "del-groups",
            "insert-buckets",
            "remove-buckets",
            "add-meter",
            "mod-meter",
            "del-meter",
            "del-meters",
            "bundle",
        ],
        "ovs reads flows, groups and meters and does not write them",
    ),
    (
        "ovs-ofctl",
        &[
            "mod-port",
            "mod-table",
            "packet-out",
            "snoop",
            "monitor",
            "probe",
            "ping",
            "get-frags",
            "set-frags",
            "dump-table-features",
            "dump-ipfix-bridge",
        ],
        "ovs does not do that",
    ),
    (
        "ovs-vsctl",
        &[
            "init",
            "emer-reset",
            "get-manager",
            "set-manager",
            "del-manager",
            "get-ssl",
            "set-ssl",
            "del-ssl",
            "add-zone-tp",
            "list-zone-tp",
        ],
        "ovs does not do that",
    ),
    (
        "ovs-appctl",
        &[
            "fdb/show",
            "fdb/flush",
            "mdb/show",
            "ofproto/trace",
            "ofproto/list",
            "dpif/show",
            "dpif/dump-flows",
            "dpctl/show",
            "dpctl/dump-flows",
            "dpctl/dump-conntrack",
            "bridge/dump-flows",
            "bond/show",
            "lacp/show",
            "stp/show",
            "rstp/show",
            "vlog/set",
            "vlog/list",
            "coverage/show",
            "upcall/show",
            "memory/show",
        ],
        "ovs does not talk to the daemons' control sockets",
    ),
];

/// Adds the counterpart of a verb of Open vSwitch's tools to the error for an unknown command, and of a
/// setting or port to that for an extra argument; `command` is the one of `root` that was called.
pub(super) fn explain(error: &mut clap::Error, root: &clap::Command, command: &clap::Command) {
    let told = match (
        error.get(ContextKind::InvalidSubcommand),
        error.get(ContextKind::InvalidArg),
    ) {
        (Some(ContextValue::String(word)), _) => tip(word),
        (_, Some(ContextValue::String(word)))
            if error.kind() == ErrorKind::UnknownArgument && word.starts_with("--") =>
        {
            tip_for_option(word, root, command)
        }
        (_, Some(ContextValue::String(word)))
            if error.kind() == ErrorKind::UnknownArgument
                && error.get(ContextKind::Suggested).is_none() =>
        {
            tip_for_argument(word, command)
        }
        _ => None,
    };
    let Some(tip) = told else { return };
    // Similarly spelled commands are unrelated.
    error.remove(ContextKind::SuggestedSubcommand);
    error.remove(ContextKind::SuggestedArg);
    error.insert(
        ContextKind::Suggested,
        ContextValue::StyledStrs(vec![StyledStr::from(tip)]),
    );
}

/// Map columns of the database, and the options that set one of their keys.
const MAPS: [(&str, &str); 3] = [
    ("options", "option"),
    ("external_ids", "external-id"),
    ("other_config", "other-config"),
];

/// The hint for an extra argument that is a setting or a port in the style of Open vSwitch's tools; `None` if
/// this command has no equivalent.
fn tip_for_argument(said: &str, command: &clap::Command) -> Option<String> {
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
    let has = |argument: &clap::Arg| argument.get_long() == Some(option.as_str());
    if command.get_arguments().any(has) {
        return Some(format!("settings are options: --{option} {}", word(&value)));
    }
    takes(command, Value::MATCH)
        .then(|| "MATCH is one word: its fields have commas between them".to_owned())
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
fn tip_for_option(said: &str, root: &clap::Command, command: &clap::Command) -> Option<String> {
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

/// The hint for this verb; `None` if no tool of Open vSwitch has it.
fn tip(word: &str) -> Option<String> {
    // The lines for any table first: those of the README are special cases.
    let mut lines = OTHERS.iter().chain(&TASKS);
    if let Some(line) = lines.find(|line| line.verb() == word) {
        return Some(format!("for '{}' type '{}'", line.today, line.ovs));
    }
    let (tool, _, why) = WITHOUT_COUNTERPART
        .iter()
        .find(|(_, verbs, _)| verbs.contains(&word))?;
    Some(format!("{why}; '{tool} {word}' does"))
}

impl Task {
    /// The verb: the word after the tool's name and options.
    pub fn verb(&self) -> &'static str {
        let mut words = self.today.split(' ').skip(1);
        while let Some(word) = words.next() {
            match word {
                "-O" => drop(words.next()),
                _ if word.starts_with('-') => {}
                _ => return word,
            }
        }
        ""
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verb_is_behind_the_options() {
        let verbs = [
            "-O OpenFlow13 --names dump-flows br",
            "-- --id=@q create QoS",
            "list-br",
        ];
        let verbs = verbs.map(|rest| {
            let line: &'static str = Box::leak(format!("ovs-ofctl {rest}").into_boxed_str());
            task("", line, "").verb()
        });
        assert_eq!(verbs, ["dump-flows", "create", "list-br"]);
    }

    #[test]
    fn each_verb_has_something_said() {
        assert_eq!(
            tip("list-br").unwrap(),
            "for 'ovs-vsctl list-br' type 'ovs bridge list -g bridge'"
        );
        assert_eq!(
            tip("set").unwrap(),
            "for 'ovs-vsctl set Interface ens37 mtu_request=1400' type \
             'ovs db set Interface ens37 mtu_request=1400'"
        );
        assert!(
            tip("add-flow")
                .unwrap()
                .ends_with("; 'ovs-ofctl add-flow' does")
        );
        assert_eq!(tip("frobnicate"), None);
    }
}

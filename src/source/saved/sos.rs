//! Reports of sos: which command each file has the output of.
//!
//! sos names the file of a command after it: characters other than letters, digits and `_.-/` become `_`, several at once
//! one, `/` becomes `.`, and the name ends after 255 characters. Which command it was is found by the names of the
//! commands that sos runs for the bridges, ports and datapaths that there are; where two have the same name, the file is
//! of neither. An output that is too long has lost its beginning: sos keeps the rest in `sos_strings`, with the suffix
//! `.tailed`.

use std::collections::{BTreeMap, BTreeSet};

use super::outputs::{Command, Output};
use crate::base::terminal::quoted;
use crate::openflow::version::Version;

/// Where the outputs of the commands are, below the directory of the report.
const DIRECTORIES: [&str; 2] = ["sos_commands/openvswitch/", "sos_strings/openvswitch/"];

/// The suffix of outputs without their beginning.
const TAILED: &str = ".tailed";

/// The name of a command's file in `path`, if it is one of Open vSwitch.
pub(super) fn file_name(path: &str) -> Option<&str> {
    let name = DIRECTORIES.iter().find_map(|directory| {
        let (before, name) = path.split_once(directory)?;
        (before.is_empty() || before.ends_with('/')).then_some(name)
    });
    name.filter(|name| !name.contains('/'))
}

/// A network namespace of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NamespaceName<'p> {
    /// That of the host.
    Own,
    /// One of `ip netns`.
    Named(&'p str),
}

/// The network namespace whose devices `ip -d address` lists in the file at `path`.
pub(super) fn devices_of(path: &str) -> Option<NamespaceName<'_>> {
    let (before, rest) = path.split_once("sos_commands/networking/")?;
    if !before.is_empty() && !before.ends_with('/') {
        return None;
    }
    match rest.split('/').collect::<Vec<_>>()[..] {
        ["ip_-d_address"] => Some(NamespaceName::Own),
        ["namespaces", namespace, file] => {
            let command = format!("ip netns exec {namespace} ip -d address show");
            (file == mangled(&command)).then_some(NamespaceName::Named(namespace))
        }
        _ => None,
    }
}

/// The name of the file for the output of a command.
pub fn mangled(command: &str) -> String {
    let command = ["/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/"]
        .iter()
        .find_map(|directory| command.strip_prefix(directory))
        .unwrap_or(command);
    let mut name = String::with_capacity(command.len());
    let mut is_replacing = false;
    for c in command.chars() {
        if c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/') {
            name.push(if c == '/' { '.' } else { c });
            is_replacing = false;
        } else if !is_replacing {
            name.push('_');
            is_replacing = true;
        }
    }
    let name = name.trim_matches([' ', '.', '_', '-']);
    name.chars().take(255).collect()
}

/// A file of the report with the output of a command.
#[derive(Debug)]
pub(super) struct CommandFile {
    /// Its path in the report.
    pub(super) path: String,
    /// Its contents.
    pub(super) text: Vec<u8>,
}

/// What the names of commands are made of.
#[derive(Debug, Default)]
pub(super) struct Known<'k> {
    /// Bridges, each with its ports; `None` if the report has no database.
    pub(super) bridges: Option<Vec<(&'k str, &'k [String])>>,
}

/// Of dumps of the same flows only the one of the highest version is kept: returns what a dump is of, and the version
/// that its command names.
pub(super) fn flow_dump(name: &str) -> Option<(&str, Option<Version>)> {
    let rest = name.strip_prefix("ovs-ofctl_")?;
    let (version, rest) = match rest.strip_prefix("-O_OpenFlow") {
        Some(rest) => {
            let (digits, rest) = rest.split_once('_')?;
            (Some(version(digits)?), rest)
        }
        None => (None, rest),
    };
    let bridge = rest.strip_prefix("dump-flows_")?;
    Some((bridge.strip_suffix(TAILED).unwrap_or(bridge), version))
}

/// `13`
fn version(digits: &str) -> Option<Version> {
    VERSIONS
        .iter()
        .find(|(name, _)| *name == digits)
        .map(|(_, version)| *version)
}

const VERSIONS: [(&str, Version); 6] = [
    ("10", Version::V10),
    ("11", Version::V11),
    ("12", Version::V12),
    ("13", Version::V13),
    ("14", Version::V14),
    ("15", Version::V15),
];

/// The commands of `ovs-ofctl` for a bridge.
const OFCTL: [&str; 11] = [
    "show",
    "dump-flows",
    "dump-groups",
    "dump-group-stats",
    "dump-ports-desc",
    "dump-ports",
    "dump-tlv-map",
    "dump-meters",
    "meter-stats",
    "dump-tables",
    "dump-table-features",
];

/// The commands of `ovs-appctl` without arguments.
const PLAIN: [&str; 28] = [
    "bfd/show",
    "bond/list",
    "bond/show",
    "cfm/show",
    "coverage/show",
    "dpctl/dump-dps",
    "dpctl/show",
    "dpif-netdev/dpif-impl-get",
    "dpif-netdev/miniflow-parser-get",
    "dpif-netdev/pmd-perf-show",
    "dpif-netdev/pmd-rxq-show",
    "dpif-netdev/pmd-stats-show",
    "dpif-netdev/subtable-lookup-prio-get",
    "dpif/dump-dps",
    "dpif/show",
    "lacp/show",
    "lacp/show-stats",
    "list-commands",
    "memory/show",
    "ofproto/list",
    "ofproto/list-tunnels",
    "ovs/route/show",
    "tnl/arp/show",
    "tnl/neigh/show",
    "tnl/ports/show",
    "tnl/ports/show -v",
    "upcall/show",
    "version",
];

/// The commands of `ovs-appctl` for a bridge.
const OF_BRIDGE: [&str; 9] = [
    "bridge/dump-flows",
    "bridge/dump-flows --offload-stats",
    "dpif/dump-flows",
    "dpif/show-dp-features",
    "fdb/show",
    "fdb/stats-show",
    "mdb/show",
    "rstp/show",
    "stp/show",
];

/// The commands of `ovs-appctl` for a port.
const OF_PORT: [&str; 5] = ["bfd/show", "bond/show", "cfm/show", "lacp/show", "qos/show"];

/// The commands of `ovs-appctl` for a datapath.
const OF_DATAPATH: [&str; 7] = [
    "dpctl/ct-stats-show -m",
    "dpctl/dump-conntrack -m",
    "dpctl/dump-flows",
    "dpctl/dump-flows -m",
    "dpctl/ipf-get-status",
    "dpctl/show",
    "dpctl/show -s",
];

/// The datapaths that there usually are; no file of a report lists them.
const DATAPATHS: [&str; 2] = ["system@ovs-system", "netdev@ovs-netdev"];

/// The outputs in the files of a report. Files whose command is not known for sure are left out, and said.
pub(super) fn outputs(
    report: &str,
    files: Vec<CommandFile>,
    known: &Known<'_>,
    remarks: &mut Vec<String>,
) -> Vec<Output> {
    let by_name = commands(known);
    let mut outputs = Vec::new();
    for file in files {
        let Some(whole) = file_name(&file.path) else {
            continue;
        };
        let name = whole.strip_suffix(TAILED).unwrap_or(whole);
        let is_cut = name.len() < whole.len();
        let place = format!("{report}: {}", quoted(name));
        let command = match by_name.get(name).map(Vec::as_slice) {
            Some([command]) => command.clone(),
            Some(several) => {
                let bridges = several
                    .iter()
                    .filter_map(|command| command.bridge.as_deref());
                let bridges: BTreeSet<&str> = bridges.collect();
                let of: Vec<String> = bridges.into_iter().map(quoted).collect();
                remarks.push(format!(
                    "{place} may be of any of {}: not used",
                    of.join(" and ")
                ));
                continue;
            }
            None => {
                let guess = known.bridges.is_none().then(|| by_prefix(name)).flatten();
                match guess {
                    Some(command) => command,
                    None => continue,
                }
            }
        };
        outputs.push(Output {
            name: place,
            command: Some(command),
            text: if is_cut {
                without_first_line(file.text)
            } else {
                file.text
            },
            is_cut,
            ..Output::default()
        });
    }
    outputs
}

/// The text after the first line, of which the beginning is missing.
fn without_first_line(mut text: Vec<u8>) -> Vec<u8> {
    match memchr::memchr(b'\n', &text) {
        Some(end) => text.split_off(end + 1),
        None => Vec::new(),
    }
}

/// The commands that sos runs, by the names of their files.
fn commands(known: &Known<'_>) -> BTreeMap<String, Vec<Command>> {
    let mut by_name: BTreeMap<String, Vec<Command>> = BTreeMap::new();
    let mut add = |text: &str, command: Command| {
        let of_name = by_name.entry(mangled(text)).or_default();
        if !of_name.contains(&command) {
            of_name.push(command);
        }
    };
    for name in PLAIN {
        let words: Vec<&str> = name.split(' ').collect();
        add(&format!("ovs-appctl {name}"), Command::appctl(&words, None));
    }
    for name in OF_DATAPATH {
        for datapath in DATAPATHS {
            let mut words: Vec<&str> = name.split(' ').collect();
            words.push(datapath);
            add(
                &format!("ovs-appctl {name} {datapath}"),
                Command::appctl(&words, None),
            );
        }
    }
    for (bridge, ports) in known.bridges.iter().flatten() {
        for (text, command) in of_bridge(bridge) {
            add(&text, command);
        }
        for name in OF_PORT {
            for port in *ports {
                let words = [name, port.as_str()];
                add(
                    &format!("ovs-appctl {name} {port}"),
                    Command::appctl(&words, None),
                );
            }
        }
    }
    by_name
}

/// The commands for a bridge, each with its text.
fn of_bridge(bridge: &str) -> Vec<(String, Command)> {
    let mut commands = Vec::new();
    for name in OFCTL {
        let text = format!("ovs-ofctl {name} {bridge}");
        commands.push((text, Command::ofctl(name, None, bridge)));
        for (digits, version) in VERSIONS {
            let text = format!("ovs-ofctl -O OpenFlow{digits} {name} {bridge}");
            commands.push((text, Command::ofctl(name, Some(version), bridge)));
        }
    }
    for name in OF_BRIDGE {
        let words: Vec<&str> = name.split(' ').collect();
        let text = format!("ovs-appctl {name} {bridge}");
        commands.push((text, Command::appctl(&words, Some(bridge))));
    }
    commands
}

/// The command of a report without a database, where what follows its words is the bridge as the file is named.
fn by_prefix(name: &str) -> Option<Command> {
    // A letter that no rule changes stands for the bridge.
    let of_any = of_bridge("X")
        .into_iter()
        .filter_map(|(text, mut command)| {
            let prefix = mangled(&text);
            let bridge = name.strip_prefix(prefix.strip_suffix('X')?)?;
            if bridge.is_empty() {
                return None;
            }
            command.bridge = Some(bridge.to_owned());
            if command.daemon.is_some()
                && let Some(last) = command.words.last_mut()
            {
                bridge.clone_into(last);
            }
            Some((prefix.len(), command))
        });
    // `bridge/dump-flows` is the beginning of `bridge/dump-flows --offload-stats`.
    of_any
        .max_by_key(|(length, _)| *length)
        .map(|(_, command)| command)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names of files in reports of sos.
    #[test]
    fn names_of_commands() {
        for (command, name) in [
            ("ovs-vsctl -t 5 show", "ovs-vsctl_-t_5_show"),
            (
                "ovs-ofctl -O OpenFlow13 dump-flows br-int",
                "ovs-ofctl_-O_OpenFlow13_dump-flows_br-int",
            ),
            ("ovs-appctl fdb/show br-int", "ovs-appctl_fdb.show_br-int"),
            (
                "ovs-appctl dpctl/show -s system@ovs-system",
                "ovs-appctl_dpctl.show_-s_system_ovs-system",
            ),
            ("/usr/sbin/ip -o addr", "ip_-o_addr"),
            ("ovs-ofctl show br@@1", "ovs-ofctl_show_br_1"),
            ("ovs-ofctl show br-", "ovs-ofctl_show_br"),
        ] {
            assert_eq!(mangled(command), name);
        }
    }

    fn of(names: &[&str], files: &[&str]) -> (Vec<Output>, Vec<String>) {
        let ports: [String; 1] = ["bond0".to_owned()];
        let known = Known {
            bridges: Some(names.iter().map(|name| (*name, &ports[..])).collect()),
        };
        let files = files.iter().map(|name| CommandFile {
            path: format!("sos-1/sos_commands/openvswitch/{name}"),
            text: b"cut\nwhole\n".to_vec(),
        });
        let mut remarks = Vec::new();
        let outputs = outputs("sos-1", files.collect(), &known, &mut remarks);
        (outputs, remarks)
    }

    #[test]
    fn names_that_may_be_of_two_bridges_are_of_none() {
        let name = "ovs-ofctl_show_br_1";
        let (outputs, remarks) = of(&["br_1", "br@1"], &[name]);
        assert!(outputs.is_empty());
        assert_eq!(
            remarks,
            ["sos-1: \"ovs-ofctl_show_br_1\" may be of any of \"br@1\" and \"br_1\": not used"]
        );
        let (outputs, remarks) = of(&["br@1", "br-2"], &[name, "ovs-appctl_bond.show_bond0"]);
        let commands: Vec<_> = outputs
            .iter()
            .filter_map(|output| output.command.clone())
            .collect();
        assert_eq!(
            commands,
            [
                Command::ofctl("show", None, "br@1"),
                Command::appctl(&["bond/show", "bond0"], None)
            ]
        );
        assert!(remarks.is_empty());
    }

    #[test]
    fn outputs_that_lost_their_beginning() {
        let name = "ovs-ofctl_-O_OpenFlow13_dump-flows_br-int.tailed";
        let (outputs, _) = of(&["br-int"], &[name]);
        assert!(outputs[0].is_cut);
        assert_eq!(outputs[0].text, b"whole\n");
        assert_eq!(flow_dump(name), Some(("br-int", Some(Version::V13))));
        assert_eq!(
            flow_dump("ovs-ofctl_dump-flows_br-int"),
            Some(("br-int", None))
        );
        assert_eq!(flow_dump("ovs-ofctl_dump-flow_br-int"), None);
    }

    #[test]
    fn bridges_without_a_database() {
        for (name, words, bridge) in [
            (
                "ovs-appctl_bridge.dump-flows_--offload-stats_br0",
                "bridge/dump-flows --offload-stats br0",
                "br0",
            ),
            (
                "ovs-ofctl_-O_OpenFlow14_dump-groups_br-int",
                "dump-groups",
                "br-int",
            ),
        ] {
            let command = by_prefix(name).unwrap();
            assert_eq!(command.words.join(" "), words);
            assert_eq!(command.bridge.as_deref(), Some(bridge));
        }
        assert_eq!(by_prefix("ls_-laZ_run"), None);
    }
}

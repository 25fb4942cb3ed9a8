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

/// Whether a file with this name has tables of the database: `ovsdb-client_-f_list_dump`,
/// `ovs-vsctl_-t_5_list_Interface`.
pub(super) fn is_database_dump(name: &str) -> bool {
    let has = |program: &str, word: &str| name.starts_with(program) && name.contains(word);
    has("ovsdb-client_", "_dump") || has("ovs-vsctl_", "_list_")
}

/// The text of a file with tables of the database, and whether it has lost its beginning: then the text begins with the
/// first table whose name is there.
pub(super) fn dump_text<'t>(path: &str, text: &'t [u8]) -> (&'t [u8], bool) {
    if !path.ends_with(TAILED) {
        return (text, false);
    }
    let mut at = 0;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        // The first line may be the end of a longer one.
        if at > 0 && line.trim_ascii_end().ends_with(b" table") && !line.contains(&b':') {
            break;
        }
        at += line.len();
    }
    (text.get(at..).unwrap_or_default(), true)
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

/// The outputs in the files of a report. A file that may have the output of several commands is left out, with a remark;
/// other files are passed over.
pub(super) fn outputs(
    report: &str,
    files: Vec<CommandFile>,
    known: &Known<'_>,
    remarks: &mut Vec<String>,
) -> Vec<Output> {
    let names = files.iter().filter_map(|file| file_name(&file.path));
    let names = names.map(|name| name.strip_suffix(TAILED).unwrap_or(name).to_owned());
    let by_name = commands(known, &names.collect());
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

/// The commands that sos runs, by the names of their files, as far as these are among `names`.
fn commands(known: &Known<'_>, names: &BTreeSet<String>) -> BTreeMap<String, Vec<Command>> {
    let mut by_name: BTreeMap<String, Vec<Command>> = BTreeMap::new();
    let mut add = |template: &Template, object: Option<&str>| {
        let name = mangled(&template.text(object));
        if !names.contains(&name) {
            return;
        }
        let of_name = by_name.entry(name).or_default();
        let command = template.command(object);
        if !of_name.contains(&command) {
            of_name.push(command);
        }
    };
    for name in PLAIN {
        add(&Template::appctl(name, false), None);
    }
    for name in OF_DATAPATH {
        for datapath in DATAPATHS {
            add(&Template::appctl(name, false), Some(datapath));
        }
    }
    // There are many templates and may be many bridges: those that have no file at all are left out first.
    let has_files = |template: &Template| {
        let start = mangled(&template.text(None));
        let mut from = names.range(start.clone()..);
        from.next().is_some_and(|name| name.starts_with(&start))
    };
    let of_bridge: Vec<Template> = of_bridge().into_iter().filter(has_files).collect();
    let of_port = OF_PORT.map(|name| Template::appctl(name, false));
    let of_port: Vec<Template> = of_port.into_iter().filter(has_files).collect();
    for (bridge, ports) in known.bridges.iter().flatten() {
        for template in &of_bridge {
            add(template, Some(bridge));
        }
        for template in &of_port {
            for port in *ports {
                add(template, Some(port));
            }
        }
    }
    by_name
}

/// A command whose last word is the name of a bridge, a port or a datapath, if it has one.
struct Template {
    /// `ovs-ofctl -O OpenFlow13 show`
    start: String,
    /// Without the name; the bridge is of no name.
    command: Command,
    /// Whether the name is that of a bridge.
    is_of_bridge: bool,
}

impl Template {
    fn ofctl(name: &str, version: Option<(&str, Version)>) -> Template {
        let option = version.map_or(String::new(), |(digits, _)| format!("-O OpenFlow{digits} "));
        Template {
            start: format!("ovs-ofctl {option}{name}"),
            command: Command::ofctl(name, version.map(|(_, version)| version), ""),
            is_of_bridge: true,
        }
    }

    fn appctl(name: &str, is_of_bridge: bool) -> Template {
        let words: Vec<&str> = name.split(' ').collect();
        Template {
            start: format!("ovs-appctl {name}"),
            command: Command::appctl(&words, None),
            is_of_bridge,
        }
    }

    /// The command line.
    fn text(&self, object: Option<&str>) -> String {
        match object {
            Some(object) => format!("{} {object}", self.start),
            None => self.start.clone(),
        }
    }

    fn command(&self, object: Option<&str>) -> Command {
        let mut command = self.command.clone();
        if command.daemon.is_some() {
            command.words.extend(object.map(str::to_owned));
        }
        if self.is_of_bridge {
            command.bridge = object.map(str::to_owned);
        }
        command
    }
}

/// The commands for a bridge.
fn of_bridge() -> Vec<Template> {
    let mut templates = Vec::new();
    for name in OFCTL {
        templates.push(Template::ofctl(name, None));
        templates.extend(VERSIONS.map(|version| Template::ofctl(name, Some(version))));
    }
    templates.extend(OF_BRIDGE.map(|name| Template::appctl(name, true)));
    templates
}

/// The command of a report without a database, where what follows its words is the bridge as the file is named.
pub(super) fn by_prefix(name: &str) -> Option<Command> {
    let of_any = of_bridge().into_iter().filter_map(|template| {
        // A letter that no rule changes stands for the bridge.
        let prefix = mangled(&template.text(Some("X")));
        let bridge = name.strip_prefix(prefix.strip_suffix('X')?)?;
        (!bridge.is_empty()).then(|| (prefix.len(), template.command(Some(bridge))))
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

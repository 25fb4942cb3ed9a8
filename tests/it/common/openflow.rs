//! What the tests of OpenFlow share: versions, the context of a text, tables of golden data, flows of the real
//! tool.

use std::fs;
use std::process::Command;

use ovs::openflow::text::{NameLookup, NoNames, Plain, PortSpelling, Style, TextContext};
use ovs::openflow::version::Version;

use super::{Sandbox, hex};

/// All versions, as `-O` takes them.
pub const VERSIONS: [&str; 6] = [
    "OpenFlow10",
    "OpenFlow11",
    "OpenFlow12",
    "OpenFlow13",
    "OpenFlow14",
    "OpenFlow15",
];

/// Ports by number, and no names.
pub fn cx(version: Version, style: Style) -> TextContext<'static> {
    TextContext {
        version,
        style,
        ports: PortSpelling::Number,
        names: &NoNames,
    }
}

/// The text that is written.
pub fn text(write: impl FnOnce(&mut Plain)) -> String {
    let mut sink = Plain::default();
    write(&mut sink);
    sink.0
}

/// Names of ports with their numbers.
pub struct Ports(pub &'static [(&'static str, u32)]);

impl NameLookup for Ports {
    fn port_name(&self, _: u32) -> Option<&str> {
        None
    }

    fn ofport(&self, name: &str) -> Option<u32> {
        let found = self.0.iter().find(|(known, _)| *known == name);
        found.map(|(_, number)| *number)
    }
}

/// The rows of a table with tabs, without its comments.
pub fn rows(table: &str) -> impl Iterator<Item = Vec<&str>> {
    let lines = table.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split('\t').collect())
}

/// The version of a cell that holds its number on the wire.
#[track_caller]
pub fn version(cell: &str) -> Version {
    Version::from_wire(cell.parse().unwrap()).unwrap()
}

/// What the real `ovs-ofctl ofp-print` prints for a message.
pub fn ofp_print(message: &[u8]) -> String {
    let mut command = Command::new("ovs-ofctl");
    let output = command.args(["ofp-print", &hex::digits(message)]).output();
    String::from_utf8(output.expect("Open vSwitch is installed").stdout).unwrap()
}

/// What the real tool lists, without the header of the reply and the leading blanks.
pub fn entries(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| line.starts_with(' '));
    lines.map(|line| line.trim_start().to_owned()).collect()
}

/// The lines of a text, sorted: the order of a switch is its own business.
pub fn sorted<S: Into<String>>(lines: impl IntoIterator<Item = S>) -> Vec<String> {
    let mut lines: Vec<String> = lines.into_iter().map(Into::into).collect();
    lines.sort();
    lines
}

/// The priorities of the flows in a text, one a line.
pub fn priorities(text: &str) -> Vec<u32> {
    let lines = text.lines().filter_map(|line| line.split_once("priority="));
    lines
        .map(|(_, rest)| rest.split([',', ' ']).next().unwrap().parse().unwrap())
        .collect()
}

/// Adds what a text has, a line each, by `ovs-ofctl OPTIONS add-flows` or `add-groups`.
pub fn add(sandbox: &Sandbox, options: &str, command: &str, bridge: &str, lines: &str) {
    let file = sandbox.run_dir().join(command);
    fs::write(&file, lines).unwrap();
    let file = file.display();
    ofctl!(sandbox, "{options} {command} {bridge} {file}");
}

/// A switch of which only the socket is named, without the database.
pub fn socket(sandbox: &Sandbox, bridge: &str) -> String {
    let file = sandbox.run_dir().join(format!("{bridge}.mgmt"));
    format!("unix:{}", file.display())
}

//! Commands of Open vSwitch above their outputs, as terminals and reports show them.

use crate::openflow::version::Version;

/// Maximum number of arguments of a command that are of interest.
const MAX_ARGUMENTS: usize = 16;

/// Programs that print all of what they read.
const WHOLE: [&str; 5] = ["cat", "less", "more", "sort", "tee"];

/// The program of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// `ovs-ofctl`
    Ofctl,
    /// `ovs-appctl`
    Appctl,
    /// `ovs-vsctl`
    Vsctl,
    /// `ovsdb-client`
    DatabaseClient,
}

impl Program {
    /// The program of this name, in any directory.
    fn of(word: &str) -> Option<Program> {
        match word.rsplit('/').next()? {
            "ovs-ofctl" => Some(Program::Ofctl),
            "ovs-appctl" => Some(Program::Appctl),
            "ovs-vsctl" => Some(Program::Vsctl),
            "ovsdb-client" => Some(Program::DatabaseClient),
            _ => None,
        }
    }
}

/// A command of one of the [programs](Program), as a terminal or a report shows it above its output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandLine<'t> {
    /// `dump-flows`, `fdb/show`
    pub name: &'t str,
    /// The program.
    pub program: Program,
    /// The daemon whose control socket it is, if one is named.
    pub target: Option<&'t str>,
    /// The version that `-O` names; the highest of several.
    pub version: Option<Version>,
    /// Whether `-O` names something else, which the program refuses.
    pub has_wrong_version: bool,
    /// The bridge, if the command has one.
    pub bridge: Option<&'t str>,
    /// The arguments after the name.
    pub arguments: Vec<&'t str>,
    /// Whether it prints some of the entries only: it names them, or another program selects lines.
    pub is_part: bool,
}

impl<'t> CommandLine<'t> {
    /// Finds a command in a line, whatever stands before it.
    pub fn find(line: &'t str) -> Option<CommandLine<'t>> {
        let mut words = line.split_ascii_whitespace();
        let program = words.find_map(Program::of)?;
        let mut command = CommandLine {
            name: "",
            program,
            target: None,
            version: None,
            has_wrong_version: false,
            bridge: None,
            arguments: Vec::new(),
            is_part: false,
        };
        let mut words = words.map(|word| word.trim_matches(['"', '\'']));
        while let Some(whole) = words.next() {
            let word = whole.strip_suffix(';').unwrap_or(whole);
            match word {
                "|" => {
                    let program = words.next().unwrap_or_default();
                    command.is_part = !WHOLE.contains(&program);
                    break;
                }
                "2>&1" | "2>/dev/null" | "|&" => {}
                ">" | "" | "&&" => break,
                "-O" | "--protocols" => command.take_version(words.next()?),
                "-t" | "--target" if program == Program::Appctl => command.target = words.next(),
                // Seconds, a format.
                "-t" | "-T" | "-F" | "-f" | "--format" => drop(words.next()),
                _ if word.starts_with("-O") => command.take_version(word.get(2..)?),
                _ if word.starts_with("--protocols=") => command.take_version(word.get(12..)?),
                _ if command.name.is_empty() && word.starts_with('-') => {}
                _ if command.name.is_empty() => command.name = word,
                _ if command.arguments.len() >= MAX_ARGUMENTS => break,
                _ => command.arguments.push(word),
            }
            if word.len() < whole.len() {
                break;
            }
        }
        if command.name.is_empty() {
            return None;
        }
        let mut positional = command
            .arguments
            .iter()
            .filter(|word| !word.starts_with('-'));
        // Of several commands in a line, or of a loop, the outputs are not told apart.
        let is_one = !words.any(|word| Program::of(word).is_some());
        command.bridge = positional
            .next()
            .filter(|word| is_one && !word.contains([':', '/', '=', '$', '`']))
            .copied();
        let selects = match program {
            Program::Ofctl => positional.next().is_some() || command.name == "dump-meter",
            Program::Vsctl => positional.next().is_some(),
            Program::Appctl | Program::DatabaseClient => false,
        };
        command.is_part |= selects;
        Some(command)
    }

    fn take_version(&mut self, text: &str) {
        self.version = versions(text);
        self.has_wrong_version = self.version.is_none();
    }
}

/// The highest of versions as `-O` takes them: `OpenFlow13`, `OpenFlow10,OpenFlow14`.
fn versions(text: &str) -> Option<Version> {
    text.split([',', ' ', '"'])
        .filter_map(|word| {
            let digits = word.strip_prefix("OpenFlow").or(word.strip_prefix("OF"))?;
            version(digits)
        })
        .max()
}

/// `13` and `1.3`
pub(super) fn version(digits: &str) -> Option<Version> {
    let minor = digits.strip_prefix('1')?.trim_start_matches('.');
    let minor: u8 = minor.parse().ok().filter(|_| minor.len() == 1)?;
    Version::from_wire(minor + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_that_print_a_part() {
        for (line, is_part) in [
            ("ovs-ofctl dump-flows br-int", false),
            (
                "ovs-ofctl -O OpenFlow13 --names dump-flows br-int --no-stats",
                false,
            ),
            (
                "ovs-ofctl -t 5 dump-flows br-int 2>/dev/null | less -S",
                false,
            ),
            ("ovs-ofctl dump-flows br-int table=0", true),
            ("ovs-ofctl dump-flows br-int | grep drop", true),
            ("ovs-ofctl dump-flows br-int 2>&1 | head -5", true),
            ("ovs-ofctl dump-groups br-int 1", true),
            ("ovs-ofctl dump-meter br-int meter=1", true),
            ("ovs-ofctl dump-meters br-int", false),
            ("ovs-ofctl dump-ports br-int 1", true),
            ("ovs-vsctl list Port", false),
            ("ovs-vsctl --columns=name list Port p1", true),
            ("ovsdb-client dump Open_vSwitch Port name", false),
            ("ovs-appctl fdb/show br-int", false),
        ] {
            assert_eq!(CommandLine::find(line).unwrap().is_part, is_part, "{line}");
        }
    }

    #[test]
    fn bridges_that_a_line_does_not_tell() {
        for (line, bridge) in [
            ("# ovs-ofctl dump-flows br0; date", Some("br0")),
            ("# ovs-ofctl dump-flows br0 && date", Some("br0")),
            ("# for b in br0 br1; do ovs-ofctl dump-flows $b; done", None),
            ("# ovs-ofctl dump-flows br0; ovs-ofctl dump-flows br1", None),
            ("# ovs-ofctl dump-flows `cat bridge`", None),
            ("# ovs-ofctl dump-flows unix:br0.mgmt", None),
        ] {
            assert_eq!(CommandLine::find(line).unwrap().bridge, bridge, "{line}");
        }
    }
}

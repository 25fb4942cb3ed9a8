//! Texts cut into the replies that they contain, each recognised by its heading, by the command above it, or by what it
//! looks like.

use super::entries::is_json;
use crate::openflow::version::Version;

/// What a section is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SectionKind {
    /// `OFPT_FEATURES_REPLY`, of `ovs-ofctl show`
    Features,
    /// `ovs-ofctl dump-flows`, `ovs dump-flows`
    Flows,
    /// `ovs-appctl bridge/dump-flows`, which has neither cookies nor timeouts nor flags
    BridgeFlows,
    /// `ovs-ofctl dump-groups`
    Groups,
    /// `ovs-ofctl dump-group-stats`
    GroupStats,
    /// `ovs-ofctl dump-meters`
    Meters,
    /// `ovs-ofctl meter-stats`
    MeterStats,
    /// `ovs-ofctl dump-ports-desc`, or part of `ovs-ofctl show`
    Ports,
    /// `ovs-ofctl dump-ports`
    PortStats,
    /// `ovs-ofctl dump-tables`
    TableStats,
    /// `ovs-ofctl dump-table-features`
    TableFeatures,
    /// `ovs-ofctl dump-tlv-map`
    TlvMap,
    /// The reply of a daemon to a command of its control socket.
    Control,
    /// Tables of the database: `ovsdb-client dump`, `ovs-vsctl list`
    Database,
    /// Something else.
    Other,
}

/// One reply in a text.
#[derive(Debug, Clone)]
pub struct Section<'t> {
    /// What it is.
    pub kind: SectionKind,
    /// The OpenFlow version that its heading or its command names.
    pub version: Option<Version>,
    /// The command above it, if any.
    pub command: Option<CommandLine<'t>>,
    /// Whether it has a heading of its own.
    pub has_heading: bool,
    /// What follows the kind and the version in its heading.
    pub heading: &'t str,
    /// Its lines.
    pub body: &'t [u8],
    /// The number of its first line in the text, from 1.
    pub line: usize,
}

impl<'t> Section<'t> {
    /// The bridge that its command names.
    pub fn bridge(&self) -> Option<&'t str> {
        self.command.as_ref()?.bridge
    }

    /// Whether its command was refused: it names a wrong version, and has no output.
    pub fn is_refused(&self) -> bool {
        let is_wrong = |command: &CommandLine<'_>| command.has_wrong_version;
        self.command.as_ref().is_some_and(is_wrong) && self.is_blank()
    }

    /// Whether nothing was printed.
    pub fn is_blank(&self) -> bool {
        !self.has_heading && self.body.trim_ascii().is_empty()
    }

    /// Whether its command prints some of the entries only.
    pub fn is_part(&self) -> bool {
        self.command.as_ref().is_some_and(|command| command.is_part)
    }
}

/// A reply in a text, and where it is from.
#[derive(Debug, Clone)]
pub struct NamedSection<'t> {
    /// The name of the text for messages, quoted if necessary.
    pub name: &'t str,
    /// Whether the user gave the text, not a report with it.
    pub is_given: bool,
    /// The reply.
    pub section: Section<'t>,
}

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
        while let Some(word) = words.next() {
            match word {
                "|" => {
                    let program = words.next().unwrap_or_default();
                    command.is_part = !WHOLE.contains(&program);
                    break;
                }
                "2>&1" | "2>/dev/null" | "|&" => {}
                ">" | ";" | "&&" => break,
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
        }
        if command.name.is_empty() {
            return None;
        }
        let mut positional = command
            .arguments
            .iter()
            .filter(|word| !word.starts_with('-'));
        command.bridge = positional
            .next()
            .filter(|word| !word.contains([':', '/', '=']))
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

    fn kind(&self) -> SectionKind {
        match (self.program, self.name) {
            (Program::Appctl, "bridge/dump-flows") => SectionKind::BridgeFlows,
            (Program::Ofctl, "dump-flows") => SectionKind::Flows,
            (Program::Appctl, _) => SectionKind::Control,
            (Program::Ofctl, "dump-groups") => SectionKind::Groups,
            (Program::DatabaseClient, "dump") | (Program::Vsctl, "list") => SectionKind::Database,
            _ => SectionKind::Other,
        }
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
fn version(digits: &str) -> Option<Version> {
    let minor = digits.strip_prefix('1')?.trim_start_matches('.');
    let minor: u8 = minor.parse().ok().filter(|_| minor.len() == 1)?;
    Version::from_wire(minor + 1)
}

/// The headings of `ovs-ofctl`; the others are of [`SectionKind::Other`].
const HEADINGS: [(&str, SectionKind); 16] = [
    ("NXST_FLOW", SectionKind::Flows),
    ("OFPST_FLOW", SectionKind::Flows),
    ("OFPST_FLOW_DESC", SectionKind::Flows),
    ("NXST_GROUP_DESC", SectionKind::Groups),
    ("OFPST_GROUP_DESC", SectionKind::Groups),
    ("NXST_GROUP", SectionKind::GroupStats),
    ("OFPST_GROUP", SectionKind::GroupStats),
    ("OFPST_METER_CONFIG", SectionKind::Meters),
    ("OFPST_METER_DESC", SectionKind::Meters),
    ("OFPST_METER", SectionKind::MeterStats),
    ("OFPST_PORT_DESC", SectionKind::Ports),
    ("OFPST_PORT", SectionKind::PortStats),
    ("OFPT_FEATURES_REPLY", SectionKind::Features),
    ("NXT_TLV_TABLE_REPLY", SectionKind::TlvMap),
    ("OFPST_TABLE", SectionKind::TableStats),
    ("OFPST_TABLE_FEATURES", SectionKind::TableFeatures),
];

/// The kind, the version and the rest of a heading: `OFPST_PORT reply (OF1.3) (xid=0x2): 3 ports`.
fn heading(line: &str) -> Option<(SectionKind, Option<Version>, &str)> {
    let line = line.trim_start();
    if !["OFPST_", "NXST_", "OFPT_", "NXT_", "ONFT_", "ONFST_"]
        .iter()
        .any(|prefix| line.starts_with(prefix))
    {
        return None;
    }
    let (name, rest) = line.split_once(' ')?;
    let (marks, rest) = rest.split_once("):")?;
    if !name.ends_with("_REPLY") && !marks.starts_with("reply") || !marks.contains("(xid=") {
        return None;
    }
    let kind = HEADINGS.iter().find(|(heading, _)| *heading == name);
    let of = marks
        .split_once("(OF")
        .and_then(|(_, of)| of.split_once(')'));
    let version = match of {
        Some((digits, _)) => version(digits),
        None => Some(Version::V10),
    };
    Some((
        kind.map_or(SectionKind::Other, |(_, kind)| *kind),
        version,
        rest.trim(),
    ))
}

/// A text without what only a terminal needs, if it is text: colours and other escape sequences, as in the output of
/// `ovs-ofctl --color=always` and captures of script(1), and carriage returns. Its lines keep their numbers.
pub fn plain(text: Vec<u8>) -> Vec<u8> {
    const ESCAPE: u8 = 0x1b;
    const BELL: u8 = 7;
    let has = |byte: u8| memchr::memchr(byte, &text).is_some();
    if !has(ESCAPE) && !has(b'\r') || has(0) {
        return text;
    }
    let mut plain = Vec::with_capacity(text.len());
    let mut bytes = text.into_iter().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\r' => {}
            ESCAPE => {
                let kind = bytes.next_if(|byte| *byte != b'\n');
                let is_before_end = |byte: &u8| match kind {
                    // Numbers, then the letter that ends it.
                    Some(b'[') => (b' '..=b'?').contains(byte),
                    // The title of a window.
                    Some(b']') => !matches!(*byte, BELL | ESCAPE | b'\n'),
                    // A set of characters.
                    Some(b' '..=b'/') => (b' '..=b'/').contains(byte),
                    _ => false,
                };
                while bytes.next_if(is_before_end).is_some() {}
                if matches!(kind, Some(b'[' | b']' | b' '..=b'/')) {
                    // A title may end with another sequence.
                    bytes.next_if(|byte| !matches!(*byte, ESCAPE | b'\n'));
                }
            }
            _ => plain.push(byte),
        }
    }
    plain
}

/// Maximum number of replies in a text; what follows belongs to the last.
const MAX_SECTIONS: usize = 1 << 16;

/// Cuts a text into its replies.
pub fn cut(text: &[u8]) -> Vec<Section<'_>> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut sections: Vec<OpenSection<'_>> = Vec::new();
    let mut open = OpenSection::default();
    let is_json = is_json(text);
    let mut prompt: &[u8] = b"";
    let (mut at, mut line) = (0, 1);
    while !is_json && at < text.len() {
        let rest = text.get(at..).unwrap_or_default();
        let length = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        let whole = rest.get(..length).unwrap_or(rest);
        let head = match head(whole) {
            None if !prompt.is_empty() && whole.starts_with(prompt) => Some(Head::Prompt),
            head => head,
        };
        let head = head.filter(|_| sections.len() < MAX_SECTIONS);
        if let Some(Head::Command(_)) = &head {
            prompt = prompt_before(whole);
        }
        let next = match head {
            Some(Head::Reply(kind, version, heading)) => Some(OpenSection {
                kind: Some(kind),
                version,
                has_heading: true,
                heading,
                command: open.command.clone(),
                ..OpenSection::default()
            }),
            Some(Head::Command(command)) => Some(OpenSection {
                kind: Some(command.kind()).filter(|kind| *kind != SectionKind::Other),
                version: command.version,
                command: Some(command),
                ..OpenSection::default()
            }),
            Some(Head::Prompt) => Some(OpenSection {
                kind: Some(SectionKind::Other),
                ..OpenSection::default()
            }),
            None => None,
        };
        if let Some(mut next) = next {
            open.end = at;
            (next.start, next.line) = (at + length, line + 1);
            let body = text.get(open.start..at).unwrap_or_default();
            // A heading right below a command begins its output.
            let is_of_command = next.has_heading
                && !open.has_heading
                && open.command.is_some()
                && body.trim_ascii().is_empty();
            let before = std::mem::replace(&mut open, next);
            if !is_of_command {
                sections.push(before);
            }
        }
        at += length;
        line += 1;
    }
    open.end = text.len();
    sections.push(open);
    sections
        .into_iter()
        .filter_map(|section| section.close(text))
        .collect()
}

/// A line that begins a section.
enum Head<'t> {
    Reply(SectionKind, Option<Version>, &'t str),
    Command(CommandLine<'t>),
    /// A prompt, alone or with a command of another program.
    Prompt,
}

/// Maximum length of a line that begins a section, in bytes.
const LONGEST_HEAD: usize = 1024;

fn head(line: &[u8]) -> Option<Head<'_>> {
    if line.len() > LONGEST_HEAD {
        return None;
    }
    if matches!(line.trim_ascii_start().first(), Some(b'O' | b'N'))
        && let Some((kind, version, rest)) = str::from_utf8(line).ok().and_then(heading)
    {
        return Some(Head::Reply(kind, version, rest));
    }
    if line.starts_with(b" ") {
        return None;
    }
    let is_prompt = || is_prompt(line).then_some(Head::Prompt);
    // No line of a reply begins like a prompt and has this in it.
    if memchr::memmem::find(line, b"ovs").is_none() {
        return is_prompt();
    }
    let text = str::from_utf8(line).ok()?;
    if text.contains("actions=") {
        return None;
    }
    CommandLine::find(text)
        .map(Head::Command)
        .or_else(is_prompt)
}

/// The prompt before a command of Open vSwitch, whatever it is, with the blank after it; empty if there is none.
fn prompt_before(line: &[u8]) -> &[u8] {
    let program = memchr::memmem::find(line, b"ovs").unwrap_or_default();
    let before = line.get(..program).unwrap_or_default();
    let end = memchr::memchr2_iter(b'#', b'$', before)
        .chain(memchr::memchr2_iter(b'>', b'%', before))
        .filter(|at| before.get(at + 1) == Some(&b' '))
        .min();
    end.map_or(b"", |end| before.get(..end + 2).unwrap_or_default())
}

/// Maximum length of a prompt, in bytes.
const LONGEST_PROMPT: usize = 200;

/// Whether a line begins with a prompt as shells have it: `[root@compute1 ~]# `, `root@compute1:~# `, `user@host:/tmp$ `.
fn is_prompt(line: &[u8]) -> bool {
    let start = line.get(..LONGEST_PROMPT).unwrap_or(line).trim_ascii_end();
    let is_end = |at: &usize| {
        let is_sign = matches!(start.get(*at), Some(b'#' | b'$'));
        is_sign && start.get(at + 1).is_none_or(|after| *after == b' ')
    };
    let Some(end) = memchr::memchr2_iter(b'#', b'$', start).find(is_end) else {
        return false;
    };
    let prompt = start.get(..end).unwrap_or_default();
    let (inner, is_bracketed) = match prompt.strip_prefix(b"[") {
        Some(inner) => (inner.strip_suffix(b"]").unwrap_or_default(), true),
        None => (prompt, false),
    };
    let at_sign = memchr::memchr(b'@', inner);
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    let user = at_sign.and_then(|at| inner.get(..at)).unwrap_or_default();
    !user.is_empty() && user.iter().all(is_name) && (is_bracketed || !inner.contains(&b' '))
}

/// A section whose end is not known yet.
#[derive(Default)]
struct OpenSection<'t> {
    kind: Option<SectionKind>,
    version: Option<Version>,
    command: Option<CommandLine<'t>>,
    has_heading: bool,
    heading: &'t str,
    start: usize,
    end: usize,
    line: usize,
}

impl<'t> OpenSection<'t> {
    /// The section; `None` if it is empty and says nothing.
    fn close(self, text: &'t [u8]) -> Option<Section<'t>> {
        let body = text.get(self.start..self.end)?;
        let kind = match self.kind {
            Some(kind) => kind,
            None if body.trim_ascii().is_empty() => return None,
            None => looks_like(body),
        };
        Some(Section {
            kind,
            version: self.version,
            command: self.command,
            has_heading: self.has_heading,
            heading: self.heading,
            body,
            line: self.line.max(1),
        })
    }
}

/// How much of a section is looked at, in bytes.
const LOOKED_AT: usize = 64 << 10;

/// What a section without a heading is.
fn looks_like(body: &[u8]) -> SectionKind {
    let body = body.get(..LOOKED_AT).unwrap_or(body);
    let has = |text: &str| memchr::memmem::find(body, text.as_bytes()).is_some();
    if is_json(body) {
        return if has("\"group_id\":") && has("\"buckets\":") {
            SectionKind::Groups
        } else if has("\"meter_id\":") && has("\"bands\":") {
            SectionKind::Meters
        } else if has("\"match\":") && has("\"actions\":") {
            SectionKind::Flows
        } else {
            SectionKind::Other
        };
    }
    let mut lines = body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let first = lines.find(|line| !line.is_empty() && !line.starts_with(b"#"));
    let first = first.unwrap_or_default();
    let contains = |text: &str| memchr::memmem::find(first, text.as_bytes()).is_some();
    if first.starts_with(b"OFP") || first.starts_with(b"NX") {
        // A message of another kind.
        SectionKind::Other
    } else if first.starts_with(b"group_id=") {
        SectionKind::Groups
    } else if first.starts_with(b"meter=") {
        SectionKind::Meters
    } else if contains("actions=")
        && (first.starts_with(b"duration=") || first.starts_with(b"table_id="))
    {
        SectionKind::BridgeFlows
    } else if contains("actions=") {
        SectionKind::Flows
    } else {
        SectionKind::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_told_apart() {
        let text = b"$ ovs-ofctl -O OpenFlow13 show br-int
OFPT_FEATURES_REPLY (OF1.3) (xid=0x2): dpid:0000aabbccddeeff
n_tables:254, n_buffers:0
OFPST_PORT_DESC reply (OF1.3) (xid=0x3):
 1(p1): addr:aa:55:aa:55:00:01
OFPT_GET_CONFIG_REPLY (OF1.3) (xid=0x9): frags=normal miss_send_len=0
[root@host ~]# ovs-ofctl dump-flows br-tun | head
 cookie=0x0, duration=1s, table=0, n_packets=0, n_bytes=0, actions=NORMAL
# ovs-appctl fdb/show br-tun
 port  VLAN  MAC                Age
";
        let sections = cut(text);
        let told: Vec<_> = sections
            .iter()
            .map(|section| {
                (
                    section.kind,
                    section.version,
                    section.bridge(),
                    section.line,
                )
            })
            .collect();
        let v13 = Some(Version::V13);
        assert_eq!(
            told,
            [
                (SectionKind::Features, v13, Some("br-int"), 3),
                (SectionKind::Ports, v13, Some("br-int"), 5),
                (SectionKind::Other, v13, Some("br-int"), 7),
                (SectionKind::Flows, None, Some("br-tun"), 8),
                (SectionKind::Control, None, Some("br-tun"), 10),
            ]
        );
        assert_eq!(sections[0].heading, "dpid:0000aabbccddeeff");
    }

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
    fn prompts_end_a_reply() {
        let text = b"[root@compute1 ~]# ovs-ofctl dump-flows br-int
 cookie=0x0, duration=1s, table=0, n_packets=0, n_bytes=0, actions=NORMAL
[root@compute1 ~]# ovs-vsctl list Bridge
_uuid               : 8c561aae-e267-4fbe-a6a5-356cfd3b6bbe
name                : br-int
heat-admin@compute1:~$ ip link
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536
[root@compute1 ~]# ovsdb-client -f list dump
Bridge table
[root@compute1 ~]#
";
        let kinds = cut(text)
            .iter()
            .map(|section| section.kind)
            .collect::<Vec<_>>();
        assert_eq!(
            kinds,
            [
                SectionKind::Flows,
                SectionKind::Database,
                SectionKind::Other,
                SectionKind::Database,
                SectionKind::Other,
            ]
        );
        // Whatever stood before a command.
        for prompt in [
            "# ",
            "$ ",
            "bash-5.1# ",
            "compute1> ",
            "(overcloud) [stack@undercloud ~]$ ",
            "# sudo ",
        ] {
            let text = format!("{prompt}ovs-ofctl dump-flows br-int\n{prompt}ls\nfile\n");
            let sections = cut(text.as_bytes());
            let kinds: Vec<_> = sections.iter().map(|section| section.kind).collect();
            assert_eq!(kinds, [SectionKind::Flows, SectionKind::Other], "{prompt}");
            assert!(sections[0].is_blank());
        }
        for line in ["# x@y", "a b@c$ d", "[1]# x", "x@y#z", "p@q", "@h$ "] {
            assert!(!is_prompt(line.as_bytes()), "{line}");
        }
    }

    #[test]
    fn texts_without_a_heading() {
        for (text, kind) in [
            ("\n cookie=0x0, actions=drop", SectionKind::Flows),
            (
                "duration=5s, n_packets=1, n_bytes=2, priority=1,actions=drop",
                SectionKind::BridgeFlows,
            ),
            (
                "[{\"table\":0,\"match\":{},\"actions\":[]}]",
                SectionKind::Flows,
            ),
            (
                "{\"group_id\":1,\"type\":\"all\",\"buckets\":[]}",
                SectionKind::Groups,
            ),
            (
                "group_id=1,type=all,bucket=actions=output:1",
                SectionKind::Groups,
            ),
            ("meter=1 kbps bands=type=drop rate=1", SectionKind::Meters),
            ("hello", SectionKind::Other),
            ("NXST_FLOW reply (xid=0x4):\n", SectionKind::Flows),
            ("OFPST_FLOW reply (OF1.5) (xid=0x2):\n", SectionKind::Flows),
        ] {
            let sections = cut(text.as_bytes());
            assert_eq!(sections[0].kind, kind, "{text}");
        }
        assert!(cut(b"").is_empty());
    }
}

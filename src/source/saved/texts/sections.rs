//! Texts cut into the replies that they contain, each recognised by its heading, by the command above it, or by what it
//! looks like.

use super::command_line::{CommandLine, Program, version};
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

/// What a command prints, if that has no heading.
fn kind_of(command: &CommandLine<'_>) -> SectionKind {
    match (command.program, command.name) {
        (Program::Appctl, "bridge/dump-flows") => SectionKind::BridgeFlows,
        (Program::Ofctl, "dump-flows") => SectionKind::Flows,
        (Program::Appctl, _) => SectionKind::Control,
        (Program::Ofctl, "dump-groups") => SectionKind::Groups,
        (Program::DatabaseClient, "dump") | (Program::Vsctl, "list") => SectionKind::Database,
        _ => SectionKind::Other,
    }
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
            None if !prompt.is_empty() && whole.starts_with(prompt) => {
                let after = text.get(at + length..).unwrap_or_default();
                (!is_comment(prompt, after)).then_some(Head::Prompt)
            }
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
                kind: Some(kind_of(&command)).filter(|kind| *kind != SectionKind::Other),
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

/// Whether a line that begins with the prompt of root is a comment: an output goes on `after` it.
fn is_comment(prompt: &[u8], after: &[u8]) -> bool {
    let begins = |with: &&[u8]| after.starts_with(with);
    prompt == b"# " && [&b" "[..], b"NX", b"OFP"].iter().any(begins)
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
        for reply in [" cookie=0x0, actions=drop", "NXST_FLOW reply (xid=0x4):"] {
            let text = format!("# ovs-ofctl dump-flows br-int\n# taken at noon\n{reply}\n");
            let sections = cut(text.as_bytes());
            let told: Vec<_> = sections.iter().map(|s| (s.kind, s.bridge())).collect();
            assert_eq!(told.last(), Some(&(SectionKind::Flows, Some("br-int"))));
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

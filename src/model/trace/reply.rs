//! The reply of `ofproto/trace`: one section for the packet, and one for each recirculation.
//!
//! The text is a tree printed in preorder. A node is indented by its level in units of four blanks; one that may have
//! children of its own, a bridge or a table, stands one unit to the left if it is the last of its siblings, and its
//! children then stand where its siblings stood. So the last table of a bridge, and the bridge behind the last patch
//! port, are not indented at all. The column of a node and its kind give its parent without doubt.

use std::ops::Range;

/// A reply.
#[derive(Debug, Clone)]
pub struct Reply {
    text: String,
    /// The sections, that of the packet first.
    pub sections: Vec<Section>,
    /// How many lines of trees are left out because there are too many.
    pub left_out: usize,
}

/// A part of the reply: the way of the packet until it leaves, is dropped, or is recirculated.
#[derive(Debug, Clone, Default)]
pub struct Section {
    /// The recirculation that leads here; `None` for the packet itself.
    pub recirculation: Option<Recirculation>,
    /// The headers of the packet: `Flow:`.
    pub flow: Range<usize>,
    /// The nodes of the tree, in preorder.
    pub nodes: Vec<Node>,
    /// The headers at the end: `Final flow:`; empty if it is missing.
    pub final_flow: Range<usize>,
    /// What the datapath would match: `Megaflow:`; empty if it is missing.
    pub megaflow: Range<usize>,
    /// The datapath's actions; empty if they are missing.
    pub datapath_actions: Range<usize>,
    /// What follows them: why the packets are handled in userspace, why the translation failed.
    pub remarks: Vec<Range<usize>>,
}

/// What a recirculation is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recirculation {
    /// Its number, as in `recirc(0x1)`.
    pub id: u32,
    /// What the reply says of it: `resume conntrack with ct_state=est|trk`.
    pub what: Range<usize>,
}

/// A node of the tree.
#[derive(Debug, Clone)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// Its text, without indentation and marks.
    pub text: Range<usize>,
    /// The index of its parent in [`Section::nodes`].
    pub parent: Option<usize>,
    /// How many ancestors it has.
    pub depth: usize,
}

/// The kind of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeKind {
    /// A bridge, by name.
    Bridge(String),
    /// A lookup in a flow table.
    Table {
        /// The table.
        table: u8,
        /// What was found.
        found: Lookup,
    },
    /// The action set, after the last table.
    ActionSet,
    /// `thaw`, and where the pipeline is resumed.
    Resumed,
    /// An action, in the words of ovs-ofctl.
    Action,
    /// A bucket of a group.
    Bucket(u32),
    /// ` -> `: what an action did.
    Detail,
    /// ` >> `: why an action did nothing.
    Warning,
    /// ` >>>> `: a fault.
    Error,
    /// A line that is not understood.
    Unknown,
}

/// The result of a lookup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// A flow.
    Flow {
        /// Its match, in the words of ovs-ofctl; empty if it matches every packet.
        matched: Range<usize>,
        /// Its priority.
        priority: u16,
        /// Its cookie; 0 is not printed.
        cookie: u64,
    },
    /// No flow.
    Miss,
    /// No flow, and the controller is asked.
    MissToController,
    /// A fragment, which the bridge drops.
    Fragment,
    /// Something else.
    Other,
}

/// The blanks of one level.
const UNIT: usize = 4;

/// Maximum number of nodes kept; the lines of the others are in [`Reply::text`] only. ovs-vswitchd itself ends a
/// translation after 4096 resubmissions.
const MAX_NODES: usize = 20_000;

impl Reply {
    /// Reads a reply. Any text is one; a line that is not understood is a node of kind [`NodeKind::Unknown`].
    pub fn parse(text: String) -> Reply {
        let mut parser = Parser::new(&text);
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            parser.line(at..at + line.len());
            at += line.len();
        }
        let left_out = parser.count.saturating_sub(MAX_NODES);
        let sections = parser.finish();
        Reply {
            text,
            sections,
            left_out,
        }
    }

    /// The text of a range.
    pub fn at(&self, range: &Range<usize>) -> &str {
        self.text.get(range.clone()).unwrap_or_default()
    }

    /// The text of a node.
    pub fn node_text(&self, node: &Node) -> &str {
        self.at(&node.text)
    }

    /// The whole reply, as it came.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The section of a recirculation.
    pub fn recirculated(&self, id: u32) -> Option<&Section> {
        let is_it =
            |section: &&Section| section.recirculation.as_ref().is_some_and(|of| of.id == id);
        self.sections.iter().find(is_it)
    }
}

impl Section {
    /// The name of the bridge that a node is in.
    pub fn bridge_of(&self, index: usize) -> Option<&str> {
        self.ancestors(index)
            .find_map(|(_, node)| match &node.kind {
                NodeKind::Bridge(name) => Some(name.as_str()),
                _ => None,
            })
    }

    /// The table that a node is in.
    pub fn table_of(&self, index: usize) -> Option<(usize, u8)> {
        self.ancestors(index)
            .find_map(|(at, node)| match &node.kind {
                NodeKind::Table { table, .. } => Some((at, *table)),
                _ => None,
            })
    }

    /// A node, its parent, and so on.
    pub fn ancestors(&self, index: usize) -> impl Iterator<Item = (usize, &Node)> {
        let mut next = Some(index);
        std::iter::from_fn(move || {
            let index = next?;
            let node = self.nodes.get(index)?;
            // A parent comes before its children.
            next = node.parent.filter(|parent| *parent < index);
            Some((index, node))
        })
    }

    /// The sibling before a node.
    pub fn before(&self, index: usize) -> Option<(usize, &Node)> {
        let parent = self.nodes.get(index)?.parent;
        let before = self.nodes.get(..index)?.iter().enumerate().rev();
        let mut before = before.take_while(|(at, _)| parent.is_none_or(|parent| *at > parent));
        before.find(|(_, node)| node.parent == parent)
    }

    /// The children of a node.
    pub fn children(&self, index: usize) -> impl Iterator<Item = (usize, &Node)> {
        let depth = self.nodes.get(index).map_or(0, |node| node.depth);
        let rest = self.nodes.iter().enumerate().skip(index + 1);
        rest.take_while(move |(_, node)| node.depth > depth)
            .filter(move |(_, node)| node.parent == Some(index))
    }
}

/// A list of siblings that may get more.
struct OpenList {
    /// In units of indentation.
    level: usize,
    parent: Option<usize>,
    depth: usize,
}

struct Parser<'t> {
    text: &'t str,
    sections: Vec<Section>,
    section: Section,
    lists: Vec<OpenList>,
    /// The bridge where the packet comes in.
    first_bridge: Option<String>,
    /// Within the two lines of `=` around the words on a recirculation.
    is_in_heading: bool,
    /// After the datapath's actions.
    is_after: bool,
    count: usize,
}

impl<'t> Parser<'t> {
    fn new(text: &'t str) -> Parser<'t> {
        Parser {
            text,
            sections: Vec::new(),
            section: Section::default(),
            lists: Parser::no_lists(),
            first_bridge: None,
            is_in_heading: false,
            is_after: false,
            count: 0,
        }
    }

    fn no_lists() -> Vec<OpenList> {
        vec![OpenList {
            level: 0,
            parent: None,
            depth: 0,
        }]
    }

    fn finish(mut self) -> Vec<Section> {
        self.sections.push(self.section);
        self.sections
    }

    fn line(&mut self, range: Range<usize>) {
        let whole = self.text.get(range.clone()).unwrap_or_default();
        let line = whole.strip_suffix('\n').unwrap_or(whole);
        let rest = |prefix: &str| range.start + prefix.len()..range.start + line.len();
        if is_rule(line, '=') && line.len() >= UNIT {
            self.is_in_heading = !self.is_in_heading;
            if self.is_in_heading {
                let done = std::mem::take(&mut self.section);
                self.sections.push(done);
                self.lists = Parser::no_lists();
                self.first_bridge = None;
                self.is_after = false;
            }
            return;
        }
        if self.is_in_heading {
            if let Some(recirculation) = recirculation(line, range.start) {
                self.section.recirculation = Some(recirculation);
            } else {
                self.section
                    .remarks
                    .push(range.start..range.start + line.len());
            }
            return;
        }
        for (prefix, slot) in [
            ("Flow: ", &mut self.section.flow),
            ("Final flow: ", &mut self.section.final_flow),
            ("Megaflow: ", &mut self.section.megaflow),
            ("Datapath actions: ", &mut self.section.datapath_actions),
        ] {
            if line.starts_with(prefix) && slot.start == slot.end {
                *slot = rest(prefix);
                self.is_after = prefix.starts_with("Datapath");
                return;
            }
        }
        if line.trim_start().is_empty() {
            return;
        }
        if self.is_after {
            self.section
                .remarks
                .push(range.start..range.start + line.len());
            return;
        }
        self.node(line, range.start);
    }

    fn node(&mut self, line: &str, start: usize) {
        let blanks = line.len() - line.trim_start_matches(' ').len();
        let body = line.get(blanks..).unwrap_or_default();
        if is_rule(body, '-') && self.follows_bridge(body.len()) {
            return;
        }
        self.count += 1;
        if self.count > MAX_NODES {
            return;
        }
        let parsed = parse_node(body, blanks, start + blanks);
        let (mut kind, column, text) = parsed;
        let level = column.filter(|column| column % UNIT == 0).map(|c| c / UNIT);
        let holds = matches!(
            kind,
            NodeKind::Bridge(_) | NodeKind::Table { .. } | NodeKind::ActionSet | NodeKind::Resumed
        );
        // Which list of siblings it is in; whether it is the last of them.
        let place = match level {
            Some(level) if holds && level % 2 == 0 => Some((level, true)),
            Some(level) if level % 2 == 1 => Some((level - 1, false)),
            _ => None,
        };
        let at =
            place.and_then(|(level, _)| self.lists.iter().rposition(|list| list.level == level));
        let (Some((level, is_last)), Some(at)) = (place, at) else {
            let (parent, depth) = self.lists.last().map_or((None, 0), |l| (l.parent, l.depth));
            self.section.nodes.push(Node {
                kind: NodeKind::Unknown,
                text: start + blanks..start + line.len(),
                parent,
                depth,
            });
            return;
        };
        self.lists.truncate(at + 1);
        let (parent, depth) = self.lists.last().map_or((None, 0), |l| (l.parent, l.depth));
        // A bridge behind another one reports its misses as the internal flows that stand for them.
        if let NodeKind::Table { found, .. } = &mut kind {
            let bridge = parent.and_then(|parent| self.section.bridge_of(parent));
            if bridge.is_some() && bridge != self.first_bridge.as_deref() {
                internal_flow(found, self.text);
            }
        }
        if let (NodeKind::Bridge(name), None) = (&kind, &self.first_bridge) {
            self.first_bridge = Some(name.clone());
        }
        let index = self.section.nodes.len();
        self.section.nodes.push(Node {
            kind,
            text,
            parent,
            depth,
        });
        self.lists.push(OpenList {
            level: if is_last { level } else { level + 2 },
            parent: Some(index),
            depth: depth + 1,
        });
    }

    fn follows_bridge(&self, width: usize) -> bool {
        self.section.nodes.last().is_some_and(|node| {
            matches!(node.kind, NodeKind::Bridge(_)) && node.text.len() == width
        })
    }
}

/// `recirc(0x2) - resume conntrack with default ct_state=trk|new (use --ct-next to customize)`
fn recirculation(line: &str, start: usize) -> Option<Recirculation> {
    let (number, _) = line.strip_prefix("recirc(")?.split_once(')')?;
    let id = number_of(number)?;
    let from = line.find(" - ").map_or(line.len(), |at| at + " - ".len());
    Some(Recirculation {
        id: u32::try_from(id).ok()?,
        what: start + from..start + line.len(),
    })
}

/// A number in decimal, or in hexadecimal after `0x`.
pub(super) fn number_of(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

fn is_rule(text: &str, letter: char) -> bool {
    !text.is_empty() && text.chars().all(|c| c == letter)
}

/// The kind of a node, the column that its level is computed from, and its text, at `start`.
fn parse_node(body: &str, blanks: usize, start: usize) -> (NodeKind, Option<usize>, Range<usize>) {
    let all = start..start + body.len();
    for (mark, end, kind) in [
        ("-> ", "", NodeKind::Detail),
        (">> ", "", NodeKind::Warning),
        (">>>> ", " <<<<", NodeKind::Error),
    ] {
        if let Some(rest) = body.strip_prefix(mark) {
            let text = rest.strip_suffix(end).unwrap_or(rest);
            let from = start + mark.len();
            return (kind, blanks.checked_sub(1), from..from + text.len());
        }
    }
    if let Some(name) = body
        .strip_prefix("bridge(\"")
        .and_then(|rest| rest.strip_suffix("\")"))
    {
        return (NodeKind::Bridge(name.to_owned()), Some(blanks), all);
    }
    if body.starts_with("--. ") {
        let from = start + "--. ".len();
        return (NodeKind::ActionSet, Some(blanks), from..all.end);
    }
    if body == "thaw" || body.starts_with("Resuming from table ") {
        // `thaw` is followed by a line, so it is not the last of its siblings.
        return (NodeKind::Resumed, Some(blanks), all);
    }
    if let Some((number, rest)) = body.split_once(". ")
        && let Ok(table) = number.parse::<u8>()
    {
        // The number is padded to two digits.
        let padding = usize::from(number.len() == 1);
        let from = start + number.len() + ". ".len();
        let found = lookup(rest, from);
        return (
            NodeKind::Table { table, found },
            blanks.checked_sub(padding),
            from..from + rest.len(),
        );
    }
    if let Some(bucket) = body
        .strip_prefix("bucket ")
        .and_then(|number| number.parse().ok())
    {
        return (NodeKind::Bucket(bucket), Some(blanks), all);
    }
    (NodeKind::Action, Some(blanks), all)
}

/// `in_port=10,dl_src=fa:16:3e:75:d5:a4, priority 2, cookie 0xdc4665db71852389`
fn lookup(text: &str, start: usize) -> Lookup {
    if text == "No match." {
        return Lookup::Miss;
    }
    if text.starts_with("No match,") {
        return Lookup::MissToController;
    }
    if text.starts_with("Packets are IP fragments") {
        return Lookup::Fragment;
    }
    let (text, cookie) = match text.rsplit_once(", cookie 0x") {
        Some((text, cookie)) => (text, u64::from_str_radix(cookie, 16).ok()),
        None => (text, Some(0)),
    };
    let Some(at) = text.rfind("priority ") else {
        return Lookup::Other;
    };
    let (matched, priority) = text.split_at_checked(at).unwrap_or_default();
    let priority = priority
        .strip_prefix("priority ")
        .and_then(|number| number.parse().ok());
    let (Some(priority), Some(cookie)) = (priority, cookie) else {
        return Lookup::Other;
    };
    let matched = matched.trim_end_matches([',', ' ']);
    Lookup::Flow {
        matched: start..start + matched.len(),
        priority,
        cookie,
    }
}

/// The internal flows of a bridge, which no controller can add: they match a register that no other flow of priority 0
/// matches alone.
fn internal_flow(found: &mut Lookup, text: &str) {
    let Lookup::Flow {
        matched,
        priority: 0,
        cookie: 0,
    } = found
    else {
        return;
    };
    *found = match text.get(matched.clone()) {
        Some("reg0=0x1") => Lookup::MissToController,
        Some("reg0=0x2") => Lookup::Miss,
        Some("reg0=0x3") => Lookup::Fragment,
        _ => return,
    };
}

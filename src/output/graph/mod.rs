//! Pictures of boxes joined by lines: for a terminal, as SVG, or in the languages of Graphviz (DOT) and
//! Mermaid.
//!
//! | file | contents |
//! |---|---|
//! | `layout` | positions of boxes and lines, in cells, without overlaps |
//! | `drawing` | the layout in box-drawing characters |
//! | `svg` | the layout as SVG |
//! | `dot`, `mermaid` | the picture in these languages; their programs lay it out |
//!
//! The layout is ours. Lines here end at a row of a box, and must not run over the labels of others; the
//! layered layouts of the libraries (`layout-rs` was tried) place boxes well enough, but draw their lines
//! straight through rows and boxes, and have no cells for a terminal. Our lines turn only in the channel
//! between two columns, each on a track of its own.

mod dot;
mod drawing;
mod layout;
mod mermaid;
mod svg;

pub use dot::dot;
pub use drawing::{TooLarge, drawing};
pub use mermaid::mermaid;
pub use svg::svg;

/// A picture. Texts are not escaped: each format does that.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Picture {
    /// The boxes.
    pub frames: Vec<Frame>,
    /// The lines between them.
    pub joins: Vec<Join>,
}

/// A box with a title and rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The name of the bridge or host.
    pub title: String,
    /// What it is.
    pub kind: FrameKind,
    /// What is in it.
    pub rows: Vec<Row>,
}

/// What a box is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameKind {
    /// A bridge of this switch.
    Bridge,
    /// Another host.
    Host,
}

/// A row of a box.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Row {
    /// The name of a port, or what several have in common.
    pub name: String,
    /// Further properties.
    pub note: String,
    /// Its VLAN tag; rows of one tag have one colour.
    pub tag: Option<i64>,
    /// Its fault, if it has one.
    pub problem: Option<String>,
}

/// A line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Join {
    /// One end.
    pub from: End,
    /// The other.
    pub to: End,
    /// What it represents.
    pub kind: JoinKind,
}

/// Where a line ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct End {
    /// Index into [`Picture::frames`].
    pub frame: usize,
    /// Index into [`Frame::rows`]; `None`: at the title.
    pub row: Option<usize>,
}

impl End {
    /// Its identifier in DOT and Mermaid.
    fn node(self) -> String {
        match self.row {
            Some(row) => format!("f{}r{row}", self.frame),
            None => format!("f{}", self.frame),
        }
    }
}

/// What a line represents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinKind {
    /// A pair of patch ports.
    Patch,
    /// A patch that does not work.
    Broken,
    /// A tunnel.
    Tunnel,
}

impl Picture {
    /// The lines with their indices in [`Picture::joins`], in drawing order: where lines meet, working ones
    /// are drawn over broken ones.
    fn in_order(&self) -> impl Iterator<Item = (usize, &Join)> {
        let of_kind = |broken: bool| {
            let joins = self.joins.iter().enumerate();
            joins.filter(move |(_, join)| (join.kind == JoinKind::Broken) == broken)
        };
        of_kind(true).chain(of_kind(false))
    }
}

impl Row {
    /// The text at the right of the row: its fault, or its note.
    fn right(&self) -> String {
        let mut words = Vec::new();
        if let Some(tag) = self.tag {
            words.push(format!("tag {tag}"));
        }
        if !self.note.is_empty() {
            words.push(self.note.clone());
        }
        if let Some(problem) = &self.problem {
            words.push(problem.clone());
        }
        super::escape(&words.join("  "))
    }

    fn left(&self) -> String {
        super::escape(&self.name)
    }
}

//! Pictures of boxes that lines join: drawn on a terminal, as SVG, or written down for the layout
//! programs Graphviz (DOT language) and Mermaid.
//!
//! | file | what is in it |
//! |---|---|
//! | `layout` | where boxes and lines go, in cells: nothing overlaps, by construction |
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

/// What is to be drawn. Texts are as they come from the database: each format escapes them.
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
    /// What it is called.
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
    /// What is special about it.
    pub note: String,
    /// Its VLAN tag; rows of one tag have one colour.
    pub tag: Option<i64>,
    /// What is wrong with it.
    pub trouble: Option<String>,
}

/// A line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Join {
    /// One end.
    pub from: End,
    /// The other.
    pub to: End,
    /// What it stands for.
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
    /// What DOT and Mermaid call it.
    fn node(self) -> String {
        match self.row {
            Some(row) => format!("f{}r{row}", self.frame),
            None => format!("f{}", self.frame),
        }
    }
}

/// What a line stands for.
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
    /// The lines with their places in [`Picture::joins`], in the order to draw them: where lines meet, what
    /// works is above what does not.
    fn in_order(&self) -> impl Iterator<Item = (usize, &Join)> {
        let of_kind = |broken: bool| {
            let joins = self.joins.iter().enumerate();
            joins.filter(move |(_, join)| (join.kind == JoinKind::Broken) == broken)
        };
        of_kind(true).chain(of_kind(false))
    }
}

impl Row {
    /// What stands at the right of the row: what is wrong, or its note.
    fn right(&self) -> String {
        let mut words = Vec::new();
        if let Some(tag) = self.tag {
            words.push(format!("tag {tag}"));
        }
        if !self.note.is_empty() {
            words.push(self.note.clone());
        }
        if let Some(trouble) = &self.trouble {
            words.push(trouble.clone());
        }
        super::escape(&words.join("  "))
    }

    fn left(&self) -> String {
        super::escape(&self.name)
    }
}

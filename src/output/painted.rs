//! Text made of pieces that have colours.

use std::fmt::Write as _;

use owo_colors::Style;

use super::colour::flow_style;
use super::{Change, Palette, Role};
use crate::openflow::text::{self, Sink};

/// Collects text, with the codes of its colours in it, or with [`Palette::Apart`] beside it.
#[derive(Debug, Default, Clone)]
pub struct PaintedText {
    /// What was written so far; its owner may take and clear it.
    pub text: String,
    palette: Palette,
    /// With [`Palette::Apart`]: where colours begin and end, in the order of the text.
    edges: Vec<Edge>,
}

/// Where a colour begins or ends.
#[derive(Debug, Clone, Copy)]
struct Edge {
    /// Byte offset in the text.
    at: usize,
    style: Style,
    begins: bool,
}

impl Edge {
    fn write(self, out: &mut String) {
        let _ = if self.begins {
            write!(out, "{}", self.style.prefix_formatter())
        } else {
            write!(out, "{}", self.style.suffix_formatter())
        };
    }
}

impl PaintedText {
    /// An empty text in these colours.
    pub fn new(palette: Palette) -> PaintedText {
        PaintedText {
            palette,
            ..PaintedText::default()
        }
    }

    /// An empty text in the colours of this one.
    #[must_use]
    pub fn fellow(&self) -> PaintedText {
        PaintedText::new(self.palette)
    }

    /// Appends `text` in the colour of its role.
    pub(super) fn paint(&mut self, role: Role, text: &str) {
        self.put_styled(self.palette.style(role, text), text);
    }

    /// Appends `text`, which had the colour of its role, as what happened to it.
    pub(super) fn mark(&mut self, change: Change, role: Role, text: &str) {
        self.put_styled(self.palette.mark(change, role, text), text);
    }

    fn put_styled(&mut self, style: Style, text: &str) {
        self.edge(style, true);
        self.text.push_str(text);
        self.edge(style, false);
    }

    /// The text with the codes of the colours that were kept apart.
    pub(super) fn coloured(&self) -> String {
        let mut out = String::new();
        self.pieces().copy(&mut out, self.text.len());
        out
    }

    /// The same, piece by piece.
    pub(super) fn pieces(&self) -> PaintedPieces<'_> {
        PaintedPieces {
            text: &self.text,
            at: 0,
            edges: self.edges.iter().copied().peekable(),
        }
    }

    // Apart from the places where nothing is painted, which are many.
    #[cold]
    fn edge(&mut self, style: Style, begins: bool) {
        let at = self.text.len();
        let edge = Edge { at, style, begins };
        match self.palette {
            Palette::Off => {}
            Palette::On => edge.write(&mut self.text),
            Palette::Apart => self.edges.push(edge),
        }
    }
}

impl Sink for PaintedText {
    fn buffer(&mut self) -> &mut String {
        &mut self.text
    }

    #[inline]
    fn begin(&mut self, role: text::Role) {
        if self.palette != Palette::Off {
            self.edge(flow_style(role), true);
        }
    }

    #[inline]
    fn end(&mut self, role: text::Role) {
        if self.palette != Palette::Off {
            self.edge(flow_style(role), false);
        }
    }
}

/// A text that is copied piece by piece, with the codes of its colours.
pub(super) struct PaintedPieces<'t> {
    text: &'t str,
    at: usize,
    edges: std::iter::Peekable<std::iter::Copied<std::slice::Iter<'t, Edge>>>,
}

impl PaintedPieces<'_> {
    /// Copies what stands before `end`, with the colours that end there; those that begin there belong to
    /// the next piece.
    pub(super) fn copy(&mut self, out: &mut String, end: usize) {
        let is_before = |edge: &Edge| edge.at < end || (edge.at == end && !edge.begins);
        while let Some(edge) = self.edges.next_if(is_before) {
            self.copy_plain(out, edge.at);
            edge.write(out);
        }
        self.copy_plain(out, end);
    }

    fn copy_plain(&mut self, out: &mut String, end: usize) {
        out.push_str(self.text.get(self.at..end).unwrap_or_default());
        self.at = end;
    }
}

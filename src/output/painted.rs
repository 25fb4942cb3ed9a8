//! Text with colours.

use std::fmt::Write as _;

use owo_colors::Style;

use super::colour::flow_style;
use super::{ColourRole, ItemChange, Palette};
use crate::openflow::text::{self, Sink};

/// Collects text, with escape sequences in it, or with [`Palette::Apart`] with a list of colours beside it.
#[derive(Debug, Default, Clone)]
pub struct PaintedText {
    /// The text so far; its owner may take and clear it.
    pub text: String,
    palette: Palette,
    /// With [`Palette::Apart`]: starts and ends of colours, by offset.
    edges: Vec<Edge>,
}

/// The start or end of a colour.
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

    /// An empty text with the same palette.
    #[must_use]
    pub fn new_like_this(&self) -> PaintedText {
        PaintedText::new(self.palette)
    }

    /// Appends `text` in the colour of its role.
    pub(super) fn paint(&mut self, role: ColourRole, text: &str) {
        self.put_styled(self.palette.style(role, text), text);
    }

    /// Appends `text` with this role in the style of its change.
    pub fn mark(&mut self, change: ItemChange, role: ColourRole, text: &str) {
        self.put_styled(self.palette.mark(change, role, text), text);
    }

    fn put_styled(&mut self, style: Style, text: &str) {
        self.edge(style, true);
        self.text.push_str(text);
        self.edge(style, false);
    }

    /// The text with the colours that were kept apart as escape sequences.
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

    // Pieces without a style, which are frequent, have no edges.
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
    fn begin(&mut self, role: text::TextRole) {
        if self.palette != Palette::Off {
            self.edge(flow_style(role), true);
        }
    }

    #[inline]
    fn end(&mut self, role: text::TextRole) {
        if self.palette != Palette::Off {
            self.edge(flow_style(role), false);
        }
    }
}

/// A text that is copied piece by piece, with escape sequences.
pub(super) struct PaintedPieces<'t> {
    text: &'t str,
    at: usize,
    edges: std::iter::Peekable<std::iter::Copied<std::slice::Iter<'t, Edge>>>,
}

impl PaintedPieces<'_> {
    /// Copies the text before `end`, with the colours that end there; colours that begin there belong to
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

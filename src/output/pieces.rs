//! Text made of pieces that are not broken: lines break between two pieces only.

use super::text::{SHORTEST, cut, push_blanks, width};
use super::{ColourRole, Format, PaintedText};

/// Appends pieces; one that does not fit begins a new line.
#[derive(Debug)]
pub struct Pieces {
    out: PaintedText,
    room: usize,
    /// The cells used in the current line.
    column: usize,
    /// The indentation of continuation lines, in blanks.
    indent: usize,
}

impl Pieces {
    /// Creates an empty text for this format.
    pub fn new(format: &Format) -> Pieces {
        Pieces {
            out: PaintedText::new(format.palette),
            room: format.width.unwrap_or(usize::MAX),
            column: 0,
            indent: 0,
        }
    }

    /// Begins a line with `blanks` blanks; continuation lines are indented by `indent` blanks.
    pub fn begin(&mut self, blanks: usize, indent: usize) {
        self.column = blanks;
        self.indent = indent;
        push_blanks(&mut self.out.text, blanks);
    }

    /// Appends a piece, `gap` blanks after the one before. If it is longer than a line, its last part is
    /// cut.
    pub fn put(&mut self, gap: usize, parts: &[(ColourRole, &str)]) {
        self.advance(gap, parts);
        for (place, (role, text)) in parts.iter().enumerate() {
            if place + 1 == parts.len() {
                let room = self.room.saturating_sub(self.column).max(SHORTEST);
                self.paint(*role, &cut(text, room));
            } else {
                self.paint(*role, text);
            }
        }
    }

    /// As [`Pieces::put`], but a piece longer than a line is put whole on a line of its own.
    pub fn put_whole(&mut self, gap: usize, parts: &[(ColourRole, &str)]) {
        self.advance(gap, parts);
        for (role, text) in parts {
            self.paint(*role, text);
        }
    }

    /// Whether a piece of `cells` cells fits on a line of its own.
    pub fn has_room(&self, cells: usize) -> bool {
        self.indent.saturating_add(cells) <= self.room
    }

    /// Ends the line.
    pub fn end(&mut self) {
        self.out.text.push('\n');
        self.column = 0;
    }

    /// Takes the text written since the last call.
    pub fn take(&mut self) -> PaintedText {
        let rest = self.out.new_like_this();
        std::mem::replace(&mut self.out, rest)
    }

    /// Moves to the position of the next piece.
    fn advance(&mut self, gap: usize, parts: &[(ColourRole, &str)]) {
        let cells: usize = parts.iter().map(|(_, text)| width(text)).sum();
        let fits = self.column.saturating_add(gap).saturating_add(cells) <= self.room;
        if !fits && self.column > self.indent {
            self.out.text.push('\n');
            self.begin(self.indent, self.indent);
        } else {
            push_blanks(&mut self.out.text, gap);
            self.column += gap;
        }
    }

    fn paint(&mut self, role: ColourRole, text: &str) {
        self.column += width(text);
        self.out.paint(role, text);
    }
}

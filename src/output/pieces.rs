//! Text made of pieces: a line breaks between two of them, never inside of one.

use super::text::{SHORTEST, cut, push_blanks, width};
use super::{Format, PaintedText, Role};

/// Pieces one after the other; a piece that does not fit begins a new line.
#[derive(Debug)]
pub struct Pieces {
    out: PaintedText,
    room: usize,
    /// The cells of the line that are taken.
    column: usize,
    /// The blanks before what continues the line.
    indent: usize,
}

impl Pieces {
    /// No line yet, of those that this format has room for.
    pub fn new(format: &Format) -> Pieces {
        Pieces {
            out: PaintedText::new(format.palette),
            room: format.width.unwrap_or(usize::MAX),
            column: 0,
            indent: 0,
        }
    }

    /// Begins a line with `blanks`, those that continue it with `indent` of them.
    pub fn begin(&mut self, blanks: usize, indent: usize) {
        self.column = blanks;
        self.indent = indent;
        push_blanks(&mut self.out.text, blanks);
    }

    /// A piece, `gap` blanks after what stands before it. What is longer than a line is cut at its last
    /// part.
    pub fn put(&mut self, gap: usize, parts: &[(Role, &str)]) {
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

    /// The same, but nothing is cut: what is longer than a line stands on one of its own, whole.
    pub fn put_whole(&mut self, gap: usize, parts: &[(Role, &str)]) {
        self.advance(gap, parts);
        for (role, text) in parts {
            self.paint(*role, text);
        }
    }

    /// Whether a piece of so many cells fits on a line of its own.
    pub fn has_room(&self, cells: usize) -> bool {
        self.indent.saturating_add(cells) <= self.room
    }

    /// Ends the line.
    pub fn end(&mut self) {
        self.out.text.push('\n');
        self.column = 0;
    }

    /// What was written since this was asked last.
    pub fn take(&mut self) -> PaintedText {
        let rest = self.out.fellow();
        std::mem::replace(&mut self.out, rest)
    }

    /// Goes to where the next piece stands.
    fn advance(&mut self, gap: usize, parts: &[(Role, &str)]) {
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

    fn paint(&mut self, role: Role, text: &str) {
        self.column += width(text);
        self.out.paint(role, text);
    }
}

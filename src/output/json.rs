//! The framing of JSON records: an array with one record a line, or lines only.

use super::Mode;

/// Writes records one after the other: `[`, a line each, `]`; in [`Mode::Jsonl`] just a line each.
///
/// It streams: the buffer may be written out and cleared between records.
#[derive(Debug, Default, Clone, Copy)]
pub struct Records {
    lines: bool,
    any: bool,
}

impl Records {
    /// Creates the framing of a mode.
    pub fn new(mode: Mode) -> Records {
        Records {
            lines: mode == Mode::Jsonl,
            any: false,
        }
    }

    /// Call before each record.
    pub fn begin(&mut self, out: &mut String) {
        match (self.any, self.lines) {
            (false, true) => {}
            (false, false) => out.push_str("[\n"),
            (true, true) => out.push('\n'),
            (true, false) => out.push_str(",\n"),
        }
        self.any = true;
    }

    /// Call after the last record.
    pub fn finish(self, out: &mut String) {
        match (self.any, self.lines) {
            (false, true) => {}
            (false, false) => out.push_str("[]\n"),
            (true, true) => out.push('\n'),
            (true, false) => out.push_str("\n]\n"),
        }
    }
}

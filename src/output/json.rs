//! The frame around JSON records: an array with one record a line, or just lines.

use super::Mode;

/// Puts records one after the other: `[`, a line each, `]`; in [`Mode::Jsonl`] just a line each.
///
/// It can stream: what is in the buffer may be written out and cleared between records.
#[derive(Debug, Default, Clone, Copy)]
pub struct Records {
    lines: bool,
    any: bool,
}

impl Records {
    /// No record yet.
    pub fn new(mode: Mode) -> Records {
        Records {
            lines: mode == Mode::Jsonl,
            any: false,
        }
    }

    /// Before each record.
    pub fn begin(&mut self, out: &mut String) {
        match (self.any, self.lines) {
            (false, true) => {}
            (false, false) => out.push_str("[\n"),
            (true, true) => out.push('\n'),
            (true, false) => out.push_str(",\n"),
        }
        self.any = true;
    }

    /// After the last record.
    pub fn finish(self, out: &mut String) {
        match (self.any, self.lines) {
            (false, true) => {}
            (false, false) => out.push_str("[]\n"),
            (true, true) => out.push('\n'),
            (true, false) => out.push_str("\n]\n"),
        }
    }
}

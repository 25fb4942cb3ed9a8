//! Prints a sheet in each mode.

use super::json::Records;
use super::sheet::{Rows, Sheet};
use super::{Cell, Mode, PaintedText, table, text};
use crate::base::json::Json;

impl Sheet<'_> {
    /// A list of records.
    pub(super) fn list(&self, rows: Rows<'_>) -> PaintedText {
        let mut painted = PaintedText::new(self.format.palette);
        let out = &mut painted.text;
        match self.format.mode {
            Mode::Table => table::list(&mut painted, self, rows),
            Mode::Text => {
                if self.format.header == Some(true) {
                    text::header(out, &self.headings);
                }
                for row in rows {
                    text::line(out, &row);
                }
            }
            Mode::Json | Mode::Jsonl => {
                let mut records = Records::new(self.format.mode);
                for row in rows {
                    records.begin(out);
                    self.object(out, &row);
                }
                records.finish(out);
            }
            Mode::Raw => {
                for row in rows {
                    text::raw(out, &row);
                }
            }
        }
        painted
    }

    /// One record: its columns below each other in a table, an object in JSON; else a list of one.
    pub(super) fn one(&self, row: Vec<Cell>) -> PaintedText {
        let mut painted = PaintedText::new(self.format.palette);
        match self.format.mode {
            Mode::Table => table::record(&mut painted, self, row),
            Mode::Json | Mode::Jsonl => {
                self.object(&mut painted.text, &row);
                painted.text.push('\n');
            }
            Mode::Text | Mode::Raw => return self.list(&mut std::iter::once(row)),
        }
        painted
    }

    /// A record on one line, without the line feed; empty in table mode.
    pub(super) fn line(&self, row: &[Cell]) -> String {
        let mut out = String::new();
        match self.format.mode {
            Mode::Table => {}
            Mode::Text => text::line(&mut out, row),
            Mode::Json | Mode::Jsonl => self.object(&mut out, row),
            Mode::Raw => text::raw(&mut out, row),
        }
        out.truncate(out.trim_end_matches('\n').len());
        out
    }

    fn object(&self, out: &mut String, row: &[Cell]) {
        let mut json = Json::new(out);
        json.begin_object();
        for (heading, cell) in self.headings.iter().zip(row) {
            json.key(heading.name);
            cell.write_json(&mut json);
        }
        json.end_object();
    }
}

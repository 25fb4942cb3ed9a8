//! Printing of entries that a switch dumps: a line of text or a JSON object each.

use super::{Context, Exit, Failure};
use crate::base::json::Json;
use crate::output::{Frame, Item, Mode, PaintedText, Records};

/// Collects entries and prints them.
pub(super) struct Dumped<'a> {
    cx: &'a Context,
    out: PaintedText,
    records: Records,
    any: bool,
    /// The entries added, if the command is watched.
    items: Vec<Item>,
}

impl<'a> Dumped<'a> {
    /// Creates an empty collection; refuses `--columns` and `--get`, since `what` (`groups`) are printed
    /// whole.
    pub(super) fn new(cx: &'a Context, what: &str) -> Result<Dumped<'a>, Failure> {
        if cx.format.columns.is_some() {
            let message = format!("{what} are printed whole, without columns");
            return Err(Failure::new(Exit::Usage, message).hint("--json and jq pick members"));
        }
        Ok(Dumped {
            cx,
            out: PaintedText::new(cx.format.palette),
            records: Records::new(cx.format.mode),
            any: false,
            items: Vec::new(),
        })
    }

    /// Adds the entry with this `number`: `text` writes its line, without a line feed, `json` its object.
    pub(super) fn add<R>(
        &mut self,
        number: impl std::fmt::Display,
        text: impl FnOnce(&mut PaintedText) -> R,
        json: impl FnOnce(&mut Json<'_>) -> R,
    ) -> R {
        self.any = true;
        if self.cx.capture().is_some() {
            let mut line = self.out.new_like_this();
            let outcome = text(&mut line);
            let mut item = Item::of_text(number.to_string(), line);
            if self.cx.format.is_json() {
                json(&mut Json::new(item.line.get_or_insert_default()));
            }
            self.items.push(item);
            return outcome;
        }
        if self.cx.format.is_json() {
            self.records.begin(&mut self.out.text);
            return json(&mut Json::new(&mut self.out.text));
        }
        let outcome = text(&mut self.out);
        self.out.text.push('\n');
        outcome
    }

    /// Prints the entries. In table mode an empty list is stated: `no groups`.
    pub(super) fn finish(mut self, what: &str) -> Result<(), Failure> {
        if let Some(capture) = self.cx.capture() {
            capture.show(Frame {
                clocks: vec!["duration"],
                ..Frame::of_items(self.items, what)
            });
            return Ok(());
        }
        if self.cx.format.is_json() {
            self.records.finish(&mut self.out.text);
        } else if !self.any && self.cx.format.mode == Mode::Table {
            self.cx.remark(&format!("no {what}"));
        }
        self.cx.print(&self.out.text)
    }
}

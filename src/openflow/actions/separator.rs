//! The punctuation between arguments: an opening bracket first, commas later.

use crate::openflow::text::Sink;

/// What to write before the next argument.
pub(super) struct Separator(pub(super) &'static str);

impl Separator {
    /// Writes the separator; the next one is a comma.
    pub(super) fn put<S: Sink>(&mut self, sink: &mut S) {
        sink.put(self.0);
        self.0 = ",";
    }

    /// Writes the separator and `name=`.
    pub(super) fn key<S: Sink>(&mut self, sink: &mut S, name: &str) {
        self.put(sink);
        sink.key(name);
    }

    /// Writes the closing bracket, preceded by the opening one if nothing was written.
    pub(super) fn close<S: Sink>(&mut self, sink: &mut S) {
        if self.0 != "," {
            sink.put(self.0);
        }
        sink.put(")");
    }

    /// Appends the separator and a word.
    pub(super) fn word(&mut self, out: &mut String, word: &str) {
        out.push_str(std::mem::replace(&mut self.0, ","));
        out.push_str(word);
    }

    /// Appends the separator and `name=value`, if there is a value.
    pub(super) fn argument(&mut self, out: &mut String, name: &str, value: Option<String>) {
        if let Some(value) = value {
            self.word(out, name);
            out.push('=');
            out.push_str(&value);
        }
    }

    /// Whether something was written.
    pub(super) fn is_open(&self) -> bool {
        self.0 == ","
    }

    /// Appends the closing bracket, preceded by the opening one if nothing was written.
    pub(super) fn end(&mut self, out: &mut String) {
        if !self.is_open() {
            out.push_str(self.0);
        }
        out.push(')');
    }
}

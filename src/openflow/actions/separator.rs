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
}

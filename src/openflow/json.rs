//! A small streaming JSON writer: flows become JSON as they arrive, without a tree in between.

use std::fmt::{Display, Write as _};

/// Writes JSON values one after the other and sees to the commas between them.
///
/// The caller pairs `begin_` with `end_` and puts a [`Json::key`] before each value of an object.
#[derive(Debug)]
pub struct Json<'b> {
    out: &'b mut String,
    comma: bool,
}

impl<'b> Json<'b> {
    /// A writer that appends to `out`.
    pub fn new(out: &'b mut String) -> Self {
        Json { out, comma: false }
    }

    fn value(&mut self) -> &mut String {
        if self.comma {
            self.out.push(',');
        }
        self.comma = true;
        self.out
    }

    /// `{`
    pub fn begin_object(&mut self) {
        self.value().push('{');
        self.comma = false;
    }

    /// `}`
    pub fn end_object(&mut self) {
        self.out.push('}');
        self.comma = true;
    }

    /// `[`
    pub fn begin_array(&mut self) {
        self.value().push('[');
        self.comma = false;
    }

    /// `]`
    pub fn end_array(&mut self) {
        self.out.push(']');
        self.comma = true;
    }

    /// `"name":`
    pub fn key(&mut self, name: &str) {
        push_string(self.value(), name);
        self.out.push(':');
        self.comma = false;
    }

    /// A string, escaped.
    pub fn string(&mut self, text: &str) {
        push_string(self.value(), text);
    }

    /// A string made of something that displays itself.
    pub fn display(&mut self, text: impl Display) {
        self.string(&text.to_string());
    }

    /// A number; `number` must display itself as JSON does.
    pub fn number(&mut self, number: impl Display) {
        let _ = write!(self.value(), "{number}");
    }

    /// A number as the string `"0x..."`, for values of 64 bits and more.
    pub fn hex(&mut self, number: u128) {
        let _ = write!(self.value(), "\"{number:#x}\"");
    }

    /// `true` or `false`
    pub fn bool(&mut self, value: bool) {
        self.number(value);
    }
}

/// Appends `text` as a JSON string with its quotes.
///
/// What could act on a terminal comes out escaped: C0, DEL, C1 and the bidirectional controls.
pub fn push_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if acts_on_a_terminal(c) => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Whether a character changes more than its own cell: C0, DEL, C1, bidirectional controls, line and
/// paragraph separators.
pub fn acts_on_a_terminal(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{061c}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_where_they_belong() {
        let mut out = String::new();
        let mut json = Json::new(&mut out);
        json.begin_array();
        json.begin_object();
        json.key("a");
        json.number(1);
        json.key("b");
        json.begin_array();
        json.end_array();
        json.end_object();
        json.hex(255);
        json.end_array();
        assert_eq!(out, r#"[{"a":1,"b":[]},"0xff"]"#);
    }

    #[test]
    fn strings_come_back_as_they_were() {
        let text = "q\"b\\\u{1b}[31m\u{202e}\u{7f}\u{9b}é\n";
        let mut out = String::new();
        push_string(&mut out, text);
        assert!(!out.chars().any(acts_on_a_terminal));
        assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
    }
}

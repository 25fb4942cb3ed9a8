//! A small streaming JSON writer: flows become JSON as they arrive, without a tree in between.

use std::fmt::{Display, Write as _};

use super::fields::digits::{put_decimal, put_hex};

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

    /// `"name":`, of a name that needs no escaping.
    #[inline]
    pub fn key(&mut self, name: &'static str) {
        self.word(name);
        self.out.push(':');
        self.comma = false;
    }

    /// `"name":`, escaped.
    pub fn key_of(&mut self, name: &str) {
        self.string(name);
        self.out.push(':');
        self.comma = false;
    }

    /// A string that needs no escaping: one of the words of this program.
    #[inline]
    pub fn word(&mut self, word: &'static str) {
        self.plain(|out| out.push_str(word));
    }

    /// One of the words of this program, or the number that has none.
    pub fn word_or(&mut self, word: Option<&'static str>, number: impl itoa::Integer) {
        match word {
            Some(word) => self.word(word),
            None => self.number(number),
        }
    }

    /// A string that `put` appends to what it is given; nothing that needs escaping.
    #[inline]
    pub fn plain(&mut self, put: impl FnOnce(&mut String)) {
        let out = self.value();
        out.push('"');
        put(out);
        out.push('"');
    }

    /// A string, escaped.
    pub fn string(&mut self, text: &str) {
        push_string(self.value(), text);
    }

    /// A string made of something that displays itself.
    pub fn display(&mut self, text: impl Display) {
        self.string(&text.to_string());
    }

    /// A whole number.
    pub fn number(&mut self, number: impl itoa::Integer) {
        put_decimal(self.value(), number);
    }

    /// A value that `put` appends to what it is given, as JSON has it; returns what `put` returns.
    pub fn value_of<T>(&mut self, put: impl FnOnce(&mut String) -> T) -> T {
        put(self.value())
    }

    /// A number as the string `"0x..."`, for values of 64 bits and more.
    pub fn hex(&mut self, number: u128) {
        self.plain(|out| match u64::try_from(number) {
            Ok(number) => put_hex(out, number, 1),
            Err(_) => {
                let _ = write!(out, "{number:#x}");
            }
        });
    }

    /// `null`
    pub fn null(&mut self) {
        self.value().push_str("null");
    }

    /// `true` or `false`
    pub fn bool(&mut self, value: bool) {
        self.value().push_str(if value { "true" } else { "false" });
    }
}

/// Appends `text` as a JSON string with its quotes.
///
/// What could act on a terminal comes out escaped: C0, DEL, C1 and the bidirectional controls.
pub fn push_string(out: &mut String, text: &str) {
    out.push('"');
    // Counted to the end rather than stopped at the first, so that it takes several bytes a step.
    let odd = |c: &u8| !(b' '..=b'~').contains(c) || matches!(c, b'"' | b'\\');
    let plain = text.as_bytes().iter().filter(|c| odd(c)).count() == 0;
    if plain {
        out.push_str(text);
        out.push('"');
        return;
    }
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

/// `text` as a JSON string with its quotes, as messages have names.
pub fn quoted(text: &str) -> String {
    let mut out = String::new();
    push_string(&mut out, text);
    out
}

/// Whether a character changes more than its own cell, or has none, so that two names look alike: C0, DEL,
/// C1, bidirectional controls, line and paragraph separators, what has no width and is not seen. The joiners
/// U+200C and U+200D are letters' and pictures' own. All are of the basic plane, so that JSON escapes each as one `\uXXXX`.
pub fn acts_on_a_terminal(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'
                | '\u{200e}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
        )
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

//! A small streaming JSON writer: no value tree is built.

use std::fmt::{Display, Write as _};

use super::digits::{put_decimal, put_hex};
use super::terminal::push_string;

/// Writes JSON values one after the other with the commas between them.
///
/// The caller pairs `begin_` with `end_` and puts a [`Json::key`] before each value of an object.
#[derive(Debug)]
pub struct Json<'b> {
    out: &'b mut String,
    comma: bool,
}

impl<'b> Json<'b> {
    /// Creates a writer that appends to `out`.
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

    /// A constant string that needs no escaping.
    #[inline]
    pub fn word(&mut self, word: &'static str) {
        self.plain(|out| out.push_str(word));
    }

    /// A constant string, or the number if there is none.
    pub fn word_or(&mut self, word: Option<&'static str>, number: impl itoa::Integer) {
        match word {
            Some(word) => self.word(word),
            None => self.number(number),
        }
    }

    /// A string appended by `put`, which must not need escaping.
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

    /// The `Display` text of a value, as an escaped string.
    pub fn display(&mut self, text: impl Display) {
        self.string(&text.to_string());
    }

    /// A whole number.
    pub fn number(&mut self, number: impl itoa::Integer) {
        put_decimal(self.value(), number);
    }

    /// A JSON value appended by `put`; returns what `put` returns.
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
}

//! Makes untrusted text safe for a terminal.

use std::fmt::Write as _;

/// Appends `text` as a JSON string with its quotes.
///
/// Characters that act on a terminal ([`acts_on_a_terminal`]) are escaped.
pub fn push_string(out: &mut String, text: &str) {
    out.push('"');
    // Counts all bytes instead of stopping at the first match, so that the loop is vectorized.
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

/// `text` as a JSON string with its quotes, as names are written in messages.
pub fn quoted(text: &str) -> String {
    let mut out = String::new();
    push_string(&mut out, text);
    out
}

/// Whether a character affects more than its own cell or is invisible: C0, DEL, C1, bidirectional controls,
/// line and paragraph separators, zero-width characters. The joiners U+200C and U+200D are not included:
/// scripts and emoji need them. All these characters are in the basic plane, so JSON escapes each as one
/// `\uXXXX`.
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

/// Escapes what acts on a terminal, except line feeds and tabs.
pub fn visible(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if !matches!(c, '\n' | '\t') && acts_on_a_terminal(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_come_back_as_they_were() {
        let text = "q\"b\\\u{1b}[31m\u{202e}\u{7f}\u{9b}é\n";
        let mut out = String::new();
        push_string(&mut out, text);
        assert!(!out.chars().any(acts_on_a_terminal));
        assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
    }
}

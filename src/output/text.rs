//! Tab-separated lines, and the escaping that tables share with them.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

use super::{Cell, Column};
use crate::openflow::json::acts_on_a_terminal;

/// `text` with everything escaped that could be taken for structure or act on a terminal.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    push_escaped(&mut out, text);
    out
}

/// Appends `text` escaped: `\t`, `\n`, `\r`, `\\`, and `\u{1b}` for what else acts on a terminal.
pub fn push_escaped(out: &mut String, text: &str) {
    for c in text.chars() {
        if c == '\\' {
            out.push_str("\\\\");
        } else {
            push_harmless(out, c);
        }
    }
}

/// The number of terminal cells that `text` takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// A cell's text as it stands in tables and lines, `-` for nothing; `comma` parts the elements of
/// lists and maps.
pub(super) fn cell(cell: &Cell, comma: &str) -> String {
    if cell.is_empty() {
        return "-".to_owned();
    }
    let mut plain = String::new();
    cell.write_plain(&mut plain, comma);
    if plain == "-" {
        return "\\-".to_owned();
    }
    if plain.chars().any(|c| c == '\\' || acts_on_a_terminal(c)) {
        return escape(&plain);
    }
    plain
}

/// Appends the line of column names.
pub(super) fn header<R>(out: &mut String, columns: &[&Column<R>]) {
    for (index, column) in columns.iter().enumerate() {
        if index > 0 {
            out.push('\t');
        }
        out.push_str(&column.name.to_ascii_uppercase());
    }
    out.push('\n');
}

/// Appends one record as a line.
pub(super) fn line<R>(out: &mut String, columns: &[&Column<R>], row: &R) {
    for (index, column) in columns.iter().enumerate() {
        if index > 0 {
            out.push('\t');
        }
        out.push_str(&cell(&column.value(row), ","));
    }
    out.push('\n');
}

/// Appends the values of one record, each on a line, as they are but for what would break the line
/// or act on a terminal.
pub(super) fn raw<R>(out: &mut String, columns: &[&Column<R>], row: &R) {
    for column in columns {
        let mut plain = String::new();
        column.value(row).write_plain(&mut plain, ",");
        for c in plain.chars() {
            push_harmless(out, c);
        }
        out.push('\n');
    }
}

fn push_harmless(out: &mut String, c: char) {
    match c {
        '\t' => out.push_str("\\t"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        c if acts_on_a_terminal(c) => {
            let _ = write!(out, "\\u{{{:x}}}", c as u32);
        }
        c => out.push(c),
    }
}

/// So many blanks; `std::fmt` would panic at more than 65,535.
pub fn push_blanks(out: &mut String, count: usize) {
    out.extend(std::iter::repeat_n(' ', count));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_reaches_the_terminal_raw() {
        assert_eq!(
            escape("a\tb\nc\\d\u{1b}[31m\u{9b}\u{202e}é"),
            "a\\tb\\nc\\\\d\\u{1b}[31m\\u{9b}\\u{202e}é"
        );
    }

    #[test]
    fn wide_and_combining_characters() {
        assert_eq!(width("漢字"), 4);
        assert_eq!(width("e\u{301}"), 1);
    }
}

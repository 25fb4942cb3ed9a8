//! Tab-separated lines, and the escaping that tables share with them.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

use super::{Cell, Heading};
use crate::base::terminal::acts_on_a_terminal;

/// `text` with separators and characters that act on a terminal escaped.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    push_escaped(&mut out, text);
    out
}

/// Appends `text` escaped: `\t`, `\n`, `\r`, `\\`, and `\u{1b}` for other characters that act on a
/// terminal.
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

/// Minimum width to which names are cut.
pub(in crate::output) const SHORTEST: usize = 12;
/// Replaces what was cut out of a name.
const CUT: char = '…';

/// A name cut to `room` cells. Its beginning and its end are kept: many names differ only at their ends.
pub fn cut(text: &str, room: usize) -> String {
    const JOINER: char = '\u{200d}';
    if width(text) <= room {
        return text.to_owned();
    }
    // The separator of list elements is kept.
    let (text, end) = match text.strip_suffix(',') {
        Some(text) => (text, ","),
        None => (text, ""),
    };
    let room = room.saturating_sub(1 + end.len());
    let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    let head = starts
        .iter()
        .filter_map(|at| text.get(..*at))
        .take_while(|head| width(head) <= room.div_ceil(2))
        .last()
        .unwrap_or_default();
    let rest = room.saturating_sub(width(head));
    // A combining or joined character cannot begin the tail.
    let tail = starts
        .iter()
        .filter_map(|at| text.split_at_checked(*at))
        .filter(|(before, tail)| {
            let alone = tail
                .chars()
                .next()
                .is_some_and(|c| width(c.encode_utf8(&mut [0; 4])) > 0);
            alone && !before.ends_with(JOINER)
        })
        .map(|(_, tail)| tail)
        .find(|tail| width(tail) <= rest)
        .unwrap_or_default();
    format!("{}{CUT}{tail}{end}", head.trim_end_matches(JOINER))
}

/// A cell's text in tables and lines, `-` if empty; `comma` separates the elements of lists and maps.
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
pub(super) fn header(out: &mut String, headings: &[&Heading]) {
    for (index, heading) in headings.iter().enumerate() {
        if index > 0 {
            out.push('\t');
        }
        out.push_str(&heading.name.to_ascii_uppercase());
    }
    out.push('\n');
}

/// Appends one record as a line.
pub(super) fn line(out: &mut String, row: &[Cell]) {
    for (index, value) in row.iter().enumerate() {
        if index > 0 {
            out.push('\t');
        }
        out.push_str(&cell(value, ","));
    }
    out.push('\n');
}

/// Appends the values of one record, one a line; only characters that would break the line or act on a
/// terminal are escaped.
pub(super) fn raw(out: &mut String, row: &[Cell]) {
    for cell in row {
        let mut plain = String::new();
        cell.write_plain(&mut plain, ",");
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

/// Appends `count` blanks; `std::fmt` panics above 65,535.
pub fn push_blanks(out: &mut String, count: usize) {
    out.extend(std::iter::repeat_n(' ', count));
}

/// Breaks a word with blanks into pieces of at most `room` cells, between key and value if possible.
pub(super) fn broken(word: &str, room: usize) -> String {
    let mut pieces = Vec::new();
    let mut rest = word;
    while width(rest) > room {
        let mut cells = 0;
        let (mut end, mut good) = (0, None);
        for (at, c) in rest.char_indices() {
            cells += width(c.encode_utf8(&mut [0; 4]));
            if cells > room && at > 0 {
                break;
            }
            end = at + c.len_utf8();
            if matches!(c, '=' | '{' | '[' | ',') {
                good = Some(end);
            }
        }
        let (piece, after) = rest.split_at(good.unwrap_or(end));
        if after.is_empty() {
            break;
        }
        pieces.push(piece);
        rest = after;
    }
    pieces.push(rest);
    pieces.join(" ")
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

    #[test]
    fn names_that_are_cut_keep_their_ends() {
        for (name, room, expected) in [
            ("qvobeeb2c54-aa", 14, "qvobeeb2c54-aa"),
            ("int-br-physical-1", 12, "int-br…cal-1"),
            ("int-br-physical-2,", 12, "int-b…cal-2,"),
            ("漢字ポート名", 9, "漢字…ト名"),
            ("漢字ポート名", 8, "漢字…名"),
            // A joined emoji is one character: it is kept or dropped whole.
            ("👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧", 5, "👩‍👩‍👧…👩‍👩‍👧"),
            ("e\u{301}e\u{301}e\u{301}e\u{301}", 3, "e\u{301}…e\u{301}"),
        ] {
            let text = cut(name, room);
            assert_eq!(text, expected);
            assert!(width(&text) <= room, "{text}");
        }
    }

    #[test]
    fn long_words_lose_nothing() {
        for (word, room, expected) in [
            ("a=b", 5, "a=b"),
            (
                "hwaddr=0a:00:00:00:00:01,",
                20,
                "hwaddr= 0a:00:00:00:00:01,",
            ),
            (
                "options={df_default=true,",
                17,
                "options={ df_default=true,",
            ),
            ("abcdefgh", 3, "abc def gh"),
            ("漢字漢字", 5, "漢字 漢字"),
            ("漢", 1, "漢"),
            ("", 1, ""),
        ] {
            let broken = broken(word, room);
            assert_eq!(broken, expected);
            assert_eq!(broken.replace(' ', ""), word);
        }
    }
}

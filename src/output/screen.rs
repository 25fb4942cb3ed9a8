//! A watched picture on a terminal, redrawn in place: the current items and their changes.
//!
//! The picture overwrites the one before from the upper left corner, without clearing first, so that it
//! does not flicker. It ends with the cursor below it and changes no other state of the terminal: if the
//! program ends, the last picture stays.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::time::SystemTime;

use unicode_width::UnicodeWidthChar as _;

use super::frame::{Difference, ends_word, is_of, rate};
use super::{
    Changes, ColourRole, Format, Frame, Heading, ItemChange, PaintedText, Sheet, clock, escape,
    push_blanks, table,
};

/// The indentation of continuation lines, in blanks.
const INDENT: usize = 4;

/// The lines above the picture.
#[derive(Debug)]
pub struct Head<'a> {
    /// The watched command.
    pub what: &'a str,
    /// The interval: `every 2 s`.
    pub pace: &'a str,
    /// When the picture was taken.
    pub time: SystemTime,
    /// What is wrong and since when; the picture is then the previous one.
    pub error: Option<&'a str>,
    /// Further lines.
    pub remarks: &'a [String],
}

/// The state of the screen between pictures.
#[derive(Debug)]
pub struct Screen {
    is_terminal: bool,
    any: bool,
}

impl Screen {
    /// A terminal, or another output, which gets the pictures one below the other.
    pub fn new(is_terminal: bool) -> Screen {
        Screen {
            is_terminal,
            any: false,
        }
    }

    /// The output that shows a picture in `height` lines, as wide as `format` says.
    pub fn draw(
        &mut self,
        head: &Head<'_>,
        frame: &Frame,
        changes: &Changes<'_>,
        format: &Format,
        height: usize,
    ) -> String {
        let mut lines = head_lines(head, changes, format);
        let body = body(frame, changes, format);
        // The last line is left to the cursor.
        let room = height.saturating_sub(1).saturating_sub(lines.len()).max(1);
        if self.is_terminal && body.len() > room {
            let shown = room - 1;
            let rest = body.get(shown..).unwrap_or_default();
            let changed = rest.iter().filter(|line| line.is_changed).count();
            let mut more = format!("  ... {} more lines", rest.len());
            if changed > 0 {
                let _ = write!(more, ", {changed} of them changed");
            }
            let more = format.palette.paint(ColourRole::Faint, &more).to_string();
            lines.extend(body.into_iter().take(shown));
            lines.extend(fold(&more, format.width, 0).into_iter().take(1));
        } else {
            lines.extend(body);
        }
        self.put(&lines, format, height)
    }

    fn put(&mut self, lines: &[ScreenLine], format: &Format, height: usize) -> String {
        let mut out = String::new();
        if !self.is_terminal {
            if std::mem::replace(&mut self.any, true) {
                out.push('\n');
            }
            for line in lines {
                let _ = writeln!(out, "{}", line.text);
            }
            return out;
        }
        // Synchronized output, for terminals that support it.
        out.push_str("\u{1b}[?2026h");
        if !std::mem::replace(&mut self.any, true) {
            // The previous contents scroll up, into the scrollback buffer.
            let _ = write!(out, "\u{1b}[{height};1H");
            out.extend(std::iter::repeat_n('\n', height));
        }
        out.push_str("\u{1b}[H");
        for line in lines {
            out.push_str(&line.text);
            // A full line needs no clearing, and clearing would erase its last cell.
            if format.width.is_none_or(|room| line.width < room) {
                out.push_str("\u{1b}[K");
            }
            out.push_str("\r\n");
        }
        if format.palette.is_on() {
            out.push_str("\u{1b}[0m");
        }
        out.push_str("\u{1b}[J\u{1b}[?2026l");
        out
    }
}

/// One line of the screen.
#[derive(Debug, Default)]
struct ScreenLine {
    text: String,
    /// In cells.
    width: usize,
    /// Whether a changed item begins on this line.
    is_changed: bool,
}

fn head_lines(head: &Head<'_>, changes: &Changes<'_>, format: &Format) -> Vec<ScreenLine> {
    let paint = |role, text: &str| format.palette.paint(role, text).to_string();
    let clock = clock(head.time);
    let summary = changes.summary();
    let state = match head.error {
        Some(error) => paint(ColourRole::Error, &escape(error)),
        None => format!("{}  {summary}", paint(ColourRole::Faint, head.pace)),
    };
    let what = paint(ColourRole::Heading, &escape(head.what));
    let text = format!("{clock}  {what}  {}", state.trim_end());
    let mut lines = fold(&text, format.width, INDENT);
    for remark in head.remarks {
        let remark = paint(ColourRole::Faint, &escape(remark));
        lines.extend(fold(&remark, format.width, INDENT));
    }
    lines
}

fn body(frame: &Frame, changes: &Changes<'_>, format: &Format) -> Vec<ScreenLine> {
    if changes.all.is_empty() {
        let nothing = format!("  no {}", frame.what);
        let nothing = format
            .palette
            .paint(ColourRole::Faint, &nothing)
            .to_string();
        return fold(&nothing, format.width, 0);
    }
    if !frame.columns.is_empty() {
        return table_lines(frame, changes, format);
    }
    let texts = changes.all.iter();
    let lines = texts.flat_map(|difference| text_lines(frame, difference, format));
    lines.collect()
}

/// A list: the sign of the change first, then the columns, rates beside their counters.
fn table_lines(frame: &Frame, changes: &Changes<'_>, format: &Format) -> Vec<ScreenLine> {
    let sign = Heading::new(" ");
    let sheet = Sheet {
        headings: std::iter::once(&sign).chain(&frame.columns).collect(),
        format,
    };
    let rows = changes.all.iter().map(|difference| {
        let mut row = vec![difference.change.map_or(' ', ItemChange::sign).to_string()];
        for (column, cell) in frame.columns.iter().zip(&difference.item.cells) {
            let mut text = cell.clone();
            let mut rates = difference.rates.iter();
            if let Some((_, value)) = rates.find(|(name, _)| *name == column.name) {
                let _ = write!(text, " +{}/s", rate(*value));
            }
            row.push(text);
        }
        row
    });
    let changed = |row: usize, column: usize| {
        let difference = changes.all.get(row)?;
        // The first column is the sign.
        let is_same = match (column.checked_sub(1), difference.was) {
            (Some(place), Some(was)) => was.cells.get(place) == difference.item.cells.get(place),
            _ => false,
        };
        difference.change.filter(|_| !is_same)
    };
    let lines = table::lines(&sheet, rows.collect(), changed).into_iter();
    let lines = lines.flat_map(|line| {
        let difference = line.row.and_then(|row| changes.all.get(row));
        let mut folded = fold(&line.text, format.width, 0);
        mark_first(&mut folded, difference.is_some_and(|d| d.change.is_some()));
        folded
    });
    lines.collect()
}

fn mark_first(lines: &mut [ScreenLine], is_changed: bool) {
    if let Some(line) = lines.first_mut() {
        line.is_changed = is_changed;
    }
}

/// A text with its sign.
fn text_lines(frame: &Frame, difference: &Difference<'_>, format: &Format) -> Vec<ScreenLine> {
    let palette = format.palette;
    let text = &difference.item.text;
    let text = match difference.change {
        None => text.coloured(),
        Some(ItemChange::New | ItemChange::Gone) => text.text.clone(),
        Some(ItemChange::Changed) => emphasised(frame, difference, palette.is_on()),
    };
    let mut sign = difference.change;
    let mut lines = Vec::new();
    for line in text.lines() {
        let mut out = PaintedText::new(palette);
        // The sign does not go on the empty lines before the text.
        let begins = sign.take_if(|_| !line.is_empty());
        if let Some(change) = begins {
            out.mark(
                change,
                ColourRole::Plain,
                change.sign().encode_utf8(&mut [0; 4]),
            );
            out.text.push(' ');
        } else if !line.is_empty() {
            push_blanks(&mut out.text, 2);
        }
        match difference.change {
            Some(change @ (ItemChange::New | ItemChange::Gone)) => {
                out.mark(change, ColourRole::Plain, line);
            }
            _ => out.text.push_str(line),
        }
        let mut folded = fold(&out.text, format.width, 2 + INDENT);
        mark_first(&mut folded, begins.is_some());
        lines.extend(folded);
    }
    lines
}

/// The text of a changed item: new words in reverse video, rates behind their counters.
fn emphasised(frame: &Frame, difference: &Difference<'_>, with_colour: bool) -> String {
    let old = difference.was.map_or("", |was| was.text.text.as_str());
    let old: HashSet<&str> = old.split(ends_word).collect();
    let mut out = String::new();
    let text = &difference.item.text;
    let mut pieces = text.pieces();
    let mut end = 0;
    for piece in text.text.split_inclusive(ends_word) {
        let word = piece.trim_end_matches(ends_word);
        let is_new = !word.is_empty()
            && !old.contains(word)
            && !frame.clocks.iter().any(|name| is_of(word, name));
        pieces.copy(&mut out, end);
        if is_new && with_colour {
            out.push_str("\u{1b}[7m");
        }
        pieces.copy(&mut out, end + word.len());
        if is_new && with_colour {
            out.push_str("\u{1b}[27m");
        }
        let mut rates = difference.rates.iter();
        if let Some((_, value)) = rates.find(|(name, _)| is_of(word, name)) {
            let _ = write!(out, " +{}/s", rate(*value));
        }
        end += piece.len();
    }
    pieces.copy(&mut out, end);
    out
}

/// Folds a line to the width, after blanks and commas if possible. Continuation lines are indented and keep
/// the colours.
fn fold(line: &str, room: Option<usize>, indent: usize) -> Vec<ScreenLine> {
    let room = room.unwrap_or(usize::MAX);
    let indent = if indent + 8 > room { 0 } else { indent };
    let mut lines = Vec::new();
    let mut now = ScreenLine::default();
    // After the last blank or comma: its byte offset and its cell.
    let mut break_at: Option<(usize, usize)> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        if c == '\u{1b}' {
            now.text.push(c);
            for c in chars.by_ref() {
                now.text.push(c);
                if c == 'm' {
                    break;
                }
            }
            continue;
        }
        let cells = c.width().unwrap_or(0);
        if now.width + cells > room && now.width > indent {
            let (at, width) = break_at
                .filter(|(_, width)| *width > indent)
                .unwrap_or((now.text.len(), now.width));
            let mut next = ScreenLine {
                text: " ".repeat(indent),
                width: indent + (now.width - width),
                is_changed: false,
            };
            next.text.push_str(&now.text.split_off(at));
            now.width = width;
            lines.push(std::mem::replace(&mut now, next));
            break_at = None;
        }
        now.text.push(c);
        now.width += cells;
        if matches!(c, ' ' | ',') {
            break_at = Some((now.text.len(), now.width));
        }
    }
    lines.push(now);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_fold_at_the_width_and_keep_their_colours() {
        let lines = fold("ab\u{1b}[31mcdefghijklmnop\u{1b}[0m漢", Some(12), 2);
        let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, ["ab\u{1b}[31mcdefghijkl", "  mnop\u{1b}[0m漢"]);
        assert_eq!(lines[1].width, 8);
        let lines = fold("priority=1,ip actions=NORMAL,output:2", Some(20), 2);
        let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, ["priority=1,ip ", "  actions=NORMAL,", "  output:2"]);
        assert!(fold("", Some(3), 2).len() == 1);
    }
}

//! Tables for people: aligned, coloured, fitted to the width.
//!
//! This file decides which columns a narrow terminal keeps and how wide they are; comfy-table lays
//! the cells out, and what it has laid out is painted.

use std::fmt::Write as _;

use comfy_table::{ColumnConstraint, ContentLineStyle, Table, TableStyle, Width, presets};

use super::cell::write_pair;
use super::sheet::{Rows, Sheet};
use super::text::{self, SHORTEST, broken, cut, escape, push_blanks, width};
use super::{Cell, Change, Heading, Palette, Role};

/// Blanks between columns.
const GAP: usize = 2;
/// A column that breaks at blanks is not made narrower than this to keep others.
const NARROWEST: usize = 24;
/// Parts the columns until the line is painted: no cell contains one, all are escaped.
const BETWEEN: char = '\t';

/// Appends records as a table. Nothing for no records.
pub(super) fn list(out: &mut String, sheet: &Sheet<'_>, rows: Rows<'_>) {
    texts(out, sheet, texts_of(rows));
}

/// Appends records whose cells are texts already, one for each of the sheet's columns. What is marked in
/// them ([`mark`]) is painted so.
pub(super) fn texts(out: &mut String, sheet: &Sheet<'_>, rows: Vec<Vec<String>>) {
    if rows.is_empty() {
        return;
    }
    let header = sheet.format.header.unwrap_or(true);
    let layout = Layout::fit(sheet, &rows, header);
    let columns: Vec<&Heading> = layout
        .shown
        .iter()
        .filter_map(|shown| sheet.headings.get(shown.index).copied())
        .collect();

    let mut table = table(rows.into_iter().map(|mut row| {
        let cells = layout.shown.iter();
        cells
            .filter_map(|shown| Some(shown.text(row.get_mut(shown.index)?)))
            .collect()
    }));
    if header {
        table.set_header(
            columns
                .iter()
                .map(|column| column.name.to_ascii_uppercase()),
        );
    }
    for (place, shown) in layout.shown.iter().enumerate() {
        if shown.breaks {
            break_at(&mut table, place, shown.width);
        }
    }
    let palette = sheet.format.palette;
    for (number, line) in table.lines().enumerate() {
        paint(out, palette, &line, |place| match columns.get(place) {
            _ if header && number == 0 => Role::Heading,
            Some(column) => column.role,
            None => Role::Plain,
        });
    }
    if let Some(text) = layout.missing(&columns) {
        let mut footer = self::table([vec![text]]);
        if let Some(room) = sheet.format.width {
            break_at(&mut footer, 0, room);
        }
        for line in footer.lines() {
            paint(out, palette, &line, |_| Role::Faint);
        }
    }
}

/// Words in lines of so many cells.
pub(super) fn paragraph(text: &str, room: usize) -> String {
    let mut table = table([vec![text.to_owned()]]);
    break_at(&mut table, 0, room);
    let mut out = String::new();
    for line in table.lines() {
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// The cells of records, as text.
fn texts_of(rows: Rows<'_>) -> Vec<Vec<String>> {
    let texts = |row: Vec<Cell>| row.iter().map(|cell| text::cell(cell, ", ")).collect();
    rows.map(texts).collect()
}

/// Appends one record, a line per column; what is absent is left out unless it was asked for. A map
/// takes a line per key, and what is too long breaks at blanks: a word that is longer than the line
/// where the line ends.
pub(super) fn record(out: &mut String, sheet: &Sheet<'_>, row: Vec<Cell>) {
    let asked = sheet.format.columns.is_some();
    let cells: Vec<(&Heading, String)> = sheet
        .headings
        .iter()
        .zip(row)
        .filter(|(_, cell)| asked || !cell.is_empty())
        .map(|(heading, cell)| (*heading, value(&cell)))
        .collect();
    let widest = cells.iter().map(|(column, _)| column.name.len()).max();
    let keys = widest.unwrap_or(0);
    let palette = sheet.format.palette;
    for (column, text) in cells {
        // A table of one row each: what breaks is this value only.
        let mut table = table([vec![column.name.to_owned(), text]]);
        bound(
            &mut table,
            0,
            ColumnConstraint::LowerBoundary(cells_wide(keys)),
        );
        if let Some(room) = sheet.format.width {
            let room = room.saturating_sub(keys + GAP).max(NARROWEST);
            break_at(&mut table, 1, room);
        }
        for line in table.lines() {
            paint(out, palette, &line, |place| match place {
                0 => Role::Faint,
                _ => column.role,
            });
        }
    }
}

/// A value's text in a record: a map takes a line per key.
fn value(cell: &Cell) -> String {
    let Cell::Map(map) = cell else {
        return text::cell(cell, ", ");
    };
    let pairs = map.iter().map(|(key, value)| {
        let mut pair = String::new();
        write_pair(&mut pair, key, value, ", ");
        escape(&pair)
    });
    match pairs.collect::<Vec<_>>().join("\n") {
        empty if empty.is_empty() => "-".to_owned(),
        lines => lines,
    }
}

/// A table without borders and rules, `BETWEEN` its columns.
fn table(rows: impl IntoIterator<Item = Vec<String>>) -> Table {
    const LINE: ContentLineStyle = ContentLineStyle::none().junction(BETWEEN);
    const STYLE: TableStyle = presets::NOTHING.header_lines(LINE).content_lines(LINE);
    let mut table = Table::new();
    table.load_style(STYLE);
    for row in rows {
        table.add_row(row.into_iter().map(comfy_table::Cell::new_owned));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 0));
    }
    table
}

/// Lets a column break at blanks where it is wider than `room` cells.
fn break_at(table: &mut Table, place: usize, room: usize) {
    bound(
        table,
        place,
        ColumnConstraint::UpperBoundary(cells_wide(room)),
    );
}

fn bound(table: &mut Table, place: usize, constraint: ColumnConstraint) {
    if let Some(column) = table.column_mut(place) {
        column.set_constraint(constraint);
    }
}

fn cells_wide(cells: usize) -> Width {
    Width::Fixed(u16::try_from(cells).unwrap_or(u16::MAX))
}

/// Appends a line that was laid out, in colour; no line ends in blanks.
fn paint(out: &mut String, palette: Palette, line: &str, role: impl Fn(usize) -> Role) {
    // Blanks are owed until something follows them.
    let mut owed = 0;
    for (place, cell) in line.split(BETWEEN).enumerate() {
        let text = cell.trim_end_matches(' ');
        if !text.is_empty() {
            push_blanks(out, owed);
            if let Some((change, text)) = marked(text) {
                let _ = write!(out, "{}", palette.mark(change, role(place), &text));
            } else {
                let role = if text == "-" {
                    Role::Faint
                } else {
                    role(place)
                };
                let _ = write!(out, "{}", palette.paint(role, text));
            }
            owed = 0;
        }
        owed += cell.len() - text.len() + GAP;
    }
    out.push('\n');
}

/// Marks a cell's text: whatever line a word of it comes to stand on, it is painted as what happened to it.
///
/// The marks are characters without width that no text has a use for (the last variation selectors), one
/// before each word.
pub(super) fn mark(change: Change, text: &str) -> String {
    let mark = mark_of(change);
    let words = text.split(' ').map(|word| format!("{mark}{word}"));
    words.collect::<Vec<_>>().join(" ")
}

fn mark_of(change: Change) -> char {
    match change {
        Change::New => '\u{e01ed}',
        Change::Changed => '\u{e01ee}',
        Change::Gone => '\u{e01ef}',
    }
}

/// What a text is marked as, and the text without the marks.
fn marked(text: &str) -> Option<(Change, String)> {
    let mut chars = text.chars();
    let first = chars.next()?;
    let change = [Change::New, Change::Changed, Change::Gone]
        .into_iter()
        .find(|change| mark_of(*change) == first)?;
    Some((change, text.replace(first, "")))
}

/// Which columns are shown, and how wide.
struct Layout {
    shown: Vec<Shown>,
    hidden: Vec<&'static str>,
}

/// A column of a table.
struct Shown {
    /// Which of the sheet's.
    index: usize,
    /// In cells.
    width: usize,
    /// Whether its values break at blanks to fit the width.
    breaks: bool,
    /// Whether something in it is longer than the width: it is cut, or where values break, broken.
    cut: bool,
}

impl Shown {
    /// The text of a cell as it is shown.
    fn text(&self, cell: &mut String) -> String {
        let text = std::mem::take(cell);
        if !self.cut {
            return text;
        }
        if self.breaks {
            let words = text.split(' ').map(|word| broken(word, self.width));
            return words.collect::<Vec<_>>().join(" ");
        }
        cut(&text, self.width)
    }
}

impl Layout {
    fn fit(sheet: &Sheet<'_>, rows: &[Vec<String>], header: bool) -> Layout {
        let mut shown: Vec<Shown> = sheet
            .headings
            .iter()
            .enumerate()
            .map(|(index, column)| {
                let cells = self::column(rows, index).map(width);
                let name = if header { column.name.len() } else { 0 };
                Shown {
                    index,
                    width: cells.max().unwrap_or(0).max(name),
                    breaks: false,
                    cut: false,
                }
            })
            .collect();
        let mut hidden: Vec<(Shown, &'static str)> = Vec::new();
        let chosen = sheet.format.columns.is_some();
        if !chosen {
            shown.retain(|shown| !is_echo(sheet, rows, shown.index));
        }
        let Some(room) = sheet.format.width else {
            return Layout {
                shown,
                hidden: Vec::new(),
            };
        };
        if !chosen && total(&shown) > room {
            // Nothing is lost with a column that has nothing in it.
            shown.retain(|shown| column(rows, shown.index).any(|cell| cell != "-"));
        }
        loop {
            let over = match total(&shown).checked_sub(room) {
                None | Some(0) => break,
                Some(over) => over,
            };
            let least: Vec<usize> = shown
                .iter()
                .map(|shown| least(sheet, rows, shown))
                .collect();
            let slack = |(shown, least): (&Shown, &usize)| shown.width.saturating_sub(*least);
            let all: usize = shown.iter().zip(&least).map(slack).sum();
            if all >= over {
                squeeze(&mut shown, &least, over);
                break;
            }
            let droppable = shown
                .iter()
                .enumerate()
                .filter_map(|(place, shown)| {
                    let column = sheet.headings.get(shown.index)?;
                    (column.drop > 0 && !chosen).then_some((place, column.drop, column.name))
                })
                .max_by_key(|(_, drop, _)| *drop);
            let Some((place, _, name)) = droppable else {
                squeeze(&mut shown, &least, all);
                shorten(sheet, rows, &mut shown, header, over - all);
                break;
            };
            hidden.push((shown.remove(place), name));
        }
        // A wide column that went last may have made room for narrow ones that went before it.
        for (column, name) in std::mem::take(&mut hidden).into_iter().rev() {
            if total(&shown) + GAP + column.width <= room {
                let place = shown.partition_point(|shown| shown.index < column.index);
                shown.insert(place, column);
            } else {
                hidden.push((column, name));
            }
        }
        let hidden = hidden.into_iter().rev().map(|(_, name)| name).collect();
        Layout { shown, hidden }
    }

    /// What the table does not show, in words.
    fn missing(&self, columns: &[&Heading]) -> Option<String> {
        let shown = self.shown.iter().zip(columns);
        let cut: Vec<&str> = shown
            .filter(|(shown, _)| shown.cut && !shown.breaks)
            .map(|(_, column)| column.name)
            .collect();
        let parts: Vec<String> = [("hidden", &self.hidden), ("cut", &cut)]
            .into_iter()
            .filter(|(_, names)| !names.is_empty())
            .map(|(what, names)| format!("{what}: {}", names.join(", ")))
            .collect();
        if parts.is_empty() {
            return None;
        }
        Some(format!(
            "{} (too narrow; see them with --columns, or in a pipe)",
            parts.join("; ")
        ))
    }
}

/// The least width that a column can have: that of its longest word, if its values may break.
fn least(sheet: &Sheet<'_>, rows: &[Vec<String>], shown: &Shown) -> usize {
    if !sheet
        .headings
        .get(shown.index)
        .is_some_and(|column| column.wrap)
    {
        return shown.width;
    }
    let words = column(rows, shown.index).map(longest_word).max();
    words.unwrap_or(0).max(NARROWEST).min(shown.width)
}

/// Takes so many cells from the columns that have some to give, always from the widest.
fn squeeze(shown: &mut [Shown], least: &[usize], cells: usize) {
    for _ in 0..cells {
        let giving = shown
            .iter_mut()
            .zip(least)
            .filter(|(shown, least)| shown.width > **least);
        let Some((widest, _)) = giving.max_by_key(|(shown, _)| shown.width) else {
            return;
        };
        widest.width -= 1;
        widest.breaks = true;
    }
}

/// Takes so many cells from the names that have some to give, always from the longest; they are cut.
fn shorten(
    sheet: &Sheet<'_>,
    rows: &[Vec<String>],
    shown: &mut [Shown],
    header: bool,
    mut cells: usize,
) {
    let before: Vec<(usize, bool)> = shown.iter().map(|s| (s.width, s.breaks)).collect();
    // Of an address and a number every part says something: names go first.
    for last in [false, true] {
        let can_be_cut = |role| match role {
            Role::Number | Role::State | Role::Kind => false,
            Role::Address => last,
            _ => true,
        };
        let least: Vec<usize> = shown
            .iter()
            .map(|shown| match sheet.headings.get(shown.index) {
                Some(column) if can_be_cut(column.role) => {
                    let name = if header { column.name.len() } else { 0 };
                    name.max(SHORTEST).min(shown.width)
                }
                _ => shown.width,
            })
            .collect();
        let was = total(shown);
        squeeze(shown, &least, cells);
        cells -= was - total(shown);
    }
    for (shown, (before, broke)) in shown.iter_mut().zip(before) {
        if shown.width < before {
            let wraps = sheet.headings.get(shown.index).is_some_and(|c| c.wrap);
            let longest = if wraps { longest_word } else { width };
            shown.breaks = broke || wraps;
            shown.cut = column(rows, shown.index).any(|text| longest(text) > shown.width);
        }
    }
}

fn total(shown: &[Shown]) -> usize {
    let cells: usize = shown.iter().map(|shown| shown.width).sum();
    cells + GAP * shown.len().saturating_sub(1)
}

/// Whether a column says what another says, in every row.
fn is_echo(sheet: &Sheet<'_>, rows: &[Vec<String>], index: usize) -> bool {
    let echoed = sheet.headings.get(index).and_then(|column| column.echoes);
    let original = sheet
        .headings
        .iter()
        .position(|column| Some(column.name) == echoed);
    original.is_some_and(|original| column(rows, index).eq(column(rows, original)))
}

/// The cells of a column.
fn column(rows: &[Vec<String>], index: usize) -> impl Iterator<Item = &str> {
    rows.iter()
        .filter_map(move |row| row.get(index))
        .map(String::as_str)
}

/// The cells that the longest word takes.
fn longest_word(text: &str) -> usize {
    text.split([' ', '\n']).map(width).max().unwrap_or(0)
}

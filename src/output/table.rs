//! Tables for people: aligned, coloured, fitted to the width.
//!
//! This file chooses the columns that fit and their widths; comfy-table breaks long text.

use std::borrow::Cow;

use comfy_table::{ColumnConstraint, Table, Width, presets};

use super::cell::write_pair;
use super::sheet::{Rows, Sheet};
use super::text::{self, SHORTEST, broken, cut, escape, push_blanks, width};
use super::{Cell, ColourRole, Heading, ItemChange, PaintedText};

/// Blanks between columns.
const GAP: usize = 2;
/// Minimum width to which a wrapping column is shrunk to keep others.
const NARROWEST: usize = 24;

/// A line of a table.
pub(super) struct TableLine {
    /// The row that begins on this line; `None`: a header, a footer, or a continuation line.
    pub(super) row: Option<usize>,
    pub(super) text: String,
}

/// Appends records as a table; nothing without records.
pub(super) fn list(out: &mut PaintedText, sheet: &Sheet<'_>, rows: Rows<'_>) {
    for line in lines(sheet, texts_of(rows), |_, _| None) {
        out.text.push_str(&line.text);
        out.text.push('\n');
    }
}

/// The lines of a table; each record has one text per column of the sheet. `changed` returns the change of
/// a cell by row and column.
pub(super) fn lines(
    sheet: &Sheet<'_>,
    mut rows: Vec<Vec<String>>,
    changed: impl Fn(usize, usize) -> Option<ItemChange>,
) -> Vec<TableLine> {
    let mut lines = Vec::new();
    if rows.is_empty() {
        return lines;
    }
    let header = sheet.format.header.unwrap_or(true);
    let layout = Layout::fit(sheet, &rows, header);
    for row in &mut rows {
        for shown in &layout.shown {
            if let Some(cell) = row.get_mut(shown.index) {
                shown.shorten(cell);
            }
        }
    }
    let columns: Vec<(&Heading, &Shown, usize)> = layout
        .shown
        .iter()
        .filter_map(|shown| {
            let heading = sheet.headings.get(shown.index)?;
            let name = if header { heading.name.len() } else { 0 };
            let widest = column(&rows, shown.index).map(width).max();
            let room = widest.unwrap_or(0).max(name);
            let room = if shown.breaks {
                room.min(shown.width)
            } else {
                room
            };
            Some((*heading, shown, room))
        })
        .collect();
    let mut push = |row, cells: &mut dyn Iterator<Item = LineCell<'_>>| {
        let mut line = PaintedText::new(sheet.format.palette);
        put_line(&mut line, cells);
        let text = line.text;
        lines.push(TableLine { row, text });
    };
    if header {
        let names = columns
            .iter()
            .map(|(heading, ..)| heading.name.to_ascii_uppercase());
        let names: Vec<String> = names.collect();
        let cells = names.iter().zip(&columns);
        push(
            None,
            &mut cells.map(|(name, (.., room))| (&**name, *room, ColourRole::Heading, None)),
        );
    }
    for (number, row) in rows.iter().enumerate() {
        let cells = columns.iter().map(|(_, shown, room)| {
            let cell = row.get(shown.index).map_or("", String::as_str);
            broken_lines(cell, *room)
        });
        let cells: Vec<Vec<Cow<'_, str>>> = cells.collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or(0);
        for line in 0..height {
            let cells = cells.iter().zip(&columns);
            let cells = cells.map(|(cell, (heading, shown, room))| {
                let text = cell.get(line).map_or("", |text| &**text);
                let changed = changed(number, shown.index);
                (text, *room, heading.role, changed)
            });
            push((line == 0).then_some(number), &mut { cells });
        }
    }
    if let Some(text) = layout.missing(&columns) {
        let room = sheet.format.width.unwrap_or(usize::MAX);
        for line in broken_lines(&text, room) {
            push(
                None,
                &mut std::iter::once((&*line, 0, ColourRole::Faint, None)),
            );
        }
    }
    lines
}

/// Wraps text in lines of at most `room` cells.
pub(super) fn paragraph(text: &str, room: usize) -> String {
    let mut out = String::new();
    for line in broken_lines(text, room) {
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

/// Appends one record, a line per column; absent values, and those that echo another column's, are omitted unless
/// their column was requested. A map takes a line per key, a list of records a line per record. Long text breaks at
/// blanks, longer words at the end of the line.
pub(super) fn record(out: &mut PaintedText, sheet: &Sheet<'_>, row: Vec<Cell>) {
    let asked = sheet.format.columns.is_some();
    let cells: Vec<(&Heading, String)> = sheet
        .headings
        .iter()
        .zip(row)
        .filter(|(_, cell)| asked || !cell.is_empty())
        .map(|(heading, cell)| (*heading, value(&cell)))
        .collect();
    let is_echo = |(heading, text): &(&Heading, String)| {
        let echoed = |(other, value): &(&Heading, String)| {
            Some(other.name) == heading.echoes && value == text
        };
        !asked && cells.iter().any(echoed)
    };
    let cells: Vec<&(&Heading, String)> = cells.iter().filter(|cell| !is_echo(cell)).collect();
    let widest = cells.iter().map(|(column, _)| column.name.len()).max();
    let keys = widest.unwrap_or(0);
    let room = sheet.format.width.unwrap_or(usize::MAX);
    let room = room.saturating_sub(keys + GAP).max(NARROWEST);
    for (column, text) in cells {
        let mut key = column.name;
        for line in broken_lines(text, room) {
            let cells = [
                (key, keys, ColourRole::Faint, None),
                (&*line, 0, column.role, None),
            ];
            put_line(out, &mut cells.into_iter());
            out.text.push('\n');
            key = "";
        }
    }
}

/// A value's text in a record: a map takes a line per key, a list of maps a line per map.
fn value(cell: &Cell) -> String {
    let pair = |(key, value): &(String, Cell)| {
        let mut pair = String::new();
        write_pair(&mut pair, key, value, ", ");
        escape(&pair)
    };
    let lines: Vec<String> = match cell {
        Cell::Map(map) => map.iter().map(pair).collect(),
        Cell::List(list) if list.iter().any(|cell| matches!(cell, Cell::Map(_))) => {
            let maps = list.iter().map(|cell| match cell {
                Cell::Map(map) => {
                    let pairs = map.iter().filter(|(_, cell)| !cell.is_empty());
                    pairs.map(pair).collect::<Vec<_>>().join(", ")
                }
                other => text::cell(other, ", "),
            });
            maps.collect()
        }
        other => return text::cell(other, ", "),
    };
    match lines.join("\n") {
        empty if empty.is_empty() => "-".to_owned(),
        lines => lines,
    }
}

/// The lines of a text; those wider than `room` cells are broken at blanks.
fn broken_lines(text: &str, room: usize) -> Vec<Cow<'_, str>> {
    if text.split('\n').all(|line| width(line) <= room) {
        return text.split('\n').map(Cow::from).collect();
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.add_row([comfy_table::Cell::new(text)]);
    if let Some(column) = table.column_mut(0) {
        let room = Width::Fixed(u16::try_from(room).unwrap_or(u16::MAX));
        column.set_padding((0, 0));
        column.set_constraint(ColumnConstraint::UpperBoundary(room));
    }
    table.lines().map(Cow::from).collect()
}

/// A cell on a line: text, width of its column, role, change.
type LineCell<'t> = (&'t str, usize, ColourRole, Option<ItemChange>);

/// Appends cells side by side, without trailing blanks.
fn put_line(out: &mut PaintedText, cells: &mut dyn Iterator<Item = LineCell<'_>>) {
    // Blanks are written only before further text.
    let mut owed = 0;
    for (cell, room, role, changed) in cells {
        let text = cell.trim_end_matches(' ');
        if !text.is_empty() {
            push_blanks(&mut out.text, owed);
            match changed {
                Some(change) => out.mark(change, role, text),
                None if text == "-" => out.paint(ColourRole::Faint, text),
                None => out.paint(role, text),
            }
            owed = 0;
        }
        owed += room.saturating_sub(width(text)) + GAP;
    }
}

/// The shown columns and their widths.
struct Layout {
    shown: Vec<Shown>,
    hidden: Vec<&'static str>,
}

/// A column of a table.
struct Shown {
    /// Its index in the sheet.
    index: usize,
    /// In cells.
    width: usize,
    /// Whether its values break at blanks to fit the width.
    breaks: bool,
    /// Whether some value is longer than the width: it is cut, or broken if values wrap.
    cut: bool,
}

impl Shown {
    /// Cuts a cell's text, or breaks its words, to the width.
    fn shorten(&self, cell: &mut String) {
        if self.cut && self.breaks {
            let words = cell.split(' ').map(|word| broken(word, self.width));
            *cell = words.collect::<Vec<_>>().join(" ");
        } else if self.cut {
            *cell = cut(cell, self.width);
        }
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
            // Empty columns are dropped first.
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
        // Dropping a wide column may have made room for narrow ones dropped before it.
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

    /// Describes what the table does not show.
    fn missing(&self, columns: &[(&Heading, &Shown, usize)]) -> Option<String> {
        let cut = columns
            .iter()
            .filter(|(_, shown, _)| shown.cut && !shown.breaks);
        let cut: Vec<&str> = cut.map(|(heading, ..)| heading.name).collect();
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

/// The minimum width of a column: that of its longest word, if its values wrap.
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

/// Takes `cells` cells from the columns that can shrink, always from the widest.
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

/// Takes `cells` cells from the columns that can be cut, always from the widest; their values are cut.
fn shorten(
    sheet: &Sheet<'_>,
    rows: &[Vec<String>],
    shown: &mut [Shown],
    header: bool,
    mut cells: usize,
) {
    let before: Vec<(usize, bool)> = shown.iter().map(|s| (s.width, s.breaks)).collect();
    // Names are cut before addresses; numbers are never cut.
    for last in [false, true] {
        let can_be_cut = |role| match role {
            ColourRole::Number | ColourRole::State | ColourRole::Kind => false,
            ColourRole::Address => last,
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

/// Whether a column equals the one that it echoes in every row.
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

/// The width of the longest word, in cells.
fn longest_word(text: &str) -> usize {
    text.split([' ', '\n']).map(width).max().unwrap_or(0)
}

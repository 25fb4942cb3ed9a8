//! Tables for people: aligned, coloured, fitted to the width.
//!
//! This file decides which columns a narrow terminal keeps and how wide they are; comfy-table lays
//! the cells out, and what it has laid out is painted.

use std::fmt::Write as _;

use comfy_table::{ColumnConstraint, ContentLineStyle, Table, TableStyle, Width, presets};

use super::cell::write_pair;
use super::text::{self, escape, push_blanks, width};
use super::{Cell, Column, Palette, Role, View};

/// Blanks between columns.
const GAP: usize = 2;
/// A column that breaks at blanks is not made narrower than this to keep others.
const NARROWEST: usize = 24;
/// Parts the columns until the line is painted: no cell contains one, all are escaped.
const BETWEEN: char = '\t';

/// Appends records as a table. Nothing for no records.
pub(super) fn list<'r, R: 'r>(
    out: &mut String,
    view: &View<'_, R>,
    rows: impl IntoIterator<Item = &'r R>,
) {
    let rows: Vec<Vec<String>> = rows
        .into_iter()
        .map(|row| {
            view.columns
                .iter()
                .map(|column| text::cell(&column.value(row), ", "))
                .collect()
        })
        .collect();
    if rows.is_empty() {
        return;
    }
    let header = view.format.header.unwrap_or(true);
    let layout = Layout::fit(view, &rows, header);
    let columns: Vec<&Column<R>> = layout
        .shown
        .iter()
        .filter_map(|shown| view.columns.get(shown.index).copied())
        .collect();

    let mut table = table(rows.into_iter().map(|mut row| {
        let cells = layout.shown.iter();
        cells
            .filter_map(|shown| row.get_mut(shown.index).map(std::mem::take))
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
    let palette = view.format.palette;
    for (number, line) in table.lines().enumerate() {
        paint(out, palette, &line, |place| match columns.get(place) {
            _ if header && number == 0 => Role::Heading,
            Some(column) => column.role,
            None => Role::Plain,
        });
    }
    if !layout.hidden.is_empty() {
        let text = format!(
            "hidden: {} (too narrow; see them with --columns, or in a pipe)",
            layout.hidden.join(", ")
        );
        let longest = longest_word(&text);
        let mut footer = self::table([vec![text]]);
        if let Some(room) = view.format.width {
            break_at(&mut footer, 0, room.max(longest));
        }
        for line in footer.lines() {
            paint(out, palette, &line, |_| Role::Faint);
        }
    }
}

/// Appends one record, a line per column; what is absent is left out unless it was asked for. A map
/// takes a line per key, and what is too long breaks at blanks.
pub(super) fn record<R>(out: &mut String, view: &View<'_, R>, row: &R) {
    let asked = view.format.columns.is_some();
    let cells: Vec<(&Column<R>, String)> = view
        .columns
        .iter()
        .map(|column| (*column, column.value(row)))
        .filter(|(_, cell)| asked || !cell.is_empty())
        .map(|(column, cell)| (column, value(&cell)))
        .collect();
    let widest = cells.iter().map(|(column, _)| column.name.len()).max();
    let keys = widest.unwrap_or(0);
    let palette = view.format.palette;
    for (column, text) in cells {
        // A table of one row each: a long word widens its own value only.
        let longest = longest_word(&text);
        let mut table = table([vec![column.name.to_owned(), text]]);
        bound(
            &mut table,
            0,
            ColumnConstraint::LowerBoundary(cells_wide(keys)),
        );
        if let Some(room) = view.format.width {
            let room = room.saturating_sub(keys + GAP).max(NARROWEST);
            break_at(&mut table, 1, room.max(longest));
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
        write_pair(&mut pair, key, value);
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
            let role = if text == "-" {
                Role::Faint
            } else {
                role(place)
            };
            push_blanks(out, owed);
            let _ = write!(out, "{}", palette.paint(role, text));
            owed = 0;
        }
        owed += cell.len() - text.len() + GAP;
    }
    out.push('\n');
}

/// Which columns are shown, and how wide.
struct Layout {
    shown: Vec<Shown>,
    hidden: Vec<&'static str>,
}

/// A column of a table.
struct Shown {
    /// Which of the view's.
    index: usize,
    /// In cells.
    width: usize,
    /// Whether its values break at blanks to fit the width.
    breaks: bool,
}

impl Layout {
    fn fit<R>(view: &View<'_, R>, rows: &[Vec<String>], header: bool) -> Layout {
        let mut shown: Vec<Shown> = view
            .columns
            .iter()
            .enumerate()
            .map(|(index, column)| {
                let cells = self::column(rows, index).map(width);
                let name = if header { column.name.len() } else { 0 };
                Shown {
                    index,
                    width: cells.max().unwrap_or(0).max(name),
                    breaks: false,
                }
            })
            .collect();
        let mut hidden: Vec<(Shown, &'static str)> = Vec::new();
        let chosen = view.format.columns.is_some();
        if !chosen {
            shown.retain(|shown| !is_echo(view, rows, shown.index));
        }
        let Some(room) = view.format.width else {
            return Layout {
                shown,
                hidden: Vec::new(),
            };
        };
        if !chosen && total(&shown) > room {
            // Nothing is lost with a column that has nothing in it.
            shown.retain(|shown| {
                let droppable = view.columns.get(shown.index).is_some_and(|c| c.drop > 0);
                !(droppable && column(rows, shown.index).all(|cell| cell == "-"))
            });
        }
        loop {
            let over = match total(&shown).checked_sub(room) {
                None | Some(0) => break,
                Some(over) => over,
            };
            let least: Vec<usize> = shown.iter().map(|shown| least(view, rows, shown)).collect();
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
                    let column = view.columns.get(shown.index)?;
                    (column.drop > 0 && !chosen).then_some((place, column.drop, column.name))
                })
                .max_by_key(|(_, drop, _)| *drop);
            let Some((place, _, name)) = droppable else {
                squeeze(&mut shown, &least, all);
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
}

/// The least width that a column can have: that of its longest word, if its values may break.
fn least<R>(view: &View<'_, R>, rows: &[Vec<String>], shown: &Shown) -> usize {
    if !view
        .columns
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

fn total(shown: &[Shown]) -> usize {
    let cells: usize = shown.iter().map(|shown| shown.width).sum();
    cells + GAP * shown.len().saturating_sub(1)
}

/// Whether a column says what another says, in every row.
fn is_echo<R>(view: &View<'_, R>, rows: &[Vec<String>], index: usize) -> bool {
    let echoed = view.columns.get(index).and_then(|column| column.echoes);
    let original = view
        .columns
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
